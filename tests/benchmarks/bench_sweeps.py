"""Sweeps: two workers against one, a sweep that is killed at random, and what a run costs to send.

    python3 -m dqnlib bench -k sweeps -s

The README quotes the numbers. Two workers are worth nothing where another process has a core, so
measure on a quiet machine. One worker and two take turns; the workers are there before the clock
starts, as the course does for every trainer.
"""

import os
import pickle
import random
import statistics
import subprocess
import sys
import time

import pytest

from dqnlib import clusters, load_run, save_run, train
from dqnlib.config import Config
from dqnlib.experiments import sweep

SEEDS = tuple(range(10))
CONFIG = Config(steps=1_500, warmup=500, eval_every=0)  # about a second a run of ten seeds
GRID = {"learning_rate": [10 ** (-k / 4) for k in range(8, 16)]}
PAIRS = int(os.environ.get("DQN_BENCH_PAIRS", "3"))
KILLS = int(os.environ.get("DQN_BENCH_KILLS", "20"))


def seconds(backend: str, workers: int) -> float:
    start = time.perf_counter()
    assert len(sweep(CONFIG, GRID, SEEDS, backend=backend, n_jobs=workers)) == 8
    return time.perf_counter() - start


def warm(backend: str, workers: int) -> None:
    """Start the workers, and let them load the library."""
    sweep(CONFIG.replace(steps=600), GRID, [0], backend=backend, n_jobs=workers)


def report(name: str, one: list[float], two: list[float]) -> None:
    ratios = sorted(a / b for a, b in zip(one, two))
    middle = statistics.median(ratios)
    print(
        f"\n{name}: 8 runs of 10 seeds on one worker {statistics.median(one):.1f} s, on two "
        f"{statistics.median(two):.1f} s: {middle:.2f} times [{ratios[0]:.2f}–{ratios[-1]:.2f}]"
    )
    assert middle >= 1.8


def test_two_workers_of_this_machine_against_one():
    one, two = [], []
    for _ in range(PAIRS):
        for times, workers in ((one, 1), (two, 2)):
            warm("loky", workers)
            times.append(seconds("loky", workers))
    report("loky", one, two)


def test_two_workers_of_ray_against_one():
    ray = pytest.importorskip("ray")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, address="local")
    one, two = [], []
    try:
        warm("ray", 2)
        for _ in range(PAIRS):
            one.append(seconds("ray", 1))
            two.append(seconds("ray", 2))
    finally:
        ray.shutdown()
    report("ray", one, two)


def test_two_workers_of_dask_against_one():
    distributed = pytest.importorskip("distributed")
    one, two = [], []
    with distributed.Client(n_workers=2, threads_per_worker=1, dashboard_address=":0"):
        warm("dask", 2)
        for _ in range(PAIRS):
            one.append(seconds("dask", 1))
            two.append(seconds("dask", 2))
    report("dask", one, two)


QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
CHILD = """
import sys
from dqnlib import Config, sweep

CONFIG = Config(steps=400, warmup=100, eval_every=0, hidden=(32,), batch_size=32)
GRID = {"learning_rate": [10 ** (-k / 4) for k in range(8, 20)]}
if __name__ == "__main__":
    sweep(CONFIG, GRID, (0, 1), folder=sys.argv[1], n_jobs=2)
    print("all are there")
"""


def test_a_sweep_that_is_killed_at_random_goes_on(tmp_path):
    """A run that came back is in the folder; none is trained twice but those that were at work."""
    draw, left = random.Random(0), KILLS
    script = tmp_path / "child.py"
    script.write_text(CHILD)
    start = time.perf_counter()
    subprocess.run([sys.executable, script, tmp_path / "whole"], check=True, **QUIET)
    longest = time.perf_counter() - start
    wanted = {f.name: load_run(f) for f in (tmp_path / "whole").glob("*.npz")}
    assert len(wanted) == 12
    ends, kills, most = 0, 0, 0
    while kills < left:
        folder = tmp_path / f"{ends}"
        folder.mkdir(exist_ok=True)
        before = {f: f.stat().st_mtime_ns for f in folder.glob("*.npz")}
        with subprocess.Popen([sys.executable, script, folder], **QUIET) as child:
            try:
                child.communicate(timeout=draw.uniform(0, longest))
            except subprocess.TimeoutExpired:
                child.kill()
                kills += 1
        for file, written in before.items():  # what was there is as it was
            assert file.stat().st_mtime_ns == written
        found = {f.name: load_run(f) for f in folder.glob("*.npz")}  # none is half there
        most = max(most, len(found) if child.returncode else 0)
        if child.returncode == 0:
            assert found.keys() == wanted.keys()
            for name, run in found.items():
                assert run.returns[0].tolist() == wanted[name].returns[0].tolist()
                assert run.q.tobytes() == wanted[name].q.tobytes()
            ends += 1
    subprocess.run([sys.executable, script, folder], check=True, **QUIET)
    assert {f.name for f in folder.glob("*.npz")} == wanted.keys()
    print(
        f"\nkilled {kills} times, with up to {most} of 12 runs kept then; {ends + 1} sweeps whole"
    )


def test_what_a_run_costs_to_send_and_to_keep(tmp_path):
    config = Config(record_every=500)
    start = time.perf_counter()
    run = train(config.replace(steps=5_000), SEEDS)
    tenth = time.perf_counter() - start
    packed = clusters.pack(lambda: (config, SEEDS))
    back = pickle.dumps(run, protocol=5)
    start = time.perf_counter()
    for k in range(20):
        save_run(pickle.loads(back), tmp_path / f"{k}.npz")
    keep = (time.perf_counter() - start) / 20
    print(
        f"\none run, 10 seeds, a tenth of 50,000 steps: {tenth:.1f} s; sent {len(packed):,} bytes, "
        f"comes back as {len(back):,}, is kept as {(tmp_path / '0.npz').stat().st_size:,}; to "
        f"unpack and keep it {1_000 * keep:.0f} ms"
    )
    assert keep < 0.5
