"""Experiments that hold up: evaluation on fresh starts, sweeps, and claims that are checked."""

import itertools
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from dqnlib import moved
from dqnlib.arguments import check_seeds
from dqnlib.config import Config, check_config
from dqnlib.results import Run
from dqnlib.saved import find_run, load_run, save_run

__getattr__ = moved.names_of(__name__)  # for what was here before


def sweep(
    config: Config,
    grid: Mapping[str, Iterable],
    seeds: Iterable[int] = range(10),
    *,
    folder: str | Path | None = None,
    backend: str = "loky",
    n_jobs: int = -1,
    progress: bool = False,
    **slots,
) -> dict[tuple, Run]:
    """Train every combination of the grid's settings with all seeds; return the runs.

    grid: a list of values for each field of `Config` that is tried, as in
    ``{"learning_rate": [1e-3, 1e-4], "sync_every": [1, 200]}``. The keys of the result are tuples
    of values in that order. folder: where each finished run is kept; what is there already is
    read, so that a sweep that was stopped goes on. backend, n_jobs: of joblib: all cores of this
    machine, or a cluster that is registered as "ray" or "dask". slots: as for `train`. Raises
    TypeError for a field that does not exist and ValueError for a value that it does not take, for
    one that is no list, and for an experiment that is there twice, before anything is trained.
    """
    import torch
    from joblib import Parallel, delayed, parallel_config

    seeds, configs = check_seeds(seeds), _combinations(config, grid)
    keys = list(configs)
    if folder is not None and slots:
        raise ValueError(
            "a folder knows a run by its settings and seeds, not by your own functions: sweep "
            "those without a folder"
        )
    files = {key: folder and find_run(folder, c, seeds) for key, c in configs.items()}
    runs = {key: load_run(file) for key, file in files.items() if file and file.is_file()}
    left = [key for key in keys if key not in runs]
    here = os.getpid(), torch.get_num_threads()  # read once: a job in a thread may come too late
    with parallel_config(backend=backend, n_jobs=n_jobs):
        jobs = (delayed(_job)(key, configs[key], seeds, files[key], slots, here) for key in left)
        try:
            parallel = Parallel(return_as="generator_unordered")
        except ValueError:  # "ray" gives all results together, at the end
            parallel = Parallel()
        done = parallel(jobs)
        if progress:
            from tqdm.auto import tqdm

            done = tqdm(done, total=len(left), unit=" runs")
        runs |= dict(done)
    return {key: runs[key] for key in keys}


def _combinations(config: Config, grid: Mapping[str, Iterable]) -> dict[tuple, Config]:
    """Return the config of every combination of a grid's values, by these values."""
    check_config("config", config)
    if not isinstance(grid, Mapping):
        raise ValueError(
            "grid must be a dict from fields to lists of values, such as {'sync_every': [1, 200]}, "
            f"but it is {grid!r}"
        )
    lists = [_values(name, values) for name, values in grid.items()]
    configs: dict[tuple, Config] = {}
    seen: dict[Config, tuple] = {}
    for key in itertools.product(*lists):
        made = config.replace(**dict(zip(grid, key, strict=True)))
        if made in seen:
            raise ValueError(
                f"the grid holds one experiment twice: {', '.join(grid)} = {seen[made]} and {key}"
            )
        seen[made], configs[key] = key, made
    return configs


def _values(name: str, values) -> list:
    """Return the values of one field of a grid as a list; ValueError if they are none."""
    if not np.iterable(values) or isinstance(values, str | bytes):
        raise ValueError(
            f"each field in the grid needs a list of values, but {name} is {values!r}: "
            f"write [{values!r}] to try only this one"
        )
    if name in ("hidden", "obs_scale") and isinstance(values, tuple):
        raise ValueError(
            f"{name} is {values!r}, which is a value of this field itself: write [{values!r}] to "
            f"try only this one, or a list, {list(values)!r}, to try one after the other"
        )
    plain = (value.tolist() if isinstance(value, np.ndarray) else value for value in values)
    return [tuple(value) if isinstance(value, list) else value for value in plain]


def _job(
    key: tuple, config: Config, seeds, file: Path | None, slots: dict, here: tuple[int, int]
) -> tuple[tuple, Run]:
    """Train and keep one run; here: the process that asks for it, and its number of threads."""
    import torch

    from dqnlib.training import train

    process, threads = here
    if process != os.getpid():  # a worker's own number is another one
        threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the cores are shared out among the runs
    try:
        run = train(config, seeds, **slots)
    finally:
        torch.set_num_threads(threads)
    if file:
        save_run(run, file)
    return key, run


def claim(text: str, holds, measured: object = "") -> None:
    """Print whether a claim of the text holds, and the numbers it rests on.

    measured: a text, a number, an array, or a dict of such. The first line is compared on every
    machine. The line "measured" is not: training differs in the last digits between processors.
    """
    print(f"{'holds' if holds else 'DOES NOT HOLD'}: {text}")
    if not (isinstance(measured, str) and measured == ""):
        print(f"       measured: {_in_one_line(measured)}")


def _in_one_line(value) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_in_one_line(v)}" for name, v in value.items())
    if isinstance(value, np.ndarray):
        return ", ".join(f"{v:g}" for v in value.ravel())
    return str(value)
