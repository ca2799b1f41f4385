"""Several boards on one card, and the arithmetic of single updates below them.

`tests/mutants/pictures/test_picture_panels.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest

from dqnlib import pictures
from dqnlib.data import Step
from dqnlib.pictures import panels
from dqnlib.pictures.panels import Panel

FALL = Step(36, 1, -100.0, 36, False, False, -100.0, -100.0)
UP = Step(36, 0, -1.0, 24, False, False, -1.0, -1.0)


def drawn(monkeypatch, steps, q=None, alpha=0.5, gamma=1.0, **more) -> list[Panel]:
    """Return the panels that `updates_image` draws."""
    found = []
    monkeypatch.setattr(panels, "panels_image", lambda given, *a, **k: found.extend(given))
    q = np.zeros((48, 4)) if q is None else q
    pictures.updates_image(steps, q, alpha, gamma, **more)
    return found


def test_each_panel_shows_the_table_after_its_step(monkeypatch):
    q = np.zeros((48, 4))
    first, second = drawn(monkeypatch, [FALL, UP], q)
    # rows 1 to 3, four columns: state 36 is number 8 of the twelve
    assert first.q.shape == (12, 4)
    assert first.q[8].tolist() == [0, -50, 0, 0]
    assert second.q[8].tolist() == [-0.5, -50, 0, 0]
    assert (first.mark, second.mark) == ((8, 1), (8, 0))
    assert first.title == "1.  36 → 36, right"
    assert not q.any()  # only read


@pytest.mark.parametrize(
    ("step", "gamma", "lines"),
    [
        # from −8, with −5 the best of state 25: −1 + 0.5 · (−5) = −3.5; −8 + 0.5 · 4.5 = −5.75
        (
            Step(24, 1, -1.0, 25, False, False, -3.5, 4.5),
            0.5,
            ("target  −1 + 0.5 × (−5) = −3.50", "−8 + 0.5 × (−3.50 − (−8)) = −5.75"),
        ),
        (
            Step(24, 1, -1.0, 25, False, False, -6.0, 2.0),
            1.0,
            ("target  −1 + (−5) = −6", "−8 + 0.5 × (−6 − (−8)) = −7"),
        ),
        (
            Step(24, 1, -1.0, 25, True, False, -1.0, 7.0),
            1.0,
            ("target  −1, nothing follows", "−8 + 0.5 × (−1 − (−8)) = −4.50"),
        ),
    ],
)
def test_the_arithmetic_by_hand(monkeypatch, step, gamma, lines):
    q = np.zeros((48, 4))
    q[24, 1], q[25] = -8.0, [-8, -5, -100, -7]
    (panel,) = drawn(monkeypatch, [step], q, gamma=gamma)
    assert panel.lines == lines


def test_a_step_that_leaves_the_part_is_refused():
    out = UP._replace(next_obs=28)
    with pytest.raises(ValueError, match="step 1 goes from state 36 to 28"):
        pictures.updates_image([out], np.zeros((48, 4)), 0.5, 1.0)


def test_as_many_boards_a_row_as_fit():
    q = np.zeros((48, 4))
    two = pictures.panels_image([Panel("a", q), Panel("b", q)], scale=1)
    three = pictures.panels_image([Panel("a", q)] * 3, scale=1)
    assert two.width == three.width == 910
    assert 1.8 * two.height < three.height + 20 < 2.2 * two.height
    left, right = np.asarray(two)[:, :455], np.asarray(two)[:, 455:]
    assert (left != left[0, 5]).any()
    assert (right != right[0, -5]).any()


def test_the_numbers_of_a_part_are_those_of_the_whole():
    part = pictures.Grid((1, 2), names=(24, 25))
    whole = pictures.Grid((1, 2))
    panel = Panel("x", np.zeros((2, 4)))
    images = [pictures.panels_image([panel], grid, cell=66) for grid in (part, whole)]
    assert (np.asarray(images[0]) != np.asarray(images[1])).any()
