"""A micrograph or a segmented image to a contact map."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from garnetlab.core import FileSource, InvalidInput, MissingInput, ReadError, nearest
from garnetlab.physics.contact import coarsen_contact
from garnetlab.readers.image._decode import decode, read_bytes
from garnetlab.units import Fraction, Length

Floats = NDArray[np.float64]

#: share of the variance of grey between the two classes: 0.64 for one bell curve, 0.75 for an even spread of levels
_NOT_SEPARATED = 0.75


@dataclass(frozen=True, slots=True)
class ContactImage:
    """A contact map from an image.

    ``contact`` is boolean, indexed [y, x] from the image's top left corner, or after resampling the share of each pixel
    in contact (0 to 1). ``period`` is its width [m]; pixels are square. ``threshold`` is in grey levels of the file.
    """

    contact: NDArray[np.bool_] | Floats
    period: Length
    fraction: Fraction
    threshold: float
    segmented: bool
    warnings: tuple[str, ...]
    source: FileSource


def read_contact_map(
    path: str | Path,
    *,
    scale: Length | None = None,
    period: Length | None = None,
    contact: Literal["bright", "dark"] = "bright",
    threshold: float | None = None,
    shape: tuple[int, int] | None = None,
) -> ContactImage:
    """Return the contact map in an image, PNG or TIFF, grey or colour, 8 or 16 bits.

    The image is taken as one period: what leaves at one edge enters at the other.

    Parameters
    ----------
    path:      The file.
    scale:     Width of one pixel [m]. Give this or the period; the file is never trusted for it.
    period:    Width of the whole image [m].
    contact:   Whether "bright" or "dark" pixels are in contact.
    threshold: Grey level of the file above which a pixel is bright. None: halfway between the two levels of a segmented
               image, else Otsu's.
    shape:     Pixels (rows, columns) to resample to; the result then holds shares of contact. The pixels must stay square.

    Raises
    ------
    ReadError     if the file is missing, no image, or of one level only.
    MissingInput  if neither scale nor period is given.
    InvalidInput  if both are, an option is out of range, or the threshold leaves all or no pixels in contact.

    Source
    ------
    N. Otsu, IEEE Trans. Syst. Man Cybern. 9 (1979) 62 (threshold of the largest variance between the classes).
    """
    if contact not in ("bright", "dark"):
        message = f"contact = {contact!r}: expected 'bright' or 'dark'.{nearest(contact, ('bright', 'dark'))}"
        raise InvalidInput(message)
    _require_one_length(scale, period)
    path = Path(path)
    data = read_bytes(path)
    plane = decode(path, data)
    levels, counts = np.unique(plane.grey, return_counts=True)
    if len(levels) == 1:
        raise ReadError(
            path, f"all pixels have the grey level {levels[0]:g}: expected contact and gap. Check the export."
        )
    limit, notes = _threshold(levels, counts, threshold)
    touches = (plane.grey > limit) == (contact == "bright")
    width = float(period) if period is not None else float(scale or 0.0) * touches.shape[1]
    source = FileSource(str(path), hashlib.sha256(data).hexdigest(), "image", metadata.version("garnetlab"))
    values = touches if shape is None else coarsen_contact(touches, shape=shape)
    return ContactImage(
        values, width, float(touches.mean()), limit, len(levels) == 2, plane.notes + tuple(notes), source
    )


def _require_one_length(scale: Length | None, period: Length | None) -> None:
    if scale is None and period is None:
        message = f"scale = {scale}, period = {period}: expected one of the two, in m. Read it from the scale bar."
        raise MissingInput(message)
    if scale is not None and period is not None:
        message = f"scale = {scale}, period = {period}: expected one of the two. Leave one out."
        raise InvalidInput(message)
    for name, value in (("scale", scale), ("period", period)):
        if value is not None and not (math.isfinite(value) and value > 0.0):
            message = f"{name} = {value}: expected a length > 0 in m. One micrometre is 1e-6."
            raise InvalidInput(message)


def _threshold(levels: Floats, counts: NDArray[np.intp], given: float | None) -> tuple[float, list[str]]:
    """Return the grey level that parts bright from dark, and warnings."""
    if given is not None:
        if not levels[0] <= given < levels[-1]:
            message = f"threshold = {given:g}: expected a grey level from {levels[0]:g} to below {levels[-1]:g}."
            raise InvalidInput(message)
        return float(given), []
    if len(levels) == 2:
        return float(levels.mean()), []
    limit, separation = _otsu(levels, counts)
    if separation > _NOT_SEPARATED:
        return limit, []
    text = (
        f"grey levels do not form two groups (threshold {limit:g} explains {100 * separation:.0f} % of their variance, an"
        f" even spread {100 * _NOT_SEPARATED:.0f} %): the contact fraction hangs on the threshold. Segment the image first."
    )
    return limit, [text]


def _otsu(levels: Floats, counts: NDArray[np.intp]) -> tuple[float, float]:
    """Return the threshold halfway between two levels, and the share of the variance between the two classes."""
    weight = counts / counts.sum()
    mean = float(np.sum(weight * levels))
    below = np.cumsum(weight)[:-1]
    moment = np.cumsum(weight * (levels - mean))[:-1]
    between = moment**2 / (below * (1.0 - below))
    best = int(between.argmax())
    return float(0.5 * (levels[best] + levels[best + 1])), float(between[best] / np.sum(weight * (levels - mean) ** 2))
