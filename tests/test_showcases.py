"""The chain of lesson 07; the bets are in `tests/classics/test_bets.py`.

`tests/mutants/test_showcases.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest

from dqnlib import envs, showcases


@pytest.mark.parametrize("back", [False, True])
def test_the_chain_has_one_way(back):
    env = showcases.Chain(12, back=back)
    assert {0, 1} == set(env.right)  # no habit gets through
    assert np.array_equal(env.right, showcases.Chain(12).right)
    env.reset(seed=0)
    for k, action in enumerate(env.right):
        obs, reward, terminated, truncated, _ = env.step(action)
        assert (obs, truncated) == (k + 1, False)
        assert (reward, terminated) == ((1.0, True) if k == 11 else (0.0, False))
    assert env.observation_space.contains(obs)
    for steps in (0, 1, 5):
        env.reset()
        for action in env.right[:steps]:
            env.step(action)
        obs, reward, terminated, truncated, _ = env.step(1 - env.right[steps])
        assert (obs, reward, terminated) == (0 if back else steps, 0.0, not back)


def test_chains_have_time_limits():
    assert envs.time_limit(envs.make("dqnlib/Chain20-v0")) == 20
    assert envs.time_limit(envs.make("dqnlib/ChainBack20-v0")) == 40
