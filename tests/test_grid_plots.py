"""Pictures of grid worlds: what is drawn is what the tables and paths say.

`tests/mutants/test_grid_plots.toml` lists the mutants that these tests kill.
"""

import matplotlib as mpl

mpl.use("agg")

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.colors import to_hex

from dqnlib import TabularConfig, TabularModel, grid_plots, plots
from dqnlib.data import Step
from dqnlib.planning import rollout, value_iteration


@pytest.fixture(autouse=True)
def close_figures():
    yield
    pyplot.close("all")


def arrows_of(ax, color) -> int:
    """Return how many arrows of a color are drawn."""
    patches = [t.arrow_patch for t in ax.texts if getattr(t, "arrow_patch", None) is not None]
    return sum(to_hex(patch.get_edgecolor()) == color for patch in patches)


def test_path_counts_by_hand():
    model = TabularModel.from_env("CliffWalking-v1")
    best = value_iteration(model).q
    loops, stays = np.zeros_like(best), np.zeros_like(best)
    loops[36, 0] = loops[24, 2] = 1.0  # up, down, up, ...
    stays[36, 3] = 1.0  # against the wall
    ax = grid_plots.path_counts([loops, best, best, stays], model)
    assert arrows_of(ax, plots.COLORS[0]) == 13
    assert arrows_of(ax, plots.COLORS[1]) == 2
    written = [text.get_text() for text in ax.texts if text.get_text().isdigit()]
    assert sorted(written) == ["1"] * 2 + ["2"] * 13
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [to_hex(dot.get_color()) for dot in dots] == [plots.COLORS[1]]
    assert plots.greedy_paths is grid_plots.path_counts  # as older copies call it


def test_a_state_map_by_hand():
    values = np.full(48, np.nan)
    values[[0, 13, 36]] = [0.5, 2.0, 0.0]
    ax = grid_plots.state_map(values, form="{:.1f}")
    assert {t.get_position(): t.get_text() for t in ax.texts} == {
        (0, 0): "0.5", (1, 1): "2.0", (0, 3): "0.0",
    }  # fmt: skip
    grid_plots.state_map(np.zeros(48))  # nothing is off anywhere


def test_several_tables_and_single_steps_are_pictures():
    q = np.zeros((48, 4))
    shown = grid_plots.q_grids({"first": q, "last": q - 1}, alt="two tables")
    assert shown._repr_mimebundle_()[0]["text/plain"] == "two tables"
    with pytest.raises(ValueError, match="give a dict with a label for each table"):
        grid_plots.q_grids(q, alt="none")
    config = TabularConfig(alpha=0.5)
    step = Step(36, 1, -100.0, 36, False, False, -100.0, -100.0)
    assert grid_plots.update_steps([step], config, alt="a fall")._repr_mimebundle_()[0]
    away = step._replace(next_obs=5)
    with pytest.raises(ValueError, match="step 2 goes from state 36 to 5, and only the first 4"):
        grid_plots.update_steps([step, away], config, alt="too far")


def test_pictures_have_a_fixed_text():
    model = TabularModel.from_env("CliffWalking-v1")
    q = value_iteration(model).q
    path = rollout(q, model, epsilon=0.0, seed=0, steps=40)
    for shown in (
        grid_plots.q_grid(q, "Q*", alt="values"),
        grid_plots.animated_path(path, q, alt="a walk"),
    ):
        data, _ = shown._repr_mimebundle_()
        assert data["text/plain"] in ("values", "a walk")
        assert data["image/png"].startswith("iVBOR")
