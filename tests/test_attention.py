"""What a network of pixels attends to, against networks whose answer is known.

`tests/mutants/test_attention.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest
import torch
from torch import nn

from dqnlib.attention import effects_by_row, flip_effects, play_catch
from dqnlib.games import catch_agent


class Weighs(nn.Module):
    """Q(0) = the sum of weights × pixels, Q(1) = −10."""

    def __init__(self, weights):
        super().__init__()
        self.weights = torch.tensor(weights)

    def forward(self, obs):
        q = (obs * self.weights).flatten(1).sum(1)
        return torch.stack([q, torch.full_like(q, -10.0)], 1)


def test_a_pixels_effect_is_its_weight():
    network = Weighs([[[1.0, -2.0]], [[0.5, 0.0]]])  # [K, H, W] = [2, 1, 2]
    stack = np.array([[[0, 255]], [[255, 0]]], np.uint8)
    assert flip_effects(network, stack).tolist() == [[[1, 2]], [[0.5, 0]]]
    assert (flip_effects(network, stack, action=1) == 0).all()


class Follows(nn.Module):
    """Goes where the ball of one of the two frames is."""

    def __init__(self, frame):
        super().__init__()
        self.frame = frame

    def forward(self, obs):
        ball = obs[:, self.frame, :7].amax(1).argmax(1)
        paddle = (obs[:, 1, 7] * torch.arange(8)).sum(1) / obs[:, 1, 7].sum(1)
        side = torch.sign(ball - paddle).long() + 1
        return nn.functional.one_hot(side, 3).float()


def test_a_follower_catches_some_and_the_saved_agent_nearly_all():
    caught = play_catch(Follows(1), games=10)
    assert caught.shape == (10,)
    assert 1 < caught.mean() < 12
    assert play_catch(catch_agent(), games=10).mean() > 18


def test_the_order_of_the_frames_is_heeded():
    """To see the newest twice is to follow it in either frame."""
    twice = play_catch(Follows(0), games=6, order=(1, 1))
    assert twice.tolist() == play_catch(Follows(1), games=6).tolist()


def test_effects_by_row_of_a_network_that_looks_at_one_frame():
    class Newest(nn.Module):
        def forward(self, obs):
            seen = obs[:, 1, :7].sum((1, 2))
            return torch.stack([seen, seen - 1, seen - 1], 1)

    found = effects_by_row(Newest(), games=2)
    assert found["ball, newest frame"] == pytest.approx(np.ones(7))
    assert found["ball, frame before"] == pytest.approx(np.zeros(7))
    assert found["any pixel"] == pytest.approx(np.full(7, 56 / 128))
