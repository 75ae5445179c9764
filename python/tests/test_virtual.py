"""Virtual stores: Icechunk and VirtualiZarr read what the files hold, without a copy of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

xr = pytest.importorskip("xarray")
pytest.importorskip("zarr", reason="zarr is not here")

import gridloom
from conftest import SAMPLE
from gridloom import virtual

pytestmark = [pytest.mark.filterwarnings("ignore::gridloom.LossWarning"), pytest.mark.filterwarnings("ignore:Numcodecs codecs")]


@pytest.fixture(scope="module")
def grids(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of some daily grids, of two types, with rows and without."""
    out = tmp_path_factory.mktemp("virtual") / "maps"
    gridloom.grid(SAMPLE, out, variables="npp,csoil*", progress=False)
    return out


def repository(out: Path) -> Any:
    icechunk = pytest.importorskip("icechunk", reason="Icechunk is not here")
    container = virtual.local_files(out)
    config = icechunk.RepositoryConfig.default()
    config.set_virtual_chunk_container(container)
    allowed = {container.url_prefix: None}
    return icechunk.Repository.create(icechunk.in_memory_storage(), config=config, authorize_virtual_chunk_access=allowed)


def same_as_files(found: Any, out: Path) -> None:
    files = sorted(out.glob("*.nc"))
    for path in files:
        with xr.open_dataset(path, engine="netcdf4") as wanted:
            for name in wanted.data_vars:
                xr.testing.assert_identical(wanted[name].load(), found[name].load())
    assert len(files) == 5


def test_icechunk_reads_what_the_files_hold(grids: Path) -> None:
    repo = repository(grids)
    snapshot = virtual.to_icechunk(grids, repo)
    same_as_files(xr.open_zarr(repo.readonly_session(snapshot_id=snapshot).store, consolidated=False), grids)
    # Again, in its place; the first snapshot stays.
    assert virtual.to_icechunk(grids, repo, message="again") != snapshot
    same_as_files(xr.open_zarr(repo.readonly_session("main").store, consolidated=False), grids)


def test_icechunk_holds_no_values_and_notices_changed_files(grids: Path, tmp_path: Path) -> None:
    own = Path(shutil.copytree(grids, tmp_path / "own"))
    repo = repository(own)
    virtual.to_icechunk(own, repo)
    [npp] = own.glob("npp_*")
    os.utime(npp, (npp.stat().st_mtime + 100,) * 2)
    found = xr.open_zarr(repo.readonly_session("main").store, consolidated=False)
    with pytest.raises(Exception, match="(?i)modified|changed|checksum"):
        found.npp.load()
    found.csoil_1.load()


def test_icechunk_reads_an_archive_over_cells(archive: Path) -> None:
    repo = repository(archive)
    virtual.to_icechunk(archive, repo)
    groups = [name for name, one in virtual._groups(virtual.references(archive)["refs"]).items() if one.arrays]
    compared = 0
    for group in groups:
        found = xr.open_zarr(repo.readonly_session("main").store, group=group or None, consolidated=False)
        run = gridloom.open(archive)
        for number, (row, column) in enumerate(zip(found.grid_y.values, found.grid_x.values, strict=True)):
            own = found.npp.isel(cell=number)
            # A cell has some of the run's days.
            has = np.isin(run.dates, own.time.values.astype("M8[s]"))
            assert has.sum() == len(own)
            assert np.array_equal(own.values, run.read((int(row), int(column)), "npp")[has], equal_nan=True)
            compared += 1
    assert compared == len(gridloom.open(archive).cells)


def test_virtualizarr_takes_a_folder(grids: Path) -> None:
    virtualizarr = pytest.importorskip("virtualizarr", reason="VirtualiZarr is not here")
    from obspec_utils.registry import ObjectStoreRegistry
    from obstore.store import LocalStore

    registry = ObjectStoreRegistry({"file://": LocalStore()})
    dataset = virtualizarr.open_virtual_dataset(f"file://{grids}", parser=virtual.GridloomParser(), registry=registry)
    places = {entry["path"] for entry in dataset["npp"].data.manifest.dict().values()}
    assert len(places) == 1 and places.pop().endswith(".nc")
    repo = repository(grids)
    session = repo.writable_session("main")
    dataset.vz.to_icechunk(session.store)
    session.commit("by VirtualiZarr")
    same_as_files(xr.open_zarr(repo.readonly_session("main").store, consolidated=False), grids)
    with pytest.raises(ValueError, match="give one of"):
        virtual.GridloomParser(group="no")(f"file://{grids}", registry)


def test_references_are_kerchunks(grids: Path) -> None:
    found = virtual.references(grids, "https://host/maps")
    address, offset, length = found["refs"]["npp/0.0.0"]
    assert address.startswith("https://host/maps/npp_") and offset > 0 and length > 0
    assert found["refs"]["lat/0"].startswith("base64:")
    assert isinstance(virtual.references(grids, inline=False)["refs"]["lat/0"], list)
    with pytest.raises(FileNotFoundError):
        virtual.references(grids / "no")
    with pytest.raises(ValueError, match="such letters"):
        virtual.local_files(grids.parent / "some maps" / "out")
    with pytest.raises(ValueError, match="there are"):
        virtual.to_icechunk(grids, repository(grids), group="weekly")
