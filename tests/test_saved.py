"""Runs on disk come back to the last bit, are found by their settings, and outlive new settings.

tests/data holds files that version 0.1.0 (commit b4e3b31) wrote: an arm of a study under the name
that it had, a run of its trainer, and a checkpoint at the run's half.

`tests/mutants/test_saved.toml` lists the mutants that these tests kill.
"""

import dataclasses
import json
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from storage_support import differences
from support import one_thread  # noqa: F401 (a fixture)

from dqnlib import studies
from dqnlib.config import Config
from dqnlib.experiments import sweep
from dqnlib.results import Run
from dqnlib.saved import AS_BEFORE, config_of, file_name, find_run, load_run, save_run
from dqnlib.storage import SavedRunError
from dqnlib.training import Trainer, train

OLD = Path(__file__).parent / "data"
SMALL = Config(
    steps=80, hidden=(16,), batch_size=8, capacity=60, warmup=20, sync_every=30, eval_every=70,
    eval_episodes=2, record_every=25, epsilon_steps=100, device="cpu",
)  # fmt: skip


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A run of two seeds and its file."""
    run = train(SMALL, (3, 1))
    return run, save_run(run, tmp_path_factory.mktemp("saved") / "run")


def _npz(path: Path, **arrays) -> None:
    with path.open("wb") as file:
        np.savez(file, **arrays)


# -- a run -----------------------------------------------------------------------------------------


def test_a_run_comes_back_to_the_last_bit(saved, tmp_path):
    run, file = saved
    found = load_run(str(file))
    assert differences(found, run) == []
    assert file.name == "run"  # no ending is put on
    assert [len(r) for r in found.returns] == [len(r) for r in run.returns]
    assert type(found.seeds) is type(found.config.hidden) is tuple
    with pytest.raises(ValueError, match="read-only"):
        found.parameters["layers.1.weight"][:] = 0
    again = save_run(found, tmp_path / "deep" / "again.npz")
    assert differences(load_run(again), run) == []


def test_a_run_of_any_shape_comes_back(tmp_path):
    config = Config(obs_scale=[0.1, 2], hidden=(), max_episode_steps=9, max_grad_norm=2.5)
    run = Run(
        config=config,
        seeds=(9, 2**40, 0),
        steps=0,
        returns=(np.array([1.0, np.nan, -np.inf]), np.zeros(0), np.array([7.0])),  # unequal
        ends=(np.array([2, 4, 6]), np.zeros(0, int), np.array([5])),
        record_steps=np.zeros(0, int),
        records={"loss": np.zeros((3, 0)), "q": np.zeros((3, 0)), "a/b .npy": np.zeros((3, 0))},
        eval_steps=np.zeros(0, int),
        eval_returns=np.zeros((3, 0, 0)),
        diverged=np.array([-1, 3, -1]),
        parameters={"file": np.ones((3, 2), np.float32), "about": np.zeros((3, 1))},
        best_parameters={},
        best_steps=np.full(3, -1),
    )
    found = load_run(save_run(run, tmp_path / "x"))
    assert differences(found, run) == []
    assert found.config == config
    assert found.config.max_episode_steps == 9
    assert load_run(save_run(dataclasses.replace(run, config=Config()), tmp_path / "y")).config == (
        Config()
    )


def test_a_run_without_all_its_parts_is_refused(saved, tmp_path):
    _, file = saved
    with np.load(file) as arrays:
        kept = dict(arrays)
    for name in kept:
        _npz(tmp_path / "x", **{k: v for k, v in kept.items() if k != name})
        with pytest.raises(SavedRunError):
            load_run(tmp_path / "x")


def settings_in(path: Path) -> dict:
    """Return the settings that a file names, as they are written in it."""
    with np.load(path) as file:
        return json.loads(str(file["about"]))["config"]


def changed(path: Path, to: Path, **about) -> Path:
    """Write a file anew with other words about its run; "left out": they are not there."""
    with np.load(path) as file:
        arrays = dict(file)
    words = json.loads(str(arrays["about"]))
    config = words["config"] | about.pop("config", {})
    words["config"] = {name: value for name, value in config.items() if value != "left out"}
    words = {name: value for name, value in (words | about).items() if value != "left out"}
    _npz(to, **arrays | {"about": np.array(json.dumps(words))})
    return to


def test_a_file_of_another_kind_is_no_run(saved, tmp_path):
    with pytest.raises(SavedRunError, match="is no run that this course saved"):
        load_run(changed(saved[1], tmp_path / "x", dqnlib="note"))


# -- the learner's own slots --------------------------------------------------------------------


def cart():
    return gym.make("CartPole-v1")


def test_a_run_knows_its_slots(tmp_path):
    run = train(SMALL.replace(steps=30), (0,), td_target=lambda r, t, q, gamma: r, env=cart)
    assert set(run.slots) == {"td_target", "env"}
    found = load_run(save_run(run, tmp_path / "x"))
    assert found.slots == run.slots
    assert repr(found).startswith(
        "Run(DQN on an environment of your own with your own td_target: 1 seed × 30 steps"
    )
    plain = train(SMALL.replace(steps=30), (0,))
    assert plain.slots == load_run(save_run(plain, tmp_path / "y")).slots == ()
    assert repr(plain).startswith("Run(DQN on CartPole-v1: 1 seed × 30 steps")


def test_an_old_file_does_not_tell_its_slots(saved, tmp_path):
    run, file = saved
    old = load_run(changed(file, tmp_path / "old", slots="left out"))
    assert old.slots is None
    assert differences(dataclasses.replace(old, slots=run.slots), run) == []
    assert load_run(save_run(old, tmp_path / "again")).slots is None
    assert repr(old) == repr(run)


# -- the names of files ---------------------------------------------------------------------------


def other(value):
    """Return another value that a setting may have."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        others = {"CartPole-v1": "Acrobot-v1", "adam": "sgd", "mse": "huber", "none": "final",
                  "all": "cut"}  # fmt: skip
        return others.get(value) or (0.5 if value == "auto" else value)
    if value is None or value == float("inf"):
        return 7
    if isinstance(value, int):
        return value * 2 + 10
    return (3,) if isinstance(value, tuple) else value / 2 + 0.25


def test_the_name_of_a_file_depends_on_all_settings():
    """Each setting, wherever it differs from what it was when keys began."""
    # more atoms than one need a support, and windows that are cut more steps than one, which
    # hindsight, in turn, does not allow
    base = Config(device="cpu", v_min=0, v_max=1, n_step=2)
    single = base.replace(n_step=1)
    newest = single.replace(capacity=1, batch_size=1)  # which a trace needs
    starts = {"hindsight": single, "hindsight_goals": single, "trace_decay": newest}
    configs = [base, single, newest]
    for field in dataclasses.fields(Config):
        value = "auto" if field.name == "device" else other(getattr(base, field.name))
        configs += [starts.get(field.name, base).replace(**{field.name: value})]
    names = [file_name(c, seeds) for c in configs for seeds in ((0, 1), (1, 0), (0,))]
    assert len(set(names)) == 3 * (len(dataclasses.fields(Config)) + 3)
    assert file_name(base.replace(), (0, 1)) == names[0]


def test_names_of_files_never_change():
    """Who changes one of these makes every stored run unfindable: do not, whatever the reason."""
    assert file_name(Config(), (0,)) == "cac5b2ef8f67f7aa.npz"
    assert (
        file_name(Config(double=True, hidden=(3, 4), max_grad_norm=2), (5, 1))
        == "a943ad574df09376.npz"
    )


def test_the_key_does_not_look_at_todays_defaults():
    """A default that changes later leaves the meaning of every name as it is."""

    @dataclasses.dataclass(frozen=True)
    class Later(Config):
        gamma: float = dataclasses.field(default=0.95, metadata=GAMMA.metadata)

    assert Later().gamma == 0.95
    assert file_name(Later(), (0,)) == file_name(Config(gamma=0.95), (0,))
    assert file_name(Later(gamma=0.99), (0,)) == file_name(Config(), (0,))


def test_a_setting_without_a_line_is_part_of_the_key(monkeypatch):
    full = file_name(Config(), (0,))
    monkeypatch.delitem(AS_BEFORE, "n_step")
    assert file_name(Config(), (0,)) != full


GAMMA = next(field for field in dataclasses.fields(Config) if field.name == "gamma")


def test_every_setting_says_what_it_was_before_it_was_there():
    """A new setting needs its line in AS_BEFORE: the value that leaves everything as it was."""
    assert {field.name for field in dataclasses.fields(Config)} <= set(AS_BEFORE)


def test_every_study_lies_under_the_name_of_its_own_settings():
    files = sorted(studies.FOLDER.iterdir())
    assert len(files) == len(
        {studies.file_of(c, s.seeds) for s in studies.STUDIES.values() for c in s.arms.values()}
    )
    for file in files:
        run = load_run(file)
        assert file.name == file_name(run.config, run.seeds)
        assert run.config == Config(**dict(AS_BEFORE, **_tuples(settings_in(file))))


def _tuples(settings: dict) -> dict:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}


# -- files of version 0.1.0 -----------------------------------------------------------------------


def test_a_study_that_version_0_1_0_wrote():
    """As it lay in assets/studies, under its old name; there was no n_step, and no slots."""
    (file,) = OLD.glob("052bf21c97855bb3.npz")
    assert "n_step" not in settings_in(file)
    run = load_run(file)
    assert run.config.n_step == 1
    assert run.slots is None
    assert find_run(OLD, run.config, run.seeds) == file
    assert differences(load_run(studies.file_of(run.config, run.seeds)), run) == []
    other = run.config.replace(n_step=3)
    assert find_run(OLD, other, run.seeds) == OLD / file_name(other, run.seeds)  # not there
    assert not find_run(OLD, run.config, run.seeds[:-1]).exists()


def test_a_folder_that_a_sweep_of_version_0_1_0_began_goes_on(tmp_path, monkeypatch):
    run = load_run(OLD / "052bf21c97855bb3.npz")
    (tmp_path / "052bf21c97855bb3.npz").write_bytes((OLD / "052bf21c97855bb3.npz").read_bytes())
    found = sweep(run.config, {"gamma": [run.config.gamma]}, run.seeds, folder=tmp_path)
    assert differences(found[(run.config.gamma,)], run) == []  # in no time
    assert len(list(tmp_path.glob("*.npz"))) == 1


def test_a_new_file_goes_before_an_old_one(saved, tmp_path):
    run, file = saved
    config, seeds = run.config, run.seeds
    for path in (OLD / "052bf21c97855bb3.npz", OLD / "run-0.1.0.npz"):
        old = load_run(path)
        new = tmp_path / file_name(old.config, old.seeds)
        new.write_bytes(file.read_bytes())
        (tmp_path / path.name).write_bytes(path.read_bytes())
        assert find_run(tmp_path, old.config, old.seeds) == new
    assert not find_run(tmp_path, config, seeds).exists()


def test_a_run_that_version_0_1_0_wrote_is_the_one_of_today():
    """The trainer still gives it; its last bits may be another processor's."""
    run = load_run(OLD / "run-0.1.0.npz")
    again = train(run.config, run.seeds)
    assert [r.tolist() for r in again.returns] == [r.tolist() for r in run.returns]
    assert np.allclose(again.q, run.q, rtol=1e-3, equal_nan=True)
    for name, value in run.parameters.items():
        assert np.allclose(again.parameters[name], value, rtol=1e-3, atol=1e-4)


def test_a_checkpoint_that_version_0_1_0_wrote_goes_on():
    """From the run's half to its end."""
    run = load_run(OLD / "run-0.1.0.npz")
    trainer = Trainer.load(OLD / "checkpoint-0.1.0")
    assert trainer.steps == 150
    for _ in trainer:
        pass
    again = trainer.run()
    assert [r.tolist() for r in again.returns] == [r.tolist() for r in run.returns]
    assert np.allclose(again.q, run.q, rtol=1e-3, equal_nan=True)


# -- files of other versions ----------------------------------------------------------------------


def test_a_setting_that_a_file_does_not_name_is_what_it_was_before(saved, tmp_path, monkeypatch):
    _, file = saved
    old = changed(file, tmp_path / "old", config={"n_step": "left out", "tau": "left out"})
    monkeypatch.setitem(AS_BEFORE, "tau", 0.5)  # what a default of today is does not matter
    found = load_run(old).config
    assert (found.n_step, found.tau) == (1, 0.5)
    assert config_of({}).tau == 0.5


@pytest.mark.parametrize(
    ("config", "words"),
    [({"colour": "red"}, "colour"), ({"loss": "cubic"}, "loss"), ({"gamma": 3}, "gamma")],
)
def test_a_setting_of_a_later_version_is_named(saved, tmp_path, config, words):
    _, file = saved
    path = changed(file, tmp_path / "later", config=config)
    with pytest.raises(
        SavedRunError, match=f"later does not fit this version of dqnlib: .*{words}"
    ):
        load_run(path)
