"""n-step windows of one run, by hand and against a plain list of episodes.

`tests/mutants/test_transitions.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dqnlib.data import Transition
from dqnlib.transitions import NStep


def steps_of(rewards, ends, first=0):
    """Return (transition, ended) of one episode, which is terminated, truncated or goes on ("")."""
    last = len(rewards) - 1
    return [
        (
            Transition(
                np.array([first + t]), t % 2, r, np.array([first + t + 1]),
                t == last and ends == "terminated",
            ),
            t == last and ends != "",
        )
        for t, r in enumerate(rewards)
    ]  # fmt: skip


def fed(window, steps):
    """Return what a window gives out for these steps, a list a step."""
    return [window.step(transition, ended) for transition, ended in steps]


def plain(t):
    return (int(t.obs[0]), t.action, t.reward, int(t.next_obs[0]), t.terminated)


def test_a_terminated_episode_by_hand():
    # γ = 0.5: 1 + 0.5 · 2 + 0.25 · 4 = 3; then, cut by the end, 2 + 0.5 · 4 + 0.25 · 8 = 6,
    # 4 + 0.5 · 8 = 8, and 8
    given_out = fed(NStep(3, 0.5), steps_of([1.0, 2.0, 4.0, 8.0], "terminated"))
    assert [len(some) for some in given_out] == [0, 0, 1, 3]
    found = [plain(t) for some in given_out for t in some]
    assert found == [
        (0, 0, 3.0, 3, False), (1, 1, 6.0, 4, True), (2, 0, 8.0, 4, True), (3, 1, 8.0, 4, True),
    ]  # fmt: skip


def test_what_a_time_limit_cuts_short_is_dropped():
    window = NStep(3, 0.5)
    found = fed(window, steps_of([1.0, 2.0, 4.0, 8.0], "truncated"))
    # the window that is full at the limit looks at the value of what followed: it is kept
    assert [plain(t) for some in found for t in some] == [
        (0, 0, 3.0, 3, False),
        (1, 1, 6.0, 4, False),
    ]
    # nothing of the old episode is left for the next one
    found = fed(window, steps_of([1.0, 1.0, 1.0], "", first=10))
    assert [plain(t) for some in found for t in some] == [(10, 0, 1.75, 13, False)]


def test_an_episode_shorter_than_the_window():
    assert fed(NStep(5, 0.5), steps_of([1.0, 2.0], "truncated")) == [[], []]
    (_, found) = fed(NStep(5, 0.5), steps_of([1.0, 2.0], "terminated"))
    assert [plain(t) for t in found] == [(0, 0, 2.0, 2, True), (1, 1, 2.0, 2, True)]


def test_one_step_is_the_step_itself():
    steps = steps_of([1.0, 2.0, 4.0], "truncated")
    assert fed(NStep(1, 0.9), steps) == [[transition] for transition, _ in steps]


episodes = st.lists(
    st.tuples(
        st.lists(st.floats(-5, 5), min_size=1, max_size=9),
        st.sampled_from(["terminated", "truncated"]),
    ),
    max_size=5,
)


@given(episodes, st.integers(1, 6), st.floats(0, 1))
def test_windows_against_a_plain_list(found, n, gamma):
    window, want, got, first = NStep(n, gamma), [], [], 0
    for rewards, ends in found:
        for some in fed(window, steps_of(rewards, ends, first)):
            got += [plain(t) for t in some]
        for t in range(len(rewards)):
            inside = rewards[t : t + n]
            cut = t + n > len(rewards)  # by the end of the episode
            if cut and ends == "truncated":
                continue
            total = sum(gamma**k * r for k, r in enumerate(inside))
            end = t + len(inside)
            stop = ends == "terminated" and end == len(rewards)
            want.append((first + t, t % 2, pytest.approx(total), first + end, stop))
        first += 100
    assert got == want


@pytest.mark.parametrize(
    ("n", "gamma", "words"),
    [
        (0, 0.9, "n must be a whole number of at least 1"),
        (2.5, 0.9, "n must be"),
        (3, 1.5, "gamma"),
    ],
)
def test_bad_settings(n, gamma, words):
    with pytest.raises(ValueError, match=words):
        NStep(n, gamma)
