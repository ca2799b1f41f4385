"""The warehouse: its money by hand, its table, and the best policy that theory promises.

`tests/mutants/test_warehouse.toml` lists the mutants that these tests kill.
"""

from collections import Counter

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from dqnlib import planning, warehouse
from dqnlib.envs import TabularModel


@pytest.mark.parametrize(
    ("stock", "order", "demand", "earned", "left"),
    [
        (1, 4, 3, 0.6, 2),  # 4 · 3 − 2 · 4 − 3 − 0.2 · 2
        (5, 0, 2, 7.4, 3),  # nothing ordered, no fixed cost: 4 · 2 − 0.2 · 3
        (2, 0, 6, 8.0, 0),  # four are asked for in vain
        (0, 0, 3, 0.0, 0),
        (10, 8, 0, -9.4, 12),  # two fit in: −2 · 2 − 3 − 0.2 · 12
        (12, 5, 1, 1.8, 11),  # none fits in, and none is paid for: 4 − 0.2 · 11
    ],
)
def test_a_day_by_hand(stock, order, demand, earned, left):
    assert warehouse.profit(stock, order, demand) == (pytest.approx(earned), left)


def test_it_keeps_gymnasiums_rules():
    check_env(warehouse.Warehouse(), skip_render_check=True)


def test_the_table_is_what_the_environment_does():
    env, seen, days = warehouse.Warehouse(), Counter(), 20_000
    env.reset(seed=0)
    for _ in range(days):
        env._stock = 3
        stock, reward, terminated, truncated, info = env.step(2)
        assert (reward, stock) == warehouse.profit(3, 2, info["demand"])
        assert not terminated
        assert not truncated
        seen[info["demand"]] += 1
    assert sum(p for p, *_ in env.P[3][2]) == pytest.approx(1)
    for demand, (p, left, reward, terminated) in enumerate(env.P[3][2]):
        assert (reward, left) == warehouse.profit(3, 2, demand)
        assert not terminated
        assert seen[demand] / days == pytest.approx(p, abs=0.015)


def test_demand_is_poisson():
    p = warehouse.demand_probabilities()
    assert p[3] / p[0] == pytest.approx(27 / 6)
    assert np.dot(p, np.arange(9)) == pytest.approx(3, abs=0.05)


def test_the_best_policy_orders_up_to_a_level():
    model = TabularModel.from_env(gym.make("dqnlib/Warehouse-v0"))
    orders = planning.value_iteration(model, gamma=0.9).q.argmax(1)
    assert orders.tolist() == [8, 7] + [0] * 11


def test_a_profit_of_ones_own_drives_the_warehouse():
    env = warehouse.Warehouse(day=lambda stock, order, demand: (7.0, 2))
    env.reset(seed=0)
    assert env.step(3)[:2] == (2, 7.0)
    assert {
        outcome[1:3] for orders in env.P.values() for o in orders.values() for outcome in o
    } == {(2, 7.0)}
