"""Targets, losses and updates, against numbers worked by hand and against a DQN in NumPy.

`NumpyDQN` is one run of DQN with forward pass, backward pass and optimizers written out; it shares
no code with the library. The training step of lesson 04 and the trainer of many seeds must both
give its parameters.

`tests/mutants/test_targets.toml` lists the mutants that these tests kill.
"""

import copy
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support import Branching, Noise, Viewed
from torch import nn

from dqnlib import targets
from dqnlib.config import Config
from dqnlib.data import Batch
from dqnlib.networks import QNetwork
from dqnlib.policies import linear_schedule, random_streams
from dqnlib.seeds import learning
from dqnlib.training import Trainer

GAMMA = 0.5
REWARD = torch.tensor([1.0, 2.0, -3.0, 4.0])
TERMINATED = torch.tensor([False, True, False, True])
# the largest value is at 2, 0, 1, 2; the online network below prefers 0, 2, 2, 1
NEXT_Q = torch.tensor([[1.0, -2.0, 8.0], [9.0, 3.0, 5.0], [-6.0, -1.0, -4.0], [0.0, 1.0, 7.0]])
ONLINE_NEXT_Q = torch.tensor([[5.0, 4.0, 3.0], [0.0, 1.0, 2.0], [-9.0, -8.0, 0.0], [1.0, 3.0, 2.0]])


def random_batch(seed: int, b: int = 6, o: int = 5, a: int = 3) -> Batch:
    g = torch.Generator().manual_seed(seed)
    return Batch(
        obs=torch.randn(b, o, generator=g),
        action=torch.randint(a, (b,), generator=g),
        reward=2 * torch.randn(b, generator=g),
        next_obs=torch.randn(b, o, generator=g),
        terminated=torch.rand(b, generator=g) < 0.4,
    )


# -- the formulas, by hand ---------------------------------------------------------------------


def test_td_target_by_hand():
    # 1 + ½ · 8; 2; −3 + ½ · (−1); 4
    found = targets.td_target(REWARD, TERMINATED, NEXT_Q, GAMMA)
    assert found.tolist() == [5.0, 2.0, -3.5, 4.0]
    assert found.shape == (4,)


def test_lambda_returns_by_hand():
    reward = torch.tensor([[1.0, 2.0, 4.0], [1.0, 2.0, 4.0], [1.0, 2.0, 4.0]])
    value = torch.tensor([[10.0, 20.0, 40.0]] * 3)
    no = [False, False, False]
    terminated = torch.tensor([no, [False, True, False], no])
    truncated = torch.tensor([no, no, [False, True, False]])
    found = targets.lambda_return(reward, terminated, truncated, value, 0.5, 0.25)
    # the last step of each row: 4 + ½ · 40 = 24
    # row 0: 2 + ½ (¾ · 20 + ¼ · 24) = 12.5; 1 + ½ (¾ · 10 + ¼ · 12.5) = 6.3125
    # row 1: 2, for it terminated; 1 + ½ (¾ · 10 + ¼ · 2) = 5
    # row 2: 2 + ½ · 20 = 12, for it was cut; 1 + ½ (¾ · 10 + ¼ · 12) = 6.25
    assert found.tolist() == [[6.3125, 12.5, 24.0], [5.0, 2.0, 24.0], [6.25, 12.0, 24.0]]


@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(1, 6))
def test_lambda_returns_lie_between_one_step_and_the_whole_row(seed, e, t):
    rng = torch.Generator().manual_seed(seed)
    reward, value = (torch.randn(e, t, generator=rng) for _ in range(2))
    terminated, truncated = (torch.rand(e, t, generator=rng) < 0.3 for _ in range(2))
    truncated &= ~terminated
    given = reward, terminated, truncated, value, 0.9
    one_step = reward + 0.9 * value * ~terminated
    assert torch.allclose(targets.lambda_return(*given, 0.0), one_step)
    if not truncated.any():
        whole = targets.n_step_return(reward, terminated, value[:, -1], 0.9)
        assert torch.allclose(targets.lambda_return(*given, 1.0)[:, 0], whole, atol=1e-5)


def test_expected_sarsa_target_by_hand():
    # greedy 8 and -1, by chance 7/3 and -11/3: 1 + ½ (0.4 · 8 + 0.6 · 7/3), −3 + ½ (−0.4 − 2.2)
    found = targets.expected_sarsa_target(REWARD, TERMINATED, NEXT_Q, GAMMA, 0.6)
    assert torch.allclose(found, torch.tensor([3.3, 2.0, -4.3, 4.0]))
    none = targets.expected_sarsa_target(REWARD, TERMINATED, NEXT_Q, GAMMA, 0)
    assert none.tolist() == [5.0, 2.0, -3.5, 4.0]
    chance = targets.expected_sarsa_target(REWARD, TERMINATED, NEXT_Q, GAMMA, 1)
    assert torch.allclose(chance, torch.tensor([1 + 7 / 6, 2.0, -3 - 11 / 6, 4.0]))


def test_double_td_target_by_hand():
    # the online network selects 0, 2, 2, 1: 1 + ½ · 1; 2; −3 + ½ · (−4); 4
    found = targets.double_td_target(REWARD, TERMINATED, ONLINE_NEXT_Q, NEXT_Q, GAMMA)
    assert found.tolist() == [1.5, 2.0, -5.0, 4.0]
    assert found.shape == (4,)


@pytest.mark.parametrize("b", [1, 2])
def test_targets_of_one_row_and_of_one_action_keep_their_shape(b):
    reward, terminated = REWARD[:b], torch.zeros(b, dtype=torch.bool)
    assert targets.td_target(reward, terminated, NEXT_Q[:b, :1], 1.0).shape == (b,)
    both = (NEXT_Q[:b, :1], NEXT_Q[:b, :1])
    assert targets.double_td_target(reward, terminated, *both, 1.0).shape == (b,)


def test_the_first_of_equal_values_is_selected():
    online = torch.tensor([[1.0, 3.0, 3.0]])
    found = targets.double_td_target(
        torch.zeros(1), torch.tensor([False]), online, torch.tensor([[0.0, 10.0, 20.0]]), 1.0
    )
    assert found.tolist() == [10.0]


# TD errors Q(s, a) − y of the actions 1, 0, 2: 0.5, −1, 3
Q = [[7.0, 1.5, 7.0], [1.0, -9.0, 0.0], [0.0, 5.0, 4.0]]
ACTION = torch.tensor([1, 0, 2])
Y = [1.0, 2.0, 1.0]


@pytest.mark.parametrize(
    ("loss", "value", "slopes"),
    [
        # ½ (0.25 + 1 + 9) / 3; the gradient is the TD error over B
        (targets.mse_loss, 10.25 / 6, [0.5 / 3, -1 / 3, 3 / 3]),
        # ½ 0.25, ½ 1, 3 − ½; the gradient is clipped to ±1
        (targets.huber_loss, (0.125 + 0.5 + 2.5) / 3, [0.5 / 3, -1 / 3, 1 / 3]),
    ],
)
def test_losses_by_hand(loss, value, slopes):
    q, y = torch.tensor(Q, requires_grad=True), torch.tensor(Y, requires_grad=True)
    found = loss(q, ACTION, y)
    assert found.shape == ()
    assert found.item() == pytest.approx(value)
    found.backward()
    want = torch.zeros(3, 3)
    want[torch.arange(3), ACTION] = torch.tensor(slopes)
    assert torch.allclose(q.grad, want)
    assert y.grad is None  # nothing flows into the target


@pytest.mark.parametrize("error", [-1.001, -1.0, -0.999, 0.0, 0.999, 1.0, 1.001, 50.0])
def test_huber_turns_at_an_error_of_one(error):
    q = torch.tensor([[error]], requires_grad=True)
    loss = targets.huber_loss(q, torch.tensor([0]), torch.tensor([0.0]))
    assert loss.item() == pytest.approx(error**2 / 2 if abs(error) <= 1 else abs(error) - 0.5)
    loss.backward()
    assert q.grad.item() == pytest.approx(max(-1, min(1, error)))


# -- copies ------------------------------------------------------------------------------------


def two_networks() -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    return QNetwork(5, 3, (7, 6)), QNetwork(5, 3, (7, 6))


def parameters(module: nn.Module) -> list[np.ndarray]:
    return [p.detach().numpy().astype(float) for p in module.parameters()]


UPDATES = {
    "hard": (targets.hard_update, 1.0),
    "polyak": (lambda online, target: targets.polyak_update(online, target, 0.25), 0.25),
    "polyak, all the way": (lambda o, t: targets.polyak_update(o, t, 1.0), 1.0),
    "polyak, nothing": (lambda o, t: targets.polyak_update(o, t, 0.0), 0.0),
}


@pytest.mark.parametrize("name", UPDATES)
def test_updates_of_the_target_network(name):
    update, tau = UPDATES[name]
    online, target = two_networks()
    before, old = parameters(online), parameters(target)
    kept = list(target.parameters())
    with torch.no_grad():
        assert update(online, target) is None
    for p, q, fresh, frozen in zip(kept, target.parameters(), before, old, strict=True):
        assert p is q  # in place: an optimizer, or a stack, holds the same parameters
        assert p.requires_grad
        want = tau * fresh + (1 - tau) * frozen
        assert np.allclose(p.detach().numpy(), want, atol=1e-7)
        if tau in (0, 1):
            assert np.array_equal(p.detach().numpy().astype(float), want)
    assert all(map(np.array_equal, parameters(online), before))
    for p in online.parameters():  # a copy, not the same memory
        p.data.fill_(99.0)
    assert all((p < 9).all() for p in parameters(target))


def test_updates_make_no_graph():
    online, target = two_networks()
    targets.hard_update(online, target)
    targets.polyak_update(online, target, 0.5)
    assert all(p.grad_fn is None for p in target.parameters())


# -- DQN for one run in NumPy --------------------------------------------------------------------


class NumpyDQN:
    """One run of DQN in float64: ReLU layers, their gradients, the optimizer, the two networks."""

    def __init__(self, online, target, *, gamma, double=False, loss="mse", optimizer="adam"):
        self.online, self.target = parameters(online), parameters(target)
        self.gamma, self.double, self.loss, self.optimizer = gamma, double, loss, optimizer
        self.t = 0
        self.m = [np.zeros_like(p) for p in self.online]
        self.v = [np.zeros_like(p) for p in self.online]
        self.norms = []  # of the gradients before clipping

    @staticmethod
    def forward(parameters, x) -> list[np.ndarray]:
        """-> the input of each layer, and the action values at the end"""
        kept = [x]
        for k in range(0, len(parameters), 2):
            x = x @ parameters[k].T + parameters[k + 1]
            if k < len(parameters) - 2:
                x = np.maximum(x, 0)
            kept.append(x)
        return kept

    def update(self, batch, rate, max_norm=math.inf) -> tuple[float, float]:
        """Learn from a batch. -> the loss, and the mean of the largest action values"""
        obs, action, reward, next_obs, terminated = (np.asarray(x) for x in batch[:5])
        rows = np.arange(len(action))
        next_q = self.forward(self.target, next_obs.astype(float))[-1]
        judge = self.forward(self.online, next_obs.astype(float))[-1] if self.double else next_q
        following = np.where(terminated, 0.0, next_q[rows, judge.argmax(1)])
        kept = self.forward(self.online, obs.astype(float))
        q = kept[-1]
        error = q[rows, action] - (reward + self.gamma * following)
        small = np.abs(error) <= 1
        if self.loss == "mse":
            loss, slope = error**2 / 2, error
        else:
            loss = np.where(small, error**2 / 2, np.abs(error) - 0.5)
            slope = np.where(small, error, np.sign(error))
        d = np.zeros_like(q)
        d[rows, action] = slope / len(rows)
        gradient = []
        for k in reversed(range(0, len(self.online), 2)):
            x = kept[k // 2]
            gradient = [d.T @ x, d.sum(0), *gradient]
            d = (d @ self.online[k]) * (x > 0)
        norm = math.sqrt(sum((g**2).sum() for g in gradient))
        self.norms.append(norm)
        self.step([g * min(1, max_norm / norm) for g in gradient], rate)
        return loss.mean(), q.max(1).mean()

    def step(self, gradient, rate) -> None:
        self.t += 1
        for p, g, m, v in zip(self.online, gradient, self.m, self.v, strict=True):
            if self.optimizer == "sgd":
                p -= rate * g
            elif self.optimizer == "rmsprop":
                v += 0.01 * (g**2 - v)
                p -= rate * g / (np.sqrt(v) + 1e-8)
            else:
                m += 0.1 * (g - m)
                v += 0.001 * (g**2 - v)
                unbiased = m / (1 - 0.9**self.t), v / (1 - 0.999**self.t)
                p -= rate * unbiased[0] / (np.sqrt(unbiased[1]) + 1e-8)

    def sync(self, tau) -> None:
        for p, old in zip(self.online, self.target, strict=True):
            old += tau * (p - old)


def close(found: nn.Module, want: list[np.ndarray]) -> bool:
    return all(map(lambda a, b: np.allclose(a, b, atol=1e-5), parameters(found), want))


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_dqn_update_against_numpy(optimizer):
    online, target = two_networks()
    kind = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[optimizer]
    torch_optimizer = kind(online.parameters(), lr=0.01)
    plain = NumpyDQN(online, target, gamma=0.9, optimizer=optimizer)
    for p in online.parameters():
        p.grad = torch.full_like(p, 100.0)  # left over from something else
    for seed in range(3):
        batch = random_batch(seed)
        kept = copy.deepcopy(batch)
        found = targets.dqn_update(online, target, torch_optimizer, batch, 0.9)
        want, _ = plain.update(batch, 0.01)
        assert type(found) is float
        assert found == pytest.approx(want, rel=1e-5)
        assert close(online, plain.online)
        assert all(map(torch.equal, batch[:5], kept[:5]))
    assert close(target, plain.target)
    assert all(p.grad is None for p in target.parameters())


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_double_dqn_step_against_numpy(optimizer):
    online, target = two_networks()
    kind = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[optimizer]
    torch_optimizer = kind(online.parameters(), lr=0.01)
    double = NumpyDQN(online, target, gamma=0.9, double=True, loss="huber", optimizer=optimizer)
    plain = NumpyDQN(online, target, gamma=0.9, loss="huber", optimizer=optimizer)
    batch = random_batch(4)
    with torch.no_grad():
        y = targets.double_td_target(
            batch.reward, batch.terminated, online(batch.next_obs), target(batch.next_obs), 0.9
        )
    loss = targets.huber_loss(online(batch.obs), batch.action, y)
    torch_optimizer.zero_grad()
    loss.backward()
    torch_optimizer.step()
    want, _ = double.update(batch, 0.01)
    assert loss.item() == pytest.approx(want, rel=1e-5)
    assert close(online, double.online)
    plain.update(batch, 0.01)
    assert not close(online, plain.online)  # so this batch tells the two apart


# -- the trainer of many seeds against the same ----------------------------------------------------


def make(kind):
    return lambda obs_shape, n_actions: kind(obs_shape, n_actions, (7, 6))


def drive(config: Config, seeds, **slots) -> tuple[Trainer, list[NumpyDQN]]:
    """Drive the trainer and one NumPy run a seed with the same batches; compare at each step."""
    seen = {}
    record = {"seen": lambda moment: seen.update({moment.seed: moment}) or 0.0}
    trainer = Trainer(config, seeds, env=Noise, record=record, **slots)
    plain = []
    for seed in seeds:
        torch.manual_seed(random_streams(seed).network_seed)
        made = slots.get("network", make(QNetwork))((5,), 3)
        settings = {name: getattr(config, name) for name in ("gamma", "double", "loss")}
        plain.append(NumpyDQN(made, made, optimizer=config.optimizer, **settings))
    losses, values, updates = [], [], []
    while not trainer.done:
        trainer.step()
        t = trainer.steps
        rate = config.learning_rate + t / config.steps * (
            config.final_learning_rate - config.learning_rate
        )
        ready = t >= config.batch_size and t > config.warmup and t % config.update_every == 0
        updates += [t - 1] * ready
        for seed, one in zip(seeds, plain, strict=True):
            if ready:
                loss, q = one.update(seen[seed].batch, rate, config.max_grad_norm)
                losses.append(loss)
                values.append(q)
            if t % config.sync_every == 0:
                one.sync(config.tau)
            assert close(seen[seed].online, one.online)
            assert close(seen[seed].target, one.target)
    run = trainer.run()
    assert len(updates) > 4
    assert np.allclose(run.loss[:, updates].T.ravel(), losses, rtol=1e-4)
    if "update" not in slots:  # there it is looked up after the update
        assert np.allclose(run.q[:, updates].T.ravel(), values, rtol=1e-4, atol=1e-5)
    return trainer, plain


CONFIG = Config(
    steps=12, batch_size=6, capacity=9, warmup=0, sync_every=4, gamma=0.9, hidden=(7, 6),
    learning_rate=0.01, final_learning_rate=0.002, record_every=1, eval_every=0, device="cpu",
)  # fmt: skip
SEEDS = (3, 0, 8)


@pytest.mark.parametrize("max_grad_norm", [math.inf, 0.4])
@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "sgd"])
@pytest.mark.parametrize("loss", ["mse", "huber"])
@pytest.mark.parametrize("double", [False, True])
def test_the_trainer_against_numpy(double, loss, optimizer, max_grad_norm):
    config = CONFIG.replace(
        double=double, loss=loss, optimizer=optimizer, max_grad_norm=max_grad_norm
    )
    _, plain = drive(config, SEEDS)
    if max_grad_norm == 0.4:  # some gradients are cut, others are not, in the same update
        cut = np.array([one.norms for one in plain]) > 0.4
        assert (cut.any(0) & ~cut.all(0)).any()


@pytest.mark.parametrize("double", [False, True])
def test_polyak_updates_against_numpy(double):
    drive(CONFIG.replace(tau=0.3, sync_every=2, update_every=2, steps=17, double=double), SEEDS)


@pytest.mark.parametrize("double", [False, True])
@pytest.mark.parametrize("kind", [Viewed, Branching])
def test_the_slower_stacks_against_numpy(kind, double):
    config = CONFIG.replace(double=double, max_grad_norm=1.0, tau=0.5)
    trainer, _ = drive(config, SEEDS, network=make(kind))
    want = {Viewed: "all seeds at once, by vmap", Branching: "a loop over seeds"}[kind]
    assert trainer.how == {"network": want}


def test_a_learners_functions_against_numpy():
    def td_target(reward, terminated, next_q, gamma):
        best = next_q.max(dim=1).values
        best[terminated] = 0
        return reward + gamma * best

    def double_td_target(reward, terminated, online_next_q, target_next_q, gamma):
        best = target_next_q[torch.arange(len(reward)), online_next_q.argmax(1)]
        return reward + gamma * best * (1 - terminated.float())

    def loss(q, action, td_target):
        return ((q[torch.arange(len(q)), action] - td_target) ** 2).mean() / 2

    drive(CONFIG, SEEDS, td_target=td_target, loss=loss)
    drive(CONFIG.replace(double=True), SEEDS, td_target=double_td_target, loss=loss)
    drive(CONFIG, SEEDS, update=lambda *args: targets.dqn_update(*args))
    drive(
        CONFIG.replace(tau=0.3), SEEDS,
        sync_target=lambda online, target, tau: targets.polyak_update(online, target, tau),
    )  # fmt: skip


def test_one_seed_alone_against_numpy():
    drive(CONFIG.replace(max_grad_norm=0.7, double=True), (5,))


# -- many seeds at once: the same formulas ---------------------------------------------------------


def many(seed: int, s: int = 4, b: int = 6, a: int = 3):
    g = torch.Generator().manual_seed(seed)
    q, next_q, online = (2 * torch.randn(s, b, a, generator=g) for _ in range(3))
    action, reward = torch.randint(a, (s, b), generator=g), torch.randn(s, b, generator=g)
    return q, action, reward, torch.rand(s, b, generator=g) < 0.4, next_q, online


@pytest.mark.parametrize("b", [1, 6])
def test_stacked_targets_equal_those_of_one_run(b):
    _, _, reward, terminated, next_q, online = many(0, b=b)
    next_q[0, 0] = 1.0  # equal values
    plain = learning.td_target(reward, terminated, next_q, 0.9)
    double = learning.double_td_target(reward, terminated, online, next_q, 0.9)
    assert plain.shape == double.shape == (4, b)
    for k in range(4):
        one = reward[k], terminated[k]
        assert torch.equal(plain[k], targets.td_target(*one, next_q[k], 0.9))
        assert torch.equal(double[k], targets.double_td_target(*one, online[k], next_q[k], 0.9))


@pytest.mark.parametrize("kind", ["mse", "huber"])
@pytest.mark.parametrize("b", [1, 6])
def test_stacked_losses_and_gradients_equal_those_of_one_run(kind, b):
    q, action, y, *_ = many(1, b=b)
    y[0, 0] = q[0, 0, action[0, 0]] - 1  # an error of one
    error = learning.td_errors(q, action, y)
    value = learning.loss_value(kind, error)
    gradient = learning.loss_gradient(kind, q, action, error)
    one_run = {"mse": targets.mse_loss, "huber": targets.huber_loss}[kind]
    for k in range(4):
        leaf = q[k].clone().requires_grad_()
        want = one_run(leaf, action[k], y[k])
        want.backward()
        assert torch.allclose(value[k], want.detach(), rtol=1e-6)
        assert torch.allclose(gradient[k], leaf.grad, rtol=1e-6, atol=0)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["mse", "huber"])
@pytest.mark.parametrize("b", [1, 6, 50])
def test_numpy_gives_the_same_bits(kind, b, weighted):
    q, action, reward, terminated, next_q, _ = many(2, b=b)
    reward[1, 0] = math.nan  # a lost run stays lost, and alone
    next_q[2, 0, 1] = math.inf
    weight = torch.rand(4, b) if weighted else None
    before = [x.clone() for x in (q, action, reward, terminated, next_q)]
    for layout in (lambda x: x, lambda x: x.mT.contiguous().mT):  # of a narrow last layer
        q, next_q = layout(q), layout(next_q)
        found = learning.errors_and_gradient(
            kind, q, action, reward, terminated, next_q, 0.9, weight
        )
        error = learning.td_errors(q, action, learning.td_target(reward, terminated, next_q, 0.9))
        want = error, learning.loss_gradient(kind, q, action, error, weight)
        for mine, theirs in zip(found, want, strict=True):
            assert mine.dtype == theirs.dtype
            assert np.array_equal(mine, theirs, equal_nan=True)
    for x, kept in zip((q, action, reward, terminated, next_q), before, strict=True):
        assert np.array_equal(x, kept, equal_nan=True)


def test_gradients_are_clipped_a_row_at_a_time():
    grad = torch.tensor([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0], [30.0, -40.0], [math.nan, 1.0]])
    learning.clip_gradients(grad, 1.0)
    want = [[0.6, 0.8], [0.3, 0.4], [0.0, 0.0], [0.6, -0.8]]
    assert torch.allclose(grad[:4], torch.tensor(want))  # a lost run does not spoil the others
    assert grad[4].isnan().any()


# -- how ε, and the learning rate, go down ---------------------------------------------------------


def test_linear_schedule_by_hand():
    steps = [0, 1, 2, 4, 5, 1000]
    assert [linear_schedule(t, 1.0, 0.2, 4) for t in steps] == pytest.approx(
        [1.0, 0.8, 0.6, 0.2, 0.2, 0.2]
    )
    assert linear_schedule(0, 1.0, 0.2, 0) == 0.2
    assert linear_schedule(3, 0.1, 0.5, 6) == pytest.approx(0.3)


def test_random_streams_are_reproducible_and_apart():
    a, b, again = random_streams(4), random_streams(5), random_streams(4)
    for name in ("env_seed", "network_seed", "eval_seed"):
        assert getattr(a, name) == getattr(again, name) != getattr(b, name)
    assert len({a.env_seed, a.network_seed, a.eval_seed}) == 3
    draws = [rng.random(8) for rng in (a.explore, a.sample, b.explore, b.sample)]
    assert len({d.tobytes() for d in draws}) == 4
    assert np.array_equal(again.explore.random(8), draws[0])
    assert np.array_equal(again.sample.random(8), draws[1])


# -- what was earned -----------------------------------------------------------------------------


def test_returns_to_go_by_hand():
    # 5; 2 + ½ · 5; 1 + ½ · 4.5; with −8 still to come: 5 − 4 = 1; 2.5; 2.25
    assert targets.returns_to_go([1, 2, 5], 0.5, 0).tolist() == [3.25, 4.5, 5.0]
    assert targets.returns_to_go(np.array([1, 2, 5]), 0.5, -8.0).tolist() == [2.25, 2.5, 1.0]
    assert targets.returns_to_go([], 0.5, 7.0).tolist() == []


# -- the projection of distributions ----------------------------------------------------------


def slowly(next_probs, reward, terminated, discount, support):
    """Carry every atom's mass by itself, with exact fractions of Python's numbers."""
    z, last = [float(x) for x in support], len(support) - 1
    rows = []
    for p, r, over in zip(next_probs.tolist(), reward.tolist(), terminated.tolist(), strict=True):
        row = [0.0] * len(z)
        for mass, atom in zip(p, z, strict=True):
            x = min(max(r + (0.0 if over else discount * atom), z[0]), z[-1])
            k = max((k for k in range(last + 1) if z[k] <= x), default=0)
            part = 0.0 if k == last else (x - z[k]) / (z[k + 1] - z[k])
            row[k] += mass * (1 - part)
            row[min(k + 1, last)] += mass * part
        rows.append(row)
    return torch.tensor(rows)


@st.composite
def distributions(draw):
    atoms, batch = draw(st.integers(1, 9)), draw(st.integers(1, 4))
    low, gap = draw(st.integers(-8, 8)) / 2, draw(st.sampled_from([0.25, 0.5, 1.0, 4.0]))
    support = low + gap * torch.arange(atoms)
    masses = st.lists(st.integers(0, 9), min_size=atoms, max_size=atoms)
    weights = torch.tensor([draw(masses) for _ in range(batch)], dtype=torch.float32) + 0.01
    probs = weights / weights.sum(1, keepdim=True)
    reward = torch.tensor([draw(st.floats(-20, 20, width=32)) for _ in range(batch)])
    terminated = torch.tensor([draw(st.booleans()) for _ in range(batch)])
    return probs, reward, terminated, draw(st.sampled_from([0.0, 0.5, 0.9, 1.0])), support


@given(distributions())
def test_the_projection_equals_a_slow_one_and_conserves_mass(case):
    found = targets.project_distribution(*case)
    assert torch.allclose(found, slowly(*case), atol=1e-4)
    assert torch.allclose(found.sum(1), torch.ones(len(found)), atol=1e-4)
    assert (found >= 0).all()


@given(distributions())
def test_inside_the_support_the_projection_conserves_the_mean(case):
    probs, reward, terminated, discount, support = case
    landed = reward[:, None] + discount * support * ~terminated[:, None]
    inside = ((landed >= support[0]) & (landed <= support[-1])).all(1)
    found = (targets.project_distribution(*case) * support).sum(1)
    want = (probs * landed).sum(1)
    assert torch.allclose(found[inside], want[inside], atol=1e-3)


def test_the_projection_by_hand():
    """Atoms 0, 1, 2 land at ½, 1, 1½; after the end all lands at 1¼; below 0 all goes to 0."""
    found = targets.project_distribution(
        torch.tensor([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3], [0.2, 0.2, 0.6]]),
        torch.tensor([0.5, 1.25, -1.0]),
        torch.tensor([False, True, False]),
        0.5,
        torch.tensor([0.0, 1.0, 2.0]),
    )
    want = torch.tensor([[0.1, 0.75, 0.15], [0, 0.75, 0.25], [1, 0, 0]])
    assert torch.allclose(found, want, atol=1e-6)


def test_the_projection_at_both_ends_and_on_one_atom():
    both = torch.tensor([0.0, 10.0])
    probs = torch.tensor([[0.3, 0.7], [0.5, 0.5], [0.9, 0.1]])
    reward, over = torch.tensor([0.0, 10.0, 0.0]), torch.tensor([False, True, True])
    found = targets.project_distribution(probs, reward, over, 1.0, both)
    assert torch.allclose(found, torch.tensor([[0.3, 0.7], [0.0, 1.0], [1.0, 0.0]]))
    one = targets.project_distribution(torch.ones(3, 1), reward, over, 0.9, torch.tensor([5.0]))
    assert one.tolist() == [[1.0], [1.0], [1.0]]


def test_an_infinite_reward_goes_to_an_end_and_nan_stays_to_be_seen():
    """Trainers refuse such rewards; here an infinite one is simply far outside."""
    probs = torch.tensor([[0.2, 0.3, 0.5]] * 3)
    reward = torch.tensor([float("inf"), -float("inf"), float("nan")])
    support, over = torch.tensor([0.0, 1.0, 2.0]), torch.tensor([False, True, False])
    found = targets.project_distribution(probs, reward, over, 0.9, support)
    assert found[:2].tolist() == [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    assert found[2].isnan().all()
