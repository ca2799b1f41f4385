"""The distribution lab without a browser: messages go in, pictures and texts come out.

`tests/mutants/labs/test_lab_distribution.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest
import torch
from lab_helpers import close_labs, picture, say, status, steps, widget  # noqa: F401 - a fixture

from dqnlib import Config, Trainer
from dqnlib.labs import DistributionLab
from dqnlib.labs.distribution_pictures import HEIGHT


def make(**more) -> DistributionLab:
    return DistributionLab(**{"atoms": 5, "v_max": 20, "steps": 400, **more})


def test_the_lab_trains_exactly_as_the_library():
    lab = make(atoms=11, v_max=100, steps=260, seed=3)
    steps(lab, 250)
    trainer = Trainer(lab.trainer.config, [3])
    for _ in range(250):
        trainer.step()
    mine, theirs = (t.run().parameters for t in (lab.trainer, trainer))
    assert all(np.array_equal(mine[name], theirs[name]) for name in mine)
    c = lab.trainer.config
    assert (c.atoms, c.v_min, c.v_max, c.final_epsilon) == (11, 0.0, 100.0, 0.1)
    assert isinstance(c, Config)
    steps(lab, 20)
    assert "All 260 steps are done" in say(lab)


def test_it_shows_what_the_network_says_of_both_actions():
    lab = make()
    network = lab.trainer.network(0)
    with torch.no_grad():
        want = torch.softmax(network(torch.from_numpy(lab.trainer.obs)), -1)[0].numpy()
    assert lab.probs() == pytest.approx(want)
    assert lab.probs().shape == (2, 5)
    before = lab._values["picture"]
    steps(lab, 5)
    assert lab._values["picture"] != before
    assert picture(lab, "picture").size == (2 * 910, 2 * HEIGHT)


def test_mass_above_the_support_is_counted():
    """All mass on the highest of two atoms, 20: a step on it is worth 1 + 0.99 · 20 > 20."""
    lab = make(atoms=2)
    assert "learns from step 200 on" in status(lab)
    steps(lab, 221)
    assert 0 <= lab.outside <= 1
    assert "lay above v_max" in status(lab)
    batch = lab.trainer._learned.batch
    one_run = type(batch)(*(field[0] for field in batch))
    certain = lambda obs: torch.tensor([[[0.0, 50.0]] * 2]).expand(len(obs), -1, -1)  # noqa: E731
    moment = type("Moment", (), {"batch": one_run, "target": staticmethod(certain)})
    share = float((~one_run.terminated).float().mean())
    assert lab._look_outside(moment) == pytest.approx(share)


def test_atoms_and_v_max_make_a_new_agent_and_epsilon_does_not():
    lab = make()
    steps(lab, 30)
    widget(lab, "ε").value = 0.5
    assert "goes on with ε = 0.5" in say(lab)
    assert lab.trainer.steps == 30
    assert lab.trainer.config.final_epsilon == 0.5
    for label, value, field in (("atoms", 21, "atoms"), ("v_max", 100, "v_max")):
        widget(lab, label).value = value
        assert "A new agent, with" in say(lab)
        assert lab.trainer.steps == 0
        assert getattr(lab.trainer.config, field) == value
        assert lab.trainer.config.epsilon == 0.5
    assert len(lab.support) == 21
    assert lab.support[-1] == 100
    assert lab.probs().shape == (2, 21)


def test_the_still_picture_and_bad_settings():
    lab = make()
    assert lab.still().startswith(b"\x89PNG")
    assert lab._repr_mimebundle_()["text/plain"].startswith("Distribution lab: run this cell")
    for name, value in (("atoms", 1), ("v_max", 0), ("epsilon", 2)):
        with pytest.raises(ValueError, match=f"{name} must be"):
            make(**{name: value})
