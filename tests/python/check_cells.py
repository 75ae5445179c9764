"""Compares an archive with the dumps it was made of, both read by other programs: joblib there, h5py, netCDF4 and xarray here.

Usage: check_cells.py RUN ARCHIVE
"""

import json
import sys
import warnings
from pathlib import Path

import h5py
import joblib
import netCDF4
import numpy as np
import xarray

warnings.simplefilter("error")
run, path = Path(sys.argv[1]), sys.argv[2]
values = 0


def same(one, other, what):
    one, other = np.asarray(one), np.asarray(other)
    assert one.shape == other.shape, f"{what}: {one.shape} became {other.shape}"
    assert one.astype(one.dtype.newbyteorder("<")).tobytes() == other.tobytes(), f"{what}: other values"


def check_period(group, dump, number, dates):
    global values
    first, days = dates
    time = group["time"][:]
    if "period" in group:
        own = np.flatnonzero(group["period"][:] == number)
        start = int(own[0])
        assert np.array_equal(own, np.arange(start, start + days))
    else:
        start = int(np.searchsorted(time, first))
    assert np.array_equal(time[start : start + days], np.arange(first, first + days))
    for key, array in dump.items():
        if not isinstance(array, np.ndarray) or array.size == 0:
            continue
        stored = group[key][..., start : start + days]
        assert stored.dtype == array.dtype
        same(array if array.ndim == 1 else np.ascontiguousarray(array), stored, f"{group.name}, {key}")
        values += array.size


def check_years(group, years):
    """Walks the ragged tables as their attributes tell."""
    global values
    table = {name: dataset[:] for name, dataset in group.items()}
    member = community = strategy = 0
    for row, year in enumerate(table["year"]):
        dump = years[int(year)]
        for key in ("cveg", "cleaf", "croot", "cwood", "anpp", "uptake_costs"):
            assert np.float64(dump[key]) == table[key][row]
        mask = np.asarray(dump["mask"])
        assert np.array_equal(mask, table["mask"][member : member + table["members"][row]])
        member += table["members"][row]
        assert table["communities"][row] == len(dump["communities"])
        for number, content in dump["communities"].items():
            assert table["community_number"][community] == number
            count = table["strategies"][community]
            for key, value in content.items():
                if isinstance(value, tuple):
                    codes, percent = zip(*value) if value else ((), ())
                    assert np.array_equal(codes, table[key][strategy : strategy + count])
                    assert np.array_equal(percent, table[f"{key}_percent"][strategy : strategy + count])
                elif isinstance(value, np.ndarray):
                    assert np.array_equal(value, table[key][strategy : strategy + count], equal_nan=True)
                else:
                    assert np.array_equal(value, table[f"community_{key}"][community], equal_nan=True)
                values += np.size(value)
            strategy += count
            community += 1
    assert (member, community, strategy) == tuple(
        group[name].shape[0] if name in group else 0 for name in ("mask", "community_number", "id")
    )


def check_readers(cell):
    """The dimensions have their names, times decode, and both libraries say the same."""
    with netCDF4.Dataset(path) as file, h5py.File(path) as plain:
        group = file[cell]
        days = "step" if "period" in group.variables else "time"
        assert group["csoil"].dimensions == ("csoil_row", days)
        assert group.dimensions[days].isunlimited() == (days == "time")
        group.set_auto_mask(False)
        for name in ("npp", "csoil", "lnc"):
            same(plain[cell][name][:], group[name][:], name)
        assert file.dimensions["cell"].size == len(file.groups)
        assert [name for name in file.groups] == [f"grd_{y}-{x}" for y, x in zip(file["y"][:], file["x"][:])]
    with xarray.open_dataset(path, group=cell) as dataset:
        assert np.issubdtype(dataset.time.dtype, np.datetime64)
        assert dataset.npp.dims == (days,) and float(dataset.lat) == dataset.attrs["lat"]
        if days == "step":
            # A period by itself has its dates.
            assert set(dataset.npp.coords) == {"time", "period", "lat", "lon"}
            number = int(dataset.period[-1])
            one = dataset.set_index(step=["period", "time"]).npp.sel(period=number)
            dump = joblib.load(run / cell / f"spin{number:04}.pkz")
            same(one.values, dump["npp"], f"npp of period {number}")
            assert one.dims == ("time",) and one.indexes["time"].is_monotonic_increasing
        assert dataset.npp.attrs["long_name"] == "Net primary productivity"
    with xarray.open_datatree(path) as tree:
        assert cell in tree.children and tree[cell].npp.size == tree[cell].time.size
    with xarray.open_dataset(path) as root:
        assert root.sizes["cell"] == root.lat.size


with h5py.File(path) as archive:
    cells = [name for name in archive if name.startswith("grd_")]
    assert cells and sorted(cells) == sorted(entry.name for entry in run.glob("grd_*"))
    for name in cells:
        group = archive[name]
        records = [json.loads(line) for line in group["dumps"][:].tobytes().splitlines()]
        years = {}
        for record in records:
            if any(fault[0] is None for fault in record.get("faults", [])):
                continue
            dump = joblib.load(run / name / record["file"])
            if "period" in record:
                check_period(group, dump, record["period"], record["days"])
            else:
                years[record["year"]] = dump
        assert len(records) >= len(list((run / name).iterdir()))
        if years:
            check_years(group["annual"], years)
check_readers(cells[0])
print(f"{run.name}: {len(cells)} cells, {values} values are the dumps'")
