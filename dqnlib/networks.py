"""Q-networks of one run: from a batch of observations to one value an action.

A network maps ``[B, *O]`` to ``[B, A]``. `dqnlib.seeds` stacks the networks of many runs.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from dqnlib.stacking import check_layout


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


def layer_norm(x, epsilon=1e-5):
    """Return x [B, N] with the N numbers of each row shifted to mean 0 and scaled to variance 1.

    Each row is normalized by itself: what else is in the batch does not matter. epsilon: added to
    the variance, so that a row of equal numbers becomes zeros. Without the factors and shifts that
    Ba, Kiros & Hinton 2016 (equation 4) let the network learn (lesson 10).
    """
    centered = x - x.mean(dim=1, keepdim=True)  # [B, N]
    variance = centered.square().mean(dim=1, keepdim=True)  # [B, 1]
    return centered / (variance + epsilon).sqrt()


class Normalize(nn.Module):
    """A layer that calls a function of one run's hidden layer, [B, N] -> [B, N]."""

    def __init__(self, function: Callable[[Tensor], Tensor]):
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        """[B, N] -> [B, N]"""
        return self.function(x)


class NormalizedQNetwork(QNetwork):
    """`QNetwork` whose hidden layers are normalized before their ReLU (lesson 10).

    norm: your own function, [B, N] -> [B, N]; None: PyTorch's, which does as `layer_norm`, and is
    quicker. It has nothing to learn, so the start is that of `QNetwork`. The other arguments are
    those of `QNetwork`.
    """

    def __init__(
        self,
        obs_shape: tuple[int, ...] | int,
        n_actions: int,
        hidden: Sequence[int] = (64, 64),
        norm: Callable[[Tensor], Tensor] | None = None,
    ):
        super().__init__(obs_shape, n_actions, hidden)
        layers: list[nn.Module] = []
        for layer in self.layers:
            if isinstance(layer, nn.ReLU):
                width = layers[-1].out_features
                layers.append(
                    Normalize(norm) if norm else nn.LayerNorm(width, elementwise_affine=False)
                )
            layers.append(layer)
        self.layers = nn.Sequential(*layers)


class ConvNetwork(nn.Module):
    """A network for images: 3 × 3 convolutions, then fully connected layers, ReLU between all.

    obs_shape: (C, H, W); n_actions: A; channels: filters of each convolution; hidden: units of each
    layer after them. Raises ValueError for observations that are no images, or too small.
    Source: the network of MinAtar (Young & Tian 2019), smaller than that of Mnih et al. 2015.
    """

    def __init__(
        self,
        obs_shape: tuple[int, int, int],
        n_actions: int,
        channels: Sequence[int] = (16,),
        hidden: Sequence[int] = (128,),
    ):
        super().__init__()
        seeing, size = convolutions(obs_shape, channels)
        self.layers = nn.Sequential(*seeing, *QNetwork(size, n_actions, hidden).layers)

    def forward(self, obs: Tensor) -> Tensor:
        """Return the action values: [B, C, H, W] -> [B, A]."""
        return self.layers(obs)


class AtariNetwork(nn.Module):
    """The network of Mnih et al. 2015 for stacks of Atari's frames, with their large steps.

    Convolutions of 8 × 8 pixels that move by 4, 4 × 4 by 2 and 3 × 3 by 1, with 32, 64 and 64
    filters, then 512 units; ReLU between all. obs_shape: (C, H, W), as (4, 84, 84); n_actions: A.
    Raises ValueError for observations that are no images, or below 36 pixels.
    """

    def __init__(self, obs_shape: tuple[int, int, int], n_actions: int):
        super().__init__()
        if len(obs_shape) == 3:
            check_layout(obs_shape)
        if len(obs_shape) != 3 or min(obs_shape[1:]) < 36:
            raise ValueError(
                "this network is made for pictures (C, H, W) of at least 36 × 36 pixels, such as "
                f"(4, 84, 84), but the observations have the shape {obs_shape}: take channels=(16,)"
            )
        height, width = (((n - 8) // 4 - 3) // 2 - 1 for n in obs_shape[1:])  # after all three
        self.layers = nn.Sequential(
            nn.Conv2d(obs_shape[0], 32, 8, stride=4), nn.ReLU(),
            nn.Conv2d(32, 64, 4, stride=2), nn.ReLU(),
            nn.Conv2d(64, 64, 3), nn.ReLU(),
            nn.Flatten(), nn.Linear(64 * height * width, 512), nn.ReLU(),
            nn.Linear(512, n_actions),
        )  # fmt: skip

    def forward(self, obs: Tensor) -> Tensor:
        """Return the action values: [B, C, H, W] -> [B, A]."""
        return self.layers(obs)


def convolutions(
    obs_shape: tuple[int, ...], channels: Sequence[int]
) -> tuple[list[nn.Module], int]:
    """Return 3 × 3 convolutions with a ReLU after each, and how many numbers come out of them.

    obs_shape: of one observation, (C, H, W) if there are channels; channels: filters of each.
    Raises ValueError for observations that are no images, or too small.
    """
    if not channels:
        return [], obs_shape if isinstance(obs_shape, int) else math.prod(obs_shape)
    if not isinstance(obs_shape, int) and len(obs_shape) == 2:
        raise ValueError(
            f"the observations are single pictures (H, W) = {tuple(obs_shape)} without an axis of "
            "channels, but convolutions (channels) read (C, H, W): take frame_stack=2 or more, or "
            "env=lambda: FrameStack(..., k=1)"
        )
    if isinstance(obs_shape, int) or len(obs_shape) != 3:
        raise ValueError(
            "convolutions (channels) need observations of the shape (C, H, W), channels before "
            f"height and width, but this environment's have {obs_shape}: leave channels out"
        )
    check_layout(obs_shape)
    (size, height, width), layers = obs_shape, []
    if min(height, width) <= 2 * len(channels):
        raise ValueError(
            f"{len(channels)} convolutions of 3 × 3 take away {2 * len(channels)} pixels of height "
            f"and of width, and the observations (C, H, W) = {tuple(obs_shape)} have no more. Are "
            "the channels last, (H, W, C)? Then move them to the front"
        )
    for filters in channels:
        layers += [nn.Conv2d(size, filters, kernel_size=3), nn.ReLU()]
        size, height, width = filters, height - 2, width - 2
    return layers, size * height * width


def dueling(value, advantage):
    """Return action values [B, A] of a state's value [B, 1] and its actions' advantages [B, A].

    Q = V + A − mean A: without the mean, a constant could wander between V and A, and nothing would
    say what each is (Wang et al. 2016, equation 9; lesson 07).
    """
    return value + advantage - advantage.mean(dim=1, keepdim=True)


class NoisyLinear(nn.Module):
    """A linear layer whose weights are noisy, and learn how noisy to be (lesson 07).

    y = (μ + σ ∘ ε) x, and so for the bias, with factorised noise: εᵢⱼ = f(εᵢ) f(εⱼ) and
    f(x) = sign(x) √|x|, so that only inputs + outputs numbers are drawn. `reset_noise` draws them
    anew; in evaluation (`eval()`) the noise is left out. Fortunato et al. 2018, equations 9 to 11
    and section 3.2.

    sigma: σ₀, the noise at first, in units of 1/√inputs.
    """

    def __init__(self, inputs: int, outputs: int, sigma: float = 0.5):
        super().__init__()
        bound = 1 / math.sqrt(inputs)
        self.weight = nn.Parameter(torch.empty(outputs, inputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(outputs).uniform_(-bound, bound))
        self.weight_sigma = nn.Parameter(torch.full((outputs, inputs), sigma * bound))
        self.bias_sigma = nn.Parameter(torch.full((outputs,), sigma * bound))
        self.register_buffer("noise", torch.zeros(inputs + outputs))  # f(ε)

    def reset_noise(self, rng: torch.Generator) -> None:
        """Draw new noise; rng: the generator that draws."""
        self.noise.copy_(noise_of(torch.randn(self.noise.shape, generator=rng)))

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs] -> [B, outputs]"""
        if not self.training:
            return functional.linear(x, self.weight, self.bias)
        into, out = self.noise.split(self.weight.shape[::-1])  # [inputs], [outputs]
        weight = self.weight + self.weight_sigma * torch.outer(out, into)
        return functional.linear(x, weight, self.bias + self.bias_sigma * out)


def noise_of(x: Tensor) -> Tensor:
    """Return f(x) = sign(x) √|x| (Fortunato et al. 2018, section 3.2)."""
    return x.sign() * x.abs().sqrt()


class RainbowNetwork(nn.Module):
    """A network with the parts of Rainbow, each of which can be left out (lesson 07).

    dueling: two streams, each with a hidden layer of its own after the shared ones, give a state's
    value and its actions' advantages (`dueling`); noisy: layers are `NoisyLinear`; atoms: K, with
    more than one the network gives logits of a distribution over K returns, [B, *O] -> [B, A, K];
    with one it gives action values [B, A]. channels: filters of 3 × 3 convolutions before all that,
    without noise. The other arguments are those of `QNetwork`. With none of the parts it is that
    network, or `ConvNetwork`.

    Source: Hessel et al. 2018, smaller.
    """

    def __init__(
        self,
        obs_shape: tuple[int, ...] | int,
        n_actions: int,
        hidden: Sequence[int] = (64, 64),
        *,
        dueling: bool = False,
        noisy: bool = False,
        atoms: int = 1,
        channels: Sequence[int] = (),
    ):
        super().__init__()
        self.n_actions, self.noisy, self.atoms = n_actions, noisy, atoms
        linear = NoisyLinear if noisy else nn.Linear
        seeing, size = convolutions(obs_shape, channels)
        shared, own = (hidden[:-1], hidden[-1:]) if dueling else (hidden, ())
        sizes = [size, *shared]
        self.trunk = nn.Sequential(
            *seeing,
            nn.Flatten(),
            *(layer for a, b in pairwise(sizes) for layer in (linear(a, b), nn.ReLU())),
        )

        def stream(outputs: int) -> nn.Sequential:
            widths = [sizes[-1], *own]
            layers = [layer for a, b in pairwise(widths) for layer in (linear(a, b), nn.ReLU())]
            return nn.Sequential(*layers, linear(widths[-1], outputs))

        self.value = stream(atoms) if dueling else None
        self.advantage = stream(n_actions * atoms)

    def forward(self, obs: Tensor) -> Tensor:
        """Return action values [B, A], or with K atoms logits [B, A, K], of obs [B, *O]."""
        x = self.trunk(obs)
        q = self.advantage(x).unflatten(1, (self.n_actions, self.atoms))  # [B, A, K]
        if self.value is not None:
            q = dueling(self.value(x)[:, None], q)  # the mean is over actions, atom by atom
        return q.squeeze(2) if self.atoms == 1 else q

    @property
    def noisy_layers(self) -> list[NoisyLinear]:
        """The noisy layers, in their order; none if it is not noisy."""
        return [layer for layer in self.modules() if isinstance(layer, NoisyLinear)]

    def reset_noise(self, rng: torch.Generator) -> None:
        """Draw new noise for all noisy layers at once; rng: the generator that draws."""
        layers = self.noisy_layers
        sizes = [len(layer.noise) for layer in layers]
        drawn = noise_of(torch.randn(sum(sizes), generator=rng))
        for layer, noise in zip(layers, drawn.split(sizes), strict=True):
            layer.noise.copy_(noise)
