"""Curves of several runs as the labs draw them."""

import math
from collections.abc import Iterable

import numpy as np

from dqnlib.experiments import mean_interval
from dqnlib.pictures import SIDE_COLORS, Curve


def evenly(n: int, most: int) -> np.ndarray:
    """Return at most so many of the places 0 to n − 1, spread evenly: more would not be seen."""
    return np.arange(n) if n <= most else np.unique(np.linspace(0, n - 1, most).astype(int))


def side_curve(side: str, label: str, x: np.ndarray, values: np.ndarray, one=False) -> Curve:
    """Return the curve of a side, A or B: the mean of values [S, X] and its 95 % interval.

    It has the points at which all runs have a finite value. one: also the first run's own line.
    """
    curve = Curve(label, SIDE_COLORS[side], {"A": "-", "B": "--"}[side])
    known = np.isfinite(values).all(0)
    if known.any():
        curve.x, curve.one = x[known], values[0, known] if one else None
        curve.mean, curve.low, curve.high = mean_interval(values[:, known], resamples=200)
    return curve


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
