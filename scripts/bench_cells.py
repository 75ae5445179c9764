"""The benchmarks of archives, for `scripts/bench --archive`: written and read against h5py and Zarr, and the trade-off of chunks and codecs."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from bench_common import PYTHON, RELEASE, SCRIPTS, WORK, cold, interleave, measure, median, say, warm

OUT = WORK / "out"
# Years that are read at random.
READS = 1000
# A Python that has Zarr, joblib and lz4; the checks do not need Zarr.
ZARR = os.environ.get("GRIDLOOM_ZARR_PYTHON")
TUNES = (
    ("random", "--tune", "random"), ("balanced", "--tune", "balanced"), ("archive", "--tune", "archive"),
    ("deflate 1", "--deflate", "1"), ("deflate 4", "--deflate", "4"), ("deflate 6", "--deflate", "6"),
    ("deflate 9", "--deflate", "9"), ("zstd 1", "--zstd=1"), ("zstd 3", "--zstd=3"), ("zstd 19", "--zstd=19"),
    ("lz4", "--lz4"), ("none", "--no-compress"),
)


def write(run, out, *options):
    return [RELEASE / "gridloom", "cells", "write", run, "-o", out / "run.nc", "--overwrite", "--quiet", *options]


def contenders(run):
    """Who writes all variables: name, command, and how its store is read."""
    contest = {
        "gridloom, balanced (deflate 4)": (lambda out: write(run, out), "run.nc", lambda store, reads: reader(store, reads)),
        "gridloom, zstd 3": (lambda out: write(run, out, "--zstd=3"), "run.nc", lambda store, reads: reader(store, reads)),
        "h5py, gzip 4": (lambda out: peer(PYTHON, run, out, "h5py"), "peer.nc", lambda store, reads: peer(PYTHON, run, store, "h5py", reads)),
    }
    if ZARR or importlib.util.find_spec("zarr"):
        python = ZARR or PYTHON
        contest["Zarr, zstd"] = (lambda out: peer(python, run, out, "zarr"), "peer.zarr", lambda store, reads: peer(python, run, store, "zarr", reads))
    else:
        say("no Zarr here: GRIDLOOM_ZARR_PYTHON names no Python that has it")
    return contest


def peer(python, run, out, library, reads=0):
    return [python, SCRIPTS / "peer_cells.py", run, out, "--with", library, *(["--read", str(reads)] if reads else [])]


def reader(store, reads):
    return [RELEASE / "examples" / "read_archive", store, str(reads)]


def against(run, options, warm_or_cold):
    """All variables against what people would write themselves."""
    commands = {name: command for name, (command, *_) in contenders(run).items()}
    prepare = (lambda: cold(run)) if warm_or_cold == "cold" else (lambda: warm(run))
    results = interleave(commands, options.rounds, OUT, f"archive, {warm_or_cold}, ", prepare)
    lines = [
        f"\nArchive of all variables; medians, {warm_or_cold} cache.\n",
        "| | wall | CPU | peak RSS, largest process |", "|---|--:|--:|--:|",
    ]
    for name in commands:
        wall, cpu = median(results, name, "wall_seconds"), median(results, name, "cpu_seconds")
        memory = median(results, name, "peak_rss_bytes") / 2**20
        lines.append(f"| {name} | {wall:.2f} s | {cpu:.2f} s | {memory:,.0f} MiB |")
    return [{"cache": warm_or_cold, **result} for result in results], lines


def size_of(path):
    return sum(file.stat().st_size for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file())


def reading(run, options):
    """Every store by its own library, one thread: all of it, then years at random."""
    stores, found = {}, []
    for number, (name, (command, file, _)) in enumerate(contenders(run).items()):
        folder = WORK / "cells" / f"store{number}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        measure(command(folder), folder / "nothing", keep=True)
        stores[name] = folder / file
    names = list(stores)
    for number in range(options.rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            for cache in ("warm", "cold"):
                for store in stores.values() if cache == "cold" else ():
                    cold(store)
                command = contenders(run)[name][2](stores[name], READS)
                text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
                speed, random = float(re.search(r"([\d.]+) MB/s", text)[1]), float(re.search(r"([\d.]+) us each", text)[1])
                found.append({"contender": name, "round": number + 1, "cache": cache, "read_mb_s": speed, "random_us": random,
                              "size": size_of(stores[name])})
                say(f"reading, {cache}, round {number + 1}, {name}: {speed:.0f} MB/s, {random:.0f} us")
    lines = [
        f"\nReading, one thread; medians. {READS} years of a variable at random, after all was read.\n",
        "| | size | read all, warm | cold | a year at random, warm |", "|---|--:|--:|--:|--:|",
    ]
    for name in names:
        def middle(cache, field):
            return median([one for one in found if one["cache"] == cache], name, field)
        lines.append(f"| {name} | {middle('warm', 'size') / 1e6:.1f} MB | {middle('warm', 'read_mb_s'):.0f} MB/s "
                     f"| {middle('cold', 'read_mb_s'):.0f} MB/s | {middle('warm', 'random_us'):.0f} µs |")
    shutil.rmtree(WORK / "cells", ignore_errors=True)
    return found, lines


def trade_off(run):
    """Size and times of every tune and codec, one thread reading."""
    lines = [
        "\n| | size | write, CPU | read all | a year of a variable at random |", "|---|--:|--:|--:|--:|",
    ]
    results = []
    folder = WORK / "cells"
    folder.mkdir(parents=True, exist_ok=True)
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
    results, lines = [], []
    for part in (lambda: against(run, options, "warm"), lambda: against(run, options, "cold"), lambda: reading(run, options),
                 lambda: trade_off(run)):
        more, table = part()
        results, lines = results + more, lines + table
    return results, "\n".join(lines) + "\n"
