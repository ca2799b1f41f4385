"""The labs of lesson 02 without a browser: messages go in, pictures and texts come out.

Mutants that these tests kill (each was tried once on a copy of the library):
- Baird lab: a switch that begins anew, or does nothing; weights that go on as a table; the wrong
  name in a message; a verdict of what was before the switch, or of the halves exchanged; axes that
  do not grow; a history that is off by one; marks that outlive a reset; a run that goes on beyond
  all bounds;
- Surface lab: the error on the samples, or on points that are samples, shown for the unseen ones;
  maps upside down, mirrored, or with dark and light exchanged; a slider of another representation
  that begins anew, or one that does nothing; samples that are not kept; an error with its sign;
  sliders that stay hidden; a network that takes everybody's random numbers, or that is made while
  another thread uses them.
"""

import base64
import io
import threading
import time

import numpy as np
import pytest
from lab_helpers import close_labs, wait, workers  # noqa: F401 - a fixture
from PIL import Image

from dqnlib.classics import baird
from dqnlib.classics.mountain_car import tile_coder
from dqnlib.device import own_random_numbers
from dqnlib.features import LinearFit, TileCoder
from dqnlib.labs import BairdLab, SurfaceLab, surface
from dqnlib.labs.baird import verdict
from dqnlib.pictures import VALUE_COLORS


def say(lab) -> str:
    assert lab.settle(60)
    return lab._values["message"]


def status(lab) -> str:
    assert lab.settle(60)
    return lab._values["status"]


def run_to_the_end(lab) -> None:
    lab.post("speed", float("inf"))
    lab.play()
    assert wait(lambda: "Reset" in lab._values["message"] and not lab.playing)
    assert lab.settle(60)


def picture(lab, slot) -> Image.Image:
    return Image.open(io.BytesIO(lab._values[slot]))


def control(lab, *, label: str = "", option: object = None):
    """Return a control of a lab by its label, or by one of its options."""
    todo = [lab.ui]
    while todo:
        w = todo.pop(0)
        todo = [*getattr(w, "children", ()), *todo]
        names = [str(o[0] if isinstance(o, tuple) else o) for o in getattr(w, "options", ())]
        if (label and getattr(w, "description", "") == label) or option in names:
            return w
    raise LookupError(label or option)


# -- Baird ---------------------------------------------------------------------------------


def test_the_baird_lab_trains_exactly_as_the_library():
    lab = BairdLab(updates=300, seeds=[3, 1])
    run_to_the_end(lab)
    assert "All 300 updates are done" in lab._values["message"]
    want = np.moveaxis(baird.weights(300, seeds=[3, 1]), 1, 0)
    assert np.array_equal(lab._history, want)
    assert np.allclose(lab.norms, np.linalg.norm(want, axis=-1))


def test_step_shows_the_arithmetic():
    lab = BairdLab(seeds=[0])
    assert "will be here" in status(lab)
    for _ in range(30):
        lab.step()
        text = status(lab)
        dashed = "(dashed), ρ = 0" in text
        assert dashed != ("(solid), ρ = 7" in text)
        assert dashed == ("nothing is learned" in text)
    assert "update 30 of at most 4,000" in text
    assert "too early to tell" in text
    lab.post("off_policy", False)
    lab.step()
    assert "ρ = 1" in status(lab)
    lab.post("expected", True)
    assert "the mean over all states" in status(lab)


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({}, "diverges"),
        ({"expected": True}, "diverges"),
        ({"off_policy": False}, "bounded so far"),
        ({"bootstrapping": False}, "bounded so far"),
        ({"approximation": False}, "bounded so far"),
        ({"gamma": 0.5}, "bounded so far"),
    ],
)
def test_what_the_lab_says_of_each_switch(settings, word):
    lab = BairdLab(updates=1000, **settings)
    run_to_the_end(lab)
    assert f">{word}</b>" in status(lab)


def test_verdict():
    grows = 12 * np.exp(np.arange(500) / 100)
    assert verdict(grows[:50], 12) == "too early to tell"
    assert verdict(grows, 12) == "diverges"
    assert verdict(grows[::-1], 12) == "bounded so far"  # what has shrunk since the switch
    assert verdict(np.full(500, 12.0), 12) == "bounded so far"
    assert verdict(np.linspace(12, 20, 500), 12) == "grows so far"
    assert verdict(np.full(500, 100.0), 12) == "bounded so far"  # after a divergence that was ended


def test_switches_and_sliders_act_in_flight_and_keep_the_weights():
    lab = BairdLab()
    for _ in range(400):
        lab.post("step")
    assert lab.settle()
    before = lab.runs.weights.copy()
    control(lab, option="true return").value = False
    assert "From update 400 on: true return" in say(lab)
    control(lab, label="step size α").value = 0.02
    control(lab, label="discount γ").value = 0.9
    control(lab, option="on-policy").value = False
    assert lab.settle()
    assert np.array_equal(lab.runs.weights, before)
    assert (lab.runs.bootstrapping, lab.runs.off_policy) == (False, False)
    assert (lab.runs.alpha, lab.runs.gamma) == (0.02, 0.9)
    assert lab._switched == [400, 400]
    lab.reset()
    assert lab.settle()
    assert (lab.runs.updates, lab._switched) == (0, [])
    assert (lab.runs.bootstrapping, lab.runs.alpha) == (False, 0.02)  # the settings of now


def test_a_switch_in_flight_ends_the_divergence():
    lab = BairdLab(updates=2000)
    lab.post("speed", float("inf"))
    for _ in range(1000):
        lab.post("step")
    assert "diverges" in status(lab)
    lab.post("bootstrapping", False)
    assert "too early to tell" in status(lab)
    run_to_the_end(lab)
    assert "bounded so far" in status(lab)


def test_a_table_begins_anew():
    lab = BairdLab(seeds=[0, 1])
    lab.step()
    control(lab, option="table").value = False
    assert "Begins anew with table" in say(lab)
    assert lab.runs.weights.tolist() == [[3.0] * 6 + [12.0]] * 2
    assert "norm of the table: 14.1" in status(lab)
    lab.step()
    control(lab, option="8 weights").value = True
    assert lab.settle()
    assert lab._history.shape[2] == 8
    assert lab.runs.updates == 0


def test_lines_come_after_the_first_look_and_the_axes_grow():
    lab = BairdLab(updates=3000)
    assert "norm" not in lab._values
    lab._repr_mimebundle_()
    assert lab.settle(60)
    assert picture(lab, "weights").size == picture(lab, "norm").size == (455, 270)
    seen = {lab._values["norm"]}
    run_to_the_end(lab)
    seen.add(lab._values["norm"])
    assert len(seen) == 2
    assert lab._limits["updates"] == (0, 3000)
    assert lab._limits["norm"][1] > lab.norms[-1].mean() > lab._limits["norm"][1] / 4
    low, high = lab._pictures["norm"].axes.get_ylim()
    assert (low, high) == lab._limits["norm"]
    lab.reset()
    assert lab.settle()
    assert lab._pictures["norm"].axes.get_ylim() == (0, 50)


def test_weights_beyond_all_bounds_stop_the_lab():
    lab = BairdLab(alpha=0.05, updates=200_000, seeds=[0])
    run_to_the_end(lab)
    assert "have left all bounds" in lab._values["message"]
    assert np.isfinite(lab.runs.weights).all()
    lab.step()  # nothing happens, and nothing breaks
    assert "have left all bounds" in say(lab)


# -- surface -------------------------------------------------------------------------------


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
    now = surface._Fitting(
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
    points = surface._grid_points()
    assert points.shape == (122 * 95, 2)
    assert points[0] == pytest.approx((-1.2, 0.07), abs=0.01)  # left, quickly to the right
    assert points[-1] == pytest.approx((0.5, -0.07), abs=0.01)
    card = surface.MapPicture(scale=1)
    card.truth(lab.now)
    card.draw("truth", card._true)  # without the dots
    shown = np.asarray(card.card.image)
    for obs in ([-0.6, -0.01], [0.45, 0.06], [-1.1, -0.06], [0.3, -0.05]):
        share = (np.array(obs) - (-1.2, -0.07)) / (1.7, 0.14)
        x = round(card.left + share[0] * card.width)
        y = round(card.top + (1 - share[1]) * card.tall)
        want = VALUE_COLORS[int(255 * float(lab.now.truth(obs)) / 120)]
        assert abs(shown[y, x].astype(int) - want).max() < 12


def test_the_error_map_has_no_sign():
    lab = SurfaceLab(samples=10)
    lab.now.fit.weights[:] = 0.0
    card, drawn = surface.MapPicture(scale=1), {}
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
    control(lab, label="bins an axis").value = 4
    control(lab, label="width").value = 8
    assert lab.settle()
    assert lab.taken == 1  # it is tile coding
    first = lab.now.obs
    control(lab, label="tilings").value = 16
    assert "Begins anew: tilings 16" in say(lab)
    assert lab.taken == 0
    assert lab.now.fit.coder.tilings == 16
    assert np.array_equal(lab.now.obs, first)
    control(lab, label="samples").value = 1000
    assert lab.settle()
    assert np.array_equal(lab.now.obs[:300], first)  # those of before are kept
    assert len(lab.now.fit.target) == 1000
    control(lab, option="bins").value = "bins"
    assert "Begins anew with 4 × 4 bins, 16 weights" in say(lab)


def test_sliders_are_there_for_their_representation_only():
    lab = SurfaceLab()
    names = ("samples", "bins an axis", "tiles an axis", "tilings", "width")

    def hidden():
        assert lab.settle(60)
        return [control(lab, label=name).layout.display == "none" for name in names]

    assert hidden() == [False, True, False, False, True]
    lab.post("representation", "bins")
    assert hidden() == [False, False, True, True, True]
    lab.post("representation", "network")
    assert hidden() == [False, True, True, True, False]


def test_a_change_while_it_plays_goes_on_playing():
    lab = SurfaceLab(samples=100)
    control(lab, label="speed").value = float("inf")
    lab.play()
    for representation in surface.REPRESENTATIONS:
        lab.post("representation", representation)
        assert wait(lambda r=representation: lab.now.representation == r and lab.taken > 5)
        assert lab.playing
    lab.pause()
    assert "Paused" in say(lab)
    assert picture(lab, "maps").size == (1820, 572)


def test_the_network_leaves_the_random_numbers_of_torch_alone():
    import torch

    torch.manual_seed(5)
    want = torch.rand(1)
    torch.manual_seed(5)
    rng = np.random.default_rng(0)
    obs, target = rng.normal(size=(9, 2)), rng.normal(size=9)
    one, two = (surface.NetworkFit(obs, target, 4, seed=1) for _ in range(2))
    for fit in (one, two):
        fit.update(3)
    assert torch.rand(1) == want
    assert np.array_equal(one.predict(obs), two.predict(obs))
    assert one.size == 2 * 4 + 4 + 4 * 4 + 4 + 4 + 1


def test_networks_made_in_two_threads_take_turns():
    obs, made = np.zeros((9, 2)), []
    make = threading.Thread(target=lambda: made.append(surface.NetworkFit(obs, obs[:, 0], 4)))
    with own_random_numbers():
        make.start()
        make.join(0.2)
        assert not made
    make.join(60)
    assert made


def test_own_numbers_get_a_place_on_the_slider():
    lab = SurfaceLab(tilings=5, samples=77)
    assert control(lab, label="tilings").value == 5
    assert control(lab, label="samples").value == 77
    assert isinstance(lab.now.fit.coder, TileCoder)
    assert "5 tilings of 8 × 8 tiles" in status(lab)


# -- both ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lab", "settings", "said"),
    [
        (BairdLab, {"alpha": 0.5}, "alpha must be"),
        (BairdLab, {"gamma": -1}, "gamma must be"),
        (BairdLab, {"updates": 0}, "updates must be"),
        (BairdLab, {"seeds": []}, "seeds is empty"),
        (SurfaceLab, {"representation": "forest"}, "choose one of bins, tile coding, network"),
        (SurfaceLab, {"bins": 0}, "bins must be"),
        (SurfaceLab, {"width": 2.5}, "width must be"),
        (SurfaceLab, {"samples": 0}, "samples must be"),
        (SurfaceLab, {"steps": 0}, "steps must be"),
        (SurfaceLab, {"seed": -1}, "seed must be"),
    ],
)
def test_errors_come_at_once_and_leave_no_worker(lab, settings, said):
    with pytest.raises(ValueError, match=said):
        lab(**settings)
    assert not workers()


@pytest.mark.parametrize("make", [BairdLab, SurfaceLab])
def test_a_second_lab_replaces_the_first(make):
    first = make()
    second = make()
    assert wait(lambda: len(workers()) == 1)
    assert first._closed
    other = make(name="other")
    assert len(workers()) == 2
    for lab in (second, other, other):
        lab.close()
    assert wait(lambda: not workers())


@pytest.mark.parametrize(("make", "height"), [(BairdLab, 270), (SurfaceLab, 286)])
def test_without_a_notebook_there_is_a_text_and_a_still(make, height):
    lab = make()
    bundle = lab._repr_mimebundle_()
    assert (
        bundle["text/plain"] == f"{lab.title}: run this cell in JupyterLab for the live controls."
    )
    still = base64.b64decode(bundle["image/png"])
    assert Image.open(io.BytesIO(still)).size == (910, height)
    assert len(still) < 60_000
    assert bundle["image/png"] == make()._repr_mimebundle_()["image/png"]  # the same every time


@pytest.mark.parametrize("make", [BairdLab, SurfaceLab])
def test_without_ipywidgets_a_lab_can_be_driven(make, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ipywidgets", None)
    lab = make()
    assert lab.ui is None
    lab.step()
    lab.play()
    lab.pause()
    lab.reset()
    assert "Press Play" in say(lab)


@pytest.mark.parametrize("make", [BairdLab, SurfaceLab])
def test_a_paused_lab_does_nothing(make):
    lab = make()
    lab.displayed()
    assert lab.settle(60)
    before = time.process_time()
    time.sleep(0.4)
    assert time.process_time() - before < 0.1
