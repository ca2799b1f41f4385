"""What is said of the scores of two agents: the middle of one, and how often one is ahead."""

import numpy as np

from dqnlib.arguments import check_count, check_number
from dqnlib.intervals import Interval, one_a_seed


def iqm(values) -> float:
    """Return the interquartile mean of values [N], one a seed: the mean of the middle half.

    A quarter of the seeds, rounded down, is left out at either end. From four seeds on one lucky or
    lost seed moves it little, and it uses more of them than the median (Agarwal et al. 2021,
    section 4.3).
    """
    ordered = np.sort(values)
    cut = len(ordered) // 4
    return float(ordered[cut : len(ordered) - cut].mean())


def probability_of_improvement(x, y) -> float:
    """Return how often a seed of the first agent is better than one of the second.

    x, y: [N] and [M], one value a seed; every pair is looked at, and a tie counts half (Agarwal et
    al. 2021, section 4.3; the statistic of Mann & Whitney 1947, by the number of pairs).
    """
    x, y = np.asarray(x)[:, None], np.asarray(y)[None, :]
    return float(((x > y) + (x == y) / 2).mean())


def improvement_interval(x, y, confidence: float = 0.95, resamples: int = 2000) -> Interval:
    """Return the probability of improvement of x [N] over y [M], with its bootstrap interval.

    The seeds of both agents are drawn anew, each by itself. Raises ValueError for more than one
    axis, for no values, and where an agent has one seed only.
    """
    confidence = check_number("confidence", confidence, 0, 1, open_low=True)
    resamples = check_count("resamples", resamples)
    x, y = one_a_seed(x), one_a_seed(y)
    if min(len(x), len(y)) < 2:
        raise ValueError("an interval over seeds needs at least two seeds of either agent")
    rng = np.random.default_rng(0)
    again = [
        probability_of_improvement(rng.choice(x, len(x)), rng.choice(y, len(y)))
        for _ in range(resamples)
    ]
    tail = (1 - confidence) / 2
    ends = np.quantile(again, [tail, 1 - tail])
    return Interval(probability_of_improvement(x, y), float(ends[0]), float(ends[1]))


def performance_profile(values, thresholds) -> np.ndarray:
    """Return the share of the seeds that reach each threshold: values [N], [K] -> [K].

    The whole distribution at a glance: higher everywhere is better in every respect (Agarwal et al.
    2021, section 4.2, there with a strict sign). Raises ValueError for values of several axes.
    """
    return (one_a_seed(values)[:, None] >= np.asarray(thresholds)).mean(0)
