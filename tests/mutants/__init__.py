"""Mutants: deliberate breakages of the course, each with the test that must fail for it.

The TOML files beside this one mirror `tests/`. Each entry is one change of one file:

    [["dqnlib/targets.py"]]                        # the file that is broken
    breaks = "min for the max"                     # what is wrong then
    old = "next_q.max(dim=1).values"               # stands exactly once in the file
    new = "next_q.min(dim=1).values"
    test = "test_td_target_by_hand"                # fails then, and passes otherwise

`test` is the name of a test function or class, wherever it stands; "test_x[case]" is one of its
cases, and "test_storage.py::test_x" tells apart what has the same name. Keep `old` short, so that
it outlives refactorings; TOML's '''...''' takes a text of several lines as it is.

`tests/test_mutants.py` holds the table to the code as it is; `python3 -m dqnlib bench -k mutants`
applies every mutant to a copy and reports the survivors.
"""

import ast
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLES = Path(__file__).parent
ROOT = TABLES.parents[1]


@dataclass(frozen=True)
class Mutant:
    """One change of one file, and the test that must notice it."""

    table: str  # the file that lists it, as in "seeds/networks.toml"
    file: str  # the file that is changed, as in "dqnlib/targets.py"
    breaks: str  # what is wrong then, in words
    old: str
    new: str
    test: str

    def __str__(self) -> str:
        return f"{self.file}: {self.breaks}"

    def source(self, root: Path = ROOT) -> str:
        """Return the file with the change.

        Raises ValueError if `old` does not stand in it exactly once, with the files where it does.
        """
        source = _text(root / self.file) if (root / self.file).is_file() else ""
        if source.count(self.old) != 1:
            others = [
                path for path in sorted(root.glob("dqnlib/**/*.py")) if self.old in _text(path)
            ]
            names = " ".join(path.relative_to(root).as_posix() for path in others)
            raise ValueError(
                f"{self.old!r} stands {source.count(self.old)} times in it; in: {names}"
            )
        return source.replace(self.old, self.new)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def read(folder: Path = TABLES) -> list[Mutant]:
    """Return the mutants of all tables in the folder; raise ValueError for an entry of no use."""
    found = []
    for path in sorted(folder.rglob("*.toml")):
        table = path.relative_to(folder).as_posix()
        for file, entries in tomllib.loads(path.read_text(encoding="utf-8")).items():
            for entry in entries:
                if sorted(entry) != ["breaks", "new", "old", "test"]:
                    raise ValueError(f"{table}, {file}: wrong keys in {entry}")
                found.append(Mutant(table, file, **entry))
    return found


def faults(mutants: Iterable[Mutant], root: Path = ROOT) -> Iterator[str]:
    """Yield what is wrong with entries of the table; runs no test."""
    seen = Counter(str(mutant) for mutant in mutants)
    yield from (f"{name}: listed {n} times" for name, n in seen.items() if n > 1)
    for mutant in mutants:
        try:
            source = mutant.source(root)
            if mutant.old == mutant.new:
                raise ValueError("it changes nothing")
            if mutant.file.endswith(".py"):
                compile(source, mutant.file, "exec")
            node_id(mutant.test, root)
        except (ValueError, SyntaxError) as error:
            yield f"{mutant.table}: {mutant}: {error}"


def node_id(test: str, root: Path = ROOT) -> str:
    """Return pytest's name of a test, with its file; raise ValueError if there is not just one."""
    name, case = re.fullmatch(r"([^\[]*)(\[.*\])?", test, re.DOTALL).groups("")
    stem, _, name = name.rpartition("::")
    places = [path for path in _tests(root)[name] if path.endswith("/" + stem) or not stem]
    if len(places) != 1:
        raise ValueError(f"{test} is the name of {len(places)} tests: {places}")
    return f"{places[0]}::{name}{case}"


@cache
def _tests(root: Path) -> dict[str, list[str]]:
    """Return the files of each test, found without running anything."""
    places = defaultdict(list)
    for path in sorted((root / "tests").rglob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            targets = getattr(node, "targets", [node])  # TestX = Machine.TestCase is one, too
            for name in (getattr(target, "name", getattr(target, "id", "")) for target in targets):
                if name.startswith(("test", "Test")):
                    places[name].append(path.relative_to(root).as_posix())
    return places
