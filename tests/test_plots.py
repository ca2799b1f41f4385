"""Pictures of results: what is drawn is what the data say, and nothing is trained or changed.

`tests/mutants/test_plots.toml` lists the mutants that these tests kill.
"""

import matplotlib as mpl

mpl.use("agg")

from dataclasses import replace

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.colors import to_hex

from dqnlib import TabularConfig, plots, reports, train_tabular
from dqnlib.config import Config
from dqnlib.intervals import mean_interval
from dqnlib.results import Run


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


def test_seven_curves_look_different(run):
    ax = plots.learning_curves({str(k): run for k in range(12)})
    looks = {(to_hex(line.get_color()), line.get_linestyle()) for line in ax.lines}
    assert len(looks) == 12


def deep_run(ends, returns, evaluations=None, steps=1000, **changes) -> Run:
    """A run with a record every 100 steps."""
    rows, k = len(ends), steps // 100
    evaluations = np.zeros((rows, 0, 0)) if evaluations is None else evaluations
    parts = {
        "config": Config(),
        "seeds": tuple(range(rows)),
        "steps": steps,
        "returns": tuple(np.array(r, float) for r in returns),
        "ends": tuple(np.array(e, int) for e in ends),
        "record_steps": 100 * np.arange(1, k + 1),
        "records": {name: np.ones((rows, k)) for name in ("loss", "q")},
        "eval_steps": np.linspace(0, steps, evaluations.shape[1] + 1)[1:].astype(int),
        "eval_returns": evaluations,
        "diverged": np.full(rows, -1),
        "parameters": {},
        "best_parameters": {},
        "best_steps": np.full(rows, -1),
    }
    return Run(**{**parts, **changes})


def labels(ax) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def assert_axis_of_steps(ax, last: int) -> None:
    assert ax.get_xlabel() == "environment steps"
    assert ax.get_xlim()[0] == 0
    assert last <= ax.get_xlim()[1] <= 1.05 * last
    assert ax.xaxis.get_major_formatter()(12_000, 0) == "12,000"


def test_learning_curves_over_steps_by_hand():
    run = deep_run([[100, 300, 900], [200, 450]], [[10, 20, 90], [30, 70]])
    longer = deep_run([[1500]], [[5]], steps=2000)
    ax = plots.learning_curves({"a": run, "b": longer}, smooth=2, points=10)
    first, second = ax.lines
    assert first.get_xdata().tolist() == list(range(200, 1001, 100))  # both have an episode by then
    # seed 0: 10 10|15 … 15|55 55; seed 1: 30 30 30|50 …
    want = [20, 22.5, 22.5, 32.5, 32.5, 32.5, 32.5, 52.5, 52.5]
    assert first.get_ydata().tolist() == want
    assert second.get_xdata().tolist() == [1600, 1800, 2000]
    assert labels(ax) == ["a (2 seeds)", "b (1 seed)"]
    assert "mean of the last 2" in ax.get_ylabel()
    assert len(ax.collections) == 2
    edges = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (edges.min(), edges.max()) == (10, 55)  # the interval of two seeds is from one to other
    assert_axis_of_steps(ax, 2000)
    plots.learning_curves({"c": run}, ax=ax)
    assert_axis_of_steps(ax, 2000)  # the longer curve is still seen


def test_tabular_and_deep_runs_share_no_axis(run):
    deep = deep_run([[100]], [[1]])
    for runs in ({"a": run, "b": deep}, {"b": deep, "a": run}):
        with pytest.raises(ValueError, match="apart: episodes and steps share no axis"):
            plots.learning_curves(runs)


@pytest.mark.filterwarnings("error")
def test_a_seed_without_an_episode_leaves_no_curve():
    run = deep_run([[100, 200], []], [[1, 2], []])
    ax = plots.learning_curves({"a": run})
    assert len(ax.lines[0].get_xdata()) == 0
    assert labels(ax) == ["a (2 seeds)"]
    assert_axis_of_steps(ax, 1000)
    ax.figure.canvas.draw()


@pytest.mark.filterwarnings("error")
def test_evaluation_curves_by_hand():
    values = np.array([[[1, 3], [5, 7]], [[2, 2], [9, 100]]], float)  # [S, M, E]
    values[1, 1, 1] = np.nan  # this evaluation was of one episode
    run = deep_run([[], []], [[], []], values)
    ax = plots.evaluation_curves({"a": run})
    assert ax.lines[0].get_xdata().tolist() == [500, 1000]
    assert ax.lines[0].get_ydata().tolist() == [2, 7.5]
    assert len(ax.collections) == 1
    assert labels(ax) == ["a (2 seeds)"]
    assert "greedy" in ax.get_ylabel()
    assert_axis_of_steps(ax, 1000)
    ax = plots.evaluation_curves({"a": run}, seeds=True)
    assert [list(line.get_ydata()) for line in ax.lines] == [[2, 6], [2, 9], [2, 7.5]]
    assert labels(ax) == ["a (2 seeds)"]  # a seed's own curve needs no label
    single = deep_run([[], []], [[], []], values[:, :1])
    ax = plots.evaluation_curves({"one": single, "none": deep_run([[], []], [[], []])})
    assert ax.lines[0].get_marker() == "o"  # one point makes no line
    assert len(ax.lines[1].get_xdata()) == 0
    ax.figure.canvas.draw()


@pytest.mark.filterwarnings("error")
def test_record_curves_begin_with_learning_and_end_with_divergence():
    nan = np.nan
    loss = np.array([[nan, 1, 2, 3, 4], [nan, 3, 6, np.inf, nan], [nan, 2, 4, 9, 16]])
    run = deep_run([[]] * 3, [[]] * 3, steps=500, records={"loss": loss})
    lost = deep_run(
        [[]] * 3, [[]] * 3, steps=500, records={"loss": loss}, diverged=np.array([-1, 400, -1])
    )
    none = deep_run([[]] * 2, [[]] * 2, steps=500, records={"loss": np.full((2, 5), nan)})
    ax = plots.record_curves({"a": run, "b": lost, "c": none}, "loss", "loss", log=True)
    assert [list(line.get_xdata()) for line in ax.lines] == [[200, 300], [200, 300], []]
    assert ax.lines[0].get_ydata().tolist() == [2, 4]
    assert labels(ax) == ["a (3 seeds)", "b (3 seeds, 1 diverged)", "c (2 seeds)"]
    assert ax.get_yscale() == "log"
    assert ax.get_ylabel() == "loss"
    assert_axis_of_steps(ax, 500)  # so that it is seen where it ended
    ax.figure.canvas.draw()
    assert plots.record_curves({"a": run}, "loss", "loss").get_yscale() == "linear"


def test_a_record_that_is_not_there_is_named():
    runs = {"a": deep_run([[]], [[]]), "b": deep_run([[]], [[]], records={"q": np.ones((1, 10))})}
    with pytest.raises(ValueError, match=r"'a' has no record 'foo'; it has loss, q$"):
        plots.record_curves(runs, "foo", "")
    with pytest.raises(ValueError, match=r"'b' has no record 'loss'; it has q$"):
        plots.record_curves(runs, "loss", "")
    assert not pyplot.get_fignums()  # no empty picture is left behind
    assert len(plots.record_curves(runs, "q", "").lines) == 2


DRAW = {
    "learning": plots.learning_curves,
    "evaluation": plots.evaluation_curves,
    "record": lambda runs: plots.record_curves(runs, "q", ""),
    "error": lambda runs: plots.error_curves(runs, [1, 2, 3], "", ""),
    "arms": lambda runs: plots.arms(runs, ""),
}


@pytest.mark.parametrize("name", DRAW)
def test_what_is_drawn_has_labels(name, run):
    what = "array" if name in ("error", "arms") else "run"
    given = np.ones(3) if what == "array" else deep_run([[100]], [[1]])
    said = f"give a dict with a label for each {what}, such as .*: {what}.; this is something of"
    for wrong in (given, [given], run, None):
        with pytest.raises(ValueError, match=f"{said} the type {type(wrong).__name__}$"):
            DRAW[name](wrong)
    assert not pyplot.get_fignums()
    DRAW[name]({"a": given})


@pytest.mark.parametrize("name", ["learning", "evaluation", "record"])
def test_what_has_labels_is_runs(name, run):
    deep = deep_run([[100]], [[1]])
    with pytest.raises(ValueError, match=r"label needs a .*Run, but 'b' has .* the type dict$"):
        DRAW[name]({"a": deep, "b": {"c": deep}})
    with pytest.raises(ValueError, match=r"label needs a .*Run, but 'a' has .* the type ndarray$"):
        DRAW[name]({"a": np.ones((2, 3))})
    if name != "learning":
        with pytest.raises(ValueError, match=r"needs a Run, but 'a' has .* the type TabularRun$"):
            DRAW[name]({"a": run})


@pytest.mark.filterwarnings("error")
def test_records_with_values_that_a_log_axis_cannot_show():
    values = np.array([[-1.0, 0.0, 1.0, 10.0], [-3.0, 0.0, 2.0, 1e30]])
    run = deep_run([[]] * 2, [[]] * 2, steps=400, records={"q": values})
    ax = plots.record_curves({"a": run}, "q", "Q", log=True)
    assert ax.lines[0].get_ydata().tolist() == [-2, 0, 1.5, 5e29]
    ax.figure.canvas.draw()


def test_figures_are_light_in_a_dark_theme():
    with mpl.rc_context({"figure.facecolor": "none"}):  # a clear one would show what lies behind
        assert to_hex(plots.new_axes().figure.get_facecolor(), keep_alpha=True) == "#ffffffff"


def test_error_curves_may_have_an_x_each():
    errors = {"a": np.ones((2, 3)), "b": np.ones((2, 2))}
    ax = plots.error_curves(errors, {"a": [0, 1, 2], "b": [0, 9]}, "steps", "error")
    assert [list(line.get_xdata()) for line in ax.lines] == [[0, 1, 2], [0, 9]]
    assert ax.get_yscale() == "log"


def test_plots_change_no_data(run):
    before = run.returns.copy()
    plots.learning_curves({"a": run})
    assert np.array_equal(run.returns, before)


def test_arms_show_every_seed_and_count_the_lost_ones():
    ax = plots.arms({"a": [1.0, 3.0, np.nan, np.inf], "b": [np.nan]}, "return")
    dots, mean, none = (line.get_ydata().tolist() for line in ax.lines)
    assert dots == [1, 3]
    assert mean == [2, 2]
    assert none == []
    labels = [t.get_text() for t in ax.get_xticklabels()]
    assert labels == ["a\n(2 lost)", "b\n(1 lost)"]
    assert ax.get_ylabel() == "return"


@pytest.mark.parametrize(("log", "scale"), [(True, "log"), (False, "linear")])
def test_error_curves_have_a_log_scale_unless_told_otherwise(log, scale):
    ax = plots.error_curves({"a": np.ones((2, 3))}, [1, 2, 3], "x", "y", log=log)
    assert ax.get_yscale() == scale


def test_one_line_a_seed_ends_with_a_mark_where_it_diverges():
    nan, inf = np.nan, np.inf
    q = np.array([[nan, 1, 2, 3, 4], [nan, 3, 60, inf, 5], [nan, 2, 4, 9, 16.0]])
    run = deep_run(
        [[]] * 3, [[]] * 3, steps=500, records={"q": q}, diverged=np.array([-1, 400, -1])
    )
    ax = reports.seed_lines(run, "q", "largest Q", bound=(100, "bound"))
    first, second, mark, third, bound = ax.lines
    assert [first.get_ydata().tolist(), third.get_ydata().tolist()] == [[1, 2, 3, 4], [2, 4, 9, 16]]
    assert second.get_ydata().tolist() == [3, 60]
    assert (mark.get_marker(), mark.get_xdata().tolist(), mark.get_ydata().tolist()) == (
        "x", [300], [60],
    )  # fmt: skip
    assert bound.get_ydata() == [100, 100]
    assert ax.texts[0].get_text() == "bound"
    assert ax.get_yscale() == "log"
    assert ax.get_title(loc="right") == "3 seeds, × 1 diverged"
    assert_axis_of_steps(ax, 500)
    assert reports.seed_lines(run, "q", "", log=False).get_yscale() == "linear"
    with pytest.raises(ValueError, match="there is no record 'foo'; there are q"):
        reports.seed_lines(run, "foo", "")


def test_a_table_of_arms_has_both_rules_and_the_values():
    returns = np.full((2, 4, 1), 10.0)
    returns[:, 3] = 50.0  # late: the last of four
    q = np.array([[1.0, 200.0, np.inf], [2.0, 400.0, 3.0]])
    run = deep_run(
        [[]] * 2, [[]] * 2, steps=400, records={"q": q}, diverged=np.array([300, -1]),
        eval_steps=np.array([100, 200, 300, 400]), eval_returns=returns,
    )  # fmt: skip
    table = reports.arms_table({"<a>": run})
    assert table.headings == ["", "whole curve", "late", "best", "highest Q", "diverged"]
    assert table.rows == [["<a>", "20.0 [20.0, 20.0]", "50.0 [50.0, 50.0]", "50", "300", "1"]]
    assert repr(table).splitlines() == [
        "           whole curve               late  best  highest Q  diverged",
        "<a>  20.0 [20.0, 20.0]  50.0 [50.0, 50.0]    50        300         1",
    ]
    assert "<th style='text-align:left'></th><th style='text-align:right'>whole curve" in (
        table._repr_html_()
    )
    assert "&lt;a&gt;" in table._repr_html_()
    assert reports.highest_q(run).tolist() == [200, 400]
    lost = deep_run([[]], [[]], records={"q": np.full((1, 2), np.nan)})
    assert np.isnan(reports.highest_q(lost)).all()


def made_up(values, seeds=(0, 1, 2)):
    """A run with these returns at each of four evaluations [S, 4]."""
    s = len(seeds)
    returns = np.broadcast_to(np.asarray(values, float), (s, 4))[:, :, None]
    run = deep_run(
        [[]] * s, [[]] * s, steps=400, eval_steps=np.array([100, 200, 300, 400]),
        eval_returns=returns,
    )  # fmt: skip
    return replace(run, seeds=tuple(seeds))


def test_effects_are_differences_seed_by_seed():
    """Seeds differ by far more than the arms: only pairs show what the change does."""
    luck = np.array([[0.0], [100.0], [500.0]])
    plain, late = made_up(luck), made_up(luck + np.array([0, 0, 0, 8]))
    unclear = made_up(luck + np.array([[4], [-4], [4]]))
    pairs = {"up": (late, plain), "down": (plain, late), "?": (unclear, plain)}
    table = reports.effects_table(pairs)
    assert table.headings == ["", "whole curve", "", "late", ""]
    assert table.rows[0] == ["up", "2.0 [2.0, 2.0]", "more", "8.0 [8.0, 8.0]", "more"]
    assert table.rows[1] == ["down", "−2.0 [−2.0, −2.0]", "less", "−8.0 [−8.0, −8.0]", "less"]
    assert table.rows[2][2::2] == ["?", "?"]
    with pytest.raises(ValueError, match="'a' has runs of different seeds"):
        reports.effects_table({"a": (plain, made_up(luck, (0, 1, 3)))})
    with pytest.raises(ValueError, match="two deep runs for each label"):
        reports.effects_table([plain, late])


def test_reports_are_of_deep_runs(run):
    with pytest.raises(ValueError, match="one deep run, not something of the type TabularRun"):
        reports.seed_lines(run, "q", "")
    with pytest.raises(ValueError, match="a label for each deep run"):
        reports.arms_table({"a": run})
    with pytest.raises(ValueError, match="a label for each deep run"):
        reports.arms_table([run])


def test_lines_of_seeds_stay_in_the_picture():
    """A × at a value below 0 has no place on a log scale; a huge one stands at the top."""
    q = np.array([[1.0, 10.0, -3.0, np.nan], [1.0, 1e30, np.nan, np.nan]])
    run = Run(
        config=Config(steps=4), seeds=(0, 1), steps=4, returns=(np.array([]),) * 2,
        ends=(np.array([]),) * 2, record_steps=np.arange(1, 5), records={"q": q, "loss": q},
        eval_steps=np.array([]), eval_returns=np.zeros((2, 0, 1)), diverged=np.array([4, 3]),
        parameters={}, best_parameters={}, best_steps=np.array([-1, -1]),
    )  # fmt: skip
    ax = reports.seed_lines(run, "q", "q", bound=(100, "bound"), top=1e5)
    marks = [line.get_xydata()[0].tolist() for line in ax.lines if line.get_marker() == "x"]
    assert marks == [[2.0, 10.0], [2.0, 1e5]]
    plain = reports.seed_lines(run, "q", "q", log=False)
    marks = [line.get_xydata()[0].tolist() for line in plain.lines if line.get_marker() == "x"]
    assert marks == [[3.0, -3.0], [2.0, 1e30]]
