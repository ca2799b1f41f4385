"""The agents of a run that is over: their networks, and how well they play."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from dqnlib.arguments import check_count
from dqnlib.config import Config
from dqnlib.device import compute_threads
from dqnlib.policies import random_streams
from dqnlib.results import Run, check_slots, parameters_of
from dqnlib.seeds.acting import EVAL_LIMIT, Examiner, network_input
from dqnlib.seeds.distributions import values_of
from dqnlib.seeds.environments import environments
from dqnlib.seeds.learner import first_line
from dqnlib.seeds.networks import stack
from dqnlib.seeds.slots import network_maker
from dqnlib.seeds.stacks import Stack


def evaluate(
    run: Run,
    episodes: int = 100,
    *,
    seed: int = 0,
    best: bool = False,
    env: Callable | None = None,
    network: Callable | None = None,
    values: Callable | None = None,
) -> np.ndarray:
    """Return the greedy returns [S, episodes] of a run's agents on fresh environments.

    The starts come from `seed` and from each agent's own seed; neither training nor the
    evaluations during it have seen them. best: the agents as they were at their best evaluation,
    not at the end. env, network, values: your own, if the run was trained with them. Raises
    ValueError if one of them is missing, too much, or does not fit the run, if the run was stored
    without its networks, or if a best evaluation is asked for where none was.
    """
    episodes, seed = check_count("episodes", episodes), check_count("seed", seed, 0)
    check_slots(run, env=env, network=network, values=values)
    arrays = parameters_of(run, best)
    if best and (run.best_steps < 0).any():
        raise ValueError(
            "the run has no best agents, for it was not evaluated while it trained (eval_every)"
        )
    numbers = _fresh(run, seed, 1)
    stacked = _networks(run, arrays, numbers, env, network, values)
    names = [f"seed {s}" for s in run.seeds]
    with compute_threads(1):
        return Examiner(run.config, env, numbers, names).returns(stacked, 0, episodes)


def _fresh(run: Run, seed: int, what: int) -> list[int]:
    """Return a number for each seed of a run, from which its starts come; what: 1, 2, ..."""
    return [
        int(np.random.SeedSequence([random_streams(s).eval_seed, seed, what]).generate_state(1)[0])
        for s in run.seeds
    ]


def _networks(run: Run, arrays, numbers: list[int], env, network=None, values=None) -> Stack:
    """Return the networks of a run side by side; ValueError if the makers do not fit it."""
    shape = environments(run.config, env, numbers[:1])
    make = network_maker(run.config, network)
    values = values_of(run.config, values)
    stacked = stack(make, numbers, shape.obs_shape, shape.n_actions, "cpu", values)
    try:
        stacked.put({name: torch.from_numpy(array.copy()) for name, array in arrays.items()})
    except ValueError:
        raise ValueError(
            "the network does not fit the run: give the makers that it was trained with, as "
            "network=... and env=..."
        ) from None
    return stacked


class Episodes(NamedTuple):
    """Greedy episodes of S agents, E each, step by step; NaN after an episode's end."""

    value: np.ndarray  # [S, E, T] what the network says: the largest action value
    reward: np.ndarray  # [S, E, T] what came of it
    terminated: np.ndarray  # [S, E] bool; False: a time limit cut the episode


def greedy_episodes(
    run: Run, episodes: int = 5, *, seed: int = 0, env: Callable | None = None
) -> Episodes:
    """Play a run's agents greedily on fresh starts, and keep values and rewards of every step.

    So what a network promises can be held against what its agent then earns (van Hasselt, Guez &
    Silver 2016, Figure 3; lesson 05). The starts come as those of `evaluate`, but are others. env:
    your own, if the run was trained with it. Raises ValueError as `evaluate` does.
    """
    episodes, seed = check_count("episodes", episodes), check_count("seed", seed, 0)
    check_slots(run, env=env, network=None, values=None)
    numbers = _fresh(run, seed, 2)
    stacked = _networks(run, parameters_of(run, best=False), numbers, env)
    starts = [int(x) for n in numbers for x in np.random.SeedSequence(n).generate_state(episodes)]
    rows = environments(run.config, env, starts)
    if rows.limit is None and rows.registered_limit is None:
        rows.limit = EVAL_LIMIT
    value, reward, over, terminated = [], [], *np.zeros((2, len(starts)), bool)
    with compute_threads(1):
        while not over.all():
            obs = torch.from_numpy(rows.obs).view(len(numbers), episodes, *rows.obs_shape)
            q = stacked.q(network_input(obs, "cpu")).flatten(0, 1).numpy()  # [S * E, A]
            value.append(np.where(over, np.nan, q.max(1)))
            next_obs, gained, died, cut = rows.step(q.argmax(1))
            reward.append(np.where(over, np.nan, gained))
            terminated |= died & ~over
            over = over | died | cut
            rows.advance(next_obs, died | cut)
    shape = (len(numbers), episodes, -1)
    found = (np.array(x).T.reshape(shape) for x in (value, reward))
    return Episodes(*found, terminated.reshape(shape[:2]))


def network_of(run: Run, seed: int, *, best: bool = False, network: nn.Module | None = None):
    """Return one run's trained network as a module [B, *O] -> [B, A], on the CPU.

    With config.atoms it gives logits [B, A, K].

    best: as it was at the best evaluation, not at the end. network: a fresh network of your own (a
    module, no class), if the run was trained with your own; its parameters are overwritten. Its
    output is its own: a ``values`` of the run is not applied, and noise is drawn until `eval()` is
    called. Raises ValueError for a seed that is not in the run, for a network that is missing, too
    much, or does not fit.
    """
    check_slots(run, network=network)
    if not isinstance(network, nn.Module | None):
        raise ValueError(
            f"network must be a module, such as MyNetwork(obs_shape, n_actions), but it is "
            f"{network!r}"
        )
    if seed not in run.seeds:
        raise ValueError(f"the run has the seeds {run.seeds}, but not {seed}")
    row, arrays = run.seeds.index(seed), parameters_of(run, best)
    kept = {name: torch.from_numpy(array[row].copy()) for name, array in arrays.items()}
    if network is None:
        weights = [array for name, array in arrays.items() if name.endswith("weight")]
        outputs = weights[-1].shape[1] // run.config.atoms
        network = network_maker(run.config)(_obs_shape(run.config, weights), outputs)
    try:
        network.load_state_dict(kept)
    except RuntimeError as error:
        raise ValueError(
            f"the network does not fit the run: {first_line(error)}. If the run was trained with "
            "a network of your own, give it as network=..."
        ) from None
    return network


def _obs_shape(config: Config, weights: list[np.ndarray]) -> tuple[int, ...] | int:
    """Return a shape of observations that leads to these weights [S, out, in, ...]."""
    if not config.channels:
        return weights[0].shape[2]
    after = weights[len(config.channels)].shape[2] // config.channels[-1]  # pixels
    lost = 2 * len(config.channels)  # of height and of width
    return weights[0].shape[2], 1 + lost, after + lost  # which is high, which is wide: no matter
