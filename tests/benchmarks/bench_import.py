"""How long the imports take, each in a fresh process. Prints, asserts no times.

python -m pytest tests/benchmarks/bench_import.py -o python_files="bench_*.py" -s
"""

import statistics
import subprocess
import sys
from pathlib import Path

REPEATS = 5
ROOT = Path(__file__).parents[2]
FIRST_CELL = "from dqnlib import train_tabular, exercise, plots, labs"
WHAT = {  # name: (done before the clock starts, timed)
    "import numpy": ("", "import numpy"),
    "import torch": ("", "import torch"),
    "import gymnasium": ("import numpy", "import gymnasium"),
    "import matplotlib.pyplot": ("import numpy", "import matplotlib.pyplot"),
    "import dqnlib": ("", "import dqnlib"),
    FIRST_CELL: ("", FIRST_CELL),
    f"{FIRST_CELL}, after torch": ("import torch", FIRST_CELL),
    "import torch, and then all of it": ("", f"import torch; {FIRST_CELL}"),
}


def timed(before: str, code: str) -> float:
    """Return the seconds that code takes in a fresh process, without Python's own start."""
    program = (
        f"{before}\nimport time\nstart = time.perf_counter()\n{code}\n"
        "print(time.perf_counter() - start)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return float(done.stdout.split()[-1])


def test_import_times():
    times = {name: [] for name in WHAT}
    for before, code in WHAT.values():  # once to warm the disk and the compiled files
        timed(before, code)
    for _ in range(REPEATS):  # taking turns, so that a slow spell hits all of them
        for name, (before, code) in WHAT.items():
            times[name].append(timed(before, code))
    print(f"\nseconds in a fresh process, median [min to max] of {REPEATS}")
    for name, values in times.items():
        print(
            f"  {statistics.median(values):6.3f} [{min(values):.3f} to {max(values):.3f}]  {name}"
        )
    both, torch = times["import torch, and then all of it"], times["import torch"]
    beyond = statistics.median(both) - statistics.median(torch)
    print(f"  {beyond:6.3f}  dqnlib beyond torch (difference of the medians)")
