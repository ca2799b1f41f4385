"""Which device "auto" chooses: measured with stand-ins, once a process for the same shape.

`tests/mutants/seeds/test_choice.toml` lists the mutants that these tests kill.
"""

import pytest
import torch

from dqnlib import Trainer
from dqnlib.config import Config
from dqnlib.seeds import choice
from dqnlib.seeds.choice import choose_device

AUTO = Config(hidden=(8,), batch_size=4, steps=20, warmup=0, eval_every=0)


@pytest.fixture(autouse=True)
def nothing_measured_yet():
    choice._measured.cache_clear()
    yield
    choice._measured.cache_clear()


@pytest.fixture
def measured(monkeypatch):
    """A machine that seems to have a card; the devices that were measured."""
    devices = []

    def seconds(config, s, obs_shape, n_actions, device):
        devices.append(device)
        return {"cpu": 0.004, "cuda": 0.001}[device]

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(choice, "seconds_a_step", seconds)
    return devices


def test_the_quicker_device_is_chosen_once_for_a_shape(measured):
    want = ("cuda", "a step of 3 seeds took 4.00 ms on cpu and 1.00 ms on cuda")
    assert choose_device(AUTO, 3, (4,), 2) == want
    assert choose_device(AUTO.replace(learning_rate=0.1, capacity=7), 3, (4,), 2) == want
    assert measured == ["cpu", "cuda"]
    choose_device(AUTO, 4, (4,), 2)
    choose_device(AUTO.replace(hidden=(9,)), 3, (4,), 2)
    choose_device(AUTO, 3, (5,), 2)
    assert len(measured) == 8


def test_what_is_asked_is_not_measured(measured, monkeypatch):
    monkeypatch.setattr(choice, "_room_on_the_card", lambda: None)
    assert choose_device(AUTO.replace(device="cpu"), 3, (4,), 2) == ("cpu", "as asked")
    assert choose_device(AUTO.replace(device="cuda"), 3, (4,), 2) == ("cuda", "as asked")
    assert measured == []


def test_a_card_that_fails_is_named(monkeypatch, measured):
    def seconds(config, s, obs_shape, n_actions, device):
        if device == "cuda":
            raise RuntimeError("out of memory\nand more")
        return 1.0

    monkeypatch.setattr(choice, "seconds_a_step", seconds)
    found = choose_device(AUTO, 3, (4,), 2)
    assert found == ("cpu", "cuda failed: RuntimeError: out of memory")


def test_a_card_without_memory_that_was_asked_for_is_left_with_a_word(measured, monkeypatch):
    def full():
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 MiB\nand more")

    monkeypatch.setattr(choice, "_room_on_the_card", full)
    with pytest.warns(UserWarning, match="the GPU failed .*out of memory.*runs on the CPU"):
        device, why = choose_device(AUTO.replace(device="cuda"), 3, (4,), 2)
    assert device == "cpu"
    assert "CUDA out of memory. Tried to allocate 20 MiB)" in why


@pytest.mark.parametrize("obs_shape", [(4,), (2, 5, 5)])
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_stand_in_takes_some_time_and_leaves_no_trace(obs_shape, optimizer):
    config, before = AUTO.replace(optimizer=optimizer, double=True), torch.random.get_rng_state()
    assert 0 < choice.seconds_a_step(config, 2, obs_shape, 3, "cpu") < 5
    assert torch.equal(before, torch.random.get_rng_state())


def test_no_function_of_the_learner_is_called_to_measure(monkeypatch):
    """And no buffer of a learner's is made: the measurement knows shapes only."""
    made = []

    class Counting:
        def __init__(self, capacity):
            made.append(capacity)

        def add(self, transition):
            raise AssertionError

    def refuses(*args):
        raise AssertionError

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    real = choice.seconds_a_step
    monkeypatch.setattr(
        choice, "seconds_a_step",
        lambda config, s, shape, n, device: real(config, s, shape, n, "cpu") + (device == "cuda"),
    )  # fmt: skip
    slots = {"td_target": refuses, "loss": refuses, "policy": refuses, "replay": Counting}
    trainer = Trainer(AUTO, range(2), **slots)
    assert trainer.device == "cpu"
    assert made == [AUTO.capacity] * 2  # one a run, and none to measure with


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU with CUDA")
def test_auto_measures_on_a_real_card():
    device, why = choose_device(AUTO, 2, (4,), 2)
    assert device in ("cpu", "cuda")
    assert "ms on cuda" in why
