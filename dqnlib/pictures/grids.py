"""Pictures of a grid world: one board of values, or two with their visits, and a legend."""

from PIL import Image

from dqnlib.pictures import cells
from dqnlib.pictures.boards import CLIFF, Grid, ValueBoard, VisitBoard
from dqnlib.pictures.card import Card
from dqnlib.pictures.colors import FAINT, HOT, INK, MUTED, value_color, value_scale, visit_scale
from dqnlib.pictures.text import number


class GridPicture:
    """A grid world whose cells show the four action values, as a card that is kept and updated.

    Each cell is cut into four triangles, one for each action; the color is the expected return,
    on a logarithmic scale from 0 (light) to −100 (dark). An arrow shows the greedy action, all
    of them if several are equally good, and none while all four are equal. A disc is the agent.

    grid: the world; cell: CSS pixels, from 56 on with numbers; side: "A" or "B", gives a color.
    """

    def __init__(self, grid: Grid = CLIFF, cell: int = 72, *, title="Action values", note="",
                 side: str | None = None, scale: int = 2, agent: bool = True):  # fmt: skip
        rows, columns = grid.shape
        self.margin = 23
        width = max(columns * cell, 320) + 2 * self.margin
        self.card = Card(width, rows * cell + 94, scale)
        left = (width - columns * cell) / 2
        self.board = ValueBoard(self.card, (left, 40), grid, cell)
        self._heading: tuple = ()
        self.head(title, note, side)
        self._legend(40 + rows * cell + 14, agent)

    def head(self, title: str, note: str = "", side: str | None = None) -> None:
        """Write the heading, if it is a new one."""
        if (title, note, side) != self._heading:
            self._heading = (title, note, side)
            self.card.box(2, 2, self.card.width - 2, 38)
            right = self.card.width - self.margin
            self.card.title(self.margin, 20, side, title, note, right)

    def update(self, q, agent: int | None = None, mark: tuple[int, int] | None = None) -> int:
        """Show action values [N, 4]; return how many cells were redrawn. See `ValueBoard`."""
        return self.board.draw(q, agent, mark)

    @property
    def image(self) -> Image.Image:
        return self.card.image

    def _legend(self, top: float, agent: bool) -> None:
        card, x, y = self.card, self.margin, top + 12
        wide = card.width > 700
        if wide:
            if agent:
                disc = cells.disc(26 * card.scale, 0.32, HOT)
                card.paste(disc, x - 3, y - 13, disc)
                x = card.text(x + 25, y, "agent", 11, MUTED)
            arrow = cells.arrows(self.board.pixels, (1,), 0.19 if self.board.numbers else 0.62, INK)
            card.paste(arrow, x + 25 - self.board.cell / 2, y - self.board.cell / 2, arrow)
            x = card.text(x + 40, y, "best action (greedy)", 11, MUTED)
        bar = 330 if wide else 200
        left = card.width - self.margin - bar - 6
        ticks = (-100, -50, -20, -10, -5, -2, -1, 0) if wide else (-100, -10, -1, 0)
        _value_bar(card, left, top, bar, ticks)
        words = "expected return" if card.width > 360 else "return"
        card.text(left - (28 if wide else 12), top + 5, words, 11, MUTED, align="right")
        if wide:
            card.text(left - 28, top + 20, "(log scale)", 10, MUTED, align="right")


class PairPicture:
    """Two small value grids side by side, and under each where its runs spend their steps."""

    def __init__(self, grid: Grid = CLIFF, width: int = 910, scale: int = 2):
        rows, columns = grid.shape
        cell = (width // 2 - 44) // columns
        self.margin = (width // 2 - columns * cell) // 2
        below = 40 + rows * cell + 28
        self.card = Card(width, below + rows * cell + 42, scale)
        self.half = width / 2
        self.values, self.visits, self._headings = {}, {}, {}
        for side, left in self._lefts():
            self.values[side] = ValueBoard(self.card, (left, 40), grid, cell)
            self.visits[side] = VisitBoard(self.card, (left, below), grid, cell)
        self.card.box(self.half - 0.5, 10, self.half + 0.5, self.card.height - 10, FAINT)
        self._legend(below + rows * cell + 9, columns * cell)

    def _lefts(self):
        return (("A", self.margin), ("B", self.margin + self.half))

    def head(self, side: str, title: str, note: str, below: str) -> None:
        """Write the headings of one side, if they are new."""
        if self._headings.get(side) == (title, note, below):
            return
        self._headings[side] = (title, note, below)
        left = dict(self._lefts())[side]
        right, middle = left + self.half - 2 * self.margin, self.visits[side].at[1] - 14
        self.card.box(left - 2, 2, right + 2, 38)
        self.card.title(left, 20, side, title, note, right)
        self.card.box(left - 2, middle - 11, right + 2, middle + 11)
        self.card.text(left, middle, below, 11, MUTED)

    def update(self, side: str, q, share, agent=None, mark=None) -> int:
        """Show one side's values [N, 4] and shares [N]; return how many cells were redrawn."""
        return self.values[side].draw(q, agent, mark) + self.visits[side].draw(share)

    @property
    def image(self) -> Image.Image:
        return self.card.image

    def _legend(self, top: float, width: float) -> None:
        left = self.margin + 116
        self.card.text(left - 12, top + 5, "expected return", 11, MUTED, align="right")
        _value_bar(self.card, left, top, round(width - 126), (-100, -50, -20, -10, -5, -2, -1, 0))
        left = self.half + self.margin + 116
        self.card.text(left - 12, top + 5, "share of steps", 11, MUTED, align="right")
        shares = {f"{100 * s:.3g}%": 1 - (s / VisitBoard.MOST) ** 0.5 for s in (0, 0.01, 0.04)}
        shares["≥ 8%"] = 0
        self.card.color_bar(left, top, round(width - 126), visit_scale(), shares)


def grid_image(q, grid: Grid = CLIFF, *, agent: int | None = None, title="Action values",
               note="", side=None, cell: int = 72, scale: int = 1) -> Image.Image:  # fmt: skip
    """Return a picture of action values [N, 4] on a grid, for a figure that stands still.

    See `GridPicture` for what it shows. scale=2 is sharper and twice as wide.
    """
    picture = GridPicture(
        grid, cell, title=title, note=note, side=side, scale=scale, agent=agent is not None
    )
    picture.update(q, agent)
    return picture.image


def _value_bar(card: Card, left, top, width, values) -> None:
    ticks = {number(v, 0): 1 - float(value_color(v)) / 255 for v in values}
    ticks = {f"≤ {label}" if place == 0 else label: place for label, place in ticks.items()}
    card.color_bar(left, top, width, value_scale(), ticks)
