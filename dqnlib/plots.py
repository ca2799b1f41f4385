"""Pictures of results: take data, draw, return the axes or the picture, train nothing.

Every curve is a mean over seeds with its 95 % bootstrap interval as a band.
"""

import os
import sys
from collections.abc import Mapping

import numpy as np

from dqnlib import moved
from dqnlib.arguments import seeds_in_words
from dqnlib.intervals import interval, mean_interval
from dqnlib.results import Run, TabularRun

__getattr__ = moved.names_of(__name__)  # for what was here before

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # Okabe & Ito
STYLES = ("-", "--", "-.", ":", "-", "--")  # so that curves differ without color, too


def new_axes(width: float = 7.0, height: float = 3.2, columns: int = 1):
    """Return a fresh axes of a size in inches that fits a notebook, with a light background.

    columns: how many stand side by side in that size; more than one are returned as a tuple.
    """
    import matplotlib.pyplot as plt

    _show_in_notebook()
    size = {"figsize": (width, height), "layout": "constrained", "facecolor": "white"}
    _, axes = plt.subplots(1, columns, squeeze=False, **size)
    for ax in axes[0]:
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(alpha=0.25)
    return tuple(axes[0]) if columns > 1 else axes[0, 0]


def _show_in_notebook() -> None:
    """Show figures below the cell, also where MPLBACKEND (in containers, CI) says: nowhere."""
    ipython = sys.modules.get("IPython")
    shell = ipython and ipython.get_ipython()
    nowhere = ("agg", "cairo", "pdf", "pgf", "ps", "svg", "template")
    if os.environ.get("MPLBACKEND", "").lower() in nowhere and hasattr(shell, "kernel"):
        os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"  # asked once
        shell.enable_matplotlib("inline")


def band(ax, x, values, label: str, index: int = 0):
    """Draw the mean of values [S, X] over the seeds and its interval; return the axes.

    x: [X], where each column of the values lies. label: the curve's name in a legend. index: which
    color and style it has; two that differ by less than 12 look different.
    """
    mean, low, high = mean_interval(values)
    turn = index // len(COLORS)  # the second six curves pair each color with another style
    color, style = COLORS[index % len(COLORS)], STYLES[(index + turn) % len(STYLES)]
    dot = "o" if len(mean) == 1 else None  # one point makes no line
    ax.plot(x, mean, style, color=color, label=label, lw=1.6, marker=dot)
    ax.fill_between(x, low, high, color=color, alpha=0.25, lw=0)
    return ax


def _by_label(given, *kinds: type, what: str = "run") -> None:
    """Raise a ValueError if a plot was given no dict, or one with other values than these."""
    if not isinstance(given, Mapping):
        raise ValueError(
            f"give a dict with a label for each {what}, such as {{'DQN': {what}}}; "
            f"this is {_type(given)}"
        )
    for label, value in given.items():
        if kinds and not isinstance(value, kinds):
            names = " or ".join(kind.__name__ for kind in kinds)
            raise ValueError(f"each label needs a {names}, but {label!r} has {_type(value)}")


def _type(value) -> str:
    return f"something of the type {type(value).__name__}"


def smoothed(values: np.ndarray, window: int) -> np.ndarray:
    """Return running means of `window` neighbors along the last axis: [S, E] -> [S, E - w + 1]."""
    sums = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)
    return (sums[:, window:] - sums[:, :-window]) / window


def learning_curves(
    runs: dict[str, TabularRun | Run],
    ax=None,
    smooth: int = 10,
    floor: float = -150,
    points: int = 200,
):
    """Draw how the return grows, one curve a run: mean over seeds and 95 % interval.

    Tabular runs: return against episode, in running means of `smooth` episodes; floor: lowest
    return that the axis shows. Deep runs: the mean of each seed's last `smooth` episodes against
    environment steps, at `points` places; a curve begins where every seed has ended an episode.
    Raises ValueError for anything but a dict of runs, and for runs of both kinds.
    """
    _by_label(runs, TabularRun, Run)
    ax = ax or new_axes()
    tabular = [isinstance(run, TabularRun) for run in runs.values()]
    if any(tabular) and not all(tabular):
        raise ValueError("draw tabular and deep runs apart: episodes and steps share no axis")
    for i, (label, run) in enumerate(runs.items()):
        if isinstance(run, TabularRun):
            window = min(smooth, run.returns.shape[1])
            values = smoothed(run.returns, window)
            x = np.arange(values.shape[1]) + window
        else:
            x = np.linspace(0, run.steps, points + 1)[1:]
            values = run.returns_at(x, smooth)
            known = ~np.isnan(values).any(0)
            x, values = x[known], values[:, known]
        band(ax, x, values, _with_seeds(label, run), i)
    if all(tabular):
        ax.set_xlabel("episode")
        ax.set_ylim(floor, 0)
    else:
        steps_axis(ax, runs)
    ax.set_ylabel(f"return of an episode\n(mean of the last {smooth})")
    return _with_legend(ax, "lower right" if all(tabular) else "best")


def evaluation_curves(runs: dict[str, Run], ax=None, seeds: bool = False):
    """Draw the greedy return against environment steps: mean over seeds and 95 % interval.

    seeds: also each seed's own curve, thin, so that its rises and falls are seen. Raises ValueError
    for anything but a dict of deep runs. A run that was not evaluated (eval_every=0) has no curve.
    """
    _by_label(runs, Run)
    ax = ax or new_axes()
    for i, (label, run) in enumerate(runs.items()):
        played = ~np.isnan(run.eval_returns)  # evaluations may differ in their episodes
        values = run.eval_returns.sum(2, where=played) / played.sum(2)  # [S, M]
        if seeds:
            ax.plot(run.eval_steps, values.T, color=COLORS[i % len(COLORS)], lw=0.6, alpha=0.4)
        band(ax, run.eval_steps, values, _with_seeds(label, run), i)
    steps_axis(ax, runs)
    ax.set_ylabel("return of a greedy episode")
    return _with_legend(ax)


def record_curves(runs: dict[str, Run], name: str, ylabel: str, ax=None, log: bool = False):
    """Draw something recorded, such as "q" or "loss", against environment steps.

    A curve begins with the first update, and ends where the first seed diverges; the legend says
    how many did. Raises ValueError for anything but a dict of deep runs, and for a name that is
    not recorded in each of them.
    """
    _by_label(runs, Run)
    for label, run in runs.items():
        if name not in run.records:
            raise ValueError(f"{label!r} has no record {name!r}; it has {', '.join(run.records)}")
    ax = ax or new_axes()
    for i, (label, run) in enumerate(runs.items()):
        values = run.records[name]
        known = np.isfinite(values).all(0)
        lost = np.count_nonzero(run.diverged >= 0)
        text = _with_seeds(label, run, f", {lost} diverged" if lost else "")
        band(ax, run.record_steps[known], values[:, known], text, i)
    if log:
        log_scale(ax)
    steps_axis(ax, runs)
    ax.set_ylabel(ylabel)
    return _with_legend(ax)


def _with_seeds(label: str, run: TabularRun | Run, more: str = "") -> str:
    return f"{label} ({seeds_in_words(len(run.seeds))}{more})"


def _with_legend(ax, place: str = "best"):
    ax.legend(loc=place, framealpha=0.8, edgecolor="none")  # what it covers shines through
    return ax


def log_scale(ax) -> None:
    """Make the axis of values logarithmic, with plain numbers on it."""
    from matplotlib.ticker import LogFormatter

    ax.set_yscale("log")
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(2, 0.4)))  # some, if few decades


def steps_axis(ax, runs: dict[str, Run]) -> None:
    """Let the axis of environment steps go from 0 to the end of the longest run."""
    last = max([1, ax.dataLim.x1, *(run.steps for run in runs.values())])
    ax.set_xlim(0, 1.02 * last)
    ax.set_xlabel("environment steps")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")


def error_curves(
    errors: dict[str, np.ndarray], x, xlabel: str, ylabel: str, ax=None, log: bool = True
):
    """Draw errors [S, X] against x, one curve a label: mean and 95 % interval.

    x: [X], the same for all curves, or a dict of one for each label. log: on a log scale.
    Raises ValueError for errors without labels.
    """
    _by_label(errors, what="array")
    ax = ax or new_axes()
    for i, (label, values) in enumerate(errors.items()):
        band(ax, x[label] if isinstance(x, dict) else x, np.atleast_2d(values), label, i)
    if log:
        log_scale(ax)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    return _with_legend(ax)


def arms(values: dict[str, np.ndarray], ylabel: str, ax=None):
    """Draw one number of every seed and arm: a dot a seed, and the mean with its 95 % interval.

    values: [S] for each arm; infinite ones and NaN are left out, and the label says how many.
    Raises ValueError for values without labels.
    """
    _by_label(values, what="array")
    ax = ax or new_axes()
    labels = []
    for i, (name, found) in enumerate(values.items()):
        found = np.asarray(found, float)
        known = found[np.isfinite(found)]
        color = COLORS[i % len(COLORS)]
        aside = i + np.linspace(-0.22, 0.22, len(known))
        ax.plot(aside, np.sort(known), "o", ms=3.5, color=color, alpha=0.5)
        if len(known):
            mean, low, high = interval(known)
            ax.plot([i - 0.3, i + 0.3], [mean, mean], color=color, lw=2.5)
            ax.fill_between([i - 0.3, i + 0.3], low, high, color=color, alpha=0.25, lw=0)
        lost = len(found) - len(known)
        labels.append(name + (f"\n({lost} lost)" if lost else ""))
    ax.set_xticks(range(len(values)), labels)
    ax.set_ylabel(ylabel)
    return ax


def distributions(probs: dict[str, np.ndarray], support, *, true=None, xlabel: str = "return"):
    """Draw distributions [K] over the atoms of a support [K] as bars, side by side.

    true: one more of each [K], drawn as a line. Returns the axes, all with the same limits. Raises
    ValueError for distributions without labels.
    """
    _by_label(probs, what="array")
    support = np.asarray(support, float)
    axes = new_axes(4.4 * len(probs), 3.0, columns=len(probs))
    axes = axes if len(probs) > 1 else (axes,)
    highest = max(np.max(p) for p in [*probs.values(), *(true if true is not None else ())])
    width = 0.8 * (support[1] - support[0]) if len(support) > 1 else 0.8
    for i, (ax, (label, p)) in enumerate(zip(axes, probs.items(), strict=True)):
        ax.bar(support, np.asarray(p), width, color=COLORS[i % len(COLORS)], label="learned")
        if true is not None:
            ax.plot(support, true[i], color="black", lw=1.6, label="true")
            _with_legend(ax)
        ax.set(title=label, xlabel=xlabel, ylim=(0, 1.08 * float(highest)))
    axes[0].set_ylabel("probability")
    return axes


def cart_paths(played, index: int = 0):
    """Draw CartPole episodes: where each cart is and how far its pole leans, step by step.

    played: of `balance.play`; index: the color. Dotted lines: there an episode ends. Returns both
    axes.
    """
    from dqnlib.balance import LEAN, TRACK  # only here: it loads torch

    axes = new_axes(9.0, 3.0, columns=2)
    shown = (
        (played.x, TRACK, "cart: meters from the middle"),
        (played.lean, np.degrees(LEAN), "pole: degrees from upright"),
    )
    for ax, (values, most, label) in zip(axes, shown, strict=True):
        for row, n in zip(values.T, played.length, strict=True):
            ax.plot(row[: n + 1], color=COLORS[index % len(COLORS)], lw=0.9, alpha=0.6)
        for edge in (-most, most):
            ax.axhline(edge, color="black", lw=1, ls=":")
        ax.set(xlabel="step of the episode", ylabel=label, ylim=(-1.15 * most, 1.15 * most))
    return axes
