"""Lesson 01: each claim is tried on data that do not show it."""

from collections import Counter
from types import SimpleNamespace

import gymnasium as gym
import numpy as np
import pytest
from lesson_support import assert_each_claim_can_fail

from dqnlib import TabularConfig, TabularModel, planning

ENV = gym.make("CliffWalking-v1")
MODEL = TabularModel.from_env(ENV)
BEST = planning.value_iteration(MODEL).q


def run(returns, lengths=None, q=None):
    """A result of a few seeds with these online returns [S] in every episode."""
    returns = np.repeat(np.array(returns, float)[:, None], 500, axis=1)
    lengths = -returns if lengths is None else np.full_like(returns, lengths)
    return SimpleNamespace(
        returns=returns, lengths=lengths, q=q, whole=lambda: returns.mean(1),
        late=lambda: returns[:, 375:].mean(1),
    )  # fmt: skip


def trainer(result):
    """What takes the place of `train_tabular`."""
    return {"train_tabular": lambda *args, **kwargs: result, "TabularConfig": TabularConfig}


LOOP = {
    "tabular": SimpleNamespace(random_streams=lambda seed: (0, None)),
    "one_run": lambda *args, **kwargs: (BEST, [-13.0]),
    "epsilon_greedy": None, "td_update": None, "q_learning_target": None, "env": ENV,
    "config": TabularConfig(),
}  # fmt: skip
PATHS = {
    "earns": {"about −13": -13, "about −50": -50},
    "env": ENV,
    "TabularModel": TabularModel,
}
ERRORS = {
    "on_path": [*range(24, 36), 36],
    "places": ["everywhere", "on the path", "nowhere"],
    "exact": BEST,
    "where": MODEL.reachable(),
}


def found(**counts):
    return SimpleNamespace(greedy_returns=lambda *args: Counter({-13.0: counts["shortest"]}))


def one_seed_is_exact():
    q = np.stack([BEST - 5, BEST])
    return {**ERRORS, "q_learning": run([-50, -50], q=q), "error": [np.zeros(48)] * 2}


REJECTED = {
    "a random agent loses more than 5,000": trainer(run([-4000, -5500, -3000])),
    "seed 0 of the library is your loop": {
        **LOOP,
        **trainer(SimpleNamespace(q=BEST[None] + 1e-12, returns=np.array([[-13.0]]))),
    },
    "the greedy path of all 50 seeds": {
        **PATHS, "q_learning": run([-50] * 50), "planning": found(shortest=49),
    },
    "online, late, Q-learning earns": {
        **PATHS, "q_learning": run([-13] * 50), "planning": found(shortest=50),
    },
    "late, falls cost more than half": {
        "q_learning": run([-50, -52, -48]), "late": SimpleNamespace(estimate=-50.0, low=-52.0),
    },
    "your sweeps give the library's Q*": {
        "env": ENV, "TabularModel": TabularModel, "planning": planning, "best": BEST - 1e-9,
    },
    "along the shortest path every seed's": {
        **one_seed_is_exact(), "error": [np.zeros(48), np.full(48, 0.02)],
    },
    "some pair is still off by more than 1": one_seed_is_exact(),
    "at most two pairs in three": one_seed_is_exact(),
    "without what follows": {
        **trainer(run([-50, -60, -40])), "config": TabularConfig(), "reward_alone": None,
    },
}  # fmt: skip


def test_each_claim_can_fail():
    assert_each_claim_can_fail("01_tabular", REJECTED)


@pytest.mark.parametrize("row", [0, 36])
def test_the_numbers_in_the_text(row):
    """Q* of the start, and the values of `A → B → goal` under a coin."""
    want = {0: -14.0, 36: -13.0}
    assert BEST[row].max() == want[row]
    # V(A) = −2 + V(B) and V(B) = −1 + V(A) / 2
    system = np.array([[1.0, -1.0], [-0.5, 1.0]])
    assert np.linalg.solve(system, [-2.0, -1.0]) == pytest.approx([-6, -4])
