"""Bit flipping as an experiment: success, true values, and what networks have learned of them.

`tests/mutants/test_flipping.toml` lists the mutants that these tests kill.
"""

from dataclasses import replace

import numpy as np
import pytest

from dqnlib import flipping
from dqnlib.config import Config
from dqnlib.results import Run
from dqnlib.training import train


def test_the_settings_are_cycles():
    c = flipping.settings(15, 40)
    assert c.env_id == "dqnlib/BitFlipping15-v0"
    assert c.steps == 40 * 16 * 15  # 16 episodes of 15 steps a cycle
    assert c.update_every * 40 == c.sync_every == c.warmup == 240
    assert c.steps // c.eval_every == 20
    assert flipping.settings(1, 1).update_every == 1
    assert flipping.settings(8, hindsight="final", gamma=0.9).hindsight == "final"


def made_up(returns, bits=4):
    empty = np.zeros((len(returns), 0))
    return Run(
        config=flipping.settings(bits), seeds=tuple(range(len(returns))), steps=10,
        returns=(), ends=(), record_steps=np.zeros(0), records={"loss": empty, "q": empty},
        eval_steps=np.arange(1, 1 + np.shape(returns)[1]), eval_returns=np.array(returns, float),
        diverged=np.full(len(returns), -1), parameters={}, best_parameters={},
        best_steps=np.full(len(returns), -1),
    )  # fmt: skip


def test_success_by_hand():
    """Four bits: an episode of four steps without the goal earns −4, at the goal in four −3."""
    run = made_up([[[-4, -4], [-3, -4]], [[0, -1], [-3, np.nan]]])
    found = flipping.success(run)
    assert np.array_equal(
        found.eval_returns, [[[0, 0], [100, 0]], [[100, 100], [100, np.nan]]], equal_nan=True
    )
    assert found.whole().tolist() == [25, 100]
    assert run.eval_returns[0, 0, 0] == -4  # as it was


def test_another_environment_is_refused():
    run = made_up([[[-4.0]]])
    with pytest.raises(ValueError, match="this is about bit flipping, but env_id is 'CartPole-v1'"):
        flipping.success(replace(run, config=Config()))


def test_true_values_by_hand():
    # −1 for each step but the last, discounted: 0; −1; −1 − 0.5; −1 − 0.5 − 0.25
    assert [flipping.true_value(m, 0.5) for m in (1, 2, 3, 4)] == [0, -1, -1.5, -1.75]


def test_learned_values_are_those_of_tasks_at_each_distance():
    """A network whose one unit says how many bits differ, as far as a linear one can."""
    run = train(flipping.settings(3, 2, eval_every=0), [4, 5])
    names = list(run.parameters)
    parameters = {n: np.zeros_like(run.parameters[n]) for n in names}
    # hidden units: relu(row i − goal i) and relu(goal i − row i); every action: minus their sum
    first, _, last, _ = names
    for i in range(3):
        parameters[first][:, 2 * i, [i, 3 + i]] = 1, -1
        parameters[first][:, 2 * i + 1, [i, 3 + i]] = -1, 1
    parameters[last][:, :, :6] = -1
    parameters[last][1] *= 2  # the second seed's
    found = flipping.learned_values(replace(run, parameters=parameters))
    assert np.allclose(found, [[-1, -2, -3], [-2, -4, -6]])
    parameters = {n: array.copy() for n, array in parameters.items()}
    parameters[first][:, 2:] = 0  # a network that looks at the first bit alone
    seen = flipping.learned_values(replace(run, parameters=parameters))[0]
    assert np.allclose(seen, [-1 / 3, -2 / 3, -1], atol=0.15)  # it is wrong as often as any other


def test_hindsight_learns_the_true_values():
    run = train(flipping.settings(4, 40, hindsight="future"), range(3))
    assert flipping.success(run).late().min() > 95
    true = [flipping.true_value(m, 0.98) for m in (1, 2, 3)]
    assert np.abs(flipping.learned_values(run).mean(0)[:3] - true).max() < 0.3
