"""CartPole looked into, against Gymnasium and against agents whose episodes are known.

`tests/mutants/test_balance.toml` lists the mutants that these tests kill.
"""

import gymnasium as gym
import numpy as np
import pytest
import torch

from dqnlib import balance

STEADY = torch.tensor([0.1, 0.3, 3.0, 1.0])  # of position, speed, angle, its speed


def pushes(where: float = 0.0):
    """An agent that balances the pole with the cart at a place; it sees plain states."""

    def network(obs):
        push = (obs - torch.tensor([where, 0.0, 0.0, 0.0])) @ STEADY
        return torch.stack([-push, push], dim=1)

    return network


def always(action: int):
    return lambda obs: torch.eye(2)[action].expand(len(obs), 2)


def test_it_moves_as_gymnasium_does():
    env, rng = gym.make("CartPole-v1").unwrapped, np.random.default_rng(0)
    env.reset(seed=1)
    state = rng.uniform(-1, 1, (200, 4)) * [2.4, 3, 0.2, 3]
    action = rng.integers(2, size=200)
    found = balance.move(state, action)
    for k in range(200):
        env.state, env.steps_beyond_terminated = state[k], None
        env.step(int(action[k]))
        assert np.allclose(env.state, found[k], rtol=0, atol=1e-12)


def test_an_agent_plays_the_episodes_of_gymnasium():
    env, network = gym.make("CartPole-v1"), pushes(1.5)
    lengths, first = [], []
    for seed in range(5):
        obs, _ = env.reset(seed=seed)
        first.append(env.unwrapped.state)
        ended, n = False, 0
        while not ended:
            action = int(network(torch.from_numpy(obs)[None]).argmax())
            obs, _, terminated, truncated, _ = env.step(action)
            ended, n = terminated or truncated, n + 1
        lengths.append(n)
    played = balance.play(network, np.array(first), scale=1.0)
    assert played.length.tolist() == lengths


@pytest.mark.parametrize(
    ("network", "end"),
    [(always(1), "pole"), (always(0), "pole"), (pushes(), "limit"), (pushes(3.5), "edge")],
)
def test_how_episodes_end(network, end):
    played = balance.play(network, balance.starts(6), scale=1.0)
    assert [balance.ENDS[k] for k in played.end] == [end] * 6
    assert balance.endings(network, 6, scale=1.0) == {e: float(e == end) for e in balance.ENDS}
    assert (played.length == 500).all() == (end == "limit")
    gone = np.abs(played.x[-1]) > balance.TRACK
    assert gone.all() == (end == "edge")


def test_a_longer_track_saves_who_runs_off_it():
    short, long = (
        balance.play(pushes(3.5), balance.starts(4), scale=1.0, track=t) for t in (2.4, 50)
    )
    assert short.share("edge") == long.share("limit") == 1.0
    assert np.abs(long.x[-1] - 3.5).max() < 1


def test_pole_and_edge_in_the_same_step_count_as_pole():
    state = np.array([[2.39, 3.0, 0.2, 3.0], [2.39, 3.0, 0.0, 0.0]])
    played = balance.play(always(1), state, scale=1.0)
    assert [balance.ENDS[k] for k in played.end] == ["pole", "edge"]
    assert played.length.tolist() == [1, 1]


def test_where_the_cart_is():
    states = np.zeros((3, 2, 4))
    states[..., 0] = [[0.0, 0.0], [1.0, -2.0], [2.5, -2.0]]
    states[2, 1, 2] = np.pi / 18
    played = balance.Played(states, np.array([2, 1]), np.array([0, 1]))
    assert played.lean[2].tolist() == [0, pytest.approx(10)]
    assert played.cart_after(1) == 1.5
    assert played.cart_after(100) == 2.25
    assert (played.share("edge"), played.share("pole"), played.share("limit")) == (0.5, 0.5, 0)


def test_an_ended_episode_stands_still():
    state = np.array([[2.39, 3.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    played = balance.play(pushes(), state, 50, scale=1.0)
    assert played.length.tolist() == [1, 50]
    assert (played.x[1:, 0] == played.x[1, 0]).all()


def test_true_values():
    """Off the track in the first step, whatever the action; and safe in the middle."""
    state = np.array([[2.39, 3.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    values = balance.played_out(pushes(), state, 0.9, scale=1.0)
    assert np.allclose(values, [[1.0, 1.0], [10.0, 10.0]])
    assert balance.played_out(pushes(), state, 1.0, steps=40, scale=1.0).tolist() == [
        [1, 1],
        [40, 40],
    ]
    falls = np.array([[0.0, 0.0, 0.19, 0.3]])  # leans to the right, and falls that way
    left, right = balance.played_out(always(1), falls, 0.5, scale=1.0)[0]
    n = [
        int(balance.play(always(1), falls, first=np.array([a]), scale=1.0).length[0])
        for a in (0, 1)
    ]
    assert [left, right] == [2 - 0.5 ** (n[0] - 1), 2 - 0.5 ** (n[1] - 1)]
    assert n[0] < n[1]


def test_the_first_actions_are_taken_as_given():
    state = np.zeros((2, 4))
    played = balance.play(pushes(), state, 2, first=np.array([0, 1]), scale=1.0)
    assert played.x[2, 0] < 0 < played.x[2, 1]


def test_placed_states_and_what_a_network_sees():
    state = balance.placed([0.0, -1.0, 2.0], speed=0.5, lean=0.1)
    assert state.tolist() == [[0, 0.5, 0.1, 0], [-1, -0.5, 0.1, 0], [2, 0.5, 0.1, 0]]
    seen = balance.observe(state)
    assert seen.dtype == torch.float32
    assert np.allclose(seen[2], [0.8, 0.25, 0.5, 0])
    env = gym.make("CartPole-v1")
    obs, _ = env.reset(seed=3)
    assert np.array_equal(balance.observe(np.array([env.unwrapped.state]), 1.0)[0], obs)


def test_chance():
    """All of it: the agent's wish does not count; none: the seed does not."""
    start = balance.starts(50)
    wild = [
        balance.play(network, start, scale=1.0, chance=1.0).length
        for network in (always(0), always(1))
    ]
    assert np.array_equal(*wild)
    assert 15 < wild[0].mean() < 30
    calm = [balance.play(pushes(1.0), start, scale=1.0, seed=s).x for s in (0, 1)]
    assert np.array_equal(*calm)
    half = [balance.play(pushes(), start, scale=1.0, chance=0.5, seed=s).length for s in (0, 1)]
    assert not np.array_equal(*half)
    assert 60 < half[0].mean() < 300


def test_a_steady_agent_shows_that_the_best_values_are_flat():
    """After either action all is still to be had: the values of both are 1/(1 − γ), the most."""
    states = balance.placed([0.0, 1.0, 1.5, 2.0, 2.35, -2.0])
    assert np.abs(balance.played_out(pushes(), states, scale=1.0) - 100).max() < 0.01
