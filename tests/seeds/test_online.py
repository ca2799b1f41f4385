"""Learning without replay for many runs at once: rows of steps, traces, several environments.

`tests/mutants/seeds/test_online.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support import Frames, Noise, straight_and_resumed

from dqnlib import targets
from dqnlib.config import Config
from dqnlib.data import Batch
from dqnlib.dqn import dqn
from dqnlib.envs import make_for
from dqnlib.networks import NormalizedQNetwork, QNetwork
from dqnlib.policies import env_seeds, epsilon_greedy, linear_schedule, random_streams
from dqnlib.replay import as_input
from dqnlib.seeds.learner import LearnerError
from dqnlib.seeds.networks import stack
from dqnlib.seeds.online import Following, Newest, TraceUpdate
from dqnlib.seeds.transitions import Choice
from dqnlib.seeds.update import Learned, Networks
from dqnlib.streaming import bounded_step
from dqnlib.training import Trainer, train

SMALL = Config(
    steps=300, warmup=1, hidden=(16, 8), sync_every=20, epsilon_steps=100, final_epsilon=0.2,
    eval_every=100, eval_episodes=2, record_every=50, learning_rate=1e-2,
)  # fmt: skip


def without_replay(environments: int, steps: int = 1, **more) -> Config:
    n = environments * steps
    return SMALL.replace(
        environments=environments, update_every=steps, batch_size=n, capacity=n, **more
    )


WAYS = {
    "traces, SGD": without_replay(1, trace_decay=0.8, optimizer="sgd", learning_rate=1e-3),
    "traces, Adam": without_replay(1, trace_decay=0.8, layer_norm=True),
    "traces, bounded": without_replay(1, trace_decay=0.8, layer_norm=True, optimizer="obgd"),
    "traces, Huber, clipped": without_replay(
        1, trace_decay=0.5, loss="huber", max_grad_norm=0.5, double=True
    ),
    "four environments": without_replay(4, layer_norm=True),
    "rollouts": without_replay(4, 5, trace_decay=0.65, layer_norm=True),
    "rollouts, Double, soft": without_replay(
        3, 5, trace_decay=0.9, double=True, target_epsilon=0.3
    ),
    "rollouts of one environment": without_replay(1, 6, trace_decay=0.65),
    "noisy, dueling": without_replay(2, noisy=True, dueling=True),
    "atoms": without_replay(2, atoms=7, v_min=0.0, v_max=20.0),
    "replay": SMALL.replace(environments=3, capacity=200, batch_size=16, layer_norm=True),
    "replay, three steps, priorities": SMALL.replace(
        environments=3, capacity=200, batch_size=16, n_step=3, priority_alpha=0.5
    ),
    "replay, cut windows": SMALL.replace(
        environments=3, capacity=200, batch_size=16, n_step=3, windows="cut"
    ),
}
pytestmark = pytest.mark.filterwarnings("ignore:.*outside the support")


def of_row(run, k: int) -> list[np.ndarray]:
    named = [array[k] for array in run.parameters.values()]
    return [*named, run.returns[k], run.ends[k], run.eval_returns[k], run.q[k], run.loss[k]]


def same(a: list[np.ndarray], b: list[np.ndarray]) -> bool:
    return all(np.array_equal(x, y, equal_nan=True) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("name", WAYS)
def test_a_row_is_what_its_seed_alone_gives(name):
    many = train(WAYS[name], [4, 0, 9, 2])
    for row in (0, 2):
        assert same(of_row(train(WAYS[name], [many.seeds[row]]), 0), of_row(many, row))


@pytest.mark.parametrize("name", WAYS)
def test_a_resumed_run_is_an_uninterrupted_one(name, tmp_path):
    straight, resumed = straight_and_resumed(WAYS[name], tmp_path)
    for k in range(2):
        assert same(of_row(straight, k), of_row(resumed, k))


def test_images_without_replay(tmp_path):
    config = without_replay(2, 3, trace_decay=0.5).replace(hidden=(8,), channels=(4,), steps=200)
    many, alone = train(config, [3, 1], env=Frames), train(config, [1], env=Frames)
    assert same(of_row(alone, 0), of_row(many, 1))
    straight, resumed = straight_and_resumed(config, tmp_path, env=Frames)
    assert same(of_row(straight, 1), of_row(resumed, 1))


# -- one run, written out ------------------------------------------------------------------------


def lambda_returns_of(row, trace_decay, gamma) -> list[float]:
    """By the definition: λ-weighted n-step returns; row: (reward, terminated, ended, value)."""
    found = []
    for t in range(len(row)):
        last = next((k for k in range(t, len(row)) if row[k][2]), len(row) - 1)
        n_steps, total = [], 0.0
        for k in range(t, last + 1):
            reward, terminated, _, value = row[k]
            total += gamma ** (k - t) * reward
            n_steps.append(total + gamma ** (k - t + 1) * value * (not terminated))
        n = len(n_steps)
        weights = [(1 - trace_decay) * trace_decay**i for i in range(n - 1)]
        found.append(float(np.dot([*weights, trace_decay ** (n - 1)], n_steps)))
    return found


def one_run(config, seed, env=None):
    """One agent with several environments and no replay, in plain PyTorch."""
    c, streams = config, random_streams(seed)
    envs = [make_for(config, env) for _ in range(c.environments)]
    shape, n_actions = envs[0].observation_space.shape, envs[0].n_actions
    torch.manual_seed(streams.network_seed)
    dense = NormalizedQNetwork if c.layer_norm else QNetwork
    online, target = (dense(shape, n_actions, c.hidden) for _ in range(2))
    target.load_state_dict(online.state_dict())
    optimizer = torch.optim.Adam(online.parameters(), lr=c.learning_rate)
    seeds = env_seeds(streams.env_seed, c.environments)
    obs = [e.reset(seed=number)[0] for e, number in zip(envs, seeds, strict=True)]
    rows, returns = [[] for _ in envs], []
    totals, lengths = np.zeros(len(envs)), np.zeros(len(envs), int)
    for step in range(1, c.steps + 1):
        epsilon = linear_schedule(step - 1, c.epsilon, c.final_epsilon, c.epsilon_steps)
        for k, e in enumerate(envs):
            q = online(as_input(obs[k])[None])[0].detach().numpy()
            action = epsilon_greedy(q, epsilon, streams.explore)
            after, reward, terminated, truncated, _ = e.step(action)
            totals[k], lengths[k] = totals[k] + reward, lengths[k] + 1
            ended = terminated or truncated or lengths[k] == c.max_episode_steps
            rows[k].append((obs[k], action, reward, after, terminated, ended))
            obs[k] = after
            if ended:
                returns.append(totals[k])
                totals[k], lengths[k], obs[k] = 0.0, 0, e.reset()[0]
        if step > c.warmup and step % c.update_every == 0:
            newest = [row[-c.update_every :] for row in rows]
            y = []
            for row in newest:
                values = target(as_input(np.stack([t[3] for t in row]))).detach().max(1).values
                steps = [(t[2], t[4], t[5], float(v)) for t, v in zip(row, values, strict=True)]
                y += lambda_returns_of(steps, c.trace_decay, c.gamma)
            flat = [t for row in newest for t in row]
            q = online(as_input(np.stack([t[0] for t in flat])))
            taken = q[torch.arange(len(flat)), torch.tensor([t[1] for t in flat])]
            loss = 0.5 * (taken - torch.tensor(y, dtype=torch.float32)).square().mean()
            optimizer.param_groups[0]["lr"] = linear_schedule(
                step, c.learning_rate, c.final_learning_rate, c.steps
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if step % c.sync_every == 0:
            target.load_state_dict(online.state_dict())
    return online, returns


ROWS = {
    "λ-returns": without_replay(3, 5, trace_decay=0.65),
    "λ-returns, normalized": without_replay(3, 4, trace_decay=0.9, layer_norm=True),
    "one environment": without_replay(1, 5, trace_decay=0.65),
    "episodes cut short": without_replay(2, 6, trace_decay=0.8, max_episode_steps=4),
    "one step": without_replay(4),
    "one step, several times": without_replay(2, 3),
}


@pytest.mark.parametrize("env", [None, Noise])
@pytest.mark.parametrize("name", ROWS)
def test_the_trainer_equals_one_run_written_out(name, env):
    config = ROWS[name].replace(steps=150, learning_rate=1e-3, eval_every=0)
    run = train(config, [5, 0], env=env)
    for row, seed in enumerate(run.seeds):
        network, returns = one_run(config, seed, env)
        assert returns == run.returns[row].tolist()
        for key, parameter in network.named_parameters():
            found = run.parameters[key][row]
            assert np.allclose(found, parameter.detach().numpy(), atol=2e-4), key


# -- λ-returns of the learner's own ---------------------------------------------------------------


def by_rows(next_value, reward, truncated, terminated, trace_decay, gamma):
    """Step by step, with an if: only a loop over seeds can call it."""
    found = torch.zeros_like(reward)
    for e in range(reward.shape[0]):
        later = next_value[e, -1]
        for t in reversed(range(reward.shape[1])):
            value, over = next_value[e, t], bool(terminated[e, t] | truncated[e, t])
            follows = value if over else (1 - trace_decay) * value + trace_decay * later
            later = found[e, t] = reward[e, t] + gamma * follows * (not terminated[e, t])
    return found


def at_once(reward, terminated, truncated, next_value, gamma, trace_decay):
    return targets.lambda_return(reward, terminated, truncated, next_value, gamma, trace_decay)


@pytest.mark.parametrize(
    ("own", "how"), [(at_once, "one big batch"), (by_rows, "a loop over seeds")]
)
@pytest.mark.parametrize("more", [{}, {"trace_decay": 0.0}, {"double": True, "loss": "huber"}])
def test_ones_own_lambda_returns_are_learned_from(own, how, more):
    config = ROWS["episodes cut short"].replace(steps=60, eval_every=0, **more)
    trainer = Trainer(config, [5, 0], env=Noise, lambda_return=own)
    for _ in trainer:
        pass
    assert trainer.how["lambda_return"] == how
    want = train(config, [5, 0], env=Noise)
    for k in range(2):
        for mine, other in zip(of_row(trainer.run(), k), of_row(want, k), strict=True):
            assert np.allclose(mine, other, atol=1e-5, equal_nan=True)
    assert train(config, [5], env=Noise, lambda_return=targets.lambda_return).steps == 60


def test_other_lambda_returns_make_another_agent(tmp_path):
    def nothing_follows(reward):
        return reward

    config = without_replay(2, 3, trace_decay=0.5).replace(steps=200)
    mine = train(config, [3, 1], lambda_return=nothing_follows)
    assert not same(of_row(mine, 0), of_row(train(config, [3]), 0))
    assert same(of_row(mine, 1), of_row(train(config, [1], lambda_return=nothing_follows), 0))
    straight, resumed = straight_and_resumed(config, tmp_path, lambda_return=nothing_follows)
    assert same(of_row(straight, 0), of_row(resumed, 0))


@pytest.mark.parametrize(
    ("config", "slots", "words"),
    [
        (SMALL, {"lambda_return": at_once}, "lambda_return cannot .* rows of several newest steps"),
        (WAYS["traces, SGD"], {"lambda_return": at_once}, "rows of several newest steps"),
        (
            WAYS["four environments"],
            {"lambda_return": at_once, "td_target": targets.double_td_target},
            "td_target cannot be used here: your lambda_return gives the targets",
        ),
        (WAYS["rollouts"], {"lambda_return": at_once, "update": print}, "update is the whole"),
        (WAYS["atoms"], {"lambda_return": at_once}, "for which your own lambda_return is not made"),
        (WAYS["rollouts"], {"lambda_return": 3}, "lambda_return must be a function"),
        (
            WAYS["rollouts"],
            {"lambda_return": lambda reward: reward.sum(1)},
            r"returned the shape \[4\] at step 5, seed 0; expected a tensor of the shape \[4, 5\]",
        ),
    ],
    ids=range(7),
)
def test_what_does_not_go_with_ones_own_lambda_returns(config, slots, words):
    with pytest.raises((ValueError, LearnerError), match=words):
        train(config, [0, 1], **slots)


def test_one_environment_more_changes_nothing_for_one():
    """With replay, E = 1 is what it was: the run of `dqnlib.dqn`."""
    config = SMALL.replace(capacity=100, batch_size=8, steps=200)
    one, run = dqn(config, 3), train(config, [3])
    assert [total for _, total in one.returns] == run.returns[0].tolist()


# -- the trace's update, against NumPy -----------------------------------------------------------


def numpy_step(parts, trace, batch, target, c):
    """One update of one run with a hidden ReLU layer, its gradient written out."""
    w1, b1, w2, b2 = parts
    x, after = batch.obs[0].numpy(), batch.next_obs[0].numpy()
    a, r = int(batch.action[0]), float(batch.reward[0])
    hidden = np.maximum(w1 @ x + b1, 0)
    ahead = target[2] @ np.maximum(target[0] @ after + target[1], 0) + target[3]
    delta = r + c.gamma * ahead.max() * (not batch.terminated[0]) - (w2 @ hidden + b2)[a]
    d = w2[a] * (hidden > 0)
    only = np.eye(len(b2))[a]
    gradient = [np.outer(d, x), d, np.outer(only, hidden), only]
    keep = c.gamma * c.trace_decay * bool(batch.follows[0])
    trace = [keep * z + g for z, g in zip(trace, gradient, strict=True)]
    rate = c.learning_rate
    if c.optimizer == "obgd":
        rate = bounded_step(rate, delta, sum(np.abs(z).sum() for z in trace))
    return [p + rate * delta * z for p, z in zip(parts, trace, strict=True)], trace


def random_step(rng, s: int) -> Batch:
    return Batch(
        obs=torch.from_numpy(rng.normal(size=(s, 1, 4)).astype(np.float32)),
        action=torch.from_numpy(rng.integers(3, size=(s, 1))),
        # errors above 1 and below
        reward=torch.from_numpy(rng.choice([0.1, 10.0], (s, 1)).astype(np.float32)),
        next_obs=torch.from_numpy(rng.normal(size=(s, 1, 4)).astype(np.float32)),
        terminated=torch.from_numpy(rng.random((s, 1)) < 0.3),
        follows=torch.from_numpy(rng.random((s, 1)) < 0.7),
    )


@pytest.mark.parametrize("s", [1, 3])
@pytest.mark.parametrize("optimizer", ["sgd", "obgd"])
def test_updates_with_traces_against_numpy(optimizer, s):
    c = without_replay(1, trace_decay=0.8, optimizer=optimizer, gamma=0.9, learning_rate=0.05)
    stacked = stack(lambda o, a: QNetwork(o, a, (6,)), list(range(s)), (4,), 3, "cpu")
    networks = Networks(*stacked.with_target())
    networks.target.flat.mul_(0.5)
    update = TraceUpdate(c, {}, networks, range(s), lambda: "")
    rng = np.random.default_rng(0)

    def parts(of, k):
        return [p.detach().numpy().copy() for p in of.modules[k].parameters()]

    mine = [parts(networks.online, k) for k in range(s)]
    frozen = [parts(networks.target, k) for k in range(s)]
    traces = [[np.zeros_like(p) for p in row] for row in mine]
    for _ in range(6):
        batch = random_step(rng, s)
        with torch.no_grad():
            update(batch, c.gamma)
        for k in range(s):
            one = Batch(*(f[k] for f in batch), follows=batch.follows[k])
            mine[k], traces[k] = numpy_step(mine[k], traces[k], one, frozen[k], c)
            for found, want in zip(parts(networks.online, k), mine[k], strict=True):
                assert np.allclose(found, want, atol=1e-4)


# -- what is kept of the steps -------------------------------------------------------------------


def test_a_trace_goes_on_within_an_episode_and_to_greedy_actions():
    following = Following(without_replay(1, trace_decay=0.5), 2)
    q = np.array([[1.0, 2.0], [1.0, 2.0]])
    steps = [  # actions, ended; does it go on to this step?
        ([1, 1], [False, False], [False, False]),  # the first step of all
        ([1, 0], [False, False], [True, False]),  # run 1 explores
        ([1, 1], [True, False], [True, True]),  # run 0 ends here
        ([1, 1], [False, True], [False, True]),
    ]
    for action, ended, want in steps:
        choice = Choice(q, np.array(action), 0.1)
        (found,) = following.step(q, 0, 0, q, 0, np.array(ended), 0.9, choice)
        assert found[-1].tolist() == want


def test_exploring_does_not_break_a_rollout():
    following = Following(without_replay(1, 2, trace_decay=0.5), 1)
    q, ended = np.array([[1.0, 2.0]]), np.array([False])
    for want in (False, True):
        choice = Choice(q, np.array([0]), 0.1)
        (found,) = following.step(q, 0, 0, q, 0, ended, 0.9, choice)
        assert found[-1].tolist() == [want]


@settings(max_examples=30)
@given(s=st.integers(1, 3), e=st.integers(1, 3), t=st.integers(1, 4), n=st.integers(1, 11))
def test_a_batch_is_the_newest_steps_in_their_order(s, e, t, n):
    newest = Newest(without_replay(e, t, trace_decay=0.5 * (t > 1)), s, (2,), np.float32, "cpu")
    everything = np.random.default_rng(0).normal(size=(n, s * e, 2)).astype(np.float32)
    for i, obs in enumerate(everything):
        number = np.full(s * e, i)
        newest.add(obs, number, -number, obs + 1, number % 2 == 0, None, number % 3 == 0)
    assert len(newest) == e * min(n, t)
    if n < t:
        return
    batch, last = newest.sample(e * t), everything[-t:].reshape(t, s, e, 2)
    assert torch.equal(batch.obs, torch.from_numpy(last.transpose(1, 2, 0, 3).reshape(s, e * t, 2)))
    assert torch.equal(batch.next_obs, batch.obs + 1)
    assert (batch.action == torch.arange(n - t, n).repeat(s, e)).all()
    assert torch.equal(batch.reward, -batch.action.float())
    assert torch.equal(batch.terminated, batch.action % 2 == 0)
    assert torch.equal(batch.follows, batch.action % 3 == 0)


def test_a_batch_survives_being_plain():
    batch = random_step(np.random.default_rng(0), 3)
    again = Learned.of_plain(Learned(batch).plain(), "cpu").batch
    assert torch.equal(again.follows, batch.follows)
    assert again.discount is None


def test_the_environments_of_a_run_differ_and_the_first_is_that_of_one():
    seeds = env_seeds(123, 4)
    assert seeds[0] == 123
    assert len(set(seeds)) == 4
    assert env_seeds(123, 2) == seeds[:2]
    one, four = Trainer(SMALL, [0]), Trainer(SMALL.replace(environments=4), [0, 1])
    assert np.array_equal(one.obs[0], four.obs[0])
    assert four.obs.shape == (2, 4)


def test_with_replay_a_step_adds_one_transition_of_each_environment():
    trainer = Trainer(SMALL.replace(environments=3, capacity=100), [0, 1])
    for n in range(1, 6):
        trainer.step()
        assert len(trainer._replay) == 3 * n


def test_a_policy_and_a_buffer_of_ones_own_with_several_environments():
    from dqnlib.replay import ReplayBuffer

    class Mine(ReplayBuffer):
        pass

    def policy(q, epsilon, rng):
        return epsilon_greedy(q, epsilon, rng)

    config = SMALL.replace(environments=3, capacity=200, batch_size=16, steps=100)
    plain = train(config, [1, 2])
    assert same(of_row(train(config, [1, 2], policy=policy), 0), of_row(plain, 0))
    own = train(config, [1, 2], replay=Mine)
    assert np.array_equal(own.returns[1], plain.returns[1])


def test_a_training_step_of_ones_own_gets_what_follows():
    seen = []

    def update(online, target, optimizer, batch, gamma):
        seen.append(batch.follows.tolist())
        return 0.0

    train(without_replay(1, trace_decay=0.5).replace(steps=60, epsilon=0.0), [0], update=update)
    assert [True] in seen
    assert [False] in seen


@pytest.mark.parametrize(
    ("config", "slots", "words"),
    [
        (without_replay(1, trace_decay=0.5), {"td_target": lambda r, t, q, g: r}, "your own td_ta"),
        (without_replay(1, trace_decay=0.5), {"replay": dict}, "your own replay cannot"),
        (without_replay(1, trace_decay=0.5), {"transitions": dict}, "your own transitions cannot"),
        (SMALL.replace(environments=2), {"transitions": dict}, "there are 2 environments a seed"),
        (without_replay(1, optimizer="obgd"), {"update": lambda *a: 0}, "obgd is the library's"),
        (SMALL.replace(layer_norm=True), {"network": QNetwork}, "layer_norm say what"),
    ],
)
def test_functions_that_do_not_go_together(config, slots, words):
    with pytest.raises(ValueError, match=words):
        Trainer(config, [0], **slots)


def test_images_with_replay_have_one_environment():
    with pytest.raises(ValueError, match="take environments=1, or learn without replay"):
        Trainer(SMALL.replace(environments=2), [0], env=Frames)


@pytest.mark.parametrize(
    ("config", "changes", "words"),
    [
        (without_replay(1, trace_decay=0.5), {"trace_decay": 0.0}, "gain or lose replay or traces"),
        (without_replay(2, 3), {"update_every": 1}, "gain or lose replay or traces"),
        (SMALL, {"layer_norm": True}, "layer_norm cannot change in flight"),
        (SMALL, {"environments": 2}, "environments cannot change in flight"),
    ],
)
def test_what_cannot_change_in_flight(config, changes, words):
    trainer = Trainer(config, [0])
    with pytest.raises(ValueError, match=words):
        trainer.config = trainer.config.replace(**changes)


def test_the_trace_decay_acts_in_flight():
    a, b = (Trainer(WAYS["traces, SGD"], [0]) for _ in range(2))
    for trainer in (a, b):
        while trainer.steps < 100:
            trainer.step()
    b.config = b.config.replace(trace_decay=0.1)
    for trainer in (a, b):
        while trainer.steps < 110:
            trainer.step()
    assert not same(of_row(a.run(), 0), of_row(b.run(), 0))
