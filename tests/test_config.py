"""Settings: what is accepted, what is refused with which words, what is frozen.

`tests/mutants/test_config.toml` lists the mutants that these tests kill.
"""

import dataclasses
import inspect
import json
import math
import pickle
import re

import numpy as np
import pytest

from dqnlib.config import (
    ALGORITHMS,
    DEVICES,
    LOSSES,
    OPTIMIZERS,
    Config,
    TabularConfig,
    check_plain,
)

HUGE = pytest.param(10**400, id="10**400")  # too large for a float
NO_NUMBERS = [float("nan"), True, np.True_, "0.5", b"0.5", None, [0.5], np.array([0.5]), 1j]


@pytest.mark.parametrize("name", ["alpha", "gamma", "epsilon"])
@pytest.mark.parametrize("value", [*NO_NUMBERS, -0.1, 1.1, float("inf"), -float("inf"), HUGE])
def test_a_bad_number_is_refused_with_its_name_range_and_value(name, value):
    with pytest.raises(ValueError, match=f"^{name} must be a number") as error:
        TabularConfig(**{name: value})
    allowed = "above 0, up to 1" if name == "alpha" else "from 0 up to 1"
    assert allowed in str(error.value)
    assert str(error.value).endswith(f"but it is {value!r}")


def test_the_ends_of_each_range():
    with pytest.raises(ValueError, match="alpha must be a number above 0"):
        TabularConfig(alpha=0)
    ends = TabularConfig(alpha=1, gamma=0, epsilon=0)
    assert (ends.alpha, ends.gamma, ends.epsilon) == (1, 0, 0)
    ends = TabularConfig(alpha=1e-9, gamma=1, epsilon=1)
    assert (ends.alpha, ends.gamma, ends.epsilon) == (1e-9, 1, 1)


@pytest.mark.parametrize("name", ["episodes", "max_episode_steps"])
@pytest.mark.parametrize("value", [0, -3, 2.5, 2.0, "3", None, True, float("nan"), float("inf")])
def test_a_bad_count_is_refused_with_its_name_and_value(name, value):
    words = re.escape(f"{name} must be a whole number of at least 1, but it is {value!r}")
    with pytest.raises(ValueError, match=words):
        TabularConfig(**{name: value})


def test_numbers_are_stored_as_plain_python_numbers():
    config = TabularConfig(
        alpha=np.float32(0.5), gamma=1, epsilon=np.array(0), episodes=np.int64(7)
    )
    assert type(config.alpha) is type(config.gamma) is type(config.epsilon) is float
    assert type(config.episodes) is int
    assert config.alpha == 0.5
    texts = TabularConfig(np.str_("sarsa"), np.str_("Taxi-v4"))
    assert type(texts.algorithm) is type(texts.env_id) is str


@pytest.mark.parametrize("value", ["Q_learning", "dqn", "", None, 3, ["sarsa"]])
def test_an_unknown_algorithm_is_answered_by_the_known_ones(value):
    with pytest.raises(ValueError, match="unknown algorithm") as error:
        TabularConfig(algorithm=value)
    assert repr(value) in str(error.value)
    assert all(name in str(error.value) for name in ALGORITHMS)


@pytest.mark.parametrize("value", [None, 3, b"CliffWalking-v1", ["CliffWalking-v1"]])
def test_the_name_of_an_environment_is_a_text(value):
    with pytest.raises(ValueError, match=r"env_id must be the name.*such as 'CliffWalking-v1'"):
        TabularConfig(env_id=value)


def test_settings_are_frozen_and_comparable():
    config = TabularConfig()
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.alpha = 0.1
    assert config == TabularConfig()
    assert hash(config) == hash(TabularConfig())
    assert config != TabularConfig(alpha=0.1)


def test_replace_makes_a_checked_copy():
    config = TabularConfig()
    changed = config.replace(alpha=0.1, algorithm="sarsa")
    assert (changed.alpha, changed.algorithm, changed.gamma) == (0.1, "sarsa", config.gamma)
    assert (config.alpha, config.algorithm) == (0.5, "q_learning")
    with pytest.raises(ValueError, match="alpha must be"):
        config.replace(alpha=2)
    with pytest.raises(
        TypeError,
        match=r"TabularConfig has no field 'aplha'\. Did you mean 'alpha'\? It has .*alpha",
    ):
        config.replace(aplha=0.1)


def test_every_setting_has_a_unit_and_the_notebook_shows_it():
    fields = dataclasses.fields(TabularConfig)
    assert all(f.metadata["unit"] for f in fields)
    shown = TabularConfig(env_id="<b>")._repr_html_()
    assert all(f.name in shown and f.metadata["unit"] in shown for f in fields)
    assert "&lt;b&gt;" in shown
    assert "<b>" not in shown


# -- settings of deep Q-learning -----------------------------------------------------------

# name -> lowest and highest value allowed, what the message says of them
NUMBERS = {
    "gamma": (0, 1, "a number from 0 up to 1"),
    "tau": (5e-324, 1, "a number above 0, up to 1"),
    "epsilon": (0, 1, "a number from 0 up to 1"),
    "final_epsilon": (0, 1, "a number from 0 up to 1"),
    "target_epsilon": (0, 1, "a number from 0 up to 1"),
    "priority_alpha": (0, 1, "a number from 0 up to 1"),
    "priority_beta": (0, 1, "a number from 0 up to 1"),
    "learning_rate": (0, 1e6, "a number from 0 up to 1e+06"),
    "final_learning_rate": (0, 1e6, "a number from 0 up to 1e+06"),
    "max_grad_norm": (5e-324, math.inf, "a number above 0, up to inf"),
    "reward_clip": (5e-324, math.inf, "a number above 0, up to inf"),
}
COUNTS = {  # name -> lowest value allowed
    "steps": 1, "batch_size": 1, "capacity": 64, "warmup": 0, "update_every": 1, "sync_every": 1,
    "epsilon_steps": 0, "max_episode_steps": 1, "n_step": 1, "eval_every": 0, "eval_episodes": 1,
    "record_every": 1, "hindsight_goals": 1, "frame_stack": 1, "environments": 1,
}  # fmt: skip
SWITCHES = ("double", "dueling", "noisy", "life_loss", "layer_norm")
ONLINE = {"capacity": 1, "batch_size": 1}  # without replay
OTHERS = {
    "env_id", "hidden", "obs_scale", "optimizer", "loss", "device", "atoms", "v_min", "v_max",
    "channels", "windows", "hindsight", "trace_decay", *SWITCHES,
}  # fmt: skip


def test_each_field_is_tested_below():
    assert {f.name for f in dataclasses.fields(Config)} == {*NUMBERS, *COUNTS, *OTHERS}


@pytest.mark.parametrize("name", NUMBERS)
def test_the_range_of_each_number(name):
    low, high, words = NUMBERS[name]
    for value in (low, high, np.float32(1), np.array(1), 1):
        kept = getattr(Config(**{name: value}), name)
        assert type(kept) is float
        assert kept == value
    beyond = [np.nextafter(low, -1), np.nextafter(high, np.inf)] if high < math.inf else [0, -1]
    for value in [*beyond, *NO_NUMBERS, -math.inf]:
        expected = re.escape(f"{name} must be {words}, but it is {value!r}")
        with pytest.raises(ValueError, match=f"^{expected}$"):
            Config(**{name: value})


@pytest.mark.parametrize("name", COUNTS)
def test_the_lowest_value_of_each_count(name):
    low = COUNTS[name]
    for value in (low, np.int16(low + 64), np.array(low + 100), 10**12):
        kept = getattr(Config(**{name: value}, **_roomy(name)), name)
        assert type(kept) is int
        assert kept == value
    least = 1 if name == "capacity" else low
    for value in [least - 1, -5, 2.0, 1e3, "3", True, np.True_, math.nan, math.inf, [3], 1j]:
        words = f"{name} must be a whole number of at least {least}, but it is {value!r}"
        with pytest.raises(ValueError, match=f"^{re.escape(words)}$"):
            Config(**{name: value}, **_roomy(name))
    if name != "max_episode_steps":
        with pytest.raises(ValueError, match=f"{name} must be a whole number .* is None"):
            Config(**{name: None})


def _roomy(name: str) -> dict:
    return {"capacity": 10**13} if name == "batch_size" else {}


def test_windows_belong_to_several_steps():
    for kind in ("all", "greedy", "cut", "weighted"):
        assert Config(n_step=3, windows=kind).windows == kind
    with pytest.raises(ValueError, match=r"unknown windows .most.: choose one of all, greedy"):
        Config(n_step=3, windows="most")
    with pytest.raises(ValueError, match=r'windows="cut" says .* but with n_step=1 there is none'):
        Config(windows="cut")
    for other in ({"priority_alpha": 0.6}, {"atoms": 51, "v_min": 0, "v_max": 1}):
        with pytest.raises(ValueError, match=f'windows="greedy" and {next(iter(other))} do not go'):
            Config(n_step=2, windows="greedy", **other)


def test_a_buffer_must_hold_a_batch():
    assert Config(capacity=5, batch_size=5).capacity == 5
    words = "a replay buffer of 4 transitions cannot fill a batch of 5: make capacity larger or"
    with pytest.raises(ValueError, match=words):
        Config(capacity=4, batch_size=5)
    with pytest.raises(ValueError, match=r"buffer of 50000 .* batch of 50001"):
        Config().replace(batch_size=50_001)


def test_the_defaults():
    """The lessons and their numbers stand on these."""
    assert dataclasses.asdict(Config()) == {
        "env_id": "CartPole-v1", "steps": 50_000, "gamma": 0.99, "n_step": 1, "double": False,
        "hidden": (64, 64), "obs_scale": "auto", "optimizer": "adam", "learning_rate": 1e-3,
        "final_learning_rate": 0.0, "loss": "mse", "max_grad_norm": math.inf, "batch_size": 64,
        "capacity": 50_000, "warmup": 1_000, "update_every": 1, "sync_every": 200, "tau": 1.0,
        "epsilon": 1.0, "final_epsilon": 0.1, "epsilon_steps": 10_000, "max_episode_steps": None,
        "eval_every": 2_500, "eval_episodes": 10, "record_every": 100, "device": "auto",
        "target_epsilon": 0.0, "priority_alpha": 0.0, "priority_beta": 0.4, "dueling": False,
        "noisy": False, "atoms": 1, "v_min": None, "v_max": None, "channels": (),
        "hindsight": "none", "hindsight_goals": 4, "windows": "all", "frame_stack": 1,
        "reward_clip": math.inf, "life_loss": False, "layer_norm": False, "environments": 1,
        "trace_decay": 0.0,
    }  # fmt: skip
    online = Config(capacity=1, batch_size=1, warmup=1, sync_every=1)  # as the docstring says
    assert online.capacity == 1
    assert "capacity=1, batch_size=1, warmup=1" in inspect.getdoc(Config)


@pytest.mark.parametrize("name", SWITCHES)
@pytest.mark.parametrize("value", [0, 1, None, "yes", 1.0, [True], np.array([True])])
def test_a_switch_is_true_or_false(name, value):
    words = re.escape(f"{name} must be True or False, but it is {value!r}")
    with pytest.raises(ValueError, match=f"^{words}$"):
        Config(**{name: value})
    assert getattr(Config(**{name: np.True_}), name) is True
    assert getattr(Config(**{name: np.False_}), name) is False


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (64, (64,)), ((64,), (64,)), ([64, 32, 1], (64, 32, 1)), ([], ()), (np.int8(7), (7,)),
        (np.array([3, 4]), (3, 4)), (np.array(5), (5,)), (range(1, 4), (1, 2, 3)),
    ],
    ids=str,
)  # fmt: skip
def test_forms_of_hidden_layers(value, kept):
    found = Config(hidden=value).hidden
    assert found == kept
    assert type(found) is tuple
    assert all(type(size) is int for size in found)


@pytest.mark.parametrize("value", ["64", b"64", 0, -3, 64.0, None, True, (64, 0), ["64"], ((64,),)])
def test_bad_hidden_layers(value):
    words = "each size in hidden must be a whole number of at least 1, but it is "
    with pytest.raises(ValueError, match=words):
        Config(hidden=value)


def test_filters_are_counts_as_hidden_layers_are():
    assert Config(channels=[16, 32]).channels == (16, 32)
    with pytest.raises(ValueError, match="each size in channels must be a whole number"):
        Config(channels=(16, 0))


def test_forms_of_a_scale():
    assert Config(obs_scale="auto").obs_scale == "auto"
    assert type(Config(obs_scale=np.str_("auto")).obs_scale) is str
    assert Config(obs_scale=2).obs_scale == 2.0
    assert type(Config(obs_scale=np.float32(0.5)).obs_scale) is float
    assert Config(obs_scale=[1, -2.5]).obs_scale == (1.0, -2.5)
    for several in ((1, 2), [1, 2], np.array([1, 2]), iter([1, 2])):
        found = Config(obs_scale=several).obs_scale
        assert found == (1.0, 2.0)
        assert type(found) is tuple
        assert all(type(x) is float for x in found)
    assert hash(Config(obs_scale=[1, 2])) == hash(Config(obs_scale=(1.0, 2.0)))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("Auto", "unknown obs_scale 'Auto': choose one of auto"),
        ("0.5", "unknown obs_scale '0.5'"),
        (b"ab", "obs_scale must be a number from .* but it is b'ab'"),
        (None, "obs_scale must be a number from .* but it is None"),
        (True, "obs_scale must be .* but it is True"),
        (math.nan, "obs_scale must be .* but it is nan"),
        (math.inf, "obs_scale must be .* but it is inf"),
        ((1, "2"), "each number in obs_scale must be .* but it is '2'"),
        ([[1, 2]], r"each number in obs_scale must be .* but it is \[1, 2\]"),
        ((1, math.nan), "each number in obs_scale must be .* but it is nan"),
    ],
)
def test_bad_scales(value, words):
    with pytest.raises(ValueError, match=f"^{words}"):
        Config(obs_scale=value)


@pytest.mark.parametrize(
    ("name", "known"), [("optimizer", OPTIMIZERS), ("loss", LOSSES), ("device", DEVICES)]
)
def test_the_choices(name, known):
    for value in known:
        assert getattr(Config(**{name: value}, **ONLINE), name) == value
        assert type(getattr(Config(**{name: np.str_(value)}, **ONLINE), name)) is str
    for value in ["Adam", "", None, 3, [known[0]], np.array([known[0]]), np.array(known)]:
        with pytest.raises(ValueError, match=f"^unknown {name} .*: choose one of {known[0]}, "):
            Config(**{name: value})


@pytest.mark.parametrize("value", [None, 3, b"CartPole-v1", ["CartPole-v1"], print])
def test_the_environment_of_a_config_is_a_name(value):
    words = r"env_id must be the name of an environment, such as 'CartPole-v1', .* train\(..., env="
    with pytest.raises(ValueError, match=words):
        Config(env_id=value)
    assert type(Config(env_id=np.str_("Taxi-v4")).env_id) is str


def test_a_config_is_frozen_checked_and_survives_json():
    config = Config(hidden=[8], obs_scale=[0.1, 3], max_episode_steps=7)
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.gamma = 0.5
    changed = config.replace(gamma=1, hidden=32)
    assert (changed.gamma, changed.hidden, changed.max_episode_steps) == (1.0, (32,), 7)
    assert (config.gamma, config.hidden) == (0.99, (8,))
    assert changed.replace(max_episode_steps=None) == Config(hidden=32, obs_scale=(0.1, 3), gamma=1)
    with pytest.raises(ValueError, match="gamma must be"):
        config.replace(gamma=2)
    words = r"^Config has no field 'gama'\. Did you mean 'gamma'\? It has env_id, .*device"
    for call in (config.replace, Config):
        with pytest.raises(TypeError, match=words):
            call(gama=0.5)
    for one in (config, changed, Config()):
        text = json.dumps(dataclasses.asdict(one))
        assert Config(**json.loads(text)) == one
        assert hash(Config(**json.loads(text))) == hash(one)
        assert pickle.loads(pickle.dumps(one)) == one
    json.dumps(dataclasses.asdict(Config(steps=np.int64(3), gamma=np.float32(1), double=np.True_)))


def test_a_config_shows_its_units():
    fields = dataclasses.fields(Config)
    assert all(f.metadata["unit"] for f in fields)
    shown = Config(env_id="<b>")._repr_html_()
    assert shown.startswith("<table><caption>Config</caption>")
    assert all(f.name in shown and f.metadata["unit"] in shown for f in fields)
    assert "(64, 64)" in shown
    assert "&lt;b&gt;" in shown
    assert "<b>" not in shown


def test_what_expected_sarsa_counts_on_is_the_walks_own_unless_it_is_given():
    assert TabularConfig(epsilon=0.3).counted_epsilon == 0.3
    assert TabularConfig(epsilon=0.3, target_epsilon=0).counted_epsilon == 0
    assert (
        TabularConfig(epsilon=0.3, target_epsilon=None).replace(epsilon=0.2).counted_epsilon == 0.2
    )
    with pytest.raises(ValueError, match=r"^target_epsilon must be a number from 0 up to 1"):
        TabularConfig(target_epsilon=1.5)


# -- settings of lesson 10 ---------------------------------------------------------------------

OF_TWO = {"environments": 2, "update_every": 3, "capacity": 6, "batch_size": 6}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"layer_norm": True, "noisy": True}, "layer_norm is made for fully connected layers"),
        ({"layer_norm": True, "atoms": 5, "v_min": 0, "v_max": 1}, "without atoms"),
        ({"layer_norm": True, "channels": (4,)}, "without channels"),
        ({"layer_norm": True, "hidden": ()}, "hidden is empty"),
        ({"trace_decay": 0.5}, "capacity=1 and batch_size=1 .*, but they are 50000 and 64"),
        ({"trace_decay": 0.5, **OF_TWO, "capacity": 7}, "capacity=6 and batch_size=6"),
        ({"optimizer": "obgd"}, 'optimizer="obgd" needs the newest steps'),
        ({"optimizer": "obgd", **OF_TWO}, "environments=1 and update_every=1, but they are 2 and"),
        ({"optimizer": "obgd", **ONLINE, "max_grad_norm": 1.0}, "leave max_grad_norm out"),
        ({"trace_decay": 0.5, **OF_TWO, "update_every": 1, "capacity": 2, "batch_size": 2},
         "make update_every larger"),
        ({"trace_decay": 0.5, **ONLINE, "n_step": 3}, "knows no n_step"),
        ({"trace_decay": 0.5, **ONLINE, "atoms": 5, "v_min": 0, "v_max": 1}, "knows no atoms"),
        ({**OF_TWO, "n_step": 3, "priority_alpha": 0.5}, "knows no n_step and priority_alpha"),
        ({"environments": 2, "hindsight": "future"}, "take environments=1"),
        ({"trace_decay": 1.5}, "trace_decay must be a number"),
        ({"environments": 0}, "environments must be a whole number"),
        ({"layer_norm": 1}, "layer_norm"),
    ],
)  # fmt: skip
def test_settings_without_replay_that_exclude_one_another(settings, words):
    with pytest.raises(ValueError, match=words):
        Config(**settings)


def test_when_an_agent_learns_from_its_newest_steps_alone():
    assert Config(trace_decay=0.5, **ONLINE).online
    assert Config(optimizer="obgd", **ONLINE).online
    assert Config(**OF_TWO).online
    assert not Config(**ONLINE).online  # the buffer of one transition, as it always was
    assert not Config(capacity=64, batch_size=64, update_every=64).online
    assert not Config(environments=2).online


@pytest.mark.parametrize(
    "settings",
    [
        {"layer_norm": True},
        {"environments": 2},
        {"trace_decay": 0.5, **ONLINE},
        {"optimizer": "obgd", **ONLINE},
        {"hindsight": "final"},
        {"windows": "cut", "n_step": 3},
    ],
)
def test_plain_dqn_refuses_what_it_does_not_know(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        check_plain(Config(**settings))
