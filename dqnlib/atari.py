"""Atari's games as deep Q-learning sees them: gray pictures [84, 84], one for every four frames.

They come with an extra of the course, whose packages carry the games:

    python -m pip install -e ".[atari]"
"""

import gymnasium as gym

from dqnlib.registration import register

INSTALL = 'python -m pip install -e ".[atari]"'
GAMES = ("Breakout", "Pong")  # what is registered as dqnlib/Atari...-v0
LIMIT = 4_500  # environment steps of 4 frames: 5 minutes of play, as Mnih et al. 2015 evaluate


class Replayable(gym.Wrapper):
    """Draws the seed of every game from the environment's own generator.

    The emulator keeps random numbers where nobody can reach them; so an episode can be played
    again from its start, and a run that was saved goes on.
    """

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        """Start a game; without a seed the generator gives one."""
        if seed is None:
            seed = int(self.unwrapped.np_random.integers(2**31))
        return self.env.reset(seed=seed, options=options)


def atari(game: str = "Pong", sticky: float = 0.25, no_ops: int = 30) -> gym.Env:
    """Return one game; ``make("dqnlib/AtariPong-v0")``, or any `game` of the package.

    Observations are bytes [84, 84]: gray, the brighter of the last two frames, shrunk. An action is
    held for 4 frames and their rewards are summed up. A game begins with 1 to `no_ops` frames in
    which nothing is done, and each frame repeats the action before with probability `sticky`.
    ``info["lives"]`` are the lives left. Gymnasium truncates after 4,500 steps. Raises ImportError
    where a package is missing: the message has the command that installs it.

    Sources: Mnih et al. 2015, Methods; for sticky actions Machado et al. 2018, section 5.2.
    """
    try:
        import ale_py
        import cv2  # noqa: F401 (AtariPreprocessing asks for it)
    except ImportError as error:
        raise ImportError(
            f"Atari's games need the package {error.name}, which is not installed: {INSTALL}"
        ) from None
    gym.register_envs(ale_py)
    plain = gym.make(
        f"ALE/{game}-v5", frameskip=1, repeat_action_probability=sticky, max_episode_steps=None
    )
    return Replayable(gym.wrappers.AtariPreprocessing(plain, noop_max=no_ops, frame_skip=4))


for _game in GAMES:
    register(f"dqnlib/Atari{_game}-v0", "dqnlib.atari:atari", max_episode_steps=LIMIT, game=_game)
