"""The picture of the Priorities lab: chances of the transitions, their draws, and the value."""

import numpy as np
from PIL import ImageDraw

from dqnlib.classics.rare_reward import RareReward
from dqnlib.pictures import EDGE, FAINT, HOT, INK, MUTED, SIDE_COLORS, Card, number

_LARGE, _SMALL = SIDE_COLORS["B"], SIDE_COLORS["A"]  # of the bars
_MOST = 3.0  # value at the upper edge


def paint(card: Card, memory: RareReward, alpha: float, values: list[float]) -> None:
    """Draw the bars and the curve; values: of the steps so far, the first one at the left."""
    card.box(2, 2, card.width - 2, card.height - 2)
    pen, p = ImageDraw.Draw(card.image), memory.probability(alpha)
    _bars(card, pen, memory, p, (22, 58, 470, 250))
    _curve(card, pen, memory, values, (524, 58, card.width - 30, 250))


def _bars(card: Card, pen, memory: RareReward, p: np.ndarray, box) -> None:
    left, top, right, bottom = box
    n, total, k = len(p), memory.draws.sum(), card.scale
    seen = memory.draws / total if total else np.zeros(n)
    most = max(p.max(), seen.max(), 2 / n)
    card.text(left, 22, "The chance of each transition, P(i)", 13, INK, bold=True)
    card.text(left, 40, "bar: now; black line: share of all draws so far; dot: in this batch", 11,
              MUTED)  # fmt: skip
    pitch = (right - left) / n
    for i in range(n):
        x = left + i * pitch
        height = max((bottom - top) * p[i] / most, 1)  # a box is one pixel high at least
        color = _LARGE if memory.rewards[i] else _SMALL
        card.box(x + 2, bottom - height, x + pitch - 2, bottom, color)
        if total:
            y = bottom - (bottom - top) * seen[i] / most
            card.box(x + 1, y - 1, x + pitch - 1, y + 1, INK)
        if i in memory.batch:
            cx, cy = k * (x + pitch / 2), k * (bottom + 9)
            pen.ellipse((cx - 4 * k, cy - 4 * k, cx + 4 * k, cy + 4 * k), HOT)
    even = bottom - (bottom - top) / n / most
    for x in range(int(left), int(right), 8):  # a dashed line
        card.box(x, even - 0.5, x + 4, even + 0.5, MUTED)
    card.text(right + 4, even, "1/N", 10, MUTED)
    card.box(left, bottom - 0.5, right, bottom + 0.5, EDGE)
    y = bottom + 28
    card.box(left, y - 5, left + 10, y + 5, _SMALL)
    end = card.text(left + 16, y, "reward 0", 11, MUTED)
    card.box(end + 16, y - 5, end + 26, y + 5, _LARGE)
    card.text(end + 32, y, f"reward {memory.rewards.max():g}", 11, MUTED)
    large = p[memory.rewards > 0].sum()
    card.text(right, y, f"the large ones: {large:.0%} of all draws now", 11, INK, align="right")


def _curve(card: Card, pen, memory: RareReward, values: list[float], box) -> None:
    left, top, right, bottom = box
    k, mean = card.scale, memory.rewards.mean()
    card.text(left, 22, f"The value: {number(memory.value)}", 13, INK, bold=True)
    card.text(left, 40, f"right is the mean of the rewards, {mean:g}", 11, MUTED)

    def at(step: float, value: float) -> tuple[float, float]:
        share = step / max(len(values) - 1, 1)
        height = (bottom - top) * min(value, _MOST) / _MOST
        return k * (left + share * (right - left)), k * (bottom - height)

    card.box(left, top, right, bottom, None, FAINT)
    line = [at(0, mean), at(max(len(values) - 1, 1), mean)]
    pen.line(line, MUTED, 2 * k)
    if len(values) > 1:
        pick = np.unique(np.linspace(0, len(values) - 1, 300).astype(int))
        pen.line([at(i, values[i]) for i in pick], HOT, 2 * k)
    for value in (0, 1, 2, 3):
        card.text(left - 6, bottom - (bottom - top) * value / _MOST, f"{value}", 10, MUTED,
                  align="right")  # fmt: skip
    card.text(left, bottom + 12, "0", 10, MUTED)
    card.text(right, bottom + 12, f"{max(len(values) - 1, 0):,} batches", 10, MUTED, align="right")
