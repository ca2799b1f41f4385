"""The live labs: controls that act at once while training goes on, and never block the notebook.

`Lab` is the frame, in `dqnlib.labs.frame`; it and its parts hold no algorithm. Every lab has a
file of its own here, and is loaded when it is first used.
"""

import importlib

from dqnlib.labs.frame import _LIVE, Lab  # noqa: F401 - the tests look at the labs that live

_HOME = {
    "BairdLab": "baird",
    "BiasLab": "bias",
    "BufferLab": "buffer",
    "ChaseLab": "chase",
    "CliffLab": "cliff",
    "DiscountLab": "discount",
    "DistributionLab": "distribution",
    "NStepLab": "windows",
    "PixelLab": "pixels",
    "PlayLab": "play",
    "PrioritiesLab": "priorities",
    "RelabelLab": "relabel",
    "StockLab": "stock",
    "SurfaceLab": "surface",
    "SweepLab": "sweep",
    "TrainingLab": "training",
    "update_line": "cliff_side",
}

__all__ = sorted([*_HOME, "Lab"])


def __getattr__(name: str):
    if name in _HOME:
        return getattr(importlib.import_module(f"dqnlib.labs.{_HOME[name]}"), name)
    raise AttributeError(f"dqnlib.labs has no name {name!r}; it has {', '.join(__all__)}")
