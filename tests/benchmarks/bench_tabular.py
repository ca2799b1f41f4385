"""Many seeds at once against a plain loop: the same returns, and how much sooner. Asserts no times.

    python -m pytest tests/benchmarks/bench_tabular.py -o python_files="bench_*.py" -s

The task: Q-learning on Cliff Walking, 100 seeds × 500 episodes. The contenders take turns, so that
a slow spell of the machine hits all of them. The plain loop is what a learner would write, in two
forms: with a NumPy table, as in the lesson, and with lists and `random`, the quickest form that was
found, and one that only so small a table invites. Both play the first `PLAIN` seeds only, and their
seconds are scaled up to 100 seeds by the number of environment steps; there is no start-up cost
that the scaling could hide, apart from `gymnasium.make`, which is outside the clock.
"""

import random
import statistics
import time

import gymnasium as gym
import numpy as np
from scipy.stats import ks_2samp

from dqnlib import tabular
from dqnlib.config import TabularConfig
from dqnlib.seeds import train_tabular

SEEDS, EPISODES, REPEATS, PLAIN = 100, 500, 7, 5
CONFIG = TabularConfig(episodes=EPISODES)


def plain_numpy(env, seed, episodes=EPISODES, alpha=0.5, gamma=1.0, epsilon=0.1):
    """As in the lesson: a NumPy table, ties broken at random. -> returns, environment steps."""
    rng = np.random.default_rng(seed)
    q = np.zeros((48, 4))
    returns, steps = [], 0
    for episode in range(episodes):
        obs, _ = env.reset(seed=seed if episode == 0 else None)
        total, ended = 0.0, False
        while not ended:
            if rng.random() < epsilon:
                action = int(rng.random() * 4)  # quicker than rng.integers(4)
            else:
                best = np.flatnonzero(q[obs] == q[obs].max())
                action = int(best[int(rng.random() * len(best))])  # rng.choice is slow
            next_obs, reward, terminated, truncated, _ = env.step(action)
            target = reward if terminated else reward + gamma * q[next_obs].max()
            q[obs, action] += alpha * (target - q[obs, action])
            obs, total, ended = next_obs, total + reward, terminated or truncated
            steps += 1
        returns.append(total)
    return returns, steps


def plain_lists(env, seed, episodes=EPISODES, alpha=0.5, gamma=1.0, epsilon=0.1):
    """The quicker way for a table this small: lists and `random`. -> returns, environment steps."""
    rng = random.Random(seed)
    q = [[0.0] * 4 for _ in range(48)]
    returns, steps = [], 0
    for episode in range(episodes):
        obs, _ = env.reset(seed=seed if episode == 0 else None)
        total, ended = 0.0, False
        while not ended:
            row = q[obs]
            if rng.random() < epsilon:
                action = rng.randrange(4)
            else:
                best = max(row)
                ties = [a for a, value in enumerate(row) if value == best]
                action = ties[0] if len(ties) == 1 else rng.choice(ties)
            next_obs, reward, terminated, truncated, _ = env.step(action)
            target = reward if terminated else reward + gamma * max(q[next_obs])
            row[action] += alpha * (target - row[action])
            obs, total, ended = next_obs, total + reward, terminated or truncated
            steps += 1
        returns.append(total)
    return returns, steps


def seconds(work):
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, found


def spread(values, unit="") -> str:
    return f"{statistics.median(values):.2f}{unit} [{min(values):.2f} to {max(values):.2f}]"


def test_many_seeds_against_a_plain_loop():
    env = gym.make("CliffWalking-v1")
    times = {"at once": [], "plain, lists": [], "plain, NumPy": []}
    for _ in range(REPEATS):
        taken, run = seconds(lambda: train_tabular(CONFIG, range(SEEDS)))
        times["at once"].append(taken)
        for name, loop in (("plain, lists", plain_lists), ("plain, NumPy", plain_numpy)):
            taken, found = seconds(lambda loop=loop: [loop(env, seed) for seed in range(PLAIN)])
            scale = run.lengths.sum() / sum(steps for _, steps in found)
            times[name].append(taken * scale)
    print(f"\nQ-learning on Cliff Walking, {SEEDS} seeds × {EPISODES} episodes, ", end="")
    print(f"{run.lengths.sum():,} environment steps; median [min to max] of {REPEATS}")
    for name, values in times.items():
        note = "" if name == "at once" else f" (timed on {PLAIN} seeds, scaled by steps)"
        print(f"  {name:14s} {spread(values, ' s')}{note}")
    for name in ("plain, lists", "plain, NumPy"):
        pairs = zip(times[name], times["at once"], strict=True)
        print(f"  {name} / at once: {spread([plain / ours for plain, ours in pairs], ' times')}")


def test_the_returns_are_those_of_a_plain_loop():
    """Independent seeds of the plain loop: the same distribution. One run's loop: the same bits."""
    env = gym.make("CliffWalking-v1")
    run = train_tabular(CONFIG, range(SEEDS))
    plain = np.array([plain_lists(env, 10_000 + seed)[0] for seed in range(SEEDS)])  # [S, E]
    print()
    for name, part in (
        ("episodes 1 to 100", slice(100)),
        ("episodes 101 to 500", slice(100, None)),
    ):
        ours, theirs = run.returns[:, part].mean(1), plain[:, part].mean(1)  # one number a seed
        test = ks_2samp(ours, theirs)
        print(
            f"  mean return of {name}: {ours.mean():.1f} at once, {theirs.mean():.1f} plain; "
            f"Kolmogorov–Smirnov p = {test.pvalue:.2f}"
        )
        assert test.pvalue > 1e-4  # one false alarm in 10,000 fresh sets of seeds; these are fixed
    for seed in range(3):
        returns, total = [], 0.0
        for step in tabular.learn(env, CONFIG, seed=seed):
            total += step.reward
            if step.terminated or step.truncated:
                returns.append(total)
                total = 0.0
        assert np.array_equal(run.returns[seed], returns)
    print("  tabular.learn on gymnasium's environment: equal to the last bit for seeds 0, 1, 2")
