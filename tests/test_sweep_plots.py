"""Figures of sweeps, on a table made by hand.

`tests/mutants/test_sweep_plots.toml` lists the mutants that these tests kill.
"""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from dqnlib.sweep_plots import bars, cells, heat_map, sensitivity

TABLE = {  # two seeds a combination; (0.1, 200) is missing
    "rate": np.array([0.1, 0.1, 0.01, 0.01, 0.01, 0.01]),
    "period": np.array([1, 1, 200, 200, 1, 1]),
    "seed": np.array([0, 1] * 3),
    "late": np.array([10.0, 20, 100, 300, 50, 70]),
    "whole": np.array([1.0, 2, 3, 4, 5, 6]),
}


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def test_cells_by_hand():
    found, down, across = cells(TABLE, "rate", "period", "late")
    assert (down.tolist(), across.tolist()) == ([0.01, 0.1], [1, 200])
    assert found[0].tolist() == [60, 200]
    assert found[1, 0] == 15
    assert np.isnan(found[1, 1])
    worst, *_ = cells(TABLE, "period", "rate", "whole", np.min)
    assert worst[0].tolist() == [5, 1]


def test_a_heat_map_has_its_numbers_where_they_belong():
    ax = heat_map(TABLE, "rate", "period", statistic=np.max)
    texts = {(t.get_position()): t.get_text() for t in ax.texts}
    assert texts == {(0, 0): "70", (1, 0): "300", (0, 1): "20"}
    assert [t.get_text() for t in ax.get_xticklabels()] == ["1", "200"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["0.01", "0.1"]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("period", "rate", "late")
    plain, powers = ax.images[0], heat_map(TABLE, "rate", "period", log=True).images[0]
    assert plain.get_array()[0].tolist() == [70, 300]
    assert powers.get_array()[0].tolist() == np.log10([60, 200]).tolist()


def test_sensitivity_draws_a_curve_for_each_value_of_the_other_setting():
    whole = {name: column[:4] for name, column in TABLE.items()} | {
        "period": np.array([1, 1, 1, 1])
    }
    ax = sensitivity(whole, "rate", "period")
    (line,) = ax.lines
    assert line.get_xdata().tolist() == [0.01, 0.1]
    assert line.get_ydata().tolist() == [200, 15]
    assert line.get_label() == "period = 1"
    assert ax.get_xscale() == "log"
    (area,) = ax.collections
    assert area.get_paths()[0].vertices[:, 1].min() == 10


def test_bars_stand_in_groups():
    ax = bars({"a": [1, 2, 4], "b": [3, 0, 1]}, "set", "return")
    middles = [(b.get_x() + b.get_width() / 2, b.get_height()) for b in ax.patches]
    assert np.array(middles).round(6).tolist() == [
        [0.8, 1], [1.8, 2], [2.8, 4], [1.2, 3], [2.2, 0], [3.2, 1],
    ]  # fmt: skip
    assert ax.get_ylim()[0] == 0


@pytest.mark.parametrize("draw", [heat_map, sensitivity])
def test_a_column_that_is_not_there_is_named(draw):
    with pytest.raises(ValueError, match="no column 'tau'; it has rate, period, seed, late, whole"):
        draw(TABLE, "tau", "period")
    with pytest.raises(ValueError, match="no column 'best'"):
        draw(TABLE, "rate", "period", "best")
