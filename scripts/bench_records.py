"""The benchmark of files of records, for `scripts/bench --records`."""

from __future__ import annotations

import subprocess
import sys

from bench_common import PYTHON, RELEASE, SCRIPTS, WORK, interleave, median, say

OUT = WORK / "out"

DESCRIPTIONS = {
    "milan": '[source]\npreset = "milan"\nfiles = "milan/*.txt"\n[source.values]\ntype = "f4"\n',
    "milan-parquet": '[source]\npreset = "milan"\nfiles = "milan-parquet/*.parquet"\n[source.values]\ntype = "f4"\n',
    "lpj-guess": '[source]\npreset = "lpj-guess"\nfiles = "lpj-guess/{variable}.out"\n',
    "vic": '[source]\npreset = "vic"\nfiles = "vic/fluxes_{lat}_{lon}"\n',
    "vic-small": '[source]\npreset = "vic"\nfiles = "vic/fluxes_{lat}_{lon}"\n',
}

WAYS = {
    "milan": ["pandas", "polars", "duckdb"],
    "milan-parquet": ["polars", "duckdb"],
    "lpj-guess": ["pandas"],
    "vic": ["pandas", "polars", "tonic"],
    "vic-small": ["pandas"],
}

WORDS = {
    "milan": "a city's day, 5 M records",
    "milan-parquet": "the same as Parquet, of polars",
    "lpj-guess": "LPJ-GUESS, 1.4 M records of 13 values",
    "vic": "VIC, 400 files of 10 years",
    "vic-small": "VIC, 20,000 files of 70 days",
}


def make():
    """The tables, once."""
    large, small = WORK / "records", WORK / "records-small"
    for folder, arguments in (
        (large, []),
        (small, ["--milan", "0", "--lpj-guess", "0", "--vic", "20000", "--vic-days", "70"]),
    ):
        if not folder.exists():
            say(f"making tables of records in {folder.name}")
            subprocess.run([PYTHON, SCRIPTS / "make-records", folder, *arguments], check=True, stdout=sys.stderr)
    if not (large / "milan-parquet").exists():
        command = [PYTHON, SCRIPTS / "peer_records.py", "milan-parquet", "write", large / "milan", large / "milan-parquet"]
        subprocess.run(command, check=True, stdout=sys.stderr)
    for kind, text in DESCRIPTIONS.items():
        folder = small if kind == "vic-small" else large
        (folder / f"{kind}.toml").write_text(text)
    return large, small


def warm(path):
    """Reads a file piece by piece: what this process holds would count as its children's memory."""
    with path.open("rb", buffering=0) as file:
        while file.read(1 << 20):
            pass


def measure_all(options):
    large, small = make()
    results, lines = [], []
    for kind in DESCRIPTIONS:
        folder = small if kind == "vic-small" else large
        source = folder / kind.removesuffix("-small")
        data = sum(path.stat().st_size for path in source.iterdir())
        count = sum(1 for _ in source.iterdir())
        rows = [RELEASE / "gridloom", "grid", folder / f"{kind}.toml", "--overwrite", "--quiet", "--rows", "dimension"]
        contest = {
            "gridloom": lambda out, rows=rows: [*rows, "-o", out],
            "gridloom, one thread": lambda out, rows=rows: [*rows, "-o", out, "--threads", "1"],
        }
        for way in WAYS[kind]:
            name = kind.removesuffix("-small")
            contest[way] = lambda out, way=way, name=name: [PYTHON, SCRIPTS / "peer_records.py", name, way, source, out]
        for path in source.iterdir():
            warm(path)
        found = interleave(contest, options.rounds, OUT, f"{kind}, ")
        results += [{"kind": kind, **result} for result in found]
        ours = median(found, "gridloom", "wall_seconds")
        lines += [
            f"\n{WORDS[kind]}: {count:,} files, {data / 1e6:,.0f} MB. Medians of {options.rounds} rounds.\n",
            "| | wall | CPU | MB/s | peak RSS | output | gridloom is faster |",
            "|---|--:|--:|--:|--:|--:|--:|",
        ]
        for name in contest:
            wall, cpu, rss, size = (median(found, name, field) for field in ("wall_seconds", "cpu_seconds", "peak_rss_bytes", "output_bytes"))
            faster = "" if name.startswith("gridloom") else f"{wall / ours:.1f}"
            lines.append(f"| {name} | {wall:.2f} s | {cpu:.2f} s | {data / 1e6 / wall:,.0f} | {rss / 2**20:,.0f} MiB | {size / 1e6:,.1f} MB | {faster} |")
    limit = RELEASE / "examples" / "records_limit"
    if limit.exists():
        told = subprocess.run([limit, large, str(options.rounds)], capture_output=True, text=True, check=True).stdout
        lines += ["\nReading alone, one thread, against loops that know their columns:\n", "```", told.rstrip(), "```"]
    return results, "\n".join(lines) + "\n"
