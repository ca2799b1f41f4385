"""Dueling heads, noisy layers and layer normalization of one run.

`tests/mutants/test_networks_parts.toml` lists the mutants that these tests kill.
"""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from dqnlib import networks
from dqnlib.networks import NoisyLinear, RainbowNetwork, dueling, noise_of


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# -- dueling -------------------------------------------------------------------------------


def test_dueling_by_hand():
    """Means 1 and 2."""
    value, advantage = torch.tensor([[4.0], [-1.0]]), torch.tensor([[1.0, 3, -1], [0, 6, 0]])
    assert dueling(value, advantage).tolist() == [[4.0, 6.0, 2.0], [-3.0, 3.0, -3.0]]


@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(1, 6))
def test_the_value_is_the_mean_of_the_action_values(seed, batch, actions):
    rng = generator(seed)
    value, advantage = (torch.randn(batch, n, generator=rng) for n in (1, actions))
    q = dueling(value, advantage)
    assert torch.allclose(q.mean(1, keepdim=True), value, atol=1e-5)
    assert torch.equal(q.argmax(1), advantage.argmax(1))
    assert torch.allclose(dueling(value, advantage + 7), q, atol=1e-4)  # a constant goes
    assert torch.allclose(dueling(value + 7, advantage), q + 7, atol=1e-4)  # this one is seen


def test_dueling_works_atom_by_atom():
    value, advantage = torch.randn(2, 1, 5), torch.randn(2, 3, 5)
    q = dueling(value, advantage)
    for k in range(5):
        assert torch.allclose(q[:, :, k], dueling(value[:, :, k], advantage[:, :, k]), atol=1e-6)


# -- noisy layers --------------------------------------------------------------------------


def filled() -> NoisyLinear:
    layer = NoisyLinear(2, 3)
    numbers = {
        "weight": [[1.0, 2], [0, -1], [3, 1]], "weight_sigma": [[0.5, 1], [2, 1], [0.25, 0.5]],
        "bias": [1.0, -2, 0.5], "bias_sigma": [0.5, 3, 1], "noise": [2.0, -1, 1, 0, -2],
    }  # fmt: skip
    with torch.no_grad():
        for name, value in numbers.items():
            getattr(layer, name).copy_(torch.tensor(value))
    return layer


def test_a_noisy_layer_by_hand():
    """Noise of the weights (2, −1), (0, 0), (−4, 2); weights (2, 1), (0, −1), (2, 2)."""
    layer, x = filled(), torch.tensor([[1.0, 1], [2, -1]])
    assert layer(x).tolist() == [[4.5, -3.0, 2.5], [4.5, -1.0, 0.5]]
    layer.eval()
    assert layer(x).tolist() == [[4.0, -3.0, 4.5], [1.0, -1.0, 5.5]]


def test_sigma_learns_as_the_paper_says():
    """The gradient of a weight's σ is that of its μ times its noise, and so for the bias."""
    layer = filled()
    layer(torch.tensor([[1.0, 3.0]])).square().sum().backward()
    noise = torch.outer(layer.noise[2:], layer.noise[:2])
    assert torch.allclose(layer.weight_sigma.grad, layer.weight.grad * noise)
    assert torch.allclose(layer.bias_sigma.grad, layer.bias.grad * layer.noise[2:])


def test_first_numbers():
    """Fortunato et al. 2018, section 3.2: μ uniform within 1/√inputs, σ = σ₀/√inputs."""
    layer = NoisyLinear(16, 500, sigma=0.4)
    assert layer.weight_sigma.unique().tolist() == pytest.approx([0.1])
    assert layer.bias_sigma.unique().tolist() == pytest.approx([0.1])
    assert 0.24 < layer.weight.abs().max() <= 0.25
    assert not layer.noise.any()


def test_noise_is_drawn_by_the_generator_alone():
    layer, other = NoisyLinear(40, 60), NoisyLinear(40, 60)
    state = torch.random.get_rng_state()
    layer.reset_noise(generator(1))
    other.reset_noise(generator(1))
    assert torch.equal(layer.noise, other.noise)
    first = layer.noise.clone()
    layer.reset_noise(generator(2))
    assert not torch.equal(layer.noise, first)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_noise_has_the_moments_of_f():
    """E f(x)² = E|x| = √(2/π); E f(x) = 0; E |f(x)| = Γ(3/4) 2^(1/4) / √π."""
    layer = NoisyLinear(20_000, 20_000 // 100)
    layer.reset_noise(generator(0))
    noise = layer.noise
    assert noise.square().mean().item() == pytest.approx(math.sqrt(2 / math.pi), abs=0.02)
    assert noise.mean().item() == pytest.approx(0, abs=0.02)
    want = math.gamma(0.75) * 2**0.25 / math.sqrt(math.pi)
    assert noise.abs().mean().item() == pytest.approx(want, abs=0.02)
    assert noise_of(torch.tensor([-4.0, 0.0, 9.0])).tolist() == [-2.0, 0.0, 3.0]


def test_a_noisy_network_is_still_in_evaluation():
    network, obs = RainbowNetwork((3,), 2, (8,), noisy=True), torch.randn(4, 3)
    network.reset_noise(generator(0))
    one = network(obs)
    network.reset_noise(generator(1))
    assert not torch.equal(one, network(obs))
    network.eval()
    still = network(obs)
    network.reset_noise(generator(2))
    assert torch.equal(still, network(obs))


def test_what_a_noisy_layer_gives_varies_as_its_sigmas_say():
    """Var y = Σ (σᵢⱼ xⱼ)² (E|x|)² + σ_b² E|x|, with mixed terms 0: the noise has mean 0."""
    layer, x = NoisyLinear(3, 1), torch.tensor([[1.0, -2.0, 0.5]])
    with torch.no_grad():
        layer.weight_sigma.copy_(torch.tensor([[0.5, 0.2, 1.0]]))
        layer.bias_sigma.fill_(0.3)
        rng, found = generator(0), []
        for _ in range(20_000):
            layer.reset_noise(rng)
            found.append(layer(x).item())
        still = nn.functional.linear(x, layer.weight, layer.bias).item()
    size = math.sqrt(2 / math.pi)  # E|x|
    want = (0.5**2 + 0.4**2 + 0.5**2) * size**2 + 0.3**2 * size
    found = torch.tensor(found, dtype=torch.float64)
    assert found.mean().item() == pytest.approx(still, abs=0.02)
    assert found.var().item() == pytest.approx(want, rel=0.05)


# -- layer normalization -----------------------------------------------------------------------


def test_layer_norm_by_hand():
    x = torch.tensor([[1.0, 3.0, 1.0, 3.0], [10.0, 10.0, 10.0, 10.0], [0.0, 0.0, 0.0, 8.0]])
    # means 2, 10, 2; variances 1, 0, 12
    third = [-1 / math.sqrt(3)] * 3 + [math.sqrt(3)]
    want = torch.tensor([[-1.0, 1.0, -1.0, 1.0], [0.0] * 4, third])
    assert torch.allclose(networks.layer_norm(x), want, atol=1e-4)


def test_layer_norm_knows_neither_the_batch_nor_a_scale_nor_a_shift():
    x = torch.randn(5, 8, generator=torch.Generator().manual_seed(0))
    whole = networks.layer_norm(x)
    assert torch.allclose(networks.layer_norm(x[2:3]), whole[2:3])
    assert torch.allclose(networks.layer_norm(100 * x + 7), whole, atol=1e-3)
    assert torch.allclose(whole, torch.nn.functional.layer_norm(x, (8,)), atol=1e-6)


@pytest.mark.parametrize("norm", [None, networks.layer_norm])
def test_a_normalized_network_is_linear_layers_norms_and_relu(norm):
    torch.manual_seed(0)
    network = networks.NormalizedQNetwork((2, 3), 2, (5, 7), norm)
    torch.manual_seed(0)
    plain = networks.QNetwork((2, 3), 2, (5, 7))
    both = zip(network.parameters(), plain.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in both)  # nothing more to learn, the same start
    obs = torch.randn(4, 2, 3, generator=torch.Generator().manual_seed(1))
    first, second, last = (m for m in plain.modules() if isinstance(m, torch.nn.Linear))
    x = networks.layer_norm(first(obs.flatten(1))).relu()
    x = networks.layer_norm(second(x)).relu()
    assert torch.allclose(network(obs), last(x), atol=1e-6)
