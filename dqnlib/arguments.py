"""Checks of what is given: the right value back, or an error that teaches."""

import itertools
import math
import operator

import numpy as np


def check_number(name: str, value, low: float, high: float, *, open_low: bool = False) -> float:
    """Return ``value`` as a float; raise a ValueError that teaches if it is out of range."""
    allowed = f"a number {'above' if open_low else 'from'} {low:g}{',' * open_low} up to {high:g}"
    if isinstance(value, bool | str | bytes | np.bool_):
        raise ValueError(f"{name} must be {allowed}, but it is {value!r}")
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} must be {allowed}, but it is {value!r}") from None
    below = number <= low if open_low else number < low
    if math.isnan(number) or below or number > high:
        raise ValueError(f"{name} must be {allowed}, but it is {value!r}")
    return number


def check_count(name: str, value, low: int = 1, high: int | None = None) -> int:
    """Return ``value`` as an int; raise a ValueError if it is no whole number from low to high."""
    try:
        count = operator.index(value)
    except TypeError:
        count = low - 1
    if isinstance(value, bool) or count < low:
        raise ValueError(f"{name} must be a whole number of at least {low}, but it is {value!r}")
    if high is not None and count > high:
        raise ValueError(f"{name} must be at most {high}, but it is {value!r}")
    return count


def check_choice(name: str, value, choices: tuple[str, ...]) -> str:
    """Return ``value`` if it is one of the choices, else raise a ValueError that lists them."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"unknown {name} {value!r}: choose one of {', '.join(choices)}")
    return str(value)  # NumPy's texts become plain ones


def check_switch(name: str, value) -> bool:
    """Return ``value`` as a bool; raise a ValueError if it is none: "no" would count as true."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} must be True or False, but it is {value!r}")
    return bool(value)


def seeds_in_words(n: int) -> str:
    """Return "1 seed", "2 seeds" and so on."""
    return "1 seed" if n == 1 else f"{n} seeds"


def check_seeds(seeds) -> tuple[int, ...]:
    """Return the seeds as a tuple of different whole numbers; one number n alone is [n]."""
    try:
        found = tuple(seeds) if np.iterable(seeds) and not isinstance(seeds, str) else (seeds,)
        if any(isinstance(s, bool) for s in found):
            raise TypeError
        found = tuple(operator.index(s) for s in found)
    except TypeError:
        raise ValueError(
            f"seeds must be whole numbers, such as range(10) or [3, 4], but they are {seeds!r}"
        ) from None
    if not found:
        raise ValueError("seeds is empty: give at least one, such as range(10) or [0]")
    if min(found) < 0:
        raise ValueError(f"seeds must not be negative, but one is {min(found)}")
    twice = next((a for a, b in itertools.pairwise(sorted(found)) if a == b), None)
    if twice is not None:
        raise ValueError(
            f"seeds must all differ, but {twice} is there twice: "
            "the same run counted twice would make the interval too narrow"
        )
    return found
