"""The bug hunt of lesson 07: a target that takes V of the next state for its best value."""

from dqnlib.config import Config
from dqnlib.hunts.cases import Hunt, Suspect


def _value_of_the_state(reward, terminated, next_q, gamma):
    value = next_q.mean(dim=1)  # what V is, with the mean of the advantages taken away
    return reward + gamma * value * ~terminated


HUNT = Hunt(
    story="A colleague's agent with two heads. “The value head tells what a state is worth, so my "
    "target is quicker”, you hear. On CartPole it balances about as well as a healthy twin with "
    "the same seeds. But in a maze its paths were poor, and its values far too small.",
    config=Config(steps=3_000, final_learning_rate=9.4e-4, dueling=True, eval_every=300),
    sabotage=lambda: {"td_target": _value_of_the_state},
    suspects=(
        Suspect(
            "the target is not cut where the episode terminates",
            "Then ConstantReward would climb toward 10; all probes are right.",
        ),
        Suspect(
            "the target takes V of the next state in place of its largest Q",
            "That is it. V is the mean of Q over the actions, not the best of them: the value of "
            "acting by chance, about 20 on CartPole. There it does no harm (04b: greedy on the "
            "values of chance). And every probe is right, for none of them goes on from a state "
            "with a choice; all other suspects would show there.",
        ),
        Suspect(
            "the discount is far too small",
            "Then TwoStepDiscount and TruncatedForever would be too low.",
        ),
        Suspect(
            "a time limit is taken for a termination",
            "Then TruncatedForever would come out near 3.6 in place of 10.",
        ),
        Suspect(
            "the value head gets no gradient",
            "Then ConstantReward could not be learned: with one action the advantage is its own "
            "mean, and V alone is left.",
        ),
    ),
    guilty="the target takes V of the next state in place of its largest Q",
)
