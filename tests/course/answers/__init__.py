"""The bank of learners' answers: whole cells as people write them, each with its verdict.

One text holds the answers to one exercise. Each begins with a line `=== ` and its verdict:

    === right
    === blank
    === wrong: the mean in place of the sum
    === wrong, 0.5 s: does not end

After `wrong` stands the diagnosis that the learner must get: the name of a `Mistake`, or of a
general problem such as "returned None". The seconds replace `sandbox.TIME_LIMIT`. A file here named
as `lesson_02.py` is found by its name; its ANSWERS are all that it holds.
"""

import importlib
import pkgutil
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """One answer to an exercise, as the source of a notebook cell."""

    path: str  # dotted name of the library's function
    verdict: str  # "right", "blank" or "wrong"
    diagnosis: str | None  # of a wrong one
    limit: float | None  # seconds, in place of sandbox.TIME_LIMIT
    source: str

    def __str__(self) -> str:
        first = self.source.split("\n")[1:3]
        return f"{self.name}, {self.verdict}: {self.diagnosis or ' '.join(first)}"

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]


def answers(path: str, text: str, imports: str = "") -> tuple[Answer, ...]:
    """Read the answers to one exercise; ``@exercise(path)`` is put before the first def.

    imports: the notebook's first lines, which stand at the head of every answer.
    """
    head = re.compile(r"^=== (right|blank|wrong)(?:, ([\d.]+) s)?(?:: (.+))?$", re.MULTILINE)
    parts = head.split(text)
    assert not parts[0].strip(), f"{path}: text before the first answer: {parts[0]!r}"
    found = []
    for verdict, limit, diagnosis, source in zip(*(parts[i::4] for i in (1, 2, 3, 4)), strict=True):
        assert (verdict == "wrong") == (diagnosis is not None), (path, verdict, diagnosis)
        source = imports + source.strip("\n") + "\n"
        if "@exercise" not in source:
            line = f'@exercise("{path}")\n'
            source = re.sub(r"^(async def|def|class) ", line + r"\1 ", source, count=1, flags=re.M)
        found.append(Answer(path, verdict, diagnosis, float(limit) if limit else None, source))
    return tuple(found)


def bank() -> tuple[Answer, ...]:
    """Return all answers, lesson by lesson."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name.startswith("lesson_"))
    lessons = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return sum((lesson.ANSWERS for lesson in lessons), ())
