"""The Stock lab: a warehouse to run by hand, beside other players with the same demand."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from dqnlib import pictures
from dqnlib.arguments import check_count
from dqnlib.labs.frame import Lab
from dqnlib.labs.stock_picture import HEIGHT, paint
from dqnlib.labs.texts import WIDTH, in_lines
from dqnlib.pictures import Card
from dqnlib.warehouse import CAPACITY, LARGEST_ORDER, demand_probabilities, profit

DAYS, FIRST_STOCK, MOST = 50, 6, 3  # days of a game, units at its start, other players


class Player:
    """One who orders: a stock, what it earned so far, and the last day."""

    def __init__(self):
        self.stock, self.order, self.sold, self.missed = FIRST_STOCK, 0, 0, 0
        self.totals = [0.0]  # one a day, from the start on

    def day(self, order: int, demand: int) -> None:
        """Order in the evening, sell by day; what is not there is missed."""
        self.order = min(order, CAPACITY - self.stock)
        there = self.stock + self.order
        earned, self.stock = profit(self.stock, order, demand)
        self.sold, self.missed = there - self.stock, demand - (there - self.stock)
        self.totals.append(self.totals[-1] + earned)


class StockLab(Lab):
    """Run the warehouse of lesson 09b by hand: the slider says what you order each evening.

    others: players by name, each an order for every stock, whole numbers [13]; they meet the
    same demand, a day at a time. A game has 50 days. seed: of the demand; Reset draws the next
    game, the same again after a restart. name: a second lab of the same name replaces the first.
    Raises ValueError at once for what is no table of orders, and for more than three players.
    """

    title = "Stock lab"
    hint = "Choose your order for tonight, then press Step: one evening and one day."
    period, speed = 1 / 12, 2
    speeds: ClassVar = {f"{v} days/s": v for v in (1, 2, 5, 10, 30)}

    def __init__(self, others: Mapping[str, object], *, seed: int = 0, name: str = "stock"):
        if not 1 <= len(others) <= MOST:
            raise ValueError(f"others must be one to {MOST} players, but there are {len(others)}")
        self._orders = {who: _checked(who, orders) for who, orders in others.items()}
        self._rng = np.random.default_rng(check_count("seed", seed, 0))
        self.order, self.games = 0, 0
        self._card = Card(WIDTH, HEIGHT)
        self.begin()
        super().__init__(name)

    def begin(self) -> None:
        self.games += 1
        self.players = {who: Player() for who in ("you", *self._orders)}
        self.days, self.demand = 0, None

    def advance(self) -> bool:
        if self.days == DAYS:
            return False
        p = demand_probabilities()
        self.demand = int(self._rng.choice(len(p), p=p))
        for who, player in self.players.items():
            order = self.order if who == "you" else int(self._orders[who][player.stock])
            player.day(order, self.demand)
        self.days += 1
        return True

    def change(self, key: str, value) -> None:
        self.order = value

    def show(self) -> None:
        paint(self._card, self.players, self.days, DAYS, self.demand)
        self.put("stock", self._card.png(1 if self.playing and self.speed > 10 else 2))
        self.put("status", self._status())

    def _status(self) -> str:
        yours = self.players["you"].totals[-1]
        gaps = [
            f"{_gap(yours - player.totals[-1])} {who}"
            for who, player in self.players.items()
            if who != "you"
        ]
        return in_lines([f"game {self.games} · you are " + " · ".join(gaps)])

    def still(self) -> bytes:
        card, rng, p = Card(WIDTH, HEIGHT), np.random.default_rng(0), demand_probabilities()
        players = {who: Player() for who in ("you", *self._orders)}
        for _ in range(20):
            demand = int(rng.choice(len(p), p=p))
            for who, player in players.items():
                order = 3 if who == "you" else int(self._orders[who][player.stock])
                player.day(order, demand)
        paint(card, players, 20, DAYS, demand)
        return pictures.png_bytes(card.image.reduce(2), level=9)

    def build(self):
        buttons = self.buttons(
            step="One evening and one day",
            play="Go on by itself, each evening with the order of the slider",
            pause="Stop for a moment; Play goes on",
            reset="The next game: 50 other days",
        )
        return self._w.VBox(
            [
                self.row(*buttons, self.speed_slider(200)),
                self.row(self.whole("order", "your order", self.order, 0, LARGEST_ORDER)),
                self.text("message", 42),
                self.picture("stock", WIDTH, HEIGHT),
                self.text("status", 24),
            ]
        )


def _gap(more: float) -> str:
    """Return how much more you have than another one, as words."""
    if abs(more) < 0.05:
        return "level with"
    return f"{abs(more):.1f} {'ahead of' if more > 0 else 'behind'}"


def _checked(who: str, orders) -> np.ndarray:
    """Return a table of orders; ValueError that teaches if it is none."""
    found = np.asarray(orders)
    right = found.shape == (CAPACITY + 1,) and found.dtype.kind in "iu"
    if not right or (found < 0).any() or (found > LARGEST_ORDER).any():
        raise ValueError(
            f"the orders of {who!r} must be {CAPACITY + 1} whole numbers from 0 to "
            f"{LARGEST_ORDER}, one for each stock, but they are {orders!r}"
        )
    return found
