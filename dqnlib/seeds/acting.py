"""How S runs choose their actions, and how their greedy policies are judged."""

from collections.abc import Callable
from contextlib import nullcontext

import numpy as np
import torch

from dqnlib.config import Config
from dqnlib.replay import as_input
from dqnlib.seeds.draws import Lockstep, choose, choose_one
from dqnlib.seeds.environments import Environments, environments
from dqnlib.seeds.learner import LearnerError, first_line, is_action, name_of
from dqnlib.seeds.stacks import Stack

FEW = 32  # runs; for fewer a loop is quicker than arrays
EVAL_LIMIT = 1_000  # environment steps of a greedy episode where the environment has no limit


class Actor:
    """ε-greedy action choice of S runs; policy: a learner's own (q [A], epsilon, rng) -> int."""

    def __init__(self, rngs, names, where: Callable[[], str], policy: Callable | None = None):
        self._rngs, self._names, self._where, self._policy = rngs, names, where, policy
        # a learner's policy draws as it likes, straight from the generators
        self._draws = None if policy else Lockstep(rngs)

    def choose(self, q: np.ndarray, epsilon: float) -> np.ndarray:
        """Return actions [S·E] for action values [S·E, A]: E environments of each run in a row."""
        if np.isnan(q).any():  # a diverged network: its first NaN is its choice
            lost = np.isnan(q).any(1)
            q = np.where(lost[:, None], np.arange(q.shape[1]) == q.argmax(1)[:, None], q)
        if self._draws:
            explore, pick = self._draws.take_pairs(len(q))
            if len(q) >= FEW:
                return choose(q, epsilon, explore, pick)
            rows = zip(q.tolist(), explore.tolist(), pick.tolist())
            return np.array([choose_one(row, epsilon, *numbers) for row, *numbers in rows])
        each = len(q) // len(self._rngs)
        return np.array([self._one(k // each, q[k], epsilon) for k in range(len(q))])

    def _one(self, k: int, q: np.ndarray, epsilon: float) -> int:
        try:
            action = self._policy(q, epsilon, self._rngs[k])
        except Exception as error:
            where = f"{self._where()}, seed {self._names[k]}"
            raise LearnerError(
                f"✗ {name_of(self._policy)} failed {where}: {first_line(error)}"
            ) from error
        if not is_action(action, len(q)):
            raise LearnerError(
                f"✗ {name_of(self._policy)} chose action {action!r} {self._where()}, seed "
                f"{self._names[k]}; actions are whole numbers from 0 to {len(q) - 1}"
            )
        return int(action)

    def state(self) -> dict:
        """Return all that is needed to go on from here, as plain data."""
        if self._draws:
            return self._draws.state()
        return {"rngs": [rng.bit_generator.state for rng in self._rngs]}

    def restore(self, state: dict) -> None:
        """Go back to a state."""
        if self._draws:
            self._draws.restore(state)
        else:
            for rng, kept in zip(self._rngs, state["rngs"], strict=True):
                rng.bit_generator.state = kept


class Examiner:
    """Plays greedy episodes on environments of its own, which training does not share.

    The start of an episode depends only on the seed's own `eval_seed`, on the number of the
    evaluation and on the episode's place in it. names: how an error calls each run.
    """

    def __init__(
        self,
        config: Config,
        env: Callable | None,
        eval_seeds: list[int],
        names: list[str] | None = None,
    ):
        names = names or [f"run {k}" for k in range(len(eval_seeds))]
        where = [f"greedy evaluation of {name}" for name in names]
        self._make = lambda seeds: environments(
            config, env, seeds, np.repeat(where, len(seeds) // len(where)).tolist()
        )
        self._eval_seeds = eval_seeds
        self._rows: Environments | None = None

    def returns(self, stack: Stack, number: int, episodes: int) -> np.ndarray:
        """Return the undiscounted returns [S, E] of evaluation `number`, from 0 on."""
        with stack.without_noise() if stack.is_noisy else nullcontext():
            return self._returns(stack, number, episodes)

    def _returns(self, stack: Stack, number: int, episodes: int) -> np.ndarray:
        s = len(self._eval_seeds)
        starts = np.array(
            [
                np.random.SeedSequence(seed, spawn_key=(number,)).generate_state(episodes)
                for seed in self._eval_seeds
            ]
        )  # [S, E]
        rows = self._environments(starts)
        width = len(rows.seeds) // s  # rows of each seed: all its episodes at once, or one
        turns = starts.reshape(s * width, -1)  # [R, E / width] the starts of each row in turn
        found = np.full(turns.shape, np.nan)
        turn = np.zeros(len(turns), int)
        while (turn < turns.shape[1]).any():
            obs = torch.from_numpy(rows.obs).view(s, width, *rows.obs_shape)
            q = stack.q(network_input(obs, stack.flat.device))
            action = q.argmax(2).flatten().cpu().numpy()
            next_obs, _, terminated, truncated = rows.step(action)
            ended = terminated | truncated
            over = ended.nonzero()[0]
            counted = over[turn[over] < turns.shape[1]]
            found[counted, turn[counted]] = rows.total[counted]
            turn[counted] += 1
            following = np.minimum(turn[over], turns.shape[1] - 1)  # done: it plays on, unseen
            rows.advance(next_obs, ended, [int(x) for x in turns[over, following]])
        return found.reshape(s, episodes)

    def _environments(self, starts: np.ndarray) -> Environments:
        """Return environments at their first starts: a row an episode where rows are cheap."""
        if self._rows is None:
            self._rows = self._make([int(x) for x in starts[:, 0]])
            if self._rows.limit is None and self._rows.registered_limit is None:
                self._rows.limit = EVAL_LIMIT
        if self._rows.cheap_rows:
            return self._make([int(x) for x in starts.flatten()])
        self._rows.steps, everyone = 0, np.ones(len(starts), bool)
        self._rows.advance(self._rows.obs, everyone, [int(x) for x in starts[:, 0]])
        return self._rows


def network_input(obs: torch.Tensor, device) -> torch.Tensor:
    """Return observations as float32 on the device; bytes become numbers from 0 to 1."""
    return as_input(obs, device)
