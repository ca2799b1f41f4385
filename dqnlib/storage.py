"""Files that are whole or not there, and hold data only: loading one runs no code from it."""

import os
import tempfile
import zipfile
from collections import deque
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from dqnlib.data import Transition


class SavedRunError(ValueError):
    """A file is no saved run, is damaged, or does not fit what it is loaded into."""

    def _render_traceback_(self):  # a notebook shows the message alone
        return [str(self)]


def write_whole(path: str | Path, write: Callable) -> Path:
    """Let write(file) fill a file, which takes its name only when it is complete.

    A file of that name stays as it was if writing fails or the computer stops.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def save_state(path: str | Path, kind: str, state: dict) -> Path:
    """Write plain data under a kind, such as "checkpoint"; ValueError if it is not plain."""
    plain = to_plain(state, kind)
    return write_whole(path, lambda file: torch.save({"dqnlib": kind, "state": plain}, file))


def load_state(path: str | Path, kind: str) -> dict:
    """Read what `save_state` wrote; SavedRunError says what is wrong with the file."""
    path = Path(path)
    if not path.is_file():
        raise SavedRunError(f"✗ there is no file {path}")
    try:
        with zipfile.ZipFile(path) as archive:  # torch.load does not look at the checksums
            if archive.testzip() is not None:
                raise ValueError("damaged")
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # a broken archive, a foreign pickle: many kinds of errors
        raise SavedRunError(
            f"✗ {path} cannot be read: it is damaged, or is no {kind} that this course saved"
        ) from None
    if not isinstance(found, dict) or "dqnlib" not in found or "state" not in found:
        raise SavedRunError(f"✗ {path} was not saved by this course")
    if found["dqnlib"] != kind:
        raise SavedRunError(f"✗ {path} holds a {found['dqnlib']}, not a {kind}")
    try:
        return dict(from_plain(found["state"]))
    except Exception:
        raise SavedRunError(f"✗ {path} was not saved by this version of dqnlib") from None


def to_plain(value, name: str):
    """Return data of numbers, texts, bytes, arrays, lists, tuples, deques, dicts for torch.save.

    Raises ValueError, which gives the place by `name`, for anything else. Classes made from
    these are refused, too: what they add would be lost.
    """
    if type(value) is int and value.bit_length() > 2000:  # torch.load stops at 255 bytes
        return {"kind": "int", "value": hex(value)}
    if value is None or type(value) in (bool, int, float, str):
        return value
    if type(value) is bytes:
        return {"kind": "bytes", "value": torch.from_numpy(np.frombuffer(value, np.uint8).copy())}
    if isinstance(value, np.generic) or type(value) is np.ndarray:
        kind, scalar = value.dtype, isinstance(value, np.generic)
        if kind.char not in "?bBhHiIlLqQefdFD" or not kind.isnative:
            raise ValueError(f"{name} is an array of {kind}, which cannot be saved as plain data")
        array = np.array(value, order="C").view(kind.str)  # a copy; two types have a second name
        return {"kind": "array", "value": torch.from_numpy(array), "scalar": scalar}
    if type(value) is Tensor:
        return {"kind": "tensor", "value": value.detach().cpu().clone()}
    if type(value) is dict:
        items = [[to_plain(k, name), to_plain(v, f"{name}.{k}")] for k, v in value.items()]
        return {"kind": "dict", "value": items}
    if isinstance(value, Transition):
        return {"kind": "transition", "value": [to_plain(v, name) for v in value]}
    kinds = {list: "list", tuple: "tuple", deque: "deque"}
    if type(value) in kinds:
        plain = [to_plain(v, f"{name}[{i}]") for i, v in enumerate(value)]
        limit = value.maxlen if isinstance(value, deque) else None
        return {"kind": kinds[type(value)], "value": plain, "limit": limit}
    raise ValueError(
        f"{name} is {type(value).__name__}, which cannot be saved as plain data: keep numbers, "
        "arrays, tensors, lists, tuples, deques or dicts in it"
    )


def from_plain(value):
    """The opposite of `to_plain`."""
    if not isinstance(value, dict):
        return value
    inside = value["value"]
    if value["kind"] == "int":
        return int(inside, 16)
    if value["kind"] == "tensor":
        return inside
    if value["kind"] == "bytes":
        return inside.numpy().tobytes()
    if value["kind"] == "array":
        return inside.numpy()[()] if value["scalar"] else inside.numpy()
    if value["kind"] == "dict":
        return {from_plain(k): from_plain(v) for k, v in inside}
    parts = [from_plain(v) for v in inside]
    if value["kind"] == "transition":
        return Transition(*parts)
    if value["kind"] == "deque":
        return deque(parts, value["limit"])
    return tuple(parts) if value["kind"] == "tuple" else parts
