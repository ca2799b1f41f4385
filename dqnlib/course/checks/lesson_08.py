"""Lesson 08: stacks of frames, and the memory that they take. Expected values by hand."""

import numpy as np

from dqnlib.course.types import Case, Check, Mistake

TITLE = "08 Pixels and the GPU"

# -- push_frame ----------------------------------------------------------------------------


def _push(stack, frame, expected, story) -> Case:
    args = {"stack": np.array(stack, np.uint8), "frame": np.array(frame, np.uint8)}
    return Case(args, np.array(expected, np.uint8), story)


PUSH_FRAME = Check(
    path="dqnlib.stacking.push_frame",
    returns="an array [K, H, W]",
    cases=(
        # frames 1, 2, 3 of two pixels each; 1 is the oldest and goes, the new one comes last
        _push(
            [[[1, 10]], [[2, 20]], [[3, 30]]],
            [[4, 40]],
            [[[2, 20]], [[3, 30]], [[4, 40]]],
            "three frames of 1 × 2 pixels",
        ),
        # a frame of 2 × 2 pixels must stay as it is: no row becomes a column
        _push(
            [[[0, 1], [2, 3]], [[4, 5], [6, 7]]],
            [[8, 9], [200, 255]],
            [[[4, 5], [6, 7]], [[8, 9], [200, 255]]],
            "two frames of 2 × 2 pixels, bytes up to 255",
        ),
        # nothing of the old stack is left
        _push([[[7, 8, 9]]], [[1, 2, 3]], [[[1, 2, 3]]], "a stack of one frame"),
    ),
    mistakes=(
        Mistake(
            "the newest frame is the one that goes",
            "The oldest frame is the first, stack[0]. It must go: begin with stack[1:].",
            lambda s, f: np.concatenate([s[:-1], f[None]]),
        ),
        Mistake(
            "the new frame comes first",
            "Frames stand in the order of time, the newest last.",
            lambda s, f: np.concatenate([f[None], s[:-1]]),
        ),
        Mistake(
            "the new frame takes the place of the oldest",
            "Frames stand in the order of time: stack[1:], then the new one.",
            lambda s, f: np.concatenate([f[None], s[1:]]),
        ),
        Mistake(
            "the stack stays as it was",
            "np.concatenate and np.append change nothing in place: return what they give.",
            lambda s, f: s,
        ),
        Mistake(
            "all frames become the new one",
            "That is a stack at an episode's start. Here the K − 1 newest old frames stay.",
            lambda s, f: np.stack([f] * len(s)),
        ),
        Mistake(
            "the order of the frames is turned round",
            "np.roll(stack, 1) moves the wrong way; the oldest frame comes first.",
            lambda s, f: np.concatenate([s[1:], f[None]])[::-1],
        ),
        Mistake(
            "np.roll moves the frames the wrong way",
            "roll(stack, -1, axis=0) moves every frame one place to the front.",
            lambda s, f: _replaced(np.roll(s, 1, 0), f, -1),
        ),
        Mistake(
            "pixels become numbers from 0 to 1",
            "That happens when a batch is drawn. Bytes are stored: an eighth of float64's memory.",
            lambda s, f: np.concatenate([s[1:], f[None]]) / 255,
        ),
        Mistake(
            "the frame has no axis of its own",
            "frame is [H, W] and stack[1:] is [K − 1, H, W]: frame[None] is [1, H, W].",
            raises=("must have same number of dimensions", "must match exactly"),
        ),
    ),
    hints=(
        "Time runs along axis 0. Which frame is too old, and where does the newest one stand?",
        "stack[1:] is all but the oldest, [K − 1, H, W]; frame[None] gives the new one an axis, "
        "[1, H, W]. Join them along axis 0 into a new array.",
        "`return np.concatenate([stack[1:], frame[None]])`",
    ),
)


def _replaced(stack, frame, place):
    new = stack.copy()
    new[place] = frame
    return new


# -- replay_bytes --------------------------------------------------------------------------


def _bytes(transitions, k, frame_bytes, once, expected, story) -> Case:
    args = {"transitions": transitions, "k": k, "frame_bytes": frame_bytes, "once": once}
    return Case(args, expected, story)


def _two_ways(naive, once):
    """Make a wrong answer from both formulas."""
    return lambda n, k, b, o: once(n, k, b) if o else naive(n, k, b)


def _n(n, k, b):
    return n * 2 * k * b


def _o(n, k, b):
    return (n + k) * b


REPLAY_BYTES = Check(
    path="dqnlib.stacking.replay_bytes",
    cases=(
        # 10 transitions × 2 observations × 3 frames × 5 bytes
        _bytes(10, 3, 5, False, 300, "10 transitions of 3 frames, 5 bytes each, as they come"),
        # 10 new frames, and the 3 of the first observation: 13 × 5
        _bytes(10, 3, 5, True, 65, "the same, every frame once"),
    ),
    mistakes=(
        Mistake(
            "the next observations are forgotten",
            "A transition holds two observations, obs and next_obs: twice k frames.",
            _two_ways(lambda n, k, b: n * k * b, _o),
        ),
        Mistake(
            "an observation is taken for one frame",
            "Each observation is a stack of k frames: 2 · k frames a transition.",
            _two_ways(lambda n, k, b: 2 * n * b, _o),
        ),
        Mistake(
            "next_obs is taken for one frame more",
            "Stored as they come, both observations are whole: 2 · k frames a transition.",
            _two_ways(lambda n, k, b: n * (k + 1) * b, _o),
        ),
        Mistake(
            "the frames before the first step are forgotten",
            "n steps bring n new frames, but the first observation was there before: k frames.",
            _two_ways(_n, lambda n, k, b: n * b),
        ),
        Mistake(
            "the first observation is taken for one frame",
            "The first observation has k frames: n + k in all.",
            _two_ways(_n, lambda n, k, b: (n + 1) * b),
        ),
        Mistake(
            "a frame is stored in obs and in next_obs",
            "Once is once: next_obs of a step is obs of the following one.",
            _two_ways(_n, lambda n, k, b: 2 * (n + k) * b),
        ),
        Mistake(
            "every transition stores a stack of its own",
            "Neighbors share all frames but one: a transition brings one new frame.",
            _two_ways(_n, lambda n, k, b: n * k * b),
        ),
        Mistake(
            "the bytes of a frame are forgotten",
            "That is the number of frames: multiply by frame_bytes.",
            _two_ways(lambda n, k, b: n * 2 * k, lambda n, k, b: n + k),
        ),
        Mistake(
            "float32 is counted",
            "frame_bytes is given in bytes already, and a pixel is stored as one byte.",
            lambda n, k, b, o: 4 * (_o(n, k, b) if o else _n(n, k, b)),
        ),
        Mistake(
            "once is used the wrong way round",
            "once=True is the small one.",
            lambda n, k, b, o: _n(n, k, b) if o else _o(n, k, b),
        ),
        Mistake(
            "once makes no difference: all is counted as it comes",
            "With once=True neighbors share their frames.",
            lambda n, k, b, o: _n(n, k, b),
        ),
        Mistake(
            "once makes no difference: every frame is counted once",
            "With once=False nothing is shared.",
            lambda n, k, b, o: _o(n, k, b),
        ),
        Mistake(
            "a unit of memory is used",
            "Return plain bytes; the lesson divides by 2³⁰ itself.",
            lambda n, k, b, o: (_o(n, k, b) if o else _n(n, k, b)) / 2**30,
        ),
    ),
    hints=(
        "Count frames first, bytes last. How many frames has one transition, and how many of them "
        "were not there a step before?",
        "As they come: two observations of k frames a transition. Once: n transitions bring n new "
        "frames, and k were there at the start.",
        "`return (transitions + k) * frame_bytes if once else transitions * 2 * k * frame_bytes`",
    ),
)

CHECKS = (PUSH_FRAME, REPLAY_BYTES)
