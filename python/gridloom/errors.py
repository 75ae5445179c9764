"""Errors of gridloom.

Each is a :class:`GridloomError`, and one of Python's own as well, so that code which knows nothing of gridloom handles it.

>>> import gridloom
>>> try:
...     gridloom.open("no/such/run")
... except FileNotFoundError as error:
...     print(error.kind, error.hint is not None)
not_found True
"""

from __future__ import annotations

from typing import Any


class GridloomError(Exception):
    """What gridloom refuses or cannot do.

    ``kind`` is the name of the library's kind of errors, which stays the same in all versions; ``path``, ``cell``, ``period`` and
    ``variable`` are what it is about, where that is known; ``hint`` is what can be done.
    """

    kind: str = "bug"
    path: str | None = None
    hint: str | None = None
    cell: tuple[int, int] | None = None
    period: int | None = None
    variable: str | None = None

    def __init__(self, message: str = "", kind: str | None = None, **about: Any) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind or type(self).kind
        for name in ("path", "hint", "cell", "period", "variable"):
            setattr(self, name, about.get(name))
        if isinstance(self, OSError):
            _of_system(self, message, about)
        self._about = about

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message

    def __reduce__(self) -> Any:
        return of_kind, (self.kind, self.message), {"_about": self._about, **_public(self)}


def _of_system(error: OSError, message: str, about: dict[str, Any]) -> None:
    error.errno, error.strerror, error.filename = about.get("errno"), message, about.get("path")


def _public(error: GridloomError) -> dict[str, Any]:
    return {name: getattr(error, name) for name in ("path", "hint", "cell", "period", "variable")}


class ArgumentError(GridloomError, ValueError):
    """What was asked for cannot be understood, matches nothing, or does not fit what was begun."""

    kind = "argument"


class NotASourceError(GridloomError, ValueError):
    """What was given is not a source of data."""

    kind = "not_a_source"


class NotFoundError(GridloomError, FileNotFoundError):
    """A file or folder that is to be read is not there."""

    kind = "not_found"


class ReadWriteError(GridloomError, OSError):
    """The system, or a library of files, could not read or write something."""

    kind = "io"


class DamagedError(GridloomError, ValueError):
    """An input, or what is kept of unfinished work, is damaged."""

    kind = "damaged"


class ChangedError(GridloomError, OSError):
    """What is read was changed or replaced since it was opened."""

    kind = "changed"


class OccupiedError(GridloomError, FileExistsError):
    """Results would take the place of something."""

    kind = "occupied"


class BusyError(GridloomError, BlockingIOError):
    """Another process works there."""

    kind = "busy"


class LimitError(GridloomError, MemoryError):
    """The memory that is allowed is too small, or an input is larger than a limit."""

    kind = "memory"


class UnfinishedError(GridloomError, RuntimeError):
    """Work is left to do."""

    kind = "unfinished"


class StoppedError(GridloomError, InterruptedError):
    """The work was stopped on request; the same call continues."""

    kind = "stopped"


class DatabaseError(GridloomError, ConnectionError):
    """A database refused something, or cannot be reached."""

    kind = "database"


class Bug(GridloomError, RuntimeError):
    """A defect of gridloom."""

    kind = "bug"


CLASSES: dict[str, type[GridloomError]] = {
    "argument": ArgumentError,
    "config": ArgumentError,
    "not_a_source": NotASourceError,
    "not_found": NotFoundError,
    "wrong_place": ReadWriteError,
    "io": ReadWriteError,
    "nothing_usable": DamagedError,
    "damaged": DamagedError,
    "changed": ChangedError,
    "limit": LimitError,
    "overlap": ArgumentError,
    "mixed": ArgumentError,
    "occupied": OccupiedError,
    "would_lose": OccupiedError,
    "foreign": OccupiedError,
    "begun": ArgumentError,
    "no_checkpoint": NotFoundError,
    "checkpoint": DamagedError,
    "busy": BusyError,
    "memory": LimitError,
    "library": ReadWriteError,
    "database": DatabaseError,
    "database_request": ArgumentError,
    "unfinished": UnfinishedError,
    "stopped": StoppedError,
    "bug": Bug,
}


def of_kind(kind: str, message: str, **about: Any) -> GridloomError:
    """The exception of a kind of the library's errors."""
    return CLASSES.get(kind, Bug)(message, kind, **about)


class LossWarning(UserWarning):
    """Values are masked because dumps are missing or damaged."""
