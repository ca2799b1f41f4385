"""Actions that are numbers, not numbered: the largest Q by climbing its slope (lesson 09b).

DDPG's actor is a network that has learned where such a climb ends, for every state.
"""

import numpy as np
import torch

from dqnlib.device import own_random_numbers


def climb(action: np.ndarray, slope: np.ndarray, rate: float, low, high) -> np.ndarray:
    """Return the actions after one step uphill, each within its bounds.

    action: [B, D]; slope: [B, D], how fast Q rises with each part of the action; rate: size of the
    step; low, high: [D], the bounds of each part.
    """
    return np.clip(action + rate * slope, low, high)


def reach(action: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """Return the true value of each action of an arm: minus the mean squared miss of its joints.

    action: [B, D], an angle from −1 to 1 a joint; goal: [D]. Returns [B], 0 at the goal.
    """
    return -np.square(action - goal).mean(axis=-1)


def fit(action: np.ndarray, value: np.ndarray, seed: int, steps: int = 300):
    """Return a network [B, D] -> [B] that has learned the values of these actions (Adam, batches).

    action: [N, D]; value: [N]; seed: of its first weights and of the batches of 64.
    """
    generator = torch.Generator().manual_seed(seed)
    with own_random_numbers(seed):
        network = torch.nn.Sequential(
            torch.nn.Linear(action.shape[1], 64), torch.nn.ReLU(),
            torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 1),
            torch.nn.Flatten(0),
        )  # fmt: skip
    x, y = (torch.as_tensor(v, dtype=torch.float32) for v in (action, value))
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    for _ in range(steps):
        rows = torch.randint(len(x), (64,), generator=generator)
        loss = 0.5 * (network(x[rows]) - y[rows]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network


def values_and_slope(network, action: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a network's value of each action, [B], and its slope in the action, [B, D].

    network: [B, D] -> [B], as `fit` gives it; action: [B, D].
    """
    x = torch.as_tensor(action, dtype=torch.float32).requires_grad_()
    q = network(x)  # [B]
    (slope,) = torch.autograd.grad(q.sum(), x)
    return q.detach().numpy(), slope.numpy()
