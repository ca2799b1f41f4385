"""The house: imports go one way, down the ladder; what lessons teach is about one run.

`tests/mutants/test_architecture.toml` lists the mutants that these tests kill.
"""

import itertools
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import dqnlib
from dqnlib import __main__ as commands
from dqnlib.course import checks, house, notebooks

FOLDER = Path(dqnlib.__file__).parent
NOW = house.read()
# Who may load a module by a computed name: the lazy names of folders, names that have moved, the
# lessons' checks and hunts, and the library's function that an exercise is about.
COMPUTED = {"moved", "seeds", "labs", "course.checks", "course.reference", "hunts"}


def python(code: str) -> str:
    """Run code in a fresh process of the same Python, in the checkout; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=FOLDER.parent, capture_output=True, text=True, timeout=120, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


# -- the ladder ----------------------------------------------------------------------------


def test_imports_go_down_the_ladder():
    assert NOW.climbs() == []


def test_there_is_no_circle():
    assert NOW.circle() == []


def test_every_room_is_inhabited():
    assert list(NOW.by_room()) == list(house.ROOMS) == list(NOW.rooms)
    named = {name for names in house.ROOMS.values() for name in names.split()}
    assert named <= NOW.modules.keys()


def test_who_loads_by_a_computed_name_is_known():
    assert {module.name for module in NOW.modules.values() if module.computes} == COMPUTED


def test_what_judges_exercises_holds_no_training_code():
    taken = {
        other
        for module in NOW.modules.values()
        if NOW.room_of(module.name) == "course"
        for other in module.imports
        if NOW.room_of(other) != "course"
    }
    assert taken == {"moved"}


def test_the_one_run_from_top_to_bottom_uses_nothing_of_the_engine():
    assert {NOW.room_of(name) for name in NOW.modules["dqn"].imports} == {"ground", "lessons"}
    assert NOW.modules["dqn"].lines < 100


def small(**sources):
    """A house of some modules beside each other, and folders as in `seeds__acting`."""
    named = {name.replace("__", ".") if name[0] != "_" else name: s for name, s in sources.items()}
    rooms = "ROOMS = {'low': 'a b', 'seeds': '', 'high': 'c'}"
    return house.build({"__init__": "_HOME = {'claim': 'c'}", "seeds": "", **named,
                        "course.house": rooms})  # fmt: skip


@pytest.mark.parametrize(
    ("source", "want"),
    [
        ("import dqnlib.c", {"c"}),
        ("import dqnlib.c as s, dqnlib.b", {"b", "c"}),
        ("import dqnlib.seeds.acting", {"seeds.acting"}),
        ("from dqnlib.seeds.acting import x", {"seeds.acting"}),
        ("from dqnlib.seeds import acting", {"seeds.acting"}),
        ("from dqnlib.seeds import train_tabular", {"seeds"}),
        ("from dqnlib import b, c", {"b", "c"}),
        ("from dqnlib import claim", {"c"}),
        ("from dqnlib import claim as said, b", {"b", "c"}),
        ("from . import c", {"c"}),
        ("from .c import x", {"c"}),
        ("from .seeds import acting", {"seeds.acting"}),
        ("def f():\n    from dqnlib import c", {"c"}),
        ("class A:\n    import dqnlib.c", {"c"}),
        ("class A:\n    def f(self):\n        import dqnlib.c", {"c"}),
        ("try:\n    import dqnlib.c\nexcept ImportError:\n    pass", {"c"}),
        ("if TYPE_CHECKING:\n    import dqnlib.c", {"c"}),
        ("import numpy, dqnlibrary\nfrom torch import nn, c", set()),
        ("import dqnlib", set()),
        ("from dqnlib import __version__, a", set()),
        ("'import dqnlib.c'\n# import dqnlib.c", set()),
    ],
)
def test_imports_are_seen_in_every_spelling(source, want):
    found = small(a=source, b="", c="", seeds__acting="").modules["a"]
    assert found.imports == want


def test_imports_are_seen_from_a_folder():
    found = small(
        a="", b="", c="",
        seeds="from . import acting\nfrom ..c import x",
        seeds__acting="from ..a import x\nfrom .. import b\nfrom . import draws",
        seeds__draws="from dqnlib import seeds\nfrom .acting import x",
    )  # fmt: skip
    assert found.modules["seeds"].imports == {"seeds.acting", "c"}
    assert found.modules["seeds.acting"].imports == {"a", "b", "seeds.draws"}
    assert found.modules["seeds.draws"].imports == {"seeds", "seeds.acting"}


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        ({"a": "def f():\n    import dqnlib.c"}, "a imports c, which lies above it"),
        ({"b": "from dqnlib.seeds import x"}, "b imports seeds, which lies above it"),
        ({"a": "from dqnlib.seeds.acting import x"}, "a imports seeds.acting, which lies above"),
        ({"seeds__acting": "from dqnlib import claim"}, "seeds.acting imports c, which lies above"),
        ({"cellar": ""}, "cellar has no room: add it to ROOMS in dqnlib.course.house"),
    ],
)
def test_what_breaks_the_order_is_seen(sources, words):
    lines = small(**{"a": "", "b": "", "c": "", "seeds__acting": "", **sources}).climbs()
    assert next(line for line in lines if "course.house has" not in line).startswith(words)


def test_what_is_in_order_is_left_alone():
    sources = {"a": "import dqnlib.b", "b": "", "c": "import dqnlib.seeds.acting, dqnlib.a"}
    found = small(**sources, seeds__acting="from dqnlib import a")
    assert [line for line in found.climbs() if "course.house has" not in line] == []
    assert found.circle() == []


@pytest.mark.parametrize(
    ("sources", "circle"),
    [
        ({"a": "import dqnlib.b", "b": "import dqnlib.a"}, {"a", "b"}),
        ({"a": "import dqnlib.b", "b": "def f():\n    import dqnlib.a"}, {"a", "b"}),
        (
            {"a": "import dqnlib.s.x", "s.x": "from .y import z", "s.y": "from .. import a"},
            {"a", "s.x", "s.y"},
        ),
        ({"seeds": "from . import x", "seeds.x": "import dqnlib.seeds as s"}, {"seeds", "seeds.x"}),
        ({"a": "import dqnlib.b", "b": "import dqnlib.c", "c": ""}, set()),
    ],
)  # fmt: skip
def test_a_circle_is_seen_and_named(sources, circle):
    found = house.build(sources)
    way = found.circle()
    assert {*way} == circle
    for one, other in itertools.pairwise(way):
        assert other in found.modules[one].imports
    assert ("a circle: " in found.draw()) == bool(circle)
    assert all(name in found.draw() for name in circle)


# -- the law -------------------------------------------------------------------------------


def of_many_seeds(text: str) -> list[str]:
    """The lines that speak of the axis S, as in `q  # [S, N, A]`."""
    return [line.strip() for line in text.splitlines() if re.search(r"\[S\b|\bS runs\b", line)]


def about_one_run() -> list[str]:
    """The modules that may not know the axis S."""
    return [m for m in NOW.modules if m in house.ONE_RUN or NOW.room_of(m) in house.ONE_RUN]


@pytest.mark.parametrize("module", about_one_run())
def test_what_lessons_teach_is_about_one_run(module):
    file = FOLDER / f"{module.replace('.', '/')}.py"
    file = file if file.is_file() else FOLDER / module.replace(".", "/") / "__init__.py"
    assert of_many_seeds(file.read_text(encoding="utf-8")) == []


def test_what_lessons_let_write_is_under_the_law():
    """Every exercise is about a function of one of these modules."""
    taught = {c.path.rpartition(".")[0] for found in checks.lessons().values() for c in found}
    assert {name.removeprefix("dqnlib.") for name in taught} <= {*about_one_run()}


def code_cells():
    import nbformat

    for path in notebooks.lessons():
        for number, cell in enumerate(nbformat.read(path, as_version=4).cells):
            if cell.cell_type == "code":
                yield f"{path.name} [{number}]", cell.source


def test_a_cell_that_a_learner_writes_is_about_one_run():
    """Others may read results, whose rows are seeds; but none handles an axis of length one."""
    for where, source in code_cells():
        assert not ("@exercise" in source and of_many_seeds(source)), where
        assert not re.search(r"\[S, *1\b", source), where


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("q  # [S, N, A]", 1),
        ("mean over [S]", 1),
        ("q: [S, 1, N, A] action values\nr: [S]", 2),
        ("q  # [N, A]", 0),
        ("x[Size], [Step], list[State]", 0),
        ("of S runs", 1),
    ],
)
def test_the_axis_is_seen(text, found):
    assert len(of_many_seeds(text)) == found


# -- the size ------------------------------------------------------------------------------


def test_a_module_fits_into_a_head():
    for module in NOW.modules.values():
        data = module.name.startswith("course.checks.lesson_")  # cases, mistakes, hints
        assert data or module.lines <= 400, f"{module.name} has {module.lines} lines: split it"


def test_every_module_says_what_it_is_for():
    for module in NOW.modules.values():
        assert module.purpose, f"{module.name} has no text at its head"
        assert module.purpose.endswith((".", "?")), module.name


# -- the drawing ---------------------------------------------------------------------------


def test_the_drawing_names_every_room_and_module():
    lines = NOW.draw().splitlines()
    rooms = [line for line in lines if re.match(r"\w+: [\d,]+ lines", line)]
    assert [line.partition(":")[0] for line in rooms] == list(house.ROOMS)
    assert rooms[0].endswith(" lines")  # the lowest imports nothing
    assert "imports ground, lessons" in rooms[2]
    shown = {line.split()[0]: int(line.split()[1]) for line in lines if line.startswith("  ")}
    assert shown == {module.name: module.lines for module in NOW.modules.values()}
    assert lines[-2] == f"10 rooms, {len(shown)} modules, {sum(shown.values()):,} lines"
    assert lines[-1] == "no circle"


def test_the_house_of_an_earlier_commit(tmp_path, monkeypatch, capsys):
    """A house without a ladder: each module beside the folders is a room, above what it imports."""
    if not shutil.which("git"):
        pytest.skip("git is not installed")
    package = tmp_path / "dqnlib"
    (package / "labs").mkdir(parents=True)
    sources = {
        "__init__.py": "_HOME = {}", "b.py": '"""First. ε.\n\nMore."""\nimport dqnlib.a\n',
        "a.py": "", "labs/__init__.py": "from dqnlib import b", "notes.txt": "import dqnlib.b",
    }  # fmt: skip
    for name, text in sources.items():
        (package / name).write_text(text, encoding="utf-8")
    git = ["git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@x"]
    for args in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *args], check=True)
    (package / "a.py").write_text("import dqnlib.b")  # later than the commit
    monkeypatch.setattr(house, "HOME", package)
    assert house.main("HEAD") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line[:1].isalpha()][:3] == [
        "a: 0 lines", "b: 4 lines, imports a", "labs: 1 lines, imports b",
    ]  # fmt: skip
    assert lines[-2:] == ["3 rooms, 3 modules, 5 lines", "no circle"]
    assert any(line.split() == ["b", "4", "First.", "ε."] for line in lines)
    assert house.main() == 0
    assert "a circle: a -> b -> a" in capsys.readouterr().out.replace("b -> a -> b", "a -> b -> a")
    assert house.main("no-such-commit") == 2
    assert "no-such-commit" in capsys.readouterr().err
    for odd in ("", "--help", "HEAD:dqnlib"):  # no commit, though git knows what to do with them
        assert house.main(odd) == 2
        assert capsys.readouterr().out == ""
    subprocess.run([*git, "rm", "-rqf", "dqnlib"], check=True)
    subprocess.run([*git, "commit", "-qm", "y", "--allow-empty"], check=True)
    package.mkdir(exist_ok=True)
    assert house.main("HEAD") == 2
    assert "no library in the folder dqnlib at commit HEAD" in capsys.readouterr().err


def test_without_git_there_is_a_clear_word(monkeypatch, capsys):
    monkeypatch.setenv("PATH", "")
    assert house.main("HEAD") == 2
    assert "git, which is not installed" in capsys.readouterr().err


def test_the_command(monkeypatch, capsys):
    monkeypatch.setattr(commands, "ensure_environment", lambda *args: None)
    assert commands.main(["house"]) == 0
    assert capsys.readouterr().out == NOW.draw() + "\n"


# -- what is loaded ------------------------------------------------------------------------


def test_what_judges_exercises_loads_no_training_code():
    apart = ("course.nbcheck", "course.copies", "course.teach")  # pytest comes with them
    rooms = [m for m in NOW.modules if NOW.room_of(m) == "course" and m not in apart]
    loaded = python(
        f"import sys, {', '.join(f'dqnlib.{room}' for room in rooms)}\n"
        "from dqnlib.course import checks\n"
        "checks.lessons()\n"
        "print(*sys.modules)"
    ).split()
    assert "dqnlib.course.checks.lesson_01" in loaded
    inside = [name.removeprefix("dqnlib.") for name in loaded if name.startswith("dqnlib.")]
    assert {NOW.room_of(name) for name in inside} == {"course", "ground"}
    assert {"torch", "gymnasium", "matplotlib", "ipywidgets", "scipy"}.isdisjoint(loaded)


def test_import_dqnlib_is_light():
    loaded = python("import sys, dqnlib; print(*sys.modules)").split()
    assert "dqnlib" in loaded
    heavy = {"torch", "matplotlib", "ipywidgets", "gymnasium", "scipy", "numpy", "PIL", "IPython"}
    assert heavy.isdisjoint(loaded)
    assert [name for name in loaded if name.startswith("dqnlib.")] == ["dqnlib.moved"]


BLOCK = """
import importlib.abc, sys

class Missing(importlib.abc.MetaPathFinder):
    names = {"matplotlib", "ipywidgets", "scipy", "IPython", "PIL"}

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
for name in Missing.names:
    try:
        __import__(name)
    except ImportError:
        pass
    else:
        raise AssertionError(f"{name} should be missing here")
"""


def test_the_tables_are_trained_where_pictures_labs_and_torch_are_missing():
    printed = python(
        BLOCK.replace('"PIL"', '"PIL", "torch"') + "import dqnlib\n"
        "from dqnlib import TabularConfig, TabularModel, claim, planning, tabular, train_tabular\n"
        "config = TabularConfig(episodes=300)\n"
        "run = train_tabular(config, range(3))\n"
        "model = TabularModel.from_env(config.env_id)\n"
        "values = planning.value_iteration(model)\n"
        "planning.policy_evaluation(model, planning.soft_policy(values.q, 0.1))\n"
        "print([planning.greedy_path(q, model).total_reward for q in (*run.q, values.q)])\n"
        "from dqnlib import exercise, show_progress, predict\n"
    )
    assert printed.split("\n")[0] == "[-13.0, -13.0, -13.0, -13.0]"


def test_networks_are_trained_where_pictures_and_labs_are_missing():
    printed = python(
        BLOCK + "from dqnlib import Config, train\n"
        "from dqnlib.dqn import *\n"
        "run = train(Config(steps=300, warmup=100, epsilon_steps=100, device='cpu'), range(2))\n"
        "print(len(run.returns))\n"
    )
    assert printed == "2\n"


def test_every_name_of_the_package_exists():
    for name in dqnlib.__all__:
        assert getattr(dqnlib, name) is not None, name
    assert set(dqnlib.__all__) <= set(dir(dqnlib))
    with pytest.raises(AttributeError, match=r"dqnlib has no name 'train_tabula'; it has .*claim"):
        _ = dqnlib.train_tabula


def test_no_two_test_files_share_a_name():
    """pytest would take one for the other, where a folder is no package."""
    names = [file.name for file in Path(__file__).parent.rglob("test_*.py")]
    assert sorted(set(names)) == sorted(names)
