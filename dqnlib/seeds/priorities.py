"""Prioritized replay of S runs: `dqnlib.prioritized` for all of them at once.

The tree is wide, not binary: a node has 16 children, so a draw among a million reads five rows of
16 running sums in place of twenty pairs, and NumPy does so for all runs and all draws together.
"""

import numpy as np
import torch
from torch import Tensor

from dqnlib.data import Batch
from dqnlib.prioritized import LEAST
from dqnlib.seeds.buffers import UnevenRing
from dqnlib.seeds.learner import LearnerError

WIDE = 16  # children of a node


class SumTrees:
    """The priorities of S buffers and their sums; finds what `dqnlib.prioritized.SumTree` finds."""

    def __init__(self, s: int, capacity: int):
        sizes = [-(-capacity // WIDE)]  # nodes of each level, from the leaves up to the root
        while sizes[-1] > 1:
            sizes.append(-(-sizes[-1] // WIDE))
        # what each node's children hold, and the running sums of that, which `find` looks at
        self._children = [np.zeros((s, size, WIDE)) for size in sizes]
        self._sums = [np.zeros((s, size, WIDE)) for size in sizes]
        self._runs = np.arange(s)[:, None]  # [S, 1]
        self.leaves = self._children[0].reshape(s, -1)  # [S, N or a few more], the same memory

    @property
    def total(self) -> np.ndarray:
        """[S] the sum of all priorities of each run."""
        return self._sums[-1][:, 0, -1]

    def put(self, places: np.ndarray, priorities: np.ndarray, runs: np.ndarray | None = None):
        """Change priorities [R, B] at places [R, B]; of a place that comes twice the last counts.

        runs: whose they are [R]; None stands for all S.
        """
        rows, values = self._runs if runs is None else runs[:, None], priorities
        for children, sums in zip(self._children, self._sums, strict=True):
            nodes = places // WIDE
            children[rows, nodes, places - nodes * WIDE] = values
            running = children[rows, nodes].cumsum(-1)  # [R, B, WIDE]
            sums[rows, nodes] = running
            places, values = nodes, running[..., -1]

    def find(self, x: np.ndarray) -> np.ndarray:
        """Return the places [S, B] at which the running sums pass x [S, B]."""
        node = np.zeros(x.shape, np.int64)
        for sums in reversed(self._sums):
            running = sums[self._runs, node]  # [S, B, WIDE]
            last = np.count_nonzero(running < running[..., -1:], -1)  # the last that is not 0
            child = np.minimum(np.count_nonzero(running <= x[..., None], -1), last)
            before = sums[self._runs, node, child - 1]  # of child 0 this is the sum of all
            x = x - np.where(child > 0, before, 0.0)
            node = node * WIDE + child
        return node


class PrioritizedRing(UnevenRing):
    """A ring for vectors, drawn with priorities.

    Gives the batches that S `dqnlib.prioritized.PrioritizedReplayBuffer` with these generators
    would give, but for the last bits of the sums. beta may be changed at any time.
    """

    wants_errors = True

    def __init__(self, capacity: int, obs_size: int, rngs, alpha: float, beta: float, device="cpu"):
        super().__init__(capacity, obs_size, rngs, device)
        self.alpha, self.beta = alpha, beta
        self._trees, self._largest = SumTrees(len(rngs), capacity), np.ones(len(rngs))

    def add(self, obs, action, reward, next_obs, terminated, rows=None) -> None:
        """Keep one transition of each of the runs; see `UnevenRing.add`."""
        runs = np.arange(len(self.sizes)) if rows is None else rows
        places = self._places[runs].copy()
        super().add(obs, action, reward, next_obs, terminated, rows)
        self._trees.put(places[:, None], self._largest[runs][:, None], runs)

    def sample(self, batch_size: int) -> Batch:
        """Return a batch of every run, with weight and index [S, B]."""
        total = self._trees.total[:, None]  # [S, 1]
        drawn = np.stack([rng.random(batch_size) for rng in self._rngs])
        i = self._trees.find((np.arange(batch_size) + drawn) / batch_size * total)
        probability = np.take_along_axis(self._trees.leaves, i, 1) / total
        weight = (self.sizes[:, None] * probability) ** -self.beta
        weight = (weight / weight.max(1, keepdims=True)).astype(np.float32)
        batch = self._read(i)
        added = (torch.from_numpy(x).to(self.device) for x in (weight, i))
        return Batch(*batch, **dict(zip(("weight", "index"), added, strict=True)))

    def update(self, index: Tensor, td_error: Tensor) -> None:
        """Set the priorities of a batch: [S, B] each; LearnerError for what is not finite."""
        priority = (np.abs(td_error.cpu().numpy().astype(np.float64)) + LEAST) ** self.alpha
        if not np.isfinite(priority).all():
            raise LearnerError("✗ a priority would be NaN or infinite: this run has diverged")
        self._trees.put(index.cpu().numpy(), priority)
        np.maximum(self._largest, priority.max(1), out=self._largest)

    def state(self) -> dict:
        """Return all that is needed to go on from here, as plain data."""
        most = int(self.sizes.max())
        kept = {"priorities": self._trees.leaves[:, :most].copy(), "largest": self._largest.copy()}
        return super().state() | kept

    def restore(self, state: dict) -> None:
        """Go back to a state."""
        super().restore(state)
        self._largest[:], kept = state["largest"], state["priorities"]
        places = np.broadcast_to(np.arange(kept.shape[1]), kept.shape)
        self._trees.put(places, kept)
