"""The Buffer lab without a browser: messages go in, pictures and texts come out.

`tests/mutants/labs/test_lab_buffer.toml` lists the mutants that these tests kill.
"""

import itertools

import numpy as np
import pytest
import torch
from lab_helpers import close_labs, say, steps, widget  # noqa: F401 - a fixture

from dqnlib.data import Batch, Transition
from dqnlib.labs import BufferLab
from dqnlib.replay import ReplayBuffer


class Slow:
    """A buffer of its own kind: a list, without a ring."""

    def __init__(self, capacity):
        self.capacity, self.kept = capacity, []

    def __len__(self):
        return len(self.kept)

    def add(self, transition):
        self.kept = [*self.kept, transition][-self.capacity :]

    def sample(self, batch_size, rng):
        some = [self.kept[i] for i in rng.integers(len(self.kept), size=batch_size)]
        ring = ReplayBuffer(batch_size)
        for one in some:
            ring.add(one)
        fields = (ring.obs, ring.action, ring.reward, ring.next_obs, ring.terminated)
        return Batch(*map(torch.from_numpy, fields))


def test_the_ring_is_that_of_the_buffer():
    """What the lab says of slots and pointer is what the library's buffer holds there."""
    lab = BufferLab(capacity=24, warmup=0, batch_size=4)
    steps(lab, 40)
    t = lab.stream
    assert (t.steps, t.size) == (40, 24)
    assert np.array_equal(t.obs, t.buffer.obs)
    assert t.steps % t.capacity == t.buffer.next == 16
    assert t.steps_kept.tolist() == [*range(25, 41), *range(17, 25)]
    assert "24 of 24 slots filled · 16 transitions overwritten" in lab._values["status"]


def test_the_slots_are_those_of_the_batch():
    lab = BufferLab(capacity=24, warmup=0, batch_size=32)
    lab.post("batch_size", 6)
    steps(lab, 60)
    t = lab.stream
    assert len(t.batch) == len(t.slots) == 6
    assert np.array_equal(t.buffer.obs[t.slots], t.batch)
    drawn = t.steps_kept[t.slots]
    assert f"The batch holds steps {drawn.min()} to {drawn.max()}" in lab._values["status"]
    assert set(drawn) - set(range(55, 61))  # not the last ones only


def test_warmup_and_batch_size_say_when_drawing_begins():
    lab = BufferLab(warmup=10, batch_size=4)
    steps(lab, 10)
    assert len(lab.stream.batch) == 0
    assert "Nothing is drawn before step 11: the warm-up." in lab._values["status"]
    steps(lab, 1)
    assert len(lab.stream.batch) == 4
    widget(lab, "batch size").value = 20
    steps(lab, 1)
    assert len(lab.stream.batch) == 0
    assert "before the buffer holds 20 transitions" in lab._values["status"]
    widget(lab, "warm-up").value = 30
    widget(lab, "batch size").value = 2
    steps(lab, 1)
    assert len(lab.stream.batch) == 0
    widget(lab, "warm-up").value = 0
    steps(lab, 1)
    assert len(lab.stream.batch) == 2


def test_a_batch_larger_than_the_ring_is_never_drawn():
    lab = BufferLab(capacity=24, batch_size=32, warmup=0)
    steps(lab, 30)
    assert "Nothing is ever drawn: 24 slots never hold 32." in lab._values["status"]


def test_a_new_capacity_begins_anew_and_epsilon_does_not():
    lab = BufferLab()
    steps(lab, 5)
    widget(lab, "random ε").value = 1.0
    steps(lab, 1)
    assert (lab.stream.steps, lab.settings["epsilon"]) == (6, 1.0)
    widget(lab, "capacity").value = 50
    assert "Begins anew: a ring of 50 slots." in say(lab)
    assert (lab.stream.steps, lab.stream.capacity, lab.stream.buffer.capacity) == (0, 50, 50)


def test_epsilon_is_the_share_of_random_pushes():
    for epsilon, low, high in ((0.0, 1.0, 1.0), (0.5, 0.6, 0.9), (1.0, 0.35, 0.65)):
        lab = BufferLab(capacity=200, epsilon=0.5)
        lab.close()
        lab.change("epsilon", epsilon)
        for _ in range(200):
            lab.advance()
        kept = lab.stream.buffer
        leans = kept.obs[:, 2] + 0.5 * kept.obs[:, 3] > 0
        assert low <= (kept.action == leans).mean() <= high


def test_colors_change_the_picture_only():
    lab = BufferLab()
    steps(lab, 30)
    before, drawn = lab._values["ring"], lab.stream.batch
    lab.post("color", "age")
    assert lab.settle()
    assert lab._values["ring"] != before
    assert lab.stream.batch is drawn
    assert BufferLab(color="age").color == "age"


def test_a_large_buffer_mixes_and_a_small_one_does_not():
    """The numbers of the docstring: the stream is alike, batches of a large buffer are not."""
    found = {}
    for capacity in (24, 200):
        lab = BufferLab(capacity=capacity)
        lab.close()
        values = []
        for k in range(3000):
            lab.advance()
            if k % 500 == 499 and k > 500:
                values.append(lab.stream.correlations)
        found[capacity] = np.mean(values, 0)
    assert found[24][0] == found[200][0] > 0.9  # the same stream
    assert found[24][1] > 0.4
    assert abs(found[200][1]) < 0.15


def test_own_buffer_is_used_through_add_sample_and_len():
    lab = BufferLab(replay=Slow, capacity=24, warmup=0, batch_size=5)
    steps(lab, 40)
    assert "your Slow" in lab._values["status"]
    assert (lab.stream.slots >= 0).all()
    assert "none of the last" not in lab._values["status"]


def test_a_buffer_that_keeps_what_should_be_gone_is_found_out():
    class Hoarder(Slow):
        def add(self, transition):
            self.kept = [*self.kept, transition]

        def sample(self, batch_size, rng):
            self.kept, kept = self.kept[:1], self.kept
            try:
                return super().sample(batch_size, rng)
            finally:
                self.kept = kept

    lab = BufferLab(replay=Hoarder, capacity=24, warmup=0, batch_size=5)
    steps(lab, 20)
    assert (lab.stream.slots == 0).all()
    steps(lab, 10)
    assert (lab.stream.slots == -1).all()
    assert "5 of 5 drawn transitions are none of the last 24 steps" in lab._values["status"]


def broken(part: str, error: Exception | None, value=None):
    def method(self, *args):
        if error:
            raise error
        return value

    return type("Mine", (Slow,), {part: method})


@pytest.mark.parametrize(
    ("replay", "said"),
    [
        (broken("add", KeyError("<oops>")), "✗ Mine.add failed at step 1: KeyError: "),
        (broken("sample", IndexError("far")), "✗ Mine.sample failed at step 5: IndexError: far"),
        (broken("sample", None), "✗ Mine.sample returned NoneType at step 5; expected a Batch"),
        (broken("__len__", TypeError("none")), "✗ Mine.__len__ failed at step 0: TypeError: none"),
        (broken("__init__", ValueError("no")), "✗ Mine.__init__ failed: ValueError: no"),
    ],
)
def test_an_error_of_an_own_buffer_is_shown(replay, said):
    lab = BufferLab(replay=replay, warmup=0, batch_size=5)
    for _ in range(5):
        lab.step()
        if said in say(lab):
            break
    assert said in say(lab)
    assert "<oops>" not in lab._values["message"]
    assert not lab.playing
    lab.reset()
    for _ in range(5):
        lab.step()
        if said in say(lab):
            break
    assert said in say(lab)


def test_a_batch_of_the_wrong_shape_is_shown():
    class Short(Slow):
        def sample(self, batch_size, rng):
            return super().sample(batch_size - 1, rng)

    lab = BufferLab(replay=Short, warmup=0, batch_size=5)
    steps(lab, 5)
    assert "returned obs of the shape (4, 4) at step 5; expected a Batch with obs of the shape " \
        "(5, 4)" in lab._values["message"]  # fmt: skip


def test_what_a_buffer_gets_is_a_transition():
    seen = []

    class Watch(Slow):
        def add(self, transition):
            seen.append(transition)
            super().add(transition)

    steps(BufferLab(replay=Watch), 30)
    assert all(isinstance(one, Transition) for one in seen)
    assert all(np.array_equal(a.next_obs, b.obs) or a.terminated
               for a, b in itertools.pairwise(seen))  # fmt: skip
