"""What every test needs."""

import pytest


@pytest.fixture(autouse=True)
def dqnlib_home(tmp_path, monkeypatch):
    """Give each test an empty folder for the progress, so that nobody's own is changed."""
    home = tmp_path / "dqnlib-home"
    monkeypatch.setenv("DQNLIB_HOME", str(home))
    return home
