"""`networks.RainbowNetwork` of S runs, whatever parts it has, with its gradient written out.

Noise makes no other network: the layers take effective weights μ + σ ∘ ε, and what reaches these
goes on to μ as it is, and to σ times ε.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from dqnlib.networks import RainbowNetwork, noise_of
from dqnlib.seeds.chain import Backward, Forward, Layer, padded
from dqnlib.seeds.stacks import Pull, Stack, without_sharing

STREAMS = ("trunk", "value", "advantage")


class PartsStack(Stack):
    """S Rainbow networks as batched matrix products.

    With K atoms, `output`, `q_and_pull` and what `with_target` returns give logits [S, B, A, K]
    where another stack gives action values; `q` gives those.
    """

    how = "all seeds at once, as batched matrix products"

    def __init__(
        self,
        modules,
        device: str = "cpu",
        flat=None,
        values: Callable | None = None,
        of: "PartsStack | None" = None,
        rows: slice = slice(None),
    ):
        """of, rows: the stack in whose arrays these networks lie, and where."""
        super().__init__(modules, device, flat, values)
        first: RainbowNetwork = modules[0]
        self.atoms, self.n_actions = first.atoms, first.n_actions
        sizes = [len(layer.noise) for layer in first.noisy_layers]
        self._noise = (
            self.flat.new_zeros(len(modules), sum(sizes)) if of is None else of._noise[rows]
        )
        for k, module in enumerate(self.modules):  # each sees its row
            parts = zip(module.noisy_layers, self._noise[k].split(sizes), strict=True)
            for layer, part in parts:
                layer.noise = part.copy_(layer.noise)
        grads = self._views(self._tall_grad, [view.shape[1:] for view in self.views])
        self._arrays = dict(zip(self.names, zip(self.views, grads, strict=True), strict=True))
        noises = iter(self._noise.split(sizes, 1))
        theirs = iter(() if of is None else of.noisy)
        self.noisy: list[NoisyLayer] = []
        self.streams: dict[str, list[Layer]] = {name: [] for name in STREAMS}
        for name in STREAMS:
            for i, part in enumerate(getattr(first, name) or ()):
                if isinstance(part, nn.ReLU):
                    self.streams[name][-1] = self.streams[name][-1]._replace(activation="relu")
                elif not isinstance(part, nn.Flatten):
                    shared = next(theirs).effective if of is not None and first.noisy else None
                    part_noise = next(noises) if first.noisy else None
                    layer = self._layer(f"{name}.{i}", part_noise, shared, rows)
                    self.streams[name].append(layer)
        self._acting: Pass | None = None
        self._learning: Pass | None = None  # for the last size of batches

    def _layer(self, name: str, noise: Tensor | None, shared: tuple | None, rows: slice) -> Layer:
        """Return a layer of all runs, and keep what makes its weights if they are noisy."""
        weight, bias = (self._arrays[f"{name}.{kind}"] for kind in ("weight", "bias"))
        if noise is None:
            return Layer.of(self._tall(weight[0]), self._tall(bias[0]), weight[1], bias[1])
        sigmas = (self._arrays[f"{name}.{kind}_sigma"] for kind in ("weight", "bias"))
        noisy = NoisyLayer.of(weight, bias, *sigmas, noise, shared, rows)
        self.noisy.append(noisy)
        return Layer.of(*map(self._tall, noisy.effective), *noisy.slopes)

    def _tall(self, x: Tensor) -> Tensor:
        """Return an array [S, ...] with as many rows as are computed; see `seeds.dense`."""
        return x.expand(2, *x.shape[1:]) if x.shape[0] == 1 else x

    def reset_noise(self, rngs: list[torch.Generator]) -> None:
        """Draw what `RainbowNetwork.reset_noise` of each run would draw."""
        size = self._noise.shape[1]
        drawn = torch.stack([torch.randn(size, generator=rng) for rng in rngs])
        self._noise.copy_(noise_of(drawn))

    def make_weights(self) -> None:
        """Work out the effective weights of noisy layers, with the noise of the moment."""
        for layer in self.noisy:
            layer.make(self.modules[0].training)

    def pull_noise(self) -> None:
        """Carry the gradients of effective weights on to what makes them."""
        for layer in self.noisy:
            layer.pull(self.modules[0].training)

    def output(self, obs: Tensor) -> Tensor:
        """Return the networks' own outputs: [S, B, *O] -> [S, B, A] or with K atoms [S, B, A, K].

        They are written over by the next call.
        """
        if self._acting is None or self._acting.batch != obs.shape[1]:
            self._acting = Pass(self, obs.shape[1])
        self.make_weights()
        return self._acting(obs)[: len(obs)]

    def q(self, obs: Tensor) -> Tensor:
        out = self.output(obs)
        return out.clone() if self.values is None else self.valued(out)

    def q_and_pull(self, obs: Tensor) -> tuple[Tensor, Pull]:
        """As in `Stack`, of the networks' own outputs, which the next call writes over."""
        if self._learning is None or self._learning.batch != obs.shape[1]:
            self._learning = Pass(self, obs.shape[1])
            self._learning.prepare(self)
        self.make_weights()
        return self._learning(obs)[: len(obs)], self._learning.pull

    def copy(self) -> "PartsStack":
        """Return a stack of the same kind with parameters of its own."""
        modules = [without_sharing(module) for module in self.modules]
        return PartsStack(modules, str(self.flat.device), values=self.values)

    def trial(self, batch_size: int, obs_shape) -> None:
        """Nothing to try: these products are small."""

    def with_target(self) -> tuple["Stack", "Stack", Callable]:
        """As in `Stack`, of the networks' own outputs; the two stacks lie in one array."""
        s, device = len(self.flat), str(self.flat.device)
        copies = [without_sharing(module) for module in (*self.modules, *self.modules)]
        together = PartsStack(copies, device, values=self.values)
        online, target = (
            PartsStack(
                copies[rows], device, together.flat[rows], self.values, of=together, rows=rows
            )
            for rows in (slice(s), slice(s, None))
        )
        passes: dict[int, Pass] = {}

        def both(obs: Tensor, next_obs: Tensor) -> tuple[Tensor, Tensor, Pull]:
            batch = obs.shape[1]
            if batch not in passes:
                passes.clear()
                passes[batch] = Pass(together, batch)
                passes[batch].prepare(online)
            together.make_weights()
            out = passes[batch](torch.cat([obs, next_obs]))
            return out[:s], out[s:], passes[batch].pull

        return online, target, both


class Pass:
    """The passes of a stack for batches of one size, forward and, once prepared, back."""

    def __init__(self, stack: PartsStack, batch: int):
        self.batch, self._kinds = batch, (stack.n_actions, stack.atoms)
        streams = stack.streams
        self._trunk = Forward(streams["trunk"], batch) if streams["trunk"] else None
        source = self._trunk.kept[-1] if self._trunk else None
        self._advantage = Forward(streams["advantage"], batch, source)
        source = self._advantage.input
        self._value = Forward(streams["value"], batch, source) if streams["value"] else None

    def __call__(self, obs: Tensor) -> Tensor:
        """Return outputs [R, B, A] or [R, B, A, K] of obs [S, B, *O]; one run is computed twice."""
        (self._trunk or self._advantage).input.copy_(obs if obs.ndim == 3 else obs.flatten(2))
        if self._trunk:
            self._trunk.run()
        q = self._advantage.run().unflatten(2, self._kinds)  # [R, B, A, K]
        if self._value:
            q = self._value.run().unsqueeze(2) + (q - q.mean(2, keepdim=True))
        return q.squeeze(3) if self._kinds[1] == 1 else q

    def prepare(self, stack: PartsStack) -> None:
        """Make what carries gradients back into a stack: the first of those computed here."""
        self._stack, s = stack, len(stack.flat)

        def backward(name: str, forward: Forward, through: bool) -> Backward:
            kept = [stack._tall(x[:s]) for x in forward.kept]
            return Backward(stack.streams[name], kept, through=through)

        through = self._trunk is not None
        self._pulls = [backward("advantage", self._advantage, through)]
        self._pulls += [backward("value", self._value, through)] if self._value else []
        self._last = backward("trunk", self._trunk, through=False) if through else None

    def pull(self, slope: Tensor) -> None:
        """Fill the stack's gradient; slope: of the loss by the output, in its shape."""
        slopes = [slope.unsqueeze(3) if self._kinds[1] == 1 else slope]
        if self._value:
            slopes = [slopes[0] - slopes[0].mean(2, keepdim=True), slopes[0].sum(2)]
        for pull, d in zip(self._pulls, slopes, strict=True):
            pull(d.flatten(2))
        if self._last:
            at_input = self._pulls[0].at_input
            for other in self._pulls[1:]:
                at_input += other.at_input
            self._last(at_input)
        self._stack.pull_noise()


class NoisyLayer(NamedTuple):
    """What makes the effective weights of a noisy layer of all runs, and takes their gradients."""

    parameters: tuple[Tensor, ...]  # weight, bias, weight_sigma, bias_sigma: [S, ...]
    gradients: tuple[Tensor, ...]  # of these, a row more for one run
    into: Tensor  # [S, in] noise
    out: Tensor  # [S, out] noise
    noise: Tensor  # [S, out, in] the product of both
    effective: tuple[Tensor, Tensor]  # weight, bias
    slopes: tuple[Tensor, Tensor]  # their gradients, a row more for one run

    @classmethod
    def of(cls, weight, bias, weight_sigma, bias_sigma, noise, shared, rows) -> "NoisyLayer":
        """The first four: arrays and gradients of them; shared: effective arrays to lie in."""
        parameters, gradients = zip(weight, bias, weight_sigma, bias_sigma, strict=True)
        s, out, into = parameters[0].shape
        new = tuple(padded(x, *x.shape) for x in parameters[:2])
        return cls(
            parameters, gradients, *noise.split((into, out), 1), padded(noise, s, out, into),
            new if shared is None else tuple(x[rows] for x in shared),
            tuple(padded(x, *x.shape) for x in gradients[:2]),
        )  # fmt: skip

    def make(self, noisy: bool) -> None:
        """Work out the effective weights."""
        weight, bias, weight_sigma, bias_sigma = self.parameters
        if noisy:
            torch.mul(self.out.unsqueeze(2), self.into.unsqueeze(1), out=self.noise)
            torch.addcmul(weight, weight_sigma, self.noise, out=self.effective[0])
            torch.addcmul(bias, bias_sigma, self.out, out=self.effective[1])
        else:
            for kept, mean in zip(self.effective, (weight, bias), strict=True):
                kept.copy_(mean)

    def pull(self, noisy: bool) -> None:
        """Carry the effective weights' gradients on."""
        s = len(self.noise)
        slopes = [slope[:s] for slope in self.slopes]
        weight, bias, weight_sigma, bias_sigma = (gradient[:s] for gradient in self.gradients)
        weight.copy_(slopes[0])
        bias.copy_(slopes[1])
        if noisy:
            torch.mul(slopes[0], torch.mul(self.out.unsqueeze(2), self.into.unsqueeze(1)),
                      out=weight_sigma)  # fmt: skip
            torch.mul(slopes[1], self.out, out=bias_sigma)
        else:
            weight_sigma.zero_()
            bias_sigma.zero_()


def is_made_of_parts(module: nn.Module) -> bool:
    """True for the library's own network, with nothing of a learner's in it."""
    return type(module) is RainbowNetwork
