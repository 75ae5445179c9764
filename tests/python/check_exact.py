#!/usr/bin/env python3
"""Proves that gridded files hold exactly the numbers of a run, read on both sides by other libraries than gridloom's.

Every value of every readable dump must stand bit for bit at its cell and date; NaN and whatever has no dump must be
the fill value. Exit status 1 and the differences on stderr otherwise.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from pathlib import Path

import cftime
import joblib
import netCDF4
import numpy as np

FILL = 1e20
RESOLUTION = 0.5
SHOWN = 20
BLOCK_BYTES = 64 << 20


class Check:
    def __init__(self):
        self.errors = []
        self.counts = Counter()

    def error(self, text):
        self.errors.append(text)


def numbers(text):
    """`1,3-5` as a set."""
    chosen = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        chosen.update(range(int(first), int(last or first) + 1))
    return chosen


def read_run(run, spins, check):
    """Every readable dump by cell: {(y, x): [dump, ...]}; damaged ones are counted."""
    cells = {}
    for folder in sorted(run.iterdir()):
        match = re.fullmatch(r"grd_(\d+)-(\d+)", folder.name)
        if not match or not folder.is_dir():
            continue
        dumps = cells.setdefault((int(match[1]), int(match[2])), [])
        for path in sorted(folder.glob("spin*.pkz")):
            if spins and int(path.stem[4:]) not in spins:
                continue
            try:
                dump = joblib.load(path)
                dumps.append({key: dump[key] for key in dump})
                check.counts["dumps"] += 1
            except Exception as error:
                check.counts["damaged"] += 1
                print(f"check_exact: {path} is damaged ({type(error).__name__})", file=sys.stderr)
    return cells


def data_variable(file):
    found = [v for v in file.variables.values() if {"time", "lat", "lon"} <= set(v.dimensions)]
    if len(found) != 1:
        raise ValueError(f"has {len(found)} variables over time, lat, lon; wanted 1")
    return found[0]


def source_of(name, keys, extra):
    """Dump key and row of a variable; the row is None for a whole array."""
    if name in keys:
        return name, None
    match = re.fullmatch(r"(.+)_(\d+)", name)
    if match and match[1] in keys and not extra:
        return match[1], int(match[2]) - 1
    raise ValueError(f"no dump key for variable {name}")


def days_of(file):
    """The first day of each step, from the bounds where there are any."""
    bounds = getattr(file["time"], "bounds", None)
    if bounds is None:
        return np.floor(file["time"][:]).astype(int)
    lower, upper = file[bounds][:].T
    if not np.array_equal(upper - lower, np.ones(lower.size)):
        raise ValueError("a step's bounds are not one day")
    return lower.astype(int)


def index_of(axis, wanted, name):
    """Position of a coordinate on an axis, None where the axis does not reach it."""
    hit = np.flatnonzero(np.abs(axis - wanted) < 1e-6)
    if hit.size > 1:
        raise ValueError(f"{name} {wanted} occurs {hit.size} times")
    return int(hit[0]) if hit.size else None


def check_name(path, variable, days, units, calendar):
    dates = [cftime.num2date(int(day), units, calendar).strftime("%Y%m%d") for day in (days[0], days[-1])]
    if not (path.name.startswith(f"{variable}_") and path.name.endswith(f"_{dates[0]}_{dates[1]}.nc")):
        raise ValueError(f"file name does not fit variable {variable}, {dates[0]} to {dates[1]}")


def place(file, variable, cells, options, check):
    """Where each dump's series belongs: (time positions, lat index, lon index, values `[row, day]`)."""
    extra = [d for d in variable.dimensions if d not in ("time", "lat", "lon")]
    keys = {key for dumps in cells.values() for dump in dumps for key, v in dump.items() if isinstance(v, np.ndarray)}
    key, row = source_of(variable.name, keys, extra)
    time, lat, lon = file["time"], np.asarray(file["lat"][:]), np.asarray(file["lon"][:])
    days = days_of(file)
    if np.any(np.diff(days) <= 0):
        raise ValueError("time does not increase")
    check_name(options.path, variable.name, days, time.units, time.calendar)

    pieces = []
    for (y, x), dumps in cells.items():
        i = index_of(lat, 90 - RESOLUTION * (y + 0.5), "lat")
        j = index_of(lon, -180 + RESOLUTION * (x + 0.5), "lon")
        if i is None or j is None:
            if dumps and not options.partial:
                check.error(f"{options.path.name}: cell {y}-{x} is not on the grid")
            continue
        for dump in dumps:
            if key not in dump or not dump[key].size:
                continue
            if (dump["calendar"], dump["time_unit"]) != (time.calendar, time.units):
                raise ValueError(f"calendar {time.calendar}, {time.units}; the dumps' are {dump['calendar']}, {dump['time_unit']}")
            values = dump[key] if row is None else dump[key][row]
            values = values.reshape(-1, values.shape[-1])
            if values.dtype != variable.dtype:
                raise ValueError(f"type {variable.dtype}, the dumps' is {values.dtype}")
            own = np.arange(dump["sind"], dump["eind"] + 1)
            at = np.searchsorted(days, own)
            there = (at < days.size) & (days[np.minimum(at, days.size - 1)] == own)
            if not there.all() and not options.partial:
                check.error(f"{options.path.name}: {np.count_nonzero(~there)} days of cell {y}-{x} are not on the time axis")
            pieces.append((at[there], i, j, values[:, there], (y, x)))
    return pieces, days


def compare(file, variable, pieces, days, options, check):
    """Compares the whole array with fill and pieces, some days at a time."""
    order = [variable.dimensions.index(d) for d in ("time", "lat", "lon")]
    extra = [k for k in range(variable.ndim) if k not in order]
    rows = variable.shape[extra[0]] if extra else 1
    if len(extra) > 1 or any(values.shape[0] != rows for *_, values, _ in pieces):
        raise ValueError(f"dimensions {variable.dimensions} of {variable.shape} do not fit the dumps' rows")
    shape = (rows, len(file["lat"]), len(file["lon"]))
    bits = np.dtype(f"u{variable.dtype.itemsize}")
    fill = variable.dtype.type(FILL)
    variable.set_auto_maskandscale(False)
    step = max(1, BLOCK_BYTES // (int(np.prod(shape)) * variable.dtype.itemsize))
    for start in range(0, days.size, step):
        stop = min(start + step, days.size)
        expected = np.full((stop - start, *shape), fill, variable.dtype)
        for at, i, j, values, _ in pieces:
            here = (at >= start) & (at < stop)
            part = values[:, here].T
            missing = np.isnan(part)
            check.counts["nan"] += int(missing.sum())
            check.counts["values"] += int((~missing).sum())
            expected[at[here] - start, :, i, j] = np.where(missing, fill, part)
        index = [slice(None)] * variable.ndim
        index[order[0]] = slice(start, stop)
        found = np.transpose(variable[tuple(index)], [order[0], *extra, order[1], order[2]]).reshape(expected.shape)
        same = np.ascontiguousarray(found).view(bits) == expected.view(bits)
        check.counts["masked"] += int((expected == fill).sum())
        if same.all():
            continue
        wrong = np.argwhere(~same)
        check.counts["wrong"] += len(wrong)
        for t, r, i, j in wrong[:3]:
            check.error(
                f"{options.path.name}: day {days[start + t]} row {r + 1} lat {file['lat'][i]} lon {file['lon'][j]}: "
                f"found {found[t, r, i, j]!r}, wanted {expected[t, r, i, j]!r} ({len(wrong)} such)")


def check_file(path, cells, options, check):
    options.path = path
    with netCDF4.Dataset(path) as file:
        variable = data_variable(file)
        declared = (variable.getncattr("_FillValue"), variable.getncattr("missing_value"))
        if any(value != variable.dtype.type(FILL) or np.asarray(value).dtype != variable.dtype for value in declared):
            check.error(f"{path.name}: _FillValue and missing_value are {declared}")
        pieces, days = place(file, variable, cells, options, check)
        compare(file, variable, pieces, days, options, check)
        check.counts["files"] += 1
        return variable.name


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path, help="folder of the .nc files, or one of them")
    parser.add_argument("--variables", help="names that must be there, comma-separated")
    parser.add_argument("--spins", type=numbers, help="only these period numbers, e.g. 1,3-5")
    parser.add_argument("--partial", action="store_true", help="the files hold a part of the run's cells or days")
    options = parser.parse_args()

    check = Check()
    cells = read_run(options.run, options.spins, check)
    files = sorted(options.out.glob("*.nc")) if options.out.is_dir() else [options.out]
    if not files:
        check.error(f"{options.out}: no .nc files")
    names = set()
    for path in files:
        try:
            names.add(check_file(path, cells, options, check))
        except (ValueError, KeyError, IndexError, AttributeError, OSError) as error:
            check.error(f"{path.name}: {error}")
    for name in (options.variables or "").split(","):
        if name and name not in names:
            check.error(f"no file for variable {name}")

    for text in check.errors[:SHOWN]:
        print(f"check_exact: {text}", file=sys.stderr)
    if len(check.errors) > SHOWN:
        print(f"check_exact: and {len(check.errors) - SHOWN} more", file=sys.stderr)
    counts = check.counts
    print(f"check_exact: {counts['files']} files, {len(cells)} cells, {counts['dumps']} dumps ({counts['damaged']} damaged), "
          f"{counts['values']} values, {counts['nan']} NaN, {counts['masked']} masked, {counts['wrong']} wrong")
    return 1 if check.errors else 0


if __name__ == "__main__":
    sys.exit(main())
