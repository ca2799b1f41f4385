"""How quick the Cliff lab is in a real JupyterLab and Chromium. Prints, asserts no times.

python -m pytest tests/benchmarks/bench_cliff_lab.py -o python_files='bench_*.py' -s
"""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))

from browser_fixtures import chromium, jupyterlab, open_notebook  # noqa: F401
from lab_timing import last_picture_after, middle

pytestmark = pytest.mark.browser

CELLS = ["from dqnlib.labs import CliffLab", "CliffLab(episodes=10_000)"]


def first_picture(nb) -> float:
    """Seconds from running the cell to the first picture of the grid."""
    nb.forget_times()
    start = nb.now()
    nb.run_cell(1)
    nb.page.wait_for_timeout(1500)
    return nb.picture_times(0)[0] - start


def rates(nb, seconds: float = 4) -> tuple[float, float]:
    """Pictures a second of the grid and of the curves, while the lab plays."""
    nb.forget_times()
    nb.page.wait_for_timeout(1000 * seconds)
    return tuple(len(nb.picture_times(k)) / seconds for k in (0, 1))


def pause(nb) -> float:
    """Seconds from the click on Pause to the last new picture."""
    nb.click("Play")
    nb.page.wait_for_timeout(1500)
    return last_picture_after(nb, "Pause")


@pytest.mark.timeout(600)
def test_speed(open_notebook):  # noqa: F811
    nb = open_notebook(CELLS)
    nb.run_cell(0)
    print("\nrun the cell -> first picture, s:", middle([first_picture(nb) for _ in range(5)]))
    for view in ("A", "A and B"):
        for moves, name in ((0, "50 steps/s"), (2, "200 steps/s"), (20, "fastest")):
            nb.run_cell(1)
            nb.click(view)
            nb.press_slider("speed", times=moves)
            nb.click("Play")
            nb.page.wait_for_timeout(1000)
            found = [rates(nb) for _ in range(3)]
            print(f"view {view}, {name}: grid pictures a second:", middle([f[0] for f in found]),
                  "| curves:", middle([f[1] for f in found]))  # fmt: skip
            print(f"view {view}, {name}: Pause, s:", middle([pause(nb) for _ in range(5)]))
            print("   steps taken:", nb.kernel("str(__import__('dqnlib').labs._LIVE['cliff']"
                                               ".sides['A'].trainer.steps)"))  # fmt: skip
    assert nb.errors() == []
