"""The pictures of the Bias lab: the last trial, and the means of all."""

import math

import numpy as np
from PIL import ImageDraw

from dqnlib import pictures
from dqnlib.labs.bias_trials import COLORS, Trials
from dqnlib.labs.texts import WIDTH
from dqnlib.pictures import EDGE, FAINT, INK, MUTED, Card, CurvePicture, number

TRIALS = 100_000  # the lab is done after so many
HEIGHT = 250  # CSS pixels of each picture
_CHOSEN = "#f3e4ec"  # behind the chosen action


def paint(card: Card, t: Trials) -> None:
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


def _paint_verdict(card: Card, x: float, t: Trials, best: int | None) -> None:
    if best is None:
        card.text(x, 130, "No trial yet: press Step.", 12, MUTED)
        return
    card.text(x, 62, f"Action {best + 1} looks best", 12, INK, bold=True)
    rows = (
        ("the chooser's estimate of it", t.chooser[0, best], COLORS["single"]),
        ("the judge's estimate of it", t.judge[0, best], COLORS["double"]),
        ("its true value", t.true_values[best], INK),
    )
    for k, (words, value, color) in enumerate(rows):
        y = 94 + 40 * k
        card.text(x, y, words, 11, MUTED)
        card.text(x + 216, y, number(value), 15, color, bold=True, align="right")
    card.text(x, 214, "largest true value of all: 0", 11, MUTED)


def _dot(card: Card, x: float, y: float, key: str, strong: bool) -> None:
    """Draw an estimate: a disc for the chooser's, a ring for the judge's."""
    k, r = card.scale, 5 if strong else 3.5
    box = ((x - r) * k, (y - r) * k, (x + r) * k, (y + r) * k)
    fill = COLORS[key] if key == "single" else pictures.CARD
    ImageDraw.Draw(card.image).ellipse(box, fill, COLORS[key], round(1.6 * k))


def _ticks(low: float, high: float) -> np.ndarray:
    """Return some round numbers between low and high."""
    step = 10.0 ** math.floor(math.log10((high - low) / 2))
    step *= next(f for f in (0.2, 0.5, 1, 2, 5) if (high - low) / (step * f) <= 7)
    return np.arange(math.ceil(low / step), math.floor(high / step) + 1) * step


def curve_picture(t: Trials) -> CurvePicture:
    """Return the empty picture of the running means, with lines where they go."""
    single, double = t.expected
    size = max(t.error, 0.02)
    low, high = min(double, 0) - 0.9 * size, max(single, 0) + 0.9 * size
    picture = CurvePicture(
        (1, TRIALS), (low, high), "trials (each line across: ten times as many)",
        "mean estimate\n= bias", note="95% of the mean", empty="The means will be here.",
        width=WIDTH, height=HEIGHT, scale=1,
    )  # fmt: skip
    ax = picture.axes
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(lambda x, _: f"{x / 1000:g}k" if x >= 1000 else f"{x:g}")
    ax.yaxis.set_major_formatter(lambda v, _: f"{v:.3g}".replace("-", "−"))
    ax.axhline(0, color=MUTED, lw=1)
    for (key, color), value in zip(COLORS.items(), (single, double), strict=True):
        ax.axhline(value, color=color, lw=1.2, ls=":")
        shift, side = (2, "bottom") if key == "single" else (-3, "top")
        ax.annotate(
            f"{key}: {number(value)} in the long run", (0.995, value), (0, shift),
            xycoords=ax.get_yaxis_transform(), textcoords="offset points", ha="right", va=side,
            size=10, color=color,
        )  # fmt: skip
    return picture
