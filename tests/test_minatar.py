"""MinAtar's games behind Gymnasium's interface, and what happens where the package is missing.

`tests/mutants/test_minatar.toml` lists the mutants that these tests kill.
"""

import sys

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from dqnlib.envs import make
from dqnlib.minatar import MinAtar


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
