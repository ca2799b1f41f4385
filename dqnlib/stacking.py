"""Stacks of the newest frames, so that one observation shows how things move (lesson 08)."""

from collections.abc import Callable

import gymnasium as gym
import numpy as np

from dqnlib.arguments import check_count


def push_frame(stack: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Return a stack of frames moved on by one: [K, H, W] and [H, W] -> [K, H, W] (lesson 08).

    The oldest frame, the first, is left out, and the new one comes last. What is given stays as it
    is: an old stack may still belong to a transition. (Frames of colors, [C, H, W], work as well.)
    """
    return np.concatenate([stack[1:], frame[None]])


def replay_bytes(transitions: int, k: int, frame_bytes: int, once: bool) -> int:
    """Return how many bytes the pictures of a replay buffer take (lesson 08).

    A transition has two observations, obs and next_obs, of k frames each. once=False: all of them
    are stored as they come. once=True: every frame is stored once; a transition brings one new
    frame, and k more stand before the first of them. frame_bytes: of one frame.
    """
    if once:
        return (transitions + k) * frame_bytes
    return transitions * 2 * k * frame_bytes


class FrameStack(gym.Wrapper):
    """Observations of the newest `k` frames, the newest last: [H, W] becomes [K, H, W].

    Frames of colors [C, H, W] become [K × C, H, W]. An episode begins with its first frame, K
    times: so no stack holds a frame of the episode before. push: moves a stack on, as `push_frame`
    does. Raises ValueError for observations that are no pictures and for those that have their
    channels last. (`gymnasium.wrappers` has FrameStackObservation, which gives the same where
    frames have two axes.)
    """

    def __init__(self, env: gym.Env, k: int = 4, push: Callable = push_frame):
        super().__init__(env)
        self.k, self.push, space = check_count("k", k), push, env.observation_space
        if not isinstance(space, gym.spaces.Box) or len(space.shape) not in (2, 3):
            raise ValueError(
                f"frames to stack must be pictures [H, W] or [C, H, W], but the observations are "
                f"{space}: leave frame_stack out"
            )
        if len(space.shape) == 3:
            check_layout(space.shape)
        one = space.shape if len(space.shape) == 3 else (1, *space.shape)
        low, high = (np.concatenate([x.reshape(one)] * k) for x in (space.low, space.high))
        self.observation_space = gym.spaces.Box(low, high, dtype=space.dtype)
        self._frames = np.zeros((k, *space.shape), space.dtype)

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        """Start an episode; return its first frame, K times, and the environment's info."""
        frame, info = self.env.reset(seed=seed, options=options)
        self._frames = np.stack([frame] * self.k)
        return self._stacked(), info

    def step(self, action):
        """Return what the environment returns, the observation moved on by a frame."""
        frame, *rest = self.env.step(action)
        self._frames = self.push(self._frames, frame)
        return self._stacked(), *rest

    def _stacked(self) -> np.ndarray:
        return np.array(self._frames).reshape(self.observation_space.shape)


def stacked(env: gym.Env, k: int) -> gym.Env:
    """Return an environment whose observations stack k frames; with k = 1 the same one."""
    return FrameStack(env, k) if k > 1 else env


def check_layout(obs_shape: tuple[int, ...]) -> None:
    """Raise ValueError for pictures that have their channels last, (H, W, C).

    They are told by their last axis: it is shorter than the others, and has as many places as
    colors have, or the others are a square.
    """
    first, second, last = obs_shape
    if last < min(first, second) and (last in (1, 3, 4) or first == second):
        raise ValueError(
            f"the observations have the shape {tuple(obs_shape)}, which is (H, W, C), with the "
            "channels last, but networks read (C, H, W): move the axis to the front, for example "
            "in gymnasium.wrappers.TransformObservation with np.moveaxis(obs, -1, 0)"
        )
