"""The training lab: deep Q-learning live over several seeds, two settings side by side.

Lessons 02 to 10 use it with other sliders, environments and functions of the learner.
"""

import time
from collections.abc import Callable, Iterable

import numpy as np

from dqnlib import pictures
from dqnlib.arguments import check_choice, check_number, check_seeds
from dqnlib.config import Config, check_config
from dqnlib.device import compute_threads
from dqnlib.labs.curves import grown, side_curves
from dqnlib.labs.frame import Lab
from dqnlib.labs.sides import settings_row, shown
from dqnlib.labs.texts import FASTEST, TWO_LINES, WIDTH, in_lines
from dqnlib.labs.training_side import CHOICES, Side
from dqnlib.labs.training_track import Positions, height, track_picture
from dqnlib.labs.training_watch import STAGE, frame_of, frames_of, played, plays_cart_pole
from dqnlib.pictures import SIDE_COLORS, Curve, CurvePicture
from dqnlib.results import Run


class TrainingLab(Lab):
    """Deep Q-learning live: A and B, each over several seeds, with bands.

    a, b: the settings of both sides; b None: one side. titles: what they are called. controls:
    settings with a slider, of `CHOICES`. Those that can change in flight do; for the others the
    side begins anew. A learning rate that is constant at first stays constant. slots, slots_b: your
    own one-run functions (see `dqnlib.Trainer`); slots_b left out, B has the same. bound: a value
    that no Q-value can truly exceed, or the true value, drawn as a line; bound_text: what it is.
    returns, values: (low, high) of the two axes at first; an axis grows when a mean leaves it.
    still: {"A": Run, "B": Run}, runs that a page without the live lab shows; still_shows: their
    "returns" or "values". track: show where the
    carts are while they learn; left out, they are shown where target_epsilon has a slider. name: a
    second lab of the same name replaces the first.

    The button Watch is there where each side plays CartPole, its own or the library's.
    Raises ValueError at once for a setting out of range.
    """

    title = "Training lab"
    hint = "Press Start. The sliders act at once."
    go = "Start"
    period, speed = 1 / 9, FASTEST
    stride = 100  # environment steps for one press of Step

    def __init__(
        self,
        a: Config | None = None,
        b: Config | None = None,
        *,
        titles: tuple[str, str] = ("", ""),
        controls: tuple[str, ...] = ("learning_rate", "sync_every", "final_epsilon"),
        seeds: Iterable[int] = range(5),
        slots: dict[str, Callable] | None = None,
        slots_b: dict[str, Callable] | None = None,
        bound: float | None = None,
        bound_text: str = "",
        returns: tuple[float, float] = (0, 500),
        values: tuple[float, float] = (0, 120),
        still: dict[str, Run] | None = None,
        still_shows: str = "returns",
        track: bool | None = None,
        name: str = "training",
    ):
        slots, seeds = dict(slots or {}), check_seeds(seeds)
        given = {"A": Config(steps=20_000, eval_every=0) if a is None else a, "B": b}
        configs = {k: check_config(k.lower(), c) for k, c in given.items() if c is not None}
        own = {"A": slots, "B": slots if slots_b is None else dict(slots_b)}
        names = dict(zip("AB", _check_titles(titles), strict=True))
        self.controls, self.bound, self.bound_text = _check_controls(controls), bound, bound_text
        self.limits = {"returns": _check_limits("returns", returns),
                       "values": _check_limits("values", values)}  # fmt: skip
        self.sides = {k: Side(k, names[k], c, seeds, own[k]) for k, c in configs.items()}
        self._can_watch = all(map(plays_cart_pole, self.sides.values()))
        wanted = "target_epsilon" in self.controls if track is None else track
        tracked = self.sides.items() if wanted and self._can_watch else ()
        self._tracks = {k: Positions(side) for k, side in tracked}
        self._given, self._stopped = still, False
        self._still_shows = check_choice("still_shows", still_shows, ("returns", "values"))
        self._grown: dict[str, tuple[float, float]] = {}  # axes that had to grow
        self._start_clock()
        self.release()
        super().__init__(name)

    def release(self) -> None:
        self._curves: dict[str, CurvePicture] = {}
        if getattr(self, "_closed", False):
            for side in self.sides.values():
                side.trainer = None

    def make_curves(self) -> None:
        if not self._curves:
            self._curves = {k: self._picture(k) for k in ("returns", "values")}

    # -- training --------------------------------------------------------------------------------

    def begin(self) -> None:
        self._stopped = False
        for name, side in self.sides.items():
            side.begin()
            self._forget_track(name)
        self._start_clock()
        self._grown = {}
        self._curves = {k: self._picture(k) for k in self._curves}

    def _start_clock(self) -> None:
        self._spent, self._taken, self._since = 0.0, 0, None  # seconds and steps of playing

    def advance(self) -> bool:
        if self._stopped:
            return False
        now = time.monotonic()
        if self._since is not None and now - self._since < 0.5:  # not across a pause
            self._spent += now - self._since
        self._since = now
        for _ in range(1 if self.playing else self.stride):
            for name, side in self.sides.items():
                side.trainer.step()
                if self._tracks:
                    self._tracks[name].note(side.trainer.obs)
        self._taken += 1 if self.playing else 0
        return not all(side.trainer.done for side in self.sides.values())

    def finish(self) -> None:
        self.playing = False
        if self._stopped:
            self.say("Stopped. Press Reset to begin anew.")
        else:
            watch = "Watch to see the agents play, or " if self._can_watch else ""
            self.say(f"Done. Press {watch}Reset to begin anew.")

    def change(self, key: str, value) -> None:
        if key == "stop":
            self.playing, self._stopped = False, True
            self.say("Stopped. Press Reset to begin anew.")
        elif key == "watch":
            self._watch()
        else:
            self._change(*key.split("."), value)

    def _change(self, name: str, field: str, value) -> None:
        side, label = self.sides[name], CHOICES[field][0]
        try:
            at_once = side.change(field, value)
        except BaseException as error:
            self.put_back(f"{name}.{field}", value, getattr(side.config, field))
            if not isinstance(error, ValueError):  # of two settings that do not go together
                raise
            self.say(f"{name} keeps its {label}: {error}")
            return
        if at_once:
            self.say(f"{name} goes on with {label} {shown(value)}.")
        else:
            self._forget_track(name)
            self.say(f"{name} begins anew: {label} is {shown(value)}.")

    def _forget_track(self, name: str) -> None:
        if self._tracks:
            self._tracks[name] = Positions(self.sides[name])

    # -- showing ---------------------------------------------------------------------------------

    @compute_threads(1)  # to copy small networks on more takes longer, above all beside other work
    def show(self) -> None:
        runs = {k: side.trainer.run() for k, side in self.sides.items()}
        self.put("progress", self._progress())
        status = (self.sides[k].status(run, self.controls) for k, run in runs.items())
        self.put("status", in_lines(status, TWO_LINES))
        if self._tracks:
            self.put("track", track_picture(self.sides.values(), self._tracks))
        if self._curves:
            self._draw_curves(runs)

    def _progress(self) -> str:
        steps = min(side.trainer.steps for side in self.sides.values())
        total = max(side.config.steps for side in self.sides.values())
        text = f"{steps:,} of {total:,} environment steps a run"
        if self._spent > 0.3 and self._taken:
            rate = self._taken / self._spent
            text += f" · {rate:,.0f} steps a second"
            if steps < total:
                text += f" · {_duration((total - steps) / rate)} left"
        return (
            "<div style='height:8px;background:rgba(128,128,128,.25);border-radius:4px'>"
            f"<div style='width:{100 * steps / total:.1f}%;height:8px;border-radius:4px;"
            f"background:{SIDE_COLORS['A']}'></div></div>"
            f"<div style='font-size:12px;line-height:18px'>{text}</div>"
        )

    def _draw_curves(self, runs: dict[str, Run]) -> None:
        found = [one for k, side in self.sides.items() for one in side.several(runs[k])]
        drawn = side_curves(found, one=True)
        for slot, curves in (("returns", drawn[::2]), ("values", drawn[1::2])):
            self._make_room(slot, curves)
            image = self._curves[slot].draw(curves)
            self.put(slot, pictures.png_bytes(image))

    def _make_room(self, slot: str, curves: Iterable[Curve]) -> None:
        """Let an axis grow when a curve leaves it."""
        before = self._grown.get(slot, self.limits[slot])
        limits = grown(before, curves, 4)
        if limits != before:
            self._grown[slot] = limits
            self._curves[slot] = self._picture(slot)

    def _picture(
        self, slot: str, width: int = WIDTH // 2, height: int = 250, run: Run | None = None
    ) -> CurvePicture:
        side = self.sides["A"]
        seeds = (run or side).seeds
        labels = {
            "returns": "return of an episode (mean of 10)",
            "values": "mean largest Q-value",
        }
        picture = CurvePicture(
            (0, max(s.config.steps for s in self.sides.values())),
            self._grown.get(slot, self.limits[slot]), "environment steps", labels[slot],
            width=width, height=height, scale=1,
            note=f"95% of the mean of {len(seeds)}|seed {seeds[0]}" if slot == "values" else "",
            empty="Press Start.",
        )  # fmt: skip
        picture.axes.xaxis.set_major_formatter(lambda x, _: f"{x / 1000:g}k" if x else "0")
        if slot == "values" and self.bound is not None:
            picture.axes.axhline(self.bound, color=pictures.MUTED, lw=1, ls=":")
            picture.axes.text(
                0.99, self.bound, f" {self.bound_text}", ha="right", va="bottom", size=10,
                color=pictures.MUTED, transform=picture.axes.get_yaxis_transform(),
            )  # fmt: skip
        return picture

    # -- the agent at play -----------------------------------------------------------------------

    def _watch(self) -> None:
        """Play one greedy episode of the first run of each side, and show it."""
        stages = [played(side) for side in self.sides.values()]
        self.put("agent", pictures.animation(frames_of(stages, self.sides.values()), 25))
        lengths = [f"{k} {len(stage)}" for k, stage in zip(self.sides, stages, strict=True)]
        seed = self.sides["A"].seeds[0]
        self.say(f"Greedy play of seed {seed}, steps until the end: {', '.join(lengths)}.")

    def still(self) -> bytes:
        picture = CurvePicture(
            (0, self.sides["A"].config.steps), self.limits["returns"], "environment steps",
            "return of an episode\n(mean of 10)", width=WIDTH, height=236, scale=1,
            empty="Run this cell in JupyterLab for the live lab.",
        )  # fmt: skip
        given = self._given or {}
        values = self._still_shows == "values"
        if values:
            picture = self._picture("values", WIDTH, 236, given.get("A"))
        curves = [  # runs may differ in seeds
            side_curves([self.sides[k].several(run)[values]], one=True)[0]
            for k, run in given.items()
            if k in self.sides
        ]
        return pictures.png_bytes(picture.draw(curves), level=9)

    # -- controls --------------------------------------------------------------------------------

    def build(self):
        buttons = [
            self.button("play", "play", "Train, with the settings below", self.go),
            self.button("pause", "pause", "Stop for a moment; Start goes on"),
            self.button("step", "step-forward", f"Train for {self.stride} environment steps"),
            self.button("stop", "stop", "Stop for good"),
            self.button("reset", "refresh", "Forget everything and begin anew"),
        ]
        choices, below = {field: CHOICES[field] for field in self.controls}, []
        if self._tracks:
            below.append(self.picture("track", WIDTH, height(len(self.sides))))
        if self._can_watch:
            buttons.append(self.button("watch", "eye", "See the greedy agents play"))
            upright = [np.zeros(4)] * len(self.sides)
            first = frame_of(upright, ["press Watch"] * len(upright), self.sides.values())
            self.put("agent", pictures.animation([first], 25))
            below.append(self.picture("agent", WIDTH, STAGE))
            below[-1].format = "webp"
        return self._w.VBox(
            [
                self.row(*buttons),
                *(settings_row(self, k, s.config, choices) for k, s in self.sides.items()),
                self.text("message", 42),
                self.text("progress", 30),
                self.row(
                    self.picture("returns", WIDTH // 2, 250),
                    self.picture("values", WIDTH // 2, 250),
                ),
                self.text("status", 46 * len(self.sides)),
                *below,
            ]
        )


def _check_controls(controls) -> tuple[str, ...]:
    """Return the settings that have a slider."""
    if isinstance(controls, str) or not np.iterable(controls):
        raise ValueError(
            'controls must be a tuple of names, such as ("gamma", "tau") or ("tau",), '
            f"but it is {controls!r}"
        )
    controls = tuple(controls)
    for name in controls:
        if not isinstance(name, str) or name not in CHOICES:
            raise ValueError(f"controls must be of {', '.join(CHOICES)}, but there is {name!r}")
    return controls


def _check_titles(titles) -> tuple[str, str]:
    several = np.iterable(titles) and not isinstance(titles, str)
    found = tuple(titles) if several else ()
    if len(found) != 2 or not all(isinstance(title, str) for title in found):
        raise ValueError(f'titles must be two texts, such as ("DQN", "mine"), but it is {titles!r}')
    return found


def _check_limits(name: str, limits) -> tuple[float, float]:
    """Return the low and the high end of an axis."""
    try:
        low, high = limits
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a pair (low, high), but it is {limits!r}") from None
    low, high = (check_number(f"each end of {name}", end, -1e9, 1e9) for end in (low, high))
    if low >= high:
        raise ValueError(f"{name} must be (low, high) with low below high, but it is {limits!r}")
    return low, high


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
