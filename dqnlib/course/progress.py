"""The learner's progress: one small local file (`dqnlib.course.overview` shows it as a table).

The file is ``progress.json`` in the folder that the environment variable DQNLIB_HOME names, by
default ``~/.dqnlib``. It can be deleted at any time: nothing else depends on it. Two notebooks may
write to it at the same time: a lock file beside it lets one after the other.
"""

import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dqnlib import moved

VERSION = 1
STATUSES = ("blank", "wrong", "right")  # from the least to the best
PATIENCE = 1.0  # seconds to wait for another notebook that writes
STALE = 5.0  # seconds after which a lock is one that a crash has left


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
    exercises, predictions, answers = (
        stored.get(part, {}) for part in ("exercises", "predictions", "answers")
    )
    if not all(isinstance(part, dict) for part in (exercises, predictions, answers)):
        raise ValueError("its parts are no tables")
    return {
        "version": VERSION,
        "exercises": _by_todays_names(exercises),
        "predictions": {k: v for k, v in predictions.items() if isinstance(v, str)},
        "answers": {key: entry for key, entry in answers.items() if _is_answer(entry)},
    }


def _is_answer(entry) -> bool:
    """Return whether this is an entry as `record_answer` writes it."""
    if not isinstance(entry, dict) or not isinstance(entry.get("right"), bool):
        return False
    tried = entry.get("tried")
    return isinstance(tried, list) and bool(tried) and all(isinstance(t, str) for t in tried)


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


@contextmanager
def _alone() -> Iterator[None]:
    """Let no other notebook write in the meantime. Where no lock can be had, go on without."""
    lock, until = path().with_suffix(".lock"), time.monotonic() + PATIENCE
    held = False
    with suppress(OSError):
        lock.parent.mkdir(parents=True, exist_ok=True)
    while not held and time.monotonic() < until:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            held = True
        except (FileExistsError, PermissionError):  # Windows: while it is being deleted
            if not lock.exists() and not os.access(lock.parent, os.W_OK):
                break
            with suppress(OSError):
                if time.time() - lock.stat().st_mtime > STALE:
                    lock.unlink()
            time.sleep(0.005)
        except OSError:  # the write itself will say what is wrong
            break
    try:
        yield
    finally:
        if held:
            with suppress(OSError):
                lock.unlink()


def record(exercise: str, status: str) -> str | None:
    """Store "blank", "wrong" or "right" for an exercise; return a note if that failed.

    An exercise that was right once stays right: trying another version loses nothing.
    """
    with _alone():
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
    with _alone():
        stored, note = read()
        stored["predictions"][name] = choice
        return _write(stored) or note


def record_answer(key: str, choice: str, right: bool) -> str | None:
    """Store what the learner chose, after what was chosen before; return a note if that failed.

    key: the question, as of `question_key`. One that was answered rightly once stays right.
    """
    with _alone():
        stored, note = read()
        old = stored["answers"].get(key, {"tried": [], "right": False})
        tried = [*old["tried"], *([choice] if choice not in old["tried"] else [])]
        stored["answers"][key] = {"tried": tried, "right": old["right"] or right}
        return _write(stored) or note


def answer(key: str) -> dict:
    """Return what was chosen so far: {"tried": texts in their order, "right": found or not}."""
    return read()[0]["answers"].get(key, {"tried": [], "right": False})


def question_key(lesson: str, ask: str) -> str:
    """Return the name under which a question's answer is kept; a reworded one starts afresh."""
    return f"question {lesson}: {ask}"


def hunt_key(lesson: str) -> str:
    """Return the name under which the verdict of a lesson's bug hunt is kept."""
    return f"hunt {lesson}"


def prediction(name: str) -> str | None:
    """Return the stored prediction, or None."""
    return read()[0]["predictions"].get(name)
