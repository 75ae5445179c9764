#!/usr/bin/env python3
"""Compares tables that are made of each period by itself with the dumps, by joblib and pandas alone.

`drift` and `drifting`, and where they are there `daily` and `stats`; all as Parquet.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import cftime
import joblib
import numpy as np
import pandas as pd

STATES = ("csoil", "snc", "inorg_n", "inorg_p", "nmin", "pmin", "sorbed_n", "sorbed_p", "storage_pool", "wsoil",
          "lai", "vcmax", "specific_la", "ls")


def long_table(run, variables):
    """A row a cell, period, day and variable."""
    parts = []
    for path in sorted(run.glob("grd_*/spin*.pkz")):
        y, x = map(int, re.fullmatch(r"grd_(\d+)-(\d+)", path.parent.name).groups())
        dump = joblib.load(path)
        dates = cftime.num2date(np.arange(dump["sind"], dump["eind"] + 1), dump["time_unit"], dump["calendar"])
        days = pd.to_datetime([date.strftime("%Y-%m-%d") for date in dates])
        for key, values in dump.items():
            if not isinstance(values, np.ndarray) or not values.size or key not in variables:
                continue
            rows = {key: values} if values.ndim == 1 else {f"{key}_{row + 1}": part for row, part in enumerate(values)}
            for name, part in rows.items():
                part = np.where(part == 1e20, np.nan, part.astype("f8"))
                parts.append(pd.DataFrame(dict(grid_y=y, grid_x=x, period=int(path.stem[4:]), day=days, variable=name, key=key, value=part)))
    table = pd.concat(parts, ignore_index=True)
    # The axis is that of most dumps of each period; a day off it is left out, which is told.
    spans = table.groupby(["period", "grid_y", "grid_x"]).day.agg(["min", "max"]).groupby("period")
    usual = spans.agg(lambda days: days.mode()[0])
    return table[(table.day >= usual["min"].min()) & (table.day <= usual["max"].max())]


def near(found, wanted, relative=1e-12, least=0.0):
    found, wanted = np.asarray(found, "f8"), np.asarray(wanted, "f8")
    return (np.isnan(found) & np.isnan(wanted)) | (np.abs(found - wanted) <= relative * np.abs(wanted) + least)


def check_drift(table, out, threshold):
    states = table[table.key.isin(STATES)]
    cells, periods = ["grid_y", "grid_x", "variable"], sorted(table.period.unique())
    means = states.pivot_table(index=cells, columns="period", values="value", aggfunc="mean", dropna=False).reindex(columns=periods)
    # Most dumps of a period have its usual length.
    length = table.groupby(["period", "grid_y", "grid_x"]).day.nunique().groupby("period").agg(lambda days: days.mode()[0])
    found = pd.read_parquet(out / "drift.parquet").astype({"variable": str}).set_index(cells)
    means = means[means.index.isin(found.index)]
    assert len(found) == len(means), (len(found), len(means))
    means = means.reindex(found.index)
    change = None
    for before, after in zip([None, *periods], periods):
        assert near(found[f"mean_{after}"], means[after]).all(), f"mean_{after}"
        if before is None:
            continue
        years = (length[before] + length[after]) / 2 / 365.2425
        change = (means[after] - means[before]) / means[before].abs() / years * 100
        change = change.where(means[after] != means[before], 0).where(means[[before, after]].notna().all(axis=1))
        assert near(found[f"change_{after}"], change.replace([np.inf, -np.inf], np.nan), 1e-9, 1e-12).all(), f"change_{after}"
    known = means[periods[-2:]].notna().all(axis=1)
    rest = change.abs() <= threshold
    assert (found.equilibrium.isna() == ~known).all()
    assert (found.equilibrium[known].astype(bool) == rest[known]).all()
    drifting = (known & ~rest).groupby(level=["grid_y", "grid_x"]).sum()
    drifting = drifting[drifting > 0]
    listed = pd.read_parquet(out / "drifting.parquet").set_index(["grid_y", "grid_x"])
    assert listed.index.tolist() == drifting.index.tolist(), (listed.index, drifting.index)
    assert (listed.states == drifting).all()
    for (y, x), row in listed.iterrows():
        wanted = 89.75 - y / 2, x / 2 - 179.75, f"station_{y}-{x}", y, x
        assert (row["lat"], row["lon"], row["station_name"], row["global_y"], row["global_x"]) == wanted
    return len(found), int(rest[known].sum()), len(listed)


def check_stats(table, out):
    keys = ["grid_y", "grid_x", "variable", "period", "month"]
    found = pd.read_parquet(out / "stats.parquet").astype({"variable": str}).set_index(keys)
    months = table.assign(month=table.day.dt.month)
    parts = [table.assign(month=0)]
    if (found.index.get_level_values("month") > 0).any():
        parts.append(months)
    groups = pd.concat(parts).groupby(keys).value
    wanted = groups.agg(["count", "size", "mean", "min", "max", "std", "median"])
    # A month that a dump does not have has no value, and no day.
    own = found[found["count"] + found["missing"] > 0]
    assert set(wanted.index) == set(own.index) and len(own) == len(wanted)
    wanted = wanted.reindex(own.index)
    assert (own["count"] == wanted["count"]).all() and (own.missing == wanted["size"] - wanted["count"]).all()
    for name, own_name in (("mean", "mean"), ("min", "minimum"), ("max", "maximum"), ("std", "std"), ("median", "q50")):
        size = wanted["max"].abs().fillna(0)
        assert near(own[own_name], wanted[name], 1e-9, 1e-12 * size).all(), name
    return len(found)


def area(latitude, step=0.5):
    """Of a cell on WGS 84, by the integral over its latitudes."""
    a, f = 6378137.0, 1 / 298.257223563
    e2 = f * (2 - f)
    phi = np.radians(np.linspace(latitude - step / 2, latitude + step / 2, 2001))
    height = a * a * (1 - e2) * np.cos(phi) / (1 - e2 * np.sin(phi) ** 2) ** 2
    return np.trapezoid(height, phi) * np.radians(step)


def check_region(table, out):
    """Of all cells together."""
    found = pd.read_parquet(out / "region.parquet").astype({"region": str, "variable": str})
    assert set(found.region) == {"all"} and not {"start", "month"} & set(found.columns)
    found = found.set_index(["variable", "period"])
    means = table.groupby(["variable", "period", "grid_y", "grid_x"]).value.mean().dropna().reset_index()
    means["area"] = means.grid_y.map({y: area(89.75 - y / 2) for y in means.grid_y.unique()})
    rows = means.groupby(["variable", "period"])
    assert set(found.index) == set(rows.groups), (found.index, list(rows.groups))
    length = table.groupby(["period", "grid_y", "grid_x"]).day.nunique().groupby("period").agg(lambda days: days.mode()[0])
    for key, part in rows:
        row, mean = found.loc[key], np.average(part.value, weights=part.area)
        assert (row.cells, row.days, row.complete) == (len(part), length[key[1]], True), key
        std = np.sqrt(np.average((part.value - mean) ** 2, weights=part.area))
        size = part.value.abs().max()
        for name, wanted in (("mean", mean), ("sum", mean * part.area.sum()), ("minimum", part.value.min()), ("maximum", part.value.max())):
            assert near(row[name], wanted, 1e-9), (key, name)
        assert near(row["area"], part.area.sum(), 1e-9) and near(row["std"], std, 1e-6, 1e-9 * size), key
    return len(found)


def check_daily(table, out):
    found = pd.read_parquet(out / "daily.parquet")
    names = [name for name in table.variable.unique() if name in found]
    assert found[["grid_y", "grid_x", "period", "day"]].apply(tuple, axis=1).is_monotonic_increasing
    wide = table.pivot(index=["grid_y", "grid_x", "period", "day"], columns="variable", values="value")
    found = found.astype({"day": wide.index.dtypes["day"]}).set_index(["grid_y", "grid_x", "period", "day"])
    assert found.index.equals(wide.index.set_names(found.index.names)), (len(found), len(wide))
    for name in names:
        assert near(found[name], wide[name], 0).all(), name
    return len(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--variables", type=lambda text: text.split(","), required=True)
    parser.add_argument("--equilibrium", type=float, default=0.1)
    options = parser.parse_args()
    table = long_table(options.run, options.variables)
    said = []
    if (options.out / "drift.parquet").exists():
        said.append("drift {}, at rest {}, cells drifting {}".format(*check_drift(table, options.out, options.equilibrium)))
    for name, check in (("stats", check_stats), ("daily", check_daily), ("region", check_region)):
        if (options.out / f"{name}.parquet").exists():
            said.append(f"{name} {check(table, options.out)}")
    print(f"check_periods: {options.out}: {'; '.join(said)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
