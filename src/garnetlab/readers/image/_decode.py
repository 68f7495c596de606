"""Bytes of an image file to one plane of grey levels, through OpenCV."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from garnetlab.core import ReadError

_EXPORT = "Export it as PNG or TIFF with 8 or 16 bits."


class Plane(NamedTuple):
    """Grey levels as in the file, indexed [y, x], and what had to be left out or converted."""

    grey: NDArray[np.float64]
    notes: tuple[str, ...]


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a file; raises ReadError if it is missing, a folder or empty."""
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = "is a folder, expected a file" if path.is_dir() else (error.strerror or "cannot be opened")
        raise ReadError(path, f"{reason}. Check the path.") from None
    if not data:
        raise ReadError(path, f"the file is empty (0 bytes). {_EXPORT}")
    return data


def decode(path: Path, data: bytes) -> Plane:
    """Return the first page as grey levels; colour is weighted as ITU-R BT.601, transparency is left out.

    Raises
    ------
    ReadError  if OpenCV knows no image in the bytes, or its pixels are neither 8, 16 bit nor finite floats.
    """
    import cv2

    pages = _pages(path, data)
    image = np.asarray(pages[0])
    notes = [f"{len(pages)} pages: the first is read."] if len(pages) > 1 else []
    if image.dtype not in (np.uint8, np.uint16, np.float32):
        raise ReadError(path, f"pixels of type {image.dtype}: expected 8 or 16 bits or 32-bit floats. {_EXPORT}")
    if image.ndim == 3 and image.shape[2] == 4:
        image, alpha = image[:, :, :3], image[:, :, 3]
        notes += ["transparency is left out."] if alpha.min() != alpha.max() else []
    if image.ndim == 3 and image.shape[2] == 3:
        same = bool((image[:, :, 0] == image[:, :, 1]).all() and (image[:, :, 1] == image[:, :, 2]).all())
        notes += [] if same else ["colour is converted to grey."]
        image = image[:, :, 0] if same else cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_BGR2GRAY)
    if image.ndim != 2 or not np.isfinite(image).all():
        raise ReadError(path, f"an array of shape {image.shape}: expected grey or colour with finite values. {_EXPORT}")
    return Plane(image.astype(np.float64), tuple(notes))


def _pages(path: Path, data: bytes) -> list[NDArray[np.generic]]:
    """Return all pages; OpenCV's own words about damaged files are kept off standard error."""
    import cv2

    log = cv2.utils.logging
    level = log.setLogLevel(log.LOG_LEVEL_SILENT)
    try:
        found, pages = cv2.imdecodemulti(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        reason = " ".join(str(error).split())
        raise ReadError(path, f"damaged image ({reason}). {_EXPORT}") from None
    finally:
        log.setLogLevel(level)
    if not found or not pages:
        raise ReadError(path, f"no image, or a damaged one (it begins {data[:8]!r}). {_EXPORT}")
    return [np.asarray(page) for page in pages]
