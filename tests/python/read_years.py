#!/usr/bin/env python3
"""Prints what yearly dumps hold: a line of JSON for each file named on standard input, in their order.

A float is its bits as 16 hexadecimal digits, those of 32 bits widened; an index that is not defined is null.
"""

from __future__ import annotations

import json
import math
import struct
import sys

import joblib

FIGURES = ("cleaf", "croot", "cwood", "anpp", "uptake_costs")
ARRAYS = ("vp_cleaf", "vp_croot", "vp_cwood", "vp_ocp")
STATES = ("limitation_status_leaf", "limitation_status_root", "limitation_status_wood", "uptk_strat_n", "uptk_strat_p")


def bits(value):
    return struct.pack(">d", float(value)).hex()


def indices(community):
    entropy, diversity, evenness = (community[f"shannon_{name}"] for name in ("entropy", "diversity", "evenness"))
    undefined = [math.isnan(value) or value == -9999 for value in (entropy, diversity, evenness)]
    undefined[2] |= undefined[0]
    return [None if gone else bits(value) for gone, value in zip(undefined, (entropy, diversity, evenness))]


def community(number, held):
    states = [[[int(code), bits(percent)] for code, percent in held[key]] for key in STATES if key in held]
    return {
        "index": number,
        "masked": bool(held["masked"]),
        "ids": held["id"].tolist(),
        "arrays": [[bits(value) for value in held[key]] for key in ARRAYS],
        "states": states or None,
        "figures": [bits(held[key]) for key in FIGURES],
        "shannon": indices(held),
    }


def main():
    for line in sys.stdin:
        dump = joblib.load(line.rstrip("\n"))
        year = {
            "year": dump["year"],
            "mask": [bool(masked) for masked in dump["mask"]],
            "totals": [bits(dump[key]) for key in ("cveg", *FIGURES)],
            "communities": [community(int(key), dump["communities"][key]) for key in sorted(dump["communities"])],
        }
        print(json.dumps(year))


if __name__ == "__main__":
    main()
