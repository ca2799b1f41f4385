"""Lesson 09b: each of its claims can fail, and its hunt hides what it says.

`tests/mutants/lessons/test_lesson_09b.toml` lists the mutants that these tests kill.
"""

from types import SimpleNamespace

import gymnasium as gym
import numpy as np
import torch
from lesson_support import assert_each_claim_can_fail

from dqnlib import planning, warehouse
from dqnlib.checkup import checkup
from dqnlib.envs import TabularModel
from dqnlib.hunts.lesson_09b import EndsByItself

LESSON = "09b_where"


class Nothing:
    """Stands for what draws: every call of every name gives one more of it."""

    def __getattr__(self, name):
        return lambda *args, **kwargs: Nothing()


def make():
    return gym.make("dqnlib/Warehouse-v0")


def agent(whole, late):
    """Stands for a run of five seeds with these numbers."""
    near = np.linspace(-1, 1, 5)
    return SimpleNamespace(whole=lambda: whole + near, late=lambda: late + near)


def checked(**found):
    return {
        "checkup": lambda make: SimpleNamespace(**found), "gym": gym, "profit": warehouse.profit,
        "Warehouse": warehouse.Warehouse, "NoSeed": None, "Missing": None, "Text": None,
    }  # fmt: skip


def yardstick(q=None, **income):
    """The best policy is that of q, and every rule earns the same, unless it is given."""
    q = planning.value_iteration(TabularModel.from_env(make()), 0.9).q if q is None else q
    return {
        "planning": SimpleNamespace(value_iteration=lambda *a, **k: SimpleNamespace(q=q)),
        "TabularModel": TabularModel, "make": make, "earned": lambda rule: 100.0,
    }  # fmt: skip


def trained(whole, late):
    return {
        "train": lambda *args, **kwargs: agent(whole, late), "plots": Nothing(), "make": make,
        "income": {"best": 100, "8 if below 5": 95}, "options": list("abcd"),
    }  # fmt: skip


def never_orders():
    exact = planning.value_iteration(TabularModel.from_env(make()), 0.9).q
    return {
        "torch": torch, "exact": exact, "run": SimpleNamespace(seeds=(0,)),
        "network_of": lambda run, seed: lambda states: torch.zeros(13, 9),
    }  # fmt: skip


def pendulum(late, whole):
    """33 torques differ from two by so much."""
    runs = {f"{k} torques": agent(-300, -150) for k in (2, 9)}
    runs["33 torques"] = agent(-300 + whole, -150 + late)
    return {
        "studies": SimpleNamespace(load=lambda name: runs), "plots": Nothing(),
        "counts": list("abc"),
    }  # fmt: skip


def arms(table=-0.2, mine=-0.2, one=0.1, smaller=0.0):
    """What is at 0 is found among all, what is at 1 by climbing; critics are their numbers."""
    said = {0: one, 1: smaller}
    fake = SimpleNamespace(
        reach=lambda action, goal: (
            np.zeros(len(action)) if action.ndim > 1 else mine if action[0] else table
        ),
        fit=lambda action, value, seed: seed % 2,
        values_and_slope=lambda critic, action: (np.array([said[critic]]), None),
    )
    return {
        "climbing": fake, "joints": 1, "grid": np.zeros((1, 1)),
        "by_climbing": lambda critic, rng: np.ones(1),
    }  # fmt: skip


REJECTED = {
    "nothing is wrong with the warehouse": lambda: checked(ok=False),
    "the checkup names each of the four": lambda: checked(problems=("seeds: not the same",)),
    "orders up to 8 units": lambda: yardstick(q=np.eye(13, 9)),
    "three each evening earn less than 60 %": yardstick,
    "late they earn over 85 %": lambda: trained(80.0, 85.0),
    "with a stock of 0 or 1": never_orders,
    "late no number of torques differs": lambda: pendulum(-80.0, -100.0),
    "over the whole curve 33 torques": lambda: pendulum(0.0, -20.0),
    "with 960 looks at Q": lambda: arms(mine=-0.5),
    "Q promises more than the action is worth": lambda: arms(one=-0.3),
    "the smaller of two critics": lambda: arms(smaller=0.14),
}


def test_each_claim_can_fail():
    assert_each_claim_can_fail(LESSON, REJECTED)


def test_the_checkup_finds_nothing_in_the_environment_of_the_hunt():
    found = checkup(EndsByItself)
    assert found.ok
    assert "50 to 50 steps of random actions, 5 terminated" in repr(found)


def test_the_hunts_days_are_those_of_the_warehouse():
    mine, theirs = EndsByItself(), make()
    for env in (mine, theirs):
        env.reset(seed=3)
    for day in range(1, 51):
        stock, reward, over, _, _ = mine.step(day % 9)
        assert (stock, reward) == theirs.step(day % 9)[:2]
        assert over == (day == 50)
