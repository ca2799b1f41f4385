"""CartPole with a table: each of its four numbers is cut into bins (lesson 02).

`q_learning` is one run, to be read; `curves` gives the same numbers for many seeds and several
grids at once.

O numbers in an observation, N rows of a table, A actions.

Source: the boxes of Michie & Chambers 1968 and of Barto, Sutton & Anderson 1983.
"""

from collections.abc import Iterable

import numpy as np


from dqnlib.arguments import check_number, check_seeds
from dqnlib.config import Config
from dqnlib.envs import make
from dqnlib.features import Bins
from dqnlib.policies import epsilon_greedy, linear_schedule, random_streams
from dqnlib.results import Run
from dqnlib.seeds import binned
from dqnlib.tabular import q_learning_target, td_update

# position in meters and speed a second, angle in radians (12° are 0.21) and its speed a second
LOW, HIGH = (-2.4, -3.0, -0.21, -3.0), (2.4, 3.0, 0.21, 3.0)
GRIDS = {
    "5 bins": (5, 5, 5, 5),
    "10 bins": (10, 10, 10, 10),
    "20 bins": (20, 20, 20, 20),
    "1 × 6 × 12 × 12": (1, 6, 12, 12),
}
# A table is what a network without replay and target network would be: a step size α = 0.1, not
# tuned, and the exploration of lesson 02's naive agent.
SETTINGS = Config(
    obs_scale=1.0, optimizer="sgd", learning_rate=0.1, final_learning_rate=0.1, capacity=1,
    batch_size=1, warmup=0, sync_every=1, final_epsilon=0.05, epsilon_steps=4_000,
)  # fmt: skip


def coder(bins=(1, 6, 12, 12)) -> Bins:
    """Return the boxes of a grid; bins: how many for each of CartPole's four numbers."""
    return Bins(LOW, HIGH, bins)


def q_learning(bins=(1, 6, 12, 12), seed: int = 0, *, config: Config = SETTINGS):
    """Learn CartPole with one table; return it [N, A], and the return of each episode.

    bins: of each of the four numbers; config: its steps, gamma, learning_rate (α) and epsilon.
    """
    box, streams, env = coder(bins), random_streams(seed), make(config.env_id)
    q, returns, total = np.zeros((box.size, 2)), [], 0.0
    row = box(env.reset(seed=streams.env_seed)[0])[0]
    for t in range(config.steps):
        epsilon = linear_schedule(t, config.epsilon, config.final_epsilon, config.epsilon_steps)
        action = epsilon_greedy(q[row], epsilon, streams.explore)
        obs, reward, terminated, truncated, _ = env.step(action)
        next_row, total = box(obs)[0], total + reward
        target = q_learning_target(reward, terminated, q[next_row], config.gamma)
        td_update(q, row, action, target, config.learning_rate)
        row = next_row
        if terminated or truncated:
            returns, total, row = [*returns, total], 0.0, box(env.reset()[0])[0]
    return q, returns


def curves(
    grids: dict[str, tuple[int, ...]] | None = None,
    seeds: Iterable[int] = range(10),
    *,
    config: Config = SETTINGS,
) -> dict[str, Run]:
    """Return a `Run` for each grid, one table a seed; with the seed k it is ``q_learning(..., k)``.

    grids: bins of each of the four numbers by name; left out, `GRIDS`. config: its learning_rate is
    the tables' step size α, 0 to 1. Raises ValueError for seeds, bins or an α out of range.
    """
    check_number("learning_rate (α)", config.learning_rate, 0, 1, open_low=True)
    coders = {name: coder(bins) for name, bins in (GRIDS if grids is None else grids).items()}
    return binned.q_learning(config, coders, check_seeds(seeds))
