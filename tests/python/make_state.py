#!/usr/bin/env python3
"""Writes states of a run that is there, as CAETE-DVM does: the region object beside it, and files of its cells, which list their dumps.

Paths in them are those of a machine that is not this one. `--more Y-X` names a cell whose folder is not there, `--spin N` a period and `--year N` a
year that the run lacks; `--own` leaves the files of cells out and keeps cells in the region object itself. `--split` lists each cell in both files, with
some of its dumps in each; `--strange` puts a value that is not a cell into the second.
"""

from __future__ import annotations

import argparse
import io
import pathlib
import pickle
import sys
import types

import joblib
import numpy as np
import zstandard

AWAY = pathlib.PurePosixPath("/home/someone/CAETE-DVM/outputs")
STATES = "state_files_0123456789abcdef0123456789abcdef"


def classes():
    """Classes that only the model has."""
    made = {}
    for module, names in {"region": ["region"], "caete": ["grd_mt"], "config": ["Config", "Metacomm", "Fertilization", "Crs"]}.items():
        sys.modules[module] = types.ModuleType(module)
        for name in names:
            made[name] = type(name, (), {"__module__": module})
            setattr(sys.modules[module], name, made[name])
    return made


def of(made, kind, **state):
    thing = made[kind]()
    thing.__dict__.update(state)
    return thing


def path(*parts):
    # The model writes paths of its own system, which a PurePath of another one must not be here.
    return pathlib.PosixPath(AWAY, *parts)


def part_of(made, cell, first):
    """A cell with its first dumps, or with all others."""
    some = lambda things: list(things)[:1] if first else list(things)[1:]
    kept = {name: dict(some(getattr(cell, name).items())) for name in ("outputs", "metacomm_output")}
    return of(made, "grd_mt", **(cell.__dict__ | kept | {"executed_iterations": some(cell.executed_iterations)}))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("state", type=pathlib.Path)
    parser.add_argument("--more", action="append", default=[])
    parser.add_argument("--spin", type=int)
    parser.add_argument("--year", type=int)
    parser.add_argument("--own", action="store_true")
    parser.add_argument("--split", action="store_true")
    parser.add_argument("--strange", action="store_true")
    options = parser.parse_args()
    made = classes()
    run, name = options.run, options.run.name
    config = of(made, "Config", metacomm=of(made, "Metacomm", n=3, npls_max=np.int64(200)), fertilization=of(made, "Fertilization", afex_mode="NP", n=1.5),
                crs=of(made, "Crs", res=0.5, epsg_id="4326", datum="WGS84"), doy_months=[1, 32, 60])
    cells = []
    for folder in sorted(run.glob("grd_*-*")) + [run / f"grd_{cell}" for cell in options.more]:
        y, x = map(int, folder.name[4:].split("-"))
        spins = [file.name for file in sorted(folder.glob("spin*.pkz"))] + ([f"spin{options.spin:04}.pkz"] if options.spin else [])
        years = [int(file.stem[-4:]) for file in sorted(folder.glob("metacommunity_*.pkz"))] + ([options.year] if options.year else [])
        cells.append(of(made, "grd_mt", y=y, x=x, lat=89.75 - y / 2, lon=-179.75 + x / 2, cell_area=np.float64(3e9), config=config, calendar="proleptic_gregorian",
                        executed_iterations=[("19790101", "19791231"), ("19800101", "19801231"), ("1981-01-01", "1981-09-30")],
                        outputs={spin: str(path(name, folder.name, spin)) for spin in spins},
                        metacomm_output={year: path(name, folder.name, f"metacommunity_{year}.pkz") for year in years}))
    half = len(cells) // 2 + 1
    parts = (cells[:half], cells[half:])
    if options.split:
        parts = tuple([part_of(made, cell, first) for cell in cells] for first in (False, True))
    if options.strange:
        parts[1].append("no cell")
    files = []
    if not options.own:
        states = options.state.parent / STATES
        states.mkdir(exist_ok=True)
        for number, part in enumerate(parts):
            file = f"region_file_{number}.z"
            joblib.dump(part, states / file, compress=("lzma", 9) if number == 0 else ("zlib", 2))
            files.append(path(STATES, file))
    days = np.arange(43464, 43464 + 16801)
    whole = of(made, "region", name=pathlib.PosixPath(name), config=config, gridlist=None,
               input_data=path("..", "input", "MPI-ESM1-2-HR", "historical", "caete_input_historical.nc"), input_type="netcdf", input_method="ih",
               co2_path=path("..", "input", "co2", "historical_CO2_annual_1765-2024.csv"), co2_data={year: 278.05 + (year - 1765) * 0.5 for year in range(1765, 2025)},
               stime={"standard_name": "time", "units": "days since 1860-01-01 00:00:00", "calendar": "proleptic_gregorian", "time_index": days},
               npls_main_table=25000, epsg="EPSG:4326", datum="WGS84", output_path=path(name), state_path=path(STATES), file_objects=files,
               gridcell_address_file_objects={0: (0, files[0])} if files else {}, region_size=len(cells), yx_indices=[(cell.y, cell.x) for cell in cells],
               lats=np.array([cell.lat for cell in cells], "f4"), grid_mask=np.ones((360, 720), bool), gridcells=cells if options.own else [])
    stream = io.BytesIO()
    with zstandard.ZstdCompressor(level=3).stream_writer(stream, closefd=False) as writer:
        writer.write(pickle.dumps(whole, protocol=4))
    options.state.write_bytes(stream.getvalue())


if __name__ == "__main__":
    main()
