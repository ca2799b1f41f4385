"""The pictures of the Chase lab: a strip for each side, and the errors."""

from PIL import Image

from dqnlib.labs.chase_side import BATCH, WINDOW, Side
from dqnlib.labs.curves import grown, side_curves
from dqnlib.labs.texts import WIDTH
from dqnlib.pictures import Curve, CurvePicture

HEIGHT = 236  # CSS pixels of each picture
MOST = 1e24  # the axes grow up to there


class _Strip(CurvePicture):
    """The true value and the target as thin lines below the prediction."""

    def _prepare(self, curves) -> None:
        super()._prepare(curves)
        for label in ("true value", "target y"):
            self._artists[label][2].set_linewidth(1.2)


class Charts:
    """The pictures of both sides: a strip each, and the errors."""

    def __init__(self, sides: dict[str, Side]):
        self.sides = sides
        self._limits = {slot: (-2.0, 4.0) for slot in sides}  # of the strips
        self._top = 10.0  # of the errors
        self._pictures = {slot: self._strip(slot) for slot in sides}
        self._pictures["errors"] = self._error_picture()

    def images(self) -> dict[str, Image.Image]:
        """Return the pictures as things are now."""
        lines = {name: side.lines() for name, side in self.sides.items()}
        for slot, found in lines.items():
            self._make_room(slot, found)
        lines["errors"] = side_curves(side.errors() for side in self.sides.values())
        self._make_room_for_errors(lines["errors"])
        return {slot: self._pictures[slot].draw(found) for slot, found in lines.items()}

    def _make_room(self, slot: str, curves: list[Curve]) -> None:
        """Let the axis of a strip grow when a line leaves it."""
        limits = grown(self._limits[slot], curves, most=MOST)
        if limits != self._limits[slot]:
            self._limits[slot] = limits
            self._pictures[slot] = self._strip(slot)

    def _make_room_for_errors(self, curves: list[Curve]) -> None:
        top = grown((0.0, self._top), curves, factor=1e3, most=MOST)[1]
        if top != self._top:
            self._top = top
            self._pictures["errors"] = self._error_picture()

    def _strip(self, name: str) -> _Strip:
        picture = _Strip((-WINDOW, 0), self._limits[name], "updates ago", f"{name}: value of s",
                         width=WIDTH // 2, height=HEIGHT, scale=1)  # fmt: skip
        picture.axes.xaxis.set_major_formatter(lambda x, _: f"{abs(x):.0f}")
        picture.axes.yaxis.set_major_formatter(_plain)
        return picture

    def _error_picture(self) -> CurvePicture:
        a = self.sides["A"]
        picture = CurvePicture(
            (0, a.config.steps - BATCH), (0.001, self._top), "updates", "error of both values",
            note=f"95% of the mean of {len(a.seeds)} seeds" if len(a.seeds) > 1 else "",
            empty="The errors will be here.", width=WIDTH, height=HEIGHT, scale=1,
        )  # fmt: skip
        picture.axes.set_yscale("log")
        picture.axes.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
        picture.axes.yaxis.set_major_formatter(_plain)
        return picture


def _plain(value: float, _=None) -> str:
    return f"{value:.2g}".replace("-", "−").replace("e+0", "e").replace("e+", "e")
