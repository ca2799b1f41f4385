"""Tabular methods for one run, as the learner of lessons 01 and 01b writes them.

Everything here is about one run: ``q`` is a table [N, A] of N states and A actions, and one
state's row is [A]. `dqnlib.seeds` trains many seeds at once and gives the same numbers.

Source: Sutton & Barto, Reinforcement Learning: An Introduction, 2nd edition, chapters 4 and 6.
"""

from collections.abc import Callable, Iterator

import gymnasium as gym
import numpy as np

from dqnlib import moved
from dqnlib.config import TabularConfig
from dqnlib.data import Step

__getattr__ = moved.names_of(__name__)  # for what was here before


def episode_return(rewards):
    """Return the undiscounted return of an episode: the sum of its rewards (lesson 00).

    rewards: list of floats, one a step.
    """
    return sum(rewards)


def epsilon_greedy(q, epsilon, rng):
    """Choose an action: random with probability epsilon, else one of the best (lesson 01).

    q: [A] action values of one state; epsilon: 0 to 1; rng: numpy Generator. Returns an int.
    Equally good actions are equally likely (Sutton & Barto, section 2.2).
    """
    explore, pick = rng.random(2)  # two numbers from 0 up to 1
    if explore < epsilon:
        return int(pick * len(q))
    best = np.flatnonzero(q == q.max())
    return int(best[int(pick * len(best))])


def q_learning_target(reward, terminated, next_q, gamma):
    """Return the target of Q-learning: the reward, plus the best value that can follow it.

    reward: float; terminated: bool; next_q: [A] action values of the next state; gamma: 0 to 1.
    After termination nothing follows (Watkins 1989; Sutton & Barto, equation 6.8; lesson 01).
    """
    if terminated:
        return reward
    return reward + gamma * next_q.max()


def sarsa_target(reward, terminated, next_q, next_action, gamma):
    """Return the target of Sarsa: like Q-learning's, with the action that is taken next.

    next_action: int, the action that the policy has picked in the next state, or -1 after
    termination (Sutton & Barto, equation 6.7; lesson 01b).
    """
    if terminated:
        return reward
    return reward + gamma * next_q[next_action]


def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    """Return the target of Expected Sarsa: the mean over what an ε-greedy policy may do next.

    epsilon: 0 to 1, of the ε-greedy policy; ties share its greedy part, which leaves the mean
    as it is (Sutton & Barto, equation 6.9; lesson 01b).
    """
    if terminated:
        return reward
    return reward + gamma * ((1 - epsilon) * next_q.max() + epsilon * next_q.mean())


def double_q_learning_target(reward, terminated, next_q, other_next_q, gamma):
    """Return the target of Double Q-learning: one table selects, the other evaluates.

    next_q: [A] from the table that learns; other_next_q: [A] from the other table
    (van Hasselt 2010; Sutton & Barto, section 6.7; lesson 05).
    """
    if terminated:
        return reward
    return reward + gamma * other_next_q[next_q.argmax()]


def td_update(q, obs, action, td_target, alpha):
    """Move q[obs, action] a step toward the target, in place, and return the TD error.

    q: [N, A], changed only at [obs, action]; alpha: step size, 0 to 1
    (Sutton & Barto, equation 6.8; lesson 01).
    """
    td_error = td_target - q[obs, action]
    q[obs, action] += alpha * td_error
    return td_error


def random_streams(seed: int) -> tuple[int, np.random.Generator]:
    """Return a seed for the environment and a generator for the agent, independent of each other.

    One seed for both would be a trap: the agent's coin would show the environment's dice.
    """
    env_stream, agent_stream = np.random.SeedSequence(seed).spawn(2)
    return int(env_stream.generate_state(1)[0]), np.random.default_rng(agent_stream)


def learn(
    env: gym.Env,
    config: TabularConfig,
    *,
    seed: int = 0,
    q: np.ndarray | None = None,
    target: Callable | None = None,
    policy: Callable = epsilon_greedy,
    update: Callable = td_update,
) -> Iterator[Step]:
    """Train one run for ``config.episodes`` episodes; yield a `Step` after each environment step.

    env: any Gymnasium environment with Discrete spaces. q: [T, N, A], changed in place: T = 2
    tables for Double Q-learning, else 1; zeros if left out. target, policy and update take the
    learner's own function in place of the course's; target has the signature of the
    algorithm's own. Agrees step by step with `dqnlib.seeds.TabularTrainer`.
    """
    double, sarsa = config.algorithm == "double_q_learning", config.algorithm == "sarsa"
    target = target or TARGETS[config.algorithm]
    env_seed, rng = random_streams(seed)
    if q is None:
        q = np.zeros((1 + double, int(env.observation_space.n), int(env.action_space.n)))
    for episode in range(config.episodes):
        obs, _ = env.reset(seed=env_seed if episode == 0 else None)
        action, length, ended = -1, 0, False  # -1: still to be picked
        while not ended:
            if action < 0:
                action = policy(q[:, obs].mean(0), config.epsilon, rng)
            next_obs, reward, terminated, truncated, _ = env.step(action)
            length += 1
            truncated = bool(truncated or length >= config.max_episode_steps) and not terminated
            next_action, table = -1, 0
            if sarsa and not terminated:
                next_action = policy(q[:, next_obs].mean(0), config.epsilon, rng)
            if double:
                table = int(rng.random() < 0.5)  # a fair coin: which table learns
            next_q = q[table, next_obs]
            extra = {
                "q_learning": (),
                "sarsa": (next_action,),
                "expected_sarsa": (config.counted_epsilon,),
                "double_q_learning": (q[1 - table, next_obs],) if double else (),
            }[config.algorithm]
            td_target = target(float(reward), terminated, next_q, *extra, config.gamma)
            td_error = update(q[table], obs, action, td_target, config.alpha)
            yield Step(
                obs, action, float(reward), next_obs, terminated, truncated, td_target, td_error
            )
            obs, action, ended = next_obs, next_action, terminated or truncated


TARGETS = {
    "q_learning": q_learning_target,
    "sarsa": sarsa_target,
    "expected_sarsa": expected_sarsa_target,
    "double_q_learning": double_q_learning_target,
}
