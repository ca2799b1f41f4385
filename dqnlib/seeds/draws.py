"""Random numbers of S runs, each from its own generator, and what is chosen with them."""

import numpy as np


class Draws:
    """Uniform random numbers of S generators, each row with its own place in its own stream.

    Row k gives the numbers that ``rngs[k].random(n)`` would give, however the calls mix.
    """

    def __init__(self, rngs: list[np.random.Generator], block: int = 1024):
        self._rngs, self._block = rngs, block
        self._numbers = np.empty((len(rngs), block))
        self._flat = self._numbers.reshape(-1)  # the same memory: quicker to index
        self._used = np.full(len(rngs), block)

    def take(self, rows: np.ndarray, n: int) -> list[np.ndarray]:
        """Return the next n numbers of each of the rows: n arrays [len(rows)]."""
        if n > self._block:
            raise ValueError(f"at most {self._block} numbers can be taken at once, not {n}")
        used = self._used[rows]
        empty = (used > self._block - n).nonzero()[0]
        if len(empty):
            for row in rows[empty]:
                left = self._numbers[row, self._used[row] :]
                fresh = self._rngs[row].random(self._block - len(left))
                self._numbers[row] = np.concatenate([left, fresh])
                self._used[row] = 0
            used = self._used[rows]
        self._used[rows] = used + n
        at = rows * self._block + used
        return [self._flat[at + i] for i in range(n)]

    def state(self) -> dict:
        """Return all that is needed to go on from here, as plain data."""
        states = [rng.bit_generator.state for rng in self._rngs]
        return {"numbers": self._numbers.copy(), "used": self._used.copy(), "rngs": states}

    def restore(self, state: dict) -> None:
        """Go back to a state."""
        self._numbers[:], self._used[:] = state["numbers"], state["used"]
        for rng, kept in zip(self._rngs, state["rngs"], strict=True):
            rng.bit_generator.state = kept


class Lockstep:
    """The numbers of `Draws`, where all rows always take the same number of them.

    So each step's numbers lie side by side, and taking them is one look-up.
    """

    def __init__(self, rngs: list[np.random.Generator], block: int = 1024):
        self._rngs = rngs
        self._numbers = np.empty((block, len(rngs)))  # [block, S]
        self._used = block

    def take(self, n: int) -> list[np.ndarray]:
        """Return the next n numbers of every row: n arrays [S]."""
        k = self._used
        if k + n > len(self._numbers):
            left = self._numbers[k:]
            fresh = [rng.random(len(self._numbers) - len(left)) for rng in self._rngs]
            self._numbers = np.concatenate([left, np.stack(fresh, 1)])
            k = 0
        self._used = k + n
        return list(self._numbers[k : k + n])

    def take_pairs(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Return two numbers [n] for each of n = S·E environments, E of each row in a row."""
        each = n // len(self._rngs)
        if each == 1:
            first, second = self.take(2)
            return first, second
        numbers = np.stack(self.take(2 * each), 1)  # [S, 2 E]
        return numbers[:, ::2].reshape(-1), numbers[:, 1::2].reshape(-1)

    def state(self) -> dict:
        """Return all that is needed to go on from here, as plain data in the form of `Draws`."""
        states = [rng.bit_generator.state for rng in self._rngs]
        used = np.full(len(self._rngs), self._used)
        return {"numbers": self._numbers.T.copy(), "used": used, "rngs": states}

    def restore(self, state: dict) -> None:
        """Go back to a state."""
        self._numbers, self._used = state["numbers"].T.copy(), int(state["used"][0])
        for rng, kept in zip(self._rngs, state["rngs"], strict=True):
            rng.bit_generator.state = kept


class PlainDraws:
    """The same numbers without a store, so that a learner's policy can use the generators too."""

    def __init__(self, rngs: list[np.random.Generator]):
        self._rngs = rngs

    def take(self, rows: np.ndarray, n: int) -> np.ndarray:
        return np.array([self._rngs[row].random(n) for row in rows]).reshape(len(rows), n).T


class Indices:
    """Which transitions each run samples: what ``rng.integers(size, size=batch)`` gives each time.

    The draws of many updates are made in one call a run, ahead of time, for the buffer sizes that
    are to be expected. Where it comes otherwise, the generators go back and draw again, so the
    numbers are always those of single calls.
    """

    def __init__(self, rngs: list[np.random.Generator], ahead: int = 32):
        self._rngs, self._ahead = rngs, ahead
        self._sizes = np.zeros(0, np.int64)  # expected at each update of the block
        self._numbers = np.zeros((0, len(rngs), 0), np.int64)  # [ahead, S, B]
        self._used = 0
        self._begin: list[dict] = []  # the generators before the block

    def take(self, size: int, batch: int, grows: int, capacity: int) -> np.ndarray:
        """Return indices [S, B] below size; grows: transitions until the next call."""
        k = self._used
        fits = k < len(self._sizes) and self._sizes[k] == size
        if not fits or self._numbers.shape[2] != batch:
            self.rewind()
            self._begin = [rng.bit_generator.state for rng in self._rngs]
            self._sizes = np.minimum(size + grows * np.arange(self._ahead), capacity)
            drawn = [
                rng.integers(self._sizes[:, None], size=(self._ahead, batch)) for rng in self._rngs
            ]
            self._numbers, self._used, k = np.stack(drawn, 1), 0, 0
        self._used += 1
        return self._numbers[k]

    def rewind(self) -> None:
        """Bring the generators to where single calls would have left them."""
        used, batch = self._used, self._numbers.shape[2]
        if used < len(self._sizes):
            for rng, state in zip(self._rngs, self._begin, strict=True):
                rng.bit_generator.state = state
                rng.integers(self._sizes[:used, None], size=(used, batch))
        self._sizes, self._used = self._sizes[:0], 0


def choose(q: np.ndarray, epsilon: float, explore: np.ndarray, pick: np.ndarray) -> np.ndarray:
    """`tabular.epsilon_greedy` for R runs: [R, A], a number, [R], [R] -> actions [R]."""
    greedy = q.argmax(1)
    best = q == value_of(q, greedy)[:, None]  # quicker than q.max(1) for short rows
    if np.count_nonzero(best) > len(best):  # somewhere several actions are best
        rank = best.cumsum(1)  # [R, A] 1 at the first best action, 2 at the second, ...
        greedy = (rank > (pick * rank[:, -1]).astype(int)[:, None]).argmax(1)
    return np.where(explore < epsilon, (pick * q.shape[1]).astype(int), greedy)


def choose_one(q: list[float], epsilon: float, explore: float, pick: float) -> int:
    """`choose` for one run, in plain Python: for a few runs it is the quicker of the two."""
    if explore < epsilon:
        return int(pick * len(q))
    largest = max(q)
    if q.count(largest) == 1:
        return q.index(largest)
    best = [action for action, value in enumerate(q) if value == largest]
    return best[int(pick * len(best))]


def value_of(q: np.ndarray, action: np.ndarray) -> np.ndarray:
    """Return the value of one action a row: [R, A], [R] -> [R]."""
    return q.reshape(-1)[np.arange(0, q.size, q.shape[1]) + action]
