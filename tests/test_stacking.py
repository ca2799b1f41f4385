"""Stacks of frames: what is in them, by hand, and Gymnasium's own as the oracle.

`tests/mutants/test_stacking.toml` lists the mutants that these tests kill.
"""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.wrappers import FrameStackObservation

from dqnlib.catch import Catch
from dqnlib.networks import ConvNetwork
from dqnlib.stacking import FrameStack, check_layout, push_frame, stacked


def test_the_oldest_frame_goes_and_what_is_given_stays():
    stack = np.arange(3)[:, None, None] * np.ones((1, 1, 2), np.uint8)  # frames 0, 1, 2
    kept = stack.copy()
    assert push_frame(stack, np.array([[7, 8]])).tolist() == [[[1, 1]], [[2, 2]], [[7, 8]]]
    assert np.array_equal(stack, kept)


class Numbers(gym.Env):
    """Pictures [2, 1] that hold the number of the episode and of the step; three steps long."""

    def __init__(self, shape=(2, 1)):
        self.observation_space = gym.spaces.Box(0, 255, shape, np.uint8)
        self.action_space = gym.spaces.Discrete(2)
        self.shape, self.episode = shape, 0

    def picture(self):
        return np.resize(np.array([self.episode, self.t], np.uint8), self.shape)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.episode, self.t = self.episode + 1, 0
        return self.picture(), {}

    def step(self, action):
        self.t += 1
        return self.picture(), 0.0, self.t == 3, False, {}


def test_no_stack_holds_a_frame_of_another_episode():
    env = FrameStack(Numbers(), 4)
    for episode in range(1, 4):
        obs, _ = env.reset()
        seen = [obs]
        for _ in range(3):
            seen.append(env.step(0)[0])
        steps = [o[:, 1, 0].tolist() for o in seen]
        assert steps == [[0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 2], [0, 1, 2, 3]]
        assert all((o[:, 0] == episode).all() for o in seen)


def test_what_was_given_out_does_not_change():
    env = FrameStack(Numbers(), 2)
    first, _ = env.reset()
    kept = first.copy()
    env.step(0)
    assert np.array_equal(first, kept)


@pytest.mark.parametrize("k", [2, 4])
def test_it_is_gymnasiums(k):
    ours, theirs = FrameStack(Catch(), k), FrameStackObservation(Catch(), k, padding_type="reset")
    assert ours.observation_space == theirs.observation_space
    for seed in (3, None):
        assert np.array_equal(ours.reset(seed=seed)[0], theirs.reset(seed=seed)[0])
        for action in (0, 2, 2, 1, 0) * 6:
            (a, *rest), (b, *want) = ours.step(action), theirs.step(action)
            assert np.array_equal(a, b)
            assert rest == want


def test_frames_of_colors_become_channels():
    env = FrameStack(Numbers((3, 4, 5)), 2)
    obs, _ = env.reset()
    assert obs.shape == env.observation_space.shape == (6, 4, 5)
    moved = env.step(0)[0]
    assert np.array_equal(moved[:3], obs[3:])


def test_one_frame_needs_no_wrapper():
    env = Catch()
    assert stacked(env, 1) is env
    assert isinstance(stacked(env, 2), FrameStack)


def test_a_learners_own_function_is_called():
    env = FrameStack(Numbers(), 2, push=lambda stack, frame: np.stack([frame, frame]))
    env.reset()
    assert env.step(0)[0][:, 1, 0].tolist() == [1, 1]


def test_what_is_no_picture_is_refused():
    with pytest.raises(ValueError, match=r"must be pictures \[H, W\].*leave frame_stack out"):
        FrameStack(gym.make("CartPole-v1"), 2)


@pytest.mark.parametrize("shape", [(210, 160, 3), (10, 10, 4), (84, 84, 1), (10, 10, 7)])
def test_channels_that_come_last_are_named(shape):
    with pytest.raises(ValueError, match=r"\(H, W, C\), with the channels last.*\(C, H, W\)"):
        ConvNetwork(shape, 3)
    with pytest.raises(ValueError, match=r"\(H, W, C\)"):
        FrameStack(Numbers(shape), 2)


@pytest.mark.parametrize("shape", [(4, 84, 84), (4, 10, 10), (3, 210, 160), (7, 10, 10), (8, 8, 8)])
def test_channels_that_come_first_pass(shape):
    check_layout(shape)
