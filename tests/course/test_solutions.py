"""A right answer is kept with all that it uses, and a later lesson runs on it.

`tests/mutants/course/test_solutions.toml` lists the mutants that these tests kill.
"""

import contextlib
import linecache

import pytest
import torch

from dqnlib import exercise, own, targets
from dqnlib.course import exercises, solutions, types
from dqnlib.networks import QNetwork

TARGET = "dqnlib.targets.td_target"
GOOD = """
@exercise("dqnlib.targets.td_target")
def td_target(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max(1).values * ~terminated
"""


class Notebook:
    """Runs cells as a kernel does: one namespace, and the source of each cell is known."""

    def __init__(self):
        self.names, self.count = {"__name__": "__main__", "exercise": exercise}, 0

    def run(self, source: str) -> dict:
        self.count += 1
        file = f"<cell {id(self)}-{self.count}>"
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        exec(compile(source, file, "exec"), self.names)
        return self.names


@pytest.fixture
def notebook():
    return Notebook()


def kept(notebook, name: str):
    """Return what is left of an answer when its notebook is gone."""
    solutions.keep(f"lesson.{name}", notebook.names[name])
    notebook.names.clear()
    return solutions.fetch(f"lesson.{name}")


def test_a_later_lesson_runs_on_the_learners_own(notebook, capsys):
    mine = notebook.run(GOOD)["td_target"]
    notebook.names.clear()
    (found,) = own(TARGET)
    assert found is not targets.td_target
    assert found.__code__.co_code == mine.__code__.co_code
    assert found.__module__.startswith("dqnlib-solution")
    assert capsys.readouterr().out.splitlines()[1:] == [
        "From earlier lessons: your version where its check has passed, else the course's.",
        "       written by: td_target (you)",
    ]


def test_without_an_answer_it_is_the_courses(capsys):
    assert own(TARGET, "dqnlib.networks.QNetwork") == (targets.td_target, QNetwork)
    assert "td_target (the course), QNetwork (the course)" in capsys.readouterr().out


@pytest.mark.parametrize("body", ["return ____", "return reward"])
def test_only_a_right_answer_is_kept(notebook, body):
    source = GOOD.replace("return reward + gamma * next_q.max(1).values * ~terminated", body)
    notebook.names["____"] = exercises.____
    with contextlib.suppress(types.Wrong):
        notebook.run(source)
    assert not solutions.file_of(TARGET).exists()


def test_a_wrong_answer_leaves_the_right_one_that_was_kept(notebook):
    notebook.run(GOOD)
    with pytest.raises(types.Wrong):
        notebook.run(GOOD.replace("~terminated", "1"))
    assert own(TARGET)[0] is not targets.td_target


def test_the_newest_right_answer_counts(notebook):
    for k in (1, 2):
        notebook.run(GOOD.replace("    return", f"    version = {k}\n    return"))
        assert k in own(TARGET)[0].__code__.co_consts


@pytest.mark.parametrize(
    "text", ["def td_target(reward, terminated, next_q, gamma):\n    return reward", "1 +", "x = 1",
             "raise SystemExit", "\x00", "import no_such_module"],
)  # fmt: skip
def test_a_file_that_is_damaged_or_wrong_is_not_used(text, capsys):
    file = solutions.file_of(TARGET)
    file.parent.mkdir(parents=True)
    file.write_text(text)
    assert own(TARGET) == (targets.td_target,)
    assert "td_target (the course)" in capsys.readouterr().out


def test_an_unknown_exercise():
    with pytest.raises(ValueError, match=r"targets\.td_targets"):
        own("dqnlib.targets.td_targets")


def test_all_that_it_uses_is_kept(notebook):
    notebook.run(
        "import math\nimport numpy as np\nfrom torch import nn\nimport torch.nn.functional as F"
    )
    notebook.run("from dqnlib.targets import mse_loss as loss\nHALF, NAMES = 0.5, ('a', 'b')")
    notebook.run("def below(x):\n    return even(x - 1) if x else HALF")
    notebook.run("def even(x):\n    return below(x - 1) if x else math.inf")
    notebook.run("q = object()")  # a parameter has the same name
    notebook.run(
        "class Answer(nn.Module):\n"
        "    size: int = len(NAMES)\n"
        "    @staticmethod\n"
        "    def number(q):\n"
        "        found = [even(q) for q in range(2)]\n"
        "        return found, np.sqrt(4.0), loss.__name__, F.relu.__name__\n"
    )
    found, root, name, relu = kept(notebook, "Answer").number(1)
    assert found == [float("inf"), 0.5]
    assert (root, name, relu) == (2.0, "mse_loss", "relu")


def test_what_it_inherits_is_kept(notebook):
    notebook.run("class Base:\n    def one(self):\n        return 1")
    notebook.run("class Answer(Base):\n    def two(self):\n        return self.one() + 1")
    assert kept(notebook, "Answer")().two() == 2


def test_a_default_value_of_the_notebook_is_kept(notebook):
    notebook.run("START = 3\ndef answer(x=START):\n    return x")
    assert kept(notebook, "answer")() == 3


def test_an_answer_built_on_an_earlier_one(notebook):
    notebook.run(GOOD)
    notebook.names["td_target"] = own(TARGET)[0]
    notebook.run("def answer(*args):\n    return td_target(*args)")
    solutions.file_of(TARGET).unlink()
    tensors = torch.tensor([1.0]), torch.tensor([False]), torch.tensor([[2.0, 3.0]])
    assert kept(notebook, "answer")(*tensors, 0.5).tolist() == [2.5]


@pytest.mark.parametrize("value", ["open(__file__)", "object()", "float('nan')", "lambda x: x"])
def test_what_cannot_be_kept_is_said(notebook, value, capsys):
    notebook.names["__file__"] = __file__
    notebook.run(f"thing = {value}")
    source = GOOD.replace("    return", "    thing\n    return")
    assert notebook.run(source)["td_target"]  # the lesson itself goes on with it
    assert "✓ td_target: right." in (out := capsys.readouterr().out)
    assert "(Later lessons run on the course's own version: " in out
    assert own(TARGET) == (targets.td_target,)


def test_a_disk_that_takes_nothing_stops_nothing(notebook, dqnlib_home, capsys):
    dqnlib_home.mkdir()
    (dqnlib_home / "solutions").write_text("a file in place of the folder")
    assert notebook.run(GOOD)["td_target"]
    assert "(Later lessons run on the course's own version: " in capsys.readouterr().out
