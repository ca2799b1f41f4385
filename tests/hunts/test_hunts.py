"""Bug hunts: what an author may write, what the learner sees, and what is kept.

`tests/mutants/hunts/test_hunts.toml` lists the mutants that these tests kill.
"""

import re
import sys
import types

import numpy as np
import pytest
import torch

import dqnlib
from dqnlib import Config, bug_hunt, hunts
from dqnlib.course import progress
from dqnlib.hunts import Hunt, Suspect
from dqnlib.hunts.probing import Learned, ProbeTable, on_probes, short_name
from dqnlib.probes import PROBES

SUSPECTS = (
    Suspect("the value of a terminal state is kept", "The probes that terminate are too high."),
    Suspect("actions are drawn by chance", "The values would be right."),
    Suspect("the step size is too small", "The values would be too low."),
)
SMALL = Config(
    steps=600, warmup=100, epsilon_steps=200, eval_every=100, eval_episodes=2, record_every=50,
    hidden=(16,), batch_size=16, device="cpu",
)  # fmt: skip


def uncut(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max(dim=1).values


def example(**changes):
    """A hunt as a lesson's author would write it."""
    given = {
        "story": "The agent's values grow without an end, and its poles fall.",
        "config": SMALL,
        "sabotage": lambda: {"td_target": uncut},
        "suspects": SUSPECTS,
        "guilty": SUSPECTS[0].name,
        "seeds": range(2),
    }
    return Hunt(**{**given, **changes})


@pytest.fixture
def lesson_03(monkeypatch):
    """Lesson 03 with a hunt: the name of its file, and what it holds."""
    module = types.ModuleType("dqnlib.hunts.lesson_03")
    module.HUNT = example()
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(hunts, "lessons", lambda: ["02", "03"])
    return module


def widget(bundle):
    from ipywidgets.widgets.widget import _instances

    return _instances[bundle["application/vnd.jupyter.widget-view+json"]["model_id"]]


# -- what an author writes -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"guilty": "nobody"}, "is not among the suspects"),
        ({"suspects": SUSPECTS[:2]}, "three to six different suspects"),
        ({"suspects": SUSPECTS * 3}, "three to six different suspects"),
        ({"suspects": (*SUSPECTS[:2], SUSPECTS[0])}, "three to six different suspects"),
        ({"story": " "}, "the story is empty"),
        ({"suspects": (*SUSPECTS, Suspect("x", ""))}, "the word on 'x' is empty"),
        ({"config": None}, "config must be a Config"),
        ({"sabotage": {"td_target": uncut}}, "sabotage must be a function"),
    ],
)
def test_a_hunt_that_is_not_sound(changes, words):
    with pytest.raises(ValueError, match=words):
        example(**changes)


@pytest.mark.parametrize(
    ("given", "want"),
    [
        ({"td_target": uncut}, ({}, {"td_target": uncut})),
        (SMALL.replace(tau=0.1), ({"tau": 0.1}, {})),
        ({"config": SMALL.replace(tau=0.1), "loss": uncut}, ({"tau": 0.1}, {"loss": uncut})),
    ],
)
def test_a_sabotage_changes_settings_or_slots_or_both(given, want):
    assert example(sabotage=lambda: given).sabotaged() == want


@pytest.mark.parametrize("given", [{}, SMALL, {"config": SMALL}])
def test_a_sabotage_that_changes_nothing(given):
    with pytest.raises(ValueError, match="changes nothing"):
        example(sabotage=lambda: given).sabotaged()


@pytest.mark.parametrize("lesson", hunts.lessons())
def test_every_lessons_hunt_is_sound(lesson, capsys):
    hunt = bug_hunt(lesson)
    assert hunt.config.steps * len(tuple(hunt._hunt.seeds)) <= 200_000, "it must take seconds"
    hunt._hunt.sabotaged()
    assert {*hunt._hunt.probes} <= {short_name(probe) for probe in PROBES}
    assert len(capsys.readouterr().out) > 100


# -- opening it ----------------------------------------------------------------------------


def test_opening_a_hunt_tells_its_story(lesson_03, capsys):
    hunt = bug_hunt("03")
    printed = capsys.readouterr().out
    assert printed == f"{hunt}\n"
    assert "without an end" in printed
    assert all(suspect.name in printed for suspect in SUSPECTS)
    assert not any(suspect.word in printed for suspect in SUSPECTS)
    assert hunt.config == SMALL


def test_a_lesson_without_a_hunt(lesson_03, monkeypatch):
    with pytest.raises(ValueError, match=r"no bug hunt for lesson '99'. There are: 02, 03"):
        bug_hunt("99")
    with pytest.raises(ValueError, match="Did you mean '03'"):
        bug_hunt("3")
    lesson_03.HUNT = None
    with pytest.raises(ValueError, match="holds no HUNT"):
        bug_hunt("03")
    monkeypatch.setattr(hunts, "lessons", list)
    with pytest.raises(ValueError, match="none yet"):
        bug_hunt("03")


def test_hunts_are_found_by_the_names_of_their_files(monkeypatch, tmp_path):
    for name in ("lesson_03.py", "lesson_04b.py", "lesson_3.py", "cases.py", "lesson_05.txt"):
        (tmp_path / name).touch()
    monkeypatch.setattr(hunts, "__path__", [str(tmp_path)])
    assert hunts.lessons() == ["03", "04b"]


def test_the_rest_of_the_library_is_loaded_when_a_clue_is_asked_for():
    assert dqnlib.bug_hunt is bug_hunt
    assert dqnlib.hunts is hunts


# -- clues ---------------------------------------------------------------------------------


def test_training_builds_the_mistake_in(lesson_03):
    hunt = bug_hunt("03")
    run = hunt.train(SMALL.replace(steps=200), range(1))
    assert (run.slots, run.steps, run.seeds) == (("td_target",), 200, (0,))
    assert hunt.train_healthy(SMALL.replace(steps=200), range(1)).slots == ()
    lesson_03.HUNT = example(sabotage=lambda: SMALL.replace(tau=0.5, sync_every=7))
    run = bug_hunt("03").train(SMALL.replace(steps=200, gamma=0.5), range(1))
    assert (run.config.tau, run.config.sync_every, run.config.gamma) == (0.5, 7, 0.5)
    run = bug_hunt("03").train(record={"three": lambda moment: 3.0})
    assert np.all(run.records["three"] == 3)
    assert run.seeds == (0, 1)


def test_curves(lesson_03):
    import matplotlib.pyplot as plt

    lesson_03.HUNT = example(record={"three": lambda moment: 3.0})
    hunt = bug_hunt("03")
    returns, q, three = hunt.curves()
    for ax in (returns, q, three):
        labels = [text.get_text() for text in ax.get_legend().get_texts()]
        assert [label.partition(" ")[0] for label in labels] == ["healthy", "suspect"]
    assert "greedy" in returns.get_ylabel()
    assert "Q-value" in q.get_ylabel()
    assert three.get_ylabel() == "three"
    mean = hunt.suspect.eval_returns.mean((0, 2))
    np.testing.assert_allclose(returns.lines[1].get_ydata(), mean)
    assert hunt.healthy is hunt.healthy  # trained once
    few = bug_hunt("03")
    few.__dict__["healthy"] = few.train_healthy(SMALL.replace(eval_every=300))
    few.__dict__["suspect"] = hunt.suspect
    assert "greedy" not in few.curves()[0].get_ylabel()
    plt.close("all")


def test_values_far_apart_are_drawn_on_a_log_scale():
    from dqnlib.hunts import cases

    def run(*values):
        return types.SimpleNamespace(records={"q": np.array([values])})

    near, far = {"a": run(1.0, np.nan), "b": run(20.0)}, {"a": run(1.0), "b": run(21.0)}
    assert not cases._far_apart(near, "q")
    assert cases._far_apart(far, "q")
    assert not cases._far_apart({"a": run(-1.0), "b": run(21.0)}, "q")
    assert not cases._far_apart({"a": run(np.nan), "b": run(21.0)}, "q")


def test_the_probes_tell_what_the_mistake_does(lesson_03):
    """An agent that keeps the value of a terminal state is right only where nothing terminates."""
    table = bug_hunt("03").probes()
    assert {row.word for row in table.healthy} == {"right"}
    words = {}
    for row in table.suspect:
        words.setdefault(row.probe, set()).add(row.word)
    assert words.pop("TruncatedForever") == {"right"}
    assert words["ConstantReward"] == words["Termination"] == {"too high"}
    assert not any("right" in found for found in words.values())
    lines = repr(table).splitlines()
    assert lines[0].split() == ["probe", "value", "true", "healthy", "suspect"]
    assert re.search(r"ConstantReward +Q\(0\) +1 +right +too high", repr(table))
    bundle = table._repr_mimebundle_()
    assert {"text/plain", "image/png"} <= set(bundle)
    assert "text/html" not in bundle  # numbers would fail on another machine
    page = widget(bundle).value
    assert "✓ right" in page
    assert "✗ too high" in page


def test_the_other_kinds_of_healthy_agents_learn_the_probes():
    """Without replay, and with a slow target: what later lessons hunt in."""
    from dqnlib import Trainer

    naive = Config(capacity=1, batch_size=1, warmup=1, sync_every=1, optimizer="sgd")
    slow = Config(double=True, target_epsilon=0.5, tau=0.005, sync_every=1)
    for config in (naive, slow):
        wrong = [row for row in on_probes(Trainer, config) if row.word != "right"]
        assert not wrong, config


def test_the_network_of_lesson_10_sees_nothing_in_one_observation():
    """What the word on its guilty suspect says: company decides, and alone all are the same."""
    _, slots = bug_hunt("10")._hunt.sabotaged()
    network, obs = slots["network"]((4,), 2), torch.randn(6, 4)
    alone = torch.cat([network(o[None]) for o in obs])
    assert torch.allclose(alone, alone[:1].expand(6, 2), atol=1e-5)
    together = network(obs)
    assert (together[0] - together[1:]).abs().min() > 1e-4
    assert torch.allclose(together, network(obs + 0.2), atol=1e-4)  # the shift of Termination
    assert not torch.allclose(together[:3], network(obs[:3]), atol=1e-3)


def row(true, *values, action=None):
    return Learned("Probe", -1.0, action, true, np.array(values))


@pytest.mark.parametrize(
    ("learned", "word"),
    [
        (row(1.0, 1.0, 1.2), "right"),
        (row(1.0, 1.0, 2.0), "too high"),
        (row(-1.0, -1.0, -2.0), "too low"),
        (row(10.0, 10.8), "right"),
        (row(10.0, 10.9), "too high"),
        (row(1.0, 1.0, np.nan), "no number"),
        (row(1.0, np.inf), "no number"),
    ],
)
def test_words(learned, word):
    assert learned.word == word


def test_a_mistake_that_stops_the_training_is_no_number():
    def trainer(config, seeds):
        from dqnlib import Trainer

        return Trainer(config, seeds, td_target=lambda reward, terminated, next_q, gamma: None)

    found = on_probes(trainer, SMALL)
    some = on_probes(trainer, SMALL, ("ConstantReward", "Termination"))
    assert {learned.probe for learned in some} == {"ConstantReward", "Termination"}
    assert {learned.word for learned in found} == {"no number"}
    table = ProbeTable(found, [row(1.0, *[1e9] * 3, action=1), row(1.0, *[-1e9] * 3), *found[2:]])
    assert table._picture().startswith(b"\x89PNG")
    assert "1e+09" in widget(table._repr_mimebundle_()).value


# -- the verdict ---------------------------------------------------------------------------


def test_the_verdict_is_checked_and_kept(lesson_03):
    verdict = bug_hunt("03").verdict()
    _, *rows, _ = widget(verdict._repr_mimebundle_()).children
    buttons = [row.children[0] for row in rows]
    words = [row.children[1].children[1] for row in rows]
    buttons[1].click()
    assert "✗ The values would be right." in words[1].value
    assert words[0].value == ""
    assert progress.answer(progress.hunt_key("03")) == {"tried": [SUSPECTS[1].name], "right": False}
    buttons[0].click()
    assert "✓" in words[0].value
    assert progress.answer(progress.hunt_key("03"))["right"]
    assert not progress.answer(progress.hunt_key("02"))["right"]
    text = repr(bug_hunt("03").verdict())
    assert text == repr(verdict)  # whatever was answered
    assert not any(suspect.word in text for suspect in SUSPECTS)
