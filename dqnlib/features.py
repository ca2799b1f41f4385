"""Features of continuous observations, and what can be learned with them (lesson 02).

A table needs one row a state; a continuous observation needs features. `Bins` cuts the space into
boxes, `TileCoder` lays several shifted grids over it. With such features there are here the
classic successes and the classic failure: semi-gradient Sarsa on Mountain Car, the best possible
steps to its goal, and Baird's counterexample.

S runs, O numbers in an observation, T tilings, F features, A actions.

Source: Sutton & Barto, Reinforcement Learning: An Introduction, 2nd edition, chapters 9 to 11.
"""

import functools
import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from dqnlib.arguments import check_count, check_number, check_seeds, check_switch
from dqnlib.tabular import random_streams

# -- features ------------------------------------------------------------------------------


def _box(low, high) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds of a box as two arrays [O]; raise a ValueError if they make none."""
    low, high = np.atleast_1d(np.asarray(low, float)), np.atleast_1d(np.asarray(high, float))
    if low.ndim != 1 or low.shape != high.shape or not np.isfinite([low, high]).all():
        raise ValueError(
            "low and high must be finite and one number an axis each: an axis such as CartPole's "
            f"speed needs bounds of your own. low is {low.tolist()}, high is {high.tolist()}"
        )
    if (low >= high).any():
        raise ValueError(
            f"low must lie below high, but low is {low.tolist()}, high is {high.tolist()}"
        )
    return low, high


def _per_axis(name: str, count, axes: int) -> np.ndarray:
    """Return a count for every axis [O], from one for all or one for each."""
    counts = list(count) if np.iterable(count) else [count] * axes
    if len(counts) != axes:
        raise ValueError(f"{name} needs one number, or {axes}, one an axis; it is {count!r}")
    return np.array([check_count(name, c) for c in counts])


def _inside(obs, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return observations [..., O] moved to the bounds [O]; raise a ValueError if they do not fit.

    That is: if the last axis is not O numbers long, or one of them is NaN.
    """
    obs = np.asarray(obs, float)
    if obs.shape[-1:] != low.shape:
        n = len(low)
        raise ValueError(
            f"an observation must be {n} {'number' if n == 1 else 'numbers'}, along the last axis, "
            f"but the shape is {list(obs.shape)}" + "; obs[..., None] adds an axis" * (n == 1)
        )
    inside = np.minimum(np.maximum(obs, low), high)
    if np.isnan(inside).any():
        raise ValueError("an observation is NaN, which lies in no box and in no tile")
    return inside


def _strides(cells: np.ndarray) -> np.ndarray:
    """Return what one cell along each axis adds to a number that counts all cells [O]."""
    return np.append(np.cumprod(cells[:0:-1])[::-1], 1)


class Bins:
    """Boxes of one size: an observation has one feature, the box in which it lies.

    low, high: bounds of the observations [O], finite; bins: how many an axis, one number or [O].
    An observation beyond a bound counts as one on it. ``size``: number of boxes, also ``count``.
    Raises ValueError for bounds or numbers that make no grid; when called, for observations of
    another length or NaN, and for more boxes than can have a number.
    """

    tilings = 1

    def __init__(self, low, high, bins):
        self.low, self.high = _box(low, high)
        self.bins = _per_axis("bins", bins, len(self.low))
        self._per_unit = self.bins / (self.high - self.low)
        self._strides = _strides(self.bins)

    @property
    def count(self) -> int:
        """Number of boxes: it grows with the power of the number of axes."""
        return math.prod(self.bins.tolist())  # may be larger than any array's numbers

    size = count

    def __call__(self, obs) -> np.ndarray:
        """Return the features of observations: [..., O] -> [..., 1] int."""
        if self.count > 2**62:
            raise ValueError(f"{self.count:,} boxes are too many to give each a number")
        inside = _inside(obs, self.low, self.high)
        cell = ((inside - self.low) * self._per_unit).astype(int)
        cell = np.minimum(cell, self.bins - 1)  # the upper bound belongs to the last box
        return (cell * self._strides).sum(-1, keepdims=True)


class TileCoder:
    """Tile coding: T grids, each shifted a bit, and one feature in each of them.

    Observations that are near each other share many features, so what is learned about one holds
    for the others in part; how far is set by ``tiles``, how finely by ``tilings``.

    low, high: bounds of the observations [O], finite; tiles: tiles an axis that span the bounds,
    one number or [O]; tilings: T, best a power of two and at least 4 · O. Tiling t is shifted by
    t · (1, 3, 5, ...) / T of a tile, less whole tiles (section 9.5.4, and Sutton's tiles3
    software; here without its hashing). A shifted grid needs one more tile an axis, so
    ``size`` is T · Π (tiles + 1). An observation beyond a bound counts as one on it.
    Raises ValueError for bounds or numbers that make no grid, or one of more than 2⁵³ tiles; when
    called, for observations of another length or NaN.
    """

    def __init__(self, low, high, tiles, tilings):
        self.low, self.high = _box(low, high)
        axes = len(self.low)
        self.tiles = _per_axis("tiles", tiles, axes)
        self.tilings = check_count("tilings", tilings)
        each = math.prod(n + 1 for n in self.tiles.tolist())  # tiles of one tiling
        self.size = self.tilings * each
        if self.size > 2**53:
            raise ValueError(
                f"{self.size:,} tiles are too many to give each a number: take fewer tiles an axis"
            )
        shift = np.outer(np.arange(self.tilings), 2 * np.arange(axes) + 1) % self.tilings
        self.offsets = shift / self.tilings  # [T, O] in tiles
        self._per_unit = self.tiles / (self.high - self.low)
        self._strides = _strides(self.tiles + 1).astype(float)  # quicker than int, exact to 2⁵³
        self._first = np.arange(self.tilings) * each  # feature of each tiling [T]

    def __call__(self, obs) -> np.ndarray:
        """Return the features of observations: [..., O] -> [..., T] int, one of each tiling."""
        inside = _inside(obs, self.low, self.high)
        place = (inside - self.low) * self._per_unit  # [..., O] in tiles
        cell = np.floor(place[..., None, :] + self.offsets)  # [..., T, O]
        return (cell @ self._strides).astype(int) + self._first


def linear_q(weights, features) -> np.ndarray:
    """Return action values: the sum of the weights of the features that are on.

    weights: [F, A]; features: [..., T] numbers of features. Returns [..., A].
    """
    return weights[features].sum(-2)


class LinearFit:
    """A function of observations, fitted to samples by stochastic gradient descent.

    The value of an observation is the sum of the weights of its features. Each update takes one
    sample and moves the T weights by alpha / T times the error, a step down ½(y − v)²: with
    alpha = 1 the sample fits exactly after it.

    coder: `Bins` or `TileCoder`; obs: [N, O]; target: [N]; seed: for the order of the samples.
    Raises ValueError for an alpha out of range, and if obs and target do not fit each other.
    """

    def __init__(self, coder, obs, target, *, alpha: float = 0.2, seed: int = 0):
        self.coder, self.target = coder, np.asarray(target, float)
        self.alpha = check_number("alpha", alpha, 0, 1, open_low=True)
        obs = np.asarray(obs, float)
        self.features = coder(obs)  # [N, T]
        if self.target.ndim != 1 or self.features.shape[:-1] != self.target.shape:
            raise ValueError(
                f"obs must be [N, O] and target [N], one number an observation, but their shapes "
                f"are {list(obs.shape)} and {list(self.target.shape)}"
            )
        self.weights = np.zeros(coder.size)
        self._rng = np.random.default_rng(seed)

    def update(self, samples: int) -> None:
        """Learn from so many samples, drawn at random."""
        step, weights = self.alpha / self.coder.tilings, self.weights
        for i in self._rng.integers(len(self.target), size=samples):
            on = self.features[i]  # [T] all different
            weights[on] += step * (self.target[i] - weights[on].sum())

    def predict(self, obs) -> np.ndarray:
        """Return the fitted values: [..., O] -> [...]."""
        return self.weights[self.coder(obs)].sum(-1)


# -- Mountain Car --------------------------------------------------------------------------

# Bounds of position and velocity. Gymnasium's track goes on to 0.6, but the goal is at 0.5.
CAR_LOW, CAR_HIGH = (-1.2, -0.07), (0.5, 0.07)
_PATIENCE = 200_000  # steps of one episode after which no goal is to be expected


def mountain_car_step(obs, action) -> tuple[np.ndarray, np.ndarray]:
    """Take a step in many cars at once; every step costs 1 (Gymnasium's MountainCar-v0).

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


def car_coder(tiles=8, tilings=8) -> TileCoder:
    """Return Sutton & Barto's tiles for Mountain Car: 8 tilings, tiles of 1/8 of each axis."""
    return TileCoder(CAR_LOW, CAR_HIGH, tiles, tilings)


class SarsaRuns(NamedTuple):
    """What S runs of `semi_gradient_sarsa` did and learned."""

    steps: np.ndarray  # [S, E] steps of each episode
    weights: np.ndarray  # [S, F, A]


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
    goal only. Row k is what seed k alone would give; an episode starts where
    ``gymnasium.make("MountainCar-v0")`` would start it with the seed's first random stream.

    alpha: step size of each of the T weights that a step changes, up to 1/T; in the book
    0.1/8, 0.2/8 and 0.5/8. gamma: 0 to 1. coder: `TileCoder` or `Bins` for position and velocity,
    `car_coder()` if left out. Returns steps [S, E] and weights [S, F, A].
    Raises ValueError for a setting out of range, and RuntimeError if an episode does not end in
    200,000 steps: then the features are too coarse for this task.
    Source: Sutton & Barto, section 10.1, the box "Episodic Semi-gradient Sarsa", and Figure 10.2.
    """
    seeds, coder = check_seeds(seeds), coder or car_coder()
    check_number("alpha", alpha, 0, 1 / coder.tilings, open_low=True)
    check_number("gamma", gamma, 0, 1)
    check_count("episodes", episodes)
    streams = [random_streams(seed) for seed in seeds]
    starts = [np.random.default_rng(env_seed).uniform(-0.6, -0.4, episodes + 1)
              for env_seed, _ in streams]  # fmt: skip
    starts, rngs = np.array(starts), [rng for _, rng in streams]  # [S, E + 1], the last unused
    steps = np.zeros((len(seeds), episodes), int)
    weights = np.zeros((len(seeds), coder.size, 3))
    flat = weights.reshape(-1, 3)  # the same memory, one row a feature of a run

    def look(rows, obs):
        """Return where the features of the runs' observations lie in flat, and the values."""
        on = coder(obs) + rows[:, None] * coder.size  # [R, T]
        return on, flat.take(on, 0).sum(1)  # [R, T], [R, A]

    def begin(rows, episode):
        """Return the first observation of an episode, its features, and an action."""
        obs = np.stack([starts[rows, episode], np.zeros(len(rows))], 1)  # [R, 2]
        on, q = look(rows, obs)
        return obs, on, _greedy(q, rows, rngs)

    rows = np.arange(len(seeds))  # the runs that have episodes left
    episode, length = np.zeros_like(rows), np.zeros_like(rows)
    obs, on, action = begin(rows, episode)
    while len(rows):
        length += 1
        next_obs, terminated = mountain_car_step(obs, action)
        next_on, next_q = look(rows, next_obs)
        next_action = _greedy(next_q, rows, rngs, ~terminated)
        value = next_q[np.arange(len(rows)), next_action]
        td_target = -1.0 + gamma * np.where(terminated, 0.0, value)  # [R]
        taken = action[:, None]
        td_error = td_target - flat[on, taken].sum(1)  # with the weights of now
        flat[on, taken] += alpha * td_error[:, None]  # a run's T features all differ
        obs, on, action = next_obs, next_on, next_action
        if not terminated.any():
            if length.max() > _PATIENCE:
                raise RuntimeError(
                    f"no goal in {_PATIENCE:,} steps of one episode: with so few features the car "
                    "cannot tell where to push; take more bins or tiles"
                )
            continue
        over = terminated.nonzero()[0]
        steps[rows[over], episode[over]] = length[over]
        episode[over] += 1
        length[over] = 0
        obs[over], on[over], action[over] = begin(rows[over], episode[over])
        if episode.max() == episodes:
            left = episode < episodes
            rows, episode, length = rows[left], episode[left], length[left]
            obs, on, action = obs[left], on[left], action[left]
    return SarsaRuns(steps, weights)


def _greedy(q, rows, rngs, needed=None) -> np.ndarray:
    """Return a best action of every run [R]; each breaks ties with its own generator.

    q: [R, A]; rows: [R] the runs' generators in rngs; needed: [R] bool, where ties matter.
    """
    action = q.argmax(1)
    best = q == q.max(1, keepdims=True)
    tied = best.sum(1) > 1 if needed is None else (best.sum(1) > 1) & needed
    for k in tied.nonzero()[0]:
        candidates = best[k].nonzero()[0]
        action[k] = candidates[int(rngs[rows[k]].random() * len(candidates))]
    return action


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
    low, high = np.array(CAR_LOW), np.array(CAR_HIGH)
    points = np.array(shape)
    place = (np.clip(obs, low, high) - low) / (high - low) * (points - 1)  # [..., 2]
    corner = np.minimum(place.astype(int), points - 2)
    (x, y), (right, up) = np.moveaxis(corner, -1, 0), np.moveaxis(place - corner, -1, 0)
    at = x * shape[1] + y
    numbers = np.stack([at, at + 1, at + shape[1], at + shape[1] + 1])
    shares = np.stack([(1 - right) * (1 - up), (1 - right) * up, right * (1 - up), right * up])
    return numbers, shares


@functools.lru_cache(4)
def mountain_car_values(positions: int = 171, velocities: int = 141) -> CostToGo:
    """Return the optimal cost-to-go of Mountain Car: what a perfect agent's −V* would be.

    positions, velocities: points of the grid along both axes. Found by value iteration; a step
    that ends between the points of the grid is worth what its four neighbors say. A finer grid
    is truer: the cost jumps where one swing more is needed, and the grid blurs the jump. The
    arrays are shared by all callers and cannot be written to.
    """
    shape = (check_count("positions", positions, 2), check_count("velocities", velocities, 2))
    axes = [np.linspace(lo, hi, n) for lo, hi, n in zip(CAR_LOW, CAR_HIGH, shape)]
    obs = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 1, 2)  # [P · V, 1, 2]
    next_obs, terminated = mountain_car_step(obs, np.arange(3))  # [P · V, 3, 2], [P · V, 3]
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


# -- Baird's counterexample ----------------------------------------------------------------

# State i of the upper six: 2 · w[i] + w[7]; the seventh: w[6] + 2 · w[7] (Figure 11.1) [7, 8]
BAIRD_FEATURES = np.hstack([np.diag([2.0] * 6 + [1.0]), [[1.0]] * 6 + [[2.0]]])
BAIRD_START = np.array([1.0, 1, 1, 1, 1, 1, 10, 1])  # weights of Figure 11.2 [8]


class Baird:
    """Baird's counterexample, S runs side by side: seven states, and every reward is 0.

    Whatever the state, "solid" leads to the seventh and "dashed" to one of the upper six, all
    equally likely. The behavior takes dashed in 6 of 7 steps, so each next state is any of the
    seven. A linear function of eight weights estimates the values, which truly are all 0, by
    semi-gradient TD(0). The weights can represent that (all 0 would do), yet they diverge.

    The three parts of the deadly triad are switches, and may be changed between steps:

    - off_policy: the target policy always takes solid, and a step counts by its importance ratio
      ρ, 7 after solid and 0 after dashed. Without: the policy that makes the data is the one that
      is evaluated, ρ = 1. The data are the same in both cases.
    - bootstrapping: the target is γ v(S'). Without: the estimate v(S') gives way to the true
      return from there, which is 0.
    - approximation: the eight weights. Without: a table of seven values, which starts at the values
      that the weights give, (3, 3, 3, 3, 3, 3, 12). Fixed: make a new `Baird` to change it.

    alpha: above 0 up to 0.05; larger steps than 2/35 overshoot by themselves. gamma: 0 to 1.
    expected: update all seven states at once, each with the mean over what can follow, as dynamic
    programming does; no chance is left in it. seeds: one run each; row k is what seed k alone
    would give. Raises ValueError for a setting out of range.
    Source: Baird 1995; Sutton & Barto, section 11.2, equations 11.8 and 11.9.
    """

    def __init__(
        self,
        seeds: Iterable[int] = range(10),
        *,
        off_policy: bool = True,
        bootstrapping: bool = True,
        approximation: bool = True,
        alpha: float = 0.01,
        gamma: float = 0.99,
        expected: bool = False,
    ):
        self.seeds = check_seeds(seeds)
        self.alpha = check_number("alpha", alpha, 0, 0.05, open_low=True)
        self.gamma = check_number("gamma", gamma, 0, 1)
        self.off_policy = check_switch("off_policy", off_policy)
        self.bootstrapping = check_switch("bootstrapping", bootstrapping)
        self.approximation = check_switch("approximation", approximation)
        self.expected = check_switch("expected", expected)
        first = BAIRD_START if self.approximation else BAIRD_FEATURES @ BAIRD_START
        self.features = BAIRD_FEATURES if self.approximation else np.eye(7)  # [7, W]
        self.weights = np.tile(first, (len(self.seeds), 1))  # [S, W]: W = 8, or 7 in a table
        self.updates = 0
        self._rngs = [np.random.default_rng(seed) for seed in self.seeds]
        self._block = np.zeros((len(self.seeds), 0), int)  # states drawn ahead [S, n]
        self._used = 0
        self.state = self._draw()  # [S] 0 to 6
        # what the last sampled update was made of, so that a lab can write out the arithmetic:
        # state, next_state, ratio, next_value, value, td_error, all [S]
        self.learned: dict[str, np.ndarray] = {}

    @property
    def values(self) -> np.ndarray:
        """Estimates of the seven values [S, 7]."""
        return self.weights @ self.features.T

    @property
    def norm(self) -> np.ndarray:
        """Length of the vector of weights [S]."""
        return np.sqrt((self.weights**2).sum(1))

    def step(self) -> None:
        """Take one step in every run and learn from it; with ``expected`` from all states."""
        next_state = self._draw()
        change = self._mean_change() if self.expected else self._sampled_change(next_state)
        self.weights = self.weights + self.alpha * change
        self.state = next_state
        self.updates += 1

    def _sampled_change(self, next_state) -> np.ndarray:
        """Return ρ δ ∇v of one transition of every run [S, W] (equation 11.2)."""
        x, next_x = self.features[self.state], self.features[next_state]  # [S, W]
        value = (self.weights * x).sum(1)  # [S]
        next_value = (self.weights * next_x).sum(1) if self.bootstrapping else 0.0 * value
        td_error = 0.0 + self.gamma * next_value - value  # the reward is 0
        solid = next_state == 6
        ratio = np.where(solid, 7.0, 0.0) if self.off_policy else np.ones(len(solid))
        self.learned = {
            "state": self.state, "next_state": next_state, "ratio": ratio,
            "next_value": next_value, "value": value, "td_error": td_error,
        }  # fmt: skip
        return (ratio * td_error)[:, None] * x

    def _mean_change(self) -> np.ndarray:
        """Return the mean over the states of E[δ] ∇v [S, W] (equation 11.9)."""
        value = self.values  # [S, 7]
        follows = value[:, 6:] if self.off_policy else value.mean(1, keepdims=True)  # [S, 1]
        td_error = 0.0 + self.gamma * self.bootstrapping * follows - value  # [S, 7]
        return td_error @ self.features / 7

    def _draw(self) -> np.ndarray:
        """Return a state of every run, all equally likely [S]."""
        if self._used == self._block.shape[1]:
            drawn = [rng.random(256) for rng in self._rngs]
            self._block, self._used = (7 * np.array(drawn)).astype(int), 0
        self._used += 1
        return self._block[:, self._used - 1]


def baird(updates: int = 1000, *, seeds: Iterable[int] = range(10), **settings) -> np.ndarray:
    """Return the weights of Baird's counterexample after 0, 1, ... updates: [S, updates + 1, W].

    settings: off_policy, bootstrapping, approximation, alpha, gamma and expected of `Baird`, which
    says what they mean. W is 8, and 7 for a table (``approximation=False``). With all three
    switches on the weights grow without end, and become inf and NaN after some 100,000 updates.
    """
    runs = Baird(seeds, **settings)
    history = np.empty(
        (len(runs.seeds), check_count("updates", updates) + 1, runs.weights.shape[1])
    )
    history[:, 0] = runs.weights
    with np.errstate(over="ignore", invalid="ignore"):
        for k in range(1, updates + 1):
            runs.step()
            history[:, k] = runs.weights
    return history
