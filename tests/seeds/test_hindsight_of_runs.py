"""Hindsight of S runs against the one-run form, and as a part of training.

`tests/mutants/seeds/test_hindsight_of_runs.toml` lists the mutants that these tests kill.
"""

import functools

import gymnasium as gym
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dqnlib import ReplayBuffer, Trainer, train
from dqnlib.config import Config
from dqnlib.data import Transition
from dqnlib.goals import BitFlipping
from dqnlib.policies import random_streams
from dqnlib.seeds import LearnerError
from dqnlib.seeds.buffers import UnevenRing
from dqnlib.seeds.hindsight import FIRST, Relabeled
from dqnlib.storage import from_plain, to_plain
from dqnlib.transitions import STRATEGIES, Hindsight, relabel

S, BITS = 3, 3
# each environment step of each run: the row reached, and whether the episode ends there
ways = st.lists(
    st.lists(st.tuples(st.integers(0, 7), st.booleans()), min_size=S, max_size=S), max_size=25
)


def row_of(number):
    return [number >> 2 & 1, number >> 1 & 1, number & 1]


def rngs(seed=0):
    return [np.random.default_rng(seed + k) for k in range(S)]


def many_of(strategy, k):
    return Relabeled(BitFlipping(BITS), strategy, k, rngs(), np.zeros((S, 2 * BITS), np.float32))


def arrays_of(step, t):
    obs = np.array([[*row_of((t + k) % 8), *row_of(k)] for k in range(S)], np.float32)
    next_obs = np.array([[*row_of(row), *row_of(k)] for k, (row, _) in enumerate(step)], np.float32)
    terminated = (next_obs[:, :BITS] == next_obs[:, BITS:]).all(1)
    ended = terminated | np.array([end for _, end in step])
    return obs, np.full(S, t % BITS), terminated - 1.0, next_obs, terminated, ended


def plain(t):
    return (t.obs.tolist(), int(t.action), float(t.reward), t.next_obs.tolist(), bool(t.terminated))


@given(ways, st.sampled_from(list(STRATEGIES)), st.integers(1, 4), st.integers(0, 24))
def test_copies_of_runs_are_those_of_each_run(steps, strategy, k, pause):
    many = many_of(strategy, k)
    alone = [Hindsight(BitFlipping(BITS), rng, strategy, k) for rng in rngs()]
    for t, step in enumerate(steps):
        if t == pause:  # saved and gone on with
            state, many = from_plain(to_plain(many.state(), "state")), many_of(strategy, k)
            many.restore(state)
        obs, action, reward, next_obs, terminated, ended = arrays_of(step, t)
        want = [
            one.step(Transition(obs[i], action[i], reward[i], next_obs[i], terminated[i]), ended[i])
            for i, one in enumerate(alone)
        ]
        got = [[] for _ in range(S)]
        for *parts, rows in many.step(obs, action, reward, next_obs, terminated, ended, 0.9):
            for i, *fields in zip(rows, *parts, strict=True):
                got[i].append(Transition(*fields))
        assert [[plain(t) for t in run] for run in got] == [[plain(t) for t in w] for w in want]


def test_a_long_episode_finds_room():
    many, one, length = many_of("final", 1), Hindsight(BitFlipping(BITS), rngs()[1], "final"), 35
    assert length > 2 * FIRST
    for t in range(length):  # rows 5 and 6 are no run's goal
        arrays = arrays_of([(5 + t % 2, t == length - 1)] * S, t)
        found = list(many.step(*arrays, 0.9))
        *fields, ended = (a[1] for a in arrays)
        want = one.step(Transition(*fields), ended)
    mine = found[1][-1] == 1
    assert mine.sum() == len(want) - 1 == length
    assert found[1][0][mine].tolist() == [t.obs.tolist() for t in want[1:]]


def test_a_state_stays_as_it_was():
    many = many_of("future", 2)
    state = many.state()
    list(many.step(*arrays_of([(5, False)] * S, 0), 0.9))
    assert state["length"].tolist() == [0] * S
    list(many.step(*arrays_of([(5, True)] * S, 0), 0.9))
    assert state["rngs"] == [rng.bit_generator.state for rng in rngs()]


# -- what is added --------------------------------------------------------------------------

adds = st.lists(st.lists(st.integers(0, S - 1), max_size=9), max_size=8)


@given(adds, st.integers(1, 5))
def test_a_ring_takes_several_of_a_run_at_once(calls, capacity):
    ring, alone = UnevenRing(capacity, 1, rngs()), [ReplayBuffer(capacity) for _ in range(S)]
    number = 0.0
    for rows in calls:
        obs = number + np.arange(len(rows))
        number += len(rows)
        if rows:
            zeros, none = np.zeros(len(rows)), np.zeros(len(rows), bool)
            ring.add(obs[:, None], zeros, obs, obs[:, None] + 0.5, none, np.array(rows))
        for k, x in zip(rows, obs.tolist(), strict=True):
            alone[k].add(Transition(np.array([x]), 0, x, np.array([x + 0.5]), False))
    assert ring.sizes.tolist() == [len(one) for one in alone]
    if min(ring.sizes) > 0:
        batch = ring.sample(16)
        for k, (one, rng) in enumerate(zip(alone, rngs(), strict=True)):
            want = one.sample(16, rng)
            assert torch.equal(batch.obs[k], want.obs)
            assert torch.equal(batch.reward[k], want.reward)
            assert torch.equal(batch.next_obs[k], want.next_obs)


# -- training ------------------------------------------------------------------------------

SMALL = Config(
    env_id="dqnlib/BitFlipping5-v0", steps=400, warmup=60, sync_every=40, hidden=(16,),
    eval_every=0, record_every=50, epsilon_steps=300, batch_size=16, gamma=0.9,
    hindsight="future", hindsight_goals=3,
)  # fmt: skip


def same(a, b, row=slice(None), other=slice(None)):
    return all(np.array_equal(a.parameters[n][row], b.parameters[n][other]) for n in a.parameters)


class Other(BitFlipping):
    """The same task, in an environment that the trainer does not know."""

    def __init__(self):
        super().__init__(5)


def of_its_own():
    return gym.wrappers.TimeLimit(Other(), 5)


@pytest.mark.parametrize("strategy", ["future", "final"])
def test_every_way_to_say_it_gives_the_same_numbers(strategy):
    config = SMALL.replace(hindsight=strategy)
    many = train(config, range(3))
    for slots in (
        {"transitions": Hindsight},  # the library's: no call a run
        {"transitions": functools.partial(Hindsight, relabel=relabel)},
        {"env": of_its_own},
        {"replay": ReplayBuffer},
    ):
        assert same(train(config, range(3), **slots), many), slots
    plain_dqn = config.replace(hindsight="none")
    by_hand = functools.partial(Hindsight, strategy=strategy, k=3)
    assert same(train(plain_dqn, range(3), transitions=by_hand), many)
    assert not same(train(plain_dqn, range(3)), many)
    other = SMALL.replace(hindsight="future" if strategy == "final" else "final")
    said = functools.partial(Hindsight, strategy=strategy)  # it wins over the settings
    assert same(train(other, range(3), transitions=said), many)
    assert Trainer(config, [0], transitions=Hindsight).how == {}


def test_a_row_is_what_its_seed_alone_gives():
    many = train(SMALL, range(4))
    for seed in (0, 3):
        assert same(train(SMALL, [seed]), many, 0, seed)


def test_the_learners_own_relabeling_drives_the_loop():
    seen = []

    def mine(transition, goal, env):
        seen.append(goal)
        return relabel(transition, goal, env)._replace(terminated=False)

    run = train(SMALL, range(2), transitions=functools.partial(Hindsight, relabel=mine))
    assert len(seen) > 1_000
    assert not same(run, train(SMALL, range(2)))


def test_a_makers_parameters_are_given_by_name():
    seen = []

    class Mine:
        def __init__(self, rng, env, gamma, k=1, strategy=""):
            seen.append((rng, env.unwrapped, gamma, k, strategy))

        def step(self, transition, ended):
            return [transition]

    train(SMALL.replace(steps=70), [4, 5], transitions=Mine)
    rng, env, *rest = seen[1]
    assert rng.bit_generator.state == random_streams(5).goals.bit_generator.state
    assert isinstance(env, BitFlipping)
    assert seen[0][1] is not env  # each run has its own
    assert rest == [0.9, 3, "future"]
    seen.clear()
    train(SMALL.replace(steps=70, hindsight="none"), [4], transitions=Mine)
    assert seen[0][3:] == (1, "")


@pytest.mark.parametrize(
    "slots",
    [{}, {"transitions": functools.partial(Hindsight, relabel=relabel)}, {"env": of_its_own}],
)
def test_it_goes_on_after_a_pause(slots, tmp_path):
    whole, half = Trainer(SMALL, range(2), **slots), Trainer(SMALL, range(2), **slots)
    while half.steps < 172:  # two steps of an episode of five
        half.step()
    half.save(tmp_path / "half")
    again = Trainer.load(tmp_path / "half", **slots)
    for trainer in (whole, again):
        for _ in trainer:
            pass
    assert same(whole.run(), again.run())


# -- bad input -----------------------------------------------------------------------------


@pytest.mark.parametrize("slots", [{}, {"transitions": Hindsight}])
def test_an_environment_without_goals_is_refused_before_training(slots):
    config = Config(hindsight="future")
    with pytest.raises(ValueError, match="CartPole-v1 has no method achieved_goal, with_goal"):
        Trainer(config, range(2), **slots)


def test_the_class_alone_refuses_it_as_well():
    with pytest.raises(LearnerError, match=r"Hindsight failed at step 0, seed 0.*has no method"):
        Trainer(Config(), range(2), transitions=Hindsight)
    with pytest.raises(LearnerError, match="relabels single steps, but n_step is 2"):
        Trainer(SMALL.replace(hindsight="none", n_step=2), [0], transitions=Hindsight)


def test_hindsight_cannot_change_in_flight():
    trainer = Trainer(SMALL, [0])
    for change in ({"hindsight": "final"}, {"hindsight_goals": 2}):
        with pytest.raises(ValueError, match="cannot change in flight"):
            trainer.config = trainer.config.replace(**change)


def test_what_is_wrong_with_one_of_many_is_said():
    def bad(transition, goal, env):
        made = relabel(transition, goal, env)
        return made._replace(reward=float("nan")) if made.terminated else made

    with pytest.raises(
        LearnerError, match=r"Hindsight.step gave the reward nan at step .*, seed 0"
    ):
        train(SMALL, [0], transitions=functools.partial(Hindsight, relabel=bad))
    for field, value, words in (
        ("obs", np.zeros(3), "obs of the shape \\[3\\]"),
        ("action", 7, "the action 7"),
        ("action", -1, "the action -1"),
        ("terminated", 1, "terminated as 1"),
        ("next_obs", np.full(10, np.inf), "next_obs with NaN or infinity"),
    ):
        worse = lambda t, goal, env: relabel(t, goal, env)._replace(**{field: value})  # noqa: B023, E731
        with pytest.raises(LearnerError, match=words):
            train(SMALL, [0], transitions=functools.partial(Hindsight, relabel=worse))
