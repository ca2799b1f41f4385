"""What Rainbow costs: over DQN, part by part, and against a plain PyTorch loop. Asserts no times.

    python -m pytest tests/benchmarks/bench_rainbow.py -o python_files="bench_*.py" -s --timeout=0

CartPole-v1, layers of 64 and 64, batches of 64, ten seeds, no evaluations. The parts take turns,
step by step of a few hundred, and their cost is processor time, so that a busy machine hits all of
them alike. The contender, `contenders.plain_rainbow`, trains ten runs in two processes with one
thread each, started before the clock starts. DQN_BENCH_STEPS: environment steps, 2,000.
"""

import multiprocessing
import os
import statistics
import time
from concurrent.futures import ProcessPoolExecutor

import torch
from bench_dqn import in_pool, ratios, seconds, spread, warm
from contenders import Settings, plain_rainbow

from dqnlib import Trainer, studies
from dqnlib.config import Config

STEPS = int(os.environ.get("DQN_BENCH_STEPS", 2_000))
REPEATS, WORKERS, SEEDS, PIECE = 3, 2, 10, 200
BASE = Config(steps=STEPS, warmup=200, epsilon_steps=STEPS // 5, eval_every=0, record_every=STEPS)
ARMS = studies.parts_of_rainbow(BASE, v_min=0.0, v_max=100.0)


def test_the_cost_of_a_step_over_dqn():
    names = [name for name in ARMS if not name.startswith("without")]
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    cost = {name: [] for name in names}
    trainers = {name: Trainer(ARMS[name], range(SEEDS)) for name in names}
    for trainer in trainers.values():
        while trainer.steps < 300:
            trainer.step()
    for _ in range((STEPS - 300) // PIECE):
        for name, trainer in trainers.items():
            start = time.process_time()
            for _ in range(PIECE):
                trainer.step()
            cost[name].append((time.process_time() - start) / PIECE * 1e3)
    torch.set_num_threads(before)
    print(f"\nA step of {SEEDS} seeds, processor time: median [lowest to highest]")
    for name, values in cost.items():
        over = statistics.median(a / b for a, b in zip(values, cost["DQN"], strict=True))
        print(f"  {name:15s} {spread(values, ' ms')}, {over:.2f} times DQN")


def test_ten_runs_against_a_plain_loop():
    s = Settings(steps=STEPS, warmup=200)
    config = ARMS["Rainbow"]
    times = {"ours": [], "plain": []}
    with ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(warm, [plain_rainbow] * WORKERS, range(WORKERS)))
        for _ in range(REPEATS):
            times["ours"].append(seconds(lambda: list(Trainer(config, range(SEEDS)))))
            times["plain"].append(seconds(lambda: in_pool(pool, plain_rainbow, s, range(SEEDS))))
    print(f"\nTen runs of {STEPS:,} steps of Rainbow; median [lowest to highest] of {REPEATS}")
    for name, values in times.items():
        print(f"  {name:8s} {spread(values, ' s')}")
    print(f"  plain / ours: {ratios(times['plain'], times['ours'])}")
