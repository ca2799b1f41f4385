"""The targets and losses of `dqnlib.targets` for S runs at once, the losses with their gradients.

The axis S is in front of everything. The tests compare each with its one-run form.
"""

import functools

import numpy as np
import torch
from torch import Tensor


def td_target(
    reward: Tensor, terminated: Tensor, next_q: Tensor, gamma: float, epsilon: float = 0.0
) -> Tensor:
    """[S, B], [S, B], [S, B, A] -> [S, B]; with epsilon it is `expected_sarsa_target`."""
    return reward + gamma * _soft(next_q.amax(-1), next_q, epsilon) * ~terminated


def double_td_target(
    reward: Tensor,
    terminated: Tensor,
    online_next_q: Tensor,
    target_next_q: Tensor,
    gamma: float,
    epsilon: float = 0.0,
) -> Tensor:
    """[S, B], [S, B], [S, B, A], [S, B, A] -> [S, B]; epsilon: random actions beside the chosen."""
    action = online_next_q.argmax(-1, keepdim=True)
    chosen = target_next_q.gather(-1, action).squeeze(-1)
    return reward + gamma * _soft(chosen, target_next_q, epsilon) * ~terminated


def _soft(greedy: Tensor, next_q: Tensor, epsilon: float) -> Tensor:
    """Return what follows if some of the actions are left to chance: [S, B], [S, B, A] -> [S, B]"""
    return (1 - epsilon) * greedy + epsilon * next_q.mean(-1) if epsilon else greedy


def td_errors(q: Tensor, action: Tensor, td_target: Tensor) -> Tensor:
    """Return Q(s, a) − y: [S, B, A], [S, B], [S, B] -> [S, B]"""
    return q.gather(-1, action.unsqueeze(-1)).squeeze(-1) - td_target


def loss_value(kind: str, error: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return each run's loss, "mse" or "huber": [S, B] -> [S]; weight: [S, B] of each transition"""
    value = 0.5 * error.square()
    if kind == "huber":
        value = torch.where(error.abs() < 1, value, error.abs() - 0.5)
    return (value if weight is None else weight * value).mean(-1)


def loss_gradient(
    kind: str, q: Tensor, action: Tensor, error: Tensor, weight: Tensor | None = None
) -> Tensor:
    """Return the gradient of each run's loss by q: [S, B, A]; zero but for the taken action."""
    slope = error if kind == "mse" else error.clamp(-1, 1)
    slope = slope if weight is None else weight * slope
    share = (slope / q.shape[1]).unsqueeze(-1)  # the mean over the batch
    return torch.zeros_like(q).scatter_(-1, action.unsqueeze(-1), share)


def errors_and_gradient(
    kind: str,
    q: Tensor,
    action: Tensor,
    reward: Tensor,
    terminated: Tensor,
    next_q: Tensor,
    gamma: float | Tensor,
    weight: Tensor | None = None,
    epsilon: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """Return `td_errors` for `td_target`, and `loss_gradient`, to the same bits.

    gamma: one for all transitions, or [S, B] of each.
    On a processor NumPy computes them: for so few numbers it is the call that costs, and its calls
    cost less than PyTorch's.
    """
    if q.device.type != "cpu":
        error = td_errors(q, action, td_target(reward, terminated, next_q, gamma, epsilon))
        return error, loss_gradient(kind, q, action, error, weight)
    with np.errstate(all="ignore"):  # a run that diverges is told of in its record
        values = q.numpy()
        y = next_q.numpy().max(-1)
        if epsilon:
            y = (1 - epsilon) * y + epsilon * next_q.mean(-1).numpy()
        y *= gamma.numpy() if isinstance(gamma, Tensor) else gamma
        y *= ~terminated.numpy()
        y += reward.numpy()
        taken = (*_places(*y.shape), action.numpy())
        error = values[taken] - y
        slope = error if kind == "mse" else np.maximum(np.minimum(error, 1), -1)
        slope = slope if weight is None else weight.numpy() * slope
        gradient = np.zeros_like(values)
        gradient[taken] = slope / y.shape[1]  # the mean over the batch
    return torch.from_numpy(error), torch.from_numpy(gradient)


@functools.cache
def _places(s: int, b: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of rows [S, 1] and of their transitions [1, B]."""
    return np.arange(s)[:, None], np.arange(b)[None]


def clip_gradients(grad: Tensor, max_norm: float) -> None:
    """Shorten each run's gradient to max_norm, in place: [S, P]. Runs do not touch each other."""
    norm = grad.norm(dim=1, keepdim=True)
    grad.mul_((max_norm / norm.clamp(min=1e-12)).clamp(max=1))
