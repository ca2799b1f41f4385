"""What this machine can compute with."""

import concurrent.futures
import ctypes
import functools
import os
import platform
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_GENERATOR = threading.RLock()  # held by who uses PyTorch's generator, of which there is one
NOTICEABLE = 0.005  # seconds of an update; below, OpenMP's threads lose what they win
WORTH = 1.3  # times as quick, before more threads are taken than one
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


@contextmanager
def compute_threads(n: int) -> Iterator[None]:
    """Let PyTorch compute on n threads in the calling thread, and in no other; then as before.

    OpenMP's threads wait for each other after each small operation: where one of them has to share
    its core, all go at its pace. PyTorch keeps its number partly for the process and partly for
    each thread, so that torch.set_num_threads in one thread is felt in others. Here OpenMP and MKL
    are told directly, for this thread alone, in a few microseconds. Does nothing where PyTorch is
    not loaded: parts of the course do without it.
    """
    if "torch" not in sys.modules:
        yield
        return
    before = _set_threads(n)
    try:
        yield
    finally:
        _set_threads(*before)


def _set_threads(n: int, mkl: int | None = None) -> tuple[int, int | None]:
    """Set the calling thread's number, and MKL's if it is another; return what both were."""
    import torch

    before = torch.get_num_threads()  # asked first: PyTorch sets it when a thread first uses it
    openmp, set_mkl = _libraries()
    if openmp is None:
        if before != n:
            torch.set_num_threads(n)
        return before, None
    openmp(n)
    return before, set_mkl and set_mkl(n if mkl is None else mkl)


@functools.cache
def _libraries() -> tuple[Callable | None, Callable | None]:
    """Return OpenMP's function for the number of the calling thread, and MKL's.

    The second is None where PyTorch computes without MKL; both where they cannot be found.
    """
    import torch

    names = {"win32": ("libiomp5md.dll", "torch_cpu.dll"), "darwin": ("libtorch_cpu.dylib",) * 2}
    folder = Path(torch.__file__).parent / "lib"
    try:
        openmp, mkl = (
            ctypes.PyDLL(str(folder / name))  # it keeps the interpreter's lock: quicker
            for name in names.get(sys.platform, ("libtorch_cpu.so",) * 2)
        )
        set_openmp = openmp.omp_set_num_threads
        set_mkl = mkl.MKL_Set_Num_Threads_Local if torch.backends.mkl.is_available() else None
    except (OSError, AttributeError):  # another build of PyTorch
        return None, None
    return set_openmp, set_mkl


def threads_that_pay(work: Callable[[], object] | None) -> int:
    """Return on how many threads the calling thread should do some work: 1, or PyTorch's number.

    More threads pay only if the work takes long enough to notice and they are then `WORTH` times as
    quick, here and now, beside all else that this machine does: one that shows 64 cores and grants
    two is measured like any other. work: None where it is known that more do not pay.
    """
    import torch

    many = torch.get_num_threads()
    if work is None or many == 1:
        return 1
    try:
        if _seconds(work, 1) < NOTICEABLE:
            return 1
        alone, together = (min(_seconds(work, n) for _ in range(3)) for n in (1, many))
    except Exception:  # what is wrong with the work will be said when it is done
        return 1
    return many if together * WORTH < alone else 1


def _seconds(work: Callable[[], object], n: int) -> float:
    with compute_threads(n):
        start = time.perf_counter()
        work()
        return time.perf_counter() - start


def side_by_side(here: Callable, there: Callable) -> tuple:
    """Do two pieces of work at the same time, the second in a thread of its own; return both.

    Both compute on one thread each. In place of OpenMP's threads, which meet after each operation,
    these two meet once: beside other programs each takes its share of the cores and no more.
    """
    job = _helper(os.getpid()).submit(_on_one_thread, there)
    try:
        first = _on_one_thread(here)
    finally:
        concurrent.futures.wait([job])  # it may write where the caller goes on
    return first, job.result()


@functools.cache
def _helper(process: int) -> concurrent.futures.Executor:
    """Return the thread that helps this process; a process that was forked needs its own."""
    return concurrent.futures.ThreadPoolExecutor(1, "dqnlib-helper")


def _on_one_thread(work: Callable):
    with compute_threads(1):
        return work()
