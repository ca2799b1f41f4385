"""The bug hunt of lesson 09b: an environment whose time limit is reported as a termination."""

from dataclasses import dataclass

import gymnasium as gym
import torch

from dqnlib import planning
from dqnlib.agents import network_of
from dqnlib.config import Config
from dqnlib.envs import TabularModel
from dqnlib.hunts.cases import Hunt, Suspect
from dqnlib.hunts.probing import Learned
from dqnlib.results import Run
from dqnlib.warehouse import CAPACITY, Warehouse

STOCKS = (0, 2, 4, 8, 12)  # rows of the table


@dataclass(frozen=True)
class OfStock(Learned):
    """The largest action value of a stock."""

    @property
    def label(self) -> str:
        """The place, as V(4 in stock)."""
        return f"V({self.obs:g} in stock)"


class EndsByItself(Warehouse):
    """Counts the days itself, and says after fifty that it is over."""

    def reset(self, *, seed=None, options=None):
        self._days = 0
        return super().reset(seed=seed, options=options)

    def step(self, action):
        stock, reward, _, truncated, info = super().step(action)
        self._days += 1
        return stock, reward, self._days == 50, truncated, info


def _healthy():
    return gym.make("dqnlib/Warehouse-v0")


def values_of(run: Run) -> list[Learned]:
    """Return learned beside true values of some stocks."""
    true = planning.value_iteration(TabularModel.from_env(_healthy()), run.config.gamma).q.max(1)
    states = torch.eye(CAPACITY + 1)
    with torch.no_grad():
        found = [network_of(run, seed)(states).amax(dim=1) for seed in run.seeds]
    learned = torch.stack(found).numpy()  # [S, 13]
    return [OfStock("warehouse", s, None, float(true[s]), learned[:, s]) for s in STOCKS]


HUNT = Hunt(
    story="A colleague has written the warehouse anew, and the checkup finds nothing. The agent "
    "earns nearly what its healthy twin earns, with the same seeds. Then somebody asks what a full "
    "warehouse is worth. The probes are the values of five stocks; the true ones are computed.",
    config=Config(
        steps=3_000, gamma=0.9, warmup=300, epsilon_steps=1_500, sync_every=100, capacity=10_000,
        final_learning_rate=1e-3, eval_every=500, eval_episodes=5,
    ),
    seeds=range(4),
    slots={"env": _healthy},
    sabotage=lambda: {"env": EndsByItself},
    probe=values_of,
    suspects=(
        Suspect(
            "the cost of the nights is left out",
            "Then every value would be too high, that of a full warehouse most of all. They are "
            "too low.",
        ),
        Suspect(
            "after fifty days it terminates, where it should be truncated",
            "That is it. The agent believes that nothing follows the fiftieth day, and it cannot "
            "see which day it is: so at each stock about a fiftieth of the targets has no next "
            "value. Every value is too low by 4 or 5, while the order of the actions hardly "
            "changes, and with it the return.",
        ),
        Suspect(
            "a unit sold brings only half",
            "Then it would hardly pay to sell at all, and the returns would fall far below those "
            "of the twin.",
        ),
        Suspect(
            "the observation is the stock of the day before",
            "Then the agent would order too late and too often, and its returns would show it.",
        ),
        Suspect(
            "an order costs its fixed cost twice",
            "Then each order would cost 3 more. In fifty days a good policy orders about twenty "
            "times: some 60 of the return of 180 would be missing.",
        ),
    ),
    guilty="after fifty days it terminates, where it should be truncated",
)  # fmt: skip
