"""Lesson 04: target networks. Expected values are worked by hand beside each trial.

These functions change networks: `changes` says how they are judged.
"""

from collections.abc import Callable

from dqnlib.course.checks.changes import Seen, Trial, judge, network, numbers, same
from dqnlib.course.types import Check, Mistake

TITLE = "04 Target networks"

NO_GRAD = "torch records the change of a parameter"
GRAPH_LEFT = "a gradient graph is left behind"
COPY_RETURNED = "a new network is returned"
USUAL = (0.001, 0.005, 0.01, 0.05)  # values of tau that people write into their code


def _special(trial: Trial, seen: Seen, label: str) -> str | None:
    """Return the name of a mistake that shows in something else than its numbers, or None."""
    if label.startswith("target") and hasattr(seen.result, "named_parameters"):
        still = all(same(v, seen.labels[f"target {k}"]) for k, v in trial.given["target"].items())
        return COPY_RETURNED if still else None
    return GRAPH_LEFT if label.startswith("gradient graph") else None


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

    online, target = network(trial.given["online"]), network(trial.given["target"])
    target.requires_grad_(trial.given["trainable"])
    more = [trial.given["tau"]] if "tau" in trial.given else []
    result = function(online, target, *more)
    labels = {f"online {k}": v for k, v in numbers(online).items()}
    labels |= {f"target {k}": v for k, v in numbers(target).items()}
    for name, p in target.named_parameters():
        graph = type(p.grad_fn).__name__ if p.grad_fn else "none"
        labels[f"gradient graph behind target {name}"] = graph
    for name, p in online.named_parameters():
        labels[f"requires_grad of online {name}"] = str(p.requires_grad)
    with torch.no_grad():
        for p in online.parameters():
            p += 1
    for name, value in numbers(target).items():
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
    solution="""
def hard_update(online, target):
    with torch.no_grad():
        for fresh, frozen in zip(online.parameters(), target.parameters()):
            frozen.copy_(fresh)
""",
    judge=lambda function: judge(HARD_UPDATE, function, HARD_TRIALS, _watch_copy, _special),
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
        *(
            Mistake(
                "only a small part of the way",
                "That is a soft update, the next exercise. A hard update takes over all of it.",
                _store(lambda fresh, frozen, tau, part=part: part * fresh + (1 - part) * frozen),
            )
            for part in USUAL
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
    solution="""
def polyak_update(online, target, tau):
    with torch.no_grad():
        for fresh, frozen in zip(online.parameters(), target.parameters()):
            frozen.copy_(tau * fresh + (1 - tau) * frozen)
""",
    judge=lambda function: judge(POLYAK_UPDATE, function, POLYAK_TRIALS, _watch_copy, _special),
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
        *(
            Mistake(
                "tau is written as a number",
                "The argument tau says how far the target moves, and it differs from run to run: "
                "write tau in place of the number.",
                _store(lambda fresh, frozen, tau, part=part: part * fresh + (1 - part) * frozen),
            )
            for part in USUAL
        ),
        Mistake(
            "the online network counts in full",
            "The two weights add up to 1. The old target has its 1 − tau; the online network is "
            "multiplied by tau.",
            _store(lambda fresh, frozen, tau: (1 - tau) * frozen + fresh),
        ),
        Mistake(
            "both networks are multiplied by tau",
            "The two weights add up to 1: tau for the online network, 1 − tau for the old target.",
            _store(lambda fresh, frozen, tau: tau * (fresh + frozen)),
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

CHECKS = (HARD_UPDATE, POLYAK_UPDATE)
