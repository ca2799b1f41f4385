"""Maximisation bias against plain loops, exact numbers and the published ones.

`tests/mutants/classics/test_maximization.toml` lists the mutants that these tests kill.
"""

import math
import subprocess
import sys
import time
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from scipy import integrate, stats

from dqnlib import envs
from dqnlib.classics import maximization
from dqnlib.config import Config
from dqnlib.seeds import two_states

# -- estimators ----------------------------------------------------------------------------


def random_values(seed: int, n: int = 7, a: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, a)) * 3


@pytest.mark.parametrize("seed", range(5))
def test_estimates_agree_with_plain_loops(seed):
    chooser, judge = random_values(seed), random_values(seed + 100)
    largest, judged = [], []
    for row, other in zip(chooser.tolist(), judge.tolist()):
        best = 0
        for a, value in enumerate(row):
            if value > row[best]:
                best = a
        largest.append(row[best])
        judged.append(other[best])
    assert maximization.single_estimate(chooser) == pytest.approx(sum(largest) / 7)
    assert maximization.double_estimate(chooser, judge) == pytest.approx(sum(judged) / 7)


def test_estimates_by_hand():
    chooser = np.array([[1.0, 7.0, 3.0], [4.0, -2.0, 0.0]])  # best 1 and 0
    judge = np.array([[8.0, 2.0, -1.0], [1.0, 0.0, 12.0]])
    assert maximization.single_estimate(chooser) == 5.5  # (7 + 4) / 2
    assert maximization.double_estimate(chooser, judge) == 1.5  # (2 + 1) / 2
    assert chooser[0].tolist() == [1.0, 7.0, 3.0]


def expected_max(m: int) -> float:
    """The mean of the largest of m unit normals: x times its density m φ Φ^(m−1), integrated."""

    def density(x):
        return x * m * stats.norm.pdf(x) * stats.norm.cdf(x) ** (m - 1)

    return integrate.quad(density, -9, 9)[0]


@pytest.mark.parametrize(("m", "known"), [(2, 0.56), (4, 1.03), (8, 1.42), (16, 1.77)])
def test_the_bias_of_the_max_is_the_known_one_and_the_double_estimator_has_none(m, known):
    trials = 40_000
    found = maximization.estimator_bias(np.full(m, 3.0), trials, seed=1)
    assert expected_max(m) == pytest.approx(known, abs=0.01)
    assert found.single == pytest.approx(expected_max(m), abs=5 / math.sqrt(trials))
    assert found.double == pytest.approx(0.0, abs=5 / math.sqrt(trials))
    assert type(found.single) is type(found.double) is float


def test_the_double_estimator_can_be_too_small():
    """Two actions worth 0 and 1: the chooser takes the worse one with probability Φ(−1/√2)."""
    found = maximization.estimator_bias([0.0, 1.0], 40_000, seed=2)
    assert found.double == pytest.approx(-stats.norm.cdf(-1 / math.sqrt(2)), abs=0.03)  # −0.24
    # E max(X, Y) = Φ(d) + √2 φ(d) with d = 1/√2, minus the truth 1
    d = 1 / math.sqrt(2)
    exact = stats.norm.cdf(d) + math.sqrt(2) * stats.norm.pdf(d) - 1
    assert found.single == pytest.approx(exact, abs=0.03)  # 0.20


@pytest.mark.parametrize("factor", [0.1, 2.0])
def test_the_bias_grows_with_the_noise(factor):
    base = maximization.estimator_bias(np.zeros(4), 5_000, seed=3)
    found = maximization.estimator_bias(np.zeros(4), 5_000, noise=factor, seed=3)
    assert found.single == pytest.approx(factor * base.single)
    assert found.double == pytest.approx(factor * base.double)


def test_noisy_values():
    values = maximization.noisy_values([1.0, -2.0, 5.0], 20_000, noise=0.5, seed=4)
    assert values.shape == (20_000, 3)
    assert values.mean(axis=0) == pytest.approx([1, -2, 5], abs=0.02)
    assert values.std(axis=0) == pytest.approx([0.5] * 3, abs=0.02)
    assert np.corrcoef(values.T) == pytest.approx(np.eye(3), abs=0.04)
    assert np.array_equal(values, maximization.noisy_values([1.0, -2.0, 5.0], 20_000, 0.5, seed=4))
    assert not np.array_equal(
        values, maximization.noisy_values([1.0, -2.0, 5.0], 20_000, 0.5, seed=5)
    )
    assert np.array_equal(maximization.noisy_values([1.0, 2.0], 2, noise=0), [[1, 2], [1, 2]])


@pytest.mark.parametrize("estimate", [maximization.noisy_values, maximization.estimator_bias])
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"trials": 0}, "trials must be a whole number of at least 1, but it is 0"),
        ({"trials": 2.5}, "trials must be a whole number"),
        ({"noise": -1}, "noise must be a number from 0"),
        ({"noise": math.nan}, "noise must be .* but it is nan"),
        ({"noise": math.inf}, "noise must be .* but it is inf"),
    ],
)
def test_errors_of_estimates(estimate, wrong, words):
    with pytest.raises(ValueError, match=words):
        estimate([0.0, 1.0], **({"trials": 3} | wrong))


def test_a_generator_as_the_seed_goes_on():
    rng = np.random.default_rng(6)
    first, second = (maximization.noisy_values([0.0, 0.0], 4, seed=rng) for _ in range(2))
    assert np.array_equal(first, maximization.noisy_values([0.0, 0.0], 4, seed=6))
    assert not np.isin(first, second).any()


def test_both_tables_have_errors_of_their_own():
    """With one trial of two equal actions the double estimate is below the single one, or equal."""
    found = [maximization.estimator_bias([0.0, 0.0], 1, seed=k) for k in range(50)]
    assert len({f.double for f in found}) == 50
    assert sum(f.double < f.single for f in found) > 30


# -- polynomials ---------------------------------------------------------------------------


def bell(obs):
    return 2 * np.exp(-(obs**2))


@pytest.mark.parametrize(
    ("function", "degree", "single", "double"),  # van Hasselt, Guez & Silver 2016, Figure 2
    [(np.sin, 6, 0.61, -0.02), (bell, 6, 0.47, 0.02), (bell, 9, 3.35, -0.02)],
)
def test_polynomials_give_the_published_biases(function, degree, single, double):
    fits = maximization.polynomial_fits(function, degree)
    assert fits.single.mean() == pytest.approx(single, abs=0.01)
    assert fits.double.mean() == pytest.approx(double, abs=0.01)


def test_polynomials_agree_with_a_plain_loop():
    fits = maximization.polynomial_fits(np.sin, 6, points=25)
    assert fits.obs.tolist() == pytest.approx([-6 + k / 2 for k in range(25)])
    assert fits.true_value.tolist() == pytest.approx([math.sin(x) for x in fits.obs])
    single, double = [], []
    curves = []
    for a in range(10):
        known = [x for x in range(-6, 7) if x not in (a - 5, a - 4)]
        assert fits.samples[a].tolist() == known
        design = np.array([[x**k for k in range(7)] for x in known], float)
        weights = np.linalg.lstsq(design, np.sin(known), rcond=None)[0]
        curves.append([sum(w * x**k for k, w in enumerate(weights)) for x in fits.obs])
    assert fits.q == pytest.approx(np.array(curves), abs=1e-6)
    for i, x in enumerate(fits.obs):
        column = [curve[i] for curve in curves]
        best = column.index(max(column))
        single.append(max(column) - math.sin(x))
        double.append(column[(best + 5) % 10] - math.sin(x))
    assert fits.single == pytest.approx(single, abs=1e-6)
    assert fits.double == pytest.approx(double, abs=1e-6)


# -- Sutton & Barto, Example 6.7 -----------------------------------------------------------


def one_run(algorithm, rng, episodes, actions, alpha, epsilon, mean, noise=1.0, gamma=1.0):
    """One run in plain Python, written from the book's boxes: -> list of bool, left or not."""
    double = algorithm == "double_q_learning"
    tables = [{"A": [0.0, 0.0], "B": [0.0] * actions} for _ in range(1 + double)]

    def pick_best(values):
        return rng.choice([a for a, v in enumerate(values) if v == max(values)])

    def choose(state):
        values = [sum(both) for both in zip(*(q[state] for q in tables))]
        if rng.random() < epsilon:
            return int(rng.integers(len(values)))
        return int(pick_best(values))

    went = []
    for _ in range(episodes):
        state = "A"
        while state != "end":
            action = choose(state)
            if state == "A":
                went.append(action == 0)
                reward, following = 0.0, "B" if action == 0 else "end"
            else:
                reward, following = mean + noise * rng.normal(), "end"
            learner, judge = tables[0], tables[0]
            if double and rng.random() < 0.5:
                learner, judge = tables[1], tables[0]
            elif double:
                learner, judge = tables[0], tables[1]
            value = 0.0
            if following == "B":
                value = judge["B"][pick_best(learner["B"])]
            old = learner[state][action]
            learner[state][action] = old + alpha * (reward + gamma * value - old)
            state = following
    return went


SETTINGS = [
    {"episodes": 40, "actions": 10, "alpha": 0.1, "epsilon": 0.1, "mean": -0.1},
    {"episodes": 25, "actions": 3, "alpha": 0.5, "epsilon": 0.3, "mean": 0.2, "noise": 0.3},
    {"episodes": 25, "actions": 5, "alpha": 0.3, "epsilon": 0.2, "mean": -0.5, "gamma": 0.2},
    {"episodes": 60, "actions": 1, "alpha": 1.0, "epsilon": 0.1, "mean": 0.1},  # the last reward
]


@pytest.mark.parametrize("algorithm", maximization.ALGORITHMS)
@pytest.mark.parametrize("settings", SETTINGS)
def test_shares_agree_with_plain_runs(algorithm, settings):
    rng, plain, runs = np.random.default_rng(0), 500, 20_000
    slow = np.array([one_run(algorithm, rng, **settings) for _ in range(plain)])
    fast = maximization.maximization_bias(algorithm, runs, seed=1, **settings)
    assert fast.shape == (runs, settings["episodes"])
    assert fast.dtype == bool
    # the widest standard error of a share of 500 runs is 2.2 %; of a mean over runs much less
    assert slow.mean(axis=0) == pytest.approx(fast.mean(axis=0), abs=0.1)
    spread = slow.mean(axis=1).std() / math.sqrt(plain)
    assert slow.mean() == pytest.approx(fast.mean(), abs=4.5 * spread)
    assert slow.mean(axis=1).std() == pytest.approx(fast.mean(axis=1).std(), rel=0.15)


class Luck:
    """A generator that notes what it gives; `of` hands one run its part of it."""

    def __init__(self, seed):
        self._rng, self.given = np.random.default_rng(seed), []

    def __getattr__(self, name):
        def draw(*args, **sizes):
            self.given.append(getattr(self._rng, name)(*args, **sizes))
            return self.given[-1]

        return draw

    def of(self, run: int, went_left: np.ndarray):
        """A generator of one episode of one run: each of its draws is the run's row."""
        rows = iter(self.given)

        class One:
            drawn = 0

            def __getattr__(self, name):
                def draw(*args):
                    self.drawn += 1
                    # in A: any action, explore, a tie, which table; all others are drawn in B
                    in_a = self.drawn <= 4
                    return next(rows)[run if in_a else went_left[:run].sum()]

                return draw

        return One()


@pytest.mark.parametrize("algorithm", maximization.ALGORITHMS)
@pytest.mark.parametrize("settings", SETTINGS)
def test_a_run_of_many_is_one_run_with_its_luck(algorithm, settings):
    settings = dict(settings)
    actions, episodes = settings.pop("actions"), settings.pop("episodes")
    tables, runs = 1 + (algorithm == "double_q_learning"), 7
    many = np.zeros((tables, runs, 2)), np.zeros((tables, runs, actions))
    one = [(np.zeros((tables, 2)), np.zeros((tables, actions))) for _ in range(runs)]
    rng, seen = np.random.default_rng(3), set()
    for _ in range(episodes):
        luck = Luck(rng)
        went_left = two_states.episode(*many, luck, **({"gamma": 1.0, "noise": 1.0} | settings))
        for k, tables_of_k in enumerate(one):
            left = maximization.episode(*tables_of_k, luck.of(k, went_left), **settings)
            assert left == went_left[k]
            for q, q_k in zip(many, tables_of_k):
                assert np.array_equal(q[:, k], q_k)
        seen |= set(went_left.tolist())
    assert seen == {True, False}


@pytest.mark.parametrize("algorithm", maximization.ALGORITHMS)
def test_one_run_alone_is_the_plain_loop_over_episodes(algorithm):
    tables, rng = 1 + (algorithm == "double_q_learning"), np.random.default_rng(5)
    q_a, q_b = np.zeros((tables, 2)), np.zeros((tables, 10))
    went = [maximization.episode(q_a, q_b, rng) for _ in range(200)]
    assert maximization.maximization_bias(algorithm, 1, 200, seed=5)[0].tolist() == went


def test_the_example_of_the_book():
    start = time.process_time()
    q = maximization.maximization_bias("q_learning", 10_000).mean(axis=0)
    double = maximization.maximization_bias("double_q_learning", 10_000).mean(axis=0)
    assert time.process_time() - start < 30  # two to three seconds on a quiet machine
    assert q[0] == pytest.approx(0.5, abs=0.03)
    assert double[0] == pytest.approx(0.5, abs=0.03)
    assert q.max() == pytest.approx(0.94, abs=0.03)
    assert 12 <= q.argmax() <= 32
    assert double.max() < 0.54
    assert 0.05 < double[-1] < q[-1] < 0.2
    assert (q[5:] > double[5:]).all()


def test_in_the_end_left_is_an_exploring_step():
    went = maximization.maximization_bias("double_q_learning", 300, episodes=3_000)
    assert went[:, -200:].mean() == pytest.approx(0.05, abs=0.02)


def test_without_noise_and_exploration_nothing_is_random_but_ties():
    """Left gains 1: the first visit tells B so, the second tells A, and then it is always left."""
    went = maximization.maximization_bias(
        "q_learning", 200, episodes=60, actions=1, alpha=1.0, epsilon=0.0, mean=1.0, noise=0.0
    )
    assert went[:, -1].all()
    known = went.cumsum(axis=1) >= 2
    assert went[:, 1:][known[:, :-1]].all()
    unsure = went[:, 1:][~known[:, :-1]]  # a tie of 0 and 0
    assert 0.4 < unsure.mean() < 0.6


@pytest.mark.parametrize("algorithm", maximization.ALGORITHMS)
def test_with_gamma_0_what_follows_left_is_worth_nothing(algorithm):
    went = maximization.maximization_bias(algorithm, 2_000, 30, gamma=0.0, mean=-2.0)
    assert went.mean(axis=0) == pytest.approx(np.full(30, 0.5), abs=0.06)  # a tie forever


def test_a_seed_gives_the_same_runs():
    a, b, c = (maximization.maximization_bias("q_learning", 20, 30, seed=s) for s in (1, 1, 2))
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)
    assert len({row.tobytes() for row in a}) > 10


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"algorithm": "sarsa"}, "q_learning, double_q_learning"),
        ({"runs": 0}, "runs"),
        ({"episodes": 1.5}, "episodes"),
        ({"actions": 0}, "actions"),
        ({"alpha": 0}, "alpha"),
        ({"epsilon": 2}, "epsilon"),
        ({"gamma": -1}, "gamma"),
        ({"mean": math.nan}, "mean must be .* but it is nan"),
        ({"mean": -math.inf}, "mean"),
        ({"noise": math.nan}, "noise must be .* but it is nan"),
        ({"noise": -0.1}, "noise"),
    ],
)
def test_a_wrong_setting_is_named(wrong, words):
    with pytest.raises(ValueError, match=words):
        maximization.maximization_bias(**({"algorithm": "q_learning", "runs": 3} | wrong))


# -- the environment with nothing to gain --------------------------------------------------

ID = "dqnlib/PureNoise-v0"


def test_gymnasium_finds_nothing_to_say():
    check_env(envs.make(ID).unwrapped)
    assert gym.spec(ID).max_episode_steps == 100


@pytest.mark.parametrize("n_actions", [1, 2, 16])
def test_whatever_is_done_nothing_is_gained(n_actions):
    env = envs.make(ID, n_actions=n_actions)
    assert env.action_space.n == n_actions
    assert env.observation_space.n == 10
    rows = []
    obs, _ = env.reset(seed=0)
    for k in range(1, 12_001):
        action = k % n_actions
        next_obs, reward, terminated, truncated, _ = env.step(action)
        assert not terminated
        assert truncated == (k % 100 == 0)
        assert (type(next_obs), type(reward)) == (int, float)
        rows.append((obs, action, reward, next_obs))
        obs = env.reset()[0] if truncated else next_obs
    obs, action, reward, next_obs = map(np.array, zip(*rows))
    for a in range(n_actions):
        n = (action == a).sum()
        assert abs(reward[action == a].mean()) < 4.5 / math.sqrt(n)
    assert reward.std() == pytest.approx(1, abs=0.05)
    pairs = np.zeros((10, 10))
    np.add.at(pairs, (obs, next_obs), 1)
    assert pairs == pytest.approx(np.full((10, 10), 120), abs=55)  # five standard deviations
    assert set(obs[::100].tolist()) == set(range(10))  # first states


def test_chance_comes_from_the_seed():
    def walk(seed):
        env = envs.make(ID)
        found = [env.reset(seed=seed)[0]]
        for _ in range(20):
            found += env.step(0)[:2]
        return found

    np.random.seed(0)  # noqa: NPY002 - the global generator must play no part
    first = walk(1)
    assert walk(1) == first
    assert walk(2) != first


def test_a_network_learns_in_it():
    from dqnlib import train

    config = Config(
        env_id=ID, steps=300, hidden=(), batch_size=8, warmup=20, capacity=300, eval_every=0,
        gamma=0.9, record_every=50, device="cpu",
    )  # fmt: skip
    run = train(config, range(2))
    shapes = [value.shape for value in run.parameters.values()]
    assert shapes == [(2, 4, 10), (2, 4)]  # ten one-hot states, four actions
    assert np.isfinite(run.records["loss"][:, -1]).all()
    wide = train(config, range(2), env=lambda: envs.make(ID, n_actions=16))
    assert next(iter(wide.parameters.values())).shape == (2, 16, 10)


def test_a_new_process_knows_it():
    done = subprocess.run(
        [sys.executable, "-c", f"from dqnlib import envs; print(envs.make({ID!r}).reset()[0])"],
        cwd=Path(maximization.__file__).parents[2], capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) in range(10)


# -- the casino ----------------------------------------------------------------------------

CASINO = "dqnlib/Casino-v0"


@pytest.mark.parametrize(("machines", "mean"), [(8, -0.1), (2, -0.5)])
def test_the_house_wins_and_the_door_is_free(machines, mean):
    env = envs.make(CASINO, machines=machines, mean=mean)
    assert (env.action_space.n, env.observation_space.n) == (machines + 1, 10)
    rewards, rooms, lengths, length = [[] for _ in range(machines)], [], [], 0
    env.reset(seed=0)
    for k in range(8_000):
        room, reward, terminated, truncated, _ = env.step(k % machines)
        length += 1
        assert not terminated
        rewards[k % machines].append(reward)
        rooms.append(room)
        if truncated:
            lengths.append(length)
            length, _ = 0, env.reset()
    assert set(lengths) == {50}
    assert np.bincount(rooms) == pytest.approx(np.full(10, 800), abs=135)
    for each in map(np.array, rewards):
        assert each.mean() == pytest.approx(mean, abs=4.5 / math.sqrt(len(each)))
        assert each.std() == pytest.approx(1, abs=0.1)
    env.reset()
    _, reward, terminated, truncated, _ = env.step(machines)
    assert (reward, terminated, truncated) == (0.0, True, False)


@pytest.mark.parametrize("env_id", [CASINO, "dqnlib/DiscretePendulum-v0"])
def test_gymnasium_finds_nothing_to_say_about(env_id):
    check_env(envs.make(env_id).unwrapped, skip_render_check=True)


@pytest.mark.parametrize("n_actions", [3, 11])
def test_a_pendulum_with_numbered_torques_is_gymnasiums(n_actions):
    mine = envs.make("dqnlib/DiscretePendulum-v0", n_actions=n_actions)
    other = gym.make("Pendulum-v1")
    assert mine.spec.max_episode_steps == other.spec.max_episode_steps == 200
    assert mine.reset(seed=3)[0].tolist() == other.reset(seed=3)[0].tolist()
    for k in range(200):
        torque = np.array([-2 + 4 * (k % n_actions) / (n_actions - 1)])
        obs, reward, *ends, _ = mine.step(k % n_actions)
        want_obs, want, *want_ends, _ = other.step(torque)
        assert np.allclose(obs, want_obs, atol=1e-6)
        assert reward == pytest.approx(want)
        assert -16.3 < reward <= 0
        assert ends == want_ends == [False, k == 199]
