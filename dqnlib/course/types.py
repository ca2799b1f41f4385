"""What an exercise is made of: a check with its cases and mistakes, and what a check can raise."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


class Wrong(AssertionError):
    """A check failed. A notebook shows the message alone, without a traceback."""

    diagnosis: str | None = None  # the name of the likely mistake
    mend: str = ""  # how to mend it; empty if that is clear
    at_length: str = ""  # the message with it: for those who meet the same mistake again

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
    """A mistake that people really make: named when the answer shows it.

    The name is a diagnosis and does not give the fix away: the advice does, once it is asked for.
    """

    name: str
    advice: str
    wrong: Callable | None = None  # does what the mistake does; may change its arguments
    raises: str | tuple[str, ...] = ()  # a part of the error's text that shows it, or several


@dataclass(frozen=True)
class Part:
    """A method of a class that can be judged while others are still blank."""

    name: str
    needs: tuple[str, ...]  # the methods without which nothing can be seen of it
    judge: Callable[[type], None]  # raises Problem


@dataclass(frozen=True)
class Check:
    """All that is known about one exercise. `judge` replaces the cases where chance is in play."""

    path: str  # dotted name of the library's function or class
    hints: tuple[str, str, str]  # of rising strength
    cases: tuple[Case, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    judge: Callable[[Callable], None] | None = None  # raises Problem
    also: Callable[[Callable], None] | None = None  # the same, once all cases are right
    parts: tuple[Part, ...] = ()  # of a class
    returns: str = "one plain number"
    solution: str = ""  # as a learner would write it; empty: the library's source is shown
    tensors: bool = False  # the arrays of the cases reach the function as tensors

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]


class _Any:
    def __repr__(self) -> str:
        return "anything"


ANY = _Any()


class Problem(Exception):
    """Raised by a check: what is wrong, the name of the likely mistake, and how to mend it.

    The lines come first. What stands in mend the learner meets with the same mistake once more, or
    on request: see `dqnlib.course.exercises`.
    """

    def __init__(self, *lines: str, diagnosis: str, mend: str = ""):
        super().__init__("\n".join(lines))
        self.lines, self.diagnosis, self.mend = lines, diagnosis, mend
