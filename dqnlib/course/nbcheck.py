"""nbval, three ways: every notebook is executed again and its outputs are compared.

    python3 -m dqnlib check                 # (a) the lessons as committed
    python3 -m dqnlib check --solved        # (b) with the reference solutions in the blanks
    python3 -m dqnlib check my_copy.ipynb   # (c) a learner's copy, against the solved course

(b) works because a blank hands back the reference: all outputs stay the same, and only the line
of the check changes from "still blank" to "right". For the same reason (c) can judge a copy by
the outputs that the lesson in this checkout holds, whatever the copy holds itself.

Each copy is judged in a process of its own, as a learner without progress: whatever it does to its
kernel, or to the process that judges it, the next copy does not notice.

Exit status of (c): 0 all exercises right, 1 something wrong, missing or not run to its end, 2 a
file could not be read (the others are judged all the same), 3 only blanks left.
"""

import ast
import difflib
import glob
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest

from dqnlib import moved
from dqnlib.course import notebooks
from dqnlib.course.exercises import BLANK, RIGHT
from dqnlib.course.kernels import MEASURED, KernelDied, Notebook
from dqnlib.course.marks import Report, table, worst
from dqnlib.course.reference import reference_imports, reference_source

TIME_LIMIT = 300.0  # seconds for one cell
START_LIMIT = 60.0  # seconds for a kernel to start
MOST_TIME_OUTS = 3  # cells of one copy that may run out of time before the rest is left out
DECORATOR = re.compile(r"""^@exercise\(\s*["']([\w.]+)["']""", re.MULTILINE)
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


# -- (a) and (b): the lessons of this checkout ---------------------------------------------


class Lessons:
    """pytest plug-in on top of nbval for the lessons as they are, or solved."""

    def __init__(self, solved: bool):
        self._solved = solved

    def pytest_collect_file(self, file_path, parent):
        return Notebook.from_parent(parent, path=file_path)

    def pytest_collection_modifyitems(self, items):
        for item in items:
            if not hasattr(item, "cell"):
                continue
            if item.cell.execution_count is None and item.cell.source.strip():
                raise pytest.UsageError(
                    f"{item.parent.path.name}: a code cell was never run, and nbval would pass "
                    f"it. Run: python3 -m dqnlib run {item.parent.path.name}"
                )
            if self._solved:
                item.cell.source = solve(item.cell.source)
                item.cell.outputs = solved_outputs(item.cell.outputs)


# -- (c): a learner's copy -----------------------------------------------------------------


class Copy:
    """pytest plug-in on top of nbval that judges one learner's copy against the solved lessons.

    The report is stored after every cell, so that it is there if this process is killed.
    """

    def __init__(self, report: Report, stored: Path, folder: Path, lessons: Path):
        self.report = report
        self._stored = stored
        self._folder = folder  # where the learner's notebook lies, and its kernel works
        self._lessons = {
            path.stem: nbformat.read(path, as_version=4) for path in notebooks.lessons(lessons)
        }
        self._time_outs: list[int] = []  # numbers of the cells that ran out of time

    def pytest_collect_file(self, file_path, parent):
        notebook = Notebook.from_parent(parent, path=file_path)
        notebook.folder = self._folder
        return notebook

    def pytest_collection_modifyitems(self, items):
        self.report.lesson = self._which(items)
        if self.report.lesson:
            self._prepare(items)
        else:
            self.report.notes.append(
                "this is no copy of a lesson: none of its cells is known. "
                f"The lessons are {', '.join(self._lessons)}"
            )
            items.clear()
        self.report.store(self._stored)

    def _which(self, items) -> str:
        """Return the lesson that most of the cells come from, or an empty string."""
        found = {_key(item.cell) for item in items}
        shared = {
            stem: len(found & {_key(cell) for cell in book.cells if cell.cell_type == "code"})
            for stem, book in self._lessons.items()
        }
        best = max(shared, key=shared.get, default="")
        return best if best and shared[best] else ""

    def _prepare(self, items) -> None:
        self._count = len(items)
        cells = self._lessons[self.report.lesson].cells
        course = {_key(cell): cell for cell in cells if cell.cell_type == "code"}
        there = {path for item in items for path in DECORATOR.findall(item.cell.source)}
        gone = "its cell or its @exercise line is gone; take it again from the lesson"
        for path in (path for cell in course.values() for path in DECORATOR.findall(cell.source)):
            mark = ("not run", "") if path in there else ("missing", gone)
            self.report.marks[path.rpartition(".")[2]] = mark
        for number, item in enumerate(items, 1):
            cell, known = item.cell, course.get(_key(item.cell))
            item.number = number
            item.paths = DECORATOR.findall(cell.source)
            item.is_course = known is not None and not item.paths
            ignored = known and "nbval-ignore-output" in known.metadata.get("tags", [])
            item.options["check"] = item.is_course and not ignored
            item.options["skip"] = False  # a tag in a copy leaves nothing out
            if item.is_course:
                cell.outputs, cell.execution_count = solved_outputs(known.outputs), number

    def pytest_runtest_setup(self, item):
        self.report.cell = item.number
        self.report.store(self._stored)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item, call):
        result = yield
        if call.when == "setup" and call.excinfo is not None:
            why = _first_line(str(call.excinfo.value))
            self._stop(item, f"no kernel could be started ({why}): nothing was run")
        elif call.when == "call":
            self._judge(item, call.excinfo)
        self.report.store(self._stored)
        return result

    def _stop(self, item, why: str) -> None:
        self.report.notes.append(why)
        item.session.shouldstop = why

    def _judge(self, item, excinfo) -> None:
        outputs = item.test_outputs or []
        printed = "".join(o.text for o in outputs if o.output_type == "stream")
        errors = [o for o in outputs if o.output_type == "error"]
        kernel, where = item.parent.kernel, f"code cell {item.number}"
        if item.parent.timed_out:  # nbval's word for this cell; later cells get a fresh one
            item.parent.timed_out = False
            self._ran_out(item, printed, stopped=not kernel.is_alive())
            return
        if excinfo is not None and (excinfo.errisinstance(KernelDied) or not kernel.is_alive()):
            for path in item.paths:
                self._mark(path, "wrong", "its kernel died in this cell")
            self._stop(item, f"its kernel died in {where}, the rest was not run")
            return
        for path in item.paths:
            self._mark(path, *_verdict(path, printed, errors))
        if kernel.leaves and item.number < self._count:
            self._stop(item, f"{where} ends the kernel with exit(), the rest was not run")
        if item.paths or excinfo is None:
            return
        if errors:
            problem = f"{where} stopped with {errors[0].ename}: {_first_line(errors[0].evalue)}"
        elif item.is_course:
            text = MEASURED.sub("", printed).strip()
            shown = f": {_first_line(text)}" if text else ""
            problem = f"{where} does not print what the course prints{shown}"
        else:
            problem = f"{where}: {_first_line(str(excinfo.value)) or 'it failed'}"
        if item.is_course and self._time_outs:  # it may lack what that cell was to make
            problem += f" (perhaps since code cell {self._time_outs[0]} ran out of time)"
            self.report.remarks.append(problem)
        else:
            (self.report.notes if item.is_course else self.report.remarks).append(problem)

    def _ran_out(self, item, printed: str, stopped: bool) -> None:
        """Note that a cell ran out of time, which is no mistake of the learner's."""
        limit = f"time ran out after {item.config.option.nbval_cell_timeout:g} s"
        self._time_outs.append(item.number)
        for path in item.paths:
            mark, note = _verdict(path, printed, [])
            self._mark(path, mark if mark in ("right", "blank") else "time ran out", note and limit)
        text = f"code cell {item.number}: {limit}"
        if stopped:
            text += ", and the cell could not be stopped: the rest was not run"
        elif len(self._time_outs) == MOST_TIME_OUTS:
            text += f", as in {MOST_TIME_OUTS - 1} others before: the rest was not run"
        self.report.remarks.append(text)
        if "rest" in text:
            item.session.shouldstop = text

    def _mark(self, path: str, mark: str, note: str) -> None:
        self.report.marks[path.rpartition(".")[2]] = (mark, note)


def _key(cell) -> str:
    """Return what a cell is known by in every copy: its exercises, else its source.

    Cell ids would be shorter, but older formats have none, and editors give new ones.
    """
    return " ".join(map(moved.today, DECORATOR.findall(cell.source))) or "\n".join(
        line.rstrip() for line in cell.source.strip().splitlines()
    )


def _verdict(path: str, printed: str, errors: list) -> tuple[str, str]:
    """Return the mark of an exercise by what its cell printed, and the reason if it is wrong."""
    name = path.rpartition(".")[2]
    if RIGHT.format(name) in printed:
        return "right", ""
    if BLANK.format(name) in printed:
        return "blank", ""
    return "wrong", _why(printed, name, errors)


def _why(printed: str, name: str, errors: list) -> str:
    """Return the heart of a check's message in one line."""
    if errors:
        return f"{errors[0].ename}: {_first_line(errors[0].evalue)}"
    lines = [line.strip() for line in printed.partition(f"✗ {name}")[2].splitlines() if line]
    likely = [line for line in lines if line.startswith("Likely")]
    return (likely or lines[1:] or ["its cell printed no verdict"])[0]


def _first_line(text: str) -> str:
    return next((line.strip()[:100] for line in str(text).splitlines() if line.strip()), "")


# -- a batch -------------------------------------------------------------------------------


def _paths(names: list[str]) -> Iterator[str]:
    """Yield the names, patterns filled in where the shell has not done it, no file twice."""
    seen = set()
    for name in names:
        is_pattern = not Path(name).exists() and any(sign in name for sign in "*?[")
        for found in (sorted(glob.glob(name)) if is_pattern else []) or [name]:
            real = Path(found).resolve()
            if real not in seen:
                seen.add(real)
                yield found


def _read(name: str):
    """Return the notebook at a path; raise ValueError with what to do if there is none."""
    path = Path(name)
    if path.is_dir():
        raise ValueError(f"this is a folder. Name the notebooks in it: {path / '*.ipynb'}")
    if path.is_symlink() and not path.exists():
        raise ValueError("this link leads to no file")
    if not path.is_file():
        folder = path.parent if path.parent.is_dir() else Path()
        near = difflib.get_close_matches(
            path.name, [p.name for p in folder.glob("*.ipynb")], n=1, cutoff=0.4
        )
        raise ValueError(f"no such notebook{f'; did you mean {near[0]}?' if near else ''}")
    try:
        book = nbformat.read(path, as_version=4)
        nbformat.validate(book)
        return book
    except Exception as error:
        raise ValueError(
            "this file is no notebook that Jupyter could read "
            f"({type(error).__name__}). Save it again in JupyterLab, or take a fresh copy"
        ) from None


def judge(name: str, time_limit: float = TIME_LIMIT, extra: list[str] | None = None) -> Report:
    """Judge one copy in a process of its own. Never raises for what the copy holds or does.

    time_limit: seconds for one cell. extra: more options for pytest, whose output is then shown.
    """
    report = Report(name)
    try:
        book = _read(name)
    except ValueError as error:
        report.unreadable = str(error)
        return report
    with notebooks.fresh_learner(DQNLIB_ON_WRONG="continue") as home:
        # pytest would take a part of some names for the name of a test, or for an option
        copy, job, stored = home / "copy.ipynb", home / "job.json", home / "report.json"
        nbformat.write(book, copy)
        report.store(stored)
        job.write_text(
            json.dumps({
                "copy": str(copy),
                "stored": str(stored),
                "folder": str(Path(name).resolve().parent),
                "lessons": str(notebooks.FOLDER),
                "time_limit": time_limit,
                "extra": extra or [],
            }),
            encoding="utf-8",
        )  # fmt: skip
        command = [sys.executable, "-m", "dqnlib.course.nbcheck", str(job)]
        sys.stdout.flush()
        done = subprocess.run(
            command, cwd=home, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace",
        )  # fmt: skip
        report = Report.load(stored)
    if extra:
        print(done.stdout)
    if not report.done:
        _explain_end(report, done)
    return report


def _explain_end(report: Report, done: subprocess.CompletedProcess) -> None:
    """Say what happened to a process that has not judged a copy to its end."""
    if done.returncode < 0 and report.cell:
        report.notes.append(
            f"its judge's process was killed in code cell {report.cell}, the rest was not run"
        )
    else:
        last = _first_line("\n".join(reversed(done.stdout.splitlines()))) or "without a word"
        report.notes.append(f"it could not be judged to its end: {last}")


def _judge_here(job: dict) -> int:
    """Judge the copy that a job names; the report goes to a file. This is the child's part."""
    stored = Path(job["stored"])
    plugin = Copy(Report.load(stored), stored, Path(job["folder"]), Path(job["lessons"]))
    args = _options(Path(job["copy"]).parent, job["time_limit"])
    status = pytest.main(
        [*args, "--tb=no", "--no-summary", *job["extra"], job["copy"]], plugins=[plugin]
    )
    plugin.report.done = status in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED,
                                    pytest.ExitCode.INTERRUPTED,
                                    pytest.ExitCode.NO_TESTS_COLLECTED)  # fmt: skip
    plugin.report.store(stored)
    return 0 if plugin.report.done else int(status)


def _options(home: Path, time_limit: float) -> list[str]:
    """Return pytest's options for a run of nbval that has none of the test suite's settings."""
    settings = home / "pytest.ini"
    settings.write_text("[pytest]\n", encoding="utf-8")
    return ["-p", "nbval", f"--nbval-cell-timeout={time_limit}",
            f"--nbval-kernel-startup-timeout={START_LIMIT}", f"--config-file={settings}",
            "-p", "no:cacheprovider", "-q", "--no-header"]  # fmt: skip


@contextmanager
def _table_at(csv_path: str | None) -> Iterator:
    """Give a function that writes text to a file or, for "-", to stdout; raise OSError at once."""
    if csv_path is None:
        yield lambda text: None
    elif csv_path == "-":
        yield _print_bytes
    else:
        with open(csv_path, "a", encoding="utf-8-sig", errors="backslashreplace"):
            pass  # it can be written to, which is known before minutes of work
        yield lambda text: Path(csv_path).write_bytes(_bytes(text))


def _bytes(text: str) -> bytes:
    """Return UTF-8 with the mark at its head by which Excel knows it."""
    return text.encode("utf-8-sig", "backslashreplace")


def _print_bytes(text: str) -> None:
    sys.stdout.flush()
    if hasattr(sys.stdout, "buffer"):
        sys.stdout.buffer.write(_bytes(text))
        sys.stdout.buffer.flush()
    else:
        sys.stdout.write(text)


def check_copies(
    copies: list[str],
    time_limit: float = TIME_LIMIT,
    csv_path: str | None = None,
    extra: list[str] | None = None,
) -> int:
    """Judge copies one after the other, print what was found, return the worst exit status.

    csv_path: where to write the marks as a table, "-" for stdout; the words then go to stderr.
    Raises OSError if that file cannot be written.
    """
    reports = []
    with _table_at(csv_path) as write:
        try:
            for name in _paths(copies):
                report = judge(name, time_limit, extra)
                reports.append(report)
                aside = report.unreadable or csv_path == "-"
                print(f"\n{report}", file=sys.stderr if aside else sys.stdout, flush=True)
        finally:
            if reports:
                write(table(reports, exercises()))
    if len(reports) > 1:
        _print_sum(reports, sys.stderr if csv_path == "-" else sys.stdout)
    return worst(reports)


def _print_sum(reports: list[Report], file) -> None:
    words = {0: "all right", 1: "with something wrong", 2: "not readable", 3: "with blanks left"}
    statuses = [report.status for report in reports]
    parts = [f"{statuses.count(s)} {text}" for s, text in words.items() if s in statuses]
    print(f"\n{len(reports)} copies: {', '.join(parts)}", file=file)


def exercises() -> dict[str, list[str]]:
    """Return the names of each lesson's exercises, in the course's order."""
    return {
        path.stem: [
            dotted.rpartition(".")[2]
            for cell in nbformat.read(path, as_version=4).cells
            if cell.cell_type == "code"
            for dotted in DECORATOR.findall(cell.source)
        ]
        for path in notebooks.lessons()
    }


def check_lessons(
    solved: bool, time_limit: float = TIME_LIMIT, extra: list[str] | None = None
) -> int:
    """Run the lessons of this checkout, as they are or solved; return pytest's exit status."""
    with notebooks.fresh_learner() as home:
        args = [*_options(home, time_limit), f"--rootdir={notebooks.ROOT}", "--tb=short"]
        args += [*(extra or []), *map(str, notebooks.lessons())]
        return int(pytest.main(args, plugins=[Lessons(solved)]))


def main(
    copies: list[str],
    solved: bool = False,
    extra: list[str] | None = None,
    time_limit: float = TIME_LIMIT,
    csv_path: str | None = None,
) -> int:
    """Check the lessons, or judge copies of them; print a summary, return the exit status."""
    extra = extra or []
    copies = [*copies, *(e for e in extra if e.endswith(".ipynb") and not e.startswith("-"))]
    odd = [e for e in extra if e.endswith(".ipynb") and e.startswith("-")]
    extra = [e for e in extra if not e.endswith(".ipynb")]
    wrong = ""
    if odd:
        wrong = f"{odd[0]} looks like an option: write ./{odd[0]}"
    elif copies and solved:
        wrong = "--solved is for the lessons, not for a copy: leave one of them out"
    elif csv_path and not copies:
        wrong = "--csv is for copies: name at least one"
    elif not time_limit > 0:
        wrong = f"--time-limit is in seconds, above 0, got {time_limit:g}"
    if wrong:
        print(f"✗ {wrong}", file=sys.stderr)
        return 2
    if not copies:
        return check_lessons(solved, time_limit, extra)
    try:
        return check_copies(copies, time_limit, csv_path, extra)
    except OSError as error:
        print(f"✗ {error.filename}: {error.strerror}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(_judge_here(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
