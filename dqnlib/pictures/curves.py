"""Learning curves that are redrawn quickly, by matplotlib."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from dqnlib.pictures.colors import CARD, EDGE, FAINT, INK, MUTED
from dqnlib.pictures.text import number


@dataclass
class Curve:
    """One learning curve of S runs: x [E], mean [E], interval low [E] and high [E], one run [E]."""

    label: str
    color: str
    style: str = "-"
    x: np.ndarray = field(default_factory=lambda: np.zeros(0))
    mean: np.ndarray = field(default_factory=lambda: np.zeros(0))
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    one: np.ndarray | None = None


class CurvePicture:
    """Learning curves that are redrawn quickly: axes, labels and legend are drawn only once."""

    def __init__(self, xlim, ylim, xlabel, ylabel, *, note="", empty="", width=910, height=236,
                 scale=2):  # fmt: skip
        """note: what the legend says of band and thin line, parted by "|"; empty: a text for
        the time before there is any curve."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        dpi = 72 * scale  # so that a font size is in CSS pixels
        self.figure = Figure((width / 72, height / 72), dpi, facecolor=CARD)
        self.figure.patch.set(edgecolor=EDGE, linewidth=2)
        self.canvas = FigureCanvasAgg(self.figure)
        # fixed margins: a layout engine takes longer than everything else together
        box = (74 / width, 44 / height, 1 - 98 / width, 1 - 80 / height)
        self.axes = self.figure.add_axes(box, facecolor=CARD)
        self.scale, self.note = scale, note
        self._artists: dict[str, tuple] = {}
        self._labels: tuple | None = None  # of the curves that the legend names
        self._style(xlim, ylim, xlabel, ylabel)
        self._empty = self.axes.text(0.5, 0.5, empty, transform=self.axes.transAxes, color=MUTED,
                                     ha="center", va="center", size=12, animated=True)  # fmt: skip

    def _style(self, xlim, ylim, xlabel, ylabel) -> None:
        from matplotlib.font_manager import FontProperties

        plain = FontProperties(family="DejaVu Sans", size=11)
        ax = self.axes
        ax.set(xlim=xlim, ylim=ylim)
        ax.set_xlabel(xlabel, color=MUTED, fontproperties=plain, labelpad=4)
        ax.set_ylabel(ylabel, color=MUTED, fontproperties=plain, labelpad=6)
        ax.spines[["top", "right"]].set_visible(False)
        ax.spines[["left", "bottom"]].set_color(EDGE)
        ax.grid(color=FAINT, linewidth=0.7)
        ax.set_axisbelow(True)
        ax.tick_params(colors=MUTED, length=3)
        ax.yaxis.set_major_formatter(lambda v, _: number(v, 0))
        for tick in (*ax.get_xticklabels(), *ax.get_yticklabels()):
            tick.set_fontproperties(FontProperties(family="DejaVu Sans", size=10))

    def draw(self, curves: Iterable[Curve]) -> Image.Image:
        """Draw the curves and return the picture (at ``scale`` times the CSS size)."""
        curves = list(curves)
        if tuple((c.label, c.color) for c in curves) != self._labels:
            self._prepare(curves)
        self.canvas.restore_region(self._background)
        if not any(len(curve.x) for curve in curves):
            self.axes.draw_artist(self._empty)
        for curve in curves:
            band, one, mean = self._artists[curve.label]
            if curve.low is not None and len(curve.x) > 1:
                x, sides = np.concatenate([curve.x, curve.x[::-1]]), (curve.low, curve.high[::-1])
                band.set_xy(np.column_stack([x, np.concatenate(sides)]))
                self.axes.draw_artist(band)
            if curve.one is not None:
                one.set_data(curve.x[: len(curve.one)], curve.one)
                self.axes.draw_artist(one)
            mean.set_data(curve.x, curve.mean)
            self.axes.draw_artist(mean)
        size, pixels = self.canvas.get_width_height(), self.canvas.buffer_rgba()
        return Image.frombuffer("RGBA", size, pixels, "raw", "RGBA", 0, 1).convert("RGB")

    def _prepare(self, curves: list[Curve]) -> None:
        """Draw all that stays: axes, labels and legend."""
        from matplotlib.patches import Polygon

        for artist in (a for group in self._artists.values() for a in group):
            artist.remove()
        self._artists = {}
        for c in curves:
            band = Polygon(np.zeros((1, 2)), color=c.color, alpha=0.2, lw=0, animated=True)
            self.axes.add_patch(band)
            one = self.axes.plot([], [], color=c.color, lw=0.7, alpha=0.55, animated=True)[0]
            mean = self.axes.plot([], [], c.style, color=c.color, lw=2.2, animated=True)[0]
            self._artists[c.label] = (band, one, mean)
        self._labels = tuple((c.label, c.color) for c in curves)
        self._legend(curves)
        self.canvas.draw()
        self._background = self.canvas.copy_from_bbox(self.figure.bbox)

    def _legend(self, curves: list[Curve]) -> None:
        from matplotlib.font_manager import FontProperties
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch

        lines = [Line2D([], [], ls=c.style, color=c.color, lw=2.2) for c in curves]
        names = [c.label for c in curves]
        bands = [Patch(color=MUTED, alpha=0.25, lw=0), Line2D([], [], color=MUTED, lw=0.7)]
        notes = self.note.split("|") if self.note else []
        self.axes.legend(
            [*lines, *bands[: len(notes)]], [*names, *notes], ncols=len(names) + len(notes),
            loc="lower left", bbox_to_anchor=(0.0, 1.0), frameon=False, borderaxespad=0.3,
            handlelength=2, columnspacing=2,
            prop=FontProperties(family="DejaVu Sans", size=10.5), labelcolor=INK,
        )  # fmt: skip
