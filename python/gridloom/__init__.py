"""gridloom for Python: what gridcell models leave behind, as arrays, xarray datasets, grids, tables and archives.

>>> import gridloom
>>> run = gridloom.open("data/sample_run")
>>> npp = run.read(run.cells[0], "npp")
>>> npp.shape
(1004,)
>>> report = gridloom.grid(run, "out/maps", variables=["npp"], progress=False)   # doctest: +SKIP

With xarray installed, ``xr.open_dataset("data/sample_run", engine="gridloom")`` is the run as a dataset that reads what is asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from . import errors
from ._gridloom import VERSION as __version__
from .errors import GridloomError, LossWarning

if TYPE_CHECKING:
    from ._arrays import Array, Arrays
    from ._open import Run, open
    from ._records import Records, RecordWriter
    from ._reports import Check, Evaluation, Fault, Picture, Report, Reports, Verification
    from ._settings import Cell
    from ._stream import Column, Rows
    from ._work import (
        Plan,
        Shard,
        append_cells,
        cells,
        check,
        drop_cells,
        evaluate,
        grid,
        plot,
        publish,
        repack,
        replace_cells,
        report,
        run_shard,
        status,
        tables,
        verify,
    )

#: Where each name is, so that importing gridloom reads nothing that is not used.
_PLACES = {
    **dict.fromkeys(["Array", "Arrays"], "._arrays"),
    **dict.fromkeys(["RecordWriter", "Records"], "._records"),
    **dict.fromkeys(["Run", "open"], "._open"),
    "Cell": "._settings",
    **dict.fromkeys(["Column", "Rows"], "._stream"),
    **dict.fromkeys(["Check", "Evaluation", "Fault", "Picture", "Report", "Reports", "Verification"], "._reports"),
    **dict.fromkeys(
        [
            "Plan",
            "Shard",
            "append_cells",
            "cells",
            "check",
            "drop_cells",
            "evaluate",
            "grid",
            "plot",
            "publish",
            "repack",
            "replace_cells",
            "report",
            "run_shard",
            "status",
            "tables",
            "verify",
        ],
        "._work",
    ),
}

__all__ = [
    "Array",
    "Arrays",
    "Cell",
    "Check",
    "Column",
    "Evaluation",
    "Fault",
    "GridloomError",
    "LossWarning",
    "Picture",
    "Plan",
    "RecordWriter",
    "Records",
    "Report",
    "Reports",
    "Rows",
    "Run",
    "Shard",
    "Verification",
    "__version__",
    "append_cells",
    "cells",
    "check",
    "drop_cells",
    "errors",
    "evaluate",
    "grid",
    "open",
    "plot",
    "publish",
    "repack",
    "replace_cells",
    "report",
    "run_shard",
    "status",
    "tables",
    "verify",
]


def __getattr__(name: str) -> Any:
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(place, __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
