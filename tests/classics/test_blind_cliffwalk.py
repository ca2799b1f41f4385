"""The Blind Cliffwalk by hand, and against a loop that knows no sum tree.

`tests/mutants/classics/test_blind_cliffwalk.toml` lists the mutants that these tests kill.
"""

import itertools

import numpy as np
import pytest
from scipy import stats

from dqnlib.classics import blind_cliffwalk
from dqnlib.prioritized import LEAST, find

# -- the world ---------------------------------------------------------------------------------


def test_the_memory_of_two_states_by_hand():
    """Right-right, right-wrong, wrong-right, wrong-wrong: four from state 0, two from state 1."""
    memory = blind_cliffwalk.memory(2)
    assert memory.state.tolist() == [0, 0, 0, 0, 1, 1]
    assert sorted(memory.right[:4]) == [False, False, True, True]
    assert sorted(memory.right[4:]) == [False, True]
    assert memory.right.dtype == bool


@pytest.mark.parametrize("n", [1, 3, 6])
def test_the_memory_is_what_all_sequences_of_actions_meet(n):
    met = []
    for actions in itertools.product((False, True), repeat=n):
        for state, right in enumerate(actions):
            met.append((state, right))
            if not right:
                break
    memory = blind_cliffwalk.memory(n)
    assert len(met) == 2 ** (n + 1) - 2
    assert sorted(zip(memory.state.tolist(), memory.right.tolist(), strict=True)) == sorted(met)


def test_true_values_by_hand():
    assert blind_cliffwalk.true_values(1) == [[0.0, 1.0]]
    assert blind_cliffwalk.true_values(2) == [[0.0, 0.5], [0.0, 1.0]]  # γ = 1/2
    (first, second, third) = blind_cliffwalk.true_values(3)  # γ = 2/3
    assert (first[1], second[1], third[1]) == pytest.approx((4 / 9, 2 / 3, 1))
    assert first[0] == second[0] == third[0] == 0


def test_td_errors_by_hand():
    q = [[0.5, 0.25], [1.0, -2.0]]  # γ = 1/2
    assert blind_cliffwalk.td_error(q, 0, 0) == -0.5  # over: 0 − 0.5
    assert blind_cliffwalk.td_error(q, 0, 1) == 0.25  # ½ · max(1, −2) − 0.25
    assert blind_cliffwalk.td_error(q, 1, 0) == -1.0
    assert blind_cliffwalk.td_error(q, 1, 1) == 3.0  # the reward, and nothing follows


@pytest.mark.parametrize("n", [1, 2, 5])
def test_true_values_have_no_errors(n):
    q = blind_cliffwalk.true_values(n)
    errors = [blind_cliffwalk.td_error(q, k, a) for k in range(n) for a in (0, 1)]
    assert errors == pytest.approx([0.0] * 2 * n, abs=1e-12)


# -- learning ----------------------------------------------------------------------------------


def plain(n: int, way: str, seed: int, least: float = LEAST):
    """Learn as the docstring says, with running sums -> updates, share of stale draws."""
    rng, gamma = np.random.default_rng([seed, n]), 1 - 1 / n
    memory = blind_cliffwalk.memory(n)
    true = np.array([[0.0, gamma ** (n - 1 - k)] for k in range(n)])
    q, stored = 0.1 * rng.standard_normal((n, 2)), np.ones(len(memory.state))

    def error(i):
        k, right = memory.state[i], int(memory.right[i])
        target = (1.0 if k == n - 1 else gamma * q[k + 1].max()) if right else 0.0
        return target - q[k, right]

    numbers, updates, stale = iter(rng.random(200_000)), 0, 0
    while np.mean((q - true) ** 2) >= 1e-3:
        if way == "uniform":
            i = int(next(numbers) * len(stored))
        else:
            i = int(np.searchsorted(stored.cumsum(), next(numbers) * stored.sum(), "right"))
        delta = error(i)
        if way == "stored":
            stale += stored[i] >= 2 * (abs(delta) + least)
            stored[i] = abs(delta) + least
        q[memory.state[i], int(memory.right[i])] += 0.25 * delta
        updates += 1
    return updates, stale / updates


@pytest.mark.parametrize("way", ["uniform", "stored"])
@pytest.mark.parametrize(("n", "seed"), [(2, 0), (3, 1), (5, 2), (6, 3)])
def test_learning_is_that_of_a_plain_loop(n, way, seed):
    found = blind_cliffwalk.learn(n, way, seed)
    assert (found.updates, found.stale) == pytest.approx(plain(n, way, seed))


@pytest.mark.parametrize("way", ["uniform", "stored"])
def test_draws_hit_the_kinds_as_often_as_they_are_in_memory(way, monkeypatch):
    """While all errors are alike, that is: then priorities are alike, too."""
    hit = np.zeros((4, 2))

    def alike(q, state, right):
        hit[state, right] += 1
        return 1.0 - LEAST if hit.sum() % 2 else LEAST - 1.0  # so that values do not move off

    monkeypatch.setattr(blind_cliffwalk, "td_error", alike)
    blind_cliffwalk.learn(4, way, 5, limit=4_000)
    assert hit.sum() == 4_000
    share = np.array([[8, 8], [4, 4], [2, 2], [1, 1]]) / 30
    assert stats.chisquare(hit.ravel(), 4_000 * share.ravel()).pvalue > 0.01


def test_draws_by_the_priorities_of_now_by_hand():
    """Errors 1/2, 1/4, 1, 3 of kinds that come 2, 2, 1, 1 times: shares 2, 1, 2, 6 of 11 halves."""
    q, kinds = [[0.5, 0.25], [1.0, -2.0]], [(0, 0), (0, 1), (1, 0), (1, 1)]
    draw = blind_cliffwalk._by_priorities_of_now
    found = [draw(q, kinds, 0.0, (half + 0.5) / 11) for half in range(11)]
    assert found == [kinds[0]] * 2 + [kinds[1]] + [kinds[2]] * 2 + [kinds[3]] * 6
    assert draw(q, kinds, 0.0, 1.0) == kinds[3]
    even = [draw(blind_cliffwalk.true_values(2), kinds, 1.0, (k + 0.5) / 6) for k in range(6)]
    assert even == [kinds[0]] * 2 + [kinds[1]] * 2 + [kinds[2]] + [kinds[3]]


def test_priorities_of_now_need_the_fewest_updates_and_uniform_draws_the_most():
    found = {way: blind_cliffwalk.updates(8, way, range(3)) for way in blind_cliffwalk.WAYS}
    assert (found["current"] < found["stored"]).all()
    assert (found["stored"] < found["uniform"]).all()
    assert found["uniform"].shape == (3,)


def test_a_find_of_ones_own_draws_for_stored_priorities():
    calls = []

    def mine(nodes, x):
        calls.append(x)
        return find(nodes, x)

    found = {way: blind_cliffwalk.learn(3, way, 0, find=mine) for way in blind_cliffwalk.WAYS}
    assert len(calls) == found["stored"].updates
    assert blind_cliffwalk.learn(3, "stored", 0, find=lambda nodes, x: 0, limit=500).updates == 500


def test_without_a_least_priority_and_from_zero_some_never_learn():
    """Unless the reward is drawn before most others have shown an error of 0."""
    settings = {"seeds": range(4), "start": 0.0, "limit": 3_000}
    assert (blind_cliffwalk.updates(6, "stored", least=0.0, **settings) == 3_000).sum() >= 2
    assert (blind_cliffwalk.updates(6, "stored", **settings) < 3_000).all()


def test_a_seed_gives_the_same_again_and_a_limit_ends_it():
    assert blind_cliffwalk.learn(4, "stored", 1) == blind_cliffwalk.learn(4, "stored", 1)
    assert len({*blind_cliffwalk.updates(4, "uniform", range(5))}) > 1
    assert blind_cliffwalk.learn(4, "stored", 1, limit=0) == (0, 0.0)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: blind_cliffwalk.memory(0), "n must be a whole number of at least 1"),
        (lambda: blind_cliffwalk.learn(2.5), "n must be a whole number"),
        (
            lambda: blind_cliffwalk.learn(3, "greedy"),
            "choose one of uniform, stored",
        ),
    ],
)
def test_bad_input_is_refused_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()
