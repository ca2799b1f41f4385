"""The values that are passed around in one run: steps, transitions and batches."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dqnlib import moved

if TYPE_CHECKING:
    import torch
    from torch import nn

__getattr__ = moved.names_of(__name__)  # for what was here before


class Step(NamedTuple):
    """One environment step of one run, and what was learned from it."""

    obs: int  # state before the step
    action: int  # action taken
    reward: float  # reward received
    next_obs: int  # state after the step, also when the episode ended there
    terminated: bool  # the environment ended the episode: no reward can follow
    truncated: bool  # a time limit ended it: reward could have followed
    td_target: float  # what q[obs, action] was moved toward
    td_error: float  # td_target minus the old q[obs, action]


class Transition(NamedTuple):
    """One environment step of one run, as a replay buffer stores it."""

    obs: np.ndarray  # [*O] before the step
    action: int
    reward: float
    next_obs: np.ndarray  # [*O] after the step, also when the episode ended there
    terminated: bool  # the environment ended the episode; a time limit does not count


class _Fields(NamedTuple):
    obs: "torch.Tensor"  # [B, *O] float32
    action: "torch.Tensor"  # [B] int64
    reward: "torch.Tensor"  # [B] float32
    next_obs: "torch.Tensor"  # [B, *O] float32
    terminated: "torch.Tensor"  # [B] bool


_ADDED = ("weight", "index", "discount", "follows")


class Batch(_Fields):
    """B transitions of one run, as tensors: five fields, and what some buffers add to them.

    Fields: obs [B, *O], action [B], reward [B], next_obs [B, *O], terminated [B].
    """

    weight: "torch.Tensor | None" = None  # [B] float32, of each transition's loss; None: 1 each
    index: "torch.Tensor | None" = None  # [B] int64, by which the buffer knows them again
    discount: "torch.Tensor | None" = None  # [B] float32, of each next value; None: one for all
    # [B] bool, of an agent without replay: a trace goes on to this step from the one before
    follows: "torch.Tensor | None" = None

    def __new__(cls, obs, action, reward, next_obs, terminated, **added):
        batch = super().__new__(cls, obs, action, reward, next_obs, terminated)
        for name, field in added.items():
            if name not in _ADDED:
                raise TypeError(f"a Batch has no field {name!r}")
            setattr(batch, name, field)
        return batch

    def added(self) -> dict:
        """Return what this batch has beside its five fields, by name."""
        fields = {name: getattr(self, name) for name in _ADDED}
        return {name: field for name, field in fields.items() if field is not None}

    def _replace(self, **changes) -> "Batch":
        added = {name: changes.pop(name, getattr(self, name)) for name in _ADDED}
        return Batch(*super()._replace(**changes), **added)


class Moment(NamedTuple):
    """What a function in ``record`` sees of one run, when a record is made."""

    steps: int  # environment steps so far
    seed: int
    online: "nn.Module"  # the network that learns; to read, not to change
    target: "nn.Module"  # the target network
    batch: Batch | None  # what the last update learned from; None before the first one
