"""MinAtar's Breakout in every row, computed at once: the same numbers as one game a row."""

import gymnasium as gym
import numpy as np

from dqnlib.seeds.rows import Environments

BREAKOUT = "dqnlib/MinAtarBreakout-v0"
STICKY = 0.1  # probability that the last action is done again
SIZE, TOP, BOTTOM = 10, 1, 4  # pixels of a side; bricks lie in the rows from TOP up to BOTTOM
PADDLE, BALL, TRAIL, BRICKS = range(4)  # channels
MOVES = np.array([0, -1, 1])  # of the paddle, by action
START = 4  # column of the paddle at first


class Breakouts(Environments):
    """`dqnlib.minatar.MinAtar` at Breakout in every row; each row has a generator of its own.

    The ball flies along diagonals, (dx, dy) with ±1 each. Where MinAtar exchanges one of four
    directions for another, one of the two signs, or both, change here. Unlike single games, which
    keep randomness where nobody can reach it, these can be saved and go on bit for bit.
    """

    cheap_rows = True

    def _make_rows(self, make) -> None:
        env = make()
        self._describe(env)
        self.limit = self.registered_limit  # that of the config, if it has one
        s = len(self.seeds)
        self._rows = np.arange(s)
        self._x, self._y, self._dx, self._dy = np.zeros((4, s), np.int64)  # the ball
        self._paddle, self._last = np.zeros((2, s), np.int64)  # column; the last action
        self._was_in_brick = np.zeros(s, bool)
        self._bricks = np.zeros((s, SIZE, SIZE), bool)
        self._rngs: list = [None] * s

    def _step(self, action: np.ndarray):
        rows, x, y, dx, dy = self._rows, self._x, self._y, self._dx, self._dy
        sticky = np.array([rng.rand() for rng in self._rngs]) < STICKY
        self._last = np.where(sticky, self._last, action)
        self._paddle = np.clip(self._paddle + MOVES[self._last], 0, SIZE - 1)
        wall = (x + dx < 0) | (x + dx >= SIZE)
        new_x = np.where(wall, x, x + dx)
        dx = np.where(wall, -dx, dx)
        roof = y + dy < 0
        new_y = np.where(roof, 0, y + dy)
        in_brick = ~roof & self._bricks[rows, new_y, new_x]
        hit = in_brick & ~self._was_in_brick  # one brick, then the ball must leave the wall
        self._bricks[rows[hit], new_y[hit], new_x[hit]] = False
        low = new_y == SIZE - 1
        cleared = low & ~self._bricks.any((1, 2))
        self._bricks[cleared, TOP:BOTTOM] = True
        straight = low & (x == self._paddle)
        edge = low & ~straight & (new_x == self._paddle)  # the paddle's corner throws it back
        self._x, self._y = new_x, np.where(hit | straight | edge, y, new_y)
        self._dx = np.where(edge, -dx, dx)
        self._dy = np.where(roof | hit | straight | edge, -dy, dy)
        self._was_in_brick = in_brick
        return self._screens(rows, x, y), hit.astype(float), low & ~straight & ~edge, False

    def _screens(self, rows: np.ndarray, trail_x, trail_y) -> np.ndarray:
        """Return what these rows see, [R, 4, 10, 10]; trail_x, trail_y: where the balls were."""
        r = np.arange(len(rows))
        screen = np.zeros((len(rows), *self.obs_shape), bool)
        screen[r, PADDLE, SIZE - 1, self._paddle[rows]] = True
        screen[r, BALL, self._y[rows], self._x[rows]] = True
        screen[r, TRAIL, trail_y, trail_x] = True
        screen[:, BRICKS] = self._bricks[rows]
        return screen

    def _check(self, next_obs: np.ndarray, reward: np.ndarray) -> None:
        """Nothing to check: rewards are 0 or 1, and pixels truth values."""

    def _reset(self, rows: np.ndarray, seeds: list[int] | None = None) -> None:
        for k, seed in zip(rows, seeds or [], strict=False):
            drawn = int(gym.utils.seeding.np_random(seed)[0].integers(2**31))
            self._rngs[k] = np.random.RandomState(drawn)
        right = np.array([self._rngs[k].randint(2) for k in rows]) == 1
        self._x[rows], self._y[rows] = np.where(right, SIZE - 1, 0), TOP + 2
        self._dx[rows], self._dy[rows] = np.where(right, -1, 1), 1
        self._paddle[rows], self._last[rows], self._was_in_brick[rows] = START, 0, False
        self._bricks[rows] = False
        self._bricks[rows, TOP:BOTTOM] = True
        self.obs[rows] = self._screens(rows, self._x[rows], self._y[rows])
        self.total[rows], self.length[rows] = 0.0, 0

    def _row_state(self, k: int) -> dict:
        numbers = (self._x, self._y, self._dx, self._dy, self._paddle, self._last)
        return {
            "game": np.array([*(x[k] for x in numbers), self._was_in_brick[k]], np.int64),
            "bricks": self._bricks[k].copy(), "now": self._rngs[k].get_state(legacy=False),
        }  # fmt: skip

    def _restore_row(self, k: int, row: dict, obs: np.ndarray) -> None:
        numbers = (self._x, self._y, self._dx, self._dy, self._paddle, self._last)
        for x, value in zip(numbers, row["game"].tolist(), strict=False):
            x[k] = value
        self._was_in_brick[k], self._bricks[k] = bool(row["game"][-1]), row["bricks"]
        self._rngs[k].set_state(row["now"])
