#!/usr/bin/env python3
"""The benchmark of tables in PostgreSQL: gridloom's binary COPY against rows that psycopg2 inserts.

`INSERT` executes a statement a row, `execute_values` one a thousand rows; both commit once a cell. All three read the same
dumps of the first cells of a run, and write the same days of the same variables to a table of their own with the key that
gridloom gives it. The server is that of the environment (PGHOST and so on): run this under `scripts/postgres-here`.

Prints one JSON object: for each way its rows and its seconds, with those of reading the dumps, round by round.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psycopg2
from psycopg2.extras import execute_values

import peer_tables

PAGE = 1000


def rows_of(cell, keys):
    """The rows of a cell, as tuples of Python's own numbers."""
    y, x, folder = cell
    for dump in peer_tables.dumps_of(folder):
        days = (peer_tables.EPOCH + np.arange(dump["sind"], dump["eind"] + 1) * np.timedelta64(1, "D")).astype("M8[s]")
        series = [values.tolist() for _, values in peer_tables.series_of(dump, keys)]
        for day, *values in zip(days.tolist(), *series):
            yield (y, x, 89.75 - 0.5 * y, -179.75 + 0.5 * x, day, *values)


def insert(connection, cells, keys, is_paged):
    names = [name for name, _ in peer_tables.series_of(peer_tables.dumps_of(cells[0][2])[0], keys)]
    columns = ["grid_y", "grid_x", "latitude", "longitude", "day", *names]
    types = ["integer", "integer", "double precision", "double precision", "timestamp", *["double precision"] * len(names)]
    count = 0
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS peer")
        listed = ", ".join(f"{name} {kind}" for name, kind in zip(columns, types))
        cursor.execute(f"CREATE TABLE peer ({listed}, PRIMARY KEY (grid_y, grid_x, day))")
        statement = f"INSERT INTO peer ({', '.join(columns)}) VALUES"
        places = f"({', '.join(['%s'] * len(columns))})"
        for cell in cells:
            rows = list(rows_of(cell, keys))
            if is_paged:
                execute_values(cursor, f"{statement} %s", rows, page_size=PAGE)
            else:
                for row in rows:
                    cursor.execute(f"{statement} {places}", row)
            connection.commit()
            count += len(rows)
    return count


def copy(connection, program, run, gridlist, variables):
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS bench CASCADE")
    connection.commit()
    # The address names nothing: all of it comes from the environment.
    command = [program, "tables", run, "--quiet", "--tables", "daily", "--variables", variables, "--cells", gridlist,
               "--to", "postgres://", "--schema", "bench"]
    started = time.monotonic()
    done = subprocess.run([str(part) for part in command], stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - started
    if done.returncode:
        sys.exit(f"peer_database: exit status {done.returncode} of: {' '.join(map(str, command))}")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM bench.daily")
        count = cursor.fetchone()[0]
    connection.commit()
    return count, seconds


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--gridloom", type=Path, required=True, help="the program")
    parser.add_argument("--variables", required=True, help="dump keys")
    parser.add_argument("--cells", type=int, default=10, help="the first N (%(default)s)")
    parser.add_argument("--rounds", type=int, default=1, help="%(default)s")
    return parser.parse_args()


def main():
    options = parse()
    keys = options.variables.split(",")
    cells = peer_tables.find_cells(options.run)[: options.cells]
    results = []
    connection = psycopg2.connect("")
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as gridlist:
        gridlist.write("global_y,global_x\n" + "".join(f"{y},{x}\n" for y, x, _ in cells))
        gridlist.flush()
        for number in range(options.rounds):
            for contender in ("gridloom", "execute_values", "INSERT"):
                if contender == "gridloom":
                    rows, seconds = copy(connection, options.gridloom, options.run, gridlist.name, options.variables)
                else:
                    started = time.monotonic()
                    rows = insert(connection, cells, keys, is_paged=contender == "execute_values")
                    seconds = time.monotonic() - started
                results.append({"contender": contender, "round": number + 1, "rows": rows, "wall_seconds": seconds})
    connection.close()
    print(json.dumps({"cells": len(cells), "results": results}))


if __name__ == "__main__":
    main()
