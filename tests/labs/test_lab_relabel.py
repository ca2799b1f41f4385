"""The Relabel lab without a browser: messages go in, pictures and texts come out.

`tests/mutants/labs/test_lab_relabel.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest
from lab_helpers import close_labs, control, picture, say, status, steps, widget  # noqa: F401

from dqnlib.labs import RelabelLab
from dqnlib.transitions import future_steps, relabel


def test_first_the_episode_then_its_copies():
    lab = RelabelLab(bits=5, k=3)
    while not lab.tale.over:
        before = len(lab.tale.steps)
        steps(lab, 1)
        assert len(lab.tale.steps) == before + 1
        assert lab.tale.now == -1
    length = len(lab.tale.steps)
    for t in range(length):
        steps(lab, 1)
        assert (lab.tale.now, len(lab.tale.copies)) == (t, 3)
        for later, copy in lab.tale.copies:
            goal = lab.tale.steps[later].next_obs[:5]
            want = relabel(lab.tale.steps[t], goal, lab.tale.env)
            assert t <= later < length
            assert all(np.array_equal(a, b) for a, b in zip(copy, want, strict=True))
    assert lab.tale.done
    steps(lab, 1)
    assert (lab.tale.episodes, lab.tale.steps) == (2, [])


def test_the_text_counts_what_is_stored():
    lab = RelabelLab(bits=4, k=2)
    kept = copied = rewarded = 0
    for _ in range(5):
        lab.post("relabel")
        assert "The whole episode is relabeled" in say(lab)
        assert lab.tale.done
        kept, copied = kept + len(lab.tale.steps), copied + 2 * len(lab.tale.steps)
        assert (lab.tale.kept, lab.tale.copied) == (kept, copied)
    text = status(lab)
    assert f"episode 5 · stored so far: {kept} steps as they were" in text
    assert f"{copied} copies, {lab.tale.rewarded_copies} (" in text
    assert 0 < lab.tale.rewarded_copies < copied
    lab.close()
    again = RelabelLab(bits=4, k=2)  # counted by hand
    again.close()
    while again.tale.episodes < 6:
        again.advance()
        rewarded += sum(c.transition.reward == 0 for c in again.tale.copies)
    assert rewarded == lab.tale.rewarded_copies


def test_final_makes_one_copy_with_the_last_row():
    lab = RelabelLab(bits=4, strategy="final")
    lab.post("relabel")
    lab.settle(30)
    (copy,) = lab.tale.copies
    last = lab.tale.steps[-1].next_obs[:4]
    assert copy.transition.next_obs[4:].tolist() == last.tolist()
    assert copy.transition.terminated
    assert lab.tale.copied == len(lab.tale.steps)


def test_sliders():
    lab = RelabelLab(bits=6, k=4)
    lab.post("relabel")
    lab.settle(30)
    episode = lab.tale.steps
    widget(lab, "copies k").value = 2
    assert "The copies are made anew" in say(lab)
    assert (lab.tale.copied, lab.tale.now, lab.tale.steps) == (0, -1, episode)
    steps(lab, 1)
    assert len(lab.tale.copies) == 2
    control(lab, "goals: final").value = "final"
    assert lab.settle(30)
    steps(lab, 1)
    assert [c.later for c in lab.tale.copies] == [len(episode) - 1]
    widget(lab, "bits").value = 3
    assert "Begins anew: 3 bits" in say(lab)
    assert (lab.tale.env.bits, lab.tale.kept, lab.settings["strategy"]) == (3, 0, "final")


def test_reset_tells_the_same_again():
    lab = RelabelLab()
    steps(lab, 9)
    before = [t.action for t in lab.tale.steps], [c.later for c in lab.tale.copies]
    lab.reset()
    steps(lab, 9)
    assert ([t.action for t in lab.tale.steps], [c.later for c in lab.tale.copies]) == before
    assert RelabelLab(seed=1, name="other").tale.first.tolist() != lab.tale.first.tolist()


def test_pictures():
    lab = RelabelLab(bits=8, k=8)
    lab.post("relabel")
    lab.settle(30)
    image = picture(lab, "episode")
    assert image.size == (1820, 640)
    pixels = np.asarray(image.convert("RGB")).reshape(-1, 3)
    for color in ((0, 114, 178), (213, 94, 0), (194, 0, 107)):
        assert (pixels == color).all(1).sum() > 100
    assert lab.still()[:4] == b"\x89PNG"


def test_own_functions():
    calls, chosen = [], []

    def mine(transition, goal, env):
        calls.append(goal.tolist())
        goal[:] = 5  # it may spoil what it gets
        transition.obs[:] = 5
        return relabel(transition, env.achieved_goal(transition.next_obs), env)

    def later(length, k, rng):
        chosen.append(length)
        return [[length - 1] * k for _ in range(length)]

    lab = RelabelLab(relabel=mine, future_steps=later, k=2)
    lab.post("relabel")
    text = status(lab)
    assert "your mine and later" in text
    assert lab.tale.rewarded_copies == lab.tale.copied == len(calls)
    assert max(lab.tale.steps[0].obs) == 1
    assert chosen == [len(lab.tale.steps)]  # once an episode
    assert {c.later for c in lab.tale.copies} == {len(lab.tale.steps) - 1}


def test_the_courses_own_functions_are_not_called_yours():
    lab = RelabelLab(relabel=relabel, future_steps=future_steps)
    assert "your" not in lab._values["status"]


@pytest.mark.parametrize(
    ("functions", "words"),
    [
        ({"relabel": lambda t, goal, env: 1 / 0}, "failed at step 0 of episode 1: ZeroDivision"),
        ({"relabel": lambda t, goal, env: None}, "returned no Transition at step 0"),
        ({"relabel": lambda t, goal, env: t._replace(obs=goal)}, "returned no Transition"),
        ({"future_steps": lambda n, k, rng: [0, 1]}, "gave no table of 6 rows"),
        ({"future_steps": lambda n, k, rng: [[0]] * 5 + [[0, 1]]}, "gave no table of 6 rows"),
        ({"future_steps": lambda n, k, rng: [[n]] * n}, "gave a step that is not among the 6"),
        ({"future_steps": lambda n, k, rng: [[-1]] * n}, "gave a step that is not among the 6"),
    ],
)
def test_errors_of_own_functions_are_shown(functions, words):
    lab = RelabelLab(**functions)
    steps(lab, 7)
    assert words in say(lab)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"bits": 2}, "bits must be"), ({"bits": 9}, "bits must be"), ({"k": 0}, "k must be"),
        ({"strategy": "past"}, "unknown strategy"), ({"relabel": 3}, "relabel must be a function"),
        ({"seed": -1}, "seed must be"),
    ],
)  # fmt: skip
def test_bad_settings_of_the_lab(settings, words):
    with pytest.raises(ValueError, match=words):
        RelabelLab(**settings)
