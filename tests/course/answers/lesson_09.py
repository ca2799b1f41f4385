"""Answers to the exercises of lesson 09, as learners write them."""

from answers import answers

IQM = answers(
    "dqnlib.scores.iqm",
    r'''
=== right
import numpy as np

def iqm(values):
    ordered = np.sort(values)
    cut = len(ordered) // 4
    return ordered[cut : len(ordered) - cut].mean()

=== right
from scipy.stats import trim_mean

def iqm(values):
    return trim_mean(values, 0.25)

=== right
def iqm(values):
    left = sorted(values)
    for _ in range(len(values) // 4):  # one off at either end, a quarter of the times
        left.pop()
        left.pop(0)
    return sum(left) / len(left)

=== right
import numpy as np

def iqm(values):
    n, k = len(values), len(values) // 4
    rank = np.argsort(np.argsort(values))
    return float(np.mean(values[(rank >= k) & (rank < n - k)]))

=== right
import numpy as np

def iqm(values):
    k = int(0.25 * len(values))
    part = np.partition(values, (k, len(values) - k - 1))
    return part[k : len(values) - k].mean()

=== right
import statistics

def iqm(values):
    """With Python's own means."""
    n = len(values)
    return statistics.fmean(sorted(values.tolist())[n // 4 : n - n // 4])

=== blank
def iqm(values):
    return ____

=== blank
import numpy as np

def iqm(values):
    ordered = np.sort(values)
    cut = ____
    return ordered[cut : len(ordered) - cut].mean()

=== wrong: the plain mean
def iqm(values):
    return values.mean()

=== wrong: the median
import numpy as np

def iqm(values):
    return np.median(values)

=== wrong: the values are not in order
def iqm(values):
    cut = len(values) // 4
    return values[cut : len(values) - cut].mean()

=== wrong: a quarter is cut in all, not at either end
import numpy as np

def iqm(values):
    cut = len(values) // 8
    return np.sort(values)[cut : len(values) - cut].mean()

=== wrong: only the best seeds are left out
import numpy as np

def iqm(values):
    return np.sort(values)[: len(values) - len(values) // 4].mean()

=== wrong: only the worst seeds are left out
import numpy as np

def iqm(values):
    return np.sort(values)[len(values) // 4 :].mean()

=== wrong: half of the seeds are cut at either end
import numpy as np

def iqm(values):
    return np.sort(values)[len(values) // 2 :].mean()

=== wrong: the quarter is rounded up
import math
import numpy as np

def iqm(values):
    cut = math.ceil(len(values) / 4)
    return np.sort(values)[cut : len(values) - cut].mean()

=== wrong: the quarter is rounded to the nearest
import numpy as np

def iqm(values):
    cut = round(len(values) / 4)
    return np.sort(values)[cut : len(values) - cut].mean()

=== wrong: the quartiles are limits for the values
import numpy as np

def iqm(values):
    low, high = np.percentile(values, [25, 75])
    return values[(low <= values) & (values <= high)].mean()

=== wrong: the middle between the quartiles
import numpy as np

def iqm(values):
    low, high = np.percentile(values, [25, 75])
    return (low + high) / 2

=== wrong: the width of the middle half
import numpy as np

def iqm(values):
    low, high = np.percentile(values, [25, 75])
    return high - low

=== wrong: the sum in place of the mean
import numpy as np

def iqm(values):
    cut = len(values) // 4
    return np.sort(values)[cut : len(values) - cut].sum()

=== wrong: divided by all the seeds
import numpy as np

def iqm(values):
    cut = len(values) // 4
    return sum(np.sort(values)[cut : len(values) - cut]) / len(values)

=== wrong: one seed too few at the upper end
import numpy as np

def iqm(values):
    cut = len(values) // 4
    return np.sort(values)[cut : -cut - 1].mean()

=== wrong: returned NaN
import numpy as np

def iqm(values):
    cut = len(values) // 4
    return np.sort(values)[cut:-cut].mean()

=== wrong: another value
import numpy as np

def iqm(values):
    ordered = np.sort(abs(values))  # a return is no negative number?
    cut = len(ordered) // 4
    return ordered[cut : len(ordered) - cut].mean()

=== wrong: another value
def iqm(values):
    ordered = sorted(set(values))
    cut = len(values) // 4
    ordered = ordered[cut : len(ordered) - cut]
    return sum(ordered) / len(ordered)

=== wrong: another value
import numpy as np

def iqm(values):
    ordered = np.sort(values[values != 0])  # seeds that earned nothing are left out
    cut = len(ordered) // 4
    return ordered[cut : len(ordered) - cut].mean()

=== wrong: raises NameError
import numpy as np

def iqm(values):
    cut = len(value) // 4
    return np.sort(values)[cut : len(values) - cut].mean()

=== wrong: another name
import numpy as np

@exercise("dqnlib.scores.iqm")
def interquartile_mean(values):
    cut = len(values) // 4
    return np.sort(values)[cut : len(values) - cut].mean()

=== wrong, 0.5 s: does not end
def iqm(values):
    left = sorted(values)
    while len(left) > 0:
        middle = sum(left) / len(left)
    return middle

=== wrong: arguments changed
def iqm(values):
    values.sort()
    cut = len(values) // 4
    return values[cut : len(values) - cut].mean()

=== wrong: returned None
import numpy as np

def iqm(values):
    cut = len(values) // 4
    np.sort(values)[cut : len(values) - cut].mean()

=== wrong: it prints
import numpy as np

def iqm(values):
    cut = len(values) // 4
    print(cut)
    return np.sort(values)[cut : len(values) - cut].mean()

=== wrong: wrong shape
import numpy as np

def iqm(values):
    cut = len(values) // 4
    return np.sort(values)[cut : len(values) - cut]

=== wrong: raises TypeError
import numpy as np

def iqm(values):
    cut = len(values) / 4
    return np.sort(values)[cut : len(values) - cut].mean()
''',
)

IMPROVEMENT = answers(
    "dqnlib.scores.probability_of_improvement",
    r"""
=== right
def probability_of_improvement(x, y):
    x, y = x[:, None], y[None, :]
    return ((x > y) + (x == y) / 2).mean()

=== right
def probability_of_improvement(x, y):
    total = 0.0
    for a in x:
        for b in y:
            if a > b:
                total += 1
            elif a == b:
                total += 0.5
    return total / (len(x) * len(y))

=== right
import numpy as np

def probability_of_improvement(x, y):
    return (np.sign(np.subtract.outer(x, y)).mean() + 1) / 2

=== right
from scipy.stats import mannwhitneyu

def probability_of_improvement(x, y):
    return mannwhitneyu(x, y).statistic / (len(x) * len(y))

=== right
import numpy as np

def probability_of_improvement(x, y):
    # places of x in the ordered y: from the left wins alone, from the right ties as well
    y = np.sort(y)
    wins, more = np.searchsorted(y, x, "left"), np.searchsorted(y, x, "right")
    return (wins + more).mean() / 2 / len(y)

=== right
import itertools

def probability_of_improvement(x, y):
    pairs = list(itertools.product(x, y))
    return (sum(a > b for a, b in pairs) + sum(a >= b for a, b in pairs)) / 2 / len(pairs)

=== blank
def probability_of_improvement(x, y):
    return ____

=== blank
def probability_of_improvement(x, y):
    wins = ____
    ties = x[:, None] == y[None, :]
    return (wins + ties / 2).mean()

=== wrong: a tie counts nothing
def probability_of_improvement(x, y):
    return (x[:, None] > y).mean()

=== wrong: a tie counts as a win
def probability_of_improvement(x, y):
    return (x[:, None] >= y).mean()

=== wrong: the second agent over the first
def probability_of_improvement(x, y):
    x, y = x[None, :], y[:, None]
    return ((y > x) + (x == y) / 2).mean()

=== wrong: the second agent over the first
def probability_of_improvement(x, y):
    return (x[:, None] < y[None, :]).mean()

=== wrong: seeds are compared one to one
def probability_of_improvement(x, y):
    return ((x > y) + (x == y) / 2).mean()

=== wrong: seeds are compared one to one
def probability_of_improvement(x, y):
    wins = [a > b for a, b in zip(x, y)]
    return sum(wins) / len(wins)

=== wrong: seeds are compared one to one
def probability_of_improvement(x, y):
    score = [1 if a > b else 0.5 if a == b else 0 for a, b in zip(x, y)]
    return sum(score) / len(score)

=== wrong: the means are compared
def probability_of_improvement(x, y):
    return float(x.mean() > y.mean())

=== wrong: the difference of the means
def probability_of_improvement(x, y):
    return x.mean() - y.mean()

=== wrong: each seed against the other agent's mean
def probability_of_improvement(x, y):
    return (x > y.mean()).mean()

=== wrong: the number of pairs in place of their share
def probability_of_improvement(x, y):
    x, y = x[:, None], y[None, :]
    return ((x > y) + (x == y) / 2).sum()

=== wrong: divided by the seeds of the first agent alone
def probability_of_improvement(x, y):
    x, y = x[:, None], y[None, :]
    return ((x > y) + (x == y) / 2).sum() / len(x)

=== wrong: divided by the seeds of the second agent alone
def probability_of_improvement(x, y):
    n = len(y)
    x, y = x[:, None], y[None, :]
    return ((x > y) + (x == y) / 2).sum() / n

=== wrong: wins minus losses
import numpy as np

def probability_of_improvement(x, y):
    return np.sign(x[:, None] - y[None, :]).mean()

=== wrong: the ties alone
def probability_of_improvement(x, y):
    return (x[:, None] == y[None, :]).mean() / 2

=== wrong: how far the winners are ahead
def probability_of_improvement(x, y):
    ahead = x[:, None] - y[None, :]
    return ahead.clip(min=0).mean()

=== wrong: another value
import numpy as np

def probability_of_improvement(x, y):
    wins, more = np.searchsorted(y, x, "left"), np.searchsorted(y, x, "right")  # y is not sorted
    return (wins + more).mean() / 2 / len(y)

=== wrong: another value
def probability_of_improvement(x, y):
    x, y = x[:, None], y[None, :]
    return ((x > y) + (x == y) / 2).mean() or 0.5

=== wrong: returned NaN
def probability_of_improvement(x, y):
    if len(x) < 2 or len(y) < 2:  # one seed says nothing
        return float("nan")
    x, y = x[:, None], y[None, :]
    return ((x > y) + (x == y) / 2).mean()

=== wrong: raises NameError
def probability_of_improvement(x, y):
    x, y = x[:, None], z[None, :]
    return ((x > y) + (x == y) / 2).mean()

=== wrong: another name
@exercise("dqnlib.scores.probability_of_improvement")
def improvement(x, y):
    x, y = x[:, None], y[None, :]
    return ((x > y) + (x == y) / 2).mean()

=== wrong, 0.5 s: does not end
def probability_of_improvement(x, y):
    wins, i = 0, 0
    while i < len(x):
        wins += (x[i] > y).mean()
    return wins / len(x)

=== wrong: returned None
def probability_of_improvement(x, y):
    x, y = x[:, None], y[None, :]
    ((x > y) + (x == y) / 2).mean()

=== wrong: it prints
def probability_of_improvement(x, y):
    x, y = x[:, None], y[None, :]
    print((x > y).sum(), "wins")
    return ((x > y) + (x == y) / 2).mean()

=== wrong: wrong shape
def probability_of_improvement(x, y):
    x, y = x[:, None], y[None, :]
    return ((x > y) + (x == y) / 2).mean(1)
""",
)

ANSWERS = (*IQM, *IMPROVEMENT)
