"""The training lab in a real JupyterLab: start, sliders in flight, watch, stop, run again."""

import pytest

pytestmark = pytest.mark.browser

LAB = """
from dqnlib import Config
from dqnlib.labs import TrainingLab
config = Config(steps=20_000, eval_every=0, warmup=100, hidden=(16,))
TrainingLab(config, config.replace(sync_every=1), seeds=range(5), bound=100)"""
THREADS = "[t.name for t in __import__('threading').enumerate() if t.name.startswith('lab-')]"
SIDES = "__import__('dqnlib.labs').labs._LIVE['training'].sides"
RETURNS, VALUES, AGENT = 0, 1, 2  # places among the lab's pictures


@pytest.fixture
def lab(open_notebook):
    """A page with a training lab that has just come up."""
    nb = open_notebook([LAB, "sum(range(10))"])
    nb.hide_sidebar()
    nb.run_cell(0)
    nb.wait_picture("", VALUES)
    yield nb
    assert nb.page_errors == []
    assert nb.errors() == []


def test_it_trains_while_sliders_move_and_cells_run(lab):
    height = lab.panel.locator(".jp-OutputArea-output").first.bounding_box()["height"]
    before = lab.wait_picture("", RETURNS)
    lab.click("Start")
    lab.wait_picture(before, RETURNS)
    assert lab.run_cell(1)[0]["data"]["text/plain"] == "45"
    lab.see("steps a second")
    lab.press_slider("sync every C", "ArrowRight", 2, nth=1)
    lab.see("B goes on with sync every C 20.")
    lab.click("Pause")
    lab.see("Paused.")
    taken = lab.kernel(f"{SIDES}['A'].trainer.steps")
    assert taken == lab.kernel(f"{SIDES}['B'].trainer.steps") > 0
    lab.click("Step")
    lab.see(f"{taken + 100:,} of 20,000")
    assert lab.panel.locator(".jp-OutputArea-output").first.bounding_box()["height"] == height


def test_watch_stop_reset_and_run_again(lab):
    lab.click("Watch")
    lab.see("steps until the end")
    lab.wait_picture("", AGENT)
    lab.click("Start")
    lab.click("Stop")
    lab.see("Stopped. Press Reset")
    lab.click("Reset")
    lab.see("0 of 20,000")
    lab.click("Start")
    for _ in range(2):
        lab.run_cell(0)
        assert lab.kernel(THREADS) == ["lab-training"]
    lab.see("Press Start.")
