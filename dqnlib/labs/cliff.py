"""The Cliff lab: tabular learning on Cliff Walking, live (lesson 01)."""

import functools
import html
import math
import time
from collections.abc import Callable, Iterable

import numpy as np

from dqnlib import pictures
from dqnlib.config import TabularConfig
from dqnlib.envs import TabularModel
from dqnlib.intervals import mean_interval
from dqnlib.labs.curves import evenly
from dqnlib.labs.frame import TWO_LINES, WIDTH, Lab, in_lines, letter, named_speeds
from dqnlib.pictures import ACTIONS, SIDE_COLORS, Curve, number
from dqnlib.plots import smoothed
from dqnlib.seeds import NEXT_VALUE, TabularTrainer

NAMES = {
    "q_learning": "Q-learning",
    "sarsa": "Sarsa",
    "expected_sarsa": "Expected Sarsa",
    "double_q_learning": "Double Q-learning",
}
_RECENT = 1000  # steps of every run after which a visit counts e times less
_SMOOTH = 10  # episodes in a running mean of the curves


def _bracketed(value: float) -> str:
    """Return a number with two decimals, in brackets if it is negative."""
    return f"({number(value)})" if round(value, 2) < 0 else number(value)


def _plain(value: float) -> str:
    """Return a setting or a reward as short as can be: 1.0, 0.95, −100."""
    return (f"{value:.1f}" if value in (0, 1) else f"{value:.4g}").replace("-", "−")


def update_line(step: dict) -> tuple[str, str]:
    """Return the arithmetic of one update and a note on it, as two lines of text.

    step: algorithm, alpha, gamma, table, obs, action, reward, next_obs, terminated, old, new,
    td_target, next_value, next_action (Sarsa), own_target, own_update.
    """
    s = step
    double = s["algorithm"] == "double_q_learning"
    name = f"Q{'₁₂'[s['table']] if double else ''}"
    pair = f"{name}({s['obs']}, {ACTIONS[s['action']]})"
    if s["own_target"]:
        target, note = _bracketed(s["td_target"]), "the first number in [ ] is from your target"
    elif s["terminated"]:
        target, note = _plain(s["reward"]), "goal reached: nothing follows"
    else:
        value = _bracketed(s["next_value"])
        target = f"{_plain(s['reward'])} + {_plain(s['gamma'])} × {value}"
        note = f"{value.strip('()')} is {_where_from(s)}"
    line = (
        f"{pair} ← {number(s['old'])} + {_plain(s['alpha'])} × "
        f"[{target} − {_bracketed(s['old'])}] = {number(s['new'])}"
    )
    usual = s["old"] + s["alpha"] * (s["td_target"] - s["old"])
    if s["own_update"] and abs(usual - s["new"]) > 1e-9:
        line = f"{pair}: {number(s['old'])} became {number(s['new'])}"
        note = "your update did this"
    return line, note


def _where_from(s: dict) -> str:
    """Say which value of the next state the target used."""
    state = s["next_obs"]
    return {
        "q_learning": f"the largest value in state {state}",
        "sarsa": f"Q({state}, {ACTIONS[s['next_action'] or 0]}), the action it takes next",
        "expected_sarsa": f"the mean of state {state} under ε-greedy",
        "double_q_learning": f"Q{'₂₁'[s['table']]}'s value of Q{'₁₂'[s['table']]}'s best action",
    }[s["algorithm"]]


class _Side:
    """One of the two settings of a `CliffLab`, and the runs that train with it."""

    def __init__(self, side: str, config: TabularConfig, seeds, model, target, policy, update):
        self.functions = {"target": target, "policy": policy, "update": update}
        self.side, self.config, self.model = side, config, model
        self.seeds, self.fixed = seeds, target is not None
        self.begin()

    def begin(self) -> None:
        """Make the runs new, with the setting as it is now."""
        episodes = self.config.episodes
        self.trainer = TabularTrainer(
            self.config, self.seeds, model=self.model, record_every=episodes, **self.functions
        )
        self.own = self.trainer.own  # the course's own functions are not "yours"
        self.seeds = self.trainer.seeds
        self.visits = np.zeros(self.model.n_states)
        self.agent: int | None = int(self.trainer.obs[0])
        self.mark: tuple[int, int] | None = None
        self.line = ("", "The arithmetic of the last step will be here.")

    def change(self, field: str, value) -> bool:
        """Change a setting; return False if the runs had to begin anew for it."""
        self.config = self.config.replace(**{field: value})
        try:
            self.trainer.config = self.config
        except ValueError:  # to or from two tables
            self.begin()
            return False
        return True

    @property
    def title(self) -> str:
        yours = [k for k, f in self.own.items() if f]
        return NAMES[self.config.algorithm] + (f" with your {', '.join(yours)}" if yours else "")

    def advance(self, watch: bool) -> None:
        """Take one step in every run; with watch, note what run 0 learned from it."""
        t = self.trainer
        if t.done:
            return
        watch = watch and t.episode[0] < self.config.episodes
        before = t.tables[0].copy() if watch else None
        t.step()
        rows, obs, action, _, next_obs, _ = t.last
        part = len(rows) / len(self.seeds)  # runs that have finished take no steps
        self.visits *= 1 - part / _RECENT
        self.visits += np.bincount(obs, minlength=len(self.visits)) / len(self.seeds)
        self.mark = None
        if rows[0] == 0:
            self.agent = int(next_obs[0])
            if watch:
                self.mark = int(obs[0]), int(action[0])
                self.line = update_line(self._last_update(before))
        if not watch:
            self.line = ("", "Press Step, or play slowly, to see the arithmetic of each step here.")

    def _last_update(self, before: np.ndarray) -> dict:
        """Return what `update_line` needs about the last step of run 0; before: [T, N, A]."""
        t, c = self.trainer, self.config
        _, obs, action, reward, next_obs, terminated = (x[0] for x in t.last)
        table, next_q, extra, td_target = t.learned
        table = int(np.ravel(table)[0])
        value = NEXT_VALUE[c.algorithm](next_q[:1], *(part[:1] for part in extra))[0]
        return {
            "algorithm": c.algorithm,
            "alpha": c.alpha,
            "gamma": c.gamma,
            "table": table,
            "obs": int(obs),
            "action": int(action),
            "reward": float(reward),
            "next_obs": int(next_obs),
            "terminated": bool(terminated),
            "old": float(before[table, obs, action]),
            "new": float(t.tables[0, table, obs, action]),
            "td_target": float(td_target[0]),
            "next_value": float(value),
            "next_action": int(extra[0][0]) if c.algorithm == "sarsa" else None,
            "own_target": bool(self.own["target"]),
            "own_update": bool(self.own["update"]),
        }

    @property
    def q(self) -> np.ndarray:
        """Action values [N, A] of run 0."""
        return self.trainer.tables[0].mean(0)

    @property
    def share(self) -> np.ndarray:
        """Share of the recent steps of all runs in each state [N]."""
        return self.visits / max(self.visits.sum(), 1e-9)

    def status(self) -> str:
        """Return the side's two lines of text as HTML."""
        t, c = self.trainer, self.config
        last = t.last_return[0]
        facts = [
            f"<b>{html.escape(self.title)}</b>, "
            f"α {c.alpha:.2f}, γ {c.gamma:.2f}, ε {c.epsilon:.2f}",
            f"episode {min(t.episode[0] + 1, c.episodes):,} of {c.episodes:,}",
            f"step {t.steps:,}",
            "no return yet" if math.isnan(last) else f"last return {number(last, 0)}",
        ]
        line, note = (html.escape(text) for text in self.line)
        return (
            f"{letter(self.side)} {' · '.join(facts)}<br>"
            "<span style='font-family:var(--jp-code-font-family,monospace);font-size:12px;"
            f"margin-left:27px'>{line}</span>"
            f"<span style='opacity:.75;font-size:12px'>{'&emsp;' * bool(line)}{note}</span>"
        )

    def curve(self) -> Curve:
        """Return the return curve of all runs so far, over the episodes that all have finished."""
        returns = self.trainer.run().returns  # [S, E]
        style = {"A": "-", "B": "--"}[self.side]
        curve = Curve(f"{self.side}  {self.title}", SIDE_COLORS[self.side], style)
        if returns.shape[1] < _SMOOTH:
            return curve
        values = smoothed(returns, _SMOOTH)
        at = evenly(values.shape[1], 400)  # 400 points do
        curve.x, curve.one = at + _SMOOTH, values[0, at]
        curve.mean, curve.low, curve.high = mean_interval(values[:, at])
        return curve


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
            algorithm=algorithm, episodes=episodes, alpha=alpha, gamma=gamma, epsilon=epsilon
        )
        model = TabularModel.from_env(config.env_id)
        a = _Side("A", config, seeds, model, target, policy, update)
        config = config.replace(algorithm=versus)
        b = _Side("B", config, a.seeds, model, None, policy, update)
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
            (0, max(a.config.episodes, _SMOOTH + 1)), (-100, 0), "episode",
            f"return of an episode\n(mean of the last {_SMOOTH})", note=note, width=WIDTH,
            empty=f"The curves begin when every run has finished {_SMOOTH} episodes.",
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
                self.text("message", 42),
                self.picture("grid", WIDTH, 382),
                self.text("status", 92),
                self.picture("curves", WIDTH, 236),
            ]
        )

    def _settings(self, side: _Side):
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
