"""How often each verdict of a lesson holds on five sets of seeds that nobody has looked at.

    python3 -m dqnlib bench -k verdicts          # or -k "verdicts and 03" for one lesson

The code cells of the lessons run once a set, with every seed moved away; pictures and labs are
left out. The stored studies stay what they are, unless DQN_BENCH_STUDIES names a folder: then each
arm is trained with fifty fresh seeds (minutes an arm, kept in the folder), and each set sees ten of
them. Prints a table; a verdict that holds less than five times of five is too bold.
"""

import contextlib
import dataclasses
import io
import os
import re
from collections import defaultdict
from pathlib import Path

import nbformat
import pytest

from dqnlib import saved, studies, train
from dqnlib.config import Config
from dqnlib.course import notebooks
from dqnlib.results import Run

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


def fresh_run(config: Config, folder: Path) -> Run:
    """Return an arm of a study, trained with fifty seeds that nobody has looked at."""
    seeds = tuple(range(1_000, 1_000 + 10 * len(SETS)))
    file = folder / saved.file_name(config, seeds)
    if not file.is_file():
        run = train(config, seeds)
        folder.mkdir(parents=True, exist_ok=True)
        saved.save_run(dataclasses.replace(run, parameters={}, best_parameters={}), file)
    return saved.load_run(file)


def ten_of(run: Run, number: int) -> Run:
    """Return the runs of ten of the seeds; number: 0 for the first ten."""
    rows = slice(10 * number, 10 * number + 10)
    return dataclasses.replace(
        run, seeds=run.seeds[rows], returns=run.returns[rows], ends=run.ends[rows],
        records={name: values[rows] for name, values in run.records.items()},
        eval_returns=run.eval_returns[rows], diverged=run.diverged[rows],
        best_steps=run.best_steps[rows],
    )  # fmt: skip


def fresh_studies(number: int):
    """Return what takes the place of `studies.load` for a set."""
    folder = os.environ.get("DQN_BENCH_STUDIES")
    stored = studies.load

    def load(name: str) -> dict[str, Run]:
        if not folder:
            return stored(name)
        arms = studies.find(name).arms
        return {arm: ten_of(fresh_run(c, Path(folder)), number) for arm, c in arms.items()}

    return load


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
def test_verdicts_on_fresh_seeds(path, monkeypatch):
    """Print how many of the sets each verdict held on."""
    loads = [fresh_studies(number) for number in range(len(SETS))]
    held: dict[str, list[bool]] = defaultdict(list)
    for number, start in enumerate(SETS):
        monkeypatch.setattr(studies, "load", loads[number])
        for text, holds in verdicts(path, start).items():
            held[text].append(holds)
    print(f"\n{path.name}, seeds from {', '.join(map(str, SETS))}")
    for text, results in held.items():
        print(f"  {sum(results)} of {len(results)}  {text}")
    assert held, "the lesson makes no claim"
