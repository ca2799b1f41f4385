"""Catch in every row, computed at once: the same numbers as one game a row."""

import gymnasium as gym
import numpy as np

from dqnlib.catch import HALF, INK, LIVES, SIZE, SPEEDS
from dqnlib.seeds.rows import Environments


class Catches(Environments):
    """`dqnlib.catch.Catch` in every row; each row has a generator of its own.

    Observations are pictures [8, 8], or with config.frame_stack the newest K of them [K, 8, 8].
    """

    cheap_rows = True

    def _make_rows(self, make) -> None:
        env = make()
        self._describe(env)
        self.limit = self.registered_limit  # that of the config, if it has one
        s = len(self.seeds)
        self._rows = np.arange(s)
        self._row, self._column, self._speed, self._paddle = np.zeros((4, s), np.int64)
        self.lives = np.zeros(s, np.int64)
        self._rngs: list = [None] * s

    def _step(self, action: np.ndarray):
        self._paddle = np.clip(self._paddle + action - 1, 0, SIZE - 1)
        self._row = self._row + 1
        column, last = self._column + self._speed, SIZE - 1
        self._speed = np.where((column < 0) | (column > last), -self._speed, self._speed)
        column = np.abs(column)
        self._column = np.where(column > last, 2 * last - column, column)
        down = self._row == last
        caught = down & (np.abs(self._column - self._paddle) <= HALF)
        self.lives = self.lives - (down & ~caught)
        for k in down.nonzero()[0]:
            self._serve(k)
        pictures = self._pictures(self._rows)
        if len(self.obs_shape) == 3:
            pictures = np.concatenate([self.obs[:, 1:], pictures[:, None]], axis=1)
        return pictures, caught.astype(float), self.lives == 0, False

    def _serve(self, k: int) -> None:
        self._row[k], self._column[k] = 0, self._rngs[k].integers(SIZE)
        self._speed[k] = SPEEDS[self._rngs[k].integers(len(SPEEDS))]

    def _pictures(self, rows: np.ndarray) -> np.ndarray:
        """Return the pictures of these rows [R, 8, 8]."""
        pictures = np.zeros((len(rows), SIZE, SIZE), np.uint8)
        far = np.abs(np.arange(SIZE) - self._paddle[rows, None])  # [R, 8] columns from the paddle
        pictures[:, -1] = np.where(far <= HALF, INK, 0)
        pictures[np.arange(len(rows)), self._row[rows], self._column[rows]] = INK
        return pictures

    def _check(self, next_obs: np.ndarray, reward: np.ndarray) -> None:
        """Nothing to check: rewards are 0 or 1, and pixels bytes."""

    def _reset(self, rows: np.ndarray, seeds: list[int] | None = None) -> None:
        for k, seed in zip(rows, seeds or [], strict=False):
            self._rngs[k] = gym.utils.seeding.np_random(seed)[0]
        self._paddle[rows], self.lives[rows] = SIZE // 2, LIVES
        for k in rows:
            self._serve(k)
        first = self._pictures(rows)
        self.obs[rows] = first[:, None] if len(self.obs_shape) == 3 else first  # K times the same
        self.total[rows], self.length[rows] = 0.0, 0

    def _row_state(self, k: int) -> dict:
        numbers = (self._row, self._column, self._speed, self._paddle, self.lives)
        return {
            "game": np.array([x[k] for x in numbers], np.int64),
            "now": self._rngs[k].bit_generator.state,
        }

    def _restore_row(self, k: int, row: dict, obs: np.ndarray) -> None:
        numbers = (self._row, self._column, self._speed, self._paddle, self.lives)
        for x, value in zip(numbers, row["game"].tolist(), strict=True):
            x[k] = value
        self._rngs[k].bit_generator.state = row["now"]
