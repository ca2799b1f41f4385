"""How long a learner waits for the check of an exercise. Prints, asserts no times.

python -m pytest tests/benchmarks/bench_checks.py -o python_files="bench_*.py" -s
"""

import statistics

from dqnlib.course import checks
from dqnlib.course.exercises import timed_check
from dqnlib.course.reference import load

REPEATS = 5


def test_seconds_of_each_check():
    found = [check for lesson in checks.lessons().values() for check in lesson]
    times = {check.path: [] for check in found}
    for path in times:
        timed_check(path, load(path))  # once to warm up
    for _ in range(REPEATS):  # taking turns, so that a slow spell hits all of them
        for path in times:
            times[path].append(timed_check(path, load(path)))
    print(f"\nseconds of a check of the course's own function, median [min to max] of {REPEATS}")
    for path, values in times.items():
        low, high = min(values), max(values)
        print(f"{path:40} {statistics.median(values):.4f} [{low:.4f} to {high:.4f}]")
