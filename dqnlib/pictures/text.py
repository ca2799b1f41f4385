"""Fonts, text as masks, and numbers as text."""

import functools
import math
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont


@functools.lru_cache
def font(size: float, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Return DejaVu Sans, which matplotlib brings, at this height in pixels."""
    import matplotlib

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts", "ttf", name), size)


@functools.lru_cache(4096)
def text_mask(text: str, size: float, bold: bool = False) -> Image.Image:
    """Return text as a gray mask, as tight as can be across and centered in its line."""
    face = font(size, bold)
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
