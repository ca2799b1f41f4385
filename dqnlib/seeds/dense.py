"""Networks of fully connected layers of S runs, as batched matrix products: the quickest stack.

On a processor, row k has the same bits in a stack of any height: rows are padded to a multiple of
64 numbers, so that vector instructions split each in the same way, and a stack of one is computed
as two equal ones, because MKL takes another routine for a single matrix product, and so rounds in
another way. (All of this was found by trying, with MKL, AVX2 and AVX-512, one to eight threads.
With four or more, hidden sizes that are no multiples of 16 can differ in the last bit.)
"""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from dqnlib.device import side_by_side
from dqnlib.seeds.learner import first_line
from dqnlib.seeds.stacks import Pull, Stack, without_sharing

NARROW = 16  # a layer with fewer outputs is quicker with its factors the other way round
SHARED = 6_000_000  # multiplications of a forward pass; with more, two threads are quicker


class DenseStack(Stack):
    """S networks of fully connected layers, with a backward pass written out: the quickest.

    Each layer is one batched matrix product; the gradient needs no autograd graph.
    """

    how = "all seeds at once, as batched matrix products"

    def __init__(self, modules, device: str = "cpu", flat=None, values: Callable | None = None):
        super().__init__(modules, device, flat, values)
        if values is not None:
            raise NotImplementedError("its outputs are no action values yet")
        where = {id(p): k for k, p in enumerate(modules[0].parameters())}
        self._padding = torch.zeros_like(self.flat[:, sum(self._sizes) :])
        self._layers: list[Layer] = []
        for step in dense_layers(modules[0]):
            if isinstance(step, Dense):
                weight, bias = (self.views[where[id(p)]] for p in step)
                self._layers.append(Layer.of(self._tall(weight), self._tall(bias)))
            else:
                self._layers[-1] = self._layers[-1]._replace(activation=step)

    def _tall(self, x: Tensor) -> Tensor:
        """Return an array [S, ...] with as many rows as are computed."""
        return x.expand(2, *x.shape[1:]) if x.shape[0] == 1 else x

    def with_target(self) -> tuple["Stack", "Stack", Callable]:
        """As in `Stack`, with the two stacks in one array, so that one call computes both.

        Where there is much to compute, a second Python thread computes half of it.
        """
        s, width = self.flat.shape
        flat = torch.zeros(2 * s, width, device=self.flat.device)
        copies = [without_sharing(module) for module in (*self.modules, *self.modules)]
        together = DenseStack(copies, str(self.flat.device), flat)
        online = DenseStack(copies[:s], str(self.flat.device), flat[:s])
        target = DenseStack(copies[s:], str(self.flat.device), flat[s:])

        # PyTorch was told to use one thread where other runs have the other cores
        may_share = s >= 4 and self.flat.device.type == "cpu" and torch.get_num_threads() > 1

        def both(obs: Tensor, next_obs: Tensor) -> tuple[Tensor, Tensor, Pull]:
            if may_share and obs.shape[1] * online.flat.numel() > SHARED:
                kept, next_kept = side_by_side(
                    lambda: online._forward(obs), lambda: target._forward(next_obs)
                )
                return kept[-1], next_kept[-1], lambda dq: online._backward_in_halves(kept, dq)
            kept = together._forward(torch.cat([obs, next_obs]))
            learning = [x[:s] for x in kept]
            return kept[-1][:s], kept[-1][s:], lambda dq: online._backward(learning, dq)

        return online, target, both

    def trial(self, batch_size: int, obs_shape) -> None:
        """Nothing to try: where two threads pay, they share the rows."""

    def _forward(self, obs: Tensor) -> list[Tensor]:
        x = self._tall(obs if obs.ndim == 3 else obs.flatten(2))
        kept = [x]  # the input of each layer, and q at last
        for layer in self._layers:
            if layer.is_narrow:  # quicker the other way round
                x = torch.baddbmm(layer.bias_column, layer.weight, x.mT).mT
            else:
                x = torch.baddbmm(layer.bias_row, x, layer.turned)
            if layer.activation == "relu":
                x.relu_()
            elif layer.activation == "tanh":
                x.tanh_()
            kept.append(x)
        return kept

    # `flat` asks for no gradient, so that none of this makes a graph

    def q(self, obs: Tensor) -> Tensor:
        return self._forward(obs)[-1][: len(obs)]

    def q_and_pull(self, obs: Tensor) -> tuple[Tensor, Pull]:
        kept = self._forward(obs)
        return kept[-1][: len(obs)], lambda dq: self._backward(kept, dq)

    def _backward_in_halves(self, kept: list[Tensor], d: Tensor) -> None:
        half = len(d) // 2  # each half has two rows at least
        side_by_side(
            lambda: self._backward(kept, d, slice(0, half)),
            lambda: self._backward(kept, d, slice(half, len(d))),
        )

    def _backward(self, kept: list[Tensor], d: Tensor, rows: slice | None = None) -> None:
        """The chain rule for some rows, from the last layer to the first; d: [S, B, A]."""
        grad, padding, s = self.grad, self._padding, None
        weights = [layer.weight for layer in self._layers]
        if rows is not None:
            grad, padding, d = grad[rows], padding[rows], d[rows]
            kept, weights = [x[rows] for x in kept], [weight[rows] for weight in weights]
        elif grad.shape[0] == 1:
            s, d, kept = 1, self._tall(d), [self._tall(x) for x in kept]
        parts: list[Tensor] = [padding]
        for k in reversed(range(len(weights))):
            activation, x = self._layers[k].activation, kept[k]
            if activation == "relu":
                d = torch.ops.aten.threshold_backward(d, kept[k + 1], 0)
            elif activation == "tanh":
                d = torch.ops.aten.tanh_backward(d, kept[k + 1])
            dw = torch.bmm(x.mT, d).mT if x.shape[2] < NARROW else torch.bmm(d.mT, x)
            parts += [d.sum(1)[:s], dw[:s].flatten(1)]  # [S, out], [S, out · in]
            if k:
                d = torch.bmm(d, weights[k])
        parts.reverse()
        torch.cat(parts, 1, out=grad)


class Layer(NamedTuple):
    """A layer of S runs, in the forms that its products take: all are views of the same numbers."""

    weight: Tensor  # [S, out, in]
    turned: Tensor  # [S, in, out]
    bias_row: Tensor  # [S, 1, out]
    bias_column: Tensor  # [S, out, 1]
    is_narrow: bool
    activation: str | None = None  # after it

    @classmethod
    def of(cls, weight: Tensor, bias: Tensor) -> "Layer":
        """weight: [S, out, in]; bias: [S, out]"""
        is_narrow = weight.shape[1] < NARROW
        return cls(weight, weight.mT, bias.unsqueeze(1), bias.unsqueeze(2), is_narrow)


class Dense(NamedTuple):
    """A fully connected layer, by its parameters."""

    weight: nn.Parameter  # [out, in]
    bias: nn.Parameter  # [out]


def dense_layers(module: nn.Module) -> list:
    """Return a module's fully connected layers and the activation after each, "relu" or "tanh".

    One forward pass is recorded, so the module may be written in any way. Raises
    NotImplementedError if it calls anything but flatten, linear, ReLU and Tanh in a row, each layer
    once, with its parameters in that order.
    """
    parameters = list(module.parameters())
    matrices = [p for p in parameters if p.ndim == 2]
    if not matrices:
        raise NotImplementedError("it has no fully connected layer")
    tape = _Tape(torch.zeros(2, matrices[0].shape[1], device=matrices[0].device))
    try:
        with torch.no_grad(), tape:
            result = module(tape.last)
    except Exception as error:  # another layer, a branch on data, an unknown call, ...
        raise NotImplementedError(first_line(error)) from None
    steps = tape.steps
    if result is not tape.last:
        raise NotImplementedError("the output is not the last value")
    order = [p for step in steps if isinstance(step, Dense) for p in step]
    if len(order) != len(parameters) or any(a is not b for a, b in zip(order, parameters)):
        raise NotImplementedError("its parameters are not those of its Linear layers, in order")
    if not isinstance(steps[0], Dense):
        raise NotImplementedError("it does not begin with a Linear layer")
    if any(isinstance(a, str) and isinstance(b, str) for a, b in pairwise(steps)):
        raise NotImplementedError("two activations in a row")
    return steps


class _Tape(TorchFunctionMode):
    """Records what is called in this thread alone; a lab may train in another one meanwhile."""

    def __init__(self, obs: Tensor):
        super().__init__()
        self.last = obs  # what the next call must take
        self.steps: list[Dense | str] = []

    def __torch_function__(self, called, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        step = self._read(called, args, kwargs)
        self.steps += [step] if step else []
        self.last = called(*args, **kwargs)
        return self.last

    def _read(self, called, args: tuple, kwargs: dict) -> "Dense | str":
        """Return what a call does; an empty text for one that changes nothing."""
        if not args or args[0] is not self.last:
            raise NotImplementedError(
                f"{called.__name__} takes another input than the value before"
            )
        extra = args[1:]
        if called is functional.linear:
            weight, bias = [*extra, *kwargs.values(), None][:2]
            if isinstance(weight, nn.Parameter) and isinstance(bias, nn.Parameter):
                return Dense(weight, bias)
        elif called in _RELU:
            return "relu"
        elif called in _TANH:
            return "tanh"
        elif called in (torch.flatten, Tensor.flatten) and not self.steps:
            ends = dict(zip(("start_dim", "end_dim"), extra)) | kwargs
            if ends in ({"start_dim": 1}, {"start_dim": 1, "end_dim": -1}):
                return ""
        raise NotImplementedError(f"it calls {called.__name__}")


_RELU = (torch.relu, torch.relu_, functional.relu, Tensor.relu, Tensor.relu_)
_TANH = (torch.tanh, Tensor.tanh)
