"""Tables into PostgreSQL: a server of this machine, by scripts/postgres-here."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import gridloom
from conftest import ROOT, SAMPLE

pytestmark = pytest.mark.filterwarnings("ignore::gridloom.LossWarning")

WAIT = "import json, os, sys; print(json.dumps({k: v for k, v in os.environ.items() if k.startswith(('PG', 'POSTGRES'))}), flush=True); sys.stdin.read()"


@pytest.fixture(scope="module")
def server() -> Iterator[dict[str, str]]:
    """The variables by which a server is found that is there as long as the tests are."""
    command = [str(ROOT / "scripts" / "postgres-here"), sys.executable, "-c", WAIT]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    line = process.stdout.readline()
    if not line:
        assert process.wait() == 77 and os.environ.get("GRIDLOOM_CI") != "1", "there is no PostgreSQL"
        pytest.skip("PostgreSQL is not here")
    yield json.loads(line)
    process.stdin.close()
    process.wait(timeout=60)


@pytest.fixture(autouse=True)
def _found(server: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in server.items():
        monkeypatch.setenv(name, value)


def rows(query: str) -> list[dict[str, str]]:
    psql = shutil.which("psql") or max(str(path) for path in Path("/usr/lib/postgresql").glob("*/bin/psql"))
    copy = f"copy ({query}) to stdout with (format csv, header)"
    found = subprocess.run([psql, "-qX", "-v", "ON_ERROR_STOP=1", "-c", copy], capture_output=True, text=True, check=True)
    return list(csv.DictReader(io.StringIO(found.stdout)))


def test_tables_are_loaded_exactly_once_and_proved(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    said: dict[str, Any] = {"variables": "npp,csoil*", "progress": False}
    report = gridloom.tables(SAMPLE, tables="daily,region", to="postgres://", schema="twice", every="year", **said)
    assert [made.file for made in report.files] == ["twice.daily", "twice.region"]
    assert report.path.startswith("postgres://") and any(fault.cell == "171-226" for fault in report.faults)
    again = gridloom.tables(SAMPLE, tables="daily,region", to="postgres://", schema="twice", every="year", **said)
    assert again.raw["dumps"]["read"] == 0 or again.files == report.files
    gridloom.tables(SAMPLE, tmp_path / "out", "daily", **said)
    made = parquet.read_table(tmp_path / "out" / "daily.parquet").to_pylist()
    found = rows("select * from twice.daily order by grid_y, grid_x, day")
    assert len(found) == len(made) > 0
    for own, other in zip(found, made, strict=True):
        assert (int(own["grid_y"]), int(own["grid_x"]), own["day"][:10]) == (other["grid_y"], other["grid_x"], str(other["day"])[:10])
        assert own["npp"] == "" and other["npp"] is None or float(own["npp"]) == pytest.approx(other["npp"], rel=1e-6)
    assert len(rows("select * from twice.region")) == 5 * 3
    proof = gridloom.verify(SAMPLE, to="postgres://", schema="twice", progress=False)
    assert proof.is_equal and proof.raw["result"]["rows"] if "result" in proof.raw else proof.is_equal


def test_what_somebody_changed_is_found() -> None:
    gridloom.tables(SAMPLE, tables="daily", to="postgres://", schema="changed", variables="npp", progress=False)
    change = "with one as (update changed.daily set npp = 7 where ctid = (select min(ctid) from changed.daily) returning 1) select * from one"
    psql = shutil.which("psql") or max(str(path) for path in Path("/usr/lib/postgresql").glob("*/bin/psql"))
    subprocess.run([psql, "-qX", "-c", change], check=True, stdout=subprocess.DEVNULL)
    proof = gridloom.verify(SAMPLE, to="postgres://", schema="changed", progress=False)
    assert not proof.is_equal and proof.differences >= 1
    gridloom.tables(SAMPLE, tables="daily", to="postgres://", schema="changed", variables="npp", fresh=True, progress=False)
    assert gridloom.verify(SAMPLE, to="postgres://", schema="changed", progress=False).is_equal


def test_a_password_is_in_no_message(server: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGPASSWORD")
    secret = "s3cr3t"
    url = f"postgres://gridloom:{secret}@127.0.0.1:{server['PGPORT']}/gridloom"
    with pytest.raises(OSError) as found:
        gridloom.tables(SAMPLE, tables="daily", to=url, progress=False)
    error = found.value
    assert "password authentication failed" in str(error) and error.kind == "database"
    assert secret not in f"{error} {error!r} {error.path} {error.hint} {error.__dict__}"
    with pytest.raises((OSError, ValueError)) as found:
        gridloom.tables(SAMPLE, tables="daily", to=url + "?" + secret, progress=False)
    assert secret not in f"{found.value} {found.value!r}"
    right = url.replace(secret, server["PGPASSWORD"])
    with pytest.warns(UserWarning, match="PGPASSWORD") as told:
        report = gridloom.tables(SAMPLE, tables="daily", variables="npp", to=right, schema="by_url", progress=False)
    shown = f"{report!r} {report} {json.dumps(report.raw)} {[str(one.message) for one in told]}"
    assert server["PGPASSWORD"] not in shown and "gridloom" in report.path


def test_what_is_of_files_is_refused(tmp_path: Path) -> None:
    for said, word in [({"out": tmp_path}, "out"), ({"per_cell": True}, "per_cell"), ({"table_format": "csv"}, "table_format")]:
        with pytest.raises(TypeError, match=word):
            gridloom.tables(SAMPLE, tables="daily", to="postgres://", **said)
    with pytest.raises(TypeError, match="schema"):
        gridloom.tables(SAMPLE, tmp_path / "out", "daily", schema="x")
    with pytest.raises(TypeError, match="folder"):
        gridloom.tables(SAMPLE, tables="daily")
    with pytest.raises(ValueError, match="grids"):
        gridloom.tables(SAMPLE, tables="annual", to="postgres://", progress=False)
    with pytest.raises(TypeError, match="what was made"):
        gridloom.verify(SAMPLE)


def test_several_runs_go_into_the_same_tables(tmp_path: Path) -> None:
    runs = {name: tmp_path / name for name in ("hist", "ssp126")}
    for path in runs.values():
        shutil.copytree(SAMPLE, path)
    shutil.rmtree(runs["ssp126"] / "grd_170-225")
    said: dict[str, Any] = {"variables": "npp", "progress": False}
    report = gridloom.tables(runs, tables="daily,region", to="postgres://", schema="several", **said)
    assert list(report.runs) == ["hist", "ssp126"] and report.files == ["several.daily", "several.region"]
    assert not report.is_complete and report.runs["hist"].faults
    for name, path in runs.items():
        gridloom.tables(path, tables="daily,region", to="postgres://", schema=f"alone_{name}", **said)
        for table in ("daily", "region"):
            own = [{"run": name, **row} for row in rows(f"select * from alone_{name}.{table} t order by t::text")]
            columns = ", ".join(list(own[0])[1:])
            found = rows(f"select run, {columns} from several.{table} where run = '{name}' order by row({columns})::text")
            assert sorted(found, key=str) == sorted(own, key=str)
        proof = gridloom.verify(path, to="postgres://", schema="several", progress=False)
        assert proof.is_equal and proof.files == 2
    with pytest.raises(gridloom.errors.GridloomError) as caught:
        gridloom.tables(runs, tables="nothing", to="postgres://", schema="several", **said)
    assert "nothing" in str(caught.value)
