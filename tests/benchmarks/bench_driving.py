"""What it costs to watch: the loop driven by a lab at 10 pictures a second, and headless.

    python -m pytest tests/benchmarks/bench_driving.py -o python_files="bench_*.py" -s --timeout=0

Ten seeds of the default recipe after the warm-up. The lab is the frame of `dqnlib.labs`: its worker
thread takes the steps, computes the mean return with its interval over the seeds, and draws the
curve as a PNG. No browser takes the pictures here. Lab and headless take turns.
"""

import statistics
import threading
import time

import numpy as np

from dqnlib import Trainer, labs, pictures
from dqnlib.config import Config
from dqnlib.intervals import mean_interval

STEPS, REPEATS = 3_000, 5
CONFIG = Config(eval_every=0)


class WatchedTraining(labs.Lab):
    """The smallest lab that trains: a curve of the return, ten times a second."""

    period, speed = 1 / 10, float("inf")

    def __init__(self):
        self.pictures_drawn, self.finished = 0, threading.Event()
        self.begin()
        super().__init__("watched training")

    def begin(self):
        self.trainer = warmed_up()
        self.until = self.trainer.steps + STEPS
        self.curves = pictures.CurvePicture(
            (0, CONFIG.steps), (0, 500), "environment steps", "return", scale=1
        )

    def advance(self):
        self.trainer.step()
        if self.trainer.steps < self.until:
            return True
        self.finished.set()
        return False

    def show(self):
        x = np.linspace(0, self.trainer.steps, 100)
        values = self.trainer.run().returns_at(x)
        known = ~np.isnan(values).any(0)
        curve = pictures.Curve("DQN", "#0072b2", x=x[known])
        curve.mean, curve.low, curve.high = mean_interval(values[:, known], resamples=200)
        self.put("curve", pictures.png_bytes(self.curves.draw([curve])))
        self.pictures_drawn += 1

    def build(self):
        return self.picture("curve", 910, 236)


def warmed_up() -> Trainer:
    trainer = Trainer(CONFIG, range(10))
    while trainer.steps < CONFIG.warmup + 200:
        trainer.step()
    return trainer


def headless() -> float:
    trainer = warmed_up()
    start = time.perf_counter()
    for _ in range(STEPS):
        trainer.step()
    return time.perf_counter() - start


def watched() -> tuple[float, float]:
    """-> seconds, pictures a second"""
    lab = WatchedTraining()
    lab.pictures_drawn, start = 0, time.perf_counter()
    lab.play()
    assert lab.finished.wait(120)
    taken = time.perf_counter() - start
    lab.close()
    return taken, lab.pictures_drawn / taken


def test_watching_and_headless():
    alone, seen, rates = [], [], []
    for _ in range(REPEATS):
        alone.append(headless())
        taken, rate = watched()
        seen.append(taken)
        rates.append(rate)
    slower = [100 * (b / a - 1) for a, b in zip(alone, seen, strict=True)]
    print(f"\nTen seeds × {STEPS:,} steps; median [min to max] of {REPEATS}")
    for name, values, unit in (
        ("headless", alone, " s"),
        ("in a lab", seen, " s"),
        ("slower in the lab", slower, " %"),
        ("pictures a second", rates, ""),
    ):
        middle, low, high = statistics.median(values), min(values), max(values)
        print(f"  {name:18s} {middle:.2f}{unit} [{low:.2f} to {high:.2f}]")
