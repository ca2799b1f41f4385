"""An exception of a learner's code as a short message: what happened, where, and what helps."""

import linecache
import re
import traceback
from collections.abc import Callable
from contextlib import suppress

from dqnlib.course import lookups, sandbox
from dqnlib.course.answers import codes
from dqnlib.course.messages import likely, wrap
from dqnlib.course.sandbox import Stopped
from dqnlib.course.types import Check, Mistake, Problem


def explain(error: BaseException, function: Callable, check: Check) -> Problem:
    """Turn an exception of a learner's code into a short message with the line it came from."""
    name, text, named = type(error).__name__, "", []
    with suppress(Exception):  # a learner's own exception may have no text
        text = str(error).strip()
    if isinstance(error, Stopped):
        text = text or "so it was stopped"
        what = wrap(f"It did not finish within {sandbox.TIME_LIMIT:g} seconds, {text}.")
        mend, diagnosis = "Is there a loop whose condition never becomes False?", "does not end"
    else:
        said = _ADVISING.split(text)[0][:200]
        what = wrap(f"It stopped with {name}{': ' if said else '.'}{said}")
        mend = lookups.advice(error, function) or _ADVICE.get(name, "")
        diagnosis = f"raises {name}"
        for mistake in (*check.mistakes, *_TELLTALE):
            parts = (mistake.raises,) if isinstance(mistake.raises, str) else mistake.raises
            if any(part in text for part in parts):
                named, mend, diagnosis = likely(mistake.name), mistake.advice, mistake.name
                break
    homes, where = {code.co_filename for code in codes(function)}, []
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename in homes:
            source = linecache.getline(frame.filename, frame.lineno).strip()[:70]
            if source.startswith("@"):  # the call itself failed, not a line of the function
                continue
            where = [f"  in line {frame.lineno} of the cell: {source}"] if source else []
            break
    case = getattr(error, "__notes__", [])[:1]
    lines = [line for part in (case, what, where, named) for line in part if line]
    return Problem(*lines, diagnosis=diagnosis, mend=mend)


# Where a library's message goes over from what is wrong to what to do.
_ADVISING = re.compile(r"(?<=\.)\s+(?=If you|Did you|Perhaps|Consider|Use |Try |Please )")
NO_SUPER = (
    "nn.Module was never set up",
    "Make super().__init__() the first line inside __init__: nn.Module needs it before it can "
    "keep layers.",
)
# What torch says, and what a beginner has mostly done then.
_TELLTALE = (
    Mistake(*NO_SUPER, raises="before Module.__init__() call"),
    Mistake(
        "Python asks for one answer, a tensor holds many",
        "A tensor holds B answers at once, and if, and, or, not need a single one; so do Python's "
        "own max, min and sorted. Compute with the whole tensor: ~terminated turns bools round, "
        "torch.where picks row by row, next_q.max(dim=1).values is the largest of each row.",
        raises="Boolean value of Tensor with more than one value",
    ),
    Mistake(
        "minus on a tensor of bools",
        "terminated holds True and False, which torch does not subtract. ~terminated turns them "
        "round, and a product with ~terminated counts True as 1 and False as 0.",
        raises=("with a bool tensor is not supported", "on a bool tensor is not supported"),
    ),
    Mistake(
        "an index with one axis for a table with two",
        "q has two axes, so the index that gather takes needs two as well: action[:, None] is "
        "[B, 1]. Take the axis away again afterwards with .squeeze(1).",
        raises="Index tensor must have the same number of dimensions",
    ),
    Mistake(
        "both results of max(dim=...) at once",
        "With dim, max gives two things, the largest values and their places: take .values.",
        raises="return_types.max",
    ),
    Mistake(
        "two shapes that do not fit",
        "One side has another length than the other. Write the shape of each tensor beside its "
        "line, as in # [B, A]: which axis should go?",
        raises="must match the size of tensor b",
    ),
)
_ADVICE = {
    "RecursionError": "The function calls itself without an end.",
    "UnboundLocalError": "The name gets its value in a line that is not reached in every case.",
    "SystemExit": "Take it out: it would stop the kernel.",
    "IndexError": "An index is too large: counting starts at 0, and ends before the length.",
    "MemoryError": "It asked for more memory than there is.",
}
