"""Rows of tables by Arrow's C interface, beside the files of the same tables."""

from __future__ import annotations

import gc
import pickle
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

pa = pytest.importorskip("pyarrow")
import pyarrow.parquet  # noqa: E402

import gridloom
from conftest import ROOT, SAMPLE

pytestmark = pytest.mark.filterwarnings("ignore::gridloom.LossWarning")

RECORDS = ROOT / "data" / "records" / "lpj-guess" / "lpj-guess.toml"


@pytest.fixture(params=["run", "archive", "records"])
def source(request: pytest.FixtureRequest, archive: Path) -> Path:
    return {"run": SAMPLE, "archive": archive, "records": RECORDS}[request.param]


def plain(table: Any) -> Any:
    """Without dictionaries, which a file and a stream divide otherwise."""
    columns = [table[name].cast(table.schema.field(name).type.value_type) if pa.types.is_dictionary(table.schema.field(name).type) else table[name]
               for name in table.column_names]
    return pa.table(dict(zip(table.column_names, columns, strict=True)))


def test_rows_are_those_of_the_file(source: Path, tmp_path: Path) -> None:
    gridloom.tables(source, tmp_path / "out", "daily", progress=False)
    made = pa.parquet.read_table(tmp_path / "out" / "daily.parquet")
    rows = pa.table(gridloom.open(source))
    assert rows.num_rows == made.num_rows > 0 and rows.column_names == made.column_names
    assert rows.schema.types == made.schema.types
    assert plain(rows).equals(plain(made))
    assert any(rows[name].null_count for name in rows.column_names) or source == RECORDS
    units = {field.name: (field.metadata or {}).get(b"units") for field in rows.schema}
    assert units == {field.name: (field.metadata or {}).get(b"units") for field in made.schema}


@pytest.mark.parametrize("table", ["stats", "drift", "drifting", "biomass", "strategies", "community", "cell_year", "limitation"])
def test_other_tables_have_rows_as_well(table: str, tmp_path: Path) -> None:
    gridloom.tables(SAMPLE, tmp_path / "out", table, progress=False)
    made = pa.parquet.read_table(tmp_path / "out" / f"{table}.parquet")
    rows = pa.table(gridloom.open(SAMPLE).rows(table))
    assert plain(rows).equals(plain(made))


def test_what_is_selected_and_made_is_what_tables_take(tmp_path: Path) -> None:
    said: dict[str, Any] = {"derive": {"nep": "npp - hresp"}, "variables": "nep,csoil*", "start": "1979-06-01", "stop": "1980-02-29",
                            "cells": ["170-223", "171-226"]}
    gridloom.tables(SAMPLE, tmp_path / "out", "daily", progress=False, **said)
    rows = gridloom.open(SAMPLE).rows(**said)
    assert plain(pa.table(rows)).equals(plain(pa.parquet.read_table(tmp_path / "out" / "daily.parquet")))
    names = ["day", "csoil_1", "csoil_2", "csoil_3", "csoil_4", "csoil_sum", "nep"]
    assert [column.name for column in rows.columns][4:] == names
    assert "11 columns" in repr(rows)
    assert {column.name: column.units for column in rows.columns}["nep"] == "kg m-2 year-1"
    # Each reader begins anew, and another process has the same.
    assert pa.table(rows).equals(pa.table(pickle.loads(pickle.dumps(rows))))
    few = gridloom.open(SAMPLE, periods=1).rows(variables="npp")
    assert pa.table(few)["day"].to_pylist()[-1].year == 1979


def test_others_read_the_stream() -> None:
    run = gridloom.open(SAMPLE)
    rows = run.rows(variables="npp,csoil_1")
    made = pa.table(rows)
    assert pa.schema(rows).equals(made.schema) and pa.schema(run).names[-1] == pa.table(run).column_names[-1]
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(rows)
    assert frame.columns == made.column_names and frame.equals(polars.from_arrow(made))
    assert frame["npp"].null_count() == made["npp"].null_count
    duckdb = pytest.importorskip("duckdb")
    reader = pa.RecordBatchReader.from_stream(rows)
    [(count, total)] = duckdb.sql("select count(*), sum(npp) from reader").fetchall()
    [(again,)] = duckdb.sql("select count(*) from rows where csoil_1 is not null").fetchall()
    assert count == made.num_rows and again == made.num_rows - made["csoil_1"].null_count
    assert total == pytest.approx(sum(value.as_py() or 0 for value in made["npp"]))
    pandas = pytest.importorskip("pandas")
    assert len(pandas.DataFrame.from_arrow(rows)) == made.num_rows


def test_values_are_those_of_the_run() -> None:
    """Read in the other way, cell by cell; null where that is masked."""
    import numpy as np

    run = gridloom.open(SAMPLE)
    table = pa.table(run.rows(variables="npp"))
    for cell in run.cells[:4]:
        own = table.filter(
            pa.compute.and_(pa.compute.equal(table["grid_y"], cell.row), pa.compute.equal(table["grid_x"], cell.column))
        )
        dates = np.array(own["day"].to_pylist(), "datetime64[D]")
        series = run.read(cell, "npp")
        there = np.searchsorted(run.dates.astype("datetime64[D]"), dates)
        found = own["npp"].to_numpy(zero_copy_only=False)
        np.testing.assert_array_equal(found, series[there])
        rest = np.setdiff1d(np.arange(len(series)), there)
        assert np.isnan(series[rest]).all() and len(dates)


def test_what_is_lost_is_told() -> None:
    from gridloom import _open

    _open._told.clear()
    with pytest.warns(gridloom.LossWarning, match="171-226|172-223"):
        pa.table(gridloom.open(SAMPLE).rows(variables="npp"))
    _open._told.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(Exception, match="masked"):
            pa.table(gridloom.open(SAMPLE).rows(variables="npp"))


def test_what_has_no_rows_is_refused() -> None:
    run = gridloom.open(SAMPLE)
    for table, words in [("region", "all cells together"), ("annual", "a grid"), ("dayly", "dayly")]:
        with pytest.raises(ValueError, match=words):
            run.rows(table)
    with pytest.raises(TypeError, match="overwrite"):
        run.rows(overwrite=True)
    with pytest.raises(ValueError, match="traits"):
        run.rows("traits")


def test_a_reader_may_go_at_any_time_and_threads_read_side_by_side() -> None:
    run = gridloom.open(SAMPLE)
    rows = run.rows(variables="npp")
    count = threading.active_count()
    for take in (0, 1):
        reader = pa.RecordBatchReader.from_stream(rows)
        for _ in range(take):
            reader.read_next_batch()
        del reader
    stream = rows.__arrow_c_stream__()
    del stream
    gc.collect()
    assert threading.active_count() == count
    with ThreadPoolExecutor(4) as pool:
        tables = list(pool.map(lambda _: pa.table(rows), range(8)))
    assert all(table.equals(tables[0]) for table in tables)


def test_the_lock_of_the_interpreter_is_let_go() -> None:
    """Another thread of Python goes on while rows are waited for, by a reader that holds the lock."""
    rows = gridloom.open(SAMPLE).rows()
    ticks, is_over = [0], threading.Event()

    def tick() -> None:
        while not is_over.is_set():
            ticks[0] += 1
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    begun = time.monotonic()
    try:
        for _ in range(5):
            pytest.importorskip("polars").DataFrame(rows)
    finally:
        is_over.set()
        thread.join()
    assert ticks[0] > (time.monotonic() - begun) * 100


def test_an_interrupt_ends_the_reading() -> None:
    import os
    import signal

    rows = gridloom.open(SAMPLE).rows()

    def is_ended() -> bool:
        timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        end = time.monotonic() + 5
        try:
            while time.monotonic() < end:
                try:
                    pa.table(rows)
                except pa.ArrowInvalid as error:
                    assert "not read to their end" in str(error)
                    time.sleep(1)
        except KeyboardInterrupt:
            return True
        finally:
            timer.join()
        return False

    # Of a job in the background signals of the keyboard are ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        # What comes while an object goes away is ignored by Python itself; whoever waits presses the keys again.
        assert any(is_ended() for _ in range(5))
    finally:
        signal.signal(signal.SIGINT, before)
    assert pa.table(rows).num_rows > 0


def test_variables_without_a_column_are_warned_of(tmp_path: Path) -> None:
    """A series of texts has no column."""
    np = pytest.importorskip("numpy")
    run = tmp_path / "run"
    (run / "grd_170-223").mkdir(parents=True)
    content = {
        "npp": np.arange(40, dtype="f4"),
        "lai": np.array(["much"] * 40),
        "calendar": "standard",
        "time_unit": "days since 1979-01-01",
        "sind": 0,
        "eind": 39,
    }
    (run / "grd_170-223" / "spin0001.pkz").write_bytes(pickle.dumps(content, protocol=4))
    with pytest.warns(gridloom.LossWarning, match="lai"):
        table = pa.table(gridloom.open(run).rows())
    assert "npp" in table.column_names and "lai" not in table.column_names


def test_what_is_said_of_files_is_refused() -> None:
    run = gridloom.open(SAMPLE)
    for said in ({"partition": "year"}, {"per_cell": True}, {"deflate": 3}, {"single": True}, {"overwrite": True}):
        with pytest.raises(TypeError, match="of files"):
            run.rows(**said)
