"""CartPole as pictures: a cart with its pole, and several episodes side by side."""

from collections.abc import Mapping

import numpy as np
from PIL import Image, ImageDraw

from dqnlib.pictures.card import Card
from dqnlib.pictures.colors import CARD, EDGE, INK, SIDE_COLORS
from dqnlib.pictures.files import ShownPicture, show_animation

TRACK = 2.4  # meters to either side, where an episode ends


def cart_pole(state, text: str, side: str, width: int, height: int) -> Image.Image:
    """Return a picture of a cart and its pole. state: position, speed, angle, its speed."""
    card = Card(width, height)
    k, ground = card.scale, height - 26
    pen = ImageDraw.Draw(card.image)
    unit = (width - 24) / (2 * TRACK)  # CSS pixels a meter
    x = width / 2 + unit * float(np.clip(state[0], -TRACK, TRACK))
    tip = x + unit * np.sin(state[2]), ground - 14 - unit * np.cos(state[2])  # a pole of 1 meter
    pen.line([(12 * k, ground * k), ((width - 12) * k, ground * k)], EDGE, k)
    card.box(x - 20, ground - 14, x + 20, ground, SIDE_COLORS[side])
    pen.line([(x * k, (ground - 14) * k), (tip[0] * k, tip[1] * k)], INK, 5 * k)
    card.chip(8, 14, side, SIDE_COLORS[side])
    card.text(32, 14, text, 12)
    return card.image.reduce(k)


def animated_carts(
    episodes: Mapping[str, np.ndarray], alt: str, *, every: int = 2, fps: float = 25,
    width: int = 455, height: int = 172,
) -> ShownPicture:  # fmt: skip
    """Return two episodes of CartPole side by side as an animation; who has ended stands still.

    episodes: states [T, 4] of each step, by title, two of them; alt: what there is to see, in
    words; every: steps from frame to frame. Raises ValueError for another number of episodes.
    """
    if not isinstance(episodes, Mapping) or len(episodes) != 2:
        raise ValueError(
            "give a dict of two episodes, states [T, 4] by title: {'before': states, ...}"
        )
    longest = max(len(states) for states in episodes.values())
    frames = []
    for t in [*range(0, longest, every), *[longest - 1] * 12]:  # the end stands for a moment
        frame = Image.new("RGB", (2 * width, height), CARD)
        for k, (title, states) in enumerate(episodes.items()):
            at = min(t, len(states) - 1)
            ended = ": the end" if at == len(states) - 1 and at < longest - 1 else ""
            text = f"{title}, step {at + 1}{ended}"
            frame.paste(cart_pole(states[at], text, "AB"[k], width, height), (k * width, 0))
        frames.append(frame)
    return show_animation(frames, alt=alt, fps=fps)
