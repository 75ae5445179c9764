#!/usr/bin/env python3
"""Compares aggregates of grids with what CDO makes of the daily grids, and their times with the calendar.

Exit status 1 and the differences on stderr otherwise.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import cftime
import netCDF4
import numpy as np
import xarray

CDO = {"month": "mon", "season": "seas", "year": "year", "day": "day"}
METHODS = {"mean": "mean", "sum": "sum", "min": "minimum", "max": "maximum", "std": "standard_deviation"}
MONTHS = {"month": 1, "season": 3, "year": 12}


def with_cdo(path, every, stat, folder):
    made = Path(folder) / f"{path.name}.{every}{stat}"
    command = ["cdo", "-s", "-b", "F64", f"{CDO[every]}{stat}", path, made]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise ValueError(f"cdo {every}{stat}: {done.stderr}")
    return made


def values_of(path, name):
    with netCDF4.Dataset(path) as file:
        values = np.ma.filled(file[name][:].astype("f8"), np.nan)
        # CDO takes a missing value as a number where it is of another type.
        return np.where(values == np.float64(np.float32(1e20)), np.nan, values)


def intervals(days, unit, calendar, every):
    """(first day, day behind the last, days of the whole interval) of each interval of an axis."""
    dates = cftime.num2date(days, unit, calendar)
    months = np.array([12 * date.year + date.month - 1 for date in dates])
    if every == "day":
        return [(day, day + 1, 1) for day in days]
    width = MONTHS[every]
    keys = (months + 1) // 3 * 3 - 1 if every == "season" else months // width * width
    found = []
    for key in np.unique(keys):
        inside = days[keys == key]
        ends = [cftime.datetime(int(m) // 12, int(m) % 12 + 1, 1, calendar=calendar) for m in (key, key + width)]
        first, end = cftime.date2num(ends, unit, calendar)
        found.append((inside[0], inside[-1] + 1, end - first))
    return found


def check_times(daily, path, every):
    with netCDF4.Dataset(daily) as file:
        unit, calendar = file["time"].units, file["time"].calendar
        days = file[file["time"].bounds][:, 0]
    wanted = np.array(intervals(days, unit, calendar, every), dtype="f8")
    with netCDF4.Dataset(path) as file:
        time = file["time"]
        if (time.units, time.calendar) != (unit, calendar):
            yield f"time is in {time.units}, {time.calendar}"
        if not np.array_equal(file[time.bounds][:], wanted[:, :2]):
            yield "bounds are not the intervals"
            return
        if not np.array_equal(time[:], wanted[:, :2].mean(axis=1)):
            yield "times are not in the middle of their bounds"
        length = wanted[:, 1] - wanted[:, 0]
        if not np.array_equal(file["days"][:], length):
            yield "days is wrong"
        if not np.array_equal(file["complete"][:].astype(bool), length == wanted[:, 2]):
            yield "complete is wrong"


def check_values(daily, path, name, every, stat, folder):
    found, wanted = values_of(path, name), values_of(with_cdo(daily, every, stat, folder), name)
    with netCDF4.Dataset(path) as file:
        dtype = file[name].dtype
        methods = file[name].cell_methods
    if methods != f"area: mean time: {METHODS[stat]} (interval: 1 day)":
        yield f"cell_methods are {methods!r}"
    if found.shape != wanted.shape:
        yield f"has the shape {found.shape}, CDO's has {wanted.shape}"
        return
    if not np.array_equal(np.isnan(found), np.isnan(wanted)):
        yield "other places are masked"
        return
    there = ~np.isnan(found)
    found, wanted = found[there], wanted[there]
    if stat == "std":
        # CDO subtracts squares.
        scale = np.nanmax(np.abs(values_of(daily, name)))
        wrong = ~(np.abs(found - wanted) <= 1e-6 * np.maximum(np.abs(wanted), 1e-2 * scale))
    elif dtype == np.float32 or stat in ("min", "max"):
        wrong = found.astype("f4") != wanted.astype("f4")
    else:
        # CDO adds up in plain double precision.
        wrong = ~(np.abs(found - wanted) <= 1e-13 * np.abs(wanted))
    if wrong.any():
        first = np.flatnonzero(wrong)[0]
        yield f"{wrong.sum()} of {wrong.size} values differ, such as {found[first]!r}, CDO has {wanted[first]!r}"


def check_xarray(path, name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with xarray.open_dataset(path) as file:
            if not np.issubdtype(file["time"].dtype, np.datetime64):
                yield "xarray finds no times"
            if file[name].dtype.kind != "f":
                yield f"xarray reads {file[name].dtype}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("daily", type=Path, help="the folder of daily grids")
    parser.add_argument("out", type=Path, help="the folder of their aggregates")
    options = parser.parse_args()
    errors, files = [], 0
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted(options.out.glob("*.nc")):
            match = re.match(r"(.+)_(day|month|season|year)_(mean|sum|min|max|std)_", path.name)
            name, every, stat = match.groups()
            daily = next(options.daily.glob(f"{name}_*.nc"))
            files += 1
            checks = (
                check_times(daily, path, every),
                check_values(daily, path, name, every, stat, folder),
                check_xarray(path, name),
            )
            errors += [f"{path.name}: {error}" for check in checks for error in check]
    for error in errors[:20]:
        print(f"check_aggregates: {error}", file=sys.stderr)
    print(f"check_aggregates: {files} files, {len(errors)} errors")
    return 1 if errors or not files else 0


if __name__ == "__main__":
    sys.exit(main())
