"""Bars over whole numbers."""

from collections.abc import Sequence

from dqnlib.pictures.card import Card
from dqnlib.pictures.colors import FAINT, INK, MUTED, SIDE_COLORS


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
