"""Whether a text gives an exercise's solution away: the expressions of the solution, looked for."""

import ast
import functools
import re

from dqnlib.course import checks
from dqnlib.course.reference import reference_source


def plain(text):
    """Return a text with spaces between words only, in which an expression can be looked for."""
    text = re.sub(r"(?<=\w)\s+(?=\w)", " ", text).replace("'", '"')
    return re.sub(r"\s*(?<!\w) (?!\w)\s*|\s+(?=\W)|(?<=\W)\s+", "", text)


@functools.cache
def expressions(path):
    """Return the calls, operations, subscripts, comparisons and attributes of the solutions."""
    kinds = (ast.Call, ast.BinOp, ast.Subscript, ast.Compare, ast.Attribute, ast.UnaryOp)
    found = set()
    for tree in map(ast.parse, _solutions(path)):
        for node in _inside_bodies(tree):
            if isinstance(node, kinds) and not _is_constant(node):
                found.add(plain(ast.unparse(node)))
    return found


def _inside_bodies(tree):
    """Walk over what stands in the bodies: the first lines are given by the lesson."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.Module):
            for statement in node.body:
                if isinstance(statement, ast.AnnAssign):
                    statement.annotation = ast.Constant(None)
                if not isinstance(statement, ast.FunctionDef | ast.ClassDef):
                    yield from ast.walk(statement)


def _is_constant(node):
    return isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant)


def given_away(text, path):
    """Return the expressions of the solution that a text holds as whole words."""
    text = plain(text)
    return sorted(found for found in expressions(path) if re.search(_whole(found), text))


def _whole(found):
    before = r"(?<![\w.])" if re.match(r"\w", found) else ""
    return before + re.escape(found) + (r"(?!\w)" if re.search(r"\w$", found) else "")


def told_too_early(message, answer):
    """Return the expressions that a first message holds, but for the learner's own words."""
    lines = [line for line in message.splitlines() if " of the cell: " not in line]
    shown = "\n".join(line for line in lines if not line.startswith("  yours"))
    return [found for found in given_away(shown, answer.path) if found not in plain(answer.source)]


def ingredients(path):
    """Return, for each known solution, the calls, subscripts and the like that it is made of."""
    kinds = (ast.Call, ast.Subscript, ast.UnaryOp, ast.Attribute)

    def largest(node):
        if isinstance(node, kinds) and not _is_constant(node):
            yield plain(ast.unparse(node))
        else:
            for child in ast.iter_child_nodes(node):
                yield from largest(child)

    for tree in map(ast.parse, _solutions(path)):
        bodies = [n.body for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)] or [tree.body]
        found = {e for body in bodies for statement in body for e in largest(statement)}
        if found:
            yield found


def _solutions(path):
    """Return the library's source of an exercise, a learner's own, and the code of hint 3."""
    check = checks.find(path)
    code = "\n".join(filter(_parses, re.findall(r"`([^`]+)`", check.hints[2])))
    return filter(None, [reference_source(path), check.solution, code])


def _parses(code):
    try:
        return bool(ast.parse(code))
    except SyntaxError:  # a part of a statement
        return False
