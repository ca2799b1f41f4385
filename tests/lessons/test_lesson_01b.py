"""Lesson 01b: each claim is tried on data that do not show it; numbers of the text by hand."""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from lesson_support import assert_each_claim_can_fail

from dqnlib import TabularConfig, TabularModel, planning

MODEL = TabularModel.from_env("CliffWalking-v1")
BEST = planning.value_iteration(MODEL).q
CONFIG = TabularConfig()


def run(whole, late, q=None, seeds=50):
    return SimpleNamespace(
        whole=lambda: np.full(seeds, float(whole)), late=lambda: np.full(seeds, float(late)), q=q
    )


def counted(**found):
    """What takes the place of `planning`: the paths of every table."""
    names = {"edge": -13.0, "middle": -15.0, "top": -17.0, "loops": "loops"}
    counts = Counter({names[name]: n for name, n in found.items()})
    return {"planning": SimpleNamespace(greedy_returns=lambda *args: counts)}


SLOW = {"sarsa": run(-40, -40), "names": ["Q-learning", "Sarsa", "no difference"]}
PICTURE = {
    "plots": SimpleNamespace(
        learning_curves=lambda *a: None, error_curves=lambda *a: None,
    ),
    "grid_plots": SimpleNamespace(path_counts=lambda *a, **k: None),
    "TabularModel": TabularModel, "sarsa": run(-37, -28),
}  # fmt: skip


def trained(result, **more):
    return {"train_tabular": lambda *args, **kwargs: result, "config": CONFIG, **more}


def goes_on(truncated, **found):
    result = SimpleNamespace(truncated=np.array(truncated), q=None)
    more = {"sarsa": run(-37, -28), "sarsa_target": None, "model": MODEL}
    return trained(result, **more, **counted(**found))


def expected(whole, late, **found):
    more = {"q_learning": run(-56, -50), "expected_sarsa_target": None, "model": MODEL}
    return {**PICTURE, **trained(run(whole, late), **more), **counted(**found)}


def doses(none, half):
    ways = {"along the cliff, −13": -13, "the top row, −17": -17}
    return {"paths": {0: Counter(none), 0.5: Counter(half)}, "ways": ways}


def ends(at_random, careful):
    tables = SimpleNamespace(q=np.stack([BEST] * 3))
    return {
        "errors": {"random behavior, ε = 1": np.array(at_random)[:, None],
                   "ε = 0.1": np.array(careful)[:, None]},
        "learners": {"random behavior, ε = 1": tables}, "star": BEST,
        "answers": ["yes", "no", "only near the start"],
    }  # fmt: skip


def lakes(q=0.0, **end):
    """Errors at the end: falls, half (α = 0.5), tenth (α = 0.1), greedy (ε = 0); q: its table."""
    names = {"falls": "α falls", "half": "α stays 0.5", "tenth": "α stays 0.1", "greedy": "ε = 0"}
    runs = {
        names[name]: SimpleNamespace(
            measure=lambda f, e=error: np.full((3, 31), e), q=np.full((3, 16, 4), q)
        )
        for name, error in end.items()
    }
    return {**PICTURE, "lakes": runs, "lake_star": None, "there": np.ones(16, bool)}


REJECTED = {
    "Sarsa earns at least 10 more over": {**SLOW, "q_learning": run(-45, -60)},
    "Sarsa earns at least 10 more late": {**SLOW, "q_learning": run(-60, -45)},
    "no Sarsa seed takes": {**PICTURE, **counted(edge=1, top=46, loops=3)},
    "half of the seeds or more": {**PICTURE, **counted(top=24, middle=23, loops=3)},
    "in some seeds the greedy path loops": {**PICTURE, **counted(top=48, loops=2)},
    "a Sarsa agent that learns on": goes_on([[False]] * 49 + [[True]], middle=50),
    "with α = 0.1 most seeds take": goes_on([[False]] * 50, middle=30, top=20),
    "Expected Sarsa earns at least 3 more": expected(-34.5, -20, middle=50),
    "nearly all its seeds find": expected(-28, -21, middle=44, top=6),
    "dose 0: every seed walks": doses({-13.0: 19}, {-17.0: 20}),
    "dose 0.5: no seed walks": doses({-13.0: 20}, {-17.0: 19, -13.0: 1}),
    "dose 0.5: most seeds": doses({-13.0: 20}, {-17.0: 10, -15.0: 10}),
    "each dose is the best of the four": {
        "doses": (0, 0.1, 0.3, 0.5),
        "planning": planning,
        "model": MODEL,
        "evaluate": lambda policy: np.zeros(48),
    },
    "random behavior: every pair": ends([0.01, 0.2, 0.01], [2, 3, 4]),
    "ε = 0.1: some pair": ends([0.01, 0.01, 0.01], [2, 0.5, 4]),
    "the falling α ends nearest": lakes(falls=0.2, half=0.6, tenth=0.1, greedy=0.6),
    "α = 0.5 stays more than twice": lakes(falls=0.2, half=0.39, tenth=0.3, greedy=0.6),
    "ε = 0: the error stays above": lakes(falls=0.1, half=0.5, tenth=0.2, greedy=0.4),
    "ε = 0: more than half": lakes(q=0.1, falls=0.1, half=0.5, tenth=0.2, greedy=0.6),
}


def test_each_claim_can_fail():
    assert_each_claim_can_fail("01b_sarsa", REJECTED)


def test_the_small_system_by_hand():
    """Insert V(B) into V(A): V(A) (1 − 0.1 − 0.09) = −10.9 − 0.9 · 10.9."""
    a = (-10.9 - 0.9 * 10.9) / (1 - 0.1 - 0.9 * 0.1)
    assert a == pytest.approx(-25.57, abs=0.005)
    assert -10.9 + 0.1 * a == pytest.approx(-13.46, abs=0.005)


@pytest.mark.parametrize(
    ("dose", "path", "walked"), [(0, -13, -50.8), (0.1, -15, -20.7), (0.3, -17, -21.9)]
)
def test_what_the_doses_aim_at(dose, path, walked):
    """The exact table that 01b prints: the path, and its value if a tenth is random."""
    table = planning.value_iteration(MODEL, epsilon=dose).q.round(6)
    assert planning.greedy_returns([table], MODEL) == {path: 1}
    value = planning.policy_evaluation(MODEL, planning.soft_policy(table, 0.1))[36]
    assert value == pytest.approx(walked, abs=0.05)
