"""The chase lab: a prediction runs after a target that moves with it (lesson 04)."""

import functools
from collections.abc import Callable, Iterable

from PIL import Image

from dqnlib import pictures
from dqnlib.arguments import check_choice, check_count, check_seeds
from dqnlib.config import Config
from dqnlib.device import compute_threads
from dqnlib.labs.chase_charts import HEIGHT, Charts
from dqnlib.labs.chase_side import BATCH, CHOICES, WINDOW, Side
from dqnlib.labs.frame import Lab
from dqnlib.labs.sides import settings_row
from dqnlib.labs.texts import LINE, TWO_LINES, WIDTH, in_lines, named_speeds

OPTIMIZERS = ("adam", "rmsprop", "sgd")


class ChaseLab(Lab):
    """Prediction and target over time, for two settings A and B, on values that are known.

    A small network learns the values of ten places on a circle (`Lap`), by semi-gradient steps on
    batches from a replay buffer. The two strips follow one value of the first seed: the prediction
    Q, the target y = γ Q⁻(next place) that it is drawn to, and the true value. Below: how wrong all
    ten values are, for all seeds. C, τ and the learning rate act in flight.

    What was seen (8 seeds, 3,000 updates, the other settings as at the start): with C = 1 the error
    falls quickly to 0.18 and then stays near 0.1; the prediction of the first seed swings between
    0.33 and 0.99 around a true value of 0.59, for prediction and target drive each other past it.
    With C = 20 the error ends at 0.02, with C = 50 at 0.003; with C = 500 it is still 0.5, since
    one copy makes the target only a tenth less wrong. Soft updates at every step (C = 1) do best:
    0.001 with τ = 0.1. At a learning rate of 0.03, C = 1 stays at 0.2 and C = 20 reaches 0.01.

    So staleness is a trade-off, but not everywhere: with plain SGD (optimizer="sgd",
    learning_rate=0.2), which has no momentum, C = 1 settles too, and a target network only slows
    learning down: after 300 updates the error is 0.12 with C = 1 and 0.70 with C = 100.

    a, b: (sync_every, tau) of both sides. learning_rate, gamma, hidden, optimizer: of both.
    updates: how many there are at most. seeds: one run each. sync_target: your own, for both sides,
    (online, target) or (online, target, tau); one without tau ignores the slider τ. name: a second
    lab of the same name replaces the first. Raises ValueError at once for a setting out of range.
    """

    title = "Chase lab"
    hint = "Two targets: when do they move? Press Play, or Step. The sliders act at once."
    period, speed = 1 / 10, 200
    speeds = named_speeds((5, 20, 50, 200), "updates")

    def __init__(
        self,
        *,
        a: tuple[int, float] = (1, 1.0),
        b: tuple[int, float] = (20, 1.0),
        learning_rate: float = 0.003,
        gamma: float = 0.9,
        hidden: tuple[int, ...] = (16,),
        optimizer: str = "adam",
        updates: int = 3000,
        seeds: Iterable[int] = range(8),
        sync_target: Callable | None = None,
        name: str = "chase",
    ):
        self.updates, seeds = check_count("updates", updates), check_seeds(seeds)
        if gamma == 1:
            raise ValueError("gamma must be below 1: a lap after a lap is worth more and more")
        shared = Config(
            env_id="Lap", steps=self.updates + BATCH, gamma=gamma, hidden=hidden,
            optimizer=check_choice("optimizer", optimizer, OPTIMIZERS),
            learning_rate=learning_rate, final_learning_rate=learning_rate, batch_size=BATCH,
            capacity=500, warmup=BATCH, eval_every=0, record_every=10, device="cpu",
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
            self.sides[side] = Side(side, config, seeds, slots)
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
                self.text("message", 42),
                self.row(*(self.picture(side, WIDTH // 2, HEIGHT) for side in "AB")),
                self.picture("errors", WIDTH, HEIGHT),
                self.text("progress", 22),
                self.text("status", 92),
            ]
        )


@functools.lru_cache(8)
def _still(a: Config, b: Config, seeds: tuple[int, ...]) -> bytes:
    """Return what the first updates give: more to see than a lab at its start."""
    steps = min(1000 + BATCH, a.steps)
    sides = {k: Side(k, c.replace(steps=steps), seeds, {}) for k, c in (("A", a), ("B", b))}
    for side in sides.values():
        while side.trainer.steps < steps - WINDOW:
            side.trainer.step()
        side.strip.clear()
        while not side.trainer.done:
            side.advance()
    parts = Charts(sides).images().values()
    image = Image.new("RGB", (WIDTH, 2 * HEIGHT), pictures.CARD)
    for part, at in zip(parts, ((0, 0), (WIDTH // 2, 0), (0, HEIGHT)), strict=True):
        image.paste(part, at)
    return pictures.png_bytes(image, level=9)
