"""What the Relabel lab shows: an episode of bit flipping, and its copies with other goals."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dqnlib.data import Transition
from dqnlib.goals import BitFlipping, Goals
from dqnlib.seeds.learner import LearnerError, call, name_of


class Copy(NamedTuple):
    """A step that was stored once more."""

    later: int  # the step that reached its goal
    transition: Transition


class Tale:
    """One episode after the other: the bits are flipped at random, then each step is relabeled.

    settings: bits, strategy and k; steps_of: (length, k, rng) -> steps [T, K]; relabel: see
    `dqnlib.transitions.relabel`. Both may be a learner's own: LearnerError says what is wrong.
    """

    def __init__(self, settings: dict, steps_of: Callable, relabel: Callable, seed: int):
        self.settings, self._steps_of, self._relabel = settings, steps_of, relabel
        self.env = BitFlipping(settings["bits"])
        self._goals = Goals(self.env)
        play, draw = np.random.SeedSequence(seed).spawn(2)
        self._play, self._draw = np.random.default_rng(play), np.random.default_rng(draw)
        self._seed: int | None = int(play.generate_state(1)[0])
        self.episodes, self.kept, self.rewarded = 0, 0, 0  # steps kept as they were so far
        self.forget()
        self._start()

    def forget(self) -> None:
        """Forget all copies: those of the present episode are made anew."""
        self.copied = self.rewarded_copies = 0
        self.now, self.copies = -1, []  # the step that was relabeled last, and its copies
        self._chosen: np.ndarray | None = None

    def choose_by(self, steps_of: Callable) -> None:
        """Choose goals in another way from now on; copies that were made are forgotten."""
        self._steps_of = steps_of
        self.forget()

    def _start(self) -> None:
        self.first, _ = self.env.reset(seed=self._seed)
        self._seed = None  # from here on the environment's own generator goes on
        self.steps: list[Transition] = []
        self.now, self.copies, self._chosen = -1, [], None
        self.episodes += 1

    @property
    def over(self) -> bool:
        """True once the episode has ended, at its goal or at its limit."""
        return bool(self.steps) and (self.steps[-1].terminated or len(self.steps) == self.env.bits)

    @property
    def done(self) -> bool:
        """True once every step of the episode has been relabeled."""
        return self.over and self.now == len(self.steps) - 1

    def step(self) -> None:
        """Flip a bit; after the episode relabel one step; after the last one begin anew."""
        if self.done:
            self._start()
        elif self.over:
            self._relabel_one()
        else:
            self._flip()

    def relabel_all(self) -> None:
        """Go on to the end of the episode, and relabel all of it."""
        if self.done:
            self._start()
        while not self.done:
            self.step()

    def _flip(self) -> None:
        obs = self.steps[-1].next_obs if self.steps else self.first
        action = int(self._play.integers(self.env.bits))
        next_obs, reward, terminated, _, _ = self.env.step(action)
        self.steps.append(Transition(obs, action, reward, next_obs, terminated))
        self.kept += 1
        self.rewarded += reward > -1

    def _relabel_one(self) -> None:
        t, length = self.now + 1, len(self.steps)
        if self._chosen is None:
            self._chosen = self._choose(length)
        made = [self._copy(t, int(later)) for later in self._chosen[t]]
        self.now, self.copies = t, made
        self.copied += len(made)
        self.rewarded_copies += sum(copy.transition.reward > -1 for copy in made)

    def _choose(self, length: int) -> np.ndarray:
        name, where = name_of(self._steps_of), f"in episode {self.episodes}"
        found = call(self._steps_of, length, self.settings["k"], self._draw, name=name, where=where)
        try:
            steps = np.asarray(found)
        except ValueError:  # rows of different lengths
            steps = np.asarray(None)
        if steps.ndim != 2 or len(steps) != length or steps.dtype.kind not in "iu":
            raise LearnerError(f"✗ {name} gave no table of {length} rows of whole numbers {where}")
        if (steps < 0).any() or (steps >= length).any():
            raise LearnerError(f"✗ {name} gave a step that is not among the {length} {where}")
        return steps

    def _copy(self, t: int, later: int) -> Copy:
        name, where = name_of(self._relabel), f"at step {t} of episode {self.episodes}"
        goal = self._goals.achieved_goal(self.steps[later].next_obs)
        given = self.steps[t]._replace(
            obs=self.steps[t].obs.copy(), next_obs=self.steps[t].next_obs.copy()
        )
        made = call(self._relabel, given, goal.copy(), self._goals, name=name, where=where)
        right = isinstance(made, tuple) and len(made) == 5
        if not right or any(np.shape(made[i]) != self.first.shape for i in (0, 3)):
            raise LearnerError(f"✗ {name} returned no Transition {where}")
        return Copy(later, Transition(*made))
