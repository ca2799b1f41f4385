"""Pictures that are quick to draw: boards of action values, curves, and short animations.

The pictures here only draw. Each is a light card of its own, so that it looks the same in a
light and in a dark notebook. Sizes are CSS pixels; a card is drawn ``scale`` times as large,
which keeps it sharp on a fine screen.

Pillow draws, with matplotlib's font and color scales; curves are matplotlib's. matplotlib loads
slowly, and is loaded when the first text is drawn.
"""

from dqnlib.pictures.boards import ACTIONS, CLIFF, Grid, ValueBoard, VisitBoard
from dqnlib.pictures.card import Card
from dqnlib.pictures.colors import (
    CARD,
    EDGE,
    FAINT,
    HOT,
    INK,
    MUTED,
    SIDE_COLORS,
    value_color,
    value_scale,
    visit_scale,
)
from dqnlib.pictures.curves import Curve, CurvePicture
from dqnlib.pictures.files import (
    ShownPicture,
    animated_png,
    animation,
    png_bytes,
    show_animation,
)
from dqnlib.pictures.grids import GridPicture, PairPicture, grid_image
from dqnlib.pictures.panels import Panel, panels_image, updates_image
from dqnlib.pictures.text import font, number, short_number

__all__ = [
    "ACTIONS",
    "CARD",
    "CLIFF",
    "EDGE",
    "FAINT",
    "HOT",
    "INK",
    "MUTED",
    "SIDE_COLORS",
    "Card",
    "Curve",
    "CurvePicture",
    "Grid",
    "GridPicture",
    "PairPicture",
    "Panel",
    "ShownPicture",
    "ValueBoard",
    "VisitBoard",
    "animated_png",
    "animation",
    "font",
    "grid_image",
    "number",
    "panels_image",
    "png_bytes",
    "short_number",
    "show_animation",
    "updates_image",
    "value_color",
    "value_scale",
    "visit_scale",
]
