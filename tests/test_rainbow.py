"""Rainbow's training step of one run: on paper, and as the oracle of the trainer.

`tests/mutants/test_rainbow.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest
import torch

from dqnlib import networks
from dqnlib.config import Config
from dqnlib.rainbow import rainbow_loss, rainbow_target
from dqnlib.training import Trainer

SUPPORT = torch.linspace(0, 20, 11)
SMALL = Config(
    steps=400, warmup=100, batch_size=16, capacity=256, hidden=(16, 8), sync_every=50,
    eval_every=0, record_every=50, n_step=3, gamma=0.9, priority_alpha=0.5,
    epsilon=0.0, final_epsilon=0.0,
)  # fmt: skip
RAINBOW = SMALL.replace(double=True, dueling=True, noisy=True, atoms=11, v_min=0.0, v_max=20.0)


def network(obs_shape, n_actions):
    parts = {"dueling": True, "noisy": True, "atoms": 11}
    return networks.RainbowNetwork(obs_shape, n_actions, (16, 8), **parts)


def means(logits):
    assert logits.ndim == 3  # of one run: [B, A, K]
    return (logits.softmax(dim=2) * SUPPORT).sum(dim=2)


def update(online, target, optimizer, batch, gamma):
    with torch.no_grad():
        y = rainbow_target(
            online(batch.next_obs), target(batch.next_obs), batch.reward, batch.terminated, gamma,
            SUPPORT,
        )  # fmt: skip
    loss, error = rainbow_loss(online(batch.obs), batch.action, y, batch.weight)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), error


SLOTS = {"network": network, "values": means, "update": update}


def parameters(trainer, seed):
    return [p.detach().numpy().copy() for p in trainer.network(seed).parameters()]


@pytest.mark.filterwarnings("ignore:.*outside the support")
@pytest.mark.parametrize("seeds", [[0], [3, 1]])
def test_one_update_of_the_trainer_is_one_of_these(seeds):
    mine, many = Trainer(SMALL, seeds, **SLOTS), Trainer(RAINBOW, seeds)
    while mine.steps < 100:
        mine.step()
        many.step()
    before = {seed: parameters(mine, seed) for seed in seeds}
    for step in (101, 102, 103):
        mine.step()
        many.step()
        for seed in seeds:
            found = zip(parameters(mine, seed), parameters(many, seed), strict=True)
            assert all(np.allclose(a, b, atol=1e-5) for a, b in found), (seed, step)
    assert not np.allclose(before[seeds[0]][0], parameters(mine, seeds[0])[0], atol=1e-4)
    one, other = mine.run().loss, many.run().loss
    assert np.allclose(one, other, atol=1e-4, equal_nan=True)


def test_the_buffer_is_told_the_same_priorities():
    mine, many = Trainer(SMALL, [0, 1], **SLOTS), Trainer(RAINBOW, [0, 1])
    for _ in range(110):
        mine.step()
        many.step()
    kept = [trainer._replay.priorities.state(60) for trainer in (mine, many)]
    flat = [np.concatenate([np.ravel(v) for v in state.values()]) for state in kept]
    assert np.allclose(*flat, atol=1e-4)
    assert len(np.unique(flat[0].round(4))) > 20


def test_the_greedy_action_is_of_the_means_whatever_the_batch():
    online = torch.log(torch.tensor([[[0.5, 0.5], [0.1, 0.9]], [[0.2, 0.8], [0.5, 0.5]]]))
    target = torch.log(torch.tensor([[[0.3, 0.7], [0.25, 0.75]], [[0.6, 0.4], [0.9, 0.1]]]))
    found = rainbow_target(
        online, target, torch.tensor([0.0, 0.5]), torch.tensor([False, False]), 0.5,
        torch.tensor([0.0, 1.0]),
    )  # fmt: skip
    # row 0: action 1, 0.25 on 0 and 0.75 on ½; row 1: action 0, 0.6 on ½ and 0.4 on 1
    assert torch.allclose(found, torch.tensor([[0.625, 0.375], [0.3, 0.7]]))


def test_the_gradient_is_that_of_the_action_taken():
    logits = torch.zeros(2, 2, 2, requires_grad=True)
    target = torch.tensor([[1.0, 0.0], [0.25, 0.75]])
    loss, error = rainbow_loss(logits, torch.tensor([1, 0]), target, torch.tensor([1.0, 0.5]))
    (slope,) = torch.autograd.grad(loss, logits)
    # weight (p − target) / 2, p = ½
    want = torch.tensor([[[0, 0], [-0.25, 0.25]], [[0.0625, -0.0625], [0, 0]]])
    assert torch.allclose(slope, want)
    assert torch.allclose(error, torch.full((2,), np.log(2.0)).float())
    assert not error.requires_grad
