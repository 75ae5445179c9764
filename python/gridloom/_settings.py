"""What is said of work, as the library takes it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class Cell(NamedTuple):
    """A cell of a grid: its row and column, counted from the north and the west, and its centre in degrees."""

    row: int
    column: int
    lat: float
    lon: float

    def __str__(self) -> str:
        return f"{self.row}-{self.column}"


CellLike = Cell | str | tuple[int, int]


def cell_of(cell: Any) -> tuple[int, int]:
    """Row and column of ``"171-226"``, of a pair of numbers, or of a :class:`Cell`."""
    try:
        row, column = cell.split("-") if isinstance(cell, str) else cell[:2]
        return int(row), int(column)
    except (AttributeError, TypeError, ValueError):
        raise ValueError(f"cell {cell!r}: wants row-column, as 171-226, or two numbers") from None


def settings(said: Mapping[str, Any]) -> str:
    """Settings as the library takes them; ``None`` is what was not said."""
    wanted = {name: plain(name, value) for name, value in said.items() if value is not None}
    return json.dumps(wanted)


def plain(name: str, value: Any) -> Any:
    """A value as JSON has it."""
    if name in ("variables", "stat", "format", "tables", "masks") and isinstance(value, (str, os.PathLike)):
        return [os.fspath(part).strip() for part in (value.split(",") if isinstance(value, str) else [value])]
    if name == "periods" and not isinstance(value, str):
        return ",".join(str(number) for number in ([value] if isinstance(value, int) else value))
    if name == "years" and not isinstance(value, str):
        return ",".join(str(number) for number in ([value] if isinstance(value, int) else value))
    if name == "aggregates":
        return [list(one) for one in value]
    if name == "regions":
        named = [value] if isinstance(value, str) else value
        return [[one, list(named[one]) if isinstance(named, Mapping) and named[one] is not None else None] for one in named]
    if name == "partition" and isinstance(value, str):
        return value.replace("_", "-")
    if name == "profile":
        return profile(value)
    if name in ("start", "stop", "reference_start", "reference_stop"):
        return str(value)[:10]
    if name == "cells" and not isinstance(value, str):
        return [list(cell_of(cell)) for cell in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, (list, tuple)):
        return [os.fspath(one) if isinstance(one, os.PathLike) else one for one in value]
    return value


def profile(value: Any) -> Any:
    """A profile: a name; the path of a TOML file; or a dictionary, whose ``None`` leaves an attribute out."""
    if isinstance(value, str) and os.sep not in value and not value.endswith(".toml"):
        return value
    if isinstance(value, Mapping):
        return value
    import tomllib

    with open(value, "rb") as file:
        try:
            return tomllib.load(file)
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"profile {os.fspath(value)!r}: {error}") from None


def codec_words(text: str | None) -> str | None:
    """How values are compressed, as the library says it: ``"zstd:3"`` is ``zstd 3``."""
    usual = {"zstd": "zstd 3", "deflate": "deflate 4"}
    return text if text is None else usual.get(text, text.replace(":", " ", 1))


#: How a folder is treated.
HOW = ("overwrite", "fresh", "drop_spool", "trace", "degrees", "preset", "other_run")
#: What is said of files, of which rows have none.
OF_FILES = (
    "partition", "per_cell", "table_format", "metadata", "format", "single", "layout", "chunk", "deflate", "zstd", "compress", "checksum", "name",
    "profile", "rows",
)


def parts(said: dict[str, Any]) -> tuple[str, str]:
    """What is made, and how the folder is treated."""
    if isinstance(said.get("cells"), (str, os.PathLike)):
        said["gridlist"] = said.pop("cells")
    how = {name: said.pop(name) for name in HOW if said.get(name) is not None}
    said = {name: value for name, value in said.items() if name not in HOW}
    how = {name: os.fspath(value) if isinstance(value, os.PathLike) else value for name, value in how.items()}
    return settings(said), json.dumps(how)


def wanted_of_rows(said: dict[str, Any]) -> str:
    """What rows are wanted, where there is no folder that could be treated in some way."""
    wanted, how = parts(said)
    no_files([*json.loads(how), *(name for name in OF_FILES if said.get(name) is not None)], "of files; there are none")
    return wanted


def no_files(said: Iterable[str], reason: str) -> None:
    if names := ", ".join(said):
        raise TypeError(f"{names}: {reason}")
