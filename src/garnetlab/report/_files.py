"""Files that are written whole or not at all, and rows of their tables."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from garnetlab.core import InvalidInput


def write_bytes(path: Path, data: bytes) -> None:
    """Write ``data`` through a temporary file in the same folder, so that no half-written file can be seen."""
    handle, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write ``text`` in UTF-8 with plain line ends, whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def make_folder(path: Path) -> Path:
    """Return ``path`` as an existing folder; InvalidInput if it cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"out = {str(path)!r}: cannot make this folder ({error.strerror}). Choose another with --out."
        raise InvalidInput(message) from None
    return path


def flat_row(row: dict[str, object]) -> dict[str, object]:
    """Return the row of a table with its interval in two columns."""
    interval = row.get("interval")
    rest = {k: v for k, v in row.items() if k != "interval"}
    if isinstance(interval, list | tuple):
        rest["low 95 %"], rest["high 95 %"] = interval
    return rest
