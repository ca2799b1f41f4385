"""The random walk against the textbook's pseudo-code, and n-step Q-learning against values by hand.

`tests/mutants/classics/test_random_walk.toml` lists the mutants that these tests kill.
"""

import gymnasium as gym
import numpy as np
import pytest

from dqnlib import planning
from dqnlib.classics import random_walk
from dqnlib.classics.n_step_q import NStepQ
from dqnlib.envs import TabularModel


def textbook(n, alpha, episodes, seed):
    """Sutton & Barto, section 7.1, "n-step TD", line by line; γ = 1."""
    rng, v, found = np.random.default_rng(seed), np.zeros(21), []
    for _ in range(episodes):
        states, rewards, end, t = [10], [0.0], np.inf, 0
        while True:
            if t < end:
                states.append(states[-1] + (1 if rng.random() < 0.5 else -1))
                over = states[-1] in (0, 20)
                rewards.append({0: -1.0, 20: 1.0}.get(states[-1], 0.0))
                if over:
                    end = t + 1
            tau = t - n + 1
            if tau >= 0:
                g = sum(rewards[i] for i in range(tau + 1, int(min(tau + n, end)) + 1))
                if tau + n < end:
                    g += v[states[tau + n]]
                v[states[tau]] += alpha * (g - v[states[tau]])
            if tau == end - 1:
                break
            t += 1
        true = np.arange(-18, 20, 2) / 20
        found.append(np.sqrt(np.mean((v[1:20] - true) ** 2)))
    return np.array(found)


@pytest.mark.parametrize(("n", "alpha"), [(1, 0.5), (4, 0.4), (64, 0.1), (1_000, 0.3)])
def test_one_run_is_the_textbooks(n, alpha):
    want = textbook(n, alpha, 4, 7)
    assert np.allclose(random_walk.run(n, alpha, 4, 7), want)


def test_many_runs_are_single_ones():
    steps, alphas, seeds = (1, 3, 100), (0.1, 0.9), (4, 0, 9)
    found = random_walk.errors(steps, alphas, seeds, 5)
    assert found.shape == (3, 2, 3)
    for i, n in enumerate(steps):
        for j, alpha in enumerate(alphas):
            for k, seed in enumerate(seeds):
                assert found[i, j, k] == pytest.approx(textbook(n, alpha, 5, seed).mean())


def test_the_first_error_and_the_true_values():
    """With values of 0 the error is the root of the mean of (0.9² + 0.8² + ...) · 2 / 19."""
    start = np.sqrt(2 * sum((k / 10) ** 2 for k in range(1, 10)) / 19)
    assert random_walk.run(3, 0.0, 1)[0] == pytest.approx(start)
    assert random_walk.errors([2], [0.0], [5])[0, 0, 0] == pytest.approx(start)
    assert random_walk.TRUE_VALUES[[0, 9, 18]].tolist() == [-0.9, 0.0, 0.9]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"steps": [0]}, "each n must be"),
        ({"alphas": [1.5]}, "each alpha"),
        ({"episodes": 0}, "episodes must be"),
    ],
)
def test_bad_settings_of_the_walk(settings, words):
    with pytest.raises(ValueError, match=words):
        random_walk.errors(**{"seeds": [0], **settings})


# -- n-step Q-learning --------------------------------------------------------------------------


class Corridor(gym.Env):
    """States 0 to 3: action 1 goes on and earns 1, 2, 3, action 0 stays; 3 is the end."""

    observation_space, action_space = gym.spaces.Discrete(4), gym.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.at = 0
        return 0, {}

    def step(self, action):
        reward = self.at + 1 if action else 0
        self.at += int(action)
        return self.at, reward, self.at == 3, False, {}


def test_an_episode_by_hand():
    """γ = 0.5, α = 1, n = 2, always going on: 1 + 0.5 · 2, then 2 + 0.5 · 3 and 3."""
    agent = NStepQ(Corridor(), n=2, alpha=1.0, gamma=0.5, epsilon=0.0)
    agent.q[:, 1] = [0.1, 0.1, 8.0, 0.1]
    seen = [agent.step() for _ in range(3)]
    assert [len(each.updates) for each in seen] == [0, 1, 2]
    # 2 rewards, then γ² times the best value of state 2, which is 8
    assert agent.q[:3, 1].tolist() == [1 + 1 + 0.25 * 8, 2 + 1.5, 3.0]
    (first,), last = seen[1].updates, seen[2].updates[-1]
    assert (first.value, first.old, first.new) == (2.0, 0.1, 4.0)
    assert (last.value, last.transition.terminated) == (0.0, True)
    assert (agent.obs, agent.episode_steps, agent.steps) == (0, 0, 3)


def test_a_limit_truncates_and_teaches_nothing_of_the_rest():
    agent = NStepQ(Corridor(), n=3, alpha=1.0, gamma=0.5, epsilon=0.0, limit=2)
    agent.q[:, 1] = 0.1
    seen = [agent.step(), agent.step()]
    assert [each.truncated for each in seen] == [False, True]
    assert [each.updates for each in seen] == [[], []]
    assert not agent.window.window
    assert (agent.obs, agent.episode_steps) == (0, 0)


def test_settings_in_flight():
    agent = NStepQ(Corridor(), n=3, epsilon=0.0)
    agent.q[:, 1] = 0.1
    agent.step()
    agent.gamma = 0.25
    assert (agent.window.gamma, len(agent.window.window)) == (0.25, 1)
    agent.n = 2
    assert (agent.window.n, agent.window.gamma, len(agent.window.window)) == (2, 0.25, 0)
    with pytest.raises(ValueError, match="n must be"):
        agent.n = 0


def test_where_the_values_come_to_rest():
    model = TabularModel.from_env("CliffWalking-v1")
    best = planning.value_iteration(model).q
    assert np.allclose(planning.n_step_values(model, 1, 0.3), best)
    assert np.allclose(planning.n_step_values(model, 7, 0.0), best)
    # from the end of the edge down into the goal: the rest of the window is never played
    values = planning.n_step_values(model, 3, 0.2)
    assert values[35, 2] == pytest.approx(-1)
    # two steps before: right (−1), then ε-greedy: down, −1 and the goal; or a slip of 0.2 / 4 each,
    # and then the best value of where that leads
    two = planning.n_step_values(model, 2, 0.2)
    after = [-1 + two[s].max() for s in (23, 35, 34)]  # up, right (the wall), left
    assert two[34, 1] == pytest.approx(-1 + 0.05 * sum(after) + 0.85 * -1)
    assert values[34, 1] < -1 + 0.85 * -1 + 0.15 * -2  # three steps count on one slip more
    with pytest.raises(RuntimeError, match="the 3-step values did not settle in 4 sweeps"):
        planning.n_step_values(model, 3, 0.1, max_sweeps=4)


def test_a_learner_comes_to_rest_there():
    """A corridor where a slip costs: the sampled values are the exact ones, up to its noise."""
    model = TabularModel.from_env("CliffWalking-v1")
    agent = NStepQ(gym.make("CliffWalking-v1"), n=2, alpha=0.05, epsilon=0.2, seed=1)
    for _ in range(40_000):
        agent.step()
    exact = planning.n_step_values(model, 2, 0.2)
    path = planning.greedy_path(exact, model)
    assert planning.greedy_path(agent.q, model).total_reward == path.total_reward == -15
    on_the_way = list(path.states[3:-1])
    assert np.abs(agent.q[on_the_way].max(1) - exact[on_the_way].max(1)).max() < 3
