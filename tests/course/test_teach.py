"""The teachers' export: real nbgrader makes the students' version and grades submissions.

Lesson 00 is graded as a whole, lesson 01 without its experiments (the README's option).

`tests/mutants/course/test_teach.toml` lists the mutants that these tests kill.
"""

import ast
import importlib.util
import os
import re
import subprocess
import sys
import types

import nbformat
import pytest
from answers import lesson_00, lesson_01

from dqnlib.course import checks, notebooks, progress, solving, teach
from dqnlib.course.reference import reference_source

LESSONS = {path.stem: path for path in notebooks.lessons()}
FIRST, SECOND = sorted(LESSONS)[:2]
FOUND = {title.split()[0]: len(found) for title, found in checks.lessons().items()}
COUNTS = [FOUND.get(stem.partition("_")[0], 0) for stem in sorted(LESSONS)]
PATH = "dqnlib.tabular.episode_return"


# -- who gets the point: in an IPython shell, without nbgrader -----------------------------


@pytest.fixture
def run(monkeypatch):
    """Run cells one after another; return the error of the last one, or None."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    for name in ("JPY_SESSION_NAME", "NBGRADER_EXECUTION", "DQNLIB_ON_WRONG"):
        monkeypatch.delenv(name, raising=False)
    no_file = Config({"HistoryManager": {"enabled": False}})
    shell = InteractiveShell.instance(config=no_file, user_module=types.ModuleType("learner"))
    shell.run_cell("from dqnlib import ____, exercise")

    def run(*cells, history=True):
        for cell in cells:
            result = shell.run_cell(cell, store_history=history)
        return result.error_before_exec or result.error_in_exec

    yield run
    InteractiveShell.clear_instance()


def cell(body, head="", path=PATH, first="def episode_return(rewards):"):
    return f'{head}@exercise("{path}")\n{first}\n    {body}\n'


TEST = teach._test_cell(PATH).source
RIGHT, WRONG, BLANK = cell("return sum(rewards)"), cell("return 0.0"), cell("return ____")
PLAIN = RIGHT.partition("\n")[2]  # without @exercise
SLIP = cell("return sum(rewards")
STILL_BLANK = "○ episode_return: still blank."
NOT_YET = "✗ episode_return: not right yet. Its cell says why."
CASES = {
    "right": ([RIGHT], None),
    "right, with a helper, a magic and more below": (
        [cell("return add(rewards)", "%precision 3\ndef add(r):\n    return sum(r)\n") + "1 / 0\n"],
        None,
    ),
    "right, and it tells stderr so": (
        [cell("print('hm', file=sys.stderr)\n    return sum(rewards)", "import sys\n")],
        None,
    ),
    "right after wrong": ([WRONG, RIGHT, "other = 3"], None),
    "right, without its decorator": ([PLAIN], None),
    "blank": ([BLANK], STILL_BLANK),
    "blank, without its decorator": ([BLANK.partition("\n")[2]], STILL_BLANK),
    "blank after right": ([RIGHT, BLANK], STILL_BLANK),
    "blank, below a function of the same name": ([PLAIN, BLANK], STILL_BLANK),
    "blank, and the library's taken": ([BLANK, f"from {PATH[:14]} import *"], STILL_BLANK),
    "wrong": ([WRONG], NOT_YET),
    "wrong after right": ([RIGHT, WRONG], NOT_YET),
    "wrong, below a function of the same name": ([PLAIN, WRONG], NOT_YET),
    "wrong, without its decorator": (
        [WRONG.partition("\n")[2]],
        "✗ episode_return: not right yet (another value).",
    ),
    "a slip": ([SLIP], NOT_YET),
    "a slip after right": ([RIGHT, SLIP], NOT_YET),
    "a slip, below a function of the same name": ([PLAIN, SLIP], NOT_YET),
    "another name, below a right one": (
        [PLAIN, cell("return sum(rewards)", first="def total(rewards):")],
        NOT_YET,
    ),
    "no function": ([BLANK, "episode_return = 13"], STILL_BLANK),
    "nothing": (
        ["x = 1"],
        "✗ episode_return: no cell defines it. Take its cell again from the lesson.",
    ),
}


@pytest.mark.parametrize("after_wrong", ["stop", "continue"])
@pytest.mark.parametrize("case", CASES)
def test_who_gets_the_point(case, after_wrong, run, monkeypatch, capsys):
    if after_wrong == "continue":
        monkeypatch.setenv("DQNLIB_ON_WRONG", "continue")
    progress.record(PATH, "right")  # in another run: it must not count
    cells, want = CASES[case]
    run(*cells)
    capsys.readouterr()
    error = run(TEST)
    assert (error and str(error)) == want
    out, err = capsys.readouterr()
    assert err == ""  # nbgrader would take it for a failure
    if error:
        assert isinstance(error, teach.Wrong)
        assert out.strip() == str(error)  # one line, no traceback
    else:
        assert out == "✓ episode_return: right.\n"


def test_without_a_history_as_under_nbval_the_name_alone_counts(run, monkeypatch):
    monkeypatch.setenv("DQNLIB_ON_WRONG", "continue")
    assert run(RIGHT, TEST, history=False) is None
    for answer in (BLANK, WRONG, "episode_return = 3", "del episode_return"):
        assert str(run(answer, TEST, history=False)) == NOT_YET


def bank():
    """All right and blank answers of the bank, and the first wrong one of each exercise."""
    every = [a for a in lesson_00.ANSWERS + lesson_01.ANSWERS if not a.limit]
    first_wrong = {a.path: a for a in reversed(every) if a.verdict == "wrong"}
    return [*first_wrong.values(), *(a for a in every if a.verdict != "wrong")]


def test_the_bank_of_answers_gets_its_points(run):
    for answer in bank():
        run(answer.source)
        error = run(f'from dqnlib import teach\nteach.assert_right("{answer.path}")')
        assert (error is None) == (answer.verdict == "right"), f"{answer.source}\n{error}"


def test_in_a_learners_jupyterlab_a_blank_does_not_stop_run_all(run, monkeypatch, capsys):
    monkeypatch.setenv("JPY_SESSION_NAME", "lesson.ipynb")  # as Jupyter's server sets it
    assert run(BLANK, TEST) is None
    assert capsys.readouterr().out.endswith(f"{STILL_BLANK}\n")
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")  # from a terminal in JupyterLab
    assert str(run(TEST)) == STILL_BLANK


def test_a_learner_needs_none_of_the_teachers_packages():
    code = "import sys, dqnlib.course.teach; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=notebooks.ROOT, capture_output=True,
                            text=True, check=True).stdout.split()  # fmt: skip
    assert "dqnlib.course.teach" in loaded
    assert {"nbgrader", "nbformat", "pytest", "torch", "gymnasium"}.isdisjoint(loaded)


# -- the course folder ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def needs_nbgrader():
    if importlib.util.find_spec("nbgrader") is None:
        reason = "nbgrader is not installed: pip install -r tests/requirements.txt"
        if os.environ.get("DQNLIB_REQUIRE_BROWSER"):
            pytest.fail(f"DQNLIB_REQUIRE_BROWSER is set, but {reason}")
        pytest.skip(reason)


@pytest.fixture(scope="module")
def course(needs_nbgrader, tmp_path_factory):
    """A course folder with the lessons in source/; see `notebook` for those in release/."""
    folder = tmp_path_factory.mktemp("teacher") / "my course"
    assert teach.main(str(folder)) == 0
    return folder


# `nbgrader generate_assignment` for many lessons: a process for each would take six seconds.
RELEASE = """
import sys
from nbgrader.apps import GenerateAssignmentApp

for lesson in sys.argv[1:]:
    GenerateAssignmentApp.launch_instance(argv=[lesson])
    GenerateAssignmentApp.clear_instance()
"""


def nbgrader(folder, *args, start=("-m", "nbgrader")):
    """Run nbgrader as a teacher does; the teacher's own progress must stay as it is."""
    own = folder.parent / "own"
    done = subprocess.run([sys.executable, *start, *args], cwd=folder, text=True,
                          env={**os.environ, "DQNLIB_HOME": str(own)},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=200,
                          encoding="utf-8")  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert not own.exists()
    return done.stdout


def read(path):
    return nbformat.read(path, as_version=4)


def notebook(course, step, lesson):
    """Return a lesson; the students' versions are made when the first is asked for."""
    if step == "release" and not (course / step).is_dir():
        first, *others = sorted(LESSONS)
        nbgrader(course, "generate_assignment", first)
        nbgrader(course, *others, start=("-c", RELEASE))
    return read(course / step / lesson / f"{lesson}.ipynb")


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_source_is_a_valid_notebook_with_good_ids(course, lesson):
    book = notebook(course, "source", lesson)
    nbformat.validate(book)
    ids = [c.metadata.nbgrader.grade_id for c in book.cells if "nbgrader" in c.metadata]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[\w-]+", i, re.ASCII) for i in ids)
    assert len({c.id for c in book.cells}) == len(book.cells)
    assert not any(c.outputs or c.execution_count for c in book.cells if c.cell_type == "code")
    points = [c.metadata.nbgrader.get("points") for c in book.cells if "nbgrader" in c.metadata]
    exercises = solving.DECORATOR.findall("\n".join(c.source for c in book.cells))
    assert points == [None, 1] * len(exercises)
    assert set(exercises) <= {c.path for found in checks.lessons().values() for c in found}
    assert len(exercises) == COUNTS[sorted(LESSONS).index(lesson)]


def bodies(node):
    """The code of a function, or of each method of a class, without docstrings."""
    parts = [node] if isinstance(node, ast.FunctionDef) else node.body
    return {
        part.name: [ast.dump(line) for line in part.body[ast.get_docstring(part) is not None :]]
        for part in parts
        if isinstance(part, ast.FunctionDef)
    }


def written_out(lesson, path):
    """The methods of a class that the lesson does not leave to the learner."""
    sources = [c.source for c in read(LESSONS[lesson]).cells if f'@exercise("{path}")' in c.source]
    ((_, node),) = solving.functions(sources[0])
    return {name: body for name, body in bodies(node).items() if not any("____" in x for x in body)}


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_solutions_stand_between_the_marks(course, lesson):
    book = notebook(course, "source", lesson)
    for source in (c.source for c in book.cells if "BEGIN SOLUTION" in c.source):
        ((path, node),) = solving.functions(source)
        written = checks.find(path).solution
        (reference,) = ast.parse(written or reference_source(path)).body
        given = {} if isinstance(node, ast.FunctionDef) else written_out(lesson, path)
        assert bodies(node) == bodies(reference) | given
    assert not any("____" in c.source for c in book.cells if "@exercise" in c.source)
    marked = [c for c in book.cells if "### BEGIN SOLUTION" in c.source]
    assert len(marked) == COUNTS[sorted(LESSONS).index(lesson)]


@pytest.mark.parametrize("lesson", LESSONS)
def test_students_get_the_lesson_with_its_blanks_and_no_solution(course, lesson):
    released = [
        c.source.replace("(assets/", "(../assets/")
        for c in notebook(course, "release", lesson).cells
        if not c.metadata.get("nbgrader", {}).get("grade")
    ]
    for given, original in zip(released, [c.source for c in read(LESSONS[lesson]).cells]):
        if not original.startswith("@exercise"):
            assert given == original
        elif "\nclass " not in original:  # above it, what the solution needs is imported
            assert given.endswith(original)
        else:
            ((path, node),) = solving.functions(given)
            blank = ["Return(value=Name(id='____', ctx=Load()))"]
            kept = written_out(lesson, path)
            assert bodies(node) == dict.fromkeys(bodies(node), blank) | kept
            assert bodies(node).keys() == bodies(next(solving.functions(original))[1]).keys()
    text = (course / "release" / lesson / f"{lesson}.ipynb").read_text(encoding="utf-8")
    assert "SOLUTION" not in text


@pytest.mark.parametrize("lesson", LESSONS)
def test_students_get_the_pictures(course, lesson):
    for step in ("source", "release"):
        text = "\n".join(c.source for c in notebook(course, step, lesson).cells)
        shown = re.findall(r"!\[[^]]*\]\(([^)]+)\)", text)
        assert shown
        for picture in shown:
            original = notebooks.ROOT / picture
            assert (course / step / lesson / picture).read_bytes() == original.read_bytes()


@pytest.mark.parametrize(("change", "point"), [("", True), ("% self.capacity", False)])
def test_the_point_for_a_class(run, change, point):
    path = "dqnlib.replay.ReplayBuffer"
    source = solving.solve(f'@exercise("{path}")\nclass ReplayBuffer:\n    pass\n')
    assert change in source
    answer = source.replace(change, "") if change else source
    error = run(answer)
    assert (error is None) == point
    assert (run(teach._test_cell(path).source) is None) == point


def test_no_point_for_a_class_that_is_blank(run):
    path = "dqnlib.networks.QNetwork"
    source = (
        f'@exercise("{path}")\nclass QNetwork:\n    def forward(self, obs):\n        return ____\n'
    )
    assert run(source) is None
    assert "blank" in str(run(teach._test_cell(path).source))


# -- grading -------------------------------------------------------------------------------


def submit(course, student, lesson, answers=None, solve=True):
    """Hand in a lesson: its exercises solved or left blank, but for the answers that are given."""
    book, answers = notebook(course, "release", lesson), answers or {}
    for cell in [c for c in book.cells if c.cell_type == "code"]:
        for path in solving.DECORATOR.findall(cell.source):
            name = path.rpartition(".")[2]
            if name in answers:
                cell.source = cell.source.replace("return ____", answers[name])
            elif solve:
                cell.source = solving.solve(cell.source)
    hand_in(course, student, lesson, book)


def hand_in(course, student, lesson, book):
    folder = course / "submitted" / student / lesson
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(book, folder / f"{lesson}.ipynb")


def points(course, lesson):
    """Return the exercises that got their point, for each student, from nbgrader's gradebook."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "dqn") as book:
        return {
            s.student.id: {g.name.removesuffix("-test") for g in s.notebooks[0].grades if g.score}
            for s in book.assignment_submissions(lesson)
        }


def outputs(course, student, lesson):
    """Return all that the cells printed or raised while they were graded."""
    book = read(course / "autograded" / student / lesson / f"{lesson}.ipynb")
    found = [o for c in book.cells if c.cell_type == "code" for o in c.outputs]
    return "\n".join(o.get("text", "") + o.get("evalue", "") for o in found)


def test_grading_the_whole_first_lesson(course):
    submit(course, "right", FIRST)
    submit(course, "wrong", FIRST, {"episode_return": "return rewards[0]"})
    submit(course, "blank", FIRST, solve=False)
    nbgrader(course, "autograde", FIRST)
    assert points(course, FIRST) == {
        "right": {"tabular-episode_return"}, "wrong": set(), "blank": set(),
    }  # fmt: skip
    for student in ("right", "wrong", "blank"):  # the lesson went on to its end
        assert "thirteen steps along the cliff: -13.0" in outputs(course, student, FIRST)
    assert "Likely: only the first reward" in outputs(course, "wrong", FIRST)


def test_grading_the_second_lesson_without_its_experiments(course):
    own = "better = (not terminated) * next_q.max()\n    return reward + gamma * better"
    submit(course, "right", SECOND, {"q_learning_target": own})
    submit(course, "wrong", SECOND, {"q_learning_target": "return reward + gamma * next_q.max()"})
    submit(course, "blank", SECOND, solve=False)
    submit(course, "slip", SECOND, {"td_update": "return (("})
    submitted = course / "submitted" / "slip" / SECOND / f"{SECOND}.ipynb"
    book = read(submitted)
    new = nbformat.v4.new_code_cell
    book.cells.insert(2, new(reference_source("dqnlib.tabular.td_update")))
    book.cells.insert(2, new("1 / 0"))
    hand_in(course, "slip", SECOND, book)

    nbgrader(course, "autograde", SECOND, f"--Execute.skip_cells_with_tag={teach.EXPERIMENT}")

    here = checks.lessons()["01 Tabular Q-learning"]
    every = {"-".join(c.path.split(".")[-2:]) for c in here}
    assert len(every) == 4
    assert points(course, SECOND) == {
        "right": every,
        "wrong": every - {"tabular-q_learning_target"},
        "slip": every - {"tabular-td_update"},
        "blank": set(),
    }
    assert "division by zero" in outputs(course, "slip", SECOND)  # added cells ran
    assert "greedy path" not in outputs(course, "right", SECOND)  # experiments did not


# -- the command ---------------------------------------------------------------------------


def test_a_second_time_renews_the_lessons_only(needs_nbgrader, tmp_path, capsys):
    assert teach.main(tmp_path) == 0  # an empty folder is as good as none
    lines = [
        f"✓ {lesson}: {n} exercise{'s' * (n > 1)}" for lesson, n in zip(sorted(LESSONS), COUNTS)
    ]
    lines.append(f"How to go on: {tmp_path / 'README.md'}")
    assert capsys.readouterr().out.splitlines() == lines
    source = tmp_path / "source" / FIRST / f"{FIRST}.ipynb"
    before = source.read_bytes()
    mine = {"submitted/ann/00/00.ipynb": "hers", "README.md": "mine", "source/my/my.ipynb": "{}"}
    for name, text in mine.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    config = tmp_path / "nbgrader_config.py"
    config.write_text(config.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    source.write_text("{}", encoding="utf-8")

    assert teach.main(tmp_path) == 0
    assert "renewed" in capsys.readouterr().out
    assert source.read_bytes() == before
    assert config.read_text(encoding="utf-8").endswith("# mine\n")
    assert {n: (tmp_path / n).read_text(encoding="utf-8") for n in mine} == mine


@pytest.mark.parametrize("name", ["thesis.txt", "nbgrader_config.py"])
def test_other_peoples_folders_are_refused(needs_nbgrader, name, tmp_path, capsys):
    (tmp_path / name).write_bytes(b"mine \xff")
    assert teach.main(tmp_path) == 1
    assert "holds other files: give a new or empty folder" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == [name]


def test_what_cannot_be_a_folder_is_refused(needs_nbgrader, tmp_path, capsys):
    file = tmp_path / "file"
    file.touch()
    assert teach.main(file) == 1
    assert "is a file: give the name of a folder" in capsys.readouterr().err
    assert teach.main(file / "below") == 1
    assert "Not a directory" in capsys.readouterr().err


def test_without_nbgrader_it_says_how_to_install_it(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert teach.main(tmp_path / "new") == 1
    assert re.search(r"-m pip install nbgrader==[\d.]+$", capsys.readouterr().err.strip())
    assert not (tmp_path / "new").exists()


def test_an_exercise_that_does_not_fit_the_stub_is_refused():
    for first, body in (("(rewards)", "total = ____\n    return total"), ("(r)", "return ____")):
        source = f'@exercise("{PATH}")\ndef episode_return{first}:\n    {body}\n'
        with pytest.raises(ValueError, match="needs the library's parameters and 'return ____'"):
            teach._converted(nbformat.v4.new_code_cell(source))


def test_the_readme_names_a_lesson_and_the_option_that_the_tests_use(course):
    text = (course / "README.md").read_text(encoding="utf-8")
    assert "LESSON" not in text
    assert f"nbgrader autograde {max(LESSONS)} --Execute.skip_cells_with_tag=experiment" in text
