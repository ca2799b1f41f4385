"""What the tests of all labs need. `close_labs` acts on every test of a file that imports it."""

import threading
import time

import pytest

from dqnlib import labs


def workers() -> list[str]:
    """Return the names of the threads of all labs that live."""
    return [t.name for t in threading.enumerate() if t.name.startswith("lab-")]


def wait(condition, seconds: float = 30) -> bool:
    """Wait until a condition holds; return whether it does."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return condition()


def widget(lab, label: str = "", kind: type | None = None, nth: int = 0):
    """Return a control of a lab by its label or its class."""
    found, todo = [], [lab.ui]
    while todo:
        w = todo.pop(0)
        todo = [*getattr(w, "children", ()), *todo]
        if (label and getattr(w, "description", "") == label) or (kind and isinstance(w, kind)):
            found.append(w)
    return found[nth]


@pytest.fixture(autouse=True)
def close_labs():
    """Close what a test has left open, and see that no thread stays."""
    yield
    for lab in list(labs._LIVE.values()):
        lab.close()
    assert wait(lambda: not workers())
