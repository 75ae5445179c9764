"""What the benchmarks have in common: how a command is measured, and the runs that they are of."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = ROOT / "scripts"
WORK = ROOT / "target" / "bench"
PYTHON = ROOT / ".tools" / "python" / "bin" / "python"
RELEASE = ROOT / "target" / "release"

SCALE_MEMORY = "512MiB"
# What counts as output; the checkpoint does not.
FILES = (".nc", ".parquet", ".csv")


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def measure(command, out, keep=False):
    """Runs a command to its end; wall and CPU seconds, peak memory of its largest process, bytes written."""
    if not keep:
        shutil.rmtree(out, ignore_errors=True)
    # What an earlier run left dirty must not be written on this one's time.
    os.sync()
    with tempfile.TemporaryFile() as stdout:
        started = time.monotonic()
        process = subprocess.Popen([str(part) for part in command], stdout=stdout, cwd=ROOT)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        stdout.seek(0)
        text = stdout.read().decode()
    if process.returncode:
        sys.exit(f"bench: exit status {process.returncode} of: {' '.join(map(str, command))}")
    files = [path for path in out.rglob("*") if path.is_file()] if out.exists() else []
    result = {
        "wall_seconds": wall,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_rss_bytes": usage.ru_maxrss * 1024,
        "output_bytes": sum(path.stat().st_size for path in files if path.suffix in FILES),
        "command": [str(part) for part in command],
    }
    try:
        result["report"] = json.loads(text)
    except ValueError:
        pass
    shutil.rmtree(out, ignore_errors=True)
    return result


def warm(run):
    """Reads every dump once, so that no round pays for the disk."""
    for path in run.glob("grd_*/spin*.pkz"):
        path.read_bytes()


def cold(folder):
    """Drops what is below a folder, or a file, from the page cache; it must be on the disk for that."""
    os.sync()
    for path in [folder] if folder.is_file() else folder.rglob("*"):
        if path.is_file():
            handle = os.open(path, os.O_RDONLY)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(handle)


def median(results, contender, field):
    return statistics.median(r[field] for r in results if r["contender"] == contender)


def make_run(name, *arguments):
    run = WORK / name
    if not run.exists():
        say(f"making {run.relative_to(ROOT)}")
        subprocess.run([PYTHON, SCRIPTS / "make-run", run, *arguments], check=True, stdout=sys.stderr)
    return run


def make_large_run(small, options):
    """Ten times the cells, at the same density; their dumps are hard links."""
    return make_run(f"{small.name}x10", "--cells", str(options.cells), "--link-to", str(10 * options.cells), "--from", small,
                    "--periods", str(options.periods), "--years", str(options.years))


def interleave(contest, rounds, out, tell="", prepare=lambda: None):
    """Measures commands in rounds whose order rotates. `contest` has the name and the command that writes to a folder;
    `prepare` is called before each."""
    results = []
    names = list(contest)
    for number in range(rounds):
        turn = number % len(names)
        for contender in names[turn:] + names[:turn]:
            prepare()
            result = measure(contest[contender](out), out)
            say(f"{tell}round {number + 1}, {contender}: {result['wall_seconds']:.2f} s, {result['cpu_seconds']:.2f} s of CPU")
            results.append({"contender": contender, "round": number + 1, **result})
    return results
