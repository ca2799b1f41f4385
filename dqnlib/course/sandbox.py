"""A learner's code may loop, raise or print: the check gets to know, and the kernel lives."""

import io
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dqnlib.course.answers import names_around

TIME_LIMIT = 5.0  # seconds that all calls of one check may compute; a right answer needs under one
LOOK = 0.02  # seconds between two looks at the clock
PATIENCE = 6  # times as many seconds may pass: other programs want the cores, too


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

    thread = threading.Thread(target=body, name="exercise-check", daemon=True)
    thread.start()
    try:
        in_time = _is_over_in_time(over, thread)
    finally:  # also if the learner interrupts the kernel
        late.set()
    if in_time:
        return raised[0] if raised else None
    if not over.wait(1):
        return Stopped("and it cannot be stopped: restart the kernel (menu Kernel)")
    return raised[0] if raised and isinstance(raised[0], Stopped) else Stopped()


def _is_over_in_time(over: threading.Event, thread: threading.Thread) -> bool:
    """Wait for a check; False once it has computed for TIME_LIMIT, or waited `PATIENCE` times that.

    On a busy machine a thread gets a part of the time only, so it is asked how long it computed.
    """
    begin, computed = time.monotonic(), _clock_of(thread)
    while not over.wait(LOOK):
        waited = time.monotonic() - begin
        if computed() > TIME_LIMIT or waited > PATIENCE * TIME_LIMIT:
            return over.is_set()
    return True


def _clock_of(thread: threading.Thread) -> Callable[[], float]:
    """Return a clock of the seconds for which a thread computed; of all seconds where none is."""
    begin = time.monotonic()
    try:
        clock = time.pthread_getcpuclockid(thread.ident)
        time.clock_gettime(clock)
    except (AttributeError, OSError):  # Windows and macOS have none; or it is over
        return lambda: time.monotonic() - begin

    def computed() -> float:
        try:
            return time.clock_gettime(clock)
        except OSError:  # it has ended
            return 0.0

    return computed


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
