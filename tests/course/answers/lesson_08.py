"""Answers to the exercises of lesson 08, as learners write them."""

from answers import answers

PUSH_FRAME = answers(
    "dqnlib.stacking.push_frame",
    r"""
=== right
import numpy as np

def push_frame(stack, frame):
    return np.concatenate([stack[1:], frame[None]])

=== right
import numpy as np

def push_frame(stack, frame):
    new = np.roll(stack, -1, axis=0)
    new[-1] = frame
    return new

=== right
import numpy as np

def push_frame(stack, frame):
    new = stack.copy()
    new[:-1] = stack[1:]
    new[-1] = frame
    return new

=== right
import numpy as np

def push_frame(stack, frame):
    return np.stack([*stack[1:], frame])

=== right
import numpy as np

def push_frame(stack, frame):
    return np.append(stack, frame[np.newaxis], axis=0)[1:]

=== right
import numpy as np
from collections import deque

def push_frame(stack, frame):
    frames = deque(stack, maxlen=len(stack))
    frames.append(frame)
    return np.array(frames)

=== blank
def push_frame(stack, frame):
    return ____

=== blank
import numpy as np

def push_frame(stack, frame):
    return np.concatenate([____, frame[None]])

=== wrong: the newest frame is the one that goes
import numpy as np

def push_frame(stack, frame):
    new = stack.copy()
    new[-1] = frame
    return new

=== wrong: the new frame comes first
import numpy as np

def push_frame(stack, frame):
    return np.stack([frame, *stack[:-1]])

=== wrong: the new frame takes the place of the oldest
import numpy as np

def push_frame(stack, frame):
    return np.vstack([frame[None], stack[1:]])

=== wrong: wrong shape
import numpy as np

def push_frame(stack, frame):
    return np.append(stack, [frame], axis=0)

=== wrong: wrong shape
def push_frame(stack, frame):
    return stack[1:]

=== wrong: the stack stays as it was
import numpy as np

def push_frame(stack, frame):
    np.concatenate([stack[1:], frame[None]])
    return stack

=== wrong: all frames become the new one
import numpy as np

def push_frame(stack, frame):
    return np.repeat(frame[None], len(stack), axis=0)

=== wrong: the order of the frames is turned round
import numpy as np

def push_frame(stack, frame):
    frames = list(stack[1:]) + [frame]
    frames.reverse()
    return np.array(frames)

=== wrong: np.roll moves the frames the wrong way
import numpy as np

def push_frame(stack, frame):
    new = np.roll(stack, 1, axis=0)
    new[-1] = frame
    return new

=== wrong: pixels become numbers from 0 to 1
import numpy as np

def push_frame(stack, frame):
    return np.concatenate([stack[1:], frame[None]]).astype(np.float32) / 255

=== wrong: the frame has no axis of its own
import numpy as np

def push_frame(stack, frame):
    return np.concatenate([stack[1:], frame])

=== wrong: arguments changed
def push_frame(stack, frame):
    stack[:-1] = stack[1:].copy()
    stack[-1] = frame
    return stack

=== wrong: returned None
import numpy as np

def push_frame(stack, frame):
    new = np.concatenate([stack[1:], frame[None]])

=== wrong: raises NameError
import numpy as np

def push_frame(stack, frame):
    return np.concatenate([stacks[1:], frame[None]])

=== wrong: the new frame takes the place of the oldest
def push_frame(stack, frame):
    new = stack.copy()
    new[0] = frame
    return new

=== wrong: wrong shape
import numpy as np

def push_frame(stack, frame):
    kept = len(stack) - 1
    return np.concatenate([stack[-kept:], frame[None]])  # -0 is 0: all of them

=== wrong: wrong shape
import numpy as np

def push_frame(stack, frame):
    if len(stack) == 1:
        return frame[None]
    return np.stack([stack[-1], frame])

=== wrong: another value
import numpy as np

def push_frame(stack, frame):
    return np.concatenate([stack[1:], frame[None, ::-1]])  # upside down

=== wrong: it prints
import numpy as np

def push_frame(stack, frame):
    new = np.concatenate([stack[1:], frame[None]])
    print(new.shape)
    return new

=== wrong: another name
import numpy as np

@exercise("dqnlib.stacking.push_frame")
def push(stack, frame):
    return np.concatenate([stack[1:], frame[None]])

=== wrong, 0.5 s: does not end
def push_frame(stack, frame):
    new = stack.copy()
    i = 0
    while i < len(stack) - 1:
        new[i] = stack[i + 1]
    return new
""",
)

REPLAY_BYTES = answers(
    "dqnlib.stacking.replay_bytes",
    r"""
=== right
def replay_bytes(transitions, k, frame_bytes, once):
    frames = transitions + k if once else transitions * 2 * k
    return frames * frame_bytes

=== right
def replay_bytes(transitions, k, frame_bytes, once):
    if not once:
        one_observation = k * frame_bytes
        return transitions * (one_observation + one_observation)
    first = k * frame_bytes
    return first + transitions * frame_bytes

=== right
def replay_bytes(transitions, k, frame_bytes, once):
    return [transitions * 2 * k, transitions + k][once] * frame_bytes

=== right
def replay_bytes(transitions, k, frame_bytes, once):
    seen = set()
    total = 0
    for t in range(transitions):
        for first in (t, t + 1):  # obs, next_obs
            for frame in range(first, first + k):
                total += 1
                seen.add(frame)
    return (len(seen) if once else total) * frame_bytes

=== right
def replay_bytes(transitions, k, frame_bytes, once):
    a_transition = 1 if once else 2 * k
    at_first = k if once else 0
    return frame_bytes * (transitions * a_transition + at_first)

=== blank
def replay_bytes(transitions, k, frame_bytes, once):
    return ____

=== blank
def replay_bytes(transitions, k, frame_bytes, once):
    frames = transitions + k if once else ____
    return frames * frame_bytes

=== wrong: the next observations are forgotten
def replay_bytes(transitions, k, frame_bytes, once):
    if once:
        return (transitions + k) * frame_bytes
    return transitions * k * frame_bytes

=== wrong: an observation is taken for one frame
def replay_bytes(transitions, k, frame_bytes, once):
    return (transitions + k) * frame_bytes if once else transitions * 2 * frame_bytes

=== wrong: next_obs is taken for one frame more
def replay_bytes(transitions, k, frame_bytes, once):
    return (transitions + k) * frame_bytes if once else transitions * (k + 1) * frame_bytes

=== wrong: the frames before the first step are forgotten
def replay_bytes(transitions, k, frame_bytes, once):
    return transitions * frame_bytes * (1 if once else 2 * k)

=== wrong: the first observation is taken for one frame
def replay_bytes(transitions, k, frame_bytes, once):
    return (transitions + 1) * frame_bytes if once else transitions * 2 * k * frame_bytes

=== wrong: a frame is stored in obs and in next_obs
def replay_bytes(transitions, k, frame_bytes, once):
    frames = transitions + k if once else transitions * k
    return 2 * frames * frame_bytes

=== wrong: every transition stores a stack of its own
def replay_bytes(transitions, k, frame_bytes, once):
    return transitions * k * frame_bytes * (1 if once else 2)

=== wrong: the bytes of a frame are forgotten
def replay_bytes(transitions, k, frame_bytes, once):
    return transitions + k if once else 2 * transitions * k

=== wrong: float32 is counted
def replay_bytes(transitions, k, frame_bytes, once):
    frames = transitions + k if once else transitions * 2 * k
    return frames * frame_bytes * 4

=== wrong: once is used the wrong way round
def replay_bytes(transitions, k, frame_bytes, once):
    return transitions * 2 * k * frame_bytes if once else (transitions + k) * frame_bytes

=== wrong: once makes no difference: all is counted as it comes
def replay_bytes(transitions, k, frame_bytes, once):
    return transitions * 2 * k * frame_bytes

=== wrong: once makes no difference: every frame is counted once
def replay_bytes(transitions, k, frame_bytes, once):
    return (transitions + k) * frame_bytes

=== wrong: a unit of memory is used
def replay_bytes(transitions, k, frame_bytes, once):
    frames = transitions + k if once else transitions * 2 * k
    return frames * frame_bytes / 2**30

=== wrong: returned None
def replay_bytes(transitions, k, frame_bytes, once):
    frames = transitions + k if once else transitions * 2 * k

=== wrong: raises NameError
def replay_bytes(transitions, k, frame_bytes, once):
    return transition * 2 * k * frame_bytes

=== wrong: it prints
def replay_bytes(transitions, k, frame_bytes, once):
    frames = transitions + k if once else transitions * 2 * k
    print(frames)
    return frames * frame_bytes

=== wrong: another name
@exercise("dqnlib.stacking.replay_bytes")
def memory(transitions, k, frame_bytes, once):
    return (transitions + k) * frame_bytes if once else transitions * 2 * k * frame_bytes

=== wrong, 0.5 s: does not end
def replay_bytes(transitions, k, frame_bytes, once):
    frames, t = 0, 0
    while t < transitions:
        frames += 1 if once else 2 * k
    return (frames + k) * frame_bytes
""",
)

ANSWERS = (*PUSH_FRAME, *REPLAY_BYTES)
