"""The Surface lab: how bins, tile coding and a network fit the same samples (lesson 02)."""

import functools
import sys
from typing import ClassVar

import numpy as np
from PIL import Image, ImageDraw

from dqnlib import pictures
from dqnlib.arguments import check_choice, check_count
from dqnlib.classics.mountain_car import HIGH as CAR_HIGH
from dqnlib.classics.mountain_car import LOW as CAR_LOW
from dqnlib.classics.mountain_car import cost_to_go
from dqnlib.device import own_random_numbers
from dqnlib.features import Bins, LinearFit, TileCoder
from dqnlib.labs.frame import FASTEST, WIDTH, Lab, in_lines
from dqnlib.pictures import EDGE, INK, MUTED, VALUE_COLORS, Card, number

REPRESENTATIONS = ("bins", "tile coding", "network")
BATCH = 32  # samples learned from in one step of the lab
# What each slider is called, where it can stand, and for which representation it counts.
CHOICES: dict[str, tuple[str, tuple[int, ...], tuple[str, ...]]] = {
    "samples": ("samples", (10, 30, 100, 300, 1000, 3000, 10_000), REPRESENTATIONS),
    "bins": ("bins an axis", (1, 2, 4, 8, 16, 32, 64), ("bins",)),
    "tiles": ("tiles an axis", (1, 2, 4, 8, 16, 32), ("tile coding",)),
    "tilings": ("tilings", (1, 2, 4, 8, 16, 32), ("tile coding",)),
    "width": ("width", (2, 4, 8, 16, 32, 64, 128), ("network",)),
}
_SIZE = (122, 95)  # cells of a panel, 2 × 2 CSS pixels each
_UNSEEN = 2000  # points that nothing is learned from
_HIGHEST = 120.0  # steps at the dark end of the color scale


class NetworkFit:
    """A network of two hidden layers, fitted to samples by Adam; driven like `LinearFit`.

    obs: [N, 2] positions and velocities; target: [N] steps; width: units of a hidden layer;
    seed: for the first weights and for the order of the samples. The network sees observations
    from −1 to 1 and learns hundreds of steps: numbers of that size suit its first weights.
    """

    def __init__(self, obs, target, width: int, *, seed: int = 0, learning_rate: float = 0.003):
        import torch  # slow to load, and the other representations do without

        from dqnlib.networks import QNetwork

        with own_random_numbers(seed):  # nobody else's change
            self.network = QNetwork(2, 1, (width, width))
        self._torch = torch
        self._obs, self._target = self._scaled(obs), torch.tensor(target / 100).float()
        self._optimizer = torch.optim.Adam(self.network.parameters(), learning_rate)
        self._rng = torch.Generator().manual_seed(seed)

    def _scaled(self, obs):
        middle, half = np.add(CAR_HIGH, CAR_LOW) / 2, np.subtract(CAR_HIGH, CAR_LOW) / 2
        return self._torch.tensor((np.asarray(obs) - middle) / half).float()

    @property
    def size(self) -> int:
        """Number of weights."""
        return sum(p.numel() for p in self.network.parameters())

    def update(self, samples: int) -> None:
        """Take one step down the loss ½(y − v)² of so many samples, drawn at random."""
        drawn = self._torch.randint(len(self._obs), (samples,), generator=self._rng)
        value = self.network(self._obs[drawn])[:, 0]  # [B]
        loss = 0.5 * (self._target[drawn] - value).square().mean()
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()

    def predict(self, obs) -> np.ndarray:
        """Return the fitted values in steps: [N, 2] -> [N]."""
        with self._torch.no_grad():
            return 100 * self.network(self._scaled(obs))[:, 0].numpy().astype(float)


class _Fitting:
    """Samples of the cost-to-go, and one representation that is being fitted to them."""

    def __init__(self, representation: str, settings: dict[str, int], seed: int):
        self.representation, self.settings = representation, dict(settings)
        self.truth = cost_to_go()
        rng = np.random.default_rng((seed, 0))  # more samples hold all of the fewer
        self.obs = rng.uniform(CAR_LOW, CAR_HIGH, (settings["samples"], 2))  # [N, 2]
        self.unseen = np.random.default_rng((seed, 1)).uniform(CAR_LOW, CAR_HIGH, (_UNSEEN, 2))
        target = self.truth(self.obs)  # [N]
        if representation == "network":
            self.fit = NetworkFit(self.obs, target, settings["width"], seed=seed)
            return
        if representation == "bins":
            coder = Bins(CAR_LOW, CAR_HIGH, settings["bins"])
        else:
            coder = TileCoder(CAR_LOW, CAR_HIGH, settings["tiles"], settings["tilings"])
        self.fit = LinearFit(coder, self.obs, target, seed=seed)

    def errors(self) -> tuple[float, float]:
        """Return the root mean square error on the samples and on unseen points, in steps."""
        parts = (self.obs, self.unseen)
        squares = [(self.fit.predict(obs) - self.truth(obs)) ** 2 for obs in parts]
        return float(np.sqrt(squares[0].mean())), float(np.sqrt(squares[1].mean()))

    def __str__(self) -> str:
        s = self.settings
        if self.representation == "network":
            return f"a network of 2 × {s['width']} hidden units, {self.fit.size:,} weights"
        size = f"{self.fit.coder.size:,} weight{'s' * (self.fit.coder.size > 1)}"
        if self.representation == "bins":
            return f"{s['bins']} × {s['bins']} bins, {size}"
        grids = "1 tiling" if s["tilings"] == 1 else f"{s['tilings']} tilings"
        return f"{grids} of {s['tiles']} × {s['tiles']} tiles, {size}"


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
        self.now = _Fitting(self.representation, self.settings, self.seed)
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
        self.put("maps", self._picture.card.png(1 if self.playing else 2))
        self.put("status", self._status())
        for key, slider in self._sliders.items():
            slider.layout.display = _shown_for(self.representation, key)

    def _status(self) -> str:
        seen, unseen = self.now.errors()
        samples, updates = len(self.now.obs), BATCH * self.taken
        passes = updates / samples
        return in_lines([
            f"root mean square error: <b>{number(seen, 1)}</b> steps on the {samples:,} training "
            f"samples, <b>{number(unseen, 1)}</b> steps on {_UNSEEN:,} unseen points",
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


@functools.cache
def _grid_points() -> np.ndarray:
    """Return position and velocity in the middle of each cell of a map, row by row from the top."""
    columns, rows = _SIZE
    low, high = np.array(CAR_LOW), np.array(CAR_HIGH)
    across = low[0] + (np.arange(columns) + 0.5) / columns * (high - low)[0]
    up = high[1] - (np.arange(rows) + 0.5) / rows * (high - low)[1]
    return np.stack(np.meshgrid(across, up), -1).reshape(-1, 2)


class MapPicture:
    """Three maps of position and velocity side by side, with one color scale in steps."""

    height = 286  # CSS pixels
    titles: ClassVar = {
        "truth": "truth, and the samples",
        "fit": "fit",
        "error": "error: |fit − truth|",
    }
    left, top, pitch = 62, 40, 268  # of the first map; from map to map

    def __init__(self, scale: int = 2):
        self.card = card = Card(WIDTH, self.height, scale)
        self.width, self.tall = 2 * _SIZE[0], 2 * _SIZE[1]
        for k, title in enumerate(self.titles.values()):
            self._frame(self.left + k * self.pitch, title, first=k == 0)
        _upright(card, 16, self.top + self.tall / 2, "velocity (position per step)", 11)
        self._bar(self.left + 3 * self.pitch - 10)

    def _frame(self, left: float, title: str, first: bool) -> None:
        card, bottom = self.card, self.top + self.tall
        card.text(left, self.top - 18, title, 13, INK, bold=True)
        card.box(left - 1, self.top - 1, left + self.width + 1, bottom + 1, None, EDGE)
        for x in (-1.0, -0.5, 0.0, 0.5):
            at = left + (x - CAR_LOW[0]) / (CAR_HIGH[0] - CAR_LOW[0]) * self.width
            card.box(at - 0.5, bottom + 1, at + 0.5, bottom + 5, MUTED)
            card.text(at, bottom + 13, number(x, 1), 10, MUTED, align="center")
        card.text(left + self.width / 2, bottom + 32, "position", 11, MUTED, align="center")
        for v in (-0.07, 0.0, 0.07):
            at = self.top + (CAR_HIGH[1] - v) / (CAR_HIGH[1] - CAR_LOW[1]) * self.tall
            card.box(left - 5, at - 0.5, left - 1, at + 0.5, MUTED)
            if first:
                card.text(left - 8, at, number(v), 10, MUTED, align="right")

    def _bar(self, left: float) -> None:
        """Draw the color scale, its dark end at the top."""
        card, k = self.card, self.card.scale
        strip = Image.fromarray(np.ascontiguousarray(VALUE_COLORS[::-1][:, None]))
        card.box(left - 1, self.top - 1, left + 13, self.top + self.tall + 1, None, EDGE)
        card.paste(strip.resize((12 * k, self.tall * k)), left, self.top)
        for steps in range(0, int(_HIGHEST) + 1, 20):
            at = self.top + (1 - steps / _HIGHEST) * self.tall
            card.box(left + 13, at - 0.5, left + 17, at + 0.5, MUTED)
            card.text(left + 20, at, str(steps), 10, MUTED)
        card.text(left - 4, self.top - 18, "steps", 11, MUTED)

    def truth(self, now: _Fitting) -> None:
        """Show the truth, and the samples that are learned from."""
        self._true = now.truth(_grid_points())  # [cells]
        self.draw("truth", self._true, now.obs)

    def fitted(self, now: _Fitting) -> None:
        """Show the fit, and how far it is off."""
        fitted = now.fit.predict(_grid_points())  # [cells]
        self.draw("fit", fitted)
        self.draw("error", abs(fitted - self._true))

    def draw(self, name: str, values: np.ndarray, obs: np.ndarray | None = None) -> None:
        """Show one of the maps: values [cells] in steps; obs: [N, 2] points to mark."""
        k = self.card.scale
        left = self.left + list(self.titles).index(name) * self.pitch
        place = np.clip(np.nan_to_num(values) / _HIGHEST, 0, 1)
        colors = VALUE_COLORS[(255 * place).astype(np.uint8)].reshape(_SIZE[1], _SIZE[0], 3)
        size = (self.width * k, self.tall * k)
        image = Image.fromarray(colors).resize(size, Image.Resampling.NEAREST)
        if obs is not None:
            _mark(image, obs, k)
        self.card.paste(image, left, self.top)


def _mark(image: Image.Image, obs: np.ndarray, scale: int) -> None:
    """Draw a dot at each observation [N, 2], smaller ones where there are many."""
    low, high = np.array(CAR_LOW), np.array(CAR_HIGH)
    share = (obs - low) / (high - low)
    at = np.stack([share[:, 0], 1 - share[:, 1]], 1) * image.size
    radius = scale * (2.2 if len(obs) <= 100 else 1.5 if len(obs) <= 1000 else 0.6)
    pen = ImageDraw.Draw(image)
    for x, y in at:
        line = INK if len(obs) <= 1000 else None
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), "white", line)


def _upright(card: Card, x: float, y: float, text: str, size: int) -> None:
    """Write a text that reads from bottom to top, with its middle at (x, y)."""
    face = pictures.font(size * card.scale)
    length, high = int(face.getlength(text)) + 2, int(1.4 * size * card.scale)
    mask = Image.new("L", (length, high))
    ImageDraw.Draw(mask).text((1, high / 2), text, 255, face, anchor="lm")
    mask = mask.rotate(90, expand=True)
    color = Image.new("RGB", mask.size, MUTED)
    card.paste(color, x - mask.width / 2 / card.scale, y - mask.height / 2 / card.scale, mask)


@functools.lru_cache(8)
def _fitted_still(representation: str, seed: int, settings: tuple) -> bytes:
    """Return what a lab of these settings shows after 1,000 steps."""
    now, picture = _Fitting(representation, dict(settings), seed), MapPicture()
    for _ in range(1000):
        now.fit.update(BATCH)
    picture.truth(now)
    picture.fitted(now)
    return pictures.small_png(picture.card.image.reduce(2))
