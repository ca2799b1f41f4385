"""Exercises in notebooks: where they are, and the reference solutions in their place."""

import ast
import re
from collections.abc import Iterator

from dqnlib.course import checks, notebooks
from dqnlib.course.exercises import BLANK, RIGHT
from dqnlib.course.formats import nbformat
from dqnlib.course.written import imports, solution

DECORATOR = re.compile(r"""^@exercise\(\s*["']([\w.]+)["']""", re.MULTILINE)
_LINE = re.compile(re.escape(BLANK).replace(r"\{\}", r"(\w+)"))


def functions(source: str) -> Iterator[tuple[str, ast.FunctionDef | ast.ClassDef]]:
    """Yield (dotted path, function or class) for each @exercise of a cell."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a magic, or a learner's slip: running the cell will show it
        return
    for node in tree.body:
        for decorator in getattr(node, "decorator_list", []):
            if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "exercise":
                yield ast.literal_eval(decorator.args[0]), node


def solve(source: str) -> str:
    """Put the reference solutions into the exercises of a cell."""
    lines = source.splitlines()
    for path, node in reversed(list(functions(source))):
        check = checks.find(path)
        lines[node.lineno - 1 : node.end_lineno] = solution(check).splitlines()
        top = node.decorator_list[0].lineno - 1
        lines[top:top] = imports(check)
    return "\n".join(lines)


def solved_outputs(outputs: list) -> list:
    """Return a cell's outputs as they are once its blanks are filled in rightly."""
    outputs = nbformat.from_dict(outputs)
    for output in outputs:
        if output.output_type == "stream":
            output.text = _LINE.sub(lambda match: RIGHT.format(match[1]), output.text)
    return outputs


def exercises() -> dict[str, list[str]]:
    """Return the names of each lesson's exercises, in the course's order."""
    return {
        path.stem: [
            dotted.rpartition(".")[2]
            for cell in nbformat.read(path, as_version=4).cells
            if cell.cell_type == "code"
            for dotted in DECORATOR.findall(cell.source)
        ]
        for path in notebooks.lessons()
    }
