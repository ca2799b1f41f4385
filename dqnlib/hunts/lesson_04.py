"""The bug hunt of lesson 04. Do not read on before you have given your verdict."""

from dqnlib.config import Config
from dqnlib.hunts.cases import Hunt, Suspect

CONFIG = Config(
    steps=8_000, epsilon_steps=4_000, final_learning_rate=1e-3, eval_every=1_000,
    record_every=200,
)  # fmt: skip
SHARED = "online and target network share their weights"

HUNT = Hunt(
    story="A DQN with a target network and C = 200 is to learn CartPole. Nothing crashes, the loss "
    "is printed, the agent plays. But one line of its code is wrong.",
    config=CONFIG,
    # One set of weights for both is the same as a copy after every step.
    sabotage=lambda: CONFIG.replace(sync_every=1),
    suspects=(
        Suspect(
            "the target network is never updated",
            "Then all targets would stay near the first reward, and no value could pass 3: news "
            "from later steps would never arrive. Here the values climb far above 100.",
        ),
        Suspect(
            "the copy goes the wrong way, from the target to the online network",
            "Then the online network would be thrown back to its first weights every C steps: "
            "no value could pass 3, and returns would stay near 10. This agent plays well, and its "
            "values climb far above 100.",
        ),
        Suspect(
            SHARED,
            "Yes. `target = online` makes no copy, so that the target moves with every update. The "
            "values pass 100, the largest possible, in every seed; returns hardly suffer, with "
            "Adam; and the probes are right, for their values cannot run away.",
        ),
        Suspect(
            "every reward is stored ten times as large",
            "The curves would look much the same: values far above 100, and good returns. But on "
            "ConstantReward the value would be 10, and it is 1. The probes clear it.",
        ),
        Suspect(
            "the value of a terminal state is kept",
            "Then falling would cost nothing: returns near 10, and the probes that end at once "
            "would get far too high values. Here both are as they should be.",
        ),
    ),
    guilty=SHARED,
)
