#!/usr/bin/env python3
"""Writes small dumps in every container, pickle protocol and array form that joblib and CAETE-DVM can leave behind.

Beside each dump `NAME` stands `NAME.json` with what a reader must find:
- dict `{"dict": [[key, value], …]}`, tuple `{"tuple": […]}`, list `[…]`, None, true, false, integers and strings as they are
- integer of more than 64 bits `{"long": decimal}`
- Python float `{"float": bits}`, bytes `{"bytes": hex}`, complex `{"complex": [bits, bits]}`
- array `{"array": {"dtype", "shape", "fortran", "values"}}`, numpy scalar `{"scalar": {"dtype", "value"}}`
Values are nested lists, last index fastest whatever the memory order. A float is its bits in hexadecimal, most
significant digit first whatever the byte order (4 digits for f2, 8 for f4, 16 for f8), a complex number two of them,
a datetime or timedelta its integer, a structured element a list of its fields. Byte order is the first letter of dtype.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import pickle
import sys
import warnings
from pathlib import Path

import joblib
import numpy as np
import zstandard
from joblib import numpy_pickle

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
import caete_dumps as caete

PROTOCOLS = (2, 3, 4, 5)
FILLS = {"i1": -127, "i2": -32767, "i4": -2147483647, "i8": -9223372036854775806, "u1": 255, "u2": 65535, "u4": 4294967295, "u8": 18446744073709551614}
CONTAINERS = ("none", "lz4", "zlib", "gzip", "bz2", "lzma", "xz")


def float_bits(value, size=8):
    return np.asarray(value, f">f{size}").tobytes().hex()


def element(value, dtype):
    """One element of an array or a numpy scalar."""
    if dtype.names:
        return [nested(np.asarray(value[name]), dtype[name]) for name in dtype.names]
    kind = dtype.kind
    if kind == "f":
        return float_bits(value, dtype.itemsize)
    if kind == "c":
        half = dtype.itemsize // 2
        return [float_bits(value.real, half), float_bits(value.imag, half)]
    if kind in "mM":
        return int(value.astype("i8"))
    if kind == "b":
        return bool(value)
    if kind in "iu":
        return int(value)
    if kind == "O":
        return expected(value)
    if kind == "S":
        return {"bytes": bytes(value).hex()}
    return str(value)


def nested(array, dtype=None):
    dtype = dtype or array.dtype
    if array.ndim == 0:
        return element(array[()], dtype)
    return [nested(array[i], dtype) if array.ndim > 1 else element(array[i], dtype) for i in range(array.shape[0])]


def dtype_name(dtype):
    return [[name, dtype[name].str] for name in dtype.names] if dtype.names else dtype.str


def expected(value):
    """A value as JSON."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, np.ma.MaskedArray):
        # Masked places read as NaN, or as NetCDF's fill value of whole numbers.
        return expected(value.filled(np.nan if value.dtype.kind == "f" else FILLS[value.dtype.kind + str(value.dtype.itemsize)]))
    if isinstance(value, np.ndarray):
        flags = value.flags
        return {"array": {"dtype": dtype_name(value.dtype), "shape": list(value.shape),
                          "fortran": bool(flags.f_contiguous and not flags.c_contiguous), "values": nested(value)}}
    if isinstance(value, np.generic):
        return {"scalar": {"dtype": value.dtype.str, "value": element(value, value.dtype)}}
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**64 else {"long": str(value)}
    if isinstance(value, float):
        return {"float": float_bits(value)}
    if isinstance(value, complex):
        return {"complex": [float_bits(value.real), float_bits(value.imag)]}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, dict):
        return {"dict": [[expected(k), expected(v)] for k, v in value.items()]}
    if isinstance(value, tuple):
        return {"tuple": [expected(v) for v in value]}
    if isinstance(value, list):
        return [expected(v) for v in value]
    raise TypeError(type(value))


@contextlib.contextmanager
def replaced(owner, name, value):
    original = getattr(owner, name)
    setattr(owner, name, value(original))
    try:
        yield
    finally:
        setattr(owner, name, original)


def numpy1_names():
    """Pickles name numpy's internals as numpy 1 did: `numpy.core` instead of `numpy._core`."""
    return replaced(pickle, "whichmodule", lambda original: lambda value, name: original(value, name).replace("numpy._core", "numpy.core"))


def alignment(kind):
    """Array wrappers as joblib ≤ 1.1 wrote them (`absent`), or as it does to a file that cannot tell its place (`None`)."""
    def wrap(original):
        def create(pickler, array):
            wrapper = original(pickler, array)
            if kind == "absent":
                del wrapper.numpy_array_alignment_bytes
            else:
                wrapper.numpy_array_alignment_bytes = None
            return wrapper
        return create
    return replaced(numpy_pickle.NumpyPickler, "_create_array_wrapper", wrap)


def period_dump(days=7):
    """A CAETE period of a few days, some of them NaN."""
    rng = np.random.default_rng(7)
    series = caete.synthetic_series(rng, -3.25, -60.25, np.arange(43464, 43464 + days))
    series["cue"][:] = np.nan
    dump = {key: np.asfortranarray(series[key]) for key, _, _ in caete.LAYOUT}
    return dump | {"calendar": caete.CALENDAR, "time_unit": caete.TIME_UNIT, "sind": 43464, "eind": 43464 + days - 1}


def year_dump():
    communities = {0: caete.synthetic_community(np.random.default_rng(8), 5), 2: caete.synthetic_community(np.random.default_rng(9), 1)}
    return {
        "communities": communities, "cveg": 4.5, "cleaf": 1.25, "croot": 0.1, "cwood": 3.15, "anpp": np.float32(302.4),
        "uptake_costs": np.float32(42.7), "mask": np.array([0, 1, 0], np.int8), "year": 1979,
    }


def float_arrays():
    plain = np.array([0.0, -0.0, 1.0, -2.5, 65504.0, 6e-8, np.inf, -np.inf, np.nan, 0.1, 1 / 3, 3.14159])
    return {f"{order}{kind}{memory}": np.array(plain.reshape(3, 4), dtype=order + kind, order=memory)
            for order in "<>" for kind in ("f2", "f4", "f8") for memory in "CF"}


def integer_arrays():
    arrays = {"bool": np.array([[True, False, True]])}
    for kind in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"):
        limits = np.iinfo(kind)
        for order in "<>":
            arrays[order + kind] = np.array([limits.min, 0, 1, 42, limits.max]).astype(order + kind) \
                if kind != "u8" else np.array([0, 1, 42, limits.max], dtype=order + kind)
    return arrays


def shape_arrays():
    cube = np.arange(24, dtype="f4").reshape(2, 3, 4)
    return {
        "empty": np.zeros(0), "empty_rows": np.zeros((0, 3), "f4"), "empty_columns": np.zeros((4, 0), "i2"),
        "zero_dim": np.array(1.5), "zero_dim_int": np.array(7, "i4"), "one": np.ones((1, 1, 1)), "cube_c": cube,
        "cube_f": np.asfortranarray(cube), "strided": np.arange(20.0)[::3], "reversed": np.arange(5.0)[::-1],
        "transposed": cube.transpose(1, 0, 2), "broadcast": np.broadcast_to(np.float32(2), (2, 2)),
        "long": np.arange(40_000, dtype="f4") * np.float32(0.1),
    }


def shared_objects():
    array = np.arange(3.0)
    name = "twice"
    return {"a": array, "b": array, "c": [name, name], name: (array,)}


def structured_arrays():
    record = np.dtype([("id", "<i4"), ("share", "<f8"), ("code", "i1")])
    return {"records": np.array([(1, 0.5, 2), (3, 0.25, -4)], record), "one": np.zeros(1, record)}


def time_arrays():
    dates = np.array(["1979-01-01", "1980-02-29", "NaT"], "M8[D]")
    return {"days": dates, "nanoseconds": dates.astype("M8[ns]"), "deltas": np.array([1, -5, 0], "m8[h]")}


def masked_arrays():
    places = np.array([[True, False, False, False], [False, False, True, True], [False, True, False, False]])
    plain = np.arange(12).reshape(3, 4)
    masked = {f"{order}{kind}{memory}": np.ma.MaskedArray(np.array(plain, dtype=order + kind, order=memory), mask=places, fill_value=7)
              for order in "<>" for kind in ("f2", "f4", "f8", "i2", "u4", "i8") for memory in "CF"}
    shown = np.ma.masked_invalid([1.0, np.nan, 3.0])
    str(shown)
    hard = np.ma.masked_equal(np.arange(5, dtype="f4"), 3).harden_mask()
    return masked | {"nothing masked": np.ma.MaskedArray(np.arange(3.0)), "all masked": np.ma.masked_all(4, "f4"), "empty": np.ma.MaskedArray([]),
                     "with fill value": shown, "hard": hard, "strided": np.ma.MaskedArray(np.arange(10, dtype="i2"), mask=np.arange(10) % 3 == 0)[::2]}


def text_arrays():
    return {"bytes": np.array([b"ab", b"", b"xyz"]), "text": np.array(["grd", "céu", ""])}


def object_arrays():
    return {"before": np.arange(2.0), "objects": np.array([1, "two", None, 3.5, (4, b"5")], dtype=object), "after": np.arange(3, dtype="i2")}


def scalars():
    kinds = ("bool", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "c8", "c16")
    return {kind: np.dtype(kind).type(1) for kind in kinds} | {
        "half": np.float16(0.1), "float": np.float32(-0.1), "double": np.float64(1e300), "nan": np.float32("nan"),
        "date": np.datetime64("1979-01-01"), "min": np.int64(-(2**63)),
    }


def python_values():
    return {
        "none": None, "true": True, "false": False, "ints": [0, 255, 256, -1, 2**31, -(2**31) - 1, 2**63, -(2**200)],
        "floats": (0.0, -0.0, 0.1, float("inf"), 1e-320), "text": "São Gabriel", "long text": "x" * 300, "bytes": b"\x00\xff",
        "nested": {1: {2: [(), [], {}]}, "t": (1,), "four": (1, 2, 3, 4)}, -9999.0: "key",
    }


CONTENTS = {
    "period": period_dump, "year": year_dump, "floats": float_arrays, "integers": integer_arrays, "shapes": shape_arrays,
    "shared": shared_objects, "structured": structured_arrays, "times": time_arrays, "texts": text_arrays,
    "complexes": lambda: {"c8": np.array([1 + 2j, -0.5j], "c8"), ">c16": np.array([[1e300 - 1j]], ">c16")},
    "masked": masked_arrays, "objects": object_arrays, "scalars": scalars, "python": python_values,
}


def mixed_period():
    """A period with masked arrays, lists, and all that is no series."""
    ones = [np.float32(1.5), np.float32(-2.5)]
    return {
        "npp": np.ma.MaskedArray(np.array([1, 2], "f4"), mask=[0, 1]), "rows": np.ma.MaskedArray(np.asfortranarray([[1.0, 2], [3, 4], [5, 6]]), mask=[[1, 0]] * 3),
        "floats": [1.5, 2.5], "whole": (1, 2), "mixed": [1, 2.5], "scalars": ones, "same": [ones[0], ones[0]], "truth": [True, False], "lists": [[1.0, 2.0], [3.0, 4.0]],
        "objects": np.array([1.0, None], dtype=object), "records": np.zeros(2, [("a", "f4"), ("b", "f8", 3)]), "dates": np.array(["1979-01-01"] * 2, "M8[D]"),
        "masked_records": np.ma.MaskedArray(np.zeros(2, [("a", "f4")]), mask=[(True,), (False,)]),
        "words": ["a", "b"], "ragged": [[1.0], [1.0, 2.0]], "complex": np.zeros(2, "c8"), "long": np.zeros(2, np.longdouble), "holes": [1.0, None], "huge": [2**70, 1],
        "coarse": [0.5, 2**53 + 1], "half": np.zeros(2, "f2"), "cube": np.zeros((1, 1, 2)), "dict": {"a": 1}, "text": "x", "one": 1.0, 5: [1.0, 2.0], "none": None, "empty": [],
        "calendar": caete.CALENDAR, "time_unit": caete.TIME_UNIT, "sind": 43464, "eind": 43465,
    }


def write_all(folder):
    """Writes every case; yields name, value and how to read it back."""
    def joblib_dump(name, value, **options):
        joblib.dump(value, folder / name, **options)
        return name, value, joblib.load

    period, year = period_dump(), year_dump()
    for container in CONTAINERS:
        yield joblib_dump(f"container_{container}.pkz", period, compress=0 if container == "none" else (container, 3), protocol=5)
    yield joblib_dump("year_lzma.pkz", year, compress=("lzma", 6), protocol=5)
    for protocol in PROTOCOLS:
        yield joblib_dump(f"period_protocol{protocol}.pkz", period, compress=("lz4", 5), protocol=protocol)
        yield joblib_dump(f"year_protocol{protocol}.pkz", year, compress=("lzma", 6), protocol=protocol)
        yield joblib_dump(f"scalars_protocol{protocol}.pkl", scalars(), protocol=protocol)
        yield joblib_dump(f"python_protocol{protocol}.pkl", python_values(), protocol=protocol)
        with numpy1_names():
            name, value, read = joblib_dump(f"year_numpy1_protocol{protocol}.pkz", year, compress=("lzma", 6), protocol=protocol)
        yield name, value, read
        # Plain pickles hold their arrays in the stream; a name of their own, since joblib's readers expect wrappers.
        for names, suffix in ((contextlib.nullcontext(), ""), (numpy1_names(), "_numpy1")):
            name = f"plain{suffix}_protocol{protocol}.pickle"
            with names:
                # The C pickler finds module names by itself; only the one in Python can be told others.
                stream = io.BytesIO()
                (pickle._Pickler if suffix else pickle.Pickler)(stream, protocol=protocol).dump(year | {"csoil": period["csoil"]})
            (folder / name).write_bytes(stream.getvalue())
            yield name, year | {"csoil": period["csoil"]}, lambda path: pickle.loads(path.read_bytes())
    for kind in ("absent", "none"):
        with alignment(kind):
            cases = [joblib_dump(f"period_alignment_{kind}.pkz", period, compress=("lz4", 5), protocol=5),
                     joblib_dump(f"shapes_alignment_{kind}.pkl", shape_arrays(), protocol=4)]
        yield from cases
    for name, content in CONTENTS.items():
        yield joblib_dump(f"content_{name}.pkl", content(), protocol=5)

    # What the values in it become as series is a test of its own.
    joblib.dump(mixed_period(), folder / "mixed.pkz", compress=("lz4", 5), protocol=5)

    # As the region object: zstd in frames that do not tell their length.
    stream = io.BytesIO()
    with zstandard.ZstdCompressor(level=3, write_checksum=False).stream_writer(stream, closefd=False) as writer:
        writer.write(pickle.dumps(python_values(), protocol=4))
    (folder / "plain_zstd.psz").write_bytes(stream.getvalue())
    yield "plain_zstd.psz", python_values(), lambda path: pickle.loads(zstandard.ZstdDecompressor().stream_reader(path.open("rb")).read())


def native(tree):
    """Expected values as JSON without their byte order."""
    return json.dumps(tree).replace('">', '"<')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where to write; is made")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    count = 0
    # numpy 2 warns of the names of numpy 1, which are the point here.
    warnings.simplefilter("ignore", DeprecationWarning)
    for name, value, read in write_all(options.folder):
        wanted = expected(value)
        # joblib turns numbers into the machine's byte order while it reads; the dump itself keeps its own.
        if native(expected(read(options.folder / name))) != native(wanted):
            sys.exit(f"make_containers: {name} does not read back as written")
        (options.folder / f"{name}.json").write_text(json.dumps(wanted, ensure_ascii=False) + "\n")
        count += 1
    print(f"make_containers: {count} dumps")


if __name__ == "__main__":
    main()
