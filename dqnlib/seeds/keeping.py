"""Checkpoints: what a learner's objects keep, as plain data and back, and those of old versions."""

import copy
from collections import deque

from dqnlib.storage import from_plain, to_plain


def attributes_of(one, name: str) -> dict:
    """Return an object's attributes as plain data; ValueError, with name, if they are none."""
    kinds = list | tuple | dict | set | deque  # what these hold is in no attribute
    if isinstance(one, kinds) or not hasattr(one, "__dict__"):
        raise ValueError(
            f"{name} cannot be saved, as its data are not in its attributes: keep them in one, "
            "such as self.data = deque(maxlen=capacity)"
        )
    return to_plain(vars(one), name)


def restore_attributes(one, kept: dict) -> None:
    """Give an object the attributes that `attributes_of` returned."""
    vars(one).clear()
    vars(one).update(from_plain(copy.deepcopy(kept)))  # what is kept stays as it is


def of_this_version(state: dict) -> dict:
    """Return a checkpoint's state in today's form: until 2026-11 it had other parts."""
    if "record" in state:
        return {"layers": None, **state}
    *networks, best = state["networks"]
    *buffers, best_buffers = state["buffers"]
    record = {k: state[k] for k in ("returns", "ends", "records", "evaluations", "marks")}
    learned = state["learned"]
    if learned is not None:
        batch, q, found = learned
        learned = (batch, None, None, q, *((found, None) if found.ndim == 2 else (None, found)))
    return {
        **state, "layers": None, "networks": networks, "buffers": buffers, "learned": learned,
        "windows": None, "noise": None, "record": record | {"best": [best, best_buffers]},
    }  # fmt: skip
