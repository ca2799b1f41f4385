"""Rainbow's training step for a batch of one run: what it learns toward, and its loss.

Hessel et al. 2018, section "The integrated agent". B transitions, A actions, K atoms; lesson 07b
builds both functions. `dqnlib.seeds.distributions` computes the same for many runs at once.
"""

import torch

from dqnlib.targets import project_distribution


def rainbow_target(online_next_logits, target_next_logits, reward, terminated, discount, support):
    """Return the target distributions [B, K]: Double DQN's choice, projected.

    online_next_logits, target_next_logits: [B, A, K] of the observations in which the transitions
    end; the online network selects the action, by its mean, the target network says how its return
    is distributed. reward: [B], of all n steps; terminated: [B] bool; discount: γⁿ; support: [K]
    values of the atoms.
    """
    mean = (online_next_logits.softmax(dim=2) * support).sum(dim=2)  # [B, A]
    best = mean.argmax(dim=1)  # [B]
    rows = torch.arange(len(best))
    next_probs = target_next_logits[rows, best].softmax(dim=1)  # [B, K]
    return project_distribution(next_probs, reward, terminated, discount, support)


def rainbow_loss(logits, action, target_probs, weight):
    """Return the loss, a scalar, and the transitions' new priorities [B], without a gradient.

    logits: [B, A, K] with a gradient; action: [B] int64; target_probs: [B, K]; weight: [B], the
    importance weights. The error of a transition is the cross entropy between its target and the
    distribution of the action taken; the loss is the weighted mean of the errors, a priority is the
    error itself.
    """
    rows = torch.arange(len(action))
    log_probs = logits[rows, action].log_softmax(dim=1)  # [B, K]
    error = -(target_probs * log_probs).sum(dim=1)  # [B]
    return (weight * error).mean(), error.detach()
