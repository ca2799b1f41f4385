"""Prioritized replay against cpprb (C++) and TorchRL (C++ trees): speed. Asserts no times.

    python -m pip install -e .[bench]
    python -m dqnlib bench -k prioritized

Each contender draws a batch of 64 by its priorities and then writes 64 new ones, as a training
step does: transitions of CartPole's shape, α = 0.6, β = 0.4, buffers that are full. Ten seeds: ours
draws for all of them at once; of the others ten buffers, one after the other. cpprb gives NumPy
arrays, TorchRL a TensorDict, ours tensors.

All run in this process with one thread and take turns, so that a slow spell of the machine hits all
of them; the clock counts the thread's own seconds. A ratio is that of two neighbors in time, its
interval a bootstrap interval for the median. What is not installed, or does not load, is left out
with a word. So is what would need more than DQN_BENCH_ENTRIES entries (of all seeds together), if
that is given.
"""

import os
import statistics
import time

import numpy as np
import pytest
import torch
from contenders import needed, with_threads

from dqnlib.prioritized import PrioritizedReplayBuffer
from dqnlib.seeds.buffers import UnevenRing
from dqnlib.seeds.priorities import Priorities

ALPHA, BETA, BATCH, ROUNDS = 0.6, 0.4, 64, 15
MOST = int(os.environ.get("DQN_BENCH_ENTRIES", 10**9))
ERRORS = np.abs(np.random.default_rng(0).normal(size=(100, 10, BATCH)))  # |TD errors| to be written


def columns(n: int) -> dict[str, np.ndarray]:
    """Return n transitions of CartPole's shape."""
    rng = np.random.default_rng(1)
    obs = rng.normal(size=(n + 1, 4)).astype(np.float32)
    return {
        "obs": obs[:-1], "action": rng.integers(2, size=n), "reward": np.ones(n, np.float32),
        "next_obs": obs[1:], "terminated": rng.random(n) < 0.05,
    }  # fmt: skip


# Each contender: (seeds, entries) -> step(k), which draws and updates once for each seed.


def ours(s: int, n: int):
    """Ours, as the trainer uses it."""
    rngs = [np.random.default_rng(k) for k in range(s)]
    priorities = Priorities(s, n, ALPHA)
    ring, rows = UnevenRing(n, 4, rngs, priorities=priorities), columns(n)
    fields = [rows[name] for name in ("obs", "next_obs", "reward", "action", "terminated")]
    ring._numpy[:] = np.column_stack([np.asarray(x, np.float32) for x in fields])  # all at once
    ring.sizes[:], ring.beta = n, BETA
    for first in range(0, n, 100_000):
        places = np.arange(first, min(first + 100_000, n))
        priorities._trees.put(np.tile(places, (s, 1)), np.ones((s, len(places))))
    errors = torch.from_numpy(ERRORS[:, :s])

    def step(k: int) -> None:
        batch = ring.sample(BATCH)
        ring.update(batch.index, errors[k % 100])

    return step


def plain(s: int, n: int):
    """Ours for one run, as a learner reads it."""
    buffers = [PrioritizedReplayBuffer(n, ALPHA, BETA) for _ in range(s)]
    rngs, rows = [np.random.default_rng(k) for k in range(s)], columns(n)
    for buffer in buffers:
        vars(buffer).update(rows, size=n)  # all at once
    buffers[0].tree.fill(np.ones(n))
    for buffer in buffers[1:]:
        buffer.tree.nodes[:] = buffers[0].tree.nodes
    errors = torch.from_numpy(ERRORS)

    def step(k: int) -> None:
        for i, (buffer, rng) in enumerate(zip(buffers, rngs, strict=True)):
            buffer.update(buffer.sample(BATCH, rng).index, errors[k % 100, i])

    return step


def cpprb(s: int, n: int):
    shapes = {name: {"shape": 4} if "obs" in name else {} for name in columns(1)}
    make, rows = needed("cpprb").PrioritizedReplayBuffer, columns(n)
    buffers = [make(n, shapes, alpha=ALPHA) for _ in range(s)]
    for buffer in buffers:
        buffer.add(**rows)

    def step(k: int) -> None:
        for i, buffer in enumerate(buffers):
            batch = buffer.sample(BATCH, BETA)
            buffer.update_priorities(batch["indexes"], ERRORS[k % 100, i])

    return step


def torchrl(s: int, n: int):
    data, tensordict, rows = needed("torchrl.data"), needed("tensordict").TensorDict, columns(n)
    everything = tensordict({name: torch.from_numpy(x) for name, x in rows.items()}, [n])
    buffers = []
    for _ in range(s):
        storage = data.LazyTensorStorage(n)
        buffer = data.TensorDictPrioritizedReplayBuffer(
            alpha=ALPHA, beta=BETA, storage=storage, batch_size=BATCH, priority_key="td_error"
        )
        buffer.extend(everything)
        buffers.append(buffer)
    errors = torch.from_numpy(ERRORS).float()

    def step(k: int) -> None:
        for i, buffer in enumerate(buffers):
            batch = buffer.sample()
            batch["td_error"] = errors[k % 100, i]
            buffer.update_tensordict_priority(batch)

    return step


CONTENDERS = {"ours": ours, "PrioritizedReplayBuffer": plain, "cpprb": cpprb, "TorchRL": torchrl}


def made(s: int, n: int) -> dict:
    """Return the step of each contender that is installed."""
    steps = {}
    for name, make in CONTENDERS.items():
        try:
            steps[name] = make(s, n)
        except (ImportError, RuntimeError) as error:  # or its C++ part does not load
            print(f"\n  {name} is left out: {str(error)[:150]}")
    return steps


def seconds(step, n: int) -> float:
    """Return the thread's seconds a call."""
    start = time.thread_time()
    for k in range(n):
        step(k)
    return (time.thread_time() - start) / n


def with_interval(values, unit: str = "", digits: int = 2) -> str:
    """Return a median and its 95 % bootstrap interval in words."""
    rng, values = np.random.default_rng(0), np.array(values)
    drawn = np.median(values[rng.integers(len(values), size=(2_000, len(values)))], 1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    middle = statistics.median(values)
    return f"{middle:,.{digits}f}{unit} [{low:,.{digits}f} to {high:,.{digits}f}]"


@pytest.mark.parametrize("n", [100_000, 1_000_000], ids="{:,}".format)
@pytest.mark.parametrize("s", [1, 10])
@with_threads(1)
def test_speed(s, n):
    if s * n > MOST:
        pytest.skip(f"{s * n:,} entries are more than DQN_BENCH_ENTRIES={MOST:,}")
    steps = made(s, n)
    calls = {name: 1 + int(0.03 / seconds(step, 10)) for name, step in steps.items()}
    times = {name: [] for name in steps}
    for _ in range(ROUNDS):
        for name, step in steps.items():
            times[name].append(seconds(step, calls[name]))
    print(f"\nsample + update, batches of {BATCH}, {n:,} entries, {s} seed{'s' * (s > 1)}; "
          f"median [95 % interval] of {ROUNDS} rounds")  # fmt: skip
    for name, taken in times.items():
        line = f"  {name:24s}{with_interval([1e6 * t for t in taken], ' µs', 0):32s}"
        ratios = [theirs / our for theirs, our in zip(taken, times["ours"], strict=True)]
        print(line + ("" if name == "ours" else f"ours is {with_interval(ratios)} times as quick"))
