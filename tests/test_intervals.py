"""Intervals over seeds.

`tests/mutants/test_intervals.toml` lists the mutants that these tests kill.
"""

import re
import warnings

import numpy as np
import pytest

from dqnlib.intervals import Interval, interval, iqm_interval, mean_interval


def test_the_interval_of_many_values_is_that_of_the_textbook():
    values = np.random.default_rng(0).normal(5.0, 2.0, 400)
    half = 1.96 * values.std() / 400**0.5
    found = interval(values)
    assert found.estimate == pytest.approx(values.mean())
    assert found.high - found.estimate == pytest.approx(half, rel=0.15)
    assert found.estimate - found.low == pytest.approx(half, rel=0.15)
    narrow = interval(values, confidence=0.5)  # 0.674 standard errors in place of 1.96
    assert (narrow.high - narrow.low) / 2 == pytest.approx(half * 0.674 / 1.96, rel=0.15)


def test_intervals_over_twenty_seeds_hold_what_they_promise():
    """400 experiments at once, each a column of 20 seeds: about 95 % of the intervals hold 0."""
    values = np.random.default_rng(1).normal(0.0, 1.0, (20, 400))
    mean, low, high = mean_interval(values, resamples=300)
    assert mean == pytest.approx(values.mean(0))
    assert mean.shape == low.shape == high.shape == (400,)
    assert 0.85 < ((low < 0) & (high > 0)).mean() < 0.98  # a percentile bootstrap is a bit narrow


def test_each_column_has_its_own_interval():
    values = np.stack([np.arange(30.0), 1000 + 10 * np.arange(30.0)], axis=1)  # [S, E]
    mean, low, high = mean_interval(values)
    assert mean.tolist() == [14.5, 1145.0]
    assert (high - low)[1] == pytest.approx(10 * (high - low)[0], rel=0.2)
    assert ((low < mean) & (mean < high)).all()


def test_the_same_values_give_the_same_interval():
    values = np.random.default_rng(2).normal(size=10)
    assert interval(values) == interval(values) == interval(list(values))


def test_one_seed_has_no_interval():
    found = interval([3.0])
    assert found.estimate == interval(3.0).estimate == 3.0
    assert np.isnan([found.low, found.high]).all()
    mean, low, high = mean_interval(np.ones((1, 5)))
    assert mean.tolist() == [1.0] * 5
    assert np.isnan([low, high]).all()


def test_equal_values_give_a_point_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert interval([-13.0] * 50) == (-13.0, -13.0, -13.0)


def test_no_episodes_give_no_intervals():
    assert [x.shape for x in mean_interval(np.empty((5, 0)))] == [(0,)] * 3


@pytest.mark.parametrize("values", [[], np.empty((0, 4))])
def test_no_seeds_are_an_error(values):
    with pytest.raises(ValueError, match="one value a seed, but there are none"):
        mean_interval(values)
    with pytest.raises(ValueError, match="one value a seed"):
        interval(values)


def test_episodes_are_no_seeds():
    with pytest.raises(
        ValueError, match=r"shape \(3, 500\): reduce each seed .* values\.mean\(1\)"
    ):
        interval(np.zeros((3, 500)))
    values = np.arange(6.0).reshape(3, 2)  # [S, E]
    with pytest.raises(ValueError, match=r"one value a seed") as error:
        interval(values)
    advice = re.search(r"as in (values\.mean\(\d\))", str(error.value))[1]
    assert eval(advice).shape == (3,)  # one a seed


def test_an_interval_reads_well():
    assert str(Interval(-27.95, -29.04, 3.0)) == "−27.9 [−29.0, 3.0]"
    assert f"{Interval(1, 2, 3)}" == "1.0 [2.0, 3.0]"


def test_the_interquartile_mean_by_hand():
    values = [100.0, 1.0, 2.0, 3.0, -50.0, 9.0, 6.0, 5.0]  # the middle half: 2, 3, 5, 6
    assert iqm_interval(values).estimate == 4.0
    assert np.mean(values) != 4.0
    assert iqm_interval([*values[1:], 1e9]).estimate == 4.0  # one lucky seed moves nothing
    ten = np.arange(10.0) ** 2  # two fall away at each side, for a quarter is two and a half
    assert iqm_interval(ten).estimate == np.mean([4, 9, 16, 25, 36, 49])
    assert iqm_interval([1.0, 2.0, 9.0]).estimate == 4.0  # too few to leave one out


def test_the_interval_of_the_interquartile_mean_by_hand():
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.normal(0, 1, 18), [80.0, -3.0]])
    drawn = np.sort(rng.choice(values, (20_000, 20)), axis=1)[:, 5:-5].mean(1)
    found = iqm_interval(values)
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert found.low == pytest.approx(low, abs=0.08)
    assert found.high == pytest.approx(high, abs=0.08)
    assert found.low < found.estimate < found.high < 2 < interval(values).high
    narrow = iqm_interval(values, confidence=0.5)
    assert found.low < narrow.low < narrow.high < found.high
    assert iqm_interval(list(values)) == found  # the random numbers are fixed
    assert isinstance(found, Interval)


def test_the_interquartile_mean_of_few_values():
    found = iqm_interval([3.0])
    assert found.estimate == iqm_interval(3).estimate == 3.0
    assert np.isnan([found.low, found.high]).all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert iqm_interval([7.0] * 5) == (7.0, 7.0, 7.0)
    with pytest.raises(ValueError, match=r"shape \(3, 5\): reduce each seed"):
        iqm_interval(np.zeros((3, 5)))
    with pytest.raises(ValueError, match="one value a seed"):
        iqm_interval([])


@pytest.mark.parametrize("find", [interval, iqm_interval, mean_interval])
def test_a_confidence_is_a_share(find):
    for values in ([1.0], [1.0, 2.0, 4.0]):
        for wrong in (95, 0, -0.5, np.nan, "95 %"):
            with pytest.raises(ValueError, match="confidence must be a number above 0, up to 1"):
                find(values, wrong)
        if find is not interval:
            with pytest.raises(ValueError, match="resamples must be a whole number"):
                find(values, resamples=0)
    with pytest.raises(ValueError, match="one value a seed, but there are none"):
        find([])
