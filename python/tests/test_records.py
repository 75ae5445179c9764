"""Records: what was written is what is read, in every way, by Grain and torch as well."""

from __future__ import annotations

import pickle
import random
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

import gridloom


def lines(count: int, seed: int = 1) -> list[bytes]:
    """Records of all lengths, none among them, and some longer than a group."""
    chance = random.Random(seed)
    return [chance.randbytes(chance.choice([0, 1, 10, 200, 200, 3000])) + str(number).encode() * (number % 3) for number in range(count)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.h5"


@pytest.mark.parametrize("group", [1, 10, 1000])
@pytest.mark.parametrize("codec", [None, "lz4", "zstd", "deflate:1"])
def test_records_are_what_they_were(path: Path, group: int, codec: str | None) -> None:
    wanted = lines(3000)
    with gridloom.RecordWriter(path, group=group, codec=codec) as writer:
        writer.write_all(wanted)
    log = gridloom.Records(path)
    assert len(log) == 3000 and list(log) == wanted
    chance = random.Random(3)
    places = [chance.randrange(-3000, 3000) for _ in range(200)]
    assert [log[place] for place in places] == log.__getitems__(places) == [wanted[place] for place in places]
    assert log[10:3:-2] == wanted[10:3:-2] and log[:0] == [] and log[np.int64(4)] == wanted[4]
    assert list(reversed(log))[:3] == wanted[:-4:-1] and wanted[7] in log
    for place in (3000, -3001):
        with pytest.raises(IndexError):
            log[place]
    assert list(gridloom.Records(gridloom.Arrays(path).path, "records")) == wanted


def test_other_programs_read_records(path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    wanted = lines(200)
    with gridloom.RecordWriter(path, "log", group=7, codec="deflate") as writer:
        writer.write_all(wanted)
    with h5py.File(path) as file:
        data, places = file["log"][...].tobytes(), file["log_places"][...]
    assert [data[start : start + length] for start, length in places.tolist()] == wanted


def test_several_files_and_parts_of_them_are_one(tmp_path: Path) -> None:
    wanted = [lines(100, seed) for seed in range(3)]
    paths = [tmp_path / f"{seed}.h5" for seed in range(3)]
    for one, path in zip(wanted, paths, strict=True):
        with gridloom.RecordWriter(path, "log", group=9, codec="lz4") as writer:
            writer.write_all(one)
    log = gridloom.Records(paths, "log")
    everything = sum(wanted, [])
    assert len(log) == 300 and list(log) == everything
    places = [250, 3, 120, 3, -1, 99, 100]
    assert log.__getitems__(places) == [everything[place] for place in places]
    some = gridloom.Records([f"{paths[0]}[90:]", (paths[1], 10, 20), f"{paths[2]}[:5]", (paths[0], 4, 4)], "log")
    expected = wanted[0][90:] + wanted[1][10:20] + wanted[2][:5]
    assert list(some) == expected and [some[place] for place in range(len(some))] == expected
    assert list(gridloom.Records((paths[0], 2, None), "log")) == wanted[0][2:]
    with pytest.raises(IndexError, match="100 records"):
        gridloom.Records(f"{paths[0]}[50:101]", "log")
    assert len(gridloom.Records([], "log")) == 0 and list(gridloom.Records([], "log")) == []


def test_a_representation_tells_the_same_from_others(tmp_path: Path) -> None:
    paths = [tmp_path / "a.h5", tmp_path / "b.h5"]
    for path in paths:
        with gridloom.RecordWriter(path) as writer:
            writer.write_all([b"1", b"2"])
    one, same, part = gridloom.Records(paths), gridloom.Records(paths), gridloom.Records([paths[0], (paths[1], 0, 1)])
    assert repr(one) == repr(same) == repr(pickle.loads(pickle.dumps(one))) != repr(part)
    assert "0x" not in repr(one) and repr(gridloom.Records(paths[0])) == f"gridloom.Records({str(paths[0])!r}, 'records')"


def read(log: gridloom.Records, places: list[int]) -> list[bytes]:
    return log.__getitems__(places)


def test_workers_read_the_state_that_was_open(path: Path) -> None:
    wanted = lines(100)
    with gridloom.RecordWriter(path) as writer:
        writer.write_all(wanted)
    log = gridloom.Records(path)
    with gridloom.RecordWriter(path, mode="a") as writer:
        writer.write(b"later")
    assert len(gridloom.Records(path)) == 101
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        assert pool.submit(len, log).result() == 100
        assert pool.submit(read, log, [5, 99, 0]).result() == [wanted[5], wanted[99], wanted[0]]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(log.__getitem__, range(100))) == wanted


def test_a_writer_that_fails_leaves_what_was_there(path: Path) -> None:
    with gridloom.RecordWriter(path, "log") as writer:
        writer.write(b"one")
    with pytest.raises(ZeroDivisionError), gridloom.RecordWriter(path, "log", mode="a") as writer:
        writer.write_all([b"x" * 1000] * 3000)
        1 / 0
    assert list(gridloom.Records(path, "log")) == [b"one"]
    with pytest.raises(FileExistsError):
        gridloom.RecordWriter(path)
    with gridloom.RecordWriter(path, "log", mode="w", group=5, typical=10) as writer:
        writer.write(memoryview(b"two"))
        writer.commit("process")
        assert list(gridloom.Records(path, "log")) == [b"two"]
        writer.write(bytearray(b"three"))
    assert list(gridloom.Records(path, "log")) == [b"two", b"three"]
    with gridloom.RecordWriter(path, "none", mode="a"):
        pass
    assert len(gridloom.Records(path, "none")) == 0
    with pytest.raises(ValueError, match="no such array"):
        gridloom.Records(path, "nothing")
    with pytest.raises(ValueError, match="group"):
        gridloom.RecordWriter(path, group=0)
    with pytest.raises(TypeError):
        gridloom.RecordWriter(path, "text", mode="a").write("text")  # type: ignore[arg-type]


def test_what_is_read_ahead_has_a_bound(path: Path) -> None:
    """Iterating over 60 MB holds a few of them."""
    import tracemalloc

    with gridloom.RecordWriter(path, group=100, codec="lz4") as writer:
        writer.write_all(bytes(6000) for _ in range(10_000))
    log = gridloom.Records(path)
    tracemalloc.start()
    assert sum(map(len, log)) == 60_000_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000


def test_an_iterator_may_be_left(path: Path) -> None:
    with gridloom.RecordWriter(path) as writer:
        writer.write_all(bytes(1000) for _ in range(10_000))
    for number, _ in enumerate(gridloom.Records(path)):
        if number == 10:
            break


@pytest.mark.parametrize("workers", [0, 2])
def test_grain_takes_records(path: Path, workers: int) -> None:
    grain = pytest.importorskip("grain", reason="Grain is not here")
    wanted = lines(500)
    with gridloom.RecordWriter(path, group=20, codec="zstd") as writer:
        writer.write_all(wanted)
    log = gridloom.Records(path)
    if workers == 0:
        data = grain.MapDataset.source(log).shuffle(seed=7).map(len).batch(50)
        assert sorted(np.concatenate(list(data)).tolist()) == sorted(map(len, wanted))
        return
    sampler = grain.samplers.IndexSampler(len(log), shuffle=True, seed=3, num_epochs=1, shard_options=grain.sharding.NoSharding())
    loader = grain.DataLoader(data_source=log, sampler=sampler, worker_count=workers)
    assert sorted(loader) == sorted(wanted)
    # A checkpoint of Grain names the source by its representation.
    iterator = iter(grain.DataLoader(data_source=log, sampler=sampler, worker_count=0))
    head = [next(iterator) for _ in range(100)]
    state = iterator.get_state()
    rest = list(iterator)
    again = iter(grain.DataLoader(data_source=gridloom.Records(path), sampler=sampler, worker_count=0))
    again.set_state(state)
    assert list(again) == rest and sorted(head + rest) == sorted(wanted)


@pytest.mark.parametrize("workers", [0, 2])
def test_torch_takes_records(path: Path, workers: int) -> None:
    data = pytest.importorskip("torch.utils.data", reason="torch is not here")
    wanted = lines(500)
    with gridloom.RecordWriter(path, group=20, codec="zstd") as writer:
        writer.write_all(wanted)
    loader = data.DataLoader(gridloom.Records(path), batch_size=32, shuffle=True, num_workers=workers, collate_fn=list)
    assert sorted(record for batch in loader for record in batch) == sorted(wanted)
