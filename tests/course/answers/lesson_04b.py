"""Answers to the exercises of lesson 04b, as learners write them."""

from answers import answers

DQN_UPDATE = answers(
    "dqnlib.targets.dqn_update",
    r'''
=== right
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    loss = mse_loss(online(batch.obs), batch.action, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== right
import torch

def dqn_update(online, target, optimizer, batch, gamma):
    # without the functions of the earlier lessons
    obs, action, reward, next_obs, terminated = batch
    with torch.no_grad():
        next_value, _ = target(next_obs).max(1)
        y = torch.where(terminated, reward, reward + gamma * next_value)
    q = online(obs)[torch.arange(len(action)), action]
    loss = ((q - y) ** 2).mean() / 2
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return float(loss)

=== right
from torch import nn

def dqn_update(online, target, optimizer, batch, gamma):
    next_value = target(batch.next_obs).detach().amax(dim=1)
    y = batch.reward + gamma * next_value * (1 - batch.terminated.float())
    q = online(batch.obs).gather(1, batch.action.unsqueeze(1)).squeeze(1)
    loss = 0.5 * nn.functional.mse_loss(q, y)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.detach().numpy()

=== right
import torch

def my_target(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max(dim=1).values * ~terminated

def my_loss(q, action, y):
    return 0.5 * (q.gather(1, action[:, None])[:, 0] - y).pow(2).mean()

@exercise("dqnlib.targets.dqn_update")
def dqn_update(online, target, optimizer, batch, gamma):
    online.zero_grad()
    with torch.inference_mode():
        y = my_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    loss = my_loss(online(batch.obs), batch.action, y.clone())
    loss.backward()
    optimizer.step()
    return loss.item()

=== right
import torch

@exercise("dqnlib.targets.dqn_update")
@torch.enable_grad()
def dqn_update(online, target, optimizer, batch, gamma):
    """The optimizer calls the loss itself."""
    def closure():
        optimizer.zero_grad()
        with torch.no_grad():
            best = target(batch.next_obs).max(dim=1)[0]
            best[batch.terminated] = 0
        q = online(batch.obs).gather(1, batch.action.view(-1, 1)).view(-1)
        loss = torch.mean(0.5 * (batch.reward + gamma * best - q) ** 2)
        loss.backward()
        return loss
    return optimizer.step(closure).item()

=== blank
def dqn_update(online, target, optimizer, batch, gamma):
    return ____

=== blank
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, ____, gamma)
    loss = mse_loss(online(batch.obs), batch.action, y)
    ____
    return loss.item()

=== blank
def dqn_update(online, target, optimizer, batch, gamma):
    loss = ____
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== blank
def dqn_update(online, target, optimizer, batch, gamma):
    raise NotImplementedError("tomorrow")

=== blank
def dqn_update(online, target, optimizer, batch, gamma):
    """One training step."""

=== blank
def dqn_update(online, target, optimizer, batch, gamma):
    pass

=== wrong: the largest value of the whole batch
import torch

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        next_q = target(batch.next_obs)
        y = batch.reward + gamma * next_q.max() * ~batch.terminated
    taken = online(batch.obs).gather(1, batch.action[:, None]).squeeze(1)
    loss = 0.5 * (taken - y).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: one action for the whole batch
import torch

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        next_q = target(batch.next_obs)
        y = batch.reward + gamma * next_q[:, next_q.mean(dim=0).argmax()] * ~batch.terminated
    taken = online(batch.obs).gather(1, batch.action[:, None]).squeeze(1)
    loss = 0.5 * (taken - y).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: one action for the whole batch
import torch

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        next_q = target(batch.next_obs)
        y = batch.reward + gamma * next_q[:, next_q.argmax(dim=1)[0]] * ~batch.terminated
    taken = online(batch.obs).gather(1, batch.action[:, None]).squeeze(1)
    loss = 0.5 * (taken - y).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: one ended episode ends all of them
import torch

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        next_q = target(batch.next_obs)
        y = batch.reward + gamma * next_q.amax(dim=1) * ~batch.terminated.any()
    taken = online(batch.obs).gather(1, batch.action[:, None]).squeeze(1)
    loss = 0.5 * (taken - y).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: gamma is written as a number
import torch

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        next_q = target(batch.next_obs)
        y = batch.reward + 0.99 * next_q.amax(dim=1) * ~batch.terminated
    taken = online(batch.obs).gather(1, batch.action[:, None]).squeeze(1)
    loss = 0.5 * (taken - y).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: gamma is written as a number
import torch

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        next_q = target(batch.next_obs)
        y = batch.reward + 0.5 * next_q.amax(dim=1) * ~batch.terminated
    taken = online(batch.obs).gather(1, batch.action[:, None]).squeeze(1)
    loss = 0.5 * (taken - y).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: gradients pile up
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    loss = mse_loss(online(batch.obs), batch.action, y)
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: gradients pile up
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    loss = mse_loss(online(batch.obs), batch.action, y)
    target.zero_grad()
    optimizer.zero_grad  # without the brackets
    loss.backward()
    optimizer.step()
    return loss

=== wrong: step before backward
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    loss = mse_loss(online(batch.obs), batch.action, y)
    optimizer.zero_grad()
    optimizer.step()
    loss.backward()
    return loss.item()

=== wrong: step before backward
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    loss = mse_loss(online(batch.obs), batch.action, y)
    optimizer.step()
    optimizer.zero_grad()
    loss.backward()
    return loss.item()

=== wrong: the gradient is thrown away before the step
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    loss = mse_loss(online(batch.obs), batch.action, y)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()

=== wrong: optimizer.step() is missing
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    loss = mse_loss(online(batch.obs), batch.action, y)
    optimizer.zero_grad()
    loss.backward()
    return loss.item()

=== wrong: loss.backward() is missing
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    loss = mse_loss(online(batch.obs), batch.action, y)
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()

=== wrong: loss.backward() is missing
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    # only the loss
    y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    return mse_loss(online(batch.obs), batch.action, y).item()

=== wrong, 30 s: the given optimizer is not used
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    optimizer = torch.optim.Adam(online.parameters(), lr=1e-3)
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    loss = mse_loss(online(batch.obs), batch.action, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: the given optimizer is not used
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    loss = mse_loss(online(batch.obs), batch.action, y)
    online.zero_grad()
    loss.backward()
    with torch.no_grad():
        for p in online.parameters():
            p -= 0.1 * p.grad
    return loss.item()

=== wrong: no gradient reaches the online network
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
        loss = mse_loss(online(batch.obs), batch.action, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: no gradient reaches the online network
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    loss = torch.tensor(mse_loss(online(batch.obs), batch.action, y).item())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: the next values come from the online network
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, online(batch.next_obs), gamma)
    loss = mse_loss(online(batch.obs), batch.action, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: the next values come from the online network
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    # no no_grad, but the lesson's loss lets no gradient into its target
    y = td_target(batch.reward, batch.terminated, online(batch.next_obs), gamma)
    loss = mse_loss(online(batch.obs), batch.action, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: a gradient flows through the next values of the online network
def dqn_update(online, target, optimizer, batch, gamma):
    y = batch.reward + gamma * online(batch.next_obs).max(1).values * ~batch.terminated
    q = online(batch.obs).gather(1, batch.action[:, None])[:, 0]
    loss = 0.5 * (q - y).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: a gradient flows into the targets
def dqn_update(online, target, optimizer, batch, gamma):
    y = batch.reward + gamma * target(batch.next_obs).max(1).values * ~batch.terminated
    q = online(batch.obs).gather(1, batch.action[:, None])[:, 0]
    loss = 0.5 * (q - y).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: a gradient flows into the targets
def dqn_update(online, target, optimizer, batch, gamma):
    y = batch.reward + gamma * target(batch.next_obs).max(1).values * ~batch.terminated
    q = online(batch.obs).gather(1, batch.action[:, None])[:, 0]
    loss = 0.5 * (q - y).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    target.zero_grad()
    return loss.item()

=== wrong: no gradient reaches the online network
def dqn_update(online, target, optimizer, batch, gamma):
    target.requires_grad_(False)  # for good, also if it is the online network
    y = batch.reward + gamma * target(batch.next_obs).max(1).values * ~batch.terminated
    q = online(batch.obs).gather(1, batch.action[:, None])[:, 0]
    loss = 0.5 * (q - y).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: another value stored
import torch
from dqnlib.targets import td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    q = online(batch.obs).gather(1, batch.action[:, None])[:, 0]
    loss = (q - y).square().sum() / 4  # half the mean of two
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: obs in place of next_obs
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.obs), gamma)
    loss = mse_loss(online(batch.obs), batch.action, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: the target network learns
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    loss = mse_loss(target(batch.obs), batch.action, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: the target network learns
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, online(batch.next_obs), gamma)
    loss = mse_loss(target(batch.obs), batch.action, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: the online network selects the next action
import torch
from dqnlib.targets import double_td_target, mse_loss

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = double_td_target(batch.reward, batch.terminated, online(batch.next_obs),
                             target(batch.next_obs), gamma)
    loss = mse_loss(online(batch.obs), batch.action, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: the value of a terminal state was kept
import torch
from dqnlib.targets import mse_loss

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = batch.reward + gamma * target(batch.next_obs).max(dim=1).values
    loss = mse_loss(online(batch.obs), batch.action, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: terminated is used the wrong way round
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, ~batch.terminated, target(batch.next_obs), gamma)
    loss = mse_loss(online(batch.obs), batch.action, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: the discount is missing
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), 1.0)
    loss = mse_loss(online(batch.obs), batch.action, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: the largest value in place of that of the action taken
import torch
from dqnlib.targets import td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    q = online(batch.obs).max(dim=1).values
    loss = 0.5 * (q - y).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: the factor ½ is missing
import torch
from torch import nn
from dqnlib.targets import td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    q = online(batch.obs).gather(1, batch.action[:, None]).squeeze(1)
    loss = nn.functional.mse_loss(q, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: the sum over the batch in place of the mean
import torch
from dqnlib.targets import td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    q = online(batch.obs).gather(1, batch.action[:, None]).squeeze(1)
    loss = 0.5 * ((q - y) ** 2).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: the Huber loss
import torch
from dqnlib.targets import huber_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    loss = huber_loss(online(batch.obs), batch.action, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: the target network is synced in every step
import torch
from dqnlib.targets import hard_update, mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    loss = mse_loss(online(batch.obs), batch.action, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    hard_update(online, target)
    return loss.item()

=== wrong: the loss is returned with its graph
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    loss = mse_loss(online(batch.obs), batch.action, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss

=== wrong: the loss is taken after the step
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    def loss():
        with torch.no_grad():
            y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
        return mse_loss(online(batch.obs), batch.action, y)

    optimizer.zero_grad()
    loss().backward()
    optimizer.step()
    return loss().item()

=== wrong: arguments changed
import torch
from dqnlib.targets import mse_loss

def dqn_update(online, target, optimizer, batch, gamma):
    y = batch.reward
    with torch.no_grad():
        y += gamma * target(batch.next_obs).max(dim=1).values * ~batch.terminated
    loss = mse_loss(online(batch.obs), batch.action, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: another value stored
import torch
from torch import nn
from dqnlib.targets import td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    q = online(batch.obs).gather(1, batch.action[:, None])
    loss = 0.5 * nn.functional.mse_loss(q, y)  # [B, 1] meets [B]
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: another value stored
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    loss = mse_loss(online(batch.obs), batch.action, y)
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(online.parameters(), 1.0)
    optimizer.step()
    return loss.item()

=== wrong: another value
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    loss = mse_loss(online(batch.obs), batch.action, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return y.mean().item()

=== wrong: not the same each time
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    action = torch.randint(0, 3, batch.action.shape)
    loss = mse_loss(online(batch.obs) + torch.randn(1), action, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: returned None
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    loss = mse_loss(online(batch.obs), batch.action, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

=== wrong: wrong type
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    loss = mse_loss(online(batch.obs), batch.action, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return str(loss.item())

=== wrong: wrong shape
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    loss = mse_loss(online(batch.obs), batch.action, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return y

=== wrong: returned NaN
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    loss = mse_loss(online(batch.obs), batch.action, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return (loss + (y - y).std(correction=len(y))).item()

=== wrong: raises NameError
def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = target(batch.next_obs).max(dim=1).values
    loss = (online(batch.obs) - y).square().mean()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: raises AttributeError
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    y = td_target(batch.reward, batch.done, target(batch.next_obs), gamma)
    loss = mse_loss(online(batch.obs), batch.action, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: raises IndexError
def dqn_update(online, target, optimizer, batch, gamma):
    obs, action, reward, next_obs, done = (batch[i + 1] for i in range(5))
    loss = (online(obs) - reward).square().mean()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: raises ZeroDivisionError
def dqn_update(online, target, optimizer, batch, gamma):
    total = 0.0
    for row in range(len(batch.reward)):
        weight = 1 / row
        total += weight * (online(batch.obs[row])[batch.action[row]] - batch.reward[row])
    return total

=== wrong: raises TypeError
def dqn_update(online, target, optimizer, batch, gamma):
    q = online(batch.obs)
    loss = (q(batch.action) - batch.reward).square().mean()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: raises UnboundLocalError
def dqn_update(online, target, optimizer, batch, gamma):
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    loss = 0.0
    return loss

=== wrong: it prints
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    loss = mse_loss(online(batch.obs), batch.action, y)
    print("loss", loss.item())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

=== wrong: other parameters
def dqn_update(online, target, batch, gamma):
    return 0.0

=== wrong: other parameters
def dqn_update(online, target, batch, optimizer, gamma):
    return 0.0

=== wrong: another name
def train_step(online, target, optimizer, batch, gamma):
    return 0.0

=== wrong: not a plain function
async def dqn_update(online, target, optimizer, batch, gamma):
    return 0.0

=== wrong: calls breakpoint()
def dqn_update(online, target, optimizer, batch, gamma):
    breakpoint()
    return 0.0

=== wrong, 0.5 s: does not end
def dqn_update(online, target, optimizer, batch, gamma):
    loss = 1.0
    while loss > 0.5:
        optimizer.zero_grad()
    return loss
''',
)

ANSWERS = DQN_UPDATE
