"""Where the carts are while the training lab's agents learn CartPole: a track for each side."""

from collections.abc import Iterable

import numpy as np
from PIL import ImageDraw

from dqnlib.envs import make_for
from dqnlib.labs.texts import WIDTH
from dqnlib.labs.training_side import Side
from dqnlib.pictures import CARD, EDGE, FAINT, INK, MUTED, SIDE_COLORS, Card

HEIGHT = 84  # CSS pixels a side
AXIS = 22  # below the tracks
LATEST = 500  # environment steps whose positions are drawn
_BINS = np.linspace(-2.4, 2.4, 49)  # meters; beyond them an episode is over
_LEFT, _RIGHT = 40, WIDTH - 190  # CSS pixels, the ends of the track


class Positions:
    """The latest positions of a side's carts, in meters from the middle of the track."""

    def __init__(self, side: Side):
        env = make_for(side.config, side.slots.get("env"))
        scale = np.ravel(env.scale)
        env.close()
        self._scale = float(scale[0]) or 1.0  # what the network sees is scaled
        self._kept = np.zeros((LATEST, len(side.seeds)), np.float32)
        self._count = 0

    def note(self, obs: np.ndarray) -> None:
        """Keep where the carts are now; obs: [S, 4] as the network gets it."""
        self._kept[self._count % LATEST] = obs[:, 0]
        self._count += 1

    @property
    def latest(self) -> np.ndarray:
        """[N, S] of the last N environment steps, in no order."""
        return self._kept[: min(self._count, LATEST)] / self._scale

    @property
    def now(self) -> np.ndarray:
        """[S] after the last step; nothing before the first."""
        if not self._count:
            return np.zeros(0)
        return self._kept[(self._count - 1) % LATEST] / self._scale

    @property
    def distance(self) -> float:
        """Mean distance from the middle over the latest steps; NaN before the first."""
        return float(np.abs(self.latest).mean()) if self._count else float("nan")


def height(sides: int) -> int:
    """Return the CSS pixels of the picture."""
    return HEIGHT * sides + AXIS


def track_picture(sides: Iterable[Side], positions: dict[str, Positions]) -> bytes:
    """Return the tracks below each other, as PNG: where the carts were lately, and are now."""
    sides = list(sides)
    card = Card(WIDTH, height(len(sides)), scale=1)
    for i, side in enumerate(sides):
        _draw(card, HEIGHT * (i + 1) - 12, side.side, positions[side.side])
    bottom = HEIGHT * len(sides) + 8
    for x in (-2.4, -1.2, 0.0, 1.2, 2.4):
        card.text(_at(x), bottom, f"{x:g}", 10, MUTED, align="center")
    card.text(_RIGHT + 14, bottom, "meters from the middle", 10, MUTED)
    return card.png()


def _draw(card: Card, ground: float, side: str, positions: Positions) -> None:
    """Draw one track: bars of where the carts were, a mark where each is, the two edges."""
    pen, color = ImageDraw.Draw(card.image), SIDE_COLORS[side]
    counts, _ = np.histogram(positions.latest, _BINS)
    high = HEIGHT - 26
    for left, right, count in zip(_BINS, _BINS[1:], counts / max(counts.max(), 1), strict=False):
        if count:
            card.box(_at(left) + 1, ground - max(2, high * count), _at(right), ground, _pale(color))
    card.box(_LEFT, ground, _RIGHT, ground + 2, EDGE)
    card.box(_at(0) - 0.5, ground - high, _at(0) + 0.5, ground, FAINT)
    for x in (_LEFT, _RIGHT):
        card.box(x - 1, ground - high, x + 1, ground + 5, INK)
    for x in positions.now:
        at = _at(float(np.clip(x, -2.4, 2.4)))
        pen.polygon([(at - 5, ground + 9), (at + 5, ground + 9), (at, ground + 1)], color)
    card.chip(10, ground - high / 2, side, color)
    lines = ["edges of the track: black", "press Start"]
    if len(positions.now):
        lines = [
            f"{positions.distance:.2f} m from the middle,",
            f"on average over {len(positions.latest)} steps",
        ]
    for row, line in enumerate(lines):
        card.text(_RIGHT + 14, ground - high / 2 - 8 + 17 * row, line, 12)


def _at(x: float) -> float:
    """Return how far to the right a position of the track is drawn."""
    return _LEFT + (x + 2.4) / 4.8 * (_RIGHT - _LEFT)


def _pale(color: str) -> tuple[int, ...]:
    """Return a color halfway to the card's."""
    one, other = ([int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in (color, CARD))
    return tuple((a + b) // 2 for a, b in zip(one, other, strict=True))
