"""Exercises: a learner's function or class is checked the moment its cell runs.

    @exercise("dqnlib.tabular.q_learning_target")
    def q_learning_target(reward, terminated, next_q, gamma):
        return ____

* blank: says so and hands back the library's version, so that the lesson goes on;
* wrong: raises `Wrong`, a message of one screen with the failing case and the likely mistake. How
  to mend it is folded beside the hints, and comes in the message with the same mistake again;
* right: says so, records it, and hands back the learner's own version for what follows.

The library's version at the dotted path is the reference. The hints show it as a learner would
write it (`dqnlib.course.written`); a test runs what they show.
"""

import dataclasses
import html
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from dqnlib.course import checks, progress, solutions, written
from dqnlib.course.answers import blank_methods, is_blank, mentions
from dqnlib.course.judge import run_check
from dqnlib.course.reference import load
from dqnlib.course.shown import folded, inline
from dqnlib.course.types import Check, Wrong

_met: set[tuple[str, str]] = set()  # mistakes that were made in this process: path, diagnosis
BLANK = "○ {}: still blank. The lesson goes on with the course's own version."
PARTLY = "○ {}: {}; {} still blank. The lesson goes on with the course's own version."
RIGHT = "✓ {}: right. From here on, the lesson runs on your version."


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


def exercise(path: str) -> Callable[[Callable], Callable]:
    """Decorate a learner's function or class: check it, hand back what the lesson goes on with.

    path: dotted name of the library's version, such as "dqnlib.tabular.epsilon_greedy".
    Raises Wrong if a check fails, and ValueError if there is no exercise of that name.
    """
    check = checks.find(path)

    def decorate(function: Callable) -> Callable:
        blank = blank_methods(function)
        if is_blank(function) and not blank:
            return _go_on_without(check)
        try:
            if blank:
                return _go_on_without(check, *_judge_parts(check, function, blank))
            run_check(check, function)
        except Wrong as wrong:
            if wrong.diagnosis == "raises NotImplementedError" and mentions(
                function, "NotImplementedError"
            ):  # a part of it is still to be written
                return _go_on_without(check)
            _record(check.path, "wrong")
            if os.environ.get("DQNLIB_ON_WRONG") == "continue":  # when a whole copy is judged
                print(wrong)
                return load(path)
            _display(Hints(check, wrong.mend))
            if (check.path, wrong.diagnosis) in _met:
                wrong.args = (wrong.at_length,)
            _met.add((check.path, wrong.diagnosis))
            raise
        _met.difference_update({met for met in _met if met[0] == check.path})
        _record(check.path, "right")
        print(RIGHT.format(check.name))
        _keep(check.path, function)
        _display(Hints(check))
        return function

    return decorate


def _judge_parts(check: Check, cls: type, blank: list[str]) -> tuple[list[str], list[str]]:
    """Judge what is filled in of a class; return what is right so far, and what is still blank.

    Raises Wrong for a part that is not right.
    """
    right = []
    for part in check.parts:
        if not {part.name, *part.needs}.isdisjoint(blank):
            continue
        run_check(dataclasses.replace(check, judge=part.judge), cls)
        right += [part.name] if part.name not in right else []
    return right, blank


def _go_on_without(check: Check, right: Sequence[str] = (), blank: Sequence[str] = ()) -> Callable:
    """Say that an answer, or a part of it, is still blank; return the library's version."""
    _record(check.path, "blank")
    if right:
        verb = ["is", "are"][len(right) > 1], ["is", "are"][len(blank) > 1]
        parts = f"{', '.join(right)} {verb[0]} right so far", f"{', '.join(blank)} {verb[1]}"
        print(PARTLY.format(check.name, *parts))
    else:
        print(BLANK.format(check.name))
    _display(Hints(check))
    return load(check.path)


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
    found, whose = [], []
    for path in paths:
        check = checks.find(path)
        answer = solutions.fetch(check.path)
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


class Hints:
    """Three hints and the solution as a learner would write it, folded.

    mend: how to mend the mistake that was just made, folded as well.
    """

    def __init__(self, check: Check, mend: str = ""):
        self._check, self._mend = check, mend

    def __repr__(self) -> str:
        return f"Hints and solution for {self._check.name}: unfold them one by one."

    def _repr_html_(self) -> str:
        titles = ("Hint 1", "Hint 2, stronger", "Hint 3, nearly there")
        parts = [folded("How to mend it", f"<p>{inline(self._mend)}</p>")] if self._mend else []
        parts += [
            folded(title, f"<p>{inline(hint)}</p>")
            for title, hint in zip(titles, self._check.hints, strict=True)
        ]
        source = "\n".join([*written.imports(self._check), "", "", written.solution(self._check)])
        source = source.strip()
        parts.append(folded("Solution", f"<pre>{html.escape(source)}</pre>"))
        return "".join(parts)


def hints(path: str) -> Hints:
    """Return three hints of rising strength and the solution of an exercise, folded."""
    return Hints(checks.find(path))


def timed_check(path: str, function: Callable) -> float:
    """Return the seconds that a check of this function takes (for the benchmarks)."""
    start = time.perf_counter()
    run_check(checks.find(path), function)
    return time.perf_counter() - start
