"""Lesson 06b: each of its claims can fail, and what its text says can be worked out.

`tests/mutants/lessons/test_lesson_06b.toml` lists the mutants that these tests kill.
"""

from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import pytest
import torch
from lesson_support import assert_each_claim_can_fail, claims_of, verdicts

from dqnlib.classics.rare_reward import REWARDS
from dqnlib.hunts.lesson_06b import HUNT
from dqnlib.intervals import interval
from dqnlib.prioritized import PrioritizedReplayBuffer, SumTree, find

LESSON = "06b_prioritized_replay"
LENGTHS, SEEDS = range(2, 12), range(10)
OPTIONS = ["the same", "more slowly", "in proportion", "hardly"]
NOISE = np.linspace(0.98, 1.02, 10)  # [S]


def grown(rate: float, last: float = 10_000.0) -> np.ndarray:
    """Return updates [N, S] that grow by this factor with every state, up to `last`."""
    return last * rate ** (np.array(LENGTHS)[:, None] - 11.0) * NOISE


def growth(updates):
    return np.polyfit(LENGTHS[4:], np.log2(updates[4:]), 1)[0]


def walk(stale=0.8, **found):
    """Stand in for `dqnlib.classics.blind_cliffwalk`; found: way=[N, S]."""
    return SimpleNamespace(
        updates=lambda n, way, seeds, **own: found[way][n - 2],
        learn=lambda n, way, seed, **own: SimpleNamespace(updates=1, stale=stale),
    )


def lengths_alone(rate):
    return {"blind_cliffwalk": walk(uniform=grown(rate))}


def saved(rate=1.7, last=1_000.0):
    """What the cell of stored priorities needs, if they grow so and end there."""
    return {
        "blind_cliffwalk": walk(stored=grown(rate, last)), "uniform": grown(2.0), "seeds": SEEDS,
        "lengths": LENGTHS, "growth": growth, "options": OPTIONS, "plots": MagicMock(),
        "find": find,
    }  # fmt: skip


def compared(now=1.4, stale=0.8, at_ten=4_000.0):
    """What the cell of this moment's priorities needs."""
    return {
        "blind_cliffwalk": walk(stale, current=grown(now)), "seeds": SEEDS, "lengths": LENGTHS,
        "growth": growth, "arms": {}, "plots": MagicMock(),
        "stored": grown(1.7, at_ten * 1.7),  # ten states are the last but one
    }  # fmt: skip


def one_slow_seed():
    """This moment's priorities grow more slowly on average, but not in the last seed."""
    given = compared()
    now = grown(1.4)
    now[:, -1] = grown(1.9)[:, -1]
    return given | {"blind_cliffwalk": walk(0.8, current=now)}


def darts(function):
    return {"SumTree": SumTree, "find": function}


def even(nodes, x):
    """Every place is found as often as every other one."""
    return int(x / nodes[1] * (len(nodes) // 2))


def values(none=1.83, half=1.46, whole=1.0, all_alpha=1.25, spread=0.01):
    """What the cell of the weights needs, if these values are learned."""
    found = {(0.6, 0.0): none, (0.6, 0.5): half, (0.6, 1.0): whole, (1.0, 1.0): all_alpha}

    def learned(alpha, beta, seeds, **own):
        return found[alpha, beta] + spread * np.linspace(-1, 1, len(seeds))

    return {
        "rare_reward": SimpleNamespace(learned_values=learned),
        "find": find,
        "importance_weights": None,
    }


def trained(mine=20.0):
    """What the cell of the training loop needs, if an own buffer's third run earns so much."""

    def train(config, seeds, replay=None):
        last = 20.0 if replay is None else mine
        return SimpleNamespace(returns=[np.array([9.0, 12.0]), np.ones(1), np.array([10.0, last])])

    return {"train": train, "PrioritizedReplayBuffer": PrioritizedReplayBuffer, "mine": {}}


def broken(with_least, without):
    def updates(n, way, seeds, *, least=1e-3, **settings):
        return np.array(without if least == 0 else with_least)

    fake = SimpleNamespace(updates=updates)
    return {"blind_cliffwalk": fake, "find": find, "seeds": SEEDS}


class Earned:
    """Stands in for `dqnlib.Run`: ten seeds that earn about so much, and once sink so deep."""

    def __init__(self, mean: float, lowest: float):
        self.returns, self.lowest = mean + NOISE, interval(lowest + NOISE)

    def whole(self):
        return self.returns

    def late(self):
        return self.returns


def sunk(dqn: float, prioritized: float):
    """What the cell of CartPole needs, if the mean sinks so deep."""
    kept = {"DQN": Earned(300, dqn), "prioritized": Earned(310, prioritized)}
    return {
        "studies": SimpleNamespace(load=lambda name: kept), "some": lambda run, seeds: run,
        "staying": lambda run: SimpleNamespace(lowest=run.lowest), "plots": MagicMock(),
        "Run": Earned,
    }  # fmt: skip


STUCK = [10_000] * 6 + [248] * 4
REJECTED = {
    "the work about doubles": lambda: lengths_alone(1.7),
    "10,000 darts hit": lambda: darts(even),
    "more than five times as many": lambda: saved(last=2_100.0),
    "by 1.5 to 1.9 with every state": lambda: saved(rate=1.95),
    "more slowly still, in every seed": one_slow_seed,
    "more than two draws in three": lambda: compared(stale=0.6),
    "transitions about once": lambda: compared(at_ten=1_800.0),
    "what we worked out, 1.83": lambda: values(none=1.7),
    "a good half of the bias": lambda: values(half=1.7),
    "even β = 1 leaves a bias": lambda: values(all_alpha=1.0),
    "episode by episode": lambda: trained(21.0),
    "sinks below 300": lambda: sunk(250.0, 320.0),
    "every seed learns within 1,000": lambda: broken([900] * 9 + [1_000], STUCK),
    "three in ten or more have not": lambda: broken([900] * 10, [9_999] * 8 + [10_000] * 2),
}


def test_each_claim_can_fail():
    assert_each_claim_can_fail(LESSON, REJECTED)


@pytest.mark.parametrize(
    ("part", "names"),
    [
        ("the work about doubles", lambda: lengths_alone(2.3)),
        ("by 1.5 to 1.9 with every state", lambda: saved(rate=1.4)),
        ("transitions about once", lambda: compared(at_ten=6_000.0)),
        ("what we worked out, 1.83", lambda: values(spread=0.2)),
        ("a good half of the bias", lambda: values(whole=1.1)),
        ("a good half of the bias", lambda: values(whole=0.9)),
        ("sinks below 300", lambda: sunk(320.0, 250.0)),
    ],
)
def test_a_claim_of_two_sides_can_fail_on_each(part, names):
    (source,) = (source for text, source in claims_of(LESSON).items() if part in text)
    (line,) = (line for line in verdicts(source, names()).splitlines() if part in line)
    assert line.startswith("DOES NOT HOLD")


def test_data_that_show_a_claim_are_not_rejected():
    """The fixtures themselves show nothing but what they are made for."""
    for part, names in {
        "the work about doubles": lengths_alone(2.0),
        "10,000 darts hit": darts(find),
        "by 1.5 to 1.9 with every state": saved(),
        "transitions about once": compared(),
        "what we worked out, 1.83": values(),
        "episode by episode": trained(),
        "sinks below 300": sunk(250.0, 260.0),
        "three in ten or more have not": broken([900] * 10, STUCK),
    }.items():
        (source,) = (source for text, source in claims_of(LESSON).items() if part in text)
        printed = verdicts(source, names)
        assert "holds" in printed
        assert "DOES NOT HOLD" not in printed, printed


def test_the_answer_to_the_prediction_follows_the_numbers():
    (source,) = {s for t, s in claims_of(LESSON).items() if "by 1.5 to 1.9" in t}
    told = []
    for rate in (1.99, 1.7, 1.05):
        verdicts(source, saved(rate) | {"reveal": lambda name, said, **more: told.append(said)})
    assert told == [OPTIONS[0], OPTIONS[1], OPTIONS[3]]


def test_the_value_without_weights_is_the_1_83_of_the_text():
    """The fixed point of v = Σ P r: the priorities are the errors that v itself leaves."""
    rewards, v = np.array(REWARDS), 1.0
    for _ in range(1_000):
        p = np.abs(rewards - v) ** 0.6
        v = 0.9 * v + 0.1 * (p * rewards).sum() / p.sum()
    assert v == pytest.approx(1.83, abs=0.005)


def test_the_suspect_of_the_hunt_draws_the_small_errors_most():
    made = HUNT.sabotaged()[1]["replay"](4)
    healthy = HUNT.slots["replay"](4)
    for buffer, most in ((made, 1), (healthy, 0)):
        buffer.update(torch.arange(4), torch.tensor([9.0, 0.0, 1.0, 3.0]))
        assert np.argmax(buffer.tree.nodes[buffer.tree.leaves :]) == most
