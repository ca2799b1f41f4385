"""Networks of fully connected layers of S runs, as batched matrix products: the quickest stack.

On a processor, row k has the same bits in a stack of any height: rows are padded to a multiple of
64 numbers, so that vector instructions split each in the same way, and a stack of one is computed
as two equal ones, because MKL takes another routine for a single matrix product, and so rounds in
another way. (All of this was found by trying, on one thread, with MKL, AVX2 and AVX-512. On several
threads, with which the trainer never computes these, the last bit can differ.)
"""

import time
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from dqnlib.device import side_by_side
from dqnlib.seeds.chain import (
    ACTIVATIONS,
    NORM_EPSILON,
    Backward,
    Forward,
    Layer,
    normalized,
)
from dqnlib.seeds.learner import first_line
from dqnlib.seeds.stacks import Pull, Stack, without_sharing

SHARED = 1_000_000  # multiplications of a forward pass from which two threads may be quicker


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
            elif step == NORM:
                self._layers[-1] = self._layers[-1]._replace(norm=True)
            else:
                self._layers[-1] = self._layers[-1]._replace(activation=step)
        self._acting = self._arrays() if self.flat.device.type == "cpu" else None
        self._ahead: Forward | None = None  # for the last size of batches
        self._learning: tuple[Forward, Backward] | None = None  # the same

    def with_target(self) -> tuple["Stack", "Stack", Callable]:
        """As in `Stack`, with the two stacks in one array, so that one call computes both.

        Where that is quicker, a second Python thread computes half of it. What `both` returns is
        written over by its next call.
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
        if self._ahead is None or self._ahead.batch != obs.shape[1]:
            self._ahead = Forward(self._layers, obs.shape[1])
        return self._ahead(obs)[: len(obs)].clone()

    def _arrays(self) -> list[tuple[np.ndarray, np.ndarray, bool, Callable | None]]:
        """Return NumPy's views of every layer: weight [S, out, in], bias [S, out]; norm,
        activation."""
        arrays = [view.numpy() for view in self.views]
        return [
            (arrays[2 * k], arrays[2 * k + 1], layer.norm, ACTIVATIONS[layer.activation])
            for k, layer in enumerate(self._layers)
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
            for weight, bias, norm, activate in self._acting:
                x = np.einsum("soi,si->so", weight, x)
                x += bias
                if norm:
                    x = normalized(x)
                if activate:
                    activate(x, out=x)
        return x

    def q_and_pull(self, obs: Tensor) -> tuple[Tensor, Pull]:
        """As in `Stack`; the values are written over by the next call."""
        if self._learning is None or self._learning[0].batch != obs.shape[1]:
            forward = Forward(self._layers, obs.shape[1])
            self._learning = forward, Backward(self._layers, forward.kept, norms=forward.norms)
        forward, backward = self._learning
        return forward(obs)[: len(obs)], backward


class Both:
    """What computes the online and the target networks of S runs; see `Stack.with_target`.

    One thread computes all rows, or two share them: the clock decides, again and again.
    """

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
        return self._ways(obs, next_obs)

    def _prepare(self, batch: int) -> None:
        self._batch = batch
        shares = self._may_share and batch * self._stacks[0].flat.numel() > SHARED
        ways = [self._whole(batch), self._halves(batch)] if shares else [self._whole(batch)]
        self._ways = Quicker(*ways)

    def _whole(self, batch: int) -> Callable:
        (online, _, together), s = self._stacks, self._s
        forward = Forward(together._layers, batch)
        q, next_q = forward.kept[-1][:s], forward.kept[-1][s:]
        norms = [norm and norm.rows(lambda x: online._tall(x[:s])) for norm in forward.norms]
        kept = [online._tall(x[:s]) for x in forward.kept]
        pull = Backward(online._layers, kept, norms=norms)

        def compute(obs: Tensor, next_obs: Tensor) -> tuple[Tensor, Tensor, Pull]:
            torch.cat([obs, next_obs], out=forward.input)
            forward.run()
            return q, next_q, pull

        return compute

    def _halves(self, batch: int) -> Callable:
        (online, target, _), half = self._stacks, self._s // 2  # two rows at least
        first, second = (Forward(stack._layers, batch) for stack in (online, target))
        parts = [
            Backward(online._layers, first.kept, rows, norms=first.norms)
            for rows in (slice(half), slice(half, None))
        ]

        def pull(d: Tensor) -> None:
            side_by_side(lambda: parts[0](d), lambda: parts[1](d))

        def compute(obs: Tensor, next_obs: Tensor) -> tuple[Tensor, Tensor, Pull]:
            side_by_side(lambda: first(obs), lambda: second(next_obs))
            return first.kept[-1], second.kept[-1], pull

        return compute


class Quicker:
    """Of several ways that give the same numbers, the one that is the quickest here and now.

    Each is timed in turn for `TRIES` calls, and again after every `AGAIN` calls: other programs
    come and go. A later way must be quicker by a tenth to be taken.
    """

    TRIES, AGAIN = 16, 2_000

    def __init__(self, *ways: Callable):
        self._ways, self._calls, self._best = ways, 0, 0
        self._seconds = [0.0] * len(ways)

    def __call__(self, *args):
        """Return what the ways return."""
        trial, self._calls = self._calls, (self._calls + 1) % self.AGAIN
        if len(self._ways) == 1 or trial >= self.TRIES * len(self._ways):
            return self._ways[self._best](*args)
        way, start = trial % len(self._ways), time.perf_counter()
        found = self._ways[way](*args)
        self._seconds[way] += time.perf_counter() - start
        if trial == self.TRIES * len(self._ways) - 1:
            first, *others = self._seconds
            costs = [first, *(1.1 * seconds for seconds in others)]
            self._best, self._seconds = costs.index(min(costs)), [0.0] * len(costs)
        return found


class Dense(NamedTuple):
    """A fully connected layer, by its parameters."""

    weight: nn.Parameter  # [out, in]
    bias: nn.Parameter  # [out]


def dense_layers(module: nn.Module) -> list:
    """Return a module's fully connected layers and what comes after each: "norm", "relu", "tanh".

    One forward pass is recorded, so the module may be written in any way. Raises
    NotImplementedError if it calls anything but flatten, linear, layer normalization without
    factors of its own, ReLU and Tanh in a row, each layer once, with its parameters in that order.
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
    for before, step in pairwise(["", *steps]):
        if isinstance(before, str) and isinstance(step, str) and before != NORM:
            raise NotImplementedError("two activations in a row, or a norm of something else")
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
        elif called is functional.layer_norm:
            names = ("normalized_shape", "weight", "bias", "eps")
            given = {"eps": NORM_EPSILON} | dict(zip(names, extra)) | kwargs
            given = {name: value for name, value in given.items() if value is not None}
            shape = tuple(self.last.shape[1:])
            if {"normalized_shape": shape, "eps": NORM_EPSILON} == given | {
                "normalized_shape": tuple(given["normalized_shape"])
            }:
                return NORM
        elif called in (torch.flatten, Tensor.flatten) and not self.steps:
            ends = dict(zip(("start_dim", "end_dim"), extra)) | kwargs
            if ends in ({"start_dim": 1}, {"start_dim": 1, "end_dim": -1}):
                return ""
        raise NotImplementedError(f"it calls {called.__name__}")


NORM = "norm"
_RELU = (torch.relu, torch.relu_, functional.relu, Tensor.relu, Tensor.relu_)
_TANH = (torch.tanh, Tensor.tanh)
