"""What computes on this machine, and whose threads.

Mutants that these tests kill: the threads stay; training or a lab does not let them go; an empty
list of libraries is remembered from before PyTorch was loaded; the generator is not given back, or
lent to two threads at once; a thread that keeps it stops all others; a lab takes all cores, or
takes a core from a cell, too.
"""

import os
import subprocess
import sys
import threading
import time

import pytest
import torch

from dqnlib import device, labs, training
from dqnlib.config import Config
from dqnlib.labs import frame


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


def test_a_lab_lets_go_before_it_plays(monkeypatch):
    calls = []
    monkeypatch.setattr(frame, "let_threads_go", lambda: calls.append(1))
    lab = frame.Lab.__new__(frame.Lab)
    lab._queue = frame.queue.SimpleQueue()
    lab.post("alpha", 0.5)
    assert not calls
    lab.play()
    assert calls == [1]
    assert lab._queue.qsize() == 2


def test_a_lab_that_stands_still_lets_go(monkeypatch):
    threads = []
    lab = labs.DiscountLab(name="still")
    monkeypatch.setattr(frame, "let_threads_go", lambda: threads.append(threading.current_thread()))
    lab.pause()
    assert lab.settle()
    lab.close()
    assert {thread.name for thread in threads} == {"lab-still"}


CORES = """
import threading
from dqnlib.device import leave_a_core
leave_a_core()  # no PyTorch yet
import torch
torch.set_num_threads(3)  # as on a machine with three cores
found = []

def count(before=lambda: None):
    def work():
        before()
        torch.rand(300, 300) @ torch.rand(300, 300)
        found.append(torch.get_num_threads())
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

count()
count(leave_a_core)
count()
from dqnlib import Config
from dqnlib.labs import TrainingLab

def td_target(reward, terminated, next_q, gamma):
    found.append(torch.get_num_threads())
    return reward

config = Config(steps=40, warmup=0, batch_size=2, eval_every=0)
lab = TrainingLab(config, slots={"td_target": td_target})
lab.play()
while lab.playing or len(found) < 5:
    lab.settle()
lab.close()
found = found[:4]
torch.set_num_threads(1)
count(leave_a_core)
print(*found)
"""


def test_a_lab_leaves_a_core_to_the_browser():
    """The numbers of three threads, of a lab's, and of one where there is one core."""
    pytest.importorskip("threadpoolctl")
    env = {**os.environ, "OMP_NUM_THREADS": "3"}
    done = subprocess.run(
        [sys.executable, "-c", CORES], capture_output=True, text=True, timeout=120, env=env
    )
    assert done.stderr == ""
    assert done.stdout.split() == ["3", "2", "3", "2", "1"]


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
