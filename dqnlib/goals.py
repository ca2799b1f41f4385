"""Goals as a part of what an agent sees: the protocol that hindsight needs, and bit flipping.

The protocol is that of Gymnasium-Robotics' GoalEnv, on flat observations: instead of a dict with
observation, achieved_goal and desired_goal there is one array that holds the goal to be reached, so
that networks and buffers take it as it is. An environment with goals has four methods more:

    achieved_goal(obs) -> goal          what an observation has reached
    with_goal(obs, goal) -> obs         the same observation, as if another goal were wanted
    compute_reward(achieved_goal, desired_goal, info) -> reward          of a step that ends there
    compute_terminated(achieved_goal, desired_goal, info) -> terminated

The last two are GoalEnv's own. The environment's `step` must agree with them.
"""

import gymnasium as gym
import numpy as np

from dqnlib.arguments import check_count
from dqnlib.registration import register

METHODS = {
    "achieved_goal": "achieved_goal(obs) -> goal: what an observation has reached",
    "with_goal": "with_goal(obs, goal) -> obs: the same observation with another goal",
    "compute_reward": "compute_reward(achieved_goal, desired_goal, info) -> reward",
    "compute_terminated": "compute_terminated(achieved_goal, desired_goal, info) -> True or False",
}
MOST_BITS = 50


class Goals:
    """The goal methods of an environment, whatever wrappers are around them.

    Raises ValueError for an environment that lacks one: the message says which, and what it takes.
    """

    def __init__(self, env: gym.Env):
        name = env.spec.id if env.spec else type(env.unwrapped).__name__
        missing = [method for method in METHODS if not env.has_wrapper_attr(method)]
        if missing:
            lines = [f"    {METHODS[method]}" for method in missing]
            raise ValueError(
                f"hindsight needs an environment with goals, but {name} has no method "
                f"{', '.join(missing)}. Write, as dqnlib.goals.BitFlipping does:\n"
                + "\n".join(lines)
            )
        if np.any(getattr(env, "scale", 1.0) != 1.0):
            raise ValueError(
                f"hindsight reads goals off the observations of {name}, which obs_scale changes: "
                "leave it out, or scale inside the environment"
            )
        for method in METHODS:
            setattr(self, method, env.get_wrapper_attr(method))


class BitFlipping(gym.Env):
    """Turn a row of bits into another one, one bit a step (Andrychowicz et al. 2017, section 3.1).

    bits: n, 1 to 50. An observation [2 n] is the row and, behind it, the goal, both of 0 and 1.
    Action i flips bit i. Each step is worth −1 until the row is the goal: that step is worth 0, and
    the episode terminates. Row and goal are drawn evenly, again while they are equal. Gymnasium
    truncates after n steps: enough for every goal, if no bit is flipped for nothing.
    ``make("dqnlib/BitFlipping8-v0")`` has 8 bits, and so on up to 50. Raises ValueError for
    another number.

    The goal methods take one goal [n] or many [..., n].
    """

    def __init__(self, bits: int = 8):
        self.bits = check_count("bits", bits, 1, MOST_BITS)
        self.observation_space = gym.spaces.Box(0, 1, (2 * bits,), np.float32)
        self.action_space = gym.spaces.Discrete(bits)

    def _observed(self) -> np.ndarray:
        return np.concatenate([self.row, self.goal]).astype(np.float32)

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        """Start an episode; return an observation and an empty dict."""
        super().reset(seed=seed)
        self.row, self.goal = draw_task(self.bits, self.np_random)
        return self._observed(), {}

    def step(self, action):
        """Flip a bit; return obs, reward, terminated, truncated (False) and an empty dict."""
        self.row[action] = 1 - self.row[action]
        reward = self.compute_reward(self.row, self.goal, {})
        terminated = self.compute_terminated(self.row, self.goal, {})
        return self._observed(), float(reward), bool(terminated), False, {}

    def achieved_goal(self, obs: np.ndarray) -> np.ndarray:
        """Return the row of an observation: [..., 2 n] -> [..., n]."""
        return obs[..., : self.bits]

    def with_goal(self, obs: np.ndarray, goal: np.ndarray) -> np.ndarray:
        """Return a copy with another goal: [..., 2 n], [..., n] -> [..., 2 n]."""
        found = obs.copy()
        found[..., self.bits :] = goal
        return found

    def compute_reward(self, achieved_goal, desired_goal, info) -> np.ndarray:
        """Return 0 where the goal is reached, else −1: [..., n], [..., n] -> [...]."""
        return self.compute_terminated(achieved_goal, desired_goal, info) - 1.0

    def compute_terminated(self, achieved_goal, desired_goal, info) -> np.ndarray:
        """Return whether all bits agree: [..., n], [..., n] -> [...] bool."""
        return (achieved_goal == desired_goal).all(-1)


def draw_task(bits: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return a row of bits and a goal that differs from it, [n] each of 0 and 1."""
    row, goal = rng.integers(2, size=(2, bits))
    while (row == goal).all():
        goal = rng.integers(2, size=bits)
    return row, goal


for _bits in range(1, MOST_BITS + 1):
    register(
        f"dqnlib/BitFlipping{_bits}-v0",
        "dqnlib.goals:BitFlipping",
        max_episode_steps=_bits,
        bits=_bits,
    )
