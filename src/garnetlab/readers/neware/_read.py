"""The records that fastnda finds, to one test."""

from __future__ import annotations

import importlib
import struct
import tempfile
import warnings
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from garnetlab.core import Measurement, MissingExtra, ReadError
from garnetlab.readers._rows import Table
from garnetlab.readers._vendor import vendor_measurement
from garnetlab.readers._vendors import NEWARE
from garnetlab.readers._zip import own_zlib, zip_errors

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAGIC = b"NEWARE"
_ZIP = b"PK\x03\x04"
_TEXT = "step_type"
_STAMP = "unix_time_s"
_REFUSALS = (ArithmeticError, AssertionError, LookupError, MemoryError, SyntaxError, TypeError, struct.error)


def form_of(path: Path, head: bytes) -> str:
    """Return ``".nda"``, ``".ndax"`` or ``".zip"`` (a zip that holds one .nda), or an empty string for other files."""
    if head.startswith(MAGIC):
        return ".nda"
    if not head.startswith(_ZIP):
        return ""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zip_errors():
        return ".ndax" if path.suffix.lower() == ".ndax" else ""
    if "data.ndc" in names:
        return ".ndax"
    return ".zip" if len(names) == 1 and names[0].lower().endswith(".nda") else ""


def read_binary(path: Path) -> Measurement:
    """Return the test in one file; see the package's ``read``."""
    with path.open("rb") as file:
        head = file.read(64)
    form = form_of(path, head)
    if not form:
        message = f"expected a Neware .nda or .ndax file, found {head[:16]!r} at its start. Export it as csv."
        raise ReadError(path, message)
    columns, notes = _records(path, form)
    arrays = {n: c.astype(np.float64) for n, c in columns.items() if n != _TEXT}
    rows = len(next(iter(arrays.values()), ()))
    if not rows:
        raise ReadError(path, "the Neware file holds no record. Export it again.")
    full = {n: a for n, a in arrays.items() if bool(np.isfinite(a).all())}
    notes += [f"column {n!r} has gaps: it is left out" for n in arrays if n not in full]
    cells = {_TEXT: [str(c) for c in columns[_TEXT].tolist()]} if _TEXT in columns else {}
    _check(path, full)
    table = Table(path, (*full, *cells), 0, rows, cells, full, warnings=tuple(notes))
    metadata: dict[str, float | str] = {"instrument": f"Neware ({'.nda' if form == '.zip' else form})"}
    if _STAMP in full:
        start = float(full[_STAMP][0] - full["total_time_s"][0])
        if 0.0 < start < 4.1e9:
            metadata["started"] = datetime.fromtimestamp(start, UTC).replace(tzinfo=None).isoformat()
    return vendor_measurement(table, NEWARE, header={"columns": ", ".join(columns)}, metadata=metadata)


def _check(path: Path, found: dict[str, NDArray[np.float64]]) -> None:
    missing = [n for n in ("total_time_s", "voltage_V", "current_mA") if n not in found]
    if missing:
        message = f"no {', '.join(missing)} among the records: damaged or of an unknown version. Export it as csv."
        raise ReadError(path, message)


def _records(path: Path, form: str) -> tuple[dict[str, NDArray[Any]], list[str]]:
    """Return the columns that fastnda finds, and what it remarked."""
    with own_zlib():
        return _read_with_fastnda(path, form)


def _read_with_fastnda(path: Path, form: str) -> tuple[dict[str, NDArray[Any]], list[str]]:
    try:
        fastnda = importlib.import_module("fastnda")
        polars_error = importlib.import_module("polars.exceptions").PolarsError
    except ImportError:
        module = "fastnda"
        raise MissingExtra(module, "neware", "reading .nda and .ndax files (or export csv)") from None
    try:
        with warnings.catch_warnings(record=True) as caught, tempfile.TemporaryDirectory() as folder:
            warnings.simplefilter("always")
            frame: Any = fastnda.read(_as_named(path, form, Path(folder)), cycle_mode="raw")
            columns: dict[str, Any] = {n: frame.get_column(n).to_numpy() for n in frame.columns}
    except (*_REFUSALS, *zip_errors(), polars_error) as error:  # isal may have been imported just now
        reason = str(error).split("\n", 1)[0][:200] or "its parts do not fit together"
        message = f"damaged, cut or of an unknown version ({type(error).__name__}: {reason}). Export it as csv."
        raise ReadError(path, message) from None
    return columns, _told([str(w.message) for w in caught])


def _told(messages: Sequence[str]) -> list[str]:
    return [" ".join(m.split()) for m in dict.fromkeys(messages)]


def _as_named(path: Path, form: str, folder: Path) -> Path:
    """Return a path whose suffix is the one fastnda decides by; a file in a zip is taken out."""
    if form != ".zip" and form == path.suffix.lower():
        return path
    if form == ".zip":
        with zipfile.ZipFile(path) as archive:
            data, form = archive.read(archive.namelist()[0]), ".nda"
    else:
        data = path.read_bytes()
    copy = folder / f"record{form}"
    copy.write_bytes(data)
    return copy
