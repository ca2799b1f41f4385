"""The Discount lab: what a late reward is worth now (lesson 00)."""

import io

import numpy as np
from PIL import Image

from dqnlib import pictures
from dqnlib.arguments import check_number
from dqnlib.labs.frame import Lab
from dqnlib.labs.texts import WIDTH
from dqnlib.pictures import number


class DiscountLab(Lab):
    """A slider for γ: what a reward of 1 after 0 to 20 steps is worth now.

    gamma: where the slider starts, 0 to 1. Raises ValueError if it is out of range.
    """

    title = "Discount lab"
    hint = "Move the slider: how much is a late reward worth now?"
    bars, stream = 21, 13  # rewards shown; length of the stream of rewards of −1

    def __init__(self, *, gamma: float = 0.9, name: str = "discount"):
        self.gamma = check_number("gamma", gamma, 0, 1)
        self._picture = pictures.BarPicture(self.bars)
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
