"""The set-up that every command of `python3 -m dqnlib` does first: it makes `.venv` and fills it.

Only the standard library is used, since this runs before anything is installed. A Python that is
too old must get as far as the message that says so: no syntax that Python 3.8 lacks.
"""

from __future__ import annotations

import codecs
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
OLDEST, NEWEST = (3, 11), (3, 14)  # Python versions; pyproject.toml says how each was tried

# What can be set up, and the files that decide what is installed. pip gets the last one.
LOCKS = {
    "course": ["pyproject.toml", "requirements.txt"],
    "test": ["pyproject.toml", "requirements.txt", "tests/requirements.txt"],
}
CHECKED = "DQNLIB_ENVIRONMENT_CHECKED"  # tells the process started in .venv that all is there


# What stands for a sign that the terminal or file cannot hold.
PLAIN = {
    "✓": "+",
    "✗": "x",
    "○": "o",
    "·": "-",
    "…": "...",
    "—": "-",
    "–": "-",
    "−": "-",
    "½": "1/2",
}


def make_printable() -> None:
    """Let every print come out, whatever the encoding of stdout and stderr; children's, too.

    A sign that the encoding lacks becomes a plainer one, or its number as in \\u4f60.
    """

    def plainer(error: UnicodeError) -> tuple[str, int]:
        signs = error.object[error.start : error.end]
        text = "".join(
            PLAIN.get(s) or s.encode("ascii", "backslashreplace").decode() for s in signs
        )
        return text, error.end

    codecs.register_error("dqnlib.plainer", plainer)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # not there: closed, or another program's own
            stream.reconfigure(errors="dqnlib.plainer")
    encoding = os.environ.get("PYTHONIOENCODING", "").partition(":")[0]
    os.environ["PYTHONIOENCODING"] = f"{encoding}:backslashreplace"


def ensure_environment(needs: str, argv: list[str]) -> None:
    """Return if this interpreter has what is needed; else go on in `.venv` and never return."""
    if os.environ.pop(CHECKED, ""):
        return
    inside_venv = Path(sys.prefix).resolve() == VENV.resolve()
    inside_other = sys.prefix != sys.base_prefix or Path(sys.prefix, "conda-meta").is_dir()
    if inside_other and not inside_venv:
        missing = missing_requirements(needs)
        if not missing:  # dqnlib need not be installed here, but kernels must find it
            path = os.environ.get("PYTHONPATH", "")
            os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), path]))
            return
        print(f"The active environment lacks {', '.join(missing)}: using {VENV} instead.")
    ready = is_ready(needs)
    if not ready:
        if not probe(VENV_PYTHON, "pip"):
            make_venv(choose_python())
        install(needs)
    if not (inside_venv and ready):
        become([str(VENV_PYTHON), "-m", "dqnlib", *argv], {**os.environ, CHECKED: "yes"})


def become(command: list[str], env: dict[str, str]) -> None:
    """Replace this process by another one, so that signals and exit code are the other's."""
    sys.stdout.flush()
    if os.name == "nt":  # has no exec: wait, and leave Ctrl-C to the other
        signal.signal(signal.SIGINT, lambda *_: None)
        raise SystemExit(subprocess.run(command, env=env).returncode)
    os.execve(command[0], command, env)


# Is it all there?


def is_supported(version: tuple[int, ...]) -> bool:
    """Tell whether the course runs on a Python of this version (major, minor, ...)."""
    return OLDEST <= version[:2] <= NEWEST


def probe(python: str | Path, module: str = "sys") -> tuple[int, ...]:
    """Return a Python's version; () if it is not supported, does not start or lacks the module."""
    code = f"import sys, {module}; print(*sys.version_info[:3])"
    try:
        done = subprocess.run(
            [str(python), "-c", code], capture_output=True, text=True, errors="replace"
        )
    except OSError:
        return ()
    version = tuple(map(int, done.stdout.split())) if done.returncode == 0 else ()
    return version if is_supported(version) else ()


def missing_requirements(needs: str) -> list[str]:
    """Return the direct requirements in pyproject.toml that this interpreter does not meet."""
    if not is_supported(sys.version_info):
        return ["a supported Python"]
    import tomllib  # new in Python 3.11

    def release(version: str) -> tuple[int, ...]:
        return tuple(int(part) for part in re.findall(r"\d+", version.split("+")[0])[:3])

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = project["dependencies"] + extras["course"]
    wanted += extras["test"] if needs == "test" else []
    missing = []
    for requirement in wanted:
        name, least = requirement.split(">=")
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(requirement)
        else:
            if release(found) < release(least):
                missing.append(f"{requirement} (it has {found})")
    return missing


def digest(needs: str, version: tuple[int, ...]) -> str:
    """Return a hash of all that decides what is in `.venv`: files, Python, place of the course."""
    parts = [str(ROOT).encode(), str(version).encode()]
    parts += [(ROOT / name).read_bytes() for name in LOCKS[needs]]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def is_ready(needs: str) -> bool:
    """Tell whether `.venv` works and was completely installed from the files as they are now."""
    stamp = VENV / f"ready-{needs}"
    version = probe(VENV_PYTHON) if stamp.is_file() else ()
    return bool(version) and stamp.read_text() == digest(needs, version)


# If not, make it.


def choose_python() -> str:
    """Return the Python to make `.venv` with: this one if it is supported, else one on PATH."""
    if is_supported(sys.version_info):
        return getattr(sys, "_base_executable", sys.executable)  # not one inside another .venv
    for minor in range(OLDEST[1], NEWEST[1] + 1):  # the whole test suite runs on the oldest
        python = shutil.which(f"python3.{minor}")
        if python and probe(python):
            return python
    oldest, newest, this = (
        ".".join(map(str, version)) for version in (OLDEST, NEWEST, sys.version_info[:3])
    )
    raise SystemExit(
        f"The course needs Python {oldest} to {newest}. This is Python {this} ({sys.executable}),\n"
        f"and no other was found on PATH. Install one of them, then run the command again with it:"
        f"\n  python{oldest} -m dqnlib"
    )


def make_venv(python: str) -> None:
    """Make `.venv` with pip in it, in the first way that works on this machine."""
    venv, venv_python = str(VENV), str(VENV_PYTHON)
    ways = [
        [[python, "-m", "venv", venv]],
        # Debian and Ubuntu keep ensurepip, which the first way needs, in a package of its own.
        [
            [python, "-m", "venv", "--without-pip", venv],
            [python, "-m", "pip", "--python", venv_python, "install", "pip"],  # pip >= 22.3
        ],
        [["virtualenv", "--python", python, venv]],
        [["uv", "venv", "--seed", "--python", python, venv]],
    ]
    print(f"Making {VENV} ...", flush=True)
    first_error = ""
    for way in ways:
        try:
            if VENV.exists():  # left by a set-up that was interrupted or failed
                shutil.rmtree(VENV)
            for step in way:
                subprocess.run(step, check=True, capture_output=True, text=True, errors="replace")
        except subprocess.CalledProcessError as error:
            first_error = first_error or error.stdout + error.stderr
        except OSError as error:  # there is no such program, or .venv is in use
            first_error = first_error or str(error)
        else:
            if probe(VENV_PYTHON, "pip"):
                return
    package = "python{}.{}-venv".format(*(probe(python) or OLDEST))
    raise SystemExit(
        f"Could not make {VENV}:\n{last_lines(first_error)}\n"
        f"If ensurepip is missing (Debian, Ubuntu): sudo apt install {package}\n"
        "If not, check that the folder can be written to, and close programs that use .venv.\n"
        "Then run the same command again."
    )


def install(needs: str) -> None:
    """Install what is needed into `.venv`, and write the stamp last."""
    print(f"Installing packages into {VENV}. This takes minutes, but only once.")
    print("On Linux it can be several GB: PyTorch brings its GPU libraries.", flush=True)
    command = [str(VENV_PYTHON), "-m", "pip", "install", "--disable-pip-version-check"]
    command += ["-r", LOCKS[needs][-1]] + ([] if sys.stdout.isatty() else ["--quiet"])
    env = {**os.environ, "PIP_USER": "0"}  # `user = true` in a user's settings fails in .venv
    done = subprocess.run(command, cwd=ROOT, env=env, stderr=subprocess.PIPE, errors="replace")
    if done.returncode:
        raise SystemExit(
            f"pip could not install the packages. Its last lines:\n{last_lines(done.stderr)}\n"
            "Check the network connection and the free disk space, then run the same command again."
            f"\nIf it fails once more, delete the folder {VENV} first."
        )
    for name, files in LOCKS.items():
        if set(files) <= set(LOCKS[needs]):  # the packages of the tests include the course's
            (VENV / f"ready-{name}").write_text(digest(name, probe(VENV_PYTHON)))


def last_lines(text: str, count: int = 8) -> str:
    """Return the last lines that are not blank, indented."""
    lines = [line for line in text.splitlines() if line.strip()]
    return "\n".join(f"  {line}" for line in lines[-count:])
