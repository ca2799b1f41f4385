"""How quick the training lab is in a real JupyterLab and Chromium. Prints, asserts no times.

    python3 -m dqnlib bench -k training_lab

Two sides of five seeds with the recipe of the course. Browser, server and kernel share the cores.
"""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))

from browser_fixtures import chromium, jupyterlab, open_notebook  # noqa: F401
from lab_timing import last_picture_after, middle

pytestmark = pytest.mark.browser

IMPORTS = "from dqnlib import Config, Trainer\nfrom dqnlib.labs import TrainingLab"
LAB = "TrainingLab(Config(eval_every=0), Config(eval_every=0, sync_every=1))"
STEPS = "__import__('dqnlib.labs').labs._LIVE['training'].sides['A'].trainer.steps"
HEADLESS = """import time
a, b = Trainer(Config(eval_every=0), range(5)), Trainer(Config(eval_every=0), range(5))
for _ in range(1200): a.step(), b.step()
start = time.perf_counter()
for _ in range(3000): a.step(), b.step()
print(3000 / (time.perf_counter() - start))"""


@pytest.mark.timeout(600)
def test_speed(open_notebook):  # noqa: F811
    nb = open_notebook([IMPORTS, LAB, HEADLESS])
    nb.run_cell(0)
    pictures, stops, slower, rates = [], [], [], []
    for _ in range(3):
        nb.run_cell(1)
        nb.click("Start")
        while nb.kernel(STEPS) < 1200:
            nb.page.wait_for_timeout(300)
        nb.forget_times()
        first, start = nb.kernel(STEPS), nb.now()
        nb.page.wait_for_timeout(5000)
        last, end = nb.kernel(STEPS), nb.now()
        pictures.append(len(nb.picture_times(0)) / (end - start))
        stops.append(last_picture_after(nb, "Stop"))
        alone = float(nb.run_cell(2, timeout=120)[0]["text"])
        rates.append((alone, (last - first) / (end - start)))
        slower.append(100 * (alone / rates[-1][1] - 1))
    print("\npictures a second:", middle(pictures))
    print("click on Stop -> last new picture, s:", middle(stops))
    print("steps a second headless:", middle([one for one, _ in rates]))
    print("steps a second in the lab:", middle([one for _, one in rates]))
    print("training slower than headless, %:", middle(slower))
    assert nb.errors() == []
