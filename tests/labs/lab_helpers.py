"""What the tests of all labs need. `close_labs` acts on every test of a file that imports it."""

import html
import io
import threading
import time

import pytest
from PIL import Image

from dqnlib import labs


def workers() -> list[str]:
    """Return the names of the threads of all labs that live."""
    return [t.name for t in threading.enumerate() if t.name.startswith("lab-")]


def wait(condition, seconds: float = 120) -> bool:
    """Wait until a condition holds; return whether it does."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return condition()


def say(lab) -> str:
    """Return what a lab says below its buttons, once it has done what was posted."""
    assert lab.settle(60)
    return html.unescape(lab._values["message"])


def status(lab) -> str:
    """Return the text below the pictures, once the lab has done what was posted."""
    assert lab.settle(60)
    return lab._values["status"]


def picture(lab, slot: str) -> Image.Image:
    """Return a picture as the page shows it."""
    return Image.open(io.BytesIO(lab._values[slot]))


def steps(lab, count: int) -> None:
    """Press Step so many times."""
    for _ in range(count):
        lab.step()
    assert lab.settle(60)


def run_to_the_end(lab) -> None:
    """Play as fast as can be until nothing is left to do."""
    lab.post("speed", float("inf"))
    lab.play()
    assert wait(lambda: "Reset" in lab._values["message"] and not lab.playing)
    assert lab.settle(60)


def _widgets(lab):
    """Yield all widgets of a lab, from the top down."""
    todo = [lab.ui]
    while todo:
        w = todo.pop(0)
        todo = [*getattr(w, "children", ()), *todo]
        yield w


def widget(lab, label: str = "", kind: type | None = None, nth: int = 0):
    """Return a control of a lab by its label or its class."""
    return [
        w
        for w in _widgets(lab)
        if (label and getattr(w, "description", "") == label) or (kind and isinstance(w, kind))
    ][nth]


def control(lab, option: str):
    """Return a control of a lab by one of its options."""
    for w in _widgets(lab):
        if option in [str(o[0] if isinstance(o, tuple) else o) for o in getattr(w, "options", ())]:
            return w
    raise LookupError(option)


@pytest.fixture(autouse=True)
def close_labs():
    """Close what a test has left open, and see that no thread stays."""
    yield
    for lab in list(labs._LIVE.values()):
        lab.close()
    assert wait(lambda: not workers())
