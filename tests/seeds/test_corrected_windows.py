"""n-step windows that count on no exploring action, against plain lists, and in training.

`tests/mutants/seeds/test_corrected_windows.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support import Frames

from dqnlib import Trainer, train
from dqnlib.config import Config
from dqnlib.seeds.buffers import UnevenRing
from dqnlib.seeds.transitions import KINDS, Choice
from dqnlib.targets import mse_loss, td_target
from dqnlib.transitions import NStep

S, GAMMA, A = 2, 0.9, 4
# each environment step of each run: reward, how it goes on, whether the action explored; and ε
ways = st.lists(
    st.tuples(
        st.lists(
            st.tuples(
                st.floats(-5, 5), st.sampled_from(["on", "on", "on", "terminated", "truncated"]),
                st.booleans(),
            ),
            min_size=S, max_size=S,
        ),
        st.floats(0, 1),
    ),
    max_size=20,
)  # fmt: skip


def episodes_of(steps, k):
    """Return run k's episodes, each a list of (t, reward, way, explored, ε)."""
    found = [[]]
    for t, (step, epsilon) in enumerate(steps):
        found[-1].append((t, *step[k], epsilon))
        if step[k][1] != "on":
            found.append([])
    return found


def expected(kind, steps, k, n):
    """Return the windows of run k by their first step: t -> (sum, last t, terminated, extra)."""
    found = {}
    for episode in episodes_of(steps, k):
        for i, (t, *_) in enumerate(episode):
            inside = episode[i : i + n]
            later = [j for j, step in enumerate(inside) if j > 0 and step[3]]
            if later and kind != "cut":
                continue
            stopped = bool(later)  # by an exploring action, which the window has seen coming
            if stopped:
                inside = inside[: later[0]]
            terminated = inside[-1][2] == "terminated" and not stopped
            if len(inside) < n and not terminated and not stopped:
                continue  # cut by a time limit, or not over yet
            total = sum(GAMMA**j * step[1] for j, step in enumerate(inside))
            ratios = [1 / (1 - e + e / A) for *_, e in inside[1:]]
            extra = {"cut": GAMMA ** len(inside), "weighted": np.prod(ratios)}.get(kind)
            found[t] = (total, inside[-1][0], terminated, extra)
    return found


@pytest.mark.parametrize("kind", KINDS)
@given(ways, st.integers(2, 4), st.integers(0, 19))
def test_corrected_windows_against_a_plain_list(kind, steps, n, pause):
    windows, got = KINDS[kind](n, S, (1,), np.float32), [{} for _ in range(S)]
    for t, (step, epsilon) in enumerate(steps):
        if t == pause:  # saved and gone on with
            state, windows = windows.state(), KINDS[kind](n, S, (1,), np.float32)
            windows.restore(state)
        reward = np.array([r for r, *_ in step])
        terminated = np.array([way == "terminated" for _, way, _ in step])
        ended = np.array([way != "on" for _, way, _ in step])
        obs = np.full((S, 1), t, np.float32)
        # values by which action 1 is greedy; one that explores takes action 0
        q, action = np.array([[0.0, 1, 1, 0]] * S), np.array([0 if e else 1 for *_, e in step])
        choice = Choice(q, action, epsilon)
        for *fields, rows in (
            (*found[:5], *found[6:], found[5])
            for found in windows.step(
                obs, action, reward, obs + 1, terminated, ended, GAMMA, choice
            )
        ):
            assert len(set(rows)) == len(rows)
            for k, o, a, total, next_obs, stop, *extra in zip(rows, *fields, strict=True):
                assert a == (0 if steps[int(o[0])][0][k][2] else 1)
                got[k][int(o[0])] = (total, int(next_obs[0]) - 1, stop, *extra)
    for k in range(S):
        want = expected(kind, steps, k, n)
        assert set(got[k]) == set(want)
        for t, (total, last, stop, extra) in want.items():
            assert got[k][t][:3] == (pytest.approx(total), last, stop)
            if extra is not None:
                assert got[k][t][3] == pytest.approx(extra)


def test_what_explored_means():
    q = np.array([[1.0, 3, 3], [1, 3, 3], [1, 3, 3], [np.nan, 0, 1]])
    choice = Choice(q, np.array([0, 1, 2, 0]), 0.3)
    assert choice.explored.tolist() == [True, False, False, False]  # a tie: both are greedy
    assert choice.greedy_share == pytest.approx(0.8)  # 1 − 0.3 + 0.3 / 3


SMALL = Config(
    steps=400, warmup=100, sync_every=40, hidden=(16,), eval_every=0, record_every=50,
    epsilon_steps=300, batch_size=16, n_step=3, gamma=0.9,
)  # fmt: skip


def same(a, b):
    return all(np.array_equal(a.parameters[n], b.parameters[n]) for n in a.parameters)


class Greedy(NStep):
    """Windows whose later actions were greedy, for one run."""

    def step(self, transition, ended, explored):
        if explored:
            self.window.clear()
        return super().step(transition, ended)


def test_an_object_of_the_learners_is_told_which_actions_explored():
    plain = train(SMALL, range(3))
    greedy = train(SMALL.replace(windows="greedy"), range(3))
    assert same(train(SMALL, range(3), transitions=Greedy), greedy)
    assert not same(greedy, plain)
    # where nothing explores, nothing is dropped, cut or weighted
    still = SMALL.replace(epsilon=0.0, final_epsilon=0.0)
    plain = train(still, range(3))
    for kind in ("greedy", "cut", "weighted"):
        # a float32 discount is not γ³ to the last bit
        run = train(still.replace(windows=kind), range(3))
        for name, array in run.parameters.items():
            assert np.allclose(array, plain.parameters[name], atol=1e-4), kind


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_is_what_its_seed_alone_gives(kind):
    config = SMALL.replace(windows=kind)
    many = train(config, range(4))
    for seed in (0, 3):
        alone = train(config, [seed])
        for name, array in alone.parameters.items():
            assert np.array_equal(array[0], many.parameters[name][seed])


@pytest.mark.parametrize("kind", KINDS)
def test_training_goes_on_after_a_pause(kind, tmp_path):
    config = SMALL.replace(windows=kind, capacity=60)
    whole, half = Trainer(config, range(2)), Trainer(config, range(2))
    while half.steps < 171:
        half.step()
    again = Trainer.load(half.save(tmp_path / "half"))
    assert (again._learned.batch.discount is None) == (kind != "cut")
    for trainer in (whole, again):
        for _ in trainer:
            pass
    assert same(whole.run(), again.run())


def test_a_batch_carries_what_each_transition_brings():
    """Three transitions for two runs in a ring of two: the newest overwrite the oldest."""
    ring = UnevenRing(2, 1, [np.random.default_rng(k) for k in (0, 1)], extra="discount")
    for t in range(3):
        obs, one = np.full((2, 1), t, np.float32), np.ones(2)
        ring.add(obs, one, one, obs, one > 2, None, np.array([t / 10, t / 10 + 0.5]))
    batch = ring.sample(16)
    want = batch.obs[..., 0] / 10 + torch.tensor([[0.0], [0.5]])
    assert batch.weight is None
    assert torch.allclose(batch.discount, want)
    assert set(batch.obs.flatten().tolist()) == {1.0, 2.0}


@pytest.mark.parametrize("slot", ["transitions", "replay", "td_target", "update", "policy"])
def test_functions_that_do_not_go_with_them(slot):
    with pytest.raises(ValueError, match=f"windows='cut' is made for the library's {slot}"):
        Trainer(SMALL.replace(windows="cut"), [0], **{slot: Greedy})


def test_images_do_not_go_with_them():
    with pytest.raises(ValueError, match=r'windows="greedy" is for observations that are vectors'):
        Trainer(SMALL.replace(windows="greedy"), [0], env=Frames)
    trainer = Trainer(SMALL, [0])
    with pytest.raises(ValueError, match="windows cannot change in flight"):
        trainer.config = trainer.config.replace(windows="cut")


@pytest.mark.parametrize("double", [False, True])
@pytest.mark.parametrize("kind", ["cut", "weighted"])
def test_one_update_by_hand(kind, double):
    """The gradient of an update is that of ½ w (Q − (R + discount · next value))², in the mean."""
    config = SMALL.replace(
        windows=kind, optimizer="sgd", learning_rate=0.1, double=double, target_epsilon=0.2
    )
    trainer, batches = Trainer(config, [5]), []
    while trainer.steps < 130:
        trainer.step()
    sample, before = trainer._replay.sample, copied(trainer)
    trainer._replay.sample = lambda b: batches.append(sample(b)) or batches[-1]
    trainer.step()
    (batch,) = batches
    online, target = before
    discount = 0.9**3 if batch.discount is None else batch.discount[0]
    weight = 1.0 if batch.weight is None else batch.weight[0]
    with torch.no_grad():
        next_q, chooser = target(batch.next_obs[0]), online if double else target
        best = chooser(batch.next_obs[0]).argmax(1)
        value = 0.8 * next_q[range(len(best)), best] + 0.2 * next_q.mean(1)
        y = batch.reward[0] + discount * value * ~batch.terminated[0]
    q = online(batch.obs[0])[range(len(y)), batch.action[0]]
    (0.5 * weight * (q - y) ** 2).mean().backward()
    rate = 0.1 * (1 - 131 / 400)
    for old, new in zip(online.parameters(), trainer.network(5).parameters(), strict=True):
        assert torch.allclose(old - rate * old.grad, new, atol=1e-5)


def copied(trainer):
    """Return copies of the online and the target network, apart from the trainer's memory."""
    from dqnlib.networks import QNetwork

    found = []
    for target in (False, True):
        network = QNetwork((4,), 2, (16,))
        network.load_state_dict(trainer.network(5, target=target).state_dict())
        found.append(network)
    return found


def test_a_loss_of_the_learners_gets_the_weights():
    def weighted(q, action, td_target, weight):
        taken = q.gather(1, action[:, None]).squeeze(1)
        return 0.5 * (weight * (taken - td_target.detach()).square()).mean()

    config = SMALL.replace(windows="weighted")
    mine, library = train(config, [0, 1], loss=weighted), train(config, [0, 1])
    for name, array in library.parameters.items():
        assert np.allclose(array, mine.parameters[name], atol=1e-5)
    with pytest.raises(RuntimeError, match="gives each transition a weight"):
        train(config, [0], loss=lambda q, action, td_target: mse_loss(q, action, td_target))
    assert td_target  # the library's own may be given
    assert same(train(config, [0, 1], td_target=td_target), library)
