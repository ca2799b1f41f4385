"""Features, and linear functions of them.

`tests/mutants/test_features.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dqnlib.features import (
    Bins,
    LinearFit,
    TileCoder,
    fitted_q,
    linear_q,
    linear_update,
    polynomial,
    semi_gradient_td,
)

CAR_LOW, CAR_HIGH = (-1.2, -0.07), (0.5, 0.07)  # two axes of very different lengths


def car_coder(tiles=8, tilings=8):
    return TileCoder(CAR_LOW, CAR_HIGH, tiles, tilings)


# -- tile coding and bins ------------------------------------------------------------------


def plain_tiles(obs, low, high, tiles, tilings) -> list[tuple]:
    """Sutton's tiles3 without the hashing: a name (tiling, coordinates) of each feature."""
    scaled = [int((x - lo) / (hi - lo) * n * tilings // 1) for x, lo, hi, n
              in zip(obs, low, high, tiles, strict=True)]  # fmt: skip
    named = []
    for tiling in range(tilings):
        coordinates, shift = [], tiling
        for q in scaled:
            coordinates.append((q + shift % tilings) // tilings)
            shift += 2 * tiling
        named.append((tiling, *coordinates))
    return named


@st.composite
def grids(draw, most_axes=3):
    axes = draw(st.integers(1, most_axes))
    low = [draw(st.floats(-10, 10)) for _ in range(axes)]
    high = [lo + draw(st.floats(0.01, 20)) for lo in low]
    tiles = [draw(st.integers(1, 9)) for _ in range(axes)]
    return np.array(low), np.array(high), np.array(tiles)


@settings(deadline=None)
@given(grids(), st.sampled_from([1, 2, 3, 4, 8, 16]), st.data())
def test_every_observation_has_one_feature_of_each_tiling(grid, tilings, data):
    low, high, tiles = grid
    coder = TileCoder(low, high, tiles, tilings)
    share = np.array([data.draw(st.floats(-0.5, 1.5)) for _ in low])  # also beyond the bounds
    on = coder(low + share * (high - low))
    assert on.shape == (tilings,)
    assert len(set(on.tolist())) == tilings
    assert on.min() >= 0
    assert on.max() < coder.size
    each = coder.size // tilings
    assert (on // each).tolist() == list(range(tilings))  # tilings do not share features


@settings(deadline=None)
@given(grids(2), st.sampled_from([1, 2, 4, 8]), st.data())
def test_two_observations_share_what_plain_tiles_share(grid, tilings, data):
    low, high, tiles = grid
    coder = TileCoder(low, high, tiles, tilings)

    def some():  # in the middle of the finest cells, where rounding does not matter
        cell = [data.draw(st.integers(0, n * tilings - 1)) for n in tiles]
        return low + (np.array(cell) + 0.5) / (tiles * tilings) * (high - low)

    a, b = some(), some()
    plain = [plain_tiles(x, low, high, tiles, tilings) for x in (a, b)]
    assert (coder(a) == coder(b)).tolist() == [p == q for p, q in zip(*plain, strict=True)]


@settings(deadline=None)
@given(st.sampled_from([2, 4, 8]), st.integers(0, 1), st.integers(0, 8), st.integers(0, 31))
def test_neighbors_share_the_fewer_tiles_the_farther_they_are(tilings, axis, apart, cell):
    """On one axis, k of T parts of a tile away: T − k tiles are shared."""
    coder = TileCoder((0, 0), (8, 8), 8, tilings)
    a = np.array([3.0, 3.0])
    a[axis] = (cell % (3 * tilings) + 0.5) / tilings
    b = a.copy()
    b[axis] += apart / tilings
    assert (coder(a) == coder(b)).sum() == max(0, tilings - apart)


def test_the_tilings_are_shifted_by_odd_numbers():
    coder = TileCoder((0, 0, 0), (1, 1, 1), 2, 4)
    want = [[0, 0, 0], [1, 3, 1], [2, 2, 2], [3, 1, 3]]  # t · (1, 3, 5) modulo 4
    assert np.array_equal(coder.offsets * 4, want)


def test_a_small_coder_by_hand():
    coder = TileCoder(0.0, 1.0, 2, 2)  # two tilings of three tiles, the second half a tile on
    assert coder.size == 6
    assert coder([0.0]).tolist() == [0, 3]
    assert coder([0.3]).tolist() == [0, 4]
    assert coder([0.6]).tolist() == [1, 4]
    assert coder([0.8]).tolist() == [1, 5]
    assert coder([1.0]).tolist() == [2, 5]
    assert coder([[-9.0], [9.0]]).tolist() == [[0, 3], [2, 5]]  # as on the bounds


def test_bins_by_hand():
    bins = Bins((0, -1), (1, 1), (2, 3))
    assert (bins.count, bins.size, bins.tilings) == (6, 6, 1)
    obs = [[0, -1], [0.4, 0.9], [0.6, 0.0], [1, 1], [9, -9]]
    assert bins(np.array(obs, float)).tolist() == [[0], [2], [4], [5], [3]]
    assert Bins([0] * 4, [1] * 4, 100).count == 100_000_000
    many = Bins([0] * 20, [1] * 20, 10)
    assert many.count == 10**20
    with pytest.raises(ValueError, match="too many to give each a number"):
        many([0.0] * 20)


def test_more_tiles_than_a_float_can_count():
    assert TileCoder([0] * 20, [1] * 20, 1, 8).size == 8 * 2**20
    with pytest.raises(ValueError, match=r"5,381,999,959,\d+,\d+,\d+,\d+ tiles are too many"):
        TileCoder([0] * 20, [1] * 20, 10, 8)
    edge = TileCoder([0], [1], 2**50 - 1, 8)  # 2**53 tiles, and the last one has the last number
    assert edge.size == 2**53
    assert edge([1.0]).tolist()[-1] == 2**53 - 1
    assert edge([0.0]).tolist() == [t * 2**50 for t in range(8)]
    with pytest.raises(ValueError, match="tiles are too many"):
        TileCoder([0], [1], 2**50, 8)
    with pytest.raises(ValueError, match="tiles are too many"):
        TileCoder([0], [1], 1, 10**15 * 10)  # before an array of so many tilings is made


@pytest.mark.parametrize("kind", [Bins, lambda low, high, n: TileCoder(low, high, n, 8)])
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("shape", [(), (1,), (2,), (3,), (4, 1), (4, 2), (2, 3), (0, 2), (4, 0)])
def test_an_observation_has_one_number_an_axis(kind, axes, shape):
    coder, obs = kind([0] * axes, [1] * axes, 4), np.full(shape, 0.5)
    if shape[-1:] == (axes,):
        assert coder(obs).shape == (*shape[:-1], coder.tilings)
        assert np.array_equal(coder(obs.tolist() if obs.size else obs), coder(obs))
    else:
        with pytest.raises(ValueError, match=f"must be {axes} number.*along the last") as error:
            coder(obs)
        assert f"but the shape is {list(shape)}" in str(error.value)
        assert ("obs[..., None]" in str(error.value)) == (axes == 1)


@pytest.mark.parametrize("kind", [Bins, lambda low, high, n: TileCoder(low, high, n, 8)])
def test_nan_has_no_feature(kind):
    coder = kind([0, 0], [1, 1], 4)
    for obs in ([0.5, np.nan], [[0.5, 0.5], [np.nan, 0.5]], [np.inf, np.nan]):
        with pytest.raises(ValueError, match="an observation is NaN"):
            coder(np.array(obs))
    assert np.array_equal(coder([np.inf, -np.inf]), coder([1, 0]))  # beyond a bound, as said


@settings(deadline=None)
@given(grids(), st.data())
def test_a_bin_is_a_box(grid, data):
    low, high, bins = grid
    coder = Bins(low, high, bins)
    cell = np.array([data.draw(st.integers(0, n - 1)) for n in bins])
    inside = np.array([data.draw(st.floats(0.01, 0.99)) for _ in bins])
    want = np.ravel_multi_index(cell, bins)
    assert coder(low + (cell + inside) / bins * (high - low)).tolist() == [want]


def test_batches_are_rows():
    coder = car_coder()
    obs = np.random.default_rng(0).uniform(CAR_LOW, CAR_HIGH, (5, 4, 2))
    on = coder(obs)
    assert on.shape == (5, 4, 8)
    assert np.array_equal(on[3, 2], coder(obs[3, 2]))
    assert np.array_equal(coder(obs.astype(np.float32)[0, 0]), on[0, 0])


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: TileCoder((0, 0), (1, 0), 8, 8), "low must lie below high"),
        (lambda: TileCoder((0, 0), (1,), 8, 8), "one number an axis"),
        (lambda: Bins((0, -np.inf), (1, np.inf), 8), "needs bounds of your own"),
        (lambda: TileCoder((0, 0), (1, 1), 0, 8), "tiles must be a whole number"),
        (lambda: TileCoder((0, 0), (1, 1), 8, 0), "tilings must be a whole number"),
        (lambda: Bins((0, 0), (1, 1), (2, 2, 2)), "bins needs one number, or 2"),
        (lambda: LinearFit(car_coder(), [[0, 0]], [1], alpha=2), "alpha must be"),
        (lambda: LinearFit(car_coder(), [[0, 0]] * 3, [1, 2]), r"are \[3, 2\] and \[2\]"),
        (lambda: LinearFit(car_coder(), [[0, 0]] * 2, [1, 2, 3]), r"are \[2, 2\] and \[3\]"),
        (lambda: LinearFit(car_coder(), [[0, 0]] * 2, [[1], [2]]), r"and \[2, 1\]"),
        (lambda: LinearFit(car_coder(), [0, 0], 1), r"obs must be \[N, O\] and target \[N\]"),
    ],
)
def test_errors_of_features(build, said):
    with pytest.raises(ValueError, match=said):
        build()


def test_linear_fit_is_gradient_descent():
    rng = np.random.default_rng(3)
    obs, target = rng.uniform(CAR_LOW, CAR_HIGH, (6, 2)), rng.normal(size=6)
    fit = LinearFit(car_coder(4, 4), obs, target, alpha=0.3, seed=5)
    fit.update(40)
    x = np.zeros((6, fit.coder.size))  # the same with vectors of zeros and ones
    x[np.arange(6)[:, None], fit.coder(obs)] = 1
    w = np.zeros(fit.coder.size)
    for i in np.random.default_rng(5).integers(6, size=40):
        w += 0.3 / 4 * (target[i] - w @ x[i]) * x[i]
    assert np.allclose(fit.weights, w)
    assert np.allclose(fit.predict(obs), x @ w)
    fit.update(20_000)
    assert np.allclose(fit.predict(obs), target, atol=1e-6)  # six samples, many weights


# -- linear functions ----------------------------------------------------------------------


def test_linear_q():
    weights = np.arange(12.0).reshape(4, 3)
    assert linear_q(weights, np.array([0, 3])).tolist() == [9, 11, 13]
    assert linear_q(weights, np.array([[0, 3], [1, 1]])).shape == (2, 3)


def test_linear_update_by_hand():
    weights = np.array([[1.0, 5.0], [9.0, 9.0], [2.0, 7.0]])
    td_error = linear_update(weights, np.array([0, 2]), 1, 16.0, 0.25)
    assert td_error == 4.0  # 16 − (5 + 7)
    assert weights.tolist() == [[1, 6], [9, 9], [2, 8]]  # each by 0.25 · 4


@settings(deadline=None)
@given(st.integers(1, 8), st.integers(0, 3), st.floats(-100, 100), st.integers(0, 99))
def test_a_full_linear_update_reaches_its_target(tilings, action, td_target, seed):
    """With alpha = 1/T the new value is the target, and no other action has another value."""
    rng = np.random.default_rng(seed)
    before = rng.normal(size=(30, 4))
    features, weights = rng.permutation(30)[:tilings], before.copy()
    linear_update(weights, features, action, td_target, 1 / tilings)
    assert linear_q(weights, features)[action] == pytest.approx(td_target, abs=1e-9)
    changed = np.zeros((30, 4), bool)
    changed[features, action] = True
    assert np.array_equal(weights[~changed], before[~changed])


# -- features that are numbers ---------------------------------------------------------------


def test_polynomial_by_hand():
    assert polynomial([2.0, 3.0]).tolist() == [1, 2, 3, 4, 6, 9]
    assert polynomial([2.0, 3.0], 1).tolist() == [1, 2, 3]
    cubes = polynomial([[2.0, 3.0], [0.0, 1.0]], 3)
    assert cubes.tolist()[0][6:] == [8, 12, 18, 27]
    assert polynomial(np.zeros((5, 4))).shape == (5, 15)
    with pytest.raises(ValueError, match="degree"):
        polynomial([1.0], 0)


def test_a_round_of_fitted_q_by_hand():
    """With one feature a state the fit is the mean of the targets, as in a table."""
    x = np.eye(2)[[0, 0, 1, 1]]
    next_x = np.eye(2)[[1, 1, 0, 0]]
    action, reward = np.array([0, 0, 0, 1]), np.array([1.0, 3.0, 0.0, 5.0])
    terminated = np.array([False, False, False, True])
    weights = np.array([[2.0, 6.0], [4.0, 1.0]])  # values of state 0, and of state 1
    new = fitted_q(x, action, reward, terminated, next_x, weights, 0.5)
    # state 0, action 0: the mean of 1 + 0.5 · 4 and 3 + 0.5 · 4; state 1: 0 + 0.5 · 6, and 5
    assert np.allclose(new, [[4.0, 0.0], [3.0, 5.0]])
    assert weights.tolist() == [[2.0, 6.0], [4.0, 1.0]]


def test_fitted_q_is_the_least_squares_fit():
    rng = np.random.default_rng(0)
    x, next_x = rng.normal(size=(2, 200, 3))
    action, reward = rng.integers(2, size=200), rng.normal(size=200)
    weights = rng.normal(size=(3, 2))
    new = fitted_q(x, action, reward, np.zeros(200, bool), next_x, weights, 0.9)
    target = reward + 0.9 * (next_x @ weights).max(1)
    error = target - (x @ new)[np.arange(200), action]
    for a in range(2):  # at the best fit the errors are orthogonal to every feature
        assert np.allclose(error[action == a] @ x[action == a], 0, atol=1e-9)


def test_a_step_of_semi_gradient_td_by_hand():
    weights, x, next_x = np.array([2.0, 1.0]), np.array([1.0, 3.0]), np.array([4.0, -1.0])
    new = semi_gradient_td(weights, x, 0.5, next_x, 0.5, 2.0, 0.1)
    # δ = 0.5 + 0.5 · 7 − 5 = −1; w + 0.1 · 2 · (−1) · x
    assert np.allclose(new, [1.8, 0.4])
    assert weights.tolist() == [2.0, 1.0]
