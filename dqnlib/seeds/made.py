"""The network that a learner's function makes, checked before it is trained."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from dqnlib.seeds.learner import LearnerError, first_line, name_of
from dqnlib.seeds.stacks import draws_noise, without_sharing


def made(
    make: Callable, obs_shape: tuple[int, ...], n_actions: int, values: Callable | None = None
) -> nn.Module:
    """Return one run's network, of which a copy was tried on two observations and on one.

    values: what makes action values of its output, if it is not those.
    """
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
        copied = without_sharing(module)
    except Exception as error:
        raise LearnerError(
            f"✗ the network of {name} cannot be copied, and training needs a target network: "
            f"{first_line(error)}"
        ) from error
    for n, word in ((2, "two observations"), (1, "one observation")):
        _check_output(copied, name, torch.zeros(n, *obs_shape), n_actions, word, values)
    obs = torch.randn(2, *obs_shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        again = without_sharing(module)
        if not torch.equal(without_sharing(module)(obs), again(obs)):
            raise LearnerError(
                f"✗ the network of {name} gives other values each time for the same observations, "
                "and a run could not be repeated: take dropout and random numbers out of it"
            )
    if draws_noise(module):
        _check_noise(module, name, obs)
    for key, p in module.named_parameters():
        if p.dtype != torch.float32:
            raise LearnerError(
                f"✗ the network of {name} keeps {key} as {p.dtype}; expected float32, so leave "
                "out .double() and .half()"
            )
    return module


def _check_noise(module: nn.Module, name: str, obs: Tensor) -> None:
    """Raise LearnerError unless its noise comes from the generator given, and can be left out."""

    def output(number: int, training: bool = True) -> Tensor:
        copied = without_sharing(module).train(training)
        copied.reset_noise(torch.Generator().manual_seed(number))
        return copied(obs)

    with torch.no_grad():
        try:
            one, same, other = output(1), output(1), output(2)
            still, also = output(1, training=False), output(2, training=False)
        except Exception as error:
            raise LearnerError(
                f"✗ reset_noise of the network of {name} failed: {first_line(error)}. It is called "
                "as reset_noise(rng), with a torch.Generator"
            ) from error
    if not torch.equal(one, same):
        raise LearnerError(
            f"✗ reset_noise of the network of {name} draws other noise each time from the same "
            "generator, and a run could not be repeated: draw with generator=rng"
        )
    if torch.equal(one, other):
        raise LearnerError(
            f"✗ reset_noise of the network of {name} gives the same noise whatever the generator "
            "says, so that all seeds would share it: draw with generator=rng"
        )
    if not torch.equal(still, also):
        raise LearnerError(
            f"✗ the network of {name} is noisy in evaluation, too: leave the noise out where "
            "self.training is False"
        )


def _check_output(
    module: nn.Module, name: str, obs: Tensor, n_actions: int, word: str, values: Callable | None
) -> None:
    try:
        with torch.enable_grad():
            q = module(obs)
    except Exception as error:
        raise LearnerError(
            f"✗ the network of {name} failed on a batch of {word}, {list(obs.shape)}: "
            f"{first_line(error)}"
        ) from error
    if values is not None:
        q = _valued(q, values, name, word)
        name = f"{name}, through {name_of(values)},"
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


def _valued(output, values: Callable, name: str, word: str):
    try:
        with torch.enable_grad():
            return values(output)
    except Exception as error:
        raise LearnerError(
            f"✗ {name_of(values)} failed on the output of the network of {name} for {word}: "
            f"{first_line(error)}. It is called as values(output), and gives one value an action"
        ) from error


def check_independent(modules: list[nn.Module], name: str) -> None:
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
