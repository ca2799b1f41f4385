"""Pictures as bytes: PNG files, animations, and how a notebook shows them."""

import io

import numpy as np
import pytest
from picture_helpers import random_q, same
from PIL import Image

from dqnlib import pictures
from dqnlib.pictures import GridPicture


def read(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


def test_png_with_all_colors_is_exact():
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (37, 53, 3), np.uint8))
    assert same(read(pictures.png_bytes(image, exact=True)), image)


def test_png_with_a_palette_looks_the_same_and_is_smaller():
    picture = GridPicture()
    picture.update(random_q(), agent=36)
    image = picture.image
    quick, small = pictures.png_bytes(image), pictures.png_bytes(image, level=9)
    error = np.asarray(read(quick)).astype(int) - np.asarray(image)
    assert abs(error).mean() < 2
    assert same(read(quick), read(small))
    assert len(small) < len(quick) < len(pictures.png_bytes(image, exact=True)) / 2


def test_card_png_in_two_sizes():
    card = GridPicture().card
    sizes = [Image.open(io.BytesIO(card.png(k))).size for k in (1, 2)]
    assert sizes == [(910, 382), (1820, 764)]


def frames(n: int = 12):
    picture, found = GridPicture(cell=34, scale=1), []
    for i in range(n):
        picture.update(random_q(), agent=24 + i)
        found.append(picture.image.copy())
    return found


def test_animations_hold_all_frames_and_are_small():
    stills = frames()
    for data, kind in ((pictures.animation(stills, 5), "WEBP"),
                       (pictures.animated_png(stills, 5), "PNG")):  # fmt: skip
        image = Image.open(io.BytesIO(data))
        assert (image.format, image.n_frames, image.size) == (kind, 12, stills[0].size)
        image.seek(3)
        image.load()
        assert image.info["duration"] == 200
        assert len(data) < 60_000


def test_animated_png_looks_like_its_frames():
    stills = frames(4)
    image = Image.open(io.BytesIO(pictures.animated_png(stills, 5)))
    for i, still in enumerate(stills):
        image.seek(i)
        error = np.asarray(image.convert("RGB")).astype(int) - np.asarray(still)
        assert abs(error).mean() < 6


def test_frames_may_be_arrays_and_one_is_enough():
    one = pictures.animated_png([np.zeros((8, 9, 3), np.uint8)])
    assert Image.open(io.BytesIO(one)).size == (9, 8)


@pytest.mark.parametrize(
    ("bad", "fps", "said"),
    [([], 8, "at least one frame"), ([np.zeros((2, 2, 3), np.uint8)], 0, "fps must be"),
     ([np.zeros((2, 2, 3), np.uint8), np.zeros((3, 2, 3), np.uint8)], 8, "one size")],
)  # fmt: skip
def test_bad_animations_say_why(bad, fps, said):
    for make in (pictures.animation, pictures.animated_png):
        with pytest.raises(ValueError, match=said):
            make(bad, fps)


def test_shown_animation_has_a_fixed_text():
    shown = pictures.show_animation(frames(2), alt="Two steps along the cliff.", width=450)
    data, metadata = shown._repr_mimebundle_()
    assert data["text/plain"] == repr(shown) == "Two steps along the cliff."
    assert set(data) == {"text/plain", "image/png"}
    assert metadata["image/png"] == {"alt": "Two steps along the cliff.", "width": 450}
