"""The live labs without a browser: messages go in, pictures and texts come out.

Mutants that the tests of the frame kill: sys.exit() or KeyboardInterrupt in a learner's function
ends the worker, or is not shown; `settle` waits for a worker that has ended, or for one that hangs
in a lab that was closed.
"""

import base64
import gc
import io
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from lab_helpers import close_labs, wait, widget, workers  # noqa: F401 - a fixture
from PIL import Image

from dqnlib import labs, tabular
from dqnlib.config import Config
from dqnlib.labs import CliffLab, DiscountLab, Lab, cliff, frame, update_line
from dqnlib.seeds import train_tabular


def make(**settings) -> CliffLab:
    return CliffLab(**{"seeds": range(3), **settings})


def say(lab) -> str:
    assert lab.settle()
    return lab._values["message"]


# -- buttons -----------------------------------------------------------------------------------


def test_step_takes_one_step_of_every_run_and_draws():
    lab = make()
    before = lab._values["grid"]
    lab.step()
    assert lab.settle()
    assert [side.trainer.steps for side in lab.sides.values()] == [1, 1]
    assert lab._values["grid"] != before
    assert "Q(36, " in lab._values["status"]
    assert not lab.playing


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
    steps = lab.sides["A"].trainer.steps
    time.sleep(0.15)
    assert lab.sides["A"].trainer.steps == steps


def test_play_keeps_the_speed():
    lab = make()
    widget(lab, "speed").value = 100
    lab.play()
    time.sleep(1.0)
    lab.pause()
    assert lab.settle()
    assert 60 <= lab.sides["A"].trainer.steps <= 115  # a busy machine may be slower


def test_a_paused_lab_does_nothing():
    lab = make()
    lab.displayed()
    assert lab.settle()
    before = time.thread_time(), time.process_time()
    time.sleep(0.5)
    assert time.process_time() - before[1] < 0.1


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


def test_all_episodes_done():
    lab = make(episodes=3)
    widget(lab, "speed").value = float("inf")
    lab.play()
    assert wait(lambda: "are done" in lab._values["message"])
    assert not lab.playing
    assert [s.trainer.done for s in lab.sides.values()] == [True, True]
    lab.step()  # nothing is left to do, and nothing breaks
    assert "are done" in say(lab)


def test_the_lab_trains_exactly_as_the_library():
    """The lab holds no algorithm of its own: run 0 and the others are those of train_tabular."""
    lab = make(episodes=12)
    lab.post("speed", float("inf"))
    lab.play()
    assert wait(lambda: "are done" in lab._values["message"])
    for side in lab.sides.values():
        run = train_tabular(side.config, range(3))
        assert np.array_equal(side.trainer.run().returns, run.returns)
        assert np.array_equal(side.q, run.q[0])


# -- settings ----------------------------------------------------------------------------------


def test_sliders_reach_the_trainer_while_it_plays():
    lab = make()
    lab.play()
    for k, (label, field, value) in enumerate(
        [("step size α", "alpha", 0.25), ("discount γ", "gamma", 0.9), ("explore ε", "epsilon", 0)]
    ):
        for nth, name in enumerate("AB"):
            widget(lab, label, nth=nth).value = value + 0.01 * (nth + k % 2)
            assert lab.settle()
            got = getattr(lab.sides[name].trainer.config, field)
            assert got == pytest.approx(value + 0.01 * (nth + k % 2))
    assert lab.playing
    assert "α 0.25" in lab._values["status"]


def test_algorithm_can_change_in_flight_and_two_tables_start_again():
    import ipywidgets

    lab = make()
    for _ in range(5):
        lab.step()
    choose = widget(lab, kind=ipywidgets.Dropdown)
    choose.value = "expected_sarsa"
    assert lab.settle()
    side = lab.sides["A"]
    assert (side.trainer.config.algorithm, side.trainer.steps) == ("expected_sarsa", 5)
    choose.value = "double_q_learning"
    assert "A starts again" in say(lab)
    assert (side.trainer.tables.shape[1], side.trainer.steps) == (2, 0)
    assert lab.sides["B"].trainer.steps == 5
    choose.value = "sarsa"
    assert "A starts again" in say(lab)
    assert side.trainer.tables.shape[1] == 1


def test_views_have_one_size():
    lab = make()
    sizes = set()
    for view in lab.views:
        lab.post("view", view)
        assert lab.settle()
        sizes.add(Image.open(io.BytesIO(lab._values["grid"])).size)
    assert sizes == {(1820, 764)}
    assert Image.open(io.BytesIO(make(view="B")._values["grid"])).size == (1820, 764)


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"alpha": 0}, "alpha must be"), ({"gamma": 1.1}, "gamma must be"),
     ({"epsilon": -0.1}, "epsilon must be"), ({"episodes": 0}, "episodes must be"),
     ({"seeds": []}, "seeds is empty"), ({"algorithm": "dqn"}, "unknown algorithm"),
     ({"versus": "dqn"}, "unknown algorithm"), ({"view": "C"}, "view must be")],
)  # fmt: skip
def test_settings_out_of_range_raise_at_once_and_leave_the_old_lab_alone(settings, said):
    old = make()
    with pytest.raises(ValueError, match=said):
        make(**settings)
    assert workers() == ["lab-cliff"]
    old.step()
    assert old.settle()


# -- the learner's own functions -----------------------------------------------------------------


def test_own_target_trains_side_a_alone():
    import ipywidgets

    def target(reward, terminated, next_q, gamma):
        return -7.0

    lab = make(target=target, versus="q_learning")
    lab.step()
    assert lab.settle()
    assert lab.sides["A"].q.min() == -3.5
    assert lab.sides["B"].q.min() == -0.5
    assert [widget(lab, kind=ipywidgets.Dropdown, nth=k).disabled for k in (0, 1)] == [True, False]
    assert "with your target" in lab._values["status"]
    assert "[−7.00 − 0.00]" in lab._values["status"].replace("(−7.00)", "−7.00")


def test_own_policy_and_update_serve_both_sides():
    def policy(q, epsilon, rng):
        return 0

    def update(q, obs, action, td_target, alpha):
        q[obs, action] = -42.0
        return 0.0

    lab = make(policy=policy, update=update)
    lab.step()
    assert lab.settle()
    for side in lab.sides.values():
        assert side.mark == (36, 0)
        assert side.q[36, 0] == -42
        assert side.line == ("Q(36, up): 0.00 became −42.00", "your update did this")


def test_the_courses_own_functions_are_not_called_yours():
    lab = make(target=tabular.q_learning_target, policy=tabular.epsilon_greedy,
               update=tabular.td_update)  # fmt: skip
    assert lab.sides["A"].title == "Q-learning"
    assert not any(lab.sides["A"].own.values())


def test_an_exception_shows_in_the_lab_and_reset_works():
    bad = [True]

    def target(reward, terminated, next_q, gamma):
        if bad[0]:
            raise KeyError("<oops>")
        return reward

    lab = make(target=target)
    lab.play()
    assert wait(lambda: "target failed at step 0, seed 0" in lab._values["message"])
    assert "&lt;oops&gt;" in lab._values["message"]  # text, not HTML
    assert not lab.playing
    bad[0] = False
    lab.reset()
    assert "Press Step" in say(lab)
    lab.step()
    assert lab.settle()
    assert lab.sides["A"].trainer.steps == 1


def test_an_exception_while_drawing_shows_too(monkeypatch, capfd):
    lab = make()
    monkeypatch.setattr(lab, "_grid", lambda: 1 / 0)
    lab.step()
    assert "ZeroDivisionError" in say(lab)
    monkeypatch.undo()
    lab.step()
    assert "Paused" in say(lab)
    assert capfd.readouterr() == ("", "")  # a worker's prints would land under some other cell


# -- the arithmetic ------------------------------------------------------------------------------

UPDATE = {
    "algorithm": "q_learning", "alpha": 0.5, "gamma": 1.0, "table": 0, "obs": 36, "action": 0,
    "reward": -1.0, "next_obs": 24, "terminated": False, "old": -1.0, "new": -1.0,
    "td_target": -1.0, "next_value": 0.0, "next_action": None,
    "own_target": False, "own_update": False,
}  # fmt: skip


def test_update_line_of_each_algorithm():
    line, note = update_line(UPDATE)
    assert line == "Q(36, up) ← −1.00 + 0.5 × [−1 + 1.0 × 0.00 − (−1.00)] = −1.00"
    assert note == "0.00 is the largest value in state 24"
    line, note = update_line(
        UPDATE | {"algorithm": "sarsa", "next_action": 1, "next_value": -2.5, "gamma": 0.95}
    )
    assert "[−1 + 0.95 × (−2.50) − (−1.00)]" in line
    assert note == "−2.50 is Q(24, right), the action it takes next"
    assert update_line(UPDATE | {"algorithm": "expected_sarsa"})[1].endswith("under ε-greedy")
    line, note = update_line(UPDATE | {"algorithm": "double_q_learning", "table": 1})
    assert line.startswith("Q₂(36, up) ←")
    assert note == "0.00 is Q₁'s value of Q₂'s best action"
    line, note = update_line(UPDATE | {"terminated": True, "reward": -100.0})
    assert "× [−100 − (−1.00)] =" in line
    assert note == "goal reached: nothing follows"


@pytest.mark.parametrize("algorithm", cliff.NAMES)
def test_the_arithmetic_adds_up(algorithm):
    """What is written out gives the new value that the trainer has, at every step."""
    lab = make(algorithm=algorithm, alpha=0.3, gamma=0.9, epsilon=0.3, episodes=4)
    lab.close()
    side = lab.sides["A"]
    ends = 0
    for _ in range(1500):
        if side.trainer.episode[0] == 4:
            break
        t = side.trainer
        before = t.tables[0].copy()
        side.advance(False)
        if t.last[0][0] != 0:
            continue
        s = side._last_update(before)
        target = s["reward"] + (0 if s["terminated"] else 0.9 * s["next_value"])
        ends += s["terminated"]
        assert s["td_target"] == pytest.approx(target)
        assert s["new"] == pytest.approx(s["old"] + 0.3 * (target - s["old"]))
    assert ends


# -- closing, running again, memory --------------------------------------------------------------


def test_running_again_stops_the_old_thread():
    first = make()
    first.play()
    second = make()
    assert wait(lambda: workers() == ["lab-cliff"])
    assert first._closed
    second.step()
    assert second.settle()
    other = make(name="other")
    assert sorted(workers()) == ["lab-cliff", "lab-other"]
    other.close()
    other.close()
    assert wait(lambda: workers() == ["lab-cliff"])


def test_a_closed_lab_still_shows_its_still():
    lab = make()
    lab.close()
    assert set(lab._repr_mimebundle_()) == {"text/plain", "image/png"}


def test_close_does_not_wait_for_a_function_that_hangs(monkeypatch):
    free = threading.Event()

    def policy(q, epsilon, rng):
        free.wait(20)
        return 0

    lab = make(policy=policy)
    lab.step()
    start = time.monotonic()
    lab.close()
    assert time.monotonic() - start < 4
    free.set()


def rerun(times: int) -> None:
    """Make a lab again and again, as a learner who runs its cell again does."""
    for _ in range(times):
        lab = make()
        lab._repr_mimebundle_()
        lab.step()
    assert lab.settle()
    gc.collect()


def test_a_hundred_reruns_leave_no_threads_and_no_widgets():
    from ipywidgets.widgets.widget import _instances as instances

    rerun(2)
    open_before = len(instances)
    rerun(100)
    assert workers() == ["lab-cliff"]
    assert len(instances) == open_before


EVERY_LAB = {
    "BairdLab": {"seeds": range(2)},
    "BiasLab": {},
    "BufferLab": {},
    "ChaseLab": {"seeds": range(2)},
    "CliffLab": {"seeds": range(2)},
    "DiscountLab": {},
    "SurfaceLab": {},
    "TrainingLab": {"seeds": range(2), "b": Config()},
}


@pytest.mark.parametrize("name", EVERY_LAB)
def test_running_any_lab_again_leaves_no_widgets_and_no_labs(name):
    from ipywidgets.widgets.widget import _instances as instances

    kind = getattr(labs, name)

    def again(times):
        for _ in range(times):
            lab = kind(**EVERY_LAB[name])
            lab._repr_mimebundle_()
            lab.step()
        assert lab.settle(30)
        del lab
        gc.collect()
        return len(instances), sum(type(found) is kind for found in gc.get_objects())

    assert again(1) == again(4)


def test_every_lab_is_tried():
    assert {"Lab", "update_line", *EVERY_LAB} == {*labs.__all__}


MEMORY = """
import ctypes, os
from test_labs import rerun

def memory():  # of this process, in MB
    getattr(ctypes.CDLL(None), "malloc_trim", int)(0)  # free memory goes back to the system
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

rerun(50)
before = memory()
rerun(100)
print(memory() - before)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="memory is read from /proc")
def test_a_hundred_reruns_leave_no_memory():
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
    assert float(done.stdout) < 20  # one lab's pictures and curves are about 15 MB


# -- without a page ------------------------------------------------------------------------------


def test_without_a_notebook_there_is_a_text_and_a_still(monkeypatch):
    lab = make()
    bundle = lab._repr_mimebundle_()
    text = "Cliff lab: run this cell in JupyterLab for the live controls."
    assert bundle["text/plain"] == repr(lab) == text
    image = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    assert image.size == (910, 382)
    assert set(bundle) == {"text/plain", "image/png"}


def test_in_a_kernel_the_controls_are_there_too(monkeypatch):
    monkeypatch.setattr(frame, "_in_notebook", lambda: True)
    bundle = make()._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"].startswith("Cliff lab: run this cell")


def test_without_ipywidgets_a_lab_is_a_still_that_can_be_driven(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ipywidgets", None)
    lab = make()
    assert lab.ui is None
    assert set(lab._repr_mimebundle_()) == {"text/plain", "image/png"}
    lab.step()
    assert lab.settle()
    assert lab.sides["A"].trainer.steps == 1
    lab.close()
    assert set(DiscountLab()._repr_mimebundle_()) == {"text/plain", "image/png"}


def test_curves_come_after_the_first_look():
    lab = make(episodes=30)
    assert "curves" not in lab._values
    lab._repr_mimebundle_()
    assert lab.settle()
    empty = lab._values["curves"]
    assert Image.open(io.BytesIO(empty)).size == (1820, 472)
    lab.post("speed", float("inf"))
    lab.play()
    assert wait(lambda: "are done" in lab._values["message"])
    assert lab.settle()
    assert lab._values["curves"] != empty


def test_one_seed_has_no_interval():
    lab = make(seeds=[7], episodes=12)
    lab._repr_mimebundle_()
    lab.post("speed", float("inf"))
    lab.play()
    assert wait(lambda: "are done" in lab._values["message"])
    assert np.isnan(lab.sides["A"].curve().low).all()


# -- the frame and the small lab -------------------------------------------------------------------


def test_discount_lab():
    lab = DiscountLab(gamma=0.5)
    before = lab._values["bars"]
    widget(lab, "discount γ").value = 0.25
    assert lab.settle()
    assert lab.gamma == 0.25
    assert lab._values["bars"] != before
    assert lab._repr_mimebundle_()["text/plain"].startswith("Discount lab: run this cell")
    with pytest.raises(ValueError, match="gamma must be"):
        DiscountLab(gamma=2)


class Bare(Lab):
    """A lab with nothing in it."""

    title = "Bare"

    def build(self):
        return self._w.VBox([])

    def still(self):
        return b""


def test_many_messages_make_one_picture():
    class Counter(Bare):
        drawn = 0

        def show(self):
            self.drawn += 1

        def change(self, key, value):
            time.sleep(0.002)

    lab = Counter("counter")
    for k in range(100):
        lab.post("x", k)
    assert lab.settle()
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
    assert wait(lambda: f"✗ {type(error).__name__}" in lab._values["message"], 5)
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
