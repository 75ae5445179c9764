"""The program of the wheel, which looks at gridded files before this process opens them."""

from __future__ import annotations

import os
import sys
import sysconfig

from . import _gridloom


_found: list[str | None] = []


def ready() -> str | None:
    """Has the program look at files from now on, where it is found: where this module's wheel put it."""
    if not _found:
        _found.append(_find())
        if _found[0] is not None:
            _gridloom.look_through(_found[0])
    return _found[0]


def _find() -> str | None:
    folders = [sysconfig.get_path("scripts"), sysconfig.get_path("scripts", f"{os.name}_user"), os.path.dirname(sys.executable)]
    for folder in folders:
        program = os.path.join(folder or "", "gridloom")
        if os.access(program, os.X_OK) and not _is_script(program):
            return program
    return None


def _is_script(path: str) -> bool:
    with open(path, "rb") as file:
        return file.read(2) == b"#!"
