"""The Discount lab: what a late reward is worth now (lesson 00)."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from dqnlib import pictures
from dqnlib.arguments import check_number
from dqnlib.labs.frame import Lab
from dqnlib.labs.texts import WIDTH
from dqnlib.pictures import FAINT, INK, MUTED, SIDE_COLORS, Card, number


class DiscountLab(Lab):
    """A slider for γ: what a reward of 1 after 0 to 20 steps is worth now.

    gamma: where the slider starts, 0 to 1. Raises ValueError if it is out of range.
    """

    title = "Discount lab"
    hint = "Move the slider: how much is a late reward worth now?"
    bars, stream = 21, 13  # rewards shown; length of the stream of rewards of −1

    def __init__(self, *, gamma: float = 0.9, name: str = "discount"):
        self.gamma = check_number("gamma", gamma, 0, 1)
        self._picture = BarPicture(self.bars)
        super().__init__(name)

    def change(self, key: str, value) -> None:
        self.gamma = value

    def show(self) -> None:
        worth = self.gamma ** np.arange(self.bars)
        total = -worth[: self.stream].sum()
        self._picture.draw(
            worth, f"What a reward of 1 is worth now, with γ = {self.gamma:.2f}",
            "steps until the reward comes: k (the bar is γᵏ)",
            f"−1 a step for {self.stream} steps is worth {number(total)} now",
        )  # fmt: skip
        self.put("bars", self._picture.card.png())

    def still(self) -> bytes:
        image = Image.open(io.BytesIO(self._values["bars"]))  # the worker may be drawing the next
        return pictures.png_bytes(image.convert("RGB").reduce(2), level=9)

    def build(self):
        gamma = self.slider("gamma", "discount γ", self.gamma, 0, 1, layout={"width": "420px"})
        return self._w.VBox([gamma, self.text("message", 42), self.picture("bars", WIDTH, 260)])


class BarPicture:
    """Bars of height 0 to 1 over whole numbers, one of them per step."""

    def __init__(self, bars: int, width: int = 910, height: int = 260, scale: int = 2):
        self.card = Card(width, height, scale)
        self.left, self.top, self.floor = 64, 56, height - 46
        self.pitch = (width - self.left - 24) / bars

    def draw(self, heights: Sequence[float], title: str, xlabel: str, note: str = "") -> None:
        """Show the heights [bars] with their numbers; note: a line at the right."""
        card = self.card
        card.box(2, 2, card.width - 2, card.height - 2)
        card.text(24, 22, title, 14, INK, bold=True)
        card.text(card.width - 24, 22, note, 13, INK, align="right")
        for level in (0, 0.5, 1):
            y = self.floor - level * (self.floor - self.top)
            card.box(self.left, y - 0.5, card.width - 24, y + 0.5, FAINT)
            card.text(self.left - 10, y, f"{level:g}", 11, MUTED, align="right")
        for i, value in enumerate(heights):
            self._bar(i, float(value))
        card.text((self.left + card.width - 24) / 2, card.height - 14, xlabel, 11, MUTED,
                  align="center")  # fmt: skip

    def _bar(self, i: int, value: float) -> None:
        middle = self.left + (i + 0.5) * self.pitch
        y = self.floor - value * (self.floor - self.top)
        half = 0.36 * self.pitch
        self.card.box(middle - half, min(y, self.floor - 1), middle + half, self.floor,
                      SIDE_COLORS["A"])  # fmt: skip
        self.card.text(middle, y - 8, f"{value:.2f}", 10, INK, align="center")
        self.card.text(middle, self.floor + 11, str(i), 10, MUTED, align="center")
