"""The agents of the training lab at play: a greedy episode of CartPole for each side."""

from collections.abc import Iterable

import gymnasium as gym
import numpy as np
import torch
from gymnasium.envs.classic_control import CartPoleEnv
from PIL import Image

from dqnlib.device import compute_threads
from dqnlib.envs import make_for
from dqnlib.labs.texts import WIDTH
from dqnlib.labs.training_side import Side
from dqnlib.pictures import CARD
from dqnlib.pictures.carts import cart_pole
from dqnlib.replay import as_input
from dqnlib.seeds.stacks import without_sharing

STAGE = 150  # CSS pixels, height of the animation
_START = 7  # seed of the episode that is shown
_LONGEST = 500  # steps of it, where nothing else ends it


def plays_cart_pole(side: Side) -> bool:
    """Whether what the side plays can be drawn."""
    env = _env_of(side)
    env.close()
    return isinstance(env.unwrapped, CartPoleEnv)


def _env_of(side: Side) -> gym.Env:
    return make_for(side.config, side.slots.get("env"))


@compute_threads(1)
def played(side: Side) -> list[np.ndarray]:
    """Return the raw states of a greedy episode of the side's first run."""
    env, network = _env_of(side), side.trainer.network(side.seeds[0])
    if hasattr(network, "reset_noise"):
        network = without_sharing(network).eval()  # plays as it is judged, without noise
    device, values = next(network.parameters()).device, side.slots.get("values") or (lambda q: q)
    obs, _ = env.reset(seed=_START)
    seen, ended, most = [], False, side.config.max_episode_steps or _LONGEST
    with torch.no_grad():
        while not ended:
            q = values(network(as_input(obs, device)[None]))  # [1, A]
            obs, _, terminated, truncated, _ = env.step(int(q.argmax()))
            seen.append(np.array(env.unwrapped.state))
            ended = terminated or truncated or len(seen) >= most
    env.close()
    return seen


def frames_of(stages: list[list[np.ndarray]], sides: Iterable[Side]) -> list[Image.Image]:
    """Return the frames of all sides next to each other; who has ended stands still."""
    frames, sides = [], list(sides)
    for t in range(0, max(map(len, stages)), 2):
        places = [min(t, len(stage) - 1) for stage in stages]
        states = [stage[at] for stage, at in zip(stages, places, strict=True)]
        texts = [f"step {at + 1}" + (", ended" if t > at else "") for at in places]
        frames.append(frame_of(states, texts, sides))
    return frames


def frame_of(states: list[np.ndarray], texts: list[str], sides: Iterable[Side]) -> Image.Image:
    """Return the carts of all sides next to each other; texts: beside the titles."""
    frame = Image.new("RGB", (WIDTH, STAGE), CARD)
    for i, (state, text, side) in enumerate(zip(states, texts, sides, strict=True)):
        line = f"{side.title} {text}".strip()
        frame.paste(cart_pole(state, line, side.side, WIDTH // 2, STAGE), (i * (WIDTH // 2), 0))
    return frame
