"""The replay buffers of S runs."""

import copy
from collections import deque
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from dqnlib.arguments import seeds_in_words
from dqnlib.data import Batch, Transition
from dqnlib.seeds.acting import network_input
from dqnlib.seeds.draws import Indices
from dqnlib.seeds.learner import LearnerError, first_line, name_of
from dqnlib.storage import from_plain, to_plain


class Ring:
    """`dqnlib.replay.ReplayBuffer` of vectors for S runs, which all add one transition at a time.

    A transition is one row of float32: obs, next_obs, reward, action, terminated. So a batch is
    one read from memory. Gives the batches that S buffers with these generators would give.
    """

    def __init__(self, capacity: int, obs_size: int, rngs, device: str = "cpu"):
        s, n, o = len(rngs), capacity, obs_size
        self.capacity, self.size, self.next = capacity, 0, 0
        self.device, self._obs_size = torch.device(device), obs_size
        self._rngs, self._indices, self._last_added = rngs, Indices(rngs), 0
        self._added = 0  # transitions a run so far; and when the last batch was drawn
        try:
            self._rows = torch.zeros(s, n, 2 * o + 3, device=device)
        except RuntimeError:  # PyTorch names the bytes, and a whole page of its own source
            size = f"{4 * s * n * (2 * o + 3) / 1e9:,.0f} GB"
            raise ValueError(
                f"a buffer of {n:,} transitions for {seeds_in_words(s)} takes {size}, and there is "
                "not so much memory: take a smaller capacity"
            ) from None
        self._long = self._rows.view(s * n, -1)  # run k's transition i lies in row k · N + i
        self._first = np.arange(s)[:, None] * n
        self._new = np.zeros((s, 2 * o + 3), np.float32)
        # NumPy's view of the same memory is quicker to write and to read
        self._numpy = self._rows.numpy() if self.device.type == "cpu" else None

    def __len__(self) -> int:
        return self.size

    def add(self, obs, action, reward, next_obs, terminated) -> None:
        """Keep one transition of every run: arrays [S, O], [S], [S], [S, O], [S]."""
        o, new = self._obs_size, self._new
        if self._numpy is not None:
            new = self._numpy[:, self.next]
        new[:, :o], new[:, o : 2 * o] = obs, next_obs
        new[:, -3], new[:, -2], new[:, -1] = reward, action, terminated
        if self._numpy is None:
            self._rows[:, self.next] = torch.from_numpy(new).to(self.device)
        self.next = (self.next + 1) % self.capacity
        self.size = min(self.size + 1, self.capacity)
        self._added += 1

    def sample(self, batch_size: int) -> Batch:
        """Return a batch of every run: obs [S, B, O] and so on."""
        grows, self._last_added = self._added - self._last_added, self._added
        i, o = self._indices.take(self.size, batch_size, grows, self.capacity), self._obs_size
        i = i + self._first  # [S, B]
        if self._numpy is not None:
            rows = self._numpy.reshape(-1, 2 * o + 3).take(i, 0)  # [S, B, 2 O + 3]
            action, terminated = rows[..., -2].astype(np.int64), rows[..., -1].astype(bool)
            fields = rows[..., :o], action, rows[..., -3], rows[..., o : 2 * o], terminated
            return Batch(*map(torch.from_numpy, fields))
        where = torch.from_numpy(i.reshape(-1)).to(self.device)
        rows = self._long.index_select(0, where).view(*i.shape, -1)
        action, terminated = rows[..., -2].long(), rows[..., -1].bool()
        return Batch(rows[..., :o], action, rows[..., -3], rows[..., o : 2 * o], terminated)

    def state(self) -> dict:
        """Return all that is needed to go on from here, as plain data."""
        self._indices.rewind()
        return {
            "size": self.size, "next": self.next,
            "rows": self._rows[:, : self.size].to("cpu", copy=True),
            "added": [self._added, self._last_added],
            "sampling": [rng.bit_generator.state for rng in self._rngs],
        }  # fmt: skip

    def restore(self, state: dict) -> None:
        """Go back to a state."""
        self.size, self.next = state["size"], state["next"]
        self._rows[:, : self.size] = state["rows"].to(self.device)
        self._added, self._last_added = state["added"]
        self._indices = Indices(self._rngs)  # what was drawn ahead belongs to another past
        for rng, kept in zip(self._rngs, state["sampling"], strict=True):
            rng.bit_generator.state = kept


class Buffers:
    """One buffer of its own for each run: a learner's class, or buffers of images.

    make: (capacity) -> an object with `add(transition)` and `sample(batch_size, rng) -> Batch`.
    """

    def __init__(self, make: Callable, capacity: int, rngs, device, names, where: Callable):
        self.name, self._names, self._where = name_of(make), names, where
        self._rngs, self.device, self.size, self.capacity = rngs, device, 0, capacity
        self._obs_shape: tuple[int, ...] = ()  # known after the first add
        self.buffers = [self._call(k, lambda: make(capacity)) for k in range(len(rngs))]

    def __len__(self) -> int:
        return self.size

    def _call(self, k: int, work: Callable):
        try:
            return work()
        except Exception as error:
            raise LearnerError(
                f"✗ {self.name} failed {self._where()}, seed {self._names[k]}: {first_line(error)}"
            ) from error

    def add(self, obs, action, reward, next_obs, terminated) -> None:
        """Keep one transition of every run: arrays [S, *O], [S], [S], [S, *O], [S]."""
        for k, buffer in enumerate(self.buffers):
            one = Transition(
                obs[k].copy(), int(action[k]), float(reward[k]), next_obs[k].copy(),
                bool(terminated[k]),
            )  # fmt: skip
            self._call(k, lambda buffer=buffer, one=one: buffer.add(one))
        self._obs_shape = obs.shape[1:]
        self.size = min(self.size + 1, self.capacity)

    def sample(self, batch_size: int) -> Batch:
        """Return a batch of every run: obs [S, B, *O] and so on."""
        found = []
        for k, (buffer, rng) in enumerate(zip(self.buffers, self._rngs, strict=True)):
            batch = self._call(k, lambda buffer=buffer, rng=rng: buffer.sample(batch_size, rng))
            found.append(self._checked(k, batch, batch_size))
        return Batch(*(torch.stack(field).to(self.device) for field in zip(*found, strict=True)))

    def _checked(self, k: int, batch, batch_size: int) -> tuple[Tensor, ...]:
        if not isinstance(batch, tuple) or len(batch) != len(Batch._fields):
            got = f"{len(batch)} fields" if isinstance(batch, tuple) else type(batch).__name__
            raise LearnerError(
                f"✗ {self.name}.sample returned {got} {self._where()}, seed "
                f"{self._names[k]}; expected a Batch({', '.join(Batch._fields)})"
            )
        kinds = (torch.float32, torch.int64, torch.float32, torch.float32, torch.bool)
        fields = []
        for name, value, kind in zip(Batch._fields, batch, kinds, strict=True):
            value = self._call(k, lambda value=value: torch.as_tensor(value))
            is_obs = name in ("obs", "next_obs")
            want = [batch_size, *self._obs_shape] if is_obs else [batch_size]
            if list(value.shape) != want:
                raise LearnerError(
                    f"✗ {self.name}.sample gave {name} of the shape {list(value.shape)} "
                    f"{self._where()}, seed {self._names[k]}; expected {want}"
                )
            # bytes become 0 to 1 here, too: so the network sees them when it acts
            fields.append(network_input(value, self.device) if is_obs else value.to(kind))
        return tuple(fields)

    def state(self) -> dict:
        """Return the buffers' attributes; ValueError names one that is no plain data."""
        kinds = list | tuple | dict | set | deque  # what these hold is in no attribute
        if any(isinstance(b, kinds) or not hasattr(b, "__dict__") for b in self.buffers):
            raise ValueError(
                f"{self.name} cannot be saved, as its data are not in its attributes: keep them "
                "in one, such as self.data = deque(maxlen=capacity)"
            )
        return {
            "size": self.size, "obs_shape": self._obs_shape,
            "buffers": [to_plain(vars(b), self.name) for b in self.buffers],
            "sampling": [rng.bit_generator.state for rng in self._rngs],
        }  # fmt: skip

    def restore(self, state: dict) -> None:
        """Go back to a state."""
        self.size, self._obs_shape = state["size"], state["obs_shape"]
        for buffer, kept in zip(self.buffers, state["buffers"], strict=True):
            vars(buffer).clear()
            vars(buffer).update(from_plain(copy.deepcopy(kept)))  # the state stays as it is
        for rng, kept in zip(self._rngs, state["sampling"], strict=True):
            rng.bit_generator.state = kept
