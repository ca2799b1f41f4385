"""A replay buffer of images (lesson 08)."""

import numpy as np
import torch

from dqnlib.data import Batch, Transition
from dqnlib.replay import ReplayBuffer, as_input, check_draw, check_fit, stored_dtype


class FrameReplayBuffer(ReplayBuffer):
    """A replay buffer of images that keeps every frame once (lesson 08).

    Gives the same batches as `ReplayBuffer`. The next observation of one step is the observation
    of the following step, and two stacks of frames in a row, [K, H, W], share K − 1 frames. Both
    are found by comparing, so that no word about episodes is needed. Each transition holds the
    numbers of its frames.
    """

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(v.nbytes for v in vars(self).values() if isinstance(v, np.ndarray))

    def add(self, transition: Transition) -> None:
        """Keep a transition; when the ring is full, it takes the place of the oldest.

        Raises the errors of `ReplayBuffer`.
        """
        obs, next_obs = np.asarray(transition.obs), np.asarray(transition.next_obs)
        check_fit(self.obs_shape if self.size else obs.shape, obs, next_obs, transition.action)
        if self.size == 0:
            self._make_places(obs, next_obs)
        obs, next_obs = obs.reshape(self._stack), next_obs.reshape(self._stack)  # [K, *frame]
        i, others = self.next, min(self.size, self.capacity - 1)  # those that stay
        floor = self._obs[i - others].min() if others else self._count  # oldest frame they need
        if np.array_equal(obs, self._last):  # the episode goes on
            numbers = self._latest
            floor = min(floor, numbers.min())
        else:
            numbers = self._keep(obs, floor)
            floor = min(floor, numbers.min())
        if len(obs) > 1 and np.array_equal(next_obs[:-1], obs[1:]):  # one new frame in the stack
            fresh = np.concatenate([numbers[1:], self._keep(next_obs[-1:], floor)])
        else:
            fresh = self._keep(next_obs, floor)
        self._obs[i], self._next_obs[i] = numbers, fresh
        self._latest, self._last = fresh, next_obs.copy()
        self.action[i], self.reward[i] = transition.action, transition.reward
        self.terminated[i] = transition.terminated
        self.next = (i + 1) % self.capacity
        self.size = min(self.size + 1, self.capacity)

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

    def _make_places(self, obs: np.ndarray, next_obs: np.ndarray) -> None:
        n, self.obs_shape = self.capacity, obs.shape
        stacked = obs.ndim == 3 and len(obs) > 1 and np.array_equal(next_obs[:-1], obs[1:])
        self._stack = obs.shape if stacked else (1, *obs.shape)  # K frames an observation
        k, *frame = self._stack
        # frame number f lies in slot f % len(_frames); there are as many as transitions, and a
        # few more: each episode's last observation, and the first stack
        self._frames = np.zeros((n + n // 50 + 2 * k, *frame), stored_dtype(obs))
        self._count = 0  # frames kept so far
        self._obs, self._next_obs = np.zeros((n, k), np.int64), np.zeros((n, k), np.int64)
        self._latest, self._last = np.zeros(k, np.int64), np.zeros(0)  # of the last next_obs
        self.action, self.reward = np.zeros(n, np.int64), np.zeros(n, np.float32)
        self.terminated = np.zeros(n, bool)

    def _keep(self, frames: np.ndarray, floor: int) -> np.ndarray:
        """Store frames [K, *frame] and return their numbers [K]; floor: the oldest in use."""
        numbers: list[int] = []
        for k, frame in enumerate(frames):
            if k and np.array_equal(frame, frames[k - 1]):  # a stack's start repeats one frame
                numbers.append(numbers[-1])
                continue
            if self._count - floor >= len(self._frames):
                self._grow(floor)
            self._frames[self._count % len(self._frames)] = frame
            numbers.append(self._count)
            self._count += 1
        return np.array(numbers)

    def _grow(self, floor: int) -> None:
        """Make room: with short episodes there are more frames than transitions."""
        old, used = self._frames, np.arange(floor, self._count)
        self._frames = np.zeros((len(old) + len(old) // 20 + 1, *old.shape[1:]), old.dtype)
        for some in np.array_split(used, len(used) // 100 + 1):  # at once would be a third copy
            self._frames[some % len(self._frames)] = old[some % len(old)]
