"""Linear methods for S runs side by side: semi-gradient Sarsa, and TD(0) off its policy.

What is learned about comes from above, as plain functions and arrays: `dqnlib.classics` has
Mountain Car and Baird's counterexample, and each method for one run. Row k is what run k alone
would give.

S runs, R of them that still go on, E episodes, O numbers in an observation, T tilings, F features,
A actions; N states, W weights.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from dqnlib.arguments import check_number, check_seeds, check_switch


class SarsaRuns(NamedTuple):
    """What S runs of Sarsa did and learned."""

    steps: np.ndarray  # [S, E] steps of each episode
    weights: np.ndarray  # [S, F, A]


def sarsa(
    step: Callable,
    starts: np.ndarray,
    rngs: list[np.random.Generator],
    coder: Callable,
    *,
    actions: int,
    alpha: float,
    gamma: float,
    patience: int,
) -> SarsaRuns:
    """Learn by semi-gradient Sarsa, greedy from weights of 0; every step costs 1.

    step: (obs [R, O], action [R]) -> next_obs [R, O], terminated [R]; starts: [S, E, O] the first
    observation of each episode; rngs: S generators, which break ties; coder: `TileCoder` or `Bins`.
    Raises RuntimeError if an episode takes more than patience steps.
    """
    runs, episodes, _ = starts.shape
    steps = np.zeros((runs, episodes), int)
    weights = np.zeros((runs, coder.size, actions))
    flat = weights.reshape(-1, actions)  # the same memory, one row a feature of a run

    def look(rows, obs):
        """Return where the features of the runs' observations lie in flat, and the values."""
        on = coder(obs) + rows[:, None] * coder.size  # [R, T]
        return on, flat.take(on, 0).sum(1)  # [R, T], [R, A]

    def begin(rows, episode):
        """Return the first observation of an episode, its features, and an action."""
        obs = starts[rows, episode]  # [R, O]
        on, q = look(rows, obs)
        return obs, on, _greedy(q, rows, rngs)

    rows = np.arange(runs)  # the runs that have episodes left
    episode, length = np.zeros_like(rows), np.zeros_like(rows)
    obs, on, action = begin(rows, episode)
    while len(rows):
        length += 1
        next_obs, terminated = step(obs, action)
        next_on, next_q = look(rows, next_obs)
        next_action = _greedy(next_q, rows, rngs, ~terminated)
        value = next_q[np.arange(len(rows)), next_action]
        td_target = -1.0 + gamma * np.where(terminated, 0.0, value)  # [R]
        taken = action[:, None]
        td_error = td_target - flat[on, taken].sum(1)  # with the weights of now
        flat[on, taken] += alpha * td_error[:, None]  # a run's T features all differ
        obs, on, action = next_obs, next_on, next_action
        if not terminated.any():
            if length.max() > patience:
                raise RuntimeError(no_goal(patience))
            continue
        over = terminated.nonzero()[0]
        steps[rows[over], episode[over]] = length[over]
        episode[over] += 1
        length[over] = 0
        left = episode < episodes
        rows, episode, length = rows[left], episode[left], length[left]
        obs, on, action = obs[left], on[left], action[left]
        fresh = (length == 0).nonzero()[0]
        if len(fresh):
            obs[fresh], on[fresh], action[fresh] = begin(rows[fresh], episode[fresh])
    return SarsaRuns(steps, weights)


def no_goal(patience: int) -> str:
    """Return what to say of an episode that does not end."""
    return (
        f"no goal in {patience:,} steps of one episode: with so few features the agent cannot "
        "tell what to do where; take more bins or tiles"
    )


def _greedy(q, rows, rngs, needed=None) -> np.ndarray:
    """Return a best action of every run [R]; each breaks ties with its own generator.

    q: [R, A]; rows: [R] the runs' generators in rngs; needed: [R] bool, where ties matter.
    """
    action = q.argmax(1)
    best = q == q.max(1, keepdims=True)
    tied = best.sum(1) > 1 if needed is None else (best.sum(1) > 1) & needed
    for k in tied.nonzero()[0]:
        candidates = best[k].nonzero()[0]
        action[k] = candidates[int(rngs[rows[k]].random() * len(candidates))]
    return action


class TDRuns:
    """Linear TD(0) in S runs where any of N states follows, all equally likely, with reward 0.

    The target policy always goes to the last state; the behavior goes anywhere. So off its policy
    a step counts by its importance ratio: N if it led to the last state, else 0.

    features: [N, W] of the states; first: [W] weights at the beginning; seeds: one run each. alpha,
    gamma and the switches off_policy, bootstrapping and expected may be changed between steps;
    `dqnlib.classics.baird` says what they mean. Raises ValueError for a setting out of range.
    """

    def __init__(
        self,
        features: np.ndarray,
        first: np.ndarray,
        seeds: Iterable[int],
        *,
        off_policy: bool,
        bootstrapping: bool,
        alpha: float,
        gamma: float,
        expected: bool,
    ):
        self.seeds = check_seeds(seeds)
        self.alpha = check_number("alpha", alpha, 0, 0.05, open_low=True)
        self.gamma = check_number("gamma", gamma, 0, 1)
        self.off_policy = check_switch("off_policy", off_policy)
        self.bootstrapping = check_switch("bootstrapping", bootstrapping)
        self.expected = check_switch("expected", expected)
        self.features = features  # [N, W]
        self.weights = np.tile(first, (len(self.seeds), 1))  # [S, W]
        self.updates = 0
        self._rngs = [np.random.default_rng(seed) for seed in self.seeds]
        self._block = np.zeros((len(self.seeds), 0), int)  # states drawn ahead [S, n]
        self._used = 0
        self.state = self._draw()  # [S] 0 to N - 1
        # what the last sampled update was made of, so that a lab can write out the arithmetic:
        # state, next_state, ratio, next_value, value, td_error, all [S]
        self.learned: dict[str, np.ndarray] = {}

    @property
    def values(self) -> np.ndarray:
        """Estimates of the values of all states [S, N]."""
        return self.weights @ self.features.T

    @property
    def norm(self) -> np.ndarray:
        """Length of the vector of weights [S]."""
        return np.sqrt((self.weights**2).sum(1))

    def step(self) -> None:
        """Take one step in every run and learn from it; with ``expected`` from all states."""
        next_state = self._draw()
        change = self._mean_change() if self.expected else self._sampled_change(next_state)
        self.weights = self.weights + self.alpha * change
        self.state = next_state
        self.updates += 1

    def _sampled_change(self, next_state) -> np.ndarray:
        """Return ρ δ ∇v of one transition of every run [S, W]."""
        x, next_x = self.features[self.state], self.features[next_state]  # [S, W]
        value = (self.weights * x).sum(1)  # [S]
        next_value = (self.weights * next_x).sum(1) if self.bootstrapping else 0.0 * value
        td_error = 0.0 + self.gamma * next_value - value  # the reward is 0
        last = next_state == len(self.features) - 1
        ratio = last * float(len(self.features)) if self.off_policy else np.ones(len(last))
        self.learned = {
            "state": self.state, "next_state": next_state, "ratio": ratio,
            "next_value": next_value, "value": value, "td_error": td_error,
        }  # fmt: skip
        return (ratio * td_error)[:, None] * x

    def _mean_change(self) -> np.ndarray:
        """Return the mean over the states of E[δ] ∇v [S, W]."""
        value = self.values  # [S, N]
        follows = value[:, -1:] if self.off_policy else value.mean(1, keepdims=True)  # [S, 1]
        td_error = 0.0 + self.gamma * self.bootstrapping * follows - value  # [S, N]
        return td_error @ self.features / len(self.features)

    def _draw(self) -> np.ndarray:
        """Return a state of every run, all equally likely [S]."""
        if self._used == self._block.shape[1]:
            drawn = [rng.random(256) for rng in self._rngs]
            self._block, self._used = (len(self.features) * np.array(drawn)).astype(int), 0
        self._used += 1
        return self._block[:, self._used - 1]
