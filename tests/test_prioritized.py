"""Prioritized replay of one run.

`tests/mutants/test_prioritized.toml` lists the mutants that these tests kill.
"""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dqnlib.data import Transition
from dqnlib.prioritized import LEAST, PrioritizedReplayBuffer, SumTree, find, importance_weights

PRIORITIES = st.one_of(st.just(0.0), st.floats(1e-6, 1e3), st.just(1e12))


# -- the sum tree ------------------------------------------------------------------------------


def test_sum_tree_by_hand():
    tree = SumTree(5)  # eight leaves, three of them never used
    for i, priority in enumerate([3, 0, 1, 0, 4]):
        tree[i] = priority
    assert tree.total == 8
    assert [tree.find(x) for x in (0, 2.999, 3, 3.999, 4, 7.999)] == [0, 0, 2, 2, 4, 4]
    tree[0] = 0
    assert tree.total == 5
    assert [tree.find(x) for x in (0, 0.999, 1, 4.999)] == [2, 2, 4, 4]
    assert tree[4] == 4
    for i, priority in enumerate([3, 1, 2, 4, 5]):
        tree[i] = priority
    assert [tree.find(x) for x in (2, 3, 4, 5.5, 6, 9.5, 10, 14)] == [0, 1, 2, 2, 3, 3, 4, 4]


def test_what_rounding_lets_pass_the_end_finds_the_last_that_is_not_empty():
    tree = SumTree(6)
    for i, priority in enumerate([0.5, 0, 2, 0, 0, 0]):
        tree[i] = priority
    assert tree.find(tree.total) == 2


@settings(max_examples=200, deadline=None)
@given(st.lists(PRIORITIES, min_size=1, max_size=70), st.data())
def test_a_tree_finds_what_a_running_sum_finds(priorities, data):
    tree = SumTree(len(priorities))
    for i, priority in enumerate(priorities):
        tree[i] = 7.0  # written over
        tree[i] = priority
    assert tree.total == pytest.approx(sum(priorities))
    if not tree.total:
        with pytest.raises(ValueError, match="nothing to draw"):
            tree.find(0.0)
        return
    x = data.draw(st.floats(0, 1, exclude_max=True)) * tree.total
    found, sums = tree.find(x), np.cumsum(priorities)
    assert priorities[found] > 0
    slack = 1e-9 * tree.total
    assert sums[found] - priorities[found] <= x + slack
    assert x <= sums[found] + slack


def test_a_tree_does_not_drift():
    """A node is the sum of its children as they are now, not of all changes so far."""
    rng, tree = np.random.default_rng(0), SumTree(50)
    for i, priority in zip(rng.integers(50, size=100_000), 10 ** rng.uniform(-8, 8, 100_000)):
        tree[i] = priority
    for i in range(50):
        tree[i] = 0.125
    assert tree.total == 6.25


@pytest.mark.parametrize("bad", [-1.0, math.nan, math.inf, -math.inf])
def test_a_tree_refuses_what_is_no_priority(bad):
    with pytest.raises(ValueError, match="finite and at least 0"):
        SumTree(3)[0] = bad


def test_a_tree_has_no_other_places():
    tree = SumTree(3)
    for i in (-1, 3):
        with pytest.raises(IndexError, match=f"place {i} is not one of 0 to 2"):
            tree[i] = 1.0
        with pytest.raises(IndexError):
            tree[i]
    with pytest.raises(ValueError, match="capacity"):
        SumTree(0)


# -- find and fill -----------------------------------------------------------------------------


def test_find_by_hand():
    nodes = np.array([99.0, 10, 4, 6, 3, 1, 4, 2])  # node 0 is never looked at
    assert [find(nodes, x) for x in (0, 2.999, 3, 3.999, 4, 7.999, 8, 9.999)] == [
        0, 0, 1, 1, 2, 2, 3, 3,
    ]  # fmt: skip
    assert find(np.array([0.0, 7.0]), 3.0) == 0  # one place: the root is the leaf
    assert find(np.array([0.0, 2, 0, 2, 0, 0, 0, 2]), 0.0) == 3  # the only one above 0
    assert find([0, 3, 1, 2], 1) == 1  # plain lists do, too
    assert nodes.tolist() == [99, 10, 4, 6, 3, 1, 4, 2]


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 40),
    st.sampled_from([[0.0, 1.0], [1.0], [0.0, 3.0, 2.0**40], [0.0, 0.0, 0.0, 5.0]]),
    st.integers(0, 2**32 - 1),
)
def test_a_tree_is_its_list_of_priorities(capacity, values, seed):
    """Zeros, one huge, all equal; places written over; exact sums, so at the seams, too."""
    rng, tree = np.random.default_rng(seed), SumTree(capacity)
    kept = rng.choice(values, size=rng.integers(capacity + 1))
    tree.fill(kept)
    kept = np.concatenate([kept, np.zeros(capacity - len(kept))])
    for i in rng.integers(capacity, size=2 * capacity).tolist():
        tree[i] = kept[i] = float(rng.choice(values))
    assert tree.total == kept.sum()
    assert [tree[i] for i in range(capacity)] == kept.tolist()
    if tree.total:
        for x in [
            *np.unique(np.concatenate([[0], kept.cumsum()]))[:-1],
            *rng.random(9) * kept.sum(),
        ]:
            assert tree.find(float(x)) == np.searchsorted(kept.cumsum(), x, "right")


@pytest.mark.parametrize("capacity", [1, 2, 5, 8, 13])
def test_fill_is_setting_one_after_the_other(capacity):
    priorities = np.random.default_rng(capacity).exponential(size=capacity)
    filled, other = SumTree(capacity), SumTree(capacity)
    filled.fill(np.full(capacity, 9.0))  # written over
    filled.fill(priorities)
    for i, priority in enumerate(priorities):
        other[i] = priority
    assert np.array_equal(filled.nodes, other.nodes)


def test_fill_sets_the_first_places_and_leaves_the_others():
    tree = SumTree(6)
    tree.fill([1, 2, 3, 4, 5, 6])
    tree.fill([10, 0])
    assert [tree[i] for i in range(6)] == [10, 0, 3, 4, 5, 6]
    assert tree.total == 28
    tree.fill([])
    assert tree.total == 28


@pytest.mark.parametrize("bad", [-1.0, math.nan, math.inf])
def test_fill_refuses_what_is_no_priority_and_changes_nothing(bad):
    tree = SumTree(3)
    tree.fill([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="finite and at least 0"):
        tree.fill([4.0, bad])
    assert [tree[i] for i in range(3)] == [1, 2, 3]


@pytest.mark.parametrize("priorities", [[1] * 6, [0, 1, 2, 3, 4], [1e-3, 5, 0, 1e-3, 1, 9, 2]])
def test_places_are_found_as_often_as_their_priorities_say(priorities):
    tree, n = SumTree(len(priorities)), 4_000
    tree.fill(priorities)
    found = [tree.find(x) for x in np.random.default_rng(0).random(n) * tree.total]
    counts, want = np.bincount(found, minlength=len(priorities)), np.array(priorities, float)
    some = want > 0
    assert counts[~some].sum() == 0
    assert stats.chisquare(counts[some], n * want[some] / want.sum()).pvalue > 0.01


def test_a_find_and_weights_of_ones_own_are_used():
    found, told = [], []

    def mine(nodes, x):
        found.append(find(nodes, x))
        return found[-1]

    def weights(probability, size, beta):
        told.append((probability.tolist(), size, beta))
        return np.arange(len(probability)) / 8

    buffer = filled(3, 8, alpha=1.0, beta=0.3, find=mine, weights=weights)
    buffer.update(torch.tensor([0, 1, 2]), torch.tensor([1.0, 2.0, 1.0]) - LEAST)
    batch = buffer.sample(4, np.random.default_rng(0))  # one of each quarter of the sum
    assert batch.index.tolist() == found == [0, 1, 1, 2]
    assert batch.weight.tolist() == [0, 0.125, 0.25, 0.375]
    assert batch.weight.dtype == torch.float32
    assert told == [(pytest.approx([0.25, 0.5, 0.5, 0.25]), 3, 0.3)]


# -- weights -----------------------------------------------------------------------------------


def test_importance_weights_by_hand():
    probability = torch.tensor([0.5, 0.25, 0.125])  # of N = 4: 1/2, 1, 2 before scaling
    assert importance_weights(probability, 4, 1.0).tolist() == [0.25, 0.5, 1.0]
    assert importance_weights(probability, 4, 0.0).tolist() == [1.0, 1.0, 1.0]
    half = importance_weights(probability, 4, 0.5)
    assert torch.allclose(half, torch.tensor([0.5, 2**-0.5, 1.0]))


def test_full_weights_undo_the_priorities():
    """With β = 1 the weighted mean over draws is the plain mean over the buffer."""
    rng = np.random.default_rng(0)
    values, priorities = rng.normal(size=200), rng.exponential(size=200)
    probability = priorities / priorities.sum()
    weight = (200 * probability) ** -1.0
    scale = importance_weights(probability, 200, 1.0) / weight
    assert np.allclose(scale, scale[0])
    assert np.sum(probability * weight * values) == pytest.approx(values.mean())


# -- the buffer --------------------------------------------------------------------------------


def filled(n: int, capacity: int, **settings) -> PrioritizedReplayBuffer:
    buffer = PrioritizedReplayBuffer(capacity, **settings)
    for k in range(n):
        buffer.add(Transition(np.array([k]), k, float(k), np.array([k + 1]), k % 3 == 0))
    return buffer


def test_draws_have_the_frequencies_of_the_priorities():
    buffer, rng = filled(8, 8, alpha=0.5), np.random.default_rng(1)
    errors = torch.tensor([0.0, 1.0, 4.0, 9.0, 16.0, 25.0, 0.25, 100.0])
    buffer.update(torch.arange(8), -errors)  # the sign does not count
    want = np.sqrt(errors.double().numpy() + LEAST)
    want /= want.sum()
    counts = np.zeros(8)
    for _ in range(3_000):
        counts += np.bincount(buffer.sample(1, rng).index.numpy(), minlength=8)
    assert stats.chisquare(counts, 3_000 * want).pvalue > 0.01


def test_a_batch_has_one_draw_of_each_part():
    buffer, rng = filled(64, 64, alpha=0.7), np.random.default_rng(0)
    for _ in range(20):  # equal priorities: each of 64 parts is one transition
        assert buffer.sample(64, rng).index.tolist() == list(range(64))


def test_a_batch_carries_its_transitions_weights_and_places():
    buffer, rng = filled(7, 5, alpha=1.0, beta=1.0), np.random.default_rng(0)
    buffer.update(torch.tensor([0, 1, 2, 3, 4]), torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0]) - LEAST)
    batch = buffer.sample(500, rng)
    kept = torch.tensor([5, 6, 2, 3, 4])  # 0 and 1 were written over
    assert torch.equal(batch.action, kept[batch.index])
    assert torch.equal(batch.obs[:, 0], kept[batch.index].float())
    assert torch.equal(batch.next_obs[:, 0], kept[batch.index].float() + 1)
    assert torch.equal(batch.terminated, kept[batch.index] % 3 == 0)
    assert torch.allclose(batch.weight, 1 / (batch.index + 1.0))  # the rarest, place 0, has 1


def test_a_new_transition_has_the_largest_priority_so_far():
    buffer = filled(3, 8, alpha=1.0)
    assert [buffer.tree[i] for i in range(4)] == [1, 1, 1, 0]
    buffer.update(torch.tensor([1]), torch.tensor([9.0]) - LEAST)
    buffer.update(torch.tensor([1]), torch.tensor([2.0]) - LEAST)
    buffer.add(Transition(np.array([9]), 0, 0.0, np.array([9]), False))
    assert buffer.tree[3] == pytest.approx(9)
    assert buffer.tree[1] == pytest.approx(2)


def test_alpha_0_is_uniform_and_beta_0_has_no_weights():
    buffer = filled(4, 4, alpha=0.0, beta=0.0)
    buffer.update(torch.arange(4), torch.tensor([0.0, 1.0, 10.0, 1e6]))
    assert [buffer.tree[i] for i in range(4)] == [1.0] * 4
    assert buffer.sample(8, np.random.default_rng(0)).weight.tolist() == [1.0] * 8


@pytest.mark.parametrize("settings", [{"alpha": -0.1}, {"alpha": 1.1}, {"beta": 2}])
def test_numbers_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        PrioritizedReplayBuffer(4, **settings)


def test_an_error_that_is_not_finite_is_refused():
    buffer = filled(4, 4)
    for bad in (math.nan, math.inf):
        with pytest.raises(ValueError, match="finite and at least 0"):
            buffer.update(torch.tensor([0]), torch.tensor([bad]))
    with pytest.raises(ValueError, match="empty"):
        PrioritizedReplayBuffer(4).sample(2, np.random.default_rng(0))
