#!/usr/bin/env python3
"""Writes a folder of CAETE-DVM's input as its pre-processing does: bz2 of pickles, a file a cell and one of the dates.

`--large` makes the file of dates larger than those of cells. With `--check OUT` instead compares grids (and `daily.parquet`, if it is there) of a folder with the files, read by bz2, pickle and xarray.
"""

from __future__ import annotations

import argparse
import bz2
import pathlib
import pickle

import numpy as np

UNITS, CALENDAR = "days since 1901-01-01 00:00:00", "proleptic_gregorian"
CELLS = [(170, 223), (170, 225), (171, 224), (173, 226)]
NAMES = ("hurs", "tas", "pr", "ps", "rsds")
DAYS = 800


def write(path, value, protocol):
    with bz2.BZ2File(path, mode="w") as file:
        pickle.dump(value, file, protocol=protocol)


def make(folder, large):
    folder.mkdir(parents=True)
    rng = np.random.default_rng(3)
    for number, (y, x) in enumerate(CELLS):
        cell = {name: rng.uniform(0.1, 300, DAYS).astype("f8" if name == "ps" else "f4") for name in NAMES}
        cell["pr"] = np.ma.masked_array(cell["pr"], np.arange(DAYS) % 97 == 5) if number == 2 else cell["pr"]
        cell |= {"tn": 1248.81, "tp": 66.13, "ap": 2.63, "ip": 9.11, "op": 7.05}
        write(folder / f"input_data_{y}-{x}.pbz2", cell, 4 + number % 2)
    # As read from NetCDF: a masked array without a mask, days in their middle.
    days = np.ma.masked_array(28489.5 + np.arange(DAYS), np.zeros(DAYS, bool))
    axis = lambda name, values: {"standard_name": name, "units": "degrees", "axis": name[:1], f"{name[:3]}_index": values}
    time = {"standard_name": "time", "units": UNITS, "calendar": CALENDAR, "time_index": days}
    latitudes = np.arange(40_000.0 if large else 3.0)
    write(folder / "METADATA.pbz2", (time, axis("latitude", latitudes), axis("longitude", np.arange(3.0))), 4)


def check(folder, out):
    import pandas
    import xarray

    first, compared = np.datetime64("1901-01-01") + 28489, 0
    table = pandas.read_parquet(out / "daily.parquet") if (out / "daily.parquet").exists() else None
    for y, x in CELLS:
        path = folder / f"input_data_{y}-{x}.pbz2"
        with bz2.BZ2File(path) as file:
            cell = pickle.load(file)
        for name in NAMES:
            wanted = np.ma.filled(np.ma.asarray(cell[name]), np.nan)
            if table is None:
                with xarray.open_mfdataset(str(out / f"{name}_*.nc")) as grid:
                    series = grid[name].sel(lat=89.75 - y / 2, lon=-179.75 + x / 2)
                    found, days = series.values, series.time.values.astype("datetime64[D]")
                    assert grid[name].attrs["units"] == {"hurs": "%", "tas": "K", "pr": "kg m-2 s-1", "ps": "Pa", "rsds": "W m-2"}[name]
            else:
                rows = table[(table.grid_y == y) & (table.grid_x == x)]
                found, days = rows[name].to_numpy(), rows.day.to_numpy().astype("datetime64[D]")
            assert found.dtype == wanted.dtype, (name, found.dtype)
            assert (days == first + np.arange(DAYS)).all(), (name, days[:3])
            np.testing.assert_array_equal(found, wanted)
            compared += len(wanted)
    print(f"{compared} values are the input's")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--check", type=pathlib.Path)
    parser.add_argument("--large", action="store_true")
    options = parser.parse_args()
    check(options.folder, options.check) if options.check else make(options.folder, options.large)


if __name__ == "__main__":
    main()
