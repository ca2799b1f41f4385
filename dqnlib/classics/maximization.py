"""Maximization bias: estimators and the classic experiments (lesson 05).

The largest of several noisy estimates is too large on average: the max picks the luckiest error.
One set of estimates that selects an action and another, independent one that evaluates it have no
such bias toward above. N trials, A actions.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dqnlib.arguments import check_choice, check_count, check_number
from dqnlib.seeds import two_states

ALGORITHMS = ("q_learning", "double_q_learning")
_MOST = 1e9  # largest mean and noise of a reward


# -- estimators of the largest true value --------------------------------------------------


def noisy_values(true_values, trials, noise=1.0, seed=0):
    """Return estimates [N, A]: in each trial every true value plus an error of its own.

    true_values: [A]; trials: N, each with errors of its own; noise: standard deviation of the
    normal errors; a mean of n samples of an action whose reward has the standard deviation 1 is
    ``noise=1 / n**0.5``. seed: a number, which gives the same errors again, or a NumPy generator,
    which goes on: the same errors never come twice. Two sets of estimates need two seeds.
    Raises ValueError for no trials and for a noise below 0.
    """
    check_count("trials", trials)
    check_number("noise", noise, 0, _MOST)
    true_values = np.asarray(true_values, float)
    rng = np.random.default_rng(seed)
    return true_values + noise * rng.standard_normal((trials, len(true_values)))


def single_estimate(values):
    """Return the mean over trials of the largest estimate: a number, too large on average.

    values: [N, A] estimates of the values of A actions in N trials
    (van Hasselt 2010, section 2.1; lesson 05).
    """
    return values.max(axis=1).mean()


def double_estimate(chooser, judge):
    """Return the mean over trials of the judge's value of the action that the chooser likes best.

    chooser, judge: [N, A] estimates of the same values in N trials, with independent errors. The
    result is never too large on average, and can be too small
    (van Hasselt 2010, section 2.2; lesson 05).
    """
    action = chooser.argmax(axis=1)  # [N]
    return judge[np.arange(len(judge)), action].mean()


class Bias(NamedTuple):
    """How far two estimators of the largest true value are off, on average over trials."""

    single: float
    double: float


def estimator_bias(true_values, trials=10_000, noise=1.0, seed=0) -> Bias:
    """Return the biases of the single and the double estimator: mean estimate minus the truth.

    true_values: [A]; noise: standard deviation of the error of every estimate. All values equal
    is van Hasselt, Guez & Silver 2016, Figure 1: there the double estimator is unbiased. Where
    the true values differ it is too small, since the chooser sometimes picks a worse action
    (van Hasselt 2010, Lemma 1). trials, seed: as for `noisy_values`, and so are the errors.
    """
    first, second = np.random.SeedSequence(seed).spawn(2)
    chooser = noisy_values(true_values, trials, noise, first)  # [N, A]
    judge = noisy_values(true_values, trials, noise, second)  # [N, A]
    estimates = np.array([single_estimate(chooser), double_estimate(chooser, judge)])
    return Bias(*(estimates - np.max(true_values)).tolist())


# -- from errors of a fit: no noise at all -------------------------------------------------


class PolynomialFits(NamedTuple):
    """Values of A actions that are all equal, and two sets of fits to exact samples of them."""

    obs: np.ndarray  # [X] states, numbers from −6 to 6
    true_value: np.ndarray  # [X] of every action
    q: np.ndarray  # [A, X] fits
    other_q: np.ndarray  # [A, X] fits to other samples
    samples: np.ndarray  # [A, 11] states where the true value is known to `q`

    @property
    def single(self) -> np.ndarray:
        """The largest value minus the true one [X]."""
        return self.q.max(axis=0) - self.true_value

    @property
    def double(self) -> np.ndarray:
        """The value in `other_q` of the action that is best in `q`, minus the true one [X]."""
        action = self.q.argmax(axis=0)  # [X]
        return self.other_q[action, np.arange(len(self.obs))] - self.true_value


def polynomial_fits(function: Callable = np.sin, degree: int = 6, points: int = 601):
    """Return `PolynomialFits` of ten actions that all have the true value function(obs).

    Each action's polynomial is fitted to exact values at the whole numbers from −6 to 6 without
    two neighbours: −5 and −4 for the first action, −4 and −3 for the second, and so on. There is
    no noise; the max is too large because the fits err in different places. `other_q` gives each
    action the samples of the action five places on.
    Source: van Hasselt, Guez & Silver 2016, Figure 2; the paper does not say which samples its
    second set has, and these give its numbers.
    """
    obs = np.linspace(-6, 6, check_count("points", points, 2))
    whole = np.arange(-6.0, 7.0)
    samples = np.array([np.delete(whole, [1 + a, 2 + a]) for a in range(10)])  # [A, 11]
    q = np.array([np.polyval(np.polyfit(x, function(x), degree), obs) for x in samples])
    return PolynomialFits(obs, function(obs), q, np.roll(q, -5, axis=0), samples)


# -- the two-state example -----------------------------------------------------------------


def episode(q_a, q_b, rng, *, alpha=0.1, epsilon=0.1, gamma=1.0, mean=-0.1, noise=1.0) -> bool:
    """Play one episode of one run and learn from it, in place; return whether it went left from A.

    q_a: [T, 2] action values in A, 0 is left, 1 is right; q_b: [T, A] in B; T tables: 1, or 2 for
    Double Q-learning. `maximization_bias` says what the settings mean.
    """
    tables = len(q_a)
    action = _epsilon_greedy(q_a.sum(0), epsilon, rng)
    table, went_left, target = rng.integers(tables), action == 0, 0.0  # after right nothing follows
    if went_left:
        best = _one_of_the_best(q_b[table], rng)
        target = gamma * q_b[tables - 1 - table, best]  # the other table judges
    q_a[table, action] += alpha * (target - q_a[table, action])

    if went_left:  # it is in B now
        action = _epsilon_greedy(q_b.sum(0), epsilon, rng)
        table = rng.integers(tables)
        reward = mean + noise * rng.standard_normal()  # and the episode is over
        q_b[table, action] += alpha * (reward - q_b[table, action])
    return went_left


def maximization_bias(
    algorithm: str,
    runs: int,
    episodes: int = 300,
    actions: int = 10,
    alpha: float = 0.1,
    epsilon: float = 0.1,
    gamma: float = 1.0,
    seed: int = 0,
    mean: float = -0.1,
    noise: float = 1.0,
) -> np.ndarray:
    """Return in which episodes 'left' was taken from A: [runs, episodes] bool.

    Every episode starts in A. Right ends it with reward 0; left leads to B with reward 0, where
    each of the actions ends it with a reward of N(mean, noise²): left is wrong if the mean is
    negative, and an agent that knows it goes left in a share ε / 2 of the episodes. Actions are
    ε-greedy, and ties are broken at random; with Double Q-learning they are greedy with respect
    to the sum of both tables, and a coin says which table learns from a step. Each run does what
    `episode` does.
    Raises ValueError for a setting out of range; noise is at least 0.
    Source: Sutton & Barto, Example 6.7 and Figure 6.5 (ten actions are ours; the book says many).
    """
    check_choice("algorithm", algorithm, ALGORITHMS)
    for name, count in (("runs", runs), ("episodes", episodes), ("actions", actions)):
        check_count(name, count)
    check_number("alpha", alpha, 0, 1, open_low=True)
    check_number("epsilon", epsilon, 0, 1)
    check_number("gamma", gamma, 0, 1)
    check_number("mean", mean, -_MOST, _MOST)
    check_number("noise", noise, 0, _MOST)
    tables = 1 + (algorithm == "double_q_learning")
    q_a, q_b = np.zeros((tables, runs, 2)), np.zeros((tables, runs, actions))
    rng, went_left = np.random.default_rng(seed), np.zeros((runs, episodes), bool)
    for column in went_left.T:
        column[:] = two_states.episode(
            q_a, q_b, rng, alpha=alpha, epsilon=epsilon, gamma=gamma, mean=mean, noise=noise
        )
    return went_left


def _one_of_the_best(q, rng) -> int:
    """Return a best action of action values [A]; equally good ones are equally likely."""
    return int(np.where(q == q.max(), rng.random(len(q)), -1.0).argmax())


def _epsilon_greedy(q, epsilon, rng) -> int:
    """Return an action for action values [A]."""
    anything, explore = int(rng.integers(len(q))), rng.random() < epsilon
    best = _one_of_the_best(q, rng)
    return anything if explore else best
