"""The cart and its pole."""

import numpy as np
from PIL import Image, ImageDraw

from dqnlib.pictures.card import Card
from dqnlib.pictures.colors import EDGE, INK, SIDE_COLORS


def cart_pole(state, text: str, side: str, width: int, height: int) -> Image.Image:
    """Return a picture of a cart and its pole. state: position, speed, angle, its speed."""
    card = Card(width, height)
    k, ground = card.scale, height - 26
    pen = ImageDraw.Draw(card.image)
    unit = (width - 24) / 4.8  # CSS pixels a meter: the track goes from -2.4 to 2.4
    x = width / 2 + unit * float(np.clip(state[0], -2.4, 2.4))
    tip = x + unit * np.sin(state[2]), ground - 14 - unit * np.cos(state[2])  # a pole of 1 meter
    pen.line([(12 * k, ground * k), ((width - 12) * k, ground * k)], EDGE, k)
    card.box(x - 20, ground - 14, x + 20, ground, SIDE_COLORS[side])
    pen.line([(x * k, (ground - 14) * k), (tip[0] * k, tip[1] * k)], INK, 5 * k)
    card.chip(8, 14, side, SIDE_COLORS[side])
    card.text(32, 14, text, 12)
    return card.image.reduce(k)
