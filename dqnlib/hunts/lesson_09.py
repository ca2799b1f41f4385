"""The bug hunt of lesson 09. Do not read it before you have given your verdict."""

from dqnlib.config import Config
from dqnlib.hunts.cases import Hunt, Suspect


def _small_rewards(reward, terminated, next_q, gamma):
    return 0.1 * reward + gamma * next_q.max(dim=1).values * ~terminated


HUNT = Hunt(
    story="Two people run one experiment, with the same settings and seeds. One earns less. 'Bad "
    "luck with the seeds', says its author, and asks for more of them. Before you pay for more "
    "seeds, look at the values: is it luck, or is something wrong with this agent?",
    config=Config(
        steps=2_500, warmup=300, epsilon_steps=1_500, eval_every=500, eval_episodes=5,
        final_learning_rate=9.5e-4,
    ),
    seeds=range(4),
    sabotage=lambda: {"td_target": _small_rewards},
    suspects=(
        Suspect(
            "the discount is much too small",
            "Then the values would stop growing at 1/(1 − γ), and that of ConstantReward, where "
            "nothing follows, would be right. It is a tenth.",
        ),
        Suspect(
            "the target takes a tenth of the reward",
            "That is it. Every value is a tenth of the true one, on every probe that pays at all. "
            "The order of the true values is still there. (Why it earns less is a guess: the "
            "actions now differ by a tenth, and the errors of a fresh network do not.)",
        ),
        Suspect(
            "the target network is never copied",
            "Then what is two steps away would never arrive: the value of TwoStepDiscount's first "
            "state would stay near that of a random network, but ConstantReward would be right.",
        ),
        Suspect(
            "the value of a terminal state is kept",
            "Then ConstantReward would be too large: 1/(1 − 0.9) = 10 in place of 1.",
        ),
        Suspect(
            "the learning rate is a tenth",
            "Then the values would come later, and the returns with them. On the probes there is "
            "time enough to get there; a tenth is where these values stay.",
        ),
    ),
    guilty="the target takes a tenth of the reward",
)  # fmt: skip
