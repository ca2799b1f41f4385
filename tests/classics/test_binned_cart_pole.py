"""CartPole with a table of bins: one run and many give the same numbers.

`tests/mutants/classics/test_binned_cart_pole.toml` lists the mutants that these tests kill.
"""

import gymnasium as gym
import numpy as np
import pytest

from dqnlib.classics import binned_cart_pole
from dqnlib.policies import random_streams

SHORT = binned_cart_pole.SETTINGS.replace(steps=1_500, epsilon_steps=600, eval_every=500)
GRIDS = {"three": (3, 3, 3, 3), "uneven": (1, 6, 12, 5)}


@pytest.fixture(scope="module")
def runs():
    return binned_cart_pole.curves(GRIDS, [3, 5], config=SHORT)


def test_each_row_is_what_one_run_alone_gives(runs):
    assert list(runs) == list(GRIDS)
    for name, bins in GRIDS.items():
        for k, seed in enumerate([3, 5]):
            _, returns = binned_cart_pole.q_learning(bins, seed, config=SHORT)
            assert runs[name].returns[k].tolist() == returns
            assert np.cumsum(returns).tolist() == runs[name].ends[k].tolist()


def test_an_evaluation_is_greedy_and_on_starts_of_its_own(runs):
    """Play the last evaluation again, one episode at a time, with the table of one run."""
    q, _ = binned_cart_pole.q_learning(GRIDS["uneven"], 5, config=SHORT)
    box, env = binned_cart_pole.coder(GRIDS["uneven"]), gym.make("CartPole-v1")
    start = np.random.SeedSequence(random_streams(5).eval_seed, spawn_key=(2,))
    found = []
    for number in start.generate_state(SHORT.eval_episodes):
        obs, ended, total = env.reset(seed=int(number))[0], False, 0.0
        while not ended:
            obs, reward, terminated, truncated, _ = env.step(int(q[box(obs)[0]].argmax()))
            total, ended = total + reward, terminated or truncated
        found.append(total)
    assert runs["uneven"].eval_returns[1, -1].tolist() == found
    assert runs["uneven"].eval_steps.tolist() == [500, 1_000, 1_500]


def test_the_rule_of_evaluation_reads_it(runs):
    run = runs["three"]
    assert run.whole() == pytest.approx(run.eval_returns.mean((1, 2)))
    assert run.late() == pytest.approx(run.eval_returns[:, 2].mean(1))


def test_values_are_those_of_where_the_agents_stand(runs):
    assert runs["three"].q.shape == (2, 3)
    assert 0 < runs["three"].q[:, -1].min() < runs["three"].q[:, -1].max() < 100


def test_settings_out_of_range():
    with pytest.raises(ValueError, match="learning_rate"):
        binned_cart_pole.curves(config=SHORT.replace(learning_rate=2.0))
    with pytest.raises(ValueError, match="bins needs one number, or 4"):
        binned_cart_pole.curves({"two": (5, 5)}, config=SHORT)
    with pytest.raises(ValueError, match="seeds"):
        binned_cart_pole.curves(GRIDS, [], config=SHORT)
