"""Deep Q-learning of many seeds at once against what else there is. Asserts no times.

    python -m pip install -e .[bench]
    python -m pytest tests/benchmarks/bench_dqn.py -o python_files="bench_*.py" -s --timeout=0

Ten learning curves on CartPole-v1: our trainer in one process as it comes, against ten runs of
each contender in two processes with one thread each, which is the best that we found for them on
two cores. Their processes are started and have imported everything before the clock starts, so a
contender's waiting time is not counted. The same environment, layers, batch, buffer, schedules, one
step and one update at a time, no evaluations: see contenders.py for what differs. The contenders
take turns, so that a slow spell of the machine hits all of them. DQN_BENCH_STEPS=50000 runs the
course's recipe at full length; the default is shorter and leaves the ratios as they are, since
after the warm-up every step costs the same.
"""

import multiprocessing
import os
import statistics
import time
from concurrent.futures import ProcessPoolExecutor

import contenders
import pytest
from contenders import Settings, one_after_the_other

from dqnlib import Trainer
from dqnlib.config import Config

STEPS = int(os.environ.get("DQN_BENCH_STEPS", 4_000))
REPEATS, WORKERS, SEEDS = 5 if STEPS < 20_000 else 1, 2, 10
RECIPES = {
    "two layers of 64, batches of 64": {"hidden": (64, 64), "batch_size": 64},
    "two layers of 128, batches of 128": {"hidden": (128, 128), "batch_size": 128},
}
OTHERS = {  # contender: how many runs are timed; fewer are scaled up to ten
    "plain_dqn": SEEDS,
    "sb3_dqn": SEEDS,
    "torchrl_dqn": 2,
}


def settings(recipe: dict, steps: int = STEPS) -> Settings:
    return Settings(steps=steps, warmup=200, epsilon_steps=max(steps // 5, 1), **recipe)


def config(s: Settings) -> Config:
    """The same recipe in our words."""
    return Config(
        steps=s.steps, hidden=s.hidden, batch_size=s.batch_size, capacity=s.capacity,
        warmup=s.warmup, learning_rate=s.learning_rate, gamma=s.gamma, sync_every=s.sync_every,
        final_epsilon=s.epsilon_end, epsilon_steps=s.epsilon_steps, eval_every=0,
        record_every=s.steps,
    )  # fmt: skip


def ours(s: Settings, seeds) -> None:
    for _ in Trainer(config(s), seeds):
        pass


def seconds(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def spread(values, unit="") -> str:
    return f"{statistics.median(values):.2f}{unit} [{min(values):.2f} to {max(values):.2f}]"


def ratios(theirs, mine) -> str:
    return spread([a / b for a, b in zip(theirs, mine, strict=True)], " times")


def warm(function, n: int) -> None:
    one_after_the_other(function, Settings(steps=100, warmup=50), [n])
    time.sleep(1)  # so that no worker takes two of these


@pytest.fixture(scope="module")
def pools():
    """A pool of warm processes for each contender that is installed."""
    fresh, found = multiprocessing.get_context("spawn"), {}
    for name in OTHERS:
        function = getattr(contenders, name)
        pool = ProcessPoolExecutor(WORKERS, mp_context=fresh)
        try:
            list(pool.map(warm, [function] * WORKERS, range(WORKERS)))
        except ModuleNotFoundError as error:
            print(f"\n  left out: {error}")
            continue
        found[name] = pool
    yield found
    for pool in found.values():
        pool.shutdown()


def in_pool(pool, function, s: Settings, seeds) -> None:
    jobs = [pool.submit(one_after_the_other, function, s, [seed]) for seed in seeds]
    for job in jobs:
        job.result()


@pytest.mark.parametrize("recipe", RECIPES)
def test_ten_learning_curves(recipe, pools):
    s = settings(RECIPES[recipe])
    ours(settings(RECIPES[recipe], 400), range(SEEDS))
    times = {name: [] for name in ("ours", *pools)}
    for _ in range(REPEATS):
        times["ours"].append(seconds(lambda: ours(s, range(SEEDS))))
        for name, pool in pools.items():
            function, runs = getattr(contenders, name), OTHERS[name]
            taken = seconds(lambda pool=pool, f=function, n=runs: in_pool(pool, f, s, range(n)))
            times[name].append(taken * SEEDS / runs)
    print(f"\nTen learning curves of {s.steps:,} steps, {recipe}; median [min to max] of {REPEATS}")
    for name, values in times.items():
        note = "" if OTHERS.get(name, SEEDS) == SEEDS else f" ({OTHERS[name]} runs, scaled to ten)"
        print(f"  {name:12s} {spread(values, ' s')}{note}")
    for name in pools:
        print(f"  {name} / ours: {ratios(times[name], times['ours'])}")


@pytest.mark.parametrize("recipe", RECIPES)
def test_ten_seeds_compiled(recipe):
    """rejax trains ten seeds in one compiled program; compiling it is timed apart."""
    s = settings(RECIPES[recipe])
    start = time.perf_counter()
    try:
        theirs = contenders.rejax_dqn(s, range(SEEDS))
    except ModuleNotFoundError as error:
        pytest.skip(str(error))
    compiled = time.perf_counter() - start
    theirs()
    ours(settings(RECIPES[recipe], 400), range(SEEDS))
    times = {"ours": [], "rejax": []}
    for _ in range(REPEATS):
        times["ours"].append(seconds(lambda: ours(s, range(SEEDS))))
        times["rejax"].append(seconds(theirs))
    print(f"\nTen learning curves of {s.steps:,} steps, {recipe}; median [min to max] of {REPEATS}")
    for name, values in times.items():
        print(f"  {name:12s} {spread(values, ' s')}")
    print(f"  rejax / ours: {ratios(times['rejax'], times['ours'])}; compiled in {compiled:.1f} s")


@pytest.mark.parametrize("recipe", RECIPES)
def test_one_seed_and_ten(recipe, pools):
    """One run in this process each, with one thread and with torch's own number of threads."""
    s, short = settings(RECIPES[recipe]), settings(RECIPES[recipe], 1_500)
    ours(short, [0])
    times = {name: [] for name in ("ours, ten seeds", "ours, one seed", *pools)}
    for name in pools:
        one_after_the_other(getattr(contenders, name), Settings(steps=100, warmup=50), [0])
    for _ in range(REPEATS):
        times["ours, ten seeds"].append(seconds(lambda: ours(s, range(SEEDS))) / s.steps)
        times["ours, one seed"].append(seconds(lambda: ours(s, [0])) / s.steps)
        for name in pools:
            function = getattr(contenders, name)
            taken = min(
                seconds(lambda f=function, n=n: one_after_the_other(f, short, [0], n))
                for n in (1, WORKERS)
            )
            times[name].append(taken / short.steps)
    print(f"\nOne seed, {recipe}: microseconds a step, median [min to max] of {REPEATS}")
    for name, values in times.items():
        print(f"  {name:16s} {spread([1e6 * v for v in values])}")
    mine = times["ours, one seed"]
    for name in ("ours, ten seeds", *pools):
        print(f"  {name} / ours, one seed: {ratios(times[name], mine)}")
