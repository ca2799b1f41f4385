"""Experiments that hold up: evaluation, intervals over seeds, sweeps, and claims that are checked.

Results are kept on disk as plain data: arrays and settings, no code.
"""

import dataclasses
import hashlib
import itertools
import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np

from dqnlib.arguments import check_count, check_seeds
from dqnlib.config import Config
from dqnlib.device import compute_threads
from dqnlib.results import Run, parameters_of


def evaluate(
    run: Run,
    episodes: int = 100,
    *,
    seed: int = 0,
    best: bool = False,
    env: Callable | None = None,
    network: Callable | None = None,
) -> np.ndarray:
    """Return the greedy returns [S, episodes] of a run's agents on fresh environments.

    The starts come from `seed` and from each agent's own seed; neither training nor the
    evaluations during it have seen them. best: the agents as they were at their best evaluation,
    not at the end. env, network: your own makers, if the run was trained with them. Raises
    ValueError if they do not fit the run, if the run was stored without its networks, or if a best
    evaluation is asked for where none was.
    """
    import torch

    from dqnlib.networks import QNetwork
    from dqnlib.policies import random_streams
    from dqnlib.seeds.acting import Examiner
    from dqnlib.seeds.environments import environments
    from dqnlib.seeds.networks import stack

    episodes, seed = check_count("episodes", episodes), check_count("seed", seed, 0)
    arrays = parameters_of(run, best)
    if best and (run.best_steps < 0).any():
        raise ValueError(
            "the run has no best agents, for it was not evaluated while it trained (eval_every)"
        )
    numbers = [
        int(np.random.SeedSequence([random_streams(s).eval_seed, seed, 1]).generate_state(1)[0])
        for s in run.seeds
    ]
    shape = environments(run.config, env, numbers[:1])
    make = network or (lambda obs_shape, n: QNetwork(obs_shape, n, run.config.hidden))
    stacked = stack(make, numbers, shape.obs_shape, shape.n_actions, "cpu")
    try:
        stacked.put({name: torch.from_numpy(array.copy()) for name, array in arrays.items()})
    except ValueError:
        raise ValueError(
            "the network does not fit the run: give the makers that it was trained with, as "
            "network=... and env=..."
        ) from None
    names = [f"seed {s}" for s in run.seeds]
    with compute_threads(1):  # a step's networks are small work
        return Examiner(run.config, env, numbers, names).returns(stacked, 0, episodes)


def save_run(run: Run, path: str | Path) -> Path:
    """Write a run as arrays and JSON (.npz); the file appears when it is complete."""
    from dqnlib.storage import write_whole

    about = {
        "dqnlib": "run", "config": dataclasses.asdict(run.config), "seeds": run.seeds,
        "steps": run.steps, "device": run.device,
        "names": {group: list(getattr(run, group)) for group in _GROUPS},
    }  # fmt: skip
    arrays = {"about": np.array(json.dumps(about))}
    for k in range(len(run.seeds)):
        arrays[f"returns/{k}"], arrays[f"ends/{k}"] = run.returns[k], run.ends[k]
    for name in _ARRAYS:
        arrays[name] = getattr(run, name)
    for group in _GROUPS:
        arrays |= {f"{group}/{name}": array for name, array in getattr(run, group).items()}
    return write_whole(path, lambda file: np.savez_compressed(file, allow_pickle=False, **arrays))


def load_run(path: str | Path) -> Run:
    """Read what `save_run` wrote; SavedRunError says what is wrong with the file."""
    from dqnlib.storage import SavedRunError

    path = Path(path)
    if not path.is_file():
        raise SavedRunError(f"✗ there is no file {path}")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        about = json.loads(str(arrays["about"]))
        if about["dqnlib"] != "run":
            raise ValueError
        rows = range(len(about["seeds"]))
        config = Config(**{k: _tuples(v) for k, v in about["config"].items()})
        return Run(
            config=config,
            seeds=tuple(about["seeds"]),
            steps=about["steps"],
            device=about["device"],
            returns=tuple(arrays[f"returns/{k}"] for k in rows),
            ends=tuple(arrays[f"ends/{k}"] for k in rows),
            **{name: arrays[name] for name in _ARRAYS},
            **{
                group: {name: arrays[f"{group}/{name}"] for name in about["names"][group]}
                for group in _GROUPS
            },
        )
    except Exception:  # a broken archive, another file, a later version: many kinds of errors
        raise SavedRunError(
            f"✗ {path} cannot be read: it is damaged, or is no run that this course saved"
        ) from None


_ARRAYS = ("record_steps", "eval_steps", "eval_returns", "diverged", "best_steps")
_GROUPS = ("records", "parameters", "best_parameters")


def _tuples(value):
    return tuple(value) if isinstance(value, list) else value


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
    TypeError for a field that does not exist and ValueError for a value that it does not take, or
    for one that is no list, before anything is trained.
    """
    import torch
    from joblib import Parallel, delayed, parallel_config

    seeds, names = check_seeds(seeds), list(grid)
    for name, values in grid.items():
        if not np.iterable(values) or isinstance(values, str | bytes):
            raise ValueError(
                f"each field in the grid needs a list of values, but {name} is {values!r}: "
                f"write [{values!r}] to try only this one"
            )
    keys = list(itertools.product(*([_tuples(v) for v in values] for values in grid.values())))
    configs = {key: config.replace(**dict(zip(names, key, strict=True))) for key in keys}
    if folder is not None and slots:
        raise ValueError(
            "a folder knows a run by its settings and seeds, not by your own functions: sweep "
            "those without a folder"
        )
    files = {key: folder and Path(folder) / file_name(c, seeds) for key, c in configs.items()}
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


def file_name(config: Config, seeds: tuple[int, ...]) -> str:
    """Return the name of the file of a run with these settings and seeds, a digest of both.

    Every field of the config is part of the key, the device as well: "cpu" and "auto" do not share
    a file, even where "auto" chooses the CPU. So is the order of the seeds.
    """
    text = json.dumps([dataclasses.asdict(config), seeds], sort_keys=True)
    return f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.npz"


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
