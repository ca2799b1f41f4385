"""The picture of the pixel lab: the game, the frames with what matters, values over time."""

from collections.abc import Sequence

import numpy as np

from dqnlib.pictures import EDGE, FAINT, INK, MUTED, SIDE_COLORS, Card

HEIGHT = 330  # CSS pixels
ACTIONS = ("left", "stay", "right")
COLORS = (SIDE_COLORS["A"], MUTED, SIDE_COLORS["B"])  # of the actions
DARK, LIGHT = np.array([24, 30, 42]), np.array([240, 240, 236])  # unlit and lit pixels
MARK = np.array([230, 110, 30])  # a pixel that matters
SCREEN, SMALL = 208, 116  # CSS pixels of the game, and of one frame


def paint(card: Card, screen, stack, effects, values: Sequence, caught: Sequence, note: str):
    """Draw the game [8, 8], what the network sees [K, 8, 8], what matters in it, and values.

    effects: [K, 8, 8]; values: the last moments' action values [A] each; caught: 1, 0 or None for
    each of them, where a ball came down; note: on the game.
    """
    card.box(2, 2, card.width - 2, card.height - 2)
    card.text(24, 24, "The game", 14, INK, bold=True)
    card.text(24 + SCREEN, 24, note, 11, MUTED, align="right")
    _pixels(card, 24, 48, SCREEN, _gray(screen))
    left = 24 + SCREEN + 28
    card.text(left, 24, "What the network sees", 14, INK, bold=True)
    strongest = max(float(effects.max()), 1e-6)
    for k, (frame, effect) in enumerate(zip(stack, effects, strict=True)):
        top = 48 + k * (SMALL + 24)
        share = (effect / strongest)[..., None]
        _pixels(card, left, top, SMALL, (1 - share) * _gray(frame) + share * MARK)
        name = "second frame" if k else "first frame"
        card.text(left + SMALL + 10, top + 12, name, 11, INK)
    card.text(left + SMALL + 10, 48 + 34, "orange: pixels", 11, MUTED)
    card.text(left + SMALL + 10, 48 + 50, "that matter", 11, MUTED)
    _lines(card, left + SMALL + 130, card.width - 74, values, caught)


def _gray(frame) -> np.ndarray:
    share = np.asarray(frame, float)[..., None] / 255
    return (1 - share) * DARK + share * LIGHT  # [H, W, 3]


def _pixels(card: Card, left: float, top: float, size: float, colors: np.ndarray) -> None:
    """Draw an image [H, W, 3] with a thin line between its pixels."""
    side = size / len(colors)
    card.box(left - 1, top - 1, left + size + 1, top + size + 1, EDGE)
    for i, row in enumerate(colors):
        for j, color in enumerate(row):
            x, y = left + j * side, top + i * side
            card.box(x, y, x + side - 0.5, y + side - 0.5, tuple(int(c) for c in color))


def _lines(card: Card, left: float, right: float, values: Sequence, caught: Sequence) -> None:
    """Draw a line an action over the last moments, the newest at the right."""
    card.text(left, 24, "Action values, the last 40 steps", 14, INK, bold=True)
    top, floor, n = 54, 262, 40
    shown = np.array(values[-n:])  # [T, A]
    low, high = min(0.0, float(shown.min())), max(1.5, float(shown.max()))
    at = lambda v: floor - (v - low) / (high - low) * (floor - top)  # noqa: E731
    pitch = (right - left) / (n - 1)
    for level in np.arange(np.ceil(low * 2) / 2, high + 1e-6, 0.5):
        card.box(left, at(level) - 0.5, right, at(level) + 0.5, FAINT)
        card.text(left - 8, at(level), f"{level:.1f}", 10, MUTED, align="right")
    first = right - (len(shown) - 1) * pitch
    for a, color in enumerate(COLORS):
        for t in range(1, len(shown)):
            x0, x1 = first + (t - 1) * pitch, first + t * pitch
            y0, y1 = at(shown[t - 1, a]), at(shown[t, a])
            card.line(x0, y0, x1, y1, color)
        card.text(right + 8, 70 + 18 * a, ACTIONS[a], 11, color, bold=True)
    for t, found in enumerate(caught[-n:]):
        if found is not None:
            x = first + t * pitch
            card.text(x, floor + 16, "●" if found else "×", 12, INK, align="center")
    card.text(left, floor + 36, "● a ball was caught   × missed", 11, MUTED)
