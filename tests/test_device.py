"""What computes on this machine, and whose threads.

Mutants that these tests kill: the threads stay; training does not let them go; an empty
list of libraries is remembered from before PyTorch was loaded; the generator is not given back, or
lent to two threads at once; a thread that keeps it stops all others.
"""

import os
import subprocess
import sys
import threading
import time

import pytest
import torch

from dqnlib import device, training
from dqnlib.config import Config


def test_the_report_names_what_matters():
    report = device.device_report()
    for word in ("Python 3.", "PyTorch", "GPU"):
        assert word in report


THREADS = """
import os, sys
from dqnlib.device import let_threads_go
let_threads_go()  # nothing computes yet
assert "torch" not in sys.modules
import torch
def threads():
    return len(os.listdir("/proc/self/task"))
torch.set_num_threads(3)
before = threads()
x = torch.ones(1_000_000)
x.add_(1)
working = threads()
let_threads_go()
print(before, working, threads(), float(x.add_(1).mean()), threads())
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="threads are counted in /proc")
def test_who_has_computed_lets_go_of_the_helpers():
    done = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    before, working, after, mean, again = done.stdout.split()
    assert int(working) == int(again) == int(before) + 2
    assert after == before
    assert float(mean) == 3


def test_without_threadpoolctl_nothing_happens(monkeypatch):
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    device._openmp.cache_clear()
    device.let_threads_go()
    device._openmp.cache_clear()


@pytest.mark.parametrize("fails", [False, True])
def test_training_lets_go_at_its_end(fails, monkeypatch):
    calls = []
    monkeypatch.setattr(training, "let_threads_go", lambda: calls.append(1))
    config = Config(env_id="dqnlib/ConstantReward-v0", steps=3, warmup=0, batch_size=1)
    if fails:
        with pytest.raises(training.LearnerError):
            training.train(config, [0], td_target=lambda *_: None)
    else:
        training.train(config, [0])
    assert calls == [1]


# -- random numbers of one's own -----------------------------------------------------------------


def test_the_generator_is_lent_and_given_back():
    torch.manual_seed(1)
    state = torch.get_rng_state()
    with device.own_random_numbers(7):
        found = torch.rand(3)
    assert torch.equal(torch.get_rng_state(), state)

    def fail():
        with device.own_random_numbers(7):
            assert torch.equal(torch.rand(3), found)
            with device.own_random_numbers():  # inside each other, in one thread
                torch.rand(1)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(torch.rand(3, generator=torch.Generator().manual_seed(7)), found)


def test_threads_take_turns_with_the_generator():
    torch.manual_seed(1)
    state, found = torch.get_rng_state(), {}

    def draw(seed):
        found[seed] = []
        for _ in range(50):
            with device.own_random_numbers(seed):
                first = torch.rand(1)
                time.sleep(1e-4)  # another thread would come in between here
                found[seed].append(torch.cat([first, torch.rand(1)]))

    threads = [threading.Thread(target=draw, args=(seed,)) for seed in (3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed, pairs in found.items():
        want = torch.rand(2, generator=torch.Generator().manual_seed(seed))
        assert all(torch.equal(pair, want) for pair in pairs)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_thread_that_never_gives_the_generator_back_stops_nobody(monkeypatch):
    monkeypatch.setattr(device, "_PATIENCE", 0.1)
    stuck, end = threading.Event(), threading.Event()

    def sleep():
        with device.own_random_numbers():
            stuck.set()
            end.wait()

    sleeper = threading.Thread(target=sleep)
    sleeper.start()
    assert stuck.wait(10)
    with device.own_random_numbers(5):
        found = torch.rand(1)
    assert torch.equal(found, torch.rand(1, generator=torch.Generator().manual_seed(5)))
    end.set()
    sleeper.join()
