#!/usr/bin/env python3
"""Compares tables by upstream's names with what CAETE-DVM's `dataframes.py` would make of the same dumps: the files, the columns in their
order, their types and every value, with joblib, numpy and polars as upstream uses them.

Only where the page says so may they differ: the order of variables and rows, the type of floats that went through text, a sum's last digit.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cftime
import joblib
import numpy as np
import polars as pl

CELL = ["grid_y", "grid_x", "latitude", "longitude"]
BIOMASS = ["pls_id", "vp_cleaf", "vp_croot", "vp_cwood", "count", "cveg", "ocp", "year"]
METADATA = ["variable_name", "long_name", "units", "standart_name", "significant_digits"]


def cells(run):
    """Folders of cells, by row and column."""
    named = [(tuple(map(int, path.name[4:].split("-"))), path) for path in run.glob("grd_*-*")]
    return sorted(named)


def days_of(path, variables):
    """What upstream makes of a period: a frame, and its dates as a file's name has them."""
    dump = joblib.load(path)
    dates = cftime.num2date(np.arange(dump["sind"], dump["eind"] + 1), dump["time_unit"], dump["calendar"])
    days = [date.strftime("%Y-%m-%d") for date in dates]
    columns = {}
    for name in variables:
        values = dump[name]
        if values.ndim == 1:
            columns[name] = values
            continue
        # Added in double precision and rounded once; upstream adds in the type of the dump.
        total = np.zeros(values.shape[1])
        for row in values:
            total = total + row.astype("f8")
        columns[f"{name}_sum"] = total.astype(values.dtype)
        rough = np.sum(values, axis=0)
        assert np.all(np.abs(rough - columns[f"{name}_sum"]) <= 4 * np.spacing(np.abs(rough))), "a sum is another one"
        columns |= {f"{name}_{number + 1}": row.copy() for number, row in enumerate(values)}
    columns["day"] = days
    return pl.DataFrame(columns), days


def biomass_of(path):
    """What upstream makes of a year's communities; `None` where nothing lives."""
    dump = joblib.load(path)
    living = [held for held in dump["communities"].values() if not held["masked"]]
    if not living:
        return None
    data = pl.DataFrame({"pls_id": np.concatenate([held["id"] for held in living])} | {
        name: np.concatenate([held[name] for held in living]) for name in BIOMASS[1:4]})
    means = data.group_by("pls_id").mean().join(data.group_by("pls_id").agg(pl.len().alias("count")), on="pls_id").sort("pls_id")
    leaf, root, wood = (means[name].to_numpy() for name in BIOMASS[1:4])
    total = leaf + root + wood
    share = total / np.sum(total) if np.sum(total) > 0 else np.zeros(len(total))
    share[share < 0] = 0
    return means.with_columns(cveg=pl.Series(total), ocp=pl.Series(share), year=pl.lit(dump["year"], pl.Int64)).select(BIOMASS)


class Check:
    def __init__(self, out, run, variables, years):
        self.out, self.run, self.variables, self.years = out, run, variables, years
        self.files, self.values = set(), 0

    def file(self, name):
        path = self.out / name
        assert path.is_file(), f"{name} is not there; there are {sorted(str(p.relative_to(self.out)) for p in self.out.rglob('*.*'))[:9]}"
        self.files.add(name)
        return path

    def same(self, what, found, wanted, ulps=()):
        assert found.columns == wanted.columns, f"{what}: columns {found.columns}, not {wanted.columns}"
        assert len(found) == len(wanted), f"{what}: {len(found)} rows, not {len(wanted)}"
        for name in wanted.columns:
            own, other = found[name].to_numpy(), wanted[name].to_numpy()
            self.values += len(own)
            if other.dtype.kind != "f":
                assert found[name].dtype == wanted[name].dtype, f"{what}: {name} is of {found[name].dtype}, not {wanted[name].dtype}"
                assert (own == other).all(), f"{what}: {name} differs"
                continue
            # What is missing is NaN there, and nothing here.
            gone = np.isnan(other)
            assert (np.isnan(own.astype("f8")) == gone).all(), f"{what}: {name} lacks other values"
            own, other = own.astype(other.dtype)[~gone], other[~gone]
            # Sums over hundreds of strategies: numpy adds up pairwise, numba in the order of rows, which is none.
            most = 256 if name == "ocp" else 4
            near = np.abs(own - other) <= most * np.spacing(np.abs(other)) if name in ulps else own == other
            assert near.all(), f"{what}: {name} has {own[~near][0]!r}, not {other[~near][0]!r}"

    def periods(self):
        """Sound dumps only: upstream has no way with others."""
        for (y, x), folder in cells(self.run):
            for path in sorted(folder.glob("spin*.pkz")):
                try:
                    frame, days = days_of(path, self.variables)
                except Exception:
                    continue
                yield y, x, frame, days

    def biomass(self):
        for (y, x), folder in cells(self.run):
            years = [biomass_of(path) for path in sorted(folder.glob("metacommunity_*.pkz"))]
            frames = [frame for frame in years if frame is not None and frame["year"][0] in self.years(frame["year"][0])]
            if frames:
                yield y, x, pl.concat(frames)

    def csv(self):
        run = self.run.name
        for y, x, frame, days in self.periods():
            name = f"{run}/grd_{y}-{x}/grd_{y}_{x}_{days[0]}_{days[-1]}.csv"
            types = {column: dtype for column, dtype in frame.schema.items() if dtype.is_float()}
            self.same(name, pl.read_csv(self.file(name), schema_overrides=types), frame)
        for y, x, frame in self.biomass():
            name = f"{run}/grd_{y}-{x}/metacomunity_biomass_{y}-{x}.csv"
            wanted = frame.with_columns(pl.col("count").cast(pl.Int64))
            self.same(name, pl.read_csv(self.file(name)), wanted, BIOMASS[1:4] + BIOMASS[5:7])

    def with_cell(self, y, x, frame):
        lat, lon = np.arange(-89.75, 90, 0.5)[::-1][y], np.arange(-179.75, 180, 0.5)[x]
        return frame.with_columns(pl.lit(y).alias("grid_y"), pl.lit(x).alias("grid_x"), pl.lit(lat).alias("latitude"), pl.lit(lon).alias("longitude"))

    def read(self, name):
        path = self.file(name)
        return pl.read_ipc(path) if path.suffix == ".feather" else pl.read_parquet(path, hive_partitioning=False)

    def consolidated(self, ending, by=None, only=None):
        run = self.run.name
        whole = pl.concat([self.with_cell(y, x, frame) for y, x, frame, _ in self.periods()]).sort(["grid_y", "grid_x", "day"])
        year, month = pl.col("day").str.slice(0, 4), pl.col("day").str.slice(5, 2)
        if by == "month":
            for (a, b), part in whole.with_columns(a=year, b=month).partition_by(["a", "b"], as_dict=True).items():
                name = f"{run}/{run}_partitioned/year={a}/month={b}/part-0.{ending}"
                self.same(name, self.read(name), part.drop("a", "b"))
        elif by == "lat-band":
            for (band,), part in whole.with_columns(band=pl.col("latitude") // 10 * 10).partition_by(["band"], as_dict=True).items():
                name = f"{run}/{run}_partitioned/lat_band={band}/part-0.{ending}"
                self.same(name, self.read(name), part.drop("band"))
        else:
            wanted = whole.with_columns(year=year, month=month) if ending == "parquet" else whole
            self.same(f"{run}/{run}", self.read(f"{run}/{run}.{ending}"), wanted)
        if by == "lat-band":
            return
        frames = [self.with_cell(y, x, frame.with_columns(pl.col("count").cast(pl.Int64))) for y, x, frame in self.biomass()]
        whole = pl.concat(frames).sort(["grid_y", "grid_x", "year", "pls_id"])
        parts = {f"{run}_biomass_{only}" if only else f"{run}_biomass": whole}
        if by == "month":
            parts = {f"{run}_biomass_{number}": part for (number,), part in whole.partition_by(["year"], as_dict=True).items()}
        for name, part in parts.items():
            self.same(name, self.read(f"{name}.{ending}"), part, BIOMASS[1:4] + BIOMASS[5:7])

    def metadata(self):
        name = f"{self.run.name}/output_metadata.csv"
        frame = pl.read_csv(self.file(name))
        assert frame.columns == METADATA, frame.columns
        assert sorted(frame["variable_name"].to_list()) == sorted(self.variables), frame
        assert sum(frame.null_count().row(0)) == 0, frame
        assert all(int(digits) > 0 for digits in frame["significant_digits"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--variables", default="npp,csoil")
    parser.add_argument("--ending", default="csv")
    parser.add_argument("--by")
    parser.add_argument("--only", type=int)
    options = parser.parse_args()
    years = (lambda year: [options.only]) if options.only else (lambda year: [year])
    check = Check(options.out, options.run, options.variables.split(","), years)
    if options.ending == "csv":
        check.csv()
    else:
        check.consolidated(options.ending, options.by, options.only)
    check.metadata()
    there = {str(path.relative_to(options.out)) for path in options.out.rglob("*") if path.is_file()}
    there = {name for name in there if not any(part.startswith(".") for part in Path(name).parts)} - {"report.json"}
    assert there == check.files, sorted(there ^ check.files)[:9]
    print(f"{len(check.files)} files, {check.values} values are upstream's")


if __name__ == "__main__":
    sys.exit(main())
