"""Lesson 06: n-step returns, and the windows that make transitions of them.

Expected values are worked by hand beside each case. Windows are judged by what they give out, step
by step, for episodes that terminate and for those that a time limit cuts.
"""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dqnlib.course.messages import during, mistaken, show
from dqnlib.course.reference import load
from dqnlib.course.types import Case, Check, Mistake, Part, Problem

TITLE = "06 n-step returns"


# -- n_step_return -------------------------------------------------------------------------


def _case(reward, terminated, next_value, gamma, expected, story) -> Case:
    args = {
        "reward": np.array(reward, np.float32),
        "terminated": np.array(terminated),
        "next_value": np.array(next_value, np.float32),
        "gamma": gamma,
    }
    return Case(args, np.array(expected, np.float32), story)


def _powers(g, n):
    import torch

    return g ** torch.arange(n)


def _before(t):
    """[B, n] 1 for the steps up to the one that terminated, 0 after it."""
    import torch

    alive = (~t).cumprod(dim=1)
    return torch.cat([torch.ones_like(alive[:, :1]), alive[:, :-1]], dim=1)


def _goes_on(t):
    return ~t.any(dim=1)


def _return(
    *,
    powers: Callable = _powers,  # γ, n -> [n] weights of the rewards
    counts: Callable = _before,  # terminated -> [B, n] which rewards count
    discount: Callable = lambda g, n: g**n,  # of the value
    follows: Callable = _goes_on,  # terminated -> [B] whether the value counts
) -> Callable:
    """Make a function that differs in one thing, as a mistake does."""

    def wrong(r, t, v, g):
        n = r.shape[1]
        return (powers(g, n) * r * counts(t)).sum(dim=1) + discount(g, n) * v * follows(t)

    return wrong


def _all(t):
    return ~t | t


def _always(t):
    return ~t[:, 0] | t[:, 0]


AFTER_THE_END = (
    "What follows a step that terminated belongs to another episode. Going backward, from the last "
    "step to the first, `value * ~terminated[:, step]` forgets it at the right place."
)
POWERS = (
    "The first reward counts in full, the second γ times, the third γ² times; and the value, which "
    "comes after all n of them, γⁿ times."
)

N_STEP_RETURN = Check(
    path="dqnlib.targets.n_step_return",
    tensors=True,
    returns="a tensor [B]: one return a window",
    cases=(
        # 1 + 0.5 · 2 + 0.25 · 4 + 0.125 · 8 = 4; the second terminated with its second step:
        # 1 + 0.5 · 2 = 2; the third with its last step: 2 + 0.5 · (−2) + 0.25 · 8 = 3
        _case(
            [[1, 2, 4], [1, 2, 4], [2, -2, 8]],
            [[False, False, False], [False, True, False], [False, False, True]],
            [8, 6, 4],
            0.5,
            [4.0, 2.0, 3.0],
            "three windows; episode 2 terminated with its second step, episode 3 with its last",
        ),
        # 4, for the first step terminated; −1 + 0.25 · 4 + 0.0625 · (−8) = −0.5
        _case(
            [[4, 8], [-1, 4]],
            [[True, False], [False, False]],
            [16, -8],
            0.25,
            [4.0, -0.5],
            "two windows of two steps; episode 1 terminated with its first step",
        ),
    ),
    mistakes=(
        Mistake(
            "what follows the end is counted",
            AFTER_THE_END,
            _return(counts=_all, follows=_always),
        ),
        Mistake(
            "the value is kept after the end",
            "After termination nothing follows: not the later rewards, and not the value either.",
            _return(follows=_always),
        ),
        Mistake(
            "rewards after the end are counted",
            AFTER_THE_END,
            _return(counts=_all),
        ),
        Mistake(
            "only the last step's end is looked at",
            "Any of the n steps can have terminated, not only the last one.",
            _return(counts=_all, follows=lambda t: ~t[:, -1]),
        ),
        Mistake(
            "only the first step's end is looked at",
            "Any of the n steps can have terminated, not only the first one.",
            _return(counts=_all, follows=lambda t: ~t[:, 0]),
        ),
        Mistake(
            "the last reward is lost",
            "The reward of the step that terminated was still received: only what comes after it "
            "does not count.",
            _return(counts=lambda t: (~t).cumprod(dim=1)),
        ),
        Mistake(
            "terminated is used the wrong way round",
            "What follows counts while the episode goes on.",
            _return(follows=lambda t: t.any(dim=1)),
        ),
        Mistake(
            "terminated is used the wrong way round",
            "What follows counts while the episode goes on.",
            lambda r, t, v, g: _folded(r, t, v, g, lambda t: t),
        ),
        Mistake(
            "γ is not raised to the power n",
            POWERS,
            _return(discount=lambda g, n: g),
        ),
        Mistake(
            "the power of γ before the value is one too low",
            POWERS,
            _return(discount=lambda g, n: g ** (n - 1)),
        ),
        Mistake(
            "the power of γ before the value is one too high",
            POWERS,
            _return(discount=lambda g, n: g ** (n + 1)),
        ),
        Mistake(
            "the value is not discounted",
            POWERS,
            _return(discount=lambda g, n: 1),
        ),
        Mistake(
            "the rewards are not discounted",
            POWERS,
            _return(powers=lambda g, n: _powers(1.0, n)),
        ),
        Mistake(
            "the discount is missing",
            POWERS,
            _return(powers=lambda g, n: _powers(1.0, n), discount=lambda g, n: 1),
        ),
        Mistake(
            "every reward is discounted once too often",
            POWERS,
            _return(powers=lambda g, n: g * _powers(g, n)),
        ),
        Mistake(
            "the same γ before each later reward",
            POWERS,
            _return(powers=lambda g, n: _first_full(g, n)),
        ),
        Mistake(
            "the powers of γ run backward",
            "The first reward is received at once and counts in full; the last one is the latest "
            "and counts least.",
            _return(powers=lambda g, n: _powers(g, n).flip(0)),
        ),
        Mistake(
            "the mean of the rewards in place of their sum",
            "A return is a sum: n steps earn more than one.",
            lambda r, t, v, g: _return()(r / r.shape[1], t, v, g),
        ),
        Mistake(
            "only the first reward is counted",
            "The window has n rewards, and all of them count, up to the end of the episode.",
            _return(counts=lambda t: _before(t) * _only(t, 0)),
        ),
        Mistake(
            "only the last reward is counted",
            "The window has n rewards, and all of them count, up to the end of the episode.",
            _return(counts=lambda t: _before(t) * _only(t, -1)),
        ),
        Mistake(
            "the value is missing",
            "After the n rewards the episode goes on: next_value says what the rest is worth.",
            _return(follows=lambda t: t.all(dim=1) & False),
        ),
        Mistake(
            "the steps are folded up in the wrong order",
            "Begin with the value and the last reward, and end with the first: "
            "for step in reversed(range(n)).",
            lambda r, t, v, g: _folded(r.flip(1), t.flip(1), v, g),
        ),
        *(
            Mistake(
                "gamma is written as a number",
                "The argument gamma says how much the future counts, and it differs from run to "
                "run: write gamma in place of the number.",
                lambda r, t, v, g, number=number: _return()(r, t, v, number),
            )
            for number in (0.99, 0.95, 0.9, 0.5)
        ),
        *(
            Mistake(
                "n is written as a number",
                "The number of steps is that of the columns: reward.shape[1].",
                lambda r, t, v, g, number=number: _folded(r[:, :number], t[:, :number], v, g),
            )
            for number in (1, 2)
        ),
        Mistake(
            "n is written as a number",
            "The number of steps is that of the columns: reward.shape[1].",
            raises=("index 1 is out of bounds", "index 2 is out of bounds"),
        ),
        Mistake(
            "the batch in place of the steps",
            "reward is [B, n]: the steps are the columns, reward[:, step], and there are "
            "reward.shape[1] of them.",
            raises=("must match the size of tensor", "out of bounds for dimension 1"),
        ),
        Mistake(
            "- in place of ~",
            "Not terminated is ~terminated: a minus does not turn a bool round.",
            raises="Negation, the `-` operator, on a bool tensor",
        ),
        Mistake(
            "- in place of ~",
            "Not terminated is ~terminated: 1 - terminated is not defined for bools.",
            raises="Subtraction, the `-` operator, with a bool tensor",
        ),
    ),
    hints=(
        "What does a window of one step give? And a window of two, if you already have the return "
        "from its second step on?",
        "From the back: a value that at first is next_value. For each step, the last one first, "
        "the new value is that step's reward plus gamma times the old value, unless the episode "
        "terminated with that step.",
        "Begin with `value = next_value`, and go through `reversed(range(reward.shape[1]))`; for "
        "each step, `value = reward[:, step] + gamma * value * ~terminated[:, step]`.",
    ),
)  # fmt: skip


def _folded(r, t, v, g, live=lambda t: ~t):
    for step in reversed(range(r.shape[1])):
        v = r[:, step] + g * v * live(t[:, step])
    return v


def _first_full(g, n):
    weights = _powers(g, n)
    weights[1:] = g
    return weights


def _only(t, step):
    kept = t & False
    kept[:, step] = True
    return kept


# -- NStep ---------------------------------------------------------------------------------


class Trial(NamedTuple):
    """Episodes that go into new windows, and what must come out after each step."""

    story: str
    n: int
    gamma: float
    episodes: tuple[tuple, ...]  # (rewards, "terminated", "truncated" or "goes on")
    expected: tuple[tuple, ...]  # a step: its transitions, as (first step, sum, last step, end)


# Steps are counted through all episodes, from 0 on; γ = 0.5 but for the last two
TRIALS = (
    # 1 + 0.5 · 2 + 0.25 · 4 = 3
    Trial(
        "three steps of an episode that goes on",
        3, 0.5, (((1.0, 2.0, 4.0), "goes on"),),
        ((), (), ((0, 3.0, 2, False),)),
    ),
    # 3; 2 + 0.5 · 4 + 0.25 · 8 = 6; and −1 + 0.5 · 4 + 0.25 · 8 would begin with another step
    Trial(
        "four steps of an episode that goes on",
        3, 0.5, (((1.0, 2.0, 4.0, 8.0), "goes on"),),
        ((), (), ((0, 3.0, 2, False),), ((1, 6.0, 3, False),)),
    ),
    # 3; then, cut by the end: 2 + 0.5 · 4 + 0.25 · 8 = 6, 4 + 0.5 · 8 = 8, and 8
    # the next episode: 1 + 0.5 + 0.25 = 1.75
    Trial(
        "four steps, then a termination, then three steps",
        3, 0.5, (((1.0, 2.0, 4.0, 8.0), "terminated"), ((1.0, 1.0, 1.0), "goes on")),
        (
            (), (), ((0, 3.0, 2, False),),
            ((1, 6.0, 3, True), (2, 8.0, 3, True), (3, 8.0, 3, True)),
            (), (), ((4, 1.75, 6, False),),
        ),
    ),
    # the window that is full at the limit is given out: 6; what is left then is dropped
    Trial(
        "four steps, then the time limit, then three steps",
        3, 0.5, (((1.0, 2.0, 4.0, 8.0), "truncated"), ((1.0, 1.0, 1.0), "goes on")),
        (
            (), (), ((0, 3.0, 2, False),), ((1, 6.0, 3, False),),
            (), (), ((4, 1.75, 6, False),),
        ),
    ),
    # shorter than the window: 1 + 0.9 · 2 = 2.8 and 2
    Trial(
        "two steps, then the time limit, two steps, then a termination",
        4, 0.9, (((5.0, 6.0), "truncated"), ((1.0, 2.0), "terminated")),
        ((), (), (), ((2, 2.8, 3, True), (3, 2.0, 3, True))),
    ),
    Trial(
        "two steps, then the time limit, one step, then a termination",
        1, 0.9, (((1.0, 2.0), "truncated"), ((3.0,), "terminated")),
        (((0, 1.0, 0, False),), ((1, 2.0, 1, False),), ((2, 3.0, 2, True),)),
    ),
)  # fmt: skip


def _steps(trial: Trial) -> list[tuple]:
    """Return (transition, ended) of each step: its number can be read off obs and action."""
    make, found = load("dqnlib.data.Transition"), []
    for rewards, ends in trial.episodes:
        for i, reward in enumerate(rewards):
            k, last = len(found), i == len(rewards) - 1
            obs, next_obs = np.array([k, 0.0], np.float32), np.array([k + 0.5, 1.0], np.float32)
            terminated = last and ends == "terminated"
            one = make(obs, k, reward, next_obs, terminated)
            found.append((one, last and ends != "goes on"))
    return found


def _read(one) -> tuple:
    """Return a transition as (first step, sum, last step, end, step of the action)."""
    obs, action, reward, next_obs, terminated = one
    obs, next_obs = np.asarray(obs, float), np.asarray(next_obs, float)
    return (
        float(obs.flat[0]), round(float(reward), 6), float(next_obs.flat[0]) - 0.5,
        bool(terminated), int(action),
    )  # fmt: skip


def _wanted(trial: Trial) -> list[list[tuple]]:
    return [[(*each, each[0]) for each in step] for step in trial.expected]


def _words(step: list[tuple]) -> str:
    """Say what a step gave out."""
    if not step:
        return "nothing"
    lines = [
        f"obs of step {first:g}, action {action}, reward {show(total)}, next_obs of step {last:g}"
        f"{', terminated' * end}"
        for first, total, last, end, action in step
    ]
    return "\n            ".join(lines)


def judge_n_step(cls) -> None:
    """Raise Problem unless the class gives out the right windows."""
    judge_sum_up(cls)
    for trial in TRIALS:
        _judge_trial(cls, trial)
    one, two = cls(2, 0.5), cls(2, 0.5)
    (first, _), (second, _) = _steps(TRIALS[0])[:2]
    with during("This case: two windows side by side, one step into each"):
        given = [*one.step(first, False), *two.step(second, False)]
    if given:
        raise mistaken(
            "two windows of two steps side by side, one step into each", "nothing yet",
            f"{len(given)} transition", "two windows share what they keep",
            "Make the deque inside __init__ and store it under self.",
        )  # fmt: skip


def _judge_trial(cls, trial: Trial) -> None:
    case = f"NStep({trial.n}, {trial.gamma:g}), {trial.story}"
    with during(f"This case: {case}"):
        made = cls(trial.n, trial.gamma)
    got = []
    for k, (one, ended) in enumerate(_steps(trial)):
        with during(f"This case: {case}, step {k}"):
            found = made.step(one, ended)
        got.append(_checked(found, f"{case}, step {k}"))
    want = _wanted(trial)
    if _same(got, want):
        return
    k = next(i for i, (a, b) in enumerate(zip(got, want, strict=True)) if not _same([a], [b]))
    shown = f"{case}; given out with step {k}", _words(want[k]), _words(got[k])
    for mistake in WINDOW_MISTAKES:
        if _same(got, _simulated(trial, mistake)):
            raise mistaken(*shown, mistake.name, mistake.advice)
    lines = (f"This case: {shown[0]}", f"  expected  {shown[1]}", f"  yours     {shown[2]}")
    text = "A window is given out when it is full, and at a termination all that is left of it."
    raise Problem(*lines, text, diagnosis="other windows")


def _same(a: list, b: list) -> bool:
    """True for the same transitions, up to the last digits of their sums."""
    if [len(step) for step in a] != [len(step) for step in b]:
        return False
    pairs = zip((x for step in a for x in step), (x for step in b for x in step), strict=True)
    return all(
        x[0] == y[0] and abs(x[1] - y[1]) < 1e-4 and x[2:] == y[2:] for x, y in pairs
    )  # fmt: skip


def _checked(found, case: str) -> list[tuple]:
    """Return what step returned in numbers; Problem if it is no list of transitions."""
    want = "a list of transitions, which may be empty"
    if found is None:
        lines = (f"This case: {case}", f"  expected  {want}", "  yours     None")
        mend = "Return the list after the window was filled, also when it is empty."
        raise Problem(*lines, "step returned None.", diagnosis="returned None", mend=mend)
    kind = load("dqnlib.data.Transition")
    if isinstance(found, kind):
        raise mistaken(
            case, want, "one transition", "one transition in place of a list",
            "With a termination several windows can be complete at once: collect them in a list.",
        )  # fmt: skip
    if not isinstance(found, list | tuple | deque):
        raise mistaken(case, want, show(found), "wrong type", "Return a list.")
    for one in found:
        if not isinstance(one, tuple) or len(one) != 5:
            raise mistaken(
                case, want, f"a list with {show(one)}", "something else than transitions",
                "Each complete window becomes one Transition(obs, action, reward, next_obs, "
                "terminated): append what sum_up returns.",
            )  # fmt: skip
    return [_read(one) for one in found]


def judge_sum_up(cls) -> None:
    """Raise Problem unless `sum_up` makes one transition of a window."""
    # 1 + 0.5 · 6 + 0.25 · 4 = 5; the same without an end; 8 + 0.9 · (−1) = 7.1
    for n, gamma, rewards, terminated, total in (
        (3, 0.5, (1.0, 6.0, 4.0), True, 5.0),
        (3, 0.5, (1.0, 6.0, 4.0), False, 5.0),
        (4, 0.9, (8.0, -1.0), True, 7.1),
    ):
        trial = Trial("", n, gamma, ((rewards, "terminated" if terminated else "goes on"),), ())
        with during(f"This case: NStep({n}, {gamma:g})"):
            made = cls(n, gamma)
        if not callable(getattr(made, "sum_up", None)) or not hasattr(made, "window"):
            return  # another way of doing it: `step` tells
        for one, _ in _steps(trial):
            made.window.append(one)
        end = ", terminated" if terminated else ""
        case = f"gamma = {gamma:g}, a window with the rewards {show(list(rewards))}{end}"
        with during(f"This case: {case}, sum_up()"):
            found = made.sum_up()
        if found is None:
            lines = (f"This case: {case}", "  expected  a Transition", "  yours     None")
            mend = "Is there a return in the last line of sum_up?"
            raise Problem(*lines, "sum_up returned None.", diagnosis="returned None", mend=mend)
        if not isinstance(found, tuple) or len(found) != 5:
            raise mistaken(
                f"{case}, sum_up()", "a Transition", show(found), "something else than transitions",
                "Return Transition(obs, action, reward, next_obs, terminated), with the sum as its "
                "reward.",
            )  # fmt: skip
        got, want = _read(found), (0.0, total, float(len(rewards) - 1), terminated, 0)
        if _same([[got]], [[want]]):
            continue
        shown = f"{case}, sum_up()", _words([want]), _words([got])
        for mistake in WINDOW_MISTAKES:
            if mistake.of_the_sum and _same([[got]], [[_sum(mistake, _steps(trial), gamma)]]):
                raise mistaken(*shown, mistake.name, mistake.advice)
        lines = (f"This case: {shown[0]}", f"  expected  {shown[1]}", f"  yours     {shown[2]}")
        raise Problem(*lines, "One transition leads over all steps.", diagnosis="another sum")


# -- windows with one mistake ----------------------------------------------------------------


class WindowMistake(NamedTuple):
    """How a window with one mistake behaves, and what is said of it."""

    name: str
    advice: str
    weight: Callable = lambda g, k, size: g**k  # of reward k among `size`
    obs: int = 0  # of which step in the window: 0 the first, −1 the last
    action: int = 0
    end: int = -1  # whose `terminated`
    lead: Callable = lambda first, last: last  # the step after which next_obs was seen
    full: Callable = lambda size, n: size == n  # when a window is complete
    cut: Callable = lambda terminated, ended: terminated  # when all that is left is given out
    clear: Callable = lambda terminated, ended: ended  # when the rest is thrown away
    early: bool = False  # thrown away before the full window is given out
    drop: Callable = lambda window: window.popleft()  # after one was given out
    once: bool = False  # at an end one window alone
    order: Callable = list
    as_end: bool = False  # a time limit counts as a termination
    of_the_sum: bool = False  # shows in a single window


def _sum(m: WindowMistake, window, gamma: float) -> tuple:
    """Return the transition of a window of (transition, ended), as `_read` would."""
    ones = [one for one, _ in window]
    first, last = float(ones[m.obs].obs[0]), ones[-1]
    total = sum(m.weight(gamma, k, len(ones)) * one.reward for k, one in enumerate(ones))
    end = bool(ones[m.end].terminated) or (m.as_end and window[-1][1])
    lead = m.lead(float(ones[0].obs[0]), float(last.obs[0]))
    return first, round(total, 6), lead, end, int(ones[m.action].action)


def _simulated(trial: Trial, m: WindowMistake) -> list[list[tuple]]:
    """Return what windows with a mistake give out, a list a step."""
    window, found = deque(), []
    for one, ended in _steps(trial):
        given = []
        window.append((one, ended))
        cut = m.cut(one.terminated, ended)
        if m.early and ended and not one.terminated:
            window.clear()
        while window and (m.full(len(window), trial.n) or cut):
            given.append(_sum(m, window, trial.gamma))
            m.drop(window)
            if m.once:
                break
        if m.clear(one.terminated, ended):
            window.clear()
        found.append(m.order(given))
    return found


SUM = "The sum is r₁ + γ r₂ + γ² r₃ + …: the first reward of the window counts in full."
ENDS = (
    "A transition leads from the first step to the last one: obs and action are those of the first "
    "step, next_obs and terminated those of the last."
)
LIMIT = (
    "After a time limit the value of next_obs does count, but the training loop multiplies it with "
    "γⁿ, which is right for full windows only. So what is not full when the limit comes is dropped."
)

WINDOW_MISTAKES = (
    WindowMistake("γ is left out of the sum", SUM, weight=lambda g, k, size: 1, of_the_sum=True),
    WindowMistake(
        "the power of γ is one too high", SUM, weight=lambda g, k, size: g ** (k + 1),
        of_the_sum=True,
    ),
    WindowMistake(
        "the powers of γ run backward", SUM, weight=lambda g, k, size: g ** (size - 1 - k),
        of_the_sum=True,
    ),
    WindowMistake(
        "the same γ before each later reward", SUM, weight=lambda g, k, size: g ** min(k, 1),
        of_the_sum=True,
    ),
    WindowMistake(
        "only the first reward is counted", SUM, weight=lambda g, k, size: k == 0, of_the_sum=True
    ),
    WindowMistake(
        "only the last reward is counted", SUM, weight=lambda g, k, size: k == size - 1,
        of_the_sum=True,
    ),
    WindowMistake(
        "the mean of the rewards in place of their sum",
        "A return is a sum: n steps earn more than one.",
        weight=lambda g, k, size: g**k / size, of_the_sum=True,
    ),
    WindowMistake("the action of the last step", ENDS, action=-1, of_the_sum=True),
    WindowMistake("obs of the last step", ENDS, obs=-1, of_the_sum=True),
    WindowMistake("obs and action of the last step", ENDS, obs=-1, action=-1, of_the_sum=True),
    WindowMistake("terminated of the first step", ENDS, end=0, of_the_sum=True),
    WindowMistake(
        "next_obs of the first step", ENDS, lead=lambda first, last: first, of_the_sum=True
    ),
    WindowMistake(
        "next_obs is the last step's obs", ENDS, lead=lambda first, last: last - 0.5,
        of_the_sum=True,
    ),
    WindowMistake(
        "next_obs and terminated of the first step", ENDS, end=0,
        lead=lambda first, last: first, of_the_sum=True,
    ),
    WindowMistake(
        "what a termination cuts short is dropped",
        "A window that ends with a termination needs no value, so it is complete however short it "
        "is; and without it the agent would never learn from the last steps.",
        cut=lambda terminated, ended: False,
    ),
    WindowMistake(
        "what a termination cuts short is dropped",
        "With a termination every window that is left is complete: go on, in a loop, until none "
        "is.",
        once=True,
    ),
    WindowMistake(
        "what a time limit cuts short is given out", LIMIT, cut=lambda terminated, ended: ended
    ),
    WindowMistake(
        "a time limit is taken for a termination", LIMIT, cut=lambda terminated, ended: ended,
        as_end=True,
    ),
    WindowMistake("a time limit is taken for a termination", LIMIT, as_end=True),
    WindowMistake(
        "a window crosses a time limit",
        "`ended` says that the episode is over, by termination or by a time limit: in both cases "
        "the next step belongs to another episode.",
        clear=lambda terminated, ended: False,
    ),
    WindowMistake(
        "a window crosses the end of an episode",
        "What is left in the window when an episode has ended must not meet the next episode: when "
        "`ended`, empty it.",
        clear=lambda terminated, ended: False, cut=lambda terminated, ended: False,
    ),
    WindowMistake(
        "the full window is dropped at a time limit",
        "A window that is full with the last step looks at the value of what followed, and γⁿ is "
        "right for it: give it out, then empty the window.",
        early=True,
    ),
    WindowMistake(
        "the windows do not overlap",
        "Every step begins a window of its own: after one was given out, only its first step goes.",
        drop=lambda window: window.clear(),
    ),
    WindowMistake(
        "the newest step goes in place of the oldest",
        "After a window was given out, its first step goes, and the next window begins with its "
        "second: popleft() or pop(0).",
        drop=lambda window: window.pop(),
    ),
    WindowMistake(
        "a window is one step too long",
        "A window of n steps is full when it holds n of them.",
        full=lambda size, n: size == n + 1,
    ),
    WindowMistake(
        "a window is one step too short",
        "A window of n steps is full when it holds n of them.",
        full=lambda size, n: size == max(n - 1, 1),
    ),
    WindowMistake(
        "a window is given out with every step",
        "Before it is full, a window is complete only if the episode has terminated.",
        full=lambda size, n: True, drop=lambda window: window.popleft() if len(window) > 2 else 0,
        once=True,
    ),
    WindowMistake(
        "the newest first",
        "The oldest window comes first: append each to the list.",
        order=lambda given: given[::-1],
    ),
)  # fmt: skip

SOLUTION = """class NStep:
    def __init__(self, n, gamma):
        self.n, self.gamma, self.window = n, gamma, deque()

    def sum_up(self):
        total = sum(self.gamma**k * step.reward for k, step in enumerate(self.window))
        first, last = self.window[0], self.window[-1]
        return Transition(first.obs, first.action, total, last.next_obs, last.terminated)

    def step(self, transition, ended):
        self.window.append(transition)
        complete = []
        while self.window and (len(self.window) == self.n or transition.terminated):
            complete.append(self.sum_up())
            self.window.popleft()
        if ended:
            self.window.clear()
        return complete
"""

N_STEP = Check(
    path="dqnlib.transitions.NStep",
    judge=judge_n_step,
    parts=(Part("sum_up", ("__init__",), judge_sum_up),),
    solution=SOLUTION,
    returns="a list of transitions",
    mistakes=(
        Mistake(
            "an empty window is summed up",
            "The loop must end when the window is empty: `while self.window and (...)`.",
            raises=("index out of range", "pop from an empty deque"),
        ),
    ),
    hints=(
        "Draw the window for an episode of four steps that terminates, with n = 3: what is "
        "complete after each step? And for one that a time limit ends?",
        "Append the transition. While the window holds something and is full, or the episode has "
        "terminated, append sum_up() to a list and take the first step out of the window. When "
        "`ended`, empty the window. Return the list.",
        "After `self.window.append(transition)`, a loop: `while self.window and (len(self.window) "
        "== self.n or transition.terminated):`, in which `complete.append(self.sum_up())` comes "
        "before `self.window.popleft()`. After it, `if ended: self.window.clear()`.",
    ),
)  # fmt: skip

CHECKS = (N_STEP_RETURN, N_STEP)
