"""A learner's code may loop, raise or print: the check gets to know, and the kernel lives."""

import io
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dqnlib.course.answers import names_around

TIME_LIMIT = 5.0  # seconds for all calls of one check; a right answer needs well under one


class Tap(io.TextIOBase):
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


class Stopped(BaseException):
    """Stops a learner's function that runs for too long."""


def within_limit(work: Callable[[], None], names: dict) -> BaseException | None:
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
            raise Stopped
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
        return Stopped("and it cannot be stopped: restart the kernel (menu Kernel)")
    return raised[0] if raised and isinstance(raised[0], Stopped) else Stopped()


@contextmanager
def in_reach(function: Callable) -> Iterator[None]:
    """Let a function call itself: the cell gives it its name only after the check."""
    names, own = names_around(function), getattr(function, "__name__", "")
    before = names.get(own, names)  # names itself stands for: no such name
    names[own] = function
    try:
        yield
    finally:
        names[own] = before
        if before is names:
            del names[own]
