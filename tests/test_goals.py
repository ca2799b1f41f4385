"""Bit flipping by hand, and what an environment needs for hindsight.

`tests/mutants/test_goals.toml` lists the mutants that these tests kill.
"""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from dqnlib import envs
from dqnlib.config import Config
from dqnlib.goals import MOST_BITS, BitFlipping, Goals, draw_task


def started(row, goal):
    """Bit flipping at a row and a goal of our choice."""
    env = BitFlipping(len(row))
    env.reset(seed=0)
    env.row, env.goal = np.array(row), np.array(goal)
    return env


def test_an_episode_by_hand():
    env = started([0, 0, 0], [0, 1, 1])
    obs, reward, terminated, truncated, info = env.step(1)
    assert obs.tolist() == [0, 1, 0, 0, 1, 1]
    assert obs.dtype == np.float32
    assert (reward, terminated, truncated, info) == (-1.0, False, False, {})
    assert env.step(1)[0].tolist() == [0, 0, 0, 0, 1, 1]  # and back
    env.step(2)
    obs, reward, terminated, _, _ = env.step(1)
    assert (obs.tolist(), reward, terminated) == ([0, 1, 1, 0, 1, 1], 0.0, True)
    assert type(reward) is float
    assert type(terminated) is bool


def test_the_goal_methods_of_one_goal_and_of_many():
    env, obs = BitFlipping(2), np.array([0.0, 1, 1, 1], np.float32)
    assert env.achieved_goal(obs).tolist() == [0, 1]
    assert env.with_goal(obs, np.array([1, 0])).tolist() == [0, 1, 1, 0]
    assert obs.tolist() == [0, 1, 1, 1]  # as it was
    many = np.stack([obs, 1 - obs])
    assert env.achieved_goal(many).tolist() == [[0, 1], [1, 0]]
    assert env.with_goal(many, env.achieved_goal(many)).tolist() == [[0, 1, 0, 1], [1, 0, 1, 0]]
    want = np.array([[0, 1], [1, 1]])
    assert env.compute_terminated(env.achieved_goal(many), want, {}).tolist() == [True, False]
    assert env.compute_reward(env.achieved_goal(many), want, {}).tolist() == [0, -1]


@pytest.mark.parametrize("bits", [1, 5, MOST_BITS])
def test_gymnasium_knows_it_by_its_number_of_bits(bits):
    env = envs.make(f"dqnlib/BitFlipping{bits}-v0")
    assert env.unwrapped.bits == env.action_space.n == bits
    check_env(env.unwrapped, skip_render_check=True)
    assert envs.time_limit(env) == bits
    env.reset(seed=1)
    flips = [0] * (bits - 1)  # there and back, or nothing
    ends = [env.step(action)[2:4] for action in flips]
    assert not any(truncated for _, truncated in ends)


def test_an_episode_is_cut_after_as_many_steps_as_there_are_bits():
    env = envs.make("dqnlib/BitFlipping3-v0")
    env.reset(seed=0)
    env.unwrapped.row, env.unwrapped.goal = np.array([0, 0, 0]), np.array([1, 1, 1])
    assert [env.step(0)[2:4] for _ in range(3)] == [(False, False), (False, False), (False, True)]


def test_tasks_are_even_and_never_solved_already():
    rng = np.random.default_rng(0)
    tasks = np.array([draw_task(2, rng) for _ in range(6_000)])
    pairs = tasks.reshape(-1, 4) @ [8, 4, 2, 1]
    counts = np.bincount(pairs, minlength=16)
    assert (counts[[0, 5, 10, 15]] == 0).all()  # row and goal are the same
    assert np.abs(np.delete(counts, [0, 5, 10, 15]) - 500).max() < 100
    assert {tuple(draw_task(1, rng)[1]) for _ in range(30)} == {(0,), (1,)}


def test_the_same_seed_gives_the_same_tasks():
    a, b = BitFlipping(12), BitFlipping(12)
    assert np.array_equal(a.reset(seed=4)[0], b.reset(seed=4)[0])
    assert np.array_equal(a.reset()[0], b.reset()[0])
    assert not np.array_equal(a.reset(seed=5)[0], b.reset(seed=4)[0])


@pytest.mark.parametrize("bits", [0, 2.5, MOST_BITS + 1, "8"])
def test_a_number_of_bits_out_of_range(bits):
    with pytest.raises(ValueError, match="bits must be"):
        BitFlipping(bits)


def test_goals_are_found_under_wrappers():
    env = envs.make_for(Config(env_id="dqnlib/BitFlipping4-v0"))
    obs, _ = env.reset(seed=0)
    goals = Goals(env)
    assert np.array_equal(goals.achieved_goal(obs), obs[:4])
    assert np.array_equal(goals.with_goal(obs, obs[:4])[4:], obs[:4])


def test_a_wrappers_own_goal_methods_win():
    class Swapped(gym.ObservationWrapper):
        """Observations with the goal in front."""

        def observation(self, observation):
            return np.roll(observation, 3)

        def achieved_goal(self, obs):
            return obs[..., 3:]

    env = Swapped(BitFlipping(3))
    obs, _ = env.reset(seed=1)
    assert np.array_equal(Goals(env).achieved_goal(obs), env.unwrapped.row)


def test_an_environment_without_goals_says_what_is_missing():
    with pytest.raises(ValueError, match="but CartPole-v1 has no method achieved_goal") as caught:
        Goals(gym.make("CartPole-v1"))
    text = str(caught.value)
    for method in ("with_goal(obs, goal)", "compute_reward(achieved_goal, desired_goal, info)"):
        assert method in text

    class Almost(BitFlipping):
        compute_terminated = property()  # it is there no more

    class Bare(gym.Env):
        def achieved_goal(self, obs): ...

    with pytest.raises(ValueError, match="but Bare has no method with_goal, compute_reward") as c:
        Goals(Bare())
    assert "achieved_goal(obs)" not in str(c.value)


def test_observations_that_are_scaled_hold_other_goals():
    scaled = envs.make_for(Config(env_id="dqnlib/BitFlipping4-v0", obs_scale=2.0))
    with pytest.raises(ValueError, match="which obs_scale changes"):
        Goals(scaled)
