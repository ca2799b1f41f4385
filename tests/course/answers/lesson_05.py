"""Answers to the exercises of lesson 05, as learners write them."""

from answers import answers

DOUBLE_TD_TARGET = answers(
    "dqnlib.targets.double_td_target",
    r'''
=== right
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=1)
    next_value = target_next_q.gather(1, action[:, None]).squeeze(1)
    return reward + gamma * next_value * ~terminated

=== right
import torch

def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    rows = torch.arange(len(reward))
    value = target_next_q[rows, online_next_q.argmax(1)]
    return torch.where(terminated, reward, reward + gamma * value)

=== right
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    best = online_next_q.max(dim=1, keepdim=True).indices
    value = target_next_q.take_along_dim(best, dim=1)[:, 0]
    return reward + gamma * (1 - terminated.float()) * value

=== right
import torch

def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    y = reward.clone()
    for i in range(len(reward)):
        if not terminated[i]:
            a = int(online_next_q[i].argmax())
            y[i] += gamma * target_next_q[i, a]
    return y

=== right
from torch.nn.functional import one_hot

def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    chosen = one_hot(online_next_q.argmax(1), online_next_q.shape[1])
    value = (chosen * target_next_q).sum(dim=1)
    value[terminated] = 0.0
    return reward + gamma * value

=== right
import torch

def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    return torch.stack([
        r if t else r + gamma * q_target[q_online.argmax()]
        for r, t, q_online, q_target in zip(reward, terminated, online_next_q, target_next_q)
    ])

=== right
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    _, best = online_next_q.topk(1, dim=-1)
    bootstrap = target_next_q.gather(-1, best).flatten()
    return reward + bootstrap.mul(gamma).masked_fill(terminated, 0.0)

=== right
import torch

def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    best = online_next_q.argmax(1)
    return torch.addcmul(
        reward,
        target_next_q.index_select(1, best).diagonal(),
        gamma * terminated.logical_not().to(reward.dtype),
    )

=== right
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    selected = (online_next_q == online_next_q.amax(1, keepdim=True))
    value = target_next_q.masked_fill(~selected, 0.0).sum(1)
    return (reward + gamma * value).where(~terminated, reward)

=== right
import numpy as np
import torch

def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    best = online_next_q.numpy().argmax(axis=1)
    value = target_next_q.numpy()[np.arange(len(best)), best]
    return reward + gamma * torch.from_numpy(value) * (terminated == 0)

=== right
import torch

def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    with torch.no_grad():
        max_acts = torch.max(online_next_q, dim=1)[1].view(-1, 1)
        discount = gamma * (~terminated).float()
        backup = target_next_q.gather(1, max_acts).squeeze(-1)
    return reward + discount * backup

=== wrong: the largest value of the online network
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    a_max = online_next_q.max(1)[1].unsqueeze(1)
    next_q = online_next_q.gather(1, a_max).squeeze(1)
    return reward + gamma * next_q * (~terminated).float()

=== wrong: the largest value of the target network
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    best = target_next_q.argmax(1, keepdim=True)
    return reward + gamma * target_next_q.gather(1, best).squeeze(1) * (1 - terminated.float())

=== wrong: the two networks are swapped
import torch

def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    q_eval, q_next = online_next_q, target_next_q
    best = torch.argmax(q_next, dim=1)
    return reward + gamma * q_eval[torch.arange(len(best)), best] * ~terminated

=== wrong: the value of a terminal state was kept
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    best = online_next_q.argmax(dim=1).view(-1, 1)
    return reward + gamma * target_next_q.gather(1, best).view(-1)

=== wrong: one action for the whole batch
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    best = online_next_q.sum(0).argmax()
    return reward + gamma * target_next_q[:, best] * ~terminated

=== wrong: the number of the action in place of its value
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    next_value = online_next_q.max(1)[1]
    return reward + gamma * next_value * ~terminated

=== wrong: a column [B, 1] met a row [B]
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    best = online_next_q.argmax(1).unsqueeze(-1)
    next_value = target_next_q.gather(1, best)
    return reward + gamma * next_value * (~terminated)

=== wrong: the smaller of both networks' largest values
import torch

def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    value = torch.minimum(online_next_q.max(1)[0], target_next_q.max(1)[0])
    return reward + gamma * value * ~terminated

=== wrong: the mean of both networks
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    value = 0.5 * (online_next_q + target_next_q)
    return reward + gamma * value.max(1)[0] * ~terminated

=== wrong: an index with one axis for a table with two
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    a = online_next_q.argmax(dim=1)
    return reward + gamma * target_next_q.gather(1, a) * ~terminated

=== wrong: terminated is used the wrong way round
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    a = online_next_q.argmax(dim=1, keepdim=True)
    q = target_next_q.gather(1, a).squeeze(1)
    q[~terminated] = 0.0
    return reward + gamma * q

=== wrong: the mean over the actions
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    return reward + gamma * target_next_q.mean(dim=1) * ~terminated

=== wrong: half of the maximum and half of the mean
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=1, keepdim=True)
    greedy = target_next_q.gather(1, action).squeeze(1)
    soft = 0.5 * greedy + 0.5 * target_next_q.mean(dim=1)
    return reward + gamma * soft * ~terminated

=== blank
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    return ____

=== blank
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = ____  # [B]
    next_value = ____  # [B]
    return reward + gamma * next_value * ~terminated

=== blank
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=1)
    next_value = target_next_q.gather(1, ____)
    return reward + gamma * next_value * ~terminated

=== blank
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    raise NotImplementedError

=== blank
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    pass

=== blank
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    """Select with one, evaluate with the other."""
    ...

=== right
import torch

def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    values = [float(target_next_q[i, online_next_q[i].argmax()]) for i in range(len(reward))]
    return reward + gamma * torch.tensor(values) * ~terminated

=== right
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    order = online_next_q.sort(dim=1, descending=True).indices
    y = reward.clone()
    live = ~terminated
    y[live] += gamma * target_next_q[live].gather(1, order[live, :1])[:, 0]
    return y

=== wrong: one action for the whole batch
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax() % online_next_q.shape[1]
    return reward + gamma * target_next_q[:, action] * ~terminated

=== wrong: one action for the whole batch
import torch

def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    rows, columns = torch.where(online_next_q == online_next_q.max())
    return reward + gamma * target_next_q[:, columns[0]] * ~terminated

=== wrong: one action for the whole batch
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.mean(dim=0).argmax()  # the best on average
    return reward + gamma * target_next_q[:, action] * ~terminated

=== wrong: one action for the whole batch
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=1)[0]
    return reward + gamma * target_next_q[:, action] * ~terminated

=== wrong: the value of the whole batch's best action
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    return reward + gamma * target_next_q.flatten()[online_next_q.argmax()] * ~terminated

=== wrong: a soft maximum in place of the best action
import torch

def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    weight = torch.softmax(online_next_q, dim=1)
    return reward + gamma * (weight * target_next_q).sum(dim=1) * ~terminated

=== wrong: one ended episode ends all of them
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=1, keepdim=True)
    if terminated.any():
        return reward
    return reward + gamma * target_next_q.gather(1, action).squeeze(1)

=== wrong: a penalty at the end of the episode
import torch

def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=1, keepdim=True)
    y = reward + gamma * target_next_q.gather(1, action).squeeze(1)
    return torch.where(terminated, -1.0, y)

=== wrong: a penalty at the end of the episode
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=1, keepdim=True)
    next_value = target_next_q.gather(1, action).squeeze(1)
    next_value[terminated] = -1.0
    return reward + gamma * next_value

=== wrong: gamma is written as a number
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=1, keepdim=True)
    return reward + 0.99 * target_next_q.gather(1, action).squeeze(1) * ~terminated

=== wrong: the two networks are swapped
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = target_next_q.argmax(dim=1, keepdim=True)
    next_value = online_next_q.gather(1, action).squeeze(1)
    return reward + gamma * next_value * ~terminated

=== wrong: the largest value of the target network
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    return reward + gamma * target_next_q.max(dim=1).values * ~terminated

=== wrong: the largest value of the target network
import torch

def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = target_next_q.argmax(dim=1)
    value = target_next_q[torch.arange(len(action)), action]
    return reward + gamma * value * ~terminated

=== wrong: the largest value of the online network
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=1, keepdim=True)
    next_value = online_next_q.gather(1, action).squeeze(1)
    return reward + gamma * next_value * ~terminated

=== wrong: the smaller of both networks' largest values
import torch

def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    a = online_next_q.max(dim=1).values
    b = target_next_q.max(dim=1).values
    return reward + gamma * torch.min(a, b) * ~terminated

=== wrong: the largest of the smaller values
import torch

def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    q = torch.minimum(online_next_q, target_next_q)
    return reward + gamma * q.amax(1) * ~terminated

=== wrong: the smaller of both networks' values
import torch

def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(1, keepdim=True)
    q = torch.minimum(online_next_q, target_next_q).gather(1, action).squeeze(1)
    return reward + gamma * q * ~terminated

=== wrong: the mean of both networks
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    q = (online_next_q + target_next_q) / 2
    return reward + gamma * q.max(dim=1).values * ~terminated

=== wrong: the mean of both networks
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    best = 0.5 * (online_next_q.amax(1) + target_next_q.amax(1))
    return reward + gamma * best * ~terminated

=== wrong: the number of the action in place of its value
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=1)
    return reward + gamma * action * ~terminated

=== wrong: the value of a terminal state was kept
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=1, keepdim=True)
    return reward + gamma * target_next_q.gather(1, action).squeeze(1)

=== wrong: terminated is used the wrong way round
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=1, keepdim=True)
    return reward + gamma * target_next_q.gather(1, action).squeeze(1) * terminated

=== wrong: the discount is missing
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=1, keepdim=True)
    return reward + target_next_q.gather(1, action).squeeze(1) * ~terminated

=== wrong: gamma discounts the reward as well
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=1, keepdim=True)
    return gamma * (reward + target_next_q.gather(1, action).squeeze(1) * ~terminated)

=== wrong: the reward is dropped when the episode ends
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=1, keepdim=True)
    return (reward + gamma * target_next_q.gather(1, action).squeeze(1)) * ~terminated

=== wrong: the reward is missing
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=1, keepdim=True)
    return gamma * target_next_q.gather(1, action).squeeze(1) * ~terminated

=== wrong: a column [B, 1] met a row [B]
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=1, keepdim=True)
    next_value = target_next_q.gather(1, action)
    return reward + gamma * next_value * ~terminated

=== wrong: a column [B, 1] met a row [B]
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    # every row with every choice
    next_value = target_next_q[:, online_next_q.argmax(dim=1)]
    return reward + gamma * next_value * ~terminated

=== wrong: the worst action
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmin(dim=1, keepdim=True)
    return reward + gamma * target_next_q.gather(1, action).squeeze(1) * ~terminated

=== wrong: the next value is subtracted
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=1, keepdim=True)
    return reward - gamma * target_next_q.gather(1, action).squeeze(1) * ~terminated

=== wrong: gamma is written as a number
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=1, keepdim=True)
    return reward + 0.5 * target_next_q.gather(1, action).squeeze(1) * ~terminated

=== wrong: an index with one axis for a table with two
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=1)
    return reward + gamma * target_next_q.gather(1, action) * ~terminated

=== wrong: both results of max(dim=...) at once
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.max(dim=1)
    return reward + gamma * target_next_q.gather(1, action) * ~terminated

=== wrong: Python asks for one answer, a tensor holds many
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    if terminated:
        return reward
    action = online_next_q.argmax(dim=1, keepdim=True)
    return reward + gamma * target_next_q.gather(1, action).squeeze(1)

=== wrong: minus on a tensor of bools
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=1, keepdim=True)
    return reward + gamma * target_next_q.gather(1, action).squeeze(1) * (1 - terminated)

=== wrong: arguments changed
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    y = reward
    action = online_next_q.argmax(dim=1, keepdim=True)
    y += gamma * target_next_q.gather(1, action).squeeze(1) * ~terminated
    return y

=== wrong: arguments changed
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    target_next_q[terminated] = 0
    action = online_next_q.argmax(dim=1, keepdim=True)
    return reward + gamma * target_next_q.gather(1, action).squeeze(1)

=== wrong: not the same each time
import torch

def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    # a coin says which table selects
    if torch.rand(1) < 0.5:
        online_next_q, target_next_q = target_next_q, online_next_q
    action = online_next_q.argmax(dim=1, keepdim=True)
    return reward + gamma * target_next_q.gather(1, action).squeeze(1) * ~terminated

=== wrong: returned None
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=1, keepdim=True)
    y = reward + gamma * target_next_q.gather(1, action).squeeze(1) * ~terminated

=== wrong: returned NaN
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=1, keepdim=True)
    value = target_next_q.gather(1, action).squeeze(1)
    value = value / ~terminated * ~terminated
    return reward + gamma * value

=== wrong: wrong type
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=1, keepdim=True)
    y = reward + gamma * target_next_q.gather(1, action).squeeze(1) * ~terminated
    return y.tolist()

=== wrong: a plain number in place of a tensor
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=1, keepdim=True)
    y = reward + gamma * target_next_q.gather(1, action).squeeze(1) * ~terminated
    return y.mean().item()

=== wrong: wrong shape
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax()
    value = target_next_q.flatten()[action]
    return (reward + gamma * value * ~terminated).sum()

=== wrong: wrong shape
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=1, keepdim=True)
    value = target_next_q.gather(1, action)
    return reward[:, None] + gamma * value * ~terminated[:, None]

=== wrong: two shapes that do not fit
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    return reward + gamma * target_next_q * online_next_q.argmax(0) * ~terminated

=== wrong: raises NameError
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_q.argmax(dim=1, keepdim=True)
    return reward + gamma * target_next_q.gather(1, action).squeeze(1) * ~terminated

=== wrong: raises AttributeError
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=1).keepdim()
    return reward + gamma * target_next_q.gather(1, action).squeeze(1) * ~terminated

=== wrong: raises IndexError
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=2)
    return reward + gamma * target_next_q[action] * ~terminated

=== wrong: raises TypeError
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=1)
    return reward + gamma * target_next_q(action) * ~terminated

=== wrong: raises ZeroDivisionError
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    horizon = 1 / int(terminated[0])
    return reward + horizon * gamma * target_next_q.amax(1) * ~terminated

=== wrong: it prints
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=1, keepdim=True)
    print(action.shape)
    return reward + gamma * target_next_q.gather(1, action).squeeze(1) * ~terminated

=== wrong: other parameters
def double_td_target(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max(dim=1).values * ~terminated

=== wrong: other parameters
def double_td_target(reward, terminated, target_next_q, online_next_q, gamma):
    action = online_next_q.argmax(dim=1, keepdim=True)
    return reward + gamma * target_next_q.gather(1, action).squeeze(1) * ~terminated

=== wrong: another name
def td_target(reward, terminated, online_next_q, target_next_q, gamma):
    action = online_next_q.argmax(dim=1, keepdim=True)
    return reward + gamma * target_next_q.gather(1, action).squeeze(1) * ~terminated

=== wrong: not a plain function
async def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    return reward

=== wrong: calls input()
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    input("which network?")
    return reward

=== wrong, 0.5 s: does not end
def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
    y, i = reward.clone(), 0
    while i < len(reward):
        if terminated[i]:
            continue
        y[i] += gamma * target_next_q[i, online_next_q[i].argmax()]
        i += 1
    return y
''',
)

DOUBLE_ESTIMATE = answers(
    "dqnlib.classics.maximization.double_estimate",
    r'''
=== right
import numpy as np

def double_estimate(chooser, judge):
    action = chooser.argmax(axis=1)
    return judge[np.arange(len(judge)), action].mean()

=== right
def double_estimate(chooser, judge):
    total = 0.0
    for row, other in zip(chooser, judge):
        total += other[row.argmax()]
    return total / len(chooser)

=== right
import numpy as np

def double_estimate(chooser, judge):
    best = np.argmax(chooser, axis=1, keepdims=True)
    return float(np.mean(np.take_along_axis(judge, best, axis=1)))

=== right
def double_estimate(chooser, judge):
    """The diagonal holds each trial's own choice."""
    return judge[:, chooser.argmax(1)].trace() / len(judge)

=== right
import numpy as np

def double_estimate(chooser, judge):
    picked = []
    for n in range(len(chooser)):
        best = 0
        for a in range(len(chooser[n])):
            if chooser[n][a] > chooser[n][best]:
                best = a
        picked.append(judge[n][best])
    return np.average(picked)

=== right
def double_estimate(chooser, judge):
    mask = chooser == chooser.max(axis=1, keepdims=True)
    return (judge * mask).sum() / mask.sum()

=== right
def double_estimate(chooser, judge):
    picked = judge.T[chooser.argmax(1), range(len(judge))]
    return float(sum(picked)) / len(picked)

=== right
import numpy as np

def double_estimate(chooser, judge):
    best = np.argmax(chooser, axis=-1, keepdims=True)
    return np.take_along_axis(judge, best, axis=-1).mean()

=== right
def double_estimate(chooser, judge):
    n, m = chooser.shape
    flat = chooser.argmax(axis=1) + m * __import__("numpy").arange(n)
    return judge.ravel()[flat].mean()

=== right
import numpy as np

def double_estimate(chooser, judge):
    first = np.zeros_like(chooser, dtype=bool)
    first[np.arange(len(chooser)), chooser.argmax(axis=1)] = True
    return judge[first].mean()

=== right
import statistics

def double_estimate(chooser, judge):
    pairs = zip(chooser.tolist(), judge.tolist())
    return statistics.fmean(said[row.index(max(row))] for row, said in pairs)

=== wrong: one action for all trials
import numpy as np

def double_estimate(chooser, judge):
    means = np.mean(chooser, axis=0)
    return np.mean(judge, axis=0)[np.argmax(means)]

=== wrong: the chooser's largest values
import numpy as np

def double_estimate(chooser, judge):
    a = np.argmax(chooser, axis=1)
    return np.mean(chooser[np.arange(len(a)), a])

=== wrong: chooser and judge are swapped
import numpy as np

def double_estimate(chooser, judge):
    a = np.argmax(judge, axis=1)
    return np.mean(np.take_along_axis(chooser, a[:, None], axis=1))

=== wrong: the mean of both values
def double_estimate(chooser, judge):
    a = chooser.argmax(axis=1)
    rows = range(len(a))
    return ((chooser[rows, a] + judge[rows, a]) / 2).mean()

=== wrong: both ways, and then the mean
def double_estimate(chooser, judge):
    rows = range(len(judge))
    one = judge[rows, chooser.argmax(axis=1)].mean()
    other = chooser[rows, judge.argmax(axis=1)].mean()
    return (one + other) / 2

=== wrong: the smaller of both values
import numpy as np

def double_estimate(chooser, judge):
    a = chooser.argmax(axis=1)
    rows = np.arange(len(a))
    return np.minimum(chooser[rows, a], judge[rows, a]).mean()

=== wrong: every choice is judged in every trial
import numpy as np

def double_estimate(chooser, judge):
    return np.mean([judge[:, row.argmax()].mean() for row in chooser])

=== wrong: the best trial of each action
import numpy as np

def double_estimate(chooser, judge):
    best = np.argmax(chooser, axis=0)
    return np.mean([judge[n, a] for a, n in enumerate(best)])

=== wrong: the largest of both sets together
def double_estimate(chooser, judge):
    return ((chooser + judge) / 2).max(axis=1).mean()

=== wrong: wrong shape
def double_estimate(chooser, judge):
    a = chooser.argmax(axis=1)
    return judge[:, a].mean(axis=1)

=== wrong: only the first trial
def double_estimate(chooser, judge):
    for picks, says in zip(chooser, judge):
        return says[picks.argmax()]

=== blank
def double_estimate(chooser, judge):
    return ____

=== blank
import numpy as np

def double_estimate(chooser, judge):
    action = ____
    return judge[np.arange(len(judge)), action].mean()

=== blank
def double_estimate(chooser, judge):
    action = chooser.argmax(axis=1)
    return ____

=== blank
def double_estimate(chooser, judge):
    raise NotImplementedError()

=== blank
def double_estimate(chooser, judge):
    """Return the mean of the judge's values at the chooser's best actions."""

=== blank
def double_estimate(chooser, judge):
    pass

=== wrong: one action for all trials
def double_estimate(chooser, judge):
    return judge[:, chooser.argmax() % chooser.shape[1]].mean()

=== wrong: one value for all trials
def double_estimate(chooser, judge):
    return judge.flatten()[chooser.argmax()]

=== wrong: the judge's largest values
def double_estimate(chooser, judge):
    return judge.max(axis=1).mean()

=== wrong: the judge's largest values
import numpy as np

def double_estimate(chooser, judge):
    action = judge.argmax(axis=1)
    return judge[np.arange(len(judge)), action].mean()

=== wrong: the chooser's largest values
import numpy as np

def double_estimate(chooser, judge):
    action = chooser.argmax(axis=1)
    return chooser[np.arange(len(chooser)), action].mean()

=== wrong: chooser and judge are swapped
import numpy as np

def double_estimate(chooser, judge):
    action = judge.argmax(axis=1)
    return chooser[np.arange(len(chooser)), action].mean()

=== wrong: the mean over all actions
def double_estimate(chooser, judge):
    return judge.mean()

=== wrong: one action for all trials
def double_estimate(chooser, judge):
    action = chooser.mean(axis=0).argmax()
    return judge[:, action].mean()

=== wrong: one action for all trials
def double_estimate(chooser, judge):
    action = chooser.mean(axis=0).argmax()
    return judge.mean(axis=0)[action]

=== wrong: every choice is judged in every trial
def double_estimate(chooser, judge):
    return judge[:, chooser.argmax(axis=1)].mean()

=== wrong: every choice is judged in every trial
def double_estimate(chooser, judge):
    values = judge.mean(axis=0)
    return values[chooser.argmax(axis=1)].mean()

=== wrong: the best trial of each action
import numpy as np

def double_estimate(chooser, judge):
    trial = chooser.argmax(axis=0)
    return judge[trial, np.arange(judge.shape[1])].mean()

=== wrong: the worst action
import numpy as np

def double_estimate(chooser, judge):
    return np.mean([v[c.argmin()] for c, v in zip(chooser, judge)])

=== wrong: the smaller of both values
import numpy as np

def double_estimate(chooser, judge):
    n, a = np.arange(len(judge)), chooser.argmax(axis=1)
    return np.minimum(chooser[n, a], judge[n, a]).mean()

=== wrong: the mean of both values
import numpy as np

def double_estimate(chooser, judge):
    n, a = np.arange(len(judge)), chooser.argmax(axis=1)
    return ((chooser + judge) / 2)[n, a].mean()

=== wrong: the sum over the trials
def double_estimate(chooser, judge):
    return sum(v[c.argmax()] for c, v in zip(chooser, judge))

=== wrong: only the first trial
def double_estimate(chooser, judge):
    for row, other in zip(chooser, judge):
        return other[row.argmax()]

=== wrong: the largest of the judged values
def double_estimate(chooser, judge):
    return max(v[c.argmax()] for c, v in zip(chooser, judge))

=== wrong: both ways, and then the mean
import numpy as np

def double_estimate(chooser, judge):
    # both ways round, and the mean of them
    n = np.arange(len(judge))
    first = judge[n, chooser.argmax(axis=1)].mean()
    second = chooser[n, judge.argmax(axis=1)].mean()
    return (first + second) / 2

=== wrong: another value
import numpy as np

def double_estimate(chooser, judge):
    values = judge[np.arange(len(judge)), chooser.argmax(axis=1)]
    return np.median(values) + 0.25

=== wrong: another value
def double_estimate(chooser, judge):
    return sum(v[c.argmax()] for c, v in zip(chooser, judge)) / judge.size

=== wrong: another value
def double_estimate(chooser, judge):
    return sum(v[c.argmax()] for c, v in zip(chooser, judge)) / 4

=== wrong: not the same each time
import numpy as np

def double_estimate(chooser, judge):
    n = np.random.choice(len(judge), size=len(judge))
    return judge[n, chooser[n].argmax(axis=1)].mean()

=== wrong: wrong shape
import numpy as np

def double_estimate(chooser, judge):
    return judge[np.arange(len(judge)), chooser.argmax(axis=1)]

=== wrong: wrong shape
def double_estimate(chooser, judge):
    return judge[chooser.argmax(axis=1)].mean(axis=0)

=== wrong: wrong type
import numpy as np

def double_estimate(chooser, judge):
    return str(judge[np.arange(len(judge)), chooser.argmax(axis=1)].mean())

=== wrong: returned None
import numpy as np

def double_estimate(chooser, judge):
    estimate = judge[np.arange(len(judge)), chooser.argmax(axis=1)].mean()

=== wrong: returned NaN
import numpy as np

def double_estimate(chooser, judge):
    picked = np.where(chooser == chooser.max(), judge, np.nan)
    return picked.mean()

=== wrong: arguments changed
import numpy as np

def double_estimate(chooser, judge):
    action = chooser.argmax(axis=1)
    judge -= judge.mean()
    return judge[np.arange(len(judge)), action].mean()

=== wrong: arguments changed
def double_estimate(chooser, judge):
    chooser.sort(axis=1)
    return judge[:, -1].mean()

=== wrong: raises NameError
def double_estimate(chooser, judge):
    action = chooser.argmax(axis=1)
    return judge[np.arange(len(judge)), action].mean()

=== wrong: raises IndexError
def double_estimate(chooser, judge):
    return judge[chooser.argmax(axis=1), range(len(judge))].mean()

=== wrong: raises IndexError
def double_estimate(chooser, judge):
    total = 0.0
    for n in range(len(judge) + 1):
        total += judge[n, chooser[n].argmax()]
    return total / len(judge)

=== wrong: raises ZeroDivisionError
def double_estimate(chooser, judge):
    total = 0.0
    for n, (row, other) in enumerate(zip(chooser, judge)):
        total = total * (n - 1) / n + other[row.argmax()] / n
    return total

=== wrong: raises TypeError
def double_estimate(chooser, judge):
    return judge(chooser.argmax(axis=1)).mean()

=== wrong: raises AttributeError
def double_estimate(chooser, judge):
    return judge.gather(1, chooser.argmax(axis=1)).mean()

=== wrong: raises ValueError
def double_estimate(chooser, judge):
    best = max(chooser)
    return judge[best].mean()

=== wrong: it prints
import numpy as np

def double_estimate(chooser, judge):
    action = chooser.argmax(axis=1)
    print(action)
    return judge[np.arange(len(judge)), action].mean()

=== wrong: other parameters
def double_estimate(values):
    return values.max(axis=1).mean()

=== wrong: other parameters
def double_estimate(judge, chooser):
    return judge[range(len(judge)), chooser.argmax(axis=1)].mean()

=== wrong: another name
def double_estimator(chooser, judge):
    return judge[range(len(judge)), chooser.argmax(axis=1)].mean()

=== wrong: not a plain function
def double_estimate(chooser, judge):
    for row, other in zip(chooser, judge):
        yield other[row.argmax()]

=== wrong: calls quit()
def double_estimate(chooser, judge):
    quit()

=== wrong, 0.5 s: does not end
def double_estimate(chooser, judge):
    n, total = 0, 0.0
    while n < len(judge):
        total += judge[n, chooser[n].argmax()]
    return total / n
''',
)

RETURNS_TO_GO = answers(
    "dqnlib.targets.returns_to_go",
    r"""
=== right
import numpy as np

def returns_to_go(reward, gamma, last_value):
    earned, following = np.zeros(len(reward)), last_value
    for t in reversed(range(len(reward))):
        following = reward[t] + gamma * following
        earned[t] = following
    return earned

=== right
def returns_to_go(reward, gamma, last_value):
    R, returns = last_value, []
    for r in reward[::-1]:
        R = r + gamma * R
        returns.insert(0, R)
    return returns

=== right
def returns_to_go(reward, gamma, last_value):
    if len(reward) == 0:
        return []
    rest = returns_to_go(reward[1:], gamma, last_value)
    return [reward[0] + gamma * (rest[0] if rest else last_value), *rest]

=== right
def returns_to_go(reward, gamma, last_value):
    T = len(reward)
    return [
        sum(gamma ** (k - t) * reward[k] for k in range(t, T)) + gamma ** (T - t) * last_value
        for t in range(T)
    ]

=== right
import numpy as np

def returns_to_go(reward, gamma, last_value):
    T = len(reward)
    weight = gamma ** np.arange(T + 1.0)
    seen = np.append(reward, last_value) * weight
    return (seen[::-1].cumsum()[::-1] / weight)[:-1]

=== right
import itertools

def returns_to_go(reward, gamma, last_value):
    back = itertools.accumulate(reversed(reward), lambda g, r: r + gamma * g, initial=last_value)
    return list(back)[:0:-1]

=== right
import torch

def returns_to_go(reward, gamma, last_value):
    out = torch.zeros(len(reward), dtype=torch.float64)
    following = last_value
    for t in range(len(reward) - 1, -1, -1):
        following = float(reward[t]) + gamma * following
        out[t] = following
    return out

=== right
import numpy as np
from scipy.signal import lfilter

def returns_to_go(reward, gamma, last_value):
    full = np.append(reward, last_value).astype(float)
    return lfilter([1.0], [1.0, -gamma], full[::-1])[::-1][:-1]

=== right
import numpy as np

def returns_to_go(reward, gamma, last_value):
    T = len(reward)
    ahead = np.arange(T + 1)[None] - np.arange(T)[:, None]
    weights = np.where(ahead >= 0, gamma ** np.maximum(ahead, 0).astype(float), 0.0)
    return weights @ np.append(reward, last_value)

=== blank
def returns_to_go(reward, gamma, last_value):
    return ____

=== blank
def returns_to_go(reward, gamma, last_value):
    following = last_value
    for t in reversed(range(len(reward))):
        following = ____
    return ____

=== blank
def returns_to_go(reward, gamma, last_value):
    pass

=== blank
def returns_to_go(reward, gamma, last_value):
    raise NotImplementedError

=== wrong: what came before is summed up
def returns_to_go(reward, gamma, last_value):
    G, out = 0.0, []
    for r in reward:
        G = r + gamma * G
        out.append(G)
    return out

=== wrong: the last step comes first
def returns_to_go(reward, gamma, last_value):
    R, returns = last_value, []
    for r in reward[::-1]:
        R = r + gamma * R
        returns.append(R)
    return returns

=== wrong: nothing is discounted
def returns_to_go(reward, gamma, last_value):
    return [sum(reward[t:]) + last_value for t in range(len(reward))]

=== wrong: what follows is discounted once, however late it comes
def returns_to_go(reward, gamma, last_value):
    return [reward[t] + gamma * (sum(reward[t + 1 :]) + last_value) for t in range(len(reward))]

=== wrong: all is discounted from the start of the episode
import numpy as np

def returns_to_go(reward, gamma, last_value):
    discounted = np.array(reward) * gamma ** np.arange(len(reward))
    return np.flip(np.cumsum(np.flip(discounted)))

=== wrong: all is discounted from the start of the episode
def returns_to_go(reward, gamma, last_value):
    T = len(reward)
    return [
        sum(gamma**k * reward[k] for k in range(t, T)) + gamma**T * last_value for t in range(T)
    ]

=== wrong: all is discounted from the start of the episode
def returns_to_go(reward, gamma, last_value):
    T = len(reward)
    return [sum(gamma**k * reward[k] for k in range(t, T)) + last_value for t in range(T)]

=== wrong: a running sum from the start
import numpy as np

def returns_to_go(reward, gamma, last_value):
    return np.cumsum(gamma ** np.arange(len(reward)) * reward)

=== wrong: the reward of the step itself is discounted, too
def returns_to_go(reward, gamma, last_value):
    R, returns = last_value, []
    for r in reward[::-1]:
        R = (r + R) * gamma
        returns.insert(0, R)
    return returns

=== wrong: the reward of the step itself is left out
def returns_to_go(reward, gamma, last_value):
    R, returns = last_value, []
    for r in reward[::-1]:
        returns.insert(0, R)
        R = r + gamma * R
    return returns

=== wrong: the reward of the step itself is left out
def returns_to_go(reward, gamma, last_value):
    R, returns = last_value, []
    for r in reward[::-1]:
        returns.insert(0, gamma * R)
        R = r + gamma * R
    return returns

=== wrong: last_value is not used
def returns_to_go(reward, gamma, last_value):
    R, returns = 0, []
    for r in reward[::-1]:
        R = r + gamma * R
        returns.insert(0, R)
    return returns

=== wrong: last_value is not discounted
def returns_to_go(reward, gamma, last_value):
    rewards = [float(r) for r in reward]
    rewards[-1] += last_value
    R, returns = 0.0, []
    for r in rewards[::-1]:
        R = r + gamma * R
        returns.insert(0, R)
    return returns

=== wrong: last_value in place of the last reward
import numpy as np

def returns_to_go(reward, gamma, last_value):
    out = np.zeros(len(reward))
    out[-1] = last_value
    for t in range(len(reward) - 2, -1, -1):
        out[t] = reward[t] + gamma * out[t + 1]
    return out

=== wrong: last_value follows every step
def returns_to_go(reward, gamma, last_value):
    return [r + gamma * last_value for r in reward]

=== wrong: only one step is looked ahead
import numpy as np

def returns_to_go(reward, gamma, last_value):
    return reward + gamma * np.append(reward[1:], last_value)

=== wrong: the returns are normalized
import numpy as np

def returns_to_go(reward, gamma, last_value):
    R, returns = last_value, []
    for r in reward[::-1]:
        R = r + gamma * R
        returns.insert(0, R)
    returns = np.array(returns)
    return (returns - returns.mean()) / (returns.std() + 1e-9)

=== wrong: the returns are normalized
import torch

def returns_to_go(reward, gamma, last_value):
    R, returns = last_value, []
    for r in reward[::-1]:
        R = r + gamma * R
        returns.insert(0, R)
    returns = torch.tensor(returns)
    return (returns - returns.mean()) / (returns.std() + 1e-9)

=== wrong: the fractions are cut off
import numpy as np

def returns_to_go(reward, gamma, last_value):
    out = np.zeros_like(reward)
    running = last_value
    for t in reversed(range(0, reward.size)):
        running = running * gamma + reward[t]
        out[t] = running
    return out

=== wrong: the mean in place of the sum
import numpy as np

def returns_to_go(reward, gamma, last_value):
    out, following = [], last_value
    for n, r in enumerate(reward[::-1], 1):
        following = r + gamma * following
        out.insert(0, following / n)
    return out

=== wrong: gamma is written as a number
def returns_to_go(reward, gamma, last_value):
    R, returns = last_value, []
    for r in reward[::-1]:
        R = r + 0.99 * R
        returns.insert(0, R)
    return returns

=== wrong: gamma is written as a number
def returns_to_go(reward, gamma, last_value):
    R, returns = last_value, []
    for r in reward[::-1]:
        R = r + 0.5 * R
        returns.insert(0, R)
    return returns

=== wrong: wrong shape
import numpy as np

def returns_to_go(reward, gamma, last_value):
    out = np.zeros((len(reward), 1))
    following = last_value
    for t in reversed(range(len(reward))):
        out[t] = following = reward[t] + gamma * following
    return np.squeeze(out)

=== wrong: wrong shape
def returns_to_go(reward, gamma, last_value):
    G = last_value
    for r in reward[::-1]:
        G = r + gamma * G
    return G

=== wrong: wrong shape
def returns_to_go(reward, gamma, last_value):
    returns = [last_value]
    for r in reward[::-1]:
        returns.insert(0, r + gamma * returns[0])
    return returns

=== wrong: arguments changed
def returns_to_go(reward, gamma, last_value):
    following = last_value
    for t in reversed(range(len(reward))):
        reward[t] = following = reward[t] + gamma * following
    return reward

=== wrong: returned None
def returns_to_go(reward, gamma, last_value):
    R, returns = last_value, []
    for r in reward[::-1]:
        R = r + gamma * R
        returns.insert(0, R)

=== wrong: raises IndexError
def returns_to_go(reward, gamma, last_value):
    returns = []
    for t in reversed(range(len(reward))):
        returns.append(reward[t] + gamma * returns[t + 1])
    return returns

=== wrong: raises NameError
def returns_to_go(reward, gamma, last_value):
    for r in reward[::-1]:
        R = r + gamma * R_next
    return R

=== wrong: raises TypeError
def returns_to_go(reward, gamma, last_value):
    returns = []
    for r in reward[::-1]:
        returns.insert(r + gamma * last_value)
    return returns

=== wrong: it prints
def returns_to_go(reward, gamma, last_value):
    R, returns = last_value, []
    for r in reward[::-1]:
        R = r + gamma * R
        print(R)
        returns.insert(0, R)
    return returns

=== wrong: other parameters
def returns_to_go(rewards, gamma=0.99):
    return [sum(gamma ** (k - t) * r for k, r in enumerate(rewards) if k >= t)
            for t in range(len(rewards))]

=== wrong: another name
def discount_rewards(reward, gamma, last_value):
    return reward

=== wrong, 0.5 s: does not end
def returns_to_go(reward, gamma, last_value):
    t, out = len(reward) - 1, []
    while t >= 0:
        out.append(reward[t])
    return out
""",
)

ANSWERS = (*DOUBLE_TD_TARGET, *DOUBLE_ESTIMATE, *RETURNS_TO_GO)
