"""Answers to the exercises of lesson 09b, as learners write them."""

from answers import answers

PROFIT = answers(
    "dqnlib.warehouse.profit",
    r'''
=== right
def profit(stock, order, demand):
    order = min(order, 12 - stock)
    there = stock + order
    sold = min(there, demand)
    left = there - sold
    return 4 * sold - 2 * order - 3 * (order > 0) - 0.2 * left, left

=== right
def profit(stock, order, demand):
    there = min(stock + order, 12)
    ordered = there - stock
    left = max(there - demand, 0)
    fixed = 3 if ordered else 0
    return (there - left) * 4.0 - ordered * 2.0 - fixed - left / 5, left

=== right
import numpy as np

def profit(stock, order, demand):
    order = np.minimum(order, 12 - stock)
    left = np.maximum(stock + order - demand, 0)
    sold = stock + order - left
    return np.dot([4, -2, -3, -0.2], [sold, order, order > 0, left]), left

=== right
def profit(stock, order, demand):
    # unit by unit
    earned, bought = 0.0, 0
    while bought < order and stock < 12:
        stock, bought, earned = stock + 1, bought + 1, earned - 2
    if bought:
        earned -= 3
    while demand and stock:
        stock, demand, earned = stock - 1, demand - 1, earned + 4
    return [earned - 0.2 * stock, stock]

=== right
from dqnlib.warehouse import CAPACITY, COST, FIXED, HOLDING, PRICE

def profit(stock, order, demand):
    """With the constants of the library."""
    room = CAPACITY - stock
    order = order if order <= room else room
    left = stock + order - demand if demand < stock + order else 0
    costs = COST * order + HOLDING * left + (FIXED if order > 0 else 0)
    return PRICE * (stock + order - left) - costs, left

=== blank
def profit(stock, order, demand):
    return ____

=== blank
def profit(stock, order, demand):
    order = min(order, 12 - stock)
    left = ____
    return 4 * (stock + order - left) - 2 * order - 3 * (order > 0) - 0.2 * left, left

=== wrong: more is sold than is there
def profit(stock, order, demand):
    order = min(order, 12 - stock)
    left = stock + order - demand
    return 4 * demand - 2 * order - 3 * (order > 0) - 0.2 * left, left

=== wrong: the fixed cost is paid where nothing is ordered
def profit(stock, order, demand):
    order = min(order, 12 - stock)
    sold = min(stock + order, demand)
    left = stock + order - sold
    return 4 * sold - 2 * order - 3 - 0.2 * left, left

=== wrong: the fixed cost is left out
def profit(stock, order, demand):
    order = min(order, 12 - stock)
    sold = min(stock + order, demand)
    left = stock + order - sold
    return 4 * sold - 2 * order - 0.2 * left, left

=== wrong: the fixed cost is paid for each unit
def profit(stock, order, demand):
    order = min(order, 12 - stock)
    sold = min(stock + order, demand)
    left = stock + order - sold
    return 4 * sold - (2 + 3) * order - 0.2 * left, left

=== wrong: what does not fit is ordered and paid for
def profit(stock, order, demand):
    there = min(stock + order, 12)
    sold = min(there, demand)
    left = there - sold
    return 4 * sold - 2 * order - 3 * (order > 0) - 0.2 * left, left

=== wrong: what does not fit is ordered and paid for
def profit(stock, order, demand):
    there = stock + order
    sold = min(there, demand)
    left = there - sold
    return 4 * sold - 2 * order - 3 * (order > 0) - 0.2 * left, left

=== wrong: an order that does not fit is refused as a whole
def profit(stock, order, demand):
    if stock + order > 12:
        order = 0
    sold = min(stock + order, demand)
    left = stock + order - sold
    return 4 * sold - 2 * order - 3 * (order > 0) - 0.2 * left, left

=== wrong: the night costs what was there in the morning
def profit(stock, order, demand):
    order = min(order, 12 - stock)
    there = stock + order
    sold = min(there, demand)
    return 4 * sold - 2 * order - 3 * (order > 0) - 0.2 * there, there - sold

=== wrong: the night costs what was there before the order
def profit(stock, order, demand):
    order = min(order, 12 - stock)
    sold = min(stock + order, demand)
    return 4 * sold - 2 * order - 3 * (order > 0) - 0.2 * stock, stock + order - sold

=== wrong: the night costs nothing
def profit(stock, order, demand):
    order = min(order, 12 - stock)
    sold = min(stock + order, demand)
    return 4 * sold - 2 * order - 3 * (order > 0), stock + order - sold

=== wrong: the night brings money
def profit(stock, order, demand):
    order = min(order, 12 - stock)
    sold = min(stock + order, demand)
    left = stock + order - sold
    return 4 * sold - 2 * order - 3 * (order > 0) + 0.2 * left, left

=== wrong: the order comes too late
def profit(stock, order, demand):
    order = min(order, 12 - stock)
    sold = min(stock, demand)
    left = stock - sold + order
    return 4 * sold - 2 * order - 3 * (order > 0) - 0.2 * left, left

=== wrong: the order is free
def profit(stock, order, demand):
    order = min(order, 12 - stock)
    sold = min(stock + order, demand)
    left = stock + order - sold
    return 4 * sold - 3 * (order > 0) - 0.2 * left, left

=== wrong: only what is sold is paid for
def profit(stock, order, demand):
    order = min(order, 12 - stock)
    sold = min(stock + order, demand)
    left = stock + order - sold
    return (4 - 2) * sold - 3 * (order > 0) - 0.2 * left, left

=== wrong: stock and profit are exchanged
def profit(stock, order, demand):
    order = min(order, 12 - stock)
    sold = min(stock + order, demand)
    left = stock + order - sold
    return left, 4 * sold - 2 * order - 3 * (order > 0) - 0.2 * left

=== wrong: an order of which nothing fits costs its fixed cost
def profit(stock, order, demand):
    fixed = 3 if order > 0 else 0
    order = min(order, 12 - stock)
    sold = min(stock + order, demand)
    left = stock + order - sold
    return 4 * sold - 2 * order - fixed - 0.2 * left, left

=== wrong: the fixed cost is paid wherever there is room
def profit(stock, order, demand):
    room = 12 - stock
    order = min(order, room)
    sold = min(stock + order, demand)
    left = stock + order - sold
    return 4 * sold - 2 * order - 3 * (room > 0) - 0.2 * left, left

=== wrong: wrong shape
def profit(stock, order, demand):
    order = min(order, 12 - stock)
    sold = min(stock + order, demand)
    left = stock + order - sold
    return 4 * sold - 2 * order - 3 * (order > 0) - 0.2 * left

=== wrong: raises NameError
def profit(stock, order, demand):
    order = min(order, CAPACITY - stock)
    sold = min(stock + order, demand)
    left = stock + order - sold
    return 4 * sold - 2 * order - 3 * (order > 0) - 0.2 * left, left

=== wrong: another name
@exercise("dqnlib.warehouse.profit")
def day(stock, order, demand):
    order = min(order, 12 - stock)
    left = stock + order - min(stock + order, demand)
    return 4 * (stock + order - left) - 2 * order - 3 * (order > 0) - 0.2 * left, left

=== wrong, 0.5 s: does not end
def profit(stock, order, demand):
    earned = 0
    while stock < 12:
        earned -= 2 * order
    return earned, stock

=== wrong: returned None
def profit(stock, order, demand):
    order = min(order, 12 - stock)
    sold = min(stock + order, demand)
    left = stock + order - sold
    4 * sold - 2 * order - 3 * (order > 0) - 0.2 * left, left

=== wrong: it prints
def profit(stock, order, demand):
    order = min(order, 12 - stock)
    sold = min(stock + order, demand)
    left = stock + order - sold
    print(left, "left")
    return 4 * sold - 2 * order - 3 * (order > 0) - 0.2 * left, left
''',
)

CLIMB = answers(
    "dqnlib.climbing.climb",
    r'''
=== right
import numpy as np

def climb(action, slope, rate, low, high):
    return np.clip(action + rate * slope, low, high)

=== right
import numpy as np

def climb(action, slope, rate, low, high):
    return np.minimum(np.maximum(action + rate * slope, low), high)

=== right
import numpy as np

def climb(action, slope, rate, low, high):
    new = action.copy()
    for row in range(action.shape[0]):
        for part in range(action.shape[1]):
            value = action[row, part] + rate * slope[row, part]
            new[row, part] = min(max(value, low[part]), high[part])
    return new

=== right
import torch

def climb(action, slope, rate, low, high):
    # PyTorch from end to end
    action, slope, low, high = map(torch.as_tensor, (action, slope, low, high))
    return torch.clamp(action + rate * slope, low, high).numpy()

=== right
import numpy as np

def climb(action, slope, rate, low, high):
    """In units of the range."""
    step = (action + rate * slope - low) / (high - low)
    return low + (high - low) * step.clip(0, 1)

=== right
import numpy as np

def climb(action, slope, rate, low, high):
    uphill = np.add(action, np.multiply(rate, slope))
    uphill = np.where(uphill > high, high, uphill)
    return np.where(uphill < low, low, uphill)

=== blank
def climb(action, slope, rate, low, high):
    return ____

=== blank
import numpy as np

def climb(action, slope, rate, low, high):
    return np.clip(____, low, high)

=== wrong: it goes downhill
import numpy as np

def climb(action, slope, rate, low, high):
    return np.clip(action - rate * slope, low, high)

=== wrong: the bounds are forgotten
def climb(action, slope, rate, low, high):
    return action + rate * slope

=== wrong: the slope is cut, not the action
import numpy as np

def climb(action, slope, rate, low, high):
    slope = np.clip(slope, low, high)
    return action + rate * slope

=== wrong: the step is cut, not the action
import numpy as np

def climb(action, slope, rate, low, high):
    return action + np.clip(rate * slope, low, high)

=== wrong: the rate is left out
import numpy as np

def climb(action, slope, rate, low, high):
    return np.clip(action + slope, low, high)

=== wrong: divided by the rate
import numpy as np

def climb(action, slope, rate, low, high):
    return np.clip(action + slope / rate, low, high)

=== wrong: only the sign of the slope counts
import numpy as np

def climb(action, slope, rate, low, high):
    return np.clip(action + rate * np.sign(slope), low, high)

=== wrong: the step starts from nowhere
import numpy as np

def climb(action, slope, rate, low, high):
    return np.clip(rate * slope, low, high)

=== wrong: action and slope are exchanged
import numpy as np

def climb(action, slope, rate, low, high):
    return np.clip(slope + rate * action, low, high)

=== wrong: the same bounds for all parts
import numpy as np

def climb(action, slope, rate, low, high):
    return np.clip(action + rate * slope, -1, 1)

=== wrong: the same bounds for all parts
import numpy as np

def climb(action, slope, rate, low, high):
    return np.clip(action + rate * slope, min(low), max(high))

=== wrong: only the upper bound is kept
import numpy as np

def climb(action, slope, rate, low, high):
    return np.minimum(action + rate * slope, high)

=== wrong: only the lower bound is kept
import numpy as np

def climb(action, slope, rate, low, high):
    return np.maximum(action + rate * slope, low)

=== wrong: the two bounds are exchanged
import numpy as np

def climb(action, slope, rate, low, high):
    return np.clip(action + rate * slope, high, low)

=== wrong: one step for the whole batch
import numpy as np

def climb(action, slope, rate, low, high):
    return np.clip(action + rate * slope.mean(axis=0), low, high)

=== wrong: another value
import numpy as np

def climb(action, slope, rate, low, high):
    return np.clip(action + rate * np.abs(slope), low, high)

=== wrong: raises NameError
import numpy as np

def climb(action, slope, rate, low, high):
    return np.clip(action + beta * slope, low, high)

=== wrong: another name
import numpy as np

@exercise("dqnlib.climbing.climb")
def uphill(action, slope, rate, low, high):
    return np.clip(action + rate * slope, low, high)

=== wrong, 0.5 s: does not end
def climb(action, slope, rate, low, high):
    new = action + rate * slope
    while (new > high).any():
        new = new + rate * slope
    return new

=== wrong: returned None
import numpy as np

def climb(action, slope, rate, low, high):
    np.clip(action + rate * slope, low, high)

=== wrong: it prints
import numpy as np

def climb(action, slope, rate, low, high):
    print(slope.max())
    return np.clip(action + rate * slope, low, high)

=== wrong: arguments changed
import numpy as np

def climb(action, slope, rate, low, high):
    action += rate * slope
    return np.clip(action, low, high)

=== wrong: wrong shape
import numpy as np

def climb(action, slope, rate, low, high):
    return np.clip(action + rate * slope, low, high)[0]
''',
)

ANSWERS = (*PROFIT, *CLIMB)
