"""Tabular methods for one run, as the learner of lesson 01 writes them.

Everything here is about one run: ``q`` is a table [N, A] of N states and A actions, and one
state's row is [A]. `dqnlib.seeds` trains many seeds at once and gives the same numbers.

Source: Sutton & Barto, Reinforcement Learning: An Introduction, 2nd edition, chapters 4 and 6.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import gymnasium as gym
import numpy as np

from dqnlib.data import Step, TabularConfig, check_number
from dqnlib.envs import TabularModel


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
    termination (Sutton & Barto, equation 6.7; lesson 01).
    """
    if terminated:
        return reward
    return reward + gamma * next_q[next_action]


def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    """Return the target of Expected Sarsa: the mean over what an ε-greedy policy may do next.

    epsilon: 0 to 1, of the ε-greedy policy; ties share its greedy part, which leaves the mean
    as it is (Sutton & Barto, equation 6.9; lesson 01).
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
                "expected_sarsa": (config.epsilon,),
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


class Values(NamedTuple):
    """Action values that planning gave, and how it got there."""

    q: np.ndarray  # [N, A]; zero in states that are not reachable
    changes: np.ndarray  # [sweeps] largest change of any value in each sweep


def value_iteration(
    model: TabularModel,
    gamma: float = 1.0,
    *,
    epsilon: float = 0.0,
    tolerance: float = 1e-10,
    max_sweeps: int = 100_000,
) -> Values:
    """Return the optimal action values by sweeps of the Bellman optimality equation.

    With epsilon above 0: the best values under the handicap that each action is random with
    probability epsilon. Raises ValueError for a bad gamma or epsilon, and RuntimeError if the
    values still change after max_sweeps (with gamma = 1 they may grow forever).
    Source: Sutton & Barto, equation 4.10 in its form for q; epsilon: section 5.4.
    """
    gamma, epsilon = check_number("gamma", gamma, 0, 1), check_number("epsilon", epsilon, 0, 1)
    where = model.reachable()
    q, changes = np.zeros((model.n_states, model.n_actions)), []
    for _ in range(max_sweeps):
        v = (1 - epsilon) * q.max(1) + epsilon * q.mean(1)  # [N]
        new = _backup(model, v, gamma) * where[:, None]
        changes.append(np.abs(new - q).max())
        q = new
        if changes[-1] < tolerance:
            return Values(q, np.array(changes))
    raise RuntimeError(
        f"value iteration did not settle in {max_sweeps} sweeps: the last one still changed a "
        f"value by {changes[-1]:.3g}. With gamma = 1 some policy may earn reward forever; "
        "try gamma below 1"
    )


def _backup(model: TabularModel, v: np.ndarray, gamma: float) -> np.ndarray:
    """Return the expected reward plus discounted next value of each pair: [N] -> [N, A]."""
    follow = np.where(model.terminated, 0.0, v[model.next_obs])  # [N, A, K]
    return (model.probability * (model.reward + gamma * follow)).sum(-1)


def policy_evaluation(model: TabularModel, policy: np.ndarray, gamma: float = 1.0) -> np.ndarray:
    """Return the exact state values [N] of a policy [N, A] of action probabilities.

    Solves the linear Bellman equations (Sutton & Barto, equation 4.4) for the reachable states;
    the other entries are 0. Raises ValueError if a row of the policy is no distribution, or if
    the policy may go on forever and gamma is 1, so that the values are not finite.
    """
    gamma = check_number("gamma", gamma, 0, 1)
    policy = np.asarray(policy, float)
    if policy.shape != (model.n_states, model.n_actions):
        raise ValueError(
            f"policy must have the shape {(model.n_states, model.n_actions)}, one row of action "
            f"probabilities a state, but it has {policy.shape}"
        )
    where = np.flatnonzero(model.reachable())
    if (policy < 0).any() or not np.allclose(policy[where].sum(1), 1):
        raise ValueError("each reachable row of policy must be probabilities that sum to 1")
    weight = policy[:, :, None] * model.probability  # [N, A, K]
    reward = (weight * model.reward).sum((1, 2))
    move = np.zeros((model.n_states, model.n_states))
    for s in where:
        np.add.at(move[s], model.next_obs[s], weight[s] * ~model.terminated[s])
    ends = (weight * model.terminated).sum((1, 2)) > 0  # [N] the episode can end from here ...
    leads = move > 0  # [N, N]
    for _ in where:
        ends = ends | (leads @ ends)  # ... in one step more each time
    if gamma == 1 and not ends[where].all():
        raise ValueError(
            "under this policy an episode may never end, so with gamma = 1 its value is not "
            "finite; use gamma below 1 or a policy with epsilon above 0"
        )
    system = np.eye(len(where)) - gamma * move[np.ix_(where, where)]
    v = np.zeros(model.n_states)
    v[where] = np.linalg.solve(system, reward[where])
    return v


def soft_policy(q: np.ndarray, epsilon: float) -> np.ndarray:
    """Return the ε-greedy policy of q as action probabilities [N, A]; ties share the best part."""
    best = q == q.max(-1, keepdims=True)
    return (1 - epsilon) * best / best.sum(-1, keepdims=True) + epsilon / q.shape[-1]


@dataclass(frozen=True)
class Path:
    """Where an agent went from the start."""

    states: tuple[int, ...]  # from the start on; one more than actions
    actions: tuple[int, ...]
    total_reward: float  # undiscounted
    terminated: bool  # the episode ended; False for a greedy path that goes round forever


def greedy_path(q: np.ndarray, model: TabularModel) -> Path:
    """Follow the best action of q [N, A] from the start until the end, or until a state repeats.

    A greedy agent that comes back to a state goes round forever: then `terminated` is False.
    Meant for deterministic environments: of several outcomes the likeliest is followed. Of
    equally good actions the first is taken.
    """
    obs = model.start
    states, actions, total = [obs], [], 0.0
    while True:
        action = int(q[obs].argmax())
        k = int(model.probability[obs, action].argmax())
        total += float(model.reward[obs, action, k])
        terminated = bool(model.terminated[obs, action, k])
        obs = int(model.next_obs[obs, action, k])
        actions.append(action)
        if terminated or obs in states:
            return Path((*states, obs), tuple(actions), total, terminated)
        states.append(obs)


def rollout(q: np.ndarray, model: TabularModel, epsilon: float, seed: int, steps: int) -> Path:
    """Follow an ε-greedy agent with the table q [N, A] for one episode, or for `steps` steps.

    The table is only read. `Path.states` may hold a state several times.
    """
    rng = np.random.default_rng(seed)
    obs, total, terminated = model.start, 0.0, False
    states, actions = [obs], []
    while not terminated and len(actions) < steps:
        action = epsilon_greedy(q[obs], epsilon, rng)
        k = int(rng.choice(model.probability.shape[-1], p=model.probability[obs, action]))
        total += float(model.reward[obs, action, k])
        terminated = bool(model.terminated[obs, action, k])
        obs = int(model.next_obs[obs, action, k])
        states.append(obs)
        actions.append(action)
    return Path(tuple(states), tuple(actions), total, terminated)
