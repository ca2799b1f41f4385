"""Answers to the exercises of lesson 01b, as learners write them."""

from answers import answers

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

=== wrong: the best action follows, as in Q-learning
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        return reward
    return reward + gamma * next_q.max()

=== wrong: the best action follows, as in Q-learning
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

=== wrong: the number of an action is used as its value
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

=== wrong: the reward is missing
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        return reward
    return gamma * next_q[next_action]

=== wrong: the value of the action before
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        return reward
    return reward + gamma * next_q[next_action - 1]

=== wrong: the smallest of the next values
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

=== right
import numpy as np

def sarsa_target(reward, terminated, next_q, next_action, gamma):
    return np.where(terminated, reward, reward + gamma * np.take(next_q, next_action))

=== right
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    values = dict(enumerate(next_q))
    values[-1] = 0.0  # nothing follows
    return reward + gamma * values[next_action]

=== right
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    probs = [float(a == next_action) for a in range(len(next_q))]
    follow = sum(p * v for p, v in zip(probs, next_q))
    return reward if terminated else reward + gamma * follow

=== right
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    match (terminated, next_action):
        case (True, _):
            return float(reward)
        case (_, a):
            return float(reward + gamma * next_q[a])

=== right
def sarsa_target(r, done, q, a, g):
    return r + g * (q[a] - done * q[a])

=== wrong: a sign stands where gamma should count
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    return reward + gamma - (1.0 - terminated) * next_q[next_action]

=== wrong: the best action follows, as in Q-learning
import numpy as np

def sarsa_target(reward, terminated, next_q, next_action, gamma):
    # the greedy policy's next action
    next_action = int(np.argmax(next_q))
    if terminated:
        return reward
    return reward + gamma * next_q[next_action]

=== wrong: the best action follows, as in Q-learning
import numpy as np

def sarsa_target(reward, terminated, next_q, next_action, gamma):
    best = np.flatnonzero(next_q == next_q.max())
    return reward + gamma * next_q[best[0]] * (1 - terminated)

=== wrong: the value of a terminal state was kept
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    td_target = reward + gamma * next_q[next_action]
    return td_target

=== wrong: the reward is missing
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        return reward
    target = gamma * next_q[next_action]
    return target

=== wrong: the value of the action before
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        return reward
    return reward + gamma * next_q[next_action - 1]  # actions are numbered from 1

=== wrong: the smallest of the next values
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    return reward + gamma * min(next_q) * (not terminated)  # the careful one

=== wrong: the next value is subtracted
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    if terminated:
        return reward
    return reward - gamma * next_q[next_action]

=== wrong: terminated is used the wrong way round
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    return reward + gamma * next_q[next_action] * float(terminated)

=== wrong: the mean of the next values
import numpy as np

def sarsa_target(reward, terminated, next_q, next_action, gamma):
    probs = np.ones(len(next_q)) / len(next_q)
    return reward + gamma * np.dot(probs, next_q) * (not terminated)

=== wrong: a penalty at the end of the episode
def sarsa_target(reward, terminated, next_q, next_action, gamma):
    return reward - 1 if terminated else reward + gamma * next_q[next_action]
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

=== wrong: the random part is a sum
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

=== wrong: the worst value in the random part
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    return reward + gamma * ((1 - epsilon) * next_q.max() + epsilon * next_q.min())

=== wrong: the greedy action loses its share of the random part
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

=== wrong: the reward is missing
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

=== right
import numpy as np

def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    best = (next_q >= np.max(next_q)).astype(float)
    policy = (1 - epsilon) * best / best.sum() + epsilon / next_q.size
    return reward + gamma * np.dot(policy, next_q) * (1 - int(terminated))

=== right
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    best, n = max(next_q), len(next_q)
    rest = sum(next_q) - best
    p_best, p_other = 1 - epsilon + epsilon / n, epsilon / n
    return reward if terminated else reward + gamma * (p_best * best + p_other * rest)

=== right
import numpy as np

def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    policy = np.ones(len(next_q)) * epsilon / len(next_q)
    policy[np.argmax(next_q)] = 1 - epsilon + epsilon / len(next_q)
    return reward + (0 if terminated else gamma * sum(policy * next_q))

=== right
import numpy as np

def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    return reward + gamma * float(np.interp(epsilon, [0, 1], [next_q.max(), next_q.mean()]))

=== right
def expected_sarsa_target(r, d, q, e, g):
    parts = (e * v / len(q) + (1 - e) * (i == q.argmax()) * v for i, v in enumerate(q))
    return r + (not d) * g * sum(parts)

=== wrong: the greedy action loses its share of the random part
import numpy as np

def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    policy = np.ones(len(next_q)) * epsilon / len(next_q)
    policy[np.argmax(next_q)] = 1 - epsilon
    return reward + gamma * np.dot(next_q, policy) * (1 - terminated)

=== wrong: exploring leaves out the best action
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    best = next_q.argmax()
    others = [v for a, v in enumerate(next_q) if a != best]
    follow = (1 - epsilon) * next_q[best] + epsilon * sum(others) / len(others)
    return reward if terminated else reward + gamma * follow

=== wrong: softmax weights
import numpy as np

def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    p = np.exp(next_q - next_q.max())
    return reward + gamma * (p / p.sum() @ next_q) * (not terminated)

=== wrong: the best value alone
import numpy as np

def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    # the expectation of the greedy policy
    policy = np.zeros(len(next_q))
    policy[np.argmax(next_q)] = 1
    return reward + gamma * policy @ next_q * (not terminated)

=== wrong: the reward is missing
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    return gamma * ((1 - epsilon) * next_q.max() + epsilon * next_q.mean())

=== wrong: the worst value in the random part
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    return reward + gamma * ((1 - epsilon) * max(next_q) + epsilon * min(next_q))

=== wrong: the greedy part is not weighed
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    expected = next_q.max()
    for value in next_q:
        expected += epsilon / len(next_q) * value
    return reward if terminated else reward + gamma * expected

=== wrong: terminated is used the wrong way round
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    expected = (1 - epsilon) * next_q.max() + epsilon * next_q.mean()
    return reward + gamma * expected * terminated

=== wrong: gamma discounts the reward as well
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    if terminated:
        return reward
    return gamma * (reward + (1 - epsilon) * next_q.max() + epsilon * next_q.mean())

=== wrong: the value of a terminal state was kept
import numpy as np

def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    return reward + gamma * (epsilon * np.mean(next_q) + (1 - epsilon) * np.max(next_q))

=== wrong: epsilon and 1 − epsilon are swapped
def expected_sarsa_target(reward, terminated, next_q, epsilon, gamma):
    n, follow = len(next_q), 0.0
    for a in range(n):
        follow += next_q[a] * ((1 - epsilon) / n + (epsilon if a == next_q.argmax() else 0))
    return reward + gamma * follow * (not terminated)
''',
)

ANSWERS = (
    *SARSA_TARGET,
    *EXPECTED_SARSA_TARGET,
)
