"""Reads files of tables as other people do: pyarrow, polars, duckdb, pandas, h5py. Gives the columns as `expected_tables`."""

from __future__ import annotations

import io
import warnings

import duckdb
import h5py
import numpy as np
import pandas
import polars
import pyarrow
import pyarrow.compute
import pyarrow.feather
import pyarrow.parquet


def with_duckdb(path):
    found = duckdb.connect().sql(f"select * from read_parquet('{path}', hive_partitioning = false)")
    return found.to_arrow_table()


def with_pandas(path):
    is_feather = path.suffix == ".feather"
    read = pandas.read_feather(path, dtype_backend="pyarrow") if is_feather else pandas.read_parquet(
        path, dtype_backend="pyarrow", partitioning=None)
    return pyarrow.Table.from_pandas(read, preserve_index=False)


def check_categories(path):
    """Categories of texts, as pandas makes them if it is not asked for anything else: they have to be distinct."""
    is_feather = path.suffix == ".feather"
    frame = pandas.read_feather(path) if is_feather else pandas.read_parquet(path, partitioning=None)
    for name in frame.columns:
        if isinstance(frame[name].dtype, pandas.CategoricalDtype):
            groups = frame.groupby(name, observed=True, dropna=False).size()
            assert groups.index.is_unique and groups.sum() == len(frame), f"{path}: {name} makes wrong groups"


def with_pyarrow(path):
    is_parquet = path.suffix == ".parquet"
    table = pyarrow.parquet.ParquetFile(path).read() if is_parquet else pyarrow.feather.read_table(path)
    for name in table.column_names:
        if pyarrow.types.is_dictionary(table[name].type):
            for chunk in table[name].chunks:
                assert len(set(chunk.dictionary.to_pylist())) == len(chunk.dictionary), f"{path}: {name} repeats texts"
            counts = table.group_by(name).aggregate([([], "count_all")])
            assert len(set(counts[name].to_pylist())) == counts.num_rows, f"{path}: {name} makes wrong groups"
    return table


def with_polars(path):
    is_feather = path.suffix == ".feather"
    read = polars.read_ipc(path) if is_feather else polars.read_parquet(path, hive_partitioning=False)
    return read.to_arrow()


def csv_with_pandas(path):
    return pandas.read_csv(path, float_precision="round_trip", keep_default_na=False, na_values=[""])


def csv_with_polars(path):
    return polars.read_csv(io.BytesIO(path.read_bytes()), infer_schema_length=None).to_pandas()


READERS = {
    "parquet": {
        "pyarrow": with_pyarrow,
        "polars": with_polars,
        "duckdb": with_duckdb,
        "pandas": with_pandas,
    },
    "feather": {"pyarrow": with_pyarrow, "polars": with_polars, "pandas": with_pandas},
    "csv": {"pandas": csv_with_pandas, "polars": csv_with_polars},
    "h5": {"h5py": None},
}


def from_arrow(table):
    found = {}
    for name in table.column_names:
        column = table[name].combine_chunks()
        there = np.asarray(column.is_valid())
        if pyarrow.types.is_timestamp(column.type):
            # NoLeap has no 29 February; all others have the days that they say.
            values = np.datetime_as_string(np.asarray(column.cast(pyarrow.timestamp("ms")), "M8[ms]").astype("M8[D]"))
        elif pyarrow.types.is_dictionary(column.type) or pyarrow.types.is_large_string(column.type) or (
            pyarrow.types.is_string(column.type) or pyarrow.types.is_string_view(column.type)
        ):
            values = np.array([text or "" for text in column.to_pylist()], dtype=str)
        else:
            empty = pyarrow.scalar(False if pyarrow.types.is_boolean(column.type) else 0, column.type)
            values = np.asarray(pyarrow.compute.fill_null(column, empty))
        found[name] = values, there
    return found


def from_frame(frame, types):
    """Text knows no types: those that are expected are taken, if every number is one of them."""
    found = {}
    for name in frame.columns:
        column, dtype = frame[name], types.get(name, np.dtype(str))
        there = column.notna().to_numpy()
        if dtype.kind == "U":
            values = column.fillna("").astype(str).to_numpy(dtype=str)
        else:
            wide = column.fillna(0).to_numpy(dtype="f8" if dtype.kind == "f" else dtype)
            with np.errstate(over="ignore"):
                values = wide.astype(dtype)
        found[name] = values, there
    return found


def from_hdf5(path):
    found = {}
    with h5py.File(path) as file:
        places = {name: group[name] for group in (file["data"], file["coordinates"], file["time"]) for name in group}
        for name in file["metadata"].attrs["columns"].split(","):
            dataset = places.pop(name)
            values = dataset[:]
            there = np.ones(values.size, bool)
            if "_FillValue" in dataset.attrs:
                there = values != dataset.attrs["_FillValue"]
            if "texts" in dataset.attrs:
                texts = np.array([text.decode() for text in file[dataset.attrs["texts"]][:]] or [""])
                assert len(set(texts)) == texts.size, f"{path}: {name} repeats texts"
                values = texts[np.where(there, values, 0)]
            elif dataset.attrs.get("kind") == "date":
                assert dataset.attrs["units"] == "days since 1970-01-01", name
                values = np.datetime_as_string(values.astype("M8[D]"))
            found[name] = values, there
        assert not places, f"{sorted(places)} are no columns"
    return found


def kind_of(path):
    """The format of a file, by its name."""
    return next(kind for kind in READERS if f".{kind}" in path.name)


def readings(path, types):
    """(reader, columns) of a file by everyone who reads it."""
    kind = kind_of(path)
    if kind in ("parquet", "feather"):
        check_categories(path)
    for name, reader in READERS[kind].items():
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", DeprecationWarning)
            if kind == "h5":
                yield name, from_hdf5(path)
            elif kind == "csv":
                yield name, from_frame(reader(path), types)
            else:
                yield name, from_arrow(reader(path))


def schema(path):
    """The Arrow schema of a file that has one, and its own notes."""
    if path.suffix == ".parquet":
        file = pyarrow.parquet.ParquetFile(path)
        return file.schema_arrow, file.schema_arrow.metadata or {}
    if path.suffix == ".feather":
        with pyarrow.ipc.open_file(path) as file:
            return file.schema, file.schema.metadata or {}
    return None, {}
