"""An environment as tables: the same numbers as the environment's own steps, or an error in words.

`tests/mutants/test_envs.toml` lists the mutants that these tests kill.
"""

import dataclasses

import gymnasium as gym
import numpy as np
import pytest

from dqnlib.envs import TabularModel, make

IDS = ["CliffWalking-v1", "CliffWalkingSlippery-v1", "FrozenLake-v1", "Taxi-v4"]


def tiny(next_obs, probability=None, terminated=None, initial=None) -> TabularModel:
    """A model [N, A, K] with reward 0."""
    next_obs = np.array(next_obs)
    shape = next_obs.shape
    probability = np.full(shape, 1 / shape[2]) if probability is None else np.array(probability)
    terminated = np.zeros(shape, bool) if terminated is None else np.array(terminated)
    initial = np.eye(shape[0])[0] if initial is None else np.array(initial)
    return TabularModel(
        "tiny", probability, next_obs, np.zeros(shape), terminated, initial, max_episode_steps=None
    )


@pytest.mark.parametrize("env_id", IDS)
def test_the_tables_hold_every_outcome_of_the_environment(env_id):
    env, model = gym.make(env_id).unwrapped, TabularModel.from_env(env_id)
    assert model.env_id == env_id
    assert np.allclose(model.probability.sum(2), 1)
    for s in range(env.observation_space.n):
        for a in range(env.action_space.n):
            rows = zip(
                model.probability[s, a], model.next_obs[s, a],
                model.reward[s, a], model.terminated[s, a],
            )  # fmt: skip
            found = sorted(tuple(map(float, row)) for row in rows if row[0] > 0)
            assert found == sorted(tuple(map(float, outcome)) for outcome in env.P[s][a])


def test_each_step_of_the_environment_is_the_one_in_the_table():
    env, model = gym.make("CliffWalking-v1"), TabularModel.from_env("CliffWalking-v1")
    env.reset(seed=0)
    for s in range(48):
        for a in range(4):
            env.unwrapped.s = s
            next_obs, reward, terminated, _, _ = env.step(a)
            assert model.probability[s, a].tolist() == [1]
            assert model.next_obs[s, a] == next_obs
            assert model.reward[s, a] == reward
            assert model.terminated[s, a] == terminated


def test_cliff_walking_by_hand():
    model = TabularModel.from_env("CliffWalking-v1")
    assert (model.n_states, model.n_actions, model.start) == (48, 4, 36)
    up, right, down, left = range(4)
    cell = {  # (state, action): (next state, reward, terminated)
        (36, up): (24, -1, False),
        (36, right): (36, -100, False),  # off the cliff, back to the start, and on it goes
        (36, left): (36, -1, False),  # the wall
        (25, down): (36, -100, False),
        (35, down): (47, -1, True),  # the goal
        (0, up): (0, -1, False),
    }
    for (s, a), want in cell.items():
        got = model.next_obs[s, a, 0], model.reward[s, a, 0], model.terminated[s, a, 0]
        assert got == want, (s, a)


def test_slippery_moves_have_three_outcomes():
    model = TabularModel.from_env("CliffWalkingSlippery-v1")
    assert model.probability.shape == (48, 4, 3)
    assert np.allclose(model.probability, 1 / 3)
    assert sorted(model.next_obs[13, 1]) == [1, 14, 25]  # right, or up, or down


def test_time_limits_and_first_states_are_those_of_gymnasium():
    limits = {env_id: TabularModel.from_env(env_id).max_episode_steps for env_id in IDS}
    assert list(limits.values()) == [None, None, 100, 200]
    taxi = TabularModel.from_env("Taxi-v4")
    assert taxi.probability.shape == (500, 6, 1)
    assert np.count_nonzero(taxi.initial) == 300
    assert taxi.initial.sum() == pytest.approx(1)
    assert tiny(np.zeros((3, 1, 1), int), initial=[0.2, 0.3, 0.5]).start == 2


@pytest.mark.parametrize(("env_id", "n"), list(zip(IDS, [37, 37, 11, 400], strict=True)))
def test_reachable_states_are_those_that_walking_finds(env_id, n):
    env, model = gym.make(env_id).unwrapped, TabularModel.from_env(env_id)
    seen, todo = set(), list(np.flatnonzero(env.initial_state_distrib))
    while todo:
        s = int(todo.pop())
        if s not in seen:
            seen.add(s)
            outcomes = [o for a in range(env.action_space.n) for o in env.P[s][a]]
            todo += [o[1] for o in outcomes if o[0] > 0 and not o[3]]
    assert set(np.flatnonzero(model.reachable())) == seen
    assert model.reachable().sum() == n


def test_cliff_and_goal_are_no_places_to_stand():
    where = TabularModel.from_env("CliffWalking-v1").reachable()
    assert np.flatnonzero(~where).tolist() == [*range(37, 47), 47]


def test_reachable_in_the_hard_cases():
    # 1 starts; its second outcome, to 0, is unused; 2 is terminal; 3 comes after 2 only
    model = tiny(
        [[[0, 0]], [[2, 0]], [[3, 3]], [[3, 3]]],
        probability=[[[1.0, 0]], [[1, 0]], [[1, 0]], [[1, 0]]],
        terminated=[[[False] * 2], [[True, False]], [[False] * 2], [[False] * 2]],
        initial=[0.0, 1, 0, 0],
    )
    assert model.reachable().tolist() == [False, True, False, False]
    # a chain of four from either of two first states: several rounds
    chain = tiny([[[1]], [[2]], [[3]], [[3]], [[4]]], initial=[0.25, 0, 0, 0, 0.75])
    assert chain.reachable().all()
    assert chain.start == 4  # the likelier of the two


def test_a_model_is_frozen_and_takes_made_environments():
    calm = TabularModel.from_env(make("FrozenLake-v1", is_slippery=False))
    assert (calm.probability[:, :, 0] == 1).all()
    with pytest.raises(dataclasses.FrozenInstanceError):
        calm.env_id = "x"


class Bare(gym.Env):
    """Numbered states and actions, and no table."""

    observation_space = gym.spaces.Discrete(3)
    action_space = gym.spaces.Discrete(2)


def test_an_environment_that_is_not_registered():
    env = Bare()
    env.P = {s: {a: [(1.0, s, 0.0, True)] for a in range(2)} for s in range(3)}
    env.initial_state_distrib = [0, 1, 0]
    model = TabularModel.from_env(env)
    assert (model.env_id, model.max_episode_steps, model.start) == ("Bare", None, 1)


@pytest.mark.parametrize("missing", ["P", "initial_state_distrib"])
def test_a_missing_table_is_said(missing):
    env = Bare()
    env.P = {s: {a: [(1.0, s, 0.0, True)] for a in range(2)} for s in range(3)}
    env.initial_state_distrib = [0, 1, 0]
    delattr(env, missing)
    words = "'Bare' shows no transition table .*P and initial_state_distrib.*CliffWalking-v1.* do"
    with pytest.raises(ValueError, match=words):
        TabularModel.from_env(env)


@pytest.mark.parametrize("env_id", ["CartPole-v1", "Pendulum-v1", "Blackjack-v1"])
def test_other_observations_are_refused_with_a_way_on(env_id):
    with pytest.raises(ValueError, match="the observations of") as error:
        TabularModel.from_env(env_id)
    for words in (env_id, "Box" if env_id != "Blackjack-v1" else "Tuple", "Discrete", "lesson 02"):
        assert words in str(error.value)


def test_continuous_actions_are_refused():
    env = Bare()
    env.action_space = gym.spaces.Box(-1, 1, (1,))
    with pytest.raises(ValueError, match=r"the actions of 'Bare' are Box.*Discrete.*lesson 02"):
        TabularModel.from_env(env)


@pytest.mark.filterwarnings("ignore:.*out of date")
def test_an_outdated_name_is_answered_by_todays():
    with pytest.raises(ValueError, match="cannot make the environment 'CliffWalking-v0'") as error:
        make("CliffWalking-v0")
    assert "Near names: CliffWalking-v1" in str(error.value)
    assert "use `CliffWalking-v1` instead" in str(error.value)
    assert "/" not in str(error.value)  # no name that needs yet another package


@pytest.mark.parametrize(
    ("env_id", "words"),
    [
        ("CliffWalkin-v1", "Near names: CliffWalking-v1"),
        ("cliffwalking-v1", "Near names: CliffWalking-v1"),
        ("nonsense", "pprint_registry"),  # nothing is near: where all names are listed
        ("", "Malformed"),
        ("no_such_package:Thing-v0", "No module named 'no_such_package'"),
    ],
)
def test_an_unknown_name_is_answered_by_what_to_do(env_id, words):
    with pytest.raises(ValueError, match=r"Gymnasium .* cannot make the environment") as error:
        TabularModel.from_env(env_id)
    assert repr(env_id) in str(error.value)
    assert words in str(error.value)
