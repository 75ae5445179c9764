"""Grids, tables, archives, proofs and figures; and the same work in many processes."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, overload

from . import _gridloom, _looker, _threads
from ._progress import Callback, watched
from ._reports import Check, Evaluation, Page, Picture, Report, Reports, Verification
from ._settings import CellLike, cell_of, codec_words, no_files, parts, plain, settings

if TYPE_CHECKING:
    from ._open import Run

    _Source: TypeAlias = str | os.PathLike[str] | Run

#: What is said of how work treats its folder; all else is said of what is made.


def source_path(source: _Source) -> str:
    """The path of a source, in full: other processes may be elsewhere."""
    path = source if isinstance(source, (str, os.PathLike)) else source.path
    return os.path.abspath(os.fspath(path))


def grid(source: _Source, out: str | os.PathLike[str], *, progress: Callback | bool | None = None, **said: Any) -> Report:
    """Makes gridded files of a run: CF NetCDF-4, Zarr or both. The same call continues after any end.

    ``variables`` (names with ``*`` and ``?``), ``periods`` (``"1,3-5"``, ``"all"``), ``start`` and ``stop`` (first and last day), ``box``
    (north, south, west, east), ``region`` (``"pan-amazon"``), ``cells`` (of :attr:`Run.cells`, or the path of a gridlist or mask) and ``whole_globe`` say what is wanted; ``derive``
    (``{"nep": "npp - hresp"}``) and ``units`` (``{"npp": "g m-2 day-1"}``) make variables of others and convert them, with ``calendar_units`` by the
    years and months of the run's calendar; ``true_is`` (``"inside"``, ``"outside"``) is what true means in masks of truth values; ``every`` with
    ``stat`` makes one value an interval; ``rows`` (``"split"``, ``"dimension"``), ``format`` (``"netcdf"``, ``"zarr"``), ``single`` (one NetCDF file of all variables), ``layout``
    (``"series"``, ``"map"``, ``"both"``), ``chunk``, ``deflate``, ``zstd``, ``compress``, ``checksum``, ``name``, ``attributes``, ``provenance`` (a state of the model, which says where outputs come from) and ``profile`` (a name, the
    path of a TOML file, or a dictionary; see ``docs/python.md``) say how it is written; ``threads`` and ``memory`` (``"2GiB"``) what it may take, ``max_decoded`` (``"1GiB"``)
    and ``max_values`` what is refused of a dump; ``overwrite``, ``fresh``, ``drop_spool`` and ``trace`` how the folder is
    treated; ``degrees`` the size of the grid's cells, where it is not the model's; ``preset`` what files of records are read as. ``aggregates=[("month", "mean"),
    ("year", "sum")]`` makes several at once, and ``grids=True`` the daily grids beside these.

    With ``reference_start`` and ``reference_stop``, or ``reference`` (the path of another run, or of a description of records), it is the change from that window to ``start`` and
    ``stop`` that is made (``docs/change.md``); percents are masked where the reference is at most ``least`` from 0.

    ``progress`` is a function of three arguments (what is counted, how many are done, of how many), or ``False`` for no bar.

    Ctrl-C stops it with all kept that is done.
    """
    return _grid(source, out, progress, None, said)


@overload
def tables(
    source: Mapping[str, str | os.PathLike[str]],
    out: str | os.PathLike[str] | None = None,
    tables: str | Iterable[str] = (),
    *,
    to: str | None = None,
    schema: str | None = None,
    separate: bool = False,
    progress: Callback | bool | None = None,
    **said: Any,
) -> Reports: ...


@overload
def tables(
    source: _Source | Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str] | None = None,
    tables: str | Iterable[str] = (),
    *,
    to: str | None = None,
    schema: str | None = None,
    progress: Callback | bool | None = None,
    **said: Any,
) -> Report: ...


def tables(
    source: _Source | Sequence[str | os.PathLike[str]] | Mapping[str, str | os.PathLike[str]],
    out: str | os.PathLike[str] | None = None,
    tables: str | Iterable[str] = (),
    *,
    to: str | None = None,
    schema: str | None = None,
    separate: bool = False,
    progress: Callback | bool | None = None,
    **said: Any,
) -> Report | Reports:
    """Makes tables of a run, of files of grids (a list of paths), or of several runs: daily, biomass, strategies, community, cell_year,
    limitation, traits, annual, annual_limitation, annual_traits, region, stats, change, drift, drifting.

    ``table_format`` is ``"parquet"``, ``"feather"``, ``"csv"``, ``"csv.gzip"``, ``"csv.zstd"`` or ``"hdf5"``; ``partition`` is ``"year"``,
    ``"month"`` or ``"lat_band"``; further are ``per_cell``, ``years`` (``"1979,1985-1990"``, of yearly tables), ``every``, ``regions`` (names, or
    boxes by name: ``{"xingu": (0, -15, -57, -50)}``) and ``masks`` (of region), ``by_month``, ``quantiles``, ``by_period``
    (of daily, region and stats), ``equilibrium`` (of drift and drifting, percent a year), ``traits`` (a file of traits, for biomass, strategies,
    traits and annual_traits), ``names`` (``"upstream"``: files and columns of daily and biomass as CAETE's dataframes.py has them),
    ``metadata`` (a file that says what all columns are), and what :func:`grid` takes. ``grids=True`` makes daily grids beside them,
    ``aggregates=[("month", "mean")]`` grids of intervals, all in one pass over the run.

    Several runs, such as scenarios, are a dictionary of their paths by name (``{"hist": "outputs/hist", "ssp126": "outputs/ssp126"}``). Each is made in a
    folder of its own, ``run=NAME``, and tables of all have a first column ``run``; with ``separate`` there are none of all. What they came to is
    :class:`Reports`.

    With ``to``, the address of a PostgreSQL (``"postgres://me@host/maps"``, completed by PGHOST, PGPASSWORD and so on), they are loaded there in place of
    files, into ``schema``, every row exactly once: the same call continues after any end, and ``fresh`` replaces what is there. Several runs go into
    the same tables, with the first column ``run``.
    """
    said["tables"] = tables if isinstance(tables, str) else list(tables)
    if isinstance(source, Mapping):
        runs = [(str(name), source_path(path)) for name, path in source.items()]
        if to is not None:
            if separate:
                raise TypeError("separate: of files; to keep runs apart in a database load each by itself, into a schema of its own")
            return _load_several(runs, out, to, schema, progress, said)
        if schema is not None:
            raise TypeError("schema: of a database; files have none")
        if out is None:
            raise TypeError("out: wants a folder for the files, or to= a database")
        wanted, how = parts(said)
        with watched(progress) as told:
            return Reports.of(out, json.loads(_gridloom.several(runs, os.fspath(out), separate, wanted, how, told)))
    if separate:
        raise TypeError("separate: of several runs, a dictionary of their paths by name")
    if to is not None:
        return _load(source, out, to, schema, progress, said)
    if schema is not None:
        raise TypeError("schema: of a database; files have none")
    if out is None:
        raise TypeError("out: wants a folder for the files, or to= a database")
    if isinstance(source, Sequence) and not isinstance(source, str):
        if any(_gridloom.kind_of(os.fspath(path)) not in (None, "grid") for path in source):
            raise TypeError("source: a list is of files of grids; several runs are a dictionary of their paths by name")
        wanted, how = parts(said)
        with watched(progress) as told:
            _looker.ready()
            paths = [os.path.abspath(os.fspath(path)) for path in source]
            return Report.of(out, json.loads(_gridloom.tables_of_grids(paths, os.fspath(out), wanted, how, told)))
    return _grid(source, out, progress, None, said)


def _load(source: Any, out: Any, to: str, schema: str | None, progress: Any, said: dict[str, Any]) -> Report:
    """Tables into a database."""
    if isinstance(source, Sequence) and not isinstance(source, str):
        raise TypeError("source: a database is loaded of a run, an archive or records, not of grids")
    given = [name for name in ("table_format", "overwrite", "per_cell", "drop_spool") if said.get(name)]
    no_files(["out", *given] if out is not None else given, "of files; to= loads a database")
    wanted, how = parts(said)
    with watched(progress) as told:
        found, address, remarks = _gridloom.load(source_path(source), to, schema, wanted, how, told)
    for remark in remarks:
        warnings.warn(remark, stacklevel=3)
    return Report.of(address, json.loads(found))


def _load_several(runs: list[tuple[str, str]], out: Any, to: str, schema: str | None, progress: Any, said: dict[str, Any]) -> Reports:
    """Tables of several runs into a database."""
    given = [name for name in ("table_format", "overwrite", "per_cell", "drop_spool") if said.get(name)]
    no_files(["out", *given] if out is not None else given, "of files; to= loads a database")
    wanted, how = parts(said)
    with watched(progress) as told:
        found, address, remarks = _gridloom.load_several(runs, to, schema, wanted, how, told)
    for remark in remarks:
        warnings.warn(remark, stacklevel=3)
    return Reports.of(address, json.loads(found))


def _grid(source: _Source, out: Any, progress: Any, part: tuple[int, int] | None, said: dict[str, Any]) -> Report:
    wanted, how = parts(dict(said))
    with watched(progress) as told:
        return Report.of(out, json.loads(_gridloom.grid(source_path(source), os.fspath(out), wanted, how, part, told)))


def _archiveparts(said: dict[str, Any]) -> tuple[str, str, str]:
    """What is archived, how the file is treated, and how chunks are made."""
    chunks = {name: said.pop(name, None) for name in ("tune", "codec", "chunk_bytes")}
    chunks["codec"] = codec_words(chunks["codec"])
    return *parts(said), json.dumps({name: value for name, value in chunks.items() if value is not None})


def cells(source: _Source, out: str | os.PathLike[str], *, progress: Callback | bool | None = None, **said: Any) -> Report:
    """Keeps all of a run in one file, a group a cell: an archive, which reads in milliseconds what dumps take minutes for.

    Takes ``periods``, ``box``, ``region``, ``cells``, ``attributes``, ``threads``, ``memory``, ``overwrite``, ``fresh`` and ``degrees`` as :func:`grid`. ``tune``
    (``"random"``, ``"balanced"``, ``"archive"``), ``codec`` (``"deflate:4"``, ``"zstd:3"``, ``"lz4"``, ``"none"``) and ``chunk_bytes`` say how chunks are made.
    """
    wanted, how, chunks = _archiveparts(dict(said))
    with watched(progress) as told:
        return Report.of(out, json.loads(_gridloom.archive_of(source_path(source), os.fspath(out), wanted, how, chunks, told)))


def append_cells(
    source: _Source, archive: str | os.PathLike[str], *, progress: Callback | bool | None = None, **said: Any
) -> Report:
    """Adds to an archive what the run has more by now: periods, years, cells, dumps that were missing or damaged.

    Takes ``periods``, ``box``, ``region``, ``threads``, ``memory``, ``degrees`` as :func:`cells`; ``other_run=True`` takes them even of another run.
    """
    wanted, how = parts(said)
    with watched(progress) as told:
        return Report.of(archive, json.loads(_gridloom.extend_archive(source_path(source), os.fspath(archive), wanted, how, None, told)))


def replace_cells(
    source: _Source,
    archive: str | os.PathLike[str],
    cells: Iterable[CellLike],
    *,
    progress: Callback | bool | None = None,
    **said: Any,
) -> Report:
    """Makes cells of an archive anew that were run again, or adds them; as :func:`append_cells`. With ``fresh`` also by what has fewer dumps or variables."""
    wanted, how = parts(said)
    with watched(progress) as told:
        chosen = [cell_of(cell) for cell in cells]
        found = _gridloom.extend_archive(source_path(source), os.fspath(archive), wanted, how, chosen, told)
    return Report.of(archive, json.loads(found))


def drop_cells(archive: str | os.PathLike[str], cells: Iterable[CellLike]) -> Report:
    """Takes cells out of an archive; :func:`repack` gives their space back."""
    return Report.of(archive, json.loads(_gridloom.drop_of_archive(os.fspath(archive), [cell_of(cell) for cell in cells])))


def repack(archive: str | os.PathLike[str], *, progress: Callback | bool | None = None, **said: Any) -> tuple[int, int]:
    """Writes an archive anew without what is not used any more, or with another ``tune``, ``codec`` or ``chunk_bytes``; its bytes before and after."""
    wanted, how, chunks = _archiveparts(dict(said))
    no_files(json.loads(how), "of runs; an archive is written anew as it is")
    with watched(progress) as told:
        return _gridloom.repack_archive(os.fspath(archive), wanted, chunks, told)


def verify(
    source: _Source,
    made: str | os.PathLike[str] | None = None,
    *,
    to: str | None = None,
    schema: str | None = None,
    progress: Callback | bool | None = None,
    **said: Any,
) -> Verification:
    """Proves what was made of a run, bit by bit: a folder of grids and tables, one of its files, or an archive; or, with ``to``, what a database has."""
    wanted, how = parts(said)
    if (made is None) == (to is None):
        raise TypeError("verify: wants what was made, a path, or to= a database")
    _looker.ready()
    with watched(progress) as told:
        if to is None and made is not None:
            return Verification.of(json.loads(_gridloom.verify(source_path(source), os.fspath(made), wanted, how, told)))
        found, remarks = _gridloom.verify_loaded(source_path(source), str(to), schema, wanted, how, told)
    for remark in remarks:
        warnings.warn(remark, stacklevel=2)
    return Verification.of(json.loads(found))


def check(source: _Source, *, progress: Callback | bool | None = None, **said: Any) -> Check:
    """Reads all dumps of a run, and tells what is missing, damaged or doubtful."""
    wanted, how = parts(said)
    with watched(progress) as told:
        return Check.of(json.loads(_gridloom.check(source_path(source), wanted, how, told)))


def status(out: str | os.PathLike[str]) -> dict[str, Any]:
    """How far the work in a folder is."""
    return json.loads(_gridloom.status(os.fspath(out)))  # type: ignore[no-any-return]


def evaluate(
    model: str | os.PathLike[str],
    observed: str | os.PathLike[str],
    *,
    variable: str | None = None,
    observed_variable: str | None = None,
    observed_units: str | None = None,
    every: str | None = None,
    start: Any = None,
    stop: Any = None,
    coverage: float = 0.5,
    areas: dict[str, Sequence[float]] | None = None,
    masks: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    true_is: str | None = None,
    threads: int | None = None,
    progress: Callback | bool | None = None,
) -> Evaluation:
    """Scores a grid by what was observed: bias, RMSE, correlation, Nash-Sutcliffe, Kling-Gupta, and the mean year.

    ``model`` is a gridded file, or a folder with one of ``variable``; ``observed`` a gridded NetCDF file on any grid of degrees, or a CSV file of stations
    (station, lat, lon, date, value). ``every`` is ``"day"``, ``"month"``, ``"season"`` or ``"year"``; ``areas`` are boxes by name (north, south, west, east),
    ``masks`` lists or masks of cells. See ``docs/evaluate.md``.

    >>> import gridloom
    >>> found = gridloom.evaluate("out/maps", "towers.csv", variable="npp", every="month")   # doctest: +SKIP
    >>> found.scored["all"]["rmse"], found.scores()                                          # doctest: +SKIP
    """
    asked = {
        "model": os.fspath(model),
        "observed": os.fspath(observed),
        "is_table": os.fspath(observed).lower().endswith((".csv", ".txt", ".tsv")),
        "variable": variable,
        "observed_variable": observed_variable,
        "observed_units": observed_units,
        "every": every,
        "start": None if start is None else plain("start", start),
        "stop": None if stop is None else plain("stop", stop),
        "coverage": coverage,
        "areas": [[name, list(box)] for name, box in (areas or {}).items()],
        "masks": [os.fspath(one) for one in ([masks] if isinstance(masks, (str, os.PathLike)) else masks)],
        "true_is": true_is,
    }
    _looker.ready()
    with watched(progress) as told:
        found, tables = _gridloom.evaluate(json.dumps(asked), threads or _threads.for_reading(), told)
    return Evaluation.of(json.loads(found), tables)


def plot(
    kind: str,
    inputs: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    variables: str | Sequence[str] = (),
    *,
    format: str = "png",
    path: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    threads: int | None = None,
    **said: Any,
) -> Picture:
    """Draws a figure of gridded files: map, series, climatology, hovmoller, scatter, compare, biomass or health.

    Notebooks show it; with ``path`` it is written as well. The options are those of ``gridloom plot``: ``date``, ``start``, ``stop``, ``stat``,
    ``every``, ``box``, ``cells`` (pairs of degrees), ``running``, ``after``, ``spread``, ``labels``, ``cmap``, ``range``, ``levels``, ``size``, ``dpi``, ``title``,
    ``subtitle``, ``caption``, ``corner``, ``difference``.
    """
    names = {"start": "from", "stop": "to", "box": "bbox"}
    paths = [inputs] if isinstance(inputs, (str, os.PathLike)) else list(inputs)
    spec = {names.get(name, name): plain(name, value) for name, value in said.items() if name != "cells" and value is not None}
    if said.get("cells") is not None:
        spec["cells"] = [list(pair) for pair in said["cells"]]
    spec |= {"kind": kind, "inputs": [os.fspath(one) for one in paths]}
    spec["variables"] = [variables] if isinstance(variables, str) else list(variables)
    if path is not None:
        format = os.fspath(path).rsplit(".", 1)[-1].lower()
    _looker.ready()
    with watched(False) as told:
        count = threads or _threads.for_reading()
        data, title, about, notes = _gridloom.picture(json.dumps(spec), format, path, overwrite, count, told)
    return Picture(data, format, title, about, notes, None if path is None else os.fspath(path))


def report(
    folder: str | os.PathLike[str],
    path: str | os.PathLike[str] | None = None,
    variables: str | Sequence[str] = (),
    *,
    overwrite: bool = False,
    threads: int | None = None,
) -> Page:
    """Makes a page of maps and series of a folder of grids, which notebooks show; with ``path`` it is written as well."""
    names = [variables] if isinstance(variables, str) else list(variables)
    _looker.ready()
    with watched(False) as told:
        count = threads or _threads.for_reading()
        html, shown, omitted = _gridloom.report(os.fspath(folder), names, path and os.fspath(path), overwrite, count, told)
    return Page(html, shown, omitted, None if path is None else os.fspath(path))


@dataclass(frozen=True)
class Shard:
    """A part of a plan's work, for :func:`run_shard`. It is small, and means the same in every process that sees the paths."""

    source: str
    out: str
    settings: str
    how: str
    index: int
    count: int


class Plan:
    """Work that many processes share. It is frozen in the folder: all processes make the same of the same cells, dates and variables.

    Takes what :func:`grid` takes, or what :func:`tables` takes where ``tables`` is given.

    >>> import gridloom, concurrent.futures
    >>> plan = gridloom.Plan("data/sample_run", "out/shared", every="month", stat="mean")   # doctest: +SKIP
    >>> with concurrent.futures.ProcessPoolExecutor() as pool:                              # doctest: +SKIP
    ...     reports = list(pool.map(gridloom.run_shard, plan.shards(8)))
    >>> gridloom.publish("out/shared")                                                      # doctest: +SKIP
    """

    def __init__(
        self, source: _Source, out: str | os.PathLike[str], *, progress: Callback | bool | None = None, **said: Any
    ) -> None:
        if isinstance(said.get("tables"), str):
            said["tables"] = [part.strip() for part in said["tables"].split(",")]
        said.setdefault("threads", 1)
        self.source, self.out = source_path(source), os.path.abspath(os.fspath(out))
        self.settings, how = parts(said)
        kept = json.loads(how)
        fresh = kept.pop("fresh", False)
        self.how = json.dumps(kept)
        if fresh:
            raise ValueError("fresh: shared work cannot start over; remove the folder, or choose another one")
        with watched(progress) as told:
            #: Units of work, each of which is kept by itself.
            self.units: int = _gridloom.freeze(self.source, self.out, self.settings, self.how, told)

    def shards(self, count: int) -> list[Shard]:
        """So many parts, of about the same work. Some do nothing where there are more of them than units."""
        if not 1 <= count <= 9999:
            raise ValueError(f"shards: {count} is not from 1 to 9999")
        return [Shard(self.source, self.out, self.settings, self.how, index, count) for index in range(count)]

    def __repr__(self) -> str:
        return f"<gridloom.Plan of {self.source}: {self.units} units of work, to be made in {self.out}>"


def run_shard(shard: Shard, *, progress: Callback | bool | None = False) -> Report:
    """Does a part of a plan's work, on one thread unless the plan says otherwise. Done again, it does what is left: nothing, where all is there."""
    with watched(progress) as told:
        part = (shard.index, shard.count)
        found = _gridloom.grid(shard.source, shard.out, shard.settings, shard.how, part, told)
    return Report.of(shard.out, json.loads(found))


def publish(out: str | os.PathLike[str], *, progress: Callback | bool | None = None, **said: Any) -> Report:
    """Makes the files of what shards did. Where work is left it is an :class:`~gridloom.errors.UnfinishedError`, which names the shards."""
    wanted, how = parts(said)
    with watched(progress) as told:
        return Report.of(out, json.loads(_gridloom.publish(os.fspath(out), wanted, how, told)))
