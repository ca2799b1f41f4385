"""Replay buffers of one run: they keep transitions and give out random batches of them."""

from operator import index

import numpy as np
import torch

from dqnlib.data import Batch, Transition, check_count


class ReplayBuffer:
    """A ring of the last `capacity` transitions (Lin 1992; Mnih et al. 2015; lesson 03).

    Arrays are made when the first transition comes, which shows the shape and the type of an
    observation: bytes stay bytes, every other number is kept as float32.
    """

    def __init__(self, capacity: int):
        self.capacity = check_count("capacity", capacity)
        self.size = 0  # transitions kept
        self.next = 0  # where the next one goes

    def __len__(self) -> int:
        return self.size

    def add(self, transition: Transition) -> None:
        """Keep a transition; when the ring is full, it takes the place of the oldest.

        Its obs and next_obs are [*O], of one shape for the whole buffer. Raises ValueError for
        another shape, and for an action that is no whole number.
        """
        obs, action, reward, next_obs, terminated = transition
        if self.size == 0:
            self._make_arrays(np.asarray(obs))
        check_fit(self.obs_shape, obs, next_obs, action)
        i = self.next
        self.obs[i] = obs
        self.action[i] = action
        self.reward[i] = reward
        self.next_obs[i] = next_obs
        self.terminated[i] = terminated
        self.next = (i + 1) % self.capacity
        if self.size < self.capacity:
            self.size += 1

    def sample(self, batch_size: int, rng: np.random.Generator) -> Batch:
        """Return a batch drawn uniformly, with replacement; bytes come as numbers from 0 to 1.

        rng: the NumPy generator that draws. Returns obs and next_obs [B, *O] and the other fields
        [B], where B is batch_size. Raises ValueError if the buffer is empty, batch_size is no
        whole number of at least 1, or rng is no generator.
        """
        check_draw(self.size, batch_size, rng)
        i = rng.integers(self.size, size=batch_size)
        return Batch(
            obs=as_input(self.obs[i]),
            action=torch.from_numpy(self.action[i]),
            reward=torch.from_numpy(self.reward[i]),
            next_obs=as_input(self.next_obs[i]),
            terminated=torch.from_numpy(self.terminated[i]),
        )

    def _make_arrays(self, obs: np.ndarray) -> None:
        self.obs_shape = obs.shape
        shape, kind = (self.capacity, *obs.shape), stored_dtype(obs)
        self.obs, self.next_obs = np.zeros(shape, kind), np.zeros(shape, kind)
        self.action = np.zeros(self.capacity, np.int64)
        self.reward = np.zeros(self.capacity, np.float32)
        self.terminated = np.zeros(self.capacity, bool)


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


def collect(env, policy, buffer, steps, seed):
    """Take environment steps, keep each in the buffer, return the returns of the ended episodes.

    policy: a function from an observation to an action; steps: environment steps, over as many
    episodes as it takes; seed: for the first reset (lesson 03). The next observation of an
    episode's last step is the one that the step gave, not that of the reset; only `terminated`
    is kept, as reward could follow a time limit.
    """
    returns, total = [], 0.0
    obs, _ = env.reset(seed=seed)
    for _ in range(steps):
        action = policy(obs)
        next_obs, reward, terminated, truncated, _ = env.step(action)
        buffer.add(Transition(obs, action, reward, next_obs, terminated))
        obs, total = next_obs, total + reward
        if terminated or truncated:
            returns.append(total)
            obs, _ = env.reset()
            total = 0.0
    return returns


def check_fit(obs_shape: tuple[int, ...], obs, next_obs, action) -> None:
    """Raise a ValueError unless both observations have this shape and the action is whole."""
    try:
        if obs.shape == next_obs.shape == obs_shape:
            index(action)
            return
    except (AttributeError, TypeError):  # a list or a number has no shape; 1.7 is no action
        pass
    for name, value in (("obs", obs), ("next_obs", next_obs)):
        if np.shape(value) != obs_shape:
            raise ValueError(
                f"{name} has the shape {list(np.shape(value))}, but this buffer holds observations "
                f"of the shape {list(obs_shape)}: all must be alike"
            )
    try:
        index(action)
    except TypeError:
        raise ValueError(f"action must be a whole number, but it is {action!r}") from None


def check_draw(size: int, batch_size, rng) -> None:
    """Raise a ValueError unless a batch of this size can be drawn from so many transitions."""
    if size == 0:
        raise ValueError("the replay buffer is empty: add a transition before you sample")
    check_count("batch_size", batch_size)
    if not hasattr(rng, "integers"):
        raise ValueError(
            f"rng must be a NumPy generator, such as np.random.default_rng(0), but it is {rng!r}"
        )


def stored_dtype(obs: np.ndarray) -> np.dtype:
    """The type in which an observation is stored: bytes and truth values stay, else float32."""
    return obs.dtype if obs.dtype in (np.uint8, np.bool_) else np.dtype(np.float32)


def as_input(obs: np.ndarray) -> torch.Tensor:
    """Return stored observations as a network's input, float32: bytes become 0 to 1."""
    if obs.dtype == np.uint8:
        return torch.from_numpy(obs).float().div_(255)
    return torch.from_numpy(obs).float()
