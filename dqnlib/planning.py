"""Planning in a tabular model, and the paths that a table takes (lessons 01 and 01b).

Source: Sutton & Barto, Reinforcement Learning: An Introduction, 2nd edition, chapter 4.
"""

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dqnlib.arguments import check_count, check_number
from dqnlib.envs import TabularModel
from dqnlib.tabular import epsilon_greedy, q_learning_target


def value_iteration_sweep(q, outcomes, gamma):
    """Return the table after one sweep of value iteration: Q-learning's target, averaged.

    q: [N, A], only read; outcomes[obs][action]: the list of (probability, next_obs, reward,
    terminated) of what can follow, as in Gymnasium's `env.unwrapped.P`; gamma: 0 to 1. Every
    entry of the new table [N, A] is made from the old one
    (Sutton & Barto, equation 4.10 in its form for q; lesson 01).
    """
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for probability, next_obs, reward, terminated in outcomes[obs][action]:
                td_target = q_learning_target(reward, terminated, q[next_obs], gamma)
                new[obs, action] += probability * td_target
    return new


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


def n_step_values(
    model: TabularModel, n: int, epsilon: float, gamma: float = 1.0, *, max_sweeps: int = 10_000
) -> np.ndarray:
    """Return values [N, A] at which uncorrected n-step Q-learning can come to rest.

    Each sweep sets an entry to the expected target: n rewards, then γⁿ times the best value of
    where they lead. The first action is the entry's own, the n − 1 after it are ε-greedy by the
    values themselves, as in the data of an agent that explores. n = 1, or epsilon = 0, gives the
    optimal values; the larger n, the nearer it comes to what an ε-greedy agent really earns. As the
    policy depends on the values there can be several such places; this is one, found from 0 on.
    Raises RuntimeError if the values do not settle.
    """
    n, epsilon = check_count("n", n), check_number("epsilon", epsilon, 0, 1)
    where = model.reachable()
    q = np.zeros((model.n_states, model.n_actions))
    for _ in range(max_sweeps):
        policy, v = soft_policy(q, epsilon), q.max(1)
        for _ in range(n - 1):
            v = (policy * _backup(model, v, gamma)).sum(1)
        new = _backup(model, v, gamma) * where[:, None]
        change = np.abs(new - q).max()
        q = new
        if change < 1e-8:
            return q
    raise RuntimeError(f"the {n}-step values did not settle in {max_sweeps} sweeps")


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


def greedy_returns(tables, model: TabularModel) -> Counter:
    """Count the returns of the greedy paths of several tables [N, A]: {-13.0: 48, "loops": 2}.

    See `greedy_path`. A path that goes round forever counts under "loops".
    """
    paths = [greedy_path(q, model) for q in tables]
    return Counter(path.total_reward if path.terminated else "loops" for path in paths)


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
