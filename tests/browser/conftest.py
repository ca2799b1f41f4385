"""Makes the fixtures of `browser_fixtures` known here; a benchmark imports them from there."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # so that `import harness` works for all runners
sys.path.append(str(Path(__file__).parents[1] / "course"))  # and so do the exercises' answers

from browser_fixtures import chromium, jupyterlab, open_notebook

__all__ = ["chromium", "jupyterlab", "open_notebook"]
