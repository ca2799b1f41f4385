"""What a learner would use in place of our trainer: a plain loop, other libraries.

All do the same work, so that their times can be compared: one environment, one step of it
at a time, and after the warm-up one update a step. They share the environment with its scaled
observations, the layers, Adam, the schedules and uniform replay of single transitions; a
truncated episode bootstraps. What differs:

- The loss is the mean squared error, but Stable-Baselines3 has smooth L1 only. It costs about the
  same, but its returns are not to be compared: on CartPole smooth L1 learns more slowly.
- Stable-Baselines3 copies to the target network before the update of that step, the others after.
- The random numbers: equal seeds do not give equal runs.

The first run of a process also imports: warm a contender up with `Settings(steps=100, warmup=50)`
before the clock starts. `in_processes` cannot be warmed up; a learner waits for that as well.

Tried with torch 2.13.0, gymnasium 1.4.0, and the releases in PACKAGES (tensordict 0.14.3).
"""

import contextlib
import copy
import importlib
import itertools
import logging
import multiprocessing
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import gymnasium as gym
import numpy as np
import torch
from gymnasium.wrappers import RecordEpisodeStatistics, TransformObservation
from torch import nn
from torch.nn import functional as F

SCALES = {"CartPole-v1": (0.4, 0.5, 5, 0.5)}  # what the observations are multiplied by
PACKAGES = {  # module: what to install for it
    "stable_baselines3": "stable-baselines3==2.9.2",
    "torchrl": "torchrl==0.14.1",
    "tensordict": "torchrl==0.14.1",  # it brings the tensordict below 0.15 that it asks for
    # its gymnax 1.0.1 asks for gymnasium below 1.4: pip says so, but CartPole needs none of it
    "cpprb": "cpprb==11.0.0",
    "rejax": "rejax==0.1.3",
    "gymnax": "rejax==0.1.3",
    "jax": "rejax==0.1.3",
    "flax": "rejax==0.1.3",
}


@dataclass(frozen=True)
class Settings:
    """What every contender is told."""

    steps: int = 50_000  # environment steps
    hidden: tuple[int, ...] = (64, 64)  # units of each hidden layer
    batch_size: int = 64  # transitions an update
    capacity: int = 50_000  # transitions in the buffer
    warmup: int = 1_000  # environment steps with random actions and without updates
    learning_rate: float = 1e-3  # of Adam; falls linearly to 0 at the last step
    gamma: float = 0.99  # discount a step
    sync_every: int = 200  # environment steps between copies to the target network
    epsilon_end: float = 0.1  # epsilon starts at 1 ...
    epsilon_steps: int = 10_000  # ... and falls linearly for so many environment steps


def needed(module: str):
    """Import a module of a contender, or say how to install it."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = PACKAGES[module.split(".")[0]]
        command = f'"{sys.executable}" -m pip install {package}'
        raise ModuleNotFoundError(f"{error}. This contender needs: {command}") from error


def make_env(env_id: str = "CartPole-v1") -> gym.Env:
    """Make the environment of all contenders: gymnasium's own, with scaled observations."""
    env = gym.make(env_id)
    if env_id not in SCALES:
        return env
    scale, space = np.array(SCALES[env_id], np.float32), env.observation_space
    scaled = gym.spaces.Box(space.low * scale, space.high * scale, dtype=np.float32)
    return TransformObservation(env, lambda obs: obs * scale, scaled)


def mlp(inputs: int, hidden: tuple[int, ...], outputs: int) -> nn.Sequential:
    """Linear layers with ReLU between them."""
    layers = []
    for width, next_width in itertools.pairwise((inputs, *hidden, outputs)):
        layers += [nn.Linear(width, next_width), nn.ReLU()]
    return nn.Sequential(*layers[:-1])  # no ReLU after the values


class ArrayBuffer:
    """Replay of single transitions in NumPy arrays that are made once."""

    def __init__(self, capacity: int, obs_size: int, rng: np.random.Generator):
        self.obs = np.zeros((capacity, obs_size), np.float32)
        self.action = np.zeros(capacity, np.int64)
        self.reward = np.zeros(capacity, np.float32)
        self.next_obs = np.zeros((capacity, obs_size), np.float32)
        self.terminated = np.zeros(capacity, np.bool_)
        self.capacity, self.added, self.rng = capacity, 0, rng

    def add(self, obs, action, reward, next_obs, terminated):
        """Store one transition, in place of the oldest one if the buffer is full."""
        i = self.added % self.capacity
        self.obs[i], self.action[i], self.reward[i] = obs, action, reward
        self.next_obs[i], self.terminated[i] = next_obs, terminated
        self.added += 1

    def sample(self, batch_size: int) -> tuple[torch.Tensor, ...]:
        """Draw transitions with replacement -> obs [B, O], action [B], reward [B], ..."""
        i = self.rng.integers(min(self.added, self.capacity), size=batch_size)
        fields = (self.obs, self.action, self.reward, self.next_obs, self.terminated)
        return tuple(torch.from_numpy(field[i]) for field in fields)


def plain_dqn(settings: Settings, seed: int, env_id: str = "CartPole-v1") -> list[float]:
    """DQN as one writes it after a tutorial: PyTorch, NumPy and one loop. -> episode returns."""
    s, rng = settings, np.random.default_rng(seed)
    torch.manual_seed(seed)
    env = make_env(env_id)
    obs_size, actions = env.observation_space.shape[0], int(env.action_space.n)
    online = mlp(obs_size, s.hidden, actions)
    target = copy.deepcopy(online)
    optimizer = torch.optim.Adam(online.parameters(), lr=s.learning_rate)
    buffer = ArrayBuffer(s.capacity, obs_size, rng)

    returns, total = [], 0.0
    obs, _ = env.reset(seed=seed)
    for step in range(1, s.steps + 1):
        epsilon = max(s.epsilon_end, 1 - (1 - s.epsilon_end) * (step - 1) / s.epsilon_steps)
        if step <= s.warmup or rng.random() < epsilon:
            action = int(rng.integers(actions))
        else:
            with torch.no_grad():
                action = online(torch.from_numpy(obs)).argmax().item()
        next_obs, reward, terminated, truncated, _ = env.step(action)
        buffer.add(obs, action, reward, next_obs, terminated)  # not `truncated`: it bootstraps
        obs, total = next_obs, total + reward
        if terminated or truncated:
            returns.append(total)
            obs, total = env.reset()[0], 0.0

        if step > s.warmup:
            o, a, r, next_o, ended = buffer.sample(s.batch_size)
            with torch.no_grad():
                next_q = target(next_o).max(1).values  # [B]
                td_target = r + s.gamma * next_q * ~ended  # [B]
            q = online(o).gather(1, a[:, None]).squeeze(1)  # [B], of the actions taken
            loss = F.mse_loss(q, td_target)
            optimizer.param_groups[0]["lr"] = s.learning_rate * (1 - step / s.steps)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if step % s.sync_every == 0:
            target.load_state_dict(online.state_dict())
    return returns


class NoisyLayer(nn.Module):
    """A linear layer with factorised noise, drawn anew by `draw` (Fortunato et al. 2018)."""

    def __init__(self, inputs: int, outputs: int, sigma: float = 0.5):
        super().__init__()
        bound = inputs**-0.5
        self.weight = nn.Parameter(torch.empty(outputs, inputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(outputs).uniform_(-bound, bound))
        self.weight_sigma = nn.Parameter(torch.full((outputs, inputs), sigma * bound))
        self.bias_sigma = nn.Parameter(torch.full((outputs,), sigma * bound))
        self.draw()

    def draw(self) -> None:
        """Draw new noise for the inputs and the outputs."""
        inner, outer = (torch.randn(n) for n in self.weight.shape[::-1])
        self.inner, self.outer = (x.sign() * x.abs().sqrt() for x in (inner, outer))

    def forward(self, x):
        weight = self.weight + self.weight_sigma * torch.outer(self.outer, self.inner)
        return F.linear(x, weight, self.bias + self.bias_sigma * self.outer)


class RainbowHeads(nn.Module):
    """A noisy dueling network of distributions: [B, O] -> logits [B, A, K]."""

    def __init__(self, inputs: int, hidden: tuple[int, int], actions: int, atoms: int):
        super().__init__()
        self.actions, self.atoms, (first, last) = actions, atoms, hidden
        self.shared = NoisyLayer(inputs, first)
        self.value = nn.Sequential(NoisyLayer(first, last), nn.ReLU(), NoisyLayer(last, atoms))
        self.advantage = nn.Sequential(
            NoisyLayer(first, last), nn.ReLU(), NoisyLayer(last, actions * atoms)
        )

    def draw(self) -> None:
        """Draw new noise in all layers."""
        for layer in self.modules():
            if isinstance(layer, NoisyLayer):
                layer.draw()

    def forward(self, obs):
        x = F.relu(self.shared(obs))
        advantage = self.advantage(x).view(-1, self.actions, self.atoms)
        return self.value(x)[:, None] + advantage - advantage.mean(1, keepdim=True)


class PriorityBuffer(ArrayBuffer):
    """Proportional prioritized replay with a sum tree, whole levels at a time in NumPy."""

    def __init__(self, capacity: int, obs_size: int, rng: np.random.Generator, alpha: float):
        super().__init__(capacity, obs_size, rng)
        self.leaves, self.alpha, self.highest = 1 << (capacity - 1).bit_length(), alpha, 1.0
        self.nodes = np.zeros(2 * self.leaves)

    def set(self, places: np.ndarray, priorities: np.ndarray) -> None:
        """Change priorities, and the sums above them."""
        nodes = places + self.leaves
        self.nodes[nodes] = priorities
        while nodes[0] > 1:
            nodes = np.unique(nodes // 2)
            self.nodes[nodes] = self.nodes[2 * nodes] + self.nodes[2 * nodes + 1]

    def add(self, *transition):
        """Store one transition with the highest priority so far."""
        place = self.added % self.capacity
        super().add(*transition)
        self.set(np.array([place]), np.array([self.highest**self.alpha]))

    def draw(self, batch_size: int, beta: float) -> tuple:
        """Return tensors of a batch, its places and its weights."""
        total = self.nodes[1]
        x = (np.arange(batch_size) + self.rng.random(batch_size)) * total / batch_size
        nodes = np.ones(batch_size, int)
        while nodes[0] < self.leaves:
            nodes *= 2
            right = x >= self.nodes[nodes]
            x -= self.nodes[nodes] * right
            nodes += right
        places = np.minimum(nodes - self.leaves, min(self.added, self.capacity) - 1)
        share = self.nodes[places + self.leaves] / total
        weight = (share * min(self.added, self.capacity)) ** -beta
        fields = (self.obs, self.action, self.reward, self.next_obs, self.terminated)
        batch = (torch.from_numpy(field[places]) for field in fields)
        return (*batch, places, torch.from_numpy((weight / weight.max()).astype(np.float32)))

    def told(self, places: np.ndarray, errors: np.ndarray) -> None:
        """Take the errors of a batch as new priorities."""
        self.highest = max(self.highest, float(errors.max()))
        self.set(places, (errors + 1e-3) ** self.alpha)


def plain_rainbow(settings: Settings, seed: int) -> list[float]:
    """Rainbow of one run in PyTorch and NumPy: 3 steps, 51 atoms, all parts. -> returns."""
    s, rng, n, atoms = settings, np.random.default_rng(seed), 3, 51
    torch.manual_seed(seed)
    env, support = make_env(), torch.linspace(0, 100, atoms)
    obs_size, actions = env.observation_space.shape[0], int(env.action_space.n)
    online = RainbowHeads(obs_size, s.hidden, actions, atoms)
    target = copy.deepcopy(online)
    optimizer = torch.optim.Adam(online.parameters(), lr=s.learning_rate)
    buffer, window = PriorityBuffer(s.capacity, obs_size, rng, 0.5), []
    rows, gap, last = torch.arange(s.batch_size), 100 / (atoms - 1), atoms - 1

    returns, total = [], 0.0
    obs, _ = env.reset(seed=seed)
    for step in range(1, s.steps + 1):
        online.draw()
        with torch.no_grad():
            q = (online(torch.from_numpy(obs)[None]).softmax(2) * support).sum(2)
        action = q.argmax().item()
        next_obs, reward, terminated, truncated, _ = env.step(action)
        window.append((obs, action, reward))
        if len(window) == n or terminated:
            while window:
                earned = sum(s.gamma**k * r for k, (_, _, r) in enumerate(window))
                buffer.add(*window[0][:2], earned, next_obs, terminated)
                window.pop(0)
                if not terminated:
                    break
        obs, total = next_obs, total + reward
        if terminated or truncated:
            returns.append(total)
            obs, total, window = env.reset()[0], 0.0, []

        if step > s.warmup:
            beta = 0.4 + 0.6 * step / s.steps
            o, a, r, next_o, ended, places, weight = buffer.draw(s.batch_size, beta)
            online.draw()
            target.draw()
            with torch.no_grad():
                best = (online(next_o).softmax(2) * support).sum(2).argmax(1)  # [B]
                probs = target(next_o)[rows, best].softmax(1)  # [B, K]
                landed = r[:, None] + s.gamma**n * support * ~ended[:, None]
                place = landed.clamp(0, 100) / gap
                below = place.floor().clamp(max=last)
                share, below = place - below, below.long()
                y = torch.zeros_like(probs).scatter_add_(1, below, probs * (1 - share))
                y.scatter_add_(1, (below + 1).clamp(max=last), probs * share)
            error = -(y * online(o)[rows, a].log_softmax(1)).sum(1)  # [B]
            optimizer.param_groups[0]["lr"] = s.learning_rate * (1 - step / s.steps)
            optimizer.zero_grad()
            (weight * error).mean().backward()
            optimizer.step()
            buffer.told(places, error.detach().numpy())
        if step % s.sync_every == 0:
            target.load_state_dict(online.state_dict())
    return returns


def sb3_dqn(settings: Settings, seed: int) -> list[float]:
    """DQN of Stable-Baselines3 with the same settings, except for its loss. -> episode returns."""
    dqn, monitor = needed("stable_baselines3.dqn"), needed("stable_baselines3.common.monitor")
    s = settings
    env = monitor.Monitor(make_env())  # DQN would wrap it so itself; here the returns stay at hand
    model = dqn.DQN(
        "MlpPolicy",  # ReLU layers and Adam, as in the plain loop
        env,
        policy_kwargs={"net_arch": list(s.hidden)},
        learning_rate=lambda remaining: s.learning_rate * remaining,  # `remaining` falls to 0
        buffer_size=s.capacity,
        learning_starts=s.warmup,
        batch_size=s.batch_size,
        gamma=s.gamma,
        train_freq=1,
        gradient_steps=1,
        tau=1.0,  # copy the whole network ...
        target_update_interval=s.sync_every,  # ... so often
        exploration_initial_eps=1.0,
        exploration_final_eps=s.epsilon_end,
        exploration_fraction=s.epsilon_steps / s.steps,
        max_grad_norm=float("inf"),  # clips nothing
        verbose=0,
        seed=seed,
        device="cpu",
    )  # no argument sets the loss: it is smooth L1, not the mean squared error
    model.learn(s.steps, log_interval=None)  # None: logs nothing
    return env.get_episode_rewards()


def seeing(filters: int, units: int):
    """Return the class that sees for Stable-Baselines3: a convolution and a layer of units."""
    layers = needed("stable_baselines3.common.torch_layers")

    class Eyes(layers.BaseFeaturesExtractor):
        def __init__(self, space):
            super().__init__(space, features_dim=units)
            channels, height, width = space.shape
            flat = filters * (height - 2) * (width - 2)
            self.layers = nn.Sequential(
                nn.Conv2d(channels, filters, 3), nn.ReLU(), nn.Flatten(),
                nn.Linear(flat, units), nn.ReLU(),
            )  # fmt: skip

        def forward(self, obs):
            return self.layers(obs)

    return Eyes


def sb3_pixels(settings: Settings, seed: int, make=None, device: str = "cpu") -> None:
    """DQN of Stable-Baselines3 on pictures: one convolution of 16 filters and one hidden layer.

    make: () -> the environment; by default MinAtar's Breakout as the course has it. It takes the
    default threads of PyTorch unless its process has another number.
    """
    dqn, s = needed("stable_baselines3.dqn"), settings
    if make is None:
        from dqnlib.envs import make as made

        def make():
            return made("dqnlib/MinAtarBreakout-v0")

    [units] = s.hidden
    model = dqn.DQN(
        "MlpPolicy",  # with eyes of our own: its "CnnPolicy" needs 36 pixels
        make(),
        policy_kwargs={"net_arch": [], "features_extractor_class": seeing(16, units)},
        learning_rate=lambda remaining: s.learning_rate * remaining,
        buffer_size=s.capacity,
        learning_starts=s.warmup,
        batch_size=s.batch_size,
        gamma=s.gamma,
        train_freq=1,
        gradient_steps=1,
        tau=1.0,
        target_update_interval=s.sync_every,
        exploration_initial_eps=1.0,
        exploration_final_eps=s.epsilon_end,
        exploration_fraction=s.epsilon_steps / s.steps,
        max_grad_norm=float("inf"),
        verbose=0,
        seed=seed,
        device=device,
    )
    model.learn(s.steps, log_interval=None)


def torchrl_dqn(settings: Settings, seed: int) -> list[float]:
    """DQN from the usual parts of TorchRL, with the same settings. -> episode returns."""
    collectors, data, envs = map(needed, ("torchrl.collectors", "torchrl.data", "torchrl.envs"))
    modules, objectives = needed("torchrl.modules"), needed("torchrl.objectives")
    sequence = needed("tensordict.nn").TensorDictSequential
    logging.getLogger("torchrl").setLevel(logging.WARNING)  # it reports each new buffer
    s = settings
    torch.manual_seed(seed)
    counted = RecordEpisodeStatistics(make_env(), buffer_length=s.steps)
    env = envs.GymWrapper(counted, categorical_action_encoding=True)
    env.set_seed(seed)
    obs_size, actions = env.observation_spec["observation"].shape[-1], env.action_spec.n
    actor = modules.QValueActor(mlp(obs_size, s.hidden, actions), spec=env.action_spec)
    explorer = modules.EGreedyModule(
        env.action_spec, eps_init=1.0, eps_end=s.epsilon_end, annealing_num_steps=s.epsilon_steps
    )
    collector = collectors.Collector(
        env,
        sequence(actor, explorer),
        frames_per_batch=1,
        total_frames=s.steps,
        init_random_frames=s.warmup,
        track_traj_ids=False,  # not needed, and quicker without
        auto_register_policy_transforms=False,
    )
    storage = data.LazyTensorStorage(s.capacity)
    buffer = data.TensorDictReplayBuffer(storage=storage, batch_size=s.batch_size)
    loss_module = objectives.DQNLoss(actor, loss_function="l2", delay_value=True)
    loss_module.make_value_estimator(gamma=s.gamma)
    # The release above copies one call later than its interval says: 199 copies at every 200th.
    sync = objectives.HardUpdate(loss_module, value_network_update_interval=s.sync_every - 1)
    optimizer = torch.optim.Adam(loss_module.parameters(), lr=s.learning_rate)

    for step, transition in enumerate(collector, start=1):  # one environment step: batch size [1]
        buffer.extend(transition.select(*loss_module.in_keys))  # what the loss reads, no more
        explorer.step()
        if step > s.warmup:
            loss = loss_module(buffer.sample())["loss"]
            optimizer.param_groups[0]["lr"] = s.learning_rate * (1 - step / s.steps)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        sync.step()
    collector.shutdown()
    return [float(total) for total in counted.return_queue]


def rejax_dqn(settings: Settings, seeds: Iterable[int]) -> Callable[[], object]:
    """Compile DQN of rejax for all seeds at once, on the CPU -> a function that trains them.

    Its environment is gymnax's CartPole, unscaled, and a part of the compiled program. The step
    size stays as it is, and a truncated episode does not bootstrap: of the same cost.
    """
    rejax, networks, gymnax = map(needed, ("rejax", "rejax.networks", "gymnax"))
    jax, relu = needed("jax"), needed("flax.linen").relu
    s, algorithm = settings, rejax.get_algo("dqn")
    made, _ = gymnax.make("CartPole-v1")

    class FiveValues(type(made)):
        """The release of rejax above wants terminated and truncated as one."""

        def step(self, key, state, action, params=None):
            obs, state, reward, terminated, truncated, info = made.step(key, state, action, params)
            return obs, state, reward, terminated | truncated, info

    dqn = algorithm.create(
        env=FiveValues(), total_timesteps=s.steps, eval_freq=s.steps,
        skip_initial_evaluation=True, learning_rate=s.learning_rate, gamma=s.gamma, ddqn=False,
        target_update_freq=s.sync_every, polyak=0.0,  # copies the whole network
        buffer_size=s.capacity, fill_buffer=s.warmup, batch_size=s.batch_size,
        eps_end=s.epsilon_end, exploration_fraction=s.epsilon_steps / s.steps,
    )  # fmt: skip
    network = networks.EpsilonGreedyPolicy(networks.DiscreteQNetwork)
    agent = network(hidden_layer_sizes=s.hidden, action_dim=2, activation=relu)
    dqn = dqn.replace(agent=agent, eval_callback=lambda *_: jax.numpy.zeros(()))  # no evaluations
    keys = jax.vmap(jax.random.PRNGKey)(jax.numpy.array(list(seeds)))
    program = jax.jit(jax.vmap(algorithm.train, in_axes=(None, 0))).lower(dqn, keys).compile()
    return lambda: jax.block_until_ready(program(dqn, keys))


def plain_buffer(capacity: int, batch_size: int = 64) -> tuple[Callable, Callable]:
    """The buffer of the plain loop -> add_one(obs, action, reward, next_obs, terminated), sample().

    All three buffers are for CartPole's shapes; `sample` gives tensors.
    """
    buffer = ArrayBuffer(capacity, 4, np.random.default_rng(0))
    return buffer.add, lambda: buffer.sample(batch_size)


def sb3_buffer(capacity: int, batch_size: int = 64) -> tuple[Callable, Callable]:
    """The buffer of Stable-Baselines3 -> add_one(obs, action, reward, ...), sample()."""
    env = make_env()
    buffer = needed("stable_baselines3.common.buffers").ReplayBuffer(
        capacity,
        env.observation_space,
        env.action_space,
        device="cpu",
        handle_timeout_termination=False,  # as `terminated` is stored, not `done`; a little quicker
    )

    def add_one(obs, action, reward, next_obs, terminated):
        one = np.array([action]), np.array([reward]), np.array([terminated])
        buffer.add(obs, next_obs, *one, infos=[{}])

    return add_one, lambda: buffer.sample(batch_size)


def torchrl_buffer(capacity: int, batch_size: int = 64) -> tuple[Callable, Callable]:
    """The buffer of TorchRL, in the layout of its losses -> add_one(obs, ...), sample()."""
    data, tensordict = needed("torchrl.data"), needed("tensordict").TensorDict
    logging.getLogger("torchrl").setLevel(logging.WARNING)
    storage = data.LazyTensorStorage(capacity)
    buffer = data.TensorDictReplayBuffer(storage=storage, batch_size=batch_size)

    def add_one(obs, action, reward, next_obs, terminated):
        after = {
            "observation": torch.from_numpy(next_obs),
            "reward": torch.tensor([reward]),
            "terminated": torch.tensor([terminated]),
        }
        now = {"observation": torch.from_numpy(obs), "action": torch.tensor(action)}
        buffer.add(tensordict({**now, "next": after}))

    return add_one, buffer.sample


@contextlib.contextmanager
def with_threads(n: int) -> Iterator[None]:
    """Let torch use n threads inside a `with` block, or in a function decorated with it."""
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def one_after_the_other(
    function: Callable, settings: Settings, seeds: Iterable[int], threads: int = 1
) -> list[list[float]]:
    """Run one contender on each seed in this process -> the episode returns of each seed."""
    with with_threads(threads):
        return [function(settings, seed) for seed in seeds]


def in_processes(
    function: Callable, settings: Settings, seeds: Iterable[int], workers: int = 2
) -> list[list[float]]:
    """Run the seeds in new processes, one torch thread each -> the episode returns of each seed.

    A script that calls this needs the usual `if __name__ == "__main__":`.
    """
    fresh = multiprocessing.get_context("spawn")  # the only way that all systems have
    with ProcessPoolExecutor(workers, mp_context=fresh) as pool:
        jobs = [pool.submit(one_after_the_other, function, settings, [seed]) for seed in seeds]
        return [job.result()[0] for job in jobs]
