"""Rainbow's parts for many runs at once: against one run, against paper and pencil, against NumPy.

`tests/mutants/seeds/test_rainbow_parts.toml` lists the mutants that these tests kill.
"""

import copy

import numpy as np
import pytest
import torch
from support import Frames, straight_and_resumed

from dqnlib import targets
from dqnlib.agents import evaluate, network_of
from dqnlib.config import Config
from dqnlib.dqn import dqn
from dqnlib.networks import ConvNetwork, QNetwork, RainbowNetwork
from dqnlib.seeds.distributions import Expectation, project
from dqnlib.seeds.parts import PartsStack
from dqnlib.training import Trainer, train

pytestmark = pytest.mark.filterwarnings("ignore:.*outside the support")

SMALL = Config(
    steps=300, warmup=100, batch_size=16, capacity=256, hidden=(16, 8), sync_every=50,
    eval_every=100, eval_episodes=2, epsilon_steps=100, record_every=50,
)  # fmt: skip
ATOMS = {"atoms": 7, "v_min": 0.0, "v_max": 20.0}
PARTS = {
    "dueling": {"dueling": True},
    "noisy": {"noisy": True, "epsilon": 0.0, "final_epsilon": 0.0},
    "atoms": ATOMS,
    "atoms, Double, soft": {**ATOMS, "double": True, "target_epsilon": 0.3},
    "images": {"channels": (4,)},
    "all, of images": {
        "channels": (4,), "dueling": True, "noisy": True, **ATOMS, "double": True, "n_step": 3,
        "priority_alpha": 0.5,
    },
    "all": {
        "dueling": True, "noisy": True, **ATOMS, "double": True, "n_step": 3,
        "priority_alpha": 0.5,
    },
}  # fmt: skip
KINDS = [(d, n, k) for d in (False, True) for n in (False, True) for k in (1, 5)]


def grads_of(network) -> torch.Tensor:
    """A network's gradients in the order of a stack's."""
    found = dict(network.named_parameters())
    return torch.cat([found[name].grad.flatten() for name in PartsStack.order(network)])


def env_of(name: str):
    return Frames if "images" in name else None


def networks(s: int, *kind) -> list[RainbowNetwork]:
    made = []
    for seed in range(s):
        torch.manual_seed(seed)
        names = dict(zip(("dueling", "noisy", "atoms"), kind, strict=True))
        made.append(RainbowNetwork((4,), 3, (16, 8), **names))
    return made


def generators(s: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in range(s)]


# -- the stack ---------------------------------------------------------------------------------


def assert_the_stack_gives_what_each_gives(made, obs):
    """Outputs and gradients, with the same noise; made: S networks; obs: [S, B, *O]."""
    s = len(made)
    alone, stack = copy.deepcopy(made), PartsStack(made)
    if stack.is_noisy:
        stack.reset_noise(generators(s))
        for network, rng in zip(alone, generators(s), strict=True):
            network.reset_noise(rng)
    out, pull = stack.q_and_pull(obs)
    want = torch.stack([network(x) for network, x in zip(alone, obs, strict=True)])
    assert torch.allclose(out, want, atol=1e-6)
    slope = torch.randn(want.shape, generator=torch.Generator().manual_seed(1))
    pull(slope)
    want.backward(slope)
    for k, network in enumerate(alone):
        grads = grads_of(network)
        assert torch.allclose(stack.grad[k, : len(grads)], grads, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_stack_gives_what_each_network_gives(kind):
    obs = torch.randn(3, 6, 4, generator=torch.Generator().manual_seed(0))
    assert_the_stack_gives_what_each_gives(networks(3, *kind), obs)


def test_each_runs_own_network_sees_the_stacks_noise_and_parameters():
    stack = PartsStack(networks(2, True, True, 1))
    stack.reset_noise(generators(2))
    obs = torch.ones(2, 1, 4)
    found = torch.stack([m(x) for m, x in zip(stack.modules, obs, strict=True)])
    assert torch.allclose(stack.q(obs), found, atol=1e-6)
    stack.flat.mul_(0.5)
    again = torch.stack([m(x) for m, x in zip(stack.modules, obs, strict=True)])
    assert torch.allclose(stack.q(obs), again, atol=1e-6)
    assert not torch.allclose(found, again)


def test_noise_differs_by_run_and_is_off_in_evaluation():
    stack, obs = (
        PartsStack([*networks(1, False, True, 1), *networks(1, False, True, 1)]),
        torch.ones(2, 1, 4),
    )
    plain = stack.q(obs)
    assert torch.equal(plain[0], plain[1])  # no noise is drawn yet
    stack.reset_noise(generators(2))
    noisy = stack.q(obs)
    assert not torch.allclose(noisy[0], noisy[1])
    with stack.without_noise():
        assert torch.equal(stack.q(obs), plain)
    assert torch.equal(stack.q(obs), noisy)


@pytest.mark.parametrize("s", [1, 3])
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_one_observation_is_computed_as_many_are(kind, s):
    """With noise it is done in another way: without the noisy weights."""
    values = Expectation(torch.linspace(0, 4, 5)) if kind[2] > 1 else None
    stack = PartsStack(networks(s, *kind), values=values)
    if kind[1]:
        stack.reset_noise(generators(s))
    obs = np.random.default_rng(0).normal(size=(s, 4)).astype(np.float32)
    for _ in range(2):
        want = stack.q(torch.from_numpy(obs).unsqueeze(1)).squeeze(1)
        assert np.allclose(stack.q_of_one(obs), want, atol=1e-5)
        with stack.without_noise():
            plain = stack.q(torch.from_numpy(obs).unsqueeze(1)).squeeze(1)
            assert np.allclose(stack.q_of_one(obs), plain, atol=1e-5)
        stack.flat.mul_(0.5)


def test_a_copy_has_noise_of_its_own():
    online, target, _ = PartsStack(networks(2, False, True, 1)).with_target()
    online.reset_noise(generators(2))
    assert online.noise.drawn.any()
    assert not target.noise.drawn.any()


def test_without_parts_it_is_the_plain_network():
    torch.manual_seed(3)
    plain = QNetwork((4,), 2, (8,))
    torch.manual_seed(3)
    bare = RainbowNetwork((4,), 2, (8,))
    obs = torch.randn(5, 4)
    assert torch.equal(plain(obs), bare(obs))


# -- convolutions ------------------------------------------------------------------------------

IMAGES = {  # shape of an observation, channels, more of RainbowNetwork
    "one convolution": ((4, 6, 5), (16,), {}),
    "few filters": ((1, 5, 5), (3,), {}),
    "two": ((2, 7, 6), (5, 20), {}),
    "dueling": ((3, 5, 6), (8,), {"dueling": True}),
    "all parts": ((3, 5, 6), (8,), {"dueling": True, "noisy": True, "atoms": 5}),
}


def image_networks(s, shape, channels, parts):
    made = []
    for seed in range(s):
        torch.manual_seed(seed)
        if parts:
            made.append(RainbowNetwork(shape, 3, (8,), channels=channels, **parts))
        else:
            made.append(ConvNetwork(shape, 3, channels, (8,)))
    return made


@pytest.mark.parametrize("s", [1, 3])
@pytest.mark.parametrize("name", IMAGES)
def test_a_stack_of_image_networks_gives_what_each_gives(name, s):
    shape, *kind = IMAGES[name]
    obs = torch.rand(s, 4, *shape, generator=torch.Generator().manual_seed(0))
    assert_the_stack_gives_what_each_gives(image_networks(s, shape, *kind), obs)


@pytest.mark.parametrize("name", IMAGES)
def test_online_and_target_image_networks_are_computed_together(name):
    shape, *kind = IMAGES[name]
    online, target, both = PartsStack(image_networks(2, shape, *kind)).with_target()
    target.flat.mul_(0.5)
    for stack in (online, target):
        if stack.is_noisy:
            stack.reset_noise(generators(2))
    obs, next_obs = torch.rand(2, 2, 4, *shape, generator=torch.Generator().manual_seed(0))
    out, ahead, pull = both(obs, next_obs)
    assert torch.allclose(out, online.output(obs), atol=1e-6)
    assert torch.allclose(ahead, target.output(next_obs), atol=1e-6)
    pull(torch.ones_like(out))
    found = online.grad.clone()
    want, pull = online.q_and_pull(obs)
    pull(torch.ones_like(want))
    assert torch.allclose(found, online.grad, atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((4,), r"of the shape \(C, H, W\).*leave channels out"),
        (4, "leave channels out"),
        ((10, 10, 2), r"\(H, W, C\), with the channels last"),
    ],
)
def test_what_is_no_image_is_refused(shape, words):
    with pytest.raises(ValueError, match=words):
        ConvNetwork(shape, 2)


# -- training ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PARTS)
def test_a_row_is_what_its_seed_alone_gives(name):
    config = SMALL.replace(**PARTS[name])
    many = train(config, range(5), env=env_of(name))
    for seed in (0, 4):
        alone = train(config, [seed], env=env_of(name))
        assert np.array_equal(many.returns[seed], alone.returns[0])
        assert np.array_equal(many.eval_returns[seed], alone.eval_returns[0])
        for key, array in alone.parameters.items():
            assert np.array_equal(array[0], many.parameters[key][seed]), key


@pytest.mark.parametrize("name", PARTS)
def test_it_goes_on_bit_for_bit(name, tmp_path):
    config = SMALL.replace(**PARTS[name])
    a, b = straight_and_resumed(config, tmp_path, env=env_of(name))
    assert all(np.array_equal(a.parameters[n], b.parameters[n]) for n in a.parameters)
    assert np.array_equal(a.q, b.q, equal_nan=True)


@pytest.mark.parametrize("name", PARTS)
def test_the_results_play_and_give_their_networks(name):
    run = train(SMALL.replace(**PARTS[name]), [0, 1], env=env_of(name))
    assert evaluate(run, episodes=3, env=env_of(name)).shape == (2, 3)
    network = network_of(run, 1)
    assert isinstance(network, RainbowNetwork | ConvNetwork)
    k = (7,) if run.config.atoms > 1 else ()
    shape = (2, 3, 3) if env_of(name) else (4,)
    assert network(torch.zeros(5, *shape)).shape == (5, 2, *k)


def test_a_dueling_update_is_that_of_autograd():
    """One update of the trainer's against torch.autograd on one run's own network and loss."""
    config = SMALL.replace(
        dueling=True, steps=1_000, optimizer="sgd", learning_rate=0.1, eval_every=0
    )
    trainer = Trainer(config, [4])
    while trainer.steps < 100:
        trainer.step()
    before = copy.deepcopy(trainer.network(4))
    target = copy.deepcopy(trainer.network(4, target=True))
    trainer.step()
    batch = trainer._learned.batch
    obs, action, reward, next_obs, terminated = (field[0] for field in batch)
    y = targets.td_target(reward, terminated, target(next_obs), config.gamma)
    loss = targets.mse_loss(before(obs), action, y.detach())
    before.zero_grad()
    loss.backward()
    rate = config.learning_rate * (1 - 101 / 1_000)
    for p, after in zip(before.parameters(), trainer.network(4).parameters(), strict=True):
        assert torch.allclose(p - rate * p.grad, after, atol=1e-6)


# -- distributions -----------------------------------------------------------------------------


def test_projection_of_many_runs_equals_that_of_one():
    rng = torch.Generator().manual_seed(0)
    probs = torch.rand(3, 8, 6, generator=rng)
    probs /= probs.sum(-1, keepdim=True)
    reward = 4 * torch.randn(3, 8, generator=rng)
    terminated = torch.rand(3, 8, generator=rng) < 0.3
    support = torch.linspace(-3, 5, 6)
    found = project(probs, reward, terminated, 0.9, support)
    for k in range(3):
        want = targets.project_distribution(probs[k], reward[k], terminated[k], 0.9, support)
        assert torch.allclose(found[k], want, atol=1e-6)
    assert torch.allclose(found.sum(-1), torch.ones(3, 8), atol=1e-6)


def test_expectation_by_hand():
    support = torch.tensor([0.0, 10.0])
    logits = torch.tensor([[[0.0, 0.0], [0.0, np.log(3)]]])  # ½ ½; ¼ ¾
    assert torch.allclose(Expectation(support)(logits.float()), torch.tensor([[5.0, 7.5]]))


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


@pytest.mark.parametrize("double", [False, True])
@pytest.mark.parametrize("epsilon", [0.0, 0.4])
def test_an_update_of_distributions_against_numpy(double, epsilon):
    """Loss, priorities and gradient of the logits of one update, written out in NumPy."""
    config = SMALL.replace(**ATOMS, double=double, target_epsilon=epsilon, steps=1_000)
    trainer = Trainer(config, [4])
    while trainer.steps < 130:
        trainer.step()
    trainer._networks.target.flat.neg_()  # so that the two prefer different actions
    online, target = (copy.deepcopy(trainer.network(4, target=t)) for t in (False, True))
    trainer.step()
    obs, action, reward, next_obs, terminated = (f[0] for f in trainer._learned.batch)
    with torch.no_grad():
        logits, next_logits = online(obs).numpy(), target(next_obs).numpy()
        ahead = online(next_obs).numpy()
    support = np.linspace(0, 20, 7)
    probs = softmax(next_logits)
    best = ((softmax(ahead) if double else probs) @ support).argmax(-1)
    rows = np.arange(len(best))
    after = (1 - epsilon) * probs[rows, best] + epsilon * probs.mean(1)
    y = np.zeros_like(after)
    for b in range(len(best)):
        for atom, p in zip(support, after[b], strict=True):
            landed = np.clip(float(reward[b]) + 0.99 * atom * (not terminated[b]), 0, 20)
            place = landed / (20 / 6)
            low = min(int(place), 5)
            y[b, low] += p * (low + 1 - place)
            y[b, low + 1] += p * (place - low)
    chosen = softmax(logits[rows, action.numpy()])
    error = -(y * np.log(chosen)).sum(-1)
    assert np.allclose(trainer._learned.error[0].numpy(), error, atol=1e-4)
    assert trainer._learned.loss[0].item() == pytest.approx(error.mean(), abs=1e-4)
    gradient = np.zeros_like(logits)
    gradient[rows, action.numpy()] = (chosen - y) / len(best)
    online.zero_grad()
    online(obs).backward(torch.from_numpy(gradient))
    grads = grads_of(online)
    assert torch.allclose(trainer._networks.online.grad[0, : len(grads)], grads, atol=1e-5)


# -- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"atoms": 51}, r"51 atoms need the returns .* give v_min and v_max"),
        ({"atoms": 51, "v_min": 3, "v_max": 3}, "v_min must lie below v_max"),
        ({"atoms": 0}, "atoms must be"),
        ({"noisy": 1}, "noisy must be True or False"),
        ({"v_min": "low"}, "v_min must be"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        Config(**settings)


@pytest.mark.parametrize(
    ("settings", "slots", "words"),
    [
        ({"dueling": True, "noisy": True}, {"network": QNetwork}, "dueling and noisy say what the"),
        (
            ATOMS,
            {"td_target": lambda r, t, q, g: r},
            "distributions, for which your own",
        ),
        (ATOMS, {"loss": lambda q, a, y: q.sum()}, "your own loss is not made"),
    ],
)
def test_parts_and_functions_that_exclude_each_other(settings, slots, words):
    with pytest.raises(ValueError, match=words):
        Trainer(SMALL.replace(**settings), [0], **slots)


@pytest.mark.parametrize(
    "name",
    ["priority_alpha", "dueling", "noisy", "atoms", "channels", "reward_clip", "life_loss"],
)
def test_plain_dqn_refuses_what_it_does_not_do(name):
    value = {"priority_alpha": 0.5, "atoms": 3, "channels": (4,), "reward_clip": 1}.get(name, True)
    config = SMALL.replace(v_min=0, v_max=1, **{name: value})
    with pytest.raises(ValueError, match=f"plain DQN, which knows no {name}: train"):
        dqn(config)


def test_targets_outside_the_support_are_told_of_once():
    """A pole that balances 20 steps is worth more than 5."""
    config = SMALL.replace(atoms=7, v_min=0.0, v_max=5.0, learning_rate=0.01)
    words = r"at step \d+, seed \d: \d+% of what targets look for lies outside the support, v_min=0"
    with pytest.warns(UserWarning, match=words) as told:
        train(config, [0, 1])
    assert len([w for w in told if "outside the support" in str(w.message)]) == 1


@pytest.mark.filterwarnings("error")
def test_nothing_is_told_where_the_support_is_wide_enough():
    train(SMALL.replace(atoms=21, v_min=0.0, v_max=100.0), [0, 1])
