"""Archives of cellpy up to version 1: tables that pandas wrote as HDF5."""

from __future__ import annotations

import pickletools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from garnetlab.core import Measurement, MissingExtra, ReadError
from garnetlab.readers._options import ReadOptions
from garnetlab.readers.cellpy._columns import measurement_of, wanted_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

MAGIC = b"\x89HDF\r\n\x1a\n"
_ROOT = "CellpyData"
_RAW = ("raw", "dfdata")  # since, before version 5
_DATE = "datetime64[ns]"
_UNIT = "raw_unit_"
_MOST_PACKED = 1100  # bytes that zlib packs into one
_KEPT = ("cell_name", "comment", "cellpy_file_version", "tester_ID")


def read_hdf5(path: Path, options: ReadOptions) -> Measurement:
    """Return the test in one archive; see the package's ``read``."""
    try:
        import h5py
    except ImportError:
        what = "an archive of cellpy before version 2 (HDF5)"
        raise MissingExtra(module="h5py", extra="cellpy", what=what) from None
    try:
        with h5py.File(path) as file:
            table = _table(path, file)
            info = _info(path, file)
    except ReadError:
        raise
    except (OSError, RuntimeError, LookupError, ValueError, TypeError, AttributeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ReadError(path, f"the HDF5 archive is damaged ({reason}). Save it again with cellpy.") from None
    columns, dates = _columns(path, *table)
    found = wanted_of(path, tuple(columns))
    arrays = {name: columns[name].astype(np.float64) for name in found.values()}
    metadata: dict[str, float | str] = {}
    if isinstance(info.get("cell_name"), str) and info["cell_name"]:
        metadata["sample"] = info["cell_name"]
    if dates is not None and len(dates):
        start = dates[0].astype("datetime64[s]") - np.timedelta64(round(float(arrays[found["time"]][0])), "s")
        metadata["started"] = str(start)
    units = {key.removeprefix(_UNIT): value for key, value in info.items() if key.startswith(_UNIT)}
    header = {key: str(info[key]) for key in _KEPT if info.get(key) not in (None, "")}
    return measurement_of(path, arrays, units=units, header=header, metadata=metadata, options=options)


def _table(path: Path, file: Any) -> tuple[NDArray[np.void], dict[str, str], dict[str, tuple[str, ...]]]:
    """Return the records of the raw table, the kind of each of its fields, and the columns in each."""
    root = file.get(_ROOT)
    group = next((root[key] for key in _RAW if root is not None and key in root), None)
    if group is None or "table" not in group:
        message = (
            f"no table {_ROOT}/raw in this HDF5 file: no archive of cellpy, or one of an old form. Load it with cellpy and save"
            " it again, or export the raw records as csv."
        )
        raise ReadError(path, message)
    table = group["table"]
    fields = table.dtype.names
    kinds = {f: _decoded(table.attrs.get(f"{f}_dtype", b"")) for f in fields}
    names = {f: tuple(t or "" for t in pickled_texts(bytes(table.attrs.get(f"{f}_kind", b"")))) for f in fields}
    return _content(path, table), kinds, names


def _content(path: Path, dataset: Any) -> NDArray[Any]:
    """Return what a dataset holds; one that claims more than the file can is damaged."""
    if dataset.nbytes > _MOST_PACKED * path.stat().st_size:
        raise ReadError(path, f"{dataset.name} claims {dataset.nbytes} bytes: the archive is damaged. Save it again.")
    return np.asarray(dataset[()])


def _columns(
    path: Path, records: NDArray[np.void], kinds: dict[str, str], names: dict[str, tuple[str, ...]]
) -> tuple[dict[str, NDArray[Any]], NDArray[np.datetime64] | None]:
    """Return the columns with numbers by name, and the dates where there are some."""
    out: dict[str, NDArray[Any]] = {}
    dates: NDArray[np.datetime64] | None = None
    for field in records.dtype.names or ():
        block = records[field].reshape(len(records), -1)
        if not field.startswith("values_block_"):
            names[field] = (field,)
        if len(names[field]) != block.shape[1]:
            message = f"{block.shape[1]} columns of raw records and {len(names[field])} names: damaged. Save it again."
            raise ReadError(path, message)
        for place, name in enumerate(names[field]):
            if kinds[field] == _DATE:
                dates = block[:, place].astype(_DATE) if name == "date_time" else dates
            elif np.issubdtype(block.dtype, np.number):
                out[name] = block[:, place]
    return out, dates


def _info(path: Path, file: Any) -> dict[str, str | float]:
    """Return what the archive says of itself: texts and numbers by name."""
    group = file.get(f"{_ROOT}/info")
    out: dict[str, str | float] = {}
    for number in range(int(group.attrs.get("nblocks", 0)) if group is not None else 0):
        names = [_decoded(n) for n in _content(path, group[f"block{number}_items"])]
        values = group[f"block{number}_values"]
        if np.issubdtype(values.dtype, np.number):
            found: list[str | float | None] = [float(x) for x in _content(path, values).ravel()]
        else:
            found = list(pickled_texts(values[0].tobytes()))
        if len(found) == len(names):
            out |= {name: value for name, value in zip(names, found, strict=True) if value is not None}
    return out


def _decoded(text: object) -> str:
    return text.decode("utf-8", errors="replace") if isinstance(text, bytes) else str(text)


def pickled_texts(data: bytes) -> list[str | None]:
    """Return the items of the last list in pickled bytes: texts, or None where an item is none; nothing is executed.

    What is no such list gives fewer or more items than the caller expects.
    """
    items: list[str | None] = []
    try:
        for item in _items(data):
            if item is _LIST:
                items = []
            else:
                items.append(item if isinstance(item, str) else None)
    except (ValueError, IndexError, KeyError):
        return []
    return items


_LIST = object()
_GO_ON = frozenset({"MARK", "APPEND", "MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT", "PROTO", "FRAME", "STOP"})


def _items(data: bytes) -> Iterator[object]:
    """Yield the leaves of pickled bytes in order, ``_LIST`` where a list begins, up to where the last list ends.

    Raises
    ------
    ValueError  if a list holds what is no leaf.
    """
    memo: dict[int, object] = {}
    last: object = None
    before, listed = "", False
    for operation, argument, _ in pickletools.genops(data):
        name = operation.name
        if name in ("LIST", "EMPTY_LIST"):
            last, listed = _LIST, True
            yield _LIST
        elif name == "MEMOIZE":
            memo[len(memo)] = last
        elif name in ("PUT", "BINPUT", "LONG_BINPUT"):
            memo[int(str(argument))] = last
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            last = memo[int(str(argument))]
            yield last
        elif (
            "UNICODE" in name
            or name in ("NONE", "NEWTRUE", "NEWFALSE")
            or name.startswith(("BININT", "INT", "BINFLOAT"))
        ):
            last = argument
            yield last
        elif name == "APPENDS" or (listed and name not in _GO_ON):
            if name == "APPENDS" or before == "APPEND":
                return
            message = f"{name} in a list: expected texts"
            raise ValueError(message)
        before = name
