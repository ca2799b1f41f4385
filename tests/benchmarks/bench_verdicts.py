"""How often each verdict of a lesson holds on five sets of seeds that nobody has looked at.

    python3 -m dqnlib bench -k verdicts          # or -k "verdicts and 03" for one lesson

The code cells of the lessons run once a set, with every seed moved away; pictures and labs are
left out. Stored results stay what they are. Prints a table; a verdict that holds less than five
times of five is too bold.
"""

import contextlib
import io
import re
from collections import defaultdict

import nbformat
import pytest

from dqnlib import notebooks

SETS = (1000, 2000, 3000, 4000, 5000)
SEEDS = re.compile(r"(seeds=|, |for seed in )range\((\d+)\)")


def moved(source: str, start: int) -> str:
    """Move the seeds of a cell, and take its pictures and labs out."""
    if source.startswith("labs."):
        return ""
    source = SEEDS.sub(lambda m: f"{m[1]}range({start}, {start + int(m[2])})", source)
    source = re.sub(r"seeds=\[(\d)\]", lambda m: f"seeds=[{start + int(m[1])}]", source)
    source = re.sub(r"\bseed=(\d)\)", lambda m: f"seed={start + int(m[1])})", source)
    keep = [line for line in source.splitlines() if not line.startswith(("labs.", "%"))]
    return "\n".join(keep)


def verdicts(path, start: int) -> dict[str, bool]:
    """Run the code cells of a lesson with moved seeds; return which claims held."""
    from matplotlib import pyplot

    pyplot.switch_backend("agg")
    printed, space = io.StringIO(), {}
    with contextlib.redirect_stdout(printed):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                exec(compile(moved(cell.source, start), path.name, "exec"), space)
                pyplot.close("all")
    found = re.findall(r"^(holds|DOES NOT HOLD): (.*)$", printed.getvalue(), re.MULTILINE)
    return {text: word == "holds" for word, text in found}


@pytest.mark.parametrize("path", notebooks.lessons(), ids=lambda path: path.stem)
def test_verdicts_on_fresh_seeds(path):
    """Print how many of the sets each verdict held on."""
    held: dict[str, list[bool]] = defaultdict(list)
    for start in SETS:
        for text, holds in verdicts(path, start).items():
            held[text].append(holds)
    print(f"\n{path.name}, seeds from {', '.join(map(str, SETS))}")
    for text, results in held.items():
        print(f"  {sum(results)} of {len(results)}  {text}")
    assert held, "the lesson makes no claim"
