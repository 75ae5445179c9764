"""Compares a NetCDF file of all variables with the files of each, as netCDF4, h5py and xarray read both: check_single.py SINGLE FILE...

All types, values, masks, chunks, filters and attributes are the same, and nobody warns. Prints how many variables were compared."""

import sys
import warnings

import h5py
import netCDF4
import numpy as np
import xarray as xr

warnings.simplefilter("error")


def bits(values):
    """Values as they are in memory, so that NaN is equal to itself and 0 is not -0."""
    return np.ascontiguousarray(values).reshape(-1).view(np.uint8)


def same(one, other):
    return one.dtype == other.dtype and one.shape == other.shape and np.array_equal(bits(one), bits(other))


def pipeline(dataset):
    made = dataset.id.get_create_plist()
    return [made.get_filter(index)[0] for index in range(made.get_nfilters())]


single, files = sys.argv[1], sys.argv[2:]
whole, plain = netCDF4.Dataset(single), h5py.File(single, "r")
whole.set_auto_maskandscale(False)
data = xr.open_dataset(single)
names, dimensions = set(), {}
for path in files:
    with netCDF4.Dataset(path) as file, h5py.File(path, "r") as own_plain:
        file.set_auto_maskandscale(False)
        for name, dimension in file.dimensions.items():
            dimensions[name] = (len(dimension), dimension.isunlimited())
        for name, variable in file.variables.items():
            names.add(name)
            own, values = whole[name], variable[...]
            assert own.dimensions == variable.dimensions, name
            assert own.chunking() == variable.chunking(), name
            assert pipeline(plain[name]) == pipeline(own_plain[name]), name
            assert same(np.asarray(own[...]), np.asarray(values)), name
            assert own.ncattrs() == variable.ncattrs(), name
            for key in own.ncattrs():
                assert np.array_equal(own.getncattr(key), variable.getncattr(key)), (name, key)
    with xr.open_dataset(path) as own:
        for name in own.data_vars:
            xr.testing.assert_identical(own[name].load(), data[name].load())
assert set(whole.variables) == names, set(whole.variables) ^ names
assert {name: (len(one), one.isunlimited()) for name, one in whole.dimensions.items()} == dimensions
for key in ("Conventions", "title", "summary", "history", "gridloom_input_digest", "time_coverage_start"):
    assert whole.getncattr(key), key
assert " --single" in whole.history, whole.history
print(len(files))
