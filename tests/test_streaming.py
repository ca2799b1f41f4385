"""Learning from a stream: its parts by hand, and one run as the oracle of the trainer.

`tests/mutants/test_streaming.toml` lists the mutants that these tests kill.
"""

import math

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces
from hypothesis import given
from hypothesis import strategies as st
from support import Noise
from torch import nn

from dqnlib.config import Config
from dqnlib.networks import NormalizedQNetwork, QNetwork
from dqnlib.streaming import (
    NormalizedObservations,
    RunningMoments,
    ScaledRewards,
    bounded_step,
    eligibility_trace,
    sparse_init,
    stream_q,
)
from dqnlib.training import train

STREAM = Config(
    steps=300, warmup=1, capacity=1, batch_size=1, sync_every=1, hidden=(16, 8), epsilon_steps=150,
    eval_every=0, record_every=50, trace_decay=0.8, optimizer="sgd",
)  # fmt: skip
NUMBERS = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=30)


# -- the parts, by hand ------------------------------------------------------------------------


def test_a_trace_by_hand():
    trace, gradient = torch.tensor([2.0, -4.0]), torch.tensor([1.0, 3.0])
    # ½ · 0.8 = 0.4 of what was there
    found = eligibility_trace(trace, gradient, 0.5, 0.8, True)
    assert torch.allclose(found, torch.tensor([1.8, 1.4]))
    assert eligibility_trace(trace, gradient, 0.5, 0.8, False).tolist() == [1.0, 3.0]
    assert trace.tolist() == [2.0, -4.0]  # a new one is returned


def test_a_bounded_step_by_hand():
    assert bounded_step(0.5, 4.0, 10.0) == 0.5 / 40  # 0.5 · 2 · 4 · 10 = 40
    assert bounded_step(0.5, -4.0, 10.0) == 0.5 / 40
    assert bounded_step(0.5, 0.01, 10.0) == 0.5 / 10  # a small error counts as 1
    assert bounded_step(0.01, 4.0, 10.0) == 0.01  # 0.8: short enough
    assert bounded_step(0.5, 4.0, 10.0, kappa=3.0) == 0.5 / 60


def test_a_bounded_step_does_not_carry_a_linear_value_past_its_target():
    """What it is for: one step on one input moves its value less than the TD error."""
    x = torch.tensor([3.0, -2.0, 1.0])
    for td_error in (-5.0, 0.5, 200.0):
        step = bounded_step(1.0, td_error, float(x.abs().sum()))
        moved = step * td_error * float(x @ x)
        assert moved / td_error > 0
        assert abs(step * td_error * float(x.abs().sum())) <= 0.5 + 1e-9


@pytest.mark.parametrize(("inputs", "zeros"), [(40, 36), (4, 3), (1, 0), (2, 1)])
def test_sparse_init(inputs, zeros):
    torch.manual_seed(0)
    network = sparse_init(QNetwork(inputs, 3, (10,)))
    first = network.layers[1]
    assert ((first.weight == 0).sum(1) == zeros).all()
    assert (first.weight.abs() <= 1 / math.sqrt(inputs)).all()
    assert len({tuple(row.nonzero()[:, 0].tolist()) for row in first.weight}) > 1 or zeros == 0
    assert not any(layer.bias.any() for layer in network.modules() if isinstance(layer, nn.Linear))


@given(NUMBERS)
def test_running_moments_are_those_of_all_that_came(numbers):
    moments = RunningMoments()
    for x in numbers:
        moments.add(x)
    assert moments.mean == pytest.approx(np.mean(numbers), abs=1e-9)
    assert moments.variance == pytest.approx(np.var(numbers, ddof=1), rel=1e-9, abs=1e-7)


def test_observations_are_normalized_with_what_came_so_far():
    normalize = NormalizedObservations((2,))
    assert normalize(np.array([5.0, -1.0])).tolist() == [0.0, 0.0]
    # means 6 and −1; variances 2 and 0
    assert np.allclose(normalize(np.array([7.0, -1.0])), [1 / math.sqrt(2), 0.0], atol=1e-6)
    assert normalize(np.array([7.0, -1.0])).dtype == np.float32


def test_rewards_are_scaled_by_the_discounted_sums_and_not_shifted():
    scale = ScaledRewards(0.5)
    assert scale(3.0, ended=False) == pytest.approx(3.0)  # one number has no variance yet
    # sums so far: 3, then 1 + ½ · 3 = 2.5; variance ⅛
    assert scale(1.0, ended=True) == pytest.approx(1.0 / math.sqrt(0.125))
    # the sum begins anew: 3, 2.5, 2 have the variance ¼
    assert scale(2.0, ended=False) == pytest.approx(2.0 / math.sqrt(0.25))


# -- one run, and the trainer of many ----------------------------------------------------------


class Short(gym.Env):
    """Five steps, cut by a time limit or, from a start above 0, terminated at the third."""

    observation_space = spaces.Box(-9, 9, (3,), np.float32)
    action_space = spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.obs, self.n = self.np_random.normal(size=3).astype(np.float32), 0
        self.good = self.obs[0] > 0
        return self.obs, {}

    def step(self, action):
        self.obs = (0.5 * self.obs + self.np_random.normal(size=3)).astype(np.float32)
        self.n += 1
        reward = float(self.obs[action])
        return self.obs, reward, bool(self.good and self.n == 3), self.n == 5, {}


WAYS = {
    "SGD": {},
    "Adam, layer normalization": {"optimizer": "adam", "layer_norm": True},
    "RMSprop, a target network": {"optimizer": "rmsprop", "sync_every": 7, "tau": 0.5},
    "a bounded step": {"optimizer": "obgd", "learning_rate": 1.0, "layer_norm": True},
    "a bounded step without a trace": {"optimizer": "obgd", "trace_decay": 0.0},
    "the whole past": {"trace_decay": 1.0, "gamma": 0.9},
    "a late start, a limit": {"warmup": 40, "max_episode_steps": 4},
}


@pytest.mark.parametrize("env", [None, Noise, Short])
@pytest.mark.parametrize("name", WAYS)
def test_the_trainer_equals_one_stream(name, env):
    config = STREAM.replace(**WAYS[name])
    run = train(config, [5, 0, 7], env=env)
    for row, seed in enumerate(run.seeds):
        one = stream_q(config, seed, env)
        assert [total for _, total in one.returns] == run.returns[row].tolist()
        for key, parameter in one.network.named_parameters():
            found = run.parameters[key][row]
            assert np.allclose(found, parameter.detach().numpy(), atol=2e-4), key


def test_a_network_of_ones_own_in_a_stream():
    def sparse(obs_shape, n_actions):
        return sparse_init(NormalizedQNetwork(obs_shape, n_actions, (16,)))

    config = STREAM.replace(optimizer="obgd", learning_rate=1.0)
    run, one = train(config, [3], network=sparse), stream_q(config, 3, network=sparse)
    assert [total for _, total in one.returns] == run.returns[0].tolist()


# -- a trace and a step of the learner's own -----------------------------------------------------

BOUNDED = STREAM.replace(steps=60, optimizer="obgd", learning_rate=1.0)


def in_place(trace, gradient, gamma, trace_decay, follows):
    if not follows:
        trace.zero_()
    return trace.mul_(gamma * trace_decay).add_(gradient)


def parameters_of(one) -> list[torch.Tensor]:
    return list(one.network.state_dict().values())


def test_ones_own_trace_and_step_drive_the_stream():
    want = parameters_of(stream_q(BOUNDED))
    reaches = []

    def by_hand(step_size, td_error, trace_length):
        reaches.append(step_size * 2 * max(abs(td_error), 1) * trace_length)
        return torch.tensor(step_size / max(reaches[-1], 1), dtype=torch.float64)

    found = parameters_of(stream_q(BOUNDED, trace=in_place, step=by_hand))
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(found, want, strict=True))
    assert len(reaches) == BOUNDED.steps - BOUNDED.warmup
    forgetful = stream_q(BOUNDED, trace=lambda trace, gradient, *more: gradient)
    timid = stream_q(BOUNDED, step=lambda *args: 1e-9)
    for other in map(parameters_of, (forgetful, timid)):
        assert not all(torch.allclose(a, b, atol=1e-3) for a, b in zip(other, want, strict=True))


def nothing(*args):
    """forgot to return"""


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({"trace": nothing}, r"nothing returned None; expected a tensor of the shape \[16, 3\]"),
        ({"trace": lambda z, g, *_: g.sum()}, r"returned the shape \[\]; expected .* \[16, 3\]"),
        ({"trace": lambda z, g, *_: g / 0 * z}, "returned NaN or infinity, though all"),
        ({"step": nothing}, "nothing returned None; expected one number"),
        ({"step": lambda *_: torch.ones(2)}, r"returned tensor\(\[1., 1.\]\); expected one"),
        ({"step": lambda *_: math.nan}, "returned nan, though all that it was given is finite"),
    ],
)
def test_what_a_stream_cannot_learn_with_is_named(own, words):
    with pytest.raises(ValueError, match=words):
        stream_q(BOUNDED, env=Short, **own)


def test_a_stream_that_diverged_is_no_fault_of_ones_own_functions():
    lost = BOUNDED.replace(optimizer="sgd", learning_rate=1e6)
    with pytest.raises(ValueError, match=r"no numbers any more at step .*: it has diverged"):
        stream_q(lost, trace=in_place)
    with pytest.raises(ValueError, match="step of your own bounds that of optimizer='obgd'"):
        stream_q(lost, step=bounded_step)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"trace_decay": 0.0}, "take trace_decay or optimizer='obgd'"),
        ({"double": True, "loss": "huber"}, "knows no double, loss"),
    ],
)
def test_settings_of_other_agents_are_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        stream_q(STREAM.replace(**changes))
