"""A replay buffer of images (lesson 08)."""

from itertools import pairwise

import numpy as np
import torch

from dqnlib.data import Batch, Transition
from dqnlib.replay import ReplayBuffer, as_input, check_draw, check_fit, stored_dtype


class FrameReplayBuffer(ReplayBuffer):
    """A replay buffer of images that keeps every frame once (lesson 08).

    Gives the same batches as `ReplayBuffer`, for about an eighth of the memory. An observation
    [K, H, W] is a stack of K frames. The next observation of one step is the observation of the
    following step, and shares all but one frame with the observation before it. So each
    observation that comes is the last one, the last one moved on by a frame, or a new stack.
    Frames are numbered, and each transition holds the numbers of its frames.
    """

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(v.nbytes for v in vars(self).values() if isinstance(v, np.ndarray))

    def add(self, transition: Transition) -> None:
        """Keep a transition; when the ring is full, it takes the place of the oldest.

        Raises the errors of `ReplayBuffer`.
        """
        obs, action, reward, next_obs, terminated = transition
        obs, next_obs = np.asarray(obs), np.asarray(next_obs)
        check_fit(self.obs_shape if self.size else obs.shape, obs, next_obs, action)
        if self.size == 0:
            self._make_arrays(obs)
        i, numbers, next_numbers = self.next, self._keep(obs), self._keep(next_obs)
        self._obs[i], self._next_obs[i] = numbers, next_numbers
        self.action[i] = action
        self.reward[i] = reward
        self.terminated[i] = terminated
        self.next = (i + 1) % self.capacity
        if self.size < self.capacity:
            self.size += 1

    def sample(self, batch_size: int, rng: np.random.Generator) -> Batch:
        """Return the batch that a `ReplayBuffer` would give; raises the same errors."""
        check_draw(self.size, batch_size, rng)
        i = rng.integers(self.size, size=batch_size)
        shape, slots = (batch_size, *self.obs_shape), len(self._frames)
        return Batch(
            obs=as_input(self._frames[self._obs[i] % slots].reshape(shape)),
            action=torch.from_numpy(self.action[i]),
            reward=torch.from_numpy(self.reward[i]),
            next_obs=as_input(self._frames[self._next_obs[i] % slots].reshape(shape)),
            terminated=torch.from_numpy(self.terminated[i]),
        )

    def _make_arrays(self, obs: np.ndarray) -> None:
        n, self.obs_shape = self.capacity, obs.shape
        k, *frame = self._stack = stack_shape(obs.shape)
        # frame number f lies in slot f % len(_frames); there are as many as transitions, and a
        # few more: each episode's last observation, and the first stack
        self._frames = np.zeros((n + n // 50 + 2 * k, *frame), stored_dtype(obs))
        self._count = 0  # frames kept so far
        self._obs, self._next_obs = np.zeros((n, k), np.int64), np.zeros((n, k), np.int64)
        self._last, self._last_numbers = b"", [0] * k  # the observation before
        self.action, self.reward = np.zeros(n, np.int64), np.zeros(n, np.float32)
        self.terminated = np.zeros(n, bool)

    def _keep(self, obs: np.ndarray) -> list[int]:
        """Store the frames of an observation that are new; return the numbers of all, [K]."""
        frames = np.asarray(obs, self._frames.dtype, order="C").reshape(self._stack)
        last, numbers = self._last, self._last_numbers
        # as bytes, for then a comparison stops where they differ; the lengths are equal
        if last and last.startswith(frames):
            return numbers
        data = frames.tobytes()
        if last and data.startswith(memoryview(last)[len(last) // len(numbers) :]):
            numbers = [*numbers[1:], self._store(frames[-1])]
        else:
            numbers = [self._store(frames[0])]
            for before, frame in pairwise(frames):  # padding repeats one frame
                same = np.array_equal(before, frame)
                numbers.append(numbers[-1] if same else self._store(frame))
        self._last, self._last_numbers = data, numbers
        return numbers

    def _store(self, frame: np.ndarray) -> int:
        """Store a frame and return its number."""
        # numbers only rise, so the oldest transition holds the oldest frame that is still needed
        oldest = self._obs[self.next if self.size == self.capacity else 0, 0]
        number = self._count
        if number - oldest == len(self._frames):
            self._grow(oldest)
        self._frames[number % len(self._frames)] = frame
        self._count = number + 1
        return number

    def _grow(self, oldest: int) -> None:
        """Make room: with short episodes there are more frames than transitions."""
        old, used = self._frames, np.arange(oldest, self._count)
        self._frames = np.zeros((len(old) + len(old) // 20 + 1, *old.shape[1:]), old.dtype)
        for some in np.array_split(used, len(used) // 100 + 1):  # at once would be a third copy
            self._frames[some % len(self._frames)] = old[some % len(old)]


def stack_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return an observation's shape as a stack [K, *frame]; one image alone is a stack of one.

    The first of three axes counts frames if it is short; a longer one holds an image's rows.
    """
    return shape if len(shape) > 2 and shape[0] <= 16 else (1, *shape)
