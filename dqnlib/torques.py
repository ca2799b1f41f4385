"""How many torques a pendulum needs: the settings of lesson 09b's study."""

from dqnlib.config import Config
from dqnlib.envs import TORQUES

PENDULUM = Config(
    steps=20_000, gamma=0.97, warmup=500, epsilon_steps=5_000, final_epsilon=0.05,
    final_learning_rate=1e-4, eval_every=1_000, record_every=500,
)  # fmt: skip


def arms() -> dict[str, Config]:
    """Return one agent for each number of torques, from 2 to 33; the rest is the same."""
    return {
        f"{k} torques": PENDULUM.replace(env_id=f"dqnlib/DiscretePendulum{k}-v0") for k in TORQUES
    }
