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
    return Interval(*map(float, mean_interval(one_a_seed(values), confidence)))


def iqm_interval(values, confidence: float = 0.95, resamples: int = 2000) -> Interval:
    """Return the interquartile mean of values [S], one a seed, with its bootstrap interval.

    With one seed there is no interval. Raises ValueError for more than one axis and for no values.
    """
    from scipy.stats import trim_mean

    def middle(x, axis):
        return trim_mean(x, 0.25, axis=axis)

    return Interval(*map(float, _bootstrap(one_a_seed(values), middle, confidence, resamples)))


def one_a_seed(values) -> np.ndarray:
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
