"""The two-state example of maximization bias, for S runs side by side.

The runs share one generator: each draw gives a number to every run that takes part in it.
S runs, L of them in state B, T tables, A actions.
"""

import numpy as np


def episode(
    q_a: np.ndarray,
    q_b: np.ndarray,
    rng: np.random.Generator,
    *,
    alpha: float,
    epsilon: float,
    gamma: float,
    mean: float,
    noise: float,
) -> np.ndarray:
    """Do in every run what `dqnlib.classics.maximization.episode` does in one: [S] bool, went left.

    q_a: [T, S, 2] action values in A and q_b: [T, S, A] in B, both changed in place.
    """
    tables, runs, _ = q_a.shape
    every = np.arange(runs)
    action = _epsilon_greedy(q_a.sum(axis=0), epsilon, rng)  # [S]
    table = rng.integers(tables, size=runs)  # which one learns from this step
    went_left = action == 0
    left = np.flatnonzero(went_left)  # [L] runs that are in B now
    target = np.zeros(runs)  # after right nothing follows
    best = _one_of_the_best(q_b[table[left], left], rng)  # [L]
    target[left] = gamma * q_b[tables - 1 - table[left], left, best]  # the other one judges
    q_a[table, every, action] += alpha * (target - q_a[table, every, action])

    action = _epsilon_greedy(q_b[:, left].sum(axis=0), epsilon, rng)  # [L]
    table = rng.integers(tables, size=len(left))
    reward = mean + noise * rng.standard_normal(len(left))  # and the episode is over
    q_b[table, left, action] += alpha * (reward - q_b[table, left, action])
    return went_left


def _one_of_the_best(q: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a best action of each row: [R, A] -> [R]; equally good ones are equally likely."""
    best = q == q.max(axis=1, keepdims=True)  # [R, A]
    return np.where(best, rng.random(q.shape), -1.0).argmax(axis=1)


def _epsilon_greedy(q: np.ndarray, epsilon: float, rng: np.random.Generator) -> np.ndarray:
    """Return an action for each row: [R, A] -> [R]."""
    anything = rng.integers(q.shape[1], size=len(q))
    return np.where(rng.random(len(q)) < epsilon, anything, _one_of_the_best(q, rng))
