"""Climbing to the largest Q: values by hand, and where a climb ends.

`tests/mutants/test_climbing.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest
import torch

from dqnlib import climbing


def test_a_step_by_hand():
    new = climbing.climb(np.array([[0.5, 1.5]]), np.array([[4.0, -1.0]]), 0.25, [-1, 0], [1, 2])
    assert new.tolist() == [[1.0, 1.25]]


def test_reach_by_hand():
    action, goal = np.array([[0.0, 1.0], [0.5, 0.5]]), np.array([0.5, 0.5])
    assert climbing.reach(action, goal).tolist() == [-0.25, 0.0]


def test_the_slope_is_that_of_each_action():
    def network(x):  # Q = −(a − 1)², its slope −2 (a − 1)
        return -(x - 1).square().sum(dim=1)

    q, slope = climbing.values_and_slope(network, np.array([[0.0], [3.0]]))
    assert q.tolist() == [-1.0, -4.0]
    assert slope.tolist() == [[2.0], [-4.0]]


def test_a_network_learns_the_values_and_a_climb_ends_at_the_goal():
    rng, goal = np.random.default_rng(0), np.array([0.5, -0.25])
    tried = rng.uniform(-1, 1, (500, 2))
    network = climbing.fit(tried, climbing.reach(tried, goal), seed=0)
    action = rng.uniform(-1, 1, (4, 2))
    for _ in range(60):
        _, slope = climbing.values_and_slope(network, action)
        action = climbing.climb(action, slope, 0.5, -1, 1)
    assert action == pytest.approx(np.tile(goal, (4, 1)), abs=0.25)


def test_the_same_seed_gives_the_same_network_and_leaves_torchs_chance_alone():
    tried = np.random.default_rng(0).uniform(-1, 1, (70, 1))
    torch.manual_seed(5)
    want = torch.rand(3)
    torch.manual_seed(5)
    one, other = (climbing.fit(tried, tried[:, 0], seed=1, steps=3) for _ in range(2))
    assert torch.equal(torch.rand(3), want)
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)
