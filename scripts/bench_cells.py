"""The benchmarks of archives, for `scripts/bench --archive`: written against h5py and Zarr, and the trade-off of chunks and codecs."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from pathlib import Path

from bench_common import PYTHON, RELEASE, SCRIPTS, WORK, interleave, measure, median, say

OUT = WORK / "out"
# A Python that has Zarr, which the checks do not need.
ZARR = os.environ.get("GRIDLOOM_ZARR_PYTHON")
TUNES = (
    ("random", "--tune", "random"), ("balanced", "--tune", "balanced"), ("archive", "--tune", "archive"),
    ("deflate 1", "--deflate", "1"), ("deflate 4", "--deflate", "4"), ("deflate 6", "--deflate", "6"),
    ("deflate 9", "--deflate", "9"), ("zstd 1", "--zstd=1"), ("zstd 3", "--zstd=3"), ("zstd 19", "--zstd=19"),
    ("lz4", "--lz4"), ("none", "--no-compress"),
)


def write(run, out, *options):
    return [RELEASE / "gridloom", "cells", "write", run, "-o", out / "run.nc", "--overwrite", "--quiet", *options]


def against(run, options):
    """All variables against what people would write themselves."""
    contest = {
        "gridloom, balanced (deflate 4)": lambda out: write(run, out),
        "gridloom, zstd 3": lambda out: write(run, out, "--zstd=3"),
        "h5py, gzip 4": lambda out: [PYTHON, SCRIPTS / "peer_cells.py", run, out, "--with", "h5py"],
    }
    if ZARR or importlib.util.find_spec("zarr"):
        contest["Zarr, zstd"] = lambda out: [ZARR or PYTHON, SCRIPTS / "peer_cells.py", run, out, "--with", "zarr"]
    else:
        say("no Zarr here: GRIDLOOM_ZARR_PYTHON names no Python that has it")
    results = interleave(contest, options.rounds, OUT, "archive, ")
    lines = ["\nArchive of all variables; medians, warm cache.\n", "| | wall | CPU | peak RSS, largest process |", "|---|--:|--:|--:|"]
    for name in contest:
        wall, cpu = median(results, name, "wall_seconds"), median(results, name, "cpu_seconds")
        memory = median(results, name, "peak_rss_bytes") / 2**20
        lines.append(f"| {name} | {wall:.2f} s | {cpu:.2f} s | {memory:,.0f} MiB |")
    return results, lines


def trade_off(run):
    """Size and times of every tune and codec, one thread reading."""
    lines = [
        "\n| | size | write, CPU | read all | a year of a variable at random |", "|---|--:|--:|--:|--:|",
    ]
    results = []
    folder = WORK / "cells"
    for name, *arguments in TUNES:
        result = measure([*write(run, folder, *arguments)], folder / "nothing", keep=True)
        file = folder / "run.nc"
        text = subprocess.run([RELEASE / "examples" / "read_archive", file, "5000"], capture_output=True, text=True, check=True).stdout
        speed = re.search(r"([\d.]+) MB/s", text)[1]
        random = re.search(r"([\d.]+) us each", text)[1]
        size = file.stat().st_size
        results.append({"contender": name, "round": 1, "size": size, "read_mb_s": float(speed), "random_us": float(random), **result})
        lines.append(f"| {name} | {size / 1e6:.2f} MB | {result['cpu_seconds']:.2f} s | {speed} MB/s | {random} µs |")
    return results, lines


def measure_all(run: Path, options):
    (WORK / "cells").mkdir(parents=True, exist_ok=True)
    results, lines = against(run, options)
    more, table = trade_off(run)
    return results + more, "\n".join(lines + table) + "\n"
