"""DQN for one run, as lesson 04 writes it: what `dqnlib.training` must agree with.

Nothing here knows about many seeds. It draws the same random numbers as the trainer.
"""

import torch

from dqnlib import targets
from dqnlib.config import Config
from dqnlib.data import Transition
from dqnlib.envs import make_for
from dqnlib.networks import QNetwork
from dqnlib.policies import epsilon_greedy, linear_schedule, random_streams
from dqnlib.replay import ReplayBuffer


def make_optimizer(network, config: Config):
    kinds = {"adam": torch.optim.Adam, "rmsprop": torch.optim.RMSprop, "sgd": torch.optim.SGD}
    return kinds[config.optimizer](network.parameters(), lr=config.learning_rate)


def plain_dqn(config: Config, seed: int, env=None):
    """Train one run. -> online network, [(environment step, return)], [action at each step]"""
    streams = random_streams(seed)
    env = make_for(config, env)
    torch.manual_seed(streams.network_seed)
    online = QNetwork(env.observation_space.shape, env.n_actions, config.hidden)
    target = QNetwork(env.observation_space.shape, env.n_actions, config.hidden)
    targets.hard_update(online, target)
    optimizer, buffer = make_optimizer(online, config), ReplayBuffer(config.capacity)
    loss_of = {"mse": targets.mse_loss, "huber": targets.huber_loss}[config.loss]
    returns, actions, total, length = [], [], 0.0, 0
    obs, _ = env.reset(seed=streams.env_seed)
    for step in range(1, config.steps + 1):
        epsilon = linear_schedule(
            step - 1, config.epsilon, config.final_epsilon, config.epsilon_steps
        )
        with torch.no_grad():
            q = online(torch.from_numpy(obs)[None])[0].numpy()  # [A]
        action = epsilon_greedy(q, epsilon, streams.explore)
        next_obs, reward, terminated, truncated, _ = env.step(action)
        length += 1
        truncated = truncated or length == config.max_episode_steps
        buffer.add(Transition(obs, action, reward, next_obs, terminated))
        actions.append(action)
        obs, total = next_obs, total + reward
        if terminated or truncated:
            returns.append((step, total))
            total, length = 0.0, 0
            obs, _ = env.reset()
        ready = step > config.warmup and len(buffer) >= config.batch_size
        if ready and step % config.update_every == 0:
            batch = buffer.sample(config.batch_size, streams.sample)
            rate = linear_schedule(
                step, config.learning_rate, config.final_learning_rate, config.steps
            )
            optimizer.param_groups[0]["lr"] = rate
            with torch.no_grad():
                next_q = target(batch.next_obs)
                if config.double:
                    y = targets.double_td_target(
                        batch.reward, batch.terminated, online(batch.next_obs), next_q, config.gamma
                    )
                else:
                    y = targets.td_target(batch.reward, batch.terminated, next_q, config.gamma)
            loss = loss_of(online(batch.obs), batch.action, y)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(online.parameters(), config.max_grad_norm)
            optimizer.step()
        if step % config.sync_every == 0:
            if config.tau == 1:
                targets.hard_update(online, target)
            else:
                targets.polyak_update(online, target, config.tau)
    return online, returns, actions
