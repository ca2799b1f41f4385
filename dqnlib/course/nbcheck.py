"""nbval, three ways: every notebook is executed again and its outputs are compared.

    python3 -m dqnlib check                 # (a) the lessons as committed
    python3 -m dqnlib check --solved        # (b) with the reference solutions in the blanks
    python3 -m dqnlib check my_copy.ipynb   # (c) a learner's copy, against the solved course

(b) works because a blank hands back the reference: all outputs stay the same, and only the line
of the check changes from "still blank" to "right".

Each copy is judged in a process of its own (`dqnlib.course.copies`), as a learner without progress:
whatever it does to its kernel, or to the process that judges it, the next copy does not notice.

Exit status of (c): 0 all exercises right, 1 something wrong, missing or not run to its end, 2 a
file could not be read (the others are judged all the same), 3 only blanks left.
"""

import glob
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dqnlib.course import notebooks
from dqnlib.course.copies import TIME_LIMIT, judge
from dqnlib.course.kernels import Notebook, options
from dqnlib.course.marks import Report, table, worst
from dqnlib.course.solving import exercises, solve, solved_outputs

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


def check_lessons(
    solved: bool, time_limit: float = TIME_LIMIT, extra: list[str] | None = None
) -> int:
    """Run the lessons of this checkout, as they are or solved; return pytest's exit status."""
    with notebooks.fresh_learner() as home:
        args = [*options(home, time_limit), f"--rootdir={notebooks.ROOT}", "--tb=short"]
        args += [*(extra or []), *map(str, notebooks.lessons())]
        return int(pytest.main(args, plugins=[Lessons(solved)]))


# -- (c): learners' copies ------------------------------------------------------------------


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
    reports, aside = [], csv_path == "-"
    with _table_at(csv_path) as write:
        try:
            for name in _paths(copies):
                report = judge(name, time_limit, extra, aside)
                reports.append(report)
                out = sys.stderr if report.unreadable or aside else sys.stdout
                print(f"\n{report}", file=out, flush=True)
        finally:
            if reports:
                write(table(reports, exercises()))
    if len(reports) > 1:
        _print_sum(reports, sys.stderr if aside else sys.stdout)
    return worst(reports)


def _print_sum(reports: list[Report], file) -> None:
    words = {0: "all right", 1: "with something wrong", 2: "not readable", 3: "with blanks left"}
    statuses = [report.status for report in reports]
    parts = [f"{statuses.count(s)} {text}" for s, text in words.items() if s in statuses]
    print(f"\n{len(reports)} copies: {', '.join(parts)}", file=file)


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


# -- the command ----------------------------------------------------------------------------


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
