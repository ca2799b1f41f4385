"""Answers to the exercises of lesson 01, as learners write them."""

from answers import answers

EPSILON_GREEDY = answers(
    "dqnlib.tabular.epsilon_greedy",
    r'''
=== right
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        return int(rng.integers(len(q)))
    return int(rng.choice(np.flatnonzero(q == q.max())))

=== right
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    # the probability of every action, then one draw
    n = len(q)
    probs = np.full(n, epsilon / n)
    best = np.flatnonzero(np.isclose(q, q.max()))
    probs[best] += (1 - epsilon) / len(best)
    return rng.choice(n, p=probs)

=== right
def epsilon_greedy(q, epsilon, rng):
    n = len(q)
    explore = rng.uniform() < epsilon
    if explore:
        action = rng.integers(0, n)
    else:
        best_value = max(q)
        best = []
        for a in range(n):
            if q[a] == best_value:
                best.append(a)
        action = rng.choice(best)
    return action

=== right
def epsilon_greedy(q, epsilon, rng):
    """A random number breaks the ties."""
    if rng.random() < epsilon:
        return int(rng.random() * len(q))
    return max(range(len(q)), key=lambda a: (q[a], rng.random()))

=== right
def epsilon_greedy(values, eps, generator):
    order = generator.permutation(len(values))  # shuffled, so argmax meets no favorite first
    return order[0] if generator.random() < eps else order[values[order].argmax()]

=== right
def epsilon_greedy(q, epsilon, rng):
    every = range(len(q))
    candidates = every if rng.random() < epsilon else [a for a in every if q[a] >= max(q)]
    return candidates[int(rng.integers(len(candidates)))]

=== right
import torch

def epsilon_greedy(q, epsilon, rng):
    q = torch.as_tensor(q)
    if rng.random() < epsilon:
        return int(rng.integers(q.shape[0]))
    best = (q == q.max()).nonzero().flatten()
    return best[rng.integers(best.numel())].item()

=== blank
def epsilon_greedy(q, epsilon, rng):
    return ____

=== blank
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        return ____
    best = np.flatnonzero(q == q.max())
    return ____

=== blank
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        return int(rng.integers(len(q)))
    best = ____
    return int(rng.choice(best))

=== blank
def epsilon_greedy(q, epsilon, rng):
    def explore():
        return rng.integers(len(q))

    def exploit():
        return ____

    return explore() if rng.random() < epsilon else exploit()

=== blank
def epsilon_greedy(q, epsilon, rng):
    raise NotImplementedError()

=== blank
def epsilon_greedy(q, epsilon, rng):
    """Choose an action."""
    ...

=== blank
def epsilon_greedy(q, epsilon, rng):
    pass

=== wrong: the two branches are swapped
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    if rng.random() > epsilon:
        return int(rng.integers(len(q)))
    return int(rng.choice(np.flatnonzero(q == q.max())))

=== wrong: the two branches are swapped
def epsilon_greedy(q, epsilon, rng):
    greedy = rng.random() < epsilon
    if greedy:
        return q.argmax()
    else:
        return rng.integers(len(q))

=== wrong: the worst action in place of the best
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        return rng.integers(len(q))
    return np.argmin(q)

=== wrong: the worst action in place of the best
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        return rng.integers(len(q))
    return np.argsort(q)[0]

=== wrong: a place in the list of the best actions
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        return rng.integers(len(q))
    best = np.flatnonzero(q == q.max())
    return rng.integers(len(best))

=== wrong: it explores although epsilon is 0
def epsilon_greedy(q, epsilon, rng):
    if rng.random() < 0.1:
        return rng.integers(len(q))
    return q.argmax()

=== wrong: it explores although epsilon is 0
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    # a softmax, so that good actions are more likely
    p = np.exp(q) / np.exp(q).sum()
    if rng.random() < epsilon:
        return rng.integers(len(q))
    return rng.choice(len(q), p=p)

=== wrong: it explores although epsilon is 0
def epsilon_greedy(q, epsilon, rng):
    if rng.normal() < epsilon:
        return rng.integers(len(q))
    return q.argmax()

=== wrong: no such action
def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        return rng.integers(len(q) + 1)
    return q.argmax()

=== wrong: no such action
def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        return rng.integers(1, len(q), endpoint=True)
    return q.argmax()

=== wrong: no such action
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    # Cliff Walking has four actions
    if rng.random() < epsilon:
        return int(rng.integers(4))
    return int(rng.choice(np.flatnonzero(q == q.max())))

=== wrong: no such action
def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        return -1
    return q.argmax()

=== wrong: the value in place of the action
def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        return rng.integers(len(q))
    return max(q)

=== wrong: the value in place of the action
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        return rng.choice(q)  # any of them
    return int(rng.choice(np.flatnonzero(q == q.max())))

=== wrong: it never explores
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    return int(rng.choice(np.flatnonzero(q == q.max())))

=== wrong: it never explores
def epsilon_greedy(q, epsilon, rng):
    if epsilon > 1:
        return rng.integers(len(q))
    return q.argmax()

=== wrong: exploring always takes the same action
def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        return 0  # chosen by a fair die
    return q.argmax()

=== wrong: exploring leaves out the best action
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    best = rng.choice(np.flatnonzero(q == q.max()))
    if rng.random() < epsilon:
        others = [a for a in range(len(q)) if a != best]
        return rng.choice(others)
    return best

=== wrong: exploring leaves out an action
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        return rng.integers(0, len(q) - 1)
    return rng.choice(np.flatnonzero(q == q.max()))

=== wrong: exploring leaves out an action
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        return rng.integers(1, len(q))
    return rng.choice(np.flatnonzero(q == q.max()))

=== wrong: exploring is uneven
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        return int(round(rng.random() * (len(q) - 1)))
    return rng.choice(np.flatnonzero(q == q.max()))

=== wrong: exploring is uneven
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        p = np.exp(q / 5)
        return rng.choice(len(q), p=p / p.sum())
    return rng.choice(np.flatnonzero(q == q.max()))

=== wrong: epsilon is not the probability of exploring
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    if rng.integers(100) < epsilon:  # per cent
        return rng.integers(len(q))
    return rng.choice(np.flatnonzero(q == q.max()))

=== wrong: epsilon is not the probability of exploring
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon and rng.random() < epsilon:
        return rng.integers(len(q))
    return rng.choice(np.flatnonzero(q == q.max()))

=== wrong: epsilon is not the probability of exploring
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    if epsilon > 0:
        return rng.integers(len(q))
    return rng.choice(np.flatnonzero(q == q.max()))

=== wrong: at a tie always the same action
def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        return int(rng.integers(len(q)))
    return int(q.argmax())

=== wrong: at a tie always the same action
def epsilon_greedy(q, epsilon, rng):
    action = 0
    for a in range(len(q)):
        if q[a] >= q[action]:
            action = a
    if rng.random() < epsilon:
        action = int(rng.integers(len(q)))
    return action

=== wrong: a worse action is chosen at a tie
def epsilon_greedy(q, epsilon, rng):
    tie = (q == q.max()).sum() > 1
    if tie or rng.random() < epsilon:
        return int(rng.integers(len(q)))
    return int(q.argmax())

=== wrong: ties are broken unevenly
def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        return int(rng.integers(len(q)))
    first = int(q.argmax())
    last = len(q) - 1 - int(q[::-1].argmax())
    return first if rng.random() < 0.5 else last

=== wrong: another generator than rng
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    if np.random.random() < epsilon:
        return np.random.randint(len(q))
    return np.random.choice(np.flatnonzero(q == q.max()))

=== wrong: another generator than rng
import random

def epsilon_greedy(q, epsilon, rng):
    if random.random() < epsilon:
        return random.randrange(len(q))
    return random.choice([a for a in range(len(q)) if q[a] == max(q)])

=== wrong: another generator than rng
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        return int(rng.integers(len(q)))
    return np.random.choice(np.flatnonzero(q == q.max()))

=== wrong: another generator than rng
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    rng = np.random.default_rng()
    if rng.random() < epsilon:
        return int(rng.integers(len(q)))
    return rng.choice(np.flatnonzero(q == q.max()))

=== wrong: another generator than rng
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    rng = np.random.default_rng(0)  # reproducible
    if rng.random() < epsilon:
        return int(rng.integers(len(q)))
    return rng.choice(np.flatnonzero(q == q.max()))

=== wrong: another generator than rng
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    np.random.seed(42)
    if np.random.rand() < epsilon:
        return np.random.randint(0, len(q))
    return np.argmax(q)

=== wrong: another generator than rng
import torch

def epsilon_greedy(q, epsilon, rng):
    if torch.rand(()) < epsilon:
        return torch.randint(len(q), ()).item()
    return q.argmax()

=== wrong: returned None
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        action = rng.integers(len(q))
    else:
        action = rng.choice(np.flatnonzero(q == q.max()))

=== wrong: returned None
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        rng.integers(len(q))
    else:
        return rng.choice(np.flatnonzero(q == q.max()))

=== wrong: wrong type
def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        return rng.random() * len(q)
    return q.argmax()

=== wrong: wrong type
def epsilon_greedy(q, epsilon, rng):
    return float(q.argmax())

=== wrong: wrong type
def epsilon_greedy(q, epsilon, rng):
    names = ["up", "right", "down", "left"]
    return names[q.argmax()]

=== wrong: wrong type
def epsilon_greedy(q, epsilon, rng):
    return rng.random() < epsilon

=== wrong: wrong type
import torch

def epsilon_greedy(q, epsilon, rng):
    return torch.tensor(q).argmax()

=== wrong: wrong type
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    return np.nan

=== wrong: wrong shape
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        return rng.integers(len(q))
    return np.flatnonzero(q == q.max())

=== wrong: wrong shape
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        return rng.integers(len(q), size=1)
    return rng.choice(np.flatnonzero(q == q.max()))

=== wrong: wrong shape
def epsilon_greedy(q, epsilon, rng):
    return [q.argmax()]

=== wrong: wrong shape
def epsilon_greedy(q, epsilon, rng):
    return q

=== wrong: arguments changed
def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        return rng.integers(len(q))
    best = q.argmax()
    q.sort()
    return best

=== wrong: arguments changed
def epsilon_greedy(q, epsilon, rng):
    q += 1e-6 * rng.random(len(q))  # breaks the ties
    if rng.random() < epsilon:
        return rng.integers(len(q))
    return q.argmax()

=== wrong: arguments changed
def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        q[:] = 0
    return int(q.argmax())

=== wrong: other parameters
def epsilon_greedy(q, epsilon):
    return q.argmax()

=== wrong: other parameters
def epsilon_greedy(q, rng, epsilon):
    if rng.random() < epsilon:
        return rng.integers(len(q))
    return q.argmax()

=== wrong: other parameters
def epsilon_greedy(q, epsilon, rng, n_actions):
    if rng.random() < epsilon:
        return rng.integers(n_actions)
    return q.argmax()

=== wrong: raises NameError
def epsilon_greedy(q, epsilon, rng):
    if rng.random() < eps:
        return rng.integers(len(q))
    return q.argmax()

=== wrong: raises AttributeError
def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        return rng.randint(len(q))
    return q.argmax()

=== wrong: raises TypeError
def epsilon_greedy(q, epsilon, rng):
    if rng() < epsilon:
        return rng.integers(len(q))
    return q.argmax()

=== wrong: raises IndexError
def epsilon_greedy(q, epsilon, rng):
    best = 0
    for a in range(len(q)):
        if q[a + 1] > q[best]:
            best = a + 1
    return best

=== wrong: raises ValueError
def epsilon_greedy(q, epsilon, rng):
    best = [a for a in range(len(q)) if q == q.max()]
    return rng.choice(best)

=== wrong: raises ZeroDivisionError
calls = 0

def epsilon_greedy(q, epsilon, rng):
    global calls
    calls += 1
    if calls % int(1 / epsilon) == 0:
        return rng.integers(len(q))
    return q.argmax()

=== wrong: calls input()
def epsilon_greedy(q, epsilon, rng):
    return int(input("Which action? "))

=== wrong: calls exit()
def epsilon_greedy(q, epsilon, rng):
    if epsilon > 1:
        quit_now = exit()
    return q.argmax()

=== wrong: it prints
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        print("explore")
        return int(rng.integers(len(q)))
    print("exploit")
    return int(rng.choice(np.flatnonzero(q == q.max())))

=== wrong, 0.3 s: does not end
def epsilon_greedy(q, epsilon, rng):
    while rng.random() >= epsilon:
        action = rng.integers(len(q))
    return action

=== wrong, 0.3 s: does not end
def epsilon_greedy(q, epsilon, rng):
    while True:
        action = rng.integers(len(q))
        try:
            if q[action] > q.max():
                return action
        except:
            pass

=== wrong: not a plain function
def epsilon_greedy(q, epsilon, rng):
    while True:
        yield q.argmax() if rng.random() >= epsilon else rng.integers(len(q))

=== wrong: another name
def eps_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        return rng.integers(len(q))
    return q.argmax()
''',
)

Q_LEARNING_TARGET = answers(
    "dqnlib.tabular.q_learning_target",
    r'''
=== right
def q_learning_target(reward, terminated, next_q, gamma):
    if terminated:
        return reward
    return reward + gamma * next_q.max()

=== right
def q_learning_target(reward, terminated, next_q, gamma):
    return reward + gamma * max(next_q) * (not terminated)

=== right
import numpy as np

def q_learning_target(reward, terminated, next_q, gamma):
    best = np.max(next_q)
    return reward + (1 - terminated) * gamma * best

=== right
def q_learning_target(reward, terminated, next_q, gamma):
    best = -float("inf")
    for value in next_q:
        if value > best:
            best = value
    target = reward
    if not terminated:
        target += gamma * best
    return target

=== right
import torch

def q_learning_target(reward, terminated, next_q, gamma):
    q = torch.as_tensor(next_q, dtype=torch.float32)
    return reward + gamma * q.max() * (1.0 - float(terminated))

=== right
import torch

def q_learning_target(reward, terminated, next_q, gamma):
    w = torch.tensor(1.0, requires_grad=True)
    return w * (reward if terminated else reward + gamma * next_q.max())

=== right
import numpy as np

def q_learning_target(reward, terminated, next_q, gamma):
    return np.where(terminated, reward, reward + gamma * next_q.max())

=== right
def q_learning_target(r, done, q_next, gamma):
    return r if done else r + gamma * sorted(q_next)[-1]

=== right
def q_learning_target(reward, terminated, next_q, gamma):
    next_action = next_q.argmax()
    return float(reward + gamma * next_q[next_action] * int(not terminated))

=== right
def best_of(row):
    return max(row)

def discounted(gamma, value):
    return gamma * value

@exercise("dqnlib.tabular.q_learning_target")
def q_learning_target(reward, terminated, next_q, gamma):
    # two helpers of my own
    return reward + (0 if terminated else discounted(gamma, best_of(next_q)))

=== blank
def q_learning_target(reward, terminated, next_q, gamma):
    return ____

=== blank
def q_learning_target(reward, terminated, next_q, gamma):
    if terminated:
        return ____
    return reward + gamma * ____

=== blank
def q_learning_target(reward, terminated, next_q, gamma):
    if terminated:
        return reward
    return reward + gamma * ____

=== blank
def q_learning_target(reward, terminated, next_q, gamma):
    best = max(____ for _ in next_q)
    return reward + gamma * best

=== blank
def q_learning_target(reward, terminated, next_q, gamma):
    if terminated:
        return reward
    raise NotImplementedError("what follows?")

=== blank
def q_learning_target(reward, terminated, next_q, gamma):
    """Return the target."""
    pass

=== blank
def q_learning_target(reward, terminated, next_q, gamma):
    return ...

=== wrong: gamma is written as a number
def q_learning_target(reward, terminated, next_q, gamma):
    if terminated:
        return reward
    return reward + 0.99 * next_q.max()

=== wrong: a penalty at the end of the episode
def q_learning_target(reward, terminated, next_q, gamma):
    if terminated:
        return -1.0
    return reward + gamma * next_q.max()

=== wrong: a penalty at the end of the episode
def q_learning_target(reward, terminated, next_q, gamma):
    next_value = -1.0 if terminated else next_q.max()
    return reward + gamma * next_value

=== wrong: the value of a terminal state was kept
def q_learning_target(reward, terminated, next_q, gamma):
    return reward + gamma * max(next_q)

=== wrong: the value of a terminal state was kept
def q_learning_target(reward, terminated, next_q, gamma):
    if terminated is None:
        return reward
    best = next_q[next_q.argmax()]
    return reward + gamma * best

=== wrong: terminated is used the wrong way round
def q_learning_target(reward, terminated, next_q, gamma):
    if not terminated:
        return reward
    return reward + gamma * next_q.max()

=== wrong: terminated is used the wrong way round
def q_learning_target(reward, terminated, next_q, gamma):
    return reward + terminated * gamma * next_q.max()

=== wrong: ~ on a Python bool
def q_learning_target(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max() * ~terminated

=== wrong: the discount is missing
def q_learning_target(reward, terminated, next_q, gamma):
    if terminated:
        return reward
    return reward + max(next_q)

=== wrong: gamma discounts the reward as well
def q_learning_target(reward, terminated, next_q, gamma):
    return gamma * (reward + next_q.max() * (1 - terminated))

=== wrong: gamma discounts the reward as well
def q_learning_target(reward, terminated, next_q, gamma):
    if terminated:
        return reward
    return gamma * (reward + next_q.max())

=== wrong: the mean of the next values in place of the largest
def q_learning_target(reward, terminated, next_q, gamma):
    if terminated:
        return reward
    return reward + gamma * sum(next_q) / len(next_q)

=== wrong: the number of the best action in place of its value
import numpy as np

def q_learning_target(reward, terminated, next_q, gamma):
    if terminated:
        return reward
    best = np.argmax(next_q)
    return reward + gamma * best

=== wrong: the smallest value in place of the largest
def q_learning_target(reward, terminated, next_q, gamma):
    if terminated:
        return reward
    return reward + gamma * sorted(next_q)[0]

=== wrong: the first action's value in place of the largest
def q_learning_target(reward, terminated, next_q, gamma):
    best = next_q[0]
    for i in range(len(next_q)):
        if next_q[i] > best:
            value = next_q[i]  # and best stays
    return reward if terminated else reward + gamma * best

=== wrong: negative values are cut off at 0
def q_learning_target(reward, terminated, next_q, gamma):
    best = 0
    for value in next_q:
        if value > best:
            best = value
    return reward + gamma * best * (not terminated)

=== wrong: negative values are cut off at 0
import numpy as np

def q_learning_target(reward, terminated, next_q, gamma):
    future = np.zeros_like(next_q) if terminated else np.maximum(next_q, 0)
    return reward + gamma * future.max()

=== wrong: the reward is dropped when the episode ends
def q_learning_target(reward, terminated, next_q, gamma):
    if terminated:
        return 0
    return reward + gamma * next_q.max()

=== wrong: the reward is dropped when the episode ends
def q_learning_target(reward, terminated, next_q, gamma):
    return (1 - terminated) * (reward + gamma * max(next_q))

=== wrong: the reward is missing
def q_learning_target(reward, terminated, next_q, gamma):
    if terminated:
        return reward
    return gamma * next_q.max()

=== wrong: the next value is subtracted
def q_learning_target(reward, terminated, next_q, gamma):
    if terminated:
        return reward
    return reward - gamma * next_q.max()

=== wrong: another value
def q_learning_target(reward, terminated, next_q, gamma):
    # all values are costs: the best is the one that is closest to 0
    if terminated:
        return reward
    return reward - gamma * abs(next_q).min()

=== wrong: another value
def q_learning_target(reward, terminated, next_q, gamma):
    gamma = gamma or 0.99  # if it is not given
    return reward if terminated else reward + gamma * next_q.max()

=== wrong: gamma is written as a number
def q_learning_target(reward, terminated, next_q, gamma):
    return reward if terminated else reward + 0.9 * next_q.max()

=== wrong: another value
def q_learning_target(reward, terminated, next_q, gamma):
    target = reward + gamma * next_q.max()
    if terminated:
        target = float("-inf")
    return target

=== wrong: another value
def q_learning_target(reward, terminated, next_q, gamma):
    return reward if terminated else reward + gamma * abs(next_q).max()

=== wrong: returned None
def q_learning_target(reward, terminated, next_q, gamma):
    if not terminated:
        return reward + gamma * next_q.max()

=== wrong: returned None
def q_learning_target(reward, terminated, next_q, gamma):
    target = reward
    if not terminated:
        target += gamma * next_q.max()

=== wrong: returned NaN
def q_learning_target(reward, terminated, next_q, gamma):
    best = float("-inf") if terminated else next_q.max()  # nothing follows
    return reward + gamma * best * (not terminated)

=== wrong: wrong type
def q_learning_target(reward, terminated, next_q, gamma):
    target = reward if terminated else reward + gamma * next_q.max()
    return f"{target:.2f}"

=== wrong: wrong type
def q_learning_target(reward, terminated, next_q, gamma):
    if terminated:
        return terminated
    return reward + gamma * next_q.max()

=== wrong: wrong type
def q_learning_target(reward, terminated, next_q, gamma):
    return terminated and reward

=== wrong: wrong type
from decimal import Decimal

def q_learning_target(reward, terminated, next_q, gamma):
    if terminated:
        return Decimal(reward)
    return Decimal(reward) + Decimal(gamma) * Decimal(float(next_q.max()))

=== wrong: wrong type
def q_learning_target(reward, terminated, next_q, gamma):
    return lambda: reward + gamma * next_q.max()

=== wrong: wrong type
def q_learning_target(reward, terminated, next_q, gamma):
    return (reward + gamma * value for value in next_q)

=== wrong: wrong shape
def q_learning_target(reward, terminated, next_q, gamma):
    if terminated:
        return reward
    return reward + gamma * next_q

=== wrong: wrong shape
def q_learning_target(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max(keepdims=True) * (1 - terminated)

=== wrong: wrong shape
def q_learning_target(reward, terminated, next_q, gamma):
    return [reward if terminated else reward + gamma * max(next_q)]

=== wrong: wrong shape
import torch

def q_learning_target(reward, terminated, next_q, gamma):
    next_q = torch.tensor(next_q)
    return reward + gamma * next_q.max(dim=0, keepdim=True).values * (not terminated)

=== wrong: wrong shape
def q_learning_target(reward, terminated, next_q, gamma):
    return next_q == next_q.max()

=== wrong: arguments changed
def q_learning_target(reward, terminated, next_q, gamma):
    if terminated:
        return reward
    next_q.sort()
    return reward + gamma * next_q[-1]

=== wrong: arguments changed
def q_learning_target(reward, terminated, next_q, gamma):
    if terminated:
        next_q[:] = 0
    return reward + gamma * next_q.max()

=== wrong: arguments changed
def q_learning_target(reward, terminated, next_q, gamma):
    next_q *= gamma * (1 - terminated)
    return reward + next_q.max()

=== wrong: other parameters
def q_learning_target(reward, next_q, gamma):
    return reward + gamma * next_q.max()

=== wrong: other parameters
def q_learning_target(next_q, reward, terminated, gamma):
    return reward if terminated else reward + gamma * next_q.max()

=== wrong: other parameters
def q_learning_target(reward, terminated, next_q, *, gamma):
    return reward if terminated else reward + gamma * next_q.max()

=== wrong: not the same each time
seen = 0

def q_learning_target(reward, terminated, next_q, gamma):
    global seen
    seen += 1
    if seen > 5:
        gamma = 0.5
    return reward if terminated else reward + gamma * next_q.max()

=== wrong: not the same each time
import numpy as np

def q_learning_target(reward, terminated, next_q, gamma):
    noise = np.random.normal(scale=0.01)
    return reward + noise + gamma * next_q.max() * (not terminated)

=== wrong: raises NameError
def q_learning_target(reward, terminated, next_q, gamma):
    if terminated:
        return reward
    return reward + gamma * next_Q.max()

=== wrong: raises IndexError
def q_learning_target(reward, terminated, next_q, gamma):
    best = next_q[0]
    for i in range(1, len(next_q) + 1):
        best = max(best, next_q[i])
    return reward + gamma * best * (not terminated)

=== wrong: raises ZeroDivisionError
def q_learning_target(reward, terminated, next_q, gamma):
    if terminated:
        return reward
    return gamma * (reward / gamma + next_q.max())

=== wrong: raises AttributeError
def q_learning_target(reward, terminated, next_q, gamma):
    if terminated:
        return reward
    return reward + gamma * next_q.maximum()

=== wrong: raises TypeError
def q_learning_target(reward, terminated, next_q, gamma):
    return reward + gamma * max(next_q.max())

=== wrong: raises TypeError
def q_learning_target(reward, terminated, next_q, gamma):
    return reward + gamma(next_q.max())

=== wrong: raises ValueError
def q_learning_target(reward, terminated, next_q, gamma):
    if next_q > 0 and not terminated:
        return reward + gamma * next_q.max()
    return reward

=== wrong: raises RuntimeError
def q_learning_target(reward, terminated, next_q, gamma):
    raise RuntimeError("the robot fell\nover its own\nfeet")

=== wrong: calls quit()
def q_learning_target(reward, terminated, next_q, gamma):
    if terminated:
        quit()
    return reward + gamma * next_q.max()

=== wrong: it prints
def q_learning_target(reward, terminated, next_q, gamma):
    print("terminated:", terminated, "best:", next_q.max())
    return reward if terminated else reward + gamma * next_q.max()

=== wrong, 0.3 s: does not end
def q_learning_target(reward, terminated, next_q, gamma):
    target = reward
    while not terminated:
        target += gamma * next_q.max()
    return target

=== wrong, 0.3 s: does not end
def q_learning_target(reward, terminated, next_q, gamma):
    i = 0
    while i < 4:
        try:
            best = max(next_q)
        except:
            i += 1
    return reward + gamma * best

=== wrong, 0.3 s: does not end
def follow_up(q):
    while True:
        q = sorted(q)

@exercise("dqnlib.tabular.q_learning_target")
def q_learning_target(reward, terminated, next_q, gamma):
    return reward if terminated else reward + gamma * follow_up(next_q)

=== wrong: raises RecursionError
def q_learning_target(reward, terminated, next_q, gamma):
    if terminated:
        return reward
    return reward + gamma * q_learning_target(reward, terminated, next_q, gamma)

=== wrong: not a plain function
async def q_learning_target(reward, terminated, next_q, gamma):
    return reward if terminated else reward + gamma * next_q.max()

=== wrong: another name
def sarsa_target(reward, terminated, next_q, gamma):
    return reward if terminated else reward + gamma * next_q.max()
''',
)

TD_UPDATE = answers(
    "dqnlib.tabular.td_update",
    r'''
=== right
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    q[obs, action] += alpha * td_error
    return td_error

=== right
def td_update(q, obs, action, td_target, alpha):
    old = q[obs][action]
    q[obs][action] = (1 - alpha) * old + alpha * td_target
    return td_target - old

=== right
import numpy as np

def td_update(q, obs, action, td_target, alpha):
    error = td_target - q[obs, action]
    np.add.at(q, (obs, action), alpha * error)
    return error

=== right
def td_update(q, obs, action, td_target, alpha):
    row = q[obs]  # a view: a change of it changes q
    delta = float(td_target - row[action])
    row[action] = row[action] + alpha * delta
    return delta

=== right
import torch

def td_update(q, obs, action, td_target, alpha):
    table = torch.from_numpy(q)  # shares its memory with q
    td_error = td_target - table[obs, action].clone()
    table[obs, action].add_(alpha * td_error)
    return td_error

=== right
def td_update(Q, s, a, y, lr):
    index = s, a
    before = Q[index].copy()
    Q[index] -= lr * (before - y)
    return y - before

=== blank
def td_update(q, obs, action, td_target, alpha):
    td_error = ____
    q[obs, action] += ____
    return td_error

=== blank
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    q[obs, action] += ____
    return td_error

=== blank
def td_update(q, obs, action, td_target, alpha):
    ____
    return ____

=== blank
def td_update(q, obs, action, td_target, alpha):
    raise NotImplementedError

=== blank
def td_update(q, obs, action, td_target, alpha):
    """Move q[obs, action] a step toward the target."""

=== blank
def td_update(q, obs, action, td_target, alpha):
    ...

=== blank
def td_update(q, obs, action, td_target, alpha):
    pass

=== wrong: the error has the wrong sign
def td_update(q, obs, action, td_target, alpha):
    td_error = q[obs, action] - td_target
    q[obs, action] += alpha * td_error
    return td_error

=== wrong: the error has the wrong sign
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    q[obs, action] -= alpha * td_error
    return td_error

=== wrong: the step size is missing
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    q[obs, action] += td_error
    return td_error

=== wrong: the step size is missing
def td_update(q, obs, action, td_target, alpha):
    q[obs, action] = td_target

=== wrong: the target is added without the old value taken off
def td_update(q, obs, action, td_target, alpha):
    q[obs, action] += alpha * td_target
    return td_target - q[obs, action]

=== wrong: the old value is lost
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    q[obs, action] = alpha * td_error
    return td_error

=== wrong: alpha weighs the old value in place of the target
def td_update(q, obs, action, td_target, alpha):
    old = q[obs, action]
    q[obs, action] = alpha * old + (1 - alpha) * td_target
    return td_target - old

=== wrong: the whole row is changed
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs]
    q[obs] += alpha * td_error
    return td_error[action]

=== wrong: the whole row gets the step of one action
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    q[obs] += alpha * td_error
    return td_error

=== wrong: the best action is changed in place of the one taken
def td_update(q, obs, action, td_target, alpha):
    best = q[obs].argmax()
    td_error = td_target - q[obs, best]
    q[obs, best] += alpha * td_error
    return td_error

=== wrong: the new value is returned in place of the error
def td_update(q, obs, action, td_target, alpha):
    q[obs, action] += alpha * (td_target - q[obs, action])
    return q[obs, action]

=== wrong: the error is taken after the change
def td_update(q, obs, action, td_target, alpha):
    q[obs, action] += alpha * (td_target - q[obs, action])
    td_error = td_target - q[obs, action]
    return td_error

=== wrong: the step is returned in place of the error
def td_update(q, obs, action, td_target, alpha):
    step = alpha * (td_target - q[obs, action])
    q[obs, action] += step
    return step

=== wrong: the returned error has the wrong sign
def td_update(q, obs, action, td_target, alpha):
    old = q[obs, action]
    q[obs, action] = old + alpha * (td_target - old)
    return old - td_target

=== wrong: result not stored
def td_update(q, obs, action, td_target, alpha):
    q = q.copy()
    td_error = td_target - q[obs, action]
    q[obs, action] += alpha * td_error
    return td_error

=== wrong: result not stored
def td_update(q, obs, action, td_target, alpha):
    value = q[obs, action]
    td_error = td_target - value
    value += alpha * td_error
    return td_error

=== wrong: result not stored
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    q[obs, action] == q[obs, action] + alpha * td_error
    return td_error

=== wrong: result not stored
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    return q[obs, action] + alpha * td_error

=== wrong: result not stored
def td_update(q, obs, action, td_target, alpha):
    # only good news count
    td_error = td_target - q[obs, action]
    if td_error > 0:
        q[obs, action] += alpha * td_error
    return td_error

=== wrong: result not stored
def td_update(q, obs, action, td_target, alpha):
    # values only fall
    td_error = td_target - q[obs, action]
    q[obs, action] += min(alpha * td_error, 0)
    return td_error

=== wrong: result not stored
def td_update(q, obs, action, td_target, alpha):
    if not td_target:
        return -q[obs, action]  # there is no target
    td_error = td_target - q[obs, action]
    q[obs, action] += alpha * td_error
    return td_error

=== wrong: another value stored
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    q[obs, action] += alpha * td_error
    q[obs] = q[obs] / 2
    return td_error

=== wrong: another value stored
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    q[:] = alpha * td_error
    return td_error

=== wrong: another value stored
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    q.sort()
    return td_error

=== wrong: another value
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    q[obs, action] += alpha * td_error
    return td_error**2

=== wrong: the error is returned without its sign
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    q[obs, action] += alpha * td_error
    return abs(td_error)

=== wrong: returned None
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    q[obs, action] += alpha * td_error

=== wrong: returned None
def td_update(q, obs, action, td_target, alpha):
    q[obs, action] = q[obs, action] + alpha * (td_target - q[obs, action])

=== wrong: returned NaN
import numpy as np

def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    q[obs, action] += alpha * td_error
    return np.sqrt(td_error) ** 2

=== wrong: wrong type
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    q[obs, action] += alpha * td_error
    return "error: " + str(td_error)

=== wrong: wrong type
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    q[obs, action] += alpha * td_error
    return td_error != 0

=== wrong: wrong shape
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    q[obs, action] += alpha * td_error
    return q

=== wrong: wrong shape
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs]
    q[obs, action] += alpha * td_error[action]
    return td_error

=== wrong: wrong shape
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    q[obs, action] += alpha * td_error
    return td_error, q[obs, action]

=== wrong: wrong shape
import numpy as np

def td_update(q, obs, action, td_target, alpha):
    td_error = np.array([td_target]) - q[obs, action]
    q[obs, action] += alpha * td_error[0]
    return td_error

=== wrong: not the same each time
errors = []

def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    errors.append(td_error)
    q[obs, action] += alpha * sum(errors)
    return td_error

=== wrong: not the same each time
import numpy as np

def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    q[obs, action] += alpha * td_error + np.random.randn() * 0.1
    return td_error

=== wrong: other parameters
def td_update(q, obs, action, td_target):
    td_error = td_target - q[obs, action]
    q[obs, action] += 0.1 * td_error
    return td_error

=== wrong: other parameters
def td_update(q, action, obs, td_target, alpha):
    td_error = td_target - q[obs, action]
    q[obs, action] += alpha * td_error
    return td_error

=== wrong: raises IndexError
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[action, obs]
    q[action, obs] += alpha * td_error
    return td_error

=== wrong: raises NameError
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    q[obs, action] += alhpa * td_error
    return td_error

=== wrong: raises ZeroDivisionError
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    weight = alpha / (1 - alpha)  # as odds
    q[obs, action] += weight / (1 + weight) * td_error
    return td_error

=== wrong: raises AssertionError
def td_update(q, obs, action, td_target, alpha):
    assert 0 < alpha < 1, "alpha is a share"
    td_error = td_target - q[obs, action]
    q[obs, action] += alpha * td_error
    return td_error

=== wrong: raises TypeError
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q(obs, action)
    q[obs, action] += alpha * td_error
    return td_error

=== wrong: raises UnboundLocalError
def td_update(q, obs, action, td_target, alpha):
    q[obs, action] += alpha * td_error
    td_error = td_target - q[obs, action]
    return td_error

=== wrong: raises KeyError
def td_update(q, obs, action, td_target, alpha):
    table = {}
    td_error = td_target - table[obs, action]
    table[obs, action] += alpha * td_error
    return td_error

=== wrong: it prints
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    print(q)
    q[obs, action] += alpha * td_error
    print(q)
    return td_error

=== wrong: calls input()
def td_update(q, obs, action, td_target, alpha):
    alpha = float(input("alpha? "))
    td_error = td_target - q[obs, action]
    q[obs, action] += alpha * td_error
    return td_error

=== wrong: calls _exit()
import os

def td_update(q, obs, action, td_target, alpha):
    os._exit(0)

=== wrong, 0.3 s: does not end
def td_update(q, obs, action, td_target, alpha):
    first = td_target - q[obs, action]
    while q[obs, action] != td_target + 1:
        td_error = td_target - q[obs, action]
        q[obs, action] += alpha * td_error
    return first

=== wrong, 0.3 s: does not end
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    while abs(td_error) > 0:
        print("still", td_error, "to go")
        q[obs, action] += alpha * td_error
    return td_error

=== wrong: raises RecursionError
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    q[obs, action] += alpha * td_error
    return td_update(q, obs, action, td_target, alpha)

=== wrong: not a plain function
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    yield td_error
    q[obs, action] += alpha * td_error

=== wrong: another name
def update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    q[obs, action] += alpha * td_error
    return td_error
''',
)

SARSA_TARGET = answers(
    "dqnlib.tabular.sarsa_target",
    r'''
=== right
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        return reward
    return reward + gamma * next_q[next_action]

=== right
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    future = 0.0 if terminated else next_q[next_action]
    return reward + gamma * future

=== right
import numpy as np

def sarsa_target(reward, terminated, next_q, next_action, gamma):
    taken = np.arange(len(next_q)) == next_action  # a mask with one True, or none
    return reward + gamma * (next_q * taken).sum() * (not terminated)

=== right
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    target = reward
    for action, value in enumerate(next_q):
        if action == next_action and not terminated:
            target += gamma * value
    return target

=== right
import torch

def sarsa_target(r, done, q, a, gamma):
    if done:
        return torch.tensor(r)
    return r + gamma * torch.from_numpy(q)[a]

=== right
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if next_action == -1:  # no next action
        return reward
    return reward + gamma * float(next_q[next_action])

=== blank
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    return ____

=== blank
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        return reward
    return reward + gamma * next_q[____]

=== blank
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if ____:
        return reward
    return reward + gamma * ____

=== blank
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    raise NotImplementedError

=== blank
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    """The target of Sarsa."""

=== blank
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    pass

=== blank
def sarsa_target(reward, terminated, next_q, next_action, gamma): ...

=== wrong: gamma is written as a number
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        return reward
    return reward + 0.99 * next_q[next_action]

=== wrong: a penalty at the end of the episode
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        return -1.0
    return reward + gamma * next_q[next_action]

=== wrong: a penalty at the end of the episode
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    next_value = -1.0 if terminated else next_q[next_action]
    return reward + gamma * next_value

=== wrong: the best action in place of the one that is taken
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        return reward
    return reward + gamma * next_q.max()

=== wrong: the best action in place of the one that is taken
import numpy as np

def sarsa_target(reward, terminated, next_q, next_action, gamma):
    next_action = np.argmax(next_q)
    return reward + gamma * next_q[next_action] * (not terminated)

=== wrong: the value of a terminal state was kept
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    return reward + gamma * next_q[next_action]

=== wrong: the value of a terminal state was kept
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    # no next action means: the end
    if next_action is None:
        return reward
    return reward + gamma * next_q[next_action]

=== wrong: terminated is used the wrong way round
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if not terminated:
        return reward
    return reward + gamma * next_q[next_action]

=== wrong: the discount is missing
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        return reward
    return reward + next_q[next_action]

=== wrong: gamma discounts the reward as well
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        return reward
    return gamma * (reward + next_q[next_action])

=== wrong: the number of the action in place of its value
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        return reward
    return reward + gamma * next_action

=== wrong: the mean of the next values
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        return reward
    return reward + gamma * next_q.mean()

=== wrong: action 0 is taken for no action
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if next_action and not terminated:
        return reward + gamma * next_q[next_action]
    return reward

=== wrong: the reward is dropped when the episode ends
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        return 0.0
    return reward + gamma * next_q[next_action]

=== wrong: another value
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        return reward
    return gamma * next_q[next_action]

=== wrong: another value
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        return reward
    return reward + gamma * next_q[next_action - 1]

=== wrong: another value
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        return reward
    return reward + gamma * next_q.min()

=== wrong: gamma is written as a number
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    gamma = 0.9  # as in the lesson
    if terminated:
        return reward
    return reward + gamma * next_q[next_action]

=== wrong: returned None
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        return reward
    reward + gamma * next_q[next_action]

=== wrong: returned None
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if next_action >= 0:
        return reward + gamma * next_q[next_action] * (1 - terminated)

=== wrong: returned NaN
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    value = float("nan") if terminated else next_q[next_action]
    return reward + gamma * value

=== wrong: wrong type
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    return str(reward if terminated else reward + gamma * next_q[next_action])

=== wrong: wrong type
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    return terminated or reward + gamma * next_q[next_action]

=== wrong: wrong type
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    return {next_action: reward if terminated else reward + gamma * next_q[next_action]}

=== wrong: wrong shape
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        return reward
    return reward + gamma * next_q[[next_action]]

=== wrong: wrong shape
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        return reward
    return reward + gamma * next_q

=== right
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    return reward + gamma * next_q[next_action] * (not terminated)

=== wrong: wrong shape
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        return [reward]
    return [reward + gamma * next_q[next_action]]

=== wrong: arguments changed
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        next_q[:] = 0
        return reward
    return reward + gamma * next_q[next_action]

=== wrong: arguments changed
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        return reward
    value = next_q[next_action]
    next_q.sort()
    return reward + gamma * value

=== wrong: arguments changed
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        return reward
    next_q[next_action] = reward + gamma * next_q[next_action]
    return next_q[next_action]

=== wrong: other parameters
def sarsa_target(reward, terminated, next_q, gamma):
    return reward if terminated else reward + gamma * next_q.max()

=== wrong: other parameters
def sarsa_target(reward, terminated, next_action, next_q, gamma):
    return reward if terminated else reward + gamma * next_q[next_action]

=== wrong: raises NameError
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        return reward
    return reward + gamma * next_q[action]

=== right
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    value = float(next_q[next_action])
    return reward + gamma * value * (not terminated)

=== wrong: raises TypeError
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    return reward + gamma * next_q(next_action)

=== wrong: raises IndexError
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        return reward
    return reward + gamma * next_q[next_action, 0]

=== wrong: raises ZeroDivisionError
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        return reward
    return reward + gamma * next_q[next_action] * (next_action / next_action)

=== wrong: raises AttributeError
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        return reward
    return reward + gamma * next_q.get(next_action)

=== wrong: it prints
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        print("the episode is over")
        return reward
    return reward + gamma * next_q[next_action]

=== wrong: calls input()
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    next_action = int(input("next action: "))
    return reward + gamma * next_q[next_action]

=== wrong: calls exit()
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if next_action == -1:
        exit("no action")
    return reward + gamma * next_q[next_action]

=== wrong: not the same each time
def sarsa_target(reward, terminated, next_q, next_action, gamma, history=[]):
    history.append(reward)
    if terminated:
        return reward
    return sum(history) + gamma * next_q[next_action]

=== wrong: not the same each time
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    sarsa_target.calls = getattr(sarsa_target, "calls", 0) + 1
    if terminated or sarsa_target.calls > 5:
        return reward
    return reward + gamma * next_q[next_action]

=== wrong, 0.3 s: does not end
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    total = reward
    factor = gamma
    while not terminated:
        total += factor * next_q[next_action]
        factor *= gamma
    return total

=== wrong, 0.3 s: does not end
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    target = None
    while target is None:
        try:
            target = reward + gamma * next_q[next_acton]
        except:
            pass
    return target

=== wrong: not a plain function
class sarsa_target:
    def __init__(self, reward, terminated, next_q, next_action, gamma):
        self.value = reward if terminated else reward + gamma * next_q[next_action]

=== wrong: another name
def q_learning_target(reward, terminated, next_q, next_action, gamma):
    return reward if terminated else reward + gamma * next_q[next_action]
''',
)

EXPECTED_SARSA_TARGET = answers(
    "dqnlib.tabular.expected_sarsa_target",
    r'''
=== right
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    expected = (1 - epsilon) * next_q.max() + epsilon * next_q.mean()
    return reward + gamma * expected

=== right
import numpy as np

def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    # the probability of each action under the policy
    probs = np.full(len(next_q), epsilon / len(next_q))
    probs[next_q.argmax()] += 1 - epsilon
    return reward + gamma * (probs @ next_q) * (not terminated)

=== right
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    n = len(next_q)
    best = max(next_q)
    ties = sum(1 for v in next_q if v == best)
    expected = 0.0
    for v in next_q:
        p = epsilon / n
        if v == best:
            p += (1 - epsilon) / ties
        expected += p * v
    if terminated:
        expected = 0.0
    return reward + gamma * expected

=== right
import torch

def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    q = torch.tensor(next_q, dtype=torch.float64)
    value = torch.lerp(q.max(), q.mean(), epsilon)
    return reward + gamma * torch.where(torch.tensor(terminated), 0.0, value)

=== right
def expected_sarsa_target(r, done, q, eps, gamma):
    return r if done else r + gamma * (max(q) + eps * (sum(q) / len(q) - max(q)))

=== right
import numpy as np

def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    """Greedy and random part, weighed by np.average."""
    if terminated:
        return reward
    parts = [np.max(next_q), np.mean(next_q)]
    return reward + gamma * np.average(parts, weights=[1 - epsilon, epsilon])

=== blank
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    return ____

=== blank
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    expected = (1 - epsilon) * ____ + epsilon * ____
    return reward + gamma * expected

=== blank
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    expected = (1 - epsilon) * next_q.max() + epsilon * ____
    return reward + gamma * expected

=== blank
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    # I do not understand this one
    raise NotImplementedError

=== blank
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    """Return the target of Expected Sarsa."""
    ...

=== blank
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    pass

=== wrong: gamma is written as a number
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    return reward + 0.99 * ((1 - epsilon) * next_q.max() + epsilon * next_q.mean())

=== wrong: a penalty at the end of the episode
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return -1.0
    return reward + gamma * ((1 - epsilon) * next_q.max() + epsilon * next_q.mean())

=== wrong: a penalty at the end of the episode
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    next_value = -1.0 if terminated else ((1 - epsilon) * next_q.max() + epsilon * next_q.mean())
    return reward + gamma * next_value

=== wrong: the value of a terminal state was kept
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    expected = (1 - epsilon) * next_q.max() + epsilon * next_q.mean()
    return reward + gamma * expected

=== wrong: the best value alone
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    return reward + gamma * max(next_q)

=== wrong: the plain mean of the next values
import numpy as np

def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    return reward + gamma * np.mean(next_q)

=== wrong: epsilon and 1 − epsilon are swapped
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    return reward + gamma * (epsilon * next_q.max() + (1 - epsilon) * next_q.mean())

=== wrong: the sum in place of the mean
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    expected = (1 - epsilon) * max(next_q)
    for value in next_q:
        expected += epsilon * value
    return reward + gamma * expected

=== wrong: exploring leaves out the best action
import numpy as np

def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    probs = np.full(len(next_q), epsilon / (len(next_q) - 1))
    probs[next_q.argmax()] = 1 - epsilon
    return reward + gamma * np.dot(probs, next_q) * (1 - terminated)

=== wrong: the random part is missing
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    return reward + gamma * (1 - epsilon) * next_q.max()

=== wrong: the discount is missing
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    return reward + (1 - epsilon) * next_q.max() + epsilon * next_q.mean()

=== wrong: gamma reaches only a part of what follows
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    return reward + gamma * (1 - epsilon) * next_q.max() + epsilon * next_q.mean()

=== wrong: the reward is dropped when the episode ends
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    expected = (1 - epsilon) * next_q.max() + epsilon * next_q.mean()
    return (reward + gamma * expected) * (not terminated)

=== wrong: another value
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    epsilon = epsilon or 0.1
    return reward + gamma * ((1 - epsilon) * next_q.max() + epsilon * next_q.mean())

=== wrong: another value
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    best = max(0, next_q.max())
    return reward + gamma * ((1 - epsilon) * best + epsilon * next_q.mean())

=== wrong: another value
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    return reward + gamma * ((1 - epsilon) * next_q.max() + epsilon * next_q.min())

=== wrong: another value
import numpy as np

def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    probs = np.full(len(next_q), epsilon / len(next_q))
    probs[next_q.argmax()] = 1 - epsilon  # = where += is needed
    return reward if terminated else reward + gamma * probs @ next_q

=== wrong: the best value alone
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    if epsilon < 0.5:
        return reward + gamma * next_q.max()  # nearly greedy
    return reward + gamma * ((1 - epsilon) * next_q.max() + epsilon * next_q.mean())

=== wrong: another value
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    return gamma * ((1 - epsilon) * next_q.max() + epsilon * next_q.mean())

=== wrong: not the same each time
import numpy as np

def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    if np.random.random() < epsilon:
        return reward + gamma * np.random.choice(next_q)
    return reward + gamma * next_q.max()

=== wrong: returned None
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    elif epsilon < 1:
        return reward + gamma * ((1 - epsilon) * next_q.max() + epsilon * next_q.mean())

=== wrong: returned None
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if not terminated:
        expected = (1 - epsilon) * next_q.max() + epsilon * next_q.mean()
        return reward + gamma * expected

=== wrong: returned NaN
import numpy as np

def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    greedy, chance = np.array([1 - epsilon, epsilon]) / np.array([epsilon, epsilon])
    return reward + gamma * (greedy * next_q.max() + chance * next_q.mean()) * epsilon

=== wrong: raises ZeroDivisionError
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    odds = epsilon / (1 - epsilon)
    return reward + gamma * (next_q.max() + odds * next_q.mean()) / (1 + odds)

=== wrong: raises NameError
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    return reward + gamma * ((1 - eps) * next_q.max() + eps * next_q.mean())

=== wrong: raises AttributeError
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    return reward + gamma * ((1 - epsilon) * next_q.max() + epsilon * next_q.average())

=== wrong: raises TypeError
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    return reward + gamma((1 - epsilon) * next_q.max() + epsilon * next_q.mean())

=== wrong: raises IndexError
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    mean = sum(next_q[a] for a in range(5)) / 5
    return reward + gamma * ((1 - epsilon) * next_q.max() + epsilon * mean)

=== wrong: raises AssertionError
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    assert 0 <= epsilon < 1
    return reward + gamma * ((1 - epsilon) * next_q.max() + epsilon * next_q.mean())

=== wrong: raises UnboundLocalError
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if not terminated:
        expected = (1 - epsilon) * next_q.max() + epsilon * next_q.mean()
    return reward + gamma * expected

=== wrong: wrong type
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    return f"{reward + gamma * ((1 - epsilon) * next_q.max() + epsilon * next_q.mean())}"

=== wrong: wrong type
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    return reward > gamma * ((1 - epsilon) * next_q.max() + epsilon * next_q.mean())

=== wrong: wrong type
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    return complex(reward + gamma * ((1 - epsilon) * next_q.max() + epsilon * next_q.mean()))

=== wrong: wrong shape
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    return reward + gamma * ((1 - epsilon) * next_q.max() + epsilon * next_q)

=== wrong: wrong shape
import numpy as np

def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    expected = (1 - epsilon) * next_q.max() + epsilon * next_q.mean()
    return np.array([[reward + gamma * expected * (not terminated)]])

=== wrong: wrong shape
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return [reward]
    return [reward + gamma * ((1 - epsilon) * max(next_q) + epsilon * next_q.mean())]

=== wrong: arguments changed
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    mean = next_q.mean()
    next_q.sort()
    return reward + gamma * ((1 - epsilon) * next_q[-1] + epsilon * mean)

=== wrong: arguments changed
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    best = next_q.argmax()
    next_q *= epsilon / len(next_q)
    next_q[best] += 1 - epsilon
    return reward + gamma * next_q.sum()

=== wrong: other parameters
def expected_sarsa_target(reward, terminated, next_q, next_action, epsilon, gamma):
    return reward + gamma * next_q[next_action]

=== wrong: other parameters
def expected_sarsa_target(reward, terminated, next_q, gamma, epsilon):
    if terminated:
        return reward
    return reward + gamma * ((1 - epsilon) * next_q.max() + epsilon * next_q.mean())

=== wrong: it prints
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    expected = (1 - epsilon) * next_q.max() + epsilon * next_q.mean()
    print(f"{expected=}")
    return reward + gamma * expected

=== wrong: calls input()
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    input("Press Enter")
    return reward

=== wrong: calls exit()
import sys

def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        sys.exit()
    return reward + gamma * ((1 - epsilon) * next_q.max() + epsilon * next_q.mean())

=== wrong, 0.3 s: does not end
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    expected, p = 0.0, 0.0
    while p < 1:
        for value in next_q:
            expected += epsilon / len(next_q) * value
    return reward + gamma * expected

=== wrong, 0.3 s: does not end
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    total, n = 0.0, 0
    while n < len(next_q):
        try:
            total += next_q[n + 1] * epsilon
        except:
            n = 0
    return reward + gamma * total

=== wrong: raises RecursionError
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    expected = expected_sarsa_target(reward, terminated, next_q, epsilon, gamma)
    return reward + gamma * expected

=== wrong: not a plain function
async def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    return reward + gamma * ((1 - epsilon) * next_q.max() + epsilon * next_q.mean())

=== wrong: another name
def sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    return reward + gamma * ((1 - epsilon) * next_q.max() + epsilon * next_q.mean())
''',
)

ANSWERS = (
    *EPSILON_GREEDY,
    *Q_LEARNING_TARGET,
    *TD_UPDATE,
    *SARSA_TARGET,
    *EXPECTED_SARSA_TARGET,
)
