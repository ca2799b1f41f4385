"""The Play lab without a browser: messages go in, pictures and texts come out.

`tests/mutants/labs/test_lab_play.toml` lists the mutants that these tests kill.
"""

import io

import gymnasium as gym
import numpy as np
import pytest
from lab_helpers import close_labs, control, picture, say, status, wait, widget  # noqa: F401 - a fixture
from PIL import Image

from dqnlib.labs import PlayLab


def press(lab, *keys: str) -> None:
    for key in keys:
        lab.post(key)
    assert lab.settle()


def alone(seed: int, actions) -> tuple[np.ndarray, int]:
    """Return the last observation of Gymnasium's CartPole, and the steps until it ended."""
    env = gym.make("CartPole-v1")
    obs, _ = env.reset(seed=seed)
    length = 0
    for action in actions:
        obs, _, terminated, truncated, _ = env.step(action)
        length += 1
        if terminated or truncated:
            break
    return obs, length


def to_the_end(lab) -> None:
    """Push right, a step at a time, until the pole has fallen."""
    for _ in range(30):
        press(lab, "right")
        if lab.over["A"]:
            return
    raise AssertionError("the pole stands")


def test_each_press_is_one_step_of_gymnasiums_cart_pole():
    lab = PlayLab(seed=4)
    press(lab, "left", "right", "left", "left")
    obs, _ = alone(4, [0, 1, 0, 0])
    assert np.array_equal(lab.states["A"], obs)
    assert lab.lengths == {"A": 4, "B": 4}
    assert "one step a press" in say(lab)
    shown = f"angle <b>{obs[2]:+.3f}</b> rad".replace("-", "−")
    assert shown in status(lab)


def test_the_agent_beside_you_pushes_at_random_from_the_same_start():
    lab = PlayLab(seed=4)
    assert np.array_equal(lab.states["A"], lab.states["B"])
    to_the_end(lab)
    rng = np.random.default_rng((4, 1))
    obs, length = alone(4, (int(rng.integers(2)) for _ in range(500)))
    assert lab.returns["B"] == [length]
    assert np.array_equal(lab.states["B"], obs)
    assert lab.returns["A"] == [alone(4, [1] * 50)[1]]


def test_an_end_is_told_and_the_next_press_begins_anew():
    lab = PlayLab()
    to_the_end(lab)
    mine = lab.returns["A"][0]
    text = say(lab)
    assert f"The end after {mine} steps (the pole leans more than 12°)" in text
    assert f"the agent: {lab.returns['B'][0]}" in text
    assert f"returns {mine} · mean <b>{mine}</b> · best {mine}" in status(lab)
    press(lab, "left")
    assert lab.lengths == {"A": 0, "B": 0}
    assert np.array_equal(lab.states["A"], alone_start(1))  # another start
    press(lab, "left")
    assert lab.lengths["A"] == 1
    press(lab, "reset")
    assert lab.returns == {"A": [], "B": []}
    assert np.array_equal(lab.states["A"], alone_start(0))


def alone_start(seed: int) -> np.ndarray:
    return gym.make("CartPole-v1").reset(seed=seed)[0]


def test_the_edge_of_the_track_is_told_apart_from_a_fall():
    lab = PlayLab()
    lab._players["A"].unwrapped.state = np.array([2.39, 2.0, 0.0, 0.0])
    press(lab, "right")
    assert "(the cart left the track)" in say(lab)


def test_the_time_limit_is_told():
    lab = PlayLab()
    lab._players["A"]._elapsed_steps = 499
    press(lab, "right")
    assert "(the time limit: well done)" in say(lab)


def test_time_runs_and_the_push_is_turned():
    lab = PlayLab()
    widget(lab, "speed").value = 50
    press(lab, "play")
    assert wait(lambda: lab.lengths["A"] >= 2)
    press(lab, "left")
    assert lab.push == 0
    assert widget(lab, "push").value == 0
    widget(lab, "push").value = 1  # as the arrow keys do
    assert wait(lambda: lab.push == 1)
    assert wait(lambda: lab.over["A"] and not lab.playing)
    length = lab.lengths["A"]
    assert lab.settle()
    assert lab.lengths["A"] == length  # it has stopped
    assert lab.returns["A"] == [length]


def test_the_slider_alone_takes_no_step():
    lab = PlayLab()
    widget(lab, "push").value = 0
    assert lab.settle()
    assert (lab.push, lab.lengths["A"]) == (0, 0)


def test_numbers_only_hides_your_picture_and_not_the_agents():
    lab = PlayLab()
    before = np.asarray(picture(lab, "stage").convert("RGB")).astype(int)
    widget(lab, "numbers only").value = True
    assert lab.settle()
    after = np.asarray(picture(lab, "stage").convert("RGB")).astype(int)
    half = before.shape[1] // 2
    assert abs(before[:, :half] - after[:, :half]).max() > 100
    assert np.array_equal(before[:, half:], after[:, half:])
    assert PlayLab(numbers_only=True).numbers_only


def test_many_returns_fit_on_the_page():
    lab = PlayLab()
    lab.returns = {"A": list(range(1, 31)), "B": [9] * 30}
    lab.post("settings")
    text = status(lab)
    assert "returns ..., 19, 20" in text
    assert "mean <b>16</b> · best 30" in text
    assert ", 18, 19" not in text


def test_without_a_kernel_there_is_a_still():
    lab = PlayLab()
    shown = lab._repr_mimebundle_()
    assert shown["text/plain"].startswith("Play lab: run this cell")
    assert Image.open(io.BytesIO(lab.still())).size == (910, 172)


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"seed": 1.5}, {"numbers_only": "yes"}])
def test_settings_out_of_range(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        PlayLab(**wrong)
