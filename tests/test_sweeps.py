"""Sweeps on the cores of this machine, on a real Ray cluster and on a real Dask cluster.

`tests/mutants/test_sweeps.toml` lists the mutants that these tests kill.
"""

import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
import warnings

import psutil
import pytest
from storage_support import differences
from support import one_thread  # noqa: F401 (a fixture)

from dqnlib import clusters, storage, sweeps, training
from dqnlib.config import Config
from dqnlib.experiments import SweepError, sweep

TINY = Config(
    steps=120, hidden=(16,), batch_size=8, capacity=100, warmup=20, eval_every=40, eval_episodes=1,
    record_every=20, epsilon_steps=100, device="cpu",
)  # fmt: skip
GAMMAS = {"gamma": [0.5, 0.6, 0.7, 0.8]}
pytestmark = pytest.mark.alone  # Ray gives up if it has not started after 30 s


@pytest.fixture(scope="module")
def ray():
    """A Ray cluster of this machine with two workers."""
    ray = pytest.importorskip("ray", reason="the extra ray is not installed")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, address="local")
    yield ray
    ray.shutdown()


@pytest.fixture(scope="module")
def dask():
    """A Dask cluster of this machine with two workers."""
    distributed = pytest.importorskip("distributed", reason="the extra dask is not installed")
    with distributed.Client(n_workers=2, threads_per_worker=1, dashboard_address=None) as client:
        yield client


@pytest.fixture(params=["loky", "ray", "dask"])
def backend(request):
    if request.param != "loky":
        request.getfixturevalue(request.param)
    return request.param


@pytest.fixture(scope="module")
def plain():
    """What the runs of GAMMAS are, trained one after the other here."""
    return sweep(TINY, GAMMAS, (3, 0), backend="sequential")


def assert_same(found, wanted):
    assert list(found) == list(wanted)
    for key in wanted:
        assert differences(found[key], wanted[key]) == [], key


def kept(folder):
    return sorted(folder.glob("*.npz"))


# -- a cluster is one word -------------------------------------------------------------------------


def test_the_same_runs_anywhere(backend, plain, tmp_path, monkeypatch):
    found = sweep(TINY, GAMMAS, (3, 0), backend=backend, n_jobs=2, folder=tmp_path)
    assert_same(found, plain)
    assert len(kept(tmp_path)) == 4
    monkeypatch.setattr(clusters, "place", None)  # nothing is left to train
    assert_same(sweep(TINY, GAMMAS, (3, 0), backend=backend, folder=tmp_path), plain)


def test_a_cluster_that_was_there_stays(ray, dask):
    for backend in ("ray", "dask"):
        sweep(TINY.replace(steps=60), {}, [0], backend=backend)
    assert ray.is_initialized()
    assert dask.status == "running"


CHILD = """
import sys
from dqnlib import Config, sweep

if __name__ == "__main__":
    config = Config(steps=120, hidden=(16,), batch_size=8, warmup=20, eval_every=0, device="cpu")
    found = [
        sweep(config, {"gamma": [0.5, 0.9]}, [0], backend=backend, n_jobs=2)
        for backend in (sys.argv[1], "sequential")
    ]
    for key in found[1]:
        assert found[0][key].q.tobytes() == found[1][key].q.tobytes()
    if sys.argv[1] == "ray":
        import ray
        assert not ray.is_initialized()
    print("alike")
"""


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("name", ["ray", "dask"])
def test_a_process_that_is_connected_to_no_cluster(request, tmp_path, name, named):
    """It finds the one that the environment names, or starts one and ends it."""
    cluster = request.getfixturevalue(name)
    env = {
        k: v for k, v in os.environ.items() if k not in ("RAY_ADDRESS", "DASK_SCHEDULER_ADDRESS")
    }
    if named and name == "ray":
        env["RAY_ADDRESS"] = cluster.get_runtime_context().gcs_address
    elif named:
        env["DASK_SCHEDULER_ADDRESS"] = cluster.scheduler.address
    script = tmp_path / "child.py"
    script.write_text(CHILD)
    done = subprocess.run(
        [sys.executable, script, name], env=env, capture_output=True, text=True, timeout=250
    )
    assert done.stdout.endswith("alike\n"), done.stderr


def test_the_dask_cluster_of_the_environment_is_used(monkeypatch):
    distributed = pytest.importorskip("distributed", reason="the extra dask is not installed")
    dask = pytest.importorskip("dask")
    asked = []
    monkeypatch.setattr(distributed, "Client", lambda **more: asked.append(more))
    clusters._new_client(distributed, 2)
    with dask.config.set({"scheduler-address": "tcp://head:8786"}):
        clusters._new_client(distributed, 2)
    assert [more.get("n_workers") for more in asked] == [2, None]


def test_a_learners_function_goes_to_the_workers(backend):
    def halved(reward, terminated, next_q, gamma):
        return reward + 0.5 * gamma * next_q.max(dim=1).values * ~terminated

    found = sweep(TINY, {"gamma": [0.5, 0.9]}, [1], backend=backend, td_target=halved)
    for (gamma,), run in found.items():
        alone = training.train(TINY.replace(gamma=gamma), [1], td_target=halved)
        assert differences(run, alone) == []


def waits_for(flag):
    """A target that, at gamma 0.9, goes on only when there is a file of that name."""

    def target(reward, terminated, next_q, gamma):
        for _ in range(600):
            if gamma != 0.9 or os.path.exists(flag):
                return reward + gamma * next_q.max(dim=1).values * ~terminated
            time.sleep(0.1)
        raise RuntimeError("nobody took what was finished")

    return target


def test_results_come_back_one_by_one(backend, tmp_path, monkeypatch):
    """The second cell ends only after the first one was taken by the process that asked for it."""
    flag, keep, order = tmp_path / "flag", sweeps.Cells._keep, []

    def noted(self, key, run):
        order.append(key)
        flag.touch()
        keep(self, key, run)

    monkeypatch.setattr(sweeps.Cells, "_keep", noted)
    more = {"backend": backend, "n_jobs": 2, "td_target": waits_for(str(flag))}
    found = sweep(TINY, {"gamma": [0.9, 0.5]}, [0], **more)
    assert order == [(0.5,), (0.9,)]
    assert list(found) == [(0.9,), (0.5,)]


def test_a_missing_extra_is_answered_by_the_command_that_installs_it(monkeypatch):
    for name, module in (("ray", "ray"), ("dask", "distributed")):
        monkeypatch.setitem(sys.modules, module, None)  # as if it were not there
        command = rf'is not installed: python -m pip install -e "\.\[{name}\]"'
        with pytest.raises(ImportError, match=command):
            sweep(TINY, GAMMAS, [0], backend=name)


# -- what dies and what fails ----------------------------------------------------------------------


def dies(flag):
    """A target that kills its process at gamma 0.6 while there is a file of that name."""

    def target(reward, terminated, next_q, gamma):
        if gamma == 0.6 and os.path.exists(flag):
            os.unlink(flag)
            os.kill(os.getpid(), signal.SIGKILL)
        return reward + gamma * next_q.max(dim=1).values * ~terminated

    return target


@pytest.mark.filterwarnings("ignore:.*It is tried again")
def test_a_worker_that_dies_in_the_middle_loses_nothing(backend, tmp_path):
    flag = tmp_path / "flag"
    flag.touch()
    more = {"backend": backend, "n_jobs": 2, "td_target": dies(str(flag))}
    found = sweep(TINY, GAMMAS, (3, 0), **more)
    assert not flag.exists()  # one died
    wanted = sweep(TINY, GAMMAS, (3, 0), backend="sequential", td_target=dies(str(flag)))
    assert_same(found, wanted)


def processes_of(backend, request) -> list[int]:
    """The numbers of the processes that train."""
    if backend == "dask":
        return list(request.getfixturevalue("dask").run(os.getpid).values())
    word = {"loky": "loky", "ray": "ray::run"}[backend]
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # one that has just ended
            found += [child.pid] if word in " ".join(child.cmdline()) else []
    return found


@pytest.mark.filterwarnings("ignore:.*It is tried again")
def test_a_worker_that_is_killed_from_outside_loses_nothing(
    backend, request, tmp_path, monkeypatch
):
    save, config, killed = sweeps.save_run, TINY.replace(steps=600, eval_every=300), []
    wanted = sweep(config, GAMMAS, (3, 0), backend="sequential")

    def save_and_kill(run, file):
        save(run, file)
        if not killed:
            killed.append(max(processes_of(backend, request)))
            os.kill(killed[0], signal.SIGKILL)

    monkeypatch.setattr(sweeps, "save_run", save_and_kill)
    found = sweep(config, GAMMAS, (3, 0), backend=backend, n_jobs=2, folder=tmp_path)
    assert killed
    assert len(kept(tmp_path)) == 4
    assert_same(found, wanted)


def kills_each_time(folder):
    """A target that kills its process at gamma 0.6; at 0.5 it waits until that happened twice."""

    def target(reward, terminated, next_q, gamma):
        if gamma == 0.6:
            open(os.path.join(folder, f"{len(os.listdir(folder))}"), "x").close()
            os.kill(os.getpid(), signal.SIGKILL)
        while gamma == 0.5 and len(os.listdir(folder)) < 2:
            time.sleep(0.1)
        return reward + gamma * next_q.max(dim=1).values * ~terminated

    return target


def test_a_run_that_kills_its_worker_each_time_fails_alone(tmp_path):
    """Another dies with it, twice, and is not blamed."""
    more = {"n_jobs": 2, "td_target": kills_each_time(str(tmp_path))}
    with (
        pytest.warns(RuntimeWarning, match=r"gamma = 0\.6: its worker is gone .*It is tried again"),
        pytest.raises(SweepError, match=r"1 of 4 runs failed.*\n  gamma = 0\.6: ") as caught,
    ):
        sweep(TINY, GAMMAS, [0], **more)
    assert sorted(caught.value.runs) == [(0.5,), (0.7,), (0.8,)]
    assert list(caught.value.failed) == [(0.6,)]
    assert len(list(tmp_path.iterdir())) == 3  # two tries among others, and one alone


def fails(folder, times, at=0.6):
    """A target that raises an error at one gamma, in the first runs; each leaves a file."""

    def target(reward, terminated, next_q, gamma):
        tried = len(os.listdir(folder))
        if gamma == at and tried < times:
            open(os.path.join(folder, f"{tried}"), "x").close()
            raise RuntimeError("no power")
        return reward + gamma * next_q.max(dim=1).values * ~terminated

    return target


def test_a_run_that_fails_is_tried_again(backend, tmp_path):
    target = fails(str(tmp_path), 1)
    with pytest.warns(RuntimeWarning, match=r"gamma = 0\.6: .*no power.*It is tried again"):
        found = sweep(TINY, GAMMAS, [0], backend=backend, td_target=target)
    assert len(list(tmp_path.iterdir())) == 1
    assert list(found) == [(0.5,), (0.6,), (0.7,), (0.8,)]


@pytest.mark.filterwarnings("ignore:.*It is tried again")
@pytest.mark.parametrize("retries", [0, 2])
def test_a_run_that_fails_again_and_again_is_named_and_the_others_stay(backend, tmp_path, retries):
    target = fails(str(tmp_path), 9)
    with pytest.raises(SweepError, match=r"gamma = 0\.6: .*no power") as caught:
        sweep(TINY, GAMMAS, [0], backend=backend, retries=retries, td_target=target)
    assert len(list(tmp_path.iterdir())) == retries + 1
    assert sorted(caught.value.runs) == [(0.5,), (0.7,), (0.8,)]
    assert list(caught.value.failed) == [(0.6,)]
    assert 'raise RuntimeError("no power")' in caught.value.failed[0.6,]
    assert "3 of 4 runs are finished; they are in .runs of this error." in str(caught.value)


def test_a_cluster_that_is_gone_leaves_what_was_finished(plain, tmp_path, monkeypatch):
    begun = []

    def begin(work):
        begun.append(work)
        if len(begun) == 3:
            raise ConnectionError("the scheduler is gone")
        return real(work)

    made = clusters.Place.__post_init__

    def opened(self):
        nonlocal real
        real, self.begin = self.begin, begin
        made(self)

    real = None
    monkeypatch.setattr(clusters.Place, "__post_init__", opened)
    words = (
        "had to stop: ConnectionError: the scheduler is gone\n2 of 4 runs are finished; they are"
    )
    with pytest.raises(SweepError, match=words) as caught:
        sweep(TINY, GAMMAS, (3, 0), backend="sequential", folder=tmp_path)
    assert_same(caught.value.runs, {key: plain[key] for key in [(0.5,), (0.6,)]})
    assert len(kept(tmp_path)) == 2


# -- workers that do not fit -----------------------------------------------------------------------


def test_a_function_that_cannot_be_sent_is_named_before_anything_is_trained(monkeypatch):
    lock = threading.Lock()

    def locked(reward, terminated, next_q, gamma):
        with lock:
            return reward

    monkeypatch.setattr(clusters, "place", None)
    for backend in ("loky", "ray", "dask"):
        with pytest.raises(ValueError, match=r"your td_target cannot be sent to a worker: .*lock"):
            sweep(TINY, GAMMAS, [0], backend=backend, td_target=locked)


def test_in_this_process_any_function_can_be_called():
    lock = threading.Lock()

    def locked(reward, terminated, next_q, gamma):
        with lock:
            return reward

    assert sweep(TINY, {}, [0], backend="sequential", td_target=locked).keys() == {()}
    assert sweep(TINY, {}, [0], backend="threading", td_target=locked).keys() == {()}


WITHOUT = """
import sys

class Without:
    def find_spec(name, path=None, target=None):
        if name.split(".")[0] == "dqnlib":
            raise ModuleNotFoundError("No module named 'dqnlib'", name="dqnlib")

sys.meta_path.insert(0, Without)
"""


def test_a_worker_without_the_library_says_so(tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed", reason="the extra dask is not installed")
    (tmp_path / "sitecustomize.py").write_text(WITHOUT)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))  # of the processes that are started now
    with (
        distributed.Client(n_workers=1, dashboard_address=":0"),
        pytest.raises(SweepError, match=r"no dqnlib\. Install it on every machine") as caught,
    ):
        sweep(TINY, GAMMAS, [0], backend="dask", n_jobs=1)
    assert "0 of 4 runs are finished" in str(caught.value)


def test_a_worker_of_another_version_says_so(monkeypatch):
    """The numbers of its runs would be others."""
    ours = clusters.versions()
    monkeypatch.setattr(clusters, "versions", lambda: {**ours, "torch": "1.0"})
    words = f"cannot take part: .* worker has torch {ours['torch']} and this sweep is of torch 1.0"
    with pytest.raises(SweepError, match=words):
        sweep(TINY, GAMMAS, [0], n_jobs=1)


def test_a_worker_is_asked_for_its_version():
    ours = clusters.versions()
    clusters.check_versions(ours)
    for name in ours:
        with pytest.raises(RuntimeError, match=f"a worker has {name} .* is of {name} 0.0.9: its"):
            clusters.check_versions({**ours, name: "0.0.9"})


def test_a_worker_that_lacks_the_module_of_a_function_names_it(tmp_path, monkeypatch):
    """A module that only this process finds: its functions are sent by name."""
    (tmp_path / "only_here.py").write_text("def target(reward, *_):\n    return reward\n")
    monkeypatch.syspath_prepend(tmp_path)
    import only_here

    packed, code = clusters.pack(only_here.target), "import sys, pickle, cloudpickle\n"
    code += "kind, text = pickle.load(sys.stdin.buffer)(pickle.load(sys.stdin.buffer))\n"
    import cloudpickle

    send = cloudpickle.dumps(clusters.runner()) + cloudpickle.dumps(packed)
    done = subprocess.run(
        [sys.executable, "-c", code + "print(kind, text)"], input=send, capture_output=True
    )
    said = done.stdout.decode()
    assert said.startswith("unfit"), done.stderr
    assert "only_here" in sweeps._what_is_missing(said)
    assert "install its module there, too" in sweeps._what_is_missing(said)


# -- the folder ------------------------------------------------------------------------------------


def test_two_sweeps_in_one_folder_at_once(tmp_path):
    with sweeps.locked(tmp_path), pytest.raises(SweepError, match="another sweep is at work in"):
        sweep(TINY, GAMMAS, [0], backend="sequential", folder=tmp_path)
    assert kept(tmp_path) == []
    assert sweep(TINY, {}, [0], backend="sequential", folder=tmp_path).keys() == {()}


def test_a_sweep_that_was_killed_gives_its_folder_back(tmp_path):
    code = "import sys, time; from dqnlib import sweeps\n"
    code += "with sweeps.locked(sys.argv[1]):\n    print('held', flush=True)\n    time.sleep(60)"
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(SweepError, match="another sweep is at work in"):
            sweep(TINY, {}, [0], backend="sequential", folder=tmp_path)
        other.kill()
        other.wait()
        assert sweep(TINY, {}, [0], backend="sequential", folder=tmp_path).keys() == {()}


@pytest.mark.parametrize("name", ["dqnlib", "torch"])
def test_a_folder_of_another_version(tmp_path, name):
    sweep(TINY, {"gamma": [0.5]}, [0], backend="sequential", folder=tmp_path)
    mark = tmp_path / "sweep.json"
    wrote = json.loads(mark.read_text())
    assert wrote == clusters.versions()
    mark.write_text(json.dumps({**wrote, name: "0.0.9"}))
    words = f"come from {name} 0.0.9, and this is {name} {wrote[name]}"
    with pytest.raises(SweepError, match=words):
        sweep(TINY, GAMMAS, [0], backend="sequential", folder=tmp_path)
    assert len(kept(tmp_path)) == 1
    mark.write_text("[1")
    with pytest.raises(SweepError, match=r"sweep\.json is damaged"):
        sweep(TINY, GAMMAS, [0], backend="sequential", folder=tmp_path)


def test_a_full_disk(plain, tmp_path, monkeypatch):
    written = []

    def fsync(handle):
        written.append(handle)
        if len(written) == 4:  # the mark and two runs
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(storage.os, "fsync", fsync)
    words = "cannot be written: No space left on device\n3 of 4 runs .* goes on from there"
    with pytest.raises(SweepError, match=words) as caught:
        sweep(TINY, GAMMAS, (3, 0), backend="sequential", folder=tmp_path)
    assert_same(caught.value.runs, {key: plain[key] for key in list(plain)[:3]})
    assert len(kept(tmp_path)) == 2
    assert [f.name for f in tmp_path.iterdir() if ".npz." in f.name] == []  # no half file
    monkeypatch.undo()
    assert_same(sweep(TINY, GAMMAS, (3, 0), backend="sequential", folder=tmp_path), plain)


def test_a_disk_that_is_full_at_the_start(tmp_path, monkeypatch):
    def fsync(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(storage.os, "fsync", fsync)
    with pytest.raises(SweepError, match="cannot be written: No space left on device"):
        sweep(TINY, {}, [0], backend="sequential", folder=tmp_path / "new")
    (tmp_path / "file").touch()
    with pytest.raises(SweepError, match="cannot be written: File exists"):
        sweep(TINY, {}, [0], backend="sequential", folder=tmp_path / "file")


# -- the progress bar ------------------------------------------------------------------------------


@pytest.mark.parametrize("progress", [False, True])
def test_the_bar_counts_what_is_finished(tmp_path, capfd, progress):
    sweep(TINY, {"gamma": [0.5]}, [0], backend="sequential", folder=tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sweep(TINY, GAMMAS, [0], backend="sequential", folder=tmp_path, progress=progress)
    shown = capfd.readouterr().err
    assert ("4/4" in shown) == ("1/4" in shown) == progress
    assert "0/4" not in shown
