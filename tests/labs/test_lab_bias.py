"""The Bias lab without a browser: messages go in, pictures and texts come out.

`tests/mutants/labs/test_lab_bias.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest
from lab_helpers import close_labs, say, steps, wait, widget  # noqa: F401 - a fixture

from dqnlib.classics import maximization
from dqnlib.labs import BiasLab


def test_a_trial_is_that_of_the_library():
    lab = BiasLab(actions=4, noise=2.0, samples=4, spread=1.5)
    steps(lab, 1)
    t = lab.trials
    assert t.true_values.tolist() == [-1.5, -1.0, -0.5, 0.0]
    first, second = np.random.SeedSequence(0).spawn(2)
    assert np.array_equal(t.chooser, maximization.noisy_values(t.true_values, 1, 1.0, first))
    assert np.array_equal(t.judge, maximization.noisy_values(t.true_values, 1, 1.0, second))
    assert t.means["single"].now[1] == t.chooser.max()
    assert t.means["double"].now[1] == t.judge[0, t.chooser.argmax()]


def test_the_means_and_intervals_are_right():
    lab = BiasLab(actions=5)
    found = {"single": [], "double": []}
    lab.close()
    for _ in range(200):
        lab.advance()
        t = lab.trials
        found["single"].append(t.chooser.max())
        found["double"].append(t.judge[0, t.chooser.argmax()])
    for key, values in found.items():
        n, mean, half = lab.trials.means[key].now
        assert (n, mean) == (200, pytest.approx(np.mean(values)))
        assert half == pytest.approx(1.96 * np.std(values, ddof=1) / 200**0.5)
        curve = lab.trials.curves()[list(found).index(key)]
        assert (curve.x[0], curve.x[-1]) == (2, 200)
        k = len(curve.x) // 2
        some = values[: int(curve.x[k])]
        assert curve.mean[k] == pytest.approx(np.mean(some))
        assert curve.high[k] - curve.mean[k] == pytest.approx(
            1.96 * np.std(some, ddof=1) / len(some) ** 0.5
        )


@pytest.mark.parametrize(("actions", "single"), [(2, 0.564), (4, 1.029), (32, 2.070)])
def test_the_long_run_of_equal_values(actions, single):
    """The expected largest of A normal errors; the double estimator has no bias there."""
    found = BiasLab(actions=actions).trials.expected
    assert found.single == pytest.approx(single, abs=0.02)
    assert found.double == pytest.approx(0, abs=0.02)


def test_the_means_reach_the_long_run():
    lab = BiasLab(actions=8, spread=1.0, samples=4)
    lab.close()
    for _ in range(4000):
        lab.advance()
    for key in ("single", "double"):
        _, mean, half = lab.trials.means[key].now
        assert abs(mean - getattr(lab.trials.expected, key)) < 2.5 * half
    assert lab.trials.expected.double < 0 < lab.trials.expected.single


def test_a_slider_makes_a_new_problem():
    lab = BiasLab()
    steps(lab, 3)
    for label, field, value in (("actions", "actions", 2), ("noise", "noise", 0.5),
                                ("samples", "samples", 25), ("spread", "spread", 2.0)):  # fmt: skip
        widget(lab, label).value = value
        assert "The means begin anew." in say(lab)
        assert (lab.settings[field], lab.trials.count) == (value, 0)
        steps(lab, 2)
    assert lab.trials.error == pytest.approx(0.1)
    assert len(lab.trials.true_values) == 2
    assert "2 actions, worth −2.00 to 0; an estimate errs by about 0.10" in lab._values["status"]
    assert not np.array_equal(lab.trials.chooser, BiasLab(name="other").trials.chooser)


def test_without_noise_there_is_no_bias():
    lab = BiasLab(noise=0.0)
    lab.displayed()
    steps(lab, 3)
    assert [m.now[1] for m in lab.trials.means.values()] == [0, 0]
    assert lab.trials.expected == (0, 0)


def test_playing_goes_on_with_a_new_problem():
    lab = BiasLab()
    lab.post("speed", 1000)
    lab.play()
    assert wait(lambda: lab.trials.count > 20)
    widget(lab, "actions").value = 16
    assert lab.settle(30)
    assert lab.playing
    assert wait(lambda: lab.trials.count > 20)
    assert lab.trials.chooser.shape == (1, 16)


def test_all_trials_done(monkeypatch):
    monkeypatch.setattr("dqnlib.labs.bias.TRIALS", 50)
    lab = BiasLab()
    lab.post("speed", float("inf"))
    lab.play()
    assert wait(lambda: "All 50 trials are done" in lab._values["message"])
    lab.step()
    assert "All 50 trials" in say(lab)
    assert lab.trials.count == 50


def test_own_double_estimate_and_its_errors():
    def mine(chooser, judge):
        assert chooser.shape == judge.shape == (1, 8)
        chooser[:] = 99  # it may spoil what it gets
        return 0.25

    lab = BiasLab(double_estimate=mine)
    steps(lab, 2)
    assert lab.trials.means["double"].now[1] == 0.25
    assert lab.trials.chooser.max() < 9
    assert "your mine" in lab._values["status"]

    for bad, said in (
        (lambda chooser, judge: 1 / 0, "failed at trial 1: ZeroDivisionError"),
        (lambda chooser, judge: judge, "returned array("),
        (lambda chooser, judge: None, "returned None at trial 1; expected the mean over trials"),
    ):
        lab = BiasLab(double_estimate=bad)
        lab.step()
        assert said in say(lab)
        assert lab.trials.count == 0


def test_the_courses_own_estimator_is_not_called_yours():
    assert "your" not in BiasLab(double_estimate=maximization.double_estimate)._values["status"]
