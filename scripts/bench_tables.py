"""The benchmarks of tables and aggregates, for `scripts/bench --tables`."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from bench_common import (
    PYTHON, RELEASE, ROOT, SCALE_MEMORY, SCRIPTS, WORK, interleave, make_large_run, measure, median, say,
)

# 24 columns: csoil has four rows, and their sum beside them.
VARIABLES = "tsoil,photo,aresp,npp,lai,csoil,inorg_n,inorg_p,sorbed_n,sorbed_p,hresp,rcm,f5,runom,evapm,wsoil,rm,rg,wue,cue"
FIVE = "npp,photo,evapm,lai,hresp"
PARTS = ("daily", "aggregates", "database", "memory", "pass")
OUT = WORK / "out"


def gridloom(command, run, out, *more):
    return [RELEASE / "gridloom", command, run, "-o", out, "--overwrite", "--quiet", *more]


def tables(run, out, kinds, variables, *more):
    return gridloom("tables", run, out, "--tables", kinds, "--variables", variables, *more)


def daily(run, options):
    """The daily table against Python."""
    peer = [PYTHON, SCRIPTS / "peer_tables.py", run]
    contest = {
        "gridloom, Parquet": lambda out: tables(run, out, "daily", VARIABLES),
        "joblib + polars, Parquet": lambda out: [*peer, out, "--variables", VARIABLES],
        "the same on all cores": lambda out: [*peer, out, "--variables", VARIABLES, "--mode", "parallel"],
        "gridloom, CSV": lambda out: tables(run, out, "daily", VARIABLES, "--format", "csv"),
    }
    results = interleave(contest, options.rounds, OUT, "daily, ")
    cells = min(options.csv_cells, options.cells)
    csv = measure([*peer, OUT, "--variables", VARIABLES, "--mode", "csv", "--cells", str(cells)], OUT)
    say(f"daily, {cells} cells, pandas, CSV: {csv['wall_seconds']:.2f} s")
    results.append({"contender": "pandas, CSV", "round": 1, "cells": cells, **csv})
    # All of it but memory grows with the cells; the sort a little faster.
    times = options.cells / cells
    scaled = "" if times == 1 else f"; pandas was measured once on {cells} cells, and is scaled by {times:g} but for its memory"
    lines = [
        f"\nDaily table of 24 columns. Medians{scaled}.\n",
        "| | wall | CPU | peak RSS, largest process | output | gridloom is faster, by wall | by CPU |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    rows = [(name, 1, "gridloom, CSV" if name.endswith("CSV") else "gridloom, Parquet") for name in contest]
    rows.append(("pandas, CSV", times, "gridloom, CSV"))
    for name, times, ours in rows:
        wall, cpu = (times * median(results, name, field) for field in ("wall_seconds", "cpu_seconds"))
        ratios = [median(results, ours, field) for field in ("wall_seconds", "cpu_seconds")]
        faster = "| |" if name == ours else f"{wall / ratios[0]:.1f} | {cpu / ratios[1]:.1f} |"
        lines.append(
            f"| {name} | {wall:.2f} s | {cpu:.2f} s | {median(results, name, 'peak_rss_bytes') / 2**20:,.0f} MiB "
            f"| {times * median(results, name, 'output_bytes') / 1e6:,.0f} MB | {faster}")
    wall = times * csv["wall_seconds"] / median(results, "gridloom, Parquet", "wall_seconds")
    lines.append(f"\nWhere Parquet takes the place of CSV, that is {wall:,.0f} times faster than pandas.")
    return results, "\n".join(lines)


def aggregates(run, options):
    """Aggregates against reading and decoding the dumps alone."""
    contest = {
        "reading alone": lambda out: [RELEASE / "examples" / "read_all", run],
        "monthly means": lambda out: gridloom("grid", run, out, "--every", "month", "--stat", "mean", "--variables", VARIABLES),
        "regions": lambda out: tables(run, out, "region", VARIABLES),
        "statistics": lambda out: tables(run, out, "stats", VARIABLES),
    }
    results = interleave(contest, options.rounds, OUT, "aggregates, ")
    lines = [
        "\nAggregates of 23 series a cell. Medians; reading alone is all dumps read and decoded on all cores.\n",
        "| | wall | CPU | peak RSS | output | of reading, by wall | by CPU |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    base = {field: median(results, "reading alone", field) for field in ("wall_seconds", "cpu_seconds")}
    for name in contest:
        wall, cpu = (median(results, name, field) for field in base)
        lines.append(
            f"| {name} | {wall:.2f} s | {cpu:.2f} s | {median(results, name, 'peak_rss_bytes') / 2**20:,.0f} MiB "
            f"| {median(results, name, 'output_bytes') / 1e6:,.1f} MB "
            f"| {wall / base['wall_seconds']:.2f} | {cpu / base['cpu_seconds']:.2f} |")
    return results, "\n".join(lines)


def database(run, options):
    """Rows a second into a PostgreSQL of this machine."""
    server = os.environ.get("POSTGRES_HERE_SCRIPT", SCRIPTS / "postgres-here")
    command = [server, PYTHON, SCRIPTS / "peer_database.py", run, "--gridloom", RELEASE / "gridloom", "--variables", FIVE,
               "--rounds", options.rounds]
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, cwd=ROOT, text=True)
    if done.returncode:
        sys.exit(f"bench: exit status {done.returncode} of: {' '.join(map(str, command))}")
    found = json.loads(done.stdout)
    results = [{"rate": result["rows"] / result["wall_seconds"], **result} for result in found["results"]]
    lines = [
        f"\nDaily rows of five variables of {found['cells']} cells into PostgreSQL. Medians, reading the dumps included.\n",
        "| | rows | wall | rows a second | gridloom is faster |",
        "|---|--:|--:|--:|--:|",
    ]
    ours = median(results, "gridloom", "rate")
    for name, what in (("gridloom", "gridloom, binary COPY"), ("execute_values", "psycopg2, execute_values of 1,000 rows"),
                       ("INSERT", "psycopg2, INSERT a row")):
        rate = median(results, name, "rate")
        lines.append(f"| {what} | {median(results, name, 'rows'):,.0f} | {median(results, name, 'wall_seconds'):.2f} s "
                     f"| {rate:,.0f} | {'' if name == 'gridloom' else f'{ours / rate:.1f}'} |")
    return results, "\n".join(lines)


def memory(small, options):
    """Peak memory of the daily table of ten times the cells."""
    large = make_large_run(small, options)
    runs = {f"{options.cells:,}": (small, options.cells), f"{10 * options.cells:,}": (large, 10 * options.cells)}

    def command(run):
        return lambda out: tables(run, out, "daily", VARIABLES, "--memory", SCALE_MEMORY)

    results = interleave({name: command(run) for name, (run, _) in runs.items()}, options.rounds, OUT, "memory, cells: ")
    lines = [
        f"\nDaily table of 24 columns, --memory {SCALE_MEMORY}. Medians.\n",
        "| cells | wall | per cell | CPU per cell | peak RSS | output |",
        "|--:|--:|--:|--:|--:|--:|",
    ]
    for name, (_, cells) in runs.items():
        wall = median(results, name, "wall_seconds")
        lines.append(
            f"| {name} | {wall:.2f} s | {1000 * wall / cells:.1f} ms "
            f"| {1000 * median(results, name, 'cpu_seconds') / cells:.1f} ms "
            f"| {median(results, name, 'peak_rss_bytes') / 2**20:,.0f} MiB "
            f"| {median(results, name, 'output_bytes') / 1e6:,.0f} MB |")
    return results, "\n".join(lines)


def one_pass(run, options):
    """Grids and tables of one pass over the dumps, against one pass each."""
    monthly = ["--every", "month", "--stat", "mean"]
    # What they share is reading, so that it matters how much else there is to do.
    contests = {
        "monthly grids, regions, statistics": (
            '[tables]\ntables = ["region", "stats"]\n\n[[aggregates]]\nevery = "month"\nstat = "mean"\n',
            monthly, "region,stats"),
        "daily grids, daily table, statistics": (
            '[grid]\n\n[tables]\ntables = ["daily", "stats"]\n', [], "daily,stats"),
    }
    lines = [
        f"\nGrids and tables of {FIVE}: of one pass, and apart. Medians.\n",
        "| | wall | CPU | peak RSS | of both apart, by wall | by CPU |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    results, fields = [], ("wall_seconds", "cpu_seconds")
    for what, (text, grid, kinds) in contests.items():
        config = WORK / "one-pass.toml"
        config.write_text(text)
        found = interleave({
            f"{what}: one pass": lambda out: gridloom("run", run, out, "--config", config, "--variables", FIVE),
            f"{what}: grids": lambda out: gridloom("grid", run, out, "--variables", FIVE, *grid),
            f"{what}: tables": lambda out: tables(run, out, kinds, FIVE),
        }, options.rounds, OUT, "pass, ")
        both = [sum(median(found, f"{what}: {part}", field) for part in ("grids", "tables")) for field in fields]
        for name in (f"{what}: {part}" for part in ("one pass", "grids", "tables")):
            wall, cpu = (median(found, name, field) for field in fields)
            lines.append(f"| {name} | {wall:.2f} s | {cpu:.2f} s | {median(found, name, 'peak_rss_bytes') / 2**20:,.0f} MiB "
                         f"| {wall / both[0]:.2f} | {cpu / both[1]:.2f} |")
        results += found
    return results, "\n".join(lines)


def measure_all(run, options):
    parts = PARTS if options.tables == "all" else tuple(options.tables.split(","))
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        sys.exit(f"bench: no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    functions = dict(zip(PARTS, (daily, aggregates, database, memory, one_pass)))
    results, texts = [], []
    for part in parts:
        found, text = functions[part](run, options)
        results += [{"part": part, **result} for result in found]
        texts.append(text)
    return results, "\n".join(texts)
