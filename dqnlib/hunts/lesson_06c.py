"""The bug hunt of lesson 06c: a goal that is reached by relabeling does not end the episode."""

import functools
from dataclasses import dataclass

from dqnlib import flipping
from dqnlib.hunts.cases import Hunt, Suspect
from dqnlib.hunts.probing import Learned
from dqnlib.results import Run
from dqnlib.transitions import Hindsight, relabel

WRONG_BITS = 4  # rows of the table: where 1, 2, ... bits are wrong


@dataclass(frozen=True)
class AtDistance(Learned):
    """The largest action value where so many bits are wrong."""

    @property
    def label(self) -> str:
        """The place, as V(2 wrong)."""
        return f"V({self.obs:g} wrong)"


def values_of(run: Run) -> list[Learned]:
    """Return learned beside true values of tasks in which 1, 2, ... bits are wrong."""
    learned, gamma = flipping.learned_values(run), run.config.gamma
    return [
        AtDistance("bit flipping", m, None, flipping.true_value(m, gamma), learned[:, m - 1])
        for m in range(1, WRONG_BITS + 1)
    ]


def _never_over(transition, goal, env):
    return relabel(transition, goal, env)._replace(terminated=False)


HUNT = Hunt(
    story="A colleague's hindsight replay on 8 bits. It solves the task as surely as a healthy "
    "agent with the same seeds. But another colleague wants to know how far a goal is, and reads "
    "it off the values. They say that even a single wrong bit costs about 4. Here the probes are "
    "tasks in which 1, 2, 3 or 4 bits are wrong. With m wrong bits a perfect agent pays 1 for each "
    "of m − 1 steps, and nothing for the last.",
    config=flipping.settings(8, 40, hindsight="future"),
    sabotage=lambda: {"transitions": functools.partial(Hindsight, relabel=_never_over)},
    suspects=(
        Suspect(
            "copies keep the reward that the step had for the old goal",
            "Then the step that reaches a goal costs 1 in the copies as well, so a task with one "
            "wrong bit is worth −1 at the least, and every value is too low by 1 at most. Here all "
            "are too low by about 4.",
        ),
        Suspect(
            "a copy that reaches its goal does not terminate",
            "That is it. The step to the goal is worth 0, but then something follows: to leave the "
            "goal costs 1, and it must be reached again. So 4 are missing even where one bit is "
            "wrong, and about as many everywhere else. The way to the goal is still the best way: "
            "the curves of success do not show it.",
        ),
        Suspect(
            "the goals come from another episode",
            "Such goals are hardly ever reached, so hardly any copy would be rewarded: the agent "
            "would learn nothing, as plain DQN does.",
        ),
        Suspect(
            "next_obs keeps the old goal in the copies",
            "Then a copy looks at the value of the old goal, which is far away for most of its "
            "steps. But the step that reaches its goal looks at no value: one wrong bit would be "
            "worth nearly 0.",
        ),
        Suspect(
            "the discount is left out",
            "Without it m wrong bits are worth −(m − 1): for 2 to 4 bits hardly less than the true "
            "values, and for one bit the same.",
        ),
    ),
    guilty="a copy that reaches its goal does not terminate",
    probe=values_of,
)
