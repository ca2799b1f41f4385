"""n-step learning on the random walk for S runs, and for several n and step sizes at once.

N values of n, A step sizes, T the longest walk of an episode.
"""

from collections.abc import Sequence

import numpy as np


def errors(
    places: Sequence[Sequence[np.ndarray]],
    steps: np.ndarray,
    alphas: np.ndarray,
    true_values: np.ndarray,
) -> np.ndarray:
    """Return the errors of `dqnlib.classics.random_walk.run` for each n, α and run: [N, A, S].

    places: of each run and episode, from the start to beyond an end; steps: [N] n; alphas: [A];
    true_values: of the states [K]; beyond the ends lie the places 0 and K + 1.
    """
    k, s = len(true_values), len(places)
    value = np.zeros((len(steps), len(alphas), s, k + 2))
    total = np.zeros(value.shape[:3])
    for episode in zip(*places, strict=True):
        _learn(value, episode, steps, alphas[None, :, None])
        total += np.sqrt(((value[..., 1:-1] - true_values) ** 2).mean(-1))
    return total / len(places[0])


def _learn(value: np.ndarray, walks, steps: np.ndarray, alpha: np.ndarray) -> None:
    """Change the values [N, A, S, K + 2] by one walk of every run."""
    runs = np.array(sorted(range(len(walks)), key=lambda k: -len(walks[k])))  # the longest first
    length = np.array([len(walks[k]) - 1 for k in runs])
    longest = int(length[0])
    padded = np.zeros((len(runs), longest + 1), int)  # after the end: the last place
    for row, k in enumerate(runs):
        padded[row, : len(walks[k])] = walks[k]
        padded[row, len(walks[k]) :] = walks[k][-1]
    last = value.shape[3] - 1
    for t in range(longest):
        walking = int(np.searchsorted(-length, -t))  # runs that are longer than t
        rows = runs[:walking]
        leads_to = padded[np.arange(walking), np.minimum(t + steps[:, None], longest)]  # [N, R]
        # beyond an end the value is 0, and the window's last reward is ±1
        reward = np.where(leads_to == last, 1.0, np.where(leads_to == 0, -1.0, 0.0))[:, None]
        each = np.arange(len(steps))[:, None, None], np.arange(value.shape[1])[:, None]
        target = reward + value[(*each, rows, leads_to[:, None])]  # [N, A, R]
        here = (*each, rows, padded[:walking, t])
        value[here] += alpha * (target - value[here])
