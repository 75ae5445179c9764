#!/usr/bin/env python3
"""Reads gridded files with xarray, netCDF4 and h5py, and checks that they are what the conventions promise.

Every warning of xarray is an error. The readers must agree bit for bit, and structure, attributes, filters and the cell
areas must be those of docs/: lat from north to south at exact centres, bounds, grid mapping, fill values.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import sys
import warnings
from pathlib import Path

import h5py
import netCDF4
import numpy as np
import xarray

FILL = 1e20
RESOLUTION = 0.5
REAL_WORLD = {"standard", "gregorian", "proleptic_gregorian"}
WGS84_A, WGS84_F = 6378137.0, 1 / 298.257223563
SHOWN = 30

GLOBALS = (
    "Conventions", "title", "summary", "source", "history", "geospatial_lat_min", "geospatial_lat_max", "geospatial_lon_min",
    "geospatial_lon_max", "time_coverage_start", "time_coverage_end",
)
AXES = {
    "time": {"standard_name": "time", "axis": "T", "bounds": "time_bnds"},
    "lat": {"standard_name": "latitude", "axis": "Y", "bounds": "lat_bnds", "units": "degrees_north"},
    "lon": {"standard_name": "longitude", "axis": "X", "bounds": "lon_bnds", "units": "degrees_east"},
}
CRS = {
    "grid_mapping_name": "latitude_longitude", "semi_major_axis": WGS84_A, "inverse_flattening": 1 / WGS84_F,
    "longitude_of_prime_meridian": 0.0,
}


def zone_area(south, north, width):
    """Area between two parallels and over `width` degrees of longitude on the WGS 84 ellipsoid, in m2."""
    e = math.sqrt(WGS84_F * (2 - WGS84_F))
    b = WGS84_A * (1 - WGS84_F)

    def part(lat):
        s = math.sin(math.radians(lat))
        return s / (2 * (1 - (e * s) ** 2)) + math.atanh(e * s) / (2 * e)

    return b * b * math.radians(width) * (part(north) - part(south))


class File:
    """The checks of one file; what is wrong goes to `errors`."""

    def __init__(self, path):
        self.path = path
        self.errors = []

    def expect(self, condition, text):
        if not condition:
            self.errors.append(f"{self.path.name}: {text}")

    def attributes(self, owner, name, wanted):
        for key, value in wanted.items():
            found = getattr(owner, key, None)
            self.expect(found == value, f"{name}:{key} is {found!r}, wanted {value!r}")

    def check(self):
        with netCDF4.Dataset(self.path) as file:
            file.set_auto_maskandscale(False)
            data = [v for v in file.variables.values() if {"time", "lat", "lon"} <= set(v.dimensions)]
            self.expect(len(data) == 1, f"{len(data)} variables over time, lat, lon")
            self.structure(file)
            for variable in data:
                self.data(file, variable)
            self.axes(file)
            self.area(file)
            names = [variable.name for variable in data]
            arrays = {name: np.asarray(variable[...]) for name, variable in file.variables.items()}
        self.hdf5(arrays)
        for engine in ("netcdf4", "h5netcdf"):
            if importlib.util.find_spec("netCDF4" if engine == "netcdf4" else engine):
                self.xarray(engine, arrays, names)
        return self.errors

    def structure(self, file):
        self.expect(file.data_model == "NETCDF4", f"data model {file.data_model}")
        for name in GLOBALS:
            self.expect(str(getattr(file, name, "")).strip(), f"no global attribute {name}")
        conventions = getattr(file, "Conventions", "")
        self.expect(conventions.startswith(("CF-1.11", "CF-1.12")) and "ACDD-1.3" in conventions, f"Conventions {conventions!r}")
        for name in ("time", "lat", "lon"):
            self.expect(name in file.dimensions, f"no dimension {name}")
        self.expect(file.dimensions["time"].isunlimited(), "time is not unlimited")
        self.expect("crs" in file.variables, "no crs")
        if "crs" in file.variables:
            self.attributes(file["crs"], "crs", CRS)
            self.expect("WGS 84" in getattr(file["crs"], "crs_wkt", ""), "crs:crs_wkt does not name WGS 84")

    def data(self, file, variable):
        name = variable.name
        order = [d for d in variable.dimensions if d in ("time", "lat", "lon")]
        self.expect(order == ["time", "lat", "lon"], f"{name} has dimensions {variable.dimensions}")
        for extra in set(variable.dimensions) - {"time", "lat", "lon"}:
            labels = getattr(variable, "coordinates", "").split()
            labelled = extra in file.variables or any(file[c].dimensions[:1] == (extra,) for c in labels if c in file.variables)
            self.expect(labelled, f"dimension {extra} has no labels")
        kind = variable.dtype
        for key in ("_FillValue", "missing_value"):
            value = np.asarray(getattr(variable, key, np.nan))
            self.expect(value.dtype == kind and value == kind.type(FILL), f"{name}:{key} is {value!r}, wanted {kind.type(FILL)!r}")
        self.attributes(variable, name, {"grid_mapping": "crs", "cell_measures": "area: cell_area_lat_lon"})
        self.expect(getattr(variable, "long_name", ""), f"{name} has no long_name")
        methods = getattr(variable, "cell_methods", "")
        self.expect("area: mean" in methods and ("time: mean" in methods or "time: point" in methods), f"{name}:cell_methods is {methods!r}")
        filters = variable.filters()
        for key in ("shuffle", "fletcher32"):
            self.expect(filters[key], f"{name} has no {key}")
        self.expect(filters["zlib"] or filters.get("zstd"), f"{name} is not compressed")
        self.expect(variable.chunking() != "contiguous", f"{name} is contiguous")

    def axes(self, file):
        for name, wanted in AXES.items():
            if name not in file.variables:
                self.expect(False, f"no coordinate {name}")
                continue
            axis = file[name]
            values = np.asarray(axis[:])
            self.attributes(axis, name, wanted)
            self.expect(axis.dtype == np.float64, f"{name} is {axis.dtype}")
            bounds = file.variables.get(wanted["bounds"])
            self.expect(bounds is not None and bounds.shape == (values.size, 2), f"{name} has no bounds of two")
            for coordinate in (axis, bounds):
                if coordinate is not None:
                    bad = {"_FillValue", "missing_value"} & set(coordinate.ncattrs())
                    self.expect(not bad, f"{coordinate.name} has {', '.join(bad)}")
            if bounds is None:
                continue
            edges = np.asarray(bounds[:])
            low, high = edges.min(axis=1), edges.max(axis=1)
            self.expect(np.all((low <= values) & (values <= high)), f"{name} is outside of its bounds")
            if name == "time":
                self.expect(np.all(np.diff(values) > 0), "time does not increase")
                self.expect(np.all(low == np.floor(values)) and np.all(high - low == 1), "a day's bounds are not [d, d + 1)")
                self.expect(axis.units.startswith("days since "), f"time:units is {axis.units!r}")
                if axis.calendar in REAL_WORLD:
                    self.attributes(axis, name, {"units_metadata": "leap_seconds: none"})
            else:
                cells = (90 - values if name == "lat" else values + 180) / RESOLUTION - 0.5
                self.expect(np.array_equal(cells, np.rint(cells)), f"{name} is not at cell centres")
                self.expect(np.array_equal(np.diff(cells), np.ones(values.size - 1)), f"{name} has gaps or runs the wrong way")
                exact = np.array_equal(low, values - RESOLUTION / 2) and np.array_equal(high, values + RESOLUTION / 2)
                self.expect(exact, f"{name} bounds are not half a cell away")

    def area(self, file):
        area = file.variables.get("cell_area_lat_lon")
        self.expect(area is not None, "no cell_area_lat_lon")
        if area is None:
            return
        self.attributes(area, "cell_area_lat_lon", {"standard_name": "cell_area", "units": "m2"})
        self.expect(area.dimensions == ("lat", "lon"), f"cell_area has dimensions {area.dimensions}")
        wanted = np.array([zone_area(*sorted(edges), RESOLUTION) for edges in np.asarray(file["lat_bnds"][:])])
        worst = np.max(np.abs(np.asarray(area[:]) / wanted[:, None] - 1))
        self.expect(worst < 1e-6, f"cell_area differs by {worst:.1e} from the ellipsoid's")

    def hdf5(self, arrays):
        with h5py.File(self.path) as file:
            for name, values in arrays.items():
                found = file[name][...]
                same = found.dtype == values.dtype and found.tobytes() == values.tobytes() if values.dtype.kind != "O" \
                    else [v.decode() if isinstance(v, bytes) else v for v in found.flat] == list(values.flat)
                self.expect(same, f"h5py and netCDF4 differ in {name}")

    def xarray(self, engine, arrays, names):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                with xarray.open_dataset(self.path, engine=engine) as dataset:
                    dataset.load()
        except Exception as error:
            self.expect(False, f"xarray ({engine}): {type(error).__name__}: {error}")
            return
        first = dataset.time.values[0]
        stamp = first.strftime("%Y%m%d") if hasattr(first, "strftime") else np.datetime_as_string(first, "D").replace("-", "")
        self.expect(f"_{stamp}_" in self.path.name, f"xarray ({engine}) decodes the first day as {stamp}")
        for name in names:
            raw = arrays[name]
            wanted = np.where(raw == raw.dtype.type(FILL), np.nan, raw)
            found = dataset[name].values
            self.expect(found.dtype == raw.dtype, f"xarray ({engine}) makes {name} {found.dtype}")
            self.expect(np.array_equal(found, wanted, equal_nan=True), f"xarray ({engine}) reads other values of {name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="folder of the .nc files, or one of them")
    options = parser.parse_args()
    files = sorted(options.out.glob("*.nc")) if options.out.is_dir() else [options.out]
    errors = [] if files else [f"{options.out}: no .nc files"]
    for path in files:
        try:
            errors += File(path).check()
        except Exception as error:
            errors.append(f"{path.name}: {type(error).__name__}: {error}")
    for text in errors[:SHOWN]:
        print(f"check_readers: {text}", file=sys.stderr)
    if len(errors) > SHOWN:
        print(f"check_readers: and {len(errors) - SHOWN} more", file=sys.stderr)
    print(f"check_readers: {len(files)} files, {len(errors)} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
