"""The library's version of an exercise: what a blank hands back, and the one solution there is."""

import ast
import importlib
import inspect
from collections.abc import Callable

from dqnlib import moved


def load(path: str) -> Callable:
    """Return the library's function or class at a dotted path."""
    module, _, name = moved.today(path).rpartition(".")
    return getattr(importlib.import_module(module), name)


def reference_source(path: str) -> str:
    """Return the library's source of an exercise: the one solution there is."""
    return inspect.getsource(load(path)).rstrip()


def reference_imports(path: str) -> list[str]:
    """Return the lines that import what the library's source needs from its module."""
    module, _, called = moved.today(path).rpartition(".")
    own = vars(importlib.import_module(module))
    nodes = ast.walk(ast.parse(reference_source(path)))
    used = {node.id for node in nodes if isinstance(node, ast.Name)} - {called}
    lines = []
    for name in sorted(used & own.keys()):
        value = own[name]
        home = getattr(value, "__module__", own["__name__"])
        if not inspect.ismodule(value):
            lines.append(f"from {home} import {name}")
        elif value.__name__ == name:
            lines.append(f"import {name}")
        else:
            lines.append(f"import {value.__name__} as {name}")
    return lines
