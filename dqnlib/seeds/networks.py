"""The networks of S runs, stacked, so that one call computes all of them."""

from collections.abc import Callable

import torch

from dqnlib.device import compute_threads, own_random_numbers
from dqnlib.seeds.dense import DenseStack
from dqnlib.seeds.learner import name_of
from dqnlib.seeds.made import check_independent, made
from dqnlib.seeds.stacks import Stack, VmapStack, without_sharing


def stack(
    make: Callable, network_seeds: list[int], obs_shape, n_actions: int, device: str
) -> Stack:
    """Return the stacked networks of all runs, in the quickest way that gives the same values.

    make: (obs_shape, n_actions) -> nn.Module; each run's network is made right after
    torch.manual_seed with its own number. Raises LearnerError for a network that fails, that
    cannot learn, or that gives anything but one finite number an action.
    """
    modules = []
    with own_random_numbers(), compute_threads(1):
        for seed in network_seeds:
            torch.manual_seed(seed)
            modules.append(made(make, obs_shape, n_actions))
        check_independent(modules, name_of(make))
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
        tried = kind([without_sharing(module) for module in modules], device)
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
