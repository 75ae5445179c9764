"""Files of arrays: what NumPy would hold is what the file holds, and what h5py reads of it."""

from __future__ import annotations

import pickle
import random
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gridloom

TYPES = ["bool", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"]


def made(kind: str, shape: tuple[int, ...], seed: int = 1) -> Any:
    """Values of a type with all kinds of bits, but NaN."""
    random = np.random.default_rng(seed)
    if kind == "bool":
        return random.random(shape) < 0.5
    if kind[0] in "iu":
        edge = np.iinfo(kind)
        return random.integers(edge.min, edge.max, shape, kind, endpoint=True)
    if kind[0] == "c":
        return (random.standard_normal(shape) + 1j * random.standard_normal(shape)).astype(kind)
    return random.standard_normal(shape).astype(kind)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "arrays.h5"


@pytest.mark.parametrize("codec", [None, "deflate"])
def test_all_types_are_what_they_were_here_and_in_h5py(path: Path, codec: str | None) -> None:
    h5py = pytest.importorskip("h5py")
    wanted = {kind: made(kind, (300, 3)) for kind in TYPES}
    wanted |= {"line": made("f4", (7,)), "cube": made("i2", (40, 2, 5)), "big endian": made("f8", (5, 2)).astype(">f8")}
    with gridloom.Arrays(path, "w") as arrays:
        for name, values in wanted.items():
            arrays.add(name, values.dtype, values.shape[1:], codec=codec).append(values)
    with gridloom.Arrays(path) as arrays:
        assert list(arrays) == list(wanted)
        for name, values in wanted.items():
            found = arrays[name][:]
            assert (found.dtype, found.shape) == (values.dtype.newbyteorder("="), values.shape)
            assert found.tobytes() == values.astype(found.dtype).tobytes()
            assert arrays[name].codec == (None if codec is None else "deflate:4")
    with h5py.File(path) as file:
        for name, values in wanted.items():
            assert file[name].dtype == values.dtype.newbyteorder("=") and file[name].maxshape[0] is None
            assert np.array_equal(file[name][...], values)


KEYS: list[Any] = [
    5, -1, np.int64(7), slice(None), slice(10, 20), slice(-30, None), slice(None, None, 3), slice(90, 10, -7), slice(50, 10),
    [], [3], [9, 2, 2, -1], np.array([[1, 2], [3, 4]]), np.array([], "i8"), Ellipsis, None, (),
    (slice(5, 60), 1), (3, 2), (-4, slice(0, 2)), ([1, 2, 1], [0, 2, 1]), ([4, 4], slice(1, None)), (Ellipsis, 0), (slice(None), [2, 0]),
    (slice(80, 3, -9), Ellipsis), (np.array([7, 9], "u2"), None), (0, [1, 2]),
]  # fmt: skip


@pytest.mark.parametrize("way", ["plain", "mapped", "packed", "in a batch"])
@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_a_key_is_of_what_it_is_of_in_numpy(path: Path, key: Any, way: str) -> None:
    values = made("f4", (100, 3))
    mask = np.arange(100) % 7 == 3
    codec = "lz4" if way == "packed" else None
    with gridloom.Arrays(path, "w") as arrays:
        arrays.add("x", "f4", 3, codec=codec, chunk_bytes=100).append(values)
        if way != "in a batch":
            arrays.commit()
    arrays = gridloom.Arrays(path, "a" if way == "in a batch" else "r", mmap=way == "mapped")
    with arrays.batch():
        array = arrays["x"]
        if way == "in a batch":
            array[:] = values
        for one in (key, mask, (mask, 1), values > 0):
            found, wanted = array[one], values[one]
            assert np.shape(found) == wanted.shape and np.array_equal(found, wanted)
    arrays.close()


@pytest.mark.parametrize("key", [key for key in KEYS if key is not None], ids=repr)
def test_setting_by_a_key_is_what_it_is_in_numpy(path: Path, key: Any) -> None:
    values = made("f4", (100, 3))
    with gridloom.Arrays(path, "w", durability="process") as arrays:
        arrays["x"] = values
        values[key] = 9
        arrays["x"][key] = 9
        assert np.array_equal(arrays["x"][:], values)
        new = made("f4", values[key].shape, 5)
        values[key] = new
        arrays["x"][key] = new
        assert np.array_equal(arrays["x"][:], values)
        mask = np.arange(100) % 7 == 3
        values[mask] = [1, 2, 3]
        arrays["x"][mask] = [1, 2, 3]
        values[values > 1] = 0
        arrays["x"][arrays["x"][:] > 1] = 0
        assert np.array_equal(arrays["x"][:], values)


@pytest.mark.parametrize("seed", range(12))
def test_any_changes_are_those_of_numpy(path: Path, seed: int) -> None:
    """Changes in any order, in batches that are kept or given up, against arrays in memory."""
    chance = random.Random(seed)
    arrays = gridloom.Arrays(path, "w", durability="process", mmap=seed % 2 == 0)
    model: dict[str, Any] = {}

    def step(model: dict[str, Any]) -> None:
        name = chance.choice(["a", "b"])
        what = chance.randrange(6)
        if name not in model or what == 0:
            kind, codec = chance.choice(TYPES), chance.choice([None, "zstd:1", "none"])
            arrays.pop(name, None)
            arrays.add(name, kind, 2, codec=codec, chunk_bytes=chance.choice([1, 64, 5000]))
            model[name] = made(kind, (0, 2))
            return
        values = model[name]
        places = [chance.randrange(len(values)) for _ in range(chance.randrange(9))] if len(values) else []
        more = made(values.dtype.str[1:] if values.dtype != bool else "bool", (chance.randrange(200), 2), chance.randrange(99))
        if what in (1, 2):
            arrays[name].append(more)
            model[name] = np.concatenate([values, more])
        elif what == 3:
            new = made(values.dtype.str[1:] if values.dtype != bool else "bool", (len(places), 2), 3)
            arrays[name].replace(places, new)
            values = values.copy()
            values[places] = new
            model[name] = values
        elif what == 4:
            arrays[name].delete(places)
            model[name] = np.delete(values, places, axis=0)
        else:
            with arrays[name].edit(len(values) // 3) as part:
                part[::5] = 1
            values = values.copy()
            values[len(values) // 3 :][::5] = 1
            model[name] = values

    def same() -> None:
        assert set(arrays) == set(model)
        for name, values in model.items():
            assert np.array_equal(arrays[name][:], values) and len(arrays[name]) == len(values)
            if len(values):
                places = [chance.randrange(len(values)) for _ in range(20)]
                assert np.array_equal(arrays[name][places], values[places])
            streamed = list(arrays[name].stream(rows=37))
            assert sum(map(len, streamed)) == len(values)
            assert not streamed or np.array_equal(np.concatenate(streamed), values)

    for _ in range(25):
        if chance.random() < 0.3:
            trial = dict(model)
            is_kept = chance.random() < 0.6
            try:
                with arrays.batch():
                    for _ in range(4):
                        step(trial)
                    if not is_kept:
                        raise InterruptedError
            except InterruptedError:
                trial = model
            model = trial
        else:
            step(model)
        same()
        if chance.random() < 0.1:
            arrays.close()
            arrays = gridloom.Arrays(path, "r+", durability="process", mmap=seed % 2 == 0)
            same()
    before, after = arrays.repack()
    assert after <= before == after or path.stat().st_size == after
    same()
    arrays.close()


def test_a_batch_is_there_whole_or_not(path: Path) -> None:
    with gridloom.Arrays(path, "w") as arrays:
        arrays["x"] = np.zeros((10, 2))
        reader = gridloom.Arrays(path)
        with pytest.raises(ZeroDivisionError), arrays.batch():
            arrays["x"][0] = 1
            arrays["y"] = np.ones(3)
            arrays.attrs["title"] = "no"
            assert arrays["x"][0, 0] == 1 and "y" in arrays
            1 / 0
        assert list(arrays) == ["x"] and not arrays["x"][:].any() and "title" not in arrays.attrs
        with arrays.batch():
            arrays["x"][0] = 1
            assert gridloom.Arrays(path)["x"][0, 0] == 0
        assert gridloom.Arrays(path)["x"][0, 0] == 1
        # Who opened it before goes on reading what was there then.
        assert reader["x"][0, 0] == 0


def test_nothing_is_begun_by_a_with_that_fails(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), gridloom.Arrays(path, "w") as arrays, arrays.batch():
        arrays["x"] = np.zeros(3)
        1 / 0
    assert not path.exists() and not list(path.parent.iterdir())
    gridloom.Arrays(path, "x").close()
    assert path.exists() and len(gridloom.Arrays(path)) == 0


def test_modes_are_those_of_files(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        gridloom.Arrays(path)
    with pytest.raises(FileNotFoundError):
        gridloom.Arrays(path, "r+")
    with gridloom.Arrays(path, "a") as arrays:
        arrays["x"] = np.arange(3)
        with pytest.raises(BlockingIOError):
            gridloom.Arrays(path, "r+")
    with pytest.raises(FileExistsError):
        gridloom.Arrays(path, "x")
    with gridloom.Arrays(path, "a") as arrays:
        assert arrays["x"][:].tolist() == [0, 1, 2]
    read = gridloom.Arrays(path)
    for change in (
        lambda: read["x"].append([1]),
        lambda: read.__setitem__("y", np.zeros(2)),
        lambda: read.__delitem__("x"),
        lambda: read["x"].__setitem__(0, 1),
        lambda: read.attrs.__setitem__("a", "b"),
        lambda: read.repack(),
    ):
        with pytest.raises(ValueError, match="open for reading"):
            change()
    read.close()
    assert read.closed
    with pytest.raises(ValueError, match="closed"):
        read["x"]
    with pytest.raises(ValueError, match="wants r"):
        gridloom.Arrays(path, "q")  # type: ignore[arg-type]
    with gridloom.Arrays(path, "w") as arrays:
        assert len(arrays) == 0


def test_what_does_not_fit_is_refused_and_changes_nothing(path: Path) -> None:
    with gridloom.Arrays(path, "w") as arrays:
        arrays["x"] = np.zeros((3, 2), "i2")
        x = arrays["x"]
        for values, error in [
            ([[1.5, 2]], TypeError), ([[40_000, 1]], OverflowError), ([1, 2], ValueError), ([["a", "b"]], TypeError), ([[1, 2, 3]], ValueError),
        ]:  # fmt: skip
            with pytest.raises(error):
                x.append(values)
        for key, error in [(3, IndexError), ([0, -4], IndexError), (np.ones(4, bool), IndexError), ("a", IndexError), ([0.5], IndexError)]:
            with pytest.raises(error):
                x[key]
            with pytest.raises(error):
                x.delete(key)
        with pytest.raises(ValueError, match="single value"):
            arrays["y"] = 3
        for kind in ("U3", "O", "M8[s]", "f16"):
            with pytest.raises(TypeError, match="arrays have"):
                arrays.add("y", kind)
        with pytest.raises(ValueError, match="zstd"):
            arrays.add("y", "f4", codec="zstd:99")
        with pytest.raises(ValueError, match="HDF5 does not allow"):
            arrays["a/b"] = np.zeros(2)
        with pytest.raises(KeyError):
            arrays["no"]
        assert list(arrays) == ["x"] and not x[:].any() and x.shape == (3, 2)


def test_an_array_that_is_set_again_keeps_its_layout_and_attributes(path: Path) -> None:
    with gridloom.Arrays(path, "w") as arrays:
        arrays.add("x", "f4", 3, codec="zstd:5", chunk_bytes=1200).attrs["units"] = "1"
        arrays["x"] = np.ones((5, 2))
        x = arrays["x"]
        assert (x.codec, dict(x.attrs), x.shape, x.dtype) == ("zstd:5", {"units": "1"}, (5, 2), np.dtype("f8"))
        del arrays["x"]
        assert not arrays
        arrays["x"] = np.ones(2)
        assert dict(arrays["x"].attrs) == {}


def test_attributes_are_those_of_hdf5(path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    said = {"units": "µmol m-2", "scale": 0.25, "count": np.int16(7), "range": np.array([1, 2], "u8"), "flag": True}
    with gridloom.Arrays(path, "w") as arrays:
        arrays["x"] = np.zeros(2)
        for attributes in (arrays.attrs, arrays["x"].attrs):
            attributes.update(said)
            attributes["gone"] = 1
            del attributes["gone"]
            with pytest.raises(KeyError):
                del attributes["gone"]
            with pytest.raises(TypeError):
                attributes["what"] = {}
            with pytest.raises(ValueError, match="longer"):
                attributes["what"] = "x" * 70_000
            with pytest.raises(ValueError, match="own"):
                attributes["gridloom_codec"] = "x"
    with h5py.File(path) as file, gridloom.Arrays(path) as arrays:
        for found in (file.attrs, file["x"].attrs, arrays.attrs, arrays["x"].attrs):
            units = found["units"]
            # h5py gives texts of a fixed length as bytes.
            assert (units if isinstance(units, str) else units.decode()) == "µmol m-2" and found["scale"] == 0.25 and found["range"].tolist() == [1, 2] and found["flag"] == 1
            assert found["count"].dtype == "i2" and found["count"].shape == ()
        assert set(arrays["x"].attrs) == set(said)
        assert abs(arrays.modified.timestamp() - path.stat().st_mtime) < 1e-3


def test_views_copy_nothing_and_outlive_all(path: Path) -> None:
    values = made("f4", (50_000, 10))
    with gridloom.Arrays(path, "w") as arrays:
        arrays["x"] = values
        arrays.add("packed", "f4", 10, codec="lz4").append(values)
        view = arrays["x"].view()
        assert np.array_equal(view, values) and not view.flags.writeable and not view.flags.owndata
        with pytest.raises(ValueError):
            view.flags.writeable = True
        part = arrays["x"].view(1000, 1010)
        assert np.shares_memory(part, np.asarray(arrays["x"].view())) or np.array_equal(part, values[1000:1010])
        assert np.array_equal(np.array(arrays["x"], copy=False), values)
        for name, match in [("packed", "compressed"), ("x", "together")]:
            if name == "x":
                arrays["x"][700] = 0
            with pytest.raises(ValueError, match=match):
                arrays[name].view()
            assert np.array_equal(arrays[name].view(copy=None), arrays[name][:])
        arrays["x"].append(values)
        arrays["x"].delete(slice(0, 100))
        assert np.array_equal(view, values)
        arrays.repack()
        assert np.array_equal(arrays["x"].view(), arrays["x"][:]) and len(arrays["x"]) == 99_900
        with arrays.batch():
            arrays["x"][0] = 1
            with pytest.raises(ValueError, match="not committed"):
                arrays["x"].view()
    del arrays
    path.unlink()
    assert np.array_equal(view, values) and np.array_equal(part, values[1000:1010])


def test_other_libraries_take_arrays(path: Path) -> None:
    values = made("f8", (20, 3))
    with gridloom.Arrays(path, "w") as arrays:
        arrays["x"] = values
        x = arrays["x"]
        assert np.array_equal(np.from_dlpack(x), values)
        assert np.asarray(x, "f4").dtype == "f4" and np.array_equal(np.asarray(x), values)
        assert np.array_equal(np.stack(list(x)), values) and float(np.sum(x)) == values.sum()
        with pytest.raises(ValueError, match="copy"):
            np.array(x, "f4", copy=False)
    pandas = pytest.importorskip("pandas")
    assert pandas.DataFrame(gridloom.Arrays(path)["x"][:]).shape == (20, 3)


def total(arrays: gridloom.Arrays) -> float:
    return float(arrays["x"][:].sum())


def first(array: gridloom.Array) -> list[float]:
    found: list[float] = array[0].tolist()
    return found


def test_workers_read_the_state_that_was_open(path: Path) -> None:
    with gridloom.Arrays(path, "w") as arrays:
        arrays["x"] = np.ones((100, 2))
        with pytest.raises(TypeError, match="open for changes"):
            pickle.dumps(arrays)
    read = gridloom.Arrays(path, mmap=True)
    assert len(pickle.dumps(read)) < 600
    with gridloom.Arrays(path, "r+") as arrays:
        arrays["x"][:] = 5
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        assert list(pool.map(total, [read] * 3)) == [200, 200, 200]
        assert pool.submit(first, read["x"]).result() == [1, 1]
    text = pickle.dumps(read)
    path.unlink()
    with gridloom.Arrays(path, "w") as arrays:
        arrays["x"] = np.zeros((1, 2))
    with pytest.raises(gridloom.GridloomError) as caught:
        pickle.loads(text)
    assert caught.value.kind == "changed"


def test_threads_read_beside_a_writer(path: Path) -> None:
    """Each reader sees states that were committed, and nothing else; nobody waits for the interpreter's lock for ever."""
    with gridloom.Arrays(path, "w", durability="process") as arrays:
        arrays["x"] = np.zeros((2000, 8), "i4")
        stop = threading.Event()

        def look() -> int:
            states = 0
            while not stop.is_set():
                found = gridloom.Arrays(path)["x"][:]
                assert len(np.unique(found)) == 1
                states += 1
            return states

        with ThreadPoolExecutor(4) as pool:
            looking = [pool.submit(look) for _ in range(4)]
            try:
                for number in range(60):
                    with arrays.batch():
                        arrays["x"][:1000] = number
                        arrays["x"][1000:] = number
            finally:
                stop.set()
            assert all(one.result() > 0 for one in looking)
        shared = arrays["x"]
        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(lambda row: int(shared[row].sum()), range(0, 2000, 7))) == {59 * 8}


def test_a_killed_process_leaves_what_was_committed(path: Path) -> None:
    code = f"""
import os, signal, numpy as np, gridloom
arrays = gridloom.Arrays({str(path)!r}, "w", durability="process")
arrays["x"] = np.ones((1000, 4))
batch = arrays.batch(); batch.__enter__()
arrays["x"][:] = 2
arrays["x"].append(np.zeros((100_000, 4)))
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", code], check=False)
    with gridloom.Arrays(path, "r+") as arrays:
        assert arrays["x"].shape == (1000, 4) and (arrays["x"][:] == 1).all()
        arrays["x"].append(np.ones((1, 4)))
    assert len(gridloom.Arrays(path)["x"]) == 1001


def test_damage_is_an_error_that_names_the_file(path: Path) -> None:
    with gridloom.Arrays(path, "w") as arrays:
        arrays.add("x", "f8", codec="zstd").append(np.arange(10_000.0))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(gridloom.GridloomError) as caught:
        gridloom.Arrays(path)
    assert caught.value.kind == "damaged" and caught.value.path is not None
    broken = bytearray(whole)
    middle = len(broken) // 2
    broken[middle : middle + 40] = bytes(40)
    path.write_bytes(broken)
    with pytest.raises(gridloom.GridloomError) as caught:
        gridloom.Arrays(path)["x"][:]
    assert caught.value.kind == "damaged"
    path.write_text("no HDF5 at all")
    with pytest.raises(gridloom.GridloomError):
        gridloom.Arrays(path)


def test_how_it_looks(path: Path) -> None:
    with gridloom.Arrays(path, "w") as arrays:
        arrays["x"] = np.zeros((3, 2), "f2")
        assert repr(arrays).endswith("1 arrays, mode w>") and repr(arrays["x"]) == "<gridloom.Array 'x': float16(3, 2), plain>"
        assert (arrays["x"].ndim, arrays["x"].size, arrays["x"].nbytes, arrays.nbytes) == (2, 6, 12, 12)
    assert repr(arrays).endswith("closed>")
