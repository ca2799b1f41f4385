"""The picture of the Surface lab: the truth, the fit and its error as maps."""

import functools
from typing import ClassVar

import numpy as np
from PIL import Image, ImageDraw

from dqnlib import pictures
from dqnlib.classics.mountain_car import HIGH as CAR_HIGH
from dqnlib.classics.mountain_car import LOW as CAR_LOW
from dqnlib.labs.surface_fits import Fitting
from dqnlib.labs.texts import WIDTH
from dqnlib.pictures import EDGE, INK, MUTED, Card, number

_SIZE = (122, 95)  # cells of a panel, 2 × 2 CSS pixels each
_HIGHEST = 120.0  # steps at the dark end of the color scale


class MapPicture:
    """Three maps of position and velocity side by side, with one color scale in steps."""

    height = 286  # CSS pixels
    titles: ClassVar = {
        "truth": "truth, and the samples",
        "fit": "fit",
        "error": "error: |fit − truth|",
    }
    left, top, pitch = 62, 40, 268  # of the first map; from map to map

    def __init__(self, scale: int = 2):
        self.card = card = Card(WIDTH, self.height, scale)
        self.width, self.tall = 2 * _SIZE[0], 2 * _SIZE[1]
        for k, title in enumerate(self.titles.values()):
            self._frame(self.left + k * self.pitch, title, first=k == 0)
        _upright(card, 16, self.top + self.tall / 2, "velocity (position per step)", 11)
        self._bar(self.left + 3 * self.pitch - 10)

    def _frame(self, left: float, title: str, first: bool) -> None:
        card, bottom = self.card, self.top + self.tall
        card.text(left, self.top - 18, title, 13, INK, bold=True)
        card.box(left - 1, self.top - 1, left + self.width + 1, bottom + 1, None, EDGE)
        for x in (-1.0, -0.5, 0.0, 0.5):
            at = left + (x - CAR_LOW[0]) / (CAR_HIGH[0] - CAR_LOW[0]) * self.width
            card.box(at - 0.5, bottom + 1, at + 0.5, bottom + 5, MUTED)
            card.text(at, bottom + 13, number(x, 1), 10, MUTED, align="center")
        card.text(left + self.width / 2, bottom + 32, "position", 11, MUTED, align="center")
        for v in (-0.07, 0.0, 0.07):
            at = self.top + (CAR_HIGH[1] - v) / (CAR_HIGH[1] - CAR_LOW[1]) * self.tall
            card.box(left - 5, at - 0.5, left - 1, at + 0.5, MUTED)
            if first:
                card.text(left - 8, at, number(v), 10, MUTED, align="right")

    def _bar(self, left: float) -> None:
        """Draw the color scale, its dark end at the top."""
        card, k = self.card, self.card.scale
        strip = Image.fromarray(np.ascontiguousarray(pictures.value_scale()[::-1][:, None]))
        card.box(left - 1, self.top - 1, left + 13, self.top + self.tall + 1, None, EDGE)
        card.paste(strip.resize((12 * k, self.tall * k)), left, self.top)
        for steps in range(0, int(_HIGHEST) + 1, 20):
            at = self.top + (1 - steps / _HIGHEST) * self.tall
            card.box(left + 13, at - 0.5, left + 17, at + 0.5, MUTED)
            card.text(left + 20, at, str(steps), 10, MUTED)
        card.text(left - 4, self.top - 18, "steps", 11, MUTED)

    def truth(self, now: Fitting) -> None:
        """Show the truth, and the samples that are learned from."""
        self._true = now.truth(_grid_points())  # [cells]
        self.draw("truth", self._true, now.obs)

    def fitted(self, now: Fitting) -> None:
        """Show the fit, and how far it is off."""
        fitted = now.fit.predict(_grid_points())  # [cells]
        self.draw("fit", fitted)
        self.draw("error", abs(fitted - self._true))

    def draw(self, name: str, values: np.ndarray, obs: np.ndarray | None = None) -> None:
        """Show one of the maps: values [cells] in steps; obs: [N, 2] points to mark."""
        k = self.card.scale
        left = self.left + list(self.titles).index(name) * self.pitch
        place = np.clip(np.nan_to_num(values) / _HIGHEST, 0, 1)
        colors = pictures.value_scale()[(255 * place).astype(np.uint8)].reshape(
            _SIZE[1], _SIZE[0], 3
        )
        size = (self.width * k, self.tall * k)
        image = Image.fromarray(colors).resize(size, Image.Resampling.NEAREST)
        if obs is not None:
            _mark(image, obs, k)
        self.card.paste(image, left, self.top)


@functools.cache
def _grid_points() -> np.ndarray:
    """Return position and velocity in the middle of each cell of a map, row by row from the top."""
    columns, rows = _SIZE
    low, high = np.array(CAR_LOW), np.array(CAR_HIGH)
    across = low[0] + (np.arange(columns) + 0.5) / columns * (high - low)[0]
    up = high[1] - (np.arange(rows) + 0.5) / rows * (high - low)[1]
    return np.stack(np.meshgrid(across, up), -1).reshape(-1, 2)


def _mark(image: Image.Image, obs: np.ndarray, scale: int) -> None:
    """Draw a dot at each observation [N, 2], smaller ones where there are many."""
    low, high = np.array(CAR_LOW), np.array(CAR_HIGH)
    share = (obs - low) / (high - low)
    at = np.stack([share[:, 0], 1 - share[:, 1]], 1) * image.size
    radius = scale * (2.2 if len(obs) <= 100 else 1.5 if len(obs) <= 1000 else 0.6)
    pen = ImageDraw.Draw(image)
    for x, y in at:
        line = INK if len(obs) <= 1000 else None
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), "white", line)


def _upright(card: Card, x: float, y: float, text: str, size: int) -> None:
    """Write a text that reads from bottom to top, with its middle at (x, y)."""
    face = pictures.font(size * card.scale)
    length, high = int(face.getlength(text)) + 2, int(1.4 * size * card.scale)
    mask = Image.new("L", (length, high))
    ImageDraw.Draw(mask).text((1, high / 2), text, 255, face, anchor="lm")
    mask = mask.rotate(90, expand=True)
    color = Image.new("RGB", mask.size, MUTED)
    card.paste(color, x - mask.width / 2 / card.scale, y - mask.height / 2 / card.scale, mask)
