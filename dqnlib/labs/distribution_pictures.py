"""The picture of the distribution lab: the cart, and what is expected of both actions."""

import numpy as np

from dqnlib.pictures import EDGE, FAINT, INK, MUTED, SIDE_COLORS, Card, number
from dqnlib.pictures.carts import cart_pole

HEIGHT = 330  # CSS pixels
_CART = 262  # CSS pixels of the cart's picture, across
_NAMES = ("push left", "push right")


def paint(card: Card, state, probs: np.ndarray, support: np.ndarray, text: str) -> None:
    """Draw a cart in a state [4] and the distributions [2, K] of its actions over atoms [K]."""
    card.box(2, 2, card.width - 2, card.height - 2)
    means = probs @ support
    best = int(means.argmax())
    cart = cart_pole(state, text, "AB"[best], _CART, 230)
    card.paste(cart.resize((_CART * card.scale, 230 * card.scale)), 12, 46)
    card.text(24, 24, "The cart", 14, INK, bold=True)
    card.text(_CART + 12, 24, f"greedy: {_NAMES[best]}", 12, SIDE_COLORS["AB"[best]],
              bold=True, align="right")  # fmt: skip
    left, right = _CART + 118, card.width - 30
    card.text(left, 24, "What each action returns", 14, INK, bold=True)
    card.text(right, 24, "line: the mean, which the agent chooses by", 11, MUTED, align="right")
    top = max(float(probs.max()), 1e-6)
    for k, name in enumerate(_NAMES):
        floor = 160 + 132 * k
        _bars(card, probs[k], top, support, (left, right, floor - 92, floor), "AB"[k])
        card.text(left - 42, floor - 46, name, 11, SIDE_COLORS["AB"[k]], bold=True, align="right")
        _mean(card, float(means[k]), support, (left, right, floor - 100, floor), k)


def _bars(card: Card, probs, top: float, support, box, side: str) -> None:
    left, right, ceiling, floor = box
    pitch = (right - left) / len(probs)
    for level in (0.5, 1):
        y = floor - level * (floor - ceiling)
        card.box(left, y - 0.5, right, y + 0.5, FAINT)
        card.text(left - 8, y, f"{level * top:.2f}", 10, MUTED, align="right")
    half = max(0.4 * pitch, 0.7)
    for i, p in enumerate(probs):
        x, y = left + (i + 0.5) * pitch, floor - float(p) / top * (floor - ceiling)
        if floor - y >= 1:
            card.box(x - half, y, x + half, floor, SIDE_COLORS[side])
    card.box(left, floor, right, floor + 1, EDGE)
    for i in np.unique(np.linspace(0, len(probs) - 1, 6).round().astype(int)):
        card.text(
            left + (i + 0.5) * pitch, floor + 11, f"{support[i]:g}", 10, MUTED, align="center"
        )


def _mean(card: Card, mean: float, support, box, k: int) -> None:
    left, right, ceiling, floor = box
    pitch = (right - left) / len(support)
    width = right - left - pitch  # from the first atom to the last
    x = left + pitch / 2 + width * (mean - support[0]) / (support[-1] - support[0])
    card.box(x - 1, ceiling, x + 1, floor, INK)
    near_the_end = x > right - 90
    card.text(x + (-6 if near_the_end else 6), ceiling + 3, f"mean {number(mean)}", 12, INK,
              bold=True, align="right" if near_the_end else "left")  # fmt: skip
