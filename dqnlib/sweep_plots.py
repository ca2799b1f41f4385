"""Figures of a sweep: a heat map over two settings, and how sensitive an agent is to one."""

from collections.abc import Callable, Mapping

import numpy as np

from dqnlib.intervals import interval
from dqnlib.plots import COLORS, STYLES, new_axes


def heat_map(
    table: Mapping[str, np.ndarray],
    rows: str,
    columns: str,
    measure: str = "late",
    *,
    ax=None,
    statistic: Callable[[np.ndarray], float] = np.mean,
    form: str = "{:.0f}",
    log: bool = False,
):
    """Draw one number of each combination of two settings, darker where it is larger.

    table: as `experiments.tidy` gives it. statistic: of the seeds of a cell, [S] -> a number.
    form: how a number is written, as for `str.format`. log: colors by powers of ten. Raises
    ValueError for a column that is not there.
    """
    found, down, across = cells(table, rows, columns, measure, statistic)
    ax = ax or new_axes(6.2, 3.6)
    shade = np.log10(found) if log else found
    low, high = np.nanmin(shade), np.nanmax(shade)
    ax.imshow(shade, cmap="Blues", vmin=low, vmax=high + 0.3 * (high - low), aspect="auto")
    for (i, j), value in np.ndenumerate(found):
        if np.isfinite(value):
            color = "white" if shade[i, j] > low + 0.8 * (high - low) else "#20242b"
            ax.text(j, i, form.format(value), ha="center", va="center", color=color)
    ax.set_yticks(range(len(down)), [f"{value:g}" for value in down])
    ax.set_xticks(range(len(across)), [f"{value:g}" for value in across])
    ax.set_ylabel(rows)
    ax.set_xlabel(columns)
    ax.set_title(measure)
    ax.grid(False)
    return ax


def sensitivity(
    table: Mapping[str, np.ndarray], field: str, by: str, measure: str = "late", *, ax=None
):
    """Draw a measure against one setting, one curve for each value of another.

    The mean over the seeds and its 95 % interval. table: as `experiments.tidy` gives it. Raises
    ValueError for a column that is not there.
    """
    _check(table, field, by, measure)
    ax = ax or new_axes()
    x = np.unique(table[field])
    for k, value in enumerate(np.unique(table[by])):
        of = [table[measure][(table[field] == at) & (table[by] == value)] for at in x]
        mean, low, high = np.array([interval(seeds) for seeds in of]).T
        color = COLORS[k % len(COLORS)]
        ax.plot(
            x, mean, STYLES[k % len(STYLES)], color=color, marker="o", label=f"{by} = {value:g}"
        )
        ax.fill_between(x, low, high, color=color, alpha=0.2, lw=0)
    ax.set_xscale("log")
    ax.set_xlabel(field)
    ax.set_ylabel(measure)
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))  # beside the curves
    return ax


def bars(values: Mapping[str, np.ndarray], xlabel: str, ylabel: str, *, ax=None):
    """Draw groups of bars side by side, one bar a label in each: values [G] ≥ 0 by label."""
    ax = ax or new_axes(8.0, 2.9)
    width = 0.8 / len(values)
    for k, (label, heights) in enumerate(values.items()):
        at = np.arange(1, len(heights) + 1) + (k - (len(values) - 1) / 2) * width
        ax.bar(at, heights, 0.92 * width, color=COLORS[k % len(COLORS)], label=label)
    ax.set_xticks(range(1, len(heights) + 1))
    ax.set(xlabel=xlabel, ylabel=ylabel, ylim=(0, 1.25 * max(map(max, values.values()))))
    ax.legend(frameon=False, ncols=len(values))
    return ax


def cells(
    table: Mapping[str, np.ndarray], rows: str, columns: str, measure: str,
    statistic: Callable[[np.ndarray], float] = np.mean,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Return one number of each combination [R, C], and the values [R] and [C] of both settings.

    NaN where a combination has no row. Raises ValueError for a column that is not there.
    """
    _check(table, rows, columns, measure)
    down, across = np.unique(table[rows]), np.unique(table[columns])
    found = np.full((len(down), len(across)), np.nan)
    for i, j in np.ndindex(found.shape):
        of = table[measure][(table[rows] == down[i]) & (table[columns] == across[j])]
        if len(of):
            found[i, j] = statistic(of)
    return found, down, across


def _check(table: Mapping[str, np.ndarray], *names: str) -> None:
    for name in names:
        if name not in table:
            raise ValueError(f"the table has no column {name!r}; it has {', '.join(table)}")
