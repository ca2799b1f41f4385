"""The solutions as a learner would write them: shown under the hints, right where they are pasted.

`tests/mutants/course/test_written.toml` lists the mutants that these tests kill.
"""

import ast
import contextlib
import io
import linecache

import nbformat
import pytest

from dqnlib.course import checks, exercises, notebooks, solving, written
from dqnlib.course.solving import DECORATOR

CHECKS = {check.path: check for found in checks.lessons().values() for check in found}


def cells_with(path):
    """Return the first code cell of the notebook that has an exercise, and the exercise's cell."""
    for file in notebooks.lessons():
        cells = nbformat.read(file, as_version=4).cells
        code = [cell.source for cell in cells if cell.cell_type == "code"]
        found = [source for source in code if path in DECORATOR.findall(source)]
        if found:
            return code[0], found[0]
    pytest.skip(f"no notebook has {path} yet")
    return None


@pytest.mark.parametrize("path", CHECKS)
def test_a_solution_is_right_where_it_is_pasted(path):
    """In the cell of its notebook, after the cell of imports and nothing else."""
    first, cell = cells_with(path)
    names = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(first, names)
        exec("from dqnlib import ____, exercise", names)
        source = solving.solve(cell)
        file = f"/tmp/ipykernel_3/{path}.py"
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        for name in ("td_target", "mse_loss"):  # what dqn_update is made of
            names.setdefault(name, __import__("dqnlib.targets", fromlist=[name]).__dict__[name])
        exec(compile(source, file, "exec"), names)
    assert exercises.RIGHT.format(path.rpartition(".")[2]) in printed.getvalue()


@pytest.mark.parametrize("path", CHECKS)
def test_a_solution_is_as_a_learner_would_write_it(path):
    lines = written.imports(CHECKS[path])
    text = "\n".join([*lines, written.solution(CHECKS[path])])
    tree = ast.parse(text)
    assert len(text.splitlines()) <= 36
    assert '"""' not in text
    node = tree.body[-1]
    assert node.name == path.rpartition(".")[2]
    parameters = {arg.arg for arg in ast.walk(node) if isinstance(arg, ast.arg)}
    imported = {line.split()[-1] for line in lines}
    assert imported.isdisjoint(parameters)
    assert not [line for line in lines if "dqnlib." in line], "a private import"
    assert not any(a.annotation for a in ast.walk(node) if isinstance(a, ast.arg))


@pytest.mark.parametrize("path", CHECKS)
def test_it_stands_under_the_hints(path):
    import html

    page = html.unescape(exercises.hints(path)._repr_html_())
    assert written.solution(CHECKS[path]) in page


SOURCE = '''
class A(B):
    """Text.

    More.
    """

    size: int = 3

    def first(
        self,
        x: dict[str, int],  # gone
        *more: int,
        y: "A | None" = None,
    ) -> dict[str, int]:
        """Only this."""

    def second(self, γ: float = 0.5) -> "A":
        # a comment stays
        q: list[int] = [x for x in "->:"]  # and this
        return q
'''
PLAIN = """
class A(B):
    size = 3

    def first(self, x, *more, y=None):

    def second(self, γ=0.5):
        # a comment stays
        q = [x for x in "->:"]  # and this
        return q"""


def test_plain():
    source = SOURCE.replace(
        '        """Only this."""\n', '        """Only this."""\n        pass\n'
    )
    want = PLAIN.replace("y=None):\n", "y=None):\n        pass\n")
    found = written.plain(source)
    assert found == want
    ast.parse(found)


def test_what_earlier_lessons_have_is_not_imported_again():
    assert written.imports(CHECKS["dqnlib.targets.dqn_update"]) == ["import torch"]
    assert written.imports(CHECKS["dqnlib.targets.mse_loss"]) == []  # td_target is a parameter
    assert written.imports(CHECKS["dqnlib.replay.collect"]) == ["from dqnlib import Transition"]
    assert written.imports(CHECKS["dqnlib.replay.ReplayBuffer"]) == [
        "from dqnlib import Batch",
        "import numpy as np",
        "import torch",
    ]
