"""The networks of S runs, stacked, so that one call computes all of them."""

from collections.abc import Callable
from contextlib import nullcontext

import torch
from torch import Tensor

from dqnlib.device import compute_threads, own_random_numbers
from dqnlib.seeds.dense import DenseStack
from dqnlib.seeds.learner import name_of
from dqnlib.seeds.made import check_independent, made
from dqnlib.seeds.parts import PartsStack, is_made_of_parts
from dqnlib.seeds.stacks import Stack, VmapStack, draws_noise, without_sharing


def stack(
    make: Callable,
    network_seeds: list[int],
    obs_shape,
    n_actions: int,
    device: str,
    values: Callable | None = None,
) -> Stack:
    """Return the stacked networks of all runs, in the quickest way that gives the same values.

    make: (obs_shape, n_actions) -> nn.Module; each run's network is made right after
    torch.manual_seed with its own number. values: from a network's output [B, ...] to action
    values [B, A]; left out, the output is that. Raises LearnerError for a network that fails, that
    cannot learn, or that gives anything but one finite number an action.
    """
    modules = []
    with own_random_numbers(), compute_threads(1):
        for seed in network_seeds:
            torch.manual_seed(seed)
            modules.append(made(make, obs_shape, n_actions, values))
        check_independent(modules, name_of(make))
        if is_made_of_parts(modules[0]):
            known = values is None or getattr(values, "of_many_runs", False)
            return PartsStack(modules, device, values=values if known else EachRun(values))
        for kind in (DenseStack, VmapStack):
            if _gives_the_same(kind, modules, obs_shape, device, values):
                return kind(modules, device, values=values)
    return Stack(modules, device, values=values)


class EachRun:
    """A learner's values of one run's output, for the outputs [S, B, ...] of many."""

    def __init__(self, values: Callable):
        self._values = values

    def __call__(self, outputs: Tensor) -> Tensor:
        return torch.stack([self._values(output) for output in outputs])


def _gives_the_same(kind: type[Stack], modules, obs_shape, device: str, values) -> bool:
    """True if this kind of stack gives the values and the gradients of the modules' own calls."""
    first = modules[0]
    for part in first.modules():  # hooks want to be called, and see one run
        if part._forward_hooks or part._forward_pre_hooks or part._backward_hooks:
            return False
    if draws_noise(first) or any(True for _ in first.buffers()):
        return False
    if not all(p.requires_grad for p in first.parameters()):
        return False
    generator = torch.Generator().manual_seed(0)
    probe = torch.randn(len(modules), 5, *obs_shape, generator=generator).to(device)
    try:
        with _exact_products(device):
            return _agrees(kind, modules, device, values, probe)
    except Exception:  # other layers, a branch on data, random numbers, .item(), ...
        return False


def _agrees(kind: type[Stack], modules, device: str, values, probe: Tensor) -> bool:
    tried = kind([without_sharing(module) for module in modules], device, values=values)
    q, pull = tried.q_and_pull(probe)
    pull(torch.ones_like(q))
    grad = tried.grad.clone()
    want, pull = Stack.q_and_pull(tried, probe)
    pull(torch.ones_like(want))
    return torch.allclose(q, want, atol=1e-5) and torch.allclose(
        grad, tried.grad, atol=1e-4, rtol=1e-4
    )


def _exact_products(device: str):
    """Let a card round as float32 does while two ways are compared: TF32 keeps 10 bits only."""
    if device == "cpu":
        return nullcontext()
    return torch.backends.cudnn.flags(
        enabled=torch.backends.cudnn.enabled, benchmark=torch.backends.cudnn.benchmark,
        deterministic=torch.backends.cudnn.deterministic, allow_tf32=False,
    )  # fmt: skip
