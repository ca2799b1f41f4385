"""The buffer lab: a ring buffer that fills and is sampled, step by step (lesson 03)."""

import contextlib
from collections import Counter
from collections.abc import Callable
from typing import ClassVar

from dqnlib import pictures
from dqnlib.arguments import check_choice, check_count, check_number
from dqnlib.labs.buffer_ring import paint
from dqnlib.labs.buffer_stream import Stream
from dqnlib.labs.frame import Lab
from dqnlib.labs.texts import HALF, WIDTH, in_lines
from dqnlib.pictures import Card
from dqnlib.replay import ReplayBuffer
from dqnlib.seeds.learner import LearnerError, name_of

_HEIGHT = 356  # CSS pixels of the picture
COLORS = ("angle", "age")


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
            self.fail(self._broken)

    def begin(self) -> None:
        capacity = self.settings["capacity"]
        self._broken: LearnerError | None = None
        try:
            self.stream = Stream(self._replay, capacity, self.seed)
        except LearnerError as error:
            self.stream, self._broken = Stream(ReplayBuffer, capacity, self.seed), error
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
        paint(self._card, self.stream, self.settings, self.color)
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
            stream = Stream(ReplayBuffer, s["capacity"], self.seed)
            for _ in range(max(round(1.4 * s["capacity"]), s["warmup"] + 5)):
                stream.step(s["epsilon"], s["batch_size"], s["warmup"])
            card = Card(WIDTH, _HEIGHT)
            paint(card, stream, s, self.color)
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


def _told(t: Stream, s: dict) -> str:
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
