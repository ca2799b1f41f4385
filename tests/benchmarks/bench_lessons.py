"""How long the lessons take: Run All in a real JupyterLab, and nbval as committed and solved.

python3 -m dqnlib bench -k lessons
"""

import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))

from browser_fixtures import chromium, jupyterlab, open_notebook  # noqa: F401

from dqnlib.course import counting, notebooks


@pytest.mark.browser
@pytest.mark.parametrize("lesson", [path.name for path in notebooks.lessons()])
def test_run_all_of_the_lessons(open_notebook, lesson):  # noqa: F811
    """Print and store the seconds from the click on Run All Cells until the last cell has run."""
    nb = open_notebook(lesson)
    start = time.perf_counter()
    nb.run_all(timeout=600)
    seconds = time.perf_counter() - start
    print(f"\nRun All of {lesson}: {seconds:.1f} s")
    assert nb.errors() == []
    counting.store(Path(lesson).stem, seconds)


@pytest.mark.parametrize("options", [[], ["--solved"]], ids=["committed", "solved"])
def test_nbval_of_the_lessons(options):
    """Print the seconds that nbval takes for all lessons, kernels and imports included."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "dqnlib", "check", *options]
    done = subprocess.run(command, cwd=notebooks.ROOT, capture_output=True)
    print(f"\nnbval, {' '.join(options) or 'committed'}: {time.perf_counter() - start:.1f} s")
    assert done.returncode == 0
