"""One run of DQN, from top to bottom (lesson 04): the algorithm of Mnih et al. 2015, Algorithm 1.

Read this first. `dqnlib.training` does the same for many seeds at once, and the tests hold it to
this file: the same actions, the same returns, the same parameters but for the last digits.
"""

from collections.abc import Callable
from typing import NamedTuple

import gymnasium as gym
import torch
from torch import nn

from dqnlib import targets
from dqnlib.config import Config, check_plain
from dqnlib.data import Batch, Transition
from dqnlib.envs import make_for
from dqnlib.networks import QNetwork
from dqnlib.policies import epsilon_greedy, linear_schedule, random_streams
from dqnlib.replay import ReplayBuffer, as_input
from dqnlib.transitions import NStep

OPTIMIZERS = {"adam": torch.optim.Adam, "rmsprop": torch.optim.RMSprop, "sgd": torch.optim.SGD}


class OneRun(NamedTuple):
    """What one run of DQN gave."""

    network: nn.Module  # the online network at the end, [B, *O] -> [B, A]
    returns: list[tuple[int, float]]  # of each whole episode: environment step of its end, return
    actions: list[int]  # one an environment step


def dqn(config: Config, seed: int = 0, env: Callable[[], gym.Env] | None = None) -> OneRun:
    """Train one agent for ``config.steps`` environment steps.

    env: makes an environment of your own, in place of config.env_id. Evaluations, records and the
    choice of a device are left out. Raises ValueError for an environment whose actions are not
    numbered, and for parts of Rainbow.
    """
    c, streams, env = check_plain(config), random_streams(seed), make_for(config, env)
    torch.manual_seed(streams.network_seed)
    online = QNetwork(env.observation_space.shape, env.n_actions, c.hidden)
    target = QNetwork(env.observation_space.shape, env.n_actions, c.hidden)
    targets.hard_update(online, target)
    optimizer = OPTIMIZERS[c.optimizer](online.parameters(), lr=c.learning_rate)
    windows, buffer = NStep(c.n_step, c.gamma), ReplayBuffer(c.capacity)
    returns, actions, total, length = [], [], 0.0, 0
    obs, _ = env.reset(seed=streams.env_seed)  # [*O]

    for step in range(1, c.steps + 1):
        # act, and keep what happened
        epsilon = linear_schedule(step - 1, c.epsilon, c.final_epsilon, c.epsilon_steps)
        with torch.no_grad():
            q = online(as_input(obs)[None])[0].numpy()  # [A]
        action = epsilon_greedy(q, epsilon, streams.explore)
        next_obs, reward, terminated, truncated, _ = env.step(action)
        length, total = length + 1, total + reward
        ended = terminated or truncated or length == c.max_episode_steps
        one_step = Transition(obs, action, reward, next_obs, terminated)
        for transition in windows.step(one_step, ended):  # with n_step = 1, the step itself
            buffer.add(transition)
        actions.append(action)
        obs = next_obs
        if ended:
            returns.append((step, total))
            total, length = 0.0, 0
            obs, _ = env.reset()
        # learn from a random batch
        ready = step > c.warmup and step >= c.batch_size + c.n_step - 1
        if ready and step % c.update_every == 0:
            rate = linear_schedule(step, c.learning_rate, c.final_learning_rate, c.steps)
            optimizer.param_groups[0]["lr"] = rate
            learn(config, online, target, optimizer, buffer.sample(c.batch_size, streams.sample))
        # let the target network follow
        if step % c.sync_every == 0:
            targets.polyak_update(online, target, c.tau)  # tau = 1 copies
    return OneRun(online, returns, actions)


def learn(config: Config, online, target, optimizer, batch: Batch) -> None:
    """Do one training step: with one step a target and the squared loss, `targets.dqn_update`."""
    gamma = config.gamma**config.n_step
    with torch.no_grad():  # the target carries no gradient
        next_q = target(batch.next_obs)  # [B, A]
        if config.double:
            select = online(batch.next_obs)  # [B, A]
            y = targets.double_td_target(batch.reward, batch.terminated, select, next_q, gamma)
        else:
            y = targets.td_target(batch.reward, batch.terminated, next_q, gamma)  # [B]
        if config.target_epsilon:  # part of the next actions is left to chance (lesson 04b)
            chance = batch.reward + gamma * next_q.mean(dim=1) * ~batch.terminated  # [B]
            y = (1 - config.target_epsilon) * y + config.target_epsilon * chance
    loss_of = targets.huber_loss if config.loss == "huber" else targets.mse_loss
    loss = loss_of(online(batch.obs), batch.action, y)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(online.parameters(), config.max_grad_norm)
    optimizer.step()
