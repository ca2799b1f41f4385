"""Settings and results: what is accepted, what is refused with which words, what is frozen.

Mutants that these tests kill (each was tried once):
- alpha = 0 is accepted; epsilon = 1, gamma = 1 or gamma = 0 is refused; inf or NaN slips through;
- a bool or a text counts as a number; a number is kept as the NumPy type that was given;
- an error does not name the field, what is allowed, or what was given;
- `replace` changes the value itself, skips the checks, or takes a misspelt field;
- repeated, negative, fractional, bool or missing seeds are accepted; a lone seed n means range(n);
- the arrays of a result can be overwritten; a result without an episode warns.
"""

import dataclasses
import re
import warnings

import numpy as np
import pytest

from dqnlib.data import ALGORITHMS, Step, TabularConfig, TabularRun, check_seeds

HUGE = pytest.param(10**400, id="10**400")  # too large for a float
NO_NUMBERS = [float("nan"), True, np.True_, "0.5", b"0.5", None, [0.5], np.array([0.5]), 1j]


@pytest.mark.parametrize("name", ["alpha", "gamma", "epsilon"])
@pytest.mark.parametrize("value", [*NO_NUMBERS, -0.1, 1.1, float("inf"), -float("inf"), HUGE])
def test_a_bad_number_is_refused_with_its_name_range_and_value(name, value):
    with pytest.raises(ValueError, match=f"^{name} must be a number") as error:
        TabularConfig(**{name: value})
    allowed = "above 0, up to 1" if name == "alpha" else "from 0 up to 1"
    assert allowed in str(error.value)
    assert str(error.value).endswith(f"but it is {value!r}")


def test_the_ends_of_each_range():
    with pytest.raises(ValueError, match="alpha must be a number above 0"):
        TabularConfig(alpha=0)
    ends = TabularConfig(alpha=1, gamma=0, epsilon=0)
    assert (ends.alpha, ends.gamma, ends.epsilon) == (1, 0, 0)
    ends = TabularConfig(alpha=1e-9, gamma=1, epsilon=1)
    assert (ends.alpha, ends.gamma, ends.epsilon) == (1e-9, 1, 1)


@pytest.mark.parametrize("name", ["episodes", "max_episode_steps"])
@pytest.mark.parametrize("value", [0, -3, 2.5, 2.0, "3", None, True, float("nan"), float("inf")])
def test_a_bad_count_is_refused_with_its_name_and_value(name, value):
    words = re.escape(f"{name} must be a whole number of at least 1, but it is {value!r}")
    with pytest.raises(ValueError, match=words):
        TabularConfig(**{name: value})


def test_numbers_are_stored_as_plain_python_numbers():
    config = TabularConfig(
        alpha=np.float32(0.5), gamma=1, epsilon=np.array(0), episodes=np.int64(7)
    )
    assert type(config.alpha) is type(config.gamma) is type(config.epsilon) is float
    assert type(config.episodes) is int
    assert config.alpha == 0.5


@pytest.mark.parametrize("value", ["Q_learning", "dqn", "", None, 3, ["sarsa"]])
def test_an_unknown_algorithm_is_answered_by_the_known_ones(value):
    with pytest.raises(ValueError, match="unknown algorithm") as error:
        TabularConfig(algorithm=value)
    assert repr(value) in str(error.value)
    assert all(name in str(error.value) for name in ALGORITHMS)


@pytest.mark.parametrize("value", [None, 3, b"CliffWalking-v1", ["CliffWalking-v1"]])
def test_the_name_of_an_environment_is_a_text(value):
    with pytest.raises(ValueError, match=r"env_id must be the name.*such as 'CliffWalking-v1'"):
        TabularConfig(env_id=value)


def test_settings_are_frozen_and_comparable():
    config = TabularConfig()
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.alpha = 0.1
    assert config == TabularConfig()
    assert hash(config) == hash(TabularConfig())
    assert config != TabularConfig(alpha=0.1)


def test_replace_makes_a_checked_copy():
    config = TabularConfig()
    changed = config.replace(alpha=0.1, algorithm="sarsa")
    assert (changed.alpha, changed.algorithm, changed.gamma) == (0.1, "sarsa", config.gamma)
    assert (config.alpha, config.algorithm) == (0.5, "q_learning")
    with pytest.raises(ValueError, match="alpha must be"):
        config.replace(alpha=2)
    with pytest.raises(TypeError, match=r"TabularConfig has no field 'aplha'; it has .*alpha"):
        config.replace(aplha=0.1)


def test_every_setting_has_a_unit_and_the_notebook_shows_it():
    fields = dataclasses.fields(TabularConfig)
    assert all(f.metadata["unit"] for f in fields)
    shown = TabularConfig(env_id="<b>")._repr_html_()
    assert all(f.name in shown and f.metadata["unit"] in shown for f in fields)
    assert "&lt;b&gt;" in shown
    assert "<b>" not in shown


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


def _run(episodes: int) -> TabularRun:
    return TabularRun(
        config=TabularConfig(episodes=max(episodes, 1)),
        seeds=(0, 1),
        returns=np.arange(2.0 * episodes).reshape(2, episodes),
        lengths=np.ones((2, episodes), int),
        truncated=np.zeros((2, episodes), bool),
        q=np.zeros((2, 48, 4)),
        q_history=np.zeros((2, 1, 48, 4)),
        history_episodes=np.zeros(1, int),
    )


def test_a_result_cannot_be_changed():
    run = _run(3)
    arrays = [name for name, value in vars(run).items() if isinstance(value, np.ndarray)]
    assert len(arrays) == 6
    for name in arrays:
        with pytest.raises(ValueError, match="read-only"):
            getattr(run, name)[...] = 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        run.q = None


def test_a_result_says_what_it_is():
    run = _run(150)  # the last 100 of each row: 50 … 149 and 200 … 299, mean 174.5
    assert repr(run) == (
        "TabularRun(q_learning on CliffWalking-v1: 2 seeds × 150 episodes, "
        "mean return of the last 100: 174.5)"
    )
    assert "2 seeds × 150 episodes" in run._repr_html_()
    assert "last 3: 2.5" in repr(_run(3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "2 seeds × 0 episodes" in repr(_run(0))


def test_a_step_reads_in_the_words_of_the_field():
    assert Step._fields == (
        "obs", "action", "reward", "next_obs", "terminated", "truncated", "td_target", "td_error",
    )  # fmt: skip
