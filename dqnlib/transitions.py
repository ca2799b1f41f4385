"""What happens between the environment and the replay buffer of one run.

A `transitions` object takes one environment step at a time and gives out what is to be stored:
nothing yet, one transition, or several.
"""

from collections import deque
from collections.abc import Callable

import gymnasium as gym
import numpy as np

from dqnlib.arguments import check_choice, check_count, check_number
from dqnlib.data import Transition
from dqnlib.goals import Goals


class NStep:
    """Sums up the rewards of n steps before a value is looked at (Sutton 1988; lesson 06).

    A window of n steps becomes one transition: the first observation and action, the sum
    r₁ + γ r₂ + … + γⁿ⁻¹ rₙ, and the observation after the last step. Its target is that sum plus
    γⁿ times the value of that observation (Sutton & Barto, equation 7.1): so the training loop
    hands γⁿ to the target as its gamma. Only full windows are given out, and those that
    the episode's termination cuts short, which look at no value. What a time limit cuts short is
    dropped, for its value would need another power of γ. No window crosses an episode's end.

    n: steps of a window; gamma: discount of one step, 0 to 1. Raises ValueError for others.
    """

    def __init__(self, n: int, gamma: float):
        self.n, self.gamma = check_count("n", n), check_number("gamma", gamma, 0, 1)
        self.window: deque[Transition] = deque()

    def step(self, transition: Transition, ended: bool) -> list[Transition]:
        """Take one environment step; return the transitions that are complete, oldest first.

        ended: the episode ended with this step, by termination or by a time limit.
        """
        self.window.append(transition)
        complete = []
        while self.window and (len(self.window) == self.n or transition.terminated):
            complete.append(self.sum_up())
            self.window.popleft()
        if ended:
            self.window.clear()
        return complete

    def sum_up(self) -> Transition:
        """Return the window as one transition, from its first step to its last."""
        total = sum(self.gamma**k * step.reward for k, step in enumerate(self.window))
        first, last = self.window[0], self.window[-1]
        return Transition(first.obs, first.action, total, last.next_obs, last.terminated)


def relabel(transition: Transition, goal: np.ndarray, env) -> Transition:
    """Return the same step as if `goal` had been wanted (Andrychowicz et al. 2017, Algorithm 1).

    transition: of a run on an environment with goals; goal: [G]; env: has the goal methods of
    `dqnlib.goals`. What the step did stays: the action, and all of both observations but their
    goal. Reward and termination are those of the new goal. Lesson 06c.
    """
    reached = env.achieved_goal(transition.next_obs)
    return Transition(
        env.with_goal(transition.obs, goal),
        transition.action,
        float(env.compute_reward(reached, goal, {})),
        env.with_goal(transition.next_obs, goal),
        bool(env.compute_terminated(reached, goal, {})),
    )


def future_steps(length: int, k: int, rng: np.random.Generator) -> np.ndarray:
    """Return [T, k] steps of an episode of T steps: row t holds k draws from t, ..., T − 1.

    The goal that a step reached is what hindsight takes in place of the goal that was wanted.
    Each draw is even, with replacement (strategy "future", Andrychowicz et al. 2017, section 4.5;
    lesson 06c).
    """
    first = np.arange(length)[:, None]  # [T, 1]
    return rng.integers(first, length, size=(length, k))


def final_steps(length: int, k: int, rng: np.random.Generator) -> np.ndarray:
    """Return [T, 1]: the last step for every step of an episode (strategy "final"; k is not used).

    Lesson 06c.
    """
    return np.full((length, 1), length - 1)


STRATEGIES = {"future": future_steps, "final": final_steps}


class Hindsight:
    """Hindsight experience replay (Andrychowicz et al. 2017, Algorithm 1; lesson 06c).

    Every step is given out as it is. When its episode has ended, by termination or by a time limit,
    copies of it follow, relabeled with goals that later steps of this episode reached.

    env: an environment with goals (see `dqnlib.goals`), to be asked, not to be stepped; rng: draws
    the goals. strategy: "future", k copies of each step; "final", one copy, with what the episode
    reached at its end; or a function of your own, (length T, k, rng) -> steps [T, K]. relabel: your
    own. n_step: 1; it is there to be refused. Raises ValueError for an environment without goals
    and for settings out of range.
    """

    def __init__(
        self,
        env: gym.Env,
        rng: np.random.Generator,
        strategy: str | Callable = "future",
        k: int = 4,
        n_step: int = 1,
        relabel: Callable = relabel,
    ):
        self.goals, self.rng, self.relabel, self.k = Goals(env), rng, relabel, check_count("k", k)
        if not callable(strategy):
            strategy = STRATEGIES[check_choice("strategy", strategy, tuple(STRATEGIES))]
        if n_step != 1:
            raise ValueError(ONE_STEP.format(n_step))
        self.steps_of = strategy
        self.episode: list[Transition] = []  # so far

    def step(self, transition: Transition, ended: bool) -> list[Transition]:
        """Take one environment step; return it, and at the episode's end all copies behind it.

        ended: the episode ended with this step, by termination or by a time limit.
        """
        self.episode.append(transition)
        if not ended:
            return [transition]
        episode, self.episode = self.episode, []
        reached = [self.goals.achieved_goal(t.next_obs) for t in episode]
        steps = self.steps_of(len(episode), self.k, self.rng)  # [T, K]
        copies = [
            self.relabel(step, reached[later], self.goals)
            for step, chosen in zip(episode, steps, strict=True)
            for later in chosen
        ]
        return [transition, *copies]

    def state(self) -> dict:
        """Return what is needed to go on from here, as plain data."""
        return {"episode": list(self.episode), "rng": self.rng.bit_generator.state}

    def restore(self, state: dict) -> None:
        """Go back to a state."""
        self.episode = [Transition(*step) for step in state["episode"]]
        self.rng.bit_generator.state = state["rng"]


ONE_STEP = (
    "hindsight relabels single steps, but n_step is {}: a window of several rewards belongs to the "
    "goal that was wanted then. Take n_step=1"
)
