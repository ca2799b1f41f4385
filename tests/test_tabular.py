"""One run's functions, against values worked by hand.

`tests/mutants/test_tabular.toml` lists the mutants that these tests kill.
"""

import gymnasium as gym
import numpy as np
import pytest
from support import corridor

from dqnlib import tabular
from dqnlib.config import TabularConfig
from dqnlib.data import Step

# -- targets -------------------------------------------------------------------------------

NEXT_Q = np.array([1.0, -3.0, 4.0, 2.0])  # best 4 at action 2; mean 1
OTHER_Q = np.array([7.0, 0.5, -6.0, 3.0])  # best 7 at action 0; at the other's best action −6
TARGET_CASES = [
    # reward −2, gamma 0.9: 4 is best, so −2 + 0.9 · 4 = 1.6
    (tabular.q_learning_target, (), 1.6),
    # action 1 is taken, and is not the best: −2 + 0.9 · (−3) = −4.7
    (tabular.sarsa_target, (1,), -4.7),
    # epsilon 0.2: 0.8 · 4 + 0.2 · 1 = 3.4; −2 + 0.9 · 3.4 = 1.06
    (tabular.expected_sarsa_target, (0.2,), 1.06),
    # the learning table picks action 2, the other one says −6: −2 + 0.9 · (−6) = −7.4
    (tabular.double_q_learning_target, (OTHER_Q,), -7.4),
]


@pytest.mark.parametrize(("function", "extra", "want"), TARGET_CASES)
def test_targets_by_hand(function, extra, want):
    before = NEXT_Q.copy(), OTHER_Q.copy()
    assert function(-2.0, False, NEXT_Q, *extra, 0.9) == pytest.approx(want, abs=1e-12)
    assert function(-2.0, True, NEXT_Q, *extra, 0.9) == -2.0
    assert function(5.0, True, NEXT_Q, *extra, 0.9) == 5.0
    assert function(5.0, False, NEXT_Q, *extra, 0.0) == 5.0
    assert np.array_equal(before, (NEXT_Q, OTHER_Q))


def test_expected_sarsa_lies_between_its_two_relatives():
    q_learning = tabular.q_learning_target(-2.0, False, NEXT_Q, 0.9)
    assert tabular.expected_sarsa_target(-2.0, False, NEXT_Q, 0.0, 0.9) == q_learning
    mean = tabular.expected_sarsa_target(-2.0, False, NEXT_Q, 1.0, 0.9)  # −2 + 0.9 · 1
    assert mean == pytest.approx(-1.1)


def test_each_algorithm_has_its_own_target():
    assert {name: f.__name__ for name, f in tabular.TARGETS.items()} == {
        name: f"{name}_target"
        for name in ("q_learning", "sarsa", "expected_sarsa", "double_q_learning")
    }


def test_td_update_by_hand():
    q = np.array([[0.0, 2.0, 4.0], [1.0, -3.0, 5.0]])
    same = q
    assert tabular.td_update(q, 1, 1, 7.0, 0.25) == 10.0  # 7 − (−3)
    assert q is same
    assert np.array_equal(q, [[0, 2, 4], [1, -0.5, 5]])  # −3 + 0.25 · 10
    assert tabular.td_update(q, 0, 2, 0.0, 1.0) == -4.0
    assert np.array_equal(q, [[0, 2, 0], [1, -0.5, 5]])


def test_the_return_of_an_episode_is_the_sum_of_its_rewards():
    assert tabular.episode_return([-1.0, -100.0, -1.0]) == -102.0
    assert tabular.episode_return([]) == 0


# -- choosing actions ----------------------------------------------------------------------


class Scripted:
    """A generator whose numbers are known."""

    def __init__(self, *numbers):
        self.numbers = list(numbers)

    def random(self, n):
        taken, self.numbers = self.numbers[:n], self.numbers[n:]
        return np.array(taken)


@pytest.mark.parametrize(
    ("q", "epsilon", "coin", "pick", "action"),
    [
        ([0, 5, 1, 2], 0.1, 0.2, 0.99, 1),  # greedy
        ([0, 5, 1, 2], 0.1, 0.05, 0.99, 3),  # explores: the last quarter
        ([0, 5, 1, 2], 0.1, 0.05, 0.49, 1),  # explores, and happens to take the best
        ([0, 5, 1, 2], 0.1, 0.1, 0.0, 1),  # the coin must lie below epsilon
        ([0, 5, 1, 2], 0.0, 0.0, 0.0, 1),  # never explores
        ([0, 5, 1, 2], 1.0, 0.999999, 0.0, 0),  # always explores
        ([5, 0, 5, 1], 0.1, 0.9, 0.49, 0),  # two are best: the first half ...
        ([5, 0, 5, 1], 0.1, 0.9, 0.5, 2),  # ... and the second half
        ([0, 0, 0, 0], 0.1, 0.9, 0.75, 3),
        ([-3, -1, -2, -1], 0.1, 0.9, 0.99, 3),
    ],
)
def test_epsilon_greedy_by_hand(q, epsilon, coin, pick, action):
    rng = Scripted(coin, pick, "one too many")
    chosen = tabular.epsilon_greedy(np.array(q, float), epsilon, rng)
    assert chosen == action
    assert type(chosen) is int
    assert rng.numbers == ["one too many"]  # two numbers a call, so that all seeds stay in step


@pytest.mark.parametrize(
    ("q", "shares"),
    [([0, 5, 1, 2], [0.1, 0.7, 0.1, 0.1]), ([5, 0, 5, 1], [0.4, 0.1, 0.4, 0.1])],
)
def test_epsilon_greedy_in_the_long_run(q, shares):
    rng = np.random.default_rng(0)
    q = np.array(q, float)
    chosen = [tabular.epsilon_greedy(q, 0.4, rng) for _ in range(10_000)]
    assert np.bincount(chosen) / 10_000 == pytest.approx(shares, abs=0.03)  # six standard errors


def test_random_streams_are_repeatable_and_all_different():
    streams = [tabular.random_streams(seed) for seed in range(100)]
    env = [np.random.default_rng(seed).random(50) for seed, _ in streams]
    agent = [rng.random(50) for _, rng in streams]
    plain = [np.random.default_rng(seed).random(50) for seed in range(100)]
    numbers = np.concatenate([*env, *agent, *plain])
    assert len(np.unique(numbers)) == numbers.size
    again_seed, again = tabular.random_streams(17)
    assert again_seed == streams[17][0]
    assert type(again_seed) is int
    assert np.array_equal(again.random(50), agent[17])


# -- learning, one run ---------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["q_learning", "sarsa", "expected_sarsa"])
def test_learning_by_hand(algorithm):
    q = np.zeros((1, 2, 1))
    config = TabularConfig(algorithm, episodes=3, alpha=0.5, gamma=0.9)
    steps = list(tabular.learn(corridor(), config, q=q))
    assert steps[0][:6] == (0, 0, -1.0, 1, False, False)
    assert steps[1][:6] == (1, 0, 5.0, 0, True, False)
    # episode 1: −1 + 0.9 · 0; 5.   2: −1 + 0.9 · 2.5; 5.   3: −1 + 0.9 · 3.75; 5
    assert [s.td_target for s in steps] == pytest.approx([-1, 5, 1.25, 5, 2.375, 5])
    # q[0]: −0.5, 0.375, 1.375; q[1]: 2.5, 3.75, 4.375. The errors are targets minus old values
    assert [s.td_error for s in steps] == pytest.approx([-1, 5, 1.75, 2.5, 2.0, 1.25])
    assert q[0, :, 0] == pytest.approx([1.375, 4.375])


@pytest.mark.parametrize("algorithm", tabular.TARGETS)
def test_a_truncated_step_bootstraps_and_a_terminated_one_does_not(algorithm):
    config = TabularConfig(algorithm, episodes=400, alpha=0.5, gamma=0.9, max_episode_steps=1)
    # one state, reward 5 forever, cut off after each step: the value is 5 / (1 − 0.9) = 50
    q = np.zeros((1 + (algorithm == "double_q_learning"), 1, 1))
    steps = list(tabular.learn(corridor(1, ends=False), config, q=q))
    assert all(s.truncated and not s.terminated for s in steps)
    assert q.ravel() == pytest.approx(50, abs=0.1)
    # the same reward, and the environment ends it: the value is 5. Ended twice is terminated
    q = np.zeros_like(q)
    steps = list(tabular.learn(corridor(1), config, q=q))
    assert all(s.terminated and not s.truncated for s in steps)
    assert q.ravel() == pytest.approx(5)


def test_the_time_limit_is_met_and_the_environment_is_seeded_once():
    env = corridor(7)
    steps = list(tabular.learn(env, TabularConfig(episodes=3, max_episode_steps=4), seed=5))
    assert [s.truncated for s in steps] == [False, False, False, True] * 3
    assert [s.obs for s in steps] == [0, 1, 2, 3] * 3
    assert steps[3].next_obs == 4  # where it stood, not where the next episode starts
    assert env.seeds == [tabular.random_streams(5)[0], None, None]


def test_sarsa_takes_the_action_that_its_target_used_and_none_from_the_last_episode():
    """A policy that counts: Sarsa asks once at each start and once a step that does not end."""
    asked = []

    def policy(q, epsilon, rng):
        asked.append(len(asked))
        return asked[-1] % 4

    used = []

    def target(reward, terminated, next_q, next_action, gamma):
        used.append((terminated, next_action))
        return 0.0

    config = TabularConfig("sarsa", episodes=3, max_episode_steps=5)
    env = gym.make("CliffWalking-v1")
    steps = list(tabular.learn(env, config, policy=policy, target=target))
    assert len(asked) == 3 * (1 + 5)
    for k, step in enumerate(steps):
        episode, t = divmod(k, 5)
        assert step.action == (6 * episode + t) % 4
        assert used[k] == (False, (6 * episode + t + 1) % 4)


def test_after_termination_sarsas_next_action_is_minus_one():
    """So that a learner may mask by arithmetic: next_q[next_action] * (1 - terminated)."""

    def target(reward, terminated, next_q, next_action, gamma):
        return reward + gamma * next_q[next_action] * (1 - terminated)

    config = TabularConfig("sarsa", episodes=3, gamma=0.9)
    mine = list(tabular.learn(corridor(), config, target=target))
    assert mine == list(tabular.learn(corridor(), config))


def test_the_tables_of_double_q_learning_change_places_by_a_fair_coin():
    q = np.zeros((2, 1, 1))
    config = TabularConfig("double_q_learning", episodes=1000, alpha=0.5, max_episode_steps=1)
    moved, seen = [], set()

    def target(reward, terminated, next_q, other_next_q, gamma):
        seen.add((bool(next_q is other_next_q), np.shares_memory(next_q, other_next_q)))
        return reward

    def update(table, *args):
        moved.append(np.shares_memory(table, q[1]))
        return tabular.td_update(table, *args)

    list(tabular.learn(corridor(1, ends=False), config, q=q, target=target, update=update))
    assert np.mean(moved) == pytest.approx(0.5, abs=0.08)  # five standard errors
    assert seen == {(False, False)}


def test_a_given_table_is_changed_in_place_and_zeros_are_the_default():
    config = TabularConfig(episodes=4)
    given = np.zeros((1, 48, 4))
    with_table = list(tabular.learn(gym.make("CliffWalking-v1"), config, seed=3, q=given))
    without = list(tabular.learn(gym.make("CliffWalking-v1"), config, seed=3))
    assert with_table == without
    assert given.any()
    other = list(tabular.learn(gym.make("CliffWalking-v1"), config, seed=4))
    assert [s.action for s in other] != [s.action for s in without]


def test_a_step_reads_in_the_words_of_the_field():
    assert Step._fields == (
        "obs", "action", "reward", "next_obs", "terminated", "truncated", "td_target", "td_error",
    )  # fmt: skip
