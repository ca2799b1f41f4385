"""The judge of whole notebooks: blank, wrong and right are told apart, whatever state a copy is in.

`tests/mutants/course/test_nbcheck.toml` lists the mutants that these tests kill.
"""

import csv
import io
import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from queue import Empty

import nbformat
import pytest

from dqnlib.course import (
    checks,
    copies,
    exercises,
    kernels,
    marks,
    nbcheck,
    notebooks,
    solving,
    written,
)

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


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The text of a lesson of four cells, executed."""
    path = tmp_path_factory.mktemp("executed") / "01_small.ipynb"
    nbformat.write(book(HEAD, FIRST, SECOND, USE), path)
    assert notebooks.main([str(path)]) == 0
    return path.read_text(encoding="utf-8")


@pytest.fixture
def course(tmp_path, monkeypatch, executed):
    """A lesson of four cells, executed, in place of the real ones."""
    folder = tmp_path / "course"
    folder.mkdir()
    monkeypatch.setattr(notebooks, "FOLDER", folder)
    path = folder / "01_small.ipynb"
    path.write_text(executed, encoding="utf-8")
    return path


def answered(path: Path, **bodies: str) -> nbformat.NotebookNode:
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        for dotted, node in solving.functions(cell.source):
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
        said = "\n".join(exercises.RIGHT.format(name) for name in RIGHT)
        cell.outputs = [nbformat.v4.new_output("stream", text=said)]
        cell.execution_count = 1
    status, out = judge(notebook, tmp_path, capsys)
    assert status == 1
    assert "✗ wrong    q_learning_target" in out
    assert "2 exercises: 1 blank, 1 wrong" in out


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
    again = nbformat.v4.new_code_cell(notebook.cells[-1].source)
    notebook.cells.insert(1, notebook.cells.pop())  # used before it is defined
    notebook.cells.append(again)  # and after it
    status, out = judge(notebook, tmp_path, capsys)
    assert status == 1
    assert "code cell 2 stopped with NameError" in out
    assert out.count("code cell") == 1  # each is held to its own output, wherever it stands
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
    source = solving.solve(textwrap.dedent(FIRST))
    assert source.strip().startswith('@exercise("dqnlib.tabular.q_learning_target")')
    assert written.solution(checks.find("dqnlib.tabular.q_learning_target")) in source
    assert "____" not in source


def test_several_copies_give_the_worst_status(course, tmp_path, capsys):
    right, blank = tmp_path / "a.ipynb", tmp_path / "b.ipynb"
    nbformat.write(answered(course, **RIGHT), right)
    nbformat.write(answered(course), blank)
    assert nbcheck.main([str(right), str(blank)]) == 3
    out = capsys.readouterr().out
    assert "a.ipynb" in out
    assert "b.ipynb" in out


# -- kernels that die, hang, flood, or kill ------------------------------------------------

KILL = "import os; os.kill(os.getpid(), 9)"
DEADLY = {
    "first": (0, KILL),
    "exercise": (1, KILL),
    "last": (3, KILL),
    "exits": (2, "import os; os._exit(0)"),
    "segfault": (2, "import ctypes; ctypes.string_at(0)"),
    "outside": (2, "import subprocess, os, time\n"
                   "subprocess.Popen(['kill', '-9', str(os.getpid())]); time.sleep(60)"),
}  # fmt: skip
HARMLESS = {
    "sys.exit": "import sys; sys.exit()",
    "input": "input('a word, please: ')",
    "flood": "for i in range(30_000): print('word ' * 20, flush=i % 100 == 0)",
    "exit": "exit()",  # nothing is left to run
}


def with_line(course, number, line):
    """Return a right copy that runs another line in its code cell of this number."""
    notebook = answered(course, **RIGHT)
    notebook.cells[number].source += f"\n{line}"
    return notebook


def store(notebooks_by_name, folder):
    paths = []
    for name, notebook in notebooks_by_name.items():
        paths.append(str(folder / f"{name}.ipynb"))
        nbformat.write(notebook, paths[-1])
    return paths


def reports_of(paths, **options):
    return {Path(path).stem: copies.judge(path, **options) for path in paths}


@pytest.mark.timeout(900)  # less than the limit of one cell: nobody waits for a dead kernel
def test_a_kernel_that_dies_harms_nobody_else(course, tmp_path, capsys):
    made = {name: with_line(course, *where) for name, where in DEADLY.items()}
    scratch = answered(course, **RIGHT)
    scratch.cells += [nbformat.v4.new_code_cell(line) for line in HARMLESS.values()]
    made["judge"] = with_line(course, 2, "import os; os.kill(os.getppid(), 9)")
    made["quits"] = with_line(course, 2, "quit()")
    made |= {"harmless": scratch, "good": answered(course, **RIGHT)}
    paths = [*store(made, tmp_path), str(tmp_path / "nowhere.ipynb")]
    table = tmp_path / "marks.csv"
    status = nbcheck.main(paths, csv_path=str(table), time_limit=1_000)
    assert status == 2  # one file is not there
    out, err = capsys.readouterr()
    assert "nowhere.ipynb: no such notebook" in err
    assert "INTERNALERROR" not in out + err
    found = {part.split(".ipynb")[0].rpartition("/")[2]: part for part in out.split("\n\n")}
    for name, (cell, _) in DEADLY.items():
        said = f"its kernel died in code cell {cell + 1}, the rest was not run"
        assert f"✗ {said}" in found[name], found[name]
        right = ["q_learning_target", "sarsa_target"][: max(0, cell - 1)]
        assert found[name].count("✓ right") == len(right), found[name]
    assert "✗ wrong    q_learning_target: its kernel died in this cell" in found["exercise"]
    assert "✗ not run  sarsa_target" in found["exercise"]
    assert "its judge's process was killed in code cell 3, the rest was not run" in found["judge"]
    assert "✓ right    q_learning_target" in found["judge"]  # known before
    assert "✗ code cell 3 ends the kernel with exit(), the rest was not run" in found["quits"]
    assert "2 exercises: 2 right" in found["quits"]
    assert "2 exercises: 2 right" in found["harmless"]
    assert "code cell 5 stopped with SystemExit" in found["harmless"]
    assert "code cell 6 stopped with StdinNotImplementedError" in found["harmless"]
    assert "✗" not in found["harmless"] + found["good"]
    assert "11 copies: 2 all right, 8 with something wrong, 1 not readable" in out

    rows = list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8-sig"))))
    assert [row["copy"] for row in rows] == paths
    row = {Path(row["copy"]).stem: row for row in rows}
    assert row["good"]["q_learning_target"] == row["good"]["sarsa_target"] == "right"
    assert (row["good"]["right"], row["good"]["exit status"]) == ("2", "0")
    assert row["exercise"]["sarsa_target"] == "not run"
    assert "kernel died in code cell 2" in row["exercise"]["notes"]
    assert row["nowhere"]["exit status"] == "2"


def ran_out(report) -> set[str]:
    """Return the numbers of the cells that ran out of time."""
    return set(re.findall(r"code cell (\d+): time ran out", "\n".join(report.remarks)))


@pytest.mark.timeout(900)
def test_a_cell_out_of_time_is_no_wrong_mark(course, tmp_path):
    """The limit holds for all cells: it grows until those that end have the time to."""
    slow = with_line(course, 1, "while True: pass")
    slow.cells[1].source = "while True: pass\n" + slow.cells[1].source
    slow.cells.append(nbformat.v4.new_code_cell(
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    ))  # fmt: skip
    slow.cells.append(nbformat.v4.new_code_cell("1 / 0"))
    flood = answered(course, **RIGHT)
    flood.cells.insert(1, nbformat.v4.new_code_cell("while True: print('word', flush=True)"))
    paths = store({"slow": slow, "flood": flood}, tmp_path)
    for limit in (5, 20, 80):
        found = reports_of(paths, time_limit=limit)
        if ran_out(found["slow"]) == {"2", "5"} and ran_out(found["flood"]) == {"2"}:
            break
    report = found["slow"]
    assert report.marks["q_learning_target"] == ("time ran out", f"time ran out after {limit} s")
    assert report.marks["sarsa_target"][0] == "right"
    assert report.notes == []  # cell 4 lacks what cell 2 was to make: that is no mistake either
    assert "NameError" in report.remarks[1]
    assert "perhaps since code cell 2 ran out of time" in report.remarks[1]
    assert "could not be stopped: the rest was not run" in report.remarks[2]
    assert (report.status, report.cell) == (1, 5)
    assert "KeyboardInterrupt" not in str(report)
    assert [mark for mark, _ in found["flood"].marks.values()] == ["right", "right"]
    assert found["flood"].remarks == [f"code cell 2: time ran out after {limit} s"]


def test_a_cell_that_goes_on_is_interrupted_once_more_and_then_given_up(monkeypatch):
    clock, sent = [0.0], []

    def nothing(kernel, stream, timeout):
        clock[0] += timeout
        raise Empty

    for name, fake in {
        "__init__": lambda kernel: None,
        "is_alive": lambda kernel: True,
        "interrupt": lambda kernel: sent.append(round(clock[0])),
        "get_message": nothing,
    }.items():
        monkeypatch.setattr(kernels.RunningKernel, name, fake)
    monkeypatch.setattr(kernels.time, "monotonic", lambda: clock[0])
    kernel = kernels.WatchedKernel()
    kernel.interrupt()
    with pytest.raises(Empty):
        kernel.get_message("iopub", timeout=1)
    assert (sent, round(clock[0])) == ([0, 4], 10)


def test_a_kernel_that_does_not_start(course, tmp_path, monkeypatch):
    (tmp_path / "ipykernel_launcher.py").write_text("raise SystemExit(1)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    [report] = reports_of(store({"copy": answered(course, **RIGHT)}, tmp_path)).values()
    assert "no kernel could be started" in report.notes[0]
    assert {mark for mark, _ in report.marks.values()} == {"not run"}
    assert report.status == 1


# -- what the machine says on stderr -------------------------------------------------------


def outputs_of(*texts):
    return [nbformat.v4.new_output("stream", name="stderr", text=text) for text in texts]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Matplotlib is building the font cache; this may take a moment.\n", False),
        ("Matplotlib created a temporary cache directory at /tmp/x because the\n", False),
        ("/usr/lib/python3/site-packages/a/b.py:7: DeprecationWarning: old\n  a()\n", False),
        ("/tmp/ipykernel_12/34.py:1: UserWarning: mine\n  warn()\n", True),
        ("/home/me/course/dqnlib/training.py:1: UserWarning: the course's\n  warn()\n", True),
        ('Exception in thread lab:\n  File "/c/dqnlib/labs/frame.py", line 1, in run\n', True),
    ],
)  # fmt: skip
def test_stderr_is_compared_where_it_names_the_course_or_a_cell(text, kept):
    assert bool(list(kernels._ours(outputs_of(text)))) == kept
    printed = nbformat.v4.new_output("stream", name="stdout", text=text)
    assert list(kernels._ours([printed])) == [printed]


@pytest.mark.timeout(600)
def test_figures_are_there_whatever_the_environment_says(tmp_path, monkeypatch, capsys):
    """Lesson 00 where no window can be opened, and matplotlib can keep nothing in its folder."""
    lesson = notebooks.lessons()[0]
    (tmp_path / lesson.name).write_bytes(lesson.read_bytes())
    monkeypatch.setattr(notebooks, "FOLDER", tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path / lesson.name / "no folder"))
    assert nbcheck.main([]) == 0, capsys.readouterr().out[-3000:]


# -- a batch, its paths, its table ---------------------------------------------------------


@pytest.mark.parametrize("text", ['{"cells": [', "", "[1, 2]", "\udcff", '{"nbformat": 4}'])
def test_files_that_are_no_notebooks(tmp_path, capsys, text):
    path = tmp_path / "broken.ipynb"
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    assert nbcheck.main([str(path)]) == 2
    assert "no notebook that Jupyter could read" in capsys.readouterr().err


def test_names_that_lead_to_no_notebook(tmp_path, capsys):
    (tmp_path / "mine.ipynb").write_text("{}", encoding="utf-8")
    (tmp_path / "link.ipynb").symlink_to(tmp_path / "gone.ipynb")
    names = [str(tmp_path / name) for name in ("mien.ipynb", "link.ipynb", ".", "x*.ipynb")]
    assert nbcheck.main(names) == 2
    err = capsys.readouterr().err
    assert "did you mean mine.ipynb?" in err
    assert "this link leads to no file" in err
    assert "this is a folder. Name the notebooks in it" in err
    assert "x*.ipynb: no such notebook" in err
    assert nbcheck.main([], extra=["-mine.ipynb"]) == 2
    assert "write ./-mine.ipynb" in capsys.readouterr().err


def test_odd_names_are_judged(course, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "a folder [1]"
    folder.mkdir()
    (folder / "data.txt").write_text("beside it")
    notebook = with_line(course, 1, "assert open('data.txt').read() == 'beside it'")
    monkeypatch.chdir(folder)
    name = "-tail [ab] *? ::x é 你.ipynb"
    nbformat.write(notebook, name)
    assert nbcheck.main([f"./{name}", str(folder / name)]) == 0, capsys.readouterr().out
    assert capsys.readouterr().out.count("2 right") == 1  # the same file twice is judged once


def test_patterns_that_the_shell_left_are_filled_in(tmp_path, monkeypatch):
    for name in ("b.ipynb", "a.ipynb", "[c].ipynb", "d.txt"):
        (tmp_path / name).touch()
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.ipynb").touch()
    monkeypatch.chdir(tmp_path)
    assert list(nbcheck._paths(["*.ipynb"])) == ["[c].ipynb", "a.ipynb", "b.ipynb"]
    assert list(nbcheck._paths(["[c].ipynb", "a.ipynb", "./a.ipynb"])) == ["[c].ipynb", "a.ipynb"]
    assert len(list(nbcheck._paths(["a.ipynb", "other/a.ipynb"]))) == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"copies": ["a.ipynb"], "solved": True}, "--solved is for the lessons"),
        ({"copies": [], "csv_path": "marks.csv"}, "--csv is for copies"),
        ({"copies": ["a.ipynb"], "time_limit": 0}, "--time-limit is in seconds, above 0"),
        ({"copies": ["a.ipynb"], "time_limit": float("nan")}, "--time-limit"),
        ({"copies": ["a.ipynb"], "csv_path": "no/such/folder/marks.csv"}, "no/such/folder"),
    ],
)
def test_wrong_arguments_get_a_word(arguments, says, capsys):
    assert nbcheck.main(**arguments) == 2
    assert says in capsys.readouterr().err


def report(copy, lesson="", unreadable="", **exercises):
    found = {name: (mark, "why" if mark == "wrong" else "") for name, mark in exercises.items()}
    return marks.Report(copy, lesson, found, unreadable=unreadable, done=True)


IN_ORDER = {"01_a": ["first", "second"], "02_b": ["third", "first"], "03_c": ["fourth"]}


def test_the_table_has_a_row_a_copy_and_a_column_an_exercise():
    found = [
        report("b.ipynb", "02_b", third="wrong", first="blank"),
        report("a.ipynb", "01_a", first="right", second="missing"),
        report("c.ipynb", unreadable="no such notebook"),
    ]
    rows = list(csv.reader(io.StringIO(marks.table(found, IN_ORDER))))
    assert rows[0] == [
        *("copy", "lesson", "01 first", "second", "third", "02 first"),
        *("right", "exercises", "exit status", "notes"),
    ]
    assert rows[1] == ["b.ipynb", "02_b", "", "", "wrong", "blank", "0", "2", "1", "third: why"]
    assert rows[2] == ["a.ipynb", "01_a", "right", "missing", "", "", "1", "2", "1", ""]
    assert rows[3] == ["c.ipynb", "", "", "", "", "", "0", "0", "2", "no such notebook"]
    assert marks.worst(found) == 2
    assert marks.worst(found[:2]) == 1


@pytest.mark.parametrize("name", ["=1+1", "+a", "-a", "@a", "\t=a", " =a", "|a", "%a"])
def test_no_name_becomes_a_formula(name):
    [_, row] = csv.reader(io.StringIO(marks.table([report(f"{name}.ipynb")], IN_ORDER)))
    assert row[0] == f"'{name}.ipynb"


@pytest.mark.parametrize("name", ['a "b", c\n.ipynb', "é 你.ipynb", "\udcff.ipynb", "a=b.ipynb"])
def test_other_names_reach_the_table_as_they_are(name, tmp_path):
    text = marks.table([report(name)], IN_ORDER)
    (tmp_path / "marks.csv").write_bytes(nbcheck._bytes(text))
    with open(tmp_path / "marks.csv", encoding="utf-8-sig", newline="") as file:
        [_, row] = csv.reader(file)
    assert row[0] == name.replace("\udcff", "\\udcff")
    assert (tmp_path / "marks.csv").read_bytes().startswith(b"\xef\xbb\xbf")  # for Excel


def test_the_table_alone_goes_to_stdout(monkeypatch, capfdbinary):
    def judged(name, time_limit, extra, aside):
        print("pytest's own words", file=sys.stderr if aside else sys.stdout)
        return report(name, "01_a", first="right")

    monkeypatch.setattr(nbcheck, "judge", judged)
    monkeypatch.setattr(nbcheck, "exercises", lambda: IN_ORDER)
    assert nbcheck.main(["é.ipynb"], csv_path="-", extra=["-v"]) == 0
    out, err = capfdbinary.readouterr()
    assert out.startswith(b"\xef\xbb\xbfcopy,lesson,first,second,right,")
    assert "✓ right    first" in err.decode()


def test_exit_statuses():
    assert report("a", first="right").status == 0
    assert report("a", first="right", second="blank").status == 3
    for mark in ("wrong", "missing", "not run", "time ran out"):
        assert report("a", first="blank", second=mark).status == 1
    assert report("a").status == 1
    noted = report("a", first="right")
    noted.notes.append("its kernel died in code cell 3, the rest was not run")
    assert noted.status == 1
    assert report("a", unreadable="gone").status == 2


def test_a_notebook_of_another_course(course, tmp_path, capsys):
    status, out = judge(book("print('hello')"), tmp_path, capsys)
    assert status == 1
    assert "no copy of a lesson" in out


def test_it_starts_without_what_no_notebook_needs():
    """Each copy has a process of its own: the grammars of addresses would cost it two seconds."""
    code = "import sys, dqnlib.course.nbcheck, nbval.plugin; print('lark' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr


@pytest.mark.timeout(600)
@pytest.mark.parametrize("lesson", [path.stem for path in notebooks.lessons()])
@pytest.mark.parametrize("args", [[], ["--solved"]], ids=["committed", "solved"])
def test_a_lesson_passes(args, lesson):
    """(a) and (b) of the README, on one of the real lessons."""
    done = subprocess.run(
        [sys.executable, "-m", "dqnlib", "check", *args, f"-k{lesson}"],
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
