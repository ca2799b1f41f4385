"""Several small boards on one card: tables beside each other, or one run's updates step by step."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from dqnlib.data import Step
from dqnlib.pictures.boards import ACTIONS, CLIFF, Grid, ValueBoard
from dqnlib.pictures.card import Card
from dqnlib.pictures.colors import INK
from dqnlib.pictures.text import number


class Panel(NamedTuple):
    """One board: its heading, its table, and what happened in it."""

    title: str
    q: np.ndarray  # [N, 4] action values
    lines: tuple[str, ...] = ()  # below the board
    mark: tuple[int, int] | None = None  # the (state, action) to outline


def panels_image(panels: Sequence[Panel], grid: Grid = CLIFF, cell: int = 35, width: int = 910,
                 scale: int = 2) -> Image.Image:  # fmt: skip
    """Return a picture of boards side by side, as many a row as fit into the width."""
    rows, columns = grid.shape
    across = max(1, (width - 20) // (columns * cell + 16))
    lines = max(len(panel.lines) for panel in panels)
    wide, high = width / across, 34 + rows * cell + 20 * lines + 12
    card = Card(width, math.ceil(len(panels) / across) * high + 8, scale)
    for i, panel in enumerate(panels):
        left = (i % across) * wide + (wide - columns * cell) / 2
        top = (i // across) * high
        card.text(left, top + 20, panel.title, 13, INK, bold=True)
        board = ValueBoard(card, (left, top + 34), grid, cell)
        board.draw(panel.q, mark=panel.mark)
        for k, line in enumerate(panel.lines):
            card.text(left, top + 34 + rows * cell + 14 + 20 * k, line, 12, INK)
    return card.image


def updates_image(steps: Sequence[Step], q: np.ndarray, alpha: float, gamma: float,
                  columns: int = 4) -> Image.Image:  # fmt: skip
    """Return one board a step of Q-learning: the move, the sum, and the table after it.

    q: [48, 4] before the first step. Shown are the lower three rows of Cliff Walking and its first
    columns. Raises ValueError for a step that leaves them.
    """
    part = [s for s in range(12, 48) if s % CLIFF.shape[1] < columns]  # [rows · columns] states
    place = {s: i for i, s in enumerate(part)}
    cliff = frozenset(place[s] for s in CLIFF.cliff if s in place)
    grid = Grid((3, columns), start=place[36], cliff=cliff, names=tuple(part))
    q, panels = np.array(q, float), []
    for k, step in enumerate(steps, 1):
        if step.obs not in place or step.next_obs not in place:
            raise ValueError(
                f"step {k} goes from state {step.obs} to {step.next_obs}, and only the first "
                f"{columns} columns of the lower three rows are shown"
            )
        lines = _sum_of(step, q, alpha, gamma)
        q[step.obs, step.action] += alpha * step.td_error
        title = f"{k}.  {step.obs} → {step.next_obs}, {ACTIONS[step.action]}"
        panels.append(Panel(title, q[part], lines, (place[step.obs], step.action)))
    return panels_image(panels, grid, cell=66)


def _sum_of(step: Step, q: np.ndarray, alpha: float, gamma: float) -> tuple[str, str]:
    """Return the target and the new value, each as a sum in one line; q: before the step."""
    old, best = q[step.obs, step.action], q[step.next_obs].max()
    new = old + alpha * step.td_error
    times = "" if gamma == 1 else f"{gamma:g} × "
    target = f"{_short(step.reward)} + {times}{_signed(best)} = {_short(step.td_target)}"
    if step.terminated:
        target = f"{_short(step.td_target)}, nothing follows"
    move = f"{alpha:g} × ({_short(step.td_target)} − {_signed(old)})"
    return f"target  {target}", f"{_short(old)} + {move} = {_short(new)}"


def _short(value: float) -> str:
    return number(value).removesuffix(".00")


def _signed(value: float) -> str:
    return f"({_short(value)})" if round(value, 2) < 0 else _short(value)
