"""Archives that are changed, files of records without a description, and several products of one pass."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

import gridloom
from conftest import ROOT, SAMPLE
from test_work import digests

pytestmark = pytest.mark.filterwarnings("ignore::gridloom.LossWarning")

LPJ = ROOT / "data" / "records" / "lpj-guess"


def test_an_archive_grows_is_mended_and_shrinks(sample: Path, tmp_path: Path) -> None:
    whole = gridloom.open(SAMPLE)
    late = [path for path in sample.glob("grd_*/spin0003.pkz")]
    assert late
    for path in late:
        path.rename(path.with_suffix(".later"))
    archive = tmp_path / "run.nc"
    gridloom.cells(sample, archive, progress=False, codec="zstd:3", tune="random")
    assert [period.number for period in gridloom.open(archive).periods] == [1, 2]
    for path in late:
        path.with_suffix(".later").rename(path)
    report = gridloom.append_cells(sample, archive, progress=False)
    assert report.raw["dumps"] > 0 and len(gridloom.open(archive).periods) == 3
    assert gridloom.verify(sample, archive, progress=False).is_equal
    # A cell that was run again.
    shutil.copy2(sample / "grd_170-224" / "spin0001.pkz", sample / "grd_170-223" / "spin0001.pkz")
    assert not gridloom.verify(sample, archive, progress=False).is_equal
    gridloom.replace_cells(sample, archive, ["170-223"], progress=False)
    assert gridloom.verify(sample, archive, progress=False).is_equal
    other = gridloom.open(archive)
    assert np.array_equal(other.read("170-223", "npp", stop="1979-12-31"), whole.read("170-224", "npp", stop="1979-12-31"), equal_nan=True)
    gridloom.drop_cells(archive, [(170, 223), whole.cells[-1]])
    left = [str(cell) for cell in gridloom.open(archive).cells]
    assert left == [str(cell) for cell in whole.cells][1:-1]
    before, after = gridloom.repack(archive, codec="deflate:6", progress=False)
    assert after < before == archive.stat().st_size or archive.stat().st_size == after
    with pytest.raises(ValueError, match="random, balanced"):
        gridloom.repack(archive, tune="best", progress=False)
    with pytest.raises(ValueError, match="zstd:1"):
        gridloom.cells(sample, tmp_path / "none.nc", codec="zip", progress=False)
    with pytest.raises(ValueError, match="512 bytes"):
        gridloom.cells(sample, tmp_path / "none.nc", chunk_bytes=5, progress=False)
    with pytest.raises(TypeError, match="overwrite"):
        gridloom.repack(archive, overwrite=True)


def test_files_of_records_need_no_description(tmp_path: Path) -> None:
    described = gridloom.open(LPJ / "lpj-guess.toml")
    pattern = str(LPJ / "run*" / "lai.out")
    found = gridloom.open(pattern, preset="lpj-guess")
    assert found.kind == "records" and len(found.cells) == len(described.cells) > 0
    cell = found.cells[0]
    own, other = found.read(cell, "lai"), described.read(cell, "lai")
    assert np.array_equal(own, other, equal_nan=True)
    assert np.array_equal(pickle.loads(pickle.dumps(found)).read(cell, "lai"), own, equal_nan=True)
    assert gridloom.open(pattern).kind == "records"
    gridloom.grid(pattern, tmp_path / "out", preset="lpj-guess", rows="dimension", progress=False)
    assert list((tmp_path / "out").glob("lai_*.nc"))
    proof = gridloom.verify(pattern, tmp_path / "out", preset="lpj-guess", progress=False)
    assert proof.differences == 0 and proof.values > 0
    xr = pytest.importorskip("xarray")
    lazy = xr.open_dataset(pattern, engine="gridloom", preset="lpj-guess", rows="dimension", view="cells")
    assert np.array_equal(lazy.lai.isel(cell=0).values, own, equal_nan=True)
    plan = gridloom.Plan(pattern, tmp_path / "shared", preset="lpj-guess", rows="dimension", progress=False)
    for shard in plan.shards(2):
        gridloom.run_shard(shard)
    assert gridloom.publish(tmp_path / "shared", progress=False).files
    with pytest.raises(gridloom.GridloomError):
        gridloom.open(pattern, preset="no-such-model")


def test_grids_aggregates_and_tables_of_one_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    said = {"variables": "npp,lai", "progress": False}
    report = gridloom.tables(SAMPLE, tmp_path / "all", ["stats"], grids=True, aggregates=[("month", "mean"), ("year", "sum")], **said)
    names = {made.file for made in report.files}
    assert "stats.parquet" in names and len(names) == 1 + 2 * 3
    gridloom.grid(SAMPLE, tmp_path / "daily", **said)
    gridloom.grid(SAMPLE, tmp_path / "monthly", every="month", stat="mean", **said)
    gridloom.grid(SAMPLE, tmp_path / "both", grids=True, aggregates=[("month", "mean"), ("year", "sum")], **said)
    apart = digests(tmp_path / "daily") | digests(tmp_path / "monthly")
    together = digests(tmp_path / "all")
    assert together == digests(tmp_path / "both")
    assert {name: together[name] for name in apart} == apart
    assert gridloom.verify(SAMPLE, tmp_path / "all", progress=False).is_equal
