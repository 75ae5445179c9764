"""Measures the peak of memory of every product, format and partition against its budget: law 3 of docs/design.md."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time

from bench_common import RELEASE, WORK, make_run, say

# MiB, and threads.
BUDGETS = ((128, 2), (512, 8))
# What a process may take beside its budget.
SLACK = 150_000_000
TABLES = {
    "Parquet": [],
    "Feather": ["--format", "feather"],
    "CSV": ["--format", "csv"],
    "CSV, gzip": ["--format", "csv", "--compress", "gzip"],
    "CSV, zstd": ["--format", "csv", "--compress", "zstd"],
    "HDF5": ["--format", "hdf5"],
    "Parquet by year": ["--partition", "year"],
    "Parquet by month": ["--partition", "month"],
    "Parquet by bands": ["--partition", "lat-band"],
    "Feather by year": ["--format", "feather", "--partition", "year"],
    "CSV by month": ["--format", "csv", "--partition", "month"],
    "HDF5 by year": ["--format", "hdf5", "--partition", "year"],
    "Parquet by cell": ["--per-cell"],
    "HDF5 by cell": ["--format", "hdf5", "--per-cell"],
    "regions and statistics, daily": ["--tables", "region,stats", "--every", "day", "--by-month"],
    "yearly tables": ["--tables", "biomass,strategies,community,annual"],
}
GRIDS = {"daily grids": [], "monthly means": ["--every", "month", "--stat", "mean,std"],
         "daily means": ["--every", "day", "--stat", "mean"]}


def peak(program, arguments, out):
    """Bytes of memory that a process had at its peak, and its seconds."""
    shutil.rmtree(out, ignore_errors=True)
    started = time.monotonic()
    process = subprocess.Popen([str(part) for part in [program, *arguments]])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):
        sys.exit(f"bench: exit status {process.returncode} of: {' '.join(map(str, arguments))}")
    return usage.ru_maxrss * 1024, time.monotonic() - started


def contest(program, run, out, grids, archive):
    """Name, inputs and options of every product, and the folder that it makes."""
    for name, options in TABLES.items():
        yield name, ["tables", run, "-o", out, *options], out
    for name, options in GRIDS.items():
        yield name, ["grid", run, "-o", out, *options], out
    yield "an archive", ["cells", "write", run, "-o", archive], archive
    yield "tables of an archive", ["tables", archive, "-o", out], out
    peak(program, ["grid", run, "-o", grids, "--quiet"], grids)
    yield "tables of grids", ["tables", *sorted(grids.glob("*.nc")), "-o", out], out
    yield "HDF5 tables of grids", ["tables", *sorted(grids.glob("*.nc")), "-o", out, "--format", "hdf5"], out


def measure_memory(options):
    program = options.program or RELEASE / "gridloom"
    shape = ["--cells", options.cells, "--periods", options.periods, "--years", options.years]
    run = make_run(f"memory{options.cells}", *map(str, shape), "--distinct", "6")
    out, grids, archive = WORK / "memory_out", WORK / "memory_grids", WORK / "memory_archive.nc"
    results, is_over = [], False
    for name, arguments, made in contest(program, run, out, grids, archive):
        for budget, threads in BUDGETS:
            if made == archive:
                archive.unlink(missing_ok=True)
            limits = ["--memory", f"{budget}MiB", "--threads", str(threads), "--quiet"]
            found, seconds = peak(program, [*arguments, *limits], out)
            over = found > (budget << 20) + SLACK
            is_over |= over
            say(f"{name}, {budget} MiB, {threads} threads: {found / 2**20:.0f} MiB, {seconds:.0f} s{', TOO MUCH' if over else ''}")
            results.append({"product": name, "budget_mib": budget, "threads": threads, "peak_bytes": found})
    for path in (out, grids):
        shutil.rmtree(path, ignore_errors=True)
    archive.unlink(missing_ok=True)
    (WORK / "memory.json").write_text(json.dumps(results, indent=1) + "\n")
    print(table(results))
    return 1 if is_over else 0


def table(results):
    heads = [f"{budget} MiB, {threads} threads" for budget, threads in BUDGETS]
    lines = [f"| | {' | '.join(heads)} |", "|---|" + "--:|" * len(heads)]
    for name in dict.fromkeys(result["product"] for result in results):
        peaks = [f"{r['peak_bytes'] / 2**20:.0f} MiB" for r in results if r["product"] == name]
        lines.append(f"| {name} | {' | '.join(peaks)} |")
    return "\n".join(lines)
