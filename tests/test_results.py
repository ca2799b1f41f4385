"""Results of many seeds: what they say, and that they cannot be changed.

`tests/mutants/test_results.toml` lists the mutants that these tests kill.
"""

import dataclasses
import math
import warnings

import numpy as np
import pytest

from dqnlib.config import Config, TabularConfig
from dqnlib.results import Run, TabularRun


def _run(episodes: int) -> TabularRun:
    return TabularRun(
        config=TabularConfig(episodes=max(episodes, 1)),
        seeds=(0, 1),
        returns=np.arange(2.0 * episodes).reshape(2, episodes),
        lengths=np.ones((2, episodes), int),
        truncated=np.zeros((2, episodes), bool),
        q=np.zeros((2, 48, 4)),
        q_history=np.zeros((2, 1, 48, 4)),
        history_episodes=np.zeros(1, int),
    )


def test_a_result_cannot_be_changed():
    run = _run(3)
    arrays = [name for name, value in vars(run).items() if isinstance(value, np.ndarray)]
    assert len(arrays) == 6
    for name in arrays:
        with pytest.raises(ValueError, match="read-only"):
            getattr(run, name)[...] = 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        run.q = None


def test_a_result_says_what_it_is():
    run = _run(150)  # the last 100 of each row: 50 … 149 and 200 … 299, mean 174.5
    assert repr(run) == (
        "TabularRun(q_learning on CliffWalking-v1: 2 seeds × 150 episodes, "
        "mean return of the last 100: 174.5)"
    )
    assert "2 seeds × 150 episodes" in run._repr_html_()
    assert "last 3: 2.5" in repr(_run(3))
    one = dataclasses.replace(_run(3), returns=np.zeros((1, 3)))
    assert "CliffWalking-v1: 1 seed × 3 episodes" in repr(one)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "2 seeds × 0 episodes" in repr(_run(0))


def test_online_returns_by_hand():
    run = _run(8)  # 0 … 7 and 8 … 15; the last quarter: 6, 7 and 14, 15
    assert run.whole().tolist() == [3.5, 11.5]
    assert run.late().tolist() == [6.5, 14.5]
    assert _run(3).late().tolist() == [2, 5]  # a quarter of three is at least one


def test_snapshots_are_measured_one_table_at_a_time():
    history = np.zeros((2, 3, 48, 4))
    history[1, 2, 5, 1] = -7.0
    lengths = np.array([[2, 4, 6, 8], [4, 4, 4, 4]])
    run = dataclasses.replace(
        _run(4), q_history=history, history_episodes=np.array([0, 2, 4]), lengths=lengths
    )
    measured = run.measure(lambda q: q.min() + q.shape[0])
    assert measured.tolist() == [[48, 48, 48], [48, 48, 41]]
    assert run.steps().tolist() == [0, 7, 18]  # 3 + 4, and then 5 + 6


def deep_run(**changes) -> Run:
    """Two seeds; the second ends its first episode later, and a third none."""
    parts = {
        "config": Config(),
        "seeds": (3, 1, 8),
        "steps": 100,
        "returns": (np.array([1.0, 3.0, 5.0, 100.0]), np.array([7.0]), np.zeros(0)),
        "ends": (np.array([10, 20, 30, 40]), np.array([25]), np.zeros(0, int)),
        "record_steps": np.array([50, 100]),
        "records": {"loss": np.ones((3, 2)), "q": np.zeros((3, 2))},
        "eval_steps": np.array([50, 100]),
        "eval_returns": np.array([[[1.0, 2.0], [3.0, 5.0]]] * 3),
        "diverged": np.full(3, -1),
        "parameters": {"w": np.ones((3, 2))},
        "best_parameters": {"w": np.ones((3, 2))},
        "best_steps": np.full(3, 50),
    }
    return Run(**{**parts, **changes})


def test_the_last_returns_by_hand():
    run, nan = deep_run(), math.nan
    steps = [0, 9, 10, 19, 20, 25, 40, 10**6]
    assert np.array_equal(
        run.returns_at(steps, 2),
        [
            [nan, nan, 1, 1, 2, 2, 52.5, 52.5],  # (1 + 3) / 2, (5 + 100) / 2
            [nan, nan, nan, nan, nan, 7, 7, 7],
            [nan] * 8,
        ],
        equal_nan=True,
    )
    assert run.returns_at([30, 40], 3)[0].tolist() == [3, 36]  # (1 + 3 + 5) / 3, (3 + 5 + 100) / 3
    assert run.returns_at(np.array([35.5, 39.9]), 1)[0].tolist() == [5, 5]
    assert run.returns_at([40])[0].tolist() == [27.25]  # ten, but there are four
    assert run.returns_at([40, 10, 30], 1)[0].tolist() == [100, 1, 5]  # in any order
    assert run.returns_at(40).shape == (3, 1)
    assert run.returns_at([]).shape == (3, 0)
    for bad in (0, -1, 2.5):
        with pytest.raises(ValueError, match="episodes must be a whole number of at least 1"):
            run.returns_at([40], bad)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run.returns_at(steps)


def test_a_deep_result_cannot_be_changed():
    run = deep_run()
    arrays = [
        *run.returns, *run.ends, *run.records.values(), *run.parameters.values(),
        *run.best_parameters.values(), run.record_steps, run.eval_steps, run.eval_returns,
        run.diverged, run.best_steps, run.loss, run.q,
    ]  # fmt: skip
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        run.steps = 5
    assert run.loss is run.records["loss"]
    assert run.q is run.records["q"]


def test_a_deep_result_says_what_it_is():
    run = deep_run(steps=12_345)
    words = "DQN on CartPole-v1: 3 seeds × 12,345 steps"
    assert repr(run) == f"Run({words}, greedy return at the end: 4.0)"
    assert words in run._repr_html_()
    double = deep_run(config=Config(double=True, env_id="a<b"), seeds=(5,))
    assert repr(double).startswith("Run(Double DQN on a<b: 1 seed × 100 steps")
    assert "a&lt;b" in double._repr_html_()
    fewer = run.eval_returns.copy()
    fewer[:, -1, 1] = np.nan  # the last evaluation was of one episode
    assert "at the end: 3.0" in repr(deep_run(eval_returns=fewer))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        none = deep_run(eval_steps=np.zeros(0, int), eval_returns=np.zeros((3, 0, 0)))
        assert repr(none) == "Run(DQN on CartPole-v1: 3 seeds × 100 steps)"


def test_the_rule_of_evaluation_by_hand():
    """The whole curve, and its last quarter: of 8 evaluations, those at 70 and 80 of 80 steps."""
    returns = np.arange(16.0).reshape(8, 2)  # means 0.5, 2.5, …, 12.5, 14.5
    run = deep_run(steps=80, eval_steps=np.arange(10, 81, 10), eval_returns=np.stack([returns] * 3))
    assert run.whole().tolist() == [7.5] * 3
    assert run.late().tolist() == [13.5] * 3
    none = deep_run(eval_steps=np.zeros(0, int), eval_returns=np.zeros((3, 0, 0)))
    for rule in (none.whole, none.late):
        with pytest.raises(ValueError, match=r"run of 100 steps has no greedy .*eval_every"):
            rule()
