"""Intervals over seeds, evaluation, sweeps and claims.

Mutants that these tests kill (each was tried once):
- the resampling runs over the wrong axis; the standard deviation stands in for the standard error;
- the confidence is ignored, or halved; the random numbers are not fixed;
- one seed gets an interval of width 0; the episodes of one run count as seeds; a confidence of 95
  gives NaN without a word;
- a claim that fails prints "holds"; what was measured is left out, or left out when it is 0;
- the interquartile mean is the mean, the median, or cuts one seed too many; its interval is that of
  the mean;
- an evaluation starts where training's did, or at the same place for every episode, seed or number
  `seed`; plays the agent at the end for the best one, another seed's, or with exploration; reads
  the parameters of a network that has more or fewer; a run without networks is blamed on the
  makers;
- a sweep gives its runs in the order in which they ended, trains what is in the folder, keeps
  nothing when it is stopped, reads the runs of other seeds or settings, checks a value when its
  turn comes, forgets the learner's functions, or leaves torch with one thread, be it after jobs in
  threads that overlap, or a worker with the number of another process; a value alone in the grid
  fails without a word of lists; runs on other devices share a file.
"""

import dataclasses
import itertools
import os
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from itertools import pairwise

import gymnasium as gym
import joblib
import numpy as np
import pytest
import torch
from joblib.parallel import ThreadingBackend
from support import Lottery

from dqnlib import experiments, training
from dqnlib.config import Config
from dqnlib.experiments import claim, evaluate, file_name, load_run, sweep
from dqnlib.intervals import Interval, interval, iqm_interval, mean_interval
from dqnlib.policies import random_streams
from dqnlib.results import Run
from dqnlib.seeds import LearnerError
from dqnlib.seeds.learner import TrainingError
from dqnlib.storage import SavedRunError

TINY = Config(
    steps=120, hidden=(16,), batch_size=8, capacity=100, warmup=20, eval_every=0, record_every=20,
    epsilon_steps=100, device="cpu",
)  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Networks this small are slower with more."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def same(a: Run, b: Run) -> bool:
    """Are two runs equal, bit for bit?"""
    pairs = [(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(Run)]
    return all(np.array_equal(_flat(x), _flat(y), equal_nan=True) for x, y in pairs[4:-1]) and all(
        x == y for x, y in pairs[:3]
    )


def _flat(value) -> np.ndarray:
    parts = value.values() if isinstance(value, dict) else value
    return np.concatenate([np.ravel(part) for part in parts] or [[]])


def test_the_interval_of_many_values_is_that_of_the_textbook():
    values = np.random.default_rng(0).normal(5.0, 2.0, 400)
    half = 1.96 * values.std() / 400**0.5
    found = interval(values)
    assert found.estimate == pytest.approx(values.mean())
    assert found.high - found.estimate == pytest.approx(half, rel=0.15)
    assert found.estimate - found.low == pytest.approx(half, rel=0.15)
    narrow = interval(values, confidence=0.5)  # 0.674 standard errors in place of 1.96
    assert (narrow.high - narrow.low) / 2 == pytest.approx(half * 0.674 / 1.96, rel=0.15)


def test_intervals_over_twenty_seeds_hold_what_they_promise():
    """400 experiments at once, each a column of 20 seeds: about 95 % of the intervals hold 0."""
    values = np.random.default_rng(1).normal(0.0, 1.0, (20, 400))
    mean, low, high = mean_interval(values, resamples=300)
    assert mean == pytest.approx(values.mean(0))
    assert mean.shape == low.shape == high.shape == (400,)
    assert 0.85 < ((low < 0) & (high > 0)).mean() < 0.98  # a percentile bootstrap is a bit narrow


def test_each_column_has_its_own_interval():
    values = np.stack([np.arange(30.0), 1000 + 10 * np.arange(30.0)], axis=1)  # [S, E]
    mean, low, high = mean_interval(values)
    assert mean.tolist() == [14.5, 1145.0]
    assert (high - low)[1] == pytest.approx(10 * (high - low)[0], rel=0.2)
    assert ((low < mean) & (mean < high)).all()


def test_the_same_values_give_the_same_interval():
    values = np.random.default_rng(2).normal(size=10)
    assert interval(values) == interval(values) == interval(list(values))


def test_one_seed_has_no_interval():
    found = interval([3.0])
    assert found.estimate == interval(3.0).estimate == 3.0
    assert np.isnan([found.low, found.high]).all()
    mean, low, high = mean_interval(np.ones((1, 5)))
    assert mean.tolist() == [1.0] * 5
    assert np.isnan([low, high]).all()


def test_equal_values_give_a_point_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert interval([-13.0] * 50) == (-13.0, -13.0, -13.0)


def test_no_episodes_give_no_intervals():
    assert [x.shape for x in mean_interval(np.empty((5, 0)))] == [(0,)] * 3


@pytest.mark.parametrize("values", [[], np.empty((0, 4))])
def test_no_seeds_are_an_error(values):
    with pytest.raises(ValueError, match="one value a seed, but there are none"):
        mean_interval(values)
    with pytest.raises(ValueError, match="one value a seed"):
        interval(values)


def test_episodes_are_no_seeds():
    with pytest.raises(
        ValueError, match=r"shape \(3, 500\): reduce each seed .* values\.mean\(1\)"
    ):
        interval(np.zeros((3, 500)))


def test_an_interval_reads_well():
    assert str(Interval(-27.95, -29.04, 3.0)) == "−27.9 [−29.0, 3.0]"
    assert f"{Interval(1, 2, 3)}" == "1.0 [2.0, 3.0]"


def test_the_interquartile_mean_by_hand():
    values = [100.0, 1.0, 2.0, 3.0, -50.0, 9.0, 6.0, 5.0]  # the middle half: 2, 3, 5, 6
    assert iqm_interval(values).estimate == 4.0
    assert np.mean(values) != 4.0
    assert iqm_interval([*values[1:], 1e9]).estimate == 4.0  # one lucky seed moves nothing
    ten = np.arange(10.0) ** 2  # two fall away at each side, for a quarter is two and a half
    assert iqm_interval(ten).estimate == np.mean([4, 9, 16, 25, 36, 49])
    assert iqm_interval([1.0, 2.0, 9.0]).estimate == 4.0  # too few to leave one out


def test_the_interval_of_the_interquartile_mean_by_hand():
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.normal(0, 1, 18), [80.0, -3.0]])
    drawn = np.sort(rng.choice(values, (20_000, 20)), axis=1)[:, 5:-5].mean(1)
    found = iqm_interval(values)
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert found.low == pytest.approx(low, abs=0.08)
    assert found.high == pytest.approx(high, abs=0.08)
    assert found.low < found.estimate < found.high < 2 < interval(values).high
    narrow = iqm_interval(values, confidence=0.5)
    assert found.low < narrow.low < narrow.high < found.high
    assert iqm_interval(list(values)) == found  # the random numbers are fixed
    assert isinstance(found, Interval)


def test_the_interquartile_mean_of_few_values():
    found = iqm_interval([3.0])
    assert found.estimate == iqm_interval(3).estimate == 3.0
    assert np.isnan([found.low, found.high]).all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert iqm_interval([7.0] * 5) == (7.0, 7.0, 7.0)
    with pytest.raises(ValueError, match=r"shape \(3, 5\): reduce each seed"):
        iqm_interval(np.zeros((3, 5)))
    with pytest.raises(ValueError, match="one value a seed"):
        iqm_interval([])


@pytest.mark.parametrize("find", [interval, iqm_interval, mean_interval])
def test_a_confidence_is_a_share(find):
    for values in ([1.0], [1.0, 2.0, 4.0]):
        for wrong in (95, 0, -0.5, np.nan, "95 %"):
            with pytest.raises(ValueError, match="confidence must be a number above 0, up to 1"):
                find(values, wrong)
        if find is not interval:
            with pytest.raises(ValueError, match="resamples must be a whole number"):
                find(values, resamples=0)
    with pytest.raises(ValueError, match="one value a seed, but there are none"):
        find([])


# -- evaluation ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run() -> Run:
    """Barely trained, so that its episodes end soon and in many ways."""
    config = TINY.replace(steps=300, eval_every=60, eval_episodes=2, learning_rate=0.01)
    return training.train(config, (4, 1))


def played_by_hand(run, k, episodes, seed, best) -> list[float]:
    """A plain loop over Gymnasium's CartPole with one seed's network."""
    name = run.seeds[k]
    module = training.network_of(run, name, best=best)
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
        evaluate(run, 1)  # on CartPole, which has four numbers an observation


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


def test_evaluate_needs_the_network_of_the_run(run):
    mine = training.train(TINY, (2,), network=Wide)
    found = evaluate(mine, 3, network=Wide)
    assert found.shape == (1, 3)
    more = training.train(TINY.replace(steps=30), (2,), network=Wider)
    for trained, maker in ((mine, None), (mine, Wider), (more, Wide), (run, Wide)):
        with pytest.raises(ValueError, match="does not fit the run: give the makers"):
            evaluate(trained, 1, network=maker)
    with pytest.raises(ValueError, match="does not fit the run"):
        evaluate(run, 1, network=lambda shape, n: training.QNetwork(shape, n, (17,)))
    with pytest.raises(LearnerError, match="failed"):
        evaluate(run, 1, network=lambda shape: None)


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
    files = sorted(folder.iterdir())
    assert len(files) == len(trained) == 3
    (gone,) = [f for f in files if load_run(f).config.gamma == 0.9]
    gone.unlink()
    times = {f: f.stat().st_mtime_ns for f in files if f != gone}
    second = sequential(TINY, grid, (0, 1), folder=folder)
    assert [c.gamma for c in trained[3:]] == [0.9]  # only that one
    assert {f: f.stat().st_mtime_ns for f in times} == times
    assert sorted(folder.iterdir()) == files
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
    (file,) = [f for f in tmp_path.iterdir() if f.is_file()]
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
        with pytest.raises(LearnerError, match="chose action 99"):
            sequential(TINY, {}, [0], policy=lambda q, epsilon, rng: 99)
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
        with pytest.raises(RuntimeError, match="no power") if fails else nullcontext():
            sweep(TINY, {"gamma": [0.5, 0.9]}, [0], backend="threading", n_jobs=2)
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
        experiments._job((), TINY.replace(steps=10), (0,), None, {}, asked_by_another_process)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


@pytest.mark.parametrize("value", [0.9, 7, True, "adam", None, np.array(0.9)])
def test_a_value_alone_is_no_list(trained, value):
    with pytest.raises(ValueError, match=r"needs a list of values, but gamma is .*: write \["):
        sequential(TINY, {"sync_every": [1], "gamma": value}, [0])
    assert not trained


def test_the_name_of_a_file_depends_on_all_settings():
    configs = [TINY, TINY.replace(device="auto"), TINY.replace(gamma=0.5)]
    names = [file_name(c, seeds) for c in configs for seeds in ((0, 1), (1, 0), (0,))]
    assert len(set(names)) == 9
    assert file_name(TINY.replace(), (0, 1)) == names[0]


def test_a_cluster_that_gives_all_runs_at_the_end(monkeypatch):
    """Ray's backend cannot give one run after the other."""

    class Cluster(ThreadingBackend):
        supports_return_generator = False

    monkeypatch.setitem(joblib.parallel.BACKENDS, "cluster", Cluster)
    shown = []

    def bar(runs, **about):
        shown.append(about["total"])
        return runs

    monkeypatch.setattr("tqdm.auto.tqdm", bar)
    config, grid = TINY.replace(steps=40), {"gamma": [0.9, 0.5]}
    runs = sweep(config, grid, [0], backend="cluster", n_jobs=1, progress=True)
    assert list(runs) == [(0.9,), (0.5,)]
    assert shown == [2]
    assert all(same(run, sequential(config, grid, [0])[key]) for key, run in runs.items())


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
