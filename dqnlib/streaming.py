"""Learning from a stream: each step is used once, when it comes, and thrown away (lesson 10).

The parts of Elsayed, Vasan & Mahmood 2024, small and for one run, and `stream_q`, which puts them
together as `dqnlib.dqn` does for DQN. `dqnlib.seeds.online` does the same for many seeds at once.
"""

import math
from collections.abc import Callable

import gymnasium as gym
import numpy as np
import torch
from torch import nn

from dqnlib import targets
from dqnlib.config import Config
from dqnlib.dqn import OPTIMIZERS, OneRun
from dqnlib.envs import make_for
from dqnlib.networks import NormalizedQNetwork, QNetwork
from dqnlib.policies import epsilon_greedy, linear_schedule, random_streams
from dqnlib.replay import as_input

KAPPA = 2.0  # how far below "too far" a bounded step stays (Elsayed et al. 2024, of Stream Q(λ))


def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    """Return the trace after one more step: the new gradient, and what is left of the older ones.

    trace, gradient: tensors of one shape, of the parameters; gradient: of Q(s, a) for the step's
    observation and action; gamma: 0 to 1; trace_decay: λ, 0 to 1; follows: False where the trace
    begins anew, at the first step of an episode and at an action that was not the greedy one
    (Watkins 1989; Sutton & Barto 2018, equation 12.5; lesson 10).
    """
    return gamma * trace_decay * follows * trace + gradient


def bounded_step(step_size, td_error, trace_length, kappa=KAPPA):
    """Return the step size of ObGD: shorter where the step would carry the value past its target.

    step_size: as asked for; td_error: δ; trace_length: sum of the trace's absolute values; kappa:
    above 1, the larger the more careful. The step is made shorter where
    step_size · kappa · max(|δ|, 1) · trace_length is above 1
    (Elsayed, Vasan & Mahmood 2024, Algorithm 3; lesson 10).
    """
    reach = step_size * kappa * max(abs(td_error), 1.0) * trace_length
    return step_size / max(reach, 1.0)


def sparse_init(network: nn.Module, sparsity: float = 0.9) -> nn.Module:
    """Set most weights of each unit to zero, and all biases; return the network.

    sparsity: share of zeros among a unit's inputs, 0 to 1, rounded down; one weight is always left.
    The others keep their random start, uniform within ± 1/√inputs
    (Elsayed, Vasan & Mahmood 2024, Algorithm 1, "SparseInit"; lesson 10).
    """
    with torch.no_grad():
        for layer in network.modules():
            if not isinstance(layer, nn.Linear):
                continue
            outputs, inputs = layer.weight.shape
            zeros = min(int(sparsity * inputs), inputs - 1)
            for unit in range(outputs):
                layer.weight[unit, torch.randperm(inputs)[:zeros]] = 0.0
            layer.bias.zero_()
    return network


class RunningMoments:
    """Mean and variance of all that came so far, kept without keeping it (Welford 1962).

    shape: of what comes.
    """

    def __init__(self, shape: tuple[int, ...] = ()):
        self.count, self.mean, self.squares = 0, np.zeros(shape), np.zeros(shape)

    def add(self, x) -> None:
        """Take in one more."""
        self.count += 1
        before = x - self.mean
        self.mean = self.mean + before / self.count
        self.squares = self.squares + before * (x - self.mean)

    @property
    def variance(self) -> np.ndarray:
        """Of what came so far; 1 until there are two."""
        if self.count < 2:
            return np.ones_like(self.squares)
        return self.squares / (self.count - 1)


class NormalizedObservations:
    """Observations less their mean so far, over their standard deviation so far.

    shape: of one observation. Elsayed, Vasan & Mahmood 2024, Algorithm 4.
    """

    def __init__(self, shape: tuple[int, ...]):
        self.moments = RunningMoments(shape)

    def __call__(self, obs: np.ndarray) -> np.ndarray:
        """Count an observation [*O] in, and return it normalized, as float32."""
        self.moments.add(obs)
        scale = np.sqrt(self.moments.variance + 1e-8)
        return ((obs - self.moments.mean) / scale).astype(np.float32)


class ScaledRewards:
    """Rewards over the standard deviation of the discounted sums of rewards so far.

    gamma: 0 to 1. No reward is shifted: its sign stays. Elsayed, Vasan & Mahmood 2024, Algorithm 5.
    """

    def __init__(self, gamma: float):
        self.gamma, self.sum, self.moments = gamma, 0.0, RunningMoments()

    def __call__(self, reward: float, ended: bool) -> float:
        """Count a reward in, and return it scaled; ended: the episode ended with it."""
        self.sum = self.gamma * self.sum + reward
        self.moments.add(self.sum)
        if ended:
            self.sum = 0.0
        return float(reward / np.sqrt(self.moments.variance + 1e-8))


def stream_q(
    config: Config,
    seed: int = 0,
    env: Callable[[], gym.Env] | None = None,
    network: Callable[..., nn.Module] | None = None,
    trace: Callable | None = None,
    step: Callable | None = None,
) -> OneRun:
    """Train one agent from its stream of steps, with eligibility traces: Stream Q(λ).

    config: settings of an agent without replay, of which an update follows each step; env,
    network: your own makers, as those of `training.train`; trace, step: an `eligibility_trace` and
    a `bounded_step` of your own. With sync_every=1 there is no target network. Evaluations and
    records are left out. Raises ValueError for settings of other agents, for a trace or a step that
    cannot be learned with, and where the learning has diverged.
    """
    c, streams, env = check_stream(config), random_streams(seed), make_for(config, env)
    if step is not None and c.optimizer != "obgd":
        raise ValueError(
            f"a step of your own bounds that of optimizer='obgd', but it is {c.optimizer!r}"
        )
    fade = _checked_trace(trace) if trace else eligibility_trace
    bound = _checked_step(step) if step else bounded_step
    dense = NormalizedQNetwork if c.layer_norm else QNetwork
    make = network or (lambda shape, a: dense(shape, a, c.hidden))
    torch.manual_seed(streams.network_seed)
    online, target = (make(env.observation_space.shape, env.n_actions) for _ in range(2))
    targets.hard_update(online, target)
    parameters = list(online.parameters())
    traces = [torch.zeros_like(p) for p in parameters]
    kind = OPTIMIZERS.get(c.optimizer, torch.optim.SGD)
    optimizer = kind(parameters, lr=c.learning_rate)
    returns, actions, total, length, goes_on = [], [], 0.0, 0, False
    obs, _ = env.reset(seed=streams.env_seed)  # [*O]

    for t in range(1, c.steps + 1):
        # act
        epsilon = linear_schedule(t - 1, c.epsilon, c.final_epsilon, c.epsilon_steps)
        q = online(as_input(obs)[None])[0]  # [A], with a gradient
        values = q.detach().numpy()
        if np.isnan(values).any():
            raise ValueError(f"✗ the values are no numbers any more at step {t}: it has diverged")
        action = epsilon_greedy(values, epsilon, streams.explore)
        next_obs, reward, terminated, truncated, _ = env.step(action)
        length, total = length + 1, total + reward
        ended = terminated or truncated or length == c.max_episode_steps
        # learn, at once, from this step
        if t > c.warmup:
            with torch.no_grad():
                next_q = target(as_input(next_obs)[None])  # [1, A]
                r, over = torch.tensor([float(reward)]), torch.tensor([bool(terminated)])
                y = targets.td_target(r, over, next_q, c.gamma)[0]
                td_error = float(y - q[action])
            follows = bool(goes_on and values[action] == values.max())
            gradients = torch.autograd.grad(q[action], parameters)
            traces = [
                fade(z, g, c.gamma, c.trace_decay, follows)
                for z, g in zip(traces, gradients, strict=True)
            ]
            rate = linear_schedule(t, c.learning_rate, c.final_learning_rate, c.steps)
            if c.optimizer == "obgd":
                rate = bound(rate, td_error, sum(float(z.abs().sum()) for z in traces))
            for p, z in zip(parameters, traces, strict=True):
                p.grad = -td_error * z
            optimizer.param_groups[0]["lr"] = rate
            optimizer.step()
        goes_on = not ended
        if t % c.sync_every == 0:
            targets.polyak_update(online, target, c.tau)
        actions.append(action)
        obs = next_obs
        if ended:
            returns.append((t, total))
            total, length = 0.0, 0
            obs, _ = env.reset()
    return OneRun(online, returns, actions)


def _checked_trace(own: Callable) -> Callable:
    """Return a trace of the learner's own that raises ValueError where it gives none."""
    name = getattr(own, "__name__", "trace")

    def checked(trace, gradient, *more):
        numbers = torch.stack([trace, gradient])  # as they are before the call
        new = own(trace, gradient, *more)
        want = list(gradient.shape)
        if not isinstance(new, torch.Tensor) or list(new.shape) != want:
            got = f"the shape {list(new.shape)}" if isinstance(new, torch.Tensor) else repr(new)
            raise ValueError(
                f"✗ {name} returned {got}; expected a tensor of the shape {want}, as its gradient"
            )
        if numbers.isfinite().all() and not new.isfinite().all():
            raise ValueError(
                f"✗ {name} returned NaN or infinity, though all that it was given is finite"
            )
        return new

    return checked


def _checked_step(own: Callable) -> Callable:
    """Return a bounded step of the learner's own that raises ValueError where it is no number."""
    name = getattr(own, "__name__", "step")

    def checked(step_size, td_error, trace_length):
        found = own(step_size, td_error, trace_length)
        try:
            number = float(found)
        except (TypeError, ValueError):  # None, a text, several numbers
            raise ValueError(f"✗ {name} returned {found!r}; expected one number") from None
        if math.isfinite(td_error) and math.isfinite(trace_length) and not math.isfinite(number):
            raise ValueError(f"✗ {name} returned {number}, though all that it was given is finite")
        return number

    return checked


def check_stream(config: Config) -> Config:
    """Return a config of an agent that learns from each step as it comes, else raise ValueError."""
    if not (config.online and config.batch_size == 1):
        raise ValueError(
            "a stream is learned from step by step: take trace_decay or optimizer='obgd', with "
            "capacity=1, batch_size=1, update_every=1 and environments=1"
        )
    plain, parts = Config(), ("double", "target_epsilon", "dueling", "noisy", "channels", "loss")
    parts += ("max_grad_norm",)
    found = [name for name in parts if getattr(config, name) != getattr(plain, name)]
    if found:
        raise ValueError(
            f"this is the plain stream, which knows no {', '.join(found)}: train(config, "
            "seeds=[0]) does"
        )
    return config
