"""Seeds as they are given: of many kinds, or refused in words.

The checks of numbers, counts, choices and switches are tested where they are used: every setting
of `tests/test_config.py`, every experiment of `tests/classics`.

`tests/mutants/test_arguments.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest

from dqnlib.arguments import check_seeds


def test_seeds_of_many_kinds():
    assert check_seeds(range(3)) == (0, 1, 2)
    assert check_seeds([3, 4]) == (3, 4)
    assert check_seeds(7) == (7,)  # the seed 7, not seven seeds
    assert check_seeds(np.int64(7)) == (7,)
    assert check_seeds(np.array([5, 2])) == (5, 2)  # in the given order
    assert check_seeds(s for s in (2, 1)) == (2, 1)
    assert all(type(s) is int for s in check_seeds(np.arange(3)))


@pytest.mark.parametrize(
    ("seeds", "words"),
    [
        ([], "empty: give at least one, such as"),
        (range(0), "empty"),
        ([1, 2, 1], "must all differ, but 1 is there twice"),
        ([4, 0, 0, 9], "must all differ, but 0 is there twice"),
        ([3, -1], "must not be negative, but one is -1"),
        (-1, "must not be negative"),
        ([1.0], "must be whole numbers, such as"),
        (1.5, "must be whole numbers.*1.5"),
        (np.array([1.0, 2.0]), "must be whole numbers"),
        (np.zeros((2, 2), int), "must be whole numbers"),
        ("3", "must be whole numbers.*'3'"),
        (["3"], "must be whole numbers"),
        (None, "must be whole numbers.*None"),
        ([True, False], "must be whole numbers.*True"),
        (float("nan"), "must be whole numbers"),
    ],
)
def test_bad_seeds_are_refused_in_words(seeds, words):
    with pytest.raises(ValueError, match=f"seeds .*{words}"):
        check_seeds(seeds)
