"""The settings of lesson 09: a sweep over two settings, and agents whose curves are to be read."""

from dqnlib.config import Config

SHORT = Config(
    steps=20_000, epsilon_steps=5_000, eval_every=1_000, eval_episodes=5, record_every=500
)  # fmt: skip
GRID = {"learning_rate": (1e-4, 3e-4, 1e-3, 3e-3), "sync_every": (1, 20, 200, 2_000)}
FAULTS = {  # agent -> the settings that are wrong in it
    "A": {"sync_every": 10_000},
    "B": {"final_epsilon": 1.0},
    "C": {"sync_every": 1, "learning_rate": 3e-3},
    "D": {"gamma": 0.5},
    "E": {"capacity": 64},
}


def rate_and_period() -> dict[str, Config]:
    """Return the arms of the sweep over learning rate and target period, by their settings."""
    return {
        arm_of(rate, period): SHORT.replace(learning_rate=rate, sync_every=period)
        for rate in GRID["learning_rate"]
        for period in GRID["sync_every"]
    }


def arm_of(rate: float, period: int) -> str:
    """Return the name of an arm of `rate_and_period`."""
    return f"rate {rate:g}, C = {period:,}"


def broken() -> dict[str, Config]:
    """Return a healthy agent, and five of which the settings are wrong."""
    healthy = SHORT.replace(steps=10_000)
    return {"healthy": healthy} | {k: healthy.replace(**wrong) for k, wrong in FAULTS.items()}
