"""MinAtar's Breakout in every row: the package's own game, one a row, is the oracle.

`tests/mutants/seeds/test_breakout.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest

from dqnlib import Config, Trainer
from dqnlib.envs import make_for
from dqnlib.seeds.breakout import BREAKOUT, Breakouts
from dqnlib.seeds.environments import environments
from dqnlib.seeds.rows import Environments

pytest.importorskip("minatar", reason="the extra minatar is not installed")
SEEDS = [3, 2_500_000_000, 0, 17]
CONFIG = Config(env_id=BREAKOUT)


def both():
    """The games of all rows at once, and the package's, one a row."""
    one = Environments(lambda: make_for(CONFIG), SEEDS)
    return environments(CONFIG, None, SEEDS), one


def follow(obs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Actions of a player who runs after the ball, and errs now and then."""
    ball, paddle = obs[:, 1].any(1).argmax(1), obs[:, 0, 9].argmax(1)  # columns
    chance = rng.integers(3, size=len(obs))
    to_it = np.where(ball < paddle, 1, np.where(ball > paddle, 2, 0))
    return np.where(rng.random(len(obs)) < 0.04, chance, to_it)


def rebuild(share: float, rng: np.random.Generator, fast: Breakouts, slow: Environments) -> None:
    """Give both games the same wall, full of holes, or none: no player clears one so soon."""
    bricks = np.zeros((len(SEEDS), 10, 10), bool)
    bricks[:, 1:4] = rng.random((len(SEEDS), 3, 10)) < share
    fast._bricks[:], fast.obs[:, 3], slow.obs[:, 3] = bricks, bricks, bricks
    for env, wall in zip(slow._envs, bricks, strict=True):
        env.unwrapped._game.env.brick_map[:] = wall


def test_it_is_minatars_game_bit_for_bit():
    (fast, slow), rng = both(), np.random.default_rng(0)
    assert isinstance(fast, Breakouts)
    cleared = 0
    for t in range(1_000):
        if t % 20 == 0:
            rebuild((0.5, 0.0)[t // 20 % 2], rng, fast, slow)
        assert np.array_equal(fast.obs, slow.obs), t
        action = follow(fast.obs, rng)
        before = fast.obs[:, 3].sum((1, 2))  # bricks
        found, want = fast.step(action), slow.step(action)
        assert all(np.array_equal(x, y) for x, y in zip(found, want, strict=True)), t
        cleared += (found[0][:, 3].sum((1, 2)) > before).sum()
        ended = found[2] | found[3]
        seeds = [t] * ended.sum() if t % 7 == 0 else None  # some start from a known state
        for games in (fast, slow):
            games.advance(found[0], ended, seeds)
    assert cleared  # the wall came back


def test_a_state_brings_all_back():
    (games, other), rng = (both()[0], both()[0]), np.random.default_rng(0)
    for _ in range(60):
        next_obs, _, terminated, truncated = games.step(follow(games.obs, rng))
        games.advance(next_obs, terminated | truncated)
    other.restore(games.state())
    for _ in range(60):
        action = follow(games.obs, rng)
        found, again = games.step(action), other.step(action)
        assert all(np.array_equal(x, y) for x, y in zip(found, again, strict=True))
        for rows in (games, other):
            rows.advance(found[0], found[2] | found[3])
        assert np.array_equal(games.obs, other.obs)


def test_training_goes_on_from_a_file_bit_for_bit(tmp_path):
    config = CONFIG.replace(
        steps=140, channels=(2,), hidden=(4,), warmup=20, batch_size=8, capacity=100,
        update_every=4, eval_every=70, eval_episodes=2, n_step=3, priority_alpha=0.5,
    )  # fmt: skip
    trainer = Trainer(config, seeds=(3, 4))
    for _ in range(75):
        trainer.step()
    again = Trainer.load(trainer.save(tmp_path / "run.npz"))
    for each in (trainer, again):
        for _ in each:
            pass
    a, b = trainer.run(), again.run()
    assert np.array_equal(a.eval_returns, b.eval_returns)
    for seed in (3, 4):
        pairs = zip(trainer.network(seed).parameters(), again.network(seed).parameters())
        assert all((x == y).all() for x, y in pairs)
