"""What work came to."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Fault:
    """An input that could not be used, or not wholly."""

    cell: str
    kind: str
    message: str
    period: int | None = None
    year: int | None = None
    variable: str | None = None

    def __str__(self) -> str:
        place = [f"cell {self.cell}"]
        place += [f"period {self.period}"] if self.period is not None else []
        place += [f"year {self.year}"] if self.year is not None else []
        place += [self.variable] if self.variable else []
        return f"{', '.join(place)}: {self.message}"


def cell_name(cell: Any) -> str:
    """A cell's name as folders and messages have it."""
    return cell if isinstance(cell, str) else f"{cell['row']}-{cell['column']}"


def faults(found: list[dict[str, Any]]) -> list[Fault]:
    """Faults as the library writes them."""
    known = {one.name for one in dataclasses.fields(Fault)}
    return [Fault(**{**{name: one[name] for name in known & one.keys()}, "cell": cell_name(one["cell"])}) for one in found]


def of_records(account: dict[str, Any] | None) -> list[str]:
    """What of files of records could not be used, in words: the first faults by file and line, and how many there are."""
    if not account or not account["fault_count"]:
        return []

    def words(one: dict[str, Any]) -> str:
        place = one["file"] if one.get("line") is None else f"{one['file']}, line {one['line']}"
        return f"{place}: {one['message']}"

    named = [words(one) for one in account["faults"]]
    more = account["fault_count"] - len(named)
    return named + ([f"{more} more lines or files of records"] if more else [])


@dataclass(frozen=True)
class Made:
    """A file that was made."""

    file: str
    kind: str
    variable: str
    bytes: int


@dataclass(frozen=True)
class Report:
    """What was made, and what was lost. ``raw`` is all that ``report.json`` has."""

    #: The folder, or the archive.
    path: str
    files: list[Made]
    faults: list[Fault]
    #: Periods without a usable dump, variables that cannot be written, what was asked for and is not there, lines of records that could not be used: in words.
    lost: list[str]
    remarks: list[str]
    seconds: float
    raw: dict[str, Any] = field(repr=False)

    @property
    def is_complete(self) -> bool:
        """Whether nothing was missing or damaged."""
        return not self.faults and not self.lost

    @classmethod
    def of(cls, path: str | os.PathLike[str], raw: dict[str, Any]) -> Report:
        """The report that the library gave as JSON."""
        made = [Made(one["file"], one["kind"], one["variable"], one["bytes"]) for one in raw.get("files", [])]
        lost = [one if isinstance(one, str) else one["message"] for one in raw.get("lost_periods", [])]
        lost += [f"the variable {name} cannot be written" for name in raw.get("lost_variables", [])]
        lost += raw.get("absent", [])
        lost += of_records(raw.get("records"))
        found = faults(raw.get("faults", []))
        return cls(os.fspath(path), made, found, lost, raw.get("remarks", []), raw.get("seconds", 0.0), raw)

    def __str__(self) -> str:
        files = f"{len(self.files)} files in {self.path}" if self.files else self.path
        lost = f"; {len(self.faults)} inputs missing or damaged" if self.faults else ""
        return f"{files}{lost}{''.join(f'; {one}' for one in self.lost)}"


@dataclass(frozen=True)
class Reports:
    """What was made of several runs."""

    #: The folder.
    path: str
    #: What was made of each, by its name.
    runs: dict[str, Report]
    #: The files of all runs.
    files: list[str]
    #: Columns that some runs have not, in words.
    remarks: list[str]
    raw: dict[str, Any] = field(repr=False)

    @property
    def is_complete(self) -> bool:
        """Whether nothing was missing or damaged in any of them."""
        return all(report.is_complete for report in self.runs.values())

    @classmethod
    def of(cls, path: str | os.PathLike[str], raw: dict[str, Any]) -> Reports:
        """The reports that the library gave as JSON."""
        runs = {one["name"]: Report.of(one["folder"], one["report"]) for one in raw["runs"]}
        return cls(os.fspath(path), runs, [one["file"] for one in raw["files"]], raw["remarks"], raw)

    def __str__(self) -> str:
        files = f"{', '.join(self.files)} of {len(self.runs)} runs in {self.path}" if self.files else self.path
        return "; ".join([files, *(f"{name}: {report}" for name, report in self.runs.items() if not report.is_complete)])


@dataclass(frozen=True)
class Verification:
    """What was compared, and what differs."""

    files: int
    values: int
    differences: int
    first_differences: list[str]
    not_looked_at: list[str]
    faults: list[Fault]
    lost: list[str]
    #: Whether all that is there was looked at.
    is_whole: bool
    raw: dict[str, Any] = field(repr=False)

    @property
    def is_equal(self) -> bool:
        """Whether nothing differs, and all was looked at."""
        return self.differences == 0 and self.is_whole

    @classmethod
    def of(cls, raw: dict[str, Any]) -> Verification:
        """The result that the library gave as JSON."""
        found = raw["result"]

        def words(one: dict[str, Any]) -> str:
            place = [one["file"]] + ([f"cell {cell_name(one['cell'])}"] if one.get("cell") else [])
            place += [one["date"]] if one.get("date") else []
            return f"{', '.join(place)}: expected is {one['expected']}, found is {one['found']}"

        return cls(
            found["files"],
            found["values"],
            found["differences"],
            [words(one) for one in found["first_differences"]],
            [f"{one['file']}: {one['reason']}" for one in found["not_looked_at"]],
            faults(found["faults"]),
            found["lost_periods"],
            raw["is_whole"],
            found,
        )


@dataclass(frozen=True)
class Check:
    """What is missing or damaged in a run, of all whose dumps were read."""

    run: str
    cells: int
    dumps: int
    #: Dumps that cells lack and others have.
    missing: list[tuple[str, int]]
    faults: list[Fault]
    lost: list[str]
    #: Cells that hold nothing.
    empty: list[dict[str, Any]]
    remarks: list[str]
    raw: dict[str, Any] = field(repr=False)

    @property
    def is_sound(self) -> bool:
        """Whether nothing is missing, damaged or doubtful."""
        return not (self.missing or self.faults or self.lost or self.raw["is_doubtful"])

    @classmethod
    def of(cls, raw: dict[str, Any]) -> Check:
        """The result that the library gave as JSON."""
        missing = [(cell_name(one["cell"]), one["period"]) for one in raw["missing"]]
        lost, empty, remarks = raw["lost_periods"] + of_records(raw["records"]), raw["empty_cells"], raw["remarks"]
        return cls(raw["run"], raw["cells"], raw["dumps"], missing, faults(raw["faults"]), lost, empty, remarks, raw)


@dataclass(frozen=True)
class Evaluation:
    """How a model compares with what was observed."""

    variable: str
    #: Of all values.
    units: str
    #: What periods are: monthly.
    every: str
    #: The first and the last of them.
    periods: tuple[str, str] | None
    #: Scores of all, then of each station or area, by name and by the name of the score; ``None`` where one is not defined.
    scored: dict[str, dict[str, float | None]]
    #: Conversions, calendars, lines without a value.
    remarks: list[str]
    #: What was given and could not be compared.
    left_out: list[str]
    raw: dict[str, Any] = field(repr=False)
    tables: list[str] = field(repr=False)

    @property
    def is_complete(self) -> bool:
        """Whether all that was given was compared."""
        return not self.left_out

    def _frame(self, index: int) -> Any:
        import io

        import pandas

        return pandas.read_csv(io.StringIO(self.tables[index]), dtype={"name": str, "station": str, "period": str, "units": str})

    def scores(self) -> Any:
        """The scores as a table of pandas, a row a station or area."""
        return self._frame(0)

    def cycle(self) -> Any:
        """The mean year as a table of pandas, a row a station or area and month."""
        return self._frame(1)

    def pairs(self) -> Any:
        """Values at stations as a table of pandas, a row a station and period; of maps it is empty."""
        return self._frame(2)

    @classmethod
    def of(cls, raw: dict[str, Any], tables: list[str]) -> Evaluation:
        """What the library gave as JSON, and its tables."""
        periods = tuple(raw["periods"]) if raw["periods"] else None
        scored = {one["name"]: one["scores"] for one in raw["scored"]}
        return cls(raw["variable"], raw["units"], raw["every"], periods, scored, raw["remarks"], raw["left_out"], raw, tables)


@dataclass(frozen=True)
class Picture:
    """A figure, which notebooks show."""

    data: bytes = field(repr=False)
    format: str
    title: str
    #: What it shows, for those who do not see it.
    description: str
    #: What was chosen that nobody asked for.
    notes: list[str]
    path: str | None = None

    def _repr_png_(self) -> bytes | None:
        return self.data if self.format == "png" else None

    def _repr_svg_(self) -> str | None:
        return self.data.decode() if self.format == "svg" else None


@dataclass(frozen=True)
class Page:
    """A page of figures, which notebooks show in a frame."""

    html: str = field(repr=False)
    variables: list[str]
    #: Files that should be on it and are not, and why.
    omitted: list[tuple[str, str]]
    path: str | None = None

    def _repr_html_(self) -> str:
        import html

        return f'<iframe srcdoc="{html.escape(self.html)}" style="width:100%;height:40em;border:0"></iframe>'
