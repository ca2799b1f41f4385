"""Features of continuous observations, and linear functions of them (lessons 02, 02b).

A table needs one row a state; a continuous observation needs features. `Bins` cuts the space into
boxes, `TileCoder` lays several shifted grids over it. A linear function adds the weights of the
features that are on: `linear_q` and `linear_update` for action values, `LinearFit` for samples.
`polynomial` has features that are numbers: `fitted_q` fits weights of them to a fixed data set, and
`semi_gradient_td` takes one step for the values of states (lesson 02b).

O numbers in an observation, T tilings, F features, A actions, N transitions.

Source: Sutton & Barto, Reinforcement Learning: An Introduction, 2nd edition, chapters 9 and 10.
"""

import math

import numpy as np

from dqnlib import moved
from dqnlib.arguments import check_count, check_number

__getattr__ = moved.names_of(__name__)  # for what was here before


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


def linear_update(weights, features, action, td_target, alpha):
    """Move the value of an action a step toward the target, in place, and return the TD error.

    weights: [F, A], changed only at the features that are on and the action; features: [T], all
    different; action: int; td_target: float; alpha: step size of each of the T weights, 0 to 1/T
    (Sutton & Barto, section 10.1).
    """
    td_error = td_target - weights[features, action].sum()
    weights[features, action] += alpha * td_error
    return td_error


def polynomial(obs, degree: int = 2) -> np.ndarray:
    """Return the products of up to `degree` of an observation's numbers: [..., O] -> [..., F].

    The first feature is 1, the next ones are the numbers themselves: for two numbers and degree 2
    they are 1, s₁, s₂, s₁², s₁s₂, s₂² (Sutton & Barto, section 9.5.1).
    """
    obs = np.asarray(obs, float)
    products = [(np.ones(obs.shape[:-1]), 0)]  # each with the place of its last factor
    columns = [products[0][0]]
    for _ in range(check_count("degree", degree)):
        products = [
            (product * obs[..., k], k)
            for product, last in products
            for k in range(last, obs.shape[-1])
        ]
        columns += [product for product, _ in products]
    return np.stack(columns, -1)


def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    """Do one round of fitted Q-iteration: fit new weights to targets from the present ones.

    x, next_x: [N, F] features before and after each of N transitions; action: [N] int; reward:
    [N]; terminated: [N] bool; weights: [F, A], left as they are; gamma: 0 to 1. Returns new
    weights [F, A]; those of an action are fitted by least squares to its own transitions, and of
    several fits that are equally good the smallest is taken (Ernst, Geurts & Wehenkel 2005,
    Figure 1; lesson 02).
    """
    target = reward + gamma * (next_x @ weights).max(axis=1) * ~terminated  # [N]
    new = np.zeros_like(weights)
    for a in range(weights.shape[1]):
        mine = action == a  # [N]
        new[:, a] = np.linalg.lstsq(x[mine], target[mine], rcond=None)[0]
    return new


def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    """Return the weights after one step of off-policy semi-gradient TD(0), as a new array [F].

    weights: [F], left as they are; x, next_x: [F] features of a state and of the next one; a value
    is their product with the weights; reward: float; gamma: 0 to 1; ratio: ρ, how much likelier
    the target policy takes the action than the behavior; alpha: step size (Sutton & Barto,
    equation 11.2; lesson 02b).
    """
    td_error = reward + gamma * next_x @ weights - x @ weights
    return weights + alpha * ratio * td_error * x


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
