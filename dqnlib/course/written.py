"""The solution of an exercise as a learner would write it: what the hints show, and check runs.

It is the text that the check gives, or else the library's source without what a learner leaves
out: its docstring, its annotations, and imports that the lesson has already.
"""

import ast

from dqnlib import _HOME
from dqnlib.course import checks
from dqnlib.course.reference import reference_imports, reference_source
from dqnlib.course.types import Check


def solution(check: Check) -> str:
    """Return a solution that can be pasted into the lesson's cell, without its decorator."""
    return check.solution.strip("\n") or plain(reference_source(check.path))


def imports(check: Check) -> list[str]:
    """Return the lines that a solution needs above it, where the lesson has not such lines itself.

    Not among them: what the lessons have from earlier exercises, and names of its own.
    """
    known = {other.path for found in checks.sound_lessons()[0].values() for other in found}
    tree = ast.parse(solution(check))
    used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and _is_read(n)}
    own = {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
    own |= {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and not _is_read(n)}
    lines = []
    for line in reference_imports(check.path):
        home, _, name = line.removeprefix("from ").partition(" import ")
        called = (name or line).rpartition(" ")[2]
        if called not in used - own or f"{home}.{called}" in known:
            continue
        if _HOME.get(called) and f"dqnlib.{_HOME[called]}" == home:
            line = f"from dqnlib import {called}"
        lines.append(line)
    return lines


def _is_read(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Load)


def plain(source: str) -> str:
    """Return source without docstrings and annotations; all else stays as it is written."""
    lines, changes = source.splitlines(), []  # first line, line after the last, what comes there
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            begin, rest = node.body[0].lineno, node.body[1:]
            while lines[begin - 2].lstrip().startswith("#"):  # a comment before the first line
                begin -= 1
            if isinstance(node, ast.FunctionDef):
                changes.append((node.lineno, begin, _first_line(node)))
            if isinstance(node.body[0], ast.Expr):
                changes.append((begin, rest[0].lineno if rest else begin, None))
        elif isinstance(node, ast.AnnAssign):
            line = lines[node.lineno - 1]
            target, value = line[: node.target.end_col_offset], line[node.value.col_offset :]
            changes.append((node.lineno, node.lineno + 1, f"{target} = {value}"))
    for begin, after, line in sorted(changes, reverse=True, key=lambda change: change[0]):
        lines[begin - 1 : after - 1] = [] if line is None else [line]
    return "\n".join(lines)


def _first_line(node: ast.FunctionDef) -> str:
    for arg in ast.walk(node.args):
        if isinstance(arg, ast.arg):
            arg.annotation = None
    return f"{' ' * node.col_offset}def {node.name}({ast.unparse(node.args)}):"
