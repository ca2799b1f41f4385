"""Catch, the course's game of pixels: its rules, by hand.

`tests/mutants/test_catch.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from dqnlib.catch import CATCH, Catch
from dqnlib.envs import make, time_limit


def served(row=0, column=3, speed=1, paddle=4):
    """A game in which a ball is where it is wanted."""
    env = Catch()
    env.reset(seed=0)
    env._row, env._column, env._speed, env._paddle = row, column, speed, paddle
    return env


def places(picture):
    """Row and column of every lit pixel."""
    return np.argwhere(picture).tolist()


def test_it_keeps_gymnasiums_rules():
    check_env(Catch(), skip_render_check=True)
    assert time_limit(make(CATCH)) == 140  # 20 balls of 7 steps


def test_a_picture_shows_ball_and_paddle_and_no_speed():
    env = served()
    assert places(env._picture()) == [[0, 3], [7, 3], [7, 4], [7, 5]]
    other = served(speed=-2)
    assert np.array_equal(env._picture(), other._picture())
    assert env._picture().dtype == np.uint8
    assert set(env._picture().ravel().tolist()) == {0, 255}


@pytest.mark.parametrize(("column", "speed", "after", "then"), [
    (3, 2, 5, 2), (3, -1, 2, -1),
    (7, 2, 5, -2), (6, 2, 6, -2),  # 8 is one too far: 6; 9 is two too far: 5
    (0, -2, 2, 2), (1, -2, 1, 2),
])  # fmt: skip
def test_a_ball_bounces_off_the_walls(column, speed, after, then):
    env = served(column=column, speed=speed)
    picture, *_ = env.step(1)
    assert places(picture)[0] == [1, after]
    assert env._speed == then


@pytest.mark.parametrize(("paddle", "action", "want"), [(4, 0, 3), (4, 1, 4), (4, 2, 5),
                                                        (0, 0, 0), (7, 2, 7)])  # fmt: skip
def test_actions_move_the_paddle_and_walls_stop_it(paddle, action, want):
    env = served(paddle=paddle)
    picture, *_ = env.step(action)
    lit = [column for row, column in places(picture) if row == 7]
    assert lit == [c for c in (want - 1, want, want + 1) if 0 <= c <= 7]


@pytest.mark.parametrize(("paddle", "reward", "lives"), [
    (2, 0.0, 2), (3, 1.0, 3), (4, 1.0, 3), (5, 1.0, 3), (6, 0.0, 2),
])  # fmt: skip
def test_three_pixels_catch_and_a_miss_costs_a_life(paddle, reward, lives):
    env = served(row=6, column=3, speed=1, paddle=paddle)  # it lands in column 4
    picture, found, terminated, truncated, info = env.step(1)
    assert (found, info, terminated, truncated) == (reward, {"lives": lives}, False, False)
    assert places(picture)[0][0] == 0  # the next ball


def test_the_third_miss_ends_it():
    env, ends = served(), []
    for _ in range(3):
        env._row, env._column, env._paddle = 6, 0, 7
        ends.append(env.step(2)[2])
    assert ends == [False, False, True]
    assert env.reset()[1] == {"lives": 3}


def test_every_column_and_speed_is_served():
    env = served()
    found = set()
    for _ in range(400):
        env._serve()
        found.add((env._column, env._speed))
    assert found == {(c, v) for c in range(8) for v in (-2, -1, 1, 2)}
