"""The pictures of the Chase lab: a strip for each side, and the errors."""

from PIL import Image

from dqnlib.labs.chase_side import BATCH, WINDOW, Side
from dqnlib.labs.curves import grown, side_curves
from dqnlib.labs.texts import WIDTH
from dqnlib.pictures import Curve, CurvePicture

HEIGHT = 236  # CSS pixels of each picture


class _Strip(CurvePicture):
    """The true value and the target as thin lines below the prediction."""

    def _prepare(self, curves) -> None:
        super()._prepare(curves)
        for label in ("true value", "target y"):
            self._artists[label][2].set_linewidth(1.2)


class Charts:
    """The pictures of both sides: a strip each, and the errors."""

    def __init__(self, sides: dict[str, Side]):
        self.sides, self._limits = sides, (-0.5, 1.5)  # of the strips
        self._pictures = {slot: self._strip(slot) for slot in sides}
        self._pictures["errors"] = self._error_picture()

    def images(self) -> dict[str, Image.Image]:
        """Return the pictures as things are now."""
        lines = {name: side.lines() for name, side in self.sides.items()}
        self._make_room([c for found in lines.values() for c in found])
        lines["errors"] = side_curves(side.errors() for side in self.sides.values())
        return {slot: self._pictures[slot].draw(found) for slot, found in lines.items()}

    def _make_room(self, curves: list[Curve]) -> None:
        """Let the strips' axes grow when a line leaves them; both keep the same."""
        limits = grown(self._limits, curves, most=1e9)
        if limits != self._limits:
            self._limits = limits
            self._pictures |= {slot: self._strip(slot) for slot in self.sides}

    def _strip(self, name: str) -> _Strip:
        picture = _Strip((-WINDOW, 0), self._limits, "updates ago", f"{name}: value of one place",
                         width=WIDTH // 2, height=HEIGHT, scale=1)  # fmt: skip
        picture.axes.xaxis.set_major_formatter(lambda x, _: f"{abs(x):.0f}")
        picture.axes.yaxis.set_major_formatter(_plain)
        return picture

    def _error_picture(self) -> CurvePicture:
        a = self.sides["A"]
        top = 1.3 * float(a.true_values.max())  # a little above the error at the start
        picture = CurvePicture(
            (0, a.config.steps - BATCH), (0.001, top), "updates", "error of the ten values",
            note=f"95% of the mean of {len(a.seeds)} seeds" if len(a.seeds) > 1 else "",
            empty="The errors will be here.", width=WIDTH, height=HEIGHT, scale=1,
        )  # fmt: skip
        picture.axes.set_yscale("log")
        picture.axes.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
        picture.axes.yaxis.set_major_formatter(_plain)
        return picture


def _plain(value: float, _=None) -> str:
    return f"{value:g}".replace("-", "−")
