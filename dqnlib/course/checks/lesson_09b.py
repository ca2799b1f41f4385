"""Lesson 09b: a day in a warehouse, and a step uphill. Expected values are worked by hand."""

import numpy as np

from dqnlib.course.types import Case, Check, Mistake

TITLE = "09b Where to go from here"


# -- profit --------------------------------------------------------------------------------


def _day(stock, order, demand) -> dict:
    return {"stock": stock, "order": order, "demand": demand}


def _wrong_day(
    fits=lambda stock, order: min(order, 12 - stock),
    there=lambda stock, order: stock + order,
    sold=lambda there, demand: min(there, demand),
    price=4.0,
    cost=2.0,
    fixed=lambda order: 3.0 * (order > 0),
    held=lambda stock, there, left: left,
    rate=0.2,
    result=lambda earned, left: (earned, left),
):
    """Make a day that differs in one thing, as a mistake does."""

    def wrong(stock, order, demand):
        order = fits(stock, order)
        units = there(stock, order)
        gone = sold(units, demand)
        left = units - gone
        earned = price * gone - cost * order - fixed(order) - rate * held(stock, units, left)
        return result(earned, left)

    return wrong


PROFIT = Check(
    path="dqnlib.warehouse.profit",
    cases=(
        # five are there, three sold, two left: 12 − 8 − 3 − 0.4
        Case(_day(1, 4, 3), (0.6, 2), "the day of the text: 1 in stock, 4 ordered, 3 asked for"),
        # two are there, six asked for: 8, and none is left
        Case(_day(2, 0, 6), (8.0, 0), "nothing is ordered, and more is asked for than is there"),
        # two of the eight fit in: −4 − 3, and twelve are left: −2.4
        Case(_day(10, 8, 0), (-9.4, 12), "eight are ordered, but only two fit in"),
        # none fits in, so none is ordered: 4, and eleven are left: −2.2
        Case(_day(12, 5, 1), (1.8, 11), "the warehouse is full, and five are ordered"),
    ),
    mistakes=(
        Mistake(
            "more is sold than is there",
            "What is asked for and not there is lost: min(there, demand) units are sold.",
            _wrong_day(sold=lambda there, demand: demand),
        ),
        Mistake(
            "the fixed cost is paid where nothing is ordered",
            "An order of nothing is no order: the 3 are due only if the order is above 0.",
            _wrong_day(fits=lambda stock, order: order, fixed=lambda order: 3.0),
        ),
        Mistake(
            "the fixed cost is paid where nothing is ordered",
            "An order of nothing is no order: the 3 are due only if the order is above 0.",
            _wrong_day(fixed=lambda order: 3.0),
        ),
        Mistake(
            "an order of which nothing fits costs its fixed cost",
            "Cut the order first; the 3 are due only if something is left of it.",
            lambda stock, order, demand: _wrong_day(fixed=lambda cut: 3.0 * (order > 0))(
                stock, order, demand
            ),
        ),
        Mistake(
            "the fixed cost is paid wherever there is room",
            "Room alone costs nothing: the 3 are due only if something is ordered.",
            lambda stock, order, demand: _wrong_day(fixed=lambda cut: 3.0 * (stock < 12))(
                stock, order, demand
            ),
        ),
        Mistake(
            "the fixed cost is left out",
            "An order costs 3 more, whatever its size.",
            _wrong_day(fixed=lambda order: 0.0),
        ),
        Mistake(
            "the fixed cost is paid for each unit",
            "The 3 are for the order as a whole: once an evening.",
            _wrong_day(fixed=lambda order: 3.0 * order),
        ),
        Mistake(
            "what does not fit is ordered and paid for",
            "The warehouse holds 12: at most 12 − stock are ordered, and only they cost.",
            _wrong_day(fits=lambda stock, order: order),
        ),
        Mistake(
            "what does not fit is ordered and paid for",
            "Cut the order itself, before it is paid: min(order, 12 − stock).",
            _wrong_day(
                fits=lambda stock, order: order,
                there=lambda stock, order: min(stock + order, 12),
            ),
        ),
        Mistake(
            "an order that does not fit is refused as a whole",
            "As much as fits is ordered: 12 − stock, if more was wanted.",
            _wrong_day(fits=lambda stock, order: order if stock + order <= 12 else 0),
        ),
        Mistake(
            "the night costs what was there in the morning",
            "Only what is left at the end of the day lies there at night.",
            _wrong_day(held=lambda stock, there, left: there),
        ),
        Mistake(
            "the night costs what was there before the order",
            "Only what is left at the end of the day lies there at night.",
            _wrong_day(held=lambda stock, there, left: stock),
        ),
        Mistake(
            "the night costs nothing",
            "Each unit that is left over costs 0.2.",
            _wrong_day(rate=0.0),
        ),
        Mistake(
            "the night brings money",
            "What lies there costs: subtract it.",
            _wrong_day(rate=-0.2),
        ),
        Mistake(
            "the order comes too late",
            "It comes overnight, before the day begins: stock + order can be sold.",
            lambda stock, order, demand: (
                4 * min(stock, demand)
                - 2 * min(order, 12 - stock)
                - 3 * (order > 0 and stock < 12)
                - 0.2 * (stock - min(stock, demand) + min(order, 12 - stock)),
                stock - min(stock, demand) + min(order, 12 - stock),
            ),
        ),
        Mistake(
            "the order is free",
            "Each unit ordered costs 2, sold or not.",
            _wrong_day(cost=0.0),
        ),
        Mistake(
            "only what is sold is paid for",
            "Each unit ordered costs 2, sold or not.",
            _wrong_day(cost=0.0, price=2.0),
        ),
        Mistake(
            "stock and profit are exchanged",
            "First what the day earns, then the stock at its end.",
            _wrong_day(result=lambda earned, left: (left, earned)),
        ),
    ),
    hints=(
        "Go through the day in its order: what fits, what is there, what is sold, what is left.",
        "Three small numbers first: what fits is the smaller of order and 12 − stock; then what is "
        "there, then what is sold.",
        "`earned = 4 * sold - 2 * order - 3 * (order > 0) - 0.2 * left`, with the order that fits.",
    ),
    returns="two numbers, what the day earns and the stock at its end",
    solution="""def profit(stock, order, demand):
    order = min(order, 12 - stock)
    there = stock + order
    sold = min(there, demand)
    left = there - sold
    return 4 * sold - 2 * order - 3 * (order > 0) - 0.2 * left, left
""",
)


# -- climb ---------------------------------------------------------------------------------


def _climb(action, slope, rate, low, high) -> dict:
    arrays = {"action": action, "slope": slope, "rate": rate, "low": low, "high": high}
    return {k: v if k == "rate" else np.array(v, float) for k, v in arrays.items()}


CLIMB = Check(
    path="dqnlib.climbing.climb",
    cases=(
        # 1 + 0.5 · 2 = 2 and −2 + 0.5 · (−1) = −2.5; 0 + 0.5 · (−4) = −2 and 3 + 0.5 · 0 = 3
        Case(
            _climb([[1, -2], [0, 3]], [[2, -1], [-4, 0]], 0.5, [-8, -8], [8, 8]),
            np.array([[2.0, -2.5], [-2.0, 3.0]]),
            "two actions of two parts, far from their bounds",
        ),
        # 0.5 + 0.25 · 4 = 1.5, cut at 1; 1.5 + 0.25 · 4 = 2.5, cut at 2
        # −0.5 + 0.25 · (−8) = −2.5, cut at −1; 0.5 + 0.25 · (−4) = −0.5, cut at 0
        Case(
            _climb([[0.5, 1.5], [-0.5, 0.5]], [[4, 4], [-8, -4]], 0.25, [-1, 0], [1, 2]),
            np.array([[1.0, 2.0], [-1.0, 0.0]]),
            "every part hits a bound, and the bounds of the two parts differ",
        ),
    ),
    mistakes=(
        Mistake(
            "it goes downhill",
            "The largest Q is wanted, not the smallest: add the slope.",
            lambda action, slope, rate, low, high: np.clip(action - rate * slope, low, high),
        ),
        Mistake(
            "the bounds are forgotten",
            "No joint turns further than it can: np.clip(..., low, high).",
            lambda action, slope, rate, low, high: action + rate * slope,
        ),
        Mistake(
            "the slope is cut, not the action",
            "What must stay within the bounds is the new action: cut it, after the step.",
            lambda action, slope, rate, low, high: action + rate * np.clip(slope, low, high),
        ),
        Mistake(
            "the step is cut, not the action",
            "What must stay within the bounds is the new action: cut it, after the step.",
            lambda action, slope, rate, low, high: action + np.clip(rate * slope, low, high),
        ),
        Mistake(
            "the rate is left out",
            "The step is rate times the slope.",
            lambda action, slope, rate, low, high: np.clip(action + slope, low, high),
        ),
        Mistake(
            "divided by the rate",
            "The step is rate times the slope: a small rate makes a small step.",
            lambda action, slope, rate, low, high: np.clip(action + slope / rate, low, high),
        ),
        Mistake(
            "only the sign of the slope counts",
            "A steep slope makes a long step: rate times the slope itself.",
            lambda action, slope, rate, low, high: np.clip(
                action + rate * np.sign(slope), low, high
            ),
        ),
        Mistake(
            "the step starts from nowhere",
            "The new action is the old one plus a step.",
            lambda action, slope, rate, low, high: np.clip(rate * slope, low, high),
        ),
        Mistake(
            "action and slope are exchanged",
            "The new action is the old action plus rate times the slope, not the other way round.",
            lambda action, slope, rate, low, high: np.clip(slope + rate * action, low, high),
        ),
        Mistake(
            "the same bounds for all parts",
            "Each part has bounds of its own: low and high hold one number a part.",
            lambda action, slope, rate, low, high: np.clip(
                action + rate * slope, low.min(), high.max()
            ),
        ),
        Mistake(
            "the same bounds for all parts",
            "Each part has bounds of its own, not always −1 and 1: low and high.",
            lambda action, slope, rate, low, high: np.clip(action + rate * slope, -1, 1),
        ),
        Mistake(
            "only the upper bound is kept",
            "An action can be too small as well: low is its lower bound.",
            lambda action, slope, rate, low, high: np.minimum(action + rate * slope, high),
        ),
        Mistake(
            "only the lower bound is kept",
            "An action can be too large as well: high is its upper bound.",
            lambda action, slope, rate, low, high: np.maximum(action + rate * slope, low),
        ),
        Mistake(
            "the two bounds are exchanged",
            "np.clip takes the lower bound first, then the upper one.",
            lambda action, slope, rate, low, high: np.clip(action + rate * slope, high, low),
        ),
        Mistake(
            "one step for the whole batch",
            "Each row is an action of its own, with its own slope: take no mean over them.",
            lambda action, slope, rate, low, high: np.clip(
                action + rate * slope.mean(0), low, high
            ),
        ),
    ),
    hints=(
        "You stand on a hill and feel how steep it is. Where do you put your foot, and where does "
        "the fence stop you?",
        "Two things, one after the other: a step along the slope, and the bounds, by np.clip.",
        "The step is `action + rate * slope`; `np.clip(a, low, high)` cuts it, part by part.",
    ),
    returns="an array [B, D]: the new actions",
)

CHECKS = (PROFIT, CLIMB)
