"""Opens references as xarray does by kerchunk and fsspec, and compares every array with what netCDF4 reads of the files: check_refs.py REFS NETCDF...

Of grids all variables, of an archive all series of all cells; values bit by bit, masks, attributes and dates. Prints the groups and how many arrays were compared. With `-` for the
files, REFS is a table of places, whose bytes must be those of the chunks that HDF5 tells of: check_refs.py PLACES - NETCDF..."""

import functools
import os
import sys
import warnings

import fsspec
import h5py
import netCDF4
import numpy as np
import xarray as xr

warnings.simplefilter("error")
# pandas warns of fastparquet, by which fsspec reads references as Parquet.
warnings.filterwarnings("ignore", message=".*fastparquet")
# fsspec lists an array's metadata beside the array.
warnings.filterwarnings("ignore", message=".*not recognized as a component")


def same(one, other):
    one, other = np.ascontiguousarray(one), np.ascontiguousarray(other)
    return one.dtype == other.dtype and one.shape == other.shape and np.array_equal(one.reshape(-1).view("u1"), other.reshape(-1).view("u1"))


def groups(store):
    """The root where arrays are in it, or else the groups below it; as Parquet they are sets of their own."""
    if isinstance(store, str):
        names = [name for name in os.listdir(store) if os.path.exists(f"{store}/{name}/.zmetadata")]
        return sorted(names) or [""]
    names = [name for name in store.ls("", detail=False) if not name.startswith(".")]
    below = [name for name in names if f"{name}/.zgroup" in store.ls(name, detail=False)]
    return below or [""]


@functools.cache
def opened(store, group, **options):
    if isinstance(store, str):
        store, group = fsspec.filesystem("reference", fo=f"{store}/{group}".rstrip("/")), ""
    return xr.open_zarr(store.get_mapper(group), zarr_format=2, consolidated=False, **options)


def compare_grid(path, store, names):
    """The group that has the file's variable with the same values."""
    with netCDF4.Dataset(path) as file:
        file.set_auto_maskandscale(False)
        own = {name: variable[...] for name, variable in file.variables.items()}
        field = next(name for name, variable in file.variables.items() if variable.ndim > 2 and "cell_methods" in variable.ncattrs())
    for name in names:
        raw = opened(store, name, decode_cf=False)
        if field in raw and same(raw[field].values, own[field]) and same(raw["time"].values, own["time"]):
            assert all(same(raw[key].values, values) for key, values in own.items())
            with xr.open_dataset(path) as wanted:
                xr.testing.assert_identical(wanted[field].load(), opened(store, name)[field].load())
            return name
    raise AssertionError(f"{path} is in none of {names}")


def compare_archive(path, store, names):
    count = 0
    with netCDF4.Dataset(path) as file:
        for name in names:
            raw = opened(store, name, decode_cf=False)
            for index in range(raw.sizes["cell"]):
                cell = file.groups[f"grd_{raw.grid_y.values[index]:.0f}-{raw.grid_x.values[index]:.0f}"]
                cell.set_auto_maskandscale(False)
                assert same(np.asarray(cell["time"][:], "f8"), raw["time"].values)
                for key in raw.data_vars:
                    if key in cell.variables and key not in ("lat", "lon"):
                        assert same(cell[key][...], raw[key].values[index]), (key, index)
                        count += 1
    return count


def check_places(table, paths):
    """Each chunk that HDF5 tells of is in the table, without the checksum behind it."""
    import pyarrow.feather
    import pyarrow.parquet

    rows = (pyarrow.feather.read_table if table.endswith(".feather") else pyarrow.parquet.read_table)(table).to_pylist()
    found = {(row["location"], row["variable"], tuple(row["index"])): (row["offset"], row["length"]) for row in rows}
    count = 0
    for path in paths:
        with h5py.File(path) as file:
            for name, data in file.items():
                if isinstance(data, h5py.Dataset) and data.ndim > 2 and data.chunks:
                    for number in range(data.id.get_num_chunks()):
                        chunk = data.id.get_chunk_info(number)
                        index = tuple(at // size for at, size in zip(chunk.chunk_offset, data.chunks))
                        offset, length = found[("file://" + path, name, index)]
                        assert offset == chunk.byte_offset and chunk.size - length in (0, 4), (name, index)
                        count += 1
    return count


references, *paths = sys.argv[1:]
if paths[0] == "-":
    print(check_places(references, paths[1:]))
else:
    store = references if references.endswith(".parquet") else fsspec.filesystem("reference", fo=references)
    names = groups(store)
    if len(paths) == 1 and "grd_" in " ".join(netCDF4.Dataset(paths[0]).groups):
        print(len(names), compare_archive(paths[0], store, names))
    else:
        found = {compare_grid(path, store, names) or "root" for path in paths}
        print(" ".join(sorted(found)), len(paths))
    if names == [""]:
        assert xr.open_dataset(references, engine="kerchunk").sizes == opened(store, "").sizes
