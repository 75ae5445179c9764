"""What a path holds, open for reading."""

from __future__ import annotations

import datetime
import json
import os
import threading
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _gridloom, _threads
from ._progress import Callback, watched
from ._reports import Fault, faults, of_records
from ._settings import Cell, CellLike, cell_of, settings
from .errors import LossWarning

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from ._stream import Rows


class Variable(NamedTuple):
    """A variable of a run."""

    name: str
    type: str
    #: How many rows it has, ``None`` where it has none.
    rows: int | None
    units: str | None
    long_name: str | None


class Period(NamedTuple):
    """A period of a run, with the first and the last of its days that most cells have."""

    number: int
    start: str | None
    end: str | None


def open(
    path: str | os.PathLike[str],
    *,
    periods: str | int | Iterable[int] | None = None,
    degrees: float | None = None,
    preset: str | None = None,
    progress: Callback | bool | None = None,
) -> Run:
    """Opens a run folder, an archive, or files of records: a description, a file, or a pattern of files. A run's cells are listed, and no data are read.

    ``periods`` selects some, as ``"1,3-5"``; ``degrees`` is the size of a grid's cells where it is not the model's; ``preset`` what files of records are
    read as: lpj-guess, vic, vic-binary, lpjml, caete-csv, milan. Gridded files are ordinary
    NetCDF: ``xarray.open_dataset`` reads them.

    >>> import gridloom
    >>> run = gridloom.open("data/sample_run")
    >>> len(run.cells), run.periods[0]
    (12, Period(number=1, start='1979-01-01', end='1979-12-31'))
    """
    return Run(path, periods=periods, degrees=degrees, preset=preset, progress=progress)


class Run:
    """A run: cells, periods and variables, and their values. Opened by :func:`gridloom.open`; it can be pickled, and read by many threads."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        periods: str | int | Iterable[int] | None = None,
        degrees: float | None = None,
        preset: str | None = None,
        progress: Callback | bool | None = None,
        _state: str | None = None,
    ) -> None:
        self.path: str = os.path.abspath(os.fspath(path))
        self._degrees, self._preset = degrees, preset
        self._periods: Any = list(periods) if isinstance(periods, Iterable) and not isinstance(periods, str) else periods
        self._lock = threading.RLock()
        self._view: Any = None
        self._known: dict[str, Any] | None = None
        threads = _threads.for_reading()
        with watched(progress) as told:
            self._source = _gridloom.Source.open(self.path, degrees, _state, preset, threads, told)
        #: ``run``, ``archive`` or ``records``.
        self.kind: str = self._source.form
        self.name: str = self._source.name
        self.cells: list[Cell] = [Cell(*cell) for cell in self._source.cells()]
        self._places = {cell[:2]: number for number, cell in enumerate(self.cells)}

    def __reduce__(self) -> Any:
        return _again, (self.path, self._periods, self._degrees, self._source.state, self._preset)

    # What is known of it

    def _opened(self) -> Any:
        with self._lock:
            if self._view is None:
                wanted = settings({"rows": "dimension", "periods": self._periods})
                with watched(False) as told:
                    self._view = self._source.view(wanted, None, _threads.for_reading(), told)
                self._known = json.loads(self._view.summary())
                tell(of_records(self._known["records"]), 4)
            return self._view

    def _summary(self) -> dict[str, Any]:
        self._opened()
        return self._known or {}

    @property
    def periods(self) -> list[Period]:
        """The periods, by date. Reads a sample of the dumps."""
        return [Period(one["period"], one["start"], one["end"]) for one in self._summary()["periods"]]

    @property
    def variables(self) -> dict[str, Variable]:
        """The variables by name. Reads a sample of the dumps."""
        names = ("name", "type", "rows", "units", "long_name")
        return {one["name"]: Variable(*(one[name] for name in names)) for one in self._summary()["variables"]}

    @property
    def time(self) -> dict[str, Any]:
        """First and last date, number of steps, units, calendar and the length of steps."""
        return dict(self._summary()["time"])

    @property
    def dates(self) -> Any:
        """The dates of all steps: ``datetime64`` where the calendar is the world's, otherwise texts of ISO 8601."""
        import numpy as np

        labels = self._labels()
        is_real = self.time["calendar"] in ("standard", "gregorian", "proleptic_gregorian")
        return np.array(labels, "datetime64[s]") if is_real else np.array(labels)

    @property
    def faults(self) -> list[Fault]:
        """Dumps and cells that are known to be missing. What is damaged shows when it is read: :func:`gridloom.check` reads all."""
        return faults(json.loads(self._source.faults()) + self._summary()["faults"])

    @property
    def remarks(self) -> list[str]:
        """What is to be told of the periods, and what is lost of them."""
        known = self._summary()
        told: list[str] = known["remarks"]
        lost = [one["message"] for one in known["lost_periods"]]
        lost += [f"{name} cannot be read" for name in known["lost_variables"]]
        return told + lost + of_records(known["records"])

    # Values

    def cell(self, lat: float, lon: float) -> Cell:
        """The cell that a place in degrees is in."""
        place = self._source.cell_at(lat, lon)
        if place is None or place not in self._places:
            raise KeyError(f"the run has no cell at {lat}, {lon}")
        return self.cells[self._places[place]]

    def read(
        self,
        cell: CellLike,
        variable: str,
        start: str | datetime.date | int | None = None,
        stop: str | datetime.date | int | None = None,
    ) -> np.ndarray[Any, np.dtype[Any]]:
        """A variable of a cell: ``(steps,)``, or ``(rows, steps)`` where it has rows. Every number is the dump's own.

        ``start`` and ``stop`` are dates, both included, or numbers of steps as a slice has them. Masked are NaN of floats; whole numbers
        with masked places are a masked array. What cannot be read is masked, and a :class:`~gridloom.LossWarning`.
        """
        import numpy as np

        view = self._opened()
        found = next((place for place, one in enumerate(self._summary()["variables"]) if one["name"] == variable), None)
        if found is None:
            from .errors import ArgumentError

            names = ", ".join(self.variables)
            raise ArgumentError(f"variable {variable!r}: the run has {names}", "argument", variable=variable)
        if (place := self._places.get(cell_of(cell))) is None:
            raise KeyError(f"the run has no cell {'-'.join(map(str, cell_of(cell)))}")
        about = self._summary()["variables"][found]
        rows, steps = about["rows"], self.steps(start, stop)
        wanted = list(range(rows or 1)), list(steps), [self._place_in_view(place)]
        with watched(False) as told:
            data, lost = view.read_cells(found, *wanted, 1, told)
        warn(lost, 3)
        values = data.view(np.dtype(about["type"])).reshape(rows or 1, len(steps))
        own: np.ndarray[Any, np.dtype[Any]] = _masked(values, np.frombuffer(bytes(about["fill"]), values.dtype)[0])
        return own if rows is not None else own[0]

    def _place_in_view(self, place: int) -> int:
        with self._lock:
            if not hasattr(self, "_in_view"):
                self._in_view = {cell: number for number, cell in enumerate(self._view.cells())}
            return self._in_view[self.cells[place][:2]]

    def steps(self, start: Any = None, stop: Any = None) -> range:
        """The steps from one date to another, both included; numbers are those of a slice."""
        count = self.time["steps"]
        first, last = slice(start if _is_number(start) else None, stop if _is_number(stop) else None).indices(count)[:2]
        if not _is_number(start) and start is not None or not _is_number(stop) and stop is not None:
            dates = self._labels()
            if start is not None and not _is_number(start):
                first = _bisect(dates, _label(start), False)
            if stop is not None and not _is_number(stop):
                last = _bisect(dates, _label(stop), True)
        return range(first, max(first, last))

    def _labels(self) -> list[str]:
        with self._lock:
            if not hasattr(self, "_dates_as_texts"):
                self._dates_as_texts = [label or "" for label in self._opened().labels()]
            return self._dates_as_texts

    def to_pandas(
        self,
        variables: str | Iterable[str] | None = None,
        cells: Iterable[CellLike] | None = None,
        start: Any = None,
        stop: Any = None,
    ) -> pd.DataFrame:
        """A table with a row for each cell and date, and a column for each variable or row of one. Needs pandas."""
        import numpy as np
        import pandas as pd

        names = [variables] if isinstance(variables, str) else list(variables or self.variables)
        chosen = [cell_of(cell) for cell in (self.cells if cells is None else cells)]
        steps = self.steps(start, stop)
        dates = self.dates[steps.start : steps.stop]
        columns: dict[str, list[Any]] = {}
        for cell in chosen:
            for name in names:
                values = np.atleast_2d(self.read(cell, name, steps.start, steps.stop))
                has_rows = self.variables[name].rows is not None
                for row, series in enumerate(values):
                    column = f"{name}_{row + 1}" if has_rows else name
                    columns.setdefault(column, []).append(series)
        labels = [f"{row}-{column}" for row, column in chosen]
        index = pd.MultiIndex.from_product([labels, dates], names=["cell", "time"])

        def whole(parts: list[Any]) -> Any:
            masks: Any = np.ma
            if not any(masks.isMaskedArray(part) for part in parts):
                return np.concatenate(parts)
            together: Any = masks.concatenate(parts)
            return pd.array(together.astype(object).filled(pd.NA), dtype=str(together.dtype).replace("i", "I").replace("u", "U"))

        return pd.DataFrame({name: whole(parts) for name, parts in columns.items()}, index=index)

    def rows(self, table: str = "daily", *, threads: int | None = None, **said: Any) -> Rows:
        """Rows of a table, for everything that takes Arrow's streams: pyarrow, polars, DuckDB, pandas. No file is written, nothing is copied.

        ``table`` is daily, stats, drift, drifting, biomass, strategies, community, cell_year, limitation or traits; further arguments are those
        of :func:`gridloom.tables`: ``variables``, ``cells``, ``box``, ``start``, ``stop``, ``derive``, ``units``, ``memory``, and so on.

        >>> import gridloom
        >>> rows = gridloom.open("data/sample_run").rows(variables="npp")
        >>> [column.name for column in rows.columns]
        ['grid_y', 'grid_x', 'latitude', 'longitude', 'day', 'npp']
        """
        from ._stream import Rows

        return Rows(self, table, threads, said)

    def __arrow_c_schema__(self) -> Any:
        return self._daily().__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """All days of all cells, as :meth:`rows` has them: ``polars.DataFrame(run)``, ``pyarrow.table(run)``."""
        return self._daily().__arrow_c_stream__(requested_schema)

    def _daily(self) -> Rows:
        with self._lock:
            if not hasattr(self, "_all_rows"):
                self._all_rows = self.rows()
            return self._all_rows

    # How it looks

    def _size(self) -> str:
        return f"{len(self.cells)} cells, {len(self._source.periods())} periods"

    def __repr__(self) -> str:
        if self._known is None:
            return f"<gridloom.Run {self.name!r}: {self.kind} of {self._size()}>"
        time = self.time
        return (
            f"<gridloom.Run {self.name!r}: {self.kind} of {self._size()}, {time['start']} to {time['end']}, "
            f"{len(self.variables)} variables>"
        )

    def _repr_html_(self) -> str:
        from ._html import of_run

        return of_run(self)


def _again(path: str, periods: Any, degrees: float | None, state: str | None, preset: str | None) -> Run:
    return Run(path, periods=periods, degrees=degrees, preset=preset, progress=False, _state=state)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) or hasattr(value, "__index__")


def _label(date: Any) -> str:
    """A date as steps are labelled: without a time of day that is midnight."""
    return str(date).replace(" ", "T").removesuffix("T00:00:00")


def _bisect(dates: list[str], wanted: str, is_last: bool) -> int:
    import bisect

    # A year or a month alone is all of its days.
    if is_last:
        return bisect.bisect_right(dates, wanted + "\x7f")
    return bisect.bisect_left(dates, wanted)


def _masked(values: Any, fill: Any) -> Any:
    """Values with their fill value masked: NaN of floats."""
    import numpy as np

    is_masked = values == fill
    if values.dtype.kind == "f":
        values[is_masked] = np.nan
        return values
    return np.ma.MaskedArray(values, is_masked, fill_value=fill) if is_masked.any() else values


#: What was warned of already in this process, so that reading again does not say it again.
_told: set[Fault | str] = set()
_told_lock = threading.Lock()


def warn(lost: str | None, level: int) -> None:
    """Warns of what the library says it could not read, once for each fault."""
    if lost is not None:
        tell(faults(json.loads(lost)), level + 1)


def tell(lost: Iterable[Fault | str], level: int) -> None:
    """Warns of what is lost, once of each."""
    with _told_lock:
        new = [one for one in lost if one not in _told]
        _told.update(new)
    if new:
        word = "masked: " if isinstance(new[0], Fault) else ""
        more = f" (and {len(new) - 1} more)" if len(new) > 1 else ""
        warnings.warn(f"{word}{new[0]}{more}", LossWarning, stacklevel=level + 1)
