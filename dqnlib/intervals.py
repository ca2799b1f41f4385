"""Estimates over seeds with their bootstrap intervals."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dqnlib.arguments import check_count, check_number


class Interval(NamedTuple):
    """An estimate over seeds with its bootstrap interval."""

    estimate: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.estimate:.1f} [{self.low:.1f}, {self.high:.1f}]".replace("-", "−")


def mean_interval(values, confidence: float = 0.95, resamples: int = 1000):
    """Return mean, low and high [E] of values [S, E] over the first axis, the seeds.

    A percentile bootstrap with fixed random numbers (scipy.stats.bootstrap): the seeds are drawn
    anew, with replacement, as often as resamples says, and between low and high lies the share
    confidence, above 0 up to 1, of the means that this gives. More resamples take longer, and make
    the ends of the interval steadier. With one seed there is nothing to compare: low and high are
    NaN. Raises ValueError for no seeds, and for a confidence or resamples out of range.
    """
    return _bootstrap(np.asarray(values, float), np.mean, confidence, resamples)


def interval(values, confidence: float = 0.95) -> Interval:
    """Return the mean of values [S], one a seed, with its bootstrap interval.

    Raises ValueError for more than one axis: the episodes of one run are no independent seeds.
    """
    return Interval(*map(float, mean_interval(_one_a_seed(values), confidence)))


def iqm(values) -> float:
    """Return the interquartile mean of values [S], one a seed: the mean of the middle half.

    A quarter of the seeds, rounded down, is left out at either end. One lucky or lost seed does not
    move it, and it uses more of them than the median (Agarwal et al. 2021, section 4.3).
    """
    ordered = np.sort(values)
    cut = len(ordered) // 4
    return float(ordered[cut : len(ordered) - cut].mean())


def iqm_interval(values, confidence: float = 0.95, resamples: int = 2000) -> Interval:
    """Return the interquartile mean of values [S], one a seed, with its bootstrap interval.

    With one seed there is no interval. Raises ValueError for more than one axis and for no values.
    """
    from scipy.stats import trim_mean

    def middle(x, axis):
        return trim_mean(x, 0.25, axis=axis)

    return Interval(*map(float, _bootstrap(_one_a_seed(values), middle, confidence, resamples)))


def probability_of_improvement(x, y) -> float:
    """Return how often a seed of the first agent is better than one of the second.

    x, y: [S] and [T], one value a seed; every pair is looked at, and a tie counts half (Agarwal et
    al. 2021, section 4.3; the statistic of Mann & Whitney 1947, by the number of pairs).
    """
    x, y = np.asarray(x)[:, None], np.asarray(y)[None, :]
    return float(((x > y) + (x == y) / 2).mean())


def improvement_interval(x, y, confidence: float = 0.95, resamples: int = 2000) -> Interval:
    """Return the probability of improvement of x [S] over y [T], with its bootstrap interval.

    The seeds of both agents are drawn anew, each by itself. Raises ValueError for more than one
    axis, for no values, and where an agent has one seed only.
    """
    confidence = check_number("confidence", confidence, 0, 1, open_low=True)
    resamples = check_count("resamples", resamples)
    x, y = _one_a_seed(x), _one_a_seed(y)
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
    """Return the share of the seeds that reach each threshold: values [S], [K] -> [K].

    The whole distribution at a glance: higher everywhere is better in every respect (Agarwal et al.
    2021, section 4.2, there with a strict sign).
    """
    return (_one_a_seed(values)[:, None] >= np.asarray(thresholds)).mean(0)


def _one_a_seed(values) -> np.ndarray:
    """Return values as an array [S]; raise a ValueError if they have more axes."""
    values = np.atleast_1d(np.asarray(values, float))
    if values.ndim > 1:
        raise ValueError(
            f"an interval over seeds needs one value a seed, but these have the shape "
            f"{values.shape}: reduce each seed to one number first, as in values.mean(1)"
        )
    return values


def _bootstrap(values: np.ndarray, statistic: Callable, confidence, resamples):
    """Return a statistic of values [S, ...] over the seeds, and the low and high end of it."""
    from scipy.stats import bootstrap

    confidence = check_number("confidence", confidence, 0, 1, open_low=True)
    resamples = check_count("resamples", resamples)
    if values.ndim == 0 or len(values) == 0:
        raise ValueError("an interval over seeds needs one value a seed, but there are none")
    found = statistic(values, axis=0)
    if len(values) == 1:
        return found, np.full_like(found, np.nan), np.full_like(found, np.nan)
    ends = bootstrap(
        (values,), statistic, n_resamples=resamples, confidence_level=confidence, axis=0,
        method="percentile", rng=np.random.default_rng(0), batch=100,
    ).confidence_interval  # fmt: skip
    return found, ends.low, ends.high
