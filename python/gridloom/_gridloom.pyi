from os import PathLike
from typing import Any, Protocol, final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ERROR_KINDS",
    "VERSION",
    "Grid",
    "Source",
    "View",
    "archive",
    "check",
    "freeze",
    "grid",
    "kind_of",
    "look_through",
    "picture",
    "publish",
    "report",
    "status",
    "tables_of_grids",
    "verify",
]

VERSION: str
ERROR_KINDS: list[str]

_Path = str | PathLike[str]

class _Told(Protocol):
    def note(self, text: str) -> None: ...
    def counts(self, counts: dict[str, tuple[int, int]]) -> None: ...

_Read = tuple[NDArray[np.uint8], str | None]

@final
class Source:
    @staticmethod
    def open(
        path: _Path,
        degrees: float | None = None,
        state: str | None = None,
        threads: int = 1,
        progress: _Told | None = None,
    ) -> Source: ...
    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def path(self) -> Any: ...
    @property
    def state(self) -> str | None: ...
    def cells(self) -> list[tuple[int, int, float, float]]: ...
    def periods(self) -> list[int]: ...
    def grid(self) -> str: ...
    def faults(self) -> str: ...
    def view(
        self,
        settings: str,
        known: tuple[int, int] | None = None,
        threads: int = 1,
        progress: _Told | None = None,
    ) -> View: ...
    def cell_at(self, lat: float, lon: float) -> tuple[int, int] | None: ...

@final
class View:
    @property
    def known(self) -> tuple[int, int]: ...
    def summary(self) -> str: ...
    def labels(self) -> list[str | None]: ...
    def cells(self) -> list[tuple[int, int]]: ...
    def schema(self) -> list[dict[str, Any]]: ...
    def read_grid(
        self,
        output: int,
        rows: list[int],
        steps: list[int],
        ys: list[int],
        xs: list[int],
        threads: int = 1,
        progress: _Told | None = None,
    ) -> _Read: ...
    def read_cells(
        self,
        output: int,
        rows: list[int],
        steps: list[int],
        cells: list[int],
        threads: int = 1,
        progress: _Told | None = None,
    ) -> _Read: ...

@final
class Grid:
    @staticmethod
    def open(path: _Path, known: tuple[int, int, int, int] | None = None) -> Grid: ...
    @property
    def known(self) -> tuple[int, int, int, int]: ...
    def schema(self) -> dict[str, Any]: ...
    def read(
        self,
        variable: int,
        wanted: list[list[int]],
        threads: int = 1,
        progress: _Told | None = None,
    ) -> NDArray[np.uint8]: ...

def look_through(program: _Path) -> None: ...
def kind_of(path: _Path) -> str | None: ...
def grid(
    source: _Path,
    output: _Path,
    settings: str,
    how: str,
    part: tuple[int, int] | None = None,
    progress: _Told | None = None,
) -> str: ...
def freeze(source: _Path, output: _Path, settings: str, how: str, progress: _Told | None = None) -> int: ...
def tables_of_grids(
    inputs: list[str], output: _Path, settings: str, how: str, progress: _Told | None = None
) -> str: ...
def publish(output: _Path, settings: str, how: str, progress: _Told | None = None) -> str: ...
def status(output: _Path) -> str: ...
def archive(source: _Path, output: _Path, settings: str, how: str, progress: _Told | None = None) -> str: ...
def verify(source: _Path, made: _Path, settings: str, how: str, progress: _Told | None = None) -> str: ...
def check(source: _Path, settings: str, how: str, progress: _Told | None = None) -> str: ...
def picture(
    spec: str,
    format: str,
    output: _Path | None = None,
    overwrite: bool = False,
    threads: int = 1,
    progress: _Told | None = None,
) -> tuple[bytes, str, str, list[str]]: ...
def report(
    folder: _Path,
    variables: list[str],
    output: _Path | None = None,
    overwrite: bool = False,
    threads: int = 1,
    progress: _Told | None = None,
) -> tuple[str, list[str], list[tuple[str, str]]]: ...
