"""Lesson 09: each of its claims can fail, and the five broken agents are what they are said to be.

`tests/mutants/lessons/test_lesson_09.toml` lists the mutants that these tests kill.
"""

from types import SimpleNamespace

import numpy as np
import pytest
from lesson_support import assert_each_claim_can_fail

from dqnlib import intervals, sweep_plots, swept
from dqnlib.course import progress
from dqnlib.hunts.broken import FAULTS, GUILTY, BrokenAgents

LESSON = "09_experiments"


class Nothing:
    """Stands for what draws: every call of every name gives one more of it."""

    def __getattr__(self, name):
        return lambda *args, **kwargs: Nothing()


def agent(whole, late=None, q=10.0):
    """Stands for a run with these numbers, one a seed."""
    whole = np.asarray(whole, float)
    late = whole if late is None else np.asarray(late, float)
    q = np.full((len(whole), 3), q)
    return SimpleNamespace(whole=lambda: whole, late=lambda: late, q=q)


RULES = SimpleNamespace(whole=lambda run: run.whole(), late=lambda run: run.late())
DRAWING = {"plots": Nothing(), "Run": RULES, "options": list("abc"), "lower": list("abc")}
EVEN = np.linspace(300, 400, 100)


def ten_sets():
    """One agent is ahead in every set."""
    runs = {"DQN": agent(EVEN), "Double DQN": agent(EVEN + 200), "soft target": agent(EVEN)}
    studies = SimpleNamespace(load=lambda name: runs)
    return {**DRAWING, "studies": studies, "sweep_plots": Nothing()}


def two(gap):
    return {**DRAWING, "dqn": agent(EVEN), "double": agent(EVEN + gap)}


def even_seeds():
    """Three of these are enough: 3 of 100 seeds draw any mean, but the interval is as wide."""
    return {**DRAWING, "dqn": agent(np.full(100, 5.0)), "double": agent(EVEN)}


def small_sweep():
    grid = [(rate, period) for rate in (1e-4, 1e-3) for period in (20, 1_000)]
    runs = {key: agent([100.0, 110.0]) for key in grid}
    return {"sweep": lambda *args, **kwargs: runs, "tempfile": SimpleNamespace(mkdtemp=lambda: "")}


def big_sweep(best=(3e-3, 20), q_at_1=1_000.0):
    """The cells of the stored sweep, with another best cell or lower values."""
    import itertools

    table = {"learning_rate": [], "sync_every": [], "late": [], "highest_q": []}
    for rate, period in itertools.product(*swept.GRID.values()):
        table["learning_rate"].append(rate)
        table["sync_every"].append(period)
        table["late"].append(450.0 if (rate, period) == best else 200.0)
        table["highest_q"].append(q_at_1 if period == 1 else 50.0)
    made = {name: np.array(column) for name, column in table.items()}
    pictures = SimpleNamespace(cells=sweep_plots.cells, heat_map=lambda *a, **k: None)
    axes = SimpleNamespace(new_axes=lambda *a, **k: (None, None))
    return {
        **DRAWING, "studies": SimpleNamespace(load=lambda name: dict.fromkeys(map(
            lambda key: swept.arm_of(*key), itertools.product(*swept.GRID.values())))),
        "swept": swept, "itertools": itertools, "tidy": lambda *args, **more: made,
        "sweep_plots": pictures, "plots": axes,
    }  # fmt: skip


def no_luck():
    """Every seed of a cell earns the same: the winner is what it promises."""
    values = np.repeat(np.arange(16.0), 10)
    return {**DRAWING, "table": {"whole": values, "late": values}}


def by_iqm(iqm):
    pictures = SimpleNamespace(
        cells=lambda *args: (np.array([[0.0, iqm([1.0]), 1.0]]), None, None),
        heat_map=lambda *a, **k: None, sensitivity=lambda *a, **k: None,
    )  # fmt: skip
    axes = SimpleNamespace(new_axes=lambda *a, **k: (None, None))
    late = np.array([[0.0, 5.0, 1.0]])
    return {"plots": axes, "sweep_plots": pictures, "table": {}, "late": late, "iqm": iqm}


def improved(better, found=(0.6, 0.55, 0.7)):
    stored = {"soft target": agent(EVEN)}
    return {
        "stored": stored, "Run": RULES, "dqn": agent(EVEN), "double": agent(EVEN),
        "probability_of_improvement": lambda x, y: better,
        "improvement_interval": lambda x, y: intervals.Interval(*found),
    }  # fmt: skip


def wild(late, q):
    runs = {"C": agent([late] * 2, q=q), "healthy": agent([300.0] * 2)}
    return {"broken": SimpleNamespace(runs=runs, logged=list, mend=lambda *a, **k: None)}


REJECTED = {
    "of ten sets of three": ten_sets,
    "with 100 seeds their means": lambda: two(100),
    "from three seeds fewer than 85 %": even_seeds,
    "a copy every 20 earns three times": small_sweep,
    "the best cell, late": lambda: big_sweep(best=(1e-3, 2_000)),
    "without waiting (C = 1)": lambda: big_sweep(q_at_1=90.0),
    "the winner by one seed promises": no_luck,
    "by three seeds it still promises": no_luck,
    "by your IQM the same cell": lambda: by_iqm(lambda values: -1.0),
    "17 seeds at 500": lambda: by_iqm(np.mean),
    "Double DQN is ahead of DQN": lambda: improved(0.7),
    "the soft target is ahead in every pair": lambda: improved(0.9),
    "late it is ahead, but": lambda: improved(0.6, (0.8, 0.76, 0.9)),
    "late, C earns no less": lambda: wild(200.0, 5_000.0),
    "values pass 1,000 in each seed": lambda: wild(400.0, 90.0),
}


def test_each_claim_can_fail():
    assert_each_claim_can_fail(LESSON, REJECTED)


# -- the five broken agents ------------------------------------------------------------------------


def test_each_fault_is_that_of_its_settings():
    words = {
        "sync_every": "never copied", "final_epsilon": "ε", "learning_rate": "no target network",
        "gamma": "discount", "capacity": "buffer",
    }  # fmt: skip
    for name, settings in swept.FAULTS.items():
        assert words[list(settings)[-1]] in GUILTY[name]
    assert len(FAULTS) == 6  # one is nobody's


def test_the_page_has_a_row_an_agent(monkeypatch):
    import matplotlib.pyplot as plt

    axes = BrokenAgents().page()
    assert axes.shape == (5, 4)
    assert [row[0].get_ylabel() for row in axes] == [f"agent {name}" for name in "ABCDE"]
    last = {ax.get_title(): ax.lines[0].get_ydata()[-1] for ax in axes[0]}
    run = BrokenAgents().runs["healthy"]
    assert last["greedy return"] == pytest.approx(run.eval_returns[:, -1].mean())
    assert last["largest Q-value, mean of a batch"] == pytest.approx(run.q[:, -1].mean())
    for row, name in zip(axes, "ABCDE"):
        other = row[2].lines[1].get_ydata()[-1]
        assert other == pytest.approx(BrokenAgents().runs[name].q[:, -1].mean())
    plt.close("all")


def test_what_is_logged():
    import matplotlib.pyplot as plt

    epsilon, buffer = BrokenAgents().logged()
    ends = {line.get_label(): line.get_ydata()[-1] for line in epsilon.lines}
    assert ends == pytest.approx({"healthy": 0.1, "A": 0.1, "B": 1, "C": 0.1, "D": 0.1, "E": 0.1})
    sizes = {line.get_label(): line.get_ydata()[-1] for line in buffer.lines}
    assert sizes.pop("E") == 64
    assert set(sizes.values()) == {10_000}
    plt.close("all")


def test_an_agent_is_mended_by_the_right_setting_alone(capsys):
    agents, healthy = BrokenAgents(), swept.broken()["healthy"]
    for name, settings in swept.FAULTS.items():
        agents.mend(name, **{key: getattr(healthy, key) for key in settings})
        assert capsys.readouterr().out.startswith(f"✓ {name} with ")
        agents.mend(name, batch_size=32)
        assert (
            capsys.readouterr().out == f"✗ {name} with batch_size = 32 is not the healthy agent\n"
        )
    with pytest.raises(ValueError, match="no agent 'F': choose one of A, B, C, D, E"):
        agents.mend("F", gamma=0.9)
    with pytest.raises(ValueError, match="gamma"):
        agents.mend("D", gamma=2)


def test_verdicts_are_kept():
    verdicts = BrokenAgents().verdicts()
    assert all(fault in repr(verdicts) for fault in FAULTS)
    box = verdicts._widget()
    assert len(box.children) == 5
    third = box.children[2]  # agent C: the third fault is its own
    buttons = [row.children[0] for row in third.children[1:-1]]
    buttons[0].click()
    assert buttons[0].button_style == "warning"
    buttons[2].click()
    assert buttons[2].button_style == "success"
    stored = progress.answer(f"{progress.hunt_key('09')} agent C")
    assert stored["right"]
    assert len(stored["tried"]) == 2
