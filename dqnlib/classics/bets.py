"""What the two bets of `showcases.Bets` return, and how far a learned distribution is from it.

The return of a bet, seen from state 0, is its payment times γ^rooms: with γ = 0.9 and three rooms
a normal curve around 3.65, or two around 1.46 and 5.83. K atoms (lesson 07).
"""

import math

import numpy as np

from dqnlib.arguments import check_count, check_number
from dqnlib.showcases import Bets

SAFE, RISKY = 0, 1


def true_cdf(bet: int, x, gamma: float) -> np.ndarray:
    """Return the probability that a bet returns x or less, for each of x [n]: [n].

    bet: SAFE or RISKY; gamma: discount a step, above 0 and up to 1. Raises ValueError for others.
    """
    bet = check_count("bet", bet, SAFE, RISKY)
    shrunk = check_number("gamma", gamma, 0, 1, open_low=True) ** Bets.rooms
    below = np.zeros(np.shape(x))
    for mean in Bets.payments[bet]:
        z = (np.asarray(x, float) - shrunk * mean) / (shrunk * Bets.spread)
        below += np.vectorize(lambda t: 0.5 * (1 + math.erf(t / math.sqrt(2))))(z)
    return below / len(Bets.payments[bet])


def true_probs(bet: int, support, gamma: float) -> np.ndarray:
    """Return the true distribution on the atoms of a support [K]: each takes what is nearest."""
    support = np.asarray(support, float)
    edges = (support[1:] + support[:-1]) / 2
    return np.diff(true_cdf(bet, edges, gamma), prepend=0.0, append=1.0)


def distance(probs, support, bet: int, gamma: float) -> float:
    """Return how far a distribution over atoms is from the true one: the Wasserstein-1 distance.

    probs: [K], which sum to 1; support: [K], rising. It is the area between the two distribution
    functions, in units of return: how far mass must be carried on average.
    """
    probs, support = np.asarray(probs, float), np.asarray(support, float)
    low, high = min(support[0], 0.0) - 1, max(support[-1], 10.0) + 1  # nothing true lies outside
    x = np.linspace(low, high, 6001)
    mine = np.concatenate([[0.0], probs.cumsum()])[np.searchsorted(support, x, side="right")]
    return float(np.abs(mine - true_cdf(bet, x, gamma)).mean() * (high - low))
