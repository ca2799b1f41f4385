"""Pictures of grid worlds: tables of action values, single updates, paths, a number a state.

Like `dqnlib.plots`, they take data and draw; nothing is trained or changed.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from dqnlib.config import TabularConfig
from dqnlib.data import Step
from dqnlib.envs import TabularModel
from dqnlib.planning import Path, greedy_path
from dqnlib.plots import COLORS, new_axes


def q_grid(q, title: str, alt: str):
    """Return a picture of the action values [N, A] of Cliff Walking, four triangles a cell.

    alt: one sentence on what is seen, for readers without the picture.
    """
    from dqnlib import pictures

    return _shown(pictures.grid_image(q, title=title, scale=2), alt)


def path_counts(qs, model: TabularModel, ax=None, title: str = "", shape=(4, 12)):
    """Draw how many greedy paths take each step of the grid: a line from cell to cell, and a count.

    qs: tables [N, A], one a seed. Blue: paths that reach the end. Orange, beside them: paths that
    come back to a state, and so go round for ever.
    """
    ax = ax or new_axes(9.0, 3.5)
    rows, columns = shape
    counts = {True: Counter(), False: Counter()}
    for path in (greedy_path(q, model) for q in qs):
        counts[path.terminated].update(pairwise(path.states))
    for terminated, found in counts.items():
        for (a, b), count in found.items():
            _step_of_paths(ax, np.divmod(a, columns), np.divmod(b, columns), count,
                           count / len(qs), terminated)  # fmt: skip
    ax.add_patch(_box(0.5, rows - 1.5, columns - 2, "#4a4a4a"))
    middle = {"color": "white", "ha": "center", "va": "center"}
    ax.text((columns - 1) / 2, rows - 1, "the cliff", **middle)
    for x, letter in ((0, "S"), (columns - 1, "G")):
        card = {"facecolor": "white", "edgecolor": "#5c6370", "boxstyle": "round,pad=0.25"}
        ax.text(x, rows - 1, letter, ha="center", va="center", weight="bold", zorder=5, bbox=card)
    ax.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5), aspect="equal", title=title)
    ax.set_xticks(np.arange(columns + 1) - 0.5, [])
    ax.set_yticks(np.arange(rows + 1) - 0.5, [])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(True)
    ax.grid(alpha=0.6)
    ax.plot([], [], color=COLORS[0], lw=4, label="seeds whose path reaches the goal")
    ax.plot([], [], color=COLORS[1], lw=4, label="seeds whose path loops forever")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=2, frameon=False)
    return ax


def _step_of_paths(ax, start, end, count: int, share: float, terminated: bool) -> None:
    """Draw one step of the grid with its count, a little to the side, so that ways back differ."""
    (y0, x0), (y1, x1) = start, end
    color = COLORS[0] if terminated else COLORS[1]
    shift = np.array([y1 - y0, x0 - x1], float) * (0.12 if terminated else 0.36)  # to its right
    if (y0, x0) == (y1, x1):  # against the wall: a dot in the cell
        ax.plot(x0 - 0.3, y0 - 0.3, "o", color=color, ms=4)
        return
    x, y = np.array([x0, x1]) - shift[0], np.array([y0, y1]) - shift[1]
    ax.annotate("", (x[1], y[1]), (x[0], y[0]), zorder=2,
                arrowprops={"arrowstyle": "-|>", "lw": 0.8 + 4 * share, "color": color,
                            "alpha": 0.75, "shrinkA": 2, "shrinkB": 2})  # fmt: skip
    ax.text(x.mean(), y.mean(), str(count), fontsize=7, color="#20242b", ha="center", va="center",
            zorder=4, bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85,
                            "boxstyle": "round,pad=0.1"})  # fmt: skip


def _box(x, y, width, color):
    from matplotlib.patches import Rectangle

    return Rectangle((x, y), width, 1, color=color)


def q_grids(tables: dict[str, np.ndarray], alt: str):
    """Return a picture of several tables [N, A] of Cliff Walking, two a row, each with its label.

    alt: one sentence on what is seen. Raises ValueError for tables without labels.
    """
    from dqnlib import pictures

    if not isinstance(tables, Mapping):
        raise ValueError(
            "give a dict with a label for each table, such as {'after 10 episodes': q}; this is "
            f"something of the type {type(tables).__name__}"
        )
    return _shown(pictures.panels_image([pictures.Panel(*each) for each in tables.items()]), alt)


def update_steps(steps: Sequence[Step], config: TabularConfig, alt: str, q=None):
    """Return one picture a step of Q-learning: the move, the arithmetic, and the table after it.

    steps: as `tabular.learn` yields them for this config; q: the table [N, A] before the first,
    zeros if left out. Shown is the part of Cliff Walking around the start: the first four columns
    of the lower three rows. alt: one sentence on what is seen. Raises ValueError for a step that
    leaves that part.
    """
    from dqnlib import pictures

    q = np.zeros((pictures.CLIFF.n_states, 4)) if q is None else q
    return _shown(pictures.updates_image(steps, q, config.alpha, config.gamma), alt)


def _shown(image, alt: str):
    from dqnlib import pictures

    return pictures.ShownPicture(
        pictures.png_bytes(image, exact=True, level=6), alt, width=image.width // 2
    )


def animated_path(path: Path, q, alt: str, fps: float = 6):
    """Return an animation of a path on the grid with the table q [N, A] behind it.

    alt: one sentence on what is seen, for readers without the picture.
    """
    from dqnlib import pictures

    frames = [pictures.grid_image(q, agent=s, cell=48, title="Cliff Walking") for s in path.states]
    return pictures.show_animation(frames, alt=alt, fps=fps)


def frames(stack, titles: Sequence[str] = ()):
    """Draw pictures [K, H, W] side by side, pixel by pixel; titles: one a picture."""
    axes = np.atleast_1d(new_axes(1.9 * len(stack), 2.2, columns=len(stack)))
    for k, (ax, picture) in enumerate(zip(axes, stack, strict=True)):
        ax.imshow(picture, cmap="gray", vmin=0, vmax=255)
        ax.set_xticks([])
        ax.set_yticks([])
        ax.set_title(titles[k] if len(titles) else "", fontsize=10)
    return axes


def state_map(values, ax=None, title: str = "", shape=(4, 12), form: str = "{:.2f}"):
    """Draw one number of every state [N] on the grid, darker where it is larger; NaN stays empty.

    form: how a number is written, as for `str.format`.
    """
    ax = ax or new_axes(9.0, 3.1)
    table = np.asarray(values, float).reshape(shape)
    top = max(np.nanmax(table), 1e-12)
    ax.imshow(table, cmap="Blues", vmin=0, vmax=1.3 * top)
    for (row, column), value in np.ndenumerate(table):
        if np.isfinite(value):
            color = "white" if value > 0.8 * top else "#20242b"
            ax.text(column, row, form.format(value), ha="center", va="center", fontsize=8,
                    color=color)  # fmt: skip
    rows, columns = shape
    ax.set_xticks(np.arange(columns + 1) - 0.5, [])
    ax.set_yticks(np.arange(rows + 1) - 0.5, [])
    ax.tick_params(length=0)
    ax.grid(alpha=0.6)
    ax.set_title(title)
    return ax
