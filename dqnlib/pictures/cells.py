"""The parts of a grid cell, drawn four times too large and then reduced: smooth edges."""

import functools

import numpy as np
from PIL import Image, ImageColor, ImageDraw

from dqnlib.pictures.colors import HOT, INK, ROCK

_FINE = 4


@functools.lru_cache(8)
def weights(pixels: int, line: float) -> np.ndarray:
    """Return how much of each color a pixel of a cell holds: [pixels * pixels, 5].

    The five colors are those of the four triangles (in the order of ACTIONS) and of the lines:
    one around the cell, ``line`` pixels wide, and faint ones between the triangles.
    """
    n = pixels * _FINE
    at = np.arange(n) + 0.5
    x, y = at[None, :], at[:, None]
    upper, right = y < x, x + y > n  # on which side of the two diagonals
    part = np.where(upper, np.where(right, 1, 0), np.where(right, 2, 3))
    edge = np.minimum(np.minimum(x, n - x), np.minimum(y, n - y)) < line * _FINE
    part[edge] = 4
    one_hot = np.eye(5, dtype=np.float32)[part]
    diagonal = np.minimum(abs(x - y), abs(x + y - n)) < 0.7 * line * _FINE
    one_hot[diagonal] = 0.6 * one_hot[diagonal] + 0.4 * np.eye(5, dtype=np.float32)[4]
    pooled = one_hot.reshape(pixels, _FINE, pixels, _FINE, 5).mean((1, 3))
    return pooled.reshape(-1, 5)


def _sprite(pixels: int, shapes) -> Image.Image:
    """Return an RGBA picture of polygons; shapes: (points in cells from the middle, fill, line).

    ``line`` is (color, width in cells) or None.
    """
    n = pixels * _FINE
    big = Image.new("RGBA", (n, n))
    draw = ImageDraw.Draw(big)
    for points, fill, line in shapes:
        corners = [((0.5 + x) * n, (0.5 + y) * n) for x, y in points]
        if line:
            draw.line([*corners, *corners[:2]], line[0], round(line[1] * n), joint="curve")
        if fill:
            draw.polygon(corners, fill)
    return big.resize((pixels, pixels), Image.Resampling.BOX)


def _arrow_points(length: float, several: bool) -> list[tuple[float, float]]:
    """Return an arrow that points up, in cells from the middle of the cell.

    One of several starts in the middle. A short arrow is a head alone: it has to leave room
    for the numbers beside it.
    """
    if length < 0.25:
        shift, half = (-0.46 * length, 0.31 * length) if several else (0, 0.5 * length)
        size = 0.9 * half
        return [(-half, size + shift), (0, -size + shift), (half, size + shift)]
    length *= 1.15 if several else 1
    tip, tail = -length / 2, 0.0 if several else length / 2
    head, half, shaft = 0.44 * length, 0.29 * length, 0.085 * length
    left = [(-shaft, tail), (-shaft, tip + head), (-half, tip + head)]
    return [*left, (0, tip), *((-x, y) for x, y in reversed(left))]


@functools.lru_cache(64)
def arrows(pixels: int, actions: tuple[int, ...], length: float, color: str) -> Image.Image:
    """Return one arrow through the middle, or several that start there."""
    sprite = Image.new("RGBA", (pixels, pixels))
    points = _arrow_points(length, len(actions) > 1)
    halo = ("#ffffffd0", 0.045) if color == INK else None
    for shape in ((points, None, halo), (points, color, None)):  # all halos below all arrows
        if shape[1] or shape[2]:
            one = _sprite(pixels, [shape])
            for action in actions:
                sprite.alpha_composite(one.rotate(-90 * action))
    return sprite


@functools.lru_cache(16)
def disc(pixels: int, radius: float, color: str) -> Image.Image:
    """Return the agent: a disc with a white ring and a thin dark one. radius: in cells."""
    n = pixels * _FINE
    big = Image.new("RGBA", (n, n))
    draw = ImageDraw.Draw(big)
    for grow, fill in ((0.28, INK), (0.2, "#ffffff"), (0, color)):
        reach = radius * (1 + grow) * n
        draw.ellipse((n / 2 - reach, n / 2 - reach, n / 2 + reach, n / 2 + reach), fill)
    return big.resize((pixels, pixels), Image.Resampling.BOX)


@functools.lru_cache(16)
def mark(pixels: int, action: int) -> Image.Image:
    """Return the outline of one triangle: the value that the last update changed."""
    points = [(-0.455, -0.48), (0.455, -0.48), (0, -0.025)]
    lines = [("#ffffff", 0.075), (HOT, 0.042)]
    return _sprite(pixels, [(points, None, line) for line in lines]).rotate(-90 * action)


@functools.lru_cache(8)
def hatch(pixels: int) -> Image.Image:
    """Return a dark cell with slanted stripes that run on from cell to cell."""
    n = pixels * _FINE
    at = np.arange(n)
    stripe = ((at[None, :] + at[:, None]) * 4 // n) % 2  # eight stripes a cell, across
    colors = np.array([ImageColor.getrgb(color) for color in ROCK], np.uint8)
    return Image.fromarray(colors[stripe]).resize((pixels, pixels), Image.Resampling.BOX)
