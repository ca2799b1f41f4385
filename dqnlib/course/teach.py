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
from contextlib import redirect_stderr
from pathlib import Path

from dqnlib.course import checks, notebooks
from dqnlib.course.answers import codes, is_blank
from dqnlib.course.judge import run_check
from dqnlib.course.reference import load, reference_imports, reference_source
from dqnlib.course.types import Wrong
from dqnlib.course.written import imports

BLANK = "____"
STUB = f"return {BLANK}"  # the body of every exercise in an assignment
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
    defines = re.compile(
        rf"""^(@exercise\(\s*["']{re.escape(path)}["']|(def|class) {name}\b)""", re.M
    )
    ran = [cell for cell in shell.history_manager.input_hist_parsed if cell]  # nbval keeps none
    cell = next((cell for cell in reversed(ran) if defines.search(cell)), "")
    if ran and not cell:
        return f"✗ {name}: no cell defines it. Take its cell again from the lesson."
    function = inspect.unwrap(shell.user_ns.get(name, ...))
    code = next(iter(codes(function)), None)
    home = "".join(linecache.getlines(code.co_filename)) if code else ""
    if function is load(path) or not home or (ran and home.strip() != cell.strip()):
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
    from dqnlib.course.formats import nbformat

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
    from dqnlib.course.solving import functions

    if cell.cell_type != "code":
        return [cell]
    cell.outputs, cell.execution_count = [], None
    found = list(functions(cell.source))
    if not found:
        if not _only_defines(cell.source):
            cell.metadata.tags = [*cell.metadata.get("tags", []), EXPERIMENT]
        return [cell]
    for path, node in reversed(found):
        cell.source = _with_solution(cell.source, path, node)
    _mark(cell, found[0][0], grade=False, solution=True, locked=False)
    return [cell, *(_test_cell(path) for path, _ in found)]


def _only_defines(source: str) -> bool:
    """Return whether a cell holds nothing but imports and definitions."""
    try:
        body = ast.parse(source).body
    except SyntaxError:  # a magic
        return False
    harmless = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef
    return all(isinstance(node, harmless) for node in body)


def _with_solution(source: str, path: str, node: ast.FunctionDef | ast.ClassDef) -> str:
    """Put the solution's code in the place of the blanks, between nbgrader's marks.

    The solution is the library's code, or else what the check gives. Methods that the lesson has
    written out stay as they are.
    """
    check = checks.find(path)
    library = (check.solution.strip("\n") or reference_source(path)).splitlines()
    lines = source.splitlines()
    solution = ast.parse("\n".join(library)).body[0]
    pairs, more = [(node, solution)], []
    if isinstance(node, ast.ClassDef):
        methods = {part.name: part for part in solution.body if isinstance(part, ast.FunctionDef)}
        own = [part for part in node.body if isinstance(part, ast.FunctionDef)]
        pairs = [(part, methods.pop(part.name, None)) for part in own]
        pairs = [(part, wanted) for part, wanted in pairs if BLANK in _text(lines, part)]
        more = [line for part in methods.values() for line in ["", *_lines(library, part)]]
    for given, wanted in reversed(pairs):
        start = _after_docstring(given)
        body = _text(lines, given)
        fits = body == STUB if given is node else BLANK in body
        if not fits or wanted is None or _parameters(wanted) != _parameters(given):
            raise ValueError(
                f"{path}: a lesson's exercise needs the library's parameters and {STUB!r}"
            )
        margin = " " * (given.col_offset + 4)
        lines[start : given.end_lineno] = [
            f"{margin}### BEGIN SOLUTION",
            *library[_after_docstring(wanted) : wanted.end_lineno],
            *more,
            f"{margin}### END SOLUTION",
        ]
        more = []
    top = node.decorator_list[0].lineno - 1
    needed = imports(check) if check.solution else reference_imports(path)
    lines[top:top] = [line for line in needed if not _known(line)]
    return "\n".join(lines)


def _text(lines: list[str], node: ast.FunctionDef) -> str:
    """Return the code of a function below its docstring."""
    return "\n".join(lines[_after_docstring(node) : node.end_lineno]).strip()


def _lines(source: list[str], node: ast.AST) -> list[str]:
    return source[node.lineno - 1 : node.end_lineno]


def _known(line: str) -> bool:
    """Return whether every lesson that needs this import has it already."""
    return line in ("import numpy as np", "import torch", "import torch.nn as nn")


def _after_docstring(node: ast.FunctionDef) -> int:
    """Return the index of the line at which the code of a function starts."""
    return node.body[0].end_lineno if ast.get_docstring(node) else node.body[0].lineno - 1


def _parameters(node: ast.FunctionDef) -> list[str]:
    return [part.arg for part in ast.walk(node.args) if isinstance(part, ast.arg)]


def _test_cell(path: str):
    from dqnlib.course.formats import nbformat

    source = f'{LEAVE_IT}\nfrom dqnlib.course.teach import assert_right\n\nassert_right("{path}")'
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
    try:
        if importlib.util.find_spec("nbgrader") is None:
            raise ValueError(f"this needs nbgrader. Install it with\n  {_how_to_install()}")
        renew = _is_ours(out)
        if not renew:
            _found(out)
        for lesson in notebooks.lessons():
            count = export(lesson, out / "source" / lesson.stem)
            print(f"✓ {lesson.stem}: {count} exercise{'s' * (count != 1)}")
    except ValueError as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"✗ {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    if renew:
        print(f"The lessons in {out / 'source'} are renewed, and all else is as it was.")
        print("Where students have not started yet, run `nbgrader generate_assignment --force`.")
    else:
        print(f"How to go on: {out / 'README.md'}")
    return 0


def _is_ours(out: Path) -> bool:
    """Return whether this command made the folder; raise ValueError if it holds something else."""
    config = out / "nbgrader_config.py"
    if config.is_file() and config.read_bytes().startswith(MADE_BY.encode()):
        return True
    if out.exists() and not out.is_dir():
        raise ValueError(f"{out} is a file: give the name of a folder")
    if out.is_dir() and any(out.iterdir()):
        raise ValueError(
            f"{out} holds other files: give a new or empty folder, or one that this command made"
        )
    return False


def _found(out: Path) -> None:
    """Write what a course folder holds besides lessons."""
    out.mkdir(parents=True, exist_ok=True)
    config = CONFIG.replace("ROOT", repr(str(notebooks.ROOT)))
    (out / "nbgrader_config.py").write_text(config, encoding="utf-8")
    readme = README.replace("LESSON", notebooks.lessons()[-1].stem)
    (out / "README.md").write_text(readme, encoding="utf-8")


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

Work in this folder, in the Python environment in which you made it. If `nbgrader` is not found,
write `python -m nbgrader`. Here with one lesson:

| step | command |
|---|---|
| make the students' version, in `release/` | `nbgrader generate_assignment LESSON` |
| hand it out | give them the folder `release/LESSON` |
| collect | put each file at `submitted/STUDENT/LESSON/LESSON.ipynb` |
| grade | `nbgrader autograde LESSON` |
| write what each student gets back, in `feedback/` | `nbgrader generate_feedback LESSON` |
| write all points as a table, `grades.csv` | `nbgrader export` |

If all of you work on one machine, nbgrader can hand out and collect through a shared folder, its
exchange: `nbgrader release_assignment LESSON`, later `nbgrader collect LESSON`.

**Time.** Grading runs each student's whole lesson, with the student's own functions: up to about a
minute. To leave the experiments out, for some seconds a student:

```
nbgrader autograde LESSON --Execute.skip_cells_with_tag={EXPERIMENT}
```

This skips the course's cells that do more than import and define; cells that students added still
run. A student whose function uses a variable from a skipped cell loses a point that way: grade that
one again with the whole lesson, `nbgrader autograde LESSON --student=STUDENT --force`.

**A cell that is there twice.** A student who duplicates a cell that nbgrader knows gives two cells
the same number, and `nbgrader autograde` stops there: later students are not graded. Delete the
second cell in the file at `submitted/STUDENT/LESSON/LESSON.ipynb`, then autograde again. This one
judges such a copy as well, with all others:

```
python3 -m dqnlib check submitted/*/LESSON/LESSON.ipynb --csv marks.csv
```

**A new version of the course.** Run `python3 -m dqnlib assignments` on this folder again. It writes
the lessons in `source/` anew, over any changes that you made in them, and touches nothing else. Do
so before students start: with submissions at hand, nbgrader wants a lesson's cells to stay as they
are.

## For your students

They need the course itself, as its README tells, in the same version as yours. They put the folder
`LESSON` into the course's folder and open it there:

```
python3 -m dqnlib open LESSON/LESSON.ipynb
```

They fill in the blanks, run the cells, see at once what is right, save, and hand in `LESSON.ipynb`.
While they work, the locked cells only print their verdict, so *Run All* goes on past a blank.
"""
