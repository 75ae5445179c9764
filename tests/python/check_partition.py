#!/usr/bin/env python3
"""Reads partitioned tables as hives, with everyone who knows them: the rows are those of the single file, the folders say
what they hold, and what they say is a whole number to all readers and in no file once more.
"""

import argparse
import warnings
from pathlib import Path

import dask.dataframe
import duckdb
import pandas
import polars
import pyarrow.dataset

FOLDERS = {"year": "year(day) = year", "month": "year(day) = year and month(day) = month",
           "lat-band": "latitude >= lat_band and latitude < lat_band + 10"}
KEYS = {"year": ["year"], "month": ["year", "month"], "lat-band": ["lat_band"]}
READERS = {
    "pandas": lambda path, kind: pandas.read_parquet(path),
    "pyarrow": lambda path, kind: pyarrow.dataset.dataset(path, format=kind, partitioning="hive").to_table().to_pandas(),
    "polars": lambda path, kind: {"parquet": polars.scan_parquet, "feather": polars.scan_ipc}[kind](
        path / "**/part-0.*", hive_partitioning=True).collect().to_pandas(),
    "duckdb": lambda path, kind: duckdb.sql(
        f"from read_{kind}('{path}/**/part-0.*', hive_partitioning = true)").df(),
    "dask": lambda path, kind: dask.dataframe.read_parquet(path).compute(),
}
READS = {"parquet": list(READERS), "feather": ["pyarrow", "polars"], "csv": ["pyarrow", "duckdb"], "h5": []}


def whole_of(path):
    """A table in one file."""
    read = {".parquet": pandas.read_parquet, ".feather": pandas.read_feather, ".csv": pandas.read_csv}
    return read[path.suffix](path)


def plain(frame, order):
    """Comparable: numbers, days and texts of the same type, and rows in one order."""
    frame = frame.copy()
    for name in frame.columns:
        if name == "day":
            frame[name] = pandas.to_datetime(frame[name]).astype("datetime64[ms]")
        elif pandas.api.types.is_numeric_dtype(frame[name]):
            # Whole numbers with gaps are floats to some; none of them is too large for that.
            frame[name] = frame[name].astype("float64")
        else:
            frame[name] = frame[name].astype(str)
    return frame.sort_values(order).reset_index(drop=True)


def check(reader, path, kind, whole, by, table):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = READERS[reader](path, kind)
    what = f"{path} with {reader}"
    assert len(set(found.columns)) == len(found.columns), f"{what}: a column is there twice"
    keys = [key for key in KEYS[by] if key != "month" or table == "daily"]
    for key in keys:
        dtype = found[key].dtype
        dtype = dtype.categories.dtype if isinstance(dtype, pandas.CategoricalDtype) else dtype
        assert dtype.kind == "i", f"{what}: {key} is of {dtype}"
        found[key] = found[key].astype("int64")
    expected = whole.copy()
    if by == "lat-band":
        expected["lat_band"] = (expected["latitude"] // 10 * 10).astype("int64")
    elif table == "daily":
        day = pandas.to_datetime(expected["day"])
        expected["year"] = day.dt.year
        if by == "month":
            expected["month"] = day.dt.month
    assert set(found.columns) == set(expected.columns), f"{what}: {sorted(set(found) ^ set(expected))}"
    # Keys of rows come first, whatever the table.
    order = [name for name in ("grid_y", "grid_x", "year", "day", "community", "pls_id", "variable") if name in found]
    found, expected = plain(found[list(expected.columns)], order), plain(expected, order)
    if kind == "csv":
        # Shortest decimals of single precision are read as double precision by one, not by the other.
        floats = [name for name in found if found[name].dtype.kind == "f"]
        found[floats], expected[floats] = found[floats].astype("float32"), expected[floats].astype("float32")
    pandas.testing.assert_frame_equal(found, expected, check_exact=True, obj=what)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("whole", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("by", choices=FOLDERS)
    options = parser.parse_args()
    tables = 0
    for path in sorted(path for path in options.out.iterdir() if path.is_dir() and not path.name.startswith(".")):
        kind = next(path.glob("**/part-0.*")).suffix[1:]
        whole = options.whole / f"{path.name}.{kind}"
        for reader in READS[kind]:
            check(reader, path, kind, whole_of(whole), options.by, path.name)
            tables += 1
        if kind == "parquet" and path.name == "daily":
            hive = f"read_parquet('{path}/**/*.parquet', hive_partitioning = true)"
            wrong = duckdb.sql(f"select count(*) from {hive} where not ({FOLDERS[options.by]})").fetchall()[0][0]
            assert wrong == 0, f"{wrong} rows are in the wrong folder"
    print(f"check_partition: {options.out}: {tables} readings")
    assert tables


if __name__ == "__main__":
    main()
