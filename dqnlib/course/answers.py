"""What a learner wrote: the code in it, the names that it uses, and whether it is still blank."""

import dis
import inspect
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any


def functions(given: Any) -> Iterator[Any]:
    """Yield the functions that a learner wrote: the methods of a class, or the function itself.

    Decorators around them are taken off.
    """
    for part in vars(given).values() if inspect.isclass(given) else (given,):
        part = getattr(part, "fget", getattr(part, "__func__", part))  # property, staticmethod
        part = getattr(part, "__wrapped__", part)
        if isinstance(getattr(part, "__code__", None), CodeType):
            yield part


def codes(given: Any) -> list[CodeType]:
    """Return the compiled code that a learner wrote."""
    return [function.__code__ for function in functions(given)]


def names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from names(constant)


def names_around(given: Any) -> dict[str, Any]:
    """Return the names that a function sees: those of the notebook that it was written in."""
    return next((getattr(f, "__globals__", {}) for f in functions(given)), {})


def is_blank(function: Callable) -> bool:
    """Return True for a function that still has its blank, or that has no body yet.

    A class is blank if one of its methods has a blank, or if none of them has a body.
    """
    written = codes(function)
    if any(not {"____", "NotImplementedError"}.isdisjoint(names(code)) for code in written):
        return True
    if inspect.isclass(function):
        return all(map(_is_empty, written)) and bool(written or _is_plain(function))
    return any(map(_is_empty, written))


def _is_plain(cls: type) -> bool:
    """Return True for a class that holds nothing of its own but, perhaps, a docstring."""
    return all(name.startswith("__") for name in vars(cls))


def _is_empty(code: CodeType) -> bool:
    ops = list(dis.get_instructions(code))
    idle = {"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST", "POP_TOP"}
    constants = [op.argval for op in ops if op.opname in ("LOAD_CONST", "RETURN_CONST")]
    return all(op.opname in idle for op in ops) and constants in ([None], [...])
