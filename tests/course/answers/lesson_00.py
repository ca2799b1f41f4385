"""Answers to the exercise of lesson 00, as learners write them."""

from answers import answers

EPISODE_RETURN = answers(
    "dqnlib.tabular.episode_return",
    r'''
=== right
def episode_return(rewards):
    return sum(rewards)

=== right
def episode_return(rewards):
    total = 0
    for reward in rewards:
        total += reward
    return total

=== right
import numpy as np

def episode_return(rewards):
    """Add up the rewards of an episode."""
    return np.sum(rewards)

=== right
def episode_return(rewards):
    # an index and a while loop, as in C
    i = 0
    total = 0.0
    while i < len(rewards):
        total = total + rewards[i]
        i += 1
    return total

=== right
def episode_return(rewards):
    if not rewards:
        return 0.0
    return rewards[0] + episode_return(rewards[1:])

=== right
from functools import reduce
from operator import add

def episode_return(rs):
    return reduce(add, rs, 0.0)

=== right
import torch

def episode_return(rewards):
    return torch.tensor(rewards).sum()

=== right
def episode_return(rewards: list[float], gamma: float = 1.0) -> float:
    return sum(gamma**t * r for t, r in enumerate(rewards))

=== right
import math

@exercise("dqnlib.tabular.episode_return")
def episode_return(rewards):
    return math.fsum(rewards)

=== right
import numpy as np

def episode_return(rewards):
    if len(rewards) == 0:
        return 0
    return np.cumsum(rewards)[-1]

=== right
def episode_return(rewards):
    rewards = list(rewards)  # a copy may be emptied
    total = 0
    while rewards:
        total += rewards.pop()
    return total

=== blank
def episode_return(rewards):
    return ____

=== blank
def episode_return(rewards):
    """Return the sum of the rewards."""
    # TODO
    return ____

=== blank
def episode_return(rewards):
    total = 0
    for reward in rewards:
        total += ____
    return total

=== blank
def episode_return(rewards):
    total = ____
    for reward in rewards:
        total += reward
    return ____

=== blank
def episode_return(rewards):
    raise NotImplementedError

=== blank
def episode_return(rewards):
    raise NotImplementedError("I come back to this tomorrow")

=== blank
def episode_return(rewards):
    pass

=== blank
def episode_return(rewards):
    """Return the sum of the rewards."""

=== blank
def episode_return(rewards):
    ...

=== blank
def episode_return(rewards):
    return ...

=== blank
def episode_return(rewards):
    """Nothing yet."""
    # return sum(rewards)
    return

=== wrong: the mean in place of the sum
def episode_return(rewards):
    return sum(rewards) / len(rewards)

=== wrong: the mean in place of the sum
import numpy as np

def episode_return(rewards):
    rewards = np.array(rewards)
    return rewards.mean()

=== wrong: the mean in place of the sum
def episode_return(rewards):
    total = 0
    for r in rewards:
        total += r / len(rewards)
    return total

=== wrong: only the last reward
def episode_return(rewards):
    return rewards[-1]

=== wrong: only the last reward
def episode_return(rewards):
    total = 0
    for reward in rewards:
        total = reward
    return total

=== wrong: only the first reward
def episode_return(rewards):
    total = 0
    for reward in rewards:
        total += reward
        return total

=== wrong: the number of steps in place of their rewards
def episode_return(rewards):
    total = 0
    for _ in rewards:
        total += 1
    return total

=== wrong: the number of steps in place of their rewards
def episode_return(rewards):
    return len(rewards)

=== wrong: the sign is turned round
def episode_return(rewards):
    cost = 0
    for r in rewards:
        cost -= r
    return cost

=== wrong: the last reward is left out
def episode_return(rewards):
    total = 0
    for i in range(len(rewards) - 1):
        total += rewards[i]
    return total

=== wrong: the last reward is left out
def episode_return(rewards):
    return sum(rewards[:-1])

=== wrong: the first reward is left out
def episode_return(rewards):
    total = 0
    for i in range(1, len(rewards)):
        total += rewards[i]
    return total

=== wrong: the best reward in place of the sum
def episode_return(rewards):
    return max(rewards)

=== wrong: another value
def episode_return(rewards):
    # every reward counts once
    return sum(set(rewards))

=== wrong: another value
def episode_return(rewards):
    return sum(0.9**t * r for t, r in enumerate(rewards))

=== wrong: another value
def episode_return(rewards):
    total = 0
    for r in rewards:
        if r == -100:
            break  # fell off the cliff
        total += r
    return total

=== wrong: another value
def episode_return(rewards):
    return -sum(abs(r) for r in rewards)

=== wrong: another value
def episode_return(rewards):
    total = 1
    for r in rewards:
        total *= r
    return total

=== wrong: another value
def episode_return(rewards):
    # lost in details: it counts the cliff as one step
    return -float(len(rewards)) + 0.0 * rewards.count(-100.0)

=== wrong: returned None
def episode_return(rewards):
    total = sum(rewards)

=== wrong: returned None
def episode_return(rewards):
    total = 0
    for r in rewards:
        total += r
    print(total)

=== wrong: returned None
def episode_return(rewards):
    if len(rewards) > 0:
        return sum(rewards)

=== wrong: returned NaN
import numpy as np

def episode_return(rewards):
    return np.mean(rewards) * len(rewards)

=== wrong: wrong type
def episode_return(rewards):
    return f"{sum(rewards)}"

=== wrong: wrong type
def episode_return(rewards):
    return sum(rewards) < 0

=== wrong: wrong type
def episode_return(rewards):
    return {"return": sum(rewards)}

=== wrong: wrong type
def episode_return(rewards):
    return sum

=== wrong: wrong type
from fractions import Fraction

def episode_return(rewards):
    return sum(Fraction(r) for r in rewards)

=== wrong: wrong shape
def episode_return(rewards):
    return [sum(rewards)]

=== wrong: wrong shape
import numpy as np

def episode_return(rewards):
    return np.array([sum(rewards)])

=== wrong: wrong shape
import numpy as np

def episode_return(rewards):
    return np.cumsum(rewards)

=== wrong: wrong shape
def episode_return(rewards):
    return rewards

=== wrong: wrong shape
def episode_return(rewards):
    return sum(rewards), len(rewards)

=== wrong: arguments changed
def episode_return(rewards):
    total = 0
    while rewards:
        total += rewards.pop()
    return total

=== wrong: arguments changed
def episode_return(rewards):
    rewards.sort()
    return sum(rewards)

=== wrong: arguments changed
def episode_return(rewards):
    for i in range(1, len(rewards)):
        rewards[i] += rewards[i - 1]
    return rewards[-1] if rewards else 0

=== wrong: arguments changed
def episode_return(rewards):
    total = sum(rewards)
    del rewards[:]
    return total

=== wrong: not the same each time
def episode_return(rewards, total=[0]):
    for r in rewards:
        total[0] += r
    return total[0]

=== wrong: not the same each time
total = 0

def episode_return(rewards):
    global total
    for r in rewards:
        total += r
    return total

=== wrong: another value
cache = {}  # the answer to the first episode, forever

def episode_return(rewards):
    if "result" in cache:
        return cache["result"]
    cache["result"] = sum(rewards)
    return cache["result"]

=== wrong: not the same each time
calls = []

def episode_return(rewards):
    calls.append(rewards)
    if len(calls) > 4:
        return 0
    return sum(rewards)

=== wrong: not the same each time
import random

def episode_return(rewards):
    return sum(rewards) + random.gauss(0, 1)

=== wrong: it prints
def episode_return(rewards):
    total = sum(rewards)
    print("the return is", total)
    return total

=== wrong: it prints
def episode_return(rewards):
    total = 0
    for i, r in enumerate(rewards):
        total += r
        print(f"after step {i + 1} of {len(rewards)} the return is {total} " + "." * 200)
    return total

=== wrong: it prints
def episode_return(rewards):
    for i in range(2000):
        print(i, rewards)
    return sum(rewards)

=== wrong, 5 s: does not end
def episode_return(rewards):
    i = 0
    total = 0
    while i < len(rewards):
        total += rewards[i]
    return total

=== wrong, 0.3 s: does not end
def episode_return(rewards):
    for r in rewards:
        rewards.append(r)
    return sum(rewards)

=== wrong, 0.3 s: does not end
def episode_return(rewards):
    while True:
        print(sum(rewards))

=== wrong, 0.3 s: does not end
def episode_return(rewards):
    total = 0
    i = 0
    while i < len(rewards):
        try:
            total += rewards[i + 1]
            i += 1
        except:
            pass
    return total

=== wrong, 0.3 s: does not end
def episode_return(rewards):
    total = 0
    while total != sum(rewards) + 1:
        try:
            total = float(sum(sorted(rewards * 10)))
            print(total)
        except:
            print("oh no")
            continue
    return total

=== wrong, 0.3 s: does not end
def episode_return(rewards):
    try:
        while rewards:
            total = sum(rewards)
    except:
        return sum(rewards)
    return 0.0

=== wrong, 0.3 s: does not end
import time

def episode_return(rewards):
    time.sleep(3600)
    return sum(rewards)

=== wrong: raises UnboundLocalError
def episode_return(rewards):
    total = 0
    for reward in reward:
        total += rewrad
    return total

=== wrong: raises NameError
def episode_return(rewards):
    total = 0
    for reward in rewards:
        total += rewrad
    return total

=== wrong: raises UnboundLocalError
def episode_return(rewards):
    for r in rewards:
        total += r
    return total

=== wrong: raises IndexError
def episode_return(rewards):
    total = 0
    for i in range(len(rewards) + 1):
        total += rewards[i]
    return total

=== wrong: raises IndexError
def episode_return(rewards):
    total = rewards[0]
    for r in rewards[1:]:
        total += r
    return total

=== wrong: raises ZeroDivisionError
def episode_return(rewards):
    mean = sum(rewards) / len(rewards)
    return mean * len(rewards)

=== wrong: raises AttributeError
def episode_return(rewards):
    return rewards.sum()

=== wrong: raises TypeError
def episode_return(rewards):
    return sum(len(rewards))

=== wrong: raises TypeError
def episode_return(rewards):
    total = 0
    for r in rewards:
        total += rewards
    return total

=== wrong: raises RecursionError
def episode_return(rewards):
    return rewards[0] + episode_return(rewards)

=== wrong: raises ValueError
import numpy as np

def episode_return(rewards):
    if not np.isfinite(rewards).all() or len(rewards) == 0:
        raise ValueError("an episode needs at least one step, " + "and " * 60 + "more")
    return np.sum(rewards)

=== wrong: raises AssertionError
def episode_return(rewards):
    assert len(rewards) > 0
    return sum(rewards)

=== wrong: raises MemoryError
def episode_return(rewards):
    table = rewards * 10**15
    return sum(table)

=== wrong: raises SystemExit
import sys

def episode_return(rewards):
    if not rewards:
        raise SystemExit(1)
    return sum(rewards)

=== wrong: calls exit()
def episode_return(rewards):
    if rewards[0] > 0:
        print("that cannot be")
        exit()
    return sum(rewards)

=== wrong: calls exit()
import sys

def episode_return(rewards):
    sys.exit(sum(rewards))

=== wrong: calls input()
def episode_return(rewards):
    bonus = input("What bonus? ")
    return sum(rewards)

=== wrong: calls breakpoint()
def episode_return(rewards):
    total = sum(rewards)
    breakpoint()
    return total

=== wrong: other parameters
def episode_return(rewards, gamma):
    return sum(rewards)

=== wrong: other parameters
def episode_return():
    return sum(rewards)

=== wrong: other parameters
def episode_return(*, rewards):
    return sum(rewards)

=== wrong: other parameters
class Episode:
    @exercise("dqnlib.tabular.episode_return")
    def episode_return(self, rewards):
        return sum(rewards)

=== wrong: another name
def total_return(rewards):
    return sum(rewards)

=== wrong: not a plain function
class episode_return:
    def __init__(self, rewards):
        self.total = sum(rewards)

=== wrong: not a plain function
def episode_return(rewards):
    total = 0
    for r in rewards:
        total += r
        yield total

=== wrong: not a plain function
async def episode_return(rewards):
    return sum(rewards)

=== wrong: raises TypeError
from functools import lru_cache

@exercise("dqnlib.tabular.episode_return")
@lru_cache
def episode_return(rewards):
    return sum(rewards)
''',
)

ANSWERS = EPISODE_RETURN
