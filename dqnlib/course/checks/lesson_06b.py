"""Lesson 06b: prioritized replay. Expected values are worked by hand beside each case."""

import numpy as np

from dqnlib.course.types import Case, Check, Mistake

TITLE = "06b Prioritized replay"

# -- find ----------------------------------------------------------------------------------


def _tree(*priorities: float) -> np.ndarray:
    """Return the nodes [2 L] of a sum tree with these leaves, L a power of two."""
    nodes = np.array([0.0] * len(priorities) + list(priorities))
    for node in reversed(range(1, len(priorities))):
        nodes[node] = nodes[2 * node] + nodes[2 * node + 1]
    return nodes


def _find_case(priorities, x: float, expected: int, story: str) -> Case:
    shown = ", ".join(f"{p:g}" for p in priorities)
    return Case({"nodes": _tree(*priorities), "x": x}, expected, f"priorities {shown}; {story}")


def _walk(nodes, x, right, taken, start: int = 1, last: int | None = None) -> int:
    """Walk down: right(node, x) says whether to take the right child, taken(node) what x loses."""
    leaves, node = len(nodes) // 2, start
    while node < (leaves if last is None else last):
        left = 2 * node
        if right(left, x):
            x, node = x - taken(left), left + 1
        else:
            node = left
    return node - leaves


FOUR = (3.0, 1.0, 4.0, 2.0)  # running sums 3, 4, 8, 10; nodes 1 to 3: 10, 4, 6
FIND = Check(
    path="dqnlib.prioritized.find",
    returns="one whole number: a place",
    cases=(
        # 6.5 ≥ 4: right, with 2.5 left; 2.5 < 4: left, which is place 2
        _find_case(FOUR, 6.5, 2, "x = 6.5 lies between the running sums 4 and 8"),
        # 9 ≥ 4: right, with 5 left; 5 ≥ 4: right, place 3
        _find_case(FOUR, 9.0, 3, "x = 9 lies between the running sums 8 and 10"),
        # 0 < 2: left; 0 ≥ 0: right, place 1
        _find_case((0.0, 2.0, 0.0, 3.0), 0.0, 1, "x = 0, and place 0 must never be found"),
        # running sums 2, 3, 4, 5, 9, 14, 16, 22: 8.5 is in the fifth, place 4
        # 8.5 ≥ 5: right, 3.5 left; 3.5 < 9: left; 3.5 < 4: left
        _find_case((2.0, 1.0, 1.0, 1.0, 4.0, 5.0, 2.0, 6.0), 8.5, 4, "eight of them, x = 8.5"),
        _find_case((7.0,), 3.0, 0, "one place only: the root is the leaf"),
    ),
    mistakes=(
        Mistake(
            "x stays as it was on the way to the right",
            "On the way to the right child you leave out all that lies under the left one: take "
            "its sum away from x.",
            lambda nodes, x: _walk(nodes, x, lambda k, y: y >= nodes[k], lambda k: 0),
        ),
        Mistake(
            "left and right are the wrong way round",
            "If x is smaller than the sum of the left child, it lies under the left child.",
            lambda nodes, x: _walk(nodes, x, lambda k, y: y < nodes[k], lambda k: nodes[k]),
        ),
        Mistake(
            "left and right are the wrong way round",
            "If x is smaller than the sum of the left child, it lies under the left child.",
            lambda nodes, x: _walk(nodes, x, lambda k, y: y < nodes[k], lambda k: 0),
        ),
        Mistake(
            "the number of the node in place of its place",
            "Leaf k is node L + k: take L, half of len(nodes), away from the node at the end.",
            lambda nodes, x: (
                _walk(nodes, x, lambda k, y: y >= nodes[k], lambda k: nodes[k]) + len(nodes) // 2
            ),
        ),
        Mistake(
            "a running sum counts for the place before it",
            "Place k owns the numbers from the running sum before it up to, but not including, "
            "its own: so x goes right when it equals the sum of the left child.",
            lambda nodes, x: _walk(nodes, x, lambda k, y: y > nodes[k], lambda k: nodes[k]),
        ),
        Mistake(
            "the wrong sum is taken away from x",
            "What you leave behind lies under the left child: take the left child's sum away.",
            lambda nodes, x: _walk(nodes, x, lambda k, y: y >= nodes[k], lambda k: nodes[k + 1]),
        ),
        Mistake(
            "the wrong sum is taken away from x",
            "What you leave behind lies under the left child: take the left child's sum away.",
            lambda nodes, x: _walk(nodes, x, lambda k, y: y >= nodes[k], lambda k: nodes[k // 2]),
        ),
        Mistake(
            "x is compared with the right child",
            "The places under the left child come first: compare x with the sum of the left child.",
            lambda nodes, x: _walk(nodes, x, lambda k, y: y >= nodes[k + 1], lambda k: nodes[k]),
        ),
        Mistake(
            "x is compared with the node itself",
            "The node's own sum is never reached. Compare x with the sum of its left child.",
            lambda nodes, x: _walk(nodes, x, lambda k, y: y >= nodes[k // 2], lambda k: nodes[k]),
        ),
        Mistake(
            "the walk ends one level too early",
            "Go on until the node is a leaf: the first leaf is node L, half of len(nodes).",
            lambda nodes, x: _walk(
                nodes, x, lambda k, y: y >= nodes[k], lambda k: nodes[k], last=len(nodes) // 4
            ),
        ),
        Mistake(
            "the places are counted from 1",
            "Leaf k is node L + k, and k begins at 0.",
            lambda nodes, x: 1 + _walk(nodes, x, lambda k, y: y >= nodes[k], lambda k: nodes[k]),
        ),
        Mistake(
            "the largest priority, whatever x is",
            "x decides: each place is found for a share of all x that is its share of the total.",
            lambda nodes, x: int(np.argmax(nodes[len(nodes) // 2 :])),
        ),
        Mistake(
            "the larger child, whatever x is",
            "x decides: each place is found for a share of all x that is its share of the total.",
            lambda nodes, x: _walk(nodes, x, lambda k, y: nodes[k + 1] > nodes[k], lambda k: 0),
        ),
        Mistake(
            "the running sum goes over the inner nodes, too",
            "Inner nodes hold sums of leaves: whoever adds them counts a priority several times. "
            "Walk down from node 1, or add the leaves alone.",
            lambda nodes, x: int(np.searchsorted(np.cumsum(nodes[1:]), x, side="right")),
        ),
        Mistake(
            "x is taken for a share of 1",
            "x runs from 0 to the total, nodes[1]: it is a sum of priorities, no probability.",
            lambda nodes, x: _walk(
                nodes, x * nodes[1], lambda k, y: y >= nodes[k], lambda k: nodes[k]
            ),
        ),
    ),
    hints=(
        "Draw the tree of four priorities, and walk down with x = 6.5. At each node there is one "
        "question: does x lie under the left child or under the right one?",
        "Begin at node 1. While the node is no leaf, look at its left child, number 2 · node. If x "
        "is smaller than that child's sum, go there. Otherwise its sum is left behind, and you go "
        "to the right child. How many leaves are there, and which number has the first?",
        "`leaves = len(nodes) // 2` and `while node < leaves:`; inside, `node = 2 * node`, and if "
        "x is at least `nodes[node]`, take it away from x and add 1 to node. At the end leaf k is "
        "node `leaves + k`.",
    ),
)

# -- importance_weights --------------------------------------------------------------------


def _weights_case(probability, size: int, beta: float, expected, story: str) -> Case:
    args = {"probability": np.array(probability), "size": size, "beta": beta}
    return Case(args, np.array(expected), story)


def _wrong_weights(name: str, advice: str, weights) -> Mistake:
    """weights: (N · P [B], β) -> [B], what the mistake gives."""
    return Mistake(name, advice, lambda p, size, beta: weights(size * p, beta))


LARGEST = (
    "At the end divide by the largest weight of the batch: then none is above 1, and a rare "
    "transition makes no step longer than it would be without weights."
)
IMPORTANCE_WEIGHTS = Check(
    path="dqnlib.prioritized.importance_weights",
    returns="an array [B]: one weight a transition",
    cases=(
        # N · P = 2, 1, 0.5; 1 over it: 0.5, 1, 2; over the largest, 2
        _weights_case(
            [0.5, 0.25, 0.125],
            4,
            1.0,
            [0.25, 0.5, 1.0],
            "three of four transitions were drawn; beta = 1",
        ),
        # N · P = 1, 0.25, 4; 1 over it: 1, 4, 0.25; to the power ½: 1, 2, 0.5; over the largest, 2
        _weights_case(
            [0.1, 0.025, 0.4],
            10,
            0.5,
            [0.5, 1.0, 0.25],
            "three of ten transitions; beta = ½",
        ),
        # N · P = 16 and 4; 1 over it to the power ½: ¼ and ½; over the largest, ½
        _weights_case([0.4, 0.1], 40, 0.5, [0.5, 1.0], "two of forty that come often; beta = ½"),
    ),
    mistakes=(
        _wrong_weights(
            "the frequent ones get the large weights",
            "What is drawn too often must count less: 1/(N · P) to the power β, or N · P to the "
            "power −β.",
            lambda u, beta: u**beta / (u**beta).max(),
        ),
        _wrong_weights("not divided by the largest", LARGEST, lambda u, beta: u**-beta),
        _wrong_weights("divided by the sum", LARGEST, lambda u, beta: u**-beta / (u**-beta).sum()),
        _wrong_weights(
            "divided by the mean", LARGEST, lambda u, beta: u**-beta / (u**-beta).mean()
        ),
        _wrong_weights(
            "divided by the smallest", LARGEST, lambda u, beta: u**-beta / (u**-beta).min()
        ),
        _wrong_weights(
            "beta is a factor",
            "β is an exponent: at 0 every weight is 1, at 1 the correction is whole.",
            lambda u, beta: beta / u / (1 / u).max(),
        ),
        _wrong_weights(
            "beta is left out",
            "β says how much of the correction is made: 1/(N · P) to the power β.",
            lambda u, beta: 1 / u / (1 / u).max(),
        ),
        _wrong_weights(
            "1 − beta in place of beta",
            "At β = 1 the correction is whole, at β = 0 there is none.",
            lambda u, beta: u ** -(1 - beta) / (u ** -(1 - beta)).max(),
        ),
        _wrong_weights(
            "1/beta in place of beta",
            "The exponent is β itself.",
            lambda u, beta: u ** -(1 / beta) / (u ** -(1 / beta)).max(),
        ),
        _wrong_weights(
            "only the weights above 1 are cut down",
            LARGEST,
            lambda u, beta: np.minimum(u**-beta, 1.0),
        ),
        _wrong_weights(
            "divided only where a weight is above 1",
            "The largest weight of the batch becomes 1, also where all of them are below.",
            lambda u, beta: u**-beta / np.maximum((u**-beta).max(), 1.0),
        ),
        Mistake(
            "one minus the probability",
            "A transition that is drawn twice as often counts half: 1 divided by its probability.",
            lambda p, size, beta: (1 - p) ** beta / ((1 - p) ** beta).max(),
        ),
        _wrong_weights(
            "divided by the first",
            LARGEST,
            lambda u, beta: u**-beta / (u**-beta)[0],
        ),
        _wrong_weights(
            "divided by the last",
            LARGEST,
            lambda u, beta: u**-beta / (u**-beta)[-1],
        ),
        Mistake(
            "divided by the largest twice over",
            "Divide by the largest once, at the end.",
            lambda p, size, beta: (size * p) ** -beta / ((size * p) ** -beta).max() ** 2,
        ),
        Mistake(
            "the exponential in place of a power",
            "w = (1/N · 1/P) to the power β: a power of the ratio, no exponential.",
            lambda p, size, beta: np.exp(-beta * size * p) / np.exp(-beta * size * p).max(),
        ),
    ),
    hints=(
        "Take two transitions, of which one was drawn four times as often as the other. What must "
        "their weights be, so that both count alike on average? And half of that correction?",
        "First the plain ratio, one over N times the probability. Then the exponent. Then make "
        "the largest of the batch 1.",
        "`w = (1 / (size * probability)) ** beta`, and then divide `w` by its own largest entry.",
    ),
)

CHECKS = (FIND, IMPORTANCE_WEIGHTS)
