"""What a slot's function takes, by the names of its parameters or by their number.

`tests/mutants/seeds/test_slots.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest

from dqnlib import Trainer, targets, train
from dqnlib.config import Config
from dqnlib.seeds.slots import arguments_of, is_librarys, library_functions, own_functions

SMALL = Config(
    steps=200, warmup=100, sync_every=40, hidden=(8,), eval_every=0, record_every=50,
    epsilon_steps=300, batch_size=8,
)  # fmt: skip
PLAIN = ("reward", "terminated", "next_q", "gamma")
DOUBLE = ("reward", "terminated", "online_next_q", "target_next_q", "gamma")


def other_names(r, t, q, g, k=2): ...
def double_by_number(r, t, a, b, g): ...
def turned_round(gamma, next_q, terminated, reward): ...
def double_turned_round(target_next_q, online_next_q, gamma, reward, terminated): ...
def with_a_default(reward, terminated, next_q, gamma=0.9): ...
def without_the_end(reward, next_q, gamma): ...
def any_number(*args): ...
def with_an_extra(reward, terminated, next_q, gamma, clip=1.0): ...
def turned_round_with_an_extra(gamma, next_q, terminated, reward, clip=1.0): ...


@pytest.mark.parametrize(
    ("function", "want"),
    [
        (targets.td_target, PLAIN),
        (targets.double_td_target, DOUBLE),
        (other_names, PLAIN),
        (double_by_number, DOUBLE),
        (turned_round, ("gamma", "next_q", "terminated", "reward")),
        (double_turned_round, ("target_next_q", "online_next_q", "gamma", "reward", "terminated")),
        (with_a_default, PLAIN),
        (without_the_end, ("reward", "next_q", "gamma")),
        (any_number, PLAIN),
        (with_an_extra, PLAIN),
        (turned_round_with_an_extra, ("gamma", "next_q", "terminated", "reward")),
    ],
)
def test_what_a_target_takes(function, want):
    assert arguments_of("td_target", function) == want


@pytest.mark.parametrize(
    ("slot", "function", "want"),
    [
        ("loss", targets.mse_loss, ("q", "action", "td_target")),
        ("loss", lambda q, action, td_target, weight: 0, ("q", "action", "td_target", "weight")),
        ("loss", lambda a, b, c, d: 0, ("q", "action", "td_target", "weight")),
        ("sync_target", targets.hard_update, ("online", "target")),
        ("sync_target", targets.polyak_update, ("online", "target", "tau")),
        ("sync_target", lambda a, b, c=0.5: 0, ("online", "target", "tau")),
        ("sync_target", lambda target, online: 0, ("target", "online")),
        ("sync_target", max, ("online", "target", "tau")),  # nobody knows what it takes
    ],
    ids=range(8),
)
def test_what_other_slots_take(slot, function, want):
    assert arguments_of(slot, function) == want


@pytest.mark.parametrize(
    "function",
    [
        lambda a, b, c: 0,
        lambda a, b, c, d, e, f: 0,
        lambda reward, terminated, next_q, *, gamma: 0,
    ],
    ids=range(3),
)
def test_another_number_is_explained(function):
    words = r"td_target is called as \(reward, .* or .*, but .* takes \(.*any order"
    with pytest.raises(ValueError, match=words):
        arguments_of("td_target", function)


def test_a_target_of_gamma_alone_is_no_target():
    with pytest.raises(ValueError, match="td_target is called as"):
        arguments_of("td_target", lambda gamma: gamma)


def test_a_function_may_take_less():
    """A target that forgets the end, or looks at the reward alone, is an experiment, too."""
    assert arguments_of("td_target", lambda reward: 0) == ("reward",)
    assert arguments_of("loss", lambda q, action: 0) == ("q", "action")


def test_a_target_gets_what_its_names_say_whatever_the_config():
    """config.double changes no signature: a function that takes next_q alone goes on to."""

    def turned(gamma, next_q, terminated, reward):
        return reward + gamma * next_q.max(dim=1).values * ~terminated

    def double_turned(target_next_q, gamma, online_next_q, terminated, reward):
        return targets.double_td_target(reward, terminated, online_next_q, target_next_q, gamma)

    plain, double = train(SMALL, [0, 1]), train(SMALL.replace(double=True), [0, 1])
    for config in (SMALL, SMALL.replace(double=True)):
        for function, want in ((turned, plain), (double_turned, double)):
            run = train(config, [0, 1], td_target=function)
            for name, array in run.parameters.items():
                assert np.array_equal(array, want.parameters[name]), function.__name__
    trainer = Trainer(SMALL, [0], td_target=double_turned)
    for _ in trainer:
        pass
    assert trainer.how == {"td_target": "one big batch"}


def test_which_functions_are_the_learners_own():
    given = {"loss": targets.huber_loss, "td_target": targets.td_target, "policy": None}
    assert own_functions(given, library_functions(SMALL)) == {"loss": targets.huber_loss}
    huber = library_functions(SMALL.replace(loss="huber"))
    assert own_functions(given, huber) == {}
    assert list(own_functions({"env": int, "network": str}, {})) == ["network", "env"]
    assert is_librarys("loss", targets.huber_loss)
    assert not is_librarys("loss", targets.td_target)
