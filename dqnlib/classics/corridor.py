"""The corridor on which dueling networks were tried, with actions that do nothing (lesson 07).

Three straight pieces, up, to the right and up again, 10, 50 and 10 cells long. The actions 0 to 3
go up, down, left and right; all others do nothing, and so does a step into a wall. The step out of
the last cell earns 1 and terminates; nothing else earns anything.

The behavior mostly goes forward: ε-greedy on the optimal values. Its own values are to be learned
(policy evaluation), so that the errors are known exactly. N cells, A actions.

`evaluation` is one run, to be read; `errors` gives the same for many seeds.

Source: Wang et al. 2016, section 4.1 and Figure 3.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import torch

from dqnlib import planning
from dqnlib.arguments import check_count, check_number, check_seeds
from dqnlib.envs import TabularModel
from dqnlib.seeds.corridor import Errors, many

UP, DOWN, LEFT, RIGHT = range(4)
BACK = {UP: DOWN, RIGHT: LEFT}
PIECES = ((UP, 10), (RIGHT, 50), (UP, 10))  # direction and cells of each


class Corridor(NamedTuple):
    """The corridor, a behavior and its exact values."""

    model: TabularModel
    forward: np.ndarray  # [N] the action that goes on
    policy: np.ndarray  # [N, A] probabilities of the behavior
    q: np.ndarray  # [N, A] its action values
    visits: np.ndarray  # [N] share of its steps that it spends in each cell
    gamma: float


def corridor(n_actions: int = 5, epsilon: float = 0.01, gamma: float = 0.99) -> Corridor:
    """Return the corridor with so many actions, 5 or more, and the values of its behavior.

    epsilon: probability of a random action, above 0 and up to 1; gamma: discount a step, 0 to 1.
    Raises ValueError for a number out of range.
    """
    check_count("n_actions", n_actions, 5)
    check_number("epsilon", epsilon, 0, 1, open_low=True)
    check_number("gamma", gamma, 0, 1)
    forward = np.repeat([way for way, _ in PIECES], [cells for _, cells in PIECES])  # [N]
    cells = np.arange(len(forward))
    next_cell = np.tile(cells[:, None], n_actions)  # [N, A]
    next_cell[cells[1:], [BACK[way] for way in forward[:-1]]] = cells[:-1]
    next_cell[cells[:-1], forward[:-1]] = cells[1:]
    out = (cells[:, None] == cells[-1]) & (np.arange(n_actions) == forward[-1])  # [N, A]
    model = TabularModel(
        "corridor", np.ones((*out.shape, 1)), next_cell[:, :, None], out[:, :, None] * 1.0,
        out[:, :, None], np.eye(len(cells))[0], None,
    )  # fmt: skip
    policy = np.full(out.shape, epsilon / n_actions)
    policy[cells, forward] += 1 - epsilon
    v = planning.policy_evaluation(model, policy, gamma)  # [N]
    q = out + gamma * np.where(out, 0.0, v[next_cell])
    return Corridor(model, forward, policy, q, _visits(next_cell, out, policy), gamma)


def _visits(next_cell, out, policy) -> np.ndarray:
    """Return the share of the steps in each cell, if every episode starts in the first: [N]."""
    move = np.zeros((len(out), len(out)))
    for action in range(out.shape[1]):
        np.add.at(
            move, (np.arange(len(out)), next_cell[:, action]), policy[:, action] * ~out[:, action]
        )
    steps = np.linalg.solve(np.eye(len(out)) - move.T, np.eye(len(out))[0])
    return steps / steps.sum()


# -- one run -------------------------------------------------------------------------------


def evaluation(
    network: torch.nn.Module,
    world: Corridor,
    rng: np.random.Generator,
    updates: int = 600,
    *,
    every: int = 20,
    batch_size: int = 32,
    learning_rate: float = 1e-3,
) -> np.ndarray:
    """Let a network learn the behavior's values; return its mean squared error [updates/every + 1].

    network: [B, N] -> [B, A], cells one-hot; it is changed. Each batch holds steps of the behavior,
    drawn as often as it takes them; the target is that of Expected Sarsa, from the same network.
    """
    cells, true_q = torch.eye(len(world.q)), torch.from_numpy(world.q).float()
    policy = torch.from_numpy(world.policy).float()
    next_cell, reward = world.model.next_obs[:, :, 0], world.model.reward[:, :, 0]
    terminated = world.model.terminated[:, :, 0]
    steps = (world.visits[:, None] * world.policy).ravel().cumsum()  # [N · A]
    optimizer, found = torch.optim.Adam(network.parameters(), lr=learning_rate), []
    for update in range(updates + 1):
        if update % every == 0:
            with torch.no_grad():
                found.append((network(cells) - true_q).square().mean().item())
        drawn = np.searchsorted(steps, rng.random(batch_size) * steps[-1])
        s, a = np.divmod(drawn, world.q.shape[1])
        after = torch.from_numpy(next_cell[s, a])
        with torch.no_grad():
            value = (policy[after] * network(cells[after])).sum(1)  # [B]
            y = torch.from_numpy(reward[s, a]).float()
            y += world.gamma * value * torch.from_numpy(~terminated[s, a])
        q = network(cells[s]).gather(1, torch.from_numpy(a)[:, None])[:, 0]
        loss = 0.5 * (q - y).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return np.array(found)


# -- many runs -----------------------------------------------------------------------------


def errors(
    make: Callable,
    world: Corridor,
    seeds: Iterable[int] = range(10),
    updates: int = 600,
    *,
    every: int = 20,
    batch_size: int = 32,
    learning_rate: float = 1e-3,
) -> Errors:
    """Return what `evaluation` gives with each seed, apart for the way forward and for the rest.

    make: (obs_shape, n_actions) -> network, as for `dqnlib.train`. Raises what that raises for a
    network that fails, and ValueError for a setting out of range.
    """
    updates, every = check_count("updates", updates), check_count("every", every)
    check_count("batch_size", batch_size)
    check_number("learning_rate", learning_rate, 0, 1e6)
    return many(make, world, check_seeds(seeds), updates, every, batch_size, learning_rate)
