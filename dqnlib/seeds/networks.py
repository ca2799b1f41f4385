"""The networks of S runs, stacked, so that one call computes all of them.

All parameters lie in one array ``flat`` [S, P], a row a run, and all gradients in ``grad`` [S, P].
The parameters of each run's own network, ``modules[k]``, are views of row k: what is written
through one is seen through the other. Optimizer steps, copies and clipping then are single
operations on [S, P]. Rows are padded to a multiple of 64 numbers, so that vector instructions
split every row in the same way. Row k then has the same bits in a stack of any height, as long as
hidden sizes and the batch are multiples of 16; for other sizes the matrix products of a processor's
library may round the last bit in another way.
"""

import copy
import warnings
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, fx, nn
from torch.optim.adam import adam

from dqnlib.seeds.learner import LearnerError, first_line, name_of

Pull = Callable[[Tensor], None]  # takes the loss's gradient by q [S, B, A], fills `grad`


class Stack:
    """S networks with the same layers, computed one after the other.

    Works for every module. The subclasses compute all networks in one call.
    """

    how = "a loop over seeds"

    def __init__(self, modules: list[nn.Module], device: str = "cpu", flat: Tensor | None = None):
        shapes = [p.shape for p in modules[0].parameters()]
        self._sizes = [shape.numel() for shape in shapes]
        if not sum(self._sizes):
            raise LearnerError("✗ your network has no parameters, so it cannot learn")
        width = -(-sum(self._sizes) // 64) * 64
        self.flat = torch.zeros(len(modules), width, device=device) if flat is None else flat
        self.grad = torch.zeros_like(self.flat)
        self.modules = [module.to(device) for module in modules]
        self.views = self._views(self.flat, shapes)  # [S, *shape] each
        grads = self._views(self.grad, shapes)
        for k, module in enumerate(self.modules):
            for p, view, grad in zip(module.parameters(), self.views, grads, strict=True):
                view[k] = p.data
                p.data, p.grad = view[k], grad[k]
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
            return torch.stack([m(x) for m, x in zip(self.modules, obs, strict=True)])

    def q_and_pull(self, obs: Tensor) -> tuple[Tensor, Pull]:
        """Return action values [S, B, A], and what carries their gradient back into ``grad``."""
        with torch.enable_grad():
            q = torch.stack([m(x) for m, x in zip(self.modules, obs, strict=True)])

        def pull(dq: Tensor) -> None:
            self.grad.zero_()
            q.backward(dq)

        return q.detach(), pull

    def arrays(self) -> dict[str, Tensor]:
        """Return copies of the parameters by name, [S, *shape] each."""
        return {name: v.clone() for name, v in zip(self.names, self.views, strict=True)}


class VmapStack(Stack):
    """S networks in one call of torch.func.vmap: for layers that `DenseStack` does not know."""

    how = "all seeds at once, by vmap"

    def __init__(self, modules: list[nn.Module], device: str = "cpu", flat: Tensor | None = None):
        super().__init__(modules, device, flat)
        self._shapes = [p.shape for p in modules[0].parameters()]
        base = _without_sharing(modules[0]).to("meta")

        def one(parameters: dict[str, Tensor], obs: Tensor) -> Tensor:
            return torch.func.functional_call(base, parameters, (obs,))

        self._all = torch.func.vmap(one)

    def _call(self, flat: Tensor, obs: Tensor) -> Tensor:
        views = self._views(flat, self._shapes)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="There is a performance drop")
            return self._all(dict(zip(self.names, views, strict=True)), obs)

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
            if isinstance(step, nn.Linear):
                weight, bias = self.views[where[id(step.weight)]], self.views[where[id(step.bias)]]
                self._layers.append([weight, bias, None])
            else:
                self._layers[-1][2] = step

    def with_target(self) -> tuple["Stack", "Stack", Callable]:
        """As in `Stack`, with the two stacks in one array, so that one call computes both."""
        s, width = self.flat.shape
        flat = torch.empty(2 * s, width, device=self.flat.device)
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
        x = obs.flatten(2)
        kept = [x]  # the input of each layer, and q at last
        for weight, bias, activation in self._layers:
            if weight.shape[1] < 16:  # few outputs: quicker the other way round
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
        return self._forward(obs)[-1]

    def q_and_pull(self, obs: Tensor) -> tuple[Tensor, Pull]:
        kept = self._forward(obs)
        return kept[-1], lambda dq: self._backward(kept, dq)

    def _backward(self, kept: list[Tensor], d: Tensor) -> None:
        """The chain rule, from the last layer to the first; d: [S, B, A]."""
        parts: list[Tensor] = []
        for k in reversed(range(len(self._layers))):
            weight, _, activation = self._layers[k]
            if activation == "relu":
                d = torch.ops.aten.threshold_backward(d, kept[k + 1], 0)
            elif activation == "tanh":
                d = torch.ops.aten.tanh_backward(d, kept[k + 1])
            parts += [d.sum(1), torch.bmm(d.mT, kept[k]).flatten(1)]  # [S, out], [S, out · in]
            if k:
                d = torch.bmm(d, weight)
        torch.cat([*reversed(parts), self._padding], 1, out=self.grad)


def dense_layers(module: nn.Module) -> list:
    """Return a module's nn.Linear layers and the activation after each, "relu" or "tanh".

    The module's forward is read by torch.fx, so it may be written in any way. Raises
    NotImplementedError if it is anything but flatten, Linear, ReLU and Tanh in a row, each layer
    used once, with its parameters in that order.
    """
    try:
        graph = fx.symbolic_trace(module).graph
    except Exception as error:  # a branch on data, an unknown call, ...
        raise NotImplementedError(first_line(error)) from None
    children, steps, before = dict(module.named_modules()), [], None
    for node in graph.nodes:
        if node.op == "placeholder":
            if before is not None:
                raise NotImplementedError("two inputs")
        elif node.op == "output":
            if node.args != (before,):
                raise NotImplementedError("the output is not the last value")
            continue
        else:
            if node.all_input_nodes != [before] or node.args[:1] != (before,):
                raise NotImplementedError(f"{node} takes other inputs than the value before it")
            steps += _read(node, children, first=not steps)
        before = node
    linear = [step for step in steps if isinstance(step, nn.Linear)]
    order = [p for layer in linear for p in (layer.weight, layer.bias)]
    parameters = list(module.parameters())
    if len(order) != len(parameters) or any(a is not b for a, b in zip(order, parameters)):
        raise NotImplementedError("its parameters are not those of its Linear layers, in order")
    if not linear or not isinstance(steps[0], nn.Linear):
        raise NotImplementedError("it does not begin with a Linear layer")
    if any(isinstance(a, str) and isinstance(b, str) for a, b in pairwise(steps)):
        raise NotImplementedError("two activations in a row")
    return steps


def _read(node: fx.Node, children: dict, first: bool) -> list:
    """Return what a node of the graph does: a Linear layer, an activation, or nothing."""
    what = children[node.target] if node.op == "call_module" else node.target
    extra = node.args[1:]
    if isinstance(what, nn.Linear) and what.bias is not None:
        return [what]
    if isinstance(what, nn.ReLU) or what in (torch.relu, nn.functional.relu, "relu", "relu_"):
        return ["relu"]
    if isinstance(what, nn.Tanh) or what in (torch.tanh, nn.functional.tanh, "tanh"):
        return ["tanh"]
    from_1 = (extra == (1,) and not node.kwargs) or (not extra and node.kwargs == {"start_dim": 1})
    if first and (what in (torch.flatten, "flatten") and from_1):
        return []
    if first and isinstance(what, nn.Flatten) and (what.start_dim, what.end_dim) == (1, -1):
        return []
    raise NotImplementedError(f"it does {node.format_node()}")


def stack(
    make: Callable, network_seeds: list[int], obs_shape, n_actions: int, device: str
) -> Stack:
    """Return the stacked networks of all runs, in the quickest way that gives the same values.

    make: (obs_shape, n_actions) -> nn.Module; each run's network is made right after
    torch.manual_seed with its own number. Raises LearnerError for a network that fails or gives
    anything but one finite number an action.
    """
    modules = []
    for seed in network_seeds:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            modules.append(_made(make, obs_shape, n_actions))
    generator = torch.Generator().manual_seed(0)
    probe = torch.randn(len(modules), 5, *obs_shape, generator=generator).to(device)
    try:
        dense_layers(modules[0])
        return DenseStack(modules, device)
    except NotImplementedError:
        pass
    plain = Stack(modules, device)
    try:
        lifted = VmapStack([_without_sharing(module) for module in modules], device)
        q, pull = lifted.q_and_pull(probe)
        want, pull_plain = plain.q_and_pull(probe)
        pull(torch.ones_like(q))
        pull_plain(torch.ones_like(q))
        same = torch.allclose(q, want, atol=1e-5) and torch.allclose(
            lifted.grad, plain.grad, atol=1e-4, rtol=1e-4
        )
        if same and not any(True for _ in modules[0].buffers()):
            return lifted
    except Exception:  # what vmap cannot do: a branch on data, random numbers, .item(), ...
        pass
    plain.grad.zero_()
    return plain


def _made(make: Callable, obs_shape: tuple[int, ...], n_actions: int) -> nn.Module:
    """Return one run's network, tried on two observations."""
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
    try:
        with torch.no_grad():
            q = module(torch.zeros(2, *obs_shape))
    except Exception as error:
        raise LearnerError(
            f"✗ the network of {name} failed on a batch of two observations, "
            f"{[2, *obs_shape]}: {first_line(error)}"
        ) from error
    if not isinstance(q, Tensor) or q.shape != (2, n_actions):
        got = f"the shape {list(q.shape)}" if isinstance(q, Tensor) else type(q).__name__
        raise LearnerError(
            f"✗ the network of {name} gave {got} for two observations; expected {[2, n_actions]}, "
            "one value an action"
        )
    if q.dtype != torch.float32 or not torch.isfinite(q).all():
        got = "NaN or infinity" if q.dtype == torch.float32 else str(q.dtype)
        raise LearnerError(
            f"✗ the network of {name} gave {got} for an observation of zeros; expected finite "
            "float32 values"
        )
    return module


def _without_sharing(module: nn.Module) -> nn.Module:
    """Return a copy whose parameters are its own, with no gradients."""
    memo = {id(p): nn.Parameter(p.data.clone(), p.requires_grad) for p in module.parameters()}
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
