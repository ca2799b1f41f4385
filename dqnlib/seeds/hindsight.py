"""Hindsight of S runs: what `dqnlib.transitions.Hindsight` gives each of them, to the last bit."""

from collections.abc import Iterator

import numpy as np

from dqnlib.transitions import STRATEGIES

FIRST = 16  # steps of an episode for which there is room at first


class Relabeled:
    """Stores every step, and copies of a whole episode, with other goals, when it has ended.

    goals: the methods of `dqnlib.goals` for many goals at once; strategy, k: as for
    `dqnlib.transitions.Hindsight`; rngs: a generator a run, which draws its goals; obs: [S, O], of
    which shape and type are taken.
    """

    def __init__(self, goals, strategy: str, k: int, rngs, obs: np.ndarray):
        self._goals, self._k, self._rngs = goals, k, rngs
        self._steps_of, s = STRATEGIES[strategy], len(obs)
        self._everyone = np.arange(s)
        self._length = np.zeros(s, np.int64)  # steps of each run's episode so far
        self._obs = np.zeros((s, FIRST, *obs.shape[1:]), obs.dtype)  # before each of these
        self._next_obs, self._action = self._obs.copy(), np.zeros((s, FIRST), np.int64)

    def step(
        self, obs, action, reward, next_obs, terminated, ended, gamma, choice=None
    ) -> Iterator[tuple]:
        """Take one environment step of every run; yield all steps, then the copies, if any.

        The last array of a yield, rows, says whose they are; a run's are in its own order.
        """
        yield obs, action, reward, next_obs, terminated, self._everyone
        if self._length.max() == self._obs.shape[1]:
            self._make_room()
        here = self._everyone, self._length
        self._obs[here], self._next_obs[here], self._action[here] = obs, next_obs, action
        self._length += 1
        over = ended.nonzero()[0]
        if len(over):
            yield self._copies(over)
            self._length[over] = 0

    def _make_room(self) -> None:
        """Double the room for steps."""
        for name in ("_obs", "_next_obs", "_action"):
            array = getattr(self, name)
            setattr(self, name, np.concatenate([array, np.zeros_like(array)], 1))

    def _copies(self, over: np.ndarray) -> tuple:
        rows, steps, later = [], [], []  # [C] each: whose, which step, and where its goal is from
        for run in over:
            length = int(self._length[run])
            chosen = self._steps_of(length, self._k, self._rngs[run])  # [T, K]
            rows.append(np.full(chosen.size, run))
            steps.append(np.repeat(np.arange(length), chosen.shape[1]))
            later.append(chosen.reshape(-1))
        rows, steps, later = map(np.concatenate, (rows, steps, later))
        goals, next_obs = self._goals, self._next_obs[rows, steps]
        goal = goals.achieved_goal(self._next_obs[rows, later])  # [C, G]
        reached = goals.achieved_goal(next_obs)
        return (
            goals.with_goal(self._obs[rows, steps], goal), self._action[rows, steps],
            goals.compute_reward(reached, goal, {}), goals.with_goal(next_obs, goal),
            goals.compute_terminated(reached, goal, {}), rows,
        )  # fmt: skip

    def state(self) -> dict:
        """Return all that is needed to go on from here, as plain data."""
        most = int(self._length.max())
        arrays = {"obs": self._obs, "next_obs": self._next_obs, "action": self._action}
        kept = {name: array[:, :most].copy() for name, array in arrays.items()}
        rngs = [rng.bit_generator.state for rng in self._rngs]
        return {"length": self._length.copy(), "rngs": rngs, **kept}

    def restore(self, state: dict) -> None:
        """Go back to a state."""
        self._length, most = state["length"].copy(), state["obs"].shape[1]
        while self._obs.shape[1] < most:
            self._make_room()
        self._obs[:, :most], self._next_obs[:, :most] = state["obs"], state["next_obs"]
        self._action[:, :most] = state["action"]
        for rng, kept in zip(self._rngs, state["rngs"], strict=True):
            rng.bit_generator.state = kept
