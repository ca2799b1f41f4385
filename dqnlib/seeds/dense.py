"""Networks of fully connected layers of S runs, as batched matrix products: the quickest stack.

On a processor, row k has the same bits in a stack of any height: rows are padded to a multiple of
64 numbers, so that vector instructions split each in the same way, and a stack of one is computed
as two equal ones, because MKL takes another routine for a single matrix product, and so rounds in
another way. (All of this was found by trying, on one thread, with MKL, AVX2 and AVX-512. On several
threads, with which the trainer never computes these, the last bit can differ.)
"""

import functools
import math
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from dqnlib.device import side_by_side
from dqnlib.seeds.learner import first_line
from dqnlib.seeds.stacks import Pull, Stack, without_sharing

NARROW = 16  # a layer with fewer outputs is quicker with its factors the other way round
# Multiplications of a forward pass; with more, two threads share them. Beside other programs, at a
# load of 8 on two cores, an update of ten networks took so many times as long on one thread as on
# two: 64-64 in batches of 64 (3 million) 0.7, 128-128 of 128 (22 million) 0.8, 256-256 of 128 (87
# million) 1.3. Where the cores are free, two threads may pay earlier; that was not measured.
SHARED = 40_000_000


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
        grads = self._views(self._tall_grad, [view.shape[1:] for view in self.views])
        self._layers: list[Layer] = []
        for step in dense_layers(modules[0]):
            if isinstance(step, Dense):
                at = [where[id(p)] for p in step]
                tall = [self._tall(self.views[k]) for k in at]
                self._layers.append(Layer.of(*tall, *(grads[k] for k in at)))
            else:
                self._layers[-1] = self._layers[-1]._replace(activation=step)
        self._acting = self._arrays() if self.flat.device.type == "cpu" else None
        self._learning: tuple[Forward, Backward] | None = None  # for the last size of batches

    def _tall(self, x: Tensor) -> Tensor:
        """Return an array [S, ...] with as many rows as are computed."""
        return x.expand(2, *x.shape[1:]) if x.shape[0] == 1 else x

    def with_target(self) -> tuple["Stack", "Stack", Callable]:
        """As in `Stack`, with the two stacks in one array, so that one call computes both.

        Where there is much to compute, a second Python thread computes half of it. What `both`
        returns is written over by its next call.
        """
        s, width = self.flat.shape
        flat = torch.zeros(2 * s, width, device=self.flat.device)
        copies = [without_sharing(module) for module in (*self.modules, *self.modules)]
        together = DenseStack(copies, str(self.flat.device), flat)
        online = DenseStack(copies[:s], str(self.flat.device), flat[:s])
        target = DenseStack(copies[s:], str(self.flat.device), flat[s:])
        return online, target, Both(online, target, together)

    def trial(self, batch_size: int, obs_shape) -> None:
        """Nothing to try: where two threads pay, they share the rows."""

    # `flat` asks for no gradient, so that none of this makes a graph

    def q(self, obs: Tensor) -> Tensor:
        forward = Forward(self._layers, obs.shape[1])
        return forward(obs)[: len(obs)]

    def _arrays(self) -> list[tuple[np.ndarray, np.ndarray, Callable | None]]:
        """Return NumPy's views of every layer: weight [S, out, in], bias [S, out], activation."""
        arrays, steps = [view.numpy() for view in self.views], [x.activation for x in self._layers]
        return [
            (arrays[2 * k], arrays[2 * k + 1], _ACTIVATIONS[step]) for k, step in enumerate(steps)
        ]

    def q_of_one(self, obs: np.ndarray) -> np.ndarray:
        """As in `Stack`; NumPy's calls cost a third of PyTorch's, and here they are all.

        `einsum` adds the products of a row in the same order whatever S is, and alone: a matrix
        product would be handed to a library that may take all cores.
        """
        if self._acting is None or obs.dtype != np.float32:
            return super().q_of_one(obs)
        x = obs.reshape(len(obs), -1)
        with np.errstate(all="ignore"):  # a run that diverges is told of in its record
            for weight, bias, activate in self._acting:
                x = np.einsum("soi,si->so", weight, x)
                x += bias
                if activate:
                    activate(x, out=x)
        return x

    def q_and_pull(self, obs: Tensor) -> tuple[Tensor, Pull]:
        """As in `Stack`; the values are written over by the next call."""
        if self._learning is None or self._learning[0].batch != obs.shape[1]:
            forward = Forward(self._layers, obs.shape[1])
            self._learning = forward, Backward(self._layers, forward.kept)
        forward, backward = self._learning
        return forward(obs)[: len(obs)], backward


class Forward:
    """The forward pass of R rows for batches of one size.

    Its arrays, and all views of them, are made once: to make them costs more than small products.
    """

    def __init__(self, layers: list["Layer"], batch: int):
        rows, _, inputs = layers[0].weight.shape
        new = functools.partial(_padded, layers[0].weight, rows)
        self.batch, self.input = batch, new(batch, inputs)
        self.kept = [self.input]  # the input of each layer, and q at last: [R, B, ...]
        self._products = []
        for layer in layers:
            x, outputs = self.kept[-1], layer.weight.shape[1]
            if layer.is_narrow:  # quicker the other way round
                out = new(outputs, batch)
                factors = layer.bias_column, layer.weight, x.mT
            else:
                out = new(batch, outputs)
                factors = layer.bias_row, x, layer.turned
            self._products.append((*factors, out, _IN_PLACE[layer.activation]))
            self.kept.append(out.mT if layer.is_narrow else out)

    def __call__(self, obs: Tensor) -> Tensor:
        """Return q [R, B, A] of obs [S, B, *O]; a single row is computed twice."""
        self.input.copy_(obs if obs.ndim == 3 else obs.flatten(2))
        return self.run()

    def run(self) -> Tensor:
        """Return q [R, B, A] of what lies in `input`."""
        for bias, left, right, out, activate in self._products:
            torch.baddbmm(bias, left, right, out=out)
            if activate:
                activate(out)
        return self.kept[-1]


class Backward:
    """The chain rule for R rows, from the last layer to the first, with views made once.

    kept: what the forward pass kept; rows: those to compute, if not all.
    """

    def __init__(self, layers: list["Layer"], kept: list[Tensor], rows: slice = slice(None)):
        last = kept[-1][rows]
        height, batch, actions = last.shape
        self._rows, self._steps = rows, []
        self._slope = _padded(last, height, actions, batch).mT  # the loss's gradient by q
        for k in reversed(range(len(layers))):
            x, after, layer = kept[k][rows], kept[k + 1][rows], layers[k]
            before = _padded(x, *x.shape) if k else None
            outputs, inputs = layer.weight.shape[1:]
            turned = None
            if inputs < NARROW:  # quicker the other way round
                x, turned = x.mT, _padded(x, height, inputs, outputs)
            self._steps.append(
                (_SLOPES[layer.activation], after, x, turned, layer.weight_grad[rows],
                 layer.bias_grad[rows], layer.weight[rows], before)
            )  # fmt: skip

    def __call__(self, d: Tensor) -> None:
        """Fill the gradient; d: [S, B, A]."""
        d = self._slope.copy_(d[self._rows])
        for slope, after, x, turned, weight_grad, bias_grad, weight, before in self._steps:
            if slope:
                d = slope(d, after)
            if turned is None:
                torch.bmm(d.mT, x, out=weight_grad)
            else:
                weight_grad.copy_(torch.bmm(x, d, out=turned).mT)
            torch.sum(d, 1, out=bias_grad)
            if before is not None:
                d = torch.bmm(d, weight, out=before)


def _padded(like: Tensor, rows: int, *shape: int) -> Tensor:
    """Return a new array [R, *shape], each row at a multiple of 64 numbers: see above."""
    size = math.prod(shape)
    return like.new_empty(rows, -(-size // 64) * 64)[:, :size].view(rows, *shape)


_relu_backward, _tanh_backward = (
    torch.ops.aten.threshold_backward.default, torch.ops.aten.tanh_backward.default,
)  # fmt: skip
_ACTIVATIONS = {None: None, "relu": functools.partial(np.maximum, 0), "tanh": np.tanh}
_IN_PLACE = {None: None, "relu": torch.relu_, "tanh": torch.tanh_}
_SLOPES = {  # of the gradient after an activation and its value
    None: None, "relu": lambda d, value: _relu_backward(d, value, 0), "tanh": _tanh_backward,
}  # fmt: skip


class Both:
    """What computes the online and the target networks of S runs; see `Stack.with_target`."""

    def __init__(self, online: DenseStack, target: DenseStack, together: DenseStack):
        self._stacks = online, target, together
        self._s, self._batch = len(online.flat), 0
        # PyTorch was told to use one thread where other runs have the other cores
        on_cpu = online.flat.device.type == "cpu"
        self._may_share = self._s >= 4 and on_cpu and torch.get_num_threads() > 1

    def __call__(self, obs: Tensor, next_obs: Tensor) -> tuple[Tensor, Tensor, Pull]:
        """Return q [S, B, A] of obs, the targets' of next_obs, and the pull of the former."""
        if obs.ndim > 3:
            obs, next_obs = obs.flatten(2), next_obs.flatten(2)
        if obs.shape[1] != self._batch:
            self._prepare(obs.shape[1])
        if self._shares:
            side_by_side(lambda: self._halves[0](obs), lambda: self._halves[1](next_obs))
        else:
            torch.cat([obs, next_obs], out=self._forward.input)
            self._forward.run()
        return self._q, self._next_q, self._pull

    def _prepare(self, batch: int) -> None:
        (online, target, together), s, self._batch = self._stacks, self._s, batch
        self._shares = self._may_share and batch * online.flat.numel() > SHARED
        if self._shares:
            self._halves = [Forward(stack._layers, batch) for stack in (online, target)]
            kept, (self._next_q) = self._halves[0].kept, self._halves[1].kept[-1]
            self._q = kept[-1]
            half = s // 2  # each half has two rows at least
            parts = [Backward(online._layers, kept, x) for x in (slice(half), slice(half, s))]
            self._pull = lambda d: side_by_side(lambda: parts[0](d), lambda: parts[1](d))
            return
        self._forward = Forward(together._layers, batch)
        *_, values = self._forward.kept
        self._q, self._next_q = values[:s], values[s:]
        learning = [online._tall(x[:s]) for x in self._forward.kept]
        self._pull = Backward(online._layers, learning)


class Layer(NamedTuple):
    """A layer of S runs, in the forms that its products take: all are views of the same numbers."""

    weight: Tensor  # [S, out, in]
    turned: Tensor  # [S, in, out]
    bias_row: Tensor  # [S, 1, out]
    bias_column: Tensor  # [S, out, 1]
    weight_grad: Tensor  # [S, out, in]
    bias_grad: Tensor  # [S, out]
    is_narrow: bool
    activation: str | None = None  # after it

    @classmethod
    def of(cls, weight: Tensor, bias: Tensor, weight_grad: Tensor, bias_grad: Tensor) -> "Layer":
        """weight: [S, out, in]; bias: [S, out]; their gradients"""
        forms = weight, weight.mT, bias.unsqueeze(1), bias.unsqueeze(2)
        return cls(*forms, weight_grad, bias_grad, is_narrow=weight.shape[1] < NARROW)


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
