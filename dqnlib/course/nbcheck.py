"""nbval, three ways: every notebook is executed again and its outputs are compared.

    python3 -m dqnlib check                 # (a) the lessons as committed
    python3 -m dqnlib check --solved        # (b) with the reference solutions in the blanks
    python3 -m dqnlib check my_copy.ipynb   # (c) a learner's copy, against the solved course

(b) works because a blank hands back the reference: all outputs stay the same, and only the line
of the check changes from "still blank" to "right". For the same reason (c) can judge a copy by
the outputs that the lesson in this checkout holds, whatever the copy holds itself.

Exit status of (c): 0 all exercises right, 1 something wrong or missing, 3 only blanks left.
"""

import ast
import difflib
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import pytest

from dqnlib import moved
from dqnlib.course import notebooks
from dqnlib.course.exercises import BLANK, RIGHT
from dqnlib.course.reference import reference_imports, reference_source

CELL_TIMEOUT = 300  # seconds
DECORATOR = re.compile(r"""^@exercise\(\s*["']([\w.]+)["']""", re.MULTILINE)
MEASURED = re.compile(r"^ +(?:measured|written by): .*$", re.MULTILINE)
_LINE = re.compile(re.escape(BLANK).replace(r"\{\}", r"(\w+)"))


# -- exercises in a notebook ---------------------------------------------------------------


def functions(source: str) -> Iterator[tuple[str, ast.FunctionDef | ast.ClassDef]]:
    """Yield (dotted path, function or class) for each @exercise of a cell."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a magic, or a learner's slip: running the cell will show it
        return
    for node in tree.body:
        for decorator in getattr(node, "decorator_list", []):
            if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "exercise":
                yield ast.literal_eval(decorator.args[0]), node


def solve(source: str) -> str:
    """Put the reference solutions into the exercises of a cell."""
    lines = source.splitlines()
    for path, node in reversed(list(functions(source))):
        lines[node.lineno - 1 : node.end_lineno] = reference_source(path).splitlines()
        top = node.decorator_list[0].lineno - 1
        lines[top:top] = reference_imports(path)
    return "\n".join(lines)


def solved_outputs(outputs: list) -> list:
    """Return a cell's outputs as they are once its blanks are filled in rightly."""
    outputs = nbformat.from_dict(outputs)
    for output in outputs:
        if output.output_type == "stream":
            output.text = _LINE.sub(lambda match: RIGHT.format(match[1]), output.text)
    return outputs


def _leave_out_measured(item) -> None:
    """Let nbval compare all but what differs: numbers beside a claim, and who wrote a function."""
    item.parent.sanitize_patterns[MEASURED.pattern.replace("^", "(?m)^")] = ""


# -- (a) and (b): the lessons of this checkout ---------------------------------------------


class Lessons:
    """pytest plug-in on top of nbval for the lessons as they are, or solved."""

    def __init__(self, solved: bool):
        self._solved = solved

    def pytest_collection_modifyitems(self, items):
        for item in items:
            if not hasattr(item, "cell"):
                continue
            if item.cell.execution_count is None and item.cell.source.strip():
                raise pytest.UsageError(
                    f"{item.parent.path.name}: a code cell was never run, and nbval would pass "
                    f"it. Run: python3 -m dqnlib run {item.parent.path.name}"
                )
            _leave_out_measured(item)
            if self._solved:
                item.cell.source = solve(item.cell.source)
                item.cell.outputs = solved_outputs(item.cell.outputs)


# -- (c): a learner's copy -----------------------------------------------------------------


@dataclass
class Report:
    """What was found in one copy."""

    copy: Path
    lesson: str = ""
    marks: dict[str, tuple[str, str]] = field(default_factory=dict)  # exercise -> (mark, note)
    notes: list[str] = field(default_factory=list)  # things that count as wrong
    remarks: list[str] = field(default_factory=list)  # things that do not

    @property
    def status(self) -> int:
        marks = [mark for mark, _ in self.marks.values()]
        if self.notes or "wrong" in marks or "missing" in marks or not marks:
            return 1
        return 3 if "blank" in marks else 0

    def __str__(self) -> str:
        signs = {"right": "✓", "blank": "○", "wrong": "✗", "missing": "✗"}
        lines = [f"{self.copy.name}" + (f", a copy of {self.lesson}" if self.lesson else "")]
        for name, (mark, note) in self.marks.items():
            lines.append(f"  {signs[mark]} {mark:8} {name}" + (f": {note}" if note else ""))
        lines += [f"  ✗ {note}" for note in self.notes]
        lines += [f"  · {remark}" for remark in self.remarks]
        marks = [mark for mark, _ in self.marks.values()]
        counts = ", ".join(f"{marks.count(m)} {m}" for m in signs if marks.count(m))
        lines.append(f"  {len(marks)} exercises: {counts}" if marks else "  nothing to judge")
        return "\n".join(lines)


class Copies:
    """pytest plug-in on top of nbval that judges learners' copies against the solved lessons."""

    def __init__(self, copies: list[Path]):
        self.reports = {path.resolve(): Report(path) for path in copies}
        self._lessons = {p.stem: nbformat.read(p, as_version=4) for p in notebooks.lessons()}

    def pytest_collection_modifyitems(self, config, items):
        books: dict[Path, list] = {}
        for item in items:
            if hasattr(item, "cell"):
                books.setdefault(item.parent.path.resolve(), []).append(item)
        for path, cells in books.items():
            report = self.reports[path]
            report.lesson = self._which(cells)
            if report.lesson:
                self._prepare(report, cells)
            else:
                report.notes.append(
                    "this is no copy of a lesson: none of its cells is known. "
                    f"The lessons are {', '.join(self._lessons)}"
                )
                items[:] = [item for item in items if item not in cells]

    def _which(self, cells) -> str:
        """Return the lesson that most of the cells come from, or an empty string."""
        found = {_key(item.cell) for item in cells}
        shared = {
            stem: len(found & {_key(cell) for cell in book.cells if cell.cell_type == "code"})
            for stem, book in self._lessons.items()
        }
        best = max(shared, key=shared.get, default="")
        return best if best and shared[best] else ""

    def _prepare(self, report: Report, cells) -> None:
        course = {
            _key(cell): cell
            for cell in self._lessons[report.lesson].cells
            if cell.cell_type == "code"
        }
        for cell in course.values():
            for path in DECORATOR.findall(cell.source):
                report.marks[path.rpartition(".")[2]] = (
                    "missing",
                    "its cell or its @exercise line is gone; take it again from the lesson",
                )
        for number, item in enumerate(cells, 1):
            cell, known = item.cell, course.get(_key(item.cell))
            item.number = number
            item.paths = DECORATOR.findall(cell.source)
            item.is_course = known is not None and not item.paths
            ignored = known and "nbval-ignore-output" in known.metadata.get("tags", [])
            item.options["check"] = item.is_course and not ignored
            _leave_out_measured(item)
            if item.is_course:
                cell.outputs, cell.execution_count = solved_outputs(known.outputs), number

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item, call):
        result = yield
        if call.when == "call" and hasattr(item, "paths"):
            self._judge(self.reports[item.parent.path.resolve()], item, call.excinfo)
        return result

    def _judge(self, report: Report, item, excinfo) -> None:
        outputs = getattr(item, "test_outputs", [])
        printed = "".join(o.text for o in outputs if o.output_type == "stream")
        errors = [o for o in outputs if o.output_type == "error"]
        where = f"code cell {item.number}"
        for path in item.paths:
            name = path.rpartition(".")[2]
            if RIGHT.format(name) in printed:
                report.marks[name] = ("right", "")
            elif BLANK.format(name) in printed:
                report.marks[name] = ("blank", "")
            else:
                report.marks[name] = ("wrong", _why(printed, name, errors))
        if item.paths or excinfo is None:
            return
        if errors:
            problem = f"{where} stopped with {errors[0].ename}: {_first_line(errors[0].evalue)}"
            (report.notes if item.is_course else report.remarks).append(problem)
        elif item.is_course:
            text = MEASURED.sub("", printed).strip()
            shown = f": {_first_line(text)}" if text else ""
            report.notes.append(f"{where} does not print what the course prints{shown}")
        else:
            report.remarks.append(f"{where}: {_first_line(str(excinfo.value)) or 'it failed'}")


def _key(cell) -> str:
    """Return what a cell is known by in every copy: its exercises, else its source.

    Cell ids would be shorter, but older formats have none, and editors give new ones.
    """
    return " ".join(map(moved.today, DECORATOR.findall(cell.source))) or "\n".join(
        line.rstrip() for line in cell.source.strip().splitlines()
    )


def _why(printed: str, name: str, errors: list) -> str:
    """Return the heart of a check's message in one line."""
    if errors:
        return f"{errors[0].ename}: {_first_line(errors[0].evalue)}"
    lines = [line.strip() for line in printed.partition(f"✗ {name}")[2].splitlines() if line]
    likely = [line for line in lines if line.startswith("Likely")]
    return (likely or lines[1:] or ["its cell printed no verdict"])[0]


def _first_line(text: str) -> str:
    return next((line.strip()[:100] for line in str(text).splitlines() if line.strip()), "")


def _checked(name: str) -> Path:
    """Return the path of a learner's copy; raise ValueError with what to do if it is none."""
    path = Path(name)
    if not path.is_file():
        folder = path.parent if path.parent.is_dir() else Path()
        near = difflib.get_close_matches(
            path.name, [p.name for p in folder.glob("*.ipynb")], n=1, cutoff=0.4
        )
        raise ValueError(f"{name}: no such notebook{f'; did you mean {near[0]}?' if near else ''}")
    try:
        nbformat.read(path, as_version=4)
    except Exception as error:
        raise ValueError(
            f"{name}: this file is no notebook that Jupyter could read "
            f"({type(error).__name__}). Save it again in JupyterLab, or take a fresh copy"
        ) from None
    return path


def main(copies: list[str], solved: bool = False, extra: list[str] | None = None) -> int:
    """Check the lessons, or judge copies of them; print a summary, return the exit status."""
    try:
        paths = [_checked(name) for name in copies]
    except ValueError as error:
        print(f"✗ {error}", file=sys.stderr)
        return 2
    if paths and solved:
        print("✗ --solved is for the lessons, not for a copy: leave one of them out",
              file=sys.stderr)  # fmt: skip
        return 2
    on_wrong = {"DQNLIB_ON_WRONG": "continue"} if paths else {}
    with notebooks.fresh_learner(**on_wrong) as home:
        settings = home / "pytest.ini"  # nbval's own run: none of the test suite's options
        settings.write_text("[pytest]\n", encoding="utf-8")
        args = ["--nbval", "--nbval-current-env", f"--nbval-cell-timeout={CELL_TIMEOUT}",
                f"--config-file={settings}", f"--rootdir={notebooks.ROOT}",
                "-p", "no:cacheprovider", "-q", "--no-header", *(extra or [])]  # fmt: skip
        if not paths:
            args += ["--tb=short", *map(str, notebooks.lessons())]
            return int(pytest.main(args, plugins=[Lessons(solved)]))
        plugin = Copies(paths)
        args += ["--tb=no", "--no-summary", *(str(p.resolve()) for p in paths)]
        pytest.main(args, plugins=[plugin])
    for report in plugin.reports.values():
        print(f"\n{report}")
    return max((report.status for report in plugin.reports.values()), key=[0, 3, 1].index)
