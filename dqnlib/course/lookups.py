"""Advice for a name that Python did not find: an import, self, another spelling, another module."""

import difflib
import inspect
import re
import sys
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

from dqnlib.course.answers import codes, instructions
from dqnlib.course.messages import a_kind

IMPORTS = {  # how the lessons and most programs import what is known by these names
    "F": "import torch.nn.functional as F",
    "Tensor": "from torch import Tensor",
    "gym": "import gymnasium as gym",
    "nn": "from torch import nn",
    "np": "import numpy as np",
    "numpy": "import numpy",
    "optim": "from torch import optim",
    "plt": "import matplotlib.pyplot as plt",
    "torch": "import torch",
    "Callable": "from collections.abc import Callable",
    "Counter": "from collections import Counter",
    "defaultdict": "from collections import defaultdict",
    "deepcopy": "from copy import deepcopy",
    "deque": "from collections import deque",
    "namedtuple": "from collections import namedtuple",
    "partial": "from functools import partial",
}
# Where else to look for what a module has not.
BESIDE = {
    "numpy": ("numpy", "numpy.random", "numpy.linalg"),
    **dict.fromkeys(
        ("torch", "torch.nn", "torch.nn.functional"),
        ("torch.nn", "torch", "torch.nn.functional"),
    ),
}
SHORT = {"numpy": "np", "torch.nn": "nn", "torch.nn.functional": "nn.functional"}


def advice(error: BaseException, function: Callable) -> str:
    """Return what helps with a NameError or an AttributeError; empty for any other error."""
    frame = _frame(error, function)
    if type(error) is NameError:
        return _for_a_name(_text(error, r"name '(\w+)'"), function, frame)
    if isinstance(error, AttributeError):
        return _for_an_attribute(error, function)
    return ""


def _for_a_name(name: str, function: Callable, frame: FrameType | None) -> str:
    own = list(frame.f_locals) if frame else []
    if name in IMPORTS or (name in sys.stdlib_module_names and not _nearest(name, own)):
        line = IMPORTS.get(name, f"import {name}")
        return f"{name} is not imported in this notebook: write {line} above your code."
    attributes = {
        op.argval for c in codes(function) for op in instructions(c) if "ATTR" in op.opname
    }
    if inspect.isclass(function) and name in attributes:
        return f"What __init__ has stored is reached through self, as in self.{name}."
    around = [n for n in frame.f_globals if not n.startswith("_")] if frame else []
    near = _nearest(name, own) or _nearest(name, around)
    if near:
        return f"No {name} is known here. Did you mean {near}?"
    if inspect.isclass(function):
        return "What __init__ has stored is reached through self, as in self.size."
    return "Is the name spelled as in the first line? The arguments are all you need."


def _for_an_attribute(error: AttributeError, function: Callable) -> str:
    module = _text(error, r"module '([\w.]+)' has no attribute")
    name = _text(error, r"has no attribute '(\w+)'")
    if module:
        return _for_a_module(module, name)
    owner = _text(error, r"'([\w.]+)' object")
    value = getattr(error, "obj", None)
    if owner == "NoneType":
        return "None stands where a value should be: which line gave it, and what did it return?"
    if inspect.isclass(function) and owner == function.__name__:
        near = _nearest(name, [*_stored(value), *dir(function)])
        other = f" It has {near}." if near else ""
        return f"On self stands only what was stored there before, as in __init__.{other}"
    near = _nearest(name, dir(value)) if value is not None else ""
    kind = {"Tensor": "tensor", "ndarray": "array"}.get(owner.rpartition(".")[2], owner)
    if not kind:
        return ""
    said = f"{a_kind(kind).capitalize()} has no {name}."
    return said + (f" It has {near}." if near else "")


def _for_a_module(module: str, name: str) -> str:
    """Return what a module has in place of a name, or where else that name is known."""
    for other in BESIDE.get(module, ()):  # spelled so, but elsewhere
        if other != module and hasattr(sys.modules.get(other), name):
            return f"{name} is in {other}: write {_called(other)}.{name}."
    for other in dict.fromkeys((module, *BESIDE.get(module, ()))):
        near = _nearest(name, dir(sys.modules.get(other)), same=True)
        if near and near[0].isupper() == name[0].isupper():
            return f"{_called(module)} has no {name}. Did you mean {_called(other)}.{near}?"
    near = _nearest(name, dir(sys.modules.get(module)))
    if near:
        return f"{_called(module)} has no {name}. Did you mean {_called(module)}.{near}?"
    return f"{_called(module)} has no {name}: look its name up, or try Tab after {_called(module)}."


def _called(module: str) -> str:
    return SHORT.get(module, module)


def _stored(value: Any) -> list[str]:
    """Return what stands on a learner's object, the parts of a torch module included."""
    own = vars(value) if hasattr(value, "__dict__") else {}
    return [*own, *own.get("_modules", ()), *own.get("_parameters", ()), *own.get("_buffers", ())]


def _nearest(name: str, names: Iterable[str], same: bool = False) -> str:
    """Return the name that is spelled most like this one; same: but for its capital letters."""
    lower: dict[str, list[str]] = {}
    for other in names:
        if other != name and not other.startswith("__"):
            lower.setdefault(other.lower(), []).append(other)
    found = lower.get(name.lower())
    if not found and not same:
        keys = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.7)
        found = lower[keys[0]] if keys else None
    if not found:
        return ""
    return max(found, key=lambda other: other[0].isupper() == name[0].isupper())


def _frame(error: BaseException, function: Callable) -> FrameType | None:
    """Return the frame of the learner's code in which an error came up."""
    homes, found = {code.co_filename for code in codes(function)}, None
    step = error.__traceback__
    while step:
        if step.tb_frame.f_code.co_filename in homes:
            found = step.tb_frame
        step = step.tb_next
    return found


def _text(error: BaseException, pattern: str) -> str:
    found = re.search(pattern, str(error))
    return found[1] if found else ""
