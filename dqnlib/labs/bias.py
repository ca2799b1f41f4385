"""The bias lab: the largest of noisy estimates is too large on average (lesson 05)."""

import html
from collections.abc import Callable

import numpy as np
from PIL import Image

from dqnlib import pictures
from dqnlib.arguments import check_count, check_number
from dqnlib.classics import maximization
from dqnlib.labs.bias_pictures import HEIGHT, TRIALS, curve_picture, paint
from dqnlib.labs.bias_trials import COLORS, Trials
from dqnlib.labs.frame import Lab
from dqnlib.labs.texts import HALF, WIDTH, in_lines, named_speeds
from dqnlib.pictures import Card, CurvePicture, number
from dqnlib.seeds.learner import name_of


class BiasLab(Lab):
    """Noisy estimates of the values of some actions: how large is the largest, and who judges it?

    In each trial every action's value is estimated twice, each time as the mean of some noisy
    samples: once by a chooser and once, independently, by a judge. The single estimator says that
    the best action is worth the chooser's largest estimate. The double estimator takes the judge's
    value of that action. The best true value is always 0, so what an estimator says on average is
    its bias. The curves are the running means with their 95% intervals; the dotted lines are where
    they go. A slider that moves makes a new problem: the means begin anew.

    actions: 2 to 32; noise: standard deviation of one sample, 0 to 3; samples: per action and
    estimate, 1 to 100; spread: by how much the worst action is worse than the best, 0 to 5; the
    others lie evenly between. double_estimate: your own, see
    `dqnlib.classics.maximization.double_estimate`; it is called
    with one trial at a time, [1, A]. seed: of the estimates. name: a second lab of the same name
    replaces the first. Raises ValueError at once for a setting out of range.
    """

    title = "Bias lab"
    hint = "Press Step to draw one trial, or Play."
    period, speed = 1 / 12, 10
    speeds = named_speeds((1, 2, 5, 10, 20, 100, 1000), "trials")

    def __init__(
        self,
        *,
        actions: int = 8,
        noise: float = 1.0,
        samples: int = 1,
        spread: float = 0.0,
        double_estimate: Callable | None = None,
        seed: int = 0,
        name: str = "bias",
    ):
        self.settings = {
            "actions": check_count("actions", actions, 2, 32),
            "noise": check_number("noise", noise, 0, 3),
            "samples": check_count("samples", samples, 1, 100),
            "spread": check_number("spread", spread, 0, 5),
        }
        if double_estimate is not None and not callable(double_estimate):
            raise ValueError(f"double_estimate must be a function, but it is {double_estimate!r}")
        self._double = double_estimate or maximization.double_estimate
        self.seed = check_count("seed", seed, 0)
        self.release()
        self.begin()
        super().__init__(name)

    def release(self) -> None:
        self._card = Card(WIDTH, HEIGHT)
        self._curves: CurvePicture | None = None
        self._curves_of: Trials | None = None  # whose axes they have
        self._seen = False  # whether the page has asked for curves

    def make_curves(self) -> None:
        self._seen = True

    # -- trials --------------------------------------------------------------------------------

    def begin(self) -> None:
        self._rngs = _generators(self.seed)
        self._anew()

    def _anew(self) -> None:
        """Begin the means anew: the problem has changed."""
        self.trials = Trials(self.settings, self._rngs, self._double)

    def advance(self) -> bool:
        if self.trials.count < TRIALS:
            self.trials.step()
        return self.trials.count < TRIALS

    def finish(self) -> None:
        self.playing = False
        self.say(f"All {TRIALS:,} trials are done. Press Reset to begin anew.")

    def change(self, key: str, value) -> None:
        self.settings = self.settings | {key: value}
        self._anew()
        self.say(f"A new problem: {self.trials.words()}. The means begin anew.")

    # -- showing -------------------------------------------------------------------------------

    def show(self) -> None:
        quick = self.playing and self.speed > 10  # a series: smaller pictures
        paint(self._card, self.trials)
        self.put("trial", self._card.png(1 if quick else 2))
        self.put("status", self._status())
        if not self._seen:
            return
        if self._curves is None or self._curves_of is not self.trials:
            self._curves, self._curves_of = curve_picture(self.trials), self.trials
        self.put("curves", pictures.png_bytes(self._curves.draw(self.trials.curves())))

    def _status(self) -> str:
        t = self.trials
        texts = [f"trial {t.count:,} of {TRIALS:,} · {t.words()}"]
        words = {"single": "the largest estimate", "double": "the judge's value of that action"}
        if t.own:
            words["double"] = f"your {html.escape(name_of(self._double))}"
        for key, color in COLORS.items():
            n, mean, half = t.means[key].now
            found = f"{number(mean)} ± {half:.2f}" if n > 1 else "needs two trials"
            texts.append(
                f"<b style='color:{color}'>■</b> <b>{key}</b>, {words[key]}: bias so far {found} "
                f"· in the long run {number(getattr(t.expected, key))}"
            )
        return in_lines(texts)

    def still(self) -> bytes:
        if not hasattr(self, "_still"):
            trials = Trials(self.settings, _generators(self.seed), maximization.double_estimate)
            for _ in range(1000):
                trials.step()
            card = Card(WIDTH, HEIGHT)
            paint(card, trials)
            image = Image.new("RGB", (WIDTH, 2 * HEIGHT), pictures.CARD)
            image.paste(card.image.reduce(2), (0, 0))
            image.paste(curve_picture(trials).draw(trials.curves()), (0, HEIGHT))
            self._still = pictures.png_bytes(image, level=9)
        return self._still

    # -- controls ------------------------------------------------------------------------------

    def build(self):
        s = self.settings
        buttons = self.buttons(
            step="Draw one trial",
            play="Draw trial after trial",
            pause="Stop for a moment; Play goes on",
            reset="Forget all trials and begin anew",
        )
        return self._w.VBox(
            [
                self.row(*buttons, self.speed_slider()),
                self.row(
                    self.whole("actions", "actions", s["actions"], 2, 32),
                    self.slider("noise", "noise", s["noise"], 0, 3, step=0.1, layout=HALF),
                    self.whole("samples", "samples", s["samples"], 1, 100),
                    self.slider("spread", "spread", s["spread"], 0, 5, step=0.1, layout=HALF),
                ),
                self.text("message", 42),
                self.picture("trial", WIDTH, HEIGHT),
                self.picture("curves", WIDTH, HEIGHT),
                self.text("status", 69),
            ]
        )


def _generators(seed: int):
    """Return the generators of the chooser's and of the judge's errors."""
    return [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(2)]
