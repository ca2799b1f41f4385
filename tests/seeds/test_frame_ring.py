"""The ring of frames gives the batches of S plain buffers, for the memory of each frame once.

The oracle is a list of transitions a run. The streams are those of a trainer: episodes of random
lengths that terminate or are truncated, windows of n steps with several transitions of a run at an
episode's end, some runs without a transition in a call, frames that look alike.

`tests/mutants/seeds/test_frame_ring.toml` lists the mutants that these tests kill.
"""

import copy

import numpy as np
import pytest
import torch
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from replay_support import Model, five_fields, rngs, same, through_storage

from dqnlib.data import Batch, Transition
from dqnlib.seeds.buffers import replay_for
from dqnlib.seeds.frames import FrameRing
from dqnlib.training import Config

LONG = settings(max_examples=60, stateful_step_count=25, deadline=None, derandomize=True)


class All:
    """Stands in for a generator: picks each place in its order, and the first ones again."""

    def integers(self, high, size):
        return np.arange(size) % high


class OneRun:
    """Episodes of one run as transitions over windows of n steps, as a trainer emits them."""

    def __init__(self, rng, first, following, n: int):
        self.rng, self.first, self.following, self.n = rng, first, following, n
        self.obs, self.window, self.number = None, [], 0

    def step(self, ends: float) -> list[Transition]:
        """Take a step; return the transitions that are whole now: none, one, or up to n."""
        if self.obs is None:
            self.obs = self.first()
        next_obs = self.following(self.obs)
        self.window.append(self.obs)
        self.obs, draw, out = next_obs, self.rng.random(), []
        terminated, truncated = draw < ends / 2, ends / 2 <= draw < ends
        if len(self.window) == self.n:
            out.append(self.emit(next_obs, terminated))
        while terminated and self.window:
            out.append(self.emit(next_obs, True))
        if terminated or truncated:
            self.obs, self.window = None, []  # what a time limit cut off is dropped
        return out

    def emit(self, next_obs, terminated) -> Transition:
        self.number += 1
        return Transition(self.window.pop(0), self.number, self.number / 3, next_obs, terminated)


class Streams(RuleBasedStateMachine):
    """A ring of frames, and a list of transitions in every run: both hold the same."""

    @initialize(
        s=st.integers(1, 3), capacity=st.integers(1, 6) | st.just(40), n=st.integers(1, 4),
        kind=st.sampled_from(["stack", "zero padding", "channels", "image", "numbers"]),
        k=st.integers(2, 4), levels=st.sampled_from([1, 2, 250]),
        dtype=st.sampled_from([np.uint8, np.bool_, np.float32]), seed=st.integers(0, 99),
    )  # fmt: skip
    def start(self, s, capacity, n, kind, k, levels, dtype, seed):
        self.s, self.capacity, self.n, self.kind, self.k = s, capacity, n, kind, k
        self.levels, self.dtype, self.remembered = levels, dtype, None
        self.rng = np.random.default_rng(seed)
        self.shape = {"image": (2, 3), "numbers": (20, 2, 1)}.get(kind, (k, 2, 3))
        self.runs = [OneRun(self.rng, self.first, self.following, n) for _ in range(s)]
        self.models, self.waiting = [Model(capacity) for _ in range(s)], [[] for _ in range(s)]
        self.ring = self.fresh()

    def fresh(self):
        every = [All() for _ in range(self.s)]
        return FrameRing(self.capacity, self.shape, self.dtype, every, n_step=self.n)

    def image(self, shape):
        return self.rng.integers(self.levels, size=shape).astype(self.dtype)

    def first(self):
        if self.kind not in ("stack", "zero padding"):
            return self.image(self.shape)
        frame = self.image(self.shape[1:])
        before = frame if self.kind == "stack" else np.zeros_like(frame)
        return np.stack([*[before] * (self.k - 1), frame])

    def following(self, obs):
        if self.kind not in ("stack", "zero padding"):
            return self.image(self.shape)
        return np.concatenate([obs[1:], self.image(self.shape[1:])[None]])

    def add(self, rows, ones):
        """Hand one transition of each of these runs to the ring, in arrays of its own."""
        obs, action, reward, next_obs, terminated = map(np.array, zip(*ones, strict=True))
        given = None if list(rows) == list(range(self.s)) else rows
        self.ring.add(obs, action, reward, next_obs, terminated, given)
        obs[...], next_obs[...] = 1, 0  # an environment may use its arrays again
        for row, one in zip(rows, ones, strict=True):
            self.models[row].add(one)

    @rule(steps=st.integers(1, 6), ends=st.sampled_from([0.02, 0.3, 1.0]))
    def go_on(self, steps, ends):
        for _ in range(steps):
            for waiting, run in zip(self.waiting, self.runs, strict=True):
                waiting += run.step(ends)
            while any(self.waiting):
                rows = [k for k in range(self.s) if self.waiting[k]]
                self.rng.shuffle(rows)
                self.add(rows, [self.waiting[k].pop(0) for k in rows])

    @rule(levels=st.sampled_from([1, 2, 250]))
    def change_the_light(self, levels):
        self.levels = levels

    @rule(resume=st.booleans())
    def save(self, resume):
        """Remember where all are; or go on in a new object, as after a restart."""
        state = self.state()
        if resume:
            self.ring = self.fresh()
            self.restore(through_storage(state))
        else:
            self.remembered = state, copy.deepcopy(self.models)

    def state(self):
        self.ring._rngs = rngs(self.s)  # `All` has no state
        state = self.ring.state()
        self.ring._rngs = [All() for _ in range(self.s)]
        return state

    def restore(self, state):
        self.ring._rngs = rngs(self.s)
        self.ring.restore(state)
        self.ring._rngs = [All() for _ in range(self.s)]

    @precondition(lambda self: self.remembered)
    @rule()
    def go_back(self):
        """The runs go on where they are: to the ring that is another episode."""
        state, models = self.remembered
        self.models = copy.deepcopy(models)
        self.restore(state)

    @invariant()
    def holds_the_last(self):
        sizes = [len(model.kept) for model in self.models]
        assert self.ring.sizes.tolist() == sizes
        assert len(self.ring) == min(sizes)
        if min(sizes):
            found = self.ring.sample(max(sizes))
            for k, (model, size) in enumerate(zip(self.models, sizes, strict=True)):
                assert same(
                    Batch(*(field[k, :size] for field in five_fields(found))), model.batch()
                )
            for field in five_fields(found):
                field.zero_()  # nobody minds: the next batch is as it should be


TestStreams = Streams.TestCase
TestStreams.settings = LONG


@pytest.mark.parametrize("kind", ["stack", "zero padding", "channels", "image", "numbers"])
@pytest.mark.parametrize("n", [1, 3])
def test_long_streams(kind, n):
    """Hypothesis likes few steps of simple values; these are many, of all kinds."""
    rng = np.random.default_rng(n)
    for seed in range(12):
        streams, capacity = Streams(), int(rng.integers(1, 12))
        dtype = (np.uint8, np.bool_, np.float32)[seed % 3]
        k, levels = int(rng.integers(2, 5)), (1, 2, 250)[seed // 4]
        streams.start(2, capacity, n, kind, k, levels, dtype, seed)
        for _ in range(40):
            draw = rng.random()
            if draw < 0.1:
                streams.change_the_light(int(rng.choice([1, 2, 250])))
            elif draw < 0.2:
                streams.save(resume=True)
            else:
                streams.go_on(2, float(rng.choice([0.02, 0.3, 1.0])))
            streams.holds_the_last()


# -- batches ------------------------------------------------------------------------------------


def a_step(rng, s: int, shape=(2, 3, 3)):
    obs, next_obs = rng.integers(256, size=(2, s, *shape), dtype=np.uint8)
    return obs, rng.integers(9, size=s), rng.normal(size=s), next_obs, rng.random(s) < 0.5


def test_each_run_draws_with_its_own_generator_from_its_own_transitions():
    """Runs 0, 1 and 2 have 9, 4 and 7 transitions: numbers below those, from three generators."""
    ring, rng = FrameRing(9, (2, 3, 3), np.uint8, rngs(3)), np.random.default_rng(5)
    for t in range(9):
        rows = [k for k, size in enumerate((9, 4, 7)) if t < size]
        obs, _, reward, next_obs, terminated = a_step(rng, len(rows))
        ring.add(obs, np.full(len(rows), t), reward, next_obs, terminated, np.array(rows))
    assert ring.sizes.tolist() == [9, 4, 7]
    assert len(ring) == 4
    for _ in range(2):
        expected = [g.integers(n, size=20).tolist() for g, n in zip(EXPECTED, (9, 4, 7))]
        assert ring.sample(20).action.tolist() == expected


EXPECTED = rngs(3)


def test_the_draws_go_on_from_a_state():
    ring, rng = FrameRing(5, (2, 3, 3), np.uint8, rngs(2)), np.random.default_rng(5)
    for _ in range(8):
        ring.add(*a_step(rng, 2))
    ring.sample(3)
    state = through_storage(ring.state())
    expected = [ring.sample(3) for _ in range(3)]
    ring.add(*a_step(rng, 2))
    other = FrameRing(5, (2, 3, 3), np.uint8, rngs(2, first=9))
    for again in (ring, other):
        again.restore(state)
        assert all(same(again.sample(3), batch) for batch in expected)


def test_bytes_become_0_to_1_and_truth_values_0_or_1():
    for dtype, one, value in ((np.uint8, 255, 1.0), (np.uint8, 51, 0.2), (np.bool_, 1, 1.0)):
        ring = FrameRing(2, (2, 2), dtype, rngs(1))
        obs = np.full((1, 2, 2), one, dtype)
        ring.add(obs, [0], [0.0], np.zeros_like(obs), [False])
        batch = ring.sample(1)
        assert batch.obs.unique().item() == np.float32(value)
        assert not batch.next_obs.any()
        assert [field.dtype for field in five_fields(batch)] == [
            torch.float32, torch.int64, torch.float32, torch.float32, torch.bool,
        ]  # fmt: skip


def test_a_state_of_version_0_1_0_is_refused_with_a_word_about_what_to_do():
    ring = FrameRing(5, (2, 3, 3), np.uint8, rngs(2))
    with pytest.raises(ValueError, match=r"version 0\.1\.0 .* kept images .*: train it anew"):
        ring.restore({"size": 3, "obs_shape": (2, 3, 3), "buffers": [], "sampling": []})


# -- memory ---------------------------------------------------------------------------------------


def play(ring, length: int, transitions: int, n: int = 1, size: int = 84) -> int:
    """Fill a ring of one run with stacks of 4 of ever new frames; return the frames it showed."""
    rng, shown = np.random.default_rng(0), 0

    def frame():
        nonlocal shown
        shown += 1
        return rng.integers(256, size=(size, size), dtype=np.uint8)

    added = 0
    while added < transitions:
        stack = np.stack([frame()] * 4)
        episode = [stack]
        for _ in range(length):
            stack = np.concatenate([stack[1:], frame()[None]])
            episode.append(stack)
        for t in range(length):  # as after termination: the last windows are shorter
            later = min(t + n, length)
            ring.add(episode[t][None], [0], [0.0], episode[later][None], [later == length])
        added += length
    return shown


@pytest.mark.parametrize("n", [1, 3, 10])
@pytest.mark.parametrize("length", [20, 200])
def test_a_frame_is_stored_once_whatever_the_windows(n, length):
    ring = FrameRing(4_000, (4, 5, 5), np.uint8, rngs(1), n_step=n)
    assert play(ring, length, 4_000, n, size=5) == ring._stored[0]


def test_a_million_stacks_of_atari_fit():
    """1,000,000 transitions of 84 × 84 frames in episodes of 200 steps: at most 7.5 GiB."""
    ring = FrameRing(2_000, (4, 84, 84), np.uint8, rngs(1))
    play(ring, 200, 4_200)
    assert ring.nbytes / 2_000 * 1_000_000 <= 7.5 * 2**30
    assert ring._frames.dtype == torch.uint8
    before = ring.nbytes
    play(ring, 200, 4_200)
    assert ring.nbytes == before


@pytest.mark.parametrize("length", [1, 4])
def test_short_episodes_make_room_a_little_at_a_time(length):
    """Episodes of one step show two frames a transition, those of four steps five for four."""
    ring, frames = FrameRing(1_000, (4, 8, 8), np.uint8, rngs(1)), 1_000 * (length + 1) // length
    play(ring, length, 3_000, size=8)
    assert frames <= ring._slots <= 1.06 * frames + ring._recent


def test_a_frame_of_long_ago_is_stored_again():
    """Where all obs are alike and each next_obs is new: their one frame must not be lost."""
    ring, still = FrameRing(10, (2, 2, 2), np.uint8, [All()]), np.full((1, 2, 2, 2), 255, np.uint8)
    for t in range(100):
        fresh = np.repeat([[[[2 * t]], [[2 * t + 1]]]], 4).reshape(1, 2, 2, 2).astype(np.uint8)
        ring.add(still, [t], [0.0], fresh, [False])
        assert ring.sample(min(t + 1, 10)).obs.unique().tolist() == [1.0]


def test_a_frame_that_stays_is_stored_once():
    ring = FrameRing(5, (4, 2, 2), np.uint8, rngs(2))
    still = np.full((2, 4, 2, 2), 7, np.uint8)
    for _ in range(50):
        ring.add(still, [0, 0], [0.0, 0.0], still, [False, False])
    assert ring._stored.tolist() == [1, 1]
    assert ring.sample(5).obs.unique().tolist() == [np.float32(7 / 255)]


def test_too_many_images_for_the_memory():
    with pytest.raises(ValueError, match=r"a buffer of 1,000,000,000,000 images .* smaller cap"):
        FrameRing(10**12, (4, 84, 84), np.uint8, rngs(1))


# -- which buffer it is ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "dtype", "own", "name"),
    [
        ((4,), np.float32, None, "Ring"),
        ((4, 84, 84), np.uint8, None, "FrameRing"),
        ((6, 7), np.bool_, None, "FrameRing"),
        ((6, 7), np.float32, None, "FrameRing"),
        ((4, 84, 84), np.uint8, Model, "Buffers"),
        ((4,), np.float32, Model, "Buffers"),
    ],
)
def test_the_buffer_of_an_observation(shape, dtype, own, name):
    config = Config(capacity=70, n_step=3)
    buffer = replay_for(
        config, shape, dtype, rngs(2), "cpu", {"replay": own} if own else {}, (0, 1), lambda: "now"
    )
    assert type(buffer).__name__ == name
    assert buffer.capacity == 70
    if name == "FrameRing":
        assert buffer._recent >= 3 + buffer._obs.shape[2]


# -- on a GPU -------------------------------------------------------------------------------------


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("shape", [(2, 3, 3), (3, 3)])
def test_a_ring_on_a_gpu_gives_the_same(shape):
    here = FrameRing(9, shape, np.uint8, rngs(3))
    there = FrameRing(9, shape, np.uint8, rngs(3), "cuda")
    rng = np.random.default_rng(0)
    for t in range(60):
        one = a_step(rng, 3, shape)
        here.add(*one)
        there.add(*one)
        batch = there.sample(4)
        assert {field.device.type for field in five_fields(batch)} == {"cuda"}
        assert same(here.sample(4), Batch(*(field.cpu() for field in five_fields(batch))))
        if t == 30:
            state = through_storage(there.state())
            there = FrameRing(9, shape, np.uint8, rngs(3, first=50), "cuda")
            there.restore(state)


def test_a_card_without_room_leaves_the_frames_on_the_cpu(monkeypatch):
    """The card is played by a device of PyTorch that holds shapes only."""
    real, full = FrameRing._places, []

    def places(self, n):
        if self._store.type != "cpu":
            full.append(n)
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(self, n)

    monkeypatch.setattr(FrameRing, "_places", places)
    with pytest.warns(UserWarning, match="meta has not so much memory left: they stay in the comp"):
        ring = FrameRing(50, (4, 84, 84), np.uint8, rngs(2), "meta")
    assert full
    assert (ring._frames.device.type, ring.device.type) == ("cpu", "meta")
    frames = np.zeros((2, 4, 84, 84), np.uint8)
    ring.add(frames, [0, 1], [0.0, 1.0], frames, [False, True])
    assert ring.sample(3).obs.device.type == "meta"  # what is learned from goes to the card


def test_a_million_frames_of_atari_fit_into_seven_and_a_half_gib():
    """Measured on a buffer of 2,000 stacks of four, full twice over, with games of 100 steps."""
    n, rng = 2_000, np.random.default_rng(0)
    ring = FrameRing(n, (4, 84, 84), np.uint8, rngs(1))
    screens = rng.integers(256, size=(64, 84, 84)).astype(np.uint8)
    for t in range(2 * n):
        if t % 100 == 0:
            obs = np.stack([screens[t % 64]] * 4)
        fresh = np.roll(screens[t % 64], t, 0)
        next_obs = np.concatenate([obs[1:], fresh[None]])
        ring.add(obs[None], [0], [0.0], next_obs[None], [t % 100 == 99])
        obs = next_obs
    assert len(ring) == n
    rest = ring.nbytes - ring._frames.nbytes  # all but frames
    frames = 1_020_000 * 84 * 84  # one a transition, and one in fifty more
    assert ring._frames.nbytes <= (n * 1.02 + 40) * 84 * 84
    assert (frames + rest / n * 1e6) / 2**30 < 7.5
