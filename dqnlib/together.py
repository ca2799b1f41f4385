"""Settings that exclude one another: what a `Config` says of them, as sentences that help."""

from collections.abc import Iterator


def of_networks(config) -> Iterator[str]:
    """Yield what is wrong with the parts of a network."""
    c = config
    parts = [name for name in ("dueling", "noisy", "channels") if getattr(c, name)]
    parts += ["atoms"] if c.atoms > 1 else []
    if c.layer_norm and parts:
        yield (
            f"layer_norm is made for fully connected layers without {' and '.join(parts)}: leave "
            "one of the two out"
        )
    if c.layer_norm and not c.hidden:
        yield "layer_norm normalizes hidden layers, but hidden is empty: give it a width"


def of_online(config) -> Iterator[str]:
    """Yield what is wrong with several environments, with traces and with the bounded step."""
    c = config
    traced = [f"trace_decay={c.trace_decay:g}"] if c.trace_decay else []
    traced += ['optimizer="obgd"'] if c.optimizer == "obgd" else []
    words, newest = " and ".join(traced), c.environments * c.update_every
    if traced and not c.capacity == c.batch_size == newest:
        yield (
            f"{words} needs the newest steps in their order, so it works without replay: take "
            f"capacity={newest} and batch_size={newest} (environments × update_every), but they "
            f"are {c.capacity} and {c.batch_size}"
        )
    if c.optimizer == "obgd" and newest > 1:
        yield (
            'optimizer="obgd" bounds the step of one transition: take environments=1 and '
            f"update_every=1, but they are {c.environments} and {c.update_every}"
        )
    if c.trace_decay and c.environments > 1 and c.update_every == 1:
        yield (
            f"trace_decay={c.trace_decay:g} mixes the returns of several steps in a row, but with "
            f"update_every=1 a batch holds one step of each of the {c.environments} environments: "
            "make update_every larger"
        )
    if c.optimizer == "obgd" and c.max_grad_norm != float("inf"):
        yield 'optimizer="obgd" bounds its step by itself: leave max_grad_norm out'
    excluded = {
        "n_step": c.n_step > 1,
        "priority_alpha": c.priority_alpha > 0,
        "hindsight": c.hindsight != "none",
    }
    found = [name for name, on in excluded.items() if on]
    found += ["atoms"] if traced and c.atoms > 1 else []
    if c.online and found:
        yield (
            f"an agent that learns from its newest steps alone knows no {' and '.join(found)}: "
            "leave them out"
        )
    if c.environments > 1 and c.hindsight != "none":
        yield "hindsight relabels the episodes of one environment: take environments=1"
