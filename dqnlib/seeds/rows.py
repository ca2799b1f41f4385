"""The environments of S runs, one of its own for each row, stepped side by side.

A row is one environment. `step` gives the true final observation of an episode and resets
nothing; `advance` then starts new episodes. Gymnasium's own vector environments reset late and
put a step between two episodes that never happened.
"""

from collections.abc import Callable

import gymnasium as gym
import numpy as np

from dqnlib.envs import NetworkObservation, time_limit
from dqnlib.seeds.learner import TrainingError, first_line

LARGEST_REWARD = 1e18  # its square is still a number in float32


class Environments:
    """One environment of its own for each row: works with every Gymnasium environment.

    make: returns a fresh environment; seeds: one for each row; limit: environment steps, after
    which an episode is truncated; names: how an error calls each row.
    """

    cheap_rows = False  # True: a thousand rows cost little more than one
    reward_clip, life_loss = np.inf, False  # as in the config; `learn_from` sets them
    lives: np.ndarray | None = None  # [S] lives left, where the environment tells
    goals = None  # the goal methods of `dqnlib.goals` for many goals at once, if it has them

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
        self.over = np.zeros(len(seeds), bool)  # whose episode the last step ended [S]
        self._make_rows(make)
        self.obs = np.zeros((len(seeds), *self.obs_shape), self.obs_dtype)  # [S, *O]
        self.total = np.zeros(len(seeds))  # return of the episode so far [S]
        self.length = np.zeros(len(seeds), np.int64)  # its environment steps [S]
        self._reset(np.arange(len(seeds)), seeds)

    def learn_from(self, reward_clip: float, life_loss: bool) -> "Environments":
        """Let `step` give what is to be learned from; `total` and `over` stay what they are.

        reward_clip: rewards are clipped to this size; life_loss: a lost life terminates, and the
        game goes on. Raises ValueError where no lives are told.
        """
        self.reward_clip, self.life_loss = reward_clip, life_loss
        if life_loss and self.lives is None:
            raise ValueError(
                "life_loss=True, but the environment tells no lives in info['lives'], as Atari's "
                "games and dqnlib/Catch-v0 do: leave life_loss out"
            )
        return self

    def step(self, action: np.ndarray):
        """Take one step in every row: -> next_obs [S, *O], reward, terminated, truncated [S].

        An episode that terminates at its time limit has terminated. Raises TrainingError if an
        environment fails, or gives a reward or an observation that no network can learn from.
        """
        lives = self.lives.copy() if self.life_loss else None  # before it
        next_obs, reward, terminated, truncated = self._step(action)
        self.steps += 1
        self.length += 1
        self.total += reward
        if self.limit is not None:
            truncated = truncated | (self.length >= self.limit)
        self._check(next_obs, reward)
        self.over = terminated | truncated
        if self.life_loss:
            terminated = terminated | (self.lives < lives)
        if self.reward_clip < np.inf:
            reward = np.clip(reward, -self.reward_clip, self.reward_clip)
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

        Where a life was lost only, the game goes on.
        seeds: one for each of those rows, to start from a known state; left out, the rows'
        generators go on.
        """
        self.obs = next_obs
        if self.life_loss:
            ended = ended & self.over
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
        self._describe(self._envs[0])
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
                next_obs[k], reward[k], terminated[k], truncated[k], info = env.step(a)
            except Exception as error:
                raise TrainingError(
                    f"✗ the environment failed at step {self.steps + 1}, {self.names[k]}: "
                    f"{first_line(error)}"
                ) from error
            self._actions[k].append(a)
            self._note_lives(k, info)
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
                    self.obs[k], info = env.reset(seed=seeds[i])
                else:
                    self._before[k] = _random_state(env)
                    self.obs[k], info = env.reset()
            except Exception as error:
                raise TrainingError(
                    f"✗ the environment failed {where}: {first_line(error)}"
                ) from error
            self._note_lives(k, info)
            if not np.isfinite(self.obs[k]).all():
                raise TrainingError(
                    f"✗ the environment gave an observation with NaN or infinity {where}"
                )
        self.total[rows], self.length[rows] = 0.0, 0

    def _describe(self, env: gym.Env) -> None:
        """Take over from one environment what all rows have in common."""
        self.obs_shape, self.obs_dtype = env.observation_space.shape, env.observation_space.dtype
        self.n_actions, self.registered_limit = env.n_actions, time_limit(env)

    def _note_lives(self, k: int, info: dict) -> None:
        """Remember how many lives a row has left, if its environment tells."""
        if "lives" in info:
            if self.lives is None:
                self.lives = np.zeros(len(self.seeds), np.int64)
            self.lives[k] = info["lives"]

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
                _generator(env).bit_generator.state = row["before"]
                self._reset(np.array([k]))
            for action in actions:
                self.obs[k], *_, info = env.step(action)
                self._note_lives(k, info)
            same = np.array_equal(self.obs[k], obs) and _alike(_random_state(env), row["now"])
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


def _alike(one, other) -> bool:
    """True if two states of generators are the same; some hold arrays."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[k], other[k]) for k in one)
    return np.array_equal(one, other)


def _generator(env: gym.Env):
    """Return what an environment draws from: its np_random, if it names no other."""
    return getattr(env.unwrapped, "hidden_random", None) or env.unwrapped.np_random


def _random_state(env: gym.Env) -> dict | None:
    """Return the state of an environment's generator; None if it is no NumPy Generator."""
    bits = getattr(_generator(env), "bit_generator", None)
    return None if bits is None else bits.state
