"""Who is told how far work is: a callback, or a bar on a terminal or in a notebook."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, Protocol

#: What is shown of the counts, the first of them that has begun.
_SHOWN = ("files", "units", "cells", "inputs", "dumps")

#: Seconds between two pictures of a bar.
_PACE = 0.1

Callback = Callable[[str, int, "int | None"], Any]


class _Told(Protocol):
    def note(self, text: str) -> None: ...
    def counts(self, counts: dict[str, tuple[int, int]]) -> None: ...
    def close(self) -> None: ...


class _Calls:
    """Calls a function for each count that has changed: what, how many are done, of how many where that is known."""

    def __init__(self, call: Callback) -> None:
        self.call, self.before = call, {}  # type: ignore[var-annotated]

    def note(self, text: str) -> None:
        _log(text)

    def counts(self, counts: dict[str, tuple[int, int]]) -> None:
        for what, (done, total) in counts.items():
            if self.before.get(what) != (done, total):
                self.before[what] = (done, total)
                self.call(what, done, total or None)

    def close(self) -> None:
        pass


class _Quiet:
    def note(self, text: str) -> None:
        _log(text)

    def counts(self, counts: dict[str, tuple[int, int]]) -> None:
        pass

    def close(self) -> None:
        pass


class _Bar(_Quiet):
    """A line on the terminal."""

    def __init__(self) -> None:
        self.shown, self.at = "", 0.0

    def counts(self, counts: dict[str, tuple[int, int]]) -> None:
        now = time.monotonic()
        if now - self.at < _PACE:
            return
        self.at = now
        self.show(*_one(counts))

    def show(self, what: str, done: int, total: int) -> None:
        width = 30
        full = width * min(done, total) // total if total else 0
        bar = f"[{'#' * full}{' ' * (width - full)}] " if total else ""
        of = f"{done}/{total}" if total else f"{done}"
        text = f"{bar}{of} {what}"
        sys.stderr.write("\r" + text.ljust(len(self.shown)))
        sys.stderr.flush()
        self.shown = text

    def close(self) -> None:
        if self.shown:
            sys.stderr.write("\r" + " " * len(self.shown) + "\r")
            sys.stderr.flush()


class _Notebook(_Bar):
    """A bar in a notebook's output."""

    def __init__(self) -> None:
        super().__init__()
        import importlib

        shown: Any = importlib.import_module("IPython.display")
        self.html: Any = shown.HTML
        self.handle: Any = shown.display(shown.HTML(""), display_id=True)

    def show(self, what: str, done: int, total: int) -> None:
        of = f"{done}/{total}" if total else f"{done}"
        bar = f'<progress value="{done}" max="{total}"></progress> ' if total else ""
        self.handle.update(self.html(f"{bar}{of} {what}"))

    def close(self) -> None:
        self.handle.update(self.html(""))


def _one(counts: dict[str, tuple[int, int]]) -> tuple[str, int, int]:
    for what in _SHOWN:
        done, total = counts.get(what, (0, 0))
        if done or total:
            return what, done, total
    return "", 0, 0


def _log(text: str) -> None:
    import logging

    logging.getLogger("gridloom").info(text)


def _is_notebook() -> bool:
    shell = sys.modules.get("IPython")
    own = shell and shell.get_ipython()
    return bool(own and own.__class__.__name__ == "ZMQInteractiveShell")


class watched:
    """The one who is told, as a context: ``None`` is a bar where somebody looks at it, ``False`` nothing, or a function."""

    def __init__(self, progress: Callback | bool | None) -> None:
        self.told: _Told
        if callable(progress):
            self.told = _Calls(progress)
        elif progress is False or progress is None and not _somebody_looks():
            self.told = _Quiet()
        else:
            self.told = _Notebook() if _is_notebook() else _Bar()

    def __enter__(self) -> _Told:
        return self.told

    def __exit__(self, *_: object) -> None:
        self.told.close()


def _somebody_looks() -> bool:
    import threading

    if threading.current_thread() is not threading.main_thread():
        return False
    return _is_notebook() or bool(getattr(sys.stderr, "isatty", bool)())
