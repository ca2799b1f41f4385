"""The picture of the Relabel lab: the episode on the left, copies of one step on the right."""

import numpy as np

from dqnlib.labs.relabel_episode import Tale
from dqnlib.pictures import FAINT, HOT, INK, MUTED, SIDE_COLORS, Card, number

HEIGHT = 320  # CSS pixels
_ROW, _CELL, _TOP = 26, 14, 74  # height of a row, width of a bit, middle of the first row
WANTED, NEW = SIDE_COLORS["A"], SIDE_COLORS["B"]  # colors of the goal and of the new goal
_LEFT, _RIGHT = 24, 494  # where the two tables begin


def paint(card: Card, tale: Tale) -> None:
    """Draw the episode so far, and the copies of the step that was relabeled last."""
    card.box(2, 2, card.width - 2, card.height - 2)
    card.box(_RIGHT - 22, 14, _RIGHT - 21, card.height - 14, FAINT)
    _paint_episode(card, tale)
    _paint_copies(card, tale)


def _columns(left: float, bits: int, first: float) -> tuple[float, float, float, float]:
    """Return where row, goal, reward and end of a table stand."""
    row = left + first
    goal = row + max(bits * _CELL, 112) + 16
    reward = goal + max(bits * _CELL, 100) + 46
    return row, goal, reward, reward + 46


def _head(card: Card, title: str, note: str, left: float, columns, names) -> None:
    end = card.text(left, 22, title, 14, INK, bold=True)
    card.text(end + 12, 22, note, 11, MUTED)
    row, goal, reward, ends = columns
    card.text(row, 48, names[0], 11, MUTED)
    card.text(goal, 48, names[1], 11, names[2], bold=True)
    card.text(reward, 48, "reward", 11, MUTED, align="right")
    card.text(ends, 48, "ends", 11, MUTED, align="right")


def _bits(card: Card, x: float, y: float, values, color: str, flipped: int = -1) -> None:
    """Draw a row of bits: filled for 1, empty for 0; a ring around the flipped one."""
    for i, value in enumerate(np.asarray(values)):
        left, half = x + i * _CELL, (_CELL - 4) / 2
        box = (left, y - half, left + _CELL - 4, y + half)
        card.box(*box, color if value > 0.5 else "white", color)
        if i == flipped:
            for out in (2, 3):
                edges = (box[0] - out, box[1] - out, box[2] + out, box[3] + out)
                _frame(card, edges, HOT)


def _frame(card: Card, edges, color: str) -> None:
    left, top, right, bottom = edges
    for box in (
        (left, top, right, top + 1), (left, bottom - 1, right, bottom),
        (left, top, left + 1, bottom), (right - 1, top, right, bottom),
    ):  # fmt: skip
        card.box(*box, color)


def _outcome(card: Card, y: float, columns, reward: float, terminated: bool, color: str) -> None:
    *_, at, ends = columns
    paid = reward > -1
    card.text(at, y, number(reward, 0), 13, color if paid else INK, bold=paid, align="right")
    card.text(ends, y, "yes" if terminated else "no", 12, color if terminated else MUTED,
              bold=bool(terminated), align="right")  # fmt: skip


def _paint_episode(card: Card, tale: Tale) -> None:
    n = tale.env.bits
    columns = _columns(_LEFT, n, 66)
    _head(card, "The episode as it was", f"episode {tale.episodes}", _LEFT, columns,
          ("row after the step", "goal", WANTED))  # fmt: skip
    chosen = {copy.later for copy in tale.copies}
    card.text(_LEFT + 14, _TOP, "start", 12, MUTED)
    _bits(card, columns[0], _TOP, tale.first[:n], INK)
    _bits(card, columns[1], _TOP, tale.first[n:], WANTED)
    for t, step in enumerate(tale.steps):
        y = _TOP + (t + 1) * _ROW
        if t == tale.now:
            card.box(_LEFT - 10, y - 12, columns[3] + 8, y + 12, "#f3e4ec")
        card.text(_LEFT + 14, y, f"step {t}", 12, INK, bold=t == tale.now)
        if t in chosen:  # where a new goal comes from
            card.box(_LEFT - 2, y - 5, _LEFT + 8, y + 5, NEW)
        _bits(card, columns[0], y, step.next_obs[:n], INK, step.action)
        _bits(card, columns[1], y, step.next_obs[n:], WANTED)
        _outcome(card, y, columns, step.reward, step.terminated, WANTED)


def _paint_copies(card: Card, tale: Tale) -> None:
    n = tale.env.bits
    columns = _columns(_RIGHT, n, 66)
    if tale.now < 0:
        words = "The episode is over: Step relabels it." if tale.over else "First the episode."
        card.text(_RIGHT, 22, words, 13, MUTED)
        return
    s = tale.settings
    note = "final" if s["strategy"] == "final" else f"future, k = {s['k']}"
    _head(card, f"Step {tale.now}, relabeled", note, _RIGHT, columns,
          ("row after the step", "new goal", NEW))  # fmt: skip
    for i, (later, made) in enumerate(tale.copies):
        y = _TOP + i * _ROW
        card.box(_RIGHT, y - 5, _RIGHT + 10, y + 5, NEW)
        card.text(_RIGHT + 16, y, f"step {later}", 12, NEW, bold=True)
        _bits(card, columns[0], y, made.next_obs[:n], INK, made.action)
        _bits(card, columns[1], y, made.next_obs[n:], NEW)
        _outcome(card, y, columns, made.reward, made.terminated, NEW)
    card.text(_RIGHT, card.height - 22, "■ the step whose row is the new goal", 11, NEW)
