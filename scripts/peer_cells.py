"""What people would write and read themselves: all daily series of a run in one store, a group a cell.

h5py: gzip 4, shuffle, one process that writes, one that loads dumps beside it (HDF5 lets one thread in).
Zarr: its zstd, a process a core, each with cells of its own.
Chunks are those of `gridloom cells --tune balanced`. Yearly communities, attributes and digests are left out.
With --read N a store that is there is read as examples/read_archive does: all of it, then N years at random, each opened anew.

usage: peer_cells.py RUN OUT --with h5py|zarr [--read N]
"""

import argparse
import os
import random
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import joblib
import numpy as np

CHUNK_BYTES = 64 << 10


def load(cell):
    """The series of a cell, periods one after another, and their days."""
    dumps = [joblib.load(path) for path in sorted(cell.glob("spin*.pkz"))]
    series = {
        key: np.concatenate([dump[key] for dump in dumps], axis=-1)
        for key, value in dumps[0].items()
        if isinstance(value, np.ndarray) and value.size
    }
    days = np.concatenate([np.arange(dump["sind"], dump["eind"] + 1, dtype="f8") for dump in dumps])
    return cell.name, {"time": days, **series}


def chunks(array):
    days = max(64, CHUNK_BYTES // (array.dtype.itemsize * (array.size // array.shape[-1])) // 64 * 64)
    return (*array.shape[:-1], min(days, array.shape[-1]))


def with_h5py(cells, out):
    import h5py

    with h5py.File(out / "peer.nc", "w", libver="latest") as file, ProcessPoolExecutor(os.cpu_count()) as pool:
        for name, series in pool.map(load, cells):
            group = file.create_group(name)
            for key, array in series.items():
                group.create_dataset(key, data=array, chunks=chunks(array), compression="gzip", compression_opts=4,
                                     shuffle=True, fletcher32=True)


def zarr_cell(task):
    import zarr

    cell, out = task
    name, series = load(cell)
    group = zarr.open_group(out / "peer.zarr" / name, mode="w")
    for key, array in series.items():
        stored = group.create_array(key, shape=array.shape, dtype=array.dtype, chunks=chunks(array))
        stored[...] = array


def with_zarr(cells, out):
    import zarr

    zarr.open_group(out / "peer.zarr", mode="w")
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(zarr_cell, [(cell, out) for cell in cells]))


def read(store, count):
    """Reads all of an open store and then years at random; the same lines as those of examples/read_archive."""
    start = time.perf_counter()
    cells = [name for name in store if name.startswith("grd_")]
    print(f"open and list {len(cells)} cells {1e3 * (time.perf_counter() - start):.2f} ms")
    names = [name for name, array in store[cells[0]].items() if len(array.shape) and name not in ("time", "lat", "lon", "dumps")]
    start, size = time.perf_counter(), 0
    for cell in cells:
        group = store[cell]
        for name in names:
            if name in group:
                size += group[name][...].nbytes
    seconds = time.perf_counter() - start
    print(f"all: {size} bytes in {seconds:.3f} s, {size / seconds / 1e6:.0f} MB/s")
    pick = random.Random(1)
    start = time.perf_counter()
    for _ in range(count):
        group, name = store[pick.choice(cells)], pick.choice(names)
        if name in group:
            array = group[name]
            first = pick.randrange(max(1, array.shape[-1] - 365))
            array[..., first:first + 365]
    print(f"{count} years at random: {1e6 * (time.perf_counter() - start) / count:.1f} us each")


def read_with(library, path, count):
    if library == "h5py":
        import h5py

        with h5py.File(path) as file:
            read(file, count)
    else:
        import zarr

        store = zarr.open_group(path, mode="r")
        read({name: Group(group) for name, group in store.groups()}, count)


class Group:
    """A group of Zarr with what `read` asks of a group of h5py."""

    def __init__(self, group):
        self.group = group

    def items(self):
        return self.group.arrays()

    def __contains__(self, name):
        return name in self.group

    def __getitem__(self, name):
        return self.group[name]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--with", dest="library", choices=("h5py", "zarr"), required=True)
    parser.add_argument("--read", type=int, metavar="N")
    options = parser.parse_args()
    if options.read:
        read_with(options.library, options.out, options.read)
        raise SystemExit
    options.out.mkdir(parents=True, exist_ok=True)
    {"h5py": with_h5py, "zarr": with_zarr}[options.library](sorted(options.run.glob("grd_*")), options.out)
