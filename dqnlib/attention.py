"""What a network of pixels attends to: how its values change when one pixel is inverted."""

import numpy as np
import torch
from torch import nn

from dqnlib.catch import BALLS, SIZE, Catch
from dqnlib.replay import as_input
from dqnlib.stacking import FrameStack


def flip_effects(network: nn.Module, stack: np.ndarray, action: int | None = None) -> np.ndarray:
    """Return how much each pixel of a stack matters: [K, H, W], as bytes, -> [K, H, W] (lesson 08).

    One pixel at a time is inverted, white for black; its effect is how far the value of the action
    moves, up or down. network: [B, K, H, W], numbers from 0 to 1, -> [B, A]; action: None for the
    one with the largest value. (The idea of covering a part and looking at the change is that of
    Greydanus et al. 2018, section 3, who blur patches.)
    """
    inputs = as_input(stack)  # [K, H, W]
    n = inputs.numel()
    flipped = inputs.flatten().expand(n, n).clone()
    flipped.diagonal().copy_(1 - flipped.diagonal())
    with torch.no_grad():
        q = network(inputs[None])[0]  # [A]
        action = int(q.argmax()) if action is None else action
        changed = network(flipped.view(n, *inputs.shape))[:, action]  # [K × H × W]
    return (changed - q[action]).abs().view(inputs.shape).numpy()


def play_catch(network: nn.Module, games: int = 20, order=(0, 1), seed: int = 0) -> np.ndarray:
    """Return how many of 20 balls a greedy agent catches in each game of Catch: [games].

    network: of two frames, [B, 2, 8, 8] -> [B, 3]; order: which frames it sees in place of both, as
    (1, 1) for the newest twice; seed: of the first game, the others have the next ones.
    """
    envs = [FrameStack(Catch(), 2) for _ in range(games)]
    obs = np.stack([env.reset(seed=seed + k)[0] for k, env in enumerate(envs)])  # [games, 2, 8, 8]
    caught, over = np.zeros(games), np.zeros(games, bool)
    for _ in range(BALLS * (SIZE - 1)):
        with torch.no_grad():
            action = network(as_input(obs[:, list(order)])).argmax(1)
        for k, env in enumerate(envs):
            if not over[k]:
                obs[k], reward, over[k], *_ = env.step(int(action[k]))
                caught[k] += reward
    return caught


def effects_by_row(network: nn.Module, games: int = 20, seed: int = 0) -> dict[str, np.ndarray]:
    """Return how much pixels matter while an agent plays Catch, by the row of the ball: [7] each.

    network: of two frames, [B, 2, 8, 8] -> [B, 3]; games: of which the first two balls are looked
    at; seed: of the first. "ball, newest frame" and "ball, frame before": of the ball's own pixel
    there; "any pixel": the mean of all. See `flip_effects`.
    """
    found: dict[str, list] = {"ball, newest frame": [], "ball, frame before": [], "any pixel": []}
    rows: list[int] = []
    for k in range(games):
        env = FrameStack(Catch(), 2)
        obs, over = env.reset(seed=seed + k)[0], False
        for _ in range(2 * (SIZE - 1)):  # two balls
            if not over:
                effects, balls = flip_effects(network, obs), [_ball(frame) for frame in obs]
                rows.append(balls[1][0])
                for name, value in zip(
                    found, (effects[1][balls[1]], effects[0][balls[0]], effects.mean()), strict=True
                ):
                    found[name].append(float(value))
                with torch.no_grad():
                    q = network(as_input(obs)[None])
                obs, _, over, *_ = env.step(int(q.argmax()))
    at = np.array(rows)
    return {
        name: np.array([np.mean(np.array(v)[at == row]) for row in range(SIZE - 1)])
        for name, v in found.items()
    }


def _ball(frame: np.ndarray) -> tuple[int, int]:
    """Return row and column of the ball in a picture [8, 8]."""
    row, column = np.argwhere(frame[:-1])[0]
    return int(row), int(column)
