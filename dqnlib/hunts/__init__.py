"""Bug hunts: an agent sabotaged by one known mistake, to be found from its curves and the probes.

A hunt lies in a file named after its lesson, as `lesson_03.py`, which holds its HUNT. It is found
by that name and loaded when it is first opened: do not read it before you have given your verdict.
"""

import importlib
import pkgutil
import re

from dqnlib.hunts.cases import BugHunt, Hunt, Suspect

__all__ = ["BugHunt", "Hunt", "Suspect", "bug_hunt", "lessons"]

_FILE = re.compile(r"lesson_(\d\d[a-z]?)")


def lessons() -> list[str]:
    """Return the numbers of the lessons that have a hunt, as "03" or "04b", in order."""
    names = (_FILE.fullmatch(module.name) for module in pkgutil.iter_modules(__path__))
    return sorted(found[1] for found in names if found)


def bug_hunt(lesson: str) -> BugHunt:
    """Open the bug hunt of a lesson, such as bug_hunt("03"), and print its story.

    Raises ValueError for a lesson without a hunt, and for a file that holds none.
    """
    lesson, known = str(lesson), lessons()
    if lesson not in known:
        near = [name for name in known if name.lstrip("0") == lesson.lstrip("0")]
        hint = f" Did you mean {near[0]!r}?" if near else ""
        listed = ", ".join(known) or "none yet"
        raise ValueError(f"there is no bug hunt for lesson {lesson!r}.{hint} There are: {listed}")
    hunt = getattr(importlib.import_module(f"{__name__}.lesson_{lesson}"), "HUNT", None)
    if not isinstance(hunt, Hunt):
        raise ValueError(f"dqnlib/hunts/lesson_{lesson}.py holds no HUNT = Hunt(...)")
    opened = BugHunt(lesson, hunt)
    print(opened)
    return opened
