"""Q-networks of one run: from a batch of observations to one value an action.

A network maps ``[B, *O]`` to ``[B, A]``. `dqnlib.seeds` stacks the networks of many runs.
"""

import math
from collections.abc import Sequence

from torch import Tensor, nn


class QNetwork(nn.Module):
    """A network of fully connected layers with ReLU between them (lesson 02).

    obs_shape: shape of one observation, as in ``(4,)``, or its length; n_actions: A;
    hidden: units of each hidden layer. Observations with several axes are flattened.
    Source: Mnih et al. 2015, with dense layers in place of convolutions.
    """

    def __init__(
        self,
        obs_shape: tuple[int, ...] | int,
        n_actions: int,
        hidden: Sequence[int] = (64, 64),
    ):
        super().__init__()
        size = obs_shape if isinstance(obs_shape, int) else math.prod(obs_shape)
        layers: list[nn.Module] = [nn.Flatten()]
        for width in hidden:
            layers += [nn.Linear(size, width), nn.ReLU()]
            size = width
        self.layers = nn.Sequential(*layers, nn.Linear(size, n_actions))

    def forward(self, obs: Tensor) -> Tensor:
        """Return the action values: [B, *O] -> [B, A]."""
        return self.layers(obs)
