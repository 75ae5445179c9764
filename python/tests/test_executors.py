"""The same two calls by whatever hands work out: MPI, Ray, Slurm. The bytes are those of one process."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import gridloom
from conftest import ROOT, SAMPLE
from test_work import digests

#: A module for the workers: a shard whose worker is killed in the midst of it, the first time.
DYING = '''
import os, pathlib, signal, subprocess
import gridloom

def run(shard, mark):
    def progress(what, done, total):
        if what == "dumps" and done and not os.path.exists(mark):
            pathlib.Path(mark).touch()
            if job := os.environ.get("SLURM_JOB_ID"):
                subprocess.run(["scancel", "--full", "--signal=KILL", job])
            os.kill(os.getpid(), signal.SIGKILL)

    return gridloom.run_shard(shard, progress=progress)
'''


@pytest.fixture(autouse=True)
def _same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What one process makes."""
    out = tmp_path_factory.mktemp("alone") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1700000000")
        gridloom.grid(SAMPLE, out, variables="npp,csoil*", progress=False)
    return digests(out)


@pytest.fixture
def dying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the module for the workers, which finds it by its name, as all of its children."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "dying.py").write_text(DYING)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "modules"))
    monkeypatch.syspath_prepend(str(tmp_path / "modules"))
    sys.modules.pop("dying", None)
    return tmp_path / "modules"


def plan(out: Path) -> gridloom.Plan:
    return gridloom.Plan(SAMPLE, out, variables="npp,csoil*", progress=False)


MPI = '''
import sys
from mpi4py.futures import MPIPoolExecutor
import dying, gridloom

if __name__ == "__main__":
    source, out, mark = sys.argv[1:]
    plan = gridloom.Plan(source, out, variables="npp,csoil*", progress=False)
    with MPIPoolExecutor() as pool:
        reports = list(pool.map(dying.run, plan.shards(6), [mark] * 6))
    made = gridloom.publish(out, progress=False)
    print(len(reports), len(made.files))
'''


def test_a_pool_of_mpi_does_the_work_and_goes_on_after_a_kill(tmp_path: Path, dying: Path, alone: dict[str, str]) -> None:
    pytest.importorskip("mpi4py", reason="mpi4py is not here")
    mpiexec = shutil.which("mpiexec", path=f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}")
    if mpiexec is None:
        pytest.skip("mpiexec is not here")
    script, out, mark = tmp_path / "work.py", tmp_path / "out", tmp_path / "mark"
    script.write_text(MPI)
    # As root, on as many processors as there are, without a network.
    allow = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe"}
    command = [mpiexec, "-n", "3", sys.executable, "-m", "mpi4py.futures", str(script), str(SAMPLE), str(out), str(mark)]
    how = {"env": {**os.environ, **allow}, "capture_output": True, "text": True, "timeout": 240, "check": False}
    first = subprocess.run(command, **how)  # type: ignore[call-overload]
    # A rank that is killed ends the others; what is done is kept.
    assert first.returncode != 0 and mark.exists(), first.stderr
    second = subprocess.run(command, **how)  # type: ignore[call-overload]
    assert second.returncode == 0, second.stderr
    assert second.stdout.split() == ["6", str(len(alone))]
    assert digests(out) == alone


@pytest.mark.filterwarnings("ignore")
def test_ray_does_the_work_with_a_worker_killed(tmp_path: Path, dying: Path, alone: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    ray = pytest.importorskip("ray", reason="Ray is not here")
    import dying as module

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False, object_store_memory=100 << 20)
    try:
        shards, mark = plan(tmp_path / "out").shards(5), str(tmp_path / "mark")
        run = ray.remote(max_retries=3)(module.run)
        reports = ray.get([run.remote(shard, mark) for shard in shards], timeout=240)
        assert len(reports) == 5 and os.path.exists(mark)
        made = gridloom.publish(tmp_path / "out", progress=False)
        assert len(made.files) == len(alone) and digests(tmp_path / "out") == alone
        from ray.util.multiprocessing import Pool

        with Pool(2) as pool:
            again = pool.map(gridloom.run_shard, plan(tmp_path / "pool").shards(3))
        assert len(again) == 3
        gridloom.publish(tmp_path / "pool", progress=False)
        assert digests(tmp_path / "pool") == alone
    finally:
        ray.shutdown()


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A Slurm of this machine."""
    here = str(ROOT / "scripts" / "slurm-here")
    monkeypatch.delenv("SLURM_CONF", raising=False)
    started = subprocess.run([here, "start"], capture_output=True, text=True, check=False)
    if started.returncode == 77 and os.environ.get("GRIDLOOM_CI") != "1":
        pytest.skip("Slurm is not here")
    assert started.returncode == 0, started.stderr
    shell = f"{started.stdout}\nprintf %s \"$SLURM_CONF\""
    monkeypatch.setenv("SLURM_CONF", subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=True).stdout)
    yield
    subprocess.run([here, "stop"], check=False)


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_of_slurm_does_the_work_with_a_job_killed(tmp_path: Path, dying: Path, alone: dict[str, str], slurm: None) -> None:
    jobqueue = pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is not here")
    from dask.distributed import Client

    import dying as module

    shards, mark = plan(tmp_path / "out").shards(6), str(tmp_path / "mark")
    how = {"cores": 1, "processes": 1, "memory": "500MB", "interface": "lo", "log_directory": str(tmp_path / "logs")}
    prologue = [f"export PYTHONPATH={dying} SOURCE_DATE_EPOCH=1700000000"]
    with (
        jobqueue.SLURMCluster(
            **how, queue="here", walltime="00:05:00", job_script_prologue=prologue, local_directory=str(tmp_path), python=sys.executable,
            scheduler_options={"dashboard": False},
        ) as cluster,
        Client(cluster) as client,
    ):
        # As many jobs are kept as there are to be: Slurm gives another one for the one that is killed.
        cluster.adapt(minimum_jobs=2, maximum_jobs=2, interval="500ms")
        futures = client.map(module.run, shards, mark=mark, retries=3, pure=False)
        reports = client.gather(futures)
        assert len(reports) == 6 and os.path.exists(mark)
        assert any("slurm" in type(one).__name__.lower() for one in cluster.workers.values())
    made = gridloom.publish(tmp_path / "out", progress=False)
    assert len(made.files) == len(alone) and digests(tmp_path / "out") == alone


def test_a_signal_is_the_reason(tmp_path: Path, dying: Path) -> None:
    """What kills the workers above does kill."""
    code = "import sys, pickle, dying; dying.run(pickle.load(sys.stdin.buffer), sys.argv[1])"
    import pickle

    shard = plan(tmp_path / "out").shards(1)[0]
    died = subprocess.run([sys.executable, "-c", code, str(tmp_path / "mark")], input=pickle.dumps(shard), check=False)
    assert died.returncode == -signal.SIGKILL
