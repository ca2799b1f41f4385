"""Policy evaluation in the corridor of lesson 07, for S networks side by side.

S runs, B transitions, N cells, A actions, M moments at which errors are taken.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from dqnlib.device import compute_threads
from dqnlib.policies import random_streams
from dqnlib.seeds.networks import stack


class Errors(NamedTuple):
    """Squared errors of the action values, of S runs at M moments."""

    updates: np.ndarray  # [M]
    mean: np.ndarray  # [S, M] over all cells and actions
    forward: np.ndarray  # [S, M] of the actions that go on
    others: np.ndarray  # [S, M] of all others
    parameters: int  # numbers that a network learns

    def updates_below(self, share: float = 0.1) -> np.ndarray:
        """Return [S] how many updates until the error is below this share of the first one.

        A run that never gets there counts as one moment more than there are.
        """
        below = self.mean < share * self.mean[:, :1]  # [S, M]
        step = self.updates[1] - self.updates[0]
        return np.where(below.any(1), self.updates[below.argmax(1)], self.updates[-1] + step)


def many(
    make: Callable, world, seeds, updates: int, every: int, batch_size: int, learning_rate: float
) -> Errors:
    """Do for each seed what `dqnlib.classics.corridor.evaluation` does for one."""
    streams = [random_streams(seed) for seed in seeds]
    n, a = world.q.shape
    with compute_threads(1), torch.no_grad():
        networks = stack(make, [s.network_seed for s in streams], (n,), a, "cpu")
        flat = nn.Parameter(networks.flat)
        flat.grad = networks.grad
        optimizer = torch.optim.Adam([flat], lr=learning_rate, foreach=False)
        learn = _Learner(networks, world, [s.sample for s in streams], batch_size)
        squares = []
        for update in range(updates + 1):
            if update % every == 0:
                squares.append(learn.squared_errors())
            learn.fill_gradients()
            optimizer.step()
    squares = np.stack(squares, 1)  # [S, M, N, A]
    forward = np.zeros((n, a), bool)
    forward[np.arange(n), world.forward] = True
    return Errors(
        np.arange(0, updates + 1, every), squares.mean((2, 3)), squares[:, :, forward].mean(2),
        squares[:, :, ~forward].mean(2), sum(p.numel() for p in networks.modules[0].parameters()),
    )  # fmt: skip


class _Learner:
    def __init__(self, networks, world, rngs, batch_size: int):
        self._networks, self._rngs, self._batch_size = networks, rngs, batch_size
        model = world.model
        self._next, self._reward = model.next_obs[:, :, 0], model.reward[:, :, 0]
        self._goes_on, self._gamma = ~model.terminated[:, :, 0], world.gamma
        self._steps = (world.visits[:, None] * world.policy).ravel().cumsum()  # [N · A]
        self._policy = torch.from_numpy(world.policy).float()
        self._true = torch.from_numpy(world.q).float()
        self._cells = torch.eye(len(world.q))
        self._all = self._cells.expand(len(rngs), -1, -1)  # [S, N, N]

    def squared_errors(self) -> np.ndarray:
        """Return [S, N, A]."""
        return (self._networks.q(self._all) - self._true).square().numpy()

    def fill_gradients(self) -> None:
        """Draw a batch for each run and work out the gradient of half its mean squared TD error."""
        draws = np.stack([rng.random(self._batch_size) for rng in self._rngs])
        s, a = np.divmod(
            np.searchsorted(self._steps, draws * self._steps[-1]), self._reward.shape[1]
        )  # [S, B] each
        both = torch.from_numpy(np.concatenate([s, self._next[s, a]], axis=1))  # [S, 2 B]
        q, pull = self._networks.q_and_pull(self._cells[both])  # one pass for now and for after
        now, after = q.split(self._batch_size, 1)  # [S, B, A] each
        value = (self._policy[both[:, self._batch_size :]] * after).sum(2)
        y = torch.from_numpy(self._reward[s, a]).float()
        y += self._gamma * value * torch.from_numpy(self._goes_on[s, a])
        taken = torch.from_numpy(a)[..., None]
        slope = torch.zeros_like(q)  # none flows through what comes after
        error = (now.gather(2, taken) - y[..., None]) / self._batch_size
        slope[:, : self._batch_size].scatter_(2, taken, error)
        pull(slope)
