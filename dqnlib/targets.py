"""What a Q-network learns from: targets, losses, and the copies that hold targets still.

Pure functions about one run; each has a lesson that builds it. B transitions, A actions.
"""

import numpy as np
import torch
from torch import nn

from dqnlib.data import Batch


def td_target(reward, terminated, next_q, gamma):
    """Return the targets of DQN [B]: the reward, plus the best value that can follow it.

    reward: [B]; terminated: [B] bool; next_q: [B, A] values of the next observations from the
    target network; gamma: 0 to 1. After termination nothing follows; after a time limit it does
    (Mnih et al. 2015, Algorithm 1; lesson 02).
    """
    return reward + gamma * next_q.max(dim=1).values * ~terminated


def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    """Return the targets of Double DQN [B]: one network selects, the other evaluates.

    reward: [B]; terminated: [B] bool; online_next_q: [B, A] from the network that learns;
    target_next_q: [B, A] from the target network
    (van Hasselt, Guez & Silver 2016, section "Double DQN"; lesson 05).
    """
    action = online_next_q.argmax(dim=1, keepdim=True)  # [B, 1]
    next_value = target_next_q.gather(1, action).squeeze(1)  # [B]
    return reward + gamma * next_value * ~terminated


def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    """Return the targets of Expected Sarsa [B]: the next value if some actions are left to chance.

    reward: [B]; terminated: [B] bool; next_q: [B, A] values of the next observations from the
    target network; gamma: 0 to 1; epsilon: 0 to 1, the probability of a random action in the
    policy whose value the target takes. At 0 it is `td_target`, at 1 the value of pure chance
    (Sutton & Barto 2018, eq. 6.9, with an ε-greedy policy; lessons 01b and 04b).
    """
    greedy, chance = next_q.max(dim=1).values, next_q.mean(dim=1)  # [B] each
    next_value = (1 - epsilon) * greedy + epsilon * chance
    return reward + gamma * next_value * ~terminated


def n_step_return(reward, terminated, next_value, gamma):
    """Return the n-step returns [B]: n rewards, then the value of where they lead.

    reward: [B, n] of n steps in a row; terminated: [B, n] bool, whether the episode terminated with
    that step (what follows belongs to another episode and does not count); next_value: [B] of the
    observation after the last step; gamma: 0 to 1, of one step
    (Sutton & Barto 2018, equation 7.1; lesson 06).
    """
    value = next_value  # [B]
    for step in reversed(range(reward.shape[1])):
        value = reward[:, step] + gamma * value * ~terminated[:, step]
    return value


def lambda_return(reward, terminated, truncated, next_value, gamma, trace_decay):
    """Return the λ-returns [E, T] of T steps in a row in each of E environments.

    G_t = r_t + γ ((1 − λ) v_t + λ G_{t+1}): what follows is partly the value v_t of the next
    observation, partly the return of the next step. After the last step of a row, and where a time
    limit cut the episode, it is the value alone; after termination nothing follows. All arguments
    are [E, T], rows in the order of time; next_value: of the next observations; gamma: 0 to 1;
    trace_decay: λ, 0 to 1. At 0 it is the one-step target, at 1 the return of the whole row
    (Sutton & Barto 2018, equation 12.2, backward; Gallici et al. 2025, section 4; lesson 10).
    """
    goes_on = ~(terminated | truncated)  # [E, T]
    returns = torch.empty_like(reward)
    later = next_value[:, -1]  # [E]
    for t in reversed(range(reward.shape[1])):
        mixed = (1 - trace_decay) * next_value[:, t] + trace_decay * later
        follows = torch.where(goes_on[:, t], mixed, next_value[:, t])
        later = returns[:, t] = reward[:, t] + gamma * follows * ~terminated[:, t]
    return returns


def project_distribution(next_probs, reward, terminated, discount, support):
    """Return the target distribution [B, K]: the next one, shrunk and moved, put back on its atoms.

    next_probs: [B, K] probabilities of the next observation's return; reward: [B]; terminated: [B]
    bool (then the return is the reward alone); discount: 0 to 1, γ, or γⁿ with n-step targets;
    support: [K] values of the atoms, rising in equal steps. An atom that lands between two others
    is shared out by how near it is to each; what leaves the support goes to its end
    (Bellemare, Dabney & Munos 2017, equation 7; lesson 07).
    """
    landed = reward[:, None] + discount * support * ~terminated[:, None]  # [B, K]
    landed = landed.clamp(support[0], support[-1])
    if len(support) == 1:
        return torch.ones_like(landed)
    gap = (support[-1] - support[0]) / (len(support) - 1)
    distance = (landed[:, None, :] - support[:, None]).abs() / gap  # [B, K to, K from]
    share = (1 - distance).clamp(min=0)
    return (share * next_probs[:, None, :]).sum(dim=2)


def mse_loss(q, action, td_target):
    """Return half the mean squared TD error, a scalar; no gradient flows into the target.

    q: [B, A] with a gradient; action: [B] int64; td_target: [B] (lesson 02). The factor ½ makes
    the gradient the TD error itself, as in the tabular update.
    """
    taken = q.gather(1, action[:, None]).squeeze(1)  # [B]
    return 0.5 * (taken - td_target.detach()).square().mean()


def huber_loss(q, action, td_target):
    """Return the mean Huber loss with δ = 1: squared for small TD errors, linear for large ones.

    The arguments are those of `mse_loss`. Its gradient is the TD error clipped to ±1, as in
    Mnih et al. 2015, Methods.
    """
    taken = q.gather(1, action[:, None]).squeeze(1)  # [B]
    return nn.functional.huber_loss(taken, td_target.detach())


def returns_to_go(reward, gamma, last_value):
    """Return what was earned from each step of an episode on: G [T], later rewards discounted.

    reward: [T] of one episode in order; gamma: 0 to 1; last_value: what still follows after the
    last reward: 0 if the episode terminated there, an estimate where it was only cut. Returns a
    NumPy array of floats (Sutton & Barto 2018, eq. 3.9; lesson 05).
    """
    earned, following = np.zeros(len(reward)), last_value
    for t in reversed(range(len(reward))):
        following = reward[t] + gamma * following
        earned[t] = following
    return earned


def hard_update(online: nn.Module, target: nn.Module) -> None:
    """Copy the online network's parameters into the target network, in place (lesson 04).

    Source: Mnih et al. 2015, Algorithm 1, "every C steps".
    """
    with torch.no_grad():
        for fresh, frozen in zip(online.parameters(), target.parameters(), strict=True):
            frozen.copy_(fresh)


def polyak_update(online: nn.Module, target: nn.Module, tau: float) -> None:
    """Move the target network a part tau of the way to the online network, in place (lesson 04).

    θ⁻ ← τ θ + (1 − τ) θ⁻, with tau above 0 and up to 1 (Lillicrap et al. 2016, Algorithm 1).
    """
    with torch.no_grad():
        for fresh, frozen in zip(online.parameters(), target.parameters(), strict=True):
            frozen.lerp_(fresh, tau)


def dqn_update(
    online: nn.Module,
    target: nn.Module,
    optimizer: torch.optim.Optimizer,
    batch: Batch,
    gamma: float,
) -> float:
    """Do one training step of DQN on a batch and return its loss (lesson 04).

    Changes the online network's parameters and the optimizer's state, nothing else
    (Mnih et al. 2015, Algorithm 1, without the clipped error).
    """
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)  # [B]
    loss = mse_loss(online(batch.obs), batch.action, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
