"""The training lab without a browser.

`tests/mutants/labs/test_lab_training.toml` lists the mutants that these tests kill.
"""

import subprocess
import sys

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.envs.classic_control import CartPoleEnv
from lab_helpers import close_labs, picture, say, widget  # noqa: F401 - a fixture
from torch import nn

from dqnlib import labs, replay, targets
from dqnlib.config import FIXED, Config
from dqnlib.labs.curves import grown
from dqnlib.labs.training import TrainingLab
from dqnlib.labs.training_side import CHOICES
from dqnlib.pictures import Curve
from dqnlib.training import train

TINY = Config(steps=400, warmup=20, batch_size=8, capacity=300, hidden=(8,), eval_every=0,
              record_every=20)  # fmt: skip


def make(b=None, **settings) -> TrainingLab:
    return TrainingLab(TINY, b, **{"seeds": range(2), **settings})


def test_step_pause_and_the_end():
    lab = make(TINY.replace(sync_every=1))
    lab.step()
    assert lab.settle()
    assert [s.trainer.steps for s in lab.sides.values()] == [lab.stride] * 2
    assert "100 of 400" in lab._values["progress"]
    lab.play()
    while lab.playing or not lab.sides["B"].trainer.done:
        assert lab.settle(30)
    assert "Done" in say(lab)
    assert "400 of 400" in lab._values["progress"]
    for side, every in (("A", 200), ("B", 1)):  # it is the library's loop, with its settings
        want = train(TINY.replace(sync_every=every), range(2))
        assert np.array_equal(lab.sides[side].trainer.run().q, want.q, equal_nan=True)


def test_what_can_change_in_flight_does_and_the_rest_begins_anew():
    lab = make(TINY)
    lab.step()
    lab.post("A.learning_rate", 0.01)
    assert "goes on with learning rate 0.01" in say(lab)
    assert lab.sides["A"].trainer.config.learning_rate == 0.01
    assert lab.sides["B"].trainer.config.learning_rate == TINY.learning_rate
    assert lab.sides["A"].trainer.steps == 100
    lab.post("A.hidden", (16, 16))
    assert "A begins anew: hidden is 16–16" in say(lab)
    assert [s.trainer.steps for s in lab.sides.values()] == [0, 100]


def test_settings_that_do_not_go_together_are_refused_with_a_reason():
    lab = make()
    lab.step()
    lab.post("A.capacity", 1)
    text = say(lab)
    assert "A keeps its capacity" in text
    assert "cannot fill a batch of 8" in text
    assert lab.sides["A"].config == TINY
    assert lab.sides["A"].trainer.steps == 100


def test_a_refused_change_leaves_settings_and_control_as_they_were():
    small = TINY.replace(capacity=100)
    lab = TrainingLab(small, controls=("batch_size",), seeds=range(2))
    lab.step()
    slider = widget(lab, "batch size")
    slider.value = 128
    assert "A keeps its batch size: a replay buffer of 100 transitions cannot" in say(lab)
    side = lab.sides["A"]
    assert side.config == side.trainer.config == small
    assert slider.value == 8
    assert "A keeps its batch size" in say(lab)  # the control, put back, has posted nothing
    assert side.trainer.steps == 100
    lab.reset()
    lab.step()
    assert "Paused" in say(lab)
    assert side.trainer.steps == 100


def test_a_side_that_cannot_begin_anew_goes_on():
    def small(capacity):
        if capacity > 300:
            raise RuntimeError("too large for me")
        return replay.ReplayBuffer(capacity)

    lab = make(controls=("capacity",), slots={"replay": small})
    lab.step()
    slider = widget(lab, "capacity")
    slider.value = 3000
    assert "too large for me" in say(lab)
    assert lab.sides["A"].config == TINY
    assert slider.value == 300
    lab.step()
    assert "Paused" in say(lab)
    assert lab.sides["A"].trainer.steps == 200
    lab.reset()
    assert "Press Start" in say(lab)


def test_the_librarys_own_function_in_a_slot_is_exchanged_as_without_it():
    lab = make(controls=("double",), slots={"td_target": targets.td_target})
    lab.post("A.double", True)
    assert "A goes on with Double DQN on." in say(lab)
    lab.reset()
    lab.step()
    assert "Paused" in say(lab)
    want = TrainingLab(TINY.replace(double=True), seeds=range(2), name="other")
    want.step()
    assert want.settle(30)
    found = [x.sides["A"].trainer.run().q for x in (lab, want)]
    assert np.array_equal(*found, equal_nan=True)


def test_a_control_that_has_moved_on_is_not_put_back(monkeypatch):
    lab = make(controls=("capacity",))
    slider = widget(lab, "capacity")

    def refuse(field, value):
        slider.value = 1000  # in the worker, which posts nothing
        raise ValueError("no")

    monkeypatch.setattr(lab.sides["A"], "change", refuse)
    slider.value = 64
    assert "A keeps its capacity: no" in say(lab)
    assert slider.value == 1000


@pytest.mark.parametrize(
    ("first", "final", "values", "want"),
    [
        (0.5, 0.5, [0.001], 0.001),  # constant: it stays so
        (0.5, 0.5, [0.001, 0.1], 0.1),
        (0.01, 0.0, [0.001], 0.0),  # a decay: its end stays
        (0.01, 0.001, [0.001, 0.1], 0.001),  # also when the slider has passed its end
    ],
)
def test_a_constant_learning_rate_stays_constant(first, final, values, want):
    lab = TrainingLab(TINY.replace(learning_rate=first, final_learning_rate=final), seeds=[0])
    for value in values:
        lab.post("A.learning_rate", value)
    assert f"goes on with learning rate {values[-1]:g}" in say(lab)
    c = lab.sides["A"].trainer.config
    assert (c.learning_rate, c.final_learning_rate) == (values[-1], want)


def test_stop_is_for_good_and_reset_begins_anew():
    lab = make()
    lab.play()
    lab.post("stop")
    assert "Stopped" in say(lab)
    steps = lab.sides["A"].trainer.steps
    lab.step()
    lab.play()
    assert "Stopped" in say(lab)
    assert lab.sides["A"].trainer.steps == steps
    lab.reset()
    assert "Press Start" in say(lab)
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
    assert "steps until the end: A " in say(lab)
    film = picture(lab, "agent")
    assert film.size == (910, 150)
    assert film.n_frames > 3


def test_no_watching_where_nothing_can_be_drawn():
    lab = TrainingLab(TINY.replace(env_id="dqnlib/RewardByAction-v0", obs_scale=1), seeds=[0])
    assert "Watch" not in [w.description for w in lab.ui.children[0].children]
    assert "Watch" in [w.description for w in make(name="b").ui.children[0].children]


class Endless(CartPoleEnv):
    """A cart that no fall stops."""

    def __init__(self):
        super().__init__()
        self.x_threshold = self.theta_threshold_radians = float("inf")


@pytest.mark.parametrize(
    ("env", "limit", "length"),
    [
        (lambda: gym.make("CartPole-v1", max_episode_steps=5), None, 5),
        (CartPoleEnv, 6, 6),
        (Endless, None, 500),
    ],
)
def test_watch_plays_the_cart_pole_of_the_learner(env, limit, length):
    lab = make(TINY.replace(max_episode_steps=limit), slots={}, slots_b={"env": env})
    widget(lab, "Watch").click()
    assert f"B {length}." in say(lab)
    assert f"A {length}," not in lab._values["message"]


class TwoAtoms(nn.Module):
    """Gives logits of two atoms an action, [B, 4] -> [B, 2, 2]: 10 is likelier for action 1."""

    def __init__(self, obs_shape, n_actions):
        super().__init__()
        self.layer = nn.Linear(4, 4)
        nn.init.zeros_(self.layer.weight)
        self.layer.bias.data = torch.tensor([0.0, 0.0, 0.0, 5.0])

    def forward(self, obs):
        return self.layer(obs).view(-1, 2, 2)


def test_watch_plays_by_the_values_of_a_network():
    values = {"network": TwoAtoms, "values": lambda x: x.softmax(-1) @ torch.tensor([0.0, 10.0])}
    lab = make(TINY, slots={}, slots_b=values)
    widget(lab, "Watch").click()
    assert "B 10." in say(lab)  # always to the right: the pole soon falls


def test_no_watching_of_another_environment():
    lab = TrainingLab(
        TINY.replace(steps=100), TINY.replace(steps=100), seeds=[0],
        slots_b={"env": lambda: gym.make("dqnlib/PureNoise-v0")},
    )  # fmt: skip
    assert lab.sides["B"].config.env_id == "CartPole-v1"
    assert "Watch" not in [w.description for w in lab.ui.children[0].children]
    lab.play()
    while lab.playing or not lab.sides["B"].trainer.done:
        assert lab.settle(30)
    assert "Done. Press Reset to begin anew." in say(lab)


def test_a_learners_mistake_is_shown_and_the_lab_lives():
    lab = make(slots={"td_target": lambda reward, terminated, next_q, gamma: next_q})
    lab.play()
    assert lab.settle(30)
    while lab.playing:
        assert lab.settle(30)
    assert "✗" in say(lab)
    assert "expected a tensor of the shape [8]" in lab._values["message"]
    lab.reset()
    assert "Press Start" in say(lab)


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
    parts = {"n_step", "priority_alpha", "dueling", "noisy", "atoms"}
    goals = {"hindsight", "hindsight_goals"}
    parts |= {"capacity", "hidden", "optimizer", "layer_norm"}
    assert {*FIXED} & {*CHOICES} == parts | goals


def test_parts_of_rainbow_are_switches_and_noise_takes_the_place_of_epsilon():
    whole = {"n_step": 3, "priority_alpha": 0.5, "dueling": True, "noisy": True, "atoms": 51}
    support = {"v_min": 0.0, "v_max": 100.0}
    dqn = TINY.replace(**support, final_epsilon=0.2)
    lab = make(dqn.replace(**whole, epsilon=0.0, final_epsilon=0.0), controls=tuple(whole))
    for name in whole:
        lab.post(f"B.{name}", getattr(dqn, name))
        assert "B begins anew" in say(lab)
    plain = lab.sides["B"].config
    assert plain == dqn.replace(final_epsilon=0.1)  # Config's own schedule
    lab.post("B.noisy", True)
    assert "noisy is on" in say(lab)
    assert (lab.sides["B"].config.epsilon, lab.sides["B"].config.final_epsilon) == (0, 0)
    lab.close()
    lab = make(dqn, controls=("noisy",))
    for value in (True, False):
        lab.post("B.noisy", value)
        say(lab)
    assert lab.sides["B"].config == dqn  # the schedule it had before


def test_normalization_is_a_switch_and_a_trace_has_a_slider():
    stream = TINY.replace(capacity=1, batch_size=1, trace_decay=0.8)
    lab = make(stream, controls=("layer_norm", "trace_decay"))
    switch = widget(lab, "normalized")
    assert switch.options == (("off", False), ("on", True))
    lab.step()
    switch.value = True
    assert "A begins anew: normalized is on" in say(lab)
    lab.post("B.trace_decay", 0.9)
    assert "B goes on with trace λ 0.9" in say(lab)
    lab.post("B.trace_decay", 0.0)  # with which it is another kind of agent
    assert "B begins anew: trace λ is 0" in say(lab)
    lab.step()
    assert lab.settle(30)
    assert "normalized on" in lab._values["status"]
    kinds = {k: [type(x) for x in lab.sides[k].trainer.network(0).modules()] for k in "AB"}
    assert nn.LayerNorm in kinds["A"]
    assert nn.LayerNorm not in kinds["B"]


def test_bad_arguments():
    with pytest.raises(ValueError, match="controls must be of learning_rate"):
        make(controls=("speed",))
    with pytest.raises(ValueError, match="td_target must be a function"):
        make(slots={"td_target": 3})
    assert not labs._LIVE


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"seeds": "ab"}, "seeds must be whole numbers"),
        ({"seeds": []}, "seeds is empty"),
        ({"seeds": [1, 1]}, "1 is there twice"),
        ({"controls": "tau"}, r"controls must be a tuple of names, .*,\), but it is 'tau'"),
        ({"controls": 3}, "controls must be a tuple of names, .* but it is 3"),
        ({"controls": (["tau"],)}, r"controls must be of .*, but there is \['tau'\]"),
        ({"titles": ("a",)}, r"titles must be two texts, .* but it is \('a',\)"),
        ({"titles": "ab"}, "titles must be two texts, .* but it is 'ab'"),
        ({"titles": (1, 2)}, "titles must be two texts"),
        ({"titles": None}, "titles must be two texts"),
        ({"a": {"steps": 3}}, r"a must be a Config, .* but it is \{'steps': 3\}"),
        ({"a": {}}, r"a must be a Config, .* but it is \{\}"),
        ({"b": "double"}, "b must be a Config, .* but it is 'double'"),
        ({"values": (5, -3)}, r"values must be \(low, high\) with low below high, .*\(5, -3\)"),
        ({"values": (0, 0)}, "values must be .* low below high"),
        ({"returns": (5, -3)}, "returns must be .* low below high"),
        ({"returns": 500}, r"returns must be a pair \(low, high\), but it is 500"),
        ({"returns": (0, "x")}, "each end of returns must be a number"),
        ({"values": (0, float("nan"))}, "each end of values must be a number"),
    ],
)
def test_arguments_of_the_wrong_kind_are_refused_with_a_reason(settings, said):
    old = make()
    with pytest.raises(ValueError, match=said):
        TrainingLab(**{"a": TINY, "seeds": [0], **settings})
    assert not old._closed


def test_one_seed_alone_is_a_number():
    assert TrainingLab(TINY, seeds=3).sides["A"].seeds == (3,)


@pytest.mark.parametrize(
    ("limits", "means", "more", "want"),
    [
        ((0, 100), [5.0, 100.0], {}, (0, 100)),
        ((0, 100), [], {}, (0, 100)),
        ((0, 100), [350.0], {}, (0, 400)),
        ((0, 100), [350.0], {"factor": 4}, (0, 400)),
        ((0, 100), [450.0, -30.0], {"factor": 4}, (-400, 1600)),
        ((-10, 40), [-35.0], {}, (-40, 40)),
        ((-5, 0), [3.0], {}, (-5, 4)),
        ((-3, -1), [0.5], {}, (-3, 1)),
        ((0, 0), [-5.0], {}, (-8, 0)),  # once, this never ended
        ((0, 1), [np.nan, np.inf, 1.5], {}, (0, 2)),
        ((-1, 1), [1e30, -1e30], {"most": 5}, (-8, 8)),
    ],
)
@pytest.mark.timeout(20)
def test_an_axis_grows_until_all_is_within(limits, means, more, want):
    curve = Curve("x", "black", mean=np.array(means))
    assert grown(limits, [Curve("empty", "black"), curve], **more) == want


def test_the_still_shows_given_runs_and_can_do_without():
    lab = make()
    empty = lab.still()
    assert empty.startswith(b"\x89PNG")
    runs = {"A": train(TINY, [0, 1])}
    other = make(still=runs, name="other")
    assert other.still() != empty
    values = make(still=runs, still_shows="values", bound=0, bound_text="the truth", name="third")
    assert values.still() not in (empty, other.still())
    with pytest.raises(ValueError, match="still_shows"):
        make(still_shows="q")


def test_closing_lets_go_of_the_runs_and_a_second_lab_replaces_the_first():
    first = make()
    second = make()
    assert first._closed
    assert first.sides["A"].trainer is None
    assert second.sides["A"].trainer is not None
    assert repr(first).startswith("Training lab")


THREADS = """
import torch
from dqnlib import Config
from dqnlib.labs import SurfaceLab, TrainingLab

torch.set_num_threads(3)
found, before = [], torch.get_num_threads()

def td_target(reward, terminated, next_q, gamma):
    found.append(torch.get_num_threads())
    return reward

config = Config(steps=40, warmup=0, batch_size=2, eval_every=0)
lab = TrainingLab(config, seeds=[0], slots={"td_target": td_target})
lab.step()
lab.settle(60)
print(set(found), torch.get_num_threads() == before)

lab = SurfaceLab(representation="network", samples=10, width=4)
lab.now.fit.network.register_forward_hook(lambda *_: found.append(torch.get_num_threads()))
found.clear()
lab.step()
lab.settle(60)
print(set(found), torch.get_num_threads() == before)
"""


def test_labs_compute_on_one_thread_and_leave_the_others_to_the_browser():
    done = subprocess.run(
        [sys.executable, "-c", THREADS], capture_output=True, text=True, timeout=240
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["{1} True"] * 2
