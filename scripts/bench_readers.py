"""The benchmark of readers, for `scripts/bench --readers`: what shapes of chunks cost those who read grids.

Made-up grids of three windows are written in several shapes with the filters that gridloom has, and read as people do: CDO and NCO step by step,
xarray a cell's series and a day's map, R's terra layer by layer, and ncview's way, a map after another. Programs that are not there are left out."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import time

from bench_common import PYTHON, WORK, say

# Rows, columns and days.
WINDOWS = {"16 cells": (4, 4, 5479), "4,662 cells": (63, 74, 5479), "259,200 cells": (360, 720, 365)}
MIB = 1 << 20
SIZE = 4

MAKE = """
import sys, numpy as np, netCDF4
path, rows, columns, days, t, y, x = sys.argv[1], *map(int, sys.argv[2:])
file = netCDF4.Dataset(path, "w")
file.createDimension("time", None); file.createDimension("lat", rows); file.createDimension("lon", columns)
time = file.createVariable("time", "f8", ("time",), chunksizes=(max(days, 4096),)); time.units = "days since 2000-01-01"; time.calendar = "standard"; time.axis = "T"
time[:] = np.arange(days)
step = 180 / 360
lat = file.createVariable("lat", "f8", ("lat",)); lat.units = "degrees_north"; lat.axis = "Y"; lat[:] = 89.75 - step * np.arange(rows)
lon = file.createVariable("lon", "f8", ("lon",)); lon.units = "degrees_east"; lon.axis = "X"; lon[:] = -179.75 + step * np.arange(columns)
data = file.createVariable("npp", "f4", ("time", "lat", "lon"), chunksizes=(t, y, x), zlib=True, complevel=1, shuffle=True, fill_value=1e20)
data.units = "kg m-2 year-1"
random = np.random.default_rng(1)
base = random.random((rows, columns), dtype="f4")
for first in range(0, days, t):
    count = min(t, days - first)
    season = np.sin(np.arange(first, first + count, dtype="f4") / 58)[:, None, None]
    noise = random.integers(0, 256, (count, rows, columns)).astype("f4") / 4096
    data[first:first + count] = base + season + noise
file.close()
"""

SERIES = "import sys, xarray; d = xarray.open_dataset(sys.argv[1]); v = d['npp']; v[:, v.shape[1] // 2, v.shape[2] // 2].load()"
MAP = "import sys, xarray; d = xarray.open_dataset(sys.argv[1]); v = d['npp']; v[v.shape[0] // 2].load()"
NCVIEW = "import sys, netCDF4; v = netCDF4.Dataset(sys.argv[1])['npp']; [v[day] for day in range(0, min(len(v), 365))]"
TERRA = "suppressMessages(library(terra)); r <- rast(commandArgs(TRUE)[1]); x <- values(r[[1:min(60, nlyr(r))]])"


def readers(path):
    """Name and command."""
    out = WORK / "read.nc"
    wanted = {
        "cdo monmean": ["cdo", "-s", "-O", "monmean", path, out],
        "ncra": ["ncra", "-O", path, out],
        "xarray series": [PYTHON, "-c", SERIES, path],
        "xarray map": [PYTHON, "-c", MAP, path],
        "ncview's way": [PYTHON, "-c", NCVIEW, path],
        "ncview's way, old": ["/usr/bin/python3", "-c", NCVIEW, path],
        "terra": ["Rscript", "-e", TERRA, path],
    }
    return {name: command for name, command in wanted.items() if shutil.which(str(command[0]))}


def shapes(rows, columns, days):
    """The shapes that are compared, by name: time, rows, columns."""
    tile = [math.ceil(length / math.ceil(length / 16)) for length in (rows, columns)]
    wide = [math.ceil(length / math.ceil(length / 32)) for length in (rows, columns)]
    step = rows * columns * SIZE
    fit = lambda bytes, most=1024: max(1, min(most, bytes // step))
    return {
        "series": (1024, *tile),
        "16 MiB": (fit(15 * MIB), *tile),
        "4 MiB": (fit(4 * MIB), *tile),
        "16 MiB, 32 x 32": (fit(15 * MIB), *wide),
        "map": (fit(4 * MIB, days), rows, columns),
        "map, one step": (1, rows, columns),
    }


def timed(command, limit):
    """Seconds of the better of two runs; none where it takes longer than the limit."""
    best = None
    for _ in range(2):
        started = time.monotonic()
        try:
            done = subprocess.run([str(part) for part in command], capture_output=True, timeout=limit)
        except subprocess.TimeoutExpired:
            return None
        if done.returncode:
            return None
        spent = time.monotonic() - started
        best = spent if best is None else min(best, spent)
        if spent > limit / 4:
            break
    return best


def measure_all():
    """Measures all, and prints a table a window."""
    for window, shapes_of in main().items():
        names = [name for name in next(iter(shapes_of.values())) if name not in ("chunk", "bytes")]
        print(f"\n{window}, seconds\n\n| shape | chunk | MiB | {' | '.join(names)} |\n|{'---|' * (3 + len(names))}")
        for shape, row in shapes_of.items():
            cells = [f"{row[name]:.2f}" if row[name] else "–" for name in names]
            print(f"| {shape} | {' × '.join(map(str, row['chunk']))} | {row['bytes'] / MIB:.0f} | {' | '.join(cells)} |")
    return 0


def main(limit=60, windows=WINDOWS):
    """Seconds by window, shape and reader; a table of them to the screen."""
    WORK.mkdir(parents=True, exist_ok=True)
    results = {}
    for window, (rows, columns, days) in windows.items():
        for shape, chunk in shapes(rows, columns, days).items():
            path = WORK / "readers.nc"
            command = [PYTHON, "-c", MAKE, path, rows, columns, days, *chunk]
            subprocess.run([str(part) for part in command], check=True)
            subprocess.run(["cat", path], stdout=subprocess.DEVNULL, check=True)
            row = {"chunk": chunk, "bytes": path.stat().st_size}
            row |= {name: timed(command, limit) for name, command in readers(path).items()}
            results.setdefault(window, {})[shape] = row
            told = ", ".join(f"{name} {seconds:.2f} s" if seconds else f"{name} over {limit} s" for name, seconds in row.items() if name not in ("chunk", "bytes"))
            say(f"{window}, {shape} {chunk}, {row['bytes'] / MIB:.1f} MiB: {told}")
            path.unlink()
    (WORK / "readers.json").write_text(json.dumps(results, indent=1))
    return results


if __name__ == "__main__":
    main()
