"""Pictures that are quick to draw: the grid of action values, curves, and short animations.

The pictures here only draw. Each is a light card of its own, so that it looks the same in a
light and in a dark notebook. Sizes are CSS pixels; a card is drawn ``scale`` times as large,
which keeps it sharp on a fine screen.

Only Pillow and numpy are needed, and matplotlib for `CurvePicture`.
"""

import base64
import functools
import importlib.util
import io
import math
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

INK, MUTED, FAINT = "#20242b", "#5c6370", "#d5d9df"  # text, quiet text, thin lines
CARD, EDGE = "#fcfcfa", "#bfc4cc"  # background and border of a card
# Okabe & Ito's blue and vermilion, as in `dqnlib.plots`: different to every color vision
SIDE_COLORS = {"A": "#0072b2", "B": "#d55e00"}
HOT = "#c2006b"  # the agent, and the value that it has just updated
ACTIONS = ("up", "right", "down", "left")  # the order of CliffWalking
LOWEST = -100.0  # the value at the dark end of the color scale


# -- colors ------------------------------------------------------------------------------------


def _ramp(hue: tuple[float, float], chroma: tuple[float, float], darkest: float) -> np.ndarray:
    """Return 256 colors [256, 3] (uint8), light to dark, the hue turning from one to the other.

    Lightness only ever falls, from 0.98 to ``darkest`` in the OKLab space, so that the order
    can be read without seeing hues. It falls slowly at first: the values of a good path lie
    there, and stay light enough for dark numbers.
    Source of the matrices: Ottosson 2020, "A perceptual color space for image processing".
    """
    t = np.linspace(0, 1, 256)
    light = 0.98 - (0.98 - darkest) * t**1.5
    c = chroma[0] + (chroma[1] - chroma[0]) * np.sin(np.pi / 2 * np.minimum(1, 1.6 * t))
    angle = np.radians(hue[0] + (hue[1] - hue[0]) * t)
    lab = np.stack([light, c * np.cos(angle), c * np.sin(angle)])
    to_lms = [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728],
              [1, -0.0894841775, -1.2914855480]]  # fmt: skip
    to_rgb = [[4.0767416621, -3.3077115913, 0.2309699292],
              [-1.2684380046, 2.6097574011, -0.3413193965],
              [-0.0041960863, -0.7034186147, 1.7076147010]]  # fmt: skip
    linear = np.clip(np.array(to_rgb) @ (np.array(to_lms) @ lab) ** 3, 0, 1)
    srgb = np.where(linear < 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return (255 * srgb.T).round().astype(np.uint8)


def _contrast_white(colors: np.ndarray) -> np.ndarray:
    """Return a mask [256]: colors on which white is easier to read than black (WCAG 2.1)."""
    c = colors / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    luminance = linear @ (0.2126, 0.7152, 0.0722)
    return 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05


VALUE_COLORS = _ramp(hue=(100, 275), chroma=(0.035, 0.115), darkest=0.27)  # cream, green, blue
VISIT_COLORS = _ramp(hue=(80, 20), chroma=(0.01, 0.15), darkest=0.38)  # cream, orange, red
_NEEDS_WHITE = _contrast_white(VALUE_COLORS)


def value_color(value) -> np.ndarray:
    """Return where values lie on the color scale: 0 for 0 and above, 255 for -100 and below.

    value: any shape; the result has the same shape (int). The scale is logarithmic: else all
    the values of a good path, -1 to -13, would look alike next to the -100 of the cliff.
    """
    depth = np.clip(-np.nan_to_num(np.asarray(value, float)), 0, -LOWEST)
    return (255 * np.log1p(depth) / math.log1p(-LOWEST)).round().astype(int)


# -- text --------------------------------------------------------------------------------------


@functools.lru_cache
def _font_file(bold: bool) -> str | None:
    """Where matplotlib keeps its DejaVu Sans; finds the folder without importing matplotlib."""
    try:
        spec = importlib.util.find_spec("matplotlib")
    except (ImportError, ValueError):
        return None
    for folder in (spec and spec.submodule_search_locations) or ():
        name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
        file = Path(folder, "mpl-data", "fonts", "ttf", name)
        if file.exists():
            return str(file)
    return None


@functools.lru_cache
def font(size: float, bold: bool = False):
    """Return a font of this height in pixels: DejaVu Sans, else the one that Pillow brings."""
    file = _font_file(bold)
    return ImageFont.truetype(file, size) if file else ImageFont.load_default(size)


_PLAIN = str.maketrans({"−": "-", "·": "-", "…": "...", "γ": "gamma", "ε": "epsilon", "α": "alpha",
                        "ᵏ": "^k"})  # fmt: skip


def _drawable(text: str) -> str:
    """Pillow's own font lacks some signs: write them in plain letters."""
    return text if _font_file(False) else text.translate(_PLAIN)


@functools.lru_cache(4096)
def _text_mask(text: str, size: float, bold: bool = False) -> Image.Image:
    """Return text as a gray mask, as tight as can be across and centered in its line."""
    face = font(size, bold)
    text = _drawable(text)
    left, _, right, _ = face.getbbox(text, anchor="lm")
    height = math.ceil(1.3 * size)
    mask = Image.new("L", (max(1, math.ceil(right - left)), height))
    ImageDraw.Draw(mask).text((-left, height / 2), text, 255, face, anchor="lm")
    return mask


def number(value: float, digits: int = 2) -> str:
    """Return a number with a true minus sign: -1.5 -> '−1.50'; -0.0 -> '0.00'."""
    if not math.isfinite(value):
        return str(value).replace("-", "−")
    rounded = round(float(value), digits) + 0.0  # adding 0.0 turns -0.0 into 0.0
    return f"{rounded:.{digits}f}".replace("-", "−")


def short_number(value: float) -> str:
    """Return a number for a small triangle: '0', '−.25', '−9.4', '−13', '−100'."""
    if value == 0:
        return "0"
    if abs(value) < 0.995:
        return number(value, 2).replace("0.", ".")
    return number(value, 1 if abs(value) < 9.95 else 0)


# -- PNG ---------------------------------------------------------------------------------------


def png_bytes(image: Image.Image) -> bytes:
    """Return a picture as PNG, quickly: every row is stored as its difference from the last.

    Pillow tries five filters on each row, which takes two to three times as long; a live lab
    writes some twenty pictures a second.
    """
    pixels = np.asarray(image.convert("RGB"))
    height, width, _ = pixels.shape
    rows = pixels.reshape(height, -1)
    filtered = np.empty((height, 1 + rows.shape[1]), np.uint8)
    filtered[:, 0] = 2  # the PNG filter "up"
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits a channel, RGB
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(filtered, 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def small_png(image: Image.Image, colors: int = 256) -> bytes:
    """Return a picture as a PNG with a palette: a third of the bytes, for a notebook file."""
    out = io.BytesIO()
    method, dither = Image.Quantize.FASTOCTREE, Image.Dither.NONE
    image.quantize(colors, method=method, dither=dither).save(out, "PNG", compress_level=9)
    return out.getvalue()


# -- cards -------------------------------------------------------------------------------------


class Card:
    """A light card with a border that pictures are drawn on. Positions are CSS pixels."""

    def __init__(self, width: int, height: int, scale: int = 2):
        self.width, self.height, self.scale = width, height, scale
        self.image = Image.new("RGB", (width * scale, height * scale), CARD)
        self._draw = ImageDraw.Draw(self.image)
        self._draw.rectangle((0, 0, width * scale - 1, height * scale - 1), None, EDGE, scale)

    def box(self, left, top, right, bottom, fill=CARD, outline=None) -> None:
        k = self.scale
        corners = (left * k, top * k, right * k - 1, bottom * k - 1)
        self._draw.rectangle(corners, fill, outline, k if outline else 0)

    def paste(self, image: Image.Image, left: float, top: float, mask=None) -> None:
        """Put a picture of the card's own scale on it."""
        self.image.paste(image, (round(left * self.scale), round(top * self.scale)), mask)

    def text(self, x, y, text: str, size=12, color=INK, bold=False, align="left") -> float:
        """Write a line with its middle at height y; return where it ends, across.

        align: "left", "center" or "right" says which point of the line is at x.
        """
        mask = _text_mask(text, size * self.scale, bold)
        width, height = mask.width / self.scale, mask.height / self.scale
        left = x - {"left": 0, "center": width / 2, "right": width}[align]
        self.paste(Image.new("RGB", mask.size, color), left, y - height / 2, mask)
        return left + width

    def chip(self, x, y, letter: str, color: str, size=18) -> float:
        """Draw a letter on a colored square, with its left middle at (x, y)."""
        sprite = _chip(letter, color, size * self.scale)
        self.paste(sprite, x, y - size / 2, sprite)
        return x + size

    def png(self, scale: int | None = None) -> bytes:
        """Return the card as PNG; with scale=1 at CSS size: smaller, for a quick series."""
        shrink = self.scale // (scale or self.scale)
        return png_bytes(self.image.reduce(shrink) if shrink > 1 else self.image)


@functools.lru_cache(64)
def _chip(letter: str, color: str, size: int) -> Image.Image:
    big = Image.new("RGBA", (4 * size, 4 * size))
    ImageDraw.Draw(big).rounded_rectangle((0, 0, 4 * size - 1, 4 * size - 1), size, color)
    chip = big.resize((size, size), Image.Resampling.BOX)
    mask = _text_mask(letter, round(0.72 * size), True)
    at = (round((size - mask.width) / 2), round((size - mask.height) / 2))
    chip.paste(Image.new("RGBA", mask.size, "white"), at, mask)
    return chip


# -- parts of a grid cell, drawn four times too large and then reduced: smooth edges -------------

_FINE = 4


@functools.lru_cache(8)
def _cell_weights(pixels: int, line: float) -> np.ndarray:
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
def _arrows(pixels: int, actions: tuple[int, ...], length: float, color: str) -> Image.Image:
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
def _disc(pixels: int, radius: float, color: str) -> Image.Image:
    """Return the agent: a disc with a white ring and a thin dark one. radius: in cells."""
    n = pixels * _FINE
    big = Image.new("RGBA", (n, n))
    draw = ImageDraw.Draw(big)
    for grow, fill in ((0.28, INK), (0.2, "#ffffff"), (0, color)):
        reach = radius * (1 + grow) * n
        draw.ellipse((n / 2 - reach, n / 2 - reach, n / 2 + reach, n / 2 + reach), fill)
    return big.resize((pixels, pixels), Image.Resampling.BOX)


@functools.lru_cache(16)
def _mark(pixels: int, action: int) -> Image.Image:
    """Return the outline of one triangle: the value that the last update changed."""
    points = [(-0.455, -0.48), (0.455, -0.48), (0, -0.025)]
    lines = [("#ffffff", 0.075), (HOT, 0.042)]
    return _sprite(pixels, [(points, None, line) for line in lines]).rotate(-90 * action)


@functools.lru_cache(8)
def _hatch(pixels: int) -> Image.Image:
    """Return a dark cell with slanted stripes that run on from cell to cell."""
    n = pixels * _FINE
    at = np.arange(n)
    stripe = ((at[None, :] + at[:, None]) * 4 // n) % 2  # eight stripes a cell, across
    colors = np.array([(58, 50, 45), (82, 72, 65)], np.uint8)
    return Image.fromarray(colors[stripe]).resize((pixels, pixels), Image.Resampling.BOX)


# -- boards ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Grid:
    """A grid world of rows × columns states, numbered row by row."""

    shape: tuple[int, int]
    start: int | None = None
    goals: tuple[int, ...] = ()
    cliff: frozenset[int] = frozenset()

    @property
    def n_states(self) -> int:
        return self.shape[0] * self.shape[1]


CLIFF = Grid((4, 12), start=36, goals=(47,), cliff=frozenset(range(37, 47)))


class _Board:
    """The cells of a grid on a card; redraws only the cells whose look has changed."""

    LINE = (178, 186, 196)  # between cells; more faintly between triangles

    def __init__(self, card: Card, at: tuple[float, float], grid: Grid, cell: int):
        self.card, self.at, self.grid, self.cell = card, at, grid, cell
        self.pixels = cell * card.scale
        self._keys: list = [None] * grid.n_states
        rows, columns = grid.shape
        left, top = at
        card.box(left - 1, top - 1, left + columns * cell + 1, top + rows * cell + 1, FAINT, EDGE)
        for s in grid.cliff:
            card.paste(_hatch(self.pixels), *self._corner(s))
        for s, length in self._cliff_runs():
            self._name_cliff(s, length)

    def _corner(self, s: int) -> tuple[float, float]:
        row, column = divmod(s, self.grid.shape[1])
        return self.at[0] + column * self.cell, self.at[1] + row * self.cell

    def _cliff_runs(self) -> list[tuple[int, int]]:
        """Return (first state, length) of each row of neighboring cliff cells."""
        runs: list[tuple[int, int]] = []
        for s in sorted(self.grid.cliff):
            joined = runs and s == sum(runs[-1]) and s % self.grid.shape[1]
            runs[-1:] = [(runs[-1][0], runs[-1][1] + 1)] if joined else [*runs[-1:], (s, 1)]
        return runs

    def _name_cliff(self, s: int, length: int) -> None:
        x, y = self._corner(s)
        word = "T H E   C L I F F" if length > 3 else "cliff"
        size = 0.3 * self.cell if length > 3 else 0.26 * self.cell
        middle = (x + length * self.cell / 2, y + self.cell / 2)
        mask = _text_mask(word, size * self.card.scale, True)
        half = (mask.width / self.card.scale / 2 + 0.25 * self.cell, 0.3 * self.cell)
        self.card.box(middle[0] - half[0], middle[1] - half[1], middle[0] + half[0],
                      middle[1] + half[1], "#3a322d")  # fmt: skip
        self.card.text(*middle, word, size, "#ffffff", bold=True, align="center")

    def _put(self, s: int, key, draw) -> int:
        """Draw cell s if its look, told by the key, has changed; return 1 if so."""
        if self._keys[s] == key:
            return 0
        self._keys[s] = key
        self.card.paste(draw(s, key), *self._corner(s))
        return 1

    def _flat(self, rgb) -> Image.Image:
        image = Image.new("RGB", (self.pixels, self.pixels), tuple(rgb))
        frame = (0, 0, self.pixels - 1, self.pixels - 1)
        ImageDraw.Draw(image).rectangle(frame, None, self.LINE, max(1, self.card.scale // 2))
        return image

    def _filled(self, weights: np.ndarray, colors: np.ndarray) -> Image.Image:
        """Mix the colors of the four triangles [4, 3] and of the lines into a cell."""
        five = np.concatenate([colors, [self.LINE]]).astype(np.float32)
        pixels = (weights @ five + 0.5).astype(np.uint8)
        return Image.fromarray(pixels.reshape(self.pixels, self.pixels, 3))

    def _write(self, image, x, y, text, size, color, bold=False, anchor=0.5) -> None:
        """Write text with its middle at height y and, across, its part ``anchor`` at x, in cells.

        anchor: 0 for the left end, 0.5 for the middle, 1 for the right end.
        """
        mask = _text_mask(text, size * self.card.scale, bold)
        left = x * self.pixels - anchor * mask.width
        at = (round(left), round(y * self.pixels - mask.height / 2))
        image.paste(color, (*at, at[0] + mask.width, at[1] + mask.height), mask)

    def _letter(self, image: Image.Image, s: int, small: bool = True) -> None:
        """Write S or G into the cells that have such a name; small: in a corner."""
        goal = s in self.grid.goals
        if goal and not small:
            self._write(image, 0.5, 0.5, "G", 0.5 * self.cell, INK, bold=True)
        elif goal or s == self.grid.start:
            size = max(12, round(0.22 * self.cell))
            chip = _chip("G" if goal else "S", "#343a46", size * self.card.scale)
            image.paste(chip, (self.card.scale, self.pixels - chip.height - self.card.scale), chip)


class ValueBoard(_Board):
    """Cells cut into four triangles, colored by the action values; see `GridPicture`."""

    GOLD = (250, 208, 92)

    def __init__(self, card, at, grid, cell):
        super().__init__(card, at, grid, cell)
        self.numbers = cell >= 56
        self._q = np.full((grid.n_states, len(ACTIONS)), np.nan)
        self._extra: set[int] = set()  # cells that held the agent or the mark

    def draw(self, q, agent: int | None = None, mark: tuple[int, int] | None = None) -> int:
        """Show action values [N, 4]; return how many cells were redrawn.

        agent: the state it stands in; mark: the (state, action) to outline.
        """
        q = np.asarray(q, float)
        changed = ~((q == self._q) | (np.isnan(q) & np.isnan(self._q))).all(1)
        changed |= [key is None for key in self._keys]
        extra = {agent, mark and mark[0]} - {None}
        changed[list(extra | self._extra)] = True
        self._q, self._extra = q.copy(), extra
        redrawn = 0
        for s in np.flatnonzero(changed).tolist():
            if s in self.grid.cliff:
                continue
            marked = mark[1] if mark and mark[0] == s else None
            redrawn += self._put(s, self._key(s, s == agent, marked), self._cell_image)
        return redrawn

    def _key(self, s: int, agent: bool, marked: int | None):
        """Everything that the look of a cell depends on."""
        if s in self.grid.goals:
            return ((), (), (), agent, None)
        row = self._q[s]
        texts = tuple(short_number(v) for v in row.tolist()) if self.numbers else ()
        greedy = tuple(np.flatnonzero(row == row.max()).tolist())
        if len(greedy) == len(row):
            greedy = ()  # nothing is known yet: no arrow
        return tuple(value_color(row).tolist()), texts, greedy, agent, marked

    def _cell_image(self, s: int, key) -> Image.Image:
        depth, texts, greedy, agent, marked = key
        if s in self.grid.goals:
            image = self._flat(self.GOLD)
        else:
            weights = _cell_weights(self.pixels, self.card.scale / 2)
            image = self._filled(weights, VALUE_COLORS[list(depth)])
            if marked is not None:
                self._over(image, _mark(self.pixels, marked))
            if texts:
                self._numbers(image, s, _NEEDS_WHITE[list(depth)], texts, greedy)
        self._letter(image, s, small=agent or s == self.grid.start)
        if agent:
            radius = 0.14 if self.numbers else 0.25
            self._over(image, _disc(self.pixels, radius, HOT))
        if greedy:
            length = (0.15 if agent else 0.19) if self.numbers else 0.42 if agent else 0.62
            color = "#ffffff" if agent else INK
            self._over(image, _arrows(self.pixels, greedy, length, color))
        return image

    def _over(self, image: Image.Image, sprite: Image.Image) -> None:
        image.paste(sprite, (0, 0), sprite)

    def _numbers(self, image, s, white, texts, greedy) -> None:
        """Write the values along the edges, so that the middle is free for arrow and agent."""
        size = 0.138 * self.cell
        for action, text in enumerate(texts):
            bold = action in greedy
            half = _text_mask(text, size * self.card.scale, bold).width / self.pixels / 2
            side = max(0.19, 0.035 + half)  # middle of a number at the left or right edge
            x, y = ((0.5, 0.135), (1 - side, 0.5), (0.5, 0.865), (side, 0.5))[action]
            color = "#ffffff" if white[action] else MUTED if text == "0" else "#000000"
            self._write(image, x, y, text, size, color, bold)
        color = "#dfe3ea" if white[0] else "#2f343d"
        self._write(image, 0.03, 0.085, str(s), 0.105 * self.cell, color, anchor=0)


class VisitBoard(_Board):
    """Cells colored by the share of the steps that was taken there."""

    MOST = 0.08  # share at the dark end of the color scale

    def draw(self, share) -> int:
        """Show shares [N] of all steps, 0 to 1; return how many cells were redrawn."""
        depth = np.clip(np.asarray(share, float) / self.MOST, 0, 1) ** 0.5
        level = (depth * 255).round().astype(int).tolist()
        return sum(
            self._put(s, level[s], self._cell_image)
            for s in range(self.grid.n_states)
            if s not in self.grid.cliff
        )

    def _cell_image(self, s: int, level: int) -> Image.Image:
        image = self._flat(ValueBoard.GOLD if s in self.grid.goals else VISIT_COLORS[level])
        self._letter(image, s, small=False)
        return image


def _color_bar(card: Card, left, top, width, colors, ticks: Mapping[str, float]) -> None:
    """Draw a color scale, light end on the right; ticks: label -> place from 0 (left) to 1."""
    k = card.scale
    strip = Image.fromarray(np.ascontiguousarray(colors[::-1][None]))
    card.box(left - 1, top - 1, left + width + 1, top + 11, CARD, EDGE)
    card.paste(strip.resize((width * k, 10 * k), Image.Resampling.BILINEAR), left, top)
    for label, place in ticks.items():
        x = left + place * width
        card.box(x - 0.5, top + 10, x + 0.5, top + 14, MUTED)
        card.text(x, top + 20, label, 10, MUTED, align="center")


def _value_bar(card: Card, left, top, width, values) -> None:
    ticks = {number(v, 0): 1 - float(value_color(v)) / 255 for v in values}
    ticks = {f"≤ {label}" if place == 0 else label: place for label, place in ticks.items()}
    _color_bar(card, left, top, width, VALUE_COLORS, ticks)


def _title(card: Card, x, y, side: str | None, title: str, note: str = "", right=None) -> None:
    """Write a heading: a letter on its color, the title, and a quiet note at the right."""
    if side:
        x = card.chip(x, y, side, SIDE_COLORS.get(side, INK)) + 8
    card.text(x, y, title, 14, INK, bold=True)
    if note:
        card.text(right, y, note, 11, MUTED, align="right")


class GridPicture:
    """A grid world whose cells show the four action values, as a card that is kept and updated.

    Each cell is cut into four triangles, one for each action; the color is the expected return,
    on a logarithmic scale from 0 (light) to −100 (dark). An arrow shows the greedy action, all
    of them if several are equally good, and none while all four are equal. A disc is the agent.

    grid: the world; cell: CSS pixels, from 56 on with numbers; side: "A" or "B", gives a color.
    """

    def __init__(self, grid: Grid = CLIFF, cell: int = 72, *, title="Action values", note="",
                 side: str | None = None, scale: int = 2, agent: bool = True):  # fmt: skip
        rows, columns = grid.shape
        self.margin = 23
        width = max(columns * cell, 320) + 2 * self.margin
        self.card = Card(width, rows * cell + 94, scale)
        left = (width - columns * cell) / 2
        self.board = ValueBoard(self.card, (left, 40), grid, cell)
        self._heading: tuple = ()
        self.head(title, note, side)
        self._legend(40 + rows * cell + 14, agent)

    def head(self, title: str, note: str = "", side: str | None = None) -> None:
        """Write the heading, if it is a new one."""
        if (title, note, side) != self._heading:
            self._heading = (title, note, side)
            self.card.box(2, 2, self.card.width - 2, 38)
            right = self.card.width - self.margin
            _title(self.card, self.margin, 20, side, title, note, right)

    def update(self, q, agent: int | None = None, mark: tuple[int, int] | None = None) -> int:
        """Show action values [N, 4]; return how many cells were redrawn. See `ValueBoard`."""
        return self.board.draw(q, agent, mark)

    @property
    def image(self) -> Image.Image:
        return self.card.image

    def _legend(self, top: float, agent: bool) -> None:
        card, x, y = self.card, self.margin, top + 12
        wide = card.width > 700
        if wide:
            if agent:
                disc = _disc(26 * card.scale, 0.32, HOT)
                card.paste(disc, x - 3, y - 13, disc)
                x = card.text(x + 25, y, "agent", 11, MUTED)
            arrow = _arrows(self.board.pixels, (1,), 0.19 if self.board.numbers else 0.62, INK)
            card.paste(arrow, x + 25 - self.board.cell / 2, y - self.board.cell / 2, arrow)
            x = card.text(x + 40, y, "best action (greedy)", 11, MUTED)
        bar = 330 if wide else 200
        left = card.width - self.margin - bar - 6
        ticks = (-100, -50, -20, -10, -5, -2, -1, 0) if wide else (-100, -10, -1, 0)
        _value_bar(card, left, top, bar, ticks)
        words = "expected return" if card.width > 360 else "return"
        card.text(left - (28 if wide else 12), top + 5, words, 11, MUTED, align="right")
        if wide:
            card.text(left - 28, top + 20, "(log scale)", 10, MUTED, align="right")


class PairPicture:
    """Two small value grids side by side, and under each where its runs spend their steps."""

    def __init__(self, grid: Grid = CLIFF, width: int = 910, scale: int = 2):
        rows, columns = grid.shape
        cell = (width // 2 - 44) // columns
        self.margin = (width // 2 - columns * cell) // 2
        below = 40 + rows * cell + 28
        self.card = Card(width, below + rows * cell + 42, scale)
        self.half = width / 2
        self.values, self.visits, self._headings = {}, {}, {}
        for side, left in self._lefts():
            self.values[side] = ValueBoard(self.card, (left, 40), grid, cell)
            self.visits[side] = VisitBoard(self.card, (left, below), grid, cell)
        self.card.box(self.half - 0.5, 10, self.half + 0.5, self.card.height - 10, FAINT)
        self._legend(below + rows * cell + 9, columns * cell)

    def _lefts(self):
        return (("A", self.margin), ("B", self.margin + self.half))

    def head(self, side: str, title: str, note: str, below: str) -> None:
        """Write the headings of one side, if they are new."""
        if self._headings.get(side) == (title, note, below):
            return
        self._headings[side] = (title, note, below)
        left = dict(self._lefts())[side]
        right, middle = left + self.half - 2 * self.margin, self.visits[side].at[1] - 14
        self.card.box(left - 2, 2, right + 2, 38)
        _title(self.card, left, 20, side, title, note, right)
        self.card.box(left - 2, middle - 11, right + 2, middle + 11)
        self.card.text(left, middle, below, 11, MUTED)

    def update(self, side: str, q, share, agent=None, mark=None) -> int:
        """Show one side's values [N, 4] and shares [N]; return how many cells were redrawn."""
        return self.values[side].draw(q, agent, mark) + self.visits[side].draw(share)

    @property
    def image(self) -> Image.Image:
        return self.card.image

    def _legend(self, top: float, width: float) -> None:
        left = self.margin + 116
        self.card.text(left - 12, top + 5, "expected return", 11, MUTED, align="right")
        _value_bar(self.card, left, top, round(width - 126), (-100, -50, -20, -10, -5, -2, -1, 0))
        left = self.half + self.margin + 116
        self.card.text(left - 12, top + 5, "share of steps", 11, MUTED, align="right")
        shares = {f"{100 * s:.3g}%": 1 - (s / VisitBoard.MOST) ** 0.5 for s in (0, 0.01, 0.04)}
        shares["≥ 8%"] = 0
        _color_bar(self.card, left, top, round(width - 126), VISIT_COLORS, shares)


def grid_image(q, grid: Grid = CLIFF, *, agent: int | None = None, title="Action values",
               note="", side=None, cell: int = 72, scale: int = 1) -> Image.Image:  # fmt: skip
    """Return a picture of action values [N, 4] on a grid, for a figure that stands still.

    See `GridPicture` for what it shows. scale=2 is sharper and twice as wide.
    """
    picture = GridPicture(
        grid, cell, title=title, note=note, side=side, scale=scale, agent=agent is not None
    )
    picture.update(q, agent)
    return picture.image


class BarPicture:
    """Bars of height 0 to 1 over whole numbers, one of them per step."""

    def __init__(self, bars: int, width: int = 910, height: int = 260, scale: int = 2):
        self.card = Card(width, height, scale)
        self.left, self.top, self.floor = 64, 56, height - 46
        self.pitch = (width - self.left - 24) / bars

    def draw(self, heights: Sequence[float], title: str, xlabel: str, note: str = "") -> None:
        """Show the heights [bars] with their numbers; note: a line at the right."""
        card = self.card
        card.box(2, 2, card.width - 2, card.height - 2)
        card.text(24, 22, title, 14, INK, bold=True)
        card.text(card.width - 24, 22, note, 13, INK, align="right")
        for level in (0, 0.5, 1):
            y = self.floor - level * (self.floor - self.top)
            card.box(self.left, y - 0.5, card.width - 24, y + 0.5, FAINT)
            card.text(self.left - 10, y, f"{level:g}", 11, MUTED, align="right")
        for i, value in enumerate(heights):
            self._bar(i, float(value))
        card.text((self.left + card.width - 24) / 2, card.height - 14, xlabel, 11, MUTED,
                  align="center")  # fmt: skip

    def _bar(self, i: int, value: float) -> None:
        middle = self.left + (i + 0.5) * self.pitch
        y = self.floor - value * (self.floor - self.top)
        half = 0.36 * self.pitch
        self.card.box(middle - half, min(y, self.floor - 1), middle + half, self.floor,
                      SIDE_COLORS["A"])  # fmt: skip
        self.card.text(middle, y - 8, f"{value:.2f}", 10, INK, align="center")
        self.card.text(middle, self.floor + 11, str(i), 10, MUTED, align="center")


# -- curves ------------------------------------------------------------------------------------


@dataclass
class Curve:
    """One learning curve of S runs: x [E], mean [E], interval low [E] and high [E], one run [E]."""

    label: str
    color: str
    style: str = "-"
    x: np.ndarray = field(default_factory=lambda: np.zeros(0))
    mean: np.ndarray = field(default_factory=lambda: np.zeros(0))
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    one: np.ndarray | None = None


class CurvePicture:
    """Learning curves that are redrawn quickly: axes, labels and legend are drawn only once."""

    def __init__(self, xlim, ylim, xlabel, ylabel, *, note="", empty="", width=910, height=236,
                 scale=2):  # fmt: skip
        """note: what the legend says of band and thin line, parted by "|"; empty: a text for
        the time before there is any curve."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        dpi = 72 * scale  # so that a font size is in CSS pixels
        self.figure = Figure((width / 72, height / 72), dpi, facecolor=CARD)
        self.figure.patch.set(edgecolor=EDGE, linewidth=2)
        self.canvas = FigureCanvasAgg(self.figure)
        # fixed margins: a layout engine takes longer than everything else together
        box = (74 / width, 44 / height, 1 - 98 / width, 1 - 80 / height)
        self.axes = self.figure.add_axes(box, facecolor=CARD)
        self.scale, self.note = scale, note
        self._artists: dict[str, tuple] = {}
        self._labels: tuple | None = None  # of the curves that the legend names
        self._style(xlim, ylim, xlabel, ylabel)
        self._empty = self.axes.text(0.5, 0.5, empty, transform=self.axes.transAxes, color=MUTED,
                                     ha="center", va="center", size=12, animated=True)  # fmt: skip

    def _style(self, xlim, ylim, xlabel, ylabel) -> None:
        from matplotlib.font_manager import FontProperties

        plain = FontProperties(family="DejaVu Sans", size=11)
        ax = self.axes
        ax.set(xlim=xlim, ylim=ylim)
        ax.set_xlabel(xlabel, color=MUTED, fontproperties=plain, labelpad=4)
        ax.set_ylabel(ylabel, color=MUTED, fontproperties=plain, labelpad=6)
        ax.spines[["top", "right"]].set_visible(False)
        ax.spines[["left", "bottom"]].set_color(EDGE)
        ax.grid(color=FAINT, linewidth=0.7)
        ax.set_axisbelow(True)
        ax.tick_params(colors=MUTED, length=3)
        ax.yaxis.set_major_formatter(lambda v, _: number(v, 0))
        for tick in (*ax.get_xticklabels(), *ax.get_yticklabels()):
            tick.set_fontproperties(FontProperties(family="DejaVu Sans", size=10))

    def draw(self, curves: Iterable[Curve]) -> Image.Image:
        """Draw the curves and return the picture (at ``scale`` times the CSS size)."""
        curves = list(curves)
        if tuple((c.label, c.color) for c in curves) != self._labels:
            self._prepare(curves)
        self.canvas.restore_region(self._background)
        if not any(len(curve.x) for curve in curves):
            self.axes.draw_artist(self._empty)
        for curve in curves:
            band, one, mean = self._artists[curve.label]
            if curve.low is not None and len(curve.x) > 1:
                x, sides = np.concatenate([curve.x, curve.x[::-1]]), (curve.low, curve.high[::-1])
                band.set_xy(np.column_stack([x, np.concatenate(sides)]))
                self.axes.draw_artist(band)
            if curve.one is not None:
                one.set_data(curve.x[: len(curve.one)], curve.one)
                self.axes.draw_artist(one)
            mean.set_data(curve.x, curve.mean)
            self.axes.draw_artist(mean)
        return Image.fromarray(np.asarray(self.canvas.buffer_rgba())[..., :3])

    def _prepare(self, curves: list[Curve]) -> None:
        """Draw all that stays: axes, labels and legend."""
        from matplotlib.patches import Polygon

        for artist in (a for group in self._artists.values() for a in group):
            artist.remove()
        self._artists = {}
        for c in curves:
            band = Polygon(np.zeros((1, 2)), color=c.color, alpha=0.2, lw=0, animated=True)
            self.axes.add_patch(band)
            one = self.axes.plot([], [], color=c.color, lw=0.7, alpha=0.55, animated=True)[0]
            mean = self.axes.plot([], [], c.style, color=c.color, lw=2.2, animated=True)[0]
            self._artists[c.label] = (band, one, mean)
        self._labels = tuple((c.label, c.color) for c in curves)
        self._legend(curves)
        self.canvas.draw()
        self._background = self.canvas.copy_from_bbox(self.figure.bbox)

    def _legend(self, curves: list[Curve]) -> None:
        from matplotlib.font_manager import FontProperties
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch

        lines = [Line2D([], [], ls=c.style, color=c.color, lw=2.2) for c in curves]
        names = [c.label for c in curves]
        bands = [Patch(color=MUTED, alpha=0.25, lw=0), Line2D([], [], color=MUTED, lw=0.7)]
        notes = self.note.split("|") if self.note else []
        self.axes.legend(
            [*lines, *bands[: len(notes)]], [*names, *notes], ncols=len(names) + len(notes),
            loc="lower left", bbox_to_anchor=(0.0, 1.0), frameon=False, borderaxespad=0.3,
            handlelength=2, columnspacing=2,
            prop=FontProperties(family="DejaVu Sans", size=10.5), labelcolor=INK,
        )  # fmt: skip


# -- CartPole ----------------------------------------------------------------------------------


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


# -- animations --------------------------------------------------------------------------------


def _still(frame) -> Image.Image:
    image = frame if isinstance(frame, Image.Image) else Image.fromarray(np.asarray(frame))
    return image.convert("RGB")


def animation(frames: Iterable, fps: float = 8) -> bytes:
    """Return frames (pictures of one size, or arrays [H, W, 3]) as an animated WebP that loops.

    Raises ValueError if there are no frames.
    """
    stills = _frames(frames, fps)
    out = io.BytesIO()
    stills[0].save(out, "WEBP", save_all=True, append_images=stills[1:], quality=80, method=3,
                   duration=round(1000 / fps), loop=0)  # fmt: skip
    return out.getvalue()


def animated_png(frames: Iterable, fps: float = 8, colors: int = 128) -> bytes:
    """Return frames as an animated PNG that loops, with one palette of up to 256 colors.

    Notebooks keep PNG pictures, and every browser plays this kind.
    """
    stills = _frames(frames, fps)
    picked = stills[:: max(1, len(stills) // 8)]  # a palette from frames all along the way
    sample = Image.new("RGB", (stills[0].width, stills[0].height * len(picked)))
    for i, still in enumerate(picked):
        sample.paste(still, (0, i * still.height))
    palette = sample.quantize(colors, dither=Image.Dither.NONE)
    small = [s.quantize(palette=palette, dither=Image.Dither.NONE) for s in stills]
    out = io.BytesIO()
    more = {"save_all": True, "append_images": small[1:], "duration": round(1000 / fps), "loop": 0}
    small[0].save(out, "PNG", optimize=True, **(more if len(small) > 1 else {}))
    return out.getvalue()


def _frames(frames: Iterable, fps: float) -> list[Image.Image]:
    stills = [_still(f) for f in frames]
    if not stills:
        raise ValueError("an animation needs at least one frame")
    if not fps > 0:
        raise ValueError(f"fps must be a number of pictures a second above 0, but it is {fps!r}")
    sizes = sorted({s.size for s in stills})
    if len(sizes) > 1:
        raise ValueError(f"the frames must all have one size, but there are {sizes}")
    return stills


class ShownPicture:
    """A picture in a notebook, with a text that stays the same for those who cannot see it."""

    def __init__(self, png: bytes, alt: str, width: int | None = None):
        self.png, self.alt, self.width = png, alt, width

    def __repr__(self) -> str:
        return self.alt

    def _repr_mimebundle_(self, include=None, exclude=None):
        shown = {"alt": self.alt} | ({"width": self.width} if self.width else {})
        data = {"text/plain": self.alt, "image/png": base64.b64encode(self.png).decode()}
        return data, {"image/png": shown}


def show_animation(frames: Iterable, *, alt: str, fps: float = 8, width: int | None = None):
    """Return an animation that a notebook shows; one frame alone is a picture that stands still.

    alt: what there is to see, in words. width: CSS pixels, if not the frames' own.
    """
    return ShownPicture(animated_png(frames, fps), alt, width)
