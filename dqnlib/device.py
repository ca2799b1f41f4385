"""What this machine can compute with."""

import ctypes
import functools
import os
import platform
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_GENERATOR = threading.RLock()  # held by who uses PyTorch's generator, of which there is one
_PATIENCE = 10.0  # seconds; a thread that was given up may hold the lock forever


def device_report() -> str:
    """Return a few lines for the learner: Python, processor, PyTorch and GPU, if there is one."""
    import torch

    lines = [
        f"Python {platform.python_version()} on {platform.system()} ({platform.machine()})",
        f"processor: {os.cpu_count()} cores; PyTorch {torch.__version__} uses "
        f"{torch.get_num_threads()} threads",
    ]
    if torch.cuda.is_available():
        lines.append(f"GPU: {torch.cuda.get_device_name()}, through CUDA {torch.version.cuda}")
    elif torch.backends.mps.is_available():
        lines.append("GPU: Apple, through MPS")
    else:
        lines.append("GPU: none that PyTorch can use here, and none is needed")
    return "\n".join(lines)


@contextmanager
def own_random_numbers(seed: int | None = None) -> Iterator[None]:
    """Lend PyTorch's generator, seeded if a seed is given; afterwards it is as it was.

    The generator belongs to the whole process and labs train in threads of their own, so they
    take turns: else the networks of one would be made of the other's random numbers.
    """
    import torch

    mine = _GENERATOR.acquire(timeout=_PATIENCE)
    try:
        with torch.random.fork_rng(devices=[]):
            if seed is not None:
                torch.manual_seed(seed)
            yield
    finally:
        if mine:
            _GENERATOR.release()


def let_threads_go() -> None:
    """End the helpers that computed for the calling thread; they start again when needed.

    OpenMP, on which PyTorch computes, keeps helpers for every thread that has computed. Once there
    are more of them than cores, all of them sleep and wake around each small operation, and
    training in a lab's thread takes three times as long. So who has computed lets go of them.
    Does nothing without PyTorch, and where the package threadpoolctl is missing.
    """
    for library in _openmp() if "torch" in sys.modules else ():
        if hasattr(library, "omp_pause_resource_all"):
            library.omp_pause_resource_all(1)  # omp_pause_soft, from OpenMP 5.0, section 3.6


def leave_a_core() -> None:
    """Let the calling thread, and no other, compute on one core less than PyTorch would take.

    OpenMP's helpers wait for each other after each small operation. Where one of them has to share
    its core, with a browser say, all go at its pace: on two cores one thread alone is then five
    times as quick as two. Does nothing where `let_threads_go` does nothing.
    """
    if "torch" not in sys.modules:
        return
    import torch

    cores = torch.get_num_threads()  # asked first: PyTorch sets the number when it is first used
    for library in _openmp():
        library.omp_set_num_threads(max(1, cores - 1))


@functools.cache
def _openmp() -> list:
    """Return the OpenMP libraries that are loaded."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return []
    paths = [found["filepath"] for found in threadpool_info() if found["user_api"] == "openmp"]
    return [ctypes.CDLL(path) for path in paths]
