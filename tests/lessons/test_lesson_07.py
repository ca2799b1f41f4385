"""Lesson 07: each of its claims can fail, and what a learner writes drives its experiments.

`tests/mutants/lessons/test_lesson_07.toml` lists the mutants that these tests kill.
"""

from types import SimpleNamespace

import numpy as np
import torch
from lesson_support import assert_each_claim_can_fail

from dqnlib import plots as real_plots
from dqnlib.classics import bets
from dqnlib.config import Config
from dqnlib.intervals import interval
from dqnlib.results import Run

LESSON = "07_parts_of_rainbow"


class Nothing:
    """Stands for what draws: every call of every name gives one more of it."""

    def __getattr__(self, name):
        return lambda *args, **kwargs: Nothing()


def test_the_drawing_that_the_lesson_calls_is_there():
    probs = {"safe": np.array([0.2, 0.8]), "risky": np.array([0.5, 0.5])}
    axes = real_plots.distributions(probs, [0.0, 1.0], true=[probs["safe"]] * 2)
    assert [ax.get_title() for ax in axes] == ["safe", "risky"]
    assert axes[0].get_ylim() == axes[1].get_ylim()
    assert [bar.get_height() for bar in axes[1].patches] == [0.5, 0.5]


# -- claims --------------------------------------------------------------------------------


def heads(sooner20, sooner5, way=(0.01, 0.2), rest=(0.01, 0.02)):
    """What the corridor's cells leave behind: intervals, and errors of one head and of two."""

    def errors(forward, others):
        row = np.ones((3, 31))
        return SimpleNamespace(forward=forward * row, others=others * row)

    found = {20: [errors(*way), errors(*rest)]}
    spread = np.linspace(-1, 1, 10)
    sooner = {20: interval(sooner20 + spread), 5: interval(sooner5 + spread)}
    return {"found": found, "sooner": sooner, "options": list("abc")}


def runs(**greedy) -> dict:
    return {name: made_up(value) for name, value in greedy.items()}


def made_up(greedy, seeds: int = 20) -> Run:
    """A run whose greedy return is this in each seed, give or take a hair."""
    steps = np.arange(1, 21) * 200
    values = (
        np.broadcast_to(np.asarray(greedy, float), (seeds, 20))
        + np.linspace(0, 0.001, seeds)[:, None]
    )
    return Run(
        config=Config(steps=4_000), seeds=tuple(range(seeds)), steps=4_000,
        returns=(np.ones(2),) * seeds, ends=(np.arange(2),) * seeds, record_steps=steps,
        records={"loss": values, "q": values}, eval_steps=steps, eval_returns=values[:, :, None],
        diverged=np.full(seeds, -1), parameters={}, best_parameters={},
        best_steps=np.full(seeds, -1),
    )  # fmt: skip


def trained(noisy, other):
    """The cells that train: noisy agents earn the one, all others the other."""
    return {
        "train": lambda config, seeds=(), **slots: made_up(
            noisy if config.noisy or slots else other
        ),
        "plots": Nothing(), "long": Config(), "chain": Config(), "choices": list("abc"),
        "no_epsilon": {"epsilon": 0.0, "final_epsilon": 0.0}, "NoisyNetwork": None,
    }  # fmt: skip


def values(q):
    """The cell of DQN on the bets: its networks say this."""
    return {
        "train": lambda config, seeds: SimpleNamespace(seeds=tuple(seeds)),
        "network_of": lambda run, seed: lambda x: torch.tensor([q]),
        "torch": torch,
    }


SUPPORT = torch.linspace(0, 10, 51)
POINT = np.eye(51)[18]  # all on 3.6


def learned(safe, risky, own=None):
    """What the cell that trains leaves behind: probabilities of both bets."""
    probs = np.stack([np.stack([safe, risky])] * 3)
    return {
        "probs": probs, "own": probs[0] if own is None else own, "support": SUPPORT, "bets": bets,
        "plots": Nothing(),
    }  # fmt: skip


def two_updates():
    """The learner's update and the library's, which give something else."""
    logits = {"many": torch.eye(51)[:2] * 9, "mine": torch.eye(51)[2:4] * 9}
    return {
        "small": Config(), "torch": torch, "start": None, "c51_update": None, "mean_return": None,
        "train": lambda config, seeds, **own: SimpleNamespace(
            seeds=tuple(seeds), name="mine" if own else "many"
        ),
        "network_of": lambda run, seed, **more: lambda x: logits[run.name][None],
        "atoms_network": lambda *sizes: None,
    }  # fmt: skip


def cautious(logits):
    return {"bets": bets, "support": SUPPORT, "logits": torch.tensor(logits)}


def cut(p):
    """The cell of the support that is too short: both bets have this distribution."""
    return {"bets": SimpleNamespace(SAFE=0, RISKY=1, true_probs=lambda *args, **kwargs: p)}


def studies(noisy, other, longer=(0.9, 0.1)):
    def load(name):
        ways = ("noisy", "ε to 0.1", "ε to 0", "ε = 0.3")
        found = {f"{way}, {n}": made_up(noisy if way == "noisy" else other)
                 for way in ways for n in (5, 10, 15, 20, 30, 40)}  # fmt: skip
        for way, value in zip(ways, longer, strict=False):
            found[f"{way}, 30, five times as long"] = made_up(value)
        return found

    return {"studies": SimpleNamespace(load=load), "plots": Nothing()}


EVEN = np.full(51, 1 / 51)
REJECTED = {
    "with 20 actions two heads are there sooner": lambda: heads(-5, -50),
    "and gain more than with 5": lambda: heads(50, 60),
    "one head: the other actions' error": lambda: heads(50, 0, way=(0.1, 0.2)),
    "two heads: the other actions' error": lambda: heads(50, 0, rest=(0.1, 0.15)),
    "both bets are worth 3.65": lambda: {**values([3.6, 5.0]), "Config": Config},
    "your update and the library's": two_updates,
    "every distribution is within 0.6": lambda: learned(POINT, POINT),
    "the risky bet's mean alone": lambda: {
        **learned(POINT, POINT),
        "bets": SimpleNamespace(SAFE=0, RISKY=1, distance=lambda *args, **kwargs: 1.0,
                                true_probs=bets.true_probs),
    },
    "chosen by its worst tenth": lambda: cautious(np.zeros((3, 2, 51), np.float32)),
    "half of the risky bet's mass": lambda: cut(np.eye(51)[0]),
    "the risky bet now seems worth less": lambda: cut(np.eye(51)[0]),
    "without ε, your layers get through": lambda: trained(0.0, 1.0),
    "late, the greedy agents with noisy": lambda: trained(0.5, 0.6),
    "over the whole curve, too": lambda: trained(0.5, 0.6),
    "at 30 and 40 noisy layers": lambda: studies(0.5, 0.4),
    "with five times as many steps": lambda: studies(0.9, 0.1, longer=(0.5, 0.6)),
    "now ε-greedy gets through in more runs": lambda: trained(1.0, 1.0),
}  # fmt: skip


def test_each_claim_can_fail():
    assert_each_claim_can_fail(LESSON, REJECTED)
