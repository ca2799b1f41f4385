"""How many updates a second this machine makes: where a GPU pays, and where it does not."""

from collections.abc import Iterable, Mapping

from dqnlib.arguments import check_count
from dqnlib.config import Config
from dqnlib.device import compute_threads
from dqnlib.seeds.choice import seconds_a_step


def devices() -> list[str]:
    """Return the devices that this machine has: "cpu", and "cuda" with a GPU that computes."""
    import torch

    return ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]


def updates_a_second(
    config: Config, seeds: int = 1, *, obs_shape=(4, 10, 10), n_actions: int = 3,
    device: str | None = None, threads: int = 1,
) -> float:  # fmt: skip
    """Return how many updates a second each of so many seeds gets, trained side by side.

    Measured with batches of random numbers: an update, and the choice of an action before it. With
    S seeds S times as many updates are made. device: "cpu" or "cuda"; None: that of the config, of
    which "auto" is the CPU; threads: of the CPU. Raises ValueError for a device that is not there.
    """
    seeds, threads = check_count("seeds", seeds), check_count("threads", threads)
    device = device or ("cuda" if config.device == "cuda" else "cpu")
    if device not in devices():
        raise ValueError(
            f"this machine has no {device!r} that PyTorch can use; it has {', '.join(devices())}"
        )
    with compute_threads(threads):
        return 1 / seconds_a_step(config, seeds, tuple(obs_shape), n_actions, device)


def measure(
    cells: Mapping[str, tuple[Config, int]], *, obs_shape=(4, 10, 10), n_actions: int = 3,
    on: Iterable[str] | None = None, threads: int = 1,
) -> dict[str, dict[str, float]]:  # fmt: skip
    """Return all updates a second, of all seeds together, by cell and device.

    cells: a label with settings and the number of seeds; on: the devices, by default those that
    there are. `reports.speed_table` and `reports.speed_bars` show what comes back. Raises
    ValueError as `updates_a_second` does.
    """
    where = list(on or devices())
    shape = {"obs_shape": obs_shape, "n_actions": n_actions, "threads": threads}
    return {
        label: {d: seeds * updates_a_second(config, seeds, device=d, **shape) for d in where}
        for label, (config, seeds) in cells.items()
    }
