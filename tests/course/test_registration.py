"""A lesson is registered by the files that it consists of: five files make one, and nothing else.

`tests/mutants/course/test_registration.toml` lists the mutants that these tests kill.
"""

import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import nbformat
import pytest

from dqnlib.course import checks, notebooks, overview

ROOT = notebooks.ROOT
TITLE = "99b A toy lesson"
# The five files. The library's function and the README's row are added to files that are there.
FUNCTION = '''

def best_action(q):
    """Return the best action of a state; q: [A] action values."""
    return int(q.argmax())
'''
ROW = "| [99b A toy lesson](notebooks/99b_toy.ipynb) | the best action | 1 |\n"
CELL = '@exercise("dqnlib.tabular.best_action")\ndef best_action(q):\n    return ____'
CHECK = '''
"""A toy lesson."""

import numpy as np

from dqnlib.course.types import Case, Check, Mistake

TITLE = "99b A toy lesson"

BEST_ACTION = Check(
    path="dqnlib.tabular.best_action",
    cases=(Case({"q": np.array([1.0, 3.0, 2.0])}, 1, "three actions"),),
    mistakes=(
        Mistake("the value in place of the action", "argmax gives the place.", lambda q: q.max()),
    ),
    hints=("Where is the largest value?", "NumPy knows: `argmax`.", "Write `return q.argmax()`."),
)

CHECKS = (BEST_ACTION,)
'''
ANSWERS = '''
"""Answers to the exercise of the toy lesson, as learners write them."""

from answers import answers

ANSWERS = answers(
    "dqnlib.tabular.best_action",
    """
=== right
def best_action(q):
    return q.argmax()

=== blank
def best_action(q):
    return ____

=== wrong: the value in place of the action
def best_action(q):
    return q.max()
""",
)
'''


def add_toy_lesson(course: Path) -> int:
    """Add the lesson to a copy of the course; return how many files that took."""
    texts = {
        "dqnlib/tabular.py": FUNCTION,
        "dqnlib/course/checks/lesson_99b.py": CHECK.strip(),
        "tests/course/answers/lesson_99b.py": ANSWERS.strip(),
    }
    for name, text in texts.items():
        with open(course / name, "a", encoding="utf-8") as file:
            file.write(text + "\n")
    readme = course / "README.md"
    text = readme.read_text(encoding="utf-8")
    readme.write_text(re.sub(r"(?<=\|\n)(?=\n.*glossary)", ROW, text, count=1), encoding="utf-8")
    sources = ["from dqnlib import ____, exercise", CELL]
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    book = nbformat.v4.new_notebook(cells=cells, metadata=notebooks.METADATA)
    nbformat.write(book, course / "notebooks/99b_toy.ipynb")
    return len(texts) + 2


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A copy of the course with a toy lesson in it."""
    home = tmp_path_factory.mktemp("copy")
    skip = shutil.ignore_patterns("__pycache__", ".*")
    for name in ("dqnlib", "notebooks", "tests"):
        shutil.copytree(ROOT / name, home / name, ignore=skip)
    for name in ("README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, home / name)
    assert add_toy_lesson(home) <= 5
    return home


def python(course: Path, *args: str, status: int = 0) -> str:
    """Run the copy's own Python code; return what it prints."""
    done = subprocess.run(
        [sys.executable, *args],
        cwd=course, capture_output=True, text=True, encoding="utf-8", timeout=300,
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def test_the_exercise_is_known(course):
    printed = python(
        course,
        "-c",
        textwrap.dedent("""
            from dqnlib import exercise, own, tabular
            from dqnlib.course import checks, notebooks, overview

            print(tabular.__file__)
            print([path.name for path in notebooks.lessons()])
            print(list(checks.lessons()))
            exercise("dqnlib.tabular.best_action")(lambda q: q.argmax())
            own("dqnlib.tabular.best_action")
            print(overview.table())
            """),
    )
    where, books, titles, *rest = printed.splitlines()
    assert Path(where) == course / "dqnlib/tabular.py"
    assert books.index("01_") < books.index("01b_") < books.index("02_") < books.index("99b_toy")
    assert titles.index("'01 ") < titles.index("'01b ") < titles.index("'02 ") < titles.index(TITLE)
    assert rest[0].startswith("✓ best_action: right.")
    assert re.search(f"{TITLE}.*1 of 1.*✓ best_action", rest[-1])


def test_its_notebook_is_run_and_a_copy_of_it_is_judged(course, tmp_path):
    for number in ("99b", "99b_toy"):
        assert "✓ 99b_toy.ipynb" in python(course, "-c", RUN.format(number))
    copy = nbformat.read(course / "notebooks/99b_toy.ipynb", as_version=4)
    assert "○ best_action: still blank." in copy.cells[1].outputs[0].text
    copy.cells[1].source = CELL.replace("____", "q.argmax()")
    nbformat.write(copy, tmp_path / "copy.ipynb")
    code = f"from dqnlib.course import nbcheck; nbcheck.main([{str(tmp_path / 'copy.ipynb')!r}])"
    printed = python(course, "-c", code)
    assert "copy.ipynb, a copy of 99b_toy" in printed
    assert "✓ right    best_action" in printed


RUN = (
    "from dqnlib import __main__ as m; from dqnlib.course import notebooks; "
    "notebooks.main([str(m.notebook({!r}))])"
)


def test_its_answers_are_in_the_bank(course):
    chosen = "test_right_answer or test_blank_hands or test_wrong_answer or test_reference_passes"
    options = ["-q", "-p", "no:cacheprovider", "-k", f"best_action and ({chosen})"]
    printed = python(course, "-m", "pytest", "tests/course/test_checks.py", *options)
    assert "4 passed" in printed, printed


def test_its_assignment_is_written(course):
    code = (
        "from pathlib import Path; from dqnlib.course import teach; "
        "print(teach.export(Path('notebooks/99b_toy.ipynb'), Path('out')))"
    )
    assert python(course, "-c", code).endswith("1\n")


def test_the_readme_has_a_row_for_every_lesson():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(.+?)\]\(notebooks/(.+?\.ipynb)\) ", text, re.MULTILINE)
    assert [file for _, file in rows] == [path.name for path in notebooks.lessons()]
    titles = {title.split()[0]: title for title in checks.lessons()}
    assert all(titles.get(file.partition("_")[0], title) == title for title, file in rows)


def test_every_lesson_with_an_exercise_has_its_checks():
    for path in notebooks.lessons():
        source = path.read_text(encoding="utf-8")
        number = path.name.partition("_")[0]
        here = {check.path for title, found in checks.lessons().items()
                if title.startswith(f"{number} ") for check in found}  # fmt: skip
        assert set(re.findall(r'@exercise\(\\"([\w.]+)\\"', source)) == here


# -- damage --------------------------------------------------------------------------------

SOUND = "dqnlib.tabular.episode_return"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder whose files count as further checks."""
    monkeypatch.setattr(checks, "__path__", [*checks.__path__, str(tmp_path)])
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith(f"{checks.__name__}.lesson_9")]:
        del sys.modules[name]
        if hasattr(checks, name.rpartition(".")[2]):
            delattr(checks, name.rpartition(".")[2])


ONE = "from dqnlib.course.types import Check\nA = Check('a.b', ('1', '2', '3'))\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("def (", "SyntaxError"),
        ("import no_such_module", "No module named 'no_such_module'"),
        ("1 / 0", "ZeroDivisionError"),
        ("CHECKS = ()", "has no TITLE"),
        ("TITLE = 3; CHECKS = ()", "has no TITLE"),
        ("TITLE = ''; CHECKS = ()", "has no TITLE"),
        ("TITLE = '99 Last'", "no tuple of Check"),
        ("TITLE = '99 Last'; CHECKS = []", "no tuple of Check"),
        ("TITLE = '99 Last'; CHECKS = (3,)", "no tuple of Check"),
        (ONE + "TITLE = '99 Last'; CHECKS = (A, A)", "an exercise twice"),
        (
            ONE.replace("a.b", SOUND) + "TITLE = '99 Last'; CHECKS = (A,)",
            f"{SOUND} is already checked in lesson_00.py",
        ),
        ("TITLE = '00 Start here'; CHECKS = ()", "another lesson has the title '00 Start here'"),
        (b"\xff\xfe\x00", "lesson_99.py"),
    ],
)
def test_a_damaged_file_names_itself_and_harms_no_other_lesson(folder, text, says):
    (folder / "lesson_99.py").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(
        checks.DamagedLessonError, match=r"checks/lesson_99\.py cannot be used"
    ) as e:
        checks.lessons()
    assert says in str(e.value)
    assert checks.find(SOUND).path == SOUND
    with pytest.raises(checks.DamagedLessonError, match=r"lesson_99\.py"):
        checks.find("dqnlib.tabular.perhaps_there")
    assert "lesson_99.py cannot be used" in overview.table()
    assert "00 Start here" in overview.table()


def test_a_lesson_without_exercises_is_a_row(folder):
    (folder / "lesson_99.py").write_text("TITLE = '99 <b>Last'; CHECKS = ()")
    assert list(checks.lessons())[-1] == "99 <b>Last"
    assert "99 &lt;b&gt;Last</td>" in overview.table()
    assert "0 of 0" in overview.table()


def test_other_files_are_no_lessons(folder):
    before = list(checks.files())
    for name in ("helpers", "lesson_9", "lesson_99_old", "lesson_099", "lesson_99B", "lesson_ab"):
        (folder / f"{name}.py").write_text("1 / 0")
    assert list(checks.files()) == before
    (folder / "lesson_99c.py").write_text("TITLE = '99c'; CHECKS = ()")
    (folder / "lesson_99.py").write_text("TITLE = '99'; CHECKS = ()")
    assert list(checks.lessons())[-2:] == ["99", "99c"]
