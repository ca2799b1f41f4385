"""CartPole as pictures.

`tests/mutants/pictures/test_picture_carts.toml` lists the mutants that these tests kill.
"""

import io

import numpy as np
import pytest
from PIL import Image, ImageColor

from dqnlib.pictures import SIDE_COLORS
from dqnlib.pictures.carts import animated_carts, cart_pole


def still(frames: int, position: float = 0.0) -> np.ndarray:
    return np.tile([position, 0.0, 0.0, 0.0], (frames, 1))


def cart_at(image: Image.Image) -> float:
    """Return the middle of the cart, in pixels."""
    row = np.asarray(image.convert("RGB")).astype(int)[image.height - 32]
    color = np.array(ImageColor.getrgb(SIDE_COLORS["A"])[:3])
    return float((abs(row - color).sum(1) < 60).nonzero()[0].mean())


@pytest.mark.parametrize(("position", "share"), [(-2.4, 0.0), (0.0, 0.5), (1.2, 0.75), (9.0, 1.0)])
def test_the_cart_stands_where_it_is_on_the_track(position, share):
    image = cart_pole((position, 0.0, 0.0, 0.0), "", "A", 455, 150)
    assert image.size == (455, 150)
    ends = 12, 455 - 12
    assert cart_at(image) == pytest.approx(ends[0] + share * (ends[1] - ends[0]), abs=12)


def test_an_animation_shows_both_until_the_longer_one_ends():
    shown = animated_carts({"long": still(41), "short": still(11, 1.0)}, alt="two", every=10)
    image = Image.open(io.BytesIO(shown.png))
    assert image.size == (910, 172)
    assert image.n_frames >= 2  # frames that are alike may be joined
    assert repr(shown) == "two"


def test_two_episodes_are_wanted():
    with pytest.raises(ValueError, match="two episodes"):
        animated_carts({"one": still(3)}, alt="")
    with pytest.raises(ValueError, match="two episodes"):
        animated_carts([still(3), still(3)], alt="")
