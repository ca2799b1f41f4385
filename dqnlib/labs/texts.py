"""What the labs say in HTML, and the sizes that keep a page from jumping."""

import html
import math
from collections.abc import Iterable

from dqnlib.pictures import SIDE_COLORS

WIDTH = 910  # CSS pixels of every lab
FASTEST = math.inf  # steps a second
HALF = {"flex": "1 1 400px", "width": "auto"}  # layout of two sliders in a row
LINE = "height:22px;line-height:22px;white-space:nowrap;overflow:hidden"
TWO_LINES = "height:44px;line-height:21px;white-space:nowrap;overflow:hidden"
# two lines high, for an error; a short text stands on the lower one, next to the picture
_MESSAGE = (
    "<div style='height:42px;line-height:20px;display:flex;flex-direction:column;"
    "justify-content:flex-end'><div>{}</div></div>"
)


def message(text: str) -> str:
    """Return a plain text as the line below the buttons."""
    return _MESSAGE.format(f"<span style='opacity:.8'>{html.escape(text)}</span>")


def error_message(error: BaseException) -> str:
    """Return what is said of an error that has made a lab pause."""
    lines = str(error).strip().splitlines()
    said = lines[0] if lines else ""
    if not said.startswith("✗"):  # such an error says by itself what failed
        said = f"✗ {type(error).__name__}: {said}".rstrip(": ")
    color = "var(--jp-error-color1, firebrick)"
    return _MESSAGE.format(
        f"<span style='color:{color};font-weight:600'>{html.escape(said)}</span> "
        "The lab has paused. Press Reset to start again."
    )


def letter(side: str) -> str:
    """Return the letter of a side, A or B, on its color."""
    return (
        f"<span style='display:inline-block;width:20px;text-align:center;border-radius:4px;"
        f"margin-right:4px;color:white;font-weight:bold;background:{SIDE_COLORS[side]}'>"
        f"{side}</span>"
    )


def in_lines(texts: Iterable[str], style: str = LINE) -> str:
    """Return texts below each other, each in a box of one height: `LINE`, `TWO_LINES`."""
    return "".join(f"<div style='{style}'>{text}</div>" for text in texts)


def side_lines(side: str, settings: Iterable[str], found: Iterable[str]) -> str:
    """Return the two lines of a side, A or B: its settings, and what was found with them."""
    return (
        f"{letter(side)} {' · '.join(settings)}<br><span style='margin-left:27px;"
        f"font-size:12px'>{' · '.join(found)}</span>"
    )


def named_speeds(values: Iterable[int], unit: str) -> dict[str, float]:
    """Return speeds by name, the fastest last: {"10 steps/s": 10, ..., "fastest": inf}."""
    return {**{f"{v:,} {unit}/s": v for v in values}, "fastest": FASTEST}
