"""Classes part by part: what is filled in is judged while other parts are still blank.

`tests/mutants/course/test_parts.toml` lists the mutants that these tests kill.
"""

import linecache
import textwrap
from collections import deque

import numpy as np
import pytest
import torch
from torch import nn

from dqnlib import ____, exercise
from dqnlib.course import answers, checks, progress
from dqnlib.course.reference import load
from dqnlib.course.types import Wrong

BUFFER, NETWORK = "dqnlib.replay.ReplayBuffer", "dqnlib.networks.QNetwork"
ROOM = "self.kept = deque(maxlen=capacity)"
LENGTH = "return len(self.kept)"
KEEP = "self.kept.append(transition)"
TODO = "return ____"
number = 0


def made(source, **names):
    """Run a cell that holds one class, as a notebook does; return what `exercise` gave back."""
    global number
    number += 1
    file = f"/tmp/ipykernel_2/{number}.py"
    source = textwrap.dedent(source)
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    known = {"exercise": exercise, "____": ____, "deque": deque, "np": np, "torch": torch, "nn": nn}
    names = {"__name__": "__main__", **known, **names}
    exec(compile(source, file, "exec"), names)
    return next(v for n, v in names.items() if n in ("ReplayBuffer", "QNetwork"))


def buffer(init=ROOM, length=TODO, add=TODO, sample=TODO):
    return made(f"""
@exercise("{BUFFER}")
class ReplayBuffer:
    def __init__(self, capacity):
        {init}

    def __len__(self):
        {length}

    def add(self, transition):
        {add}

    def sample(self, batch_size, rng):
        {sample}
""")


def network(init, forward=TODO):
    return made(f"""
@exercise("{NETWORK}")
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        {init}

    def forward(self, obs):
        {forward}
""")


END = "still blank. The lesson goes on with the course's own version.\n"


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"add": KEEP}, "add is right so far; __len__, sample are"),
        ({"length": LENGTH}, "__len__ is right so far; add, sample are"),
        ({"length": LENGTH, "add": KEEP}, "__len__, add are right so far; sample is"),
        ({"add": "pass"}, "add is right so far; __len__, sample are"),  # nothing to be found
        ({"sample": "return None"}, None),  # it cannot be judged without the rest
        ({"init": "____", "add": KEEP}, None),
        ({}, None),
    ],
)
def test_what_is_filled_in_is_named(parts, words, capsys):
    assert buffer(**parts) is load(BUFFER)  # the lesson goes on
    printed = capsys.readouterr().out
    assert printed == f"○ ReplayBuffer: {words + ' ' if words else ''}{END}"
    assert progress.read()[0]["exercises"][BUFFER]["status"] == "blank"


@pytest.mark.parametrize(
    "add",
    [
        KEEP,
        "self.kept.append(tuple(transition))",
        "self.kept.append({n: np.array(v) for n, v in transition._asdict().items()})",
        "self.kept.append([torch.as_tensor(x) for x in transition])",
        "self.kept.append(vars(type('Row', (), {})) | transition._asdict())",
    ],
)
def test_a_buffer_is_seen_however_it_keeps_things(add, capsys):
    buffer(add=add)
    assert "add is right so far" in capsys.readouterr().out


def test_a_buffer_of_arrays_is_seen(capsys):
    buffer(
        init="self.capacity, self.i = capacity, 0\n        self.reward = np.zeros(capacity)",
        add="self.reward[self.i] = transition.reward\n"
        "        self.i = (self.i + 1) % self.capacity",
    )
    assert "add is right so far" in capsys.readouterr().out


RING = "self.kept = [None] * capacity\n        self.i = 0"


@pytest.mark.parametrize(
    ("parts", "diagnosis"),
    [
        ({"init": "self.kept = []", "add": KEEP}, "it grows past its capacity"),
        ({"add": "self.kept.append(transition[3])"}, "a field of the transitions is not kept"),
        ({"add": "self.kept = [transition]"}, "only the newest is kept"),
        (
            {"add": "if len(self.kept) < self.kept.maxlen: self.kept.append(transition)"},
            "a full buffer takes nothing new",
        ),
        (
            {
                "init": "self.capacity, self.kept = capacity, []",
                "add": "if len(self.kept) == self.capacity: self.kept.pop()\n"
                "        self.kept.append(transition)",
            },
            "something else than the oldest is overwritten",
        ),
        ({"add": "self.kept.append(transitions)"}, "raises NameError"),
        ({"init": "self.capacity = capacity", "length": "return self.capacity"},
         "a new buffer is not empty"),
        ({"length": "len(self.kept)"}, "a new buffer is not empty"),
        ({"init": "self.kept = []", "length": LENGTH, "add": KEEP}, "it grows past its capacity"),
        ({"length": "return 0", "add": KEEP}, "the length does not follow what is kept"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_before_the_rest_is_there(parts, diagnosis):
    with pytest.raises(Wrong) as caught:
        buffer(**parts)
    assert caught.value.diagnosis == diagnosis, caught.value
    assert progress.read()[0]["exercises"][BUFFER] == {"status": "wrong", "tries": 1}


LAYERS = "sizes = [*obs_shape, *hidden, n_actions]\n        pairs = zip(sizes, sizes[1:])\n        "


def test_the_layers_of_a_network_are_judged_before_forward(capsys):
    network(f"{LAYERS}self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairs)")
    assert capsys.readouterr().out == f"○ QNetwork: __init__ is right so far; forward is {END}"
    network("self.layers = nn.ModuleList(nn.LazyLinear(n) for n in [*hidden, n_actions])")
    assert "__init__ is right so far" in capsys.readouterr().out
    network("____", "return self.layers(obs)")
    assert capsys.readouterr().out == f"○ QNetwork: {END}"


@pytest.mark.parametrize(
    ("init", "diagnosis"),
    [
        (f"{LAYERS}self.layers = [nn.Linear(a, b) for a, b in pairs]", "a plain list hides"),
        (f"{LAYERS}layers = [nn.Linear(a, b) for a, b in pairs]", "no layer is stored"),
        ("self.layers = nn.Sequential(nn.Linear(4, 64), nn.Linear(64, 2))", "hidden is not used"),
        ("self.layers = nn.Linear(4, n_actions)", "a layer is missing"),
        ("self.layers = nn.Linear(obs_shape, n_actions)", "obs_shape is used as a number"),
    ],
)
def test_wrong_layers_are_named_before_forward(init, diagnosis):
    with pytest.raises(Wrong) as caught:
        network(init)
    assert caught.value.diagnosis.startswith(diagnosis), caught.value


def test_a_method_that_does_nothing_is_no_blank():
    """An empty method may be meant; a part that says that it is still to be written is not."""

    class Done:
        def __init__(self):
            self.x = 1

        def close(self):
            pass

    class Begun:
        def __init__(self):
            self.x = 1

        def close(self):
            raise NotImplementedError

    assert answers.blank_methods(Done) == []
    assert answers.blank_methods(Begun) == ["close"]
    assert answers.blank_methods(lambda: ____) == []


@pytest.mark.parametrize("path", [BUFFER, NETWORK])
def test_parts_are_methods_of_the_class(path):
    for part in checks.find(path).parts:
        assert {part.name, *part.needs} <= vars(load(path)).keys()
        part.judge(load(path))  # the library's own is right
