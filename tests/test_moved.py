"""What was called otherwise is still found: imports, names and exercises of earlier copies.

`tests/mutants/test_moved.toml` lists the mutants that these tests kill.
"""

import importlib
import json
import re
import subprocess
import sys
import textwrap

import pytest

import dqnlib
from dqnlib import ____, exercise, hints, moved, own
from dqnlib.course import checks, nbcheck, overview, progress, solutions
from dqnlib.course.reference import load, reference_imports, reference_source
from dqnlib.course.types import Wrong

OLD = "dqnlib.bias.double_estimate"
NEW = "dqnlib.classics.maximization.double_estimate"
RIGHT = """
@exercise("dqnlib.bias.double_estimate")
def double_estimate(chooser, judge):
    return judge[range(len(judge)), chooser.argmax(1)].mean()
"""

# The import cells of the lessons as they were on 25 November 2026, the names that their other
# cells take from the library, and their exercises.
COPIES = {
    "00": """
        from dqnlib import TabularConfig, TabularModel, ____, claim, device_report, exercise
        from dqnlib import interval, labs, plots, predict, reveal, show_progress, tabular
        from dqnlib import train_tabular
        TabularModel.from_env, labs.DiscountLab, plots.animated_path, plots.learning_curves
        tabular.rollout
        exercise("dqnlib.tabular.episode_return")
        """,
    "01": """
        from dqnlib import TabularConfig, TabularModel, TabularTrainer, ____, claim, exercise
        from dqnlib import interval, labs, plots, predict, reveal, tabular, train_tabular
        labs.CliffLab, plots.error_curves, plots.greedy_paths, plots.q_grid, tabular.greedy_path
        tabular.policy_evaluation, tabular.random_streams, tabular.soft_policy
        tabular.value_iteration, tabular.Values, tabular.Path
        exercise("dqnlib.tabular.epsilon_greedy")
        exercise("dqnlib.tabular.q_learning_target")
        exercise("dqnlib.tabular.td_update")
        exercise("dqnlib.tabular.sarsa_target")
        exercise("dqnlib.tabular.expected_sarsa_target")
        """,
    "02": """
        from dqnlib import Config, ____, claim, exercise, interval, train
        from dqnlib import features, labs, plots, predict, reveal, studies
        features.TileCoder, features.baird(3)[0].shape, features.semi_gradient_sarsa, labs.BairdLab
        labs.SurfaceLab, plots.arms, plots.evaluation_curves, studies.load
        exercise("dqnlib.networks.QNetwork")
        exercise("dqnlib.targets.td_target")
        exercise("dqnlib.targets.mse_loss")
        """,
    "03": """
        from dqnlib import Batch, Config, QNetwork, Transition, ____, claim, exercise, interval
        from dqnlib import train, labs, plots, predict, reveal, studies
        labs.BufferLab, labs.TrainingLab, plots.record_curves
        exercise("dqnlib.replay.ReplayBuffer")
        exercise("dqnlib.replay.collect")
        """,
    "04": """
        from dqnlib import Config, Transition, ____, claim, exercise, interval, own
        from dqnlib import envs, labs, plots, policies, predict, reveal, studies, train
        envs.make_for, labs.ChaseLab, policies.epsilon_greedy, policies.linear_schedule
        policies.random_streams
        exercise("dqnlib.targets.hard_update")
        exercise("dqnlib.targets.polyak_update")
        exercise("dqnlib.targets.dqn_update")
        """,
    "05": """
        from dqnlib import Config, ____, bias, claim, exercise, interval, train
        from dqnlib import labs, plots, predict, reveal, studies
        bias.estimator_bias, bias.maximization_bias, bias.noisy_values, bias.polynomial_fits
        bias.single_estimate, labs.BiasLab, plots.band, plots.new_axes
        exercise("dqnlib.bias.double_estimate")
        exercise("dqnlib.targets.double_td_target")
        """,
    "code of a learner's own": """
        import dqnlib.bias as b, dqnlib.bias
        from dqnlib.bias import double_estimate
        from dqnlib.data import Batch, Config, TabularConfig, Run, TabularRun
        from dqnlib.experiments import interval, claim
        from dqnlib.replay import FrameReplayBuffer
        from dqnlib.tabular import value_iteration, Path
        from dqnlib.teach import assert_right
        """,
}


@pytest.mark.parametrize("copy", COPIES)
def test_an_earlier_copy_finds_its_names(copy):
    """In a fresh process, so that no other import has prepared the way."""
    source = textwrap.dedent(COPIES[copy])
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr


# -- the tables ----------------------------------------------------------------------------

EVERY = [f"{module}.{name}" for module, names in moved.NAMES.items() for name in names]


def test_an_old_module_is_the_new_one():
    for old, new in moved.MODULES.items():
        module = importlib.import_module(old)
        assert module is importlib.import_module(new)
        assert module.__name__ == module.__spec__.name == new
        assert getattr(dqnlib, old.removeprefix("dqnlib.")) is module


@pytest.mark.parametrize("old", [*EVERY, OLD])
def test_an_old_name_is_the_new_one(old):
    new = moved.today(old)
    assert new != old
    assert moved.today(new) == new
    assert old in moved.former(new)
    module, _, name = old.rpartition(".")
    assert getattr(importlib.import_module(module), name) is load(new)
    assert new.rpartition(".")[2] in vars(importlib.import_module(new.rpartition(".")[0]))


@pytest.mark.parametrize(
    "path", [NEW, "dqnlib.tabular.td_update", "chess", "", "dqnlib.bias", "a.b"]
)
def test_what_has_not_moved_keeps_its_name(path):
    assert moved.today(path) == path


def test_a_name_moves_on_and_on(monkeypatch):
    monkeypatch.setitem(moved.MODULES, "dqnlib.first", "dqnlib.second")
    monkeypatch.setitem(moved.MODULES, "dqnlib.second", "dqnlib.third")
    monkeypatch.setitem(moved.NAMES, "dqnlib.third", {"f": "dqnlib.fourth.h"})
    monkeypatch.setitem(moved.NAMES, "dqnlib.sixth", {"i": "dqnlib.third.f"})
    assert moved.today("dqnlib.first.f") == "dqnlib.fourth.h"
    assert moved.today("dqnlib.sixth.i") == "dqnlib.fourth.h"
    monkeypatch.delitem(moved.NAMES, "dqnlib.sixth")
    assert moved.today("dqnlib.first.g") == "dqnlib.third.g"
    found = moved.former("dqnlib.fourth.h")
    assert found == ["dqnlib.first.f", "dqnlib.second.f", "dqnlib.third.f"]
    assert moved.former("dqnlib.third.g") == ["dqnlib.first.g", "dqnlib.second.g"]
    assert moved.former("dqnlib.first.f") == []


@pytest.mark.parametrize("module", moved.NAMES)
def test_a_name_that_never_was_is_a_plain_error(module):
    with pytest.raises(AttributeError, match=rf"module '{module}' has no attribute 'chess'"):
        _ = importlib.import_module(module).chess
    with pytest.raises(ImportError, match="cannot import name 'chess'"):
        exec(f"from {module} import chess")
    assert not hasattr(importlib.import_module(module), "__path__")


def test_a_module_that_never_was_is_not_found():
    for name in ("dqnlib.chess", "dqnlib.bias.chess"):
        with pytest.raises(ModuleNotFoundError, match=name):
            importlib.import_module(name)


# -- exercises under their old key ---------------------------------------------------------


def test_the_check_the_hints_and_the_solution():
    assert checks.find(OLD) is checks.find(NEW)
    assert hints(OLD)._repr_html_() == hints(NEW)._repr_html_()
    assert reference_source(OLD) == reference_source(NEW)
    assert reference_imports(OLD) == reference_imports(NEW)
    with pytest.raises(ValueError, match=r"Did you mean 'dqnlib.classics.maximization.double_est"):
        checks.find("dqnlib.bias.double_estimates")


def test_an_answer_counts_under_the_key_of_today(capsys):
    assert exercise(OLD)(lambda chooser, judge: ____) is load(NEW)
    assert progress.read()[0]["exercises"] == {NEW: {"status": "blank", "tries": 0}}
    with pytest.raises(Wrong):
        exercise(OLD)(lambda chooser, judge: 3)
    assert progress.read()[0]["exercises"] == {NEW: {"status": "wrong", "tries": 1}}


def entry(status, tries=1):
    return {"status": status, "tries": tries}


@pytest.mark.parametrize(
    ("stored", "wanted"),
    [
        ({OLD: entry("right")}, entry("right")),
        ({OLD: entry("right"), NEW: entry("blank", 0)}, entry("right")),
        ({NEW: entry("blank", 0), OLD: entry("right", 2)}, entry("right", 2)),
        ({NEW: entry("right", 3), OLD: entry("wrong", 2)}, entry("right", 5)),
        ({OLD: entry("wrong", 3), NEW: entry("blank", 0)}, entry("wrong", 3)),
        ({OLD: entry("nonsense"), NEW: entry("wrong", 2)}, entry("wrong", 2)),
        ({OLD: entry("right", "many"), NEW: entry("wrong", 2)}, entry("right", 2)),
    ],
)
def test_progress_under_the_old_key_is_found(stored, wanted, dqnlib_home):
    dqnlib_home.mkdir()
    progress.path().write_text(json.dumps({"exercises": stored}))
    assert progress.read() == (
        {"version": 1, "exercises": {NEW: wanted}, "predictions": {}, "answers": {}},
        None,
    )
    row = re.search("<tr><td[^>]*>05 Double DQN.*?</tr>", overview.table())[0]
    mark = {"right": "✓", "wrong": "✗"}[wanted["status"]]
    assert f"{mark} double_estimate" in row
    progress.record(OLD, "right")
    assert list(progress.read()[0]["exercises"]) == [NEW]
    assert json.loads(progress.path().read_text())["exercises"][NEW]["status"] == "right"


def keep(path, value):
    file = solutions.file_of(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    source = RIGHT.replace('@exercise("dqnlib.bias.double_estimate")\n', "")
    imports = "from dqnlib.bias import single_estimate\nfrom dqnlib.data import Config\n"
    file.write_text(f"{imports}{source}\ndouble_estimate.kept = {value!r}\n", encoding="utf-8")


@pytest.mark.parametrize("asked", [OLD, NEW])
def test_an_answer_that_was_kept_under_the_old_key_is_found(asked, capsys):
    keep(OLD, "then")
    (found,) = own(asked)
    assert found.kept == "then"
    assert "written by: double_estimate (you)" in capsys.readouterr().out
    keep(NEW, "now")
    assert own(asked)[0].kept == "now"


def test_a_copy_under_the_old_key_is_judged(tmp_path, capsys, monkeypatch):
    from dqnlib.course import notebooks

    nbformat = pytest.importorskip("nbformat")
    new = nbformat.v4.new_code_cell
    head = new("import numpy as np\n\nfrom dqnlib import ____, bias, exercise")
    answer = new(RIGHT.strip())
    lesson = new(f'@exercise("{NEW}")\ndef double_estimate(chooser, judge):\n    return ____')
    folder = tmp_path / "course"
    folder.mkdir()
    monkeypatch.setattr(notebooks, "FOLDER", folder)
    path = folder / "05_small.ipynb"
    today = new("import numpy as np\n\nfrom dqnlib import ____, exercise")
    nbformat.write(
        nbformat.v4.new_notebook(cells=[today, lesson], metadata=notebooks.METADATA), path
    )
    assert notebooks.main([str(path)]) == 0
    copy = tmp_path / "copy.ipynb"
    nbformat.write(
        nbformat.v4.new_notebook(cells=[head, answer], metadata=notebooks.METADATA), copy
    )
    capsys.readouterr()
    assert nbcheck.main([str(copy)]) == 0
    out = capsys.readouterr().out
    assert "a copy of 05_small" in out
    assert "✓ right    double_estimate" in out
