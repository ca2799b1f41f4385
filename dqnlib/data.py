"""The values that the course passes around: settings, transitions and results.

All of them are frozen. A changed setting is a new value: ``config.replace(alpha=0.1)``.
"""

import dataclasses
import html
import itertools
import math
import operator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import torch

ALGORITHMS = ("q_learning", "sarsa", "expected_sarsa", "double_q_learning")
OPTIMIZERS = ("adam", "rmsprop", "sgd")
LOSSES = ("mse", "huber")
DEVICES = ("auto", "cpu", "cuda")


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


def check_count(name: str, value, low: int = 1, high: int | None = None) -> int:
    """Return ``value`` as an int; raise a ValueError if it is no whole number from low to high."""
    try:
        count = operator.index(value)
    except TypeError:
        count = low - 1
    if isinstance(value, bool) or count < low:
        raise ValueError(f"{name} must be a whole number of at least {low}, but it is {value!r}")
    if high is not None and count > high:
        raise ValueError(f"{name} must be at most {high}, but it is {value!r}")
    return count


def check_choice(name: str, value, choices: tuple[str, ...]) -> str:
    """Return ``value`` if it is one of the choices, else raise a ValueError that lists them."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"unknown {name} {value!r}: choose one of {', '.join(choices)}")
    return str(value)  # NumPy's texts become plain ones


def check_switch(name: str, value) -> bool:
    """Return ``value`` as a bool; raise a ValueError if it is none: "no" would count as true."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} must be True or False, but it is {value!r}")
    return bool(value)


def seeds_in_words(n: int) -> str:
    """Return "1 seed", "2 seeds" and so on."""
    return "1 seed" if n == 1 else f"{n} seeds"


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
        put = object.__setattr__  # the class is frozen; here the checked values are stored
        put(self, "algorithm", check_choice("algorithm", self.algorithm, ALGORITHMS))
        if not isinstance(self.env_id, str):
            raise ValueError(
                f"env_id must be the name of an environment, such as 'CliffWalking-v1', "
                f"but it is {self.env_id!r}"
            )
        put(self, "env_id", str(self.env_id))
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
    td_target: float  # what q[obs, action] was moved toward
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
        text = f"{c.algorithm} on {c.env_id}: {seeds_in_words(seeds)} × {episodes} episodes"
        if episodes:
            last = self.returns[:, -100:]
            text += f", mean return of the last {last.shape[1]}: {last.mean():.1f}"
        return f"TabularRun({text})"

    def _repr_html_(self) -> str:
        return f"<code>{html.escape(repr(self))}</code>"


class Transition(NamedTuple):
    """One environment step of one run, as a replay buffer stores it."""

    obs: np.ndarray  # [*O] before the step
    action: int
    reward: float
    next_obs: np.ndarray  # [*O] after the step, also when the episode ended there
    terminated: bool  # the environment ended the episode; a time limit does not count


class Batch(NamedTuple):
    """B transitions of one run, as tensors."""

    obs: "torch.Tensor"  # [B, *O] float32
    action: "torch.Tensor"  # [B] int64
    reward: "torch.Tensor"  # [B] float32
    next_obs: "torch.Tensor"  # [B, *O] float32
    terminated: "torch.Tensor"  # [B] bool


@dataclass(frozen=True)
class Config(Frozen):
    """Settings of one deep Q-learning experiment; the defaults solve CartPole-v1.

    Everything is about one run; `train` repeats it for many seeds. An online agent without
    replay is ``capacity=1, batch_size=1, warmup=1``; an agent without a target network is
    ``sync_every=1``. Raises ValueError for a value out of range: the message names the field,
    what is allowed and what was given.
    """

    env_id: str = _setting("CartPole-v1", "Gymnasium id")
    steps: int = _setting(50_000, "environment steps a seed")
    gamma: float = _setting(0.99, "discount a step, 0 to 1")
    double: bool = _setting(False, "Double DQN: the online network selects, the target evaluates")
    hidden: tuple[int, ...] = _setting((64, 64), "units of each hidden layer")
    obs_scale: tuple[float, ...] | float | str = _setting(
        "auto", "multiplies observations; auto: the course's numbers for CartPole-v1, else 1"
    )
    optimizer: str = _setting("adam", "one of " + ", ".join(OPTIMIZERS))
    learning_rate: float = _setting(1e-3, "step size of the optimizer at the first step")
    final_learning_rate: float = _setting(0.0, "the same at the last step; linear in between")
    loss: str = _setting("mse", "one of " + ", ".join(LOSSES) + " (with delta = 1)")
    max_grad_norm: float = _setting(math.inf, "longest gradient of one seed; longer ones shrink")
    batch_size: int = _setting(64, "transitions an update")
    capacity: int = _setting(50_000, "transitions that the replay buffer holds")
    warmup: int = _setting(1_000, "environment steps before the first update")
    update_every: int = _setting(1, "environment steps between updates")
    sync_every: int = _setting(200, "environment steps between syncs of the target network")
    tau: float = _setting(1.0, "weight of the online network in a sync; 1 copies it")
    epsilon: float = _setting(1.0, "probability of a random action at the first step")
    final_epsilon: float = _setting(0.1, "the same after `epsilon_steps`; linear in between")
    epsilon_steps: int = _setting(10_000, "environment steps")
    max_episode_steps: int | None = _setting(None, "environment steps; None: the environment's")
    eval_every: int = _setting(2_500, "environment steps between greedy evaluations; 0: none")
    eval_episodes: int = _setting(10, "episodes an evaluation")
    record_every: int = _setting(100, "environment steps between records of loss and Q-values")
    device: str = _setting("auto", "one of " + ", ".join(DEVICES) + "; auto measures")

    def __post_init__(self):
        put = object.__setattr__  # the class is frozen; here the checked values are stored
        if not isinstance(self.env_id, str):
            raise ValueError(
                f"env_id must be the name of an environment, such as 'CartPole-v1', but it is "
                f"{self.env_id!r}; give an environment of your own as train(..., env=...)"
            )
        put(self, "env_id", str(self.env_id))
        for name in ("gamma", "tau", "epsilon", "final_epsilon"):
            put(self, name, check_number(name, getattr(self, name), 0, 1, open_low=name == "tau"))
        for name in ("learning_rate", "final_learning_rate"):
            put(self, name, check_number(name, getattr(self, name), 0, 1e6))
        put(
            self,
            "max_grad_norm",
            check_number("max_grad_norm", self.max_grad_norm, 0, math.inf, open_low=True),
        )
        counts = "steps batch_size capacity update_every sync_every eval_episodes record_every"
        for name in counts.split():
            put(self, name, check_count(name, getattr(self, name)))
        for name in ("warmup", "epsilon_steps", "eval_every"):
            put(self, name, check_count(name, getattr(self, name), 0))
        if self.max_episode_steps is not None:
            put(self, "max_episode_steps", check_count("max_episode_steps", self.max_episode_steps))
        put(self, "double", check_switch("double", self.double))
        choices = {"optimizer": OPTIMIZERS, "loss": LOSSES, "device": DEVICES}
        for name, known in choices.items():
            put(self, name, check_choice(name, getattr(self, name), known))
        put(self, "hidden", _check_hidden(self.hidden))
        put(self, "obs_scale", _check_scale(self.obs_scale))
        if self.capacity < self.batch_size:
            raise ValueError(
                f"a replay buffer of {self.capacity} transitions cannot fill a batch of "
                f"{self.batch_size}: make capacity larger or batch_size smaller"
            )


def _check_hidden(hidden) -> tuple[int, ...]:
    several = np.iterable(hidden) and not isinstance(hidden, str | bytes)
    sizes = tuple(hidden) if several else (hidden,)
    return tuple(check_count("each size in hidden", size) for size in sizes)


def _check_scale(scale):
    if isinstance(scale, str):
        return check_choice("obs_scale", scale, ("auto",))
    if np.iterable(scale) and not isinstance(scale, bytes):
        return tuple(check_number("each number in obs_scale", x, -1e9, 1e9) for x in scale)
    return check_number("obs_scale", scale, -1e9, 1e9)


@dataclass(frozen=True, eq=False)
class Run:
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

    def __post_init__(self):
        for array in _arrays_in(self):
            array.setflags(write=False)

    @property
    def loss(self) -> np.ndarray:
        """[S, K] loss of the last batch before each record; NaN before the first update."""
        return self.records["loss"]

    @property
    def q(self) -> np.ndarray:
        """[S, K] mean over that batch of the largest action value."""
        return self.records["q"]

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
        text = f"{name} on {c.env_id}: {seeds_in_words(len(self.seeds))} × {self.steps:,} steps"
        if len(self.eval_steps):
            text += f", greedy return at the end: {np.nanmean(self.eval_returns[:, -1]):.1f}"
        return f"Run({text})"

    def _repr_html_(self) -> str:
        return f"<code>{html.escape(repr(self))}</code>"


def _arrays_in(value) -> list[np.ndarray]:
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, dict):
        return [a for v in value.values() for a in _arrays_in(v)]
    if isinstance(value, tuple):
        return [a for v in value for a in _arrays_in(v)]
    if isinstance(value, Run):
        return [a for f in dataclasses.fields(value) for a in _arrays_in(getattr(value, f.name))]
    return []


def check_config(name: str, value) -> Config:
    """Return ``value`` if it is a `Config`, else raise a ValueError that shows one."""
    if not isinstance(value, Config):
        raise ValueError(
            f"{name} must be a Config, such as Config(steps=5000), but it is {value!r}"
        )
    return value


def parameters_of(run: Run, best: bool) -> dict[str, np.ndarray]:
    """Return the parameters [S, *shape] at the end of a run, or at its best evaluation.

    Raises ValueError for a run that was stored without its networks, as a study's are.
    """
    if not run.parameters:
        raise ValueError(
            "this run was stored without its networks (a study keeps results only): train it anew"
        )
    return run.best_parameters if best else run.parameters
