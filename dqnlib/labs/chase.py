"""The chase lab: a prediction runs after a target that moves with it (lesson 04)."""

import functools
import html
from collections import deque
from collections.abc import Callable, Iterable

import gymnasium as gym
import numpy as np
import torch
from PIL import Image

from dqnlib import pictures, targets
from dqnlib.arguments import check_choice, check_count, check_seeds
from dqnlib.config import Config
from dqnlib.labs.curves import Several, evenly, grown, side_curves
from dqnlib.labs.frame import (
    LINE,
    TWO_LINES,
    WIDTH,
    Lab,
    in_lines,
    named_speeds,
    side_lines,
)
from dqnlib.labs.sides import Choices, changed, settings_row
from dqnlib.pictures import INK, MUTED, SIDE_COLORS, Curve, CurvePicture, number
from dqnlib.training import Trainer

PLACES = 10  # of a lap
_BATCH = 32  # transitions an update; so many steps are taken before the first one
_WINDOW = 400  # updates that the strips show
_POINTS = 120  # of each error curve
_HEIGHT = 236  # CSS pixels of each picture
# what a slider of each setting is called, and where it can stand
CHOICES: Choices = {
    "sync_every": ("sync every C", [1, 2, 5, 10, 20, 50, 100, 200, 500]),
    "tau": ("soft τ", [0.003, 0.01, 0.03, 0.1, 0.3, 1.0]),
    "learning_rate": ("learning rate", [1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03]),
}
OPTIMIZERS = ("adam", "rmsprop", "sgd")


class Lap(gym.Env):
    """Round and round a circle of ten places: each step leads to the next, and a lap pays 1.

    An observation [2] is the place on the circle, from −1 to 1 across and up; there is one action,
    and no end. An episode starts at any place.
    """

    def __init__(self):
        self.observation_space = gym.spaces.Box(-1.0, 1.0, (2,), np.float32)
        self.action_space = gym.spaces.Discrete(1)

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        super().reset(seed=seed)
        self._obs, self._place = self.places(), int(self.np_random.integers(PLACES))
        return self._obs[self._place], {}

    def step(self, action):
        self._place = (self._place + 1) % PLACES
        return self._obs[self._place], float(self._place == 0), False, False, {}

    @staticmethod
    def places() -> np.ndarray:
        """Return the observations of all places [10, 2]."""
        angle = 2 * np.pi * np.arange(PLACES) / PLACES
        return np.stack([np.cos(angle), np.sin(angle)], 1).astype(np.float32)

    @staticmethod
    def values(gamma: float) -> np.ndarray:
        """Return the true values of all places [10]: γ^(steps before the pay), for every lap."""
        return gamma ** np.arange(PLACES - 1, -1, -1) / (1 - gamma**PLACES)


class _Side:
    """One side of the lab: settings, S runs, and the strip of the first run."""

    def __init__(self, side: str, config: Config, seeds, slots: dict):
        self.side, self.config, self.seeds, self.slots = side, config, seeds, slots
        self.obs = torch.from_numpy(Lap.places())  # [10, 2]
        self.true_values = torch.from_numpy(Lap.values(config.gamma)).float()  # [10]
        self.begin()

    def begin(self) -> None:
        self.trainer = Trainer(
            self.config, self.seeds, env=Lap, record={"error": self._error}, **self.slots
        )
        self.strip: deque = deque(maxlen=_WINDOW + 1)  # (prediction, target) of the first run
        self._look()

    def change(self, field: str, value) -> None:
        self.trainer.config = self.config = changed(self.config, field, value, steady=True)

    def advance(self) -> None:
        """Take one update in every run."""
        while self.trainer.steps < _BATCH:  # nothing is learned before there is a batch
            self.trainer.step()
        self.trainer.step()
        self._look()

    @property
    def updates(self) -> int:
        return max(self.trainer.steps - _BATCH, 0)

    def _error(self, moment) -> torch.Tensor:
        """The root mean squared error of the ten values of one run."""
        with torch.no_grad():
            return (moment.online(self.obs)[:, 0] - self.true_values).square().mean().sqrt()

    def _look(self) -> None:
        """Note the first run's prediction at place 1, and its target."""
        online, frozen = (self.trainer.network(self.seeds[0], target=t) for t in (False, True))
        with torch.no_grad():
            prediction = online(self.obs[:1])[0, 0]
            y = targets.td_target(torch.zeros(1), torch.zeros(1, dtype=torch.bool),
                                  frozen(self.obs[1:2]), self.config.gamma)  # fmt: skip
        self.strip.append((float(prediction), float(y[0])))

    def lines(self) -> list[Curve]:
        """Return the strip's curves: the true value, the target and the prediction."""
        values = np.array(self.strip)  # [n, 2]
        x, true = np.arange(1 - len(values), 1), self.true_values[0].repeat(2).numpy()
        return [
            Curve("true value", MUTED, "--", x=np.array([-_WINDOW, 0]), mean=true),
            Curve("target y", INK, x=x, mean=values[:, 1]),
            Curve("prediction Q", SIDE_COLORS[self.side], x=x, mean=values[:, 0]),
        ]

    def errors(self) -> Several:
        """Return the errors of all runs."""
        run = self.trainer.run()
        learned = np.flatnonzero(run.record_steps >= _BATCH)
        learned = learned[evenly(len(learned), _POINTS)]
        x, values = run.record_steps[learned] - _BATCH, run.records["error"][:, learned]
        return Several(self.side, self.side, x, values)

    def status(self) -> str:
        """Return the side's two lines of text as HTML."""
        c, (prediction, y) = self.config, self.strip[-1]
        settings = [f"{CHOICES[n][0]} {getattr(c, n):g}" for n in CHOICES]
        own = self.trainer.own.get("sync_target")
        if own:
            settings.append(f"your {html.escape(getattr(own, '__name__', 'sync_target'))}")
        error = self.trainer.run().records["error"][:, -1:]
        found = [
            f"seed {self.seeds[0]}: prediction {number(prediction)}, target {number(y)}, "
            f"true value {number(float(self.true_values[0]))}"
        ]
        if error.size and self.updates:
            found.append(
                f"error {number(error.mean(), 3)} (mean of {len(self.seeds)} seeds, "
                f"{number(error.min(), 3)} to {number(error.max(), 3)})"
            )
        return side_lines(self.side, settings, found)


class _Strip(CurvePicture):
    """The true value and the target as thin lines below the prediction."""

    def _prepare(self, curves) -> None:
        super()._prepare(curves)
        for label in ("true value", "target y"):
            self._artists[label][2].set_linewidth(1.2)


class _Charts:
    """The pictures of both sides: a strip each, and the errors."""

    def __init__(self, sides: dict[str, _Side]):
        self.sides, self._limits = sides, (-0.5, 1.5)  # of the strips
        self._pictures = {slot: self._strip(slot) for slot in sides}
        self._pictures["errors"] = self._error_picture()

    def images(self) -> dict[str, Image.Image]:
        """Return the pictures as things are now."""
        lines = {name: side.lines() for name, side in self.sides.items()}
        self._make_room([c for found in lines.values() for c in found])
        lines["errors"] = side_curves(side.errors() for side in self.sides.values())
        return {slot: self._pictures[slot].draw(found) for slot, found in lines.items()}

    def _make_room(self, curves: list[Curve]) -> None:
        """Let the strips' axes grow when a line leaves them; both keep the same."""
        limits = grown(self._limits, curves, most=1e9)
        if limits != self._limits:
            self._limits = limits
            self._pictures |= {slot: self._strip(slot) for slot in self.sides}

    def _strip(self, name: str) -> _Strip:
        picture = _Strip((-_WINDOW, 0), self._limits, "updates ago", f"{name}: value of one place",
                         width=WIDTH // 2, height=_HEIGHT, scale=1)  # fmt: skip
        picture.axes.xaxis.set_major_formatter(lambda x, _: f"{abs(x):.0f}")
        picture.axes.yaxis.set_major_formatter(_plain)
        return picture

    def _error_picture(self) -> CurvePicture:
        a = self.sides["A"]
        top = 1.3 * float(a.true_values.max())  # a little above the error at the start
        picture = CurvePicture(
            (0, a.config.steps - _BATCH), (0.001, top), "updates", "error of the ten values",
            note=f"95% of the mean of {len(a.seeds)} seeds" if len(a.seeds) > 1 else "",
            empty="The errors will be here.", width=WIDTH, height=_HEIGHT, scale=1,
        )  # fmt: skip
        picture.axes.set_yscale("log")
        picture.axes.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
        picture.axes.yaxis.set_major_formatter(_plain)
        return picture


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
            env_id="Lap", steps=self.updates + _BATCH, gamma=gamma, hidden=hidden,
            optimizer=check_choice("optimizer", optimizer, OPTIMIZERS),
            learning_rate=learning_rate, final_learning_rate=learning_rate, batch_size=_BATCH,
            capacity=500, warmup=_BATCH, eval_every=0, record_every=10, device="cpu",
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
            self.sides[side] = _Side(side, config, seeds, slots)
        self.release()
        super().__init__(name)

    def release(self) -> None:
        self._charts: _Charts | None = None

    def make_curves(self) -> None:
        self._charts = self._charts or _Charts(self.sides)

    # -- training ------------------------------------------------------------------------------

    def begin(self) -> None:
        for side in self.sides.values():
            side.begin()
        self._charts = self._charts and _Charts(self.sides)

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
                self.row(*(self.picture(side, WIDTH // 2, _HEIGHT) for side in "AB")),
                self.picture("errors", WIDTH, _HEIGHT),
                self.text("progress", 22),
                self.text("status", 92),
            ]
        )


@functools.lru_cache(8)
def _still(a: Config, b: Config, seeds: tuple[int, ...]) -> bytes:
    """Return what the first updates give: more to see than a lab at its start."""
    steps = min(1000 + _BATCH, a.steps)
    sides = {k: _Side(k, c.replace(steps=steps), seeds, {}) for k, c in (("A", a), ("B", b))}
    for side in sides.values():
        while side.trainer.steps < steps - _WINDOW:
            side.trainer.step()
        side.strip.clear()
        while not side.trainer.done:
            side.advance()
    parts = _Charts(sides).images().values()
    image = Image.new("RGB", (WIDTH, 2 * _HEIGHT), pictures.CARD)
    for part, at in zip(parts, ((0, 0), (WIDTH // 2, 0), (0, _HEIGHT)), strict=True):
        image.paste(part, at)
    return pictures.small_png(image)


def _plain(value: float, _=None) -> str:
    return f"{value:g}".replace("-", "−")
