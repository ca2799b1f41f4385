"""Names that have moved: copies of lessons, answers and progress of earlier days still find them.

Two tables say where a name was and where it is. They serve imports of the old modules, names that
went from one module to another, and the dotted paths by which an exercise is known.
"""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import ModuleSpec

MODULES = {  # was -> is
    "dqnlib.bias": "dqnlib.classics.maximization",
    "dqnlib.teach": "dqnlib.course.teach",  # in the locked cells of assignments
}


def _in(module: str, names: str) -> dict[str, str]:
    return {name: f"{module}.{name}" for name in names.split()}


NAMES = {  # module where they were -> {name: where it is}
    "dqnlib.data": {
        **_in("dqnlib.config", "Config TabularConfig"),
        **_in("dqnlib.results", "Run TabularRun"),
    },
    "dqnlib.experiments": {
        "evaluate": "dqnlib.agents.evaluate",
        **_in("dqnlib.intervals", "Interval interval iqm_interval mean_interval"),
        **_in("dqnlib.saved", "load_run save_run"),
    },
    "dqnlib.features": {
        "Baird": "dqnlib.classics.baird.runs",
        "baird": "dqnlib.classics.baird.weights",
        "car_coder": "dqnlib.classics.mountain_car.tile_coder",
        "mountain_car_step": "dqnlib.classics.mountain_car.step",
        "mountain_car_values": "dqnlib.classics.mountain_car.cost_to_go",
        **_in("dqnlib.classics.mountain_car", "CostToGo semi_gradient_sarsa"),
    },
    "dqnlib.plots": {
        **_in("dqnlib.grid_plots", "animated_path q_grid"),
        "greedy_paths": "dqnlib.grid_plots.path_counts",
    },
    "dqnlib.replay": _in("dqnlib.frames", "FrameReplayBuffer"),
    "dqnlib.tabular": _in(
        "dqnlib.planning",
        "Path Values greedy_path policy_evaluation rollout soft_policy value_iteration",
    ),
}


def today(path: str) -> str:
    """Return the dotted path of today for one of any day, as of "dqnlib.bias.double_estimate"."""
    module, _, name = path.rpartition(".")
    if name in NAMES.get(module, ()):
        return today(NAMES[module][name])
    return today(f"{MODULES[module]}.{name}") if module in MODULES else path


def former(path: str) -> list[str]:
    """Return the dotted paths that a name of today had before."""
    left = [f"{module}.{name}" for module, names in NAMES.items() for name in names]
    called = sorted({name.rpartition(".")[2] for name in (path, *left)})
    earlier = [*(f"{module}.{name}" for module in MODULES for name in called), *left]
    return [old for old in earlier if old != path and today(old) == path]


def names_of(module: str):
    """Return the ``__getattr__`` of a module that some names have left."""

    def find(name: str):
        home, _, found = today(f"{module}.{name}").rpartition(".")
        if home == module:
            raise AttributeError(f"module {module!r} has no attribute {name!r}", name=name)
        return getattr(importlib.import_module(home), found)

    return find


class _Finder:
    """Imports a module by the name that it had."""

    @staticmethod
    def find_spec(name: str, path=None, target=None) -> ModuleSpec | None:
        return ModuleSpec(name, _Finder) if name in MODULES else None

    @staticmethod
    def create_module(spec: ModuleSpec) -> None:
        return None

    @staticmethod
    def exec_module(module) -> None:
        name = module.__name__
        sys.modules[name] = importlib.import_module(MODULES[name])


def let_imports_find() -> None:
    """Let ``import dqnlib.bias`` and the like find the modules of today."""
    if _Finder not in sys.meta_path:
        sys.meta_path.append(_Finder)
