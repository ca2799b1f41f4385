"""Priorities of many runs at once: the wide tree against the plain one, runs against one run.

`tests/mutants/seeds/test_priorities.toml` lists the mutants that these tests kill.
"""

import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support import Frames, straight_and_resumed

from dqnlib.config import Config
from dqnlib.data import Transition
from dqnlib.prioritized import PrioritizedReplayBuffer, SumTree
from dqnlib.seeds.buffers import UnevenRing
from dqnlib.seeds.frames import FrameRing
from dqnlib.seeds.priorities import Priorities, SumTrees
from dqnlib.training import Trainer, train

SMALL = Config(
    steps=400, warmup=100, batch_size=16, capacity=128, hidden=(16,), sync_every=50, eval_every=0,
    epsilon_steps=200, record_every=50, priority_alpha=0.6,
)  # fmt: skip


def buffer_of(alpha: float, beta: float):
    def make(capacity: int) -> PrioritizedReplayBuffer:
        return PrioritizedReplayBuffer(capacity, alpha, beta)

    return make


# -- the tree ----------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 700), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_wide_trees_find_what_plain_trees_find(capacity, s, seed):
    rng = np.random.default_rng(seed)
    wide, plain = SumTrees(s, capacity), [SumTree(capacity) for _ in range(s)]
    for _ in range(3):  # places come again, some of them twice in a batch
        places = rng.integers(capacity, size=(s, 40))
        values = rng.choice([0.0, 1.0, 2.0, 1024.0], size=(s, 40))  # their sums are exact
        wide.put(places, values)
        for tree, *pairs in zip(plain, places, values, strict=True):
            for i, value in zip(*pairs, strict=True):
                tree[int(i)] = float(value)
    assert wide.total.tolist() == [tree.total for tree in plain]
    if not wide.total.all():
        return
    x = rng.random((s, 50)) * wide.total[:, None]
    x[:, :5] = np.floor(x[:, :5])  # at the seams, too
    found = [[tree.find(one) for one in row] for tree, row in zip(plain, x, strict=True)]
    assert wide.find(x).tolist() == found


def test_runs_that_are_named_are_changed_alone():
    trees = SumTrees(3, 40)
    trees.put(np.array([[5], [39]]), np.array([[2.0], [3.0]]), runs=np.array([2, 0]))
    assert trees.total.tolist() == [3.0, 0.0, 2.0]
    assert trees.leaves[2, 5] == 2.0
    assert trees.leaves[0, 39] == 3.0


def test_wide_trees_do_not_drift():
    rng, trees = np.random.default_rng(0), SumTrees(2, 300)
    for _ in range(500):
        trees.put(rng.integers(300, size=(2, 64)), 10 ** rng.uniform(-8, 8, (2, 64)))
    trees.put(np.tile(np.arange(300), (2, 1)), np.full((2, 300), 0.125))
    assert trees.total.tolist() == [37.5, 37.5]


# -- the rings ---------------------------------------------------------------------------------


def test_a_ring_gives_the_batches_of_plain_buffers():
    def rngs():
        return [np.random.default_rng(k) for k in range(3)]

    ring = UnevenRing(20, 4, rngs(), priorities=Priorities(3, 20, 0.6))
    plain, draws = [PrioritizedReplayBuffer(20, 0.6, 0.4) for _ in range(3)], rngs()
    ring.beta, data = 0.4, np.random.default_rng(9)
    for step in range(60):
        obs, next_obs = data.normal(size=(2, 3, 4)).astype(np.float32)
        action, reward = data.integers(2, size=3), data.normal(size=3)
        terminated = data.random(3) < 0.2
        rows = np.flatnonzero(data.random(3) < 0.8) if step > 3 else np.arange(3)
        fields = (obs, action, reward, next_obs, terminated)
        ring.add(*(field[rows] for field in fields), rows)
        for k in rows:
            plain[k].add(Transition(*(field[k] for field in fields)))
        if step > 5:
            batch = ring.sample(8)
            error = torch.from_numpy(data.normal(size=(3, 8)) * 10)
            for k in range(3):
                want = plain[k].sample(8, draws[k])
                assert torch.equal(batch.index[k], want.index)
                assert torch.allclose(batch.weight[k], want.weight)
                assert all(torch.equal(a[k].float(), b.float()) for a, b in zip(batch, want))
                plain[k].update(want.index, error[k])
            ring.update(batch.index, error)


def test_a_run_that_diverges_keeps_its_priorities():
    priorities = Priorities(2, 4, 1.0)
    for place in range(4):
        priorities.added(np.arange(2), np.full(2, place))
    index = torch.tensor([[0, 1], [0, 1]])
    with pytest.warns(UserWarning, match="NaN or infinite"):
        priorities.update(index, torch.tensor([[3.0, float("nan")], [float("inf"), 5.0]]))
    leaves = priorities._trees.leaves[:, :2]
    assert np.allclose(leaves, [[3.001, 1], [1, 5.001]])
    assert np.allclose(priorities._largest, [3.001, 5.001])


def diverged(seeds) -> Priorities:
    """Priorities of these runs, each with four transitions."""
    priorities = Priorities(len(seeds), 4, 0.6, seeds, lambda: "✗ step 12")
    for place in range(4):
        priorities.added(np.arange(len(seeds)), np.full(len(seeds), place))
    return priorities


def told(priorities: Priorities, error) -> list[str]:
    """Update with errors [S, B]; return what is said then."""
    index = torch.arange(len(error[0])).expand(len(error), -1)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        priorities.update(index, torch.tensor(error))
    return [str(one.message) for one in said]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_errors_that_are_not_finite_are_told_once(bad):
    priorities = diverged((7, 3, 5))
    assert told(priorities, [[1.0, 2.0, 3.0]] * 3) == []
    (said,) = told(priorities, [[1.0, 2.0, 3.0], [0.0, bad, bad], [1.0, 1.0, 1e30]])
    assert said.startswith("✗ step 12, seed 3: 2 of 3 TD errors of a batch of seed 3 are NaN or")
    for words in ("has diverged", "look at its values", "lower the learning rate"):
        assert words in said
    assert told(priorities, [[bad] * 3] * 3) == []


def test_all_seeds_that_diverge_at_once_are_named():
    (said,) = told(diverged((7, 3, 5)), [[math.nan], [1.0], [math.inf]])
    assert "seeds 7, 5: 1 of 1 TD errors of a batch of seed 7 " in said
    (said,) = told(diverged(range(10, 17)), [[math.nan]] * 7)
    assert "seeds 10, 11, 12, 13, 14 and 2 more: " in said


def test_a_training_run_that_diverges_says_so():
    """With the step and the seed, once, though it trains on."""
    with pytest.warns(UserWarning, match=r"step \d+, seed 4: .* NaN or infinite") as said:
        run = train(SMALL.replace(learning_rate=1e6, hidden=(16,) * 6, steps=200), [4])
    assert sum("no priority" in str(one.message) for one in said) == 1
    assert run.diverged[0] >= 0


# -- training ----------------------------------------------------------------------------------


def same(a, b, **close) -> bool:
    return all(np.allclose(a.parameters[n], b.parameters[n], **close) for n in a.parameters)


@pytest.mark.parametrize("changes", [{}, {"n_step": 3}, {"double": True}], ids=str)
def test_training_equals_that_on_plain_buffers(changes):
    config = SMALL.replace(priority_beta=1.0, **changes)  # β as in the plain buffer: 1 throughout
    plain = config.replace(priority_alpha=0.0)
    want = train(plain, [3, 1], replay=buffer_of(0.6, 1.0), loss=weighted)
    assert same(train(config, [3, 1]), want, atol=1e-5)


def weighted(q, action, td_target, weight):
    taken = q.gather(1, action[:, None]).squeeze(1)
    return (weight * 0.5 * (taken - td_target.detach()).square()).mean()


def test_a_row_is_what_its_seed_alone_gives():
    many = train(SMALL, range(4))
    for seed in (0, 3):
        alone = train(SMALL, [seed])
        assert np.array_equal(many.returns[seed], alone.returns[0])
        assert all(np.array_equal(alone.parameters[n][0], many.parameters[n][seed])
                   for n in alone.parameters)  # fmt: skip


def test_priorities_change_what_is_learned_and_beta_rises():
    run = train(SMALL, [0])
    assert not same(run, train(SMALL.replace(priority_alpha=0.0), [0]))
    assert not same(run, train(SMALL.replace(priority_beta=1.0), [0]))
    trainer = Trainer(SMALL, [0])
    while not trainer.done:
        trainer.step()
    assert trainer._replay.beta == pytest.approx(1.0)


def test_it_goes_on_bit_for_bit(tmp_path):
    for config, env in ((SMALL, None), (SMALL.replace(steps=250, n_step=2), Frames)):
        a, b = straight_and_resumed(config, tmp_path, env=env)
        assert all(np.array_equal(a.parameters[n], b.parameters[n]) for n in a.parameters)


def test_images_are_drawn_with_priorities():
    config = SMALL.replace(steps=200, priority_beta=1.0)
    trainer = Trainer(config, [0, 1], env=Frames)
    assert isinstance(trainer._replay, FrameRing)
    for _ in trainer:
        pass
    want = train(
        config.replace(priority_alpha=0.0), [0, 1], env=Frames, replay=buffer_of(0.6, 1.0),
        loss=weighted,
    )  # fmt: skip
    assert same(trainer.run(), want, atol=1e-5)


def test_what_does_not_go_together_is_said_before_training():
    with pytest.raises(ValueError, match="the replay buffer holds one"):
        Config(priority_alpha=0.5, capacity=1, batch_size=1)
    trainer = Trainer(SMALL, [0], replay=buffer_of(0.5, 0.5))
    with pytest.raises(ValueError, match="priority_beta would change nothing: your own replay"):
        trainer.config = SMALL.replace(priority_beta=0.9)
