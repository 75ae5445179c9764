"""Grids whose rows have names, as netCDF4, h5py and xarray read them: check_labels.py FILE STORE VARIABLE DIMENSION LABEL...

Nobody warns; the labels are an index, so that a row is taken by its name, and the same in both. Prints the sum of each row."""

import sys
import warnings

import h5py
import netCDF4
import numpy as np
import xarray as xr

warnings.simplefilter("error")
path, store, variable, dimension, *labels = sys.argv[1:]

with netCDF4.Dataset(path) as file:
    own = file[dimension]
    assert own.dimensions == (dimension, f"{dimension}_letters"), own.dimensions
    # Letters become texts by themselves, since their encoding is told.
    assert [str(label) for label in own[:]] == labels, own[:]
    assert np.atleast_1d(own.row_numbers).tolist() == list(range(1, len(labels) + 1))
with h5py.File(path) as file:
    assert file[dimension].dtype == "S1" and file[dimension].is_scale
    assert [scale.name for scale in file[variable].dims[1].values()] == [f"/{dimension}"]

with xr.open_dataset(path) as data, xr.open_zarr(store, consolidated=True) as other:
    for opened in (data, other):
        assert [str(label) for label in opened[dimension].values] == labels, opened[dimension]
        assert dimension in opened.indexes
    for label in labels:
        one, two = (opened[variable].sel({dimension: label}).values for opened in (data, other))
        assert np.array_equal(one, two, equal_nan=True)
        print(label, float(np.nansum(one.astype("f8"))))
