"""For teachers: the lessons as nbgrader assignments, one point an exercise.

    python3 -m dqnlib assignments course_folder

An exercise's cell becomes a solution cell: the library's function stands between BEGIN SOLUTION
and END SOLUTION, and nbgrader puts the lesson's own blank back. A locked cell below it calls
`assert_right`, which gives the point. This module loads in a learner's environment, too.
"""

import ast
import importlib.util
import inspect
import io
import linecache
import os
import re
import shutil
import sys
import textwrap
from contextlib import redirect_stderr
from pathlib import Path

from dqnlib import checks, notebooks
from dqnlib.exercises import Wrong, is_blank, load, run_check

STUB = "return ____"  # the body of every exercise in a lesson
EXPERIMENT = "experiment"  # the tag of cells that grading may leave out
LEAVE_IT = "# This cell gives the point. Please leave it as it is."
_ASSET = re.compile(r"\.\./assets/([\w./-]*\w)")


# -- in the notebook: who gets the point ---------------------------------------------------


def assert_right(path: str) -> None:
    """Pass if the notebook's function for an exercise is right; else raise Wrong with one line.

    A name alone proves nothing: a blank hands back the library's function, and a cell that stops
    leaves an older function in place. So the function must come from the cell that defined it
    last, and it is checked afresh; no stored progress is read. In a learner's own JupyterLab the
    line is printed and nothing raised, so that Run All goes on past a blank.
    """
    verdict = _verdict(path)
    graded = "NBGRADER_EXECUTION" in os.environ or "JPY_SESSION_NAME" not in os.environ
    if graded and not verdict.startswith("✓"):
        raise Wrong(verdict)
    print(verdict)


def _verdict(path: str) -> str:
    """Return one line about the function of this name in the running notebook: ✓, ✗ or ○."""
    from IPython import get_ipython

    check, shell = checks.find(path), get_ipython()
    name, blank = check.name, f"○ {check.name}: still blank."
    defines = re.compile(rf"""^(@exercise\(\s*["']{re.escape(path)}["']|def {name}\b)""", re.M)
    cells = reversed(shell.history_manager.input_hist_parsed)  # as they ran, the last one first
    cell = next((cell for cell in cells if defines.search(cell)), None)
    if cell is None:
        return f"✗ {name}: no cell defines it. Take its cell again from the lesson."
    function = inspect.unwrap(shell.user_ns.get(name, ...))
    code = getattr(function, "__code__", None)
    if code is None or "".join(linecache.getlines(code.co_filename)).strip() != cell.strip():
        return blank if "____" in cell else f"✗ {name}: not right yet. Its cell says why."
    if is_blank(function):
        return blank
    try:
        with redirect_stderr(io.StringIO()):  # nbgrader takes any text there for a failure
            run_check(check, function)
    except Wrong as wrong:
        return f"✗ {name}: not right yet ({wrong.diagnosis})."
    return f"✓ {name}: right."


# -- from a lesson to an assignment --------------------------------------------------------


def export(lesson: Path, folder: Path) -> int:
    """Write a lesson and its pictures into an assignment's folder; return its exercises."""
    import nbformat

    notebook = nbformat.read(lesson, as_version=4)
    notebook.cells = [new for cell in notebook.cells for new in _converted(cell)]
    for cell in notebook.cells:
        for asset in _ASSET.findall(cell.source):
            target = folder / "assets" / asset
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(notebooks.ROOT / "assets" / asset, target)
        cell.source = _ASSET.sub(r"assets/\1", cell.source)
    nbformat.validate(notebook)
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, folder / lesson.name)
    return sum("points" in cell.metadata.get("nbgrader", {}) for cell in notebook.cells)


def _converted(cell) -> list:
    """Return a lesson's cell as the cells of an assignment."""
    if cell.cell_type != "code":
        return [cell]
    cell.outputs, cell.execution_count = [], None
    tree = ast.parse(cell.source)
    found = [(path, node) for node in tree.body if (path := _exercise(node))]
    if not found:
        harmless = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef
        if not all(isinstance(node, harmless) for node in tree.body):
            cell.metadata.tags = [*cell.metadata.get("tags", []), EXPERIMENT]
        return [cell]
    for path, node in reversed(found):
        cell.source = _with_solution(cell.source, path, node)
    _mark(cell, found[0][0], grade=False, solution=True, locked=False)
    return [cell, *(_test_cell(path) for path, _ in found)]


def _exercise(node: ast.stmt) -> str | None:
    """Return the dotted path of the exercise that a statement defines, or None."""
    for decorator in getattr(node, "decorator_list", []):
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "exercise":
            return ast.literal_eval(decorator.args[0])
    return None


def _with_solution(source: str, path: str, node: ast.FunctionDef) -> str:
    """Put the body of the library's function in the place of a blank, between nbgrader's marks."""
    library = textwrap.dedent(inspect.getsource(load(path))).rstrip()
    solution = ast.parse(library).body[0]
    lines, start = source.splitlines(), _after_docstring(node)
    given = "\n".join(lines[start : node.end_lineno])
    if given.strip() != STUB or _parameters(solution) != _parameters(node):
        raise ValueError(f"{path}: a lesson's exercise needs the library's parameters and {STUB!r}")
    lines[start : node.end_lineno] = [
        "    ### BEGIN SOLUTION",
        *library.splitlines()[_after_docstring(solution) :],
        "    ### END SOLUTION",
    ]
    return "\n".join(lines)


def _after_docstring(node: ast.FunctionDef) -> int:
    """Return the index of the line at which the code of a function starts."""
    return node.body[0].end_lineno if ast.get_docstring(node) else node.body[0].lineno - 1


def _parameters(node: ast.FunctionDef) -> list[str]:
    return [part.arg for part in ast.walk(node.args) if isinstance(part, ast.arg)]


def _test_cell(path: str):
    import nbformat

    source = f'{LEAVE_IT}\nfrom dqnlib.teach import assert_right\n\nassert_right("{path}")'
    cell = nbformat.v4.new_code_cell(source, id=f"test-{_grade_id(path)}"[:64])
    return _mark(cell, f"{path}-test", grade=True, solution=False, locked=True, points=1)


def _mark(cell, name: str, **roles):
    """Give a cell its role in nbgrader."""
    grade_id = _grade_id(name)
    cell.metadata["nbgrader"] = {"schema_version": 3, "grade_id": grade_id, "task": False, **roles}
    return cell


def _grade_id(path: str) -> str:
    return path.removeprefix("dqnlib.").replace(".", "-")


# -- the course folder ---------------------------------------------------------------------


def main(out_dir: str | Path) -> int:
    """Make an nbgrader course folder, or renew the lessons in one; return the exit status."""
    out = Path(out_dir).absolute()
    if importlib.util.find_spec("nbgrader") is None:
        return _refuse(f"this needs nbgrader. Install it with\n  {_how_to_install()}")
    config = out / "nbgrader_config.py"
    ours = config.is_file() and config.read_text(encoding="utf-8").startswith(MADE_BY)
    if out.exists() and not out.is_dir():
        return _refuse(f"{out} is a file: give the name of a folder")
    if out.is_dir() and any(out.iterdir()) and not ours:
        return _refuse(f"{out} is not empty, and not made by this command: give a new folder")
    try:
        counts = {p.stem: export(p, out / "source" / p.stem) for p in notebooks.lessons()}
        if not ours:
            config.write_text(CONFIG.replace("ROOT", repr(str(notebooks.ROOT))), encoding="utf-8")
            text = README.replace("LESSON", max(counts, key=counts.get))
            (out / "README.md").write_text(text, encoding="utf-8")
    except OSError as error:
        return _refuse(f"{error.filename} cannot be written ({error.strerror})")
    for lesson, count in counts.items():
        print(f"✓ {lesson}: {count} exercise{'s' * (count != 1)}")
    if ours:
        print(f"The lessons in {out / 'source'} are renewed; all else is as it was. Where students")
        print("have not started yet, run `nbgrader generate_assignment --force` again.")
    else:
        print(f"How to go on: {out / 'README.md'}")
    return 0


def _refuse(text: str) -> int:
    print(f"✗ {text}", file=sys.stderr)
    return 1


def _how_to_install() -> str:
    """Return the command that installs the version of nbgrader that the course is tested with."""
    locked = notebooks.ROOT / "tests" / "requirements.txt"
    text = locked.read_text(encoding="utf-8") if locked.is_file() else ""
    pinned = re.search(r"^nbgrader==\S+", text, re.MULTILINE)
    return f'"{sys.executable}" -m pip install {pinned[0] if pinned else "nbgrader"}'


MADE_BY = "# Made by `python3 -m dqnlib assignments`"
CONFIG = f'''{MADE_BY}, which will not write this file again: change what you like.
import os
import sys

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "dqn"
c.CourseDirectory.root = os.path.dirname(os.path.abspath(__file__))  # gradebook.db lies here, too
c.ClearSolutions.code_stub = {{"python": "{STUB}"}}  # the blank of the lessons
c.Execute.timeout = 300  # seconds for one cell

# Take the # away, and grading leaves the experiments out: README.md tells what that means.
# c.Execute.skip_cells_with_tag = "{EXPERIMENT}"

# For the notebooks while they are graded: after a wrong answer the lesson goes on with the
# course's own function, and your own progress stays as it is.
os.environ["DQNLIB_ON_WRONG"] = "continue"
os.environ["DQNLIB_HOME"] = os.path.join(c.CourseDirectory.root, ".progress")

# dqnlib is found, and so is alembic, which nbgrader calls.
for name, first in (("PYTHONPATH", ROOT), ("PATH", os.path.dirname(sys.executable))):
    os.environ[name] = os.pathsep.join([first, *filter(None, [os.environ.get(name)])])
'''
README = f"""# The lessons as nbgrader assignments

Each exercise is worth one point. A locked cell below it gives the point if the function is right by
the course's own check, in a fresh run. A blank or a wrong answer costs its own point and no other.

The solutions are folded below the exercises and stand in the library, for everybody to read. So the
points show who has worked through a lesson. They are no exam.

## For you

Work in this folder, in the Python environment in which you made it. Here with one lesson:

| step | command |
|---|---|
| make the students' version in `release/` | `nbgrader generate_assignment LESSON` |
| hand it out | give them `release/LESSON`, or `nbgrader release_assignment LESSON` |
| collect | put each file at `submitted/STUDENT/LESSON/LESSON.ipynb`, or `nbgrader collect LESSON` |
| grade | `nbgrader autograde LESSON` |
| write what each student gets back to `feedback/` | `nbgrader generate_feedback LESSON` |
| all points as a table, `grades.csv` | `nbgrader export` |

`release_assignment` and `collect` need a folder that all of you share on one machine, nbgrader's
exchange. If `nbgrader` is not found, write `python -m nbgrader`.

**Time.** Grading runs the whole lesson of each student, with the student's own functions: up to about
a minute each. To leave the experiments out, a few seconds each:

```
nbgrader autograde LESSON --Execute.skip_cells_with_tag={EXPERIMENT}
```

Then cells of the course that do more than import and define are skipped; cells that students added
still run. A student whose answer uses a variable from a skipped cell would lose a point: grade it
again without that option.

**New version of the course.** Run `python3 -m dqnlib assignments` on this folder again: it writes the
lessons in `source/` anew, with any changes that you made there, and touches nothing else. Do so before
students start: nbgrader wants the cells of a lesson to stay the same once there are submissions.

## For your students

They need the course itself, as its README tells, of the same version as yours. They put the folder
`LESSON` into the course's folder and open it there:

```
python3 -m dqnlib open LESSON/LESSON.ipynb
```

They fill in the blanks, run the cells, see at once what is right, save, and hand in `LESSON.ipynb`.
While they work, the locked cells only print their verdict, so *Run All* goes on past a blank.
"""
