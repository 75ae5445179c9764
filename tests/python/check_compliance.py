#!/usr/bin/env python3
"""Runs compliance-checker (CF 1.11 and ACDD 1.3) on an output and allows no finding that is not explained here."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TESTS = ("cf:1.11", "acdd:1.3")

# Data variables whose quantity the CF standard name table has; these must bear a standard_name.
NAMED = r"photo|npp|aresp|rm|rg|hresp|lai|csoil(_\d+)?|litter_l|litter_fr|cwd|evapm|runom|wsoil|tsoil"

# Findings that are no fault: checker, finding (its heading, a colon, its message) and the reason.
ALLOWED = (
    ("acdd", r"Global Attributes: (acknowledgment/acknowledgement|comment|project|processing_level|id|naming_authority"
             r"|institution|license|creator_\w+|publisher_\w+) not present",
     "only the user can say these; they come from the configuration where it has them"),
    ("acdd", r"Global Attributes: geospatial_(vertical_\w+|bounds_vertical_crs) not present", "the data have no vertical axis"),
    ("acdd", rf'variable "(?!({NAMED})")\w+" missing .*: standard_name', "the standard name table has no name for the quantity"),
)

# The same for aggregates, which are named by interval and statistic.
ALLOWED_OF_AGGREGATES = (
    (r"_(day|month|season|year)_\w+_|^annual_", r"time_coverage_extents_match: Date time mismatch .*",
     "time is the middle of an interval, and what is covered goes from the first day of all to the last"),
    (r"_(sum|std)_", r'variable "\w+" missing .*: standard_name', "a sum or a spread is another quantity"),
)


def findings(path):
    """(checker, priority, finding) of everything that the checker holds against a file."""
    program = Path(sys.executable).with_name("compliance-checker")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [program, *(f"--test={test}" for test in TESTS), "--format=json", f"--output={report}", path]
        done = subprocess.run(command, capture_output=True, text=True)
        if not report.exists():
            raise RuntimeError(f"compliance-checker failed: {done.stderr.strip() or done.stdout.strip()}")
        results = json.loads(report.read_text())
    missing = {test for test in TESTS if test not in results}
    if missing:
        raise RuntimeError(f"compliance-checker did not run {', '.join(sorted(missing))}")
    for test in TESTS:
        for priority in ("high", "medium", "low"):
            for result in results[test][f"{priority}_priorities"]:
                for message in result["msgs"]:
                    heading = result["name"].rstrip(":")
                    yield test.split(":")[0], priority, f"{heading}: {message}"


def allowed(name, checker, finding):
    if any(checker == own and re.fullmatch(pattern, finding, re.DOTALL) for own, pattern, _ in ALLOWED):
        return True
    aggregates = (pattern for names, pattern, _ in ALLOWED_OF_AGGREGATES if re.search(names, name))
    return checker == "acdd" and any(re.fullmatch(pattern, finding, re.DOTALL) for pattern in aggregates)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="a .nc file, or a folder of which the smallest is taken")
    parser.add_argument("--every", action="store_true", help="check every file of the folder")
    options = parser.parse_args()
    files = [options.out]
    if options.out.is_dir():
        files = sorted(options.out.glob("*.nc"), key=lambda path: (path.stat().st_size, path.name))
        files = files if options.every else files[:1]
    if not files:
        print(f"check_compliance: {options.out}: no .nc files", file=sys.stderr)
        return 1
    bad = excused = 0
    for path in files:
        try:
            for checker, priority, finding in findings(path):
                if allowed(path.name, checker, finding):
                    excused += 1
                    continue
                bad += 1
                print(f"check_compliance: {path.name}: {checker}, {priority}: {finding}", file=sys.stderr)
        except (RuntimeError, OSError, ValueError) as error:
            bad += 1
            print(f"check_compliance: {path.name}: {error}", file=sys.stderr)
    print(f"check_compliance: {len(files)} files, {bad} findings, {excused} allowed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
