"""The networks of S runs, stacked, so that one call computes all of them.

All parameters lie in one array ``flat`` [S, P], a row a run, and all gradients in ``grad`` [S, P].
The parameters of each run's own network, ``modules[k]``, are views of row k: what is written
through one is seen through the other. Optimizer steps, copies and clipping then are single
operations on [S, P].

On a processor, row k of a `DenseStack` has the same bits in a stack of any height: rows are padded
to a multiple of 64 numbers, so that vector instructions split each in the same way, and a stack of
one is computed as two equal ones, because MKL takes another routine for a single matrix product,
or shares it among the threads, and so rounds in another way. (All of this was found by trying, with
MKL, AVX2 and AVX-512, one to eight threads. With four or more, hidden sizes that are no multiples
of 16 can differ in the last bit.) A `Stack` is a loop, so there rows cannot matter. In a
`VmapStack` of convolutions, and on a graphics card, they may in the last bit.
"""

import copy
import warnings
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.adam import adam
from torch.overrides import TorchFunctionMode

from dqnlib.device import own_random_numbers
from dqnlib.seeds.learner import LearnerError, first_line, name_of

NARROW = 16  # a layer with fewer outputs is quicker with its factors the other way round
Pull = Callable[[Tensor], None]  # takes the loss's gradient by q [S, B, A], fills `grad`


class Stack:
    """S networks with the same layers, computed one after the other.

    Works for every module. The subclasses compute all networks in one call.
    """

    how = "a loop over seeds"

    def __init__(self, modules: list[nn.Module], device: str = "cpu", flat: Tensor | None = None):
        shapes = [p.shape for p in modules[0].parameters()]
        self._sizes = [shape.numel() for shape in shapes]
        width = -(-sum(self._sizes) // 64) * 64
        self.flat = torch.zeros(len(modules), width, device=device) if flat is None else flat
        self.grad = torch.zeros_like(self.flat)
        self.modules = [module.to(device) for module in modules]
        self.views = self._views(self.flat, shapes)  # [S, *shape] each
        grads = self._views(self.grad, shapes)
        self._slots = []  # (parameter, its place in `grad`) of all modules
        self._places = []  # each module's places in `flat`
        for k, module in enumerate(self.modules):
            self._places.append([view[k] for view in self.views])
            for p, place, grad in zip(module.parameters(), self._places[k], grads, strict=True):
                place.copy_(p.data)
                p.data, p.grad = place, grad[k]
                self._slots.append((p, grad[k]))
        self.names = [name for name, _ in modules[0].named_parameters()]

    def _views(self, flat: Tensor, shapes) -> list[Tensor]:
        parts, start = [], 0
        for shape, size in zip(shapes, self._sizes, strict=True):
            parts.append(flat[:, start : start + size].view(len(flat), *shape))
            start += size
        return parts

    def copy(self) -> "Stack":
        """Return a stack of the same kind with parameters of its own."""
        modules = [_without_sharing(module) for module in self.modules]
        return type(self)(modules, str(self.flat.device))

    def with_target(self) -> tuple["Stack", "Stack", Callable]:
        """Return online and target networks [S], and what computes both: see `both` below.

        The function takes obs and next_obs [S, B, *O] and returns q of the online networks for
        obs, q of the target networks for next_obs, and the pull of the former.
        """
        online, target = self, self.copy()

        def both(obs: Tensor, next_obs: Tensor) -> tuple[Tensor, Tensor, Pull]:
            next_q = target.q(next_obs)
            q, pull = online.q_and_pull(obs)
            return q, next_q, pull

        return online, target, both

    def q(self, obs: Tensor) -> Tensor:
        """Return action values without gradients: [S, B, *O] -> [S, B, A]."""
        with torch.no_grad():
            return self._loop(obs)

    def q_and_pull(self, obs: Tensor) -> tuple[Tensor, Pull]:
        """Return action values [S, B, A], and what carries their gradient back into ``grad``."""
        with torch.enable_grad():
            q = self._loop(obs)

        def pull(dq: Tensor) -> None:
            self.grad.zero_()
            for p, grad in self._slots:  # `zero_grad` of a learner's record takes it away
                p.grad = grad
            q.backward(dq)

        return q.detach(), pull

    def _loop(self, obs: Tensor) -> Tensor:
        try:
            return torch.stack([m(x) for m, x in zip(self.modules, obs, strict=True)])
        except Exception as error:
            raise self._failure(obs, error) from error

    def _failure(self, obs: Tensor, error: Exception) -> LearnerError:
        return LearnerError(
            f"✗ your network, {name_of(self.modules[0])}, failed on observations of the shape "
            f"{list(obs.shape[1:])}: {first_line(error)}"
        )

    def adopt(self, name: str) -> None:
        """Take in what a learner's code put in the place of parameters, as `p.data = ...` does.

        name: of that code, for the LearnerError that other shapes raise.
        """
        for module, places in zip(self.modules, self._places, strict=True):
            for p, place in zip(module.parameters(), places, strict=True):
                if p.data_ptr() != place.data_ptr() or p.shape != place.shape:
                    if p.shape != place.shape:
                        raise LearnerError(
                            f"✗ {name} changed the shape of a parameter from {list(place.shape)} "
                            f"to {list(p.shape)}"
                        )
                    place.copy_(p.data)
                    p.data = place

    def buffers(self) -> dict[str, Tensor]:
        """Return copies of what the modules keep beside their parameters, [S, *shape] each."""
        kept = [module.state_dict() for module in self.modules]
        names = kept[0].keys() - set(self.names)
        return {name: torch.stack([state[name] for state in kept]) for name in sorted(names)}

    def arrays(self, flat: Tensor | None = None, buffers: dict | None = None) -> dict[str, Tensor]:
        """Return copies of parameters and buffers by name, [S, *shape] each.

        flat, buffers: others than those of the moment.
        """
        views = self.views if flat is None else self._views(flat, [v.shape[1:] for v in self.views])
        found = {name: view.clone() for name, view in zip(self.names, views, strict=True)}
        kept = self.buffers() if buffers is None else buffers
        return found | {name: array.clone() for name, array in kept.items()}

    def put(self, arrays: dict[str, Tensor]) -> None:
        """Write parameters and buffers, as `arrays` gives them; ValueError if they do not fit."""
        want = {name: tuple(array.shape) for name, array in self.arrays().items()}
        if want != {name: tuple(array.shape) for name, array in arrays.items()}:
            raise ValueError("the networks have other parameters")
        for k, module in enumerate(self.modules):
            module.load_state_dict({name: array[k] for name, array in arrays.items()})


class VmapStack(Stack):
    """S networks in one call of torch.func.vmap: for layers that `DenseStack` does not know."""

    how = "all seeds at once, by vmap"

    def __init__(self, modules: list[nn.Module], device: str = "cpu", flat: Tensor | None = None):
        super().__init__(modules, device, flat)
        self._shapes = [p.shape for p in modules[0].parameters()]
        base = _without_sharing(modules[0])  # only its forward is used

        def one(parameters: dict[str, Tensor], obs: Tensor) -> Tensor:
            return torch.func.functional_call(base, parameters, (obs,))

        self._all = torch.func.vmap(one)

    def _call(self, flat: Tensor, obs: Tensor) -> Tensor:
        views = self._views(flat, self._shapes)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="There is a performance drop")
            try:
                return self._all(dict(zip(self.names, views, strict=True)), obs)
            except Exception as error:
                raise self._failure(obs, error) from error

    def q(self, obs: Tensor) -> Tensor:
        with torch.no_grad():
            return self._call(self.flat, obs)

    def q_and_pull(self, obs: Tensor) -> tuple[Tensor, Pull]:
        leaf = self.flat.detach().requires_grad_()  # the same memory
        with torch.enable_grad():
            q = self._call(leaf, obs)
        return q.detach(), lambda dq: self.grad.copy_(torch.autograd.grad(q, leaf, dq)[0])


class DenseStack(Stack):
    """S networks of fully connected layers, with a backward pass written out: the quickest.

    Each layer is one batched matrix product; the gradient needs no autograd graph.
    """

    how = "all seeds at once, as batched matrix products"

    def __init__(self, modules: list[nn.Module], device: str = "cpu", flat: Tensor | None = None):
        super().__init__(modules, device, flat)
        where = {id(p): k for k, p in enumerate(modules[0].parameters())}
        self._padding = torch.zeros_like(self.flat[:, sum(self._sizes) :])
        self._layers = []  # [weight [S, out, in], bias [S, out], activation after it]
        for step in dense_layers(modules[0]):
            if isinstance(step, Dense):
                pair = [self.views[where[id(p)]] for p in step]
                if len(modules) == 1:  # computed as two equal ones, to round as among others
                    pair = [view.expand(2, *view.shape[1:]) for view in pair]
                self._layers.append([*pair, None])
            else:
                self._layers[-1][2] = step

    def with_target(self) -> tuple["Stack", "Stack", Callable]:
        """As in `Stack`, with the two stacks in one array, so that one call computes both."""
        s, width = self.flat.shape
        flat = torch.zeros(2 * s, width, device=self.flat.device)
        copies = [_without_sharing(module) for module in (*self.modules, *self.modules)]
        together = DenseStack(copies, str(self.flat.device), flat)
        online = DenseStack(copies[:s], str(self.flat.device), flat[:s])
        target = DenseStack(copies[s:], str(self.flat.device), flat[s:])

        def both(obs: Tensor, next_obs: Tensor) -> tuple[Tensor, Tensor, Pull]:
            kept = together._forward(torch.cat([obs, next_obs]))
            learning = [x[:s] for x in kept]
            return kept[-1][:s], kept[-1][s:], lambda dq: online._backward(learning, dq)

        return online, target, both

    def _forward(self, obs: Tensor) -> list[Tensor]:
        x = obs.flatten(2).expand(len(self._layers[0][0]), -1, -1)
        kept = [x]  # the input of each layer, and q at last
        for weight, bias, activation in self._layers:
            if weight.shape[1] < NARROW:  # quicker the other way round
                x = torch.baddbmm(bias.unsqueeze(2), weight, x.mT).mT
            else:
                x = torch.baddbmm(bias.unsqueeze(1), x, weight.mT)
            if activation == "relu":
                x.relu_()
            elif activation == "tanh":
                x.tanh_()
            kept.append(x)
        return kept

    # `flat` asks for no gradient, so that none of this makes a graph

    def q(self, obs: Tensor) -> Tensor:
        return self._forward(obs)[-1][: len(obs)]

    def q_and_pull(self, obs: Tensor) -> tuple[Tensor, Pull]:
        kept = self._forward(obs)
        return kept[-1][: len(obs)], lambda dq: self._backward(kept, dq)

    def _backward(self, kept: list[Tensor], d: Tensor) -> None:
        """The chain rule, from the last layer to the first; d: [S, B, A]."""
        s, rows = len(d), len(self._layers[0][0])
        d = d.expand(rows, -1, -1)
        kept = [x.expand(rows, -1, -1) for x in kept]
        parts: list[Tensor] = []
        for k in reversed(range(len(self._layers))):
            weight, _, activation = self._layers[k]
            if activation == "relu":
                d = torch.ops.aten.threshold_backward(d, kept[k + 1], 0)
            elif activation == "tanh":
                d = torch.ops.aten.tanh_backward(d, kept[k + 1])
            x = kept[k]
            dw = torch.bmm(x.mT, d).mT if x.shape[2] < NARROW else torch.bmm(d.mT, x)
            parts += [d[:s].sum(1), dw[:s].flatten(1)]  # [S, out], [S, out · in]
            if k:
                d = torch.bmm(d, weight)
        torch.cat([*reversed(parts), self._padding], 1, out=self.grad)


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


def stack(
    make: Callable, network_seeds: list[int], obs_shape, n_actions: int, device: str
) -> Stack:
    """Return the stacked networks of all runs, in the quickest way that gives the same values.

    make: (obs_shape, n_actions) -> nn.Module; each run's network is made right after
    torch.manual_seed with its own number. Raises LearnerError for a network that fails, that
    cannot learn, or that gives anything but one finite number an action.
    """
    modules = []
    with own_random_numbers():
        for seed in network_seeds:
            torch.manual_seed(seed)
            modules.append(_made(make, obs_shape, n_actions))
        _check_independent(modules, name_of(make))
        for kind in (DenseStack, VmapStack):
            if _gives_the_same(kind, modules, obs_shape, device):
                return kind(modules, device)
    return Stack(modules, device)


def _gives_the_same(kind: type[Stack], modules, obs_shape, device: str) -> bool:
    """True if this kind of stack gives the values and the gradients of the modules' own calls."""
    first = modules[0]
    for part in first.modules():  # hooks want to be called, and see one run
        if part._forward_hooks or part._forward_pre_hooks or part._backward_hooks:
            return False
    if any(True for _ in first.buffers()) or not all(p.requires_grad for p in first.parameters()):
        return False
    generator = torch.Generator().manual_seed(0)
    probe = torch.randn(len(modules), 5, *obs_shape, generator=generator).to(device)
    try:
        tried = kind([_without_sharing(module) for module in modules], device)
        q, pull = tried.q_and_pull(probe)
        pull(torch.ones_like(q))
        grad = tried.grad.clone()
        want, pull = Stack.q_and_pull(tried, probe)
        pull(torch.ones_like(want))
    except Exception:  # other layers, a branch on data, random numbers, .item(), ...
        return False
    return torch.allclose(q, want, atol=1e-5) and torch.allclose(
        grad, tried.grad, atol=1e-4, rtol=1e-4
    )


def _check_independent(modules: list[nn.Module], name: str) -> None:
    """Raise LearnerError if the runs' networks share parameters or have other shapes."""
    ids = [id(p) for module in modules for p in module.parameters()]
    if len(set(ids)) < len(ids):
        raise LearnerError(
            f"✗ {name} gave two runs the same network; it must make a new one in each call"
        )
    shapes = [[p.shape for p in module.parameters()] for module in modules]
    if any(other != shapes[0] for other in shapes):
        raise LearnerError(
            f"✗ {name} gave two runs networks of different sizes; every call must make the same "
            "layers"
        )


def _made(make: Callable, obs_shape: tuple[int, ...], n_actions: int) -> nn.Module:
    """Return one run's network, of which a copy was tried on two observations and on one."""
    name = name_of(make)
    try:
        module = make(obs_shape, n_actions)
    except Exception as error:
        raise LearnerError(
            f"✗ {name}(obs_shape={obs_shape}, n_actions={n_actions}) failed: {first_line(error)}"
        ) from error
    if not isinstance(module, nn.Module):
        raise LearnerError(
            f"✗ {name} returned {type(module).__name__}; the training loop needs a torch.nn.Module"
        )
    if not any(p.requires_grad for p in module.parameters()):
        raise LearnerError(f"✗ the network of {name} has no parameters that it could learn")
    try:
        if any(isinstance(p, nn.parameter.UninitializedParameter) for p in module.parameters()):
            module(torch.zeros(1, *obs_shape))  # lazy layers learn their sizes
        copied = _without_sharing(module)
    except Exception as error:
        raise LearnerError(
            f"✗ the network of {name} cannot be copied, and training needs a target network: "
            f"{first_line(error)}"
        ) from error
    for n, word in ((2, "two observations"), (1, "one observation")):
        _check_output(copied, name, torch.zeros(n, *obs_shape), n_actions, word)
    obs = torch.randn(2, *obs_shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        again = _without_sharing(module)
        if not torch.equal(_without_sharing(module)(obs), again(obs)):
            raise LearnerError(
                f"✗ the network of {name} gives other values each time for the same observations, "
                "and a run could not be repeated: take dropout and random numbers out of it"
            )
    for key, p in module.named_parameters():
        if p.dtype != torch.float32:
            raise LearnerError(
                f"✗ the network of {name} keeps {key} as {p.dtype}; expected float32, so leave "
                "out .double() and .half()"
            )
    return module


def _check_output(module: nn.Module, name: str, obs: Tensor, n_actions: int, word: str) -> None:
    try:
        with torch.enable_grad():
            q = module(obs)
    except Exception as error:
        raise LearnerError(
            f"✗ the network of {name} failed on a batch of {word}, {list(obs.shape)}: "
            f"{first_line(error)}"
        ) from error
    want = [len(obs), n_actions]
    if not isinstance(q, Tensor) or list(q.shape) != want:
        got = f"the shape {list(q.shape)}" if isinstance(q, Tensor) else type(q).__name__
        raise LearnerError(
            f"✗ the network of {name} gave {got} for {word}; expected {want}, one value an action"
        )
    if q.dtype != torch.float32 or not torch.isfinite(q).all():
        got = "NaN or infinity" if q.dtype == torch.float32 else str(q.dtype)
        raise LearnerError(
            f"✗ the network of {name} gave {got} for an observation of zeros; expected finite "
            "float32 values"
        )
    if not q.requires_grad:
        raise LearnerError(
            f"✗ the network of {name} gave values without a gradient, so it cannot learn: was its "
            "output detached, or computed under torch.no_grad()?"
        )


def _without_sharing(module: nn.Module) -> nn.Module:
    """Return a copy whose parameters are its own, with no gradients."""
    memo = {id(p): nn.Parameter(p.data.clone(), p.requires_grad) for p in module.parameters()}
    for part in module.modules():  # values that were computed, as in weight_norm
        for value in vars(part).values():
            if isinstance(value, Tensor) and not value.is_leaf:
                memo[id(value)] = value.detach().clone()  # deepcopy refuses them
    return copy.deepcopy(module, memo)


class QuickAdam(torch.optim.Adam):
    """torch.optim.Adam on one array of all runs, without what its `step` does around the kernel.

    That costs more than the arithmetic of these small networks.
    """

    def __init__(self, flat: nn.Parameter, lr: float):
        super().__init__([flat], lr=lr, fused=True)
        self.state[flat] = {
            "step": torch.zeros((), device=flat.device),
            "exp_avg": torch.zeros_like(flat),
            "exp_avg_sq": torch.zeros_like(flat),
        }

    def quick_step(self) -> None:
        """Do what `step` does."""
        (group,) = self.param_groups
        (flat,) = group["params"]
        state, (beta1, beta2) = self.state[flat], group["betas"]
        adam(
            [flat], [flat.grad], [state["exp_avg"]], [state["exp_avg_sq"]], [], [state["step"]],
            amsgrad=False, beta1=beta1, beta2=beta2, lr=group["lr"], weight_decay=0.0,
            eps=group["eps"], maximize=False, fused=True,
        )  # fmt: skip
