#!/usr/bin/env python3
"""Compares the change between two windows with what numpy and scipy make of the daily grids.

check_change.py DAYS REFERENCE_DAYS CHANGE compares grids; --tables DAYS FOLDER the tables change.csv and region.csv.
check_change.py --spoil FILE changes one value of a file.
"""

from __future__ import annotations

import re
import sys
import warnings
from pathlib import Path

import netCDF4
import numpy as np
import pandas as pd
from scipy import stats

WINDOW = ("1985-03-01", "1990-12-31")
REFERENCE = ("1980-01-01", "1985-02-28")
SUFFIXES = ("_mean", "_reference", "_change", "_gained", "_lost", "_change_percent", "_change_p_value")


def series(path):
    """Dates, and values of double precision with NaN where they are masked, as (time, lat, lon)."""
    with netCDF4.Dataset(path) as file:
        name = file.getncattr("title") and next(
            name for name in file.variables if file[name].dimensions == ("time", "lat", "lon")
        )
        time = file["time"]
        dates = pd.to_datetime([str(one)[:10] for one in netCDF4.num2date(time[:], time.units, time.calendar)])
        return name, dates, np.ma.filled(file[name][:].astype("f8"), np.nan)


def mean(values):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # The means of gridloom are exact ones.
        return np.nanmean(values.astype(np.longdouble), axis=0).astype("f8")


def measured(dates, values, window):
    chosen = (dates >= window[0]) & (dates <= window[1])
    dates, values = dates[chosen], values[chosen]
    years = []
    for year in sorted(set(dates.year)):
        own = dates.year == year
        if own.sum() == (366 if year % 4 == 0 else 365):
            years.append(mean(values[own]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        largest = np.nanmax(np.abs(values), axis=0)
    return mean(values), largest, np.array(years)


def expected(window, reference, least=0.0):
    (now, _, years), (then, largest, years_then) = window, reference
    change = now - then
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        p = stats.ttest_ind(years, years_then, axis=0, equal_var=False).pvalue
        percent = 100 * change / np.abs(then)
    percent = np.where(np.abs(then) <= np.maximum(least, 1e-6 * largest), np.nan, percent)
    return now, then, change, np.where(change > 0, change, change * 0), np.where(change < 0, -change, change * 0), percent, p


def compare(words, found, wanted, scale, tolerance):
    masked = np.isnan(wanted)
    assert (np.isnan(found) == masked).all(), f"{words}: masked {np.isnan(found).sum()}, expected {masked.sum()}"
    worst = np.nanmax(np.abs(found - wanted) / scale) if not masked.all() else 0
    assert worst <= tolerance, f"{words}: off by {worst}"
    return (~masked).sum()


def files(folder):
    return {re.sub(r"_(made_up|run)_\d{8}_\d{8}.nc$", "", path.name): path for path in Path(folder).glob("*.nc")}


def main(days, reference, change):
    now, then = files(days), files(reference)
    made = files(change)
    assert len(now) == 4 and len(made) == 7 * len(now), sorted(made)
    count, tests = 0, 0
    for name, path in now.items():
        _, dates, values = series(path)
        _, dates_then, values_then = series(then[name])
        window, before = measured(dates, values, WINDOW), measured(dates_then, values_then, REFERENCE)
        wanted = expected(window, before)
        size = np.fmax(np.nanmax(np.abs(window[0])), np.nanmax(np.abs(before[0])))
        for suffix, one in zip(SUFFIXES, wanted):
            with netCDF4.Dataset(made[name + suffix]) as file:
                variable = file[name + suffix]
                assert variable.dtype == np.dtype("f8") and file["time"].shape == (1,)
                bounds = netCDF4.num2date(file["time_bnds"][0], file["time"].units, file["time"].calendar)
                assert [str(bound)[:10] for bound in bounds] == ["1985-03-01", "1991-01-01"], bounds
                found = np.ma.filled(variable[0], np.nan)
                units = {"_change_percent": "percent", "_change_p_value": "1"}.get(suffix)
                assert file.time_coverage_start == "1985-03-01T00:00:00Z" and file.time_coverage_duration == "P2132D"
                assert file.time_coverage_end == "1990-12-31T00:00:00Z", file.time_coverage_end
                assert units is None or variable.units == units, variable.units
                assert "1980-01-01 to 1985-02-28" in variable.comment or suffix == "_mean", variable.comment
            scale = np.fmax(np.abs(one), 1.0) if suffix == "_change_percent" else np.where(suffix == "_change_p_value", 1.0, size)
            count += compare(name + suffix, found, one, scale, 1e-10 if suffix[-7:] in ("p_value", "percent") else 4e-16)
            tests += suffix == "_change_p_value" and (~np.isnan(one)).sum()
    assert tests > 10, "nothing was tested"
    print(f"{count} numbers of {len(made)} files are those of numpy, {tests} of them p-values of scipy")


def of_region(name, regions, wanted, area, least=2.1):
    """That a region's percent is that of its totals, and its p-value nothing; returns whether the percent is masked."""
    _, then, change, *_ = wanted
    there = ~np.isnan(change)
    total, before = (area * change)[there].sum(), (area * then)[there].sum()
    is_masked = abs(before) / area[there].sum() <= max(least, 1e-6 * np.abs(then[there]).max())
    row = regions.loc[name + "_change_percent"]
    assert row.cells == there.sum() and np.isclose(row.area, area[there].sum()), row
    assert np.isnan(row["mean"]) == is_masked, row
    assert is_masked or np.isclose(row["mean"], 100 * total / abs(before), rtol=1e-9), (row, total, before)
    chance = regions.loc[name + "_change_p_value"]
    assert chance.cells > 0 and chance[["mean"]].isna().all(), chance
    for one in (row, chance):
        assert one[["sum", "minimum", "maximum", "std", "sum_units"]].isna().all(), one
    return is_masked


def tables(days, folder):
    table = pd.read_csv(Path(folder) / "change.csv")
    regions = pd.read_csv(Path(folder) / "region.csv").set_index("variable")
    count, masked = 0, 0
    for name, path in files(days).items():
        _, dates, values = series(path)
        with netCDF4.Dataset(path) as file:
            lat, lon = file["lat"][:], file["lon"][:]
            area = np.ma.filled(file["cell_area_lat_lon"][:], np.nan)
        wanted = expected(measured(dates, values, WINDOW), measured(dates, values, REFERENCE), least=2.1)
        rows = np.searchsorted(-lat, -table.latitude), np.searchsorted(lon, table.longitude)
        for suffix, one in zip(SUFFIXES, wanted):
            count += compare(name + suffix, table[name + suffix].to_numpy(), one[rows], np.fmax(1.0, np.abs(one[rows])), 1e-10)
        gained, lost, change = (regions.loc[name + suffix, "sum"] for suffix in ("_gained", "_lost", "_change"))
        assert abs(gained - lost - change) <= 1e-9 * max(gained, lost), (name, gained, lost, change)
        masked += of_region(name, regions, wanted, area)
    assert 0 < masked < 4, f"{masked} of the region's percents are masked"
    assert table.npp_change_percent.isna().sum() > 4, "the least that counts has no effect"
    print(f"{count} numbers of a table are those of numpy")


def spoil(path):
    with netCDF4.Dataset(path, "r+") as file:
        name = next(name for name in file.variables if name.endswith("percent"))
        values = file[name][:]
        place = tuple(np.argwhere(~np.ma.getmaskarray(values))[0])
        values[place] = values[place] * (1 + 1e-12)
        file[name][:] = values


if __name__ == "__main__":
    if sys.argv[1] == "--spoil":
        spoil(sys.argv[2])
    elif sys.argv[1] == "--tables":
        tables(*sys.argv[2:])
    else:
        main(*sys.argv[1:])
