"""One value, learned from a memory in which a few rewards are rare and large (lesson 06b).

The memory holds N transitions of one state: after each the episode is over, most have the reward 0
and a few a large one. The right value is the mean of the rewards. Drawn by their TD errors, the
large ones come too often, and the value is drawn with them: the bias that importance weights undo.
"""

from collections.abc import Callable

import numpy as np

from dqnlib.arguments import check_count, check_number
from dqnlib.prioritized import LEAST, SumTree, find, importance_weights

REWARDS = (0.0,) * 21 + (8.0,) * 3  # mean 1


class RareReward:
    """A memory of rewards, their priorities, and the value that is learned from them.

    rewards: [N]; seed: of the draws; find, weights: your own `dqnlib.prioritized.find` and
    `importance_weights`. Each transition's priority is that of its last draw, at first the largest.
    """

    def __init__(
        self,
        rewards=REWARDS,
        seed: int = 0,
        *,
        find: Callable = find,
        weights: Callable = importance_weights,
    ):
        self.rewards = np.array(rewards, float)
        self.errors = np.full(len(self.rewards), np.abs(self.rewards).max())  # [N] last |TD error|
        self.tree, self._weights = SumTree(len(self.rewards), find), weights
        self.value, self.draws = 0.0, np.zeros(len(self.rewards), np.int64)  # [N] how often
        self.batch = np.zeros(0, np.int64)  # places of the last one
        self.batch_weights = np.zeros(0)
        self._rng = np.random.default_rng(seed)

    def probability(self, alpha: float) -> np.ndarray:
        """Return [N] P(i), and set the tree to the priorities with this α."""
        self.tree.fill((self.errors + LEAST) ** check_number("alpha", alpha, 0, 1))
        return self.tree.nodes[self.tree.leaves :][: len(self.rewards)] / self.tree.total

    def step(
        self, alpha: float, beta: float, *, batch_size: int = 8, step_size: float = 0.02
    ) -> None:
        """Draw a batch, move the value by the weighted mean of its TD errors, set priorities."""
        check_number("beta", beta, 0, 1)
        n, p = check_count("batch_size", batch_size), self.probability(alpha)
        x = (np.arange(n) + self._rng.random(n)) / n * self.tree.total
        i = np.array([self.tree.find(one) for one in x])
        weight = self._weights(p[i], len(p), beta)  # [B]
        error = self.rewards[i] - self.value  # [B]
        self.value += step_size * float((weight * error).mean())
        self.errors[i] = np.abs(error)
        np.add.at(self.draws, i, 1)
        self.batch, self.batch_weights = i, np.asarray(weight)


def learned_values(
    alpha: float, beta: float, seeds, *, steps: int = 3_000, **own: Callable
) -> np.ndarray:
    """Return what each of these seeds finds: the mean over the second half of its steps."""
    found = []
    for seed in seeds:
        memory, late = RareReward(seed=seed, **own), []
        for step in range(steps):
            memory.step(alpha, beta)
            if step >= steps // 2:
                late.append(memory.value)
        found.append(np.mean(late))
    return np.array(found)
