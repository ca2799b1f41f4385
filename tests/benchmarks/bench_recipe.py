"""Does the default recipe solve CartPole, how often, and in how many seconds? Asserts nothing.

    python -m pytest tests/benchmarks/bench_recipe.py -o python_files="bench_*.py" -s --timeout=0

Twenty seeds on which nothing was tuned. After 50,000 environment steps each agent plays 100 greedy
episodes on starts that it has never seen: as it is at the end, and as it was at its best evaluation
during training (10 episodes on other starts; of equals the latest). Solved: a mean of 475 or more.
"""

import time

import numpy as np
import pytest

from dqnlib import evaluate, iqm_interval, train
from dqnlib.config import Config

SEEDS = range(1_000, 1_020)


@pytest.mark.parametrize("double", [False, True], ids=["DQN", "Double DQN"])
def test_the_default_recipe(double):
    parts, seconds = [], []
    for seeds in (SEEDS[:10], SEEDS[10:]):
        start = time.perf_counter()
        parts.append(train(Config(double=double), seeds))
        seconds.append(time.perf_counter() - start)
    last = np.concatenate([evaluate(run).mean(1) for run in parts])  # [S]
    best = np.concatenate([evaluate(run, best=True).mean(1) for run in parts])
    during = np.concatenate([run.eval_returns.mean(2) for run in parts])  # [S, M]
    print(f"\n{'Double ' * double}DQN, seeds {SEEDS.start} to {SEEDS.stop - 1}")
    print(f"  seconds for ten seeds, with evaluations: {', '.join(f'{s:.1f}' for s in seconds)}")
    for name, found in (("at the end", last), ("at the best evaluation", best)):
        print(
            f"  {name}: solved {int((found >= 475).sum())} of {len(found)}, lowest "
            f"{found.min():.0f}, interquartile mean {iqm_interval(found)}"
        )
    steps = parts[0].eval_steps
    for at in (2_500, 5_000, 10_000, 20_000, 30_000, 40_000, 50_000):
        column = during[:, steps.tolist().index(at)]
        print(
            f"  greedy return at step {at:6,}: mean {column.mean():5.0f}, "
            f"seeds at 475 or more {int((column >= 475).sum()):2d}"
        )
    fell = [(row[:-1].max() >= 475) and row[row.argmax() :].min() < 250 for row in during]
    print(f"  seeds that reached 475 and later fell below 250: {sum(fell)} of {len(fell)}")
