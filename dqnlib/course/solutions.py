"""The learner's right answers, kept so that a later lesson can run on them.

Each lies in a file of plain Python beside the progress file, as in
``~/.dqnlib/solutions/dqnlib.targets.td_target.py``, with the imports and the helpers that it uses.
It is the learner's own code: reading it back runs it, as its notebook cell did. The files can be
deleted at any time.
"""

import ast
import builtins
import dis
import inspect
import linecache
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dqnlib import moved
from dqnlib.course import progress
from dqnlib.course.answers import functions


class NotKeptError(ValueError):
    """An answer uses something that cannot be written down; the text says what."""


def file_of(path: str) -> Path:
    """Return where the answer to an exercise is kept; path: as "dqnlib.targets.td_target"."""
    return progress.path().parent / "solutions" / f"{path}.py"


def keep(path: str, answer: Any) -> None:
    """Write a function or class down, with all that it uses.

    Raises NotKeptError for one that uses a value of its notebook, or whose source is not known,
    and OSError where the file cannot be written.
    """
    file = file_of(path)
    text = source_of(answer)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def fetch(path: str) -> Any:
    """Return the kept answer to an exercise, or None if there is none that runs.

    One that was kept under an earlier name of the exercise is found, too.
    """
    names = (path, *moved.former(path))
    file = next((file_of(name) for name in names if file_of(name).is_file()), file_of(path))
    name = f"dqnlib-solution-{path}"
    try:
        text = file.read_text(encoding="utf-8")
        module = types.ModuleType(name)
        module.__file__ = str(file)
        sys.modules[name] = module  # where Python looks for the source of a class
        # kept here, since the file may be gone when somebody asks for the source
        linecache.cache[str(file)] = (len(text), None, text.splitlines(keepends=True), str(file))
        exec(compile(text, str(file), "exec"), vars(module))
        return getattr(module, path.rpartition(".")[2])
    except (Exception, SystemExit):  # none yet, damaged, or made for other libraries than these
        sys.modules.pop(name, None)
        return None


def source_of(answer: Any) -> str:
    """Return Python text that makes the answer anew; raises NotKeptError if none can."""
    imports: dict[str, str] = {}  # by the name that each makes
    helpers: dict[str, str] = {}  # in the order in which they must stand

    def write(name: str, value: Any) -> None:
        text, around = _written(value)
        for used in _uses(text):
            if used in imports or used in helpers or used == name or used not in around:
                continue
            line = _one_line(used, around[used])
            if line:
                imports[used] = line
            else:
                helpers[used] = ""  # so that two that call each other end
                write(used, around[used])
        helpers.pop(name, None)
        helpers[name] = text

    write(answer.__name__, answer)
    return "\n".join(sorted(imports.values())) + "\n\n\n" + "\n\n\n".join(helpers.values()) + "\n"


def _written(given: Any) -> tuple[str, dict[str, Any]]:
    """Return the source of a function or class, without decorators, and the names around it."""
    for function in functions(given):
        lines = linecache.getlines(function.__code__.co_filename)
        text = "".join(lines)
        try:
            nodes = ast.parse(text).body
        except SyntaxError:
            continue
        for node in reversed(nodes):
            if getattr(node, "name", None) == given.__name__:
                return ast.get_source_segment(text, node), function.__globals__
    raise NotKeptError(f"the source of {getattr(given, '__name__', given)} is not known")


def _uses(text: str) -> list[str]:
    """Return the names that a piece of source takes from around it, in order of the alphabet."""

    def walk(code: types.CodeType) -> Iterator[str]:
        for op in dis.get_instructions(code):
            if op.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                yield op.argval
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                yield from walk(constant)

    return sorted({*walk(compile(text, "", "exec"))} - {*vars(builtins)})


def _one_line(name: str, value: Any) -> str:
    """Return the line that makes a name anew; empty if it is a function or class of the learner."""
    if inspect.ismodule(value):
        plain = value.__name__ == name
        return f"import {name}" if plain else f"import {value.__name__} as {name}"
    home, called = getattr(value, "__module__", None), getattr(value, "__qualname__", "")
    elsewhere = home in sys.modules and not home.startswith(("__main__", "dqnlib-solution"))
    if elsewhere and getattr(sys.modules[home], called, None) is value:
        return f"from {home} import {called}" + (f" as {name}" if called != name else "")
    if inspect.isfunction(value) or inspect.isclass(value):
        return ""
    try:
        if ast.literal_eval(repr(value)) == value:
            return f"{name} = {value!r}"
    except (ValueError, SyntaxError, TypeError):
        pass
    raise NotKeptError(f"it uses {name} of its notebook")
