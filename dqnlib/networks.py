"""Q-networks of one run: from a batch of observations to one value an action.

A network maps ``[B, *O]`` to ``[B, A]``. `dqnlib.seeds` stacks the networks of many runs.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional


class QNetwork(nn.Module):
    """A network of fully connected layers with ReLU between them (lesson 02).

    obs_shape: shape of one observation, as in ``(4,)``, or its length; n_actions: A;
    hidden: units of each hidden layer. Observations with several axes are flattened.
    Source: Mnih et al. 2015, with dense layers in place of convolutions.
    """

    def __init__(
        self,
        obs_shape: tuple[int, ...] | int,
        n_actions: int,
        hidden: Sequence[int] = (64, 64),
    ):
        super().__init__()
        size = obs_shape if isinstance(obs_shape, int) else math.prod(obs_shape)
        layers: list[nn.Module] = [nn.Flatten()]
        for width in hidden:
            layers += [nn.Linear(size, width), nn.ReLU()]
            size = width
        self.layers = nn.Sequential(*layers, nn.Linear(size, n_actions))

    def forward(self, obs: Tensor) -> Tensor:
        """Return the action values: [B, *O] -> [B, A]."""
        return self.layers(obs)


def dueling(value, advantage):
    """Return action values [B, A] of a state's value [B, 1] and its actions' advantages [B, A].

    Q = V + A − mean A: without the mean, a constant could wander between V and A, and nothing would
    say what each is (Wang et al. 2016, equation 9; lesson 07).
    """
    return value + advantage - advantage.mean(dim=1, keepdim=True)


class NoisyLinear(nn.Module):
    """A linear layer whose weights are noisy, and learn how noisy to be (lesson 07).

    y = (μ + σ ∘ ε) x + …, with factorised noise: εᵢⱼ = f(εᵢ) f(εⱼ), f(x) = sign(x) √|x|, where
    only `inputs` + `outputs` numbers are drawn. `reset_noise` draws them anew; in evaluation
    (`eval()`) the noise is left out. Fortunato et al. 2018, equations 9 to 11 and section 3.2.

    sigma: σ₀, the noise at first, in units of 1/√inputs.
    """

    def __init__(self, inputs: int, outputs: int, sigma: float = 0.5):
        super().__init__()
        bound = 1 / math.sqrt(inputs)
        self.weight = nn.Parameter(torch.empty(outputs, inputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(outputs).uniform_(-bound, bound))
        self.weight_sigma = nn.Parameter(torch.full((outputs, inputs), sigma * bound))
        self.bias_sigma = nn.Parameter(torch.full((outputs,), sigma * bound))
        self.register_buffer("noise_in", torch.zeros(inputs))
        self.register_buffer("noise_out", torch.zeros(outputs))

    def reset_noise(self, rng: torch.Generator) -> None:
        """Draw new noise; rng: the generator that draws."""
        for noise in (self.noise_in, self.noise_out):
            x = torch.randn(noise.shape, generator=rng)
            noise.copy_(x.sign() * x.abs().sqrt())

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs] -> [B, outputs]"""
        if not self.training:
            return functional.linear(x, self.weight, self.bias)
        weight = self.weight + self.weight_sigma * torch.outer(self.noise_out, self.noise_in)
        return functional.linear(x, weight, self.bias + self.bias_sigma * self.noise_out)
