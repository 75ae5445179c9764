"""Which rows a key of NumPy's indexing is of, and values as an array's type has them."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Rows:
    """Which rows a key needs, and the key by which NumPy finds among these what is wanted."""

    #: A range of them, or their numbers.
    wanted: Any
    key: Any = None
    #: Whether all of the rows are wanted as they are, and there is no key.
    is_all: bool = False
    #: Whether the rows are wanted whole.
    is_whole: bool
    #: The shape of the key's places, where it is not one list.
    shape: tuple[int, ...] | None

    def __init__(self, key: Any, count: int) -> None:
        import numpy as np

        parts = key if isinstance(key, tuple) else (key,)
        first, rest = (parts[0], parts[1:]) if parts else (Ellipsis, ())
        self.shape, self.is_whole = None, not rest
        if first is Ellipsis and not rest:
            first = slice(None)
        if first is None or first is Ellipsis or isinstance(key, np.ndarray) and key.dtype == bool and key.ndim > 1:
            # NumPy knows what is meant; of the rows all are needed.
            self.wanted, self.key, self.is_whole = range(count), key, False
            return
        if isinstance(first, slice):
            places = range(count)[first]
            if places.step == 1 or len(places) < 2:
                start = places.start if len(places) else 0
                self.wanted = range(start, start + len(places))
            else:
                self.wanted = np.arange(places.start, places.stop, places.step).astype("u8")
            self.key, self.is_all = (slice(None), *rest), not rest
            return
        if not isinstance(first, (bool, np.bool_, np.ndarray, list)) and hasattr(first, "__index__"):
            place = _inside(operator.index(first), count)
            self.wanted, self.key, self.shape = range(place, place + 1), (0, *rest), ()
            return
        listed: NDArray[Any] = np.asarray(first)
        if listed.dtype == bool and listed.ndim == 1:
            if len(listed) != count:
                raise IndexError(f"a mask of {len(listed)} does not fit {count} rows")
            listed = np.flatnonzero(listed)
        elif listed.size == 0 and not isinstance(first, np.ndarray):
            listed = listed.astype("i8")
        if listed.dtype.kind not in "iu":
            raise IndexError("rows are numbers, slices, lists of numbers, or masks")
        flat = listed.reshape(-1).astype("i8")
        outside = flat[(flat < -count) | (flat >= count)]
        if outside.size:
            raise IndexError(f"row {outside[0]} is not one of {count}")
        self.wanted = np.where(flat < 0, flat + count, flat).astype("u8")
        self.shape = listed.shape
        numbers: NDArray[Any] = np.arange(len(flat)).reshape(listed.shape)
        if rest:
            # A row that is named twice is one row, of which several parts may be set.
            self.wanted, numbers = np.unique(self.wanted, return_inverse=True)
            numbers = numbers.reshape(listed.shape)
        self.key, self.is_all = (numbers, *rest), not rest and listed.ndim == 1


def _inside(place: int, count: int) -> int:
    if not -count <= place < count:
        raise IndexError(f"row {place} is not one of {count}")
    return place % count


def cast(values: Any, kind: np.dtype[Any], name: str) -> NDArray[Any]:
    """Values of a type, where they are the same in it but for rounding."""
    import numpy as np

    found = np.asarray(values)
    if found.dtype == kind:
        return found
    is_whole = found.dtype.kind in "iu" and kind.kind in "iu"
    if found.size and not is_whole and not np.can_cast(found.dtype, kind, "same_kind"):
        raise TypeError(f"array {name!r} is {kind}: {found.dtype} does not fit it")
    own: NDArray[Any] = found.astype(kind)
    if is_whole and not np.array_equal(own, found):
        raise OverflowError(f"array {name!r} is {kind}: there are numbers that it cannot hold")
    return own


def as_bytes(data: NDArray[Any]) -> NDArray[np.uint8]:
    import numpy as np

    native = np.ascontiguousarray(data, data.dtype.newbyteorder("<"))
    return native.reshape(-1).view("u1")


def type_name(kind: np.dtype[Any], name: str) -> str:
    if kind.kind not in "biufc" or kind.itemsize > (16 if kind.kind == "c" else 8):
        raise TypeError(f"array {name!r}: arrays have bool, whole numbers, float16 to float64 and complex numbers, not {kind}")
    return kind.newbyteorder("=").name
