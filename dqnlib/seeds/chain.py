"""The passes through a row of fully connected layers of S runs, forward and back, written out.

On a processor, row k has the same bits in a stack of any height: see `dqnlib.seeds.dense`.
"""

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

NARROW = 16  # a layer with fewer outputs is quicker with its factors the other way round
NORM_EPSILON = 1e-5  # of `networks.layer_norm` and of PyTorch


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
    norm: bool = False  # layer normalization between the two

    @classmethod
    def of(cls, weight: Tensor, bias: Tensor, weight_grad: Tensor, bias_grad: Tensor) -> "Layer":
        """weight: [S, out, in]; bias: [S, out]; their gradients"""
        forms = weight, weight.mT, bias.unsqueeze(1), bias.unsqueeze(2)
        return cls(*forms, weight_grad, bias_grad, is_narrow=weight.shape[1] < NARROW)


class Forward:
    """The forward pass of R rows for batches of one size.

    Its arrays, and all views of them, are made once: to make them costs more than small products.
    """

    def __init__(self, layers: list["Layer"], batch: int, source: Tensor | None = None):
        """source: [R, B, in], what the first layer takes; left out, an array of its own."""
        rows, _, inputs = layers[0].weight.shape
        new = functools.partial(padded, layers[0].weight, rows)
        self.batch, self.input = batch, new(batch, inputs) if source is None else source
        self.kept = [self.input]  # the input of each layer, and q at last: [R, B, ...]
        self.norms: list[Norm | None] = []  # of each layer, where it has one
        self._products = []
        for layer in layers:
            x, outputs = self.kept[-1], layer.weight.shape[1]
            if layer.is_narrow:  # quicker the other way round
                out = new(outputs, batch)
                factors = layer.bias_column, layer.weight, x.mT
            else:
                out = new(batch, outputs)
                factors = layer.bias_row, x, layer.turned
            made = out.mT if layer.is_narrow else out
            norm = Norm.of(made) if layer.norm else None
            self._products.append((*factors, out, norm, _IN_PLACE[layer.activation]))
            self.norms.append(norm)
            self.kept.append(norm.output if norm else made)

    def __call__(self, obs: Tensor) -> Tensor:
        """Return q [R, B, A] of obs [S, B, *O]; a single row is computed twice."""
        self.input.copy_(obs if obs.ndim == 3 else obs.flatten(2))
        return self.run()

    def run(self) -> Tensor:
        """Return q [R, B, A] of what lies in `input`."""
        for bias, left, right, out, norm, activate in self._products:
            torch.baddbmm(bias, left, right, out=out)
            if norm:
                out = norm.run()
            if activate:
                activate(out)
        return self.kept[-1]


class Norm(NamedTuple):
    """Layer normalization of what a layer gives, [R, B, out], with what the way back needs.

    PyTorch computes each row of `out` numbers by itself, so others do not change its bits.
    """

    input: Tensor  # [R, B, out]
    output: Tensor  # the same shape
    mean: Tensor  # [R, B, 1]
    scale: Tensor  # [R, B, 1] one over the standard deviation

    @classmethod
    def of(cls, x: Tensor) -> "Norm":
        """x: [R, B, out], where the layer puts its sums."""
        r, b, _ = x.shape
        return cls(x, padded(x, *x.shape), x.new_empty(r, b, 1), x.new_empty(r, b, 1))

    def run(self) -> Tensor:
        """Return the output of what lies in `input`."""
        shape = self.input.shape[2:]
        found = torch.native_layer_norm(self.input, shape, None, None, NORM_EPSILON)
        for kept, new in zip(self[1:], found, strict=True):
            kept.copy_(new)
        return self.output

    def rows(self, choose: Callable[[Tensor], Tensor]) -> "Norm":
        """Return some of its rows, or all of them again: choose maps [R, ...] to those."""
        return Norm(*map(choose, self))

    def back(self, slope: Tensor, out: Tensor) -> Tensor:
        """Return out, filled with the gradient by `input`; slope: by the output."""
        x, _, mean, scale = self
        wanted = [True, False, False]  # there is no factor and no shift to learn
        numbers = mean.contiguous(), scale.contiguous()  # PyTorch reads them as one piece
        found = _norm_backward(slope, x, x.shape[2:], *numbers, None, None, wanted)
        return out.copy_(found[0])


class Backward:
    """The chain rule for R rows, from the last layer to the first, with views made once.

    kept: what the forward pass kept; norms: its own; rows: those to compute, if not all.
    """

    def __init__(
        self,
        layers: list["Layer"],
        kept: list[Tensor],
        rows: slice = slice(None),
        through: bool = False,
        norms: list[Norm | None] | None = None,
    ):
        """through: work out the gradient by the first layer's input, too: it is ``at_input``."""
        last = kept[-1][rows]
        height, batch, actions = last.shape
        self._rows, self._steps, self.at_input = rows, [], None
        self._slope = padded(last, height, actions, batch).mT  # the loss's gradient by q
        for k in reversed(range(len(layers))):
            x, after, layer = kept[k][rows], kept[k + 1][rows], layers[k]
            before = padded(x, *x.shape) if k or through else None
            outputs, inputs = layer.weight.shape[1:]
            turned = None
            if inputs < NARROW:  # quicker the other way round
                x, turned = x.mT, padded(x, height, inputs, outputs)
            norm = norms[k].rows(lambda x: x[rows]) if norms and norms[k] else None
            normed = padded(after, *after.shape) if norm else None
            self._steps.append(
                (_SLOPES[layer.activation], after, norm, normed, x, turned,
                 layer.weight_grad[rows], layer.bias_grad[rows], layer.weight[rows], before)
            )  # fmt: skip
            self.at_input = before  # at last: of the first layer

    def __call__(self, d: Tensor) -> None:
        """Fill the gradient; d: [S, B, A]."""
        d = self._slope.copy_(d[self._rows])
        for step in self._steps:
            slope, after, norm, normed, x, turned, weight_grad, bias_grad, weight, before = step
            if slope:
                d = slope(d, after)
            if norm:
                d = norm.back(d, normed)
            if turned is None:
                torch.bmm(d.mT, x, out=weight_grad)
            else:
                weight_grad.copy_(torch.bmm(x, d, out=turned).mT)
            torch.sum(d, 1, out=bias_grad)
            if before is not None:
                d = torch.bmm(d, weight, out=before)


def padded(like: Tensor, rows: int, *shape: int) -> Tensor:
    """Return a new array [R, *shape], each row at a multiple of 64 numbers: see above."""
    size = math.prod(shape)
    return like.new_empty(rows, -(-size // 64) * 64)[:, :size].view(rows, *shape)


_relu_backward, _tanh_backward = (
    torch.ops.aten.threshold_backward.default, torch.ops.aten.tanh_backward.default,
)  # fmt: skip
_norm_backward = torch.ops.aten.native_layer_norm_backward.default


def normalized(x: np.ndarray) -> np.ndarray:
    """Return x [S, N] normalized row by row; `einsum` adds in the same order whatever S is."""
    centered = x - np.einsum("sn->s", x)[:, None] / np.float32(x.shape[1])
    variance = np.einsum("sn,sn->s", centered, centered)[:, None] / np.float32(x.shape[1])
    return centered / np.sqrt(variance + np.float32(NORM_EPSILON))


ACTIVATIONS = {None: None, "relu": functools.partial(np.maximum, 0), "tanh": np.tanh}
_IN_PLACE = {None: None, "relu": torch.relu_, "tanh": torch.tanh_}
_SLOPES = {  # of the gradient after an activation and its value
    None: None, "relu": lambda d, value: _relu_backward(d, value, 0), "tanh": _tanh_backward,
}  # fmt: skip
