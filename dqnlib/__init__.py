"""dqnlib: the small library behind the course on deep Q-learning.

Names are loaded when they are first used, so that ``import dqnlib`` is quick and works
where matplotlib, ipywidgets or even torch are missing.
"""

from __future__ import annotations  # so that an old Python gets as far as a clear message

import importlib

__version__ = "0.1.0"

_HOME = {
    "TabularConfig": "data",
    "TabularRun": "data",
    "Step": "data",
    "TabularModel": "envs",
    "train_tabular": "seeds",
    "TabularTrainer": "seeds",
    "claim": "experiments",
    "interval": "experiments",
    "____": "exercises",
    "device_report": "device",
    "exercise": "exercises",
    "hints": "exercises",
    "show_progress": "progress",
    "predict": "predictions",
    "reveal": "predictions",
}
_ROOMS = {"envs", "experiments", "exercises", "labs", "pictures", "plots", "seeds", "tabular"}

__all__ = sorted({*_HOME, *_ROOMS})


def __getattr__(name: str):
    if name in _HOME:
        return getattr(importlib.import_module(f"dqnlib.{_HOME[name]}"), name)
    if name in _ROOMS:
        return importlib.import_module(f"dqnlib.{name}")
    raise AttributeError(f"dqnlib has no name {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
