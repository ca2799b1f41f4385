"""The frame of a live lab: a worker thread, messages to it, controls, pictures, texts.

A lab holds no algorithm of its own. `Lab` is the frame: one background thread, the worker, owns
whatever is trained and draws the pictures; a control only posts a message to the worker. (Which
thread runs a control's callback differs between versions of ipykernel, so callbacks must not
touch anything else.) The other files of this folder fill the frame.

Without ipywidgets, or where no notebook is running, a lab is a still picture and a text.
"""

import base64
import contextlib
import html
import math
import queue
import threading
import time
from collections.abc import Iterable
from typing import ClassVar

from dqnlib import pictures
from dqnlib.device import compute_threads
from dqnlib.pictures import SIDE_COLORS

_LIVE: dict[str, "Lab"] = {}  # the labs whose workers run, by name
WIDTH = 910  # CSS pixels of every lab
FASTEST = math.inf
HALF = {"flex": "1 1 400px", "width": "auto"}  # layout of two sliders in a row
LINE = "height:22px;line-height:22px;white-space:nowrap;overflow:hidden"
TWO_LINES = "height:44px;line-height:21px;white-space:nowrap;overflow:hidden"
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

    - ``make_curves()`` makes the pictures that need matplotlib, which loads slowly: it is called
      after each look at the lab;
    - ``release()`` lets go of what is large.

    They run in the worker, except for the first ``begin()`` and ``show()``, ``build()``,
    ``still()`` and ``release()``.
    An exception in the worker is shown in the lab, and the lab pauses. Making a lab of the same
    name closes the one before it.
    """

    title = "Lab"
    hint = ""  # what the line below the buttons says at first
    period = 1 / 24  # seconds from picture to picture while the lab plays
    go = "Play"  # what the button that lets it play is called
    speeds: ClassVar[dict[str, float]] = {}  # what `speed_slider` offers, by name
    speed = 10.0  # steps a second; math.inf for as many as possible

    def __init__(self, name: str):
        if name in _LIVE:
            _LIVE[name].close()
        self.name = name
        self.playing = False
        self._queue: queue.SimpleQueue = queue.SimpleQueue()
        self._values: dict[str, object] = {}  # what `put` was given last
        self._slots: dict[str, object] = {}  # the widgets that show it
        self._controls: dict[str, object] = {}  # the widgets that post a value
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

    def make_curves(self) -> None: ...

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

        def moved(event) -> None:
            if threading.current_thread() is not self._worker:  # which has put it back
                self.post(key, event["new"])

        widget.observe(moved, "value")
        self._controls[key] = widget
        return widget

    def put_back(self, key: str, refused, value) -> None:
        """Let a control show the value that holds, unless it has left the refused one by itself."""
        widget = self._controls.get(key)
        if widget is not None and widget.value == refused:
            widget.value = value

    def button(self, key: str, icon: str, tooltip: str, label: str = ""):
        """Return a button that posts its key: step, play, pause, reset, or one of the lab's own."""
        label = label or key.capitalize()
        button = self._w.Button(
            description=label, icon=icon, tooltip=tooltip, layout={"width": "80px"}
        )
        button.on_click(lambda _: self.post(key))
        return button

    def buttons(self, step: str, play: str, pause: str, reset: str) -> list:
        """Return the four buttons of most labs; each text says what its button does."""
        return [
            self.button("step", "step-forward", step),
            self.button("play", "play", play, self.go),
            self.button("pause", "pause", pause),
            self.button("reset", "refresh", reset),
        ]

    def speed_slider(self, stretch: int = 240):
        """Return the slider of the lab's ``speeds``; stretch: CSS pixels that it wants."""
        return self.control("speed", self._w.SelectionSlider(
            options=list(self.speeds.items()), value=self.speed, description="speed",
            style={"description_width": "44px"},
            layout={"flex": f"1 1 {stretch}px", "width": "auto"},
        ))  # fmt: skip

    def choice(self, key: str, label: str, options: list[tuple], value, **layout):
        """Return a slider of a few values; options: (what is shown, value), in order."""
        return self.control(key, self._w.SelectionSlider(
            options=options, value=value, description=label,
            style={"description_width": "84px"},
            layout={"flex": "1 1 205px", "width": "auto", **layout},
        ))  # fmt: skip

    def whole(self, key: str, label: str, value: int, low: int, high: int):
        """Return a slider of whole numbers, half a row wide."""
        return self.control(key, self._w.IntSlider(
            value=value, min=low, max=high, description=label,
            style={"description_width": "72px"}, layout=HALF,
        ))  # fmt: skip

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
        box = {"flex_flow": "row wrap", "width": "auto", "max_width": f"{WIDTH + 2}px"}
        return self._w.HBox(widgets, layout=box | {"overflow": "visible"})

    def text(self, slot: str, height: int):
        """Return the HTML widget of a slot; its height never changes."""
        box = {"width": "auto", "max_width": f"{WIDTH}px", "height": f"{height}px"}
        box |= {"margin": "2px 0", "overflow": "hidden"}
        widget = self._w.HTML(value=self._values.get(slot, ""), layout=box)
        self._slots[slot] = widget
        return widget

    # -- for users -------------------------------------------------------------------------

    def post(self, command: str, value=None) -> None:
        """Send a message to the worker; the buttons and sliders do nothing else."""
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
        """Wait until the worker has done what was posted so far; return whether it has.

        A lab that was closed does nothing more: False at once.
        """
        done, end = threading.Event(), time.monotonic() + timeout
        self.post("settle", done)
        while not self._closed and self._worker.is_alive() and time.monotonic() < end:
            if done.wait(max(0.0, min(0.1, end - time.monotonic()))):
                break
        return done.is_set()

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
        self._controls.clear()
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

    def displayed(self) -> None:
        """Have the curves made: the lab is about to be seen, and they can wait until then."""
        self.post("curves")

    # -- the worker ------------------------------------------------------------------------

    def _work(self) -> None:
        going = True
        while going:
            try:
                with compute_threads(1):  # the other cores are left to the browser and to cells
                    going = self._turn()
            except BaseException as error:  # a learner's function may call sys.exit()
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
            self.say(f"Paused. Press Step for one more step, or {self.go}.")
            if not self.advance():
                self.finish()
        elif command == "play":
            self.playing, self._due = True, time.monotonic()
            self.say("Playing. Move a slider: it acts at once.")
        elif command == "pause":
            self.playing = False
            self.say(f"Paused. Press Step for one step, or {self.go} to go on.")
        elif command == "reset":
            self.playing = False
            self.begin()
            self.say(self.hint)
        elif command == "speed":
            self.speed, self._due = value, time.monotonic()
        elif command == "curves":
            self.make_curves()
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

    def _fail(self, error: BaseException) -> None:
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


def named_speeds(values: Iterable[int], unit: str) -> dict[str, float]:
    """Return speeds by name, the fastest last: {"10 steps/s": 10, ..., "fastest": inf}."""
    return {**{f"{v:,} {unit}/s": v for v in values}, "fastest": FASTEST}


def in_lines(texts: Iterable[str], style: str = LINE) -> str:
    """Return texts below each other as HTML, each in a box of one height: `LINE`, `TWO_LINES`."""
    return "".join(f"<div style='{style}'>{text}</div>" for text in texts)


def side_lines(side: str, settings: Iterable[str], found: Iterable[str]) -> str:
    """Return the two lines of a side, A or B: its settings, and what was found with them."""
    return (
        f"{letter(side)} {' · '.join(settings)}<br><span style='margin-left:27px;"
        f"font-size:12px'>{' · '.join(found)}</span>"
    )


_BLANK = pictures.png_bytes(pictures.Card(8, 4, 1).image)


def letter(side: str) -> str:
    """Return the letter of a side, A or B, as HTML on its color."""
    return (
        f"<span style='display:inline-block;width:20px;text-align:center;border-radius:4px;"
        f"margin-right:4px;color:white;font-weight:bold;background:{SIDE_COLORS[side]}'>"
        f"{side}</span>"
    )


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
