"""What the tests of files share: what tells two values, or two runs, apart to the last bit."""

import dataclasses
from collections import deque

import numpy as np
import torch

from dqnlib.results import Run


def bits(value):
    """Return what tells two values apart to the last bit, types included."""
    if isinstance(value, torch.Tensor):
        flat = value.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        return (type(value).__name__, value.dtype, tuple(value.shape), flat)
    if isinstance(value, np.ndarray | np.generic):
        return (isinstance(value, np.generic), value.dtype.str, value.shape, value.tobytes())
    if isinstance(value, dict):
        return [(bits(k), bits(v)) for k, v in value.items()]
    if isinstance(value, list | tuple | deque):
        limit = value.maxlen if isinstance(value, deque) else None
        return (type(value).__name__, limit, [bits(v) for v in value])
    return (type(value).__name__, repr(value))


def differences(a: Run, b: Run) -> list[str]:
    """Return the names of the fields in which two runs differ in any bit."""
    names = [f.name for f in dataclasses.fields(Run)]
    return [name for name in names if bits(getattr(a, name)) != bits(getattr(b, name))]
