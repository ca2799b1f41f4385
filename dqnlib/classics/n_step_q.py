"""n-step Q-learning with a table, one environment step at a time (lesson 06).

The agent acts ε-greedily, a window sums up its rewards, and each transition that the window gives
out moves one entry of the table. As in Rainbow the sum is uncorrected: it counts what exploring
actions have cost, as if the greedy policy had taken them.
"""

from collections.abc import Callable
from typing import NamedTuple

import gymnasium as gym
import numpy as np

from dqnlib import tabular
from dqnlib.arguments import check_count, check_number
from dqnlib.data import Transition
from dqnlib.transitions import NStep


class Update(NamedTuple):
    """What one transition taught."""

    transition: Transition  # as the window gave it out
    value: float  # γⁿ times the best value of where it leads; 0 after termination
    old: float  # Q(s, a) before
    new: float  # and after


class Seen(NamedTuple):
    """One environment step, and what it taught."""

    transition: Transition
    truncated: bool  # a time limit ended the episode
    updates: list[Update]


class NStepQ:
    """An agent with a table q [N, A] that learns from windows of n steps.

    env: with numbered states and actions; n, alpha, gamma, epsilon: may be assigned in flight, a
    new n begins a new window; limit: environment steps, then an episode is truncated; transitions:
    (n, gamma) -> object with step(transition, ended), as `dqnlib.transitions.NStep`.
    """

    def __init__(
        self, env: gym.Env, n: int = 3, alpha: float = 0.5, gamma: float = 1.0,
        epsilon: float = 0.1, limit: int = 200, seed: int = 0, transitions: Callable = NStep,
    ):  # fmt: skip
        self.env, self.alpha = env, check_number("alpha", alpha, 0, 1)
        self.epsilon = check_number("epsilon", epsilon, 0, 1)
        self.limit, self._transitions = check_count("limit", limit), transitions
        self._n, self._gamma = check_count("n", n), check_number("gamma", gamma, 0, 1)
        env_seed, self._rng = tabular.random_streams(seed)
        self.q = np.zeros((env.observation_space.n, env.action_space.n))
        self.obs = int(env.reset(seed=env_seed)[0])
        self.steps = self.episode_steps = 0
        self.window = transitions(self._n, self._gamma)

    @property
    def n(self) -> int:
        """Steps of a window; a new number begins a new window."""
        return self._n

    @n.setter
    def n(self, value: int) -> None:
        self._n = check_count("n", value)
        self.window = self._transitions(self._n, self._gamma)

    @property
    def gamma(self) -> float:
        """Discount of one step."""
        return self._gamma

    @gamma.setter
    def gamma(self, value: float) -> None:
        self._gamma = self.window.gamma = check_number("gamma", value, 0, 1)

    def step(self) -> Seen:
        """Act once, and learn from each transition that is complete."""
        action = tabular.epsilon_greedy(self.q[self.obs], self.epsilon, self._rng)
        next_obs, reward, terminated, truncated, _ = self.env.step(action)
        self.steps += 1
        self.episode_steps += 1
        truncated = not terminated and (truncated or self.episode_steps >= self.limit)
        one = Transition(self.obs, action, float(reward), int(next_obs), bool(terminated))
        complete = self.window.step(one, terminated or truncated)
        updates = [self._learn(each) for each in complete]
        self.obs = int(next_obs)
        if terminated or truncated:
            self.obs, self.episode_steps = int(self.env.reset()[0]), 0
        return Seen(one, truncated, updates)

    def _learn(self, one: Transition) -> Update:
        """Move Q(s, a) toward the sum plus γⁿ max Q (Sutton & Barto, eq. 7.1, with the maximum)."""
        value = 0.0 if one.terminated else self._gamma**self._n * self.q[one.next_obs].max()
        old = self.q[one.obs, one.action]
        new = old + self.alpha * (one.reward + value - old)
        self.q[one.obs, one.action] = new
        return Update(one, float(value), float(old), float(new))
