"""The scales of values: what their colors say, and that numbers on them can be read."""

import io

import numpy as np
from PIL import Image

from dqnlib import pictures
from dqnlib.pictures.colors import GOLD, LINE, ROCK, needs_white


def test_lighter_is_better_all_along_the_scale():
    luminance = pictures.value_scale() @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(luminance) <= 0.5).all()
    assert luminance[0] > 230
    assert luminance[-1] < 60


def test_color_scale():
    assert pictures.value_color(0.0) == 0
    assert pictures.value_color(-100.0) == 255
    assert pictures.value_color([5.0, -1000.0, np.nan]).tolist() == [0, 255, 0]
    levels = pictures.value_color([-1, -2, -5, -10, -13, -50])
    assert (np.diff(levels) > 5).all()


def test_numbers_can_be_read_on_every_color():
    """WCAG asks for a contrast of 4.5; black or white reaches it on every color."""

    def luminance(colors):
        c = np.asarray(colors) / 255
        linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
        return linear @ (0.2126, 0.7152, 0.0722)

    back = luminance(pictures.value_scale())
    contrast = np.where(
        needs_white(pictures.value_scale()), 1.05 / (back + 0.05), (back + 0.05) / 0.05
    )
    assert contrast.min() >= 4.5


def test_the_palette_holds_the_flat_colors_exactly():
    """So that a card is the same in every picture of a series, and beside one with all colors."""
    image = Image.new("RGB", (16, 2))
    flat = [pictures.CARD, pictures.EDGE, pictures.FAINT, pictures.INK, pictures.MUTED,
            pictures.HOT, *pictures.SIDE_COLORS.values(), GOLD, LINE, *ROCK]  # fmt: skip
    for x, color in enumerate(flat):
        image.paste(color, (x, 0, x + 1, 2))
    shown = Image.open(io.BytesIO(pictures.png_bytes(image))).convert("RGB")
    assert np.array_equal(np.asarray(shown), np.asarray(image))


def test_the_palette_has_a_color_near_each_of_the_scales():
    for scale in (pictures.value_scale(), pictures.visit_scale()):
        image = Image.fromarray(scale[None])
        shown = Image.open(io.BytesIO(pictures.png_bytes(image))).convert("RGB")
        assert abs(np.asarray(shown).astype(int) - scale).max() <= 12
