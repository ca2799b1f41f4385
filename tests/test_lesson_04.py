"""What lesson 04 promises of its own code, beyond what nbval compares.

`tests/mutants/test_lesson_04.toml` lists the mutants that these tests kill.
"""

import copy

import gymnasium as gym
import nbformat
import numpy as np
import pytest
import torch

from dqnlib import Transition, policies, targets
from dqnlib.config import Config
from dqnlib.course import notebooks
from dqnlib.envs import make_for
from dqnlib.networks import QNetwork
from dqnlib.replay import ReplayBuffer
from dqnlib.training import train


def cell_that(begins: str, lesson: str) -> str:
    """Return the source of the one cell of a lesson that begins so."""
    (path,) = (p for p in notebooks.lessons() if p.stem.startswith(lesson))
    cells = nbformat.read(path, as_version=4).cells
    (found,) = (c.source for c in cells if c.source.startswith(begins))
    return found


@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize("max_episode_steps", [None, 15])
def test_the_dqn_of_lesson_04_is_the_librarys(seed, max_episode_steps):
    source = cell_that("def dqn(", "04")
    assert len(source.splitlines()) <= 60
    names = {
        "copy": copy, "np": np, "torch": torch, "policies": policies, "Transition": Transition,
        "QNetwork": QNetwork, "ReplayBuffer": ReplayBuffer, "dqn_update": targets.dqn_update,
        "hard_update": targets.hard_update,
    }  # fmt: skip
    exec(compile(source, "lesson 04", "exec"), names)
    config = Config(steps=1_400, warmup=200, max_episode_steps=max_episode_steps)
    env = make_for(config, None)
    if max_episode_steps:
        env = gym.wrappers.TimeLimit(env, max_episode_steps)
    online, returns = names["dqn"](env, config, seed)
    run = train(config.replace(eval_every=0), [seed])
    assert returns == run.returns[0].tolist()
    for found, want in zip(online.parameters(), run.parameters.values(), strict=True):
        assert np.allclose(found.detach().numpy(), want[0], atol=1e-4)
