"""CartPole played by hand in a real JupyterLab: with buttons, and with the arrow keys."""

import pytest

pytestmark = pytest.mark.browser

LAB = "from dqnlib import labs\nlabs.PlayLab()"


def asked(nb, what: str):
    """Return something of the lab, asked of the kernel."""
    return nb.kernel(f"__import__('dqnlib.labs').labs._LIVE['play'].{what}")


@pytest.fixture
def lab(open_notebook):
    """A page with a Play lab that has just come up."""
    nb = open_notebook([LAB])
    nb.hide_sidebar()
    nb.run_cell(0)
    nb.wait_picture("")
    yield nb
    assert nb.page_errors == []


def test_a_press_is_a_step_and_the_page_does_not_jump(lab):
    box = lab.pictures().nth(0).bounding_box()
    assert (box["width"], box["height"]) == (910, 172)
    before = lab.picture()
    lab.click("Left")
    lab.wait_picture(before)
    lab.see("one step a press")
    assert asked(lab, "lengths['A']") == 1
    assert asked(lab, "push") == 0
    assert lab.pictures().nth(0).bounding_box() == box


def test_time_runs_the_arrow_keys_push_and_an_end_is_told(lab):
    lab.press_slider("push", "ArrowLeft")
    assert asked(lab, "push") == 0
    lab.click("Go")
    lab.press_slider("push", "ArrowRight")
    lab.see("The end after", timeout=30)
    assert asked(lab, "push") == 1
    assert asked(lab, "playing") is False
    lab.see("you: returns")


def test_numbers_only_hides_the_picture(lab):
    before = lab.picture()
    lab.page.get_by_text("numbers only").click()
    lab.wait_picture(before)
    assert asked(lab, "numbers_only") is True
