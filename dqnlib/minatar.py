"""The games of MinAtar as Gymnasium environments whose images a network of the course can read.

MinAtar (Young & Tian 2019) keeps what is hard about five Atari games and leaves out what is slow: a
screen has 10 × 10 squares, with one channel a kind of thing. It is an extra of the course:

    python -m pip install -e ".[minatar]"
"""

import logging

import gymnasium as gym
import numpy as np

from dqnlib.registration import register

INSTALL = 'python -m pip install -e ".[minatar]"'


GAMES = {  # what is registered as dqnlib/MinAtar...-v0: its name in the package
    "Asterix": "asterix", "Breakout": "breakout", "Freeway": "freeway", "Seaquest": "seaquest",
    "SpaceInvaders": "space_invaders",
}  # fmt: skip
LIMITS = {"Freeway": 2_500}  # environment steps of an episode; of the other games 1,000


class MinAtar(gym.Env):
    """One game; ``make("dqnlib/MinAtarBreakout-v0")``, or any `game` of the package.

    Observations are bool [C, 10, 10], actions those that have an effect in the game. As in the
    paper, one action in ten is the one before it again (`sticky`), and games grow harder. The
    package has no time limit, but Gymnasium truncates after 1,000 steps here, Freeway's games after
    2,500. Raises ImportError where the package is missing: the message has the command that
    installs it.
    """

    def __init__(self, game: str = "breakout", sticky: float = 0.1):
        self._game = _made(game, sticky)
        self._actions = self._game.minimal_action_set()
        height, width, channels = self._game.state_shape()
        self.observation_space = gym.spaces.Box(0, 1, (channels, height, width), np.bool_)
        self.action_space = gym.spaces.Discrete(len(self._actions))

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        """Start a game; return the screen [C, 10, 10] and an empty dict."""
        super().reset(seed=seed)
        if seed is not None:
            self._game.seed(int(self.np_random.integers(2**31)))
        self._game.reset()
        self._game.last_action = 0  # the package remembers it from the game before
        return self._screen(), {}

    def step(self, action):
        """Return the screen, points, whether the game is lost, truncated (False), an empty dict."""
        points, lost = self._game.act(self._actions[int(action)])
        return self._screen(), float(points), bool(lost), False, {}

    @property
    def hidden_random(self) -> np.random.Generator:
        """What the package draws from, beside `np_random`: so a game can be saved."""
        return np.random.Generator(self._game.random._bit_generator)

    def _screen(self) -> np.ndarray:
        return np.ascontiguousarray(self._game.state().transpose(2, 0, 1))


def _made(game: str, sticky: float):
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)  # it warns where it cannot draw, which is not needed here
    try:
        from minatar import Environment
    except ImportError:
        raise ImportError(f"MinAtar is not installed: {INSTALL}") from None
    finally:
        logging.disable(before)
    return Environment(game, sticky_action_prob=sticky)


for _name, _game in GAMES.items():
    register(
        f"dqnlib/MinAtar{_name}-v0",
        "dqnlib.minatar:MinAtar",
        max_episode_steps=LIMITS.get(_name, 1_000),
        game=_game,
    )
