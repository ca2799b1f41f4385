"""How one run acts: ε-greedy, the schedule of ε, and where its random numbers come from."""

from typing import NamedTuple

import numpy as np

from dqnlib.tabular import epsilon_greedy

__all__ = ["Streams", "env_seeds", "epsilon_greedy", "linear_schedule", "random_streams"]
# epsilon_greedy is that of lesson 01: a network's row of values [A] is as good as a table's


def linear_schedule(step: int, start: float, end: float, duration: int) -> float:
    """Return a value that goes in a straight line from start to end in `duration` steps.

    After that it stays at end (Mnih et al. 2015, Methods, for ε; lesson 03).
    """
    return end if step >= duration else start + (end - start) * step / duration


class Streams(NamedTuple):
    """The random numbers of one run, each kind independent of the others."""

    env_seed: int  # for the first env.reset(seed=...)
    explore: np.random.Generator  # epsilon_greedy
    sample: np.random.Generator  # which transitions the replay buffer gives out
    network_seed: int  # for torch.manual_seed before the network is made
    eval_seed: int  # for the environments of the greedy evaluations
    noise_seed: int  # for what a noisy network draws
    goals: np.random.Generator  # which goals hindsight takes


def env_seeds(env_seed: int, environments: int) -> list[int]:
    """Return a seed for each environment of one run; the first is that of `Streams`."""
    more = np.random.SeedSequence(env_seed).generate_state(environments - 1)
    return [env_seed, *map(int, more)]


def random_streams(seed: int) -> Streams:
    """Return the independent random numbers of the run with this seed.

    The first two are those of `tabular.random_streams`.
    """
    env, explore, sample, network, evaluation, noise, goals = np.random.SeedSequence(seed).spawn(7)
    number = [int(stream.generate_state(1)[0]) for stream in (env, network, evaluation, noise)]
    return Streams(
        env_seed=number[0],
        explore=np.random.default_rng(explore),
        sample=np.random.default_rng(sample),
        network_seed=number[1],
        eval_seed=number[2],
        noise_seed=number[3],
        goals=np.random.default_rng(goals),
    )
