"""CartPole looked into for S runs at once: what `dqnlib.balance` tells about one."""

import numpy as np
import torch

from dqnlib import balance
from dqnlib.policies import random_streams
from dqnlib.seeds.stacks import Stack

PLACES = (0.0, 1.0, 1.5, 2.0, 2.35)  # meters from the middle, where values are looked up
SPEEDS = {"rest": 0.0, "out": 0.5}  # meters a second, outward
LEANS = (0.0, 1.0, 2.0)  # meters from the middle, where the pole leans
LEAN = 0.05  # radians: 3 degrees


class Looker:
    """Looks at the networks of S runs while they train; the starts are its own.

    seeds: of the runs; scale: of the observations; true_values: also play the agents out from
    placed states, for what the actions are really worth.
    """

    def __init__(self, seeds, scale, gamma: float, episodes: int = 10, true_values: bool = True):
        self.seeds, self.scale, self.gamma, self.true_values = seeds, scale, gamma, true_values
        numbers = [random_streams(s).eval_seed for s in seeds]
        self._starts = np.concatenate([balance.starts(episodes, [n, 2]) for n in numbers])
        self._episodes = episodes

    def look(self, stack: Stack) -> dict[str, np.ndarray]:
        """Return how greedy episodes end, where the cart is, and values at the places: [S] each."""
        s = len(self.seeds)
        values = as_one(stack)
        played = balance.play(values, self._starts, scale=self.scale)
        by_seed = played.end.reshape(s, -1)
        found = {end: (by_seed == k).mean(1) for k, end in enumerate(balance.ENDS)}
        after = np.abs(played.x[min(100, len(played.x) - 1)])
        found["cart"] = after.reshape(s, -1).mean(1)
        return found | self._at_places(values) | self._leaning(values)

    def _leaning(self, values) -> dict[str, np.ndarray]:
        """Return how much more the push under a leaning pole is worth than the other, by place."""
        s = len(self.seeds)
        both = [balance.placed(np.array(LEANS), lean=sign * LEAN) for sign in (-1, 1)]
        q = values(balance.observe(np.tile(np.concatenate(both), (s, 1)), self.scale)).numpy()
        left, right = np.moveaxis(q.reshape(s, 2, len(LEANS), 2), 1, 0)  # [S, P, 2] each
        gain = (left[..., 0] - left[..., 1] + right[..., 1] - right[..., 0]) / 2
        right_way = ((left.argmax(-1) == 0) & (right.argmax(-1) == 1)).astype(float)
        found = {f"lean gap {x:g}": gain[:, k] for k, x in enumerate(LEANS)}
        return found | {f"lean right {x:g}": right_way[:, k] for k, x in enumerate(LEANS)}

    def _at_places(self, values) -> dict[str, np.ndarray]:
        s, places = len(self.seeds), np.array(PLACES)
        states = np.concatenate([balance.placed(places, speed) for speed in SPEEDS.values()])
        names = [f"{kind} {x:g}" for kind in SPEEDS for x in PLACES]
        states = np.tile(states, (s, 1))  # [S · P, 4]
        q = values(balance.observe(states, self.scale)).numpy().reshape(s, len(names), -1)
        found = {f"says {n}": q[:, k].max(1) for k, n in enumerate(names)}
        found |= {f"says gap {n}": np.ptp(q[:, k], axis=1) for k, n in enumerate(names)}
        if self.true_values:
            true = balance.played_out(values, states, self.gamma, scale=self.scale)
            true = true.reshape(s, len(names), -1)
            found |= {f"true {n}": true[:, k].max(1) for k, n in enumerate(names)}
            found |= {f"true gap {n}": np.ptp(true[:, k], axis=1) for k, n in enumerate(names)}
        return found


def as_one(stack: Stack):
    """Return the networks of S runs as one function: observations [S · B, O] -> values [S · B, A].

    The rows of each run lie together.
    """
    s = len(stack.modules)
    return lambda obs: stack.q(obs.view(s, -1, obs.shape[-1])).flatten(0, 1)


def in_buffers(rows: torch.Tensor, scale) -> dict[str, np.ndarray]:
    """Return what S rings [S, N, 2 O + 3] of CartPole hold: [S] each.

    fallen: transitions in which the pole falls; off: in which the cart leaves the track; leaning:
    observations with the pole more than 6 degrees from upright; outside: more than 2 m from the
    middle.
    """
    scale = np.array(scale, np.float32)
    obs, after = rows[..., :4].numpy() / scale, rows[..., 4:8].numpy() / scale
    ended = rows[..., -1].numpy() > 0
    fell = ended & (np.abs(after[..., 2]) > balance.LEAN)
    return {
        "fallen": fell.sum(1).astype(float),
        "off": (ended & ~fell).sum(1).astype(float),
        "leaning": (np.abs(obs[..., 2]) > balance.LEAN / 2).mean(1),
        "outside": (np.abs(obs[..., 0]) > 2).mean(1),
    }
