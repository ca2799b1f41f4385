"""The learner's progress: one small local file, and a table of it for lesson 00.

The file is ``progress.json`` in the folder that the environment variable DQNLIB_HOME names, by
default ``~/.dqnlib``. It can be deleted at any time: nothing else depends on it.
"""

import html
import json
import os
import tempfile
from pathlib import Path

EMPTY = {"version": 1, "exercises": {}, "predictions": {}}


def path() -> Path:
    """Return where the progress file lies."""
    return Path(os.environ.get("DQNLIB_HOME") or Path.home() / ".dqnlib") / "progress.json"


def read() -> tuple[dict, str | None]:
    """Return the stored progress and a note for the learner if the file could not be read.

    A damaged file is set aside under another name, and the progress starts afresh.
    """
    file = path()
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
        if not all(isinstance(stored[key], dict) for key in ("exercises", "predictions")):
            raise ValueError("its parts are not tables")
        return {**EMPTY, **stored}, None
    except FileNotFoundError:
        return _empty(), None
    except OSError as error:
        return _empty(), f"The progress file {file} cannot be read ({error.strerror})."
    except (ValueError, KeyError, TypeError):
        return _empty(), _set_aside(file)


def _empty() -> dict:
    return json.loads(json.dumps(EMPTY))


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
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(stored, out, indent=1, ensure_ascii=False)
        os.replace(name, file)
    except OSError as error:
        return f"Your progress could not be saved in {file} ({error.strerror})."
    return None


def record(exercise: str, status: str) -> str | None:
    """Store "blank", "wrong" or "right" for an exercise; return a note if that failed.

    An exercise that was right once stays right: trying another version loses nothing.
    """
    stored, note = read()
    entry = stored["exercises"].get(exercise)
    if not isinstance(entry, dict):
        entry = {}
    tries = entry.get("tries", 0) if isinstance(entry.get("tries", 0), int) else 0
    best = "right" if entry.get("status") == "right" else status
    stored["exercises"][exercise] = {"status": best, "tries": tries + (status != "blank")}
    return _write(stored) or note


def record_prediction(name: str, choice: str) -> str | None:
    """Store what the learner predicted; return a note if that failed."""
    stored, note = read()
    stored["predictions"][name] = choice
    return _write(stored) or note


def prediction(name: str) -> str | None:
    """Return the stored prediction, or None."""
    choice = read()[0]["predictions"].get(name)
    return choice if isinstance(choice, str) else None


def table() -> str:
    """Return the progress as an HTML table with a bar for each lesson."""
    from dqnlib import checks

    stored, note = read()
    rows = []
    for lesson, found in checks.lessons().items():
        entries = {check.name: stored["exercises"].get(check.path) for check in found}
        states = {
            name: e.get("status", "blank") if isinstance(e, dict) else "blank"
            for name, e in entries.items()
        }
        right = sum(s == "right" for s in states.values())
        marks = " ".join(
            f"<span style='white-space:nowrap'>{_MARK.get(s, '○')} {html.escape(name)}</span>"
            for name, s in states.items()
        )
        rows.append(
            f"<tr><td style='text-align:left'>{lesson}</td><td>{_bar(right / len(found))}</td>"
            f"<td>{right} of {len(found)}</td><td style='text-align:left'>{marks}</td></tr>"
        )
    head = "<tr><th>lesson</th><th>exercises</th><th>right</th><th></th></tr>"
    foot = f"<p>{html.escape(note)}</p>" if note else ""
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
