"""Arguments of grids and tables, beside what the program makes of its options, and beside NumPy's reading of the same."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gridloom
from conftest import SAMPLE

pa = pytest.importorskip("pyarrow")
import pyarrow.parquet  # noqa: E402

WINDOW = {"start": "1981-01-01", "stop": "1981-09-30", "reference_start": "1979-01-01", "reference_stop": "1979-12-31"}

pytestmark = pytest.mark.filterwarnings("ignore::gridloom.LossWarning")


@pytest.fixture(autouse=True)
def _same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")


def by_program(program: str, out: Path, *options: str, command: str = "tables") -> None:
    said = [program, command, "data/sample_run", "-o", str(out), "-q", *options]
    found = subprocess.run(said, check=False, capture_output=True, text=True)
    assert found.returncode in (0, 3), found.stderr


def contents(folder: Path) -> dict[str, Any]:
    """Tables by their files, or the bytes of grids; without what says when they were made."""
    made: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".parquet":
            made[str(path.relative_to(folder))] = pa.parquet.ParquetFile(path).read()
        elif path.suffix in (".nc", ".csv"):
            made[str(path.relative_to(folder))] = path.read_bytes()
    return made


ODD_MASK = "odd.npy"


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    """Two regions of the sample's cells, by labels, on the globe's grid."""
    labels = np.zeros((360, 720), "i4")
    labels[170:172, 215:230], labels[172:176, 215:230] = 1, 2
    np.save(tmp_path / ODD_MASK, labels)
    return tmp_path / ODD_MASK


@pytest.fixture
def traits(tmp_path: Path) -> Path:
    """Traits of as many strategies as the sample has, made here."""
    rng = np.random.default_rng(3)
    header = (
        "PLS_id,g1,resopfrac,tleaf,twood,troot,aleaf,awood,aroot,c4,leaf_n2c,awood_n2c,froot_n2c,leaf_p2c,awood_p2c,froot_p2c,amp,pdia"
    )
    rows = [",".join([str(number), *(f"{value:.4f}" for value in rng.uniform(0.1, 2, 17))]) for number in range(3000)]
    path = tmp_path / "pls_attrs-3000.csv"
    path.write_text(header + "\n" + "\n".join(rows) + "\n")
    return path


CASES: list[tuple[str, dict[str, Any], list[str]]] = [
    ("daily,stats", {"by_period": True}, ["--by", "period"]),
    ("region", {"by_period": True, "regions": "pan-amazon,all".split(",")}, ["--by", "period", "--regions", "pan-amazon,all"]),
    ("stats", {"by_month": True, "quantiles": [0.1, 0.9]}, ["--by-month", "--quantiles", "0.1,0.9"]),
    ("drift,drifting", {"equilibrium": 0.001}, ["--equilibrium", "0.001"]),
    ("region", {"regions": "pan-amazon,all".split(","), "every": "season"}, ["--regions", "pan-amazon,all", "--every", "season"]),
    ("biomass", {"years": [1979, 1981]}, ["--years", "1979,1981"]),
    ("biomass,cell_year", {"years": "1979-1980"}, ["--years", "1979-1980"]),
    ("daily", {"region": "pan-amazon"}, ["--region", "pan-amazon"]),
    ("daily", {"units": {"npp": "g m-2 month-1"}, "calendar_units": True}, ["--units", "npp=g m-2 month-1", "--calendar-units"]),
    ("daily", {"derive": {"nep": "npp - hresp"}, "variables": "nep"}, ["--derive", "nep = npp - hresp", "--variables", "nep"]),
    ("daily", {"max_decoded": "64KiB"}, ["--max-decoded", "64KiB"]),
    ("daily", {"max_values": 30}, ["--max-values", "30"]),
    ("daily", {"per_cell": True, "table_format": "csv"}, ["--per-cell", "--format", "csv"]),
    ("daily,biomass", {"partition": "lat_band"}, ["--partition", "lat-band"]),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: " ".join([case[0], *case[1]]))
def test_tables_are_those_of_the_program(case: tuple[str, dict[str, Any], list[str]], tmp_path: Path, program: str) -> None:
    tables, said, options = case
    said = {"variables": "npp,csoil*", **said}
    options = [*options, *([] if "--variables" in options else ["--variables", "npp,csoil*"])]
    if "max_decoded" in said or "max_values" in said:
        refused = subprocess.run(
            [program, "tables", "data/sample_run", "-o", str(tmp_path / "program"), "--tables", tables, "-q", *options], check=False, capture_output=True
        )
        assert refused.returncode not in (0, 3)
        with pytest.raises(gridloom.GridloomError):
            gridloom.tables(SAMPLE, tmp_path / "python", tables, progress=False, **said)
        return
    gridloom.tables("data/sample_run", tmp_path / "python", tables, progress=False, **said)
    by_program(program, tmp_path / "program", "--tables", tables, *options)
    ours, theirs = contents(tmp_path / "python"), contents(tmp_path / "program")
    assert ours.keys() == theirs.keys() and ours
    for name, made in ours.items():
        assert made == theirs[name] if isinstance(made, bytes) else made.equals(theirs[name]), name
    usual = tmp_path / "usual"
    gridloom.tables("data/sample_run", usual, tables, variables="npp,csoil*", progress=False)
    if "region" not in said:
        others = contents(usual)
        assert others.keys() != ours.keys() or any(
            made != others[name] if isinstance(made, bytes) else not made.equals(others[name]) for name, made in ours.items()
        ), "the argument changed nothing"


def test_masks_are_regions_and_areas(tmp_path: Path, program: str, mask: Path, caplog: pytest.LogCaptureFixture) -> None:
    gridloom.tables("data/sample_run", tmp_path / "python", "region", masks=mask, variables="npp", every="year", progress=False)
    by_program(program, tmp_path / "program", "--tables", "region", "--mask", str(mask), "--variables", "npp", "--every", "year")
    assert contents(tmp_path / "python")["region.parquet"].equals(contents(tmp_path / "program")["region.parquet"])
    names = set(contents(tmp_path / "python")["region.parquet"]["region"].to_pylist())
    assert len(names) == 2
    made = gridloom.grid("data/sample_run", tmp_path / "part", cells=f"{mask}#{sorted(names)[0]}", variables="npp", progress=False)
    assert made.files
    rows = pa.table(gridloom.open(SAMPLE).rows(cells=f"{mask}#{sorted(names)[0]}", variables="npp"))
    assert set(rows["grid_y"].to_pylist()) <= {170, 171}
    truth = tmp_path / "truth.npy"
    np.save(truth, np.load(mask) == 1)
    sizes = {}
    for word in ("inside", "outside"):
        said = gridloom.open(SAMPLE).rows(cells=truth, true_is=word, variables="npp")
        sizes[word] = {(row["grid_y"], row["grid_x"]) for row in pa.table(said).select(["grid_y", "grid_x"]).to_pylist()}
    assert sizes["inside"] and sizes["outside"] and not sizes["inside"] & sizes["outside"]
    # What is to be told of a mask is not kept back.
    import logging

    empty = np.zeros((360, 720), "i4")
    empty[0, 0] = 1
    coarse = tmp_path / "coarse.npy"
    np.save(coarse, np.ones((180, 360), bool))
    with caplog.at_level(logging.INFO, "gridloom"):
        gridloom.tables(SAMPLE, tmp_path / "coarse", "region", masks=coarse, true_is="inside", variables="npp", progress=False)
    assert "coarse" in caplog.text


def test_boxes_are_regions(tmp_path: Path) -> None:
    boxes = {"north": (10, 3.5, -80, -40), "whole": (10, -10, -80, -40)}
    gridloom.tables(SAMPLE, tmp_path / "out", "region", regions={**boxes, "all": None}, variables="npp", every="year", progress=False)
    table = contents(tmp_path / "out")["region.parquet"].to_pandas()
    assert sorted(table.region.unique()) == ["all", "north", "whole"]
    cells = gridloom.open(SAMPLE).cells
    inside = sum(3.5 <= cell.lat <= 10 for cell in cells)
    counts = table.groupby("region", observed=True).cells.max()
    assert 0 < counts["north"] <= inside < len(cells) and counts["all"] == counts["whole"]
    assert gridloom.verify(SAMPLE, tmp_path / "out", progress=False).is_equal


def test_traits_of_a_file(tmp_path: Path, program: str, traits: Path) -> None:
    tables = "traits,biomass"
    gridloom.tables("data/sample_run", tmp_path / "python", tables, traits=traits, progress=False)
    by_program(program, tmp_path / "program", "--tables", tables, "--traits", str(traits))
    ours, theirs = contents(tmp_path / "python"), contents(tmp_path / "program")
    assert ours.keys() == theirs.keys() and all(ours[name].equals(theirs[name]) for name in ours)
    assert "g1" in ours["biomass.parquet"].column_names
    rows = pa.table(gridloom.open(SAMPLE).rows("traits", traits=traits))
    assert rows.num_rows == ours["traits.parquet"].num_rows > 0


def test_what_has_no_use_and_what_cannot_be_is_refused(tmp_path: Path) -> None:
    for tables, said, words in [
        ("daily", {"quantiles": [0.5]}, "quantiles"),
        ("daily", {"by_month": True}, "by_month"),
        ("daily", {"every": "month"}, "every"),
        ("daily", {"masks": "x.npy"}, "masks"),
        ("daily", {"regions": ["all"]}, "regions"),
        ("daily", {"years": 1979}, "years"),
        ("daily", {"equilibrium": 1}, "equilibrium"),
        ("daily", {"traits": "x.csv"}, "traits"),
        ("biomass", {"by_period": True}, "by_period"),
        ("region", {"by_period": True, "every": "year"}, "every"),
        ("daily", {"stat": "mean"}, "stat"),
        ("stats", {"quantiles": [1.5]}, "from 0 to 1"),
        ("stats", {"quantiles": [0.5, 0.5]}, "same column"),
        ("biomass", {"years": "1980-1970"}, "years"),
        ("biomass", {"years": 1850}, "years"),
        ("region", {"regions": ["xingu"]}, "pan-amazon"),
        ("region", {"regions": {"a": (0, 10, 0, 1)}}, "north"),
        ("region", {"regions": ["all", "all"]}, "two regions"),
        ("daily", {"region": "pan-amazon", "whole_globe": True}, "exclude"),
        ("daily", {"max_decoded": "much"}, "size"),
        ("daily", {"max_values": 0}, "above 0"),
        ("daily", {"attributes": {"_FillValue": "x"}}, "kept"),
        ("daily", {"attributes": {"a/b": "x"}}, "slash"),
    ]:
        with pytest.raises(ValueError, match=words):
            gridloom.tables(SAMPLE, tmp_path / "out", tables, progress=False, **said)
    assert not (tmp_path / "out").exists()


def test_every_option_of_the_program_is_an_argument(program: str) -> None:
    """What the command line can do and Python cannot would be a hole."""
    import re

    others = {
        # By another name, or of another function.
        "output", "from", "to", "bbox", "cells", "global", "no-compress", "no-checksum", "by", "mask", "compress", "format", "shard", "global",
        "change", "reference-from", "reference-to",
        # Of a program alone.
        "grace", "quiet", "json", "config", "preset", "help", "version", "labels", "separate",
    }
    for command, function in (("grid", gridloom.grid), ("tables", gridloom.tables)):
        shown = subprocess.run([program, command, "--help"], check=True, capture_output=True, text=True).stdout
        options = set(re.findall(r"--([a-z][a-z-]+)", shown)) - others
        told = (gridloom.grid.__doc__ or "") + (function.__doc__ or "")
        missing = {name for name in options if name.replace("-", "_") not in told}
        assert not missing, f"{command}: {missing}"


def test_a_change_is_that_of_the_program(tmp_path: Path, program: str) -> None:
    window = WINDOW
    gridloom.tables("data/sample_run", tmp_path / "python", "change,region", variables="npp", least=0.5, progress=False, **window)
    options = ("--from", "1981-01-01", "--to", "1981-09-30", "--reference-from", "1979-01-01", "--reference-to", "1979-12-31", "--least", "0.5")
    by_program(program, tmp_path / "program", "--tables", "change,region", "--variables", "npp", *options)
    ours, theirs = contents(tmp_path / "python"), contents(tmp_path / "program")
    assert ours.keys() == theirs.keys() and all(ours[name].equals(theirs[name]) for name in ours)
    assert "npp_change_percent" in ours["change.parquet"].column_names
    rows = pa.table(gridloom.open(SAMPLE).rows("change", variables="npp", least=0.5, **window))
    assert rows["npp_change"].to_pylist() == ours["change.parquet"]["npp_change"].to_pylist()
    assert gridloom.verify(SAMPLE, tmp_path / "python", progress=False).is_equal
    with pytest.raises(ValueError, match="start and stop"):
        gridloom.grid(SAMPLE, tmp_path / "none", reference_start="1979-01-01", reference_stop="1979-12-31", progress=False)
    with pytest.raises(ValueError, match="not asked for"):
        gridloom.grid(SAMPLE, tmp_path / "none", least=1, progress=False)

def test_the_change_of_grids_is_that_of_their_run(tmp_path: Path) -> None:
    gridloom.grid(SAMPLE, tmp_path / "days", variables="npp,wsoil", progress=False)
    grids = sorted((tmp_path / "days").glob("*.nc"))
    said: dict[str, Any] = {"tables": "change,region", "progress": False, **WINDOW}
    gridloom.tables(SAMPLE, tmp_path / "of_run", variables="npp,wsoil", **said)
    gridloom.tables(grids, tmp_path / "of_grids", **said)
    gridloom.tables(grids[:1], tmp_path / "itself", reference=grids[0], **said)
    ours, theirs, itself = (contents(tmp_path / one) for one in ("of_grids", "of_run", "itself"))
    assert sorted(ours) == sorted(theirs) == ["change.parquet", "region.parquet"]
    for name, table in ours.items():
        assert table.column_names == theirs[name].column_names
        for column in table.column_names:
            own, wanted = table[column], theirs[name][column]
            if pa.types.is_floating(own.type):
                np.testing.assert_allclose(own.to_numpy(), wanted.to_numpy(), rtol=1e-12, err_msg=column)
            else:
                assert own.equals(wanted), column
    own, wanted = (one["change.parquet"]["npp_change"].to_numpy() for one in (itself, theirs))
    np.testing.assert_allclose(own, wanted, rtol=1e-12)
    for out in ("of_grids", "itself"):
        assert gridloom.verify(tmp_path / "days" if out == "of_grids" else grids[0], tmp_path / out, progress=False).is_equal
    with pytest.raises(ValueError, match="start and stop"):
        gridloom.tables(grids, tmp_path / "none", "change", reference_start="1979-01-01", reference_stop="1979-12-31", progress=False)


def test_a_state_says_where_outputs_come_from(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("joblib")
    pytest.importorskip("zstandard")
    netcdf = pytest.importorskip("netCDF4")
    run = tmp_path / "run"
    shutil.copytree(SAMPLE, run)
    make = Path(__file__).parents[2] / "tests" / "python" / "make_state.py"
    state = tmp_path / "run_result.psz"
    subprocess.run([sys.executable, str(make), str(run), str(state)], check=True, capture_output=True)
    made = gridloom.grid(run, tmp_path / "out", variables="npp", provenance=state, progress=False)
    with netcdf.Dataset(tmp_path / "out" / made.files[0].file) as file:
        assert "caete_region" in file.ncattrs() and "caete_periods" in file.ncattrs()
    (cells,) = tmp_path.glob("state_files_*/region_file_1.z")
    cells.write_bytes(cells.read_bytes()[:100])
    with caplog.at_level("INFO", "gridloom"):
        gridloom.grid(run, tmp_path / "part", variables="npp", provenance=state, progress=False)
    assert "what 5 of its 12 cells saved is not known" in caplog.text


def test_a_folder_of_input_is_proved_as_a_run(tmp_path: Path) -> None:
    make = Path(__file__).parents[2] / "tests" / "python" / "make_inputs.py"
    run = tmp_path / "obsclim"
    subprocess.run([sys.executable, str(make), str(run)], check=True, capture_output=True)
    gridloom.grid(run, tmp_path / "out", variables="tas", progress=False)
    assert gridloom.verify(run, tmp_path / "out", progress=False).is_equal


def test_what_the_program_refuses_is_refused(tmp_path: Path) -> None:
    for tables, said, words in (
        ("region", {"names": "upstream"}, "daily and biomass"),
        ("daily", {"per_cell": True, "partition": "year"}, "by cells already"),
        ("change,region", {"every": "year", **WINDOW}, "one interval"),
        ("change,daily", WINDOW, "change and region"),
    ):
        with pytest.raises(ValueError, match=words):
            gridloom.tables(SAMPLE, tmp_path / "out", tables, progress=False, **said)
    with pytest.raises(TypeError, match="colour"):
        gridloom.grid(SAMPLE, tmp_path / "out", profile={"colour": "x"}, progress=False)
    assert not (tmp_path / "out").exists()
