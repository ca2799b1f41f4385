"""The replay buffers of S runs."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from dqnlib.arguments import seeds_in_words
from dqnlib.data import Batch, Transition
from dqnlib.seeds.acting import network_input
from dqnlib.seeds.draws import Indices
from dqnlib.seeds.keeping import attributes_of, restore_attributes
from dqnlib.seeds.learner import LearnerError, call, name_of
from dqnlib.seeds.priorities import Drawing


class Ring(Drawing):
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
        return self._read(self._indices.take(self.size, batch_size, grows, self.capacity))

    def _write(self, rows: np.ndarray, places: np.ndarray, new: np.ndarray) -> None:
        """Write a transition [R, 2 O + 3] of each of the runs at its place [R]."""
        if self._numpy is not None:
            self._numpy[rows, places] = new
        else:
            there = (torch.from_numpy(x).to(self.device) for x in (rows, places, new))
            r, p, values = there
            self._rows[r, p] = values

    def _read(self, i: np.ndarray) -> Batch:
        """Return the transitions of every run with the numbers i [S, B]."""
        o, i = self._obs_size, i + self._first
        if self._numpy is not None:
            rows = self._numpy.reshape(-1, 2 * o + 3).take(i, 0)  # [S, B, 2 O + 3]
            action, terminated = rows[..., -2].astype(np.int64), rows[..., -1].astype(bool)
            fields = rows[..., :o], action, rows[..., -3], rows[..., o : 2 * o], terminated
            return Batch(*map(torch.from_numpy, fields))
        where = torch.from_numpy(i.reshape(-1)).to(self.device)
        rows = self._long.index_select(0, where).view(*i.shape, -1)
        action, terminated = rows[..., -2].long(), rows[..., -1].bool()
        return Batch(rows[..., :o], action, rows[..., -3], rows[..., o : 2 * o], terminated)

    def _kept(self, size: int) -> torch.Tensor:
        """Return a copy of the first places of every run: [S, size, 2 O + 3]."""
        return self._rows[:, :size].to("cpu", copy=True)

    def state(self) -> dict:
        """Return all that is needed to go on from here, as plain data."""
        self._indices.rewind()
        return {
            "size": self.size, "next": self.next,
            "rows": self._kept(self.size),
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

    make: (capacity) -> an object with `add(transition)` and `sample(batch_size, rng) -> Batch`; it
    may have `update(index, td_error)`, which is called after each update with the batch's index
    [B] and δ = y − Q(s, a) [B].
    """

    def __init__(self, make: Callable, capacity: int, rngs, device, names, where: Callable):
        self.name, self._names, self._where = name_of(make), names, where
        self._rngs, self.device, self.capacity = rngs, device, capacity
        self.sizes = np.zeros(len(rngs), np.int64)  # transitions of each run [S]
        self._obs_shape: tuple[int, ...] = ()  # known after the first add
        self.buffers = [self._call(k, make, capacity) for k in range(len(rngs))]
        self.wants_errors = callable(getattr(self.buffers[0], "update", None))

    def __len__(self) -> int:
        return int(self.sizes.min())

    def _call(self, k: int, function: Callable, *args):
        return call(function, *args, name=self.name, where=self._at(k))

    def _at(self, k: int) -> str:
        return f"{self._where()}, seed {self._names[k]}"

    def add(self, obs, action, reward, next_obs, terminated, rows=None) -> None:
        """Keep one transition of each of the runs: arrays [R, *O], [R], [R], [R, *O], [R].

        rows: the runs' numbers [R]; None stands for all S, each as often as it has environments.
        """
        if rows is None:
            rows = np.repeat(np.arange(len(self.buffers)), len(obs) // len(self.buffers))
        for i, k in enumerate(rows):
            one = Transition(
                obs[i].copy(), int(action[i]), float(reward[i]), next_obs[i].copy(),
                bool(terminated[i]),
            )  # fmt: skip
            self._call(k, self.buffers[k].add, one)
            self.sizes[k] = min(self.sizes[k] + 1, self.capacity)
        self._obs_shape = obs.shape[1:]

    def sample(self, batch_size: int) -> Batch:
        """Return a batch of every run: obs [S, B, *O] and so on."""
        found = []
        for k, (buffer, rng) in enumerate(zip(self.buffers, self._rngs, strict=True)):
            found.append(
                self._checked(k, self._call(k, buffer.sample, batch_size, rng), batch_size)
            )
        added = {name: self._added(name, found) for name in ("weight", "index")}
        fields = (torch.stack(each).to(self.device) for each in zip(*found, strict=True))
        return Batch(*fields, **added)

    def _added(self, name: str, found: list[Batch]) -> Tensor | None:
        """Return a field that a batch may have, or lack: [S, B]."""
        each = [getattr(batch, name) for batch in found]
        lacking = [k for k, value in enumerate(each) if value is None]
        if 0 < len(lacking) < len(each):
            raise LearnerError(
                f"✗ {self.name}.sample gave no {name} {self._at(lacking[0])}, but did so for "
                "other seeds: give it always or never"
            )
        return None if lacking else torch.stack(each).to(self.device)

    def update(self, index: Tensor | None, td_error: Tensor) -> None:
        """Tell every buffer the TD errors [S, B] of its last batch, by index [S, B]."""
        if index is None:
            raise LearnerError(
                f"✗ {self.name} has a method update(index, td_error), but its batches carry no "
                f"index {self._where()}: return Batch(..., index=...) from sample"
            )
        for k, buffer in enumerate(self.buffers):
            self._call(k, buffer.update, index[k].cpu(), td_error[k].cpu())

    def _checked(self, k: int, batch, batch_size: int) -> Batch:
        """Return a run's batch with fields of the right kinds; LearnerError for another shape."""
        if not isinstance(batch, tuple) or len(batch) != len(_KINDS):
            got = f"{len(batch)} fields" if isinstance(batch, tuple) else type(batch).__name__
            raise LearnerError(
                f"✗ {self.name}.sample returned {got} {self._at(k)}; expected a "
                f"Batch({', '.join(_KINDS)})"
            )

        def checked(name: str, value, kind) -> Tensor:
            value = self._call(k, torch.as_tensor, value)
            is_obs = name in ("obs", "next_obs")
            want = [batch_size, *self._obs_shape] if is_obs else [batch_size]
            if list(value.shape) != want:
                raise LearnerError(
                    f"✗ {self.name}.sample gave {name} of the shape {list(value.shape)} "
                    f"{self._at(k)}; expected {want}"
                )
            # bytes become 0 to 1 here, too: so the network sees them when it acts
            return network_input(value, self.device) if is_obs else value.to(kind)

        fields = (checked(*field) for field in zip(_KINDS, batch, _KINDS.values(), strict=True))
        added = {"weight": torch.float32, "index": torch.int64}
        # a plain tuple has a method `index`
        given = {name: getattr(batch, name) for name in added} if isinstance(batch, Batch) else {}
        found = {n: checked(n, v, added[n]) for n, v in given.items() if v is not None}
        batch = Batch(*fields, **found)
        self._check_weights(k, batch.weight)
        return batch

    def _check_weights(self, k: int, weight: Tensor | None) -> None:
        """Raise LearnerError for weights with which nothing, or anything, would be learned."""
        if weight is None:
            return
        wrong = {
            "NaN or infinity": not torch.isfinite(weight).all(),
            "a negative number": (weight < 0).any(),
            "0 everywhere": not weight.any(),
        }
        for what, found in wrong.items():
            if found:
                raise LearnerError(
                    f"✗ {self.name}.sample gave {what} as weight {self._at(k)}; expected finite "
                    "numbers of at least 0, some of them above"
                )

    def state(self) -> dict:
        """Return the buffers' attributes; ValueError names one that is no plain data."""
        return {
            "size": self.sizes.tolist(), "obs_shape": self._obs_shape,
            "buffers": [attributes_of(b, self.name) for b in self.buffers],
            "sampling": [rng.bit_generator.state for rng in self._rngs],
        }  # fmt: skip

    def restore(self, state: dict) -> None:
        """Go back to a state."""
        self.sizes[:], self._obs_shape = state["size"], state["obs_shape"]
        for buffer, kept in zip(self.buffers, state["buffers"], strict=True):
            restore_attributes(buffer, kept)
        for rng, kept in zip(self._rngs, state["sampling"], strict=True):
            rng.bit_generator.state = kept


_KINDS = {
    "obs": torch.float32, "action": torch.int64, "reward": torch.float32,
    "next_obs": torch.float32, "terminated": torch.bool,
}  # fmt: skip
