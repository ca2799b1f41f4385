"""A side of the Chase lab: a circle of ten places, and the runs that learn their values."""

import html
from collections import deque

import gymnasium as gym
import numpy as np
import torch

from dqnlib import targets
from dqnlib.config import Config
from dqnlib.labs.curves import Several, evenly
from dqnlib.labs.sides import Choices, changed
from dqnlib.labs.texts import side_lines
from dqnlib.pictures import INK, MUTED, SIDE_COLORS, Curve, number
from dqnlib.training import Trainer

PLACES = 10  # of a lap
BATCH = 32  # transitions an update; so many steps are taken before the first one
WINDOW = 400  # updates that the strips show
_POINTS = 120  # of each error curve
# what a slider of each setting is called, and where it can stand
CHOICES: Choices = {
    "sync_every": ("sync every C", [1, 2, 5, 10, 20, 50, 100, 200, 500]),
    "tau": ("soft τ", [0.003, 0.01, 0.03, 0.1, 0.3, 1.0]),
    "learning_rate": ("learning rate", [1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03]),
}


class Lap(gym.Env):
    """Round and round a circle of ten places: each step leads to the next, and a lap pays 1.

    An observation [2] is the place on the circle, from −1 to 1 across and up; there is one action,
    and no end. An episode starts at any place.
    """

    def __init__(self):
        self.observation_space = gym.spaces.Box(-1.0, 1.0, (2,), np.float32)
        self.action_space = gym.spaces.Discrete(1)

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        super().reset(seed=seed)
        self._obs, self._place = self.places(), int(self.np_random.integers(PLACES))
        return self._obs[self._place], {}

    def step(self, action):
        self._place = (self._place + 1) % PLACES
        return self._obs[self._place], float(self._place == 0), False, False, {}

    @staticmethod
    def places() -> np.ndarray:
        """Return the observations of all places [10, 2]."""
        angle = 2 * np.pi * np.arange(PLACES) / PLACES
        return np.stack([np.cos(angle), np.sin(angle)], 1).astype(np.float32)

    @staticmethod
    def values(gamma: float) -> np.ndarray:
        """Return the true values of all places [10]: γ^(steps before the pay), for every lap."""
        return gamma ** np.arange(PLACES - 1, -1, -1) / (1 - gamma**PLACES)


class Side:
    """One side of the lab: settings, S runs, and the strip of the first run."""

    def __init__(self, side: str, config: Config, seeds, slots: dict):
        self.side, self.config, self.seeds, self.slots = side, config, seeds, slots
        self.obs = torch.from_numpy(Lap.places())  # [10, 2]
        self.true_values = torch.from_numpy(Lap.values(config.gamma)).float()  # [10]
        self.begin()

    def begin(self) -> None:
        self.trainer = Trainer(
            self.config, self.seeds, env=Lap, record={"error": self._error}, **self.slots
        )
        self.strip: deque = deque(maxlen=WINDOW + 1)  # (prediction, target) of the first run
        self._look()

    def change(self, field: str, value) -> None:
        self.trainer.config = self.config = changed(self.config, field, value, steady=True)

    def advance(self) -> None:
        """Take one update in every run."""
        while self.trainer.steps < BATCH:  # nothing is learned before there is a batch
            self.trainer.step()
        self.trainer.step()
        self._look()

    @property
    def updates(self) -> int:
        return max(self.trainer.steps - BATCH, 0)

    def _error(self, moment) -> torch.Tensor:
        """The root mean squared error of the ten values of one run."""
        with torch.no_grad():
            return (moment.online(self.obs)[:, 0] - self.true_values).square().mean().sqrt()

    def _look(self) -> None:
        """Note the first run's prediction at place 1, and its target."""
        online, frozen = (self.trainer.network(self.seeds[0], target=t) for t in (False, True))
        with torch.no_grad():
            prediction = online(self.obs[:1])[0, 0]
            y = targets.td_target(torch.zeros(1), torch.zeros(1, dtype=torch.bool),
                                  frozen(self.obs[1:2]), self.config.gamma)  # fmt: skip
        self.strip.append((float(prediction), float(y[0])))

    def lines(self) -> list[Curve]:
        """Return the strip's curves: the true value, the target and the prediction."""
        values = np.array(self.strip)  # [n, 2]
        x, true = np.arange(1 - len(values), 1), self.true_values[0].repeat(2).numpy()
        return [
            Curve("true value", MUTED, "--", x=np.array([-WINDOW, 0]), mean=true),
            Curve("target y", INK, x=x, mean=values[:, 1]),
            Curve("prediction Q", SIDE_COLORS[self.side], x=x, mean=values[:, 0]),
        ]

    def errors(self) -> Several:
        """Return the errors of all runs."""
        run = self.trainer.run()
        learned = np.flatnonzero(run.record_steps >= BATCH)
        learned = learned[evenly(len(learned), _POINTS)]
        x, values = run.record_steps[learned] - BATCH, run.records["error"][:, learned]
        return Several(self.side, self.side, x, values)

    def status(self) -> str:
        """Return the side's two lines of text as HTML."""
        c, (prediction, y) = self.config, self.strip[-1]
        settings = [f"{CHOICES[n][0]} {getattr(c, n):g}" for n in CHOICES]
        own = self.trainer.own.get("sync_target")
        if own:
            settings.append(f"your {html.escape(getattr(own, '__name__', 'sync_target'))}")
        error = self.trainer.run().records["error"][:, -1:]
        found = [
            f"seed {self.seeds[0]}: prediction {number(prediction)}, target {number(y)}, "
            f"true value {number(float(self.true_values[0]))}"
        ]
        if error.size and self.updates:
            found.append(
                f"error {number(error.mean(), 3)} (mean of {len(self.seeds)} seeds, "
                f"{number(error.min(), 3)} to {number(error.max(), 3)})"
            )
        return side_lines(self.side, settings, found)
