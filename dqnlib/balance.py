"""CartPole looked into: how its episodes end, where the cart is, and what its states are worth.

A state [4] holds the cart's position x (m), its velocity (m/s), the pole's angle (radians; to the
right is positive) and its velocity (radians/s). All functions play B carts of one agent side by
side (lesson 04b).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch

from dqnlib.envs import SCALES

TRACK = 2.4  # meters from the middle to either edge: beyond it the episode ends
LEAN = 12 * np.pi / 180  # radians: with a pole that leans further, it ends, too
ENDS = ("edge", "pole", "limit")
PUSH = np.array([-10.0, 10.0])  # newtons of the actions 0 and 1
CART, POLE, HALF, GRAVITY, TICK = 1.0, 0.1, 0.5, 9.8, 0.02  # kg, kg, m, m/s², seconds a step


class Played(NamedTuple):
    """Episodes of one agent, side by side; T is the number of steps of the longest."""

    states: np.ndarray  # [T + 1, B, 4] from the start on; after its end, where an episode ended
    length: np.ndarray  # [B] steps
    end: np.ndarray  # [B] number of the reason in `ENDS`: 0 edge, 1 pole, 2 limit

    @property
    def x(self) -> np.ndarray:
        """[T + 1, B] where the carts are, in meters from the middle."""
        return self.states[..., 0]

    @property
    def lean(self) -> np.ndarray:
        """[T + 1, B] how far the poles lean, in degrees; to the right is positive."""
        return np.degrees(self.states[..., 2])

    def share(self, reason: str) -> float:
        """Return which part of the episodes ended so: "edge", "pole" or "limit"."""
        return float((self.end == ENDS.index(reason)).mean())

    def cart_after(self, steps: int = 100) -> float:
        """Return how far from the middle the carts are after some steps: mean |x|, in meters."""
        return float(np.abs(self.x[min(steps, len(self.x) - 1)]).mean())


def move(state: np.ndarray, action: np.ndarray) -> np.ndarray:
    """Return the states [B, 4] one step later, as Gymnasium's CartPole-v1 does; action: [B].

    Barto, Sutton & Anderson 1983, with the equations as corrected by Florian 2007.
    """
    _, x_dot, angle, angle_dot = state.T
    cos, sin, total = np.cos(angle), np.sin(angle), CART + POLE
    push = (PUSH[action] + POLE * HALF * angle_dot**2 * sin) / total
    turn = (GRAVITY * sin - cos * push) / (HALF * (4 / 3 - POLE * cos**2 / total))
    speed_up = push - POLE * HALF * turn * cos / total
    change = np.stack([x_dot, speed_up, angle_dot, turn], axis=1)
    return state + TICK * change


def starts(episodes: int, seed: int = 0) -> np.ndarray:
    """Return states [B, 4] as CartPole-v1 starts: each number between -0.05 and 0.05."""
    return np.random.default_rng(seed).uniform(-0.05, 0.05, (episodes, 4))


def placed(x, speed: float = 0.0, lean: float = 0.0) -> np.ndarray:
    """Return states [B, 4] with the cart at x [B].

    speed: of the cart in m/s, outward; lean: of the pole in radians, to the right.
    """
    state = np.zeros((len(np.atleast_1d(x)), 4))
    state[:, 2] = lean
    state[:, 0] = x
    state[:, 1] = speed * np.where(state[:, 0] < 0, -1, 1)
    return state


def observe(state: np.ndarray, scale=SCALES["CartPole-v1"]) -> torch.Tensor:
    """Return what a network sees of states: [B, 4] -> [B, 4] float32."""
    return torch.from_numpy(state.astype(np.float32) * np.float32(scale))


def play(
    network: Callable,
    state: np.ndarray,
    steps: int = 500,
    *,
    first: np.ndarray | None = None,
    scale=SCALES["CartPole-v1"],
    track: float = TRACK,
    chance: float = 0.0,
    seed: int = 0,
) -> Played:
    """Play greedily from states [B, 4] until each episode has ended, or for so many steps.

    network: observations [B, 4] -> action values [B, A]; first: the first actions [B], where they
    are not the greedy ones; scale: of the observations; track: meters to either edge; chance: the
    probability of a random action in place of the greedy one, drawn with `seed`. An episode whose
    pole falls in the very step in which the cart leaves the track counts as "pole".
    """
    b, rng = len(state), np.random.default_rng(seed)
    length, end = np.zeros(b, int), np.full(b, ENDS.index("limit"))
    runs, seen = np.ones(b, bool), [state]
    for t in range(steps):
        if not runs.any():
            break
        with torch.no_grad():
            action = network(observe(state, scale)).argmax(dim=1).numpy()  # [B]
        if chance:
            action = np.where(rng.random(b) < chance, rng.integers(len(PUSH), size=b), action)
        action = first if t == 0 and first is not None else action
        state = np.where(runs[:, None], move(state, action), state)
        length += runs
        fallen, off = np.abs(state[:, 2]) > LEAN, np.abs(state[:, 0]) > track
        end[runs & off], end[runs & fallen] = ENDS.index("edge"), ENDS.index("pole")
        runs = runs & ~fallen & ~off
        seen.append(state)
    return Played(np.array(seen), length, end)


def played_out(
    network: Callable,
    state: np.ndarray,
    gamma: float = 0.99,
    *,
    steps: int = 1_000,
    scale=SCALES["CartPole-v1"],
) -> np.ndarray:
    """Return the true action values [B, A] of the greedy agent in states [B, 4].

    Each action is taken once, then the agent plays on. Every step gives reward 1, so n steps are
    worth (1 − γⁿ)/(1 − γ). A time limit has no part in it; what could follow after so many steps is
    left out, which is γⁿ of the whole: 0.004 of 100 by default.
    """
    values = []
    for action in range(len(PUSH)):
        first = np.full(len(state), action)
        n = play(network, state, steps, first=first, scale=scale).length
        values.append((1 - gamma**n) / (1 - gamma) if gamma < 1 else 1.0 * n)
    return np.stack(values, axis=1)


def endings(network: Callable, episodes: int = 20, *, seed: int = 0, **options) -> dict[str, float]:
    """Return the shares of greedy episodes that end at the edge, with the pole, at the limit."""
    played = play(network, starts(episodes, seed), **options)
    return {reason: played.share(reason) for reason in ENDS}
