"""`networks.RainbowNetwork` of S runs, whatever parts it has: one batched product a layer."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from dqnlib.networks import NoisyLinear, RainbowNetwork, noise_of
from dqnlib.seeds.stacks import Pull, Stack


class PartsStack(Stack):
    """S Rainbow networks, computed with autograd on what all of them hold in one array.

    With K atoms, `with_target` and `output` give logits [S, B, A, K] where another stack gives
    action values; `q` gives those.
    """

    how = "all seeds at once, as batched matrix products"

    def __init__(self, modules, device: str = "cpu", flat=None, values: Callable | None = None):
        super().__init__(modules, device, flat, values)
        first: RainbowNetwork = modules[0]
        self._atoms, self._actions = first.atoms, first.n_actions
        # leaves of the same memory: autograd fills a gradient for each, and adds none up
        self._leaves = [self._tall(view.detach()).requires_grad_() for view in self.views]
        by_name = dict(zip(self.names, self._leaves, strict=True))
        sizes = [len(layer.noise) for layer in first.noisy_layers]
        self._noise = torch.zeros(len(modules), sum(sizes), device=device)
        noises = iter(self._noise.split(sizes, 1))
        for k, module in enumerate(self.modules):  # each sees its row
            parts = zip(module.noisy_layers, self._noise[k].split(sizes), strict=True)
            for layer, part in parts:
                layer.noise = part.copy_(layer.noise)
        self._streams = {
            name: [
                self._step(f"{name}.{i}", part, by_name, noises) for i, part in enumerate(stream)
            ]
            for name in ("trunk", "value", "advantage")
            if (stream := getattr(first, name)) is not None
        }

    def _step(self, name: str, part: nn.Module, leaves: dict[str, Tensor], noises) -> Callable:
        """Return what computes one part of a stream for all runs."""
        if isinstance(part, NoisyLinear):
            kinds = ("weight", "bias", "weight_sigma", "bias_sigma")
            rows = part.weight.shape[::-1]
            into, out = self._tall(next(noises)).split(rows, 1)
            return NoisyStep(*(leaves[f"{name}.{kind}"] for kind in kinds), into, out, self.modules)
        if isinstance(part, nn.Linear):
            weight, bias = leaves[f"{name}.weight"], leaves[f"{name}.bias"]
            return lambda x: torch.baddbmm(bias.unsqueeze(1), x, weight.mT)
        return torch.relu if isinstance(part, nn.ReLU) else lambda x: x  # flat already

    def _tall(self, x: Tensor) -> Tensor:
        """Return an array [S, ...] with as many rows as are computed; see `seeds.dense`."""
        return x.expand(2, *x.shape[1:]) if x.shape[0] == 1 else x

    def reset_noise(self, rngs: list[torch.Generator]) -> None:
        """Draw what `RainbowNetwork.reset_noise` of each run would draw."""
        size = self._noise.shape[1]
        drawn = torch.stack([torch.randn(size, generator=rng) for rng in rngs])
        self._noise.copy_(noise_of(drawn))

    def _compute(self, obs: Tensor) -> Tensor:
        """Return outputs [R, B, A] or [R, B, A, K] of obs [S, B, *O]; one run is computed twice."""
        x = self._tall(obs.flatten(2))
        for step in self._streams["trunk"]:
            x = step(x)
        q = x
        for step in self._streams["advantage"]:
            q = step(q)
        q = q.unflatten(2, (self._actions, self._atoms))
        if "value" in self._streams:
            value = x
            for step in self._streams["value"]:
                value = step(value)
            q = value.unsqueeze(2) + q - q.mean(2, keepdim=True)
        return q.squeeze(3) if self._atoms == 1 else q

    def output(self, obs: Tensor) -> Tensor:
        """Return the networks' own outputs without gradients: [S, B, *O] -> [S, B, A] or with K."""
        with torch.no_grad():
            return self._compute(obs)[: len(obs)]

    def q(self, obs: Tensor) -> Tensor:
        return self.valued(self.output(obs))

    def q_and_pull(self, obs: Tensor) -> tuple[Tensor, Pull]:
        """As in `Stack`, of the networks' own outputs."""
        with torch.enable_grad():
            out = self._compute(obs)[: len(obs)]

        def pull(slope: Tensor) -> None:
            grads = torch.autograd.grad(out, self._leaves, slope, allow_unused=True)
            views = self._views(self.grad, [view.shape[1:] for view in self.views])
            for view, grad in zip(views, grads, strict=True):
                if grad is None:  # noise that is left out
                    view.zero_()
                else:
                    view.copy_(grad[: len(view)])

        return out.detach(), pull

    def with_target(self) -> tuple["Stack", "Stack", Callable]:
        """As in `Stack`, of the networks' own outputs."""
        online, target = self, self.copy()

        def both(obs: Tensor, next_obs: Tensor) -> tuple[Tensor, Tensor, Pull]:
            next_out = target.output(next_obs)
            out, pull = online.q_and_pull(obs)
            return out, next_out, pull

        return online, target, both


class NoisyStep(NamedTuple):
    """A noisy layer of all runs."""

    weight: Tensor  # [R, out, in]
    bias: Tensor  # [R, out]
    weight_sigma: Tensor  # [R, out, in]
    bias_sigma: Tensor  # [R, out]
    into: Tensor  # [R, in] noise
    out: Tensor  # [R, out] noise
    modules: list[nn.Module]  # whose `training` says whether there is any

    def __call__(self, x: Tensor) -> Tensor:
        """[R, B, in] -> [R, B, out]"""
        weight, bias = self.weight, self.bias
        if self.modules[0].training:
            noise = self.out.unsqueeze(2) * self.into.unsqueeze(1)
            weight, bias = weight + self.weight_sigma * noise, bias + self.bias_sigma * self.out
        return torch.baddbmm(bias.unsqueeze(1), x, weight.mT)


def is_made_of_parts(module: nn.Module) -> bool:
    """True for the library's own network, with nothing of a learner's in it."""
    return type(module) is RainbowNetwork
