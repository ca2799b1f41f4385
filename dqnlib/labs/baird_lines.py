"""The lines of the Baird lab: its weights, and how wrong the values are."""

import functools
from collections.abc import Iterable

import numpy as np
from PIL import Image

from dqnlib import pictures
from dqnlib.arguments import seeds_in_words
from dqnlib.classics import baird
from dqnlib.labs.texts import WIDTH
from dqnlib.pictures import HOT, INK, MUTED, SIDE_COLORS, Curve, CurvePicture

HEIGHT = 270  # CSS pixels of the pictures
_SUBSCRIPT = "₁₂₃₄₅₆₇₈"
_COLORS = [SIDE_COLORS["A"]] * 6 + [SIDE_COLORS["B"], HOT]


class Lines(CurvePicture):
    """Many lines, of which only some are named in the legend, and only some are thick."""

    def __init__(self, *args, named=(), thick=(), **more):
        self.named, self.thick = named, thick
        super().__init__(*args, **more)

    def _prepare(self, curves) -> None:
        super()._prepare(curves)
        for label, (_, _, line) in self._artists.items():
            line.set_linewidth(2.4 if label in self.thick else 1.1)

    def _legend(self, curves) -> None:
        super()._legend([c for c in curves if c.label in self.named])


def weight_lines(at: np.ndarray, weights: np.ndarray, approximation: bool) -> list[Curve]:
    """Return the lines of the mean weights [n, W], or of a table, after `at` [n] updates."""
    name, curves = "w" if approximation else "v", []
    for i in range(weights.shape[1]):
        label = f"{name}{_SUBSCRIPT[i]}" if i else f"{name}₁ to {name}₆"
        curves.append(Curve(label, _COLORS[i], x=at, mean=weights[:, i]))
    return curves


def error_lines(at: np.ndarray, errors: np.ndarray, seeds: tuple[int, ...]) -> list[Curve]:
    """Return the lines of the largest errors [n, S] after `at` [n] updates, and of their mean."""
    curves = [Curve(f"seed {seed}" if k else "each seed", MUTED, x=at, mean=errors[:, k])
              for k, seed in enumerate(seeds)]  # fmt: skip
    return [*curves, Curve("mean", INK, x=at, mean=errors.mean(1))]


def _axis_number(value: float, _=None) -> str:
    """Return a number of an axis: −10, 40, 2,560, 1e+05."""
    return (f"{value:,.0f}" if abs(value) < 1e5 else f"{value:.2g}").replace("-", "−")


def line_picture(slot: str, limits: dict, what: str, seeds: int, switched: Iterable[int]) -> Lines:
    """Return the empty picture of the weights, or of the errors."""
    of = "weight" if what == "weights" else "value in the table"
    ylabel = {
        "weights": f"{of}\n(mean of {seeds_in_words(seeds)})",
        "errors": "largest error of a value\n(all are truly 0)",
    }
    named = ("w₁ to w₆", "w₇", "w₈", "v₁ to v₆", "v₇", "each seed", "mean")
    picture = Lines(
        limits["updates"], limits[slot], "updates", ylabel[slot], named=named, thick=("mean",),
        width=WIDTH // 2, height=HEIGHT, scale=1,
    )  # fmt: skip
    picture.axes.xaxis.set_major_formatter(_axis_number)
    picture.axes.yaxis.set_major_formatter(_axis_number)
    for x in switched:
        picture.axes.axvline(x, color=MUTED, lw=1, ls=":")
    return picture


@functools.lru_cache(8)
def still_of(seeds: tuple[int, ...], settings: tuple) -> bytes:
    """Return what 1,000 updates with these settings give."""
    settings = dict(settings)
    weights = np.moveaxis(baird.weights(1000, seeds=seeds, **settings), 1, 0)[::5]  # [201, S, W]
    features, _ = baird.representation(settings["approximation"])
    at, mean = np.arange(0, 1001, 5), weights.mean(1)
    errors = abs(weights @ features.T).max(-1)  # [201, S]
    tops = {"weights": max(40, 1.1 * mean.max()), "errors": max(50, 1.1 * errors.max())}
    limits = {"updates": (0, 1000), "weights": (min(-10, 1.1 * mean.min()), tops["weights"]),
              "errors": (0, tops["errors"])}  # fmt: skip
    lines = {
        "weights": weight_lines(at, mean, settings["approximation"]),
        "errors": error_lines(at, errors, seeds),
    }
    what = "weights" if settings["approximation"] else "table"
    image = Image.new("RGB", (WIDTH, HEIGHT), pictures.CARD)
    for k, (slot, curves) in enumerate(lines.items()):
        picture = line_picture(slot, limits, what, len(seeds), ())
        image.paste(picture.draw(curves), (k * (WIDTH // 2), 0))
    return pictures.png_bytes(image, level=9)
