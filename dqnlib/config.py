"""Settings, frozen and checked. A changed setting is a new value: ``config.replace(alpha=0.1)``.

Each field has one line: its default, its unit, and the check that its value must pass.
"""

import dataclasses
import difflib
import functools
import html
import math
import warnings
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import numpy as np

from dqnlib import together
from dqnlib.arguments import check_choice, check_count, check_number, check_switch

WINDOWS = ("all", "greedy", "cut", "weighted")
ALGORITHMS = ("q_learning", "sarsa", "expected_sarsa", "double_q_learning")
OPTIMIZERS = ("adam", "rmsprop", "sgd", "obgd")
LOSSES = ("mse", "huber")
HINDSIGHT = ("none", "final", "future")
DEVICES = ("auto", "cpu", "cuda")
_OWN_ENV = "; give an environment of your own as train(..., env=...)"


class Frozen:
    """Base of the frozen settings: all values are checked, notebooks show a table.

    Raises TypeError for a field that does not exist, and ValueError for a value out of range: the
    message names the field, what is allowed and what was given.
    """

    def __new__(cls, *args, **settings):
        known = [f.name for f in dataclasses.fields(cls)]
        for name in settings:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f" Did you mean {near[0]!r}?" if near else ""
                raise TypeError(
                    f"{cls.__name__} has no field {name!r}.{hint} It has {', '.join(known)}"
                )
        return super().__new__(cls)

    def __post_init__(self):
        for f in dataclasses.fields(self):
            value = f.metadata["check"](f.name, getattr(self, f.name))
            object.__setattr__(self, f.name, value)  # the class is frozen
        self._check_together()

    def _check_together(self) -> None:
        """Raise ValueError for settings that do not go together."""

    def replace(self, **changes):
        """Return a copy with some fields changed; the copy is checked like a new value."""
        return dataclasses.replace(self, **changes)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td style='text-align:left'><code>{f.name}</code></td>"
            f"<td style='text-align:left'>{html.escape(str(getattr(self, f.name)))}</td>"
            f"<td style='text-align:left'>{f.metadata['unit']}</td></tr>"
            for f in dataclasses.fields(self)
        )
        return f"<table><caption>{type(self).__name__}</caption>{rows}</table>"


def _setting(default, unit: str, check: Callable):
    return field(default=default, metadata={"unit": unit, "check": check})


def _number(low: float, high: float, *, open_low: bool = False) -> Callable:
    return functools.partial(check_number, low=low, high=high, open_low=open_low)


def _count(low: int = 1) -> Callable:
    return functools.partial(check_count, low=low)


def _one_of(choices: tuple[str, ...], more: str = "") -> tuple[str, Callable]:
    """Return the unit and the check of a choice."""
    return f"one of {', '.join(choices)}{more}", functools.partial(check_choice, choices=choices)


def _name(example: str, hint: str = "") -> Callable:
    def check(name: str, value) -> str:
        if not isinstance(value, str):
            raise ValueError(
                f"{name} must be the name of an environment, such as {example!r}, but it is "
                f"{value!r}{hint}"
            )
        return str(value)  # NumPy's texts become plain ones

    return check


def _optional_number(name: str, value) -> float | None:
    return None if value is None else check_number(name, value, -1e9, 1e9)


def _optional_count(name: str, value) -> int | None:
    return None if value is None else check_count(name, value)


def _optional_share(name: str, value) -> float | None:
    return None if value is None else check_number(name, value, 0, 1)


def _hidden(name: str, value) -> tuple[int, ...]:
    several = np.iterable(value) and not isinstance(value, str | bytes)
    sizes = tuple(value) if several else (value,)
    return tuple(check_count(f"each size in {name}", size) for size in sizes)


def _scale(name: str, value):
    if isinstance(value, str):
        return check_choice(name, value, ("auto",))
    if np.iterable(value) and not isinstance(value, bytes):
        return tuple(check_number(f"each number in {name}", x, -1e9, 1e9) for x in value)
    return check_number(name, value, -1e9, 1e9)


@dataclass(frozen=True)
class TabularConfig(Frozen):
    """Settings of one tabular experiment (lessons 01 and 01b)."""

    # fmt: off
    algorithm: str = _setting("q_learning", *_one_of(ALGORITHMS))
    env_id: str = _setting("CliffWalking-v1", "Gymnasium id", _name("CliffWalking-v1"))
    episodes: int = _setting(500, "episodes a seed", _count())
    alpha: float = _setting(0.5, "step size, above 0 and up to 1", _number(0, 1, open_low=True))
    gamma: float = _setting(1.0, "discount a step, 0 to 1", _number(0, 1))
    epsilon: float = _setting(0.1, "probability of a random action, 0 to 1", _number(0, 1))
    max_episode_steps: int = _setting(10_000, "environment steps, then the episode is truncated", _count())
    target_epsilon: float | None = _setting(None, "random actions that Expected Sarsa's target counts on, 0 to 1; None: epsilon", _optional_share)
    # fmt: on

    @property
    def counted_epsilon(self) -> float:
        """Of the ε-greedy policy whose value Expected Sarsa learns."""
        return self.epsilon if self.target_epsilon is None else self.target_epsilon


@dataclass(frozen=True)
class Config(Frozen):
    """Settings of one deep Q-learning experiment; the defaults solve CartPole-v1.

    Everything is about one run; `train` repeats it for many seeds. An online agent without
    replay is ``capacity=1, batch_size=1, warmup=1``; an agent without a target network is
    ``sync_every=1``. With several environments, capacity and batch_size are then environments ×
    update_every: a batch is what came since the last update, each transition once. trace_decay
    works with traces where an update follows each step of one environment, and else by λ-returns
    of the update_every steps.
    """

    # fmt: off
    env_id: str = _setting("CartPole-v1", "Gymnasium id", _name("CartPole-v1", _OWN_ENV))
    steps: int = _setting(50_000, "environment steps a seed", _count())
    gamma: float = _setting(0.99, "discount a step, 0 to 1", _number(0, 1))
    n_step: int = _setting(1, "rewards that a target sums up before it looks at a value", _count())
    windows: str = _setting("all", *_one_of(WINDOWS, ": n-step windows in which the agent explores"))
    double: bool = _setting(False, "Double DQN: the online network selects, the target evaluates", check_switch)
    target_epsilon: float = _setting(0.0, "random actions that the target counts on, 0 to 1; 0: the maximum", _number(0, 1))
    dueling: bool = _setting(False, "two streams, a state's value and its actions' advantages", check_switch)
    noisy: bool = _setting(False, "noisy layers, which explore by themselves: take epsilon to 0", check_switch)
    atoms: int = _setting(1, "atoms of a distribution of returns, from v_min to v_max; 1: its mean alone", _count())
    v_min: float | None = _setting(None, "lowest return of a distribution", _optional_number)
    v_max: float | None = _setting(None, "highest return of a distribution", _optional_number)
    frame_stack: int = _setting(1, "newest frames that an observation holds, for pictures", _count())
    reward_clip: float = _setting(math.inf, "largest size of a reward that is learned from; what is reported stays", _number(0, math.inf, open_low=True))
    life_loss: bool = _setting(False, "learn from a lost life as from an episode's end", check_switch)
    channels: tuple[int, ...] = _setting((), "filters of each 3 × 3 convolution before the hidden layers, for observations [C, H, W]", _hidden)
    hidden: tuple[int, ...] = _setting((64, 64), "units of each hidden layer", _hidden)
    layer_norm: bool = _setting(False, "normalize each hidden layer before its ReLU", check_switch)
    obs_scale: tuple[float, ...] | float | str = _setting("auto", "multiplies observations; auto: the course's numbers for CartPole-v1, else 1", _scale)
    optimizer: str = _setting("adam", *_one_of(OPTIMIZERS, "; obgd: a bounded step, without replay"))
    learning_rate: float = _setting(1e-3, "step size of the optimizer at the first step", _number(0, 1e6))
    final_learning_rate: float = _setting(0.0, "the same at the last step; linear in between", _number(0, 1e6))
    loss: str = _setting("mse", *_one_of(LOSSES, " (with delta = 1)"))
    max_grad_norm: float = _setting(math.inf, "longest gradient of one seed; longer ones shrink", _number(0, math.inf, open_low=True))
    priority_alpha: float = _setting(0.0, "how much TD errors decide what is drawn, 0 to 1; 0: uniform", _number(0, 1))
    priority_beta: float = _setting(0.4, "how much weights undo that at first, 0 to 1; 1 at the last step", _number(0, 1))
    hindsight: str = _setting("none", *_one_of(HINDSIGHT, ": which goals an episode is relabeled with"))
    hindsight_goals: int = _setting(4, "relabeled copies of each transition (future)", _count())
    environments: int = _setting(1, "environments a seed; a step of the training is one of each", _count())
    trace_decay: float = _setting(0.0, "λ, 0 to 1: how much of a TD error reaches the steps before; without replay", _number(0, 1))
    batch_size: int = _setting(64, "transitions an update", _count())
    capacity: int = _setting(50_000, "transitions that the replay buffer holds", _count())
    warmup: int = _setting(1_000, "environment steps before the first update", _count(0))
    update_every: int = _setting(1, "environment steps between updates", _count())
    sync_every: int = _setting(200, "environment steps between syncs of the target network", _count())
    tau: float = _setting(1.0, "weight of the online network in a sync; 1 copies it", _number(0, 1, open_low=True))
    epsilon: float = _setting(1.0, "probability of a random action at the first step", _number(0, 1))
    final_epsilon: float = _setting(0.1, "the same after `epsilon_steps`; linear in between", _number(0, 1))
    epsilon_steps: int = _setting(10_000, "environment steps", _count(0))
    max_episode_steps: int | None = _setting(None, "environment steps; None: the environment's", _optional_count)
    eval_every: int = _setting(2_500, "environment steps between greedy evaluations; 0: none", _count(0))
    eval_episodes: int = _setting(10, "episodes an evaluation", _count())
    record_every: int = _setting(100, "environment steps between records of loss and Q-values", _count())
    device: str = _setting("auto", *_one_of(DEVICES, "; auto measures"))
    # fmt: on

    @property
    def online(self) -> bool:
        """Without replay, by batches of the newest steps: what `seeds.online` is for."""
        newest = self.environments * self.update_every
        asked = self.environments > 1 or self.trace_decay > 0 or self.optimizer == "obgd"
        return asked and self.capacity == self.batch_size == newest

    def _check_together(self) -> None:
        for wrong in (*together.of_networks(self), *together.of_online(self)):
            raise ValueError(wrong)
        if self.capacity < self.batch_size:
            raise ValueError(
                f"a replay buffer of {self.capacity} transitions cannot fill a batch of "
                f"{self.batch_size}: make capacity larger or batch_size smaller"
            )
        if self.max_episode_steps is not None and self.n_step > self.max_episode_steps:
            raise ValueError(
                f"n_step is {self.n_step}, but an episode ends after {self.max_episode_steps} "
                "steps, so no window could ever be full: make n_step smaller"
            )
        if self.hindsight != "none" and self.n_step > 1:
            raise ValueError(
                f"hindsight relabels single steps, but n_step is {self.n_step}: a window of several "
                "rewards belongs to the goal that was wanted then. Take n_step=1"
            )
        if self.atoms > 1 and (self.v_min is None or self.v_max is None):
            raise ValueError(
                f"{self.atoms} atoms need the returns that they lie between: give v_min and v_max, "
                "such as the lowest and the highest discounted return that an episode can have"
            )
        if self.atoms > 1 and self.v_min >= self.v_max:
            raise ValueError(
                f"v_min must lie below v_max, but they are {self.v_min:g} and {self.v_max:g}"
            )
        if self.windows != "all" and self.n_step == 1:
            raise ValueError(
                f'windows="{self.windows}" says what becomes of windows with an exploring action '
                "after the first, but with n_step=1 there is none: make n_step larger"
            )
        for name, without in (("priority_alpha", 0.0), ("atoms", 1), ("channels", ())):
            if self.windows != "all" and getattr(self, name) != without:
                raise ValueError(
                    f'windows="{self.windows}" and {name} do not go together: leave one of them out'
                )
        if self.priority_alpha and self.capacity == 1:
            raise ValueError(
                "priority_alpha decides which of several transitions is drawn, but the replay "
                "buffer holds one: make capacity larger"
            )


def check_config(name: str, value) -> Config:
    """Return ``value`` if it is a `Config`, else raise a ValueError that shows one."""
    if not isinstance(value, Config):
        raise ValueError(
            f"{name} must be a Config, such as Config(steps=5000), but it is {value!r}"
        )
    return value


def check_plain(config: Config) -> Config:
    """Return a config with nothing but what `dqnlib.dqn` knows, else raise a ValueError."""
    parts = (
        "priority_alpha", "dueling", "noisy", "atoms", "channels", "windows", "hindsight",
        "layer_norm", "environments", "trace_decay", "frame_stack", "reward_clip", "life_loss",
    )  # fmt: skip
    plain = Config()
    found = [name for name in parts if getattr(config, name) != getattr(plain, name)]
    found += ["optimizer='obgd'"] if config.optimizer == "obgd" else []
    if found:
        raise ValueError(
            f"this is plain DQN, which knows no {', '.join(found)}: train(config, seeds=[0]) does"
        )
    return config


FIXED = (  # what a trainer cannot change in flight
    "env_id", "n_step", "windows", "priority_alpha", "dueling", "noisy", "atoms", "v_min", "v_max",
    "capacity", "channels", "hidden", "obs_scale", "optimizer", "max_episode_steps", "device",
    "frame_stack", "reward_clip", "life_loss", "hindsight", "hindsight_goals", "layer_norm",
    "environments",
)  # fmt: skip


_WINS = {  # setting -> the slots whose own functions make it idle
    "double": ("td_target", "update"),
    "target_epsilon": ("td_target", "update"),
    "loss": ("update",),
    "max_grad_norm": ("update",),
    "priority_beta": ("replay",),
}


def check_change(
    old: Config, new: Config, own: Collection[str] = (), heeded: Collection[str] = ()
) -> None:
    """Raise ValueError if a trainer cannot go from one config to the other in flight.

    own: the slots that hold functions of the learner's; heeded: settings that these do take.
    """
    for name, slots in _WINS.items():
        if name in heeded:
            continue
        slot = next((slot for slot in slots if slot in own), None)
        if slot and getattr(new, name) != getattr(old, name):
            raise ValueError(f"{name} would change nothing: your own {slot} wins over it")
    for name in FIXED:
        if getattr(new, name) != getattr(old, name):
            raise ValueError(
                f"{name} cannot change in flight: make a new trainer for it. All settings "
                f"but {', '.join(FIXED)} can"
            )
    if new.online != old.online:
        raise ValueError(
            "an agent cannot gain or lose replay or traces in flight (trace_decay from or to 0, "
            "batch_size, update_every): make a new trainer for it"
        )


def warn_if_it_never_learns(config: Config) -> None:
    """Warn of settings with which no update is ever made: the agent would act by chance."""
    c = config
    first = max(c.warmup + 1, -(-c.batch_size // c.environments) + c.n_step - 1)
    first += -first % c.update_every
    if c.steps < first:
        warnings.warn(
            f"these agents will not learn: the first update comes at step {first:,} "
            f"(warmup={c.warmup}, batch_size={c.batch_size}, update_every={c.update_every}), but "
            f"steps={c.steps}. Make steps larger or warmup smaller",
            stacklevel=4,
        )
