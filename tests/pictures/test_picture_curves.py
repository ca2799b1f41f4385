"""Curves that are redrawn, and what the pictures need to be loaded."""

import subprocess
import sys

import numpy as np
from picture_helpers import same

from dqnlib.pictures import Curve, CurvePicture


def curve(label="A", color="#0072b2", n=200):
    x = np.arange(n)
    y = -20 - 60 * np.exp(-x / 40)
    return Curve(label, color, "-", x, y, y - 3, y + 3, y - 1)


def test_curves_drawn_again_equal_curves_drawn_once():
    def new():
        return CurvePicture((0, 200), (-100, 0), "episode", "return", note="band|one")

    kept = new()
    for n in (0, 5, 60, 199):
        kept.draw([curve(n=n), curve("B", "#d55e00", n)])
    last = kept.draw([curve(n=120), curve("B", "#d55e00", 120)])
    fresh = new().draw([curve(n=120), curve("B", "#d55e00", 120)])
    assert same(last, fresh)
    assert not same(last, kept.draw([curve(n=121), curve("B", "#d55e00", 120)]))
    assert last.size == (1820, 472)


def test_curves_without_an_interval():
    x = np.arange(5)
    picture = CurvePicture((0, 9), (-100, 0), "episode", "return")
    picture.draw([Curve("A", "#0072b2", "-", x, x - 50.0, np.full(5, np.nan), np.full(5, np.nan))])


def test_import_needs_neither_matplotlib_nor_ipywidgets():
    code = """
import sys
sys.modules["matplotlib"] = sys.modules["ipywidgets"] = sys.modules["torch"] = None
from dqnlib import pictures
pictures.Card(40, 20).png(exact=True)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
