"""Which device S runs compute on: as asked, or what a measurement with stand-ins shows.

The measurement takes the library's own network of the config's sizes and batches of random
numbers: no function of a learner is called and no replay buffer is made. It is done once a process
for the same shape.
"""

import functools
import time
import warnings

import numpy as np
import torch

from dqnlib.config import Config
from dqnlib.data import Batch
from dqnlib.device import own_random_numbers
from dqnlib.seeds.acting import network_input
from dqnlib.seeds.distributions import update_for, values_of
from dqnlib.seeds.learner import first_line
from dqnlib.seeds.networks import stack
from dqnlib.seeds.slots import network_maker
from dqnlib.seeds.update import Networks

SIZES = (  # what a step's time depends on
    "channels", "hidden", "dueling", "noisy", "atoms", "v_min", "v_max", "batch_size", "optimizer",
    "double", "layer_norm",
)  # fmt: skip
STEPS, WARM = 40, 10  # environment steps with an update that are measured, and some before


def choose_device(
    config: Config,
    s: int,
    obs_shape: tuple[int, ...],
    n_actions: int,
    before: tuple[str, str] | None = None,
) -> tuple[str, str]:
    """Return the device of a config and why: "auto" measures where there is a choice.

    before: what was chosen when the run began; it stays there if it can.
    """
    if before and config.device == "auto" and (before[0] == "cpu" or torch.cuda.is_available()):
        return tuple(before)
    if config.device == "cpu":
        return "cpu", "as asked"
    if not torch.cuda.is_available():
        why = "PyTorch finds no CUDA device here"
        if config.device == "cuda":
            why += ", so this runs on the CPU"
        return "cpu", why
    if config.device == "cuda":
        return _cuda_or_word()
    sizes = {name: getattr(config, name) for name in SIZES}
    if config.optimizer == "obgd":  # which needs more than a batch
        sizes["optimizer"] = "sgd"
    stand_in = Config(**sizes, capacity=config.batch_size)
    return _measured(s, obs_shape, n_actions, stand_in)


def _cuda_or_word() -> tuple[str, str]:
    """Return the card if it can be computed on, else the CPU, and warn."""
    try:
        _room_on_the_card()
    except RuntimeError as error:
        why = f"the GPU failed ({first_line(error)}), so this runs on the CPU"
        warnings.warn(why, stacklevel=6)
        return "cpu", why
    return "cuda", "as asked"


def _room_on_the_card() -> None:
    """Compute something small there, which also starts CUDA; RuntimeError where that fails."""
    torch.ones(256, 256, device="cuda").sum().item()


@functools.cache
def _measured(s: int, obs_shape, n_actions: int, config: Config) -> tuple[str, str]:
    seconds = {}
    for device in ("cpu", "cuda"):
        try:
            seconds[device] = seconds_a_step(config, s, obs_shape, n_actions, device)
        except RuntimeError as error:  # no memory left on the card, a driver too old, ...
            return "cpu", f"{device} failed: {first_line(error)}"
    best = min(seconds, key=seconds.get)
    found = " and ".join(f"{1e3 * t:.2f} ms on {d}" for d, t in seconds.items())
    return best, f"a step of {s} seeds took {found}"


def seconds_a_step(config: Config, s: int, obs_shape, n_actions: int, device: str) -> float:
    """Return the median seconds of choosing actions and learning from a batch of stand-ins."""
    with own_random_numbers(seed=0):
        made = stack(
            network_maker(config), list(range(s)), obs_shape, n_actions, device, values_of(config)
        )
        obs = torch.randn(s, config.batch_size, *obs_shape)
        action = torch.randint(n_actions, (s, config.batch_size))
    networks = Networks(*made.with_target())
    update = update_for(config, {}, networks, range(s), lambda: "")
    acting = np.zeros((s, 1, *obs_shape), np.float32)
    seconds = []
    with torch.no_grad():
        for _ in range(WARM + STEPS):
            start = time.perf_counter()
            networks.online.q(network_input(torch.from_numpy(acting), device)).cpu()
            there, a = obs.to(device), action.to(device)
            update(Batch(there, a, there.flatten(2)[..., 0], there, a > 0), 0.99)
            networks.online.flat[0, 0].item()  # so that the device has finished
            seconds.append(time.perf_counter() - start)
    return float(np.median(seconds[WARM:]))
