"""Lesson 04: each of its claims can fail, its worked example is right, and its hunt can be solved.

`tests/mutants/lessons/test_lesson_04.toml` lists the mutants that these tests kill.
"""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from lesson_support import assert_each_claim_can_fail, code_cells

from dqnlib import reports, studies
from dqnlib.config import Config
from dqnlib.data import Batch, Moment
from dqnlib.hunts.lesson_04 import HUNT
from dqnlib.hunts.probing import on_probes
from dqnlib.networks import QNetwork
from dqnlib.results import Run
from dqnlib.targets import mse_loss, td_target
from dqnlib.training import Trainer

LESSON = "04_target_networks"
EVALUATIONS = 1_000 * np.arange(1, 9)  # the last two are late


def run(whole=100.0, late=100.0, q=50.0, diverged=-1, seeds=10, **records) -> Run:
    """Return a run whose seeds all earn the same, but for a little noise."""
    greedy = np.full((seeds, 8, 1), (8 * whole - 2 * late) / 6)
    greedy[:, 6:] = late
    greedy += np.linspace(-1, 1, seeds)[:, None, None]
    steps = 100 * np.arange(1, 81)
    return Run(
        config=Config(steps=8_000), seeds=tuple(range(seeds)), steps=8_000,
        returns=(np.ones(1),) * seeds, ends=(np.ones(1, int),) * seeds,
        record_steps=steps, records={"loss": np.ones((seeds, 80)), "q": np.full((seeds, 80), q),
                                     **records},
        eval_steps=EVALUATIONS, eval_returns=greedy, diverged=np.full(seeds, diverged),
        parameters={}, best_parameters={}, best_steps=np.full(seeds, -1),
    )  # fmt: skip


def trained(given):
    """Stand in for `train`: the same run, whatever is asked for."""
    return lambda *args, **kwargs: given


def stored(**odd):
    """Stand in for `dqnlib.studies`: all arms earn the same, but for those named in odd."""
    names = {"replay and target": "both"}
    return SimpleNamespace(
        load=lambda study: {
            arm: run(**odd.get(names.get(arm, arm), {})) for arm in studies.find(study).arms
        }
    )


class Draws:
    """Stands for `plots` and `reports`: the numbers are its own, the pictures are not drawn."""

    highest_q = staticmethod(reports.highest_q)
    arms_table = staticmethod(reports.arms_table)

    def __getattr__(self, name):
        return lambda *args, **kwargs: None


NAMES = {
    "plots": Draws(), "reports": Draws(), "Run": Run, "torch": torch, "QNetwork": QNetwork,
    "td_target": td_target, "mse_loss": mse_loss, "mine": {}, "bound": None,
    "outcomes": list("0123"), "chase": None, "sgd": Config(), "hard_update": None,
    "polyak_update": None, "moving": run(),
}  # fmt: skip


def probe_runs(*args, **kwargs):
    """Stand in for `train` on the probe: every C finds the value at once."""
    return run(seeds=5, value=np.full((5, 80), 4.0951))


REJECTED = {
    "the values of every seed pass 100": {"train": trained(run(q=99.0))},
    "C = 1: every seed passes a million": {"play": lambda period, seed: [1.0] * 2_000},
    "C = 200: every seed is below 0.5": {"play": lambda period, seed: [1.0] * 2_000},
    "in every seed the target moves by": {"train": trained(run(chase=np.zeros((10, 80))))},
    "no seed passes 120": {"train": trained(run(q=121.0))},
    "late, the return is higher": {"train": trained(run())},
    "SGD's steps grow more than": {"step_lengths": lambda config: np.ones((5, 70))},
    "with SGD both together are ahead": {"studies": stored()},
    "replay alone diverges in most seeds": {"studies": stored(both={"diverged": 5})},
    "late, both together have the highest mean": {"studies": stored()},
    "over the whole curve they are no more": {"studies": stored(both={"whole": 130.0})},
    "the values of replay alone pass": {"studies": stored(replay={"q": 999.0})},
    "the older the target, the later": {"train": probe_runs},
    "C = 1,000, C = 5,000, τ = 0.001 and": {"studies": stored()},
    "C = 20 is ahead of C = 200": {"studies": stored()},
    "the older the target, the lower": {"studies": stored()},
    "never copied: all values stay": {"train": trained(run(q=5.0))},
    "with your soft update all grow": {"train": trained(run(q=5.0))},
}


def test_each_claim_can_fail():
    assert_each_claim_can_fail(LESSON, {part: NAMES | odd for part, odd in REJECTED.items()})


def cell(begins: str) -> str:
    (source,) = (source for source in code_cells(LESSON) if source.startswith(begins))
    return source


def test_the_worked_example_is_as_on_paper():
    """(1, 3) → (3, 0) → (0, 0) with exact fits; two per unit for the moving target."""
    names = {"np": np}
    exec(compile(cell("s, s_next"), "<cell>", "exec"), names)
    both = np.stack([names["s"], names["s_next"]])
    w = np.ones(2)
    seen = [both @ w]
    for _ in range(2):
        w = np.linalg.solve(both, [seen[-1][1], 0.0])  # s takes the frozen value of s′
        seen.append(both @ w)
    assert np.allclose(seen, [[1, 3], [3, 0], [0, 0]])
    moved = np.array([3.0, 1.0])  # q(s) raised from 1 to 3
    assert (both @ moved - both @ np.ones(2)).tolist() == [2, 4]
    assert names["play"](200, 0)[-1] < 0.5 < 1e6 < max(names["play"](1, 0))


def test_the_chase_of_a_linear_network_is_that_of_the_example():
    """One step at s of q(s) = w₁, q(s′) = 2w₁ + w₂: the target moves by γ · 2 per unit."""
    names = NAMES | {"copy": __import__("copy"), "np": np}
    exec(compile(cell("def pairs("), "<cell>", "exec"), names)
    net = torch.nn.Linear(2, 1, bias=False)
    torch.nn.init.ones_(net.weight)
    batch = Batch(
        torch.tensor([[1.0, 0.0], [2.0, 1.0]]), torch.zeros(2, dtype=torch.int64), torch.zeros(2),
        torch.tensor([[2.0, 1.0], [2.0, 1.0]]), torch.tensor([False, True]),
    )  # fmt: skip
    only_s = Batch(*(field[:1] for field in batch))
    with torch.no_grad():
        found = names["chase"](Moment(0, 0, net, net, only_s))
        assert names["pairs"](net, batch).shape == (2, 1)  # where the episode goes on
    assert float(found) == pytest.approx(0.99 * 2, rel=1e-3)
    assert net.weight.tolist() == [[1.0, 1.0]]  # a copy made the step


# -- the bug hunt --------------------------------------------------------------------------


def words(**slots) -> list[str]:
    rows = on_probes(lambda config, seeds: Trainer(config, seeds, **slots), HUNT.config)
    return [row.word for row in rows]


def never(online, target):
    pass


def ten(reward, terminated, next_q, gamma):
    return td_target(10 * reward, terminated, next_q, gamma)


def kept(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max(1).values


def test_the_probes_clear_what_they_are_said_to_clear():
    changed, slots = HUNT.sabotaged()
    rows = on_probes(
        lambda config, seeds: Trainer(config.replace(**changed), seeds, **slots), HUNT.config
    )
    assert {row.word for row in rows} == {"right"}
    for slots in ({"sync_target": never}, {"td_target": ten}, {"td_target": kept}):
        assert set(words(**slots)) != {"right"}


def test_the_curves_show_what_they_are_said_to_show():
    short = HUNT.config.replace(steps=5_000, eval_every=0)
    changed, _ = HUNT.sabotaged()
    shared = Trainer(short.replace(**changed), range(3))
    for _ in shared:
        pass
    assert reports.highest_q(shared.run()).min() > 100  # past the bound, in every seed
    assert np.mean([r[-10:].mean() for r in shared.run().returns]) > 60  # and it plays
    for slots in ({"sync_target": never}, {"td_target": kept}):
        other = Trainer(short, range(3), **slots)
        for _ in other:
            pass
        assert np.mean([r[-10:].mean() for r in other.run().returns]) < 40
