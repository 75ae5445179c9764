"""What is said of arrays, and of their file."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any, Protocol

from ._rows import as_bytes

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ._gridloom import ArrayFile


class _Owner(Protocol):
    """A file of arrays that is open."""

    _file: ArrayFile

    def _change(self) -> AbstractContextManager[None]:
        """Within it the file is changed, and then committed."""


class Attributes(MutableMapping[str, Any]):
    """What is said of an array, or of a file: texts, numbers, and lists of numbers as arrays of NumPy. HDF5's own attributes."""

    __slots__ = ("_file", "_name")

    def __init__(self, file: _Owner, name: str | None) -> None:
        self._file, self._name = file, name

    def _all(self) -> dict[str, Any]:
        import numpy as np

        found: dict[str, Any] = {}
        for name, text, numbers in self._file._file.attributes(self._name):
            if numbers is None:
                found[name] = text
                continue
            kind, data, is_single = numbers
            values = np.frombuffer(bytes(data), kind)
            found[name] = values[0] if is_single else values
        return found

    def __getitem__(self, name: str) -> Any:
        return self._all()[name]

    def __setitem__(self, name: str, value: Any) -> None:
        import numpy as np

        with self._file._change():
            if isinstance(value, str):
                self._file._file.set_attribute(self._name, name, value, None)
                return
            numbers = np.asarray(value)
            if numbers.dtype == bool:
                numbers = numbers.astype("i1")
            if numbers.dtype.kind not in "iuf" or numbers.ndim > 1:
                raise TypeError(f"attribute {name!r}: wants a text, a number or a list of numbers")
            kind = numbers.dtype.newbyteorder("=").name
            self._file._file.set_attribute(self._name, name, None, (kind, as_bytes(numbers).tobytes(), numbers.ndim == 0))

    def __delitem__(self, name: str) -> None:
        if name not in self._all():
            raise KeyError(name)
        with self._file._change():
            self._file._file.set_attribute(self._name, name, None, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __repr__(self) -> str:
        return repr(self._all())
