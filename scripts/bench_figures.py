"""The benchmarks of figures, for `scripts/bench --figures`: maps of 45,000 days against the limit, which is to read and inflate the
same chunks on the same cores, and against xarray with matplotlib; and a hundred figures of one file against one."""

from __future__ import annotations

import statistics
import subprocess

from bench_common import PYTHON, RELEASE, SCRIPTS, WORK, interleave, make_run, median, say

OUT = WORK / "out"
STATS = ("mean", "sum", "std", "trend")


def grid():
    """124 years of 2,000 cells in the shape of Amazonia, daily; dumps of 80 cells, the others are links to them."""
    run = make_run("run2000-4x31", "--cells", "2000", "--distinct", "80", "--periods", "4", "--years", "31", "--start", "1900",
                   "--no-communities")
    folder = WORK / "maps2000"
    if not list(folder.glob("npp_*.nc")):
        subprocess.run([RELEASE / "gridloom", "grid", run, "-o", folder, "--variables", "npp", "-q"], check=True)
    [path] = folder.glob("npp_*.nc")
    # Not in this process, whose memory would count as that of those it starts.
    subprocess.run(["cat", path], stdout=subprocess.DEVNULL, check=True)
    return path


def hundred(path, count):
    """A list of figures: maps of stretches of years, and series of cells."""
    def one(index):
        if index == 0:
            return 'kind = "map"'
        if index % 4 == 3:
            return f'kind = "series"\nevery = "year"\nfrom = "{1900 + index // 4}-01-01"'
        stat = STATS[index % 4]
        return f'kind = "map"\nstat = "{stat}"\nfrom = "{1900 + index // 4}-01-01"\nto = "{1975 + index // 4}-12-31"'
    figures = [f'[[figure]]\nname = "f{index}"\ninput = "{path}"\n{one(index)}\n' for index in range(count)]
    file = WORK / f"figures{count}.toml"
    file.write_text('output = "out"\n[defaults]\ndpi = 100\n' + "\n".join(figures))
    return file


def measure_all(options):
    path = grid()
    def plot(stat):
        return lambda out: [RELEASE / "gridloom", "plot", "map", path, "--stat", stat, "-o", out / "map.png", "-q"]
    contest = {
        "limit": lambda out: [RELEASE / "examples" / "limit_chunks", path, "npp"],
        **{f"map, {stat}": plot(stat) for stat in STATS},
        "list of 1": lambda out: [RELEASE / "gridloom", "figures", hundred(path, 1), "-q"],
        "list of 100": lambda out: [RELEASE / "gridloom", "figures", hundred(path, 100), "-q"],
    }
    OUT.mkdir(parents=True, exist_ok=True)
    results = interleave(contest, options.rounds, OUT, "figures, ")
    peer = {"xarray and matplotlib, mean": lambda out: [PYTHON, SCRIPTS / "peer_figures.py", path, "npp", WORK / "peer.png"]}
    results += interleave(peer, 1, OUT, "figures, ")
    limits = {r["round"]: r["report"] for r in results if r["contender"] == "limit"}
    limit = statistics.median(report["limit_seconds"] for report in limits.values())
    report, cpu = limits[1], median(results, "limit", "cpu_seconds")
    lines = [
        f"\nFigures of {path.name}: {report['chunks']} chunks, {report['stored_bytes'] / 1e6:,.0f} MB, inflated "
        f"{report['inflated_bytes'] / 1e6:,.0f} MB. The limit is {limit:.2f} s, {cpu:.2f} s of CPU. Medians; the ratio is of each round.\n",
        "| | wall | times the limit | CPU | times its CPU | peak RSS |", "|---|--:|--:|--:|--:|--:|",
    ]
    for name in [*contest, *peer]:
        if name == "limit":
            continue
        ratios = [r["wall_seconds"] / limits[r["round"]]["limit_seconds"] for r in results if r["contender"] == name]
        lines.append(
            f"| {name} | {median(results, name, 'wall_seconds'):.2f} s | {statistics.median(ratios):.2f} "
            f"| {median(results, name, 'cpu_seconds'):.2f} s | {median(results, name, 'cpu_seconds') / cpu:.2f} "
            f"| {median(results, name, 'peak_rss_bytes') / 2**20:,.0f} MiB |")
    say("a picture's time has the program's start, the digest of the file, and the picture's own encoding in it")
    return results, "\n".join(lines) + "\n"
