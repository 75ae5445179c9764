"""gridloom's module for Python on the workloads of scripts/peer_arrays.py, for `scripts/bench --arrays`.

Each change is committed where NumPack's is written; nobody waits for the disk. `mapped` reads through the mapped file, as NumPack does.
"""

import os

import numpy as np


class GridloomPeer:
    def __init__(self, folder, name, rows):
        import gridloom

        self.gridloom, self.folder, self.rows, self.nth = gridloom, folder, rows, 0
        self.how = {"durability": "process", "mmap": name == "gridloom-mapped"}

    def save(self, data):
        self.nth += 1
        self.arrays = self.gridloom.Arrays(self.folder / f"arrays-{self.rows}-{self.nth}.h5", "w", **self.how)
        self.arrays["a"] = data

    def load(self):
        return self.arrays["a"][:]

    def lazy(self):
        return self.arrays["a"]

    def points(self, places):
        return self.arrays["a"][places]

    def replace(self, places, rows):
        self.arrays["a"].replace(places, rows)

    def append(self, rows):
        self.arrays["a"].append(rows)

    def batch(self, places, rows):
        with self.arrays.batch():
            array = self.arrays["a"]
            for place, row in zip(places, rows):
                array[place] = row

    def view(self, places, rows):
        with self.arrays["a"].edit() as array:
            for place, row in zip(places, rows):
                array[place] = row


def records(folder, timed, told, group, name, codec, data):
    import gridloom

    path, nth = None, 0
    what = f"group {group} {name}"

    def write():
        nonlocal path, nth
        nth += 1
        path = folder / f"records-{group}-{name}-{nth}.h5"
        with gridloom.RecordWriter(path, group=group, codec=codec, durability="process") as writer:
            for record in data:
                writer.write(record)

    timed(f"{what} write", 7, write)
    told({"what": f"{what} size", "bytes": os.path.getsize(path)})

    def sequential():
        for _ in gridloom.Records(path):
            pass

    timed(f"{what} sequential", 9, sequential)
    source = gridloom.Records(path)
    places = np.random.default_rng(7).choice(len(data), 1000, replace=False).tolist()
    assert source[places[0]] == data[places[0]]
    timed(f"{what} 1000 random singly", 5, lambda: [source[place] for place in places])
    batches = [places[start:start + 100] for start in range(0, 1000, 100)]
    timed(f"{what} 1000 random in batches", 5, lambda: [source.__getitems__(batch) for batch in batches])
