"""Catch in every row, and what is learned from a game beside what is reported of it.

The oracle is a plain loop over single games. `tests/mutants/seeds/test_catches.toml` lists the
mutants that these tests kill.
"""

import gymnasium as gym
import numpy as np
import pytest
import torch

from dqnlib import Config, Trainer, network_of, train
from dqnlib.catch import CATCH, Catch
from dqnlib.envs import make_for
from dqnlib.seeds.catches import Catches
from dqnlib.seeds.environments import environments, learning_environments
from dqnlib.seeds.rows import Environments

SEEDS = [3, 2_500_000_000, 0, 17]


def follow(obs, rng):
    """Actions of a player who runs after the ball, and errs now and then."""
    newest = obs if obs.ndim == 3 else obs[:, -1]
    ball = newest[:, :-1].any(1).argmax(1)
    paddle = np.array([row.nonzero()[0].mean() for row in newest[:, -1]])
    chance = rng.integers(3, size=len(obs))
    to_it = np.where(ball < paddle, 0, np.where(ball > paddle, 2, 1))
    return np.where(rng.random(len(obs)) < 0.2, chance, to_it)


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("life_loss", [False, True])
def test_it_is_the_one_game_in_every_row(k, life_loss):
    config = Config(env_id=CATCH, frame_stack=k, life_loss=life_loss, max_episode_steps=40)
    rng = np.random.default_rng(0)
    fast = learning_environments(config, None, SEEDS)
    slow = Environments(lambda: make_for(config), SEEDS).learn_from(np.inf, life_loss)
    assert isinstance(fast, Catches)
    assert fast.obs_shape == ((k, 8, 8) if k > 1 else (8, 8))
    ends = np.zeros(2)
    for t in range(700):
        assert np.array_equal(fast.obs, slow.obs), t
        action = follow(fast.obs, rng) if t > 200 else rng.integers(3, size=len(SEEDS))
        found, want = fast.step(action), slow.step(action)
        assert all(np.array_equal(x, y) for x, y in zip(found, want, strict=True)), t
        assert np.array_equal(fast.lives, slow.lives)
        assert np.array_equal(fast.over, slow.over)
        ends += found[2].sum(), found[3].sum()
        for games in (fast, slow):
            games.advance(found[0], found[2] | found[3])
        assert np.array_equal(fast.total, slow.total)
    assert ends.all()  # some games were lost, some ended at their limit


@pytest.mark.parametrize("settings", [{}, {"life_loss": True, "reward_clip": 0.5, "n_step": 3}])
@pytest.mark.parametrize("own", [None, Catch], ids=["all rows at once", "one a row"])
def test_a_run_on_images_goes_on_bit_for_bit(tmp_path, settings, own):
    config = Config(
        env_id=CATCH, frame_stack=3, steps=160, channels=(2,), hidden=(4,), warmup=20,
        batch_size=8, capacity=60, eval_every=80, eval_episodes=2, max_episode_steps=50, **settings
    )  # fmt: skip
    trainer = Trainer(config, seeds=(3, 4), env=own)
    for _ in range(97):  # in the middle of episodes, after the ring has come round
        trainer.step()
    again = Trainer.load(trainer.save(tmp_path / "run"), env=own)
    runs = []
    for each in (trainer, again):
        for _ in each:
            pass
        runs.append(each.run())
    a, b = runs
    assert np.array_equal(a.eval_returns, b.eval_returns)
    assert all(np.array_equal(x, y) for x, y in zip(a.returns, b.returns, strict=True))
    assert all(np.array_equal(a.parameters[n], b.parameters[n]) for n in a.parameters)


class Pays(gym.Env):
    """Two states; the action pays 3, −5 or 0.5, in turns; two lives; four steps."""

    pays = (3.0, -5.0, 0.5, 0.0)

    def __init__(self, lives=True):
        self.observation_space = gym.spaces.Box(0, 1, (2,), np.float32)
        self.action_space = gym.spaces.Discrete(2)
        self.tells = lives

    def info(self):
        return {"lives": 2 - (self.t >= 2)} if self.tells else {}

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.t = 0
        return np.zeros(2, np.float32), self.info()

    def step(self, action):
        self.t += 1
        return (
            np.full(2, self.t, np.float32),
            self.pays[self.t - 1],
            self.t == 4,
            False,
            self.info(),
        )


class Keeper:
    """A replay buffer that shows what it was given."""

    def __init__(self, capacity):
        self.kept = []
        KEPT.append(self.kept)

    def add(self, transition):
        self.kept.append(transition)

    def sample(self, batch_size, rng):
        raise AssertionError("nothing is learned here")


KEPT: list[list] = []


@pytest.mark.filterwarnings("ignore:these agents will not learn")
@pytest.mark.parametrize(("clip", "learned"), [
    (np.inf, [3, -5, 0.5, 0]), (1, [1, -1, 0.5, 0]), (4, [3, -4, 0.5, 0]),
])  # fmt: skip
@pytest.mark.parametrize("life_loss", [False, True])
def test_clipping_and_lives_change_what_is_learned_and_not_what_is_reported(
    clip, learned, life_loss
):
    KEPT.clear()
    config = Config(
        steps=8, warmup=100, capacity=64, eval_every=4, eval_episodes=1, reward_clip=clip,
        life_loss=life_loss,
    )  # fmt: skip
    run = train(config, seeds=[0], env=Pays, replay=Keeper)
    [kept] = KEPT
    assert [one.reward for one in kept] == learned * 2
    assert [bool(one.terminated) for one in kept] == [False, life_loss, False, True] * 2
    assert [one.obs[0] for one in kept] == [0, 1, 2, 3] * 2  # a lost life starts no new game
    assert run.returns[0].tolist() == [-1.5, -1.5]
    assert run.ends[0].tolist() == [4, 8]
    assert (run.eval_returns == -1.5).all()


def test_where_no_lives_are_told_life_loss_is_refused():
    with pytest.raises(ValueError, match=r"tells no lives in info\['lives'\].*leave life_loss out"):
        Trainer(Config(life_loss=True), seeds=[0], env=lambda: Pays(lives=False))
    with pytest.raises(ValueError, match="tells no lives"):
        Trainer(Config(life_loss=True), seeds=[0])


def test_an_environment_that_cannot_stack_by_itself_is_wrapped():
    config = Config(env_id="dqnlib/MinAtarBreakout-v0", frame_stack=2)
    pytest.importorskip("minatar", reason="the extra minatar is not installed")
    envs = environments(config, None, [3])
    assert type(envs) is Environments
    assert envs.obs_shape == (8, 10, 10)


def test_the_agent_of_a_run_is_its_network():
    """With four channels or more, too, and a picture that is not square."""
    config = Config(
        env_id=CATCH, frame_stack=4, steps=60, channels=(2,), hidden=(4,), warmup=20, batch_size=8,
        eval_every=0,
    )  # fmt: skip
    trainer = Trainer(config, [3])
    for _ in trainer:
        pass
    found, obs = network_of(trainer.run(), 3), torch.rand(5, 4, 8, 8)
    with torch.no_grad():
        assert torch.allclose(found(obs), trainer.network(3)(obs))
