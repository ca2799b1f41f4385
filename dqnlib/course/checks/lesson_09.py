"""Lesson 09: numbers over seeds. Expected values are worked by hand beside each case."""

import numpy as np

from dqnlib.course.types import Case, Check, Mistake

TITLE = "09 Experiments that hold up"


# -- iqm -----------------------------------------------------------------------------------


def _values(*values) -> dict:
    return {"values": np.array(values, float)}


def _between(cut_low, cut_high=None):
    """Make the mean of what is left of the ordered values; (S) -> how many are cut."""

    def wrong(values):
        n, ordered = len(values), np.sort(values)
        return ordered[cut_low(n) : n - (cut_high or cut_low)(n)].mean()

    return wrong


def _inside_quartiles(values):
    low, high = np.quantile(values, [0.25, 0.75])
    return values[(values >= low) & (values <= high)].mean()


IQM = Check(
    path="dqnlib.scores.iqm",
    cases=(
        # in order −50, 5, 10, 20, 40, 70, 80, 1000: two off at either end, (10+20+40+70) / 4
        Case(
            _values(40, 5, 10, 70, -50, 20, 1000, 80),
            35.0,
            "eight seeds; one is lost and one is far ahead",
        ),
        # in order 1, 2, 4, 4, 9: a quarter of five is 1.25, so one off at either end, (2+4+4) / 3
        Case(_values(4, 1, 4, 9, 2), 10 / 3, "five seeds: a quarter is rounded down"),
        # in order 0, 1, 2, 3, 4, 5, 9, 10, 12, 30: two off, (2 + 3 + 4 + 5 + 9 + 10) / 6
        Case(_values(12, 0, 30, 3, 9, 1, 10, 4, 2, 5), 5.5, "ten seeds: two off at either end"),
        # in order 1, 2, 3, 5, 8, 9, 20: 1.75, so one off at either end, (2 + 3 + 5 + 8 + 9) / 5
        Case(_values(20, 3, 1, 9, 2, 8, 5), 5.4, "seven seeds: one off at either end"),
        Case(_values(7), 7.0, "one seed"),
    ),
    mistakes=(
        Mistake(
            "the quarter is rounded up",
            "Of five and of seven seeds one goes at either end: round down, with //.",
            _between(lambda n: -(-n // 4)),
        ),
        Mistake(
            "the plain mean",
            "Leave out the smallest and the largest quarter of the seeds first.",
            lambda values: values.mean(),
        ),
        Mistake(
            "the median",
            "The median looks at one or two seeds; here the whole middle half counts: its mean.",
            lambda values: np.median(values),
        ),
        Mistake(
            "the values are not in order",
            "The middle half is that of the ordered values: sort them first.",
            lambda values: values[len(values) // 4 : len(values) - len(values) // 4].mean(),
        ),
        Mistake(
            "a quarter is cut in all, not at either end",
            "A quarter of the seeds goes at the lower end and a quarter at the upper end.",
            _between(lambda n: n // 8),
        ),
        Mistake(
            "only the best seeds are left out",
            "A quarter goes at the lower end, too: else the number is too pessimistic.",
            _between(lambda n: 0, lambda n: n // 4),
        ),
        Mistake(
            "only the worst seeds are left out",
            "A quarter goes at the upper end, too: else the number is too good.",
            _between(lambda n: n // 4, lambda n: 0),
        ),
        Mistake(
            "half of the seeds are cut at either end",
            "Then hardly any is left. A quarter goes at either end: a whole division by 4.",
            lambda values: np.sort(values)[len(values) // 2 :].mean(),
        ),
        Mistake(
            "the quarter is rounded to the nearest",
            "Of five and of seven seeds one goes at either end: round down, with //.",
            _between(lambda n: round(n / 4)),
        ),
        Mistake(
            "the quartiles are limits for the values",
            "Count seeds, not values: a quarter of the number of seeds, rounded down, at either "
            "end. With few seeds the two are not the same.",
            _inside_quartiles,
        ),
        Mistake(
            "the middle between the quartiles",
            "The seeds of the middle half count, each of them: take their mean.",
            lambda values: np.quantile(values, [0.25, 0.75]).mean(),
        ),
        Mistake(
            "the width of the middle half",
            "That is the interquartile range, a measure of spread. Asked is the mean of the values "
            "in the middle half.",
            lambda values: float(np.subtract(*np.quantile(values, [0.75, 0.25]))),
        ),
        Mistake(
            "the sum in place of the mean",
            "Divide by the number of seeds that are left, or use .mean().",
            lambda values: np.sort(values)[len(values) // 4 : len(values) - len(values) // 4].sum(),
        ),
        Mistake(
            "divided by all the seeds",
            "The cut ones do not count: divide by the number of seeds that are left.",
            lambda values: (
                np.sort(values)[len(values) // 4 : len(values) - len(values) // 4].sum()
                / len(values)
            ),
        ),
        Mistake(
            "one seed too few at the upper end",
            "A slice ends before its last place: ordered[cut : len(ordered) - cut].",
            lambda values: np.sort(values)[len(values) // 4 : -(len(values) // 4) - 1].mean(),
        ),
    ),
    hints=(
        "Which seeds may one lucky run not replace? Put them in order and look at the middle.",
        "How many are cut at one end? With S seeds, S // 4. The same number at the other end.",
        "`ordered = np.sort(values)`, `cut = len(ordered) // 4`; then the mean of a slice of it.",
    ),
)


# -- probability_of_improvement ------------------------------------------------------------


def _pairs(x, y):
    return x[:, None], y[None, :]


def _agents(x, y) -> dict:
    return {"x": np.array(x, float), "y": np.array(y, float)}


def _over_pairs(value):
    def wrong(x, y):
        return value(*_pairs(x, y))

    return wrong


IMPROVEMENT = Check(
    path="dqnlib.scores.probability_of_improvement",
    cases=(
        # 3 wins against 1, −2 and 0; 5 against 1, 4, −2 and 0; 0 against −2, and ties with 0:
        # 8 wins and a tie in 15 pairs
        Case(_agents([3, 5, 0], [1, 4, -2, 0, 12]), 8.5 / 15, "three seeds against five"),
        # the best of the first agent is behind the worst of the second: no win in 6 pairs
        Case(_agents([10, -90], [20, 30, 40]), 0.0, "the first agent is behind in every pair"),
        Case(_agents([2], [1]), 1.0, "one seed against one"),
    ),
    mistakes=(
        Mistake(
            "a tie counts nothing",
            "A tie is no win and no loss: it counts half. Else two agents that always solve the "
            "task would seem to lose against each other.",
            _over_pairs(lambda x, y: (x > y).mean()),
        ),
        Mistake(
            "a tie counts as a win",
            "A tie is no win and no loss: it counts half. Else both agents would beat each other.",
            _over_pairs(lambda x, y: (x >= y).mean()),
        ),
        Mistake(
            "the second agent over the first",
            "Asked is how often x is larger, the first argument.",
            _over_pairs(lambda x, y: ((x < y) + (x == y) / 2).mean()),
        ),
        Mistake(
            "the second agent over the first",
            "Asked is how often x is larger, the first argument; and a tie counts half.",
            _over_pairs(lambda x, y: (x < y).mean()),
        ),
        Mistake(
            "seeds are compared one to one",
            "Seed 3 of one agent has nothing to do with seed 3 of the other, and their numbers may "
            "differ: look at every pair, x[:, None] against y[None, :].",
            raises="could not be broadcast together",
        ),
        Mistake(
            "seeds are compared one to one",
            "Look at every pair: x[:, None] against y[None, :].",
            lambda x, y: float(np.mean([a > b for a, b in zip(x, y)])),
        ),
        Mistake(
            "seeds are compared one to one",
            "Look at every pair: x[:, None] against y[None, :].",
            lambda x, y: float(np.mean([(a > b) + (a == b) / 2 for a, b in zip(x, y)])),
        ),
        Mistake(
            "the means are compared",
            "That says which mean is larger, not how often a seed is ahead.",
            lambda x, y: float(x.mean() > y.mean()),
        ),
        Mistake(
            "the difference of the means",
            "That is how much, in units of the return. Asked is how often: a share of the pairs.",
            lambda x, y: float(x.mean() - y.mean()),
        ),
        Mistake(
            "each seed against the other agent's mean",
            "Each seed of x meets each seed of y, not their mean.",
            lambda x, y: float((x > y.mean()).mean()),
        ),
        Mistake(
            "the number of pairs in place of their share",
            "Divide by the number of pairs, S times T: .mean() over both axes does it.",
            _over_pairs(lambda x, y: float(((x > y) + (x == y) / 2).sum())),
        ),
        Mistake(
            "divided by the seeds of the first agent alone",
            "There are S times T pairs: .mean() over both axes.",
            _over_pairs(lambda x, y: float(((x > y) + (x == y) / 2).sum() / x.size)),
        ),
        Mistake(
            "divided by the seeds of the second agent alone",
            "There are S times T pairs: .mean() over both axes.",
            _over_pairs(lambda x, y: float(((x > y) + (x == y) / 2).sum() / y.size)),
        ),
        Mistake(
            "wins minus losses",
            "That lies between −1 and 1. Asked is the share of wins, a tie counting half.",
            _over_pairs(lambda x, y: float(np.sign(x - y).mean())),
        ),
        Mistake(
            "the ties alone",
            "The wins are missing: a pair with x larger counts 1, a tie ½.",
            _over_pairs(lambda x, y: float(((x == y) / 2).mean())),
        ),
        Mistake(
            "how far the winners are ahead",
            "Only whether x is larger counts, not by how much.",
            _over_pairs(lambda x, y: float(np.maximum(x - y, 0).mean())),
        ),
    ),
    hints=(
        "Draw a table: a row for each seed of the first agent, a column for each of the second.",
        "What stands in a cell of it? 1 for a win, ½ for a tie, 0 for a loss; then one mean.",
        "`x[:, None] > y[None, :]` is all pairs at once, `==` in place of `>` finds the ties.",
    ),
)

CHECKS = (IQM, IMPROVEMENT)
