"""Targets, losses and one training step, against numbers worked by hand and against NumPy.

`numpy_step` is DQN's update written a second time, with NumPy alone: forward, backward, the
optimizer. The one-run functions and the trainer must agree with it to 1e-5.

Mutants that these tests kill (each was tried once on a copy of the library):
- max becomes min, the first action's value or the mean; the terminal row keeps its bootstrap;
  gamma is left out; Double DQN selects with the target network or evaluates with the online one;
- a column (B, 1) spreads to (B, B); the loss forgets ½ or takes the sum; a gradient flows into the
  target; Huber's slope is not cut at 1;
- a sync makes an alias, copies the wrong way round or mixes with 1 − tau;
- the update of the trainer uses another loss, another Adam, clips all seeds together.
"""

import copy

import numpy as np
import pytest
import torch

from dqnlib import QNetwork, Trainer, targets
from dqnlib.data import Batch, Config
from dqnlib.seeds import learning

REWARD = torch.tensor([1.0, -2.0, 3.0])
TERMINATED = torch.tensor([False, True, False])
ONLINE_NEXT = torch.tensor([[0.0, 4.0, 1.0], [9.0, 0.0, 0.0], [-3.0, -1.0, -2.0]])
TARGET_NEXT = torch.tensor([[5.0, 2.0, -1.0], [7.0, 8.0, 0.0], [-6.0, -5.0, -4.0]])


def test_td_target_by_hand():
    found = targets.td_target(REWARD, TERMINATED, TARGET_NEXT, 0.5)
    assert found.tolist() == [1 + 0.5 * 5, -2.0, 3 + 0.5 * -4]


def test_double_td_target_by_hand():
    """Selected: actions 1, 0, 1; evaluated by the other network: 2, -, -5."""
    found = targets.double_td_target(REWARD, TERMINATED, ONLINE_NEXT, TARGET_NEXT, 0.5)
    assert found.tolist() == [1 + 0.5 * 2, -2.0, 3 + 0.5 * -5]


def test_losses_by_hand():
    q = torch.tensor([[1.0, 5.0], [2.0, 0.0], [4.0, 4.0]], requires_grad=True)
    action = torch.tensor([1, 0, 0])
    y = torch.tensor([3.0, 2.5, 4.25], requires_grad=True)  # TD errors 2, -0.5, -0.25
    mse = targets.mse_loss(q, action, y)
    assert mse.item() == pytest.approx((4 + 0.25 + 0.0625) / 6)
    mse.backward()
    want = [[0.0, 2 / 3], [-0.5 / 3, 0.0], [-0.25 / 3, 0.0]]
    assert np.allclose(q.grad, want)
    assert y.grad is None
    q.grad = None
    huber = targets.huber_loss(q, action, y)
    assert huber.item() == pytest.approx((1.5 + 0.125 + 0.03125) / 3)
    huber.backward()
    assert np.allclose(q.grad, [[0.0, 1 / 3], [-0.5 / 3, 0.0], [-0.25 / 3, 0.0]])
    assert y.grad is None


@pytest.mark.parametrize("tau", [0.25, 1.0])
def test_syncs_change_the_target_in_place(tau):
    online, target = QNetwork(3, 2, (5,)), QNetwork(3, 2, (5,))
    before = copy.deepcopy(target)
    objects = [id(p) for p in target.parameters()]
    if tau == 1:
        targets.hard_update(online, target)
    else:
        targets.polyak_update(online, target, tau)
    rows = zip(online.parameters(), before.parameters(), target.parameters(), strict=True)
    for fresh, old, now in rows:
        assert torch.allclose(now, tau * fresh + (1 - tau) * old)
        assert now.data_ptr() != fresh.data_ptr()
        assert now.requires_grad
    assert [id(p) for p in target.parameters()] == objects


# -- many seeds: the same for each --------------------------------------------------------------


def made_up(seed=0, s=3, b=8, a=3):
    rng = torch.Generator().manual_seed(seed)
    return {
        "reward": torch.randn(s, b, generator=rng),
        "terminated": torch.rand(s, b, generator=rng) < 0.3,
        "online": 3 * torch.randn(s, b, a, generator=rng),
        "target": 3 * torch.randn(s, b, a, generator=rng),
        "action": torch.randint(0, a, (s, b), generator=rng),
        "y": 3 * torch.randn(s, b, generator=rng),
    }


def test_the_lifted_targets_are_those_of_each_run():
    m = made_up()
    many = learning.td_target(m["reward"], m["terminated"], m["target"], 0.9)
    double = learning.double_td_target(m["reward"], m["terminated"], m["online"], m["target"], 0.9)
    for k in range(3):
        one = (m["reward"][k], m["terminated"][k])
        assert torch.equal(many[k], targets.td_target(*one, m["target"][k], 0.9))
        want = targets.double_td_target(*one, m["online"][k], m["target"][k], 0.9)
        assert torch.equal(double[k], want)


@pytest.mark.parametrize("kind", ["mse", "huber"])
def test_the_lifted_loss_and_its_gradient_are_those_of_each_run(kind):
    m, one_run = made_up(), {"mse": targets.mse_loss, "huber": targets.huber_loss}[kind]
    error = learning.td_errors(m["online"], m["action"], m["y"])
    value = learning.loss_value(kind, error)
    gradient = learning.loss_gradient(kind, m["online"], m["action"], error)
    for k in range(3):
        q = m["online"][k].clone().requires_grad_()
        loss = one_run(q, m["action"][k], m["y"][k])
        loss.backward()
        assert torch.allclose(value[k], loss.detach())
        assert torch.allclose(gradient[k], q.grad, atol=1e-7)


def test_gradients_are_clipped_run_by_run():
    grad = torch.tensor([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0], [30.0, 40.0]])
    learning.clip_gradients(grad, 2.5)
    assert torch.allclose(grad, torch.tensor([[1.5, 2.0], [0.3, 0.4], [0, 0], [1.5, 2.0]]))


# -- one step, with NumPy alone -----------------------------------------------------------------


def numpy_forward(x, layers):
    kept = [x]
    for i, (w, b) in enumerate(layers):
        x = x @ w.T + b
        x = np.maximum(x, 0) if i + 1 < len(layers) else x
        kept.append(x)
    return kept


def numpy_step(online, target, batch, c: Config, memory: dict, t: int):
    """One update of the online layers [(w, b), ...], in float64. -> the loss"""
    obs, action, reward, next_obs, terminated = batch
    rows = np.arange(len(action))
    next_q = numpy_forward(next_obs, target)[-1]
    chosen = (numpy_forward(next_obs, online)[-1] if c.double else next_q).argmax(1)
    y = np.where(terminated, reward, reward + c.gamma * next_q[rows, chosen])
    kept = numpy_forward(obs, online)
    error = kept[-1][rows, action] - y
    size = np.abs(error)
    if c.loss == "huber":
        loss = np.where(size < 1, error**2 / 2, size - 0.5).mean()
        slope = np.clip(error, -1, 1)
    else:
        loss, slope = (error**2).mean() / 2, error
    d = np.zeros_like(kept[-1])
    d[rows, action] = slope / len(action)
    gradients = []
    for i in reversed(range(len(online))):
        gradients = [d.T @ kept[i], d.sum(0), *gradients]
        d = (d @ online[i][0]) * (kept[i] > 0)
    norm = np.sqrt(sum((g**2).sum() for g in gradients))
    gradients = [g * min(1, c.max_grad_norm / norm) for g in gradients]
    for k, (p, g) in enumerate(zip([p for layer in online for p in layer], gradients)):
        m, v = memory.setdefault(k, [np.zeros_like(p), np.zeros_like(p)])
        if c.optimizer == "sgd":
            p -= c.learning_rate * g
        elif c.optimizer == "rmsprop":
            v[:] = 0.99 * v + 0.01 * g**2
            p -= c.learning_rate * g / (np.sqrt(v) + 1e-8)
        else:
            m[:], v[:] = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
            p -= c.learning_rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return loss


def layers_of(module):
    flat = [p.detach().double().numpy().copy() for p in module.parameters()]
    return list(zip(flat[::2], flat[1::2], strict=True))


def random_batch(seed, b=16, o=4, a=2):
    rng = np.random.default_rng(seed)
    return (
        rng.normal(size=(b, o)).astype(np.float32), rng.integers(a, size=b),
        rng.normal(size=b).astype(np.float32), rng.normal(size=(b, o)).astype(np.float32),
        rng.random(b) < 0.3,
    )  # fmt: skip


def as_batch(arrays) -> Batch:
    return Batch(*(torch.from_numpy(np.ascontiguousarray(x)) for x in arrays))


def largest(module, layers):
    pairs = zip(module.parameters(), [p for layer in layers for p in layer], strict=True)
    return max(np.abs(p.detach().numpy() - want).max() for p, want in pairs)


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_dqn_update_is_the_step_in_numpy(optimizer):
    torch.manual_seed(1)
    online, target = QNetwork(4, 2, (8, 8)), QNetwork(4, 2, (8, 8))
    c = Config(optimizer=optimizer, learning_rate=0.01, gamma=0.9)
    kind = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[optimizer]
    torch_optimizer = kind(online.parameters(), lr=c.learning_rate)
    layers, frozen, memory = layers_of(online), layers_of(target), {}
    for t in (1, 2, 3):
        batch = random_batch(t)
        loss = targets.dqn_update(online, target, torch_optimizer, as_batch(batch), c.gamma)
        assert loss == pytest.approx(numpy_step(layers, frozen, batch, c, memory, t), abs=1e-5)
        assert largest(online, layers) < 1e-5
    assert largest(target, frozen) < 1e-7  # nothing flowed back through the target


class FixedBatches:
    """A replay buffer that gives out made-up batches, other ones to each run."""

    made = 0

    def __init__(self, capacity):
        type(self).made += 1
        self.number, self.given = type(self).made, 0

    def add(self, transition):
        pass

    def sample(self, batch_size, rng):
        self.given += 1
        return as_batch(random_batch(100 * self.number + self.given, batch_size))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"double": True},
        {"double": True, "loss": "huber", "optimizer": "sgd", "learning_rate": 0.5},
        {"optimizer": "rmsprop", "max_grad_norm": 0.1},
        {"max_grad_norm": 0.3, "sync_every": 2, "tau": 0.25},
    ],
    ids=str,
)
def test_the_trainers_steps_are_those_in_numpy(settings):
    c = Config(
        **{
            "steps": 20, "warmup": 0, "batch_size": 16, "capacity": 16, "hidden": (8, 8),
            "learning_rate": 0.01, "final_learning_rate": 0.01, "gamma": 0.9, "eval_every": 0,
            "sync_every": 1_000, "record_every": 1,
        } | settings
    )  # fmt: skip
    if "learning_rate" in settings:
        c = c.replace(final_learning_rate=c.learning_rate)

    class Batches(FixedBatches):
        made = 0

    trainer = Trainer(c, range(3), replay=Batches)
    online = [layers_of(trainer.network(k)) for k in range(3)]
    target, memories = copy.deepcopy(online), [{} for _ in range(3)]
    while trainer.steps < 15:
        trainer.step()
    for t in range(1, 6):  # steps 16 to 20 learn: there is a batch
        trainer.step()
        losses = [
            numpy_step(online[k], target[k], random_batch(100 * (k + 1) + t, 16), c, memories[k], t)
            for k in range(3)
        ]
        assert np.allclose(trainer.run().loss[:, -1], losses, atol=1e-5)
        if trainer.steps % c.sync_every == 0:
            for k in range(3):
                for mine, theirs in zip(online[k], target[k], strict=True):
                    for fresh, old in zip(mine, theirs, strict=True):
                        old += c.tau * (fresh - old)
        for k in range(3):
            assert largest(trainer.network(k), online[k]) < 1e-5
            assert largest(trainer.network(k, target=True), target[k]) < 1e-5
