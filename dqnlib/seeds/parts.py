"""Rainbow networks and networks of images of S runs, with their gradient written out.

Noise makes no other network: the layers take effective weights μ + σ ∘ ε, and what reaches these
goes on to μ as it is, and to σ times ε.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from dqnlib.networks import ConvNetwork, NoisyLinear, RainbowNetwork, noise_of
from dqnlib.seeds.chain import Backward, Forward, Layer, padded
from dqnlib.seeds.convolutions import Convolution, Seeing
from dqnlib.seeds.stacks import Pull, Stack, without_sharing

STREAMS = {  # where a module's layers are, in the order of their parameters
    RainbowNetwork: {"trunk": "trunk", "value": "value", "advantage": "advantage"},
    ConvNetwork: {"advantage": "layers"},
}


class PartsStack(Stack):
    """S networks of `networks.RainbowNetwork` or `ConvNetwork` as batched matrix products.

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
        first = modules[0]
        self.atoms = getattr(first, "atoms", 1)
        noisy = [layer for layer in first.modules() if isinstance(layer, NoisyLinear)]
        sizes = [len(layer.noise) for layer in noisy]
        self._noise = (
            self.flat.new_zeros(len(modules), sum(sizes)) if of is None else of._noise[rows]
        )
        for k, module in enumerate(self.modules if noisy else ()):  # each sees its row
            parts = zip(module.noisy_layers, self._noise[k].split(sizes), strict=True)
            for layer, part in parts:
                layer.noise = part.copy_(layer.noise)
        grads = self._views(self._tall_grad, [view.shape[1:] for view in self.views])
        self._arrays = dict(zip(self.names, zip(self.views, grads, strict=True), strict=True))
        noises = iter(self._noise.split(sizes, 1))
        theirs = iter(() if of is None else of.noisy)
        self.noisy: list[NoisyLayer] = []
        self.convolutions: list[Convolution] = []
        self.streams: dict[str, list[Layer]] = {"trunk": [], "value": [], "advantage": []}
        for stream, name in STREAMS[type(first)].items():
            layers = self.streams[stream]
            for i, part in enumerate(getattr(first, name) or ()):
                if isinstance(part, nn.ReLU):
                    layers[-1] = layers[-1]._replace(activation="relu")
                elif isinstance(part, nn.Conv2d):
                    layers.append(self._layer(f"{name}.{i}", None, None, rows))
                elif isinstance(part, nn.Flatten):  # what came before it were convolutions
                    self.convolutions = [Convolution.of(layer) for layer in layers]
                    layers.clear()
                else:
                    shared = next(theirs).effective if of is not None and noisy else None
                    part_noise = next(noises) if noisy else None
                    layers.append(self._layer(f"{name}.{i}", part_noise, shared, rows))
        self.n_actions = self.streams["advantage"][-1].weight.shape[1] // self.atoms
        self._acting: Pass | None = None
        self._learning: Pass | None = None  # for the last size of batches

    def _layer(self, name: str, noise: Tensor | None, shared: tuple | None, rows: slice) -> Layer:
        """Return a layer of all runs, and keep what makes its weights if they are noisy.

        A convolution's weights [S, F, C, 3, 3] become [S, F, C × 3 × 3].
        """
        weight, bias = (self._arrays[f"{name}.{kind}"] for kind in ("weight", "bias"))
        if noise is None:
            flat = (self._tall(weight[0]).flatten(2), weight[1].flatten(2))  # of a convolution
            return Layer.of(flat[0], self._tall(bias[0]), flat[1], bias[1])
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
            self._acting = Pass(self, obs.shape[1:])
        self.make_weights()
        return self._acting(obs)[: len(obs)]

    def q(self, obs: Tensor) -> Tensor:
        out = self.output(obs)
        return out.clone() if self.values is None else self.valued(out)

    def q_and_pull(self, obs: Tensor) -> tuple[Tensor, Pull]:
        """As in `Stack`, of the networks' own outputs, which the next call writes over."""
        if self._learning is None or self._learning.batch != obs.shape[1]:
            self._learning = Pass(self, obs.shape[1:])
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
                passes[batch] = Pass(together, obs.shape[1:])
                passes[batch].prepare(online)
            together.make_weights()
            out = passes[batch](torch.cat([obs, next_obs]))
            return out[:s], out[s:], passes[batch].pull

        return online, target, both


class Pass:
    """The passes of a stack for batches of one size, forward and, once prepared, back."""

    def __init__(self, stack: PartsStack, shape: torch.Size):
        """shape: (B, *O) of what comes"""
        self.batch, self._kinds = shape[0], (stack.n_actions, stack.atoms)
        streams, batch = stack.streams, self.batch
        seeing = stack.convolutions
        self._seeing = Seeing(seeing, batch, tuple(shape[1:])) if seeing else None
        source = self._seeing.output if self._seeing else None
        self._trunk = Forward(streams["trunk"], batch, source) if streams["trunk"] else None
        source = self._trunk.kept[-1] if self._trunk else source
        self._advantage = Forward(streams["advantage"], batch, source)
        source = self._advantage.input
        self._value = Forward(streams["value"], batch, source) if streams["value"] else None

    def __call__(self, obs: Tensor) -> Tensor:
        """Return outputs [R, B, A] or [R, B, A, K] of obs [S, B, *O]; one run is computed twice."""
        if self._seeing:
            self._seeing(obs)
        else:
            first = self._trunk or self._advantage
            first.input.copy_(obs if obs.ndim == 3 else obs.flatten(2))
        if self._trunk:
            self._trunk.run()
        q = self._advantage.run().unflatten(2, self._kinds)  # [R, B, A, K]
        if self._value:
            q = self._value.run().unsqueeze(2) + (q - q.mean(2, keepdim=True))
        return q.squeeze(3) if self._kinds[1] == 1 else q

    def prepare(self, stack: PartsStack) -> None:
        """Make what carries gradients back into a stack: the first of those computed here."""
        self._stack, s = stack, len(stack.flat)

        def rows(x: Tensor) -> Tensor:
            return stack._tall(x[:s])

        def backward(name: str, forward: Forward, through: bool) -> Backward:
            return Backward(stack.streams[name], [rows(x) for x in forward.kept], through=through)

        sees, thinks = self._seeing is not None, self._trunk is not None
        self._pulls = [backward("advantage", self._advantage, sees or thinks)]
        self._pulls += [backward("value", self._value, sees or thinks)] if self._value else []
        self._last = backward("trunk", self._trunk, through=sees) if thinks else None
        if sees:
            self._seeing.prepare(stack.convolutions, rows)

    def pull(self, slope: Tensor) -> None:
        """Fill the stack's gradient; slope: of the loss by the output, in its shape."""
        slopes = [slope.unsqueeze(3) if self._kinds[1] == 1 else slope]
        if self._value:
            slopes = [slopes[0] - slopes[0].mean(2, keepdim=True), slopes[0].sum(2)]
        for pull, d in zip(self._pulls, slopes, strict=True):
            pull(d.flatten(2))
        if self._last or self._seeing:
            at_input = self._pulls[0].at_input
            for other in self._pulls[1:]:
                at_input += other.at_input
            if self._last:
                self._last(at_input)
                at_input = self._last.at_input
            if self._seeing:
                self._seeing.pull(at_input)
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
    """True for a network of the library's own, with nothing of a learner's in it."""
    return type(module) in STREAMS
