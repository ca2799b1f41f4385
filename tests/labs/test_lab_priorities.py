"""The Priorities lab without a browser: messages go in, pictures and texts come out.

`tests/mutants/labs/test_lab_priorities.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest
from lab_helpers import close_labs, say, status, steps, wait, widget  # noqa: F401 - a fixture

from dqnlib.classics.rare_reward import RareReward
from dqnlib.labs import PrioritiesLab
from dqnlib.prioritized import find, importance_weights


def test_a_step_is_that_of_the_library():
    lab, memory = PrioritiesLab(alpha=0.7, beta=0.3, batch_size=5, seed=2), RareReward(seed=2)
    steps(lab, 6)
    for _ in range(6):
        memory.step(0.7, 0.3, batch_size=5)
    assert lab.memory.value == memory.value == lab.values[-1]
    assert lab.memory.batch.tolist() == memory.batch.tolist()
    assert len(lab.values) == 7
    assert lab.values[0] == 0


def test_controls_act_in_flight_and_the_value_stays():
    lab = PrioritiesLab(alpha=0.6, beta=0.0)
    steps(lab, 3)
    value = lab.memory.value
    widget(lab, "β").value = 1.0
    widget(lab, "batch size").value = 16
    assert lab.settle(60)
    assert lab.settings == {"alpha": 0.6, "beta": 1.0, "batch_size": 16}
    assert lab.memory.value == value
    assert lab.memory.draws.sum() == 3 * 8  # β changes no draw: they go on being counted
    steps(lab, 1)
    assert len(lab.memory.batch) == 16
    widget(lab, "α").value = 0.0
    assert lab.settle(60)
    assert lab.memory.draws.sum() == 0  # what was drawn with another α says nothing of this one
    assert lab.memory.value != 0


def test_the_words_say_what_was_drawn_and_how_it_counts():
    lab = PrioritiesLab(alpha=0.6, beta=1.0)
    assert "Nothing is drawn yet: every transition has the largest priority." in status(lab)
    steps(lab, 5)
    memory = lab.memory
    large = memory.rewards[memory.batch] > 0
    assert wait(lambda: "β = 1 undoes" in status(lab))
    said = status(lab)
    assert f"{large.sum()} of the 8 drawn have the large reward" in said
    assert f"small ones {memory.batch_weights[~large].mean():.2f}" in said
    assert f"large ones {memory.batch_weights[large].mean():.2f}" in said
    assert "α = 0.60, β = 1.00: β = 1 undoes the priorities" in said


@pytest.mark.parametrize(
    ("alpha", "beta", "words"),
    [(0.0, 0.0, "uniform draws"), (0.6, 0.5, "the value is drawn upward")],
)
def test_the_words_for_other_settings(alpha, beta, words):
    lab = PrioritiesLab(alpha=alpha, beta=beta)
    steps(lab, 1)
    assert wait(lambda: f"α = {alpha:.2f}, β = {beta:.2f}: {words}" in status(lab))


def test_reset_begins_anew_with_the_same_draws():
    lab = PrioritiesLab()
    steps(lab, 4)
    values = list(lab.values)
    lab.reset()
    assert lab.settle(60)
    assert (lab.values, lab.memory.draws.sum()) == ([0.0], 0)
    steps(lab, 4)
    assert lab.values == values


def test_functions_of_ones_own_are_used():
    calls = []

    def mine(nodes, x):
        calls.append("find")
        return find(nodes, x)

    def weights(probability, size, beta):
        calls.append("weights")
        return importance_weights(probability, size, beta)

    lab = PrioritiesLab(find=mine, weights=weights)
    steps(lab, 2)
    assert (calls.count("find"), calls.count("weights")) == (16, 2)
    lab.reset()
    steps(lab, 1)
    assert calls.count("weights") == 3


def test_an_error_of_ones_own_is_shown():
    def broken(nodes, x):
        raise IndexError("far out")

    lab = PrioritiesLab(find=broken)
    lab.step()
    assert "far out" in say(lab)
    assert not lab.playing


def test_the_numbers_of_the_docstring():
    for alpha, beta, low, high in ((0.6, 0, 1.7, 1.95), (0.6, 1, 0.88, 1.12), (0, 0, 0.88, 1.12)):
        lab = PrioritiesLab(alpha=alpha, beta=beta)
        lab.close()
        for _ in range(1_500):
            lab.advance()
        assert low < np.mean(lab.values[-750:]) < high


@pytest.mark.parametrize(
    "bad", [{"alpha": 1.1}, {"beta": -1}, {"batch_size": 17}, {"batch_size": 0}, {"seed": -1}]
)
def test_settings_out_of_range_are_refused_at_once(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        PrioritiesLab(**bad)


def test_the_picture_changes_with_every_step():
    lab = PrioritiesLab()
    before = lab._values["bars"]
    steps(lab, 1)
    assert wait(lambda: lab._values["bars"] != before)  # it is drawn after the step
    assert lab.still().startswith(b"\x89PNG")
