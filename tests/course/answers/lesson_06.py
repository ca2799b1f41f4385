"""Answers to the exercises of lesson 06, as learners write them."""

from answers import answers

N_STEP_RETURN = answers(
    "dqnlib.targets.n_step_return",
    r'''
=== right
def n_step_return(reward, terminated, next_value, gamma):
    value = next_value
    for step in reversed(range(reward.shape[1])):
        value = reward[:, step] + gamma * value * ~terminated[:, step]
    return value

=== right
import torch

def n_step_return(reward, terminated, next_value, gamma):
    # forward: what is left of the discount after each step
    total, left = torch.zeros(len(reward)), torch.ones(len(reward))
    for r, ended in zip(reward.T, terminated.T):
        total = total + left * r
        left = left * gamma * (1 - ended.float())
    return total + left * next_value

=== right
import torch

def n_step_return(reward, terminated, next_value, gamma):
    n = reward.shape[1]
    alive = (~terminated).long().cumprod(dim=1)
    counts = torch.cat([torch.ones(len(reward), 1), alive[:, :-1]], dim=1)
    powers = gamma ** torch.arange(n)
    return (reward * counts) @ powers.float() + gamma**n * next_value * alive[:, -1]

=== right
import torch

def n_step_return(reward, terminated, next_value, gamma):
    """By recursion."""
    if reward.shape[1] == 0:
        return next_value
    rest = n_step_return(reward[:, 1:], terminated[:, 1:], next_value, gamma)
    return torch.where(terminated[:, 0], reward[:, 0], reward[:, 0] + gamma * rest)

=== right
import torch

def n_step_return(reward, terminated, next_value, gamma):
    # one row at a time
    found = []
    for rewards, ends, value in zip(reward.tolist(), terminated.tolist(), next_value.tolist()):
        g = value
        for r, end in zip(rewards[::-1], ends[::-1]):
            g = r if end else r + gamma * g
        found.append(g)
    return torch.tensor(found)

=== wrong: what follows the end is counted
def n_step_return(reward, terminated, next_value, gamma):
    value = next_value
    for step in reversed(range(reward.shape[1])):
        value = reward[:, step] + gamma * value
    return value

=== wrong: rewards after the end are counted
def n_step_return(reward, terminated, next_value, gamma):
    n = reward.shape[1]
    value = next_value * ~terminated.any(dim=1)
    total = sum(gamma**k * reward[:, k] for k in range(n))
    return total + gamma**n * value

=== wrong: only the last step's end is looked at
def n_step_return(reward, terminated, next_value, gamma):
    n = reward.shape[1]
    total = sum(gamma**k * reward[:, k] for k in range(n))
    return total + gamma**n * next_value * ~terminated[:, -1]

=== wrong: the value is kept after the end
def n_step_return(reward, terminated, next_value, gamma):
    total, left, n = 0, 1, reward.shape[1]
    for k in range(n):
        total = total + left * gamma**k * reward[:, k]
        left = left * ~terminated[:, k]
    return total + gamma**n * next_value

=== wrong: the last reward is lost
def n_step_return(reward, terminated, next_value, gamma):
    value = next_value
    for step in reversed(range(reward.shape[1])):
        value = (reward[:, step] + gamma * value) * ~terminated[:, step]
    return value

=== wrong: terminated is used the wrong way round
def n_step_return(reward, terminated, next_value, gamma):
    value = next_value
    for step in reversed(range(reward.shape[1])):
        value = reward[:, step] + gamma * value * terminated[:, step]
    return value

=== wrong: γ is not raised to the power n
def n_step_return(reward, terminated, next_value, gamma):
    total, left = 0, 1
    for k in range(reward.shape[1]):
        total = total + left * gamma**k * reward[:, k]
        left = left * ~terminated[:, k]
    return total + gamma * next_value * left

=== wrong: the power of γ before the value is one too low
def n_step_return(reward, terminated, next_value, gamma):
    total, left = 0, 1
    for k in range(reward.shape[1]):
        total = total + left * gamma**k * reward[:, k]
        left = left * ~terminated[:, k]
    return total + gamma**k * next_value * left

=== wrong: the value is not discounted
def n_step_return(reward, terminated, next_value, gamma):
    total, left = 0, 1
    for k in range(reward.shape[1]):
        total = total + left * gamma**k * reward[:, k]
        left = left * ~terminated[:, k]
    return total + next_value * left

=== wrong: the discount is missing
def n_step_return(reward, terminated, next_value, gamma):
    value = next_value
    for step in reversed(range(reward.shape[1])):
        value = reward[:, step] + value * ~terminated[:, step]
    return value

=== wrong: the rewards are not discounted
def n_step_return(reward, terminated, next_value, gamma):
    total, left, n = 0, 1, reward.shape[1]
    for k in range(n):
        total = total + left * reward[:, k]
        left = left * ~terminated[:, k]
    return total + gamma**n * next_value * left

=== wrong: every reward is discounted once too often
def n_step_return(reward, terminated, next_value, gamma):
    value = next_value
    n = reward.shape[1]
    for step in reversed(range(n)):
        value = gamma * (reward[:, step] + value * ~terminated[:, step])
    return value

=== wrong: the steps are folded up in the wrong order
def n_step_return(reward, terminated, next_value, gamma):
    value = next_value
    for step in range(reward.shape[1]):
        value = reward[:, step] + gamma * value * ~terminated[:, step]
    return value

=== wrong: the value is missing
import torch

def n_step_return(reward, terminated, next_value, gamma):
    value = torch.zeros(len(reward))
    for step in reversed(range(reward.shape[1])):
        value = reward[:, step] + gamma * value * ~terminated[:, step]
    return value

=== wrong: n is written as a number
def n_step_return(reward, terminated, next_value, gamma):
    value = next_value
    for step in (2, 1, 0):
        value = reward[:, step] + gamma * value * ~terminated[:, step]
    return value

=== wrong: n is written as a number
def n_step_return(reward, terminated, next_value, gamma):
    value = next_value
    for step in (1, 0):
        value = reward[:, step] + gamma * value * ~terminated[:, step]
    return value

=== wrong: only the first step's end is looked at
def n_step_return(reward, terminated, next_value, gamma):
    n = reward.shape[1]
    total = sum(gamma**k * reward[:, k] for k in range(n))
    return total + gamma**n * next_value * ~terminated[:, 0]

=== wrong: the power of γ before the value is one too high
def n_step_return(reward, terminated, next_value, gamma):
    total, left = 0, gamma
    for k in range(reward.shape[1]):
        total = total + left / gamma * reward[:, k]
        left = left * gamma * ~terminated[:, k]
    return total + next_value * left

=== wrong: the same γ before each later reward
def n_step_return(reward, terminated, next_value, gamma):
    total, left, n = reward[:, 0], ~terminated[:, 0], reward.shape[1]
    for k in range(1, n):
        total = total + gamma * reward[:, k] * left
        left = left * ~terminated[:, k]
    return total + gamma**n * next_value * left

=== wrong: the powers of γ run backward
def n_step_return(reward, terminated, next_value, gamma):
    n = reward.shape[1]
    total, left = 0, 1
    for k in range(n):
        total = total + gamma ** (n - 1 - k) * reward[:, k] * left
        left = left * ~terminated[:, k]
    return total + gamma**n * next_value * left

=== wrong: the mean of the rewards in place of their sum
def n_step_return(reward, terminated, next_value, gamma):
    total, left, n = 0, 1, reward.shape[1]
    for k in range(n):
        total = total + gamma**k * reward[:, k] * left
        left = left * ~terminated[:, k]
    return total / n + gamma**n * next_value * left

=== wrong: only the first reward is counted
def n_step_return(reward, terminated, next_value, gamma):
    n = reward.shape[1]
    return reward[:, 0] + gamma**n * next_value * ~terminated.any(dim=1)

=== wrong: only the last reward is counted
def n_step_return(reward, terminated, next_value, gamma):
    n = reward.shape[1]
    last = reward[:, -1] * ~terminated[:, :-1].any(dim=1)
    return gamma ** (n - 1) * last + gamma**n * next_value * ~terminated.any(dim=1)

=== wrong: the batch in place of the steps
import torch

def n_step_return(reward, terminated, next_value, gamma):
    value = torch.zeros(reward.shape[1] + 1)
    for step in reversed(range(len(reward))):
        value = reward[step] + gamma * value * ~terminated[step]
    return value

=== wrong: - in place of ~
def n_step_return(reward, terminated, next_value, gamma):
    value = next_value
    for step in reversed(range(reward.shape[1])):
        value = reward[:, step] + gamma * value * -terminated[:, step]
    return value

=== wrong: another value
def n_step_return(reward, terminated, next_value, gamma):
    # the ends of the first and of the last step, but not those between
    n, value = reward.shape[1], next_value * ~terminated[:, -1]
    for step in reversed(range(n)):
        live = ~terminated[:, step] if step == 0 else 1
        value = reward[:, step] + gamma * value * live
    return value

=== wrong: gamma is written as a number
def n_step_return(reward, terminated, next_value, gamma):
    gamma, value = 0.5, next_value
    for step in reversed(range(reward.shape[1])):
        value = reward[:, step] + gamma * value * ~terminated[:, step]
    return value

=== wrong, 0.5 s: does not end
def n_step_return(reward, terminated, next_value, gamma):
    step = reward.shape[1] - 1
    while step >= 0:
        next_value = reward[:, step] + gamma * next_value * ~terminated[:, step]
    return next_value

=== wrong: raises NameError
def n_step_return(reward, terminated, next_value, gamma):
    value = next_value
    for step in reversed(range(n)):
        value = reward[:, step] + gamma * value * ~terminated[:, step]
    return value

=== wrong: it prints
def n_step_return(reward, terminated, next_value, gamma):
    value = next_value
    for step in reversed(range(reward.shape[1])):
        value = reward[:, step] + gamma * value * ~terminated[:, step]
        print(value)
    return value

=== wrong: another name
@exercise("dqnlib.targets.n_step_return")
def my_return(reward, terminated, next_value, gamma):
    return next_value

=== blank
def n_step_return(reward, terminated, next_value, gamma):
    return ____

=== blank
def n_step_return(reward, terminated, next_value, gamma):
    """n rewards, and then the value."""

=== wrong: gamma is written as a number
def n_step_return(reward, terminated, next_value, gamma):
    value = next_value
    for step in reversed(range(reward.shape[1])):
        value = reward[:, step] + 0.99 * value * ~terminated[:, step]
    return value

=== wrong: - in place of ~
def n_step_return(reward, terminated, next_value, gamma):
    value = next_value
    for step in reversed(range(reward.shape[1])):
        value = reward[:, step] + gamma * value * (1 - terminated[:, step])
    return value

=== wrong: returned None
def n_step_return(reward, terminated, next_value, gamma):
    value = next_value
    for step in reversed(range(reward.shape[1])):
        value = reward[:, step] + gamma * value * ~terminated[:, step]
''',
)

CLASS = """
from collections import deque
from dqnlib import Transition

class NStep:
    def __init__(self, n, gamma):
        self.n, self.gamma, self.window = n, gamma, deque()

    def sum_up(self):
        total = sum(self.gamma**k * step.reward for k, step in enumerate(self.window))
        first, last = self.window[0], self.window[-1]
        return Transition(first.obs, first.action, total, last.next_obs, last.terminated)

    def step(self, transition, ended):
        self.window.append(transition)
        complete = []
        while self.window and (len(self.window) == self.n or transition.terminated):
            complete.append(self.sum_up())
            self.window.popleft()
        if ended:
            self.window.clear()
        return complete
"""


def variants(*wrong: tuple) -> str:
    """Return wrong answers as text: each is a verdict, and what it changes in the right answer."""
    text = ""
    for verdict, *changes in wrong:
        source = CLASS
        for old, new in zip(changes[::2], changes[1::2], strict=True):
            assert old in source, (verdict, old)
            source = source.replace(old, new)
        text += f"\n=== {verdict}\n{source}\n"
    return text


START = """    def __init__(self, n, gamma):
        self.n, self.gamma, self.window = n, gamma, deque()
"""
SHARED = """    window = deque()

    def __init__(self, n, gamma):
        self.n, self.gamma = n, gamma
        self.window.clear()
"""
FULL = "while self.window and (len(self.window) == self.n or transition.terminated):"
LOOP = (
    FULL
    + """
            complete.append(self.sum_up())
            self.window.popleft()
"""
)

N_STEP = answers(
    "dqnlib.transitions.NStep",
    r'''
=== right
from dqnlib import Transition

class NStep:
    """With a list, and the sum from the back."""

    def __init__(self, n, gamma):
        self.n, self.gamma = n, gamma
        self.window = []

    def sum_up(self):
        total = 0.0
        for step in reversed(self.window):
            total = step.reward + self.gamma * total
        first, last = self.window[0], self.window[-1]
        return Transition(first.obs, first.action, total, last.next_obs, last.terminated)

    def step(self, transition, ended):
        self.window.append(transition)
        complete = []
        if len(self.window) == self.n:
            complete.append(self.sum_up())
            del self.window[0]
        if transition.terminated:
            while self.window:
                complete.append(self.sum_up())
                del self.window[0]
        if ended:
            self.window = []
        return complete

=== right
from dqnlib import Transition

class NStep:
    """Sums that grow with every step: sum_up is not needed for them."""

    def __init__(self, n, gamma):
        self.n, self.gamma = n, gamma
        self.begun = []  # [obs, action, sum so far, factor of the next reward]

    def sum_up(self):
        return [g for _, _, g, _ in self.begun]

    def step(self, transition, ended):
        obs, action, reward, next_obs, terminated = transition
        self.begun.append([obs, action, 0.0, 1.0])
        for one in self.begun:
            one[2] += one[3] * reward
            one[3] *= self.gamma
        whole = len(self.begun) if terminated else int(len(self.begun) == self.n)
        complete = [Transition(o, a, g, next_obs, terminated) for o, a, g, _ in self.begun[:whole]]
        self.begun = [] if ended else self.begun[whole:]
        return complete

=== right
from collections import deque
from dqnlib import Transition

class NStep:
    def __init__(self, n, gamma):
        self.n, self.gamma = n, gamma
        self.window = deque(maxlen=n)  # the oldest falls out by itself

    def sum_up(self):
        steps = list(self.window)
        total = sum(self.gamma**k * s.reward for k, s in enumerate(steps))
        return steps[0]._replace(
            reward=total, next_obs=steps[-1].next_obs, terminated=steps[-1].terminated
        )

    def step(self, transition, ended):
        self.window.append(transition)
        complete = []
        if len(self.window) == self.n:
            complete.append(self.sum_up())
            if transition.terminated:
                self.window.popleft()
        while transition.terminated and self.window:
            complete.append(self.sum_up())
            self.window.popleft()
        if ended:
            self.window.clear()
        return complete

=== right
from dqnlib import Transition

class NStep:
    """A whole episode is kept, and the windows are cut out of it."""

    def __init__(self, n, gamma):
        self.n, self.gamma, self.episode = n, gamma, []

    def sum_up(self):
        return self.one(0)

    def one(self, start):
        part = self.episode[start : start + self.n]
        total = sum(self.gamma**k * s.reward for k, s in enumerate(part))
        first, last = part[0], part[-1]
        return Transition(first.obs, first.action, total, last.next_obs, last.terminated)

    def step(self, transition, ended):
        self.episode.append(transition)
        first = len(self.episode) - self.n
        starts = range(max(first, 0), len(self.episode)) if transition.terminated else [first]
        complete = tuple(self.one(k) for k in starts if k >= 0)
        if ended:
            self.episode = []
        return complete

=== right
from collections import deque
from dqnlib import Transition

class NStep:
    def __init__(self, n, gamma):
        self.n, self.gamma, self.window = n, gamma, deque()

    def sum_up(self):
        rewards = [step.reward for step in self.window]
        total = sum(r * self.gamma ** rewards_before for rewards_before, r in enumerate(rewards))
        return Transition(*self.window[0][:2], total, *self.window[-1][3:])

    def is_complete(self, transition):
        return bool(self.window) and (transition.terminated or len(self.window) >= self.n)

    def step(self, transition, ended):
        self.window.append(transition)
        complete = []
        while self.is_complete(transition):
            complete += [self.sum_up()]
            self.window.popleft()
        self.window = deque() if ended else self.window
        return complete

=== blank
from collections import deque

class NStep:
    def __init__(self, n, gamma):
        self.n, self.gamma, self.window = n, gamma, deque()

    def sum_up(self):  # -> Transition
        return ____

    def step(self, transition, ended):  # -> list of Transition
        return ____

=== blank
class NStep:
    """n steps as one."""

=== wrong: raises NameError
from collections import deque

class NStep:
    def __init__(self, n, gamma):
        self.n, self.gamma, self.window = n, gamma, deque()

    def sum_up(self):
        total = sum(gamma**k * step.reward for k, step in enumerate(self.window))
        return self.window[0]._replace(reward=total)

    def step(self, transition, ended):
        self.window.append(transition)
        return []

=== wrong: another name
@exercise("dqnlib.transitions.NStep")
class Window:
    def __init__(self, n, gamma):
        pass

    def sum_up(self):
        pass

    def step(self, transition, ended):
        return []

=== wrong: an empty window is summed up
from collections import deque
from dqnlib import Transition

class NStep:
    def __init__(self, n, gamma):
        self.n, self.gamma, self.window = n, gamma, deque()

    def sum_up(self):
        total = sum(self.gamma**k * step.reward for k, step in enumerate(self.window))
        first, last = self.window[0], self.window[-1]
        return Transition(first.obs, first.action, total, last.next_obs, last.terminated)

    def step(self, transition, ended):
        self.window.append(transition)
        complete = []
        while len(self.window) == self.n or transition.terminated:
            complete.append(self.sum_up())
            self.window.popleft()
        if ended:
            self.window.clear()
        return complete
'''
    + variants(
        (
            "wrong: it prints",
            "        complete = []\n",
            "        complete = []\n        print(ended)\n",
        ),
        (
            "wrong, 0.5 s: does not end",
            FULL,
            "while transition.terminated or len(self.window) == self.n:",
            "            complete.append(self.sum_up())\n            self.window.popleft()\n",
            "            complete = [self.sum_up()]\n",
        ),
        ("wrong: wrong type", "return complete", "return len(complete)"),
        (
            "wrong: obs and action of the last step",
            "first.obs, first.action",
            "last.obs, last.action",
        ),
        (
            "wrong: next_obs and terminated of the first step",
            "last.next_obs, last.terminated",
            "first.next_obs, first.terminated",
        ),
        (
            "wrong: the same γ before each later reward",
            "self.gamma**k * step.reward",
            "(self.gamma if k else 1) * step.reward",
        ),
        ("wrong: a window is one step too short", "== self.n ", ">= max(self.n - 1, 1) "),
        (
            "wrong: a time limit is taken for a termination",
            "complete.append(self.sum_up())",
            "one = self.sum_up()\n"
            "            complete.append(one._replace(terminated=one.terminated or ended))",
        ),
        ("wrong: another sum", "self.gamma**k * step.reward", "self.gamma**k * step.reward + 1"),
        (
            "wrong: other windows",
            "complete.append(self.sum_up())",
            "complete += 2 * [self.sum_up()]",
        ),
        ("wrong: γ is left out of the sum", "self.gamma**k * step.reward", "step.reward"),
        ("wrong: the power of γ is one too high", "self.gamma**k", "self.gamma ** (k + 1)"),
        (
            "wrong: the powers of γ run backward",
            "enumerate(self.window))",
            "enumerate(reversed(self.window)))",
        ),
        (
            "wrong: the mean of the rewards in place of their sum",
            "enumerate(self.window))",
            "enumerate(self.window)) / len(self.window)",
        ),
        (
            "wrong: only the first reward is counted",
            "total, last.next_obs",
            "first.reward, last.next_obs",
        ),
        (
            "wrong: only the last reward is counted",
            "total, last.next_obs",
            "last.reward, last.next_obs",
        ),
        ("wrong: the action of the last step", "first.action", "last.action"),
        ("wrong: obs of the last step", "first.obs", "last.obs"),
        ("wrong: next_obs of the first step", "last.next_obs", "first.next_obs"),
        ("wrong: next_obs is the last step's obs", "last.next_obs", "last.obs"),
        ("wrong: terminated of the first step", "last.terminated", "first.terminated"),
        ("wrong: returned None", "        return complete\n", ""),
        (
            "wrong: one transition in place of a list",
            "return complete",
            "return complete[0] if complete else []",
        ),
        (
            "wrong: something else than transitions",
            "complete.append(self.sum_up())",
            "complete.append(self.sum_up().reward)",
        ),
        (
            "wrong: what a termination cuts short is dropped",
            FULL,
            "while len(self.window) == self.n:",
        ),
        ("wrong: what a termination cuts short is dropped", "while self", "if self"),
        (
            "wrong: what a time limit cuts short is given out",
            "or transition.terminated):",
            "or ended):",
        ),
        (
            "wrong: a time limit is taken for a termination",
            "or transition.terminated):",
            "or ended):",
            "complete.append(self.sum_up())",
            "complete.append(self.sum_up()._replace(terminated=ended))",
        ),
        (
            "wrong: a window crosses the end of an episode",
            FULL,
            "while len(self.window) == self.n:",
            "if ended:",
            "if False:",
        ),
        ("wrong: a window crosses a time limit", "if ended:", "if transition.terminated:"),
        (
            "wrong: the full window is dropped at a time limit",
            "        complete = []\n",
            "        complete = []\n        if ended and not transition.terminated:\n"
            "            self.window.clear()\n",
        ),
        ("wrong: the windows do not overlap", "self.window.popleft()", "self.window.clear()"),
        ("wrong: the newest step goes in place of the oldest", "popleft()", "pop()"),
        ("wrong: a window is one step too long", "== self.n", "> self.n"),
        (
            "wrong: the newest first",
            "complete.append(self.sum_up())",
            "complete.insert(0, self.sum_up())",
        ),
        (
            "wrong: two windows share what they keep",
            START,
            SHARED,
        ),
    ),
)

ANSWERS = (*N_STEP_RETURN, *N_STEP)
