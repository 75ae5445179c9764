"""Several runs in one call."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import gridloom
from conftest import SAMPLE

pa = pytest.importorskip("pyarrow")
import pyarrow.compute  # noqa: E402
import pyarrow.parquet  # noqa: E402


def two_runs(folder: Path) -> dict[str, Path]:
    """The sample run under two names, the second without a cell."""
    runs = {name: folder / name for name in ("hist", "ssp126")}
    for path in runs.values():
        shutil.copytree(SAMPLE, path)
    shutil.rmtree(runs["ssp126"] / "grd_170-225")
    return runs


def test_several_runs(tmp_path: Path) -> None:
    runs = two_runs(tmp_path)
    report = gridloom.tables(runs, tmp_path / "out", "region,daily", variables="npp", progress=False)
    assert list(report.runs) == ["hist", "ssp126"] and not report.is_complete
    assert sorted(report.files) == ["daily.parquet", "region.parquet"]
    assert report.runs["hist"].faults and "ssp126: " in str(report)
    table = pa.parquet.read_table(tmp_path / "out" / "region.parquet")
    assert table.column("run").unique().to_pylist() == ["hist", "ssp126"]
    own = pa.parquet.read_table(tmp_path / "out" / "run=ssp126" / "region.parquet", partitioning=None)
    assert table.filter(pa.compute.equal(table["run"], "ssp126")).num_rows == own.num_rows
    proof = gridloom.verify(runs["ssp126"], tmp_path / "out", progress=False)
    assert proof.is_equal and proof.files == 4
    status = gridloom.status(tmp_path / "out")
    assert [one["condition"] for one in status["files"]] == ["made", "made"]
    listed = gridloom.tables(runs, tmp_path / "listed", "region", variables="npp", separate=True, progress=False)
    assert list(listed.runs) == ["hist", "ssp126"] and listed.files == []
    assert (tmp_path / "listed" / "run=hist" / "region.parquet").is_file()


def test_several_runs_name_the_one_that_fails(tmp_path: Path) -> None:
    runs = two_runs(tmp_path)
    with pytest.raises(ValueError, match="nothing") as caught:
        gridloom.tables(runs, tmp_path / "out", "daily", variables="nothing", progress=False)
    assert caught.value.__notes__ == ["in run hist"]
    assert not (tmp_path / "out").exists()
    with pytest.raises(TypeError, match="separate: of files"):
        gridloom.tables(runs, to="postgres://me@host/maps", separate=True, progress=False)
    with pytest.raises(TypeError, match="schema: of a database"):
        gridloom.tables(runs, tmp_path / "out", schema="maps", progress=False)
    with pytest.raises(TypeError, match="a dictionary of their paths by name"):
        gridloom.tables(list(runs.values()), tmp_path / "out", progress=False)
    with pytest.raises(TypeError, match="separate: of several runs"):
        gridloom.tables(runs["hist"], tmp_path / "out", separate=True, progress=False)
