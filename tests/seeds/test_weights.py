"""Batches with weights, and buffers that are told the TD errors: a plain proportional buffer.

`Proportional` is prioritised replay as Schaul et al. 2016 define it, without a tree. One update
with weights is held against NumPy.

`tests/mutants/seeds/test_weights.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest
import torch

from dqnlib import Batch, ReplayBuffer, Trainer, targets, train
from dqnlib.config import Config
from dqnlib.data import Transition
from dqnlib.seeds import LearnerError, learning

SMALL = Config(
    steps=300, warmup=100, sync_every=40, hidden=(16,), eval_every=0, record_every=50,
    epsilon_steps=300, batch_size=16, capacity=120,
)  # fmt: skip


class Proportional:
    """Draws a transition with a probability in proportion to its last TD error."""

    def __init__(self, capacity: int):
        self.inside = {}  # number -> transition
        self.capacity, self.next = capacity, 0
        self.priority = np.zeros(capacity)
        self.told = []

    def add(self, transition: Transition):
        self.inside[self.next] = tuple(transition)
        self.priority[self.next] = self.priority.max() or 1.0
        self.next = (self.next + 1) % self.capacity

    def sample(self, batch_size: int, rng) -> Batch:
        p = self.priority[: len(self.inside)] / self.priority.sum()
        i = rng.choice(len(p), size=batch_size, p=p)
        weight = 1 / (len(p) * p[i])
        fields = zip(*(self.inside[k] for k in i.tolist()), strict=True)
        tensors = [torch.as_tensor(np.array(field)) for field in fields]
        return Batch(*tensors, weight=torch.as_tensor(weight / weight.max()), index=i)

    def update(self, index, td_error):
        self.told.append(td_error.tolist())
        self.priority[index.numpy()] = td_error.abs().numpy() + 1e-3


class Weighted(ReplayBuffer):
    """The library's buffer with a weight for each transition."""

    give = staticmethod(lambda batch: torch.ones(len(batch.action)))

    def sample(self, batch_size, rng):
        batch = super().sample(batch_size, rng)
        return batch._replace(weight=self.give(batch))


def weighted(give, index=None):
    return type("Mine", (Weighted,), {"give": staticmethod(give)})


def distance(a, b):
    return max(np.abs(a.parameters[n] - b.parameters[n]).max() for n in a.parameters)


def same(a, b):
    return all(np.array_equal(a.parameters[n], b.parameters[n]) for n in a.parameters)


def test_priorities_reach_the_buffer_and_change_the_run():
    trainer = Trainer(SMALL, [4, 1], replay=Proportional)
    for _ in trainer:
        pass
    for buffer in trainer._replay.buffers:
        assert len(buffer.told) == 200
        assert len(set(np.round(buffer.priority, 6))) > 60
    assert not same(trainer.run(), train(SMALL, [4, 1]))
    many, alone = (
        train(SMALL, range(3), replay=Proportional),
        train(SMALL, [2], replay=Proportional),
    )
    for name, array in alone.parameters.items():
        assert np.array_equal(array[0], many.parameters[name][2])


def test_priorities_go_on_after_a_pause(tmp_path):
    whole, half = (Trainer(SMALL, range(2), replay=Proportional) for _ in range(2))
    while half.steps < 171:
        half.step()
    half.save(tmp_path / "half")
    again = Trainer.load(tmp_path / "half", replay=Proportional)
    for trainer in (whole, again):
        for _ in trainer:
            pass
    assert same(whole.run(), again.run())


def test_the_td_error_is_the_target_less_the_value():
    """In a world whose every reward is 1 and every episode one step, δ = 1 − Q."""
    config = SMALL.replace(env_id="dqnlib/ConstantReward-v0", learning_rate=0, hidden=())
    trainer = Trainer(config.replace(final_learning_rate=0, steps=102), [0], replay=Proportional)
    for _ in trainer:
        pass
    network, buffer = trainer.network(0), trainer._replay.buffers[0]
    obs = torch.as_tensor(np.array([t[0] for t in buffer.inside.values()]))
    action = torch.as_tensor([t[1] for t in buffer.inside.values()])
    with torch.no_grad():
        q = network(obs).gather(1, action[:, None])[:, 0]
    assert set(np.round(buffer.told[0], 5)) <= set(np.round((1 - q).tolist(), 5))


@pytest.mark.parametrize("kind", ["mse", "huber"])
def test_a_weight_multiplies_the_loss_of_its_transition(kind):
    rng = np.random.default_rng(0)
    q, weight = rng.normal(size=(2, 5, 3)), rng.random((2, 5))
    action, error = rng.integers(3, size=(2, 5)), 2 * rng.normal(size=(2, 5))
    tensors = [torch.as_tensor(x) for x in (q, action, error, weight)]
    slope = error if kind == "mse" else np.clip(error, -1, 1)
    want = np.zeros_like(q)
    for s in range(2):
        for b in range(5):
            want[s, b, action[s, b]] = weight[s, b] * slope[s, b] / 5
    assert np.allclose(learning.loss_gradient(kind, *tensors).numpy(), want)
    value = np.where(np.abs(error) < 1, error**2 / 2, np.abs(error) - 0.5)
    value = error**2 / 2 if kind == "mse" else value
    found = learning.loss_value(kind, tensors[2], tensors[3])
    assert np.allclose(found.numpy(), (weight * value).mean(1))


@pytest.mark.parametrize("double", [False, True])
def test_weights_of_one_change_nothing_and_others_do(double):
    config = SMALL.replace(double=double)
    plain = train(config, range(2))
    ones = train(config, range(2), replay=weighted(lambda b: torch.ones(16)))
    assert same(ones, train(config, range(2), replay=weighted(lambda b: [1] * 16)))
    assert distance(ones, plain) < 1e-6
    half = config.replace(optimizer="sgd", learning_rate=0.02, final_learning_rate=0.02)
    full = half.replace(learning_rate=0.01, final_learning_rate=0.01)
    found = train(half, range(2), replay=weighted(lambda b: torch.full((16,), 0.5)))
    want = train(full, range(2))
    assert (
        max(np.abs(found.parameters[n] - want.parameters[n]).max() for n in want.parameters) < 1e-5
    )


def test_a_loss_that_takes_the_weight_gets_it():
    def loss(q, action, td_target, weight):
        taken = q.gather(1, action[:, None])[:, 0]
        return 0.5 * (weight * (taken - td_target).square()).mean()

    def give(batch):
        return 0.1 + batch.obs[:, 2].abs()

    mine = train(SMALL, range(2), replay=weighted(give), loss=loss)
    want = train(SMALL, range(2), replay=weighted(give))
    assert (
        max(np.abs(mine.parameters[n] - want.parameters[n]).max() for n in want.parameters) < 1e-5
    )
    unweighted = train(SMALL, range(2), loss=loss)  # without weights it gets ones
    plain = train(SMALL, range(2))
    assert (
        max(np.abs(unweighted.parameters[n] - plain.parameters[n]).max() for n in plain.parameters)
        < 1e-5
    )


class NoIndex(Proportional):
    def sample(self, batch_size, rng):
        return super().sample(batch_size, rng)._replace(index=None)


class Raises(Proportional):
    def update(self, index, td_error):
        raise KeyError("lost")


def three(q, action, td_target):
    return targets.mse_loss(q, action, td_target) * 1.0


@pytest.mark.parametrize(
    ("slots", "words"),
    [
        (
            {"replay": weighted(lambda b: -torch.ones(16))},
            "a negative number as weight at step 101",
        ),
        (
            {"replay": weighted(lambda b: torch.zeros(16))},
            "0 everywhere as weight at step 101, seed 3",
        ),
        ({"replay": weighted(lambda b: torch.full((16,), np.nan))}, "NaN or infinity as weight"),
        ({"replay": weighted(lambda b: torch.ones(16, 1))}, r"gave weight of the shape \[16, 1\]"),
        ({"replay": weighted(lambda b: "much")}, "failed at step 101, seed 3"),
        ({"replay": Raises}, "Raises failed at step 101, seed 3: KeyError"),
        ({"replay": NoIndex}, "its batches carry no index at step 101"),
        (
            {"replay": weighted(lambda b: torch.ones(16)), "loss": three},
            r"three does not take it at step 101: write three\(q, action, td_target, weight\)",
        ),
    ],
)
def test_what_fails_is_named(slots, words):
    with pytest.raises(LearnerError, match=words) as caught:
        train(SMALL, [3, 1], **slots)
    assert caught.value.run.steps == 101


def told(result):
    """A training step that returns its loss beside this."""

    def step(online, target, optimizer, batch, gamma):
        loss = targets.dqn_update(online, target, optimizer, batch, gamma)
        return (loss, result(batch)) if result else loss

    return step


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (None, "step returned its loss alone at step 101"),
        (lambda b: b.reward[:, None], r"step returned a tensor \[16, 1\] at step 101, seed 3"),
        (lambda b: 3.0, "step returned float at step 101, seed 3; expected the TD errors, one for"),
    ],
)
def test_a_training_step_of_ones_own_tells_the_errors(result, words):
    with pytest.raises(LearnerError, match=words):
        train(SMALL, [3, 1], replay=Proportional, update=told(result))


def test_a_training_step_that_tells_the_errors_learns_as_the_librarys_own_does():
    def step(online, target, optimizer, batch, gamma):
        with torch.no_grad():
            y = targets.td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
        error = y - online(batch.obs).gather(1, batch.action[:, None])[:, 0]
        loss = 0.5 * (batch.weight * error.square()).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss, error

    config = SMALL.replace(priority_alpha=0.6)
    mine, want = train(config, [3, 1], update=step), train(config, [3, 1])
    for name, values in want.parameters.items():
        assert np.allclose(mine.parameters[name], values, atol=1e-4), name


def test_a_training_step_of_ones_own_gets_the_weights():
    seen = []

    def step(online, target, optimizer, batch, gamma):
        seen.append(batch.weight)
        return targets.dqn_update(online, target, optimizer, batch, gamma)

    train(SMALL.replace(steps=102), [0], replay=Weighted, update=step)
    assert [w.tolist() for w in seen] == [[1.0] * 16] * 2


def test_weights_for_some_seeds_only_are_refused():
    made = []

    class Sometimes(ReplayBuffer):
        def __init__(self, capacity):
            super().__init__(capacity)
            made.append(self)

        def sample(self, batch_size, rng):
            batch = super().sample(batch_size, rng)
            return batch._replace(weight=torch.ones(batch_size)) if self is made[0] else batch

    with pytest.raises(LearnerError, match="gave no weight at step 101, seed 1, but did so for"):
        train(SMALL, [3, 1], replay=Sometimes)
