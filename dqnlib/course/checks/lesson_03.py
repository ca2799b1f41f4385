"""Lesson 03: experience replay. What a buffer gives is judged from outside, as a lesson uses it."""

import itertools
import math
from collections import Counter
from typing import NamedTuple

import numpy as np

from dqnlib.course.checks.kept import judge_add, judge_new_buffer
from dqnlib.course.messages import during, mistaken, show
from dqnlib.course.reference import load
from dqnlib.course.types import Check, Mistake, Part, Problem

TITLE = "03 Experience replay"

# -- ReplayBuffer --------------------------------------------------------------------------

FIELDS = ("obs", "action", "reward", "next_obs", "terminated")
DTYPES = ("float32", "int64", "float32", "float32", "bool")


def transition(k: int, shape=(2,), dtype="float32"):
    """Return transition number k: the number can be read off each of its fields.

    Some environments give NumPy's numbers, some Python's: those of type float64 are NumPy's here.
    """
    number = np.float64 if dtype == "float64" else float
    return load("dqnlib.data.Transition")(
        obs=np.full(shape, k, dtype),
        action=k % 3,
        reward=number(-k),
        next_obs=np.full(shape, k + 0.5, dtype),
        terminated=k % 4 == 0,
    )


def judge_replay_buffer(cls) -> None:
    """Raise Problem unless the class keeps the last transitions and draws from them evenly."""
    _judge_length(cls)
    _judge_batch(cls)
    _judge_what_is_kept(cls)
    _judge_two_buffers(cls)
    _judge_generator(cls)
    _judge_even(cls)
    _judge_copies(cls)
    _judge_shapes(cls)


def _filled(cls, capacity: int, count: int, shape=(2,), dtype="float32"):
    """Return a new buffer to which transitions 1 to count were added."""
    case = f"This case: ReplayBuffer({capacity})"
    with during(case):
        buffer = cls(capacity)
        if _length(buffer):
            raise _shared(f"{_length(buffer)} transitions")
    for k in range(1, count + 1):
        with during(f"{case}, and add(...) of transition {k}"):
            buffer.add(transition(k, shape, dtype))
    return buffer


def _length(buffer) -> int:
    """Return len(buffer); Problem if that is no whole number."""
    length = buffer.__len__()
    if isinstance(length, int | np.integer) and not isinstance(length, bool):
        return int(length)
    lines = ("This case: len(buffer)", "  expected  a whole number", f"  yours     {show(length)}")
    raise Problem(
        *lines,
        "__len__ returns how many transitions are kept.",
        diagnosis="returned None" if length is None else "wrong type",
        mend="Is there a return in it, and of a whole number, such as the length of a list?",
    )


def _shared(got: str) -> Problem:
    return mistaken(
        "a new buffer, after another one was filled", "no transition", got,
        "two buffers share what they keep",
        "A list in the body of the class, or as a default argument, is one list for all. Make "
        "it inside __init__ and store it under self.",
    )  # fmt: skip


def _judge_length(cls) -> None:
    lengths = []
    with during("This case: ReplayBuffer(3)"):
        buffer = cls(3)
    for k in range(8):
        with during(f"This case: ReplayBuffer(3), and len(buffer) after {k} transitions"):
            lengths.append(_length(buffer))
        with during(f"This case: ReplayBuffer(3), and add(...) of transition {k + 1}"):
            buffer.add(transition(k + 1))
    want = [0, 1, 2, 3, 3, 3, 3, 3]
    if lengths == want:
        return
    case = "ReplayBuffer(3), and its length after 0, 1, 2, ... transitions"
    if lengths == list(range(8)):
        raise mistaken(
            case, str(want), str(lengths), "it grows past its capacity",
            "When it is full, each new transition takes the place of the oldest: a list with "
            "an index that goes round, or a deque(maxlen=capacity).",
        )  # fmt: skip
    if len(set(lengths)) == 1:
        raise mistaken(
            case, str(want), str(lengths), "the length does not follow what is kept",
            "len(buffer) is the number of transitions kept so far, and no more than capacity.",
        )  # fmt: skip
    lines = (f"This case: {case}", f"  expected  {want}", f"  yours     {lengths}")
    text = "It grows by one with each add, up to the capacity, and stays there."
    raise Problem(*lines, text, diagnosis="another length")


def _sample(buffer, size: int, rng, case: str):
    with during(f"This case: {case}, sample({size}, rng)"):
        return buffer.sample(size, rng)


def _judge_batch(cls) -> None:
    """Raise Problem unless a sample is a Batch of tensors of the right shapes and types."""
    rng = np.random.default_rng(1)
    for count, size in ((3, 2), (3, 7), (1, 1)):
        buffer, case = _filled(cls, 5, count), f"a buffer that keeps {count} transitions"
        batch = _sample(buffer, size, rng, case)
        _expect_batch(batch, size, (2,), f"{case}, sample({size}, rng)")
        _expect_rows(batch, f"{case}, sample({size}, rng)")


def _expect_batch(batch, size, shape, case) -> None:
    import torch

    want = "a Batch(obs, action, reward, next_obs, terminated) of tensors"
    if batch is None:
        lines = (f"This case: {case}", f"  expected  {want}", "  yours     None")
        mend = "Is there a return in the last line of sample?"
        raise Problem(*lines, "sample returned None.", diagnosis="returned None", mend=mend)
    if not all(hasattr(batch, name) for name in FIELDS):
        got = f"{type(batch).__name__} {show(batch)}"[:80]
        raise mistaken(
            case, want, got, "no Batch comes back",
            "The update of the network asks for batch.obs, batch.action and so on: return "
            "Batch(obs=..., action=..., ...), with one tensor for each field.",
        )  # fmt: skip
    for name, dtype in zip(FIELDS, DTYPES, strict=True):
        value = getattr(batch, name)
        axes = (size, *shape) if name.endswith("obs") else (size,)
        want = f"{name}: {dtype} tensor of shape {list(axes)}"
        if not isinstance(value, torch.Tensor):
            raise mistaken(
                case, want, f"{name}: {type(value).__name__}", "a field is no tensor",
                "The network takes tensors: torch.from_numpy(...) makes one of an array, "
                "torch.tensor(...) of a list of numbers.",
            )  # fmt: skip
        kind = str(value.dtype).removeprefix("torch.")
        got = f"{name}: {kind} tensor of shape {list(value.shape)}"
        if tuple(value.shape) == (*axes, 1) or (len(axes) == 1 and value.shape == (size, 1)):
            raise mistaken(
                case, want, got, "a column [B, 1] in place of a row [B]",
                "Together with q-values of shape [B], a column makes a table [B, B]. Leave the "
                "axis of length 1 away.",
            )  # fmt: skip
        if len(value) < size and tuple(value.shape[1:]) == axes[1:]:
            raise mistaken(
                case, want, got, "fewer rows than asked for",
                "Draw with replacement, as rng.integers(len(self), size=batch_size) does: then "
                "a batch is always full, however little is kept.",
            )  # fmt: skip
        if tuple(value.shape) != axes:
            lines = (f"This case: {case}", f"  expected  {want}", f"  yours     {got}")
            text = "The first axis counts the transitions of the batch."
            raise Problem(*lines, text, diagnosis="wrong shape")
        if kind != dtype:
            raise _wrong_dtype(case, want, got, name, dtype)


def _wrong_dtype(case, want, got, name, dtype) -> Problem:
    if dtype == "bool":
        advice = "~terminated is needed later, and it turns only bools round: ~1 is -2."
    elif dtype == "int64":
        advice = "gather takes the actions as an index, which must be of the type int64."
    else:
        advice = (
            "The network computes in float32; NumPy mostly makes float64, and another type "
            "would stop the training with an error."
        )
    advice += f" Name the type where you make {name}: dtype=torch.{dtype} or dtype=np.{dtype}."
    return mistaken(case, want, got, "a field of another type", advice.replace("np.bool", "bool"))


def _numbers(batch) -> list[float]:
    """Return which transitions a batch holds, by their observations."""
    return batch.obs.reshape(len(batch.obs), -1)[:, 0].tolist()


def _expect_rows(batch, case) -> None:
    """Raise Problem unless the fields of each row come from the same transition."""
    columns = {
        name: getattr(batch, name).reshape(len(batch.obs), -1)[:, 0].tolist() for name in FIELDS
    }
    for row, k in enumerate(columns["obs"]):
        if k != int(k):
            raise mistaken(
                case, "obs: the observation before the step", "the one after it",
                "next_obs stands in obs",
                "obs is what the agent saw before the step, next_obs after it: keep both apart.",
            )  # fmt: skip
        if k < 1:
            raise _empty_slot(case)
        want = dict(zip(FIELDS, (k, int(k) % 3, -k, k + 0.5, int(k) % 4 == 0), strict=True))
        got = {name: columns[name][row] for name in FIELDS}
        wrong = [name for name in FIELDS if got[name] != want[name]]
        if not wrong:
            continue
        shown = [
            ", ".join(f"{name}={show(values[name])}" for name in ("obs", *wrong))
            for values in (want, got)
        ]
        if wrong == ["next_obs"] and got["next_obs"] == k:
            raise mistaken(
                case, *shown, "obs stands in next_obs",
                "next_obs is what the agent saw after the step: keep transition.next_obs.",
            )  # fmt: skip
        raise mistaken(
            f"{case}, one row of it", *shown, "a row mixes several transitions",
            "Draw the places once, and take all five fields of the batch from these places.",
        )  # fmt: skip


def _empty_slot(case) -> Problem:
    return mistaken(
        case, "only transitions that were added", "a row of zeros",
        "an empty place is drawn",
        "Before the buffer is full, only the first len(self) places hold something: draw from "
        "these, not from all of the capacity.",
    )  # fmt: skip


def _kept(buffer, case, draws=12) -> list[int]:
    """Return the transitions that can be drawn from the buffer, by many samples."""
    rng, seen = np.random.default_rng(2), set()
    for _ in range(draws):
        batch = _sample(buffer, 16, rng, case)
        _expect_batch(batch, 16, (2,), f"{case}, sample(16, rng)")
        _expect_rows(batch, f"{case}, sample(16, rng)")
        seen.update(int(k) for k in _numbers(batch))
    return sorted(seen)


def _judge_what_is_kept(cls) -> None:
    """Raise Problem unless the last `capacity` transitions can be drawn, and no others."""
    for capacity, count in ((5, 3), (5, 5), (5, 7), (5, 10), (4, 11), (1, 3)):
        case = f"capacity {capacity}, transitions 1 to {count} were added"
        kept = _kept(_filled(cls, capacity, count), case)
        want = list(range(max(1, count - capacity + 1), count + 1))
        if kept == want:
            continue
        shown = (f"it draws from {want}", f"it draws from {kept}")
        if len(kept) == 1:
            raise mistaken(
                case, *shown, "only one transition is ever drawn",
                "Each row of a batch is a fresh draw from all that is kept: "
                "rng.integers(len(self), size=batch_size).",
            )  # fmt: skip
        if kept == want[:-1]:
            raise mistaken(
                case, *shown, "the newest is never drawn",
                "rng.integers(n) gives 0 to n − 1 already: let n be len(self).",
            )  # fmt: skip
        if kept == want[1:]:
            raise mistaken(
                case, *shown, "the oldest is never drawn",
                "Places are counted from 0, and rng.integers(n) gives 0 to n − 1.",
            )  # fmt: skip
        if kept == list(range(1, capacity + 1)):
            raise mistaken(
                case, *shown, "a full buffer takes nothing new",
                "When it is full, a new transition takes the place of the oldest one.",
            )  # fmt: skip
        if count in kept and set(range(1, capacity)) <= set(kept) and count > capacity:
            raise mistaken(
                case, *shown, "the newest is overwritten in place of the oldest",
                "Keep the index of the next place and let it go round: (i + 1) % capacity. Of "
                "a list, pop(0) takes the oldest, pop() the newest.",
            )  # fmt: skip
        if max(kept) - min(kept) >= capacity:
            raise mistaken(
                case, *shown, "something else than the oldest is overwritten",
                "The places are filled in turn, and after the last comes the first again: "
                "(i + 1) % capacity.",
            )  # fmt: skip
        lines = (f"This case: {case}", *(f"  {a}  {b}" for a, b in zip(
            ("expected", "yours   "), shown, strict=True)))  # fmt: skip
        text = "It keeps the last transitions, as many as its capacity."
        raise Problem(*lines, text, diagnosis="other transitions are kept")


def _judge_two_buffers(cls) -> None:
    case = "two buffers, transitions 1 to 3 in the first, 1 to 2 in the second"
    one, two = _filled(cls, 5, 3), _filled(cls, 5, 2)
    one.add(transition(4))
    lengths = (len(one), len(two))
    if lengths != (4, 2) or _kept(one, case) != [1, 2, 3, 4] or _kept(two, case) != [1, 2]:
        raise _shared(f"lengths {lengths} in place of (4, 2)")


def _judge_even(cls) -> None:
    """Raise Problem unless each row is an even and independent draw."""
    buffer, rng = _filled(cls, 10, 14), np.random.default_rng(3)
    case = "transitions 1 to 14, capacity 10, 100 samples of 4"
    batches = [_numbers(_sample(buffer, 4, rng, case)) for _ in range(100)]
    if sum(map(_is_stretch, batches)) > 50:  # 2 % of independent draws are, by chance
        raise mistaken(
            case, "rows from all over the buffer", f"neighbors, as in {show(batches[0])}",
            "a stretch of neighbors in place of single draws",
            "Neighbors are alike, which is what replay is there to avoid. Draw a place for "
            "each row: rng.integers(len(self), size=batch_size).",
        )  # fmt: skip
    case = "transitions 1 to 14, capacity 10, 300 samples of 8"
    batches = [_numbers(_sample(buffer, 8, rng, case)) for _ in range(300)]
    if all(len(set(rows)) == 1 for rows in batches):
        raise mistaken(
            case, "rows that differ", f"the same one eight times, as in {show(batches[0])}",
            "all rows of a batch are the same transition",
            "Draw a place for each row: rng.integers(len(self), size=batch_size).",
        )  # fmt: skip
    counts = Counter(int(k) for rows in batches for k in rows)
    shares = {k: counts[k] / 2400 for k in range(5, 15)}
    low, high = min(shares, key=shares.get), max(shares, key=shares.get)
    if shares[low] < 0.07 or shares[high] > 0.13:  # a standard error is 0.6 %
        raise mistaken(
            case, "each of 10 transitions in about 10 % of the rows",
            f"number {low} in {shares[low]:.0%}, number {high} in {shares[high]:.0%}",
            "the draw is uneven",
            "Each transition that is kept is equally likely, old or new: "
            "rng.integers(len(self), size=batch_size).",
        )  # fmt: skip


def _is_stretch(rows: list[float]) -> bool:
    """Return whether four rows lie side by side in a ring of ten, in any order."""
    rows = sorted(set(rows))
    gaps = [b - a for a, b in itertools.pairwise([*rows, rows[0] + 10])]
    return len(rows) == 4 and max(gaps) == 7


def _judge_generator(cls) -> None:
    buffer, case = _filled(cls, 10, 10), "transitions 1 to 10"
    rng = np.random.default_rng(5)
    before = rng.bit_generator.state
    first = [_numbers(_sample(buffer, 8, rng, case)) for _ in range(2)]
    again = _numbers(_sample(buffer, 8, np.random.default_rng(5), case))
    if rng.bit_generator.state != before and first[0] == again and first[0] != first[1]:
        return
    raise mistaken(
        "sample(8, rng) twice, with generators of the same seed",
        "the same rows both times, and others as the generator goes on",
        f"{show(first[0][:5])[:-1]}, ... and {show(again[:5])[:-1]}, ...",
        "another generator than rng",
        "Draw every random number from the argument rng: rng.integers(...). np.random, random, "
        "torch or a generator of your own cannot be repeated with the run.",
    )


def _judge_copies(cls) -> None:
    """Raise Problem if a change of an array outside changes what is kept."""
    make = load("dqnlib.data.Transition")
    with during("This case: an environment that writes each observation into the same array"):
        buffer, obs, next_obs = cls(4), np.zeros(2, "float32"), np.zeros(2, "float32")
        for k in (1, 2, 3):
            obs[:], next_obs[:] = k, k + 0.5
            buffer.add(make(obs, k % 3, -float(k), next_obs, False))
    batch = _sample(buffer, 32, np.random.default_rng(6), "the same array in each transition")
    for name, value in (("obs", batch.obs), ("next_obs", batch.next_obs)):
        seen = sorted({float(x) for x in value[:, 0]})
        want = [1.0, 2.0, 3.0] if name == "obs" else [1.5, 2.5, 3.5]
        if seen != want:
            raise mistaken(
                "an environment that writes each observation into the same array",
                f"the {name} of its three steps: {want}", f"{seen} for all of them",
                "the array is kept, not what was in it",
                f"Later steps change it. Keep a copy: np.array(transition.{name}, "
                "dtype=np.float32).",
            )  # fmt: skip


def _judge_shapes(cls) -> None:
    """Raise Problem unless observations of other shapes and types become float32 as well."""
    for shape, dtype in (((3,), "float64"), ((2, 3), "float32"), ((1,), "int64")):
        case = f"observations of shape {list(shape)} and type {dtype}"
        if dtype == "float64":
            case += ", rewards of type np.float64"
        buffer = _filled(cls, 5, 7, shape, dtype)
        batch = _sample(buffer, 4, np.random.default_rng(7), case)
        _expect_batch(batch, 4, shape, f"{case}, sample(4, rng)")
        if dtype != "int64":  # there 0.5 is lost outside of the buffer
            _expect_rows(batch, f"{case}, sample(4, rng)")


# The library keeps one array a field, which is quicker to draw from.
BUFFER = """
class ReplayBuffer:
    def __init__(self, capacity):
        self.capacity = capacity
        self.kept = []  # transitions
        self.next = 0  # where the next one goes, once the list is full

    def __len__(self):
        return len(self.kept)

    def add(self, transition):
        obs, action, reward, next_obs, terminated = transition
        obs, next_obs = np.array(obs, np.float32), np.array(next_obs, np.float32)  # copies
        row = (obs, action, reward, next_obs, terminated)
        if len(self.kept) < self.capacity:
            self.kept.append(row)
        else:
            self.kept[self.next] = row
        self.next = (self.next + 1) % self.capacity

    def sample(self, batch_size, rng):
        places = rng.integers(len(self.kept), size=batch_size)
        obs, action, reward, next_obs, terminated = zip(*(self.kept[i] for i in places))
        return Batch(
            obs=torch.from_numpy(np.stack(obs)),
            action=torch.tensor(action),
            reward=torch.tensor(reward, dtype=torch.float32),
            next_obs=torch.from_numpy(np.stack(next_obs)),
            terminated=torch.tensor(terminated),
        )
"""
# What can be judged of the class while the rest of it is still blank.
BUFFER_PARTS = (
    Part("__len__", ("__init__",), judge_new_buffer),
    Part("__len__", ("__init__", "add"), _judge_length),
    Part("add", ("__init__",), judge_add),
)

REPLAY_BUFFER = Check(
    path="dqnlib.replay.ReplayBuffer",
    judge=judge_replay_buffer,
    parts=BUFFER_PARTS,
    solution=BUFFER,
    returns="a Batch",
    mistakes=(
        Mistake(
            "drawn without replacement",
            "Early on a batch can be larger than what is kept. Draw with replacement, as "
            "rng.integers(len(self), size=batch_size) does.",
            raises=("larger sample than population", "Sample larger than population"),
        ),
        Mistake(
            "the list is not full yet",
            "self.kept[i] = ... needs a place i that is there already: append while the list is "
            "shorter than the capacity, or begin with [None] * capacity.",
            raises="list assignment index out of range",
        ),
        Mistake(
            "a place beyond those that are kept",
            "rng.integers(n) gives 0 to n − 1: let n be len(self), not the capacity and not one "
            "more.",
            raises="list index out of range",
        ),
        Mistake(
            "an empty place is drawn",
            "Before the buffer is full, only the first len(self) places hold something: draw "
            "from these, not from all of the capacity.",
            raises="'NoneType' object has no attribute",
        ),
        Mistake(
            "a list is used as an index",
            "A list takes one index at a time: [self.kept[i] for i in places].",
            raises=("list indices must be integers", "only integer scalar arrays can be"),
        ),
    ),
    hints=(
        "Three things belong in `__init__`: the capacity, a place for the transitions, and the "
        "index of the place that comes next. What happens to that index after the last place?",
        "`add`: `append` while there is room, else overwrite the place `self.next`; then "
        "`self.next = (self.next + 1) % self.capacity`. `sample`: "
        "`rng.integers(len(self), size=batch_size)` draws the places, with replacement.",
        "With `chosen` for the drawn transitions: "
        "`obs=torch.from_numpy(np.stack([t.obs for t in chosen])).float()`, "
        "`action=torch.tensor([t.action for t in chosen])`, "
        "`reward=torch.tensor([t.reward for t in chosen], dtype=torch.float32)`, and so on for "
        "the five fields of the `Batch`. In `add`, keep copies: "
        "`np.array(transition.obs, dtype=np.float32)`. The course's own version keeps one array "
        "a field, which is quicker to draw from.",
    ),
)

# -- collect -------------------------------------------------------------------------------


class Script(NamedTuple):
    """One episode of a made-up environment: the rewards of its steps, and how it ends."""

    rewards: tuple[float, ...]
    terminated: bool  # at its last step; else a time limit truncates it


# Step t of episode e leads from observation 10 e + t to 10 e + t + 1; the fourth never ends.
SCRIPT = (
    Script((1.0, 2.0), True),
    Script((3.0, 1.0, 1.0), False),
    Script((4.0,), True),
    Script((5.0,) * 1000, True),
)
# obs, action (obs % 3), reward, next_obs, terminated; return of each episode: 3, 5 and 4
ROWS = (
    (10, 1, 1.0, 11, False),
    (11, 2, 2.0, 12, True),
    (20, 2, 3.0, 21, False),
    (21, 0, 1.0, 22, False),
    (22, 1, 1.0, 23, False),  # truncated
    (30, 0, 4.0, 31, True),
    (40, 1, 5.0, 41, False),
    (41, 2, 5.0, 42, False),
)
ENDS = {2: 3.0, 5: 5.0, 6: 4.0}  # step -> return of the episode that ends with it


class ScriptedEnv:
    """Plays the episodes of SCRIPT in turn; a reset with a seed begins with the first again."""

    def __init__(self, memory):
        self.episode, self.t, self.steps, self.after_end = 0, 0, 0, 0
        self.seeds, self.memory = [], memory

    def reset(self, *, seed=None, options=None):
        self.episode = 1 if seed is not None else self.episode + 1
        self.t = 0
        self.seeds.append(seed)
        return self._obs(), {}

    def step(self, action):
        if self.episode == 0:
            raise RuntimeError("step was called before reset")
        self.steps += 1
        if self.steps > 300:
            raise _too_long(self.memory.asked)
        script = SCRIPT[min(self.episode, len(SCRIPT)) - 1]
        if self.t == len(script.rewards):
            self.after_end += 1
            return self._obs(), 0.0, False, False, {}
        reward, self.t = script.rewards[self.t], self.t + 1
        end = self.t == len(script.rewards)
        return self._obs(), reward, end and script.terminated, end and not script.terminated, {}

    def close(self):
        pass

    def _obs(self):
        return np.array([10 * self.episode + self.t], dtype=np.float32)


class ReplayBuffer:
    """Stands for the replay buffer in `collect`, also by its name, and keeps all transitions.

    Its length is that of a ring of four, so that it is full before the steps are over.
    """

    def __init__(self):
        self.rows, self.asked = [], False

    def __len__(self):
        self.asked = True
        return min(len(self.rows), 4)

    def add(self, transition):
        if not all(hasattr(transition, name) for name in FIELDS):
            raise mistaken(
                "what is handed to buffer.add",
                "a Transition with its five fields",
                f"{type(transition).__name__} {show(transition)}"[:80],
                "no Transition is added",
                "The buffer asks for transition.obs, transition.action and so on: make a "
                "Transition(obs, action, reward, next_obs, terminated) first.",
            )
        _judge_shape(transition, f"transition {len(self.rows) + 1}, as it is added")
        self.rows.append(tuple(_plain(getattr(transition, name)) for name in FIELDS))


def _judge_shape(transition, case) -> None:
    """Raise Problem for an observation that is not as the environment gave it."""
    for name in ("obs", "next_obs"):
        value, want = getattr(transition, name), f"{name}: an observation of shape [1]"
        if isinstance(value, tuple):
            raise _two_things(case, want, f"{name}: {show(value)}")
        if value is None:
            raise mistaken(
                case, want, f"{name}: None", "an observation is left out",
                "Where an episode terminates, the mask in the target hides what follows, and "
                "after a truncation it is needed: keep what the step gave, always.",
            )  # fmt: skip
        shape = np.shape(value)
        if len(shape) > 1 and math.prod(shape) == 1:
            raise mistaken(
                case, want, f"{name}: of shape {list(shape)}", "an axis too many",
                "The buffer makes the axis of the batch itself: keep an observation as it comes.",
            )  # fmt: skip


def _plain(value):
    """Return a number of a transition as Python shows it."""
    value = np.asarray(value).ravel()
    return value[0].item() if value.size else None


def _two_things(case, want, got) -> Problem:
    return mistaken(
        case, want, got, "both results of reset are taken for the observation",
        "env.reset() returns the observation and a dictionary: obs, info = env.reset().",
    )  # fmt: skip


def _policy(obs) -> int:
    if isinstance(obs, tuple):
        raise _two_things("what the policy is asked with", "an observation", f"{show(obs)}")
    return int(np.asarray(obs).ravel()[0]) % 3


def _too_long(asked: bool) -> Problem:
    if asked:
        return mistaken(
            "collect(env, policy, buffer, steps=8, seed=7), where the buffer is full with 4",
            "8 environment steps", "more than 300 steps",
            "the length of the buffer is taken for the number of steps",
            "A full buffer grows no more, and one may hold something already: count the calls of "
            "env.step yourself.",
        )  # fmt: skip
    return mistaken(
        "collect(env, policy, buffer, steps=8, seed=7)", "8 environment steps",
        "more than 300 steps", "steps counts something else than steps",
        "Count the calls of env.step, over as many episodes as it takes, and stop after `steps`.",
    )  # fmt: skip


def judge_collect(function) -> None:
    """Raise Problem unless the function plays the script and keeps the right transitions."""
    for steps in (8, 5, 1):
        memory = ReplayBuffer()
        env = ScriptedEnv(memory)
        case = f"collect(env, policy, buffer, steps={steps}, seed=7)"
        with during(f"This case: {case}"):
            returns = function(env, _policy, memory, steps, 7)
        _judge_steps(case, env, memory, steps)
        _judge_seeds(case, env.seeds)
        missing = len(memory.rows) < env.steps
        _judge_rows(case, memory.rows[:steps], ROWS[:steps], missing)
        _judge_count(case, env, memory, steps)
        _judge_returns(case, returns, [ENDS[k] for k in ENDS if k <= steps], memory.rows)


def _judge_steps(case, env, memory, steps) -> None:
    """Raise Problem if the episodes are not begun anew where they end, and only there."""
    if len(env.seeds) >= env.steps > 4:
        raise mistaken(
            case, "a reset at the beginning and after each episode", f"{len(env.seeds)} resets",
            "a reset at every step",
            "A step goes on from where the last one led. A reset belongs before the loop, and to "
            "the end of an episode.",
        )  # fmt: skip
    if env.after_end:
        limit = any(row[0] == 23 for row in memory.rows) or env.episode == 2
        what = "a time limit (truncated)" if limit else "its end (terminated)"
        name = "no reset after a truncation" if limit else "no reset after the end of an episode"
        raise mistaken(
            case, "a reset after each episode", f"a step after {what}", name,
            "An episode is over if terminated or truncated is True: then begin a new one with "
            "obs, _ = env.reset().",
        )  # fmt: skip


def _judge_seeds(case, seeds) -> None:
    shown = ", ".join("reset()" if s is None else f"reset(seed={show(s)})" for s in seeds[:4])
    shown = shown or "no reset"
    if seeds[:1] != [7]:
        raise mistaken(
            case, "first reset(seed=7)", shown, "the seed is not used",
            "The first reset takes the seed, so that a run can be repeated: "
            "env.reset(seed=seed).",
        )  # fmt: skip
    if any(seed is not None for seed in seeds[1:]):
        raise mistaken(
            case, "a seed for the first reset only", shown, "every episode gets a seed",
            "With a seed the environment starts its random numbers afresh, and with the same "
            "one every episode begins alike. Later resets take none: env.reset().",
        )  # fmt: skip


def _judge_rows(case, rows, want, missing) -> None:
    """Raise Problem at the first transition that differs, with the likely mistake."""
    for k, (row, right) in enumerate(zip(rows, want, strict=False)):
        if row == right:
            continue
        obs, action, _, next_obs, terminated = row
        shown = tuple(
            ", ".join(f"{n}={show(v)}" for n, v in zip(FIELDS, r, strict=True))
            for r in ((float(right[0]), *right[1:3], float(right[3]), right[4]), row)
        )
        this = f"{case}, transition {k + 1}"
        if k + 1 in ENDS:
            this += ", which terminated" if right[4] else ", which a time limit truncated"
        first = k > 0 and k in ENDS
        if all(r[:4] == w[:4] and r[4] == (not w[4]) for r, w in zip(rows, want, strict=False)):
            raise mistaken(
                this, *shown, "terminated is turned round",
                "The buffer keeps terminated as it is. The target turns it round, later.",
            )  # fmt: skip
        if (obs, next_obs, row[2]) == (right[0], right[2], right[3]):
            raise mistaken(
                this, *shown, "reward and next_obs are swapped",
                "The order in a Transition is obs, action, reward, next_obs, terminated.",
            )  # fmt: skip
        if (*row[:2], *row[3:]) == (*right[:2], *right[3:]):
            raise mistaken(
                this, *shown, "another reward than that of the step",
                "The buffer keeps what the environment gave for this one step. Another reward is "
                "another task, and the sum of an episode is its return.",
            )  # fmt: skip
        if missing and row in want[k + 1 :]:
            raise mistaken(
                this, *shown, "a step is not stored",
                "Each step goes into the buffer, the last one of an episode too.",
            )  # fmt: skip
        if k and row == want[k - 1]:
            raise mistaken(
                this, *shown, "a step is stored twice", "Call buffer.add once for each env.step.",
            )  # fmt: skip
        if obs == right[0] and next_obs % 10 == 0 and next_obs > right[3]:
            raise mistaken(
                this, *shown, "the reset's observation is stored as the next one",
                "After a truncation the target needs the value of the state where the episode "
                "stopped, and the reset leads somewhere else. Call add before you reset.",
            )  # fmt: skip
        if row[:4] == right[:4] and terminated and k + 1 in ENDS:
            raise mistaken(
                this, *shown, "a truncation is stored as a termination",
                "After a time limit reward could have followed, so the target keeps the next "
                "value. Store terminated alone, not terminated or truncated.",
            )  # fmt: skip
        if row[:4] == right[:4]:
            raise mistaken(
                this, *shown, "terminated is not what the step gave",
                "env.step returns terminated in third place and truncated in fourth: store the "
                "third.",
            )  # fmt: skip
        if obs == right[3] and next_obs == right[3]:
            raise mistaken(
                this, *shown, "the next observation stands in obs as well",
                "Call add before obs = next_obs: obs is what the agent saw before the step.",
            )  # fmt: skip
        if obs == right[3] and next_obs == right[0]:
            raise mistaken(
                this, *shown, "obs and next_obs are swapped",
                "The order in a Transition is obs, action, reward, next_obs, terminated.",
            )  # fmt: skip
        if obs == right[0] and next_obs == obs:
            raise mistaken(
                this, *shown, "obs stands in next_obs",
                "next_obs is the first thing that env.step returns.",
            )  # fmt: skip
        if first and obs == want[k - 1][3]:
            raise mistaken(
                this, *shown, "a new episode goes on from the old observation",
                "The reset gives the first observation of the new episode: obs, _ = env.reset().",
            )  # fmt: skip
        if first and obs > right[0]:
            raise mistaken(
                this, *shown, "an episode is skipped",
                "Reset once after each episode, not twice.",
            )  # fmt: skip
        if k and obs in (rows[0][0], rows[k - 1][0]):
            raise mistaken(
                this, *shown, "obs does not move on",
                "After each step the next observation becomes the current one: obs = next_obs.",
            )  # fmt: skip
        if obs == right[0] and next_obs == right[3] and action != right[1]:
            raise mistaken(
                this, *shown, "the policy is not asked with this observation",
                "action = policy(obs), afresh at each step, and the same action goes to "
                "env.step and into the transition.",
            )  # fmt: skip
        lines = (f"  expected  {shown[0]}", f"  yours     {shown[1]}")
        text = "A transition is obs, action, reward, next_obs and terminated of a single step."
        raise Problem(f"This case: {this}", *lines, text, diagnosis="another transition")


def _judge_count(case, env, memory, steps) -> None:
    name = got = ""
    kept = len(memory.rows)
    if kept < env.steps:
        name, got = "a step is not stored", f"{env.steps} steps, {kept} transitions"
        advice = "Each step goes into the buffer, the last one of an episode too."
    elif kept > env.steps:
        name, got = "a step is stored twice", f"{env.steps} steps, {kept} transitions"
        advice = "Call buffer.add once for each env.step."
    elif env.steps > steps:
        name, got = "too many steps", f"{env.steps} steps"
        advice = "Stop after `steps` calls of env.step, also in the middle of an episode."
    elif env.steps < steps:
        name, got = "too few steps", f"{env.steps} steps"
        advice = "range(steps) gives as many rounds as wanted; after an episode the next begins."
    if name:
        raise mistaken(case, f"{steps} steps, {steps} transitions", got, name, advice)


def _judge_returns(case, returns, want, rows) -> None:
    lines = (f"This case: {case}", f"  expected  {want}, the returns of the episodes that ended",
             f"  yours     {show(returns)}")  # fmt: skip
    if returns is None:
        text, mend = "The transitions are right. But it returned None.", "Return them at the end."
        raise Problem(*lines, text, diagnosis="returned None", mend=mend)
    try:
        got = [float(r) for r in returns]
    except (TypeError, ValueError):
        text = "The transitions are right. But a list is wanted, with one number an episode."
        raise Problem(*lines, text, diagnosis="wrong type") from None
    if np.allclose(got, want) if len(got) == len(want) else False:
        return
    shown = (lines[1].removeprefix("  expected  "), lines[2].removeprefix("  yours     "))
    rewards = [row[2] for row in rows]
    if len(got) == len(want) + 1 and np.allclose(got[:-1], want):
        raise mistaken(
            case, *shown, "the unfinished episode is among the returns",
            "The last episode may not be over yet: append a return only when one ends.",
        )  # fmt: skip
    if len(got) == len(want) and np.allclose(got, np.cumsum(want)):
        raise mistaken(
            case, *shown, "the sum is not set back to 0",
            "Each episode has its own return: begin again at 0 after each end.",
        )  # fmt: skip
    if len(got) == len(rewards) and np.allclose(got, rewards):
        raise mistaken(
            case, *shown, "rewards in place of returns",
            "A return is the sum of an episode's rewards: add them up, append at its end.",
        )  # fmt: skip
    last = [rewards[k - 1] for k in ENDS if k <= len(rewards)]
    if len(got) == len(want) and np.allclose(np.add(got, last), want):
        raise mistaken(
            case, *shown, "the last reward of an episode is left out",
            "Add the reward before you look whether the episode is over.",
        )  # fmt: skip
    ends = [k for k in ENDS if k <= len(rewards)]
    if len(got) == len(want) and np.allclose(got, np.diff([0, *ends])):
        raise mistaken(
            case, *shown, "lengths in place of returns",
            "On CartPole the two are the same, as each step earns 1. In general a return is the "
            "sum of the rewards.",
        )  # fmt: skip
    ended = [ENDS[k] for k in ends if rows[k - 1][4]]
    if len(got) == len(ended) and np.allclose(got, ended):
        raise mistaken(
            case, *shown, "the truncated episodes are missing",
            "An episode that a time limit ended is over as well, and its return counts.",
        )  # fmt: skip
    text = "The transitions are right. But the returns are not: one sum of rewards an episode."
    raise Problem(*lines, text, diagnosis="other returns")


COLLECT = Check(
    path="dqnlib.replay.collect",
    judge=judge_collect,
    returns="a list of returns",
    mistakes=(
        Mistake(
            "the five results of a step are taken apart wrongly",
            "next_obs, reward, terminated, truncated, info = env.step(action).",
            raises=("too many values to unpack (expected ", "to unpack (expected 6, got 5)"),
        ),
        Mistake(
            "add got something else than one Transition",
            "Make one thing of the five first: buffer.add(Transition(obs, action, reward, "
            "next_obs, terminated)).",
            raises="ReplayBuffer.add() takes",
        ),
    ),
    hints=(
        "Each step has the same five parts: ask the policy, step, store, move on, and begin a "
        "new episode where one has ended. Which of them must come before the reset?",
        "Store with `buffer.add(Transition(obs, action, reward, next_obs, terminated))` and only "
        "then set `obs = next_obs`. If `terminated or truncated`: append the sum of rewards, set "
        "it to 0 and begin again with `obs, _ = env.reset()`.",
        "Before the loop: `obs, _ = env.reset(seed=seed)`. Inside `for _ in range(steps)`: "
        "`action = policy(obs)` and "
        "`next_obs, reward, terminated, truncated, _ = env.step(action)`. After the loop: "
        "`return returns`.",
    ),
)

CHECKS = (REPLAY_BUFFER, COLLECT)
