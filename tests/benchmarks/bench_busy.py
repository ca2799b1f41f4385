"""Ten seeds beside other programs that keep cores busy, with no variable set. Asserts no times.

    python -m pytest tests/benchmarks/bench_busy.py -o python_files="bench_*.py" -s --timeout=0

Each round trains beside 0, 1, 2 and 4 busy processes in turn, in a fresh process as a learner's
notebook is one; the quiet time is that of the same round, and is only quiet if the machine is. Each
time is printed as it is known. CPU seconds tell what was computed, wall seconds what was waited.
"""

import multiprocessing
import os
import statistics
import time
from concurrent.futures import ProcessPoolExecutor

import pytest

from dqnlib import Trainer
from dqnlib.config import Config

REPEATS, BUSY = 3, (0, 1, 2, 4)
RECIPES = {  # hidden layers, batch, environment steps
    "two layers of 64, batches of 64": ((64, 64), 64, 900),
    "two layers of 128, batches of 128": ((128, 128), 128, 400),
}


def keep_busy() -> None:
    while True:
        pass


def trained(hidden: tuple[int, ...], batch_size: int, steps: int) -> tuple[float, float]:
    """-> wall and CPU seconds of ten seeds"""
    config = Config(
        steps=steps, hidden=hidden, batch_size=batch_size, warmup=200, eval_every=0,
        record_every=steps,
    )  # fmt: skip
    trainer = Trainer(config, range(10))
    while trainer.steps < 220:
        trainer.step()
    wall, cpu = time.perf_counter(), time.process_time()
    while not trainer.done:
        trainer.step()
    return time.perf_counter() - wall, time.process_time() - cpu


@pytest.mark.parametrize("recipe", RECIPES)
def test_ten_seeds_beside_busy_processes(recipe):
    fresh = multiprocessing.get_context("spawn")
    times = {n: [] for n in BUSY}
    with ProcessPoolExecutor(1, mp_context=fresh) as pool:
        hidden, batch_size, _ = RECIPES[recipe]
        pool.submit(trained, hidden, batch_size, 250).result()  # imports before the clock starts
        for _ in range(REPEATS):
            for n in BUSY:
                others = [fresh.Process(target=keep_busy, daemon=True) for _ in range(n)]
                for other in others:
                    other.start()
                time.sleep(0.5)  # until they have started
                try:
                    times[n].append(pool.submit(trained, *RECIPES[recipe]).result())
                    print(f"  {recipe}, beside {n}: {times[n][-1][0]:.2f} s", flush=True)
                finally:
                    for other in others:
                        other.kill()
                        other.join()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    print(f"\nTen seeds, {recipe}, on {cores} cores; median of {REPEATS}")
    for n, found in times.items():
        wall, cpu = (statistics.median(x) for x in zip(*found, strict=True))
        ratios = [a[0] / b[0] for a, b in zip(found, times[0], strict=True)]
        print(
            f"  beside {n}: {wall:.2f} s, {cpu:.2f} s of CPU; "
            f"{statistics.median(ratios):.2f} [{min(ratios):.2f} to {max(ratios):.2f}] x quiet"
        )
