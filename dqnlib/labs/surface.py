"""The Surface lab: how bins, tile coding and a network fit the same samples (lesson 02)."""

import functools
import sys
from typing import ClassVar

from dqnlib import pictures
from dqnlib.arguments import check_choice, check_count
from dqnlib.labs.frame import Lab
from dqnlib.labs.surface_fits import REPRESENTATIONS, UNSEEN, Fitting
from dqnlib.labs.surface_maps import MapPicture
from dqnlib.labs.texts import FASTEST, WIDTH, in_lines
from dqnlib.pictures import number

BATCH = 32  # samples learned from in one step of the lab
# What each slider is called, where it can stand, and for which representation it counts.
CHOICES: dict[str, tuple[str, tuple[int, ...], tuple[str, ...]]] = {
    "samples": ("samples", (10, 30, 100, 300, 1000, 3000, 10_000), REPRESENTATIONS),
    "bins": ("bins an axis", (1, 2, 4, 8, 16, 32, 64), ("bins",)),
    "tiles": ("tiles an axis", (1, 2, 4, 8, 16, 32), ("tile coding",)),
    "tilings": ("tilings", (1, 2, 4, 8, 16, 32), ("tile coding",)),
    "width": ("width", (2, 4, 8, 16, 32, 64, 128), ("network",)),
}


class SurfaceLab(Lab):
    """A value function in the making: choose how it is represented, and watch it being fitted.

    The truth is the cost-to-go of Mountain Car, the fewest steps to the goal from each position
    and velocity. The lab draws random samples of it and fits them with bins, tile coding or a
    network. The three maps show the truth with the samples, the fit, and how far it is off; all
    share one color scale. A text compares the error on the samples with that on unseen points.

    A slider or another representation acts at once: the fit begins anew, and goes on if it ran.

    representation: "bins", "tile coding" or "network". samples: N. bins: an axis, for "bins".
    tiles (an axis) and tilings: for "tile coding". width: units of both hidden layers, for
    "network". steps: of 32 samples each, after which the lab is done. seed: of the samples and of
    all else that is random. name: a second lab of the same name replaces the first.

    Raises ValueError at once for a setting out of range.
    """

    title = "Surface lab"
    hint = "Press Play to fit the samples. Then move a slider."
    period, speed = 1 / 10, 100
    speeds: ClassVar = {
        **{f"{BATCH * v:,} samples/s": v for v in (1, 10, 100, 500)},
        "fastest": FASTEST,
    }

    def __init__(
        self,
        *,
        representation: str = "tile coding",
        samples: int = 300,
        bins: int = 8,
        tiles: int = 8,
        tilings: int = 8,
        width: int = 64,
        steps: int = 20_000,
        seed: int = 0,
        name: str = "surface",
    ):
        self.representation = check_choice("representation", representation, REPRESENTATIONS)
        self.steps, self.seed = check_count("steps", steps), check_count("seed", seed, 0)
        given = {"samples": samples, "bins": bins, "tiles": tiles, "tilings": tilings,
                 "width": width}  # fmt: skip
        self.settings = {key: check_count(key, value) for key, value in given.items()}
        self._sliders: dict = {}
        self._picture: MapPicture | None = None
        self.begin()
        super().__init__(name)

    def release(self) -> None:
        self._picture = self.now = None

    # -- training ------------------------------------------------------------------------------

    def begin(self) -> None:
        self.now = Fitting(self.representation, self.settings, self.seed)
        self.taken = 0  # steps of the lab
        self._new_samples = True  # to be drawn

    def advance(self) -> bool:
        if self.taken >= self.steps:
            return False
        self.now.fit.update(BATCH)
        self.taken += 1
        return self.taken < self.steps

    def finish(self) -> None:
        self.playing = False
        self.say(f"{BATCH * self.steps:,} samples have been learned from. Move a slider, or Reset.")

    def change(self, key: str, value) -> None:
        if key == "representation":
            if value == "network" and "torch" not in sys.modules:
                self.say("Loading PyTorch: a few seconds ...")
            self.representation = value
            self.begin()
            self.say(f"Begins anew with {self.now}.")
            return
        label, _, used_by = CHOICES[key]
        self.settings[key] = value
        if self.representation in used_by:
            self.begin()
            self.say(f"Begins anew: {label} {value:,}.")

    # -- showing -------------------------------------------------------------------------------

    def show(self) -> None:
        if self._picture is None:
            self._picture = MapPicture()
            self._new_samples = True
        if self._new_samples:
            self._picture.truth(self.now)
            self._new_samples = False
        self._picture.fitted(self.now)
        # all colors: smooth maps would show a palette's steps
        self.put("maps", self._picture.card.png(1 if self.playing else 2, exact=True))
        self.put("status", self._status())
        for key, slider in self._sliders.items():
            slider.layout.display = _shown_for(self.representation, key)

    def _status(self) -> str:
        seen, unseen = self.now.errors()
        samples, updates = len(self.now.obs), BATCH * self.taken
        passes = updates / samples
        return in_lines([
            f"root mean square error: <b>{number(seen, 1)}</b> steps on the {samples:,} training "
            f"samples, <b>{number(unseen, 1)}</b> steps on {UNSEEN:,} unseen points",
            f"{self.now} · each sample was used {passes:,.{0 if passes >= 10 else 1}f} times",
        ])  # fmt: skip

    def still(self) -> bytes:
        return _fitted_still(self.representation, self.seed, tuple(self.settings.items()))

    # -- controls ------------------------------------------------------------------------------

    def build(self):
        w = self._w
        buttons = self.buttons(
            step=f"Learn from {BATCH} samples",
            play="Learn from sample after sample",
            pause="Stop for a moment; Play goes on",
            reset="Forget everything and begin anew",
        )
        kind = self.control("representation", w.ToggleButtons(
            options=REPRESENTATIONS, value=self.representation, style={"button_width": "104px"},
            tooltips=["each box has a value of its own", "several shifted grids add up",
                      "two hidden layers with ReLU"],
        ))  # fmt: skip
        for key, (label, values, _) in CHOICES.items():
            now = self.settings[key]
            options = [(f"{v:,}", v) for v in sorted({*values, now})]
            self._sliders[key] = self.choice(
                key, label, options, now, max_width="520px",
                display=_shown_for(self.representation, key),
            )  # fmt: skip
        samples, *others = self._sliders.values()
        return w.VBox(
            [
                self.row(*buttons, self.speed_slider()),
                self.row(kind, samples),
                self.row(*others),
                self.text("message", 42),
                self.picture("maps", WIDTH, MapPicture.height),
                self.text("status", 46),
            ]
        )


def _shown_for(representation: str, key: str) -> str | None:
    """Return the CSS display of a slider: "none" where it would change nothing."""
    return None if representation in CHOICES[key][2] else "none"


@functools.lru_cache(8)
def _fitted_still(representation: str, seed: int, settings: tuple) -> bytes:
    """Return what a lab of these settings shows after 1,000 steps."""
    now, picture = Fitting(representation, dict(settings), seed), MapPicture()
    for _ in range(1000):
        now.fit.update(BATCH)
    picture.truth(now)
    picture.fitted(now)
    return pictures.png_bytes(picture.card.image.reduce(2), level=9)
