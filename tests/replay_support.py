"""What the tests of replay buffers share: the deque that says what a buffer should hold."""

import copy
from collections import deque

import numpy as np
import torch

from dqnlib.data import Batch, Transition
from dqnlib.storage import from_plain, to_plain


class Chosen:
    """Stands in for a generator: picks these places; left out, each once, in their order."""

    def __init__(self, places: np.ndarray | None = None):
        self.places = places

    def integers(self, high, size):
        return np.arange(high) if self.places is None else self.places


class Model:
    """What a buffer should hold: a deque. Transition number t is kept in place t modulo N."""

    def __init__(self, capacity: int):
        self.kept, self.capacity, self.added = deque(maxlen=capacity), capacity, 0

    def add(self, transition: Transition) -> None:
        self.kept.append(copy.deepcopy(transition))
        self.added += 1

    def batch(self) -> Batch:
        """Return all transitions in the order of the store."""
        first = self.added - len(self.kept)
        numbers = sorted(range(first, self.added), key=lambda t: t % self.capacity)
        return as_batch([self.kept[t - first] for t in numbers])


def as_batch(transitions: list[Transition]) -> Batch:
    """Return transitions as a batch, worked out with NumPy alone."""
    obs, action, reward, next_obs, terminated = (np.array(x) for x in zip(*transitions))
    if obs.dtype == np.uint8:
        obs, next_obs = obs / np.float32(255), next_obs / np.float32(255)
    kinds = (np.float32, np.int64, np.float32, np.float32, bool)
    fields = (obs, action, reward, next_obs, terminated)
    return Batch(*(torch.from_numpy(x.astype(k)) for x, k in zip(fields, kinds, strict=True)))


def same(a: Batch, b: Batch) -> bool:
    """Are two batches equal, bit for bit, and of the same shapes and types?"""
    pairs = [(x, y) for x, y in zip(a, b, strict=True) if not (x is None and y is None)]
    return all(
        x.shape == y.shape and x.dtype == y.dtype and x.numpy().tobytes() == y.numpy().tobytes()
        for x, y in pairs
    )


def five_fields(batch: Batch) -> tuple[torch.Tensor, ...]:
    """Return the five fields of a batch without weights; fail if there are others."""
    assert batch.weight is batch.index is None
    return batch[:5]


def rngs(n: int, first: int = 0) -> list[np.random.Generator]:
    return [np.random.default_rng(first + k) for k in range(n)]


def through_storage(state: dict) -> dict:
    """Return a state as it comes back from a file."""
    return from_plain(to_plain(state, "state"))
