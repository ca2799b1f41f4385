"""Files that are whole or not there: what is saved comes back to the last bit, and runs no code.

`tests/mutants/test_storage.toml` lists the mutants that these tests kill.
"""

import copy
import json
import os
import pickle
import random
import stat
import zipfile
from collections import OrderedDict, defaultdict, deque
from pathlib import Path
from typing import NamedTuple

import gymnasium as gym
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from storage_support import bits, differences
from support import one_thread  # noqa: F401 (a fixture)
from torch import nn

from dqnlib import QNetwork, targets
from dqnlib.config import Config
from dqnlib.data import Batch, Transition
from dqnlib.results import Run
from dqnlib.saved import load_run, save_run
from dqnlib.seeds.choice import choose_device
from dqnlib.storage import SavedRunError, load_state, save_state, write_whole
from dqnlib.training import Trainer, train

FEW = settings(max_examples=50, deadline=None, derandomize=True)
SMALL = Config(
    steps=145, hidden=(16,), batch_size=8, capacity=60, warmup=20, sync_every=30, eval_every=70,
    eval_episodes=2, record_every=25, epsilon_steps=100, device="cpu",
)  # fmt: skip


# -- a file is whole or not there ----------------------------------------------------------------


def test_a_file_takes_its_name_when_it_is_complete(tmp_path):
    path = tmp_path / "new folder" / "deep" / "run.npz"

    def write(file):
        file.write(b"first ")
        assert not path.exists()
        file.write(b"second")

    assert write_whole(str(path), write) == path
    assert path.read_bytes() == b"first second"
    assert os.listdir(path.parent) == ["run.npz"]


@pytest.mark.parametrize("error", [OSError("no space left"), KeyboardInterrupt()])
@pytest.mark.parametrize("old", [None, b"the old file"])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, old, error):
    path = tmp_path / "run.npz"
    if old:
        path.write_bytes(old)

    def write(file):
        file.write(b"half")
        file.flush()
        raise error

    with pytest.raises(type(error)):
        write_whole(path, write)
    assert [p.read_bytes() for p in tmp_path.iterdir() if p.is_file()] == ([old] if old else [])


def test_what_cannot_be_saved_leaves_the_old_file(tmp_path):
    path = save_state(tmp_path / "x", "note", {"a": 1})
    with pytest.raises(ValueError, match=r"note\.a is function"):
        save_state(path, "note", {"a": print_nothing})
    assert load_state(path, "note") == {"a": 1}
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["x"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
def test_others_may_read_a_file_as_umask_says(tmp_path):
    before = os.umask(0o027)
    try:
        path = save_state(tmp_path / "x", "note", {})
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        assert os.umask(0o027) == 0o027  # it is as it was
    finally:
        os.umask(before)


# -- plain data ------------------------------------------------------------------------------------

DTYPES = st.sampled_from("?bBhHiIlLqQefdFD")  # every plain type of numbers
ARRAYS = DTYPES.flatmap(lambda d: hnp.arrays(d, hnp.array_shapes(min_dims=0, min_side=0)))
TENSORS = st.sampled_from("?bBhilqefdFD").flatmap(
    lambda d: hnp.arrays(d, hnp.array_shapes(min_dims=0, max_dims=2, min_side=0)).map(torch.tensor)
)
NUMBERS = st.none() | st.booleans() | st.integers(-(2**2100), 2**2100) | st.floats() | st.text()
LEAVES = NUMBERS | ARRAYS | ARRAYS.filter(lambda a: a.size).map(lambda a: a.flat[0]) | TENSORS
KEYS = st.integers() | st.text() | st.tuples(st.integers(), st.text()) | st.booleans()
PLAIN = st.recursive(
    LEAVES,
    lambda inside: (
        st.lists(inside, max_size=4)
        | st.lists(inside, max_size=3).map(tuple)
        | st.builds(deque, st.lists(inside, max_size=4), st.none() | st.integers(0, 5))
        | st.dictionaries(KEYS, inside, max_size=3)
        | st.builds(Transition, ARRAYS, st.integers(), st.floats(), ARRAYS, st.booleans())
    ),
    max_leaves=8,
)


@FEW
@given(value=PLAIN)
def test_plain_data_comes_back_to_the_last_bit(value, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "plain"
    save_state(path, "note", {"value": value})
    assert bits(load_state(path, "note")["value"]) == bits(value)


def test_awkward_values_come_back(tmp_path):
    state = {
        "generators": [g(7).state for g in (np.random.PCG64, np.random.MT19937, np.random.Philox)],
        "python": random.Random(3).getstate(),
        "rows": np.arange(12.0).reshape(3, 4)[::-1, ::2],  # a view that runs backwards
        "columns": torch.arange(6).view(2, 3).T,
        "one": torch.ones(1).expand(4),
        "bytes": [b"", b"ab\x00\xff"],
        "half": torch.tensor([1.5, float("nan")], dtype=torch.bfloat16),
        "kind": {"kind": "tensor", "value": 3},  # words of the file format itself
        "many": np.empty((0, 3), np.float32),
        3: {True: "yes", None: -0.0, (1, "a"): [float("inf")]},
    }
    found = load_state(save_state(tmp_path / "x", "note", state), "note")
    assert bits({k: v for k, v in found.items() if k != "columns"}) == bits(
        {k: v for k, v in state.items() if k != "columns"}
    )
    assert torch.equal(found["columns"], state["columns"])
    found["rows"][0, 0] = 9  # what was loaded can be written to


def test_what_is_saved_is_a_copy_of_that_moment(tmp_path):
    big = torch.zeros(100_000)
    path = save_state(tmp_path / "x", "note", {"part": big[:3]})
    assert path.stat().st_size < 10_000  # the part alone, not all of the memory behind it


class Point(NamedTuple):
    x: int


def print_nothing():
    """A function that a learner may have put into a buffer."""


@pytest.mark.parametrize(
    "value",
    [
        print_nothing, lambda: 0, object(), np.random.default_rng(0), torch.nn.Linear(1, 1),
        torch.nn.Parameter(torch.ones(1)), {1, 2}, bytearray(3), 1j, Path("x"), Point(3), range(3),
        OrderedDict(a=1), defaultdict(list), np.array([None]), np.array(["text"]), np.str_("text"),
        np.ma.array([1, 2], mask=[0, 1]), np.array([1], ">i4"), np.array([1], "M8[s]"),
        np.zeros(2, [("a", int)]), type("MyInt", (int,), {})(3),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_anything_else_is_refused_and_its_place_is_named(tmp_path, value):
    state = {"a": [1, ({"b": deque([2, value])},)]}
    with pytest.raises(ValueError, match=r"^note\.a\[1\]\[0\]\.b\[1\] is .* cannot be saved"):
        save_state(tmp_path / "x", "note", state)
    with pytest.raises(ValueError, match=r"^note is .* cannot be saved"):
        save_state(tmp_path / "x", "note", {value: 0} if _hashable(value) else value)
    assert not [p for p in tmp_path.iterdir() if p.is_file()]


def _hashable(value) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


# -- files that are broken, foreign, or mean harm ------------------------------------------------


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (str(self.path),))


def test_loading_runs_no_code_from_a_file(tmp_path):
    sign = tmp_path / "exploded"
    path = tmp_path / "file"

    def bombs():
        bomb = Bomb(sign)
        yield lambda: torch.save({"dqnlib": "checkpoint", "state": {"x": bomb}}, path)
        yield lambda: torch.save(bomb, path)
        yield lambda: torch.save(bomb, path, _use_new_zipfile_serialization=False)
        yield lambda: path.write_bytes(pickle.dumps(bomb))
        yield lambda: _npz(path, about=np.array(bomb, object))
        about = json.dumps({"dqnlib": "run"})
        yield lambda: _npz(path, bomb=np.array(bomb, object), about=np.array(about))

    for plant in bombs():
        plant()
        for load in (Trainer.load, load_run, lambda p: load_state(p, "checkpoint")):
            with pytest.raises(SavedRunError, match="cannot be read"):
                load(path)
            assert not sign.exists()
    torch.save(Bomb(sign), path)
    torch.load(path, weights_only=False)  # it would have gone off
    assert sign.exists()


def _npz(path: Path, **arrays) -> None:
    with path.open("wb") as file:
        np.savez(file, **arrays)


def _zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "nothing that matters")


FOREIGN = {
    "empty": lambda path: path.write_bytes(b""),
    "JSON": lambda path: path.write_text('{"dqnlib": "checkpoint", "state": {}}'),
    "zip": _zip,
    "npz": lambda path: _npz(path, about=np.arange(3), x=np.ones(2)),
    "npy": lambda path: path.write_bytes(_npy()),
    "JSON in npz": lambda path: _npz(path, about=np.array('["dqnlib"]')),
    "another kind in npz": lambda path: _npz(path, about=np.array('{"dqnlib": "sweep"}')),
    "tensor": lambda path: torch.save(torch.ones(3), path),
    "weights": lambda path: torch.save(torch.nn.Linear(2, 2).state_dict(), path),
    "half a format": lambda path: torch.save({"dqnlib": "checkpoint"}, path),
    "no format": lambda path: torch.save(
        {"dqnlib": "checkpoint", "state": {"kind": "dict", "value": 3}}, path
    ),
    "a list": lambda path: torch.save({"dqnlib": "checkpoint", "state": [1, 2]}, path),
    "an old torch file": lambda path: torch.save(
        {"dqnlib": "checkpoint", "state": {}}, path, _use_new_zipfile_serialization=False
    ),
    "an empty checkpoint": lambda path: save_state(path, "checkpoint", {}),
    "another kind": lambda path: save_state(path, "sweep", {"a": 1}),
    "folder": lambda path: path.mkdir(),
    "missing": lambda path: None,
}


def _npy() -> bytes:
    import io

    file = io.BytesIO()
    np.save(file, np.arange(5))
    return file.getvalue()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_file_is_refused_by_its_name(tmp_path, name):
    path = tmp_path / "some file"
    FOREIGN[name](path)
    for load in (Trainer.load, load_run):
        with pytest.raises(SavedRunError, match="some file") as error:
            load(path)
        assert error.value._render_traceback_() == [str(error.value)]
    if name == "another kind":
        with pytest.raises(SavedRunError, match="holds a sweep, not a checkpoint"):
            Trainer.load(path)
    if name in ("folder", "missing"):
        with pytest.raises(SavedRunError, match="there is no file"):
            load_run(path)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A checkpoint, a run and its file, of two seeds."""
    folder = tmp_path_factory.mktemp("saved")
    trainer = Trainer(SMALL.replace(steps=80), (3, 1))
    for _ in trainer:
        pass
    run = trainer.run()
    return trainer.save(folder / "checkpoint"), run, save_run(run, folder / "run")


def test_a_run_is_no_checkpoint_and_the_other_way_round(saved):
    checkpoint, _, run = saved
    with pytest.raises(SavedRunError, match="is no checkpoint that this course saved"):
        Trainer.load(run)
    with pytest.raises(SavedRunError, match="is no run that this course saved"):
        load_run(checkpoint)


def test_a_file_of_another_kind_is_named(tmp_path):
    path = save_state(tmp_path / "x", "note", {"a": 1})
    with pytest.raises(SavedRunError, match="holds a note, not a checkpoint"):
        load_state(path, "checkpoint")


@pytest.mark.parametrize("kind", ["checkpoint", "run"])
def test_a_file_that_is_cut_short_is_refused(saved, kind, tmp_path):
    checkpoint, _, run = saved
    whole = (checkpoint if kind == "checkpoint" else run).read_bytes()
    path, load = tmp_path / "cut", Trainer.load if kind == "checkpoint" else load_run
    lengths = {len(whole) * k // 20 for k in range(20)} | {1, len(whole) - 1, len(whole) - 22}
    for length in lengths:
        path.write_bytes(whole[:length])
        with pytest.raises(SavedRunError, match=f"is damaged, or is no {kind}"):
            load(path)
    path.write_bytes(whole)
    load(path)


@FEW
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), cut=st.booleans())
def test_a_damaged_file_is_refused_or_makes_no_difference(saved, where, bit, cut, tmp_path_factory):
    checkpoint, run, file = saved
    path = tmp_path_factory.getbasetemp() / "damaged"
    state = bits(load_state(checkpoint, "checkpoint"))
    for source in (checkpoint, file):
        data = bytearray(source.read_bytes())
        place = int(where * len(data))
        data[place] ^= 1 << bit  # one bit falls over, or everything from there on is lost
        path.write_bytes(data[:place] + bytes(len(data) - place) if cut else data)
        try:
            if source == file:
                assert not differences(load_run(path), run)
            else:
                assert bits(load_state(path, "checkpoint")) == state
        except SavedRunError:
            continue
        assert not cut or not any(source.read_bytes()[place:])


# -- a checkpoint: the run goes on as if it had never stopped ------------------------------------


def resumed(path: Path, folder: Path, **slots) -> Trainer:
    """Load, save and load again: the second copy must be as good as the first."""
    once = Trainer.load(path, **slots)
    return Trainer.load(once.save(folder / "again"), **slots)


def assert_resumes(config, tmp_path, moments, seeds=(5, 2), change=None, **slots) -> Run:
    """A run that is saved at some moments and each of its copies equal one that never was."""
    whole = Trainer(config, seeds, **slots)
    trainer = Trainer(config, seeds, **slots)
    files, tails = {}, {}
    for step in range(config.steps):
        for one in (whole, trainer):
            if change and step == change[0]:
                one.config = change[1](one.config)
            if one is trainer and step in moments:
                files[step] = trainer.save(tmp_path / f"{step}")
                tails[step] = trainer.run()
            one.step()
    while not whole.done:  # if the change made it longer
        whole.step()
        trainer.step()
    want = whole.run()
    assert differences(trainer.run(), want) == []  # that it was saved makes no difference
    assert sorted(files) == sorted(moments)
    for step, file in files.items():
        copy = resumed(file, tmp_path, **slots)
        assert copy.steps == step
        assert differences(copy.run(), tails[step]) == []
        for _ in copy:
            if change and copy.steps == change[0] > step:
                copy.config = change[1](copy.config)
        assert differences(copy.run(), want) == [], f"saved at step {step}"
    return want


# At the start; before the warm-up ends; right after a sync that is also just when the ring is full;
# one step later; right after an evaluation, and after a record; while the ring turns
MOMENTS = (0, 12, 60, 61, 70, 75, 139)


@pytest.mark.parametrize(
    "change",
    [
        {"optimizer": "adam"},
        {"optimizer": "rmsprop", "double": True, "tau": 0.3, "loss": "huber"},
        {"optimizer": "sgd", "learning_rate": 0.1, "max_grad_norm": 0.5, "update_every": 7},
        {"batch_size": 1, "capacity": 1, "warmup": 0, "sync_every": 1, "eval_every": 0},
    ],
    ids=["adam", "rmsprop, double, tau", "sgd", "online"],
)
def test_cartpole_goes_on_to_the_last_bit(change, tmp_path):
    run = assert_resumes(SMALL.replace(**change), tmp_path, MOMENTS)
    assert np.isfinite(run.records["loss"][:, -1]).all()
    assert len(run.returns[0]) > 2


@pytest.mark.parametrize(
    ("env_id", "change"),
    [
        ("dqnlib/ObservationAndAction-v0", {"optimizer": "adam", "double": True}),
        ("dqnlib/TruncatedForever-v0", {"optimizer": "rmsprop", "tau": 0.5}),
        ("dqnlib/Termination-v0", {"optimizer": "sgd", "max_episode_steps": 3}),
        ("FrozenLake-v1", {"learning_rate": 0.01, "final_learning_rate": 0.0}),  # slippery
    ],
)
def test_other_environments_go_on_to_the_last_bit(env_id, change, tmp_path):
    assert_resumes(SMALL.replace(env_id=env_id, **change), tmp_path, (0, 33, 60, 71, 143))


class Recent:
    """A learner's buffer: a list of what came last, of which it gives the newest more often."""

    def __init__(self, capacity):
        self.kept = deque(maxlen=capacity)
        self.drawn = {}  # how often each age was drawn
        self.scale = np.float64(0.9)

    def add(self, transition):
        self.kept.append(transition)

    def sample(self, batch_size, rng):
        ages = (len(self.kept) * rng.random(batch_size) ** 2 * self.scale).astype(int)
        for age in ages.tolist():
            self.drawn[age] = self.drawn.get(age, 0) + 1
        some = [self.kept[-1 - age] for age in ages]
        columns = [np.array(column) for column in zip(*some, strict=True)]
        kinds = (np.float32, np.int64, np.float32, np.float32, bool)
        pairs = zip(columns, kinds, strict=True)
        return Batch(*(torch.from_numpy(c.astype(kind)) for c, kind in pairs))


def my_target(reward, terminated, next_q, gamma):
    value = next_q.amax(1).clone()
    value[terminated] = 0  # works in a loop over the seeds only
    return reward + gamma * value


def my_loss(q, action, td_target):
    return (q.gather(1, action[:, None]).squeeze(1) - td_target).abs().mean()


def my_policy(q, epsilon, rng):
    return rng.integers(len(q)) if rng.random() < epsilon else int(q.argmax())


def my_sync(online, target, tau):
    targets.polyak_update(online, target, tau)


def my_update(online, target, optimizer, batch, gamma):
    return targets.dqn_update(online, target, optimizer, batch, 0.5 * gamma)


def my_network(obs_shape, n_actions):
    return torch.nn.Sequential(
        torch.nn.Linear(*obs_shape, 16), torch.nn.SiLU(), torch.nn.Linear(16, n_actions)
    )


def largest(moment):
    """Of the last batch, which may be older than the file."""
    return float("nan") if moment.batch is None else moment.batch.obs.abs().max()


SLOTS = {
    "parts": {"td_target": my_target, "loss": my_loss, "policy": my_policy, "sync_target": my_sync},
    "replay": {"replay": Recent, "record": {"largest": largest, "seed": lambda m: m.seed}},
    "update": {"update": my_update, "network": my_network, "record": {"largest": largest}},
}


@pytest.mark.parametrize("name", SLOTS)
def test_a_learners_own_functions_go_on_to_the_last_bit(name, tmp_path):
    config = SMALL.replace(tau=0.4, update_every=9, record_every=5)  # a record of an old batch
    run = assert_resumes(config, tmp_path, (0, 44, 61, 65, 140), **SLOTS[name])
    assert set(run.records) == {"loss", "q", *SLOTS[name].get("record", {})}


def test_a_learners_environment_goes_on_to_the_last_bit(tmp_path):
    def windy():
        return gym.make("CliffWalking-v1", is_slippery=True, max_episode_steps=40)

    assert_resumes(SMALL.replace(steps=120), tmp_path, (0, 45, 81), env=windy)


def test_settings_changed_in_flight_are_kept(tmp_path):
    def change(config):
        return config.replace(
            double=True, learning_rate=0.01, gamma=0.8, batch_size=5, sync_every=11, tau=0.6,
            update_every=2, epsilon=0.5, eval_every=20, eval_episodes=3, record_every=10, steps=180,
        )  # fmt: skip

    run = assert_resumes(SMALL, tmp_path, (30, 90, 119), change=(90, change))
    assert run.steps == 180
    assert run.config == change(SMALL)
    assert run.eval_returns.shape[2] == 3
    assert np.isnan(run.eval_returns[:, 0, 2]).all()  # the first was of two episodes


@pytest.mark.parametrize(
    ("slots", "change"),
    [
        ({"sync_target": targets.hard_update}, {"tau": 0.1}),
        ({"sync_target": targets.polyak_update}, {"tau": 0.1}),  # called a run at first
        ({"td_target": targets.td_target}, {"double": True}),
        ({"loss": targets.huber_loss}, {"loss": "huber"}),
        ({"loss": targets.mse_loss}, {"loss": "huber"}),
    ],
    ids=["hard", "polyak", "td_target", "huber", "mse"],
)
def test_library_functions_in_slots_go_on_after_a_change_in_flight(slots, change, tmp_path):
    assert_resumes(SMALL, tmp_path, (30, 90), change=(60, lambda c: c.replace(**change)), **slots)


def test_buffers_of_networks_go_on(tmp_path):
    class Counting(QNetwork):
        def __init__(self, obs_shape, n_actions):
            super().__init__(obs_shape, n_actions, (8,))
            self.register_buffer("calls", torch.zeros(()))

        def forward(self, obs):
            self.calls += len(obs) > 1
            return super().forward(obs) * (1 + 0.01 * self.calls)

    run = assert_resumes(SMALL, tmp_path, (0, 30, 61, 90), network=Counting)
    assert run.parameters["calls"].all()
    assert run.best_parameters["calls"].all()


@pytest.mark.parametrize(("was", "here"), [("cuda", True), ("cuda", False), ("cpu", True)])
def test_a_run_goes_on_where_it_was(was, here, tmp_path, monkeypatch):
    """ "auto" would measure again, and the other device rounds in another way."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: here)
    auto = SMALL.replace(device="auto")
    chosen = choose_device(auto, 1, (4,), 2, [was, "a measurement"])
    assert chosen == ((was, "a measurement") if here or was == "cpu" else
                      ("cpu", "PyTorch finds no CUDA device here"))  # fmt: skip
    trainer = Trainer.load(stopped(tmp_path))
    assert (trainer.device, trainer.device_reason) == ("cpu", Trainer(SMALL, (0,)).device_reason)


def test_a_diverged_run_goes_on(tmp_path):
    config = SMALL.replace(optimizer="sgd", learning_rate=1e4, steps=80, sync_every=1)
    run = assert_resumes(config, tmp_path, (24, 49, 50, 79))
    assert (run.diverged >= 25).all()


# -- a checkpoint and the learner's own functions ------------------------------------------------


def stopped(tmp_path, **slots) -> Path:
    trainer = Trainer(SMALL, (0,), **slots)
    for _ in range(30):
        trainer.step()
    return trainer.save(tmp_path / "checkpoint")


def test_a_network_of_other_layers_is_refused(tmp_path):
    """Also where its parameters are as many, or take as much room."""
    path = stopped(tmp_path, network=lambda obs_shape, n: nn.Linear(4, 2))
    for other in (nn.Linear(4, 2, bias=False), nn.Sequential(nn.Linear(4, 2))):
        with pytest.raises(SavedRunError, match="other layers than those of the run"):
            Trainer.load(path, network=lambda obs_shape, n, other=other: copy.deepcopy(other))
    assert Trainer.load(path, network=lambda obs_shape, n: nn.Linear(4, 2)).steps == 30


def test_a_missing_function_is_named(tmp_path):
    path = stopped(tmp_path, **SLOTS["parts"], record={"largest": largest})
    words = "trained with your own td_target, loss, sync_target, policy, largest: give the same"
    for some in ({}, SLOTS["parts"], {"record": {"largest": largest}}):
        with pytest.raises(SavedRunError, match=words):
            Trainer.load(path, **some)
    with pytest.raises(SavedRunError, match=words):
        Trainer.load(path, **SLOTS["parts"], record={"another name": largest})
    Trainer.load(path, **SLOTS["parts"], record={"largest": largest})


@pytest.mark.parametrize(
    ("slot", "value"),
    [("td_target", my_target), ("replay", Recent), ("update", my_update), ("policy", my_policy)],
)
def test_a_superfluous_function_is_named(tmp_path, slot, value):
    path = stopped(tmp_path)
    with pytest.raises(SavedRunError, match=f"trained without your own {slot}"):
        Trainer.load(path, **{slot: value})
    with pytest.raises(SavedRunError):
        Trainer.load(path, record={"largest": largest})
    assert Trainer.load(path, td_target=targets.td_target, loss=None).steps == 30  # the library's


def test_a_buffer_that_holds_more_than_data_is_named(tmp_path):
    class Sorted(Recent):
        def __init__(self, capacity):
            super().__init__(capacity)
            self.order = [print_nothing]

    path = stopped(tmp_path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"Sorted\.order\[0\] is function, which cannot be saved"):
        stopped(tmp_path, replay=Sorted)
    assert path.read_bytes() == before


def test_an_environment_that_cannot_be_brought_back_is_named(tmp_path):
    class Moody(gym.Env):
        """Takes its observations from a generator that is not its np_random."""

        observation_space = gym.spaces.Box(-1, 1, (2,), np.float32)
        action_space = gym.spaces.Discrete(2)

        def __init__(self):
            self.moods = np.random.default_rng()

        def reset(self, *, seed=None, options=None):
            super().reset(seed=seed)
            return self.moods.random(2, np.float32), {}

        def step(self, action):
            return self.moods.random(2, np.float32), 1.0, False, False, {}

    path = stopped(tmp_path, env=Moody)
    with pytest.raises(SavedRunError, match=r"checkpoint cannot be resumed: .* of seed 0 cannot"):
        Trainer.load(path, env=Moody)


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    path = stopped(tmp_path)
    state = load_state(path, "checkpoint")
    for name, value in {
        "networks": [torch.ones(1, 64)] * 3, "seeds": (0, 1), "replay": {}, "optimizers": [],
        "learned": (), "config": {**state["config"], "hidden": "many"}, "steps": None,
    }.items():  # fmt: skip
        save_state(path, "checkpoint", {**state, name: value})
        if name == "steps":
            continue
        with pytest.raises(SavedRunError):
            Trainer.load(path)


def test_a_finished_run_is_loaded_finished(saved):
    checkpoint, run, _ = saved
    trainer = Trainer.load(str(checkpoint))
    assert trainer.done
    assert differences(trainer.run(), run) == []
    assert differences(train(run.config, run.seeds), run) == []
