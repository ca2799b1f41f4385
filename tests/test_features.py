"""Features, linear Sarsa on Mountain Car, its best values, and Baird's counterexample.

Mutants that these tests kill (each was tried once on a copy of the library):
- tiles: all axes shifted alike, no shift, one tile too few, tilings that share features, an upper
  bound that falls out of its box, an observation beyond a bound that wraps around, strides of the
  wrong axis; a fit whose step is not shared by the tilings; a size that overflows, or more tiles
  than a float can count, without an error; observations of another length, or NaN, that get a
  feature; targets that are cut or read past their end;
- Sarsa: a value after the goal, the mean of the weights for their sum, a step that is not the one
  of a single tiling, one generator for all runs or that of another run, the start of another
  episode, random numbers drawn where none are needed;
- physics: the order of velocity and position, no wall, a goal for cars that roll back;
- cost-to-go: a max for the min, a cost at the goal, corners swapped;
- Baird: ρ left out or turned round, the target's next state from the behavior, the table with the
  weights' start, γ left out, the switches without an effect, expected updates over 6 states, "no"
  that counts as true.
"""

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dqnlib import features
from dqnlib.features import (
    CAR_HIGH,
    CAR_LOW,
    Baird,
    Bins,
    LinearFit,
    TileCoder,
    baird,
    car_coder,
    linear_q,
    mountain_car_step,
    mountain_car_values,
    semi_gradient_sarsa,
)
from dqnlib.tabular import random_streams

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


# -- Mountain Car --------------------------------------------------------------------------


def test_the_car_is_gymnasiums_car():
    env = gym.make("MountainCar-v0").unwrapped
    rng = np.random.default_rng(0)
    seen = []
    for k in range(3000):
        state = rng.uniform((-1.2, -0.07), (0.6, 0.07))
        if k % 3 == 0:
            state = np.array([rng.uniform(-1.2, -1.15), rng.uniform(-0.07, -0.03)])  # the wall
        if k % 3 == 1:
            state = np.array([rng.uniform(0.43, 0.6), state[1]])  # the goal
        env.reset()
        env.state, action = state.copy(), int(rng.integers(3))
        _, reward, terminated, _, _ = env.step(action)
        next_obs, ours = mountain_car_step(state, action)
        assert np.allclose(next_obs, env.state, rtol=0, atol=1e-15)
        assert ours == terminated
        assert reward == -1
        seen.append((terminated, next_obs[0] == -1.2))
    assert np.sum(seen, 0).min() > 100  # goals and walls both
    env.close()


def test_many_cars_are_single_cars():
    rng = np.random.default_rng(1)
    obs, action = rng.uniform(CAR_LOW, CAR_HIGH, (50, 2)), rng.integers(3, size=50)
    next_obs, terminated = mountain_car_step(obs, action)
    for k in range(50):
        one, end = mountain_car_step(obs[k], action[k])
        assert np.array_equal(one, next_obs[k])
        assert end == terminated[k]


def plain_sarsa(alpha, seed, episodes, coder, gamma):
    """Episodic semi-gradient Sarsa on Gymnasium's own car, as the book's box says it."""
    env = gym.make("MountainCar-v0").unwrapped
    env_seed, rng = random_streams(seed)
    w, lengths = np.zeros((coder.size, 3)), []

    def q(obs, a):
        return sum(w[f, a] for f in coder(obs))

    def choose(obs):
        values = [q(obs, a) for a in range(3)]
        best = [a for a in range(3) if values[a] == max(values)]
        return best[0] if len(best) == 1 else best[int(rng.random() * len(best))]

    for episode in range(episodes):
        env.reset(seed=env_seed if episode == 0 else None)
        obs = np.array(env.state, float)  # as it is, not rounded to float32
        action, length, terminated = choose(obs), 0, False
        while not terminated:
            _, reward, terminated, _, _ = env.step(action)
            next_obs, length = np.array(env.state, float), length + 1
            if terminated:
                error = reward - q(obs, action)
            else:
                next_action = choose(next_obs)
                error = reward + gamma * q(next_obs, next_action) - q(obs, action)
            for f in coder(obs):
                w[f, action] += alpha * error
            if not terminated:
                obs, action = next_obs, next_action
        lengths.append(length)
    env.close()
    return lengths, w


@pytest.mark.parametrize(
    ("alpha", "gamma", "coder"),
    [(0.5 / 4, 1.0, car_coder(6, 4)), (0.3, 0.97, Bins(CAR_LOW, CAR_HIGH, 20))],
)
def test_sarsa_is_the_plain_one(alpha, gamma, coder):
    runs = semi_gradient_sarsa(alpha, [4, 11], 3, gamma=gamma, coder=coder)
    for k, seed in enumerate([4, 11]):
        lengths, w = plain_sarsa(alpha, seed, 3, coder, gamma)
        assert runs.steps[k].tolist() == lengths
        assert np.allclose(runs.weights[k], w)


@pytest.mark.parametrize("seeds", [[3, 0, 8], [8, 0, 3]])  # whichever of them ends first
def test_a_row_is_its_seed_alone(seeds):
    coder = car_coder(16, 2)  # many features, and so many ties
    together = semi_gradient_sarsa(0.5 / 2, seeds, 4, coder=coder)
    for k, seed in enumerate(seeds):
        alone = semi_gradient_sarsa(0.5 / 2, [seed], 4, coder=coder)
        assert np.array_equal(alone.steps[0], together.steps[k])
        assert np.array_equal(alone.weights[0], together.weights[k])
    assert len({tuple(row) for row in together.steps}) == 3


def test_figure_10_2():
    """Means of the first 50 episodes over 20 runs: 570, 404 and 283; margins are wide."""
    means = {}
    for alpha, low, high in ((0.1, 540, 600), (0.2, 380, 430), (0.5, 265, 300)):
        steps = semi_gradient_sarsa(alpha / 8, range(20), 50).steps
        assert low < steps.mean() < high
        assert steps[:, 0].mean() > 1000  # it has to explore first
        means[alpha] = steps[:, -10:].mean()
    assert means[0.5] < means[0.2] < means[0.1]
    assert means[0.5] < 190


def test_linear_q():
    weights = np.arange(12.0).reshape(4, 3)
    assert linear_q(weights, np.array([0, 3])).tolist() == [9, 11, 13]
    assert linear_q(weights, np.array([[0, 3], [1, 1]])).shape == (2, 3)


@pytest.mark.parametrize(
    ("settings_", "said"),
    [
        ({"alpha": 0}, "alpha must be a number above 0, up to 0.125"),
        ({"alpha": 0.5}, "alpha must be"),
        ({"gamma": 1.5}, "gamma must be"),
        ({"episodes": 0}, "episodes must be"),
        ({"seeds": []}, "seeds is empty"),
    ],
)
def test_errors_of_sarsa(settings_, said):
    with pytest.raises(ValueError, match=said):
        semi_gradient_sarsa(**settings_)


def test_too_few_features_are_an_error(monkeypatch):
    monkeypatch.setattr(features, "_PATIENCE", 3000)
    with pytest.raises(RuntimeError, match=r"no goal in 3,000 steps .* take more bins or tiles"):
        semi_gradient_sarsa(0.1, [0], 5, coder=Bins(CAR_LOW, CAR_HIGH, (1, 1)))


@pytest.mark.parametrize("velocities", [31, 30])  # with 30, no point of the grid has velocity 0
def test_the_cost_to_go_obeys_bellman(velocities):
    values = mountain_car_values(41, velocities)
    assert values.cost.shape == (41, velocities)
    goal = values.cost[-1, velocities // 2 :]
    assert (values.cost == 0).sum() == (goal == 0).sum() == len(goal)  # the goal alone
    near_goal = [(40 - k, velocities // 2 + j) for k in range(3) for j in range(-3, 3)]
    anywhere = np.random.default_rng(0).integers((0, 0), (41, velocities), (200, 2))
    for i, j in [*near_goal, *anywhere]:
        obs = np.array([values.position[i], values.velocity[j]])
        if obs[0] >= 0.5 and obs[1] >= 0:
            assert values.cost[i, j] == 0
            continue
        after = []
        for action in range(3):
            next_obs, terminated = mountain_car_step(obs, action)
            after.append(0.0 if terminated else float(plain_interpolation(values, next_obs)))
        assert values.cost[i, j] == pytest.approx(1 + min(after), abs=0.01)


def plain_interpolation(values, obs):
    """First along the velocity, then along the position, by NumPy's own interp."""
    obs = np.clip(obs, CAR_LOW, CAR_HIGH)
    columns = [np.interp(obs[1], values.velocity, row) for row in values.cost]
    return np.interp(obs[0], values.position, columns)


def test_the_cost_to_go_is_what_its_greedy_policy_takes():
    values = mountain_car_values()
    obs = np.stack([np.linspace(-0.6, -0.49, 30), np.zeros(30)], 1)
    claimed = values(obs)
    assert 102 < claimed.min() < claimed.max() < 105  # about 103 steps from the valley
    taken, going = np.zeros(30), np.ones(30, bool)
    for _ in range(130):
        next_obs, terminated = mountain_car_step(obs[:, None], np.arange(3))  # [30, 3, 2], [30, 3]
        action = np.where(terminated, 0, values(next_obs)).argmin(1)
        taken += going
        going &= ~terminated[np.arange(30), action]
        obs = next_obs[np.arange(30), action]
    assert not going.any()
    assert abs(taken - claimed).mean() < 3  # steps; the grid blurs a little


def test_the_cost_to_go_is_interpolated_and_shared():
    values = mountain_car_values(41, 31)
    assert values is mountain_car_values(41, 31)
    rng = np.random.default_rng(2)
    obs = rng.uniform(CAR_LOW, CAR_HIGH, (3, 20, 2))
    assert values(obs).shape == (3, 20)
    want = [[plain_interpolation(values, o) for o in row] for row in obs]
    assert np.allclose(values(obs), want)
    with pytest.raises(ValueError, match="read-only"):
        values.cost[0, 0] = 1
    with pytest.raises(ValueError, match="positions must be"):
        mountain_car_values(1)


# -- Baird's counterexample ----------------------------------------------------------------


def plain_baird(updates, seed, alpha, gamma, off_policy, bootstrapping, approximation):
    """One run, one number at a time, with the numbers 0 to 6 that the class draws."""
    rng = np.random.default_rng(seed)
    w = [1.0] * 6 + [10.0, 1.0]
    if not approximation:
        w = [3.0] * 6 + [12.0]

    def parts(s):
        """Which weights make the value of state s, and how often."""
        if not approximation:
            return {s: 1}
        return {s: 2, 7: 1} if s < 6 else {6: 1, 7: 2}

    def v(s):
        return sum(times * w[i] for i, times in parts(s).items())

    def draw():
        return int(7 * rng.random())

    state, history = draw(), [list(w)]
    for _ in range(updates):
        next_state = draw()
        ratio = (1 if next_state == 6 else 0) / (1 / 7 if next_state == 6 else 6 / 7)
        target = gamma * v(next_state) if bootstrapping else 0.0
        error = target - v(state)
        for i, times in parts(state).items():
            w[i] += alpha * (ratio if off_policy else 1) * error * times
        state = next_state
        history.append(list(w))
    return history


SWITCHES = [(a, b, c) for a in (True, False) for b in (True, False) for c in (True, False)]


@pytest.mark.parametrize("switches", SWITCHES)
def test_baird_is_the_plain_one(switches):
    names = dict(zip(("off_policy", "bootstrapping", "approximation"), switches, strict=True))
    got = baird(400, seeds=[2, 5], alpha=0.02, gamma=0.95, **names)
    assert got.shape == (2, 401, 8 if switches[2] else 7)
    for k, seed in enumerate([2, 5]):
        assert np.allclose(got[k], plain_baird(400, seed, 0.02, 0.95, *switches))


@pytest.mark.parametrize("expected", [False, True])
@pytest.mark.parametrize("switches", SWITCHES)
def test_only_all_three_together_diverge(switches, expected):
    names = dict(zip(("off_policy", "bootstrapping", "approximation"), switches, strict=True))
    history = baird(4000, expected=expected, **names)
    norm = np.linalg.norm(history, axis=-1)
    if all(switches):
        assert (norm[:, -1] > 10_000).all()
    else:
        assert norm.max() < 12 * 7**0.5 + 1e-9  # no value of the table may pass its start, 12


def test_figure_11_2():
    norm = np.linalg.norm(baird(1000, expected=True), axis=-1)
    assert norm[0, 0] == pytest.approx(107**0.5)
    assert norm[0, -1] == pytest.approx(437, abs=1)
    sampled = np.linalg.norm(baird(1000, seeds=range(30)), axis=-1)[:, -1]
    assert 300 < sampled.mean() < 600


def test_expected_updates_by_hand():
    """The first of equation 11.9: δ = γ 12 − 3 in the upper six states, γ 12 − 12 in the last."""
    w = baird(1, seeds=[0], expected=True)[0, 1]
    upper, last = 0.99 * 12 - 3, 0.99 * 12 - 12
    want = [1 + 0.01 / 7 * 2 * upper] * 6 + [10 + 0.01 / 7 * last]
    want.append(1 + 0.01 / 7 * (6 * upper + 2 * last))
    assert np.allclose(w, want)


@settings(deadline=None, max_examples=30)
@given(st.floats(0.001, 0.05), st.floats(0, 1), st.booleans())
def test_the_expected_update_is_the_mean_of_the_sampled_ones(alpha, gamma, off_policy):
    runs = Baird(range(49), off_policy=off_policy, alpha=alpha, gamma=gamma, approximation=True)
    runs.weights += np.random.default_rng(0).normal(size=8)  # the same in every run
    want = runs._mean_change()[0]
    runs.state = np.repeat(np.arange(7), 7)  # every pair of states once: they are equally likely
    assert np.allclose(runs._sampled_change(np.tile(np.arange(7), 7)).mean(0), want)


def test_a_run_of_baird_is_its_seed_alone():
    together = baird(300, seeds=[1, 6])
    assert np.array_equal(baird(300, seeds=[6])[0], together[1])
    assert not np.array_equal(together[0], together[1])
    runs = Baird([6])
    for _ in range(300):
        runs.step()
    assert np.array_equal(runs.weights, together[1:, -1])
    assert runs.norm == pytest.approx(np.linalg.norm(together[1, -1]))
    assert runs.values.shape == (1, 7)


def test_switches_act_in_flight():
    runs = Baird(range(5))
    for _ in range(600):
        runs.step()
    grown = runs.norm
    runs.bootstrapping = False
    for _ in range(600):
        runs.step()
    assert (runs.norm < grown / 2).all()


@pytest.mark.parametrize(
    ("settings_", "said"),
    [({"alpha": 0.2}, "alpha must be"), ({"gamma": 1.1}, "gamma must be"),
     ({"seeds": [1, 1]}, "seeds must all differ"),
     ({"off_policy": "no"}, "off_policy must be True or False, but it is 'no'"),
     ({"bootstrapping": 0.5}, "bootstrapping must be True or False"),
     ({"approximation": None}, "approximation must be True or False"),
     ({"expected": 1}, "expected must be True or False")],
)  # fmt: skip
def test_errors_of_baird(settings_, said):
    with pytest.raises(ValueError, match=said):
        Baird(**settings_)
    with pytest.raises(ValueError, match="updates must be"):
        baird(0)
