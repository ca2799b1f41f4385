"""A learner's function about one run, called for S runs at once where that gives the same numbers.

Three ways are tried, the quickest first; all must agree with a loop over the runs to the last bit:

- one big batch: rows of a batch do not look at each other, so S batches [B] may be one [S · B];
- vmap: torch.func.vmap carries the axis S past the function;
- a loop over seeds: always right. A branch on data, `.item()` or `v[terminated] = 0` need it.

vmap refuses a function whose course depends on the data, so for one that passes, agreeing on a
few batches of random numbers means agreeing on all. For one big batch the numbers differ much in
size from run to run, so that one run's numbers show in another's result if they get there. The
choice is made again when a shape or an extra number changes, for those may steer a function.
A function that changes its arguments in place gets copies of them, in a loop.
"""

import math
import warnings
from collections.abc import Callable

import torch
from torch import Tensor

from dqnlib.device import own_random_numbers
from dqnlib.seeds.learner import LearnerError, first_line, name_of

LARGE = 1e15  # the sum of a batch of squares is still a number in float32


class Lifted:
    """A one-run function of tensors with leading axes [S, B, ...]; extra numbers pass as they are.

    function: takes [B, ...] tensors; axes: how many of theirs its result has, 1 for [B], 2 for
    [B, T] and 0 for a scalar.
    where: says at which step we are, for errors; seeds: their names.
    """

    def __init__(self, function: Callable, seeds, where: Callable[[], str], *, axes: int = 1):
        self.function, self.seeds, self.where, self.axes = function, seeds, where, axes
        self.how = ""  # known after the first call
        self._chosen_for: tuple = ()  # shapes and extra numbers

    def __call__(self, *tensors: Tensor, extra: tuple = ()) -> Tensor:
        """Return [S, B], [S, B, T], or [S] if the function gives a scalar."""
        course = (tensors[0].shape, extra)
        if course != self._chosen_for:
            self.how, self._chosen_for = self._choose(tensors, extra), course
        try:
            value = self._ways[self.how](self, tensors, extra)
        except LearnerError:
            raise
        except Exception:  # the loop tells which seed, or works where the quick way does not
            self.how = "a loop over seeds"
            value = self._loop(tensors, extra)
        self._check(value, tensors)
        return value

    def _loop(self, tensors, extra) -> Tensor:
        values = []
        for seed, *one in zip(self.seeds, *tensors, strict=True):
            try:
                value = self.function(*(x.clone() for x in one), *extra)
            except Exception as error:
                raise LearnerError(
                    f"✗ {name_of(self.function)} failed {self.where()}, seed {seed}: "
                    f"{first_line(error)}"
                ) from error
            shape = one[0].shape[: self.axes]
            if not isinstance(value, Tensor) or value.shape != shape:
                got = f"the shape {list(value.shape)}" if isinstance(value, Tensor) else repr(value)
                raise LearnerError(
                    f"✗ {name_of(self.function)} returned {got} {self.where()}, seed {seed}; "
                    f"expected a tensor of the shape {list(shape)}"
                    + (", one number a transition" if self.axes else ", one number for the batch")
                )
            values.append(value.to(tensors[0].device if self.axes else value.device).float())
        return torch.stack(values)

    def _vmap(self, tensors, extra) -> Tensor:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="There is a performance drop")
            return torch.func.vmap(lambda *one: self.function(*one, *extra))(*tensors).float()

    def _one_batch(self, tensors, extra) -> Tensor:
        shape = tensors[0].shape[: 1 + self.axes]
        return self.function(*(x.flatten(0, 1) for x in tensors), *extra).float().view(shape)

    _ways = {"one big batch": _one_batch, "vmap": _vmap, "a loop over seeds": _loop}  # noqa: RUF012

    def _choose(self, tensors, extra) -> str:
        tries = [tensors, *(_made_up(tensors, number) for number in range(3))]
        found = "a loop over seeds"
        with own_random_numbers():  # a function that draws leaves no trace here
            want = [self._loop(tensors, extra)]
            try:
                want += [self._loop(made, extra) for made in tries[1:]]
            except LearnerError:  # it is right to refuse numbers that never come
                return found
            for how in ("vmap", "one big batch") if self.axes else ("vmap",):
                if not all(self._agrees(how, *pair, extra) for pair in zip(tries, want)):
                    break
                found = how
        return found

    def _agrees(self, how: str, tensors, want: Tensor, extra) -> bool:
        """Does this way give what is wanted, and leave its arguments alone?"""
        given = [x.clone() for x in tensors]
        try:
            value = self._ways[how](self, given, extra)
        except Exception:
            return False
        return _same(value, want) and all(map(_same, given, tensors))

    def _check(self, value: Tensor, tensors) -> None:
        if torch.isfinite(value).all():
            return
        # a diverged network gives no finite target, through no fault of the function
        fine = torch.stack([_fine_rows(x, LARGE) for x in tensors]).all(0)  # [S]
        for seed, was_fine, is_fine in zip(self.seeds, fine, _fine_rows(value), strict=True):
            if was_fine and not is_fine:
                raise LearnerError(
                    f"✗ {name_of(self.function)} returned NaN or infinity {self.where()}, seed "
                    f"{seed}, though every number that it was given is finite"
                )


def _same(a: Tensor, b: Tensor) -> bool:
    """Are two tensors equal to the last bit? NaN equals NaN."""
    return a.shape == b.shape and bool(((a == b) | ((a != a) & (b != b))).all())


def _fine_rows(x: Tensor, limit: float = math.inf) -> Tensor:
    """Are all numbers of each row finite and smaller than the limit? [S, ...] -> [S] bool"""
    return (x.float().abs() < limit).reshape(len(x), -1).all(1)


def _made_up(tensors, number: int) -> tuple[Tensor, ...]:
    """Return random tensors like the given ones; whole numbers are kept.

    Runs differ: numbers are small in one and large in another, flags fall both ways or one way.
    """
    rng = torch.Generator().manual_seed(number)
    turn = torch.arange(len(tensors[0])) + number  # [S]
    scales = 10.0 ** torch.tensor([0, 3, -2, 1, 4])[turn % 5]
    chances = torch.tensor([0.5, 0.0, 1.0])[turn % 3]

    def like(x: Tensor) -> Tensor:
        by_run = (-1, *[1] * (x.ndim - 1))
        if x.dtype == torch.bool:
            return (torch.rand(x.shape, generator=rng) < chances.view(by_run)).to(x.device)
        if not x.is_floating_point():
            return x.detach()
        return (torch.randn(x.shape, generator=rng) * scales.view(by_run)).to(x.device)

    return tuple(like(x) for x in tensors)
