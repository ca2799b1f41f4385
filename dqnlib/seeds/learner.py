"""What happens when something that was handed to the trainer fails inside it."""

import math
import operator
from collections.abc import Callable

import numpy as np


class TrainingError(RuntimeError):
    """Training could not go on; says why, at which step and seed.

    run: what was learned until then (a `Run`), or None.
    """

    run = None

    def _render_traceback_(self):  # a notebook shows the message alone
        return [str(self)]


class LearnerError(TrainingError):
    """A function that was handed to the trainer failed; says which, at which step and seed."""


def is_finite_number(value) -> bool:
    """True for one finite number, of any kind."""
    try:
        return np.ndim(value) == 0 and math.isfinite(value)
    except (TypeError, ValueError, OverflowError):  # None, a text, a ragged list, ...
        return False


def is_action(value, n_actions: int) -> bool:
    """True for a whole number from 0 to n_actions − 1."""
    try:
        return 0 <= operator.index(value) < n_actions
    except TypeError:  # 1.5, and also 1.0: a float cannot index a table
        return False


def first_line(error: Exception) -> str:
    """Return the kind of an error and the first line of its message."""
    first = str(error).splitlines()[0] if str(error) else ""
    return f"{type(error).__name__}: {first}".rstrip(": ")


def name_of(function) -> str:
    """Return the name by which a learner knows a function or a class."""
    function = getattr(function, "func", function)  # of functools.partial
    return getattr(function, "__name__", None) or type(function).__name__


def own_or_none(given: Callable | None, library: Callable | None) -> Callable | None:
    """Return a function that was given, or None for the library's: that one has a lifted form."""
    return None if given is library else given


def call(function: Callable, *args, name: str, where: str):
    """Call what a learner wrote; raise LearnerError, which says its name and where, if it fails."""
    try:
        return function(*args)
    except Exception as error:
        raise LearnerError(f"✗ {name} failed {where}: {first_line(error)}") from error
