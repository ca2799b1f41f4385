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

=== wrong: the optimizer never moves a parameter
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    loss = mse_loss(online(batch.obs), batch.action, y)
    optimizer.zero_grad()
    loss.backward()
    return loss.item()

=== wrong: no gradient is computed
import torch
from dqnlib.targets import mse_loss, td_target

def dqn_update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = td_target(batch.reward, batch.terminated, target(batch.next_obs), gamma)
    loss = mse_loss(online(batch.obs), batch.action, y)
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()

=== wrong: no gradient is computed
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

EXPECTED_SARSA_TARGET = answers(
    "dqnlib.targets.expected_sarsa_target",
    r'''
=== right
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    greedy, chance = next_q.max(dim=1).values, next_q.mean(dim=1)
    return reward + gamma * ((1 - epsilon) * greedy + epsilon * chance) * ~terminated

=== right
import torch

def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    # the probabilities of an ε-greedy policy, action by action
    b, n_actions = next_q.shape
    pi = torch.full((b, n_actions), epsilon / n_actions)
    pi[torch.arange(b), next_q.argmax(1)] += 1 - epsilon
    return reward + gamma * (pi * next_q).sum(1) * (1 - terminated.float())

=== right
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    """From the best value, a part of the way down to the mean."""
    best = next_q.amax(-1)
    next_value = best - epsilon * (best - next_q.mean(-1))
    next_value[terminated] = 0
    return reward + gamma * next_value

=== right
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    return reward + gamma * next_q.mean(1).lerp(next_q.amax(1), 1 - epsilon) * ~terminated

=== right
import torch

def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    targets = []
    for r, done, row in zip(reward, terminated, next_q):
        if done:
            targets.append(r)
        else:
            targets.append(r + gamma * ((1 - epsilon) * max(row) + epsilon * sum(row) / len(row)))
    return torch.stack(targets)

=== right
import torch

def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    greedy = reward + gamma * next_q.max(1)[0]
    chance = reward + gamma * next_q.mean(1)
    y = (1 - epsilon) * greedy + epsilon * chance
    return torch.where(terminated, reward, y)

=== right
import torch.nn.functional as F

def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    a = next_q.shape[1]
    policy = epsilon / a + (1 - epsilon) * F.one_hot(next_q.argmax(1), a)
    return reward + gamma * (~terminated) * (policy * next_q).sum(dim=1)

=== right
import torch

def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    order = next_q.sort(dim=1, descending=True).values
    share = torch.full((next_q.shape[1],), epsilon / next_q.shape[1])
    share[0] += 1 - epsilon
    return reward.addcmul(order @ share, (~terminated).float(), value=gamma)

=== blank
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    return ____

=== blank
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    greedy, chance = ____, ____
    return reward + gamma * ((1 - epsilon) * greedy + epsilon * chance) * ~terminated

=== blank
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    raise NotImplementedError

=== wrong: the best value alone
from dqnlib.targets import td_target

def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    return td_target(reward, terminated, next_q, gamma)

=== wrong: the plain mean of the next values
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    return reward + gamma * next_q.mean(1) * ~terminated

=== wrong: epsilon and 1 − epsilon are swapped
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    next_value = epsilon * next_q.amax(1) + (1 - epsilon) * next_q.mean(1)
    return reward + gamma * next_value * ~terminated

=== wrong: the sum in place of the mean
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    next_value = (1 - epsilon) * next_q.amax(1) + epsilon * next_q.sum(1)
    return reward + gamma * next_value * ~terminated

=== wrong: the best action's share of the random part is missing
import torch

def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    b, n_actions = next_q.shape
    pi = torch.full((b, n_actions), epsilon / n_actions)
    pi[torch.arange(b), next_q.argmax(1)] = 1 - epsilon
    return reward + gamma * (pi * next_q).sum(1) * ~terminated

=== wrong: exploring leaves out the best action
import torch

def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    b, n_actions = next_q.shape
    pi = torch.full((b, n_actions), epsilon / (n_actions - 1))
    pi[torch.arange(b), next_q.argmax(1)] = 1 - epsilon
    return reward + gamma * (pi * next_q).sum(1) * ~terminated

=== wrong: the value of a terminal state was kept
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    return reward + gamma * ((1 - epsilon) * next_q.amax(1) + epsilon * next_q.mean(1))

=== wrong: a part of what follows is kept after the end
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    live = ~terminated
    return reward + gamma * ((1 - epsilon) * next_q.amax(1) * live + epsilon * next_q.mean(1))

=== wrong: a part of what follows is kept after the end
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    live = ~terminated
    return reward + gamma * ((1 - epsilon) * next_q.amax(1) + epsilon * next_q.mean(1) * live)

=== wrong: terminated is used the wrong way round
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    next_value = (1 - epsilon) * next_q.amax(1) + epsilon * next_q.mean(1)
    return reward + gamma * next_value * terminated

=== wrong: values of the whole batch
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    return reward + gamma * ((1 - epsilon) * next_q.max() + epsilon * next_q.mean()) * ~terminated

=== wrong: values of the whole batch
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    chance = next_q.mean()  # no dim
    return reward + gamma * ((1 - epsilon) * next_q.amax(1) + epsilon * chance) * ~terminated

=== wrong: the random part is missing
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    return reward + gamma * (1 - epsilon) * next_q.amax(1) * ~terminated

=== wrong: the greedy part keeps its full weight
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    return reward + gamma * (next_q.amax(1) + epsilon * next_q.mean(1)) * ~terminated

=== wrong: epsilon and gamma are swapped
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    next_value = (1 - gamma) * next_q.amax(1) + gamma * next_q.mean(1)
    return reward + epsilon * next_value * ~terminated

=== wrong: epsilon is written as a number
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    return reward + gamma * (next_q.amax(1) + next_q.mean(1)) / 2 * ~terminated

=== wrong: gamma is written as a number
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    next_value = (1 - epsilon) * next_q.amax(1) + epsilon * next_q.mean(1)
    return reward + 0.99 * next_value * ~terminated

=== wrong: the discount is missing
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    return reward + ((1 - epsilon) * next_q.amax(1) + epsilon * next_q.mean(1)) * ~terminated

=== wrong: gamma reaches only a part of what follows
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    live = ~terminated
    return reward + gamma * (1 - epsilon) * next_q.amax(1) * live + epsilon * next_q.mean(1) * live

=== wrong: a soft maximum in place of the two parts
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    return reward + gamma * (next_q.softmax(1) * next_q).sum(1) * ~terminated

=== wrong: not the same each time
import torch

def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    """A random action is drawn, as Sarsa does, in place of the expected value."""
    action = next_q.argmax(1)
    random = torch.rand(len(action)) < epsilon
    action[random] = torch.randint(next_q.shape[1], (int(random.sum()),))
    next_value = next_q.gather(1, action[:, None])[:, 0]
    return reward + gamma * next_value * ~terminated

=== wrong: the reward is dropped when the episode ends
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    y = reward + gamma * ((1 - epsilon) * next_q.amax(1) + epsilon * next_q.mean(1))
    return y * ~terminated

=== wrong: one ended episode ends all of them
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    if terminated.any():
        return reward
    return reward + gamma * ((1 - epsilon) * next_q.amax(1) + epsilon * next_q.mean(1))

=== wrong: a penalty at the end of the episode
import torch

def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    y = reward + gamma * ((1 - epsilon) * next_q.amax(1) + epsilon * next_q.mean(1))
    return torch.where(terminated, -1.0, y)

=== wrong: the median in place of the mean
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    next_value = (1 - epsilon) * next_q.amax(1) + epsilon * next_q.median(1).values
    return reward + gamma * next_value * ~terminated

=== wrong: the smallest value in place of the largest
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    next_value = (1 - epsilon) * next_q.min(dim=1).values + epsilon * next_q.mean(dim=1)
    return reward + gamma * next_value * ~terminated

=== wrong: the number of the action in place of its value
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    best = next_q.argmax(dim=1)
    return reward + gamma * ((1 - epsilon) * best + epsilon * next_q.mean(dim=1)) * ~terminated

=== wrong: the next value is subtracted
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    next_value = (1 - epsilon) * next_q.amax(1) + epsilon * next_q.mean(1)
    return reward - gamma * next_value * ~terminated

=== wrong: the reward is missing
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    return gamma * ((1 - epsilon) * next_q.amax(1) + epsilon * next_q.mean(1)) * ~terminated

=== wrong: gamma discounts the reward as well
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    next_value = (1 - epsilon) * next_q.amax(1) + epsilon * next_q.mean(1)
    return gamma * (reward + next_value * ~terminated)

=== wrong: returned None
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    next_value = (1 - epsilon) * next_q.amax(1) + epsilon * next_q.mean(1)
    y = reward + gamma * next_value * ~terminated

=== wrong: it prints
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    next_value = (1 - epsilon) * next_q.amax(1) + epsilon * next_q.mean(1)
    print(next_value)
    return reward + gamma * next_value * ~terminated

=== wrong: raises NameError
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    next_value = (1 - eps) * next_q.amax(1) + eps * next_q.mean(1)
    return reward + gamma * next_value * ~terminated

=== wrong: another name
@exercise("dqnlib.targets.expected_sarsa_target")
def soft_target(reward, terminated, next_q, gamma, epsilon):
    next_value = (1 - epsilon) * next_q.amax(1) + epsilon * next_q.mean(1)
    return reward + gamma * next_value * ~terminated

=== wrong, 0.5 s: does not end
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    i = 0
    while i < len(reward):
        next_value = (1 - epsilon) * next_q[i].max() + epsilon * next_q[i].mean()
    return reward + gamma * next_value

=== wrong: wrong shape
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    next_value = (1 - epsilon) * next_q.amax(1) + epsilon * next_q.mean(1)
    return (reward + gamma * next_value * ~terminated).squeeze()

=== wrong: another value
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    # each of the three actions has the probability epsilon / 3
    next_value = (1 - epsilon) * next_q.amax(1) + epsilon / 3 * next_q.sum(1)
    return reward + gamma * next_value * ~terminated

=== wrong: another value
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    epsilon = epsilon or 0.5  # the course's number, if none is given
    next_value = (1 - epsilon) * next_q.amax(1) + epsilon * next_q.mean(1)
    return reward + gamma * next_value * ~terminated

=== wrong: another value
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    greedy = (1 - epsilon) or 1
    next_value = greedy * next_q.amax(1) + epsilon * next_q.mean(1)
    return reward + gamma * next_value * ~terminated

=== wrong: another value
import torch

def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    best = torch.zeros(len(reward))  # a search for the largest that begins at 0
    for a in range(next_q.shape[1]):
        best = torch.maximum(best, next_q[:, a])
    next_value = (1 - epsilon) * best + epsilon * next_q.mean(1)
    return reward + gamma * next_value * ~terminated
''',
)

ANSWERS = (*DQN_UPDATE, *EXPECTED_SARSA_TARGET)
