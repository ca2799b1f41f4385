"""Probes: environments so small that their action values are known on paper.

Each probe tests one part of a DQN. Work through `PROBES` in order: the first one whose values
your agent misses says where to look. Importing this module registers them with Gymnasium; in a
new process ``gymnasium.make("dqnlib.probes:dqnlib/ConstantReward-v0")`` imports it first.
"""

from collections.abc import Callable
from dataclasses import dataclass

import gymnasium as gym
import numpy as np

from dqnlib.registration import register

STEPS = 5  # steps of an episode of the two longest probes

Values = tuple[tuple[tuple[float, ...], list[float]], ...]  # (observation, [A] values), ...


class ProbeEnv(gym.Env):
    """What all probes share: observations [1] float32 from -1 to 1, A actions.

    Where a probe does not say otherwise, it starts at 0, and the first step gives reward 1 and
    terminates. The final observation repeats the one before it, except in Termination: an
    agent that does not cut the return there adds gamma times a value that it has learned.
    """

    n_actions = 1

    def __init__(self):
        self.observation_space = gym.spaces.Box(-1.0, 1.0, (1,), np.float32)
        self.action_space = gym.spaces.Discrete(self.n_actions)
        self._now: float | None = None  # the observation, None where no episode runs

    def first(self) -> float:
        """Return the first observation of an episode."""
        return 0.0

    def outcome(self, obs: float, action: int) -> tuple[float, float, bool]:
        """Return the next observation, the reward and whether the episode terminates."""
        return obs, 1.0, True

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        """Start an episode; return the observation [1] and an empty dict."""
        super().reset(seed=seed)
        self._now = self.first()
        return np.array([self._now], np.float32), {}

    def step(self, action):
        """Act; return observation [1], reward, terminated, truncated (False) and an empty dict.

        Raises gymnasium.error.ResetNeeded before `reset` and after termination, and ValueError
        for an action that does not exist.
        """
        if self._now is None:
            raise gym.error.ResetNeeded(
                "no episode is running: call env.reset() before the first step and after each "
                "step that returns terminated=True"
            )
        if not self.action_space.contains(action):
            raise ValueError(
                f"the action must be one of {list(range(self.n_actions))}, got {action!r}; "
                "take a single action out of an array or tensor with int(action)"
            )
        obs, reward, terminated = self.outcome(self._now, int(action))
        self._now = None if terminated else obs
        return np.array([obs], np.float32), reward, terminated, False, {}


class ConstantReward(ProbeEnv):
    """Observation 0, one action, reward 1, terminates at once: Q(0) = 1."""


class RewardByObservation(ProbeEnv):
    """Observation -1 or +1 by chance, one action, the same reward, one step: Q(o) = o."""

    def first(self):
        # Not integers(2): an agent that draws its actions so, with the same seed, would copy it.
        return 1.0 if self.np_random.standard_normal() > 0 else -1.0

    def outcome(self, obs, action):
        return obs, obs, True


class TwoStepDiscount(ProbeEnv):
    """Observations 0 and 1, rewards 0 and 1, one action: Q(0) = gamma, Q(1) = 1."""

    def outcome(self, obs, action):
        return 1.0, obs, obs == 1


class RewardByAction(ProbeEnv):
    """Observation 0, reward -1 for action 0 and +1 for action 1, one step: Q(0) = [-1, 1]."""

    n_actions = 2

    def outcome(self, obs, action):
        return obs, 2.0 * action - 1, True


class ObservationAndAction(RewardByObservation):
    """Observation -1 or +1 by chance; reward +1 if the action fits, else -1; one step.

    Action 0 fits -1 and action 1 fits +1: Q(-1) = [1, -1] and Q(+1) = [-1, 1].
    """

    n_actions = 2

    def outcome(self, obs, action):
        return obs, obs * (2 * action - 1), True


class TruncatedForever(ProbeEnv):
    """Observation 0, one action, reward 1 forever: Q(0) = 1 / (1 - gamma).

    Gymnasium truncates after 5 steps; the episode never terminates. An agent that cuts the
    return there too learns 1 / (1 - 0.8 gamma): all transitions look alike, so Q(0) becomes
    the mean of their targets. One in five is cut, with the target 1; the other four have the
    target 1 + gamma Q. From Q = 0.2 * 1 + 0.8 * (1 + gamma Q) follows Q = 1 / (1 - 0.8 gamma),
    if whole episodes are stored and transitions are drawn from them uniformly. With
    gamma = 0.9 that is 3.57 instead of 10. Made without gymnasium.make, it has no end.
    """

    def outcome(self, obs, action):
        return obs, 1.0, False


class Termination(ProbeEnv):
    """The twin of TruncatedForever: reward 1 at every step, and the fifth step terminates.

    The observation counts the steps: k / 5 after k of them, finally 1. Then 5 - k rewards are
    left: Q(k / 5) = 1 + gamma + ... + gamma^(4 - k).
    """

    def outcome(self, obs, action):
        k = round(obs * STEPS) + 1  # steps taken
        return k / STEPS, 1.0, k == STEPS


@dataclass(frozen=True)
class Probe:
    """A probe by its name, and what an agent should learn there.

    ``values(gamma)`` gives each observation that an agent acts on, with its exact action
    values [A]. It raises ValueError where gamma makes a value infinite.
    """

    env_id: str  # for gymnasium.make
    tests: str  # the part of an agent that it tests
    values: Callable[[float], Values]


def _forever(gamma: float) -> Values:
    if not 0 <= gamma < 1:
        raise ValueError(
            "reward 1 forever is worth 1 / (1 - gamma), which is finite only for "
            f"0 <= gamma < 1; got gamma={gamma}"
        )
    return (((0.0,), [1 / (1 - gamma)]),)


def _countdown(gamma: float) -> Values:
    q = [float(sum(gamma**i for i in range(STEPS - k))) for k in range(STEPS)]
    return tuple(((k / STEPS,), [q[k]]) for k in range(STEPS))


PROBES = (  # from the simplest to the richest
    Probe(
        "dqnlib/ConstantReward-v0",
        "The loss, the optimizer and the cut at termination.",
        lambda gamma: (((0.0,), [1.0]),),
    ),
    Probe(
        "dqnlib/RewardByObservation-v0",
        "The way of the gradient through the observation.",
        lambda gamma: (((-1.0,), [-1.0]), ((1.0,), [1.0])),
    ),
    Probe(
        "dqnlib/TwoStepDiscount-v0",
        "The discount and the bootstrap from the next observation.",
        lambda gamma: (((0.0,), [float(gamma)]), ((1.0,), [1.0])),
    ),
    Probe(
        "dqnlib/RewardByAction-v0",
        "The pick of the taken action's value, and the policy.",
        lambda gamma: (((0.0,), [-1.0, 1.0]),),
    ),
    Probe(
        "dqnlib/ObservationAndAction-v0",
        "Values that depend on observation and action together.",
        lambda gamma: (((-1.0,), [1.0, -1.0]), ((1.0,), [-1.0, 1.0])),
    ),
    Probe(
        "dqnlib/TruncatedForever-v0", "The difference between truncation and termination.", _forever
    ),
    Probe(
        "dqnlib/Termination-v0", "The bootstrap over several steps, up to a true end.", _countdown
    ),
)

for _probe in PROBES:
    _name = _probe.env_id.removeprefix("dqnlib/").removesuffix("-v0")
    register(
        _probe.env_id,
        f"dqnlib.probes:{_name}",
        max_episode_steps=STEPS if _name == "TruncatedForever" else None,
    )
