"""A lesson's claims, to be tried on data that they should reject.

    def test_each_claim_can_fail():
        assert_each_claim_can_fail("03_experience_replay", REJECTED)

REJECTED: {a part of the claim's text: names that its cell needs, with data that do not show it}.
"""

import ast
import contextlib
import io
from collections.abc import Callable

import nbformat

from dqnlib.course import notebooks


def code_cells(lesson: str) -> list[str]:
    """Return the sources of a lesson's code cells; lesson: the start of its file's name."""
    (path,) = notebooks.FOLDER.glob(f"{lesson}*.ipynb")
    cells = nbformat.read(path, as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "code"]


def claims_of(lesson: str) -> dict[str, str]:
    """Return the text of every claim of a lesson, and the source of its cell."""
    found = {}
    for source in code_cells(lesson):
        if "claim(" not in source:
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "claim":
                text = node.args[0]
                found[text.value if isinstance(text, ast.Constant) else ast.unparse(text)] = source
    return found


def verdicts(source: str, names: dict) -> str:
    """Run a cell with these names and what the lessons import; return what it prints."""
    import numpy as np

    import dqnlib

    given = {name: getattr(dqnlib, name) for name in ("claim", "interval", "Config", "predict")}
    given |= {"np": np, "reveal": lambda *args, **kwargs: None}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(source, "<cell>", "exec"), given | names)
    return printed.getvalue()


def assert_each_claim_can_fail(lesson: str, rejected: dict[str, dict | Callable]) -> None:
    """Fail if a claim is missing in the table, or if it holds on data that do not show it."""
    claims = claims_of(lesson)
    for part, names in rejected.items():
        texts = [text for text in claims if part in text]
        assert len(texts) == 1, f"{part!r} is in {len(texts)} claims of lesson {lesson}"
        printed = verdicts(claims.pop(texts[0]), names() if callable(names) else names)
        lines = [line for line in printed.splitlines() if part in line]
        assert lines, f"no verdict on {part!r}:\n{printed}"
        assert lines[0].startswith("DOES NOT HOLD"), f"cannot fail: {lines[0]}"
    assert not claims, f"not tried on data that they should reject: {list(claims)}"
