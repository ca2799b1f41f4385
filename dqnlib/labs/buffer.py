"""The buffer lab: a ring buffer that fills and is sampled, step by step (lesson 03)."""

import contextlib
import itertools
import math
from collections import Counter, deque
from collections.abc import Callable
from typing import ClassVar

import numpy as np
from PIL import ImageDraw

from dqnlib import envs, pictures, policies
from dqnlib.arguments import check_choice, check_count, check_number
from dqnlib.data import Transition
from dqnlib.labs.frame import HALF, WIDTH, Lab, in_lines
from dqnlib.pictures import CARD, EDGE, FAINT, HOT, INK, MUTED, SIDE_COLORS, Card, number
from dqnlib.replay import ReplayBuffer
from dqnlib.seeds.learner import LearnerError, first_line, name_of

_HEIGHT = 356  # CSS pixels of the picture
_MOST = math.radians(12)  # CartPole ends an episode when the pole leans by so much
_TILT = 2  # poles are drawn leaning so many times as far
_RECENT = 500  # steps, and drawn transitions, from which the autocorrelations come
COLORS = ("angle", "age")


class _Stream:
    """CartPole steps that go into a buffer, and what is drawn from it.

    `steps_kept` is the lab's own list of what a ring of this capacity holds, so that a picture
    needs nothing of the buffer but add, sample and len.
    """

    def __init__(self, replay: Callable, capacity: int, seed: int):
        self.replay, self.capacity = replay, capacity
        self.steps = 0
        self.buffer = self._call("__init__", lambda: replay(capacity))
        self.size = self._call("__len__", lambda: len(self.buffer))  # as the buffer says
        streams = policies.random_streams(seed)
        self._explore, self._sample = streams.explore, streams.sample
        self._env = envs.make("CartPole-v1")
        self._obs, _ = self._env.reset(seed=streams.env_seed)
        self.obs = np.zeros((capacity, 4), np.float32)  # in the slots of the ring
        self.steps_kept = np.zeros(capacity, int)  # which step each slot holds; 0: none
        self.angles: deque[float] = deque(maxlen=_RECENT)  # of the last steps
        self.pairs: deque[tuple[float, float]] = deque(maxlen=_RECENT)  # neighbors in batches
        self.batch = np.zeros((0, 4), np.float32)  # the last one [B, 4]

    def step(self, epsilon: float, batch_size: int, warmup: int) -> None:
        """Act once, keep the transition, and draw a batch if there is enough to draw from."""
        obs = self._obs
        lean = np.array([0.0, obs[2] + 0.5 * obs[3]])  # push to the side to which the pole falls
        action = policies.epsilon_greedy(lean, epsilon, self._explore)
        next_obs, reward, terminated, truncated, _ = self._env.step(action)
        one = Transition(obs.copy(), action, float(reward), next_obs.copy(), bool(terminated))
        self.steps += 1
        self._call("add", lambda: self.buffer.add(one))
        self.size = self._call("__len__", lambda: len(self.buffer))
        slot = (self.steps - 1) % self.capacity
        self.obs[slot], self.steps_kept[slot] = obs, self.steps
        self.angles.append(float(obs[2]))
        self._obs = self._env.reset()[0] if terminated or truncated else next_obs
        self.batch = self.batch[:0]
        if self.steps > warmup and self.size >= batch_size:
            self._draw(batch_size)

    def _draw(self, batch_size: int) -> None:
        batch = self._call("sample", lambda: self.buffer.sample(batch_size, self._sample))
        try:
            self.batch = np.asarray(batch.obs, np.float32).reshape(batch_size, 4)
        except (AttributeError, TypeError, ValueError):
            raise LearnerError(
                f"✗ {name_of(self.replay)}.sample returned {_kind(batch)} at step {self.steps}; "
                f"expected a Batch with obs of the shape ({batch_size}, 4)"
            ) from None
        self.pairs.extend(itertools.pairwise(self.batch[:, 2].tolist()))

    def _call(self, part: str, work: Callable):
        try:
            return work()
        except Exception as error:
            at = f" at step {self.steps}" if part != "__init__" else ""
            name = name_of(self.replay)
            raise LearnerError(f"✗ {name}.{part} failed{at}: {first_line(error)}") from error

    @property
    def slots(self) -> np.ndarray:
        """Which slot each drawn transition lies in [B]; −1 for one that no slot should hold."""
        same = (self.batch[:, None] == self.obs).all(2) & (self.steps_kept > 0)  # [B, capacity]
        return np.where(same.any(1), same.argmax(1), -1)

    @property
    def correlations(self) -> tuple[float, float]:
        """Autocorrelation of the pole's angle: step to step, and from neighbor to neighbor in
        batches; NaN before there is enough."""
        angles = np.array(self.angles)
        stream = _correlation(angles[:-1], angles[1:])
        return stream, _correlation(*np.array(self.pairs).reshape(-1, 2).T)


class BufferLab(Lab):
    """A ring buffer live: it fills with steps of CartPole, and batches are drawn from it.

    The ring shows the slots, colored by the angle of the pole or by age, where the next transition
    goes, and, as dots, which slots the last batch came from. Beside it: the last steps in the order
    in which they happened, the batch in the order in which it was drawn, and how alike neighbors
    are in both: the autocorrelation of the pole's angle. Nothing is learned here: the cart is
    pushed to the side to which the pole falls, and at random in a share ε of the steps.

    What was seen (ε = 0.5, batches of 8, mean of 4,000 steps): 0.98 from step to step; between
    neighbors in a batch 0.6 with 24 slots, 0.3 with 50, 0.1 with 100 and 0.0 with 200. A small
    ring holds a single swing of the pole, however well it is shuffled.

    capacity: slots, 24 to 200; batch_size: 2 to 32; warmup: steps before the first batch, 0 to
    300; epsilon: 0 to 1; color: "angle" or "age". A new capacity begins anew, all else acts in
    flight. replay: your own class, see `dqnlib.replay.ReplayBuffer`; only its add, sample and len
    are used, and what it draws is looked up among the steps that a ring would hold. seed: of the
    environment and of all chance. name: a second lab of the same name replaces the first.

    Raises ValueError at once for a setting out of range.
    """

    title = "Buffer lab"
    hint = "Press Step: one environment step, and a batch once the warm-up is over. Or Play."
    period, speed = 1 / 12, 10
    speeds: ClassVar = {f"{v} steps/s": v for v in (1, 2, 5, 10, 30, 100, 500)}

    def __init__(
        self,
        *,
        capacity: int = 100,
        batch_size: int = 8,
        warmup: int = 20,
        epsilon: float = 0.5,
        color: str = "angle",
        replay: Callable | None = None,
        seed: int = 0,
        name: str = "buffer",
    ):
        given = {"capacity": capacity, "batch_size": batch_size, "warmup": warmup}
        self.settings = {k: check_count(k, v, *_RANGES[k][1:]) for k, v in given.items()}
        self.settings["epsilon"] = check_number("epsilon", epsilon, 0, 1)
        self.color = check_choice("color", color, COLORS)
        if replay is not None and not callable(replay):
            raise ValueError(f"replay must be a class, but it is {replay!r}")
        self._replay, self.seed = replay or ReplayBuffer, check_count("seed", seed, 0)
        self._card = Card(WIDTH, _HEIGHT)
        with contextlib.suppress(LearnerError):  # which the lab shows
            self.begin()
        super().__init__(name)
        if self._broken:
            self._fail(self._broken)

    def begin(self) -> None:
        capacity = self.settings["capacity"]
        self._broken: LearnerError | None = None
        try:
            self.stream = _Stream(self._replay, capacity, self.seed)
        except LearnerError as error:
            self.stream, self._broken = _Stream(ReplayBuffer, capacity, self.seed), error
            raise

    def advance(self) -> bool:
        s = self.settings
        if self._broken:
            raise self._broken
        self.stream.step(s["epsilon"], s["batch_size"], s["warmup"])
        return True

    def change(self, key: str, value) -> None:
        if key == "color":
            self.color = value
            return
        self.settings[key] = value
        if key == "capacity":
            self.begin()
            self.say(f"Begins anew: a ring of {value} slots.")

    # -- showing -------------------------------------------------------------------------------

    def show(self) -> None:
        _paint(self._card, self.stream, self.settings, self.color)
        quick = self.playing and self.speed > 10  # a series: smaller pictures
        self.put("ring", self._card.png(1 if quick else 2))
        self.put("status", self._status())

    def _status(self) -> str:
        t, s = self.stream, self.settings
        own = "" if t.replay is ReplayBuffer else f" · your {name_of(t.replay)}"
        facts = (f"step {t.steps:,} · {t.size} of {t.capacity} slots filled · "
                 f"{max(t.steps - t.capacity, 0):,} transitions overwritten{own}")  # fmt: skip
        return in_lines([facts, _told(t, s)])

    def still(self) -> bytes:
        if not hasattr(self, "_still"):
            s = self.settings
            stream = _Stream(ReplayBuffer, s["capacity"], self.seed)
            for _ in range(max(round(1.4 * s["capacity"]), s["warmup"] + 5)):
                stream.step(s["epsilon"], s["batch_size"], s["warmup"])
            card = Card(WIDTH, _HEIGHT)
            _paint(card, stream, s, self.color)
            self._still = pictures.png_bytes(card.image.reduce(2), level=9)
        return self._still

    # -- controls ------------------------------------------------------------------------------

    def build(self):
        w, s = self._w, self.settings
        buttons = self.buttons(
            step="Take one environment step",
            play="Take step after step",
            pause="Stop for a moment; Play goes on",
            reset="Empty the buffer and begin anew",
        )
        color = self.control("color", w.ToggleButtons(
            options=[("color: angle", "angle"), ("color: age", "age")], value=self.color,
            style={"button_width": "100px"},
            tooltips=["blue leans left, orange leans right", "the darker, the newer"],
        ))  # fmt: skip
        return w.VBox(
            [
                self.row(*buttons, self.speed_slider(200), color),
                self.row(
                    *(self.whole(k, name, s[k], *ends) for k, (name, *ends) in _RANGES.items()),
                    self.slider("epsilon", "random ε", s["epsilon"], 0, 1, layout=HALF),
                ),
                self.text("message", 42),
                self.picture("ring", WIDTH, _HEIGHT),
                self.text("status", 46),
            ]
        )


_RANGES = {  # label, least and most
    "capacity": ("capacity", 24, 200),
    "batch_size": ("batch size", 2, 32),
    "warmup": ("warm-up", 0, 300),
}


def _kind(value) -> str:
    shape = getattr(getattr(value, "obs", None), "shape", None)
    return f"obs of the shape {tuple(shape)}" if shape is not None else type(value).__name__


def _correlation(x: np.ndarray, y: np.ndarray) -> float:
    if len(x) < 20 or not x.std() or not y.std():
        return math.nan
    return float(np.corrcoef(x, y)[0, 1])


def _told(t: _Stream, s: dict) -> str:
    """Say what the last batch holds, or why there is none."""
    if s["batch_size"] > s["capacity"]:
        return f"Nothing is ever drawn: {s['capacity']} slots never hold {s['batch_size']}."
    if not t.steps:
        return "The buffer is empty."
    if t.steps <= s["warmup"]:
        return f"Nothing is drawn before step {s['warmup'] + 1}: the warm-up."
    if not len(t.batch):
        return f"Nothing is drawn before the buffer holds {s['batch_size']} transitions."
    slots = t.slots
    lost = int((slots < 0).sum())
    if lost:
        return (
            f"<b>{lost} of {len(t.batch)} drawn transitions are none of the last {t.capacity} "
            "steps</b> (marked ?): are old ones overwritten in order?"
        )
    steps = t.steps_kept[slots]
    twice = sum(n - 1 for n in Counter(steps.tolist()).values())
    text = f"The batch holds steps {steps.min():,} to {steps.max():,}"
    return text + (f"; {twice} drawn again." if twice else "; none is drawn twice.")


# -- drawing -----------------------------------------------------------------------------------


def _mix(color: str, other: str, part: float) -> tuple[int, int, int]:
    """Return a color that is the other one to a part from 0 to 1."""
    a, b = (np.array([int(c[i : i + 2], 16) for i in (1, 3, 5)]) for c in (color, other))
    return tuple((a + part * (b - a)).round().astype(int).tolist())


def _slot_color(t: _Stream, slot: int, color: str) -> tuple[int, int, int]:
    """The color of a slot: by the angle of its pole, or by its age."""
    if color == "age":
        age = (t.steps - t.steps_kept[slot]) / t.capacity  # 0 is the newest
        return tuple(pictures.visit_scale()[round(190 * (1 - age))].tolist())
    return _angle_color(t.obs[slot, 2])


def _angle_color(angle: float) -> tuple[int, int, int]:
    part = min(abs(float(angle)) / _MOST, 1) ** 0.7
    return _mix("#f1f1ee", SIDE_COLORS["A" if angle < 0 else "B"], 0.75 * part)


def _paint(card: Card, t: _Stream, settings: dict, color: str) -> None:
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
              f"(last {_RECENT})", 12, INK, bold=True)  # fmt: skip
    words = ("from step to step", "neighbors in a batch")
    for k, (name, value) in enumerate(zip(words, t.correlations, strict=True)):
        _paint_bar(card, (left, 280 + 24 * k, right), name, value)
    zero = left + 150 + 0.2 * (right - left - 200)
    for x, label in ((zero, "0: nothing in common"), (right - 50, "1: the same")):
        card.text(x, 326, label, 10, MUTED, align="center")
    card.text(left, 342, "Poles are drawn leaning twice as far.", 10, MUTED)


def _paint_ring(card: Card, pen, t: _Stream, color: str) -> None:
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
