"""Reads grids of steps of any length, on any grid, as users do: check_steps.py FOLDER TABLES GRID, where GRID is the grid and its cells as JSON. The values are those of tests/mixed/steps/source.rs, computed here by the dates that
xarray gives, so that a step at a wrong date is found."""

import glob
import json
import os
import sys

import cftime
import numpy as np
import pandas as pd
import xarray as xr

folder, tables, grid = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
CELLS = [tuple(cell) for cell in grid["cells"]]
NORTH, WEST, HEIGHT, WIDTH = (grid[name] for name in ("north", "west", "height", "width"))


def place(data, row, column):
    """Indices of a cell by its coordinates."""
    y, x = ("y", "x") if grid["projection"] else ("lat", "lon")
    wanted = NORTH - HEIGHT * (row + 0.5), WEST + WIDTH * (column + 0.5)
    found = [int(np.argmin(abs(data[name].values - value))) for name, value in zip((y, x), wanted)]
    for name, value, index in zip((y, x), wanted, found):
        assert abs(data[name].values[index] - value) < 1e-9 * max(1, abs(value)), (name, value)
    return found


def check_projection(data):
    """Latitudes, longitudes and areas by PROJ, of the projection that the grid mapping says."""
    from pyproj import CRS, Geod, Transformer

    crs = CRS.from_cf(data["crs"].attrs)
    to_degrees = Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    x, y = np.meshgrid(data.x.values, data.y.values)
    lon, lat = to_degrees.transform(x, y)
    np.testing.assert_allclose(data.lat.values, lat, atol=1e-8)
    np.testing.assert_allclose(data.lon.values, lon, atol=1e-8)
    assert CRS.from_user_input(grid["projection"]).equals(crs, ignore_axis_order=True) or np.allclose(
        Transformer.from_crs(grid["projection"], crs.geodetic_crs, always_xy=True).transform(x, y), (lon, lat), atol=1e-8
    )
    geod = Geod(a=crs.ellipsoid.semi_major_metre, b=crs.ellipsoid.semi_minor_metre)
    for j in range(data.y.size):
        for i in range(data.x.size):
            corners = data["lon_bnds"].values[j, i], data["lat_bnds"].values[j, i]
            area, _ = geod.polygon_area_perimeter(*corners)
            assert area > 0 and abs(data["cell_area_lat_lon"].values[j, i] / area - 1) < 1e-5, (area, data["cell_area_lat_lon"].values[j, i])
    assert data["level"].attrs["grid_mapping"] == "crs" and {"lat", "lon"} <= set(data["level"].coords)



def value(cell, step):
    row, column = cell
    number = (row * 31 + column * 7 + step * 13) % 101
    return np.float32(np.nan) if number == 100 else np.float32(number * 0.25 - 3.0)


checked = 0
for path in sorted(glob.glob(os.path.join(folder, "level_sensors_*.nc"))):
    raw = xr.open_dataset(path, decode_times=False)
    units, calendar = raw.time.attrs["units"], raw.time.attrs["calendar"]
    coder = xr.coders.CFDatetimeCoder(use_cftime=True)
    data = xr.open_dataset(path, decode_times=coder)
    dates, bounds = data.time.values, raw["time_bnds"].values
    codes = xr.open_dataset(path.replace("level_", "code_"), decode_times=False)["code"].values
    # Each step ends where the next begins, and begins at its own time.
    assert (bounds[1:, 0] == bounds[:-1, 1]).all() and (bounds[:, 0] == raw.time.values).all()
    resolution = raw.attrs["time_coverage_resolution"]
    reference = cftime.num2date(0, units, calendar)
    level = data["level"].values
    if grid["projection"]:
        check_projection(data)
    for index, date in enumerate(dates):
        if resolution.endswith("M") and "T" not in resolution:
            # The calendar may have no year 0.
            years = date.year - reference.year + (not date.has_year_zero and date.year < 0 < reference.year)
            step, rest = divmod(years * 12 + date.month - reference.month, int(resolution[1:-1]))
            assert rest == 0, date
            assert (date.day, date.hour) == (1, 0), date
        elif resolution == "P1Y":
            step = date.year - reference.year
            assert (date.month, date.day, date.hour) == (1, 1, 0), date
        else:
            length = pd.Timedelta(resolution).total_seconds()
            seconds = (date - reference).total_seconds()
            step = round(seconds / length)
            assert abs(seconds - step * length) < 1e-3, date
        for row, column in CELLS:
            j, i = place(data, row, column)
            expected, found = value((row, column), step), level[index, j, i]
            assert (np.isnan(expected) and np.isnan(found)) or expected == found, (date, row, column, expected, found)
            assert codes[index, j, i] == np.int16(step)
            checked += 1
assert checked > 0

for path in glob.glob(os.path.join(folder, "level_*_mean_*.nc")):
    whole = xr.open_dataset(path, decode_times=False)
    daily = xr.open_dataset(glob.glob(os.path.join(folder, "level_sensors_*.nc"))[0], decode_times=False)
    starts = daily.time.values
    ends = daily["time_bnds"].values[:, 1]
    variable = daily["level"].values.astype("f8")
    weight = ends - starts if daily.attrs["time_coverage_resolution"].endswith(("M", "Y")) and "T" not in daily.attrs["time_coverage_resolution"] else np.ones(len(starts))
    for index, (begin, end) in enumerate(whole["time_bnds"].values):
        inside = (starts >= begin) & (starts < end)
        part, weights = variable[inside], weight[inside][:, None, None] * ~np.isnan(variable[inside])
        with np.errstate(invalid="ignore"):
            mean = np.nansum(part * weights, axis=0) / weights.sum(axis=0)
        found = whole["level"].values[index]
        np.testing.assert_allclose(found, mean.astype(found.dtype), rtol=1e-6)
        checked += 1

# Tables: every row by its own time.
import h5py

raw = xr.open_dataset(glob.glob(os.path.join(folder, "level_sensors_*.nc"))[0], decode_times=False)
is_day = raw.attrs["time_coverage_resolution"] == "P1D"
column = "day" if is_day else "time"
decoded = xr.open_dataset(glob.glob(os.path.join(folder, "level_sensors_*.nc"))[0], decode_times=xr.coders.CFDatetimeCoder(use_cftime=True))
starts = [date.isoformat(timespec="seconds") for date in decoded.time.values]
# Steps of a day and more are told by their dates.
is_within = "T" in resolution and pd.Timedelta(resolution) < pd.Timedelta("P1D")
wanted = {}
for index, start in enumerate(starts):
    for row, column_ in CELLS:
        j, i = place(raw, row, column_)
        wanted[(row, column_, start if is_within else start.split("T")[0])] = raw["level"].values[index, j, i]


def moment(value):
    text = str(value).replace(" ", "T")
    text = text if "T" in text or not is_within else text + "T00:00:00"
    # Texts of other calendars have no seconds.
    text = text + ":00" if is_within and text.count(":") == 1 else text
    sign = len(text) - len(text.lstrip("-"))
    return text[: sign + 19] if is_within else text[: sign + 10]


frames = {
    "parquet": pd.read_parquet(os.path.join(tables, "parquet", "daily")),
    "feather": pd.read_feather(os.path.join(tables, "feather", "daily.feather")),
    "csv": pd.read_csv(os.path.join(tables, "csv", "daily.csv")),
}
for name, frame in frames.items():
    assert len(frame) == len(wanted), (name, len(frame), len(wanted))
    for row, column_, start, level in zip(frame["grid_y"], frame["grid_x"], frame[column], frame["level"]):
        expected = wanted[(row, column_, moment(start))]
        assert (np.isnan(expected) and np.isnan(level)) or np.float32(level) == expected, (name, row, column_, start)
        checked += 1
with h5py.File(os.path.join(tables, "hdf5", "daily.h5")) as file:
    times = file["time"][column]
    assert times.shape == (len(wanted),)
    if times.attrs.get("units") == "milliseconds since 1970-01-01":
        assert list(pd.to_datetime(times[:], unit="ms")) == list(pd.to_datetime(frames["csv"][column]))
print(f"{checked} checked")
