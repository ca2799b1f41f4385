"""Baird's counterexample: seven states, all rewards 0, and weights that diverge (lesson 02b).

Whatever the state, "solid" leads to the seventh and "dashed" to one of the upper six, all equally
likely. The behavior takes dashed in 6 of 7 steps, so each next state is any of the seven. A linear
function of eight weights estimates the values, which truly are all 0, by semi-gradient TD(0).
The weights can represent that (all 0 would do), yet they diverge.

The three parts of the deadly triad are switches:

- off_policy: the target policy always takes solid, and a step counts by its importance ratio
  ρ, 7 after solid and 0 after dashed. Without: the policy that makes the data is the one that
  is evaluated, ρ = 1. The data are the same in both cases.
- bootstrapping: the target is γ v(S'). Without: the estimate v(S') gives way to the true
  return from there, which is 0.
- approximation: the eight weights. Without: a table of seven values, which starts at the values
  that the weights give, (3, 3, 3, 3, 3, 3, 12).

alpha: above 0 up to 0.05; larger steps than 2/35 overshoot by themselves. gamma: 0 to 1. expected:
update all seven states at once, each with the mean over what can follow, as dynamic programming
does; no chance is left in it. W weights: 8, or 7 in a table.

`sampled_change`, `mean_change` and `run` are one run, to be read; `runs` and `weights` give the
same numbers for many seeds.

Source: Baird 1995; Sutton & Barto, section 11.2, Figures 11.1 and 11.2.
"""

from collections.abc import Iterable

import numpy as np

from dqnlib.arguments import check_count, check_switch
from dqnlib.seeds.linear import TDRuns

# State i of the upper six: 2 · w[i] + w[7]; the seventh: w[6] + 2 · w[7] (Figure 11.1) [7, 8]
FEATURES = np.hstack([np.diag([2.0] * 6 + [1.0]), [[1.0]] * 6 + [[2.0]]])
START = np.array([1.0, 1, 1, 1, 1, 1, 10, 1])  # weights of Figure 11.2 [8]
SOLID = 6  # the state that solid leads to


def representation(approximation: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return the features of the states [7, W] and the first weights [W]."""
    if check_switch("approximation", approximation):
        return FEATURES, START
    return np.eye(7), FEATURES @ START


# -- one run -------------------------------------------------------------------------------


def sampled_change(
    weights, features, state, next_state, gamma=0.99, *, off_policy=True, bootstrapping=True
):
    """Return ρ δ ∇v of one transition [W]: an update adds α times this (equation 11.2).

    weights: [W]; features: [7, W] of all states; state, next_state: 0 to 6.
    """
    value = (weights * features[state]).sum()
    next_value = (weights * features[next_state]).sum() if bootstrapping else 0.0
    td_error = 0.0 + gamma * next_value - value  # the reward is 0
    ratio = 1.0
    if off_policy:
        ratio = 7.0 if next_state == SOLID else 0.0
    return ratio * td_error * features[state]


def mean_change(weights, features, gamma=0.99, *, off_policy=True, bootstrapping=True):
    """Return the mean over the states of E[δ] ∇v [W] (equation 11.9).

    weights: [W]; features: [7, W] of all states.
    """
    value = features @ weights  # [7]
    follows = value[SOLID] if off_policy else value.mean()
    td_error = 0.0 + gamma * bootstrapping * follows - value  # [7]
    return td_error @ features / 7


def run(
    updates: int = 1000,
    seed: int = 0,
    *,
    approximation: bool = True,
    alpha: float = 0.01,
    gamma: float = 0.99,
    expected: bool = False,
    **switches: bool,
) -> np.ndarray:
    """Return the weights of one run after 0, 1, ... updates: [updates + 1, W].

    switches: off_policy and bootstrapping, both on if left out.
    """
    features, weights = representation(approximation)
    rng, history = np.random.default_rng(seed), [weights]
    state = int(7 * rng.random())
    for _ in range(updates):
        next_state = int(7 * rng.random())
        if expected:
            change = mean_change(weights, features, gamma, **switches)
        else:
            change = sampled_change(weights, features, state, next_state, gamma, **switches)
        weights = weights + alpha * change
        history.append(weights)
        state = next_state
    return np.array(history)


# -- many runs -----------------------------------------------------------------------------


def runs(
    seeds: Iterable[int] = range(10),
    *,
    off_policy: bool = True,
    bootstrapping: bool = True,
    approximation: bool = True,
    alpha: float = 0.01,
    gamma: float = 0.99,
    expected: bool = False,
) -> TDRuns:
    """Return runs of Baird's counterexample, one a seed; its `step` takes one update in each.

    The switches, alpha and gamma may be changed between steps, but not approximation. Raises
    ValueError for a setting out of range.
    """
    return TDRuns(
        *representation(approximation), seeds, off_policy=off_policy, bootstrapping=bootstrapping,
        alpha=alpha, gamma=gamma, expected=expected,
    )  # fmt: skip


def weights(updates: int = 1000, *, seeds: Iterable[int] = range(10), **settings) -> np.ndarray:
    """Return the weights after 0, 1, ... updates: an array [seeds, updates + 1, W].

    settings: those of `runs`. With all three switches on the weights grow without end, and become
    inf and NaN after some 100,000 updates. Row k is what ``run(updates, seeds[k], ...)`` gives.
    """
    many = runs(seeds, **settings)
    history = np.empty(
        (len(many.seeds), check_count("updates", updates) + 1, many.weights.shape[1])
    )
    history[:, 0] = many.weights
    with np.errstate(over="ignore", invalid="ignore"):
        for k in range(1, updates + 1):
            many.step()
            history[:, k] = many.weights
    return history


baird = weights  # the name in copies of the lesson that are older than this module
