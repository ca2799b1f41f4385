"""The drawing of the house: its rooms from bottom to top, and what each takes from the others.

    python3 -m dqnlib house                  # as it stands
    python3 -m dqnlib house --ref dc901d4    # as it stood at a commit

Imports are read from the source and count wherever they stand, inside functions, too. The same code
tells the tests whether an import runs up the ladder or round in a circle.
"""

import ast
import graphlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
# The ladder: a room may import the rooms before it. A folder is a room; the modules beside the
# folders are named.
ROOMS = {
    "ground": "moved arguments together data config results intervals device storage registration",
    "lessons": "goals stacking atari catch minatar envs probes showcases policies networks targets "
    "rainbow replay prioritized frames attention transitions tabular planning features scores dqn "
    "balance streaming warehouse checkup climbing",
    "seeds": "",
    "experiments": "agents saved training staying clusters sweeps experiments flipping "
    "games speed swept torques without studies",
    "classics": "",
    "pictures": "plots grid_plots sweep_plots reports",
    "labs": "",
    "course": "",
    "hunts": "",
    "commands": "__main__",
}
# The law: here, everything is about one run, and nothing knows the axis S of many seeds.
ONE_RUN = ("lessons", "classics", "arguments", "config", "data")


@dataclass(frozen=True)
class Module:
    """One file of the library; name: as of "seeds.update", without "dqnlib."."""

    name: str
    lines: int
    purpose: str  # first line of its text
    imports: frozenset[str]  # names of modules of the library
    computes: bool  # whether it loads modules by computed names


@dataclass(frozen=True)
class House:
    """The library at one moment; rooms: its ladder, empty if it had none."""

    modules: dict[str, Module]
    rooms: dict[str, str]

    def room_of(self, name: str) -> str:
        """Return the room of a module; its own name if it stands nowhere."""
        first, _, rest = name.partition(".")
        places = {module: room for room, names in self.rooms.items() for module in names.split()}
        return first if rest or first in self.rooms else places.get(first, first)

    def by_room(self) -> dict[str, list[Module]]:
        """Return the modules of each room, the lowest room first."""
        found: dict[str, list[Module]] = {}
        for name in sorted(self.modules):
            found.setdefault(self.room_of(name), []).append(self.modules[name])
        return {room: found[room] for room in self._from_the_ground(found)}

    def imports_of(self, room: str, inside: list[Module]) -> set[str]:
        """Return the other rooms that the modules of a room import."""
        return {self.room_of(name) for module in inside for name in module.imports} - {room}

    def _from_the_ground(self, found: dict[str, list[Module]]) -> list[str]:
        """Return the rooms in the order of the ladder; without one, each above what it imports."""
        order = [room for room in self.rooms if room in found]
        left = {room: self.imports_of(room, found[room]) for room in found if room not in order}
        while left:  # in a circle, the one that waits for the fewest
            room = min(left, key=lambda room: len(left[room] - {*order}))
            order.append(room)
            del left[room]
        return order

    def circle(self) -> list[str]:
        """Return modules of which each imports the next, and the last is the first; or nothing."""
        graph = {module.name: module.imports for module in self.modules.values()}
        try:
            graphlib.TopologicalSorter(graph).prepare()
        except graphlib.CycleError as error:
            return error.args[1][::-1]  # graphlib begins with what is imported
        return []

    def climbs(self) -> list[str]:
        """Return a line for each module without a room and each import that runs up the ladder."""
        rank, lines = {room: k for k, room in enumerate(self.rooms)}, []
        for module in self.modules.values():
            room = self.room_of(module.name)
            if room not in rank:
                lines.append(f"{module.name} has no room: add it to ROOMS in {__name__}")
                continue
            for other in sorted(module.imports):
                if rank.get(self.room_of(other), -1) > rank[room]:
                    lines.append(f"{module.name} imports {other}, which lies above it")
        return lines

    def draw(self) -> str:
        """Return the house as text, the lowest room first."""
        parts, rooms = [], self.by_room()
        for room, inside in rooms.items():
            lines = sum(module.lines for module in inside)
            below = self.imports_of(room, inside)
            names = ", ".join(other for other in rooms if other in below)
            parts.append(f"{room}: {lines:,} lines" + f", imports {names}" * bool(names))
            parts += [f"  {m.name:24}{m.lines:>5}  {m.purpose}" for m in inside]
            parts.append("")
        total = sum(module.lines for module in self.modules.values())
        parts.append(f"{len(rooms)} rooms, {len(self.modules)} modules, {total:,} lines")
        around = self.circle()
        parts.append(f"a circle: {' -> '.join(around)}" if around else "no circle")
        return "\n".join(parts)


def read(ref: str | None = None) -> House:
    """Return the house as it stands, or as of a commit.

    Raises ValueError for a commit that git does not know, and for one without a library.
    """
    return build(dict(_here() if ref is None else _at(ref)))


def build(sources: dict[str, str]) -> House:
    """Return the house of these modules: name -> source."""
    lazy = _table(sources.get("__init__", ""), "_HOME")
    known = {*sources} - {"__init__"}
    modules = {name: _module(name, sources[name], known, lazy) for name in sorted(known)}
    return House(modules, _table(sources.get("course.house", ""), "ROOMS"))


def main(ref: str | None = None) -> int:
    """Print the house as it stands, or as of a commit. Return the exit status."""
    try:
        house = read(ref)
    except ValueError as error:
        print(f"✗ {error}", file=sys.stderr)
        return 2
    print(house.draw())
    return 0


# -- reading -------------------------------------------------------------------------------


def _here() -> Iterator[tuple[str, str]]:
    for file in sorted(HOME.rglob("*.py")):
        yield _name(file.relative_to(HOME)), file.read_text(encoding="utf-8")


def _at(ref: str) -> Iterator[tuple[str, str]]:
    commit = _git("rev-parse", "--verify", "--end-of-options", f"{ref}^{{commit}}").strip()
    listed = _git("ls-tree", "-r", "--name-only", commit, "--", "dqnlib").splitlines()
    files = [path for path in listed if path.endswith(".py")]
    if not files:
        raise ValueError(f"there is no library in the folder dqnlib at commit {ref}")
    for path in files:
        yield _name(Path(path).relative_to("dqnlib")), _git("show", f"{commit}:./{path}")


def _git(*args: str) -> str:
    try:
        done = subprocess.run(
            ["git", *args], cwd=HOME.parent, capture_output=True, text=True, encoding="utf-8"
        )
    except OSError:
        raise ValueError("an earlier house is read with git, which is not installed") from None
    if done.returncode:
        raise ValueError(f"git {' '.join(args)}: {done.stderr.strip()}")
    return done.stdout


def _name(file: Path) -> str:
    """Return the name of a module, "seeds" for seeds/__init__.py and "__init__" for the first."""
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def _module(name: str, source: str, known: set[str], lazy: dict[str, str]) -> Module:
    tree = ast.parse(source)
    purpose = (ast.get_docstring(tree) or "").partition("\n")[0]
    found = {_target(path, known, lazy) for path in _imported(tree, name, known)}
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    called = {getattr(f, "attr", getattr(f, "id", "")) for f in calls}
    return Module(
        name,
        len(source.splitlines()),
        purpose,
        frozenset(found - {name, ""}),
        not {"import_module", "__import__"}.isdisjoint(called),
    )


def _imported(tree: ast.Module, name: str, known: set[str]) -> Iterator[str]:
    """Yield the dotted paths that a file imports, anywhere in it."""
    is_folder = any(other.startswith(f"{name}.") for other in known)
    package = ["dqnlib", *name.split(".")][: None if is_folder else -1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = [*base, *filter(None, [node.module])]
            yield from (".".join([*base, alias.name]) for alias in node.names)


def _target(path: str, known: set[str], lazy: dict[str, str]) -> str:
    """Return the module that an imported path stands for; empty if it is not the library's."""
    first, *rest = path.split(".")
    if first != "dqnlib" or not rest:
        return ""
    if len(rest) == 1 and rest[0] not in known:
        return lazy.get(rest[0], "")  # `from dqnlib import claim`
    while rest and ".".join(rest) not in known:
        rest.pop()
    return ".".join(rest)


def _table(source: str, name: str) -> dict[str, str]:
    """Return a table that a file holds under a name; an empty one if there is none."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
            return ast.literal_eval(node.value)
    return {}
