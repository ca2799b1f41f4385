"""`python3 -m dqnlib` opens the course; `python3 -m dqnlib --help` lists the other commands."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

from dqnlib.course.launch import ROOT, become, ensure_environment, make_printable

TEST_LIMIT = 300  # seconds for one test; a test with a mark of its own has another
ME = "py -m dqnlib" if os.name == "nt" else "python3 -m dqnlib"
NO_TESTS = 5  # pytest's exit code where nothing is selected
PLACES = {"browser": "tests/browser", "alone": "tests/test_sweeps.py"}  # mark -> its tests


# The types of arguments. They are looked at before the set-up, which can take minutes.


def notebook(name: str) -> Path:
    """Return the notebook with this number (`01`), name (`01_tabular_q_learning`) or path."""
    lessons = sorted((ROOT / "notebooks").glob("*.ipynb"))
    start = name.zfill(2) if name.isdigit() else name
    found = [path for path in (Path(name), ROOT / name) if path.is_file()]
    found += [path for path in lessons if name in (path.name, path.stem)]
    found += [path for path in lessons if path.stem.startswith(f"{start}_")]
    if not found:
        names = "".join(f"\n  {path.stem}" for path in lessons)
        raise argparse.ArgumentTypeError(
            f"there is no notebook or command {name!r}. The lessons are:{names}\n"
            f"Give a number (01), a name or a path. `{ME} --help` lists the commands."
        )
    path = found[0].resolve()
    if ROOT not in path.parents:  # JupyterLab would not show it
        raise argparse.ArgumentTypeError(f"{path} is outside {ROOT}: copy it into that folder")
    return path


def free_port(text: str) -> int:
    """Return the port if nothing answers on it."""
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"expected a number from 1 to 65535, got {text!r}")
    with socket.socket() as client:
        client.settimeout(1)
        if client.connect_ex(("127.0.0.1", int(text))) == 0:
            raise argparse.ArgumentTypeError(
                f"port {text} is in use, perhaps by a JupyterLab that still runs. Give another "
                "port, or leave out --port: then JupyterLab takes the next free one."
            )
    return int(text)


# The commands. Each gets its arguments and those for pytest, and returns an exit code.


def open_lab(args: argparse.Namespace, extra: list[str]) -> None:
    """Open a notebook in JupyterLab: this process becomes JupyterLab."""
    url = "/lab/tree/" + quote(args.notebook.relative_to(ROOT).as_posix())
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={ROOT}"]
    command += [f"--LabApp.default_url={url}", "--LabApp.extension_manager=readonly"]
    command += ["--no-browser"] if args.no_browser else []
    if args.port:
        command += [f"--ServerApp.port={args.port}", "--ServerApp.port_retries=0"]
    if os.name != "nt" and os.geteuid() == 0:
        command += ["--allow-root"]  # in a container everybody is root
    settings = [str(write_lab_settings()), *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])]
    print("Starting JupyterLab. To stop it, press Ctrl-C here twice.")
    become(command, {**os.environ, "JUPYTER_CONFIG_PATH": os.pathsep.join(settings)})


def write_lab_settings() -> Path:
    """Write the settings of the course's JupyterLab to `.jupyter` and return that folder.

    Where the course's folder cannot be written to, a temporary folder takes its place. Raises
    OSError if there is none either.
    """
    hidden = [
        "@jupyter/nbgrader",  # menus for teachers, installed with the tests' packages
        "@jupyter-notebook/lab-extension",  # comes with nbgrader
        "@jupyterlab/apputils-extension:announcements",  # asks about news, looks for updates
    ]
    servers = ["formgrader", "validate_assignment", "assignment_list", "course_list"]
    off = {f"nbgrader.server_extensions.{name}": False for name in servers}
    files = {
        "labconfig/page_config.json": {"disabledExtensions": dict.fromkeys(hidden, True)},
        "jupyter_server_config.json": {"ServerApp": {"jpserver_extensions": off}},
    }
    try:
        return _write_settings(ROOT / ".jupyter", files)
    except OSError:
        return _write_settings(Path(tempfile.mkdtemp(prefix="dqnlib-jupyter-")), files)


def _write_settings(folder: Path, files: dict[str, dict]) -> Path:
    (folder / "labconfig").mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content, indent=2), encoding="utf-8")
    return folder


def run_tests(args: argparse.Namespace, extra: list[str]) -> int:
    """Run ruff over code and notebooks, then pytest; fail if one of them fails.

    The tests run on two cores, those that drive a browser after the others, since Playwright keeps
    an event loop that others would meet in the same process. Those marked `alone` come last, one by
    one, since other work would disturb them. With a selection by marks (-m) all run so.
    """
    places = ["dqnlib", "notebooks", "tests"]
    lint = python("ruff", "check", *places) | python("ruff", "format", "--check", *places)
    two = ["-n", "2", "--dist", "worksteal", "-m"]
    where = {mark: [] if extra else [place] for mark, place in PLACES.items()}
    passes = [
        [*two, "not browser and not alone"],
        [*two, "browser", *where["browser"]],
        ["-m", "alone", *where["alone"]],
    ]
    limit = f"--timeout={TEST_LIMIT}"
    found = [
        python("pytest", limit, *options, *extra) for options in ([[]] if "-m" in extra else passes)
    ]
    tests = max((code for code in found if code != NO_TESTS), default=NO_TESTS)
    if lint:
        print("ruff objects: see above the tests. `ruff check --fix` and `ruff format` may help.")
    return tests or lint


def check(args: argparse.Namespace, extra: list[str]) -> int:
    """Check notebooks with nbval."""
    from dqnlib.course import nbcheck

    return nbcheck.main(args.copy, args.solved, extra, args.time_limit, args.csv)


def run_notebooks(args: argparse.Namespace, extra: list[str]) -> int:
    """Execute notebooks and clean them for a commit."""
    from dqnlib.course import notebooks

    return notebooks.main(args.notebook)


def make_assignments(args: argparse.Namespace, extra: list[str]) -> int:
    """Write the lessons as nbgrader assignments."""
    if importlib.util.find_spec("nbgrader") is None:
        raise SystemExit(
            f"This command needs nbgrader. Install it in the folder {ROOT} with\n"
            f'  "{sys.executable}" -m pip install -e ".[teach]"'
        )
    from dqnlib.course import teach

    return teach.main(args.out_dir)


def compute_studies(args: argparse.Namespace, extra: list[str]) -> int:
    """Compute the long experiments whose results the lessons show."""
    from dqnlib import studies
    from dqnlib.envs import make_for

    try:  # a wrong name or a missing game is said before hours have gone by
        for name in args.name:
            for config in studies.find(name).arms.values():
                make_for(config).close()
    except ValueError as error:
        print(error)
        return 1
    return studies.main(args.name)


def train_game(args: argparse.Namespace, extra: list[str]) -> int:
    """Train a game of pixels, or go on with it."""
    from dqnlib import games

    changes = {"steps": args.steps, "device": args.device, "capacity": args.capacity}
    changes = {name: value for name, value in changes.items() if value is not None}
    return games.main(args.game, args.seeds, args.out, changes)


def draw_house(args: argparse.Namespace, extra: list[str]) -> int:
    """Print the rooms and modules of the library."""
    from dqnlib.course import house

    return house.main(args.ref)


def count_lessons(args: argparse.Namespace, extra: list[str]) -> int:
    """Print how long the lessons are."""
    from dqnlib.course import counting

    return counting.main()


def run_benchmarks(args: argparse.Namespace, extra: list[str]) -> int:
    """Run the benchmarks, which are no part of the tests."""
    options = ["-o", "python_files=bench_*.py", "--timeout=0", "-s"]
    return python("pytest", "tests/benchmarks", *options, *extra)


def python(*args: str) -> int:
    """Run `python -m ...` in the course folder and return its exit code."""
    sys.stdout.flush()
    return subprocess.run([sys.executable, "-m", *args], cwd=ROOT).returncode


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog=ME,
        description="A course on deep Q-learning. Without a command it opens in JupyterLab. "
        "The first time, all that is needed is installed into the folder .venv.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def add(name: str, function, needs: str, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        command.set_defaults(function=function, needs=needs)
        return command

    command = add("open", open_lab, "course", "open a lesson in JupyterLab (the default)")
    text = "number, name or path of a lesson; without it, the first one"
    command.add_argument("notebook", nargs="?", type=notebook, default="00_start_here", help=text)
    text = "without it, JupyterLab takes the next free one from 8888"
    command.add_argument("--port", metavar="N", type=free_port, help=text)
    command.add_argument("--no-browser", action="store_true", help="only print the address")

    add("test", run_tests, "test", "run all tests; all other arguments go to pytest")

    command = add("check", check, "course", "check notebooks; other options go to pytest")
    text = "your copy of a lesson; without it, the lessons as they are in the course"
    command.add_argument("copy", metavar="copy.ipynb", nargs="*", help=text)
    text = "put the reference solutions into the blanks first"
    command.add_argument("--solved", action="store_true", help=text)
    text = "write the marks of copies as a table for a spreadsheet; - prints it"
    command.add_argument("--csv", metavar="FILE", help=text)
    text = "for one cell (default: 300)"
    command.add_argument("--time-limit", metavar="SECONDS", type=float, default=300.0, help=text)

    command = add("run", run_notebooks, "test", "execute notebooks and clean them for a commit")
    text = "number, name or path; without it, all lessons"
    command.add_argument("notebook", nargs="*", type=notebook, help=text)

    text = "write the lessons as nbgrader assignments (for teachers)"
    command = add("assignments", make_assignments, "course", text)
    command.add_argument("out_dir", type=Path, help="the folder to write to")

    command = add(
        "study", compute_studies, "course", "compute a long experiment of the lessons anew"
    )
    command.add_argument("name", nargs="*", help="which; without it, they are listed")

    text = "train a game of pixels for hours; the same command goes on where it was stopped"
    command = add("train", train_game, "course", text)
    command.add_argument("game", nargs="?", help="which; without it, they are listed")
    command.add_argument("--seeds", metavar="N", type=int, help="train the seeds 0 to N − 1")
    command.add_argument("--steps", metavar="N", type=int, help="environment steps of each seed")
    command.add_argument("--capacity", metavar="N", type=int, help="transitions that are kept")
    command.add_argument("--device", choices=["auto", "cpu", "cuda"], help="auto measures")
    text = "the folder of checkpoint and results (default: runs)"
    command.add_argument("--out", metavar="FOLDER", type=Path, default=Path("runs"), help=text)

    text = "draw the library: its rooms, their modules, and what they import"
    command = add("house", draw_house, "course", text)
    command.add_argument("--ref", metavar="COMMIT", help="as it stood at a commit of git")

    text = "count the lessons: cells, words, lines of code, minutes"
    add("count", count_lessons, "course", text)

    add("bench", run_benchmarks, "test", "measure speed; all other arguments go to pytest")
    return parser


def main(argv: list[str]) -> int:
    """Run one command and return its exit code."""
    make_printable()
    parser = make_parser()
    commands = ["open", "test", "check", "run", "assignments", "study", "train", "house", "count"]
    commands += ["bench", "-h", "--help"]
    if not argv or argv[0] not in commands:
        argv = ["open", *argv]
    args, extra = parser.parse_known_args(argv)
    if extra and args.command not in ("test", "check", "bench"):
        parser.error(f"unknown arguments: {' '.join(extra)}")
    try:
        ensure_environment(args.needs, argv)
        return args.function(args, extra) or 0
    except BrokenPipeError:  # as in `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again to go on.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
