"""Rainbow networks and networks of images of S runs, with their gradient written out.

Noise makes no other network: the layers take effective weights μ + σ ∘ ε, and what reaches these
goes on to μ as it is, and to σ times ε.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from dqnlib.networks import ConvNetwork, NoisyLinear, RainbowNetwork, noise_of
from dqnlib.replay import as_input
from dqnlib.seeds.chain import Backward, Forward, Layer, padded
from dqnlib.seeds.convolutions import Convolution, Seeing
from dqnlib.seeds.stacks import Pull, Stack, without_sharing

STREAMS = {  # where a module's layers are, in the order of their parameters
    RainbowNetwork: {"trunk": "trunk", "value": "value", "advantage": "advantage"},
    ConvNetwork: {"advantage": "layers"},
}
SIGMA = "_sigma"  # how the names of what makes layers noisy end


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
        grads = self._views(self._tall_grad, [view.shape[1:] for view in self.views])
        self._arrays = dict(zip(self.names, zip(self.views, grads, strict=True), strict=True))
        sigmas = [name for name in self.names if name.endswith(SIGMA)]
        self.noise: Noise | None = None
        if sigmas:
            self._make_noise(sigmas, None if of is None else of.noise, rows)
        self.convolutions: list[Convolution] = []
        self.streams: dict[str, list[Layer]] = {"trunk": [], "value": [], "advantage": []}
        for stream, name in STREAMS[type(first)].items():
            layers = self.streams[stream]
            for i, part in enumerate(getattr(first, name) or ()):
                if isinstance(part, nn.ReLU):
                    layers[-1] = layers[-1]._replace(activation="relu")
                elif isinstance(part, nn.Flatten):  # what came before it were convolutions
                    self.convolutions = [Convolution.of(layer) for layer in layers]
                    layers.clear()
                else:
                    layers.append(self._layer(f"{name}.{i}"))
        self.n_actions = self.streams["advantage"][-1].weight.shape[1] // self.atoms
        self._acting: Pass | None = None  # for one observation
        self._ahead: Pass | None = None
        self._learning: Pass | None = None  # for the last size of batches

    @staticmethod
    def order(module: nn.Module) -> list[str]:
        """As in `Stack`: what says how noisy a layer is comes last, so that one call takes all."""
        return sorted(Stack.order(module), key=lambda name: name.endswith(SIGMA))

    def _make_noise(self, sigmas: list[str], shared: "Noise | None", rows: slice) -> None:
        """Make what adds noise to the noisy layers; shared, rows: a noise to lie in, and where."""
        names = [name.removesuffix(SIGMA) for name in sigmas]  # weights and biases in turns
        sizes = [self._arrays[name][0][0].numel() for name in names]
        start, middle = (self._start_of(group[0]) for group in (names, sigmas))
        width = sum(sizes)
        cut = [(at, at + width) for at in (start, middle)]
        self.noise = Noise(
            [self.flat[:, a:b] for a, b in cut], [self._tall_grad[:, a:b] for a, b in cut],
            [self._arrays[name][0].shape[1:] for name in names], shared, rows,
        )  # fmt: skip
        self._effective = dict(zip(names, self.noise.effective, strict=True))
        ends = [len(layer.noise) for layer in self.modules[0].noisy_layers]
        for k, module in enumerate(self.modules):  # each sees its row
            parts = zip(module.noisy_layers, self.noise.drawn[k].split(ends), strict=True)
            for layer, part in parts:
                layer.noise = part.copy_(layer.noise)

    def _start_of(self, name: str) -> int:
        """Return where a parameter begins in a row of `flat`."""
        return sum(self._sizes[: self.names.index(name)])

    def _layer(self, name: str) -> Layer:
        """Return a layer of all runs; a convolution's weights become [S, F, C × 3 × 3]."""
        (weight, slope), (bias, bias_slope) = (
            self._arrays[f"{name}.{kind}"] for kind in ("weight", "bias")
        )
        if self.noise and f"{name}.weight" in self._effective:
            weight, bias = (self._effective[f"{name}.{kind}"] for kind in ("weight", "bias"))
        tall = self._tall(weight).flatten(2), self._tall(bias)
        return Layer.of(*tall, slope.flatten(2), bias_slope)

    def _noisy_streams(self) -> dict[str, list["NoisyLayer"]]:
        """Return the layers as `NoisyForward` takes them."""
        inner = iter(self.noise.factors)
        found = {}
        for stream, layers in self.streams.items():
            name = STREAMS[RainbowNetwork][stream]
            places = [i for i, part in enumerate(getattr(self.modules[0], name) or ())
                      if isinstance(part, NoisyLinear)]  # fmt: skip
            found[stream] = []
            for i, layer in zip(places, layers, strict=True):
                kinds = ("weight", "bias", "weight_sigma", "bias_sigma")
                arrays = (self._arrays[f"{name}.{i}.{kind}"][0] for kind in kinds)
                each = (self._tall(x) for x in (*arrays, *next(inner)))
                found[stream].append(NoisyLayer.of(*each, layer.activation))
        return found

    def reset_noise(self, rngs: list[torch.Generator]) -> None:
        """Draw what `RainbowNetwork.reset_noise` of each run would draw."""
        size = self.noise.drawn.shape[1]
        drawn = torch.stack([torch.randn(size, generator=rng) for rng in rngs])
        self.noise.drawn.copy_(noise_of(drawn))

    def make_weights(self) -> None:
        """Work out the effective weights of noisy layers, with the noise of the moment."""
        if self.noise:
            self.noise.make(self.modules[0].training)

    def pull_noise(self) -> None:
        """Carry the gradients of effective weights on to what makes them."""
        if self.noise:
            self.noise.pull(self.modules[0].training)

    def output(self, obs: Tensor) -> Tensor:
        """Return the networks' own outputs: [S, B, *O] -> [S, B, A] or with K atoms [S, B, A, K].

        They are written over by the next call.
        """
        self.make_weights()
        return self._again(obs)

    def _again(self, obs: Tensor) -> Tensor:
        """As `output`, where the effective weights are what they were."""
        if self._ahead is None or self._ahead.batch != obs.shape[1]:
            self._ahead = Pass(self, obs.shape[1:])
        return self._ahead(obs)[: len(obs)]

    def q(self, obs: Tensor) -> Tensor:
        out = self.output(obs)
        return out.clone() if self.values is None else self.valued(out)

    def q_again(self, obs: Tensor) -> Tensor:
        return self.valued(self._again(obs))

    def q_of_one(self, obs: np.ndarray) -> np.ndarray:
        """As in `Stack`; noise is drawn for this one observation, so it makes no weights."""
        if self.noise and not self.modules[0].training:
            return super().q_of_one(obs)
        if self._acting is None:
            streams = self._noisy_streams() if self.noise else None
            self._acting = Pass(self, (1, *obs.shape[1:]), streams)
        x = as_input(torch.from_numpy(obs), self.flat.device).unsqueeze(1)
        return self.valued(self._acting(x)[: len(obs)]).squeeze(1).cpu().numpy()

    def q_and_pull(self, obs: Tensor) -> tuple[Tensor, Pull]:
        """As in `Stack`, of the networks' own outputs, which the next call writes over."""
        if self._learning is None or self._learning.batch != obs.shape[1]:
            self._learning = Pass(self, obs.shape[1:])
            self._learning.prepare(self)
        self.make_weights()
        return self._learning(obs)[: len(obs)], self._learning.pull

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

    def __init__(self, stack: PartsStack, shape: tuple[int, ...], streams: dict | None = None):
        """shape: (B, *O) of what comes; streams: others than the stack's, for the way forward."""
        self.batch, self._kinds = shape[0], (stack.n_actions, stack.atoms)
        streams, batch = streams or stack.streams, shape[0]
        kind = Forward if streams is stack.streams else NoisyForward
        seeing = stack.convolutions
        self._seeing = Seeing(seeing, batch, tuple(shape[1:])) if seeing else None
        source = self._seeing.output if self._seeing else None
        self._trunk = kind(streams["trunk"], batch, source) if streams["trunk"] else None
        source = self._trunk.kept[-1] if self._trunk else source
        self._advantage = kind(streams["advantage"], batch, source)
        source = self._advantage.input
        self._value = kind(streams["value"], batch, source) if streams["value"] else None

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
    """A noisy layer of all runs in the forms that the products of few observations take."""

    bias: Tensor  # [R, 1, out]
    turned: Tensor  # [R, in, out]
    bias_sigma: Tensor
    turned_sigma: Tensor
    inner: Tensor  # [R, 1, in] noise
    outer: Tensor  # [R, 1, out] noise
    activation: str | None

    @classmethod
    def of(cls, weight, bias, weight_sigma, bias_sigma, inner, outer, activation) -> "NoisyLayer":
        """weight, weight_sigma: [R, out, in]; bias, bias_sigma, outer: [R, out]; inner: [R, in]"""
        rows = [x.unsqueeze(1) for x in (bias, bias_sigma, inner, outer)]
        return cls(rows[0], weight.mT, rows[1], weight_sigma.mT, *rows[2:], activation)


class NoisyForward:
    """The forward pass of noisy layers without their noisy weights, as a `chain.Forward`.

    (μ + σ ∘ f(εₒ) f(εᵢ)ᵀ) x = μ x + f(εₒ) ∘ σ (f(εᵢ) ∘ x): two products in place of writing all
    weights. That is quicker for one observation.
    """

    def __init__(self, layers: list[NoisyLayer], batch: int, source: Tensor | None = None):
        rows, inputs, _ = layers[0].turned.shape
        self.batch = batch
        self.input = padded(layers[0].turned, rows, batch, inputs) if source is None else source
        outputs = [padded(x.turned, rows, batch, x.turned.shape[2]) for x in layers]
        self.kept, self._layers = [self.input, *outputs], layers

    def run(self) -> Tensor:
        """Return outputs [R, B, ...] of what lies in `input`."""
        for layer, x, out in zip(self._layers, self.kept, self.kept[1:]):
            torch.baddbmm(layer.bias, x, layer.turned, out=out)
            spread = torch.baddbmm(layer.bias_sigma, x * layer.inner, layer.turned_sigma)
            out.addcmul_(spread, layer.outer)
            if layer.activation:
                out.relu_()
        return self.kept[-1]


class Noise:
    """What makes the effective weights of all noisy layers of S runs, and takes their gradients.

    A gradient by an effective weight is that by its μ: it is written there, and times the noise it
    is that by its σ.
    """

    def __init__(
        self,
        parameters: list[Tensor],
        gradients: list[Tensor],
        shapes: list[torch.Size],
        shared: "Noise | None",
        rows: slice,
    ):
        """parameters, gradients: of μ and of σ, [S, M] each; shapes: of weights and biases.

        shared, rows: a noise whose arrays these are part of, and which.
        """
        self._parameters, self._gradients = parameters, gradients
        s, width = parameters[0].shape
        weights = shapes[::2]
        ends = [out + into for out, into in weights]
        if shared is None:
            self.drawn = parameters[0].new_zeros(s, sum(ends))  # f(ε) of inputs and outputs
            self._whole, self._noise = (padded(parameters[0], s, width) for _ in range(2))
        else:
            self.drawn, self._whole = shared.drawn[rows], shared._whole[rows]
            self._noise = shared._noise[rows]
        self._products = []  # what makes the noise of each layer
        self.factors = []  # the same, of inputs [S, in] and of outputs [S, out]
        sizes = [shape.numel() for shape in shapes]

        def views(x: Tensor) -> list[Tensor]:
            return [
                part.unflatten(1, shape)
                for part, shape in zip(x.split(sizes, 1), shapes, strict=True)
            ]

        self.effective, noises = views(self._whole), views(self._noise)
        drawn = self.drawn.split(ends, 1)
        for k, (out, into) in enumerate(weights):
            inner, outer = drawn[k].split((into, out), 1)
            self.factors.append((inner, outer))
            self._products.append(
                (outer.unsqueeze(2), inner.unsqueeze(1), noises[2 * k], outer, noises[2 * k + 1])
            )

    def make(self, noisy: bool) -> None:
        """Work out the effective weights."""
        mean, spread = self._parameters
        if not noisy:
            self._whole.copy_(mean)
            return
        for outer, inner, weight, out, bias in self._products:
            torch.mul(outer, inner, out=weight)
            bias.copy_(out)
        torch.addcmul(mean, spread, self._noise, out=self._whole)

    def pull(self, noisy: bool) -> None:
        """Carry the effective weights' gradients on."""
        mean, spread = (gradient[: len(self._whole)] for gradient in self._gradients)
        if noisy:
            torch.mul(mean, self._noise, out=spread)
        else:
            spread.zero_()


def is_made_of_parts(module: nn.Module) -> bool:
    """True for a network of the library's own, with nothing of a learner's in it."""
    return type(module) in STREAMS
