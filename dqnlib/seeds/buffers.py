"""Which replay buffer the runs get, and the one where runs add different numbers of transitions."""

import numpy as np

from dqnlib.config import Config
from dqnlib.data import Batch
from dqnlib.seeds.frames import FrameRing
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
    if "replay" in own:
        buffers = Buffers(own["replay"], c.capacity, rngs, device, names, where)
        if buffers.wants_errors and "update" in own:
            raise ValueError(
                f"{buffers.name} has a method update, which is told the TD errors, but your own "
                "training step keeps them to itself: give td_target and loss in place of update"
            )
        return buffers
    if c.priority_alpha and "update" in own:
        raise ValueError(
            f"priority_alpha={c.priority_alpha:g} needs the TD errors of each batch, but your own "
            "training step keeps them to itself: give td_target and loss in place of update"
        )
    if c.priority_alpha:
        priorities = Priorities(len(rngs), c.capacity, c.priority_alpha, names, where)
    if len(obs_shape) > 1:
        return FrameRing(
            c.capacity, obs_shape, obs_dtype, rngs, device, n_step=c.n_step, priorities=priorities
        )
    if uneven or priorities:
        return UnevenRing(c.capacity, obs_shape[0], rngs, device, priorities)
    return Ring(c.capacity, obs_shape[0], rngs, device)


class UnevenRing(Ring):
    """A `Ring` in which each run has a place and a size of its own.

    Gives the batches that S `dqnlib.replay.ReplayBuffer` with these generators would give, or with
    priorities S `dqnlib.prioritized.PrioritizedReplayBuffer`.
    """

    def __init__(
        self, capacity: int, obs_size: int, rngs, device="cpu", priorities: Priorities | None = None
    ):
        super().__init__(capacity, obs_size, rngs, device)
        self.priorities = priorities
        self.sizes = np.zeros(len(rngs), np.int64)  # transitions of each run [S]
        self._places = np.zeros(len(rngs), np.int64)  # where the next one goes [S]

    def __len__(self) -> int:
        return int(self.sizes.min())

    def add(self, obs, action, reward, next_obs, terminated, rows=None) -> None:
        """Keep one transition of each of the runs: arrays [R, O], [R], [R], [R, O], [R].

        rows: the runs' numbers [R], each once; None stands for all S.
        """
        rows = np.arange(len(self.sizes)) if rows is None else rows
        columns = (obs, next_obs, *(np.asarray(x)[:, None] for x in (reward, action, terminated)))
        self._write(rows, self._places[rows], np.concatenate(columns, 1).astype(np.float32))
        if self.priorities:
            self.priorities.added(rows, self._places[rows])
        self._places[rows] = (self._places[rows] + 1) % self.capacity
        self.sizes[rows] = np.minimum(self.sizes[rows] + 1, self.capacity)

    def sample(self, batch_size: int) -> Batch:
        """Return a batch of every run: obs [S, B, O] and so on."""
        i, added = self._drawn(batch_size)
        return Batch(*self._read(i), **added)

    def state(self) -> dict:
        """Return all that is needed to go on from here, as plain data."""
        most = int(self.sizes.max())
        return {
            "sizes": self.sizes.copy(), "places": self._places.copy(), "rows": self._kept(most),
            "sampling": [rng.bit_generator.state for rng in self._rngs],
            "priorities": self.priorities and self.priorities.state(most),
        }  # fmt: skip

    def restore(self, state: dict) -> None:
        """Go back to a state."""
        if self.priorities:
            self.priorities.restore(state["priorities"])
        self.sizes[:], self._places[:] = state["sizes"], state["places"]
        self._rows[:, : state["rows"].shape[1]] = state["rows"].to(self.device)
        for rng, kept in zip(self._rngs, state["sampling"], strict=True):
            rng.bit_generator.state = kept
