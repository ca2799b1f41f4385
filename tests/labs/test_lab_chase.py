"""The Chase lab without a browser: messages go in, pictures and texts come out.

`tests/mutants/labs/test_lab_chase.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest
import torch
from lab_helpers import close_labs, picture, say, steps, wait, widget  # noqa: F401 - a fixture

from dqnlib import Trainer
from dqnlib.labs import ChaseLab
from dqnlib.labs.chase_side import TwoStates, short, two_weights
from dqnlib.labs.curves import Several, side_curves
from dqnlib.targets import hard_update, polyak_update


def make(**more) -> ChaseLab:
    return ChaseLab(**{"seeds": range(2), "updates": 60, **more})


def test_the_two_states():
    env = TwoStates(often=3)
    net = two_weights((2,), 1)
    with torch.no_grad():
        assert net(torch.from_numpy(TwoStates.STATES))[:, 0].tolist() == [1.0, 3.0]  # w₁, 2w₁ + w₂
    env.reset(seed=0)
    seen = {0: 0, 1: 0}
    for _ in range(4_000):
        place = env._place
        obs, reward, terminated, truncated, _ = env.step(0)
        seen[place] += 1
        assert obs.tolist() == [2.0, 1.0]
        assert reward == 0
        assert terminated == (place == 1)
        assert not (truncated and terminated)
        if terminated or truncated:
            assert env.reset()[0].tolist() == [1.0, 0.0]
    assert seen[0] / seen[1] == pytest.approx(3, abs=0.3)


def test_the_lab_trains_exactly_as_the_library():
    lab = make(a=(1, 1.0), b=(7, 0.5))
    lab.post("speed", float("inf"))
    lab.play()
    assert wait(lambda: "All 60 updates are done" in lab._values["message"])
    for name, (sync_every, tau) in {"A": (1, 1.0), "B": (7, 0.5)}.items():
        side = lab.sides[name]
        assert (side.config.sync_every, side.config.tau) == (sync_every, tau)
        trainer = Trainer(side.config, range(2), env=TwoStates, network=two_weights)
        for _ in trainer:
            pass
        mine, theirs = (t.run().parameters for t in (side.trainer, trainer))
        assert all(np.array_equal(mine[key], theirs[key]) for key in mine)
    lab.step()
    assert "All 60 updates" in say(lab)


def test_the_strip_holds_prediction_and_target():
    lab = make(b=(50, 1.0), gamma=0.9)
    steps(lab, 20)
    for side in lab.sides.values():
        online, frozen = (side.trainer.network(0, target=t) for t in (False, True))
        states = torch.from_numpy(TwoStates.STATES)
        with torch.no_grad():
            want = float(online(states)[0, 0]), 0.9 * float(frozen(states)[1, 0])
        assert side.strip[-1] == pytest.approx(want, abs=1e-6)
        assert len(side.strip) == 21
    y = np.array(lab.sides["B"].strip)[:, 1]
    assert len(set(np.round(y[1:18], 6))) == 1  # still until the copy at step 50
    assert len(set(np.round(y[18:], 6))) == 1
    assert y[18] != y[17]
    assert len(set(np.round(np.array(lab.sides["A"].strip)[:, 1], 6))) > 15


def test_the_error_is_that_of_both_values():
    lab = make()
    steps(lab, 8)  # 40 environment steps: a record
    side = lab.sides["A"]
    with torch.no_grad():
        values = side.trainer.network(1)(torch.from_numpy(TwoStates.STATES))[:, 0].numpy()
    want = np.sqrt((values**2).mean())  # both are 0
    assert side.trainer.run().records["error"][1, -1] == pytest.approx(want, rel=1e-5)
    (curve,) = side_curves([side.errors()])
    assert curve.x.tolist() == [8]
    assert curve.mean[-1] == pytest.approx(side.trainer.run().records["error"][:, -1].mean())


def test_curves_drawn_together_are_those_drawn_alone():
    rng, gone = np.random.default_rng(0), np.full((5, 1), np.nan)
    values = [rng.normal(size=(5, 7)), np.hstack([gone, rng.normal(size=(5, 3))]), gone]
    several = [Several("A", "some", np.arange(v.shape[1]), v) for v in values]
    together = side_curves(several, one=True)
    for found, alone in zip(together, (side_curves([one], one=True)[0] for one in several)):
        for part in ("x", "mean", "low", "high", "one"):
            assert np.array_equal(getattr(found, part), getattr(alone, part)), part
    assert np.allclose(together[0].mean, values[0].mean(0))
    assert together[1].x.tolist() == [1, 2, 3]
    assert together[1].one.tolist() == values[1][0, 1:].tolist()
    assert len(together[2].x) == 0


@pytest.mark.parametrize(
    ("label", "field", "value"),
    [("sync every C", "sync_every", 100), ("soft τ", "tau", 0.1),
     ("learning rate", "learning_rate", 0.01)],
)  # fmt: skip
def test_sliders_act_in_flight_on_their_side(label, field, value):
    lab = make()
    steps(lab, 3)
    for nth, name in enumerate("AB"):
        before = {k: getattr(s.trainer.config, field) for k, s in lab.sides.items()}
        widget(lab, label, nth=nth).value = value
        assert f"{name} goes on with {label} {value:g}." in say(lab)
        got = {k: getattr(s.trainer.config, field) for k, s in lab.sides.items()}
        assert got == before | {name: value}
        c = lab.sides[name].trainer.config
        assert c.final_learning_rate == c.learning_rate
        assert lab.sides[name].trainer.steps == 35
    steps(lab, 1)
    assert f"{label} {value:g}" in lab._values["status"]
    lab.reset()
    assert lab.settle(30)
    assert getattr(lab.sides["A"].trainer.config, field) == value


def test_own_sync_serves_both_sides_and_its_errors_are_shown():
    calls = []

    def mine(online, target):
        calls.append(1)
        hard_update(online, target)

    lab = make(a=(1, 1.0), b=(1, 1.0), sync_target=mine)
    assert not calls  # nothing of the learner's runs before Step
    steps(lab, 2)
    assert len(calls) == 34 * 2 * 2
    assert "your mine" in lab._values["status"]

    def bad(online, target, tau):
        raise KeyError("<oops>")

    lab = make(sync_target=bad)
    lab.play()
    assert wait(lambda: "✗ bad failed at step 1, seed 0" in lab._values["message"])
    assert "<oops>" not in lab._values["message"]
    assert not lab.playing
    lab.close()


def test_the_courses_own_sync_is_not_called_yours():
    lab = make(sync_target=hard_update)
    assert "your" not in lab._values["status"]
    lab = make(a=(1, 0.1), b=(1, 0.5), sync_target=polyak_update)
    assert "your" not in lab._values["status"]


def test_how_often_s_is_seen_acts_on_both_sides():
    lab = make(often=3)
    steps(lab, 2)
    assert {env.often for side in lab.sides.values() for env in side._envs} == {3}
    widget(lab, "s for each s′").value = 19
    assert "Both go on with s seen 19 times" in say(lab)
    assert {env.often for side in lab.sides.values() for env in side._envs} == {19}
    lab.reset()
    assert lab.settle(30)
    assert {env.often for side in lab.sides.values() for env in side._envs} == {19}


def error_after(updates, often=9, **settings):
    """The smallest and the largest error of three seeds, as in the docstring of the lab."""
    lab = ChaseLab(seeds=range(3), updates=updates, often=often)
    side = lab.sides["A"]
    side.config = side.config.replace(**settings)
    lab.close()
    side.begin()
    for _ in side.trainer:
        pass
    found = side.trainer.run().records["error"][:, -1]
    return found.min(), found.max()


def test_a_moving_target_runs_away_and_one_that_waits_does_not():
    """The claims of the docstring, on fewer seeds."""
    assert error_after(1_000)[0] > 1e6
    assert error_after(1_000, sync_every=20)[0] > 20
    assert error_after(1_000, sync_every=200)[1] < 1
    assert error_after(1_000, tau=0.01)[1] < 4
    assert error_after(1_000, often=1)[1] < 0.01


def test_with_adam_it_runs_away_slowly():
    lab = ChaseLab(seeds=range(3), updates=1_000, optimizer="adam")
    side = lab.sides["A"]
    lab.close()
    for _ in side.trainer:
        pass
    found = side.trainer.run().records["error"][:, -1]
    assert found.min() > 10
    assert found.max() < 100


@pytest.mark.parametrize(
    ("value", "sign", "text"),
    [(0.1234, "", "0.123"), (-7.8e9, "", "−7.8e+09"), (2.5, "+", "+2.500"), (1e6, "+", "+1e+06"),
     (-2.0, "+", "−2.000"), (float("nan"), "", "nan")],
)  # fmt: skip
def test_numbers_of_any_size(value, sign, text):
    assert short(value, sign) == text


def test_axes_grow_when_a_line_leaves_them():
    lab = make()
    lab.displayed()
    assert lab.settle(30)
    with torch.no_grad():
        for p in lab.sides["A"].trainer.network(0).parameters():
            p.fill_(50.0)
    steps(lab, 8)  # a record
    assert lab._charts._limits["A"][1] > max(lab.sides["A"].strip[-1])
    assert lab._charts._limits["B"] == (-2.0, 4.0)  # an axis of its own
    assert picture(lab, "A").size == (455, 236)
    assert lab._charts._top == 1e4  # one line of the errors has passed 10


def test_values_that_are_no_numbers_any_more_do_not_stop_the_lab():
    lab = make()
    lab.displayed()
    assert lab.settle(30)
    with torch.no_grad():
        for p in lab.sides["A"].trainer.network(0).parameters():
            p.fill_(float("inf"))
    steps(lab, 3)
    assert "✗" not in lab._values["message"]
    assert "inf" in lab._values["status"] or "nan" in lab._values["status"]
