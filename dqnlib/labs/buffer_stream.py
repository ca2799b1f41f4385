"""The steps of the Buffer lab: CartPole's go into a buffer, and batches are drawn from it."""

import itertools
import math
from collections import deque
from collections.abc import Callable

import numpy as np

from dqnlib import envs, policies
from dqnlib.data import Transition
from dqnlib.seeds.learner import LearnerError, first_line, name_of

RECENT = 500  # steps, and drawn transitions, from which the autocorrelations come


class Stream:
    """CartPole steps that go into a buffer, and what is drawn from it.

    `steps_kept` is the lab's own list of what a ring of this capacity holds, so that a picture
    needs nothing of the buffer but add, sample and len.
    """

    def __init__(self, replay: Callable, capacity: int, seed: int):
        self.replay, self.capacity = replay, capacity
        self.steps = 0
        self.buffer = self._call("__init__", lambda: replay(capacity))
        self.size = self._call("__len__", lambda: len(self.buffer))  # as the buffer says
        streams = policies.random_streams(seed)
        self._explore, self._sample = streams.explore, streams.sample
        self._env = envs.make("CartPole-v1")
        self._obs, _ = self._env.reset(seed=streams.env_seed)
        self.obs = np.zeros((capacity, 4), np.float32)  # in the slots of the ring
        self.steps_kept = np.zeros(capacity, int)  # which step each slot holds; 0: none
        self.angles: deque[float] = deque(maxlen=RECENT)  # of the last steps
        self.pairs: deque[tuple[float, float]] = deque(maxlen=RECENT)  # neighbors in batches
        self.batch = np.zeros((0, 4), np.float32)  # the last one [B, 4]

    def step(self, epsilon: float, batch_size: int, warmup: int) -> None:
        """Act once, keep the transition, and draw a batch if there is enough to draw from."""
        obs = self._obs
        lean = np.array([0.0, obs[2] + 0.5 * obs[3]])  # push to the side to which the pole falls
        action = policies.epsilon_greedy(lean, epsilon, self._explore)
        next_obs, reward, terminated, truncated, _ = self._env.step(action)
        one = Transition(obs.copy(), action, float(reward), next_obs.copy(), bool(terminated))
        self.steps += 1
        self._call("add", lambda: self.buffer.add(one))
        self.size = self._call("__len__", lambda: len(self.buffer))
        slot = (self.steps - 1) % self.capacity
        self.obs[slot], self.steps_kept[slot] = obs, self.steps
        self.angles.append(float(obs[2]))
        self._obs = self._env.reset()[0] if terminated or truncated else next_obs
        self.batch = self.batch[:0]
        if self.steps > warmup and self.size >= batch_size:
            self._draw(batch_size)

    def _draw(self, batch_size: int) -> None:
        batch = self._call("sample", lambda: self.buffer.sample(batch_size, self._sample))
        try:
            self.batch = np.asarray(batch.obs, np.float32).reshape(batch_size, 4)
        except (AttributeError, TypeError, ValueError):
            raise LearnerError(
                f"✗ {name_of(self.replay)}.sample returned {_kind(batch)} at step {self.steps}; "
                f"expected a Batch with obs of the shape ({batch_size}, 4)"
            ) from None
        self.pairs.extend(itertools.pairwise(self.batch[:, 2].tolist()))

    def _call(self, part: str, work: Callable):
        try:
            return work()
        except Exception as error:
            at = f" at step {self.steps}" if part != "__init__" else ""
            name = name_of(self.replay)
            raise LearnerError(f"✗ {name}.{part} failed{at}: {first_line(error)}") from error

    @property
    def slots(self) -> np.ndarray:
        """Which slot each drawn transition lies in [B]; −1 for one that no slot should hold."""
        same = (self.batch[:, None] == self.obs).all(2) & (self.steps_kept > 0)  # [B, capacity]
        return np.where(same.any(1), same.argmax(1), -1)

    @property
    def correlations(self) -> tuple[float, float]:
        """Autocorrelation of the pole's angle: step to step, and from neighbor to neighbor in
        batches; NaN before there is enough."""
        angles = np.array(self.angles)
        stream = _correlation(angles[:-1], angles[1:])
        return stream, _correlation(*np.array(self.pairs).reshape(-1, 2).T)


def _kind(value) -> str:
    shape = getattr(getattr(value, "obs", None), "shape", None)
    return f"obs of the shape {tuple(shape)}" if shape is not None else type(value).__name__


def _correlation(x: np.ndarray, y: np.ndarray) -> float:
    if len(x) < 20 or not x.std() or not y.std():
        return math.nan
    return float(np.corrcoef(x, y)[0, 1])
