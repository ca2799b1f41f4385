"""Q-learning with tables of bins, for several grids and S runs side by side.

What is learned about comes from above: `dqnlib.classics.binned_cart_pole` has the grids, and the
method for one run. Row k of a grid is what run k alone would give.

G grids, S runs, R = G · S rows, O numbers in an observation, A actions; M evaluations of E
episodes.
"""

from collections.abc import Callable, Sequence

import numpy as np

from dqnlib.config import Config
from dqnlib.features import Bins
from dqnlib.policies import linear_schedule, random_streams
from dqnlib.results import Run
from dqnlib.seeds.draws import Lockstep, choose
from dqnlib.seeds.environments import Environments, environments


class _Rows:
    """Which row of one long table every run of every grid is in: [R, O] -> [R] int."""

    def __init__(self, coders: Sequence[Bins], runs: int, each: int = 1):
        spread = np.repeat(np.arange(len(coders)), runs * each)
        self._low = np.stack([c.low for c in coders])[spread]
        self._high = np.stack([c.high for c in coders])[spread]
        self._bins = np.stack([c.bins for c in coders])[spread]
        strides = [np.append(np.cumprod(c.bins[:0:-1])[::-1], 1) for c in coders]
        self._strides = np.stack(strides)[spread]
        sizes = np.repeat([c.size for c in coders], runs)
        self._first = np.repeat(np.cumsum(sizes) - sizes, each)
        self.size = int(sizes.sum())

    def __call__(self, obs: np.ndarray) -> np.ndarray:
        inside = np.minimum(np.maximum(obs, self._low), self._high)
        cell = ((inside - self._low) * (self._bins / (self._high - self._low))).astype(int)
        return (np.minimum(cell, self._bins - 1) * self._strides).sum(1) + self._first


def q_learning(config: Config, coders: dict[str, Bins], seeds: tuple[int, ...]) -> dict[str, Run]:
    """Learn by Q-learning with one table a grid and seed; return a `Run` for each grid.

    config: of its fields those that are no network's: environment, steps, gamma, the schedule of
    epsilon, evaluations, and learning_rate as the step size α. The runs of two grids with the same
    seed share their random numbers.
    """
    grids, s = list(coders.values()), len(seeds)
    streams = [random_streams(seed) for _ in grids for seed in seeds]  # a generator each
    rows = _Rows(grids, s)
    env = environments(config, None, [x.env_seed for x in streams])
    draws = Lockstep([x.explore for x in streams])
    q = np.zeros((rows.size, env.n_actions))
    at = rows(env.obs.astype(float))
    returns: list[list[float]] = [[] for _ in streams]
    ends: list[list[int]] = [[] for _ in streams]
    examine = _examiner(config, grids, seeds, env)
    judged, largest = [], []
    for t in range(config.steps):
        epsilon = linear_schedule(t, config.epsilon, config.final_epsilon, config.epsilon_steps)
        explore, pick = draws.take(2)
        action = choose(q[at], epsilon, explore, pick)
        next_obs, reward, terminated, truncated = env.step(action)
        next_at = rows(next_obs.astype(float))
        target = reward + config.gamma * q[next_at].max(1) * ~terminated
        q[at, action] += config.learning_rate * (
            target - q[at, action]
        )  # no two rows share a table
        ended = terminated | truncated
        for k in ended.nonzero()[0]:
            returns[k].append(float(env.total[k]))
            ends[k].append(t + 1)
        env.advance(next_obs, ended)
        at = rows(env.obs.astype(float)) if ended.any() else next_at
        if config.eval_every and (t + 1) % config.eval_every == 0:
            largest.append(q[at].max(1))
            judged.append(examine(q, len(judged)))
    found = np.stack(judged, 1)  # [R, M, E]
    steps = config.eval_every * np.arange(1, len(judged) + 1)
    parts = {}
    for g, name in enumerate(coders):
        mine = slice(g * s, (g + 1) * s)
        values = np.stack(largest, 1)[mine]
        parts[name] = Run(
            config=config, seeds=tuple(seeds), steps=config.steps,
            returns=tuple(map(np.array, returns[mine])), ends=tuple(map(np.array, ends[mine])),
            record_steps=steps, records={"q": values, "loss": np.full(values.shape, np.nan)},
            eval_steps=steps, eval_returns=found[mine], diverged=np.full(s, -1),
            parameters={}, best_parameters={}, best_steps=np.full(s, -1),
        )  # fmt: skip
    return parts


def _examiner(config: Config, grids: list[Bins], seeds, env: Environments) -> Callable:
    """Return a function that plays evaluation `number` of every table: -> [R, E] returns."""
    episodes = config.eval_episodes
    rows = _Rows(grids, len(seeds), each=episodes)

    def examine(q: np.ndarray, number: int) -> np.ndarray:
        starts = [
            np.random.SeedSequence(random_streams(seed).eval_seed, spawn_key=(number,))
            for seed in seeds
        ]
        numbers = [int(x) for start in starts for x in start.generate_state(episodes)] * len(grids)
        played = environments(config, None, numbers)
        found = np.full(len(numbers), np.nan)
        while np.isnan(found).any():
            action = q[rows(played.obs.astype(float))].argmax(1)
            next_obs, _, terminated, truncated = played.step(action)
            over = (terminated | truncated) & np.isnan(found)
            found[over] = played.total[over]
            played.advance(next_obs, np.zeros(len(found), bool))
        return found.reshape(-1, episodes)

    return examine
