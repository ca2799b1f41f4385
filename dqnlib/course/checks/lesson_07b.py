"""Lesson 07b: Rainbow's training step. Expected values are worked by hand beside each case.

A network's logits are given as logarithms of its probabilities, plus a constant for each action,
which changes no probability.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from dqnlib.course.judge import judge_cases
from dqnlib.course.messages import during, mistaken, show
from dqnlib.course.reference import load
from dqnlib.course.types import Case, Check, Mistake, Problem

TITLE = "07b Rainbow"


def _logits(probs, plus=0.0) -> np.ndarray:
    """Return logits of these probabilities [..., A, K]; plus: added to them, one an action."""
    return (np.log(np.array(probs)) + np.array(plus)[..., None]).astype(np.float32)


def _put(probs, reward, terminated, discount, support):
    """Project as lesson 07 does; for mistakes that lie elsewhere."""
    project = load("dqnlib.targets.project_distribution")
    return project(probs, reward, terminated, discount, support)


# -- rainbow_target ------------------------------------------------------------------------

# The online network's means: 1, 1.1, 1.3; 1.4, 1.2, 0.9; 1.4, 1.7, 1; 1.5, 0.5, 0.9: actions 2, 0,
# 1, 0. The actions with the most probable single atom are others: 0, 0, 1, 1.
ONLINE = [
    [[0.2, 0.6, 0.2], [0.3, 0.3, 0.4], [0.1, 0.5, 0.4]],
    [[0.2, 0.2, 0.6], [0.3, 0.2, 0.5], [0.4, 0.3, 0.3]],
    [[0.1, 0.4, 0.5], [0.1, 0.1, 0.8], [0.3, 0.4, 0.3]],
    [[0.1, 0.3, 0.6], [0.7, 0.1, 0.2], [0.5, 0.1, 0.4]],
]
# The target network's: 1.1, 0.9, 0.6; 1.2, 1.1, 0.8; 1.4, 1.1, 1.6; 1, 0.6, 0.7: it would choose
# 0, 0, 2, 0.
FROZEN = [
    [[0.1, 0.7, 0.2], [0.5, 0.1, 0.4], [0.5, 0.4, 0.1]],
    [[0.2, 0.4, 0.4], [0.2, 0.5, 0.3], [0.5, 0.2, 0.3]],
    [[0.2, 0.2, 0.6], [0.3, 0.3, 0.4], [0.1, 0.2, 0.7]],
    [[0.3, 0.4, 0.3], [0.5, 0.4, 0.1], [0.6, 0.1, 0.3]],
]
PLUS = [[1, 1, 1], [1, 3, -2], [1, 1, 1], [3, 1, 2]]


def _target_case(online, frozen, plus, reward, terminated, discount, support, expected, story):
    args = {
        "online_next_logits": _logits(online, plus),
        "target_next_logits": _logits(frozen, plus),
        "reward": np.array(reward, np.float32),
        "terminated": np.array(terminated),
        "discount": discount,
        "support": np.array(support, np.float32),
    }
    return Case(args, np.array(expected, np.float32), story)


def _mean(logits, support):
    return (logits.softmax(dim=2) * support).sum(dim=2)


def _of(probs, action):
    """Return the rows of probs [B, A, K] that belong to the actions [B]: [B, K]"""
    import torch

    return probs[torch.arange(len(probs)), action]


def _chosen(online, frozen, support):
    return _of(frozen.softmax(dim=2), _mean(online, support).argmax(dim=1))


def _following(probs: Callable) -> Callable:
    """Make a mistake that projects another distribution: (online, target, support) -> [B, K]."""
    return lambda on, tg, r, t, d, z: _put(probs(on, tg, z), r, t, d, z)


def _choosing(action: Callable) -> Callable:
    """Make a mistake that chooses another action: (online, target, support) -> [B]."""
    return _following(lambda on, tg, z: _of(tg.softmax(dim=2), action(on, tg, z)))


def _moving(change: Callable) -> Callable:
    """Make a mistake that moves the atoms otherwise: (r, t, d) -> (r, t, d)."""

    def wrong(on, tg, r, t, d, z):
        return _put(_chosen(on, tg, z), *change(r, t, d), z)

    return wrong


def _everywhere(action, logits):
    """Return one action for every row."""
    return action.expand(len(logits)) if action.ndim == 0 else action


RAINBOW_TARGET = Check(
    path="dqnlib.rainbow.rainbow_target",
    tensors=True,
    returns="a tensor [B, K]",
    cases=(
        # row 0: action 2, 0.5, 0.4, 0.1; the atoms 0, 1, 2 land at 0.5, 1, 1.5:
        #        0.25 and 0.25; 0.4 on 1; 0.05 and 0.05: 0.25, 0.7, 0.05
        # row 1: action 0, 0.2, 0.4, 0.4; they land at 1, 1.5, 2: 0, 0.2 + 0.2, 0.2 + 0.4
        # row 2: action 1, 0.3, 0.3, 0.4; they land at 0, 0.5, 1: 0.3 + 0.15, 0.15 + 0.4, 0
        # row 3: terminated: all of it lands at 1.25: 0, 0.75, 0.25
        _target_case(
            ONLINE,
            FROZEN,
            PLUS,
            [0.5, 1.0, 0.0, 1.25],
            [False, False, False, True],
            0.5,
            [0, 1, 2],
            [[0.25, 0.7, 0.05], [0, 0.4, 0.6], [0.45, 0.55, 0], [0, 0.75, 0.25]],
            "four transitions; online prefers actions 2, 0, 1, 0; the last one has terminated",
        ),
        # online means 1, 1.4, 2.2: action 2; target 0.25, 0.75
        # −1 lands at 2 − 0.9 = 1.1: 1.9/4 = 0.475 of it on −1; 3 lands at 4.7, cut to 3
        # 0.25 · 0.475 = 0.11875
        _target_case(
            [[[0.5, 0.5], [0.4, 0.6], [0.2, 0.8]]],
            [[[0.1, 0.9], [0.6, 0.4], [0.25, 0.75]]],
            [[0, 0, 0]],
            [2.0],
            [False],
            0.9,
            [-1, 3],
            [[0.11875, 0.88125]],
            "one transition, three actions, two atoms; the online network prefers action 2",
        ),
    ),
    mistakes=(
        Mistake(
            "the target network selects the action as well",
            "That is a categorical DQN without Double: the online network selects, by its means.",
            _choosing(lambda on, tg, z: _mean(tg, z).argmax(dim=1)),
        ),
        Mistake(
            "the two networks are swapped",
            "The online network selects the action, the target network says how its return is "
            "distributed.",
            _following(lambda on, tg, z: _chosen(tg, on, z)),
        ),
        Mistake(
            "the online network evaluates as well",
            "The online network only selects. The distribution comes from target_next_logits.",
            _following(lambda on, tg, z: _chosen(on, on, z)),
        ),
        Mistake(
            "the action is chosen by its most probable return",
            "An action is worth its mean: the sum over the atoms of probability times value.",
            _choosing(lambda on, tg, z: on.softmax(dim=2).amax(dim=2).argmax(dim=1)),
        ),
        Mistake(
            "the action is chosen by its most probable return",
            "An action is worth its mean: the sum over the atoms of probability times value.",
            _choosing(lambda on, tg, z: z[on.argmax(dim=2)].argmax(dim=1)),
        ),
        Mistake(
            "the means are taken of logits",
            "Logits are no probabilities: softmax(dim=2) first, then the sum with the support.",
            _choosing(lambda on, tg, z: (on * z).sum(dim=2).argmax(dim=1)),
        ),
        Mistake(
            "the action is chosen without the atoms' values",
            "The probabilities of an action always add up to 1: weigh each by its atom's value.",
            _choosing(lambda on, tg, z: on.sum(dim=2).argmax(dim=1)),
        ),
        Mistake(
            "the action is chosen without the atoms' values",
            "The means of the logits say nothing: weigh probabilities by the atoms' values.",
            _choosing(lambda on, tg, z: on.amax(dim=2).argmax(dim=1)),
        ),
        Mistake(
            "the worst action",
            "argmin finds the smallest mean; the best action has the largest.",
            _choosing(lambda on, tg, z: _mean(on, z).argmin(dim=1)),
        ),
        *(
            Mistake(
                "one action for the whole batch",
                "Each transition has its own best action: argmax(dim=1) gives one a row.",
                _choosing(
                    lambda on, tg, z, pick=pick: _everywhere(pick(_mean(on, z)), on),
                ),
            )
            for pick in (
                lambda q: q.argmax() % q.shape[1],
                lambda q: q.mean(dim=0).argmax(),
                lambda q: q[0].argmax(),
            )
        ),
        Mistake(
            "logits are projected as if they were probabilities",
            "Only probabilities add up to 1: softmax over the atoms before the projection.",
            _following(lambda on, tg, z: _of(tg, _mean(on, z).argmax(dim=1))),
        ),
        *(
            Mistake(
                "the softmax runs over the actions",
                "Each action has a distribution of its own, over its atoms: the last axis, dim=2 "
                "of [B, A, K].",
                _following(probs),
            )
            for probs in (
                lambda on, tg, z: _of(tg.softmax(dim=1), _mean(on, z).argmax(dim=1)),
                lambda on, tg, z: _of(
                    tg.softmax(dim=2), (on.softmax(dim=1) * z).sum(dim=2).argmax(dim=1)
                ),
                lambda on, tg, z: _of(
                    tg.softmax(dim=1), (on.softmax(dim=1) * z).sum(dim=2).argmax(dim=1)
                ),
            )
        ),
        Mistake(
            "the mean over the actions",
            "That is the future of pure chance. Take the distribution of the action chosen.",
            _following(lambda on, tg, z: tg.softmax(dim=2).mean(dim=1)),
        ),
        Mistake(
            "the largest probability of each atom",
            "Mixed from several actions it is no distribution. Choose one action, and take all of "
            "its atoms.",
            _following(lambda on, tg, z: tg.softmax(dim=2).amax(dim=1)),
        ),
        Mistake(
            "nothing is moved",
            "The next distribution is not yet the target: it is shrunk, moved by the reward and "
            "put back on the atoms. project_distribution does that.",
            lambda on, tg, r, t, d, z: _chosen(on, tg, z),
        ),
        Mistake(
            "a mean in place of a distribution",
            "The target of a distribution is a distribution: hand probabilities to "
            "project_distribution.",
            lambda on, tg, r, t, d, z: r + d * (_chosen(on, tg, z) * z).sum(dim=1) * ~t,
        ),
        Mistake(
            "what follows a terminal state was kept",
            "After termination the return is the reward alone: hand terminated on.",
            _moving(lambda r, t, d: (r, t & False, d)),
        ),
        Mistake(
            "terminated is used the wrong way round",
            "project_distribution takes terminated as it is.",
            _moving(lambda r, t, d: (r, ~t, d)),
        ),
        Mistake(
            "the discount is missing",
            "What follows is shrunk by the discount.",
            _moving(lambda r, t, d: (r, t, 1.0)),
        ),
        *(
            Mistake(
                "the discount is written as a number",
                "The argument discount is γⁿ and differs from run to run: hand it on.",
                _moving(lambda r, t, d, number=number: (r, t, number)),
            )
            for number in (0.99, 0.99**3, 0.5)
        ),
        Mistake(
            "the discount is raised to a power",
            "It is γⁿ already: n-step windows have been summed up before they are stored.",
            _moving(lambda r, t, d: (r, t, d**3)),
        ),
        Mistake(
            "the reward is missing",
            "The atoms are moved by the reward: hand it on.",
            _moving(lambda r, t, d: (0 * r, t, d)),
        ),
        Mistake(
            "the reward is discounted as well",
            "The reward of the window counts in full.",
            _moving(lambda r, t, d: (d * r, t, d)),
        ),
    ),
    hints=(
        "Three steps, each of which you know: Double DQN's choice, the distribution of what was "
        "chosen, and its projection. Which network does which?",
        "Means are sums over the atoms of probability times `support`; probabilities come from a "
        "softmax over the last axis. One action a row, from the network that learns. Then that "
        "action's row of the other network, [B, K], goes through your `project_distribution`.",
        "`best = (online_next_logits.softmax(dim=2) * support).sum(dim=2).argmax(dim=1)`, then "
        "`target_next_logits[torch.arange(len(best)), best].softmax(dim=1)` are the probabilities "
        "that `project_distribution` takes first.",
    ),
)

# -- rainbow_loss --------------------------------------------------------------------------

BIT = float(np.log(2))  # −log of one half


def _loss_args(probs, plus, action, target, weight) -> dict:
    return {
        "logits": _logits(probs, plus),
        "action": np.array(action),
        "target_probs": np.array(target, np.float32),
        "weight": np.array(weight, np.float32),
    }


LOSS_ARGS = (
    (
        # −log p in bits: row 0, action 1: 1, 2, 2; row 1, action 0: 2, 1, 2; row 2, action 1:
        # 2, 2, 1
        # errors: ½ · 1 + ½ · 2 = 1.5; ¼ · 2 + ¼ · 1 + ½ · 2 = 1.75; 2
        # loss: (1 · 1.5 + 0.5 · 1.75 + 0.25 · 2) / 3 = 2.875 / 3
        _loss_args(
            [
                [[0.25, 0.25, 0.5], [0.5, 0.25, 0.25]],
                [[0.25, 0.5, 0.25], [0.5, 0.25, 0.25]],
                [[0.5, 0.25, 0.25], [0.25, 0.25, 0.5]],
            ],
            [[2, 0], [0, 3], [-1, 1]],
            [1, 0, 1],
            [[0.5, 0.5, 0], [0.25, 0.25, 0.5], [1, 0, 0]],
            [1.0, 0.5, 0.25],
        ),
        2.875 / 3 * BIT,
        np.array([1.5, 1.75, 2.0], np.float32) * BIT,
        "three transitions with the weights 1, 0.5 and 0.25",
    ),
    (
        # action 2: 1 and 1 bits, whatever the target
        _loss_args([[[0.2, 0.8], [0.9, 0.1], [0.5, 0.5]]], [[0, 0, 0]], [2], [[0.25, 0.75]], [0.8]),
        0.8 * BIT,
        np.array([1.0], np.float32) * BIT,
        "one transition with the weight 0.8, three actions, two atoms",
    ),
)


def _part_check(number: int) -> Check:
    """Return the check of one of the two results: 0 the loss, 1 the priorities."""
    names = (
        ("the loss", "a tensor with one number"),
        ("the priorities", "a tensor [B]"),
    )
    cases = tuple(
        Case(args, expected[number], f"{story}; here {names[number][0]}")
        for args, *expected, story in LOSS_ARGS
    )
    mistakes = tuple(
        dataclasses.replace(m, wrong=lambda *args, m=m: m.wrong(*args)[number])
        for m in RAINBOW_LOSS.mistakes
        if m.wrong
    )
    return dataclasses.replace(
        RAINBOW_LOSS, cases=cases, mistakes=mistakes, judge=None, returns=names[number][1]
    )


def _judge_loss(function: Callable) -> None:
    """Raise Problem unless both results are right, and the gradient of the first one."""
    for number in (0, 1):
        part = _part_check(number)
        for case in part.cases:
            _expect_two(function, case)
        judge_cases(part, lambda *args: function(*args)[number])  # noqa: B023 - called at once
    _judge_gradients(function)


def _tensors(args: dict) -> dict:
    import torch

    return {name: torch.from_numpy(np.array(value)) for name, value in args.items()}


def _expect_two(function: Callable, case: Case) -> None:
    """Raise Problem unless the function returns two things."""
    args = _tensors(case.args)
    story = case.story.partition("; here")[0]
    with during(f"This case: {story}"):
        got = function(*args.values())
    want = "the loss and the priorities [B]"
    if got is None:
        raise Problem(
            f"This case: {story}", f"  expected  {want}", "  yours     None", "It returned None.",
            diagnosis="returned None", mend="Is there a return in the last line?",
        )  # fmt: skip
    if isinstance(got, tuple | list) and len(got) == 2:
        return
    given = f"{len(got)} things" if isinstance(got, tuple | list) else show(got)
    raise mistaken(
        story, want, given, "one of the two results is missing",
        "Two things are wanted, as in `return loss, error`: the buffer is told the errors.",
    )  # fmt: skip


def _judge_gradients(function: Callable) -> None:
    """Raise Problem unless the gradient is that of the loss, and the priorities have none."""
    import torch

    args, _, _, story = LOSS_ARGS[0]
    given = _tensors(args)
    logits = given["logits"].requires_grad_()
    story = f"the gradient: {story}"
    with torch.enable_grad(), during(f"This case: {story}"):
        loss, priority = function(*given.values())
        if not getattr(loss, "requires_grad", False):
            raise mistaken(
                story, "a loss with a gradient", "a loss without one", "the loss is cut off",
                "Is there a detach(), an item() or a no_grad() around the loss? Nothing could be "
                "learned from it. Only the priorities are cut off.",
            )  # fmt: skip
        (slope,) = torch.autograd.grad(loss, logits)
    # weight · (p − target) / 3 at the actions taken: row 0: (0, −1/4, 1/4) / 3
    want = np.zeros((3, 2, 3))
    want[0, 1] = np.array([0.0, -0.25, 0.25]) / 3
    want[1, 0] = 0.5 * np.array([0.0, 0.25, -0.25]) / 3
    want[2, 1] = 0.25 * np.array([-0.75, 0.25, 0.5]) / 3
    if not np.allclose(slope.numpy(), want, atol=1e-5):
        raise mistaken(
            story, "weight · (p − target) / B at the actions taken", show(slope.numpy()[0, 1]),
            "a part of the loss is cut off",
            "The value is right, but its gradient is not: detach nothing but the priorities.",
        )  # fmt: skip
    if getattr(priority, "requires_grad", False):
        raise mistaken(
            story, "priorities without a gradient", "priorities with the graph of their gradient",
            "the priorities drag a graph along",
            "The buffer would keep it: detach() what you return for it.",
        )  # fmt: skip


def _both(loss: Callable, priority: Callable | None = None, error: Callable | None = None):
    """Make a mistake from what it makes of the errors [B]: loss(error, weight), priority(...)."""
    error = error or _errors
    priority = priority or (lambda e, w: e)

    def wrong(logits, action, target, weight):
        found = error(logits, action, target)
        return loss(found, weight), priority(found, weight).detach()

    return wrong


def _errors(logits, action, target):
    return -(target * _of(logits, action).log_softmax(dim=1)).sum(dim=1)


def _weighted(e, w):
    return (w * e).mean()


def _with(error: Callable) -> Callable:
    return _both(_weighted, error=error)


def _entropy(target):
    import torch

    return -torch.xlogy(target, target).sum(dim=1)


def _swapped(logits, action, target, weight):
    e = _errors(logits, action, target)
    return e.detach(), _weighted(e, weight)


RAINBOW_LOSS = Check(
    path="dqnlib.rainbow.rainbow_loss",
    tensors=True,
    returns="the loss and the priorities [B]",
    judge=lambda function: _judge_loss(function),
    mistakes=(
        Mistake(
            "the weights are left out of the loss",
            "A transition that is drawn more often than its share counts less: weight times error.",
            _both(lambda e, w: e.mean()),
        ),
        Mistake(
            "the sum over the batch in place of the mean",
            "With the sum, a larger batch would make larger steps: take the mean.",
            _both(lambda e, w: (w * e).sum()),
        ),
        Mistake(
            "the weights are made to add up to 1",
            "The buffer has scaled them so that the largest is 1. Here they only multiply: the "
            "mean of weight times error.",
            _both(lambda e, w: (w * e).sum() / w.sum()),
        ),
        Mistake(
            "mean weight times mean error",
            "Each error has its own weight: multiply first, then take the mean.",
            _both(lambda e, w: w.mean() * e.mean()),
        ),
        Mistake(
            "the priorities are weighted",
            "How surprising a transition is has nothing to do with how often it is drawn: return "
            "the errors without the weights.",
            _both(_weighted, lambda e, w: w * e),
        ),
        *(
            Mistake(
                "the priorities are bent",
                "The buffer itself raises them to the power α: return the errors as they are.",
                _both(_weighted, lambda e, w, bend=bend: bend(e)),
            )
            for bend in (lambda e: e.sqrt(), lambda e: e.square(), lambda e: e / e.max())
        ),
        Mistake(
            "the priorities have the wrong sign",
            "A cross entropy is never negative, and neither is a priority.",
            _both(_weighted, lambda e, w: -e),
        ),
        Mistake(
            "the loss has the wrong sign",
            "Logarithms of probabilities are negative; the loss is to fall when they rise.",
            _with(lambda lg, a, y: -_errors(lg, a, y)),
        ),
        Mistake(
            "the entropy of the target is taken off",
            "That is the Kullback-Leibler divergence, which has the same gradient. This course "
            "takes the cross entropy.",
            _with(lambda lg, a, y: _errors(lg, a, y) - _entropy(y)),
        ),
        Mistake(
            "the mean over the atoms in place of the sum",
            "The probabilities of the target weigh the atoms already: add up.",
            _with(lambda lg, a, y: _errors(lg, a, y) / y.shape[1]),
        ),
        Mistake(
            "one softmax for all actions together",
            "Each action has a distribution of its own: pick the action first, or take the softmax "
            "over the last axis alone.",
            _with(
                lambda lg, a, y: (
                    -(y * _of(lg.flatten(1).log_softmax(dim=1).view(lg.shape), a)).sum(dim=1)
                )
            ),
        ),
        Mistake(
            "the softmax runs over the actions",
            "Each action has a distribution of its own, over its atoms: the last axis.",
            _with(lambda lg, a, y: -(y * _of(lg.log_softmax(dim=1), a)).sum(dim=1)),
        ),
        Mistake(
            "the logits are not normalized",
            "Logits are probabilities' logarithms only up to a constant: log_softmax takes it off.",
            _with(lambda lg, a, y: -(y * _of(lg, a)).sum(dim=1)),
        ),
        Mistake(
            "the logarithm is missing",
            "A cross entropy has the logarithm of the learned probabilities: log_softmax.",
            _with(lambda lg, a, y: -(y * _of(lg, a).softmax(dim=1)).sum(dim=1)),
        ),
        Mistake(
            "the squared difference of the probabilities",
            "The loss of a distribution is the cross entropy: minus the sum of target times log p.",
            _with(lambda lg, a, y: (y - _of(lg, a).softmax(dim=1)).square().sum(dim=1)),
        ),
        Mistake(
            "all actions learn, not the one taken",
            "Only the taken action has been tried: action says which one.",
            _with(lambda lg, a, y: -(y[:, None] * lg.log_softmax(dim=2)).sum(dim=2).mean(dim=1)),
        ),
        Mistake(
            "all actions learn, not the one taken",
            "Only the taken action has been tried: action says which one.",
            _with(lambda lg, a, y: -(y[:, None] * lg.log_softmax(dim=2)).sum(dim=(1, 2))),
        ),
        Mistake(
            "always the first action",
            "Each row has its own action: logits[rows, action].",
            _with(lambda lg, a, y: _errors(lg, 0 * a, y)),
        ),
        Mistake(
            "target and prediction are swapped",
            "The target weighs the logarithms of what is learned, not the other way round.",
            _with(lambda lg, a, y: -(_of(lg, a).softmax(dim=1) * y.log()).sum(dim=1)),
        ),
        Mistake(
            "the two results are in the wrong order",
            "The loss comes first, then the priorities.",
            _swapped,
        ),
    ),
    hints=(
        "Which row of the logits does a transition teach? What is the loss of a distribution? And "
        "where does the weight belong, where not?",
        "Pick the row of the action taken, [B, K], and take its log-probabilities with "
        "`log_softmax`. The error of a transition is minus the sum over the atoms of target times "
        "log-probability. The loss is a weighted mean; the priorities are the errors, detached.",
        "`log_probs = logits[torch.arange(len(action)), action].log_softmax(dim=1)`, then "
        "`error = -(target_probs * log_probs).sum(dim=1)`; the loss is the mean of "
        "`weight * error`.",
    ),
)

CHECKS = (RAINBOW_TARGET, RAINBOW_LOSS)
