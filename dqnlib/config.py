"""Settings, frozen and checked. A changed setting is a new value: ``config.replace(alpha=0.1)``."""

import dataclasses
import html
import math
from dataclasses import dataclass, field

import numpy as np

from dqnlib.arguments import check_choice, check_count, check_number, check_switch

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


def check_config(name: str, value) -> Config:
    """Return ``value`` if it is a `Config`, else raise a ValueError that shows one."""
    if not isinstance(value, Config):
        raise ValueError(
            f"{name} must be a Config, such as Config(steps=5000), but it is {value!r}"
        )
    return value
