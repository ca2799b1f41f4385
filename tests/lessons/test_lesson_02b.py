"""Lesson 02b: each of its claims can fail, and its text agrees with its data."""

from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
from lesson_support import assert_each_claim_can_fail

from dqnlib import bug_hunt
from dqnlib.classics import baird
from dqnlib.hunts.lesson_02b import HUNT

SEEDS = 10
OPTIONS = ["", "", ""]


def run(q, diverged=-1):
    return SimpleNamespace(q=np.full((SEEDS, 5), float(q)), diverged=np.full(SEEDS, diverged))


def naive(first, less, none):
    """Return the runs with γ = 0.99, 0.9 and 0."""
    found = iter([less, none])
    more = {"train": lambda *_, **__: next(found), "naive": MagicMock(), "mine": {}}
    return {"run": first, **more}


def three(mine, without):
    """Return what Baird's claims read: errors of the learner's loop, and with a switch off."""
    rising = np.linspace(12, without, 50)[None]
    names = ("on-policy", "true returns", "a table")
    return {
        "options": OPTIONS,
        "mine_baird": np.full((SEEDS, 50), float(mine)),
        "without": dict.fromkeys(names, np.repeat(rising, SEEDS, 0)),
    }


def car(steps, value):
    """Return what the claims on Mountain Car read: episodes of so many steps, and this value."""
    return {
        "options": OPTIONS,
        "drive": lambda *_, **__: ([steps] * 30, np.zeros((9, 3))),
        "linear_q": lambda *_: np.array([float(value)]),
        "coder": MagicMock(), "mountain_car": MagicMock(),
    }  # fmt: skip


def figure(*means):
    found = iter(SimpleNamespace(steps=np.full((20, 50), float(m)) + np.eye(20, 50)) for m in means)
    cars = MagicMock(semi_gradient_sarsa=lambda *_, **__: next(found))
    return {"mountain_car": cars, "plots": MagicMock()}


REJECTED = {
    "with γ = 0.99 the numbers of more than half": naive(run(90), run(9), run(1)),
    "with γ = 0.9 none, and no value": naive(run(300, 700), run(80), run(1)),
    "without guesses none": naive(run(300, 700), run(9), run(1, diverged=500)),
    "alone, the first step drives w above 500": {
        "semi_gradient_td": lambda weights, *_: 0.9 * weights, "plots": MagicMock(),
    },
    "with all three every seed ends with 5 times": three(mine=30, without=12),
    "with any of them away, no error grows by half": three(mine=400, without=30),
    "off its policy (ε = 0.1) every seed learns": car(steps=900, value=60),
    "and no value at a start leaves 200": car(steps=150, value=5e4),
    "over 50 episodes 0.5/8 needs the fewest steps": lambda: figure(300, 280, 400),
}  # fmt: skip


def test_each_claim_can_fail():
    assert_each_claim_can_fail("02b_", REJECTED)


def test_the_steps_by_hand():
    """Section 3: state 1 to 7 by solid, from the weights of Figure 11.2."""
    change = baird.sampled_change(baird.START, baird.FEATURES, 0, 6)
    weights = baird.START + 0.01 * change
    assert np.round(weights[[0, 7]], 2).tolist() == [2.24, 1.62]
    values = baird.FEATURES @ baird.START
    assert (values[0], values[6]) == (3, 12)
    assert round(float(baird.FEATURES[6] @ weights), 2) == 13.24


def test_the_clues_of_the_hunt_name_the_guilty_one():
    table = bug_hunt("02b").probes()
    assert all(row.word == "right" for row in table.healthy)
    assert {row.probe for row in table.suspect if row.word != "right"} == {
        "TruncatedForever",
        "Termination",
    }
    assert HUNT.guilty.startswith("the discount")
