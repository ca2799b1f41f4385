"""Lesson 03: each of its claims can fail, and what its text and its hunt say is so.

`tests/mutants/lessons/test_lesson_03.toml` lists the mutants that these tests kill.
"""

from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import torch
from lesson_support import assert_each_claim_can_fail, code_cells

from dqnlib import studies
from dqnlib.data import Transition
from dqnlib.hunts.lesson_03 import HUNT
from dqnlib.intervals import interval
from dqnlib.replay import ReplayBuffer
from dqnlib.training import train

LESSON = "03_experience_replay"
DRAWS = MagicMock()  # stands for dqnlib.plots
DRAWS.new_axes.side_effect = lambda *args, columns=1, **kwargs: (
    (MagicMock(),) * columns if columns > 1 else MagicMock()
)


def run(whole=100.0, late=100.0, **more):
    """Stand in for a `Run` of ten seeds that earn the same, but for a little noise."""
    noise = np.linspace(-1, 1, 10)
    given = {"diverged": np.full(10, -1), "whole": lambda: whole + noise}
    return SimpleNamespace(**given | {"late": lambda: late + noise} | more)


def stored(**odd):
    """Stand in for `dqnlib.studies`: all arms earn the same, but for those named in odd."""
    arms = {name: run(**given) for name, given in odd.items()}
    return SimpleNamespace(
        load=lambda name: {arm: arms.get(arm, run()) for arm in studies.find(name).arms}
    )


def white(seed):
    return np.random.default_rng(seed).standard_normal((2_000, 4))


def falls(value):
    return {"falls": np.full((10, 3), value) + np.linspace(0, 0.1, 10)[:, None]}


def of_every_arm(value):
    return {name: value for name in studies.find("mixing_and_reuse").arms}


ALIKE = {  # mixing and reuse change nothing
    "runs": of_every_arm(run()),
    "whole": of_every_arm(interval(run().whole())),
    "late": of_every_arm(interval(run().late())),
    "lost": of_every_arm(5),
    "more": ", target network",
    "options": ["mixing", "reuse", "neither alone"],
}
REJECTED = {
    "32 neighbors are worth": {
        "streams": {name: [white(1), white(2)] for name in ("as they come", "shuffled")}
    },
    "the newest 32 err more": {
        "fit": lambda batches, seed: np.zeros(2_000, np.float32),
        "x": torch.zeros(2_000, 1),
        "curve": torch.linspace(-1, 1, 2_000),
        "plots": DRAWS,
    },
    "replay earns more than twice": {"replayed": run(110), "alone": run(60)},
    "the values pass 110": {
        "replayed": run(q=np.full((10, 4), 99.0), record_steps=np.arange(4)),
        "plots": DRAWS,
    },
    "with a target network mixing earns": ALIKE,
    "8 and 64 uses earn more": ALIKE,
    "mixed agents diverge": ALIKE,
    "without replay falls are valued": {
        "keeps": run(records=falls(10.0)),
        "forgets": run(records=falls(12.0)),
    },
    "and the agent earns less": {
        "keeps": run(late=200, records=falls(10.0)),
        "forgets": run(late=200, records=falls(30.0)),
    },
    "a buffer of 100 is worse": {
        "studies": stored(**{"50,000": {"whole": 300.0}}),  # by one of the two rules only
        "plots": DRAWS,
    },
}


def test_each_claim_can_fail():
    assert_each_claim_can_fail(LESSON, REJECTED)


def cell_with(text):
    (found,) = (source for source in code_cells(LESSON) if text in source)
    return found


def transition(k):
    return Transition(np.array([k], np.float32), 0, 0.0, np.array([k], np.float32), False)


def drawn(buffer):
    return buffer.sample(2_000, np.random.default_rng(0)).obs[:, 0].tolist()


def test_the_forgetful_agent_draws_from_all_and_later_from_the_newest_64():
    names = {"ReplayBuffer": ReplayBuffer}
    exec(compile(cell_with("class Forgetful"), "lesson 03", "exec"), names)
    buffer = names["Forgetful"](50_000)
    for k in range(6_000):
        buffer.add(transition(k))
    assert min(drawn(buffer)) < 100
    buffer.add(transition(6_000))
    assert len(buffer) == 6_001
    assert (min(drawn(buffer)), max(drawn(buffer))) == (5_937, 6_000)


def test_an_update_of_64_draws_every_k_steps_uses_a_step_as_often_as_the_table_says():
    table = {"newest 1": 1, "1 of all": 1, "newest 64, every 64 steps": 1}
    table |= {"64 of all, every 64 steps": 1, "64 of all, every 8 steps": 8}
    table |= {"newest 64": 64, "64 of all": 64}
    arms = studies.find("mixing_and_reuse").arms
    for name, uses in table.items():
        for config in (arms[name], arms[name + ", target network"]):
            assert config.batch_size / config.update_every == uses
            assert config.learning_rate == 1e-3 * config.update_every
            assert config.capacity == (config.batch_size if "newest" in name else 50_000)
            assert config.sync_every == (1 if config is arms[name] else 100)
    assert list(table) == list(arms)[: len(table)]


def test_the_suspect_of_the_hunt_draws_from_the_newest_64_only():
    _, slots = HUNT.sabotaged()
    buffer = slots["replay"](HUNT.config.capacity)
    for k in range(200):
        buffer.add(transition(k))
    assert len(buffer) == 200
    assert set(drawn(buffer)) == set(range(136, 200))
    assert HUNT.config.steps < HUNT.config.capacity  # so that it is never full


def test_a_healthy_agent_with_64_places_does_what_the_suspect_does():
    small = HUNT.config.replace(steps=800, eval_every=400, eval_episodes=2)
    suspect = train(small, [0, 1], **HUNT.sabotaged()[1])
    healthy = train(small.replace(capacity=64), [0, 1])
    assert np.array_equal(suspect.q, healthy.q, equal_nan=True)
    assert not np.array_equal(suspect.q, train(small, [0, 1]).q, equal_nan=True)
