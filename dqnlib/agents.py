"""The agents of a run that is over: their networks, and how well they play."""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from dqnlib.arguments import check_count
from dqnlib.device import compute_threads
from dqnlib.policies import random_streams
from dqnlib.results import Run, check_slots, parameters_of
from dqnlib.seeds.acting import Examiner
from dqnlib.seeds.distributions import values_of
from dqnlib.seeds.environments import environments
from dqnlib.seeds.learner import first_line
from dqnlib.seeds.networks import stack
from dqnlib.seeds.slots import network_maker


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
    numbers = [
        int(np.random.SeedSequence([random_streams(s).eval_seed, seed, 1]).generate_state(1)[0])
        for s in run.seeds
    ]
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
    names = [f"seed {s}" for s in run.seeds]
    with compute_threads(1):
        return Examiner(run.config, env, numbers, names).returns(stacked, 0, episodes)


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
        network = network_maker(run.config)(weights[0].shape[2], outputs)
    try:
        network.load_state_dict(kept)
    except RuntimeError as error:
        raise ValueError(
            f"the network does not fit the run: {first_line(error)}. If the run was trained with "
            "a network of your own, give it as network=..."
        ) from None
    return network
