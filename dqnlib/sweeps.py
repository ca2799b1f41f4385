"""A sweep at work: runs are sent out, kept as they come back, and tried again where they fail.

`experiments.sweep` is what you call. Here is what it needs for a folder that two sweeps must not
share, for workers that die and for disks that are full.
"""

import contextlib
import json
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from dqnlib import clusters
from dqnlib.clusters import Failed, Place
from dqnlib.results import Run
from dqnlib.saved import save_run

MARK = "sweep.json"  # says which versions wrote a folder


class SweepError(RuntimeError):
    """A sweep could not end; says why. What is finished is not lost.

    runs: the finished runs, as `sweep` returns them. failed: the traceback of each run that failed,
    by the same kind of key.
    """

    def __init__(self, text: str, runs: dict[tuple, Run] | None = None, failed: dict | None = None):
        super().__init__(text)
        self.runs, self.failed = dict(runs or {}), dict(failed or {})

    def _render_traceback_(self):  # a notebook shows the message alone
        return [str(self)]


@dataclass
class Cells:
    """The cells of a sweep, each one run: what is finished, what is left and what has failed.

    names: the fields of the grid. work: what trains the run of a key. files: where it is kept, if
    anywhere. runs: what is finished. retries: how often a cell is tried again.
    """

    names: tuple[str, ...]
    work: dict[tuple, Callable[[], Run]]
    files: dict[tuple, Path | None]
    runs: dict[tuple, Run]
    retries: int

    def __post_init__(self):
        self.left = deque(key for key in self.work if key not in self.runs)
        self.alone: list[tuple] = []  # cells whose worker died at each try
        self.failed: dict[tuple, str] = {}
        self._tries: Counter = Counter()

    def train(self, backend: str, n_jobs: int, progress: bool) -> None:
        """Train what is left; raise a SweepError if not all of it could be."""
        if self.left:
            with (
                clusters.place(backend, n_jobs, len(self.left)) as there,
                self._bar(progress) as bar,
            ):
                try:
                    self._train(there, bar)
                except SweepError:
                    raise
                except Exception as error:
                    raise self._error(f"the sweep had to stop: {_last(error)}") from error
        if self.failed:
            lines = [f"{self._name(key)}: {_last(text)}" for key, text in self.failed.items()]
            raise self._error(
                f"{len(self.failed)} of {len(self.work)} runs failed, also when they were tried "
                "again:\n  " + "\n  ".join(lines) + "\n.failed of this error has the tracebacks."
            )

    def _train(self, there: Place, bar) -> None:
        while self.left or self.alone or there.busy():
            while self.left and not there.full():
                self._send(there, self.left.popleft())
            if not there.busy():
                self._send(there, self.alone.pop())
            for key, found in there.finished():
                if isinstance(found, Failed):
                    self._try_again(key, found)
                else:
                    self._keep(key, found)
                    bar.update()

    def _send(self, there: Place, key: tuple) -> None:
        there.submit(key, self.work[key])

    def _keep(self, key: tuple, run: Run) -> None:
        self.runs[key] = run
        if file := self.files[key]:
            try:
                save_run(run, file)
            except OSError as error:
                raise self._error(f"{file.parent} cannot be written: {error.strerror}") from error

    def _try_again(self, key: tuple, found: Failed) -> None:
        if found.kind == "unfit":
            raise self._error(f"a worker cannot take part: {_what_is_missing(found.text)}")
        self._tries[key] += 1
        if self._tries[key] <= self.retries:
            self.left.append(key)
        elif found.kind == "lost" and self._tries[key] == self.retries + 1:
            # one worker that dies takes the others of this machine along: who is at fault?
            self.alone.append(key)
        else:
            self.failed[key] = found.text
            return
        warnings.warn(
            f"{self._name(key)}: {_last(found.text)}. It is tried again.", RuntimeWarning,
            stacklevel=2,
        )  # fmt: skip

    def _name(self, key: tuple) -> str:
        return ", ".join(f"{name} = {value}" for name, value in zip(self.names, key)) or "the run"

    def _error(self, text: str) -> SweepError:
        kept = any(self.files.values())
        where = "kept in the folder, and in .runs" if kept else "in .runs"
        goes_on = " The same call goes on from there." if kept else ""
        return SweepError(
            f"✗ {text}\n{len(self.runs)} of {len(self.work)} runs are finished; they are {where} "
            f"of this error.{goes_on}",
            self.runs,
            self.failed,
        )

    def _bar(self, progress: bool):
        if not progress:  # works without tqdm, which comes with the extra `course`
            return contextlib.nullcontext(SimpleNamespace(update=lambda: None))
        from tqdm.auto import tqdm

        return tqdm(total=len(self.work), initial=len(self.runs), unit=" runs")


def _last(error: Exception | str) -> str:
    """Return the last line of a traceback, or the kind of an error and its first line."""
    if isinstance(error, str):
        return error.strip().splitlines()[-1]
    return f"{type(error).__name__}: {(str(error) or '-').splitlines()[0]}"


def _what_is_missing(text: str) -> str:
    line = _last(text)
    if "No module named 'dqnlib" in line:
        return (
            "it has no dqnlib. Install it on every machine of the cluster, in the version of this "
            "one: python -m pip install -e . in the course's folder"
        )
    if "No module named" in line:
        return f"{line}. Define your function in the notebook, or install its module there, too"
    return line


@contextlib.contextmanager
def locked(folder: str | Path | None) -> Iterator[None]:
    """Hold a folder for one sweep, and mark it with the versions that its runs come from.

    Raises SweepError if another sweep holds it, if it is another version's, or if it cannot be
    written. A process that dies gives it back. Without a folder there is nothing to hold.
    """
    if folder is None:
        yield
        return
    from filelock import FileLock, Timeout

    folder = Path(folder)
    lock = FileLock(folder / ".lock", timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise SweepError(
            f"✗ another sweep is at work in {folder}: wait until it has ended, or give this one a "
            "folder of its own"
        ) from None
    except OSError as error:
        raise SweepError(f"✗ {folder} cannot be written: {error.strerror}") from error
    try:
        _check_mark(folder)
        yield
    finally:
        lock.release()


def _check_mark(folder: Path) -> None:
    """Write which versions a folder belongs to; SweepError if it belongs to others."""
    from dqnlib.storage import write_whole

    file, ours = folder / MARK, clusters.versions()
    if not file.exists():
        try:
            write_whole(file, lambda out: out.write(json.dumps(ours).encode()))
        except OSError as error:
            raise SweepError(f"✗ {folder} cannot be written: {error.strerror}") from error
        return
    try:
        theirs = dict(json.loads(file.read_text(encoding="utf-8")))
    except (ValueError, TypeError, OSError):
        raise SweepError(
            f"✗ {file} is damaged: delete it if the runs beside it are yours"
        ) from None
    for name in ours:
        if theirs.get(name) != ours[name]:
            raise SweepError(
                f"✗ the runs in {folder} come from {name} {theirs.get(name)}, and this is {name} "
                f"{ours[name]}, whose numbers may differ: give this sweep a folder of its own, or "
                f"go on with {name} {theirs.get(name)}"
            )
