"""A value learned from rare rewards: two steps by hand, and the bias that weights undo.

`tests/mutants/classics/test_rare_reward.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest
from scipy import stats

from dqnlib.classics import rare_reward
from dqnlib.classics.rare_reward import RareReward, learned_values
from dqnlib.prioritized import LEAST, find, importance_weights


def test_the_right_value_is_1():
    assert len(rare_reward.REWARDS) == 24
    assert np.mean(rare_reward.REWARDS) == 1
    assert sum(reward > 0 for reward in rare_reward.REWARDS) == 3


def test_two_steps_by_hand():
    memory = RareReward((0.0, 4.0))
    assert memory.errors.tolist() == [4.0, 4.0]  # at first all have the largest
    assert memory.probability(0.6).tolist() == [0.5, 0.5]
    memory.step(1.0, 1.0, batch_size=2)  # one draw of each half of the sum
    assert memory.batch.tolist() == [0, 1]
    assert memory.batch_weights.tolist() == [1.0, 1.0]
    assert memory.value == pytest.approx(0.02 * (0 + 4) / 2)
    assert memory.errors.tolist() == [0.0, 4.0]
    assert memory.probability(1.0) == pytest.approx([0.001 / 4.002, 4.001 / 4.002])
    memory.step(1.0, 1.0, batch_size=2)
    assert memory.batch.tolist() == [1, 1]
    assert memory.value == pytest.approx(0.04 + 0.02 * 3.96)
    assert memory.errors.tolist() == [0.0, pytest.approx(3.96)]
    assert memory.draws.tolist() == [1, 3]


def test_the_step_size_and_alpha_by_hand():
    memory = RareReward((0.0, 4.0))
    memory.step(0.0, 0.0, batch_size=2, step_size=0.5)
    assert memory.value == 1.0
    memory.errors[:] = [1 - LEAST, 16 - LEAST]
    assert memory.probability(0.0).tolist() == [0.5, 0.5]
    assert memory.probability(0.5) == pytest.approx([0.2, 0.8])
    assert memory.probability(1.0) == pytest.approx([1 / 17, 16 / 17])
    assert memory.tree.total == pytest.approx(17)


def test_weights_count_in_the_step():
    """Two in the batch, of which the second one counts half."""
    memory = RareReward((2.0, 4.0), weights=lambda p, size, beta: np.array([1.0, 0.5]))
    memory.step(1.0, 1.0, batch_size=2, step_size=1.0)
    assert memory.value == pytest.approx((1 * 2 + 0.5 * 4) / 2)


def test_functions_of_ones_own_are_used_and_told_what_they_need():
    seen, found = [], []

    def weights(probability, size, beta):
        seen.append((probability, size, beta))
        return importance_weights(probability, size, beta)

    def mine(nodes, x):
        found.append(find(nodes, x))
        return found[-1]

    memory, plain = RareReward(seed=3, find=mine, weights=weights), RareReward(seed=3)
    for _ in range(5):
        p = memory.probability(0.7)
        memory.step(0.7, 0.3)
        plain.step(0.7, 0.3)
        assert found[-8:] == memory.batch.tolist()
        assert seen[-1][0] == pytest.approx(p[memory.batch])
        assert seen[-1][1:] == (24, 0.3)
    assert memory.value == plain.value
    late = learned_values(0.6, 0.0, [0], steps=4, weights=lambda p, size, beta: 0 * p)
    assert late.tolist() == [0.0]


def test_draws_come_as_often_as_their_probabilities(monkeypatch):
    memory, n = RareReward(range(1, 9), seed=1), 3_000
    memory.errors[:] = np.arange(8.0)
    for _ in range(n):
        errors = memory.errors.copy()
        memory.step(0.6, 0.0, batch_size=1)
        memory.errors[:] = errors
    want = (np.arange(8) + LEAST) ** 0.6
    assert memory.draws.sum() == n
    assert stats.chisquare(memory.draws, n * want / want.sum()).pvalue > 0.01


def test_a_batch_has_one_draw_of_each_part():
    memory = RareReward((5.0,) * 16)
    memory.step(0.6, 1.0, batch_size=16)
    assert memory.batch.tolist() == list(range(16))


def test_learned_values_are_the_means_of_the_second_half():
    late, memory = [], RareReward(seed=2)
    for step in range(10):
        memory.step(0.6, 0.5)
        if step >= 5:
            late.append(memory.value)
    (first, second) = learned_values(0.6, 0.5, [2, 4], steps=10)
    assert first == pytest.approx(np.mean(late))
    assert first != second


def test_priorities_bias_the_value_and_weights_undo_it():
    found = {
        (alpha, beta): learned_values(alpha, beta, range(2), steps=1_500).mean()
        for alpha, beta in ((0.0, 0.0), (0.6, 0.0), (0.6, 0.5), (0.6, 1.0))
    }
    assert found[0.0, 0.0] == pytest.approx(1, abs=0.12)
    assert found[0.6, 0.0] == pytest.approx(1.83, abs=0.1)
    assert 1.2 < found[0.6, 0.5] < 1.7
    assert found[0.6, 1.0] == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"alpha": 1.1}, "alpha must be a number from 0"),
        ({"beta": -0.1}, "beta must be a number from 0"),
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1"),
    ],
)
def test_bad_input_is_refused_in_words(settings, words):
    with pytest.raises(ValueError, match=words):
        RareReward().step(**({"alpha": 0.6, "beta": 0.4} | settings))
