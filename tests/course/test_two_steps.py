"""Messages in two steps: what is wrong comes first, how to mend it only with the second try.

`tests/mutants/course/test_two_steps.toml` lists the mutants that these tests kill.
"""

import pytest
from given_away import expressions, given_away, ingredients, plain

from dqnlib.course import checks, exercises
from dqnlib.course.judge import run_check
from dqnlib.course.types import Wrong

CHECKS = {check.path: check for found in checks.lessons().values() for check in found}


@pytest.mark.parametrize("path", CHECKS)
def test_the_names_of_mistakes_do_not_give_the_fix_away(path):
    for mistake in CHECKS[path].mistakes:
        assert not given_away(mistake.name, path), mistake.name


@pytest.mark.parametrize("path", CHECKS)
def test_hints_rise(path):
    """The first asks, the second helps, and only the third may be nearly there."""
    first, second, _ = CHECKS[path].hints
    assert not given_away(first, path), f"hint 1: {given_away(first, path)}"
    assert not first.startswith(("`return", "Write", "Return"))
    for parts in ingredients(path):
        assert not all(part in plain(second) for part in parts), f"hint 2 holds all of {parts}"


def test_expressions_are_found_however_they_are_spelled():
    path = "dqnlib.targets.td_target"
    assert "~terminated" in expressions(path)
    assert given_away("Write next_q.max( dim=1 )\n .values", path)
    assert not given_away("the value of a terminal state was kept; terminated", path)


# -- the two steps -------------------------------------------------------------------------

PATH = "dqnlib.tabular.episode_return"


def attempt(function):
    with pytest.raises(Wrong) as caught:
        exercises.exercise(PATH)(function)
    return caught.value


def mean(name="episode_return"):
    def episode_return(rewards):
        return sum(rewards) / len(rewards) if rewards else 0.0

    return episode_return


def last():
    def episode_return(rewards):
        return rewards[-1] if rewards else 0.0

    return episode_return


@pytest.fixture(autouse=True)
def nothing_met():
    exercises._met.clear()


def test_the_mending_comes_with_the_same_mistake_once_more():
    first, second, third = (attempt(mean()) for _ in range(3))
    assert "Likely: the mean in place of the sum." in str(first)
    assert first.mend not in str(first)
    assert str(first).endswith("How to mend it, three hints and the solution are folded above.")
    assert f"To mend it: {first.mend}" in str(second).replace("\n", " ")
    assert str(second) == str(third)
    assert len(str(second).splitlines()) <= 18


def test_another_mistake_begins_anew():
    attempt(mean())
    other = attempt(last())
    assert "To mend it" not in str(other)
    assert "To mend it" in str(attempt(mean()))  # met before, though not last


def test_another_exercise_begins_anew():
    attempt(mean())
    exercises._met.add(("dqnlib.tabular.td_update", "only the last reward"))
    assert "To mend it" not in str(attempt(last()))


def test_a_right_answer_forgets_what_went_before(capsys):
    attempt(mean())
    exercises._met.add(("dqnlib.tabular.td_update", "x"))
    exercises.exercise(PATH)(lambda rewards: sum(rewards))
    assert "To mend it" not in str(attempt(mean()))
    assert ("dqnlib.tabular.td_update", "x") in exercises._met


def test_the_mending_is_folded_beside_the_hints(monkeypatch):
    shown = []
    monkeypatch.setattr(exercises, "_display", shown.append)
    wrong = attempt(mean())
    page = shown[0]._repr_html_()
    assert page.index("How to mend it") < page.index("Hint 1")
    assert wrong.mend in page
    exercises.exercise(PATH)(lambda rewards: sum(rewards))
    assert "How to mend it" not in shown[1]._repr_html_()


def test_whoever_judges_a_copy_sees_the_diagnosis(monkeypatch, capsys):
    monkeypatch.setenv("DQNLIB_ON_WRONG", "continue")
    for _ in range(2):
        exercises.exercise(PATH)(mean())
    printed = capsys.readouterr().out
    assert printed.count("Likely: the mean in place of the sum.") == 2
    assert "To mend it" not in printed


def test_a_message_without_a_mending_promises_none():
    def episode_return(rewards):
        return [sum(rewards)]

    with pytest.raises(Wrong) as caught:
        run_check(CHECKS[PATH], episode_return)
    assert not caught.value.mend
    assert "mend" not in str(caught.value)


def test_a_librarys_advice_waits_for_the_second_time():
    def episode_return(rewards):
        raise RuntimeError("Subtraction is not supported. If you want to invert it, use ~ instead.")

    wrong = attempt(episode_return)
    assert "Subtraction is not supported." in str(wrong)
    assert "invert" not in str(wrong)
