"""What every test needs."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

HERE = Path(__file__).parent
ALONE = {"browser", "labs"}  # folders whose tests look at a clock: pictures a second, waiting times

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is loaded: a core for each worker

settings.register_profile("busy", deadline=None)  # a busy machine makes no example wrong
settings.load_profile("busy")


@pytest.hookimpl(tryfirst=True)  # before tests are selected by their marks
def pytest_collection_modifyitems(items):
    for item in items:
        if " at 0x" in item.nodeid:  # each worker would call it otherwise
            raise pytest.UsageError(f"{item.nodeid} has an address in its name: give it an id")
        if item.path.is_relative_to(HERE) and item.path.relative_to(HERE).parts[0] in ALONE:
            item.add_marker("alone")


@pytest.fixture(autouse=True)
def dqnlib_home(tmp_path, monkeypatch):
    """Give each test an empty folder for the progress, so that nobody's own is changed."""
    home = tmp_path / "dqnlib-home"
    monkeypatch.setenv("DQNLIB_HOME", str(home))
    return home
