#!/usr/bin/env python3
"""What people make grids of tables with, done well: for `scripts/bench --records`.

    scripts/peer_records.py KIND WAY INPUT OUT

KIND is milan, milan-parquet, lpj-guess or vic; WAY is pandas, polars, duckdb, or tonic (vic: a table a file, by a pattern). One NetCDF file a run,
zlib 4, with shuffle, of float32, with chunks of some maps. The way `write` makes Parquet of a city's text instead, as polars does by itself.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

MILAN = ["square_id", "time", "country_code", "sms_in", "sms_out", "call_in", "call_out", "internet"]
VALUES = MILAN[3:]


def write(dataset, out):
    out.mkdir(parents=True, exist_ok=True)
    encoding = {}
    for name, variable in dataset.data_vars.items():
        shape = [min(length, most) for length, most in zip(variable.shape[-3:], (64, 64, 64))]
        shape = [1] * (variable.ndim - 3) + shape
        encoding[name] = {"zlib": True, "complevel": 4, "shuffle": True, "dtype": "f4", "_FillValue": np.float32(1e20), "chunksizes": shape}
    dataset.to_netcdf(out / "out.nc", engine="netcdf4", encoding=encoding)


def cube(places, times, shape, columns):
    """Values of records whose cells and times have places on axes."""
    found = {}
    for name, values in columns.items():
        dense = np.full(shape, np.nan, "f4")
        dense[times, places[0], places[1]] = values
        found[name] = (("time", "lat", "lon"), dense)
    return found


def scan(files):
    import polars as pl

    return pl.scan_csv(files, separator="\t", has_header=False, new_columns=MILAN,
                       schema_overrides={"square_id": pl.UInt16, "time": pl.Int64, **{name: pl.Float64 for name in VALUES}})


def milan_parquet(way, source, out):
    """A city's day with the country as a text of which there are few, in the groups and the packing that polars takes by itself."""
    import polars as pl

    if way == "write":
        out.mkdir(parents=True)
        frame = scan(sorted(source.glob("*.txt")))
        frame = frame.with_columns(pl.col("country_code").cast(pl.String).cast(pl.Categorical))
        frame.sink_parquet(out / "day.parquet")
        return
    summed(way, sorted(source.glob("*.parquet")), "read_parquet('{}/*.parquet')".format(source), out)


def milan(way, source, out):
    files = sorted(source.glob("*.txt"))
    types = ", ".join(f"'{name}': '{'DOUBLE' if name in VALUES else 'BIGINT'}'" for name in MILAN)
    summed(way, files, f"read_csv('{source}/*.txt', delim='\t', header=false, columns={{{types}}})", out)


def summed(way, files, table, out):
    if way == "pandas":
        types = {"square_id": "u2", "time": "i8", **{name: "f8" for name in VALUES}}
        read = [pd.read_csv(path, sep="\t", header=None, names=MILAN, usecols=[0, 1, 3, 4, 5, 6, 7], dtype=types) for path in files]
        sums = pd.concat(read).groupby(["square_id", "time"])[VALUES].sum(min_count=1).reset_index()
        squares, times = sums["square_id"].to_numpy(), sums["time"].to_numpy()
        columns = {name: sums[name].to_numpy() for name in VALUES}
    elif way == "polars":
        import polars as pl

        frame = pl.scan_parquet(files) if files[0].suffix == ".parquet" else scan(files)
        total = [pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()).alias(name) for name in VALUES]
        sums = frame.group_by("square_id", "time").agg(total).collect()
        squares, times = sums["square_id"].to_numpy(), sums["time"].to_numpy()
        columns = {name: sums[name].to_numpy() for name in VALUES}
    else:
        import duckdb

        wanted = ", ".join(f"sum({name}) AS {name}" for name in VALUES)
        query = f"SELECT square_id, time, {wanted} FROM {table} GROUP BY square_id, time"
        sums = duckdb.sql(query).fetchnumpy()
        squares, times = sums["square_id"], sums["time"]
        columns = {name: np.ma.filled(sums[name], np.nan) for name in VALUES}
    steps = (times - times.min()) // 600_000
    squares = squares.astype("i8") - 1
    shape = (int(steps.max()) + 1, 100, 100)
    write(xr.Dataset(cube((99 - squares // 100, squares % 100), steps, shape, columns)), out)


def lpj_guess(_, source, out):
    table = pd.read_csv(source / "lai.out", sep=r"\s+", engine="c")
    lats, lons, years = (np.sort(table[name].unique()) for name in ("Lat", "Lon", "Year"))
    lats = lats[::-1]
    at = (np.searchsorted(-lats, -table["Lat"].to_numpy()), np.searchsorted(lons, table["Lon"].to_numpy()))
    times = np.searchsorted(years, table["Year"].to_numpy())
    labels = [name for name in table.columns if name not in ("Lat", "Lon", "Year")]
    dense = np.full((len(years), len(labels), len(lats), len(lons)), np.nan, "f4")
    for number, name in enumerate(labels):
        dense[times, number, at[0], at[1]] = table[name].to_numpy()
    variable = xr.DataArray(dense, dims=("time", "pft", "lat", "lon"))
    write(xr.Dataset({"lai": variable}, coords={"lat": lats, "lon": lons, "pft": labels}), out)


def vic(way, source, out):
    files = sorted(source.iterdir())
    places = np.array([[float(part) for part in path.name.rsplit("_", 2)[1:]] for path in files])
    lats, lons = np.unique(places[:, 0])[::-1], np.unique(places[:, 1])
    names, dense = None, None
    for path, (lat, lon) in zip(files, places):
        if way == "polars":
            import polars as pl

            table = pl.read_csv(path, separator="\t", comment_prefix="#", truncate_ragged_lines=True)
            columns = {name.strip(): table[name] for name in table.columns[3:]}
            columns = {name: (column.str.strip_chars().cast(pl.Float32) if column.dtype == pl.String else column).to_numpy()
                       for name, column in columns.items()}
        elif way == "tonic":
            table = pd.read_csv(path, sep=r"\t", comment="#", engine="python")
            columns = {name.strip(): table[name].to_numpy("f4") for name in table.columns[3:]}
        else:
            table = pd.read_csv(path, sep="\t", comment="#", skipinitialspace=True, dtype="f4")
            columns = {name.strip(): table[name].to_numpy() for name in table.columns[3:]}
        if dense is None:
            names = list(columns)
            dense = {name: np.full((len(columns[name]), len(lats), len(lons)), np.nan, "f4") for name in names}
        at = (np.searchsorted(-lats, -lat), np.searchsorted(lons, lon))
        for name in names:
            dense[name][:, at[0], at[1]] = columns[name]
    write(xr.Dataset({name: (("time", "lat", "lon"), values) for name, values in dense.items()}, coords={"lat": lats, "lon": lons}), out)


def main():
    kind, way, source, out = sys.argv[1:5]
    {"milan": milan, "milan-parquet": milan_parquet, "lpj-guess": lpj_guess, "vic": vic}[kind](way, Path(source), Path(out))


main()
