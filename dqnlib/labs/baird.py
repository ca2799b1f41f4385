"""The Baird lab: weights that diverge, and the three switches that stop it (lesson 02b)."""

from collections.abc import Iterable

import numpy as np

from dqnlib import pictures
from dqnlib.arguments import check_count, seeds_in_words
from dqnlib.classics import baird
from dqnlib.labs.baird_lines import HEIGHT, Lines, error_lines, line_picture, still_of, weight_lines
from dqnlib.labs.curves import evenly, grown
from dqnlib.labs.frame import Lab
from dqnlib.labs.texts import WIDTH, in_lines, named_speeds
from dqnlib.pictures import Curve

_POINTS = 300  # of each line
_BIG = 1e9  # a norm at which there is nothing more to see
_EARLY = 100  # updates before which nothing is said
_SWITCHES = {  # what the buttons say for True and False, and what they ask
    "off_policy": (
        "off-policy",
        "on-policy",
        "Which policy is evaluated: another one, or its own?",
    ),
    "bootstrapping": ("bootstrapping", "true return", "What stands in the target after a step?"),
    "approximation": ("8 weights", "table", "Do the states share weights?"),
    "expected": ("expected", "sampled", "All states by the mean, or one state by a sample?"),
}


def verdict(errors: np.ndarray, first: float) -> str:
    """Say what becomes of the values: "diverges", "grows so far", "bounded so far", or too early.

    errors: [n] largest error of a value after each update since the last switch, mean over the
    seeds; first: the same at the very beginning. It diverges if it is above 3 times its start and
    larger in the later half than in the earlier one.
    """
    if len(errors) <= _EARLY:
        return "too early to tell"
    half = len(errors) // 2
    before, after = errors[:half].max(), errors[half:].max()
    if after > 3 * first and after > 1.2 * before:
        return "diverges"
    return "grows so far" if after > 1.05 * before else "bounded so far"


class BairdLab(Lab):
    """Baird's counterexample live, over several seeds: its weights, and how wrong the values are.

    Three switches are the three parts of the deadly triad: off-policy training, bootstrapping,
    and function approximation. All three on, the weights diverge, though every reward is 0 and
    weights of 0 would be right; take one away, and they stay bounded. A fourth switch takes the
    chance out (expected updates): the weights diverge all the same.

    The picture on the right shows the largest error of a value, and not the length of the weights:
    that of a table grows while its values come no further from the truth than they began.

    The switches off-policy, bootstrapping and expected, and the sliders for α and γ, act in flight:
    the weights stay, and a dotted line marks the moment. To switch between weights and table
    begins anew. See `dqnlib.classics.baird` for what each switch means.

    off_policy, bootstrapping, approximation, expected, alpha, gamma: what the lab starts with.
    updates: how many there are at most. seeds: one run each. name: a second lab of the same name
    replaces the first. Raises ValueError at once for a setting out of range.
    """

    title = "Baird lab"
    hint = "All three switches on: will the weights stay bounded? Press Play, or Step."
    period, speed = 1 / 12, 200
    speeds = named_speeds((1, 10, 50, 200, 1000), "updates")

    def __init__(
        self,
        *,
        off_policy: bool = True,
        bootstrapping: bool = True,
        approximation: bool = True,
        expected: bool = False,
        alpha: float = 0.01,
        gamma: float = 0.99,
        updates: int = 4000,
        seeds: Iterable[int] = range(10),
        name: str = "baird",
    ):
        self.updates = check_count("updates", updates)
        self.settings = {
            "off_policy": bool(off_policy), "bootstrapping": bool(bootstrapping),
            "approximation": bool(approximation), "expected": bool(expected),
            "alpha": alpha, "gamma": gamma,
        }  # fmt: skip
        self.runs = baird.runs(seeds, **self.settings)
        self.release()
        self.begin()
        super().__init__(name)

    def release(self) -> None:
        self._pictures: dict[str, Lines] = {}

    def make_curves(self) -> None:
        if not self._pictures:
            self._pictures = {slot: self._picture(slot) for slot in ("weights", "errors")}

    # -- training ------------------------------------------------------------------------------

    def begin(self) -> None:
        self.runs = baird.runs(self.runs.seeds, **self.settings)
        shape = self.runs.weights.shape
        self._history = np.zeros((self.updates + 1, *shape))  # [n, S, W]
        self._history[0] = self.runs.weights
        self._switched: list[int] = []  # after how many updates
        self._limits = {"updates": (0, min(1000, self.updates)), "weights": (-10, 40),
                        "errors": (0, 50)}  # fmt: skip
        self._pictures = {slot: self._picture(slot) for slot in self._pictures}

    def advance(self) -> bool:
        if self._over():
            return False
        self.runs.step()
        self._history[self.runs.updates] = self.runs.weights
        return not self._over()

    def _over(self) -> bool:
        return self.runs.updates >= self.updates or bool(self.runs.norm.max() > _BIG)

    def finish(self) -> None:
        self.playing = False
        if self.runs.updates < self.updates:
            self.say("Stopped: the weights have left all bounds. Press Reset to begin anew.")
        else:
            self.say(f"All {self.updates:,} updates are done. Press Reset to begin anew.")

    def change(self, key: str, value) -> None:
        self.settings[key] = value
        if key == "approximation":
            self.begin()
            self.say(f"Begins anew with {_SWITCHES[key][not value]}.")
            return
        setattr(self.runs, key, value)
        if key in _SWITCHES and self.runs.updates:
            self._switched.append(self.runs.updates)
            self._pictures = {slot: self._picture(slot) for slot in self._pictures}
            self.say(f"From update {self.runs.updates:,} on: {_SWITCHES[key][not value]}.")

    # -- showing -------------------------------------------------------------------------------

    @property
    def norms(self) -> np.ndarray:
        """Length of the weights after 0, 1, ... updates: [n, S]."""
        return np.linalg.norm(self._history[: self.runs.updates + 1], axis=-1)

    @property
    def errors(self) -> np.ndarray:
        """Largest error of a value after 0, 1, ... updates, whose true values are all 0: [n, S]."""
        history = self._history[: self.runs.updates + 1]
        return abs(history @ self.runs.features.T).max(-1)

    def show(self) -> None:
        self.put("status", self._status())
        if self._pictures:
            self._draw_lines(self.errors)

    def _status(self) -> str:
        errors, norms = self.errors.mean(1), self.norms
        since = self._switched[-1] if self._switched else 0
        word = verdict(errors[since:], errors[0])
        color = "var(--jp-error-color1, firebrick)" if word == "diverges" else "inherit"
        now, mean = norms[-1], _short(norms[-1].mean())  # [S], a text
        spread = f", {_short(now.min())} to {_short(now.max())}" if len(now) > 1 else ""
        kinds = " · ".join(names[not self.settings[k]] for k, names in _SWITCHES.items())
        texts = [
            f"<b style='color:{color}'>{word}</b> · largest error of a value: "
            f"{_short(errors[0])} at first, now {_short(errors[-1])} · "
            f"update {self.runs.updates:,} of at most {self.updates:,}",
            f"norm of the {self._what}: {_short(norms[0].mean())} at first, now {mean} "
            f"(mean of {seeds_in_words(len(now))}{spread}) · {kinds}",
            f"<span style='font-size:12px;opacity:.8'>{self._arithmetic()}</span>",
        ]
        return in_lines(texts)

    @property
    def _what(self) -> str:
        return "weights" if self.settings["approximation"] else "table"

    def _arithmetic(self) -> str:
        """Write out the last update of the first seed."""
        if self.settings["expected"]:
            return "every update is the mean over all states and all that can follow"
        if not self.runs.learned:
            return "the last update of the first seed will be here"
        s = {key: values[0] for key, values in self.runs.learned.items()}
        way = "solid" if s["next_state"] == 6 else "dashed"
        target = f"{self.runs.gamma:g} × {_short(s['next_value'])}"
        return (
            f"seed {self.runs.seeds[0]}: state {s['state'] + 1} → {s['next_state'] + 1} ({way}), "
            f"ρ = {s['ratio']:.0f}, δ = 0 + {target} − {_short(s['value'])} "
            f"= {_short(s['td_error'])}"
            + (": nothing is learned from it" if s["ratio"] == 0 else "")
        )

    def _draw_lines(self, errors: np.ndarray) -> None:
        at = evenly(len(errors), _POINTS)
        weights = self._history[at].mean(1)  # [n, W]
        lines = {
            "weights": weight_lines(at, weights, self.settings["approximation"]),
            "errors": error_lines(at, errors[at], self.runs.seeds),
        }
        self._make_room(lines)
        for slot, curves in lines.items():
            self.put(slot, pictures.png_bytes(self._pictures[slot].draw(curves)))

    def _make_room(self, lines: dict[str, list[Curve]]) -> None:
        """Let the axes grow when a line leaves them."""
        before = dict(self._limits)
        while self.runs.updates > self._limits["updates"][1]:
            self._limits["updates"] = (0, min(2 * self._limits["updates"][1], self.updates))
        for slot, curves in lines.items():
            self._limits[slot] = grown(self._limits[slot], curves)
        for slot in lines:
            if any(before[k] != self._limits[k] for k in (slot, "updates")):
                self._pictures[slot] = self._picture(slot)

    def _picture(self, slot: str) -> Lines:
        return line_picture(slot, self._limits, self._what, len(self.runs.seeds), self._switched)

    def still(self) -> bytes:
        return still_of(self.runs.seeds, tuple(self.settings.items()))

    # -- controls ------------------------------------------------------------------------------

    def build(self):
        w = self._w
        buttons = self.buttons(
            step="Take one update in every run",
            play="Take update after update",
            pause="Stop for a moment; Play goes on",
            reset="Begin anew, with the settings of now",
        )
        switches = []
        for key, (on, off, question) in _SWITCHES.items():
            options = [(on, True), (off, False)]
            width = max(82, 24 + 7 * max(len(on), len(off)))  # CSS pixels
            switch = w.ToggleButtons(
                options=options[::-1] if key == "expected" else options,
                value=self.settings[key],
                tooltips=[question] * 2,
                style={"button_width": f"{width}px"},
                layout={"width": f"{2 * width + 16}px"},
            )
            switches.append(self.control(key, switch))
        fine = {"step": 0.001, "readout_format": ".3f"}
        alpha = self.slider("alpha", "step size α", self.runs.alpha, 0.001, 0.05, **fine)
        gamma = self.slider("gamma", "discount γ", self.runs.gamma, 0, 1)
        half = WIDTH // 2
        return w.VBox(
            [
                self.row(*buttons, self.speed_slider()),
                self.row(*switches),
                self.row(alpha, gamma),
                self.text("message", 42),
                self.row(self.picture("weights", half, HEIGHT),
                         self.picture("errors", half, HEIGHT)),
                self.text("status", 69),
            ]
        )  # fmt: skip


def _short(value: float) -> str:
    """Return a number with few signs: 0.25, 12.3, 4,370, 6.4e+05."""
    size = abs(value)
    if size < 1e5:
        return f"{value:,.{2 if size < 10 else 1 if size < 1000 else 0}f}".replace("-", "−")
    return f"{value:.1e}".replace("-", "−")
