#!/usr/bin/env python3
"""Writes a spin-up: the first period of a run several times with the same dates, whose states come to rest.

States of a cell lie off those of the first period by a share that shrinks from one period to the next, faster in some cells than in others. One
dump in the middle is left out, one is cut short by ten days, and one lies a day later than the others of its period.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import joblib
import numpy as np

STATES = ("csoil", "snc", "inorg_n", "inorg_p", "nmin", "pmin", "sorbed_n", "sorbed_p", "storage_pool", "wsoil")


def changed(dump, factor):
    held = dict(dump)
    for key in STATES:
        if key in held:
            held[key] = np.asfortranarray((held[key] * factor).astype(held[key].dtype))
    return held


def cut(dump, days):
    """Without its last days."""
    length = dump["eind"] - dump["sind"] + 1
    held = {key: value[..., : length - days] if isinstance(value, np.ndarray) and value.size else value for key, value in dump.items()}
    held = {key: np.asfortranarray(value) if isinstance(value, np.ndarray) else value for key, value in held.items()}
    return held | {"eind": dump["eind"] - days}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--periods", type=int, default=4)
    parser.add_argument("--cells", type=int, default=6)
    options = parser.parse_args()
    made = 0
    for folder in sorted(options.run.glob("grd_*")):
        try:
            dump = joblib.load(folder / "spin0001.pkz")
        except Exception:
            continue
        if made == options.cells:
            break
        (options.out / folder.name).mkdir(parents=True)
        rate = 0.02 if made % 2 else 0.3
        for period in range(1, options.periods + 1):
            held = changed(dump, np.float32(1 + 0.5 * rate ** period))
            if (made, period) == (2, 2):
                continue
            if (made, period) == (3, 3):
                held = cut(held, 10)
            if (made, period) == (4, 1):
                held |= {"sind": held["sind"] + 1, "eind": held["eind"] + 1}
            path = options.out / folder.name / f"spin{period:04}.pkz"
            joblib.dump(held, path, compress=("lz4", 1), protocol=5)
        made += 1
    assert made == options.cells and re.fullmatch(r"grd_\d+-\d+", folder.name)


if __name__ == "__main__":
    main()
