"""The benchmarks of arrays and records, for `scripts/bench --arrays`: examples/time_arrays.rs against what Python has for the same."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys

from bench_common import PYTHON, RELEASE, ROOT, SCRIPTS, WORK, say

#: The module's own faces, in the same Python as the others.
OWN = ("gridloom", "gridloom-mapped")
ARRAYS = ("numpack", "npy", "npz", "zarr", "h5py", "parquet")
# The wheels of NumPack from 0.5 on need a newer C library than many clusters have.
PACKAGES = ("numpack==0.4.5", "array_record", "zarr", "h5py", "pyarrow", "numpy")
OUT = WORK / "arrays"


def peers():
    """A Python with the peers: the one of GRIDLOOM_PEERS_PYTHON, else one of our own, made when it is not there."""
    if named := os.environ.get("GRIDLOOM_PEERS_PYTHON"):
        return named
    python = ROOT / ".tools" / "peers" / "bin" / "python"
    if not (python.parent / "installed").exists():
        say(f"installing {', '.join(PACKAGES)}")
        subprocess.run([PYTHON, "-m", "venv", python.parent.parent], check=True, stdout=sys.stderr)
        install = [python, "-m", "pip", "install", "--quiet", "--only-binary", ":all:", *PACKAGES]
        subprocess.run(install, check=True, stdout=sys.stderr)
        (python.parent / "installed").touch()
    return python


def module(python):
    """Installs the wheel of this tree, built as releases are, or the one that GRIDLOOM_WHEEL names; whether that went well."""
    wheel = os.environ.get("GRIDLOOM_WHEEL")
    if wheel is None:
        say("building the wheel")
        built = subprocess.run([SCRIPTS / "wheel", "release", OUT.parent / "wheel"], stdout=subprocess.PIPE, text=True)
        wheel = built.stdout.strip() if built.returncode == 0 else None
    if wheel is None:
        say("the wheel could not be built; the rows of Python are left out")
        return False
    install = [python, "-m", "pip", "install", "--quiet", "--force-reinstall", "--no-deps", wheel]
    return subprocess.run(install, stdout=sys.stderr).returncode == 0


def run(command, name, found):
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    # What an earlier run left dirty must not be written on this one's time.
    os.sync()
    result = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    if result.returncode:
        say(f"{name}: exit status {result.returncode}; left out\n{result.stderr[-600:]}")
        return
    for line in result.stdout.splitlines():
        one = json.loads(line)
        what = one["what"].replace("snappy", "lz4")
        found.setdefault(what, {}).setdefault(name, []).extend(one.get("ms", [one.get("bytes")]))


def interleaved(contest, rounds, found):
    names = list(contest)
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            say(f"round {number + 1}, {name}")
            run(contest[name], name, found)


def text(what, values):
    value = statistics.median(values)
    if what.endswith("size"):
        return f"{value / 1e6:.2f} MB"
    return f"{1e3 * value:,.1f} µs" if value < 1 else f"{value:,.2f} ms"


def ratios(title, found, own, peer):
    """How many times quicker the module is than a peer, row by row; of sizes, how many times smaller."""
    both = {what: statistics.median(times[peer]) / statistics.median(times[own]) for what, times in found.items() if own in times and peer in times}
    lines = [f"\n{title}: times that {own} is quicker than {peer}, or its files smaller.\n", "| | |", "|---|--:|"]
    return lines + [f"| {what} | {ratio:.2g} × |" for what, ratio in both.items()] if both else []


def table(title, found, names):
    lines = [f"\n{title}; medians, warm cache.\n", "| | " + " | ".join(names) + " |", "|---|" + "--:|" * len(names)]
    for what, times in found.items():
        cells = [text(what, times[name]) if name in times else "–" for name in names]
        lines.append(f"| {what} | {' | '.join(cells)} |")
    return lines


def measure_all(options):
    python, program = peers(), RELEASE / "examples" / "time_arrays"
    peer = SCRIPTS / "peer_arrays.py"
    arrays = {"gridloom": [program, OUT, "arrays"]}
    arrays |= {name: [python, peer, OUT, "arrays", name] for name in ARRAYS}
    records = {"gridloom": [program, OUT, "records"], "ArrayRecord": [python, peer, OUT, "records", "array_record"]}
    if module(python):
        arrays |= {f"Python {name}": [python, peer, OUT, "arrays", name] for name in OWN}
        records["Python gridloom"] = [python, peer, OUT, "records", "gridloom"]
    if not program.exists():
        say(f"{program} is not here; the library's own rows are left out")
        del arrays["gridloom"], records["gridloom"]
    results, lines = [], []
    for title, contest in (("Arrays of rows of 10 float32", arrays), ("10,000 records of 217 bytes", records)):
        found = {}
        interleaved(contest, options.rounds, found)
        lines += table(title, found, list(contest))
        for own, peer_name in (("Python gridloom", "numpack"), ("Python gridloom-mapped", "numpack"), ("Python gridloom", "ArrayRecord")):
            lines += ratios(title, found, own, peer_name)
        results += [{"what": what, "contender": name, "values": values} for what, all_of in found.items() for name, values in all_of.items()]
    shutil.rmtree(OUT, ignore_errors=True)
    return results, "\n".join(lines) + "\n"
