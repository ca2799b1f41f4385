"""Hindsight of one run: by hand, and what no episode may ever do.

`tests/mutants/test_hindsight.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dqnlib import envs
from dqnlib.config import Config
from dqnlib.data import Transition
from dqnlib.goals import BitFlipping, Goals
from dqnlib.transitions import STRATEGIES, Hindsight, final_steps, future_steps, relabel


def steps_from(row, goal, actions, ends="truncated"):
    """Return (transition, ended) of an episode of bit flipping from a row."""
    env, found = BitFlipping(len(row)), []
    env.reset(seed=0)
    env.row, env.goal = np.array(row), np.array(goal)
    obs = env._observed()
    for t, action in enumerate(actions):
        next_obs, reward, terminated, _, _ = env.step(action)
        ended = terminated or (t == len(actions) - 1 and ends == "truncated")
        found.append((Transition(obs, action, reward, next_obs, terminated), ended))
        obs = next_obs
        if ended:
            break
    return found


def made(strategy="future", k=4, bits=3, seed=0, **more):
    return Hindsight(BitFlipping(bits), np.random.default_rng(seed), strategy, k, **more)


def plain(t):
    text = ["".join(str(int(x)) for x in obs) for obs in (t.obs, t.next_obs)]
    return (*text, t.action, t.reward, t.terminated)


def test_a_step_relabeled_by_hand():
    ((step, _),) = steps_from([0, 0, 0], [1, 1, 1], [1])
    goals = Goals(BitFlipping(3))
    reached, other = np.array([0.0, 1, 0]), np.array([0.0, 1, 1])
    assert plain(relabel(step, reached, goals)) == ("000010", "010010", 1, 0.0, True)
    assert plain(relabel(step, other, goals)) == ("000011", "010011", 1, -1.0, False)
    assert plain(step) == ("000111", "010111", 1, -1.0, False)  # as it was


def test_final_by_hand():
    """000 to 100 to 110, then cut: the last row, 110, is the goal of both copies."""
    one = made("final")
    (first, _), (second, _) = steps = steps_from([0, 0, 0], [0, 0, 1], [0, 1])
    assert [one.step(*step) for step in steps[:1]] == [[first]]
    found = one.step(*steps[1])
    assert found[0] is second
    assert [plain(t) for t in found[1:]] == [
        ("000110", "100110", 0, -1.0, False), ("100110", "110110", 1, 0.0, True),
    ]  # fmt: skip


def test_future_by_hand():
    """The steps are chosen by us: 0 and 1 for the first, 1 and 1 for the second."""
    one = made(lambda length, k, rng: np.array([[0, 1], [1, 1]]))
    steps = steps_from([0, 0, 0], [0, 0, 1], [0, 1])
    found = [one.step(*step) for step in steps]
    assert len(found[0]) == 1
    assert [plain(t) for t in found[1][1:]] == [
        ("000100", "100100", 0, 0.0, True), ("000110", "100110", 0, -1.0, False),
        ("100110", "110110", 1, 0.0, True), ("100110", "110110", 1, 0.0, True),
    ]  # fmt: skip


def test_an_episode_that_reached_its_goal_is_relabeled_as_well():
    one = made("final")
    steps = steps_from([0, 0, 0], [1, 0, 0], [0])
    assert steps[0][1]
    assert [plain(t) for t in one.step(*steps[0])] == [("000100", "100100", 0, 0.0, True)] * 2


episodes = st.lists(
    st.tuples(
        st.lists(st.integers(0, 2), min_size=1, max_size=8),
        st.integers(0, 7),
        st.integers(0, 7),
    ).filter(lambda task: task[1] != task[2]),
    min_size=1,
    max_size=4,
)


def bits_of(number):
    return [number >> 2 & 1, number >> 1 & 1, number & 1]


@given(episodes, st.sampled_from(list(STRATEGIES)), st.integers(1, 5), st.integers(0, 3))
def test_what_always_holds(tasks, strategy, k, seed):
    one, goals = made(strategy, k, seed=seed), Goals(BitFlipping(3))
    for actions, row, goal in tasks:
        steps = steps_from(bits_of(row), bits_of(goal), actions)
        found = [one.step(*step) for step in steps]
        originals = [some[0] for some in found]
        assert originals == [step for step, _ in steps]  # each at once, as it is
        assert all(len(some) == 1 for some in found[:-1])
        copies, width = found[-1][1:], k if strategy == "future" else 1
        assert len(copies) == width * len(steps)
        reached = [t.next_obs[:3].tolist() for t in originals]
        for i, copy in enumerate(copies):
            t = i // width
            step, wanted = originals[t], copy.obs[3:].tolist()
            assert wanted in reached[t:]  # of this episode, and not before the step
            if strategy == "final":
                assert wanted == reached[-1]
            assert copy.next_obs[3:].tolist() == wanted
            assert copy.obs[:3].tolist() == step.obs[:3].tolist()
            assert copy.next_obs[:3].tolist() == reached[t]
            assert copy.action == step.action
            assert copy.terminated == (wanted == reached[t])  # as the environment would
            assert copy.reward == (0.0 if copy.terminated else -1.0)
            assert goals.compute_terminated(copy.next_obs[:3], copy.next_obs[3:], {}) == (
                copy.terminated
            )


def test_future_steps_are_later_and_even():
    rng = np.random.default_rng(0)
    tables = np.stack([future_steps(4, 3, rng) for _ in range(4_000)])  # [N, 4, 3]
    for t in range(4):
        shares = np.bincount(tables[:, t].ravel(), minlength=4) / tables[:, t].size
        assert np.allclose(shares, [0] * t + [1 / (4 - t)] * (4 - t), atol=0.02)
    assert final_steps(3, 5, rng).tolist() == [[2], [2], [2]]


def test_goals_are_repeatable_and_differ_by_seed():
    steps = steps_from([0] * 6, [1] * 6, [0, 1, 2, 3, 4])
    found = [
        [plain(t) for step in steps for t in made(bits=6, seed=seed).step(*step)]
        for seed in (1, 1, 2)
    ]
    one, again, other = ([plain(t) for t in made_by(seed, steps)] for seed in (1, 1, 2))
    assert one == again != other
    assert found[0] == found[1]


def made_by(seed, steps):
    hindsight = made(bits=6, seed=seed)
    return [t for step in steps for t in hindsight.step(*step)]


def test_it_goes_on_where_it_was():
    steps = steps_from([0] * 6, [1] * 6, [0, 1, 2, 3, 4])
    whole, half = made(bits=6), made(bits=6)
    want = [plain(t) for step in steps for t in whole.step(*step)]
    got = [plain(t) for step in steps[:2] for t in half.step(*step)]
    state, again = half.state(), made(bits=6, seed=9)
    half.step(*steps[2])  # the state stays as it was
    again.restore(state)
    got += [plain(t) for step in steps[2:] for t in again.step(*step)]
    assert got == want


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"strategy": "past"}, "unknown strategy 'past'"),
        ({"k": 0}, "k must be a whole number of at least 1"),
        ({"n_step": 3}, "hindsight relabels single steps, but n_step is 3.*Take n_step=1"),
    ],
)
def test_bad_settings_of_hindsight(settings, words):
    with pytest.raises(ValueError, match=words):
        made(**settings)


def test_an_environment_without_goals_is_refused():
    with pytest.raises(ValueError, match="CartPole-v1 has no method achieved_goal"):
        Hindsight(envs.make("CartPole-v1"), np.random.default_rng(0))


def test_settings_that_do_not_go_together():
    with pytest.raises(ValueError, match="hindsight relabels single steps, but n_step is 2"):
        Config(hindsight="final", n_step=2)
    with pytest.raises(ValueError, match="unknown hindsight 'past'"):
        Config(hindsight="past")
    with pytest.raises(ValueError, match="hindsight_goals must be"):
        Config(hindsight_goals=0)
