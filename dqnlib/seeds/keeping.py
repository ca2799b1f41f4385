"""What a learner's objects keep in their attributes, as plain data and back."""

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
