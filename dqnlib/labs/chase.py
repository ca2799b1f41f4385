"""The chase lab: a prediction runs after a target that moves with it (lesson 04)."""

import functools
from collections.abc import Callable, Iterable

from PIL import Image

from dqnlib import pictures
from dqnlib.arguments import check_choice, check_count, check_seeds
from dqnlib.config import Config
from dqnlib.device import compute_threads
from dqnlib.labs.chase_charts import HEIGHT, Charts
from dqnlib.labs.chase_side import BATCH, CHOICES, OFTEN, WINDOW, Side
from dqnlib.labs.frame import Lab
from dqnlib.labs.sides import settings_row
from dqnlib.labs.texts import LINE, TWO_LINES, WIDTH, in_lines, named_speeds

OPTIMIZERS = ("adam", "rmsprop", "sgd")
CAPACITY = 500  # transitions
TIMES = (1, 3, 9, 19)  # that s can be seen for each s′


class ChaseLab(Lab):
    """Prediction and target over time, for two settings A and B, where a moving target runs away.

    Two states share a weight: q(s) = w₁ and q(s′) = 2w₁ + w₂. From s an episode goes to s′, from s′
    it ends; nothing is ever paid, so that both values are 0. The runs start at w = (1, 1) and learn
    by plain SGD on batches from a replay buffer, in which s stands nine times for each s′. When the
    prediction q(s) moves by 1, its target q(s′) moves by 2. The two strips follow prediction and
    target of the first seed, each on an axis of its own that grows. Below: how wrong both values
    are, for all seeds. C, τ, the learning rate and how often s is seen act in flight.

    What was seen (8 seeds, 2,000 updates, the other settings as at the start): with C = 1 the error
    is above 10⁷ after 1,000 updates in every seed. With C = 20 it runs away as well, only later;
    with C = 50 it swings between 1 and 20; with C = 200 it ends below 0.04, since a copy now waits
    until the values fit. A soft target runs away with τ = 0.1 and not with τ = 0.01. Where s and s′
    are seen equally often, as in whole episodes, C = 1 settles, too. With optimizer="adam", C = 1
    reaches an error of 20 to 70, and none is infinite: Adam bounds the steps, not the target.

    a, b: (sync_every, tau) of both sides. learning_rate, gamma, optimizer: of both.
    often: how often s is seen for each s′. updates: how many there are at most. seeds: one run
    each. sync_target: your own, for both sides, (online, target) or (online, target, tau); one
    without tau ignores the slider τ. name: a second lab of the same name replaces the first. Raises
    ValueError at once for a setting out of range.
    """

    title = "Chase lab"
    hint = "Two targets: when do they move? Press Play, or Step. The sliders act at once."
    period, speed = 1 / 10, 200
    speeds = named_speeds((5, 20, 50, 200), "updates")

    def __init__(
        self,
        *,
        a: tuple[int, float] = (1, 1.0),
        b: tuple[int, float] = (200, 1.0),
        learning_rate: float = 0.1,
        gamma: float = 1.0,
        often: int = OFTEN,
        optimizer: str = "sgd",
        updates: int = 2000,
        seeds: Iterable[int] = range(8),
        sync_target: Callable | None = None,
        name: str = "chase",
    ):
        self.updates, seeds = check_count("updates", updates), check_seeds(seeds)
        often = check_count("often", often)
        shared = Config(
            env_id="two states", steps=self.updates + BATCH, gamma=gamma,
            optimizer=check_choice("optimizer", optimizer, OPTIMIZERS),
            learning_rate=learning_rate, final_learning_rate=learning_rate, batch_size=BATCH,
            capacity=CAPACITY, warmup=BATCH, eval_every=0, record_every=10, device="cpu",
        )  # fmt: skip
        slots = {"sync_target": sync_target} if sync_target is not None else {}
        self.sides = {}
        for side, given in (("A", a), ("B", b)):
            try:
                sync_every, tau = given
            except (TypeError, ValueError):
                raise ValueError(
                    f"{side.lower()} must be a pair (sync_every, tau), but it is {given!r}"
                ) from None
            config = shared.replace(sync_every=sync_every, tau=tau)
            self.sides[side] = Side(side, config, seeds, slots, often)
        self.release()
        super().__init__(name)

    def release(self) -> None:
        self._charts: Charts | None = None

    def make_curves(self) -> None:
        self._charts = self._charts or Charts(self.sides)

    # -- training ------------------------------------------------------------------------------

    def begin(self) -> None:
        for side in self.sides.values():
            side.begin()
        self._charts = self._charts and Charts(self.sides)

    @compute_threads(1)  # to copy small networks on more takes longer, above all beside other work
    def advance(self) -> bool:
        for side in self.sides.values():
            side.advance()
        return not all(side.trainer.done for side in self.sides.values())

    def finish(self) -> None:
        self.playing = False
        self.say(f"All {self.updates:,} updates are done. Press Reset to begin anew.")

    def change(self, key: str, value) -> None:
        if key == "often":
            for side in self.sides.values():
                side.change("often", value)
            self.say(f"Both go on with s seen {value} times for each s′.")
            return
        name, field = key.split(".")
        self.sides[name].change(field, value)
        self.say(f"{name} goes on with {CHOICES[field][0]} {value:g}.")

    # -- showing -------------------------------------------------------------------------------

    @compute_threads(1)
    def show(self) -> None:
        self.put("status", in_lines((s.status() for s in self.sides.values()), TWO_LINES))
        steps = self.sides["A"].updates
        text = f"update {steps:,} of {self.updates:,}"
        self.put("progress", in_lines([text], f"{LINE};font-size:12px"))
        if self._charts:
            for slot, image in self._charts.images().items():
                self.put(slot, pictures.png_bytes(image))

    def still(self) -> bytes:
        a, b = (side.config for side in self.sides.values())
        return _still(a, b, self.sides["A"].seeds[:3])

    # -- controls ------------------------------------------------------------------------------

    def build(self):
        buttons = self.buttons(
            step="Take one update in every run",
            play="Take update after update",
            pause="Stop for a moment; Play goes on",
            reset="Begin anew, with the settings of now",
        )
        return self._w.VBox(
            [
                self.row(*buttons, self.speed_slider()),
                *(settings_row(self, k, s.config, CHOICES) for k, s in self.sides.items()),
                self.row(self._often_slider()),
                self.text("message", 42),
                self.row(*(self.picture(side, WIDTH // 2, HEIGHT) for side in "AB")),
                self.picture("errors", WIDTH, HEIGHT),
                self.text("progress", 22),
                self.text("status", 92),
            ]
        )

    def _often_slider(self):
        often = self.sides["A"].often
        options = [(f"{n}", n) for n in sorted({*TIMES, often})]
        return self.choice("often", "s for each s′", options, often, flex="0 1 330px")


@functools.lru_cache(8)
def _still(a: Config, b: Config, seeds: tuple[int, ...]) -> bytes:
    """Return what the first updates give: more to see than a lab at its start."""
    steps = min(WINDOW + BATCH, a.steps)
    sides = {k: Side(k, c.replace(steps=steps), seeds, {}) for k, c in (("A", a), ("B", b))}
    for side in sides.values():
        while not side.trainer.done:
            side.advance()
    parts = Charts(sides).images().values()
    image = Image.new("RGB", (WIDTH, 2 * HEIGHT), pictures.CARD)
    for part, at in zip(parts, ((0, 0), (WIDTH // 2, 0), (0, HEIGHT)), strict=True):
        image.paste(part, at)
    return pictures.png_bytes(image, level=9)
