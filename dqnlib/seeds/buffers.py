"""Which replay buffer the runs get, and the one where runs add different numbers of transitions."""

import numpy as np
import torch

from dqnlib.config import Config
from dqnlib.data import Batch
from dqnlib.seeds.frames import FrameRing
from dqnlib.seeds.online import Newest
from dqnlib.seeds.priorities import Priorities
from dqnlib.seeds.replay import Buffers, Ring


def replay_for(
    config: Config, obs_shape, obs_dtype, rngs, device: str, own: dict, names, where, uneven=False
):
    """Return the replay buffer of S runs.

    obs_shape, obs_dtype: of one observation; rngs: a generator a run, which draws its batches;
    own: the learner's functions by slot, of which "replay" makes a buffer; names, where: how its
    errors call each run, and say when; uneven: the runs may add different numbers of transitions.
    A ring for vectors, a ring of frames for images; both draw with priorities where
    config.priority_alpha says so.
    """
    c, priorities = config, None
    if c.online:
        return Newest(c, len(rngs), obs_shape, obs_dtype, device)
    if "replay" in own:
        return Buffers(own["replay"], c.capacity, rngs, device, names, where)
    if c.priority_alpha:
        priorities = Priorities(len(rngs), c.capacity, c.priority_alpha, names, where)
    if len(obs_shape) > 1 and c.environments > 1:
        raise ValueError(
            "a replay buffer of images keeps the frames of one environment in their order, but "
            f"there are {c.environments}: take environments=1, or learn without replay, with "
            "capacity and batch_size of environments × update_every"
        )
    if len(obs_shape) > 1:
        return FrameRing(
            c.capacity, obs_shape, obs_dtype, rngs, device, n_step=c.n_step, priorities=priorities
        )
    if uneven or priorities or c.environments > 1:
        extra = {"weighted": "weight", "cut": "discount"}.get(c.windows)
        return UnevenRing(c.capacity, obs_shape[0], rngs, device, priorities, extra)
    return Ring(c.capacity, obs_shape[0], rngs, device)


class UnevenRing(Ring):
    """A `Ring` in which each run has a place and a size of its own.

    Gives the batches that S `dqnlib.replay.ReplayBuffer` with these generators would give, or with
    priorities S `dqnlib.prioritized.PrioritizedReplayBuffer`. extra: "weight" or "discount", which
    each transition then brings along, and which its batch carries.
    """

    def __init__(
        self, capacity: int, obs_size: int, rngs, device="cpu",
        priorities: Priorities | None = None, extra: str | None = None,
    ):  # fmt: skip
        super().__init__(capacity, obs_size, rngs, device)
        self.priorities, self._extra_name = priorities, extra
        self._extra = np.zeros((len(rngs), capacity if extra else 0), np.float32)
        self.sizes = np.zeros(len(rngs), np.int64)  # transitions of each run [S]
        self._places = np.zeros(len(rngs), np.int64)  # where the next one goes [S]

    def __len__(self) -> int:
        return int(self.sizes.min())

    def add(self, obs, action, reward, next_obs, terminated, rows=None, extra=None) -> None:
        """Keep one transition of each of the runs: arrays [R, O], [R], [R], [R, O], [R].

        rows: the runs' numbers [R], in the order in which each run adds; None stands for all S,
        each as often as it has environments. extra: [R], what each brings.
        """
        if rows is None:
            rows = np.repeat(np.arange(len(self.sizes)), len(obs) // len(self.sizes))
        columns = (obs, next_obs, *(np.asarray(x)[:, None] for x in (reward, action, terminated)))
        new = np.concatenate(columns, 1).astype(np.float32)
        counts = np.bincount(rows, minlength=len(self.sizes))  # [S]
        nth = _occurrences(rows, counts)
        last = nth >= counts[rows] - self.capacity  # all, but where a run adds more than it holds
        rows, new = rows[last], new[last]
        places = (self._places[rows] + nth[last]) % self.capacity
        self._write(rows, places, new)
        if self.priorities:
            self.priorities.added(rows, places)
        if self._extra_name:
            self._extra[rows, places] = np.asarray(extra)[last]
        self._places = (self._places + counts) % self.capacity
        self.sizes = np.minimum(self.sizes + counts, self.capacity)

    def sample(self, batch_size: int) -> Batch:
        """Return a batch of every run: obs [S, B, O] and so on."""
        i, added = self._drawn(batch_size)
        if self._extra_name:
            extra = torch.from_numpy(np.take_along_axis(self._extra, i, 1))
            added[self._extra_name] = extra.to(self.device)
        return Batch(*self._read(i), **added)

    def state(self) -> dict:
        """Return all that is needed to go on from here, as plain data."""
        most = int(self.sizes.max())
        return {
            "sizes": self.sizes.copy(), "places": self._places.copy(), "rows": self._kept(most),
            "sampling": [rng.bit_generator.state for rng in self._rngs],
            "priorities": self.priorities and self.priorities.state(most),
            "extra": self._extra[:, :most].copy(),
        }  # fmt: skip

    def restore(self, state: dict) -> None:
        """Go back to a state."""
        if self.priorities:
            self.priorities.restore(state["priorities"])
        self.sizes[:], self._places[:] = state["sizes"], state["places"]
        self._rows[:, : state["rows"].shape[1]] = state["rows"].to(self.device)
        if self._extra_name:
            self._extra[:, : state["extra"].shape[1]] = state["extra"]
        for rng, kept in zip(self._rngs, state["sampling"], strict=True):
            rng.bit_generator.state = kept


def _occurrences(rows: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return [R]: how often each entry's run came before it; counts: how often each comes [S]."""
    nth = np.zeros(len(rows), np.int64)
    if len(rows) > np.count_nonzero(counts):
        before = np.cumsum(counts) - counts  # entries of the runs with smaller numbers
        by_run = np.argsort(rows, kind="stable")
        nth[by_run] = np.arange(len(rows)) - np.repeat(before, counts)
    return nth
