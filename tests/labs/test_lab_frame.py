"""What all labs have in common: buttons, closing, running again, memory, and a page without kernel.

`tests/mutants/labs/test_lab_frame.toml` lists the mutants that these tests kill.
"""

import base64
import gc
import io
import os
import statistics
import subprocess
import sys
import time
import weakref
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from lab_helpers import close_labs, say, steps, wait, widget, workers  # noqa: F401 - a fixture
from PIL import Image

from dqnlib import labs
from dqnlib.config import Config
from dqnlib.labs import CliffLab, DiscountLab, Lab, frame

WIDE, HALF = 910, 455  # CSS pixels


class Kind(NamedTuple):
    """A lab to be tried: how it is made, and the pixels of its pictures when it is paused."""

    settings: dict
    pictures: dict[str, tuple[int, int]]
    still: tuple[int, int]


TABLE = {  # of a sweep: two rates, two periods, five seeds
    "rate": np.repeat([0.1, 0.2], 10), "period": np.tile(np.repeat([1, 20], 5), 2),
    "seed": np.tile(np.arange(5), 4), "late": np.arange(20) * 7 % 11 * 1.0,
    "whole": np.arange(20) * 3 % 7 * 1.0,
}  # fmt: skip
EVERY_LAB = {
    "BairdLab": Kind(
        {"seeds": range(2)}, {"weights": (HALF, 270), "errors": (HALF, 270)}, (WIDE, 270)
    ),
    "BiasLab": Kind({}, {"trial": (2 * WIDE, 500), "curves": (WIDE, 250)}, (WIDE, 500)),
    "BufferLab": Kind({}, {"ring": (2 * WIDE, 712)}, (WIDE, 356)),
    "ChaseLab": Kind(
        {"seeds": range(2), "updates": 60},
        {"A": (HALF, 236), "B": (HALF, 236), "errors": (WIDE, 236)},
        (WIDE, 472),
    ),
    "CliffLab": Kind(
        {"seeds": range(2)}, {"grid": (2 * WIDE, 764), "curves": (2 * WIDE, 472)}, (WIDE, 382)
    ),
    "DiscountLab": Kind({}, {"bars": (2 * WIDE, 520)}, (WIDE, 260)),
    "DistributionLab": Kind({"atoms": 5}, {"picture": (2 * WIDE, 660)}, (WIDE, 330)),
    "NStepLab": Kind({}, {"grid": (2 * WIDE, 764), "strip": (2 * WIDE, 336)}, (WIDE, 550)),
    "PixelLab": Kind({}, {"picture": (2 * WIDE, 660)}, (WIDE, 330)),
    "PlayLab": Kind({}, {"stage": (WIDE, 172)}, (WIDE, 172)),
    "PrioritiesLab": Kind({}, {"bars": (2 * WIDE, 600)}, (WIDE, 300)),
    "RelabelLab": Kind({}, {"episode": (2 * WIDE, 640)}, (WIDE, 320)),
    "StockLab": Kind({"others": {"three": [3] * 13}}, {"stock": (2 * WIDE, 660)}, (WIDE, 330)),
    "SurfaceLab": Kind({}, {"maps": (2 * WIDE, 572)}, (WIDE, 286)),
    "SweepLab": Kind(
        {"table": TABLE, "rows": "rate", "columns": "period"},
        {"maps": (2 * WIDE, 540)},
        (WIDE, 270),
    ),
    "TrainingLab": Kind(
        {"seeds": range(2), "b": Config(), "a": Config(warmup=20, batch_size=8)},
        {"returns": (HALF, 250), "values": (HALF, 250)},
        (WIDE, 236),
    ),
}


def make(name: str, /, **more) -> Lab:
    return getattr(labs, name)(**EVERY_LAB[name].settings | more)


def size(png: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(png)).size


def test_every_lab_is_tried():
    assert {"Lab", "update_line", *EVERY_LAB} == {*labs.__all__}


# -- pictures and buttons ------------------------------------------------------------------------


@pytest.mark.parametrize("name", EVERY_LAB)
def test_pictures_have_one_size_and_reset_brings_the_first_ones_back(name):
    lab, sizes = make(name), EVERY_LAB[name].pictures
    lab.displayed()
    assert lab.settle(60)
    first = {slot: lab._values[slot] for slot in sizes}
    assert {slot: size(png) for slot, png in first.items()} == sizes
    steps(lab, 3)
    assert {slot: size(lab._values[slot]) for slot in sizes} == sizes
    if name != "DiscountLab":  # which has nothing to step through
        assert any(lab._values[slot] != first[slot] for slot in sizes)
    lab.reset()
    assert lab.hint in say(lab)
    assert {slot: lab._values[slot] for slot in sizes} == first


@pytest.mark.parametrize("name", ["BiasLab", "BufferLab", "ChaseLab", "CliffLab", "TrainingLab"])
def test_buttons_post_the_same_as_methods(name):
    lab = make(name)
    for label in ("Step", lab.go, "Pause", "Reset"):
        widget(lab, label).click()
    assert lab.hint in say(lab)
    assert not lab.playing


@pytest.mark.parametrize("name", EVERY_LAB)
def test_play_goes_on_and_pause_stops_it(name, monkeypatch):
    lab, taken = make(name), []
    go_on = lab.advance
    monkeypatch.setattr(lab, "advance", lambda: taken.append(1) or go_on() or True)
    lab.post("speed", 200)
    lab.play()
    assert wait(lambda: len(taken) > 6)
    lab.pause()
    assert "Paused" in say(lab)
    count = len(taken)
    time.sleep(0.1)
    assert len(taken) == count


@pytest.mark.parametrize("name", EVERY_LAB)
def test_at_least_eight_pictures_a_second(name):
    """By the clock of this thread, which stands while others run: drawing must leave time."""
    lab = make(name)
    lab.displayed()
    steps(lab, 5)
    seconds = []
    for _ in range(7):
        lab.advance()  # here, since the worker waits for a message
        lab._stale = True
        start = time.thread_time()
        lab._draw()
        seconds.append(time.thread_time() - start)
        assert not lab._stale  # it was drawn
    assert statistics.median(seconds) < 1 / 8
    assert lab.period <= 1 / 8


@pytest.mark.skipif(not hasattr(time, "pthread_getcpuclockid"), reason="no clock of one thread")
@pytest.mark.parametrize("name", EVERY_LAB)
def test_a_paused_lab_does_nothing(name):
    lab = make(name)
    lab.displayed()
    assert lab.settle(60)
    clock = time.pthread_getcpuclockid(lab._worker.ident)  # what the worker alone takes
    before = time.clock_gettime(clock)
    time.sleep(0.3)
    assert time.clock_gettime(clock) - before < 0.1


# -- closing, running again, memory --------------------------------------------------------------


@pytest.mark.parametrize("name", EVERY_LAB)
def test_running_again_replaces_the_lab_and_closing_leaves_no_thread(name):
    first = make(name)
    first.play()
    second = make(name)
    assert wait(lambda: workers() == [f"lab-{second.name}"])
    assert first._closed
    second.step()
    assert second.settle(60)
    other = make(name, name="other")
    assert sorted(workers()) == sorted([f"lab-{second.name}", "lab-other"])
    other.close()
    other.close()
    assert wait(lambda: workers() == [f"lab-{second.name}"])
    second.close()
    assert wait(lambda: not workers())
    assert set(second._repr_mimebundle_()) == {"text/plain", "image/png"}


@pytest.mark.parametrize("name", ["CliffLab", "DiscountLab"])
def test_nothing_keeps_a_closed_lab(name):
    lab = make(name)
    lab._repr_mimebundle_()
    lab.close()
    gone = weakref.ref(lab)
    del lab
    gc.collect()
    assert gone() is None


def rerun(times: int) -> None:
    """Make a lab again and again, as a learner who runs its cell again does."""
    for _ in range(times):
        lab = CliffLab(seeds=range(3))
        lab._repr_mimebundle_()
        lab.step()
    assert lab.settle(60)
    gc.collect()


def test_many_reruns_leave_no_threads_and_no_widgets():
    from ipywidgets.widgets.widget import _instances as instances

    rerun(2)
    open_before = len(instances)
    rerun(25)
    assert workers() == ["lab-cliff"]
    assert len(instances) == open_before


@pytest.mark.parametrize("name", EVERY_LAB)
def test_running_any_lab_again_leaves_no_widgets_and_no_labs(name):
    from ipywidgets.widgets.widget import _instances as instances

    kind = getattr(labs, name)

    def again(times):
        for _ in range(times):
            lab = make(name)
            lab._repr_mimebundle_()
            lab.step()
        assert lab.settle(60)
        del lab
        gc.collect()
        return len(instances), sum(type(found) is kind for found in gc.get_objects())

    assert again(1) == again(3)


MEMORY = """
import ctypes, os
from test_lab_frame import rerun

def memory():  # of this process, in MB
    getattr(ctypes.CDLL(None), "malloc_trim", int)(0)  # free memory goes back to the system
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

rerun(30)
before = memory()
rerun(60)
print(memory() - before)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="memory is read from /proc")
def test_many_reruns_leave_no_memory():
    """In a process of its own: what other tests leave behind would blur the figure."""
    folder = Path(__file__).parent
    path = os.pathsep.join([str(folder), str(folder.parent)])
    done = subprocess.run(
        [sys.executable, "-c", MEMORY],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 12  # one lab's pictures and curves are about 15 MB


# -- without a page ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EVERY_LAB)
def test_without_a_notebook_there_is_a_text_and_a_still(name):
    lab = make(name)
    bundle = lab._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "image/png"}
    assert bundle["text/plain"] == repr(lab)
    assert repr(lab) == f"{lab.title}: run this cell in JupyterLab for the live controls."
    still = base64.b64decode(bundle["image/png"])
    assert size(still) == EVERY_LAB[name].still
    assert len(still) < 60_000
    assert bundle["image/png"] == make(name)._repr_mimebundle_()["image/png"]  # every time


def test_in_a_kernel_the_controls_are_there_too(monkeypatch):
    monkeypatch.setattr(frame, "_in_notebook", lambda: True)
    bundle = make("CliffLab")._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"].startswith("Cliff lab: run this cell")


@pytest.mark.parametrize("name", EVERY_LAB)
def test_without_ipywidgets_a_lab_is_a_still_that_can_be_driven(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    lab = make(name)
    assert lab.ui is None
    assert set(lab._repr_mimebundle_()) == {"text/plain", "image/png"}
    for drive in (lab.step, lab.play, lab.pause, lab.reset):
        drive()
    assert lab.hint in say(lab)


# -- settings --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("BairdLab", {"alpha": 0.5}, "alpha must be"),
        ("BairdLab", {"gamma": -1}, "gamma must be"),
        ("BairdLab", {"updates": 0}, "updates must be"),
        ("BairdLab", {"seeds": []}, "seeds is empty"),
        ("BiasLab", {"actions": 1}, "actions must be a whole number of at least 2"),
        ("BiasLab", {"actions": 33}, "actions must be at most 32"),
        ("BiasLab", {"samples": 0}, "samples must be"),
        ("BiasLab", {"noise": -1}, "noise must be"),
        ("BiasLab", {"spread": 9}, "spread must be"),
        ("BiasLab", {"double_estimate": 3}, "double_estimate must be a function"),
        ("BiasLab", {"seed": 0.5}, "seed must be"),
        ("BufferLab", {"capacity": 8}, "capacity must be a whole number of at least 24"),
        ("BufferLab", {"capacity": 400}, "capacity must be at most 200"),
        ("BufferLab", {"batch_size": 1}, "batch_size must be"),
        ("BufferLab", {"warmup": -1}, "warmup must be"),
        ("BufferLab", {"epsilon": 2}, "epsilon must be"),
        ("BufferLab", {"color": "red"}, "unknown color 'red': choose one of angle, age"),
        ("BufferLab", {"replay": 3}, "replay must be a class"),
        ("BufferLab", {"seed": -1}, "seed must be"),
        ("ChaseLab", {"a": (0, 1.0)}, "sync_every must be"),
        ("ChaseLab", {"b": (1, 0.0)}, "tau must be"),
        ("ChaseLab", {"b": 5}, "b must be a pair"),
        ("ChaseLab", {"learning_rate": -1}, "learning_rate must be"),
        ("ChaseLab", {"often": 0}, "often must be"),
        ("ChaseLab", {"gamma": 1.5}, "gamma must be"),
        ("ChaseLab", {"optimizer": "lion"}, "unknown optimizer 'lion'"),
        ("ChaseLab", {"updates": 0}, "updates must be"),
        ("ChaseLab", {"seeds": []}, "seeds is empty"),
        ("ChaseLab", {"sync_target": 3}, "sync_target must be a function"),
        ("CliffLab", {"alpha": 0}, "alpha must be"),
        ("CliffLab", {"gamma": 1.1}, "gamma must be"),
        ("CliffLab", {"epsilon": -0.1}, "epsilon must be"),
        ("CliffLab", {"episodes": 0}, "episodes must be"),
        ("CliffLab", {"seeds": []}, "seeds is empty"),
        ("CliffLab", {"algorithm": "dqn"}, "unknown algorithm"),
        ("CliffLab", {"versus": "dqn"}, "unknown algorithm"),
        ("CliffLab", {"view": "C"}, "view must be"),
        ("DiscountLab", {"gamma": 2}, "gamma must be"),
        ("SurfaceLab", {"representation": "forest"}, "choose one of bins, tile coding, network"),
        ("SurfaceLab", {"bins": 0}, "bins must be"),
        ("SurfaceLab", {"width": 2.5}, "width must be"),
        ("SurfaceLab", {"samples": 0}, "samples must be"),
        ("SurfaceLab", {"steps": 0}, "steps must be"),
        ("SurfaceLab", {"seed": -1}, "seed must be"),
    ],
)
def test_settings_out_of_range_raise_at_once_and_leave_the_old_lab_alone(name, settings, said):
    old = DiscountLab(name=make(name).name)
    with pytest.raises(ValueError, match=said):
        make(name, **settings)
    assert workers() == [f"lab-{old.name}"]
    assert old.settle()
