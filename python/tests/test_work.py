"""Grids, tables, archives, proofs and figures, in one process and in many."""

from __future__ import annotations

import hashlib
import os
import pickle
import signal
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

import gridloom
from conftest import SAMPLE


@pytest.fixture(autouse=True)
def _one_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files name the time of their making."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.nc")}


def test_grids_are_made_told_and_proved(tmp_path: Path) -> None:
    told: list[Any] = []
    report = gridloom.grid(
        SAMPLE, tmp_path / "out", variables=["npp", "csoil_2"], every="month", stat="mean", threads=2,
        memory="512MiB", progress=lambda *counts: told.append(counts),
    )
    assert len(report.files) == 2 and all((tmp_path / "out" / made.file).stat().st_size == made.bytes for made in report.files)
    assert not report.is_complete and any(fault.cell == "171-226" for fault in report.faults)
    assert ("files", 2, 2) in told
    proof = gridloom.verify(SAMPLE, tmp_path / "out", progress=False)
    assert proof.is_equal and proof.files == 2 and "inputs missing" in str(report)
    with pytest.raises(FileExistsError) as found:
        gridloom.cells(SAMPLE, tmp_path / "out" / report.files[0].file, progress=False)
    assert found.value.kind == "occupied"


def test_the_bytes_are_those_of_the_program(tmp_path: Path, program: str) -> None:
    import subprocess

    gridloom.grid("data/sample_run", tmp_path / "python", variables=["npp", "lai"], progress=False)
    command = [program, "grid", "data/sample_run", "-o", str(tmp_path / "program"), "--variables", "npp,lai", "-q"]
    assert subprocess.run(command, check=False).returncode in (0, 3)
    assert digests(tmp_path / "python") == digests(tmp_path / "program")


def test_a_grid_is_scored_at_stations(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    xarray = pytest.importorskip("xarray")
    report = gridloom.grid(SAMPLE, tmp_path / "out", variables="npp", progress=False)
    with xarray.open_dataset(tmp_path / "out" / report.files[0].file) as data:
        row, column = next((y, x) for y in range(data.sizes["lat"]) for x in range(data.sizes["lon"]) if data.npp[:, y, x].notnull().any())
        cell = data.npp[:, row, column].dropna("time").isel(time=slice(0, 60))
        lat, lon, series = float(cell.lat), float(cell.lon), cell.to_series()
    days = list(series.index)
    rows = [f"A,{lat + 0.1},{lon - 0.1},{day:%Y-%m-%d},{1000 * value + index}" for index, (day, value) in enumerate(zip(days, series))]
    rows += ["B,4.0,-67.0,1700-01-01,1"]
    table = tmp_path / "towers.csv"
    table.write_text("station,lat,lon,date,value\n" + "\n".join(rows) + "\n")
    found = gridloom.evaluate(tmp_path / "out", table, variable="npp", observed_units="g m-2 year-1", progress=False)
    assert not found.is_complete and "station B" in found.left_out[0] and found.units == "kg m-2 year-1"
    count = len(days)
    assert found.scored["A"]["pairs"] == count and found.scored["A"]["bias"] == pytest.approx(-(count - 1) / 2 / 1000, rel=1e-6)
    scores, pairs = found.scores(), found.pairs()
    assert isinstance(scores, pandas.DataFrame) and list(scores.name) == ["all", "A"] and len(pairs) == count
    assert scores.rmse[1] == found.scored["A"]["rmse"] and len(found.cycle()) > 0
    with pytest.raises(ValueError, match="not to be had"):
        gridloom.evaluate(tmp_path / "out", table, variable="npp", observed_units="K", progress=False)


def test_formulas_and_units(tmp_path: Path) -> None:
    netCDF4 = pytest.importorskip("netCDF4")
    said = {"derive": {"nep": "npp - hresp", "carbon": {"formula": "sum(csoil)", "units": "kg m-2"}}, "units": {"hresp": "kg m-2 year-1"}}
    gridloom.grid(SAMPLE, tmp_path / "out", variables="nep,carbon,npp,hresp", single=True, progress=False, **said)
    [path] = (tmp_path / "out").glob("*.nc")
    with netCDF4.Dataset(path) as file:
        assert [file[name].units for name in ("nep", "carbon", "hresp")] == ["kg m-2 year-1", "kg m-2", "kg m-2 year-1"]
        off = file["nep"][:] - (file["npp"][:].astype("f8") - file["hresp"][:].astype("f8"))
        assert abs(off).max() < 1e-6 and off.count() > 1000
    assert gridloom.verify(SAMPLE, tmp_path / "out", progress=False).is_equal
    with pytest.raises(ValueError, match="only quantities of a kind"):
        gridloom.grid(SAMPLE, tmp_path / "other", derive={"x": "npp + csoil_1"}, progress=False)


def test_a_difference_is_found(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    gridloom.grid(SAMPLE, tmp_path / "out", variables="npp", progress=False)
    [path] = (tmp_path / "out").glob("*.nc")
    with h5py.File(path, "r+") as file:
        file["npp"].attrs["units"] = "furlong"
    proof = gridloom.verify(SAMPLE, tmp_path / "out", progress=False)
    assert not proof.is_equal and proof.differences >= 1 and "furlong" in "".join(proof.first_differences + proof.not_looked_at)


def test_tables_of_a_run_and_of_grids(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    report = gridloom.tables(SAMPLE, tmp_path / "tables", ["daily", "stats"], variables="npp", progress=False)
    assert {made.file for made in report.files} == {"daily.parquet", "stats.parquet"}
    gridloom.grid(SAMPLE, tmp_path / "maps", variables="npp", progress=False)
    made = gridloom.tables(list((tmp_path / "maps").glob("npp_*.nc")), tmp_path / "again", "daily", progress=False)
    one = parquet.read_table(tmp_path / "tables" / "daily.parquet")
    other = parquet.read_table(tmp_path / "again" / made.files[0].file)
    assert one.num_rows > 0 and one.num_rows == other.num_rows
    csv = gridloom.tables(SAMPLE, tmp_path / "csv", "daily", variables="npp", table_format="csv.gzip", progress=False)
    assert csv.files[0].file.endswith(".csv.gz")


def test_an_archive_is_made_and_proved(tmp_path: Path) -> None:
    report = gridloom.cells(SAMPLE, tmp_path / "run.nc", progress=False)
    assert report.path.endswith("run.nc") and report.raw["cells"] == 12
    assert gridloom.verify(SAMPLE, tmp_path / "run.nc", progress=False).is_equal


def test_a_run_is_checked() -> None:
    found = gridloom.check(SAMPLE, progress=False)
    assert not found.is_sound and found.cells == 12
    assert ("172-223", 3) in found.missing
    assert any(fault.cell == "171-226" and fault.period == 2 for fault in found.faults)
    assert any("173-225" in str(cell) for cell in found.empty)


def test_figures_are_shown_in_notebooks(maps: Path, tmp_path: Path) -> None:
    [path] = maps.glob("npp_*.nc")
    picture = gridloom.plot("map", path, date="1980-06-15")
    assert picture._repr_png_()[:4] == b"\x89PNG" and picture.title and picture._repr_svg_() is None
    drawn = gridloom.plot("series", path, every="month", format="svg")
    assert drawn._repr_svg_().lstrip().startswith("<")
    kept = gridloom.plot("series", path, path=tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == kept.data
    page = gridloom.report(maps, tmp_path / "page.html", ["npp"])
    assert page.variables == ["npp"] and "iframe" in page._repr_html_()
    assert (tmp_path / "page.html").read_text().startswith("<!")
    with pytest.raises(ValueError):
        gridloom.plot("map", path, date="someday")


def test_shards_are_small_and_their_files_are_those_of_one_process(tmp_path: Path) -> None:
    alone = gridloom.grid(SAMPLE, tmp_path / "alone", progress=False)
    plan = gridloom.Plan(SAMPLE, tmp_path / "shared", progress=False)
    assert plan.units > 0 and "units of work" in repr(plan)
    shards = plan.shards(5)
    assert all(len(pickle.dumps(shard)) < 600 for shard in shards)
    with pytest.raises(RuntimeError) as found:
        gridloom.publish(tmp_path / "shared", progress=False)
    assert found.value.kind == "unfinished"
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        reports = list(pool.map(gridloom.run_shard, shards))
    assert len(reports) == 5
    # Done again, it does nothing.
    assert gridloom.run_shard(shards[0]).raw["dumps"]["read"] in (0, reports[0].raw["dumps"]["read"])
    made = gridloom.publish(tmp_path / "shared", progress=False)
    assert len(made.files) == len(alone.files)
    assert digests(tmp_path / "shared") == digests(tmp_path / "alone")
    again = gridloom.publish(tmp_path / "shared", progress=False)
    assert [one.file for one in again.files] == [one.file for one in made.files]


def test_a_forked_pool_works_after_reading_here(tmp_path: Path) -> None:
    """No thread or lock of this process is needed in one that is forked of it."""
    run = gridloom.open(SAMPLE)
    run.read("170-223", "npp")
    gridloom.grid(SAMPLE, tmp_path / "alone", variables="npp", threads=2, progress=False)
    plan = gridloom.Plan(SAMPLE, tmp_path / "shared", variables="npp", progress=False)
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
        list(pool.map(gridloom.run_shard, plan.shards(3), timeout=120))
    gridloom.publish(tmp_path / "shared", progress=False)
    assert digests(tmp_path / "shared") == digests(tmp_path / "alone")


def die_once(shard: gridloom.Shard, mark: str) -> gridloom.Report:
    """Kills its own process in the midst of a shard's work, the first time."""

    def progress(what: str, done: int, total: int | None) -> None:
        if what == "dumps" and done and not os.path.exists(mark):
            Path(mark).touch()
            os.kill(os.getpid(), signal.SIGKILL)

    return gridloom.run_shard(shard, progress=progress)


def test_a_killed_worker_costs_nothing_but_time(tmp_path: Path) -> None:
    from concurrent.futures.process import BrokenProcessPool

    gridloom.grid(SAMPLE, tmp_path / "alone", progress=False)
    shards = gridloom.Plan(SAMPLE, tmp_path / "shared", progress=False).shards(4)
    mark = str(tmp_path / "mark")
    left, rounds = list(shards), 0
    while left:
        rounds += 1
        assert rounds < 5
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            futures = {pool.submit(die_once, shard, mark): shard for shard in left}
            left = []
            for future, shard in futures.items():
                try:
                    future.result(timeout=120)
                except BrokenProcessPool:
                    left.append(shard)
    assert rounds > 1 and os.path.exists(mark)
    gridloom.publish(tmp_path / "shared", progress=False)
    assert digests(tmp_path / "shared") == digests(tmp_path / "alone")
    assert gridloom.verify(SAMPLE, tmp_path / "shared", progress=False).is_equal


def test_a_cluster_of_dask_does_the_work_with_a_worker_killed(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    gridloom.grid(SAMPLE, tmp_path / "alone", progress=False)
    shards = gridloom.Plan(SAMPLE, tmp_path / "shared", progress=False).shards(6)
    mark = str(tmp_path / "mark")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        client.upload_file(__file__) if False else None
        futures = client.map(die_once, shards, mark=mark, retries=3, pure=False)
        client.gather(futures)
        assert os.path.exists(mark)
        made = client.submit(gridloom.publish, str(tmp_path / "shared"), progress=False, pure=False).result()
        assert made.files
        xr = pytest.importorskip("xarray")
        view = xr.open_dataset(SAMPLE, engine="gridloom", variables="npp", chunks={"lat": 2, "time": 365})
        whole = xr.open_dataset(SAMPLE, engine="gridloom", variables="npp").npp.mean("time").load()
        xr.testing.assert_allclose(view.npp.mean("time").compute(), whole)
    assert digests(tmp_path / "shared") == digests(tmp_path / "alone")


def test_two_parts_at_the_same_time_do_not_meet(tmp_path: Path) -> None:
    shards = gridloom.Plan(SAMPLE, tmp_path / "shared", variables="npp", progress=False).shards(2)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        begun = time.monotonic()
        futures = [pool.submit(gridloom.run_shard, shard) for shard in shards]
        assert all(future.result(timeout=120).path for future in futures)
        assert time.monotonic() - begun < 120
    assert gridloom.publish(tmp_path / "shared", progress=False).files


def test_a_run_is_compared_with_records(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    said: dict[str, Any] = {"variables": "npp", "table_format": "csv", "progress": False}
    gridloom.tables(SAMPLE, tmp_path, "daily", overwrite=True, **said)
    description = tmp_path / "npp.toml"
    text = """
        [source]
        files = "daily.csv"
        [source.text]
        separator = ","
        header = "line"
        [source.cell]
        lat = "latitude"
        lon = "longitude"
        at = "centre"
        step = 0.5
        [source.time]
        step = "day"
        calendar = "standard"
        [source.time.stamp]
        column = "day"
        format = "%Y-%m-%d"
        [source.values]
        columns = ["npp"]
        ignore = ["grid_y", "grid_x"]
        type = "f4"
    """
    description.write_text(text + '[variables.npp]\nlong_name = "npp"\nunits = "kg m-2 year-1"\ncell_method = "mean"\n')
    windows = {"start": "1980-01-01", "stop": "1980-12-31", "reference_start": "1979-01-01", "reference_stop": "1979-12-31"}
    made = {}
    for out, reference in (("run", SAMPLE), ("records", description)):
        gridloom.tables(SAMPLE, tmp_path / out, "change", reference=reference, **windows, **said)
        made[out] = pandas.read_csv(tmp_path / out / "change.csv")
        assert gridloom.verify(SAMPLE, tmp_path / out, progress=False).is_equal
    pandas.testing.assert_frame_equal(made["run"], made["records"])
    description.write_text(text)
    with pytest.raises(ValueError, match="its units are not known in npp"):
        gridloom.tables(SAMPLE, tmp_path / "units", "change", reference=description, **windows, **said)
