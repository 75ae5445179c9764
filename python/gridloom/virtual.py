"""Virtual stores: readers of Zarr take the chunks of grids and archives where they are, and nothing is copied.

``gridloom refs`` and :func:`references` write kerchunk's references; here are those of Icechunk and VirtualiZarr, from what gridloom knows of its
files: no library looks for chunks in them.
"""

from __future__ import annotations

import base64
import datetime
import json
import math
import os
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from . import _gridloom, _looker
from .errors import ArgumentError, LossWarning


def references(path: str | os.PathLike[str], base: str | None = None, *, inline: bool = True) -> dict[str, Any]:
    """Kerchunk's references to the grids of a folder, to one file of them, or to an archive.

    ``base`` is the address that stands before the names of files; without it they are those of this machine. Coordinates and other small
    arrays stand among them where they are ``inline``. What cannot be referred to is a
    :class:`~gridloom.LossWarning`.
    """
    _looker.ready()
    text, notes = _gridloom.references(os.path.abspath(os.fspath(path)), base, inline)
    for note in notes:
        warnings.warn(note, LossWarning, stacklevel=2)
    found: dict[str, Any] = json.loads(text)
    return found


class _Array(NamedTuple):
    name: str
    about: dict[str, Any]
    attributes: dict[str, Any]
    #: By the number of a chunk along each dimension: an address, the first byte, the length; or bytes.
    chunks: dict[tuple[int, ...], Any]


class _Group(NamedTuple):
    attributes: dict[str, Any]
    arrays: list[_Array]


def _groups(refs: dict[str, Any]) -> dict[str, _Group]:
    """What references say, by groups; the root is called by nothing."""
    found: dict[str, _Group] = {}
    arrays: dict[str, _Array] = {}
    for key, value in refs.items():
        place, _, name = key.rpartition("/")
        if name == ".zgroup":
            found[place] = _Group(json.loads(refs.get(f"{place}/.zattrs".lstrip("/"), "{}")), [])
        elif name == ".zarray":
            group, _, own = place.rpartition("/")
            arrays[place] = _Array(own, json.loads(value), json.loads(refs[f"{place}/.zattrs"]), {})
            found[group].arrays.append(arrays[place])
    for key, value in refs.items():
        place, _, name = key.rpartition("/")
        if place in arrays and not name.startswith("."):
            index = tuple(int(number) for number in name.split(".")) if arrays[place].about["shape"] else ()
            arrays[place].chunks[index] = base64.b64decode(value[7:]) if isinstance(value, str) else value
    return found


def _chosen(found: dict[str, _Group], group: str | None) -> Iterator[tuple[str, _Group]]:
    if group is not None and group.strip("/") not in found:
        names = ", ".join(name or "/" for name in found)
        raise ArgumentError(f"group {group!r}: there are {names}", "argument")
    return iter([("", found[group.strip("/")])] if group is not None else found.items())


def local_files(out: str | os.PathLike[str]) -> Any:
    """The container of virtual chunks that Icechunk wants to be told of: the folder of the files. For ``RepositoryConfig.set_virtual_chunk_container``."""
    import icechunk

    folder = os.path.abspath(os.fspath(out))
    folder = folder if os.path.isdir(folder) else os.path.dirname(folder)
    if quote(folder) != folder:
        # It compares addresses as they are written with those that are escaped, and finds none of them.
        raise ArgumentError(f"{folder}: Icechunk reads no local folder with such letters in its name; take a link without them", "argument")
    return icechunk.VirtualChunkContainer(f"file://{folder}/", icechunk.local_filesystem_store(folder))


def to_icechunk(
    out: str | os.PathLike[str],
    repo: Any,
    *,
    branch: str = "main",
    group: str | None = None,
    base: str | None = None,
    message: str | None = None,
) -> str:
    """Commits virtual chunks of grids or of an archive to a repository of Icechunk, in the place of what its branch has. Returns the snapshot.

    Groups are those of :func:`references`; ``group`` takes one of them, as the root. Each reference has the time of its file: Icechunk refuses to read a
    file that was written since. Whoever opens the repository has to allow the folder, as of all virtual chunks:
    ``authorize_virtual_chunk_access={container.url_prefix: None}``, with ``container = local_files(out)`` in its configuration. Needs ``icechunk`` and ``zarr``.
    """
    import zarr

    said = references(out, base)["refs"]
    session = repo.writable_session(branch)
    root = zarr.open_group(session.store, mode="w", zarr_format=3)
    for name, found in _chosen(_groups(said), group):
        place = root.require_group(name) if name else root
        place.attrs.update(_plain(found.attributes))
        for array in found.arrays:
            _put(session.store, place, f"{name}/{array.name}".lstrip("/"), array)
    snapshot: str = session.commit(message or f"grids of {os.path.basename(os.path.abspath(os.fspath(out)))}, by gridloom")
    return snapshot


def _plain(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if name != "_ARRAY_DIMENSIONS"}


def _codecs(about: dict[str, Any]) -> list[Any]:
    """The filters of HDF5, in their order, by names that zarr knows."""
    from zarr.codecs import numcodecs

    known = {"shuffle": "Shuffle", "zlib": "Zlib", "zstd": "Zstd", "lz4": "LZ4", "fletcher32": "Fletcher32"}
    made = []
    for one in [*(about["filters"] or []), *([about["compressor"]] if about["compressor"] else [])]:
        said = dict(one)
        name = known.get(said.pop("id"))
        if name is None:
            raise ArgumentError(f"filter {one['id']}: Zarr has no such codec", "argument")
        with warnings.catch_warnings():
            # Zarr tells of each that no specification has it; the files have it all the same.
            warnings.simplefilter("ignore")
            made.append(getattr(numcodecs, name)(**said))
    return made


def _put(store: Any, group: Any, path: str, array: _Array) -> None:
    import numpy as np
    import zarr
    from xarray.backends.zarr import FillValueCoder

    about, dtype = array.about, np.dtype(array.about["dtype"])
    dimensions = array.attributes["_ARRAY_DIMENSIONS"]
    attributes, fill = _plain(array.attributes), about["fill_value"]
    if fill is not None:
        fill = dtype.type(fill)
        attributes["_FillValue"] = FillValueCoder.encode(fill, dtype)
    here = [chunk for chunk in array.chunks.values() if isinstance(chunk, bytes)]
    made = group.create_array(
        array.name,
        shape=tuple(about["shape"]),
        chunks=tuple(about["chunks"]) or "auto",
        dtype=dtype,
        filters=None,
        serializer=zarr.codecs.BytesCodec(endian=None if dtype.itemsize == 1 else "little"),
        compressors=_codecs(about) or None,
        fill_value=fill if fill is not None else dtype.type(0),
        dimension_names=dimensions,
        attributes=attributes,
    )
    if here:
        made[...] = np.frombuffer(here[0], dtype)[: math.prod(about["shape"])].reshape(about["shape"])
        return
    import icechunk

    times: dict[str, datetime.datetime] = {}
    specs = [
        icechunk.VirtualChunkSpec(list(index), place[0], place[1], place[2], last_updated_at_checksum=_time(place[0], times))
        for index, place in array.chunks.items()
    ]
    refused = store.set_virtual_refs(path, specs)
    if refused:
        raise ArgumentError(
            f"{specs[0].location}: the repository knows no container of virtual chunks for it; see gridloom.virtual.local_files", "argument"
        )


def _time(address: str, known: dict[str, datetime.datetime]) -> datetime.datetime | None:
    """When a file of this machine was written, rounded up: Icechunk knows whole seconds, and refuses files that are younger."""
    split = urlsplit(address)
    if split.scheme != "file":
        return None
    if address not in known:
        seconds = -(-os.stat(unquote(split.path)).st_mtime_ns // 10**9)
        known[address] = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return known[address]


class GridloomParser:
    """A parser of VirtualiZarr: ``virtualizarr.open_virtual_dataset(url, parser=GridloomParser(), registry=registry)``, where ``url`` is a gridded file, a
    folder of them, or an archive. ``group`` is one of the groups of :func:`references`, where there are several. Needs ``virtualizarr``.
    """

    def __init__(self, group: str | None = None) -> None:
        self.group = group

    def __call__(self, url: str, registry: Any) -> Any:
        from virtualizarr.manifests import ManifestStore
        from virtualizarr.parsers.kerchunk.translator import manifestgroup_from_kerchunk_refs

        path = unquote(urlsplit(url).path) if url.startswith("file:") else url
        said: Any = references(path, inline=False)
        names = [name for name, one in _groups(said["refs"]).items() if one.arrays]
        group = self.group.strip("/") if self.group is not None else names[0] if len(names) == 1 else None
        if group not in names:
            raise ArgumentError(f"group {self.group!r}: give one of {', '.join(name or '/' for name in names)}", "argument")
        return ManifestStore(group=manifestgroup_from_kerchunk_refs(said, group=group or None), registry=registry)
