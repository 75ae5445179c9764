"""What the tables of a run must hold, from its dumps alone: joblib and numpy, nothing of gridloom.

A table is a dict of columns, each a pair of values and of whether they are there. Days are texts.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter

import cftime
import joblib
import netCDF4
import numpy as np

FILL = 1e20
TOTALS = ("cveg", "cleaf", "croot", "cwood", "anpp", "uptake_costs")
POOLS = ("vp_cleaf", "vp_croot", "vp_cwood")
FIGURES = ("cleaf", "croot", "cwood", "anpp", "uptake_costs")
INDICES = ("shannon_entropy", "shannon_diversity", "shannon_evenness")
PROCESSES = {
    "limitation_leaf": "limitation_status_leaf",
    "limitation_root": "limitation_status_root",
    "limitation_wood": "limitation_status_wood",
    "uptake_n": "uptk_strat_n",
    "uptake_p": "uptk_strat_p",
}
# Columns of `limitation`, and the codes that each counts.
LIMITED = {"none": (0,), "nitrogen": (1,), "phosphorus": (2,), "colimited": (4, 5, 6)}
SOLUTION = ("passive", "am_roots", "em_roots", "am_hyphae", "em_hyphae")
PHOSPHATASE = ("phosphatase_am_roots", "phosphatase_em_roots", "phosphatase_am_hyphae", "exudates_em")
SHARES = {name: LIMITED for name in PROCESSES if name.startswith("limitation")} | {
    "uptake_n": {name: (code,) for code, name in enumerate((*SOLUTION, "organic_am", "organic_em"))},
    "uptake_p": {name: (code,) for code, name in enumerate((*SOLUTION, *PHOSPHATASE))},
}
SEMI_MAJOR, FLATTENING = 6378137.0, 1 / 298.257223563


def load(path):
    """A dump; None where it is damaged."""
    try:
        return joblib.load(path)
    except Exception:
        return None


def latitude(cell):
    return 89.75 - 0.5 * cell[0]


def longitude(cell):
    return -179.75 + 0.5 * cell[1]


def area(cell):
    """Square metres of a cell on the ellipsoid of WGS 84, in closed form."""
    e = np.longdouble(FLATTENING * (2 - FLATTENING)) ** np.longdouble(0.5)
    b = np.longdouble(SEMI_MAJOR) * (1 - np.longdouble(FLATTENING))

    def to_the_equator(degrees):
        s = np.sin(np.deg2rad(np.longdouble(degrees)))
        return s / (1 - (e * s) ** 2) + np.log((1 + e * s) / (1 - e * s)) / (2 * e)

    south, north = latitude(cell) - 0.25, latitude(cell) + 0.25
    return b**2 * np.deg2rad(np.longdouble(0.5)) / 2 * (to_the_equator(north) - to_the_equator(south))


class Run:
    """All sound dumps of a run."""

    def __init__(self, folder, variables=None, start=None, end=None, years=None, traits=None):
        self.dumps, self.years, self.traits = {}, {}, traits
        for path in folder.iterdir():
            match = re.fullmatch(r"grd_(\d+)-(\d+)", path.name)
            if match:
                cell = int(match[1]), int(match[2])
                self.dumps[cell] = [dump for dump in map(load, sorted(path.glob("spin*.pkz"))) if dump]
                self.years[cell] = self.sound_years(path, years)
        self.cells = sorted(self.dumps)
        every = [dump for cell in self.cells for dump in self.dumps[cell]]
        self.calendar, self.unit = every[0]["calendar"], every[0]["time_unit"]
        self.first = min(dump["sind"] for dump in every)
        last = max(dump["eind"] for dump in every)
        self.first = max(self.first, self.day_of(start)) if start else self.first
        last = min(last, self.day_of(end)) if end else last
        self.count = last - self.first + 1
        dates = cftime.num2date(np.arange(self.first, last + 1), self.unit, self.calendar)
        self.days = np.array([f"{date.year:04}-{date.month:02}-{date.day:02}" for date in dates])
        self.shapes(every, variables)

    def day_of(self, text):
        date = cftime.datetime(*map(int, text.split("-")), calendar=self.calendar)
        return int(cftime.date2num(date, self.unit, self.calendar))

    def sound_years(self, folder, wanted):
        found = {}
        for path in sorted(folder.glob("metacommunity_*.pkz")):
            year, dump = int(path.stem.split("_")[1]), load(path)
            if dump and dump["year"] == year and (wanted is None or year in wanted):
                found[year] = dump
        return found

    def shapes(self, every, variables):
        """The usual number of rows and type of each variable, in the order of a dump."""
        self.variables = {}
        for key in max(every, key=len):
            arrays = [dump[key] for dump in every if isinstance(dump.get(key), np.ndarray) and dump[key].size]
            if arrays and (variables is None or key in variables):
                usual = Counter((array.shape[:-1], array.dtype.newbyteorder("=")) for array in arrays)
                self.variables[key] = usual.most_common(1)[0][0]

    def layers(self):
        """(name, key, row) of each layer."""
        for key, (rows, _) in self.variables.items():
            if rows:
                yield from ((f"{key}_{row + 1}", key, row) for row in range(rows[0]))
            else:
                yield key, key, None

    def series(self, cell, key, row):
        """A layer on the whole axis, and which of its days are there."""
        rows, dtype = self.variables[key]
        values, there = np.zeros(self.count, dtype), np.zeros(self.count, bool)
        for dump in self.dumps[cell]:
            array = dump.get(key)
            if not isinstance(array, np.ndarray) or array.shape[:-1] != rows:
                continue
            first = dump["sind"] - self.first
            days = np.arange(first, first + array.shape[-1])
            inside = (days >= 0) & (days < self.count)
            found = array[inside] if row is None else array[row][inside]
            values[days[inside]] = found
            fill = dtype.type(FILL) if dtype.kind == "f" else netCDF4.default_fillvals[dtype.str[1:]]
            there[days[inside]] = ~np.isnan(found) & (found != fill)
        return values, there

    def covered(self, cell):
        """The days that a cell has a dump of."""
        days = np.zeros(self.count, bool)
        for dump in self.dumps[cell]:
            first = dump["sind"] - self.first
            days[max(first, 0) : max(first + dump["eind"] - dump["sind"] + 1, 0)] = True
        return days

    def intervals(self, every):
        """(start, first index, index behind the last, whether it is complete) of each interval."""
        year = np.array([int(day[:-6]) for day in self.days])
        month = np.array([int(day[-5:-3]) for day in self.days])
        months = 12 * year + month - 1
        width = {"month": 1, "season": 3, "year": 12}.get(every)
        if width is None:
            return [(day, index, index + 1, True) for index, day in enumerate(self.days)]
        keys = (months + 1) // 3 * 3 - 1 if every == "season" else months // width * width
        found = []
        for key in np.unique(keys):
            inside = np.flatnonzero(keys == key)
            start, end = (
                cftime.datetime(int(m) // 12, int(m) % 12 + 1, 1, calendar=self.calendar) for m in (key, key + width)
            )
            length = cftime.date2num(end, self.unit, self.calendar) - cftime.date2num(start, self.unit, self.calendar)
            text = f"{start.year:04}-{start.month:02}-01"
            found.append((text, inside[0], inside[-1] + 1, inside.size == length))
        return found


def columns(rows, types):
    """Rows as columns: None and NaN are missing."""
    table = {}
    for index, (name, dtype) in enumerate(types.items()):
        values = [row[index] for row in rows]
        there = np.array([value is not None and value == value for value in values], bool)
        empty = "" if dtype is str else 0
        kept = [value if is_there else empty for value, is_there in zip(values, there)]
        table[name] = np.array(kept, dtype=dtype), there
    return table


CELL = {"grid_y": "i4", "grid_x": "i4", "latitude": "f8", "longitude": "f8"}
YEAR = CELL | {"year": "i4"}


def of_cell(cell):
    return *cell, latitude(cell), longitude(cell)


def daily(run):
    parts = []
    for cell in run.cells:
        covered = run.covered(cell)
        rows = int(covered.sum())
        always = np.ones(rows, bool)
        part = {name: (np.full(rows, value, CELL[name]), always) for name, value in zip(CELL, of_cell(cell))}
        part["day"] = run.days[covered], always
        for key, (rows, dtype) in run.variables.items():
            total, all_there = np.zeros(run.count), np.ones(run.count, bool)
            for name, _, row in (layer for layer in run.layers() if layer[1] == key):
                values, there = run.series(cell, key, row)
                part[name] = values[covered], there[covered]
                total, all_there = total + values, all_there & there
            if rows and dtype.kind == "f":
                with np.errstate(all="ignore"):
                    part[f"{key}_sum"] = total.astype(dtype)[covered], (all_there & ~np.isnan(total))[covered]
        parts.append(part)
    return {name: tuple(np.concatenate([part[name][at] for part in parts]) for at in (0, 1)) for name in parts[0]}


def years_of(run):
    return ((cell, year, run.years[cell][year]) for cell in run.cells for year in sorted(run.years[cell]))


def living(dump):
    return [(int(key), held) for key, held in sorted(dump["communities"].items()) if not held["masked"]]


def entries(held):
    """The places of a community's strategies in the order of their numbers; of the same number the first counts."""
    return np.unique(held["id"], return_index=True)


def biomass(run):
    rows = []
    for cell, year, dump in years_of(run):
        pools, weighted, occupation, alive = {}, {}, {}, living(dump)
        for _, held in alive:
            for number, place in zip(*entries(held)):
                number, own = int(number), [held[pool][place] for pool in POOLS]
                pools.setdefault(number, []).append(own)
                weighted.setdefault(number, []).append(sum(map(float, own)) * float(held["vp_ocp"][place]))
                occupation.setdefault(number, []).append(float(held["vp_ocp"][place]))
        means = {number: np.mean(found, axis=0) for number, found in pools.items()}
        carbon = {number: sum(found) / len(alive) for number, found in weighted.items()}
        total = sum(carbon[number] for number in sorted(carbon))
        for number in sorted(pools):
            own = carbon[number]
            share = None if total != total else own / total if total > 0 and own > 0 else 0.0
            of_cell_too = sum(occupation[number]) / len(alive), own
            density = float(means[number].sum())
            values = *means[number], len(pools[number]), density, share, *of_cell_too, *traits_of(run, number)
            rows.append((*of_cell(cell), year, number, *values))
    types = YEAR | {"pls_id": "i8"} | dict.fromkeys(POOLS, "f8") | {"count": "i4"}
    types |= dict.fromkeys(("cveg", "ocp", "occupation", "carbon"), "f8")
    return columns(rows, types | (run.traits.columns() if run.traits else {}))


def traits_of(run, number):
    return run.traits.of(number) if run.traits else ()


def strategies(run):
    rows = []
    for cell, year, dump in years_of(run):
        for index, held in living(dump):
            for number, place in zip(*entries(held)):
                pairs = [held[key][place] if key in held else (None, None) for key in PROCESSES.values()]
                values = [held[key][place] for key in (*POOLS, "vp_ocp")]
                values += [item for pair in pairs for item in pair]
                rows.append((*of_cell(cell), year, index, number, *values, *traits_of(run, number)))
    types = YEAR | {"community": "i4", "pls_id": "i8"} | dict.fromkeys((*POOLS, "vp_ocp"), "f8")
    for name in PROCESSES:
        types |= {f"{name}_code": "i4", f"{name}_percent": "f8"}
    return columns(rows, types | (run.traits.columns() if run.traits else {}))


def defined(held, name):
    value = held.get(name, -9999)
    entropy = held.get("shannon_entropy", -9999)
    is_open = value == -9999 or (name == "shannon_evenness" and (entropy == -9999 or np.isnan(entropy)))
    return None if is_open else value


def communities(dump):
    return max([len(dump["mask"])] + [int(key) + 1 for key in dump["communities"]])


def community(run):
    rows = []
    for cell, year, dump in years_of(run):
        for index in range(communities(dump)):
            held = dump["communities"].get(index)
            values = [None] * 9 if held is None else [float(held[key]) for key in FIGURES]
            if held is not None:
                values += [*(defined(held, name) for name in INDICES), len(held["id"])]
            rows.append((*of_cell(cell), year, index, *values, held is None or bool(held["masked"])))
    types = YEAR | {"community": "i4"} | dict.fromkeys((*FIGURES, *INDICES), "f8")
    return columns(rows, types | {"strategies": "i4", "masked": "?"})


def cell_year(run):
    rows = []
    for cell, year, dump in years_of(run):
        alive = [held for _, held in living(dump)]
        means = {key: sum(float(held[key]) for held in alive) / len(alive) if alive else None for key in FIGURES}
        means["cveg"] = means["cleaf"] + means["croot"] + means["cwood"] if alive else None
        pairs = [item for key in TOTALS for item in (float(dump[key]), means[key])]
        rows.append((*of_cell(cell), year, communities(dump), len(alive), *pairs))
    types = YEAR | {"communities": "i4", "living": "i4"}
    for name in TOTALS:
        types |= {name: "f8", f"{name}_mean": "f8"}
    return columns(rows, types)


def shares(dump):
    """{column: share} of a year; NaN where no community has codes."""
    found = {}
    for process, groups in SHARES.items():
        codes, weights = [], []
        for _, held in living(dump):
            if PROCESSES[process] not in held:
                continue
            places = entries(held)[1]
            codes.append(np.array([code for code, _ in held[PROCESSES[process]]])[places])
            pools = sum(np.asarray(held[pool], "f8") for pool in POOLS)
            area = np.asarray(held["vp_ocp"], "f8")
            weights.append(np.stack([area, pools * area])[:, places])
        codes = np.concatenate([[], *codes])
        weights = np.concatenate([np.zeros((2, 0)), *weights], axis=1)
        whole = weights.sum(axis=1)
        for group, own in groups.items():
            part = weights[:, np.isin(codes, own)].sum(axis=1)
            for at, of in enumerate(("area", "carbon")):
                found[f"{process}_{group}_{of}"] = part[at] / whole[at] if whole[at] > 0 else np.nan
    return found


def limitation(run):
    rows = [(*of_cell(cell), year, *none_where_nan(shares(dump))) for cell, year, dump in years_of(run)]
    return columns(rows, YEAR | dict.fromkeys(shares({"communities": {}}), "f8"))


def none_where_nan(found):
    return (None if np.isnan(value) else value for value in found.values())


def indices(run, dump):
    """{column: number} of a year: what is made of traits."""
    alive, sums = living(dump), {}
    for _, held in alive:
        pools = sum(np.asarray(held[pool], "f8") for pool in POOLS)
        for number, place in zip(*entries(held)):
            share = float(held["vp_ocp"][place])
            own = sums.setdefault(int(number), np.zeros(2))
            own += np.array([share, pools[place] * share]) / len(alive)
    return run.traits.indices(sums)


def traits(run):
    rows = [(*of_cell(cell), year, *none_where_nan(indices(run, dump))) for cell, year, dump in years_of(run)]
    return columns(rows, YEAR | dict.fromkeys(run.traits.names_of_indices(), "f8"))


def annual_traits(run):
    found = {}
    for cell, year, dump in years_of(run):
        for name, value in indices(run, dump).items():
            found[name, year, cell] = value
    return found


def annual_limitation(run):
    found = {}
    for cell, year, dump in years_of(run):
        for name, value in shares(dump).items():
            found[name, year, cell] = value
    return found


def annual(run):
    """{(name, year, cell): value}; NaN where no community lives."""
    found = {}
    for cell, year, dump in years_of(run):
        alive = [held for _, held in living(dump)]
        lists = {name: [] for name in ("cleaf", "croot", "cwood", "cveg", "evenness", "occupation")}
        for held in alive:
            share = np.asarray(held["vp_ocp"])
            for name in ("cleaf", "croot", "cwood"):
                lists[name].append((held[f"vp_{name}"] * share).sum())
            lists["cveg"].append(sum(lists[name][-1] for name in ("cleaf", "croot", "cwood")))
            lists["occupation"].append(share.sum())
            present = share[share > 0] / share[share > 0].sum()
            if present.size > 1:
                lists["evenness"].append(-(present * np.log(present)).sum() / np.log(present.size))
        for name, values in lists.items():
            found[name, year, cell] = np.mean(values) if values else np.nan
        numbers = [number for held in alive for number in held["id"]]
        found["richness", year, cell] = len(set(numbers)) if alive else np.nan
    return found


def mean_of(values):
    values = values[~np.isnan(values)].astype(np.longdouble)
    return values.sum() / values.size if values.size else np.longdouble(np.nan)


def on_axis(run, cell, key, row):
    values, there = run.series(cell, key, row)
    return np.where(there, values.astype("f8"), np.nan)


def region(run, regions, every):
    """Regions are names and the cells of each."""
    rows = []
    for name, cells in regions.items():
        weights = np.array([area(cell) for cell in cells])
        for layer, key, row in run.layers():
            series = np.array([on_axis(run, cell, key, row) for cell in cells])
            for start, first, end, is_complete in run.intervals(every):
                means = np.array([mean_of(values) for values in series[:, first:end]])
                there = ~np.isnan(means)
                if not there.any():
                    continue
                weight, value = weights[there], means[there]
                mean = (weight * value).sum() / weight.sum()
                std = np.sqrt((weight * (value - mean) ** 2).sum() / weight.sum())
                figures = weight.sum(), mean, (weight * value).sum(), value.min(), value.max(), std
                rows.append((name, layer, start, end - first, is_complete, there.sum(), *map(float, figures)))
    types = {"region": str, "variable": str, "start": str, "days": "i4", "complete": "?", "cells": "i4"}
    return columns(rows, types | dict.fromkeys(("area", "mean", "sum", "minimum", "maximum", "std"), "f8"))


def statistics(values, missing, quantiles):
    days = np.flatnonzero(~np.isnan(values)).astype(np.longdouble)
    values = values[~np.isnan(values)]
    if not values.size:
        return 0, missing, *[None] * (5 + len(quantiles))
    exact = values.astype(np.longdouble)
    mean, middle = exact.sum() / exact.size, days.sum() / days.size
    std = np.sqrt(((exact - mean) ** 2).sum() / (exact.size - 1)) if exact.size > 1 else None
    spread = ((days - middle) ** 2).sum()
    trend = ((days - middle) * (exact - mean)).sum() / spread if exact.size > 1 else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shares = [float(np.quantile(values, quantile)) for quantile in quantiles]
    return values.size, missing - values.size, mean, std, values.min(), values.max(), *shares, trend


def stats(run, by_month, quantiles):
    """`quantiles` by the names of their columns."""
    month = np.array([int(day[-5:-3]) for day in run.days])
    rows = []
    for cell in run.cells:
        for layer, key, row in run.layers():
            values = on_axis(run, cell, key, row)
            for number in range(13 if by_month else 1):
                chosen = values if number == 0 else np.where(month == number, values, np.nan)
                days = run.count if number == 0 else int((month == number).sum())
                rows.append((*of_cell(cell), layer, number, *statistics(chosen, days, quantiles.values())))
    types = CELL | {"variable": str, "month": "i4", "count": "i8", "missing": "i8"}
    types |= dict.fromkeys(("mean", "std", "minimum", "maximum", *quantiles, "trend"), "f8")
    return columns(rows, types)
