#!/usr/bin/env python3
"""Writes the same traits of strategies twice: as the model's table of text, and as a region object that holds them.

The region's file has an array of 17 rows in an object in an object, as the model has, and other arrays beside it.
"""

from __future__ import annotations

import argparse
import csv
import io
import pathlib
import pickle
import sys
import types

import numpy as np
import zstandard

NAMES = ("g1", "resopfrac", "tleaf", "twood", "troot", "aleaf", "awood", "aroot", "c4", "leaf_n2c", "awood_n2c", "froot_n2c",
         "leaf_p2c", "awood_p2c", "froot_p2c", "amp", "pdia")


def traits(count):
    """As the model makes them: some are 0 of grasses, one is a truth value."""
    rng = np.random.default_rng(7)
    table = {name: rng.uniform(0.001, 1, count) for name in NAMES}
    grass = rng.random(count) < 0.07
    table |= {"g1": rng.uniform(1, 20, count), "tleaf": rng.uniform(0.083, 5, count), "twood": rng.uniform(0.083, 150, count)}
    table["c4"] = (grass & (rng.random(count) < 0.7)).astype(float)
    for name in ("twood", "awood", "awood_n2c", "awood_p2c"):
        table[name] = np.where(grass, 0, table[name])
    return np.asfortranarray(np.array([table[name] for name in NAMES], "f4"))


def region(table):
    """An object of classes that only the model has."""
    modules = {name: types.ModuleType(name) for name in ("region", "metacommunity")}
    for module, name in (("region", "region"), ("metacommunity", "pls_table")):
        setattr(modules[module], name, type(name, (), {"__module__": module}))
    sys.modules.update(modules)
    held = modules["metacommunity"].pls_table()
    held.__dict__.update(table=table, npls=table.shape[1], ntraits=17, shape=table.shape, id=np.arange(table.shape[1]))
    whole = modules["region"].region()
    soil = tuple(np.ones((3, 4)) for _ in range(3))
    whole.__dict__.update(name=pathlib.PurePosixPath("run"), soil_data=(soil, soil), pls_table=held, lats=np.zeros(3, "f4"))
    return whole


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("csv", type=pathlib.Path)
    parser.add_argument("region", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=3000)
    options = parser.parse_args()
    table = traits(options.count)
    with options.csv.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("PLS_id", *NAMES))
        writer.writerows((float(number), *map(str, column)) for number, column in enumerate(table.T))
    stream = io.BytesIO()
    with zstandard.ZstdCompressor(level=3).stream_writer(stream, closefd=False) as writer:
        writer.write(pickle.dumps(region(table), protocol=4))
    options.region.write_bytes(stream.getvalue())


if __name__ == "__main__":
    main()
