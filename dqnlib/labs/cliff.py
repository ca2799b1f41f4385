"""The Cliff lab: tabular learning on Cliff Walking, live (lessons 01 and 01b)."""

import functools
import time
from collections.abc import Callable, Iterable

from dqnlib import pictures
from dqnlib.config import TabularConfig
from dqnlib.envs import TabularModel
from dqnlib.labs.cliff_side import NAMES, SMOOTH, Side
from dqnlib.labs.frame import Lab
from dqnlib.labs.texts import TWO_LINES, WIDTH, in_lines, letter, named_speeds
from dqnlib.seeds import TabularTrainer


@functools.lru_cache(16)
def _trained_still(config: TabularConfig, seed: int, side: str) -> bytes:
    """Return what one run has learned after a while: more to see than a lab at its start."""
    trainer = TabularTrainer(config, [seed])
    while trainer.episode[0] < min(30, config.episodes) and trainer.steps < 3000:
        trainer.step()
    title = f"{NAMES[config.algorithm]} after {trainer.episode[0]} episodes"
    note = "a still: run this cell in JupyterLab for the live lab"
    # at the lab's own scale, whose parts are drawn already
    image = pictures.grid_image(trainer.q[0], title=title, note=note, side=side, scale=2)
    return pictures.png_bytes(image.reduce(2), level=9)


class CliffLab(Lab):
    """Cliff Walking live: the action values as they are learned, for two settings A and B.

    Each side trains all the seeds in lockstep. The grid shows the first seed, run 0; the curves
    show all of them. The sliders act at once while the lab plays. To switch to or from Double
    Q-learning begins that side anew, since it has two tables.

    algorithm, versus: what A and B start with. alpha, gamma, epsilon: what both start with.
    target_epsilon: if given, each side has a slider for the random actions that the target of
    Expected Sarsa counts on; else it counts on those that the agent takes.
    view: "A", "A and B" or "B". target: your own one-run target for A's algorithm (see
    `dqnlib.tabular`); side A then keeps its algorithm, and B uses the course's own targets.
    policy, update: your own functions, for both sides. name: two labs with different names can
    live side by side; a second one of the same name replaces the first.

    Raises ValueError at once for a setting out of range.
    """

    title = "Cliff lab"
    hint = "Press Step to learn from one step, or Play."
    views = ("A", "A and B", "B")
    speeds = named_speeds((1, 2, 5, 10, 20, 50, 100, 200, 500, 1000), "steps")
    speed = 50
    slow = 10  # up to this speed the arithmetic of every step is shown

    def __init__(
        self,
        *,
        algorithm: str = "q_learning",
        versus: str = "sarsa",
        alpha: float = 0.5,
        gamma: float = 1.0,
        epsilon: float = 0.1,
        target_epsilon: float | None = None,
        episodes: int = 500,
        seeds: Iterable[int] = range(20),
        target: Callable | None = None,
        policy: Callable | None = None,
        update: Callable | None = None,
        view: str = "A",
        name: str = "cliff",
    ):
        if view not in self.views:
            raise ValueError(f"view must be one of {', '.join(self.views)}, but it is {view!r}")
        config = TabularConfig(
            algorithm=algorithm, episodes=episodes, alpha=alpha, gamma=gamma, epsilon=epsilon,
            target_epsilon=target_epsilon,
        )  # fmt: skip
        model = TabularModel.from_env(config.env_id)
        a = Side("A", config, seeds, model, target, policy, update)
        config = config.replace(algorithm=versus)
        b = Side("B", config, a.seeds, model, None, policy, update)
        self.sides = {"A": a, "B": b}
        self.view = view
        self._curves_drawn = 0.0  # time
        self._curves_of: object = None
        self.release()
        super().__init__(name)

    def release(self) -> None:
        self._single: pictures.GridPicture | None = None
        self._pair: pictures.PairPicture | None = None
        self._curves: pictures.CurvePicture | None = None

    def make_curves(self) -> None:
        self._curves = self._curves or self._new_curves()

    # -- training --------------------------------------------------------------------------

    def begin(self) -> None:
        for side in self.sides.values():
            side.begin()

    def advance(self) -> bool:
        watch = not self.playing or self.speed <= self.slow
        for side in self.sides.values():
            side.advance(watch)
        return not all(side.trainer.done for side in self.sides.values())

    def finish(self) -> None:
        self.playing = False
        episodes = self.sides["A"].config.episodes
        self.say(f"All {episodes:,} episodes of every run are done. Press Reset to start again.")

    def change(self, key: str, value) -> None:
        if key == "view":
            self.view = value
        else:
            name, field = key.split(".")
            if not self.sides[name].change(field, value):
                self.say(f"{name} starts again: Double Q-learning keeps two tables.")

    # -- showing ---------------------------------------------------------------------------

    def show(self) -> None:
        quick = self.playing and self.speed > self.slow  # a series: smaller pictures
        self.put("grid", self._grid().png(1 if quick else 2))
        self.put("status", in_lines((s.status() for s in self.sides.values()), TWO_LINES))
        if self._curves:
            self._show_curves(quick)

    def _grid(self) -> pictures.Card:
        """Draw the view that is chosen and return its card."""
        if self.view == "A and B":
            self._pair = self._pair or pictures.PairPicture()
            for name, side in self.sides.items():
                runs = f"run 0 of {len(side.seeds)}"
                where = "where all runs spent their recent steps"
                self._pair.head(name, side.title, runs, where)
                self._pair.update(name, side.q, side.share, side.agent, side.mark)
            return self._pair.card
        side = self.sides[self.view]
        self._single = self._single or pictures.GridPicture()
        self._single.head(side.title, f"run 0 of {len(side.seeds)} (seed {side.seeds[0]})",
                          self.view)  # fmt: skip
        self._single.update(side.q, side.agent, side.mark)
        return self._single.card

    def _show_curves(self, quick: bool) -> None:
        """Draw the curves, three times a second at most."""
        now = time.monotonic()
        state = tuple((s.title, s.trainer, s.trainer.episode.min()) for s in self.sides.values())
        if state == self._curves_of or (self.playing and now < self._curves_drawn + 1 / 3):
            return
        self._curves_of, self._curves_drawn = state, now
        image = self._curves.draw([side.curve() for side in self.sides.values()])
        self.put("curves", pictures.png_bytes(image.reduce(2) if quick else image))

    def _new_curves(self) -> pictures.CurvePicture:
        a = self.sides["A"]
        runs = len(a.seeds)
        note = f"95% interval of the mean of {runs} runs|run 0 alone" if runs > 1 else ""
        return pictures.CurvePicture(
            (0, max(a.config.episodes, SMOOTH + 1)), (-100, 0), "episode",
            f"return of an episode\n(mean of the last {SMOOTH})", note=note, width=WIDTH,
            empty=f"The curves begin when every run has finished {SMOOTH} episodes.",
        )  # fmt: skip

    def still(self) -> bytes:
        side = self.sides["B" if self.view == "B" else "A"]
        return _trained_still(side.config, side.seeds[0], side.side)

    # -- controls --------------------------------------------------------------------------

    def build(self):
        w = self._w
        buttons = self.buttons(
            step="Take one step and show what it taught",
            play="Take step after step",
            pause="Stop, and keep what was learned",
            reset="Forget everything and begin anew",
        )
        view = self.control("view", w.ToggleButtons(
            options=self.views, value=self.view, style={"button_width": "72px"},
            tooltips=["A's values", "both sides", "B's values"],
        ))  # fmt: skip
        return w.VBox(
            [
                self.row(*buttons, self.speed_slider(), view),
                *(self._settings(side) for side in self.sides.values()),
                *self._counting(),
                self.text("message", 42),
                self.picture("grid", WIDTH, 382),
                self.text("status", 92),
                self.picture("curves", WIDTH, 236),
            ]
        )

    def _settings(self, side: Side):
        """Return one side's row of controls."""
        w, c, name = self._w, side.config, side.side
        names = [(text, key) for key, text in NAMES.items()]
        algorithm = w.Dropdown(options=names, value=c.algorithm, disabled=side.fixed,
                               layout={"width": "150px"})  # fmt: skip
        chip = w.HTML(letter(name), layout={"width": "26px"})
        return self.row(
            chip,
            self.control(f"{name}.algorithm", algorithm),
            self.slider(f"{name}.alpha", "step size α", c.alpha, 0.01, 1),
            self.slider(f"{name}.gamma", "discount γ", c.gamma, 0, 1),
            self.slider(f"{name}.epsilon", "explore ε", c.epsilon, 0, 1),
        )

    def _counting(self) -> list:
        """Return the row for what Expected Sarsa's target counts on, if there is one."""
        if self.sides["A"].config.target_epsilon is None:
            return []
        words = self._w.HTML(
            "<span style='font-size:13px'>Expected Sarsa's target counts on</span>"
        )
        found = [words]
        for name, side in self.sides.items():
            counted = side.config.target_epsilon
            chip = self._w.HTML(letter(name), layout={"width": "26px"})
            found += [chip, self.slider(f"{name}.target_epsilon", "slips", counted, 0, 1)]
        return [self.row(*found)]
