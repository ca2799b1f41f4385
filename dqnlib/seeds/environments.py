"""The environments of S runs, stepped side by side.

A row is one environment. `step` gives the true final observation of an episode and resets
nothing; `advance` then starts new episodes. Gymnasium's own vector environments reset late and
put a step between two episodes that never happened.
"""

import math
from collections.abc import Callable

import gymnasium as gym
import numpy as np

from dqnlib.config import Config
from dqnlib.envs import NetworkObservation, make_for, time_limit
from dqnlib.seeds.learner import LearnerError, TrainingError, first_line, name_of
from dqnlib.showcases import CHAINS

LARGEST_REWARD = 1e18  # its square is still a number in float32


class Environments:
    """One environment of its own for each row: works with every Gymnasium environment.

    make: returns a fresh environment; seeds: one for each row; limit: environment steps, after
    which an episode is truncated; names: how an error calls each row.
    """

    cheap_rows = False  # True: a thousand rows cost little more than one

    def __init__(
        self,
        make: Callable[[], NetworkObservation],
        seeds: list[int],
        limit: int | None = None,
        names: list[str] | None = None,
    ):
        self.seeds, self.limit = seeds, limit
        self.names = names or [f"seed {seed}" for seed in seeds]
        self.steps = 0
        self._make_rows(make)
        self.obs = np.zeros((len(seeds), *self.obs_shape), self.obs_dtype)  # [S, *O]
        self.total = np.zeros(len(seeds))  # return of the episode so far [S]
        self.length = np.zeros(len(seeds), np.int64)  # its environment steps [S]
        self._reset(np.arange(len(seeds)), seeds)

    def step(self, action: np.ndarray):
        """Take one step in every row: -> next_obs [S, *O], reward, terminated, truncated [S].

        An episode that terminates at its time limit has terminated. Raises TrainingError if an
        environment fails, or gives a reward or an observation that no network can learn from.
        """
        next_obs, reward, terminated, truncated = self._step(action)
        self.steps += 1
        self.length += 1
        self.total += reward
        if self.limit is not None:
            truncated = truncated | (self.length >= self.limit)
        self._check(next_obs, reward)
        return next_obs, reward, terminated, truncated & ~terminated

    def _check(self, next_obs: np.ndarray, reward: np.ndarray) -> None:
        bad = ~(np.abs(reward) < LARGEST_REWARD)  # NaN, too
        if np.count_nonzero(bad):
            row = int(bad.argmax())
            raise TrainingError(
                f"✗ the environment gave a reward of {reward[row]:g} at step {self.steps}, "
                f"{self.names[row]}. A reward must be a number whose square float32 can hold, "
                "below 1e18 in size: scale it or mend the environment"
            )
        if next_obs.dtype == np.float32 and not np.isfinite(next_obs).all():
            row = int((~np.isfinite(next_obs)).reshape(len(next_obs), -1).any(1).argmax())
            raise TrainingError(
                f"✗ the environment gave an observation with NaN or infinity at step "
                f"{self.steps}, {self.names[row]}"
            )

    def advance(
        self, next_obs: np.ndarray, ended: np.ndarray, seeds: list[int] | None = None
    ) -> None:
        """Go on from next_obs [S, *O]; start a new episode in the rows where ended [S].

        seeds: one for each of those rows, to start from a known state; left out, the rows'
        generators go on.
        """
        self.obs = next_obs
        if np.count_nonzero(ended):
            self.obs = next_obs.copy()  # next_obs still belongs to who took the step
            self._reset(ended.nonzero()[0], seeds)

    def state(self) -> dict:
        """Return all that is needed to go on from here, as plain data of its own."""
        return {
            "steps": self.steps, "obs": self.obs.copy(),
            "total": self.total.copy(), "length": self.length.copy(),
            "rows": [self._row_state(k) for k in range(len(self.seeds))],
        }  # fmt: skip

    def restore(self, state: dict) -> None:
        """Go back to a state; raise ValueError where the environment keeps more than is known."""
        self.steps, self.obs = state["steps"], state["obs"].copy()
        for k, row in enumerate(state["rows"]):
            self._restore_row(k, row, state["obs"][k])
        self.total, self.length = state["total"].copy(), state["length"].copy()

    # -- one environment a row; the subclass does the same for all rows at once -------------------

    def _make_rows(self, make) -> None:
        made = [make() for _ in range(max(2, len(self.seeds)))]  # two show whether they differ
        if len({id(env.unwrapped) for env in made}) < len(made):
            raise ValueError(
                "env gave the same environment twice, but every run needs its own, and so do the "
                "evaluations: let it make a new one each time, as in env=lambda: MyEnv()"
            )
        self._envs = made[: len(self.seeds)]
        first = self._envs[0]
        self.obs_shape, self.obs_dtype = (
            first.observation_space.shape,
            first.observation_space.dtype,
        )
        self.n_actions = first.n_actions
        self.registered_limit = time_limit(first)
        self._actions: list[list[int]] = [[] for _ in self.seeds]  # of the episode so far
        self._seeded = list(self.seeds)  # the last seed of each row's resets
        self._before: list[dict | None] = [None for _ in self.seeds]  # the generator, if after it

    def _step(self, action: np.ndarray):
        next_obs = np.empty_like(self.obs)
        reward = np.empty(len(self.seeds))
        terminated = np.empty(len(self.seeds), bool)
        truncated = np.empty(len(self.seeds), bool)
        for k, (env, a) in enumerate(zip(self._envs, action.tolist(), strict=True)):
            try:
                next_obs[k], reward[k], terminated[k], truncated[k], _ = env.step(a)
            except Exception as error:
                raise TrainingError(
                    f"✗ the environment failed at step {self.steps + 1}, {self.names[k]}: "
                    f"{first_line(error)}"
                ) from error
            self._actions[k].append(a)
        return next_obs, reward, terminated, truncated

    def _reset(self, rows: np.ndarray, seeds: list[int] | None = None) -> None:
        for i, k in enumerate(rows):
            env, where = self._envs[k], f"in reset, after step {self.steps}, {self.names[k]}"
            self._actions[k] = []
            try:
                if seeds:
                    self._seeded[k], self._before[k] = seeds[i], None
                    # for environments whose reset forgets super().reset(seed=seed)
                    env.unwrapped.np_random = gym.utils.seeding.np_random(seeds[i])[0]
                    self.obs[k], _ = env.reset(seed=seeds[i])
                else:
                    self._before[k] = _random_state(env)
                    self.obs[k], _ = env.reset()
            except Exception as error:
                raise TrainingError(
                    f"✗ the environment failed {where}: {first_line(error)}"
                ) from error
            if not np.isfinite(self.obs[k]).all():
                raise TrainingError(
                    f"✗ the environment gave an observation with NaN or infinity {where}"
                )
        self.total[rows], self.length[rows] = 0.0, 0

    def _row_state(self, k: int) -> dict:
        return {
            "seed": self._seeded[k], "before": self._before[k],
            "actions": np.array(self._actions[k], np.int64), "now": _random_state(self._envs[k]),
        }  # fmt: skip

    def _restore_row(self, k: int, row: dict, obs: np.ndarray) -> None:
        """Play the episode again from its start, which is where the generator was known."""
        env, actions, error = self._envs[k], row["actions"].tolist(), None
        try:
            self._reset(np.array([k]), [row["seed"]])
            if row["before"]:
                env.unwrapped.np_random.bit_generator.state = row["before"]
                self._reset(np.array([k]))
            for action in actions:
                self.obs[k], *_ = env.step(action)
            same = np.array_equal(self.obs[k], obs) and _random_state(env) == row["now"]
        except Exception as failure:
            same, error = False, failure
        if not same:
            raise ValueError(
                f"the environment of {self.names[k]} cannot be brought back to where it was: "
                "played again from the same random state, its episode went another way"
                f"{f' ({first_line(error)})' if error else ''}. It keeps randomness or memory "
                "outside `self.np_random`"
            ) from error
        self._actions[k] = actions


class CartPoles(Environments):
    """CartPole-v1 in every row, computed at once; the same bits as with one environment a row.

    The physics is Gymnasium's, operation by operation, with its numbers. Each row has its own
    generator for the starts of its episodes. (Gymnasium's own `CartPoleVectorEnv` takes four
    times as long, most of it for resets and checks that are not needed here.)
    """

    cheap_rows = True

    def _make_rows(self, make) -> None:
        env = make()
        self.obs_shape, self.obs_dtype = env.observation_space.shape, env.observation_space.dtype
        self.n_actions, self._scale = env.n_actions, env.scale
        self.registered_limit = time_limit(env)
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
        self.obs_shape, self.obs_dtype = env.observation_space.shape, env.observation_space.dtype
        self.n_actions, self._scale = env.n_actions, env.scale
        self.registered_limit = time_limit(env)
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
        self.obs_shape, self.obs_dtype = env.observation_space.shape, env.observation_space.dtype
        self.n_actions, self._world = env.n_actions, env.unwrapped
        self.registered_limit = time_limit(env)
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
    "dqnlib/DiscretePendulum-v0": Pendulums,
    **{f"dqnlib/{name}-v0": Rooms for name in ("PureNoise", "Casino")},
    **{f"dqnlib/PureNoise{m}-v0": Rooms for m in (2, 4, 8, 16)},
    **{f"dqnlib/{kind}{n}-v0": Chains for kind in ("Chain", "ChainBack") for n in CHAINS},
}


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
    return kind(make, seeds, config.max_episode_steps, names)


def _random_state(env: gym.Env) -> dict | None:
    """Return the state of an environment's generator; None if it is no NumPy Generator."""
    bits = getattr(env.unwrapped.np_random, "bit_generator", None)
    return None if bits is None else bits.state
