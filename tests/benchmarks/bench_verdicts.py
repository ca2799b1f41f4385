"""How often each verdict of a lesson holds on five sets of seeds that nobody has looked at.

    python3 -m dqnlib bench -k verdicts          # or -k "verdicts and 03" for one lesson

The code cells of the lessons run once a set; pictures, labs and bug hunts are left out. A lesson
keeps the numbers of its seeds, so it may ask a run for its seed 0: in each set a number is the seed
of other random numbers. The stored studies stay what they are, unless DQN_BENCH_STUDIES names a
folder: then each arm is trained with fifty fresh seeds (minutes an arm, kept in the folder), and
each set sees ten of them. Prints a table; a verdict that holds less than five times of five is too
bold, and what was measured stands below it.
"""

import ast
import contextlib
import dataclasses
import functools
import io
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch

import dqnlib
from dqnlib import experiments, saved, studies, train
from dqnlib.config import Config
from dqnlib.course import notebooks
from dqnlib.results import Run
from dqnlib.staying import some

SETS = (1000, 2000, 3000, 4000, 5000)
FRESH = tuple(range(1_000, 1_000 + 10 * len(SETS)))  # the seeds of a study that is trained anew


AS_EVER = {
    (place, name): getattr(place, name)
    for place, name in (
        (np.random, "SeedSequence"),
        (np.random, "default_rng"),
        (torch, "Generator"),
        (torch, "manual_seed"),
        (dqnlib, "sweep"),
    )
}


def other_chance(number: int) -> dict[tuple, Callable]:
    """Return what takes the place of `AS_EVER`, so that every seed has other random numbers."""

    class SeedSequence(np.random.SeedSequence):  # Gymnasium seeds with one, too
        def __init__(self, entropy=None, **more):
            if isinstance(entropy, int | np.integer):
                entropy = int(entropy) + (number << 128)  # no seed that anybody gives is so large
            elif entropy is not None:
                entropy = [*entropy, number]
            super().__init__(entropy, **more)

    def default_rng(seed=None, fresh=np.random.default_rng):
        return fresh(SeedSequence(seed) if isinstance(seed, int | np.integer | list) else seed)

    class Generator(torch.Generator):
        def manual_seed(self, seed):
            return super().manual_seed(seed + number)

    def manual_seed(seed, fresh=torch.manual_seed):
        return fresh(seed + number)

    # workers would have the random numbers as ever
    here = functools.partial(experiments.sweep, backend="sequential")
    return dict(
        zip(AS_EVER, (SeedSequence, default_rng, Generator, manual_seed, here), strict=True)
    )


@contextlib.contextmanager
def with_chance(chance: dict[tuple, Callable]) -> Iterator[None]:
    """Draw from other random numbers, or from those as ever."""
    with pytest.MonkeyPatch.context() as patch:
        for (place, name), value in chance.items():
            patch.setattr(place, name, value)
        yield


def test_other_chance():
    """Each set has its own random numbers, the same ones each time, and row k is seed k alone."""

    def drawn():
        config = Config(steps=120, warmup=50, eval_every=0, noisy=True)
        runs = train(config, range(2)), train(config, [1])
        assert np.array_equal(runs[0].returns[1], runs[1].returns[0])
        torch.manual_seed(0)
        generator = torch.Generator().manual_seed(0)
        return [
            *runs[0].returns[1], np.random.default_rng(0).random(),
            np.random.default_rng([0, 1]).random(), torch.rand(1).item(),
            torch.rand(1, generator=generator).item(),
        ]  # fmt: skip

    found = {}
    as_ever = drawn()
    for number in SETS[:2]:
        with with_chance(other_chance(number)):
            found[number] = drawn()
            assert drawn() == found[number]
            with with_chance(AS_EVER):
                assert drawn() == as_ever
    assert not set(as_ever[-4:]) & {*found[1000], *found[2000]}
    assert found[1000] != found[2000]
    assert drawn() == as_ever


def verdicts(path: Path) -> dict[str, tuple[bool, str]]:
    """Run the code cells of a lesson; return which claims held, and what they measured."""
    from matplotlib import pyplot

    pyplot.switch_backend("agg")
    printed, space = io.StringIO(), {}
    with contextlib.redirect_stdout(printed):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code" and not re.search(r"\bhunt\b", cell.source):
                exec(compile(without_labs(cell.source), path.name, "exec"), space)
                pyplot.close("all")
    claims = r"^(holds|DOES NOT HOLD): (.*)$(?:\n +measured: (.*)$)?"
    found = re.findall(claims, printed.getvalue(), re.MULTILINE)
    return {text: (word == "holds", measured) for word, text, measured in found}


def without_labs(source: str) -> str:
    """Take the labs and the notebook's own commands out of a cell."""
    lines = ["" if line.startswith("%") else line for line in source.splitlines()]
    for node in ast.parse("\n".join(lines)).body:
        if ast.unparse(node).startswith("labs."):
            lines[node.lineno - 1 : node.end_lineno] = [""] * (node.end_lineno - node.lineno + 1)
    return "\n".join(lines)


def fresh_studies(number: int):
    """Return what takes the place of `studies.load` for a set."""
    folder = os.environ.get("DQN_BENCH_STUDIES")
    stored, ten = studies.load, slice(10 * number, 10 * number + 10)

    def load(name: str) -> dict[str, Run]:
        if not folder:
            return stored(name)
        study = dataclasses.replace(studies.find(name), seeds=FRESH)
        with with_chance(AS_EVER):
            return {
                arm: some(fresh_run(study, c, Path(folder)), ten) for arm, c in study.arms.items()
            }

    return load


def fresh_run(study: studies.Study, config: Config, folder: Path) -> Run:
    """Return an arm of a study, trained anew, or from the folder."""
    file = folder / saved.file_name(config, study.seeds)
    if not file.is_file():
        run = studies._trained(study, config, progress=False)
        folder.mkdir(parents=True, exist_ok=True)
        saved.save_run(dataclasses.replace(run, parameters={}, best_parameters={}), file)
    return saved.load_run(file)


@pytest.mark.parametrize("path", notebooks.lessons(), ids=lambda path: path.stem)
def test_verdicts_on_fresh_seeds(path, monkeypatch):
    """Print how many of the sets each verdict held on."""
    loads = [fresh_studies(number) for number in range(len(SETS))]
    held: dict[str, list[tuple[bool, str]]] = defaultdict(list)
    for number, load in zip(SETS, loads):
        monkeypatch.setattr(studies, "load", load)
        with with_chance(other_chance(number)):
            for text, found in verdicts(path).items():
                held[text].append(found)
    print(f"\n{path.name}, on {len(SETS)} sets of seeds")
    for text, found in held.items():
        count = sum(holds for holds, _ in found)
        print(f"  {count} of {len(found)}  {text}")
        for holds, measured in found if count < len(found) else ():
            print(f"          {'held' if holds else 'DID NOT'}: {measured}")
    assert held, "the lesson makes no claim"
