"""Many seeds at once: the only room that knows the leading axis S.

Everything a learner writes is about one run. Here the same steps are taken for S runs side by
side. A learner's own function is called for one run at a time, or is lifted over the runs where
that gives the same numbers: it never sees the axis S.

Names are loaded when they are first used: the tabular part needs no torch.
"""

import importlib

_HOME = {
    "Draws": "draws",
    "PlainDraws": "draws",
    "LearnerError": "learner",
    "NEXT_VALUE": "tables",
    "TabularTrainer": "tables",
    "train_tabular": "tables",
}

__all__ = sorted(_HOME)


def __getattr__(name: str):
    if name in _HOME:
        return getattr(importlib.import_module(f"dqnlib.seeds.{_HOME[name]}"), name)
    raise AttributeError(f"dqnlib.seeds has no name {name!r}; it has {', '.join(__all__)}")
