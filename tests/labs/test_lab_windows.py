"""The n-step lab without a browser: messages go in, pictures and texts come out.

`tests/mutants/labs/test_lab_windows.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest
from lab_helpers import close_labs, say, steps, widget  # noqa: F401 - a fixture

from dqnlib import envs
from dqnlib.classics.n_step_q import NStepQ
from dqnlib.labs import NStepLab
from dqnlib.transitions import NStep


def status(lab):
    return lab._values["status"]


def until(lab, done, most=4_000):
    """Step until something is so."""
    lab.close()
    for _ in range(most):
        lab.advance()
        if done(lab.track):
            lab.show()
            return
    raise AssertionError("it never happened")


def test_the_table_is_that_of_the_agent():
    lab = NStepLab(n=3, gamma=0.9, epsilon=0.2, alpha=0.5, seed=4)
    agent = NStepQ(envs.make("CliffWalking-v1"), 3, 0.5, 0.9, 0.2, limit=60, seed=4)
    steps(lab, 150)
    for _ in range(150):
        agent.step()
    assert np.array_equal(lab.agent.q, agent.q)
    assert "step 150 ·" in status(lab)


def test_a_window_that_is_not_full_yet():
    lab = NStepLab(n=3)
    assert "No step so far." in status(lab)
    steps(lab, 2)
    assert "The window holds 2 of 3 steps" in status(lab)
    assert (lab.track.inside, lab.track.update) == (2, None)


def test_a_full_window_and_its_arithmetic():
    lab = NStepLab(n=3, alpha=0.5, gamma=1.0)
    steps(lab, 3)
    (update,) = lab.track.last.updates
    first, total = lab.track.steps[0], sum(one.reward for one in lab.track.steps)
    assert (update.transition.obs, update.transition.reward) == (first.obs, total)
    assert lab.agent.q[first.obs, first.action] == 0.5 * total
    assert f"Q({first.obs}, " in status(lab)
    assert "γ<sup>3</sup> max Q" in status(lab)


def test_a_time_limit_drops_what_is_not_full():
    lab = NStepLab(n=5, epsilon=1.0)
    until(lab, lambda track: track.truncated)
    assert (lab.track.dropped, lab.agent.episode_steps) == (4, 0)
    assert "1 cut by the limit of 60 · 4 windows dropped" in status(lab)
    assert "the time limit drops the rest" in status(lab)
    short = NStepLab(n=20, epsilon=1.0)
    until(short, lambda track: track.truncated)
    assert short.track.dropped == 19


def test_a_termination_completes_every_window():
    lab = NStepLab(n=3, alpha=0.5)
    until(lab, lambda track: track.terminated)
    assert len(lab.track.last.updates) == 3
    assert "nothing follows" in status(lab)
    assert "and 2 shorter windows, cut by the end" in status(lab)
    assert lab.track.update.transition.terminated
    assert lab.track.update is lab.track.last.updates[0]  # the oldest, of three rewards
    lab.advance()
    assert len(lab.track.steps) == 1  # the next episode


def test_the_greedy_path_is_told():
    lab = NStepLab(n=1, alpha=0.5)
    assert "goes in a circle" in status(lab)
    lab.close()
    for _ in range(12_000):
        lab.advance()
    lab.show()
    assert "the greedy path earns −13" in status(lab)


def test_settings_act_in_flight_and_a_new_n_begins_a_new_window():
    lab = NStepLab(n=3)
    steps(lab, 2)
    widget(lab, "explore ε").value = 0.7
    widget(lab, "discount γ").value = 0.5
    widget(lab, "step size α").value = 0.9
    steps(lab, 1)
    agent = lab.agent
    assert (agent.epsilon, agent.gamma, agent.window.gamma, agent.alpha) == (0.7, 0.5, 0.5, 0.9)
    assert lab.track.update  # the window went on
    q = agent.q.copy()
    widget(lab, "window n").value = 6
    assert "A new window, of 6 steps; the table stays." in say(lab)
    assert (lab.agent.n, lab.agent.window.n, lab.track.n) == (6, 6, 6)
    assert np.array_equal(lab.agent.q, q)


def test_windows_of_the_learners():
    class Own(NStep):
        made = 0

        def step(self, transition, ended):
            Own.made += 1
            return super().step(transition, ended)

    lab = NStepLab(transitions=Own)
    steps(lab, 5)
    assert Own.made == 5


def test_reset_forgets_all():
    lab = NStepLab()
    steps(lab, 30)
    lab.post("reset")
    assert lab.settle()
    assert (lab.agent.steps, lab.track.steps, lab.agent.q.any()) == (0, [], False)


def test_pictures_and_the_still():
    lab = NStepLab(n=20, gamma=0.9)
    still = lab.still()
    assert still.startswith(b"\x89PNG")
    assert lab.agent.steps == 0  # the still has an agent of its own
    before = lab._values["strip"]
    steps(lab, 1)
    assert lab._values["strip"] != before
    assert lab._values["grid"].startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"n": 0}, "n must be"),
        ({"n": 21}, "n must be"),
        ({"gamma": 1.5}, "gamma"),
        ({"epsilon": -1}, "epsilon"),
        ({"alpha": 2}, "alpha"),
        ({"seed": -1}, "seed"),
    ],
)
def test_settings_out_of_range(settings, words):
    with pytest.raises(ValueError, match=words):
        NStepLab(**settings)
