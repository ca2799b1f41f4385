"""A warehouse: the worked example of the capstone, an environment of one's own (lesson 09b).

Each evening you see the stock and order goods; they come overnight, and the next day's demand is
drawn by chance. What is sold earns money, what is ordered costs, what lies there costs a little.
The whole table of transitions is known, so the best policy can be computed and a learned one can be
held to it. It is of the kind (s, S): order up to S as soon as the stock is below s. Scarf 1960
proved that for costs like these where unmet demand waits; here it is lost, and computing the policy
shows the same.
"""

from collections.abc import Callable

import gymnasium as gym
import numpy as np

from dqnlib.registration import register

CAPACITY, LARGEST_ORDER, LARGEST_DEMAND = 12, 8, 8  # units
MEAN_DEMAND = 3.0  # units a day, Poisson, cut at LARGEST_DEMAND
PRICE, COST, FIXED, HOLDING = 4.0, 2.0, 3.0, 0.2  # a unit sold, a unit ordered, an order, a night


def profit(stock: int, order: int, demand: int) -> tuple[float, int]:
    """Return what one day earns, and the stock at its end.

    stock, order, demand: whole units. order: what comes before the day begins; what does not fit is
    not ordered. What is asked for and not there is lost.
    """
    order = min(order, CAPACITY - stock)
    there = stock + order
    sold = min(there, demand)
    left = there - sold
    return PRICE * sold - COST * order - FIXED * (order > 0) - HOLDING * left, left


def demand_probabilities() -> np.ndarray:
    """Return the probability of each demand, 0 to LARGEST_DEMAND: [LARGEST_DEMAND + 1]."""
    count = np.arange(LARGEST_DEMAND + 1)
    weight = MEAN_DEMAND**count / np.cumprod(np.maximum(count, 1))
    return weight / weight.sum()


class Warehouse(gym.Env):
    """Observation: the stock, 0 to CAPACITY. Action: the order, 0 to LARGEST_ORDER units.

    It never terminates; Gymnasium truncates after 50 days. `P` and
    `initial_state_distrib` are what `TabularModel.from_env` reads. day: your own `profit`.
    """

    def __init__(self, day: Callable = profit):
        self._day = day
        self.observation_space = gym.spaces.Discrete(CAPACITY + 1)
        self.action_space = gym.spaces.Discrete(LARGEST_ORDER + 1)
        self._demand = demand_probabilities()
        self.initial_state_distrib = np.full(CAPACITY + 1, 1 / (CAPACITY + 1))
        self.P = {
            stock: {
                order: [
                    (float(p), left, reward, False)
                    for demand, p in enumerate(self._demand)
                    for reward, left in [day(stock, order, demand)]
                ]
                for order in range(LARGEST_ORDER + 1)
            }
            for stock in range(CAPACITY + 1)
        }

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        """Begin with a stock drawn by chance; return it and an empty dict."""
        super().reset(seed=seed)
        self._stock = int(self.np_random.integers(CAPACITY + 1))
        return self._stock, {}

    def step(self, action):
        """Order, then sell for a day. Return stock, profit, False, False, {"demand": units}."""
        demand = int(self.np_random.choice(len(self._demand), p=self._demand))
        reward, self._stock = self._day(self._stock, int(action), demand)
        return self._stock, reward, False, False, {"demand": demand}


register("dqnlib/Warehouse-v0", "dqnlib.warehouse:Warehouse", max_episode_steps=50)
