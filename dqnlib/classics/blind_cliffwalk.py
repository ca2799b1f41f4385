"""The Blind Cliffwalk: a memory in which one transition of thousands matters (lesson 06b).

n states in a row. In each of them one action goes on and the other one ends the episode. Only the
last right action is rewarded, with 1. The memory holds what all 2ⁿ sequences of actions
would have met, each until it ends: 2ⁿ⁺¹ − 2 transitions, of which one has the reward. A table
learns from them by Q-learning, one transition at a time. How many updates does it take, if
transitions are drawn uniformly, or by their TD errors?

Source: Schaul et al. 2016, section 3.1, Figure 1 and appendix B.1.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from dqnlib.arguments import check_choice, check_count
from dqnlib.prioritized import LEAST, SumTree, find

ALPHA = 0.25  # step size
NEAR = 1e-3  # mean squared error of a table that has learned
WAYS = ("uniform", "stored", "current")
STALE = 2.0  # times too large: then a stored priority is called stale


class Memory(NamedTuple):
    """N = 2ⁿ⁺¹ − 2 transitions, those of the first state first."""

    state: np.ndarray  # [N] 0 to n − 1
    right: np.ndarray  # [N] bool: the action that goes on


class Learned(NamedTuple):
    """How long one table took."""

    updates: int  # until its mean squared error was below `NEAR`, or as many as were allowed
    stale: float  # share of the draws whose stored priority was `STALE` times too large, or more


def memory(n: int) -> Memory:
    """Return what all sequences of actions meet in n states; 2ⁿ⁻ᵏ transitions begin in state k."""
    n = check_count("n", n)
    each = 2 ** np.arange(n, 0, -1)  # [n] visits of each state
    places = np.concatenate([np.arange(visits) for visits in each])
    return Memory(np.repeat(np.arange(n), each), places % 2 == 0)


def true_values(n: int) -> list[list[float]]:
    """Return Q* [n][2]: of the action that ends the episode, and of the one that goes on."""
    gamma = 1 - 1 / n
    return [[0.0, gamma ** (n - 1 - k)] for k in range(n)]


def td_error(q: list[list[float]], state: int, right: int) -> float:
    """Return the TD error of a transition; q: [n][2], right: 1 if it goes on; γ = 1 − 1/n."""
    n, target = len(q), 0.0
    if right:
        target = 1.0 if state == n - 1 else (1 - 1 / n) * max(q[state + 1])
    return target - q[state][right]


def learn(
    n: int,
    way: str = "uniform",
    seed: int = 0,
    *,
    least: float = LEAST,
    find: Callable = find,
    start: float = 0.1,
    limit: int = 1_000_000,
) -> Learned:
    """Learn the values of n states from one memory; return how many updates it took.

    way: "uniform"; "stored": drawn by the priority |δ| + least that each transition had when it
    was last drawn, at first the largest of all, 1; "current": drawn by what these priorities are at
    this moment, which no sum tree knows. find: your own `dqnlib.prioritized.find`. start: standard
    deviation of the values at first. limit: updates after which it gives up.

    Values are plain lists: for one number at a time they are quicker than arrays.
    """
    n, way = check_count("n", n), check_choice("way", way, WAYS)
    rng, places = np.random.default_rng([seed, n]), memory(n)
    state, right = places.state.tolist(), places.right.astype(int).tolist()
    q, true = (start * rng.standard_normal((n, 2))).tolist(), true_values(n)
    kinds = [(k, a) for k in range(n) for a in (0, 1)]  # transitions of a kind are all alike
    wrong = sum((q[k][a] - true[k][a]) ** 2 for k, a in kinds)  # 2 n times the squared error
    tree = SumTree(len(state), find)
    tree.fill(np.ones(len(state)))
    updates, stale, numbers = 0, 0, _numbers(rng)
    while wrong >= 2 * n * NEAR and updates < limit:
        x = next(numbers)
        if way == "current":
            k, a = _by_priorities_of_now(q, kinds, least, x)
        else:
            i = tree.find(x * tree.total) if way == "stored" else int(x * len(state))
            k, a = state[i], right[i]
        error = td_error(q, k, a)
        if way == "stored":
            stale += tree[i] >= STALE * (abs(error) + least)
            tree[i] = abs(error) + least
        wrong -= (q[k][a] - true[k][a]) ** 2
        q[k][a] += ALPHA * error
        wrong += (q[k][a] - true[k][a]) ** 2
        updates += 1
    return Learned(updates, float(stale) / max(updates, 1))


def _numbers(rng: np.random.Generator) -> Iterator[float]:
    """Give numbers from 0 to 1, without end."""
    while True:
        yield from rng.random(1_000).tolist()


def _by_priorities_of_now(q, kinds, least: float, x: float) -> tuple[int, int]:
    """Return the kind of transition that a draw with priorities of this moment hits; x: 0 to 1."""
    n = len(q)
    shares = [2 ** (n - k - 1) * (abs(td_error(q, k, a)) + least) for k, a in kinds]
    x *= sum(shares)
    for kind, share in zip(kinds, shares, strict=True):
        x -= share
        if x < 0:
            return kind
    return kinds[-1]


def updates(n: int, way: str, seeds: Iterable[int], **settings) -> np.ndarray:
    """Return how many updates `learn` takes with each of these seeds, in their order."""
    return np.array([learn(n, way, seed, **settings).updates for seed in seeds])
