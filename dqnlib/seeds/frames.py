"""The replay buffer of S runs whose observations are images: it keeps every frame once."""

import warnings
from collections import deque

import numpy as np
import torch

from dqnlib.arguments import seeds_in_words
from dqnlib.data import Batch
from dqnlib.frames import stack_shape
from dqnlib.replay import as_input
from dqnlib.seeds.priorities import Drawing, Priorities


class FrameRing(Drawing):
    """`dqnlib.replay.ReplayBuffer` of images for S runs, on the CPU or on a GPU.

    Frames are stored as they come, bytes as bytes, and become float32 from 0 to 1 on the device
    when a batch is drawn. A run's frames are numbered; each transition holds the numbers of its
    frames. Which frames of an observation are new is found by comparing bytes with the newest
    frames of that run, so what comes from where, and where episodes end, need not be known: a frame
    that is not found there is stored again. Gives the batches that S buffers with these
    generators would give.

    n_step: environment steps between obs and next_obs, which says how long a frame is looked for;
    priorities: how batches are drawn, if not uniformly.
    """

    def __init__(
        self, capacity: int, obs_shape, dtype, rngs, device: str = "cpu", *, n_step: int = 1,
        priorities: Priorities | None = None,
    ):  # fmt: skip
        s, n, self.priorities = len(rngs), capacity, priorities
        self.capacity, self.sizes = capacity, np.zeros(s, np.int64)
        self.device, self._rngs = torch.device(device), rngs
        self._store = self.device  # where the frames lie
        self._obs_shape, self._dtype = tuple(obs_shape), np.dtype(dtype)
        k, *self._frame = stack_shape(self._obs_shape)
        # frames back that a new transition may still refer to: two of n steps and a stack ago
        self._recent = 2 * (n_step + k)
        self._tails = [Tail(k, self._recent) for _ in rngs]
        self._stored = np.zeros(s, np.int64)  # frames written so far
        # run r's frame number f lies in row r · slots + f % slots; there are as many as
        # transitions, and a few more: each episode's last observation, and the newest
        self._slots = n + n // 50 + 2 * k + self._recent
        self._frames = self._room_for(n)
        self._next = np.zeros(s, np.int64)  # where each run's next transition goes
        self._obs, self._next_obs = np.zeros((2, s, n, k), np.int64)  # numbers of frames
        self._action, self._reward = np.zeros((s, n), np.int64), np.zeros((s, n), np.float32)
        self._terminated = np.zeros((s, n), bool)
        self._oldest = np.zeros((s, n), np.int64)  # no transition needs a frame before this one

    def __len__(self) -> int:
        return int(self.sizes.min())

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays, on the device or not."""
        arrays = (v for v in vars(self).values() if isinstance(v, np.ndarray | torch.Tensor))
        return sum(v.nbytes for v in arrays)

    def add(self, obs, action, reward, next_obs, terminated, rows=None) -> None:
        """Keep one transition of each of R runs: arrays [R, *O], [R], [R], [R, *O], [R].

        rows: the numbers of the runs [R], each at most once; None: all, in their order.
        """
        rows = range(len(self._rngs)) if rows is None else np.asarray(rows).tolist()
        obs, next_obs = (np.ascontiguousarray(x, self._dtype) for x in (obs, next_obs))
        fresh: list[bytes] = []  # the frames that are new
        where: list[tuple[int, int]] = []  # the run and the number of each of them
        room = 0
        for i, row in enumerate(rows):
            tail, place, full = self._tails[row], self._next[row], self._full(row)
            # the transition that goes now counts as kept, which costs one frame's room
            floor, first = self._oldest[row, place if full else 0], tail.count
            self._obs[row, place] = tail.numbers(obs[i], 0, fresh)
            self._next_obs[row, place] = tail.numbers(next_obs[i], 1, fresh)
            self._action[row, place], self._reward[row, place] = action[i], reward[i]
            self._terminated[row, place] = terminated[i]
            self._oldest[row, place] = max(0, first - self._recent)
            self._next[row] = (place + 1) % self.capacity
            if not full:
                self.sizes[row] += 1
            where += [(row, number) for number in range(first, tail.count)]
            room = max(room, tail.count - floor)  # so many frames must be there at once
            if self.priorities:
                self.priorities.added(np.array([row]), np.array([place]))
        if room > self._slots:
            self._grow(int(room))
        if fresh:
            places = [row * self._slots + number % self._slots for row, number in where]
            self._put(places, fresh)
        for row in rows:
            self._stored[row] = self._tails[row].count

    def sample(self, batch_size: int) -> Batch:
        """Return a batch of every run: obs [S, B, *O] and so on."""
        i, added = self._drawn(batch_size)
        rows = np.arange(len(self._rngs))[:, None]
        plain = (self._action, self._reward, self._terminated)
        action, reward, terminated = (
            torch.from_numpy(field[rows, i]).to(self.device) for field in plain
        )
        obs, next_obs = (self._images(f[rows, i]) for f in (self._obs, self._next_obs))
        return Batch(obs, action, reward, next_obs, terminated, **added)

    def _full(self, row: int) -> bool:
        return self.sizes[row] == self.capacity

    def _images(self, numbers: np.ndarray) -> torch.Tensor:
        """Return the frames of these numbers [S, B, K] as a network's input [S, B, *O]."""
        rows = np.arange(len(numbers))[:, None, None] * self._slots + numbers % self._slots
        where = torch.from_numpy(rows.reshape(-1)).to(self._store)
        found = self._frames.index_select(0, where)
        return as_input(found.view(*numbers.shape[:2], *self._obs_shape), self.device)

    def _room_for(self, n: int) -> torch.Tensor:
        """Return room for the frames of n transitions a run; where a card has none, on the CPU.

        Raises ValueError where the computer has none, either.
        """
        s = len(self._rngs)
        size = s * self._slots * int(np.prod(self._frame)) * self._dtype.itemsize
        what = f"a buffer of {n:,} images for {seeds_in_words(s)} takes {size / 1e9:,.0f} GB, and "
        try:
            return self._places(s * self._slots)
        except (MemoryError, RuntimeError):  # PyTorch names the bytes, and a page of its source
            if self._store.type == "cpu":
                raise ValueError(
                    f"{what}there is not so much memory: take a smaller capacity"
                ) from None
        warnings.warn(
            f"{what}{self._store} has not so much memory left: they stay in the computer's memory, "
            "and every batch is copied. A smaller capacity may fit",
            stacklevel=7,
        )
        self._store = torch.device("cpu")
        return self._room_for(n)

    def _places(self, n: int) -> torch.Tensor:
        shape = (n, *self._frame)
        if self._store.type == "cpu":  # NumPy's zeros take no memory until they are written to
            return torch.from_numpy(np.zeros(shape, self._dtype))
        kind = torch.from_numpy(np.zeros(0, self._dtype)).dtype
        return torch.zeros(shape, dtype=kind, device=self._store)

    def _put(self, places: list[int], frames: list[bytes]) -> None:
        """Write frames to these rows of the store."""
        if self._store.type == "cpu":
            store = self._frames.numpy()
            store = store.reshape(len(store), -1)
            for place, frame in zip(places, frames, strict=True):
                store[place] = np.frombuffer(frame, self._dtype)
            return
        found = np.frombuffer(bytearray().join(frames), self._dtype)
        found = torch.from_numpy(found.reshape(len(places), *self._frame)).to(self._store)
        self._frames.index_copy_(0, torch.tensor(places, device=self._store), found)

    def _grow(self, least: int) -> None:
        """Make room: with short episodes there are more frames than transitions."""
        old, before = self._frames, self._slots
        self._slots = max(least, before + before // 20 + 1)
        self._frames = self._places(len(self._rngs) * self._slots)
        for row, count in enumerate(self._stored.tolist()):
            used = np.arange(max(0, count - before), count)
            for some in np.array_split(used, len(used) // 100 + 1):  # at once: a third copy
                here, there = (torch.from_numpy(some % n + row * n) for n in (before, self._slots))
                self._frames.index_copy_(0, there.to(self._store), old[here.to(self._store)])

    def state(self) -> dict:
        """Return all that is needed to go on from here, as plain data."""
        size, stored = int(self.sizes.max()), int(self._stored.max())
        frames = self._frames.view(len(self._rngs), self._slots, *self._frame)
        return {
            "sizes": self.sizes.copy(), "next": self._next.copy(), "stored": self._stored.copy(),
            "frames": frames[:, :stored].to("cpu", copy=True), "slots": self._slots,
            **{name: getattr(self, f"_{name}")[:, :size].copy() for name in _FIELDS},
            "sampling": [rng.bit_generator.state for rng in self._rngs],
            "priorities": self.priorities and self.priorities.state(size),
        }  # fmt: skip

    def restore(self, state: dict) -> None:
        """Go back to a state; frames that come now are not looked for among those before it."""
        if "sizes" not in state:
            raise ValueError(
                "version 0.1.0 of dqnlib kept images in another way, which this one does not read: "
                "train it anew"
            )
        if self.priorities:
            self.priorities.restore(state["priorities"])
        self.sizes, self._next, self._stored = (
            state[name].copy() for name in ("sizes", "next", "stored")
        )
        if self._slots != state["slots"]:
            self._slots = state["slots"]
            self._frames = self._places(len(self._rngs) * self._slots)
        frames = self._frames.view(len(self._rngs), self._slots, *self._frame)
        frames[:, : state["frames"].shape[1]] = state["frames"].to(self._store)
        for name in _FIELDS:
            getattr(self, f"_{name}")[:, : state[name].shape[1]] = state[name]
        k = self._obs.shape[2]
        self._tails = [Tail(k, self._recent, count) for count in self._stored.tolist()]
        for rng, kept in zip(self._rngs, state["sampling"], strict=True):
            rng.bit_generator.state = kept


_FIELDS = ("obs", "next_obs", "action", "reward", "terminated", "oldest")


class Tail:
    """The newest frames of one run as bytes, with their numbers: here a frame is found again.

    k: frames an observation; recent: how many frames it knows; count: frames stored so far.
    """

    def __init__(self, k: int, recent: int, count: int = 0):
        self.count, self._k, self._recent = count, k, recent
        self._known: deque[bytes] = deque(maxlen=recent)  # their numbers end at count − 1
        self._last: list[tuple[bytes, list[int]]] = [(b"", []), (b"", [])]  # obs, next_obs

    def numbers(self, stack: np.ndarray, stream: int, fresh: list[bytes]) -> list[int]:
        """Return the numbers [K] of an observation's frames; append those that are new to fresh.

        stack: [K, *frame], one block of memory; stream: 0 for obs, 1 for next_obs. Each is what
        the other one was, goes on where it was, or is a frame further on; else every frame is
        looked for.
        """
        data, size = b"", stack.nbytes // self._k
        for last, numbers in (self._last[1], self._last[0]):
            if not numbers or min(numbers) < self.count - self._recent:
                continue
            if last.startswith(stack):  # of one length: they are equal
                data = last
                break
            data = data or stack.tobytes()
            if data.startswith(memoryview(last)[size:]):
                numbers = [*numbers[1:], self._number(data[-size:], fresh)]
                break
        else:
            data = data or stack.tobytes()
            starts = range(0, len(data), size)
            numbers = [self._number(data[at : at + size], fresh) for at in starts]
        self._last[stream] = data, numbers
        return numbers

    def _number(self, frame: bytes, fresh: list[bytes]) -> int:
        known = self._known
        if frame in known:  # bytes that differ do so early: quicker than a dict, which reads all
            return self.count - len(known) + known.index(frame)
        known.append(frame)
        fresh.append(frame)
        self.count += 1
        return self.count - 1
