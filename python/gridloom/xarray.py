"""xarray's engine for runs, archives and records: ``xr.open_dataset(path, engine="gridloom")``.

Nothing but what is asked for is read; without NetCDF's library and its lock, so that threads read side by side. What is pickled is a path
and what tells the run from another one: every process of a cluster opens it for itself, and sees the same.

>>> import xarray as xr
>>> run = xr.open_dataset("data/sample_run", engine="gridloom", variables=["npp"])
>>> dict(run.sizes)
{'time': 1004, 'bnds': 2, 'lat': 5, 'lon': 6}
>>> cells = xr.open_dataset("data/sample_run", engine="gridloom", view="cells", variables=["npp"])
>>> cells.npp.dims
('cell', 'time')
>>> tree = xr.open_datatree("data/sample_run", engine="gridloom", group="grd_170-22[34]", variables=["npp"])
>>> list(tree)
['grd_170-223', 'grd_170-224']
"""

from __future__ import annotations

import fnmatch
import json
import os
import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from xarray.backends import BackendArray, BackendEntrypoint
from xarray.core import indexing

from . import _gridloom, _looker, _threads
from ._open import tell, warn
from ._progress import watched
from ._reports import faults, of_records
from ._settings import settings
from .errors import GridloomError

#: Bytes of a block that is read at once, where that is whole periods of so many cells.
_BLOCK = 64 << 20
_TILE = 16

#: Views that a process keeps open.
_KEPT = 32


class _Place(NamedTuple):
    """What tells a view from any other: all that is pickled."""

    path: str
    degrees: float | None
    #: The state of an archive: what was added to it later is not seen.
    state: str | None
    settings: str
    #: When it was opened, and a digest of what was listed.
    known: tuple[int, int]
    #: What files of records are read as.
    preset: str | None = None


_views: OrderedDict[_Place, Any] = OrderedDict()
_locks: dict[_Place, threading.Lock] = {}
_lock = threading.Lock()


def _after_fork() -> None:
    global _lock, _locks
    _lock, _locks = threading.Lock(), {}


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _view(place: _Place) -> Any:
    """The view of a place, which this process opens once."""
    with _lock:
        if place in _views:
            _views.move_to_end(place)
            return _views[place]
        own = _locks.setdefault(place, threading.Lock())
    with own:
        with _lock:
            if place in _views:
                return _views[place]
        with watched(False) as told:
            threads = _threads.for_reading()
            source = _gridloom.Source.open(place.path, place.degrees, place.state, place.preset, threads, told)
            return _keep(place, source.view(place.settings, place.known, threads, told))


def _keep(place: _Place, view: Any) -> Any:
    with _lock:
        _views[place] = view
        _locks.pop(place, None)
        while len(_views) > _KEPT:
            _views.popitem(last=False)
    return view


def _lists(key: tuple[Any, ...], lengths: tuple[int, ...]) -> tuple[list[list[int]], tuple[int, ...]]:
    """The numbers that a key takes along each dimension, and the shape of what it takes."""
    chosen = [np.arange(length)[one] for one, length in zip(key, lengths, strict=True)]
    return [np.atleast_1d(one).tolist() for one in chosen], tuple(len(one) for one in chosen if one.ndim)


class _Values(BackendArray):
    """Values of a variable, read where they are asked for."""

    __slots__ = ("by_cell", "dtype", "has_rows", "output", "place", "shape")

    def __init__(self, place: _Place, output: int, shape: tuple[int, ...], dtype: np.dtype[Any], by_cell: bool, has_rows: bool) -> None:
        self.place, self.output, self.shape, self.dtype = place, output, shape, dtype
        self.by_cell, self.has_rows = by_cell, has_rows

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> Any:
        lists, shape = _lists(key, self.shape)
        if not self.has_rows:
            lists.insert(1, [0])
        view = _view(self.place)
        with watched(False) as told:
            threads = _threads.for_reading()
            if self.by_cell:
                cells, rows, steps = lists
                data, lost = view.read_cells(self.output, rows, steps, cells, threads, told)
            else:
                steps, rows, ys, xs = lists
                data, lost = view.read_grid(self.output, rows, steps, ys, xs, threads, told)
        warn(lost, 2)
        return data.view(self.dtype).reshape(shape)


class _Chunks(BackendArray):
    """Values of a gridded file, of which the chunks are read that have some of what is asked for."""

    __slots__ = ("dtype", "known", "number", "path", "shape")

    def __init__(self, path: str, known: tuple[int, ...], number: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.path, self.known, self.number, self.shape, self.dtype = path, known, number, shape, dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> Any:
        lists, shape = _lists(key, self.shape)
        with watched(False) as told:
            data = _grid(self.path, self.known).read(self.number, lists, _threads.for_reading(), told)
        return data.view(self.dtype).reshape(shape)


_grids: OrderedDict[tuple[str, tuple[int, ...]], Any] = OrderedDict()


def _grid(path: str, known: Any) -> Any:
    """An open gridded file, if it is still the one that is known."""
    with _lock:
        if (found := _grids.get((path, tuple(known)))) is not None:
            _grids.move_to_end((path, tuple(known)))
            return found
    _looker.ready()
    return _keep_grid(path, _gridloom.Grid.open(path, known))


def _keep_grid(path: str, found: Any) -> Any:
    with _lock:
        _grids[path, tuple(found.known)] = found
        while len(_grids) > _KEPT:
            _grids.popitem(last=False)
    return found


def _of_file(path: str) -> xr.Dataset:
    """A gridded file as it is stored."""
    _looker.ready()
    found = _keep_grid(path, _gridloom.Grid.open(path))
    file = found.schema()
    made: dict[str, xr.Variable] = {}
    for one in file["variables"]:
        if one["type"] is None:
            continue
        dtype, shape, attributes = np.dtype(one["type"]), tuple(one["shape"]), _attributes(one["attributes"])
        encoding: dict[str, Any] = {"source": path, "original_shape": shape, "dtype": dtype}
        if "number" in one:
            encoding |= {"chunksizes": tuple(one["chunk"]), "preferred_chunks": _of_stored(one, dtype.itemsize)}
            values: Any = indexing.LazilyIndexedArray(_Chunks(path, tuple(found.known), one["number"], shape, dtype))
        elif one["values"] is None:
            continue
        else:
            values = one["values"].astype(dtype).reshape(shape)
        made[one["name"]] = xr.Variable(one["dimensions"], values, attributes, encoding)
    dataset = xr.Dataset(made, attrs=_attributes(file["attributes"]))
    dataset.encoding = {"source": path, "unlimited_dims": set(file["unlimited"])}
    return dataset


def _of_stored(one: dict[str, Any], size: int) -> dict[str, int]:
    """Blocks of some chunks, since one alone is little work."""
    lengths = list(one["chunk"])
    for axis in reversed(range(len(lengths))):
        while lengths[axis] < one["shape"][axis] and 2 * size * int(np.prod(lengths)) <= _BLOCK // 4:
            lengths[axis] *= 2
    return {name: min(length, whole) for name, length, whole in zip(one["dimensions"], lengths, one["shape"], strict=True)}


class GridloomBackend(BackendEntrypoint):
    """Runs, archives of them, records and gridded files as datasets.

    ``view="grid"`` is what ``gridloom grid`` would write: time, lat, lon, with its names, units, attributes and values. ``view="cells"`` has
    a dimension of cells instead; ``group="grd_170-223"`` is one of them. ``variables`` and ``periods`` select; ``rows="dimension"`` gives variables of several rows a dimension;
    ``degrees`` is the size of a grid's cells where it is not the model's; ``profile`` what files would be called and say, as :func:`gridloom.grid` takes it.
    """

    description = "Runs of gridcell models, archives of them, records and gridded files, of gridloom"
    url = "https://docs.rs/gridloom"
    supports_groups = True
    open_dataset_parameters = (
        "filename_or_obj",
        "mask_and_scale",
        "decode_times",
        "decode_timedelta",
        "use_cftime",
        "concat_characters",
        "decode_coords",
        "drop_variables",
        "group",
        "view",
        "variables",
        "periods",
        "rows",
        "degrees",
        "preset",
        "profile",
    )

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        """True of run folders and archives, and of nothing else: not of gridded files, which other engines read."""
        if not isinstance(filename_or_obj, (str, os.PathLike)):
            return False
        try:
            return _gridloom.kind_of(filename_or_obj) in ("run", "archive")
        except (OSError, ValueError, TypeError, GridloomError):
            return False

    def open_dataset(  # type: ignore[override]
        self,
        filename_or_obj: str | os.PathLike[str],
        *,
        mask_and_scale: bool = True,
        decode_times: Any = True,
        decode_timedelta: Any = None,
        use_cftime: bool | None = None,
        concat_characters: bool = True,
        decode_coords: Any = True,
        drop_variables: str | Iterable[str] | None = None,
        group: str | None = None,
        view: str | None = None,
        variables: str | Iterable[str] | None = None,
        periods: str | int | Iterable[int] | None = None,
        rows: str = "split",
        degrees: float | None = None,
        preset: str | None = None,
        profile: Any = None,
    ) -> xr.Dataset:
        if view not in (None, "grid", "cells"):
            raise ValueError(f"view {view!r}: wants grid or cells")
        if _gridloom.kind_of(filename_or_obj) == "grid":
            said = (group, view or "grid", variables, periods, rows, degrees, preset, profile)
            if said != (None, "grid", None, None, "split", None, None, None):
                raise ValueError("a gridded file is read as it is: group, view, variables, periods, rows, degrees, preset and profile are of runs")
            dataset = _of_file(os.path.abspath(os.fspath(filename_or_obj)))
        else:
            place, opened, cells = _open(filename_or_obj, variables, periods, rows, degrees, preset, profile)
            if group is not None and view == "grid":
                raise ValueError("group: a cell by itself is a part of the view cells")
            make = _of_cells if view == "cells" or group is not None else _of_grid
            dataset = make(place, opened.schema(), json.loads(opened.summary()), cells)
            if group is not None:
                dataset = dataset.isel(cell=_cell_of_group(dataset, group))
        options = {} if use_cftime is None else {"use_cftime": use_cftime}
        return xr.decode_cf(
            dataset,
            concat_characters=concat_characters,
            mask_and_scale=mask_and_scale,
            decode_times=decode_times,
            decode_coords=decode_coords,
            drop_variables=drop_variables,
            decode_timedelta=decode_timedelta,
            **options,
        )

    def open_groups_as_dict(  # type: ignore[override]
        self, filename_or_obj: str | os.PathLike[str], *, group: str | None = None, **how: Any
    ) -> dict[str, xr.Dataset]:
        """A dataset of each cell whose group's name fits: ``grd_`` with row and column, as ``"grd_18*"``; without one, of all cells."""
        cells = self.open_dataset(filename_or_obj, view="cells", **how)
        names = _groups(cells)
        chosen = [number for number, name in enumerate(names) if fnmatch.fnmatchcase(name, (group or "*").strip("/"))]
        if not chosen:
            raise _no_group(group, names)
        # What is the same of all cells is made once; a node then costs what xarray takes for it.
        made = {"/": xr.Dataset(attrs=cells.attrs)}
        cells.attrs = {}
        made |= {f"/{names[number]}": cells.isel(cell=number) for number in chosen}
        return made

    def open_datatree(  # type: ignore[override]
        self, filename_or_obj: str | os.PathLike[str], *, group: str | None = None, **how: Any
    ) -> xr.DataTree:
        return xr.DataTree.from_dict(self.open_groups_as_dict(filename_or_obj, group=group, **how))


def _groups(cells: xr.Dataset) -> list[str]:
    """What the groups of cells are called, as archives call them."""
    return [f"grd_{name}" for name in cells["cell"].values.tolist()]


def _no_group(group: str | None, names: list[str]) -> GridloomError:
    from .errors import ArgumentError

    some = ", ".join(names[:6])
    return ArgumentError(f"group {group!r}: there is none of that name among {len(names)}, as {some}", "argument")


def _cell_of_group(cells: xr.Dataset, group: str) -> int:
    """The place of the one cell whose group has a name."""
    names = _groups(cells)
    if (name := group.strip("/")) not in names:
        raise _no_group(group, names)
    return names.index(name)


def _open(
    path: Any, variables: Any, periods: Any, rows: str, degrees: float | None, preset: str | None, profile: Any
) -> tuple[_Place, Any, list[tuple[Any, ...]]]:
    full = os.path.abspath(os.fspath(path))
    listed = list(periods) if isinstance(periods, Iterable) and not isinstance(periods, str) else periods
    names = variables if variables is None or isinstance(variables, str) else list(variables)
    wanted = settings({"variables": names, "periods": listed, "rows": rows, "profile": profile})
    with watched(False) as told:
        threads = _threads.for_reading()
        source = _gridloom.Source.open(full, degrees, None, preset, threads, told)
        opened = source.view(wanted, None, threads, told)
    place = _Place(full, degrees, source.state, wanted, opened.known, preset)
    _keep(place, opened)
    known = json.loads(opened.summary())
    tell([*faults(known["faults"]), *of_records(known["records"])], 4)
    centres = {cell[:2]: cell[2:] for cell in source.cells()}
    return place, opened, [(*cell, *centres[cell]) for cell in opened.cells()]


def _attributes(said: dict[str, Any]) -> dict[str, Any]:
    """Attributes as readers of NetCDF give them: texts, numbers of their type, arrays."""

    def value(one: Any) -> Any:
        if not isinstance(one, tuple):
            return one
        kind, numbers = one
        return np.dtype(kind).type(numbers[0]) if len(numbers) == 1 else np.array(numbers, kind)

    return {name: value(one) for name, one in said.items()}


def _blocks(starts: list[int], steps: int, bytes_of_step: int) -> tuple[int, ...]:
    """Lengths of blocks in time, each of whole periods, and of as many as a block may hold."""
    most = max(1, _BLOCK // max(1, bytes_of_step))
    borders = [0]
    inner = sorted({start for start in starts if 0 < start < steps})
    for start, end in zip([0, *inner], [*inner, steps], strict=True):
        if end - borders[-1] > most and start > borders[-1]:
            borders.append(start)
    borders.append(steps)
    return tuple(end - start for start, end in zip(borders, borders[1:], strict=False))


def _coordinate(one: dict[str, Any]) -> xr.Variable:
    sizes = one["values"]
    return xr.Variable(one["dimensions"], sizes, _attributes(one["attributes"]))


def _fill(data: dict[str, Any]) -> Any:
    return data["fill"].view(np.dtype(data["type"]))[0]


def _of_grid(place: _Place, files: list[dict[str, Any]], summary: dict[str, Any], cells: Any) -> xr.Dataset:
    made: dict[str, xr.Variable] = {}
    starts = [period["first"] for period in summary["periods"]]
    for output, file in enumerate(files):
        sizes = dict(file["dimensions"])
        for one in file["variables"]:
            if one["name"] in made:
                continue
            one["values"] = one["values"].reshape([sizes[name] for name in one["dimensions"]])
            made[one["name"]] = _coordinate(one)
        data = file["data"]
        dtype, shape = np.dtype(data["type"]), tuple(data["shape"])
        values = _Values(place, output, shape, dtype, False, len(shape) > 3)
        tile = [min(_TILE, length) for length in shape[-2:]]
        blocks: dict[str, Any] = dict(zip(data["dimensions"][-2:], tile, strict=True))
        rows = shape[1] if len(shape) > 3 else 1
        if len(shape) > 3:
            blocks[data["dimensions"][1]] = rows
        blocks["time"] = _blocks(starts, shape[0], tile[0] * tile[1] * rows * dtype.itemsize)
        attributes = {**_attributes(data["attributes"]), "_FillValue": _fill(data)}
        lazy = indexing.LazilyIndexedArray(values)
        made[data["name"]] = xr.Variable(data["dimensions"], lazy, attributes, {"preferred_chunks": blocks})
    return xr.Dataset(made, attrs=_attributes(files[0]["attributes"]) if files else {})


#: What is said of a variable on a grid, and not of one of cells.
_OF_GRIDS = ("grid_mapping", "cell_measures", "ancillary_variables", "coordinates")


def _of_cells(place: _Place, files: list[dict[str, Any]], summary: dict[str, Any], cells: list[tuple[Any, ...]]) -> xr.Dataset:
    made: dict[str, xr.Variable] = {}
    rows, columns, lats, lons = (list(part) for part in zip(*cells, strict=True)) if cells else ([], [], [], [])
    names = [f"{row}-{column}" for row, column in zip(rows, columns, strict=True)]
    made["cell"] = xr.Variable("cell", np.array(names, dtype=object), {"long_name": "row and column of the grid"})
    made["grid_y"] = xr.Variable("cell", np.array(rows, "int32"), {"long_name": "row of the grid, from the north"})
    made["grid_x"] = xr.Variable("cell", np.array(columns, "int32"), {"long_name": "column of the grid, from the west"})
    for name, standard, units, centres in (
        ("lat", "latitude", "degrees_north", lats),
        ("lon", "longitude", "degrees_east", lons),
    ):
        made[name] = xr.Variable("cell", np.array(centres, "float64"), {"standard_name": standard, "long_name": standard, "units": units})
    starts = [period["first"] for period in summary["periods"]]
    for output, file in enumerate(files):
        sizes, data = dict(file["dimensions"]), file["data"]
        own = [name for name in data["dimensions"][:-2]]
        for one in file["variables"]:
            of_time = one["name"] not in made and one["dimensions"] and one["dimensions"][0] in own
            if of_time:
                one["values"] = one["values"].reshape([sizes[name] for name in one["dimensions"]])
                made[one["name"]] = _coordinate(one)
        dtype, steps = np.dtype(data["type"]), data["shape"][0]
        inner = data["dimensions"][1:-2]
        dimensions = ["cell", *inner, "time"]
        shape = (len(cells), *data["shape"][1:-2], steps)
        values = _Values(place, output, shape, dtype, True, bool(inner))
        count = min(_TILE * _TILE, len(cells)) or 1
        depth = shape[1] if inner else 1
        blocks: dict[str, Any] = {"cell": count, **dict.fromkeys(inner, depth)}
        blocks["time"] = _blocks(starts, steps, count * depth * dtype.itemsize)
        attributes = {name: value for name, value in _attributes(data["attributes"]).items() if name not in _OF_GRIDS}
        attributes |= {"_FillValue": _fill(data), "coordinates": "lat lon grid_y grid_x"}
        lazy = indexing.LazilyIndexedArray(values)
        made[data["name"]] = xr.Variable(dimensions, lazy, attributes, {"preferred_chunks": blocks})
    said = _attributes(files[0]["attributes"]) if files else {}
    return xr.Dataset(made, attrs={name: value for name, value in said.items() if not name.startswith(("geospatial", "cdm"))})
