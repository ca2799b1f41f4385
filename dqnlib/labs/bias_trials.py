"""The trials of the Bias lab: noisy estimates, and the means of what the estimators say."""

import functools
import math
from collections.abc import Callable

import numpy as np

from dqnlib.classics import maximization
from dqnlib.pictures import SIDE_COLORS, Curve, number
from dqnlib.seeds.learner import LearnerError, first_line, is_finite_number, name_of

_LONG_RUN = 50_000  # trials from which the lines of the long run come
COLORS = {"single": SIDE_COLORS["A"], "double": SIDE_COLORS["B"]}


class _Mean:
    """The running mean of a series, with its 95% interval, kept at moments spread evenly."""

    def __init__(self):
        self.count, self._sum, self._squares = 0, 0.0, 0.0
        self._kept: list[tuple[int, float, float]] = []  # trials, mean, half the interval
        self._due = 2

    def add(self, value: float) -> None:
        self.count += 1
        self._sum += value
        self._squares += value * value
        if self.count >= self._due:
            self._kept.append(self.now)
            self._due = math.ceil(self.count * 1.04)

    @property
    def now(self) -> tuple[int, float, float]:
        """Trials, mean, and 1.96 standard errors (NaN for a single trial)."""
        n, mean = self.count, self._sum / max(self.count, 1)
        if n < 2:
            return n, mean, math.nan
        variance = max(self._squares - n * mean * mean, 0.0) / (n - 1)
        return n, mean, 1.96 * math.sqrt(variance / n)

    def curve(self, label: str, color: str, style: str) -> Curve:
        curve = Curve(label, color, style)
        if self.count > 1:
            curve.x, curve.mean, half = np.array([*self._kept, self.now]).T
            curve.low, curve.high = curve.mean - half, curve.mean + half
        return curve


class Trials:
    """A problem of the lab, its last trial, and the means of all trials so far."""

    def __init__(self, settings: dict, rngs, double_estimate: Callable):
        self.settings, self._rngs, self._double = settings, rngs, double_estimate
        self.true_values = np.linspace(-settings["spread"], 0, settings["actions"])  # [A]
        self.error = settings["noise"] / math.sqrt(settings["samples"])  # size of an estimate's
        self.means = {"single": _Mean(), "double": _Mean()}
        self.chooser = self.judge = None  # [1, A] of the last trial

    @functools.cached_property
    def expected(self) -> maximization.Bias:
        """Where the means go; worked out when it is first shown, since it takes a while."""
        return maximization.estimator_bias(self.true_values, _LONG_RUN, self.error)

    @property
    def own(self) -> bool:
        return self._double is not maximization.double_estimate

    @property
    def count(self) -> int:
        return self.means["double"].count

    def step(self) -> None:
        """Draw a trial."""
        self.chooser, self.judge = (
            maximization.noisy_values(self.true_values, 1, self.error, rng) for rng in self._rngs
        )
        double = self._estimate()
        self.means["single"].add(float(maximization.single_estimate(self.chooser)))
        self.means["double"].add(double)

    def _estimate(self) -> float:
        name, where = name_of(self._double), f"at trial {self.count + 1}"
        try:
            value = self._double(self.chooser.copy(), self.judge.copy())
        except Exception as error:
            raise LearnerError(f"✗ {name} failed {where}: {first_line(error)}") from error
        if not is_finite_number(value):
            raise LearnerError(
                f"✗ {name} returned {value!r} {where}; expected the mean over trials, one number"
            )
        return float(value)

    def words(self) -> str:
        """Return the problem in words."""
        s = self.settings
        worth = f"worth {number(-s['spread'])} to 0" if s["spread"] else "all of them worth 0"
        return f"{s['actions']} actions, {worth}; an estimate errs by about {self.error:.2f}"

    def curves(self) -> list[Curve]:
        styles = {"single": "-", "double": "--"}
        return [
            self.means[key].curve(f"{key} estimator", color, styles[key])
            for key, color in COLORS.items()
        ]
