"""The house: imports go one way, down the ladder, and what should be light is light.

Mutants that these tests kill (each was tried once on a copy of the library):
- a lower room imports a higher one, at the head or inside a function, by any spelling;
- two rooms import each other; a new room stands nowhere; a room loads others by a computed name;
- what judges exercises imports training code when it is loaded;
- `import dqnlib` loads torch, matplotlib, ipywidgets or gymnasium; training needs matplotlib or
  scipy; a name of `dqnlib.__all__` does not exist.
"""

import ast
import graphlib
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

import dqnlib

HOME = Path(dqnlib.__file__).parent
FILES = sorted(HOME.rglob("*.py"))

# A room may import the rooms to its left. The house has two wings, and tools beside it.
TRAINING = (
    *("data", "device", "probes", "envs", "tabular", "bias", "features", "policies"),
    *("networks", "replay", "targets", "storage", "seeds", "training", "experiments"),
    *("studies", "pictures", "plots", "labs"),
)
JUDGING = ("progress", "solutions", "exercises", "checks", "predictions", "notebooks", "nbcheck")
TOOLS = ("launch", "teach", "__main__")
LADDER = (*TRAINING, *JUDGING, *TOOLS)

# Inside functions only: an exercise looks up its check when it is used, a check is made of the
# classes of exercises; the table of progress lists all checks.
HANDSHAKES = {("exercises", "checks"), ("progress", "checks")}
# Who may load a module by a computed name: the lazy names of the package, the lessons' checks,
# and the library's function that an exercise is about.
COMPUTED = {"__init__", "seeds", "labs", "checks", "exercises"}


class Import(NamedTuple):
    room: str
    inside: bool  # inside a function
    line: int


def room_of(file: Path, home: Path = HOME) -> str:
    """The room that a file belongs to: dqnlib/seeds.py and dqnlib/seeds/x.py are both seeds."""
    return file.relative_to(home).parts[0].removesuffix(".py")


def imports(source: str, package: tuple[str, ...] = ("dqnlib",)) -> list[Import]:
    """Every import of a room of dqnlib in a file of the given package, at any depth."""
    found = []

    def walk(node, inside):
        for child in ast.iter_child_nodes(node):
            deeper = inside or isinstance(
                child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
            )
            names = []
            if isinstance(child, ast.Import):
                names = [alias.name for alias in child.names]
            elif isinstance(child, ast.ImportFrom):
                base = list(package[: len(package) - child.level + 1]) if child.level else []
                base += child.module.split(".") if child.module else []
                names = [".".join([*base, alias.name]) for alias in child.names]
            for name in names:
                first, *rest = name.split(".")
                if first == "dqnlib" and rest:
                    room = dqnlib._HOME.get(rest[0], rest[0])  # `from dqnlib import claim`
                    found.append(Import(room, inside, child.lineno))
            walk(child, deeper)

    walk(ast.parse(source), False)
    return found


def computed_imports(source: str) -> int:
    """How often a file calls import_module or __import__."""
    calls = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    names = [getattr(f, "attr", getattr(f, "id", "")) for f in calls]
    return sum(name in ("import_module", "__import__") for name in names)


def all_imports(home: Path = HOME) -> list[tuple[str, Import]]:
    """Every (room, import) of the library, without those of a room from itself."""
    return [
        (room_of(file, home), found)
        for file in sorted(home.rglob("*.py"))
        for found in imports(
            file.read_text(encoding="utf-8"), ("dqnlib", *file.relative_to(home).parts[:-1])
        )
        if found.room != room_of(file, home)
    ]


def violations(home: Path = HOME) -> list[str]:
    """What breaks the order of the house, as lines; nothing if all is well."""
    rank, lines = {room: k for k, room in enumerate(LADDER)}, []
    for file in sorted(home.rglob("*.py")):
        room = room_of(file, home)
        if room not in {*LADDER, "__init__"}:
            lines.append(f"{room} has no place: add it to LADDER in tests/test_architecture.py")
        if computed_imports(file.read_text(encoding="utf-8")) and room not in COMPUTED:
            lines.append(f"{room} loads a module by a computed name")
    for room, found in all_imports(home):
        where = f"{room} imports {found.room} in line {found.line}"
        if (room, found.room) in HANDSHAKES:
            if not found.inside:
                lines.append(f"{where}, which it may do inside functions only")
        elif rank.get(found.room, -1) >= rank.get(room, -1):
            lines.append(f"{where}, which does not lie below it")
        elif room in JUDGING and found.room in TRAINING:
            lines.append(f"{where}: what judges exercises holds no training code")
    return lines


def python(code: str) -> str:
    """Run code in a fresh process of the same Python, in the checkout; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=HOME.parent, capture_output=True, text=True, timeout=120, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_imports_go_down_the_ladder():
    assert violations() == []


def test_there_is_no_circle():
    graph: dict[str, set[str]] = {}
    for room, found in all_imports():
        if (room, found.room) not in HANDSHAKES:
            graph.setdefault(room, set()).add(found.room)
    order = list(graphlib.TopologicalSorter(graph).static_order())  # raises CycleError
    assert order.index("data") < order.index("seeds")


def test_the_handshakes_are_still_needed():
    assert {(room, found.room) for room, found in all_imports() if found.inside} >= HANDSHAKES
    assert {
        room_of(f) for f in FILES if computed_imports(f.read_text(encoding="utf-8"))
    } == COMPUTED


@pytest.mark.parametrize(
    ("source", "want"),
    [
        ("import dqnlib.seeds", [("seeds", False, 1)]),
        ("import dqnlib.seeds as s, dqnlib.envs", [("seeds", False, 1), ("envs", False, 1)]),
        ("from dqnlib.course.checks.lesson_01 import CHECKS", [("checks", False, 1)]),
        ("from dqnlib import plots, data", [("plots", False, 1), ("data", False, 1)]),
        ("from dqnlib import train_tabular", [("seeds", False, 1)]),
        ("from . import labs", [("labs", False, 1)]),
        ("from .labs import x", [("labs", False, 1)]),
        ("def f():\n    from dqnlib import labs", [("labs", True, 2)]),
        ("class A:\n    import dqnlib.labs", [("labs", False, 2)]),
        ("class A:\n    def f(self):\n        import dqnlib.labs", [("labs", True, 3)]),
        ("try:\n    import dqnlib.labs\nexcept ImportError:\n    pass", [("labs", False, 2)]),
        ("import numpy, dqnlibrary\nfrom torch import nn", []),
    ],
)
def test_this_file_sees_imports_in_every_spelling(source, want):
    assert imports(source) == want


def test_this_file_sees_imports_from_a_folder():
    assert imports("from ..seeds import x", ("dqnlib", "checks")) == [("seeds", False, 1)]
    assert imports("from . import lesson_01", ("dqnlib", "checks")) == [("checks", False, 1)]


@pytest.mark.parametrize(
    ("room", "source", "words"),
    [
        (
            "envs",
            "from dqnlib import seeds",
            "envs imports seeds in line 1, which does not lie below",
        ),
        ("data", "def f():\n    import dqnlib.plots", "data imports plots in line 2"),
        ("plots", "from .labs import x", "plots imports labs"),
        ("pictures", "from dqnlib.plots import x", "pictures imports plots"),
        ("exercises", "from dqnlib import checks", "may do inside functions only"),
        ("nbcheck", "def f():\n    from dqnlib import tabular", "holds no training code"),
        ("cellar", "", "cellar has no place: add it"),
        ("tabular", "from importlib import import_module\nimport_module('x')", "computed name"),
    ],
)
def test_this_file_sees_what_breaks_the_order(tmp_path, room, source, words):
    (tmp_path / f"{room}.py").write_text(source, encoding="utf-8")
    assert [words in line for line in violations(tmp_path)] == [True]


def test_what_judges_exercises_loads_no_training_code():
    rooms = ", ".join(f"dqnlib.{room}" for room in JUDGING)
    loaded = python(
        f"import sys, {rooms}\n"
        "from dqnlib import checks\n"
        "checks.lessons()\n"  # also loads the checks of every lesson
        "print(*sys.modules)"
    ).split()
    assert "dqnlib.course.checks.lesson_01" in loaded
    assert {f"dqnlib.{room}" for room in TRAINING}.isdisjoint(loaded)
    assert {"torch", "gymnasium", "matplotlib", "ipywidgets", "scipy"}.isdisjoint(loaded)


def test_import_dqnlib_is_light():
    loaded = python("import sys, dqnlib; print(*sys.modules)").split()
    assert "dqnlib" in loaded
    heavy = {"torch", "matplotlib", "ipywidgets", "gymnasium", "scipy", "numpy", "PIL", "IPython"}
    assert heavy.isdisjoint(loaded)


BLOCK = """
import importlib.abc, sys

class Missing(importlib.abc.MetaPathFinder):
    names = {"matplotlib", "ipywidgets", "scipy", "IPython", "PIL", "torch"}

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


def test_the_core_trains_where_pictures_and_labs_are_missing():
    printed = python(
        BLOCK + "import dqnlib\n"
        "from dqnlib import TabularConfig, TabularModel, claim, tabular, train_tabular\n"
        "config = TabularConfig(episodes=300)\n"
        "run = train_tabular(config, range(3))\n"
        "model = TabularModel.from_env(config.env_id)\n"
        "values = planning.value_iteration(model)\n"
        "planning.policy_evaluation(model, planning.soft_policy(values.q, 0.1))\n"
        "print([planning.greedy_path(q, model).total_reward for q in (*run.q, values.q)])\n"
        "from dqnlib import exercise, show_progress, predict\n"
    )
    assert printed.split("\n")[0] == "[-13.0, -13.0, -13.0, -13.0]"


def test_every_name_of_the_package_exists():
    for name in dqnlib.__all__:
        assert getattr(dqnlib, name) is not None, name
    assert set(dqnlib.__all__) <= set(dir(dqnlib))
    with pytest.raises(AttributeError, match=r"dqnlib has no name 'train_tabula'; it has .*claim"):
        _ = dqnlib.train_tabula
