"""The pixel lab without a browser: messages go in, pictures and texts come out.

`tests/mutants/labs/test_lab_pixels.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest
import torch
from lab_helpers import close_labs, picture, say, status, steps, widget  # noqa: F401 - a fixture

from dqnlib.catch import Catch
from dqnlib.games import catch_agent
from dqnlib.labs import PixelLab
from dqnlib.labs.pixels_picture import HEIGHT
from dqnlib.stacking import FrameStack


def test_it_plays_as_the_saved_agent_does():
    lab, env, agent = PixelLab(seed=5), FrameStack(Catch(), 2), catch_agent()
    obs, _ = env.reset(seed=5)
    for _ in range(30):
        assert np.array_equal(lab.obs, obs)
        with torch.no_grad():
            q = agent(torch.from_numpy(obs / np.float32(255))[None])[0].numpy()
        assert lab.q() == pytest.approx(q, abs=1e-5)
        obs, *_ = env.step(int(q.argmax()))
        steps(lab, 1)
    assert lab.caught == 3  # 30 steps: four balls came down, and one was too far away
    assert "caught in this game: 3" in status(lab)


def test_the_menu_changes_what_it_sees():
    lab = PixelLab(seed=1)
    steps(lab, 3)
    first, newest = lab.obs
    assert not np.array_equal(first, newest)
    for name, want in (
        ("the newest twice", [newest, newest]), ("in the wrong order", [newest, first]),
        ("both frames", [first, newest]),
    ):  # fmt: skip
        widget(lab, "it sees").value = name
        assert f"now sees: {name}" in say(lab)
        assert np.array_equal(lab.seen(), want)
        assert lab.values[-1] == pytest.approx(lab.q())


def test_a_lost_game_is_counted_and_a_new_one_begins():
    lab = PixelLab(view="in the wrong order")
    steps(lab, 200)
    assert lab.games
    assert all(n < 20 for n in lab.games)
    assert f"{lab.games[-1]}" in status(lab)
    assert 1 <= lab.lives <= 3
    assert len(lab.values) == len(lab.balls) <= 41
    assert {True, False, None} >= set(lab.balls)


def test_epsilon_acts_at_once():
    lab = PixelLab(epsilon=0.0)
    steps(lab, 3)
    widget(lab, "ε").value = 1.0
    assert "goes on with ε = 1" in say(lab)
    steps(lab, 150)
    assert lab.games  # chance loses soon


def test_the_picture_changes_and_has_its_size():
    lab = PixelLab()
    before = lab._values["picture"]
    steps(lab, 1)
    assert lab._values["picture"] != before
    assert picture(lab, "picture").size == (2 * 910, 2 * HEIGHT)
    assert lab.still() == PixelLab(name="another").still()  # a committed picture stays as it is


@pytest.mark.parametrize("settings", [{"view": "three"}, {"epsilon": 2}, {"seed": -1}])
def test_bad_settings_are_named_at_once(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        PixelLab(**settings)


def test_the_pixel_that_matters_most_is_orange():
    """Rounded to the palette of quick pictures it was red, beside the words that say orange."""
    lab = PixelLab(seed=5)
    steps(lab, 3)
    colors = {color for _, color in picture(lab, "picture").convert("RGB").getcolors(1 << 20)}
    assert (230, 110, 30) in colors
