"""The form of the lessons: their length, their minutes, their parts.

`tests/mutants/course/test_form.toml` lists the mutants that these tests kill.
"""

import ast
import re

import nbformat
import pytest

from dqnlib.course import notebooks, quizzes
from dqnlib.course.counting import count
from dqnlib.course.solving import DECORATOR

LESSONS = notebooks.lessons()
every_lesson = pytest.mark.parametrize("path", LESSONS, ids=[path.stem for path in LESSONS])


def number_of(path):
    return path.stem.partition("_")[0]


def cells_of(path):
    return nbformat.read(path, as_version=4).cells


def calls(path, name):
    """Return the calls of a function in a lesson's code, wherever they stand."""
    trees = [ast.parse(c.source) for c in cells_of(path) if c.cell_type == "code"]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    return [n for n in nodes if isinstance(n, ast.Call) and ast.unparse(n.func) == name]


# -- length --------------------------------------------------------------------------------


@every_lesson
def test_a_lesson_is_not_too_long(path):
    length = count(path)
    assert length.cells <= 50
    assert length.words <= 2_300
    assert length.minutes <= 90


@every_lesson
def test_the_code_of_a_cell_is_short(path):
    assert count(path).lines_at(0.9) <= 12


@every_lesson
def test_more_than_half_of_the_cells_are_text(path):
    assert count(path).share > 0.5


@every_lesson
def test_a_lesson_takes_as_long_as_it_says(path):
    length = count(path)
    assert length.said is not None, "it has no line such as **Time.** About 75 minutes."
    assert abs(length.said - length.minutes) <= 10, f"by the rule {length.minutes:.0f} minutes"


# -- parts ---------------------------------------------------------------------------------

MARK = r"\(\d+ min, (★★★|★★☆|★☆☆)\)"


@every_lesson
def test_minutes_and_difficulty_stand_at_each_exercise(path):
    text = ""  # since the exercise before
    for cell in cells_of(path):
        if cell.cell_type == "markdown":
            text += cell.source
        elif DECORATOR.search(cell.source):
            assert re.search(MARK, text), DECORATOR.findall(cell.source)
            text = ""


@every_lesson
def test_a_lesson_has_its_four_questions(path):
    (quiz,) = calls(path, "quiz")
    assert [arg.value for arg in quiz.args] == [number_of(path)]


@every_lesson
def test_a_lesson_has_its_hunt(path):
    hunts = calls(path, "bug_hunt")
    if number_of(path) < "02":
        assert not hunts
        return
    (hunt,) = hunts
    assert [arg.value for arg in hunt.args] == [number_of(path)]
    for clue in ("hunt.curves", "hunt.probes", "hunt.verdict"):
        assert len(calls(path, clue)) == 1, clue


@every_lesson
def test_every_reveal_is_computed_and_explains(path):
    asked = {ast.literal_eval(call.args[0]) for call in calls(path, "predict")}
    told = calls(path, "reveal")
    assert asked, "nothing is predicted"
    assert {ast.literal_eval(call.args[0]) for call in told} == asked
    for call in told:
        answer, words = call.args[1], {k.arg for k in call.keywords}
        where = ast.unparse(call)[:80]
        computed = any(isinstance(n, ast.Name) for n in ast.walk(answer))
        assert computed, f"typed in: {where}"
        assert {"many", "because"} <= words or len(call.args) == 4, f"without because: {where}"


@every_lesson
def test_a_lab_comes_before_the_middle(path):
    if number_of(path) == "00":
        return
    cells = cells_of(path)
    first = next(k for k, c in enumerate(cells) if c.cell_type == "code" and "Lab(" in c.source)
    assert first < len(cells) / 2, f"cell {first} of {len(cells)}"


@every_lesson
def test_what_is_recalled_comes_from_a_lesson_that_there_is(path):
    known = {number_of(other) for other in LESSONS}
    notes = [q.note for q in quizzes.load(number_of(path)) if q.note]
    assert {note.split()[-1] for note in notes} <= known
