"""xarray's engine."""

from __future__ import annotations

import os
import pickle
import random
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

xr = pytest.importorskip("xarray")

import gridloom
from conftest import ROOT, SAMPLE, real_runs
from gridloom.xarray import GridloomBackend

#: What files say of their making, which a view is not made by.
MAKING = {"history", "date_created", "gridloom_input_digest"}

LPJ = ROOT / "data" / "records" / "lpj-guess" / "lpj-guess.toml"

pytestmark = pytest.mark.filterwarnings("ignore::gridloom.LossWarning")


@pytest.fixture(params=["run", "archive"])
def source(request: pytest.FixtureRequest, archive: Path) -> Path:
    return SAMPLE if request.param == "run" else archive


def files(maps: Path) -> list[Path]:
    return sorted(maps.glob("*.nc"))


def test_each_file_is_what_the_view_says(source: Path, maps: Path) -> None:
    """Names, order, types, units, attributes, encodings and values, variable by variable."""
    pytest.importorskip("netCDF4")
    for path in files(maps):
        name = path.name.split("_sample_run_")[0]
        with (
            xr.open_dataset(path, engine="netcdf4") as made,
            xr.open_dataset(source, engine="gridloom", variables=name) as view,
        ):
            xr.testing.assert_identical(made.drop_attrs(deep=False), view.drop_attrs(deep=False))
            assert set(made.attrs) - MAKING == set(view.attrs)
            assert all(made.attrs[key] == view.attrs[key] for key in view.attrs)
            assert sorted(made.variables) == sorted(view.variables)
            for key, variable in made.variables.items():
                own = view.variables[key]
                assert own.dtype == variable.dtype and own.dims == variable.dims
                for word in ("units", "calendar", "_FillValue", "missing_value"):
                    assert str(own.encoding.get(word)) == str(variable.encoding.get(word)), (key, word)


def test_all_variables_together(source: Path, maps: Path) -> None:
    pytest.importorskip("netCDF4")
    with xr.open_dataset(source, engine="gridloom") as view:
        names = {path.name.split("_sample_run_")[0] for path in files(maps)}
        assert names <= set(view.data_vars)
        assert view.attrs["title"] == "Model output of sample_run"


def random_key(rng: random.Random, length: int) -> Any:
    """An index of any kind that xarray takes by position."""
    one = lambda: rng.randrange(-length, length)  # noqa: E731
    kind = rng.randrange(6)
    if kind == 0:
        return one()
    if kind == 1:
        return slice(None)
    if kind == 2:
        found = slice(one(), one(), rng.choice([1, 2, 3, -1, -2]))
        # Slices that go back and have nothing are too much for xarray itself, with every engine.
        return found if range(length)[found] else slice(length, None, -1)
    if kind == 3:
        return [one() for _ in range(rng.randrange(0, 5))]
    if kind == 4:
        return np.array([rng.random() < 0.3 for _ in range(length)])
    return slice(rng.randrange(length), None, rng.randrange(1, 9))


def selections(count: int, sizes: dict[str, int], seed: int) -> list[tuple[str, dict[str, Any]]]:
    rng = random.Random(seed)
    made = []
    for _ in range(count):
        if rng.random() < 0.2:
            points = rng.randrange(1, 6)
            dims = rng.sample(sorted(sizes), rng.randrange(1, len(sizes) + 1))
            key = {dim: xr.DataArray([rng.randrange(sizes[dim]) for _ in range(points)], dims="point") for dim in dims}
        else:
            key = {dim: random_key(rng, length) for dim, length in sizes.items() if rng.random() < 0.8}
        made.append(("", key))
    return made


def test_a_thousand_random_selections_are_those_of_netcdf4(source: Path, maps: Path) -> None:
    pytest.importorskip("netCDF4")
    rng = random.Random(7)
    opened = {}
    for path in files(maps):
        name = path.name.split("_sample_run_")[0]
        opened[name] = xr.open_dataset(path, engine="netcdf4")[name].load()
    view = xr.open_dataset(source, engine="gridloom", cache=False)
    names = sorted(opened)
    for _, key in selections(1000, {"time": 1004, "lat": 5, "lon": 6}, 11):
        name = rng.choice(names)
        xr.testing.assert_identical(view[name].isel(key).drop_attrs(), opened[name].isel(key).drop_attrs())


def test_rows_may_have_a_dimension(source: Path, tmp_path: Path) -> None:
    pytest.importorskip("netCDF4")
    gridloom.grid(SAMPLE, tmp_path / "out", variables="csoil", rows="dimension", progress=False)
    [path] = (tmp_path / "out").glob("csoil_*.nc")
    made = xr.open_dataset(path, engine="netcdf4").csoil.load()
    view = xr.open_dataset(source, engine="gridloom", variables="csoil", rows="dimension", cache=False).csoil
    xr.testing.assert_identical(view.load(), made)
    cells = xr.open_dataset(source, engine="gridloom", variables="csoil", rows="dimension", view="cells").csoil
    assert cells.dims == ("cell", "csoil_row", "time")
    for cell in range(cells.sizes["cell"]):
        own = cells.isel(cell=cell, csoil_row=slice(1, 3))
        there = made.sel(lat=float(own.lat), lon=float(own.lon)).isel(csoil_row=slice(1, 3))
        np.testing.assert_array_equal(own.transpose("time", "csoil_row").values, there.values)
    for _, key in selections(200, {"cell": 12, "csoil_row": 4, "time": 1004}, 3):
        np.testing.assert_array_equal(cells.isel(key).values, cells.load().isel(key).values)


def test_the_view_of_cells_has_the_values_of_the_grid(source: Path) -> None:
    grid = xr.open_dataset(source, engine="gridloom", variables=["npp", "lai"])
    cells = xr.open_dataset(source, engine="gridloom", view="cells", variables=["npp", "lai"])
    assert cells.npp.dims == ("cell", "time") and cells.sizes["cell"] == 12
    assert list(cells.cell.values[:2]) == ["170-223", "170-224"]
    assert {"lat", "lon", "grid_y", "grid_x", "time", "cell"} <= set(cells.coords)
    assert cells.npp.attrs["units"] == grid.npp.attrs["units"] and "grid_mapping" not in cells.npp.encoding
    for name in ("npp", "lai"):
        picked = grid[name].sel(lat=cells.lat, lon=cells.lon)
        np.testing.assert_array_equal(picked.transpose("cell", "time").values, cells[name].values)
    one = cells.set_xindex("grid_y") if hasattr(cells, "set_xindex") else cells
    assert one is not None


def test_opening_and_selecting_is_lazy(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gridloom import xarray as engine

    read: list[Any] = []
    before = engine._Values._read
    monkeypatch.setattr(engine._Values, "_read", lambda self, key: read.append(key) or before(self, key))
    view = xr.open_dataset(source, engine="gridloom", variables="npp")
    part = view.npp.isel(time=slice(10, 20)).sel(lat=4.75)
    repr(view), view._repr_html_()
    assert not read
    assert part.values.shape == (10, 6)
    assert len(read) == 1


def test_arrays_are_pickled_small_and_without_handles(source: Path) -> None:
    view = xr.open_dataset(source, engine="gridloom", variables="npp", cache=False)
    lazy = view.npp.variable._data
    sent = pickle.dumps(lazy)
    assert len(sent) < 1500
    assert b"_gridloom.View" not in sent
    again = pickle.loads(pickle.dumps(view))
    xr.testing.assert_identical(again.load(), view.load())


def test_threads_read_side_by_side(source: Path) -> None:
    view = xr.open_dataset(source, engine="gridloom", variables=["npp", "csoil"], cache=False)
    whole = view.load()
    lazy = xr.open_dataset(source, engine="gridloom", variables=["npp", "csoil"], cache=False)
    keys = [key for _, key in selections(200, {"time": 1004, "lat": 5, "lon": 6}, 5)]
    with ThreadPoolExecutor(16) as pool:
        for key, part in zip(keys, pool.map(lambda key: lazy.npp.isel(key).load(), keys), strict=True):
            xr.testing.assert_equal(part, whole.npp.isel(key))


def test_dask_gets_whole_periods(source: Path) -> None:
    dask = pytest.importorskip("dask")
    view = xr.open_dataset(source, engine="gridloom", variables="npp", chunks={})
    assert view.npp.chunks is not None
    for scheduler in ("synchronous", "threads", "processes"):
        with dask.config.set(scheduler=scheduler):
            mean = view.npp.groupby("time.month").mean().compute()
        alone = xr.open_dataset(source, engine="gridloom", variables="npp").npp.load().groupby("time.month").mean()
        xr.testing.assert_allclose(mean, alone)
    from gridloom.xarray import _blocks

    assert _blocks([0, 365, 731], 1004, 1) == (1004,)
    assert _blocks([0, 365, 731], 1004, 1 << 20) == (365, 366, 273)
    assert _blocks([0, 10, 20, 90], 100, 1 << 20) == (20, 70, 10)


def test_a_dump_that_is_written_later_is_an_error_and_no_mixture(sample: Path) -> None:
    view = xr.open_dataset(sample, engine="gridloom", variables="npp", cache=False)
    sent = pickle.dumps(view)
    view.npp.isel(time=0).load()
    other = (sample / "grd_170-224" / "spin0001.pkz").read_bytes()
    (sample / "grd_170-223" / "spin0001.pkz").write_bytes(other)
    for one in (view, pickle.loads(sent)):
        with pytest.raises(OSError, match="changed since it was opened"):
            one.npp.isel(time=0).load()
        one.npp.isel(time=-1).load()


def test_a_run_that_is_listed_otherwise_is_an_error(sample: Path) -> None:
    from gridloom import xarray as engine

    view = xr.open_dataset(sample, engine="gridloom", variables="npp", cache=False)
    sent = pickle.dumps(view)
    os.remove(sample / "grd_170-224" / "spin0003.pkz")
    engine._views.clear()
    with pytest.raises(OSError, match="cells, periods, dates or variables"):
        pickle.loads(sent).npp.load()


def test_gridded_files_are_what_netcdf4_reads(maps: Path, tmp_path: Path) -> None:
    pytest.importorskip("netCDF4")
    gridloom.grid(SAMPLE, tmp_path / "rows", variables="csoil", rows="dimension", progress=False)
    gridloom.grid(SAMPLE, tmp_path / "months", variables="npp", every="month", stat="mean", zstd=3, chunk=(3, 2, 2), progress=False)
    gridloom.grid(SAMPLE, tmp_path / "small", variables=["npp", "ls"], chunk=(100, 2, 4), compress=False, progress=False)
    others = [path for folder in ("rows", "small") for path in files(tmp_path / folder)]
    for path in [*files(maps), *others]:
        made = xr.open_dataset(path, engine="netcdf4")
        own = xr.open_dataset(path, engine="gridloom", cache=False)
        xr.testing.assert_identical(own, made.load())
        name = next(iter(key for key in made.data_vars if made[key].ndim > 2))
        assert own[name].encoding["chunksizes"] == made[name].encoding["chunksizes"]
        assert len(pickle.dumps(own[name].variable._data)) < 1500
        for _, key in selections(40, dict(made[name].sizes), 17):
            xr.testing.assert_identical(own[name].isel(key), made[name].isel(key))
    [zstd] = files(tmp_path / "months")
    run = xr.open_dataset(SAMPLE, engine="gridloom", variables="npp").npp.resample(time="MS").mean().isel(lat=1, lon=1)
    own = xr.open_dataset(zstd, engine="gridloom", chunks={})
    np.testing.assert_allclose(own.npp.isel(lat=1, lon=1).values, run.values, rtol=1e-5)


def test_a_gridded_file_that_is_replaced_is_an_error(maps: Path, tmp_path: Path) -> None:
    import shutil

    [npp], [lai] = maps.glob("npp_*.nc"), maps.glob("lai_*.nc")
    own = Path(shutil.copy(npp, tmp_path / "own.nc"))
    view = xr.open_dataset(own, engine="gridloom", cache=False)
    sent = pickle.dumps(view)
    view.npp.isel(time=0).load()
    shutil.copy(lai, tmp_path / "other.nc")
    os.replace(tmp_path / "other.nc", own)
    from gridloom import xarray as engine

    for one in (view, pickle.loads(sent), pickle.loads(sent)):
        with pytest.raises(OSError, match="changed since it was opened"):
            one.npp.isel(time=0).load()
        # As in another process.
        engine._grids.clear()
    bytes_of = bytearray(npp.read_bytes())
    damaged = tmp_path / "damaged.nc"
    bytes_of[-2000:-1000] = bytes(1000)
    damaged.write_bytes(bytes_of)
    with pytest.raises((OSError, ValueError)):
        xr.open_dataset(damaged, engine="gridloom").npp.load()


def test_other_processes_read_the_state_of_an_archive_that_was_opened(archive: Path, tmp_path: Path) -> None:
    import shutil

    from gridloom import xarray as engine

    own = Path(shutil.copy(archive, tmp_path / "run.nc"))
    view = xr.open_dataset(own, engine="gridloom", variables="npp", cache=False)
    sent, whole = pickle.dumps(view), view.npp.load()
    with own.open("ab") as file:
        file.write(b"what is appended stands behind")
    engine._views.clear()
    xr.testing.assert_identical(pickle.loads(sent).npp.load(), whole)
    shutil.copy(archive, tmp_path / "other.nc")
    os.replace(tmp_path / "other.nc", own)
    engine._views.clear()
    with pytest.raises(OSError, match="another file is in its place"):
        pickle.loads(sent).npp.load()


def test_an_engine_is_guessed_for_runs_and_archives_only(archive: Path, maps: Path, tmp_path: Path) -> None:
    guess = GridloomBackend().guess_can_open
    assert guess(SAMPLE) and guess(str(archive))
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.nc").write_text("nothing")
    for other in (files(maps)[0], maps, tmp_path / "folder", tmp_path / "text.nc", tmp_path / "none", 7, b"a", "https://a/b.nc", "a\0b"):
        assert not guess(other), other
    assert "npp" in xr.open_dataset(SAMPLE)
    assert xr.backends.list_engines()["gridloom"] is not None


def test_options_are_refused_that_mean_nothing() -> None:
    with pytest.raises(ValueError, match="view"):
        xr.open_dataset(SAMPLE, engine="gridloom", view="map")
    with pytest.raises(ValueError, match="did you mean npp"):
        xr.open_dataset(SAMPLE, engine="gridloom", variables="nppp")
    with pytest.raises(FileNotFoundError):
        xr.open_dataset("no/such/run", engine="gridloom")


def test_decoding_can_be_left_out(source: Path, maps: Path) -> None:
    pytest.importorskip("netCDF4")
    [path] = maps.glob("npp_*.nc")
    for how in ({"decode_times": False}, {"mask_and_scale": False}, {"decode_cf": False}, {"drop_variables": "cell_area_lat_lon"}):
        made = xr.open_dataset(path, engine="netcdf4", **how)
        view = xr.open_dataset(source, engine="gridloom", variables="npp", **how)
        xr.testing.assert_identical(made.drop_attrs(deep=False), view.drop_attrs(deep=False))


def test_what_is_masked_is_told(sample: Path) -> None:
    (sample / "grd_174-227" / "spin0002.pkz").write_bytes(b"no dump")
    os.utime(sample / "grd_174-227" / "spin0002.pkz", (1, 1))
    view = xr.open_dataset(sample, engine="gridloom", variables="npp")
    with pytest.warns(gridloom.LossWarning, match="174-227, period 2"):
        view.npp.load()


@pytest.mark.parametrize("path", real_runs() or [pytest.param(None, marks=pytest.mark.skip("no real runs (GRIDLOOM_REAL_RUNS)"))])
def test_real_runs_are_what_grids_of_them_are(path: Path, tmp_path: Path) -> None:
    pytest.importorskip("netCDF4")
    names = list(gridloom.open(path).variables)[:4]
    gridloom.grid(path, tmp_path / "out", variables=names, progress=False)
    view = xr.open_dataset(path, engine="gridloom", variables=names)
    for made in files(tmp_path / "out"):
        with xr.open_dataset(made, engine="netcdf4") as other:
            for name in other.data_vars:
                xr.testing.assert_identical(view[name].load(), other[name].load())


def lookers() -> list[str]:
    """What this process has started to look at files."""
    own = f"/proc/{os.getpid()}/task"
    children = [child for task in os.listdir(own) for child in Path(own, task, "children").read_text().split()]
    return [child for child in children if b"--look-at-files" in Path("/proc", child, "cmdline").read_bytes()]


def opened(path: str) -> tuple[list[str], float]:
    with xr.open_dataset(path, engine="gridloom") as found:
        return lookers(), float(found.v.mean())


def test_files_of_others_are_looked_at_by_another_process(tmp_path: Path) -> None:
    """Each process has one of its own, also where it was forked of one that has."""
    from multiprocessing import get_context

    from gridloom import _looker

    netcdf = pytest.importorskip("netCDF4")
    if _looker.ready() is None:
        pytest.skip("the module was not installed as a wheel")
    for name in ("a", "b"):
        with netcdf.Dataset(tmp_path / f"{name}.nc", "w") as file:
            for dim, length in {"time": 3, "lat": 2, "lon": 2}.items():
                file.createDimension(dim, length)
            file.createVariable("v", "f4", ("time", "lat", "lon"), zlib=True)[:] = 7
    ours, mean = opened(str(tmp_path / "a.nc"))
    assert len(ours) == 1 and mean == 7
    with get_context("fork").Pool(1) as pool:
        theirs, mean = pool.apply_async(opened, (str(tmp_path / "b.nc"),)).get(timeout=60)
    assert len(theirs) == 1 and theirs != ours and mean == 7
    assert opened(str(tmp_path / "a.nc"))[0] == ours


@pytest.mark.parametrize("kind", ["run", "archive"])
def test_a_tree_has_the_cells_that_are_meant(kind: str, archive: Path) -> None:
    """Each node is the cell's series, as netCDF4 reads it of the archive; and lazy, as Dask takes it."""
    netCDF4 = pytest.importorskip("netCDF4")
    path = SAMPLE if kind == "run" else archive
    tree = xr.open_datatree(path, engine="gridloom", group="grd_17?-22[34]", variables=["npp", "csoil*"], chunks={})
    with netCDF4.Dataset(archive) as file:
        wanted = [name for name in file.groups if name[:6] in ("grd_17",) and name[8:] in ("223", "224")]
        assert sorted(tree) == sorted(wanted) and len(wanted) > 1
        for name in wanted:
            node = tree[name]
            assert node["npp"].chunks is not None and node.attrs == {} and set(node.sizes) >= {"time"}
            assert float(node["lat"]) == 90 - (int(name[4:7]) + 0.5) * 0.5
            found = node["npp"].load()
            stored = file[name]["npp"][:]
            values = np.ma.filled(stored.astype("f8"), np.nan).reshape(-1)
            times = netCDF4.num2date(file[name]["time"][:], file[name]["time"].units, file[name]["time"].calendar)
            dates = [date.isoformat()[:10] for date in times]
            own = found.sel(time=dates[0]).values, found.sel(time=dates[-1]).values
            assert np.array_equal(np.ravel(own), values[[0, -1]].astype("f4")) and found.dtype == "f4"
            assert np.array_equal(found.values[~np.isnan(found.values)], values[~np.isnan(values)].astype("f4"))
    assert len(xr.open_datatree(path, engine="gridloom", variables=["npp"])) == len(gridloom.open(path).cells)
    with pytest.raises(ValueError, match="there is none of that name"):
        xr.open_datatree(path, engine="gridloom", group="grd_9*")


@pytest.mark.parametrize("kind", ["run", "archive", "records"])
def test_a_group_is_one_cell(kind: str, archive: Path) -> None:
    """What the tree has of it, without the others; nothing is read before it is asked for."""
    path = {"run": SAMPLE, "archive": archive, "records": LPJ}[kind]
    name = f"grd_{gridloom.open(path).cells[1]}"
    variable = "npp" if kind != "records" else next(iter(gridloom.open(path).variables))
    own = xr.open_dataset(path, engine="gridloom", group=name, variables=[variable], rows="dimension")
    assert not own[variable]._in_memory and len(pickle.dumps(own[variable].variable._data)) < 3000
    tree = xr.open_datatree(path, engine="gridloom", group=name, variables=[variable], rows="dimension")
    xr.testing.assert_identical(own.drop_attrs(deep=False), tree[name].to_dataset().drop_attrs(deep=False))
    assert set(own.sizes) >= {"time"} and "cell" not in own.sizes and own.attrs
    lazy = xr.open_dataset(path, engine="gridloom", group=f"/{name}/", variables=[variable], rows="dimension", chunks={})
    assert lazy[variable].chunks is not None and f"grd_{lazy.cell.item()}" == name
    values = np.asarray(gridloom.open(path).read(name[4:], variable), "f8")
    np.testing.assert_array_equal(lazy[variable].values.astype("f8"), values)
    for wrong in ("grd_9-9", "grd_*", "", name[4:]):
        with pytest.raises(ValueError, match="there is none of that name"):
            xr.open_dataset(path, engine="gridloom", group=wrong, variables=[variable])
    with pytest.raises(ValueError, match="cells"):
        xr.open_dataset(path, engine="gridloom", group=name, view="grid")


def test_a_group_is_what_netcdf4_reads_of_the_archive(archive: Path) -> None:
    pytest.importorskip("netCDF4")
    own = xr.open_dataset(archive, engine="gridloom", group="grd_170-223", variables=["npp"])
    stored = xr.open_dataset(archive, engine="netcdf4", group="grd_170-223")
    there = stored.npp.dropna("time")
    xr.testing.assert_equal(own.npp.sel(time=there.time).drop_vars(set(own.coords) - {"time"}), there.drop_vars(set(there.coords) - {"time"}))


def test_a_profile_is_seen_as_files_have_it(source: Path, tmp_path: Path) -> None:
    pytest.importorskip("netCDF4")
    profile = {
        "name": "ours", "names": {"mapping": "spatial_ref", "time_bounds": "time_bounds"}, "time_units": "days since 1850-01-01",
        "file": {"institution": "an institute", "keywords": None}, "data": {"comment": "{long_name}, by cell"}, "is_time_unlimited": False,
    }
    gridloom.grid(source, tmp_path / "out", variables="npp", profile=profile, progress=False)
    [path] = (tmp_path / "out").glob("npp_*.nc")
    with xr.open_dataset(path, engine="netcdf4") as made, xr.open_dataset(source, engine="gridloom", variables="npp", profile=profile) as view:
        xr.testing.assert_identical(made.drop_attrs(deep=False), view.drop_attrs(deep=False))
        assert set(made.attrs) - MAKING == set(view.attrs) and view.attrs["institution"] == "an institute"
        assert "spatial_ref" in made.variables and "keywords" not in made.attrs and made.encoding["unlimited_dims"] == set()
        assert made.time.encoding["units"] == view.time.encoding["units"] == "days since 1850-01-01"
        assert made.time.attrs["bounds"] == "time_bounds" and made.npp.attrs["comment"].endswith(", by cell")
    assert gridloom.verify(source, tmp_path / "out", progress=False).is_equal
    text = tmp_path / "ours.toml"
    text.write_text(
        'name = "ours"\ntime_units = "days since 1850-01-01"\nis_time_unlimited = false\n[names]\nmapping = "spatial_ref"\n'
        'time_bounds = "time_bounds"\n[file]\ninstitution = "an institute"\nkeywords = false\n[data]\ncomment = "{long_name}, by cell"\n'
    )
    again = xr.open_dataset(source, engine="gridloom", variables="npp", profile=text)
    with xr.open_dataset(source, engine="gridloom", variables="npp", profile=profile) as view:
        xr.testing.assert_identical(again, view)
    plain = xr.open_dataset(source, engine="gridloom", variables="npp", profile="cf")
    xr.testing.assert_identical(plain, xr.open_dataset(source, engine="gridloom", variables="npp"))


def test_a_profile_that_cannot_be_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "broken.toml"
    text.write_text("name = ")
    for profile, words in [
        ("isimip9", "there is cf"),
        ({"like": "cmip9"}, "there is cf"),
        ({"file": {"_FillValue": "x"}}, "kept"),
        ({"file": {"own": "{longname}"}}, "longname"),
        ({"names": {"mapping": "npp"}}, "name of a variable"),
        ({"names": {"mapping": "lat"}}, "twice"),
        ({"time_units": "parsecs since 1850-01-01"}, "parsecs"),
        ({"time_units": "days since 1850-01-01 06:00:00"}, "whole number"),
        (text, "broken.toml"),
    ]:
        with pytest.raises(ValueError, match=words):
            gridloom.grid(SAMPLE, tmp_path / "out", variables="npp", profile=profile, progress=False)
    with pytest.raises(TypeError, match="SaidProfile|nam"):
        gridloom.grid(SAMPLE, tmp_path / "out", profile={"nam": "x"}, progress=False)
    with pytest.raises(FileNotFoundError):
        gridloom.grid(SAMPLE, tmp_path / "out", profile=tmp_path / "none.toml", progress=False)
    assert not (tmp_path / "out").exists()
