"""What `check` found in learners' copies: one report a copy, in words and as a table."""

import csv
import io
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

# mark -> its sign. All but the first two count as wrong; so does a note.
SIGNS = {
    "right": "✓",
    "blank": "○",
    "wrong": "✗",
    "missing": "✗",
    "not run": "✗",
    "time ran out": "…",
}
WORST_LAST = (0, 3, 1, 2)  # exit statuses


@dataclass
class Report:
    """What was found in one copy."""

    copy: str  # the path as it was given
    lesson: str = ""
    marks: dict[str, tuple[str, str]] = field(default_factory=dict)  # exercise -> (mark, note)
    notes: list[str] = field(default_factory=list)  # things that count as wrong
    remarks: list[str] = field(default_factory=list)  # things that do not
    unreadable: str = ""  # why there is nothing to judge
    cell: int = 0  # number of the code cell that runs
    done: bool = False  # it was judged to its end

    @property
    def status(self) -> int:
        """Return 0 if all is right, 1 if something is not, 2 if unreadable, 3 if blanks remain."""
        if self.unreadable:
            return 2
        marks = {mark for mark, _ in self.marks.values()}
        if self.notes or not marks or not marks <= {"right", "blank"}:
            return 1
        return 3 if "blank" in marks else 0

    def counts(self) -> dict[str, int]:
        """Return how often each mark was given."""
        marks = [mark for mark, _ in self.marks.values()]
        return {mark: marks.count(mark) for mark in SIGNS if mark in marks}

    def __str__(self) -> str:
        if self.unreadable:
            return f"✗ {self.copy}: {self.unreadable}"
        lines = [f"{self.copy}" + (f", a copy of {self.lesson}" if self.lesson else "")]
        for name, (mark, note) in self.marks.items():
            lines.append(f"  {SIGNS[mark]} {mark:8} {name}" + (f": {note}" if note else ""))
        lines += [f"  ✗ {note}" for note in self.notes]
        lines += [f"  · {remark}" for remark in self.remarks]
        counts = ", ".join(f"{count} {mark}" for mark, count in self.counts().items())
        lines.append(f"  {len(self.marks)} exercises: {counts}" if counts else "  nothing to judge")
        return "\n".join(lines)

    def store(self, path: Path) -> None:
        """Write it as JSON; a reader never sees half of it."""
        new = path.with_suffix(".new")
        new.write_text(json.dumps(asdict(self)), encoding="utf-8")
        new.replace(path)

    @classmethod
    def load(cls, path: Path) -> "Report":
        """Read what `store` wrote; raise OSError if there is nothing."""
        found = cls(**json.loads(path.read_text(encoding="utf-8")))
        found.marks = {name: tuple(mark) for name, mark in found.marks.items()}
        return found


def worst(reports: list[Report]) -> int:
    """Return the exit status of a batch: 0 all right, 3 blanks, 1 something wrong, 2 unreadable."""
    return max((report.status for report in reports), key=WORST_LAST.index)


def table(reports: list[Report], exercises: dict[str, list[str]]) -> str:
    """Return the marks as CSV text: a row a copy, a column an exercise.

    exercises: lesson -> its exercises, in the course's order. Lessons without a copy get no column.
    A text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    lessons = {report.lesson for report in reports}
    columns = [
        (lesson, name) for lesson, names in exercises.items() if lesson in lessons for name in names
    ]
    names = [name for _, name in columns]
    heads = [name if names.count(name) == 1 else f"{lesson[:2]} {name}" for lesson, name in columns]
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["copy", "lesson", *heads, "right", "exercises", "exit status", "notes"])
    for report in reports:
        marks = [
            report.marks.get(name, ("", ""))[0] if lesson == report.lesson else ""
            for lesson, name in columns
        ]
        notes = [report.unreadable] if report.unreadable else [*report.notes, *report.remarks]
        notes += [f"{name}: {note}" for name, (_, note) in report.marks.items() if note]
        count = [report.counts().get("right", 0), len(report.marks), report.status]
        row = [report.copy, report.lesson, *marks, *count, "; ".join(notes)]
        writer.writerow([_harmless(value) for value in row])
    return text.getvalue()


def _harmless(value: str | int) -> str | int:
    if isinstance(value, str) and value.lstrip()[:1] in tuple("=+-@|%"):
        return f"'{value}"
    return value
