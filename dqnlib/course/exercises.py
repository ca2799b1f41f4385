"""Exercises: a learner's function or class is checked the moment its cell runs.

    @exercise("dqnlib.tabular.q_learning_target")
    def q_learning_target(reward, terminated, next_q, gamma):
        return ____

* blank: says so and hands back the library's version, so that the lesson goes on;
* wrong: raises `Wrong`, a message of one screen with the failing case and the likely mistake;
* right: says so, records it, and hands back the learner's own version for what follows.

The library's version at the dotted path is the reference solution: there is no second copy.
The expected values are worked by hand in `dqnlib.course.checks` and never come from the reference.
This module imports no training code.
"""

import ast
import copy
import difflib
import dis
import functools
import html
import importlib
import inspect
import io
import linecache
import os
import re
import sys
import textwrap
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

import numpy as np

from dqnlib.course import progress, solutions

TIME_LIMIT = 5.0  # seconds for all calls of one check; a right answer needs well under one
BLANK = "○ {}: still blank. The lesson goes on with the course's own version."
RIGHT = "✓ {}: right. From here on, the lesson runs on your version."
WRONG = "✗ {}: not yet."


class _Blank:
    """What ``____`` stands for. Using it outside an exercise says what to do."""

    def __repr__(self) -> str:
        return "____"

    def _complain(self, *args, **kwargs):
        raise Wrong("✗ ____ is a blank for you to fill in: put your own code in its place.")

    def __getattr__(self, name: str):
        if name.startswith("_"):  # Python and the notebook look for such names themselves
            raise AttributeError(name)
        self._complain()

    __call__ = __getitem__ = __setitem__ = __bool__ = __iter__ = __len__ = _complain
    __float__ = __int__ = __index__ = __neg__ = __invert__ = _complain
    __lt__ = __le__ = __gt__ = __ge__ = __pow__ = __truediv__ = __rtruediv__ = _complain
    __add__ = __radd__ = __mul__ = __rmul__ = __sub__ = __rsub__ = __matmul__ = _complain


____ = _Blank()


class Wrong(AssertionError):
    """A check failed. A notebook shows the message alone, without a traceback."""

    diagnosis: str | None = None  # the name of the likely mistake

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


@dataclass(frozen=True)
class Case:
    """One call of the learner's function and what must come of it, worked by hand."""

    args: dict[str, Any]  # in the order of the parameters
    expected: Any  # return value; ANY if it is not checked
    story: str = ""  # what this case is about, for the learner
    after: dict[str, Any] = field(default_factory=dict)  # arguments that must change, afterwards


@dataclass(frozen=True)
class Mistake:
    """A mistake that people really make: named when the answer shows it."""

    name: str
    advice: str
    wrong: Callable | None = None  # does what the mistake does; may change its arguments
    raises: str | tuple[str, ...] = ()  # a part of the error's text that shows it, or several


@dataclass(frozen=True)
class Check:
    """All that is known about one exercise. `judge` replaces the cases where chance is in play."""

    path: str  # dotted name of the library's function or class
    hints: tuple[str, str, str]  # of rising strength
    cases: tuple[Case, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    judge: Callable[[Callable], None] | None = None  # raises Problem
    also: Callable[[Callable], None] | None = None  # the same, once all cases are right
    returns: str = "one plain number"
    tensors: bool = False  # the arrays of the cases reach the function as tensors

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]


class _Any:
    def __repr__(self) -> str:
        return "anything"


ANY = _Any()


class Problem(Exception):
    """Raised by a check: lines for the learner, and the name of the likely mistake."""

    def __init__(self, *lines: str, diagnosis: str):
        super().__init__("\n".join(lines))
        self.lines, self.diagnosis = lines, diagnosis


def mistaken(case: str, want: str, got: str, name: str, advice: str) -> Problem:
    """Return the problem of a judge that knows the mistake: what was tried, wanted and found."""
    lines = [*_wrap(f"This case: {case}"), f"  expected  {want}", f"  yours     {got}"]
    return Problem(*lines, "", *_likely(name, advice), diagnosis=name)


def load(path: str) -> Callable:
    """Return the library's function or class at a dotted path."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def exercise(path: str) -> Callable[[Callable], Callable]:
    """Decorate a learner's function or class: check it, hand back what the lesson goes on with.

    path: dotted name of the library's version, such as "dqnlib.tabular.epsilon_greedy".
    Raises Wrong if a check fails, and ValueError if there is no exercise of that name.
    """
    from dqnlib.course import checks

    check = checks.find(path)

    def decorate(function: Callable) -> Callable:
        if is_blank(function):
            _record(path, "blank")
            print(BLANK.format(check.name))
            _display(Hints(check))
            return load(path)
        try:
            run_check(check, function)
        except Wrong as wrong:
            _record(path, "wrong")
            if os.environ.get("DQNLIB_ON_WRONG") == "continue":  # when a whole copy is judged
                print(wrong)
                return load(path)
            _display(Hints(check))
            raise
        _record(path, "right")
        print(RIGHT.format(check.name))
        _keep(path, function)
        _display(Hints(check))
        return function

    return decorate


def _display(shown: Any) -> None:
    """Show something below the cell; outside a notebook there is no such place."""
    ipython = sys.modules.get("IPython")
    if ipython and ipython.get_ipython():
        ipython.display.display(shown)


def own(*paths: str) -> tuple[Callable, ...]:
    """Return functions and classes of earlier lessons: the learner's, else the library's.

    paths: dotted names, as for `exercise`. An answer that was right is kept
    (`dqnlib.course.solutions`) and checked again here. Prints whose version each is. Raises
    ValueError for an unknown name.
    """
    from dqnlib.course import checks

    found, whose = [], []
    for path in paths:
        check, answer = checks.find(path), solutions.fetch(path)
        if answer is not None:
            try:
                run_check(check, answer)
            except Wrong:  # the file was changed by hand
                answer = None
        found.append(load(path) if answer is None else answer)
        whose.append(f"{check.name} ({'the course' if answer is None else 'you'})")
    print("From earlier lessons: your version where its check has passed, else the course's.")
    print(f"       written by: {', '.join(whose)}")
    return tuple(found)


def _keep(path: str, function: Callable) -> None:
    """Keep a right answer for later lessons; if that fails, say what it means."""
    try:
        solutions.keep(path, function)
    except (solutions.NotKeptError, OSError) as error:
        print(f"  (Later lessons run on the course's own version: {error}.)")


def _record(path: str, status: str) -> None:
    problem = progress.record(path, status)
    if problem:
        print(problem)


def is_blank(function: Callable) -> bool:
    """Return True for a function that still has its blank, or that has no body yet.

    A class is blank if one of its methods has a blank, or if none of them has a body.
    """
    written = codes(function)
    if any(not {"____", "NotImplementedError"}.isdisjoint(_names(code)) for code in written):
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


def codes(given: Any) -> list[CodeType]:
    """Return the compiled code that a learner wrote."""
    return [function.__code__ for function in solutions.functions(given)]


def _names_around(given: Any) -> dict[str, Any]:
    """Return the names that a function sees: those of the notebook that it was written in."""
    return next((getattr(f, "__globals__", {}) for f in solutions.functions(given)), {})


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def run_check(check: Check, function: Callable) -> None:
    """Check a function; raise Wrong with a message and a diagnosis if it is not right."""
    printed = _Tap()
    try:
        _check_first_line(check, function)
        judge = check.judge or functools.partial(_judge_cases, check)
        with redirect_stdout(printed), warnings.catch_warnings(), _in_reach(function):
            warnings.simplefilter("ignore")  # the message says what is wrong
            error = _within_limit(lambda: judge(function), _names_around(function))
        if error is not None:
            if isinstance(error, Problem):
                raise error
            raise _explain_error(error, function, check)
        if printed.characters:
            raise Problem(
                "The values are right. But it prints while it works, and the experiments call it",
                "a million times. Take the print out.",
                diagnosis="it prints",
            )
    except Problem as problem:
        lines = [WRONG.format(check.name), "", *problem.lines]
        if printed.characters:
            lines += ["", "Your code printed:", *printed.first_lines()]
        lines += ["", "Three hints and the solution are folded above."]
        wrong = Wrong("\n".join(lines))
        wrong.diagnosis = problem.diagnosis
        raise wrong from None


@contextmanager
def _in_reach(function: Callable) -> Iterator[None]:
    """Let a function call itself: the cell gives it its name only after the check."""
    names, own = _names_around(function), getattr(function, "__name__", "")
    before = names.get(own, names)  # names itself stands for: no such name
    names[own] = function
    try:
        yield
    finally:
        names[own] = before
        if before is names:
            del names[own]


KEEP = "Keep the first line as the lesson gives it."


def _check_first_line(check: Check, function: Callable) -> None:
    """Raise Problem for what can be seen without a call: kind, name, parameters, exit()."""
    wanted = load(check.path)
    if inspect.isclass(wanted):
        _check_class(check.name, wanted, function)
    else:
        _check_function(check.name, wanted, function)
    for name in (name for code in codes(function) for name in _names(code)):
        if name in _STOPPERS:
            text = f"Take out {name}(): {_STOPPERS[name]}"
            raise Problem(text, diagnosis=f"calls {name}()")


def _check_function(called: str, wanted: Callable, function: Callable) -> None:
    try:
        yours = inspect.signature(function)
    except (TypeError, ValueError):
        yours = None
    if yours is None or inspect.isclass(function):
        text = "It is no function of yours. Start with def, as the lesson does."
        raise Problem(text, diagnosis="not a plain function")
    _expect_return(function)
    if inspect.isfunction(function) and function.__name__ not in (called, "<lambda>"):
        text = f"Your function is called {function.__name__}, but the lesson calls {called}."
        raise Problem(text, KEEP, diagnosis="another name")
    want = list(inspect.signature(wanted).parameters)
    if not _takes(yours, inspect.signature(wanted)):
        text = f"It is called with {len(want)} arguments, as ({', '.join(want)})."
        text = text.replace("1 arguments", "one argument")
        raise Problem(text, *_wrap(f"Yours takes {yours}. {KEEP}"), diagnosis="other parameters")


def _expect_return(function: Callable, name: str = "") -> None:
    """Raise Problem for a function whose call hands back no value yet."""
    where = f" in the method {name}" if name else ""
    text = ""
    if inspect.iscoroutinefunction(function):
        text = f"Take the word async away{where}: with it, a call hands back no value yet."
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        text = f"Write return in place of yield{where}: with yield, a call gives no value yet."
    if text:
        raise Problem(text, diagnosis="not a plain function")


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
        text = f"It is no class of yours. Start with class {called}, as the lesson does."
        raise Problem(text, diagnosis="not a class")
    if given.__name__ != called:
        text = f"Your class is called {given.__name__}, but the lesson calls {called}."
        raise Problem(text, KEEP, diagnosis="another name")
    for base in wanted.__bases__:
        if not issubclass(given, base):
            name = f"{base.__module__.split('.')[-1]}.{base.__name__}"
            name = name.replace("module.Module", "nn.Module")
            text = f"It should build on {name}: begin with class {called}({name}):"
            raise Problem(text, KEEP, diagnosis="the base class is missing")
    for name, method in vars(wanted).items():
        hidden = name.startswith("_") and not name.startswith("__")
        if inspect.isfunction(method) and not hidden:
            _check_method(given, wanted, name, inspect.signature(method))


def _check_method(given: type, wanted: type, name: str, want: inspect.Signature) -> None:
    inherited = {cls for base in wanted.__bases__ for cls in base.__mro__}
    homes = [cls for cls in given.__mro__ if name in vars(cls) and cls not in inherited]
    if not homes:
        text = [f"Your class has no method {name}{_bare(want)} yet."]
        own = [n for cls in given.__mro__ if cls not in inherited for n in vars(cls)]
        own = [n for n in own if n not in vars(wanted) and callable(getattr(given, n))]
        near = difflib.get_close_matches(name, own, n=1)
        if near and name.startswith("__"):
            text += [f"It has {near[0]}: the name is {name}, with two underscores on each side."]
        elif near:
            text += [f"It has {near[0]}: the name is {name}."]
        else:
            text += ["If it is there: its def must stand inside the class, four spaces in."]
        raise Problem(*text, diagnosis=f"no method {name}")
    method = vars(homes[0])[name]
    if not inspect.isfunction(method):
        return
    _expect_return(method, name)
    yours = inspect.signature(method)
    if not _takes(yours, want):
        text = [f"The first line of the method {name} should be def {name}{_bare(want)}:"]
        text += [f"Yours takes {yours}."]
        fewer = len(yours.parameters) < len(want.parameters)
        if fewer and "self" not in yours.parameters:
            text += ["A method's first parameter is self: the object that it works on."]
        lines = [line for part in text for line in _wrap(part)]
        raise Problem(*lines, diagnosis="other parameters")


def _bare(signature: inspect.Signature) -> str:
    """Return a signature without its annotations, as the lesson writes it."""
    bare = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    return str(inspect.Signature(bare))


_STOPPERS = {
    "input": "the arguments hold all that is needed.",
    "breakpoint": "a check cannot wait for you. Print in a cell of your own instead.",
    **dict.fromkeys(("exit", "quit", "_exit"), "it would stop the kernel."),
}


# -- cases: call, compare, name the mistake ------------------------------------------------


def _judge_cases(check: Check, function: Callable) -> None:
    """Raise Problem at the first case that comes out wrong, with the likely mistake."""
    answers = []
    for case in check.cases:
        answer = _answer(check, function, case)
        lines, diagnosis = _compare(check, case, *answer) or ([], "")
        by_value = ("another value", "another value stored")
        if diagnosis in by_value or (diagnosis == "wrong shape" and check.tensors):
            _expect_the_same_again(check, function, case, answer, times=20)  # as a coin may agree
            mistake = _likely_mistake(check, function, diagnosis)
            if mistake:
                lines += ["", *_likely(mistake.name, mistake.advice)]
                diagnosis = mistake.name
        if diagnosis:
            raise Problem(*_show_case(check, case), *lines, diagnosis=diagnosis)
        answers.append(answer)
    for case, answer in zip(check.cases, answers, strict=True):
        _expect_the_same_again(check, function, case, answer, times=1)
    if check.also:
        check.also(function)


def _answer(check: Check, function: Callable, case: Case) -> tuple[Any, dict[str, Any]]:
    """Call the function on copies of a case's arguments: -> (result, arguments afterwards)."""
    args = _arguments(check, case)
    try:
        return function(*args.values()), args
    except BaseException as error:
        error.add_note("\n".join(_show_case(check, case)))
        raise


def _arguments(check: Check, case: Case) -> dict[str, Any]:
    """Return copies of a case's arguments, its arrays as tensors where these are wanted."""
    args = copy.deepcopy(case.args)
    if check.tensors:
        import torch  # only here: a tabular exercise needs none

        for name, value in args.items():
            if isinstance(value, np.ndarray):
                args[name] = torch.from_numpy(value)
    return args


@contextmanager
def during(*lines: str) -> Iterator[None]:
    """Note on an error that comes from within what was being tried, for the learner."""
    try:
        yield
    except BaseException as error:
        error.add_note("\n".join(lines))
        raise


def _expect_the_same_again(
    check: Check, function: Callable, case: Case, first: tuple, times: int
) -> None:
    for _ in range(times):
        again = _answer(check, function, case)
        if _same(first, again):
            continue
        part = 0 if not _same(first[0], again[0]) else 1
        raise Problem(
            *_show_case(check, case),
            f"  the first time  {show(first[part])}",
            f"  and later       {show(again[part])}",
            "The same call must give the same result. Is a random number in it? Or is something",
            "kept between calls: a default argument such as total=[], a variable outside?",
            diagnosis="not the same each time",
        )


def _compare(check: Check, case: Case, got: Any, after: dict) -> tuple[list[str], str] | None:
    """Return what is wrong with an answer, as lines and a diagnosis, or None."""
    for name, before in case.args.items():
        if name not in case.after and not _same(before, after[name]):
            return [
                f"  it changed its argument {name}:",
                f"     before   {show(before)}",
                f"     after    {show(after[name])}",
                "The caller still needs that value. Work on a copy, or only read it.",
            ], "arguments changed"
    for name, want in case.after.items():
        if not _same(want, after[name]):
            lines = [
                f"  expected  {name} = {show(want)} afterwards",
                f"  yours     {name} = {show(after[name])}",
            ]
            if _same(case.args[name], after[name]):
                lines.append(f"It did not change {name} at all: store the result in it, in place.")
                return lines, "result not stored"
            return lines, "another value stored"
    problem = None if case.expected is ANY else _compare_value(check, case.expected, got)
    if problem and case.after:
        stored = ", ".join(case.after)
        problem[0].insert(0, f"The change of {stored} is right. But look at what it returns:")
    return problem


def _compare_value(check: Check, want: Any, got: Any) -> tuple[list[str], str] | None:
    both = [f"  expected  {show(want)}", f"  yours     {show(got)}"]
    if got is None:
        return [*both, "It returned None: is there a return in the last line?"], "returned None"
    value, wanted = _numbers(got), np.asarray(want)
    kind = _a(type(got).__name__.replace("ndarray", "array").replace("Tensor", "tensor"))
    if check.tensors and (value is None or not _is_tensor(got)):
        return _no_tensor(check, got, kind, both)
    if value is None or (value.shape == wanted.shape and value.dtype == bool != wanted.dtype):
        return [*both, f"It returned {kind}, but {check.returns} is wanted."], "wrong type"
    if value.shape != wanted.shape:
        if check.tensors and wanted.ndim == 1 and value.shape == wanted.shape * 2 != (1, 1):
            return _square(both, wanted.size)
        kinds = list if check.tensors else tuple  # as torch and NumPy show it
        text = f"Its shape is {kinds(value.shape)}, but it should be {kinds(wanted.shape)}"
        text += f": {check.returns}." if wanted.shape == () else "."
        return [*both, f"It returned {kind}. {text}"], "wrong shape"
    if np.isnan(value).any() and not np.isnan(wanted).any():
        return [*both, "NaN means “not a number”: look for 0/0 or inf − inf."], "returned NaN"
    if not np.allclose(value, wanted, **(_CLOSE_TENSORS if check.tensors else _CLOSE)):
        return both, "another value"
    return None


_CLOSE = {"rtol": 1e-6, "atol": 1e-9}
_CLOSE_TENSORS = {"rtol": 1e-5, "atol": 1e-6}  # float32 has about seven digits


def _is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _no_tensor(check: Check, got: Any, kind: str, both: list[str]) -> tuple[list[str], str]:
    """Return what is wrong with an answer in place of a tensor."""
    text = [f"It returned {kind}, but {check.returns} is wanted."]
    if isinstance(got, int | float | np.number) and not isinstance(got, bool):
        text += ["A plain number carries no gradient, so nothing could be learned from it."]
        text += ["Is there an .item() or a float(...) to take out?"]
        return [*both, *text], "a plain number in place of a tensor"
    if isinstance(got, list | tuple | np.ndarray):
        text += [
            "Compute with the tensors as they are: +, * and .max(...) work on all rows at once."
        ]
    return [*both, *text], "wrong type"


def _square(both: list[str], rows: int) -> tuple[list[str], str]:
    name = "a column [B, 1] met a row [B]"
    text = [
        f"Its shape is [{rows}, {rows}], but it should be [{rows}]: one number a transition.",
        "",
        f"Likely: {name}.",
        "Together they make a table [B, B]. Keep [B] all through: keepdim=True, [:, None] and",
        "unsqueeze(1) add an axis of length 1, squeeze(1) takes it away.",
    ]
    return [*both, *text], name


def _likely_mistake(check: Check, function: Callable, diagnosis: str) -> Mistake | None:
    """Return the mistake that explains the learner's answers best, or None.

    It must give the same answer in every case that the learner got wrong in this way, and in
    more than half of all cases. Of several such mistakes it is the one that agrees in most.
    """
    part = slice(1, 2) if diagnosis == "another value stored" else slice(2)  # of (result, after)
    yours = list(_outcomes(check, function))
    best, most = None, len(check.cases) // 2
    for mistake in check.mistakes:
        if mistake.wrong is None:
            continue
        pairs = list(zip(yours, _outcomes(check, mistake.wrong), strict=True))
        agree = [_same(mine[part], theirs[part]) for (mine, _), (theirs, _) in pairs]
        failed = [kind == diagnosis for _, kind in yours]
        if all(a for a, f in zip(agree, failed, strict=True) if f) and sum(agree) > most:
            best, most = mistake, sum(agree)
    return best


def _outcomes(check: Check, function: Callable) -> Iterator[tuple[tuple, str | None]]:
    """Yield the answer to each case and what is wrong with it; an empty answer if it raises."""
    for case in check.cases:
        try:
            answer = _answer(check, function, case)
        except Exception:
            yield (), "raises"
        else:
            yield answer, (_compare(check, case, *answer) or (None, None))[1]


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return isinstance(b, list | tuple) and len(a) == len(b) and all(map(_same, a, b))
    if a is None or b is None:
        return a is b
    x, y = _numbers(a), _numbers(b)
    if x is None or y is None:
        return a is b
    close = _CLOSE_TENSORS if _is_tensor(a) or _is_tensor(b) else _CLOSE
    return x.shape == y.shape and np.allclose(x, y, **close, equal_nan=True)


def _numbers(value: Any) -> np.ndarray | None:
    """Return a number, list, array or tensor as an array, and None for anything else."""
    try:
        array = np.asarray(value.detach() if hasattr(value, "detach") else value)
    except Exception:  # an object of the learner's own can do anything
        return None
    return array if array.dtype.kind in "biuf" else None


def _show_case(check: Check, case: Case) -> list[str]:
    args = _arguments(check, case)
    call = ", ".join(f"{name}={show(value)}" for name, value in args.items())
    story = [f"This case: {case.story}"] if case.story else []
    return [*story, *_wrap(f"{check.name}({call})", indent="  ")]


def show(value: Any) -> str:
    """Return a value as text that fits into one line of a message."""
    if _is_tensor(value):
        text = _show_tensor(value)
    elif isinstance(value, np.ndarray):
        text = np.array2string(value, precision=4, separator=", ", threshold=16)
    elif isinstance(value, float | np.floating):
        text = f"{value:.6g}"
    else:
        text = re.sub(r" at 0x[0-9a-f]+", "", repr(value))
        text = re.sub(r"np\.\w+\(([^()]*)\)", r"\1", text)  # np.int64(2) is 2
    text = " ".join(text.split())
    return text if len(text) <= 70 else text[:67] + "..."


def _show_tensor(value: Any) -> str:
    """Return a tensor as a list of its numbers, as in [1.0, 2.0]; a large one as its shape."""
    if value.numel() > 16:
        return f"a tensor of shape {list(value.shape)}"

    def shown(part: Any) -> str:
        if isinstance(part, list):
            return f"[{', '.join(map(shown, part))}]"
        text = f"{part:.4g}" if isinstance(part, float) else str(part)
        return f"{text}.0" if isinstance(part, float) and text.lstrip("-").isdigit() else text

    return shown(value.detach().tolist())


def _a(noun: str) -> str:
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


def _likely(name: str, advice: str) -> list[str]:
    return _wrap(f"Likely: {name}.") + _wrap(advice)


def _wrap(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, 88, initial_indent=indent, subsequent_indent=indent + indent)


# -- a learner's code may loop, raise or print: it gets a message, the kernel lives ---------


class _Tap(io.TextIOBase):
    """A stdout that counts and keeps only the beginning."""

    def __init__(self):
        self.characters, self._kept = 0, ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if len(self._kept) < 400:
            self._kept += text[:400]
        self.characters += len(text)
        return len(text)

    def first_lines(self) -> list[str]:
        lines = [f"  {line[:70]}" for line in self._kept.splitlines()[:2]]
        left = self.characters - sum(len(line) - 1 for line in lines)
        return [*lines, f"  ... and {left:,} characters more"] if left > 0 else lines


class _Stopped(BaseException):
    """Stops a learner's function that runs for too long."""


def _within_limit(work: Callable[[], None], names: dict) -> BaseException | None:
    """Run in a thread of its own; stop it after TIME_LIMIT. Return what it raised, or None.

    names: the notebook's. They tell the learner's code, which is stopped, from a library's.
    """
    raised: list[BaseException] = []
    late, over = threading.Event(), threading.Event()

    def follow(frame, event, arg):  # Python calls it before each line
        if frame.f_globals is not names:
            return None
        if late.is_set():
            mine = (f for f, _ in traceback.walk_stack(frame) if f.f_globals is names)
            if any(f.f_code.co_exceptiontable for f in mine):
                over.set()  # a try of the learner's could catch what should stop it,
                threading.Event().wait()  # so let it wait here for good
            raise _Stopped
        return follow

    def body():
        sys.settrace(follow)
        try:
            work()
        except BaseException as error:
            raised.append(error)
        finally:
            over.set()

    threading.Thread(target=body, name="exercise-check", daemon=True).start()
    try:
        in_time = over.wait(TIME_LIMIT)
    finally:  # also if the learner interrupts the kernel
        late.set()
    if in_time:
        return raised[0] if raised else None
    if not over.wait(1):
        return _Stopped("and it cannot be stopped: restart the kernel (menu Kernel)")
    return raised[0] if raised and isinstance(raised[0], _Stopped) else _Stopped()


def _explain_error(error: BaseException, function: Callable, check: Check) -> Problem:
    """Turn an exception of a learner's code into a short message with the line it came from."""
    name, text = type(error).__name__, ""
    with suppress(Exception):  # a learner's own exception may have no text
        text = str(error).strip()
    if isinstance(error, _Stopped):
        text = text or "so it was stopped"
        what = _wrap(f"It did not finish within {TIME_LIMIT:g} seconds, {text}.")
        advice, diagnosis = ["Is there a loop whose condition never becomes False?"], "does not end"
    else:
        what = _wrap(f"It stopped with {name}{': ' if text else '.'}{text[:200]}")
        known = {**_ADVICE, **(_ADVICE_IN_CLASS if inspect.isclass(function) else {})}
        advice, diagnosis = [known.get(name, "")], f"raises {name}"
        for mistake in (*check.mistakes, *_TELLTALE):
            parts = (mistake.raises,) if isinstance(mistake.raises, str) else mistake.raises
            if any(part in text for part in parts):
                advice = _likely(mistake.name, mistake.advice)
                diagnosis = mistake.name
                break
    homes, where = {code.co_filename for code in codes(function)}, []
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename in homes:
            source = linecache.getline(frame.filename, frame.lineno).strip()[:70]
            if source.startswith("@"):  # the call itself failed, not a line of the function
                continue
            where = [f"  in line {frame.lineno} of the cell: {source}"] if source else []
            break
    case = getattr(error, "__notes__", [])[:1]
    lines = [line for part in (case, what, where, advice) for line in part if line]
    return Problem(*lines, diagnosis=diagnosis)


NO_SUPER = (
    "super().__init__() is missing",
    "Make super().__init__() the first line inside __init__: nn.Module needs it before it can "
    "keep layers.",
)
# What torch says, and what a beginner has mostly done then.
_TELLTALE = (
    Mistake(*NO_SUPER, raises="before Module.__init__() call"),
    Mistake(
        "Python asks for one answer, a tensor holds many",
        "A tensor holds B answers at once, and if, and, or, not need a single one; so do Python's "
        "own max, min and sorted. Compute with the whole tensor: ~terminated turns bools round, "
        "torch.where picks row by row, next_q.max(dim=1).values is the largest of each row.",
        raises="Boolean value of Tensor with more than one value",
    ),
    Mistake(
        "minus on a tensor of bools",
        "terminated holds True and False, which torch does not subtract. ~terminated turns them "
        "round, and a product with ~terminated counts True as 1 and False as 0.",
        raises=("with a bool tensor is not supported", "on a bool tensor is not supported"),
    ),
    Mistake(
        "gather needs an index of shape [B, 1]",
        "q has two axes, so the index needs two as well: action[:, None] is [B, 1]. Take the "
        "axis away again afterwards with .squeeze(1).",
        raises="Index tensor must have the same number of dimensions",
    ),
    Mistake(
        "both results of max(dim=...) at once",
        "With dim, max gives two things, the largest values and their places: take .values.",
        raises="return_types.max",
    ),
    Mistake(
        "two shapes that do not fit",
        "One side has another length than the other. Write the shape of each tensor beside its "
        "line, as in # [B, A]: which axis should go?",
        raises="must match the size of tensor b",
    ),
)

_ADVICE = {
    "RecursionError": "The function calls itself without an end.",
    "NameError": "Is the name spelled as in the first line? The arguments are all you need.",
    "UnboundLocalError": "The name gets its value in a line that is not reached in every case.",
    "SystemExit": "Take it out: it would stop the kernel.",
    "IndexError": "An index is too large: counting starts at 0, and ends before the length.",
    "MemoryError": "It asked for more memory than there is.",
}
_ADVICE_IN_CLASS = {
    "NameError": "What __init__ has stored is reached through self, as in self.size.",
    "AttributeError": "On self stands only what was stored there before, as in __init__.",
}


# -- the solution, which is the library's source -------------------------------------------------


def reference_source(path: str) -> str:
    """Return the library's source of an exercise: the one solution there is."""
    return inspect.getsource(load(path)).rstrip()


def reference_imports(path: str) -> list[str]:
    """Return the lines that import what the library's source needs from its module."""
    own = vars(importlib.import_module(path.rpartition(".")[0]))
    nodes = ast.walk(ast.parse(reference_source(path)))
    used = {node.id for node in nodes if isinstance(node, ast.Name)} - {path.rpartition(".")[2]}
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


# -- hints ---------------------------------------------------------------------------------


class Hints:
    """Three hints and the solution, folded; the solution is read from the library's source."""

    def __init__(self, check: Check):
        self._check = check

    def __repr__(self) -> str:
        return f"Hints and solution for {self._check.name}: unfold them one by one."

    def _repr_html_(self) -> str:
        titles = ("Hint 1", "Hint 2, stronger", "Hint 3, nearly there")
        parts = [
            _folded(title, f"<p>{_inline(hint)}</p>")
            for title, hint in zip(titles, self._check.hints, strict=True)
        ]
        path = self._check.path
        source = "\n".join([*reference_imports(path), "", "", reference_source(path)]).strip()
        parts.append(_folded("Solution", f"<pre>{html.escape(source)}</pre>"))
        return "".join(parts)


def hints(path: str) -> Hints:
    """Return three hints of rising strength and the solution of an exercise, folded."""
    from dqnlib.course import checks

    return Hints(checks.find(path))


def _folded(title: str, body: str) -> str:
    return f"<details><summary>{title}</summary>{body}</details>"


def _inline(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def timed_check(path: str, function: Callable) -> float:
    """Return the seconds that a check of this function takes (for the benchmarks)."""
    from dqnlib.course import checks

    start = time.perf_counter()
    run_check(checks.find(path), function)
    return time.perf_counter() - start
