"""Replay buffers of one run: they keep transitions and give out random batches of them."""

from operator import index

import numpy as np
import torch

from dqnlib import moved
from dqnlib.arguments import check_count
from dqnlib.data import Batch, Transition

__getattr__ = moved.names_of(__name__)  # for what was here before


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
        return self._batch(rng.integers(self.size, size=batch_size))

    def _batch(self, i: np.ndarray) -> Batch:
        """Return what lies in the places i [B]."""
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


def as_input(obs, device="cpu") -> torch.Tensor:
    """Return stored observations as a network's input, float32 on the device: bytes become 0 to 1.

    obs: an array or a tensor of any shape.
    """
    obs = torch.as_tensor(obs).to(device)
    return obs.float().div_(255) if obs.dtype == torch.uint8 else obs.float()
