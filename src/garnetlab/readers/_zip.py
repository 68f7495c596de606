"""What goes wrong with damaged zip containers, whichever decompressor is at work."""

from __future__ import annotations

import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager


def zip_errors() -> tuple[type[Exception], ...]:
    """Return the errors that reading a damaged zip container can raise.

    Some packages put the decompressor of isal in the place of zlib's for the whole process; its error is of its own kind.
    """
    known = (OSError, ValueError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error)
    other = getattr(sys.modules.get("isal.igzip_lib"), "IsalError", None)
    return known if other is None else (*known, other)


@contextmanager
def own_zlib() -> Iterator[None]:
    """Put back zlib's functions at the end: fastnda replaces them for the whole process when it is imported."""
    kept = zlib.decompress, zlib.decompressobj
    try:
        yield
    finally:
        zlib.decompress, zlib.decompressobj = kept
