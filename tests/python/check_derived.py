#!/usr/bin/env python3
"""Compares variables that formulas make, and variables in other units, with plain formulas of numpy over the grids of their inputs.

check_derived.py RAW MADE... compares each file in the folders MADE; exit status 1 and the differences on stderr otherwise.
check_derived.py --spoil FILE changes one value of a file.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cftime
import netCDF4
import numpy as np

# UDUNITS' year, in seconds.
YEAR = 31_556_925.974_7
DAY = 86_400.0


class Raw:
    """The grids of a run's own variables: numbers of double precision, NaN where they are masked."""

    def __init__(self, folder):
        self.files = {path.name.split("_sample_run")[0]: path for path in Path(folder).glob("*.nc")}

    def __getattr__(self, name):
        with netCDF4.Dataset(self.files[name]) as file:
            return np.ma.filled(file[name][:].astype("f8"), np.nan)

    def rows(self, name):
        names = sorted(known for known in self.files if known.rsplit("_", 1)[0] == name and known[-1].isdigit())
        return [getattr(self, known) for known in names]

    def years(self):
        """Seconds of the year of each step, by the calendar."""
        with netCDF4.Dataset(next(iter(self.files.values()))) as file:
            time = file["time"]
            dates = cftime.num2date(time[:], time.units, time.calendar)
            start = [cftime.datetime(date.year, 1, 1, calendar=time.calendar) for date in dates]
            end = [cftime.datetime(date.year + 1, 1, 1, calendar=time.calendar) for date in dates]
            return np.array([(b - a).days * DAY for a, b in zip(start, end)])[:, None, None]


def added(rows):
    total = rows[0]
    for row in rows[1:]:
        total = total + row
    return total


def pressure(t):
    return 0.6108 * np.exp(17.27 * t / (t + 237.3))


# What a variable must be, its units, and by how many last bits another order of factors, or another library's exponential, may differ.
WANTED = {
    "nep": (lambda raw: raw.npp - raw.hresp * (1e-3 * YEAR / DAY), "kg m-2 year-1", 1),
    "nep_calendar": (lambda raw: raw.npp * 1000.0 / (raw.years() / DAY) - raw.hresp, "g m-2 day-1", 1),
    "csoil_total": (lambda raw: added(raw.rows("csoil")), "g m-2", 0),
    "csoil_sum": (lambda raw: added(raw.rows("csoil")), "g m-2", 0),
    "csoil_kg": (lambda raw: added(raw.rows("csoil")) / 1000.0, "kg m-2", 1),
    "csoil_mean": (lambda raw: added(raw.rows("csoil")) / 4.0, "g m-2", 0),
    "fast_share": (lambda raw: raw.csoil_1 / added(raw.rows("csoil")), "1", 0),
    "dry": (lambda raw: raw.evapm / (raw.runom + 1.0), "1", 0),
    "water": (lambda raw: np.minimum(raw.evapm, raw.runom * 2.0), "kg m-2 day-1", 0),
    "vapour": (lambda raw: pressure(raw.tsoil), "kPa", 4),
    "root": (lambda raw: np.sqrt(raw.csoil_1 * raw.csoil_2), "g m-2", 0),
    "kelvin": (lambda raw: raw.tsoil + 273.15, "K", 0),
    "twice": (lambda raw: 2.0 * (raw.npp - raw.hresp * (1e-3 * YEAR / DAY)), "kg m-2 year-1", 1),
    "npp": (lambda raw: raw.npp * (1000.0 * DAY / YEAR), "g m-2 day-1", 1),
    "photo": (lambda raw: raw.photo * 1000.0 / (raw.years() / DAY), "g m-2 day-1", 1),
}


def compare(raw, path):
    with netCDF4.Dataset(path) as file:
        names = [name for name in file.variables if name in WANTED]
        if len(names) != 1:
            return [f"{path.name}: it holds {names or 'nothing that is known'}"]
        name = names[0]
        own = file[name]
        make, units, last_bits = WANTED[name]
        found = np.ma.filled(own[:].astype("f8"), np.nan)
        errors = [] if own.units == units else [f"{name}: its units are {own.units!r}, not {units!r}"]
        if name != "npp" and name != "photo" and name != "csoil_sum" and f"{name} = " not in own.comment:
            errors.append(f"{name}: its comment does not say its formula: {own.comment!r}")
        with np.errstate(all="ignore"):
            wanted = make(raw)
        wanted = np.where(np.isfinite(wanted), wanted, np.nan).astype(own.dtype)
        if found.shape != wanted.shape:
            return [*errors, f"{name}: its shape is {found.shape}, not {wanted.shape}"]
        is_there = ~np.isnan(wanted)
        if not is_there.any():
            errors.append(f"{name}: there is nothing to compare")
        if (np.isnan(found) == is_there).any():
            errors.append(f"{name}: {(np.isnan(found) == is_there).sum()} places are masked otherwise")
        off = np.abs(found - wanted)[is_there]
        most = last_bits * np.abs(np.spacing(wanted))[is_there]
        if (off > most).any():
            errors.append(f"{name}: {(off > most).sum()} of {off.size} values differ, by {off.max()} at most")
        print(f"{path.name}: {name}: {off.size} values, {(off > 0).sum()} differ in the last bit")
        return errors


def spoil(path):
    with netCDF4.Dataset(path, "a") as file:
        name = next(name for name in file.variables if name in WANTED)
        values = file[name][0]
        place = tuple(index[0] for index in np.nonzero(~np.ma.getmaskarray(values)))
        file[name][(0, *place)] = np.nextafter(values[place], np.float32(1e9), dtype="f4")


def main():
    if sys.argv[1] == "--spoil":
        return spoil(Path(sys.argv[2]))
    raw, errors, files = Raw(sys.argv[1]), [], 0
    for folder in sys.argv[2:]:
        for path in sorted(Path(folder).glob("*.nc")):
            files += 1
            errors += compare(raw, path)
    for error in errors:
        print(f"check_derived: {error}", file=sys.stderr)
    print(f"check_derived: {files} files, {len(errors)} errors")
    return 1 if errors or not files else 0


if __name__ == "__main__":
    sys.exit(main())
