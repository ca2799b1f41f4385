"""Prioritized replay of one run: a transition with more to learn from is drawn more often.

Schaul et al. 2016, "Prioritized Experience Replay", the proportional variant (lesson 06).
"""

import math
from collections.abc import Callable

import numpy as np
import torch

from dqnlib.arguments import check_count, check_number
from dqnlib.data import Batch, Transition
from dqnlib.replay import ReplayBuffer, check_draw

LEAST = 1e-3  # added to every |TD error|, so that no transition is never drawn again


def find(nodes, x: float) -> int:
    """Return the place at which the running sum of a tree's priorities passes x (lesson 06b).

    nodes: [2 L] of a sum tree with L leaves, L a power of two: nodes[1] is the root, the children
    of node i are 2 i and 2 i + 1, and leaf k, which is node L + k, holds the priority of place k;
    every other node holds the sum of its two children. x: 0 up to, but not including, nodes[1].
    Place k is found for a share of all x that is its share of the total
    (Schaul et al. 2016, appendix B.2.1).
    """
    leaves, node = len(nodes) // 2, 1
    while node < leaves:
        node = 2 * node  # the left child
        if x >= nodes[node]:
            x = x - nodes[node]
            node = node + 1
    return node - leaves


class SumTree:
    """A binary tree over priorities: a leaf holds one, each other node the sum of its two children.

    Drawing and changing one takes log₂ of `capacity` steps (Schaul et al. 2016, appendix B.2.1).
    find: your own `find`, in place of the library's. Raises ValueError for a capacity that is no
    whole number of at least 1.
    """

    def __init__(self, capacity: int, find: Callable = find):
        self.capacity, self._find = check_count("capacity", capacity), find
        self.leaves = 1 << (self.capacity - 1).bit_length()  # a power of two
        self.nodes = np.zeros(2 * self.leaves)  # node 1 is the root, leaf i is node `leaves` + i

    @property
    def total(self) -> float:
        """The sum of all priorities."""
        return float(self.nodes[1])

    def __getitem__(self, i: int) -> float:
        return float(self.nodes[self.leaves + self._place(i)])

    def __setitem__(self, i: int, priority: float) -> None:
        """Change the priority of place i; ValueError for one that is negative, NaN or infinite."""
        if not 0 <= priority < math.inf:
            raise ValueError(f"a priority must be finite and at least 0, but it is {priority!r}")
        node = self.leaves + self._place(i)
        self.nodes[node] = priority
        while node > 1:
            node //= 2
            self.nodes[node] = self.nodes[2 * node] + self.nodes[2 * node + 1]

    def find(self, x: float) -> int:
        """Return the place at which the running sum of the priorities passes x: see `find`.

        x: 0 up to, but not including, `total`. One of priority 0 is never found, not even where
        the sums are rounded. Raises ValueError if all are 0.
        """
        if self.total == 0:
            raise ValueError("no priority is above 0: there is nothing to draw")
        place = self._find(self.nodes, x)
        while self.nodes[self.leaves + place] == 0:  # x was rounded up to the end of all that count
            place -= 1
        return place

    def fill(self, priorities) -> None:
        """Set the priorities of the first places at once; ValueError as for a single one."""
        priorities = np.asarray(priorities, float)
        if not (np.isfinite(priorities) & (priorities >= 0)).all():
            raise ValueError("priorities must be finite and at least 0")
        self.nodes[self.leaves : self.leaves + len(priorities)] = priorities
        for node in reversed(range(1, self.leaves)):
            self.nodes[node] = self.nodes[2 * node] + self.nodes[2 * node + 1]

    def _place(self, i: int) -> int:
        if not 0 <= i < self.capacity:
            raise IndexError(f"place {i} is not one of 0 to {self.capacity - 1}")
        return int(i)


def importance_weights(probability, size: int, beta: float):
    """Return the weights [B] that undo what drawing with priorities does to the mean.

    probability: [B] P(i) with which each transition of the batch was drawn; size: N, transitions
    in the buffer; beta: 0 (no correction) to 1 (full). w = (1/N · 1/P(i))ᵝ, over the largest of
    the batch, so that no weight is above 1 (Schaul et al. 2016, section 3.4; lesson 06).
    """
    weight = (size * probability) ** -beta  # [B]
    return weight / weight.max()


class PrioritizedReplayBuffer(ReplayBuffer):
    """A ring of transitions, drawn with P(i) = pᵢᵅ / Σ pᵅ; pᵢ is the last |TD error| + a little.

    A new transition gets the largest priority that any had so far, so that each is seen soon. A
    batch has one draw from each of B equal parts of the total (Schaul et al. 2016, algorithm 1 and
    appendix B.2.1). Its `weight` and `index` [B] are for the loss and for `update`.

    alpha: 0 (uniform) to 1; beta: see `importance_weights`, may be changed at any time; find,
    weights: your own `find` and `importance_weights`. Raises ValueError for numbers out of range.
    """

    def __init__(
        self,
        capacity: int,
        alpha: float = 0.6,
        beta: float = 0.4,
        find: Callable = find,
        weights: Callable = importance_weights,
    ):
        super().__init__(capacity)
        self.alpha, self.beta = check_number("alpha", alpha, 0, 1), check_number("beta", beta, 0, 1)
        self.tree, self.largest, self._weights = SumTree(capacity, find), 1.0, weights

    def add(self, transition: Transition) -> None:
        """Keep a transition; see `ReplayBuffer.add`."""
        place = self.next
        super().add(transition)
        self.tree[place] = self.largest

    def sample(self, batch_size: int, rng: np.random.Generator) -> Batch:
        """Return a batch with weight and index [B]; see `ReplayBuffer.sample`."""
        check_draw(self.size, batch_size, rng)
        x = (np.arange(batch_size) + rng.random(batch_size)) / batch_size * self.tree.total  # [B]
        i = np.array([self.tree.find(one) for one in x])
        probability = self.tree.nodes[self.tree.leaves + i] / self.tree.total
        weight = self._weights(probability, self.size, self.beta)
        added = {"weight": np.asarray(weight, np.float32), "index": i}
        return self._batch(i)._replace(**{k: torch.from_numpy(x) for k, x in added.items()})

    def update(self, index, td_error) -> None:
        """Set the priorities of a batch; index, td_error: [B].

        Raises ValueError for an error that is not finite.
        """
        for i, error in zip(index.tolist(), td_error.tolist(), strict=True):
            priority = (abs(error) + LEAST) ** self.alpha
            self.tree[i] = priority
            self.largest = max(self.largest, priority)
