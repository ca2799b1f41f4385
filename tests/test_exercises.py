"""The exercise decorator around its checks: blanks, hints, messages in IPython, what is stored.

The tests fail for these mutants of `dqnlib.exercises`:
- a function with a blank in a nested function is judged; one that only names ____ in a text is not;
- ____ can be used in a sum, a condition or a setting without a word about what it stands for;
- the solution is a copy that may differ from the library's source, or is not escaped;
- an unknown exercise passes in silence;
- DQNLIB_ON_WRONG=continue still raises, or hides the message;
- a traceback around the message in IPython; a wrong function replaces an earlier one;
- an unwritable progress file stops the exercise;
- loading the judges loads training code or torch.
"""

import functools
import html
import importlib
import inspect
import json
import re
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from dqnlib import checks, exercises, progress
from dqnlib.exercises import Case, Check, Wrong, ____, exercise, hints, is_blank, load

PATH = "dqnlib.tabular.q_learning_target"
EVERY = [check for found in checks.lessons().values() for check in found]


def right(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max() * (not terminated)


def wrong(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max()


def blank(reward, terminated, next_q, gamma):
    return ____


right.__name__ = wrong.__name__ = blank.__name__ = "q_learning_target"


# -- blanks --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return ____", True),
        ("x = ____ + 1\n    return x", True),
        ("return [____ for _ in q]", True),
        ("return (lambda: ____)()", True),
        ("def inner():\n        return ____\n    return inner()", True),
        ("return max(q, key=____)", True),
        ("raise NotImplementedError", True),
        ("raise NotImplementedError('later') from None", True),
        ("pass", True),
        ("...", True),
        ("return ...", True),
        ("return", True),
        ("return None", True),
        ("'''only a docstring'''", True),
        ("'''a docstring'''\n    ...", True),
        ("'''a docstring'''\n    # return 3\n    pass", True),
        ("return '____'", False),
        ("# ____\n    return q", False),
        ("'''Fill in ____ here.'''\n    return q", False),
        ("return 0", False),
        ("return q", False),
        ("x = None\n    return x", False),
        ("return print()", False),
        ("____ = 3\n    return ____", False),  # a name of the function's own
        ("return NotImplemented", False),
    ],
)
def test_is_blank(body, expected):
    names = {"____": ____}
    exec(f"def f(q):\n    {body}\n", names)
    assert is_blank(names["f"]) is expected
    assert is_blank(functools.lru_cache(names["f"])) is expected


@pytest.mark.parametrize("other", [sum, np.max, 3, None, type("f", (), {}), functools.partial(sum)])
def test_what_has_no_code_is_not_blank(other):
    assert not is_blank(other)


@pytest.mark.parametrize(
    "use",
    [
        lambda: ____ + 1,
        lambda: 1 - ____,
        lambda: 2 * ____,
        lambda: ____ / 2,
        lambda: 1 / ____,
        lambda: ____**2,
        lambda: -____,
        lambda: ____ @ np.eye(2),
        lambda: ____ < 3,
        lambda: ____ >= 3,
        lambda: ____[0],
        lambda: ____.max(),
        lambda: ____(3),
        lambda: float(____),
        lambda: int(____),
        lambda: range(____),
        lambda: len(____),
        lambda: list(____),
        lambda: not ____,
        lambda: 1 if ____ else 0,
        lambda: ____.__setitem__(0, 1),
    ],
)
def test_using_a_blank_says_what_to_do(use):
    with pytest.raises(Wrong, match="____ is a blank for you to fill in"):
        use()


def test_a_blank_can_be_shown_and_looked_at():
    assert repr(____) == "____"
    assert not hasattr(____, "_repr_html_")  # a notebook asks
    assert not hasattr(____, "__array__")


# -- the three outcomes --------------------------------------------------------------------


def stored():
    return progress.read()[0]["exercises"].get(PATH)


def test_right(capsys):
    assert exercise(PATH)(right) is right
    assert capsys.readouterr().out == exercises.RIGHT.format("q_learning_target") + "\n"
    assert stored() == {"status": "right", "tries": 1}


def test_blank(capsys):
    assert exercise(PATH)(blank) is load(PATH)
    assert capsys.readouterr().out == exercises.BLANK.format("q_learning_target") + "\n"
    assert stored() == {"status": "blank", "tries": 0}


def test_wrong_then_right(capsys):
    with pytest.raises(Wrong) as caught:
        exercise(PATH)(wrong)
    assert caught.value.diagnosis == "the value of a terminal state was kept"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert caught.value._render_traceback_() == str(caught.value).splitlines()
    assert stored() == {"status": "wrong", "tries": 1}
    assert capsys.readouterr().out == ""
    exercise(PATH)(right)
    assert stored() == {"status": "right", "tries": 2}
    with pytest.raises(Wrong):
        exercise(PATH)(wrong)
    exercise(PATH)(blank)
    assert stored() == {"status": "right", "tries": 3}


def test_fixed_texts():
    """Saved notebooks and other modules compare them."""
    assert exercises.BLANK == "○ {}: still blank. The lesson goes on with the course's own version."
    assert exercises.RIGHT == "✓ {}: right. From here on, the lesson runs on your function."
    assert exercises.WRONG == "✗ {}: not yet."


def test_on_wrong_continue(monkeypatch, capsys):
    monkeypatch.setenv("DQNLIB_ON_WRONG", "continue")
    assert exercise(PATH)(wrong) is load(PATH)
    printed = capsys.readouterr().out
    assert printed.startswith(exercises.WRONG.format("q_learning_target"))
    assert "the value of a terminal state was kept" in printed
    assert stored()["status"] == "wrong"
    assert exercise(PATH)(right) is right


@pytest.mark.parametrize("setting", ["", "raise", "CONTINUE"])
def test_on_wrong_otherwise_raises(setting, monkeypatch):
    monkeypatch.setenv("DQNLIB_ON_WRONG", setting)
    with pytest.raises(Wrong):
        exercise(PATH)(wrong)


def test_progress_that_cannot_be_stored_stops_nothing(dqnlib_home, capsys):
    dqnlib_home.write_text("a file where the folder should be")
    assert exercise(PATH)(right) is right
    printed = capsys.readouterr().out
    assert "could not be saved" in printed
    assert exercises.RIGHT.format("q_learning_target") in printed


@pytest.mark.parametrize("use", [exercise, hints, checks.find])
def test_unknown_exercise(use):
    with pytest.raises(ValueError, match=r"Did you mean 'dqnlib\.tabular\.q_learning_target'"):
        use("dqnlib.tabular.q_lerning_target")
    with pytest.raises(ValueError, match="there is no exercise 'chess'") as caught:
        use("chess")
    assert "Did you mean" not in str(caught.value)
    assert all(check.path in str(caught.value) for check in EVERY)


def test_decorating_without_a_path():
    with pytest.raises(ValueError, match="there is no exercise"):
        exercise(right)


def test_timed_check():
    assert 0 < exercises.timed_check(PATH, right) < 5
    with pytest.raises(Wrong):
        exercises.timed_check(PATH, wrong)


def test_a_case_may_leave_the_result_open():
    """`ANY` and `after` together: only the change counts."""
    case = Case({"rewards": [1.0, 2.0]}, exercises.ANY, after={"rewards": [2.0, 1.0]})
    check = Check("dqnlib.tabular.episode_return", ("", "", ""), (case,))
    exercises.run_check(check, lambda rewards: rewards.reverse())
    with pytest.raises(Wrong) as caught:
        exercises.run_check(check, lambda rewards: None)
    assert caught.value.diagnosis == "result not stored"
    assert repr(exercises.ANY) == "anything"


# -- hints ---------------------------------------------------------------------------------


def folded(page):
    return re.findall(r"<details><summary>(.*?)</summary>(.*?)</details>", page, re.DOTALL)


@pytest.mark.parametrize("check", EVERY, ids=lambda check: check.name)
def test_hints_and_solution(check):
    page = hints(check.path)._repr_html_()
    parts = folded(page)
    assert "".join(f"<details><summary>{a}</summary>{b}</details>" for a, b in parts) == page
    assert [title for title, _ in parts] == [
        "Hint 1", "Hint 2, stronger", "Hint 3, nearly there", "Solution",
    ]  # fmt: skip
    for hint, (_, shown) in zip(check.hints, parts[:3], strict=True):
        plain = html.unescape(re.sub("<.*?>", "", shown))
        assert plain == hint.replace("`", "")
        assert hint.count("`") == 2 * shown.count("<code>")
    solution = parts[3][1].removeprefix("<pre>").removesuffix("</pre>")
    assert html.unescape(solution) == inspect.getsource(load(check.path)).rstrip()
    assert "<" not in solution
    assert repr(hints(check.path)).startswith(f"Hints and solution for {check.name}")


def test_the_solution_is_the_source_of_the_moment(tmp_path, monkeypatch):
    file = tmp_path / "made_up_room.py"
    file.write_text("def f(a, b):\n    return a < b & 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    shown = exercises.Hints(Check("made_up_room.f", ("`a < b`", "<b>", "`c`")))
    page = shown._repr_html_()
    assert "<pre>def f(a, b):\n    return a &lt; b &amp; 1</pre>" in page
    assert "<code>a &lt; b</code>" in page
    assert "&lt;b&gt;" in page
    file.write_text("def f(a, b):\n    return 'another, longer one'\n")
    importlib.reload(sys.modules["made_up_room"])
    assert "another, longer one" in shown._repr_html_()
    monkeypatch.delitem(sys.modules, "made_up_room")


@pytest.mark.parametrize("check", EVERY, ids=lambda check: check.name)
def test_hints_rise(check):
    """The first hint gives no code away that the learner has to write, the last one does."""
    code = [set(re.findall(r"`([^`]+)`", hint)) for hint in check.hints]
    assert all(check.hints)
    assert len(set(check.hints)) == 3
    assert not any("return" in part for part in code[0] | code[1])
    assert code[2]


# -- in a real IPython ---------------------------------------------------------------------

SHELL = """
import json, os, sys
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

config = Config()
config.HistoryManager.enabled = False
config.InteractiveShell.colors = "nocolor"
shell = InteractiveShell.instance(config=config)
results = []
for cell in json.load(sys.stdin):
    with capture_output() as captured:
        done = shell.run_cell(cell, store_history=True)
    results.append({"out": captured.stdout, "err": captured.stderr, "success": done.success,
                    "shown": [output.data for output in captured.outputs]})
print(json.dumps(results))
"""

DEFINE = '@exercise("dqnlib.tabular.episode_return")\ndef episode_return(rewards):\n    '


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """Run some cells in an IPython of its own: -> their outputs."""
    folder = tmp_path_factory.mktemp("ipython")
    source = [
        "from dqnlib import ____, exercise, hints\nepisode_return = 'the earlier one'",
        DEFINE + "return ____",
        "episode_return([1.0, 2.0])",
        "episode_return = 'the earlier one'",
        DEFINE + "return len(rewards)",
        "print(episode_return)",
        DEFINE + "for i in range(9):\n        total += rewards[i]\n    return total",
        DEFINE + "while True:\n        print('again')",
        DEFINE + "exit()",
        "print('alive')",
        "3 + ____",
        DEFINE + "return 0.0 + sum(rewards)",
        "episode_return([1.0, 2.0])",
        DEFINE
        + "if rewards:\n        return rewards[0] + episode_return(rewards[1:])\n    return 0",
    ]
    environment = {"HOME": str(folder), "DQNLIB_HOME": str(folder), "IPYTHONDIR": str(folder)}
    environment["PYTHONPATH"] = ":".join(sys.path)
    done = subprocess.run(
        [sys.executable, "-c", SHELL],
        input=json.dumps(source),
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_ipython_blank(cells):
    assert cells[1]["success"]
    assert cells[1]["out"].startswith("○ episode_return: still blank.")
    assert "Out[3]: 3.0" in cells[2]["out"]


def test_ipython_shows_the_message_alone(cells):
    for number, words in (
        (4, "Likely: the number of steps in place of their rewards."),
        (6, "It stopped with UnboundLocalError"),
        (7, "It did not finish within 5 seconds"),
        (8, "Take out exit()"),
    ):
        cell = cells[number]
        assert not cell["success"]
        lines = cell["out"].strip().splitlines()
        message = lines[lines.index("✗ episode_return: not yet.") :]
        assert words in cell["out"]
        assert cell["err"] == ""
        assert message[-1].startswith("Three hints and the solution are folded")
        for word in ("Traceback", "Error:  ", "raise wrong", "exercises.py", "----"):
            assert word not in cell["out"]
    assert "in line 4 of the cell: total += rewards[i]" in cells[6]["out"]
    assert "of the cell: " in cells[7]["out"]  # where it was


def test_ipython_keeps_the_earlier_function(cells):
    assert cells[5]["out"] == "the earlier one\n"


def test_ipython_lives_on(cells):
    assert cells[9] == {"out": "alive\n", "err": "", "success": True, "shown": []}


def test_ipython_blank_used_by_itself(cells):
    assert cells[10]["out"].strip() == (
        "✗ ____ is a blank for you to fill in: put your own code in its place."
    )


def test_ipython_right(cells):
    assert cells[11]["out"].startswith("✓ episode_return: right.")
    assert "Out[13]: 3.0" in cells[12]["out"]
    assert cells[13]["out"].startswith("✓ episode_return: right.")  # it may call itself


def test_ipython_shows_the_hints(cells):
    """Below a blank, a wrong and a right function alike."""
    for number in (1, 4, 11):
        (shown,) = cells[number]["shown"]
        assert shown["text/plain"].startswith("Hints and solution for episode_return")
        assert len(folded(shown["text/html"])) == 4


# -- what is loaded ------------------------------------------------------------------------


def test_judging_loads_no_training_code():
    code = """
        import sys
        import dqnlib.exercises, dqnlib.progress, dqnlib.predictions, dqnlib.checks
        dqnlib.checks.lessons()
        dqnlib.progress.table()
        print(*sorted(name.partition(".")[0] for name in sys.modules if "." not in name))
        print(*sorted(name for name in sys.modules if name.startswith("dqnlib.")))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    first, second = map(str.split, done.stdout.splitlines())
    assert not {"torch", "gymnasium", "matplotlib", "ipywidgets", "IPython", "scipy"} & set(first)
    assert second == [
        "dqnlib.checks", "dqnlib.checks.lesson_00", "dqnlib.checks.lesson_01",
        "dqnlib.exercises", "dqnlib.predictions", "dqnlib.progress",
    ]  # fmt: skip


def test_checking_a_tabular_exercise_loads_no_torch():
    code = (
        "import sys; from dqnlib import exercises\n"
        f"exercises.timed_check({PATH!r}, exercises.load({PATH!r}))\n"
        "assert 'torch' not in sys.modules and 'matplotlib' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
