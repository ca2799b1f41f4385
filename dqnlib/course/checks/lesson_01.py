"""Lesson 01: tabular Q-learning. Expected values are worked by hand beside each case."""

import numpy as np

from dqnlib.course.messages import show
from dqnlib.course.types import Case, Check, Mistake, Problem

TITLE = "01 Tabular Q-learning"

# -- epsilon_greedy: chance is in play, so shares of many calls are judged -----------------

CALLS = 3000  # the share of an action then has a standard error of at most 0.91 %
WIDE = 0.05  # allowed distance from a share: more than five standard errors
FEW = 300  # calls where chance should play no part


def _choose(function, q, epsilon, calls=CALLS, seed=1) -> list[int]:
    """Call the function many times: -> the actions; raise Problem if it is no choice of one."""
    row, rng = np.array(q), np.random.default_rng(seed)
    case = f"This case: epsilon_greedy(q={q}, epsilon={epsilon:g}, rng)"
    chosen = []
    for _ in range(calls):
        try:
            got = function(row, epsilon, rng)
        except BaseException as error:
            error.add_note(case)
            raise
        _expect_action(got, q, case)
        chosen.append(int(got))
    if not np.array_equal(row, q):
        raise Problem(
            case,
            f"  q before  {q}",
            f"  q after   {row.round(3).tolist()}",
            "Choosing must only read the table, or the agent forgets what it learned.",
            diagnosis="arguments changed",
        )
    return chosen


def _expect_action(got, q, case) -> None:
    """Raise Problem unless the answer is the number of an action."""
    whole = isinstance(got, int | np.integer) and not isinstance(got, bool)
    if whole and 0 <= got < len(q):
        return
    call = (case, f"  expected  the number of an action: {', '.join(map(str, range(len(q))))}")
    yours = f"  yours     {show(got)}"
    if got is None:
        mend = "Is there a return in every branch?"
        raise Problem(*call, yours, "It returned None.", diagnosis="returned None", mend=mend)
    if isinstance(got, list | tuple) or getattr(got, "ndim", 0) > 0:
        mend = "Several actions make a list of candidates: pick one of them."
        text = "One action is wanted, and this is several numbers."
        raise Problem(*call, yours, text, diagnosis="wrong shape", mend=mend)
    if isinstance(got, float | np.floating) and got in q:
        raise Problem(
            *call,
            yours,
            "",
            "Likely: the value in place of the action.",
            diagnosis="the value in place of the action",
            mend="That is how good the action is; wanted is its place in the row: argmax, not max.",
        )
    if not whole:
        text = f"It is of the type {type(got).__name__}, but a whole number is wanted: an int."
        raise Problem(*call, yours, text, diagnosis="wrong type")
    mend = "rng.integers(n) gives 0 to n − 1. Let n be len(q), not a number of your own."
    raise Problem(*call, yours, diagnosis="no such action", mend=mend)


def _share(chosen, action) -> float:
    return chosen.count(action) / len(chosen)


def _called(q, epsilon, calls=CALLS) -> str:
    return f"q={q}, epsilon={epsilon:g}, called {calls:,} times"


def _wrong_share(case, want, got, name, *advice) -> Problem:
    return Problem(
        f"This case: {case}",
        f"  expected  {want}",
        f"  yours     {got}",
        "",
        f"Likely: {name}.",
        diagnosis=name,
        mend=" ".join(advice),
    )


Q = [-3.0, -5.0, -1.0, -4.0]  # the best action is number 2, the worst number 1
TIED = [2.0, 0.0, 2.0, -1.0]  # two best actions: 0 and 2


def judge_epsilon_greedy(function) -> None:
    """Raise Problem unless the function chooses as ε-greedy does, by its shares and its rng."""
    greedy = _choose(function, Q, 0.0, FEW)
    always = _choose(function, Q, 1.0)
    _judge_greedy(function, greedy, always)
    _judge_generator(function)
    _judge_exploring(function, always)
    _judge_ties(function)


def _judge_greedy(function, greedy, always) -> None:
    case, want = _called(Q, 0, FEW), "action 2 always"
    best = _share(greedy, 2)
    if best == 1:
        return
    if _share(always, 2) == 1:
        raise _wrong_share(
            case, want, f"action 2 in {best:.0%} of the calls", "the two branches are swapped",
            "A random number below epsilon means: explore. Yours explores at the other times.",
        )  # fmt: skip
    if set(greedy) == {1}:
        raise _wrong_share(
            case, want, "action 1 always", "the worst action in place of the best",
            "argmin finds the smallest value; the best action has the largest.",
        )  # fmt: skip
    if set(greedy) == {0}:
        raise _wrong_share(
            case, want, "action 0 always", "a place in the list of the best actions",
            "A random place in that list is no action yet: return the entry at that place.",
        )  # fmt: skip
    raise _wrong_share(
        case, want, f"action 2 in {best:.0%} of the calls", "it explores although epsilon is 0",
        "With epsilon = 0 no random number may lead to a random action:",
        "compare a number from rng.random() with epsilon itself.",
    )  # fmt: skip


def _judge_generator(function) -> None:
    """Raise Problem unless all random numbers come from rng."""
    again = [_choose(function, TIED, 0.5, 60, seed=5) for _ in range(2)]
    rng = np.random.default_rng(5)
    before = rng.bit_generator.state
    only_best = all(function(np.array(q), 1.0, rng) == np.argmax(q) for q in (Q, Q[::-1]))
    unused = rng.bit_generator.state == before and not only_best
    if unused or again[0] != again[1]:
        first, second = (str(chosen[:12])[:-1] for chosen in again)
        shown = ["It never drew a number from rng."]
        if not unused:
            shown = [
                "Called again with a generator of the same seed, it must choose the same actions:",
                f"  the first time  {first}, ...",
                f"  and later       {second}, ...",
            ]
        raise Problem(
            *shown,
            "",
            "Likely: another generator than rng.",
            diagnosis="another generator than rng",
            mend="Draw every random number from the argument rng, as it comes: rng.random(). "
            "np.random, random, torch or a generator of your own cannot be repeated with the run.",
        )


def _judge_exploring(function, always) -> None:
    case = _called(Q, 1)
    shares = [_share(always, a) for a in range(4)]
    yours = "shares " + ", ".join(f"{s:.0%}" for s in shares)
    even = "each action in about 25 % of the calls"
    if max(shares) == 1 and shares[2] < 1:
        raise _wrong_share(
            case, even, yours, "exploring always takes the same action",
            "Draw the random action afresh from rng on each call: rng.integers(len(q)).",
        )  # fmt: skip
    if max(shares) == 1:
        raise _wrong_share(
            case, even, yours, "it never explores",
            "Draw a fresh number from rng on each call, and compare it with epsilon.",
        )  # fmt: skip
    if shares[2] == 0:
        raise _wrong_share(
            case, even, yours, "exploring leaves out the best action",
            "A random action is any action, each equally likely, the best one too.",
        )  # fmt: skip
    if min(shares) == 0:
        raise _wrong_share(
            case, even, yours, "exploring leaves out an action",
            "rng.integers(n) gives 0 to n − 1, with n = len(q); so does int(rng.random() * n).",
        )  # fmt: skip
    others = shares[:2] + shares[3:]
    uneven = max(others) - min(others) > WIDE
    if uneven or shares[2] < 0.25 - WIDE:
        raise _wrong_share(
            case, even, yours, "exploring is uneven",
            "A random action is any action, each equally likely.",
        )  # fmt: skip
    some = _share(_choose(function, Q, 0.4), 2)
    if shares[2] > 0.25 + WIDE or abs(some - 0.7) > WIDE:
        raise _wrong_share(
            _called(Q, 0.4), "action 2 in about 70 % (60 % greedy + 40 % / 4 by chance)",
            f"action 2 in {some:.0%}", "epsilon is not the probability of exploring",
            "Compare one number from rng.random() with epsilon, once a call.",
        )  # fmt: skip
    _choose(function, [0.0, 5.0, -1.0], 1.0, FEW)  # three actions, not four


def _judge_ties(function) -> None:
    for q, best in ((TIED, (0, 2)), ([0.0, 0.0, 0.0, 0.0], (0, 1, 2, 3))):
        chosen = _choose(function, q, 0.0)
        shares = {a: _share(chosen, a) for a in best}
        case, want = _called(q, 0), f"actions {', '.join(map(str, best))} equally often"
        got = "shares " + ", ".join(f"{s:.0%} for {a}" for a, s in shares.items())
        if not set(chosen) <= set(best):
            raise _wrong_share(
                case, want, got, "a worse action is chosen at a tie",
                "Choose only among the actions whose value equals the largest one.",
            )  # fmt: skip
        if max(shares.values()) == 1:
            raise _wrong_share(
                case, want, got, "at a tie always the same action",
                "argmax gives the first of several best actions. At the start all values are 0,",
                "and the agent would always go the same way: pick one of the best at random.",
            )  # fmt: skip
        if max(abs(s - 1 / len(best)) for s in shares.values()) > WIDE:
            raise _wrong_share(
                case, want, got, "ties are broken unevenly",
                "Each of the best actions should be equally likely.",
            )  # fmt: skip


EPSILON_GREEDY = Check(
    path="dqnlib.tabular.epsilon_greedy",
    judge=judge_epsilon_greedy,
    returns="the number of an action",
    solution="""
def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        return int(rng.integers(len(q)))
    best = np.flatnonzero(q == q.max())
    return int(rng.choice(best))
""",
    hints=(
        "Two questions, in this order: is this a step to explore? And if not, which actions are "
        "best? There can be several.",
        "One number between 0 and 1, drawn from `rng` and compared with `epsilon`, answers the "
        "first. To explore is to take any action, each equally likely. `np.flatnonzero` lists the "
        "places where a condition holds, such as: equal to the largest value.",
        "`if rng.random() < epsilon: return int(rng.integers(len(q)))`, and then "
        "`return int(rng.choice(np.flatnonzero(q == q.max())))`. The course's own version draws "
        "both numbers at once, which is quicker to train with.",
    ),
)

# -- q_learning_target ---------------------------------------------------------------------

ROW = np.array([-2.0, -6.0, 4.0, 1.0])  # best 4 at action 2, mean −0.75, sum −3
LOW = np.array([-8.0, -3.0, -5.0, -4.0])  # all negative: best −3 at action 1

NUMBER_FOR_GAMMA = (
    "gamma is written as a number",
    "The argument gamma says how much the future counts, and it differs from run to run: write "
    "gamma in place of the number.",
)
GAMMAS = (0.99, 0.95, 0.9, 0.5)  # that people write
PENALTY = (
    "a penalty at the end of the episode",
    "A punishment for the end is a change of the task: at the last step the target is the reward "
    "that the environment gave, and nothing else.",
)
ENDS = (lambda r, g: -1.0, lambda r, g: r - 1, lambda r, g: r - g)  # targets after termination

Q_LEARNING_TARGET = Check(
    path="dqnlib.tabular.q_learning_target",
    cases=(
        # −1 + 0.9 · 4 = 2.6
        Case(
            {"reward": -1.0, "terminated": False, "next_q": ROW, "gamma": 0.9},
            2.6,
            "a step in the middle of an episode",
        ),
        # the episode is over: the reward alone, 5
        Case(
            {"reward": 5.0, "terminated": True, "next_q": ROW, "gamma": 0.9},
            5.0,
            "the step that ended the episode",
        ),
        # −1 + 0.5 · (−3) = −2.5
        Case(
            {"reward": -1.0, "terminated": False, "next_q": LOW, "gamma": 0.5},
            -2.5,
            "all values are negative",
        ),
        # 2 + 0 · 4 = 2
        Case(
            {"reward": 2.0, "terminated": False, "next_q": ROW, "gamma": 0.0},
            2.0,
            "gamma = 0 looks at nothing but the reward",
        ),
    ),
    mistakes=(
        Mistake(
            "the value of a terminal state was kept",
            "After termination no reward can follow: there the target is the reward alone.",
            lambda r, t, q, g: r + g * q.max(),
        ),
        Mistake(
            "terminated is used the wrong way round",
            "What follows counts while the episode goes on, and is dropped when it has terminated.",
            lambda r, t, q, g: r + g * q.max() * t,
        ),
        Mistake(
            "~ on a Python bool",
            "~True is −2 and ~False is −1, since ~ works on bits. Write not terminated, "
            "or 1 - terminated.",
            lambda r, t, q, g: r + g * q.max() * ~int(t),
        ),
        Mistake(
            "the discount is missing",
            "The value of the next state is multiplied by gamma.",
            lambda r, t, q, g: r + q.max() * (not t),
        ),
        Mistake(
            "gamma discounts the reward as well",
            "The reward of this step comes now, so it counts in full.",
            lambda r, t, q, g: g * (r + q.max() * (not t)),
        ),
        Mistake(
            "the mean of the next values",
            "Q-learning supposes that the best action follows: take the max of next_q.",
            lambda r, t, q, g: r + g * q.mean() * (not t),
        ),
        Mistake(
            "the number of an action is used as its value",
            "argmax tells which action is best; the target needs how good it is: max.",
            lambda r, t, q, g: r + g * q.argmax() * (not t),
        ),
        Mistake(
            "the smallest of the next values",
            "Q-learning supposes that the best action follows: take the max of next_q.",
            lambda r, t, q, g: r + g * q.min() * (not t),
        ),
        Mistake(
            "the first action's value",
            "Q-learning supposes that the best action follows: take the max of next_q.",
            lambda r, t, q, g: r + g * q[0] * (not t),
        ),
        Mistake(
            "negative values are cut off at 0",
            "On Cliff Walking all values are negative, and the best of them still counts.",
            lambda r, t, q, g: r + g * max(q.max(), 0.0) * (not t),
        ),
        Mistake(
            "the reward is dropped when the episode ends",
            "The last step gives its reward too; only what would follow is dropped.",
            lambda r, t, q, g: (r + g * q.max()) * (not t),
        ),
        Mistake(
            "the reward is missing",
            "The target is the reward plus the discounted value of what follows.",
            lambda r, t, q, g: g * q.max() * (not t),
        ),
        Mistake(
            "the next value is subtracted",
            "What follows is added to the reward.",
            lambda r, t, q, g: r - g * q.max() * (not t),
        ),
        Mistake(
            "a sign stands where gamma should count",
            "gamma times the next value is added: look at the sign between the two.",
            lambda r, t, q, g: r if t else r + g - q.max(),
        ),
        Mistake(
            "the sum of the next values",
            "One action follows, not all of them: take the value of the best one.",
            lambda r, t, q, g: r + g * q.sum() * (not t),
        ),
        Mistake(
            "the last action's value",
            "Q-learning supposes that the best action follows, whichever place it has.",
            lambda r, t, q, g: r + g * q[-1] * (not t),
        ),
        Mistake(
            "softmax weights",
            "A mean weighed by softmax is another policy's value: take the max of next_q.",
            lambda r, t, q, g: r + g * (np.exp(q) @ q / np.exp(q).sum()) * (not t),
        ),
        Mistake(
            "a soft maximum",
            "log-sum-exp is above the largest value (soft Q-learning uses it): take max.",
            lambda r, t, q, g: r + g * np.log(np.exp(q).sum()) * (not t),
        ),
        *(
            Mistake(*NUMBER_FOR_GAMMA, lambda r, t, q, g, n=n: r + n * q.max() * (not t))
            for n in GAMMAS
        ),
        *(
            Mistake(*PENALTY, lambda r, t, q, g, end=end: end(r, g) if t else r + g * q.max())
            for end in ENDS
        ),
    ),
    hints=(
        "There are two cases. What can follow a step that ended the episode?",
        "If `terminated`, the target is `reward` alone. Else add what the best next action is "
        "worth, discounted. An array knows its largest entry.",
        "`if terminated: return reward`, and then `return reward + gamma * next_q.max()`.",
    ),
)

# -- td_update -----------------------------------------------------------------------------

TABLE = np.array([[0.0, 2.0, 4.0], [1.0, -3.0, 5.0]])


def _after(row, column, value) -> dict:
    table = TABLE.copy()
    table[row, column] = value
    return {"q": table}


def _store(q, obs, action, value) -> None:
    q[obs, action] = value


def _returning(result):
    """Make a mistake that stores the right value, but returns another one than the error."""

    def wrong(q, obs, action, td_target, alpha):
        old = q[obs, action]
        q[obs, action] += alpha * (td_target - old)
        return result(old, q[obs, action], td_target)

    return wrong


TD_UPDATE = Check(
    path="dqnlib.tabular.td_update",
    cases=(
        # error 7 − (−3) = 10; −3 + 0.25 · 10 = −0.5
        Case(
            {"q": TABLE, "obs": 1, "action": 1, "td_target": 7.0, "alpha": 0.25},
            10.0,
            "the target 7 lies above the old value −3",
            after=_after(1, 1, -0.5),
        ),
        # error 0 − 4 = −4; 4 + 0.5 · (−4) = 2
        Case(
            {"q": TABLE, "obs": 0, "action": 2, "td_target": 0.0, "alpha": 0.5},
            -4.0,
            "the target 0 lies below the old value 4",
            after=_after(0, 2, 2.0),
        ),
        # error −6 − 2 = −8; a step size of 1 goes all the way to −6
        Case(
            {"q": TABLE, "obs": 0, "action": 1, "td_target": -6.0, "alpha": 1.0},
            -8.0,
            "alpha = 1 goes all the way to the target",
            after=_after(0, 1, -6.0),
        ),
    ),
    mistakes=(
        Mistake(
            "the error has the wrong sign",
            "The error is target minus old value: a target above the old value pulls it up.",
            lambda q, s, a, y, alpha: _store(q, s, a, q[s, a] + alpha * (q[s, a] - y)),
        ),
        Mistake(
            "the step size is missing",
            "The value moves only the part alpha of the way to the target.",
            lambda q, s, a, y, alpha: _store(q, s, a, y),
        ),
        Mistake(
            "the target is added without the old value taken off",
            "The value moves by alpha times the error, and the error is target minus old value.",
            lambda q, s, a, y, alpha: _store(q, s, a, q[s, a] + alpha * y),
        ),
        Mistake(
            "the old value is lost",
            "alpha times the error is added to the old value: use +=, not =.",
            lambda q, s, a, y, alpha: _store(q, s, a, alpha * (y - q[s, a])),
        ),
        Mistake(
            "alpha weighs the wrong part",
            "With alpha = 1 the new value is the target: (1 − alpha) · old + alpha · target.",
            lambda q, s, a, y, alpha: _store(q, s, a, alpha * q[s, a] + (1 - alpha) * y),
        ),
        Mistake(
            "the whole row is changed",
            "Only the action that was taken has been tried: change q[obs, action] alone.",
            lambda q, s, a, y, alpha: _store(q, s, slice(None), q[s] + alpha * (y - q[s])),
        ),
        Mistake(
            "the whole row gets the step of one action",
            "Only the action that was taken has been tried: change q[obs, action] alone.",
            lambda q, s, a, y, alpha: _store(q, s, slice(None), q[s] + alpha * (y - q[s, a])),
        ),
        Mistake(
            "the entry of the best action is changed",
            "What was tried is `action`: change q[obs, action].",
            lambda q, s, a, y, alpha: _store(
                q, s, q[s].argmax(), q[s].max() + alpha * (y - q[s].max())
            ),
        ),
        Mistake(
            "the new value is returned",
            "The table is right. Return the TD error: target minus the old value.",
            _returning(lambda old, new, td_target: new),
        ),
        Mistake(
            "the error is taken after the change",
            "The table is right. But keep the error before you change the table: afterwards it "
            "is smaller.",
            _returning(lambda old, new, td_target: td_target - new),
        ),
        Mistake(
            "the step is returned",
            "The table is right. Return the whole error, without alpha.",
            _returning(lambda old, new, td_target: new - old),
        ),
        Mistake(
            "the returned error has the wrong sign",
            "The table is right. The error is target minus old value: above 0 if the table "
            "says too little.",
            _returning(lambda old, new, td_target: old - td_target),
        ),
        Mistake(
            "the error is returned without its sign",
            "The table is right. The sign tells whether the table said too little or too much.",
            _returning(lambda old, new, td_target: abs(td_target - old)),
        ),
        Mistake(
            "the old value is taken off without the step size",
            "alpha belongs to the whole error: alpha * (td_target - q[obs, action]).",
            lambda q, s, a, y, alpha: _store(q, s, a, alpha * y),
        ),
        Mistake(
            "the old value is shrunk twice",
            "Either (1 - alpha) * old + alpha * target, or old + alpha * (target - old).",
            lambda q, s, a, y, alpha: _store(
                q, s, a, (1 - alpha) * q[s, a] + alpha * (y - q[s, a])
            ),
        ),
        Mistake(
            "the step size is written as a number",
            "The argument alpha says how far to go: write alpha in place of the number.",
            lambda q, s, a, y, alpha: _store(q, s, a, q[s, a] + 0.1 * (y - q[s, a])),
        ),
        Mistake(
            "the step is divided by the step size",
            "A small alpha means a small step: multiply.",
            lambda q, s, a, y, alpha: _store(q, s, a, q[s, a] + (y - q[s, a]) / alpha),
        ),
    ),
    hints=(
        "First the error: how far is the target from what the table says now?",
        "Keep the error under a name of its own, before anything is changed. Then the entry of "
        "`obs` and `action` moves by `alpha` times the error, in place.",
        "`td_error = td_target - q[obs, action]`, then `q[obs, action] += alpha * td_error`, and "
        "`return td_error`.",
    ),
)

# -- value_iteration_sweep -----------------------------------------------------------------


class World(dict):
    """Outcomes as Gymnasium shows them, with a short text that names one pair in full."""

    def __repr__(self) -> str:
        most = max((len(found), -s, -a) for s in self for a, found in self[s].items())
        s, a = -most[1], -most[2]
        return f"{{..., {s}: {{..., {a}: {self[s][a]}}}, ...}}"


# Three states, two actions: (probability, next_obs, reward, terminated).
WORLD = World(
    {
        0: {
            0: [(1.0, 1, -1, False)],
            1: [(0.75, 2, -2, False), (0.25, 0, 2, False)],
        },
        1: {
            0: [(0.5, 2, 1, False), (0.5, 0, 2, True)],
            1: [(1.0, 1, -1, False)],
        },
        2: {
            0: [(1.0, 2, 2, True)],
            1: [(1.0, 1, -3, False)],
        },
    }
)
VALUES = np.array([[4.0, 1.0], [-2.0, 6.0], [8.0, 2.0]])  # largest of each row: 4, 6, 8
NEGATIVE = np.array([[-4.0, -2.0], [-6.0, -3.0], [-1.0, -5.0]])  # −2, −3, −1
CORRIDOR = World(
    {  # another size: two states, three actions
        0: {0: [(1.0, 1, 0, False)], 1: [(1.0, 0, -1, False)], 2: [(1.0, 1, 1, True)]},
        1: {
            0: [(1.0, 1, -1, False)],
            1: [(1.0, 0, 1, False)],
            2: [(0.2, 0, 0, False), (0.8, 1, 1, True)],
        },
    }
)


def _mean_of(value):
    """Make a sweep with another value of an outcome: value(p, s2, r, t, q, gamma)."""

    def wrong(q, outcomes, gamma):
        return np.array(
            [
                [sum(value(*o, q, gamma) for o in outcomes[s][a]) for a in range(len(q[s]))]
                for s in range(len(q))
            ],
            float,
        )

    return wrong


def _follow(q, s, t, gamma):
    return 0.0 if t else gamma * q[s].max()


def _one_outcome(which):
    def wrong(q, outcomes, gamma):
        new = np.zeros_like(q)
        for s, a in np.ndindex(q.shape):
            p, s2, r, t = outcomes[s][a][which]
            new[s, a] = p * (r + _follow(q, s2, t, gamma))
        return new

    return wrong


def _read_while_filled(q, outcomes, gamma):
    new = q.copy()
    for s, a in np.ndindex(q.shape):
        new[s, a] = sum(p * (r + _follow(new, s2, t, gamma)) for p, s2, r, t in outcomes[s][a])
    return new


SWEEP_RIGHT = _mean_of(lambda p, s, r, t, q, g: p * (r + _follow(q, s, t, g)))

VALUE_ITERATION_SWEEP = Check(
    path="dqnlib.planning.value_iteration_sweep",
    returns="a new table, one row a state,",
    solution="""
def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for probability, next_obs, reward, terminated in outcomes[obs][action]:
                follow = 0 if terminated else gamma * q[next_obs].max()
                new[obs, action] += probability * (reward + follow)
    return new
""",
    cases=(
        # γ = 0.5. Row 0: −1 + 0.5 · 6 = 2; 0.75 (−2 + 0.5 · 8) + 0.25 (2 + 0.5 · 4) = 2.5
        # row 1: 0.5 (1 + 0.5 · 8) + 0.5 · 2 = 3.5; −1 + 0.5 · 6 = 2; row 2: 2; −3 + 0.5 · 6 = 0
        Case(
            {"q": VALUES, "outcomes": WORLD, "gamma": 0.5},
            np.array([[2.0, 2.5], [3.5, 2.0], [2.0, 0.0]]),
            "three states, two actions; shown is the pair (0, 1), which has two outcomes",
        ),
        # γ = 1: −1 − 3; 0.75 (−2 − 1) + 0.25 (2 − 2); 0.5 (1 − 1) + 0.5 · 2; −1 − 3; 2; −3 − 3
        Case(
            {"q": NEGATIVE, "outcomes": WORLD, "gamma": 1.0},
            np.array([[-4.0, -2.25], [1.0, -4.0], [2.0, -6.0]]),
            "the same world, negative values, gamma = 1",
        ),
        # rows [1, 5, 2] and [−1, 0, 3]: largest 5 and 3; γ = 0.9: 2.7; −1 + 4.5; 1
        # −1 + 2.7; 1 + 4.5; 0.2 · 4.5 + 0.8 · 1
        Case(
            {
                "q": np.array([[1.0, 5.0, 2.0], [-1.0, 0.0, 3.0]]),
                "outcomes": CORRIDOR,
                "gamma": 0.9,
            },
            np.array([[2.7, 3.5, 1.0], [1.7, 5.5, 1.7]]),
            "another world, of two states and three actions",
        ),
    ),
    mistakes=(
        Mistake(
            "the value of a terminal state was kept",
            "After a step that ends the episode nothing follows: only its reward counts.",
            _mean_of(lambda p, s, r, t, q, g: p * (r + g * q[s].max())),
        ),
        Mistake(
            "terminated is used the wrong way round",
            "What follows counts while the episode goes on, and is dropped when it has terminated.",
            _mean_of(lambda p, s, r, t, q, g: p * (r + g * q[s].max() * t)),
        ),
        Mistake(
            "each outcome counts in full, however unlikely it is",
            "A mean over outcomes weighs each by its probability.",
            _mean_of(lambda p, s, r, t, q, g: r + _follow(q, s, t, g)),
        ),
        Mistake(
            "each outcome counts in full, and the end counts for nothing",
            "Two things are missing: the weight of an outcome, and the case that nothing follows. "
            "Your target of exercise 2 has the second.",
            _mean_of(lambda p, s, r, t, q, g: r + g * q[s].max()),
        ),
        Mistake(
            "the outcomes count alike, however likely they are",
            "A mean over outcomes weighs each by its own probability.",
            lambda q, outcomes, gamma: np.array(
                [
                    [
                        np.mean([r + _follow(q, s2, t, gamma) for _, s2, r, t in outcomes[s][a]])
                        for a in range(len(q[s]))
                    ]
                    for s in range(len(q))
                ]
            ),
        ),
        Mistake(
            "the probability does not reach the reward",
            "The reward belongs to the outcome as well: the probability weighs both parts.",
            _mean_of(lambda p, s, r, t, q, g: r + p * _follow(q, s, t, g)),
        ),
        Mistake(
            "the probability does not reach what follows",
            "The next value belongs to the outcome as well: the probability weighs both parts.",
            _mean_of(lambda p, s, r, t, q, g: p * r + _follow(q, s, t, g)),
        ),
        Mistake(
            "only the last outcome counts",
            "Each outcome adds its part: with = the last one overwrites the others; use +=.",
            _one_outcome(-1),
        ),
        Mistake(
            "only the first outcome counts",
            "Go through all outcomes of a pair, and return after the loops.",
            _one_outcome(0),
        ),
        Mistake(
            "the mean of the next values",
            "The optimality equation supposes that the best action follows: q[next_obs].max().",
            _mean_of(lambda p, s, r, t, q, g: p * (r + (0 if t else g * q[s].mean()))),
        ),
        Mistake(
            "the number of an action is used as its value",
            "argmax tells which action is best; the equation needs how good it is: max.",
            _mean_of(lambda p, s, r, t, q, g: p * (r + (0 if t else g * q[s].argmax()))),
        ),
        Mistake(
            "the worst next action is taken",
            "The optimality equation supposes that the best action follows: q[next_obs].max().",
            _mean_of(lambda p, s, r, t, q, g: p * (r + (0 if t else g * q[s].min()))),
        ),
        Mistake(
            "negative values are cut off at 0",
            "On Cliff Walking all values are negative, and the best of them still counts.",
            _mean_of(lambda p, s, r, t, q, g: p * (r + (0 if t else g * max(0, q[s].max())))),
        ),
        Mistake(
            "the best value of the whole table",
            "What follows is one row of the table, that of the next state: q[next_obs].",
            _mean_of(lambda p, s, r, t, q, g: p * (r + (0 if t else g * q.max()))),
        ),
        Mistake(
            "the value of the state itself, not of the next one",
            "The step leads to next_obs: look up its row.",
            lambda q, outcomes, gamma: np.array(
                [
                    [
                        sum(p * (r + _follow(q, s, t, gamma)) for p, _, r, t in outcomes[s][a])
                        for a in range(len(q[s]))
                    ]
                    for s in range(len(q))
                ]
            ),
        ),
        Mistake(
            "the discount is missing",
            "The value of the next state is multiplied by gamma.",
            _mean_of(lambda p, s, r, t, q, g: p * (r + _follow(q, s, t, 1.0))),
        ),
        Mistake(
            "gamma discounts the reward as well",
            "The reward of this step comes now, so it counts in full.",
            _mean_of(lambda p, s, r, t, q, g: p * g * (r + _follow(q, s, t, 1.0))),
        ),
        Mistake(
            "the reward is missing",
            "Each outcome brings its reward, and then what follows.",
            _mean_of(lambda p, s, r, t, q, g: p * _follow(q, s, t, g)),
        ),
        Mistake(
            "the reward is dropped when the episode ends",
            "The last step gives its reward too; only what would follow is dropped.",
            _mean_of(lambda p, s, r, t, q, g: 0.0 if t else p * (r + g * q[s].max())),
        ),
        Mistake(
            "reward and next state have changed places",
            "An outcome is (probability, next_obs, reward, terminated), in this order.",
            _mean_of(lambda p, r, s, t, q, g: p * (r + _follow(q, s, t, g))),
        ),
        Mistake(
            "new values are used within the same sweep",
            "Read from q alone, and write to new alone. (A sweep in place settles, too, but it is "
            "another algorithm: Sutton & Barto, section 4.1.)",
            _read_while_filled,
        ),
        Mistake(
            "the old value is still in the sum",
            "A sweep replaces each value: begin the new table with zeros.",
            lambda q, outcomes, gamma: q + SWEEP_RIGHT(q, outcomes, gamma),
        ),
        Mistake(
            "the value moves half of the way only",
            "Value iteration has no step size: the mean over all outcomes is the new value.",
            lambda q, outcomes, gamma: 0.5 * (q + SWEEP_RIGHT(q, outcomes, gamma)),
        ),
        *(
            Mistake(
                *NUMBER_FOR_GAMMA,
                _mean_of(lambda p, s, r, t, q, g, n=n: p * (r + _follow(q, s, t, n))),
            )
            for n in GAMMAS
        ),
    ),
    hints=(
        "Each turn of the inner loop is one outcome. How likely is it, and what is it worth?",
        "It is worth what your target of exercise 2 says for this reward, this `terminated` and "
        "the row of the next state.",
        "`q_learning_target(reward, terminated, q[next_obs], gamma)` is what the outcome is worth. "
        "It counts with its probability.",
    ),
)

CHECKS = (EPSILON_GREEDY, Q_LEARNING_TARGET, TD_UPDATE, VALUE_ITERATION_SWEEP)
