"""Environments of many runs: each row is one environment, and no step in it is made up.

The oracle is a plain loop over single environments (`One`), with Gymnasium's own CartPole-v1.

`tests/mutants/seeds/test_environments.toml` lists the mutants that these tests kill.
"""

import copy
import random
from decimal import Decimal
from fractions import Fraction

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces
from gymnasium.wrappers import TimeLimit
from support import Drifting, Frames, Lottery, Scripted

from dqnlib.config import Config
from dqnlib.envs import NetworkObservation, make_for
from dqnlib.networks import QNetwork
from dqnlib.policies import epsilon_greedy
from dqnlib.seeds import acting
from dqnlib.seeds.acting import EVAL_LIMIT, Actor, Examiner
from dqnlib.seeds.environments import (
    VECTORISED,
    BitFlips,
    CartPoles,
    Chains,
    Environments,
    Pendulums,
    Rooms,
    environments,
)
from dqnlib.seeds.learner import LearnerError, TrainingError
from dqnlib.seeds.networks import stack
from dqnlib.storage import from_plain, to_plain

SEEDS = [3, 2_500_000_000, 0, 17, 4]
SCALE = np.array([0.4, 0.5, 5.0, 0.5], np.float32)  # the course's numbers for CartPole-v1
HOLD = np.array([1.0, 1.7, 35.0, 8.0]) / SCALE  # pushes that keep the pole up


def cartpole() -> gym.Env:
    """CartPole-v1 as a network sees it, without the library."""
    space = spaces.Box(-np.inf, np.inf, (4,), np.float32)
    return gym.wrappers.TransformObservation(
        gym.make("CartPole-v1"), lambda obs: obs * SCALE, space
    )


class One:
    """One environment, a step at a time, as a plain loop does it."""

    def __init__(self, env: gym.Env, seed: int, limit: int | None = None):
        self.env, self.limit, self.total, self.length = env, limit, 0.0, 0
        self.obs, _ = env.reset(seed=seed)

    def step(self, action):
        next_obs, reward, terminated, truncated, _ = self.env.step(int(action))
        self.length += 1
        self.total += reward
        if self.limit is not None and self.length >= self.limit:
            truncated = True
        return next_obs, reward, terminated, truncated and not terminated

    def advance(self, next_obs, ended):
        self.obs = next_obs
        if ended:
            self.obs, _ = self.env.reset()
            self.total, self.length = 0.0, 0


def assert_same_as_single(envs: Environments, singles: list[One], choose, steps: int) -> dict:
    """Drive rows and single environments side by side; compare all bits; count the endings."""
    count = {"terminated": 0, "truncated": 0}
    for _ in range(steps):
        assert envs.obs.tobytes() == np.stack([one.obs for one in singles]).tobytes()
        action = choose(envs.obs)
        next_obs, *found = envs.step(action)
        want_obs, *want = zip(*(one.step(a) for one, a in zip(singles, action)), strict=True)
        assert next_obs.tobytes() == np.stack(want_obs).tobytes()
        assert [f.tolist() for f in found] == [list(w) for w in want]
        assert envs.total.tolist() == [one.total for one in singles]
        assert envs.length.tolist() == [one.length for one in singles]
        kept, ended = next_obs.copy(), found[1] | found[2]
        envs.advance(next_obs, ended)
        assert np.array_equal(next_obs, kept)  # it still belongs to whoever took the step
        for one, obs, end in zip(singles, want_obs, ended, strict=True):
            one.advance(obs, end)
        for k, name in enumerate(count, start=1):
            count[name] += int(found[k].sum())
    return count


def pushes(skill: float, seed: int = 0):
    """Actions for CartPole: good ones with probability `skill`, else random ones."""
    rng = np.random.default_rng(seed)

    def choose(obs):
        good = (obs @ HOLD > 0).astype(int)
        return np.where(rng.random(len(obs)) < skill, good, rng.integers(2, size=len(obs)))

    return choose


def dice(n_actions: int, seed: int = 0):
    """Random actions."""
    rng = np.random.default_rng(seed)
    return lambda obs: rng.integers(n_actions, size=len(obs))


def play(envs: Environments, choose, steps: int) -> list:
    """Return all that can be seen of some steps."""
    seen = []
    for _ in range(steps):
        before = envs.obs.copy()
        next_obs, *rest = envs.step(choose(envs.obs))
        seen += [before.tolist(), next_obs.tolist(), *(r.tolist() for r in rest)]
        seen += [envs.steps, envs.total.tolist(), envs.length.tolist()]
        envs.advance(next_obs, rest[1] | rest[2])
    return seen


# -- CartPole, all rows at once ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("skill", "steps", "ends"),
    [(0, 400, {"terminated"}), (0.4, 800, {"terminated"}), (1, 1_010, {"truncated"})],
    ids=["random", "fair", "good"],
)
def test_each_cartpole_is_gymnasiums(skill, steps, ends):
    envs = environments(Config(), None, SEEDS)
    assert isinstance(envs, CartPoles)
    assert (envs.obs_shape, envs.obs_dtype, envs.n_actions) == ((4,), np.float32, 2)
    count = assert_same_as_single(envs, [One(cartpole(), s) for s in SEEDS], pushes(skill), steps)
    assert {name for name, n in count.items() if n} == ends
    if skill == 1:
        assert count["truncated"] == 2 * len(SEEDS)  # at step 500 and 1000, still up
        assert envs.length.tolist() == [10] * len(SEEDS)


PENDULUM = Config(env_id="dqnlib/DiscretePendulum-v0", obs_scale=(1.0, 1.0, 0.125))


@pytest.mark.parametrize("limit", [None, 60])
def test_each_pendulum_is_the_one_alone(limit):
    config = PENDULUM.replace(max_episode_steps=limit)
    envs = environments(config, None, SEEDS)
    assert isinstance(envs, Pendulums)
    assert envs.cheap_rows
    assert (envs.obs_shape, envs.obs_dtype, envs.n_actions) == ((3,), np.float32, 11)
    singles = [One(make_for(config), s) for s in SEEDS]
    count = assert_same_as_single(envs, singles, dice(11), 450)
    assert count == {"terminated": 0, "truncated": len(SEEDS) * (450 // (limit or 200))}


def test_a_pendulum_goes_on_where_it_was():
    envs, other = (environments(PENDULUM, None, seeds) for seeds in (SEEDS, SEEDS[::-1]))
    play(envs, dice(11), 230)
    kept = copy.deepcopy(envs.state())
    want = play(envs, dice(11, seed=1), 230)
    other.restore(kept)
    assert play(other, dice(11, seed=1), 230) == want


ROOMS = {"dqnlib/PureNoise-v0": 4, "dqnlib/PureNoise16-v0": 16, "dqnlib/Casino-v0": 9}


@pytest.mark.parametrize("env_id", ["dqnlib/Chain5-v0", "dqnlib/ChainBack5-v0"])
def test_each_row_of_chains_is_the_one_alone(env_id):
    config = Config(env_id=env_id)
    envs = environments(config, None, SEEDS)
    assert isinstance(envs, Chains)
    assert (envs.obs_shape, envs.obs_dtype, envs.n_actions) == ((6,), np.float32, 2)
    singles = [One(make_for(config), s) for s in SEEDS]
    count = assert_same_as_single(envs, singles, dice(2, seed=1), 450)
    assert count["terminated"]
    other = environments(config, None, SEEDS[::-1])
    other.restore(copy.deepcopy(envs.state()))
    assert play(other, dice(2), 120) == play(envs, dice(2), 120)


@pytest.mark.parametrize(("env_id", "n_actions"), ROOMS.items())
def test_each_row_of_rooms_is_the_one_alone(env_id, n_actions):
    config = Config(env_id=env_id)
    envs = environments(config, None, SEEDS)
    assert isinstance(envs, Rooms)
    assert (envs.obs_shape, envs.obs_dtype, envs.n_actions) == ((10,), np.float32, n_actions)
    singles = [One(make_for(config), s) for s in SEEDS]
    rarely = dice(n_actions, seed=1)  # the door, so that an episode reaches its limit, too
    count = assert_same_as_single(
        envs, singles, lambda obs: np.where(rarely(obs) < 8, rarely(obs) % 8, 8) % n_actions, 450
    )
    assert bool(count["terminated"]) == (n_actions == 9)
    other = environments(config, None, SEEDS[::-1])
    other.restore(copy.deepcopy(envs.state()))
    assert play(other, dice(n_actions), 120) == play(envs, dice(n_actions), 120)


@pytest.mark.parametrize(("bits", "limit"), [(1, None), (3, None), (3, 2), (12, 20)])
def test_each_row_of_bits_is_the_one_alone(bits, limit):
    config = Config(env_id=f"dqnlib/BitFlipping{bits}-v0", max_episode_steps=limit)
    envs = environments(config, None, SEEDS)
    assert isinstance(envs, BitFlips)
    assert envs.cheap_rows
    assert (envs.obs_shape, envs.obs_dtype, envs.n_actions) == ((2 * bits,), np.float32, bits)
    singles = [One(make_for(config), s) for s in SEEDS]
    count = assert_same_as_single(envs, singles, dice(bits, seed=2), 150)
    assert count["terminated"] > 0
    assert bool(count["truncated"]) == (bits > 1)
    other = environments(config, None, SEEDS[::-1])
    other.restore(copy.deepcopy(envs.state()))
    assert play(other, dice(bits), 60) == play(envs, dice(bits), 60)


@pytest.mark.parametrize("row", [0, 5, 6])
@pytest.mark.parametrize("s", [1, 7, 33])
def test_a_cartpole_does_not_depend_on_the_other_rows(s, row):
    row, choose = row % s, dice(2)
    seeds = np.random.default_rng(s).integers(2**32, size=s).tolist()
    seeds[row] = 3
    envs, one = environments(Config(), None, seeds), One(cartpole(), 3)
    rng = np.random.default_rng(1)
    for action in rng.integers(2, size=150):
        actions = choose(envs.obs)
        actions[row] = action
        next_obs, _, terminated, truncated = envs.step(actions)
        want, _, *ends = one.step(action)
        assert next_obs[row].tobytes() == want.tobytes()
        envs.advance(next_obs, terminated | truncated)
        one.advance(want, any(ends))
        assert envs.obs[row].tobytes() == one.obs.tobytes()
        assert envs.obs.flags.c_contiguous  # or a product's last bit may follow other rows' ends


def test_the_limit_of_cartpole():
    fall = One(cartpole(), 3)
    while not fall.step(1)[2]:
        pass
    assert 5 < fall.length < 15
    for limit, ends in ((fall.length - 1, (False, True)), (fall.length, (True, False))):
        envs = environments(Config(max_episode_steps=limit), None, [3])
        for _ in range(limit):
            next_obs, _, terminated, truncated = envs.step(np.array([1]))
            if envs.length[0] < limit:
                assert not (terminated | truncated)[0]
            envs.advance(next_obs, np.array([False]))
        assert (terminated[0], truncated[0]) == ends
    envs = environments(Config(), None, [3])
    count = assert_same_as_single(envs, [One(cartpole(), 3)], pushes(1), 501)
    assert count == {"terminated": 0, "truncated": 1}


def test_cartpole_may_go_on_for_longer_than_gymnasium_lets_it():
    """CartPole-v1 is registered with 500 steps; the oracle has no limit but the one here."""
    bare = gym.wrappers.TransformObservation(
        gym.make("CartPole-v1", max_episode_steps=-1),
        lambda obs: obs * SCALE,
        cartpole().observation_space,
    )
    envs = environments(Config(max_episode_steps=1_000), None, [3])
    assert type(envs) is CartPoles
    assert envs.limit == 1_000
    count = assert_same_as_single(envs, [One(bare, 3, limit=1_000)], pushes(1), 1_999)
    assert count == {"terminated": 0, "truncated": 1}


def test_a_cart_that_leaves_the_track():
    """It happens seldom by itself: the pole falls first."""
    envs, single = environments(Config(), None, [3, 4]), One(cartpole(), 3)
    start = [2.39, 1.5, 0.0, 0.0]
    envs._state[:, 0] = single.env.unwrapped.state = start
    next_obs, _, terminated, _ = envs.step(np.array([1, 1]))
    want, _, ended, _ = single.step(1)
    assert (next_obs[0].tobytes(), terminated.tolist()) == (want.tobytes(), [ended, False])
    assert ended


def test_gymnasiums_own_reset_of_cartpole_never_shows():
    envs = environments(Config(), None, [3, 4])
    ended = np.zeros(2, bool)
    while not ended[0]:
        last, _, ended, _ = envs.step(np.array([1, 0]))
    following, reward, terminated, _ = envs.step(np.array([1, 0]))  # nobody has said `advance`
    position, speed = last[0, :2] / SCALE[:2]
    assert following[0, 0] / SCALE[0] == pytest.approx(position + 0.02 * speed, rel=1e-5)
    assert (reward[0], terminated[0]) == (1, True)


# -- every other environment, one a row --------------------------------------------------------


OWN = {"Drifting": Drifting, "Scripted": Scripted}  # names for Config(env_id)


def of(name: str, **settings):
    """Return (config, env) of an environment of ours or of Gymnasium."""
    return (Config(**settings), OWN[name]) if name in OWN else (Config(name, **settings), None)


@pytest.mark.parametrize(
    ("name", "limit", "ends"),
    [
        ("Drifting", None, {"terminated"}),
        ("Drifting", 6, {"terminated", "truncated"}),
        ("FrozenLake-v1", None, {"terminated"}),
        ("MountainCar-v0", None, {"truncated"}),  # registered: 200
        ("dqnlib/ObservationAndAction-v0", None, {"terminated"}),  # ends in its first step
        ("dqnlib/TruncatedForever-v0", None, {"truncated"}),  # registered: 5
        ("dqnlib/TruncatedForever-v0", 3, {"truncated"}),
        ("dqnlib/TruncatedForever-v0", 9, {"truncated"}),
        ("dqnlib/Termination-v0", 5, {"terminated"}),  # truncated and terminated at once
    ],
)
def test_each_row_is_one_environment(name, limit, ends):
    config, env = of(name, max_episode_steps=limit)
    envs = environments(config, env, SEEDS)
    assert type(envs) is Environments
    singles = [One(make_for(config, env), seed, limit) for seed in SEEDS]
    count = assert_same_as_single(envs, singles, dice(envs.n_actions), 410)
    assert {name for name, n in count.items() if n} == ends
    if name == "dqnlib/TruncatedForever-v0":
        assert count["truncated"] == 410 // (limit or 5) * len(SEEDS)


def test_no_step_between_episodes_and_the_true_last_observation():
    made = []
    envs = environments(Config(), lambda: made.append(Scripted()) or made[-1], [7, 8])
    seen = []
    for _ in range(7):
        next_obs, _, terminated, _ = envs.step(np.array([0, 1]))
        seen.append((envs.obs[1, 0], next_obs[1, 0], bool(terminated[1])))
        envs.advance(next_obs, terminated)
    episode = [(0, 1, False), (1, 2, False), (2, 3, True)]
    assert seen == [*episode, *episode, episode[0]]
    assert made[1].log == ["reset 8", 1, 1, 1, "reset", 1, 1, 1, "reset", 1]


@pytest.mark.parametrize(
    ("ends", "limit", "want"),
    [
        ((True, True), None, (True, False)),
        ((False, True), None, (False, True)),
        ((True, False), 3, (True, False)),
        ((False, False), 3, (False, True)),
        ((False, False), 4, (False, False)),
        ((np.True_, np.False_), None, (True, False)),
    ],
)
def test_what_ends_an_episode(ends, limit, want):
    envs = environments(Config(max_episode_steps=limit), lambda: Scripted(ends=ends), [0])
    for _ in range(2):
        _, _, *found = envs.step(np.array([0]))
        assert not any(f[0] for f in found)
    _, _, terminated, truncated = envs.step(np.array([0]))
    assert (terminated.tolist(), truncated.tolist()) == ([want[0]], [want[1]])


def test_an_environment_that_never_ends():
    envs = environments(Config(), lambda: Scripted(length=None), [0, 1])
    for n in range(1, 1_500):
        next_obs, _, terminated, truncated = envs.step(np.array([0, 0]))
        assert not (terminated | truncated).any()
        envs.advance(next_obs, terminated | truncated)
        assert envs.obs.tolist() == [[n], [n]]
    assert (envs.registered_limit, envs.length[0], envs.total[1]) == (None, 1_499, 1_499)


def test_one_row_ends_and_the_other_goes_on():
    lengths = iter([2, 5])
    envs = environments(Config(), lambda: Scripted(next(lengths)), [0, 1])
    book = []
    for _ in range(5):
        next_obs, _, terminated, _ = envs.step(np.array([0, 0]))
        book.append((envs.length.tolist(), envs.total.tolist()))
        envs.advance(next_obs, terminated)
    assert [b[0] for b in book] == [[1, 1], [2, 2], [1, 3], [2, 4], [1, 5]]
    assert [b[1] for b in book] == [[1, 1], [2, 2], [1, 3], [2, 4], [1, 5]]
    assert (envs.obs.tolist(), envs.length.tolist()) == ([[1], [0]], [1, 0])


def test_the_last_observation_stays_with_who_took_the_step():
    rows = environments(Config(max_episode_steps=1), None, [3, 4])
    next_obs, _, terminated, truncated = rows.step(np.zeros(2, int))
    kept = next_obs.copy()
    rows.advance(next_obs, terminated | truncated)
    assert np.array_equal(next_obs, kept)
    assert (rows.obs != kept).all()  # new episodes have begun


def test_an_environment_that_writes_over_its_observation():
    class Careless(Scripted):
        def __init__(self):
            self.array = np.zeros((2, 2), np.uint8)
            super().__init__(space=spaces.Box(0, 255, (2, 2), np.uint8), obs=self.write)

        def write(self, n):
            self.array[:] = n
            return self.array

    envs = environments(Config(), Careless, [0, 1])
    first = envs.obs
    next_obs, *_ = envs.step(np.array([0, 0]))
    envs.advance(next_obs, np.zeros(2, bool))
    envs.step(np.array([0, 0]))
    assert (first.max(), next_obs.min(), next_obs.max()) == (0, 1, 1)


# -- what a network sees and does --------------------------------------------------------------

IMAGE = np.arange(6, dtype=np.uint8).reshape(2, 3) * 50
OBSERVATIONS = {  # space, what the environment gives, what the network gets
    "number": (spaces.Discrete(3), 2, np.float32([0, 0, 1])),
    "number of NumPy": (spaces.Discrete(3), np.int64(1), np.float32([0, 1, 0])),
    "number from 5 on": (spaces.Discrete(3, start=5), 5, np.float32([1, 0, 0])),
    "number from -1 on": (spaces.Discrete(3, start=-1), 1, np.float32([0, 0, 1])),
    "bytes": (spaces.Box(0, 255, (2, 3), np.uint8), IMAGE, IMAGE),
    "frames": (spaces.Box(0, 255, (1, 2, 3), np.uint8), IMAGE[None], IMAGE[None]),
    "truth values": (spaces.Box(0, 1, (2, 3), np.bool_), IMAGE > 90, IMAGE > 90),
    "float64": (
        spaces.Box(-1, 1, (2,), np.float64),
        np.array([0.1, -0.2]),
        np.float32([0.1, -0.2]),
    ),
    "whole numbers": (
        spaces.Box(0, 9, (2, 2), np.int64),
        np.eye(2, dtype=int),
        np.eye(2, dtype=np.float32),
    ),
    "a row of bytes": (spaces.Box(0, 255, (3,), np.uint8), IMAGE[1], np.float32([150, 200, 250])),
    "switches": (spaces.MultiBinary(3), np.int8([1, 0, 1]), np.float32([1, 0, 1])),
    "dials": (spaces.MultiDiscrete([3, 9]), np.array([2, 7]), np.float32([2, 7])),
    "a scalar": (spaces.Box(-9, 9, (), np.float32), np.float32(2.5), np.float32([2.5])),
    "a plain number": (spaces.Box(-9, 9, (), np.float64), 2.5, np.float32([2.5])),
    "a list": (spaces.Box(-9, 9, (2,), np.float32), [1, 2], np.float32([1, 2])),
}


@pytest.mark.parametrize("name", OBSERVATIONS)
def test_what_a_network_sees(name):
    space, given, want = OBSERVATIONS[name]

    def make():
        return Scripted(space=space, obs=lambda n: given)

    env = make_for(Config(), make)
    assert (env.observation_space.shape, env.observation_space.dtype) == (want.shape, want.dtype)
    envs = environments(Config(), make, [0, 1])
    assert (envs.obs_shape, envs.obs_dtype) == (want.shape, want.dtype)
    for found in (envs.obs, envs.step(np.array([0, 1]))[0]):
        assert found.dtype == want.dtype
        assert np.array_equal(found, np.stack([want, want]))
    for found in (env.reset()[0], env.step(0)[0]):
        assert np.array_equal(found, want)
        assert env.observation_space.contains(found)


def test_observations_are_scaled():
    space = spaces.Box(-9, 9, (2,), np.float64)

    def make():
        return Scripted(space=space, obs=lambda n: np.array([1.0, 3.0]))

    for scale, want in ((2.0, [2, 6]), ((0.5, 10), [0.5, 30]), ("auto", [1, 3])):
        obs, _ = make_for(Config(obs_scale=scale), make).reset()
        assert (obs.dtype, obs.tolist()) == (np.float32, want)
    envs = environments(Config(obs_scale=(1, 2, 3, 4)), None, [3])
    want, _ = gym.make("CartPole-v1").reset(seed=3)
    assert np.array_equal(envs.obs[0], want * np.float32([1, 2, 3, 4]))
    own = environments(Config(), lambda: gym.make("CartPole-v1"), [3])  # not the course's
    assert (type(own), own.obs[0].tolist()) == (Environments, want.tolist())
    for name in ("bytes", "number"):  # a single number does not touch these
        space, given, want = OBSERVATIONS[name]
        env = make_for(Config(obs_scale=3.0), lambda s=space, g=given: Scripted(3, s, lambda n: g))
        assert np.array_equal(env.reset()[0], want)


def test_actions_are_numbered_from_zero():
    made = []

    def make():
        made.append(Scripted(actions=spaces.Discrete(3, start=5)))
        return made[-1]

    env = make_for(Config(), make)
    assert (env.n_actions, env.action_space) == (3, spaces.Discrete(3))
    envs = environments(Config(), make, [0, 1, 2])
    envs.step(np.array([2, 0, 1]))
    assert [env.log[1:] for env in made[1:]] == [[7], [5], [6]]
    envs = environments(Config(), lambda: Scripted(actions=spaces.Discrete(1)), [0])
    assert (envs.n_actions, envs.step(np.array([0]))[1].tolist()) == (1, [1])


DICT = spaces.Dict({"place": spaces.Discrete(3)})
PAIR = spaces.Tuple([spaces.Discrete(3), spaces.Discrete(2)])
LEVER = spaces.Box(-1, 1, (2,), np.float32)


@pytest.mark.parametrize(
    ("settings", "scale", "message"),
    [
        ({"space": DICT}, "auto", "observations of Scripted are Dict.*FlattenObservation"),
        ({"space": PAIR}, "auto", "observations of Scripted are Tuple.*FlattenObservation"),
        ({"space": spaces.Text(5)}, "auto", "observations of Scripted are Text"),
        ({"actions": LEVER}, "auto", "numbered actions, but the actions of Scripted are Box"),
        ({"actions": spaces.MultiDiscrete([2, 2])}, "auto", "the actions of Scripted are Multi"),
        ({}, (1, 2), r"obs_scale has 2 numbers, .* Scripted has the shape \(1,\)"),
        ({"space": spaces.Discrete(3)}, (1, 2, 3), "3 numbers, .* Discrete.3., .*leave obs_scale"),
        ({"space": LEVER}, (1,), r"obs_scale has 1 numbers, .* the shape \(2,\)"),
        ({"space": OBSERVATIONS["bytes"][0]}, (1, 2), "Box.*not scaled: leave obs_scale out"),
    ],
)
def test_spaces_that_do_not_fit(settings, scale, message):
    with pytest.raises(ValueError, match=message):
        environments(Config(obs_scale=scale), lambda: Scripted(**settings), [0])


def test_names_of_gymnasium_that_do_not_fit():
    with pytest.raises(ValueError, match=r"the actions of Pendulum-v1 are Box"):
        environments(Config("Pendulum-v1"), None, [0])
    with pytest.raises(ValueError, match=r"obs_scale has 3 numbers.* CartPole-v1 .* \(4,\)"):
        environments(Config(obs_scale=(1, 2, 3)), None, [0])


@pytest.mark.parametrize("seeds", [[0], [0, 1, 2]])
def test_one_environment_for_all_rows_is_refused(seeds):
    shared = Scripted()
    with pytest.raises(ValueError, match=r"every run needs its own.*env=lambda: MyEnv\(\)"):
        environments(Config(), lambda: TimeLimit(shared, 9), seeds)


def test_a_maker_that_fails():
    def broken():
        return undefined_name  # noqa: F821

    for make, message in (
        (broken, "broken made no environment: NameError: name 'undefined_name'"),
        (lambda: None, "made no environment: TypeError: Expected env to be"),
    ):
        with pytest.raises(LearnerError, match=message):
            environments(Config(), make, [0])


@pytest.mark.parametrize("limits", [(40,), (90, 40), (40, 90)])
def test_a_time_limit_inside_your_environment_is_not_passed_over_in_silence(limits):
    def mine():
        env = Scripted(length=None)
        for limit in limits:
            env = gym.Wrapper(TimeLimit(env, limit))
        return env

    with pytest.raises(ValueError, match=r"steps is 41, but a TimeLimit .* after 40 steps"):
        environments(Config(max_episode_steps=41), mine, [0])
    assert environments(Config(max_episode_steps=40), mine, [0]).limit == 40
    assert environments(Config(), mine, [0]).registered_limit == 40


def test_the_limit_of_an_id_replaces_the_registered_one(monkeypatch):
    envs = environments(Config("MountainCar-v0", max_episode_steps=300), None, [0])
    assert envs.registered_limit == envs.limit == 300
    within = "tests/Limited-v0"
    gym.register(within, lambda: TimeLimit(Scripted(length=None), 7), max_episode_steps=20)
    try:
        with pytest.raises(ValueError, match=r"max_episode_steps is 9, but .* after 7 steps"):
            environments(Config(within, max_episode_steps=9), None, [0])
    finally:
        del gym.registry[within]


# -- environments that are computed for all rows at once -----------------------------------------


def test_a_table_says_which_environments_are_computed_at_once(monkeypatch):
    class AtOnce(Environments):
        cheap_rows = True

    config = Config("dqnlib/Termination-v0")
    assert type(environments(config, None, [0])) is Environments
    monkeypatch.setitem(VECTORISED, config.env_id, AtOnce)
    assert type(environments(config, None, [0])) is AtOnce
    mine = environments(config, lambda: gym.make(config.env_id), [0])
    assert type(mine) is Environments  # whatever its name: it is the learner's


@pytest.mark.parametrize(("cheap", "rows"), [(True, 6), (False, 2)])
def test_an_evaluation_plays_all_episodes_at_once_where_rows_are_cheap(monkeypatch, cheap, rows):
    made = []

    class Counted(Environments):
        cheap_rows = cheap

        def _step(self, action):
            made.append(len(action))
            return super()._step(action)

    config = Config("dqnlib/Termination-v0")
    monkeypatch.setitem(VECTORISED, config.env_id, Counted)
    stacked = linear_networks([4, 5], (1,), 1)
    found = Examiner(config, None, [4, 5]).returns(stacked, 0, 3)
    assert set(made) == {rows}
    assert found.tolist() == [[5.0] * 3] * 2


# -- what no network can learn from ------------------------------------------------------------


def at(step: int, value, usual):
    """A value that comes at one step only."""
    return lambda n: value if n == step else usual


def run_until_error(makers: list, names=None) -> str:
    """Step rows made by the makers, row by row; return the message of the TrainingError."""
    queue = iter(makers)

    def run():
        envs = environments(Config(), lambda: next(queue)(), [11, 12, 13], names)
        play(envs, lambda obs: np.zeros(3, int), 20)

    with pytest.raises(TrainingError) as caught:
        run()
    assert caught.type is TrainingError  # no LearnerError: the environment is at fault
    return str(caught.value)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30, -1e30, 1e18])
def test_bad_rewards(bad):
    makers = [Scripted, lambda: Scripted(reward=at(5, bad, 1.0)), Scripted]
    message = run_until_error(makers, ["seed 4", "seed 7", "seed 9"])
    assert f"a reward of {bad:g} at step 5, seed 7. " in message


ONE_NUMBER = [
    2.5, np.float32(2.5), np.float64(2.5), np.array(2.5), np.array([2.5]), np.array([[2.5]]), [2.5],
    (2.5,), torch.tensor(2.5), torch.tensor([2.5]), Fraction(5, 2), Decimal("2.5"),
]  # fmt: skip


@pytest.mark.parametrize("reward", ONE_NUMBER, ids=repr)
def test_a_reward_is_one_number_however_it_is_written(reward):
    envs = environments(Config(), lambda: Scripted(reward=lambda n: reward), [0])
    assert envs.step(np.array([0]))[1].tolist() == [2.5]


@pytest.mark.parametrize(
    ("reward", "number"), [(True, 1), (np.True_, 1), (3, 3), (np.int8(-3), -3)]
)
def test_whole_numbers_and_truth_values_are_rewards(reward, number):
    envs = environments(Config(), lambda: Scripted(reward=lambda n: reward), [0])
    assert envs.step(np.array([0]))[1].tolist() == [number]


@pytest.mark.parametrize(
    "reward",
    [
        np.ones(2), np.ones((1, 2)), np.zeros(0), [], [1.0, 2.0], [[1.0], [2.0, 3.0]], None, "1.5",
        b"1", "one", 1 + 2j, np.complex64(1), np.array([1j]), {}, {"reward": 1.0}, [None], object,
        torch.ones(2), np.array("1.5"),
    ],
    ids=repr,
)  # fmt: skip
def test_a_reward_that_is_no_number_is_named(reward):
    makers = [Scripted, lambda: Scripted(reward=at(5, reward, 1.0)), Scripted]
    message = run_until_error(makers)
    assert "failed at step 5, seed 12: ValueError: a reward must be one number, but step" in message


@pytest.mark.parametrize("name", ["terminated", "truncated"])
@pytest.mark.parametrize(
    ("value", "found"),
    [
        (True, True), (np.True_, True), (np.array(True), True), (np.array([True]), True), (1, True),
        (np.int64(0), False), (1.0, True), (torch.tensor(True), True), (np.array([[False]]), False),
        (None, "None"), ("no", "'no'"), ("True", "'True'"), (2, "2"), (0.5, "0.5"), ({}, "{}"),
        ([], "[]"), (np.array([True, False]), "array"), (np.nan, "nan"), (-1, "-1"),
    ],
    ids=repr,
)  # fmt: skip
def test_what_ends_an_episode_is_true_or_false(name, value, found):
    ends = (value, False) if name == "terminated" else (False, value)
    if isinstance(found, str):
        message = run_until_error([Scripted, Scripted, lambda: Scripted(ends=ends)])
        assert f"at step 3, seed 13: ValueError: {name} must be True or False, but" in message
        assert found in message
        return
    envs = environments(Config(), lambda: Scripted(length=1, ends=ends), [0])
    _, _, *over = envs.step(np.array([0]))
    assert over[name == "truncated"].tolist() == [found]


class Odd(Scripted):
    """Returns what a function makes of the five values of its third step, or of a later reset."""

    def __init__(self, step=None, reset=None):
        super().__init__(length=4)
        self.change = {"step": step, "reset": reset}

    def reset(self, **more):
        found = super().reset(**more)
        return self.change["reset"](*found) if self.change["reset"] and self.all else found

    def step(self, action):
        found = super().step(action)
        return self.change["step"](*found) if self.change["step"] and self.all == 3 else found


FIVE = r"step must return five values, (obs, reward, terminated, truncated, info)"


@pytest.mark.parametrize("wrap", [lambda env: env, lambda env: TimeLimit(env, 50)])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda obs, r, over, cut, info: (obs, r, over, info), "4 "),
        (lambda obs, r, over, cut, info: (obs, r, over), "3 "),
        (lambda *five: (*five, 1), "6 values"),
        (lambda obs, *more: obs, "one value (ndarray)"),
        (lambda *five: list(five), "one value (list)"),
        (lambda *five: None, "NoneType"),
        (lambda obs, r, over, cut, info: (obs, r, over, info, cut), "bool in place of the dict"),
    ],
)
def test_a_step_that_does_not_return_five_values(wrap, change, words):
    makers = [Scripted, lambda: wrap(Odd(step=change)), Scripted]
    wrapped = isinstance(wrap(Scripted()), TimeLimit)
    if wrapped and "list" in words:
        return  # the wrapper makes a tuple of it
    message = run_until_error(makers)
    assert f"the environment failed at step 3, seed 12: ValueError: {FIVE}" in message
    assert words in message or (wrapped and "Gymnasium says: " in message)


def test_an_environments_own_trouble_with_unpacking_keeps_its_name():
    def trouble(*five):
        _one, _two = (1, 2, 3)

    message = run_until_error([Scripted, Scripted, lambda: TimeLimit(Odd(step=trouble), 50)])
    assert "step 3, seed 13: ValueError: too many values to unpack" in message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda obs, info: obs, "one value (ndarray)"),
        (lambda obs, info: (obs,), "1 values"),
        (lambda obs, info: (obs, info, 1), "3 values"),
        (lambda obs, info: [obs, info], "one value (list)"),
        (lambda obs, info: None, "one value (NoneType)"),
        (lambda obs, info: (obs, obs), "ndarray in place of the dict"),
    ],
)
def test_a_reset_that_does_not_return_two_values(change, words):
    makers = [Scripted, lambda: TimeLimit(Odd(reset=change), 50), Scripted]
    message = run_until_error(makers)
    assert "reset, after step 4, seed 12: ValueError: reset must return two values" in message
    assert f"but it returned {words}" in message


def test_a_reset_without_its_info_does_not_pass_where_an_observation_has_two_numbers():
    class Two(Scripted):
        def reset(self, **more):
            return super().reset(**more)[0]

    pair = {"space": spaces.Box(-9, 9, (2,), np.float64), "obs": lambda n: np.ones(2)}
    with pytest.raises(TrainingError, match=r"reset must return two values.* one value \(ndarray"):
        environments(Config(), lambda: Two(**pair), [0])


WORDS = {  # space, what comes at step 5, words of the message
    "a column": (spaces.Box(-9, 9, (4,)), np.ones((4, 1)), "[4], but one has the shape [4, 1]"),
    "a row": (spaces.Box(-9, 9, (4,)), np.ones((1, 4)), "but one has the shape [1, 4]"),
    "one less": (spaces.Box(-9, 9, (4,)), np.ones(3), "but one has the shape [3]"),
    "one number": (spaces.Box(-9, 9, (4,)), 1.0, "but one has the shape []"),
    "turned": (spaces.Box(0, 255, (2, 3), np.uint8), IMAGE.T, "but one has the shape [3, 2]"),
    "floats for bytes": (
        spaces.Box(0, 255, (2, 3), np.uint8), IMAGE / 255,
        "says that an image holds uint8, but one holds float64, from 0 to 0.980392",
    ),
    "too large": (
        spaces.Box(0, 255, (2, 3), np.uint8), IMAGE.astype(int) + 100,
        "holds uint8, but one holds int64, from 100 to 350",
    ),
    "bytes for truth values": (
        spaces.Box(0, 1, (2, 3), np.bool_), IMAGE, "holds bool, but one holds uint8, from 0 to 250",
    ),
    "no numbers": (spaces.Box(-9, 9, (2,)), ["a", "b"], "must hold numbers"),
    "None": (spaces.Box(-9, 9, (1,)), [None], "must hold numbers"),
    "complex": (spaces.Box(-9, 9, (1,)), np.array([1j]), "must hold numbers"),
    "half a state": (spaces.Discrete(3), 1.5, "is a whole number, but it is 1.5"),
    "a state in a list": (spaces.Discrete(3), [1], "is a whole number, but it is [1]"),
    "no state": (spaces.Discrete(3), None, "is a whole number, but it is None"),
    "a state too many": (spaces.Discrete(3), 3, "3 is no state of Discrete(3)"),
}  # fmt: skip


@pytest.mark.parametrize("name", WORDS)
def test_observations_that_are_not_what_the_space_says(name):
    space, wrong, words = WORDS[name]
    usual = 0 if isinstance(space, spaces.Discrete) else np.zeros(space.shape, space.dtype)
    later = {"space": space, "obs": at(2, wrong, usual)}
    at_once = {"space": space, "obs": at(0, wrong, usual)}

    def row():
        return Scripted(space=space, obs=lambda n: usual)

    message = run_until_error([row, row, lambda: Scripted(**later)])
    assert "the environment failed at step 2, seed 13: ValueError: " in message
    assert words in message
    message = run_until_error([row, lambda: Scripted(**at_once), row])
    assert "failed in reset, after step 0, seed 12: ValueError: " in message
    assert words in message


def test_other_numbers_of_the_same_value_are_images_too():
    for space, given in (
        (spaces.Box(0, 255, (2, 3), np.uint8), IMAGE.astype(float)),
        (spaces.Box(0, 255, (2, 3), np.uint8), IMAGE.tolist()),
        (spaces.Box(0, 1, (2, 3), np.bool_), (IMAGE > 90).astype(int)),
    ):
        row = {"space": space, "obs": lambda n, given=given: given}
        envs = environments(Config(), lambda row=row: Scripted(**row), [0])
        assert envs.obs.dtype == space.dtype
        assert np.array_equal(envs.obs[0], given)


def test_large_rewards_that_float32_can_square():
    envs = environments(Config(), lambda: Scripted(reward=lambda n: -9.9e17), [0])
    assert envs.step(np.array([0]))[1].tolist() == [-9.9e17]


@pytest.mark.parametrize("bad", [np.nan, -np.inf])
def test_bad_observations(bad):
    broken = np.array([0.0, bad])
    space = spaces.Box(-np.inf, np.inf, (2,), np.float64)

    def makers(step):
        usual = Scripted(space=space, obs=lambda n: np.zeros(2))
        row = Scripted(space=space, obs=at(step, broken, np.zeros(2)))
        return [lambda: usual, lambda: Scripted(space=space, obs=usual.obs_at), lambda: row]

    message = run_until_error(makers(2))
    assert "an observation with NaN or infinity at step 2, seed 13" in message
    message = run_until_error(makers(0))
    assert "an observation with NaN or infinity in reset, after step 0, seed 13" in message

    class Late(Scripted):
        def __init__(self):
            super().__init__(space=space, obs=lambda n: np.zeros(2))

        def reset(self, **kwargs):
            _, info = super().reset(**kwargs)
            return (broken if self.all else np.zeros(2)), info

    message = run_until_error([makers(None)[0], Late, makers(None)[1]])
    assert "NaN or infinity in reset, after step 3, seed 12" in message


def test_an_environment_that_fails():
    class FailsInStep(Scripted):
        def step(self, action):
            if self.all == 4:
                raise ZeroDivisionError("no way\non")
            return super().step(action)

    class FailsInReset(Scripted):
        def reset(self, *, seed=None, options=None):
            if self.all == 3:
                raise KeyError("door")
            return super().reset(seed=seed)

    message = run_until_error([Scripted, Scripted, FailsInStep])
    assert message == "✗ the environment failed at step 5, seed 13: ZeroDivisionError: no way"

    def longer():
        return Scripted(length=9)

    message = run_until_error([longer, FailsInReset, longer])
    assert message == "✗ the environment failed in reset, after step 3, seed 12: KeyError: 'door'"
    for bad in (np.zeros(3), "north"):  # an observation that does not fit its space
        message = run_until_error([lambda b=bad: Scripted(obs=at(1, b, [0])), Scripted, Scripted])
        assert message.startswith("✗ the environment failed at step 1, seed 11: ")
    for start, bad in ((0, 3), (0, -1), (2, 1)):  # a state that does not exist
        space = spaces.Discrete(3, start=start)
        makers = [lambda s=space, b=bad, u=start: Scripted(3, s, at(2, b, u)) for _ in range(3)]
        message = run_until_error(makers)
        assert message.startswith(f"✗ the environment failed at step 2, seed 11: ValueError: {bad}")


# -- saving and going on -----------------------------------------------------------------------


class NoSuper(Drifting):
    """Forgets super().reset(seed=seed), as a first environment of one's own often does."""

    def reset(self, *, seed=None, options=None):
        self.x, self.speed = self.np_random.normal(size=2)
        return np.array([self.x, self.speed]), {}


class Layout(Drifting):
    """Draws something once for each seed and keeps it over all episodes."""

    def reset(self, *, seed=None, options=None):
        obs, info = super().reset(seed=seed)
        if seed is not None:
            self.wind = self.np_random.normal()
        return obs, info

    def step(self, action):
        return super().step(action + self.wind)


OWN |= {"NoSuper": NoSuper, "Layout": Layout}


@pytest.mark.parametrize("steps", [0, 1, 26, 61])
@pytest.mark.parametrize(
    "name",
    [
        *("CartPole-v1", "FrozenLake-v1", "dqnlib/RewardByObservation-v0"),
        *("dqnlib/Termination-v0", *OWN),
    ],
)
def test_going_on_is_like_never_stopping(name, steps):
    config, env = of(name, max_episode_steps=25)
    envs = environments(config, env, SEEDS)
    play(envs, dice(envs.n_actions), steps)
    state = envs.state()
    copy = from_plain(to_plain(state, "state"))
    rest = play(envs, dice(envs.n_actions, 1), 40)
    for kept in (copy, state):  # the state has not gone on with the environments
        other = environments(config, env, SEEDS)
        play(other, dice(other.n_actions, 2), 3)
        other.restore(kept)
        second = other.state()  # can be kept again
        assert play(other, dice(other.n_actions, 1), 40) == rest
        for again in (kept, second):
            other.advance(other.obs, np.ones(len(SEEDS), bool))
            other.restore(again)
            assert play(other, dice(other.n_actions, 1), 40) == rest
    last = envs.state()
    text = str(last)
    envs.advance(envs.obs, np.ones(len(SEEDS), bool))
    assert str(last) == text


def test_going_on_after_starts_with_given_seeds():
    for name in ("CartPole-v1", "Layout"):
        config, env = of(name)
        envs = environments(config, env, [1, 2])
        play(envs, dice(envs.n_actions), 5)
        envs.advance(envs.obs, np.array([False, True]), [99])
        single = One(cartpole() if env is None else make_for(config, env), 99)
        assert envs.obs[1].tobytes() == single.obs.tobytes()
        assert (envs.length.tolist(), envs.total[1]) == ([5, 0], 0)
        for steps in (3, 60):  # in that episode, and later on
            play(envs, dice(envs.n_actions), steps)
            other = environments(config, env, [1, 2])
            other.restore(from_plain(to_plain(envs.state(), "state")))
            assert play(other, dice(3 - (env is None)), 9) == play(envs, dice(envs.n_actions), 9)


class Secret(Scripted):
    """Keeps randomness in Python's own generator."""

    def __init__(self):
        super().__init__(9, obs=lambda n: np.array([random.random()]))


class SecretlyDraws(Scripted):
    """Looks the same each time, but how often it draws from its generator is a secret."""

    def step(self, action):
        self.np_random.random(random.randrange(10_000))
        return super().step(action)


class SecretlyFails(Scripted):
    """Takes the first actions, but not a second time."""

    taken = 0

    def step(self, action):
        SecretlyFails.taken += 1
        if SecretlyFails.taken > 2:
            raise RuntimeError("the file is gone")
        return super().step(action)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (Secret, r"way\. "),
        (SecretlyDraws, r"way\. "),
        (SecretlyFails, r"way \(RuntimeError: the file"),
    ],
)
def test_an_environment_with_a_secret_cannot_be_brought_back(make, why):
    random.seed(0)
    envs = environments(Config(), make, [5], ["seed 3"])
    play(envs, dice(2), 2)
    state, other = envs.state(), environments(Config(), make, [5], ["seed 3"])
    message = f"environment of seed 3 cannot be brought back.*{why}.*outside `self.np_random`"
    with pytest.raises(ValueError, match=message):
        other.restore(state)


def test_an_environment_with_an_old_generator_can_be_trained_on():
    class Old(Scripted):
        def reset(self, *, seed=None, options=None):
            if seed is not None:
                self.np_random = np.random.RandomState(seed)
            return np.array([self.np_random.random()]), {}

    envs = environments(Config(), Old, [5])
    play(envs, dice(2), 7)
    other = environments(Config(), Old, [5])
    with pytest.raises(ValueError, match="cannot be brought back"):
        other.restore(envs.state())


def test_a_forgotten_super_reset_still_gives_reproducible_runs():
    seen = [play(environments(Config(), NoSuper, SEEDS), dice(3), 30) for _ in range(2)]
    assert seen[0] == seen[1]
    assert len({tuple(row) for row in seen[0][0]}) == len(SEEDS)


# -- how actions are chosen --------------------------------------------------------------------


def generators(seeds=SEEDS) -> list[np.random.Generator]:
    return [np.random.default_rng(seed) for seed in seeds]


def actor(policy=None) -> Actor:
    return Actor(generators(), SEEDS, lambda: "at step 12", policy)


def values(steps: int, n_actions: int = 4) -> np.ndarray:
    """Action values [steps, S, A] with many ties."""
    rng = np.random.default_rng(0)
    return rng.integers(3, size=(steps, len(SEEDS), n_actions)).astype(np.float32)


@pytest.mark.parametrize("few", [0, 32], ids=["by arrays", "one by one"])
@pytest.mark.parametrize("epsilon", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("n_actions", [1, 4])
def test_the_actions_are_those_of_epsilon_greedy(n_actions, epsilon, few, monkeypatch):
    monkeypatch.setattr(acting, "FEW", few)
    ours, mine, rngs = actor(), actor(lambda *args: epsilon_greedy(*args)), generators()
    counts = np.zeros(n_actions)
    for q in values(600, n_actions):  # beyond the first block of random numbers
        action = ours.choose(q, epsilon)
        assert action.tolist() == [epsilon_greedy(row, epsilon, r) for row, r in zip(q, rngs)]
        assert action.tolist() == mine.choose(q, epsilon).tolist()
        assert action.dtype == np.int64
        counts += np.bincount(action, minlength=n_actions)
        if epsilon == 0:
            assert (q[np.arange(len(q)), action] == q.max(1)).all()
    assert (counts > 0.8 * counts.mean()).all()


@pytest.mark.parametrize("own", [False, True])
def test_a_diverged_network_chooses_its_first_nan(own):
    ours, rngs = actor((lambda *args: epsilon_greedy(*args)) if own else None), generators()
    nan, inf = np.nan, np.inf
    q = np.float32([[1, 2, 0], [5, nan, nan], [nan, nan, nan], [inf, 0, nan], [7, 0, 7]])
    for _ in range(20):
        *found, tie = ours.choose(q, 0.0)
        assert found == [1, 1, 0, 2]
        assert tie == epsilon_greedy(q[4], 0.0, rngs[4])
        for rng in rngs[:4]:
            rng.random(2)
    finite = values(1, 3)[0]
    want = [epsilon_greedy(row, 0.7, rng) for row, rng in zip(finite, rngs)]
    assert ours.choose(finite, 0.7).tolist() == want  # nobody's numbers have moved
    assert np.isnan(q[2]).all()  # and the values stay as they were


def test_a_policy_gets_its_own_run():
    seen, rngs = [], generators()

    def policy(q, epsilon, rng):
        seen.append((q.tolist(), epsilon, rng.random()))
        return np.int64(q.argmin())

    q = values(1)[0]
    assert actor(policy).choose(q, 0.25).tolist() == q.argmin(1).tolist()
    assert seen == [(row.tolist(), 0.25, rng.random()) for row, rng in zip(q, rngs)]


@pytest.mark.parametrize("action", [None, 1.5, 1.0, -1, 4, "left", np.array([1]), np.nan])
def test_a_policy_that_gives_no_action(action):
    def odd(q, epsilon, rng):
        return 0 if rng.bit_generator.state != generators([17])[0].bit_generator.state else action

    with pytest.raises(LearnerError) as caught:
        actor(odd).choose(values(1)[0], 0.1)
    assert f"odd chose action {action!r} at step 12, seed 17; " in str(caught.value)
    assert "from 0 to 3" in str(caught.value)


def test_a_policy_that_fails():
    def broken(q, epsilon, rng):
        return q[7]

    with pytest.raises(LearnerError, match=r"broken failed at step 12, seed 3: IndexError: index"):
        actor(broken).choose(values(1)[0], 0.1)


@pytest.mark.parametrize("steps", [0, 3, 600])
@pytest.mark.parametrize("policy", [None, lambda *args: epsilon_greedy(*args)])
def test_an_actor_goes_on_where_it_was(policy, steps):
    first, second = actor(policy), actor(policy)
    for q in values(steps):
        first.choose(q, 0.5)
    state = first.state()
    copy = from_plain(to_plain(state, "actor"))
    rest = [first.choose(q, 0.5).tolist() for q in values(20)]
    for kept in (copy, state):
        second.restore(kept)
        assert [second.choose(q, 0.5).tolist() for q in values(20)] == rest


# -- greedy evaluations ------------------------------------------------------------------------


def linear_networks(seeds, obs_shape, n_actions, weights=None):
    """Networks of one layer; weights: [A, O] of the second one, the others are random."""
    stacked = stack(lambda *shape: QNetwork(*shape, ()), seeds, obs_shape, n_actions, "cpu")
    if weights is not None:
        with torch.no_grad():
            stacked.modules[1].layers[1].weight.copy_(torch.from_numpy(weights))
    return stacked


def plain_evaluation(make, limit, network, seed: int, number: int, episodes: int):
    """The returns of one agent, an episode at a time, and where each episode began."""
    numbers = np.random.SeedSequence(seed, spawn_key=(number,)).generate_state(episodes)
    returns = []
    for start in numbers:
        one, ended = One(make(), int(start), limit), False
        while not ended:
            obs = torch.from_numpy(one.obs)[None].float()
            obs = obs / 255 if one.obs.dtype == np.uint8 else obs
            with torch.no_grad():
                action = int(network(obs).argmax())
            next_obs, _, terminated, truncated = one.step(action)
            ended = terminated or truncated
            one.obs = next_obs
        returns.append(one.total)
    return returns


def test_evaluations_of_cartpole_are_plain_ones():
    hold = np.outer([-1, 1], HOLD).astype(np.float32)
    stacked = linear_networks([5, 6, 7], (4,), 2, hold)
    examiner = Examiner(Config(), None, [5, 6, 7])
    for number, episodes in ((0, 2), (1, 3)):
        found = examiner.returns(stacked, number, episodes)
        assert found.shape == (3, episodes)
        for k, seed in enumerate([5, 6, 7]):
            want = plain_evaluation(cartpole, 500, stacked.modules[k], seed, number, episodes)
            assert found[k].tolist() == want
        assert (found[1] == 500).all()
        assert found[0].max() < 500
    short = Examiner(Config(max_episode_steps=20), None, [5, 6, 7]).returns(stacked, 0, 2)
    assert short.tolist() == np.minimum(examiner.returns(stacked, 0, 2), 20).tolist()


@pytest.mark.parametrize("limit", [None, 5])
@pytest.mark.parametrize("env", [Drifting, Frames])
def test_evaluations_of_other_environments_are_plain_ones(env, limit):
    config, seeds = Config(max_episode_steps=limit), [5, 6, 7]
    examiner = Examiner(config, env, seeds)
    shape = environments(config, env, [0])
    stacked = linear_networks(seeds, shape.obs_shape, shape.n_actions)
    for number, episodes in ((0, 4), (1, 1), (2, 6)):
        found = examiner.returns(stacked, number, episodes)
        assert found.shape == (3, episodes)
        for k, seed in enumerate(seeds):
            arguments = (stacked.modules[k], seed, number, episodes)
            want = plain_evaluation(lambda: make_for(config, env), limit or EVAL_LIMIT, *arguments)
            assert found[k].tolist() == want


def test_starts_depend_on_the_number_and_the_seed_only():
    config = Config()

    def prizes(seeds, number, episodes, examiner=None):
        stacked = linear_networks(seeds, (1,), 1)
        return (examiner or Examiner(config, Lottery, seeds)).returns(stacked, number, episodes)

    both, examiner = prizes([8, 9], 0, 3), Examiner(config, Lottery, [8, 9])
    assert np.array_equal(prizes([9], 0, 3)[0], both[1])
    later = prizes([8, 9], 1, 3)
    for number, want in ((1, later), (0, both), (0, both), (1, later)):
        assert np.array_equal(prizes([8, 9], number, 3, examiner), want)
    assert np.array_equal(prizes([8, 9], 0, 5, examiner)[:, :3], both)
    assert len(np.unique([both, later])) == 12


def test_evaluation_leaves_training_alone():
    def watch(envs, streams):
        states = [envs.state(), *(r.bit_generator.state for r in streams)]
        return str(states), torch.get_rng_state().tolist()

    for name in ("CartPole-v1", "Drifting"):
        config, env = of(name)
        seeds, streams = [5, 6, 7], generators()
        envs = environments(config, env, seeds)
        play(envs, dice(envs.n_actions), 7)
        stacked = linear_networks(seeds, envs.obs_shape, envs.n_actions)
        before, legacy = watch(envs, streams), str(np.random.get_state())  # noqa: NPY002
        parameters = stacked.flat.clone()
        Examiner(config, env, seeds).returns(stacked, 0, 3)
        assert watch(envs, streams) == before
        assert str(np.random.get_state()) == legacy  # noqa: NPY002
        assert torch.equal(stacked.flat, parameters)
        other = environments(config, env, seeds)
        other.restore(envs.state())
        assert play(other, dice(other.n_actions), 9) == play(envs, dice(envs.n_actions), 9)


@pytest.mark.parametrize(
    ("make", "limit", "steps"),
    [
        (lambda: Scripted(length=None), None, EVAL_LIMIT),
        (lambda: Scripted(length=None), 30, 30),
        (lambda: Scripted(length=None), EVAL_LIMIT + 50, EVAL_LIMIT + 50),
        (lambda: TimeLimit(Scripted(length=None), EVAL_LIMIT + 20), None, EVAL_LIMIT + 20),
        (lambda: gym.Wrapper(TimeLimit(Scripted(length=None), 40)), 40, 40),
        (lambda: gym.Wrapper(TimeLimit(Scripted(length=None), 60)), 50, 50),
        (lambda: gym.make("MountainCar-v0"), None, 200),
        (lambda: gym.make("MountainCar-v0").unwrapped, None, EVAL_LIMIT),
    ],
)
def test_an_evaluation_ends(make, limit, steps):
    config, seeds = Config(max_episode_steps=limit), [5, 6]
    envs = environments(config, make, seeds)
    stacked = linear_networks(seeds, envs.obs_shape, envs.n_actions)
    stacked.flat.zero_()  # always the first action
    assert EVAL_LIMIT == 1_000
    assert np.abs(Examiner(config, make, seeds).returns(stacked, 0, 1)).tolist() == [[steps]] * 2


def test_errors_in_an_evaluation_are_named():
    class Fragile(Drifting):
        made, broken = 0, False

        def __init__(self):
            self.number = Fragile.made
            Fragile.made += 1

        def step(self, action):
            if Fragile.broken and self.number == 1:
                raise OSError("disk full")
            return super().step(action)

    seeds = [5, 6]
    examiner = Examiner(Config(max_episode_steps=4), Fragile, seeds, ["seed 3", "seed 4"])
    stacked = linear_networks(seeds, (2,), 3)
    examiner.returns(stacked, 0, 2)
    Fragile.broken = True
    message = r"failed at step 1, greedy evaluation of seed 4: OSError: disk full"
    with pytest.raises(TrainingError, match=message):
        examiner.returns(stacked, 1, 2)


def test_a_wrapped_environment_can_be_used_on_its_own():
    env = NetworkObservation(Drifting(), (2.0, 3.0))
    obs, _ = env.reset(seed=0)
    raw, _ = Drifting().reset(seed=0)
    assert obs.tolist() == (raw.astype(np.float32) * np.float32([2, 3])).tolist()
    assert env.observation_space.contains(env.step(env.action_space.sample())[0])
