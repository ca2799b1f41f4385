"""Games by one command: it can be stopped and goes on, and says what is wrong.

`tests/mutants/test_games.toml` lists the mutants that these tests kill.
"""

import sys

import gymnasium as gym
import numpy as np
import pytest

from dqnlib import games
from dqnlib.__main__ import main
from dqnlib.catch import CATCH, Catch
from dqnlib.config import Config
from dqnlib.games import GAMES, Game, train_game
from dqnlib.networks import AtariNetwork
from dqnlib.saved import load_run
from dqnlib.storage import SavedRunError
from dqnlib.training import Trainer

SMALL = Config(
    env_id=CATCH, frame_stack=2, steps=120, channels=(2,), hidden=(4,), warmup=20, batch_size=8,
    capacity=80, eval_every=60, eval_episodes=1, record_every=20,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setitem(GAMES, "small", Game("a small one", SMALL, 2))


def stopping_at(step, monkeypatch):
    """Let a trainer be interrupted, as by Ctrl-C."""
    real = Trainer._step

    def stop(self):
        if self.steps == step:
            raise KeyboardInterrupt
        real(self)

    monkeypatch.setattr(Trainer, "_step", stop)


def same(a, b):
    """True if two files hold the same results."""
    a, b = load_run(a), load_run(b)
    return all(np.array_equal(a.parameters[n], b.parameters[n]) for n in a.parameters) and all(
        np.array_equal(x, y) for x, y in zip(a.returns, b.returns, strict=True)
    )


def test_an_interrupted_game_goes_on_to_the_same_results(tmp_path, monkeypatch, capsys):
    whole = train_game("small", folder=tmp_path / "a", progress=False)
    with monkeypatch.context() as patch:
        stopping_at(70, patch)
        with pytest.raises(KeyboardInterrupt):
            train_game("small", folder=tmp_path / "b", progress=False)
    assert [f.name for f in (tmp_path / "b").iterdir()] == ["small.checkpoint"]
    found = train_game("small", folder=tmp_path / "b")
    assert same(whole, found)
    assert load_run(found).seeds == (0, 1)
    assert "/120 " in capsys.readouterr().err  # the bar
    assert [f.name for f in (tmp_path / "b").iterdir()] == ["small.npz"]  # nothing is left over


def test_checkpoints_come_by_the_clock(tmp_path, monkeypatch):
    kept = []
    monkeypatch.setattr(Trainer, "save", lambda self, path: kept.append(self.steps))
    train_game("small", folder=tmp_path, progress=False, every=0.0)
    assert kept == list(range(1, 121))


def test_a_checkpoint_of_other_settings_stays_as_it_is(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        stopping_at(30, patch)
        with pytest.raises(KeyboardInterrupt):
            train_game("small", folder=tmp_path, progress=False)
    for given, word in (({"steps": 200}, "steps"), ({"seeds": 3}, "seeds")):
        with pytest.raises(SavedRunError, match=f"trained with another {word}: give the same"):
            train_game("small", folder=tmp_path, progress=False, **given)
    assert (tmp_path / "small.checkpoint").exists()


def test_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("dqnlib.__main__.ensure_environment", lambda needs, argv: None)
    assert main(["train"]) == 0
    assert "seaquest " in capsys.readouterr().out
    assert main(["train", "small", "--seeds", "1", "--steps", "60", "--out", str(tmp_path)]) == 0
    path = tmp_path / "small.npz"
    assert str(path) in capsys.readouterr().out
    run = load_run(path)
    assert (run.seeds, run.steps) == ((0,), 60)
    assert main(["train", "smal"]) == 1
    assert "there is no game 'smal'; there are asterix, " in capsys.readouterr().out
    (tmp_path / "small.checkpoint").write_bytes(b"cut")
    assert main(["train", "small", "--out", str(tmp_path)]) == 1
    assert "cannot be read" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["breakout", "pong"])
def test_a_missing_extra_is_said_with_its_command(name, monkeypatch, tmp_path, capsys):
    for package in ("minatar", "ale_py"):
        monkeypatch.setitem(sys.modules, package, None)
    assert games.main(name, 1, tmp_path, {"capacity": 100}) == 1
    assert "python -m pip install -e" in capsys.readouterr().out


def test_the_network_of_atari_has_the_papers_sizes():
    network = AtariNetwork((4, 84, 84), 6)
    shapes = [tuple(p.shape) for p in network.parameters() if p.ndim > 1]
    assert shapes == [(32, 4, 8, 8), (64, 32, 4, 4), (64, 64, 3, 3), (512, 3136), (6, 512)]
    with pytest.raises(ValueError, match="at least 36 × 36 pixels"):
        AtariNetwork((4, 10, 10), 6)
    with pytest.raises(ValueError, match="channels last"):
        AtariNetwork((84, 84, 4), 6)


def test_it_is_trained_for_two_seeds_at_once():
    pixels = np.zeros((36, 36), np.uint8)

    class Screen(Catch):
        def __init__(self):
            super().__init__()
            self.observation_space = gym.spaces.Box(0, 255, pixels.shape, np.uint8)

        def _picture(self):
            pixels[:8, :8] = super()._picture()
            return pixels.copy()

    config = SMALL.replace(steps=24, warmup=10, batch_size=4, eval_every=0, channels=())
    trainer = Trainer(config, (0, 1), env=Screen, network=AtariNetwork)
    for _ in trainer:
        pass
    assert trainer.run().parameters["layers.7.weight"].shape == (2, 512, 64)
    assert (trainer.run().diverged == -1).all()
