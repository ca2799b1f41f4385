"""The four marked questions of a lesson, answered in the notebook and kept with the progress.

They are written in `questions/lesson_03.toml` beside this file:

    [[question]]
    ask = "Why does …?"        # `code` and $formulas$ are shown as such
    recalls = "01"             # the lesson that it goes back to: one question a lesson, from 02 on
    [[question.option]]
    text = "Because …"
    why = "One or two sentences on this option."
    [[question.option]]
    text = "…"
    right = true               # exactly one
    why = "…"
"""

import difflib
import re
import tomllib
from pathlib import Path

from dqnlib.course import progress
from dqnlib.course.choices import Option, Question, with_widget

FOLDER = Path(__file__).with_name("questions")
QUESTIONS = 4
OPTIONS = (3, 4)
FIRST_WITH_RECALL = "02"


class DamagedQuizError(ValueError):
    """A lesson's questions cannot be used; the text names the file, the question and the fault."""


def lessons() -> list[str]:
    """Return the numbers of the lessons that have questions, as "03" or "01b", in order."""
    return sorted(file.stem.removeprefix("lesson_") for file in FOLDER.glob("lesson_*.toml"))


class quiz:
    """Show the four marked questions of a lesson, such as quiz("03"); answers are kept.

    Raises ValueError for a lesson without questions, and DamagedQuizError for a damaged file.
    """

    def __init__(self, lesson: str):
        self.lesson, self.questions = str(lesson), load(str(lesson))

    def __repr__(self) -> str:
        head = "Four questions. Run this cell in JupyterLab to answer them with a click."
        parts = (q.as_text(f"{k}  ") for k, q in enumerate(self.questions, 1))
        return "\n\n".join([head, *parts])

    def _repr_mimebundle_(self, **kwargs) -> dict:
        page = "".join(q.as_html(f"{k}. ") for k, q in enumerate(self.questions, 1))
        return with_widget(self._widget, repr(self), page, **kwargs)

    def _widget(self):
        import ipywidgets as widgets

        keys = [progress.question_key(self.lesson, q.ask) for q in self.questions]
        pairs = enumerate(zip(self.questions, keys), 1)
        return widgets.VBox([q.widget(key, f"{k}. ") for k, (q, key) in pairs])


def right(lesson: str) -> tuple[int, int]:
    """Return how many questions of a lesson were answered rightly so far, and how many it has."""
    stored = progress.read()[0]["answers"]
    keys = [progress.question_key(lesson, q.ask) for q in load(lesson)]
    return sum(stored.get(key, {}).get("right", False) for key in keys), len(keys)


def load(lesson: str) -> tuple[Question, ...]:
    """Return the questions of a lesson.

    Raises ValueError for a lesson without questions, and DamagedQuizError for a damaged file.
    """
    known = lessons()
    if lesson not in known:
        near = [name for name in known if name.lstrip("0") == lesson.lstrip("0")]
        hint = f" Did you mean {near[0]!r}?" if near else ""
        listed = ", ".join(known) or "none yet"
        raise ValueError(f"there are no questions for lesson {lesson!r}.{hint} There are: {listed}")
    return read(FOLDER / f"lesson_{lesson}.toml")


def read(file: Path) -> tuple[Question, ...]:
    """Return the questions of a file; raises DamagedQuizError if it is not as it should be."""
    lesson = file.stem.removeprefix("lesson_")
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        _expect_keys(table, {"question"}, "the file")
        entries = table.get("question", [])
        if len(entries) != QUESTIONS:
            raise ValueError(f"it holds {len(entries)} questions, not {QUESTIONS}")
        found = tuple(_question(entry, k, lesson) for k, entry in enumerate(entries, 1))
        asks = [question.ask for question in found]
        if len(set(asks)) < len(asks):
            raise ValueError("it asks the same question twice")
        _expect_one_recall(sum("recalls" in entry for entry in entries), lesson)
        return found
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise DamagedQuizError(f"{file.name}: {error}") from None


def _expect_one_recall(count: int, lesson: str) -> None:
    if lesson >= FIRST_WITH_RECALL and count != 1:
        raise ValueError(
            f"{count} of its questions have recalls = (the number of an earlier lesson); "
            f"from lesson {FIRST_WITH_RECALL} on it must be exactly one"
        )
    if count > 1:
        raise ValueError(f"{count} of its questions have recalls: at most one may")


def _question(entry: dict, number: int, lesson: str) -> Question:
    where = f"question {number}"
    _expect_keys(entry, {"ask", "recalls", "option"}, where)
    ask, options = _text(entry, "ask", where), entry.get("option", [])
    if len(options) not in OPTIONS:
        raise ValueError(f"{where} has {len(options)} options, not three or four")
    found = tuple(_option(o, f"{where}, option {k}") for k, o in enumerate(options, 1))
    if sum(option.right for option in found) != 1:
        count = sum(option.right for option in found)
        raise ValueError(f"{where} has {count} options with right = true, not one")
    if len({option.text for option in found}) < len(found):
        raise ValueError(f"{where} offers the same option twice")
    if "recalls" not in entry:
        return Question(ask, found)
    earlier = _text(entry, "recalls", where)
    if not re.fullmatch(r"\d\d[a-z]?", earlier) or not earlier < lesson:
        raise ValueError(
            f'{where}: recalls must be the number of an earlier lesson, as "01b", got {earlier!r}'
        )
    return Question(ask, found, f"from lesson {earlier}")


def _option(entry: dict, where: str) -> Option:
    _expect_keys(entry, {"text", "why", "right"}, where)
    right = entry.get("right", False)
    if not isinstance(right, bool):
        raise ValueError(f"{where}: right must be true or false, got {right!r}")
    return Option(_text(entry, "text", where), _text(entry, "why", where), right)


def _text(entry: dict, key: str, where: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{where}: {key} must be a text, got {value!r}")
    return " ".join(value.split())


def _expect_keys(entry: dict, known: set[str], where: str) -> None:
    for key in entry.keys() - known:
        near = difflib.get_close_matches(key, known, n=1)
        hint = f": did you mean {near[0]}?" if near else ""
        raise ValueError(f"{where} has an unknown key {key!r}{hint}")
