"""The sweep explorer: the best setting of a sweep, chosen again and again by a few seeds."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from dqnlib import pictures
from dqnlib.arguments import check_choice, check_count, seeds_in_words
from dqnlib.labs.frame import Lab
from dqnlib.labs.sweep_maps import HEIGHT, Map, paint
from dqnlib.labs.texts import WIDTH, in_lines, named_speeds
from dqnlib.pictures import Card
from dqnlib.scores import iqm
from dqnlib.sweep_plots import cells

STATISTICS = {"mean": np.mean, "IQM": iqm, "worst seed": np.min}


class SweepLab(Lab):
    """Look at a sweep through a few of its seeds (lesson 09).

    A step draws that many seeds, without replacement and the same ones in every cell, and shows
    what each cell of two settings is worth by them; the best cell is framed. The map at the right
    counts how often each cell was the best. Below stands what the winners promised, and what all
    seeds say of them.

    table: as `experiments.tidy` gives it, all cells with the same seeds; rows, columns: two of the
    settings; measures: columns to choose from; seeds: how many are drawn, 1 or more; statistic:
    "mean", "IQM" or "worst seed"; seed: of the draws. name: a second lab of the same name replaces
    the first. Raises ValueError at once for a setting out of range, and for cells without seeds.
    """

    title = "Sweep explorer"
    hint = "Press Step: other seeds are drawn, and the best cell is chosen by them. Or Play."
    period, speed = 1 / 10, 5
    speeds: ClassVar = named_speeds((1, 2, 5, 20, 100), "draws")

    def __init__(
        self, table: Mapping[str, np.ndarray], rows: str, columns: str,
        measures: tuple[str, ...] = ("late", "whole"), *, seeds: int = 3, statistic: str = "mean",
        seed: int = 0, name: str = "sweep",
    ):  # fmt: skip
        self.rows, self.columns = rows, columns
        # measure -> [R, C, S], the seeds of all cells in one order
        self._measured = {m: _by_seed(table, rows, columns, m) for m in measures}
        _, self.down, self.across = cells(table, rows, columns, measures[0])
        self.all_seeds = np.unique(table["seed"])
        self.settings = {
            "seeds": check_count("seeds", seeds, 1, len(self.all_seeds)),
            "statistic": check_choice("statistic", statistic, tuple(STATISTICS)),
            "measure": measures[0],
        }
        self.seed = check_count("seed", seed, 0)
        self.release()
        self.begin()
        super().__init__(name)

    def release(self) -> None:
        self._card = Card(WIDTH, HEIGHT)

    def begin(self) -> None:
        self._rng = np.random.default_rng(self.seed)
        self._count()

    def _count(self) -> None:
        """Begin to count anew, and draw for the first time."""
        self.wins = np.zeros((len(self.down), len(self.across)), int)  # [R, C]
        self.promised, self.held = [], []  # of each winner: by the drawn seeds, and by all
        self._draw_seeds()

    def _draw_seeds(self) -> None:
        s = self.settings
        number = len(self.all_seeds)
        self.drawn = np.sort(self._rng.choice(number, s["seeds"], replace=False))
        self.now = self._worth(self.drawn)  # [R, C]
        equals = np.flatnonzero(self.now == self.now.max())  # chance decides among them
        self.best = np.unravel_index(self._rng.choice(equals), self.now.shape)
        self.wins[self.best] += 1
        self.promised.append(self.now[self.best])
        self.held.append(self._worth(np.arange(number))[self.best])

    def _worth(self, which: np.ndarray) -> np.ndarray:
        values = self._measured[self.settings["measure"]][:, :, which]
        return np.apply_along_axis(STATISTICS[self.settings["statistic"]], 2, values)

    def advance(self) -> bool:
        self._draw_seeds()
        return True

    def change(self, key: str, value) -> None:
        self.settings = self.settings | {key: value}
        self._count()
        self.say("Counted anew.")

    # -- showing -------------------------------------------------------------------------------

    def show(self) -> None:
        self._paint(self._card)
        self.put("maps", self._card.png(1 if self.playing and self.speed > 5 else 2))
        self.put("status", in_lines(self._status()))

    def _paint(self, card: Card) -> None:
        titles, names = self._titles(), (self.rows, self.columns, self.down, self.across)
        left = Map(titles[0], self.now, "{:.0f}", *names)
        right = Map(titles[1], self.wins / self.wins.sum(), "{:.0%}", *names)
        paint(card, (left, right), self.best)

    def _titles(self) -> tuple[str, str]:
        s = self.settings
        return (
            f"{s['measure']} by {seeds_in_words(s['seeds'])}, {s['statistic']}",
            f"how often it was the best, of {self.wins.sum():,}",
        )

    def _status(self) -> list[str]:
        r, c = self.best
        promised, held = np.mean(self.promised), np.mean(self.held)
        seeds = ", ".join(str(seed) for seed in self.all_seeds[self.drawn])
        return [
            f"seeds {seeds} · best: {self.rows} = {self.down[r]:g}, "
            f"{self.columns} = {self.across[c]:g}",
            f"the winners promised <b>{promised:.0f}</b> on average; all "
            f"{len(self.all_seeds)} seeds say <b>{held:.0f}</b> of them · "
            f"{(self.wins > 0).sum()} cells have won",
        ]

    def still(self) -> bytes:
        if not hasattr(self, "_still"):
            kept = {name: getattr(self, name) for name in ("_rng", *_COUNTED)}
            self.begin()
            for _ in range(199):
                self.advance()
            card = Card(WIDTH, HEIGHT)
            self._paint(card)
            self.__dict__.update(kept)
            self._still = pictures.png_bytes(card.image.reduce(2), level=9)
        return self._still

    # -- controls ------------------------------------------------------------------------------

    def build(self):
        s = self.settings
        buttons = self.buttons(
            step="Draw other seeds once",
            play="Draw again and again",
            pause="Stop for a moment; Play goes on",
            reset="Count anew, with the first draw",
        )
        return self._w.VBox(
            [
                self.row(*buttons, self.speed_slider(220)),
                self.row(
                    self.whole("seeds", "seeds", s["seeds"], 1, len(self.all_seeds)),
                    self.choice(
                        "statistic", "statistic", [(k, k) for k in STATISTICS], s["statistic"]
                    ),
                    self.choice(
                        "measure", "measure", [(k, k) for k in self._measured], s["measure"]
                    ),
                ),
                self.text("message", 42),
                self.picture("maps", WIDTH, HEIGHT),
                self.text("status", 46),
            ]
        )


_COUNTED = ("wins", "promised", "held", "drawn", "now", "best")


def _by_seed(table: Mapping[str, np.ndarray], rows: str, columns: str, measure: str) -> np.ndarray:
    """Return a measure as [R, C, S], the seeds of each cell in order."""
    seeds = np.unique(table["seed"])
    one = [
        cells({k: v[table["seed"] == seed] for k, v in table.items()}, rows, columns, measure)
        for seed in seeds
    ]
    found = np.stack([values for values, _, _ in one if values.shape == one[0][0].shape], axis=2)
    if found.shape[2] < len(seeds) or np.isnan(found).any():
        raise ValueError("the explorer needs the same seeds in every cell of the table")
    return found
