"""The corridor, and what its behavior is worth.

`tests/mutants/classics/test_corridor.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest
import torch

from dqnlib.classics import corridor
from dqnlib.networks import QNetwork
from dqnlib.policies import random_streams


def test_the_way_and_the_walls():
    world = corridor.corridor(7)
    next_cell = world.model.next_obs[:, :, 0]
    up, right = corridor.UP, corridor.RIGHT
    assert next_cell.shape == (70, 7)
    assert next_cell[0].tolist() == [1, 0, 0, 0, 0, 0, 0]  # down is a wall
    assert next_cell[9].tolist()[:4] == [10, 8, 9, 9]
    assert next_cell[10].tolist()[:4] == [10, 9, 10, 11]  # the corner: back is down
    assert next_cell[30].tolist() == [30, 30, 29, 31, 30, 30, 30]
    assert next_cell[60].tolist()[:4] == [61, 60, 59, 60]
    assert world.model.terminated.sum() == 1
    assert world.model.terminated[69, up, 0]
    assert world.model.reward.sum() == 1
    assert world.forward.tolist() == [up] * 10 + [right] * 50 + [up] * 10


def test_its_values_solve_the_bellman_equation():
    world = corridor.corridor(6, epsilon=0.3, gamma=0.9)
    model = world.model
    v = (world.policy * world.q).sum(1)
    want = model.reward[:, :, 0] + 0.9 * np.where(
        model.terminated[:, :, 0], 0, v[model.next_obs[:, :, 0]]
    )
    assert np.allclose(world.q, want)
    assert np.allclose(world.policy.sum(1), 1)
    assert world.policy[0].tolist() == pytest.approx([0.75] + [0.05] * 5)


def test_without_chance_the_value_is_that_of_the_way():
    world = corridor.corridor(5, epsilon=1e-9, gamma=0.99)
    assert world.q[np.arange(70), world.forward] == pytest.approx(0.99 ** np.arange(69, -1, -1))
    assert world.visits == pytest.approx(np.full(70, 1 / 70), abs=1e-6)


def test_visits_are_those_of_a_walk():
    world, rng = corridor.corridor(5, epsilon=0.4), np.random.default_rng(0)
    counts, cell = np.zeros(70), 0
    for _ in range(60_000):
        counts[cell] += 1
        action = rng.choice(5, p=world.policy[cell])
        over = world.model.terminated[cell, action, 0]
        cell = 0 if over else world.model.next_obs[cell, action, 0]
    assert np.abs(counts / counts.sum() - world.visits).max() < 0.004


@pytest.mark.parametrize("n_actions", [5, 9])
def test_a_row_of_many_corridors_is_one_evaluation(n_actions):
    world = corridor.corridor(n_actions, epsilon=0.2)

    def make(obs_shape, n_actions):
        return QNetwork(obs_shape, n_actions, (8,))

    many = corridor.errors(make, world, seeds=[3, 5], updates=60, every=20)
    for row, seed in enumerate((3, 5)):
        streams = random_streams(seed)
        torch.manual_seed(streams.network_seed)
        network = make((70,), n_actions)
        alone = corridor.evaluation(network, world, streams.sample, updates=60, every=20)
        assert many.mean[row] == pytest.approx(alone, abs=1e-5)
    weights = 1 / n_actions, 1 - 1 / n_actions
    assert many.mean == pytest.approx(weights[0] * many.forward + weights[1] * many.others)
    assert many.updates.tolist() == [0, 20, 40, 60]
    assert many.parameters == 70 * 8 + 8 + 8 * n_actions + n_actions


def test_updates_until_the_error_has_fallen():
    mean = np.array([[10.0, 2, 0.9, 3], [10, 9, 8, 7], [1, 0.05, 0.2, 0.3]])
    found = corridor.Errors(np.array([0, 5, 10, 15]), mean, mean, mean, 1)
    assert found.updates_below(0.1).tolist() == [10, 20, 5]


@pytest.mark.parametrize("settings", [{"n_actions": 4}, {"epsilon": 0.0}, {"gamma": 1.1}])
def test_bad_corridors(settings):
    with pytest.raises(ValueError, match=f"{next(iter(settings))} must be"):
        corridor.corridor(**settings)
