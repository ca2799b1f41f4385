"""A side of the Chase lab: two states that share a weight, and the runs that learn their values."""

import html
from collections import deque

import gymnasium as gym
import numpy as np
import torch
from torch import nn

from dqnlib import targets
from dqnlib.config import Config
from dqnlib.labs.curves import Several, evenly
from dqnlib.labs.sides import Choices, changed
from dqnlib.labs.texts import side_lines
from dqnlib.pictures import INK, MUTED, SIDE_COLORS, Curve, number
from dqnlib.training import Trainer

BATCH = 32  # transitions an update; so many steps are taken before the first one
WINDOW = 400  # updates that the strips show
OFTEN = 9  # times that s is seen for each s′, at the start
_POINTS = 120  # of each error curve
# what a slider of each setting is called, and where it can stand
CHOICES: Choices = {
    "sync_every": ("sync every C", [1, 2, 5, 10, 20, 50, 100, 200, 500]),
    "tau": ("soft τ", [0.003, 0.01, 0.03, 0.1, 0.3, 1.0]),
    "learning_rate": ("learning rate", [0.003, 0.01, 0.03, 0.1, 0.3]),
}


class TwoStates(gym.Env):
    """From s to s′, and from s′ to the end; no reward, so that every value is 0; one action.

    An observation [2] holds the features of a state: (1, 0) of s and (2, 1) of s′. In most episodes
    the time is up (truncated) when s′ is reached, so that s is seen ``often`` times for each s′.
    """

    STATES = np.array([[1.0, 0.0], [2.0, 1.0]], np.float32)

    def __init__(self, often: int = OFTEN):
        self.often = often
        self.observation_space = gym.spaces.Box(0.0, 2.0, (2,), np.float32)
        self.action_space = gym.spaces.Discrete(1)

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        super().reset(seed=seed)
        self._place = 0
        return self.STATES[0], {}

    def step(self, action):
        at_the_end, self._place = self._place == 1, 1
        time_is_up = not at_the_end and self.np_random.random() > 1 / self.often
        return self.STATES[1], 0.0, at_the_end, time_is_up, {}


def two_weights(obs_shape: tuple, n_actions: int) -> nn.Module:
    """Return the network of the worked example: q(s) = w₁, q(s′) = 2w₁ + w₂, from w = (1, 1)."""
    network = nn.Linear(2, 1, bias=False)
    nn.init.ones_(network.weight)
    return network


class Side:
    """One side of the lab: settings, S runs, and the strip of the first run."""

    def __init__(self, side: str, config: Config, seeds, slots: dict, often: int = OFTEN):
        self.side, self.config, self.seeds, self.slots = side, config, seeds, slots
        self.often = often
        self.obs = torch.from_numpy(TwoStates.STATES)  # [2, 2]
        self.begin()

    def begin(self) -> None:
        self._envs: list[TwoStates] = []
        self.trainer = Trainer(
            self.config, self.seeds, env=self._env, network=two_weights,
            record={"error": self._error}, **self.slots,
        )  # fmt: skip
        self.strip: deque = deque(maxlen=WINDOW + 1)  # (prediction, target) of the first run
        self._look()

    def _env(self) -> TwoStates:
        self._envs.append(TwoStates(self.often))
        return self._envs[-1]

    def change(self, field: str, value) -> None:
        if field == "often":  # of the steps from now on: the buffer turns over by and by
            self.often = value
            for env in self._envs:
                env.often = value
            return
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
        """The root mean squared error of both values of one run; the true ones are 0."""
        with torch.no_grad():
            return moment.online(self.obs).double().square().mean().sqrt()

    def _look(self) -> None:
        """Note the first run's prediction q(s), and its target."""
        online, frozen = (self.trainer.network(self.seeds[0], target=t) for t in (False, True))
        with torch.no_grad():
            prediction = online(self.obs[:1])[0, 0]
            y = targets.td_target(torch.zeros(1), torch.zeros(1, dtype=torch.bool),
                                  frozen(self.obs[1:]), self.config.gamma)  # fmt: skip
        self.strip.append((float(prediction), float(y[0])))

    def lines(self) -> list[Curve]:
        """Return the strip's curves: the true value, the target and the prediction."""
        values = np.array(self.strip)  # [n, 2]
        x = np.arange(1 - len(values), 1)
        return [
            Curve("true value", MUTED, "--", x=np.array([-WINDOW, 0]), mean=np.zeros(2)),
            Curve("target y", INK, x=x, mean=values[:, 1]),
            Curve("prediction q(s)", SIDE_COLORS[self.side], x=x, mean=values[:, 0]),
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
        c, now = self.config, self.strip[-1]
        settings = [f"{CHOICES[n][0]} {getattr(c, n):g}" for n in CHOICES]
        own = self.trainer.own.get("sync_target")
        if own:
            settings.append(f"your {html.escape(getattr(own, '__name__', 'sync_target'))}")
        error = self.trainer.run().records["error"][:, -1:]
        found = [f"seed {self.seeds[0]}: prediction {short(now[0])}, target {short(now[1])}"]
        if len(self.strip) > 1:
            moves = (short(a - b, sign="+") for a, b in zip(now, self.strip[-2], strict=True))
            found.append("in the last update they moved by {} and {}".format(*moves))
        if error.size and self.updates:
            found.append(f"error {short(error.mean())} (mean of {len(self.seeds)} seeds)")
        return side_lines(self.side, settings, found)


def short(value: float, sign: str = "") -> str:
    """Return a number of any size with three digits, as in 0.123, −4.56 or 7.8e+09."""
    if abs(value) < 1e4:
        return ("+" if sign and value > 0 else "") + number(value, 3)
    return f"{value:{sign}.2g}".replace("-", "−")
