"""The values that the course passes around: settings, transitions and results.

All of them are frozen. A changed setting is a new value: ``config.replace(alpha=0.1)``.
"""

import dataclasses
import html
import itertools
import math
import operator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

ALGORITHMS = ("q_learning", "sarsa", "expected_sarsa", "double_q_learning")


class Frozen:
    """Base of the frozen settings: ``replace`` makes a changed copy, notebooks show a table."""

    def replace(self, **changes):
        """Return a copy with some fields changed; the copy is checked like a new value."""
        known = [f.name for f in dataclasses.fields(self)]
        for name in changes:
            if name not in known:
                raise TypeError(
                    f"{type(self).__name__} has no field {name!r}; it has {', '.join(known)}"
                )
        return dataclasses.replace(self, **changes)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td style='text-align:left'><code>{f.name}</code></td>"
            f"<td style='text-align:left'>{html.escape(str(getattr(self, f.name)))}</td>"
            f"<td style='text-align:left'>{f.metadata.get('unit', '')}</td></tr>"
            for f in dataclasses.fields(self)
        )
        return f"<table><caption>{type(self).__name__}</caption>{rows}</table>"


def _setting(default, unit: str):
    return field(default=default, metadata={"unit": unit})


def check_number(name: str, value, low: float, high: float, *, open_low: bool = False) -> float:
    """Return ``value`` as a float; raise a ValueError that teaches if it is out of range."""
    allowed = f"a number {'above' if open_low else 'from'} {low:g}{',' * open_low} up to {high:g}"
    if isinstance(value, bool | str | bytes | np.bool_):
        raise ValueError(f"{name} must be {allowed}, but it is {value!r}")
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} must be {allowed}, but it is {value!r}") from None
    below = number <= low if open_low else number < low
    if math.isnan(number) or below or number > high:
        raise ValueError(f"{name} must be {allowed}, but it is {value!r}")
    return number


def check_count(name: str, value) -> int:
    """Return ``value`` as an int; raise a ValueError if it is not a whole number of at least 1."""
    try:
        count = operator.index(value)
    except TypeError:
        count = 0
    if isinstance(value, bool) or count < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, but it is {value!r}")
    return count


def check_seeds(seeds) -> tuple[int, ...]:
    """Return the seeds as a tuple of different whole numbers; one number n alone is [n]."""
    try:
        found = tuple(seeds) if np.iterable(seeds) and not isinstance(seeds, str) else (seeds,)
        if any(isinstance(s, bool) for s in found):
            raise TypeError
        found = tuple(operator.index(s) for s in found)
    except TypeError:
        raise ValueError(
            f"seeds must be whole numbers, such as range(10) or [3, 4], but they are {seeds!r}"
        ) from None
    if not found:
        raise ValueError("seeds is empty: give at least one, such as range(10) or [0]")
    if min(found) < 0:
        raise ValueError(f"seeds must not be negative, but one is {min(found)}")
    twice = next((a for a, b in itertools.pairwise(sorted(found)) if a == b), None)
    if twice is not None:
        raise ValueError(
            f"seeds must all differ, but {twice} is there twice: "
            "the same run counted twice would make the interval too narrow"
        )
    return found


@dataclass(frozen=True)
class TabularConfig(Frozen):
    """Settings of one tabular experiment (lesson 01).

    Raises ValueError for a value out of range: the message names the field, what is allowed
    and what was given.
    """

    algorithm: str = _setting("q_learning", "one of " + ", ".join(ALGORITHMS))
    env_id: str = _setting("CliffWalking-v1", "Gymnasium id")
    episodes: int = _setting(500, "episodes a seed")
    alpha: float = _setting(0.5, "step size, above 0 and up to 1")
    gamma: float = _setting(1.0, "discount a step, 0 to 1")
    epsilon: float = _setting(0.1, "probability of a random action, 0 to 1")
    max_episode_steps: int = _setting(10_000, "environment steps, then the episode is truncated")

    def __post_init__(self):
        if self.algorithm not in ALGORITHMS:
            raise ValueError(
                f"unknown algorithm {self.algorithm!r}: choose one of {', '.join(ALGORITHMS)}"
            )
        if not isinstance(self.env_id, str):
            raise ValueError(
                f"env_id must be the name of an environment, such as 'CliffWalking-v1', "
                f"but it is {self.env_id!r}"
            )
        put = object.__setattr__  # the class is frozen; here the checked numbers are stored
        put(self, "alpha", check_number("alpha", self.alpha, 0, 1, open_low=True))
        put(self, "gamma", check_number("gamma", self.gamma, 0, 1))
        put(self, "epsilon", check_number("epsilon", self.epsilon, 0, 1))
        put(self, "episodes", check_count("episodes", self.episodes))
        put(self, "max_episode_steps", check_count("max_episode_steps", self.max_episode_steps))


class Step(NamedTuple):
    """One environment step of one run, and what was learned from it."""

    obs: int  # state before the step
    action: int  # action taken
    reward: float  # reward received
    next_obs: int  # state after the step, also when the episode ended there
    terminated: bool  # the environment ended the episode: no reward can follow
    truncated: bool  # a time limit ended it: reward could have followed
    td_target: float  # what q[obs, action] was moved towards
    td_error: float  # td_target minus the old q[obs, action]


@dataclass(frozen=True, eq=False)
class TabularRun:
    """What S seeds of a tabular experiment gave (E episodes, N states, A actions, K snapshots)."""

    config: TabularConfig
    seeds: tuple[int, ...]
    returns: np.ndarray  # [S, E] sum of rewards of each whole episode, undiscounted
    lengths: np.ndarray  # [S, E] environment steps of each episode
    truncated: np.ndarray  # [S, E] bool, the time limit ended the episode
    q: np.ndarray  # [S, N, A] action values at the end (the mean of both tables if double)
    q_history: np.ndarray  # [S, K, N, A] action values after `history_episodes` episodes
    history_episodes: np.ndarray  # [K] episodes finished at each snapshot

    def __post_init__(self):
        for f in dataclasses.fields(self):
            value = getattr(self, f.name)
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    def __repr__(self) -> str:
        seeds, episodes = self.returns.shape
        c = self.config
        text = f"{c.algorithm} on {c.env_id}: {seeds} seeds × {episodes} episodes"
        if episodes:
            last = self.returns[:, -100:]
            text += f", mean return of the last {last.shape[1]}: {last.mean():.1f}"
        return f"TabularRun({text})"

    def _repr_html_(self) -> str:
        return f"<code>{html.escape(repr(self))}</code>"
