"""Lesson 10: normalized layers, λ-returns, traces and bounded steps. Expected values by hand."""

from collections.abc import Callable

import numpy as np

from dqnlib.course.messages import mistaken, show
from dqnlib.course.types import Case, Check, Mistake

TITLE = "10 Do we still need them?"


def _floats(numbers) -> np.ndarray:
    return np.array(numbers, np.float32)


# -- layer_norm ----------------------------------------------------------------------------


def _rows(x, expected, story, epsilon=None) -> Case:
    args = {"x": _floats(x)} | ({} if epsilon is None else {"epsilon": epsilon})
    return Case(args, _floats(expected), story)


def _variance(centered):
    return centered.square().mean(dim=1, keepdim=True)


def _norm(
    *,
    center: Callable = lambda x: x - x.mean(dim=1, keepdim=True),
    variance: Callable = _variance,  # of what is centered
    scale: Callable = lambda v, e: (v + e).sqrt(),
    result: Callable = lambda c, s: c / s,
) -> Callable:
    """Make a function that differs in one thing, as a mistake does."""

    def wrong(x, epsilon=1e-5):
        centered = center(x)
        return result(centered, scale(variance(centered), epsilon))

    return wrong


def _over_the_batch(x, epsilon=1e-5):
    centered = x - x.mean(dim=0)
    return centered / (centered.square().mean(dim=0) + epsilon).sqrt()


def _over_everything(x, epsilon=1e-5):
    centered = x - x.mean()
    return centered / (centered.square().mean() + epsilon).sqrt()


def _between_its_ends(x, epsilon=1e-5):
    low, high = x.amin(dim=1, keepdim=True), x.amax(dim=1, keepdim=True)
    return (x - low) / (high - low + epsilon)


OWN_ROW = (
    "What else is in the batch must not matter: axis 0 counts observations, axis 1 units. Each row "
    "has a mean and a variance of its own, over dim=1."
)
GRADIENT = "Compute with x as it is, without detach(), no_grad() or NumPy."
EPSILON = "Add epsilon to the variance, before the square root."


def _with_its_slope(function: Callable) -> None:
    """Raise Problem unless the gradient runs through the mean and the variance, too."""
    import torch

    # σ = 5 and x̂ = (−0.2, −1.4, 0.2, 1.4). The slope of the first output is
    # ((1, 0, 0, 0) − ¼ − x̂ · (−0.2)/4) / 5 = (0.74, −0.32, −0.24, −0.18) / 5
    x = torch.tensor([[4.0, -2.0, 6.0, 12.0], [3.0, 1.0, 1.0, 3.0]], requires_grad=True)
    first, want = function(x)[0, 0], [0.148, -0.064, -0.048, -0.036]
    case = "the slope of the first output of the first row, by the row's four inputs"
    if not first.requires_grad:
        raise mistaken(case, show(want), "none", "no gradient comes through", GRADIENT)
    (got,) = torch.autograd.grad(first, x)
    if not np.allclose(got[0], want, atol=1e-5):
        raise mistaken(
            case,
            show(np.array(want)),
            show(got[0]),
            "the gradient does not run through all of it",
            "The mean and the variance depend on x as well: do not detach them, take no .item().",
        )


LAYER_NORM = Check(
    path="dqnlib.networks.layer_norm",
    tensors=True,
    returns="a tensor [B, N]",
    cases=(
        # means 5, 2, 100; distances −1, −7, 1, 7 and 1, −1, −1, 1 and −10, −70, 10, 70;
        # variances 25, 1, 2,500
        _rows(
            [[4, -2, 6, 12], [3, 1, 1, 3], [90, 30, 110, 170]],
            [[-0.2, -1.4, 0.2, 1.4], [1, -1, -1, 1], [-0.2, -1.4, 0.2, 1.4]],
            "three observations, four units",
        ),
        # means 2 and 6, variances 1: divided by √(1 + 3) = 2
        _rows([[1, 3], [7, 5]], [[-0.5, 0.5], [0.5, -0.5]], "a large epsilon", 3.0),
        _rows([[4, -2, 6, 12]], [[-0.2, -1.4, 0.2, 1.4]], "one observation alone"),
        _rows([[5, 5, 5], [0, 0, 0]], [[0, 0, 0], [0, 0, 0]], "rows whose units are all equal"),
    ),
    mistakes=(
        Mistake("it normalizes over the batch", OWN_ROW, _over_the_batch),
        Mistake("one mean and one variance for the whole batch", OWN_ROW, _over_everything),
        Mistake(
            "the variance is that of a sample",
            "torch's var and std divide by N − 1. Here the mean of the squares is wanted: "
            "correction=0, or square().mean().",
            _norm(variance=lambda c: c.var(dim=1, keepdim=True)),
        ),
        Mistake("epsilon is left out", EPSILON, _norm(scale=lambda v, e: v.sqrt())),
        Mistake("epsilon is added after the root", EPSILON, _norm(scale=lambda v, e: v.sqrt() + e)),
        Mistake(
            "epsilon is no number to divide by, but a limit",
            EPSILON,
            _norm(scale=lambda v, e: v.clamp(min=e).sqrt()),
        ),
        Mistake(
            "it divides by the variance",
            "Numbers divided by their variance have a variance of their own again. Take its root.",
            _norm(scale=lambda v, e: v + e),
        ),
        Mistake(
            "the numbers are only shifted",
            "Their size still grows with the weights. Divide by the root of the variance.",
            _norm(result=lambda c, s: c),
        ),
        Mistake(
            "the numbers are only scaled",
            "Take the mean of the row away: it is 0 afterwards.",
            lambda x, epsilon=1e-5: x / (_variance(x - x.mean(1, keepdim=True)) + epsilon).sqrt(),
        ),
        Mistake(
            "the numbers are only scaled",
            "That is RMS normalization, which later networks use. Here the mean is taken away "
            "first.",
            lambda x, epsilon=1e-5: x / (_variance(x) + epsilon).sqrt(),
        ),
        Mistake(
            "the variance is measured around zero",
            "The variance is the mean of the squared distances from the mean.",
            lambda x, epsilon=1e-5: (x - x.mean(1, keepdim=True)) / (_variance(x) + epsilon).sqrt(),
        ),
        Mistake(
            "the squares are added up, not averaged",
            "That makes the row's length 1, whatever its number of units. The variance is a mean.",
            _norm(variance=lambda c: c.square().sum(dim=1, keepdim=True)),
        ),
        Mistake(
            "the mean distance in place of the standard deviation",
            "Square the distances before the mean, and take the root after it.",
            _norm(variance=lambda c: c.abs().mean(dim=1, keepdim=True).square()),
        ),
        Mistake(
            "it is multiplied in place of divided",
            "A row that is spread widely must shrink: divide by the root of the variance.",
            _norm(result=lambda c, s: c * s),
        ),
        Mistake(
            "the sign is turned round",
            "The mean is taken away from x, not x from the mean.",
            _norm(result=lambda c, s: -c / s),
        ),
        Mistake(
            "each row is stretched between its ends",
            "The largest and the smallest number say little about the others. Take the mean away, "
            "and divide by the root of the variance.",
            _between_its_ends,
        ),
        Mistake(
            "a ReLU is in it",
            "The ReLU comes after it, as a layer of its own.",
            _norm(result=lambda c, s: (c / s).clamp(min=0)),
        ),
        Mistake(
            "the numbers become shares",
            "No softmax: mean 0 and variance 1 are wanted.",
            lambda x, epsilon=1e-5: x.softmax(dim=1),
        ),
        Mistake(
            "a mean [B] meets a table [B, N]",
            "Without keepdim=True the mean of each row has the shape [B] and is taken for a row of "
            "units: mean(dim=1, keepdim=True) gives [B, 1].",
            raises=("must match the size of tensor", "must match the existing size"),
        ),
        Mistake("no gradient comes through", GRADIENT, raises="Can't call numpy() on Tensor"),
    ),
    also=_with_its_slope,
    hints=(
        "Do by hand what would make the row 1, 3 have mean 0 and variance 1. What did you take "
        "away, and what did you divide by?",
        "Both numbers belong to one row: a mean over `dim=1` with `keepdim=True` has the shape "
        "[B, 1] and meets each unit of its own row. The variance is the mean of the squared "
        "distances, and `epsilon` joins it before the root.",
        "`centered = x - x.mean(dim=1, keepdim=True)`, then "
        "`variance = centered.square().mean(dim=1, keepdim=True)`; divide the one by the root of "
        "the other plus epsilon.",
    ),
)

# -- lambda_return -------------------------------------------------------------------------


def _steps(reward, terminated, truncated, next_value, gamma, trace_decay, expected, story) -> Case:
    args = {
        "reward": _floats(reward),
        "terminated": np.array(terminated, bool),
        "truncated": np.array(truncated, bool),
        "next_value": _floats(next_value),
        "gamma": gamma,
        "trace_decay": trace_decay,
    }
    return Case(args, _floats(expected), story)


def _backward(
    *,
    mix: Callable = lambda v, later, k: (1 - k) * v + k * later,
    cut: Callable = lambda over, cut: over | cut,  # where the return of the next step is no part
    ends: Callable = lambda over, cut: over,  # where nothing follows
    last: Callable = lambda v: v[:, -1],  # the return of what comes after the row
    at_cut: Callable = lambda v, k: v,  # what follows there
    reward: Callable = lambda r, g: r,
    discount: Callable = lambda g, k: g,
    value: Callable = lambda v: v,
) -> Callable:
    """Make a function that differs in one thing, as a mistake does."""

    def wrong(r, terminated, truncated, next_value, gamma, trace_decay):
        import torch

        v, over, found = value(next_value), ends(terminated, truncated), torch.empty_like(r)
        apart, later = cut(terminated, truncated), last(next_value)
        for t in reversed(range(r.shape[1])):
            mixed = mix(v[:, t], later, trace_decay)
            follows = torch.where(apart[:, t], at_cut(v[:, t], trace_decay), mixed)
            later = reward(r[:, t], gamma) + discount(gamma, trace_decay) * follows * ~over[:, t]
            found[:, t] = later
        return found

    return wrong


def _never(over, cut):
    return over & ~over


def _next_ones(v):
    import torch

    return torch.cat([v[:, 1:], v[:, -1:]], dim=1)


AFTER_THE_END = (
    "What follows a step that terminated belongs to another episode: neither the value of the next "
    "observation nor the return of the next step counts."
)
AFTER_A_CUT = (
    "A time limit cuts the episode, and the next step of the row begins another one. So its return "
    "is no part of this one; the value of the next observation stands for all that would have come."
)

LAMBDA_RETURN = Check(
    path="dqnlib.targets.lambda_return",
    tensors=True,
    returns="a tensor [E, T]: one return a step",
    cases=(
        # from the end: 4 + ½ · 16 = 12; 2 + ½ (¼ · 4 + ¾ · 12) = 7; 1 + ½ (¼ · 8 + ¾ · 7) = 4.625
        # 3 + ½ · 8 = 7; −1, for it terminated; 2 + ½ (¼ · 4 + ¾ · (−1)) = 2.125
        _steps(
            [[1, 2, 4], [2, -1, 3]],
            [[False, False, False], [False, True, False]],
            [[False, False, False], [False, False, False]],
            [[8, 4, 16], [4, 100, 8]],
            0.5,
            0.75,
            [[4.625, 7, 12], [2.125, -1, 7]],
            "two environments, three steps; the second step of the second one terminated",
        ),
        # 2 + ½ · 6 = 5; 3 + ½ · 10 = 8, for it was cut; 1 + ½ (½ · 4 + ½ · 8) = 4
        # 0 + ½ · 8 = 4; 1 + ½ · 2 = 2, for it was cut; 5, for it terminated
        _steps(
            [[1, 3, 2], [5, 1, 0]],
            [[False, False, False], [True, False, False]],
            [[False, True, False], [False, True, False]],
            [[4, 10, 6], [9, 2, 8]],
            0.5,
            0.5,
            [[4, 8, 5], [5, 2, 4]],
            "a time limit cut both second steps; the first step of the second row terminated",
        ),
        # 1 + ¼ · 4, −2 + ¼ · 8
        _steps(
            [[1, -2]],
            [[False, False]],
            [[False, False]],
            [[4, 8]],
            0.25,
            0.0,
            [[2, 0]],
            "λ = 0: targets of one step",
        ),
        # 2 + ½ · 20 = 12, 1 + ½ · 12 = 7; 4, for it terminated, 3 + ½ · 4 = 5;
        # 1 + ½ · 2 = 2; 0 + ½ · 6 = 3, for it was cut
        _steps(
            [[1, 2], [3, 4], [0, 1]],
            [[False, False], [False, True], [False, False]],
            [[False, False], [False, True], [True, False]],
            [[10, 20], [30, 40], [6, 2]],
            0.5,
            1.0,
            [[7, 12], [5, 4], [3, 2]],
            "λ = 1: returns of the whole row; the second row terminated at its time limit",
        ),
    ),
    mistakes=(
        Mistake(
            "the value is kept after the end",
            AFTER_THE_END,
            _backward(ends=_never),
        ),
        Mistake(
            "what follows the end is counted",
            AFTER_THE_END,
            _backward(cut=lambda over, cut: cut, ends=_never),
        ),
        Mistake(
            "what follows the end is counted",
            AFTER_THE_END,
            _backward(cut=_never, ends=_never),
        ),
        Mistake("a time limit is overlooked", AFTER_A_CUT, _backward(cut=lambda over, cut: over)),
        Mistake(
            "a time limit is taken for a termination",
            "The episode was cut, not over: more would have come, and the value of the next "
            "observation says how much.",
            _backward(ends=lambda over, cut: over | cut),
        ),
        Mistake(
            "at a time limit the value counts in part only",
            "There is no next step whose return could be mixed in: take the value in full.",
            _backward(at_cut=lambda v, k: (1 - k) * v),
        ),
        Mistake(
            "λ and 1 − λ are exchanged",
            "With λ = 0 the value alone follows, with λ = 1 the return of the next step alone.",
            _backward(mix=lambda v, later, k: k * v + (1 - k) * later),
        ),
        Mistake(
            "λ is left out",
            "The return of the next step counts λ times, and the value of the next observation the "
            "rest.",
            _backward(mix=lambda v, later, k: later),
        ),
        Mistake(
            "targets of one step",
            "Going backward, you know the return of the next step: it counts λ times, and the "
            "value 1 − λ times.",
            _backward(mix=lambda v, later, k: v),
        ),
        Mistake(
            "value and return together count more than once",
            "It is a mixture: if the return counts λ times, the value counts 1 − λ times.",
            _backward(mix=lambda v, later, k: v + k * later),
        ),
        Mistake(
            "value and return are mixed half and half",
            "λ says how much each of them counts.",
            _backward(mix=lambda v, later, k: 0.5 * v + 0.5 * later),
        ),
        Mistake(
            "the value is missing in the mixture",
            "What λ leaves over, 1 − λ, is the share of the value of the next observation.",
            _backward(mix=lambda v, later, k: k * later),
        ),
        Mistake(
            "nothing follows the last step",
            "The row ends there, but not the episode: the value of its next observation follows.",
            _backward(last=lambda v: 0 * v[:, -1]),
        ),
        Mistake(
            "the discount is missing",
            "What follows counts γ times.",
            _backward(discount=lambda g, k: 1.0),
        ),
        Mistake(
            "the reward is discounted as well",
            "The reward comes at once. Only what follows it counts γ times.",
            _backward(reward=lambda r, g: g * r),
        ),
        Mistake(
            "λ shrinks all that follows",
            "γ shrinks what follows; λ only says how much of it is the return and how much the "
            "value.",
            _backward(discount=lambda g, k: g * k),
        ),
        Mistake(
            "the values are those of one step later",
            "next_value[:, t] already belongs to the observation after step t: the same t.",
            _backward(value=_next_ones),
        ),
        Mistake(
            "terminated is used the wrong way round",
            "What follows counts where the episode goes on: ~terminated.",
            _backward(ends=lambda over, cut: ~over),
        ),
        Mistake(
            "one ended episode ends all of them",
            "Each environment has an episode of its own: no any().",
            _backward(ends=lambda over, cut: (over | cut & over).any(dim=0).expand_as(over)),
        ),
        Mistake(
            "a question that each row answers differently",
            "terminated[:, t] holds an answer an environment, so an if cannot ask it. Multiply by "
            "~terminated[:, t], or use torch.where.",
            raises="Boolean value of Tensor with more than one value is ambiguous",
        ),
        Mistake(
            "a step beyond the end of the row",
            "The last step has no next one. Keep the return of the step that you have just worked "
            "out in a variable; before the first, it is the value of the last observation.",
            raises=("is out of bounds for dimension 1",),
        ),
        Mistake(
            "a minus before True and False",
            "1 - terminated fails for tensors of True and False: ~terminated turns them round.",
            raises="Subtraction, the `-` operator, with a bool tensor",
        ),
    ),
    hints=(
        "The return of a step needs that of the next step. In which order do you know it already?",
        "A loop over `reversed(range(T))` that keeps the return of the step after. Three cases: "
        "where the episode goes on, a mixture follows; where it was cut, or the row ends, the "
        "value alone; where it terminated, nothing.",
        "In the loop `mixed = (1 - trace_decay) * next_value[:, t] + trace_decay * later`, and "
        "`torch.where(goes_on[:, t], mixed, next_value[:, t])` is what follows; before the loop "
        "`later = next_value[:, -1]`.",
    ),
)

# -- eligibility_trace ---------------------------------------------------------------------


def _trace(trace, gradient, gamma, trace_decay, follows, expected, story) -> Case:
    args = {
        "trace": _floats(trace),
        "gradient": _floats(gradient),
        "gamma": gamma,
        "trace_decay": trace_decay,
        "follows": follows,
    }
    return Case(args, _floats(expected), story)


BEGUN_ANEW = (
    "Where an episode begins, or the last action was none that the target counts on, the older "
    "gradients have no part in this error: follows is False, and only the new gradient is left."
)

ELIGIBILITY_TRACE = Check(
    path="dqnlib.streaming.eligibility_trace",
    tensors=True,
    returns="a tensor of the gradient's shape",
    cases=(
        # ½ · 0.8 = 0.4 of what was there, and the new gradient
        _trace([2, -4, 0], [1, 3, -1], 0.5, 0.8, True, [1.8, 1.4, -1], "the episode goes on"),
        _trace([2, -4, 0], [1, 3, -1], 0.5, 0.8, False, [1, 3, -1], "an episode begins"),
        # a quarter of what was there
        _trace(
            [[4, 8], [-4, 0]],
            [[1, 0], [2, -1]],
            1.0,
            0.25,
            True,
            [[2, 2], [1, -1]],
            "the weights of a layer; nothing is discounted",
        ),
        _trace([6, -2], [1, 2], 0.5, 0.0, True, [1, 2], "λ = 0"),
        _trace([6, -2], [1, 2], 0.5, 1.0, True, [4, 1], "λ = 1"),
    ),
    mistakes=(
        Mistake(
            "the trace is not begun anew",
            BEGUN_ANEW,
            lambda z, g, gamma, k, follows: gamma * k * z + g,
        ),
        Mistake(
            "follows is used the wrong way round",
            BEGUN_ANEW,
            lambda z, g, gamma, k, follows: gamma * k * (not follows) * z + g,
        ),
        Mistake(
            "the new gradient is lost where the trace begins anew",
            "The step itself always counts in full: cut the old trace alone.",
            lambda z, g, gamma, k, follows: (gamma * k * z + g) * follows,
        ),
        Mistake(
            "the old trace stays where it should begin anew",
            BEGUN_ANEW,
            lambda z, g, gamma, k, follows: gamma * k * z + g if follows else z + g,
        ),
        Mistake(
            "the discount is left out",
            "A step earlier, an error is worth γ times as much: the old trace fades by γλ.",
            lambda z, g, gamma, k, follows: k * follows * z + g,
        ),
        Mistake(
            "λ is left out",
            "The old trace fades by γλ. Without λ, all of the past is to blame for each error.",
            lambda z, g, gamma, k, follows: gamma * follows * z + g,
        ),
        Mistake(
            "the old trace does not fade",
            "It fades by γλ with every step.",
            lambda z, g, gamma, k, follows: follows * z + g,
        ),
        Mistake(
            "the new gradient fades as well",
            "The newest step counts in full: only the old trace is multiplied.",
            lambda z, g, gamma, k, follows: gamma * k * (follows * z + g),
        ),
        Mistake(
            "the new gradient fades in place of the old trace",
            "The newest step counts in full, and the older ones γλ times.",
            lambda z, g, gamma, k, follows: follows * z + gamma * k * g,
        ),
        Mistake(
            "it is a moving average",
            "The new gradient is added in full, not 1 − γλ times.",
            lambda z, g, gamma, k, follows: gamma * k * follows * z + (1 - gamma * k * follows) * g,
        ),
        Mistake(
            "γ and λ are added",
            "The trace fades by their product.",
            lambda z, g, gamma, k, follows: (gamma + k) * follows * z + g,
        ),
        Mistake(
            "1 − λ in place of λ",
            "With λ = 0 nothing of the old trace is left, with λ = 1 it fades by γ alone.",
            lambda z, g, gamma, k, follows: gamma * (1 - k) * follows * z + g,
        ),
        Mistake(
            "the gradient has the wrong sign",
            "Both are gradients of values: add them. The sign of the step comes from δ.",
            lambda z, g, gamma, k, follows: gamma * k * follows * z - g,
        ),
        Mistake(
            "the new gradient is missing",
            "What fades must be fed: add the new gradient.",
            lambda z, g, gamma, k, follows: gamma * k * follows * z,
        ),
        Mistake(
            "the gradient alone is returned",
            "That is the agent without a trace: add what is left of the older gradients.",
            lambda z, g, gamma, k, follows: g.clone(),
        ),
        Mistake(
            "trace and gradient are multiplied",
            "The trace is a fading sum of gradients.",
            lambda z, g, gamma, k, follows: gamma * k * follows * z * g,
        ),
        Mistake(
            "~ turns a plain True into −2",
            "follows is a plain True or False here, for which the word is not; and as a factor it "
            "counts 1 or 0.",
            lambda z, g, gamma, k, follows: gamma * k * ~int(follows) * z + g,
        ),
    ),
    hints=(
        "Two things are added: what the newest step asks for, and what is left of the older ones.",
        "What is left of the older ones: two numbers between 0 and 1 shrink it, and `follows` "
        "decides whether there is anything left at all. As a factor, True counts 1 and False 0.",
        "The first term is `gamma * trace_decay * follows * trace`; add the gradient.",
    ),
)

# -- bounded_step --------------------------------------------------------------------------


def _bounded(
    *,
    size: Callable = lambda error: max(abs(error), 1.0),
    reach: Callable = lambda step, kappa, size, length: step * kappa * size * length,
    result: Callable = lambda step, reach, error: step / max(reach, 1.0),
) -> Callable:
    """Make a function that differs in one thing, as a mistake does."""

    def wrong(step_size, td_error, trace_length, kappa=2.0):
        found = reach(step_size, kappa, size(td_error), trace_length)
        return result(step_size, found, td_error)

    return wrong


def _error(step, error, length, expected, story, **more) -> Case:
    args = {"step_size": step, "td_error": error, "trace_length": length, **more}
    return Case(args, expected, story)


BOUNDED_STEP = Check(
    path="dqnlib.streaming.bounded_step",
    cases=(
        _error(0.5, 4.0, 10.0, 0.5 / 40, "a large error: 0.5 · 2 · 4 · 10 = 40"),
        _error(0.5, -4.0, 10.0, 0.5 / 40, "a large error below zero"),
        _error(0.5, 0.01, 10.0, 0.5 / 10, "a small error counts as 1: 0.5 · 2 · 1 · 10 = 10"),
        _error(0.01, 4.0, 10.0, 0.01, "a step that is short enough: 0.01 · 2 · 4 · 10 = 0.8"),
        _error(1.0, 1.0, 5.0, 1 / 15, "κ = 3: 1 · 3 · 1 · 5 = 15", kappa=3.0),
    ),
    mistakes=(
        Mistake(
            "a small error makes the step longer",
            "In the reach an error below 1 counts as 1: max(|δ|, 1).",
            _bounded(size=abs),
        ),
        Mistake(
            "a negative error is not bounded",
            "The size of the error counts, not its sign: take abs(td_error).",
            _bounded(size=lambda error: max(error, 1.0)),
        ),
        Mistake(
            "large errors are cut in place of small ones",
            "An error above 1 counts in full, one below 1 counts as 1: max, not min.",
            _bounded(size=lambda error: min(abs(error), 1.0)),
        ),
        Mistake(
            "every error counts as 1",
            "An error above 1 counts in full: max(|δ|, 1).",
            _bounded(size=lambda error: 1.0),
        ),
        Mistake(
            "1 is added to the error",
            "The larger of |δ| and 1 counts, not their sum.",
            _bounded(size=lambda error: abs(error) + 1.0),
        ),
        Mistake(
            "a step that is short enough is made longer",
            "Where the reach is below 1, the step stays as it was asked for.",
            _bounded(result=lambda step, reach, error: step / reach),
        ),
        Mistake(
            "only steps that are short enough are divided",
            "Divide where the reach is above 1: by the larger of the reach and 1.",
            _bounded(result=lambda step, reach, error: step / min(reach, 1.0)),
        ),
        Mistake(
            "kappa is left out",
            "It keeps the step well below what would be too far: a factor of the reach.",
            _bounded(reach=lambda step, kappa, size, length: step * size * length),
        ),
        Mistake(
            "kappa is always 2",
            "2 is what kappa is if nothing is said: use the argument.",
            _bounded(reach=lambda step, kappa, size, length: 2.0 * step * size * length),
        ),
        Mistake(
            "the length of the trace is left out",
            "The longer the trace, the more every value moves: it is a factor of the reach.",
            _bounded(reach=lambda step, kappa, size, length: step * kappa * size),
        ),
        Mistake(
            "the step size is left out of the reach",
            "How far a step goes depends on the step size that was asked for: it is a factor.",
            _bounded(reach=lambda step, kappa, size, length: kappa * size * length),
        ),
        Mistake(
            "the trace's length counts twice",
            "Its length is a factor once: it is a sum of absolute values, not of squares.",
            _bounded(reach=lambda step, kappa, size, length: step * kappa * size * length**2),
        ),
        Mistake(
            "the factors are added",
            "The reach is a product: twice the error, or twice the trace, goes twice as far.",
            _bounded(reach=lambda step, kappa, size, length: step + kappa + size + length),
        ),
        Mistake(
            "the reach is returned",
            "The step size is wanted: what was asked for, divided by the reach if that is above 1.",
            _bounded(result=lambda step, reach, error: max(reach, 1.0)),
        ),
        Mistake(
            "the step size that was asked for is left out of the result",
            "Divide the step size by the reach, not 1.",
            _bounded(result=lambda step, reach, error: 1.0 / max(reach, 1.0)),
        ),
        Mistake(
            "the error is multiplied in",
            "Only the step size is wanted. The loop multiplies it by δ and by the trace.",
            _bounded(result=lambda step, reach, error: step * error / max(reach, 1.0)),
        ),
        Mistake(
            "the step is multiplied by the reach",
            "A step that goes too far must become shorter: divide.",
            _bounded(result=lambda step, reach, error: step * max(reach, 1.0)),
        ),
        Mistake(
            "a step that goes too far is not made at all",
            "It is made, only shorter: divide by the reach.",
            _bounded(result=lambda step, reach, error: step if reach <= 1 else 0.0),
        ),
    ),
    hints=(
        "Work out first how far the step would go. When is that too far, and by how much must it "
        "then shrink?",
        "How far: a product of four numbers, in which an error below 1 counts as 1. Dividing by "
        "the larger of that product and 1 leaves a short step alone.",
        "`reach = step_size * kappa * max(abs(td_error), 1.0) * trace_length`; divide the step "
        "size by `max(reach, 1.0)`.",
    ),
    solution="""def bounded_step(step_size, td_error, trace_length, kappa=2.0):
    reach = step_size * kappa * max(abs(td_error), 1.0) * trace_length
    return step_size / max(reach, 1.0)
""",
)

CHECKS = (LAYER_NORM, LAMBDA_RETURN, ELIGIBILITY_TRACE, BOUNDED_STEP)
