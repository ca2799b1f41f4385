"""Pictures of results: what is drawn is what the data say, and nothing is trained or changed.

Kills these mutants: a curve of one seed in place of the mean; a running mean that is shifted or
padded; a band that is not the interval; looping paths hidden under the others or in their color;
the same x for curves that have their own.
"""

import matplotlib as mpl

mpl.use("agg")

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.colors import to_hex

from dqnlib import TabularConfig, TabularModel, plots, train_tabular
from dqnlib.device import device_report
from dqnlib.experiments import mean_interval
from dqnlib.tabular import rollout, value_iteration


@pytest.fixture(autouse=True)
def close_figures():
    yield
    pyplot.close("all")


@pytest.fixture(scope="module")
def run():
    return train_tabular(TabularConfig(episodes=30), range(4))


def test_smoothed_by_hand():
    values = np.array([[1.0, 2.0, 3.0, 10.0], [0.0, 0.0, 6.0, 0.0]])
    assert plots.smoothed(values, 2).tolist() == [[1.5, 2.5, 6.5], [0.0, 3.0, 3.0]]
    assert np.allclose(plots.smoothed(values, 4), values.mean(1, keepdims=True))
    assert np.allclose(plots.smoothed(values, 1), values)


def test_a_band_is_the_mean_and_its_interval():
    values = np.random.default_rng(0).normal(size=(8, 5))
    ax = plots.band(plots.new_axes(), np.arange(5), values, "x")
    mean, low, high = mean_interval(values)
    assert np.allclose(ax.lines[0].get_ydata(), mean)
    edges = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert np.isclose(edges.min(), low.min())
    assert np.isclose(edges.max(), high.max())


def test_learning_curves_are_means_over_seeds(run):
    ax = plots.learning_curves({"a": run, "b": run}, smooth=10)
    first, second = ax.lines
    assert np.allclose(first.get_ydata(), plots.smoothed(run.returns, 10).mean(0))
    assert first.get_xdata()[0] == 10  # the first ten episodes are one point, at their end
    assert first.get_xdata()[-1] == 30
    assert first.get_linestyle() != second.get_linestyle()  # told apart without color, too
    assert "episode" in ax.get_xlabel()
    assert "return" in ax.get_ylabel()
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["a (4 seeds)", "b (4 seeds)"]


def test_learning_curves_of_very_short_runs(run):
    short = train_tabular(TabularConfig(episodes=3), [0])
    ax = plots.learning_curves({"one seed": short})
    assert np.allclose(ax.lines[0].get_ydata(), short.returns.mean())


def test_a_given_axes_is_used_and_returned(run):
    ax = plots.new_axes()
    assert plots.learning_curves({"a": run}, ax=ax) is ax
    assert plots.error_curves({"a": np.ones((2, 3))}, [1, 2, 3], "x", "y", ax=ax) is ax


def test_error_curves_may_have_an_x_each():
    errors = {"a": np.ones((2, 3)), "b": np.ones((2, 2))}
    ax = plots.error_curves(errors, {"a": [0, 1, 2], "b": [0, 9]}, "steps", "error")
    assert [list(line.get_xdata()) for line in ax.lines] == [[0, 1, 2], [0, 9]]
    assert ax.get_yscale() == "log"


def test_greedy_paths_that_loop_are_seen():
    model = TabularModel.from_env("CliffWalking-v1")
    best = value_iteration(model).q
    loops = np.zeros_like(best)
    loops[36, 0] = loops[24, 2] = 1.0  # up, down, up, ...
    ax = plots.greedy_paths([loops, best, best], model)
    drawn = [line for line in ax.lines if len(line.get_xdata())]
    colors = [to_hex(line.get_color()) for line in drawn]
    assert colors == [plots.COLORS[0], plots.COLORS[0], plots.COLORS[1]]  # the loop on top
    assert len(drawn[0].get_xdata()) == 14  # the start and 13 steps
    assert len(drawn[2].get_xdata()) == 3


def test_pictures_have_a_fixed_text():
    model = TabularModel.from_env("CliffWalking-v1")
    q = value_iteration(model).q
    path = rollout(q, model, epsilon=0.0, seed=0, steps=40)
    for shown in (plots.q_grid(q, "Q*", alt="values"), plots.animated_path(path, q, alt="a walk")):
        data, _ = shown._repr_mimebundle_()
        assert data["text/plain"] in ("values", "a walk")
        assert data["image/png"].startswith("iVBOR")


def test_plots_change_no_data(run):
    before = run.returns.copy()
    plots.learning_curves({"a": run})
    assert np.array_equal(run.returns, before)


def test_the_report_on_the_device_names_what_matters():
    report = device_report()
    for word in ("Python 3.", "PyTorch", "GPU"):
        assert word in report
