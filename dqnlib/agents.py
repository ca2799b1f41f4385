"""The agents of a run that is over: each seed's network."""

import torch
from torch import nn

from dqnlib.results import Run, check_slots, parameters_of
from dqnlib.seeds.learner import first_line
from dqnlib.seeds.slots import network_maker


def network_of(run: Run, seed: int, *, best: bool = False, network: nn.Module | None = None):
    """Return one run's trained network as a module [B, *O] -> [B, A], on the CPU.

    best: as it was at the best evaluation, not at the end. network: a fresh network of your own,
    if the run was trained with your own; its parameters are overwritten. Raises ValueError for a
    seed that is not in the run, for a network that is missing, too much, or does not fit.
    """
    check_slots(run, network=network)
    if seed not in run.seeds:
        raise ValueError(f"the run has the seeds {run.seeds}, but not {seed}")
    row, arrays = run.seeds.index(seed), parameters_of(run, best)
    kept = {name: torch.from_numpy(array[row].copy()) for name, array in arrays.items()}
    if network is None:
        weights = [array for name, array in arrays.items() if name.endswith("weight")]
        network = network_maker(run.config)(weights[0].shape[2], weights[-1].shape[1])
    try:
        network.load_state_dict(kept)
    except RuntimeError as error:
        raise ValueError(
            f"the network does not fit the run: {first_line(error)}. If the run was trained with "
            "a network of your own, give it as network=..."
        ) from None
    return network
