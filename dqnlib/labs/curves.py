"""Curves of several runs as the labs draw them."""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from dqnlib.intervals import mean_interval
from dqnlib.pictures import SIDE_COLORS, Curve


def evenly(n: int, most: int) -> np.ndarray:
    """Return at most so many of the places 0 to n − 1, spread evenly: more would not be seen."""
    return np.arange(n) if n <= most else np.unique(np.linspace(0, n - 1, most).astype(int))


class Several(NamedTuple):
    """The values of S runs at X places, and whose they are."""

    side: str  # A or B
    label: str
    x: np.ndarray  # [X]
    values: np.ndarray  # [S, X]


def side_curves(several: Iterable[Several], one=False) -> list[Curve]:
    """Return their curves: the mean of each and its 95 % interval; S is the same for all.

    A curve has the points at which all runs have a finite value. one: also the first run's own
    line.
    """
    several = list(several)
    known = [np.isfinite(found.values).all(0) for found in several]
    columns = [found.values[:, some] for found, some in zip(several, known, strict=True)]
    ends = np.cumsum([values.shape[1] for values in columns])
    if ends[-1]:  # one call for all curves: its overhead is most of its cost
        bands = mean_interval(np.concatenate(columns, 1), resamples=200)
        parts = zip(*(np.split(band, ends[:-1]) for band in bands), strict=True)
    else:
        parts = [np.empty((3, 0))] * len(several)
    curves = []
    for found, some, values, part in zip(several, known, columns, parts, strict=True):
        curve = Curve(found.label, SIDE_COLORS[found.side], {"A": "-", "B": "--"}[found.side])
        if some.any():
            curve.x, curve.one = found.x[some], values[0] if one else None
            curve.mean, curve.low, curve.high = part
        curves.append(curve)
    return curves


def grown(limits: tuple, curves: Iterable[Curve], factor: float = 2, most=math.inf) -> tuple:
    """Return the (low, high) of an axis, made larger by a factor until the curves' means fit in.

    most: once an end has passed it, it grows no more.
    """
    means = np.concatenate([np.empty(0), *(c.mean for c in curves)])
    means = means[np.isfinite(means)]
    low, high = limits
    while len(means) and means.max() > high and high < most:
        high = factor * high if high > 0 else 1.0
    while len(means) and means.min() < low and low > -most:
        low = factor * low if low < 0 else -(abs(high) or 1.0) / factor
    return low, high
