"""Arrays in one plain HDF5 file, which is changed in place and is always whole."""

from __future__ import annotations

import contextlib
import datetime
import operator
import os
from collections.abc import Iterable, Iterator, MutableMapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from . import _gridloom
from ._attributes import Attributes
from ._rows import Rows, as_bytes, cast, type_name
from ._settings import codec_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, DTypeLike, NDArray

    _Mode: TypeAlias = Literal["r", "r+", "w", "x", "a"]
    _Durability: TypeAlias = Literal["disk", "process"]

#: Bytes that a part of a stream is about.
_PART = 8 << 20


class Arrays(MutableMapping[str, "Array"]):
    """A file of arrays: a mapping of names to arrays, which grow along their rows. h5py and netCDF4 read it, too.

    ``mode`` is ``"r"`` (to read), ``"r+"`` (to change), ``"a"`` (to change, or a new file), ``"w"`` (a new file, in the place of one that is
    there) or ``"x"`` (a new file only). Every change is in the file when its call returns, all of it or nothing; those of a :meth:`batch`
    together. ``durability="disk"`` waits for the disk each time and outlives a loss of power; ``"process"`` does not wait, and outlives the end of
    the process only. One process changes a file at a time; readers see the state in which they opened it.

    ``mmap=True`` reads plain arrays through the mapped file, which is quicker for few rows here and there. As with NumPy's memory maps,
    no other program may then cut the file or write into it; gridloom itself never does.

    >>> import gridloom, numpy as np
    >>> with gridloom.Arrays("out/weights.h5", "w") as arrays:
    ...     arrays["x"] = np.arange(12.0).reshape(6, 2)
    ...     arrays["x"].append([[12.0, 13.0]])
    ...     arrays["x"][[0, 5]] = 0
    ...     arrays["x"].attrs["units"] = "kg m-2"
    >>> arrays = gridloom.Arrays("out/weights.h5")
    >>> arrays["x"][4:, 1]
    array([ 9.,  0., 13.])
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        mode: _Mode = "r",
        *,
        durability: _Durability = "disk",
        mmap: bool = False,
        _state: str | None = None,
    ) -> None:
        if mode not in ("r", "r+", "w", "x", "a"):
            raise ValueError(f"mode {mode!r}: wants r, r+, w, x or a")
        self.path: str = os.path.abspath(os.fspath(path))
        self.mode: _Mode = mode
        self.durability: _Durability = _durability(durability)
        self._mmap = mmap
        self._batches = 0
        self._closed = True
        self._file = _gridloom.ArrayFile.open_in(self.path, mode, mmap, _state)
        self._closed = False

    # Its arrays

    def __getitem__(self, name: str) -> Array:
        if name not in self:
            raise KeyError(name)
        return Array(self, name)

    def __setitem__(self, name: str, values: ArrayLike) -> None:
        """Makes an array of values. One that is there is replaced; its layout and its attributes stay."""
        import numpy as np

        data = np.asarray(values)
        if data.ndim == 0:
            raise ValueError(f"array {name!r}: a single value has no rows; give at least one dimension")
        kept: dict[str, Any] = {}
        codec, chunk_bytes = None, None
        with self._change():
            if name in self:
                known = self[name]
                kept, codec = dict(known.attrs), known.codec
                if codec is not None:
                    chunk_bytes = known.chunk_rows * max(1, known.nbytes // max(1, len(known)))
                type_name(data.dtype, name)
                self._file.remove(name)
            self.add(name, data.dtype, data.shape[1:], codec=codec, chunk_bytes=chunk_bytes)
            self[name].append(data)
            self[name].attrs.update(kept)

    def __delitem__(self, name: str) -> None:
        """Takes an array out. The file gets smaller by :meth:`repack`."""
        if name not in self:
            raise KeyError(name)
        with self._change():
            self._file.remove(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._file.names())

    def __len__(self) -> int:
        return len(self._file.names())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._file.has(name)

    def add(
        self,
        name: str,
        dtype: DTypeLike,
        columns: int | Iterable[int] = (),
        *,
        codec: str | None = None,
        chunk_bytes: int | None = None,
    ) -> Array:
        """Adds an array without rows, ``(0, *columns)``.

        ``codec`` is ``"lz4"``, ``"zstd"``, ``"zstd:1"`` to ``"zstd:22"``, ``"deflate:1"`` to ``"deflate:12"``, or ``"none"``, each with a checksum; without one
        rows are plain, as they are in memory. ``chunk_bytes`` is what one changed row costs to write, and with a codec to read: 4 KiB of
        plain rows, 64 KiB of others.
        """
        import numpy as np

        kind = type_name(np.dtype(dtype), name)
        shape = [operator.index(columns)] if isinstance(columns, (int, np.integer)) else [operator.index(one) for one in columns]
        with self._change():
            self._file.add(name, kind, shape, codec_words(codec), chunk_bytes)
        return Array(self, name)

    @property
    def attrs(self) -> Attributes:
        """The attributes of the file: texts, numbers and lists of numbers."""
        return Attributes(self, None)

    @property
    def modified(self) -> datetime.datetime:
        """When the file was changed last."""
        return datetime.datetime.fromtimestamp(os.stat(self.path).st_mtime, datetime.UTC)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays in memory."""
        return sum(array.nbytes for array in self.values())

    # Changes

    @contextlib.contextmanager
    def batch(self) -> Iterator[Arrays]:
        """Changes that become the file's state together, when the ``with`` ends. After an exception there are none of them.

        >>> import gridloom, numpy as np
        >>> arrays = gridloom.Arrays("out/batch.h5", "w")
        >>> with arrays.batch():
        ...     arrays["x"] = np.zeros((1000, 3), "f4")
        ...     for row in range(0, 1000, 10):
        ...         arrays["x"][row] = row
        >>> arrays.close()
        """
        with self._change():
            yield self

    @contextlib.contextmanager
    def _change(self) -> Iterator[None]:
        self._batches += 1
        try:
            yield
        except BaseException:
            # What is half done is given up by whoever is outermost.
            if self._batches == 1 and not self._closed and self.mode != "r":
                self._file.revert()
            raise
        else:
            if self._batches == 1:
                self._file.commit(self.durability == "disk")
        finally:
            self._batches -= 1

    def commit(self, durability: _Durability | None = None) -> None:
        """Makes what was changed the file's state, in the middle of a batch; and waits for the disk, where earlier changes did not."""
        self._file.commit(_durability(durability or self.durability) == "disk")

    def repack(self) -> tuple[int, int]:
        """Writes the file anew, without the bytes of what was replaced. Returns its size before and after.

        Whoever has the old file open goes on reading that.
        """
        if self._batches:
            raise RuntimeError("repack: a batch is open")
        if self.mode == "r":
            raise ValueError(f'{self.path} is open for reading; open it with mode "r+" to repack it')
        self.commit("disk")
        self._file.close()
        try:
            return _gridloom.repack_arrays(self.path)
        finally:
            self._file = _gridloom.ArrayFile.open_in(self.path, "r+", self._mmap, None)

    # Its life

    @property
    def closed(self) -> bool:
        """Whether it is closed."""
        return self._closed

    def close(self) -> None:
        """Closes the file. Views of it stay as they are."""
        self._close(True)

    def _close(self, is_whole: bool) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            # A new file that nothing was put into is one without arrays.
            if is_whole and self.mode != "r":
                self._file.commit(self.durability == "disk")
        finally:
            self._file.close()

    def __enter__(self) -> Arrays:
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        self._close(kind is None)

    def __reduce__(self) -> Any:
        if self.mode != "r":
            raise TypeError(f"{self.path} is open for changes: open it for reading to send it to other processes")
        return _again, (self.path, self._mmap, self._file.state())

    def __repr__(self) -> str:
        if self._closed:
            return f"<gridloom.Arrays {self.path!r}: closed>"
        return f"<gridloom.Arrays {self.path!r}: {len(self)} arrays, mode {self.mode}>"


def _again(path: str, mmap: bool, state: str) -> Arrays:
    return Arrays(path, mmap=mmap, _state=state)


class Array:
    """An array of a file: ``(rows, *columns)``. It is indexed as NumPy's are, and reads what is asked for."""

    __slots__ = ("_file", "name")

    def __init__(self, file: Arrays, name: str) -> None:
        self._file, self.name = file, name

    def _about(self) -> tuple[str, list[int], list[int], str | None]:
        return self._file._file.about(self.name)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of its values."""
        import numpy as np

        return np.dtype(self._about()[0])

    @property
    def shape(self) -> tuple[int, ...]:
        """``(rows, *columns)``."""
        return tuple(self._about()[1])

    @property
    def chunk_rows(self) -> int:
        """Rows of a chunk."""
        return self._about()[2][0]

    @property
    def codec(self) -> str | None:
        """How its rows are compressed, ``None`` where they are plain."""
        codec = self._about()[3]
        return codec.replace(" ", ":") if codec else None

    @property
    def ndim(self) -> int:
        """Dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Values."""
        import math

        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return self.size * self.dtype.itemsize

    @property
    def attrs(self) -> Attributes:
        """Its attributes: texts, numbers and lists of numbers."""
        return Attributes(self._file, self.name)

    def __len__(self) -> int:
        return self._about()[1][0]

    # Reading

    def _rows(self, start: int, stop: int, about: Any) -> NDArray[Any]:
        kind, shape = about[:2]
        found: NDArray[Any] = self._file._file.rows(self.name, start, stop).view(kind).reshape(stop - start, *shape[1:])
        return found

    def _points(self, rows: NDArray[Any], about: Any) -> NDArray[Any]:
        kind, shape = about[:2]
        found: NDArray[Any] = self._file._file.points(self.name, rows).view(kind).reshape(len(rows), *shape[1:])
        return found

    def _load(self, rows: Rows, about: Any) -> NDArray[Any]:
        if isinstance(rows.wanted, range):
            return self._rows(rows.wanted.start, rows.wanted.stop, about)
        return self._points(rows.wanted, about)

    def __getitem__(self, key: Any) -> Any:
        """What NumPy gives for the same key; only the rows of the key are read. The result is a copy."""
        about = self._about()
        rows = Rows(key, about[1][0])
        data = self._load(rows, about)
        return data if rows.is_all else data[rows.key]

    def __iter__(self) -> Iterator[NDArray[Any]]:
        for part in self.stream():
            yield from part

    def stream(self, rows: int | None = None) -> Iterator[NDArray[Any]]:
        """All rows in order, in parts of so many; of about 8 MiB where nobody says it. Memory is needed for a part."""
        about = self._about()
        count = about[1][0]
        if rows is None:
            chunk = about[2][0]
            row = max(1, self.nbytes // max(1, count))
            rows = max(1, _PART // row // chunk * chunk or _PART // row)
        elif (rows := operator.index(rows)) < 1:
            raise ValueError(f"stream: {rows} rows are not a part")
        for start in range(0, count, rows):
            yield self._rows(start, min(count, start + rows), about)

    def view(self, start: int | None = None, stop: int | None = None, *, copy: bool | None = False) -> NDArray[Any]:
        """Rows where they are in the mapped file, read-only and without a copy. The view stays as it is, whatever becomes of the file.

        Only plain rows that were written at once stand together, and those of a file that was repacked. Of others, ``copy=False`` is an
        error, and ``copy=None`` copies. No other program may cut the file meanwhile, as with NumPy's memory maps.
        """
        about = self._about()
        first, last, _ = slice(start, stop).indices(about[1][0])
        last = max(first, last)
        if copy:
            return self._rows(first, last, about)
        if about[3] is None:
            found = self._file._file.view(self.name, first, last)
            if found is not None:
                shaped: NDArray[Any] = found.view(about[0]).reshape(last - first, *about[1][1:])
                return shaped
            reason = "its rows do not stand together in the file: repack it, or take copy=None"
        else:
            reason = "its rows are compressed: write them as plain, or take copy=None"
        if copy is None:
            return self._rows(first, last, about)
        raise ValueError(f"array {self.name!r} cannot be viewed: {reason}")

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        import numpy as np

        if copy is False:
            own = self.view()
            if dtype is not None and np.dtype(dtype) != own.dtype:
                raise ValueError(f"array {self.name!r} is {own.dtype}: another type needs a copy")
            return own
        found: NDArray[Any] = self[:]
        return found if dtype is None else found.astype(dtype, copy=False)

    def __dlpack__(self, **how: Any) -> Any:
        """All rows, for other libraries of arrays: a copy, which they may change."""
        found: Any = self[:]
        return found.__dlpack__(**how)

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0

    # Changing

    def __setitem__(self, key: Any, values: ArrayLike) -> None:
        """Replaces what the key is of by values, as NumPy does; but a value that its type cannot hold is an error."""
        import numpy as np

        about = self._about()
        kind = np.dtype(about[0])
        rows = Rows(key, about[1][0])
        new = cast(values, kind, self.name)
        if rows.is_whole:
            shape = (len(rows.wanted), *about[1][1:])
            data = np.broadcast_to(new, shape if rows.shape is None else (*rows.shape, *about[1][1:])).reshape(shape)
        else:
            data = self._load(rows, about)
            data[slice(None) if rows.is_all else rows.key] = new
        places = np.arange(rows.wanted.start, rows.wanted.stop, dtype="u8") if isinstance(rows.wanted, range) else rows.wanted
        with self._file._change():
            self._file._file.replace(self.name, places, as_bytes(data))

    def append(self, rows: ArrayLike) -> None:
        """Adds rows, ``(n, *columns)``."""
        import numpy as np

        about = self._about()
        data = cast(rows, np.dtype(about[0]), self.name)
        if data.ndim != len(about[1]) or list(data.shape[1:]) != about[1][1:]:
            wanted = "(n" + "".join(f", {one}" for one in about[1][1:]) + ")"
            raise ValueError(f"array {self.name!r}: rows of the shape {data.shape} are not {wanted}")
        with self._file._change():
            self._file._file.append(self.name, as_bytes(data))

    def replace(self, rows: Any, values: ArrayLike) -> None:
        """Puts values in the place of some rows; of a row that is named twice the last counts. As ``array[rows] = values``."""
        self[rows] = values

    def delete(self, rows: Any) -> None:
        """Takes rows out; those behind them move up. Costs what stands behind the first of them."""
        import numpy as np

        found = Rows(rows, len(self))
        if not found.is_whole:
            raise IndexError("delete: wants rows, not parts of them")
        wanted = found.wanted
        places = np.arange(wanted.start, wanted.stop, dtype="u8") if isinstance(wanted, range) else wanted
        with self._file._change():
            self._file._file.delete(self.name, places)

    @contextlib.contextmanager
    def edit(self, start: int | None = None, stop: int | None = None) -> Iterator[NDArray[Any]]:
        """Rows as an array of NumPy that can be changed. When the ``with`` ends, the rows that are others then are written, together; after an
        exception none. Needs memory for the rows.

        >>> import gridloom, numpy as np
        >>> with gridloom.Arrays("out/edit.h5", "w") as arrays:
        ...     arrays["x"] = np.arange(10)
        ...     with arrays["x"].edit() as x:
        ...         x[x > 6] = 0
        ...     arrays["x"][5:]
        array([5, 6, 0, 0, 0])
        """
        about = self._about()
        first, last, _ = slice(start, stop).indices(about[1][0])
        rows = self._rows(first, max(first, last), about)
        row_bytes = rows.nbytes // max(1, len(rows))
        yield rows
        with self._file._change():
            self._file._file.settle(self.name, first, row_bytes, as_bytes(rows))

    def __reduce__(self) -> Any:
        return Array, (self._file, self.name)

    def __repr__(self) -> str:
        codec = self.codec or "plain"
        return f"<gridloom.Array {self.name!r}: {self.dtype}{self.shape}, {codec}>"


def _durability(word: Any) -> _Durability:
    if word == "disk":
        return "disk"
    if word == "process":
        return "process"
    raise ValueError(f"durability {word!r}: wants disk or process")
