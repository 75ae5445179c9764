"""Rows of a table by Arrow's interface of capsules: whoever knows it takes them as they are made, without a file or a copy."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from . import _threads
from ._progress import watched
from ._settings import wanted_of_rows


class Source(Protocol):
    """What rows are made of: a :class:`Run`."""

    _source: Any
    _periods: Any

    @property
    def name(self) -> str: ...


class Column(NamedTuple):
    """A column of a table."""

    name: str
    #: As Arrow calls it.
    type: str
    units: str | None
    long_name: str | None


class Rows:
    """Rows of a table of a run, made while they are taken; each reader begins anew. Made by :meth:`Run.rows`; it can be pickled.

    >>> import polars                                                               # doctest: +SKIP
    >>> polars.DataFrame(gridloom.open("data/sample_run").rows(variables="npp"))    # doctest: +SKIP
    """

    def __init__(self, run: Source, table: str, threads: int | None, said: dict[str, Any]) -> None:
        self.run, self.table = run, table
        self._threads, self._said = threads, dict(said)
        count = threads or _threads.for_reading()
        said = {"periods": run._periods, **said, "tables": [table], "threads": count}
        with watched(False) as told:
            self._table = run._source.table(table, wanted_of_rows(said), count, told)

    def __reduce__(self) -> Any:
        return Rows, (self.run, self.table, self._threads, self._said)

    @property
    def columns(self) -> list[Column]:
        """The columns, with what they mean."""
        return [Column(*one) for one in self._table.columns()]

    def __arrow_c_schema__(self) -> Any:
        return self._table.schema()

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """A stream of all rows; their types are their own, whatever is requested. What cannot be read is null, and a
        :class:`~gridloom.LossWarning`."""
        return self._table.stream()

    def __repr__(self) -> str:
        names = [one.name for one in self.columns]
        some = ", ".join(names[:8]) + (f", … ({len(names)} columns)" if len(names) > 8 else "")
        return f"<gridloom.Rows of {self.table!r} of {self.run.name!r}: {some}>"
