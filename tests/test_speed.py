"""Updates a second: what is measured, and how it is shown.

`tests/mutants/test_speed.toml` lists the mutants that these tests kill.
"""

import pytest
import torch

from dqnlib import reports, speed
from dqnlib.config import Config

SMALL = Config(channels=(2,), hidden=(4,), batch_size=4)


def test_all_seeds_count(monkeypatch):
    asked = []

    def seconds(config, s, obs_shape, n_actions, device):
        asked.append((config.batch_size, s, obs_shape, n_actions, device))
        return 0.002 if device == "cpu" else 0.001

    monkeypatch.setattr(speed, "seconds_a_step", seconds)
    monkeypatch.setattr(speed, "devices", lambda: ["cpu", "cuda"])
    cells = {"one": (SMALL, 1), "ten": (SMALL.replace(batch_size=8), 10)}
    found = speed.measure(cells, obs_shape=(2, 8, 8))
    assert {label: {d: round(x) for d, x in by.items()} for label, by in found.items()} == {
        "one": {"cpu": 500, "cuda": 1_000}, "ten": {"cpu": 5_000, "cuda": 10_000},
    }  # fmt: skip
    assert asked[0] == (4, 1, (2, 8, 8), 3, "cpu")
    assert asked[3] == (8, 10, (2, 8, 8), 3, "cuda")
    assert list(speed.measure(cells, on=["cpu"])["ten"]) == ["cpu"]


def test_a_real_measurement_needs_no_gpu():
    assert speed.updates_a_second(SMALL, 2, obs_shape=(2, 5, 5)) > 1


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_device_that_is_not_there_is_named():
    assert speed.devices() == ["cpu"]
    with pytest.raises(ValueError, match="no 'cuda' that PyTorch can use; it has cpu"):
        speed.updates_a_second(SMALL, device="cuda")


def test_the_table_names_the_quicker_device():
    found = {"one": {"cpu": 500.0, "cuda": 250.0}, "ten": {"cpu": 5_000.0, "cuda": 10_500.0}}
    table = reports.speed_table(found)
    assert table.headings == ["updates a second", "cpu", "cuda", "quicker"]
    assert table.rows == [
        ["one", "500", "250", "cpu, 2.0 ×"], ["ten", "5,000", "10,500", "cuda, 2.1 ×"],
    ]  # fmt: skip
    alone = reports.speed_table({"one": {"cpu": 500.0}})
    assert (alone.headings, alone.rows) == (["updates a second", "cpu"], [["one", "500"]])
