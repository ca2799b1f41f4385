"""dqnlib: the small library behind the course on deep Q-learning.

Names are loaded when they are first used, so that ``import dqnlib`` is quick and works
where matplotlib, ipywidgets or even torch are missing.
"""

from __future__ import annotations  # so that an old Python gets as far as a clear message

import importlib

__version__ = "0.1.0"

_HOME = {
    "Batch": "data",
    "Config": "data",
    "Run": "data",
    "TabularConfig": "data",
    "TabularRun": "data",
    "Step": "data",
    "Transition": "data",
    "TabularModel": "envs",
    "train_tabular": "seeds",
    "TabularTrainer": "seeds",
    "QNetwork": "networks",
    "ReplayBuffer": "replay",
    "Trainer": "training",
    "network_of": "training",
    "train": "training",
    "claim": "experiments",
    "evaluate": "experiments",
    "interval": "experiments",
    "iqm_interval": "experiments",
    "load_run": "experiments",
    "save_run": "experiments",
    "sweep": "experiments",
    "____": "exercises",
    "device_report": "device",
    "exercise": "exercises",
    "hints": "exercises",
    "own": "exercises",
    "show_progress": "progress",
    "predict": "predictions",
    "reveal": "predictions",
}
_ROOMS = {
    "bias", "envs", "exercises", "experiments", "features", "labs", "networks", "pictures", "plots",
    "policies", "probes", "replay", "seeds", "studies", "tabular", "targets", "training",
}  # fmt: skip

__all__ = sorted({*_HOME, *_ROOMS})


def __getattr__(name: str):
    if name in _HOME:
        return getattr(importlib.import_module(f"dqnlib.{_HOME[name]}"), name)
    if name in _ROOMS:
        return importlib.import_module(f"dqnlib.{name}")
    raise AttributeError(f"dqnlib has no name {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
