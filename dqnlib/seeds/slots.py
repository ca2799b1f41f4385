"""The trainer's slots: which of them hold a function of the learner's own, and what each takes."""

import inspect
import warnings
from collections.abc import Callable

from dqnlib import policies, replay, targets, transitions
from dqnlib.config import Config, check_change
from dqnlib.networks import ConvNetwork, NormalizedQNetwork, QNetwork, RainbowNetwork
from dqnlib.seeds.learner import name_of, own_or_none

SLOTS = (
    "network", "values", "transitions", "replay", "td_target", "lambda_return", "loss", "update",
    "sync_target", "policy", "env",
)  # fmt: skip

# What a slot's function may take, in the order in which it gets it where its names say nothing.
FORMS = {
    "td_target": (
        ("reward", "terminated", "next_q", "gamma"),
        ("reward", "terminated", "online_next_q", "target_next_q", "gamma"),
        ("reward", "terminated", "next_q", "gamma", "epsilon"),
    ),
    "lambda_return": (("reward", "terminated", "truncated", "next_value", "gamma", "trace_decay"),),
    "loss": (("q", "action", "td_target"), ("q", "action", "td_target", "weight")),
    "sync_target": (("online", "target", "tau"), ("online", "target")),
}


def library_functions(config: Config) -> dict[str, Callable]:
    """What each slot is with these settings: given in its slot, it needs no call a run."""
    soft = targets.expected_sarsa_target if config.target_epsilon else targets.td_target
    return {
        "td_target": targets.double_td_target if config.double else soft,
        "lambda_return": targets.lambda_return,
        "loss": targets.huber_loss if config.loss == "huber" else targets.mse_loss,
        "sync_target": targets.hard_update if config.tau == 1 else targets.polyak_update,
        "policy": policies.epsilon_greedy,
        "replay": replay.ReplayBuffer,
        "transitions": transitions.Hindsight if config.hindsight != "none" else None,
    }


def own_functions(given: dict, library: dict[str, Callable]) -> dict[str, Callable]:
    """Return the functions, by slot in the order of `SLOTS`, that are not the library's.

    Raises TypeError for a slot that does not exist.
    """
    for name in given:
        if name not in SLOTS:
            raise TypeError(f"there is no slot {name!r}; there are {', '.join(SLOTS)} and record")
    found = {slot: own_or_none(given.get(slot), library.get(slot)) for slot in SLOTS}
    return {slot: f for slot, f in found.items() if f is not None}


def is_librarys(slot: str, function: Callable) -> bool:
    """True for a function that the library has for a slot, with whatever settings."""
    every = [Config(), Config(double=True, loss="huber", tau=0.5), Config(target_epsilon=0.5)]
    every.append(Config(hindsight="future"))
    return any(function is library_functions(config).get(slot) for config in every)


def heeds_epsilon(own: dict) -> bool:
    """True if config.target_epsilon acts on the target: nothing of the learner's wins over it."""
    if "td_target" in own:
        return "epsilon" in arguments_of("td_target", own["td_target"])
    return "update" not in own


def check_in_flight(old: Config, new: Config, own: dict) -> None:
    """Raise ValueError if a trainer with these functions cannot go from one config to the other."""
    check_change(old, new, own, ("target_epsilon",) if heeds_epsilon(own) else ())


def check_own(own: dict, record: dict, config: Config) -> None:
    """Raise ValueError for what is no function, and for functions that do not go together.

    Warns of a target_epsilon over which a function of the learner's wins.
    """
    for slot, value in own.items():
        if not callable(value):
            raise ValueError(f"{slot} must be a function or a class, but it is {value!r}")
    if "update" in own and {"td_target", "lambda_return", "loss"} & set(own):
        raise ValueError(
            "update is the whole training step: give it alone, without td_target, lambda_return "
            "and loss"
        )
    names = ("dueling", "noisy", "channels", "layer_norm")
    parts = [name for name in names if getattr(config, name)]
    parts += ["atoms"] if config.atoms > 1 else []
    if parts and "network" in own:
        raise ValueError(
            f"{' and '.join(parts)} say what the library's network is made of, but there is a "
            "network of your own: leave one of the two out"
        )
    if config.atoms > 1:
        for slot in ("values", "td_target", "lambda_return", "loss", "update"):
            if slot in own:
                raise ValueError(
                    f"{config.atoms} atoms are learned as distributions, for which your own {slot} "
                    "is not made: leave it out, or atoms"
                )
    if config.windows != "all":
        for slot in ("transitions", "replay", "td_target", "update", "policy"):
            if slot in own:
                raise ValueError(
                    f"windows={config.windows!r} is made for the library's {slot}: leave yours "
                    "out, or windows"
                )
    check_online(own, config)
    if config.target_epsilon and not heeds_epsilon(own):
        warnings.warn(
            f"target_epsilon={config.target_epsilon:g} changes nothing: your own "
            f"{'td_target' if 'td_target' in own else 'update'} wins over it. A td_target gets it "
            "if it has a parameter epsilon",
            stacklevel=4,
        )
    for name, function in record.items():
        if not callable(function) or name in ("loss", "q"):
            raise ValueError(
                f"record[{name!r}] must be a function of a Moment, under a name that is "
                "neither loss nor q"
            )


def check_online(own: dict, config: Config) -> None:
    """Raise ValueError for functions that do not go with several environments or with traces."""
    c, refused = config, []
    if c.online:
        refused += [("replay", "the agent learns without replay"), ("transitions", "the same")]
    if c.environments > 1:
        refused += [("transitions", f"there are {c.environments} environments a seed")]
    if c.trace_decay or c.optimizer == "obgd":
        why = "trace_decay and obgd are made for the library's"
        refused += [("td_target", why), ("loss", why)]
    if c.optimizer == "obgd":
        refused += [("update", "obgd is the library's whole step")]
    if not c.online or c.batch_size == 1:
        why = "it is for rows of several newest steps (environments, update_every), without replay"
        refused += [("lambda_return", why)]
    if "lambda_return" in own:
        refused += [("td_target", "your lambda_return gives the targets")]
    for slot, why in refused:
        if slot in own:
            raise ValueError(f"your own {slot} cannot be used here: {why}. Leave it out")


def network_maker(config: Config, own: Callable | None = None) -> Callable:
    """Return what makes a run's network, (obs_shape, n_actions) -> module: own or library."""
    c = config

    def made(obs_shape, n_actions):
        if c.dueling or c.noisy or c.atoms > 1:
            names = ("dueling", "noisy", "atoms", "channels")
            parts = {name: getattr(c, name) for name in names}
            return RainbowNetwork(obs_shape, n_actions, c.hidden, **parts)
        if c.channels:
            return ConvNetwork(obs_shape, n_actions, c.channels, c.hidden)
        dense = NormalizedQNetwork if c.layer_norm else QNetwork
        return dense(obs_shape, n_actions, c.hidden)

    return own or made


def by_name(make: Callable, given: dict[str, object]) -> dict[str, object]:
    """Return those of the given values that a maker's parameters are named after.

    What functools.partial has filled in already is left alone.
    """
    try:
        names = inspect.signature(make).parameters
    except (TypeError, ValueError):  # some classes written in C have none
        return {}
    filled = getattr(make, "keywords", {})
    return {name: value for name, value in given.items() if name in names and name not in filled}


def arguments_of(slot: str, function: Callable) -> tuple[str, ...]:
    """Return what a slot's function takes, by the names of its parameters, in their order.

    Other names are fine: then the number of arguments tells. Raises ValueError for a function
    that takes neither.
    """
    forms = FORMS[slot]
    known = {name for form in forms for name in form}
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some functions written in C have none
        return forms[0]
    positional = [p for p in signature.parameters.values() if p.kind in _POSITIONAL]
    known_here = known - {"epsilon"}  # one with a default of its own keeps it
    names = tuple(p.name for p in positional if p.default is p.empty or p.name in known_here)
    if set(names) - {"gamma", "epsilon"} and known >= set(names) and _takes(signature, names):
        return names
    for form in forms:
        if _takes(signature, form):
            return form
    wanted = " or ".join(f"({', '.join(form)})" for form in forms)
    raise ValueError(
        f"{slot} is called as {wanted}, but {name_of(function)} takes {signature}: name its "
        "parameters so, in any order"
    )


_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def _takes(signature: inspect.Signature, names: tuple[str, ...]) -> bool:
    try:
        signature.bind(*names)
    except TypeError:
        return False
    return True
