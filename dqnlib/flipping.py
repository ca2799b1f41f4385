"""Bit flipping as an experiment (lesson 06c): its settings, its success, and its true values."""

import dataclasses

import numpy as np
import torch

from dqnlib.agents import network_of
from dqnlib.config import Config
from dqnlib.goals import draw_task
from dqnlib.results import Run

EPISODES, UPDATES = 16, 40  # of one cycle (Andrychowicz et al. 2017 have 16 episodes and 40, too)


def settings(bits: int, cycles: int = 40, **changes) -> Config:
    """Return the settings for n bits: cycles of 16 episodes of n steps, with 40 updates each.

    changes: other fields of `Config`, such as hindsight="future". The target network is copied
    once a cycle. Raises what `Config` raises.
    """
    cycle = EPISODES * bits  # environment steps
    steps = cycle * cycles
    every = {"eval_every": max(1, steps // 20), "record_every": max(1, steps // 20)}
    stored = steps * (1 + changes.get("hindsight_goals", 4))
    stored = min(max(stored, 128), 200_000)  # one batch or more; nothing is overwritten, to a limit
    made = Config(
        env_id=f"dqnlib/BitFlipping{bits}-v0", steps=steps, gamma=0.98, hidden=(256,),
        learning_rate=3e-3, final_learning_rate=3e-4, batch_size=128, capacity=stored,
        warmup=cycle, update_every=max(1, round(cycle / UPDATES)), sync_every=cycle,
        final_epsilon=0.2, epsilon_steps=steps // 10, eval_episodes=20, **every,
    )  # fmt: skip
    return made.replace(**changes)


def success(run: Run) -> Run:
    """Return the same run with success in place of its greedy returns: 100 at the goal, else 0.

    So `whole()` and `late()` are percent of episodes. A return is −1 a step, and 0 for the step
    that reaches the goal: an episode that fails earns −n, all others more. Raises ValueError for
    another environment.
    """
    limit = bits_of(run.config)
    reached = 100.0 * (run.eval_returns > -limit)
    return dataclasses.replace(
        run, eval_returns=np.where(np.isnan(run.eval_returns), np.nan, reached)
    )


def bits_of(config: Config) -> int:
    """Return n; ValueError for another environment."""
    name = config.env_id.removeprefix("dqnlib/BitFlipping").removesuffix("-v0")
    if not name.isdigit():
        raise ValueError(f"this is about bit flipping, but env_id is {config.env_id!r}")
    return int(name)


def true_value(distance: int, gamma: float) -> float:
    """Return V* where so many bits are wrong: −1 for each step but the last (lesson 06c)."""
    return -sum(gamma**k for k in range(distance - 1))


def learned_values(run: Run, tasks: int = 100, seed: int = 0) -> np.ndarray:
    """Return [S, n] the largest Q-value where 1, 2, ..., n bits are wrong, mean over some tasks.

    Random rows, and goals that differ from them in just so many bits. Raises ValueError for a run
    that was stored without its networks.
    """
    bits, rng = bits_of(run.config), np.random.default_rng(seed)
    found = np.zeros((len(run.seeds), bits))
    networks = [network_of(run, seed) for seed in run.seeds]
    for distance in range(1, bits + 1):
        rows = np.stack([draw_task(bits, rng)[0] for _ in range(tasks)])  # [N, n]
        wrong = rng.permuted(np.arange(bits) < np.full((tasks, 1), distance), axis=1)
        obs = torch.from_numpy(np.concatenate([rows, rows ^ wrong], 1).astype(np.float32))
        with torch.no_grad():
            found[:, distance - 1] = [float(n(obs).amax(1).mean()) for n in networks]
    return found
