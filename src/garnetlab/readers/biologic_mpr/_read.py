"""The columns galvani finds, to spectra."""

from __future__ import annotations

import contextlib
import io
import struct
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from garnetlab.core import Measurement, MissingExtra, ReadError
from garnetlab.readers.biologic._table import Rows, add_row, find_columns, spectra

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAGIC = b"BIO-LOGIC MODULAR FILE\x1a"


class _Content(NamedTuple):
    data: NDArray[np.void]
    loops: tuple[int, ...]
    started: str
    warnings: tuple[str, ...]


def read_binary(path: Path) -> tuple[Measurement, ...]:
    """Return the spectra of one ``.mpr`` file; see the package's ``read``."""
    content = _content(path)
    columns = find_columns(path, list(content.data.dtype.names or ()), None)
    rows = Rows()
    for ordinal, record in enumerate(content.data.tolist()):
        numbers = {key: column.to_si(float(record[column.place])) for key, column in columns.items()}
        add_row(path, rows, ordinal, None, numbers)
    metadata: dict[str, float | str] = {"instrument": "BioLogic (EC-Lab .mpr)"}
    if content.started:
        metadata["started"] = content.started
    return spectra(path, rows, loops=content.loops, header={}, metadata=metadata, warnings=content.warnings)


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
    return _Content(found.data, loops, stamp.isoformat() if stamp else "", tuple(str(w.message) for w in caught))
