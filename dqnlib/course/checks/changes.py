"""Judging functions that change networks: lessons 04 and 04b.

A trial is judged by what can be seen afterwards, under labels such as "target 0.weight". torch is
imported where it is used: a check must be light to load.
"""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from dqnlib.course.messages import during, show
from dqnlib.course.types import Check, Mistake, Problem

# -- networks by their numbers -------------------------------------------------------------


def network(numbers: dict):
    """Return the torch network whose parameters are these; a place without numbers is a ReLU."""
    import torch
    from torch import nn

    layers = []
    with torch.random.fork_rng(devices=[]):  # the generator is the learner's: leave it as it is
        for place in range(1 + max(int(name[0]) for name in numbers)):
            weight, bias = numbers.get(f"{place}.weight"), numbers.get(f"{place}.bias")
            if weight is None:
                layers.append(nn.ReLU())
            else:
                rows, columns = np.shape(weight)
                layers.append(nn.Linear(columns, rows, bias=bias is not None, dtype=torch.float32))
    network = nn.Sequential(*layers)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.copy_(torch.tensor(numbers[name]))
    return network


def numbers(network) -> dict[str, np.ndarray]:
    """Return a network's parameters as arrays of their own, by name."""
    return {name: p.detach().clone().numpy() for name, p in network.named_parameters()}


def same(a: Any, b: Any) -> bool:
    if isinstance(a, str) or isinstance(b, str) or a is None or b is None:
        return type(a) is type(b) and a == b
    a, b = np.asarray(a), np.asarray(b)
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-5, atol=1e-6, equal_nan=True)


# -- judging a trial -----------------------------------------------------------------------


@dataclass(frozen=True)
class Trial:
    """What is given to the function, and what must be seen afterwards, by label."""

    story: str
    given: dict[str, Any]
    expected: dict[str, Any]


class Seen(NamedTuple):
    """What came of a trial."""

    labels: dict[str, Any]  # label -> array, or a text
    result: Any  # of the last call


def judge(
    check: Check,
    function: Callable,
    trials: tuple[Trial, ...],
    watch: Callable[[Callable, Trial], Seen],
    special: Callable[[Trial, Seen, str], str | None],
) -> None:
    """Raise Problem at the first trial that comes out wrong, with the likely mistake.

    watch: calls the function and looks; special: the name of a mistake that shows in something
    else than its numbers, from the first label under which something else is seen than expected.
    """
    for trial in trials:
        seen = _tried(function, trial, watch)
        label = _first_wrong(trial, seen)
        if label is None:
            continue
        again = _tried(function, trial, watch)
        unlike = [k for k, v in seen.labels.items() if not same(v, again.labels.get(k))]
        if unlike:
            raise _random(trial, unlike[0], seen, again)
        name = special(trial, seen, label)
        named = (m for m in check.mistakes if m.name == name)
        mistake = next(named, None) or _likely(check, function, trials, watch, label)
        raise _problem(trial, label, seen.labels.get(label, GONE), mistake, name or _general(label))


def _tried(function: Callable, trial: Trial, watch: Callable) -> Seen:
    with during(*_case(trial)):
        return watch(function, trial)


def _first_wrong(trial: Trial, seen: Seen) -> str | None:
    """Return the first label under which something else is seen than is expected, or None."""
    labels = trial.expected.items()
    return next((k for k, want in labels if not same(want, seen.labels.get(k, GONE))), None)


def _likely(check, function, trials, watch, label) -> Mistake | None:
    """Return the mistake under which every trial gives what the learner's gives.

    What is returned counts only if all else is right: someone who forgets two things at once
    hears of the first.
    """
    yours = [_labels(function, trial, watch, label) for trial in trials]
    for mistake in check.mistakes:
        if mistake.wrong is None:
            continue
        theirs = [_labels(mistake.wrong, trial, watch, label) for trial in trials]
        if all(_agree(a, b) for a, b in zip(yours, theirs, strict=True)):
            return mistake
    return None


def _labels(function, trial, watch, label) -> dict | None:
    try:
        labels = watch(function, trial).labels
    except Exception:
        return None
    last = label.startswith("returned")
    return {k: v for k, v in labels.items() if last or not k.startswith("returned")}


def _agree(a: dict | None, b: dict | None) -> bool:
    if a is None or b is None:
        return False
    return a.keys() == b.keys() and all(same(value, b[key]) for key, value in a.items())


def _general(label: str) -> str:
    """Return a name for what has no name in the list of mistakes."""
    if label.startswith("online") and "weight after call" not in label:
        return "the online network was changed"
    return "another value" if label.startswith("returned") else "another value stored"


GONE = "it is gone"


def _case(trial: Trial) -> list[str]:
    return textwrap.wrap(f"This case: {trial.story}", 88, subsequent_indent="  ")


def _problem(trial: Trial, label: str, got: Any, mistake: Mistake | None, name: str) -> Problem:
    lines = [*_case(trial), f"  {label}"]
    parameter = label.removeprefix("target ")
    if label.startswith("target ") and parameter in trial.given["online"]:
        lines += [f"    online    {_text(trial.given['online'][parameter])}"]
        lines += [f"    before    {_text(trial.given['target'][parameter])}"]
    lines += [f"    expected  {_text(trial.expected[label])}", f"    yours     {_text(got)}"]
    if mistake:
        lines += ["", f"Likely: {mistake.name}."]
        return Problem(*lines, diagnosis=mistake.name, mend=mistake.advice)
    what, mend = GENERAL.get(name, ("", ""))
    return Problem(*lines, *textwrap.wrap(what, 88), diagnosis=name, mend=mend)


GENERAL = {  # diagnosis -> what to say at once, how to mend it
    "the online network was changed": (
        "Only the target network changes.",
        "Write into the target's parameters: the online network learns from its own gradients "
        "alone.",
    ),
    "arguments changed": (
        "The batch is still needed.",
        "With y = batch.reward and y += ..., both names mean the same tensor: write "
        "y = batch.reward + ...",
    ),
    "returned None": (
        "The step is right, but nothing is returned.",
        "Return the loss in the last line, as a plain number.",
    ),
    "wrong type": (
        "The step is right, but what is returned is no plain number.",
        "Return the loss as a plain number: loss.item().",
    ),
    "wrong shape": (
        "The step is right, but what is returned is no single number.",
        "Return the loss alone, as a plain number: loss.item().",
    ),
    "returned NaN": ("NaN means “not a number”.", "Look for 0/0 or inf − inf."),
}


def _random(trial: Trial, label: str, first: Seen, again: Seen) -> Problem:
    return Problem(
        *_case(trial),
        f"  {label}",
        f"    the first time  {_text(first.labels[label])}",
        f"    and later       {_text(again.labels.get(label, GONE))}",
        "The same call must give the same result.",
        diagnosis="not the same each time",
        mend="Is a random number in it? Or is something kept between calls, outside the function?",
    )


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value if len(value) <= 76 else value[:73] + "..."
    return show(np.asarray(value) if np.ndim(value) else value)
