"""Networks of S runs with their parameters in one array: in a loop, or by vmap.

All parameters lie in one array ``flat`` [S, P], a row a run, and all gradients in ``grad`` [S, P].
The parameters of each run's own network, ``modules[k]``, are views of row k: what is written
through one is seen through the other. Optimizer steps, copies and clipping then are single
operations on [S, P].

A `Stack` is a loop, so there rows cannot matter. In a `VmapStack` of convolutions, and on a
graphics card, they may in the last bit.
"""

import copy
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from dqnlib.device import own_random_numbers
from dqnlib.replay import as_input
from dqnlib.seeds.learner import LearnerError, first_line, name_of

Pull = Callable[[Tensor], None]  # takes the loss's gradient by q [S, B, A], fills `grad`


class Stack:
    """S networks with the same layers, computed one after the other.

    Works for every module. The subclasses compute all networks in one call.
    """

    how = "a loop over seeds"

    def __init__(
        self,
        modules: list[nn.Module],
        device: str = "cpu",
        flat: Tensor | None = None,
        values: Callable | None = None,
    ):
        """values: from a network's output [B, ...] to action values [B, A]; None: they are that."""
        self.values = values
        self.names = self.order(modules[0])
        shapes = [p.shape for p in self._parameters(modules[0])]
        self._sizes = [shape.numel() for shape in shapes]
        width = -(-sum(self._sizes) // 64) * 64
        self.flat = torch.zeros(len(modules), width, device=device) if flat is None else flat
        # a stack of one has a second row, where `DenseStack` computes it twice
        self._tall_grad = torch.zeros(max(2, len(modules)), width, device=device)
        self.grad = self._tall_grad[: len(modules)]
        self.modules = [module.to(device) for module in modules]
        self.views = self._views(self.flat, shapes)  # [S, *shape] each
        grads = self._views(self.grad, shapes)
        self._slots = []  # (parameter, its place in `grad`) of all modules
        self._places = []  # each module's places in `flat`
        for k, module in enumerate(self.modules):
            self._places.append([view[k] for view in self.views])
            parameters = self._parameters(module)
            for p, place, grad in zip(parameters, self._places[k], grads, strict=True):
                place.copy_(p.data)
                p.data, p.grad = place, grad[k]
                self._slots.append((p, grad[k]))

    @staticmethod
    def order(module: nn.Module) -> list[str]:
        """Return the names of a module's parameters in the order in which they lie in ``flat``."""
        return [name for name, _ in module.named_parameters()]

    def _parameters(self, module: nn.Module) -> list[nn.Parameter]:
        found = dict(module.named_parameters())
        return [found[name] for name in self.names]

    def _views(self, flat: Tensor, shapes) -> list[Tensor]:
        parts, start = [], 0
        for shape, size in zip(shapes, self._sizes, strict=True):
            parts.append(flat[:, start : start + size].view(len(flat), *shape))
            start += size
        return parts

    def _tall(self, x: Tensor) -> Tensor:
        """Return an array [S, ...] with as many rows as are computed: see `seeds.dense`."""
        return x.expand(2, *x.shape[1:]) if x.shape[0] == 1 else x

    def copy(self) -> "Stack":
        """Return a stack of the same kind with parameters of its own."""
        modules = [without_sharing(module) for module in self.modules]
        return type(self)(modules, str(self.flat.device), values=self.values)

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

    def trial(self, batch_size: int, obs_shape) -> Callable[[], None] | None:
        """Return what computes values and gradients of copies for made-up batches [S, B, *O].

        None where more threads than one can not pay: on a graphics card.
        """
        if self.flat.device.type != "cpu":
            return None
        tried = self.copy()
        obs = torch.zeros(len(self.modules), batch_size, *obs_shape)

        def work() -> None:
            with own_random_numbers():
                q, pull = tried.q_and_pull(obs)
                pull(q)

        return work

    def q(self, obs: Tensor) -> Tensor:
        """Return action values without gradients: [S, B, *O] -> [S, B, A]."""
        with torch.no_grad():
            return self._loop(obs)

    def q_of_one(self, obs: np.ndarray) -> np.ndarray:
        """Return the action values [S, A] of one observation a run [S, *O], as the runs act."""
        x = as_input(torch.from_numpy(obs), self.flat.device).unsqueeze(1)
        return self.q(x).squeeze(1).cpu().numpy()

    def q_of_each(self, obs: np.ndarray) -> np.ndarray:
        """Return the action values [S·E, A] of E observations a run [S·E, *O], run by run."""
        s = len(self.flat)
        if len(obs) == s:
            return self.q_of_one(obs)
        x = as_input(torch.from_numpy(obs), self.flat.device).unflatten(0, (s, -1))
        return self.q(x).flatten(0, 1).cpu().numpy()

    def q_again(self, obs: Tensor) -> Tensor:
        """As `q`, right after `both` of `with_target`: parameters and noise are what they were."""
        return self.q(obs)

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
            pairs = zip(self.modules, obs, strict=True)
            return torch.stack([self.valued(module(x)) for module, x in pairs])
        except Exception as error:
            raise self._failure(obs, error) from error

    def _failure(self, obs: Tensor, error: Exception) -> LearnerError:
        return LearnerError(
            f"✗ your network, {name_of(self.modules[0])}, failed on observations of the shape "
            f"{list(obs.shape[1:])}: {first_line(error)}"
        )

    def valued(self, output: Tensor) -> Tensor:
        """Return the action values of one network's output: [B, ...] -> [B, A]."""
        return output if self.values is None else self.values(output)

    @property
    def is_noisy(self) -> bool:
        """True for networks with `reset_noise(rng)`: they draw noise of their own."""
        return draws_noise(self.modules[0])

    def reset_noise(self, rngs: list[torch.Generator]) -> None:
        """Let every run's network draw new noise from the run's own generator."""
        for module, rng in zip(self.modules, rngs, strict=True):
            module.reset_noise(rng)

    @contextmanager
    def without_noise(self) -> Iterator[None]:
        """Compute as in evaluation (`nn.Module.eval`), where noise is left out; then as before."""
        parts = [part for module in self.modules for part in module.modules()]
        before = [part.training for part in parts]
        for module in self.modules:
            module.eval()
        try:
            yield
        finally:
            for part, training in zip(parts, before, strict=True):
                part.training = training

    def adopt(self, name: str) -> None:
        """Take in what a learner's code put in the place of parameters, as `p.data = ...` does.

        name: of that code, for the LearnerError that other shapes raise.
        """
        for module, places in zip(self.modules, self._places, strict=True):
            for p, place in zip(self._parameters(module), places, strict=True):
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

    def __init__(self, modules, device: str = "cpu", flat=None, values: Callable | None = None):
        super().__init__(modules, device, flat, values)
        self._shapes = [p.shape for p in modules[0].parameters()]
        base = without_sharing(modules[0])  # only its forward is used

        def one(parameters: dict[str, Tensor], obs: Tensor) -> Tensor:
            return self.valued(torch.func.functional_call(base, parameters, (obs,)))

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


def draws_noise(module: nn.Module) -> bool:
    """True for a network with `reset_noise(rng)`, unless its attribute ``noisy`` is False."""
    return callable(getattr(module, "reset_noise", None)) and getattr(module, "noisy", True)


def without_sharing(module: nn.Module) -> nn.Module:
    """Return a copy whose parameters are its own, with no gradients."""
    memo = {id(p): nn.Parameter(p.data.clone(), p.requires_grad) for p in module.parameters()}
    for part in module.modules():  # values that were computed, as in weight_norm
        for value in vars(part).values():
            if isinstance(value, Tensor) and not value.is_leaf:
                memo[id(value)] = value.detach().clone()  # deepcopy refuses them
    return copy.deepcopy(module, memo)
