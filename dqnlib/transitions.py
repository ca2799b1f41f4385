"""What happens between the environment and the replay buffer of one run.

A `transitions` object takes one environment step at a time and gives out what is to be stored:
nothing yet, one transition, or several.
"""

from collections import deque

from dqnlib.arguments import check_count, check_number
from dqnlib.data import Transition


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
