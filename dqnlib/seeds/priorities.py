"""Prioritized replay of S runs: `dqnlib.prioritized` for all of them at once.

The tree is wide, not binary: a node has 16 children, so a draw among a million reads five rows of
16 running sums in place of twenty pairs, and NumPy does so for all runs and all draws together.
"""

import warnings
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from dqnlib.prioritized import LEAST

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


class Priorities:
    """How S buffers draw: `dqnlib.prioritized.PrioritizedReplayBuffer` without what it keeps.

    Draws what S such buffers with these generators would draw, but for the last bits of the sums.
    seeds, where: how a warning calls the runs, and says when.
    """

    def __init__(
        self,
        s: int,
        capacity: int,
        alpha: float,
        seeds=None,
        where: Callable = lambda: "prioritized replay",
    ):
        self.alpha, self._where, self._told = alpha, where, False
        self._seeds = tuple(range(s)) if seeds is None else seeds
        self._trees, self._largest = SumTrees(s, capacity), np.ones(s)

    def added(self, runs: np.ndarray, places: np.ndarray) -> None:
        """Give new transitions the largest priority of their run so far: runs, places [R]."""
        self._trees.put(places[:, None], self._largest[runs][:, None], runs)

    def draw(
        self, batch_size: int, rngs, sizes: np.ndarray, beta: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return places and weights [S, B], one draw from each of B equal parts; sizes: [S]."""
        total = self._trees.total[:, None]  # [S, 1]
        drawn = np.stack([rng.random(batch_size) for rng in rngs])
        i = self._trees.find((np.arange(batch_size) + drawn) / batch_size * total)
        probability = np.take_along_axis(self._trees.leaves, i, 1) / total
        weight = (sizes[:, None] * probability) ** -beta
        return i, (weight / weight.max(1, keepdims=True)).astype(np.float32)

    def update(self, index: Tensor, td_error: Tensor) -> None:
        """Set the priorities of a batch: [S, B] each; what is not finite changes none, and is told.

        One warning in all: a run that has diverged has such errors in every batch from then on.
        """
        error = np.abs(td_error.cpu().numpy().astype(np.float64))
        index = index.cpu().numpy()
        fine = np.isfinite(error)
        if not (self._told or fine.all()):
            self._warn(~fine)
        old = np.take_along_axis(self._trees.leaves, index, 1)
        with np.errstate(invalid="ignore"):
            priority = np.where(fine, (error + LEAST) ** self.alpha, old)
        self._trees.put(index, priority)
        np.maximum(self._largest, np.where(fine, priority, 0).max(1), out=self._largest)

    def _warn(self, lost: np.ndarray) -> None:
        """Say which runs have errors that are not finite, and what it means; lost: [S, B]."""
        self._told, found = True, np.flatnonzero(lost.any(1))
        names = ", ".join(str(self._seeds[k]) for k in found[:5])
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""
        runs = "seed" if len(found) == 1 else "seeds"
        warnings.warn(
            f"{self._where()}, {runs} {names}{more}: {lost[found[0]].sum()} of {lost.shape[1]} TD "
            f"errors of a batch of seed {self._seeds[found[0]]} are NaN or infinite, which is no "
            "priority: these transitions keep the ones they had. Such a run has diverged: look at "
            "its values, and lower the learning rate. This is said once, others may follow",
            stacklevel=2,
        )

    def state(self, most: int) -> dict:
        """Return all that is needed to go on from here, as plain data; most: places in use."""
        return {"leaves": self._trees.leaves[:, :most].copy(), "largest": self._largest.copy()}

    def restore(self, state: dict) -> None:
        """Go back to a state."""
        self._largest[:], kept = state["largest"], state["leaves"]
        self._trees.put(np.broadcast_to(np.arange(kept.shape[1]), kept.shape), kept)


class Drawing:
    """What the rings have in common: they draw uniformly, or with priorities.

    beta: 0 to 1, how much weights undo the priorities.
    """

    priorities: Priorities | None = None
    beta = 1.0

    @property
    def wants_errors(self) -> bool:
        """True if `update` is to be told the TD errors of each batch."""
        return self.priorities is not None

    def update(self, index: Tensor, td_error: Tensor) -> None:
        """Set the priorities of a batch: [S, B] each."""
        self.priorities.update(index, td_error)

    def _drawn(self, batch_size: int) -> tuple[np.ndarray, dict[str, Tensor]]:
        """Return the places [S, B] of a batch, and its weight and index [S, B] if it has these."""
        if self.priorities is None:
            pairs = zip(self._rngs, self.sizes.tolist(), strict=True)
            return np.stack([rng.integers(size, size=batch_size) for rng, size in pairs]), {}
        i, weight = self.priorities.draw(batch_size, self._rngs, self.sizes, self.beta)
        added = {"weight": torch.from_numpy(weight), "index": torch.from_numpy(i)}
        return i, {name: field.to(self.device) for name, field in added.items()}
