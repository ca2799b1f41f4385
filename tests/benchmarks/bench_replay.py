"""Replay buffers against those of Stable-Baselines3 and TorchRL: speed, memory. Asserts no times.

    python -m pip install -e .[bench]
    python -m pytest tests/benchmarks/bench_replay.py -o python_files="bench_*.py" -s --timeout=0

Speed: transitions of CartPole's shape, one at a time into full buffers, batches of 64 out of them,
and both in turn, as a training step does. All contenders run in this process with one thread, and
take turns, so that a slow spell of the machine hits all of them. The clock counts the thread's own
seconds, so that other work on the machine hardly matters. Rates count the transitions of all runs
together; the buffers hold 10,000 of all runs together, as filling those of TorchRL takes long.

Ten runs: ten buffers of each contender, one after the other; and what is quickest for it, one
buffer that all ten share (`n_envs=10` of Stable-Baselines3, `extend` of TorchRL), with one draw of
640 transitions. That is less than the others do: the ten are no longer independent runs. TorchRL's
`sample` gives a TensorDict, with the keys that its losses read; the others give tuples of tensors.

Memory: stacks of four frames [84, 84] of bytes, against one copy of each frame in the transitions
kept. Ours is filled and counted; that of Stable-Baselines3 is what it allocates.
"""

import statistics
import time

import contenders
import gymnasium as gym
import numpy as np
import pytest
import torch
from contenders import needed, with_threads

from dqnlib.data import Transition
from dqnlib.frames import FrameReplayBuffer
from dqnlib.replay import ReplayBuffer
from dqnlib.seeds.frames import FrameRing
from dqnlib.seeds.replay import Ring

CAPACITY, BATCH, REPEATS = 10_000, 64, 7  # capacity: of all runs together


def transitions(s: int, n: int) -> list[tuple]:
    """Return n steps of S runs: obs [S, 4], action, reward [S], next_obs [S, 4], terminated [S]."""
    rng = np.random.default_rng(0)
    obs = rng.normal(size=(n + 1, s, 4)).astype(np.float32)
    action, reward, terminated = rng.integers(2, size=(n, s)), np.ones((n, s)), rng.random((n, s))
    return [(obs[t], action[t], reward[t], obs[t + 1], terminated[t] < 0.05) for t in range(n)]


# Each contender: (runs) -> add(obs [S, 4], action [S], ...), which stores a step of all runs, and
# sample(), which draws a batch for each of them.


def ring(s: int):
    """Ours, as the trainer uses it."""
    buffer = Ring(CAPACITY // s, 4, [np.random.default_rng(k) for k in range(s)])
    return buffer.add, lambda: buffer.sample(BATCH)


def plain(s: int):
    """Ours for one run, as a learner reads it; for ten runs, ten of them."""
    buffers = [(ReplayBuffer(CAPACITY // s), np.random.default_rng(k)) for k in range(s)]

    def add(obs, action, reward, next_obs, terminated):
        rows = zip(obs, action.tolist(), reward.tolist(), next_obs, terminated.tolist())
        for (buffer, _), row in zip(buffers, rows, strict=True):
            buffer.add(Transition(*row))

    return add, lambda: [buffer.sample(BATCH, rng) for buffer, rng in buffers]


def one_each(make):
    """A contender's buffer for one run; for ten runs, ten of them."""

    def contender(s: int):
        pairs = [make(CAPACITY // s, BATCH) for _ in range(s)]

        def add(obs, action, reward, next_obs, terminated):
            rows = zip(obs, action.tolist(), reward.tolist(), next_obs, terminated.tolist())
            for (add_one, _), row in zip(pairs, rows, strict=True):
                add_one(*row)

        return add, lambda: [sample() for _, sample in pairs]

    return contender


def sb3_shared(s: int):
    """One buffer of Stable-Baselines3 for S environments; a draw as large as S batches."""
    env, infos = contenders.make_env(), [{}] * s
    buffer = needed("stable_baselines3.common.buffers").ReplayBuffer(
        CAPACITY,
        env.observation_space,
        env.action_space,
        device="cpu",
        n_envs=s,
        handle_timeout_termination=False,
    )

    def add(obs, action, reward, next_obs, terminated):
        buffer.add(obs, next_obs, action, reward, terminated, infos)

    return add, lambda: buffer.sample(s * BATCH)


def torchrl_shared(s: int):
    """One buffer of TorchRL, to which S transitions are added at a time."""
    data, tensordict = needed("torchrl.data"), needed("tensordict").TensorDict
    storage = data.LazyTensorStorage(CAPACITY)
    buffer = data.TensorDictReplayBuffer(storage=storage, batch_size=s * BATCH)

    def add(obs, action, reward, next_obs, terminated):
        after = {
            "observation": torch.from_numpy(next_obs),
            "reward": torch.from_numpy(reward)[:, None].float(),
            "terminated": torch.from_numpy(terminated)[:, None],
        }
        now = {"observation": torch.from_numpy(obs), "action": torch.from_numpy(action)}
        buffer.extend(tensordict({**now, "next": tensordict(after, [s])}, [s]))

    return add, buffer.sample


EACH = {
    "ours": ring,
    "ReplayBuffer": plain,
    "Stable-Baselines3": one_each(contenders.sb3_buffer),
    "TorchRL": one_each(contenders.torchrl_buffer),
}
SHARED = {"SB3, n_envs": sb3_shared, "TorchRL, extend": torchrl_shared}


def spread(values, unit: str = "", digits: int = 2) -> str:
    low, middle, high = (f"{f(values):,.{digits}f}" for f in (min, statistics.median, max))
    return f"{middle}{unit} [{low} to {high}]"


def seconds(work, n: int = 1) -> float:
    """Return the seconds that this thread spent on a work, done n times."""
    start = time.thread_time()
    for _ in range(n):
        work()
    return (time.thread_time() - start) / n


def rounds(works: dict) -> dict[str, list[float]]:
    """Return the seconds of each work, REPEATS times, in turn; for at least 0.03 s each time."""
    n = {name: 1 + int(0.03 / seconds(work)) for name, work in works.items()}  # warms up, too
    times = [{name: seconds(work, n[name]) for name, work in works.items()} for _ in range(REPEATS)]
    return {name: [found[name] for found in times] for name in works}


def report(title: str, times: dict[str, list[float]], count: int) -> None:
    """Print how many things a second, and how many times as quick the first is."""
    print(f"\n{title}; thousands a second, median [min to max] of {REPEATS}")
    first = next(iter(times))
    for name, taken in times.items():
        line = f"  {name:18s} {spread([count / t / 1e3 for t in taken], digits=1):34s}"
        ratios = [theirs / ours for theirs, ours in zip(taken, times[first], strict=True)]
        print(line + ("" if name == first else f" {first} is {spread(ratios, ' times')} as quick"))


@pytest.mark.parametrize("s", [1, 10])
@with_threads(1)
def test_speed(s):
    stored, drawn = 200, 100
    steps = transitions(s, stored)
    parts = {name: make(s) for name, make in (EACH | SHARED if s > 1 else EACH).items()}
    for add, sample in parts.values():
        for k in range(CAPACITY // s + 7):
            add(*steps[k % stored])
        sample()

    def storing(add, _):
        for step in steps:
            add(*step)

    def drawing(_, sample):
        for _ in range(drawn):
            sample()

    def both(add, sample):
        for step in steps[:drawn]:
            add(*step)
            sample()

    def timed(work):
        return rounds({name: lambda part=part: work(*part) for name, part in parts.items()})

    runs = "one run" if s == 1 else f"{s} runs"
    report(f"transitions stored, {runs}", timed(storing), stored * s)
    report(f"transitions sampled, {runs}, batches of {BATCH}", timed(drawing), drawn * s * BATCH)
    report(f"environment steps, {runs}: one stored, one batch drawn", timed(both), drawn * s)


def stacks(length: int, n: int):
    """Yield n transitions of episodes of one length: stacks of 4 frames."""
    rng = np.random.default_rng(0)
    frames = rng.integers(256, size=(1_000, 84, 84), dtype=np.uint8)  # they come again, far apart
    stack, number = np.zeros(0), 0
    for t in range(n):
        if t % length == 0:
            stack = np.stack([frames[number % 1_000]] * 4)
            number += 1
        next_stack = np.concatenate([stack[1:], frames[None, number % 1_000]])
        number += 1
        yield Transition(stack, t % 2, 1.0, next_stack, t % length == length - 1)
        stack = next_stack


def sb3_images(capacity: int, lean: bool):
    space = gym.spaces.Box(0, 255, (4, 84, 84), np.uint8)
    return needed("stable_baselines3.common.buffers").ReplayBuffer(
        capacity, space, gym.spaces.Discrete(2), device="cpu", optimize_memory_usage=lean,
        handle_timeout_termination=False,
    )  # fmt: skip


def nbytes(buffer) -> int:
    return sum(v.nbytes for v in vars(buffer).values() if isinstance(v, np.ndarray))


def test_memory_of_images():
    print(f"\n{CAPACITY:,} transitions of stacks of 4 frames, 84 × 84 bytes")
    for length in (1_000, 200, 20, 5, 1):
        buffer = FrameReplayBuffer(CAPACITY)
        for one in stacks(length, CAPACITY + CAPACITY // 2):
            buffer.add(one)
        frames = (CAPACITY + -(-CAPACITY // length)) * 84 * 84
        print(
            f"  ours, episodes of {length:5,} steps: {nbytes(buffer) / 1e6:6.1f} MB, "
            f"{nbytes(buffer) / frames:.3f} times one copy of each frame ({frames / 1e6:.1f} MB)"
        )
    for name, lean in (("default", False), ("optimize_memory_usage", True)):
        theirs = nbytes(sb3_images(CAPACITY, lean))
        print(
            f"  Stable-Baselines3, {name}: {theirs / 1e6:.1f} MB, "
            f"{theirs / (CAPACITY * 84 * 84):.2f} times one frame a transition"
        )


@pytest.mark.parametrize("s", [1, 10])
@with_threads(1)
def test_speed_of_images(s):
    """Frames of all runs together; "each" is a buffer a run."""
    n, drawn, rng = 1_000, 5, np.random.default_rng(0)
    ring = FrameRing(n, (4, 84, 84), np.uint8, [np.random.default_rng(k) for k in range(s)])
    each = [FrameReplayBuffer(n) for _ in range(s)]
    whole = [ReplayBuffer(n) for _ in range(s)]
    theirs = [sb3_images(n, False) for _ in range(s)]
    steps = []  # every run has arrays of its own: obs [S, 4, 84, 84], action [S], ...
    for one in stacks(200, 300 // s):
        obs, next_obs = (np.stack([x] * s) for x in (one.obs, one.next_obs))
        reward, terminated = np.full(s, one.reward), np.full(s, one.terminated)
        steps.append((obs, np.full(s, one.action), reward, next_obs, terminated))

    def plain(buffers):
        def add(obs, action, reward, next_obs, terminated):
            rows = zip(obs, action.tolist(), reward.tolist(), next_obs, terminated.tolist())
            for buffer, row in zip(buffers, rows, strict=True):
                buffer.add(Transition(*row))

        return add

    def sb3(obs, action, reward, next_obs, terminated):
        for k, buffer in enumerate(theirs):
            one = slice(k, k + 1)
            buffer.add(obs[one], next_obs[one], action[one], reward[one], terminated[one], [{}])

    def scaled():  # as its networks do with the batch
        batches = [buffer.sample(BATCH) for buffer in theirs]
        return [(b.observations.float() / 255, b.next_observations.float() / 255) for b in batches]

    adds = {
        "ours, a ring": ring.add,
        "FrameReplayBuffer": plain(each),
        "ReplayBuffer": plain(whole),
        "Stable-Baselines3": sb3,
    }
    samples = {
        "ours, a ring": lambda: ring.sample(BATCH),
        "FrameReplayBuffer": lambda: [buffer.sample(BATCH, rng) for buffer in each],
        "ReplayBuffer": lambda: [buffer.sample(BATCH, rng) for buffer in whole],
        "Stable-Baselines3": scaled,
    }
    for add in adds.values():
        for _ in range(n // len(steps) + 1):
            for one in steps:
                add(*one)
    storing = {name: lambda add=add: [add(*one) for one in steps] for name, add in adds.items()}
    drawing = {name: lambda f=f: [f() for _ in range(drawn)] for name, f in samples.items()}
    runs = "one run" if s == 1 else f"{s} runs"
    report(f"images stored, {runs}", rounds(storing), len(steps) * s)
    del storing["ours, a ring"]
    report(f"images stored, {runs}", rounds(storing), len(steps) * s)
    title = f"images sampled as float32, {runs}, batches of {BATCH}"
    report(title, rounds(drawing), drawn * BATCH * s)
