"""The Cliff lab in a real JupyterLab: what a learner's hands do, and what the page then shows."""

import json

import pytest

pytestmark = pytest.mark.browser

LAB = "from dqnlib.labs import CliffLab\nCliffLab(seeds=range(5))"
THREADS = "[t.name for t in __import__('threading').enumerate() if t.name.startswith('lab-')]"
GRID, CURVES = 0, 1  # places among the lab's pictures


def steps(nb) -> int:
    """Steps that the lab has taken, asked of the kernel."""
    return nb.kernel("__import__('dqnlib.labs').labs._LIVE['cliff'].sides['A'].trainer.steps")


@pytest.fixture
def lab(open_notebook):
    """A page with a Cliff lab that has just come up."""
    nb = open_notebook([LAB, "sum(range(10))"])
    nb.hide_sidebar()
    nb.run_cell(0)
    nb.wait_picture("", GRID)
    yield nb
    assert nb.page_errors == []


def test_first_picture_and_size(lab):
    lab.wait_picture("", CURVES)
    boxes = [lab.pictures().nth(k).bounding_box() for k in (GRID, CURVES)]
    assert [box["width"] for box in boxes] == [910, 910]
    assert [box["height"] for box in boxes] == [382, 236]
    assert lab.errors() == []
    assert lab.text(0) == "Cliff lab: run this cell in JupyterLab for the live controls."


def test_step_changes_the_picture_and_writes_the_update(lab):
    before = lab.picture(GRID)
    lab.click("Step")
    after = lab.wait_picture(before, GRID)
    lab.see("Q(36, ")
    lab.see("0.00 is the largest value in state")
    assert steps(lab) == 1
    lab.click("Step")
    lab.wait_picture(after, GRID)
    assert steps(lab) == 2


def test_play_slider_cell_and_pause(lab):
    height = lab.panel.locator(".jp-OutputArea-output").first.bounding_box()["height"]
    curves = lab.wait_picture("", CURVES)
    lab.press_slider("speed", "End")
    before = lab.picture(GRID)
    lab.press_slider("speed", "ArrowLeft")  # 1,000 steps a second
    lab.click("Play")
    lab.wait_picture(before, GRID)
    # a cell runs while the lab plays
    assert lab.run_cell(1)[0]["data"]["text/plain"] == "45"
    lab.wait_picture(lab.picture(GRID), GRID)
    lab.wait_picture(curves, CURVES)
    # a slider acts while the lab plays
    assert lab.press_slider("step size α", "ArrowRight", 3) == "0.53"
    lab.see("α 0.53")
    assert lab.press_slider("explore ε", "ArrowLeft", 2, nth=1) == "0.08"
    lab.see("ε 0.08")
    lab.select("Expected Sarsa", nth=1)
    lab.see("Expected Sarsa, α 0.50")
    # Pause stops it, and nothing has moved on the page
    lab.click("Pause")
    lab.see("Paused.")
    count = steps(lab)
    lab.wait_still(GRID)  # a picture may still be on its way
    assert steps(lab) == count > 0
    assert lab.panel.locator(".jp-OutputArea-output").first.bounding_box()["height"] == height


def test_view_of_both_sides(lab):
    before = lab.picture(GRID)
    size = lab.pictures().nth(GRID).bounding_box()
    lab.click("A and B")
    lab.wait_picture(before, GRID)
    assert lab.pictures().nth(GRID).bounding_box() == size


def test_running_the_cell_again_stops_the_old_loop(lab):
    lab.click("Play")
    lab.page.wait_for_timeout(500)
    assert lab.kernel(THREADS) == ["lab-cliff"]
    for _ in range(3):
        lab.run_cell(0)
        assert lab.kernel(THREADS) == ["lab-cliff"]
    lab.see("Press Step to learn")
    assert steps(lab) == 0
    before = lab.wait_picture("", GRID)
    lab.click("Step")  # the controls on the page are those of the new lab
    lab.wait_picture(before, GRID)
    assert steps(lab) == 1


def test_reset(lab):
    for _ in range(3):
        lab.click("Step")
    lab.see("step 3")
    lab.click("Reset")
    lab.see("step 0")
    assert steps(lab) == 0


def test_an_exception_shows_in_the_lab(open_notebook):
    cell = """
from dqnlib.labs import CliffLab
def target(reward, terminated, next_q, gamma):
    return reward / 0
CliffLab(seeds=range(3), target=target)"""
    nb = open_notebook([cell])
    nb.run_cell(0)
    nb.click("Play")
    nb.see("target failed at step 0, seed 0: ZeroDivisionError")
    nb.see("The lab has paused.")
    assert [output["output_type"] for output in nb.outputs()[0]] == ["execute_result"]
    nb.click("Reset")
    nb.see("Press Step to learn")
    assert nb.kernel(THREADS) == ["lab-cliff"]


def test_reloading_the_page_breaks_nothing(lab):
    lab.click("Play")
    lab.page.wait_for_timeout(300)
    lab.visit()
    assert lab.kernel(THREADS) == ["lab-cliff"]
    assert lab.kernel("6 * 7") == 42
    lab.run_cell(0)
    lab.wait_picture("", GRID)
    assert lab.kernel(THREADS) == ["lab-cliff"]


def test_the_saved_file_keeps_a_still_and_no_noise(lab):
    lab.click("Step")
    lab.see("step 1")
    lab.save()
    saved = json.loads((lab.server.root / lab.path).read_text())
    (output,) = saved["cells"][0]["outputs"]
    assert output["output_type"] == "execute_result"
    text = "Cliff lab: run this cell in JupyterLab for the live controls."
    assert "".join(output["data"]["text/plain"]) == text
    assert len(output["data"]["image/png"]) < 60_000


def test_discount_lab(open_notebook):
    nb = open_notebook(["from dqnlib.labs import DiscountLab\nDiscountLab()"])
    nb.run_cell(0)
    before = nb.wait_picture("")
    assert nb.press_slider("discount γ", "ArrowLeft", 5) == "0.85"
    nb.wait_picture(before)
    assert nb.errors() == nb.page_errors == []
