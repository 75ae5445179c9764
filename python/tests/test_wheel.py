"""The module as it is installed: what it needs, what it hides, how it fails."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import gridloom
from conftest import SAMPLE
from gridloom import _gridloom, errors


def python(code: str, **environment: str) -> str:
    """What a Python of its own prints."""
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, **environment}
    )
    return ran.stdout


def test_importing_is_quick_and_takes_nothing_along() -> None:
    code = """
import sys, time
before = set(sys.modules)
begun = time.perf_counter()
import gridloom
took = time.perf_counter() - begun
print(took)
print(*[name for name in ("numpy", "xarray", "pandas", "dask", "IPython") if name in sys.modules])
"""
    took, loaded = min((python(code).split("\n") for _ in range(5)), key=lambda lines: float(lines[0]))[:2]
    assert float(took) < 0.05
    assert loaded == ""


def test_importing_changes_nothing_of_the_process() -> None:
    code = """
import os, signal, threading
def state():
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)]
    return dict(os.environ), handlers, len(os.listdir("/proc/self/task")), os.getcwd()
before = state()
import gridloom
gridloom.open("data/sample_run").read("170-223", "npp")
print(state()[:2] == before[:2], state()[3] == before[3])
"""
    assert python(code).split() == ["True", "True"]


def test_the_program_is_installed_beside_the_module() -> None:
    program = shutil.which("gridloom", path=os.path.dirname(sys.executable))
    if program is None and os.environ.get("GRIDLOOM_CI") != "1":
        pytest.skip("the module was not installed as a wheel")
    assert program is not None
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    assert gridloom.__version__ in said


def test_symbols_of_the_libraries_within_are_hidden() -> None:
    """Another HDF5 in the same process must neither find ours nor lend us its own."""
    if shutil.which("nm") is None:
        pytest.skip("nm is not here")
    listed = subprocess.run(["nm", "-D", _gridloom.__file__], capture_output=True, text=True, check=True).stdout
    symbols = [line.split() for line in listed.splitlines()]
    defined = [words[-1] for words in symbols if words[-2] not in ("U", "w", "v")]
    assert defined == ["PyInit__gridloom"]
    taken = [words[-1] for words in symbols if words[-2] == "U"]
    assert not [name for name in taken if name.startswith(("H5", "nc_", "NC_", "deflate", "inflate", "ZSTD_"))]


@pytest.mark.parametrize("order", ["import gridloom, netCDF4, h5py", "import netCDF4, h5py, gridloom"])
def test_two_libraries_of_hdf5_live_in_one_process(order: str, tmp_path: Path) -> None:
    pytest.importorskip("netCDF4")
    pytest.importorskip("h5py")
    code = f"""
{order}
import glob, threading
import numpy as np
out = {str(tmp_path)!r} + "/out"

def write(name):
    for number in range(20):
        with netCDF4.Dataset(f"{tmp_path}/{{name}}.nc", "w") as file:
            file.createDimension("x", 100)
            file.createVariable("v", "f4", ("x",), zlib=True)[:] = np.arange(100)
        with h5py.File(f"{tmp_path}/{{name}}.h5", "w") as file:
            file.create_dataset("v", data=np.arange(100), chunks=(10,), compression="gzip")
        with netCDF4.Dataset(f"{tmp_path}/{{name}}.nc") as file, h5py.File(f"{tmp_path}/{{name}}.h5") as other:
            assert (file["v"][:] == other["v"][:]).all()

thread = threading.Thread(target=write, args=("beside",))
thread.start()
gridloom.grid("data/sample_run", out, variables=["npp"], progress=False)
proof = gridloom.verify("data/sample_run", out, progress=False)
thread.join()
assert proof.is_equal and proof.values > 0, proof
[path] = glob.glob(out + "/npp_*.nc")
with netCDF4.Dataset(path) as file, h5py.File(path) as other:
    values = file["npp"][:].filled(1e20)
    assert (values == other["npp"][:]).all()
gridloom.cells("data/sample_run", out + "/run.nc", progress=False)
assert gridloom.open(out + "/run.nc").read("170-223", "npp").shape == (1004,)
write("after")
print("both")
"""
    assert python(code).strip() == "both"


def test_errors_are_pythons_own_as_well() -> None:
    with pytest.raises(FileNotFoundError) as found:
        gridloom.open("no/such/run")
    assert (found.value.kind, found.value.path) == ("not_found", os.path.abspath("no/such/run"))
    assert found.value.hint and found.value.errno == 2
    with pytest.raises(ValueError, match="did you mean npp") as found:
        gridloom.grid(SAMPLE, "out/none", variables="nppp", progress=False)
    assert found.value.kind == "argument"
    with pytest.raises(ValueError, match="^start"):
        gridloom.grid(SAMPLE, "out/none", start="yesterday", progress=False)
    with pytest.raises(TypeError, match="wishes"):
        gridloom.grid(SAMPLE, "out/none", wishes="npp", progress=False)
    assert not Path("out/none").exists()


def test_every_kind_of_error_has_a_class_of_its_own() -> None:
    assert set(errors.CLASSES) == set(_gridloom.ERROR_KINDS)
    for kind, made in errors.CLASSES.items():
        error = errors.of_kind(kind, "message", path="a", hint="b", cell=(1, 2), errno=5)
        assert isinstance(error, made) and len(made.__mro__) > len(Exception.__mro__) + 1
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is made
        assert (str(again), again.kind, again.path, again.hint, again.cell) == ("message\nhint: b", kind, "a", "b", (1, 2))


def test_stopping_keeps_what_is_done(tmp_path: Path) -> None:
    """An exception of whoever is told stops the work in the way that Ctrl-C does, and the same call continues."""
    out, told = tmp_path / "out", []

    def progress(what: str, done: int, total: int | None) -> None:
        told.append((what, done, total))
        if what == "dumps" and done > 5:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        gridloom.grid(SAMPLE, out, threads=1, progress=progress)
    known = gridloom.status(out)
    # Where the work was by then, some files may have been written already: these are whole, which is proved below.
    assert known["units"] > 0
    report = gridloom.grid(SAMPLE, out, threads=1, progress=False)
    assert report.files and gridloom.verify(SAMPLE, out, progress=False).is_equal


def test_ctrl_c_stops_with_a_valid_checkpoint(tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = f"""
import gridloom, os, signal, threading
begun = threading.Event()

def progress(what, done, total):
    if what == "units":
        begun.set()

def interrupt():
    begun.wait()
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=interrupt, daemon=True).start()
try:
    gridloom.grid({str(SAMPLE)!r}, {str(out)!r}, threads=1, progress=progress)
except KeyboardInterrupt as error:
    print("stopped", *getattr(error, "__notes__", []))
"""
    assert python(code).startswith("stopped")
    report = gridloom.grid(SAMPLE, out, progress=False)
    assert report.files
    assert gridloom.verify(SAMPLE, out, progress=False).is_equal


def test_other_threads_run_while_gridloom_works(tmp_path: Path) -> None:
    """The interpreter's lock is let go: another thread counts on."""
    import threading

    counted, is_over = 0, threading.Event()

    def count() -> None:
        nonlocal counted
        while not is_over.wait(0.001):
            counted += 1

    thread = threading.Thread(target=count)
    thread.start()
    gridloom.grid(SAMPLE, tmp_path / "out", progress=False)
    is_over.set()
    thread.join()
    assert counted > 10


def test_a_bar_is_shown_where_somebody_looks(tmp_path: Path) -> None:
    import pty

    code = f"import gridloom; gridloom.grid({str(SAMPLE)!r}, {str(tmp_path / 'out')!r})"
    here, there = pty.openpty()
    process = subprocess.Popen([sys.executable, "-c", code], stderr=there, stdout=subprocess.PIPE)
    os.close(there)
    shown = b""
    while True:
        try:
            part = os.read(here, 4096)
        except OSError:
            break
        if not part:
            break
        shown += part
    assert process.wait() == 0
    assert b"[#" in shown or b"] " in shown
    quiet = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert quiet.stderr == ""
