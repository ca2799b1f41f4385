"""A side of the training lab: settings, the learner's functions, and several runs."""

import html
from collections.abc import Iterable

import numpy as np

from dqnlib.config import FIXED, Config
from dqnlib.labs.curves import Several, evenly
from dqnlib.labs.sides import Choices, changed, is_steady, shown
from dqnlib.labs.texts import side_lines
from dqnlib.pictures import short_number
from dqnlib.results import Run
from dqnlib.seeds.slots import library_functions
from dqnlib.training import Trainer

# What a slider of each setting is called, and where it can stand.
CHOICES: Choices = {
    "learning_rate": ("learning rate", [1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1]),
    "gamma": ("discount γ", [0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 1.0]),
    "final_epsilon": ("final ε", [0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0]),
    "batch_size": ("batch size", [1, 2, 4, 8, 16, 32, 64, 128, 256]),
    "capacity": ("capacity", [1, 64, 100, 300, 1000, 3000, 10_000, 50_000]),
    "warmup": ("warm-up", [0, 100, 300, 1000, 2000, 5000]),
    "update_every": ("update every", [1, 2, 4, 8, 16]),
    "sync_every": ("sync every C", [1, 5, 20, 50, 100, 200, 500, 1000, 2000, 5000]),
    "tau": ("soft τ", [0.001, 0.005, 0.01, 0.05, 0.1, 0.3, 1.0]),
    "hidden": ("hidden", [(), (8,), (64,), (16, 16), (64, 64), (128, 128)]),
    "optimizer": ("optimizer", ["adam", "rmsprop", "sgd"]),
    "loss": ("loss", ["mse", "huber"]),
    "double": ("Double DQN", [False, True]),
    "target_epsilon": ("target ε", [0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0]),
    "hindsight": ("hindsight", ["none", "final", "future"]),
    "hindsight_goals": ("copies k", [1, 2, 4, 8]),
    "n_step": ("n steps", [1, 3]),
    "priority_alpha": ("priorities α", [0.0, 0.5]),
    "dueling": ("dueling", [False, True]),
    "noisy": ("noisy", [False, True]),
    "atoms": ("atoms", [1, 51]),
    "layer_norm": ("normalized", [False, True]),
    "trace_decay": ("trace λ", [0.0, 0.3, 0.5, 0.65, 0.8, 0.9, 0.95, 1.0]),
}
_POINTS = 120  # of each curve


class Side:
    """One side of the lab: settings, the learner's functions, and S runs."""

    def __init__(self, side: str, title: str, config: Config, seeds, slots: dict):
        self.side, self.title, self.seeds = side, title, seeds
        library = library_functions(config)  # which a setting may exchange, also at Reset
        self.slots = {k: f for k, f in slots.items() if f is None or f is not library.get(k)}
        self._steady = is_steady(config)
        plain = Config() if config.noisy else config
        self._explores = {name: getattr(plain, name) for name in ("epsilon", "final_epsilon")}
        self.begin(config)

    def begin(self, config: Config | None = None) -> None:
        """Begin anew, with other settings if they are given; an error leaves all as it was."""
        config = config or self.config
        self.trainer: Trainer | None = Trainer(config, self.seeds, **self.slots)
        self.config = config

    def change(self, field: str, value) -> bool:
        """Set one setting; return False if the side had to begin anew for it.

        An error leaves the side as it was.
        """
        new = changed(self.config, field, value, self._steady)
        if field == "noisy":  # its noise explores in the place of ε
            new = new.replace(**(dict.fromkeys(self._explores, 0.0) if value else self._explores))
        gains_or_loses = new.online != self.config.online  # replay or traces
        if field in FIXED or gains_or_loses or self.trainer is None:
            self.begin(new)
            return False
        self.trainer.config = new  # which may refuse it
        self.config = new
        return True

    def several(self, run: Run) -> tuple[Several, Several]:
        """Return the returns and the largest Q-values of all runs so far."""
        x, keep = np.linspace(0, run.steps, _POINTS), evenly(len(run.record_steps), _POINTS)
        name = f"{self.side}  {self.title}".strip()
        return (
            Several(self.side, name, x, run.returns_at(x)),
            Several(self.side, self.side, run.record_steps[keep], run.q[:, keep]),
        )

    def status(self, run: Run, names: Iterable[str]) -> str:
        """Return the side's two lines of text as HTML."""
        c = self.config
        settings = [f"{CHOICES[n][0]} {shown(getattr(c, n))}" for n in names]
        facts = [*([f"<b>{html.escape(self.title)}</b>"] if self.title else []), *settings]
        last = self.trainer.last_returns
        known = last[~np.isnan(last)]
        found = [f"step {run.steps:,}"]
        if len(known):
            found.append(f"last returns {', '.join(f'{v:.0f}' for v in known[:10])}")
        if run.q.shape[1] and np.isfinite(run.q[:, -1]).any():
            found.append(f"mean largest Q {_range(run.q[:, -1])}")
        lost = int((run.diverged >= 0).sum())
        if lost:
            found.append(f"<b>{lost} of {len(self.seeds)} runs diverged</b>")
        return side_lines(self.side, facts, found)


def _range(values: np.ndarray) -> str:
    low, high = np.nanmin(values), np.nanmax(values)
    return f"{short_number(low)} to {short_number(high)}" if high > low else short_number(low)
