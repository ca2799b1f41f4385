"""The judge against a bank of learners' answers: right, blank and wrong ones, each run as a cell.

`tests/mutants/course/test_checks.toml` lists the mutants that these tests kill.
"""

import ast
import builtins
import dataclasses
import functools
import importlib
import inspect
import itertools
import linecache
import sys
import threading
import time
import warnings
from collections import Counter
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from answers import bank
from given_away import told_too_early

from dqnlib.course import checks, exercises, judge, sandbox, types
from dqnlib.course.judge import run_check
from dqnlib.course.reference import load
from dqnlib.course.types import Wrong

pytestmark = pytest.mark.alone  # in one process: the table at the end counts all answers
BANK = bank()
CHECKS = {check.path: check for found in checks.lessons().values() for check in found}
SEEN = Counter()  # (exercise, verdict) -> answers that got it, for the table at the end


def answers(verdict):
    chosen = [a for a in BANK if a.verdict == verdict]
    numbers = Counter()
    names = []
    for a in chosen:
        numbers[a.name] += 1
        names.append(f"{a.name}-{numbers[a.name]}-{a.diagnosis or verdict}")
    return pytest.mark.parametrize("answer", chosen, ids=names)


class Cell:
    """A notebook cell that has run: its names, what it raised, and the decorated functions."""

    number = 0

    def __init__(self, answer, judge=True):
        Cell.number += 1
        self.given, self.returned, self.error = None, None, None
        file = f"/tmp/ipykernel_1/{Cell.number}.py"  # registered as IPython does it
        source = answer.source
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        self.names = {"__name__": "__main__"}
        exec("from dqnlib import ____, exercise, hints", self.names)
        real = self.names["exercise"]

        def exercise(path):
            decorate = real(path)

            def spy(function):
                self.given = function
                self.returned = decorate(function) if judge else function
                return self.returned

            return spy

        self.names["exercise"] = exercise
        try:
            exec(compile(source, file, "exec"), self.names)
        except Wrong as wrong:
            self.error = wrong
        finally:
            linecache.cache.pop(file, None)


@pytest.fixture(autouse=True)
def same_dice():
    np.random.seed(3)  # noqa: NPY002 - some answers use it by mistake
    torch.manual_seed(3)


@answers("right")
def test_right_answer_is_accepted_and_handed_back(answer, capsys):
    cell = Cell(answer)
    assert cell.error is None, f"{answer.source}\n{cell.error}"
    assert cell.given is not None
    assert cell.returned is cell.given
    assert capsys.readouterr().out == exercises.RIGHT.format(answer.name) + "\n"
    SEEN[answer.name, "right"] += 1


@answers("blank")
def test_blank_hands_back_the_reference(answer, capsys):
    cell = Cell(answer)
    assert cell.error is None, f"{answer.source}\n{cell.error}"
    assert cell.returned is load(answer.path)
    printed = capsys.readouterr().out
    assert printed.startswith(f"○ {answer.name}: ")
    assert printed.endswith("still blank. The lesson goes on with the course's own version.\n")
    SEEN[answer.name, "blank"] += 1


@answers("wrong")
def test_wrong_answer_gets_its_diagnosis(answer, capsys, monkeypatch):
    monkeypatch.setattr(sandbox, "TIME_LIMIT", answer.limit or sandbox.TIME_LIMIT)
    stdout, own_exit = sys.stdout, builtins.exit
    before = set(threading.enumerate())
    exercises._met.clear()  # each answer is a learner's first

    cell = Cell(answer)

    assert cell.error is not None, f"accepted:\n{answer.source}"
    message = str(cell.error)
    assert cell.error.diagnosis == answer.diagnosis, f"{answer.source}\n{message}"
    assert capsys.readouterr() == ("", "")  # all is in the message
    assert sys.stdout is stdout
    assert builtins.exit is own_exit
    check_message(message, answer)
    assert not told_too_early(message, answer), message
    check_threads(set(threading.enumerate()) - before, answer)
    SEEN[answer.name, "wrong"] += 1


SILENT = (
    *("raises", "calls", "does not end", "it prints", "other parameters", "another name", "not"),
    *("no method", "the base class is missing"),
)
LIBRARY = (
    "dqnlib/",
    "judge.py",
    "lesson_0",
    "Traceback",
    'File "',
    "site-packages",
)


def check_message(message, answer):
    lines = message.splitlines()
    assert lines[0] == judge.WRONG.format(answer.name)
    assert len(lines) <= 18, message
    assert max(map(len, lines)) <= 100, message
    assert not [word for word in LIBRARY if word in message], message
    if not answer.diagnosis.startswith(SILENT):
        values = (
            ("expected", "yours"),
            ("before", "after"),
            ("first time", "later"),
            ("never drew",),
            ("It stopped with", "Likely: "),
        )
        assert any(all(word in message for word in words) for words in values), message
    if answer.diagnosis in {m.name for m in CHECKS[answer.path].mistakes}:
        assert f"Likely: {answer.diagnosis}." in " ".join(lines), message
    if answer.diagnosis.startswith("raises ") and "lru_cache" not in answer.source:
        assert "This case: " in message, message
        before, _, after = message.partition(" of the cell: ")
        number, line = int(before.rpartition(" ")[2]), after.splitlines()[0]
        assert answer.source.splitlines()[number - 1].strip().startswith(line), message
        assert not line.startswith("@")


def check_threads(left, answer):
    """A stopped function may wait for good, but it must not work on."""
    for thread in left if answer.diagnosis != "does not end" else ():
        thread.join(5)  # its last lines may take a moment on a busy machine
        assert not thread.is_alive()
    for thread in filter(threading.Thread.is_alive, left):
        clock = time.pthread_getcpuclockid(thread.ident)
        start = time.clock_gettime(clock)
        time.sleep(0.05)
        assert time.clock_gettime(clock) - start < 0.001, "it still runs"


def test_the_line_where_it_hangs_is_shown(monkeypatch):
    monkeypatch.setattr(sandbox, "TIME_LIMIT", 0.3)
    endless = next(a for a in BANK if "while not terminated:" in a.source)
    message = str(Cell(endless).error)
    assert "did not finish within 0.3 seconds, so it was stopped" in message
    assert "while not terminated:" in message or "target += gamma" in message
    assert "terminated=False" in message  # the case


# -- the bank and the checks fit each other ------------------------------------------------


TABULAR = [path for path in CHECKS if path.startswith("dqnlib.tabular.")]


@pytest.mark.parametrize("path", CHECKS)
def test_bank_is_rich(path):
    found = Counter(a.verdict for a in BANK if a.path == path)
    assert found["right"] >= 3
    assert found["blank"] >= 2
    assert found["wrong"] >= 8
    shown = " ".join(a.diagnosis for a in BANK if a.path == path and a.diagnosis)
    for general in ("does not end", "raises NameError", "it prints", "another name"):
        assert general in shown, general


@pytest.mark.parametrize("path", TABULAR)
def test_bank_of_the_first_lessons_is_richer(path):
    found = Counter(a.verdict for a in BANK if a.path == path)
    assert found["right"] >= 4
    assert found["blank"] >= 5
    assert found["wrong"] >= 10
    shown = " ".join(a.diagnosis for a in BANK if a.path == path and a.diagnosis)
    for general in (
        "does not end", "raises NameError", "raises IndexError", "raises ZeroDivisionError",
        "it prints", "returned None", "wrong type", "wrong shape", "other parameters",
        "another name", "not a plain function", "calls ",
    ):  # fmt: skip
        assert general in shown, general
    if path not in ("dqnlib.tabular.epsilon_greedy", "dqnlib.tabular.td_update"):
        assert "returned NaN" in shown  # an action is no NaN
        assert "arguments changed" in shown  # td_update has to change its only array


def judges_mistakes(module):
    """Return the mistakes that the judges of a lesson name in their own lines."""
    tree = ast.parse(inspect.getsource(module))
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in OWN
    ]
    named = [c.args[3] for c in calls if c.func.id == "_wrong_share"]
    named += [c.args[-2] for c in calls if c.func.id == "mistaken"]
    named += [k.value for c in calls for k in c.keywords if k.arg == "diagnosis"]
    return {value.value for value in named if isinstance(value, ast.Constant)}


OWN = ("_wrong_share", "mistaken", "Problem")


@pytest.mark.parametrize("path", CHECKS)
def test_every_named_mistake_is_made_by_an_answer(path):
    names = {m.name for m in CHECKS[path].mistakes}
    assert len(names) >= 8 or CHECKS[path].judge
    assert names <= {a.diagnosis for a in BANK if a.path == path}


@pytest.mark.parametrize("lesson", checks.files())
def test_every_mistake_that_a_judge_names_is_made_by_an_answer(lesson):
    module = importlib.import_module(f"dqnlib.course.checks.{lesson}")
    here = {check.path for check in module.CHECKS}
    assert judges_mistakes(module) <= {a.diagnosis for a in BANK if a.path in here}


@pytest.mark.parametrize("path", CHECKS)
def test_mistakes_can_be_told_apart(path):
    check = CHECKS[path]
    for mistake in check.mistakes:
        if mistake.wrong is None:  # an error's text shows it
            continue
        find = functools.partial(judge.judge_cases, check) if check.cases else check.judge
        with pytest.raises(types.Problem) as caught:
            find(mistake.wrong)
        assert caught.value.diagnosis == mistake.name


@pytest.mark.parametrize("path", CHECKS)
def test_reference_passes(path):
    run_check(CHECKS[path], load(path))


@pytest.mark.parametrize("path", CHECKS)
def test_expected_values_do_not_come_from_the_reference(path, monkeypatch):
    module, _, name = path.rpartition(".")

    def spoiled(function):
        @functools.wraps(function)  # the same parameters
        def nonsense(*args, **kwargs):
            return None if function.__name__ == "__init__" else 12345.0

        return nonsense

    nonsense = load(path)
    if inspect.isclass(nonsense):
        methods = {n: spoiled(m) for n, m in vars(nonsense).items() if inspect.isfunction(m)}
        nonsense = type(name, nonsense.__bases__, methods)
    else:
        nonsense = spoiled(nonsense)
    right = next(a for a in BANK if a.path == path and a.verdict == "right")
    wrong = next(a for a in BANK if a.path == path and a.verdict == "wrong")
    monkeypatch.setattr(sys.modules[module], name, nonsense)
    assert Cell(right).error is None
    assert Cell(wrong).error.diagnosis == wrong.diagnosis
    with pytest.raises(Wrong):
        run_check(CHECKS[path], nonsense)


@pytest.mark.parametrize("unused", [0, 1, 2, 17, 30, 31])
def test_a_right_policy_is_accepted_whatever_numbers_it_draws(unused):
    """With 17, 30 and 31 the shares of four actions add up to 0.9999999999999999."""

    def epsilon_greedy(q, epsilon, rng):
        explore, pick = rng.random(2 + unused)[[0, -1]]
        best = np.flatnonzero(q == q.max())
        return int(pick * len(q)) if explore < epsilon else best[int(pick * len(best))]

    run_check(CHECKS["dqnlib.tabular.epsilon_greedy"], epsilon_greedy)


# The first case of an exercise is what most learners meet, so it is the plainest one. What this
# one rejects, a later case rejects as well.
PLAIN = {(name, 0) for name in ("sarsa_target", "mse_loss", "value_iteration_sweep", "find")}
WITH_CASES = [(check, i) for check in CHECKS.values() for i in range(len(check.cases))]


@functools.cache
def wrong_functions(path):
    """Return the functions of the wrong answers that can be run without harm, on a small scale."""
    harmless = [
        a
        for a in BANK
        if (a.path, a.verdict, a.limit) == (path, "wrong", None)
        and not a.diagnosis.startswith(("calls", "other", "another name", "not a plain"))
    ]
    return [(a, Cell(a, judge=False).given) for a in harmless]


@pytest.mark.parametrize(
    ("check", "number"), WITH_CASES, ids=[f"{check.name}-{i}" for check, i in WITH_CASES]
)
def test_every_case_is_needed(check, number):
    fewer = dataclasses.replace(check, cases=check.cases[:number] + check.cases[number + 1 :])
    passed = [a for a, function in wrong_functions(check.path) if accepts(fewer, function)]
    assert bool(passed) == ((check.name, number) not in PLAIN), check.cases[number].story


PARTS = {
    "dqnlib.tabular.epsilon_greedy": (
        "_expect_action", "_judge_greedy", "_judge_generator", "_judge_exploring", "_judge_ties",
    ),
    "dqnlib.networks.QNetwork": (
        "_judge_class", "_judge_layers", "_judge_widths", "_judge_several_axes", "_judge_rows",
        "_judge_nonlinearity", "_judge_output_range", "_judge_gradient", "_judge_two_networks",
    ),
    "dqnlib.replay.ReplayBuffer": (
        "_judge_length", "_expect_rows", "_judge_what_is_kept", "_judge_even",
        "_judge_generator", "_judge_copies",
    ),
    "dqnlib.replay.collect": (
        "_judge_steps", "_judge_seeds", "_judge_rows", "_judge_count", "_judge_returns",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "part"), [(path, part) for path, parts in PARTS.items() for part in parts]
)
def test_every_part_of_the_judge_is_needed(path, part, monkeypatch):
    module = inspect.getmodule(CHECKS[path].judge)
    monkeypatch.setattr(module, part, lambda *args: None)
    changed = (
        a
        for a, function in wrong_functions(path)
        if diagnosis(CHECKS[path], function) != a.diagnosis
    )
    enough = 3 if path in TABULAR else 1
    assert len(list(itertools.islice(changed, enough))) == enough


TRIALS = [
    (path, trials, number)
    for path, trials, n in (
        ("dqnlib.targets.hard_update", "HARD_TRIALS", 2),
        ("dqnlib.targets.polyak_update", "POLYAK_TRIALS", 2),
        ("dqnlib.targets.dqn_update", "UPDATE_TRIALS", 3),
    )
    for number in range(n)
]


@pytest.mark.parametrize(("path", "trials", "number"), TRIALS)
def test_every_trial_of_a_change_is_needed(path, trials, number, monkeypatch):
    found = (importlib.import_module(f"dqnlib.course.checks.lesson_{n}") for n in ("04", "04b"))
    module = next(module for module in found if hasattr(module, trials))
    whole = getattr(module, trials)
    monkeypatch.setattr(module, trials, whole[:number] + whole[number + 1 :])
    passed = [a for a, function in wrong_functions(path) if accepts(CHECKS[path], function)]
    assert passed, whole[number].story


def diagnosis(check, function):
    try:
        run_check(check, function)
    except Wrong as wrong:
        return wrong.diagnosis
    return None


def accepts(check, function):
    return diagnosis(check, function) is None


# -- devious and unlucky answers -----------------------------------------------------------

TARGET = CHECKS["dqnlib.tabular.q_learning_target"]
RETURN = CHECKS["dqnlib.tabular.episode_return"]


def value(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max() * (not terminated)


@pytest.mark.parametrize(
    "number",
    [
        float, np.float64, np.float32, np.asarray, torch.tensor,
        lambda x: torch.tensor(x, requires_grad=True),
    ],
)  # fmt: skip
def test_any_kind_of_number_is_accepted(number):
    run_check(TARGET, lambda r, t, q, g: number(float(value(r, t, q, g))) + 0)


def test_whole_numbers_are_accepted_for_floats():
    run_check(RETURN, lambda rewards: int(sum(rewards)) if len(rewards) != 3 else sum(rewards))


@pytest.mark.parametrize(
    "function", [sum, np.sum, functools.partial(sum, start=0), lambda r: sum(r)]
)
def test_other_callables_are_accepted(function):
    run_check(RETURN, function)


class Callable:
    def __call__(self, rewards):
        return sum(rewards)


class Loud(BaseException):
    pass


class Mute(Exception):
    def __str__(self):
        return 5


class Nasty:
    """Raises whatever is asked of it."""

    def __getattr__(self, name):
        raise RuntimeError("no")

    __repr__ = __eq__ = __array__ = __len__ = __float__ = lambda *_: 1 / 0
    __hash__ = None


def test_an_object_that_is_called_is_accepted():
    run_check(RETURN, Callable())


def looped():
    raise AssertionError


looped.__wrapped__ = looped


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (max, "not a plain function"),
        (3, "not a plain function"),
        (None, "not a plain function"),
        (list, "not a plain function"),
        (looped, "not a plain function"),
        (lambda *, rewards: sum(rewards), "other parameters"),
        (lambda a, b, c: 1, "other parameters"),
        (lambda rewards: raise_(Loud("no")), "raises Loud"),
        (lambda rewards: raise_(KeyboardInterrupt), "raises KeyboardInterrupt"),
        (lambda rewards: raise_(StopIteration), "raises StopIteration"),
        (lambda rewards: raise_(Mute), "raises Mute"),
        (lambda rewards: raise_(ExceptionGroup("two", [ValueError("a")])), "raises ExceptionGroup"),
        (lambda rewards: Nasty(), "raises ZeroDivisionError"),  # its repr
        (lambda rewards: "x" * 10**6, "wrong type"),
        (lambda rewards: np.zeros(10**6), "wrong shape"),
        (lambda rewards: list(range(10**5)), "wrong shape"),
        (lambda rewards: [1, [2, 3]], "wrong type"),
        (lambda rewards: Fraction(1, 3), "wrong type"),
        (lambda rewards: torch.zeros(3, requires_grad=True), "wrong shape"),
        (lambda rewards: torch.zeros((), dtype=torch.bfloat16), "wrong type"),
        (lambda rewards: np.array(None), "wrong type"),
        (lambda rewards: np.datetime64("2020-01-01"), "wrong type"),
        (lambda rewards: float("inf"), "another value"),
        (lambda rewards: exercises.____, "wrong type"),
        (lambda rewards: exercises.____ + 1, "raises Wrong"),
    ],
)
def test_odd_answers_get_a_message(function, expected, capsys):
    with pytest.raises(Wrong) as caught:
        run_check(RETURN, function)
    assert caught.value.diagnosis == expected
    lines = str(caught.value).splitlines()
    assert len(lines) <= 18
    assert max(map(len, lines)) <= 100
    assert not [word for word in LIBRARY if word in str(caught.value)]
    assert capsys.readouterr() == ("", "")


def raise_(error):
    raise error


def test_a_list_that_holds_itself_gets_a_message():
    endless = []
    endless.append(endless)
    with pytest.raises(Wrong):
        run_check(RETURN, lambda rewards: endless)


@pytest.mark.parametrize("harm", ["close", "none", "stderr", "seed", "warn", "argv"])
def test_the_kernel_stays_well(harm, capsys):
    stdout, stderr = sys.stdout, sys.stderr

    def episode_return(rewards):
        if harm == "close":
            sys.stdout.close()
        elif harm == "none":
            sys.stdout = None
        elif harm == "seed":
            np.random.seed(0)  # noqa: NPY002
        elif harm == "warn":
            np.mean([])
        return sum(rewards)

    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a warning of the learner's function would be noise
        run_check(RETURN, episode_return)
    assert sys.stdout is stdout
    assert sys.stderr is stderr
    print("still here")
    assert capsys.readouterr() == ("still here\n", "")


def test_arguments_may_be_deleted():
    def episode_return(rewards):
        total = sum(rewards)
        del rewards
        return total

    run_check(RETURN, episode_return)


def test_a_function_cannot_reach_the_next_case():
    def episode_return(rewards):
        total = sum(rewards)
        rewards.clear()
        return total

    before = [list(case.args["rewards"]) for case in RETURN.cases]
    assert diagnosis(RETURN, episode_return) == "arguments changed"
    assert [case.args["rewards"] for case in RETURN.cases] == before


def test_two_exercises_of_the_same_name(capsys):
    first = exercises.exercise(RETURN.path)(lambda rewards: sum(rewards))
    second = exercises.exercise(RETURN.path)(lambda rewards: 0.0 + sum(rewards))
    assert first is not second
    assert capsys.readouterr().out.count("right") == 2


def test_interrupting_the_kernel_stops_the_function(monkeypatch):
    started = threading.Event()

    def episode_return(rewards):
        started.set()
        while True:
            pass

    class Interrupted(threading.Event):
        def wait(self, timeout=None):
            if timeout == sandbox.LOOK:
                started.wait()
                raise KeyboardInterrupt
            return super().wait(timeout)

    before = set(threading.enumerate())
    with monkeypatch.context() as patch:
        patch.setattr(sandbox.threading, "Event", Interrupted)
        with pytest.raises(KeyboardInterrupt):
            run_check(RETURN, episode_return)
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
        assert not thread.is_alive()


def test_the_name_is_gone_after_a_check():
    names = {}
    exec("def episode_return(rewards):\n    return episode_return(rewards)", names)
    function = names.pop("episode_return")
    assert diagnosis(RETURN, function) == "raises RecursionError"
    assert "episode_return" not in names
    names["episode_return"] = "an earlier one"
    assert diagnosis(RETURN, function) == "raises RecursionError"
    assert names["episode_return"] == "an earlier one"


def test_who_waits_without_computing_is_stopped_too(monkeypatch):
    monkeypatch.setattr(sandbox, "TIME_LIMIT", 0.1)

    def episode_return(rewards):
        time.sleep(3600)

    begin = time.thread_time()
    assert diagnosis(RETURN, episode_return) == "does not end"
    assert time.thread_time() - begin < 5  # this thread only waited


def test_on_a_busy_machine_a_right_answer_has_its_time(monkeypatch):
    """What counts is how long it computes: here it waits for longer than the limit."""
    monkeypatch.setattr(sandbox, "TIME_LIMIT", 0.3)

    def episode_return(rewards):
        time.sleep(0.1)
        return sum(rewards)

    run_check(RETURN, episode_return)  # four cases


def test_a_slow_right_answer_is_accepted():
    def td_update(q, obs, action, td_target, alpha):
        time.sleep(0.2)
        return load("dqnlib.tabular.td_update")(q, obs, action, td_target, alpha)

    run_check(CHECKS["dqnlib.tabular.td_update"], td_update)


# -- last: the table -----------------------------------------------------------------------


def test_summary(capsys):
    names = [check.name for check in CHECKS.values()]
    with capsys.disabled():
        print("\n\nanswers to the exercises (tried: as many as the bank holds)")
        print(
            f"{'':24}{'tried':>7}{'right: accepted':>17}{'blank':>7}{'wrong: right diagnosis':>24}"
        )
        for name in [*names, "all"]:
            held = [a for a in BANK if name in (a.name, "all")]
            got = {
                verdict: sum(
                    n for (who, v), n in SEEN.items() if v == verdict and name in (who, "all")
                )
                for verdict in ("right", "blank", "wrong")
            }
            share = {
                v: f"{got[v]} of {sum(a.verdict == v for a in held)}"
                for v in ("right", "blank", "wrong")
            }
            print(
                f"{name:24}{len(held):>7}{share['right']:>17}{share['blank']:>10}{share['wrong']:>21}"
            )


def test_a_likely_mistake_explains_what_is_wrong_and_more_than_half_of_all(monkeypatch):
    """Four cases, by their answers; the learner's last one is wrong."""

    def outcomes(check, answers):
        return [((x, None), "another value" if x == 9 else None) for x in answers]

    monkeypatch.setattr(judge, "_outcomes", outcomes)
    for wrong, is_likely in (
        ((1, 2, 0, 9), True),
        ((1, 0, 0, 9), False),  # half of all
        ((0, 0, 0, 9), False),
        ((1, 2, 3, 8), False),  # another answer where the learner's is wrong
    ):
        mistake = SimpleNamespace(wrong=wrong)
        check = SimpleNamespace(cases=range(4), mistakes=[mistake])
        found = judge._likely_mistake(check, (1, 2, 3, 9), "another value")
        assert (found is mistake) == is_likely, wrong
