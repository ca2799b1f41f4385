"""Judges one learner's copy of a lesson, in a process of its own: what `check` does with each.

A copy is executed with the reference solutions' outputs beside it. A blank hands back the
reference, so all outputs stay the same but for the line of the check: a copy can be judged by the
outputs that the lesson in this checkout holds, whatever the copy holds itself.
"""

import difflib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dqnlib import moved
from dqnlib.course import notebooks
from dqnlib.course.exercises import BLANK, PARTLY, RIGHT
from dqnlib.course.formats import nbformat
from dqnlib.course.kernels import MEASURED, KernelDied, Notebook, options
from dqnlib.course.marks import Report
from dqnlib.course.solving import DECORATOR, solved_outputs

TIME_LIMIT = 300.0  # seconds for one cell
MOST_TIME_OUTS = 3  # cells of one copy that may run out of time before the rest is left out


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
    partly = re.search(PARTLY.partition(":")[0].format(name) + r": (.* right so far); ", printed)
    if partly:
        return "blank", partly[1]
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


# -- the process ---------------------------------------------------------------------------


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


def judge(
    name: str,
    time_limit: float = TIME_LIMIT,
    extra: list[str] | None = None,
    aside: bool = False,
) -> Report:
    """Judge one copy in a process of its own. Never raises for what the copy holds or does.

    time_limit: seconds for one cell. extra: more options for pytest, whose output is then shown;
    aside: on stderr, for stdout holds a table.
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
        command = [sys.executable, "-m", "dqnlib.course.copies", str(job)]
        sys.stdout.flush()
        done = subprocess.run(
            command, cwd=home, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace",
        )  # fmt: skip
        report = Report.load(stored)
    if extra:
        print(done.stdout, file=sys.stderr if aside else sys.stdout)
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
    args = options(Path(job["copy"]).parent, job["time_limit"])
    status = pytest.main(
        [*args, "--tb=no", "--no-summary", *job["extra"], job["copy"]], plugins=[plugin]
    )
    plugin.report.done = status in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED,
                                    pytest.ExitCode.INTERRUPTED,
                                    pytest.ExitCode.NO_TESTS_COLLECTED)  # fmt: skip
    plugin.report.store(stored)
    return 0 if plugin.report.done else int(status)


if __name__ == "__main__":
    sys.exit(_judge_here(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
