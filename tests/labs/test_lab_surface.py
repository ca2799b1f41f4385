"""The Surface lab without a browser: messages go in, pictures and texts come out.

`tests/mutants/labs/test_lab_surface.toml` lists the mutants that these tests kill.
"""

import threading

import numpy as np
import pytest
import torch
from lab_helpers import close_labs, control, picture, run_to_the_end, say, status, wait, widget  # noqa: F401 - a fixture

from dqnlib import pictures
from dqnlib.classics.mountain_car import tile_coder
from dqnlib.device import own_random_numbers
from dqnlib.features import LinearFit, TileCoder
from dqnlib.labs import SurfaceLab, surface, surface_maps
from dqnlib.labs.surface_fits import REPRESENTATIONS, Fitting, NetworkFit


def test_the_surface_lab_fits_exactly_as_the_library():
    lab = SurfaceLab(samples=50, tiles=4, tilings=2, steps=20, seed=3)
    run_to_the_end(lab)
    assert "640 samples have been learned from" in lab._values["message"]
    assert lab.now.obs.shape == (50, 2)
    fit = LinearFit(tile_coder(4, 2), lab.now.obs, lab.now.truth(lab.now.obs), seed=3)
    fit.update(640)
    assert np.array_equal(lab.now.fit.weights, fit.weights)


def test_errors_are_those_of_samples_and_of_unseen_points():
    lab = SurfaceLab(representation="bins", bins=1, samples=10, steps=5)
    run_to_the_end(lab)
    fitted = lab.now.fit.weights[0]
    true, unseen = lab.now.truth(lab.now.obs), lab.now.truth(lab.now.unseen)
    want = [np.sqrt(np.mean((fitted - y) ** 2)) for y in (true, unseen)]
    assert lab.now.errors() == pytest.approx(want)
    assert not np.isin(lab.now.unseen, lab.now.obs).any()
    assert f"<b>{want[0]:.1f}</b> steps on the 10 training samples" in status(lab)
    assert f"<b>{want[1]:.1f}</b> steps on 2,000 unseen points" in status(lab)
    assert "1 × 1 bins, 1 weight ·" in status(lab)


def fitted(**settings) -> tuple[float, float]:
    now = Fitting(
        settings.pop("representation"),
        {"samples": 300, "bins": 8, "tiles": 8, "tilings": 8, "width": 32, **settings},
        0,
    )
    for _ in range(2000):
        now.fit.update(surface.BATCH)
    return now.errors()


def test_what_the_lab_is_there_to_show():
    """Few bins are coarse, many do not generalize, tilings do both, a network too."""
    few, many = fitted(representation="bins", bins=4), fitted(representation="bins", bins=32)
    tiled = fitted(representation="tile coding")
    network = fitted(representation="network")
    assert few[0] > 10  # steps: coarse even on its own samples
    assert few[1] < 1.5 * few[0]
    assert many[0] < 2
    assert many[1] > 40
    assert tiled[0] < 2
    assert max(tiled[1], network[1]) < 10


def test_the_maps_are_the_right_way_round():
    """Dark where the goal is far: on the left of the valley, driving to the left."""
    lab = SurfaceLab(samples=10)
    points = surface_maps._grid_points()
    assert points.shape == (122 * 95, 2)
    assert points[0] == pytest.approx((-1.2, 0.07), abs=0.01)  # left, quickly to the right
    assert points[-1] == pytest.approx((0.5, -0.07), abs=0.01)
    card = surface_maps.MapPicture(scale=1)
    card.truth(lab.now)
    card.draw("truth", card._true)  # without the dots
    shown = np.asarray(card.card.image)
    for obs in ([-0.6, -0.01], [0.45, 0.06], [-1.1, -0.06], [0.3, -0.05]):
        share = (np.array(obs) - (-1.2, -0.07)) / (1.7, 0.14)
        x = round(card.left + share[0] * card.width)
        y = round(card.top + (1 - share[1]) * card.tall)
        want = pictures.value_scale()[int(255 * float(lab.now.truth(obs)) / 120)]
        assert abs(shown[y, x].astype(int) - want).max() < 12


def test_the_error_map_has_no_sign():
    lab = SurfaceLab(samples=10)
    lab.now.fit.weights[:] = 0.0
    card, drawn = surface_maps.MapPicture(scale=1), {}
    card.draw = lambda name, values, obs=None: drawn.update({name: values})
    card.truth(lab.now)
    card.fitted(lab.now)
    assert not drawn["fit"].any()
    assert np.array_equal(drawn["error"], drawn["truth"])
    lab.now.fit.weights[:] = 100.0
    card.fitted(lab.now)
    assert drawn["error"].min() > 0


def test_a_slider_begins_anew_only_where_it_counts():
    lab = SurfaceLab()
    lab.step()
    assert lab.settle()
    widget(lab, "bins an axis").value = 4
    widget(lab, "width").value = 8
    assert lab.settle()
    assert lab.taken == 1  # it is tile coding
    first = lab.now.obs
    widget(lab, "tilings").value = 16
    assert "Begins anew: tilings 16" in say(lab)
    assert lab.taken == 0
    assert lab.now.fit.coder.tilings == 16
    assert np.array_equal(lab.now.obs, first)
    widget(lab, "samples").value = 1000
    assert lab.settle()
    assert np.array_equal(lab.now.obs[:300], first)  # those of before are kept
    assert len(lab.now.fit.target) == 1000
    control(lab, "bins").value = "bins"
    assert "Begins anew with 4 × 4 bins, 16 weights" in say(lab)


def test_sliders_are_there_for_their_representation_only():
    lab = SurfaceLab()
    names = ("samples", "bins an axis", "tiles an axis", "tilings", "width")

    def hidden():
        assert lab.settle(60)
        return [widget(lab, name).layout.display == "none" for name in names]

    assert hidden() == [False, True, False, False, True]
    lab.post("representation", "bins")
    assert hidden() == [False, False, True, True, True]
    lab.post("representation", "network")
    assert hidden() == [False, True, True, True, False]


def test_a_change_while_it_plays_goes_on_playing():
    lab = SurfaceLab(samples=100)
    widget(lab, "speed").value = float("inf")
    lab.play()
    for representation in REPRESENTATIONS:
        lab.post("representation", representation)
        assert wait(lambda r=representation: lab.now.representation == r and lab.taken > 5)
        assert lab.playing
    lab.pause()
    assert "Paused" in say(lab)
    assert picture(lab, "maps").size == (1820, 572)


def test_the_network_leaves_the_random_numbers_of_torch_alone():

    torch.manual_seed(5)
    want = torch.rand(1)
    torch.manual_seed(5)
    rng = np.random.default_rng(0)
    obs, target = rng.normal(size=(9, 2)), rng.normal(size=9)
    one, two = (NetworkFit(obs, target, 4, seed=1) for _ in range(2))
    for fit in (one, two):
        fit.update(3)
    assert torch.rand(1) == want
    assert np.array_equal(one.predict(obs), two.predict(obs))
    assert one.size == 2 * 4 + 4 + 4 * 4 + 4 + 4 + 1


def test_networks_made_in_two_threads_take_turns():
    obs, made = np.zeros((9, 2)), []
    make = threading.Thread(target=lambda: made.append(NetworkFit(obs, obs[:, 0], 4)))
    with own_random_numbers():
        make.start()
        make.join(0.2)
        assert not made
    make.join(60)
    assert made


def test_own_numbers_get_a_place_on_the_slider():
    lab = SurfaceLab(tilings=5, samples=77)
    assert widget(lab, "tilings").value == 5
    assert widget(lab, "samples").value == 77
    assert isinstance(lab.now.fit.coder, TileCoder)
    assert "5 tilings of 8 × 8 tiles" in status(lab)
