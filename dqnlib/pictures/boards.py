"""Boards: the cells of a grid world on a card, with their values or visits; redrawn in part."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageColor, ImageDraw

from dqnlib.pictures import cells
from dqnlib.pictures.card import Card, chip
from dqnlib.pictures.colors import (
    EDGE,
    FAINT,
    GOLD,
    HOT,
    INK,
    LINE,
    MUTED,
    ROCK,
    needs_white,
    value_color,
    value_scale,
    visit_scale,
)
from dqnlib.pictures.text import short_number, text_mask

ACTIONS = ("up", "right", "down", "left")  # the order of CliffWalking


@dataclass(frozen=True)
class Grid:
    """A grid world of rows × columns states, numbered row by row."""

    shape: tuple[int, int]
    start: int | None = None
    goals: tuple[int, ...] = ()
    cliff: frozenset[int] = frozenset()
    names: tuple[int, ...] = ()  # numbers to write into the cells, if it is a part of another grid

    @property
    def n_states(self) -> int:
        return self.shape[0] * self.shape[1]


CLIFF = Grid((4, 12), start=36, goals=(47,), cliff=frozenset(range(37, 47)))


class Board:
    """The cells of a grid on a card; redraws only the cells whose look has changed."""

    _line = ImageColor.getrgb(LINE)  # between cells; more faintly between triangles

    def __init__(self, card: Card, at: tuple[float, float], grid: Grid, cell: int):
        self.card, self.at, self.grid, self.cell = card, at, grid, cell
        self.pixels = cell * card.scale
        self._keys: list = [None] * grid.n_states
        rows, columns = grid.shape
        left, top = at
        card.box(left - 1, top - 1, left + columns * cell + 1, top + rows * cell + 1, FAINT, EDGE)
        for s in grid.cliff:
            card.paste(cells.hatch(self.pixels), *self._corner(s))
        for s, length in self._cliff_runs():
            self._name_cliff(s, length)

    def _corner(self, s: int) -> tuple[float, float]:
        row, column = divmod(s, self.grid.shape[1])
        return self.at[0] + column * self.cell, self.at[1] + row * self.cell

    def _cliff_runs(self) -> list[tuple[int, int]]:
        """Return (first state, length) of each row of neighboring cliff cells."""
        runs: list[tuple[int, int]] = []
        for s in sorted(self.grid.cliff):
            joined = runs and s == sum(runs[-1]) and s % self.grid.shape[1]
            runs[-1:] = [(runs[-1][0], runs[-1][1] + 1)] if joined else [*runs[-1:], (s, 1)]
        return runs

    def _name_cliff(self, s: int, length: int) -> None:
        x, y = self._corner(s)
        word = "T H E   C L I F F" if length > 3 else "cliff"
        size = 0.3 * self.cell if length > 3 else 0.26 * self.cell
        middle = (x + length * self.cell / 2, y + self.cell / 2)
        mask = text_mask(word, size * self.card.scale, True)
        half = (mask.width / self.card.scale / 2 + 0.25 * self.cell, 0.3 * self.cell)
        self.card.box(middle[0] - half[0], middle[1] - half[1], middle[0] + half[0],
                      middle[1] + half[1], ROCK[0])  # fmt: skip
        self.card.text(*middle, word, size, "#ffffff", bold=True, align="center")

    def _put(self, s: int, key, draw) -> int:
        """Draw cell s if its look, told by the key, has changed; return 1 if so."""
        if self._keys[s] == key:
            return 0
        self._keys[s] = key
        self.card.paste(draw(s, key), *self._corner(s))
        return 1

    def _flat(self, rgb) -> Image.Image:
        image = Image.new("RGB", (self.pixels, self.pixels), tuple(rgb))
        frame = (0, 0, self.pixels - 1, self.pixels - 1)
        ImageDraw.Draw(image).rectangle(frame, None, self._line, max(1, self.card.scale // 2))
        return image

    def _filled(self, weights: np.ndarray, colors: np.ndarray) -> Image.Image:
        """Mix the colors of the four triangles [4, 3] and of the lines into a cell."""
        five = np.concatenate([colors, [self._line]]).astype(np.float32)
        pixels = (weights @ five + 0.5).astype(np.uint8)
        return Image.fromarray(pixels.reshape(self.pixels, self.pixels, 3))

    def _write(self, image, x, y, text, size, color, bold=False, anchor=0.5) -> None:
        """Write text with its middle at height y and, across, its part ``anchor`` at x, in cells.

        anchor: 0 for the left end, 0.5 for the middle, 1 for the right end.
        """
        mask = text_mask(text, size * self.card.scale, bold)
        left = x * self.pixels - anchor * mask.width
        at = (round(left), round(y * self.pixels - mask.height / 2))
        image.paste(color, (*at, at[0] + mask.width, at[1] + mask.height), mask)

    def _letter(self, image: Image.Image, s: int, small: bool = True) -> None:
        """Write S or G into the cells that have such a name; small: in a corner."""
        goal = s in self.grid.goals
        if goal and not small:
            self._write(image, 0.5, 0.5, "G", 0.5 * self.cell, INK, bold=True)
        elif goal or s == self.grid.start:
            size = max(12, round(0.22 * self.cell))
            name = chip("G" if goal else "S", "#343a46", size * self.card.scale)
            image.paste(name, (self.card.scale, self.pixels - name.height - self.card.scale), name)


class ValueBoard(Board):
    """Cells cut into four triangles, colored by the action values; see `GridPicture`."""

    def __init__(self, card, at, grid, cell):
        super().__init__(card, at, grid, cell)
        self.numbers = cell >= 56
        self._q = np.full((grid.n_states, len(ACTIONS)), np.nan)
        self._extra: set[int] = set()  # cells that held the agent or the mark

    def draw(self, q, agent: int | None = None, mark: tuple[int, int] | None = None) -> int:
        """Show action values [N, 4]; return how many cells were redrawn.

        agent: the state it stands in; mark: the (state, action) to outline.
        """
        q = np.asarray(q, float)
        changed = ~((q == self._q) | (np.isnan(q) & np.isnan(self._q))).all(1)
        changed |= [key is None for key in self._keys]
        extra = {agent, mark and mark[0]} - {None}
        changed[list(extra | self._extra)] = True
        self._q, self._extra = q.copy(), extra
        redrawn = 0
        for s in np.flatnonzero(changed).tolist():
            if s in self.grid.cliff:
                continue
            marked = mark[1] if mark and mark[0] == s else None
            redrawn += self._put(s, self._key(s, s == agent, marked), self._cell_image)
        return redrawn

    def _key(self, s: int, agent: bool, marked: int | None):
        """Everything that the look of a cell depends on."""
        if s in self.grid.goals:
            return ((), (), (), agent, None)
        row = self._q[s]
        texts = tuple(short_number(v) for v in row.tolist()) if self.numbers else ()
        greedy = tuple(np.flatnonzero(row == row.max()).tolist())
        if len(greedy) == len(row):
            greedy = ()  # nothing is known yet: no arrow
        return tuple(value_color(row).tolist()), texts, greedy, agent, marked

    def _cell_image(self, s: int, key) -> Image.Image:
        depth, texts, greedy, agent, marked = key
        if s in self.grid.goals:
            image = self._flat(ImageColor.getrgb(GOLD))
        else:
            colors = value_scale()[list(depth)]  # [4, 3]
            image = self._filled(cells.weights(self.pixels, self.card.scale / 2), colors)
            if marked is not None:
                self._over(image, cells.mark(self.pixels, marked))
            if texts:
                self._numbers(image, s, needs_white(colors), texts, greedy)
        self._letter(image, s, small=agent or s == self.grid.start)
        if agent:
            radius = 0.14 if self.numbers else 0.25
            self._over(image, cells.disc(self.pixels, radius, HOT))
        if greedy:
            length = (0.15 if agent else 0.19) if self.numbers else 0.42 if agent else 0.62
            color = "#ffffff" if agent else INK
            self._over(image, cells.arrows(self.pixels, greedy, length, color))
        return image

    def _over(self, image: Image.Image, sprite: Image.Image) -> None:
        image.paste(sprite, (0, 0), sprite)

    def _numbers(self, image, s, white, texts, greedy) -> None:
        """Write the values along the edges, so that the middle is free for arrow and agent."""
        size = 0.138 * self.cell
        for action, text in enumerate(texts):
            bold = action in greedy
            half = text_mask(text, size * self.card.scale, bold).width / self.pixels / 2
            side = max(0.19, 0.035 + half)  # middle of a number at the left or right edge
            x, y = ((0.5, 0.135), (1 - side, 0.5), (0.5, 0.865), (side, 0.5))[action]
            color = "#ffffff" if white[action] else MUTED if text == "0" else "#000000"
            self._write(image, x, y, text, size, color, bold)
        color = "#dfe3ea" if white[0] else "#2f343d"
        name = str(self.grid.names[s] if self.grid.names else s)
        self._write(image, 0.03, 0.085, name, 0.105 * self.cell, color, anchor=0)


class VisitBoard(Board):
    """Cells colored by the share of the steps that was taken there."""

    MOST = 0.08  # share at the dark end of the color scale

    def draw(self, share) -> int:
        """Show shares [N] of all steps, 0 to 1; return how many cells were redrawn."""
        depth = np.clip(np.asarray(share, float) / self.MOST, 0, 1) ** 0.5
        level = (depth * 255).round().astype(int).tolist()
        return sum(
            self._put(s, level[s], self._cell_image)
            for s in range(self.grid.n_states)
            if s not in self.grid.cliff
        )

    def _cell_image(self, s: int, level: int) -> Image.Image:
        image = self._flat(
            ImageColor.getrgb(GOLD) if s in self.grid.goals else visit_scale()[level]
        )
        self._letter(image, s, small=False)
        return image
