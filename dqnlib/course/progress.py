"""The learner's progress: one small local file, and a table of it for lesson 00.

The file is ``progress.json`` in the folder that the environment variable DQNLIB_HOME names, by
default ``~/.dqnlib``. It can be deleted at any time: nothing else depends on it.
"""

import html
import json
import os
import tempfile
from pathlib import Path

from dqnlib import moved
from dqnlib.course import checks

VERSION = 1
STATUSES = ("blank", "wrong", "right")  # from the least to the best


def path() -> Path:
    """Return where the progress file lies."""
    return Path(os.environ.get("DQNLIB_HOME") or Path.home() / ".dqnlib") / "progress.json"


def read() -> tuple[dict, str | None]:
    """Return the stored progress and a note for the learner if the file could not be read.

    A damaged file is set aside under another name, and the progress starts afresh.
    """
    file = path()
    try:
        if file.is_dir():
            raise ValueError("a folder lies in its place")
        return _known(json.loads(file.read_text(encoding="utf-8-sig"))), None
    except FileNotFoundError:
        return _known({}), None
    except OSError as error:
        return _known({}), f"The progress file {file} cannot be read ({error.strerror})."
    except (ValueError, RecursionError):  # no JSON, or brackets without an end
        return _known({}), _set_aside(file)


def _known(stored) -> dict:
    """Return the parts that this version understands; ValueError if it is no table of tables."""
    if not isinstance(stored, dict):
        raise ValueError("it is no table")
    exercises, predictions = stored.get("exercises", {}), stored.get("predictions", {})
    if not isinstance(exercises, dict) or not isinstance(predictions, dict):
        raise ValueError("its parts are no tables")
    return {
        "version": VERSION,
        "exercises": _by_todays_names(exercises),
        "predictions": {k: v for k, v in predictions.items() if isinstance(v, str)},
    }


def _by_todays_names(exercises: dict) -> dict:
    """Return the sound entries; one that stands under two names of an exercise is put together."""
    known = {}
    for name, entry in exercises.items():
        if isinstance(entry, dict) and entry.get("status") in STATUSES:
            old = known.get(moved.today(name), {"status": "blank", "tries": 0})
            known[moved.today(name)] = {
                "status": max(old["status"], entry["status"], key=STATUSES.index),
                "tries": _count(old["tries"] + _count(entry.get("tries"))),
            }
    return known


def _count(tries) -> int:
    return tries if type(tries) is int and 0 <= tries < 10**9 else 0


def _set_aside(file: Path) -> str:
    kept = file.with_name("progress.damaged.json")
    try:
        file.replace(kept)
    except OSError:
        return f"The progress file {file} is damaged: delete it, and progress starts afresh."
    return (
        f"The progress file was damaged. It is now {kept}, and progress starts afresh. "
        "Your notebooks are as they were; run an exercise again to count it."
    )


def _write(stored: dict) -> str | None:
    """Replace the file in one move, so that a crash leaves the old one or the new one."""
    file = path()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, suffix=".tmp")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                json.dump(stored, out, indent=1)
            os.replace(name, file)
        except OSError:
            os.unlink(name)
            raise
    except OSError as error:
        return f"Your progress could not be saved in {file} ({error.strerror})."
    return None


def record(exercise: str, status: str) -> str | None:
    """Store "blank", "wrong" or "right" for an exercise; return a note if that failed.

    An exercise that was right once stays right: trying another version loses nothing.
    """
    stored, note = read()
    exercise = moved.today(exercise)
    old = stored["exercises"].get(exercise, {"status": "blank", "tries": 0})
    stored["exercises"][exercise] = {
        "status": "right" if old["status"] == "right" else status,
        "tries": old["tries"] + (status != "blank"),
    }
    return _write(stored) or note


def record_prediction(name: str, choice: str) -> str | None:
    """Store what the learner predicted; return a note if that failed."""
    stored, note = read()
    stored["predictions"][name] = choice
    return _write(stored) or note


def prediction(name: str) -> str | None:
    """Return the stored prediction, or None."""
    return read()[0]["predictions"].get(name)


def table() -> str:
    """Return the progress as an HTML table with a bar for each lesson."""
    stored, note = read()
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
        bar = _bar(right / max(1, len(found)))
        rows.append(
            f"<tr><td style='text-align:left'>{html.escape(lesson)}</td><td>{bar}</td>"
            f"<td>{right} of {len(found)}</td><td style='text-align:left'>{marks}</td></tr>"
        )
    head = "<tr><th>lesson</th><th>exercises</th><th>right</th><th></th></tr>"
    foot = "".join(f"<p>{html.escape(text)}</p>" for text in (note, *problems) if text)
    return f"<table>{head}{''.join(rows)}</table>{foot}"


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
