"""What a replay buffer keeps, seen on the object itself: for a class without `sample` yet."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from dqnlib.course.messages import during, is_tensor, mistaken, show
from dqnlib.course.reference import load
from dqnlib.course.types import Problem

DEPTH = 6  # a list of dictionaries of tuples of arrays is four deep


def judge_new_buffer(cls) -> None:
    """Raise Problem unless a new buffer has the length 0."""
    with during("This case: len(buffer) of a new ReplayBuffer(3)"):
        length = cls(3).__len__()
    if isinstance(length, bool) or not isinstance(length, int | np.integer) or length:
        lines = (
            "This case: len(buffer) of a new buffer",
            "  expected  0",
            f"  yours     {show(length)}",
        )
        mend = "Return how many transitions are kept, not how many there is room for."
        raise Problem(*lines, diagnosis="a new buffer is not empty", mend=mend)


def judge_add(cls) -> None:
    """Raise Problem unless `add` keeps the last transitions; what cannot be found passes."""
    for capacity, count in ((5, 3), (4, 11)):
        case = f"capacity {capacity}, transitions 1 to {count} were added"
        with during(f"This case: {case}"):
            buffer = cls(capacity)
            for k in range(1, count + 1):
                buffer.add(_transition(k))
        numbers = list(_numbers_on(buffer))
        kept = sorted({int(-x) for x in numbers if x < 0})  # by their rewards
        want = list(range(max(1, count - capacity + 1), count + 1))
        if not kept and any(x == int(x) + 0.5 for x in numbers):
            raise _missing(case, "reward", "the reward")
        if not kept or kept == want:
            continue
        raise _wrong_ones(case, want, kept, capacity, count)


def _wrong_ones(case, want, kept, capacity, count) -> Problem:
    shown = f"it keeps {want}", f"it keeps {kept}"
    if kept == list(range(1, count + 1)) and count > capacity:
        return mistaken(
            case, *shown, "it grows past its capacity",
            "When it is full, each new transition takes the place of the oldest: a list with an "
            "index that goes round, or a deque(maxlen=capacity).",
        )  # fmt: skip
    if len(kept) == 1:
        return mistaken(
            case, *shown, "only the newest is kept",
            "A new transition is added to what is kept already: does add put something else in "
            "its place?",
        )  # fmt: skip
    if kept == list(range(1, capacity + 1)):
        return mistaken(
            case, *shown, "a full buffer takes nothing new",
            "When it is full, a new transition takes the place of the oldest one.",
        )  # fmt: skip
    return mistaken(
        case, *shown, "something else than the oldest is overwritten",
        "The places are filled in turn, and after the last comes the first again.",
    )  # fmt: skip


def _missing(case, field, what) -> Problem:
    return mistaken(
        case, "all five fields of each transition", f"{what} is nowhere to be found",
        "a field of the transitions is not kept",
        f"The update needs every field: keep transition.{field} as well.",
    )  # fmt: skip


def _transition(k: int):
    """Return transition number k, whose number can be told by a negative reward."""
    return load("dqnlib.data.Transition")(
        obs=np.full(2, k, "float32"),
        action=k % 3,
        reward=float(-k),
        next_obs=np.full(2, k + 0.5, "float32"),
        terminated=k % 4 == 0,
    )


def _numbers_on(value: Any, depth: int = DEPTH) -> Iterator[float]:
    """Yield all numbers that can be reached from an object."""
    if is_tensor(value):
        value = value.detach().numpy()
    if isinstance(value, np.ndarray) and value.dtype != object:
        yield from value.ravel().astype(float).tolist()
    elif isinstance(value, bool | int | float | np.number | np.bool_):
        yield float(value)
    elif depth and not isinstance(value, str | bytes | type):
        parts = value.values() if isinstance(value, dict) else value
        if hasattr(value, "__dict__"):
            parts = vars(value).values()
        if isinstance(value, list | tuple | dict | set) or hasattr(value, "maxlen"):
            parts = value.values() if isinstance(value, dict) else value
        for part in parts if hasattr(parts, "__iter__") else ():
            yield from _numbers_on(part, depth - 1)
