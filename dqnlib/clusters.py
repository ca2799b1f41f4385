"""Where the runs of a sweep are trained: this process, the cores of this machine, or a cluster.

Each place has `submit(key, work)`, which begins a piece of work, and `finished()`, which waits for
some of it and yields (key, result or error). What is sent to another process is bytes, and what
comes back is bytes, so that neither a scheduler nor a store between the two needs this library.
"""

import contextlib
import pickle
import traceback
from collections.abc import Callable, Iterator
from concurrent import futures
from concurrent.futures import Future
from dataclasses import dataclass

INSTALL = 'python -m pip install -e ".[{}]"'


@dataclass(frozen=True)
class Failed:
    """What came of a piece of work that has no result.

    kind: "failed", it raised an error; "lost", the process that did it is gone: killed, crashed or
    out of memory; "unfit", the worker could not begin. text: the error, with its traceback.
    """

    kind: str
    text: str


@dataclass
class Place:
    """Somewhere that trains runs, several at a time.

    begin: begins a piece of work. at_once: how many are sent at a time; None: all, the cluster
    keeps the queue. here: the work is done in this process.
    """

    begin: Callable[[Callable], Future]
    at_once: int | None
    here: bool = False

    def __post_init__(self):
        self._keys: dict[Future, tuple] = {}

    def busy(self) -> bool:
        """True if some work is not over yet."""
        return bool(self._keys)

    def full(self) -> bool:
        """True if no more work should be sent now."""
        return self.at_once is not None and len(self._keys) >= self.at_once

    def submit(self, key: tuple, work: Callable) -> None:
        """Begin a piece of work, work() -> anything that can be pickled."""
        self._keys[self.begin(work)] = key

    def finished(self) -> Iterator[tuple[tuple, object]]:
        """Wait until some work is over; yield its key, and its result or a `Failed`."""
        done, _ = futures.wait(self._keys, return_when=futures.FIRST_COMPLETED)
        for future in done:
            yield self._keys.pop(future), self._outcome(future)

    def stop(self) -> None:
        """Begin nothing more."""
        for future in self._keys:
            future.cancel()

    def _outcome(self, future: Future):
        try:
            found = future.result()
        except Exception as error:  # `run` lets none through: the worker or the cluster failed
            first = (str(error).splitlines() or ["no reason given"])[0]
            return Failed("lost", f"its worker is gone ({type(error).__name__}: {first})")
        if self.here:
            return found
        kind, content = found
        return pickle.loads(content) if kind == "done" else Failed(kind, content)


@contextlib.contextmanager
def place(backend: str, n_jobs: int, count: int) -> Iterator[Place]:
    """Open the place of that name for `count` pieces of work, at most n_jobs at a time.

    n_jobs: -1 for all cores, or for all that a cluster has. A cluster that this process is
    connected to, or that the environment names, is used; without one, one is started on this
    machine and ended afterward. Raises KeyError for a name that is not in `BACKENDS`, and
    ImportError, with the command, where an extra is missing.
    """
    with _OPEN[backend](n_jobs, count) as opened:
        try:
            yield opened
        except BaseException:
            opened.stop()
            raise


@contextlib.contextmanager
def _sequential(n_jobs: int, count: int):
    def begin(work: Callable) -> Future:
        future: Future = Future()
        future.set_result(_in_this_process(work))
        return future

    yield Place(begin, 1, here=True)


@contextlib.contextmanager
def _threading(n_jobs: int, count: int):
    cores = _cores(n_jobs)
    with futures.ThreadPoolExecutor(cores) as pool:
        yield Place(lambda work: pool.submit(_in_this_process, work), cores, here=True)


def _in_this_process(work: Callable):
    try:
        return work()
    except Exception:
        return Failed("failed", traceback.format_exc())


@contextlib.contextmanager
def _loky(n_jobs: int, count: int):
    from joblib.externals.loky import get_reusable_executor
    from joblib.externals.loky.process_executor import BrokenProcessPool

    cores, run = min(_cores(n_jobs), count), runner()

    def workers():
        return get_reusable_executor(max_workers=cores, timeout=300)  # seconds without work

    def begin(work: Callable) -> Future:
        packed = pack(work)
        try:
            return workers().submit(run, packed)
        except BrokenProcessPool:  # a worker died just now: a new set of workers
            return workers().submit(run, packed)

    try:
        yield Place(begin, cores)
    except BaseException:
        workers().shutdown(kill_workers=True)
        raise


@contextlib.contextmanager
def _ray(n_jobs: int, count: int):
    try:
        import ray
    except ImportError:
        raise _missing("Ray", "ray") from None

    ours = not ray.is_initialized()
    if ours:  # RAY_ADDRESS, or a cluster that runs on this machine, or a new one
        ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    try:
        remote = ray.remote(max_retries=0)(runner())  # a lost cell is sent again by the sweep
        yield Place(lambda work: remote.remote(pack(work)).future(), _limit(n_jobs))
    finally:
        if ours:
            ray.shutdown()


@contextlib.contextmanager
def _dask(n_jobs: int, count: int):
    try:
        import distributed
    except ImportError:
        raise _missing("Dask", "dask") from None

    with contextlib.ExitStack() as opened:
        try:
            client = distributed.get_client()
        except ValueError:  # none yet: DASK_SCHEDULER_ADDRESS, or a new cluster
            client = opened.enter_context(_new_client(distributed, n_jobs))
        pool, run = client.get_executor(pure=False), runner()
        yield Place(lambda work: pool.submit(run, pack(work)), _limit(n_jobs))


def _new_client(distributed, n_jobs: int):
    import dask

    if dask.config.get("scheduler-address", None):
        return distributed.Client()
    return distributed.Client(
        n_workers=_cores(n_jobs), threads_per_worker=1, processes=True, dashboard_address=None
    )


_OPEN = {
    "loky": _loky, "ray": _ray, "dask": _dask, "threading": _threading, "sequential": _sequential,
}  # fmt: skip
BACKENDS = tuple(_OPEN)


def _cores(n_jobs: int) -> int:
    import joblib

    return joblib.effective_n_jobs(n_jobs)


def _limit(n_jobs: int) -> int | None:
    return None if n_jobs < 0 else n_jobs


def _missing(name: str, extra: str) -> ImportError:
    return ImportError(f"{name} is not installed: {INSTALL.format(extra)}")


# -- what goes to a worker, and what comes back --------------------------------------------


def versions() -> dict[str, str]:
    """Return the versions that decide which numbers a run has."""
    import torch

    import dqnlib

    return {"dqnlib": dqnlib.__version__, "torch": torch.__version__.partition("+")[0]}


def check_versions(wanted: dict[str, str]) -> None:
    """Raise a RuntimeError if this process has other versions than those wanted."""
    have = versions()
    for name, version in wanted.items():
        if have[name] != version:
            raise RuntimeError(
                f"a worker has {name} {have[name]} and this sweep is of {name} {version}: its "
                "numbers would be others"
            )


def pack(work: Callable) -> bytes:
    """Return a piece of work as bytes, functions from a notebook or a script included."""
    import cloudpickle

    return pickle.dumps((versions(), cloudpickle.dumps(work)))


def runner() -> Callable[[bytes], tuple[str, bytes | str]]:
    """Return what a worker does: bytes of work -> ("done", bytes of its result) or (kind, error).

    A function inside a function is sent with its code. So it runs, and can say what is missing,
    where this library is not installed.
    """

    def run(packed: bytes) -> tuple[str, bytes | str]:
        import pickle
        import traceback

        kind = "unfit"
        try:
            wanted, inside = pickle.loads(packed)
            from dqnlib.clusters import check_versions

            check_versions(wanted)
            work = pickle.loads(inside)
            kind = "failed"
            return "done", pickle.dumps(work(), protocol=5)
        except Exception:
            return kind, traceback.format_exc()

    return run
