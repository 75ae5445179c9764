#!/usr/bin/env python3
"""The Python peers of the benchmark of tables: the daily table of a run as a competent script makes it, or as CAETE does.

`--mode polars` loads a cell after another, makes a polars frame of each dump, concatenates them and lets polars write one
Parquet file, with its own zstd level, on all cores.
`--mode parallel` is the best that is known of Python: it loads the dumps on all cores into memory that the processes share,
puts the frames together without a copy, and writes with zstd 1.
`--mode csv` does as CAETE's scripts do, on one core: pandas writes a CSV file a cell, reads all of them back, puts them
together, sorts them and writes one CSV file. `--cells N` takes the first N cells only.

Prints one JSON object: seconds of each stage, rows and peak memory.
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
import numpy as np

# The dumps count days from 1860-01-01.
EPOCH = np.datetime64("1860-01-01", "ms")


def find_cells(run):
    found = []
    for folder in run.iterdir():
        match = re.fullmatch(r"grd_(\d+)-(\d+)", folder.name)
        if match:
            found.append((int(match[1]), int(match[2]), folder))
    return sorted(found)


def series_of(dump, keys):
    """Names and values of the columns; the rows of a variable are followed by their sum."""
    for key in keys:
        values = dump[key]
        if values.ndim == 1:
            yield key, values
            continue
        for number, row in enumerate(values, start=1):
            yield f"{key}_{number}", row
        yield f"{key}_sum", values.sum(axis=0, dtype="f8").astype(values.dtype)


def load(path):
    try:
        return joblib.load(path)
    except Exception as error:
        print(f"peer_tables: {path}: {error}", file=sys.stderr)
        return None


def dumps_of(folder):
    return [dump for dump in map(load, sorted(folder.glob("spin*.pkz"))) if dump is not None]


class Shared:
    """A column of all cells, `[cell, day]`, in memory that forked processes share."""

    def __init__(self, dtype, cells, days):
        buffer = mmap.mmap(-1, max(1, cells * days * np.dtype(dtype).itemsize))
        self.values = np.frombuffer(buffer, dtype)[: cells * days].reshape(cells, days)


def take(cell):
    """Copies a cell's series to their columns, one dump behind another; returns how many days there are."""
    filled = 0
    for dump in dumps_of(CELLS[cell][2]):
        days = dump["eind"] - dump["sind"] + 1
        span = slice(filled, filled + days)
        COLUMNS["day"].values[cell, span] = EPOCH.astype("i8") + np.arange(dump["sind"], dump["eind"] + 1) * 86_400_000
        for name, values in series_of(dump, KEYS):
            COLUMNS[name].values[cell, span] = values
        filled += days
    return filled


def with_polars(options, clock):
    import polars as pl

    frames = []
    for y, x, folder in CELLS:
        for dump in dumps_of(folder):
            first, last = dump["sind"], dump["eind"]
            days = EPOCH.astype("i8") + np.arange(first, last + 1) * 86_400_000
            columns = {"day": pl.Series(days).cast(pl.Datetime("ms")), **dict(series_of(dump, KEYS))}
            frames.append(pl.DataFrame(place_of(pl, y, x, last - first + 1) + [pl.Series(*column) for column in columns.items()]))
    clock.append(time.monotonic())
    table = pl.concat(frames).with_columns(pl.selectors.float().fill_nan(None))
    clock.append(time.monotonic())
    table.write_parquet(options.out / "daily.parquet", compression="zstd")
    clock.append(time.monotonic())
    return ("load", "frames", "write"), table.height


def place_of(pl, y, x, count):
    """The columns that say which cell a row is of."""
    return [
        pl.repeat(y, count, dtype=pl.Int32, eager=True).alias("grid_y"),
        pl.repeat(x, count, dtype=pl.Int32, eager=True).alias("grid_x"),
        pl.repeat(89.75 - 0.5 * y, count, dtype=pl.Float64, eager=True).alias("latitude"),
        pl.repeat(-179.75 + 0.5 * x, count, dtype=pl.Float64, eager=True).alias("longitude"),
    ]


def with_shared_memory(options, clock):
    # The forked processes read these.
    global COLUMNS
    first = next((dumps for dumps in (dumps_of(folder) for _, _, folder in CELLS) if dumps), None)
    if first is None:
        sys.exit("peer_tables: no readable cell")
    days = sum(dump["eind"] - dump["sind"] + 1 for dump in first)
    types = {"day": "i8"} | {name: values.dtype for name, values in series_of(first[0], KEYS)}
    COLUMNS = {name: Shared(dtype, len(CELLS), days) for name, dtype in types.items()}
    with multiprocessing.get_context("fork").Pool(options.jobs) as pool:
        filled = pool.map(take, range(len(CELLS)), chunksize=1)
    clock.append(time.monotonic())

    # polars starts threads, which a fork would not survive.
    import polars as pl

    frames = []
    for cell, ((y, x, _), count) in enumerate(zip(CELLS, filled)):
        columns = [pl.Series(name, column.values[cell, :count]) for name, column in COLUMNS.items()]
        frames.append(pl.DataFrame(place_of(pl, y, x, count) + columns))
    table = pl.concat(frames, rechunk=False).with_columns(
        pl.col("day").cast(pl.Datetime("ms")), pl.selectors.float().fill_nan(None))
    clock.append(time.monotonic())
    table.write_parquet(options.out / "daily.parquet", compression="zstd", compression_level=1)
    clock.append(time.monotonic())
    return ("load", "frames", "write"), table.height


def with_csv(options, clock):
    import pandas as pd

    parts = options.out / "cells"
    parts.mkdir()
    for y, x, folder in CELLS:
        frames = []
        for dump in dumps_of(folder):
            day = EPOCH + np.arange(dump["sind"], dump["eind"] + 1) * np.timedelta64(1, "D")
            place = {"grid_y": y, "grid_x": x, "latitude": 89.75 - 0.5 * y, "longitude": -179.75 + 0.5 * x}
            frames.append(pd.DataFrame({**place, "day": day, **dict(series_of(dump, KEYS))}))
        if frames:
            pd.concat(frames).to_csv(parts / f"grd_{y}-{x}.csv", index=False)
    clock.append(time.monotonic())
    table = pd.concat([pd.read_csv(path) for path in sorted(parts.iterdir())])
    table = table.sort_values(["grid_y", "grid_x", "day"])
    clock.append(time.monotonic())
    table.to_csv(options.out / "daily.csv", index=False)
    shutil.rmtree(parts)
    clock.append(time.monotonic())
    return ("cells", "read", "write"), len(table)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path, help="folder of the output; is replaced")
    parser.add_argument("--variables", required=True, help="dump keys")
    parser.add_argument("--mode", choices=("polars", "parallel", "csv"), default="polars")
    parser.add_argument("--cells", type=int, help="the first N only (all)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes, parallel only (all cores)")
    return parser.parse_args()


def main():
    # The forked processes read these.
    global CELLS, KEYS
    options = parse()
    shutil.rmtree(options.out, ignore_errors=True)
    options.out.mkdir(parents=True)
    clock = [time.monotonic()]
    CELLS = find_cells(options.run)[: options.cells]
    KEYS = options.variables.split(",")
    stages, rows = {"polars": with_polars, "parallel": with_shared_memory, "csv": with_csv}[options.mode](options, clock)
    seconds = dict(zip(stages, (round(b - a, 3) for a, b in zip(clock, clock[1:]))))
    peak = [resource.getrusage(who).ru_maxrss * 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(json.dumps({
        "mode": options.mode, "cells": len(CELLS), "rows": rows, "seconds": seconds,
        "total_seconds": round(clock[-1] - clock[0], 3), "peak_rss_bytes": peak[0], "peak_rss_of_one_child_bytes": peak[1],
    }))


if __name__ == "__main__":
    main()
