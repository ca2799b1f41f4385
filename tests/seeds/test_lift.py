"""A learner's one-run function for many seeds: the same bits as a loop, or a loop.

`tests/mutants/seeds/test_lift.toml` lists the mutants that these tests kill.
"""

import pytest
import torch

from dqnlib import targets
from dqnlib.seeds.learner import LearnerError
from dqnlib.seeds.lift import Lifted

SEEDS = (5, 6, 9)


def where():
    return "at step 40"


def made_up(seed=0, s=3, b=8, a=2):
    rng = torch.Generator().manual_seed(seed)
    terminated = torch.rand(s, b, generator=rng) < 0.3
    return torch.randn(s, b, generator=rng), terminated, torch.randn(s, b, a, generator=rng)


def across(reward, terminated, next_q, gamma):
    return reward - reward.mean() + gamma * next_q.max(1).values * ~terminated


def sorts(reward, terminated, next_q, gamma):
    return reward.sort().values + 0 * gamma


def in_place(reward, terminated, next_q, gamma):
    value = next_q.max(1).values
    value[terminated] = 0
    return reward + gamma * value


def branches(reward, terminated, next_q, gamma):
    if terminated.any():
        return reward + gamma * next_q.max(1).values * ~terminated
    return reward * 0


def items(reward, terminated, next_q, gamma):
    scale = reward.abs().max().item()
    return reward / scale * scale


def writes_into_its_argument(reward, terminated, next_q, gamma):
    reward += gamma * next_q.max(1).values * ~terminated
    return reward


@pytest.mark.parametrize(
    ("function", "how"),
    [
        (targets.td_target, "one big batch"),
        (across, "vmap"),
        (sorts, "vmap"),
        (in_place, "a loop over seeds"),
        (branches, "a loop over seeds"),
        (items, "a loop over seeds"),
        (writes_into_its_argument, None),
    ],
)
def test_the_quickest_way_that_gives_the_same_bits(function, how):
    lifted = Lifted(function, SEEDS, where)
    assert lifted.how == ""
    for seed in range(3):
        tensors = made_up(seed)
        copies = [x.clone() for x in tensors]
        found = lifted(*tensors, extra=(0.9,))
        want = [function(*(x[k].clone() for x in copies), 0.9) for k in range(3)]
        assert torch.equal(found, torch.stack(want))
        assert all(torch.equal(a, b) for a, b in zip(tensors, copies, strict=True))
    assert how is None or lifted.how == how


@pytest.mark.parametrize("loss", [targets.mse_loss, targets.huber_loss])
def test_losses_and_their_gradients(loss):
    rng = torch.Generator().manual_seed(1)
    q = torch.randn(3, 8, 2, generator=rng)
    action, y = torch.randint(0, 2, (3, 8), generator=rng), torch.randn(3, 8, generator=rng)
    leaf = q.clone().requires_grad_()
    lifted = Lifted(loss, SEEDS, where, axes=0)
    value = lifted(leaf, action, y)
    assert lifted.how == "vmap"
    value.sum().backward()
    for k in range(3):
        one = q[k].clone().requires_grad_()
        own = loss(one, action[k], y[k])
        own.backward()
        assert torch.allclose(value[k], own)
        assert torch.allclose(leaf.grad[k], one.grad, atol=1e-7)


MISTAKES = [
    (lambda r, t, q, g: None, r"returned None at step 40, seed 5; expected .*\[8\]"),
    (lambda r, t, q, g: r[:, None], r"the shape \[8, 1\] at step 40, seed 5"),
    (lambda r, t, q, g: r.sum(), r"the shape \[\] at step 40, seed 5"),
    (lambda r, t, q, g: r.tolist(), "returned .* at step 40, seed 5"),
    (lambda r, t, q, g: r / 0, "NaN or infinity at step 40, seed 5"),
    (lambda r, t, q: r, "failed at step 40, seed 5: TypeError"),
]


@pytest.mark.parametrize(("function", "message"), MISTAKES)
def test_a_mistake_is_named(function, message):
    with pytest.raises(LearnerError, match=message):
        Lifted(function, SEEDS, where)(*made_up(), extra=(0.9,))


def test_the_seed_that_fails_is_named():
    reward, terminated, next_q = made_up()
    lifted = Lifted(targets.td_target, SEEDS, where)
    lifted(reward, terminated, next_q, extra=(0.9,))

    def picky(r, t, q, g):
        if (r > 100).any():
            raise ValueError("too much")
        return r

    lifted = Lifted(picky, SEEDS, where)
    lifted(reward, terminated, next_q, extra=(0.9,))
    reward[2, 3] = 1000
    with pytest.raises(LearnerError, match="picky failed at step 40, seed 9: ValueError: too much"):
        lifted(reward, terminated, next_q, extra=(0.9,))


def test_a_diverged_network_is_not_the_functions_fault():
    reward, terminated, next_q = made_up()
    next_q[1] = float("nan")
    lifted = Lifted(targets.td_target, SEEDS, where)
    found = lifted(reward, terminated, next_q, extra=(0.9,))
    assert torch.isfinite(found[[0, 2]]).all()
    assert not torch.isfinite(found[1]).all()


def test_choosing_leaves_the_global_generator_alone():
    def noisy(reward, terminated, next_q, gamma):
        torch.rand(3)
        return reward

    torch.manual_seed(0)
    first = torch.random.get_rng_state()
    lifted = Lifted(noisy, SEEDS, where)
    lifted._choose(made_up(), (0.9,))
    assert torch.equal(torch.random.get_rng_state(), first)


def test_the_way_is_chosen_again_for_another_number():
    def steered(reward, terminated, next_q, gamma):
        return reward - reward.mean() if gamma < 0.5 else reward * gamma

    lifted, tensors = Lifted(steered, SEEDS, where), made_up()
    for gamma, how in ((0.9, "one big batch"), (0.1, "vmap"), (0.9, "one big batch")):
        found = lifted(*tensors, extra=(gamma,))
        want = [steered(*(x[k] for x in tensors), gamma) for k in range(3)]
        assert torch.equal(found, torch.stack(want))
        assert lifted.how == how


def test_what_only_large_numbers_show_is_seen_beforehand():
    def careful(reward, terminated, next_q, gamma):
        return reward * (1 + (next_q.abs().max() > 500))

    lifted = Lifted(careful, SEEDS, where)
    reward, terminated, next_q = made_up()
    lifted(reward, terminated, next_q, extra=(0.9,))
    assert lifted.how == "vmap"
    next_q[1] *= 1e4  # one run's values run away; the other two know nothing of it
    found = lifted(reward, terminated, next_q, extra=(0.9,))
    assert torch.equal(found, reward * torch.tensor([1, 2, 1])[:, None])
