"""What tests share: small environments, networks and buffers whose right answers are known."""

from collections import deque

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces

from dqnlib.data import Batch
from dqnlib.envs import TabularModel
from dqnlib.networks import QNetwork
from dqnlib.training import Trainer


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Networks this small are slower with more; for a file of tests that imports it."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


# -- environments --------------------------------------------------------------------------


class Scripted(gym.Env):
    """Counts its steps; what it gives at each of them can be set; keeps a log of all calls."""

    def __init__(self, length=3, space=None, obs=None, reward=None, ends=(True, False), actions=2):
        self.observation_space = space or spaces.Box(-np.inf, np.inf, (1,), np.float64)
        self.action_space = actions if isinstance(actions, spaces.Space) else spaces.Discrete(2)
        self.length, self.ends, self.log, self.now, self.all = length, ends, [], 0, 0
        self.obs_at = obs or (lambda n: np.array([float(n)]))
        self.reward_at = reward or (lambda n: 1.0)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.log.append("reset" if seed is None else f"reset {seed}")
        self.now = 0
        return self.obs_at(0), {}

    def step(self, action):
        self.log.append(action)
        self.now += 1
        self.all += 1  # of all episodes
        terminated, truncated = self.ends if self.now == self.length else (False, False)
        return self.obs_at(self.now), self.reward_at(self.all), terminated, truncated, {}


class Drifting(gym.Env):
    """A walk on a line with a push of chance in each step, and in each start."""

    observation_space = spaces.Box(-np.inf, np.inf, (2,), np.float64)
    action_space = spaces.Discrete(3, start=-1)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.x, self.speed = self.np_random.normal(size=2)
        return np.array([self.x, self.speed]), {}

    def step(self, action):
        self.speed += 0.1 * action + self.np_random.normal(0, 0.2)
        self.x += self.speed
        return np.array([self.x, self.speed]), -abs(self.x), abs(self.x) > 10, False, {}


class Noise(gym.Env):
    """Random observations, rewards and ends; rewards are much larger in some runs."""

    observation_space = spaces.Box(-9, 9, (5,), np.float32)
    action_space = spaces.Discrete(3)
    scale = 0.0

    def draw(self):
        return self.np_random.normal(size=5).astype(np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.scale = self.scale or 10 ** self.np_random.uniform(-1.5, 1)
        return self.draw(), {}

    def step(self, action):
        reward = self.scale * self.np_random.normal()
        return self.draw(), reward, bool(self.np_random.random() < 0.3), False, {}


class Lottery(gym.Env):
    """One step, whose reward is the start: a random number; one action."""

    observation_space = spaces.Box(0, 1, (1,), np.float64)
    action_space = spaces.Discrete(1)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.prize = self.np_random.random()
        return np.array([self.prize]), {}

    def step(self, action):
        return np.array([self.prize]), self.prize, True, False, {}


class Frames(gym.Env):
    """Two frames of 3 × 3 bytes, of which the newest is random; an episode has 1 to 9 steps.

    The action pays that fits the parity of the newest frame's first byte.
    """

    observation_space = spaces.Box(0, 255, (2, 3, 3), np.uint8)
    action_space = spaces.Discrete(2)

    def frame(self):
        return self.np_random.integers(256, size=(3, 3), dtype=np.uint8)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.left = self.np_random.integers(1, 10)
        self.obs = np.stack([self.frame()] * 2)
        return self.obs, {}

    def step(self, action):
        self.obs, self.left = np.stack([self.obs[1], self.frame()]), self.left - 1
        reward = float(action == self.obs[1, 0, 0] % 2)
        return self.obs, reward, bool(self.left == 0), False, {}


class TableEnv(gym.Env):
    """Plays any TabularModel as Gymnasium's toy-text environments play theirs."""

    def __init__(self, model: TabularModel):
        self.model, self.seeds = model, []
        self.observation_space = spaces.Discrete(model.n_states)
        self.action_space = spaces.Discrete(model.n_actions)

    def _draw(self, probability):
        return int((np.cumsum(probability) > self.np_random.random()).argmax())

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.seeds.append(seed)
        self.s = self._draw(self.model.initial)
        return self.s, {}

    def step(self, action):
        m, k = self.model, self._draw(self.model.probability[self.s, action])
        here = self.s, action, k
        self.s = int(m.next_obs[here])
        return self.s, float(m.reward[here]), bool(m.terminated[here]), False, {}


def corridor(n=2, ends=True) -> TableEnv:
    """One action, n states in a row: reward −1 a step, and 5 for the last one, which may end it."""
    last = np.arange(n) == n - 1
    return TableEnv(
        TabularModel(
            env_id="corridor",
            probability=np.ones((n, 1, 1)),
            next_obs=((np.arange(n) + 1) % n).reshape(n, 1, 1),
            reward=np.where(last, 5.0, -1.0).reshape(n, 1, 1),
            terminated=(last & ends).reshape(n, 1, 1),
            initial=np.eye(n)[0],
            max_episode_steps=None,
        )
    )


# -- networks: one for each way in which many seeds are computed ---------------------------


class Viewed(QNetwork):
    """A forward that cannot be read in advance, so that it goes by vmap."""

    def forward(self, obs):
        return self.layers(obs.view(len(obs), -1))


class Branching(QNetwork):
    """A branch on data, so that only a loop can do it."""

    def forward(self, obs):
        return self.layers(obs) if obs.sum() < 1e9 else obs


# -- buffers -------------------------------------------------------------------------------


class Deque:
    """A buffer as a learner writes it."""

    def __init__(self, capacity):
        self.data = deque(maxlen=capacity)

    def add(self, transition):
        self.data.append(transition)

    def sample(self, batch_size, rng):
        chosen = [self.data[i] for i in rng.integers(len(self.data), size=batch_size)]
        return Batch(*(torch.as_tensor(np.array(field)) for field in zip(*chosen)))


def straight_and_resumed(config, folder, **slots):
    """Two runs of the seeds 0 and 1: one that never stopped, one saved at step 170 and loaded."""
    trainer = Trainer(config, [0, 1], **slots)
    while trainer.steps < 170:
        trainer.step()
    other = Trainer.load(trainer.save(folder / "half"), **slots)
    for one in (trainer, other):
        while not one.done:
            one.step()
    return trainer.run(), other.run()
