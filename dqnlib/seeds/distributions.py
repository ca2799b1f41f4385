"""Learning distributions of returns for S runs (Bellemare, Dabney & Munos 2017; lesson 07)."""

import warnings
from collections.abc import Callable

import torch
from torch import Tensor

from dqnlib.config import Config
from dqnlib.data import Batch
from dqnlib.seeds import online
from dqnlib.seeds.learning import clip_gradients
from dqnlib.seeds.update import Learned, Networks, OwnUpdate, SharedUpdate

SLACK = 1e-3  # of a return, for rounding
TOO_MUCH = 0.05  # of the probability of a batch's targets


def support_of(config: Config) -> Tensor:
    """Return the values [K] of the atoms."""
    return torch.linspace(config.v_min, config.v_max, config.atoms)


class Expectation:
    """From logits [..., A, K] to action values [..., A]: the mean of each distribution."""

    of_many_runs = True

    def __init__(self, support: Tensor):
        self.support = support

    def __call__(self, logits: Tensor) -> Tensor:
        # a product of matrices would round each row as the number of rows has it
        return torch.softmax(logits, -1).mul_(self.support.to(logits.device)).sum(-1)


def values_of(config: Config, own: Callable | None = None) -> Callable | None:
    """Return what makes action values of a network's output: own, or the library's for atoms."""
    return own or (Expectation(support_of(config)) if config.atoms > 1 else None)


def _landed(reward: Tensor, terminated: Tensor, discount: float, support: Tensor) -> Tensor:
    """Return where each atom comes to lie: [S, B], [S, B], γ, [K] -> [S, B, K]"""
    return reward.unsqueeze(-1) + discount * support * ~terminated.unsqueeze(-1)


def project(
    next_probs: Tensor, reward: Tensor, terminated: Tensor, discount: float, support: Tensor
) -> Tensor:
    """`targets.project_distribution` for S runs: [S, B, K], [S, B], [S, B], γ, [K] -> [S, B, K]"""
    low, high, last = support[0], support[-1], len(support) - 1
    landed = _landed(reward, terminated, discount, support)
    place = (landed.clamp(low, high) - low) / ((high - low) / last)  # [S, B, K], 0 to K - 1
    below = place.floor().clamp(max=last)
    share = place - below
    target, below = torch.zeros_like(next_probs), below.long()
    target.scatter_add_(-1, below, next_probs * (1 - share))
    return target.scatter_add_(-1, (below + 1).clamp(max=last), next_probs * share)


class DistributionUpdate(SharedUpdate):
    """One update of all runs whose networks give logits: the cross entropy to the projected target.

    Double DQN chooses the action by the online networks' means; target_epsilon mixes in the mean
    of all actions' distributions. The priority of a transition is its cross entropy, as in Hessel
    et al. 2018.
    """

    def __init__(self, config: Config, own: dict, networks: Networks, seeds, where: Callable):
        super().__init__(config, own, networks, seeds, where)
        self._seeds = list(seeds)
        self._support = support_of(config).to(networks.online.flat.device)
        self._told, self._updates = False, 0  # told: that the support is too narrow

    def __call__(self, batch: Batch, gamma: float) -> Learned:
        """Learn from a batch of every run; gamma: discount of a whole transition."""
        c, (online, _, both) = self.config, self._networks
        logits, next_logits, pull = both(batch.obs, batch.next_obs)  # [S, B, A, K]
        next_probs = self._next(batch, next_logits)
        target = project(next_probs, batch.reward, batch.terminated, gamma, self._support)
        taken = batch.action[..., None, None].expand(*batch.action.shape, 1, len(self._support))
        log_probs = torch.log_softmax(logits.gather(2, taken).squeeze(2), -1)  # [S, B, K]
        error = (target * log_probs).sum(-1).neg_()  # [S, B]
        # of the mean over the batch, by the logits of the action taken
        slope = log_probs.exp_().sub_(target).mul_(1 / error.shape[1])
        loss = error
        if batch.weight is not None:
            slope, loss = slope.mul_(batch.weight.unsqueeze(-1)), loss * batch.weight
        pull(torch.zeros_like(logits).scatter_(2, taken, slope.unsqueeze(2)))
        if c.max_grad_norm != float("inf"):
            clip_gradients(online.grad, c.max_grad_norm)
        self._optimize()
        self._updates += 1
        if not self._told and self._updates % 20 == 1:  # it costs time
            self._look_outside(batch, next_probs, gamma)
        return Learned(batch, None, error, loss.mean(-1))

    def _look_outside(self, batch: Batch, next_probs: Tensor, gamma: float) -> None:
        """Warn, once, of targets that lie outside the support: its ends stand for them."""
        c, support = self.config, self._support
        landed = _landed(batch.reward, batch.terminated, gamma, support)
        gone = (landed < support[0] - SLACK) | (landed > support[-1] + SLACK)
        share = (next_probs * gone).sum(-1).mean(-1)  # [S]
        if share.max() <= TOO_MUCH:
            return
        self._told, k = True, int(share.argmax())
        lowest, highest = landed[k].min().item(), landed[k].max().item()
        warnings.warn(
            f"{self._where()}, seed {self._seeds[k]}: {share[k]:.0%} of what targets look for lies "
            f"outside the support, v_min={c.v_min:g} to v_max={c.v_max:g} (it reaches from "
            f"{lowest:.4g} to {highest:.4g}), and is moved to its ends: the values will be wrong. "
            "Give the lowest and the highest discounted return that an episode can have",
            stacklevel=2,
        )

    def _next(self, batch: Batch, next_logits: Tensor) -> Tensor:
        """Return the distribution of what follows each transition: [S, B, K]"""
        c, online = self.config, self._networks.online
        values = online.q_again(batch.next_obs) if c.double else online.valued(next_logits)
        best = values.argmax(-1)[..., None, None].expand(*batch.reward.shape, 1, len(self._support))
        greedy = torch.softmax(next_logits.gather(2, best).squeeze(2), -1)
        if not c.target_epsilon:
            return greedy
        chance = torch.softmax(next_logits, -1).mean(2)
        return (1 - c.target_epsilon) * greedy + c.target_epsilon * chance


def update_for(config: Config, own: dict, networks: Networks, seeds, where: Callable):
    """Return how these runs learn."""
    kind = DistributionUpdate if config.atoms > 1 else online.kind_of(config)
    return (OwnUpdate if "update" in own else kind)(config, own, networks, seeds, where)
