"""The exercise decorator around its checks: blanks, hints, messages in IPython, what is stored.

`tests/mutants/course/test_exercises.toml` lists the mutants that these tests kill.
"""

import builtins
import functools
import html
import importlib
import inspect
import json
import linecache
import math
import os
import re
import subprocess
import sys
import textwrap
import threading
from collections.abc import Sequence

import numpy as np
import pytest

from dqnlib.course import checks, exercises, judge, messages, progress, sandbox, types, written
from dqnlib.course.answers import is_blank
from dqnlib.course.exercises import ____, exercise, hints
from dqnlib.course.reference import load
from dqnlib.course.types import Case, Check, Wrong

PATH = "dqnlib.tabular.q_learning_target"
FIRST = "dqnlib.tabular.episode_return"
BUFFER = "dqnlib.replay.ReplayBuffer"
NETWORK = "dqnlib.networks.QNetwork"
EVERY = [check for found in checks.lessons().values() for check in found]


def right(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max() * (not terminated)


def wrong(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max()


def blank(reward, terminated, next_q, gamma):
    return ____


right.__name__ = wrong.__name__ = blank.__name__ = "q_learning_target"


def made(source, name, file="<cell>", **names):
    """Return what a cell's source defines under a name, registered as IPython does it."""
    source = textwrap.dedent(source)
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    names = {"____": ____, "__name__": "__main__", **names}
    exec(compile(source, file, "exec"), names)
    return names[name]


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
        ("if q is None:\n        raise NotImplementedError\n    return q", False),
        ("if q is None:\n        return q\n    raise NotImplementedError", False),
        ("try:\n        return q\n    except NotImplementedError:\n        return 0", False),
        ("raise ValueError", False),
        ("n = len(q)\n    raise NotImplementedError(f'{n}: the rest is for tomorrow')", True),
        ("return q.____", False),  # an attribute of that name
        ("return dict(____=3)", False),
        ("from math import pi as ____\n    return ____", False),
        ("return {k: ____ for k in q}", True),
        ("class A:\n        x = ____\n    return A.x", True),
        ("____.x = 3\n    return q", True),
        ("global ____\n    return ____", True),
    ],
)
def test_is_blank(body, expected):
    names = {"____": ____}
    exec(f"def f(q):\n    {body}\n", names)
    assert is_blank(names["f"]) is expected
    assert is_blank(functools.lru_cache(names["f"])) is expected


@pytest.mark.parametrize("other", [sum, np.max, 3, None, functools.partial(sum)])
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
    assert capsys.readouterr().out.startswith(exercises.RIGHT.format("q_learning_target") + "\n")
    assert stored() == {"status": "right", "tries": 1}


def test_blank(capsys):
    assert exercise(PATH)(blank) is load(PATH)
    assert capsys.readouterr().out == exercises.BLANK.format("q_learning_target") + "\n"
    assert stored() == {"status": "blank", "tries": 0}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("if next_q is None:\n        raise NotImplementedError\n    return GOOD", "right"),
        (
            "if terminated:\n        return reward\n    raise NotImplementedError('what now?')",
            "blank",
        ),
        ("if terminated:\n        raise NotImplementedError\n    return GOOD", "blank"),
        ("if next_q is None:\n        raise NotImplementedError\n    return 0.0", "wrong"),
        ("return other()", "wrong"),  # raised elsewhere
        ("try:\n        return GOOD\n    except NotImplementedError:\n        return 0", "right"),
    ],
)
def test_a_part_that_is_not_written_yet_is_a_blank_and_a_guard_is_none(body, expected, capsys):
    def other():
        raise NotImplementedError

    good = "reward + gamma * next_q.max() * (not terminated)"
    source = "def q_learning_target(reward, terminated, next_q, gamma):\n    " + body
    made_here = made(source.replace("GOOD", good), "q_learning_target", other=other)
    try:
        found = exercise(PATH)(made_here)
    except Wrong:
        found = None
    assert found is {"right": made_here, "blank": load(PATH), "wrong": None}[expected]
    assert stored()["status"] == expected


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
    assert exercises.RIGHT == "✓ {}: right. From here on, the lesson runs on your version."
    assert judge.WRONG == "✗ {}: not yet."


def test_on_wrong_continue(monkeypatch, capsys):
    monkeypatch.setenv("DQNLIB_ON_WRONG", "continue")
    assert exercise(PATH)(wrong) is load(PATH)
    printed = capsys.readouterr().out
    assert printed.startswith(judge.WRONG.format("q_learning_target"))
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
    case = Case({"rewards": [1.0, 2.0]}, types.ANY, after={"rewards": [2.0, 1.0]})
    check = Check("dqnlib.tabular.episode_return", ("", "", ""), (case,))
    judge.run_check(check, lambda rewards: rewards.reverse())
    with pytest.raises(Wrong) as caught:
        judge.run_check(check, lambda rewards: None)
    assert caught.value.diagnosis == "result not stored"
    assert repr(types.ANY) == "anything"


# -- names that would stop everything ------------------------------------------------------

STOPPERS = ("input", "exit", "quit", "breakpoint", "_exit")
HARMLESS = {
    "a local variable": "NAME = 3\n    return sum(rewards) + NAME - 3",
    "an attribute": "x = SimpleNamespace(NAME=0)\n    x.NAME = 0\n    return x.NAME + sum(rewards)",
    "a method": "x = SimpleNamespace(NAME=sum)\n    return x.NAME(rewards)",
    "a keyword": "dict(NAME=3)\n    return sum(rewards)",
    "a text": "return {'NAME': sum(rewards)}['NAME']",
    "a parameter": "def f(NAME):\n        return sum(NAME)\n    return f(rewards)",
    "a closure": "NAME = sum\n    def f():\n        return NAME(rewards)\n    return f()",
    "a comprehension": "return sum(NAME for NAME in rewards)",
    "a lambda": "return (lambda NAME=0: sum(rewards) + NAME)()",
    "a function inside": "def NAME(x):\n        return sum(x)\n    return NAME(rewards)",
    "a class inside": (
        "class A:\n        NAME = 0\n        def f(self):\n            return self.NAME\n"
        "    return sum(rewards) + A().f()"
    ),
}
CALLS = {
    "plainly": "NAME()\n    return sum(rewards)",
    "in one way only": "if len(rewards) > 99:\n        NAME()\n    return sum(rewards)",
    "within a function": "def f():\n        NAME()\n    return sum(rewards)",
    "within a lambda": "f = lambda: NAME()\n    return sum(rewards)",
    "within a comprehension": "[NAME() for _ in rewards]\n    return sum(rewards)",
    "within a class": "class A:\n        x = len(rewards) > 99 and NAME()\n    return sum(rewards)",
    "in a text": "f'{NAME()}'\n    return sum(rewards)",
    "by another name": "f = NAME\n    f()\n    return sum(rewards)",
    "beside an attribute": "SimpleNamespace(NAME=0).NAME\n    NAME()\n    return sum(rewards)",
    "global": "global NAME\n    NAME()\n    return sum(rewards)",
}


def verdict(body, **names):
    """Return what the check says of an episode_return with this body: None if it is right."""
    from types import SimpleNamespace

    source = f"def episode_return(rewards):\n    {body}\n"
    names = {"SimpleNamespace": SimpleNamespace, **names}
    try:
        judge.run_check(
            checks.find("dqnlib.tabular.episode_return"), made(source, "episode_return", **names)
        )
    except Wrong as wrong:
        return wrong.diagnosis
    return None


@pytest.mark.parametrize("name", STOPPERS)
@pytest.mark.parametrize("kind", HARMLESS)
def test_a_name_of_the_learners_own_is_no_harm(kind, name):
    assert verdict(HARMLESS[kind].replace("NAME", name)) is None


@pytest.mark.parametrize("name", STOPPERS)
@pytest.mark.parametrize("kind", CALLS)
def test_what_would_stop_everything_is_found(kind, name):
    assert verdict(CALLS[kind].replace("NAME", name)) == f"calls {name}()"


class ExitAutocall:
    """As in IPython, where exit and quit are names of the notebook."""

    def __call__(self):
        raise AssertionError("called")


@pytest.mark.parametrize(
    ("body", "names", "expected"),
    [
        ("os._exit(0)", {"os": os}, "calls _exit()"),
        ("o._exit(0)", {"o": os}, "calls _exit()"),
        ("sys.exit()", {"sys": sys}, "calls exit()"),
        ("builtins.input()", {"builtins": builtins}, "calls input()"),
        ("__builtins__.quit()", {}, "calls quit()"),
        ("import os\n    os._exit(0)", {}, "calls _exit()"),
        ("import os as o\n    from os import getcwd, _exit", {}, "calls _exit()"),
        ("from builtins import input as ask", {}, "calls input()"),
        ("from math import pi, exp\n    exit = pi\n    exit", {}, None),
        ("exit()", {"exit": ExitAutocall()}, "calls exit()"),
        ("leave()", {"leave": lambda: None}, None),
        ("exit()", {"exit": lambda: None}, None),  # a function of the notebook
        ("exit()", {"exit": sys.exit}, "calls exit()"),
        ("input", {"input": np.zeros(3)}, None),
        ("input()", {"input": input}, "calls input()"),
        ("os.exit", {"os": type("A", (), {"exit": 3})}, None),
    ],
)
def test_where_a_name_comes_from_counts(body, names, expected):
    assert verdict(f"{body}\n    return sum(rewards)", **names) == expected


@pytest.mark.parametrize("name", ["input", "exit", "quit"])
def test_a_layer_may_be_called_so(name):
    source = inspect.getsource(load(NETWORK)).replace("self.layers", f"self.{name}")
    assert f"self.{name}" in source
    import torch
    from torch import nn

    cls = made(source, "QNetwork", math=math, Sequence=Sequence, Tensor=torch.Tensor, nn=nn)
    judge.run_check(checks.find(NETWORK), cls)


# -- names that are not found --------------------------------------------------------------


def advice(source, name, path, **names):
    """Return the message with how to mend it, as one line."""
    with pytest.raises(Wrong) as caught:
        judge.run_check(checks.find(path), made(source, name, f"<{source}>", **names))
    lines = caught.value.at_length.splitlines()
    assert max(map(len, lines)) <= 100
    return " ".join(lines)


NET = """
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        BODY
        self.layers = nn.Linear(4, n_actions)
        self.width = 3

    def forward(self, obs):
        return OUT
"""


@pytest.mark.parametrize(
    ("body", "out", "words"),
    [
        ("F.relu", "obs", "F is not imported in this notebook: write import torch.nn.functional"),
        ("pass", "F.relu(obs)", "F is not imported"),
        ("math.prod", "obs", "write import math above"),
        ("deque()", "obs", "write from collections import deque above"),
        ("torch.Relu()", "obs", "torch has no Relu. Did you mean nn.ReLU?"),
        ("torch.ReLU()", "obs", "ReLU is in torch.nn: write nn.ReLU."),
        ("nn.Liner(3, 2)", "obs", "nn has no Liner. Did you mean nn.Linear?"),
        ("nn.MSEloss()", "obs", "Did you mean nn.MSELoss?"),
        ("torch.mse_loss", "obs", "write nn.functional.mse_loss."),
        ("np.bool8", "obs", "np has no bool8. Did you mean np.bool"),
        ("np.qqqq", "obs", "np has no qqqq: look its name up"),
        ("hiden", "obs", "No hiden is known here. Did you mean hidden?"),
        ("pass", "layers(obs)", "reached through self, as in self.layers."),
        ("pass", "width", "reached through self, as in self.width."),
        ("pass", "qqqq", "reached through self, as in self.size."),
        ("pass", "self.layer(obs)", "On self stands only what was stored there before, as in"),
        ("pass", "self.layer(obs)", "It has layers."),
        ("pass", "self.widht(obs)", "It has width."),
        ("pass", "self.qqqq", "as in __init__."),
        ("pass", "obs.flaten(1)", "A tensor has no flaten. It has flatten."),
        ("pass", "obs.argMax(1)", "It has argmax."),
        ("pass", "np.zeros(3).detach()", "An array has no detach."),
        ("hidden = None", "obs.qqqq", "A tensor has no qqqq."),
        ("hidden = None\n        hidden.x", "obs", "None stands where a value should be"),
    ],
)
def test_advice_for_a_name_that_is_not_found(body, out, words):
    import torch
    from torch import nn

    source = NET.replace("BODY", body).replace("OUT", out)
    shown = advice(source, "QNetwork", NETWORK, torch=torch, nn=nn, np=np)
    assert words in shown
    said = shown.partition(" of the cell: ")[2].replace(out, "").replace(body, "")
    assert "self" in said or "self" not in out + words
    assert "self" not in said or "self" in out + words


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return sum(reward)", "No reward is known here. Did you mean rewards?"),
        ("return summe(rewards)", "No summe is known here. Did you mean summed?"),
        ("return qqqq", "Is the name spelled as in the first line?"),
        ("return np.zeros(3)", "np is not imported in this notebook: write import numpy as np"),
        ("return functools.reduce(sum, rewards)", "write import functools above your code"),
        ("cod = 3\n    return code", "Did you mean cod?"),  # and not the module called code
        ("return rewards.sum()", "A list has no sum."),
        ("raise NameError", "Is the name spelled as in the first line?"),
        ("raise AttributeError('no')", "It stopped with AttributeError: no"),
    ],
)
def test_advice_for_a_name_in_a_function(body, words):
    source = f"def episode_return(rewards):\n    {body}\n"
    assert words in advice(source, "episode_return", "dqnlib.tabular.episode_return", summed=3)


# -- classes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("pass", True),
        ("'''only a docstring'''", True),
        ("def f(self):\n        pass", True),
        ("def f(self):\n        pass\n\n    def g(self):\n        '''later'''", True),
        ("def f(self):\n        pass\n\n    def g(self):\n        return 3", False),
        ("def f(self):\n        return 3\n\n    def g(self):\n        return ____", True),
        ("def f(self):\n        super().f()\n        ____", True),
        ("def f(self):\n        raise NotImplementedError", True),
        (
            "def f(self):\n        return 3\n\n    def g(self):\n        raise NotImplementedError",
            False,
        ),
        ("def f(self):\n        pass\n\n    def g(self):\n        raise NotImplementedError", True),
        ("@property\n    def f(self):\n        return ____", True),
        ("@staticmethod\n    def f(x):\n        return ____", True),
        ("@classmethod\n    def f(cls):\n        return ____", True),
        ("@functools.cache\n    def f(cls):\n        return ____", True),
        ("def f(self):\n        return '____'", False),
        ("f = 3", False),
    ],
)
def test_is_blank_for_a_class(body, expected):
    assert is_blank(made(f"class F:\n    {body}\n", "F", functools=functools)) is expected


METHODS = {
    "__init__": lambda self, capacity: None,
    "__len__": lambda self: 0,
    "add": lambda self, transition: None,
    "sample": lambda self, batch_size, rng: None,
}


def renamed(**changes):
    """Return a class called ReplayBuffer with some METHODS replaced, or gone if None."""
    methods = {**METHODS, **changes}
    return type("ReplayBuffer", (), {name: method for name, method in methods.items() if method})


def test_a_class_three_times(capsys):
    right = made(BANK["right"], "ReplayBuffer", "<right>")
    assert exercise(BUFFER)(right) is right
    assert capsys.readouterr().out == exercises.RIGHT.format("ReplayBuffer") + "\n"
    blank = made(BANK["blank"], "ReplayBuffer", "<blank>")
    assert exercise(BUFFER)(blank) is load(BUFFER)
    assert capsys.readouterr().out == exercises.BLANK.format("ReplayBuffer") + "\n"
    with pytest.raises(Wrong) as caught:
        exercise(BUFFER)(made(BANK["wrong"], "ReplayBuffer", "<wrong>"))
    assert caught.value.diagnosis == "another length"
    assert progress.read()[0]["exercises"][BUFFER] == {"status": "right", "tries": 2}


BANK = {
    "right": """
        from dqnlib import Batch, ReplayBuffer as Library

        class ReplayBuffer:
            def __init__(self, capacity):
                self.inner = Library(capacity)

            def __len__(self):
                return len(self.inner)

            def add(self, transition):
                self.inner.add(transition)

            def sample(self, batch_size, rng):
                return self.inner.sample(batch_size, rng)
        """,
    "blank": """
        class ReplayBuffer:
            def __init__(self, capacity):
                ____

            def __len__(self):
                return ____
        """,
}
BANK["wrong"] = BANK["right"].replace("len(self.inner)", "min(len(self.inner), 2)")


@pytest.mark.parametrize(
    ("given", "expected", "words"),
    [
        (renamed(sample=None), "no method sample", "no method sample(self, batch_size, rng) yet"),
        (renamed(__len__=None, __length__=len), "no method __len__", "It has __length__: the name"),
        (renamed(add=None, ad=print), "no method add", "It has ad: the name is add."),
        (renamed(add=lambda self: None), "other parameters", "def add(self, transition):"),
        (renamed(add=lambda transition: None), "other parameters", "first parameter is self"),
        (
            renamed(sample=lambda self, rng, batch_size: None),
            "other parameters", "def sample(self, batch_size, rng):",
        ),
        (type("Buffer", (), METHODS), "another name", "called Buffer"),
        (lambda capacity: None, "not a class", "class ReplayBuffer"),
        (3, "not a class", "class ReplayBuffer"),
    ],
)  # fmt: skip
def test_first_lines_of_a_class(given, expected, words):
    with pytest.raises(Wrong) as caught:
        judge.run_check(checks.find(BUFFER), given)
    assert caught.value.diagnosis == expected
    assert words in caught.value.at_length.replace("\n", " ")
    assert max(map(len, caught.value.at_length.splitlines())) <= 100


def test_the_line_is_the_learners_own_where_a_library_fails():
    source = """
        def episode_return(rewards):
            import json
            return json.loads("{")
        """
    with pytest.raises(Wrong) as caught:
        judge.run_check(checks.find(FIRST), made(source, "episode_return"))
    message = str(caught.value)
    assert "  episode_return(rewards=[" in message
    assert "It stopped with JSONDecodeError: Expecting property name" in message
    assert "in line 4 of the cell: return json.loads" in message


def test_a_class_without_its_base():
    methods = {
        "__init__": lambda self, obs_shape, n_actions, hidden=(64, 64): None,
        "forward": lambda self, obs: None,
    }
    with pytest.raises(Wrong, match=r"build on nn\.Module") as caught:
        judge.run_check(checks.find(NETWORK), type("QNetwork", (), methods))
    assert caught.value.diagnosis == "the base class is missing"
    assert "Begin with class QNetwork(nn.Module):" in caught.value.mend


def test_a_parameter_with_a_default_keeps_its_name():
    """The lesson calls QNetwork((4,), 2, hidden=(32,))."""
    source = """
        from torch import nn

        class QNetwork(nn.Module):
            def __init__(self, obs_shape, n_actions, NAME=(64, 64)):
                super().__init__()

            def forward(self, obs):
                return obs
        """
    for name, expected in (("widths", "other parameters"), ("hidden", "wrong shape")):
        with pytest.raises(Wrong) as caught:
            judge.run_check(checks.find(NETWORK), made(source.replace("NAME", name), "QNetwork"))
        assert caught.value.diagnosis == expected


def test_a_class_may_inherit_its_methods():
    home = made(BANK["right"], "ReplayBuffer", "<home>")
    judge.run_check(checks.find(BUFFER), type("ReplayBuffer", (home,), {}))


def test_the_line_in_a_method_is_shown():
    source = BANK["right"].replace("self.inner.add(transition)", "x = 3\n                x.add(4)")
    with pytest.raises(Wrong) as caught:
        judge.run_check(checks.find(BUFFER), made(source, "ReplayBuffer", "<line>"))
    assert caught.value.diagnosis == "raises AttributeError"
    assert "in line 13 of the cell: x.add(4)" in str(caught.value)
    assert "add(...) of transition 1" in str(caught.value)


@pytest.mark.parametrize("method", ["def add(self, transition):", "def __init__(self, capacity):"])
def test_a_method_that_loops_is_stopped(method, monkeypatch):
    monkeypatch.setattr(sandbox, "TIME_LIMIT", 0.3)
    endless = f"{method}\n                while True: k = 1"
    cls = made(BANK["right"].replace(method, endless), "ReplayBuffer", "<loop>")
    before = set(threading.enumerate())
    with pytest.raises(Wrong) as caught:
        judge.run_check(checks.find(BUFFER), cls)
    assert caught.value.diagnosis == "does not end"
    assert "of the cell: while True: k = 1" in str(caught.value)
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
        assert not thread.is_alive()


def test_super_finds_a_class_whose_name_is_not_bound_yet():
    """Also in the old way, which asks for the name."""
    import torch
    from torch import nn

    torch.manual_seed(3)
    before = torch.get_rng_state()
    for call in ("super()", "super(QNetwork, self)", "super(__class__, self)"):
        source = inspect.getsource(load(NETWORK)).replace("super()", call)
        cls = made(source, "QNetwork", math=math, Sequence=Sequence, Tensor=torch.Tensor, nn=nn)
        del cls.forward.__globals__["QNetwork"]
        judge.run_check(checks.find(NETWORK), cls)
        assert "QNetwork" not in cls.forward.__globals__
    assert torch.equal(torch.get_rng_state(), before)  # the lesson's numbers stay as they are


# -- tensors -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([1.0, 2.0], "[1.0, 2.0]"),
        ([[0.5, -3.0], [1e-7, 12345.678]], "[[0.5, -3.0], [1e-07, 1.235e+04]]"),
        (2.6, "2.6"),
        (-3.0, "-3.0"),
        ([1, 2], "[1, 2]"),
        ([True, False], "[True, False]"),
        ([float("nan"), float("inf")], "[nan, inf]"),
        ([], "[]"),
        ([[0.0] * 9] * 2, "a tensor of shape [2, 9]"),
    ],
)
def test_a_tensor_is_shown_as_a_list(value, expected):
    import torch

    tensor = torch.tensor(value)
    assert messages.show(tensor) == expected
    if tensor.is_floating_point():
        assert messages.show(tensor.requires_grad_()) == expected


def test_answers_that_are_tensors():
    import torch

    def answer(change):
        return lambda rewards: change(rewards * 2)

    case = Case({"rewards": np.array([1.0, 2.5], np.float32)}, [2.0, 5.0])
    check = Check("dqnlib.tabular.episode_return", ("", "", ""), (case,), tensors=True)
    for right in (
        lambda x: x,
        lambda x: x.double(),
        lambda x: x.clone().requires_grad_(),
        lambda x: x * (1 + 1e-6),  # float32 has about seven digits
    ):
        judge.run_check(check, answer(right))
    for wrong, diagnosis in (
        (lambda x: x.tolist(), "wrong type"),
        (lambda x: x.numpy(), "wrong type"),
        (lambda x: x.sum().item(), "a plain number in place of a tensor"),
        (lambda x: x[:, None], "wrong shape"),
        (lambda x: x[:, None] + x, "a column [B, 1] met a row [B]"),
        (lambda x: x.sum(), "wrong shape"),
        (lambda x: x.int(), None),  # whole numbers here
        (lambda x: x + 0.001, "another value"),
        (lambda x: x / 0 * 0, "returned NaN"),
        (lambda x: x > 0, "wrong type"),
    ):
        if diagnosis is None:
            judge.run_check(check, answer(wrong))
            continue
        with pytest.raises(Wrong) as caught:
            judge.run_check(check, answer(wrong))
        assert caught.value.diagnosis == diagnosis
        assert "rewards=[1.0, 2.5]" in str(caught.value)
        assert "tensor(" not in str(caught.value)
    with pytest.raises(Wrong) as caught:
        judge.run_check(check, lambda rewards: rewards.mul_(2))
    assert caught.value.diagnosis == "arguments changed"
    assert case.args["rewards"].tolist() == [1.0, 2.5]
    assert torch.is_tensor(judge._arguments(check, case)["rewards"])


def test_an_error_text_names_the_mistake():
    mistakes = (
        types.Mistake("one", "a", raises="no such"),
        types.Mistake("two", "b", raises=("thing", "other")),
    )
    case = Case({"rewards": [1.0]}, 1.0)
    check = Check("dqnlib.tabular.episode_return", ("", "", ""), (case,), mistakes)
    for text, diagnosis in (
        ("no such key", "one"),
        ("no such thing", "one"),
        ("another thing", "two"),
        ("others", "two"),
        ("", "raises ValueError"),
    ):

        def episode_return(rewards, text=text):
            raise ValueError(text)

        with pytest.raises(Wrong) as caught:
            judge.run_check(check, lambda rewards, f=episode_return: f(rewards))
        assert caught.value.diagnosis == diagnosis


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
    assert html.unescape(solution).endswith(written.solution(check).rstrip())
    assert "<" not in solution
    assert repr(hints(check.path)).startswith(f"Hints and solution for {check.name}")


def test_the_solution_is_the_source_of_the_moment(tmp_path, monkeypatch):
    file = tmp_path / "made_up_room.py"
    file.write_text("def f(a, b):\n    return a < b & 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    check = Check("made_up_room.f", ("`a < b`", "<b>", "`c`"))
    shown = exercises.Hints(check)
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
        (8, "It calls exit()"),
    ):
        cell = cells[number]
        assert not cell["success"]
        lines = cell["out"].strip().splitlines()
        message = lines[lines.index("✗ episode_return: not yet.") :]
        assert words in cell["out"]
        assert cell["err"] == ""
        assert message[-1].endswith("three hints and the solution are folded above.")
        for word in ("Traceback", "Error:  ", "raise wrong", "judge.py", "exercises.py", "----"):
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
    for number, parts in ((1, 4), (4, 5), (11, 4)):  # and below the wrong one, how to mend it
        (shown,) = cells[number]["shown"]
        assert shown["text/plain"].startswith("Hints and solution for episode_return")
        assert len(folded(shown["text/html"])) == parts


# -- what is loaded ------------------------------------------------------------------------


def test_judging_loads_no_training_code():
    code = """
        import sys
        import dqnlib.course.exercises, dqnlib.course.overview
        import dqnlib.course.predictions, dqnlib.course.checks
        dqnlib.course.checks.lessons()
        dqnlib.course.overview.table()
        print(*sorted(name.partition(".")[0] for name in sys.modules if "." not in name))
        print(*sorted(name for name in sys.modules if name.startswith("dqnlib.")))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    first, second = map(str.split, done.stdout.splitlines())
    assert not {"torch", "gymnasium", "matplotlib", "ipywidgets", "IPython", "scipy"} & set(first)
    assert {f"dqnlib.course.checks.{lesson}" for lesson in checks.files()} <= {*second}
    assert [n for n in second if not n.startswith(("dqnlib.course", "dqnlib.moved"))] == []


def test_checking_a_tabular_exercise_loads_no_torch():
    code = (
        "import sys; from dqnlib.course import exercises, reference\n"
        f"exercises.timed_check({PATH!r}, reference.load({PATH!r}))\n"
        "assert 'torch' not in sys.modules and 'matplotlib' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
