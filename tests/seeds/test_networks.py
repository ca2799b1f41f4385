"""Networks of many seeds, stacked, compute what each network computes alone.

The oracle is the network itself: made after `torch.manual_seed` with its own number, called on its
own batch, with PyTorch's gradients.

`tests/mutants/seeds/test_networks.toml` lists the mutants that these tests kill.
"""

import copy
import itertools
import operator
import threading
import warnings

import numpy as np
import pytest
import torch
from torch import nn

from dqnlib.device import compute_threads
from dqnlib.networks import NormalizedQNetwork, QNetwork, layer_norm
from dqnlib.seeds import dense
from dqnlib.seeds.adam import QuickAdam
from dqnlib.seeds.dense import DenseStack, dense_layers
from dqnlib.seeds.learner import LearnerError
from dqnlib.seeds.networks import stack
from dqnlib.seeds.stacks import Stack, VmapStack

SEEDS = [11, 7, 3]
HOW = {kind: kind.how for kind in (DenseStack, VmapStack, Stack)}


def made(make, obs_shape=(4,), n_actions=2, seeds=SEEDS) -> list[nn.Module]:
    """Each seed's network, as its own number makes it."""
    modules = []
    for seed in seeds:
        torch.manual_seed(seed)
        modules.append(make(obs_shape, n_actions))
        if any(
            isinstance(p, nn.parameter.UninitializedParameter) for p in modules[-1].parameters()
        ):
            modules[-1](torch.zeros(1, *obs_shape))
    return modules


def numbers(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def oracle(modules, obs, dq) -> tuple[torch.Tensor, list[list[torch.Tensor]]]:
    """-> action values [S, B, A], and each network's gradients of the sum of dq · q"""
    values, gradients = [], []
    for module, x, d in zip(modules, obs, dq, strict=True):
        q = module(x)
        wanted = [p for p in module.parameters() if p.requires_grad]
        found = iter(torch.autograd.grad(q, wanted, d, allow_unused=True, materialize_grads=True))
        values.append(q.detach())
        gradients.append(
            [next(found) if p.requires_grad else torch.zeros_like(p) for p in module.parameters()]
        )
    return torch.stack(values), gradients


def assert_computes(stacked: Stack, make, obs_shape=(4,), n_actions=2, batches=(5, 1)) -> None:
    """A stack gives the values and the gradients of these networks, alone and with a target."""
    online, target, both = stacked.copy().with_target()
    target.flat.mul_(0.5)
    seeds = SEEDS[: len(stacked.flat)]
    modules, targets = (made(make, obs_shape, n_actions, seeds) for _ in range(2))
    for p in itertools.chain(*(module.parameters() for module in targets)):
        p.data.mul_(0.5)
    for b in batches:
        obs = numbers(b, len(modules), b, *obs_shape)
        next_obs = numbers(b + 1, len(modules), b, *obs_shape)
        dq = numbers(b + 2, len(modules), b, n_actions)
        torch.manual_seed(5)  # for networks that draw
        want, gradients = oracle(modules, obs, dq)
        torch.manual_seed(5)
        q, pull = stacked.q_and_pull(obs)
        pull(dq)  # replaces the gradient of the batch before
        assert not q.requires_grad
        assert_values(stacked, q, want, gradients)
        torch.manual_seed(5)
        assert torch.allclose(stacked.q(obs), want, atol=1e-6)
        torch.manual_seed(5)
        want_next, _ = oracle(targets, next_obs, dq)
        want, gradients = oracle(modules, obs, dq)
        torch.manual_seed(5)
        q, next_q, pull = both(obs, next_obs)
        pull(dq)
        assert torch.allclose(next_q, want_next, atol=1e-6)
        assert_values(online, q, want, gradients)
        assert not target.grad.any()


def assert_values(stacked, q, want, gradients) -> None:
    assert torch.allclose(q, want, atol=1e-6)
    for k, parts in enumerate(gradients):
        row = torch.cat([g.flatten() for g in parts])
        found = stacked.grad[k]
        assert torch.allclose(found[: len(row)], row, atol=1e-5)
        assert not found[len(row) :].any()


# -- one network ---------------------------------------------------------------------------------


@pytest.mark.parametrize("obs_shape", [(4,), 4, (2, 3, 2)])
def test_q_network_is_linear_layers_with_relu_between(obs_shape):
    network = QNetwork(obs_shape, 3, (5, 7))
    shape = obs_shape if isinstance(obs_shape, tuple) else (obs_shape,)
    obs = numbers(0, 6, *shape)
    w1, b1, w2, b2, w3, b3 = network.parameters()
    b3.data -= 1  # some values are negative, and stay so: no ReLU at the end
    x = obs.reshape(6, -1)
    x = (x @ w1.T + b1).clamp(min=0)
    x = (x @ w2.T + b2).clamp(min=0)
    assert torch.allclose(network(obs), x @ w3.T + b3, atol=1e-6)
    assert [tuple(w.shape) for w in (w2, w3)] == [(7, 5), (3, 7)]
    assert (network(obs) < 0).any()


def test_q_network_without_hidden_layers_is_linear():
    network = QNetwork((4,), 2, ())
    weight, bias = network.parameters()
    obs = numbers(0, 3, 4)
    assert torch.allclose(network(obs), obs @ weight.T + bias, atol=1e-6)
    sizes = [tuple(p.shape) for p in QNetwork(4, 2).parameters()]
    assert sizes[::2] == [(64, 4), (64, 64), (2, 64)]


# -- plain layers in a row -----------------------------------------------------------------------


class Written(nn.Module):
    """Layers of sizes 4, 9, 6, 2, and a forward written in one way or another."""

    def __init__(self, obs_shape=(4,), n_actions=2):
        super().__init__()
        self.first, self.second = nn.Linear(4, 9), nn.Linear(9, 6)
        self.last = nn.Linear(6, n_actions)
        self.relu = nn.ReLU()


class Functions(Written):
    def forward(self, obs):
        x = nn.functional.relu(self.first(obs))
        return self.last(torch.relu(self.second(x)))


class Methods(Written):
    def forward(self, obs):
        x = self.first(obs.flatten(1)).relu()
        return self.last(self.second(x).tanh())


class TorchFlatten(Written):
    def forward(self, obs):
        x = self.relu(self.first(torch.flatten(obs, start_dim=1)))
        return self.last(self.relu(self.second(x)))  # one ReLU, used twice: it has no parameters


class InPlace(Written):
    def forward(self, obs):
        x = nn.functional.relu(self.first(torch.flatten(obs, 1)), inplace=True)
        return self.last(torch.tanh(self.second(x)))


class NoActivation(Written):
    def forward(self, obs):
        return self.last(self.second(self.first(obs)))


def sequential(*layers):
    return lambda obs_shape=(4,), n_actions=2: nn.Sequential(*(layer() for layer in layers))


def linear(n_in, n_out, **kwargs):
    return lambda: nn.Linear(n_in, n_out, **kwargs)


def flat(obs_shape=(4,), n_actions=2):
    return nn.Sequential(nn.Flatten(), nn.Linear(24, 10), nn.Tanh(), nn.Linear(10, n_actions))


R, T = "relu", "tanh"
DENSE = {  # name: (maker, obs_shape, n_actions, activation after each layer)
    "QNetwork": (QNetwork, (4,), 2, [R, R, None]),
    "no hidden layer": (lambda *shape: QNetwork(*shape, ()), (3,), 2, [None]),
    "one hidden layer": (lambda *shape: QNetwork(*shape, (16,)), (1,), 4, [R, None]),
    "three, of odd sizes": (lambda *shape: QNetwork(*shape, (7, 33, 5)), (3,), 3, [R, R, R, None]),
    "one action": (lambda *shape: QNetwork(*shape, (7,)), (2,), 1, [R, None]),
    "many actions": (lambda *shape: QNetwork(*shape, (20,)), (5,), 18, [R, None]),
    "narrow throughout": (lambda *shape: QNetwork(*shape, (3, 2)), (5,), 2, [R, R, None]),
    "images": (lambda *shape: QNetwork(*shape, (9,)), (2, 3, 4), 2, [R, None]),
    "images, Tanh": (flat, (2, 3, 4), 2, [T, None]),
    "Tanh": (sequential(linear(4, 8), nn.Tanh, linear(8, 2)), (4,), 2, [T, None]),
    "both": (
        sequential(linear(4, 8), nn.Tanh, linear(8, 6), nn.ReLU, linear(6, 2)),
        (4,), 2, [T, R, None],
    ),
    "a last ReLU": (sequential(linear(4, 8), nn.ReLU, linear(8, 2), nn.ReLU), (4,), 2, [R, R]),
    "a last Tanh": (sequential(linear(4, 8), linear(8, 2), nn.Tanh), (4,), 2, [None, T]),
    "functions": (Functions, (4,), 2, [R, R, None]),
    "methods": (Methods, (4,), 2, [R, T, None]),
    "torch.flatten": (TorchFlatten, (4,), 2, [R, R, None]),
    "an identity": (sequential(nn.Identity, linear(4, 2)), (4,), 2, [None]),
    "in place": (InPlace, (4,), 2, [R, T, None]),
    "no activation": (NoActivation, (4,), 2, [None, None, None]),
    "lazy": (sequential(lambda: nn.LazyLinear(7), nn.ReLU, linear(7, 2)), (4,), 2, [R, None]),
}  # fmt: skip


@pytest.mark.parametrize("s", [1, 3])
@pytest.mark.parametrize("name", DENSE)
def test_dense_networks(name, s):
    make, obs_shape, n_actions, activations = DENSE[name]
    stacked = stack(make, SEEDS[:s], obs_shape, n_actions, "cpu")
    assert type(stacked) is DenseStack
    modules = made(make, obs_shape, n_actions, SEEDS[:s])
    steps, want = dense_layers(modules[0]), []
    layers = [m for m in modules[0].modules() if isinstance(m, nn.Linear)]
    for layer, activation in zip(layers, activations, strict=True):
        want += [(layer.weight, layer.bias), *([activation] if activation else [])]
    assert len(steps) == len(want)
    for found, wanted in zip(steps, want, strict=True):
        assert found == wanted if isinstance(wanted, str) else all(map(operator.is_, found, wanted))
    assert_computes(stacked, make, obs_shape, n_actions, batches=(5, 1, 16))


# -- layer normalization -------------------------------------------------------------------------


def normalized(hidden, norm=None):
    return lambda *shape: NormalizedQNetwork(*shape, hidden, norm)


@pytest.mark.parametrize("s", [1, 3])
@pytest.mark.parametrize("hidden", [(16, 8), (24,), (5, 40, 17)])  # narrow layers are turned
def test_normalized_networks(hidden, s):
    make = normalized(hidden)
    stacked = stack(make, SEEDS[:s], (4,), 2, "cpu")
    assert type(stacked) is DenseStack
    assert_computes(stacked, make, batches=(5, 1, 16))
    obs = np.random.default_rng(0).normal(size=(s, 4)).astype(np.float32)
    want = stacked.q(torch.from_numpy(obs).unsqueeze(1)).squeeze(1).numpy()
    assert np.allclose(stacked.q_of_one(obs), want, atol=1e-6)


@pytest.mark.parametrize("hidden", [(16, 8), (64, 64), (5, 40, 17)])
def test_a_normalized_row_has_the_same_bits_in_any_stack(hidden):
    many = stack(normalized(hidden), SEEDS[:3], (4,), 2, "cpu")
    alone = stack(normalized(hidden), SEEDS[1:2], (4,), 2, "cpu")
    for b in (1, 5, 64):
        obs, dq = numbers(b, 3, b, 4), numbers(b + 1, 3, b, 2)
        q, pull = many.q_and_pull(obs)
        pull(dq)
        one, pull = alone.q_and_pull(obs[1:2])
        pull(dq[1:2])
        assert torch.equal(q[1], one[0])
        assert torch.equal(many.grad[1], alone.grad[0])
        x = obs[:, 0].numpy()
        assert np.array_equal(many.q_of_one(x)[1], alone.q_of_one(x[1:2])[0])


def test_a_normalization_of_ones_own_is_lifted_and_gives_the_same():
    own, library = (
        stack(normalized((16, 8), f), SEEDS[:3], (4,), 2, "cpu") for f in (layer_norm, None)
    )
    assert type(own) is VmapStack
    obs = numbers(0, 3, 5, 4)
    assert torch.allclose(own.q(obs), library.q(obs), atol=1e-5)


@pytest.mark.parametrize(
    "layers",
    [
        [linear(4, 8), nn.ReLU, lambda: nn.LayerNorm(8, elementwise_affine=False), linear(8, 2)],
        [linear(4, 8), lambda: nn.LayerNorm(8), nn.ReLU, linear(8, 2)],
        [linear(4, 8), lambda: nn.LayerNorm(8, eps=1.0, elementwise_affine=False), linear(8, 2)],
        [lambda: nn.LayerNorm(4, elementwise_affine=False), linear(4, 2)],
    ],
    ids=["after ReLU", "with factors", "another epsilon", "of the input"],
)
def test_other_normalizations_are_computed_too(layers):
    make = sequential(*layers)
    with pytest.raises(NotImplementedError):
        dense_layers(make())
    stacked = stack(make, SEEDS, (4,), 2, "cpu")
    assert type(stacked) is not DenseStack
    assert_computes(stacked, make)


# -- everything else -----------------------------------------------------------------------------


class Residual(Written):
    def forward(self, obs):
        x = self.first(obs)
        return self.last(self.second(x + self.relu(x)))


class Shared(Written):
    def __init__(self, obs_shape=(4,), n_actions=2):
        super().__init__()
        self.first, self.second = nn.Linear(4, 6), nn.Linear(6, 6)

    def forward(self, obs):
        x = self.relu(self.second(self.first(obs)))
        return self.last(self.relu(self.second(x)))


class Tied(Written):
    def __init__(self, obs_shape=(4,), n_actions=2):
        super().__init__()
        self.first, self.second, self.last = nn.Linear(4, 6), nn.Linear(6, 6), nn.Linear(6, 2)
        self.third = nn.Linear(6, 6)
        self.third.weight = self.second.weight

    def forward(self, obs):
        return self.last(self.third(self.second(self.first(obs))))


class Unused(Written):
    def forward(self, obs):
        return nn.functional.pad(self.second(self.first(obs)), (0, -4))


class UnusedLayer(Written):
    def __init__(self, obs_shape=(4,), n_actions=2):
        super().__init__()
        self.spare = nn.Linear(3, 3)

    def forward(self, obs):
        return self.last(self.relu(self.second(self.first(obs))))


class Reordered(Written):
    def __init__(self, obs_shape=(4,), n_actions=2):
        nn.Module.__init__(self)
        self.last, self.second = nn.Linear(6, 2), nn.Linear(9, 6)
        self.first = nn.Linear(4, 9)

    def forward(self, obs):
        return self.last(torch.relu(self.second(torch.relu(self.first(obs)))))


class Scaled(Written):
    def forward(self, obs):
        return 10 * self.last(self.relu(self.second(self.first(obs))))


class Shifted(Written):
    def forward(self, obs):
        return self.last(self.relu(self.second(self.first(obs - 1))))


class Part(Written):
    def forward(self, obs):
        return self.last(self.second(self.first(obs)))[:, :2]


class TwoInputs(Written):
    def forward(self, obs, noise=0.0):
        return self.last(self.second(self.first(obs + noise)))


class Viewed(Written):
    def forward(self, obs):
        return self.last(self.second(self.first(obs.view(obs.shape[0], -1))))


class FlattenFurther(Written):
    def forward(self, obs):
        return self.last(self.second(self.first(obs)).flatten(1))


class Dueling(nn.Module):
    def __init__(self, obs_shape, n_actions):
        super().__init__()
        self.body = nn.Sequential(nn.Flatten(), nn.Linear(4, 8), nn.ReLU())
        self.value, self.advantage = nn.Linear(8, 1), nn.Linear(8, n_actions)

    def forward(self, obs):
        x = self.body(obs)
        advantage = self.advantage(x)
        return self.value(x) + advantage - advantage.mean(1, keepdim=True)


def convolutions(obs_shape, n_actions):
    return nn.Sequential(
        nn.Conv2d(2, 4, 2), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 2 * 3, n_actions)
    )


def new_weight_norm(obs_shape, n_actions):
    return nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(4, 2)))


def old_weight_norm(obs_shape, n_actions):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return nn.Sequential(nn.utils.weight_norm(nn.Linear(4, 2)))


class OwnLinear(nn.Linear):
    """It is a Linear by its class only."""

    def forward(self, x):
        return 2 * super().forward(x)


class Keeping(Written):
    """Keeps what it has computed, for a picture."""

    def forward(self, obs):
        self.kept = [self.first(obs)]
        self.hidden = nn.functional.gelu(self.kept[0])
        return self.last(self.second(self.hidden))


class RandomFeatures(Written):
    """What is drawn here is no parameter, and yet each seed has its own."""

    def __init__(self, obs_shape=(4,), n_actions=2):
        super().__init__()
        self.features = torch.randn(4)

    def forward(self, obs):
        return self.last(self.second(self.first(obs * self.features)))


class Branching(Written):
    def forward(self, obs):
        x = self.second(self.first(obs))
        if x.sum() > 0:
            x = -x
        return self.last(x)


class Item(Written):
    def forward(self, obs):
        return self.last(self.second(self.first(obs / (1 + obs.abs().max().item()))))


class Buffered(Written):
    def __init__(self, obs_shape=(4,), n_actions=2):
        super().__init__()
        self.register_buffer("scale", torch.rand(4))

    def forward(self, obs):
        return self.last(self.second(self.first(obs * self.scale)))


def frozen(obs_shape, n_actions):
    network = Functions()
    network.first.requires_grad_(False)
    return network


def doubled_by_a_hook(obs_shape, n_actions):
    network = Functions()
    network.relu.register_forward_hook(lambda module, inputs, output: 2 * output)
    network.last.register_forward_pre_hook(lambda module, inputs: (2 * inputs[0],))
    return network


def half_normal(obs_shape, n_actions):
    network = sequential(linear(4, 8), lambda: nn.BatchNorm1d(8), linear(8, 2))()
    network[1].eval()  # as if learned before
    network[1].running_mean.normal_()
    return network


OTHERS = {  # name: (maker, kind); observations are (4,) except for the convolutions
    "a skip connection": (Residual, VmapStack),
    "a shared layer": (Shared, VmapStack),
    "shared weights": (Tied, VmapStack),
    "dueling": (Dueling, VmapStack),
    "LayerNorm": (sequential(linear(4, 8), lambda: nn.LayerNorm(8), linear(8, 2)), VmapStack),
    "no bias": (sequential(linear(4, 8, bias=False), nn.ReLU, linear(8, 2)), VmapStack),
    "an activation first": (sequential(nn.ReLU, linear(4, 2)), VmapStack),
    "two activations": (sequential(linear(4, 8), nn.ReLU, nn.Tanh, linear(8, 2)), VmapStack),
    "another activation": (sequential(linear(4, 8), nn.LeakyReLU, linear(8, 2)), VmapStack),
    "scaled": (Scaled, VmapStack),
    "shifted": (Shifted, VmapStack),
    "a part": (Part, VmapStack),
    "two inputs": (TwoInputs, VmapStack),
    "a view": (Viewed, VmapStack),
    "flatten further on": (FlattenFurther, VmapStack),
    "a layer of ours": (sequential(lambda: OwnLinear(4, 2)), VmapStack),
    "an unused layer": (UnusedLayer, VmapStack),
    "an unused last layer": (Unused, VmapStack),
    "another order": (Reordered, VmapStack),
    "convolutions": (convolutions, VmapStack),
    "weight_norm": (new_weight_norm, VmapStack),
    "keeps its activations": (Keeping, VmapStack),
    "random features": (RandomFeatures, Stack),
    "the old weight_norm": (old_weight_norm, Stack),
    "a branch": (Branching, Stack),
    ".item()": (Item, Stack),
    "a buffer": (Buffered, Stack),
    "a frozen layer": (frozen, Stack),
    "a hook": (doubled_by_a_hook, Stack),
    "BatchNorm, judging": (half_normal, Stack),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_networks(name):
    make, kind = OTHERS[name]
    obs_shape = (2, 3, 4) if make is convolutions else (4,)
    stacked = stack(make, SEEDS, obs_shape, 2, "cpu")
    assert type(stacked) is kind
    if name not in ("a frozen layer", "a hook"):
        with pytest.raises(NotImplementedError):
            dense_layers(made(make, obs_shape, 2)[0])
    assert_computes(stacked, make, obs_shape)


def test_the_quick_way_is_tried_before_it_is_trusted():
    """Seeds that compute in different ways, each of them plain layers in a row."""
    kinds = itertools.cycle([nn.ReLU, nn.Tanh])

    def make(obs_shape, n_actions):
        return nn.Sequential(nn.Linear(4, 5), next(kinds)(), nn.Linear(5, 2))

    stacked = stack(make, SEEDS[:2], (4,), 2, "cpu")
    assert type(stacked) is Stack
    assert_computes(stacked, make)


def test_hooks_are_called_once_a_run_and_see_one_run():
    seen = []

    def make(obs_shape, n_actions):
        network = QNetwork(obs_shape, n_actions, (5,))
        network.layers[2].register_forward_hook(lambda m, i, output: seen.append(output.shape))
        return network

    stacked = stack(make, SEEDS, (4,), 2, "cpu")
    seen.clear()
    stacked.q(torch.zeros(3, 6, 4))
    assert seen == [(6, 5)] * 3


# -- parameters are shared memory ----------------------------------------------------------------


@pytest.mark.parametrize("kind", [DenseStack, VmapStack, Stack])
def test_modules_are_views_of_the_rows(kind):
    modules = made(lambda *shape: QNetwork(*shape, (5,)))
    numbers_of = [[p.detach().clone() for p in m.parameters()] for m in modules]
    stacked = kind(modules)
    assert stacked.flat.shape == (3, 64)
    assert stacked.names == [name for name, _ in modules[0].named_parameters()]
    for k, module in enumerate(stacked.modules):
        assert all(map(torch.equal, module.parameters(), numbers_of[k]))
        assert [torch.equal(v[k], p) for v, p in zip(stacked.views, numbers_of[k])] == [True] * 4
    obs = numbers(0, 3, 2, 4)
    before = stacked.q(obs)
    with torch.no_grad():
        stacked.modules[1].layers[3].bias += 1  # through the module
    after = stacked.q(obs)
    assert torch.allclose(after[1], before[1] + 1)
    assert torch.equal(after[[0, 2]], before[[0, 2]])
    assert stacked.flat[1, 35:37].tolist() == stacked.modules[1].layers[3].bias.tolist()
    stacked.flat[2].zero_()  # through the array
    assert not any(p.any() for p in stacked.modules[2].parameters())
    assert not stacked.q(obs)[2].any()


@pytest.mark.parametrize("kind", [DenseStack, VmapStack, Stack])
def test_online_and_target_have_parameters_of_their_own(kind):
    first = kind(made(lambda *shape: QNetwork(*shape, (5,))))
    online, target, both = first.with_target()
    assert type(online) is type(target) is kind
    assert torch.equal(online.flat, target.flat)
    obs = numbers(0, 3, 2, 4)
    online.flat[0].zero_()
    with torch.no_grad():
        target.modules[1].layers[1].weight.zero_()
    q, next_q, _ = both(obs, obs)
    assert not q[0].any()
    assert next_q[0].any()
    assert torch.equal(q[2], next_q[2])
    assert not torch.equal(q[1], next_q[1])
    for stacked, values in ((online, q), (target, next_q)):
        assert torch.equal(stacked.q(obs), values)
        own = [m(x).detach() for m, x in zip(stacked.modules, obs)]
        assert torch.allclose(torch.stack(own), values, atol=1e-6)


def test_arrays_are_copies_by_name():
    stacked = stack(lambda *shape: QNetwork(*shape, (5,)), SEEDS, (4,), 2, "cpu")
    arrays = stacked.arrays()
    for name, parameter in stacked.modules[1].named_parameters():
        assert torch.equal(arrays[name][1], parameter)
    assert torch.equal(
        stacked.arrays(2 * stacked.flat)["layers.1.bias"][0], 2 * arrays["layers.1.bias"][0]
    )
    stacked.flat.zero_()
    assert all(array.any() for array in arrays.values())


@pytest.mark.parametrize("kind", [DenseStack, VmapStack, Stack])
def test_a_copy_has_parameters_of_its_own(kind):
    stacked = kind(made(QNetwork))
    copied = stacked.copy()
    assert type(copied) is kind
    assert torch.equal(copied.flat, stacked.flat)
    copied.flat.zero_()
    assert all(p.any() for m in stacked.modules for p in m.parameters())


@pytest.mark.parametrize("kind", [DenseStack, VmapStack, Stack])
@pytest.mark.parametrize("optimizer", [QuickAdam, torch.optim.RMSprop, torch.optim.SGD])
def test_padding_stays_zero(kind, optimizer, monkeypatch):
    empty = torch.empty

    def spoiled(*args, **kwargs):  # what fresh memory may hold
        found = empty(*args, **kwargs)
        return found.fill_(torch.nan) if found.is_floating_point() else found

    monkeypatch.setattr(torch, "empty", spoiled)
    online, target, both = kind(made(lambda *shape: QNetwork(*shape, (7,)))).with_target()
    used = 7 * 5 + 2 * 8
    flat = nn.Parameter(online.flat)
    flat.grad = online.grad
    step = optimizer([flat] if optimizer is not QuickAdam else flat, lr=0.1)
    obs = numbers(0, 3, 5, 4)
    for _ in range(3):
        q, _, pull = both(obs, obs)
        pull(q + 1)
        with torch.no_grad():
            step.quick_step() if optimizer is QuickAdam else step.step()
            target.flat.lerp_(online.flat, 0.5)
    assert online.flat.shape == (3, 64)
    assert online.flat[:, :used].all()
    for stacked in (online, target):
        assert torch.equal(stacked.flat[:, used:], torch.zeros(3, 64 - used))


def test_a_gradient_that_was_taken_away_comes_back():
    stacked = stack(Branching, SEEDS, (4,), 2, "cpu")
    for module in stacked.modules:
        module.zero_grad()  # as in a learner's record of gradient norms
    assert_computes(stacked, Branching)


# -- a row alone and among others ----------------------------------------------------------------

SIZES = [  # observations, actions, hidden layers
    (4, 2, (64, 64)), (1, 1, (16,)), (2, 3, ()), (8, 4, (128,)), (6, 5, (64, 32)), (3, 6, (64, 64)),
    (10, 7, (48,)), (5, 18, (128, 16)), (17, 6, (256, 256)), (4, 2, (20, 7, 50)), (4, 3, (9, 70)),
]  # fmt: skip


def trained(modules, batch: int, numbered=range(5)) -> list[torch.Tensor]:
    """Values, gradients and parameters of all rows after two updates; numbered: the rows' own."""
    rows, o = list(numbered)[: len(modules)], modules[0].layers[1].in_features
    online, _, both = DenseStack(copy.deepcopy(modules)).with_target()
    flat = nn.Parameter(online.flat)
    flat.grad = online.grad
    adam, found = QuickAdam(flat, lr=0.01), []
    for step in range(2):
        obs, next_obs = (numbers(2 * step + i, 5, batch, o)[rows] for i in (0, 1))
        q, next_q, pull = both(obs, next_obs)
        pull(next_q.sign() * q / batch)
        with torch.no_grad():
            adam.quick_step()
        alone = online.q(obs[:, :1])
        parts = (q, next_q, alone, online.q(obs), online.grad, online.flat)
        found += [part.clone() for part in parts]
        _, pull = online.q_and_pull(next_obs)
        pull(q)
        found.append(online.grad.clone())
    return found


@pytest.mark.skipif(not torch.backends.mkl.is_available(), reason="was found with MKL only")
@pytest.mark.parametrize("batch", [32, 50])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_row_has_the_same_bits_in_a_stack_of_any_height(size, batch):
    """On one thread, as the trainer computes them."""
    o, a, hidden = size
    modules = made(lambda *shape: QNetwork(*shape, hidden), (o,), a, range(5))
    with compute_threads(1):
        among = trained(modules, batch)
        for rows in ([0], [1], [2, 4], [1, 2, 3]):
            found = trained([modules[k] for k in rows], batch, rows)
            for part, all_rows in zip(found, among, strict=True):
                assert torch.equal(part, all_rows[rows])


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh])
@pytest.mark.parametrize("size", [*SIZES, (300, 2, (9,))], ids=str)
def test_the_values_of_one_observation(size, activation):
    """What the runs act on: close to the network's own, of the same bits at any height."""
    o, a, hidden = size

    def make(obs_shape, n_actions):
        network = QNetwork(obs_shape, n_actions, hidden)
        layers = [activation() if isinstance(x, nn.ReLU) else x for x in network.layers]
        return nn.Sequential(*layers)

    modules = made(make, (o,), a, range(5))
    stacked = DenseStack(modules)
    stacked.flat.mul_(1.5)  # it reads what is there now
    obs = numbers(1, 5, o).numpy()
    found = stacked.q_of_one(obs)
    want = torch.stack([m(torch.from_numpy(x)[None])[0] for m, x in zip(modules, obs)])
    assert torch.allclose(torch.from_numpy(found), want, atol=1e-5)
    assert torch.allclose(torch.from_numpy(Stack.q_of_one(stacked, obs)), want, atol=1e-5)
    for height in (1, 2, 3):
        few = DenseStack(copy.deepcopy(modules[:height]))
        assert few.q_of_one(obs[:height]).tobytes() == found[:height].tobytes()
        last = DenseStack(copy.deepcopy(modules[-height:]))
        assert last.q_of_one(obs[-height:]).tobytes() == found[-height:].tobytes()


def test_one_observation_of_bytes():
    """Images are numbers from 0 to 1 to a network; acting leaves them as they are."""
    stacked = stack(lambda *shape: QNetwork(*shape, (5,)), SEEDS, (2, 3), 2, "cpu")
    obs = np.arange(18, dtype=np.uint8).reshape(3, 2, 3) * 14
    kept = obs.copy()
    want = stacked.q(torch.from_numpy(obs[:, None] / np.float32(255)))[:, 0]
    assert np.allclose(stacked.q_of_one(obs), want, atol=1e-6)
    scaled = obs.astype(np.float32) / 255
    assert np.allclose(stacked.q_of_one(scaled), want, atol=1e-6)
    assert np.array_equal(obs, kept)


def test_batches_of_another_size_in_between():
    """Arrays are kept for one size of batches; values asked for in between leave them alone."""
    online, target, both = DenseStack(made(QNetwork)).with_target()
    obs, others = numbers(1, 3, 6, 4), numbers(2, 3, 6, 4)
    q, _, pull = both(obs, others)
    want = q.clone()
    (
        online.q(others),
        target.q(others),
        online.q(others[:, :1]),
        online.q_of_one(others[:, 0].numpy()),
    )
    assert torch.equal(q, want)
    pull(want)
    grad = online.grad.clone()
    q, _, pull = both(others[:, :5], obs[:, :5])
    pull(q)
    assert not torch.equal(online.grad, grad)
    q, _, pull = both(obs, others)
    pull(q)
    assert torch.equal(online.grad, grad)


@pytest.mark.parametrize("height", [3, 4, 5])
def test_two_threads_that_share_the_rows_give_the_same_bits(height, monkeypatch):
    """A half has two rows at least, so three are not shared; five are shared unevenly."""
    modules = made(lambda *shape: QNetwork(*shape, (20, 16)), (4,), 2, range(height))
    alone, calls = trained(copy.deepcopy(modules), 32), []
    side_by_side = dense.side_by_side

    def counted(here, there):
        calls.append(1)
        return side_by_side(here, there)

    monkeypatch.setattr(dense, "side_by_side", counted)
    monkeypatch.setattr(dense, "SHARED", 0)
    # not the clock decides, but this: always the last way
    monkeypatch.setattr(dense.Quicker, "__call__", lambda self, *args: self._ways[-1](*args))
    before = torch.get_num_threads()
    try:
        for threads, times in ((1, 0), (2, 0 if height < 4 else 4)):  # two updates, both ways
            torch.set_num_threads(threads)
            calls.clear()
            assert all(map(torch.equal, trained(copy.deepcopy(modules), 32), alone))
            assert len(calls) == times
    finally:
        torch.set_num_threads(before)


def timed(monkeypatch, seconds):
    """Two ways that take these seconds by a clock of their own; which of them were taken."""
    now, taken = [0.0], []
    monkeypatch.setattr(dense.time, "perf_counter", lambda: now[0])

    def way(number):
        def work(x):
            now[0] += seconds[number]
            taken.append(number)
            return x

        return work

    return dense.Quicker(way(0), way(1)), taken


@pytest.mark.parametrize(("first", "second", "best"), [(1.0, 0.5, 1), (1.0, 0.95, 0), (1.0, 3, 0)])
def test_the_quicker_way_is_taken(first, second, best, monkeypatch):
    quicker, taken = timed(monkeypatch, [first, second])
    tries = 2 * dense.Quicker.TRIES
    assert [quicker(x) for x in range(tries + 50)] == list(range(tries + 50))
    assert taken[:tries] == [0, 1] * dense.Quicker.TRIES
    assert taken[tries:] == [best] * 50


def test_the_ways_are_tried_again_as_other_programs_come_and_go(monkeypatch):
    seconds = [1.0, 0.5]
    quicker, taken = timed(monkeypatch, seconds)
    for x in range(dense.Quicker.AGAIN):
        quicker(x)
    assert taken[-1] == 1
    seconds[1] = 2.0  # another program came
    for x in range(100):
        quicker(x)
    assert taken[-1] == 0
    alone = dense.Quicker(lambda x: x)
    assert [alone(x) for x in range(40)] == list(range(40))


# -- Adam ----------------------------------------------------------------------------------------


def adam_on(array, kind):
    flat = nn.Parameter(array.clone())
    flat.grad = torch.zeros_like(flat)
    return flat, QuickAdam(flat, 0.01) if kind == "quick" else kind([flat])


def drive(flat, optimizer, steps, *, quick=True) -> None:
    with torch.no_grad():
        for t in steps:
            flat.grad.copy_(numbers(t, *flat.shape) * 10 ** (t % 4 - 3.0))
            optimizer.param_groups[0]["lr"] = 0.01 / (1 + t)
            optimizer.quick_step() if quick else optimizer.step()


@pytest.mark.parametrize("shape", [(3, 64), (1, 128), (5, 37)])
def test_quick_adam_is_adam(shape):
    start = numbers(99, *shape)
    flat, quick = adam_on(start, "quick")
    drive(flat, quick, range(6))
    fused, adam = adam_on(start, lambda p: torch.optim.Adam(p, fused=True))
    drive(fused, adam, range(6), quick=False)
    assert torch.equal(flat, fused)
    plain, adam = adam_on(start, lambda p: torch.optim.Adam(p, foreach=False))
    drive(plain, adam, range(6), quick=False)
    assert torch.allclose(flat, plain, atol=1e-6)
    assert not torch.allclose(flat, start, atol=1e-3)


def test_quick_adam_goes_on_from_its_state():
    start = numbers(99, 3, 64)
    whole, quick = adam_on(start, "quick")
    drive(whole, quick, range(3))
    state, half = copy.deepcopy(quick.state_dict()), whole.detach().clone()
    drive(whole, quick, range(3, 6))
    for kind, is_quick in (("quick", True), (lambda p: torch.optim.Adam(p, fused=True), False)):
        flat, other = adam_on(half, kind)
        other.load_state_dict(copy.deepcopy(state))
        drive(flat, other, range(3, 6), quick=is_quick)
        assert torch.equal(flat, whole)


# -- a learner's maker ---------------------------------------------------------------------------


def test_each_seed_has_its_own_number_and_the_global_generator_is_left_alone():
    for make in (QNetwork, Dueling, Branching):
        torch.manual_seed(42)
        want = torch.rand(3)
        torch.manual_seed(42)
        stacked = stack(make, [5, 6, 5], (4,), 2, "cpu")
        assert torch.equal(torch.rand(3), want)
        for module, other in zip(stacked.modules, made(make, seeds=[5, 6, 5]), strict=True):
            assert all(map(torch.equal, module.parameters(), other.parameters()))
        assert not torch.equal(stacked.flat[0], stacked.flat[1])
        assert torch.equal(stacked.flat[0], stacked.flat[2])


def test_the_global_generator_is_left_alone_by_a_failure():
    torch.manual_seed(42)
    state = torch.get_rng_state()
    with pytest.raises(LearnerError):
        stack(lambda *shape: nn.Linear(3, 2), SEEDS, (4,), 2, "cpu")
    assert torch.equal(torch.get_rng_state(), state)


def test_batch_norm_is_refused_for_a_vector_and_left_as_made_for_images():
    """Acting shows the network one observation, which has no spread to divide by."""
    make = sequential(linear(4, 8), lambda: nn.BatchNorm1d(8), linear(8, 2))
    with pytest.raises(LearnerError, match=r"one observation, \[1, 4\]: ValueError: Expected more"):
        stack(make, SEEDS, (4,), 2, "cpu")

    def images(obs_shape, n_actions):
        return nn.Sequential(nn.BatchNorm2d(2), convolutions(obs_shape, n_actions))

    stacked = stack(images, SEEDS, (2, 3, 4), 2, "cpu")
    assert type(stacked) is Stack
    for module in stacked.modules:
        assert module[0].num_batches_tracked == 0
        assert not module[0].running_mean.any()
    assert_computes(stacked, images, (2, 3, 4))


@pytest.mark.parametrize("make", [QNetwork, Functions, Dueling])
def test_threads_do_not_disturb_each_other(make):
    """A lab makes and calls networks in a thread of its own while a cell trains."""
    want = [p.clone() for module in made(make, seeds=[5, 6]) for p in module.parameters()]
    stop, odd = threading.Event(), []
    plain, call = nn.Linear(4, 4), nn.Module.__call__

    def busy():
        while not stop.is_set():
            try:
                plain(torch.zeros(1, 4))
                stack(make, [7, 8], (4,), 2, "cpu")
            except Exception as error:
                odd.append(error)

    others = [threading.Thread(target=busy) for _ in range(2)]
    for other in others:
        other.start()
    try:
        for _ in range(40):
            stacked = stack(make, [5, 6], (4,), 2, "cpu")
            found = [p for module in stacked.modules for p in module.parameters()]
            assert all(map(torch.equal, found, want))
    finally:
        stop.set()
        for other in others:
            other.join()
    assert not odd
    assert nn.Module.__call__ is call


class Odd(Written):
    """Fails for a batch of 7."""

    def forward(self, obs):
        if len(obs) == 7:
            raise IndexError("seven")
        return self.last(self.second(self.first(obs)))


class OddBranching(Branching):
    def forward(self, obs):
        return super().forward(obs) if len(obs) != 7 else obs[:, 99]


@pytest.mark.parametrize("make", [Odd, OddBranching])
def test_a_network_that_fails_later(make):
    stacked = stack(make, SEEDS, (4,), 2, "cpu")
    assert stacked.q(torch.zeros(3, 6, 4)).shape == (3, 6, 2)
    for call in (stacked.q, stacked.q_and_pull):
        with pytest.raises(LearnerError, match=rf"{make.__name__}, failed .*\[7, 4\]: IndexError"):
            call(torch.zeros(3, 7, 4))


def broken_maker(obs_shape, n_actions):
    raise ValueError("no such layer")


class Raising(Written):
    def forward(self, obs):
        raise RuntimeError("in forward")


class Squeezed(Written):
    def forward(self, obs):
        return self.last(self.second(self.first(obs))).squeeze()


class Columns(Written):
    def forward(self, obs):
        return self.last(self.second(self.first(obs))).T


class NoTensor(Written):
    def forward(self, obs):
        return [self.last(self.second(self.first(obs)))]


class Detached(Written):
    def forward(self, obs):
        return self.last(self.second(self.first(obs))).detach()


class NoGradient(Written):
    @torch.no_grad()
    def forward(self, obs):
        return self.last(self.second(self.first(obs)))


class Double(Written):
    def __init__(self, *shape):
        super().__init__(*shape)
        self.double()

    def forward(self, obs):
        return self.last(self.second(self.first(obs.double())))


class DoubleInside(Double):
    def forward(self, obs):
        return super().forward(obs).float()


class Uncopied(Functions):
    def __init__(self, *shape):
        super().__init__(*shape)
        self.batches = (x for x in ())  # nobody can copy a generator


def lost(obs_shape, n_actions):
    network = Functions()
    nn.init.constant_(network.last.bias, torch.nan)
    return network


def all_frozen(obs_shape, n_actions):
    return Functions().requires_grad_(False)


ONE = QNetwork(4, 2)
SIZES_IN_TURN = itertools.cycle([5, 6])
MISTAKES = {
    "the maker raises": (broken_maker, r"broken_maker\(obs_shape=\(4,\), n_actions=2\) failed"),
    "no module": (lambda *shape: torch.zeros(2), "returned Tensor; .* needs a torch.nn.Module"),
    "a class": (lambda *shape: QNetwork, "returned type; .* needs a torch.nn.Module"),
    "nothing": (lambda *shape: None, "returned NoneType"),
    "no parameters": (lambda *shape: nn.Flatten(), "<lambda> has no parameters that it could"),
    "all frozen": (all_frozen, "all_frozen has no parameters that it could learn"),
    "forward raises": (Raising, r"failed on a batch of two observations, \[2, 4\]: .*in forward"),
    "another input": (lambda *shape: nn.Linear(3, 2), r"two observations, \[2, 4\]: RuntimeError"),
    "an action too many": (lambda *shape: nn.Linear(4, 3), r"shape \[2, 3\] .*expected \[2, 2\]"),
    "squeezed": (Squeezed, r"shape \[2\] for one observation; expected \[1, 2\]"),
    "transposed": (Columns, r"shape \[2, 1\] for one observation; expected \[1, 2\]"),
    "no tensor": (NoTensor, "gave list for two observations"),
    "float64": (Double, "gave torch.float64 for"),
    "float64 inside": (DoubleInside, "keeps first.weight as torch.float64"),
    "NaN": (lost, "gave NaN or infinity for an observation of zeros"),
    "detached": (Detached, "without a gradient"),
    "no_grad": (NoGradient, "without a gradient"),
    "the same for all": (lambda *shape: ONE, "gave two runs the same network"),
    "a shared layer": (
        lambda *shape: nn.Sequential(nn.Linear(4, 4), ONE), "gave two runs the same network",
    ),
    "sizes that differ": (
        lambda *shape: QNetwork(*shape, (next(SIZES_IN_TURN),)), "networks of different sizes",
    ),
    "dropout": (sequential(linear(4, 8), nn.Dropout, linear(8, 2)), "take dropout and random num"),
    "cannot be copied": (Uncopied, "cannot be copied, .*: TypeError"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_learners_mistake_is_explained(name):
    make, message = MISTAKES[name]
    with pytest.raises(LearnerError, match=message):
        stack(make, SEEDS, (4,), 2, "cpu")


class Layers(nn.Module):
    """Two layers, and a function that says how they are used."""

    def __init__(self, use):
        super().__init__()
        self.a, self.b, self._use = nn.Linear(3, 3), nn.Linear(3, 3), use

    def forward(self, obs):
        return self._use(self, obs)


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (lambda m, x: (m.a(x), m.b(x))[1], "linear takes another input than the value before"),
        (lambda m, x: (h := m.a(x), m.b(h))[0], "the output is not the last value"),
        (lambda m, x: m.b(m.a(x).sin()), "it calls sin"),
        (lambda m, x: m.b(x), "not those of its Linear layers"),
    ],
)
def test_what_is_no_row_of_layers_is_seen_on_the_tape(use, words):
    """The values and gradients are compared as well: this is the first of two looks."""
    with pytest.raises(NotImplementedError, match=words):
        dense_layers(Layers(use))
