"""Answers to the exercises of lesson 06b, as learners write them."""

from answers import answers

FIND = answers(
    "dqnlib.prioritized.find",
    r'''
=== right
def find(nodes, x):
    leaves, node = len(nodes) // 2, 1
    while node < leaves:
        node *= 2
        if x >= nodes[node]:
            x -= nodes[node]
            node += 1
    return node - leaves

=== right
import numpy as np

def find(nodes, x):
    """No tree at all: the running sum of the leaves."""
    leaves = nodes[len(nodes) // 2 :]
    return int(np.searchsorted(np.cumsum(leaves), x, side="right"))

=== right
def find(nodes, x, node=1):
    # from the root down, by recursion
    if node >= len(nodes) // 2:
        return node - len(nodes) // 2
    left = 2 * node
    if x < nodes[left]:
        return find(nodes, x, left)
    return find(nodes, x - nodes[left], left + 1)

=== right
def find(nodes, x):
    """One leaf after the other."""
    half = len(nodes) // 2
    for place in range(half):
        if x < nodes[half + place]:
            return place
        x = x - nodes[half + place]

=== right
def find(nodes, x):
    node = 1
    while 2 * node < len(nodes):
        left, right = 2 * node, 2 * node + 1
        goes_right = int(not x < nodes[left])
        x -= goes_right * nodes[left]
        node = (left, right)[goes_right]
    return node - (len(nodes) >> 1)

=== right
import numpy as np

def find(nodes, x):
    # the bits of the place, from the highest on
    leaves = len(nodes) // 2
    place, node = 0, 1
    for _ in range(int(np.log2(leaves))):
        bit = x >= nodes[2 * node]
        x, node, place = x - bit * nodes[2 * node], 2 * node + bit, 2 * place + int(bit)
    return place

=== right
from itertools import accumulate

def find(nodes, x):
    sums = list(accumulate(nodes[len(nodes) // 2 :]))
    return sum(total <= x for total in sums)

=== blank
def find(nodes, x):
    return ____

=== blank
def find(nodes, x):
    leaves, node = len(nodes) // 2, 1
    while node < leaves:
        node = ____
    return node - leaves

=== blank
def find(nodes, x):
    raise NotImplementedError

=== wrong: x stays as it was on the way to the right
def find(nodes, x):
    leaves, node = len(nodes) // 2, 1
    while node < leaves:
        node = 2 * node if x < nodes[2 * node] else 2 * node + 1
    return node - leaves

=== wrong: left and right are the wrong way round
def find(nodes, x):
    leaves, node = len(nodes) // 2, 1
    while node < leaves:
        left = 2 * node
        if x < nodes[left]:
            x, node = x - nodes[left], left + 1
        else:
            node = left
    return node - leaves

=== wrong: left and right are the wrong way round
def find(nodes, x):
    leaves, node = len(nodes) // 2, 1
    while node < leaves:
        node = 2 * node + int(x < nodes[2 * node])
    return node - leaves

=== wrong: the number of the node in place of its place
def find(nodes, x):
    node = 1
    while node < len(nodes) // 2:
        node = 2 * node
        if x >= nodes[node]:
            x -= nodes[node]
            node += 1
    return node

=== wrong: a running sum counts for the place before it
def find(nodes, x):
    leaves, node = len(nodes) // 2, 1
    while node < leaves:
        node = 2 * node
        if x > nodes[node]:
            x -= nodes[node]
            node += 1
    return node - leaves

=== wrong: a running sum counts for the place before it
import numpy as np

def find(nodes, x):
    return int(np.searchsorted(np.cumsum(nodes[len(nodes) // 2 :]), x))

=== wrong: the wrong sum is taken away from x
def find(nodes, x):
    leaves, node = len(nodes) // 2, 1
    while node < leaves:
        left, right = 2 * node, 2 * node + 1
        if x < nodes[left]:
            node = left
        else:
            x -= nodes[right]
            node = right
    return node - leaves

=== wrong: the wrong sum is taken away from x
def find(nodes, x):
    leaves, node = len(nodes) // 2, 1
    while node < leaves:
        if x >= nodes[2 * node]:
            x -= nodes[node]
            node = 2 * node + 1
        else:
            node = 2 * node
    return node - leaves

=== wrong: x is compared with the right child
def find(nodes, x):
    leaves, node = len(nodes) // 2, 1
    while node < leaves:
        left = 2 * node
        if x >= nodes[left + 1]:
            x -= nodes[left]
            node = left + 1
        else:
            node = left
    return node - leaves

=== wrong: x is compared with the node itself
def find(nodes, x):
    leaves, node = len(nodes) // 2, 1
    while node < leaves:
        if x >= nodes[node]:
            x -= nodes[2 * node]
            node = 2 * node + 1
        else:
            node = 2 * node
    return node - leaves

=== wrong: the walk ends one level too early
def find(nodes, x):
    leaves, node = len(nodes) // 2, 1
    while 2 * node < leaves:
        node = 2 * node
        if x >= nodes[node]:
            x -= nodes[node]
            node += 1
    return node - leaves

=== wrong: the places are counted from 1
def find(nodes, x):
    leaves, node = len(nodes) // 2, 1
    while node < leaves:
        node = 2 * node
        if x >= nodes[node]:
            x -= nodes[node]
            node += 1
    return node - leaves + 1

=== wrong: the largest priority, whatever x is
def find(nodes, x):
    return int(nodes[len(nodes) // 2 :].argmax())

=== wrong: the larger child, whatever x is
def find(nodes, x):
    leaves, node = len(nodes) // 2, 1
    while node < leaves:
        node = 2 * node
        if nodes[node + 1] > nodes[node]:
            node += 1
    return node - leaves

=== wrong: the running sum goes over the inner nodes, too
import numpy as np

def find(nodes, x):
    return int(np.searchsorted(np.cumsum(nodes[1:]), x, side="right"))

=== wrong: x is taken for a share of 1
def find(nodes, x):
    leaves, node = len(nodes) // 2, 1
    x = x * nodes[1]
    while node < leaves:
        node = 2 * node
        if x >= nodes[node]:
            x -= nodes[node]
            node += 1
    return node - leaves

=== wrong: raises IndexError
def find(nodes, x):
    leaves, node = len(nodes) // 2, 1
    while True:  # at least one level down, also where the root is the only leaf
        node = 2 * node
        if x >= nodes[node]:
            x -= nodes[node]
            node += 1
        if node >= leaves:
            return node - leaves

=== wrong: raises IndexError
def find(nodes, x):
    leaves, node = len(nodes) // 2, 1
    for _ in range(leaves // 2):  # that many levels only where there are four leaves
        node = 2 * node
        if x >= nodes[node]:
            x -= nodes[node]
            node += 1
    return node - leaves

=== wrong: raises NameError
def find(nodes, x):
    node = 1
    while node < leaves:
        node = 2 * node
    return node - leaves

=== wrong: it prints
def find(nodes, x):
    leaves, node = len(nodes) // 2, 1
    while node < leaves:
        node = 2 * node
        print(node, nodes[node])
        if x >= nodes[node]:
            x -= nodes[node]
            node += 1
    return node - leaves

=== wrong: another name
def search(nodes, x):
    leaves, node = len(nodes) // 2, 1
    while node < leaves:
        node = 2 * node
        if x >= nodes[node]:
            x -= nodes[node]
            node += 1
    return node - leaves

=== wrong: does not end
def find(nodes, x):
    leaves, node = len(nodes) // 2, 1
    while node < leaves:
        left = 2 * node
        if x >= nodes[left]:
            x -= nodes[left]
            left += 1
    return node - leaves

=== wrong: returned None
def find(nodes, x):
    leaves, node = len(nodes) // 2, 1
    while node < leaves:
        node = 2 * node
        if x >= nodes[node]:
            x -= nodes[node]
            node += 1
    node - leaves

=== wrong: arguments changed
def find(nodes, x):
    leaves, node = len(nodes) // 2, 1
    while node < leaves:
        node = 2 * node
        if x >= nodes[node]:
            x -= nodes[node]
            node += 1
    nodes[node] = 0.0
    return node - leaves
''',
)

IMPORTANCE_WEIGHTS = answers(
    "dqnlib.prioritized.importance_weights",
    r"""
=== right
def importance_weights(probability, size, beta):
    w = (1 / (size * probability)) ** beta
    return w / w.max()

=== right
def importance_weights(probability, size, beta):
    return (probability.min() / probability) ** beta  # N cancels, and so does the rest

=== right
import numpy as np

def importance_weights(probability, size, beta):
    log_w = -beta * np.log(size * probability)
    return np.exp(log_w - log_w.max())

=== right
import numpy as np

def importance_weights(probability, size, beta):
    weights = [(1 / size * 1 / p) ** beta for p in probability]
    return np.array(weights) / max(weights)

=== right
def importance_weights(probability, size, beta):
    weight = 1 / (size * probability)
    weight /= weight.max()  # before the power: the same
    return weight**beta

=== right
import torch

def importance_weights(probability, size, beta):
    p = torch.as_tensor(probability)
    w = (size * p).pow(-beta)
    return (w / w.max()).numpy()

=== blank
def importance_weights(probability, size, beta):
    return ____

=== blank
def importance_weights(probability, size, beta):
    w = ____
    return w / w.max()

=== blank
def importance_weights(probability, size, beta):
    raise NotImplementedError

=== wrong: the frequent ones get the large weights
def importance_weights(probability, size, beta):
    w = (size * probability) ** beta
    return w / w.max()

=== wrong: not divided by the largest
def importance_weights(probability, size, beta):
    return (1 / size * 1 / probability) ** beta

=== wrong: divided by the sum
def importance_weights(probability, size, beta):
    w = (size * probability) ** -beta
    return w / w.sum()

=== wrong: divided by the mean
def importance_weights(probability, size, beta):
    w = (size * probability) ** -beta
    return w / w.mean()

=== wrong: divided by the smallest
def importance_weights(probability, size, beta):
    w = (size * probability) ** -beta
    return w / w.min()

=== wrong: beta is a factor
def importance_weights(probability, size, beta):
    w = 1 / (size * probability)
    return beta * w / w.max()

=== wrong: beta is left out
def importance_weights(probability, size, beta):
    w = 1 / (size * probability)
    return w / w.max()

=== wrong: 1 − beta in place of beta
def importance_weights(probability, size, beta):
    w = (size * probability) ** (beta - 1)
    return w / w.max()

=== wrong: 1/beta in place of beta
def importance_weights(probability, size, beta):
    w = (1 / (size * probability)) ** (1 / beta)
    return w / w.max()

=== wrong: only the weights above 1 are cut down
def importance_weights(probability, size, beta):
    return ((size * probability) ** -beta).clip(max=1)

=== wrong: one minus the probability
def importance_weights(probability, size, beta):
    w = (1 - probability) ** beta
    return w / w.max()

=== wrong: divided by the first
def importance_weights(probability, size, beta):
    w = (size * probability) ** -beta
    return w / w[0]

=== wrong: divided by the last
def importance_weights(probability, size, beta):
    w = (size * probability) ** -beta
    return w / w[-1]

=== wrong: divided only where a weight is above 1
def importance_weights(probability, size, beta):
    w = (size * probability) ** -beta
    return w / max(1, w.max())

=== wrong: divided by the largest twice over
def importance_weights(probability, size, beta):
    w = (size * probability) ** -beta
    w = w / w.max() ** 2
    return w

=== wrong: the exponential in place of a power
import numpy as np

def importance_weights(probability, size, beta):
    w = np.exp(-beta * size * probability)
    return w / w.max()

=== wrong: raises NameError
def importance_weights(probability, size, beta):
    w = torch.pow(size * probability, -beta)
    return w / w.max()

=== wrong: it prints
def importance_weights(probability, size, beta):
    w = (size * probability) ** -beta
    print(w.max())
    return w / w.max()

=== wrong: another name
def is_weights(probability, size, beta):
    w = (size * probability) ** -beta
    return w / w.max()

=== wrong: does not end
def importance_weights(probability, size, beta):
    w = (size * probability) ** -beta
    while w.max() >= 1:
        w = w / w.max()
    return w

=== wrong: returned None
def importance_weights(probability, size, beta):
    w = (size * probability) ** -beta
    w / w.max()
""",
)

ANSWERS = (*FIND, *IMPORTANCE_WEIGHTS)
