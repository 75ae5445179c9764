"""Evaluates a model's map anew, with numpy, xarray and CDO's conservative remapping: check_evaluate.py PROGRAM MODEL FOLDER

MODEL is a daily file of gridloom. Observations are made up in FOLDER: a map of months on a grid that is turned, coarser, shifted, counted from 0 to 360
degrees and has gaps, in other units; stations of days and of half hours with gaps. Prints how many numbers were compared."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import netCDF4
import numpy as np
import pandas as pd
import xarray as xr

program, model_path, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
random = np.random.default_rng(7)
compared = 0


def run(*arguments, status=0):
    done = subprocess.run([program, "evaluate", model_path, *map(str, arguments), "--json"], capture_output=True, text=True)
    assert done.returncode == status, (arguments, done.returncode, done.stderr)
    return json.loads(done.stdout), done.stderr


def near(found, wanted, what, tolerance=1e-9):
    global compared
    compared += 1
    if wanted is None or np.isnan(wanted):
        assert found is None, (what, found)
        return
    assert found is not None and abs(found - wanted) <= tolerance * max(1e-3, abs(wanted)), (what, found, wanted)


def scores(weight, model, observed):
    weight, model, observed = map(np.asarray, (weight, model, observed))
    mean = lambda values: np.sum(weight * values) / np.sum(weight)
    mm, mo = mean(model), mean(observed)
    sm, so = np.sqrt(mean((model - mm) ** 2)), np.sqrt(mean((observed - mo) ** 2))
    r = mean((model - mm) * (observed - mo)) / (sm * so)
    return {
        "model_mean": mm,
        "observed_mean": mo,
        "bias": mm - mo,
        "rmse": np.sqrt(mean((model - observed) ** 2)),
        "ubrmse": np.sqrt(mean((model - mm - observed + mo) ** 2)),
        "correlation": r,
        "model_sd": sm,
        "observed_sd": so,
        "nse": 1 - np.sum(weight * (model - observed) ** 2) / np.sum(weight * (observed - mo) ** 2),
        "kge": 1 - np.sqrt((r - 1) ** 2 + (sm / so - 1) ** 2 + (mm / mo - 1) ** 2),
    }


def same(found, wanted, what, tolerance=1e-9):
    for key, value in wanted.items():
        near(found["scores"][key], value, (what, key), tolerance)


# The model's months that are whole, by xarray.
model = xr.open_dataset(model_path, decode_timedelta=False)
variable = [name for name in model.data_vars if model[name].dims == ("time", "lat", "lon")][0]
daily = model[variable].astype("f8").load()
count = daily.time.resample(time="MS").count()
months = daily.resample(time="MS").mean(skipna=False).isel(time=(count == count.time.dt.days_in_month).values)
units = model[variable].attrs["units"]
assert units == "kg m-2 year-1" or units.startswith("g m-2"), units

# A map on a grid of its own: 0.8 x 0.7 degrees, from south to north, from 0 to 360.
lat_edges = np.arange(-1.3, 8.0, 0.8)
lon_edges = np.arange(288.15, 297.0, 0.7)
lat, lon = (lat_edges[1:] + lat_edges[:-1]) / 2, (lon_edges[1:] + lon_edges[:-1]) / 2
times = months.time.to_index()
later = times.append(times[-1:] + pd.DateOffset(months=1))
scale = float(np.nanmean(months))
observed = scale * random.uniform(0.2, 2.0, (len(later), len(lat), len(lon)))
observed[random.random(observed.shape) < 0.25] = np.nan
other_units, factor = ("g m-2 month-1", 1000.0 / 12.0) if units.startswith("kg") else ("kg " + units[2:], 1e-3)
path = folder / "observed.nc"
with netCDF4.Dataset(path, "w") as file:
    for name, edges, unit in (("lat", lat_edges, "degrees_north"), ("lon", lon_edges, "degrees_east")):
        file.createDimension(name, len(edges) - 1)
        own = file.createVariable(name, "f8", (name,))
        own[:], own.units, own.standard_name, own.bounds = (edges[1:] + edges[:-1]) / 2, unit, {"lat": "latitude", "lon": "longitude"}[name], name + "_bnds"
    file.createDimension("bnds", 2)
    for name, edges in (("lat", lat_edges), ("lon", lon_edges)):
        file.createVariable(name + "_bnds", "f8", (name, "bnds"))[:] = np.stack([edges[:-1], edges[1:]], 1)
    file.createDimension("time", None)
    time = file.createVariable("time", "f8", ("time",))
    time.units, time.calendar, time.bounds, time.standard_name = "days since 1900-01-01", "standard", "time_bnds", "time"
    begin = [(stamp - pd.Timestamp("1900-01-01")).days for stamp in later]
    end = [(stamp + pd.DateOffset(months=1) - pd.Timestamp("1900-01-01")).days for stamp in later]
    time[:] = [(one + other) / 2 for one, other in zip(begin, end)]
    file.createVariable("time_bnds", "f8", ("time", "bnds"))[:] = np.stack([begin, end], 1)
    own = file.createVariable("flux", "f8", ("time", "lat", "lon"), fill_value=-9999.0)
    own.units, own.cell_methods = other_units, "time: mean area: mean"
    own[:] = np.ma.masked_invalid(observed * factor)

# Remapped by plain sums over all pairs of cells.
m_lat, m_lon = model["lat_bnds"].values, model["lon_bnds"].values


def shares(own, other, turn):
    low, high = own.min(1)[:, None], own.max(1)[:, None]
    return np.maximum(0, np.minimum(high, other[1:] + turn) - np.maximum(low, other[:-1] + turn))


sines = lambda degrees: np.sin(np.radians(degrees))
of_rows = shares(sines(m_lat), sines(lat_edges), 0)
of_columns = shares(m_lon, lon_edges, -360.0)
valid = ~np.isnan(observed)
area = np.einsum("yi,xj,tij->tyx", of_rows, of_columns, valid)
total = np.einsum("yi,xj,tij->tyx", of_rows, of_columns, np.where(valid, observed, 0))
whole = np.ptp(sines(m_lat), axis=1)[:, None] * np.ptp(m_lon, axis=1)[None, :]
with np.errstate(invalid="ignore", divide="ignore"):
    remapped = np.where(area / whole >= 0.5, total / area, np.nan)[: len(times)]

# Areas of cells on WGS 84, by the sum of thin strips.
a, e2 = 6378137.0, 0.0066943799901413165


def strip(south, north, width):
    edges = np.radians(np.linspace(south, north, 2001))
    middle = (edges[1:] + edges[:-1]) / 2
    of = a * a * (1 - e2) * np.cos(middle) / (1 - e2 * np.sin(middle) ** 2) ** 2
    return float(np.sum(of * np.diff(edges)) * np.radians(width))


areas = np.array([[strip(min(y), max(y), x[1] - x[0]) for x in m_lon] for y in m_lat])
days = months.time.dt.days_in_month.values.astype("f8")
weight = days[:, None, None] * areas[None]
both = ~np.isnan(months.values) & ~np.isnan(remapped)
assert both.sum() > 50, both.sum()
listed = folder / "north-list.csv"
inside = [(float(y), float(x)) for y in model["lat"].values if y >= 3.9 for x in model["lon"].values]
listed.write_text("lat,lon\n" + "".join(f"{y},{x}\n" for y, x in inside))
found, said = run(path, "--area", "north=90,3.9,-180,180", "--mask", listed)
again = found["scored"].pop()
assert again["name"] == "north-list" and again["scores"] == found["scored"][1]["scores"]
assert found["units"] == units and found["every"] == "monthly" and "converted from" in said, found
everything, north = found["scored"]
assert everything["scores"]["pairs"] == both.sum(), (everything, both.sum())
same(everything, scores(weight[both], months.values[both], remapped[both]), "map", 1e-7)
part = both & (model["lat"].values >= 3.9)[None, :, None]
assert north["scores"]["pairs"] == part.sum() and 0 < part.sum() < both.sum()
same(north, scores(weight[part], months.values[part], remapped[part]), "part", 1e-7)
for month in everything["cycle"]:
    own = both & (months.time.dt.month.values == month["month"])[:, None, None]
    assert month["pairs"] == own.sum()
    near(month["model"], np.average(months.values[own], weights=weight[own]), "cycle", 1e-7)
    near(month["observed"], np.average(remapped[own], weights=weight[own]), "cycle", 1e-7)

# Years of months that both have; each must have half of its days.
yearly, _ = run(path, "--every", "year", "--coverage", "0.5")
own_years, others, weights = [], [], []
for year, index in pd.Series(range(len(times)), times.year).groupby(level=0):
    index = index.values
    length = 366.0 if pd.Timestamp(f"{year}-01-01").is_leap_year else 365.0
    for y, x in np.ndindex(*areas.shape):
        there = index[both[index, y, x]]
        if days[there].sum() >= 0.5 * length:
            own_years.append(np.average(months.values[there, y, x], weights=days[there]))
            others.append(np.average(remapped[there, y, x], weights=days[there]))
            weights.append(areas[y, x] * length)
assert yearly["scored"][0]["scores"]["pairs"] == len(weights) > 0
if len(weights) > 1:
    same(yearly["scored"][0], scores(weights, own_years, others), "years", 1e-7)

# What CDO makes of the same map.
if shutil.which("cdo"):
    out = folder / "remapped.nc"
    environment = {**os.environ, "REMAP_AREA_MIN": "0.5"}
    subprocess.run(["cdo", "-s", f"remapcon,{model_path}", path, out], check=True, env=environment)
    with netCDF4.Dataset(out) as file:
        of_cdo = np.ma.filled(file["flux"][: len(times)].astype("f8"), np.nan) / factor
    edge = np.abs(area / whole - 0.5)[: len(times)] < 1e-6
    assert np.array_equal(np.isnan(of_cdo) | edge, np.isnan(remapped) | edge)
    where = ~np.isnan(of_cdo) & ~np.isnan(remapped)
    assert np.abs(of_cdo[where] / remapped[where] - 1).max() < 1e-4, np.abs(of_cdo[where] / remapped[where] - 1).max()
    compared += int(where.sum())

# Stations: one in a cell with values, one beside the model's cells, one far from times, in days and half hours.
has = np.argwhere(~np.isnan(daily.isel(time=0).values))
y, x = has[len(has) // 2]
at = (float(model.lat[y]) + 0.11, float(model.lon[x]) - 0.07)
series = daily.isel(lat=y, lon=x).to_series()
dates = series.index[10:200]
values = {date: series[date] * random.uniform(0.5, 1.5) for date in dates if random.random() < 0.7}


def write(name, rows, head="station,lat,lon,date,value"):
    path = folder / name
    path.write_text(head + "\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))
    return path


rows = [("near", *at, date.date(), values.get(date, "NA")) for date in dates]
far = [("lost", *at, "2300-01-01", 1.0)]
found, said = run(write("days.csv", rows + far), "--output", folder / "written", status=3)
assert "left out: station lost" in said and [one["name"] for one in found["scored"]] == ["all", "near"], (found, said)
place = found["scored"][1]["place"]
assert (place["cell_lat"], place["cell_lon"]) == (float(model.lat[y]), float(model.lon[x]))
own = pd.Series(values)
same(found["scored"][1], scores(np.ones(len(own)), series[own.index], own), "station")
assert [pair["period"] for pair in found["pairs"]] == [str(date.date()) for date in own.index]
with (folder / "written" / "scores.csv").open() as file:
    lines = list(csv.DictReader(file))
assert [line["name"] for line in lines] == ["all", "near"] and float(lines[1]["rmse"]) == found["scored"][1]["scores"]["rmse"]
with (folder / "written" / "pairs.csv").open() as file:
    assert len(list(csv.DictReader(file))) == len(own)

# The same by half hours, in other units, and by months of days that both have.
halves = [("near", *at, f"{date.date()}T{h // 2:02}:{30 * (h % 2):02}", value * factor * (0.5 + h / 47)) for date, value in values.items() for h in range(48)]
found, _ = run(write("halves.csv", halves), "--observed-units", other_units, "--every", "month", "--coverage", "0.6")
table = pd.DataFrame({"model": series[own.index], "observed": own})
groups = table.groupby(table.index.to_period("M"))
wanted = [(period.days_in_month, group.mean()) for period, group in groups if len(group) >= 0.6 * period.days_in_month]
assert found["scored"][1]["scores"]["pairs"] == len(wanted) > 1, (found, len(wanted))
same(found["scored"][1], scores([days for days, _ in wanted], [one["model"] for _, one in wanted], [one["observed"] for _, one in wanted]), "months")
print(compared)
