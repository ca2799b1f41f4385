"""What can be seen of an answer without a call: kind, name, parameters, and names like exit."""

import builtins
import difflib
import dis
import inspect
from collections.abc import Callable, Iterator
from typing import Any

from dqnlib.course.answers import codes, instructions, names_around, takes_from_around
from dqnlib.course.messages import wrap
from dqnlib.course.reference import load
from dqnlib.course.types import Check, Problem

KEEP = "Keep the first line as the lesson gives it."
_STOPPERS = {
    "input": "the arguments hold all that is needed.",
    "breakpoint": "a check cannot wait for you.",
    **dict.fromkeys(("exit", "quit", "_exit"), "it would stop the kernel."),
}
_MODULES = ("builtins", "nt", "os", "posix", "sys")  # where else these are


def check_first_line(check: Check, function: Callable) -> None:
    """Raise Problem for what can be seen without a call: kind, name, parameters, exit()."""
    wanted = load(check.path)
    if inspect.isclass(wanted):
        _check_class(check.name, wanted, function)
    else:
        _check_function(check.name, wanted, function)
    name = next(_stoppers(function), None)
    if name:
        text = f"It calls {name}(), but {_STOPPERS[name]}"
        raise Problem(*wrap(text), diagnosis=f"calls {name}()", mend=f"Take {name}() out.")


def _stoppers(function: Callable) -> Iterator[str]:
    """Yield what would wait for ever or end the kernel, where it is really Python's own."""
    around = names_around(function)
    for code in codes(function):
        module, last = "", None  # imported last; the instruction before
        for op in instructions(code):
            if op.opname == "IMPORT_NAME":
                module = op.argval
            if isinstance(op.argval, str) and op.argval in _STOPPERS:
                found = takes_from_around(op) and _is_pythons(around.get(op.argval), op.argval)
                if op.opname in ("LOAD_ATTR", "LOAD_METHOD"):
                    found = _module(last, around) in _MODULES
                if op.opname == "IMPORT_FROM":
                    found = module in _MODULES
                if found:
                    yield op.argval
            last = op


def _is_pythons(value: Any, name: str) -> bool:
    """Return whether a name means Python's own function; value: the notebook's, None if none."""
    kinds = ("ExitAutocall", "ZMQExitAutocall", "Quitter", "builtin_function_or_method")
    known = value is None or value is getattr(builtins, name, None)
    return known or type(value).__name__ in kinds


def _module(op: dis.Instruction | None, around: dict[str, Any]) -> str:
    """Return the name of the module that an instruction has just loaded, if it has."""
    if op is None or not op.opname.startswith("LOAD_") or not isinstance(op.argval, str):
        return ""
    value = around.get(op.argval)
    if op.argval == "__builtins__":
        return "builtins"
    if inspect.ismodule(value):
        return value.__name__
    return op.argval if value is None else ""  # imported inside the function


def _check_function(called: str, wanted: Callable, function: Callable) -> None:
    try:
        yours = inspect.signature(function)
    except (TypeError, ValueError):
        yours = None
    if yours is None or inspect.isclass(function):
        text, mend = "It is no function of yours.", "Start with def, as the lesson does."
        raise Problem(text, diagnosis="not a plain function", mend=mend)
    _expect_return(function)
    if inspect.isfunction(function) and function.__name__ not in (called, "<lambda>"):
        text = f"Your function is called {function.__name__}, but the lesson calls {called}."
        raise Problem(text, diagnosis="another name", mend=KEEP)
    want = list(inspect.signature(wanted).parameters)
    if not _takes(yours, inspect.signature(wanted)):
        text = f"It is called with {len(want)} arguments, as ({', '.join(want)})."
        text = text.replace("1 arguments", "one argument")
        lines = (text, *wrap(f"Yours takes {yours}."))
        raise Problem(*lines, diagnosis="other parameters", mend=KEEP)


def _expect_return(function: Callable, name: str = "") -> None:
    """Raise Problem for a function whose call hands back no value yet."""
    where = f" in the method {name}" if name else ""
    text = mend = ""
    if inspect.iscoroutinefunction(function):
        text, mend = "async", f"Take the word async away{where}."
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        text, mend = "yield", f"Write return in place of yield{where}."
    if text:
        text = f"It has {text} in it{where}: so a call hands back no value yet."
        raise Problem(text, diagnosis="not a plain function", mend=mend)


def _takes(yours: inspect.Signature, wanted: inspect.Signature) -> bool:
    """Return whether it can be called as the library's is, with and without the defaults."""
    want = list(wanted.parameters)
    if sorted(yours.parameters) == sorted(want) and list(yours.parameters) != want:
        return False  # the same names in another order
    optional = [p.name for p in wanted.parameters.values() if p.default is not p.empty]
    needed = [name for name in want if name not in optional]
    try:
        yours.bind(*want)
        yours.bind(*needed)
        yours.bind(*needed, **dict.fromkeys(optional))
    except TypeError:
        return False
    return True


def _check_class(called: str, wanted: type, given: Any) -> None:
    """Raise Problem for a class without the name, the base or the methods that the lesson uses."""
    if not inspect.isclass(given):
        text, mend = "It is no class of yours.", f"Start with class {called}, as the lesson does."
        raise Problem(text, diagnosis="not a class", mend=mend)
    if given.__name__ != called:
        text = f"Your class is called {given.__name__}, but the lesson calls {called}."
        raise Problem(text, diagnosis="another name", mend=KEEP)
    for base in wanted.__bases__:
        if not issubclass(given, base):
            name = f"{base.__module__.split('.')[-1]}.{base.__name__}"
            name = name.replace("module.Module", "nn.Module")
            mend = f"Begin with class {called}({name}): {KEEP}"
            text = f"It should build on {name}."
            raise Problem(text, diagnosis="the base class is missing", mend=mend)
    for name, method in vars(wanted).items():
        hidden = name.startswith("_") and not name.startswith("__")
        if inspect.isfunction(method) and not hidden:
            _check_method(given, wanted, name, inspect.signature(method))


def _check_method(given: type, wanted: type, name: str, want: inspect.Signature) -> None:
    inherited = {cls for base in wanted.__bases__ for cls in base.__mro__}
    homes = [cls for cls in given.__mro__ if name in vars(cls) and cls not in inherited]
    if not homes:
        text = f"Your class has no method {name}{_bare(want)} yet."
        own = [n for cls in given.__mro__ if cls not in inherited for n in vars(cls)]
        own = [n for n in own if n not in vars(wanted) and callable(getattr(given, n))]
        near = difflib.get_close_matches(name, own, n=1)
        if near and name.startswith("__"):
            mend = f"It has {near[0]}: the name is {name}, with two underscores on each side."
        elif near:
            mend = f"It has {near[0]}: the name is {name}."
        else:
            mend = "If it is there: its def must stand inside the class, four spaces in."
        raise Problem(text, diagnosis=f"no method {name}", mend=mend)
    method = vars(homes[0])[name]
    if not inspect.isfunction(method):
        return
    _expect_return(method, name)
    yours = inspect.signature(method)
    if not _takes(yours, want):
        mend = f"Its first line should be def {name}{_bare(want)}:"
        text = [f"The method {name} is called as {name}{_bare(want)}.", f"Yours takes {yours}."]
        fewer = len(yours.parameters) < len(want.parameters)
        if fewer and "self" not in yours.parameters:
            mend += " A method's first parameter is self: the object that it works on."
        lines = [line for part in text for line in wrap(part)]
        raise Problem(*lines, diagnosis="other parameters", mend=mend)


def _bare(signature: inspect.Signature) -> str:
    """Return a signature without its annotations, as the lesson writes it."""
    bare = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    return str(inspect.Signature(bare))
