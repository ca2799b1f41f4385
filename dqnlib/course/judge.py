"""The judge: is an answer right, and if not, which message does the learner get?

The expected values are worked by hand in `dqnlib.course.checks` and never come from the reference.
"""

import copy
import functools
import warnings
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from typing import Any

import numpy as np

from dqnlib.course.answers import names_around
from dqnlib.course.comparing import compare, same
from dqnlib.course.errors import explain
from dqnlib.course.form import check_first_line
from dqnlib.course.messages import likely, show, wrap
from dqnlib.course.sandbox import Tap, in_reach, within_limit
from dqnlib.course.types import Case, Check, Mistake, Problem, Wrong

WRONG = "✗ {}: not yet."
ASK = "Look for it first. How to mend it, three hints and the solution are folded above."
FOLDED = "Three hints and the solution are folded above."


def run_check(check: Check, function: Callable) -> None:
    """Check a function; raise Wrong with a message and a diagnosis if it is not right."""
    printed = Tap()
    try:
        check_first_line(check, function)
        judge = check.judge or functools.partial(judge_cases, check)
        with redirect_stdout(printed), warnings.catch_warnings(), in_reach(function):
            warnings.simplefilter("ignore")  # the message says what is wrong
            error = within_limit(lambda: judge(function), names_around(function))
        if error is not None:
            if isinstance(error, Problem):
                raise error
            raise explain(error, function, check)
        if printed.characters:
            raise Problem(
                "The values are right. But it prints while it works, and the experiments call it",
                "a million times.",
                diagnosis="it prints",
                mend="Take the print out. Look at values in a cell of your own instead.",
            )
    except Problem as problem:
        raise _wrong(check.name, problem, printed) from None


def _wrong(name: str, problem: Problem, printed: Tap) -> Wrong:
    """Return the message in its two forms: what is wrong, and with how to mend it."""
    first = [WRONG.format(name), "", *problem.lines]
    more = ["", "Your code printed:", *printed.first_lines()] if printed.characters else []
    asked = ASK if problem.mend else FOLDED
    wrong = Wrong("\n".join([*first, *more, "", asked]))
    wrong.diagnosis, wrong.mend = problem.diagnosis, problem.mend
    mend = ["", *wrap(f"To mend it: {problem.mend}")] if problem.mend else []
    wrong.at_length = "\n".join([*first, *mend, *more, "", FOLDED])
    return wrong


def judge_cases(check: Check, function: Callable) -> None:
    """Raise Problem at the first case that comes out wrong, with the likely mistake."""
    answers = []
    for case in check.cases:
        answer = _answer(check, function, case)
        lines, diagnosis, mend = compare(check, case, *answer) or ([], "", "")
        by_value = ("another value", "another value stored")
        if diagnosis in by_value or (diagnosis == "wrong shape" and check.tensors):
            _expect_the_same_again(check, function, case, answer, times=20)  # as a coin may agree
            mistake = _likely_mistake(check, function, diagnosis)
            if mistake:
                lines += ["", *likely(mistake.name)]
                diagnosis, mend = mistake.name, mistake.advice
        if diagnosis:
            raise Problem(*_show_case(check, case), *lines, diagnosis=diagnosis, mend=mend)
        answers.append(answer)
    for case, answer in zip(check.cases, answers, strict=True):
        _expect_the_same_again(check, function, case, answer, times=1)
    if check.also:
        check.also(function)


def _answer(check: Check, function: Callable, case: Case) -> tuple[Any, dict[str, Any]]:
    """Call the function on copies of a case's arguments: -> (result, arguments afterwards)."""
    args = _arguments(check, case)
    try:
        return function(*args.values()), args
    except BaseException as error:
        error.add_note("\n".join(_show_case(check, case)))
        raise


def _arguments(check: Check, case: Case) -> dict[str, Any]:
    """Return copies of a case's arguments, its arrays as tensors where these are wanted."""
    args = copy.deepcopy(case.args)
    if check.tensors:
        import torch  # only here: a tabular exercise needs none

        for name, value in args.items():
            if isinstance(value, np.ndarray):
                args[name] = torch.from_numpy(value)
    return args


def _expect_the_same_again(
    check: Check, function: Callable, case: Case, first: tuple, times: int
) -> None:
    for _ in range(times):
        again = _answer(check, function, case)
        if same(first, again):
            continue
        part = 0 if not same(first[0], again[0]) else 1
        raise Problem(
            *_show_case(check, case),
            f"  the first time  {show(first[part])}",
            f"  and later       {show(again[part])}",
            "The same call must give the same result.",
            diagnosis="not the same each time",
            mend="Is a random number in it? Or is something kept between calls: a default argument "
            "such as total=[], a variable outside?",
        )


def _likely_mistake(check: Check, function: Callable, diagnosis: str) -> Mistake | None:
    """Return the mistake that explains the learner's answers best, or None.

    It must give the same answer in every case that the learner got wrong in this way, and in
    more than half of all cases. Of several such mistakes it is the one that agrees in most.
    """
    part = slice(1, 2) if diagnosis == "another value stored" else slice(2)  # of (result, after)
    yours = list(_outcomes(check, function))
    best, most = None, len(check.cases) // 2
    for mistake in check.mistakes:
        if mistake.wrong is None:
            continue
        pairs = list(zip(yours, _outcomes(check, mistake.wrong), strict=True))
        agree = [same(mine[part], theirs[part]) for (mine, _), (theirs, _) in pairs]
        failed = [kind == diagnosis for _, kind in yours]
        if all(a for a, f in zip(agree, failed, strict=True) if f) and sum(agree) > most:
            best, most = mistake, sum(agree)
    return best


def _outcomes(check: Check, function: Callable) -> Iterator[tuple[tuple, str | None]]:
    """Yield the answer to each case and what is wrong with it; an empty answer if it raises."""
    for case in check.cases:
        try:
            answer = _answer(check, function, case)
        except Exception:
            yield (), "raises"
        else:
            yield answer, (compare(check, case, *answer) or (None, None))[1]


def _show_case(check: Check, case: Case) -> list[str]:
    args = _arguments(check, case)
    call = ", ".join(f"{name}={show(value)}" for name, value in args.items())
    story = [f"This case: {case.story}"] if case.story else []
    return [*story, *wrap(f"{check.name}({call})", indent="  ")]
