"""Lesson 02: each of its claims can fail, and its text agrees with its data."""

from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import torch
from lesson_support import assert_each_claim_can_fail
from torch import nn

from dqnlib import bug_hunt, targets
from dqnlib.hunts.lesson_02 import HUNT
from dqnlib.networks import QNetwork

SEEDS, EVALUATIONS = 10, 20
OPTIONS = ["", "", ""]


def run(whole, late, best=400.0, **more):
    """Return what a claim reads of a run: the two numbers of each seed, and its evaluations."""
    returns = np.full((SEEDS, EVALUATIONS, 5), float(late))
    returns[:, 3] = best
    rows = np.ones(SEEDS)
    return SimpleNamespace(
        whole=lambda: whole * rows, late=lambda: late * rows, eval_returns=returns, **more
    )


def plots():
    """Return plots that draw nothing."""
    drawn = MagicMock()
    drawn.new_axes.return_value = (None, None)
    return drawn


def tables(whole, late):
    curves = {"5 bins": run(whole, late), "10 bins": run(60, 60)}
    return {"binned_cart_pole": MagicMock(curves=lambda **_: curves), "plots": plots()}


def fitted(changes, earned):
    shape = (SEEDS, 50)
    return {
        "changes": np.broadcast_to(changes, shape), "earned": np.broadcast_to(earned, shape),
        "looks": None, "plots": plots(), "options": OPTIONS,
    }  # fmt: skip


def probes(first, second):
    """Return names with which the two agents learn these values."""
    values = iter([first, second])
    return {
        "train": lambda *_, **__: SimpleNamespace(q=np.full((SEEDS, 4), float(next(values)))),
        "QNetwork": None, "td_target": None, "mse_loss": None,
    }  # fmt: skip


def uncut(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max(dim=1).values


def naive(**found):
    given = {"whole": 45, "late": 20, "best": 400}
    table = run(whole=50, late=60)
    return {"run": run(**{**given, **found}), "tables": {"5 bins": table}, "options": OPTIONS}


def rates(**late):
    known = {"0.0001": 15, "0.0003": 257, "0.001": 80, "0.003": 20}
    runs = {rate: run(value, value) for rate, value in {**known, **late}.items()}
    return {"studies": SimpleNamespace(load=lambda _: runs), "plots": plots()}


REJECTED = {
    "every grid earns more than 30 and less than 150": tables(whole=60, late=300),
    "round 50 changes less than half": fitted(np.linspace(1, 2, 50), 400),
    "all ten agents earn more than twice what the data do": fitted(np.linspace(1, 0, 50), 30),
    "with the mask the value is 1": lambda: probes(10, 10),
    "without it, it is more than 3": lambda: probes(1, 1),
    "your step finds the value 1": {
        "torch": torch, "nn": nn, "QNetwork": QNetwork, "mse_loss": targets.mse_loss,
        "td_target": uncut,
    },
    "on average an agent's best evaluation is above 150": naive(best=60),
    "at least 7 of 10 earn late less than half of their best": naive(late=390, best=400),
    "under neither rule is the network 20 steps ahead": naive(whole=90),
    "none of the four rates brings ten seeds above 350": rates(**{"0.0003": 480}),
    "0.0003 is ahead of 0.001 under both rules": rates(**{"0.001": 240}),
}  # fmt: skip


def test_each_claim_can_fail():
    assert_each_claim_can_fail("02_", REJECTED)


def test_the_clues_of_the_hunt_name_the_guilty_one():
    table = bug_hunt("02").probes()
    assert all(row.word == "right" for row in table.healthy)
    wrong = {row.probe for row in table.suspect if row.word != "right"}
    assert wrong == {"TruncatedForever"}
    assert HUNT.guilty.startswith("the time limit")
