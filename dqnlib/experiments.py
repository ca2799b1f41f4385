"""Experiments that hold up: evaluation on fresh starts, sweeps, and claims that are checked."""

import functools
import itertools
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np

from dqnlib import clusters, moved
from dqnlib.arguments import check_choice, check_count, check_seeds
from dqnlib.config import Config, check_config
from dqnlib.results import Run
from dqnlib.saved import find_run, load_run
from dqnlib.sweeps import Cells, SweepError, locked

__all__ = ["SweepError", "claim", "sweep", "tidy"]
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
    retries: int = 1,
    **slots,
) -> dict[tuple, Run]:
    """Train every combination of the grid's settings with all seeds; return the runs.

    grid: a list of values for each field of `Config` that is tried, as in
    ``{"learning_rate": [1e-3, 1e-4], "sync_every": [1, 200]}``. The keys of the result are tuples
    of values in that order; `tidy` makes a table of it. folder: where each run is kept as soon as
    it is finished; what is there already is read, so that a sweep that was stopped goes on.
    backend: "loky", the cores of this machine, "ray" or "dask", a cluster (the README says how one
    is started), or "threading" or "sequential", this process. n_jobs: how many runs are trained at
    a time; -1: one on each core, on a cluster as many as it takes. retries: how often a run that
    failed, or whose worker died, is tried again after the others. slots: as for `train`.

    Raises TypeError for a field that does not exist and ValueError for a value that it does not
    take, for one that is no list, for an experiment that is there twice, and for a function that
    cannot be sent to a worker, all before anything is trained; ImportError for a cluster whose
    package is missing; SweepError for a folder that another version wrote or another sweep works
    in, for a full disk, for a worker that does not fit, and at the end if runs have failed.
    """
    import torch

    seeds, configs = check_seeds(seeds), _combinations(config, grid)
    check_choice("backend", backend, clusters.BACKENDS)
    n_jobs = -1 if n_jobs == -1 else check_count("n_jobs (other than -1, for all)", n_jobs)
    retries = check_count("retries", retries, 0)
    if folder is not None and slots:
        raise ValueError(
            "a folder knows a run by its settings and seeds, not by your own functions: sweep "
            "those without a folder"
        )
    if backend not in ("threading", "sequential"):
        _check_can_be_sent(slots)
    here = os.getpid(), torch.get_num_threads()  # read once: a job in a thread may come too late
    work = {key: functools.partial(_job, c, seeds, slots, here) for key, c in configs.items()}
    with locked(folder):
        files = {key: folder and find_run(folder, c, seeds) for key, c in configs.items()}
        runs = {key: load_run(file) for key, file in files.items() if file and file.is_file()}
        Cells(tuple(grid), work, files, runs, retries).train(backend, n_jobs, progress)
    return {key: runs[key] for key in configs}


def tidy(
    runs: Mapping[tuple, Run], grid: Mapping[str, Iterable], **measures: Callable[[Run], np.ndarray]
) -> dict[str, np.ndarray]:
    """Return what a sweep gave as a table with one row a seed: the columns by their names.

    The columns: each field of the grid, "seed", "whole" and "late" (the course's rule of
    evaluation, unless a run has no evaluations), "diverged", and each of the measures, a function
    of a run that gives one number a seed [S]. pandas.DataFrame takes it as it is. Raises ValueError
    for runs that do not belong to the grid, and for a measure of another shape.
    """
    rows = [(key, run) for key, run in runs.items() for _ in run.seeds]
    if any(len(key) != len(grid) for key in runs):
        raise ValueError(f"these runs are no sweep over {', '.join(grid) or 'nothing'}")
    table = {name: _column(key[k] for key, _ in rows) for k, name in enumerate(grid)}
    table["seed"] = np.array([seed for run in runs.values() for seed in run.seeds])
    if all(len(run.eval_steps) for run in runs.values()):
        measures = {"whole": Run.whole, "late": Run.late, **measures}
    measures = {**measures, "diverged": lambda run: run.diverged >= 0}
    for name, measure in measures.items():
        found = [_one_a_seed(name, measure(run), run) for run in runs.values()]
        table[name] = np.concatenate(found) if found else np.empty(0)
    return table


def _column(values: Iterable) -> np.ndarray:
    """Return values as one axis, also where they are tuples or None."""
    values = list(values)
    if all(isinstance(value, bool | int | float | str | np.generic) for value in values):
        return np.array(values)
    column = np.empty(len(values), object)
    column[:] = values
    return column


def _one_a_seed(name: str, values, run: Run) -> np.ndarray:
    values = np.asarray(values)
    if values.shape != (len(run.seeds),):
        raise ValueError(
            f"{name} must give one number a seed, so the shape ({len(run.seeds)},), but it gives "
            f"{values.shape}"
        )
    return values


def _check_can_be_sent(slots: Mapping[str, object]) -> None:
    """Raise a ValueError for a learner's function that cannot go to another process."""
    import cloudpickle

    for name, value in slots.items():
        try:
            cloudpickle.dumps(value)
        except Exception as error:  # whatever its parts raise
            raise ValueError(
                f"your {name} cannot be sent to a worker: {type(error).__name__}: {error}. It "
                "holds something that lives in this process only, such as an open file, a lock or "
                'a generator: make that inside it, or train with backend="sequential"'
            ) from error


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


def _job(config: Config, seeds: tuple[int, ...], slots: dict, here: tuple[int, int]) -> Run:
    """Train one run; here: the process that asks for it, and its number of threads."""
    import torch

    from dqnlib.training import train

    process, threads = here
    if process != os.getpid():  # a worker's own number is another one
        threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the cores are shared out among the runs
    try:
        return train(config, seeds, **slots)
    finally:
        torch.set_num_threads(threads)


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
