"""The sweep explorer without a browser: messages go in, pictures and texts come out.

`tests/mutants/labs/test_lab_sweep.toml` lists the mutants that these tests kill.
"""

import itertools

import numpy as np
import pytest
from lab_helpers import close_labs, control, say, status, steps, widget  # noqa: F401 - a fixture

from dqnlib.labs import SweepLab

# two rates, three periods, four seeds named 10 to 13; each seed prefers another cell
LATE = {
    (0.1, 1): [9, 0, 0, 1], (0.1, 20): [0, 8, 0, 1], (0.1, 200): [0, 0, 7, 1],
    (0.5, 1): [4, 4, 4, 1], (0.5, 20): [1, 1, 1, 6], (0.5, 200): [0, 0, 0, 0],
}  # fmt: skip


def table(late=LATE):
    rows = [(*cell, 10 + k, value) for cell, found in late.items() for k, value in enumerate(found)]
    rate, period, seed, value = map(np.array, zip(*rows))
    value = value.astype(float)
    return {"rate": rate, "period": period, "seed": seed, "late": value, "whole": -value}


def lab(**more):
    return SweepLab(table(), "rate", "period", **more)


def test_the_best_cell_is_chosen_by_the_drawn_seeds():
    one = lab(seeds=1)
    winners = {0: (0, 0), 1: (0, 1), 2: (0, 2), 3: (1, 1)}
    for count in range(1, 30):
        (drawn,) = one.drawn
        assert tuple(one.best) == winners[drawn]
        cells = [[LATE[rate, period][drawn] for period in (1, 20, 200)] for rate in (0.1, 0.5)]
        assert one.now.tolist() == cells
        assert f"seeds {10 + drawn} · best: rate = " in status(one)
        assert one.wins.sum() == count
        steps(one, 1)
    assert (one.wins > 0).sum() == 4
    assert "4 cells have won" in status(one)


def test_what_winners_promise_and_what_all_seeds_say():
    one = lab(seeds=1)
    steps(one, 40)
    all_seeds = {(0, 0): 2.5, (0, 1): 2.25, (0, 2): 2.0, (1, 1): 2.25}
    promises = {(0, 0): 9, (0, 1): 8, (0, 2): 7, (1, 1): 6}
    wins = {cell: one.wins[cell] for cell in all_seeds}
    assert sum(wins.values()) == one.wins.sum() == 41
    for kept, value_of in ((one.promised, promises), (one.held, all_seeds)):
        assert np.sum(kept) == sum(n * value_of[cell] for cell, n in wins.items())
    assert f"promised <b>{np.mean(one.promised):.0f}</b>" in status(one)
    assert f"all 4 seeds say <b>{np.mean(one.held):.0f}</b>" in status(one)


def test_with_all_seeds_one_cell_wins():
    one = lab(seeds=4)
    steps(one, 5)
    assert one.wins.tolist() == [[0, 0, 0], [6, 0, 0]]
    assert one.promised == one.held == [3.25] * 6


@pytest.mark.parametrize(("statistic", "best"), [("mean", 3.25), ("IQM", 4.0), ("worst seed", 1.0)])
def test_the_statistic(statistic, best):
    one = lab(seeds=4, statistic=statistic)
    assert one.now[tuple(one.best)] == best
    assert f"by 4 seeds, {statistic}" in one._titles()[0]


def test_chance_decides_among_equals():
    one = SweepLab(
        table({**LATE, (0.5, 1): [4, 4, 4, 1], (0.1, 1): [4, 4, 4, 1]}), "rate", "period"
    )
    one.change("seeds", 4)
    for _ in range(30):
        one.advance()
    assert one.wins[0, 0] > 5
    assert one.wins[1, 0] > 5
    assert one.wins.sum() == one.wins[:, 0].sum() == 31


def test_seeds_are_drawn_without_repetition_and_all_pairs_come():
    one, pairs = lab(seeds=2), set()
    for _ in range(60):
        pairs.add(tuple(one.drawn))
        one.advance()
    assert pairs == set(itertools.combinations(range(4), 2))


def test_a_setting_begins_to_count_anew():
    one = lab(seeds=1)
    steps(one, 10)
    widget(one, "seeds").value = 3
    assert "Counted anew." in say(one)
    assert (one.wins.sum(), len(one.drawn)) == (1, 3)
    steps(one, 3)
    control(one, "whole").value = "whole"
    assert one.settle()
    assert one.wins.sum() == 1
    assert one.now.max() <= 0  # the other measure
    control(one, "IQM").value = "IQM"
    assert one.settle()
    assert one.settings == {"seeds": 3, "statistic": "IQM", "measure": "whole"}


def test_reset_draws_the_same_again():
    one = lab(seeds=2)
    first = one.drawn.tolist()
    steps(one, 9)
    one.post("reset")
    assert one.settle()
    assert (one.drawn.tolist(), one.wins.sum()) == (first, 1)


def test_the_still_has_counts_of_its_own():
    one = lab(seeds=1)
    drawn = one.drawn.tolist()
    assert one.still().startswith(b"\x89PNG")
    assert (one.drawn.tolist(), one.wins.sum()) == (drawn, 1)  # the still has counts of its own
    before = one._values["maps"]
    steps(one, 3)
    assert one._values["maps"] != before


def test_what_is_refused():
    for more in ({"seeds": 0}, {"seeds": 5}, {"statistic": "median"}, {"seed": -1}):
        with pytest.raises(ValueError, match=r"seed|statistic"):
            lab(**more)
    with pytest.raises(ValueError, match="the same seeds in every cell"):
        SweepLab(table({**LATE, (0.5, 200): [0, 0, 0]}), "rate", "period")
    with pytest.raises(ValueError, match="no column 'tau'"):
        SweepLab(table(), "tau", "period")
