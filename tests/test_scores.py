"""What is said of the scores of two agents.

`tests/mutants/test_scores.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest

from dqnlib.intervals import iqm_interval
from dqnlib.scores import (
    improvement_interval,
    iqm,
    performance_profile,
    probability_of_improvement,
)


@pytest.mark.parametrize(
    ("values", "want"),
    [
        ([7], 7.0),
        ([9, 1, 5], 5.0),  # nothing to cut: a quarter of three is less than one
        ([0, 4, 6, 100], 5.0),
        ([30, 0, 10, 20, -50, 40, 1000, 60], 25.0),  # 10 + 20 + 30 + 40
        ([5, 4, 3, 2, 1, 0, 0], 2.0),  # seven: one off at either end, 4 + 3 + 2 + 1 + 0
    ],
)
def test_iqm_by_hand(values, want):
    assert iqm(values) == iqm(np.array(values)) == want
    assert iqm_interval(values).estimate == pytest.approx(want)


def test_probability_of_improvement_by_hand():
    # 3 > 1, 3 = 3, 5 > 1, 5 > 3, 0 < 1, 0 < 3: 3 wins and a tie in 6 pairs
    assert probability_of_improvement([3, 5, 0], [1, 3]) == 3.5 / 6
    assert probability_of_improvement([1, 3], [3, 5, 0]) == 2.5 / 6
    assert probability_of_improvement([500, 500], [500, 500, 500]) == 0.5
    assert probability_of_improvement([2], [1]) == 1.0


def test_the_interval_of_an_improvement():
    rng = np.random.default_rng(5)
    x, y = rng.normal(0.5, 1, 30), rng.normal(0, 1, 20)
    found = improvement_interval(x, y)
    assert found == improvement_interval(list(x), list(y))
    assert found.estimate == probability_of_improvement(x, y)
    assert found.low < found.estimate < found.high
    narrow = improvement_interval(x, y, confidence=0.5)
    assert found.low < narrow.low < narrow.high < found.high
    opposite = improvement_interval(y, x)
    assert opposite.estimate == pytest.approx(1 - found.estimate)
    assert improvement_interval([1, 2], [3, 4]) == (0, 0, 0)


def test_the_interval_of_an_improvement_holds_what_is_true_about_as_often_as_it_says():
    rng, inside = np.random.default_rng(0), 0
    for _ in range(100):  # two agents that are alike: 0.5 is true
        x, y = rng.normal(size=(2, 20))
        found = improvement_interval(x, y, resamples=200)
        inside += found.low <= 0.5 <= found.high
    assert 88 <= inside <= 99


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        ([1], [1, 2], "at least two seeds"),
        ([1, 2], [], "at least two seeds"),
        ([[1, 2]], [1, 2], "one value a seed"),
    ],
)
def test_an_improvement_needs_seeds(x, y, words):
    with pytest.raises(ValueError, match=words):
        improvement_interval(x, y)


def test_a_performance_profile_by_hand():
    found = performance_profile([3, 1, 5, 5], [0, 1, 2, 5, 6])
    assert found.tolist() == [1, 1, 0.75, 0.5, 0]
    with pytest.raises(ValueError, match="one value a seed"):
        performance_profile([[1, 2]], [0])
