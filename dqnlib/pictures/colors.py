"""The colors of the pictures: ink and cards, the sides A and B, and the scales of values.

A scale is 256 colors [256, 3] (uint8), from light to dark: matplotlib's, which is loaded when a
scale is first used.
"""

import functools
import math

import numpy as np
from PIL import Image, ImageColor

INK, MUTED, FAINT = "#20242b", "#5c6370", "#d5d9df"  # text, quiet text, thin lines
CARD, EDGE = "#fcfcfa", "#bfc4cc"  # background and border of a card
# Okabe & Ito's blue and vermilion, as in `dqnlib.plots`: different to every color vision
SIDE_COLORS = {"A": "#0072b2", "B": "#d55e00"}
HOT = "#c2006b"  # the agent, and the value that it has just updated
LINE, GOLD = "#b2bac4", "#fad05c"  # between the cells of a board; a goal
ROCK = "#3a322d", "#524841"  # stripes of a cliff
LOWEST = -100.0  # the value at the dark end of the scale of values


@functools.cache
def _scale(name: str) -> np.ndarray:
    from matplotlib import colormaps

    return colormaps[name](np.arange(256), bytes=True)[:, :3]


def value_scale() -> np.ndarray:
    """Return the scale of values: pale green, teal, blue. Lightness alone tells the order."""
    return _scale("GnBu")


def visit_scale() -> np.ndarray:
    """Return the scale of how often and how new: cream, orange, red."""
    return _scale("OrRd")


def value_color(value) -> np.ndarray:
    """Return where values lie on their scale: 0 for 0 and above, 255 for -100 and below.

    value: any shape; the result has the same shape (int). The scale is logarithmic: else all
    the values of a good path, -1 to -13, would look alike next to the -100 of the cliff.
    """
    depth = np.clip(-np.nan_to_num(np.asarray(value, float)), 0, -LOWEST)
    return (255 * np.log1p(depth) / math.log1p(-LOWEST)).round().astype(int)


@functools.cache
def palette() -> Image.Image:
    """Return the palette of quick pictures: all flat colors exactly, the scales, and edges.

    One palette for all: a lab's picture whose palette changes from moment to moment would flicker.
    """
    flat = [EDGE, FAINT, LINE, GOLD, *ROCK, "white", "black", "#343a46", "#f1f1ee", "#f3e4ec"]
    colors = [*map(_rgb, flat), *value_scale()[::3], *visit_scale()[::6]]
    inks = {INK: 20, SIDE_COLORS["A"]: 22, SIDE_COLORS["B"]: 22, HOT: 10, MUTED: 12}
    for ink, steps in inks.items():  # the edges of lines and letters, and bands that shine through
        colors += _mixes(_rgb(CARD), _rgb(ink), steps)
    for level in (100, 150, 190):  # the edges of numbers on cells
        colors += _mixes(value_scale()[level], _rgb("black"), 8)
    colors = np.unique(np.array(colors), axis=0)  # 242 of them
    image = Image.new("P", (1, 1))
    image.putpalette(np.resize(colors, (256, 3)).tobytes())
    return image


def _rgb(color: str) -> np.ndarray:
    return np.array(ImageColor.getrgb(color), np.uint8)


def _mixes(a: np.ndarray, b: np.ndarray, steps: int) -> list[np.ndarray]:
    """Return colors from one to the other."""
    parts = np.linspace(0, 1, steps)[:, None]
    return list((a * (1 - parts) + b * parts).round().astype(np.uint8))


def needs_white(colors: np.ndarray) -> np.ndarray:
    """Return on which colors [..., 3] white is easier to read than black: a mask [...].

    Source: WCAG 2.1, relative luminance and contrast ratio; both contrasts are equal at a
    luminance of 0.179, where they are 4.58.
    """
    c = np.asarray(colors) / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return linear @ (0.2126, 0.7152, 0.0722) < 0.179
