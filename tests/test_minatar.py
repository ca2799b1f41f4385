"""MinAtar's games behind Gymnasium's interface, and what happens where the package is missing.

`tests/mutants/test_minatar.toml` lists the mutants that these tests kill.
"""

import sys

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from dqnlib.config import Config
from dqnlib.envs import make, make_for
from dqnlib.minatar import GAMES, MinAtar
from dqnlib.seeds.rows import Environments
from dqnlib.storage import from_plain, to_plain


def test_a_missing_package_is_answered_by_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "minatar", None)  # as if it were not there
    with pytest.raises(
        ValueError, match=r"MinAtar is not installed: python -m pip install .*\[min"
    ):
        make("dqnlib/MinAtarBreakout-v0")


@pytest.fixture
def env():
    pytest.importorskip("minatar", reason="the extra minatar is not installed")
    return make("dqnlib/MinAtarBreakout-v0")


def test_it_keeps_gymnasiums_rules(env):
    check_env(env.unwrapped, skip_render_check=True)


def test_channels_come_first(env):
    obs, _ = env.reset(seed=0)
    assert (obs.shape, obs.dtype, env.action_space.n) == ((4, 10, 10), np.bool_, 3)
    paddle, ball, _, bricks = obs
    assert np.argwhere(paddle).tolist() == [[9, 4]]  # row, column
    assert ball.sum() == 1
    assert bricks[1:4].all()
    assert bricks.sum() == 30


def test_left_and_right_move_the_paddle():
    pytest.importorskip("minatar", reason="the extra minatar is not installed")
    env = MinAtar(sticky=0.0)
    env.reset(seed=0)
    for action, column in ((1, 3), (2, 4), (2, 5), (0, 5)):
        obs, *_ = env.step(action)
        assert np.argwhere(obs[0]).tolist() == [[9, column]]


def play(env, seed, steps=200):
    """The screens, points and ends of a game and of those after it, with actions of chance."""
    actions, found = np.random.default_rng(1), [env.reset(seed=seed)[0]]
    for _ in range(steps):
        obs, points, lost, cut, _ = env.step(int(actions.integers(3)))
        found.append((obs, points, lost))
        if lost or cut:
            found.append(env.reset()[0])
    return found


def test_a_seed_says_everything(env):
    other = make("dqnlib/MinAtarBreakout-v0")
    play(other, 5, 37)  # what was played before has no part in it
    a, b, c = play(env, 3), play(other, 3), play(other, 4)
    flat = [[x if isinstance(x, np.ndarray) else x[0] for x in one] for one in (a, b, c)]
    assert len(flat[0]) == len(flat[1])
    assert all(np.array_equal(x, y) for x, y in zip(flat[0], flat[1], strict=True))
    assert not all(np.array_equal(x, y) for x, y in zip(flat[0], flat[2]))
    assert any(x[1] > 0 for x in a if isinstance(x, tuple))
    assert any(x[2] for x in a if isinstance(x, tuple))


def test_the_action_of_the_game_before_does_not_stick():
    pytest.importorskip("minatar", reason="the extra minatar is not installed")
    used = make("dqnlib/MinAtarBreakout-v0")
    for seed in range(60):  # one action in ten is the one before it
        found = []
        for env in (used, make("dqnlib/MinAtarBreakout-v0")):
            env.reset(seed=seed)
            found.append(env.step(0)[0])
        assert np.array_equal(*found)
        used.step(2)


@pytest.mark.parametrize("game", GAMES)
def test_every_game_can_be_brought_back(game):
    """A run on it resumes: the package's random numbers are the environment's generator."""
    pytest.importorskip("minatar", reason="the extra minatar is not installed")
    config = Config(env_id=f"dqnlib/MinAtar{game}-v0")
    games, other = (Environments(lambda: make_for(config), seeds) for seeds in ([3, 4], [5, 6]))
    rng = np.random.default_rng(0)

    def play(envs, actions):
        found = []
        for action in actions:
            next_obs, reward, terminated, truncated = envs.step(action)
            found.append((next_obs.tobytes(), reward.tolist(), terminated.tolist()))
            envs.advance(next_obs, terminated | truncated)
        return found

    first, second = rng.integers(games.n_actions, size=(2, 150, 2))
    play(games, first)
    other.restore(from_plain(to_plain(games.state(), "state")))
    assert play(other, second) == play(games, second)
