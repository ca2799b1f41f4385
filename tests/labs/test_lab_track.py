"""Where the carts are while the training lab's agents learn.

`tests/mutants/labs/test_lab_track.toml` lists the mutants that these tests kill.
"""

import io

import numpy as np
import pytest
from lab_helpers import close_labs  # noqa: F401 - a fixture
from PIL import Image

from dqnlib.config import Config
from dqnlib.labs.training import TrainingLab
from dqnlib.labs.training_track import LATEST, Positions, height, track_picture
from dqnlib.pictures import SIDE_COLORS

TINY = Config(steps=400, warmup=20, batch_size=8, capacity=300, hidden=(8,), eval_every=0,
              record_every=20)  # fmt: skip
SOFT = TINY.replace(target_epsilon=0.5)


def make(**settings) -> TrainingLab:
    given = {"controls": ("target_epsilon",), "seeds": range(2), **settings}
    return TrainingLab(TINY, SOFT, **given)


def positions(**settings) -> Positions:
    return Positions(make(**settings).sides["A"])


def test_positions_are_meters_of_the_latest_steps():
    found = positions()
    assert np.isnan(found.distance)
    assert found.now.shape == (0,)
    for k in range(LATEST + 10):  # the network sees 0.4 times the position
        found.note(np.array([[0.4 * (k >= 10), 9, 9, 9], [-0.8 * (k >= 10), 9, 9, 9]]))
    assert np.allclose(found.now, [1, -2])
    assert found.latest.shape == (LATEST, 2)
    assert found.distance == pytest.approx(1.5)  # the first ten, in the middle, are gone


def test_a_network_that_sees_raw_observations_sees_meters():
    side = TrainingLab(TINY.replace(obs_scale=1.0), seeds=range(2)).sides["A"]
    found = Positions(side)
    found.note(np.full((2, 4), 1.5))
    assert np.allclose(found.now, 1.5)


def test_the_lab_shows_the_tracks_where_the_target_has_a_slider():
    assert make()._tracks.keys() == {"A", "B"}
    assert make(track=False)._tracks == {}
    assert make(controls=("tau",))._tracks == {}
    assert make(controls=("tau",), track=True)._tracks.keys() == {"A", "B"}
    probe = TINY.replace(env_id="dqnlib/Termination-v0")
    assert TrainingLab(probe, track=True, seeds=range(2))._tracks == {}


def test_the_lab_notes_every_step_and_forgets_at_a_new_beginning():
    lab = make()
    lab.step()
    assert lab.settle()
    assert lab._tracks["B"].latest.shape == (lab.stride, 2)
    now = lab.sides["B"].trainer.obs[:, 0] / 0.4
    assert np.allclose(lab._tracks["B"].now, now)
    lab.post("A.target_epsilon", 0.3)  # in flight
    assert lab.settle()
    assert len(lab._tracks["A"].latest) == lab.stride
    assert lab.sides["A"].trainer.config.target_epsilon == 0.3
    lab.reset()
    assert lab.settle()
    assert len(lab._tracks["A"].latest) == len(lab._tracks["B"].latest) == 0


def test_the_picture_has_a_mark_where_a_cart_is():
    lab = make()
    for side, x in (("A", -0.96), ("B", 0.96)):  # at the edges
        lab._tracks[side].note(np.full((2, 4), x))
    shown = Image.open(io.BytesIO(track_picture(lab.sides.values(), lab._tracks))).convert("RGB")
    assert shown.height == height(2)
    pixels = np.asarray(shown).astype(int)
    for side, left in (("A", True), ("B", False)):
        color = [int(SIDE_COLORS[side][i : i + 2], 16) for i in (1, 3, 5)]
        near = np.abs(pixels - color).sum(2) < 12
        near[:, :34] = False  # the side's letter
        columns = near.nonzero()[1]
        assert len(columns)
        assert (columns < shown.width / 2).all() == left
