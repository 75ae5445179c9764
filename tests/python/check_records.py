"""Compares grids of records with what pandas reads of the same files.

usage: check_records.py lpj-guess TABLE NETCDF...       tables of LPJ-GUESS, yearly or monthly, each column by its title
       check_records.py vic FOLDER PREFIX START NETCDF...   a file a cell, without names and dates, hourly
       check_records.py write-caete RUN FOLDER          writes the CSVs of a run's dumps, as upstream's scripts do
       check_records.py write-columnar FOLDER           writes one table as CSV, Parquet and Arrow of several writers
       check_records.py caete GRIDS_OF_DUMPS GRIDS_OF_CSVS  compares both bit by bit
"""

import pathlib
import sys

import numpy as np
import pandas as pd
import xarray as xr

MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def texts(path):
    """A table with all fields as they are written."""
    return pd.read_csv(path, sep=r"\s+", dtype=str)


def same(found, wanted, what):
    found, wanted = np.ascontiguousarray(found, "f4"), np.ascontiguousarray(wanted, "f4")
    assert found.shape == wanted.shape, (what, found.shape, wanted.shape)
    both_missing = np.isnan(found) & np.isnan(wanted)
    assert ((found.view("u4") == wanted.view("u4")) | both_missing).all(), what


def nearest(column):
    """The nearest number of four bytes of each text, by way of no other type."""
    return np.array([np.float32(text) for text in column], "f4")


def lpj_guess(table, *grids):
    frame = texts(table)
    lat, lon, year = (frame[name].astype(float) for name in ("Lat", "Lon", "Year"))
    titles = [name for name in frame.columns if name not in ("Lon", "Lat", "Year")]
    data = xr.open_dataset(grids[0], decode_times=xr.coders.CFDatetimeCoder(use_cftime=True))
    name = next(key for key in data.data_vars if data[key].dtype == np.float32 and "lat" in data[key].dims)
    values = data[name]
    step = np.diff(data.lat.values)
    assert np.allclose(step, step[0]) and np.allclose(np.abs(step), 0.5), step
    rows = {float(value): at for at, value in enumerate(data.lat.values)}
    columns = {float(value): at for at, value in enumerate(data.lon.values)}
    y, x = lat.map(rows).to_numpy(int), lon.map(columns).to_numpy(int)
    years = [moment.year for moment in data.time.values]
    if titles == MONTHS:
        first = years[0]
        wanted = np.full(values.shape, np.nan, "f4")
        for month, title in enumerate(MONTHS):
            at = ((year - first) * 12 + month).to_numpy(int)
            wanted[at, y, x] = nearest(frame[title])
        assert [moment.month for moment in data.time.values[:12]] == list(range(1, 13))
        same(values.values, wanted, name)
    else:
        at = (year - years[0]).to_numpy(int)
        wanted = np.full(values.shape, np.nan, "f4")
        for row, title in enumerate(titles):
            wanted[at, row, y, x] = nearest(frame[title])
        same(values.values, wanted, name)
        assert list(data[values.dims[1]].values) == titles, (data[values.dims[1]].values, titles)
        same(data[name].sel({values.dims[1]: titles[1]}).values, wanted[:, 1], name)
    print(f"{name}: {len(frame)} records")


def vic(folder, prefix, start, *grids):
    frames = {}
    for path in sorted(pathlib.Path(folder).glob(prefix + "*")):
        lat, lon = path.name[len(prefix) :].split("_")
        frames[float(lat), float(lon)] = pd.read_csv(path, sep=r"\s+", header=None, dtype=str)
    for grid in grids:
        data = xr.open_dataset(grid)
        name = next(key for key in data.data_vars if data[key].dtype == np.float32 and "lat" in data[key].dims)
        assert str(data.time.values[0])[:10] == start and data.time.values[1] - data.time.values[0] == np.timedelta64(1, "h")
        wanted = np.full(data[name].shape, np.nan, "f4")
        for (lat, lon), frame in frames.items():
            y = int(np.flatnonzero(np.isclose(data.lat.values, lat))[0])
            x = int(np.flatnonzero(np.isclose(data.lon.values, lon))[0])
            wanted[: len(frame), y, x] = nearest(frame[int(str(name).strip("_v")) - 1])
        same(data[name].values, wanted, name)
    print(f"{len(frames)} cells, {len(grids)} variables")


def write_caete(run, folder):
    import joblib
    import polars as pl

    keys = ["npp", "photo", "csoil", "nupt", "ls", "litter_l", "storage_pool", "wsoil"]
    files = 0
    for cell in sorted(pathlib.Path(run).glob("grd_*")):
        y, x = cell.name[4:].split("-")
        for dump in sorted(cell.glob("spin*.pkz")):
            data = joblib.load(dump)
            calendar = data["calendar"]
            assert calendar in ("standard", "gregorian", "proleptic_gregorian"), calendar
            first = pd.Timestamp(str(data["time_unit"]).split("since")[1].strip()[:10]) + pd.Timedelta(days=int(data["sind"]))
            days = int(data["eind"]) - int(data["sind"]) + 1
            dates = pd.date_range(first, periods=days).strftime("%Y-%m-%d")
            columns = {}
            for key in keys:
                values = np.asarray(data[key])
                if values.ndim == 1:
                    columns[key] = values
                else:
                    columns[key + "_sum"] = values.sum(axis=0)
                    columns.update({f"{key}_{row + 1}": values[row] for row in range(len(values))})
            columns["day"] = dates.to_numpy().astype(object)
            out = pathlib.Path(folder) / cell.name
            out.mkdir(parents=True, exist_ok=True)
            end = first + pd.Timedelta(days=days - 1)
            pl.DataFrame({key: pl.Series(values) for key, values in columns.items()}).write_csv(out / f"grd_{y}_{x}_{first:%Y%m%d}_{end:%Y%m%d}.csv")
            files += 1
    print(f"{files} files")


def write_columnar(folder):
    import datetime

    import polars as pl

    folder = pathlib.Path(folder)
    first = datetime.date(2000, 2, 26)
    rows = [
        (10.125 - 0.25 * y, 34.625 + 0.25 * x, first + datetime.timedelta(days=day), np.float32(np.sin(y * x + day)), np.cos(y + x * day),
         None if (y + x + day) % 7 == 0 else 1000 * y + x, "wet" if x % 2 else "dry, at times")
        for y in range(4) for x in range(5) for day in range(6)
    ]
    kinds = {"lat": pl.Float64, "lon": pl.Float64, "date": pl.Date, "npp": pl.Float32, "gpp": pl.Float64, "people": pl.Int32, "kind": pl.Categorical}
    table = pl.DataFrame(rows, schema=kinds, orient="row")
    table.write_csv(folder / "plain.csv")
    table.write_parquet(folder / "zstd.parquet", row_group_size=50)
    table.write_parquet(folder / "snappy.parquet", compression="snappy")
    table.write_ipc(folder / "lz4.arrow", compression="lz4")
    table.write_ipc_stream(folder / "stream.arrow")
    for day in range(6):
        hive = folder / f"parts/day={day}"
        hive.mkdir(parents=True)
        table.filter(pl.col("date") == first + datetime.timedelta(days=day)).write_parquet(hive / "part.parquet")
    (folder / "cut.parquet").write_bytes((folder / "zstd.parquet").read_bytes()[:-9])
    print(len(rows))


def caete(of_dumps, of_csvs):
    """The same bits in the same places, of variables with a dimension of rows."""

    def variables(folder):
        found = {}
        for path in sorted(pathlib.Path(folder).glob("*.nc")):
            with xr.open_dataset(path) as data:
                key = next(key for key in data.data_vars if {"time", "lat", "lon"} <= set(data[key].dims))
                found[key] = data[key].load()
        return found

    dumps, csvs = variables(of_dumps), variables(of_csvs)
    assert dumps.keys() == csvs.keys() and dumps, (dumps.keys(), csvs.keys())
    for name, wanted in dumps.items():
        found = csvs[name].sel(lat=wanted.lat, lon=wanted.lon, time=wanted.time)
        assert found.dtype == wanted.dtype and found.shape == wanted.shape, (name, found.dtype, wanted.dtype)
        kind = f"u{found.dtype.itemsize}"
        one, two = (np.ascontiguousarray(values.values) for values in (found, wanted))
        assert ((one.view(kind) == two.view(kind)) | (np.isnan(one) & np.isnan(two))).all(), name
    print(f"{len(dumps)} variables")


if __name__ == "__main__":
    {"lpj-guess": lpj_guess, "vic": vic, "write-caete": write_caete, "write-columnar": write_columnar, "caete": caete}[sys.argv[1]](*sys.argv[2:])
