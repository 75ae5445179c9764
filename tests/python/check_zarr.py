"""Compares a store with the NetCDF files of the same grids, as zarr, zarrs, tensorstore and xarray read both: check_zarr.py STORE NETCDF...

All types, values, masks and attributes are the same, and nobody warns. Prints how many variables were compared."""

import glob
import os
import sys
import warnings

import netCDF4
import numpy as np
import tensorstore
import xarray as xr
import zarr
import zarrs

warnings.simplefilter("error")

store, files = sys.argv[1], sys.argv[2:]
group = zarr.open_group(store, mode="r")
data = xr.open_zarr(store, consolidated=True)
raw = xr.open_zarr(store, consolidated=True, decode_cf=False)


def bits(values):
    """Values as they are in memory, so that NaN is equal to itself and 0 is not -0."""
    return np.ascontiguousarray(values).reshape(-1).view(np.uint8)


def of_zarrs():
    """All arrays, as zarrs decodes them."""
    assert zarrs.ZarrsCodecPipeline
    with zarr.config.set({"codec_pipeline.path": "zarrs.ZarrsCodecPipeline", "codec_pipeline.strict": True}):
        whole = zarr.open_group(store, mode="r")
        return {name: np.asarray(whole[name][...]) for name in whole.array_keys()}


def same(one, other):
    return one.dtype == other.dtype and one.shape == other.shape and np.array_equal(bits(one), bits(other))


names, decoded = set(), of_zarrs()
for path in files:
    with netCDF4.Dataset(path) as file:
        file.set_auto_maskandscale(False)
        for name, variable in file.variables.items():
            names.add(name)
            own, values = group[name], variable[...]
            assert tuple(own.metadata.dimension_names) == variable.dimensions, name
            assert same(np.asarray(own[...]), np.asarray(values)), name
            assert same(raw[name].values, np.asarray(values)), name
            assert same(decoded[name], np.asarray(values)), name
            assert set(own.attrs) == set(variable.ncattrs()), (name, set(own.attrs) ^ set(variable.ncattrs()))
            for key in set(own.attrs) - {"_FillValue"}:
                assert np.array_equal(own.attrs[key], variable.getncattr(key)), (name, key)
            if "_FillValue" in own.attrs:
                assert own.fill_value == variable.getncattr("_FillValue"), name
            if values.ndim > 0:
                spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{os.path.abspath(store)}/{name}/"}}
                assert same(tensorstore.open(spec).result().read().result(), np.asarray(values)), name
    with xr.open_dataset(path) as own:
        for name in own.data_vars:
            xr.testing.assert_identical(own[name].load(), data[name].load())
assert set(group.array_keys()) == names, set(group.array_keys()) ^ names
# Few files, whatever the number of chunks.
shards = [path for path in glob.glob(store + "/**", recursive=True) if os.path.isfile(path) and not path.endswith("zarr.json")]
assert len(shards) <= 8 * len(names), len(shards)
for key in ("Conventions", "title", "summary", "history", "gridloom_input_digest", "time_coverage_start"):
    assert data.attrs[key], key
print(len(files))
