"""The bug hunt of lesson 04b: the soft target is not cut whole where an episode terminates."""

from dqnlib.config import Config
from dqnlib.hunts.cases import Hunt, Suspect


def _cut_in_part(reward, terminated, next_q, gamma, epsilon):
    greedy = (1 - epsilon) * next_q.max(dim=1).values * ~terminated
    return reward + gamma * (greedy + epsilon * next_q.mean(dim=1))


HUNT = Hunt(
    story="A colleague's agent with the target of this lesson, e = 0.5. On CartPole its curves are "
    "those of a healthy twin with the same seeds, and nobody would look for a mistake. But on "
    "another task its values came out nearly twice too large. The probes must tell.",
    config=Config(steps=7_500, final_learning_rate=8.5e-4, target_epsilon=0.5, eval_every=750),
    sabotage=lambda: {"td_target": _cut_in_part},
    suspects=(
        Suspect(
            "no target is cut where the episode terminates",
            "Then every step of ConstantReward would be followed by itself for ever, and its value "
            "would climb to 1/(1 − 0.9) = 10. It is too high, but it stops near 1.8: some of what "
            "follows is cut.",
        ),
        Suspect(
            "only the greedy part of the target is cut where the episode terminates",
            "That is it. The random part, half of the next value, still follows after the end: on "
            "ConstantReward Q = 1 + 0.9 · ½ · Q, so Q = 1/(1 − 0.45) = 1.82. Where no episode "
            "terminates, on TruncatedForever, nothing is wrong. On CartPole a fall still costs "
            "enough to be avoided, so the curves do not show it.",
        ),
        Suspect(
            "a time limit is taken for a termination",
            "Then TruncatedForever would be too low: its last step would be worth 1 alone. It is "
            "right, and what is wrong elsewhere is too high.",
        ),
        Suspect(
            "the discount is left out",
            "Then TwoStepDiscount would say 1 in place of 0.9 for its first state, and "
            "ConstantReward, where nothing follows, would be right.",
        ),
        Suspect(
            "the random part takes the sum of the values in place of their mean",
            "With a single action sum and mean are the same, so ConstantReward would be right.",
        ),
    ),
    guilty="only the greedy part of the target is cut where the episode terminates",
)
