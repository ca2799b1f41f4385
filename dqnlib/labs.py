"""The live labs: controls that act at once while training goes on, and never block the notebook.

A lab holds no algorithm of its own. `Lab` is the frame: one background thread, the worker, owns
whatever is trained and draws the pictures; a control only posts a message to the worker. (Which
thread runs a control's callback differs between versions of ipykernel, so callbacks must not
touch anything else.) `CliffLab` and `DiscountLab` fill the frame.

Without ipywidgets, or where no notebook is running, a lab is a still picture and a text.
"""

import base64
import contextlib
import functools
import html
import io
import math
import queue
import threading
import time
from collections.abc import Callable, Iterable
from typing import ClassVar

import numpy as np
from PIL import Image

from dqnlib import pictures
from dqnlib.data import TabularConfig, check_number
from dqnlib.device import let_threads_go
from dqnlib.envs import TabularModel
from dqnlib.experiments import mean_interval
from dqnlib.pictures import ACTIONS, SIDE_COLORS, Curve, number
from dqnlib.plots import smoothed
from dqnlib.seeds import NEXT_VALUE, TabularTrainer

_LIVE: dict[str, "Lab"] = {}  # the labs whose workers run, by name
_WIDTH = 910  # CSS pixels of every lab
_FASTEST = math.inf
# two lines high, for an error; a short text stands on the lower one, next to the picture
_MESSAGE = (
    "<div style='height:42px;line-height:20px;display:flex;flex-direction:column;"
    "justify-content:flex-end'><div>{}</div></div>"
)


def _ipywidgets():
    """Return the module ipywidgets, or None where it is missing."""
    try:
        import ipywidgets
    except ImportError:
        return None
    return ipywidgets


_ipywidgets()  # it loads slowly: the cell of imports should take that time, not the first look


def _in_notebook() -> bool:
    """Whether this process is a Jupyter kernel, which a page can talk to."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return hasattr(get_ipython(), "kernel")


class Lab:
    """The frame of a live lab: a worker thread, messages to it, controls, pictures, texts.

    A subclass says what is trained and shown:

    - ``begin()`` makes everything new; it is called for Reset, and by the subclass itself
      before it calls ``Lab.__init__``;
    - ``advance()`` takes one step and returns False once nothing is left to do;
    - ``change(key, value)`` is told that a control has moved;
    - ``show()`` hands pictures and texts to `put`;
    - ``build()`` returns the controls as one ipywidgets box; ``still()`` a PNG for readers
      without a live notebook.

    - ``displayed()`` may post what can wait until then, ``release()`` lets go of what is large.

    They run in the worker, except for the first ``begin()`` and ``show()``, ``build()``,
    ``still()``, ``displayed()`` and ``release()``.
    An exception in the worker is shown in the lab, and the lab pauses. Making a lab of the same
    name closes the one before it.
    """

    title = "Lab"
    hint = ""  # what the line below the buttons says at first
    period = 1 / 24  # seconds from picture to picture while the lab plays
    speed = 10.0  # steps a second; math.inf for as many as possible

    def __init__(self, name: str):
        if name in _LIVE:
            _LIVE[name].close()
        self.name = name
        self.playing = False
        self._queue: queue.SimpleQueue = queue.SimpleQueue()
        self._values: dict[str, object] = {}  # what `put` was given last
        self._slots: dict[str, object] = {}  # the widgets that show it
        self._closed = False
        self._stale = False  # whether something has changed since the last picture
        self._shown = self._due = 0.0  # times of the last picture and of the next step
        self.say(self.hint)
        self.show()
        self._w = _ipywidgets()
        self.ui = self.build() if self._w else None
        self._worker = threading.Thread(target=self._work, name=f"lab-{name}", daemon=True)
        _LIVE[name] = self
        self._worker.start()

    # -- for subclasses --------------------------------------------------------------------

    def begin(self) -> None: ...

    def advance(self) -> bool:
        return False

    def change(self, key: str, value) -> None: ...

    def show(self) -> None: ...

    def displayed(self) -> None:
        """Called when the lab is about to be seen, after all that the first look needs."""

    def release(self) -> None:
        """Called by `close`: let go of what is large."""

    def build(self):
        raise NotImplementedError

    def still(self) -> bytes:
        raise NotImplementedError

    def put(self, slot: str, value) -> None:
        """Show a value (PNG bytes, or HTML) in the widget of that name, if it is a new value."""
        if self._values.get(slot) != value:
            self._values[slot] = value
            if slot in self._slots:
                self._slots[slot].value = value

    def say(self, text: str) -> None:
        """Show a line of text below the buttons."""
        self.put("message", _MESSAGE.format(f"<span style='opacity:.8'>{html.escape(text)}</span>"))

    # -- parts of `build` ------------------------------------------------------------------

    def control(self, key: str, widget):
        """Return the widget; when it moves, the worker gets ``change(key, value)``."""
        widget.observe(lambda event: self.post(key, event["new"]), "value")
        return widget

    def button(self, key: str, icon: str, tooltip: str):
        """Return a button that posts its key: step, play, pause or reset."""
        button = self._w.Button(
            description=key.capitalize(), icon=icon, tooltip=tooltip, layout={"width": "80px"}
        )
        button.on_click(lambda _: self.post(key))
        return button

    def slider(self, key: str, label: str, value: float, low: float, high: float, **more):
        """Return a slider that acts while it is dragged."""
        stretch = {"flex": "1 1 205px", "width": "auto"}  # as wide as the row allows
        more = {"step": 0.01, "readout_format": ".2f", "layout": stretch} | more
        style = {"description_width": "72px"}
        return self.control(
            key,
            self._w.FloatSlider(
                value=value, min=min(low, value), max=high, description=label, style=style, **more
            ),
        )

    def picture(self, slot: str, png_width: int, png_height: int):
        """Return the image widget of a slot; its size changes with the page's width alone."""
        box = {"width": f"{png_width}px", "height": f"{png_height}px", "margin": "2px 0"}
        box |= {"object_fit": "contain", "object_position": "left top"}  # on a narrow page
        image = self._w.Image(value=self._values.get(slot, _BLANK), format="png", layout=box)
        self._slots[slot] = image
        return image

    def row(self, *widgets):
        """Return widgets side by side; on a narrow page the last ones move to a new line."""
        box = {"flex_flow": "row wrap", "width": "auto", "max_width": f"{_WIDTH + 2}px"}
        return self._w.HBox(widgets, layout=box | {"overflow": "visible"})

    def text(self, slot: str, height: int):
        """Return the HTML widget of a slot; its height never changes."""
        box = {"width": "auto", "max_width": f"{_WIDTH}px", "height": f"{height}px"}
        box |= {"margin": "2px 0", "overflow": "hidden"}
        widget = self._w.HTML(value=self._values.get(slot, ""), layout=box)
        self._slots[slot] = widget
        return widget

    # -- for users -------------------------------------------------------------------------

    def post(self, command: str, value=None) -> None:
        """Send a message to the worker; the buttons and sliders do nothing else."""
        if command == "play":
            let_threads_go()  # of the thread that handles buttons, which may have trained before
        self._queue.put((command, value))

    def step(self) -> None:
        """Take one step, as the button does."""
        self.post("step")

    def play(self) -> None:
        """Go on by itself, as the button does."""
        self.post("play")

    def pause(self) -> None:
        """Stop, as the button does."""
        self.post("pause")

    def reset(self) -> None:
        """Begin anew with the settings of the controls, as the button does."""
        self.post("reset")

    def settle(self, timeout: float = 10) -> bool:
        """Wait until the worker has done what was posted so far; return whether it has."""
        done = threading.Event()
        self.post("settle", done)
        return done.wait(timeout)

    def close(self) -> None:
        """Stop the worker and take the controls off the page. Closing twice is fine."""
        if self._closed:
            return
        self._closed = True
        if _LIVE.get(self.name) is self:
            del _LIVE[self.name]
        self.post("quit")
        if threading.current_thread() is not self._worker:
            self._worker.join(timeout=2)  # a learner's function may hang; the thread is a daemon
        _close_widgets(self.ui)
        self._slots.clear()
        self.release()

    def __repr__(self) -> str:
        return f"{self.title}: run this cell in JupyterLab for the live controls."

    def _repr_mimebundle_(self, include=None, exclude=None):
        """The live controls for a notebook; the same text and a still picture for all others."""
        view = {}
        if self.ui is not None and not self._closed and _in_notebook():
            view = self.ui._repr_mimebundle_() or {}
        still = {"image/png": base64.b64encode(self.still()).decode()}
        self.displayed()
        return {**view, **still, "text/plain": repr(self)}

    # -- the worker ------------------------------------------------------------------------

    def _work(self) -> None:
        going = True
        while going:
            try:
                going = self._turn()
            except Exception as error:
                self._fail(error)

    def _turn(self) -> bool:
        """Obey what was posted, train for a moment, draw; return False when told to quit."""
        asked: list[threading.Event] = []  # who waits for this turn to end
        message = self._wait()
        try:
            while message:
                command, value = message
                if command == "quit":
                    return False
                if command == "settle":
                    asked.append(value)
                else:
                    self._obey(command, value)
                message = self._next(0)  # many slider positions may wait: one picture for all
            if self.playing:
                self._train()
            self._draw()
        finally:
            for event in asked:
                event.set()
        return True

    def _next(self, timeout: float | None):
        """Return the next message, or None; timeout in seconds, None forever, 0 at once."""
        with contextlib.suppress(queue.Empty):
            return self._queue.get(timeout != 0, timeout)
        return None

    def _wait(self):
        """Return the next message, or None when it is time for a step or a picture."""
        if not self.playing:
            return self._next(0 if self._stale else None)
        due = max(self._due, self._shown + self.period) if self._stale else self._due
        return self._next(max(0.0, due - time.monotonic()))

    def _obey(self, command: str, value) -> None:
        self._stale = True
        if command == "step":
            self.playing = False
            self.say("Paused. Press Step for one more step, or Play.")
            if not self.advance():
                self.finish()
        elif command == "play":
            self.playing, self._due = True, time.monotonic()
            self.say("Playing. Move a slider: it acts at once.")
        elif command == "pause":
            self.playing = False
            self.say("Paused. Press Step for one step, or Play to go on.")
        elif command == "reset":
            self.playing = False
            self.begin()
            self.say(self.hint)
        elif command == "speed":
            self.speed, self._due = value, time.monotonic()
        else:
            self.change(command, value)

    def finish(self) -> None:
        """Nothing is left to do."""
        self.playing = False
        self.say("Done. Press Reset to start again.")

    def _train(self) -> None:
        """Take the steps that are due, until a message arrives or it is time for a picture."""
        now = time.monotonic()
        stop = max(self._shown + self.period, now + 0.005)
        while self._due <= now < stop and self._queue.empty():
            self._stale = True
            if not self.advance():
                self.finish()
                return
            self._due += 1 / self.speed  # 0 for the fastest
            now = time.monotonic()
        if self._due < now - 0.25:
            self._due = now  # too slow for this speed: do not run after it

    def _draw(self) -> None:
        now = time.monotonic()
        if self._stale and (not self.playing or now >= self._shown + self.period):
            self._stale, self._shown = False, now
            self.show()
            time.sleep(0.001)  # lets the thread that sends the picture have its turn

    def _fail(self, error: Exception) -> None:
        """Show an error in the lab: a thread's traceback would land under some other cell."""
        self.playing = False
        lines = str(error).strip().splitlines()
        said = lines[0] if lines else ""
        if not said.startswith("✗"):  # such an error says by itself what failed
            said = f"✗ {type(error).__name__}: {said}".rstrip(": ")
        color = "var(--jp-error-color1, firebrick)"
        self.put(
            "message",
            _MESSAGE.format(
                f"<span style='color:{color};font-weight:600'>{html.escape(said)}</span> "
                "The lab has paused. Press Reset to start again."
            ),
        )


_BLANK = pictures.png_bytes(pictures.Card(8, 4, 1).image)


def _close_widgets(widget) -> None:
    """Close a widget and all below it: ipywidgets keeps every open widget forever."""
    if widget is None:
        return
    for child in getattr(widget, "children", ()):
        _close_widgets(child)
    for part in ("layout", "style"):
        if hasattr(getattr(widget, part, None), "close"):
            getattr(widget, part).close()
    widget.close()


# -- Cliff Walking -----------------------------------------------------------------------------

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
            f"{_letter(self.side)} {' · '.join(facts)}<br>"
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
        at = np.unique(np.linspace(0, values.shape[1] - 1, 400).astype(int))  # 400 points do
        curve.x, curve.one = at + _SMOOTH, values[0, at]
        curve.mean, curve.low, curve.high = mean_interval(values[:, at])
        return curve


def _letter(side: str) -> str:
    return (
        f"<span style='display:inline-block;width:20px;text-align:center;border-radius:4px;"
        f"margin-right:4px;color:white;font-weight:bold;background:{SIDE_COLORS[side]}'>"
        f"{side}</span>"
    )


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
    return pictures.small_png(image.reduce(2))


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
    speeds: ClassVar = {
        **{f"{v:,} steps/s": v for v in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)},
        "fastest": _FASTEST,
    }
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

    def displayed(self) -> None:
        self.post("curves")  # matplotlib loads slowly: the worker does it after the first look

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
        elif key == "curves":
            self._curves = self._curves or self._new_curves()
        else:
            name, field = key.split(".")
            if not self.sides[name].change(field, value):
                self.say(f"{name} starts again: Double Q-learning keeps two tables.")

    # -- showing ---------------------------------------------------------------------------

    def show(self) -> None:
        quick = self.playing and self.speed > self.slow  # a series: smaller pictures
        self.put("grid", self._grid().png(1 if quick else 2))
        self.put("status", "".join(f"<div style='{_LINES}'>{s.status()}</div>"
                                   for s in self.sides.values()))  # fmt: skip
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
            f"return of an episode\n(mean of the last {_SMOOTH})", note=note, width=_WIDTH,
            empty=f"The curves begin when every run has finished {_SMOOTH} episodes.",
        )  # fmt: skip

    def still(self) -> bytes:
        side = self.sides["B" if self.view == "B" else "A"]
        return _trained_still(side.config, side.seeds[0], side.side)

    # -- controls --------------------------------------------------------------------------

    def build(self):
        w = self._w
        buttons = [
            self.button("step", "step-forward", "Take one step and show what it taught"),
            self.button("play", "play", "Take step after step"),
            self.button("pause", "pause", "Stop, and keep what was learned"),
            self.button("reset", "refresh", "Forget everything and begin anew"),
        ]
        speed = self.control("speed", w.SelectionSlider(
            options=list(self.speeds.items()), value=self.speed, description="speed",
            style={"description_width": "44px"}, layout={"flex": "1 1 240px", "width": "auto"},
        ))  # fmt: skip
        view = self.control("view", w.ToggleButtons(
            options=self.views, value=self.view, style={"button_width": "72px"},
            tooltips=["A's values", "both sides", "B's values"],
        ))  # fmt: skip
        return w.VBox(
            [
                self.row(*buttons, speed, view),
                *(self._settings(side) for side in self.sides.values()),
                self.text("message", 42),
                self.picture("grid", _WIDTH, 382),
                self.text("status", 92),
                self.picture("curves", _WIDTH, 236),
            ]
        )

    def _settings(self, side: _Side):
        """Return one side's row of controls."""
        w, c, name = self._w, side.config, side.side
        names = [(text, key) for key, text in NAMES.items()]
        algorithm = w.Dropdown(options=names, value=c.algorithm, disabled=side.fixed,
                               layout={"width": "150px"})  # fmt: skip
        letter = w.HTML(_letter(name), layout={"width": "26px"})
        return self.row(
            letter,
            self.control(f"{name}.algorithm", algorithm),
            self.slider(f"{name}.alpha", "step size α", c.alpha, 0.01, 1),
            self.slider(f"{name}.gamma", "discount γ", c.gamma, 0, 1),
            self.slider(f"{name}.epsilon", "explore ε", c.epsilon, 0, 1),
        )


_LINES = "height:44px;line-height:21px;white-space:nowrap;overflow:hidden"


# -- discounting -------------------------------------------------------------------------------


class DiscountLab(Lab):
    """A slider for γ: what a reward of 1 after 0 to 20 steps is worth now.

    gamma: where the slider starts, 0 to 1. Raises ValueError if it is out of range.
    """

    title = "Discount lab"
    hint = "Move the slider: how much is a late reward worth now?"
    bars, stream = 21, 13  # rewards shown; length of the stream of rewards of −1

    def __init__(self, *, gamma: float = 0.9, name: str = "discount"):
        self.gamma = check_number("gamma", gamma, 0, 1)
        self._picture = pictures.BarPicture(self.bars)
        super().__init__(name)

    def change(self, key: str, value) -> None:
        self.gamma = value

    def show(self) -> None:
        worth = self.gamma ** np.arange(self.bars)
        total = -worth[: self.stream].sum()
        self._picture.draw(
            worth, f"What a reward of 1 is worth now, with γ = {self.gamma:.2f}",
            "steps until the reward comes: k (the bar is γᵏ)",
            f"−1 a step for {self.stream} steps is worth {number(total)} now",
        )  # fmt: skip
        self.put("bars", self._picture.card.png())

    def still(self) -> bytes:
        image = Image.open(io.BytesIO(self._values["bars"]))  # the worker may be drawing the next
        return pictures.small_png(image.reduce(2))

    def build(self):
        gamma = self.slider("gamma", "discount γ", self.gamma, 0, 1, layout={"width": "420px"})
        return self._w.VBox([gamma, self.text("message", 42), self.picture("bars", _WIDTH, 260)])
