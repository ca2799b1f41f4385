"""The bug hunt of lesson 02b."""

from dqnlib.config import Config
from dqnlib.hunts.cases import Hunt, Suspect


def _undiscounted(reward, terminated, next_q, gamma):
    return reward + next_q.max(dim=1).values * ~terminated


HUNT = Hunt(
    story=(
        "The values of this agent leave the bound of 100 that γ = 0.99 allows, and go on rising. "
        "“The deadly triad,” says everybody who sees the curve: “off its policy, with a network, "
        "from its own guesses: of course it diverges.” Is it so, or is it a mistake in the code?"
    ),
    config=Config(
        steps=10_000, epsilon_steps=3_000, warmup=500, sync_every=50, capacity=20_000,
        eval_every=1_000,
    ),
    sabotage=lambda: {"td_target": _undiscounted},
    suspects=(
        Suspect(
            "none: it is the deadly triad, the values diverge by themselves",
            "It could look like this on CartPole. But the probes are so small that a sound agent "
            "learns all of them, as the healthy one does with the same network and the same "
            "settings. This one misses two of them.",
        ),
        Suspect(
            "the value of a terminal state is kept",
            "Then ConstantReward, where the first step ends the episode, would be far too high: "
            "there this agent is right.",
        ),
        Suspect(
            "the discount is missing",
            "This is it. What ends at once is right; Termination, whose rewards add up over five "
            "steps, is too high, and TruncatedForever, where rewards never end, grows without "
            "end: 1 + 1 + 1 + …",
        ),
        Suspect(
            "the time limit counts as a termination",
            "That cuts values off: TruncatedForever would be too low, and here it is too high.",
        ),
    ),
    guilty="the discount is missing",
)  # fmt: skip
