"""Replay buffers keep the last N transitions as they were, and draw from all of them evenly.

The oracle is a deque of transitions, `Model`; `FrameReplayBuffer` and the rings of many runs must
give the batches of `ReplayBuffer` bit for bit.

`tests/mutants/test_replay.toml` lists the mutants that these tests kill.
"""

import copy
from collections import deque

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from replay_support import Chosen, Model, five_fields, rngs, same, through_storage
from scipy.stats import chisquare
from support import Deque, Frames

from dqnlib.config import Config
from dqnlib.data import Batch, Transition
from dqnlib.frames import FrameReplayBuffer
from dqnlib.replay import ReplayBuffer, collect
from dqnlib.seeds import Draws, LearnerError
from dqnlib.seeds.draws import Indices
from dqnlib.seeds.replay import Buffers, Ring
from dqnlib.training import Trainer, train

FEW = settings(max_examples=40, deadline=None, derandomize=True)
LONG = settings(FEW, stateful_step_count=20)
DTYPES = (torch.float32, torch.int64, torch.float32, torch.float32, torch.bool)


def transition(number: int, obs=None, terminated: bool = False) -> Transition:
    """Return a transition that can be told from all others by any of its numbers."""
    obs = np.array([number, -number], np.float32) if obs is None else obs
    return Transition(obs, number, number / 3, obs + 1, terminated)


# -- one run: what is kept ------------------------------------------------------------------

KINDS = ("vector", "image", "channels", "reset padding", "zero padding")


class KeptTransitions(RuleBasedStateMachine):
    """Episodes of any kind go into a deque and both buffers, which must hold the same."""

    @initialize(
        capacity=st.integers(1, 7) | st.just(60),
        kind=st.sampled_from(KINDS),
        frames=st.integers(2, 4),
        dtype=st.sampled_from([np.uint8, np.bool_, np.float32, np.float64, np.int64]),
        levels=st.sampled_from([1, 2, 250]),  # with few levels, frames look alike
        seed=st.integers(0, 99),
    )
    def start(self, capacity, kind, frames, dtype, levels, seed):
        self.kind, self.frames, self.dtype, self.levels = kind, frames, dtype, levels
        self.rng, self.now = np.random.default_rng(seed), None
        self.model = Model(capacity)
        self.buffers = [ReplayBuffer(capacity), FrameReplayBuffer(capacity)]
        for buffer in self.buffers:
            with pytest.raises(ValueError, match=r"is empty: add a transition before you sample"):
                buffer.sample(1, self.rng)

    def image(self) -> np.ndarray:
        shape = {"vector": (3,), "channels": (self.frames, 2, 3)}.get(self.kind, (2, 3))
        numbers = self.rng.integers(self.levels, size=shape)
        return (numbers / 7 if self.dtype == np.float64 else numbers).astype(self.dtype)

    def first(self) -> np.ndarray:
        image = self.image()
        if "padding" not in self.kind:
            return image
        before = image if self.kind == "reset padding" else np.zeros_like(image)
        return np.stack([*[before] * (self.frames - 1), image])

    @rule(steps=st.integers(1, 5))
    def go_on(self, steps):
        for _ in range(steps):
            self.now = self.first() if self.now is None else self.now
            next_obs = self.image()
            if "padding" in self.kind:
                next_obs = np.concatenate([self.now[1:], next_obs[None]])
            action, reward = int(self.rng.integers(2**40)), self.rng.normal()
            given = [self.now, action, reward, next_obs, bool(self.rng.random() < 0.3)]
            for keeper in (self.model, *self.buffers):
                own = copy.deepcopy(given)
                keeper.add(Transition(*own))
                own[0][...], own[3][...] = 1, 0  # an environment may use its arrays again
            self.now = next_obs

    @rule(levels=st.sampled_from([1, 2, 250]))
    def change_the_light(self, levels):  # channels of a black image look like a stack of frames
        self.levels = levels

    @rule()
    def end_the_episode(self):
        self.now = None

    @rule(n=st.integers(3, 9))
    def play_many_episodes_of_one_step(self, n):
        for _ in range(n):
            self.now = None
            self.go_on(1)

    @precondition(lambda self: self.model.added)
    @rule(n=st.integers(1, 9), seed=st.integers(0, 9))
    def sample(self, n, seed):
        """The numbers of one call of `integers`, whatever was drawn before."""
        plain = self.model.batch()
        i = np.random.default_rng(seed).integers(len(self.model.kept), size=n)
        for buffer in self.buffers:
            batch = buffer.sample(n, np.random.default_rng(seed))
            assert same(batch, Batch(*(field[i] for field in five_fields(plain))))
            for field in five_fields(batch):
                field.zero_()  # nobody minds: `holds_the_last` still finds all as it was

    @invariant()
    def holds_the_last(self):
        for buffer in self.buffers:
            assert len(buffer) == len(self.model.kept)
            if self.model.added:
                assert same(buffer.sample(len(buffer), Chosen()), self.model.batch())


TestKeptTransitions = KeptTransitions.TestCase
TestKeptTransitions.settings = LONG


@pytest.mark.parametrize("kind", KINDS)
def test_long_streams(kind):
    """Hypothesis likes few steps of simple values; these are many, of all kinds."""
    rng = np.random.default_rng(KINDS.index(kind))
    for seed in range(25):
        streams, capacity = KeptTransitions(), int(rng.integers(1, 12))
        dtype = (np.uint8, np.bool_, np.float64)[seed % 3]
        streams.start(capacity, kind, int(rng.integers(2, 5)), dtype, (1, 2, 250)[seed // 9], seed)
        for _ in range(40):
            draw = rng.random()
            if draw < 0.2:
                streams.end_the_episode()
            elif draw < 0.3:
                streams.change_the_light(int(rng.choice([1, 2, 250])))
            else:
                streams.go_on(1)
            streams.holds_the_last()


def test_a_full_ring_forgets_the_oldest():
    buffer = ReplayBuffer(3)
    for number in range(5):
        buffer.add(transition(number, terminated=number == 3))
    batch = buffer.sample(3, Chosen())
    assert len(buffer) == 3
    assert batch.action.tolist() == [3, 4, 2]  # 3 took the place of 0, and 4 that of 1
    assert batch.obs.tolist() == [[3, -3], [4, -4], [2, -2]]
    assert batch.next_obs.tolist() == [[4, -2], [5, -3], [3, -1]]
    assert batch.reward.tolist() == pytest.approx([1, 4 / 3, 2 / 3])
    assert batch.terminated.tolist() == [True, False, False]


@pytest.mark.parametrize("kind", [ReplayBuffer, FrameReplayBuffer])
def test_all_are_drawn_alike_and_more_than_once(kind):
    buffer, rng, kept = kind(10), np.random.default_rng(8), range(13, 23)
    for number in range(23):
        buffer.add(transition(number))
    drawn = np.array([buffer.sample(10, rng).action.numpy() for _ in range(3_000)])
    counts = [np.count_nonzero(drawn == number) for number in kept]
    assert sum(counts) == drawn.size  # nothing but the last ten
    assert chisquare(counts).pvalue > 1e-3  # fixed generators: it cannot fail by chance
    # with replacement, ten draws hit 10 · (1 − 0.9 ** 10) = 6.51 of the ten
    different = np.mean([len(set(row)) for row in drawn])
    assert different == pytest.approx(6.51, abs=0.1)
    assert buffer.sample(99, rng).action.shape == (99,)


@pytest.mark.parametrize("kind", [ReplayBuffer, FrameReplayBuffer])
@pytest.mark.parametrize(
    ("given", "stored"),
    [(np.uint8, np.uint8), (np.bool_, np.bool_), (np.float64, np.float32), (np.int16, np.float32)],
)
def test_observations_stay_small_and_come_as_float32(kind, given, stored):
    buffer = kind(4)
    obs = np.array([[0, 51, 255], [1, 0, 204]]).astype(given)
    for _ in range(2):
        buffer.add(Transition(obs, np.int64(1), np.float64(0.1), obs, np.True_))
    arrays = [v for v in vars(buffer).values() if isinstance(v, np.ndarray)]
    big = [v for v in arrays if v.ndim > 2 and len(v) >= 4]  # not the one that came last
    assert {v.dtype for v in big} == {np.dtype(stored)}
    batch = buffer.sample(5, np.random.default_rng(0))
    assert tuple(field.dtype for field in five_fields(batch)) == DTYPES
    assert batch.reward[0].item() == np.float32(0.1)
    scale = 255 if given == np.uint8 else 1  # 51 / 255 = 0.2 and 204 / 255 = 0.8
    assert batch.obs[0].numpy() == pytest.approx(obs / scale)
    assert batch.next_obs.max() == obs.max() / scale


@pytest.mark.parametrize("capacity", [0, -1, 2.5, True, None])
@pytest.mark.parametrize("kind", [ReplayBuffer, FrameReplayBuffer])
def test_a_capacity_is_a_whole_number(kind, capacity):
    with pytest.raises(ValueError, match=r"capacity must be a whole number of at least 1"):
        kind(capacity)


OBS = np.arange(4, dtype=np.float32)


@pytest.mark.parametrize("kind", [ReplayBuffer, FrameReplayBuffer])
@pytest.mark.parametrize("before", [0, 1, 9])
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"obs": np.ones(1)}, r"obs has the shape \[1\]"),
        ({"obs": [1.0, 2.0]}, r"obs has the shape \[2\]"),
        ({"obs": np.ones((1, 4))}, r"obs has the shape \[1, 4\]"),
        ({"next_obs": 7.0}, r"next_obs has the shape \[\], .* of the shape \[4\]: all must be"),
        ({"next_obs": np.ones((4, 1))}, r"next_obs has the shape \[4, 1\]"),
        ({"action": 1.7}, "action must be a whole number, but it is 1.7"),
        ({"action": np.float32(1)}, "action must be a whole number"),
        ({"action": np.array([1])}, "action must be a whole number"),
        ({"action": None}, "action must be a whole number, but it is None"),
    ],
)
def test_what_does_not_fit_is_refused(kind, before, wrong, words):
    """And the buffer is as it was."""
    buffer, right = kind(5), Transition(OBS, 1, 0.5, OBS + 1, False)
    for number in range(before):
        buffer.add(right._replace(action=number))
    if not before and "obs" in wrong:
        words = "next_obs has the shape"  # the first observation says which shape is right
    with pytest.raises(ValueError, match=words):
        buffer.add(right._replace(**wrong))
    assert len(buffer) == min(before, 5)
    buffer.add(right._replace(action=before))
    kept = sorted(buffer.sample(len(buffer), Chosen()).action.tolist())
    assert kept == list(range(max(0, before - 4), before + 1))


@pytest.mark.parametrize("kind", [ReplayBuffer, FrameReplayBuffer])
def test_what_is_written_in_other_ways_fits(kind):
    buffer = kind(9)
    for obs in (OBS, OBS.tolist(), tuple(OBS), torch.tensor(OBS), OBS.astype(int)):
        for action in (1, True, np.int32(1), np.array(1), torch.tensor(1)):
            buffer.add(Transition(obs, action, np.float64(2), obs, np.bool_(True)))
    batch = buffer.sample(9, Chosen())
    assert batch.obs.tolist() == batch.next_obs.tolist() == [[0, 1, 2, 3]] * 9
    assert batch.action.tolist() == [1] * 9
    numbers = kind(2)  # an observation may be a single number
    numbers.add(Transition(3, 0, 0.0, 4, False))
    assert numbers.sample(1, Chosen()).next_obs.tolist() == [4]


@pytest.mark.parametrize("kind", [ReplayBuffer, FrameReplayBuffer])
@pytest.mark.parametrize("batch_size", [-1, 0, 2.0, None, True])
def test_a_batch_has_a_whole_number_of_rows(kind, batch_size):
    buffer = kind(3)
    buffer.add(transition(0))
    with pytest.raises(ValueError, match=r"batch_size must be a whole number of at least 1"):
        buffer.sample(batch_size, np.random.default_rng(0))


@pytest.mark.parametrize("kind", [ReplayBuffer, FrameReplayBuffer])
@pytest.mark.parametrize("rng", [0, None, np.random, torch.Generator()])
def test_a_batch_needs_a_generator(kind, rng):
    buffer = kind(3)
    buffer.add(transition(0))
    with pytest.raises(ValueError, match=r"rng must be a NumPy generator, such as np\.random"):
        buffer.sample(2, rng)


class Scripted:
    """Episodes of two steps: the first one terminates, the second one is cut by a time limit."""

    def __init__(self):
        self.t, self.seeds = 0, []

    def reset(self, seed=None):
        self.seeds.append(seed)
        return np.array([100.0 + self.t], np.float32), {}

    def step(self, action):
        self.t += 1
        ended = self.t % 2 == 0
        over = (ended and self.t == 2, ended and self.t == 4)
        return np.array([self.t], np.float32), float(10**action), *over, {}


def test_collect_by_hand():
    env, buffer, seen = Scripted(), ReplayBuffer(9), []

    def policy(obs):
        seen.append(obs.item())
        return len(seen) % 3

    assert collect(env, policy, buffer, 5, seed=7) == [10 + 100, 1 + 10]
    assert env.seeds == [7, None, None]
    assert seen == [100, 1, 102, 3, 104]  # an episode begins where its reset left it
    batch = buffer.sample(5, Chosen())
    assert batch.obs[:, 0].tolist() == seen
    assert batch.next_obs[:, 0].tolist() == [1, 2, 3, 4, 5]  # what the steps gave
    assert batch.action.tolist() == [1, 2, 0, 1, 2]
    assert batch.reward.tolist() == [10, 100, 1, 10, 100]
    assert batch.terminated.tolist() == [False, True, False, False, False]  # no time limit


# -- many runs: the random numbers -------------------------------------------------------------

CALLS = st.lists(
    st.tuples(
        st.sampled_from(["as expected"] * 6 + ["surprise", "stay", "rewind"]),
        st.integers(1, 70) | st.sampled_from([1, 2**31, 2**32, 2**32 + 1, 2**40]),
        st.sampled_from([3, 3, 3, 3, 1, 8]),
    ),
    max_size=30,
)


@FEW
@given(s=st.integers(1, 3), ahead=st.integers(1, 6), grows=st.integers(0, 5), calls=CALLS)
def test_indices_are_those_of_single_calls(s, ahead, grows, calls):
    indices, plain = Indices(ours := rngs(s), ahead), rngs(s)
    size, capacity = 1, 40
    for kind, number, batch in calls:
        if kind == "rewind":
            indices.rewind()
            states = [rng.bit_generator.state for rng in ours]
            assert states == [rng.bit_generator.state for rng in plain]
            continue
        if kind == "surprise":  # another buffer size than was to be expected
            size, capacity = number, max(capacity, number)
        got = indices.take(size, batch, grows, capacity)
        assert got.shape == (s, batch)
        assert np.array_equal(got, [rng.integers(size, size=batch) for rng in plain])
        if kind != "stay":
            size = min(size + grows, capacity)
    indices.rewind()
    assert [rng.random() for rng in ours] == [rng.random() for rng in plain]


def test_indices_are_drawn_ahead():
    """One call a run for 32 batches: that is what the class is for."""

    class Counting(np.random.Generator):
        calls = 0

        def integers(self, *args, **kwargs):
            self.calls += 1
            return super().integers(*args, **kwargs)

    rng = Counting(np.random.PCG64(0))
    indices = Indices([rng])
    for t in range(96):
        indices.take(min(1_000 + t, 1_050), 64, 1, 1_050)
    assert rng.calls == 3

    rng = Counting(np.random.PCG64(0))
    ring, zeros = Ring(150, 1, [rng]), np.zeros(1)
    for t in range(100 + 96):
        ring.add(zeros[None], zeros, zeros, zeros[None], zeros)
        if t >= 100:
            ring.sample(4)
    assert rng.calls <= 3 + 3  # after the first batch it knows how many come between two


@FEW
@given(
    block=st.integers(2, 9),
    calls=st.lists(st.tuples(st.sets(st.integers(0, 2), min_size=1), st.integers(1, 2))),
    more=st.integers(1, 9),
    stored=st.booleans(),
)
def test_draws_go_on_from_a_state(block, calls, more, stored):
    draws, everyone = Draws(rngs(3), block), np.arange(3)
    for rows, n in calls:
        draws.take(np.array(sorted(rows)), n)
    state = through_storage(draws.state()) if stored else draws.state()
    expected = [draws.take(everyone, 2) for _ in range(more)]
    fresh = Draws(rngs(3, first=50), block)
    for again in (fresh, draws):  # in another process; and back in time
        again.restore(state)
        assert np.array_equal([again.take(everyone, 2) for _ in range(more)], expected)


# -- many runs: the ring ------------------------------------------------------------------------


class ManyRuns(RuleBasedStateMachine):
    """A ring, and a learner's ReplayBuffer in every run: the batches of S buffers, bit for bit."""

    @initialize(
        s=st.integers(1, 4), capacity=st.integers(1, 40), width=st.integers(1, 3),
        seed=st.integers(0, 99),
    )  # fmt: skip
    def start(self, s, capacity, width, seed):
        self.s, self.capacity, self.width = s, capacity, width
        self.rng, self.remembered = np.random.default_rng(seed), None
        self.plain = [ReplayBuffer(capacity) for _ in range(s)]
        self.plain_rngs = rngs(s)
        self.many = self.fresh(first=0)

    def fresh(self, first):
        s, names = self.s, range(self.s)
        return [
            Ring(self.capacity, self.width, rngs(s, first)),
            Buffers(ReplayBuffer, self.capacity, rngs(s, first), "cpu", names, lambda: "now"),
        ]

    @rule(n=st.sampled_from([1, 1, 1, 2, 30]))
    def add(self, n):
        for _ in range(n):
            obs, next_obs = self.rng.normal(size=(2, self.s, self.width)).astype(np.float32)
            action = self.rng.integers(2**20, size=self.s)
            reward, terminated = self.rng.normal(size=self.s), self.rng.random(self.s) < 0.3
            for k, buffer in enumerate(self.plain):
                one = (obs[k], action[k], reward[k], next_obs[k], terminated[k])
                buffer.add(Transition(*copy.deepcopy(one)))
            for many in self.many:
                many.add(obs, action, reward, next_obs, terminated)
            obs[:], next_obs[:] = 0, 1  # an environment may use its arrays again

    @precondition(lambda self: self.plain[0].size)
    @rule(batch=st.sampled_from([4, 4, 4, 1, 9]))
    def sample(self, batch):
        pairs = zip(self.plain, self.plain_rngs, strict=True)
        alone = [five_fields(b.sample(batch, rng)) for b, rng in pairs]
        expected = Batch(*map(torch.stack, zip(*alone)))
        for many in self.many:
            found = many.sample(batch)
            assert same(found, expected)
            for field in five_fields(found):
                field.zero_()  # nobody minds: the next batches are as they should be

    @rule(n=st.integers(2, 40))
    def learn_for_a_while(self, n):
        for _ in range(n):
            self.add(1)
            self.sample(4)

    @rule(resume=st.booleans())
    def save(self, resume):
        """Remember where all are; or go on in new objects, as after a restart."""
        states = [many.state() for many in self.many]
        if not resume:
            self.remembered = states, copy.deepcopy((self.plain, self.plain_rngs))
            return
        self.many = self.fresh(first=70)
        for many, state in zip(self.many, states, strict=True):
            many.restore(through_storage(state))

    @precondition(lambda self: self.remembered)
    @rule()
    def go_back(self):
        states, plain = self.remembered
        self.plain, self.plain_rngs = copy.deepcopy(plain)
        for many, state in zip(self.many, states, strict=True):
            many.restore(state)

    @invariant()
    def as_long_as_one(self):
        assert [len(many) for many in self.many] == [len(self.plain[0])] * 2


TestManyRuns = ManyRuns.TestCase
TestManyRuns.settings = LONG


def test_a_state_of_the_ring_stays_as_it_was():
    ring, one, none = Ring(1, 1, rngs(1)), np.ones((1, 1), np.float32), np.zeros(1)
    ring.add(one, none, none, one, none)
    state = ring.state()
    ring.add(2 * one, none, none, one, none)
    assert state["rows"][0, 0].tolist() == [1, 1, 0, 0, 0]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_ring_on_a_gpu_gives_the_same():
    here, there = Ring(9, 2, rngs(3)), Ring(9, 2, rngs(3), "cuda")
    rng = np.random.default_rng(0)
    for t in range(40):
        obs, next_obs = rng.normal(size=(2, 3, 2)).astype(np.float32)
        one = (obs, rng.integers(9, size=3), rng.normal(size=3), next_obs, rng.random(3) < 0.5)
        here.add(*one)
        there.add(*one)
        batch = there.sample(4)
        assert {field.device.type for field in five_fields(batch)} == {"cuda"}
        assert same(here.sample(4), Batch(*(field.cpu() for field in five_fields(batch))))
        if t == 20:
            state = through_storage(there.state())
            there = Ring(9, 2, rngs(3, first=50), "cuda")
            there.restore(state)


# -- many runs: a learner's class -----------------------------------------------------------------


class Lists:
    """Another one: a list a field, and a random one goes; remembers what it was last asked for."""

    def __init__(self, capacity):
        self.capacity, self.fields, self.last = (
            capacity,
            {name: [] for name in Transition._fields},
            None,
        )
        self.rewards = np.float32(0)

    def add(self, transition):
        self.rewards += np.float32(transition.reward)
        for name, value in transition._asdict().items():
            self.fields[name].append(torch.as_tensor(value))
            if len(self.fields[name]) > self.capacity:
                del self.fields[name][0]

    def sample(self, batch_size, rng):
        self.last = rng.integers(len(self.fields["obs"]), size=batch_size)
        return Batch(*(torch.stack([f[i] for i in self.last]) for f in self.fields.values()))


def filled(make, steps: int = 5, first: int = 0, shape=(2,), dtype=np.float32) -> Buffers:
    """Return the buffers of two runs, seeds 7 and 3, with some transitions in each."""
    many = Buffers(make, 4, rngs(2, first), "cpu", [7, 3], lambda: "at step 9")
    play(many, steps, shape, dtype)
    return many


def play(many: Buffers, steps: int, shape=(2,), dtype=np.float32, seed: int = 0) -> list[Batch]:
    """Add transitions of one endless episode, with a batch after each; return the batches."""
    rng, found = np.random.default_rng(seed), []
    obs = rng.integers(9, size=(2, *shape)).astype(dtype)
    for _ in range(steps):
        next_obs = rng.integers(9, size=(2, *shape)).astype(dtype)
        many.add(obs, rng.integers(5, size=2), rng.normal(size=2), next_obs, rng.random(2) < 0.5)
        found.append(many.sample(3))
        obs = next_obs
    return found


@pytest.mark.parametrize("dtype", [np.float32, np.uint8, np.bool_])
@pytest.mark.parametrize("make", [Deque, Lists, ReplayBuffer, FrameReplayBuffer])
def test_a_learners_buffer_goes_on_from_a_state(make, dtype):
    many = filled(make, 6, dtype=dtype)
    state = through_storage(many.state())
    expected = play(many, 7, dtype=dtype, seed=1)
    resumed = filled(make, 2, first=40, dtype=dtype)
    for again in (resumed, many):  # in another process; and back in time
        again.restore(state)
        assert len(again) == 4
        found = play(again, 7, dtype=dtype, seed=1)
        assert all(same(a, b) for a, b in zip(found, expected, strict=True))
    fresh = Buffers(make, 4, rngs(2), "cpu", [7, 3], lambda: "")
    fresh.restore(state)
    many.restore(state)
    assert same(fresh.sample(3), many.sample(3))  # before anything is added


@pytest.mark.parametrize("make", [Deque, Lists, ReplayBuffer, FrameReplayBuffer])
def test_a_learners_buffer_goes_back_to_its_start(make):
    many = Buffers(make, 4, rngs(2), "cpu", [7, 3], lambda: "")
    start, attributes = through_storage(many.state()), [set(vars(b)) for b in many.buffers]
    first = play(many, 5)
    many.restore(start)
    assert len(many) == 0
    assert [set(vars(b)) for b in many.buffers] == attributes  # those made later are gone
    assert all(same(a, b) for a, b in zip(play(many, 5), first, strict=True))


class Holder(ReplayBuffer):
    def __init__(self, capacity):
        super().__init__(capacity)
        self.rules = {"priority": [lambda error: abs(error)]}


class ItselfDeque(deque):
    def __init__(self, capacity):
        super().__init__(maxlen=capacity)

    add, sample = deque.append, Deque.sample
    data = property(lambda self: self)


class OnlySlots:
    __slots__ = ("data",)
    __init__, add, sample = Deque.__init__, Deque.add, Deque.sample


def test_what_is_no_plain_data_cannot_be_saved():
    with pytest.raises(ValueError, match=r"Holder\.rules\.priority\[0\] is function, which cannot"):
        filled(Holder).state()
    for make in (ItselfDeque, OnlySlots):
        want = rf"{make.__name__} cannot be saved, as its data are not in its attributes"
        with pytest.raises(ValueError, match=want):
            filled(make).state()


def changed(change):
    """Return a learner's class whose batches are changed in this way."""

    class Mine(ReplayBuffer):
        def sample(self, batch_size, rng):
            return change(super().sample(batch_size, rng))

    return Mine


FIELDS = r"expected a Batch\(obs, action, reward, next_obs, terminated\)"
WRONG = {
    "nothing": (lambda b: None, rf"Mine.sample returned NoneType {{}}; {FIELDS}"),
    "a list": (list, rf"Mine.sample returned list {{}}; {FIELDS}"),
    "four fields": (lambda b: b[:4], rf"Mine.sample returned 4 fields {{}}; {FIELDS}"),
    "six fields": (lambda b: (*b, b.reward), rf"Mine.sample returned 6 fields {{}}; {FIELDS}"),
    "a column of rewards": (
        lambda b: b._replace(reward=b.reward[:, None]),
        r"Mine.sample gave reward of the shape \[3, 1\] {}; expected \[3\]",
    ),
    "a column of actions": (
        lambda b: b._replace(action=b.action[:, None]),
        r"gave action of the shape \[3, 1\] {}; expected \[3\]",
    ),
    "one flag for all": (
        lambda b: b._replace(terminated=b.terminated[0]),
        r"gave terminated of the shape \[\] {}; expected \[3\]",
    ),
    "too short": (
        lambda b: Batch(*(field[:2] for field in five_fields(b))),
        r"gave obs of the shape \[2, 2\] {}; expected \[3, 2\]",
    ),
    "too many rewards": (
        lambda b: b._replace(reward=b.reward.repeat(2)),
        r"gave reward of the shape \[6\] {}; expected \[3\]",
    ),
    "observations in a column": (
        lambda b: b._replace(next_obs=b.next_obs[:, None]),
        r"gave next_obs of the shape \[3, 1, 2\] {}; expected \[3, 2\]",
    ),
    "fields in another order": (
        lambda b: Batch(b.obs, b.action, b.next_obs, b.reward, b.terminated),
        r"gave reward of the shape \[3, 2\] {}; expected \[3\]",
    ),
    "no rewards": (lambda b: b._replace(reward=None), r"Mine failed {}: \w+Error: "),
    "an index": (lambda b: b.reward[99], r"Mine failed {}: IndexError: index 99 is out of bounds"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_batch_is_named(name):
    change, message = WRONG[name]
    with pytest.raises(LearnerError, match="^✗ .*" + message.format("at step 9, seed 7")):
        filled(changed(change))


@pytest.mark.parametrize("place", ["__init__", "add", "sample"])
@pytest.mark.parametrize("seed", [7, 3])
def test_an_error_in_a_learners_buffer_names_the_seed(place, seed):
    made = []

    class Mine(ReplayBuffer):
        def __init__(self, capacity):
            made.append(self)
            self.fails = place if len(made) == 1 + (seed == 3) else None
            self.check("__init__")
            super().__init__(capacity)

        def check(self, here):
            if here == self.fails:
                raise KeyError("oops\nmore")

        def add(self, transition):
            self.check("add")
            super().add(transition)

        def sample(self, batch_size, rng):
            self.check("sample")
            return super().sample(batch_size, rng)

    with pytest.raises(LearnerError) as caught:
        filled(Mine)
    assert str(caught.value).startswith(f"✗ Mine failed at step 9, seed {seed}: KeyError: ")
    assert isinstance(caught.value.__cause__, KeyError)


def test_a_learners_batch_may_be_arrays_lists_or_other_numbers():
    def loosely(b):
        flags = [int(x) for x in b.terminated]
        return (b.obs.double(), b.action.int().numpy(), b.reward.tolist(), b.next_obs.half(), flags)

    loose, plain = filled(changed(loosely)).sample(3), filled(ReplayBuffer).sample(3)
    assert tuple(field.dtype for field in five_fields(loose)) == DTYPES
    assert same(loose, plain)  # observations of 0 to 8 fit in 16 bits; rewards go there and back


def test_bytes_of_a_learner_become_0_to_1():
    """The network sees 0 to 1 when it acts; a batch of 0 to 255 would teach it something else."""

    def raw(b):
        back = [(x * 255).round().to(torch.uint8) for x in (b.obs, b.next_obs)]
        return b._replace(obs=back[0], next_obs=back[1])

    kind = {"steps": 6, "shape": (3, 2), "dtype": np.uint8}
    found, plain = filled(changed(raw), **kind).sample(3), filled(ReplayBuffer, **kind).sample(3)
    assert same(found, plain)
    assert 0 < found.obs.max() <= 8 / 255


def test_each_run_has_a_buffer_and_transitions_of_its_own():
    given = []

    class Mine(ReplayBuffer):
        def add(self, transition):
            given.append((self, transition))
            super().add(transition)

    many = Buffers(Mine, 4, rngs(2), "cpu", [7, 3], lambda: "")
    obs, action = np.array([[1.0, 2], [3, 4]], np.float32), np.array([1, 0])
    next_obs = obs + 1
    many.add(obs, action, np.array([0.5, 2]), next_obs, np.array([True, False]))
    obs[:], next_obs[:] = 0, 0
    (first, a), (second, b) = given
    assert first is not second
    assert a.obs.tolist() == [1, 2]  # a copy: the environment's arrays have changed
    assert b.next_obs.tolist() == [4, 5]
    assert [type(x) for x in a] == [np.ndarray, int, float, np.ndarray, bool]
    assert a[1:3] + a[4:] + b[1:3] + b[4:] == (1, 0.5, True, 0, 2.0, False)


# -- from the environments to the buffer ----------------------------------------------------------

TINY = Config(
    steps=37, warmup=5, batch_size=4, capacity=20, hidden=(4,), eval_every=0, record_every=3,
    device="cpu",
)  # fmt: skip


def recorder():
    """Return a learner's class that notes what it is given, and the list of its objects."""
    made = []

    class Recorder(ReplayBuffer):
        def __init__(self, capacity):
            super().__init__(capacity)
            self.given = []
            made.append(self)

        def add(self, transition):
            self.given.append(transition)
            super().add(transition)

    return Recorder, made


@pytest.mark.parametrize(("limit", "length"), [(None, 5), (3, 3), (1, 1), (5, 5), (8, 5)])
def test_no_transition_crosses_the_end_of_an_episode(limit, length):
    """Termination-v0 counts its steps in fifths: k / 5 leads to (k + 1) / 5, and 1 is the end."""
    make, made = recorder()
    config = TINY.replace(env_id="dqnlib/Termination-v0", max_episode_steps=limit)
    run = train(config, (4, 1), replay=make)
    for buffer, ends in zip(made, run.ends, strict=True):
        steps = [k % length for k in range(config.steps)]
        assert [one.obs.tolist() for one in buffer.given] == [[np.float32(k / 5)] for k in steps]
        after = [[np.float32((k + 1) / 5)] for k in steps]
        assert [one.next_obs.tolist() for one in buffer.given] == after
        assert [one.terminated for one in buffer.given] == [k == 4 for k in steps]
        assert {one.reward for one in buffer.given} == {1.0}
        assert ends.tolist() == list(range(length, config.steps + 1, length))


def test_a_time_limit_terminates_nothing():
    make, made = recorder()
    run = train(TINY.replace(env_id="dqnlib/TruncatedForever-v0"), (4, 1), replay=make)
    for buffer, ends in zip(made, run.ends, strict=True):
        assert len(buffer.given) == TINY.steps
        assert not any(one.terminated for one in buffer.given)
        assert ends.tolist() == [5, 10, 15, 20, 25, 30, 35]  # and yet the episodes end


@pytest.mark.parametrize("limit", [None, 3])
def test_batches_of_the_ring_cross_no_end_either(limit):
    seen = []

    def look(moment):
        if moment.batch is not None:
            seen.append(moment.batch)
            assert moment.batch.obs.shape == (4, 1)
            step = moment.batch.next_obs - moment.batch.obs
            assert torch.allclose(step, torch.tensor(0.2))
            assert torch.equal(moment.batch.terminated, moment.batch.next_obs[:, 0] == 1)
        return 0.0

    config = TINY.replace(env_id="dqnlib/Termination-v0", max_episode_steps=limit)
    train(config, (4, 1), record={"look": look})
    assert len(seen) == 22
    ended = torch.cat([batch.terminated for batch in seen])
    assert ended.any() == (limit is None)
    assert not ended.all()


def test_cartpoles_final_observations_are_true_ones():
    """Where an episode ends, next_obs is a fallen pole, and the next obs a fresh one."""
    make, made = recorder()
    config = TINY.replace(steps=120, obs_scale=1.0, epsilon=1.0, epsilon_steps=1_000)
    run = train(config, (4, 1), replay=make)
    for buffer, ends in zip(made, run.ends, strict=True):
        assert len(ends) > 2
        for t, (one, after) in enumerate(zip(buffer.given[:-1], buffer.given[1:]), start=1):
            assert one.terminated == (t in ends)
            assert one.terminated == (abs(one.next_obs[2]) > 12 * np.pi / 180)
            assert one.terminated != np.array_equal(one.next_obs, after.obs)
            assert not one.terminated or np.abs(after.obs).max() <= 0.05


@pytest.mark.parametrize("env", [None, Frames])
def test_any_buffer_trains_the_same_network(env):
    """The ring, or buffers of frames where the environment shows images; against ReplayBuffer."""
    make, _ = recorder()
    own = {"env": env} if env else {}
    expected = Trainer(TINY, (4, 1), replay=make, **own)
    trainer = Trainer(TINY, (4, 1), **own)
    deques = Trainer(TINY.replace(capacity=TINY.steps), (4, 1), replay=Deque, **own)
    whole = Trainer(TINY.replace(capacity=TINY.steps), (4, 1), **own)
    for _ in zip(expected, trainer, deques, whole, strict=True):
        pass
    for a, b in ((trainer, expected), (deques, whole)):
        a, b = a.run(), b.run()
        assert np.isfinite(a.loss[:, -1]).all()
        assert all(np.array_equal(a.parameters[n], b.parameters[n]) for n in a.parameters)
        assert np.array_equal(a.loss, b.loss, equal_nan=True)
