"""What the exercises of each lesson are judged by: cases worked by hand, known mistakes, hints.

A file here named `lesson_02.py` or `lesson_01b.py` is found by its name. It holds the TITLE of the
lesson, and its CHECKS in the order in which the lesson asks for them.
"""

import difflib
import importlib
import pkgutil
import re

from dqnlib import moved
from dqnlib.course.types import Check

_FILE = re.compile(r"lesson_\d\d[a-z]?")


class DamagedLessonError(ImportError):
    """A lesson's checks cannot be used; the text names the file and says why."""


def files() -> list[str]:
    """Return the names of the modules that hold a lesson's checks, in the order of the course."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if _FILE.fullmatch(m.name))


def lessons() -> dict[str, tuple[Check, ...]]:
    """Return the checks of every lesson by its title, in the order of the course.

    Raises DamagedLessonError for a file that cannot be used.
    """
    found, problems = sound_lessons()
    if problems:
        raise DamagedLessonError("\n".join(problems))
    return found


def sound_lessons() -> tuple[dict[str, tuple[Check, ...]], list[str]]:
    """Return the lessons that can be used, as `lessons` does, and a line for each that cannot."""
    found, problems = {}, []
    known = {}  # dotted path -> file
    for name in files():
        try:
            module = importlib.import_module(f"{__name__}.{name}")
            title, checks = _contents(module)
            for path in (check.path for check in checks):
                if known.setdefault(path, name) != name:
                    raise ValueError(f"{path} is already checked in {known[path]}.py")
            if title in found:
                raise ValueError(f"another lesson has the title {title!r}")
            found[title] = checks
        except Exception as error:  # a file can fail in any way
            problems.append(
                f"The checks in dqnlib/course/checks/{name}.py cannot be used: "
                f"{type(error).__name__}: {error}"
            )
    return found, problems


def _contents(module) -> tuple[str, tuple[Check, ...]]:
    title, checks = getattr(module, "TITLE", None), getattr(module, "CHECKS", None)
    if not isinstance(title, str) or not title:
        raise ValueError('it has no TITLE, such as "02 Function approximation"')
    if not isinstance(checks, tuple) or not all(isinstance(check, Check) for check in checks):
        raise ValueError("its CHECKS are no tuple of Check")
    paths = [check.path for check in checks]
    if len(set(paths)) < len(paths):
        raise ValueError("its CHECKS hold an exercise twice")
    return title, checks


def find(path: str) -> Check:
    """Return the check of the library function at a dotted path, of today or of earlier days.

    Raises ValueError if there is none, and DamagedLessonError if it may be in a damaged file.
    """
    found, problems = sound_lessons()
    known = {check.path: check for checks in found.values() for check in checks}
    today = moved.today(str(path))
    if today in known:
        return known[today]
    if problems:
        raise DamagedLessonError("\n".join(problems))
    near = difflib.get_close_matches(today, known, n=1, cutoff=0.4)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"there is no exercise {path!r}.{hint} The exercises are: {', '.join(known)}")
