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


def instructions(code: CodeType) -> Iterator[dis.Instruction]:
    """Yield the instructions of a piece of code, and of what is defined in it."""
    yield from dis.get_instructions(code)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from instructions(constant)


def takes_from_around(op: dis.Instruction) -> bool:
    """Return whether an instruction looks a name up in the notebook, or among Python's own.

    A name of the function's own, an attribute or a keyword of the same spelling does not count.
    """
    return op.opname in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS")


def mentions(given: Any, name: str) -> bool:
    """Return whether a learner's code looks this name up around it."""
    every = (op for code in codes(given) for op in instructions(code))
    return any(op.argval == name and takes_from_around(op) for op in every)


def names_around(given: Any) -> dict[str, Any]:
    """Return the names that a function sees: those of the notebook that it was written in."""
    return next((getattr(f, "__globals__", {}) for f in functions(given)), {})


def is_blank(function: Callable) -> bool:
    """Return True for a function that still has its blank, or that has no body yet.

    A class is blank if one of its methods has a blank, or if none of them has a body.
    """
    written = codes(function)
    if mentions(function, "____"):
        return True
    if inspect.isclass(function):
        return all(map(_is_empty, written)) and bool(written or _is_plain(function))
    return any(map(_is_empty, written))


def blank_methods(given: Any) -> list[str]:
    """Return the methods of a class that are still blank, if others are filled in already.

    Empty for a function, and for a class of which nothing or all is written.
    """
    if not inspect.isclass(given):
        return []
    methods = {name: part for name, part in vars(given).items() if codes(part)}
    blank = [name for name, part in methods.items() if _is_to_do(part)]
    return blank if 0 < len(blank) < len(methods) else []


def _is_to_do(method: Any) -> bool:
    """Return whether a method says itself that it is still to be written; an empty one may not."""
    return mentions(method, "____") or any(
        _only_raises(list(dis.get_instructions(code))) for code in codes(method)
    )


def _is_plain(cls: type) -> bool:
    """Return True for a class that holds nothing of its own but, perhaps, a docstring."""
    return all(name.startswith("__") for name in vars(cls))


def _is_empty(code: CodeType) -> bool:
    """Return whether a body does nothing, or nothing in the end but raise NotImplementedError."""
    ops = list(dis.get_instructions(code))
    if _only_raises(ops):
        return True
    idle = {"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST", "POP_TOP"}
    constants = [op.argval for op in ops if op.opname in ("LOAD_CONST", "RETURN_CONST")]
    return all(op.opname in idle for op in ops) and constants in ([None], [...])


def _only_raises(ops: list[dis.Instruction]) -> bool:
    """Return whether every way through the code ends in raising NotImplementedError."""
    leaves = {"RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE"}
    jumps = any(op.opcode in dis.hasjrel or op.opcode in dis.hasjabs for op in ops)
    ends = [op.opname for op in ops if op.opname in leaves]
    named = any(op.argval == "NotImplementedError" and takes_from_around(op) for op in ops)
    return named and not jumps and ends == ["RAISE_VARARGS"]
