#!/usr/bin/env python3
"""The Python peer of the benchmark: what a competent numpy script, or CAETE's own, does to grid the same run.

`--mode competent` loads each dump once on all cores, keeps only the wanted series, and writes one NetCDF-4 file a
variable row with the given chunks, each in a process of its own, since HDF5 lets only one thread at a time work.
`--mode caete` does as CAETE's scripts do: one core, everything unpickled first, zlib 9, Fletcher-32 and netCDF4's
default chunks for an unlimited time, that is one day each.

Prints one JSON object: seconds of each stage, output bytes and peak memory.
"""

from __future__ import annotations

import argparse
import json
import mmap
import multiprocessing
import os
import re
import resource
import shutil
import sys
import time
from pathlib import Path

import joblib
import netCDF4
import numpy as np

FILL = 1e20
PAN_AMAZON = "159,222,200,273"


class Series:
    """One variable row of every cell, `[cell, day]`, in memory that forked processes share."""

    def __init__(self, key, row, dtype, cells, days):
        self.key, self.row, self.dtype = key, row, np.dtype(dtype)
        self.shape = (cells, days)
        buffer = mmap.mmap(-1, max(1, cells * days * self.dtype.itemsize))
        self.values = np.frombuffer(buffer, self.dtype)[: cells * days].reshape(self.shape)
        self.name = key if row is None else f"{key}_{row + 1}"

    def take(self, dump, cell, start):
        values = dump[self.key] if self.row is None else dump[self.key][self.row]
        self.values[cell, start : start + values.size] = np.where(np.isnan(values), self.dtype.type(FILL), values)


def find_cells(run, box):
    top, bottom, left, right = box
    cells = []
    for folder in run.iterdir():
        match = re.fullmatch(r"grd_(\d+)-(\d+)", folder.name)
        if match and top <= int(match[1]) <= bottom and left <= int(match[2]) <= right:
            cells.append((int(match[1]), int(match[2]), folder))
    return sorted(cells)


def first_readable(cells):
    """The dumps of the first cell that is whole: they say what the run holds, and when."""
    for _, _, folder in cells:
        try:
            dumps = [joblib.load(path) for path in sorted(folder.glob("spin*.pkz"))]
        except Exception:
            continue
        if dumps:
            return dumps
    sys.exit("peer: no readable cell")


def plan(dumps, wanted, cells):
    first = min(dump["sind"] for dump in dumps)
    days = max(dump["eind"] for dump in dumps) - first + 1
    arrays = {key: value for key, value in dumps[0].items() if isinstance(value, np.ndarray) and value.size}
    series = []
    for key in arrays if wanted == ["all"] else wanted:
        rows = [None] if arrays[key].ndim == 1 else range(arrays[key].shape[0])
        series += [Series(key, row, arrays[key].dtype, cells, days) for row in rows]
    return series, first, days


def load(job):
    """Loads one dump and keeps the wanted series; returns the path where that fails."""
    cell, path = job
    try:
        dump = joblib.load(path)
    except Exception as error:
        return f"{path}: {error}"
    for series in SERIES:
        series.take(dump, cell, dump["sind"] - FIRST)
    return None


def write(index):
    """Writes the file of one series and returns its size."""
    series, options, cells = SERIES[index], OPTIONS, CELLS
    top, bottom, left, right = options.box
    rows = np.array([y - top for y, _, _ in cells])
    columns = np.array([x - left for _, x, _ in cells])
    days = series.shape[1]
    height, width = bottom - top + 1, right - left + 1
    path = options.out / f"{series.name}.nc"
    with netCDF4.Dataset(path, "w", format="NETCDF4") as file:
        file.Conventions = "CF-1.11"
        file.createDimension("time", None)
        file.createDimension("lat", height)
        file.createDimension("lon", width)
        axes = {
            "time": (np.arange(FIRST, FIRST + days, dtype="f8"), TIME_UNIT),
            "lat": (89.75 - 0.5 * np.arange(top, bottom + 1), "degrees_north"),
            "lon": (-179.75 + 0.5 * np.arange(left, right + 1), "degrees_east"),
        }
        for name, (values, units) in axes.items():
            axis = file.createVariable(name, "f8", (name,))
            axis.units = units
            axis[:] = values
        file["time"].calendar = CALENDAR
        competent = options.mode == "competent"
        chunks = [min(a, b) for a, b in zip(options.chunk, (days, height, width))] if competent else None
        variable = file.createVariable(
            series.name, series.dtype, ("time", "lat", "lon"), fill_value=series.dtype.type(FILL), zlib=True,
            complevel=options.zlib if competent else 9, shuffle=True, fletcher32=not competent, chunksizes=chunks)
        variable.set_auto_maskandscale(False)
        step = chunks[0] if competent else days
        for start in range(0, days, step):
            stop = min(start + step, days)
            dense = np.full((stop - start, height, width), FILL, series.dtype)
            dense[:, rows, columns] = series.values[:, start:stop].T
            variable[start:stop] = dense
    return path.stat().st_size


def run_all(function, jobs, processes):
    if processes == 1:
        return [function(job) for job in jobs]
    # Forked, so that the processes share the series' memory.
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        return list(pool.imap_unordered(function, jobs, chunksize=1))


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path, help="folder of the output; its .nc files are replaced")
    parser.add_argument("--variables", default="npp,photo,evapm,lai,csoil", help="dump keys, or all (%(default)s)")
    parser.add_argument("--mode", choices=("competent", "caete"), default="competent")
    parser.add_argument("--zlib", type=int, default=4, help="level, competent only (%(default)s)")
    parser.add_argument("--chunk", default="1024,16,16", help="time,lat,lon, competent only (%(default)s)")
    parser.add_argument("--box", default=PAN_AMAZON, help="rows and columns: top,bottom,left,right (%(default)s)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes, competent only (all cores)")
    options = parser.parse_args()
    options.chunk = [int(n) for n in options.chunk.split(",")]
    options.box = [int(n) for n in options.box.split(",")]
    return options


def main():
    # The forked workers read these.
    global SERIES, CELLS, OPTIONS, FIRST, CALENDAR, TIME_UNIT
    OPTIONS = options = parse()
    processes = options.jobs if options.mode == "competent" else 1
    shutil.rmtree(options.out, ignore_errors=True)
    options.out.mkdir(parents=True)
    clock = [time.monotonic()]

    CELLS = find_cells(options.run, options.box)
    dumps = first_readable(CELLS)
    CALENDAR, TIME_UNIT = dumps[0]["calendar"], dumps[0]["time_unit"]
    SERIES, FIRST, days = plan(dumps, options.variables.split(","), len(CELLS))
    for series in SERIES:
        series.values[:] = FILL
    clock.append(time.monotonic())

    jobs = [(cell, path) for cell, (_, _, folder) in enumerate(CELLS) for path in sorted(folder.glob("spin*.pkz"))]
    failures = [failure for failure in run_all(load, jobs, processes) if failure]
    clock.append(time.monotonic())

    sizes = run_all(write, range(len(SERIES)), processes)
    clock.append(time.monotonic())

    for failure in failures:
        print(f"peer: {failure}", file=sys.stderr)
    stages = dict(zip(("plan", "load", "write"), (b - a for a, b in zip(clock, clock[1:]))))
    peak = [resource.getrusage(who).ru_maxrss * 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(json.dumps({
        "mode": options.mode, "cells": len(CELLS), "days": days, "files": len(SERIES), "failed_dumps": len(failures),
        "processes": processes, "seconds": {name: round(value, 3) for name, value in stages.items()},
        "total_seconds": round(clock[-1] - clock[0], 3), "output_bytes": sum(sizes),
        "peak_rss_bytes": peak[0], "peak_rss_of_one_child_bytes": peak[1],
    }))


if __name__ == "__main__":
    main()
