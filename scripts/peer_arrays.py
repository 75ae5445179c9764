"""The peers of gridloom's arrays, on the workloads of examples/time_arrays.rs: a line of JSON for each, with the milliseconds of each repetition.

usage: peer_arrays.py FOLDER arrays NAME | records NAME

NAME of arrays: numpack, npy, npz, zarr, h5py, parquet, or the module's own gridloom and gridloom-mapped; of records: array_record or gridloom.
"""

import gc
import json
import os
import shutil
import sys
import time
from pathlib import Path

import numpy as np

import peer_gridloom

FOLDER = Path(sys.argv[1])
COLUMNS = 10


def timed(what, repeat, work):
    times = []
    for _ in range(repeat):
        gc.collect()
        start = time.perf_counter()
        work()
        times.append(round(1e3 * (time.perf_counter() - start), 5))
    told({"what": what, "ms": times})


def told(one):
    print(json.dumps(one), flush=True)


class NumPackPeer:
    changes_in_place = True

    def __init__(self, name, rows):
        from numpack import NumPack

        self.NumPack, self.rows, self.nth = NumPack, rows, 0

    def save(self, data):
        self.nth += 1
        self.pack = self.NumPack(str(FOLDER / f"numpack-{self.rows}-{self.nth}"))
        self.pack.open()
        self.pack.save({"a": data})

    def load(self):
        return self.pack.load("a")

    def lazy(self):
        return self.pack.load("a", lazy=True)

    def points(self, places):
        return self.pack.getitem("a", places)

    def replace(self, places, rows):
        self.pack.replace({"a": rows}, places)

    def append(self, rows):
        self.pack.append({"a": rows})

    def batch(self, places, rows):
        with self.pack.batch_mode():
            for place, row in zip(places, rows):
                array = self.pack.load("a")
                array[place] = row
                self.pack.save({"a": array})

    def view(self, places, rows):
        with self.pack.writable_batch_mode() as view:
            array = view.load("a")
            for place, row in zip(places, rows):
                array[place] = row


class NpyPeer:
    changes_in_place = False

    def __init__(self, name, rows):
        self.rows, self.nth = rows, 0

    def save(self, data):
        self.nth += 1
        self.path = FOLDER / f"array-{self.rows}-{self.nth}.npy"
        np.save(self.path, data)

    def load(self):
        return np.load(self.path)

    def lazy(self):
        return np.load(self.path, mmap_mode="r")

    def points(self, places):
        return np.array(self.lazy()[places])

    def replace(self, places, rows):
        array = np.load(self.path, mmap_mode="r+")
        array[places] = rows
        del array

    def append(self, rows):
        np.save(self.path, np.concatenate([self.load(), rows]))

    def view(self, places, rows):
        array = np.load(self.path, mmap_mode="r+")
        for place, row in zip(places, rows):
            array[place] = row
        del array

    batch = view


class NpzPeer:
    def __init__(self, name, rows):
        self.rows, self.nth = rows, 0

    def save(self, data):
        self.nth += 1
        self.path = FOLDER / f"array-{self.rows}-{self.nth}.npz"
        np.savez(self.path, a=data)

    def load(self):
        return np.load(self.path)["a"]

    def lazy(self):
        return np.load(self.path)

    def points(self, places):
        return self.load()[places]

    def replace(self, places, rows):
        array = self.load()
        array[places] = rows
        np.savez(self.path, a=array)

    def append(self, rows):
        np.savez(self.path, a=np.concatenate([self.load(), rows]))

    batch = replace
    view = replace


class ParquetPeer:
    def __init__(self, name, rows):
        self.rows, self.nth = rows, 0

    def save(self, data):
        self.nth += 1
        self.path = FOLDER / f"array-{self.rows}-{self.nth}.parquet"
        self.write(data)

    def write(self, data):
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.table({f"c{n}": np.ascontiguousarray(data[:, n]) for n in range(data.shape[1])}), self.path)

    def load(self):
        import pyarrow.parquet as pq

        return np.column_stack([column.to_numpy() for column in pq.read_table(self.path).columns])

    def lazy(self):
        import pyarrow.parquet as pq

        return pq.ParquetFile(self.path)

    def points(self, places):
        return self.load()[places]

    def replace(self, places, rows):
        array = self.load()
        array[places] = rows
        self.write(array)

    def append(self, rows):
        self.write(np.concatenate([self.load(), rows]))

    batch = replace
    view = replace


class H5pyPeer:
    def __init__(self, name, rows):
        self.rows, self.nth = rows, 0

    def save(self, data):
        import h5py

        self.nth += 1
        self.path = FOLDER / f"array-{self.rows}-{self.nth}.h5"
        with h5py.File(self.path, "w", libver="latest") as file:
            file.create_dataset("a", data=data, chunks=(102, data.shape[1]), maxshape=(None, data.shape[1]))

    def load(self):
        import h5py

        with h5py.File(self.path) as file:
            return file["a"][...]

    def lazy(self):
        import h5py

        return h5py.File(self.path)["a"]

    def points(self, places):
        import h5py

        # h5py takes places in their order, each once.
        wanted, back = np.unique(places, return_inverse=True)
        with h5py.File(self.path) as file:
            return file["a"][wanted][back]

    def replace(self, places, rows):
        import h5py

        order = np.argsort(places)
        with h5py.File(self.path, "r+") as file:
            file["a"][np.asarray(places)[order]] = rows[order]

    def append(self, rows):
        import h5py

        with h5py.File(self.path, "r+") as file:
            array = file["a"]
            array.resize(array.shape[0] + len(rows), axis=0)
            array[-len(rows):] = rows

    def view(self, places, rows):
        import h5py

        with h5py.File(self.path, "r+") as file:
            for place, row in zip(places, rows):
                file["a"][place] = row

    batch = view


class ZarrPeer:
    def __init__(self, name, rows):
        self.rows, self.nth = rows, 0

    def save(self, data):
        import zarr

        self.nth += 1
        self.path = FOLDER / f"array-{self.rows}-{self.nth}.zarr"
        array = zarr.create_array(self.path, shape=data.shape, dtype=data.dtype, chunks=(16_384, data.shape[1]))
        array[...] = data

    def open(self, mode="r"):
        import zarr

        return zarr.open_array(self.path, mode=mode)

    def load(self):
        return self.open()[...]

    lazy = open

    def points(self, places):
        return self.open().oindex[np.asarray(places)]

    def replace(self, places, rows):
        self.open("r+").oindex[np.asarray(places)] = rows

    def append(self, rows):
        self.open("r+").append(rows)

    def view(self, places, rows):
        array = self.open("r+")
        for place, row in zip(places, rows):
            array[place] = row

    batch = view


def own(name, rows):
    return peer_gridloom.GridloomPeer(FOLDER, name, rows)


PEERS = {
    "gridloom": own, "gridloom-mapped": own,
    "numpack": NumPackPeer, "npy": NpyPeer, "npz": NpzPeer, "zarr": ZarrPeer, "h5py": H5pyPeer, "parquet": ParquetPeer,
}


def arrays(name, rows):
    random = np.random.default_rng(rows)
    data = random.random((rows, COLUMNS), dtype="f4")
    some = data[:100].copy()
    places = random.choice(rows, 1000, replace=False)
    hundred = places[:100].tolist()
    peer = PEERS[name](name, rows)
    slow = name in ("npz", "parquet", "zarr")
    few, many = (3, 5) if slow else (9, 31)
    timed(f"{rows} save", 7, lambda: peer.save(data))
    timed(f"{rows} full load", 9, peer.load)
    timed(f"{rows} lazy open", 99, peer.lazy)
    timed(f"{rows} 1000 random rows", many, lambda: peer.points(places.tolist()))
    timed(f"{rows} replace the first 100 rows", many, lambda: peer.replace(list(range(100)), some))
    timed(f"{rows} replace 100 random rows", many, lambda: peer.replace(hundred, some))
    timed(f"{rows} append 100 rows", many, lambda: peer.append(some))

    def one_by_one():
        for place, row in zip(hundred, some):
            peer.replace([place], row[None])

    timed(f"{rows} 100 changes one by one", 1 if slow else few, one_by_one)
    timed(f"{rows} 100 changes in a batch", few, lambda: peer.batch(hundred, some))
    timed(f"{rows} 100 changes through a view", few, lambda: peer.view(hundred, some))


def test_records():
    return [f"Test record {index}: {'x' * 200}".encode() for index in range(10_000)]


def records(group, name, option):
    from array_record.python import array_record_data_source, array_record_module

    path, nth = "", 0
    data = test_records()
    what = f"group {group} {name}"

    def write():
        nonlocal path, nth
        nth += 1
        path = str(FOLDER / f"records-{group}-{name}-{nth}.array_record")
        writer = array_record_module.ArrayRecordWriter(path, f"group_size:{group},{option}")
        for record in data:
            writer.write(record)
        writer.close()

    timed(f"{what} write", 7, write)
    print(json.dumps({"what": f"{what} size", "bytes": os.path.getsize(path)}))

    def sequential():
        reader = array_record_module.ArrayRecordReader(path)
        for _ in range(reader.num_records()):
            reader.read()
        reader.close()

    timed(f"{what} sequential", 9, sequential)
    # A source for access at random, which reads nothing ahead, is the guide's default.
    with array_record_data_source.ArrayRecordDataSource(path) as source:
        places = np.random.default_rng(7).choice(len(data), 1000, replace=False).tolist()
        assert source[places[0]] == data[places[0]]
        timed(f"{what} 1000 random singly", 5, lambda: [source[place] for place in places])
        batches = [places[start:start + 100] for start in range(0, 1000, 100)]
        timed(f"{what} 1000 random in batches", 5, lambda: [source.__getitems__(batch) for batch in batches])


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    if sys.argv[2] == "arrays":
        for rows in (1_000_000, 100_000):
            arrays(sys.argv[3], rows)
    else:
        for group in (1, 100, 1000):
            if sys.argv[3:] == ["gridloom"]:
                for name, codec in (("none", None), ("lz4", "lz4"), ("zstd", "zstd:3")):
                    peer_gridloom.records(FOLDER, timed, told, group, name, codec, test_records())
                continue
            for name, option in (("none", "uncompressed"), ("snappy", "snappy"), ("zstd", "zstd:3")):
                records(group, name, option)
    for left in FOLDER.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()


if __name__ == "__main__":
    main()
