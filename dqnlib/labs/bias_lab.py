"""The bias lab: the largest of noisy estimates is too large on average (lesson 05)."""

import functools
import html
import math
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from dqnlib import pictures
from dqnlib.arguments import check_count, check_number
from dqnlib.classics import maximization
from dqnlib.labs.frame import HALF, WIDTH, Lab, in_lines, named_speeds
from dqnlib.pictures import EDGE, FAINT, INK, MUTED, SIDE_COLORS, Card, Curve, CurvePicture, number
from dqnlib.seeds.learner import LearnerError, first_line, is_finite_number, name_of

_TRIALS = 100_000  # the lab is done after so many
_LONG_RUN = 50_000  # trials from which the lines of the long run come
_HEIGHT = 250  # CSS pixels of each picture
_CHOSEN = "#f3e4ec"  # behind the chosen action
_COLORS = {"single": SIDE_COLORS["A"], "double": SIDE_COLORS["B"]}


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


class _Trials:
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
            for key, color in _COLORS.items()
        ]


class BiasLab(Lab):
    """Noisy estimates of the values of some actions: how large is the largest, and who judges it?

    In each trial every action's value is estimated twice, each time as the mean of some noisy
    samples: once by a chooser and once, independently, by a judge. The single estimator says that
    the best action is worth the chooser's largest estimate. The double estimator takes the judge's
    value of that action. The best true value is always 0, so what an estimator says on average is
    its bias. The curves are the running means with their 95% intervals; the dotted lines are where
    they go. A slider that moves makes a new problem: the means begin anew.

    actions: 2 to 32; noise: standard deviation of one sample, 0 to 3; samples: per action and
    estimate, 1 to 100; spread: by how much the worst action is worse than the best, 0 to 5; the
    others lie evenly between. double_estimate: your own, see
    `dqnlib.classics.maximization.double_estimate`; it is called
    with one trial at a time, [1, A]. seed: of the estimates. name: a second lab of the same name
    replaces the first. Raises ValueError at once for a setting out of range.
    """

    title = "Bias lab"
    hint = "Press Step to draw one trial, or Play."
    period, speed = 1 / 12, 10
    speeds = named_speeds((1, 2, 5, 10, 20, 100, 1000), "trials")

    def __init__(
        self,
        *,
        actions: int = 8,
        noise: float = 1.0,
        samples: int = 1,
        spread: float = 0.0,
        double_estimate: Callable | None = None,
        seed: int = 0,
        name: str = "bias",
    ):
        self.settings = {
            "actions": check_count("actions", actions, 2, 32),
            "noise": check_number("noise", noise, 0, 3),
            "samples": check_count("samples", samples, 1, 100),
            "spread": check_number("spread", spread, 0, 5),
        }
        if double_estimate is not None and not callable(double_estimate):
            raise ValueError(f"double_estimate must be a function, but it is {double_estimate!r}")
        self._double = double_estimate or maximization.double_estimate
        self.seed = check_count("seed", seed, 0)
        self.release()
        self.begin()
        super().__init__(name)

    def release(self) -> None:
        self._card = Card(WIDTH, _HEIGHT)
        self._curves: CurvePicture | None = None
        self._curves_of: _Trials | None = None  # whose axes they have
        self._seen = False  # whether the page has asked for curves

    def make_curves(self) -> None:
        self._seen = True

    # -- trials --------------------------------------------------------------------------------

    def begin(self) -> None:
        self._rngs = _generators(self.seed)
        self._anew()

    def _anew(self) -> None:
        """Begin the means anew: the problem has changed."""
        self.trials = _Trials(self.settings, self._rngs, self._double)

    def advance(self) -> bool:
        if self.trials.count < _TRIALS:
            self.trials.step()
        return self.trials.count < _TRIALS

    def finish(self) -> None:
        self.playing = False
        self.say(f"All {_TRIALS:,} trials are done. Press Reset to begin anew.")

    def change(self, key: str, value) -> None:
        self.settings = self.settings | {key: value}
        self._anew()
        self.say(f"A new problem: {self.trials.words()}. The means begin anew.")

    # -- showing -------------------------------------------------------------------------------

    def show(self) -> None:
        quick = self.playing and self.speed > 10  # a series: smaller pictures
        _paint(self._card, self.trials)
        self.put("trial", self._card.png(1 if quick else 2))
        self.put("status", self._status())
        if not self._seen:
            return
        if self._curves is None or self._curves_of is not self.trials:
            self._curves, self._curves_of = _curve_picture(self.trials), self.trials
        self.put("curves", pictures.png_bytes(self._curves.draw(self.trials.curves())))

    def _status(self) -> str:
        t = self.trials
        texts = [f"trial {t.count:,} of {_TRIALS:,} · {t.words()}"]
        words = {"single": "the largest estimate", "double": "the judge's value of that action"}
        if t.own:
            words["double"] = f"your {html.escape(name_of(self._double))}"
        for key, color in _COLORS.items():
            n, mean, half = t.means[key].now
            found = f"{number(mean)} ± {half:.2f}" if n > 1 else "needs two trials"
            texts.append(
                f"<b style='color:{color}'>■</b> <b>{key}</b>, {words[key]}: bias so far {found} "
                f"· in the long run {number(getattr(t.expected, key))}"
            )
        return in_lines(texts)

    def still(self) -> bytes:
        if not hasattr(self, "_still"):
            trials = _Trials(self.settings, _generators(self.seed), maximization.double_estimate)
            for _ in range(1000):
                trials.step()
            card = Card(WIDTH, _HEIGHT)
            _paint(card, trials)
            image = Image.new("RGB", (WIDTH, 2 * _HEIGHT), pictures.CARD)
            image.paste(card.image.reduce(2), (0, 0))
            image.paste(_curve_picture(trials).draw(trials.curves()), (0, _HEIGHT))
            self._still = pictures.png_bytes(image, level=9)
        return self._still

    # -- controls ------------------------------------------------------------------------------

    def build(self):
        s = self.settings
        buttons = self.buttons(
            step="Draw one trial",
            play="Draw trial after trial",
            pause="Stop for a moment; Play goes on",
            reset="Forget all trials and begin anew",
        )
        return self._w.VBox(
            [
                self.row(*buttons, self.speed_slider()),
                self.row(
                    self.whole("actions", "actions", s["actions"], 2, 32),
                    self.slider("noise", "noise", s["noise"], 0, 3, step=0.1, layout=HALF),
                    self.whole("samples", "samples", s["samples"], 1, 100),
                    self.slider("spread", "spread", s["spread"], 0, 5, step=0.1, layout=HALF),
                ),
                self.text("message", 42),
                self.picture("trial", WIDTH, _HEIGHT),
                self.picture("curves", WIDTH, _HEIGHT),
                self.text("status", 69),
            ]
        )


def _generators(seed: int):
    """Return the generators of the chooser's and of the judge's errors."""
    return [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(2)]


# -- drawing -----------------------------------------------------------------------------------


def _paint(card: Card, t: _Trials) -> None:
    """Draw the last trial on the card."""
    card.box(2, 2, card.width - 2, card.height - 2)
    left, right, top, floor = 74, card.width - 250, 46, card.height - 30
    size = max(t.error, 0.1)
    low, high = -t.settings["spread"] - 3.6 * size, 3.6 * size

    def at(value: float) -> float:
        return float(np.clip(floor - (value - low) / (high - low) * (floor - top), top, floor))

    card.text(24, 22, "One trial", 14, INK, bold=True)
    _paint_legend(card, 116, 22)
    for value in _ticks(low, high):
        card.box(left, at(value) - 0.5, right, at(value) + 0.5, EDGE if value == 0 else FAINT)
        card.text(left - 10, at(value), number(value, 1), 10, MUTED, align="right")
    n = len(t.true_values)
    pitch = (right - left) / n
    best = None if t.chooser is None else int(t.chooser[0].argmax())
    for i, true in enumerate(t.true_values):
        x, half, off = left + (i + 0.5) * pitch, min(0.38 * pitch, 16), min(0.18 * pitch, 6)
        if i == best:
            card.box(x - half - 1, top - 4, x + half + 1, floor, _CHOSEN)
        card.box(x - half, at(true) - 1.5, x + half, at(true) + 1.5, INK)
        if n <= 16 or i % 2 == 0:
            card.text(x, card.height - 16, f"{i + 1}", 10, MUTED, align="center")
        if t.chooser is not None:
            _dot(card, x - off, at(t.chooser[0, i]), "single", i == best)
            _dot(card, x + off, at(t.judge[0, i]), "double", i == best)
    _paint_verdict(card, right + 24, t, best)


def _paint_legend(card: Card, x: float, y: float) -> None:
    card.box(x, y - 1.5, x + 18, y + 1.5, INK)
    x = card.text(x + 24, y, "true value", 11, MUTED) + 18
    for key, words in (("single", "chooser's estimate"), ("double", "judge's estimate")):
        _dot(card, x + 5, y, key, True)
        x = card.text(x + 15, y, words, 11, MUTED) + 18
    card.box(x, y - 7, x + 14, y + 7, _CHOSEN)
    card.text(x + 20, y, "chosen: the chooser's largest", 11, MUTED)


def _paint_verdict(card: Card, x: float, t: _Trials, best: int | None) -> None:
    if best is None:
        card.text(x, 130, "No trial yet: press Step.", 12, MUTED)
        return
    card.text(x, 62, f"Action {best + 1} looks best", 12, INK, bold=True)
    rows = (
        ("the chooser's estimate of it", t.chooser[0, best], _COLORS["single"]),
        ("the judge's estimate of it", t.judge[0, best], _COLORS["double"]),
        ("its true value", t.true_values[best], INK),
    )
    for k, (words, value, color) in enumerate(rows):
        y = 94 + 40 * k
        card.text(x, y, words, 11, MUTED)
        card.text(x + 216, y, number(value), 15, color, bold=True, align="right")
    card.text(x, 214, "largest true value of all: 0", 11, MUTED)


def _curve_picture(t: _Trials) -> CurvePicture:
    """Return the empty picture of the running means, with lines where they go."""
    single, double = t.expected
    size = max(t.error, 0.02)
    low, high = min(double, 0) - 0.9 * size, max(single, 0) + 0.9 * size
    picture = CurvePicture(
        (1, _TRIALS), (low, high), "trials (each line across: ten times as many)",
        "mean estimate\n= bias", note="95% of the mean", empty="The means will be here.",
        width=WIDTH, height=_HEIGHT, scale=1,
    )  # fmt: skip
    ax = picture.axes
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(lambda x, _: f"{x / 1000:g}k" if x >= 1000 else f"{x:g}")
    ax.yaxis.set_major_formatter(lambda v, _: f"{v:.3g}".replace("-", "−"))
    ax.axhline(0, color=MUTED, lw=1)
    for (key, color), value in zip(_COLORS.items(), (single, double), strict=True):
        ax.axhline(value, color=color, lw=1.2, ls=":")
        shift, side = (2, "bottom") if key == "single" else (-3, "top")
        ax.annotate(
            f"{key}: {number(value)} in the long run", (0.995, value), (0, shift),
            xycoords=ax.get_yaxis_transform(), textcoords="offset points", ha="right", va=side,
            size=10, color=color,
        )  # fmt: skip
    return picture


def _dot(card: Card, x: float, y: float, key: str, strong: bool) -> None:
    """Draw an estimate: a disc for the chooser's, a ring for the judge's."""
    k, r = card.scale, 5 if strong else 3.5
    box = ((x - r) * k, (y - r) * k, (x + r) * k, (y + r) * k)
    fill = _COLORS[key] if key == "single" else pictures.CARD
    ImageDraw.Draw(card.image).ellipse(box, fill, _COLORS[key], round(1.6 * k))


def _ticks(low: float, high: float) -> np.ndarray:
    """Return some round numbers between low and high."""
    step = 10.0 ** math.floor(math.log10((high - low) / 2))
    step *= next(f for f in (0.2, 0.5, 1, 2, 5) if (high - low) / (step * f) <= 7)
    return np.arange(math.ceil(low / step), math.floor(high / step) + 1) * step
