"""Results of many seeds, as plain arrays with one row a seed."""

import dataclasses
import html
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dqnlib.arguments import check_count, seeds_in_words
from dqnlib.config import Config, TabularConfig


class _Result:
    """Base of the results: none of their arrays can be written to."""

    def __post_init__(self):
        for f in dataclasses.fields(self):
            for array in _arrays_in(getattr(self, f.name)):
                array.setflags(write=False)

    def _repr_html_(self) -> str:
        return f"<code>{html.escape(repr(self))}</code>"


def _arrays_in(value) -> list[np.ndarray]:
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, dict):
        return [a for v in value.values() for a in _arrays_in(v)]
    if isinstance(value, tuple):
        return [a for v in value for a in _arrays_in(v)]
    return []


@dataclass(frozen=True, eq=False)
class TabularRun(_Result):
    """What S seeds of a tabular experiment gave (E episodes, N states, A actions, K snapshots)."""

    config: TabularConfig
    seeds: tuple[int, ...]
    returns: np.ndarray  # [S, E] sum of rewards of each whole episode, undiscounted
    lengths: np.ndarray  # [S, E] environment steps of each episode
    truncated: np.ndarray  # [S, E] bool, the time limit ended the episode
    q: np.ndarray  # [S, N, A] action values at the end (the mean of both tables if double)
    q_history: np.ndarray  # [S, K, N, A] action values after `history_episodes` episodes
    history_episodes: np.ndarray  # [K] episodes finished at each snapshot

    def whole(self) -> np.ndarray:
        """[S] mean return of each seed's episodes, exploring included: its online return."""
        return self.returns.mean(1)

    def late(self) -> np.ndarray:
        """[S] the same over the last quarter of the episodes."""
        return self.returns[:, self.returns.shape[1] * 3 // 4 :].mean(1)

    def measure(self, function: Callable[[np.ndarray], float]) -> np.ndarray:
        """Return what a function of one table [N, A] says of every snapshot of every seed: [S, K].

        The snapshots are taken after `history_episodes` episodes. Raises what the function raises.
        """
        return np.array([[function(q) for q in seed] for seed in self.q_history], float)

    def steps(self) -> np.ndarray:
        """[K] environment steps before each snapshot, mean of the seeds."""
        return np.append(0, self.lengths.mean(0).cumsum())[self.history_episodes]

    def __repr__(self) -> str:
        seeds, episodes = self.returns.shape
        c = self.config
        text = f"{c.algorithm} on {c.env_id}: {seeds_in_words(seeds)} × {episodes} episodes"
        if episodes:
            last = self.returns[:, -100:]
            text += f", mean return of the last {last.shape[1]}: {last.mean():.1f}"
        return f"TabularRun({text})"


@dataclass(frozen=True, eq=False)
class Run(_Result):
    """What S seeds of a deep Q-learning experiment gave: plain arrays, one row a seed.

    `steps` environment steps were taken by each seed. K records, M greedy evaluations of E
    episodes each.
    """

    config: Config
    seeds: tuple[int, ...]
    steps: int
    returns: tuple[np.ndarray, ...]  # S arrays: return of each whole episode, undiscounted
    ends: tuple[np.ndarray, ...]  # S arrays: environment step after which each episode ended
    record_steps: np.ndarray  # [K] environment steps at each record
    records: dict[str, np.ndarray]  # name -> [S, K]; "loss" and "q" are always there
    eval_steps: np.ndarray  # [M] environment steps at each greedy evaluation
    eval_returns: np.ndarray  # [S, M, E] returns on environments of their own; NaN: not played
    diverged: np.ndarray  # [S] first record at which loss or Q-value was not finite, or -1
    parameters: dict[str, np.ndarray]  # name -> [S, ...] of the online network at the end
    best_parameters: dict[str, np.ndarray]  # the same at the best evaluation (the latest of equals)
    best_steps: np.ndarray  # [S] environment steps at that evaluation, or -1
    device: str = ""  # where it was computed, and why there
    # the slots that were filled with the learner's own; None: not known (a file of version 0.1.0)
    slots: tuple[str, ...] | None = ()
    # [S, F] greedy returns on fresh starts at the end, as `agents.evaluate` gives them
    final_returns: np.ndarray | None = None
    # what `staying.watch` saw, by name [S, L], after `look_steps` [L] environment steps
    looks: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)
    look_steps: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def loss(self) -> np.ndarray:
        """[S, K] loss of the last batch before each record; NaN before the first update."""
        return self.records["loss"]

    @property
    def q(self) -> np.ndarray:
        """[S, K] mean over that batch of the largest action value."""
        return self.records["q"]

    def whole(self) -> np.ndarray:
        """[S] mean greedy return of each seed over the whole curve: one half of the course's rule.

        The rule of evaluation (lesson 02): agents are compared by the whole curve and late, each
        seed's mean greedy return over all evaluations, and over those of the last quarter of its
        steps. Raises ValueError for a run without evaluations.
        """
        return self._greedy(self.eval_steps > 0)

    def late(self) -> np.ndarray:
        """[S] the same over the last quarter of the steps: the other half of the rule."""
        return self._greedy(self.eval_steps > 0.75 * self.steps)

    def _greedy(self, which: np.ndarray) -> np.ndarray:
        """Return [S] means of the evaluations that are chosen; which: [M] bool."""
        if not which.any():
            raise ValueError(
                f"this run of {self.steps:,} steps has no greedy evaluations there: train with "
                "Config(eval_every=...), such as a twentieth of its steps"
            )
        return np.nanmean(self.eval_returns[:, which], axis=(1, 2))

    def returns_at(self, steps, episodes: int = 10) -> np.ndarray:
        """Return the mean of the last `episodes` returns up to each step: [X] -> [S, X].

        Only whole episodes count; NaN where none has ended yet.
        """
        steps, episodes = np.atleast_1d(steps), check_count("episodes", episodes)
        found = np.full((len(self.seeds), len(steps)), np.nan)
        for row, returns, ends in zip(found, self.returns, self.ends, strict=True):
            sums = np.concatenate([[0.0], np.cumsum(returns)])
            last = np.searchsorted(ends, steps, side="right")  # [X] episodes that ended by then
            first = np.maximum(last - episodes, 0)
            some = last > 0
            row[some] = (sums[last] - sums[first])[some] / (last - first)[some]
        return found

    def __repr__(self) -> str:
        c = self.config
        name = ("Double " if c.double else "") + "DQN"
        own = list(self.slots or ())
        if "env" in own:
            own.remove("env")
        where = "an environment of your own" if "env" in (self.slots or ()) else c.env_id
        text = f"{name} on {where}" + (f" with your own {', '.join(own)}" if own else "")
        text += f": {seeds_in_words(len(self.seeds))} × {self.steps:,} steps"
        if len(self.eval_steps):
            text += f", greedy return at the end: {np.nanmean(self.eval_returns[:, -1]):.1f}"
        return f"Run({text})"


def check_slots(run: Run, **given) -> None:
    """Raise a ValueError unless the slots given, by name, are those that the run was trained with.

    given: the learner's own maker for a slot, or None. A run of which that is not known passes.
    """
    for slot, value in given.items():
        if run.slots is None or (value is not None) == (slot in run.slots):
            continue
        if value is None:
            raise ValueError(
                f"the run was trained with your own {slot}: give the same as {slot}=..."
            )
        raise ValueError(f"the run was trained without your own {slot}: leave {slot} out")


def parameters_of(run: Run, best: bool) -> dict[str, np.ndarray]:
    """Return the parameters [S, *shape] at the end of a run, or at its best evaluation.

    Raises ValueError for a run that was stored without its networks, as a study's are.
    """
    if not run.parameters:
        raise ValueError(
            "this run was stored without its networks (a study keeps results only): train it anew"
        )
    return run.best_parameters if best else run.parameters
