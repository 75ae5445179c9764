"""Records of any length in plain HDF5 files: read at random, in batches and in order; a source for Grain and for torch's DataLoader."""

from __future__ import annotations

import bisect
import hashlib
import operator
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from . import _gridloom
from ._arrays import Arrays
from ._settings import codec_words

if TYPE_CHECKING:
    from ._arrays import _Durability, _Mode

#: Records that are read ahead take about so many bytes; two parts of it are in memory.
_AHEAD = 1 << 20


class Slice(NamedTuple):
    """Some records of a file, from the first to that before the last; ``None`` is its end."""

    path: str
    start: int = 0
    stop: int | None = None


File = str | os.PathLike[str] | tuple[str | os.PathLike[str], int, "int | None"]


class Records(Sequence[bytes]):
    """Records of one file or of several, as one sequence of bytes.

    ``paths`` is a file, or a list of them; ``"log.h5[100:200]"`` and ``("log.h5", 100, 200)`` are some records of one. All are read in the state in which
    they are opened here, also by processes that get this by pickling. It is what ``grain.MapDataset.source`` and ``torch.utils.data.DataLoader``
    take: ``__len__``, ``__getitem__``, ``__getitems__``.

    >>> import gridloom
    >>> with gridloom.RecordWriter("out/log.h5", group=100, codec="zstd") as writer:
    ...     writer.write_all(f"record {number}".encode() for number in range(1000))
    >>> log = gridloom.Records("out/log.h5")
    >>> len(log), log[17], log.__getitems__([3, 1]), log[-1]
    (1000, b'record 17', [b'record 3', b'record 1'], b'record 999')
    """

    def __init__(self, paths: File | Iterable[File], name: str = "records", *, _states: list[str] | None = None) -> None:
        one = isinstance(paths, (str, os.PathLike)) or isinstance(paths, tuple) and len(paths) == 3 and isinstance(paths[1], int)
        given: Any = [paths] if one else list(paths)  # type: ignore[arg-type]
        self.name = name
        self.slices: list[Slice] = [_slice(one) for one in given]
        states: list[str | None] = list(_states) if _states is not None else [None] * len(self.slices)
        self._files = [_gridloom.RecordFile.open(one.path, name, state) for one, state in zip(self.slices, states, strict=True)]
        self._ranges: list[range] = []
        for part, file in zip(self.slices, self._files, strict=True):
            count = len(file)
            stop = count if part.stop is None else part.stop
            if not 0 <= part.start <= stop <= count:
                raise IndexError(f"{part.path} has {count} records, not those from {part.start} to {part.stop}")
            self._ranges.append(range(part.start, stop))
        #: The number of the first record behind each file.
        self._ends: list[int] = []
        for places in self._ranges:
            self._ends.append((self._ends[-1] if self._ends else 0) + len(places))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def _find(self, index: int) -> tuple[int, int]:
        """The file of a record, and its number there."""
        count = len(self)
        if not -count <= index < count:
            raise IndexError(f"record {index} is not one of {count}")
        index %= count
        file = bisect.bisect_right(self._ends, index)
        return file, self._ranges[file][index - (self._ends[file - 1] if file else 0)]

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> list[bytes]: ...
    def __getitem__(self, index: int | slice) -> bytes | list[bytes]:
        if isinstance(index, slice):
            return self.__getitems__(range(len(self))[index])
        file, number = self._find(operator.index(index))
        return self._files[file].get(number)

    def __getitems__(self, indices: Iterable[int]) -> list[bytes]:
        """Several records, in the order of their numbers here; each compressed group is read once."""
        found = [self._find(operator.index(index)) for index in indices]
        if len(self._files) == 1:
            return self._files[0].points([number for _, number in found])
        records = [b""] * len(found)
        for file in sorted({file for file, _ in found}):
            places = [place for place, (own, _) in enumerate(found) if own == file]
            for place, record in zip(places, self._files[file].points([found[place][1] for place in places]), strict=True):
                records[place] = record
        return records

    def __iter__(self) -> Iterator[bytes]:
        """All records in order. While some are used, the next are read by another thread."""
        parts = list(self._parts())
        if len(parts) < 2:
            for file, start, stop in parts:
                yield from self._files[file].range(start, stop)
            return
        with ThreadPoolExecutor(1, "gridloom-ahead") as ahead:
            coming: Future[list[bytes]] | None = None
            for file, start, stop in parts:
                read = ahead.submit(self._files[file].range, start, stop)
                if coming is not None:
                    yield from coming.result()
                coming = read
            if coming is not None:
                yield from coming.result()

    def _parts(self) -> Iterator[tuple[int, int, int]]:
        for file, places in enumerate(self._ranges):
            if not places:
                continue
            # As many as take about the memory for it, by the length of the first of them.
            some = self._files[file].range(places.start, min(places.stop, places.start + 16))
            step = max(1, _AHEAD // max(1, sum(map(len, some)) // len(some) + 33))
            for start in range(places.start, places.stop, step):
                yield file, start, min(places.stop, start + step)

    def __enter__(self) -> Records:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is to be closed."""

    def __reduce__(self) -> Any:
        return _again, (list(self.slices), self.name, [file.state for file in self._files])

    def __repr__(self) -> str:
        """The same for the same files and records, by which Grain knows them again."""
        if len(self.slices) == 1:
            [one] = self.slices
            part = "" if one.start == 0 and one.stop is None else f"[{one.start}:{'' if one.stop is None else one.stop}]"
            return f"gridloom.Records({one.path + part!r}, {self.name!r})"
        told = "\n".join(f"{one.path}[{one.start}:{one.stop}]" for one in self.slices)
        digest = hashlib.sha256(told.encode()).hexdigest()[:16]
        return f"gridloom.Records({len(self.slices)} files, {self.name!r}, {digest})"


def _again(slices: list[Slice], name: str, states: list[str]) -> Records:
    return Records(slices, name, _states=states)


def _slice(given: Any) -> Slice:
    if isinstance(given, tuple):
        path, start, stop = given
        return Slice(os.fspath(path), operator.index(start), None if stop is None else operator.index(stop))
    path = os.fspath(given)
    found = re.fullmatch(r"(.+)\[(\d*):(\d*)\]", path)
    if found is None or os.path.exists(path):
        return Slice(path)
    return Slice(found[1], int(found[2] or 0), int(found[3]) if found[3] else None)


class RecordWriter:
    """Writes records into a file, ``with`` which they become its state together; after an exception it is as before.

    About ``group`` records are compressed together by ``codec`` (as of :meth:`Arrays.add`): one by itself is quickest to read at random, many
    are smallest. ``typical`` is how many bytes a record has; without it the first megabyte is asked. ``mode`` is ``"x"`` (a new file), ``"w"`` (in the place
    of one that is there) or ``"a"`` (behind the records that are there, in their groups and codec).
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        name: str = "records",
        *,
        group: int = 1,
        codec: str | None = None,
        typical: int | None = None,
        mode: _Mode = "x",
        durability: _Durability = "disk",
    ) -> None:
        if mode not in ("x", "w", "a"):
            raise ValueError(f"mode {mode!r}: wants x, w or a")
        if group < 1:
            raise ValueError(f"group {group}: wants 1 or more")
        self._arrays = Arrays(path, mode, durability=durability)
        self.name, self.group, self.typical = name, group, typical
        self._codec = codec_words(codec)
        self._begun = name in self._arrays
        self._held: list[bytes] = []
        self._bytes = 0

    def write(self, record: bytes | bytearray | memoryview) -> None:
        """Adds a record."""
        own = bytes(record)
        self._held.append(own)
        self._bytes += len(own) + 33
        if self._bytes >= _AHEAD:
            self._flush()

    def write_all(self, records: Iterable[bytes | bytearray | memoryview]) -> None:
        """Adds records."""
        for record in records:
            self.write(record)

    def _flush(self) -> None:
        if not self._begun:
            mean = -(-sum(map(len, self._held)) // max(1, len(self._held)))
            self._arrays._file.add_records(self.name, self.group, self.typical or max(1, mean), self._codec)
            self._begun = True
        held, self._held, self._bytes = self._held, [], 0
        self._arrays._file.append_records(self.name, held)

    def commit(self, durability: _Durability | None = None) -> None:
        """Makes the records so far the file's state."""
        self._flush()
        self._arrays.commit(durability)

    def close(self) -> None:
        """Commits and closes."""
        if not self._arrays.closed:
            try:
                self.commit()
            finally:
                self._arrays._close(False)

    def __enter__(self) -> RecordWriter:
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        if kind is None:
            self.close()
        else:
            self._arrays._close(False)

    def __repr__(self) -> str:
        return f"<gridloom.RecordWriter {self._arrays.path!r}: {self.name!r}, group {self.group}>"
