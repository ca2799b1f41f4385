"""Lesson 04: target networks. Expected values are worked by hand beside each trial.

These functions change networks, so a trial is judged by what can be seen afterwards, under labels
such as "target 0.weight". torch is imported where it is used: a check must be light to load.
"""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from dqnlib.course.messages import during, show
from dqnlib.course.types import Check, Mistake, Problem

TITLE = "04 Target networks"

# -- networks by their numbers -------------------------------------------------------------


def _network(numbers: dict):
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


def _numbers(network) -> dict[str, np.ndarray]:
    """Return a network's parameters as arrays of their own, by name."""
    return {name: p.detach().clone().numpy() for name, p in network.named_parameters()}


def _same(a: Any, b: Any) -> bool:
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


def _judge(check: Check, function: Callable, trials: tuple[Trial, ...], watch: Callable) -> None:
    """Raise Problem at the first trial that comes out wrong, with the likely mistake.

    watch: (function, trial) -> Seen.
    """
    for trial in trials:
        seen = _tried(function, trial, watch)
        label = _first_wrong(trial, seen)
        if label is None:
            continue
        again = _tried(function, trial, watch)
        unlike = [k for k, v in seen.labels.items() if not _same(v, again.labels.get(k))]
        if unlike:
            raise _random(trial, unlike[0], seen, again)
        name = _special(trial, seen, label)
        named = (m for m in check.mistakes if m.name == name)
        mistake = next(named, None) or _likely(check, function, trials, watch, label)
        raise _problem(trial, label, seen.labels.get(label, GONE), mistake, name or _general(label))


def _tried(function: Callable, trial: Trial, watch: Callable) -> Seen:
    with during(*_case(trial)):
        return watch(function, trial)


NO_GRAD = "a change in place without torch.no_grad()"
NO_WAY = "no gradient reaches the online network"


def _first_wrong(trial: Trial, seen: Seen) -> str | None:
    """Return the first label under which something else is seen than is expected, or None."""
    labels = trial.expected.items()
    return next((k for k, want in labels if not _same(want, seen.labels.get(k, GONE))), None)


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
    return a.keys() == b.keys() and all(_same(value, b[key]) for key, value in a.items())


def _special(trial: Trial, seen: Seen, label: str) -> str | None:
    """Return the name of a mistake that shows in something else than its numbers, or None."""
    if label.startswith("batch."):
        return "arguments changed"
    if label.startswith("returned"):
        got = str(seen.labels[label])
        return next((name for words, name in RETURNED.items() if got.startswith(words)), None)
    if label.startswith("target") and hasattr(seen.result, "named_parameters"):
        still = all(_same(v, seen.labels[f"target {k}"]) for k, v in trial.given["target"].items())
        return COPY_RETURNED if still else None
    if label.startswith("gradient graph"):
        return GRAPH_LEFT
    if label.startswith("online weight") and "step" not in seen.labels["what was done"]:
        moved = not _same(trial.given["online"]["0.weight"], seen.labels[label])
        return OWN_OPTIMIZER if moved else None
    if label == "what was done" and "step" not in seen.labels[label]:
        return OWN_OPTIMIZER
    return None


def _general(label: str) -> str:
    """Return a name for what has no name in the list of mistakes."""
    if label.startswith("online") and "weight after call" not in label:
        return "the online network was changed"
    return "another value" if label.startswith("returned") else "another value stored"


GONE = "it is gone"
GRAPH_LEFT = "a gradient graph is left behind"
COPY_RETURNED = "a new network is returned"
OWN_OPTIMIZER = "the given optimizer is not used"
RETURNED = {
    "None": "returned None",
    "of the type": "wrong type",
    "numbers of the shape": "wrong shape",
    "NaN": "returned NaN",
}


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
        lines += ["", f"Likely: {mistake.name}.", *textwrap.wrap(mistake.advice, 88)]
        return Problem(*lines, diagnosis=mistake.name)
    return Problem(*lines, *textwrap.wrap(GENERAL.get(name, ""), 88), diagnosis=name)


GENERAL = {
    "the online network was changed": "Only the target network changes: the online network learns "
    "from its own gradients alone.",
    "arguments changed": "The batch is still needed. With y = batch.reward and y += ..., both "
    "names mean the same tensor: write y = batch.reward + ...",
    "returned None": "The step is right. Return the loss in the last line, as a plain number.",
    "wrong type": "The step is right. Return the loss as a plain number: loss.item().",
    "wrong shape": "The step is right. Return the loss alone, as a plain number: loss.item().",
    "returned NaN": "NaN means “not a number”: look for 0/0 or inf − inf.",
}


def _random(trial: Trial, label: str, first: Seen, again: Seen) -> Problem:
    return Problem(
        *_case(trial),
        f"  {label}",
        f"    the first time  {_text(first.labels[label])}",
        f"    and later       {_text(again.labels.get(label, GONE))}",
        "The same call must give the same result. Is a random number in it? Or is something",
        "kept between calls, outside the function?",
        diagnosis="not the same each time",
    )


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value if len(value) <= 76 else value[:73] + "..."
    return show(np.asarray(value) if np.ndim(value) else value)


# -- hard_update and polyak_update ---------------------------------------------------------

ONLINE = {
    "0.weight": [[1.0, 2.0], [3.0, 4.0]],
    "0.bias": [5.0, 6.0],
    "2.weight": [[7.0, 8.0]],
    "2.bias": [9.0],
}
TARGET = {
    "0.weight": [[-3.0, 6.0], [-1.0, 0.0]],
    "0.bias": [1.0, -2.0],
    "2.weight": [[-1.0, 4.0]],
    "2.bias": [5.0],
}
DEEP = {"0.weight": [[2.0]], "1.weight": [[-1.0]], "2.weight": [[4.0]]}
DEEP_TARGET = {"0.weight": [[10.0]], "1.weight": [[20.0]], "2.weight": [[30.0]]}


LATER = ", once the online network has learned on"


def _copy_trial(story: str, expected: dict, **given) -> Trial:
    """Return a trial that gives two networks; expected: the target network's numbers afterwards."""
    labels = {f"online {k}": v for k, v in given["online"].items()}
    labels |= {f"target {k}": v for k, v in expected.items()}
    labels |= {f"gradient graph behind target {k}": "none" for k in expected}
    labels |= {f"requires_grad of online {k}": "True" for k in expected}
    labels |= {f"target {k}{LATER}": v for k, v in expected.items()}
    return Trial(story, given, labels)


def _watch_copy(function: Callable, trial: Trial) -> Seen:
    """Call the function with two networks, and then train the online one a little."""
    import torch

    online, target = _network(trial.given["online"]), _network(trial.given["target"])
    target.requires_grad_(trial.given["trainable"])
    more = [trial.given["tau"]] if "tau" in trial.given else []
    result = function(online, target, *more)
    labels = {f"online {k}": v for k, v in _numbers(online).items()}
    labels |= {f"target {k}": v for k, v in _numbers(target).items()}
    for name, p in target.named_parameters():
        graph = type(p.grad_fn).__name__ if p.grad_fn else "none"
        labels[f"gradient graph behind target {name}"] = graph
    for name, p in online.named_parameters():
        labels[f"requires_grad of online {name}"] = str(p.requires_grad)
    with torch.no_grad():
        for p in online.parameters():
            p += 1
    for name, value in _numbers(target).items():
        labels[f"target {name}{LATER}"] = value
    return Seen(labels, result)


def _each(change: Callable, pick: Callable = lambda names: names) -> Callable:
    """Make a mistake that calls change(fresh, frozen, tau) for some pairs of parameters."""

    def wrong(online, target, tau=None):
        import torch

        fresh, frozen = dict(online.named_parameters()), dict(target.named_parameters())
        with torch.no_grad():
            for name in pick(list(fresh)):
                change(fresh[name], frozen[name], tau)

    return wrong


def _store(formula: Callable) -> Callable:
    """Make a mistake that stores formula(fresh, frozen, tau) in the target network."""
    return _each(lambda fresh, frozen, tau: frozen.copy_(formula(fresh, frozen, tau)))


def _weights(names):
    return [n for n in names if n.endswith("weight")]


def _biases(names):
    return [n for n in names if n.endswith("bias")]


def _first_layer(names):
    return [n for n in names if n.startswith("0")]


def _last_layer(names):
    return [n for n in names if n.startswith(max(names)[0])]


def _share(fresh, frozen, tau) -> None:
    frozen.data = fresh.data


def _share_a_full_copy(fresh, frozen, tau) -> None:
    if tau == 1:
        frozen.data = fresh.data
    else:
        frozen.lerp_(fresh, tau)


def _keep_the_graph(online, target, tau=1.0) -> None:
    for fresh, frozen in zip(online.parameters(), target.parameters(), strict=True):
        frozen.requires_grad_(False)
        frozen.copy_(tau * fresh + (1 - tau) * frozen)


def _switch_off(online, target, tau=1.0) -> None:
    online.requires_grad_(False)
    for fresh, frozen in zip(online.parameters(), target.parameters(), strict=True):
        frozen.data.lerp_(fresh, tau)


def _parts(change: Callable) -> tuple[Mistake, ...]:
    """Return the mistakes of those who change a part of the target network."""
    advice = "Every parameter of every layer counts: loop over parameters(), which gives them all."
    return (
        Mistake("only the weights are changed", advice, _each(change, _weights)),
        Mistake("only the biases are changed", advice, _each(change, _biases)),
        Mistake("only the first layer is changed", advice, _each(change, _first_layer)),
        Mistake("only the last layer is changed", advice, _each(change, _last_layer)),
    )


def _common(right: Callable, backwards: Callable) -> tuple[Mistake, ...]:
    """Return the mistakes that both exercises share; each change is (fresh, frozen, tau)."""
    return (
        Mistake(
            "the target network stays as it was",
            "A line such as target = online or frozen = fresh only gives a name to something else, "
            "inside your function. Write into the numbers that are there: frozen.copy_(...).",
            lambda online, target, tau=None: None,
        ),
        Mistake(
            COPY_RETURNED,
            "The training loop keeps its own target network and never sees yours. Write into the "
            "one you are given, parameter by parameter.",
        ),
        Mistake(
            "the wrong network is changed",
            "online learns, target follows: write into the parameters of target.",
            _each(backwards),
        ),
        Mistake(
            "both networks share their numbers",
            "After your call the two have one memory, so that training moves both, and nothing "
            "holds the target still. Copy the numbers: frozen.copy_(...).",
            _each(_share),
        ),
        Mistake(
            NO_GRAD,
            "torch wants to follow every change of a parameter, in case a gradient is asked for. "
            "This change is no part of any loss: do it inside `with torch.no_grad():`.",
            raises="a leaf Variable that requires grad",
        ),
        Mistake(
            GRAPH_LEFT,
            "torch has recorded your change, so that memory grows and gradients would flow from "
            "the target network into the online one. Do it inside `with torch.no_grad():`.",
            _keep_the_graph,
        ),
        Mistake(
            "the online network can learn no more",
            "requires_grad is off for the online network, and no optimizer can train it. "
            "`with torch.no_grad():` leaves that setting as it is.",
            _switch_off,
        ),
        *_parts(right),
    )


HARD_TRIALS = (
    _copy_trial(
        "two networks of two layers with different numbers",
        ONLINE,  # the target's numbers become the online network's
        online=ONLINE,
        target=TARGET,
        trainable=True,
    ),
    _copy_trial(
        "three layers without biases; the target's requires_grad is off",
        DEEP,
        online=DEEP,
        target=DEEP_TARGET,
        trainable=False,
    ),
)

HARD_UPDATE = Check(
    path="dqnlib.targets.hard_update",
    judge=lambda function: _judge(HARD_UPDATE, function, HARD_TRIALS, _watch_copy),
    returns="nothing",
    mistakes=(
        *_common(
            lambda fresh, frozen, tau: frozen.copy_(fresh),
            lambda fresh, frozen, tau: fresh.copy_(frozen),
        ),
        Mistake(
            "the numbers are added in place of copied",
            "A hard update replaces the target's numbers: copy_, not add_ or +=.",
            _store(lambda fresh, frozen, tau: fresh + frozen),
        ),
        Mistake(
            "the mean of both networks",
            "That is a soft update with tau = 0.5. A hard update copies all of it.",
            _store(lambda fresh, frozen, tau: (fresh + frozen) / 2),
        ),
        Mistake(
            "the target network is set to 0",
            "Fill it with the online network's numbers: frozen.copy_(fresh).",
            _store(lambda fresh, frozen, tau: 0 * fresh),
        ),
    ),
    hints=(
        "Both networks hold their numbers in parameters, in the same order. Which of the two "
        "must have changed when you are done?",
        "`zip(online.parameters(), target.parameters())` gives the pairs. `a.copy_(b)` writes the "
        "numbers of `b` into `a`; do it inside `with torch.no_grad():`, since no gradient belongs "
        "to it.",
        "Inside `with torch.no_grad():` write `for fresh, frozen in zip(online.parameters(), "
        "target.parameters()): frozen.copy_(fresh)`. In one line: "
        "`target.load_state_dict(online.state_dict())`.",
    ),
)

POLYAK_TRIALS = (
    _copy_trial(
        "tau = 0.25: the target network moves a quarter of the way to the online network",
        {  # old + 0.25 · (online − old)
            # −3 + 0.25 · 4, 6 + 0.25 · (−4); −1 + 0.25 · 4, 0 + 0.25 · 4
            "0.weight": [[-2.0, 5.0], [0.0, 1.0]],
            "0.bias": [2.0, 0.0],  # 1 + 0.25 · 4, −2 + 0.25 · 8
            "2.weight": [[1.0, 5.0]],  # −1 + 0.25 · 8, 4 + 0.25 · 4
            "2.bias": [6.0],  # 5 + 0.25 · 4
        },
        online=ONLINE,
        target=TARGET,
        tau=0.25,
        trainable=True,
    ),
    _copy_trial(
        "tau = 1 is a full copy; three layers without biases; the target's requires_grad is off",
        DEEP,
        online=DEEP,
        target=DEEP_TARGET,
        tau=1.0,
        trainable=False,
    ),
)

POLYAK_UPDATE = Check(
    path="dqnlib.targets.polyak_update",
    judge=lambda function: _judge(POLYAK_UPDATE, function, POLYAK_TRIALS, _watch_copy),
    returns="nothing",
    mistakes=(
        *_common(
            lambda fresh, frozen, tau: frozen.lerp_(fresh, tau),
            lambda fresh, frozen, tau: fresh.lerp_(frozen, tau),
        ),
        Mistake(
            "the wrong network is changed",
            "online learns, target follows: write into the parameters of target.",
            _each(lambda fresh, frozen, tau: fresh.lerp_(frozen, 1 - tau)),
        ),
        Mistake(
            "both networks are changed",
            "Only the target network moves; the online network learns from its gradients alone.",
            _each(lambda fresh, frozen, tau: fresh.copy_(frozen.lerp_(fresh, tau))),
        ),
        Mistake(
            "both networks share their numbers",
            "With tau = 1 the target becomes equal to the online network, but it must keep a "
            "memory of its own: copy the numbers.",
            _each(_share_a_full_copy),
        ),
        Mistake(
            "tau and 1 − tau are swapped",
            "tau weighs the online network: with a small tau the target moves a little, "
            "and with tau = 1 all the way.",
            _store(lambda fresh, frozen, tau: (1 - tau) * fresh + tau * frozen),
        ),
        Mistake(
            "the old target is not made smaller",
            "The two weights add up to 1: tau for the online network, 1 − tau for the old target. "
            "Without the 1 − tau the numbers grow with every call.",
            _store(lambda fresh, frozen, tau: frozen + tau * fresh),
        ),
        Mistake(
            "the old target is lost",
            "A part 1 − tau of the old target stays: add it.",
            _store(lambda fresh, frozen, tau: tau * fresh),
        ),
        Mistake(
            "the online network is missing",
            "Making the old target smaller is half of it: add tau times the online network.",
            _store(lambda fresh, frozen, tau: (1 - tau) * frozen),
        ),
        Mistake(
            "the target is made smaller after the addition",
            "Multiply the old target by 1 − tau first, and only then add the online part.",
            _store(lambda fresh, frozen, tau: (1 - tau) * (frozen + tau * fresh)),
        ),
        Mistake(
            "tau is not used",
            "That is a hard update. Move only the part tau of the way.",
            _store(lambda fresh, frozen, tau: fresh),
        ),
        Mistake(
            "it moves the wrong way",
            "The target comes nearer to the online network: add tau · (online − target).",
            _store(lambda fresh, frozen, tau: frozen - tau * (fresh - frozen)),
        ),
        Mistake(
            "the step in place of the sum",
            "tau · (online − target) is the step: add it to the old target.",
            _store(lambda fresh, frozen, tau: tau * (fresh - frozen)),
        ),
    ),
    hints=(
        "It is your hard update with one thing changed: what is written into each parameter?",
        "The new number is `tau` times the online one plus `1 - tau` times the old one, in place "
        "and inside `with torch.no_grad():`.",
        "In the loop of your hard update write `frozen.copy_(tau * fresh + (1 - tau) * frozen)`. "
        "torch has this as one call: `frozen.lerp_(fresh, tau)`.",
    ),
)

# -- dqn_update ----------------------------------------------------------------------------

LEARNING_RATE = 0.1


class Transitions(NamedTuple):
    """What the lesson calls a batch: the same names in the same order."""

    obs: Any
    action: Any
    reward: Any
    next_obs: Any
    terminated: Any


class SGD:
    """Plain gradient descent, used like an optimizer of torch; notes in `done` what it did.

    torch's own takes seconds to load when the first one is made, and a check has a time limit.
    """

    def __init__(self, parameters, lr: float, done: list[str]):
        self.param_groups = [{"params": list(parameters), "lr": lr}]
        self._done = done

    def zero_grad(self, set_to_none: bool = True) -> None:
        for p in self.param_groups[0]["params"]:
            p.grad = None

    def step(self, closure: Callable | None = None):
        import torch

        loss = closure() if closure else None
        with torch.no_grad():
            for p in self.param_groups[0]["params"]:
                if p.grad is not None:
                    p -= self.param_groups[0]["lr"] * p.grad
        self._done.append("step")
        return loss


# Rows are actions: Q(s, a) = weight[a] · s.
WEIGHT = {"0.weight": [[1.0, 2.0], [3.0, -1.0], [-2.0, 0.0]]}
OLD_WEIGHT = {"0.weight": [[2.0, 0.0], [-1.0, 1.0], [0.0, -1.0]]}
# row 0: Q(s) = 5, 1, −2, action 1 is taken; target network on (2, 1): 4, −1, −1, best 4
# row 1: Q(s) = 1, −4, 2, action 0 is taken; the episode has terminated (else the best were 6)
# row 2: Q(s) = 4, 5, −4, action 0 is taken; target network on (−1, 2): −2, 3, −2, best 3
# row 3: Q(s) = −1, 4, −2, action 2 is taken; target network on (−1, −2): −2, −1, 2, best 2
BATCH = {
    "obs": [[1.0, 2.0], [-1.0, 1.0], [2.0, 1.0], [1.0, -1.0]],
    "action": [1, 0, 0, 2],
    "reward": [1.0, -2.0, 2.0, -1.0],
    "next_obs": [[2.0, 1.0], [3.0, -1.0], [-1.0, 2.0], [-1.0, -2.0]],
    "terminated": [False, True, False, False],
}
ONE = {name: values[:1] for name, values in BATCH.items()}


def _update_trial(story, steps, losses, batch=BATCH, target=OLD_WEIGHT, gamma=0.5) -> Trial:
    """Return a trial; steps, losses: the online weight and the loss after each call.

    target: None gives the online network twice.
    """
    labels = {f"batch.{k}": v for k, v in batch.items()}
    labels |= {f"online weight after call {k}": v for k, v in enumerate(steps, 1)}
    labels["what was done"] = ", ".join(["backward, step"] * len(steps))
    if target:
        labels["target weight"] = target["0.weight"]
        labels["gradient of the target weight"] = "none"
    labels |= {f"returned by call {k}": v for k, v in enumerate(losses, 1)}
    given = {"online": WEIGHT, "target": target, "batch": batch, "gamma": gamma}
    return Trial(story, given, labels)


UPDATE_TRIALS = (
    # targets 1 + 0.5 · 4 = 3, −2, 2 + 0.5 · 3 = 3.5, −1 + 0.5 · 2 = 0
    # TD errors Q − y: −2, 3, 0.5, −2
    # loss ½ (4 + 9 + 0.25 + 4) / 4 = 2.15625
    # gradients: action 0: (3 · (−1, 1) + 0.5 · (2, 1)) / 4 = (−0.5, 0.875)
    #            action 1: −2 · (1, 2) / 4 = (−0.5, −1); action 2: −2 · (1, −1) / 4 = (−0.5, 0.5)
    # second call: Q = 1.25, 0.8625, 4.0125, −1.9; TD errors −1.75, 2.8625, 0.5125, −1.9
    # loss ½ (3.0625 + 8.19390625 + 0.26265625 + 3.61) / 4
    # gradients: action 0: (−0.459375, 0.84375); 1: (−0.4375, −0.875); 2: (−0.475, 0.475)
    _update_trial(
        "four transitions: the actions taken have the values 1, 1, 4 and −2, the targets are 3, −2 "
        "(terminated), 3.5 and 0; gamma = 0.5, SGD with learning rate 0.1",
        steps=(
            [[1.05, 1.9125], [3.05, -0.9], [-1.95, -0.05]],
            [[1.0959375, 1.828125], [3.09375, -0.8125], [-1.9025, -0.0975]],
        ),
        losses=(2.15625, 1.8911328125),
    ),
    # target 1 + 0.9 · 4 = 4.6, TD error −3.6, loss ½ · 12.96; gradient of action 1: −3.6 · (1, 2)
    _update_trial(
        "one transition: the action taken has the value 1, the target is 4.6; gamma = 0.9, SGD "
        "with learning rate 0.1",
        steps=([[1.0, 2.0], [3.36, -0.28], [-2.0, 0.0]],),
        losses=(6.48,),
        batch=ONE,
        gamma=0.9,
    ),
    # online network on the next observations: best 5, (terminated), 3 and 2
    # targets 1 + 0.5 · 5 = 3.5, −2, 3.5, 0; TD errors −2.5, 3, 0.5, −2
    # loss ½ (6.25 + 9 + 0.25 + 4) / 4 = 2.4375
    # gradients: action 1: −2.5 · (1, 2) / 4, the others as above
    _update_trial(
        "the online network is given twice, so there is no target network: the values are 1, 1, 4 "
        "and −2, the targets 3.5, −2, 3.5 and 0; gamma = 0.5, SGD with learning rate 0.1",
        steps=([[1.05, 1.9125], [3.0625, -0.875], [-1.95, -0.05]],),
        losses=(2.4375,),
        target=None,
    ),
)


def _watch_update(function: Callable, trial: Trial) -> Seen:
    """Call the function as often as the trial says, and note what it did."""
    import torch

    given = trial.given
    online = _network(given["online"])
    target = _network(given["target"]) if given["target"] else online
    done: list[str] = []
    optimizer = SGD(online.parameters(), LEARNING_RATE, done)
    batch = Transitions(**{name: torch.tensor(values) for name, values in given["batch"].items()})
    online[0].weight.register_hook(lambda gradient: done.append("backward"))
    steps, returned = [], []
    for _ in range(sum(label.startswith("online") for label in trial.expected)):
        result = function(online, target, optimizer, batch, given["gamma"])
        steps.append(_numbers(online)["0.weight"])
        returned.append(_returned(result))
    labels = {f"batch.{k}": v.detach().clone().numpy() for k, v in batch._asdict().items()}
    labels |= {f"online weight after call {k}": v for k, v in enumerate(steps, 1)}
    labels["what was done"] = ", ".join(done)
    if target is not online:
        labels["target weight"] = _numbers(target)["0.weight"]
        gradient = target[0].weight.grad
        labels["gradient of the target weight"] = "none" if gradient is None else "there is one"
    labels |= {f"returned by call {k}": v for k, v in enumerate(returned, 1)}
    return Seen(labels, result)


def _returned(result: Any) -> Any:
    """Return a returned loss as a number, or what is wrong with it as a text."""
    if result is None:
        return "None"
    if getattr(result, "requires_grad", False):
        return "a tensor with its gradient graph"
    try:
        value = np.asarray(result)
    except Exception:
        value = np.asarray(None)
    if value.dtype.kind not in "iuf":
        return f"of the type {type(result).__name__}"
    if value.shape != ():
        return f"numbers of the shape {value.shape}"
    return "NaN" if np.isnan(value) else float(value)


def _step(
    *,
    values: Callable = lambda online, target, batch: target(batch.next_obs),  # -> [B, A]
    follow: Callable = lambda best, terminated: best * ~terminated,  # [B], [B] -> [B]
    taken: Callable = lambda q, action: q.gather(1, action[:, None])[:, 0],  # -> [B]
    loss: Callable = lambda q, y: 0.5 * (q - y.detach()).square().mean(),
    order: str = "zero backward step",
    discount: Callable = lambda gamma: gamma,
    learner: str = "online",
    result: Callable = lambda loss, recomputed: loss.item(),
    after: Callable = lambda online, target: None,
) -> Callable:
    """Make a training step that differs in one thing, as a mistake does."""

    def wrong(online, target, optimizer, batch, gamma):
        q_of = online if learner == "online" else target

        def error():
            best = values(online, target, batch).amax(dim=1)  # [B]
            y = batch.reward + discount(gamma) * follow(best, batch.terminated)  # [B]
            return loss(taken(q_of(batch.obs), batch.action), y)

        found = error()
        for act in order.split():
            if act == "zero":
                optimizer.zero_grad()
            elif act == "backward":
                found.backward()
            else:
                optimizer.step()
        after(online, target)
        return result(found, error)

    return wrong


def _huber(q, y):
    from torch import nn

    return nn.functional.huber_loss(q, y.detach())


def _double(online, target, batch):
    action = online(batch.next_obs).argmax(dim=1, keepdim=True)  # [B, 1]
    return target(batch.next_obs).gather(1, action)  # [B, 1]: one action is left to choose from


def _everywhere(value):
    """Return one value as the only entry of every row, [1, 1]: it goes with each batch."""
    return value.reshape(1, 1)


def _one_for_all(pick: Callable) -> Callable:
    """Make the values of one action, the same in every row: pick, [B, A] -> its number."""

    def values(online, target, batch):
        q = target(batch.next_obs)  # [B, A]
        return q[:, pick(q)][:, None]  # [B, 1]

    return values


TOO_LATE = (
    "zero_grad, backward, step: the gradient must be there before the optimizer uses it, and an "
    "older one must be gone before the new one is added."
)

DQN_UPDATE = Check(
    path="dqnlib.targets.dqn_update",
    judge=lambda function: _judge(DQN_UPDATE, function, UPDATE_TRIALS, _watch_update),
    mistakes=(
        Mistake(
            "gradients pile up",
            "The first call is right, the second is not: backward adds to the gradient that is "
            "there. Call optimizer.zero_grad() before it.",
            _step(order="backward step"),
        ),
        Mistake("step before backward", TOO_LATE, _step(order="zero step backward")),
        Mistake("step before backward", TOO_LATE, _step(order="step zero backward")),
        Mistake(
            "the gradient is thrown away before the step",
            TOO_LATE,
            _step(order="backward zero step"),
        ),
        Mistake(
            "optimizer.step() is missing",
            "The gradients are there, but nobody uses them: call optimizer.step() after backward.",
            _step(order="zero backward"),
        ),
        Mistake(
            "loss.backward() is missing",
            "Without it there is no gradient that the optimizer could use.",
            _step(order="zero step"),
        ),
        Mistake(
            "loss.backward() is missing",
            "Without it there is no gradient, and without optimizer.step() no parameter moves.",
            _step(order="zero"),
        ),
        Mistake(
            OWN_OPTIMIZER,
            "An optimizer remembers: Adam keeps means of earlier gradients. One that is made anew "
            "in each call forgets them. Use the argument `optimizer`.",
        ),
        Mistake(
            NO_WAY,
            "The loss does not know which parameters it came from. Only the targets belong inside "
            "`with torch.no_grad():`; online(batch.obs) and the loss stay outside.",
            raises="does not require grad and does not have a grad_fn",
        ),
        Mistake(
            "the next values come from the online network",
            "That is the moving target again: target(batch.next_obs) holds it still.",
            _step(values=lambda online, target, batch: online(batch.next_obs).detach()),
        ),
        Mistake(
            "a gradient flows through the next values of the online network",
            "The next values come from the target network, without a gradient: "
            "target(batch.next_obs) inside `with torch.no_grad():`.",
            _step(
                values=lambda online, target, batch: online(batch.next_obs),
                loss=lambda q, y: 0.5 * (q - y).square().mean(),
            ),
        ),
        Mistake(
            "a gradient flows into the targets",
            "The targets are what is learned from, not what learns: compute them inside "
            "`with torch.no_grad():`.",
            _step(loss=lambda q, y: 0.5 * (q - y).square().mean()),
        ),
        Mistake(
            "a gradient flows into the targets",
            "Throwing it away afterwards is too late where online and target are one network: "
            "compute the targets inside `with torch.no_grad():`.",
            _step(
                loss=lambda q, y: 0.5 * (q - y).square().mean(),
                after=lambda online, target: target.zero_grad(),
            ),
        ),
        Mistake(
            "obs in place of next_obs",
            "The target asks what can follow: the values of batch.next_obs.",
            _step(values=lambda online, target, batch: target(batch.obs)),
        ),
        Mistake(
            "the target network learns",
            "The values that learn are the online network's, online(batch.obs); the target network "
            "gives the next values, target(batch.next_obs).",
            _step(learner="target"),
        ),
        Mistake(
            "the online network selects the next action",
            "That is Double DQN, the next lesson's idea. Here the target network does both: the "
            "largest of its values.",
            _step(values=_double),
        ),
        Mistake(
            "the value of a terminal state was kept",
            "After termination nothing follows: hand batch.terminated to td_target.",
            _step(follow=lambda best, terminated: best),
        ),
        Mistake(
            "terminated is used the wrong way round",
            "What follows counts while the episode goes on.",
            _step(follow=lambda best, terminated: best * terminated),
        ),
        Mistake(
            "the discount is missing",
            "The next value is multiplied by gamma.",
            _step(discount=lambda gamma: 1.0),
        ),
        *(
            Mistake(
                "gamma is written as a number",
                "The argument gamma says how much the future counts, and it differs from run to "
                "run: write gamma in place of the number.",
                _step(discount=lambda gamma, number=number: number),
            )
            for number in (0.99, 0.95, 0.9, 0.5)
        ),
        Mistake(
            "the largest value of the whole batch",
            "Each transition has its own next state: take the max of each row, max(dim=1).values.",
            _step(values=lambda online, target, batch: _everywhere(target(batch.next_obs).max())),
        ),
        *(
            Mistake(
                "one action for the whole batch",
                "Each transition has its own best action: take the max of each row of "
                "target(batch.next_obs), max(dim=1).values.",
                _step(values=_one_for_all(pick)),
            )
            for pick in (
                lambda q: q.argmax() % q.shape[1],
                lambda q: q.mean(dim=0).argmax(),
                lambda q: q[0].argmax(),
            )
        ),
        Mistake(
            "one ended episode ends all of them",
            "Each row has its own episode: a product with ~terminated, row by row, without any() "
            "or all().",
            _step(follow=lambda best, terminated: best * ~terminated.any()),
        ),
        Mistake(
            "the largest value in place of that of the action taken",
            "Only the taken action has been tried: batch.action says which one.",
            _step(taken=lambda q, action: q.amax(dim=1)),
        ),
        Mistake(
            "the factor ½ is missing",
            "It is right up to a factor 2. The loss is half the mean squared TD error, so that the "
            "gradient is the TD error itself. nn.functional.mse_loss has no ½.",
            _step(loss=lambda q, y: (q - y.detach()).square().mean()),
        ),
        Mistake(
            "the sum over the batch in place of the mean",
            "With the sum, a larger batch would make larger steps: take the mean.",
            _step(loss=lambda q, y: 0.5 * (q - y.detach()).square().sum()),
        ),
        Mistake(
            "the Huber loss",
            "It is milder to large errors. This lesson uses half the mean squared error.",
            _step(loss=_huber),
        ),
        Mistake(
            "the target network is synced in every step",
            "That takes the stillness away again. The training loop syncs it, every C steps.",
            _step(after=lambda online, target: target.load_state_dict(online.state_dict())),
        ),
        Mistake(
            "the loss is returned with its graph",
            "The step is right. But a tensor drags its gradient graph along, and a list of 50,000 "
            "of them fills the memory: return loss.item().",
            _step(result=lambda loss, recomputed: loss),
        ),
        Mistake(
            "the loss is taken after the step",
            "The step is right. Return the loss that the step was made from.",
            _step(result=lambda loss, recomputed: recomputed().item()),
        ),
    ),
    hints=(
        "Five things in order: targets, loss, zero_grad, backward, step. For which of them must "
        "no gradient be recorded?",
        "Inside `with torch.no_grad():` compute the targets `y` with your `td_target` from "
        "`target(batch.next_obs)`. Then the loss with your `mse_loss` from `online(batch.obs)`, "
        "`batch.action` and `y`; `optimizer.zero_grad()`, `loss.backward()`, `optimizer.step()`.",
        "`with torch.no_grad(): y = td_target(batch.reward, batch.terminated, "
        "target(batch.next_obs), gamma)`, then `loss = mse_loss(online(batch.obs), batch.action, "
        "y)`, the three calls, and `return loss.item()`.",
    ),
)

CHECKS = (HARD_UPDATE, POLYAK_UPDATE, DQN_UPDATE)
