#!/usr/bin/env python3
"""Compares all tables of a folder with what the run's dumps say, read on both sides by other libraries than gridloom's.

Exit status 1 and the differences on stderr otherwise. Tables in several files are read as one, in the order of cells.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import netCDF4
import numpy as np
import pyarrow.parquet

import expected_tables as expected
import expected_traits
import read_tables

KEYS = {
    "daily": ("grid_y", "grid_x", "day"),
    "biomass": ("grid_y", "grid_x", "year", "pls_id"),
    "strategies": ("grid_y", "grid_x", "year", "community", "pls_id"),
    "community": ("grid_y", "grid_x", "year", "community"),
    "cell_year": ("grid_y", "grid_x", "year"),
    "limitation": ("grid_y", "grid_x", "year"),
    "traits": ("grid_y", "grid_x", "year"),
    "region": ("region", "variable", "start"),
    "stats": ("grid_y", "grid_x", "variable", "month"),
}
# Rows follow the order of variables and regions that were asked for, so no order of texts is promised.
SORTED = {name: [key for key in keys if key not in ("region", "variable", "month")] for name, keys in KEYS.items()}
SORTED["region"] = []
UNITS = ("units", "sum_units")

# How far apart a number may be: in units of its last place, or relative to it. Everything else is the same to the bit.
ULPS = {
    # A mean of several communities: numpy adds up pairwise from eight on, gridloom in order.
    "biomass": dict.fromkeys(("vp_cleaf", "vp_croot", "vp_cwood", "cveg", "ocp", "occupation", "carbon"), 4),
    "cell_year": {f"{name}_mean": 4 for name in expected.TOTALS},
}
RELATIVE = {
    # Sums over hundreds of strategies: numpy adds up pairwise.
    "limitation": {f"{name}_{group}_{of}": 1e-13 for name, groups in expected.SHARES.items() for group in groups for of in ("area", "carbon")},
    # Here of 64 bits of mantissa, there of 106, and rounded at other places; the area's formula is another one.
    "region": dict.fromkeys(("area", "mean", "sum", "minimum", "maximum", "std"), 1e-12),
    "stats": {"mean": 1e-12, "std": 1e-12, "trend": 1e-9},
}


class Check:
    def __init__(self):
        self.errors, self.values = [], 0

    def error(self, text):
        self.errors.append(text)


def bits(values):
    return values.view(f"u{values.dtype.itemsize}") if values.dtype.kind == "f" else values


def distant(table, name, found, wanted, size):
    """Where values are too far apart; `size` is the greatest of the numbers that they were made of."""
    if table == "traits" and name not in KEYS[table]:
        # Sums over hundreds of strategies; a variance may be what is left of much larger squares, an index is of 0 to 1.
        near = np.abs(found - wanted) <= 1e-9 * np.abs(wanted) + (1e-12 if name.startswith("functional") else 1e-20)
        return ~near & (bits(found) != bits(wanted))
    ulps, relative = ULPS.get(table, {}).get(name), RELATIVE.get(table, {}).get(name)
    if ulps is not None:
        return ~(np.abs(found - wanted) <= ulps * np.spacing(np.abs(wanted))) & (bits(found) != bits(wanted))
    if relative is not None:
        # Where everything cancels out, what is left is rounding.
        least = 1e-15 * size if name in ("mean", "sum", "std", "trend") else 0
        return ~(np.abs(found - wanted) <= relative * np.abs(wanted) + least) & (bits(found) != bits(wanted))
    return bits(found) != bits(wanted)


def compare(check, what, table, found, wanted):
    for name in UNITS:
        if name in found and not all(found[name][1]):
            check.error(f"{what}: {name} are missing for known variables")
    names = [name for name in found if name not in UNITS]
    if names != list(wanted):
        return check.error(f"{what}: has the columns {names}, wanted {list(wanted)}")
    for name, (values, there) in wanted.items():
        own, own_there = found[name]
        if own.size != values.size:
            return check.error(f"{what}: has {own.size} rows, wanted {values.size}")
        if values.dtype == bool and "with h5py" in what:
            # HDF5 knows no truth values.
            own = own.astype(bool)
        if values.dtype.kind != "U" and own.dtype != values.dtype:
            check.error(f"{what}: {name} is of {own.dtype}, wanted {values.dtype}")
            continue
        wrong = own_there != there
        both = own_there & there
        size = np.zeros(values.size)
        if "minimum" in wanted:
            size = np.maximum(*(np.abs(wanted[key][0]) for key in ("minimum", "maximum")))
            size *= wanted["area"][0] if name == "sum" else 1
        wrong[both] |= distant(table, name, own[both], values[both], size[both])
        check.values += int(both.sum())
        if wrong.any():
            first = int(np.flatnonzero(wrong)[0])
            shown = [part[first] if is_there[first] else None for part, is_there in ((own, own_there), (values, there))]
            key = ", ".join(f"{key} {wanted[key][0][first]}" for key in KEYS[table])
            check.error(f"{what}: {name}: {wrong.sum()} differ; at {key}: {shown[0]!r}, wanted {shown[1]!r}")
    return None


def check_schema(check, path, table, wanted):
    """What Arrow's schema says, and what Parquet says of the order."""
    schema, notes = read_tables.schema(path)
    if schema is None:
        return
    for note in ("title", "calendar", "gridloom_version"):
        if note.encode() not in notes:
            check.error(f"{path.name}: does not say {note}")
    # Of texts, which days of other calendars are, only their writer knows the order.
    there = [name for name in SORTED[table] if name != "year" or year_of(path) is None]
    wanted_order = [name for name in there if not pyarrow.types.is_dictionary(schema.field(name).type)]
    by = notes.get(b"sorted_by", b"").decode()
    if by != ",".join(wanted_order):
        check.error(f"{path.name}: says that it is sorted by {by!r}, which is {wanted_order}")
    for field in schema:
        notes = field.metadata or {}
        if b"long_name" not in notes:
            check.error(f"{path.name}: {field.name} has no long_name")
        is_number = wanted[field.name][0].dtype.kind in "fi" if field.name in wanted else False
        varies = table in ("region", "stats") and field.name not in ("grid_y", "grid_x", "latitude", "longitude")
        # What nobody can say in units of UDUNITS.
        is_known = not field.name.startswith("g1")
        if is_number and is_known and not varies and not notes.get(b"units"):
            check.error(f"{path.name}: {field.name} has no units")
        if field.name in KEYS[table] and field.nullable:
            check.error(f"{path.name}: {field.name} may be null, but is of the key")
    if path.suffix == ".parquet":
        metadata = pyarrow.parquet.ParquetFile(path).metadata
        for group in range(metadata.num_row_groups):
            columns = metadata.row_group(group).sorting_columns
            said = [schema.names[column.column_index] for column in columns]
            if said != wanted_order:
                check.error(f"{path.name}: row group {group} says that it is sorted by {said}")


def check_key(check, what, table, found):
    keys = list(zip(*(found[name][0].tolist() for name in KEYS[table])))
    if len(set(keys)) != len(keys):
        check.error(f"{what}: two rows have the same key")
    order = list(zip(*(found[name][0].tolist() for name in SORTED[table])))
    if order != sorted(order):
        check.error(f"{what}: is not sorted by {SORTED[table]}")


def check_annual(check, folder, wanted, relative):
    count = 0
    for name in sorted({name for name, _, _ in wanted}):
        paths = sorted(folder.glob(f"annual_{name}_*.nc"))
        if len(paths) != 1:
            check.error(f"annual_{name}: {len(paths)} files")
            continue
        with netCDF4.Dataset(paths[0]) as file:
            values = np.ma.filled(file[name][:].astype("f8"), np.nan)
            years = [date.year for date in netCDF4.num2date(file["time"][:], file["time"].units, file["time"].calendar)]
            lat, lon = file["lat"][:].tolist(), file["lon"][:].tolist()
        seen = np.zeros(values.shape, bool)
        for (own, year, cell), value in wanted.items():
            if own != name:
                continue
            place = years.index(year), lat.index(expected.latitude(cell)), lon.index(expected.longitude(cell))
            seen[place] = True
            # Sums of products, in the same order or another.
            if not (abs(values[place] - value) <= relative * abs(value) or np.isnan([values[place], value]).all()):
                check.error(f"{paths[0].name}: {cell}, {year}: {values[place]!r}, wanted {value!r}")
            count += 1
        if not np.isnan(values[~seen]).all():
            check.error(f"{paths[0].name}: has values where no cell or year is")
    check.values += count


def regions_of(run, text):
    """`north:170-1/170-2 …` as names and cells; all cells otherwise."""
    if not text:
        return {"all": run.cells}
    named = (part.split(":") for part in text)
    return {name: [tuple(map(int, cell.split("-"))) for cell in cells.split("/")] for name, cells in named}


def quantiles_of(found):
    return {name: float(name[1:].replace("_", ".")) / 100 for name in found if name[0] == "q" and name[1:2].isdigit()}


def wanted_of(run, table, found, options):
    if table == "region":
        return expected.region(run, regions_of(run, options.regions), options.every)
    if table == "stats":
        return expected.stats(run, options.by_month, quantiles_of(found))
    return getattr(expected, table)(run)


def files_of(folder, table):
    """A table's only file, or those of its folder."""
    direct = [path for path in folder.glob(f"{table}.*") if path.is_file()]
    return direct or sorted(folder.glob(f"{table}/**/part-0.*")) or sorted(folder.glob(f"{table}_grd_*")) or (
        sorted(folder.glob("grd_*")) if table == "daily" else []
    )


def joined(parts, table):
    """Rows of several files, in the order of their key."""
    if len(parts) == 1:
        return parts[0]
    whole = {name: tuple(np.concatenate([part[name][at] for part in parts]) for at in (0, 1)) for name in parts[0]}
    order = [whole[name][0] for name in reversed(KEYS[table]) if name not in ("variable", "month")]
    order = np.lexsort(order)
    return {name: (values[order], there[order]) for name, (values, there) in whole.items()}


def year_of(path):
    """The year that a folder's name says: the files of it have no such column, but those of HDF5."""
    named = [part.removeprefix("year=") for part in path.parts if part.startswith("year=")]
    return int(named[0]) if named and read_tables.kind_of(path) != "h5" else None


def with_year(found, path, table):
    """Columns with the year behind those of the cell, as the table has it that is not cut into files."""
    year = year_of(path)
    if year is None or "year" not in KEYS[table]:
        return found
    assert "year" not in found, f"{path}: has a column that its folder says"
    columns = list(found.items())
    rows = columns[0][1][0].size
    columns.insert(4, ("year", (np.full(rows, year, "i4"), np.ones(rows, bool))))
    return dict(columns)


def check_table(check, run, table, files, options):
    _, first = next(iter(read_tables.readings(files[0], {})))
    wanted = wanted_of(run, table, first, options)
    types = {name: values.dtype for name, (values, _) in wanted.items()}
    by_reader = {}
    for path in files:
        for reader, found in read_tables.readings(path, types):
            found = with_year(found, path, table)
            by_reader.setdefault(reader, []).append(found)
            check_key(check, f"{path.name} with {reader}", table, found)
        check_schema(check, path, table, wanted)
    for reader, parts in by_reader.items():
        what = f"{table} in {len(files)} {read_tables.kind_of(files[0])} with {reader}"
        found = joined(parts, table)
        compare(check, what, table, found, wanted)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--every", default="month")
    parser.add_argument("--by-month", action="store_true")
    parser.add_argument("--variables", type=lambda text: text.split(","))
    parser.add_argument("--from", dest="start")
    parser.add_argument("--to", dest="end")
    parser.add_argument("--years", type=lambda text: {int(year) for year in text.split(",")})
    parser.add_argument("--traits", type=expected_traits.Traits)
    parser.add_argument("--regions", nargs="*", help="NAME:Y-X/Y-X…")
    parser.add_argument("--tables", type=lambda text: text.split(","), help="these must be there and no others")
    options = parser.parse_args()
    check = Check()
    run = expected.Run(options.run, options.variables, options.start, options.end, options.years, options.traits)
    seen = []
    for table in KEYS:
        files = files_of(options.out, table)
        if files:
            seen.append(table)
            check_table(check, run, table, files, options)
    for kind, pattern, relative in (("annual", "annual_cveg_*.nc", 1e-14), ("annual_limitation", "annual_limitation_*.nc", 1e-13), ("annual_traits", "annual_functional_*.nc", 1e-9)):
        if list(options.out.glob(pattern)):
            seen.append(kind)
            check_annual(check, options.out, getattr(expected, kind)(run), relative)
    if options.tables and set(seen) != set(options.tables):
        check.error(f"has {seen}, wanted {options.tables}")
    for text in check.errors[:20]:
        print(f"check_tables: {text}", file=sys.stderr)
    print(f"check_tables: {options.out}: {', '.join(seen)}: {check.values} values, {len(check.errors)} errors")
    return 1 if check.errors or not seen else 0


if __name__ == "__main__":
    sys.exit(main())
