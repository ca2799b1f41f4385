"""Applies every mutant of `tests/mutants` to a copy of the course: does the named test fail?

    python3 -m dqnlib bench -k mutants

Prints one line a mutant, the survivors and a table; fails if one survives, if a mutant does not
load, or if a named test fails on the course as it is. A test that is skipped here, for want of a
graphics card say, decides nothing. DQN_BENCH_MUTANTS=targets runs only the mutants with this text
in the name of their table or in their line. Works where processes can fork.
"""

import os
import time
from collections import Counter

import mutants
from mutants import running

LIMIT = 120  # seconds for one mutant; one that goes on for ever counts as killed by time


def test_no_mutant_survives():
    part = os.environ.get("DQN_BENCH_MUTANTS", "")
    chosen = [mutant for mutant in mutants.read() if part in f"{mutant.table} {mutant}"]
    assert chosen, f"no mutant has {part!r} in its line"
    start, broken = time.monotonic(), []
    for result in running.run(running.unchanged(chosen), 10 * LIMIT):
        if result.end not in ("survived", "skipped"):
            broken.append(f"{result.job.tests}: {result.how}")
    assert not broken, "these tests fail without a mutant:\n" + "\n".join(broken)
    print(f"\nThe named tests pass on the course as it is: {time.monotonic() - start:.0f} s")

    ends, alive = {}, []
    for result in running.run(running.jobs(chosen), LIMIT):
        mutant = result.job.mutant
        ends.setdefault(mutant.table, Counter())[result.end] += 1
        print(f"  {result.end}, {result.seconds:.1f} s: {mutant} [{result.how[:100]}]", flush=True)
        if not result.end.startswith("killed") and result.end != "skipped":
            alive.append(f"{mutant} ({mutant.test}): {result.end}")
    kinds = ["killed", "killed by time", "skipped", "survived"]
    print(f"\n{'':32}" + "".join(f"{kind:>16}" for kind in kinds))
    for table, found in [*sorted(ends.items()), ("all", sum(ends.values(), Counter()))]:
        print(f"{table:32}" + "".join(f"{found[kind]:16}" for kind in kinds))
    print(f"{time.monotonic() - start:.0f} s in all")
    assert not alive, "not killed:\n" + "\n".join(alive)
