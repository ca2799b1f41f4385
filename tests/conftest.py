"""What every test needs."""

import os

import pytest
from hypothesis import settings

from dqnlib.__main__ import PLACES
from dqnlib.course import counting, notebooks

# These run a lesson, which is named in brackets. The longest begins first: at the end one of two
# workers would be left with it, and the other with nothing to do.
LONG = ("test_a_lesson_passes", "test_run_all")
SECONDS = counting.measured()

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is loaded: a core for each worker

settings.register_profile("busy", deadline=None)  # a busy machine makes no example wrong
settings.load_profile("busy")


def seconds(item) -> float:
    """Return about how long a test of a lesson takes, and 0 for all others."""
    if getattr(item, "originalname", "") not in LONG:
        return 0
    return next((SECONDS[lesson] for lesson in SECONDS if lesson in item.name), 60)


@pytest.hookimpl(tryfirst=True)  # before tests are selected by their marks
def pytest_collection_modifyitems(items):
    for item in items:
        if " at 0x" in item.nodeid:  # each worker would call it otherwise
            raise pytest.UsageError(f"{item.nodeid} has an address in its name: give it an id")
        is_test = item.path.name.startswith("test_")  # a benchmark may use the browser anywhere
        for mark, place in PLACES.items() if is_test else ():
            lies_there = item.path.is_relative_to(notebooks.ROOT / place)
            if item.get_closest_marker(mark) and not lies_there:
                raise pytest.UsageError(f"{item.nodeid} would not be run: move it to {place}")
    items.sort(key=seconds, reverse=True)  # others keep their order


@pytest.fixture(autouse=True)
def dqnlib_home(tmp_path, monkeypatch):
    """Give each test an empty folder for the progress, so that nobody's own is changed."""
    home = tmp_path / "dqnlib-home"
    monkeypatch.setenv("DQNLIB_HOME", str(home))
    return home
