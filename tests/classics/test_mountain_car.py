"""Mountain Car: its physics, linear Sarsa on it in one run and in many, and its best values.

`tests/mutants/classics/test_mountain_car.toml` lists the mutants that these tests kill.
"""

import gymnasium as gym
import numpy as np
import pytest

from dqnlib.classics import mountain_car
from dqnlib.classics.mountain_car import (
    HIGH,
    LOW,
    cost_to_go,
    sarsa,
    semi_gradient_sarsa,
    step,
    tile_coder,
)
from dqnlib.features import Bins
from dqnlib.tabular import random_streams

# -- the car -------------------------------------------------------------------------------


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
        next_obs, ours = step(state, action)
        assert np.allclose(next_obs, env.state, rtol=0, atol=1e-15)
        assert ours == terminated
        assert reward == -1
        seen.append((terminated, next_obs[0] == -1.2))
    assert np.sum(seen, 0).min() > 100  # goals and walls both
    env.close()


def test_many_cars_are_single_cars():
    rng = np.random.default_rng(1)
    obs, action = rng.uniform(LOW, HIGH, (50, 2)), rng.integers(3, size=50)
    next_obs, terminated = step(obs, action)
    for k in range(50):
        one, end = step(obs[k], action[k])
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


CODERS = [
    (0.5 / 4, 1.0, tile_coder(6, 4)),
    (0.3, 0.97, Bins(LOW, HIGH, 20)),
    (0.5 / 2, 1.0, tile_coder(16, 2)),  # many features, and so many ties
]


@pytest.mark.parametrize(("alpha", "gamma", "coder"), CODERS[:2])
def test_sarsa_is_the_plain_one(alpha, gamma, coder):
    run = sarsa(alpha, 4, 2, gamma=gamma, coder=coder)
    lengths, w = plain_sarsa(alpha, 4, 2, coder, gamma)
    assert run.steps == lengths
    assert np.allclose(run.weights, w)


@pytest.mark.parametrize(("alpha", "gamma", "coder"), CODERS)
def test_a_row_of_many_runs_is_one_run(alpha, gamma, coder):
    together = semi_gradient_sarsa(alpha, [3, 0, 8], 3, gamma=gamma, coder=coder)
    for k, seed in enumerate([3, 0, 8]):
        alone = sarsa(alpha, seed, 3, gamma=gamma, coder=coder)
        assert together.steps[k].tolist() == alone.steps
        assert np.array_equal(together.weights[k], alone.weights)
    assert len({tuple(row) for row in together.steps}) == 3
    turned = semi_gradient_sarsa(alpha, [8, 0, 3], 3, gamma=gamma, coder=coder)
    assert np.array_equal(turned.steps[::-1], together.steps)  # whichever of them ends first
    assert np.array_equal(turned.weights[::-1], together.weights)


def test_the_defaults_of_one_run_and_of_many_are_the_same():
    one, many = sarsa(seed=2, episodes=1), semi_gradient_sarsa(seeds=[2], episodes=1)
    assert one.steps == many.steps[0].tolist()
    assert np.array_equal(one.weights, many.weights[0])


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
    if "seeds" not in settings_:
        with pytest.raises(ValueError, match=said):
            sarsa(**settings_)


def test_too_few_features_are_an_error(monkeypatch):
    monkeypatch.setattr(mountain_car, "_PATIENCE", 3000)
    with pytest.raises(RuntimeError, match=r"no goal in 3,000 steps .* take more bins or tiles"):
        semi_gradient_sarsa(0.1, [0], 5, coder=Bins(LOW, HIGH, (1, 1)))
    with pytest.raises(RuntimeError, match=r"no goal in 3,000 steps .* take more bins or tiles"):
        sarsa(0.1, 0, 5, coder=Bins(LOW, HIGH, (1, 1)))


@pytest.mark.parametrize("velocities", [31, 30])  # with 30, no point of the grid has velocity 0
def test_the_cost_to_go_obeys_bellman(velocities):
    values = cost_to_go(41, velocities)
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
            next_obs, terminated = step(obs, action)
            after.append(0.0 if terminated else float(plain_interpolation(values, next_obs)))
        assert values.cost[i, j] == pytest.approx(1 + min(after), abs=0.01)


def plain_interpolation(values, obs):
    """First along the velocity, then along the position, by NumPy's own interp."""
    obs = np.clip(obs, LOW, HIGH)
    columns = [np.interp(obs[1], values.velocity, row) for row in values.cost]
    return np.interp(obs[0], values.position, columns)


def test_the_cost_to_go_is_what_its_greedy_policy_takes():
    values = cost_to_go()
    obs = np.stack([np.linspace(-0.6, -0.49, 30), np.zeros(30)], 1)
    claimed = values(obs)
    assert 102 < claimed.min() < claimed.max() < 105  # about 103 steps from the valley
    taken, going = np.zeros(30), np.ones(30, bool)
    for _ in range(130):
        next_obs, terminated = step(obs[:, None], np.arange(3))  # [30, 3, 2], [30, 3]
        action = np.where(terminated, 0, values(next_obs)).argmin(1)
        taken += going
        going &= ~terminated[np.arange(30), action]
        obs = next_obs[np.arange(30), action]
    assert not going.any()
    assert abs(taken - claimed).mean() < 3  # steps; the grid blurs a little


def test_the_cost_to_go_is_interpolated_and_shared():
    values = cost_to_go(41, 31)
    assert values is cost_to_go(41, 31)
    rng = np.random.default_rng(2)
    obs = rng.uniform(LOW, HIGH, (3, 20, 2))
    assert values(obs).shape == (3, 20)
    want = [[plain_interpolation(values, o) for o in row] for row in obs]
    assert np.allclose(values(obs), want)
    with pytest.raises(ValueError, match="read-only"):
        values.cost[0, 0] = 1
    with pytest.raises(ValueError, match="positions must be"):
        cost_to_go(1)
