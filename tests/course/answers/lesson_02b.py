"""Answers to the exercises of lesson 02b, as learners write them."""

from answers import answers

IMPORTS = "import numpy as np\n"

SEMI_GRADIENT_TD = answers(
    "dqnlib.features.semi_gradient_td",
    r'''
=== right
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    td_error = reward + gamma * next_x @ weights - x @ weights
    return weights + alpha * ratio * td_error * x

=== right
def semi_gradient_td(w, x, r, x2, g, rho, a):
    v, v2 = np.dot(w, x), np.dot(w, x2)
    return w - a * rho * (v - (r + g * v2)) * x

=== right
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    """One weight after the other, as in the book."""
    value = sum(w * f for w, f in zip(weights, x))
    following = sum(w * f for w, f in zip(weights, next_x))
    delta = reward + gamma * following - value
    return np.array([w + alpha * ratio * delta * f for w, f in zip(weights, x)])

=== right
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    weights = weights.copy()
    weights += alpha * ratio * (reward + weights @ (gamma * next_x - x)) * x
    return weights

=== right
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    if ratio == 0:
        return weights.copy()  # the target policy never does this
    target = reward + gamma * np.inner(next_x, weights)
    error = ratio * (target - np.inner(x, weights))
    return np.add(weights, np.multiply(alpha * error, x))

=== right
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    both = np.stack([x, next_x]) @ weights
    step = alpha * ratio * (reward + gamma * both[1] - both[0])
    return weights + step * x

=== blank
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    return ____

=== blank
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    td_error = ____
    return weights + alpha * ratio * td_error * x

=== wrong: the gradient runs through the target as well
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    td_error = reward + gamma * next_x @ weights - x @ weights
    return weights + alpha * ratio * td_error * (x - gamma * next_x)

=== wrong: the importance ratio is missing
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    td_error = reward + gamma * next_x @ weights - x @ weights
    return weights + alpha * td_error * x

=== wrong: the importance ratio weighs the target alone
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    target = ratio * (reward + gamma * next_x @ weights)
    return weights + alpha * (target - x @ weights) * x

=== wrong: the importance ratio is turned round
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    if ratio == 0:
        return weights.copy()
    td_error = reward + gamma * next_x @ weights - x @ weights
    return weights + alpha / ratio * td_error * x

=== wrong: the step goes the wrong way
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    td_error = reward + gamma * next_x @ weights - x @ weights
    return weights - alpha * ratio * td_error * x

=== wrong: the step goes the wrong way
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    delta = x @ weights - (reward + gamma * next_x @ weights)
    return weights + alpha * ratio * delta * x

=== wrong: the step size is missing
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    td_error = reward + gamma * next_x @ weights - x @ weights
    return weights + ratio * td_error * x

=== wrong: the weights move along the features of the next state
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    td_error = reward + gamma * next_x @ weights - x @ weights
    return weights + alpha * ratio * td_error * next_x

=== wrong: every weight moves by the same amount
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    td_error = reward + gamma * next_x @ weights - x @ weights
    return weights + alpha * ratio * td_error

=== wrong: the products are not added up
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    td_error = reward + gamma * next_x * weights - x * weights
    return weights + alpha * ratio * td_error * x

=== wrong: the discount is missing
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    return weights + alpha * ratio * (reward + next_x @ weights - x @ weights) * x

=== wrong: gamma discounts the reward as well
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    return weights + alpha * ratio * (gamma * (reward + next_x @ weights) - x @ weights) * x

=== wrong: the reward is missing
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    # all rewards are 0 in Baird's example
    return weights + alpha * ratio * (gamma * next_x @ weights - x @ weights) * x

=== wrong: the old value is not taken off
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    target = reward + gamma * next_x @ weights
    return weights + alpha * ratio * target * x

=== wrong: the step in place of the new weights
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    td_error = reward + gamma * next_x @ weights - x @ weights
    return alpha * ratio * td_error * x

=== wrong: the step of a squared error without its half
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    td_error = reward + gamma * next_x @ weights - x @ weights
    gradient = -2 * td_error * x
    return weights - alpha * ratio * gradient

=== wrong: wrong shape
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    return reward + gamma * next_x @ weights - x @ weights

=== wrong: arguments changed
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    weights += alpha * ratio * (reward + gamma * next_x @ weights - x @ weights) * x
    return weights

=== wrong: returned None
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    td_error = reward + gamma * next_x @ weights - x @ weights
    new = weights + alpha * ratio * td_error * x

=== wrong: raises NameError
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    return weights + alpha * ratio * td_error * x

=== wrong: raises NameError
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    return weights + alpha * rho * (reward + gamma * next_x @ weights - x @ weights) * x

=== wrong: another value
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    following = max(next_x @ weights, x @ weights)
    return weights + alpha * ratio * (reward + gamma * following - 2 * x @ weights) * x

=== wrong: other parameters
def semi_gradient_td(weights, x, reward, next_x, gamma, alpha):
    return weights + alpha * (reward + gamma * next_x @ weights - x @ weights) * x
=== wrong: it prints
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    print(x)
    return weights + alpha * ratio * (reward + gamma * next_x @ weights - x @ weights) * x

=== wrong: another name
def semi_gradient(weights, x, reward, next_x, gamma, ratio, alpha):
    return weights + alpha * ratio * (reward + gamma * next_x @ weights - x @ weights) * x

=== wrong, 0.3 s: does not end
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    k = 0
    while k < len(x):
        total = x[k]
    return weights + alpha * ratio * (reward + gamma * next_x @ weights - x @ weights) * x

=== wrong: another value
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    ratio = np.clip(ratio, 0.0, 5.0)  # against a large variance
    return weights + alpha * ratio * (reward + gamma * next_x @ weights - x @ weights) * x

=== wrong: another value
def semi_gradient_td(weights, x, reward, next_x, gamma, ratio, alpha):
    ratio = ratio or 1.0
    return weights + alpha * ratio * (reward + gamma * next_x @ weights - x @ weights) * x
''',
    IMPORTS,
)

LINEAR_UPDATE = answers(
    "dqnlib.features.linear_update",
    r'''
=== right
def linear_update(weights, features, action, td_target, alpha):
    td_error = td_target - weights[features, action].sum()
    weights[features, action] += alpha * td_error
    return td_error

=== right
def linear_update(w, tiles, a, y, alpha):
    delta = y - sum(w[f, a] for f in tiles)
    for f in tiles:
        w[f, a] += alpha * delta
    return delta

=== right
def linear_update(weights, features, action, td_target, alpha):
    """Features as a vector of 0 and 1, as in the formula."""
    x = np.zeros(len(weights))
    x[features] = 1
    error = td_target - x @ weights[:, action]
    weights[:, action] += alpha * error * x
    return error

=== right
def linear_update(weights, features, action, td_target, alpha):
    column = weights[:, action]  # a view: what changes here changes there
    error = td_target - column[features].sum()
    np.add.at(column, features, alpha * error)
    return float(error)

=== right
def linear_update(weights, features, action, td_target, alpha):
    mine = np.ix_(features, [action])
    td_error = td_target - np.sum(weights[mine])
    weights[mine] = weights[mine] + alpha * td_error
    return td_error

=== right
def linear_update(weights, features, action, td_target, alpha):
    value = weights[features].sum(axis=0)[action]
    weights[features, action] -= alpha * (value - td_target)
    return td_target - value

=== blank
def linear_update(weights, features, action, td_target, alpha):
    return ____

=== blank
def linear_update(weights, features, action, td_target, alpha):
    td_error = ____
    weights[features, action] += alpha * td_error
    return td_error

=== wrong: the weights of all actions move
def linear_update(weights, features, action, td_target, alpha):
    td_error = td_target - weights[features, action].sum()
    weights[features] += alpha * td_error
    return td_error

=== wrong: the weights of all features move
def linear_update(weights, features, action, td_target, alpha):
    td_error = td_target - weights[features, action].sum()
    weights[:, action] += alpha * td_error
    return td_error

=== wrong: the step goes the wrong way
def linear_update(weights, features, action, td_target, alpha):
    td_error = td_target - weights[features, action].sum()
    weights[features, action] -= alpha * td_error
    return td_error

=== wrong: the error has the wrong sign
def linear_update(weights, features, action, td_target, alpha):
    error = weights[features, action].sum() - td_target
    weights[features, action] -= alpha * error
    return error

=== wrong: the step size is missing
def linear_update(weights, features, action, td_target, alpha):
    td_error = td_target - weights[features, action].sum()
    weights[features, action] += td_error
    return td_error

=== wrong: the step is shared among the features once more
def linear_update(weights, features, action, td_target, alpha):
    td_error = td_target - weights[features, action].sum()
    weights[features, action] += alpha / len(features) * td_error
    return td_error

=== wrong: the mean of the weights in place of their sum
def linear_update(weights, features, action, td_target, alpha):
    td_error = td_target - weights[features, action].mean()
    weights[features, action] += alpha * td_error
    return td_error

=== wrong: only the first of the features moves
def linear_update(weights, features, action, td_target, alpha):
    td_error = td_target - weights[features, action].sum()
    weights[features[0], action] += alpha * td_error
    return td_error

=== wrong: the best action in place of the one taken
def linear_update(weights, features, action, td_target, alpha):
    q = weights[features].sum(0)
    best = q.argmax()
    td_error = td_target - q[best]
    weights[features, best] += alpha * td_error
    return td_error

=== wrong: the new value is returned in place of the error
def linear_update(weights, features, action, td_target, alpha):
    td_error = td_target - weights[features, action].sum()
    weights[features, action] += alpha * td_error
    return weights[features, action].sum()

=== wrong: the error is taken after the change
def linear_update(weights, features, action, td_target, alpha):
    weights[features, action] += alpha * (td_target - weights[features, action].sum())
    return td_target - weights[features, action].sum()

=== wrong: the step is returned in place of the error
def linear_update(weights, features, action, td_target, alpha):
    step = alpha * (td_target - weights[features, action].sum())
    weights[features, action] += step
    return step

=== wrong: result not stored
def linear_update(weights, features, action, td_target, alpha):
    td_error = td_target - weights[features, action].sum()
    weights = weights.copy()
    weights[features, action] += alpha * td_error
    return td_error

=== wrong: result not stored
def linear_update(weights, features, action, td_target, alpha):
    mine = weights[features, action]  # a copy
    td_error = td_target - mine.sum()
    mine += alpha * td_error
    return td_error

=== wrong: returned None
def linear_update(weights, features, action, td_target, alpha):
    weights[features, action] += alpha * (td_target - weights[features, action].sum())

=== wrong: raises NameError
def linear_update(weights, features, action, td_target, alpha):
    td_error = td_target - q
    weights[features, action] += alpha * td_error
    return td_error

=== wrong: other parameters
def linear_update(weights, features, td_target, alpha):
    weights[features] += alpha * (td_target - weights[features].sum())
=== wrong: it prints
def linear_update(weights, features, action, td_target, alpha):
    print(features)
    td_error = td_target - weights[features, action].sum()
    weights[features, action] += alpha * td_error
    return td_error

=== wrong: another name
def update(weights, features, action, td_target, alpha):
    td_error = td_target - weights[features, action].sum()
    weights[features, action] += alpha * td_error
    return td_error

=== wrong, 0.3 s: does not end
def linear_update(weights, features, action, td_target, alpha):
    k = 0
    while k < len(features):
        total = features[k]
    td_error = td_target - weights[features, action].sum()
    weights[features, action] += alpha * td_error
    return td_error

=== wrong: each weight is moved to the target for itself
def linear_update(weights, features, action, td_target, alpha):
    td_error = td_target - weights[features, action].sum()
    for f in features:
        weights[f, action] += alpha * (td_target - weights[f, action])
    return td_error
''',
    IMPORTS,
)

ANSWERS = (*SEMI_GRADIENT_TD, *LINEAR_UPDATE)
