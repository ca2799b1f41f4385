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

=== right
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    # as a table of probabilities, ties shared
    best = (q >= np.max(q)).astype(float)
    p = (1 - epsilon) * best / best.sum() + epsilon / q.size
    return int(np.searchsorted(np.cumsum(p) / p.sum(), rng.random(), side="right"))

=== right
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    if rng.uniform(0, 1) > epsilon:
        candidates = np.argwhere(q == np.amax(q)).flatten()
        return rng.choice(candidates)
    return rng.choice(np.arange(q.shape[0]))

=== right
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    explore = rng.binomial(1, epsilon)
    noise = rng.permutation(len(q))  # a random order decides among equals
    return int(rng.integers(len(q)) if explore else np.lexsort((noise, q))[-1])

=== right
def epsilon_greedy(q, epsilon, rng):
    pick = rng.integers(0, len(q) - 1, endpoint=True)
    if rng.random() >= epsilon:
        top = max(q)
        while q[pick] != top:  # draw again until it is one of the best
            pick = rng.integers(0, len(q) - 1, endpoint=True)
    return pick

=== right
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    winners = [a for a, value in enumerate(q) if np.isclose(value, max(q))]
    chosen = {True: range(len(q)), False: winners}[bool(rng.random() < epsilon)]
    return rng.choice(list(chosen)).item()

=== wrong: a worse action is chosen at a tie
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        return rng.integers(len(q))
    action = np.argmax(q)
    check = np.where(q == action)[0]  # a place is compared with values
    return action if len(check) == 0 else rng.choice(check)

=== wrong: at a tie always the same action
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        return rng.choice(len(q))
    if len(set(q)) == 1:  # nothing is known yet
        return rng.choice(len(q))
    return np.argmax(q)

=== wrong: it explores although epsilon is 0
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    # a row without a positive value has not been learned yet
    if np.max(q) > 0 and rng.random() > epsilon:
        return np.argmax(q)
    return rng.integers(len(q))

=== wrong: the two branches are swapped
def epsilon_greedy(q, epsilon, rng):
    if rng.uniform() < epsilon:  # epsilon: how greedy
        action = q.argmax()
    else:
        action = rng.choice(len(q))
    return action

=== wrong: another generator than rng
import random
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    random_num = random.uniform(0, 1)
    if random_num > epsilon:
        action = np.argmax(q)
    else:
        action = random.randint(0, len(q) - 1)
    return action

=== wrong: exploring leaves out an action
def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        return int(rng.random() * (len(q) - 1))
    return max(range(len(q)), key=lambda a: (q[a], rng.random()))

=== wrong: exploring leaves out the best action
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    # the best action has the probability 1 - epsilon, all others share the rest
    best = rng.choice(np.flatnonzero(q == q.max()))
    p = np.full(len(q), epsilon / len(q))
    p[best] = 1 - epsilon
    return rng.choice(len(q), p=p / p.sum())

=== wrong: it explores although epsilon is 0
def epsilon_greedy(q, epsilon, rng):
    epsilon = max(epsilon, 0.01)  # never stop exploring
    if rng.random() < epsilon:
        return rng.integers(len(q))
    return q.argmax()

=== wrong: it explores although epsilon is 0
import numpy as np

def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        return int(rng.integers(len(q)))
    near = np.flatnonzero(q >= q.mean())
    return int(q.argmax()) if len(near) == 1 else int(rng.choice(near))

=== wrong: no such action
def epsilon_greedy(q, epsilon, rng):
    if rng.random() < epsilon:
        return rng.integers(0, 4)  # env.action_space.n
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

=== wrong: the mean of the next values
def q_learning_target(reward, terminated, next_q, gamma):
    if terminated:
        return reward
    return reward + gamma * sum(next_q) / len(next_q)

=== wrong: the number of an action is used as its value
import numpy as np

def q_learning_target(reward, terminated, next_q, gamma):
    if terminated:
        return reward
    best = np.argmax(next_q)
    return reward + gamma * best

=== wrong: the smallest of the next values
def q_learning_target(reward, terminated, next_q, gamma):
    if terminated:
        return reward
    return reward + gamma * sorted(next_q)[0]

=== wrong: the first action's value
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

=== right
import numpy as np

def q_learning_target(reward, terminated, next_q, gamma):
    mask = 0.0 if terminated else 1.0
    return np.float64(reward) + gamma * mask * np.amax(next_q)

=== right
def q_learning_target(reward, terminated, next_q, gamma):
    future = {True: 0.0, False: gamma * next_q.max()}
    return reward + future[bool(terminated)]

=== right
import functools

def q_learning_target(reward, terminated, next_q, gamma):
    best = functools.reduce(lambda a, b: a if a > b else b, next_q.tolist())
    return reward if terminated else reward + gamma * best

=== right
import numpy as np

def q_learning_target(reward, terminated, next_q, gamma):
    # with sorting, on a copy
    top = np.sort(next_q)[::-1][0]
    return np.dot([1.0, gamma * (not terminated)], [reward, top])

=== right
def q_learning_target(reward, terminated, next_q, gamma):
    try:
        return [reward + gamma * next_q.max(), reward][terminated]
    finally:
        del next_q

=== wrong: the value of a terminal state was kept
import numpy as np

def q_learning_target(reward, terminated, next_q, gamma):
    td_target = reward + gamma * np.max(next_q[:])
    return td_target

=== wrong: the value of a terminal state was kept
def q_learning_target(reward, terminated, next_q, gamma):
    if next_q is None:  # the last state
        return reward
    return reward + gamma * max(next_q)

=== wrong: a penalty at the end of the episode
def q_learning_target(reward, terminated, next_q, gamma):
    if terminated:
        reward = -1.0
        return reward
    return reward + gamma * next_q.max()

=== wrong: gamma is written as a number
import numpy as np

GAMMA = 0.95

def q_learning_target(reward, terminated, next_q, gamma):
    return reward + (0 if terminated else GAMMA * np.max(next_q))

=== wrong: the next value is subtracted
def q_learning_target(reward, terminated, next_q, gamma):
    return reward - gamma * max(next_q) * (1 - terminated)

=== wrong: softmax weights
import numpy as np

def q_learning_target(reward, terminated, next_q, gamma):
    p = np.exp(next_q) / np.exp(next_q).sum()
    return reward + gamma * (p @ next_q) * (not terminated)

=== wrong: a soft maximum
import numpy as np

def q_learning_target(reward, terminated, next_q, gamma):
    soft = np.log(np.sum(np.exp(next_q)))
    return reward if terminated else reward + gamma * soft

=== wrong: a sign stands where gamma should count
def q_learning_target(reward, terminated, next_q, gamma):
    if terminated:
        return reward
    return reward + gamma - max(next_q)

=== wrong: the sum of the next values
def q_learning_target(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.sum() * (not terminated)

=== wrong: the last action's value
def q_learning_target(reward, terminated, next_q, gamma):
    if terminated:
        return reward
    return reward + gamma * next_q[-1]

=== wrong: ~ on a Python bool
def q_learning_target(reward, terminated, next_q, gamma):
    not_done = ~terminated
    return reward + not_done * gamma * next_q.max()
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

=== wrong: alpha weighs the wrong part
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

=== wrong: the entry of the best action is changed
def td_update(q, obs, action, td_target, alpha):
    best = q[obs].argmax()
    td_error = td_target - q[obs, best]
    q[obs, best] += alpha * td_error
    return td_error

=== wrong: the new value is returned
def td_update(q, obs, action, td_target, alpha):
    q[obs, action] += alpha * (td_target - q[obs, action])
    return q[obs, action]

=== wrong: the error is taken after the change
def td_update(q, obs, action, td_target, alpha):
    q[obs, action] += alpha * (td_target - q[obs, action])
    td_error = td_target - q[obs, action]
    return td_error

=== wrong: the step is returned
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

=== right
import numpy as np

def td_update(q, obs, action, td_target, alpha):
    delta = np.subtract(td_target, q[obs, action])
    q.itemset((obs, action), q[obs, action] + alpha * delta) if hasattr(q, "itemset") else (
        q.__setitem__((obs, action), q[obs, action] + alpha * delta)
    )
    return delta

=== right
def td_update(q, obs, action, td_target, alpha):
    old, cell = q[obs, action].item(), q[obs : obs + 1, action : action + 1]
    cell += alpha * (td_target - old)
    return td_target - old

=== right
def td_update(q, obs, action, td_target, alpha):
    flat = q.ravel()  # a view, as q is one block
    i = obs * q.shape[1] + action
    error = td_target - flat[i]
    flat[i] = flat[i] * (1 - alpha) + td_target * alpha
    return error

=== right
import numpy as np

def td_update(q, obs, action, td_target, alpha):
    one_hot = np.zeros_like(q)
    one_hot[obs, action] = 1.0
    error = td_target - (q * one_hot).sum()
    q += alpha * error * one_hot
    return error

=== right
def td_update(q, obs, action, td_target, alpha):
    step = lambda error: (error, q.__setitem__((obs, action), q[obs, action] + alpha * error))
    return step(td_target - q[obs, action])[0]

=== wrong: the step size is missing
def td_update(q, obs, action, td_target, alpha):
    # Q(s, a) = reward + discounted best value
    td_error = td_target - q[obs, action]
    q[obs, action] = td_target
    return td_error

=== wrong: alpha weighs the wrong part
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs][action]
    q[obs][action] = q[obs][action] * alpha + td_target * (1 - alpha)
    return td_error

=== wrong: the target is added without the old value taken off
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    q[obs, action] = q[obs, action] + alpha * td_target - 0 * q[obs, action]
    return td_error

=== wrong: the old value is taken off without the step size
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    q[obs, action] = q[obs, action] + alpha * td_target - q[obs, action]
    return td_error

=== wrong: the error has the wrong sign
def td_update(q, obs, action, td_target, alpha):
    td_error = q[obs, action] - td_target
    q[obs, action] = q[obs, action] + alpha * td_error
    return td_error

=== wrong: the old value is shrunk twice
def td_update(q, obs, action, td_target, alpha):
    old = q[obs, action]
    q[obs, action] = (1 - alpha) * old + alpha * (td_target - old)
    return td_target - old

=== wrong: the whole row is changed
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    q[obs, :] = (1 - alpha) * q[obs, :] + alpha * td_target
    return td_error

=== wrong: result not stored
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    new_q = [list(row) for row in q]
    new_q[obs][action] += alpha * td_error
    q = new_q
    return td_error

=== wrong: the step size is written as a number
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    q[obs, action] += 0.1 * td_error
    return td_error

=== wrong: the new value is returned
def td_update(q, obs, action, td_target, alpha):
    new_value = (1 - alpha) * q[obs, action] + alpha * td_target
    q[obs, action] = new_value
    return new_value

=== wrong: the step is divided by the step size
def td_update(q, obs, action, td_target, alpha):
    td_error = td_target - q[obs, action]
    q[obs, action] += td_error / alpha
    return td_error
''',
)

VALUE_ITERATION_SWEEP = answers(
    "dqnlib.planning.value_iteration_sweep",
    r'''
=== right
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for probability, next_obs, reward, terminated in outcomes[obs][action]:
                target = reward if terminated else reward + gamma * q[next_obs].max()
                new[obs, action] += probability * target
    return new

=== right
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    # values of the states first, as in the book
    v = np.max(q, axis=1)
    new = q.copy()
    for s, actions in outcomes.items():
        for a, transitions in actions.items():
            new[s, a] = sum(p * (r + gamma * v[s_] * (not done)) for p, s_, r, done in transitions)
    return new

=== right
def value_iteration_sweep(q, outcomes, gamma):
    return [
        [
            sum(p * (r + (0 if t else gamma * max(q[n]))) for p, n, r, t in outcomes[s][a])
            for a in range(len(q[s]))
        ]
        for s in range(len(q))
    ]

=== right
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    n, a = q.shape
    reward, move = np.zeros((n, a)), np.zeros((n, a, n))
    for s, b in np.ndindex(n, a):
        for p, s2, r, t in outcomes[s][b]:
            reward[s, b] += p * r
            move[s, b, s2] += p * (1 - t)
    return reward + gamma * move @ q.max(1)

=== right
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.empty_like(q)
    for s in range(q.shape[0]):
        for a in range(q.shape[1]):
            p, s2, r, t = (np.array(column) for column in zip(*outcomes[s][a]))
            new[s, a] = p @ (r + gamma * q[s2].max(1) * (1 - t))
    return new

=== right
import torch

def value_iteration_sweep(q, outcomes, gamma):
    table = torch.tensor(q)
    new = torch.zeros_like(table)
    for s in range(len(table)):
        for a in range(table.shape[1]):
            for p, s2, r, t in outcomes[s][a]:
                new[s, a] += p * (r + gamma * float(table[s2].max()) * (not t))
    return new

=== right
from collections import defaultdict
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    sums = defaultdict(float)
    for s in reversed(range(len(q))):
        for a in outcomes[s]:
            for o in outcomes[s][a]:
                follow = 0 if o[3] else gamma * q[o[1]].max()
                sums[s, a] += o[0] * (o[2] + follow)
    return np.array([[sums[s, a] for a in range(q.shape[1])] for s in range(q.shape[0])])

=== right
import numpy as np

def backup(q, transitions, gamma):
    total = 0.0
    for p, s2, r, t in transitions:
        if t:
            total += p * r
            continue
        total += p * (r + gamma * np.max(q[s2]))
    return total

@exercise("dqnlib.planning.value_iteration_sweep")
def value_iteration_sweep(q, outcomes, gamma):
    new = np.full(q.shape, np.nan)
    for s, a in np.ndindex(*q.shape):
        new[s, a] = backup(q, outcomes[s][a], gamma)
    return new

=== right
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    import copy

    old, new = copy.deepcopy(q), {}
    for s in range(len(old)):
        new[s] = np.zeros(old.shape[1])
        for a in range(old.shape[1]):
            for p, s2, r, t in outcomes[s][a]:
                new[s][a] = new[s][a] + p * r + p * (1 - t) * gamma * old[s2, old[s2].argmax()]
    return np.stack([new[s] for s in sorted(new)])

=== blank
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for probability, next_obs, reward, terminated in outcomes[obs][action]:
                new[obs, action] += ____
    return new

=== blank
def value_iteration_sweep(q, outcomes, gamma):
    return ____

=== blank
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros_like(q)
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for probability, next_obs, reward, terminated in outcomes[obs][action]:
                new[obs, action] += probability * ____
    return new

=== blank
def value_iteration_sweep(q, outcomes, gamma):
    pass

=== blank
def value_iteration_sweep(q, outcomes, gamma):
    """One sweep."""
    raise NotImplementedError("later")

=== wrong: the value of a terminal state was kept
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, next_obs, reward, terminated in outcomes[obs][action]:
                new[obs, action] += prob * (reward + gamma * q[next_obs].max())
    return new

=== wrong: the value of a terminal state was kept
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    V = np.max(q, axis=1)
    Q = np.zeros_like(q)
    for s in range(q.shape[0]):
        for a in range(q.shape[1]):
            for o in outcomes[s][a]:
                p = o[0]
                s2 = o[1]
                r = o[2]
                Q[s, a] += p * (r + gamma * V[s2])
    return Q

=== wrong: terminated is used the wrong way round
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, next_obs, reward, terminated in outcomes[obs][action]:
                follow = gamma * q[next_obs].max() if terminated else 0
                new[obs, action] += prob * (reward + follow)
    return new

=== wrong: each outcome counts in full, however unlikely it is
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, next_obs, reward, terminated in outcomes[obs][action]:
                new[obs, action] += reward + gamma * q[next_obs].max() * (1 - terminated)
    return new

=== wrong: each outcome counts in full, and the end counts for nothing
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, next_obs, reward, terminated in outcomes[obs][action]:
                new[obs, action] += reward + gamma * q[next_obs].max()
    return new

=== wrong: the outcomes count alike, however likely they are
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, next_obs, reward, terminated in outcomes[obs][action]:
                worth = reward + gamma * q[next_obs].max() * (1 - terminated)
                new[obs, action] += worth / len(outcomes[obs][action])
    return new

=== wrong: the probability does not reach the reward
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, next_obs, reward, terminated in outcomes[obs][action]:
                new[obs, action] += reward + gamma * prob * q[next_obs].max() * (1 - terminated)
    return new

=== wrong: the probability does not reach what follows
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, next_obs, reward, terminated in outcomes[obs][action]:
                new[obs, action] += prob * reward + gamma * q[next_obs].max() * (1 - terminated)
    return new

=== wrong: only the last outcome counts
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, next_obs, reward, terminated in outcomes[obs][action]:
                new[obs, action] = prob * (reward + gamma * q[next_obs].max() * (1 - terminated))
    return new

=== wrong: only the last outcome counts
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros(q.shape)
    for s in range(q.shape[0]):
        for a in range(q.shape[1]):
            for p, s2, r, t in outcomes[s][a]:
                total = 0
                total += p * (r + gamma * max(q[s2]) * (not t))
            new[s, a] = total
    return new

=== wrong: only the first outcome counts
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros(q.shape)
    for s in range(q.shape[0]):
        for a in range(q.shape[1]):
            p, s2, r, t = outcomes[s][a][0]
            new[s, a] = p * (r + gamma * max(q[s2]) * (not t))
    return new

=== wrong: the mean of the next values
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, next_obs, reward, terminated in outcomes[obs][action]:
                follow = 0 if terminated else gamma * q[next_obs].mean()
                new[obs, action] += prob * (reward + follow)
    return new

=== wrong: the number of an action is used as its value
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, next_obs, reward, terminated in outcomes[obs][action]:
                follow = 0 if terminated else gamma * np.argmax(q[next_obs])
                new[obs, action] += prob * (reward + follow)
    return new

=== wrong: the worst next action is taken
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, next_obs, reward, terminated in outcomes[obs][action]:
                new[obs, action] += prob * (reward + gamma * min(q[next_obs]) * (1 - terminated))
    return new

=== wrong: the best value of the whole table
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, next_obs, reward, terminated in outcomes[obs][action]:
                new[obs, action] += prob * (reward + gamma * np.max(q) * (1 - terminated))
    return new

=== wrong: the value of the state itself, not of the next one
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, next_obs, reward, terminated in outcomes[obs][action]:
                new[obs, action] += prob * (reward + gamma * q[obs].max() * (1 - terminated))
    return new

=== wrong: the discount is missing
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    prev_v = q.max(1)
    return np.array([
        [sum([p * (r + prev_v[s_] * (not t)) for p, s_, r, t in outcomes[s][a]])
         for a in range(q.shape[1])]
        for s in range(q.shape[0])
    ])

=== wrong: gamma discounts the reward as well
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, next_obs, reward, terminated in outcomes[obs][action]:
                best = q[next_obs].max() * (1 - terminated)
                new[obs, action] += gamma * prob * (reward + best)
    return new

=== wrong: the reward is missing
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, next_obs, reward, terminated in outcomes[obs][action]:
                new[obs, action] += prob * gamma * q[next_obs].max() * (1 - terminated)
    return new

=== wrong: the reward is dropped when the episode ends
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, next_obs, reward, terminated in outcomes[obs][action]:
                if terminated:
                    continue
                new[obs, action] += prob * (reward + gamma * q[next_obs].max())
    return new

=== wrong: reward and next state have changed places
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, reward, next_obs, terminated in outcomes[obs][action]:
                new[obs, action] += prob * (reward + gamma * q[next_obs].max() * (1 - terminated))
    return new

=== wrong: new values are used within the same sweep
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    q = q.copy()
    for s in range(len(q)):
        for a in range(q.shape[1]):
            q[s, a] = sum(p * (r + gamma * max(q[n]) * (not t)) for p, n, r, t in outcomes[s][a])
    return q

=== wrong: the old value is still in the sum
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = q.copy()
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, next_obs, reward, terminated in outcomes[obs][action]:
                new[obs, action] += prob * (reward + gamma * q[next_obs].max() * (1 - terminated))
    return new

=== wrong: the value moves half of the way only
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    alpha, new = 0.5, q.copy()
    for s, a in np.ndindex(q.shape):
        target = sum(p * (r + gamma * q[n].max() * (not t)) for p, n, r, t in outcomes[s][a])
        new[s, a] += alpha * (target - new[s, a])
    return new

=== wrong: gamma is written as a number
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, next_obs, reward, terminated in outcomes[obs][action]:
                new[obs, action] += prob * (reward + 0.9 * q[next_obs].max() * (1 - terminated))
    return new

=== wrong: another value
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, next_obs, reward, terminated in outcomes[obs][action]:
                best = abs(q[next_obs]).max() * (1 - terminated)
                new[obs, action] += prob * (reward + gamma * best)
    return new

=== wrong: another value
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    # two sweeps are quicker than one
    for _ in range(2):
        new = np.zeros_like(q)
        for s, a in np.ndindex(q.shape):
            for p, n, r, t in outcomes[s][a]:
                new[s, a] += p * (r + gamma * q[n].max() * (not t))
        q = new
    return q

=== wrong: arguments changed
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = q
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, next_obs, reward, terminated in outcomes[obs][action]:
                q[obs, action] = prob * (reward + gamma * q[next_obs].max() * (1 - terminated))
    return new

=== wrong: arguments changed
def value_iteration_sweep(q, outcomes, gamma):
    for s in range(len(q)):
        for a in range(len(q[s])):
            q[s, a] = sum(p * (r + gamma * max(q[n]) * (not t)) for p, n, r, t in outcomes[s][a])
    return q

=== wrong: wrong shape
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    v = np.zeros(len(q))  # the best of each row
    for s in range(len(q)):
        v[s] = max(
            sum(p * (r + gamma * q[n].max() * (not t)) for p, n, r, t in outcomes[s][a])
            for a in range(q.shape[1])
        )
    return v

=== wrong: wrong shape
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((48, 4))
    for s in range(len(q)):
        for a in range(len(q[s])):
            for p, n, r, t in outcomes[s][a]:
                new[s, a] += p * (r + gamma * q[n].max() * (not t))
    return new

=== wrong: wrong shape
def value_iteration_sweep(q, outcomes, gamma):
    for s in range(len(q)):
        for a in range(len(q[s])):
            for p, n, r, t in outcomes[s][a]:
                return p * (r + gamma * q[n].max() * (not t))

=== wrong: wrong type
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = {}
    for s in range(len(q)):
        for a in range(len(q[s])):
            new[s, a] = sum(p * (r + gamma * q[n].max() * (not t)) for p, n, r, t in outcomes[s][a])
    return new

=== wrong: wrong type
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, next_obs, reward, terminated in outcomes[obs][action]:
                new[obs, action] += prob * (reward + gamma * q[next_obs].max() * (1 - terminated))
    return str(new)

=== wrong: returned None
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, next_obs, reward, terminated in outcomes[obs][action]:
                new[obs, action] += prob * (reward + gamma * q[next_obs].max() * (1 - terminated))
    np.copyto(q.copy(), new)

=== wrong: returned NaN
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, next_obs, reward, terminated in outcomes[obs][action]:
                follow = -np.inf if terminated else q[next_obs].max()
                new[obs, action] += prob * (reward + gamma * follow * (1 - terminated))
    return new

=== wrong: other parameters
def value_iteration_sweep(q, outcomes):
    return q

=== wrong: another name
def sweep(q, outcomes, gamma):
    return q

=== wrong: not a plain function
def value_iteration_sweep(q, outcomes, gamma):
    for s in range(len(q)):
        yield [sum(p * r for p, n, r, t in outcomes[s][a]) for a in range(len(q[s]))]

=== wrong: raises NameError
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, next_obs, reward, terminated in outcomes[obs][action]:
                new[obs, action] += probability * (reward + gamma * q[next_obs].max())
    return new

=== wrong: raises IndexError
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, next_obs, reward, terminated in outcomes[obs][action]:
                new[obs, action] += prob * (reward + gamma * q[next_obs + 1].max())
    return new

=== wrong: raises ZeroDivisionError
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, next_obs, reward, terminated in outcomes[obs][action]:
                n = len(outcomes[obs][action]) - 1  # as for a variance
                new[obs, action] += prob * reward / n + gamma * q[next_obs].max() * (1 - terminated)
    return new

=== wrong: negative values are cut off at 0
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, next_obs, reward, terminated in outcomes[obs][action]:
                best = 0
                for value in q[next_obs]:
                    best = max(best, value)
                new[obs, action] += prob * (reward + gamma * best * (1 - terminated))
    return new

=== wrong: another value
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros_like(q)
    for s in range(len(q)):
        for a in (0, 1):  # left and right
            for p, n, r, t in outcomes[s][a]:
                new[s, a] += p * (r + gamma * q[n].max() * (not t))
    return new

=== wrong: raises TypeError
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, next_obs, reward, terminated in outcomes[obs][action]:
                new[obs, action] += prob * (reward + gamma * max(q[next_obs].max()))
    return new

=== wrong: raises ValueError
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, next_obs, reward in outcomes[obs][action]:
                new[obs, action] += prob * (reward + gamma * q[next_obs].max())
    return new

=== wrong: not the same each time
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    # one outcome, drawn at random
    new = np.zeros(q.shape)
    for s, a in np.ndindex(q.shape):
        k = np.random.randint(len(outcomes[s][a]))
        p, n, r, t = outcomes[s][a][k]
        new[s, a] = r + gamma * q[n].max() * (not t)
    return new

=== wrong: it prints
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    new = np.zeros((len(q), len(q[0])))
    for obs in range(len(q)):
        for action in range(len(q[obs])):
            for prob, next_obs, reward, terminated in outcomes[obs][action]:
                print(obs, action)
                new[obs, action] += prob * (reward + gamma * q[next_obs].max() * (1 - terminated))
    return new

=== wrong: calls input()
def value_iteration_sweep(q, outcomes, gamma):
    input("sweep? ")
    return q

=== wrong, 0.3 s: does not end
import numpy as np

def value_iteration_sweep(q, outcomes, gamma):
    # until nothing changes
    new = q.copy()
    while True:
        old = new.copy()
        for s, a in np.ndindex(q.shape):
            what = outcomes[s][a]
            new[s, a] = sum(p * (r + gamma * old[n].max() * (not t)) for p, n, r, t in what)
        if (old == new).sum() > q.size:
            return new
''',
)

ANSWERS = (
    *EPSILON_GREEDY,
    *Q_LEARNING_TARGET,
    *TD_UPDATE,
    *VALUE_ITERATION_SWEEP,
)
