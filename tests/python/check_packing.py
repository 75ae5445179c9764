"""How gridded files are laid out inside: check_packing.py OUT. Metadata in front of data, opened by few reads, filters in HDF5's order, and others can add."""

import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import netCDF4
import numpy as np

# What a reader may fetch to know all variables and attributes.
HEAD = 1 << 16


class Counted(io.RawIOBase):
    """A file that tells where it was read."""

    def __init__(self, path):
        self.file = open(path, "rb")
        self.end = 0

    def readable(self):
        return True

    def seekable(self):
        return True

    def seek(self, offset, whence=0):
        return self.file.seek(offset, whence)

    def tell(self):
        return self.file.tell()

    def readinto(self, buffer):
        count = self.file.readinto(buffer)
        self.end = max(self.end, self.file.tell())
        return count


def chunks(dataset):
    """The chunks of a dataset, none where it has no chunks."""
    if dataset.chunks is None:
        return []
    return [dataset.id.get_chunk_info(index) for index in range(dataset.id.get_num_chunks())]


def laid_out(path, has_checksum):
    counted = Counted(path)
    with h5py.File(counted, "r") as file:
        for name, dataset in file.items():
            dict(dataset.attrs.items())
        dict(file.attrs.items())
        fields = sum("cell_methods" in dataset.attrs and dataset.ndim > 2 for dataset in file.values())
        most = HEAD + 4096 * (fields - 1)
        assert counted.end <= most, f"{path}: opening it reads up to byte {counted.end}"
        first = min((chunk.byte_offset for dataset in file.values() for chunk in chunks(dataset)), default=None)
        data = [dataset for name, dataset in file.items() if "cell_methods" in dataset.attrs]
        for dataset in data:
            pipeline = dataset.id.get_create_plist()
            order = [pipeline.get_filter(index)[0] for index in range(pipeline.get_nfilters())]
            wanted = [h5py.h5z.FILTER_SHUFFLE] * (dataset.dtype.itemsize > 1) + [h5py.h5z.FILTER_DEFLATE]
            if has_checksum:
                wanted.append(h5py.h5z.FILTER_FLETCHER32)
            assert order == wanted, f"{path}: filters {order}"
            # Finding the chunks reads their index, which is not behind any chunk.
            assert counted.end <= first, f"{path}: the index of chunks ends at {counted.end}, the first chunk is at {first}"
        for name in ("time", file["time"].attrs["bounds"]):
            assert len(chunks(file[name])) == 1, f"{path}: {name} has {len(chunks(file[name]))} chunks"


def added_to(path, folder):
    """Days, attributes, dimensions and variables that netCDF-C adds, many of each."""
    copy = folder / path.name
    shutil.copyfile(path, copy)
    with netCDF4.Dataset(copy, "a") as file:
        file.set_auto_mask(False)
        data = next(one for one in file.variables.values() if hasattr(one, "cell_methods"))
        name, days, before = data.name, len(file.dimensions["time"]), data[:]
        more = 2 * data.chunking()[0] + 5
        file["time"][days : days + more] = np.arange(more) + 1e6
        data[days : days + more] = np.arange(more * before[0].size, dtype=data.dtype).reshape(more, *before.shape[1:])
        for index in range(20):
            file.setncattr(f"file_{index}", "text " * index)
            data.setncattr(f"data_{index}", index)
            file["time"].setncattr(f"time_{index}", float(index))
        for index in range(12):
            file.createDimension(f"dimension_{index}", index + 1)
            file.createVariable(f"dimension_{index}", "f8", (f"dimension_{index}",))[:] = index
        file.createVariable("more", "f4", data.dimensions, zlib=True)[:] = 1
    with netCDF4.Dataset(copy) as file:
        file.set_auto_mask(False)
        assert file[name][:days].tobytes() == before.tobytes(), f"{path}: values changed"
        assert (file[name][days:].ravel() == np.arange(more * before[0].size, dtype=before.dtype)).all(), f"{path}: what was added is not there"
        assert file[name].data_19 == 19 and file.file_19 and file["more"].dimensions == file[name].dimensions
        assert list(file.ncattrs())[:2] == ["Conventions", "title"] and file[name].ncattrs()[0] == "_FillValue"


def main():
    out = Path(sys.argv[1])
    has_checksum = "--no-checksum" not in sys.argv
    files = sorted(out.glob("*.nc"))
    assert files, f"no files in {out}"
    # What CMIP7 asks for; it knows one pipeline, with a checksum or without.
    checker = Path(sys.executable).with_name("check_cmip7_packing")
    said = subprocess.run([checker, *files], capture_output=True, text=True)
    assert said.returncode == 0 and said.stdout.count("PASS") == len(files), said.stdout + said.stderr
    with tempfile.TemporaryDirectory() as folder:
        for path in files:
            laid_out(path, has_checksum)
        for path in files[:3]:
            added_to(path, Path(folder))
    print(f"{len(files)} files")


main()
