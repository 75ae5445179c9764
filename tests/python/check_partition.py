#!/usr/bin/env python3
"""Reads a partitioned table with DuckDB as a hive: its rows are those of the single file, its folders say what they hold."""

import argparse
from pathlib import Path

import duckdb

FOLDERS = {"year": "year(day) = year", "month": "year(day) = year and month(day) = month",
           "lat-band": "latitude >= lat_band and latitude < lat_band + 10"}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("whole", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("by", choices=FOLDERS)
    options = parser.parse_args()
    database = duckdb.connect()
    database.sql(f"create view whole as from read_parquet('{options.whole}/daily.parquet')")
    hive = f"read_parquet('{options.out}/daily/**/*.parquet', hive_partitioning = true)"
    columns = ", ".join(f'"{column[0]}"' for column in database.sql("describe whole").fetchall())
    for one, other in ((hive, "whole"), ("whole", hive)):
        rows = database.sql(f"select {columns} from {one} except all select {columns} from {other}").fetchall()
        assert not rows, f"{len(rows)} rows of {one} are not in {other}, such as {rows[0]}"
    wrong = database.sql(f"select count(*) from {hive} where not ({FOLDERS[options.by]})").fetchall()[0][0]
    assert wrong == 0, f"{wrong} rows are in the wrong folder"


if __name__ == "__main__":
    main()
