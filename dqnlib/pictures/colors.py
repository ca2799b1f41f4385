"""The colors of the pictures: ink and cards, the sides A and B, and the scales of values.

A scale is 256 colors [256, 3] (uint8), from light to dark: matplotlib's, which is loaded when a
scale is first used.
"""

import functools
import math

import numpy as np

INK, MUTED, FAINT = "#20242b", "#5c6370", "#d5d9df"  # text, quiet text, thin lines
CARD, EDGE = "#fcfcfa", "#bfc4cc"  # background and border of a card
# Okabe & Ito's blue and vermilion, as in `dqnlib.plots`: different to every color vision
SIDE_COLORS = {"A": "#0072b2", "B": "#d55e00"}
HOT = "#c2006b"  # the agent, and the value that it has just updated
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


def needs_white(colors: np.ndarray) -> np.ndarray:
    """Return on which colors [..., 3] white is easier to read than black: a mask [...].

    Source: WCAG 2.1, relative luminance and contrast ratio; both contrasts are equal at a
    luminance of 0.179, where they are 4.58.
    """
    c = np.asarray(colors) / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return linear @ (0.2126, 0.7152, 0.0722) < 0.179
