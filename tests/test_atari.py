"""Atari's games as deep Q-learning sees them, and what happens where their packages are missing.

`tests/mutants/test_atari.toml` lists the mutants that these tests kill.
"""

import sys

import numpy as np
import pytest

from dqnlib.config import Config
from dqnlib.envs import make, make_for, time_limit
from dqnlib.seeds.environments import learning_environments
from dqnlib.seeds.rows import Environments

PONG = "dqnlib/AtariPong-v0"


@pytest.mark.parametrize("package", ["ale_py", "cv2"])
def test_a_missing_package_is_answered_by_the_command_that_installs_it(monkeypatch, package):
    for name in ("ale_py", "cv2"):
        monkeypatch.setitem(sys.modules, name, None if name == package else sys)
    words = rf"need the package {package}, which is not installed: python -m pip install .*\[atari"
    with pytest.raises(ValueError, match=words):
        make(PONG)


@pytest.fixture
def _installed():
    for package in ("ale_py", "cv2"):
        pytest.importorskip(package, reason="the extra atari is not installed")


@pytest.mark.usefixtures("_installed")
def test_a_game_is_gray_small_and_stacked():
    env = make_for(Config(env_id=PONG, frame_stack=4))
    obs, info = env.reset(seed=0)
    assert (obs.shape, obs.dtype, env.n_actions) == ((4, 84, 84), np.uint8, 6)
    assert "lives" in info
    assert time_limit(env) == 4_500
    start = info["episode_frame_number"]
    *_, info = env.step(0)
    assert info["episode_frame_number"] == start + 4


@pytest.mark.usefixtures("_installed")
def test_a_lost_life_is_an_end_to_learn_from():
    config = Config(env_id="dqnlib/AtariBreakout-v0", frame_stack=2, life_loss=True)
    games = learning_environments(config, None, [0])
    for t in range(600):
        next_obs, _, terminated, truncated = games.step(np.array([1 + t % 3]))  # fire, right, left
        if terminated[0]:
            break
        games.advance(next_obs, terminated | truncated)
    assert (terminated[0], games.over[0], games.lives[0]) == (True, False, 4)


@pytest.mark.usefixtures("_installed")
def test_a_game_can_be_brought_back():
    config = Config(env_id=PONG, frame_stack=2, max_episode_steps=60)
    games, other = (Environments(lambda: make_for(config), [s], 60) for s in (3, 4))
    rng = np.random.default_rng(0)

    def play(envs, actions):
        found = []
        for action in actions:
            next_obs, reward, terminated, truncated = envs.step(np.array([action]))
            found.append((next_obs.tobytes(), reward.tolist()))
            envs.advance(next_obs, terminated | truncated)
        return found

    first, second = rng.integers(6, size=(2, 100))
    play(games, first)
    other.restore(games.state())
    assert play(other, second) == play(games, second)
