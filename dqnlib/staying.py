"""Does a solved agent stay solved? Runs that are looked into while they train, and a table.

The table is begun in lesson 04b and goes on in later ones.
"""

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from dqnlib.agents import evaluate
from dqnlib.arguments import check_count, check_seeds
from dqnlib.config import Config
from dqnlib.device import compute_threads
from dqnlib.envs import make_for
from dqnlib.intervals import Interval, interval, mean_interval
from dqnlib.results import Run
from dqnlib.seeds.balance import Looker, in_buffers
from dqnlib.seeds.replay import Ring
from dqnlib.training import Trainer

SOLVED = 475  # return at which Gymnasium calls CartPole-v1 solved
RISEN = 7_500  # environment steps after which every agent should have learned to balance
AT_ONCE = 25  # seeds side by side: more are no quicker


# -- runs that are looked into -------------------------------------------------------------


def watch(
    config: Config,
    seeds: Iterable[int] = range(10),
    *,
    look_every: int = 2_500,
    final_episodes: int = 0,
    true_values: bool = False,
    progress: bool = False,
    **slots,
) -> Run:
    """Train as `train` does, and look into the agents of CartPole-v1 every `look_every` steps.

    The run's ``looks`` hold, by name, arrays [S, L] at ``look_steps`` [L]:

    "edge", "pole", "limit": shares of ten greedy episodes that end so
    "cart": how far it is from the middle after 100 steps, in meters
    "says rest 1.5", "says gap rest 1.5": what the network says 1.5 m from the middle, the cart at
        rest ("out": moving outward at 0.5 m/s), and how far its two actions differ there
    "true rest 1.5", "true gap rest 1.5": the same, played out; only with true_values
    "lean gap 0": how much more the push under a pole that leans 3 degrees is said to be worth than
        the other, in the middle; "lean right 0": 1 where that is so on both sides
    "fallen", "off": transitions in the buffer in which the pole falls, or the cart leaves the track
    "leaning", "outside": the share of those with the pole more than 6 degrees from upright, or the
        cart more than 2 m from the middle

    final_episodes: so many greedy returns on fresh starts at the end, as ``final_returns`` [S, F].
    """
    seeds = check_seeds(seeds)
    look_every = check_count("look_every", look_every)
    options = (look_every, final_episodes, true_values, progress, slots)
    return joined(
        [
            _watch(config, seeds[i : i + AT_ONCE], *options)
            for i in range(0, len(seeds), AT_ONCE)
        ]
    )  # fmt: skip


def _watch(config, seeds, look_every, final_episodes, true_values, progress, slots) -> Run:
    trainer = Trainer(config, seeds, **slots)
    looker = _looker(trainer, true_values)
    steps, looks = [], {}
    moments = iter(trainer)
    if progress:
        from tqdm.auto import tqdm

        moments = tqdm(moments, total=config.steps, unit=" steps", mininterval=0.3)
    for step in moments:
        if looker is None or step % look_every:
            continue
        steps.append(step)
        for name, values in _look(trainer, looker).items():
            looks.setdefault(name, []).append(values)
    run, own = trainer.run(), {k: slots.get(k) for k in ("env", "network", "values")}
    return replace(
        run,
        final_returns=evaluate(run, final_episodes, **own) if final_episodes else None,
        look_steps=np.array(steps, np.int64),
        looks={name: _small(np.stack(values, 1)) for name, values in looks.items()},
    )


def _looker(trainer: Trainer, true_values: bool) -> Looker | None:
    """Return what looks into the agents; None where they do not learn CartPole-v1."""
    config = trainer.config
    if config.env_id != "CartPole-v1" or "env" in trainer.own:
        return None
    scale = np.broadcast_to(make_for(config).scale, 4)
    return Looker(trainer.seeds, scale, config.gamma, true_values=true_values)


def _look(trainer: Trainer, looker: Looker) -> dict[str, np.ndarray]:
    with compute_threads(1):
        found = looker.look(trainer._networks.online)
        if isinstance(trainer._replay, Ring):  # a learner's own keeps things in its own way
            kept = trainer._replay._rows[:, : len(trainer._replay)]
            found |= in_buffers(kept, looker.scale)
    return found


def _small(x: np.ndarray) -> np.ndarray:
    """Return numbers as they are stored: three digits after the point."""
    return np.round(x, 3).astype(np.float32)


BY_SEED = (
    "seeds", "returns", "ends", "records", "eval_returns", "diverged", "parameters",
    "best_parameters", "best_steps", "final_returns", "looks",
)  # fmt: skip


def joined(parts: list[Run]) -> Run:
    """Return runs of the same settings with other seeds as one."""
    first = parts[0]
    return first if len(parts) == 1 else replace(first, **{n: _rows(parts, n) for n in BY_SEED})


def _rows(parts: list[Run], name: str):
    values = [getattr(part, name) for part in parts]
    if isinstance(values[0], tuple):
        return sum(values, ())
    if isinstance(values[0], dict):
        return {key: np.concatenate([v[key] for v in values]) for key in values[0]}
    return None if values[0] is None else np.concatenate(values)


def some(run: Run, rows: slice) -> Run:
    """Return a part of a run's seeds, as in ``some(run, slice(20))`` for the first twenty."""
    cut = {name: _cut(getattr(run, name), rows) for name in BY_SEED}
    return replace(run, **cut)


def until(run: Run, step: int) -> Run:
    """Return the beginning of a run, up to an environment step: what was recorded until then."""
    evals, looks = (
        run.eval_steps <= step,
        None if run.look_steps is None else run.look_steps <= step,
    )
    records = run.record_steps <= step
    episodes = [ends <= step for ends in run.ends]
    return replace(
        run,
        steps=min(step, run.steps),
        ends=tuple(e[k] for e, k in zip(run.ends, episodes, strict=True)),
        returns=tuple(r[k] for r, k in zip(run.returns, episodes, strict=True)),
        record_steps=run.record_steps[records],
        records={name: array[:, records] for name, array in run.records.items()},
        eval_steps=run.eval_steps[evals],
        eval_returns=run.eval_returns[:, evals],
        final_returns=None,
        look_steps=None if looks is None else run.look_steps[looks],
        looks=run.looks and {name: array[:, looks] for name, array in run.looks.items()},
    )


def _cut(value, rows: slice):
    if isinstance(value, dict):
        return {key: array[rows] for key, array in value.items()}
    return None if value is None else value[rows]


# -- the table -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Staying:
    """How S agents stay solved; None where a run does not tell."""

    end: np.ndarray  # [S] bool: mean greedy return of 475 or more at the end
    worst: float  # the lowest of these means
    after: np.ndarray  # [S] mean return after a seed's first evaluation at 475; NaN: there is none
    lowest: Interval  # the lowest mean over seeds of any evaluation after step 7,500
    whole: np.ndarray  # [S] mean of the whole curve


def staying(run: Run) -> Staying:
    """Return how a run's agents stay solved.

    The end is judged by ``final_returns``, on fresh starts, where the run has them, else by its
    last evaluation. Raises ValueError for a run without evaluations.
    """
    whole = run.whole()  # raises where there are none
    greedy = run.eval_returns.mean(2)  # [S, M]
    last = greedy[:, -1] if run.final_returns is None else run.final_returns.mean(1)
    late = greedy[:, run.eval_steps >= RISEN]
    after = np.array([_after_the_first(row) for row in greedy])
    return Staying(last >= SOLVED, float(last.min()), after, _lowest(late), whole)


def _after_the_first(row: np.ndarray) -> float:
    up = np.flatnonzero(row >= SOLVED)
    return float(row[up[0] + 1 :].mean()) if len(up) and up[0] + 1 < len(row) else np.nan


def _lowest(late: np.ndarray) -> Interval:
    """Return the lowest column mean of [S, M], and its interval."""
    if not late.shape[1]:
        return Interval(np.nan, np.nan, np.nan)
    mean, low, high = mean_interval(late)
    at = int(mean.argmin())
    return Interval(float(mean[at]), float(low[at]), float(high[at]))


def share(solved: np.ndarray) -> Interval:
    """Return a share of seeds in percent with its 95 % interval (Wilson 1927)."""
    from scipy.stats import binomtest

    ends = binomtest(int(solved.sum()), len(solved)).proportion_ci(0.95, method="wilson")
    return Interval(100 * float(solved.mean()), 100 * ends.low, 100 * ends.high)


@dataclass(frozen=True)
class Table:
    """Rows of text under the names of their columns, which a notebook shows as a table."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __repr__(self) -> str:
        lines = [self.columns, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(
            "  ".join(
                text.ljust(w) if k == 0 else text.rjust(w)
                for k, (text, w) in enumerate(zip(line, widths, strict=True))
            )
            for line in lines
        )

    def _repr_html_(self) -> str:
        def row(cells, tag):
            texts = (html.escape(text) for text in cells)
            return "<tr>" + "".join(f"<{tag}>{text}</{tag}>" for text in texts) + "</tr>"

        body = "".join(row(cells, "td") for cells in self.rows)
        return f"<table><thead>{row(self.columns, 'th')}</thead><tbody>{body}</tbody></table>"


COLUMNS = ("agent", "seeds", "solved at the end", "after the first 475", "lowest mean", "whole")


def staying_table(runs: Mapping[str, Run]) -> Table:
    """Return the course's table of how agents stay solved: a row for each label.

    Solved at the end: seeds with a greedy mean of 475 or more, and the share in percent; after the
    first 475: mean greedy return of a seed's later evaluations; lowest mean: over the seeds, of
    any evaluation from step 7,500 on; whole: mean of the whole curve. In brackets 95 % intervals.
    """
    return Table(COLUMNS, tuple(_row(label, run) for label, run in runs.items()))


def _row(label: str, run: Run) -> tuple[str, ...]:
    s = staying(run)
    known = s.after[~np.isnan(s.after)]
    percent = share(s.end)
    return (
        label,
        str(len(s.end)),
        f"{int(s.end.sum())}: {percent.estimate:.0f} % [{percent.low:.0f}, {percent.high:.0f}]",
        _text(interval(known)) if len(known) else "–",
        _text(s.lowest),
        _text(interval(s.whole)),
    )


def _text(found: Interval) -> str:
    return f"{found.estimate:.0f} [{found.low:.0f}, {found.high:.0f}]".replace("-", "−")


def seed_table(run: Run) -> Table:
    """Return a row for each seed of a run: when it first reaches 475, how low it sinks, its end."""
    rows = []
    ends = run.eval_returns[:, -1] if run.final_returns is None else run.final_returns
    for seed, row, end in zip(run.seeds, run.eval_returns.mean(2), ends.mean(1), strict=True):
        up = np.flatnonzero(row >= SOLVED)
        first = f"{run.eval_steps[up[0]]:,}" if len(up) else "never"
        low = f"{row[up[0] :].min():.0f}" if len(up) else "–"
        rows.append((str(seed), first, low, f"{end:.0f}"))
    return Table(("seed", "475 at step", "lowest after that", "at the end"), tuple(rows))
