"""The set-up and the command line of `python3 -m dqnlib`. No network, nothing is installed."""

import argparse
import ast
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from dqnlib import __main__ as commands
from dqnlib.course import launch

NO_ARGUMENTS = argparse.Namespace()


@pytest.fixture
def course(tmp_path, monkeypatch):
    """An empty course folder with requirement files, in the place of the real one."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "notebooks").mkdir()
    for name in launch.LOCKS["test"]:
        (tmp_path / name).write_text(f"the first {name}")
    venv = tmp_path / ".venv"
    monkeypatch.setattr(launch, "ROOT", tmp_path)
    monkeypatch.setattr(commands, "ROOT", tmp_path)
    monkeypatch.setattr(launch, "VENV", venv)
    monkeypatch.setattr(launch, "VENV_PYTHON", venv / "bin" / "python")
    monkeypatch.delenv(launch.CHECKED, raising=False)
    return tmp_path


@pytest.fixture
def runs(monkeypatch):
    """Record the commands that would run. The test decides which of them fail."""

    class Runs(list):
        def fails(self, command):
            return False

        def run(self, command, **kwargs):
            self.append([str(word) for word in command])
            done = subprocess.CompletedProcess(command, int(self.fails(command)), "", "its error")
            if kwargs.get("check") and done.returncode:
                raise subprocess.CalledProcessError(1, command, done.stdout, done.stderr)
            return done

    runs = Runs()
    monkeypatch.setattr(subprocess, "run", runs.run)
    return runs


def make_fake_venv(course, monkeypatch, version=(3, 11, 7)):
    """Make a `.venv` whose Python answers with this version without being started."""
    (course / ".venv").mkdir(exist_ok=True)
    monkeypatch.setattr(launch, "probe", lambda python, module="sys": version)


# The stamp


def test_a_complete_install_is_ready_until_something_changes(course, runs, monkeypatch):
    make_fake_venv(course, monkeypatch)
    assert not launch.is_ready("course")
    launch.install("course")
    assert launch.is_ready("course")
    assert not launch.is_ready("test")

    (course / "requirements.txt").write_text("another version")
    assert not launch.is_ready("course")
    launch.install("course")
    make_fake_venv(course, monkeypatch, version=(3, 12, 0))
    assert not launch.is_ready("course")


def test_the_tests_packages_include_the_courses(course, runs, monkeypatch):
    make_fake_venv(course, monkeypatch)
    launch.install("test")
    assert launch.is_ready("test")
    assert launch.is_ready("course")
    (course / "tests" / "requirements.txt").write_text("another version")
    assert launch.is_ready("course")
    assert not launch.is_ready("test")


def test_a_stamp_does_not_count_where_python_is_broken(course, runs, monkeypatch):
    make_fake_venv(course, monkeypatch)
    launch.install("course")
    make_fake_venv(course, monkeypatch, version=())
    assert not launch.is_ready("course")


def test_a_copied_folder_is_set_up_again(course, monkeypatch):
    here = launch.digest("course", (3, 11, 7))
    elsewhere = course / "copy"
    elsewhere.mkdir()
    for name in launch.LOCKS["course"]:
        (elsewhere / name).write_bytes((course / name).read_bytes())
    monkeypatch.setattr(launch, "ROOT", elsewhere)
    assert launch.digest("course", (3, 11, 7)) != here


def test_pip_fails_without_a_traceback_and_without_a_stamp(course, runs, monkeypatch):
    make_fake_venv(course, monkeypatch)
    runs.fails = lambda command: "pip" in command
    with pytest.raises(SystemExit, match=r"(?s)  its error.*network.*run the same command again"):
        launch.install("course")
    assert not launch.is_ready("course")


def test_only_the_last_lines_of_pip_are_shown():
    text = "\n\n".join(f"line {i}" for i in range(100))
    assert launch.last_lines(text, 2) == "  line 98\n  line 99"


# Which interpreter


def set_version(monkeypatch, *version):
    monkeypatch.setattr(sys, "version_info", version)


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 14, 2)])
def test_a_supported_python_is_used(monkeypatch, version):
    set_version(monkeypatch, *version)
    assert launch.choose_python() == sys._base_executable


@pytest.mark.parametrize("version", [(3, 10, 9), (3, 15, 0)])
def test_for_another_python_a_supported_one_is_looked_for(monkeypatch, version):
    set_version(monkeypatch, *version)
    on_path = {"python3.12": "/somewhere/python3.12", "python3.13": "/somewhere/python3.13"}
    monkeypatch.setattr(launch.shutil, "which", on_path.get)
    monkeypatch.setattr(launch, "probe", lambda python: (3, 13, 0) if "13" in python else ())
    assert launch.choose_python() == "/somewhere/python3.13"


def test_no_supported_python_is_said_clearly(monkeypatch):
    set_version(monkeypatch, 3, 9, 18)
    monkeypatch.setattr(launch.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 to 3\.14\. This is Python 3\.9\.18"):
        launch.choose_python()


def test_probe(tmp_path):
    assert launch.probe(sys.executable) == sys.version_info[:3]
    assert launch.probe(sys.executable, "no_such_module") == ()
    assert launch.probe(tmp_path / "no_such_python") == ()


# Which environment


@pytest.fixture
def moves(monkeypatch):
    """Record where the command would go on."""
    moves = []
    monkeypatch.setattr(launch, "become", lambda command, env: moves.append((command, env)))
    return moves


def test_the_active_environment_is_used_if_it_has_everything(course, moves, runs, monkeypatch):
    monkeypatch.setattr(sys, "prefix", "/somewhere/else")
    monkeypatch.setattr(launch, "missing_requirements", lambda needs: [])
    monkeypatch.setenv("PYTHONPATH", "before")
    launch.ensure_environment("course", [])
    assert (moves, runs) == ([], [])
    assert os.environ["PYTHONPATH"].split(os.pathsep) == [str(course), "before"]


def test_conda_is_an_environment_too(course, moves, runs, monkeypatch):
    (course / "conda" / "conda-meta").mkdir(parents=True)
    monkeypatch.setattr(sys, "prefix", str(course / "conda"))
    monkeypatch.setattr(sys, "base_prefix", str(course / "conda"))
    monkeypatch.setattr(launch, "missing_requirements", lambda needs: [])
    launch.ensure_environment("course", [])
    assert (moves, runs) == ([], [])


@pytest.mark.parametrize("prefix", ["/usr", "/an/environment/that/lacks/something"])
def test_elsewhere_the_course_goes_on_in_its_own_venv(course, moves, runs, monkeypatch, prefix):
    monkeypatch.setattr(sys, "prefix", prefix)
    monkeypatch.setattr(sys, "base_prefix", "/usr")
    monkeypatch.setattr(launch, "missing_requirements", lambda needs: ["numpy>=2"])
    make_fake_venv(course, monkeypatch)
    launch.install("course")
    runs.clear()
    launch.ensure_environment("course", ["open", "01"])
    [(command, env)] = moves
    assert command == [str(launch.VENV_PYTHON), "-m", "dqnlib", "open", "01"]
    assert runs == []  # it was ready

    for key, value in env.items():  # the process that goes on does not look again
        monkeypatch.setenv(key, value)
    launch.ensure_environment("course", ["open", "01"])
    assert len(moves) == 1
    assert launch.CHECKED not in os.environ  # nor is it passed on to others


def test_an_interrupted_install_goes_on_without_a_new_venv(course, moves, runs, monkeypatch):
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    make_fake_venv(course, monkeypatch)
    launch.ensure_environment("course", [])
    assert [command[1:4] for command in runs] == [["-m", "pip", "install"]]
    assert len(moves) == 1


def test_missing_requirements(course):
    (course / "pyproject.toml").write_text(
        "[project]\n"
        'dependencies = ["pytest>=1.2.3"]\n'
        "[project.optional-dependencies]\n"
        'course = ["pytest>=99.1"]\n'
        'test = ["surely-not-installed>=1"]\n'
    )
    too_old = f"pytest>=99.1 (it has {pytest.__version__})"
    assert launch.missing_requirements("course") == [too_old]
    assert launch.missing_requirements("test") == [too_old, "surely-not-installed>=1"]


# The ways to make .venv


def make_venv_with(course, runs, monkeypatch, fails):
    """Return how many ways were tried until one worked."""
    monkeypatch.setattr(launch, "probe", lambda python, module="sys": (3, 11, 7))
    runs.fails = fails
    launch.make_venv("python3.11")
    return [" ".join(command[:4]) for command in runs]


def test_venv_is_the_first_way(course, runs, monkeypatch):
    assert len(make_venv_with(course, runs, monkeypatch, lambda command: False)) == 1


def test_without_ensurepip_the_systems_pip_is_used(course, runs, monkeypatch):
    (course / ".venv" / "half").mkdir(parents=True)  # what Debian's venv leaves when it fails
    tried = make_venv_with(
        course, runs, monkeypatch, lambda command: "venv" in command and len(command) == 4
    )
    assert tried[1].endswith("--without-pip")
    assert tried[2].endswith("-m pip --python")
    assert not (course / ".venv" / "half").exists()


def test_without_any_pip_uv_is_used(course, runs, monkeypatch):
    tried = make_venv_with(course, runs, monkeypatch, lambda command: command[0] != "uv")
    assert tried[-1].startswith("uv venv")


def test_if_no_way_works_the_package_is_named(course, runs, monkeypatch):
    with pytest.raises(SystemExit, match=r"(?s)  its error.*apt install python3\.11-venv"):
        make_venv_with(course, runs, monkeypatch, lambda command: True)


# The command line


@pytest.fixture
def lessons(course):
    for name in ("00_start_here", "01_tabular", "02_functions"):
        (course / "notebooks" / f"{name}.ipynb").touch()
    return course / "notebooks"


@pytest.mark.parametrize(
    "name",
    ["01", "1", "01_tabular", "01_tabular.ipynb", "notebooks/01_tabular.ipynb"],
)
def test_a_lesson_has_many_names(lessons, name):
    assert commands.notebook(name) == lessons / "01_tabular.ipynb"


@pytest.mark.parametrize("name", ["07", "tabular", "../01_tabular", ""])
def test_for_an_unknown_notebook_the_lessons_are_listed(lessons, name):
    with pytest.raises(argparse.ArgumentTypeError, match="00_start_here\n  01_tabular\n  02_func"):
        commands.notebook(name)


def test_a_notebook_outside_the_course_is_refused(lessons, tmp_path_factory):
    path = tmp_path_factory.mktemp("elsewhere") / "mine.ipynb"
    path.touch()
    with pytest.raises(argparse.ArgumentTypeError, match="copy it into that folder"):
        commands.notebook(str(path))


def test_a_port_in_use_is_named(capsys):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(SystemExit, match="2"):
            commands.main(["open", "--port", str(port)])
    assert f"port {port} is in use" in capsys.readouterr().err
    assert commands.free_port(str(port)) == port


@pytest.mark.parametrize("text", ["0", "65536", "-1", "http"])
def test_a_port_is_a_number(text):
    with pytest.raises(argparse.ArgumentTypeError, match="from 1 to 65535"):
        commands.free_port(text)


@pytest.fixture
def called(monkeypatch):
    """Record which command runs with which arguments, and set nothing up."""
    called = []
    monkeypatch.setattr(commands, "ensure_environment", lambda needs, argv: called.append(needs))
    for name in ("open_lab", "run_tests", "check"):
        monkeypatch.setattr(
            commands, name, lambda args, extra, name=name: called.append((name, args, extra))
        )
    return called


def test_without_a_command_the_first_lesson_opens(lessons, called):
    for argv in ([], ["--no-browser"], ["00"], ["open"]):
        called.clear()
        assert commands.main(argv) == 0
        needs, (name, args, extra) = called
        assert (needs, name, extra) == ("course", "open_lab", [])
        assert args.notebook.name == "00_start_here.ipynb"
        assert args.no_browser == ("--no-browser" in argv)


def test_other_arguments_go_to_pytest(called):
    argv = ["tests/test_launch.py", "-k", "port or stamp", "-x", "--durations=3"]
    assert commands.main(["test", *argv]) == 0
    assert called[0] == "test"
    assert called[1][2] == argv


def test_check_takes_copies_and_options(called):
    commands.main(["check", "mine.ipynb", "other.ipynb", "--solved", "-x"])
    _, args, extra = called[1]
    assert (args.copy, args.solved, extra) == (["mine.ipynb", "other.ipynb"], True, ["-x"])
    assert (args.csv, args.time_limit) == (None, 300)
    called.clear()
    commands.main(["check", "mine.ipynb", "--csv", "-", "--time-limit=7.5"])
    _, args, extra = called[1]
    assert (args.csv, args.time_limit, extra) == ("-", 7.5, [])


def test_a_misspelled_option_is_refused(lessons, called, capsys):
    with pytest.raises(SystemExit, match="2"):
        commands.main(["open", "--prot", "8000"])
    assert called == []
    assert "8000" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("ruff", "many", "browser", "alone", "expected"),
    [
        *[(0, 0, 0, 0, 0), (1, 0, 0, 0, 1), (1, 1, 0, 0, 1), (0, 1, 0, 0, 1), (0, 0, 1, 0, 1)],
        *[(0, 0, 0, 1, 1), (0, 2, 1, 1, 2), (0, 1, 2, 1, 2)],
        *[(0, 5, 5, 5, 5), (0, 5, 0, 5, 0), (0, 0, 5, 5, 0), (0, 5, 1, 5, 1), (0, 1, 5, 5, 1)],
    ],  # 5: no tests
)
def test_ruff_and_all_runs_of_pytest_must_pass(monkeypatch, ruff, many, browser, alone, expected):
    found = {"not browser and not alone": many, "browser": browser, "alone": alone}

    def python(tool, *args):
        return ruff if tool == "ruff" else found[args[args.index("-m") + 1]]

    monkeypatch.setattr(commands, "python", python)
    assert commands.run_tests(NO_ARGUMENTS, []) == expected


TWO = ["-n", "2", "--dist", "worksteal", "-m"]


@pytest.mark.parametrize(
    ("extra", "options"),
    [
        (
            ["-k", "tabular"],
            [[*TWO, "not browser and not alone"], [*TWO, "browser"], ["-m", "alone"]],
        ),
        (["-m", "browser"], [[]]),
    ],
)
def test_arguments_reach_all_runs_of_pytest(monkeypatch, extra, options):
    calls = []
    monkeypatch.setattr(commands, "python", lambda *args: calls.append(args) or 0)
    assert commands.run_tests(NO_ARGUMENTS, extra) == 0
    assert [list(args) for args in calls[2:]] == [
        ["pytest", "--timeout=300", *o, *extra] for o in options
    ]


def test_no_test_may_hang_and_another_limit_may_be_given(monkeypatch):
    ran = []
    monkeypatch.setattr(commands, "python", lambda *args: ran.append(args) or 0)
    commands.run_tests(NO_ARGUMENTS, ["--timeout=9"])
    assert ran[-1][:2] == ("pytest", "--timeout=300")
    assert ran[-1][-1] == "--timeout=9"  # pytest takes the last one


def test_without_nbgrader_it_is_said_how_to_install_it(monkeypatch):
    monkeypatch.setattr(commands.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match=r'pip install -e "\.\[teach\]"'):
        commands.make_assignments(argparse.Namespace(out_dir=Path("out")), [])


def test_an_interrupted_set_up_ends_quietly(monkeypatch, capsys):
    def interrupt(needs, argv):
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "ensure_environment", interrupt)
    assert commands.main(["test"]) == 128 + signal.SIGINT
    assert "Run the same command again" in capsys.readouterr().err


def test_jupyterlab_gets_the_lesson_and_the_settings(lessons, monkeypatch):
    became = []
    monkeypatch.setattr(commands, "become", lambda command, env: became.append((command, env)))
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "mine")
    (lessons / "my copy.ipynb").touch()
    path = commands.notebook(str(lessons / "my copy.ipynb"))
    commands.open_lab(argparse.Namespace(notebook=path, port=8000, no_browser=True), [])
    [(command, env)] = became
    assert "--LabApp.default_url=/lab/tree/notebooks/my%20copy.ipynb" in command
    assert {"--ServerApp.port=8000", "--ServerApp.port_retries=0", "--no-browser"} <= {*command}
    settings, mine = env["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert mine == "mine"
    page = json.loads(Path(settings, "labconfig", "page_config.json").read_text())
    assert page["disabledExtensions"]["@jupyter/nbgrader"] is True


def test_where_nothing_can_be_written_the_settings_are_kept_elsewhere(lessons, monkeypatch):
    (launch.ROOT / ".jupyter").write_text("a file, so that no folder can be made")
    folder = commands.write_lab_settings()
    assert folder != launch.ROOT / ".jupyter"
    assert json.loads((folder / "jupyter_server_config.json").read_text())["ServerApp"]


def test_without_a_place_for_the_venv_there_is_a_clear_word(course, monkeypatch):
    (course / "file").touch()
    monkeypatch.setattr(launch, "VENV", course / "file" / ".venv")  # no folder can be made there
    monkeypatch.setattr(launch, "VENV_PYTHON", course / "file" / ".venv" / "bin" / "python")
    monkeypatch.setenv("PATH", "")  # neither virtualenv nor uv
    with pytest.raises(SystemExit, match=r"Could not make (?s:.*)folder can be written to"):
        launch.make_venv(sys.executable)


# Every encoding

SIGNS = "✓ ○ ✗ · … — − ½ é 你好 \udcff"
ENCODINGS = ("ascii", "cp1252", "cp936", "latin-1:strict", "utf-8", "utf-16")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_print_comes_out(encoding):
    code = (
        "import subprocess, sys; from dqnlib.course.launch import make_printable\n"
        f"make_printable(); text = {SIGNS!r}\n"
        "print(text, flush=True); print(text, file=sys.stderr)\n"
        "subprocess.run([sys.executable, '-c', f'print({text!r})'], check=True)"
    )
    env = {**os.environ, "PYTHONPATH": str(launch.ROOT), "PYTHONIOENCODING": encoding}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True)
    assert done.returncode == 0, done.stderr
    name = encoding.partition(":")[0]
    shown, same = done.stdout.decode(name), done.stderr.decode(name)
    assert shown.splitlines()[0] == same.strip()
    if name == "ascii":
        assert same.strip() == "+ o x - ... - - 1/2 \\xe9 \\u4f60\\u597d \\udcff"
    if name == "utf-8":
        assert same.strip() == SIGNS.replace("\udcff", "\\udcff")


@pytest.mark.parametrize("stream", ["none", "closed", "plain"])
def test_streams_of_others_are_left_alone(monkeypatch, stream):
    class Plain:
        write = flush = staticmethod(lambda *_: None)

    monkeypatch.setattr(sys, "stdout", None if stream == "none" else Plain())
    monkeypatch.setenv("PYTHONIOENCODING", "")
    launch.make_printable()
    assert os.environ["PYTHONIOENCODING"] == ":backslashreplace"


COMMANDS = [
    ["--help"], ["open", "--help"], ["check", "--help"], ["open", "é你"], ["open", "--port=é"],
    ["check", "é你.ipynb"], ["check", "a.ipynb", "--solved"], ["run", "é你"], ["bench", "--help"],
    ["check", "a.ipynb", "--csv", "é你/é.csv"],
]  # fmt: skip


def test_every_command_survives_a_poor_encoding(tmp_path):
    code = (
        "import sys; from dqnlib import __main__ as m\n"
        "m.ensure_environment = lambda *_: None\n"
        f"for words in {COMMANDS!r}:\n"
        "    try: m.main(words)\n"
        "    except SystemExit: pass\n"
        "print('to the end')"
    )
    env = {**os.environ, "PYTHONPATH": str(launch.ROOT), "PYTHONIOENCODING": "ascii:strict"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("to the end\n")
    assert "Traceback" not in done.stderr
    assert "no such notebook" in done.stderr


def test_an_old_python_reaches_the_message():
    """What runs before the message is read by Python 3.8's grammar."""
    for name in ("__init__.py", "__main__.py", "course/__init__.py", "course/launch.py"):
        source = (launch.ROOT / "dqnlib" / name).read_text(encoding="utf-8")
        ast.parse(source, feature_version=(3, 8))
        assert "match " not in re.sub(r'""".*?"""|#.*', "", source, flags=re.S)


# The files that say what is installed


def test_the_plain_command_of_nbval_needs_no_package_of_the_tests(tmp_path):
    """`pytest --nbval notebooks` with requirements.txt alone, so without pytest-timeout."""
    with open(launch.ROOT / "pyproject.toml", "rb") as file:
        settings = tomllib.load(file)["tool"]["pytest"]["ini_options"]
    assert "timeout" not in settings
    assert "--strict-config" in settings["addopts"]
    lesson = sorted((launch.ROOT / "notebooks").glob("00_*.ipynb"))[0]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval", str(lesson), "-p", "no:timeout", "-q",
         "-p", "no:cacheprovider"],
        cwd=launch.ROOT, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(launch.ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def pins(name):
    lines = (launch.ROOT / name).read_text(encoding="utf-8").splitlines()
    return dict(
        line.split(" ;")[0].split("==") for line in lines if re.match(r"[a-z0-9-]+==", line)
    )


def test_the_locks_agree_and_hold_no_address():
    course, test = pins("requirements.txt"), pins("tests/requirements.txt")
    assert len(course) > 50
    assert not course.keys() & test.keys()  # the second includes the first by -r
    for name in launch.LOCKS["test"]:
        assert "://" not in (launch.ROOT / name).read_text(encoding="utf-8")


def test_torch_alone_decides_on_its_gpu_libraries():
    names = pins("requirements.txt") | pins("tests/requirements.txt")
    assert names["torch"] == "2.13.0"
    assert not [name for name in names if re.match("nvidia|cuda|triton", name)]


def test_the_locks_hold_every_direct_requirement(monkeypatch):
    asked = []

    def version(name):
        asked.append(name)
        raise launch.metadata.PackageNotFoundError

    monkeypatch.setattr(launch.metadata, "version", version)
    missing = launch.missing_requirements("test")
    assert len(missing) == len(asked) > 10
    assert {*asked} <= (pins("requirements.txt") | pins("tests/requirements.txt")).keys()
