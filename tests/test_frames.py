"""A buffer of images keeps each frame once.

That it gives the batches of `ReplayBuffer` bit for bit is shown in test_replay.py, which runs the
same streams of episodes through both.

`tests/mutants/test_frames.toml` lists the mutants that these tests kill.
"""

import tracemalloc

import numpy as np
import pytest
import torch
from replay_support import Chosen

from dqnlib.data import Transition
from dqnlib.frames import FrameReplayBuffer, stack_shape
from dqnlib.replay import ReplayBuffer


def numbered(number: int) -> np.ndarray:
    """Return a frame [84, 84] that bears its number, so that it can be told from all others."""
    frame = np.full((84, 84), number % 251, np.uint8)
    frame[0, :4] = np.frombuffer(np.uint32(number).tobytes(), np.uint8)
    return frame


def numbers_of(frames: torch.Tensor) -> torch.Tensor:
    """Return the numbers of frames [..., 84, 84] that came out of a buffer: [...]."""
    return (frames[..., 0, :4] * 255).round().long() @ (256 ** torch.arange(4))


def stacks(length: int, transitions: int):
    """Yield transitions of episodes of one length, stacks of 4 padded with their first frame."""
    number, stack = 0, np.zeros(0)
    for t in range(transitions):
        if t % length == 0:
            stack = np.stack([numbered(number)] * 4)
            number += 1
        next_stack = np.concatenate([stack[1:], numbered(number)[None]])
        number += 1
        yield Transition(stack, t, 0.0, next_stack, t % length == length - 1)
        stack = next_stack


@pytest.mark.parametrize("length", [1, 7, 40, 10_000])
def test_a_frame_is_kept_once(length):
    """At most 1.1 times the frames' own bytes, once the buffer is full; also with short episodes.

    The frames that count are those that stand in the transitions kept: with episodes of L steps
    (1 + 1 / L) each. With few transitions, or with small images, the numbers of the frames weigh
    more than that.
    """
    n = 1_000
    buffer = FrameReplayBuffer(n)
    tracemalloc.start()
    for one in stacks(length, 2 * n + n // 2):
        buffer.add(one)
    del one
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    batches = [buffer.sample(50, Chosen(places)) for places in np.split(np.arange(n), n // 50)]
    obs, next_obs = (torch.cat([numbers_of(b[i]) for b in batches]) for i in (0, 3))  # [N, 4]
    frames = len(torch.cat([obs, next_obs], 1).unique())
    assert n < frames <= n + np.ceil(n / length) + 4
    assert buffer.nbytes <= 1.1 * frames * 84 * 84
    assert held <= 1.1 * frames * 84 * 84  # as Python counts it
    assert peak <= 2.2 * frames * 84 * 84  # while it grows there are two, not three
    assert torch.equal(next_obs[:, :3], obs[:, 1:])
    action = torch.cat([b.action for b in batches])
    assert action.sort().values.tolist() == list(range(n + n // 2, 2 * n + n // 2))
    assert torch.equal(next_obs[:, 3], action + 1 + action // length)  # one more an episode


def test_two_buffers_of_whole_stacks_would_be_eight_times_as_large():
    plain, frames = ReplayBuffer(100), FrameReplayBuffer(100)
    for one in stacks(1_000, 100):
        plain.add(one)
        frames.add(one)
    assert plain.obs.nbytes + plain.next_obs.nbytes == 8 * 100 * 84 * 84
    assert frames.nbytes < (plain.obs.nbytes + plain.next_obs.nbytes) / 6


def test_other_types_with_the_same_bytes_are_told_apart():
    """The float32 number 1.4e-45 and the whole number 1 are the same four bytes."""
    buffer = FrameReplayBuffer(4)
    tiny = np.array([1], np.int32).view(np.float32)
    for obs in (tiny, np.array([1], np.int32), np.array([-0.0], np.float32), np.zeros(1)):
        buffer.add(Transition(obs, 0, 0.0, obs, False))
    obs = buffer.sample(4, Chosen()).obs[:, 0]
    assert obs.tolist() == [tiny[0], 1, 0, 0]
    assert torch.signbit(obs).tolist() == [False, False, True, False]


@pytest.mark.parametrize(
    ("shape", "stack"),
    [
        ((4, 84, 84), (4, 84, 84)),
        ((84, 84), (1, 84, 84)),
        ((84, 84, 3), (1, 84, 84, 3)),  # rows, columns and colors: one frame
        ((4, 84, 84, 3), (4, 84, 84, 3)),
        ((3,), (1, 3)),
        ((), (1,)),
    ],
)
def test_the_first_of_three_axes_counts_frames(shape, stack):
    assert stack_shape(shape) == stack
