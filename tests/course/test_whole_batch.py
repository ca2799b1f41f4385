"""No check accepts an answer that treats the whole batch where each row is meant.

The answers are made by machine: the library's own source, with one thing changed that mixes up the
rows or the axes of a batch. A check that accepts one of them has cases that are too poor: it needs
two live rows and an ended one, with other best actions, and as many rows as actions in no case but
some. The last test is the mutant of these tests: such a poor check is found out.
"""

import ast
import dataclasses
import linecache

import numpy as np
import pytest

from dqnlib.course import checks
from dqnlib.course.judge import run_check
from dqnlib.course.reference import reference_imports, reference_source
from dqnlib.course.types import Wrong

# exercise -> its arguments that hold a batch, by their shape
BATCHES = {
    "dqnlib.targets.td_target": {"rows": ["reward"], "ends": ["terminated"], "tables": ["next_q"]},
    "dqnlib.targets.double_td_target": {
        "rows": ["reward"],
        "ends": ["terminated"],
        "tables": ["online_next_q", "target_next_q"],
    },
    "dqnlib.targets.mse_loss": {
        "rows": ["td_target"],
        "picks": ["action"],
        "tables": ["q"],
    },
    "dqnlib.targets.dqn_update": {
        "rows": ["batch.reward"],
        "ends": ["batch.terminated"],
        "picks": ["batch.action"],
        "tables": ["batch.obs", "batch.next_obs", "online(batch.obs)", "target(batch.next_obs)"],
    },
    "dqnlib.classics.maximization.double_estimate": {"arrays": ["chooser", "judge"]},
}
SWAPS = {
    "rows": ["{}.mean()", "{}[0]", "{}[-1]", "{}.flip(0)", "{}.sum()", "{}.max()", "{}[:, None]"],
    "ends": ["{}.any()", "{}.all()", "{}[0]", "{}[-1]", "{}.flip(0)", "{}[:, None]"],
    "picks": ["{}.flip(0)", "{}[[0]].expand_as({})", "{}[[-1]].expand_as({})"],
    "tables": [
        "{}.flip(0)", "{}.flip(1)", "{}[[0]].expand_as({})", "{}[[-1]].expand_as({})",
        "{}.mean(dim=0, keepdim=True).expand_as({})", "{}.amax(dim=0, keepdim=True).expand_as({})",
    ],
    "arrays": [
        "{}[::-1]", "{}[:, ::-1]", "{}[[0] * len({})]", "{}[[-1] * len({})]",
        "{}.mean(axis=0, keepdims=True).repeat(len({}), axis=0)",
    ],
}  # fmt: skip


# The largest of a row is the same from the left and from the right.
EQUIVALENT = {
    ("dqnlib.targets.td_target", "next_q as next_q.flip(1)"),
    ("dqnlib.targets.dqn_update", "target(batch.next_obs) as target(batch.next_obs).flip(1)"),
}


def swapped(path):
    """Yield (what was changed, source) with one argument of the batch replaced in one place."""
    source = reference_source(path)
    tree = ast.parse(source)
    lines = source.splitlines(keepends=True)
    starts = [sum(len(line.encode()) for line in lines[:n]) for n in range(len(lines))]
    whole = source.encode()
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    lengths = {a for call in calls if ast.unparse(call.func) == "len" for a in call.args}
    for kind, names in BATCHES[path].items():
        for name in names:
            for node in ast.walk(tree):
                if not isinstance(node, ast.expr) or ast.unparse(node) != name or node in lengths:
                    continue
                start = starts[node.lineno - 1] + node.col_offset
                end = starts[node.end_lineno - 1] + node.end_col_offset
                for swap in SWAPS[kind]:
                    new = swap.replace("{}", name).encode()
                    yield f"{name} as {new.decode()}", (whole[:start] + new + whole[end:]).decode()


class Axis(ast.NodeTransformer):
    """Changes the axis of the call number `number`, or takes it out where `new` is None."""

    def __init__(self, number, new):
        self.number, self.new, self.count, self.changed = number, new, -1, ""

    def visit_Attribute(self, node):
        node = self.generic_visit(node)
        if node.attr == "values" and getattr(node.value, "without_axis", False):
            return node.value
        return node

    def visit_Call(self, node):
        node = self.generic_visit(node)
        axis = next((k for k in node.keywords if k.arg in ("dim", "axis")), None)
        if axis is None:
            return node
        self.count += 1
        if self.count != self.number:
            return node
        self.changed = ast.unparse(node)
        if self.new is not None:
            axis.value = ast.Constant(self.new)
            return node
        node.keywords = []
        node.without_axis = True
        if ast.unparse(node.func).endswith("argmax"):  # one action for all rows
            table = ast.unparse(node.func.value)
            return ast.parse(f"({ast.unparse(node)} % {table}.shape[1]).reshape(1)"
                             f".repeat(len({table}))[:, None]").body[0].value  # fmt: skip
        return node


def other_axis(path):
    """Yield (what was changed, source) with an axis changed or taken out."""
    for number in range(9):
        for new in (None, 0):
            change = Axis(number, new)
            tree = ast.fix_missing_locations(change.visit(ast.parse(reference_source(path))))
            if change.changed:
                yield f"{change.changed} with axis {new}", ast.unparse(tree)


MUTANTS = [
    (path, what, source)
    for path in BATCHES
    for what, source in (*swapped(path), *other_axis(path))
    if (path, what) not in EQUIVALENT
]


def function(path, source):
    """Return the function that the source defines, with the imports of the library's own."""
    file = "/tmp/ipykernel_1/whole_batch.py"
    source = "\n".join([*reference_imports(path), source])
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    names = {}
    exec(compile(source, file, "exec"), names)
    return names[path.rpartition(".")[2]]


def rejected(check, given):
    try:
        run_check(check, given)
    except Wrong:
        return True
    return False


def test_there_are_many():
    assert len(MUTANTS) > 90
    assert {path for path, _, _ in MUTANTS} == BATCHES.keys()
    for path in BATCHES:
        assert not rejected(checks.find(path), function(path, reference_source(path)))


@pytest.mark.parametrize("path", BATCHES)
def test_every_one_is_rejected(path):
    accepted = [
        what
        for where, what, source in MUTANTS
        if where == path and not rejected(checks.find(path), function(path, source))
    ]
    assert not accepted


def shapes(path):
    """Yield (rows, actions, ended rows) of the cases of an exercise."""
    for case in checks.find(path).cases:
        tables = [v for v in case.args.values() if np.ndim(v) == 2]
        yield *tables[0].shape, int(np.sum(case.args.get("terminated", False)))


@pytest.mark.parametrize("path", [path for path in BATCHES if checks.find(path).cases])
def test_the_cases_are_rich(path):
    found = list(shapes(path))
    assert any(rows != actions for rows, actions, _ in found)
    if "ends" in BATCHES[path]:
        assert any(ended and rows - ended >= 2 for rows, _, ended in found)
        gammas = [case.args["gamma"] for case in checks.find(path).cases]
        assert not {1, 0.99} & {*gammas}
        assert len({*gammas}) > 1


def test_a_poor_check_is_found_out():
    path = "dqnlib.targets.double_td_target"
    check = checks.find(path)
    case = check.cases[0]
    args = {k: v[::2] if np.ndim(v) else v for k, v in case.args.items()}  # one live row
    poor = dataclasses.replace(check, cases=(dataclasses.replace(
        case, args=args, expected=case.expected[::2]), check.cases[1]))  # fmt: skip
    accepted = [what for where, what, source in MUTANTS
                if where == path and not rejected(poor, function(path, source))]  # fmt: skip
    assert any("argmax" in what for what in accepted), accepted
