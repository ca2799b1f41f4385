"""The Baird lab without a browser: messages go in, pictures and texts come out.

`tests/mutants/labs/test_lab_baird.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest
from lab_helpers import close_labs, control, picture, run_to_the_end, say, status, widget  # noqa: F401 - a fixture

from dqnlib.classics import baird
from dqnlib.labs import BairdLab
from dqnlib.labs.baird import verdict


def test_the_baird_lab_trains_exactly_as_the_library():
    lab = BairdLab(updates=300, seeds=[3, 1])
    run_to_the_end(lab)
    assert "All 300 updates are done" in lab._values["message"]
    want = np.moveaxis(baird.weights(300, seeds=[3, 1]), 1, 0)
    assert np.array_equal(lab._history, want)
    assert np.allclose(lab.norms, np.linalg.norm(want, axis=-1))


def test_step_shows_the_arithmetic():
    lab = BairdLab(seeds=[0])
    assert "will be here" in status(lab)
    for _ in range(30):
        lab.step()
        text = status(lab)
        dashed = "(dashed), ρ = 0" in text
        assert dashed != ("(solid), ρ = 7" in text)
        assert dashed == ("nothing is learned" in text)
    assert "update 30 of at most 4,000" in text
    assert "too early to tell" in text
    lab.post("off_policy", False)
    lab.step()
    assert "ρ = 1" in status(lab)
    lab.post("expected", True)
    assert "the mean over all states" in status(lab)


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({}, "diverges"),
        ({"expected": True}, "diverges"),
        ({"off_policy": False}, "bounded so far"),
        ({"bootstrapping": False}, "bounded so far"),
        ({"approximation": False}, "bounded so far"),
        ({"gamma": 0.5}, "bounded so far"),
    ],
)
def test_what_the_lab_says_of_each_switch(settings, word):
    lab = BairdLab(updates=1000, **settings)
    run_to_the_end(lab)
    assert f">{word}</b>" in status(lab)


def test_verdict():
    grows = 12 * np.exp(np.arange(500) / 100)
    assert verdict(grows[:50], 12) == "too early to tell"
    assert verdict(grows, 12) == "diverges"
    assert verdict(grows[::-1], 12) == "bounded so far"  # what has shrunk since the switch
    assert verdict(np.full(500, 12.0), 12) == "bounded so far"
    assert verdict(np.linspace(12, 20, 500), 12) == "grows so far"
    assert verdict(np.full(500, 100.0), 12) == "bounded so far"  # after a divergence that was ended


def test_switches_and_sliders_act_in_flight_and_keep_the_weights():
    lab = BairdLab()
    for _ in range(400):
        lab.post("step")
    assert lab.settle()
    before = lab.runs.weights.copy()
    control(lab, "true return").value = False
    assert "From update 400 on: true return" in say(lab)
    widget(lab, "step size α").value = 0.02
    widget(lab, "discount γ").value = 0.9
    control(lab, "on-policy").value = False
    assert lab.settle()
    assert np.array_equal(lab.runs.weights, before)
    assert (lab.runs.bootstrapping, lab.runs.off_policy) == (False, False)
    assert (lab.runs.alpha, lab.runs.gamma) == (0.02, 0.9)
    assert lab._switched == [400, 400]
    lab.reset()
    assert lab.settle()
    assert (lab.runs.updates, lab._switched) == (0, [])
    assert (lab.runs.bootstrapping, lab.runs.alpha) == (False, 0.02)  # the settings of now


def test_a_switch_in_flight_ends_the_divergence():
    lab = BairdLab(updates=2000)
    lab.post("speed", float("inf"))
    for _ in range(1000):
        lab.post("step")
    assert "diverges" in status(lab)
    lab.post("bootstrapping", False)
    assert "too early to tell" in status(lab)
    run_to_the_end(lab)
    assert "bounded so far" in status(lab)


def test_a_table_begins_anew():
    lab = BairdLab(seeds=[0, 1])
    lab.step()
    control(lab, "table").value = False
    assert "Begins anew with table" in say(lab)
    assert lab.runs.weights.tolist() == [[3.0] * 6 + [12.0]] * 2
    assert "norm of the table: 14.1" in status(lab)
    lab.step()
    control(lab, "8 weights").value = True
    assert lab.settle()
    assert lab._history.shape[2] == 8
    assert lab.runs.updates == 0


def test_lines_come_after_the_first_look_and_the_axes_grow():
    lab = BairdLab(updates=3000)
    assert "errors" not in lab._values
    lab._repr_mimebundle_()
    assert lab.settle(60)
    assert picture(lab, "weights").size == picture(lab, "errors").size == (455, 270)
    seen = {lab._values["errors"]}
    run_to_the_end(lab)
    seen.add(lab._values["errors"])
    assert len(seen) == 2
    assert lab._limits["updates"] == (0, 3000)
    assert lab._limits["errors"][1] > lab.errors[-1].mean() > lab._limits["errors"][1] / 4
    low, high = lab._pictures["errors"].axes.get_ylim()
    assert (low, high) == lab._limits["errors"]
    lab.reset()
    assert lab.settle()
    assert lab._pictures["errors"].axes.get_ylim() == (0, 50)


def test_weights_beyond_all_bounds_stop_the_lab():
    lab = BairdLab(alpha=0.05, updates=200_000, seeds=[0])
    run_to_the_end(lab)
    assert "have left all bounds" in lab._values["message"]
    assert np.isfinite(lab.runs.weights).all()
    lab.step()  # nothing happens, and nothing breaks
    assert "have left all bounds" in say(lab)


def test_the_picture_of_errors_does_not_mistake_a_table_for_a_divergence():
    """The length of a table's values grows; its largest error does not."""
    lab = BairdLab(approximation=False, updates=1000)
    run_to_the_end(lab)
    assert lab.norms[-1].mean() > 1.2 * lab.norms[0].mean()
    assert lab.errors.max() <= 12
    drawn = []
    lab._pictures, lab._draw_lines = {"errors": None}, drawn.append
    lab.show()
    assert np.array_equal(drawn[0], lab.errors)
