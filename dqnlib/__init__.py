"""dqnlib: the small library behind the course on deep Q-learning.

Names are loaded when they are first used, so that ``import dqnlib`` is quick and works
where matplotlib, ipywidgets or even torch are missing.
"""

from __future__ import annotations  # so that an old Python gets as far as a clear message

import importlib

from dqnlib import moved

__version__ = "0.1.0"

_HOME = {
    "Batch": "data",
    "Step": "data",
    "Transition": "data",
    "Config": "config",
    "TabularConfig": "config",
    "Run": "results",
    "TabularRun": "results",
    "TabularModel": "envs",
    "train_tabular": "seeds",
    "TabularTrainer": "seeds",
    "QNetwork": "networks",
    "ReplayBuffer": "replay",
    "Trainer": "training",
    "network_of": "agents",
    "train": "training",
    "claim": "experiments",
    "evaluate": "agents",
    "greedy_episodes": "agents",
    "load_run": "saved",
    "save_run": "saved",
    "sweep": "experiments",
    "SweepError": "sweeps",
    "tidy": "experiments",
    "interval": "intervals",
    "iqm": "scores",
    "iqm_interval": "intervals",
    "improvement_interval": "scores",
    "performance_profile": "scores",
    "probability_of_improvement": "scores",
    "device_report": "device",
    "____": "course.exercises",
    "exercise": "course.exercises",
    "hints": "course.exercises",
    "own": "course.exercises",
    "show_progress": "course.overview",
    "predict": "course.predictions",
    "reveal": "course.predictions",
    "quiz": "course.quizzes",
    "bug_hunt": "hunts",
}
_ROOMS = {
    "attention", "balance", "classics", "climbing", "envs", "experiments", "features", "flipping",
    "frames", "games", "goals", "grid_plots", "hunts", "intervals", "labs", "networks", "pictures",
    "planning", "plots", "policies", "probes", "rainbow", "replay", "reports", "saved", "scores",
    "seeds", "speed", "stacking", "staying", "studies", "sweep_plots", "tabular", "targets",
    "training", "transitions", "warehouse",
}  # fmt: skip

moved.let_imports_find()

__all__ = sorted({*_HOME, *_ROOMS})


def __getattr__(name: str):
    if name in _HOME:
        return getattr(importlib.import_module(f"dqnlib.{_HOME[name]}"), name)
    if name in _ROOMS:
        return importlib.import_module(f"dqnlib.{name}")
    if f"dqnlib.{name}" in moved.MODULES:
        return importlib.import_module(moved.MODULES[f"dqnlib.{name}"])
    raise AttributeError(f"dqnlib has no name {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
