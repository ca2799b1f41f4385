"""The judge of whole notebooks: blank, wrong and right are told apart, whatever state a copy is in.

Kills these mutants: a copy's own outputs are believed; a wrong answer passes because the lesson
goes on with the reference; a deleted exercise is not missed; a learner's scratch cell that fails
costs a point; cells are matched by their place or their id.
"""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import nbformat
import pytest

from dqnlib.course import exercises, nbcheck, notebooks

ROOT = notebooks.ROOT
HEAD = """
import numpy as np

from dqnlib import ____, claim, exercise
"""
FIRST = '''
@exercise("dqnlib.tabular.q_learning_target")
def q_learning_target(reward, terminated, next_q, gamma):
    """One number."""
    return ____
'''
SECOND = """
@exercise("dqnlib.tabular.sarsa_target")
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    return ____
"""
USE = """
target = q_learning_target(5.0, True, np.array([1.0, 2.0]), 0.9)
claim("the last step counts its reward alone", target == 5.0, f"{target}")
"""
RIGHT = {
    "q_learning_target": "return reward + gamma * next_q.max() * (not terminated)",
    "sarsa_target": "return reward if terminated else reward + gamma * next_q[next_action]",
}


def book(*sources: str) -> nbformat.NotebookNode:
    cells = [nbformat.v4.new_code_cell(textwrap.dedent(s).strip()) for s in sources]
    return nbformat.v4.new_notebook(cells=cells, metadata=notebooks.METADATA)


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A lesson of four cells, executed, in place of the real ones."""
    folder = tmp_path / "course"
    folder.mkdir()
    monkeypatch.setattr(notebooks, "FOLDER", folder)
    path = folder / "01_small.ipynb"
    nbformat.write(book(HEAD, FIRST, SECOND, USE), path)
    assert notebooks.main([str(path)]) == 0
    return path


def answered(path: Path, **bodies: str) -> nbformat.NotebookNode:
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        for dotted, node in nbcheck.functions(cell.source):
            name = dotted.rpartition(".")[2]
            if name in bodies:
                assert node.name == name
                cell.source = cell.source.replace("return ____", bodies[name])
    return notebook


def judge(notebook, tmp_path, capsys, name="copy.ipynb") -> tuple[int, str]:
    path = tmp_path / name
    nbformat.write(notebook, path)
    status = nbcheck.main([str(path)])
    return status, capsys.readouterr().out


def test_all_right(course, tmp_path, capsys):
    status, out = judge(answered(course, **RIGHT), tmp_path, capsys)
    assert status == 0, out
    assert "2 exercises: 2 right" in out


def test_all_blank_has_its_own_status(course, tmp_path, capsys):
    status, out = judge(answered(course), tmp_path, capsys)
    assert status == 3, out
    assert "2 exercises: 2 blank" in out


def test_a_wrong_answer_is_named_and_costs_nothing_else(course, tmp_path, capsys):
    kept = {**RIGHT, "q_learning_target": "return reward + gamma * next_q.max()"}
    status, out = judge(answered(course, **kept), tmp_path, capsys)
    assert status == 1
    assert "✗ wrong    q_learning_target: Likely: the value of a terminal state was kept." in out
    assert "✓ right    sarsa_target" in out
    assert "stopped with" not in out  # the cell that uses it went on with the reference


def test_outputs_that_the_copy_holds_are_not_believed(course, tmp_path, capsys):
    notebook = answered(course, q_learning_target="return 0.0")
    for cell in notebook.cells:
        cell.outputs = [nbformat.v4.new_output("stream", text="✓ q_learning_target: right.")]
        cell.execution_count = 1
    status, out = judge(notebook, tmp_path, capsys)
    assert status == 1
    assert "✗ wrong    q_learning_target" in out


def test_deleted_cells_are_missed(course, tmp_path, capsys):
    notebook = answered(course, **RIGHT)
    del notebook.cells[2]
    status, out = judge(notebook, tmp_path, capsys)
    assert status == 1
    assert "✗ missing  sarsa_target" in out
    assert "✓ right    q_learning_target" in out


def test_a_removed_decorator_counts_as_missing(course, tmp_path, capsys):
    notebook = answered(course, **RIGHT)
    lines = notebook.cells[1].source.splitlines()
    notebook.cells[1].source = "\n".join(lines[1:])
    status, out = judge(notebook, tmp_path, capsys)
    assert status == 1
    assert "✗ missing  q_learning_target" in out


def test_reordered_cells_are_judged_and_named(course, tmp_path, capsys):
    notebook = answered(course, **RIGHT)
    notebook.cells.insert(1, notebook.cells.pop())  # used before it is defined
    status, out = judge(notebook, tmp_path, capsys)
    assert status == 1
    assert "code cell 2 stopped with NameError" in out
    assert "2 exercises: 2 right" in out


def test_scratch_cells_of_the_learner_cost_nothing(course, tmp_path, capsys):
    notebook = answered(course, **RIGHT)
    notebook.cells.append(nbformat.v4.new_code_cell("1 / 0"))
    notebook.cells.append(nbformat.v4.new_code_cell("print('my own try')"))
    status, out = judge(notebook, tmp_path, capsys)
    assert status == 0, out
    assert "· code cell 5 stopped with ZeroDivisionError" in out


def test_a_syntax_error_in_an_exercise_is_wrong(course, tmp_path, capsys):
    status, out = judge(answered(course, q_learning_target="return reward +"), tmp_path, capsys)
    assert status == 1
    assert "✗ wrong    q_learning_target: SyntaxError" in out


@pytest.mark.parametrize("version", [(4, 0), (3, 0)])
def test_older_formats(course, tmp_path, capsys, version):
    notebook = answered(course, **RIGHT)
    path = tmp_path / "old.ipynb"
    if version[0] == 3:
        path.write_text(json.dumps(nbformat.convert(notebook, 3)), encoding="utf-8")
    else:
        for cell in notebook.cells:
            cell.pop("id", None)
        notebook.nbformat_minor = version[1]
        path.write_text(json.dumps(notebook), encoding="utf-8")
    status = nbcheck.main([str(path)])
    assert status == 0, capsys.readouterr().out


def test_a_cell_that_prints_something_else_than_the_course(course, tmp_path, capsys):
    notebook = answered(course, **RIGHT)
    notebook.cells[0].source += "\ndef claim(text, holds, measured):\n    print('changed')"
    status, out = judge(notebook, tmp_path, capsys)
    assert status == 1
    assert "code cell 4 does not print what the course prints: changed" in out


def test_measured_numbers_may_differ_in_a_copy(course, tmp_path, capsys):
    notebook = nbformat.read(course, as_version=4)
    text = notebook.cells[3].outputs[0].text
    assert "measured: 5.0" in text
    notebook.cells[3].outputs[0].text = text.replace("5.0", "4.9")
    nbformat.write(notebook, course)
    status, out = judge(answered(course, **RIGHT), tmp_path, capsys)
    assert status == 0, out
    assert nbcheck.main([]) == 0  # nor are they compared in the lesson: processors differ


def test_committed_and_solved(course, capsys):
    assert nbcheck.main([]) == 0
    assert nbcheck.main([], solved=True) == 0
    notebook = nbformat.read(course, as_version=4)
    notebook.cells[3].outputs[0].text = "holds: something else\n"
    nbformat.write(notebook, course)
    assert nbcheck.main([]) == 1
    capsys.readouterr()


def test_a_cell_that_never_ran_is_no_pass(course, capsys):
    notebook = nbformat.read(course, as_version=4)
    notebook.cells[3].outputs, notebook.cells[3].execution_count = [], None
    nbformat.write(notebook, course)
    assert nbcheck.main([]) != 0
    assert "never run" in "".join(capsys.readouterr())


def test_solving_puts_the_library_source_in():
    source = nbcheck.solve(textwrap.dedent(FIRST))
    assert source.strip().startswith('@exercise("dqnlib.tabular.q_learning_target")')
    assert exercises.reference_source("dqnlib.tabular.q_learning_target") in source
    assert "____" not in source


def test_several_copies_give_the_worst_status(course, tmp_path, capsys):
    right, blank = tmp_path / "a.ipynb", tmp_path / "b.ipynb"
    nbformat.write(answered(course, **RIGHT), right)
    nbformat.write(answered(course), blank)
    assert nbcheck.main([str(right), str(blank)]) == 3
    out = capsys.readouterr().out
    assert "a.ipynb" in out
    assert "b.ipynb" in out


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"cells": [', "no notebook that Jupyter could read"),
        ("", "no notebook that Jupyter could read"),
        ("[1, 2]", "no notebook that Jupyter could read"),
    ],
)
def test_files_that_are_no_notebooks(tmp_path, capsys, text, says):
    path = tmp_path / "broken.ipynb"
    path.write_text(text, encoding="utf-8")
    assert nbcheck.main([str(path)]) == 2
    assert says in capsys.readouterr().err


def test_a_name_that_does_not_exist_is_met_with_a_near_one(tmp_path, capsys):
    (tmp_path / "mine.ipynb").write_text("{}", encoding="utf-8")
    assert nbcheck.main([str(tmp_path / "mien.ipynb")]) == 2
    assert "did you mean mine.ipynb?" in capsys.readouterr().err


def test_a_notebook_of_another_course(course, tmp_path, capsys):
    status, out = judge(book("print('hello')"), tmp_path, capsys)
    assert status == 1
    assert "no copy of a lesson" in out


@pytest.mark.timeout(600)
@pytest.mark.parametrize("lesson", [path.stem for path in notebooks.lessons()])
@pytest.mark.parametrize("args", [[], ["--solved"]], ids=["committed", "solved"])
def test_a_lesson_passes(args, lesson):
    """(a) and (b) of the README, on one of the real lessons."""
    done = subprocess.run(
        [sys.executable, "-m", "dqnlib", "check", *args, "-k", lesson],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=590,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "passed" in done.stdout


def test_every_code_cell_was_run_in_order_without_an_error():
    for path in notebooks.lessons():
        cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
        assert [c.execution_count for c in cells] == list(range(1, len(cells) + 1)), path.name
        for cell in cells:
            assert all(o.output_type != "error" for o in cell.outputs), path.name
            assert all(notebooks.WIDGET not in o.get("data", {}) for o in cell.outputs), path.name
            text = "".join(o.text for o in cell.outputs if o.output_type == "stream")
            assert "DOES NOT HOLD" not in text, path.name


def test_stored_notebooks_do_not_depend_on_how_text_was_cut():
    notebook = book("print(1)")
    out = nbformat.v4.new_output
    notebook.cells[0].outputs = [
        out("stream", name="stdout", text="a"),
        out("stream", name="stdout", text="b"),
        out("stream", name="stderr", text="c"),
        out("display_data", data={"text/plain": "d", notebooks.WIDGET: {}}),
        out("stream", name="stdout", text="e"),
    ]
    notebooks.clean(notebook)
    found = notebook.cells[0].outputs
    assert [o.get("text") for o in found] == ["ab", "c", None, "e"]
    assert found[2].data == {"text/plain": "d"}
