"""A card: the light sheet that pictures are drawn on."""

import functools
from collections.abc import Mapping

import numpy as np
from PIL import Image, ImageDraw

from dqnlib.pictures.colors import CARD, EDGE, INK, MUTED, SIDE_COLORS
from dqnlib.pictures.files import png_bytes
from dqnlib.pictures.text import text_mask


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

    def line(self, x0, y0, x1, y1, color=INK, width=1.5) -> None:
        k = self.scale
        self._draw.line((x0 * k, y0 * k, x1 * k, y1 * k), color, round(width * k))

    def paste(self, image: Image.Image, left: float, top: float, mask=None) -> None:
        """Put a picture of the card's own scale on it."""
        self.image.paste(image, (round(left * self.scale), round(top * self.scale)), mask)

    def text(self, x, y, text: str, size=12, color=INK, bold=False, align="left") -> float:
        """Write a line with its middle at height y; return where it ends, across.

        align: "left", "center" or "right" says which point of the line is at x.
        """
        mask = text_mask(text, size * self.scale, bold)
        width, height = mask.width / self.scale, mask.height / self.scale
        left = x - {"left": 0, "center": width / 2, "right": width}[align]
        self.paste(Image.new("RGB", mask.size, color), left, y - height / 2, mask)
        return left + width

    def chip(self, x, y, letter: str, color: str, size=18) -> float:
        """Draw a letter on a colored square, with its left middle at (x, y); return its end."""
        sprite = chip(letter, color, size * self.scale)
        self.paste(sprite, x, y - size / 2, sprite)
        return x + size

    def title(self, x, y, side: str | None, title: str, note: str = "", right=None) -> None:
        """Write a heading: a side's letter on its color, the title, and a quiet note.

        right: where the note ends.
        """
        if side:
            x = self.chip(x, y, side, SIDE_COLORS.get(side, INK)) + 8
        self.text(x, y, title, 14, INK, bold=True)
        if note:
            self.text(right, y, note, 11, MUTED, align="right")

    def color_bar(self, left, top, width, colors, ticks: Mapping[str, float]) -> None:
        """Draw a scale [256, 3], its light end at the right.

        ticks: label -> place from 0 (left) to 1.
        """
        k = self.scale
        strip = Image.fromarray(np.ascontiguousarray(colors[::-1][None]))
        self.box(left - 1, top - 1, left + width + 1, top + 11, CARD, EDGE)
        self.paste(strip.resize((width * k, 10 * k), Image.Resampling.BILINEAR), left, top)
        for label, place in ticks.items():
            x = left + place * width
            self.box(x - 0.5, top + 10, x + 0.5, top + 14, MUTED)
            self.text(x, top + 20, label, 10, MUTED, align="center")

    def png(self, scale: int | None = None, exact: bool = False) -> bytes:
        """Return the card as PNG; with scale=1 at CSS size: smaller, for a quick series.

        exact: see `png_bytes`.
        """
        shrink = self.scale // (scale or self.scale)
        return png_bytes(self.image.reduce(shrink) if shrink > 1 else self.image, exact)


@functools.lru_cache(64)
def chip(letter: str, color: str, size: int) -> Image.Image:
    """Return a white letter on a colored square with round corners; size: pixels."""
    big = Image.new("RGBA", (4 * size, 4 * size))
    ImageDraw.Draw(big).rounded_rectangle((0, 0, 4 * size - 1, 4 * size - 1), size, color)
    square = big.resize((size, size), Image.Resampling.BOX)
    mask = text_mask(letter, round(0.72 * size), True)
    at = (round((size - mask.width) / 2), round((size - mask.height) / 2))
    square.paste(Image.new("RGBA", mask.size, "white"), at, mask)
    return square
