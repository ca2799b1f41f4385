"""Baird's counterexample in one run and in many, against plain numbers and the published ones.

`tests/mutants/classics/test_baird.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dqnlib.classics import baird


def plain_baird(updates, seed, alpha, gamma, off_policy, bootstrapping, approximation):
    """One run, one number at a time, with the numbers 0 to 6 that the class draws."""
    rng = np.random.default_rng(seed)
    w = [1.0] * 6 + [10.0, 1.0]
    if not approximation:
        w = [3.0] * 6 + [12.0]

    def parts(s):
        """Which weights make the value of state s, and how often."""
        if not approximation:
            return {s: 1}
        return {s: 2, 7: 1} if s < 6 else {6: 1, 7: 2}

    def v(s):
        return sum(times * w[i] for i, times in parts(s).items())

    def draw():
        return int(7 * rng.random())

    state, history = draw(), [list(w)]
    for _ in range(updates):
        next_state = draw()
        ratio = (1 if next_state == 6 else 0) / (1 / 7 if next_state == 6 else 6 / 7)
        target = gamma * v(next_state) if bootstrapping else 0.0
        error = target - v(state)
        for i, times in parts(state).items():
            w[i] += alpha * (ratio if off_policy else 1) * error * times
        state = next_state
        history.append(list(w))
    return history


SWITCHES = [(a, b, c) for a in (True, False) for b in (True, False) for c in (True, False)]


@pytest.mark.parametrize("switches", SWITCHES)
def test_baird_is_the_plain_one(switches):
    names = dict(zip(("off_policy", "bootstrapping", "approximation"), switches, strict=True))
    got = baird.weights(400, seeds=[2, 5], alpha=0.02, gamma=0.95, **names)
    assert got.shape == (2, 401, 8 if switches[2] else 7)
    for k, seed in enumerate([2, 5]):
        assert np.allclose(got[k], plain_baird(400, seed, 0.02, 0.95, *switches))


@pytest.mark.parametrize("expected", [False, True])
@pytest.mark.parametrize("switches", SWITCHES)
def test_only_all_three_together_diverge(switches, expected):
    names = dict(zip(("off_policy", "bootstrapping", "approximation"), switches, strict=True))
    history = baird.weights(4000, expected=expected, **names)
    norm = np.linalg.norm(history, axis=-1)
    if all(switches):
        assert (norm[:, -1] > 10_000).all()
    else:
        assert norm.max() < 12 * 7**0.5 + 1e-9  # no value of the table may pass its start, 12


def test_figure_11_2():
    norm = np.linalg.norm(baird.weights(1000, expected=True), axis=-1)
    assert norm[0, 0] == pytest.approx(107**0.5)
    assert norm[0, -1] == pytest.approx(437, abs=1)
    sampled = np.linalg.norm(baird.weights(1000, seeds=range(30)), axis=-1)[:, -1]
    assert 300 < sampled.mean() < 600


def test_expected_updates_by_hand():
    """The first of equation 11.9: δ = γ 12 − 3 in the upper six states, γ 12 − 12 in the last."""
    w = baird.weights(1, seeds=[0], expected=True)[0, 1]
    upper, last = 0.99 * 12 - 3, 0.99 * 12 - 12
    want = [1 + 0.01 / 7 * 2 * upper] * 6 + [10 + 0.01 / 7 * last]
    want.append(1 + 0.01 / 7 * (6 * upper + 2 * last))
    assert np.allclose(w, want)


@settings(deadline=None, max_examples=30)
@given(st.floats(0.001, 0.05), st.floats(0, 1), st.booleans())
def test_the_expected_update_is_the_mean_of_the_sampled_ones(alpha, gamma, off_policy):
    runs = baird.runs(
        range(49), off_policy=off_policy, alpha=alpha, gamma=gamma, approximation=True
    )
    runs.weights += np.random.default_rng(0).normal(size=8)  # the same in every run
    want = runs._mean_change()[0]
    runs.state = np.repeat(np.arange(7), 7)  # every pair of states once: they are equally likely
    assert np.allclose(runs._sampled_change(np.tile(np.arange(7), 7)).mean(0), want)


def test_a_run_of_baird_is_its_seed_alone():
    together = baird.weights(300, seeds=[1, 6])
    assert np.array_equal(baird.weights(300, seeds=[6])[0], together[1])
    assert not np.array_equal(together[0], together[1])
    runs = baird.runs([6])
    for _ in range(300):
        runs.step()
    assert np.array_equal(runs.weights, together[1:, -1])
    assert runs.norm == pytest.approx(np.linalg.norm(together[1, -1]))
    assert runs.values.shape == (1, 7)


def test_switches_act_in_flight():
    runs = baird.runs(range(5))
    for _ in range(600):
        runs.step()
    grown = runs.norm
    runs.bootstrapping = False
    for _ in range(600):
        runs.step()
    assert (runs.norm < grown / 2).all()


@pytest.mark.parametrize(
    ("settings_", "said"),
    [({"alpha": 0.2}, "alpha must be"), ({"gamma": 1.1}, "gamma must be"),
     ({"seeds": [1, 1]}, "seeds must all differ"),
     ({"off_policy": "no"}, "off_policy must be True or False, but it is 'no'"),
     ({"bootstrapping": 0.5}, "bootstrapping must be True or False"),
     ({"approximation": None}, "approximation must be True or False"),
     ({"expected": 1}, "expected must be True or False")],
)  # fmt: skip
def test_errors_of_baird(settings_, said):
    with pytest.raises(ValueError, match=said):
        baird.runs(**settings_)
    with pytest.raises(ValueError, match="updates must be"):
        baird.weights(0)
