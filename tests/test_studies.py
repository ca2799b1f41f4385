"""The stored results of the long experiments belong to the code as it is.

`tests/mutants/test_studies.toml` lists the mutants that these tests kill.
"""

from dataclasses import fields

import numpy as np
import pytest

from dqnlib import studies
from dqnlib.__main__ import main
from dqnlib.config import Config
from dqnlib.storage import SavedRunError
from dqnlib.training import Trainer

ARMS = [(name, arm) for name, study in studies.STUDIES.items() for arm in study.arms]


def code_of(config: Config) -> tuple:
    """Return what decides which code trains: of the numbers, only whether they are 0 or 1."""
    found = []
    for value in (getattr(config, field.name) for field in fields(config)):
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        found.append((value == 0, value == 1) if is_number else value)
    return tuple(found)


# The first arm of each code. Others differ from it by a rate or a period: their config must do.
AGAIN = list({code_of(studies.find(n).arms[arm]): (n, arm) for n, arm in reversed(ARMS)}.values())


@pytest.mark.parametrize(("name", "arm"), ARMS)
def test_each_arm_is_what_is_stored(name, arm):
    study, stored = studies.find(name), studies.load(name)[arm]
    assert stored.config == study.arms[arm]
    assert stored.seeds == study.seeds
    assert stored.steps == stored.config.steps >= 4_000
    assert (stored.final_returns is not None) == study.looks


@pytest.mark.parametrize(("name", "arm"), AGAIN[::-1])
def test_the_first_steps_are_what_is_stored(name, arm):
    """Some hundred updates, in which the last bits of a processor do not matter yet.

    A large buffer or a rare copy has no part in them: for these the stored config must do.
    """
    study, stored = studies.find(name), studies.load(name)[arm]
    trainer = Trainer(stored.config.replace(eval_every=0), study.seeds[:3])
    while trainer.steps < stored.config.warmup + stored.config.record_every:
        trainer.step()
    again = trainer.run()
    for k in range(3):
        n = len(again.ends[k])
        assert n > (5 if stored.config.env_id == "CartPole-v1" else 1)
        assert again.ends[k].tolist() == stored.ends[k][:n].tolist()
        assert again.returns[k].tolist() == stored.returns[k][:n].tolist()
    m = len(again.record_steps)
    assert again.record_steps.tolist() == stored.record_steps[:m].tolist()
    assert np.isfinite(again.q[:, -1]).all()
    assert np.allclose(again.q, stored.q[:3, :m], rtol=1e-2, equal_nan=True)
    assert np.allclose(again.loss, stored.loss[:3, :m], rtol=5e-2, equal_nan=True)


def test_every_file_belongs_to_an_arm_and_is_small():
    used = {
        studies.file_of(config, study.seeds)
        for study in studies.STUDIES.values()
        for config in study.arms.values()
    }
    assert set(studies.FOLDER.iterdir()) == used
    assert sum(file.stat().st_size for file in used) < 18e6
    assert not studies.load("double")["DQN"].parameters


def test_arms_of_a_study_differ():
    for study in studies.STUDIES.values():
        configs = list(study.arms.values())
        assert all(a != b for i, a in enumerate(configs) for b in configs[:i])


def test_the_two_by_two_takes_away_one_thing_at_a_time():
    both, replay, target, neither = studies.two_by_two(Config()).values()
    assert both == Config()
    assert replay == Config(sync_every=1)
    assert target == Config(capacity=1, batch_size=1)
    assert neither == Config(capacity=1, batch_size=1, sync_every=1)


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    arms = {"a": Config(steps=120, warmup=50, batch_size=8, eval_every=60, eval_episodes=2)}
    monkeypatch.setattr(studies, "FOLDER", tmp_path / "new")
    monkeypatch.setattr(studies, "STUDIES", {"tiny": studies.Study("a try", arms, (4, 5))})


def test_computing_and_loading(tiny, capsys):
    with pytest.raises(SavedRunError, match="there is no file"):
        studies.load("tiny")
    assert studies.main(["tiny"]) == 0
    run, again = studies.load("tiny")["a"], studies.compute("tiny", progress=False)["a"]
    assert np.array_equal(run.q, again.q, equal_nan=True)
    assert run.seeds == (4, 5)
    assert run.parameters == run.best_parameters == {}
    assert studies.main([]) == 0
    assert "1 arms × 2 seeds: a try" in capsys.readouterr().out


def test_a_study_that_looks_into_its_agents(tiny, monkeypatch):
    arms = studies.STUDIES["tiny"].arms
    looked = studies.Study("a try", arms, (4, 5), looks=True, true_values=True)
    monkeypatch.setattr(studies, "STUDIES", {"tiny": looked})
    monkeypatch.setattr(studies, "FRESH", 3)
    studies.compute("tiny", progress=False)
    run = studies.load("tiny")["a"]
    assert run.final_returns.shape == (2, 3)
    assert run.look_steps.tolist() == []  # it is shorter than what lies between two looks
    assert run.parameters == {}


def test_an_unknown_study():
    with pytest.raises(ValueError, match="no study 'adam'; there are replay_target_sgd"):
        studies.load("adam")


def test_the_command_says_what_is_missing_before_it_begins(monkeypatch, capsys):
    monkeypatch.setattr("dqnlib.__main__.ensure_environment", lambda needs, argv: None)
    monkeypatch.setattr(studies, "main", lambda names: pytest.fail("it has begun"))
    assert main(["study", "sync_every", "adam"]) == 1
    assert capsys.readouterr().out.startswith("there is no study 'adam'; there are")
    gone = studies.Study("a try", {"a": Config(env_id="dqnlib/NoSuchGame-v0")}, (0,))
    monkeypatch.setattr(studies, "STUDIES", {"gone": gone})
    assert main(["study", "gone"]) == 1
    assert "cannot make the environment 'dqnlib/NoSuchGame-v0'" in capsys.readouterr().out
