"""Lesson 08: each of its claims can fail, and its stack drives the real training loop.

`tests/mutants/lessons/test_lesson_08.toml` lists the mutants that these tests kill.
"""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from lesson_support import assert_each_claim_can_fail, code_cells
from torch import nn

from dqnlib import Transition, train
from dqnlib.config import Config
from dqnlib.envs import make
from dqnlib.frames import FrameReplayBuffer
from dqnlib.games import CATCH
from dqnlib.intervals import interval
from dqnlib.networks import QNetwork
from dqnlib.results import Run
from dqnlib.stacking import FrameStack, push_frame

LESSON = "08_pixels_and_the_gpu"


class Nothing:
    """Stands for what draws: every call of every name gives one more of it."""

    def __getattr__(self, name):
        return lambda *args, **kwargs: Nothing()


@pytest.mark.filterwarnings("ignore:these agents will not learn")
def test_the_learners_stack_drives_the_training():
    (source,) = (cell for cell in code_cells(LESSON) if "def stacks_of(k)" in cell)
    calls = []

    def mine(stack, frame):
        calls.append(len(stack))
        return push_frame(stack, frame)

    def short(config, seeds, **slots):
        small = config.replace(steps=60, eval_every=30, eval_episodes=1)
        return train(small, seeds=[0], **slots)

    names = {
        "CATCH": CATCH, "FrameStack": FrameStack, "make": make, "train": short,
        "push_frame": mine, "plots": Nothing(), "interval": interval, "options": list("abcd"),
        "reveal": lambda *args, **kwargs: None,
    }  # fmt: skip
    exec(compile(source, "lesson 08", "exec"), names)
    assert {1, 2} == set(calls)
    assert calls.count(2) >= 60
    assert names["runs"]["two pictures"].slots == ("env",)


# -- claims --------------------------------------------------------------------------------


def made_up(greedy, q=5.0, seeds: int = 3) -> Run:
    """A run whose greedy return is this in each seed, give or take a hair."""
    steps = np.arange(1, 21) * 500
    values = np.broadcast_to(np.asarray(greedy, float), (seeds, 20))
    values = values + np.linspace(0, 0.001, seeds)[:, None]
    return Run(
        config=Config(steps=10_000), seeds=tuple(range(seeds)), steps=10_000,
        returns=(np.ones(2),) * seeds, ends=(np.arange(2),) * seeds, record_steps=steps,
        records={"loss": values, "q": np.full((seeds, 20), float(q))}, eval_steps=steps,
        eval_returns=values[:, :, None], diverged=np.full(seeds, -1), parameters={},
        best_parameters={}, best_steps=np.full(seeds, -1),
    )  # fmt: skip


EARLY, LATE = np.r_[np.full(10, 18.0), np.full(10, 5.0)], np.r_[np.full(10, 1.0), np.full(10, 18.0)]


def trained(one, two):
    runs = {"one picture": made_up(one), "two pictures": made_up(two)}
    return {"runs": runs, "late": {name: interval(run.late()) for name, run in runs.items()}}


class Doubled(nn.Conv2d):
    """A convolution that gives twice what it should."""

    def forward(self, obs):
        return 2 * super().forward(obs)


def filters():
    def network(obs_shape, n_actions, channels=(16,), hidden=()):
        return SimpleNamespace(layers=[Doubled(obs_shape[0], channels[0], 3)])

    return {"torch": torch, "ConvNetwork": network, "QNetwork": QNetwork}


def played(both, twice, wrong):
    found = {(0, 1): both, (1, 1): twice, (1, 0): wrong}
    fake = SimpleNamespace(play_catch=lambda agent, order: np.full(20, found[order]))
    return {"attention": fake, "catch_agent": lambda: None, "plots": Nothing()}


def looked(ball, before, anything=0.2, start=0.1):
    rows = {"ball, newest frame": ball, "ball, frame before": before, "any pixel": anything}
    found = {name: np.full(7, value) for name, value in rows.items()}
    found["ball, newest frame"][0] = start
    fake = SimpleNamespace(effects_by_row=lambda agent: found)
    return {"attention": fake, "agent": None, "plots": Nothing()}


def memory():
    return {
        "replay_bytes": lambda n, k, b, once: (n + k) * b,
        "FrameReplayBuffer": FrameReplayBuffer, "Transition": Transition,
        "stacks_of": lambda k: lambda: FrameStack(make("dqnlib/Catch-v0"), k),
    }  # fmt: skip


def clipped(values, reported):
    def fake(config, seeds):
        small = config.reward_clip == 1
        return made_up(reported[small], values[small])

    return {"train": fake}


def stored(breakout=LATE, seaquest=0.3):
    runs = {"Breakout": made_up(breakout), "SpaceInvaders": made_up(LATE),
            "Seaquest": made_up(seaquest)}  # fmt: skip
    return {"studies": SimpleNamespace(load=lambda name: runs), "plots": Nothing()}


REJECTED = {
    "the filter gives 2 and 0": filters,
    "late, two pictures earn more": lambda: trained(5.0, EARLY),
    "over the whole curve as well": lambda: trained(EARLY, 5.0),
    "with both frames it catches 18 or more": lambda: played(17.0, 3.0, 1.0),
    "without motion fewer than 7": lambda: played(19.0, 8.0, 1.0),
    "with the wrong motion fewer still": lambda: played(19.0, 3.0, 4.0),
    "near the ground the ball's pixel": lambda: looked(0.5, 0.2),
    "when the ball starts": lambda: looked(0.5, 0.5, start=0.3),
    "takes less than a sixth of the bytes": memory,
    "clipped, the values are below 1.1": lambda: clipped((5.0, 4.0), (5.0, 5.0)),
    "the reported returns are about 5": lambda: clipped((5.0, 1.0), (5.0, 1.0)),
    "in Breakout and Space Invaders": lambda: stored(breakout=3.0),
    "in Seaquest not one point": lambda: stored(seaquest=2.0),
}  # fmt: skip


def test_each_claim_can_fail():
    assert_each_claim_can_fail(LESSON, REJECTED)
