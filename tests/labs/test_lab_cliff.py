"""The Cliff lab without a browser: messages go in, pictures and texts come out.

`tests/mutants/labs/test_lab_cliff.toml` lists the mutants that these tests kill.
"""

import io

import numpy as np
import pytest
from lab_helpers import close_labs, say, wait, widget  # noqa: F401 - a fixture
from PIL import Image

from dqnlib import tabular
from dqnlib.labs import CliffLab, update_line
from dqnlib.labs.cliff_side import NAMES
from dqnlib.seeds import train_tabular


def make(**settings) -> CliffLab:
    return CliffLab(**{"seeds": range(3), **settings})


def test_step_takes_one_step_of_every_run_and_draws():
    lab = make()
    before = lab._values["grid"]
    lab.step()
    assert lab.settle()
    assert [side.trainer.steps for side in lab.sides.values()] == [1, 1]
    assert lab._values["grid"] != before
    assert "Q(36, " in lab._values["status"]
    assert not lab.playing


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


@pytest.mark.parametrize("algorithm", NAMES)
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


def test_what_the_target_counts_on_has_a_slider_if_it_is_asked_for():
    lab = make(algorithm="expected_sarsa", target_epsilon=0.1)
    widget(lab, "slips").value = 0.5  # A's, and then B's
    lab.step()
    assert lab.settle()
    assert lab.sides["A"].trainer.config.counted_epsilon == 0.5
    assert lab.sides["B"].trainer.config.counted_epsilon == 0.1
    assert lab.sides["A"].trainer.config.epsilon == 0.1
    first, second = lab._values["status"].split("<b>Sarsa")
    assert "counts on 0.50" in first
    assert "counts on" not in second
    plain = make(name="another", algorithm="expected_sarsa")
    assert "counts on" not in plain._values["status"]
    with pytest.raises(IndexError):
        widget(plain, "slips")
