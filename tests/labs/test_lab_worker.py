"""The worker of a lab: it obeys messages, keeps its speed, and lives on whatever is raised.

`tests/mutants/labs/test_lab_worker.toml` lists the mutants that these tests kill.
"""

import threading
import time

import pytest
from lab_helpers import close_labs, say, status, wait, widget  # noqa: F401 - a fixture

from dqnlib.labs import CliffLab, Lab


def make(**settings) -> CliffLab:
    return CliffLab(**{"seeds": range(3), **settings})


def test_buttons_and_methods_post_the_same():
    lab = make()
    for name in ("Step", "Play", "Pause", "Reset"):
        widget(lab, name).click()
    assert "Press Step" in say(lab)
    assert lab.sides["A"].trainer.steps == 0


def test_play_goes_on_and_pause_stops_it():
    lab = make()
    lab.play()
    assert wait(lambda: lab.sides["A"].trainer.steps > 20)
    lab.pause()
    assert "Paused" in say(lab)
    count = lab.sides["A"].trainer.steps
    time.sleep(0.15)
    assert lab.sides["A"].trainer.steps == count


def test_play_keeps_the_speed():
    """In one second of ten at least: others may keep the machine busy."""
    lab, taken = make(), []
    widget(lab, "speed").value = 100
    while len(taken) < 10:
        before = lab.sides["A"].trainer.steps
        lab.play()
        time.sleep(1.0)
        lab.pause()
        assert lab.settle(60)
        taken.append(lab.sides["A"].trainer.steps - before)
        if 60 <= taken[-1] <= 115:
            return
    pytest.fail(f"it was to take 100 steps a second and took {taken}")


def test_reset_begins_anew_with_the_settings_of_now():
    lab = make()
    lab.step()
    widget(lab, "step size α").value = 0.2
    lab.reset()
    assert lab.settle()
    side = lab.sides["A"]
    assert (side.trainer.steps, side.trainer.config.alpha) == (0, 0.2)
    assert not side.trainer.q.any()
    assert "episode 1 of 500" in side.status()


class Bare(Lab):
    """A lab with nothing in it."""

    title = "Bare"

    def build(self):
        return self._w.VBox([])

    def still(self):
        return b""


def test_many_messages_make_one_picture():
    posted = threading.Event()

    class Counter(Bare):
        drawn = 0

        def show(self):
            self.drawn += 1

        def change(self, key, value):
            assert posted.wait(60)  # so the others wait behind the first

    lab = Counter("counter")
    for k in range(100):
        lab.post("x", k)
    posted.set()
    assert lab.settle(60)
    assert lab.drawn < 20


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), ValueError("x")])
@pytest.mark.parametrize("playing", [False, True])
def test_nothing_that_a_learners_function_raises_ends_the_worker(error, playing):
    class Leaving(Bare):
        bad = True

        def advance(self):
            if self.bad:
                raise error
            return True

    lab = Leaving("leaving")
    lab.play() if playing else lab.step()
    assert wait(lambda: f"✗ {type(error).__name__}" in lab._values["message"])
    assert "The lab has paused. Press Reset" in say(lab)
    assert not lab.playing
    lab.bad = False
    lab.reset()
    lab.step()
    assert "Paused" in say(lab)


def test_settle_does_not_wait_for_a_lab_that_does_nothing_more():
    lab = Bare("closed")
    assert lab.settle()
    lab.close()
    start = time.monotonic()
    assert not lab.settle(20)

    ended = Bare("ended")
    ended.post("quit")
    assert not ended.settle(20)

    go = threading.Event()

    class Hanging(Bare):
        def advance(self):
            go.wait(60)
            return True

    hanging = Hanging("hanging")
    hanging.step()
    assert not hanging.settle(0.2)  # it lives, so this waits
    hanging.close()
    assert hanging._worker.is_alive()
    assert not hanging.settle(20)
    assert time.monotonic() - start < 15
    go.set()


def test_close_does_not_wait_for_a_function_that_hangs(monkeypatch):
    free = threading.Event()

    def policy(q, epsilon, rng):
        free.wait(20)
        return 0

    lab = make(policy=policy)
    lab.step()
    start = time.monotonic()
    lab.close()
    assert time.monotonic() - start < 10  # of 20: it gives the function 2 s
    free.set()
