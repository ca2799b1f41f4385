"""Answers to the exercises of lesson 07b, as learners write them."""

from answers import answers

IMPORTS = """import torch
from torch import nn
from dqnlib.targets import project_distribution

"""
TARGET_LINE = (
    "def rainbow_target(online_next_logits, target_next_logits, reward, terminated, discount, "
    "support):\n"
)
LOSS_LINE = "def rainbow_loss(logits, action, target_probs, weight):\n"

RAINBOW_TARGET = answers(
    "dqnlib.rainbow.rainbow_target",
    r'''
=== right
TARGET
    mean = (online_next_logits.softmax(dim=2) * support).sum(dim=2)
    best = mean.argmax(dim=1)
    rows = torch.arange(len(best))
    next_probs = target_next_logits[rows, best].softmax(dim=1)
    return project_distribution(next_probs, reward, terminated, discount, support)

=== right
TARGET
    # a product of matrices, and gather
    best = (torch.softmax(online_next_logits, -1) @ support).argmax(-1)
    index = best[:, None, None].expand(-1, 1, len(support))
    probs = torch.softmax(target_next_logits, -1).gather(1, index).squeeze(1)
    return project_distribution(probs, reward, terminated, discount, support)

=== right
TARGET
    """Row by row."""
    rows = []
    for on, tg in zip(online_next_logits, target_next_logits):
        worth = [(row.softmax(dim=0) * support).sum() for row in on]
        best = max(range(len(worth)), key=lambda a: worth[a])
        rows.append(tg[best].softmax(dim=0))
    return project_distribution(torch.stack(rows), reward, terminated, discount, support)

=== right
TARGET
    with torch.no_grad():
        probs = nn.functional.softmax(online_next_logits, dim=-1)
        q = torch.einsum("bak,k->ba", probs, support)
        chosen = nn.functional.one_hot(q.argmax(dim=1), q.shape[1]).bool()
        next_probs = nn.functional.softmax(target_next_logits, dim=-1)[chosen]
        return project_distribution(next_probs, reward, terminated, discount, support)

=== right
def cross(probs, r, over, d, z):
    low, high, gap = z[0], z[-1], z[1] - z[0]
    out = torch.zeros_like(probs)
    for b in range(len(probs)):
        for j in range(len(z)):
            x = r[b] if over[b] else r[b] + d * z[j]
            x = min(max(x, low), high)
            for i in range(len(z)):
                out[b, i] += probs[b, j] * max(0, 1 - abs(x - z[i]) / gap)
    return out

@exercise("dqnlib.rainbow.rainbow_target")
TARGET
    # with a projection of one's own
    online = online_next_logits.exp() / online_next_logits.exp().sum(2, keepdim=True)
    best = (online * support).sum(2).max(dim=1).indices
    target = target_next_logits.exp() / target_next_logits.exp().sum(2, keepdim=True)
    picked = torch.take_along_dim(target, best[:, None, None], dim=1)[:, 0]
    return cross(picked, reward, terminated, discount, support)

=== blank
TARGET
    return ____

=== blank
TARGET
    best = ____
    rows = torch.arange(len(best))
    next_probs = target_next_logits[rows, best].softmax(dim=1)
    return project_distribution(next_probs, reward, terminated, discount, support)

=== blank
TARGET
    raise NotImplementedError

=== wrong: the target network selects the action as well
TARGET
    best = (target_next_logits.softmax(dim=2) * support).sum(dim=2).argmax(dim=1)
    next_probs = target_next_logits[torch.arange(len(best)), best].softmax(dim=1)
    return project_distribution(next_probs, reward, terminated, discount, support)

=== wrong: the two networks are swapped
TARGET
    best = (target_next_logits.softmax(dim=2) * support).sum(dim=2).argmax(dim=1)
    next_probs = online_next_logits[torch.arange(len(best)), best].softmax(dim=1)
    return project_distribution(next_probs, reward, terminated, discount, support)

=== wrong: the online network evaluates as well
TARGET
    probs = online_next_logits.softmax(dim=2)
    best = (probs * support).sum(dim=2).argmax(dim=1)
    next_probs = probs[torch.arange(len(best)), best]
    return project_distribution(next_probs, reward, terminated, discount, support)

=== wrong: the action is chosen by its most probable return
TARGET
    best = online_next_logits.softmax(dim=2).max(dim=2).values.argmax(dim=1)
    next_probs = target_next_logits[torch.arange(len(best)), best].softmax(dim=1)
    return project_distribution(next_probs, reward, terminated, discount, support)

=== wrong: the action is chosen by its most probable return
TARGET
    best = support[online_next_logits.argmax(dim=2)].argmax(dim=1)
    next_probs = target_next_logits[torch.arange(len(best)), best].softmax(dim=1)
    return project_distribution(next_probs, reward, terminated, discount, support)

=== wrong: the means are taken of logits
TARGET
    best = (online_next_logits * support).sum(dim=2).argmax(dim=1)
    next_probs = target_next_logits[torch.arange(len(best)), best].softmax(dim=1)
    return project_distribution(next_probs, reward, terminated, discount, support)

=== wrong: the action is chosen without the atoms' values
TARGET
    best = online_next_logits.sum(dim=2).argmax(dim=1)
    next_probs = target_next_logits[torch.arange(len(best)), best].softmax(dim=1)
    return project_distribution(next_probs, reward, terminated, discount, support)

=== wrong: the action is chosen without the atoms' values
TARGET
    best = online_next_logits.max(dim=2).values.argmax(dim=1)
    next_probs = target_next_logits[torch.arange(len(best)), best].softmax(dim=1)
    return project_distribution(next_probs, reward, terminated, discount, support)

=== wrong: the worst action
TARGET
    best = (online_next_logits.softmax(dim=2) * support).sum(dim=2).argmin(dim=1)
    next_probs = target_next_logits[torch.arange(len(best)), best].softmax(dim=1)
    return project_distribution(next_probs, reward, terminated, discount, support)

=== wrong: one action for the whole batch
TARGET
    mean = (online_next_logits.softmax(dim=2) * support).sum(dim=2)
    best = mean.mean(dim=0).argmax()
    next_probs = target_next_logits[:, best].softmax(dim=1)
    return project_distribution(next_probs, reward, terminated, discount, support)

=== wrong: one action for the whole batch
TARGET
    mean = (online_next_logits.softmax(dim=2) * support).sum(dim=2)
    next_probs = target_next_logits[:, mean[0].argmax()].softmax(dim=1)
    return project_distribution(next_probs, reward, terminated, discount, support)

=== wrong: logits are projected as if they were probabilities
TARGET
    best = (online_next_logits.softmax(dim=2) * support).sum(dim=2).argmax(dim=1)
    next_logits = target_next_logits[torch.arange(len(best)), best]
    return project_distribution(next_logits, reward, terminated, discount, support)

=== wrong: the softmax runs over the actions
TARGET
    best = (online_next_logits.softmax(dim=2) * support).sum(dim=2).argmax(dim=1)
    next_probs = target_next_logits.softmax(dim=1)[torch.arange(len(best)), best]
    return project_distribution(next_probs, reward, terminated, discount, support)

=== wrong: the softmax runs over the actions
TARGET
    best = (online_next_logits.softmax(1) * support).sum(dim=2).argmax(dim=1)
    next_probs = target_next_logits.softmax(1)[torch.arange(len(best)), best]
    return project_distribution(next_probs, reward, terminated, discount, support)

=== wrong: the mean over the actions
TARGET
    next_probs = target_next_logits.softmax(dim=2).mean(dim=1)
    return project_distribution(next_probs, reward, terminated, discount, support)

=== wrong: the largest probability of each atom
TARGET
    next_probs = target_next_logits.softmax(dim=2).max(dim=1).values
    return project_distribution(next_probs, reward, terminated, discount, support)

=== wrong: nothing is moved
TARGET
    best = (online_next_logits.softmax(dim=2) * support).sum(dim=2).argmax(dim=1)
    return target_next_logits[torch.arange(len(best)), best].softmax(dim=1)

=== wrong: a mean in place of a distribution
TARGET
    best = (online_next_logits.softmax(dim=2) * support).sum(dim=2).argmax(dim=1)
    next_probs = target_next_logits[torch.arange(len(best)), best].softmax(dim=1)
    return reward + discount * (next_probs * support).sum(dim=1) * ~terminated

=== wrong: what follows a terminal state was kept
TARGET
    best = (online_next_logits.softmax(dim=2) * support).sum(dim=2).argmax(dim=1)
    next_probs = target_next_logits[torch.arange(len(best)), best].softmax(dim=1)
    never = torch.zeros_like(terminated)
    return project_distribution(next_probs, reward, never, discount, support)

=== wrong: terminated is used the wrong way round
TARGET
    best = (online_next_logits.softmax(dim=2) * support).sum(dim=2).argmax(dim=1)
    next_probs = target_next_logits[torch.arange(len(best)), best].softmax(dim=1)
    return project_distribution(next_probs, reward, ~terminated, discount, support)

=== wrong: the discount is missing
TARGET
    best = (online_next_logits.softmax(dim=2) * support).sum(dim=2).argmax(dim=1)
    next_probs = target_next_logits[torch.arange(len(best)), best].softmax(dim=1)
    return project_distribution(next_probs, reward, terminated, 1.0, support)

=== wrong: the discount is written as a number
TARGET
    best = (online_next_logits.softmax(dim=2) * support).sum(dim=2).argmax(dim=1)
    next_probs = target_next_logits[torch.arange(len(best)), best].softmax(dim=1)
    return project_distribution(next_probs, reward, terminated, 0.99, support)

=== wrong: the discount is written as a number
TARGET
    best = (online_next_logits.softmax(dim=2) * support).sum(dim=2).argmax(dim=1)
    next_probs = target_next_logits[torch.arange(len(best)), best].softmax(dim=1)
    return project_distribution(next_probs, reward, terminated, 0.5, support)

=== wrong: the discount is raised to a power
TARGET
    best = (online_next_logits.softmax(dim=2) * support).sum(dim=2).argmax(dim=1)
    next_probs = target_next_logits[torch.arange(len(best)), best].softmax(dim=1)
    return project_distribution(next_probs, reward, terminated, discount**3, support)

=== wrong: the reward is missing
TARGET
    best = (online_next_logits.softmax(dim=2) * support).sum(dim=2).argmax(dim=1)
    next_probs = target_next_logits[torch.arange(len(best)), best].softmax(dim=1)
    nothing = torch.zeros_like(reward)
    return project_distribution(next_probs, nothing, terminated, discount, support)

=== wrong: the reward is discounted as well
TARGET
    best = (online_next_logits.softmax(dim=2) * support).sum(dim=2).argmax(dim=1)
    next_probs = target_next_logits[torch.arange(len(best)), best].softmax(dim=1)
    return project_distribution(next_probs, discount * reward, terminated, discount, support)

=== wrong: returned None
TARGET
    best = (online_next_logits.softmax(dim=2) * support).sum(dim=2).argmax(dim=1)
    next_probs = target_next_logits[torch.arange(len(best)), best].softmax(dim=1)
    project_distribution(next_probs, reward, terminated, discount, support)

=== wrong: raises NameError
TARGET
    best = (online_logits.softmax(dim=2) * support).sum(dim=2).argmax(dim=1)
    next_probs = target_next_logits[torch.arange(len(best)), best].softmax(dim=1)
    return project_distribution(next_probs, reward, terminated, discount, support)

=== wrong: it prints
TARGET
    best = (online_next_logits.softmax(dim=2) * support).sum(dim=2).argmax(dim=1)
    print(best)
    next_probs = target_next_logits[torch.arange(len(best)), best].softmax(dim=1)
    return project_distribution(next_probs, reward, terminated, discount, support)

=== wrong: another name
def target(online_next_logits, target_next_logits, reward, terminated, discount, support):
    best = (online_next_logits.softmax(dim=2) * support).sum(dim=2).argmax(dim=1)
    next_probs = target_next_logits[torch.arange(len(best)), best].softmax(dim=1)
    return project_distribution(next_probs, reward, terminated, discount, support)

=== wrong, 0.5 s: does not end
TARGET
    b = 0
    while b < len(reward):
        mean = (online_next_logits[b].softmax(dim=1) * support).sum(dim=1)
'''.replace("TARGET\n", TARGET_LINE),
    IMPORTS,
)

RAINBOW_LOSS = answers(
    "dqnlib.rainbow.rainbow_loss",
    r'''
=== right
LOSS
    rows = torch.arange(len(action))
    log_probs = logits[rows, action].log_softmax(dim=1)
    error = -(target_probs * log_probs).sum(dim=1)
    return (weight * error).mean(), error.detach()

=== right
LOSS
    # torch's own cross entropy takes probabilities, too
    picked = logits[torch.arange(len(action)), action]
    error = nn.functional.cross_entropy(picked, target_probs, reduction="none")
    return torch.mean(weight * error), error.detach().clone()

=== right
LOSS
    index = action.view(-1, 1, 1).expand(-1, 1, logits.shape[2])
    log_probs = torch.log_softmax(logits, dim=-1).gather(1, index).squeeze(1)
    error = torch.einsum("bk,bk->b", target_probs, log_probs).neg()
    with torch.no_grad():
        priority = error.clone()
    return weight @ error / len(error), priority

=== right
LOSS
    errors = []
    for row, a, p in zip(logits, action, target_probs):
        x = row[a]
        errors.append(x.logsumexp(dim=0) - (p * x).sum())  # p adds up to 1
    error = torch.stack(errors)
    return (error * weight).sum() / len(errors), error.data

=== right
LOSS
    """With a mask, and two lines of returned values."""
    taken = nn.functional.one_hot(action, logits.shape[1]).bool()
    p = logits[taken].softmax(dim=1)
    error = -torch.sum(target_probs * torch.log(p), dim=1)
    loss = (weight * error).mean()
    return [loss, error.detach()]

=== blank
LOSS
    return ____

=== blank
LOSS
    rows = torch.arange(len(action))
    error = ____
    return (weight * error).mean(), error.detach()

=== blank
LOSS
    raise NotImplementedError

=== wrong: the weights are left out of the loss
LOSS
    log_probs = logits[torch.arange(len(action)), action].log_softmax(dim=1)
    error = -(target_probs * log_probs).sum(dim=1)
    return error.mean(), error.detach()

=== wrong: the sum over the batch in place of the mean
LOSS
    log_probs = logits[torch.arange(len(action)), action].log_softmax(dim=1)
    error = -(target_probs * log_probs).sum(dim=1)
    return (weight * error).sum(), error.detach()

=== wrong: the weights are made to add up to 1
LOSS
    log_probs = logits[torch.arange(len(action)), action].log_softmax(dim=1)
    error = -(target_probs * log_probs).sum(dim=1)
    return (weight / weight.sum() * error).sum(), error.detach()

=== wrong: mean weight times mean error
LOSS
    log_probs = logits[torch.arange(len(action)), action].log_softmax(dim=1)
    error = -(target_probs * log_probs).sum(dim=1)
    return weight.mean() * error.mean(), error.detach()

=== wrong: the priorities are weighted
LOSS
    log_probs = logits[torch.arange(len(action)), action].log_softmax(dim=1)
    error = -weight * (target_probs * log_probs).sum(dim=1)
    return error.mean(), error.detach()

=== wrong: the priorities are bent
LOSS
    log_probs = logits[torch.arange(len(action)), action].log_softmax(dim=1)
    error = -(target_probs * log_probs).sum(dim=1)
    return (weight * error).mean(), error.detach().sqrt()

=== wrong: the priorities are bent
LOSS
    log_probs = logits[torch.arange(len(action)), action].log_softmax(dim=1)
    error = -(target_probs * log_probs).sum(dim=1)
    return (weight * error).mean(), error.detach() / error.detach().max()

=== wrong: the priorities have the wrong sign
LOSS
    log_probs = logits[torch.arange(len(action)), action].log_softmax(dim=1)
    error = (target_probs * log_probs).sum(dim=1)
    return -(weight * error).mean(), error.detach()

=== wrong: the loss has the wrong sign
LOSS
    log_probs = logits[torch.arange(len(action)), action].log_softmax(dim=1)
    error = (target_probs * log_probs).sum(dim=1)
    return (weight * error).mean(), error.detach()

=== wrong: the entropy of the target is taken off
LOSS
    log_probs = logits[torch.arange(len(action)), action].log_softmax(dim=1)
    error = nn.functional.kl_div(log_probs, target_probs, reduction="none").sum(dim=1)
    return (weight * error).mean(), error.detach()

=== wrong: the mean over the atoms in place of the sum
LOSS
    log_probs = logits[torch.arange(len(action)), action].log_softmax(dim=1)
    error = -(target_probs * log_probs).mean(dim=1)
    return (weight * error).mean(), error.detach()

=== wrong: one softmax for all actions together
LOSS
    log_probs = logits.flatten(1).log_softmax(dim=1).view(logits.shape)
    error = -(target_probs * log_probs[torch.arange(len(action)), action]).sum(dim=1)
    return (weight * error).mean(), error.detach()

=== wrong: the softmax runs over the actions
LOSS
    log_probs = logits.log_softmax(dim=1)[torch.arange(len(action)), action]
    error = -(target_probs * log_probs).sum(dim=1)
    return (weight * error).mean(), error.detach()

=== wrong: the logits are not normalized
LOSS
    error = -(target_probs * logits[torch.arange(len(action)), action]).sum(dim=1)
    return (weight * error).mean(), error.detach()

=== wrong: the logarithm is missing
LOSS
    probs = logits[torch.arange(len(action)), action].softmax(dim=1)
    error = -(target_probs * probs).sum(dim=1)
    return (weight * error).mean(), error.detach()

=== wrong: the squared difference of the probabilities
LOSS
    probs = logits[torch.arange(len(action)), action].softmax(dim=1)
    error = (target_probs - probs).square().sum(dim=1)
    return (weight * error).mean(), error.detach()

=== wrong: all actions learn, not the one taken
LOSS
    log_probs = logits.log_softmax(dim=2)
    error = -(target_probs[:, None] * log_probs).sum(dim=2).mean(dim=1)
    return (weight * error).mean(), error.detach()

=== wrong: all actions learn, not the one taken
LOSS
    log_probs = logits.log_softmax(dim=2)
    error = -(target_probs[:, None] * log_probs).sum(dim=(1, 2))
    return (weight * error).mean(), error.detach()

=== wrong: always the first action
LOSS
    log_probs = logits[:, 0].log_softmax(dim=1)
    error = -(target_probs * log_probs).sum(dim=1)
    return (weight * error).mean(), error.detach()

=== wrong: target and prediction are swapped
LOSS
    probs = logits[torch.arange(len(action)), action].softmax(dim=1)
    error = -(probs * target_probs.log()).sum(dim=1)
    return (weight * error).mean(), error.detach()

=== wrong: the two results are in the wrong order
LOSS
    log_probs = logits[torch.arange(len(action)), action].log_softmax(dim=1)
    error = -(target_probs * log_probs).sum(dim=1)
    return error.detach(), (weight * error).mean()

=== wrong: one of the two results is missing
LOSS
    log_probs = logits[torch.arange(len(action)), action].log_softmax(dim=1)
    error = -(target_probs * log_probs).sum(dim=1)
    return (weight * error).mean()

=== wrong: the priorities drag a graph along
LOSS
    log_probs = logits[torch.arange(len(action)), action].log_softmax(dim=1)
    error = -(target_probs * log_probs).sum(dim=1)
    return (weight * error).mean(), error

=== wrong: the loss is cut off
LOSS
    log_probs = logits[torch.arange(len(action)), action].log_softmax(dim=1)
    error = -(target_probs * log_probs).sum(dim=1).detach()
    return (weight * error).mean(), error

=== wrong: a part of the loss is cut off
LOSS
    p = logits[torch.arange(len(action)), action].softmax(dim=1)
    log_probs = (p / p.sum(dim=1, keepdim=True).detach()).log()
    first = log_probs[:, :1].detach()
    error = -(target_probs * torch.cat([first, log_probs[:, 1:]], dim=1)).sum(dim=1)
    return (weight * error).mean(), error.detach()

=== wrong: a plain number in place of a tensor
LOSS
    log_probs = logits[torch.arange(len(action)), action].log_softmax(dim=1)
    error = -(target_probs * log_probs).sum(dim=1)
    return (weight * error).mean().item(), error.detach()

=== wrong: returned NaN
LOSS
    log_probs = logits[torch.arange(len(action)), action].log()
    error = -(target_probs * log_probs).sum(dim=1)
    return (weight * error).mean(), error.detach()

=== wrong: returned None
LOSS
    log_probs = logits[torch.arange(len(action)), action].log_softmax(dim=1)
    error = -(target_probs * log_probs).sum(dim=1)
    (weight * error).mean(), error.detach()

=== wrong: raises NameError
LOSS
    log_probs = logits[torch.arange(len(action)), action].log_softmax(dim=1)
    error = -(target * log_probs).sum(dim=1)
    return (weight * error).mean(), error.detach()

=== wrong: it prints
LOSS
    log_probs = logits[torch.arange(len(action)), action].log_softmax(dim=1)
    error = -(target_probs * log_probs).sum(dim=1)
    print("mean error", error.mean())
    return (weight * error).mean(), error.detach()

=== wrong: another name
def loss(logits, action, target_probs, weight):
    log_probs = logits[torch.arange(len(action)), action].log_softmax(dim=1)
    error = -(target_probs * log_probs).sum(dim=1)
    return (weight * error).mean(), error.detach()

=== wrong, 0.5 s: does not end
LOSS
    total = 0
    while total < 1:
        total = total * 2
    return total, total
'''.replace("LOSS\n", LOSS_LINE),
    IMPORTS,
)

ANSWERS = RAINBOW_TARGET + RAINBOW_LOSS
