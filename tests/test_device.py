"""What computes on this machine, and whose threads.

`tests/mutants/test_device.toml` lists the mutants that these tests kill.
"""

import functools
import os
import subprocess
import sys
import threading
import time

import pytest
import torch

from dqnlib import device, labs, training
from dqnlib.config import Config
from dqnlib.seeds.learner import LearnerError


def test_the_report_names_what_matters():
    report = device.device_report()
    for word in ("Python 3.", "PyTorch", "GPU"):
        assert word in report


def threads() -> int:
    return torch.get_num_threads()


@pytest.fixture
def three():
    """PyTorch is told to compute on three threads, as on a machine with three cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def test_the_number_is_lent_and_given_back(three):
    with device.compute_threads(1):
        assert threads() == 1
        with device.compute_threads(2):  # inside each other
            assert threads() == 2
        assert threads() == 1
    assert threads() == 3
    with pytest.raises(KeyError), device.compute_threads(1):
        raise KeyError
    assert threads() == 3


def test_openmp_and_mkl_are_told_and_get_back_what_they_had(three, monkeypatch):
    told = {"openmp": 3, "mkl": 0}  # MKL's 0: as many as OpenMP

    def tell(library, n):
        before, told[library] = told[library], n
        return before

    tellers = [functools.partial(tell, library) for library in told]
    monkeypatch.setattr(device, "_libraries", lambda: tellers)
    with device.compute_threads(1):
        assert told == {"openmp": 1, "mkl": 1}
        with device.compute_threads(2):
            assert told == {"openmp": 2, "mkl": 2}
        assert told["mkl"] == 1
    assert told == {"openmp": 3, "mkl": 0}


def test_other_threads_keep_their_number(three):
    """Threads that are old, that start meanwhile, and that lend a number of their own."""
    found, inside, out = {}, threading.Barrier(3), threading.Barrier(3)

    def work(name, n):
        found[name, "before"] = threads()
        with device.compute_threads(n):
            inside.wait(10)  # all of them are inside, then
            found[name] = threads()
            out.wait(10)
        found[name, "after"] = threads()

    workers = [threading.Thread(target=work, args=(n, n)) for n in (1, 2)]
    for worker in workers:
        worker.start()
    inside.wait(10)
    assert threads() == 3
    fresh = []
    late = threading.Thread(target=lambda: fresh.append(threads()))
    late.start()
    late.join()
    out.wait(10)
    for worker in workers:
        worker.join()
    assert fresh == [3]
    assert threads() == 3
    for n in (1, 2):
        assert (found[n, "before"], found[n], found[n, "after"]) == (3, n, 3)


HELPERS = """
import os, sys
from dqnlib.device import compute_threads
with compute_threads(1):
    assert "torch" not in sys.modules  # nothing computes here
import torch
torch.set_num_threads(3)
def threads():
    return len(os.listdir("/proc/self/task"))
before = threads()
with compute_threads(1):
    x, y = torch.ones(1_000_000), torch.ones(10, 200, 200)
    x.add_(1), torch.bmm(y, y), y.tanh()  # PyTorch's own loops, and MKL's two kinds
    alone = threads()
x.add_(1), torch.bmm(y, y)
print(before, alone, threads())
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="threads are counted in /proc")
def test_no_other_thread_computes():
    done = subprocess.run([sys.executable, "-c", HELPERS], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    before, alone, together = map(int, done.stdout.split())
    assert alone == before
    assert together == before + 2


def test_a_pytorch_without_the_two_functions(three, monkeypatch):
    monkeypatch.setattr(device, "_libraries", lambda: (None, None))
    with device.compute_threads(1):
        assert threads() == 1
    assert threads() == 3


SMALL = Config(env_id="dqnlib/ConstantReward-v0", steps=3, warmup=0, batch_size=1)


def noted(found):
    def td_target(reward, terminated, next_q, gamma):
        found.append(threads())
        return reward

    return td_target


def test_training_computes_on_one_thread(three):
    found = []
    training.train(SMALL, [0], td_target=noted(found))
    assert set(found) == {1}
    assert threads() == 3
    with pytest.raises(LearnerError):
        training.train(SMALL, [0], td_target=lambda *_: None)
    assert threads() == 3


def test_trainers_in_threads_of_their_own(three):
    found, after = [], []

    def work():
        training.train(SMALL.replace(steps=200), range(3), td_target=noted(found))
        after.append(threads())

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert set(found) == {1}
    assert after == [3, 3, 3]
    assert threads() == 3


def test_more_threads_are_taken_where_they_pay(three, monkeypatch):
    def taking(alone, together):
        return lambda work, n: alone if n == 1 else together

    for alone, together, want in ((0.1, 0.05, 3), (0.1, 0.09, 1), (0.001, 0.0001, 1)):
        monkeypatch.setattr(device, "_seconds", taking(alone, together))
        assert device.threads_that_pay(lambda: None) == want
    assert device.threads_that_pay(None) == 1  # what is known needs no trial
    monkeypatch.setattr(device, "_seconds", lambda work, n: work())
    assert device.threads_that_pay(lambda: 1 / 0) == 1  # training will say what is wrong


def test_work_that_fails_is_left_to_one_thread(three):
    def work():
        raise KeyError("said later, when it is done")

    assert device.threads_that_pay(work) == 1


def test_two_pieces_of_work_side_by_side(three):
    meeting = threading.Barrier(2)

    def work(name):
        meeting.wait(10)  # only where both are at work
        return name, threads(), threading.current_thread().name

    here, there = device.side_by_side(lambda: work("a"), lambda: work("b"))
    assert here == ("a", 1, threading.current_thread().name)
    assert there[:2] == ("b", 1)
    assert there[2] != here[2]
    ended = []

    def slow():
        time.sleep(0.05)
        ended.append(1)

    with pytest.raises(ZeroDivisionError):  # the other one is waited for
        device.side_by_side(lambda: 1 / 0, slow)
    assert ended == [1]
    with pytest.raises(ZeroDivisionError):
        device.side_by_side(slow, lambda: 1 / 0)
    assert threads() == 3


def test_a_lab_computes_on_one_thread(three):
    found = []
    config = SMALL.replace(steps=40, eval_every=0)
    lab = labs.TrainingLab(config, slots={"td_target": noted(found)})
    lab.play()
    while lab.playing or not found:
        lab.settle()
    lab.close()
    assert set(found) == {1}
    assert threads() == 3


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


@pytest.mark.timeout(30)  # what hangs here would hang for ever
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
