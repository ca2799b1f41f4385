"""What the tests of the pictures share."""

import numpy as np
from PIL import Image


def random_q(seed: int = 0) -> np.ndarray:
    return -12 * np.random.default_rng(seed).random((48, 4))


def same(a: Image.Image, b: Image.Image) -> bool:
    return np.array_equal(np.asarray(a), np.asarray(b))
