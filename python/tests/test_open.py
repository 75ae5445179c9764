"""Runs and archives, and their values."""

from __future__ import annotations

import doctest
import importlib
import os
import pickle
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import gridloom
from conftest import SAMPLE, real_runs


@pytest.fixture(params=["run", "archive"])
def source(request: pytest.FixtureRequest, archive: Path) -> Path:
    return SAMPLE if request.param == "run" else archive


def grids(maps: Path, variable: str):  # type: ignore[no-untyped-def]
    """A grid by the NetCDF library: values, latitudes, longitudes."""
    netcdf = pytest.importorskip("netCDF4")
    [path] = maps.glob(f"{variable}_sample_run_*.nc")
    with netcdf.Dataset(path) as file:
        return file[variable][:].copy(), file["lat"][:].data, file["lon"][:].data


def test_a_source_tells_what_it_has(source: Path) -> None:
    run = gridloom.open(source)
    assert run.kind in repr(run) and "12 cells" in repr(run)
    assert [str(cell) for cell in run.cells[:2]] == ["170-223", "170-224"]
    assert run.cells[0].lat == pytest.approx(4.75)
    assert [period.number for period in run.periods] == [1, 2, 3]
    assert run.variables["npp"].units == "kg m-2 year-1" or run.variables["npp"].units
    assert run.variables["csoil"].rows == 4
    assert str(run.time["start"]) == "1979-01-01" and run.time["steps"] == 1004
    assert "1979-01-01 to 1981-09-30" in repr(run)
    assert str(run.dates[0])[:10] == "1979-01-01" and len(run.dates) == 1004


def test_a_notebook_shows_cells_periods_variables_and_losses(source: Path) -> None:
    shown = gridloom.open(source)._repr_html_()
    assert "<svg" in shown and "npp" in shown and "1979-01-01" in shown
    assert shown.count("h1v1h-1z") == 12
    assert "172-223" in shown


def test_values_are_those_of_the_grids(source: Path, maps: Path) -> None:
    run = gridloom.open(source)
    lat = lon = None
    for variable, info in run.variables.items():
        for row in range(info.rows or 1):
            name = variable if info.rows is None else f"{variable}_{row + 1}"
            values, lat, lon = grids(maps, name)
            for cell in run.cells:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", gridloom.LossWarning)
                    own = run.read(cell, variable)
                own = own if info.rows is None else own[row]
                y, x = int(np.argmin(abs(lat - cell.lat))), int(np.argmin(abs(lon - cell.lon)))
                there = values[:, y, x]
                assert str(own.dtype) == info.type
                if own.dtype.kind == "f":
                    np.testing.assert_array_equal(own, there.filled(np.nan), f"{name} of {cell}")
                else:
                    np.testing.assert_array_equal(np.ma.getmaskarray(own), np.ma.getmaskarray(there))
                    np.testing.assert_array_equal(np.ma.compressed(own), there.compressed())


def test_a_part_is_that_part_of_all(source: Path) -> None:
    run = gridloom.open(source)
    whole = run.read("170-223", "npp")
    np.testing.assert_array_equal(run.read("170-223", "npp", "1980-02-28", "1980-03-01"), whole[423:426])
    np.testing.assert_array_equal(run.read((170, 223), "npp", 400, 410), whole[400:410])
    np.testing.assert_array_equal(run.read(run.cells[0], "npp", "1980", "1980"), whole[365:731])
    np.testing.assert_array_equal(run.read(run.cell(4.8, -68.3), "npp", -3), run.read(run.cell(4.8, -68.3), "npp")[-3:])
    assert run.read("170-223", "npp", "2000-01-01").shape == (0,)
    assert run.read("170-223", "csoil", 5, 5).shape == (4, 0)


def test_a_run_does_not_depend_on_the_folder_that_one_is_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run = gridloom.open("data/sample_run")
    before = run.read("170-223", "npp")
    monkeypatch.chdir(tmp_path)
    np.testing.assert_array_equal(run.read("170-223", "npp"), before)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(run)).read("170-223", "npp"), before)


def test_what_is_not_there_is_an_error_that_says_so(source: Path) -> None:
    run = gridloom.open(source)
    with pytest.raises(KeyError, match="1-1"):
        run.read("1-1", "npp")
    with pytest.raises(ValueError, match="nppp"):
        run.read("170-223", "nppp")
    with pytest.raises(ValueError, match="row-column"):
        run.read("somewhere", "npp")


def test_what_is_lost_is_told_once(sample: Path) -> None:
    run = gridloom.open(sample)
    (sample / "grd_170-223" / "spin0003.pkz").write_bytes(b"no dump")
    os.utime(sample / "grd_170-223" / "spin0003.pkz", (1, 1))
    with pytest.warns(gridloom.LossWarning, match="cell 170-223, period 3"):
        values = run.read("170-223", "npp")
    assert np.isnan(values[731:]).all() and not np.isnan(values[:731]).any()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run.read("170-223", "npp")
    assert any(fault.cell == "172-223" and fault.period == 3 for fault in run.faults)


def test_a_dump_that_is_written_after_opening_is_an_error(sample: Path) -> None:
    run = gridloom.open(sample)
    run.read("170-223", "npp")
    other = (sample / "grd_170-224" / "spin0001.pkz").read_bytes()
    (sample / "grd_170-223" / "spin0001.pkz").write_bytes(other)
    with pytest.raises(OSError, match="period 1 of cell 170-223") as found:
        run.read("170-223", "npp")
    assert found.value.kind == "changed"
    run.read("170-223", "npp", "1980-01-01")


def test_an_archive_is_read_in_the_state_in_which_it_was_opened(archive: Path, tmp_path: Path) -> None:
    import shutil

    own = tmp_path / "run.nc"
    shutil.copy(archive, own)
    run = gridloom.open(own)
    before = run.read("170-223", "npp")
    sent = pickle.dumps(run)
    # Bytes behind the state change nothing.
    with own.open("ab") as file:
        file.write(b"more")
    np.testing.assert_array_equal(pickle.loads(sent).read("170-223", "npp"), before)
    shutil.copy(archive, tmp_path / "other.nc")
    os.replace(tmp_path / "other.nc", own)
    np.testing.assert_array_equal(run.read("170-223", "npp"), before)
    with pytest.raises(OSError, match="another file") as found:
        pickle.loads(sent)
    assert found.value.kind == "changed"


def test_a_run_is_pickled_small_and_read_by_many_threads(source: Path) -> None:
    run = gridloom.open(source)
    sent = pickle.dumps(run)
    assert len(sent) < 1000
    again = pickle.loads(sent)
    cells = run.cells * 5
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gridloom.LossWarning)
        alone = [run.read(cell, "npp") for cell in cells]
        with ThreadPoolExecutor(8) as pool:
            together = list(pool.map(lambda cell: again.read(cell, "npp"), cells))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_table_of_pandas_has_a_row_a_cell_and_date(source: Path) -> None:
    pytest.importorskip("pandas")
    run = gridloom.open(source)
    table = run.to_pandas(["npp", "csoil"], run.cells[:2], "1980-01-01", "1980-01-31")
    assert list(table.columns) == ["npp", "csoil_1", "csoil_2", "csoil_3", "csoil_4"]
    assert len(table) == 62 and table.index.names == ["cell", "time"]
    own = run.read(run.cells[1], "npp", "1980-01-01", "1980-01-31")
    np.testing.assert_array_equal(table.loc["170-224", "npp"].to_numpy(), own)


def test_records_are_read_as_a_run() -> None:
    run = gridloom.open("data/records/vic/vic.toml" if Path("data/records/vic/vic.toml").exists() else next(Path("data/records/vic").glob("*.toml")), progress=False)
    assert run.kind == "records" and len(run.cells) == 6
    name = next(iter(run.variables))
    assert run.read(run.cells[0], name).shape[-1] == run.time["steps"]


def test_lines_of_records_that_are_lost_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("lat,lon,day,v\n0.25,0.25,2001-01-01,1\n0.25,0.75,2001-01-01,x\n0.25,0.75,2001-01-02,2\n")
    description = tmp_path / "a.toml"
    description.write_text(
        "[source]\nfiles = 'a.csv'\n[source.cell]\nlat = 'lat'\nlon = 'lon'\nstep = 0.5\n"
        "[source.time]\nstamp = { column = 'day', format = '%Y-%m-%d' }\nstep = 'day'\n"
    )
    run = gridloom.open(description, progress=False)
    with pytest.warns(gridloom.LossWarning, match="a.csv, line 3"):
        [value, missing] = run.read(run.cells[0], "v")
    assert value == 1 and np.isnan(missing)
    assert any("line 3" in one for one in run.remarks)
    report = gridloom.grid(description, tmp_path / "out", single=True, progress=False)
    assert not report.is_complete and any("line 3" in one for one in report.lost) and "line 3" in str(report)
    assert [made.file.split("_")[0] for made in report.files] == ["daily"]
    assert not gridloom.check(description, progress=False).is_sound



@pytest.mark.parametrize("name", ["gridloom", "gridloom.errors", "gridloom._open", "gridloom._work", "gridloom.xarray"])
def test_examples_in_docstrings_are_true(name: str) -> None:
    if name.endswith("xarray"):
        pytest.importorskip("xarray")
    tried = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert tried.failed == 0


@pytest.mark.parametrize("path", real_runs() or [pytest.param(None, marks=pytest.mark.skip("no real runs (GRIDLOOM_REAL_RUNS)"))])
def test_real_runs_are_read(path: Path, tmp_path: Path) -> None:
    run = gridloom.open(path)
    gridloom.cells(path, tmp_path / "run.nc", progress=False)
    kept = gridloom.open(tmp_path / "run.nc")
    assert kept.cells == run.cells and kept.variables == run.variables
    for cell in run.cells[:3]:
        for name in list(run.variables)[:5]:
            one, other = run.read(cell, name), kept.read(cell, name)
            np.testing.assert_array_equal(np.ma.filled(one, 0), np.ma.filled(other, 0))
            assert one.size > 0
