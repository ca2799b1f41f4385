"""Evaluation, sweeps and claims.

`tests/mutants/test_experiments.toml` lists the mutants that these tests kill.
"""

import dataclasses
import itertools
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from itertools import pairwise

import gymnasium as gym
import numpy as np
import pytest
import torch
from support import Lottery, one_thread  # noqa: F401 (a fixture)

from dqnlib import experiments, training
from dqnlib.agents import evaluate, greedy_episodes, network_of
from dqnlib.config import Config
from dqnlib.experiments import SweepError, claim, sweep, tidy
from dqnlib.intervals import interval
from dqnlib.networks import QNetwork
from dqnlib.policies import random_streams
from dqnlib.results import Run
from dqnlib.saved import load_run
from dqnlib.seeds import LearnerError
from dqnlib.seeds.learner import TrainingError
from dqnlib.storage import SavedRunError

TINY = Config(
    steps=120, hidden=(16,), batch_size=8, capacity=100, warmup=20, eval_every=0, record_every=20,
    epsilon_steps=100, device="cpu",
)  # fmt: skip


def same(a: Run, b: Run) -> bool:
    """Are two runs equal, bit for bit?"""
    plain = {"config", "seeds", "steps", "slots"}
    left = {"device", "final_returns"}  # where it was computed; what nobody asked for
    names = {f.name for f in dataclasses.fields(Run)} - left
    arrays = [(getattr(a, name), getattr(b, name)) for name in names - plain]
    return all(getattr(a, name) == getattr(b, name) for name in plain) and all(
        np.array_equal(_flat(x), _flat(y), equal_nan=True) for x, y in arrays
    )


def _flat(value) -> np.ndarray:
    parts = value.values() if isinstance(value, dict) else value
    return np.concatenate([np.ravel(part) for part in parts] or [[]])


# -- evaluation ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run() -> Run:
    """Barely trained, so that its episodes end soon and in many ways."""
    config = TINY.replace(steps=300, eval_every=60, eval_episodes=2, learning_rate=0.01)
    return training.train(config, (4, 1))


def played_by_hand(run, k, episodes, seed, best) -> list[float]:
    """A plain loop over Gymnasium's CartPole with one seed's network."""
    name = run.seeds[k]
    module = network_of(run, name, best=best)
    number = np.random.SeedSequence([random_streams(name).eval_seed, seed, 1]).generate_state(1)
    starts = np.random.SeedSequence(int(number[0]), spawn_key=(0,)).generate_state(episodes)
    returns, env = [], gym.make("CartPole-v1")
    for start in starts.tolist():
        obs, over, total = env.reset(seed=start)[0], False, 0.0
        while not over:
            x = torch.from_numpy(obs * np.float32([0.4, 0.5, 5.0, 0.5]))
            with torch.no_grad():
                action = int(module(x[None]).argmax())
            obs, reward, terminated, truncated, _ = env.step(action)
            total, over = total + reward, terminated or truncated
        returns.append(total)
    return returns


@pytest.mark.parametrize("best", [False, True])
def test_evaluate_agrees_with_a_plain_loop(run, best):
    found = evaluate(run, 4, seed=2, best=best)
    want = [played_by_hand(run, k, 4, 2, best) for k in range(2)]
    assert found.tolist() == want
    assert len({x for row in want for x in row}) > 4  # not all alike
    assert found.tolist() == evaluate(run, 4, seed=2, best=best).tolist()


def steps_by_hand(module, start: int) -> tuple[list, list, bool]:
    """Values and rewards of one greedy episode of CartPole, and whether the pole fell."""
    env = gym.make("CartPole-v1")
    obs, over, values, rewards = env.reset(seed=start)[0], False, [], []
    while not over:
        x = torch.from_numpy(obs * np.float32([0.4, 0.5, 5.0, 0.5]))
        with torch.no_grad():
            q = module(x[None])[0]
        obs, reward, terminated, truncated, _ = env.step(int(q.argmax()))
        values.append(float(q.max()))
        rewards.append(reward)
        over = terminated or truncated
    return values, rewards, terminated


def test_greedy_episodes_are_those_of_a_plain_loop(run):
    found = greedy_episodes(run, 3, seed=2)
    longest = 0
    for k, name in enumerate(run.seeds):
        number = np.random.SeedSequence([random_streams(name).eval_seed, 2, 2]).generate_state(1)
        for e, start in enumerate(np.random.SeedSequence(int(number[0])).generate_state(3)):
            values, rewards, fell = steps_by_hand(network_of(run, name), int(start))
            longest = max(longest, len(values))
            value, reward = found.value[k, e], found.reward[k, e]
            assert np.allclose(value[: len(values)], values, atol=1e-4)
            assert np.isnan(value[len(values) :]).all()
            assert reward[: len(rewards)].tolist() == rewards
            assert np.isnan(reward[len(rewards) :]).all()
            assert found.terminated[k, e] == fell
    assert found.value.shape == found.reward.shape == (2, 3, longest)
    again = greedy_episodes(run, 3, seed=2)
    assert np.array_equal(found.value, again.value, equal_nan=True)
    other = greedy_episodes(run, 3, seed=3)
    assert found.value[0, 0, 0] != other.value[0, 0, 0]


def test_greedy_episodes_in_an_environment_of_ones_own():
    """An episode that is cut has not terminated; one that has no end is cut after 1,000 steps."""
    run = training.train(TINY, (0, 1), env=lambda: gym.make("dqnlib/TruncatedForever-v0"))
    found = greedy_episodes(run, 2, env=lambda: gym.make("dqnlib/TruncatedForever-v0"))
    assert found.reward.tolist() == [[[1.0] * 5] * 2] * 2
    assert not found.terminated.any()
    with pytest.raises(ValueError, match="give the same as env="):
        greedy_episodes(run, 2)
    endless = gym.make("dqnlib/TruncatedForever-v0").unwrapped
    made = training.train(TINY, (0,), env=lambda: type(endless)())
    assert greedy_episodes(made, 1, env=lambda: type(endless)()).reward.shape == (1, 1, 1_000)


def test_the_best_agents_are_not_the_last_ones(run):
    assert (run.best_steps < 300).any()
    assert evaluate(run, 4).tolist() != evaluate(run, 4, best=True).tolist()
    blind = training.train(TINY.replace(steps=30), (0,))
    with pytest.raises(ValueError, match="no best agents, for it was not evaluated"):
        evaluate(blind, 1, best=True)
    assert evaluate(blind, 1).shape == (1, 1)


def test_a_run_without_its_networks_cannot_play(run):
    bare = dataclasses.replace(run, parameters={}, best_parameters={})
    never = dataclasses.replace(bare, best_steps=np.full(2, -1))
    for stored, best in ((bare, False), (bare, True), (never, True)):
        with pytest.raises(ValueError, match=r"stored without its networks .*: train it anew"):
            evaluate(stored, 1, best=best)


def test_each_evaluation_has_starts_of_its_own():
    """In a lottery an episode's return tells its start."""
    config = TINY.replace(steps=60, eval_every=10, eval_episodes=3)
    run = training.train(config, (0, 1), env=Lottery)
    in_training = {*np.float32([*np.concatenate(run.returns), *run.eval_returns.flat]).tolist()}
    assert len(in_training) > 2 * 6 * 3
    evaluations = []
    for seed in (0, 0, 1):
        found = evaluate(run, 5, seed=seed, env=Lottery)
        assert found.shape == (2, 5)
        evaluations.append({*np.float32(found).flat})
        assert len(evaluations[-1] - in_training) == len(evaluations[-1]) == 10
    assert evaluations[0] == evaluations[1]
    assert not evaluations[0] & evaluations[2]
    with pytest.raises(ValueError, match="does not fit the run: give the makers"):
        evaluate(run, 1, env=cart)  # CartPole has four numbers an observation


class Wide(torch.nn.Module):
    """A learner's network, with an activation that the library does not know."""

    def __init__(self, obs_shape, n_actions):
        super().__init__()
        self.first = torch.nn.Linear(*obs_shape, 8)
        self.last = torch.nn.Linear(8, n_actions)

    def forward(self, obs):
        return self.last(torch.nn.functional.silu(self.first(obs)))


class Wider(Wide):
    """Has all that Wide has, and more."""

    def __init__(self, obs_shape, n_actions):
        super().__init__(obs_shape, n_actions)
        self.bonus = torch.nn.Parameter(torch.ones(()))


def test_evaluate_names_the_seed_whose_environment_fails():
    class Breaks(gym.Wrapper):
        def step(self, action):
            raise RuntimeError("no power")

    def cart():
        return gym.make("CartPole-v1")

    run = training.train(TINY.replace(steps=5), (2,), env=cart)
    with pytest.raises(TrainingError, match=r"greedy evaluation of seed 2: .*no power"):
        evaluate(run, 1, env=lambda: Breaks(cart()))


def test_evaluate_needs_the_network_of_the_run():
    mine = training.train(TINY, (2,), network=Wide)
    found = evaluate(mine, 3, network=Wide)
    assert found.shape == (1, 3)
    more = training.train(TINY.replace(steps=30), (2,), network=Wider)

    def narrow(shape, n):
        return QNetwork(shape, n, (17,))

    for trained, maker in ((mine, Wider), (mine, narrow), (more, Wide)):
        with pytest.raises(ValueError, match="does not fit the run: give the makers"):
            evaluate(trained, 1, network=maker)
    with pytest.raises(LearnerError, match="failed"):
        evaluate(mine, 1, network=lambda shape: None)


def cart():
    return gym.make("CartPole-v1")


def small_network(shape, n):
    return QNetwork(shape, n, (16,))  # as TINY has it: only its slot tells it apart


def test_a_run_is_evaluated_with_the_slots_that_made_it(run):
    """An environment and a network that fit are refused, too: the run was made without them."""
    slots = {"env": cart, "network": small_network}
    for mine in ({}, {"env": cart}, {"network": small_network}, slots):
        trained = training.train(TINY.replace(steps=30), (2,), **mine)
        assert set(trained.slots) == set(mine)
        for given in ({}, {"env": cart}, {"network": small_network}, slots):
            if given == mine:
                assert evaluate(trained, 2, **given).shape == (1, 2)
                continue
            (slot, *_) = [s for s in slots if (s in mine) != (s in given)]
            words = (
                f"was trained with your own {slot}: give the same as {slot}="
                if slot in mine
                else f"was trained without your own {slot}: leave {slot} out"
            )
            with pytest.raises(ValueError, match=words):
                evaluate(trained, 2, **given)


def test_a_run_of_which_the_slots_are_not_known_is_evaluated_as_asked(run):
    """The files of version 0.1.0 do not tell."""
    old = dataclasses.replace(run, slots=None)
    for given in ({}, {"env": cart}, {"network": small_network}):
        assert np.array_equal(evaluate(old, 2, **given) > 0, np.ones((2, 2)))
    with pytest.raises(ValueError, match="does not fit the run"):
        evaluate(old, 2, network=Wide)


@pytest.mark.parametrize(("episodes", "seed"), [(0, 0), (2.5, 0), (1, -1), (1, 0.5)])
def test_evaluate_takes_whole_numbers(run, episodes, seed):
    with pytest.raises(ValueError, match="must be a whole number of at least"):
        evaluate(run, episodes, seed=seed)


# -- sweeps ----------------------------------------------------------------------------------------


def halved_target(reward, terminated, next_q, gamma):
    """A learner's function."""
    return reward + 0.5 * gamma * next_q.max(dim=1).values * ~terminated


@pytest.fixture
def trained(monkeypatch):
    """What is trained in this process, in order."""
    calls, train = [], training.train

    def counted(config, seeds, **slots):
        calls.append(config)
        return train(config, seeds, **slots)

    monkeypatch.setattr(training, "train", counted)
    return calls


def sequential(*args, **more):
    return sweep(*args, backend="sequential", n_jobs=1, **more)


def test_a_sweep_over_cores_trains_with_the_learners_function():
    grid = {"learning_rate": [0.01, 0.1], "hidden": [[16], [16, 16]]}
    runs = sweep(TINY, grid, (3, 0), n_jobs=2, td_target=halved_target)
    assert list(runs) == [(0.01, (16,)), (0.01, (16, 16)), (0.1, (16,)), (0.1, (16, 16))]
    for (rate, hidden), run in runs.items():
        config = TINY.replace(learning_rate=rate, hidden=hidden)
        assert run.config == config
        assert run.seeds == (3, 0)
        assert same(run, training.train(config, (3, 0), td_target=halved_target))
        with pytest.raises(ValueError, match="read-only"):
            run.returns[0][:] = 0
    assert not same(runs[0.1, (16,)], training.train(TINY.replace(learning_rate=0.1), (3, 0)))


def test_a_sweep_in_this_process(trained):
    grid = {"sync_every": range(1, 4), "double": np.array([True, False])}
    runs = sequential(TINY, grid, 7)
    assert list(runs) == [(n, double) for n in (1, 2, 3) for double in (True, False)]
    assert len(trained) == 6
    for (n, double), run in runs.items():
        assert same(run, training.train(TINY.replace(sync_every=n, double=double), [7]))
    assert all(not same(a, b) for a, b in pairwise(runs.values()))
    alone = sequential(TINY, {}, 7)
    assert list(alone) == [()]
    assert alone[()].config == TINY
    assert sequential(TINY, {"gamma": []}, 7) == {}


def test_a_sweep_goes_on_from_its_folder(trained, tmp_path):
    folder, grid = tmp_path / "sweeps" / "one", {"gamma": (0.5, 0.9, 1)}
    first = sequential(TINY, grid, (0, 1), folder=str(folder))
    files = sorted(folder.glob("*.npz"))
    assert len(files) == len(trained) == 3
    (gone,) = [f for f in files if load_run(f).config.gamma == 0.9]
    gone.unlink()
    times = {f: f.stat().st_mtime_ns for f in files if f != gone}
    second = sequential(TINY, grid, (0, 1), folder=folder)
    assert [c.gamma for c in trained[3:]] == [0.9]  # only that one
    assert {f: f.stat().st_mtime_ns for f in times} == times
    assert sorted(folder.glob("*.npz")) == files
    assert list(second) == list(first) == [(0.5,), (0.9,), (1,)]
    assert all(same(first[key], second[key]) for key in first)
    trained.clear()
    sequential(TINY, {"gamma": [1.0, 0.5]}, (0, 1), folder=folder)
    assert not trained
    sequential(TINY, {"gamma": [0.5]}, (1, 0), folder=folder)  # other seeds, other settings
    sequential(TINY.replace(steps=100), {"gamma": [0.5]}, (0, 1), folder=folder)
    assert len(trained) == 2


def test_a_sweep_that_was_stopped_keeps_what_was_finished(monkeypatch, tmp_path):
    train, grid = training.train, {"gamma": [0.1, 0.2, 0.3, 0.4]}

    def interrupted(config, seeds):
        if config.gamma == 0.3:
            raise KeyboardInterrupt
        return train(config, seeds)

    monkeypatch.setattr(training, "train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sequential(TINY, grid, [0], folder=tmp_path)
    kept = [load_run(f).config.gamma for f in tmp_path.glob("*.npz")]
    assert sorted(kept) == [0.1, 0.2]
    after = []
    monkeypatch.setattr(training, "train", lambda c, s: after.append(c.gamma) or train(c, s))
    assert list(sequential(TINY, grid, [0], folder=tmp_path)) == [(0.1,), (0.2,), (0.3,), (0.4,)]
    assert after == [0.3, 0.4]


def test_a_broken_file_in_the_folder_is_named(trained, tmp_path):
    sequential(TINY.replace(steps=10), {}, [0], folder=tmp_path)
    (file,) = tmp_path.glob("*.npz")
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(SavedRunError, match=file.name):
        sequential(TINY.replace(steps=10), {}, [0], folder=tmp_path)
    assert len(trained) == 1


@pytest.mark.parametrize(
    ("error", "grid", "more"),
    [
        (ValueError, {"gamma": [0.5, 1.5]}, {}),
        (ValueError, {"capacity": [100, 3]}, {}),  # smaller than a batch
        (ValueError, {"optimizer": "adam"}, {}),
        (TypeError, {"gama": [0.5]}, {}),
        (ValueError, {"gamma": [0.5]}, {"seeds": [1, 1]}),
        (ValueError, {"gamma": [0.5]}, {"td_target": halved_target}),  # a folder knows it not
    ],
)
def test_a_bad_sweep_is_refused_before_anything_is_trained(trained, tmp_path, error, grid, more):
    with pytest.raises(error):
        sequential(TINY, grid, folder=tmp_path / "new", **more)
    assert not trained
    assert not (tmp_path / "new").exists()


def test_a_sweep_leaves_the_threads_of_torch_alone(trained):
    torch.set_num_threads(2)
    try:
        sequential(TINY.replace(steps=10), {"gamma": [0.5]}, [0])
        with pytest.raises(SweepError, match="chose action 99"):
            sequential(TINY, {}, [0], retries=0, policy=lambda q, epsilon, rng: 99)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


@pytest.mark.parametrize("fails", [False, True])
def test_jobs_in_threads_that_overlap_leave_the_threads_of_torch_alone(monkeypatch, fails):
    """The second reads the number when the first has set it to 1, and is the last to give it back.

    A new thread is asked for the number, too: in torch, each thread has one of its own.
    """
    main, jobs, told = threading.main_thread(), itertools.count(), []
    began, both, over = (threading.Event() for _ in range(3))
    read, put, seconds = torch.get_num_threads, torch.set_num_threads, 20
    ready = training.train(TINY.replace(steps=10), [0])

    def slow_read():
        if threading.current_thread() is not main and next(readers):
            began.wait(seconds)
        return read()

    def noted_put(number):
        put(number)
        if number > 1:
            over.set()

    def train(config, seeds):
        told.append(read())
        began.set()
        if next(jobs):
            both.set()
            over.wait(seconds)  # the first has given the number back
        else:
            both.wait(seconds)
            if fails:
                raise RuntimeError("no power")
        return ready

    readers = itertools.count()
    monkeypatch.setattr(training, "train", train)
    monkeypatch.setattr(torch, "get_num_threads", slow_read)
    monkeypatch.setattr(torch, "set_num_threads", noted_put)
    put(2)
    try:
        with pytest.raises(SweepError, match="no power") if fails else nullcontext():
            sweep(TINY, {"gamma": [0.5, 0.9]}, [0], backend="threading", n_jobs=2, retries=0)
        assert both.is_set()
        assert told == [1, 1]
        assert read() == 2
        with ThreadPoolExecutor(1) as fresh:
            assert fresh.submit(read).result() == 2
    finally:
        put(1)


def test_a_worker_gets_its_own_number_of_threads_back():
    torch.set_num_threads(2)
    try:
        asked_by_another_process = (os.getpid() + 1, 3)
        experiments._job(TINY.replace(steps=10), (0,), {}, asked_by_another_process)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


@pytest.mark.parametrize(
    ("field", "value"), [("hidden", (64, 64)), ("hidden", ()), ("obs_scale", (0.4, 0.5, 5.0, 0.5))]
)
def test_a_value_that_is_a_tuple_itself_is_no_list(trained, field, value):
    with pytest.raises(ValueError, match=f"{field} is .*, which is a value of this field itself: "):
        sequential(TINY, {field: value}, [0])
    assert not trained


def test_sizes_of_layers_in_a_list_are_values():
    short = TINY.replace(steps=5)
    runs = sequential(short, {"hidden": [8, [4, 4], np.array([3, 5])]}, [0])
    assert list(runs) == [(8,), ((4, 4),), ((3, 5),)]
    assert [run.config.hidden for run in runs.values()] == [(8,), (4, 4), (3, 5)]


@pytest.mark.parametrize(
    "grid", [{"gamma": [0.5, 0.9, 0.5]}, {"hidden": [64, (64,)]}, {"tau": [1, 1.0], "gamma": [1]}]
)
def test_an_experiment_that_is_there_twice_is_named(trained, grid):
    with pytest.raises(ValueError, match="the grid holds one experiment twice: "):
        sequential(TINY, grid, [0])
    assert not trained


@pytest.mark.parametrize("grid", [None, [("gamma", [0.5])], "gamma", {0.5, 0.9}])
def test_a_grid_is_a_dict(trained, grid):
    with pytest.raises(ValueError, match="grid must be a dict from fields to lists of values"):
        sequential(TINY, grid, [0])
    with pytest.raises(ValueError, match="config must be a Config"):
        sequential(None, {"gamma": [0.5]}, [0])
    assert not trained


@pytest.mark.parametrize("value", [0.9, 7, True, "adam", None, np.array(0.9)])
def test_a_value_alone_is_no_list(trained, value):
    with pytest.raises(ValueError, match=r"needs a list of values, but gamma is .*: write \["):
        sequential(TINY, {"sync_every": [1], "gamma": value}, [0])
    assert not trained


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"backend": "slurm"}, "unknown backend 'slurm': choose one of loky, ray, dask, "),
        ({"n_jobs": 0}, "n_jobs .* must be a whole number of at least 1, but it is 0"),
        ({"n_jobs": -2}, "n_jobs .* must be a whole number of at least 1, but it is -2"),
        ({"retries": -1}, "retries must be a whole number of at least 0"),
    ],
)
def test_how_a_sweep_is_done_is_checked(trained, tmp_path, more, words):
    with pytest.raises(ValueError, match=words):
        sweep(TINY, {}, [0], folder=tmp_path / "new", **more)
    assert not trained
    assert not (tmp_path / "new").exists()


# -- tables ----------------------------------------------------------------------------------------


def test_a_table_has_one_row_a_seed():
    config = TINY.replace(steps=40, eval_every=10, eval_episodes=1)
    grid = {"learning_rate": [0.01, 0.1], "hidden": [[8], [4, 4]]}
    runs = sequential(config, grid, (3, 0))
    table = tidy(runs, grid, episodes=lambda run: np.array([len(r) for r in run.returns]))
    names = ["learning_rate", "hidden", "seed", "whole", "late", "episodes", "diverged"]
    assert list(table) == names
    assert table["learning_rate"].tolist() == [0.01] * 4 + [0.1] * 4
    assert table["hidden"].tolist() == [(8,), (8,), (4, 4), (4, 4)] * 2
    assert table["seed"].tolist() == [3, 0] * 4
    for k, run in enumerate(runs.values()):
        rows = slice(2 * k, 2 * k + 2)
        assert table["whole"][rows].tolist() == run.whole().tolist()
        assert table["late"][rows].tolist() == run.late().tolist()
        assert table["episodes"][rows].tolist() == [len(r) for r in run.returns]
    assert table["diverged"].tolist() == [False] * 8
    assert len({column.shape for column in table.values()}) == 1


def test_a_table_of_runs_that_were_not_evaluated():
    runs = {(0.5, None): training.train(TINY.replace(steps=10), (1, 2))}
    grid = {"gamma": [0.5], "max_episode_steps": [None]}
    assert list(tidy(runs, grid)) == ["gamma", "max_episode_steps", "seed", "diverged"]
    assert {len(column) for column in tidy({}, grid).values()} == {0}


def test_a_table_of_something_else_is_refused(run):
    with pytest.raises(ValueError, match="these runs are no sweep over gamma, tau"):
        tidy({(0.5,): run}, {"gamma": [0.5], "tau": [1.0]})
    with pytest.raises(ValueError, match=r"best must give one number a seed, so the shape \(2,\)"):
        tidy({(): run}, {}, best=lambda run: run.eval_returns.max())


# -- claims ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("holds", [True, np.True_, 1, False, np.False_, 0])
def test_a_claim_says_whether_it_holds(holds, capsys):
    claim("Sarsa earns more.", holds, "−28 against −50")
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"{'holds' if holds else 'DOES NOT HOLD'}: Sarsa earns more."
    assert second.strip() == "measured: −28 against −50"


def test_a_claim_without_numbers_is_one_line(capsys):
    claim("It is so.", True)
    assert capsys.readouterr().out == "holds: It is so.\n"
    claim("None is left.", True, 0)
    assert capsys.readouterr().out.splitlines()[1].strip() == "measured: 0"


def test_the_numbers_of_a_claim_are_one_line(capsys):
    claim("All.", True, {"a": np.arange(40) / 2, 2: interval([1.0, 3.0])})
    line = capsys.readouterr().out.splitlines()[1].strip()
    assert line.startswith("measured: a: 0, 0.5, 1, ")
    assert line.endswith("19.5, 2: 2.0 [1.0, 3.0]")
