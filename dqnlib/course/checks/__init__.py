"""What the exercises of each lesson are judged by: cases worked by hand, known mistakes, hints."""

import difflib
import importlib

from dqnlib.course.types import Check

LESSONS = {
    "00 Start here": "lesson_00",
    "01 Tabular Q-learning": "lesson_01",
    "02 Function approximation": "lesson_02",
    "03 Experience replay": "lesson_03",
    "04 Target networks": "lesson_04",
    "05 Double DQN": "lesson_05",
}


def lessons() -> dict[str, tuple[Check, ...]]:
    """Return the checks of every lesson, in the order of the course."""
    return {
        title: importlib.import_module(f"dqnlib.course.checks.{module}").CHECKS
        for title, module in LESSONS.items()
    }


def find(path: str) -> Check:
    """Return the check of the library function at a dotted path; ValueError if there is none."""
    known = {check.path: check for checks in lessons().values() for check in checks}
    if path not in known:
        near = difflib.get_close_matches(str(path), known, n=1, cutoff=0.4)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(
            f"there is no exercise {path!r}.{hint} The exercises are: {', '.join(known)}"
        )
    return known[path]
