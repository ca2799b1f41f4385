"""How long the lessons are: cells, words, lines of code, and the minutes that they take.

    python3 -m dqnlib count

The rule: reading at 150 words a minute, Run All as it was last measured (`bench -k lessons`), and
the minutes that stand at each exercise, lab, hunt and set of questions, as in "(10 min, ★★☆)".
"""

import json
import math
import re
import statistics
from dataclasses import dataclass
from pathlib import Path

from dqnlib.course import notebooks
from dqnlib.course.formats import nbformat

PACE = 150  # words a minute
MEASURED = notebooks.ROOT / "assets" / "run_all.json"  # lesson -> seconds, on a quiet machine
_MINUTES = re.compile(r"\((\d+) min\b")
_TIME = re.compile(r"\*\*Time\.\*\* About (\d+) minutes")


@dataclass(frozen=True)
class Length:
    """What was counted in a notebook; the last two are None where they are not known."""

    lesson: str  # name of the notebook
    cells: int
    share: float  # of its cells that are text
    words: int  # of its text
    lines: tuple[int, ...]  # of each code cell, without empty ones, from the shortest on
    marked: int  # minutes that stand at exercises, labs, hunts and questions
    said: int | None  # minutes, by its line "Time"
    seconds: float | None  # of Run All

    @property
    def minutes(self) -> float:
        """The minutes by the rule; without Run All where that was not measured."""
        return self.words / PACE + (self.seconds or 0) / 60 + self.marked

    def lines_at(self, share: float) -> int:
        """Return the lines below or at which a share of the code cells lies."""
        return self.lines[max(0, math.ceil(share * len(self.lines)) - 1)] if self.lines else 0


def count(path: Path) -> Length:
    """Count a notebook."""
    cells = nbformat.read(path, as_version=4).cells
    texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    text = "\n".join(texts)
    said = _TIME.search(text)
    return Length(
        path.stem,
        len(cells),
        len(texts) / max(1, len(cells)),
        len(text.split()),
        tuple(sorted(sum(bool(line.strip()) for line in c.splitlines()) for c in code)),
        sum(map(int, _MINUTES.findall(text))),
        int(said[1]) if said else None,
        measured().get(path.stem),
    )


def measured() -> dict[str, float]:
    """Return the seconds that Run All took, by lesson; empty where nothing is stored."""
    try:
        return json.loads(MEASURED.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}


def store(lesson: str, seconds: float) -> None:
    """Keep the seconds of a lesson's Run All beside those of the others."""
    found = {**measured(), lesson: round(seconds, 1)}
    text = json.dumps(dict(sorted(found.items())), indent=1)
    MEASURED.write_text(f"{text}\n", encoding="utf-8")


def main() -> int:
    """Print a line a lesson. Return the exit status."""
    found = [count(path) for path in notebooks.lessons()]
    print(f"{'lesson':34}{'cells':>6}{'text':>6}{'words':>7}{'code lines':>12}{'minutes':>9}  Time")
    for length in found:
        lines = f"{statistics.median(length.lines):g} / {length.lines_at(0.9)}"
        said = "-" if length.said is None else str(length.said)
        unsure = "" if length.seconds is not None else "*"
        print(
            f"{length.lesson:34}{length.cells:>6}{length.share:>6.0%}{length.words:>7,}"
            f"{lines:>12}{length.minutes:>9.0f}  {said}{unsure}"
        )
    print("code lines: median / ninetieth percentile. minutes: by the rule; Time: what it says.")
    if any(length.seconds is None for length in found):
        print("* Run All was not measured here, so it is left out (bench -k lessons measures it).")
    return 0
