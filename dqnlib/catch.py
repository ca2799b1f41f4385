"""Catch: the course's own game of pixels, small enough to be learned on a laptop in a minute."""

import gymnasium as gym
import numpy as np

from dqnlib.registration import register

SIZE = 8  # pixels of a side
HALF = 1  # pixels of the paddle on either side of its middle
SPEEDS = (-2, -1, 1, 2)  # columns that a ball moves a step
LIVES, BALLS = 3, 20  # balls that may be missed; balls of a whole game
INK = 255  # of ball and paddle


class Catch(gym.Env):
    """A paddle catches balls: 1 for each, and a ball that is missed costs one of three lives.

    Observations are bytes [8, 8], a single gray picture. A ball starts in the top row and falls a
    row a step; sideways it moves one or two columns and bounces off the walls, while the paddle,
    three pixels wide, moves one. So a player must know early where a ball will land, and one
    picture does not tell which way it flies: two do. Actions: left, stay, right. The episode
    terminates without a life; Gymnasium truncates after 20 balls, 140 steps. ``info["lives"]`` are
    the lives left, as in Atari's games. (After the Catch of Mnih et al. 2014, section 4.2, where
    balls fall straight and episodes have one.)
    """

    def __init__(self):
        self.observation_space = gym.spaces.Box(0, INK, (SIZE, SIZE), np.uint8)
        self.action_space = gym.spaces.Discrete(3)

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        """Start a game; return its first picture [8, 8] and the lives."""
        super().reset(seed=seed)
        self._paddle, self._lives = SIZE // 2, LIVES
        self._serve()
        return self._picture(), {"lives": self._lives}

    def step(self, action):
        """Return the picture, the reward, whether no life is left, truncated (False), the lives."""
        self._paddle = min(max(self._paddle + int(action) - 1, 0), SIZE - 1)
        self._row += 1
        column = self._column + self._speed
        if not 0 <= column < SIZE:
            column, self._speed = (-column if column < 0 else 2 * (SIZE - 1) - column), -self._speed
        self._column, caught = column, False
        if self._row == SIZE - 1:
            caught = abs(self._column - self._paddle) <= HALF
            self._lives -= not caught
            self._serve()
        return self._picture(), float(caught), self._lives == 0, False, {"lives": self._lives}

    def _serve(self) -> None:
        self._row, self._column = 0, int(self.np_random.integers(SIZE))
        self._speed = SPEEDS[self.np_random.integers(len(SPEEDS))]

    def _picture(self) -> np.ndarray:
        picture = np.zeros((SIZE, SIZE), np.uint8)
        picture[-1, max(self._paddle - HALF, 0) : self._paddle + HALF + 1] = INK
        picture[self._row, self._column] = INK
        return picture


CATCH = "dqnlib/Catch-v0"
register(CATCH, "dqnlib.catch:Catch", max_episode_steps=BALLS * (SIZE - 1))
