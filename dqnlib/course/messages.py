"""The words of a message: values in one line, a likely mistake, what was tried when it failed."""

import re
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from dqnlib.course.types import Problem


def mistaken(case: str, want: str, got: str, name: str, advice: str) -> Problem:
    """Return the problem of a judge that knows the mistake: what was tried, wanted and found.

    name: a diagnosis that does not give the fix away; advice: how to mend it.
    """
    lines = [*wrap(f"This case: {case}"), f"  expected  {want}", f"  yours     {got}"]
    return Problem(*lines, "", *likely(name), diagnosis=name, mend=advice)


@contextmanager
def during(*lines: str) -> Iterator[None]:
    """Note on an error that comes from within what was being tried, for the learner."""
    try:
        yield
    except BaseException as error:
        error.add_note("\n".join(lines))
        raise


def show(value: Any) -> str:
    """Return a value as text that fits into one line of a message."""
    if is_tensor(value):
        text = _show_tensor(value)
    elif isinstance(value, np.ndarray):
        text = np.array2string(value, precision=4, separator=", ", threshold=16)
    elif isinstance(value, float | np.floating):
        text = f"{value:.6g}"
    else:
        text = re.sub(r" at 0x[0-9a-f]+", "", repr(value))
        text = re.sub(r"np\.\w+\(([^()]*)\)", r"\1", text)  # np.int64(2) is 2
    text = " ".join(text.split())
    return text if len(text) <= 70 else text[:67] + "..."


def _show_tensor(value: Any) -> str:
    """Return a tensor as a list of its numbers, as in [1.0, 2.0]; a large one as its shape."""
    if value.numel() > 16:
        return f"a tensor of shape {list(value.shape)}"

    def shown(part: Any) -> str:
        if isinstance(part, list):
            return f"[{', '.join(map(shown, part))}]"
        text = f"{part:.4g}" if isinstance(part, float) else str(part)
        return f"{text}.0" if isinstance(part, float) and text.lstrip("-").isdigit() else text

    return shown(value.detach().tolist())


def is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def a_kind(noun: str) -> str:
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


def likely(name: str) -> list[str]:
    return wrap(f"Likely: {name}.")


def wrap(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, 88, initial_indent=indent, subsequent_indent=indent + indent)
