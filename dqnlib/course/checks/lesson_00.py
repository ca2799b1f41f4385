"""Lesson 00: the trivial exercise that shows how a check fails and passes."""

from dqnlib.course.types import Case, Check, Mistake

TITLE = "00 Start here"

EPISODE_RETURN = Check(
    path="dqnlib.tabular.episode_return",
    cases=(
        Case({"rewards": [-1.0, -1.0, -1.0]}, -3.0, "three steps, each costs 1"),
        Case({"rewards": [-1.0, -100.0]}, -101.0, "the second step goes off the cliff"),
        Case({"rewards": [0.5, 2.0, 1.0]}, 3.5, "rewards can be positive"),
        Case({"rewards": []}, 0.0, "no step at all"),
    ),
    mistakes=(
        Mistake(
            "the mean in place of the sum",
            "The return adds the rewards up; it does not divide by their number.",
            lambda rewards: sum(rewards) / len(rewards) if rewards else 0.0,
        ),
        Mistake(
            "only the last reward",
            "Every step's reward counts, not only the one that ended the episode.",
            lambda rewards: rewards[-1] if rewards else 0.0,
        ),
        Mistake(
            "only the first reward",
            "Every reward counts, not only the first. If you wrote a loop: a return inside it ends "
            "the function too early.",
            lambda rewards: rewards[0] if rewards else 0.0,
        ),
        Mistake(
            "the number of steps in place of their rewards",
            "len(rewards) counts the steps; the return adds up what they gave.",
            lambda rewards: float(len(rewards)),
        ),
        Mistake(
            "the sign is turned round",
            "Rewards are added as they are: a cost is already negative.",
            lambda rewards: -sum(rewards),
        ),
        Mistake(
            "the last reward is left out",
            "A range or slice stops one before its end: rewards[:-1] leaves the last one out.",
            lambda rewards: sum(rewards[:-1]),
        ),
        Mistake(
            "the first reward is left out",
            "Counting starts at 0 in Python: rewards[1:] leaves the first one out.",
            lambda rewards: sum(rewards[1:]),
        ),
        Mistake(
            "the best reward in place of the sum",
            "max(rewards) is a single step; the return adds up all of them.",
            lambda rewards: max(rewards, default=0.0),
        ),
    ),
    hints=(
        "The return of an episode is what all its steps gave together.",
        "Python has a function that adds up a list: `sum`.",
        "Write `return sum(rewards)`.",
    ),
)

CHECKS = (EPISODE_RETURN,)
