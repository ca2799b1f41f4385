"""What a learner's function gave beside what it should give: the same or not, and what differs."""

from typing import Any

import numpy as np

from dqnlib.course.messages import a_kind, is_tensor, show
from dqnlib.course.types import ANY, Case, Check

_CLOSE = {"rtol": 1e-6, "atol": 1e-9}
_CLOSE_TENSORS = {"rtol": 1e-5, "atol": 1e-6}  # float32 has about seven digits


Found = tuple[list[str], str, str]  # lines, a diagnosis, how to mend it


def compare(check: Check, case: Case, got: Any, after: dict) -> Found | None:
    """Return what is wrong with an answer, or None."""
    for name, before in case.args.items():
        if name not in case.after and not same(before, after[name]):
            lines = [
                f"  it changed its argument {name}:",
                f"     before   {show(before)}",
                f"     after    {show(after[name])}",
                "The caller still needs that value.",
            ]
            return lines, "arguments changed", f"Work on a copy of {name}, or only read it."
    for name, want in case.after.items():
        if not same(want, after[name]):
            lines = [
                f"  expected  {name} = {show(want)} afterwards",
                f"  yours     {name} = {show(after[name])}",
            ]
            if same(case.args[name], after[name]):
                lines.append(f"It did not change {name} at all.")
                return lines, "result not stored", f"Store the result in {name}, in place."
            return lines, "another value stored", ""
    problem = None if case.expected is ANY else _compare_value(check, case.expected, got)
    if problem and case.after:
        stored = ", ".join(case.after)
        problem[0].insert(0, f"The change of {stored} is right. But look at what it returns:")
    return problem


def _compare_value(check: Check, want: Any, got: Any) -> Found | None:
    both = [f"  expected  {show(want)}", f"  yours     {show(got)}"]
    if got is None:
        return [*both, "It returned None."], "returned None", "Is there a return in the last line?"
    value, wanted = numbers(got), np.asarray(want)
    kind = a_kind(type(got).__name__.replace("ndarray", "array").replace("Tensor", "tensor"))
    if check.tensors and (value is None or not is_tensor(got)):
        return _no_tensor(check, got, kind, both)
    if value is None or (value.shape == wanted.shape and value.dtype == bool != wanted.dtype):
        return [*both, f"It returned {kind}, but {check.returns} is wanted."], "wrong type", ""
    if value.shape != wanted.shape:
        if check.tensors and wanted.ndim == 1 and value.shape == wanted.shape * 2 != (1, 1):
            return _square(both, wanted.size)
        kinds = list if check.tensors else tuple  # as torch and NumPy show it
        text = f"Its shape is {kinds(value.shape)}, but it should be {kinds(wanted.shape)}"
        text += f": {check.returns}." if wanted.shape == () else "."
        return [*both, f"It returned {kind}. {text}"], "wrong shape", ""
    if np.isnan(value).any() and not np.isnan(wanted).any():
        lines = [*both, "NaN means “not a number”."]
        return lines, "returned NaN", "Look for 0/0 or inf − inf."
    if not np.allclose(value, wanted, **(_CLOSE_TENSORS if check.tensors else _CLOSE)):
        return both, "another value", ""
    return None


def _no_tensor(check: Check, got: Any, kind: str, both: list[str]) -> Found:
    """Return what is wrong with an answer in place of a tensor."""
    lines = [*both, f"It returned {kind}, but {check.returns} is wanted."]
    if isinstance(got, int | float | np.number) and not isinstance(got, bool):
        lines += ["A plain number carries no gradient, so nothing could be learned from it."]
        mend = "Is there an .item() or a float(...) to take out?"
        return lines, "a plain number in place of a tensor", mend
    mend = ""
    if isinstance(got, list | tuple | np.ndarray):
        mend = "Compute with the tensors as they are: torch works on all rows at once."
    return lines, "wrong type", mend


def _square(both: list[str], rows: int) -> Found:
    name = "a column [B, 1] met a row [B]"
    text = [
        f"Its shape is [{rows}, {rows}], but it should be [{rows}]: one number a transition.",
        "",
        f"Likely: {name}.",
    ]
    mend = (
        "Together they make a table [B, B]. Keep [B] all through: keepdim=True, [:, None] and "
        "unsqueeze(1) add an axis of length 1, squeeze(1) takes it away."
    )
    return [*both, *text], name, mend


def same(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):  # else one is an array
        return len(a) == len(b) and all(map(same, a, b))
    if a is None or b is None:
        return a is b
    x, y = numbers(a), numbers(b)
    if x is None or y is None:
        return a is b
    close = _CLOSE_TENSORS if is_tensor(a) or is_tensor(b) else _CLOSE
    return x.shape == y.shape and np.allclose(x, y, **close, equal_nan=True)


def numbers(value: Any) -> np.ndarray | None:
    """Return a number, list, array or tensor as an array, and None for anything else."""
    try:
        array = np.asarray(value.detach() if hasattr(value, "detach") else value)
    except Exception:  # an object of the learner's own can do anything
        return None
    return array if array.dtype.kind in "biuf" else None
