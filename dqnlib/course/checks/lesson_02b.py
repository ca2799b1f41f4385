"""Lesson 02b: when it diverges. Expected values are worked by hand beside each case."""

import numpy as np

from dqnlib.course.types import Case, Check, Mistake

TITLE = "02b When it diverges"

# -- semi_gradient_td ----------------------------------------------------------------------


def _error(w, x, r, nx, g):
    return r + g * nx @ w - x @ w


def _stepping(direction):
    """Make a mistake that moves the weights elsewhere: (w, x, r, next_x, γ, ρ, α) -> [F]."""
    return lambda w, x, r, nx, g, ratio, a: w + direction(w, x, r, nx, g, ratio, a)


SEMI_GRADIENT_TD = Check(
    path="dqnlib.features.semi_gradient_td",
    returns="an array [F]: the new weights",
    cases=(
        # v = 2 + 3 = 5, next v = 8 − 1 = 7; δ = 0.5 + 0.5 · 7 − 5 = −1; w + 0.1 · 2 · (−1) · (1, 3)
        Case(
            {
                "weights": np.array([2.0, 1.0]),
                "x": np.array([1.0, 3.0]),
                "reward": 0.5,
                "next_x": np.array([4.0, -1.0]),
                "gamma": 0.5,
                "ratio": 2.0,
                "alpha": 0.1,
            },
            np.array([1.8, 0.4]),
            "the value is 2·1 + 1·3 = 5, that of the next state 2·4 − 1·1 = 7",
        ),
        # Baird, state 1 to 7 by "solid": v = 3, next v = 12, δ = 0.9 · 12 − 3 = 7.8; 0.01 · 7 · 7.8
        Case(
            {
                "weights": np.array([1.0, 10.0, 1.0]),
                "x": np.array([2.0, 0.0, 1.0]),
                "reward": 0.0,
                "next_x": np.array([0.0, 1.0, 2.0]),
                "gamma": 0.9,
                "ratio": 7.0,
                "alpha": 0.01,
            },
            np.array([1 + 2 * 0.546, 10.0, 1.546]),
            "a step as in Baird's example: the value is 3, that of the next state 12",
        ),
        # the target policy never does this: ρ = 0
        Case(
            {
                "weights": np.array([1.0, -2.0]),
                "x": np.array([1.0, 1.0]),
                "reward": 5.0,
                "next_x": np.array([0.0, 1.0]),
                "gamma": 0.9,
                "ratio": 0.0,
                "alpha": 0.5,
            },
            np.array([1.0, -2.0]),
            "an action that the target policy never takes: ρ = 0",
        ),
    ),
    mistakes=(
        Mistake(
            "the gradient runs through the target as well",
            "The target counts as a constant: the weights move along the features of the state "
            "alone. (What you have is Baird's residual gradient, another method.)",
            _stepping(
                lambda w, x, r, nx, g, ratio, a: a * ratio * _error(w, x, r, nx, g) * (x - g * nx)
            ),
        ),
        Mistake(
            "the importance ratio is missing",
            "A step counts as much as the target policy would take it: multiply by ratio.",
            _stepping(lambda w, x, r, nx, g, ratio, a: a * _error(w, x, r, nx, g) * x),
        ),
        Mistake(
            "the importance ratio weighs the target alone",
            "The ratio counts for the whole step: it stands in front of the TD error.",
            _stepping(lambda w, x, r, nx, g, ratio, a: a * (ratio * (r + g * nx @ w) - x @ w) * x),
        ),
        Mistake(
            "the importance ratio is turned round",
            "The ratio says how much likelier the target policy takes the action: a large one "
            "makes a large step. Multiply by it.",
            _stepping(
                lambda w, x, r, nx, g, ratio, a: (
                    a / ratio * _error(w, x, r, nx, g) * x if ratio else 0 * x
                )
            ),
        ),
        Mistake(
            "the step goes the wrong way",
            "The TD error is target minus value, and the weights move by plus alpha times it: a "
            "value below its target rises.",
            _stepping(lambda w, x, r, nx, g, ratio, a: -a * ratio * _error(w, x, r, nx, g) * x),
        ),
        Mistake(
            "the step size is missing",
            "Only the part alpha of the step is taken.",
            _stepping(lambda w, x, r, nx, g, ratio, a: ratio * _error(w, x, r, nx, g) * x),
        ),
        Mistake(
            "the weights move along the features of the next state",
            "The gradient of the value of the state is x: the value that is moved is that of the "
            "state, not of the next one.",
            _stepping(lambda w, x, r, nx, g, ratio, a: a * ratio * _error(w, x, r, nx, g) * nx),
        ),
        Mistake(
            "every weight moves by the same amount",
            "A weight moves as far as its feature counts: the gradient of x @ weights is x.",
            _stepping(lambda w, x, r, nx, g, ratio, a: a * ratio * _error(w, x, r, nx, g) + 0 * x),
        ),
        Mistake(
            "the products are not added up",
            "A value is one number, the sum of weight times feature: x @ weights, where "
            "x * weights is still a list of products.",
            _stepping(lambda w, x, r, nx, g, ratio, a: a * ratio * (r + g * nx * w - x * w) * x),
        ),
        Mistake(
            "the discount is missing",
            "The value of the next state is multiplied by gamma.",
            _stepping(lambda w, x, r, nx, g, ratio, a: a * ratio * _error(w, x, r, nx, 1.0) * x),
        ),
        Mistake(
            "gamma discounts the reward as well",
            "The reward of this step comes now, and counts in full.",
            _stepping(lambda w, x, r, nx, g, ratio, a: a * ratio * (g * (r + nx @ w) - x @ w) * x),
        ),
        Mistake(
            "the reward is missing",
            "The target is the reward plus the discounted value of the next state.",
            _stepping(lambda w, x, r, nx, g, ratio, a: a * ratio * _error(w, x, 0.0, nx, g) * x),
        ),
        Mistake(
            "the old value is not taken off",
            "The weights move by the error, and the error is target minus value.",
            _stepping(lambda w, x, r, nx, g, ratio, a: a * ratio * (r + g * nx @ w) * x),
        ),
        Mistake(
            "the step in place of the new weights",
            "Add the step to the weights, and return the sum.",
            lambda w, x, r, nx, g, ratio, a: a * ratio * _error(w, x, r, nx, g) * x,
        ),
        Mistake(
            "the step of a squared error without its half",
            "The loss is ½ δ², so its gradient has no factor 2.",
            _stepping(lambda w, x, r, nx, g, ratio, a: 2 * a * ratio * _error(w, x, r, nx, g) * x),
        ),
    ),
    hints=(
        "It is the update of lesson 01 with a value that is a sum. What are the two values, what "
        "is the TD error, and how much does each weight have to do with it?",
        "The value of the state is `x @ weights`, one number. Each weight moves in proportion to "
        "its own feature of the state, to the TD error, to ρ and to α.",
        "`td_error = reward + gamma * next_x @ weights - x @ weights`, and the step is "
        "`alpha * ratio * td_error * x`.",
    ),
)

# -- linear_update -------------------------------------------------------------------------

TILES = np.array([[1.0, -2.0], [0.5, 3.0], [2.0, 0.0], [-1.0, 4.0]])  # [F, A]
ON = np.array([0, 3])  # the features that are on


def _after(features, action, values) -> dict:
    """Return what the weights must be afterwards."""
    weights = TILES.copy()
    weights[features, action] = values
    return {"weights": weights}


def _moved(where, step, result=None):
    """Make a mistake: add step(δ, α) at where(features, action), and return the TD error."""

    def wrong(weights, features, action, td_target, alpha):
        old = weights[features, action].sum()
        error = td_target - old
        weights[where(features, action)] += step(error, alpha)
        return result(error, weights[features, action].sum(), td_target) if result else error

    return wrong


def _mean_for_the_sum(weights, features, action, td_target, alpha):
    error = td_target - weights[features, action].mean()
    weights[features, action] += alpha * error
    return error


def _each_for_itself(weights, features, action, td_target, alpha):
    weights[features, action] += alpha * (td_target - weights[features, action])
    return td_target - weights[features, action]


def _best_action(weights, features, action, td_target, alpha):
    best = weights[features].sum(0).argmax()
    error = td_target - weights[features, best].sum()
    weights[features, best] += alpha * error
    return error


LINEAR_UPDATE = Check(
    path="dqnlib.features.linear_update",
    returns="one number: the TD error",
    cases=(
        # value 1 − 1 = 0, error 3 − 0 = 3; each of the two weights moves by 0.25 · 3
        Case(
            {"weights": TILES, "features": ON, "action": 0, "td_target": 3.0, "alpha": 0.25},
            3.0,
            "the features 0 and 3 are on: the value of action 0 is 1 − 1 = 0",
            after=_after(ON, 0, [1.75, -0.25]),
        ),
        # value −2 + 4 = 2, error −1 − 2 = −3; 0.5 · (−3)
        Case(
            {"weights": TILES, "features": ON, "action": 1, "td_target": -1.0, "alpha": 0.5},
            -3.0,
            "the target −1 lies below the value −2 + 4 = 2",
            after=_after(ON, 1, [-3.5, 2.5]),
        ),
    ),
    mistakes=(
        Mistake(
            "the weights of all actions move",
            "Only the action that was taken has been tried: change its weights alone.",
            _moved(lambda f, a: f, lambda error, alpha: alpha * error),
        ),
        Mistake(
            "the weights of all features move",
            "A feature that is off has no part in the value: change those that are on.",
            _moved(lambda f, a: (slice(None), a), lambda error, alpha: alpha * error),
        ),
        Mistake(
            "the step goes the wrong way",
            "The error is target minus value, and the weights move by plus alpha times it.",
            _moved(lambda f, a: (f, a), lambda error, alpha: -alpha * error),
        ),
        Mistake(
            "the error has the wrong sign",
            "The TD error is target minus value: a target above the value pulls it up.",
            _moved(lambda f, a: (f, a), lambda e, alpha: alpha * e, lambda e, new, y: -e),
        ),
        Mistake(
            "the step size is missing",
            "The weights move only by the part alpha of the error.",
            _moved(lambda f, a: (f, a), lambda error, alpha: error),
        ),
        Mistake(
            "the step is shared among the features once more",
            "alpha is the step of each weight already: with T features on, it is at most 1/T.",
            lambda w, f, a, y, alpha: _moved(
                lambda f, a: (f, a), lambda error, alpha: alpha * error / len(f)
            )(w, f, a, y, alpha),
        ),
        Mistake(
            "the mean of the weights in place of their sum",
            "A value is the sum of the weights of the features that are on.",
            _mean_for_the_sum,
        ),
        Mistake(
            "each weight is moved to the target for itself",
            "The target is for their sum: take one error, of the sum, and share it out.",
            _each_for_itself,
        ),
        Mistake(
            "only the first of the features moves",
            "Every feature that is on has its part in the value, and moves.",
            lambda w, f, a, y, alpha: _moved(
                lambda f, a: (f[0], a), lambda error, alpha: alpha * error
            )(w, f, a, y, alpha),
        ),
        Mistake(
            "the best action in place of the one taken",
            "What was tried is `action`: take its weights, whatever the others say.",
            _best_action,
        ),
        Mistake(
            "the new value is returned in place of the error",
            "The weights are right. Return the TD error: target minus the old value.",
            _moved(lambda f, a: (f, a), lambda e, alpha: alpha * e, lambda e, new, y: new),
        ),
        Mistake(
            "the error is taken after the change",
            "The weights are right. But keep the error before you change them: afterwards it is "
            "smaller.",
            _moved(lambda f, a: (f, a), lambda e, alpha: alpha * e, lambda e, new, y: y - new),
        ),
        Mistake(
            "the step is returned in place of the error",
            "The weights are right. Return the whole TD error, without alpha.",
            lambda w, f, a, y, alpha: (
                alpha
                * _moved(lambda f, a: (f, a), lambda error, alpha: alpha * error)(w, f, a, y, alpha)
            ),
        ),
    ),
    hints=(
        "It is `td_update` of lesson 01 with several weights in place of one entry. What is the "
        "value now, and which weights had a part in it?",
        "The value is the sum over the features that are on, for this action. Keep the TD error, "
        "then move each of these weights by alpha times that one error.",
        "`weights[features, action]` are the T weights: their `.sum()` is the value, and `+=` "
        "moves them in place.",
    ),
)

CHECKS = (SEMI_GRADIENT_TD, LINEAR_UPDATE)
