"""Networks that give more than action values, and networks that draw noise: toys, one each.

`TwoAtoms` gives the probability of each of two outcomes for every action; its action value is the
expectation. `Noisy` adds noise to the weights of its last layer, which `reset_noise` draws.

`tests/mutants/seeds/test_values_and_noise.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest
import torch
from torch import nn

from dqnlib import QNetwork, Trainer, evaluate, train
from dqnlib.config import Config
from dqnlib.seeds import LearnerError
from dqnlib.seeds.stacks import VmapStack

SMALL = Config(
    steps=300, warmup=100, sync_every=40, hidden=(16,), eval_every=150, eval_episodes=2,
    record_every=50, epsilon_steps=300, batch_size=16,
)  # fmt: skip
ATOMS = torch.tensor([0.0, 50.0])


class TwoAtoms(nn.Module):
    """Probabilities [B, A, 2] of a return of 0 and one of 50."""

    def __init__(self, obs_shape, n_actions):
        super().__init__()
        self.layer, self.n_actions = nn.Linear(obs_shape[0], 2 * n_actions), n_actions

    def forward(self, obs):
        return self.layer(obs).unflatten(1, (self.n_actions, 2)).softmax(dim=2)


class Expectation(TwoAtoms):
    """The same with its expectation as output: needs no `values`."""

    def forward(self, obs):
        return expectation(super().forward(obs))


def expectation(probabilities):
    return (probabilities * ATOMS).sum(2)


class Noisy(nn.Module):
    """A layer with noise, then one whose weights are noisy, each by a learned scale."""

    def __init__(self, obs_shape, n_actions, scale=0.5):
        super().__init__()
        self.first, self.last = nn.Linear(obs_shape[0], 16), nn.Linear(16, n_actions)
        self.scale = nn.Parameter(torch.full((n_actions, 16), scale))
        self.register_buffer("noise", torch.zeros(n_actions, 16))

    def reset_noise(self, rng):
        self.noise.copy_(torch.randn(self.noise.shape, generator=rng))

    def forward(self, obs):
        weight = self.last.weight
        if self.training:
            weight = weight + self.scale * self.noise
        return nn.functional.linear(torch.relu(self.first(obs)), weight, self.last.bias)


def same(a, b):
    return all(np.array_equal(a.parameters[n], b.parameters[n]) for n in a.parameters)


# -- values --------------------------------------------------------------------------------------


def test_values_of_two_atoms_are_what_the_expectation_gives():
    slots = {"network": TwoAtoms, "values": expectation}
    trainer = Trainer(SMALL, range(3), **slots)
    assert isinstance(trainer._networks.online, VmapStack)  # all seeds in one call
    for _ in trainer:
        pass
    run, want = trainer.run(), train(SMALL, range(3), network=Expectation)
    assert same(run, want)
    assert np.array_equal(run.eval_returns, want.eval_returns)
    assert run.slots == ("network", "values")
    assert trainer.network(0)(torch.zeros(5, 4)).shape == (5, 2, 2)  # the learner's own output
    assert trainer.how["values"] == "all seeds at once, by vmap"
    assert np.array_equal(evaluate(run, 2, **slots), evaluate(want, 2, network=Expectation))
    with pytest.raises(ValueError, match="trained with your own values"):
        evaluate(run, 2, network=TwoAtoms)


def test_values_that_only_a_loop_can_compute():
    def branching(probabilities):
        return expectation(probabilities) if probabilities.sum().item() > 0 else None

    slots = {"network": TwoAtoms, "values": branching}
    trainer = Trainer(SMALL, range(2), **slots)
    for _ in trainer:
        pass
    assert trainer.how["values"] == "a loop over seeds"
    want = train(SMALL, range(2), network=Expectation)
    found = trainer.run()
    assert all(
        np.allclose(found.parameters[n], want.parameters[n], atol=1e-5) for n in want.parameters
    )


def test_values_of_the_librarys_network():
    """Left out, the output is the values; a function that doubles them makes another agent."""
    plain, doubled = train(SMALL, [0]), train(SMALL, [0], values=lambda q: 2 * q)
    assert same(plain, train(SMALL, [0], values=None))
    assert not same(plain, doubled)


def test_values_go_on_after_a_pause(tmp_path):
    slots = {"network": TwoAtoms, "values": expectation}
    half = Trainer(SMALL, [3], **slots)
    while half.steps < 140:
        half.step()
    half.save(tmp_path / "half")
    again = Trainer.load(tmp_path / "half", **slots)
    for _ in again:
        pass
    assert same(again.run(), train(SMALL, [3], **slots))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (lambda p: p, r"TwoAtoms, through .*, gave the shape \[2, 2, 2\] for two observations"),
        (lambda p: p.sum(), r"gave the shape \[\] .*expected \[2, 2\]"),
        (lambda p: p.nothing, r"failed on the output of the network of TwoAtoms .*AttributeError"),
        (lambda p: expectation(p).detach(), "values without a gradient"),
        (lambda p: expectation(p) / 0, "NaN or infinity"),
        (lambda p: None, "gave NoneType"),
    ],
)
def test_values_that_are_none_are_named(values, words):
    with pytest.raises(LearnerError, match=words):
        train(SMALL, [0], network=TwoAtoms, values=values)


# -- noise ---------------------------------------------------------------------------------------


def test_noise_is_independent_by_seed_and_drawn_anew():
    trainer = Trainer(SMALL, range(3), network=Noisy)
    seen = []
    for _ in trainer:
        seen.append([trainer.network(seed).noise.clone() for seed in range(3)])
    for some in (seen[0], seen[-1]):
        for a, b in ((0, 1), (0, 2), (1, 2)):
            assert not torch.allclose(some[a], some[b])
    assert not torch.equal(seen[0][0], seen[1][0])  # before each action
    online, target = trainer.network(1), trainer.network(1, target=True)
    assert not torch.equal(online.noise, target.noise)  # each has its own
    draws = np.array([[n.numpy() for n in some] for some in seen]).reshape(len(seen), 3, -1)
    assert np.abs(np.corrcoef(draws[:, :, 0].T) - np.eye(3)).max() < 0.25


def test_a_row_with_noise_is_what_its_seed_alone_gives():
    many, alone = train(SMALL, range(4), network=Noisy), train(SMALL, [2], network=Noisy)
    for name, array in alone.parameters.items():
        assert np.array_equal(array[0], many.parameters[name][2])
    assert np.array_equal(alone.eval_returns[0], many.eval_returns[2])


def test_noise_acts_in_training_and_is_off_in_evaluation():
    trainer = Trainer(SMALL.replace(steps=150), [0, 1], network=Noisy)
    for _ in trainer:
        pass
    assert trainer.network(0).training  # as it was before the evaluation
    run = trainer.run()
    assert "noise" in run.parameters
    found = evaluate(run, 5, network=Noisy)
    silent = evaluate(run, 5, network=lambda *shape: Silent(*shape).eval())
    assert np.array_equal(found, silent)
    assert not same(train(SMALL.replace(steps=150), [0, 1], network=Silent), run)


def test_noise_goes_on_after_a_pause(tmp_path):
    half = Trainer(SMALL, [3, 5], network=Noisy)
    while half.steps < 140:
        half.step()
    half.save(tmp_path / "half")
    again = Trainer.load(tmp_path / "half", network=Noisy)
    for _ in again:
        pass
    assert same(again.run(), train(SMALL, [3, 5], network=Noisy))


class Silent(Noisy):
    reset_noise = None


class OwnRandom(Noisy):
    def reset_noise(self, rng):
        self.noise.copy_(torch.randn(self.noise.shape))


class Fixed(Noisy):
    def reset_noise(self, rng):
        self.noise.fill_(0.3)


class Always(Noisy):
    def forward(self, obs):
        weight = self.last.weight + self.scale * self.noise
        return nn.functional.linear(torch.relu(self.first(obs)), weight, self.last.bias)


class NoArgument(Noisy):
    def reset_noise(self):
        pass


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (OwnRandom, "draws other noise each time from the same generator"),
        (Fixed, "gives the same noise whatever the generator says"),
        (Always, "is noisy in evaluation, too: leave the noise out where self.training is False"),
        (
            NoArgument,
            r"reset_noise of the network of NoArgument failed: TypeError.*reset_noise\(rng\)",
        ),
    ],
)
def test_noise_that_no_run_could_repeat_is_refused(network, words):
    with pytest.raises(LearnerError, match=words):
        train(SMALL, [0], network=network)


def test_a_network_without_noise_is_not_slowed_down():
    assert not Trainer(
        SMALL, [0], network=lambda o, n: QNetwork(o, n, (8,))
    )._networks.online.is_noisy
