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

=== wrong: the worst action in place of the best
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

=== wrong: the worst action in place of the best
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

=== wrong: the sum in place of the mean
def double_estimate(chooser, judge):
    return sum(v[c.argmax()] for c, v in zip(chooser, judge))

=== wrong: only the first trial
def double_estimate(chooser, judge):
    for row, other in zip(chooser, judge):
        return other[row.argmax()]

=== wrong: the largest of the judged values
def double_estimate(chooser, judge):
    return max(v[c.argmax()] for c, v in zip(chooser, judge))

=== wrong: another value
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

ANSWERS = (*DOUBLE_TD_TARGET, *DOUBLE_ESTIMATE)
