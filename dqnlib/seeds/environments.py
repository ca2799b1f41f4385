"""Which environments S runs get: one of its own for each row, or all rows computed at once."""

import math

import gymnasium as gym
import numpy as np

from dqnlib.catch import CATCH
from dqnlib.config import Config
from dqnlib.envs import TORQUES, NetworkObservation, make_for
from dqnlib.goals import MOST_BITS, BitFlipping, draw_task
from dqnlib.policies import Streams, env_seeds
from dqnlib.seeds.breakout import BREAKOUT, Breakouts
from dqnlib.seeds.catches import Catches
from dqnlib.seeds.learner import LearnerError, first_line, name_of
from dqnlib.seeds.rows import Environments
from dqnlib.showcases import CHAINS


class CartPoles(Environments):
    """CartPole-v1 in every row, computed at once; the same bits as with one environment a row.

    The physics is Gymnasium's, operation by operation, with its numbers. Each row has its own
    generator for the starts of its episodes. (Gymnasium's own `CartPoleVectorEnv` takes four
    times as long, most of it for resets and checks that are not needed here.)
    """

    cheap_rows = True

    def _make_rows(self, make) -> None:
        env = make()
        self._describe(env)
        self._scale = env.scale
        self.limit = self.registered_limit  # that of the config, if it has one
        self._cart = env.unwrapped  # its masses, lengths and bounds
        self._force = np.array([-self._cart.force_mag, self._cart.force_mag])  # of each action
        self._state = np.zeros((4, len(self.seeds)))  # x, its velocity, theta, its velocity
        self._change = np.zeros_like(self._state)  # a second
        self._rngs: list = [None] * len(self.seeds)

    def _step(self, action: np.ndarray):
        c, change = self._cart, self._change
        _, x_dot, theta, theta_dot = self._state
        cos, sin = np.cos(theta), np.sin(theta)
        # Barto, Sutton and Anderson 1983, as corrected by Florian 2007
        push = self._force[action] + c.polemass_length * (theta_dot * theta_dot) * sin
        push /= c.total_mass
        change[0], change[2] = x_dot, theta_dot
        change[3] = (c.gravity * sin - cos * push) / (
            c.length * (4.0 / 3.0 - c.masspole * (cos * cos) / c.total_mass)
        )
        change[1] = push - c.polemass_length * change[3] * cos / c.total_mass
        self._state = self._state + c.tau * change
        size = np.abs(self._state[::2])
        terminated = (size[0] > c.x_threshold) | (size[1] > c.theta_threshold_radians)
        # a row lies in one piece; what is float32 first is scaled as one environment's is
        obs = self._state.T.astype(np.float32, order="C")
        obs *= self._scale
        return obs, np.ones(len(obs)), terminated, False

    def _check(self, next_obs: np.ndarray, reward: np.ndarray) -> None:
        """Nothing to check: rewards are 1, and episodes end long before infinity."""

    def _reset(self, rows: np.ndarray, seeds: list[int] | None = None) -> None:
        for k, seed in zip(rows, seeds or [], strict=False):
            self._rngs[k] = gym.utils.seeding.np_random(seed)[0]
        for k in rows:
            self._state[:, k] = self._rngs[k].uniform(low=-0.05, high=0.05, size=4)
        self.obs[rows] = self._state[:, rows].T.astype(np.float32) * self._scale
        self.total[rows], self.length[rows] = 0.0, 0

    def _row_state(self, k: int) -> dict:
        return {"pole": self._state[:, k].copy(), "now": self._rngs[k].bit_generator.state}

    def _restore_row(self, k: int, row: dict, obs: np.ndarray) -> None:
        self._state[:, k] = row["pole"]
        self._rngs[k].bit_generator.state = row["now"]


class Pendulums(Environments):
    """The course's pendulum with numbered torques in every row; the same bits as one at a time.

    The physics is Gymnasium's, operation by operation, with its numbers. Each row has its own
    generator for the starts of its episodes.
    """

    cheap_rows = True

    def _make_rows(self, make) -> None:
        env = make()
        self._describe(env)
        self._scale = env.scale
        self.limit = self.registered_limit  # that of the config, if it has one
        self._rod = env.unwrapped  # its mass, length and bounds
        self._angle, self._speed = np.zeros((2, len(self.seeds)))  # rad, rad a second
        self._rngs: list = [None] * len(self.seeds)

    def _step(self, action: np.ndarray):
        p, angle, speed = self._rod, self._angle, self._speed
        torque = p.torques[action]
        turned = (angle + math.pi) % (2 * math.pi) - math.pi  # 0 is upright
        cost = _squares(turned) + 0.1 * _squares(speed) + 0.001 * _squares(torque)
        push = 3 * p.g / (2 * p.l) * np.sin(angle) + 3.0 / (p.m * p.l**2) * torque
        self._speed = np.clip(speed + push * p.dt, -p.max_speed, p.max_speed)
        self._angle = angle + self._speed * p.dt
        return self._observed(slice(None)), -cost, np.zeros(len(cost), bool), False

    def _observed(self, rows) -> np.ndarray:
        angle, speed = self._angle[rows], self._speed[rows]
        obs = np.stack([np.cos(angle), np.sin(angle), speed], axis=1).astype(np.float32)
        return obs * self._scale

    def _check(self, next_obs: np.ndarray, reward: np.ndarray) -> None:
        """Nothing to check: angles and speeds stay finite, and no cost is above 17."""

    def _reset(self, rows: np.ndarray, seeds: list[int] | None = None) -> None:
        for k, seed in zip(rows, seeds or [], strict=False):
            self._rngs[k] = gym.utils.seeding.np_random(seed)[0]
        high = np.array([math.pi, 1.0])
        for k in rows:
            self._angle[k], self._speed[k] = self._rngs[k].uniform(low=-high, high=high)
        self.obs[rows] = self._observed(rows)
        self.total[rows], self.length[rows] = 0.0, 0

    def _row_state(self, k: int) -> dict:
        return {
            "rod": np.array([self._angle[k], self._speed[k]]),
            "now": self._rngs[k].bit_generator.state,
        }

    def _restore_row(self, k: int, row: dict, obs: np.ndarray) -> None:
        self._angle[k], self._speed[k] = row["rod"]
        self._rngs[k].bit_generator.state = row["now"]


def _squares(values: np.ndarray) -> np.ndarray:
    """Return x ** 2 one by one, as Gymnasium does: of an array it can differ in the last digit."""
    return np.array([x**2 for x in values.tolist()])


class Rooms(Environments):
    """`envs.PureNoise` and `envs.Casino` in every row; the same numbers as with one a row.

    Nothing but chance happens there, so most of the time would go into Gymnasium's wrappers.
    """

    cheap_rows = True

    def _make_rows(self, make) -> None:
        env = make()
        self._describe(env)
        self._world = env.unwrapped
        self.limit = self.registered_limit  # that of the config, if it has one
        self._one_hot = np.eye(self._world.n_states, dtype=self.obs_dtype)
        self._room = np.zeros(len(self.seeds), np.int64)
        self._rngs: list = [None] * len(self.seeds)

    def _step(self, action: np.ndarray):
        world, reward = self._world, np.zeros(len(action))
        left = action == world.door
        for k, (rng, out) in enumerate(zip(self._rngs, left.tolist(), strict=True)):
            self._room[k] = rng.integers(world.n_states)
            if not out:
                reward[k] = world.mean + rng.standard_normal()
        return self._one_hot[self._room], reward, left, False

    def _reset(self, rows: np.ndarray, seeds: list[int] | None = None) -> None:
        for k, seed in zip(rows, seeds or [], strict=False):
            self._rngs[k] = gym.utils.seeding.np_random(seed)[0]
        for k in rows:
            self._room[k] = self._rngs[k].integers(self._world.starts)
        self.obs[rows] = self._one_hot[self._room[rows]]
        self.total[rows], self.length[rows] = 0.0, 0

    def _row_state(self, k: int) -> dict:
        return {"room": int(self._room[k]), "now": self._rngs[k].bit_generator.state}

    def _restore_row(self, k: int, row: dict, obs: np.ndarray) -> None:
        self._room[k] = row["room"]
        self._rngs[k].bit_generator.state = row["now"]


class BitFlips(Environments):
    """`goals.BitFlipping` in every row; the same numbers as with one environment a row."""

    cheap_rows = True

    def _make_rows(self, make) -> None:
        env = make()
        self._describe(env)
        self._scale = env.scale
        self.limit = self.registered_limit  # that of the config, if it has one
        self.goals: BitFlipping = env.unwrapped
        self._tasks = np.zeros((len(self.seeds), 2, self.goals.bits), np.int64)  # row, goal
        self._everyone = np.arange(len(self.seeds))
        self._rngs: list = [None] * len(self.seeds)

    def _step(self, action: np.ndarray):
        rows, goals = self._tasks[:, 0], self._tasks[:, 1]
        rows[self._everyone, action] ^= 1
        reward = self.goals.compute_reward(rows, goals, {})
        terminated = self.goals.compute_terminated(rows, goals, {})
        return self._observed(slice(None)), reward, terminated, False

    def _observed(self, rows) -> np.ndarray:
        tasks = self._tasks[rows]
        return tasks.reshape(len(tasks), -1).astype(np.float32) * self._scale

    def _check(self, next_obs: np.ndarray, reward: np.ndarray) -> None:
        """Nothing to check: bits are 0 and 1, rewards 0 and −1."""

    def _reset(self, rows: np.ndarray, seeds: list[int] | None = None) -> None:
        for k, seed in zip(rows, seeds or [], strict=False):
            self._rngs[k] = gym.utils.seeding.np_random(seed)[0]
        for k in rows:
            self._tasks[k] = draw_task(self.goals.bits, self._rngs[k])
        self.obs[rows] = self._observed(rows)
        self.total[rows], self.length[rows] = 0.0, 0

    def _row_state(self, k: int) -> dict:
        return {"task": self._tasks[k].copy(), "now": self._rngs[k].bit_generator.state}

    def _restore_row(self, k: int, row: dict, obs: np.ndarray) -> None:
        self._tasks[k] = row["task"]
        self._rngs[k].bit_generator.state = row["now"]


class Chains(Rooms):
    """`showcases.Chain` in every row; the same numbers as with one a row."""

    def _step(self, action: np.ndarray):
        right, back = action == self._world.right[self._room], self._world.back
        self._room = np.where(right, self._room + 1, self._room * (not back))
        through = self._room == self._world.length
        return self._one_hot[self._room], through * 1.0, through | ~(right | back), False


# Environments that are computed for all rows at once, to the same bits.
VECTORISED: dict[str, type[Environments]] = {
    "CartPole-v1": CartPoles,
    **{f"dqnlib/DiscretePendulum{k}-v0": Pendulums for k in ("", *TORQUES)},
    **{f"dqnlib/{name}-v0": Rooms for name in ("PureNoise", "Casino")},
    **{f"dqnlib/PureNoise{m}-v0": Rooms for m in (2, 4, 8, 16)},
    **{f"dqnlib/BitFlipping{n}-v0": BitFlips for n in range(1, MOST_BITS + 1)},
    BREAKOUT: Breakouts,
    CATCH: Catches,
    **{f"dqnlib/{kind}{n}-v0": Chains for kind in ("Chain", "ChainBack") for n in CHAINS},
}


STACKED = (Catches, Environments)  # which know of config.frame_stack


def for_each_run(config: Config, streams: list[Streams], names: list[str]) -> tuple[list, list]:
    """Return the seeds of all environments, E of each run in a row, and how errors call them."""
    e = config.environments
    seeds = [seed for s in streams for seed in env_seeds(s.env_seed, e)]
    if e > 1:
        names = [f"{name}, environment {k}" for name in names for k in range(e)]
    return seeds, names


def environments(config: Config, env, seeds: list[int], names=None) -> Environments:
    """Return one environment a seed; env: the learner's own maker, or None."""

    def make() -> NetworkObservation:
        try:
            return make_for(config, env)
        except ValueError:  # says what is wrong
            raise
        except Exception as error:
            name = name_of(env) if env else config.env_id
            raise LearnerError(f"✗ {name} made no environment: {first_line(error)}") from error

    kind = Environments if env else VECTORISED.get(config.env_id, Environments)
    kind = Environments if config.frame_stack > 1 and kind not in STACKED else kind
    return kind(make, seeds, config.max_episode_steps, names)


def learning_environments(config: Config, env, seeds: list[int], names=None) -> Environments:
    """Return the same with rewards and episodes as the config wants them learned from."""
    made = environments(config, env, seeds, names)
    return made.learn_from(config.reward_clip, config.life_loss)
