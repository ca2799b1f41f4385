"""The picture of the Buffer lab: the ring, the last steps, a batch, and how alike neighbors are."""

import math

import numpy as np
from PIL import ImageDraw

from dqnlib import pictures
from dqnlib.labs.buffer_stream import RECENT, Stream
from dqnlib.pictures import CARD, EDGE, FAINT, HOT, INK, MUTED, SIDE_COLORS, Card, number

_MOST = math.radians(12)  # CartPole ends an episode when the pole leans by so much
_TILT = 2  # poles are drawn leaning so many times as far


def paint(card: Card, t: Stream, settings: dict, color: str) -> None:
    """Draw the ring, the last steps, the batch and the autocorrelations on the card."""
    card.box(2, 2, card.width - 2, card.height - 2)
    pen = ImageDraw.Draw(card.image)
    _paint_ring(card, pen, t, color)
    n = settings["batch_size"]
    left, right = 362, card.width - 22
    last = [(t.steps - k - 1) % t.capacity for k in reversed(range(min(n, t.steps)))]
    card.text(left, 22, f"The last {n} steps, in order", 13, INK, bold=True)
    _paint_poles(card, pen, t, (left, 38, right), n, last, t.obs[last, 2], color)
    card.text(left, 138, f"The batch of {n}, in the order drawn", 13, INK, bold=True)
    _paint_poles(card, pen, t, (left, 154, right), n, t.slots.tolist(), t.batch[:, 2], color)
    if not len(t.batch):
        card.text((left + right) / 2, 184, "nothing is drawn yet", 12, MUTED, align="center")
    card.text(left, 254, "How alike are neighbors? Autocorrelation of the angle, so far "
              f"(last {RECENT})", 12, INK, bold=True)  # fmt: skip
    words = ("from step to step", "neighbors in a batch")
    for k, (name, value) in enumerate(zip(words, t.correlations, strict=True)):
        _paint_bar(card, (left, 280 + 24 * k, right), name, value)
    zero = left + 150 + 0.2 * (right - left - 200)
    for x, label in ((zero, "0: nothing in common"), (right - 50, "1: the same")):
        card.text(x, 326, label, 10, MUTED, align="center")
    card.text(left, 342, "Poles are drawn leaning twice as far.", 10, MUTED)


def _paint_ring(card: Card, pen, t: Stream, color: str) -> None:
    x, y, outer, inner, k = 176, 168, 128, 96, card.scale
    turn = 2 * math.pi / t.capacity

    def at(slot: float, radius: float) -> tuple[float, float]:
        angle = slot * turn - math.pi / 2
        return k * (x + radius * math.cos(angle)), k * (y + radius * math.sin(angle))

    parts = max(2, math.ceil(60 / t.capacity))  # of the arc of a slot
    for slot in range(t.capacity):
        along = [slot + i / parts for i in range(parts + 1)]
        corners = [at(s, outer) for s in along] + [at(s, inner) for s in reversed(along)]
        fill = _slot_color(t, slot, color) if t.steps_kept[slot] else CARD
        pen.polygon(corners, fill, None)
        pen.line([at(slot, inner), at(slot, outer)], EDGE, k if t.capacity <= 100 else 1)
    for radius in (inner, outer):
        box = (k * (x - radius), k * (y - radius), k * (x + radius), k * (y + radius))
        pen.ellipse(box, None, EDGE, k)
    for slot in {s for s in t.slots.tolist() if s >= 0}:  # where the batch came from
        cx, cy = at(slot + 0.5, outer + 10)
        pen.ellipse((cx - 4 * k, cy - 4 * k, cx + 4 * k, cy + 4 * k), HOT)
    following = t.steps % t.capacity
    tip, back = at(following + 0.5, inner - 3), at(following + 0.5, inner - 30)
    pen.line([back, tip], INK, 3 * k)
    aside = 7 / (inner - 14) / turn
    pen.polygon([tip, *(at(following + 0.5 + d, inner - 14) for d in (-aside, aside))], INK)
    card.text(x, y - 20, f"next: slot {following}", 13, INK, bold=True, align="center")
    card.text(x, y + 2, f"{t.size} of {t.capacity} kept", 12, MUTED, align="center")
    card.text(x, y + 22, f"step {t.steps:,}", 12, MUTED, align="center")
    _paint_key(card, pen, color)


def _paint_key(card: Card, pen, color: str) -> None:
    y, k = card.height - 20, card.scale
    pen.ellipse((20 * k, (y - 4) * k, 28 * k, (y + 4) * k), HOT)
    end = card.text(34, y, "drawn now", 11, MUTED)
    words = ("leans left", "right") if color == "angle" else ("oldest", "newest")
    left = card.text(end + 20, y, words[0], 11, MUTED) + 6
    for i in range(100):
        if color == "angle":
            one = _angle_color((i / 50 - 1) * _MOST)
        else:
            one = tuple(pictures.visit_scale()[round(1.9 * i)].tolist())
        card.box(left + i, y - 6, left + i + 1, y + 6, one)
    card.text(left + 106, y, words[1], 11, MUTED)


def _paint_poles(card, pen, t, where, n, slots, angles, color) -> None:
    """Draw up to n poles side by side, each on the color of its slot; −1 is no slot: a ?."""
    left, top, right = where
    k, pitch, foot = card.scale, min((right - left) / n, 40), top + 52
    length = max(24, min(44, 0.5 * pitch / math.sin(_TILT * _MOST)))
    for i in range(n):
        x = left + (i + 0.5) * pitch
        half = pitch / 2 - (1.5 if n <= 20 else 0.75)
        if i >= len(slots):
            card.box(x - half, top, x + half, top + 56, CARD, FAINT)
            continue
        slot, lean = slots[i], _TILT * float(np.clip(angles[i], -_MOST, _MOST))
        card.box(x - half, top, x + half, top + 56,
                 _slot_color(t, slot, color) if slot >= 0 else CARD)  # fmt: skip
        tip = x + length * math.sin(lean), foot - length * math.cos(lean)
        pen.line([(k * x, k * foot), (k * tip[0], k * tip[1])], INK, 3 * k)
        card.box(x - 5, foot, x + 5, foot + 4, INK)
        text = f"{t.steps_kept[slot]}" if slot >= 0 else "?"
        size = 10 if pitch >= 26 else 8
        if pitch >= 24 or slot < 0:
            card.text(x, top + 66, text, size, MUTED if slot >= 0 else HOT, align="center",
                      bold=slot < 0)  # fmt: skip
    if pitch < 24:
        shown = [t.steps_kept[s] for s in slots if s >= 0]
        if shown:
            card.text(left, top + 66, f"steps {min(shown)} to {max(shown)}", 10, MUTED)


def _paint_bar(card: Card, where, name: str, value: float) -> None:
    """Draw one autocorrelation as a bar from 0."""
    left, y, right = where
    card.text(left, y, name, 11, MUTED)
    left, right = left + 150, right - 50
    zero = left + 0.2 * (right - left)
    card.box(left, y - 8, right, y + 8, "#f1f1ee")
    if math.isfinite(value):
        end = zero + max(value, -0.25) * (right - zero)
        card.box(min(zero - 1, end), y - 8, max(zero + 1, end), y + 8, MUTED)
    card.box(zero - 0.5, y - 10, zero + 0.5, y + 10, INK)
    text = number(value) if math.isfinite(value) else "…"
    card.text(right + 46, y, text, 13, INK, bold=True, align="right")


def _slot_color(t: Stream, slot: int, color: str) -> tuple[int, int, int]:
    """The color of a slot: by the angle of its pole, or by its age."""
    if color == "age":
        age = (t.steps - t.steps_kept[slot]) / t.capacity  # 0 is the newest
        return tuple(pictures.visit_scale()[round(190 * (1 - age))].tolist())
    return _angle_color(t.obs[slot, 2])


def _angle_color(angle: float) -> tuple[int, int, int]:
    part = min(abs(float(angle)) / _MOST, 1) ** 0.7
    return _mix("#f1f1ee", SIDE_COLORS["A" if angle < 0 else "B"], 0.75 * part)


def _mix(color: str, other: str, part: float) -> tuple[int, int, int]:
    """Return a color that is the other one to a part from 0 to 1."""
    a, b = (np.array([int(c[i : i + 2], 16) for i in (1, 3, 5)]) for c in (color, other))
    return tuple((a + part * (b - a)).round().astype(int).tolist())
