"""Lesson 10: each of its claims can fail, and its measurements measure what they say.

`tests/mutants/lessons/test_lesson_10.toml` lists the mutants that these tests kill.
"""

import copy
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from lesson_support import assert_each_claim_can_fail, code_cells

from dqnlib import reports, studies, without
from dqnlib.config import Config
from dqnlib.intervals import interval
from dqnlib.networks import NormalizedQNetwork, QNetwork, layer_norm
from dqnlib.results import Run
from dqnlib.staying import some
from dqnlib.streaming import bounded_step, eligibility_trace, sparse_init

LESSON = "10_do_we_still_need_them"
NAMES = ("replay and target", "replay", "target", "neither")


class Nothing:
    """Stands for what draws or shows: every call of every name gives nothing."""

    def __getattr__(self, name):
        return lambda *args, **kwargs: None


def made_up(greedy, q=50.0, lost=0, seeds=20, **records) -> Run:
    """Twenty evaluations of this greedy return, a number or [20]; some seeds are lost."""
    steps = np.arange(1, 21) * 2_500
    greedy = np.broadcast_to(np.asarray(greedy, float), (seeds, 20))
    greedy = greedy + np.linspace(-1, 1, seeds)[:, None]
    each = {"loss": q, "q": q} | records
    return Run(
        config=Config(), seeds=tuple(range(seeds)), steps=50_000, returns=(np.ones(2),) * seeds,
        ends=(np.arange(2),) * seeds, record_steps=steps,
        records={name: np.full((seeds, 20), value) for name, value in each.items()},
        eval_steps=steps, eval_returns=greedy[:, :, None],
        diverged=np.where(np.arange(seeds) < lost, 1_000, -1), parameters={}, best_parameters={},
        best_steps=np.full(seeds, -1),
    )  # fmt: skip


def defined(start: str, **given) -> dict:
    """Run the cell that begins like this; return the names that it makes."""
    (source,) = (cell for cell in code_cells(LESSON) if cell.startswith(start))
    names = {"np": np, "torch": torch, "Config": Config, **given}
    exec(compile(source, LESSON, "exec"), names)
    return names


def table_cell(name_of_arms="replay_target_sgd"):
    """The functions of the cell that draws the first table, and what it makes of stored runs."""
    asked = []

    def load(name):
        asked.append(name)
        return {name: made_up(300, seeds=50 if len(asked) == 1 else 20) for name in NAMES}

    return defined(
        "def table(", studies=SimpleNamespace(load=load), some=some, reports=Nothing(),
        interval=interval, Run=Run, arms_of_04=list(NAMES), reveal=lambda *a, **k: None,
    )  # fmt: skip


def arms(plain, normalized, **changes):
    """Eight arms, each alike but for the changes, with _ for blanks in their names."""
    runs = {f"{name}, plain": made_up(plain) for name in NAMES}
    runs |= {f"{name}, normalized": made_up(normalized) for name in NAMES}
    return runs | {name.replace("__", ", ").replace("_", " "): run for name, run in changes.items()}


GIVEN = {"Run": Run, "reports": reports, "interval": interval, "arms_of_04": list(NAMES)}


def first_table(**changes):
    runs = {"neither__normalized": made_up(480), "replay__plain": made_up(9, lost=20),
            "replay__normalized": made_up(380, q=170.0)} | changes  # fmt: skip
    return {**GIVEN, "ahead": table_cell()["ahead"], "sgd": arms(350, 320, **runs)}


LATE = np.r_[[100.0] * 10, [500.0] * 10]  # learns in the second half alone


def adams_table(**changes):
    runs = {"replay__plain": made_up(380, q=4_000.0), "replay__normalized": made_up(480)} | changes
    made = arms(350, 350, **runs)
    quiet = SimpleNamespace(
        arms_table=reports.arms_table, highest_q=reports.highest_q, effects_table=lambda pairs: ""
    )
    drawing = SimpleNamespace(
        new_axes=lambda *args, **kwargs: (None, None), evaluation_curves=lambda *a, **k: Nothing()
    )
    return {
        **GIVEN, "reports": quiet, "ahead": table_cell()["ahead"], "table": lambda *names: made,
        "sgd": made, "plots": drawing,
    }  # fmt: skip


def trained(plain, normalized):
    """The live comparison, where the two kinds of agent earn, or spill, so much."""

    def train(config, seeds, **slots):
        value = normalized if config.layer_norm else plain
        return made_up(value, seeds=5, spill=value) if "record" in slots else made_up(value)

    return {**GIVEN, "train": train, "plots": Nothing(), "neither": Config()}


def with_factors(lost, factor):
    """Replay alone with learned factors, the largest of which is this; so many seeds diverge."""

    def train(config, seeds, *, network, record):
        assert not config.layer_norm
        assert network((4,), 2)(torch.zeros(3, 4)).shape == (3, 2)
        return made_up(10, seeds=5, lost=lost, **dict.fromkeys(record, factor))

    sgd = {"replay, normalized": SimpleNamespace(config=Config(layer_norm=True))}
    return {**GIVEN, "train": train, "sgd": sgd, "nn": torch.nn}


def measured(plain, normalized):
    """The measurement in fresh networks, where each kind of network gives these two numbers."""

    def one_step(net, obs, action):
        return normalized if isinstance(net, NormalizedQNetwork) else plain

    return {
        "torch": torch, "one_step": one_step, "states": torch.zeros(64, 4), "QNetwork": QNetwork,
        "NormalizedQNetwork": NormalizedQNetwork, "sparse_init": sparse_init,
    }  # fmt: skip


def stored(**by_study):
    return {**GIVEN, "studies": SimpleNamespace(load=by_study.__getitem__)}


def memory(lost, best_rate=150.0):
    names = ("newest 1", "1 of all", "newest 64", "64 of all")
    drawn = {name: made_up(100, lost=n) for name, n in zip(names, lost, strict=True)}
    return {
        **stored(mixing_and_reuse=drawn, naive_rates={"0.001": made_up(best_rate)}),
        "free": made_up(480),
    }  # fmt: skip


def replay_alone(run):
    return {**stored(replay_alone={"soft, SGD, plain": run}), "counts": list("abc")}


def environments(loss=(1.0, 1.0), **changes):
    """The cell of many environments; loss: that your λ-returns and the library's leave."""
    runs = {
        "eight, SGD, plain": made_up(500),
        "eight, as many transitions, SGD, plain": made_up(25),
        "eight, as many transitions, SGD, normalized": made_up(300),
        "eight, λ-returns, SGD, plain": made_up(300),
        "eight, λ-returns, SGD, normalized": made_up(450),
        "eight, λ-returns, Adam, plain": made_up(450),
        "eight, λ-returns, Adam, normalized": made_up(450),
    } | changes

    def train(config, seeds, **slots):
        return made_up(100, seeds=1, loss=loss[not slots])

    return {
        **stored(many_environments=runs), "train": train, "neither": defined_neither(),
        "lambda_return": None, "ahead": table_cell()["ahead"],
    }  # fmt: skip


def defined_neither() -> Config:
    return defined("neither = Config(", **trained(10, 100), claim=lambda *a: None)["neither"]


def streamed(plain, normalized):
    """The cell of the stream, where the two networks' last layer is so large."""

    def stream_q(config, seed, network, trace, step):
        assert trace is eligibility_trace
        assert step is bounded_step
        net = network((4,), 2)
        size = normalized if isinstance(net, NormalizedQNetwork) else plain
        with torch.no_grad():
            for p in net.parameters():
                p.fill_(0.01)
            net.layers[-1].bias.fill_(size[0])
            net.layers[-1].weight.fill_(size[1])
        return SimpleNamespace(network=net)

    return {
        "torch": torch, "QNetwork": QNetwork, "NormalizedQNetwork": NormalizedQNetwork,
        "layer_norm": layer_norm, "stream_q": stream_q, "bounded_step": bounded_step,
        "eligibility_trace": eligibility_trace, "states": torch.full((64, 4), 0.5),
    }  # fmt: skip


def streams(**changes):
    runs = {
        "bounded trace, plain": made_up(9), "bounded trace, normalized": made_up(450),
        "trace, Adam, plain": made_up(200),
    }  # fmt: skip
    runs |= {name.replace("__", ", ").replace("_", " "): run for name, run in changes.items()}
    return {
        **stored(streams=runs), "free": made_up(480), "ahead": table_cell()["ahead"],
        "adam": {"neither, plain": made_up(400)},
    }  # fmt: skip


REJECTED = {
    "normalized earns more than twice": lambda: trained(100, 190),
    "is ahead of both ideas together": lambda: first_table(replay_and_target__plain=made_up(490)),
    "in the first half": lambda: first_table(neither__normalized=made_up(LATE)),
    "nearly all plain seeds diverge": lambda: first_table(replay__normalized=made_up(380, lost=1)),
    "values above 130": lambda: first_table(replay__normalized=made_up(380, q=101.0)),
    "each plain seed passes 1,000": lambda: adams_table(replay__normalized=made_up(480, q=201.0)),
    "in no arm is normalization": lambda: adams_table(neither__normalized=made_up(450)),
    "step is ten times as long": lambda: measured((0.01, 0.7), (0.09, 0.5)),
    "with learned factors": lambda: with_factors(lost=2, factor=9.0),
    "a factor has at least doubled": lambda: with_factors(lost=5, factor=1.9),
    "and spills less over": lambda: measured((0.01, 0.5), (0.5, 0.5)),
    "over 0.7 spills": lambda: trained(0.9, 0.8),
    "old transitions": lambda: memory((1, 19, 0, 14)),
    "at each rate, by both rules": lambda: memory(
        (0, 19, 0, 14),
        best_rate=np.repeat((100.0, 450.0), 10),  # early lost, late not
    ),
    "no seed of any arm diverges": lambda: replay_alone(made_up(500, lost=1)),
    "every arm earns 470": lambda: replay_alone(made_up(460)),
    "no value passes 150": lambda: replay_alone(made_up(500, q=151.0)),
    "your λ-returns train": lambda: environments(loss=(1.0, 1.1)),
    "plain SGD, as many updates": lambda: environments(
        **{"eight, SGD, plain": made_up(500, lost=1)}
    ),
    "as many transitions: plain": lambda: environments(
        **{"eight, as many transitions, SGD, normalized": made_up(150)}
    ),
    "normalization is ahead with SGD": lambda: environments(
        **{"eight, λ-returns, Adam, normalized": made_up(480)}
    ),
    "values above 300": lambda: streamed((250.0, 1.0), (50.0, 1.0)),
    "plain slopes are four times": lambda: streamed((1000.0, 1.0), (50.0, 1.0)),
    "no plain seed gets anywhere": lambda: streams(bounded_trace__plain=made_up(30)),
    "no way is ahead": lambda: streams(bounded_trace__normalized=made_up(495)),
    "the trace costs": lambda: streams(trace__Adam__plain=made_up(400)),
}


def test_each_claim_can_fail():
    assert_each_claim_can_fail(LESSON, REJECTED)


def test_the_agent_with_neither_idea_is_that_of_the_stored_table():
    length = ("steps", "epsilon_steps", "warmup", "eval_every", "eval_episodes", "record_every")
    arm = studies.find("normalized_sgd").arms["neither"].replace(layer_norm=False)
    same = {name: getattr(arm, name) for name in length}
    assert defined_neither().replace(**same) == arm
    assert arm == studies.SGD.replace(**without.NEITHER)


def test_the_table_has_the_same_seeds_in_all_arms():
    names = table_cell()
    assert {run.seeds for run in names["sgd"].values()} == {tuple(range(20))}
    assert next(iter(names["sgd"])) == "replay and target, plain"


@pytest.mark.parametrize(("plain", "other", "want"), [(300, 310, True), (310, 300, False)])
def test_ahead_is_by_both_rules(plain, other, want):
    ahead = table_cell()["ahead"]
    assert ahead(made_up(other), made_up(plain)) is want
    late_only = made_up(np.r_[[0.0] * 15, [500.0] * 5])  # late more, over the whole curve less
    assert not ahead(late_only, made_up(plain))
    assert not ahead(made_up(400), made_up(np.r_[[0.0] * 15, [500.0] * 5]))


def test_one_step_measures_what_a_step_of_sgd_moves():
    names = defined("states = torch.rand", copy=copy)
    net = torch.nn.Sequential(torch.nn.Linear(4, 2, bias=False))  # q(s, a) = w_a · s, exact
    states, before = names["states"], net[0].weight.detach().clone()
    own, others = names["one_step"](net, states[0], 1)
    s = states[0]
    assert own == pytest.approx(1e-3 * float(s @ s), rel=1e-3)
    assert others == pytest.approx(float((states @ s).mean() / (s @ s)), rel=1e-2)
    assert torch.equal(before, net[0].weight)
    assert states.abs().max() <= 1
