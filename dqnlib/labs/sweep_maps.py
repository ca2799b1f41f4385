"""The two maps of the sweep explorer: what each cell is worth, and how often it was the best."""

from dataclasses import dataclass

import numpy as np

from dqnlib.pictures import FAINT, HOT, INK, MUTED, Card, value_scale

HEIGHT = 270  # CSS pixels of the picture
_LEFT, _TOP, _WIDTH, _ROW = 78, 66, 350, 36


@dataclass(frozen=True)
class Map:
    """One number of each combination of two settings [R, C], and how it is written."""

    title: str
    values: np.ndarray
    form: str  # as for `str.format`
    rows: str
    columns: str
    down: np.ndarray  # [R]
    across: np.ndarray  # [C]


def paint(card: Card, maps: tuple[Map, Map], best: tuple[int, int]) -> None:
    """Draw two maps side by side, with the best cell of now framed in both."""
    card.box(2, 2, card.width - 2, card.height - 2)
    for k, one in enumerate(maps):
        _paint_one(card, one, best, k * card.width / 2)


def _paint_one(card: Card, one: Map, best: tuple[int, int], x: float) -> None:
    count, wide = one.values.shape
    row = min(_ROW, (card.height - _TOP - 48) / count)
    pitch = _WIDTH / wide
    low, high = one.values.min(), one.values.max()
    card.text(x + 22, 24, one.title, 13, INK, bold=True)
    card.text(x + 22, 48, one.rows, 10, MUTED)
    for i, j in np.ndindex(one.values.shape):
        left, top = x + _LEFT + j * pitch, _TOP + i * row
        depth = (one.values[i, j] - low) / (high - low) if high > low else 0.0
        fill = tuple(int(v) for v in value_scale()[int(220 * depth)])
        card.box(left, top, left + pitch - 2, top + row - 2, fill, FAINT)
        text = one.form.format(one.values[i, j])
        ink = "#ffffff" if depth > 0.65 else INK
        card.text(left + pitch / 2, top + row / 2, text, 12, ink, align="center")
        if (i, j) == tuple(best):
            _frame(card, left - 1, top - 1, left + pitch - 1, top + row - 1)
    for i, value in enumerate(one.down):
        card.text(x + _LEFT - 8, _TOP + (i + 0.5) * row, f"{value:g}", 11, MUTED, align="right")
    bottom = _TOP + count * row
    for j, value in enumerate(one.across):
        at = x + _LEFT + (j + 0.5) * pitch
        card.text(at, bottom + 10, f"{value:g}", 11, MUTED, align="center")
    card.text(x + _LEFT + _WIDTH / 2, bottom + 28, one.columns, 10, MUTED, align="center")


def _frame(card: Card, left: float, top: float, right: float, bottom: float) -> None:
    for x0, y0, x1, y1 in (
        (left, top, right, top + 3), (left, bottom - 3, right, bottom),
        (left, top, left + 3, bottom), (right - 3, top, right, bottom),
    ):  # fmt: skip
        card.box(x0, y0, x1, y1, HOT)
