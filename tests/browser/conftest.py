"""Makes the fixtures of `browser_fixtures` known here; a benchmark imports them from there."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # so that `import harness` works for all runners

from browser_fixtures import chromium, jupyterlab, open_notebook

__all__ = ["chromium", "jupyterlab", "open_notebook"]
