"""The columns galvani finds, to spectra or to a direct-current test."""

from __future__ import annotations

import contextlib
import io
import struct
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from garnetlab.core import Measurement, MissingExtra, ReadError
from garnetlab.readers.biologic._direct import TECHNIQUES, direct_columns, direct_measurement, is_direct
from garnetlab.readers.biologic._table import Rows, add_row, find_columns, spectra

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAGIC = b"BIO-LOGIC MODULAR FILE\x1a"


class _Content(NamedTuple):
    data: NDArray[np.void]
    loops: tuple[int, ...]
    started: str
    technique: str
    warnings: tuple[str, ...]


def read_binary(path: Path) -> tuple[Measurement, ...]:
    """Return the spectra, or the test, of one ``.mpr`` file; see the package's ``read``."""
    content = _content(path)
    names = list(content.data.dtype.names or ())
    if is_direct(names):
        return (_direct(path, content, names),)
    columns = find_columns(path, names, None)
    rows = Rows()
    for ordinal, record in enumerate(content.data.tolist()):
        numbers = {key: column.to_si(float(record[column.place])) for key, column in columns.items()}
        add_row(path, rows, ordinal, None, numbers)
    metadata = _metadata(content)
    return spectra(path, rows, loops=content.loops, header={}, metadata=metadata, warnings=content.warnings)


def _metadata(content: _Content) -> dict[str, float | str]:
    metadata: dict[str, float | str] = {"instrument": "BioLogic (EC-Lab .mpr)"}
    if content.started:
        metadata["started"] = content.started
    return metadata


def _direct(path: Path, content: _Content, names: list[str]) -> Measurement:
    """Return the test of a direct-current technique."""
    columns = direct_columns(path, names, None)
    with np.errstate(invalid="ignore"):  # what is no number is refused below
        values = {key: c.to_si(content.data[c.name].astype(np.float64)) for key, c in columns.items()}
    metadata = _metadata(content)
    if content.technique:
        metadata["technique"] = content.technique
    return direct_measurement(
        path,
        values,
        line=0,
        technique=content.technique,
        header={},
        metadata=metadata,
        warnings=content.warnings,
    )


def _content(path: Path) -> _Content:
    raw = path.read_bytes()
    if not raw.startswith(MAGIC):
        raise ReadError(
            path, f"expected {MAGIC[:-1].decode()!r} at its start, found {raw[:22]!r}. No EC-Lab .mpr file."
        )
    try:
        from galvani import BioLogic
    except ImportError:
        module = "datalab-org-galvani"
        raise MissingExtra(module, "vendor", "reading .mpr files (or export .mpt)") from None
    try:
        with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("always")
            found: Any = BioLogic.MPRfile(io.BytesIO(raw))
    except (
        ArithmeticError,
        AssertionError,
        EOFError,
        LookupError,
        MemoryError,
        OSError,
        RuntimeError,
        TypeError,
        ValueError,
        struct.error,
    ) as error:
        reason = str(error).split("\n", 1)[0] or "its parts do not fit together"
        message = f"damaged, cut or of an unknown version ({type(error).__name__}: {reason}). Export .mpt from EC-Lab."
        raise ReadError(path, message) from None
    loops = () if found.loop_index is None else tuple(int(i) for i in found.loop_index)
    stamp = getattr(found, "timestamp", None) or getattr(found, "startdate", None)
    settings = next((m["data"] for m in found.modules if m["shortname"].strip() == b"VMP Set"), b"")
    technique = TECHNIQUES.get(settings[0], "") if settings else ""
    return _Content(
        found.data, loops, stamp.isoformat() if stamp else "", technique, tuple(str(w.message) for w in caught)
    )
