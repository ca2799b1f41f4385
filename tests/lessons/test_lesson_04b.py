"""Lesson 04b: its loop is the library's, and each of its claims can fail.

`tests/mutants/lessons/test_lesson_04b.toml` lists the mutants that these tests kill.
"""

import copy
from types import SimpleNamespace

import gymnasium as gym
import numpy as np
import pytest
import torch
from lesson_support import assert_each_claim_can_fail, code_cells

from dqnlib import Transition, balance, envs, planning, policies, staying, targets
from dqnlib.config import Config
from dqnlib.envs import TabularModel, make_for
from dqnlib.networks import QNetwork
from dqnlib.replay import ReplayBuffer
from dqnlib.results import Run
from dqnlib.training import train

LESSON = "04b_why_a_solved_agent_is_lost"


class Nothing:
    """Stands for what draws: every call of every name gives one more of it."""

    def __getattr__(self, name):
        return lambda *args, **kwargs: Nothing()


def loop():
    """The lesson's own DQN, as a function."""
    (source,) = (cell for cell in code_cells(LESSON) if cell.startswith("def dqn("))
    names = {
        "copy": copy, "np": np, "torch": torch, "policies": policies, "Transition": Transition,
        "QNetwork": QNetwork, "ReplayBuffer": ReplayBuffer, "dqn_update": targets.dqn_update,
        "hard_update": targets.hard_update,
    }  # fmt: skip
    function = source[: source.index("return online, returns") + len("return online, returns")]
    assert len(function.splitlines()) <= 30
    exec(compile(function, "lesson 04b", "exec"), names)
    return names["dqn"]


@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize("max_episode_steps", [None, 15])
def test_the_dqn_of_the_lesson_is_the_librarys(seed, max_episode_steps):
    config = Config(steps=1_400, warmup=200, max_episode_steps=max_episode_steps)
    env = make_for(config, None)
    if max_episode_steps:
        env = gym.wrappers.TimeLimit(env, max_episode_steps)
    online, returns = loop()(env, config, seed)
    run = train(config.replace(eval_every=0), [seed])
    assert returns == run.returns[0].tolist()
    for found, want in zip(online.parameters(), run.parameters.values(), strict=True):
        assert np.allclose(found.detach().numpy(), want[0], atol=1e-4)


# -- claims --------------------------------------------------------------------------------


def made_up(greedy, looks=None, final=500.0) -> Run:
    """A run of 50,000 steps with this greedy return, a number or [20], in each of ten seeds."""
    s, steps = 10, np.arange(1, 21) * 2_500
    greedy = np.broadcast_to(np.asarray(greedy, float), (s, 20)) + np.linspace(-1, 1, s)[:, None]
    values = {
        "says rest 0": 50.0, "says rest 2.35": 50.0, "edge": 0.0, "pole": 0.0, "fallen": 200.0,
        "lean gap 0": 0.2, "lean right 0": 1.0, "cart": 0.1, **(looks or {}),
    }  # fmt: skip
    return Run(
        config=Config(), seeds=tuple(range(s)), steps=50_000, returns=(np.ones(2),) * s,
        ends=(np.arange(2),) * s, record_steps=steps, records={"loss": greedy, "q": greedy},
        eval_steps=steps, eval_returns=greedy[:, :, None], diverged=np.full(s, -1), parameters={},
        best_parameters={}, best_steps=np.full(s, -1), final_returns=np.full((s, 5), final),
        looks={name: np.broadcast_to(np.asarray(v, float), (s, 20)) for name, v in values.items()},
        look_steps=steps,
    )  # fmt: skip


def at(run, name, step=12_500):
    return run.looks[name][:, list(run.look_steps).index(step)]


STAYS = made_up(500)
DIP = np.r_[[480.0] * 2, [150] * 6, [480] * 12]
DRAWING = {
    "some": lambda run, rows: run,
    "plots": Nothing(),
    "staying": staying.staying,
    "at": at,
    "balance": balance,
}


def study(**runs):
    return {**DRAWING, "studies": SimpleNamespace(load=lambda name: runs)}


def in_two_halves(maximum, small):
    load = lambda name: {"capacity 2,000": small}  # noqa: E731
    return {**DRAWING, "maximum": maximum, "studies": SimpleNamespace(load=load)}


def watched(live, soft):
    """The cells of the live comparison: `watch` gives the one run or the other."""
    quarter = Config(steps=12_500)
    return {
        **DRAWING, "QNetwork": None, "td_target": None, "mse_loss": None, "mine": {},
        "expected_sarsa_target": None, "options": list("abcd"), "live": live, "quarter": quarter,
        "watch": lambda config, **kwargs: soft if config.target_epsilon else live,
    }  # fmt: skip


def played(short, long):
    def play(network, state, *args, track=2.4, **kwargs):
        n = short if track == 2.4 else long
        return balance.Played(np.zeros((2, 20, 4)), np.full(20, n), np.zeros(20, int))

    fake = SimpleNamespace(play=play, starts=balance.starts)
    return {
        **DRAWING, "live": STAYS, "network_of": lambda *a, **k: None, "balance": fake,
        "QNetwork": lambda *a: None,
    }  # fmt: skip


def worth(left, right):
    fake = SimpleNamespace(
        placed=balance.placed,
        played_out=lambda *a, **k: np.array([[left, right]] * 3),
    )
    return {**DRAWING, "balance": fake, "torch": torch}


def gains(*lengths):
    """`balance.play` gives lengths after the first action 0, and the longer ones after 1."""

    def play(network, state, steps, first, scale, chance):
        return SimpleNamespace(length=np.full(2_000, lengths[int(first[0])]))

    return {**DRAWING, "steady": None,
            "balance": SimpleNamespace(placed=balance.placed, play=play)}  # fmt: skip


def switched(after):
    class Fake:
        """A trainer whose run earns so much at the end."""

        def __init__(self, *args, **kwargs):
            self.config, self.run = Config(), lambda: made_up(after)

        def __iter__(self):
            return iter((5_000, 7_500, 10_000))

    return {
        **DRAWING, "Trainer": Fake, "quarter": Config(steps=12_500), "soft": STAYS, "mine": {}
    }  # fmt: skip


def acrobot(maximum, soft):
    runs = {"maximum": made_up(maximum), "soft": made_up(soft)}
    return {
        **DRAWING, "Run": Run, "TabularModel": TabularModel, "planning": planning,
        "studies": SimpleNamespace(load=lambda name: runs),
    }  # fmt: skip


def daring():
    """Cliff Walking, where a clumsy agent's values lead along the cliff as well."""
    fake = SimpleNamespace(
        value_iteration=lambda model, epsilon: planning.value_iteration(model),
        greedy_path=planning.greedy_path,
    )
    return {**DRAWING, "TabularModel": TabularModel, "planning": fake}


def doses(**lows):
    runs = {f"e = {e.removeprefix('e').replace('_', '.')}": made_up(x) for e, x in lows.items()}
    return {
        **DRAWING, "maximum": made_up(DIP), "stored": {"soft target": made_up(lows["e0_5"])},
        "studies": SimpleNamespace(load=lambda name: runs),
    }  # fmt: skip


def table(best):
    load = lambda name: {}  # noqa: E731
    return {
        **DRAWING, "studies": SimpleNamespace(load=load), "stored": {"soft target": best},
        "staying_table": lambda runs: "",
    }  # fmt: skip


KNOWS = {"says rest 0": 90.0}
REJECTED = {
    "the same returns, episode by episode": lambda: {
        "copy": copy, "torch": torch, "policies": policies, "Transition": Transition,
        "QNetwork": QNetwork, "ReplayBuffer": ReplayBuffer, "dqn_update": targets.dqn_update,
        "hard_update": targets.hard_update, "envs": envs,
        "train": lambda *args, **kwargs: SimpleNamespace(returns=[np.ones(3)]),
    },
    "reach 475 at some time": lambda: study(DQN=made_up(300)),
    "their mean sinks below 300": lambda: study(DQN=STAYS),
    "at the end it is above 400": lambda: study(DQN=made_up(DIP[::-1] - 100)),
    "nine in ten end at the edge": lambda: watched(
        made_up(DIP, {"edge": 0.5, "pole": 0.4}), STAYS
    ),
    "on a track of 100 m": lambda: played(150, 180),
    "one buffer keeps over 100 falls": lambda: in_two_halves(
        made_up(DIP), made_up(DIP, {"fallen": 150.0})
    ),
    "at step 7,500 fewer than two networks": lambda: in_two_halves(
        made_up(DIP, KNOWS), made_up(DIP, {"fallen": 0.0})
    ),
    "at step 20,000 three in four know it": lambda: in_two_halves(
        made_up(DIP), made_up(DIP, {"fallen": 0.0})
    ),
    "after either action 100 is still to be had": lambda: worth(100.0, 99.0),
    "at step 2,500 nine in ten agents": lambda: {
        **DRAWING, "maximum": made_up(DIP, {"lean right 0": 0.0}), "stored": {"soft target": STAYS}
    },
    "at step 12,500 fewer than one in four": lambda: {
        **DRAWING, "maximum": made_up(DIP), "stored": {"soft target": STAYS}
    },
    "the right push gains less than 0.1": lambda: gains(100, 101),
    "late, your new target is better": lambda: watched(STAYS, STAYS),
    "its carts stay less than half": lambda: watched(STAYS, STAYS),
    "a tenth is not enough": lambda: doses(e0_1=500, e0_5=500, e1=500),
    "with 0.5 and 1 it stays above 400": lambda: doses(e0_1=DIP, e0_5=500, e1=DIP),
    "the greedy path of e = 0 earns": lambda: {**acrobot(-90.0, -90.0), **daring()},
    "on Acrobot the soft target earns less": lambda: acrobot(-90.0, -90.5),
    "5,000 steps later it earns less": lambda: switched(500),
    "solved at the end in 99 %": lambda: table(made_up(500, final=400.0)),
    "it earns 480 or more": lambda: table(made_up(DIP)),
}  # fmt: skip


def test_each_claim_can_fail():
    assert_each_claim_can_fail(LESSON, REJECTED)
