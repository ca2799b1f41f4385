"""Answers to the exercises of lesson 07, as learners write them."""

from answers import answers

DUELING = answers(
    "dqnlib.networks.dueling",
    r"""
=== right
def dueling(value, advantage):
    return value + advantage - advantage.mean(dim=1, keepdim=True)

=== right
def dueling(value, advantage):
    return value + (advantage - advantage.mean(1)[:, None])

=== right
import torch

def dueling(value, advantage):
    n_actions = advantage.shape[1]
    centering = torch.eye(n_actions) - torch.ones(n_actions, n_actions) / n_actions
    return value.expand_as(advantage) + advantage @ centering

=== right
import torch

def dueling(value, advantage):
    rows = []
    for v, a in zip(value, advantage):
        rows.append(v + a - a.mean())
    return torch.stack(rows)

=== right
def dueling(value, advantage):
    total = advantage.sum(dim=-1, keepdim=True)
    return advantage.add(value).sub(total / advantage.size(-1))

=== right
def dueling(value, advantage):
    return advantage + (value[:, 0] - advantage.mean(1)).unsqueeze(1)

=== blank
def dueling(value, advantage):
    return ____

=== blank
def dueling(value, advantage):
    mean = advantage.mean(1, keepdim=True)
    return value + ____

=== wrong: another value
def dueling(value, advantage):
    # the middle between the best and the worst action
    middle = (advantage.amax(1, keepdim=True) + advantage.amin(1, keepdim=True)) / 2
    return value + advantage - middle

=== wrong: another value
def dueling(value, advantage):
    mean = advantage.mean(dim=1)
    if len(mean) != advantage.shape[1]:  # so that the shapes fit
        mean = mean[:, None]
    return value + advantage - mean

=== wrong: another value
def dueling(value, advantage):
    mean = advantage[:, :3].mean(dim=1, keepdim=True)  # of the three actions
    return value + advantage - mean

=== wrong: another value
def dueling(value, advantage):
    if advantage.shape[1] == 1:  # nothing to compare it with
        return value + advantage
    return value + advantage - advantage.mean(1, keepdim=True)

=== wrong, 0.5 s: does not end
def dueling(value, advantage):
    k, total = 0, 0
    while k < advantage.shape[1]:
        total = total + advantage[:, k : k + 1]
    return value + advantage - total / k

=== wrong: another name
@exercise("dqnlib.networks.dueling")
def join(value, advantage):
    return value + advantage - advantage.mean(1, keepdim=True)

=== wrong: the two heads are only added
def dueling(value, advantage):
    return value + advantage

=== wrong: the two heads are only added
import torch

def dueling(value, advantage):
    return torch.cat([value + advantage[:, k : k + 1] for k in range(advantage.shape[1])], dim=1)

=== wrong: the largest advantage is taken away in place of the mean
def dueling(value, advantage):
    return value + advantage - advantage.max(dim=1, keepdim=True).values

=== wrong: the smallest advantage is taken away in place of the mean
def dueling(value, advantage):
    return value + advantage - advantage.min(dim=1, keepdim=True).values

=== wrong: the median in place of the mean
def dueling(value, advantage):
    middle = advantage.median(dim=1, keepdim=True).values
    return value + advantage - middle

=== wrong: the mean over the batch in place of the actions
def dueling(value, advantage):
    return value + advantage - advantage.mean(0)

=== wrong: one mean for the whole batch
def dueling(value, advantage):
    return value + advantage - advantage.mean()

=== wrong: the sum of the advantages in place of their mean
def dueling(value, advantage):
    return value + advantage - advantage.sum(1, keepdim=True)

=== wrong: the mean has the wrong sign
def dueling(value, advantage):
    return value + advantage + advantage.mean(1, keepdim=True)

=== wrong: the state's value is missing
def dueling(value, advantage):
    return advantage - advantage.mean(1, keepdim=True)

=== wrong: the advantages have the wrong sign
def dueling(value, advantage):
    return value + advantage.mean(1, keepdim=True) - advantage

=== wrong: value and advantage are multiplied
def dueling(value, advantage):
    return value * (advantage - advantage.mean(1, keepdim=True))

=== wrong: the advantages become shares
def dueling(value, advantage):
    return value + advantage.softmax(1)

=== wrong: a mean [B] meets a table [B, A]
def dueling(value, advantage):
    return value + advantage - advantage.mean(1)

=== wrong: the advantages are scaled
def dueling(value, advantage):
    centered = advantage - advantage.mean(1, keepdim=True)
    return value + centered / (advantage.std(1, keepdim=True) + 1e-8)

=== wrong: the mean of the advantages alone is used
def dueling(value, advantage):
    return value + advantage.mean(dim=1, keepdim=True).expand_as(advantage)

=== wrong: wrong shape
def dueling(value, advantage):
    return value + advantage.mean(dim=1, keepdim=True)

=== wrong: arguments changed
def dueling(value, advantage):
    advantage -= advantage.mean(1, keepdim=True)
    return value + advantage

=== wrong: returned None
def dueling(value, advantage):
    q = value + advantage - advantage.mean(1, keepdim=True)

=== wrong: it prints
def dueling(value, advantage):
    print(advantage.mean(1))
    return value + advantage - advantage.mean(1, keepdim=True)

=== wrong: raises NameError
def dueling(value, advantage):
    return value + advantages - advantage.mean(1, keepdim=True)
""",
)

PROJECT_DISTRIBUTION = answers(
    "dqnlib.targets.project_distribution",
    r"""
=== right
import torch

def project_distribution(next_probs, reward, terminated, discount, support):
    landed = reward[:, None] + discount * support * ~terminated[:, None]
    landed = landed.clamp(support[0], support[-1])
    if len(support) == 1:
        return torch.ones_like(landed)
    gap = support[1] - support[0]
    share = (1 - (landed[:, None, :] - support[:, None]).abs() / gap).clamp(min=0)
    return (share * next_probs[:, None, :]).sum(2)

=== right
import torch

def project_distribution(next_probs, reward, terminated, discount, support):
    # as in the paper's Algorithm 1, with the last atom kept in reach
    last = len(support) - 1
    if last == 0:
        return torch.ones_like(next_probs)
    gap = (support[-1] - support[0]) / last
    tz = (reward.unsqueeze(1) + discount * support * (1 - terminated.float()).unsqueeze(1))
    b = (tz.clamp(support[0], support[-1]) - support[0]) / gap
    low = b.floor().long().clamp(max=last)
    high = (low + 1).clamp(max=last)
    m = torch.zeros_like(next_probs)
    m.scatter_add_(1, low, next_probs * (1 - (b - low)))
    m.scatter_add_(1, high, next_probs * (b - low))
    return m

=== right
import torch

def project_distribution(next_probs, reward, terminated, discount, support):
    out = torch.zeros_like(next_probs)
    n = len(support)
    low, high = float(support[0]), float(support[-1])
    gap = (high - low) / (n - 1) if n > 1 else 1.0
    for i in range(len(reward)):
        for j in range(n):
            z = float(reward[i])
            if not terminated[i]:
                z += discount * float(support[j])
            place = (min(max(z, low), high) - low) / gap
            k = int(place)
            part = place - k
            out[i, k] += (1 - part) * next_probs[i, j]
            if part > 0:
                out[i, k + 1] += part * next_probs[i, j]
    return out

=== right
import torch

def project_distribution(next_probs, reward, terminated, discount, support):
    keep = torch.where(terminated, 0.0, discount)
    places = torch.clip(reward[:, None] + keep[:, None] * support[None], support[0], support[-1])
    gap = (support[-1] - support[0]) / max(1, len(support) - 1)
    if gap == 0:
        return next_probs.sum(1, keepdim=True)
    weight = torch.relu(1 - torch.abs(support[None, None] - places[:, :, None]) / gap)
    return torch.einsum("bj,bji->bi", next_probs, weight)

=== right
import numpy as np
import torch

def project_distribution(next_probs, reward, terminated, discount, support):
    z = support.numpy().astype(float)
    rows = []
    for p, r, t in zip(next_probs.numpy(), reward.tolist(), terminated.tolist()):
        x = np.clip(r + (0 if t else discount) * z, z[0], z[-1])
        hats = [np.interp(x, z, np.eye(len(z))[k]) for k in range(len(z))]
        rows.append([(hat * p).sum() for hat in hats])
    return torch.tensor(np.array(rows), dtype=torch.float32)

=== blank
def project_distribution(next_probs, reward, terminated, discount, support):
    return ____

=== blank
def project_distribution(next_probs, reward, terminated, discount, support):
    landed = ____
    return landed

=== wrong: another value
import torch

def project_distribution(next_probs, reward, terminated, discount, support):
    landed = reward[:, None] + discount * support * ~terminated[:, None]
    landed = landed.clamp(max=support[-1])  # the upper end alone
    if len(support) == 1:
        return torch.ones_like(landed)
    gap = support[1] - support[0]
    share = (1 - (landed[:, None, :] - support[:, None]).abs() / gap).clamp(min=0)
    out = (share * next_probs[:, None, :]).sum(2)
    return out

=== wrong: another value
import torch

def project_distribution(next_probs, reward, terminated, discount, support):
    landed = reward[:, None] + discount * support
    landed = landed.clamp(support[0], support[-1])
    if len(support) == 1:
        return torch.ones_like(landed)
    gap = support[1] - support[0]
    share = (1 - (landed[:, None, :] - support[:, None]).abs() / gap).clamp(min=0)
    out = (share * next_probs[:, None, :]).sum(2)
    place = (reward / gap).clamp(0, len(support) - 1)  # where an episode that is over ends
    ended = (1 - (place[:, None] - torch.arange(len(support))).abs()).clamp(min=0)
    return torch.where(terminated[:, None], ended, out)

=== wrong: what follows is kept after the end
import torch

def project_distribution(next_probs, reward, terminated, discount, support):
    landed = reward[:, None] + discount * support * ~terminated[:, None]
    landed = landed.clamp(support[0], support[-1])
    if len(support) == 1:
        return torch.ones_like(landed)
    gap = support[1] - support[0]
    share = (1 - (landed[:, None, :] - support[:, None]).abs() / gap).clamp(min=0)
    out = (share * next_probs[:, None, :]).sum(2)
    return torch.where((reward == 0)[:, None], next_probs, out)  # no reward, no change

=== wrong: another value
import torch

def project_distribution(next_probs, reward, terminated, discount, support):
    low = support[0]
    landed = reward[:, None] + (low + discount * (support - low)) * ~terminated[:, None]
    landed = landed.clamp(support[0], support[-1])
    if len(support) == 1:
        return torch.ones_like(landed)
    gap = support[1] - support[0]
    share = (1 - (landed[:, None, :] - support[:, None]).abs() / gap).clamp(min=0)
    out = (share * next_probs[:, None, :]).sum(2)
    return out

=== wrong, 0.5 s: does not end
def project_distribution(next_probs, reward, terminated, discount, support):
    k = 0
    while k < len(support):
        landed = reward + discount * support[k]
    return landed

=== wrong: another name
@exercise("dqnlib.targets.project_distribution")
def project(next_probs, reward, terminated, discount, support):
    return next_probs

=== wrong: it prints
import torch

def project_distribution(next_probs, reward, terminated, discount, support):
    landed = reward[:, None] + discount * support * ~terminated[:, None]
    landed = landed.clamp(support[0], support[-1])
    if len(support) == 1:
        return torch.ones_like(landed)
    gap = support[1] - support[0]
    share = (1 - (landed[:, None, :] - support[:, None]).abs() / gap).clamp(min=0)
    out = (share * next_probs[:, None, :]).sum(2)
    print(out.sum(1))
    return out

=== wrong: what follows is kept after the end
import torch

def project_distribution(next_probs, reward, terminated, discount, support):
    landed = (reward[:, None] + discount * support).clamp(support[0], support[-1])
    if len(support) == 1:
        return torch.ones_like(landed)
    gap = support[1] - support[0]
    share = (1 - (landed[:, None, :] - support[:, None]).abs() / gap).clamp(min=0)
    return (share * next_probs[:, None, :]).sum(2)

=== wrong: terminated is used the wrong way round
import torch

def project_distribution(next_probs, reward, terminated, discount, support):
    landed = reward[:, None] + discount * support * terminated[:, None]
    landed = landed.clamp(support[0], support[-1])
    if len(support) == 1:
        return torch.ones_like(landed)
    gap = support[1] - support[0]
    share = (1 - (landed[:, None, :] - support[:, None]).abs() / gap).clamp(min=0)
    return (share * next_probs[:, None, :]).sum(2)

=== wrong: one ended episode ends all of them
import torch

def project_distribution(next_probs, reward, terminated, discount, support):
    if terminated.any():
        discount = 0.0
    landed = (reward[:, None] + discount * support).clamp(support[0], support[-1])
    if len(support) == 1:
        return torch.ones_like(landed)
    gap = support[1] - support[0]
    share = (1 - (landed[:, None, :] - support[:, None]).abs() / gap).clamp(min=0)
    return (share * next_probs[:, None, :]).sum(2)

=== wrong: mass that leaves the support is lost
import torch

def project_distribution(next_probs, reward, terminated, discount, support):
    landed = reward[:, None] + discount * support * ~terminated[:, None]
    if len(support) == 1:
        return torch.ones_like(landed)
    gap = support[1] - support[0]
    inside = (landed >= support[0]) & (landed <= support[-1])
    share = (1 - (landed[:, None, :] - support[:, None]).abs() / gap).clamp(min=0)
    return (share * (inside * next_probs)[:, None, :]).sum(2)

=== wrong: mass that lands on an atom is lost
import torch

def project_distribution(next_probs, reward, terminated, discount, support):
    landed = reward[:, None] + discount * support * ~terminated[:, None]
    landed = landed.clamp(support[0], support[-1])
    gap = (support[-1] - support[0]) / (len(support) - 1) if len(support) > 1 else 1.0
    b = (landed - support[0]) / gap
    low, high = b.floor().long(), b.ceil().long()
    m = torch.zeros_like(next_probs)
    m.scatter_add_(1, low, next_probs * (high - b))
    m.scatter_add_(1, high, next_probs * (b - low))
    return m

=== wrong: all mass goes to the nearest atom
import torch

def project_distribution(next_probs, reward, terminated, discount, support):
    landed = reward[:, None] + discount * support * ~terminated[:, None]
    landed = landed.clamp(support[0], support[-1])
    gap = (support[-1] - support[0]) / (len(support) - 1) if len(support) > 1 else 1.0
    near = ((landed - support[0]) / gap).round().long()
    return torch.zeros_like(next_probs).scatter_add_(1, near, next_probs)

=== wrong: all mass goes to the atom below
import torch

def project_distribution(next_probs, reward, terminated, discount, support):
    landed = reward[:, None] + discount * support * ~terminated[:, None]
    landed = landed.clamp(support[0], support[-1])
    gap = (support[-1] - support[0]) / (len(support) - 1) if len(support) > 1 else 1.0
    below = ((landed - support[0]) / gap).floor().long()
    return torch.zeros_like(next_probs).scatter_add_(1, below, next_probs)

=== wrong: the neighbors' shares are swapped
import torch

def project_distribution(next_probs, reward, terminated, discount, support):
    last = len(support) - 1
    if last == 0:
        return torch.ones_like(next_probs)
    gap = (support[-1] - support[0]) / last
    landed = reward[:, None] + discount * support * ~terminated[:, None]
    b = (landed.clamp(support[0], support[-1]) - support[0]) / gap
    low = b.floor().long().clamp(max=last)
    high = (low + 1).clamp(max=last)
    m = torch.zeros_like(next_probs)
    m.scatter_add_(1, low, next_probs * (b - low))
    m.scatter_add_(1, high, next_probs * (1 - (b - low)))
    return m

=== wrong: shares that meet on an atom are not added up
import torch

def project_distribution(next_probs, reward, terminated, discount, support):
    out = torch.zeros_like(next_probs)
    n, low, high = len(support), float(support[0]), float(support[-1])
    gap = (high - low) / (n - 1) if n > 1 else 1.0
    for i in range(len(reward)):
        for j in range(n):
            z = float(reward[i]) + (0 if terminated[i] else discount * float(support[j]))
            place = (min(max(z, low), high) - low) / gap
            k = min(int(place), n - 1)
            out[i, k] = (1 - (place - k)) * next_probs[i, j]
            out[i, min(k + 1, n - 1)] = (place - k) * next_probs[i, j]
    return out

=== wrong: the discount is missing
import torch

def project_distribution(next_probs, reward, terminated, discount, support):
    landed = reward[:, None] + support * ~terminated[:, None]
    landed = landed.clamp(support[0], support[-1])
    if len(support) == 1:
        return torch.ones_like(landed)
    gap = support[1] - support[0]
    share = (1 - (landed[:, None, :] - support[:, None]).abs() / gap).clamp(min=0)
    return (share * next_probs[:, None, :]).sum(2)

=== wrong: the reward is missing
import torch

def project_distribution(next_probs, reward, terminated, discount, support):
    landed = discount * support * ~terminated[:, None]
    landed = landed.clamp(support[0], support[-1])
    if len(support) == 1:
        return torch.ones_like(landed)
    gap = support[1] - support[0]
    share = (1 - (landed[:, None, :] - support[:, None]).abs() / gap).clamp(min=0)
    return (share * next_probs[:, None, :]).sum(2)

=== wrong: the distance of the atoms is taken for 1
import torch

def project_distribution(next_probs, reward, terminated, discount, support):
    landed = reward[:, None] + discount * support * ~terminated[:, None]
    landed = landed.clamp(support[0], support[-1])
    last = len(support) - 1
    b = (landed - support[0]).clamp(0, last)
    low = b.floor().long()
    high = (low + 1).clamp(max=last)
    m = torch.zeros_like(next_probs)
    m.scatter_add_(1, low, next_probs * (1 - (b - low)))
    m.scatter_add_(1, high, next_probs * (b - low))
    return m

=== wrong: the next distribution is returned as it was
def project_distribution(next_probs, reward, terminated, discount, support):
    return next_probs.clone()

=== wrong: the places are returned in place of their mass
def project_distribution(next_probs, reward, terminated, discount, support):
    landed = reward[:, None] + discount * support * ~terminated[:, None]
    return landed.clamp(support[0], support[-1])

=== wrong: the probabilities are discounted in place of the atoms
import torch

def project_distribution(next_probs, reward, terminated, discount, support):
    landed = reward[:, None] + support * ~terminated[:, None]
    landed = landed.clamp(support[0], support[-1])
    if len(support) == 1:
        return discount * next_probs
    gap = support[1] - support[0]
    share = (1 - (landed[:, None, :] - support[:, None]).abs() / gap).clamp(min=0)
    return discount * (share * next_probs[:, None, :]).sum(2)

=== wrong: the reward is discounted as well
import torch

def project_distribution(next_probs, reward, terminated, discount, support):
    last = len(support) - 1
    if last == 0:
        return torch.ones_like(next_probs)
    gap = (support[-1] - support[0]) / last
    landed = discount * (reward[:, None] + support * ~terminated[:, None])
    b = (landed.clamp(support[0], support[-1]) - support[0]) / gap
    low = b.floor().long().clamp(max=last)
    high = (low + 1).clamp(max=last)
    m = torch.zeros_like(next_probs)
    part = b - low
    m.scatter_add_(1, low, next_probs * (1 - part))
    m.scatter_add_(1, high, next_probs * part)
    return m

=== wrong: each neighbor gets half
import torch

def project_distribution(next_probs, reward, terminated, discount, support):
    last = len(support) - 1
    if last == 0:
        return torch.ones_like(next_probs)
    gap = (support[-1] - support[0]) / last
    landed = reward[:, None] + discount * support * ~terminated[:, None]
    b = (landed.clamp(support[0], support[-1]) - support[0]) / gap
    low = b.floor().long().clamp(max=last)
    high = (low + 1).clamp(max=last)
    m = torch.zeros_like(next_probs)
    part = 0.5 * (b > low)
    m.scatter_add_(1, low, next_probs * (1 - part))
    m.scatter_add_(1, high, next_probs * part)
    return m

=== wrong: the lowest atom is taken for 0
import torch

def project_distribution(next_probs, reward, terminated, discount, support):
    last = len(support) - 1
    if last == 0:
        return torch.ones_like(next_probs)
    gap = (support[-1] - support[0]) / last
    landed = reward[:, None] + discount * support * ~terminated[:, None]
    b = (landed / gap).clamp(0, last)
    low = b.floor().long().clamp(max=last)
    high = (low + 1).clamp(max=last)
    m = torch.zeros_like(next_probs)
    part = b - low
    m.scatter_add_(1, low, next_probs * (1 - part))
    m.scatter_add_(1, high, next_probs * part)
    return m

=== wrong: a reward [B] meets the atoms [K]
import torch

def project_distribution(next_probs, reward, terminated, discount, support):
    last = len(support) - 1
    if last == 0:
        return torch.ones_like(next_probs)
    gap = (support[-1] - support[0]) / last
    landed = reward + discount * support * ~terminated[:, None]
    b = (landed.clamp(support[0], support[-1]) - support[0]) / gap
    low = b.floor().long().clamp(max=last)
    high = (low + 1).clamp(max=last)
    m = torch.zeros_like(next_probs)
    part = b - low
    m.scatter_add_(1, low, next_probs * (1 - part))
    m.scatter_add_(1, high, next_probs * part)
    return m

=== wrong: places are used as an index before they are whole numbers
import torch

def project_distribution(next_probs, reward, terminated, discount, support):
    last = len(support) - 1
    if last == 0:
        return torch.ones_like(next_probs)
    gap = (support[-1] - support[0]) / last
    landed = reward[:, None] + discount * support * ~terminated[:, None]
    b = (landed.clamp(support[0], support[-1]) - support[0]) / gap
    low = b.floor().clamp(max=last)
    high = (low + 1).clamp(max=last)
    m = torch.zeros_like(next_probs)
    part = b - low
    m.scatter_add_(1, low, next_probs * (1 - part))
    m.scatter_add_(1, high, next_probs * part)
    return m

=== wrong: returned NaN
def project_distribution(next_probs, reward, terminated, discount, support):
    landed = reward[:, None] + discount * support * ~terminated[:, None]
    landed = landed.clamp(support[0], support[-1])
    gap = (support[-1] - support[0]) / (len(support) - 1 or 1)
    share = (1 - (landed[:, None, :] - support[:, None]).abs() / gap).clamp(min=0)
    return (share * next_probs[:, None, :]).sum(2)

=== wrong: returned None
def project_distribution(next_probs, reward, terminated, discount, support):
    landed = reward[:, None] + discount * support * ~terminated[:, None]

=== wrong: raises NameError
def project_distribution(next_probs, reward, terminated, discount, support):
    return (reward[:, None] + gamma * support).clamp(support[0], support[-1])
""",
)

HEAD = """
import math
import torch
from torch import nn

class NoisyLinear(nn.Module):
    def __init__(self, inputs, outputs, sigma=0.5):
        super().__init__()
        bound = 1 / math.sqrt(inputs)
        self.weight = nn.Parameter(torch.empty(outputs, inputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(outputs).uniform_(-bound, bound))
        self.weight_sigma = nn.Parameter(torch.full((outputs, inputs), sigma * bound))
        self.bias_sigma = nn.Parameter(torch.full((outputs,), sigma * bound))
        self.register_buffer("noise", torch.zeros(inputs + outputs))
"""
DRAW = """
    def reset_noise(self, rng):
        x = torch.randn(self.noise.shape, generator=rng)
        self.noise.copy_(x.sign() * x.abs().sqrt())
"""
USE = """
    def forward(self, x):
        if not self.training:
            return nn.functional.linear(x, self.weight, self.bias)
        outputs, inputs = self.weight.shape
        into, out = self.noise[:inputs], self.noise[inputs:]
        weight = self.weight + self.weight_sigma * torch.outer(out, into)
        return nn.functional.linear(x, weight, self.bias + self.bias_sigma * out)
"""


def _layer(verdict: str, *methods: str) -> str:
    return f"=== {verdict}\n{HEAD}{''.join(methods)}\n"


NOISY_LINEAR = answers(
    "dqnlib.networks.NoisyLinear",
    "\n".join(
        [
            _layer("right", DRAW, USE),
            _layer(
                "right",
                """
    def reset_noise(self, rng):
        x = torch.randn(len(self.noise), generator=rng)
        self.noise = torch.sign(x) * torch.sqrt(torch.abs(x))

    def forward(self, x):
        n = self.weight.shape[1]
        noise = self.noise if self.training else torch.zeros_like(self.noise)
        eps = noise[n:, None] * noise[None, :n]
        weight = self.weight + self.weight_sigma * eps
        return x @ weight.T + self.bias + self.bias_sigma * noise[n:]
""",
            ),
            _layer(
                "right",
                """
    def f(self, x):
        return x.sign().mul(x.abs().sqrt())

    def reset_noise(self, rng):
        outputs, inputs = self.weight.shape
        into = self.f(torch.randn(inputs, generator=rng))
        out = self.f(torch.randn(outputs, generator=rng))
        self.noise.copy_(torch.cat([into, out]))
""",
                USE,
            ),
            _layer(
                "right",
                DRAW,
                """
    def forward(self, x):
        still = nn.functional.linear(x, self.weight, self.bias)
        if self.training:
            into, out = self.noise.split(self.weight.shape[::-1])
            return still + out * nn.functional.linear(x * into, self.weight_sigma, self.bias_sigma)
        return still
""",
            ),
            _layer(
                "right",
                """
    def reset_noise(self, rng):
        drawn = []
        for _ in range(len(self.noise)):
            x = float(torch.randn(1, generator=rng))
            drawn.append(math.copysign(math.sqrt(abs(x)), x))
        self.noise.copy_(torch.tensor(drawn))
""",
                USE,
            ),
            _layer(
                "blank",
                """
    def reset_noise(self, rng):
        ____

    def forward(self, x):
        return ____
""",
            ),
            _layer(
                "blank",
                DRAW,
                """
    def forward(self, x):
        return ____
""",
            ),
            _layer(
                "wrong: it prints",
                DRAW,
                """
    def forward(self, x):
        print(self.noise)
        if not self.training:
            return nn.functional.linear(x, self.weight, self.bias)
        outputs, inputs = self.weight.shape
        into, out = self.noise[:inputs], self.noise[inputs:]
        weight = self.weight + self.weight_sigma * torch.outer(out, into)
        return nn.functional.linear(x, weight, self.bias + self.bias_sigma * out)
""",
            ),
            _layer(
                "wrong: another value",
                DRAW,
                """
    def forward(self, x):
        return 2 * nn.functional.linear(x, self.weight, self.bias)
""",
            ),
            _layer(
                "wrong: wrong shape",
                DRAW,
                """
    def forward(self, x):
        return (x @ self.weight.T + self.bias).T
""",
            ),
            _layer(
                "wrong: wrong type",
                DRAW,
                """
    def forward(self, x):
        return (x @ self.weight.T + self.bias).tolist()
""",
            ),
            _layer(
                "wrong, 0.5 s: does not end",
                """
    def reset_noise(self, rng):
        k = 0
        while k < len(self.noise):
            self.noise[k] = torch.randn(1, generator=rng)
""",
                USE,
            ),
            "=== wrong: another name\n"
            + HEAD.replace(
                "class NoisyLinear", '@exercise("dqnlib.networks.NoisyLinear")\nclass Noisy'
            )
            + DRAW
            + USE
            + "\n",
            _layer(
                "wrong: the draws are not changed by f",
                """
    def reset_noise(self, rng):
        self.noise.copy_(torch.randn(self.noise.shape, generator=rng))
""",
                USE,
            ),
            _layer(
                "wrong: the sign is lost",
                """
    def reset_noise(self, rng):
        self.noise.copy_(torch.randn(self.noise.shape, generator=rng).abs().sqrt())
""",
                USE,
            ),
            _layer(
                "wrong: the root of negative numbers",
                """
    def reset_noise(self, rng):
        self.noise.copy_(torch.randn(self.noise.shape, generator=rng).sqrt())
""",
                USE,
            ),
            _layer(
                "wrong: f without its root",
                """
    def reset_noise(self, rng):
        self.noise.copy_(torch.randn(self.noise.shape, generator=rng).sign())
""",
                USE,
            ),
            _layer(
                "wrong: the noise is drawn evenly in place of normally",
                """
    def reset_noise(self, rng):
        self.noise.copy_(torch.rand(self.noise.shape, generator=rng))
""",
                USE,
            ),
            _layer(
                "wrong: a square in place of the root",
                """
    def reset_noise(self, rng):
        x = torch.randn(self.noise.shape, generator=rng)
        self.noise.copy_(x.sign() * x**2)
""",
                USE,
            ),
            _layer(
                "wrong: other noise",
                """
    def reset_noise(self, rng):
        x = 3 * torch.randn(self.noise.shape, generator=rng)
        self.noise.copy_(x.sign() * x.abs().sqrt() + 5)
""",
                USE,
            ),
            _layer(
                "wrong: forward draws noise",
                DRAW,
                """
    def forward(self, x):
        if not self.training:
            return nn.functional.linear(x, self.weight, self.bias)
        outputs, inputs = self.weight.shape
        into, out = self.noise[:inputs].clone(), self.noise[inputs:].clone()
        fresh = torch.randn(self.noise.shape)
        self.noise.copy_(fresh.sign() * fresh.abs().sqrt())
        weight = self.weight + self.weight_sigma * torch.outer(out, into)
        return nn.functional.linear(x, weight, self.bias + self.bias_sigma * out)
""",
            ),
            _layer(
                "wrong: another generator than rng",
                """
    def reset_noise(self, rng):
        x = torch.randn(self.noise.shape)
        self.noise.copy_(x.sign() * x.abs().sqrt())
""",
                USE,
            ),
            _layer(
                "wrong: the generator rng is not used",
                """
    def reset_noise(self, rng):
        x = torch.randn(self.noise.shape, generator=torch.Generator().manual_seed(0))
        self.noise.copy_(x.sign() * x.abs().sqrt())
""",
                USE,
            ),
            _layer(
                "wrong: the noise stays as it was",
                """
    def reset_noise(self, rng):
        x = torch.randn(self.noise.shape, generator=rng)
        noise = x.sign() * x.abs().sqrt()
""",
                USE,
            ),
            _layer(
                "wrong: the noise has another shape",
                """
    def reset_noise(self, rng):
        x = torch.randn(self.weight.shape, generator=rng)
        self.noise = x.sign() * x.abs().sqrt()
""",
                USE,
            ),
            _layer(
                "wrong: noise in evaluation",
                DRAW,
                """
    def forward(self, x):
        outputs, inputs = self.weight.shape
        into, out = self.noise[:inputs], self.noise[inputs:]
        weight = self.weight + self.weight_sigma * torch.outer(out, into)
        return nn.functional.linear(x, weight, self.bias + self.bias_sigma * out)
""",
            ),
            *(
                _layer(
                    f"wrong: {name}",
                    DRAW,
                    f"""
    def forward(self, x):
        if not self.training:
            return nn.functional.linear(x, self.weight, self.bias)
        outputs, inputs = self.weight.shape
        into, out = self.noise[:inputs], self.noise[inputs:]
        weight = {weight}
        return nn.functional.linear(x, weight, {bias})
""",
                )
                for name, weight, bias in (
                    (
                        "the bias is not noisy",
                        "self.weight + self.weight_sigma * torch.outer(out, into)",
                        "self.bias",
                    ),
                    (
                        "the weights are not noisy",
                        "self.weight",
                        "self.bias + self.bias_sigma * out",
                    ),
                    (
                        "the noise is not scaled by sigma",
                        "self.weight + torch.outer(out, into)",
                        "self.bias + out",
                    ),
                    (
                        "the noise replaces the weight",
                        "self.weight_sigma * torch.outer(out, into)",
                        "self.bias_sigma * out",
                    ),
                    (
                        "only the inputs' noise is used",
                        "self.weight + self.weight_sigma * into",
                        "self.bias + self.bias_sigma * out",
                    ),
                    (
                        "the noises are added in place of multiplied",
                        "self.weight + self.weight_sigma * (out[:, None] + into)",
                        "self.bias + self.bias_sigma * out",
                    ),
                    (
                        "the noise is taken away",
                        "self.weight - self.weight_sigma * torch.outer(out, into)",
                        "self.bias - self.bias_sigma * out",
                    ),
                    (
                        "the noise of weights has the shape of their transpose",
                        "self.weight + self.weight_sigma * torch.outer(into, out)",
                        "self.bias + self.bias_sigma * out",
                    ),
                    (
                        "the noise is left out",
                        "self.weight",
                        "self.bias",
                    ),
                    (
                        "sigma is used without noise",
                        "self.weight + self.weight_sigma",
                        "self.bias + self.bias_sigma",
                    ),
                    (
                        "only the outputs' noise is used",
                        "self.weight + self.weight_sigma * out[:, None]",
                        "self.bias + self.bias_sigma * out",
                    ),
                    (
                        "inputs and outputs are swapped in the noise",
                        "self.weight + self.weight_sigma * torch.outer(self.noise[:outputs], "
                        "self.noise[outputs:])",
                        "self.bias + self.bias_sigma * self.noise[:outputs]",
                    ),
                    (
                        "the bias is missing",
                        "self.weight + self.weight_sigma * torch.outer(out, into)",
                        "None",
                    ),
                    (
                        "a parameter cannot learn",
                        "self.weight + self.weight_sigma.data * torch.outer(out, into)",
                        "self.bias + self.bias_sigma * out",
                    ),
                )
            ),
            _layer(
                "wrong: the layer changes its parameters",
                DRAW,
                """
    def forward(self, x):
        weight, bias = self.weight, self.bias
        if self.training:
            outputs, inputs = self.weight.shape
            into, out = self.noise[:inputs], self.noise[inputs:]
            weight = self.weight + self.weight_sigma * torch.outer(out, into)
            bias = self.bias + self.bias_sigma * out
            self.weight.data = weight.data
        return nn.functional.linear(x, weight, bias)
""",
            ),
            _layer(
                "wrong: returned None",
                DRAW,
                """
    def forward(self, x):
        y = nn.functional.linear(x, self.weight, self.bias)
""",
            ),
            _layer(
                "wrong: raises NameError",
                DRAW,
                """
    def forward(self, x):
        return functional.linear(x, self.weight, self.bias)
""",
            ),
        ]
    ),
)

ANSWERS = (*DUELING, *PROJECT_DISTRIBUTION, *NOISY_LINEAR)
