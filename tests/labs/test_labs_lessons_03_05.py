"""The labs of lessons 03 to 05 without a browser: messages go in, pictures and texts come out.

Mutants that these tests kill (each was tried once):
- the pointer of the shown ring is one off; a batch's slots are those of the last steps;
- warm-up, batch size or capacity do not reach the buffer; a new capacity keeps the old steps;
- the autocorrelation of a batch is that of the stream;
- C, τ or the learning rate of a side do not reach its runs, or reach the other side; the target is
  read off the online network; the values of the circle are those of the place before;
- the means go on when the problem changes; double is judged by the chooser; the long run is that of
  other settings;
- a learning rate of the Chase lab goes back to the old one;
- a picture takes longer than an eighth of a second;
- an exception of a learner's function ends the worker, or is not shown.
"""

import base64
import html
import io
import itertools
import statistics
import time

import numpy as np
import pytest
import torch
from lab_helpers import close_labs, wait, widget, workers  # noqa: F401 - a fixture
from PIL import Image

from dqnlib import Config, Trainer
from dqnlib.classics import maximization
from dqnlib.data import Batch, Transition
from dqnlib.labs import BiasLab, BufferLab, ChaseLab
from dqnlib.labs import chase as chase_module
from dqnlib.labs.chase import Lap
from dqnlib.labs.curves import Several, side_curves
from dqnlib.replay import ReplayBuffer
from dqnlib.targets import hard_update, polyak_update

FAST = float("inf")
MAKE = {
    "buffer": lambda **more: BufferLab(**more),
    "chase": lambda **more: ChaseLab(**{"seeds": range(2), "updates": 60, **more}),
    "bias": lambda **more: BiasLab(**more),
}
SIZES = {  # of each picture, in pixels, when the lab is paused
    "buffer": {"ring": (1820, 712)},
    "chase": {"A": (455, 236), "B": (455, 236), "errors": (910, 236)},
    "bias": {"trial": (1820, 500), "curves": (910, 250)},
}
STILLS = {"buffer": (910, 356), "chase": (910, 472), "bias": (910, 500)}


def say(lab) -> str:
    assert lab.settle(30)
    return html.unescape(lab._values["message"])


def steps(lab, count: int) -> None:
    for _ in range(count):
        lab.step()
    assert lab.settle(60)


def size(png: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(png)).size


def done(lab) -> int:
    """How many steps, updates or trials a lab has taken."""
    if isinstance(lab, BufferLab):
        return lab.stream.steps
    return lab.trials.count if isinstance(lab, BiasLab) else lab.sides["A"].updates


# -- what all three have in common ---------------------------------------------------------------


@pytest.mark.parametrize("kind", MAKE)
def test_step_play_pause_and_reset(kind):
    lab = MAKE[kind]()
    lab.displayed()
    assert lab.settle(30)
    before = {slot: lab._values[slot] for slot in SIZES[kind]}
    assert {slot: size(png) for slot, png in before.items()} == SIZES[kind]
    steps(lab, 3)
    assert done(lab) == 3
    assert {slot: size(lab._values[slot]) for slot in SIZES[kind]} == SIZES[kind]
    assert all(lab._values[slot] != before[slot] for slot in {*SIZES[kind]} - {"errors"})
    widget(lab, "speed").value = 30 if kind == "buffer" else list(lab.speeds.values())[2]
    lab.play()
    assert wait(lambda: done(lab) > 6)
    lab.pause()
    assert "Paused" in say(lab)
    count = done(lab)
    time.sleep(0.15)
    assert done(lab) == count
    widget(lab, "Reset").click()
    assert lab.hint[:10] in say(lab)
    assert done(lab) == 0
    assert {slot: lab._values[slot] for slot in SIZES[kind]} == before


@pytest.mark.parametrize("kind", MAKE)
def test_buttons_post_the_same_as_methods(kind):
    lab = MAKE[kind]()
    for name in ("Step", "Play", "Pause", "Reset"):
        widget(lab, name).click()
    assert lab.hint[:10] in say(lab)
    assert done(lab) == 0


@pytest.mark.parametrize("kind", MAKE)
def test_running_again_replaces_the_lab_and_closing_leaves_no_thread(kind):
    first = MAKE[kind]()
    first.play()
    second = MAKE[kind]()
    assert wait(lambda: workers() == [f"lab-{kind}"])
    assert first._closed
    other = MAKE[kind](name="other")
    assert sorted(workers()) == sorted([f"lab-{kind}", "lab-other"])
    other.close()
    other.close()
    assert wait(lambda: workers() == [f"lab-{kind}"])
    second.close()
    assert wait(lambda: not workers())
    assert set(second._repr_mimebundle_()) == {"text/plain", "image/png"}


@pytest.mark.parametrize("kind", MAKE)
def test_without_a_notebook_there_is_a_text_and_a_still(kind, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ipywidgets", None)
    lab = MAKE[kind]()
    assert lab.ui is None
    bundle = lab._repr_mimebundle_()
    assert bundle["text/plain"] == f"{kind.capitalize()} lab: run this cell in JupyterLab for " \
        "the live controls."  # fmt: skip
    assert size(base64.b64decode(bundle["image/png"])) == STILLS[kind]
    assert len(base64.b64decode(bundle["image/png"])) < 60_000
    lab.step()
    assert lab.settle(30)
    assert done(lab) == 1


@pytest.mark.parametrize("kind", MAKE)
def test_at_least_eight_pictures_a_second(kind):
    """Counted on one core: drawing alone must leave time to spare."""
    lab = MAKE[kind]()
    lab.displayed()
    assert lab.settle(30)
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


@pytest.mark.parametrize(
    ("kind", "settings", "said"),
    [
        ("buffer", {"capacity": 8}, "capacity must be a whole number of at least 24"),
        ("buffer", {"capacity": 400}, "capacity must be at most 200"),
        ("buffer", {"batch_size": 1}, "batch_size must be"),
        ("buffer", {"warmup": -1}, "warmup must be"),
        ("buffer", {"epsilon": 2}, "epsilon must be"),
        ("buffer", {"color": "red"}, "unknown color 'red': choose one of angle, age"),
        ("buffer", {"replay": 3}, "replay must be a class"),
        ("buffer", {"seed": -1}, "seed must be"),
        ("chase", {"a": (0, 1.0)}, "sync_every must be"),
        ("chase", {"b": (1, 0.0)}, "tau must be"),
        ("chase", {"b": 5}, "b must be a pair"),
        ("chase", {"learning_rate": -1}, "learning_rate must be"),
        ("chase", {"gamma": 1.0}, "gamma must be below 1"),
        ("chase", {"gamma": 1.5}, "gamma must be"),
        ("chase", {"optimizer": "lion"}, "unknown optimizer 'lion'"),
        ("chase", {"updates": 0}, "updates must be"),
        ("chase", {"seeds": []}, "seeds is empty"),
        ("chase", {"sync_target": 3}, "sync_target must be a function"),
        ("bias", {"actions": 1}, "actions must be a whole number of at least 2"),
        ("bias", {"actions": 33}, "actions must be at most 32"),
        ("bias", {"samples": 0}, "samples must be"),
        ("bias", {"noise": -1}, "noise must be"),
        ("bias", {"spread": 9}, "spread must be"),
        ("bias", {"double_estimate": 3}, "double_estimate must be a function"),
        ("bias", {"seed": 0.5}, "seed must be"),
    ],
)
def test_bad_settings_raise_at_once_and_leave_the_old_lab_alone(kind, settings, said):
    old = MAKE[kind]()
    with pytest.raises(ValueError, match=said):
        MAKE[kind](**settings)
    assert workers() == [f"lab-{kind}"]
    steps(old, 1)


# -- the buffer ----------------------------------------------------------------------------------


class Slow:
    """A buffer of its own kind: a list, without a ring."""

    def __init__(self, capacity):
        self.capacity, self.kept = capacity, []

    def __len__(self):
        return len(self.kept)

    def add(self, transition):
        self.kept = [*self.kept, transition][-self.capacity :]

    def sample(self, batch_size, rng):
        some = [self.kept[i] for i in rng.integers(len(self.kept), size=batch_size)]
        ring = ReplayBuffer(batch_size)
        for one in some:
            ring.add(one)
        fields = (ring.obs, ring.action, ring.reward, ring.next_obs, ring.terminated)
        return Batch(*map(torch.from_numpy, fields))


def test_the_ring_is_that_of_the_buffer():
    """What the lab says of slots and pointer is what the library's buffer holds there."""
    lab = BufferLab(capacity=24, warmup=0, batch_size=4)
    steps(lab, 40)
    t = lab.stream
    assert (t.steps, t.size) == (40, 24)
    assert np.array_equal(t.obs, t.buffer.obs)
    assert t.steps % t.capacity == t.buffer.next == 16
    assert t.steps_kept.tolist() == [*range(25, 41), *range(17, 25)]
    assert "24 of 24 slots filled · 16 transitions overwritten" in lab._values["status"]


def test_the_slots_are_those_of_the_batch():
    lab = BufferLab(capacity=24, warmup=0, batch_size=32)
    lab.post("batch_size", 6)
    steps(lab, 60)
    t = lab.stream
    assert len(t.batch) == len(t.slots) == 6
    assert np.array_equal(t.buffer.obs[t.slots], t.batch)
    drawn = t.steps_kept[t.slots]
    assert f"The batch holds steps {drawn.min()} to {drawn.max()}" in lab._values["status"]
    assert set(drawn) - set(range(55, 61))  # not the last ones only


def test_warmup_and_batch_size_say_when_drawing_begins():
    lab = BufferLab(warmup=10, batch_size=4)
    steps(lab, 10)
    assert len(lab.stream.batch) == 0
    assert "Nothing is drawn before step 11: the warm-up." in lab._values["status"]
    steps(lab, 1)
    assert len(lab.stream.batch) == 4
    widget(lab, "batch size").value = 20
    steps(lab, 1)
    assert len(lab.stream.batch) == 0
    assert "before the buffer holds 20 transitions" in lab._values["status"]
    widget(lab, "warm-up").value = 30
    widget(lab, "batch size").value = 2
    steps(lab, 1)
    assert len(lab.stream.batch) == 0
    widget(lab, "warm-up").value = 0
    steps(lab, 1)
    assert len(lab.stream.batch) == 2


def test_a_batch_larger_than_the_ring_is_never_drawn():
    lab = BufferLab(capacity=24, batch_size=32, warmup=0)
    steps(lab, 30)
    assert "Nothing is ever drawn: 24 slots never hold 32." in lab._values["status"]


def test_a_new_capacity_begins_anew_and_epsilon_does_not():
    lab = BufferLab()
    steps(lab, 5)
    widget(lab, "random ε").value = 1.0
    steps(lab, 1)
    assert (lab.stream.steps, lab.settings["epsilon"]) == (6, 1.0)
    widget(lab, "capacity").value = 50
    assert "Begins anew: a ring of 50 slots." in say(lab)
    assert (lab.stream.steps, lab.stream.capacity, lab.stream.buffer.capacity) == (0, 50, 50)


def test_epsilon_is_the_share_of_random_pushes():
    for epsilon, low, high in ((0.0, 1.0, 1.0), (0.5, 0.6, 0.9), (1.0, 0.35, 0.65)):
        lab = BufferLab(capacity=200, epsilon=0.5)
        lab.close()
        lab.change("epsilon", epsilon)
        for _ in range(200):
            lab.advance()
        kept = lab.stream.buffer
        leans = kept.obs[:, 2] + 0.5 * kept.obs[:, 3] > 0
        assert low <= (kept.action == leans).mean() <= high


def test_colors_change_the_picture_only():
    lab = BufferLab()
    steps(lab, 30)
    before, drawn = lab._values["ring"], lab.stream.batch
    lab.post("color", "age")
    assert lab.settle()
    assert lab._values["ring"] != before
    assert lab.stream.batch is drawn
    assert BufferLab(color="age").color == "age"


def test_a_large_buffer_mixes_and_a_small_one_does_not():
    """The numbers of the docstring: the stream is alike, batches of a large buffer are not."""
    found = {}
    for capacity in (24, 200):
        lab = BufferLab(capacity=capacity)
        lab.close()
        values = []
        for k in range(3000):
            lab.advance()
            if k % 500 == 499 and k > 500:
                values.append(lab.stream.correlations)
        found[capacity] = np.mean(values, 0)
    assert found[24][0] == found[200][0] > 0.9  # the same stream
    assert found[24][1] > 0.4
    assert abs(found[200][1]) < 0.15


def test_own_buffer_is_used_through_add_sample_and_len():
    lab = BufferLab(replay=Slow, capacity=24, warmup=0, batch_size=5)
    steps(lab, 40)
    assert "your Slow" in lab._values["status"]
    assert (lab.stream.slots >= 0).all()
    assert "none of the last" not in lab._values["status"]


def test_a_buffer_that_keeps_what_should_be_gone_is_found_out():
    class Hoarder(Slow):
        def add(self, transition):
            self.kept = [*self.kept, transition]

        def sample(self, batch_size, rng):
            self.kept, kept = self.kept[:1], self.kept
            try:
                return super().sample(batch_size, rng)
            finally:
                self.kept = kept

    lab = BufferLab(replay=Hoarder, capacity=24, warmup=0, batch_size=5)
    steps(lab, 20)
    assert (lab.stream.slots == 0).all()
    steps(lab, 10)
    assert (lab.stream.slots == -1).all()
    assert "5 of 5 drawn transitions are none of the last 24 steps" in lab._values["status"]


def broken(part: str, error: Exception | None, value=None):
    def method(self, *args):
        if error:
            raise error
        return value

    return type("Mine", (Slow,), {part: method})


@pytest.mark.parametrize(
    ("replay", "said"),
    [
        (broken("add", KeyError("<oops>")), "✗ Mine.add failed at step 1: KeyError: "),
        (broken("sample", IndexError("far")), "✗ Mine.sample failed at step 5: IndexError: far"),
        (broken("sample", None), "✗ Mine.sample returned NoneType at step 5; expected a Batch"),
        (broken("__len__", TypeError("none")), "✗ Mine.__len__ failed at step 0: TypeError: none"),
        (broken("__init__", ValueError("no")), "✗ Mine.__init__ failed: ValueError: no"),
    ],
)
def test_an_error_of_an_own_buffer_is_shown(replay, said):
    lab = BufferLab(replay=replay, warmup=0, batch_size=5)
    for _ in range(5):
        lab.step()
        if said in say(lab):
            break
    assert said in say(lab)
    assert "<oops>" not in lab._values["message"]
    assert not lab.playing
    lab.reset()
    for _ in range(5):
        lab.step()
        if said in say(lab):
            break
    assert said in say(lab)


def test_a_batch_of_the_wrong_shape_is_shown():
    class Short(Slow):
        def sample(self, batch_size, rng):
            return super().sample(batch_size - 1, rng)

    lab = BufferLab(replay=Short, warmup=0, batch_size=5)
    steps(lab, 5)
    assert "returned obs of the shape (4, 4) at step 5; expected a Batch with obs of the shape " \
        "(5, 4)" in lab._values["message"]  # fmt: skip


def test_what_a_buffer_gets_is_a_transition():
    seen = []

    class Watch(Slow):
        def add(self, transition):
            seen.append(transition)
            super().add(transition)

    steps(BufferLab(replay=Watch), 30)
    assert all(isinstance(one, Transition) for one in seen)
    assert all(np.array_equal(a.next_obs, b.obs) or a.terminated
               for a, b in itertools.pairwise(seen))  # fmt: skip


# -- the chase -----------------------------------------------------------------------------------


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
    lab = MAKE["chase"](a=(1, 1.0), b=(7, 0.5))
    lab.post("speed", FAST)
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
    lab = MAKE["chase"](b=(50, 1.0))
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
    lab = MAKE["chase"]()
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
    lab = MAKE["chase"]()
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

    lab = MAKE["chase"](a=(1, 1.0), b=(1, 1.0), sync_target=mine)
    assert not calls  # nothing of the learner's runs before Step
    steps(lab, 2)
    assert len(calls) == 34 * 2 * 2
    assert "your mine" in lab._values["status"]

    def bad(online, target, tau):
        raise KeyError("<oops>")

    lab = MAKE["chase"](sync_target=bad)
    lab.play()
    assert wait(lambda: "✗ bad failed at step 1, seed 0" in lab._values["message"])
    assert "<oops>" not in lab._values["message"]
    assert not lab.playing
    lab.close()


def test_the_courses_own_sync_is_not_called_yours():
    lab = MAKE["chase"](sync_target=hard_update)
    assert "your" not in lab._values["status"]
    lab = MAKE["chase"](a=(1, 0.1), b=(1, 0.5), sync_target=polyak_update)
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
        side = chase_module._Side("A", config, range(3), {})
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
    lab = MAKE["chase"]()
    lab.displayed()
    assert lab.settle(30)
    with torch.no_grad():
        for p in lab.sides["A"].trainer.network(0).parameters():
            p.fill_(5.0)
    steps(lab, 2)
    assert lab._charts._limits[1] > max(lab.sides["A"].strip[-1])
    assert size(lab._values["A"]) == (455, 236)


# -- the bias ------------------------------------------------------------------------------------


def test_a_trial_is_that_of_the_library():
    lab = BiasLab(actions=4, noise=2.0, samples=4, spread=1.5)
    steps(lab, 1)
    t = lab.trials
    assert t.true_values.tolist() == [-1.5, -1.0, -0.5, 0.0]
    first, second = np.random.SeedSequence(0).spawn(2)
    assert np.array_equal(t.chooser, maximization.noisy_values(t.true_values, 1, 1.0, first))
    assert np.array_equal(t.judge, maximization.noisy_values(t.true_values, 1, 1.0, second))
    assert t.means["single"].now[1] == t.chooser.max()
    assert t.means["double"].now[1] == t.judge[0, t.chooser.argmax()]


def test_the_means_and_intervals_are_right():
    lab = BiasLab(actions=5)
    found = {"single": [], "double": []}
    lab.close()
    for _ in range(200):
        lab.advance()
        t = lab.trials
        found["single"].append(t.chooser.max())
        found["double"].append(t.judge[0, t.chooser.argmax()])
    for key, values in found.items():
        n, mean, half = lab.trials.means[key].now
        assert (n, mean) == (200, pytest.approx(np.mean(values)))
        assert half == pytest.approx(1.96 * np.std(values, ddof=1) / 200**0.5)
        curve = lab.trials.curves()[list(found).index(key)]
        assert (curve.x[0], curve.x[-1]) == (2, 200)
        k = len(curve.x) // 2
        some = values[: int(curve.x[k])]
        assert curve.mean[k] == pytest.approx(np.mean(some))
        assert curve.high[k] - curve.mean[k] == pytest.approx(
            1.96 * np.std(some, ddof=1) / len(some) ** 0.5
        )


@pytest.mark.parametrize(("actions", "single"), [(2, 0.564), (4, 1.029), (32, 2.070)])
def test_the_long_run_of_equal_values(actions, single):
    """The expected largest of A normal errors; the double estimator has no bias there."""
    found = BiasLab(actions=actions).trials.expected
    assert found.single == pytest.approx(single, abs=0.02)
    assert found.double == pytest.approx(0, abs=0.02)


def test_the_means_reach_the_long_run():
    lab = BiasLab(actions=8, spread=1.0)
    lab.close()
    for _ in range(4000):
        lab.advance()
    for key in ("single", "double"):
        _, mean, half = lab.trials.means[key].now
        assert abs(mean - getattr(lab.trials.expected, key)) < 2.5 * half
    assert lab.trials.expected.double < 0 < lab.trials.expected.single


def test_a_slider_makes_a_new_problem():
    lab = BiasLab()
    steps(lab, 3)
    for label, field, value in (("actions", "actions", 2), ("noise", "noise", 0.5),
                                ("samples", "samples", 25), ("spread", "spread", 2.0)):  # fmt: skip
        widget(lab, label).value = value
        assert "The means begin anew." in say(lab)
        assert (lab.settings[field], lab.trials.count) == (value, 0)
        steps(lab, 2)
    assert lab.trials.error == pytest.approx(0.1)
    assert len(lab.trials.true_values) == 2
    assert "2 actions, worth −2.00 to 0; an estimate errs by about 0.10" in lab._values["status"]
    assert not np.array_equal(lab.trials.chooser, BiasLab(name="other").trials.chooser)


def test_without_noise_there_is_no_bias():
    lab = BiasLab(noise=0.0)
    lab.displayed()
    steps(lab, 3)
    assert [m.now[1] for m in lab.trials.means.values()] == [0, 0]
    assert lab.trials.expected == (0, 0)


def test_playing_goes_on_with_a_new_problem():
    lab = BiasLab()
    lab.post("speed", 1000)
    lab.play()
    assert wait(lambda: lab.trials.count > 20)
    widget(lab, "actions").value = 16
    assert lab.settle(30)
    assert lab.playing
    assert wait(lambda: lab.trials.count > 20)
    assert lab.trials.chooser.shape == (1, 16)


def test_all_trials_done(monkeypatch):
    monkeypatch.setattr("dqnlib.labs.bias_lab._TRIALS", 50)
    lab = BiasLab()
    lab.post("speed", FAST)
    lab.play()
    assert wait(lambda: "All 50 trials are done" in lab._values["message"])
    lab.step()
    assert "All 50 trials" in say(lab)
    assert lab.trials.count == 50


def test_own_double_estimate_and_its_errors():
    def mine(chooser, judge):
        assert chooser.shape == judge.shape == (1, 8)
        chooser[:] = 99  # it may spoil what it gets
        return 0.25

    lab = BiasLab(double_estimate=mine)
    steps(lab, 2)
    assert lab.trials.means["double"].now[1] == 0.25
    assert lab.trials.chooser.max() < 9
    assert "your mine" in lab._values["status"]

    for bad, said in (
        (lambda chooser, judge: 1 / 0, "failed at trial 1: ZeroDivisionError"),
        (lambda chooser, judge: judge, "returned array("),
        (lambda chooser, judge: None, "returned None at trial 1; expected the mean over trials"),
    ):
        lab = BiasLab(double_estimate=bad)
        lab.step()
        assert said in say(lab)
        assert lab.trials.count == 0


def test_the_courses_own_estimator_is_not_called_yours():
    assert "your" not in BiasLab(double_estimate=maximization.double_estimate)._values["status"]
