"""Reports of deep runs: one line a seed, tables of arms and of differences by both rules."""

import html
from collections.abc import Mapping

import numpy as np

from dqnlib import plots
from dqnlib.arguments import seeds_in_words
from dqnlib.intervals import interval
from dqnlib.results import Run


def seed_lines(run: Run, name: str, ylabel: str, ax=None, log=True, bound=None, top=np.inf):
    """Draw something recorded, such as "q", with one line a seed; × marks where a seed diverges.

    bound: (number, text), a dotted line with its text, such as the largest value that can be; top:
    higher values are drawn there. A line ends with its last finite record, on a log scale its last
    one above 0. Raises ValueError for anything but a deep run, and for what is not recorded.
    """
    if not isinstance(run, Run):
        raise ValueError(f"give one deep run, not something of the type {type(run).__name__}")
    if name not in run.records:
        raise ValueError(f"there is no record {name!r}; there are {', '.join(run.records)}")
    ax = ax or plots.new_axes()
    for k, values in enumerate(run.records[name]):
        gone = run.diverged[k] >= 0
        known = np.isfinite(values) & ((run.record_steps < run.diverged[k]) if gone else True)
        known &= (values > 0) | (not log)  # a log scale has no place for the others
        x, y = run.record_steps[known], np.minimum(values[known], top)
        color = plots.COLORS[k % len(plots.COLORS)]
        ax.plot(x, y, color=color, lw=1.1, alpha=0.85)
        if gone and len(x):
            ax.plot(x[-1:], y[-1:], "x", color=color, ms=9, mew=2.5, clip_on=False, zorder=5)
    if log:
        plots.log_scale(ax)
    if bound:
        ax.axhline(bound[0], color="#20242b", ls=":", lw=1.8)
        ax.annotate(bound[1], (0.01, bound[0]), xycoords=("axes fraction", "data"),
                    xytext=(0, 3), textcoords="offset points", color="#20242b")  # fmt: skip
    plots.steps_axis(ax, {name: run})
    ax.set_ylabel(ylabel)
    lost = np.count_nonzero(run.diverged >= 0)
    ax.set_title(f"{seeds_in_words(len(run.seeds))}, × {lost} diverged", loc="right", fontsize=10)
    return ax


class Table:
    """Rows under headings, as text and as HTML; every entry is a text."""

    def __init__(self, headings: list[str], rows: list[list[str]]):
        self.headings, self.rows = headings, rows

    def __repr__(self) -> str:
        lines = [self.headings, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        first, *rest = widths
        return "\n".join(
            f"{line[0]:{first}}" + "".join(f"  {v:>{w}}" for v, w in zip(line[1:], rest))
            for line in lines
        )

    def _repr_html_(self) -> str:
        def row(tag: str, entries: list[str]) -> str:
            cells = (
                f"<{tag} style='text-align:{'right' if i else 'left'}'>{html.escape(v)}</{tag}>"
                for i, v in enumerate(entries)
            )
            return f"<tr>{''.join(cells)}</tr>"

        head, body = row("th", self.headings), (row("td", r) for r in self.rows)
        return f"<table><thead>{head}</thead><tbody>{''.join(body)}</tbody></table>"


def arms_table(runs: dict[str, Run]) -> Table:
    """Return a table of arms under both rules of evaluation (lesson 02), and of their values.

    whole, late: the mean over seeds with its 95 % interval; best: the mean of each seed's best
    evaluation; highest Q: the largest finite value recorded, the median over seeds; diverged: how
    many seeds ran away to infinity. Raises ValueError for anything but a dict of deep runs.
    """
    if not isinstance(runs, Mapping) or not all(isinstance(run, Run) for run in runs.values()):
        raise ValueError("give a dict with a label for each deep run, such as {'DQN': run}")
    rows = []
    for label, run in runs.items():
        best = np.nanmean(run.eval_returns, axis=2).max(1).mean()
        rows.append([
            label, str(interval(run.whole())), str(interval(run.late())), f"{best:.0f}",
            f"{np.median(highest_q(run)):,.0f}", str(np.count_nonzero(run.diverged >= 0)),
        ])  # fmt: skip
    return Table(["", "whole curve", "late", "best", "highest Q", "diverged"], rows)


def effects_table(pairs: Mapping[str, tuple[Run, Run]]) -> Table:
    """Return a table of what a change is worth, by both rules of evaluation (lesson 02).

    pairs: for each label the run with the change and the run without it, of the same seeds; the
    differences are taken seed by seed, and each has its 95 % interval. A word says on which side of
    0 the interval lies: more, less, or "?" where it holds 0. Raises ValueError for anything else.
    """
    if not isinstance(pairs, Mapping):
        raise ValueError("give a dict with two deep runs for each label: {'double': (one, other)}")
    rows = []
    for label, (one, other) in pairs.items():
        if one.seeds != other.seeds:
            raise ValueError(
                f"{label!r} has runs of different seeds, {one.seeds} and {other.seeds}: only equal "
                "seeds make pairs"
            )
        row = [label]
        for values in (one.whole() - other.whole(), one.late() - other.late()):
            found = interval(values)
            row += [str(found), "more" if found.low > 0 else "less" if found.high < 0 else "?"]
        rows.append(row)
    return Table(["", "whole curve", "", "late", ""], rows)


def speed_table(found: Mapping[str, Mapping[str, float]]) -> Table:
    """Return a table of what `speed.measure` found: updates a second by cell and device.

    With several devices the last column names the quickest, and how many times it is as quick as
    the slowest.
    """
    where = list(next(iter(found.values()), {}))
    rows = []
    for label, by in found.items():
        best, worst = max(by, key=by.get), min(by, key=by.get)
        quicker = [f"{best}, {by[best] / by[worst]:.1f} ×"] * (len(where) > 1)
        rows.append([label, *(f"{by[d]:,.0f}" for d in where), *quicker])
    return Table(["updates a second", *where, *["quicker"] * (len(where) > 1)], rows)


def speed_bars(found: Mapping[str, Mapping[str, float]]):
    """Draw what `speed.measure` found, updates a second on a log scale: a bar a cell and device."""
    ax, devices = plots.new_axes(7.0, 0.5 + 0.4 * len(found)), list(next(iter(found.values())))
    high = 0.8 / len(devices)
    for k, device in enumerate(devices):
        rates = [by[device] for by in found.values()]
        places = np.arange(len(found)) + (k - (len(devices) - 1) / 2) * high
        bars = ax.barh(places, rates, high, color=plots.COLORS[k], label=device)
        ax.bar_label(bars, [f"{x:,.0f}" for x in rates], padding=3, fontsize=9)
    ax.set_yticks(range(len(found)), found)
    ax.invert_yaxis()
    ax.set_xscale("log")
    every = [x for by in found.values() for x in by.values()]
    ax.set_xlim(min(every) / 4, max(every) * 3)
    ax.set_xlabel("updates a second, all seeds together")
    ax.legend()
    return ax


def highest_q(run: Run) -> np.ndarray:
    """Return [S] the largest finite Q-value that was recorded of each seed; NaN without one."""
    q = np.where(np.isfinite(run.q), run.q, -np.inf).max(1, initial=-np.inf)
    return np.where(np.isfinite(q), q, np.nan)
