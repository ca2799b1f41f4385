"""Experiments that hold up: intervals over seeds, and claims that are checked."""

from typing import NamedTuple

import numpy as np


class Interval(NamedTuple):
    """An estimate over seeds with its bootstrap interval."""

    estimate: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.estimate:.1f} [{self.low:.1f}, {self.high:.1f}]".replace("-", "−")


def mean_interval(values, confidence: float = 0.95, resamples: int = 1000):
    """Return mean, low and high [E] of values [S, E] over the first axis, the seeds.

    A percentile bootstrap with fixed random numbers (scipy.stats.bootstrap). With one seed
    there is nothing to compare: low and high are NaN. Raises ValueError for no seeds.
    """
    from scipy.stats import bootstrap

    values = np.asarray(values, float)
    if values.ndim == 0 or len(values) == 0:
        raise ValueError("an interval over seeds needs one value a seed, but there are none")
    mean = values.mean(0)
    if len(values) == 1:
        return mean, np.full_like(mean, np.nan), np.full_like(mean, np.nan)
    found = bootstrap(
        (values,), np.mean, n_resamples=resamples, confidence_level=confidence, axis=0,
        method="percentile", rng=np.random.default_rng(0), batch=100,
    )  # fmt: skip
    return mean, found.confidence_interval.low, found.confidence_interval.high


def interval(values, confidence: float = 0.95) -> Interval:
    """Return the mean of values [S], one a seed, with its bootstrap interval.

    Raises ValueError for more than one axis: the episodes of one run are no independent seeds.
    """
    values = np.atleast_1d(np.asarray(values, float))
    if values.ndim > 1:
        raise ValueError(
            f"an interval over seeds needs one value a seed, but these have the shape "
            f"{values.shape}: reduce each seed to one number first, as in values.mean(1)"
        )
    return Interval(*(float(x) for x in mean_interval(values, confidence)))


def claim(text: str, holds, measured: object = "") -> None:
    """Print whether a claim of the text holds, and the numbers it rests on.

    The first line is compared on every machine. The line "measured" may differ where the
    learner's own function draws its random numbers in another way.
    """
    print(f"{'holds' if holds else 'DOES NOT HOLD'}: {text}")
    if measured != "":
        print(f"       measured: {measured}")
