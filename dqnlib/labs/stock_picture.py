"""The picture of the Stock lab: a row of units for each player, and what each has earned."""

import itertools
from collections.abc import Mapping

from dqnlib.pictures import FAINT, INK, MUTED, Card, number
from dqnlib.warehouse import CAPACITY

HEIGHT = 330  # CSS pixels
COLORS = ("#c2006b", "#0072b2", "#d55e00", "#555555")  # of the players, you first
_TOP, _ROW = 74, 56  # middle of the first row, height of a row
_UNITS, _UNIT = 170, 15  # where the units begin, and how wide one is
_CHART = (540, 62, 884, 290)  # left, top, right, bottom


def paint(card: Card, players: Mapping, days: int, most: int, demand: int | None) -> None:
    """Draw the stocks at the end of a day, and the profit so far.

    players: by name, each with stock, order, sold, missed and totals; most: days of a game;
    demand: of the last day, None before the first.
    """
    card.box(2, 2, card.width - 2, card.height - 2)
    asked = "" if demand is None else f" · {demand} {'unit was' if demand == 1 else 'units were'}"
    card.text(24, 24, f"day {days} of {most}{asked}{' asked for' if asked else ''}", 14, INK,
              bold=True)  # fmt: skip
    card.text(_CHART[0], 24, "profit so far", 14, INK, bold=True)
    for row, (who, player) in enumerate(players.items()):
        _paint_player(card, _TOP + row * _ROW, who, player, COLORS[row], days)
    _paint_chart(card, players, most)


def _paint_player(card: Card, y: float, who: str, player, color: str, days: int) -> None:
    card.text(24, y - 9, who, 13, color, bold=True)
    card.text(24, y + 10, f"profit {number(player.totals[-1], 1)}", 12, INK)
    for unit in range(CAPACITY):
        left = _UNITS + unit * (_UNIT + 2)
        fill = color if unit < player.stock else "white"
        card.box(left, y - 17, left + _UNIT, y - 2, fill, color if unit < player.stock else FAINT)
    card.text(_UNITS + CAPACITY * (_UNIT + 2) + 8, y - 9, f"stock {player.stock}", 12, INK)
    if days:
        missed = f", {player.missed} missed" if player.missed else ""
        card.text(_UNITS, y + 10, f"ordered {player.order}, sold {player.sold}{missed}", 12, MUTED)


def _paint_chart(card: Card, players: Mapping, most: int) -> None:
    left, top, right, bottom = _CHART
    every = [total for player in players.values() for total in player.totals]
    low, high = min(0.0, *every), max(20.0, *every)

    def place(day: int, total: float) -> tuple[float, float]:
        share = (total - low) / (high - low)
        return left + day / most * (right - left), bottom - share * (bottom - top)

    levels = (low, 0.0, high) if -low > 0.07 * (high - low) else (0.0, high)  # labels need room
    for total in levels:
        _, y = place(0, total)
        card.line(left, y, right, y, FAINT, 1)
        card.text(left - 6, y, number(total, 0), 11, MUTED, align="right")
    for row, player in enumerate(players.values()):
        points = [place(day, total) for day, total in enumerate(player.totals)]
        for start, end in itertools.pairwise(points):
            card.line(*start, *end, COLORS[row], 2.5)
    for day in (0, most // 2, most):
        x, name = place(day, low)[0], f"day {day}" if day else "0"
        card.text(x, bottom + 16, name, 11, MUTED, align="right" if day == most else "center")
