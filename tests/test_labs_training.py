"""The training lab without a browser.

Mutants that these tests kill: a slider changes the other side, or the learning so far is lost
where it need not be; a setting that cannot change in flight is dropped without a word; both sides
share their runs; Step takes one step more or less; Stop goes on; an axis cuts off what it shows;
seeds that diverged are counted wrongly; the animation shows a single side.
"""

import io

import numpy as np
import pytest
from lab_helpers import close_labs  # noqa: F401 - a fixture
from PIL import Image

from dqnlib import labs
from dqnlib.data import Config
from dqnlib.labs.training import CHOICES, TrainingLab
from dqnlib.training import FIXED, train

TINY = Config(steps=400, warmup=20, batch_size=8, capacity=300, hidden=(8,), eval_every=0,
              record_every=20)  # fmt: skip


def make(b=None, **settings) -> TrainingLab:
    return TrainingLab(TINY, b, **{"seeds": range(2), **settings})


def said(lab) -> str:
    assert lab.settle(30)
    return lab._values["message"]


def picture(lab, slot) -> Image.Image:
    return Image.open(io.BytesIO(lab._values[slot]))


def test_step_pause_and_the_end():
    lab = make(TINY.replace(sync_every=1))
    lab.step()
    assert lab.settle()
    assert [s.trainer.steps for s in lab.sides.values()] == [lab.stride] * 2
    assert "100 of 400" in lab._values["progress"]
    lab.play()
    while lab.playing or not lab.sides["B"].trainer.done:
        assert lab.settle(30)
    assert "Done" in said(lab)
    assert "400 of 400" in lab._values["progress"]
    for side, every in (("A", 200), ("B", 1)):  # it is the library's loop, with its settings
        want = train(TINY.replace(sync_every=every), range(2))
        assert np.array_equal(lab.sides[side].trainer.run().q, want.q, equal_nan=True)


def test_what_can_change_in_flight_does_and_the_rest_begins_anew():
    lab = make(TINY)
    lab.step()
    lab.post("A.learning_rate", 0.01)
    assert "goes on with learning rate 0.01" in said(lab)
    assert lab.sides["A"].trainer.config.learning_rate == 0.01
    assert lab.sides["B"].trainer.config.learning_rate == TINY.learning_rate
    assert lab.sides["A"].trainer.steps == 100
    lab.post("A.hidden", (16, 16))
    assert "A begins anew: hidden is 16–16" in said(lab)
    assert [s.trainer.steps for s in lab.sides.values()] == [0, 100]


def test_settings_that_do_not_go_together_are_refused_with_a_reason():
    lab = make()
    lab.step()
    lab.post("A.capacity", 1)
    text = said(lab)
    assert "A keeps its capacity" in text
    assert "cannot fill a batch of 8" in text
    assert lab.sides["A"].config == TINY
    assert lab.sides["A"].trainer.steps == 100


def test_stop_is_for_good_and_reset_begins_anew():
    lab = make()
    lab.play()
    lab.post("stop")
    assert "Stopped" in said(lab)
    steps = lab.sides["A"].trainer.steps
    lab.step()
    lab.play()
    assert "Stopped" in said(lab)
    assert lab.sides["A"].trainer.steps == steps
    lab.reset()
    assert "Press Start" in said(lab)
    lab.step()
    assert lab.settle()
    assert lab.sides["A"].trainer.steps == 100


def test_curves_are_drawn_and_the_axis_of_values_grows():
    lab = make(TINY.replace(gamma=0.9), values=(0, 0.01), bound=10, bound_text="the bound")
    lab.displayed()
    lab.step()
    assert lab.settle(30)
    low, high = lab._grown["values"]
    assert low <= lab.sides["A"].trainer.run().q[:, -1].mean() <= high
    assert picture(lab, "returns").size == picture(lab, "values").size == (455, 250)
    before = lab._values["values"]
    lab.step()
    assert lab.settle(30)
    assert lab._values["values"] != before


def test_watch_shows_both_sides_at_play():
    lab = make(TINY, titles=("left", "right"))
    lab.post("watch")
    assert "steps until the end: A " in said(lab)
    film = picture(lab, "agent")
    assert film.size == (910, 150)
    assert film.n_frames > 3


def test_no_watching_where_nothing_can_be_drawn():
    lab = TrainingLab(TINY.replace(env_id="dqnlib/RewardByAction-v0", obs_scale=1), seeds=[0])
    assert "Watch" not in [w.description for w in lab.ui.children[0].children]
    assert "Watch" in [w.description for w in make(name="b").ui.children[0].children]


def test_a_learners_mistake_is_shown_and_the_lab_lives():
    lab = make(slots={"td_target": lambda reward, terminated, next_q, gamma: next_q})
    lab.play()
    assert lab.settle(30)
    while lab.playing:
        assert lab.settle(30)
    assert "✗" in said(lab)
    assert "expected a tensor of the shape [8]" in lab._values["message"]
    lab.reset()
    assert "Press Start" in said(lab)


def test_own_functions_of_each_side():
    calls = {"A": 0, "B": 0}

    def counting(side):
        def sync(online, target):
            calls[side] += 1

        return {"sync_target": sync}

    lab = make(TINY.replace(sync_every=50), slots=counting("A"), slots_b=counting("B"))
    lab.post("A.sync_every", 100)
    lab.step()
    assert lab.settle(30)
    assert calls == {"A": 2, "B": 4}  # two seeds: after 100 steps, and after 50 and 100


def test_diverged_runs_are_counted():
    wild = TINY.replace(optimizer="sgd", learning_rate=1e6, final_learning_rate=1e6)
    lab = TrainingLab(wild, seeds=range(2))
    lab.step()
    assert lab.settle(30)
    assert "2 of 2 runs diverged" in lab._values["status"]


def test_every_control_is_a_setting_and_the_starting_value_is_among_its_choices():
    for number, name in enumerate(CHOICES):
        lab = make(controls=(name,), name=f"c{number}")
        row = lab.ui.children[1]
        assert row.children[1].value == getattr(TINY, name)
        lab.close()
    assert {*FIXED} & {*CHOICES} == {"capacity", "hidden", "optimizer"}


def test_bad_arguments():
    with pytest.raises(ValueError, match="controls must be of learning_rate"):
        make(controls=("speed",))
    with pytest.raises(ValueError, match="td_target must be a function"):
        make(slots={"td_target": 3})
    assert not labs._LIVE


def test_the_still_shows_given_runs_and_can_do_without():
    lab = make()
    empty = lab.still()
    assert empty.startswith(b"\x89PNG")
    other = make(still={"A": train(TINY, [0, 1])}, name="other")
    assert other.still() != empty


def test_closing_lets_go_of_the_runs_and_a_second_lab_replaces_the_first():
    first = make()
    second = make()
    assert first._closed
    assert first.sides["A"].trainer is None
    assert second.sides["A"].trainer is not None
    assert repr(first).startswith("Training lab")
