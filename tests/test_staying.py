"""How agents stay solved: by hand on made-up runs, and watched runs against plain ones.

`tests/mutants/test_staying.toml` lists the mutants that these tests kill.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch

from dqnlib import balance
from dqnlib.agents import evaluate, network_of
from dqnlib.config import Config
from dqnlib.networks import QNetwork
from dqnlib.policies import random_streams
from dqnlib.replay import ReplayBuffer
from dqnlib.results import Run
from dqnlib.saved import load_run, save_run
from dqnlib.seeds import balance as many
from dqnlib.staying import (
    Table,
    joined,
    seed_table,
    share,
    some,
    staying,
    staying_table,
    until,
    watch,
)
from dqnlib.training import train

SHORT = Config(steps=600, warmup=100, batch_size=16, eval_every=300, eval_episodes=3)


def made_up(greedy, final=None, every=2_500) -> Run:
    """A run with these greedy returns [S, M], each of one episode."""
    greedy = np.array(greedy, float)
    s, m = greedy.shape
    steps = np.arange(1, m + 1) * every
    return Run(
        config=Config(steps=int(steps[-1])), seeds=tuple(range(s)), steps=int(steps[-1]),
        returns=tuple(np.ones(2) for _ in range(s)), ends=tuple(np.arange(2) for _ in range(s)),
        record_steps=steps, records={"loss": greedy, "q": greedy}, eval_steps=steps,
        eval_returns=greedy[:, :, None], diverged=np.full(s, -1), parameters={},
        best_parameters={}, best_steps=np.full(s, -1),
        final_returns=None if final is None else np.array(final, float),
    )  # fmt: skip


def test_the_measures_by_hand():
    run = made_up([[100, 480, 200, 500], [500, 400, 474, 300], [10, 20, 30, 475]])
    found = staying(run)
    assert found.end.tolist() == [True, False, True]
    assert found.worst == 300
    assert found.after[:2].tolist() == [350, (400 + 474 + 300) / 3]
    assert np.isnan(found.after[2])  # it reaches 475 at the very end: nothing comes after
    assert found.lowest.estimate == (200 + 474 + 30) / 3  # step 7,500; the early 170 do not count
    assert found.whole.tolist() == [320, 418.5, 133.75]


def test_fresh_starts_judge_the_end_where_there_are_some():
    found = staying(made_up([[500, 500], [500, 100]], final=[[400, 500], [480, 490]]))
    assert found.end.tolist() == [False, True]
    assert found.worst == 450


def test_the_lowest_mean_begins_where_all_should_have_risen():
    assert staying(made_up([[0.0, 0, 300, 400]])).lowest.estimate == 300
    assert np.isnan(staying(made_up([[0.0, 0]])).lowest.estimate)


def test_a_share_and_its_interval():
    found = share(np.array([True] * 99 + [False]))  # Wilson: 94.55 to 99.82
    assert found.estimate == 99
    assert found.low == pytest.approx(94.55, abs=0.01)
    assert found.high == pytest.approx(99.82, abs=0.01)
    assert share(np.ones(100, bool)).low == pytest.approx(96.30, abs=0.01)


def test_the_table():
    table = staying_table({"good <one>": made_up([[500] * 4] * 3), "bad": made_up([[10] * 4] * 3)})
    assert isinstance(table, Table)
    good, bad = table.rows
    assert good[:3] == ("good <one>", "3", "3: 100 % [44, 100]")
    assert good[3:] == ("500 [500, 500]",) * 3
    assert bad[2:4] == ("0: 0 % [0, 56]", "–")
    assert "good &lt;one&gt;" in table._repr_html_()
    lines = repr(table).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[0].split()[0] == "agent"


def test_the_table_of_seeds():
    table = seed_table(
        made_up([[50, 500, 100.4, 480], [10, 20, 30, 40]], final=[[450, 460], [9, 10]])
    )
    assert table.rows == (("0", "5,000", "100", "455"), ("1", "never", "–", "10"))
    assert seed_table(made_up([[500, 100, 480]])).rows == (("0", "2,500", "100", "480"),)


def test_a_run_without_evaluations_is_refused():
    run = replace(
        made_up([[1.0, 2]]), eval_steps=np.zeros(0, int), eval_returns=np.zeros((1, 0, 0))
    )
    with pytest.raises(ValueError, match="no greedy evaluations"):
        staying(run)


@pytest.fixture(scope="module")
def watched():
    return watch(SHORT, range(4), look_every=200, final_episodes=5, true_values=True)


def test_watching_changes_nothing(watched):
    run = train(SHORT, range(4))
    assert np.array_equal(run.eval_returns, watched.eval_returns)
    assert np.array_equal(run.q, watched.q, equal_nan=True)
    for name, array in run.parameters.items():
        assert np.array_equal(array, watched.parameters[name])
    assert np.array_equal(watched.final_returns, evaluate(run, 5))
    assert run.final_returns is None
    assert run.looks == {}


def test_what_is_seen_is_what_each_agent_does(watched):
    """The last look against the plain functions about one run, and the trained networks."""
    assert watched.look_steps.tolist() == [200, 400, 600]
    assert {array.shape for array in watched.looks.values()} == {(4, 3)}
    for k, seed in enumerate(watched.seeds):
        seen = {name: array[k, -1] for name, array in watched.looks.items()}
        network = network_of(watched, seed)
        start = balance.starts(10, [random_streams(seed).eval_seed, 2])
        played = balance.play(network, start)
        for end in balance.ENDS:
            assert seen[end] == pytest.approx(played.share(end), abs=1e-3)
        assert seen["cart"] == pytest.approx(played.cart_after(100), abs=2e-3)
        state = balance.placed([1.5], speed=0.5)
        with torch.no_grad():
            q = network(balance.observe(state))[0]
            left, right = (
                network(balance.observe(balance.placed([2.0], lean=a)))[0] for a in (-0.05, 0.05)
            )
        assert seen["says out 1.5"] == pytest.approx(float(q.max()), abs=2e-3)
        assert seen["says gap out 1.5"] == pytest.approx(float(q.max() - q.min()), abs=2e-3)
        gap = float(left[0] - left[1] + right[1] - right[0]) / 2
        assert seen["lean gap 2"] == pytest.approx(gap, abs=2e-3)
        assert seen["lean right 2"] == float(left[0] > left[1] and right[1] > right[0])
        true = balance.played_out(network, state)[0]
        assert seen["true out 1.5"] == pytest.approx(true.max(), abs=2e-3)
        assert seen["true gap out 1.5"] == pytest.approx(np.ptp(true), abs=2e-3)


def test_the_buffer_is_counted(watched):
    """The transitions in which an episode ended, all of them with the pole, so early."""
    for k in range(4):
        ended = (watched.ends[k] <= 600).sum()
        assert watched.looks["fallen"][k, -1] + watched.looks["off"][k, -1] == ended
    rows = torch.zeros(1, 4, 11)
    rows[0, 0, 4:8] = torch.tensor([0.0, 0, 0.25, 0])  # the pole has fallen
    rows[0, 0, 0] = 1.5  # not far out, but in numbers that are scaled it would be
    rows[0, 1, 4:8] = torch.tensor([2.5, 0, 0.1, 0])  # off the track
    rows[0, 2, :4] = torch.tensor([2.1, 0, -0.15, 0])  # far out, and the pole leans
    rows[0, 3, 4:8] = torch.tensor([0.0, 0, 0.25, 0])  # fallen once more
    rows[0, [0, 1, 3], -1] = 1
    found = many.in_buffers(rows, np.ones(4))
    assert {name: float(v[0]) for name, v in found.items()} == {
        "fallen": 2, "off": 1, "leaning": 0.25, "outside": 0.25,
    }  # fmt: skip
    rows[..., :8] *= 2
    scaled = many.in_buffers(rows, np.full(4, 2.0))
    assert {name: float(v[0]) for name, v in scaled.items()} == {
        k: float(v[0]) for k, v in found.items()
    }


def test_a_row_is_what_its_seed_alone_gives(watched):
    alone = watch(SHORT, [2], look_every=200)
    for name, array in alone.looks.items():
        assert np.array_equal(array[0], watched.looks[name][2]), name


def test_parts_are_joined_and_taken_apart(watched):
    parts = [some(watched, slice(0, 1)), some(watched, slice(1, 4))]
    assert parts[1].seeds == (1, 2, 3)
    again = joined(parts)
    assert again.seeds == watched.seeds
    assert np.array_equal(again.final_returns, watched.final_returns)
    assert np.array_equal(again.looks["cart"], watched.looks["cart"])
    assert np.array_equal(
        again.parameters["layers.1.weight"], watched.parameters["layers.1.weight"]
    )
    assert joined(parts[:1]) is parts[0]


def test_the_beginning_of_a_run(watched):
    step = int(watched.look_steps[0])
    part = until(watched, step)
    assert (part.steps, part.seeds, part.final_returns) == (step, watched.seeds, None)
    assert part.look_steps.tolist() == [step]
    assert np.array_equal(part.looks["cart"], watched.looks["cart"][:, :1])
    for name in ("eval", "record"):
        times = getattr(watched, f"{name}_steps")
        assert getattr(part, f"{name}_steps").tolist() == times[times <= step].tolist()
    assert part.q.shape == (4, len(part.record_steps))
    m = len(part.eval_steps)
    assert np.array_equal(part.eval_returns, watched.eval_returns[:, :m])
    for ends, returns, all_ends in zip(part.ends, part.returns, watched.ends, strict=True):
        assert ends.tolist() == [end for end in all_ends if end <= step]
        assert len(returns) == len(ends)


class Mine(ReplayBuffer):
    """A learner's own buffer."""


def test_a_learners_own_parts_are_watched_too():
    run = watch(SHORT.replace(steps=200), [0], look_every=200, network=QNetwork, replay=Mine)
    assert "cart" in run.looks
    assert "fallen" not in run.looks


def test_another_environment_is_trained_and_not_looked_into():
    config = SHORT.replace(env_id="dqnlib/Termination-v0", steps=200, eval_every=100)
    run = watch(config, [0, 1], final_episodes=2)
    assert run.looks == {}
    assert run.look_steps.tolist() == []
    assert run.final_returns.shape == (2, 2)


def test_what_was_seen_is_stored(watched, tmp_path):
    again = load_run(save_run(watched, tmp_path / "run.npz"))
    assert again.look_steps.tolist() == [200, 400, 600]
    assert np.array_equal(again.looks["says rest 2"], watched.looks["says rest 2"])
    assert np.array_equal(again.final_returns, watched.final_returns)
    plain = load_run(save_run(train(SHORT.replace(steps=200), [0]), tmp_path / "plain.npz"))
    assert plain.final_returns is None
    assert plain.looks == {}
