"""The learner's progress as a table: exercises, questions and bug hunts of every lesson."""

import html
from pathlib import Path

from dqnlib.course import checks, progress, quizzes

HUNTS = Path(__file__).parents[1] / "hunts"  # listed, not loaded: they lie above this room


def table() -> str:
    """Return the progress as an HTML table with a bar for each lesson."""
    stored, note = progress.read()
    lessons, problems = checks.sound_lessons()
    rows = []
    for lesson, found in lessons.items():
        entries = {check.name: stored["exercises"].get(check.path, {}) for check in found}
        states = {name: entry.get("status", "blank") for name, entry in entries.items()}
        right = sum(s == "right" for s in states.values())
        marks = " ".join(
            f"<span style='white-space:nowrap'>{_MARK[s]} {html.escape(name)}</span>"
            for name, s in states.items()
        )
        number = lesson.partition(" ")[0]
        cells = [_bar(right / max(1, len(found))), f"{right} of {len(found)}"]
        cells += [_questions(number, problems), _hunt(number, stored["answers"])]
        rows.append(
            f"<tr><td style='text-align:left'>{html.escape(lesson)}</td>"
            + "".join(f"<td>{cell}</td>" for cell in cells)
            + f"<td style='text-align:left'>{marks}</td></tr>"
        )
    names = ("lesson", "exercises", "right", "questions", "bug hunt", "")
    head = "".join(f"<th>{name}</th>" for name in names)
    foot = "".join(f"<p>{html.escape(text)}</p>" for text in (note, *problems) if text)
    return f"<table><tr>{head}</tr>{''.join(rows)}</table>{foot}"


def _questions(number: str, problems: list[str]) -> str:
    """Return how many questions of a lesson are right; a damaged file is added to the problems."""
    if number not in quizzes.lessons():
        return ""
    try:
        right, count = quizzes.right(number)
    except quizzes.DamagedQuizError as error:
        problems.append(f"The questions cannot be used: {error}")
        return ""
    return f"{right} of {count}"


def _hunt(number: str, answers: dict) -> str:
    """Return the mark of a lesson's bug hunt; empty if it has none."""
    if not (HUNTS / f"lesson_{number}.py").is_file():
        return ""
    found = answers.get(progress.hunt_key(number))
    return _MARK["blank" if found is None else "right" if found["right"] else "wrong"]


_MARK = {"right": "✓", "wrong": "✗", "blank": "○"}


def _bar(share: float) -> str:
    inside = f"<div style='width:{share:.0%};height:12px;background:#2a7f62'></div>"
    return f"<div style='width:160px;height:12px;border:1px solid #888'>{inside}</div>"


class ProgressTable:
    """Shows the progress as a table with bars; the Refresh button reads the file again."""

    def __repr__(self) -> str:
        return "Your progress: run this cell in JupyterLab to see the table."

    def _repr_mimebundle_(self, **kwargs) -> dict:
        try:
            import ipywidgets as widgets
        except ImportError:
            return {"text/plain": repr(self), "text/html": table()}
        shown = widgets.HTML(table())
        button = widgets.Button(description="Refresh", icon="refresh")
        button.on_click(lambda _: setattr(shown, "value", table()))
        box = widgets.VBox([shown, button])
        return {**box._repr_mimebundle_(**kwargs), "text/plain": repr(self)}


def show_progress() -> ProgressTable:
    """Return the table of the learner's progress, to be shown by a notebook."""
    return ProgressTable()
