"""The loop of deep Q-learning: many seeds at once, the learner's own functions, the probes.

`dqnlib.dqn` is the same algorithm for one run, written out; the trainer must take the same
actions for thousands of steps and end with the same parameters.

`tests/mutants/test_training.toml` lists the mutants that these tests kill.
"""

import warnings

import gymnasium as gym
import numpy as np
import pytest
import torch
from support import Frames
from torch import nn

from dqnlib import QNetwork, ReplayBuffer, Trainer, evaluate, network_of, studies, targets, train
from dqnlib.config import Config
from dqnlib.data import Batch
from dqnlib.dqn import dqn
from dqnlib.probes import PROBES
from dqnlib.results import Run
from dqnlib.seeds import LearnerError
from dqnlib.seeds.learner import TrainingError

SMALL = Config(
    steps=600, warmup=100, sync_every=40, hidden=(32, 32), eval_every=0, record_every=50,
    epsilon_steps=300, batch_size=32,
)  # fmt: skip


def same_run(a: Run, b: Run) -> bool:
    """Are two runs equal to the last bit?"""
    return (
        a.steps == b.steps
        and all(np.array_equal(x, y) for x, y in zip(a.returns, b.returns, strict=True))
        and all(np.array_equal(x, y) for x, y in zip(a.ends, b.ends, strict=True))
        and all(np.array_equal(a.parameters[n], b.parameters[n]) for n in a.parameters)
        and all(np.array_equal(a.records[n], b.records[n], equal_nan=True) for n in a.records)
        and np.array_equal(a.eval_returns, b.eval_returns)
    )


def largest_difference(a: Run, b: Run) -> float:
    return max(np.abs(a.parameters[n] - b.parameters[n]).max() for n in a.parameters)


# -- against one run, written out -------------------------------------------------------------

VARIANTS = {
    "the defaults": {},
    "Double DQN": {"double": True},
    "plain SGD": {"optimizer": "sgd"},
    "Huber, clipped, RMSprop": {"loss": "huber", "max_grad_norm": 0.5, "optimizer": "rmsprop"},
    "Polyak, an update every 2 steps": {"tau": 0.05, "sync_every": 3, "update_every": 2},
    "online, without replay": {"capacity": 1, "batch_size": 1, "warmup": 0, "optimizer": "sgd"},
    "no target network": {"sync_every": 1},
    "a ring that is soon full": {"capacity": 50},
    "a probe": {"env_id": "dqnlib/ObservationAndAction-v0", "gamma": 0.5},
    "episodes cut short": {"max_episode_steps": 7},
    "three steps a target": {"n_step": 3},
    "three steps, cut short": {"n_step": 3, "max_episode_steps": 7, "gamma": 0.9},
    "windows of whole episodes": {
        "n_step": 7,
        "max_episode_steps": 7,
        "double": True,
        "warmup": 240,
    },
    "three steps, a ring that is soon full": {"n_step": 3, "capacity": 50},
    "a soft target": {"target_epsilon": 0.5},
    "a soft target, Double, three steps": {"target_epsilon": 0.3, "double": True, "n_step": 3},
}


@pytest.mark.parametrize("name", VARIANTS)
def test_equals_one_run_written_out(name):
    config = SMALL.replace(**VARIANTS[name])
    run = train(config, [5, 0, 7])
    for row, seed in enumerate(run.seeds):
        one = dqn(config, seed)
        assert [step for step, _ in one.returns] == run.ends[row].tolist()
        assert [total for _, total in one.returns] == run.returns[row].tolist()
        for key, parameter in one.network.named_parameters():
            found = run.parameters[key][row]
            assert np.allclose(found, parameter.detach().numpy(), atol=2e-4), key


def test_equals_one_run_of_images_written_out():
    config = SMALL.replace(n_step=2)
    run, one = train(config, [5], env=Frames), dqn(config, 5, Frames)
    assert [total for _, total in one.returns] == run.returns[0].tolist()
    for key, parameter in one.network.named_parameters():
        assert np.allclose(run.parameters[key][0], parameter.detach().numpy(), atol=2e-4), key


@pytest.mark.parametrize(
    "name", ["the defaults", "Double DQN", "Huber, clipped, RMSprop", "a probe", "a soft target"]
)
def test_a_row_is_what_its_seed_alone_gives(name):
    config = SMALL.replace(eval_every=200, eval_episodes=2, **VARIANTS[name])
    many = train(config, range(10))
    for seed in (0, 4, 9):
        alone = train(config, [seed])
        assert np.array_equal(alone.returns[0], many.returns[seed])
        for key, array in alone.parameters.items():
            assert np.array_equal(array[0], many.parameters[key][seed]), key
        assert np.array_equal(alone.eval_returns[0], many.eval_returns[seed])
        assert np.array_equal(alone.q[0], many.q[seed], equal_nan=True)


def test_seeds_differ():
    run = train(SMALL, range(4))
    weights = run.parameters["layers.1.weight"]
    assert len({w.tobytes() for w in weights}) == 4
    assert len({tuple(r) for r in run.returns}) == 4


# -- values known on paper ---------------------------------------------------------------------

PROBING = Config(
    steps=1_500, warmup=64, batch_size=64, capacity=2_000, hidden=(32,), sync_every=20,
    learning_rate=1e-2, gamma=0.9, epsilon_steps=500, final_epsilon=0.5, eval_every=0,
)  # fmt: skip


@pytest.mark.parametrize("double", [False, True], ids=["DQN", "Double DQN"])
@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.env_id)
def test_learns_the_values_of_each_probe(probe, double):
    run = train(PROBING.replace(env_id=probe.env_id, double=double), range(3))
    observations, values = zip(*probe.values(PROBING.gamma), strict=True)
    for seed in run.seeds:
        with torch.no_grad():
            q = network_of(run, seed)(torch.tensor(observations, dtype=torch.float32))
        # 10 is learned through a moving target: what a target network holds back is still on its
        # way; a wrong cut would be 3.6 instead of 10
        assert np.allclose(q.numpy(), values, atol=0.2, rtol=0.03), (seed, q, values)


# -- the learner's own functions ---------------------------------------------------------------


def plain_target(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max(1).values * (1 - terminated.float())


def target_in_place(reward, terminated, next_q, gamma):
    value = next_q.max(1).values.clone()
    value[terminated] = 0  # vmap cannot do this
    return reward + gamma * value


def target_with_a_loop(reward, terminated, next_q, gamma):
    return torch.stack(
        [r if t else r + gamma * q.max() for r, t, q in zip(reward, terminated, next_q)]
    )


@pytest.mark.parametrize(
    ("function", "how"),
    [
        (plain_target, "one big batch"),
        (target_in_place, "a loop over seeds"),
        (target_with_a_loop, "a loop over seeds"),
    ],
)
def test_a_learners_target_gives_the_same_numbers(function, how):
    config = SMALL.replace(steps=250)
    trainer = Trainer(config, range(3), td_target=function)
    assert trainer.how == {}
    for _ in trainer:
        pass
    assert trainer.how == {"td_target": how}
    assert same_run(trainer.run(), train(config, range(3)))


def test_the_learners_target_is_used():
    run = train(SMALL, range(2), td_target=lambda reward, terminated, next_q, gamma: reward * 0 - 7)
    assert np.allclose(run.q[:, -1], -7, atol=1.5)


def test_a_learners_double_target_takes_both_networks():
    seen = []

    def double(reward, terminated, online_next_q, target_next_q, gamma):
        seen.append(torch.equal(online_next_q, target_next_q))
        return targets.double_td_target(reward, terminated, online_next_q, target_next_q, gamma)

    config = SMALL.replace(double=True, steps=160)
    assert same_run(train(config, range(2), td_target=double), train(config, range(2)))
    assert False in seen


def test_a_learners_loss_and_network_give_the_same_numbers():
    def loss(q, action, td_target):
        error = q.gather(1, action.unsqueeze(1)).squeeze(1) - td_target.detach()
        return (error**2).mean() / 2

    class Net(nn.Module):
        def __init__(self, obs_shape, n_actions):
            super().__init__()
            self.one = nn.Linear(obs_shape[0], 32)
            self.two = nn.Linear(32, 32)
            self.out = nn.Linear(32, n_actions)

        def forward(self, obs):
            return self.out(torch.relu(self.two(torch.relu(self.one(obs)))))

    want = train(SMALL, range(3))
    mine = train(SMALL, range(3), loss=loss, network=Net)
    assert all(np.array_equal(a, b) for a, b in zip(mine.returns, want.returns, strict=True))
    for a, b in zip(mine.parameters.values(), want.parameters.values(), strict=True):
        assert np.allclose(a, b, atol=1e-4)


class Residual(nn.Module):
    """A network that is no plain stack of layers."""

    def __init__(self, obs_shape, n_actions):
        super().__init__()
        self.inside, self.out = nn.Linear(obs_shape[0], 16), nn.Linear(16, n_actions)
        self.again = nn.Linear(16, 16)

    def forward(self, obs):
        x = torch.relu(self.inside(obs))
        return self.out(x + torch.relu(self.again(x)))


class Branching(Residual):
    def forward(self, obs):
        scale = 2.0 if obs.abs().max().item() > 1e9 else 1.0
        return super().forward(obs * scale)


def test_networks_of_any_shape_train_and_agree():
    config = SMALL.replace(steps=200)
    lifted, looped = Trainer(config, range(3), network=Residual), None
    assert "vmap" in lifted.how["network"]
    looped = Trainer(config, range(3), network=Branching)
    assert looped.how["network"] == "a loop over seeds"
    for _ in lifted:
        looped.step()
    a, b = lifted.run(), looped.run()
    assert all(np.array_equal(x, y) for x, y in zip(a.returns, b.returns, strict=True))
    assert largest_difference(a, b) < 1e-4
    module = network_of(a, 1, network=Residual((4,), 2))
    assert torch.equal(module.out.bias, torch.from_numpy(a.parameters["out.bias"][1].copy()))


class ListBuffer:
    """A replay buffer as many write it first."""

    def __init__(self, capacity):
        self.capacity, self.kept, self.place = capacity, [], 0

    def add(self, transition):
        if len(self.kept) < self.capacity:
            self.kept.append(transition)
        else:
            self.kept[self.place] = transition
        self.place = (self.place + 1) % self.capacity

    def sample(self, batch_size, rng):
        chosen = [self.kept[i] for i in rng.integers(len(self.kept), size=batch_size)]
        obs, action, reward, next_obs, terminated = zip(*chosen, strict=True)
        return Batch(
            torch.tensor(np.array(obs)), torch.tensor(action),
            torch.tensor(reward), torch.tensor(np.array(next_obs)), torch.tensor(terminated),
        )  # fmt: skip


@pytest.mark.parametrize("buffer", [ReplayBuffer, ListBuffer])
def test_a_learners_buffer_gives_the_same_numbers(buffer):
    class Mine(buffer):
        pass

    config = SMALL.replace(steps=250, capacity=120)
    assert same_run(train(config, range(3), replay=Mine), train(config, range(3)))


def test_a_learners_sync_and_policy_give_the_same_numbers():
    def copy_all(online, target):
        target.load_state_dict(online.state_dict())

    def greedy(q, epsilon, rng):
        explore, pick = rng.random(2)
        if explore < epsilon:
            return int(pick * len(q))
        return int(np.argmax(q))

    config = SMALL.replace(steps=250)
    want = train(config, range(3))
    assert same_run(train(config, range(3), sync_target=copy_all, policy=greedy), want)
    soft = config.replace(tau=0.1, sync_every=5)

    def blend(online, target, tau):
        with torch.no_grad():
            for mine, theirs in zip(online.parameters(), target.parameters()):
                theirs.copy_(tau * mine + (1 - tau) * theirs)

    a, b = train(soft, range(3), sync_target=blend), train(soft, range(3))
    assert largest_difference(a, b) < 1e-5


def by_data(online, target):
    for mine, theirs in zip(online.parameters(), target.parameters()):
        theirs.data = mine.data.clone()


def by_assigning(online, target):
    target.load_state_dict({k: v.clone() for k, v in online.state_dict().items()}, assign=True)


def by_new_parameters(online, target):
    for part, other in zip(online.modules(), target.modules()):
        for name, p in part.named_parameters(recurse=False):
            setattr(other, name, nn.Parameter(p.detach().clone()))


class InTurn(QNetwork):  # a network that is called in a loop
    def forward(self, obs):
        return super().forward(obs) if len(obs) else obs


@pytest.mark.parametrize("network", [None, InTurn])
@pytest.mark.parametrize("sync", [by_data, by_assigning, by_new_parameters])
def test_a_sync_may_replace_the_memory_of_parameters(sync, network):
    config = SMALL.replace(steps=250, hidden=(64, 64))
    want = train(config, range(2), network=network)
    trainer = Trainer(config, range(2), sync_target=sync, network=network)
    for _ in trainer:
        pass
    assert same_run(trainer.run(), want)
    for seed in range(2):
        for p, other in zip(trainer.network(seed, target=True).parameters(),
                            trainer.network(seed).parameters(), strict=True):  # fmt: skip
            assert not torch.equal(p, other)  # the last copy was at step 240


def test_a_sync_that_changes_a_shape_is_named():
    def crop(online, target):
        for p in target.parameters():
            p.data = p.data[:1]

    with pytest.raises(LearnerError, match=r"crop changed the shape of a parameter from \[32, 4\]"):
        train(SMALL, range(2), sync_target=crop)


def test_a_training_step_may_replace_the_memory_of_parameters():
    def step(online, target, optimizer, batch, gamma):
        loss = targets.dqn_update(online, target, optimizer, batch, gamma)
        for p in online.parameters():
            p.data = p.data.clone()
        return loss

    config = SMALL.replace(steps=250)
    want = train(config, range(2), update=targets.dqn_update)
    assert same_run(train(config, range(2), update=step), want)


class Centered(QNetwork):
    """Takes away the mean of what it has seen while it learned: kept in a buffer."""

    def __init__(self, obs_shape, n_actions):
        super().__init__(obs_shape, n_actions, (16,))
        self.register_buffer("mean", torch.zeros(*obs_shape))

    def forward(self, obs):
        if len(obs) > 20:
            with torch.no_grad():
                self.mean += 0.01 * (obs.mean(0) - self.mean)
        return super().forward(obs - self.mean)


def test_buffers_belong_to_the_network():
    config = SMALL.replace(steps=300, eval_every=100, eval_episodes=2)
    trainer = Trainer(config, [3, 8], network=Centered)
    for _ in trainer:
        pass
    run = trainer.run()
    obs = torch.randn(5, 4)
    for row, seed in enumerate(run.seeds):
        module = trainer.network(seed)
        assert run.parameters["mean"][row].any()
        assert np.array_equal(run.parameters["mean"][row], module.mean.numpy())
        again = network_of(run, seed, network=Centered((4,), 2))
        assert torch.equal(again(obs), module(obs))
    assert not np.array_equal(*run.parameters["mean"])
    assert run.best_parameters["mean"].any()
    assert evaluate(run, 3, network=Centered).shape == (2, 3)
    assert same_run(train(config, [8], network=Centered), train(config, [8], network=Centered))


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_learners_training_step_drives_the_loop(optimizer):
    def step(online, target, optimizer, batch, gamma):
        return targets.dqn_update(online, target, optimizer, batch, gamma)

    config = SMALL.replace(steps=250, optimizer=optimizer)
    a, b = train(config, range(3), update=step), train(config, range(3))
    assert all(np.array_equal(x, y) for x, y in zip(a.returns, b.returns, strict=True))
    assert largest_difference(a, b) < 1e-4
    assert np.allclose(a.loss, b.loss, rtol=1e-3, equal_nan=True)


def test_what_is_recorded_of_each_run():
    def gap(moment):
        with torch.no_grad():
            pairs = zip(moment.online.parameters(), moment.target.parameters(), strict=True)
            return sum((a - b).abs().sum() for a, b in pairs)

    record = {
        "gap": gap,
        "seed": lambda moment: moment.seed,
        "steps": lambda moment: moment.steps,
        "first weight": lambda moment: next(moment.online.parameters())[0, 0],
    }
    run = train(SMALL.replace(steps=300, sync_every=300), [4, 2], record=record)
    assert run.record_steps.tolist() == [50, 100, 150, 200, 250, 300]
    assert run.records["seed"].tolist() == [[4.0] * 6, [2.0] * 6]
    assert run.records["steps"][0].tolist() == [50, 100, 150, 200, 250, 300]
    assert (run.records["gap"][:, :2] == 0).all()  # nothing is learned before step 100
    assert (run.records["gap"][:, 2:5] > 0).all()
    assert (run.records["gap"][:, 5] == 0).all()  # just synced
    weight = run.parameters["layers.1.weight"][:, 0, 0]
    assert np.array_equal(run.records["first weight"][:, 5], weight)
    assert weight[0] != weight[1]
    assert np.isnan(run.loss[:, :2]).all()
    assert np.isfinite(run.loss[:, 2:]).all()


# -- what goes wrong ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: train({"steps": 3}), r"config must be a Config, .* but it is \{'steps': 3\}"),
        (lambda: train(SMALL, record=print), "record must be a dict of functions"),
        (lambda: train(SMALL, policy="greedy"), "policy must be a function or a class, but it is"),
        (lambda: Trainer(SMALL, [1, 2]).network(5), r"has the seeds \(1, 2\), but not 5"),
        (lambda: network_of(studies.load("double")["DQN"], 100), "stored without its networks"),
        (lambda: train(SMALL.replace(capacity=10**13)), r"10,000,000,000,000 .* GB"),
    ],
)
def test_bad_arguments_are_explained(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_an_unknown_slot_is_explained():
    with pytest.raises(TypeError, match=r"no slot 'targets'; there are .*replay, td_target"):
        train(SMALL, targets=print)


def raises_at(step):
    calls = []

    def function(reward, terminated, next_q, gamma):
        calls.append(1)
        if len(calls) > step:
            raise KeyError("no such thing")
        return targets.td_target(reward, terminated, next_q, gamma)

    return function


MISTAKES = [
    ({"td_target": lambda *a: None}, r"returned None at step 101, seed 3.*shape \[32\]"),
    ({"td_target": lambda r, t, q, g: r[:, None]}, r"returned the shape \[32, 1\]"),
    ({"td_target": lambda r, t, q, g: r / 0}, r"NaN or infinity at step 101, seed 3"),
    ({"td_target": raises_at(0)}, r"function failed at step 101, seed 3: KeyError"),
    ({"loss": lambda q, a, y: (q * 0).sum(1)}, r"shape \[32\].*one number for the batch"),
    ({"loss": lambda q, a, y: (y * y).mean()}, r"does not depend on q"),
    ({"update": lambda *a: None}, r"returned None at step 101, seed 3; expected its loss"),
    ({"sync_target": lambda o, t: o.weights}, r"failed at step 40, seed 3: AttributeError"),
    ({"policy": lambda q, e, rng: 5}, r"chose action 5 at step 0, seed 3"),
    ({"record": {"x": lambda moment: "much"}}, r"record 'x' failed at step 50, seed 3: ValueError"),
]


@pytest.mark.parametrize(("slots", "message"), MISTAKES)
def test_a_mistake_is_named_and_the_run_is_kept(slots, message):
    with pytest.raises(LearnerError, match=message) as caught:
        train(SMALL, [3, 1], **slots)
    assert isinstance(caught.value.run, Run)
    assert caught.value.run.seeds == (3, 1)
    (line,) = caught.value._render_traceback_()
    assert line.startswith("✗ ")


def test_an_error_late_in_the_run_keeps_all_of_it():
    trainer = Trainer(SMALL, range(2), td_target=raises_at(300))
    with pytest.raises(LearnerError) as caught:
        for _ in trainer:
            pass
    assert caught.value.run.steps == trainer.steps
    assert caught.value.run.steps > 300
    assert len(caught.value.run.returns[0]) > 5


class Strange(gym.Env):
    """Rewards of 1, and at one step something else."""

    observation_space = gym.spaces.Box(-1, 1, (2,), np.float32)
    action_space = gym.spaces.Discrete(2)

    def __init__(self, reward=1.0, at=150, ends=True):
        self.reward, self.at, self.ends, self.t = reward, at, ends, 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self._obs(), {}

    def _obs(self):
        return self.np_random.uniform(-1, 1, 2).astype(np.float32)

    def step(self, action):
        self.t += 1
        reward = self.reward if self.t == self.at else 1.0
        return self._obs(), reward, self.ends and self.t % 10 == 0, False, {}


@pytest.mark.parametrize("reward", [float("nan"), float("inf"), -float("inf"), 1e30])
def test_a_reward_that_nobody_can_learn_from_is_named(reward):
    with pytest.raises(TrainingError, match=r"reward of .* at step 150, seed 6") as caught:
        train(SMALL, [6, 8], env=lambda: Strange(reward))
    assert caught.value.run.steps >= 149
    assert len(caught.value.run.returns[1]) == 14


def test_an_environment_that_never_ends():
    run = train(
        SMALL.replace(eval_every=300, eval_episodes=1), [0], env=lambda: Strange(ends=False)
    )
    assert len(run.returns[0]) == 0
    assert np.isfinite(run.q[0, -1])
    assert run.eval_returns.shape == (1, 2, 1)
    assert "0 whole episodes" not in repr(run)


def test_a_diverged_seed_is_a_result_and_no_error():
    config = SMALL.replace(optimizer="sgd", learning_rate=50.0, sync_every=1)
    run = train(config, range(3))
    lost = ~(np.isfinite(run.loss) & np.isfinite(run.q)) & (run.record_steps > config.warmup)
    assert lost.any(1).all()
    assert run.diverged.tolist() == run.record_steps[lost.argmax(1)].tolist()  # the first ones
    assert run.steps == 600
    assert all(len(r) for r in run.returns)


# -- the edges -----------------------------------------------------------------------------------


def test_no_update_before_there_is_a_batch():
    config = SMALL.replace(warmup=0, steps=40)
    trainer = Trainer(config, [0])
    before = {k: v.copy() for k, v in trainer.run().parameters.items()}
    for step in trainer:
        now = trainer.run().parameters
        changed = any(not np.array_equal(now[k], before[k]) for k in now)
        assert changed == (step >= 32)


def test_the_first_update_comes_right_after_the_warmup():
    trainer = Trainer(SMALL.replace(warmup=60, steps=70, record_every=1), [0])
    for _ in trainer:
        pass
    first = trainer.run().record_steps[np.isfinite(trainer.run().loss[0])][0]
    assert first == 61


@pytest.mark.parametrize(
    ("change", "first"),
    [
        ({"warmup": 600}, 601), ({"warmup": 0, "steps": 31}, 32), ({"steps": 100}, 101),
        ({"warmup": 590, "update_every": 61}, 610), ({"warmup": 0, "n_step": 3, "steps": 33}, 34),
    ],
)  # fmt: skip
def test_settings_that_never_learn_are_said(change, first):
    config = SMALL.replace(**change)
    with pytest.warns(UserWarning, match=f"will not learn: the first update comes at step {first}"):
        trainer = Trainer(config, [0])
    for _ in trainer:
        pass
    assert np.isnan(trainer.run().loss).all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trainer = Trainer(config.replace(steps=first, record_every=1), [0])
    losses = [np.isnan(trainer.run().loss[0, -1]) for _ in trainer]
    assert losses == [True] * (first - 1) + [False]


def test_zero_exploration_and_one_action():
    run = train(SMALL.replace(epsilon=0, final_epsilon=0), range(2))
    assert run.steps == 600
    run = train(SMALL.replace(env_id="dqnlib/ConstantReward-v0", gamma=0.0), range(2))
    assert np.allclose(run.q[:, -1], 1, atol=0.1)
    assert (run.returns[0] == 1).all()
    assert len(run.returns[0]) == 600  # every step ends an episode


@pytest.mark.parametrize(
    "env_id", ["CliffWalking-v1", "Taxi-v4", "Acrobot-v1", "MountainCar-v0", "FrozenLake-v1"]
)
def test_trains_on_environments_of_gymnasium(env_id):
    run = train(SMALL.replace(env_id=env_id, steps=250, max_episode_steps=50), range(2))
    assert np.isfinite(run.q[:, -1]).all()
    assert len(run.returns[0]) >= 5


class Pixels(gym.Env):
    """Bytes as observations: action 1 is right where the upper half is light."""

    observation_space = gym.spaces.Box(0, 255, (2, 6, 6), np.uint8)
    action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.light = bool(self.np_random.random() < 0.5)
        self.image = np.zeros((2, 6, 6), np.uint8)
        self.image[:, :3] = 250 * self.light
        self.image[:, 3:] = 250 * (not self.light)
        return self.image, {}

    def step(self, action):
        return self.image, 1.0 if action == self.light else -1.0, True, False, {}


def test_learns_from_images():
    config = SMALL.replace(steps=600, eval_every=600, eval_episodes=10, learning_rate=3e-3)
    trainer = Trainer(config, range(2), env=Pixels)
    for _ in trainer:
        pass
    assert trainer.run().eval_returns.min() == 1


def test_settings_change_in_flight():
    trainer = Trainer(SMALL.replace(learning_rate=0.0, final_learning_rate=0.0), range(2))
    while trainer.steps < 200:
        trainer.step()
    fresh = Trainer(SMALL, range(2)).run()
    assert largest_difference(trainer.run(), fresh) == 0  # a learning rate of 0 learns nothing
    trainer.config = trainer.config.replace(learning_rate=1e-3, batch_size=16, sync_every=10)
    while trainer.steps < 240:
        trainer.step()
    assert largest_difference(trainer.run(), fresh) > 0
    trainer.config = trainer.config.replace(steps=240)
    assert trainer.done
    trainer.step()
    assert trainer.steps == 240
    with pytest.raises(ValueError, match="capacity cannot change in flight"):
        trainer.config = trainer.config.replace(capacity=999)


@pytest.mark.parametrize(
    ("slots", "changes"),
    [
        ({"td_target": plain_target}, {"double": True}),
        ({"td_target": plain_target}, {"target_epsilon": 0.5}),
        ({"update": targets.dqn_update}, {"double": True}),
        ({"update": targets.dqn_update}, {"target_epsilon": 0.5}),
        ({"update": targets.dqn_update}, {"loss": "huber"}),
        ({"update": targets.dqn_update}, {"max_grad_norm": 1.0}),
    ],
)
def test_a_setting_that_is_idle_does_not_change_in_flight(slots, changes):
    trainer, (slot,), (name,) = Trainer(SMALL, [0], **slots), slots, changes
    words = f"{name} would change nothing: your own {slot} wins over it"
    with pytest.raises(ValueError, match=words):
        trainer.config = SMALL.replace(**changes)
    trainer.config = SMALL.replace(tau=0.5)
    assert trainer.config.tau == 0.5


def soft_target(reward, terminated, next_q, gamma, epsilon):
    return targets.expected_sarsa_target(reward, terminated, next_q, gamma, epsilon)


def test_a_soft_target_acts_in_flight_also_through_a_function_that_takes_it():
    hard, soft = SMALL, SMALL.replace(target_epsilon=0.5)
    for slots in ({}, {"td_target": soft_target}):
        trainer = Trainer(hard, [0, 1], **slots)
        while trainer.steps < 200:
            trainer.step()
        trainer.config = soft
        while not trainer.done:
            trainer.step()
        assert largest_difference(trainer.run(), train(hard, [0, 1])) > 1e-4
    whole = train(soft, [0, 1], td_target=soft_target)
    assert largest_difference(whole, train(soft, [0, 1])) < 1e-6


def test_a_target_of_ones_own_keeps_its_own_epsilon():
    def half(reward, terminated, next_q, gamma, epsilon=0.5):
        return targets.expected_sarsa_target(reward, terminated, next_q, gamma, epsilon)

    run = train(SMALL, [0], td_target=half)
    assert largest_difference(run, train(SMALL.replace(target_epsilon=0.5), [0])) < 1e-6


@pytest.mark.parametrize(
    "slots", [{"td_target": plain_target}, {"update": targets.dqn_update}], ids=["target", "update"]
)
def test_a_soft_target_over_which_a_function_wins_is_told_of(slots):
    words = f"target_epsilon=0.5 changes nothing: your own {next(iter(slots))} wins"
    with pytest.warns(UserWarning, match=words):
        Trainer(SMALL.replace(target_epsilon=0.5), [0], **slots)


def test_a_limit_of_the_gradient_acts_in_flight():
    trainer = Trainer(SMALL.replace(optimizer="sgd"), [0])
    while trainer.steps < 150:
        trainer.step()
    trainer.config = trainer.config.replace(max_grad_norm=1e-12)
    before = trainer.run().parameters
    trainer.step()
    after = trainer.run().parameters
    assert all(np.allclose(after[k], before[k], rtol=0, atol=1e-9) for k in after)


def test_each_evaluation_has_other_starts():
    still = SMALL.replace(learning_rate=0, final_learning_rate=0, eval_every=200, eval_episodes=10)
    first, second, third = train(still, [0]).eval_returns[0]
    assert not np.array_equal(first, second)
    assert not np.array_equal(second, third)


def test_evaluation_leaves_training_alone():
    often = train(SMALL.replace(eval_every=50, eval_episodes=3), range(3))
    never = train(SMALL, range(3))
    assert all(np.array_equal(a, b) for a, b in zip(often.returns, never.returns, strict=True))
    assert largest_difference(often, never) == 0
    assert often.eval_returns.shape == (3, 12, 3)


def test_the_best_evaluation_is_kept():
    trainer = Trainer(SMALL.replace(eval_every=50, eval_episodes=3), range(3))
    kept = {}
    for step in trainer:
        if step % 50 == 0:
            kept[step] = trainer.run().parameters
    run = trainer.run()
    scores = run.eval_returns.mean(2)
    for row in range(3):
        best = run.eval_steps[np.flatnonzero(scores[row] == scores[row].max())[-1]]
        assert run.best_steps[row] == best
        for key, array in run.best_parameters.items():
            assert np.array_equal(array[row], kept[best][key][row])


def test_slots_that_do_not_go_together():
    with pytest.raises(ValueError, match="update is the whole training step"):
        Trainer(SMALL, update=targets.dqn_update, td_target=plain_target)
    with pytest.raises(ValueError, match="loss must be a function"):
        Trainer(SMALL, loss=3)
    with pytest.raises(ValueError, match="under a name that is"):
        Trainer(SMALL, record={"q": len})
    with pytest.raises(TypeError):
        train(SMALL, replays=ReplayBuffer)


def test_the_library_functions_in_their_own_slots_are_recognized():
    trainer = Trainer(
        SMALL, [0], td_target=targets.td_target, loss=targets.mse_loss, replay=ReplayBuffer,
        sync_target=targets.hard_update,
    )  # fmt: skip
    assert trainer.own == {}


def test_the_wrong_library_function_in_a_slot_is_a_function_of_the_learners():
    """huber_loss in a config that says mse is Huber; double_td_target makes it Double DQN."""
    config = SMALL.replace(steps=200)
    huber = train(config, range(2), loss=targets.huber_loss)
    assert largest_difference(huber, train(config, range(2))) > 1e-5
    assert largest_difference(huber, train(config.replace(loss="huber"), range(2))) < 1e-5
    double = train(config, range(2), td_target=targets.double_td_target)
    assert largest_difference(double, train(config.replace(double=True), range(2))) < 1e-6
    plain = train(config.replace(double=True), range(2), td_target=targets.td_target)
    assert largest_difference(plain, train(config, range(2))) < 1e-6
    polyak = train(config.replace(tau=0.5), range(2), sync_target=targets.polyak_update)
    assert largest_difference(polyak, train(config.replace(tau=0.5), range(2))) < 1e-6


def test_the_device_is_chosen_and_the_reason_is_said():
    run = train(SMALL.replace(steps=5), [0])
    if torch.cuda.is_available():
        assert "ms on cpu" in run.device
        assert "ms on cuda" in run.device
    else:
        assert run.device == "cpu: PyTorch finds no CUDA device here"
    asked = train(SMALL.replace(steps=5, device="cpu"), [0])
    assert asked.device == "cpu: as asked"
    assert train(SMALL.replace(steps=5, device="cuda"), [0]).device.startswith(("cuda", "cpu: PyT"))


def test_network_of_says_what_does_not_fit():
    run = train(SMALL.replace(steps=5), [3])
    assert network_of(run, 3)(torch.zeros(1, 4)).shape == (1, 2)
    with pytest.raises(ValueError, match="has the seeds"):
        network_of(run, 0)
    with pytest.raises(ValueError, match="trained without your own network"):
        network_of(run, 3, network=QNetwork(4, 2, (8,)))
    own = train(SMALL.replace(steps=101), [3], network=lambda obs_shape, n: QNetwork(4, 2, (8,)))
    assert network_of(own, 3, network=QNetwork(4, 2, (8,)))(torch.zeros(1, 4)).shape == (1, 2)
    with pytest.raises(ValueError, match="trained with your own network"):
        network_of(own, 3)
    with pytest.raises(ValueError, match="must be a module, such as MyNetwork"):
        network_of(own, 3, network=QNetwork)
    with pytest.raises(ValueError, match="does not fit the run"):
        network_of(own, 3, network=QNetwork(4, 2, (9,)))
