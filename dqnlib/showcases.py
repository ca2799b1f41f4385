"""Environments on which the parts of Rainbow are shown: a chain with one way, and two bets."""

import gymnasium as gym
import numpy as np

from dqnlib.registration import register


class Chain(gym.Env):
    """A chain of states with one way through it: 1 at its end, 0 everywhere else (lesson 07).

    In each state one of two actions goes on to the next; which one was drawn once for each length,
    so that no habit helps. The other action ends the episode; with back=True it leads back to the
    start in place of that. Chance alone gets through in one of 2^length episodes. A network sees a
    state one-hot. (The idea is the deep sea of Osband et al. 2019, where a wrong step costs all
    chances of the episode as well, on a line in place of a square.)
    """

    def __init__(self, length: int = 10, back: bool = False):
        self.length, self.back = length, back
        self.n_states, self.starts = length + 1, 1
        self.right = np.random.default_rng(length).integers(2, size=length)  # [length]
        self.observation_space = gym.spaces.Discrete(length + 1)  # the last: behind the end
        self.action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        """Start an episode; return the first state and an empty dict."""
        super().reset(seed=seed)
        self._state = 0
        return 0, {}

    def step(self, action):
        """Return the state, the reward, whether it is over, truncated (False) and an empty dict."""
        if action != self.right[self._state]:
            self._state *= not self.back
            return self._state, 0.0, not self.back, False, {}
        self._state += 1
        through = self._state == self.length
        return self._state, float(through), through, False, {}


class Bets(gym.Env):
    """Two bets with the same mean: one pays about 5, the other about 2 or about 8 (lesson 07).

    In state 0 the action chooses: 0 is the safe bet, 1 the risky one. Then the agent waits, in
    `rooms` states of each bet, and in the last it is paid: N(5, ½²), or N(2, ½²) and N(8, ½²),
    equally likely; the episode terminates. A network sees a state one-hot.
    """

    rooms, spread = 3, 0.5
    payments = ((5.0,), (2.0, 8.0))  # means, equally likely, of the safe and of the risky bet

    def __init__(self):
        self.observation_space = gym.spaces.Discrete(1 + 2 * self.rooms)
        self.action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        """Start an episode; return state 0 and an empty dict."""
        super().reset(seed=seed)
        self._state = 0
        return 0, {}

    def step(self, action):
        """Return the state, the reward, whether it is over, truncated (False) and an empty dict."""
        if self._state == 0:
            self._state = 1 + int(action) * self.rooms
            return self._state, 0.0, False, False, {}
        bet, room = divmod(self._state - 1, self.rooms)
        if room < self.rooms - 1:
            self._state += 1
            return self._state, 0.0, False, False, {}
        means = self.payments[bet]
        mean = means[int(self.np_random.integers(len(means)))]
        paid = mean + self.spread * float(self.np_random.standard_normal())
        return self._state, paid, True, False, {}


CHAINS = (5, 10, 15, 20, 25, 30, 40)  # lengths that are registered
_OWN = {  # what is registered as dqnlib/...-v0: class, settings, environment steps of an episode
    **{f"Chain{n}": ("Chain", {"length": n}, n) for n in CHAINS},
    **{f"ChainBack{n}": ("Chain", {"length": n, "back": True}, 2 * n) for n in CHAINS},
    "Bets": ("Bets", {}, 10),
}
for _name, (_class, _settings, _limit) in _OWN.items():
    register(f"dqnlib/{_name}-v0", f"dqnlib.showcases:{_class}", _limit, **_settings)
