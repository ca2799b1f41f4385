"""Deep Q-learning on pictures against Stable-Baselines3, and updates a second. Asserts no times.

    python -m pip install -e ".[bench,minatar]"
    python -m pytest tests/benchmarks/bench_pixels.py -o python_files="bench_*.py" -s --timeout=0

MinAtar's Breakout, one seed and five: the same network (one convolution of 16 filters, one hidden
layer of 128), batches of 32, one step and one update at a time, no evaluations; the loss differs,
as contenders.py says. Ours in one process as it comes; theirs one run in a process of its own, and
five runs in two processes with one thread each, started before the clock starts. On a GPU, where
there is one, both compute there. A third test measures the live task of lesson 08, a fourth updates
a second against width, batch and seeds on each device that this machine has.
"""

import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor

import contenders
import pytest
import torch
from bench_dqn import seconds, spread
from contenders import Settings

from dqnlib import Trainer, reports, speed
from dqnlib.config import Config
from dqnlib.games import CATCH
from dqnlib.minatar import INSTALL

STEPS = int(os.environ.get("DQN_BENCH_STEPS", 2_500))
REPEATS = int(os.environ.get("DQN_BENCH_REPEATS", 3))
DEVICES = speed.devices()
SEEDS = {"cpu": (1, 5), "cuda": (1, 10)}  # curves that are wanted
WORKERS = 2


def settings(steps: int = STEPS) -> Settings:
    return Settings(
        steps=steps, hidden=(128,), batch_size=32, capacity=20_000, warmup=200, sync_every=500,
        epsilon_steps=max(steps // 5, 1), learning_rate=2.5e-4,
    )  # fmt: skip


def config(s: Settings, device: str) -> Config:
    """The same recipe in our words."""
    return Config(
        env_id="dqnlib/MinAtarBreakout-v0", channels=(16,), steps=s.steps, hidden=s.hidden,
        batch_size=s.batch_size, capacity=s.capacity, warmup=s.warmup, gamma=s.gamma,
        learning_rate=s.learning_rate, sync_every=s.sync_every, final_epsilon=s.epsilon_end,
        epsilon_steps=s.epsilon_steps, eval_every=0, record_every=s.steps, device=device,
    )  # fmt: skip


def ours(s: Settings, seeds: int, device: str) -> None:
    for _ in Trainer(config(s, device), range(seeds)):
        pass


def theirs(s: Settings, seed: int, device: str, threads: int) -> float:
    torch.set_num_threads(threads)
    return seconds(lambda: contenders.sb3_pixels(s, seed, device=device))


@pytest.mark.parametrize("device", DEVICES)
def test_breakout_against_stable_baselines(device):
    pytest.importorskip("minatar", reason=INSTALL)
    pytest.importorskip("stable_baselines3", reason="pip install -e .[bench]")
    s, fresh = settings(), multiprocessing.get_context("spawn")
    few, many = SEEDS[device]
    with ProcessPoolExecutor(WORKERS, mp_context=fresh) as pool:
        warm = settings(300)
        list(pool.map(theirs, [warm] * WORKERS, range(WORKERS), [device] * 2, [1] * 2))
        ours(warm, few, device)
        ours(warm, many, device)
        rows = {(name, n): [] for n in (few, many) for name in ("ours", "theirs")}
        for _ in range(REPEATS):
            for n in (few, many):
                rows["ours", n].append(seconds(lambda n=n: ours(s, n, device)))
                start = time.perf_counter()
                jobs = [pool.submit(theirs, s, seed, device, 1) for seed in range(n)]
                for job in jobs:
                    job.result()
                rows["theirs", n].append(time.perf_counter() - start)
    print(f"\nMinAtar Breakout, {s.steps:,} steps, {device}, load {os.getloadavg()[0]:.1f}")
    for n in (few, many):
        mine, other = rows["ours", n], rows["theirs", n]
        for name, values in (("ours", mine), ("Stable-Baselines3", other)):
            print(
                f"  {n:2} seeds {name:18} {spread([n * s.steps / t for t in values], ' frames/s')}"
            )
        print(
            f"  {n:2} seeds: {spread([b / a for a, b in zip(mine, other, strict=True)], ' times')}"
        )


def test_the_live_task():
    """Lesson 08 trains it while the learner watches: three seeds."""
    trainer, start = Trainer(CATCH, range(3)), time.perf_counter()
    for _ in trainer:
        pass
    taken = time.perf_counter() - start
    returns = trainer.run().eval_returns.mean(2)
    print(f"\nCatch, 3 seeds × {CATCH.steps:,} steps: {taken:.1f} s, load {os.getloadavg()[0]:.1f}")
    print(f"  greedy returns at the end: {[round(float(x), 1) for x in returns[:, -1]]} of 20")


def test_updates_a_second():
    base = Config(channels=(16,), hidden=(128,), batch_size=32)
    cells = {"16 filters, 128 units, batch 32, 1 seed": (base, 1)}
    for n in (5, 20):
        cells[f"the same, {n} seeds"] = (base, n)
    for width in (32, 512, 2048):
        cells[f"{width} units, 1 seed"] = (base.replace(hidden=(width,)), 1)
    for batch in (128, 512):
        cells[f"batch {batch}, 1 seed"] = (base.replace(batch_size=batch), 1)
    cells["2048 units, batch 512, 5 seeds"] = (base.replace(hidden=(2048,), batch_size=512), 5)
    print(f"\n{reports.speed_table(speed.measure(cells))}")
