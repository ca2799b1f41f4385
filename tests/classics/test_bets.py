"""What the two bets return, against draws and against numbers worked by hand.

`tests/mutants/classics/test_bets.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest
from scipy import stats

from dqnlib.classics import bets
from dqnlib.envs import make

SUPPORT = np.linspace(0, 10, 51)


def played(bet: int, episodes: int) -> np.ndarray:
    """Return the discounted returns of so many episodes, γ = 0.9."""
    env, found = make("dqnlib/Bets-v0"), []
    for k in range(episodes):
        env.reset(seed=k)
        total, steps, over = 0.0, 0, False
        while not over:
            _, reward, over, truncated, _ = env.step(bet if steps == 0 else 0)
            assert not truncated
            total += 0.9**steps * reward
            steps += 1
        assert steps == 4
        found.append(total)
    return np.array(found)


@pytest.mark.parametrize("bet", [bets.SAFE, bets.RISKY])
def test_the_distribution_is_that_of_what_is_paid(bet):
    returns = played(bet, 3_000)
    assert returns.mean() == pytest.approx(5 * 0.9**3, abs=0.12)
    assert stats.kstest(returns, lambda x: bets.true_cdf(bet, x, 0.9)).pvalue > 0.01


def test_the_true_probabilities():
    for bet in (bets.SAFE, bets.RISKY):
        p = bets.true_probs(bet, SUPPORT, 0.9)
        assert p.sum() == pytest.approx(1)
        assert p @ SUPPORT == pytest.approx(3.645, abs=0.01)
    assert bets.true_probs(bets.RISKY, SUPPORT, 0.9)[18] < 1e-3  # between the humps
    assert bets.true_probs(bets.RISKY, np.linspace(0, 4, 51), 0.9)[-1] == pytest.approx(0.5)


def test_the_distance_is_how_far_mass_is_carried():
    """All on the mean: both humps lie 3 · 0.729 away, with a spread that hardly counts."""
    assert bets.distance([1.0], [3.645], bets.RISKY, 0.9) == pytest.approx(3 * 0.729, abs=0.01)
    # a normal curve to its middle: √(2/π) σ
    want = np.sqrt(2 / np.pi) * 0.5 * 0.729
    assert bets.distance([1.0], [3.645], bets.SAFE, 0.9) == pytest.approx(want, abs=0.01)
    exact = bets.true_probs(bets.RISKY, SUPPORT, 0.9)
    assert bets.distance(exact, SUPPORT, bets.RISKY, 0.9) < 0.06
    moved = np.roll(exact, 5)  # by 1
    assert bets.distance(moved, SUPPORT, bets.RISKY, 0.9) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize(("bet", "gamma"), [(2, 0.9), (0, 0.0), (0, 1.5)])
def test_bad_bets(bet, gamma):
    with pytest.raises(ValueError, match="must be"):
        bets.true_cdf(bet, [1.0], gamma)
