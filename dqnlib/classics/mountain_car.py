"""Mountain Car: semi-gradient Sarsa with tile coding, and the best values there are (lesson 02b).

`sarsa` is one run, to be read; `semi_gradient_sarsa` gives the same numbers for many seeds. A
weak engine must rock the car out of a valley; every step costs 1.

T tilings, F features, A actions.

Source: Sutton & Barto, Reinforcement Learning: An Introduction, 2nd edition, section 10.1.
"""

import functools
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from dqnlib.arguments import check_count, check_number, check_seeds
from dqnlib.features import TileCoder, linear_q, linear_update
from dqnlib.seeds import linear
from dqnlib.seeds.linear import SarsaRuns
from dqnlib.tabular import random_streams

# Bounds of position and velocity. Gymnasium's track goes on to 0.6, but the goal is at 0.5.
LOW, HIGH = (-1.2, -0.07), (0.5, 0.07)
_PATIENCE = 200_000  # steps of one episode after which no goal is to be expected


# -- the car -------------------------------------------------------------------------------


def step(obs, action) -> tuple[np.ndarray, np.ndarray]:
    """Take a step in a car, or in many at once (Gymnasium's MountainCar-v0).

    obs: [..., 2] position and velocity (position a step); action: [...] int, 0 push left,
    1 do not push, 2 push right. Returns next_obs [..., 2] and terminated [...] bool.
    """
    position, velocity = np.moveaxis(np.asarray(obs, float), -1, 0)
    velocity = velocity + (np.asarray(action) - 1) * 0.001 - 0.0025 * np.cos(3 * position)
    velocity = np.minimum(np.maximum(velocity, -0.07), 0.07)
    position = np.minimum(np.maximum(position + velocity, -1.2), 0.6)
    velocity = np.where((position == -1.2) & (velocity < 0), 0.0, velocity)  # the wall
    terminated = (position >= 0.5) & (velocity >= 0)
    return np.stack([position, velocity], -1), terminated


def starts(seed: int, episodes: int) -> np.ndarray:
    """Return the first observation of each episode [episodes, 2]: in the valley, at rest.

    They are those of ``gymnasium.make("MountainCar-v0")`` with the seed's first random stream.
    """
    env_seed, _ = random_streams(seed)
    position = np.random.default_rng(env_seed).uniform(-0.6, -0.4, episodes)
    return np.stack([position, np.zeros(episodes)], 1)


def tile_coder(tiles=8, tilings=8) -> TileCoder:
    """Return Sutton & Barto's tiles for Mountain Car: 8 tilings, tiles of 1/8 of each axis."""
    return TileCoder(LOW, HIGH, tiles, tilings)


# -- learning ------------------------------------------------------------------------------


def greedy(q, rng) -> int:
    """Return a best action of action values [A]; equally good ones are equally likely."""
    best = np.flatnonzero(q == q.max())
    return int(best[0] if len(best) == 1 else best[int(rng.random() * len(best))])


class SarsaRun(NamedTuple):
    """What one run of Sarsa did and learned."""

    steps: list[int]  # of each episode
    weights: np.ndarray  # [F, A]


def sarsa(
    alpha: float = 0.5 / 8,
    seed: int = 0,
    episodes: int = 50,
    *,
    gamma: float = 1.0,
    coder=None,
) -> SarsaRun:
    """Learn Mountain Car in one run; settings as for `semi_gradient_sarsa`.

    Source: Sutton & Barto, section 10.1, the box "Episodic Semi-gradient Sarsa".
    """
    coder = _checked(alpha, episodes, gamma, coder)
    _, rng = random_streams(seed)
    weights, steps = np.zeros((coder.size, 3)), []
    for obs in starts(seed, episodes):
        features, terminated = coder(obs), False  # [T]
        action = greedy(linear_q(weights, features), rng)
        steps.append(0)
        while not terminated:
            obs, terminated = step(obs, action)
            next_features, next_action, td_target = coder(obs), 0, -1.0
            if not terminated:
                next_q = linear_q(weights, next_features)  # [A]
                next_action = greedy(next_q, rng)
                td_target = -1.0 + gamma * next_q[next_action]
            linear_update(weights, features, action, td_target, alpha)
            features, action = next_features, next_action
            steps[-1] += 1
            if steps[-1] > _PATIENCE:
                raise RuntimeError(linear.no_goal(_PATIENCE))
    return SarsaRun(steps, weights)


def semi_gradient_sarsa(
    alpha: float = 0.5 / 8,
    seeds: Iterable[int] = range(20),
    episodes: int = 50,
    *,
    gamma: float = 1.0,
    coder=None,
) -> SarsaRuns:
    """Learn Mountain Car by semi-gradient Sarsa with linear features, one run a seed.

    All weights begin at 0, more than any value of a task in which every step costs 1, so the
    agent explores without ε: it is greedy, and ties are broken at random. An episode ends at the
    goal only. Row k is what ``sarsa(alpha, seeds[k], ...)`` gives.

    alpha: step size of each of the T weights that a step changes, up to 1/T; in the book
    0.1/8, 0.2/8 and 0.5/8. gamma: 0 to 1. coder: `TileCoder` or `Bins` for position and velocity,
    `tile_coder()` if left out. Returns the steps of each episode and the weights, a row a seed.
    Raises ValueError for a setting out of range, and RuntimeError if an episode does not end in
    200,000 steps: then the features are too coarse for this task.
    Source: Sutton & Barto, section 10.1 and Figure 10.2.
    """
    seeds, coder = check_seeds(seeds), _checked(alpha, episodes, gamma, coder)
    first = np.array([starts(seed, episodes) for seed in seeds])
    rngs = [random_streams(seed)[1] for seed in seeds]
    return linear.sarsa(
        step, first, rngs, coder, actions=3, alpha=alpha, gamma=gamma, patience=_PATIENCE
    )


def _checked(alpha, episodes, gamma, coder):
    """Return the coder; raise a ValueError for a setting out of range."""
    coder = coder or tile_coder()
    check_number("alpha", alpha, 0, 1 / coder.tilings, open_low=True)
    check_number("gamma", gamma, 0, 1)
    check_count("episodes", episodes)
    return coder


# -- the best values -----------------------------------------------------------------------


class CostToGo(NamedTuple):
    """The fewest steps to the goal of Mountain Car, on a grid of positions and velocities."""

    position: np.ndarray  # [P] from −1.2 to 0.5
    velocity: np.ndarray  # [V] from −0.07 to 0.07
    cost: np.ndarray  # [P, V] steps, with fractions since it is interpolated

    def __call__(self, obs) -> np.ndarray:
        """Return the cost-to-go of observations, interpolated: [..., 2] -> [...]."""
        at, share = _corners(np.asarray(obs, float), self.cost.shape)
        return (self.cost.ravel()[at] * share).sum(0)


def _corners(obs: np.ndarray, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the four grid points around observations, and how much each of them counts.

    obs: [..., 2]; shape: points an axis. Returns numbers of points and shares, [4, ...] each.
    """
    low, high = np.array(LOW), np.array(HIGH)
    points = np.array(shape)
    place = (np.clip(obs, low, high) - low) / (high - low) * (points - 1)  # [..., 2]
    corner = np.minimum(place.astype(int), points - 2)
    (x, y), (right, up) = np.moveaxis(corner, -1, 0), np.moveaxis(place - corner, -1, 0)
    at = x * shape[1] + y
    numbers = np.stack([at, at + 1, at + shape[1], at + shape[1] + 1])
    shares = np.stack([(1 - right) * (1 - up), (1 - right) * up, right * (1 - up), right * up])
    return numbers, shares


@functools.lru_cache(4)
def cost_to_go(positions: int = 171, velocities: int = 141) -> CostToGo:
    """Return the optimal cost-to-go of Mountain Car: what a perfect agent's −V* would be.

    positions, velocities: points of the grid along both axes. Found by value iteration; a step
    that ends between the points of the grid is worth what its four neighbors say. A finer grid
    is truer: the cost jumps where one swing more is needed, and the grid blurs the jump. The
    arrays are shared by all callers and cannot be written to.
    """
    shape = (check_count("positions", positions, 2), check_count("velocities", velocities, 2))
    axes = [np.linspace(lo, hi, n) for lo, hi, n in zip(LOW, HIGH, shape)]
    obs = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 1, 2)  # [P · V, 1, 2]
    next_obs, terminated = step(obs, np.arange(3))  # [P · V, 3, 2], [P · V, 3]
    at, share = _corners(next_obs, shape)  # [4, P · V, 3]
    share = share * ~terminated  # nothing is left to do at the goal
    goal = (obs[:, 0, 0] >= 0.5) & (obs[:, 0, 1] >= 0)
    cost, change = np.zeros(len(obs)), np.inf
    while change > 1e-3:  # steps
        new = 1 + (cost[at] * share).sum(0).min(1)
        new[goal] = 0
        cost, change = new, abs(new - cost).max()
    cost = cost.reshape(shape)
    for array in (*axes, cost):
        array.flags.writeable = False
    return CostToGo(*axes, cost)
