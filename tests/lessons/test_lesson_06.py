"""Lesson 06: each of its claims can fail, and its walk is the textbook's.

`tests/mutants/lessons/test_lesson_06.toml` lists the mutants that these tests kill.
"""

from collections import deque
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from lesson_support import assert_each_claim_can_fail, code_cells

from dqnlib import Transition, planning, staying
from dqnlib.classics import random_walk
from dqnlib.config import Config
from dqnlib.envs import TabularModel
from dqnlib.results import Run
from dqnlib.targets import n_step_return
from dqnlib.transitions import NStep

LESSON = "06_n_step_returns"


class Nothing:
    """Stands for what draws: every call of every name gives one more of it."""

    def __getattr__(self, name):
        return lambda *args, **kwargs: Nothing()


def made_up(greedy, looks=None, seeds=10) -> Run:
    """A run of 50,000 steps with this greedy return, a number or [20], in each of the seeds."""
    steps = np.arange(1, 21) * 2_500
    greedy = np.broadcast_to(np.asarray(greedy, float), (seeds, 20))
    greedy = greedy + np.linspace(-1, 1, seeds)[:, None]
    values = {"lean right 0": 1.0, "cart": 0.1, **(looks or {})}
    return Run(
        config=Config(), seeds=tuple(range(seeds)), steps=50_000, returns=(np.ones(2),) * seeds,
        ends=(np.arange(2),) * seeds, record_steps=steps, records={"loss": greedy, "q": greedy},
        eval_steps=steps, eval_returns=greedy[:, :, None], diverged=np.full(seeds, -1),
        parameters={}, best_parameters={}, best_steps=np.full(seeds, -1),
        final_returns=np.full((seeds, 5), 500.0),
        looks={n: np.broadcast_to(np.asarray(v, float), (seeds, 20)) for n, v in values.items()},
        look_steps=steps,
    )  # fmt: skip


STAYS, DIP = made_up(500), made_up(np.r_[[480.0] * 2, [150] * 6, [480] * 12])
N = ("n = 1", "n = 2", "n = 3", "n = 5", "n = 10", "n = 20")
DRAWING = {
    "plots": Nothing(), "staying": staying.staying, "some": lambda run, rows: run, "Run": Run,
    "until": staying.until, "staying_table": lambda runs: "",
}  # fmt: skip


def the_walk():
    """The lesson's own walk, as a function."""
    (source,) = (cell for cell in code_cells(LESSON) if cell.startswith("def td_walk("))
    names = {
        "np": np, "torch": torch, "random_walk": random_walk, "n_step_return": n_step_return
    }  # fmt: skip
    function = source[: source.index("return np.mean(errors)") + len("return np.mean(errors)")]
    exec(compile(function, "lesson 06", "exec"), names)
    return names["td_walk"]


@pytest.mark.parametrize(("n", "alpha", "seed"), [(1, 0.8, 3), (5, 0.2, 0), (300, 0.1, 1)])
def test_the_walk_of_the_lesson_is_the_librarys(n, alpha, seed):
    want = random_walk.run(n, alpha, seed=seed).mean()
    assert the_walk()(n, alpha, seed) == pytest.approx(want)


# -- claims --------------------------------------------------------------------------------


def walks(errors):
    """Errors of each n, whatever α and seed."""
    fake = SimpleNamespace(
        errors=lambda **kwargs: np.repeat(np.asarray(errors, float), 40).reshape(-1, 2, 20),
        STEPS=random_walk.STEPS, ALPHAS=(0.1, 0.2),
    )  # fmt: skip
    return {
        **DRAWING,
        "random_walk": fake,
        "options": ["n = 1: a", "n = 4", "n = 64", "n = 512: b"],
    }


def live(one, three):
    """The cell of the live comparison: the stored run, and what `watch` gives."""
    return {
        **DRAWING, "NStep": NStep, "watch": lambda *args, **kwargs: three,
        "studies": SimpleNamespace(load=lambda name: {"DQN": one}),
    }  # fmt: skip


def stored(one, others):
    """The cell of the table: one run for n = 1, another one for all else."""
    load = {
        "stays_solved": {"DQN": one, "soft target": STAYS},
        "n_step": dict.fromkeys(N[1:], others),
    }
    return {**DRAWING, "studies": SimpleNamespace(load=load.get)}


def corrections(run):
    found = dict.fromkeys(("cut", "greedy", "weighted"), run)
    return {
        **DRAWING, "runs": {"n = 1": DIP, "n = 3": STAYS}, "why": list("abc"),
        "studies": SimpleNamespace(load=lambda name: found),
    }  # fmt: skip


def stored_by_name(one, three, soft):
    given = {"n = 1, ε": made_up(one), "n = 3, ε": made_up(three), "soft, ε": made_up(soft)}
    return {**DRAWING, "studies": SimpleNamespace(load=lambda name: given)}


def leaning(uncorrected, corrected):
    def knows(share):
        return made_up(500, {"lean right 0": share})

    runs = {"n = 1": knows(corrected)} | dict.fromkeys(N[1:], knows(uncorrected))
    return {**DRAWING, "runs": runs, "corrected": {"cut": knows(corrected)}}


def cliff(q):
    """Agents on the cliff that all learn this table."""
    fake = SimpleNamespace(make=lambda name: None)
    agent = SimpleNamespace(step=lambda: None, q=q)
    return {
        **DRAWING, "envs": fake, "planning": planning, "TabularModel": TabularModel,
        "NStepQ": lambda *args, **kwargs: agent,
    }  # fmt: skip


def daring():
    return planning.value_iteration(TabularModel.from_env("CliffWalking-v1")).q


def careful():
    model = TabularModel.from_env("CliffWalking-v1")
    return planning.value_iteration(model, epsilon=0.5).q


def resting(values):
    model = TabularModel.from_env("CliffWalking-v1")
    return {**DRAWING, "model": model, "planning": SimpleNamespace(n_step_values=values)}


def hanging(maximum, soft, three):
    given = {"maximum": made_up(maximum), "soft": made_up(soft)}
    load = SimpleNamespace(load=lambda name: {"n = 3": made_up(three)})
    return {**DRAWING, "acrobot": given, "studies": load}


def without_slips(after):
    return {
        **DRAWING, "NStep": NStep, "quarter": Config(steps=12_500, n_step=3), "three": STAYS,
        "train": lambda *args, **kwargs: made_up(after),
    }  # fmt: skip


class Silent(NStep):
    def step(self, transition, ended):
        super().step(transition, ended)
        return []


REJECTED = {
    "your walks and those of the library": lambda: {
        "torch": torch, "random_walk": random_walk,
        "n_step_return": lambda reward, terminated, next_value, gamma: 0.9 * next_value,
    },
    "n = 4 is better than n = 1 and than n = 16": lambda: walks([0.3] * 10),
    "n = 3, γ = 0.5, rewards 1, 2, 4, 8": lambda: {
        "NStep": Silent, "Transition": Transition, "deque": deque,
    },
    "late, three steps are better": lambda: live(STAYS, STAYS),
    "over the whole curve, too": lambda: live(STAYS, STAYS),
    "their carts stay less than half": lambda: live(STAYS, STAYS),
    "with n = 1 the mean sinks": lambda: stored(STAYS, STAYS),
    "with n = 2, 3, 5, 10 and 20": lambda: stored(DIP, DIP),
    "cut, greedy and weighted: the mean": lambda: corrections(STAYS),
    "uncorrected, with n from 2 to 20": lambda: leaning(0.5, 0.1),
    "with n = 1, cut, greedy and weighted": lambda: leaning(1.0, 0.9),
    "with little exploring three": lambda: stored_by_name(200, 200, 200),
    "and the soft target earns more": lambda: stored_by_name(300, 120, 300),
    "n = 1 walks along the edge": lambda: cliff(careful()),
    "n = 2 goes a row higher": lambda: cliff(daring()),
    "n = 3 finds nothing better": lambda: cliff(daring()),
    "the value of the start falls": lambda: resting(lambda model, n, e: np.full((48, 4), -13.0)),
    "with ε = 0 it stays": lambda: resting(lambda model, n, e: np.full((48, 4), -13.0 - n)),
    "three steps earn more than the soft": lambda: hanging(-90, -90, -90),
    "late they lose no more than 2": lambda: hanging(-90, -130, -120),
    "late it earns less than with all": lambda: without_slips(500),
}  # fmt: skip


def test_each_claim_can_fail():
    assert_each_claim_can_fail(LESSON, REJECTED)
