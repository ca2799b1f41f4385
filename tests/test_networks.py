"""Stacked networks: the same values and gradients as each run's own network, in every way.

Mutants that these tests kill (each was tried once on a copy of the library):
- a layer's gradient is left out, transposed or taken through the wrong activation; the padding is
  learned; a module's parameters are copies instead of views; the target shares its memory with the
  online network; the joint forward mixes the two up;
- a network that is no plain row of layers is taken for one; a bias or an activation is dropped;
- all seeds start from the same weights, or from the global generator;
- QuickAdam forgets its step count or uses other defaults than torch.optim.Adam.
"""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from dqnlib import QNetwork
from dqnlib.seeds.learner import LearnerError
from dqnlib.seeds.networks import DenseStack, QuickAdam, Stack, VmapStack, dense_layers, stack

SEEDS = [11, 12, 13]


class Functional(nn.Module):
    def __init__(self, obs_shape, n_actions):
        super().__init__()
        self.a, self.b = nn.Linear(obs_shape[0], 12), nn.Linear(12, n_actions)

    def forward(self, obs):
        hidden = self.a(torch.flatten(obs, 1))
        return self.b(F.relu(hidden))


class Skip(Functional):
    def forward(self, obs):
        hidden = torch.relu(self.a(obs))
        return self.b(hidden + torch.tanh(hidden))


class Branch(Functional):
    def forward(self, obs):
        sign = 1.0 if obs.sum().item() > 0 else 2.0
        return self.b(torch.relu(self.a(obs))) * sign


class Doubled(Functional):
    def forward(self, obs):
        return 2 * self.b(torch.relu(self.a(obs)))


class TwiceActivated(Functional):
    def forward(self, obs):
        return self.b(torch.tanh(torch.relu(self.a(obs))))


class SameLayerTwice(nn.Module):
    def __init__(self, obs_shape, n_actions):
        super().__init__()
        self.a, self.m = nn.Linear(obs_shape[0], 8), nn.Linear(8, 8)
        self.b = nn.Linear(8, n_actions)

    def forward(self, obs):
        return self.b(torch.relu(self.m(torch.relu(self.m(torch.relu(self.a(obs)))))))


def sequence(*layers):
    return lambda obs_shape, n_actions: nn.Sequential(
        *[make(obs_shape, n_actions) for make in layers]
    )


def linear(width, into=None, **more):
    return lambda o, a: nn.Linear(into or o[0], width or a, **more)


PLAIN = {  # makers of networks that DenseStack knows
    "the library's": QNetwork,
    "no hidden layer": lambda o, a: QNetwork(o, a, ()),
    "three layers, odd sizes": lambda o, a: QNetwork(o, a, (5, 17, 3)),
    "tanh": sequence(linear(9), lambda o, a: nn.Tanh(), linear(None, 9)),
    "two linear layers in a row": sequence(linear(9), linear(None, 9)),
    "written with functions": Functional,
}
OTHERS = {  # and of others
    "a skip": Skip,
    "a branch on data": Branch,
    "scaled output": Doubled,
    "two activations": TwiceActivated,
    "a layer used twice": SameLayerTwice,
    "no bias": sequence(linear(9), lambda o, a: nn.ReLU(), linear(None, 9, bias=False)),
    "layer norm": sequence(linear(9), lambda o, a: nn.LayerNorm(9), linear(None, 9)),
    "leaky": sequence(linear(9), lambda o, a: nn.LeakyReLU(), linear(None, 9)),
}


def compare(stacked: Stack, obs: torch.Tensor) -> None:
    """Values and gradients against the modules' own, one after the other."""
    q, pull = stacked.q_and_pull(obs)
    assert torch.equal(q, stacked.q(obs))
    dq = torch.randn(q.shape, generator=torch.Generator().manual_seed(5))
    pull(dq)
    grads = stacked.grad.clone()
    for k, module in enumerate(stacked.modules):
        parameters = list(module.parameters())
        with torch.enable_grad():
            own = module(obs[k])
        want = torch.autograd.grad(own, parameters, dq[k])
        assert torch.allclose(q[k], own.detach(), atol=1e-5)
        flat = torch.cat([g.flatten() for g in want])
        assert torch.allclose(grads[k][: len(flat)], flat, atol=1e-4)
        assert (grads[k][len(flat) :] == 0).all()


@pytest.mark.parametrize("batch", [1, 7])
@pytest.mark.parametrize("name", PLAIN)
def test_plain_layers_are_computed_at_once(name, batch):
    stacked = stack(PLAIN[name], SEEDS, (4,), 2, "cpu")
    assert type(stacked) is DenseStack
    compare(stacked, torch.randn(3, batch, 4))


@pytest.mark.parametrize("name", OTHERS)
def test_other_networks_are_right_as_well(name):
    stacked = stack(OTHERS[name], SEEDS, (4,), 2, "cpu")
    assert type(stacked) is (Stack if name == "a branch on data" else VmapStack)
    with pytest.raises(NotImplementedError):
        dense_layers(stacked.modules[0])
    compare(stacked, torch.randn(3, 6, 4))


def test_images_one_action_and_one_seed():
    stacked = stack(QNetwork, [1], (2, 3, 3), 1, "cpu")
    assert type(stacked) is DenseStack
    compare(stacked, torch.randn(1, 5, 2, 3, 3))

    def convolution(obs_shape, n_actions):
        return nn.Sequential(nn.Conv2d(2, 4, 2), nn.ReLU(), nn.Flatten(), nn.Linear(16, n_actions))

    stacked = stack(convolution, SEEDS, (2, 3, 3), 3, "cpu")
    assert type(stacked) is VmapStack
    compare(stacked, torch.randn(3, 5, 2, 3, 3))


@pytest.mark.parametrize("maker", [QNetwork, Skip, Branch])
def test_each_runs_network_is_a_view_and_starts_from_its_own_seed(maker):
    before = torch.random.get_rng_state()
    stacked = stack(maker, SEEDS, (4,), 2, "cpu")
    assert torch.equal(torch.random.get_rng_state(), before)
    for k, seed in enumerate(SEEDS):
        torch.manual_seed(seed)
        alone = maker((4,), 2)
        for mine, own in zip(stacked.modules[k].parameters(), alone.parameters(), strict=True):
            assert torch.equal(mine, own)
    obs = torch.randn(3, 5, 4)
    q = stacked.q(obs)
    with torch.no_grad():
        list(stacked.modules[1].parameters())[-1].add_(1.0)
    moved = stacked.q(obs) - q
    assert moved[1].abs().min() > 0.5
    assert moved[[0, 2]].abs().max() == 0
    stacked.flat[2] = 0
    assert all((p == 0).all() for p in stacked.modules[2].parameters())


@pytest.mark.parametrize("maker", [QNetwork, Skip, Branch])
def test_online_and_target_networks(maker):
    online, target, both = stack(maker, SEEDS, (4,), 2, "cpu").with_target()
    assert torch.equal(online.flat, target.flat)
    assert online.flat.data_ptr() != target.flat.data_ptr()
    target.flat.mul_(0.5)
    obs, next_obs = torch.randn(3, 8, 4), torch.randn(3, 8, 4)
    q, next_q, pull = both(obs, next_obs)
    assert torch.allclose(q, online.q(obs), atol=1e-6)
    assert torch.allclose(next_q, target.q(next_obs), atol=1e-6)
    pull(torch.ones_like(q))
    joint = online.grad.clone()
    _, alone = online.q_and_pull(obs)
    alone(torch.ones_like(q))
    assert torch.allclose(joint, online.grad, atol=1e-5)
    assert (target.grad == 0).all()
    compare(online, obs)
    compare(target, obs)


@pytest.mark.parametrize(
    ("hidden", "batch", "actions"),
    [((64, 64), 64, 2), ((32,), 32, 4), ((37, 5), 33, 3), ((), 1, 6)],
)
def test_a_row_has_the_same_bits_in_a_stack_of_any_height(hidden, batch, actions):
    def make(o, a):
        return QNetwork(o, a, hidden)

    seeds = list(range(6))
    many, _, both = stack(make, seeds, (4,), actions, "cpu").with_target()
    obs = torch.randn(6, batch, 4)
    dq = torch.randn(6, batch, actions)
    q, _, pull = both(obs, obs)
    pull(dq)
    for k in seeds:
        alone, _, both_alone = stack(make, [k], (4,), actions, "cpu").with_target()
        one = obs[k : k + 1].clone()
        q_alone, _, pull_alone = both_alone(one, one)
        pull_alone(dq[k : k + 1].clone())
        assert torch.equal(q_alone[0], q[k])
        assert torch.equal(alone.grad[0], many.grad[k])


def test_quick_adam_is_adam_and_leaves_the_padding():
    stacked = stack(QNetwork, SEEDS, (4,), 2, "cpu")
    flat = nn.Parameter(stacked.flat)
    flat.grad = stacked.grad
    plain = nn.Parameter(stacked.flat.clone())
    quick, adam = QuickAdam(flat, 0.01), torch.optim.Adam([plain], lr=0.01, fused=True)
    used = sum(p.numel() for p in stacked.modules[0].parameters())
    for k in range(5):
        stacked.grad[:, :used] = torch.randn(3, used, generator=torch.Generator().manual_seed(k))
        plain.grad = stacked.grad.clone()
        for optimizer in (quick, adam):
            optimizer.param_groups[0]["lr"] = 0.01 / (k + 1)
        if k == 3:  # saved and loaded in between
            again = QuickAdam(flat, 1.0)
            again.load_state_dict(quick.state_dict())
            quick = again
        quick.quick_step()
        adam.step()
        assert torch.equal(stacked.flat, plain)
    assert (stacked.flat[:, used:] == 0).all()


MISTAKES = [
    (lambda o, a: 1 / 0, "failed: ZeroDivisionError"),
    (lambda o, a: "a network", "returned str"),
    (lambda o, a: nn.Identity(), "has no parameters|gave the shape"),
    (lambda o, a: nn.Linear(o[0], a + 1), r"gave the shape \[2, 3\] .*expected \[2, 2\]"),
    (lambda o, a: nn.Linear(o[0] + 1, a), "failed on"),
    (lambda o, a: nn.Linear(o[0], a).double(), "must have the same dtype"),
    (lambda o, a: nn.init.constant_(m.bias, np.nan) is None or m if (m := nn.Linear(4, 2)) else 0,
     "NaN"),
]  # fmt: skip


@pytest.mark.parametrize(("maker", "message"), MISTAKES)
def test_a_learners_mistake_is_named(maker, message):
    with pytest.raises(LearnerError, match=message):
        stack(maker, SEEDS, (4,), 2, "cpu")


def test_one_network_for_all_runs_is_a_mistake():
    shared = QNetwork((4,), 2)
    with pytest.raises(LearnerError, match="same network"):
        stack(lambda o, a: shared, SEEDS, (4,), 2, "cpu")
