"""Lesson 06c: hindsight replay. Expected values are worked by hand beside each trial."""

from collections.abc import Callable
from typing import Any

import numpy as np

from dqnlib.course.checks.changes import Seen, Trial, judge
from dqnlib.course.messages import during, mistaken, show
from dqnlib.course.reference import load
from dqnlib.course.types import Check, Mistake, Problem

TITLE = "06c Hindsight replay"

# -- relabel -------------------------------------------------------------------------------

FIELDS = ("obs", "action", "reward", "next_obs", "terminated")


class Bits:
    """Three bits and a goal of three bits, in one array: reward 0 at the goal, −1 elsewhere."""

    def achieved_goal(self, obs):
        return obs[:3]

    def with_goal(self, obs, goal):
        return np.concatenate([obs[:3], goal])

    def compute_reward(self, achieved_goal, desired_goal, info):
        return 0.0 if (achieved_goal == desired_goal).all() else -1.0

    def compute_terminated(self, achieved_goal, desired_goal, info):
        return bool((achieved_goal == desired_goal).all())


class Line:
    """A point on a line: the goal comes first, then position and speed.

    The reward is minus the distance, twice as much beyond the goal; within 1 the episode
    terminates.
    """

    def achieved_goal(self, obs):
        return obs[1:2]

    def with_goal(self, obs, goal):
        return np.concatenate([goal, obs[1:]])

    def compute_reward(self, achieved_goal, desired_goal, info):
        beyond = float(achieved_goal[0] - desired_goal[0])
        return -2 * beyond if beyond > 0 else beyond

    def compute_terminated(self, achieved_goal, desired_goal, info):
        return bool(abs(achieved_goal[0] - desired_goal[0]) <= 1)


def _trial(story, env, transition, goal, expected) -> Trial:
    """Return a trial; transition, expected: the five fields as plain numbers and lists."""
    labels = {"returned": "a Transition", **dict(zip(FIELDS, expected, strict=True))}
    given = dict(zip(FIELDS, transition, strict=True))
    labels |= {f"given {name} afterwards": given[name] for name in ("obs", "next_obs")}
    labels["given goal afterwards"] = goal
    return Trial(story, {"env": env, "transition": transition, "goal": goal}, labels)


BITS = "bits, reward −1 and 0 at the goal; obs is the row 000 and the goal 111; "
LINE = "a line: obs is [goal 9, position 2, speed 3]; "
RELABEL_TRIALS = (
    # the step has gone from 000 to 010, and 010 is what is wanted now: reached
    _trial(
        BITS + "the step has flipped bit 1; the new goal is 010",
        Bits,
        ([0.0, 0, 0, 1, 1, 1], 1, -1.0, [0.0, 1, 0, 1, 1, 1], False),
        [0.0, 1, 0],
        ([0, 0, 0, 0, 1, 0], 1, 0.0, [0, 1, 0, 0, 1, 0], True),
    ),
    # it has gone to 010 as well, but now 011 is wanted: not reached
    _trial(
        BITS + "the step has flipped bit 1; the new goal is 011",
        Bits,
        ([0.0, 0, 0, 1, 1, 1], 1, -1.0, [0.0, 1, 0, 1, 1, 1], False),
        [0.0, 1, 1],
        ([0, 0, 0, 0, 1, 1], 1, -1.0, [0, 1, 0, 0, 1, 1], False),
    ),
    # the step reached its own goal, 111; for 100 it is a step like any other
    _trial(
        "bits; obs is the row 110 and the goal 111; the step has flipped bit 2 and reached the "
        "goal; the new goal is 100",
        Bits,
        ([1.0, 1, 0, 1, 1, 1], 2, 0.0, [1.0, 1, 1, 1, 1, 1], True),
        [1.0, 0, 0],
        ([1, 1, 0, 1, 0, 0], 2, -1.0, [1, 1, 1, 1, 0, 0], False),
    ),
    # it begins where it should get to, and leaves: 000 to 001, goal 000
    _trial(
        BITS + "the step has flipped bit 2; the new goal is 000",
        Bits,
        ([0.0, 0, 0, 1, 1, 1], 2, -1.0, [0.0, 0, 1, 1, 1, 1], False),
        [0.0, 0, 0],
        ([0, 0, 0, 0, 0, 0], 2, -1.0, [0, 0, 1, 0, 0, 0], False),
    ),
    # from 2 to 5, speed 4; goal 8: 5 − 8 = −3, more than 1 away
    _trial(
        LINE + "next_obs is [9, 5, 4]; the new goal is 8, and within 1 of it the episode ends",
        Line,
        ([9.0, 2, 3], 0, -4.0, [9.0, 5, 4], False),
        [8.0],
        ([8, 2, 3], 0, -3.0, [8, 5, 4], False),
    ),
    # goal 4.5: beyond it by 0.5, −2 · 0.5 = −1; within 1
    _trial(
        LINE + "next_obs is [9, 5, 4]; the new goal is 4.5, and within 1 of it the episode ends",
        Line,
        ([9.0, 2, 3], 0, -4.0, [9.0, 5, 4], False),
        [4.5],
        ([4.5, 2, 3], 0, -1.0, [4.5, 5, 4], True),
    ),
)


def _watch_relabel(function: Callable, trial: Trial) -> Seen:
    env, goal = trial.given["env"](), np.array(trial.given["goal"], np.float32)
    obs, action, reward, next_obs, terminated = trial.given["transition"]
    obs, next_obs = np.array(obs, np.float32), np.array(next_obs, np.float32)
    made = load("dqnlib.data.Transition")(obs, action, reward, next_obs, terminated)
    result = function(made, goal, env)
    labels = {"returned": _returned(result, made)}
    if labels["returned"] == "a Transition":
        labels |= {name: _plain(value) for name, value in zip(FIELDS, result, strict=True)}
        if isinstance(result[4], int | float) and not isinstance(result[4], bool):
            labels["terminated"] = f"the number {result[4]}"
    labels |= {"given obs afterwards": obs, "given next_obs afterwards": next_obs}
    return Seen({**labels, "given goal afterwards": goal}, result)


def _returned(result: Any, given: Any) -> str:
    if result is None:
        return "None"
    if result is given:
        return "the transition that was given, itself"
    if isinstance(result, tuple) and len(result) == len(FIELDS):
        return "a Transition"
    return f"{type(result).__name__} {show(result)}"[:70]


def _plain(value: Any) -> Any:
    """Return a field as an array, or what is wrong with it as a text."""
    if value is None:
        return "None"
    try:
        array = np.asarray(value)
    except Exception:  # a ragged list, an object of the learner's own
        array = np.asarray(None)
    return array if array.dtype.kind in "biuf" else f"of the type {type(value).__name__}"


def _special(trial: Trial, seen: Seen, label: str) -> str | None:
    """Return the name of a mistake that shows in something else than its numbers, or None."""
    if label.startswith("given"):
        return "arguments changed"
    got = seen.labels[label]
    if label == "returned":
        if got.startswith("the transition"):
            return None
        return "returned None" if got == "None" else "no Transition comes back"
    if isinstance(got, str) and got.startswith("None"):
        return "a method of the environment is not called"
    if isinstance(got, str) and got.startswith("the number"):
        return "terminated is a number"
    return None


def _relabel(
    *,
    obs: Callable = lambda t, goal, env: env.with_goal(t.obs, goal),
    action: Callable = lambda t, goal, env: t.action,
    reward: Callable = lambda t, goal, env: env.compute_reward(
        env.achieved_goal(t.next_obs), goal, {}
    ),
    next_obs: Callable = lambda t, goal, env: env.with_goal(t.next_obs, goal),
    terminated: Callable = lambda t, goal, env: env.compute_terminated(
        env.achieved_goal(t.next_obs), goal, {}
    ),
) -> Callable:
    """Make a relabeling that differs in some fields, as a mistake does."""

    def wrong(t, goal, env):
        parts = (f(t, goal, env) for f in (obs, action, reward, next_obs, terminated))
        return load("dqnlib.data.Transition")(*parts)

    return wrong


def _old(name: str) -> Callable:
    return lambda t, goal, env: getattr(t, name)


def _before(method: str) -> Callable:
    """Ask the environment about the observation before the step."""
    return lambda t, goal, env: getattr(env, method)(env.achieved_goal(t.obs), goal, {})


def _swapped(method: str) -> Callable:
    return lambda t, goal, env: getattr(env, method)(goal, env.achieved_goal(t.next_obs), {})


def _is_there(t, goal, env) -> bool:
    return bool((env.achieved_goal(t.next_obs) == goal).all())


def _ends(t, goal, env) -> bool:
    return env.compute_terminated(env.achieved_goal(t.next_obs), goal, {})


def _pays(t, goal, env) -> float:
    return env.compute_reward(env.achieved_goal(t.next_obs), goal, {})


def _changed_in_place(t, goal, env):
    t.obs[:], t.next_obs[:] = env.with_goal(t.obs, goal), env.with_goal(t.next_obs, goal)
    return _relabel()(t, goal, env)


BOTH = (
    "The network sees the goal in both observations: with_goal for obs and for next_obs. Two "
    "goals in one transition would be a step that never happens."
)

RELABEL = Check(
    path="dqnlib.transitions.relabel",
    judge=lambda function: judge(
        RELABEL, function, RELABEL_TRIALS, _watch_relabel, _special
    ),
    returns="a Transition",
    mistakes=(
        Mistake(
            "no Transition comes back",
            "Return Transition(obs, action, reward, next_obs, terminated): one, not a list.",
        ),
        Mistake(
            "terminated is a number",
            "terminated is True or False: what env.compute_terminated(...) returns.",
        ),
        Mistake(
            "a method of the environment is not called",
            "A method without its brackets gives nothing: env.compute_reward(reached, goal, {}).",
        ),
        Mistake("nothing is relabeled", "Four of the five fields depend on the goal: both "
                "observations, the reward and terminated.", lambda t, goal, env: t),
        Mistake(
            "the goals alone are exchanged",
            "What the step was worth depends on the goal: ask env.compute_reward and "
            "env.compute_terminated for the new one.",
            _relabel(reward=_old("reward"), terminated=_old("terminated")),
        ),
        Mistake(
            "the reward is that of the old goal",
            "Ask again what the step is worth: env.compute_reward(reached, goal, {}).",
            _relabel(reward=_old("reward")),
        ),
        Mistake(
            "the episode ends where it ended for the old goal",
            "Ask again whether the episode would have ended: env.compute_terminated(reached, "
            "goal, {}).",
            _relabel(terminated=_old("terminated")),
        ),
        Mistake(
            "the episode ends for the old goal, too",
            "Only the new goal counts: terminated is env.compute_terminated(reached, goal, {}) "
            "and nothing else.",
            _relabel(terminated=lambda t, goal, env: t.terminated or _ends(t, goal, env)),
        ),
        Mistake("next_obs keeps the old goal", BOTH, _relabel(next_obs=_old("next_obs"))),
        Mistake("obs keeps the old goal", BOTH, _relabel(obs=_old("obs"))),
        Mistake(
            "neither observation is given the new goal",
            BOTH,
            _relabel(obs=_old("obs"), next_obs=_old("next_obs")),
        ),
        Mistake(
            "it looks at what was reached before the step",
            "A step is rewarded for where it leads: env.achieved_goal(transition.next_obs).",
            _relabel(
                reward=_before("compute_reward"), terminated=_before("compute_terminated")
            ),
        ),
        Mistake(
            "the reward looks at what was reached before the step",
            "A step is rewarded for where it leads: env.achieved_goal(transition.next_obs).",
            _relabel(reward=_before("compute_reward")),
        ),
        Mistake(
            "the end looks at what was reached before the step",
            "An episode ends with the step that leads to the goal: "
            "env.achieved_goal(transition.next_obs).",
            _relabel(terminated=_before("compute_terminated")),
        ),
        Mistake(
            "achieved and desired goal are exchanged",
            "First comes what was achieved, then what was desired: compute_reward(reached, goal, "
            "{}). With bits both ways are the same, elsewhere not.",
            _relabel(
                reward=_swapped("compute_reward"), terminated=_swapped("compute_terminated")
            ),
        ),
        *(
            Mistake(
                "every copy is taken for a success",
                "A step on the way has not reached the goal yet: reward and termination are what "
                "the environment says.",
                _relabel(**fields),
            )
            for fields in (
                {"reward": lambda t, goal, env: 0.0, "terminated": lambda t, goal, env: True},
                {"terminated": lambda t, goal, env: True},
                {"reward": lambda t, goal, env: 0.0},
            )
        ),
        Mistake(
            "no copy ever ends",
            "A goal reached by relabeling terminates as the environment would: "
            "env.compute_terminated(reached, goal, {}).",
            _relabel(terminated=lambda t, goal, env: False),
        ),
        *(
            Mistake(
                "the rewards of bit flipping are written down",
                "Other environments pay otherwise: env.compute_reward(reached, goal, {}) knows.",
                _relabel(reward=reward),
            )
            for reward in (
                lambda t, goal, env: 0.0 if _is_there(t, goal, env) else -1.0,
                lambda t, goal, env: 0.0 if _ends(t, goal, env) else -1.0,
            )
        ),
        Mistake(
            "rewards and ends of bit flipping are written down",
            "Other environments pay and end otherwise: compute_reward and compute_terminated "
            "know.",
            _relabel(
                reward=lambda t, goal, env: 0.0 if _is_there(t, goal, env) else -1.0,
                terminated=_is_there,
            ),
        ),
        *(
            Mistake(
                "the end is read off something else",
                "When an episode ends, the environment decides: env.compute_terminated(reached, "
                "goal, {}).",
                _relabel(terminated=terminated),
            )
            for terminated in (_is_there, lambda t, goal, env: _pays(t, goal, env) == 0)
        ),
        Mistake(
            "obs and next_obs are exchanged",
            "The order of the fields is obs, action, reward, next_obs, terminated.",
            _relabel(
                obs=lambda t, goal, env: env.with_goal(t.next_obs, goal),
                next_obs=lambda t, goal, env: env.with_goal(t.obs, goal),
            ),
        ),
        Mistake(
            "both observations are the same one",
            "next_obs is what the agent saw after the step: env.with_goal(transition.next_obs, "
            "goal).",
            _relabel(next_obs=lambda t, goal, env: env.with_goal(t.obs, goal)),
        ),
        Mistake(
            "the goal takes the whole observation's place",
            "An observation holds more than its goal: env.with_goal(obs, goal) exchanges that.",
            _relabel(obs=lambda t, goal, env: goal, next_obs=lambda t, goal, env: goal),
        ),
        Mistake(
            "the goal of bit flipping's place is written down",
            "Where the goal stands is the environment's affair: env.with_goal(obs, goal).",
            _relabel(
                obs=lambda t, goal, env: np.r_[t.obs[: -len(goal)], goal],
                next_obs=lambda t, goal, env: np.r_[t.next_obs[: -len(goal)], goal],
            ),
        ),
    ),
    hints=(
        "Which of the five fields depend on the goal? Four do: what the network sees before and "
        "after the step holds the goal, and the reward and the end depend on it. The action was "
        "taken, whatever was wanted.",
        "`env.with_goal` makes both new observations. `env.achieved_goal` says what the step has "
        "reached: ask it about the observation after the step. Reward and end then come from "
        "`env.compute_reward` and `env.compute_terminated`, which take what was reached, what is "
        "wanted, and `{}`.",
        "`reached = env.achieved_goal(transition.next_obs)`; then return "
        "`Transition(env.with_goal(transition.obs, goal), transition.action, ..., ..., ...)`.",
    ),
    solution='''
def relabel(transition, goal, env):
    reached = env.achieved_goal(transition.next_obs)
    return Transition(
        env.with_goal(transition.obs, goal),
        transition.action,
        env.compute_reward(reached, goal, {}),
        env.with_goal(transition.next_obs, goal),
        env.compute_terminated(reached, goal, {}),
    )
''',
)  # fmt: skip


# -- future_steps ----------------------------------------------------------------------------

RNG = "Draw every number from the argument rng, so that a run can be repeated."
LATER = "rng.integers(t, length, size=k) draws k times from t, ..., length − 1."


def judge_future_steps(function: Callable) -> None:
    """Raise Problem unless each step's goals are drawn evenly from itself and later steps."""
    _judge_form(function)
    _judge_generator(function)
    _judge_places(function)
    _judge_even(function)


def _draw(function: Callable, length: int, k: int, seed: int = 1) -> np.ndarray:
    case = f"future_steps(length={length}, k={k}, rng)"
    with during(f"This case: {case}"):
        result = function(length, k, np.random.default_rng(seed))
    if result is None:
        lines = (f"This case: {case}", f"  expected  steps of the shape ({length}, {k})")
        mend = "Is there a return in the last line?"
        raise Problem(*lines, "  yours     None", diagnosis="returned None", mend=mend)
    try:
        found = np.asarray(result)
    except ValueError:  # rows of different lengths
        found = np.asarray(None)
    want = f"whole numbers of the shape ({length}, {k})"
    if found.dtype.kind not in "iu":
        got = show(result)
        if found.dtype.kind == "f" and found.shape == (length, k):
            raise mistaken(
                case, want, got, "steps that are no whole numbers",
                "A step is a place in a list: rng.integers draws whole numbers.",
            )  # fmt: skip
        raise mistaken(
            case, want, got, "no table of steps comes back",
            "A row for each step, each with k numbers: np.array([... for t in range(length)]).",
        )  # fmt: skip
    if found.shape != (length, k):
        _wrong_shape(case, want, found, length, k)
    return found


def _wrong_shape(case: str, want: str, found: np.ndarray, length: int, k: int) -> None:
    got = f"the shape {found.shape}"
    if found.shape == (k, length):
        raise mistaken(
            case, want, got, "rows and columns are exchanged",
            "A row for each step of the episode, a column for each of its k goals.",
        )  # fmt: skip
    if found.shape in ((k,), (1, k)):
        raise mistaken(
            case, want, got, "the goals of one step alone",
            "Every step of the episode gets k goals of its own: one row for each.",
        )  # fmt: skip
    if found.shape in ((length,), (length, 1)):
        raise mistaken(
            case, want, got, "one goal for each step in place of k",
            "size=k draws k numbers at once.",
        )  # fmt: skip
    if found.shape == (length - 1, k):
        raise mistaken(
            case, want, got, "the last step is left out",
            "The last step reached something, too: it is relabeled with just that.",
        )  # fmt: skip
    lines = (f"This case: {case}", f"  expected  {want}", f"  yours     {got}")
    raise Problem(*lines, diagnosis="wrong shape", mend="A row a step, a column a goal.")


def _judge_form(function: Callable) -> None:
    for length, k in ((5, 4), (1, 1), (3, 2), (1, 4), (2, 6)):
        _draw(function, length, k)


def _judge_generator(function: Callable) -> None:
    first, again, other = (_draw(function, 30, 4, seed) for seed in (1, 1, 2))
    rng, case = np.random.default_rng(1), "future_steps(length=30, k=4, rng)"
    twice = [np.asarray(function(30, 4, rng)) for _ in range(2)]
    if not (first == again).all():
        got = "other steps, although both generators have the seed 1"
    elif (first == other).all() and not _is_fixed(first):
        got = "the same steps for generators of different seeds"
    elif (twice[0] == twice[1]).all() and not _is_fixed(first):
        got = "the same steps again, although the generator has gone on"
    else:
        return
    raise mistaken(case, "what rng draws", got, "another generator than rng", RNG)


def _is_fixed(steps: np.ndarray) -> bool:
    """Return whether steps look as if nothing was drawn: then another mistake is to be named."""
    return bool((steps == steps[:, :1]).all())


def _judge_places(function: Callable) -> None:
    """Raise Problem unless row t holds draws from t, ..., T − 1."""
    length, k = 6, 8
    tables = [_draw(function, length, k, seed) for seed in range(40)]
    every = np.stack(tables)  # [40, T, k]
    own, case = np.arange(length)[:, None], f"future_steps(length={length}, k={k}, rng), 40 times"
    if (every < 0).any() or (every >= length).any():
        worst = int(every.max() if (every >= length).any() else every.min())
        raise mistaken(
            case, f"steps from 0 to {length - 1}", f"a step {worst}", "a step outside the episode",
            f"Steps are counted from 0, and rng.integers(a, b) stops at b − 1. {LATER}",
        )  # fmt: skip
    if (every == length - 1).all():
        raise mistaken(
            case, "any later step", "the last step, always", "only the end of the episode",
            f"That is the strategy “final”. Here any later step will do: {LATER}",
        )  # fmt: skip
    if (every == own).all():
        raise mistaken(
            case, "any later step", "the step itself, always", "only what the step itself reached",
            f"Then no copy shows a way that is longer than a step. {LATER}",
        )  # fmt: skip
    if (every < own).any():
        _, t, _ = np.argwhere(every < own)[0]
        got = f"row {t} holds a step {int(every[:, t].min())}"
        raise mistaken(
            case, f"row {t} holds steps from {t} on", got, "earlier steps are drawn",
            f"What was reached before the step is not where it led. {LATER}",
        )  # fmt: skip
    if (every[:, 0] != 0).all() or (every[:, 2] != 2).all():
        raise mistaken(
            case, "row t holds t as well, now and then", "row t never holds t",
            "what the step itself reached is left out",
            f"Step t led to a new observation, and that is the first of the goals. {LATER}",
        )  # fmt: skip
    if (every[:, 0] != length - 1).all():
        raise mistaken(
            case, f"row 0 holds {length - 1} as well, now and then", f"it never holds {length - 1}",
            "the last step is never drawn",
            f"rng.integers(t, length) gives length − 1 already. {LATER}",
        )  # fmt: skip
    if (every == every[:, :, :1]).all():
        raise mistaken(
            case, "k draws in each row", f"one, k times, as in {show(every[0, 0])}",
            "the k goals of a step are the same one", f"Each goal is a draw of its own. {LATER}",
        )  # fmt: skip


def _judge_even(function: Callable) -> None:
    """Raise Problem unless all later steps are equally likely, and each row draws anew."""
    length, k = 4, 5
    every = np.stack([_draw(function, length, k, seed) for seed in range(800)])
    case = f"future_steps(length={length}, k={k}, rng), 800 times"
    if (every[:, 0] == every[:, 1]).all(1)[every[:, 0].min(1) >= 1].mean() > 0.5:
        raise mistaken(
            case, "draws of its own in each row", f"the same, as in {show(every[0, :2])}",
            "all steps share their draws", f"Draw for each step: {LATER}",
        )  # fmt: skip
    if all(len(set(row)) == min(k, length) for row in every[:100, 0].tolist()):
        raise mistaken(
            case, "draws that may repeat", f"no repeats, as in {show(every[0, 0])}",
            "drawn without replacement",
            f"The draws do not know of one another: a step may come twice. {LATER}",
        )  # fmt: skip
    for t in range(length - 1):
        shares = np.bincount(every[:, t].ravel(), minlength=length)[t:] / every[:, t].size
        even = 1 / (length - t)
        if np.abs(shares - even).max() > 0.04:  # a standard error is 0.8 % at most
            raise mistaken(
                case, f"row {t}: each of {length - t} steps in {even:.0%} of the draws",
                f"from step {t} on {', '.join(f'{share:.0%}' for share in shares)}",
                "the draws are uneven",
                f"Every later step is equally likely, near or far. {LATER}",
            )  # fmt: skip


FUTURE_STEPS = Check(
    path="dqnlib.transitions.future_steps",
    judge=judge_future_steps,
    returns="a table of whole numbers",
    mistakes=(
        Mistake(
            "what the step itself reached is left out",
            f"Then nothing is left for the last step. Step t itself counts: {LATER}",
            raises="low >= high",
        ),
        Mistake(
            "drawn without replacement",
            f"Near the end fewer than k steps are left: a step may be drawn twice. {LATER}",
            raises=("larger sample than population", "Sample larger than population"),
        ),
        Mistake(
            "what the step itself reached is left out",
            f"Then nothing is left for the last step. Step t itself counts: {LATER}",
            raises=("a cannot be empty", "cannot choose from an empty", "a must be greater than 0"),
        ),
    ),
    hints=(
        "Row t is about step t. Which steps of the episode lie behind it, and does t itself count? "
        "It led to a new observation, and that is the first goal that it can have.",
        "`rng.integers(low, high, size=k)` draws k whole numbers from low, ..., high − 1. For step "
        "t low is t. What is high?",
        "`[rng.integers(t, length, size=k) for t in range(length)]`, as an array.",
    ),
    solution="""
def future_steps(length, k, rng):
    return np.array([rng.integers(t, length, size=k) for t in range(length)])
""",
)

CHECKS = (RELABEL, FUTURE_STEPS)
