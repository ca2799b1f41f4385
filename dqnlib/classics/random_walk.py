"""The random walk of 19 states, and n-step learning on it (lesson 06).

Each step goes left or right with equal probability, from the middle on. An episode terminates off
the left end, with reward −1, or off the right end, with reward 1; all other rewards are 0, γ = 1.
So the true value of a state is its chance to leave on the right minus that on the left.

Places 0 and 20 are beyond the ends, the states are 1 to 19. `run` is one run, to be read; `errors`
gives the same numbers for many runs, and for many n and α on the same walks.

Source: Sutton & Barto, Example 7.1 and Figure 7.2.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch

from dqnlib.arguments import check_count, check_number, check_seeds
from dqnlib.seeds import random_walk as many
from dqnlib.targets import n_step_return

STATES, START = 19, 10
TRUE_VALUES = (np.arange(1, STATES + 1) - START) / START  # [19], from −0.9 to 0.9
ALPHAS = tuple(np.round(np.linspace(0.05, 1, 20), 2).tolist())
STEPS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)  # n in the figure


def walk(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return one episode: the places [T + 1] from the start on, and the rewards [T]."""
    places = [START]
    while 0 < places[-1] <= STATES:
        places.append(places[-1] + (1 if rng.random() < 0.5 else -1))
    reward = np.zeros(len(places) - 1)
    reward[-1] = 1.0 if places[-1] > STATES else -1.0
    return np.array(places), reward


def error(value: np.ndarray) -> float:
    """Return the root of the mean squared error over the 19 states; value: [21]."""
    return float(np.sqrt(np.mean((value[1:-1] - TRUE_VALUES) ** 2)))


def run(
    n: int, alpha: float, episodes: int = 10, seed: int = 0, *, returns: Callable = n_step_return
) -> np.ndarray:
    """Return the error after each episode of n-step TD learning [episodes], from values of 0 on.

    n: rewards of a window, cut where the episode terminates; alpha: step size, 0 to 1; returns: of
    windows, as `dqnlib.targets.n_step_return`. Each state is updated when its window is complete,
    in the order in which the states were visited (Sutton & Barto, "n-step TD" in section 7.1).
    """
    rng, value, found = np.random.default_rng(seed), torch.zeros(STATES + 2).double(), []
    for _ in range(episodes):
        places, reward = walk(rng)
        reward = torch.from_numpy(reward)
        terminated = torch.arange(len(reward)) == len(reward) - 1
        for t in range(len(reward)):
            end = min(t + n, len(reward))
            target = returns(
                reward[None, t:end], terminated[None, t:end], value[places[end]][None], 1.0
            )  # [1]
            value[places[t]] += alpha * (target[0] - value[places[t]])
        found.append(error(value.numpy()))
    return np.array(found)


def errors(
    steps: Sequence[int] = STEPS,
    alphas: Sequence[float] = ALPHAS,
    seeds: Iterable[int] = range(50),
    episodes: int = 10,
) -> np.ndarray:
    """Return the error of each run, in the mean over the first episodes: [n, α, seeds].

    Row k of the seeds walks the same walks for every n and α. Raises ValueError for settings out
    of range. Entry [i, j, k] is the mean of ``run(steps[i], alphas[j], episodes, seeds[k])``.
    """
    steps = [check_count("each n", n) for n in steps]
    alphas = [check_number("each alpha", alpha, 0, 1) for alpha in alphas]
    episodes = check_count("episodes", episodes)
    rngs = [np.random.default_rng(seed) for seed in check_seeds(seeds)]
    places = [[walk(rng)[0] for _ in range(episodes)] for rng in rngs]
    return many.errors(places, np.array(steps), np.array(alphas), TRUE_VALUES)
