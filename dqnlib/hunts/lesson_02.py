"""The bug hunt of lesson 02."""

from dqnlib.config import Config
from dqnlib.hunts.cases import Hunt, Suspect


class _EveryEnd:
    """Hands each environment step on; an episode that ended has terminated, whatever ended it."""

    def step(self, transition, ended):
        return [transition._replace(terminated=ended)]


HUNT = Hunt(
    story=(
        "An agent plays a shorter CartPole: its time limit cuts every episode after 50 steps. It "
        "balances as long as the healthy agent does. But its Q-values stay far lower. A colleague "
        "says: let it be, the return is what counts. Before you agree: what is wrong with it?"
    ),
    config=Config(
        steps=5_000, max_episode_steps=50, epsilon_steps=2_000, warmup=500, sync_every=50,
        capacity=20_000, eval_every=500,
    ),
    sabotage=lambda: {"transitions": lambda n, gamma: _EveryEnd()},
    suspects=(
        Suspect(
            "the value of a terminal state is kept",
            "Then a single step that ends the episode is worth 1 + γ + γ² + … in place of 1, and "
            "every value is too high. Look at ConstantReward: there both agents are right.",
        ),
        Suspect(
            "the time limit counts as a termination",
            "This is it. All probes are right but TruncatedForever, where nothing but the limit "
            "ends an episode: it learns 3.6 in place of 10. The agent believes that standing is "
            "worth nothing after step 50, and its observation does not even show the step.",
        ),
        Suspect(
            "the target takes the mean of the next values in place of the largest",
            "That lowers values, too, but only where actions differ: TruncatedForever has one "
            "action, and is wrong all the same.",
        ),
        Suspect(
            "the discount is too small",
            "It would lower all values that come later: TwoStepDiscount and Termination would be "
            "wrong as well.",
        ),
    ),
    guilty="the time limit counts as a termination",
)  # fmt: skip
