"""Runs mutants: pytest on changed copies of the course, many processes after one another.

A process is a fork of one that has imported PyTorch and pytest (`multiprocessing`'s "forkserver"),
which saves four seconds of five. So this works on Linux and macOS only.
"""

import compileall
import gc
import multiprocessing
import os
import py_compile
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path

from mutants import ROOT, Mutant, node_id

PRELOADED = [
    *("torch", "gymnasium", "scipy.stats", "matplotlib.pyplot", "PIL.Image", "joblib", "tqdm"),
    *("IPython", "ipywidgets", "nbformat", "hypothesis", "pytest"),
    *("nbval.plugin", "pytest_timeout", "anyio.pytest_plugin", "_hypothesis_pytestplugin"),
]
ENDS = {0: "survived", 1: "killed", 2: "does not load"}  # by pytest's exit code


@dataclass(frozen=True)
class Job:
    """Tests to run on one copy of the course, with a change or without."""

    tests: tuple[str, ...]  # pytest's names, with the file
    mutant: Mutant | None = None


@dataclass(frozen=True)
class Result:
    job: Job
    end: str  # one of ENDS, "killed by time", "skipped", or "no test ran"
    seconds: float
    failed: str  # pytest's name of the test that failed
    how: str  # its error


def jobs(mutants: Iterable[Mutant]) -> Iterator[Job]:
    """Yield one job for each mutant, those with the same test after one another."""
    for mutant in sorted(mutants, key=lambda mutant: node_id(mutant.test)):
        yield Job((node_id(mutant.test),), mutant)


def unchanged(mutants: Iterable[Mutant]) -> Iterator[Job]:
    """Yield the jobs that must pass: the named tests of each file on the course as it is."""
    tests = sorted({node_id(mutant.test) for mutant in mutants})
    for file in sorted({test.split("::")[0] for test in tests}):
        yield Job(tuple(test for test in tests if test.startswith(file + "::")))


def run(todo: Iterable[Job], limit: float, workers: int | None = None) -> Iterator[Result]:
    """Yield the result of each job when it is known; at most `limit` seconds a job."""
    os.environ["OMP_NUM_THREADS"] = "1"  # the processes inherit it
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    waiting, running = list(todo)[::-1], {}
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        free = [copy_course(Path(folder) / str(i)) for i in range(workers or os.cpu_count())]
        while waiting or running:
            while waiting and free:
                job, copy = waiting.pop(), free.pop()
                old = b""
                if job.mutant:
                    old = (copy / job.mutant.file).read_bytes()
                    source = job.mutant.source(copy)
                    (copy / job.mutant.file).write_text(source, encoding="utf-8", newline="\n")
                process = context.Process(target=run_pytest, args=(copy, job.tests))
                process.start()
                running[process.sentinel] = (process, job, copy, old, time.monotonic())
            wait(running, timeout=1)
            for sentinel, (process, job, copy, old, start) in list(running.items()):
                seconds = time.monotonic() - start
                if process.is_alive() and seconds < limit:
                    continue
                end = ENDS.get(process.exitcode, "no test ran")
                if process.exitcode is None:
                    end = "killed by time"
                elif process.exitcode < 0:
                    end = "killed"  # the process died
                elif end == "survived" and not passed(copy.with_suffix(".log")):
                    end = "skipped"  # here is no graphics card, or no browser
                stop(process)
                del running[sentinel]
                yield Result(job, end, seconds, *failure(copy.with_suffix(".log")))
                if job.mutant:
                    (copy / job.mutant.file).write_bytes(old)
                free.append(copy)


def copy_course(copy: Path) -> Path:
    """Copy what git knows or would add, and compile it so that each change is noticed."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in names.splitlines():
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    # By default Python tells a changed file by its time in whole seconds, which is too coarse here.
    mode = py_compile.PycInvalidationMode.CHECKED_HASH
    for folder in ("dqnlib", "tests/mutants"):
        compileall.compile_dir(copy / folder, quiet=1, invalidation_mode=mode)
    return copy


def run_pytest(copy: Path, tests: tuple[str, ...]) -> None:
    """Run tests in a copy and end this process with pytest's exit code."""
    os.setsid()  # so that `stop` reaches the processes that a test starts, too
    with open(copy.with_suffix(".log"), "wb") as log:
        for stream in (1, 2):
            os.dup2(log.fileno(), stream)
    os.chdir(copy)
    for name in [name for name in sys.modules if name.split(".")[0] == "mutants"]:
        del sys.modules[name]  # the copy has its own
    sys.path[:] = [str(copy), *(path for path in sys.path if Path(path or ".") != ROOT)]
    gc.freeze()  # pytest collects all garbage twice: not in what every process has
    import hypothesis
    import pytest

    # No search for the simplest input that fails: one is enough here.
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile("mutants", phases=phases, database=None, derandomize=True)
    hypothesis.settings.load_profile("mutants")
    options = ["-x", "-q", "-p", "no:cacheprovider", "--timeout=0", f"--basetemp={copy}.tmp"]
    code = pytest.main([*options, *tests])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # whatever threads a test has left behind


def stop(process: multiprocessing.Process) -> None:
    """End a process and all that it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()
    process.join()


def passed(log: Path) -> bool:
    """Return whether a test has passed, by pytest's last line."""
    return " passed" in log.read_text(encoding="utf-8", errors="replace").splitlines()[-1]


def failure(log: Path) -> tuple[str, str]:
    """Return the name of the first test that failed, and the first line of its error."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    name = re.search(r"^(?:FAILED|ERROR) \S*?::(.*?)(?: - .*)?$", text, re.MULTILINE)
    error = re.search(r"^E  +(\S.*)$", text, re.MULTILINE)
    return (name[1] if name else "", error[1] if error else "")
