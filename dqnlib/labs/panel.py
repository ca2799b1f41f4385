"""The panel of a lab: its controls, and the widgets that show pictures and texts.

Without ipywidgets there is none, and the panel only keeps what it was given to show.
"""

from types import ModuleType
from typing import ClassVar

from dqnlib import pictures
from dqnlib.labs.texts import HALF, WIDTH

_BLANK = pictures.png_bytes(pictures.Card(8, 4, 1).image, exact=True)


def ipywidgets() -> ModuleType | None:
    """Return the module ipywidgets, or None where it is missing."""
    try:
        import ipywidgets
    except ImportError:
        return None
    return ipywidgets


class Panel:
    """Controls that post what they are moved to, and slots that show what they are given.

    A subclass has ``build()``, which returns one ipywidgets box of the parts below, and
    ``post(key, value)``, which is called when a control is moved by hand.
    """

    go: str
    speed: float
    speeds: ClassVar[dict[str, float]] = {}  # what `speed_slider` offers, by name

    def __init__(self):
        self._w = ipywidgets()
        self._values: dict[str, object] = {}  # what `put` was given last
        self._slots: dict[str, object] = {}  # the widgets that show it
        self._controls: dict[str, object] = {}  # the widgets that post a value
        self.ui = None

    def post(self, command: str, value=None) -> None: ...

    def build(self):
        raise NotImplementedError

    # -- showing -------------------------------------------------------------------------------

    def put(self, slot: str, value) -> None:
        """Show a value (PNG bytes, or HTML) in the widget of that name, if it is a new value."""
        if self._values.get(slot) != value:
            self._values[slot] = value
            if slot in self._slots:
                self._slots[slot].value = value

    def put_back(self, key: str, refused, value) -> None:
        """Let a control show the value that holds, unless it has left the refused one by itself."""
        widget = self._controls.get(key)
        if widget is not None and widget.value == refused:
            widget.value = value

    def take_off(self) -> None:
        """Take everything off the page."""
        _close_widgets(self.ui)
        self._slots.clear()
        self._controls.clear()

    # -- controls ------------------------------------------------------------------------------

    def control(self, key: str, widget):
        """Return the widget; when it moves, ``moved(key, value)`` is told."""
        widget.observe(lambda event: self.moved(key, event["new"]), "value")
        self._controls[key] = widget
        return widget

    def moved(self, key: str, value) -> None:
        self.post(key, value)

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
        return self.control(key, self._w.FloatSlider(
            value=value, min=min(low, value), max=high, description=label,
            style={"description_width": "72px"}, **more,
        ))  # fmt: skip

    # -- slots and rows ------------------------------------------------------------------------

    def picture(self, slot: str, png_width: int, png_height: int):
        """Return the image widget of a slot; its size changes with the page's width alone."""
        box = {"width": f"{png_width}px", "height": f"{png_height}px", "margin": "2px 0"}
        box |= {"object_fit": "contain", "object_position": "left top"}  # on a narrow page
        image = self._w.Image(value=self._values.get(slot, _BLANK), format="png", layout=box)
        self._slots[slot] = image
        return image

    def text(self, slot: str, height: int):
        """Return the HTML widget of a slot; its height never changes."""
        box = {"width": "auto", "max_width": f"{WIDTH}px", "height": f"{height}px"}
        box |= {"margin": "2px 0", "overflow": "hidden"}
        widget = self._w.HTML(value=self._values.get(slot, ""), layout=box)
        self._slots[slot] = widget
        return widget

    def row(self, *widgets):
        """Return widgets side by side; on a narrow page the last ones move to a new line."""
        box = {"flex_flow": "row wrap", "width": "auto", "max_width": f"{WIDTH + 2}px"}
        return self._w.HBox(widgets, layout=box | {"overflow": "visible"})


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
