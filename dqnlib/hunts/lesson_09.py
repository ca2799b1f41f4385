"""The bug hunt of lesson 09. Do not read it before you have given your verdict."""

from dqnlib.config import Config
from dqnlib.hunts.cases import Hunt, Suspect


def _small_rewards(reward, terminated, next_q, gamma):
    return 0.1 * reward + gamma * next_q.max(dim=1).values * ~terminated


HUNT = Hunt(
    story="Two people run one experiment, with the same settings and seeds, and compare. The "
    "returns agree within their intervals, and the report is nearly written. Then somebody draws "
    "the values, too. Whatever is wrong with the suspect, the returns do not show it.",
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
            "The order of the actions is that of the true values, so for 2,500 steps the returns "
            "show nothing. In a longer trial, 4,000 steps and five seeds, it fell behind; why is "
            "open.",
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
