"""Runs on disk, as arrays and settings in one file (.npz), and the names of their files."""

import dataclasses
import hashlib
import json
from pathlib import Path

import numpy as np

from dqnlib.config import Config
from dqnlib.results import Run

# What each setting is where a key or a file does not name it: what dqnlib did before the setting
# existed. This table is no list of today's defaults. An entry never changes, also when the default
# in `Config` does, else a key would come to mean another experiment. A new setting is added here
# with the value that leaves everything as it was.
AS_BEFORE = {
    "env_id": "CartPole-v1",
    "steps": 50_000,
    "gamma": 0.99,
    "n_step": 1,
    "double": False,
    "hidden": (64, 64),
    "obs_scale": "auto",
    "optimizer": "adam",
    "learning_rate": 1e-3,
    "final_learning_rate": 0.0,
    "loss": "mse",
    "max_grad_norm": float("inf"),
    "batch_size": 64,
    "capacity": 50_000,
    "warmup": 1_000,
    "update_every": 1,
    "sync_every": 200,
    "tau": 1.0,
    "epsilon": 1.0,
    "final_epsilon": 0.1,
    "epsilon_steps": 10_000,
    "max_episode_steps": None,
    "eval_every": 2_500,
    "eval_episodes": 10,
    "record_every": 100,
    "device": "auto",
    "target_epsilon": 0.0,
    "priority_alpha": 0.0,
    "priority_beta": 0.4,
    "dueling": False,
    "noisy": False,
    "atoms": 1,
    "v_min": None,
    "v_max": None,
    "channels": (),
    "hindsight": "none",
    "hindsight_goals": 4,
    "windows": "all",
    "frame_stack": 1,
    "reward_clip": float("inf"),
    "life_loss": False,
    "layer_norm": False,
    "environments": 1,
    "trace_decay": 0.0,
}
# Until version 0.1.0 a key held every setting, and these did not exist.
_LATER = (
    "n_step", "target_epsilon", "priority_alpha", "priority_beta", "dueling", "noisy", "atoms",
    "v_min", "v_max", "channels", "hindsight", "hindsight_goals", "windows",
    "frame_stack", "reward_clip", "life_loss", "layer_norm", "environments", "trace_decay",
)  # fmt: skip


def file_name(config: Config, seeds: tuple[int, ...]) -> str:
    """Return the name of the file of a run with these settings and seeds, a digest of both.

    The key is what differs from `AS_BEFORE`, the device as well ("cpu" and "auto" do not share a
    file, even where "auto" chooses the CPU), and the seeds in their order. So a setting that comes
    later leaves the names of all files as they are.
    """
    settings = dataclasses.asdict(config).items()
    differs = {k: v for k, v in settings if k not in AS_BEFORE or v != AS_BEFORE[k]}
    return _digest(differs, seeds)


def find_run(folder: str | Path, config: Config, seeds: tuple[int, ...]) -> Path:
    """Return where a run lies in a folder, or where it is to be written if it is not there.

    A file that version 0.1.0 wrote under its own kind of name is found as well.
    """
    folder, settings = Path(folder), dataclasses.asdict(config)
    path = folder / file_name(config, seeds)
    if all(settings.pop(name) == AS_BEFORE[name] for name in _LATER) and not path.is_file():
        old = folder / _digest(settings, seeds)
        path = old if old.is_file() else path
    return path


def _digest(settings: dict, seeds: tuple[int, ...]) -> str:
    text = json.dumps([settings, seeds], sort_keys=True)
    return f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.npz"


def save_run(run: Run, path: str | Path) -> Path:
    """Write a run as arrays and JSON (.npz); the file appears when it is complete."""
    from dqnlib.storage import write_whole  # only here: it loads torch

    about = {
        "dqnlib": "run", "config": dataclasses.asdict(run.config), "seeds": run.seeds,
        "steps": run.steps, "device": run.device, "slots": run.slots,
        "names": {group: list(getattr(run, group)) for group in _GROUPS},
        "added": [name for name in _ADDED if getattr(run, name) is not None],
    }  # fmt: skip
    arrays = {"about": np.array(json.dumps(about))}
    for k in range(len(run.seeds)):
        arrays[f"returns/{k}"], arrays[f"ends/{k}"] = run.returns[k], run.ends[k]
    for name in _ARRAYS:
        arrays[name] = getattr(run, name)
    for group in _GROUPS:
        arrays |= {f"{group}/{name}": array for name, array in getattr(run, group).items()}
    arrays |= {name: getattr(run, name) for name in about["added"]}
    return write_whole(path, lambda file: np.savez_compressed(file, allow_pickle=False, **arrays))


def load_run(path: str | Path) -> Run:
    """Read what `save_run` wrote, also in an earlier version.

    A setting that the file does not name has the value of `AS_BEFORE`. Raises SavedRunError, which
    says what is wrong: no file, a damaged one, something else, or a setting that is not known here.
    """
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
        settings = {name: _tuples(value) for name, value in about["config"].items()}
    except Exception:  # a broken archive, another file: many kinds of errors
        raise _unreadable(path) from None
    try:
        config = config_of(settings)
    except (TypeError, ValueError) as error:
        raise SavedRunError(f"✗ {path} does not fit this version of dqnlib: {error}") from None
    try:
        rows, slots = range(len(about["seeds"])), about.get("slots")
        return Run(
            config=config,
            seeds=tuple(about["seeds"]),
            steps=about["steps"],
            device=about["device"],
            slots=_tuples(slots),
            returns=tuple(arrays[f"returns/{k}"] for k in rows),
            ends=tuple(arrays[f"ends/{k}"] for k in rows),
            **{name: arrays[name] for name in _ARRAYS},
            **{
                group: {name: arrays[f"{group}/{name}"] for name in about["names"].get(group, [])}
                for group in _GROUPS
            },
            **{name: arrays[name] for name in about.get("added", [])},
        )
    except Exception:
        raise _unreadable(path) from None


_ARRAYS = ("record_steps", "eval_steps", "eval_returns", "diverged", "best_steps")
_GROUPS = ("records", "parameters", "best_parameters", "looks")
_ADDED = ("final_returns", "look_steps")  # a file says which of them it holds; older ones none


def config_of(settings: dict) -> Config:
    """Return the config that a file names, of this version or an earlier one.

    Raises TypeError for a setting that this version does not know, ValueError for a value that
    `Config` does not take.
    """
    return Config(**{**AS_BEFORE, **settings})


def _unreadable(path: Path) -> Exception:
    from dqnlib.storage import SavedRunError

    return SavedRunError(
        f"✗ {path} cannot be read: it is damaged, or is no run that this course saved"
    )


def _tuples(value):
    return tuple(value) if isinstance(value, list) else value
