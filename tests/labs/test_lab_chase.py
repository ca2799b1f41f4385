"""The Chase lab without a browser: messages go in, pictures and texts come out.

`tests/mutants/labs/test_lab_chase.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest
import torch
from lab_helpers import close_labs, picture, say, steps, wait, widget  # noqa: F401 - a fixture

from dqnlib import Config, Trainer
from dqnlib.labs import ChaseLab
from dqnlib.labs.chase_side import Lap, Side
from dqnlib.labs.curves import Several, side_curves
from dqnlib.targets import hard_update, polyak_update


def make(**more) -> ChaseLab:
    return ChaseLab(**{"seeds": range(2), "updates": 60, **more})


def test_the_values_of_the_lap_obey_bellman():
    values, env = Lap.values(0.9), Lap()
    for k in range(10):
        env.reset(seed=0)
        env._place = k
        obs, reward, terminated, truncated, _ = env.step(0)
        assert np.array_equal(obs, Lap.places()[(k + 1) % 10])
        assert not terminated
        assert not truncated
        assert values[k] == pytest.approx(reward + 0.9 * values[(k + 1) % 10])
    assert values[0] == pytest.approx(0.9**9 / (1 - 0.9**10))


def test_the_lab_trains_exactly_as_the_library():
    lab = make(a=(1, 1.0), b=(7, 0.5))
    lab.post("speed", float("inf"))
    lab.play()
    assert wait(lambda: "All 60 updates are done" in lab._values["message"])
    for name, (sync_every, tau) in {"A": (1, 1.0), "B": (7, 0.5)}.items():
        side = lab.sides[name]
        assert (side.config.sync_every, side.config.tau) == (sync_every, tau)
        trainer = Trainer(side.config, range(2), env=Lap)
        for _ in trainer:
            pass
        mine, theirs = (t.run().parameters for t in (side.trainer, trainer))
        assert all(np.array_equal(mine[key], theirs[key]) for key in mine)
    lab.step()
    assert "All 60 updates" in say(lab)


def test_the_strip_holds_prediction_and_target():
    lab = make(b=(50, 1.0))
    steps(lab, 20)
    for side in lab.sides.values():
        online, frozen = (side.trainer.network(0, target=t) for t in (False, True))
        places = torch.from_numpy(Lap.places())
        with torch.no_grad():
            want = float(online(places)[0, 0]), 0.9 * float(frozen(places)[1, 0])
        assert side.strip[-1] == pytest.approx(want, abs=1e-6)
        assert len(side.strip) == 21
    y = np.array(lab.sides["B"].strip)[:, 1]
    assert len(set(np.round(y[1:18], 6))) == 1  # still until the copy at step 50
    assert len(set(np.round(y[18:], 6))) == 1
    assert y[18] != y[17]
    assert len(set(np.round(np.array(lab.sides["A"].strip)[:, 1], 6))) > 15


def test_the_error_is_that_of_all_ten_values():
    lab = make()
    steps(lab, 8)  # 40 environment steps: a record
    side = lab.sides["A"]
    with torch.no_grad():
        values = side.trainer.network(1)(torch.from_numpy(Lap.places()))[:, 0].numpy()
    want = np.sqrt(((values - Lap.values(0.9)) ** 2).mean())
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


def test_staleness_is_a_trade_off():
    """The claim of the docstring, on fewer seeds: C = 1 never settles, 50 does, 500 is slow."""
    errors = {}
    for sync_every in (1, 50, 500):
        config = Config(
            env_id="Lap", steps=2532, gamma=0.9, hidden=(16,), learning_rate=0.003,
            final_learning_rate=0.003, batch_size=32, capacity=500, warmup=32, eval_every=0,
            sync_every=sync_every, device="cpu",
        )  # fmt: skip
        side = Side("A", config, range(3), {})
        for _ in side.trainer:
            pass
        with torch.no_grad():
            found = [
                float(side._error(m)) for m in map(_Moment, map(side.trainer.network, (0, 1, 2)))
            ]
        errors[sync_every] = np.mean(found)
    assert errors[50] < 0.03 < 0.06 < errors[1] < errors[500]


class _Moment:
    def __init__(self, online):
        self.online = online


def test_axes_grow_when_a_line_leaves_them():
    lab = make()
    lab.displayed()
    assert lab.settle(30)
    with torch.no_grad():
        for p in lab.sides["A"].trainer.network(0).parameters():
            p.fill_(5.0)
    steps(lab, 2)
    assert lab._charts._limits[1] > max(lab.sides["A"].strip[-1])
    assert picture(lab, "A").size == (455, 236)
